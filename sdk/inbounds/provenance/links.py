"""The links in a text that goes out: whatever a reader's program may open or fetch by itself."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from inbounds.canonical.formats import InvalidFormat, normalize
from inbounds.canonical.visible import IGNORABLE, decoded_escapes, shown

from .values import HOST, LONGEST_TYPED, MAIL, PATH, PHONE, URL

if TYPE_CHECKING:
    from collections.abc import Iterator

Link = tuple[str, str]
"""A URL in canonical form and its host; both are empty if it could not be read.

A `mailto:` has the domain for a host, a `tel:` or `sms:` has none. A host that stands by itself is
`//` and the host as it is written.
"""

Read = dict[str, Link]
"""The URLs that were read, as they were written, and the link that each is."""

MOST = 64
"""So many links of one text are told apart; what is beyond is one link to nowhere known."""

MOST_READ = 4096
"""So many URLs of one call are read; what is beyond is a link to nowhere known."""

_MOST_MARKUP = 250_000
"""HTML of more characters is not read: it is a link to nowhere known."""

UNREAD: Link = ("", "")
"""A link that leads nobody knows where."""

MAILTO = "mailto:"
CALL = "tel:"
"""The beginning of a link to a telephone number, whether it is called or gets a message."""
BARE = "//"
"""The beginning of a link that is a host by itself, such as `acme.example` or `plan.md`."""

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
# A telephone number there, and nothing else.
_MARKED_CALL = re.compile(
    r"(?:\]\(\s*|\]:\s*)((?:tel|sms):[+0-9.-]{1,32})(?=[)\s]|\Z)"
    r"|(?:\]\(\s*|\]:\s*)?<((?:tel|sms):[+0-9.-]{1,32})>",
    re.IGNORECASE,
)
_DOTS = ".\u3002\uff0e\uff61"  # RFC 3490 §3.1: what a program may take for the dot of a host
_WIDE_DOT = re.compile(f"[{_DOTS[1:]}]")
_MARKS = re.compile(rf"[:/\\?#]|[\w\x80-\U0010ffff][{_DOTS}]\w")
_REST = r"[^\s<>\"'`|\x00]"
_OPENED = (
    r"android-app|callto|facetime(?:-audio)?|fb-messenger|geo|intent|itms(?:s|-apps|-services)?|magnet"
    r"|mms(?:to)?|ms-[a-z-]{2,30}|msteams|obsidian|search-ms|sgnl|sips?|skype|sms(?:to)?|spotify|tg|viber"
    r"|vscode(?:-insiders)?|webcals?|weixin|whatsapp|xmpp|zoommtg|zoomus"
    r"|bitcoin(?:cash)?|dogecoin|ethereum|lightning|litecoin|monero"
)
"""Schemes without `//` that mail and chat programs open from plain text."""
_COMMAND = rf"(?={_REST}{{0,64}}?(?:[@?#/\\]|[0-9]{{4}}|[A-Za-z0-9]{{20}}))"
"""What tells `skype:eve?call` from `SMS:ok`."""
_WORDS_OPENED = r"cursor|discord|figma|linear|notion|shortcuts|signal|slack|steam|teams|zoom"
"""Schemes that are words as well: only `slack:channel?id=C` is a link, and not `Slack:#general`."""
_QUERY = r"(?=[\w/.%-]{0,64}\?[\w.-]{1,32}=)"
_OPENS_NUMBER = r"(?-i:tel):(?=\+?[0-9])"
"""As a link is written: `Tel:+431234567` is a number, which programs open without it as well."""
_OPENS_SETTINGS = r"(?<!-)ms-[a-z-]{2,30}:(?=[a-z0-9])"
_BEGINS_LINK = re.compile(r":|[\\/]{2}|www\.", re.IGNORECASE)
"""What each of the links that follow has: most words do not."""
_LINKS = re.compile(
    rf"(?:https?|wss?|ftp):[\\/]+{_REST}{{1,2048}}"
    rf"|(?<![A-Za-z0-9])(?:https?|wss?|ftp):{_REST}{{1,2048}}"  # as browsers repair it
    rf"|(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{{1,20}}://{_REST}{{1,2048}}"
    rf"|(?:mailto|javascript|vbscript):{_REST}{{1,2048}}"
    rf"|(?<![A-Za-z0-9])(?:file:(?=[\\/])|(?:{_OPENED}):{_COMMAND}|(?:{_WORDS_OPENED}):{_QUERY}"
    rf"|{_OPENS_NUMBER}|{_OPENS_SETTINGS}){_REST}{{1,2048}}"
    rf"|(?<![A-Za-z0-9])data:[\w/+.-]*[;,]{_REST}{{0,2048}}"
    rf"|(?:(?<![\w:/\\])[\\/]{{2,}}|(?<=\\)//)[%@.-]*[\w\[\x80-\U0010ffff]{_REST}{{1,2048}}"
    rf"|(?<![\w.@/-])www\.{_REST}{{1,2048}}",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_RELATIVE = re.compile(r"[\\/]{2}")
_READ = frozenset({"http", "https", "ws", "wss", "ftp"})
_CALLS = frozenset({"sms", "tel"})
_LEAD_NOWHERE = frozenset({"about", "cid", "mid"})
_KNOWN = _READ | _LEAD_NOWHERE | _CALLS | {"mailto", "data"}
_PICTURE = re.compile(r"data:image/(?:avif|bmp|gif|jpeg|jpg|png|webp|x-icon)[;,]", re.IGNORECASE)
_SLASHES = "\\/"
_LEFT_OUT = str.maketrans("", "", "\t\n\r")  # what browsers leave out of a URL, wherever it stands
_BLANKS = "".join(map(chr, range(0x21)))
_END = ".,;:!?*_)]}\\"

_RUN = re.compile(rf"[\w{_DOTS}@-]+")
_HOST = re.compile(rf"(?<![\w-])[\w-]++(?:[{_DOTS}][\w-]++)+")
_WITHIN_LABEL = re.compile("(?<=\\w)[\u00b7\u05f3\u05f4\u30fb](?=\\w)")
"""Punctuation that a label may hold (RFC 5892, appendices A.3, A.5, A.6 and A.7)."""
_DOT = re.compile(f"[{_DOTS}]")
_PATH = re.compile(r"(?::[0-9]{1,5})?[/?#]")
_IN_ALL_LISTS = re.compile(r"[a-z]{2}|biz|com|edu|gov|info|name|net|org|pro", re.IGNORECASE)
"""Top-level domains of addresses that a program with a short list of them knows as well."""
_BEHIND_NO_ADDRESS = re.compile(r":[0-9]|[$+=^~]")
_LATIN = re.compile(r"[A-Za-z]{2,24}|xn--[a-z0-9-]{1,59}", re.IGNORECASE)
_NOT_LATIN = re.compile(r"[^\x00-\x7f]{2,62}")
_LATIN_BEFORE_OTHER = re.compile(rf"({_LATIN.pattern})([^\x00-\x7f])", re.IGNORECASE)
_LONGEST_HOST = 253
_AROUND_HOST = f"-_{_DOTS}"
_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_NETWORK = re.compile(r"/[0-9]{1,2}(?![\w/.-])")
_RESERVED = frozenset({"example", "internal", "invalid", "local", "localhost", "onion", "test"})
"""Top-level domains that no registry has (RFC 2606, RFC 6761, RFC 7686); a network may."""

_MAIL_HOST = re.compile(r"@([^\s@,;?&=<>\"'()]+)")
_ONE_MAIL = re.compile(r"[^\s@,;?&=<>\"'()]+@[^\s@,;?&=<>\"'()]+")
_MARKUP = re.compile(r"<[A-Za-z!/?]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")  # CommonMark 0.31 §2.4


def links_of(
    text: str, *, markup: bool = True, bare: bool = True, read: Read | None = None
) -> Iterator[Link]:
    """Yield the links of a text, each once.

    Also what a mail program makes a link of: `acme.example`, `//acme.example/x`, and what HTML,
    CSS and Markdown write in entities and escapes.

    Args:
        text: The text.
        markup: Whether it may be HTML. Without, it is read as plain text alone.
        bare: Whether a host without a scheme is a link. In a path or an id, such as `plan.md`,
            it is not.
        read: The URLs that the other texts of a call hold, and what they were read as.
    """
    seen = set()
    for link in _links_of(text, {} if read is None else read, markup=markup, bare=bare):
        if link not in seen:
            seen.add(link)
            yield link


def _links_of(text: str, read: Read, *, markup: bool, bare: bool) -> Iterator[Link]:
    words = {""}
    for form in _forms(text):
        yield from _links_in(form, words, read, bare=bare)
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
                        yield from _whole(form, read)
                    yield from _links_in(form, words, read, bare=bare)
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


def _links_in(text: str, words: set[str], read: Read, *, bare: bool) -> Iterator[Link]:
    """Yield the links of a text; of these words, which are added to, they are known already."""
    # Nothing without one of the marks is a link, and most texts are soon looked at.
    if not _MARKS.search(text):
        return
    if _goes_on(text):
        yield UNREAD
    yield from _marked(text)
    for word in _ENDS.split(text):
        if word in words or not _MARKS.search(word):
            continue
        words.add(word)
        end = 0
        if _BEGINS_LINK.search(word):
            if len(word) > _LONGEST_WORD and _LINKS.search(word):
                yield UNREAD
            for found in _LINKS.finditer(word):
                if bare:
                    yield from _bare(word[end : _end_of_host(word, found)], read)
                yield from _read(_without_end(found.group()), read)
                end = found.end()
        if bare:
            yield from _bare(word[end:], read)


def _end_of_host(word: str, link: re.Match[str]) -> int:
    """Return where a host ends that stands before a link: `ws` ends one in `a.ws:acme.example`."""
    scheme = _SCHEME.match(word, link.start())
    if scheme and _DOT.match(word, link.start() - 1):
        return scheme.end(1)
    return link.start()


def _marked(text: str) -> Iterator[Link]:
    """Yield the links of Markdown whose scheme is not one of a host."""
    for marked in _MARKED.finditer(text):
        scheme = marked.group(1).lower()
        if scheme in _CALLS and text[marked.end() : marked.end() + 1].strip():
            call = _MARKED_CALL.match(text, marked.start())
            yield from _call((call.group(1) or call.group(2)) if call else "")
        elif scheme not in _KNOWN:
            yield UNREAD


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


def _whole(value: str, read: Read) -> Iterator[Link]:
    """Yield the link that a value is where a URL is expected, as browsers read it."""
    url = value.translate(_LEFT_OUT).strip(_BLANKS)
    if _SCHEME.match(url) or _RELATIVE.match(url):
        yield from _read(url, read)


def _read(url: str, read: Read) -> Iterator[Link]:
    scheme = _SCHEME.match(url)
    name = scheme.group(1).lower() if scheme else "https"
    rest = url[scheme.end() :] if scheme else url
    if name == "mailto":
        yield from _mails(rest, read)
    elif name in _READ or rest.startswith("//"):
        yield _parsed(f"{name}://{rest.lstrip(_SLASHES)}", read)
    elif name not in _LEAD_NOWHERE and not _PICTURE.match(url):
        yield from _call(url)


def _call(url: str) -> Iterator[Link]:
    """Yield a link to a telephone number; any other, and one with more than a number, is unread."""
    scheme, _, number = url.partition(":")
    try:
        if scheme.lower() in _CALLS:
            yield f"{CALL}{normalize('phone', number)[0]}", ""
            return
    except (InvalidFormat, UnicodeError):
        pass
    yield UNREAD


def _parsed(url: str, read: Read) -> Link:
    """Return the link that a URL is; each URL is read once."""
    if url in read:
        return read[url]
    if len(read) >= MOST_READ or len(url) > LONGEST_TYPED + 16:
        return UNREAD
    try:
        canonical, parsed = normalize("url", url)
    except (InvalidFormat, UnicodeError):
        return read.setdefault(url, UNREAD)
    return read.setdefault(url, (canonical, parsed.host))


def _mails(written: str, read: Read) -> Iterator[Link]:
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
            yield "", _parsed(f"https://{host.rstrip(_END)}/", read)[1]


def keys_of_link(url: str, host: str) -> list[str]:
    """Return the keys of a link: one that says no more than its host is known by that as well.

    A host by itself, such as `plan.md`, is also known as the file of that name.
    """
    if url.startswith(MAILTO):
        return [MAIL + url.removeprefix(MAILTO)]
    if url.startswith(CALL):
        return [PHONE + url.removeprefix(CALL)]
    if url.startswith(BARE):
        written = url.removeprefix(BARE)
        return [f"{URL}https://{host}/", HOST + host, PATH + host, PATH + written]
    if url.partition("://")[2] == f"{host}/":
        return [URL + url, HOST + host]
    return [URL + url] if url else []


# --- hosts without a scheme ---------------------------------------------------------------------


def _bare(word: str, read: Read) -> Iterator[Link]:
    if word.isascii():
        yield from _hosts_in(word, word, read)
        return
    letters = word.translate(_symbols_as_letters())
    for each in dict.fromkeys((word, letters, _WITHIN_LABEL.sub("x", letters))):
        yield from _hosts_in(word, each, read)


def _hosts_in(word: str, letters: str, read: Read) -> Iterator[Link]:
    """Yield the hosts without a scheme in a word.

    Args:
        word: The word.
        letters: As long as the word, with a letter for each character that a host may hold.
        read: As of `links_of`.
    """
    is_plain = word.isascii() and "@" not in word and "._" not in word
    for run in _RUN.finditer(letters):
        start, stop = run.span()
        if start and word[start - 1] == "/":
            # A step of a path, which to some programs ends at such a dot.
            dot = None if is_plain else _WIDE_DOT.search(word, start, stop)
            if dot is None:
                continue
            start = dot.end()
        spans = [(start, stop)] if is_plain else _without_addresses(word, start, stop)
        for begin, end in spans:
            for found in _HOST.finditer(letters, begin, end):
                written = word[found.start() : found.end()]
                path = ""
                if found.end() == stop and _PATH.match(word, stop):
                    path = _without_end(word[stop:])
                is_whole = False
                for url, host in _host(written, path, read):
                    is_whole |= not url.startswith(BARE)
                    yield url, host
                if not is_plain:
                    yield from _ended(written, path, read)
                if path and is_whole:
                    return


def _without_addresses(word: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where hosts may stand in a run of labels, dots and `@`.

    To some programs, an address begins and ends at a dot such as the ideographic full stop.
    """
    if "@" not in word[begin:end]:
        yield begin, end
        return
    first = begin
    for part in _WIDE_DOT.split(word[begin:end]):
        local, at, domain = part.rpartition("@")
        if not local.strip("@"):
            yield begin + len(local) + len(at), begin + len(part)
        elif (
            begin > first
            or not local.isascii()
            or not _is_domain(domain)
            or _BEHIND_NO_ADDRESS.match(word, begin + len(part))
        ):
            # To some programs it is no address, and what stands before `@` is a host.
            yield begin, begin + len(local)
        begin += len(part) + 1


