"""What HTML holds that may be a link or an image: values of attributes, CSS, comments, texts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import tinycss2
from justhtml import JustHTML

_DEEPEST = 4
"""So often HTML may stand within HTML, such as in `srcdoc`."""

_URLS = frozenset(
    """
    action archive background cite classid code codebase data dynsrc formaction href icon
    longdesc lowsrc manifest object ping poster profile src usemap xlink:href
    """.split()  # noqa: SIM905 -- read at a glance
)
_LISTS = frozenset({"archive", "imagesrcset", "ping", "srcset"})
_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark nobr q s samp
    small span strike strong sub sup tt u var wbr
    """.split()  # noqa: SIM905 -- read at a glance
)
_NOT_SHOWN = frozenset({"script", "style"})
_LOADING = frozenset({"-webkit-image-set", "image", "image-set", "src", "url"})
"""The functions of CSS whose strings are URLs."""
LOADED = frozenset(
    """
    audio embed frame iframe image img input link object picture script source style svg
    track video
    """.split()  # noqa: SIM905 -- read at a glance
)
"""The elements that a program may load something for by itself."""
_FETCHED = frozenset(
    {"background", "data", "dynsrc", "imagesrcset", "lowsrc", "poster", "src", "srcset"}
)
_FORMATTING = frozenset(
    "b big code em font i nobr s small strike strong tt u".split()  # noqa: SIM905 -- likewise
)
"""The elements that a parser makes again; `a` it does not: one ends the one before."""
_OPENS = re.compile(r"<(?P<name>[A-Za-z][^\s/><]{0,32})(?P<bare>\s{0,8}>)?")
_ALIKE, _MOST_MADE = 3, 400_000
_BETWEEN = re.compile(r"[\s,]+")
_REFRESH = re.compile(r"url\s*=\s*[\"']?([^\"']*)", re.IGNORECASE)
_MARKUP = re.compile(r"<[A-Za-z!/?]")


class Unreadable(Exception):
    """HTML that could not be read to its end."""


@dataclass(frozen=True, slots=True)
class Part:
    """A text within HTML.

    Attributes:
        text: As it stands there, without entities and escapes.
        is_url: Whether a URL is expected there.
    """

    text: str
    is_url: bool = False


def parts_of(text: str, depth: int = 0) -> Iterator[Part]:
    """Yield whatever in HTML may be or hold a link.

    Raises:
        Unreadable: It stands too deep in other HTML, or the parser gives up.
    """
    if depth > _DEEPEST:
        raise Unreadable
    nodes = [*_nodes(text)]
    for node in nodes:
        if node is not None:
            yield from _of_node(node, depth)
    yield Part(_shown(nodes))


def text_of(text: str) -> str:
    """Return the text that a page shows, each block on a line of its own.

    Raises:
        Unreadable: The parser gives up.
    """
    return _shown(_nodes(text))


def _shown(nodes: Iterable[Any]) -> str:
    """Return the text that a page of these nodes shows."""
    shown = []
    for node in nodes:
        if node is None:
            shown.append("\n")
        elif node.name == "#text" and _parent(node) not in _NOT_SHOWN:
            shown.append(node.data)
        elif node.name not in _INLINE and not node.name.startswith("#"):
            shown.append("\n")
    return "".join(shown).strip("\n")


def holds_images(text: str) -> bool:
    """Whether HTML holds what a program loads by itself, or what nobody can read.

    Raises:
        Unreadable: The parser gives up.
    """
    return any(
        node.name in LOADED
        or (node.name == "#comment" and _MARKUP.search(node.data))
        or any(name.lower() in _FETCHED for name in _attributes(node))
        or any(part.is_url for part in _of_css(_attributes(node).get("style") or ""))
        for node in _nodes(text)
        if node is not None
    )


def _nodes(text: str) -> Iterator[Any]:
    """Yield the nodes of HTML in their order, and None at the end of each block."""
    if _costs_much(text):
        raise Unreadable
    try:
        document: Any = JustHTML(text, sanitize=False, scripting_enabled=False)
    except Exception as error:
        raise Unreadable from error
    left: list[Any] = [document.root]
    while left:
        node = left.pop()
        yield node
        if node is None:
            continue
        if node.name not in _INLINE and not node.name.startswith("#"):
            left.append(None)
        content = getattr(node, "template_content", None)
        left.extend(reversed([*(node.children or ()), *([content] if content else ())]))


