"""The skeleton of a place: the one text that all spellings of a path or an id have in common.

File systems, servers and libraries read `.ssh`, `%2essh` and `.SSH` as one name, and likewise
letters of other forms and characters that nobody sees. Places that are kept from agents are
therefore compared by skeleton: percent-decoded, NFKC, case-folded and without ignorable characters,
until nothing changes any more (Unicode's NFKC_Casefold; UTS 39 has the word). The policy has no
tables of Unicode, so the question holds the skeleton of what is not plain ASCII.

This module does no I/O.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from .leaves import argument_leaves
from .question import Argument
from .skeletons import is_simple

MAX_LENGTH = 65536
"""A longer text has no skeleton, and counts as one that may name any place."""

_PASSES = 8
_PLACE_KINDS = frozenset({"path", "none", "id", "text"})
_ESCAPE = re.compile(r"%u([0-9A-Fa-f]{4})|((?:%[0-9A-Fa-f]{2})+)")
_NESTED = re.compile(r"%(?:25)+")
# As the policy's `lib/paths` has it: where a line of a text ends that may be a path.
_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt).
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# As the policy's `lib/code` has it: where a word of a program ends, and one of a command.
_MEMBER = re.compile(r"[)\]}!]\.")
_ENDS = "".join(map(chr, [*range(0x21), 0x7F])) + "`;|&()<>,="
_ENDS_IN_PROGRAMS = str.maketrans(dict.fromkeys(f"{_ENDS}\"'[]{{}}!", " "))
_ENDS_IN_COMMANDS = str.maketrans(dict.fromkeys(_ENDS, " "))
_DROPPED = str.maketrans("", "", "\"'\\^{}")
_QUOTES = str.maketrans("", "", "\"'\\^")
_BRACKET = re.compile(r"[\[\]{}!]")
_MAGIC = re.compile(r":\([^() \t\n\r\f]*\)")
_ALTERNATIVES = re.compile(r"\{([^{} \t\n\r\f]*)\}")
# Neither looks through a sign twice, however many brackets open and none closes.
_BRACKETS = (
    re.compile(r"(?<!\[)(\[*?\[(?:\[[:.=][a-z]*[:.=]\]|[^\[\] \t\n\r\f])*)(\]+)"),
    re.compile(r"(\[[!^]?\]?[^\] \t\n\r\f]*)(\]*)"),
)
_END_OR_MARK = re.compile(r"[`;|&()<>,=@:]")
# A shell's own way to quote, of which the sign is dropped as well.
_DOLLAR = re.compile(r"\$['\"]")
_RANGE = re.compile(r"\{[A-Za-z]\.\.[A-Za-z](?:\.\.[^{}, \t\n\r\f]*)?\}")
_IN_PARENTHESES = re.compile(r"([@?*+]?)\(([^() \t\n\r\f]*)\)")
# Braces within braces, eight deep. Nothing that has been read is read again.
_BRACES = r"\{[^{} \t\n\r\f]*+\}"
for _ in range(7):
    _BRACES = rf"\{{(?:[^{{}} \t\n\r\f]|{_BRACES})*\}}"
_CHUNK = re.compile(rf"(?:{_BRACES}|[^{re.escape(_ENDS)}])+")
_ALTERNATIVE = rf",((?:[^{{}}, \t\n\r\f]|{_BRACES})*)"
_GROUP = re.compile(rf"\{{((?:[^{{}}, \t\n\r\f]|{_BRACES})*(?:{_ALTERNATIVE})+)\}}")
_EACH_ALTERNATIVE = re.compile(_ALTERNATIVE)
_ROUNDS = 8
_MOST = 16384
_ANY = "/\0"
_LINE_ENDS = str.maketrans("", "", "\t\n\r")
_LINE_END = re.compile(r"[\t\n\r]")
_URL_IN_QUOTES = re.compile(
    r"[\x00-\x20]*+((?:[A-Za-z][A-Za-z0-9+.\t\n\r-]*+:|[/\\][\t\n\r]*+[/\\])"
    r"[/\\\t\n\r]*+[^/\\?# ]*+)(?:[\x00-\x20]*+\Z|[/\\?#])"
)
_OPTIONS = re.compile(r"[-+](?:[A-Za-z0-9]*[A-Za-z])?")
# What some code pages turn into a separator when a name reaches a file system.
_SEPARATORS = dict.fromkeys(map(ord, "\\\u00a5\u20a9\u2044\u2215\u2216\u29f5\u29f8\u29f9"), "/")


def skeleton(text: str) -> str | None:
    """Return the skeleton of a path or an id.

    Returns:
        The skeleton, which is its own; None for a text that has none: it holds a control
        character or half of a surrogate pair, its escapes are not UTF-8, or are nested too deep.
    """
    if len(text) > MAX_LENGTH:
        return None
    for _ in range(_PASSES):
        before = text
        try:
            text = _ESCAPE.sub(_decoded, _NESTED.sub("%", text))
        except UnicodeDecodeError:
            return None
        text = unicodedata.normalize("NFKC", _IGNORABLE.sub("", text)).casefold()
        text = unicodedata.normalize("NFKC", text).translate(_SEPARATORS)
        if _CONTROL.search(text):
            return None
        if text == before:
            return text
    return None


def words(text: str) -> set[str] | None:
    """Return the words of a text that is run; None for one too long to be looked through."""
    written = words_as_written(text)
    if written is None:
        return None
    written |= _looked_for(text)
    return written.union(*(_wildcards(reading) for reading in without_quotes(_apart(text))))


def words_as_written(text: str) -> set[str] | None:
    """Return the words of a text without those of which a part is collapsed to a wildcard."""
    if len(text) > MAX_LENGTH:
        return None
    plain = _apart(text)
    written = {*plain.translate(_ENDS_IN_PROGRAMS).split(" ")}
    for reading in _readings(plain):
        dropped = reading.translate(_DROPPED)
        written.update(dropped.translate(_ENDS_IN_COMMANDS).split(" "))
        written.update(dropped.translate(_ENDS_IN_PROGRAMS).split(" "))
    written |= _expanded(text)
    attached = {rest for word in written for rest in _attached(word)}
    return (written | attached) - {""}


def without_quotes(text: str) -> set[str]:
    """Return the readings of a text without what shells drop: signs that quote."""
    return {reading.translate(_QUOTES) for reading in _readings(text)}


def words_with_brackets(text: str) -> set[str]:
    """Return the words of a text that hold a bracket, as a reader of URLs takes them."""
    return {
        word
        for kept in without_quotes(text)
        for word in kept.translate(_ENDS_IN_COMMANDS).split(" ")
        if _BRACKET.search(word)
    }


def urls_in_quotes(text: str) -> set[str]:
    """Return what a reader of URLs makes of those in quotes in which a line ends, or a tab is."""
    if not _LINE_END.search(text):
        return set()
    return {
        f"{found[1].translate(_LINE_ENDS)}/"
        for mark in "\"'`"
        for part in text.split(mark)[1:-1]
        for found in [_URL_IN_QUOTES.match(part)]
        if found and _LINE_END.search(found[1])
    }


def word_skeleton(word: str) -> str | None:
    """Return the skeleton of a word of code, in which `%` is an escape only where it can be one."""
    for form in (word, _ESCAPE.sub(_decoded_as_far, word), word.replace("%", "")):
        found = skeleton(form)
        if found is not None:
            return found
    return None


def skeletons_of(
    arguments: Mapping[str, Any], registered: Mapping[str, Argument], resource: str
) -> dict[str, str]:
    """Return the skeletons that the policy cannot make itself. See `skeletons.skeletons`."""
    texts = [*_places(arguments, registered), resource]
    lines = _lines(arguments, registered)
    found = _skeletons_of_code(arguments, registered)
    found |= {text: word_skeleton(text) for text in lines if not is_simple(text)}
    found |= {text: skeleton(text) for text in texts if not is_simple(text)}
    return {text: form for text, form in found.items() if form is not None}


def _decoded(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return bytes.fromhex(escape[2].replace("%", "")).decode()


def _decoded_as_far(escape: re.Match[str]) -> str:
    """Return what an escape stands for as far as it is UTF-8; a control character ends a name."""
    text = (
        chr(int(escape[1], 16))
        if escape[1]
        else bytes.fromhex(escape[2].replace("%", "")).decode(errors="replace")
    )
    return _CONTROL.sub("/", text)


def _places(arguments: Mapping[str, Any], registered: Mapping[str, Argument]) -> Iterator[str]:
    """Yield every text that names a place, or may: what no registry knows may be anything."""
    for _, pattern, value in argument_leaves(arguments):
        about = registered.get(pattern)
        if isinstance(value, str) and (about is None or _may_name_a_place(about)):
            yield value


def takes_paths(registered: Mapping[str, Argument]) -> bool:
    """Whether a tool has a target of the kind `path`, as the policy's `arguments.takes_paths`."""
    return any(about.kind == "path" and about.role == "target" for about in registered.values())


