"""What stands in a text as one name: a URL, a path, the name of a file.

Whoever chooses such a name can put an address or an account number into it. It says itself, and
the host that it is on; nothing within it is a word of whoever wrote the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .values import HOST, LONGEST_TYPED, PATH, typed

_CHUNK = re.compile(r"\S+")
_OPENING = "([{<\"'*`|\u201c\u2018\u00ab\u201e"
_CLOSING = ".,;:!?)]}>\"'*`|\u201d\u2019\u00bb\u2026"
LABEL = re.compile(r"(?:\w+[:=,;])?[(\[{<\"'*`|\u201c\u2018\u00ab\u201e]*")
"""What may stand before a value without a blank, as in `file:'a.txt'`."""
BEHIND = re.compile(r"(?:['\u2019]s)?[.,;:!?)\]}>\"'*`|\u201d\u2019\u00bb\u2026]*")
"""What may stand behind one."""
_POSSESSIVE = re.compile(r"['\u2019]s\Z")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://")
_SLASHED = re.compile(
    r"[0-9/]+|[^\w/]?[A-Z]{0,3}[0-9][0-9.,]*[^\w/]?[A-Z]{0,3}"
    r"/(?:h|hour|night|day|week|month|year|person|head|piece|item|unit|km|mile|kg|lb)s?"
)
"""A date, a fraction or a rate, as in `50/50` and `EUR950/month`."""
_FILE = re.compile(r"\S+\.[A-Za-z][A-Za-z0-9]{0,23}")
_NUMBER = re.compile(r"[A-Z][A-Z][0-9]{2}[A-Z0-9]{8,30}|\+[0-9][0-9().-]{6,}[0-9]")
_LISTED = re.compile(r"[,;<>()\[\]{}|\"\u201c\u201d\u2018\u2019\u00ab\u00bb]+|\b\w+[:=<]")
"""What stands between the addresses of a list, or says what one is."""
_MAIL = re.compile(r"[\w.%+-]+@\w[\w-]*(?:\.[\w-]+)+")
_AROUND = ".:!?*_`'=~/-"
_HOST = re.compile(r"(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_FOLDER = re.compile(r"(?![a-z]+://)[^\s/~]+/\S")
_BEFORE_FOLDER = re.compile(r"/[^\s,;/]* \Z")
_NEAR = 256


def name_spans(text: str) -> list[tuple[int, int]]:
    """Return where URLs, paths and names of files stand in a text, in order.

    A mail address, and the number of an account or a telephone, within a longer word belong to
    that word, which counts as one as well.
    """
    spans = []
    for chunk in _CHUNK.finditer(text):
        start, end = chunk.span()
        if end - start > LONGEST_TYPED:
            # None of the values that are looked for; nothing within it is said either.
            spans.append((start, end))
            continue
        while start < end and text[start] in _OPENING:
            start += 1
        while end > start and text[end - 1] in _CLOSING and not _is_closed(text[start:end]):
            end -= 1
        core = _POSSESSIVE.sub("", text[start:end])
        end = start + len(core)
        url = _URL.search(core)
        if url is not None:
            # Elsewhere than behind a label it is a part of a path: `/srv/a,https://evil.example`.
            begin = url.start() if LABEL.fullmatch(core, 0, url.start()) else 0
            spans.append((start + begin, end))
        elif _is_path(core) or _is_file(core) or _holds_value(core):
            spans.append((start, end))
    return spans


def without_names(text: str, spans: list[tuple[int, int]], instead: str) -> str:
    """A text with something else in the place of each of its names."""
    at, left = 0, []
    for start, end in spans:
        left += [text[at:start], instead]
        at = end
    return "".join([*left, text[at:]])


def keys_of_names(text: str, spans: list[tuple[int, int]]) -> Iterator[str]:
    """Yield the keys of the names of a text.

    Of a path that another one follows behind a blank nobody knows where it ends.
    """
    for start, end in spans:
        name = text[start:end]
        if "://" in name:
            from inbounds.provenance.embedded_values import written_urls

            url = next(written_urls(name), "")
            yield from typed(url if url in (name, name.rstrip(_CLOSING)) else "")
        elif "/" not in name:
            yield PATH + name
            yield from hosts_of(name)
        elif not goes_on(text, start, end):
            yield from typed(name)


def hosts_of(name: str) -> Iterator[str]:
    """Yield the keys of a name that is one of a host, and those of its first page."""
    if not is_host(name):
        return
    yield from (key for key in typed(name) if key.startswith(HOST))
    for scheme in ("https", "http"):
        yield from typed(f"{scheme}://{name}/")


def is_host(text: str) -> bool:
    """Whether a text is the name of a host rather than that of a file."""
    if _HOST.fullmatch(text) is None:
        return False
    from inbounds.provenance.stop_words import FILES

    return text.rpartition(".")[2].lower() not in FILES


def goes_on(text: str, start: int, end: int) -> bool:
    """Whether a path at this place may be a part of one that has a blank in it."""
    if _FOLDER.match(text, end + 1) and text[end : end + 1] == " ":
        return True
    rooted = text[start : start + 1] in ("/", "~")
    return not rooted and _BEFORE_FOLDER.search(text, max(0, start - _NEAR), start) is not None


def _is_closed(core: str) -> bool:
    """Whether the parenthesis that it ends with was opened in it, as in `a_(b)`."""
    return core.endswith(")") and core.count("(") >= core.count(")")


def _is_path(core: str) -> bool:
    return ("/" in core or "\\" in core) and _SLASHED.fullmatch(core) is None


def _is_file(core: str) -> bool:
    return "." in core and "@" not in core and _FILE.fullmatch(core) is not None


def _holds_value(core: str) -> bool:
    """Whether an address, an account or a telephone stands in a longer word, as in `a;x@y.z;.pdf`.

    It does not in a list of them, nor behind a word that says what it is: `IBAN:DE89…`.
    """
    if core.find("@") <= 0 and _NUMBER.search(core) is None:
        return False
    if _NUMBER.fullmatch(core.strip(_AROUND)):
        return False
    if "@" in core and _NUMBER.search(core) is not None:
        return True
    parts = (part.strip(_AROUND) for part in _LISTED.split(core))
    return any(part and not (_MAIL.fullmatch(part) or _NUMBER.fullmatch(part)) for part in parts)