def _is_domain(text: str) -> bool:
    _, dot, last = text.rstrip(".").rpartition(".")
    return bool(dot and _IN_ALL_LISTS.fullmatch(last)) and "_" not in text and _is_top_level(last)


def _ended(written: str, path: str, read: Read) -> Iterator[Link]:
    """Yield the links that labels and dots are to programs that end a host at some of the dots.

    A dot such as the ideographic full stop is one of a host to some programs, and the end of a
    sentence to others. So is one before `_`.
    """
    if "._" in written:
        for part in written.split("._")[:-1]:
            yield from _host(part, "", read)
    if written.isascii():
        return
    begin = 0
    for dot in _WIDE_DOT.finditer(written):
        yield from _host(written[begin : dot.start()], "", read)
        if begin:
            yield from _host(written[max(0, dot.start() - _LONGEST_HOST) : dot.start()], "", read)
        begin = dot.end()
    if begin:
        yield from _host(written[begin:], path, read)


def _host(written: str, path: str, read: Read) -> Iterator[Link]:
    """Yield the link that labels and dots are, where a program may make one of them."""
    labels = _DOT.split(written.strip(_AROUND_HOST))
    if len(labels) == 1:
        return
    host, last = ".".join(labels), labels[-1]
    if _ADDRESS.fullmatch(host):
        if path and not _NETWORK.fullmatch(path):
            yield _parsed(f"https://{host}{path}", read)
    elif _LATIN.fullmatch(last):
        # With a path it is one, whatever it ends with.
        if path or last[:4].lower() == "xn--" or _is_top_level(last):
            yield _named(host, path, read)
    # Words of other alphabets may stand around a dot without a space.
    elif _NOT_LATIN.fullmatch(last) and _is_top_level(last):
        yield _named(host, path, read)
    else:
        latin = _LATIN_BEFORE_OTHER.match(last)
        if latin and _is_top_level(latin[1]) and not _is_latin(latin[2]):
            yield _named(host[: len(host) - len(last) + latin.end(1)], "", read)