def _lines(arguments: Mapping[str, Any], registered: Mapping[str, Argument]) -> Iterator[str]:
    """Yield every text that the policy's `arguments.possible_paths` has, and its lines."""
    searches = takes_paths(registered)
    for _, pattern, value in argument_leaves(arguments):
        about = registered.get(pattern)
        if (
            isinstance(value, str)
            and about is not None
            and _may_be_a_path(about, searches=searches)
        ):
            yield value
            yield from _LINE.split(value)


def _skeletons_of_code(
    arguments: Mapping[str, Any], registered: Mapping[str, Argument]
) -> dict[str, str | None]:
    return {
        word: word_skeleton(word)
        for _, pattern, value in argument_leaves(arguments)
        if isinstance(value, str) and pattern in registered and registered[pattern].role == "code"
        for found in [words(value)]
        if found
        for word in found | words_with_brackets(value) | urls_in_quotes(value)
        if not is_simple(word)
    }


def _may_name_a_place(about: Argument) -> bool:
    return about.kind == "path" or (about.role == "target" and about.kind in _PLACE_KINDS)


def _may_be_a_path(about: Argument, *, searches: bool) -> bool:
    if searches and about.role in ("none", "query") and about.kind in ("none", "id", "text"):
        return True
    return about.role == "none" and about.kind == "none"