def _costs_much(text: str) -> bool:
    """Whether a parser may make too many elements of a text.

    Each element of formatting that a block leaves open is made again in every block behind it
    (HTML, "reconstruct the active formatting elements"): of three alike, and of each that differs.
    """
    tags = 0
    bare: dict[str, int] = {}
    other = 0
    for tag in _OPENS.finditer(text):
        tags += 1
        name = tag["name"].lower()
        if name not in _FORMATTING:
            continue
        if tag["bare"] is None:
            other += 1
        else:
            bare[name] = min(_ALIKE, bare.get(name, 0) + 1)
    return tags * (other + sum(bare.values())) > _MOST_MADE


def _parent(node: Any) -> str:
    return node.parent.name if node.parent is not None else ""


def _attributes(node: Any) -> dict[str, Any]:
    return {} if node.name.startswith("#") else node.attrs or {}


def _of_node(node: Any, depth: int) -> Iterator[Part]:
    if node.name in {"#text", "#comment"}:
        parent = _parent(node)
        if parent == "style":
            yield from _of_css(node.data)
        if node.name == "#comment" or parent in _NOT_SHOWN:
            yield Part(node.data)
            yield Part(_script(node.data))
        if node.name == "#comment" and node.data.startswith("?"):
            # An instruction of XML, which has attributes as well.
            yield Part(html.unescape(node.data).translate(_LEFT_OUT))
        if _MARKUP.search(node.data) and (node.name == "#comment" or parent not in _INLINE):
            # Raw text, such as that of `noscript`, is HTML to another program.
            yield from parts_of(node.data, depth + 1)
    for name, value in _attributes(node).items():
        if value:
            yield from _of_attribute(node.name, name.lower(), value, depth)


def _of_attribute(element: str, name: str, value: str, depth: int) -> Iterator[Part]:
    if name in _LISTS:
        yield from (Part(each, is_url=True) for each in _BETWEEN.split(value))
    elif name in _URLS:
        yield Part(value, is_url=True)
    elif name == "style":
        yield from _of_css(value)
    elif name == "srcdoc":
        yield from parts_of(value, depth + 1)
    elif element == "meta" and name == "content" and (found := _REFRESH.search(value)):
        yield Part(found.group(1), is_url=True)
    elif "(" in value:
        # Such as `fill` of SVG; what is not CSS may hold anything.
        yield from _of_css(value, strict=False)
    if name.startswith("on"):
        yield Part(_script(value))
    yield Part(value.translate(_LEFT_OUT))


_LEFT_OUT = str.maketrans("", "", "\t\n\r")  # what browsers leave out of a URL
_OF_URL = r"[^\s\"'`|<>]"
_ESCAPED = r"\\(?:[tnr\n\r]|x0[9ad]|u000[9ad]|u\{0{0,8}[9ad]\}|0?1[125](?![0-7]))"
_IN_STRINGS, _IN_TEMPLATES = (
    re.compile(rf"(?<={_OF_URL})(?:[{blanks}]|{_ESCAPED})+(?={_OF_URL})", re.IGNORECASE)
    for blanks in (r"\t", r"\t\n\r")
)


def _script(text: str) -> str:
    """Return a script without what browsers leave out of the URLs in it.

    A line ends there only in a string within backticks: elsewhere it ends one that is a comment.
    """
    return (_IN_TEMPLATES if "`" in text else _IN_STRINGS).sub("", text)


def _of_css(text: str, *, strict: bool = True) -> Iterator[Part]:
    lists = [(tinycss2.parse_component_value_list(text), False)]
    while lists:
        tokens, expected = lists.pop()
        imported = False
        for each in tokens:
            if each.type == "at-keyword":
                imported = each.lower_value == "import"
            elif each == ";" or each.type == "{} block":
                imported = False
            elif each.type in {"url", "string"}:
                is_url = expected or imported or each.type == "url"
                yield Part(each.value, is_url=is_url)
                if not is_url:
                    # It may become a URL elsewhere, such as by `var()`.
                    yield Part(each.value.translate(_LEFT_OUT))
            elif strict and each.type == "error" and each.kind in {"bad-url", "bad-string"}:
                raise Unreadable
            loads = each.type == "function" and each.lower_name in _LOADING
            within = getattr(each, "arguments", None) or getattr(each, "content", None)
            if within:
                lists.append((within, expected or imported or loads))
