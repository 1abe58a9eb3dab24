"""The links in a text that goes out: whatever a reader's program may open or fetch by itself."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from inbounds.canonical.formats import InvalidFormat, normalize
from inbounds.canonical.visible import decoded_escapes, shown

from .values import LONGEST_TYPED

if TYPE_CHECKING:
    from collections.abc import Iterator

Link = tuple[str, str]
"""A URL in canonical form and its host; a `mailto:` and the domain; both empty if unread."""

MOST = 64
"""So many links of one text are told apart; what is beyond is one link to nowhere known."""

_MOST_MARKUP = 250_000
"""HTML of more characters is not read: it is a link to nowhere known."""

UNREAD: Link = ("", "")
"""A link that leads nobody knows where."""

MAILTO = "mailto:"

_ENDS = re.compile(r"[\s<>\"'`|\x00]+")
_LONGEST_WORD = 2048
"""A longer word with a link in it is one to nowhere known."""
# Some programs end a link at a quotation mark or a bar, others do not; and in brackets a space is
# of the link.
_RUN_OF_LINK = re.compile(r"[^\s<>\"'`|]+")
_GOES_ON = re.compile(r"[\"'`|]*[\"'`][/\\%?#&\w-]|\|[/\\%?#&]")
_GOES_ON_IN_BRACKETS = re.compile(r"<[^\s<>]{0,64}//[^<>]{0,2048}\s@")
_NOT_OF_USER = re.compile(r"[\s<>]")
# Where Markdown has a link, whatever its scheme.
_MARKED = re.compile(r"(?:\]\(\s*<?|\]:\s*<?|<)([A-Za-z][A-Za-z0-9+.-]{1,31}):")
_DOTS = ".\u3002\uff0e\uff61"  # RFC 3490 §3.1: what a program may take for the dot of a host
_MARKS = re.compile(rf"[:/\\?#]|\w[{_DOTS}]\w")
_REST = r"[^\s<>\"'`|\x00]"
_LINKS = re.compile(
    rf"(?:https?|wss?|ftp):[\\/]+{_REST}{{1,2048}}"
    rf"|(?<![A-Za-z0-9])(?:https?|wss?|ftp):{_REST}{{1,2048}}"  # as browsers repair it
    rf"|(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{{1,20}}://{_REST}{{1,2048}}"
    rf"|(?:mailto|javascript|vbscript):{_REST}{{1,2048}}"
    rf"|(?<![A-Za-z0-9])data:[\w/+.-]*[;,]{_REST}{{0,2048}}"
    rf"|(?<![\w:/\\])[\\/]{{2,}}[\w\[]{_REST}{{1,2048}}"
    rf"|(?<![\w.@/-])www\.{_REST}{{1,2048}}",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_RELATIVE = re.compile(r"[\\/]{2}")
_READ = frozenset({"http", "https", "ws", "wss", "ftp"})
_LEAD_NOWHERE = frozenset({"about", "cid", "mid", "sms", "tel"})
_KNOWN = _READ | _LEAD_NOWHERE | {"mailto", "data"}
_PICTURE = re.compile(r"data:image/(?:avif|bmp|gif|jpeg|jpg|png|webp|x-icon)[;,]", re.IGNORECASE)
_SLASHES = "\\/"
_LEFT_OUT = str.maketrans("", "", "\t\n\r")  # what browsers leave out of a URL, wherever it stands
_BLANKS = "".join(map(chr, range(0x21)))
_END = ".,;:!?*_)]}\\"

_RUN = re.compile(rf"[\w{_DOTS}@-]+")
_HOST = re.compile(rf"(?<![\w-])[\w-]++(?:[{_DOTS}][\w-]++)+")
_DOT = re.compile(f"[{_DOTS}]")
_PATH = re.compile(r"(?::[0-9]{1,5})?[/?#]")
_LATIN = re.compile(r"[A-Za-z]{2,24}|xn--[a-z0-9-]{1,59}", re.IGNORECASE)
_NOT_LATIN = re.compile(r"[^\W\d_]{2,62}")
_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_NETWORK = re.compile(r"/[0-9]{1,2}(?![\w/.-])")
_RESERVED = frozenset({"example", "internal", "invalid", "local", "localhost", "onion", "test"})
"""Top-level domains that no registry has (RFC 2606, RFC 6761, RFC 7686); a network may."""

_MAIL_HOST = re.compile(r"@([^\s@,;?&=<>\"'()]+)")
_ONE_MAIL = re.compile(r"[^\s@,;?&=<>\"'()]+@[^\s@,;?&=<>\"'()]+")
_MARKUP = re.compile(r"<[A-Za-z!/?]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")  # CommonMark 0.31 §2.4


def links_of(text: str, *, markup: bool = True, bare: bool = True) -> Iterator[Link]:
    """Yield the links of a text, each once.

    Also what a mail program makes a link of: `acme.example`, `//acme.example/x`, and what HTML,
    CSS and Markdown write in entities and escapes.

    Args:
        text: The text.
        markup: Whether it may be HTML. Without, it is read as plain text alone.
        bare: Whether a host without a scheme is a link. In a path or an id, such as `plan.md`,
            it is not.
    """
    seen = set()
    for link in _links_of(text, markup=markup, bare=bare):
        if link not in seen:
            seen.add(link)
            yield link


def _links_of(text: str, *, markup: bool, bare: bool) -> Iterator[Link]:
    for form in _forms(text):
        yield from _links_in(form, bare=bare)
    if markup and _MARKUP.search(text):
        if len(text) > _MOST_MARKUP:
            yield UNREAD
            return
        # Imported here: most texts have no markup.
        from .markup import Unreadable, parts_of

        try:
            for part in parts_of(text):
                for form in _forms(part.text):
                    if part.is_url:
                        yield from _whole(form)
                    yield from _links_in(form, bare=bare)
        except Unreadable:
            yield UNREAD


def _forms(text: str) -> Iterator[str]:
    """Yield a text as it is, and as programs read it that know other signs for the same."""
    yield text
    plain = shown(text)
    if plain != text:
        yield plain
    if "\\" in text or "%u" in text:
        for form in (_ESCAPED.sub(r"\1", plain), decoded_escapes(plain)):
            if form != plain:
                yield form


def _links_in(text: str, *, bare: bool) -> Iterator[Link]:
    # Nothing without one of the marks is a link, and most texts are soon looked at.
    if not _MARKS.search(text):
        return
    if _goes_on(text) or any(map(_is_unread, _MARKED.findall(text))):
        yield UNREAD
    for word in _ENDS.split(text):
        if not _MARKS.search(word):
            continue
        if len(word) > _LONGEST_WORD and _LINKS.search(word):
            yield UNREAD
        end = 0
        for found in _LINKS.finditer(word):
            if bare:
                yield from _bare(word[end : found.start()])
            yield from _read(_without_end(found.group()))
            end = found.end()
        if bare:
            yield from _bare(word[end:])


def _goes_on(text: str) -> bool:
    """Whether a link goes on, for some programs, behind what ends it for others."""
    at = end = -1
    for run in _RUN_OF_LINK.finditer(text):
        if "//" not in run[0]:
            continue
        if _GOES_ON.match(text, run.end()):
            return True
        if not text[run.end() : run.end() + 1].strip(" \t<>"):
            continue
        # The next `@` and the next end of a user are looked for once for all links before them.
        if at <= run.end():
            at = text.find("@", run.end() + 1)
        if at < 0:
            continue
        if end <= run.end():
            found = _NOT_OF_USER.search(text, run.end() + 1)
            end = found.start() if found else len(text)
        if at < end:
            return True
    return _GOES_ON_IN_BRACKETS.search(text) is not None


def _is_unread(scheme: str) -> bool:
    return scheme.lower() not in _KNOWN


def _whole(value: str) -> Iterator[Link]:
    """Yield the link that a value is where a URL is expected, as browsers read it."""
    url = value.translate(_LEFT_OUT).strip(_BLANKS)
    if _SCHEME.match(url) or _RELATIVE.match(url):
        yield from _read(url)


def _read(url: str) -> Iterator[Link]:
    scheme = _SCHEME.match(url)
    name = scheme.group(1).lower() if scheme else "https"
    rest = url[scheme.end() :] if scheme else url
    if name == "mailto":
        yield from _mails(rest)
    elif name in _READ or rest.startswith("//"):
        yield _parsed(f"{name}://{rest.lstrip(_SLASHES)}")
    elif name not in _LEAD_NOWHERE and not _PICTURE.match(url):
        yield UNREAD


def _parsed(url: str) -> Link:
    if len(url) > LONGEST_TYPED + 16:
        return UNREAD
    try:
        canonical, parsed = normalize("url", url)
    except (InvalidFormat, UnicodeError):
        return UNREAD
    return canonical, parsed.host


def _mails(written: str) -> Iterator[Link]:
    """Yield each address of a `mailto:`; one with more than addresses is known by its domain."""
    text = unquote(written)
    hosts = _MAIL_HOST.findall(text)
    if not hosts:
        yield UNREAD
    elif _ONE_MAIL.fullmatch(text):
        try:
            address, parsed = normalize("email", text)
        except (InvalidFormat, UnicodeError):
            yield UNREAD
        else:
            yield f"{MAILTO}{address}", parsed.domain
    else:
        for host in hosts:
            yield "", _parsed(f"https://{host.rstrip(_END)}/")[1]


# --- hosts without a scheme ---------------------------------------------------------------------


def _bare(word: str) -> Iterator[Link]:
    for run in _RUN.finditer(word):
        if word[run.start() - 1 : run.start()] == "/":
            continue  # a step of a path
        local, _, written = run.group().rpartition("@")
        if local.strip("@"):
            continue  # an address
        for found in _HOST.finditer(written):
            path = found.end() == len(written) and _PATH.match(word, run.end())
            yield from _host(found.group(), _without_end(word[run.end() :]) if path else "")
            if path:
                return


def _host(written: str, path: str) -> Iterator[Link]:
    """Yield the link that labels and dots are, where a program may make one of them."""
    labels = _DOT.split(written.strip("-_"))
    host, last = ".".join(labels), labels[-1]
    if _ADDRESS.fullmatch(host):
        if path and not _NETWORK.fullmatch(path):
            yield _parsed(f"https://{host}{path}")
    elif _LATIN.fullmatch(last):
        # With a path it is one, whatever it ends with.
        if path or last[:4].lower() == "xn--" or _is_top_level(last):
            yield _parsed(f"https://{host}{path or '/'}")
    # Words of other alphabets may stand around a dot without a space.
    elif _NOT_LATIN.fullmatch(last) and _is_top_level(_parsed(f"https://{last}/")[1]):
        yield _parsed(f"https://{host}{path or '/'}")


def _is_top_level(label: str) -> bool:
    return label.lower() in _top_level_domains()


@cache
def _top_level_domains() -> frozenset[str]:
    # Imported here: most texts that go out have no word with a dot in it.
    from linkify_it.tlds import TLDS

    return _RESERVED | frozenset(map(str.lower, TLDS))


def _without_end(url: str) -> str:
    while url and url[-1] in _END:
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url