def _readings(text: str) -> set[str]:
    """Return a text as a command, and also without each `$` that belongs to a quotation mark."""
    joined = text.replace("\\\n", "")
    return {joined, _DOLLAR.sub("", joined)}


def _expanded(text: str) -> set[str]:
    """Return the words that shells make of those with alternatives, or one that may be any."""
    if "{" not in text:
        return set()
    ranged = _RANGE.sub("{?,?}", _unquoted(text))
    words = {chunk for chunk in _CHUNK.findall(ranged) if _GROUP.search(chunk)}
    for _ in range(_ROUNDS):
        words = _opened(words)
    opened = {_ANY if _GROUP.search(word) else word for word in words}
    return {
        part
        for word in opened
        for part in ([word] if word == _ANY else word.translate(_ENDS_IN_COMMANDS).split(" "))
        if part
    }


def _looked_for(text: str) -> set[str]:
    """Return the words with alternatives by which shells look for files: `.@(x|env)`."""
    if "(" not in text:
        return set()
    once = _IN_PARENTHESES.sub(_in_braces, _unquoted(text))
    return _expanded(_IN_PARENTHESES.sub(_in_braces, once))


def _unquoted(text: str) -> str:
    return _DOLLAR.sub("", text.replace("\\\n", "")).translate(_QUOTES)


def _in_braces(parentheses: re.Match[str]) -> str:
    sign, held = parentheses.groups()
    if not sign and "|" not in held:
        return parentheses[0]
    return f"{{{held.replace('|', ',')}{',' if sign else ''}}}"


def _opened(words: set[str]) -> set[str]:
    """Return words of which one group of alternatives each is expanded, the outermost first."""
    groups = [
        (*word.split(found[0], 1), _EACH_ALTERNATIVE.findall(f",{found[1]}"))
        for word in words
        for found in [_GROUP.search(word)]
        if found
    ]
    size = sum(
        len(alternatives) * (len(before) + len(behind) + 1)
        for before, behind, alternatives in groups
    )
    if size > _MOST:
        return {_ANY}
    opened = {
        f"{before}{each}{behind}"
        for before, behind, alternatives in groups
        for each in alternatives
    }
    return opened | {word for word in words if not _GROUP.search(word)}


def _apart(text: str) -> str:
    return _MEMBER.sub(" ", _MAGIC.sub(" ", text))


def _wildcards(text: str) -> Iterator[str]:
    """Yield the words with a wildcard in which signs stand that end words elsewhere."""
    if "[" not in text and "{" not in text:
        return
    collapsed = _ALTERNATIVES.sub(_any, _ALTERNATIVES.sub(_any, text))
    forms = {pattern.sub(_one, collapsed) for pattern in _BRACKETS}
    for form in forms:
        yield from (
            word
            for word in form.translate(_ENDS_IN_COMMANDS).split(" ")
            if "?" in word or "*" in word
        )


def _any(alternatives: re.Match[str]) -> str:
    held = alternatives[1]
    return "*" if "," in held or ".." in held else alternatives[0]


def _one(bracket: re.Match[str]) -> str:
    return "?" if bracket[2] and _END_OR_MARK.search(bracket[1]) else bracket[0]


def _attached(word: str) -> set[str]:
    if word.startswith("@"):
        return {word.lstrip("@")}
    options = _OPTIONS.match(word)
    if options is None or word.startswith(("--", "+-")):
        return set()
    return {word[2:].lstrip("@"), word[options.end() :].lstrip("@")}