def _named(host: str, path: str, read: Read) -> Link:
    url, name = _parsed(f"https://{host}{path or '/'}", read)
    return (f"{BARE}{host}", name) if url and not path else (url, name)


def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN ")


class _SymbolsAsLetters(dict[int, int]):
    """The table of `str.translate` that makes a letter of each symbol that a host may hold.

    A host may hold whatever is not a control, a separator or punctuation: symbols such as emoji,
    marks of scripts, and characters that a later version of Unicode assigns.
    """

    _JOINERS = "\u200c\u200d"  # RFC 5892, appendices A.1 and A.2
    _LEFT_OUT = re.compile(f"(?![{_JOINERS}])[{IGNORABLE}]")

    def __missing__(self, code: int) -> int:
        character = chr(code)
        category = unicodedata.category(character)
        if (
            character.isalnum()
            or category == "Cc"
            or category[0] in "PZ"
            or self._LEFT_OUT.match(character)
            # Programs read these as the character that they stand for.
            or unicodedata.normalize("NFKC", character).isascii()
        ):
            return code
        return ord("x")


@cache
def _symbols_as_letters() -> _SymbolsAsLetters:
    return _SymbolsAsLetters((code, code) for code in range(0x80))


def _is_top_level(label: str) -> bool:
    if not label.isascii():
        label = unicodedata.normalize("NFKC", label).casefold()
    return label.lower() in _top_level_domains()


@cache
def _top_level_domains() -> frozenset[str]:
    # Imported here: most texts that go out have no word with a dot in it.
    from linkify_it.tlds import TLDS

    known = _RESERVED | frozenset(map(str.lower, TLDS))
    encoded = (label[4:] for label in known if label.startswith("xn--"))
    return known | frozenset(label.encode().decode("punycode") for label in encoded)


def _without_end(url: str) -> str:
    while url and url[-1] in _END:
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url
