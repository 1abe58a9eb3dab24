"""What of a prompt its user says, and what is data in it: quoted, fenced, cited or pasted.

Read by whoever asks what the user wants, and by whoever asks where a value comes from, so that
both mean the same. Each step takes time in proportion to the length of the prompt.

Whoever wrote the data chose what it holds, and that never ends it early. Data begins after any
character that is shown as the end of a line; a line of data ends at a line feed alone, as whoever
cited it saw it. Data between two fences, or two tags, goes on to the last of them.

This module does no I/O.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Literal, NamedTuple

LONGEST = 320
"""No word, address or title is longer; a quote that is, is a text."""

_NEAR = 8
"""So many lines apart, two lines of a header belong to one."""
_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What `str.splitlines` takes for the end of a line."""
_UNSEEN = (
    r"\u00ad\u034f\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0"
)
_BLANK = rf"[\s{_UNSEEN}]"
_EDGE = r"[^\w>\uff1e|\u2502]"
_STRONG = (
    "from|sent|reply-to|return-path|received|delivered-to|message-id|von|gesendet|de|envoyé|enviado"
    "|enviada|da|inviato|van|verzonden|från|skickat|fra|sendt|od|от|发件人|差出人"
)
_WEAK = (
    "to|cc|bcc|subject|date|an|kopie|betreff|datum|à|objet|date|para|asunto|fecha|assunto|data|a"
    "|oggetto|aan|onderwerp|till|ämne|til|emne|do|temat|кому|тема|主题|件名|收件人|宛先"
)
_DATES = frozenset({"date", "datum", "fecha", "data"})
_HEADER = re.compile(
    rf"(?:{_EDGE}|_){{0,40}}(?:(?P<strong>{_STRONG})|(?P<weak>{_WEAK}))[\s*_]{{0,20}}[:\uff1a]",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    rf"{_EDGE}{{0,40}}?(?:[-\u2013\u2014_=]{{3,}}[ \t]*(?:original|forwarded|ursprüngliche"
    r"|weitergeleitete|message|mensaje|messaggio|oorspronkelijk|doorgestuurd)"
    r"|begin forwarded|anfang der weitergeleiteten|début du message|inicio del mensaje"
    r"|inizio messaggio|begin doorgestuurd)",
    re.IGNORECASE,
)
_RULE = re.compile(rf"{_EDGE}{{0,40}}?-{{5,}}")
_LONGEST_TITLE = 160
"""So many characters at most stand between two rules of dashes, as in `----- Message -----`."""
_BLANK_SIGN = re.compile(_BLANK)
_WORD = re.compile(r"\w")
_FEWEST_DASHES = 5
_WROTE = re.compile(
    r"\b(?:wrote(?: back| again)?(?: to (?:me|us|you|him|her|them))?[ \t]*+(?:\n[ \t]*+)?"
    r"|(?:schrieb|écrit|escribió|scritto|schreef|escreveu|skrev)\b"
    r"[^:\n]{0,200}(?:\n[^:\n]{0,200})?)[:\uff1a]",
    re.IGNORECASE,
)
_ON = re.compile(
    r"(?<!\w)(?:On|Am|Le|El|Il|Op|Em|Den|Il giorno)\b(?=[^\n]{0,300}\d)", re.IGNORECASE
)
_WHO = re.compile(r"[^\s<>]*[ \t]*<[^<>\n]{1,200}>[ \t]*\Z")
_CITED = re.compile(rf"{_BLANK}*(?:(?:[-*+\u2022]|\d{{1,3}}[.)]){_BLANK}+){{0,8}}[>\uff1e]")
_BARRED = re.compile(rf"{_BLANK}*[|\u2502\u00a6\uff5c]")
_TICKS = re.compile(r"`{3,}|~{3,}|\"{3,}")
# What stands behind its name is a stranger's as well, and so are the signs that would end the tag.
_TAG = re.compile(rf"<(?P<close>/?)(?P<name>[\w{_UNSEEN}][\w.:{_UNSEEN}-]*)(?=[\s/>])")
# `do <b>not</b> send it`: nothing that somebody else wrote.
_STRESSED = re.compile(
    r"<(b|i|u|em|strong)>[ *]{0,4}(?:do |must |may )?(?:not|never|no|don['\u2019]t|except|but"
    r"|without)[ *]{0,4}</\1>",
    re.IGNORECASE,
)
_NOT_OF_NAME = re.compile(rf"[{_UNSEEN}]")
_ANY_TAG = re.compile(r"<[A-Za-z/][^<>]{0,400}>")
# A line of a header that says neither who nor to whom, or that goes on with the line before.
_MORE_OF_HEADER = re.compile(r"[\w-]{1,76}[ \t]*:|[ \t]+\S")
_HOLDING = frozenset({
    "mail", "email", "e-mail", "message", "msg", "document", "doc", "file", "text", "content",
    "data", "quote", "blockquote", "context", "letter", "note", "body", "untrusted", "input",
    "pasted", "attachment", "thread", "html",
})  # fmt: skip
"""Tags that hold something for certain, closed or not."""
_CLOSING = {
    '"': '"', "“": "”", "”": "”", "„": "“”", "«": "»", "»": "«", "\u2039": "\u203a",
    "\u203a": "\u2039", "「": "」", "『": "』", "`": "`", "'": "'", "\u2018": "\u2019",
    "\u201f": "”", "\uff02": "\uff02",
}  # fmt: skip
_QUOTE = re.compile("[\"“”„«»\u2039\u203a「」『』`'\u2018\u2019\u201f\uff02]")
_LOOSE = "'`\u2018\u2019"
"""Marks that are apostrophes and the like as well: one alone quotes nothing."""
_LONGEST_LINE = 1000
"""No line of a mail's header is longer, by RFC 5322."""
_YEARS = re.compile(r"\d0s\b")
"""What follows the apostrophe in "the '90s"."""
_MOST_MARKS = 40
"""So many marks are looked at beyond one that may have been an apostrophe within a quote."""
_MOST_GLUED = 16
"""So many marks that stand within words, and open nothing, are looked into."""


class Stretch(NamedTuple):
    """One part of a prompt.

    Attributes:
        start, stop: Where it stands.
        kind: `quote`, a title or a word of the user's in quotation marks; `passage`, quoted text
            of several lines or of some length, which is data; `pasted`, all other data.
        inside: Of a quote, what stands inside.
    """

    start: int
    stop: int
    kind: Literal["quote", "passage", "pasted"]
    inside: str = ""


def stretches(text: str) -> list[Stretch]:
    """Return what of a prompt is quoted or data, in order; all else the user says outright."""
    # Each is shown as a line of its own, and blank ones begin nothing.
    parts = text.splitlines(keepends=True)
    end = _pasted_from(text, parts)
    cited = [*_cited(text, parts, end), *_barred(text, parts, end)]
    data = _joined(sorted([*cited, *_fenced(text, end), *_tagged(text, end)]))
    found = [*data, *_quotes(text, end, data)]
    if end < len(text):
        found.append(Stretch(end, len(text), "pasted"))
    at = 0
    kept = []
    for stretch in sorted(found, key=lambda one: (one.start, -one.stop)):
        if stretch.start >= at:
            kept.append(stretch)
            at = stretch.stop
        elif stretch.stop > at and stretch.kind != "quote":
            kept.append(stretch._replace(start=at))
            at = stretch.stop
    return kept


# --- lines ---------------------------------------------------------------------------------


class _Numbered:
    """The numbers of the lines of a text, asked for in order; a line feed ends a line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._number = 0

    def of(self, at: int) -> int:
        self._number += self._text.count("\n", self._at, at)
        self._at = at
        return self._number


def _line_end(text: str, at: int) -> int:
    """Where the next line begins."""
    return text.find("\n", at) + 1 or len(text)


def _pasted_from(text: str, parts: list[str]) -> int:
    """Where a mail begins that was pasted with its header; all that follows belongs to it."""
    return min(_headed(text, parts), _written(text))


def _headed(text: str, parts: list[str]) -> int:
    # By line and name: where it stands first, and whether it is strong.
    near: dict[tuple[int, str], tuple[int, bool]] = {}
    lines = _Numbered(text)
    end = more = 0
    for part in parts:
        at, end = end, end + len(part)
        separates = _separates(part)
        shown = _ANY_TAG.sub("", part) if "<" in part else part
        found = None if separates else _HEADER.match(shown)
        if found is None and not separates:
            more += _MORE_OF_HEADER.match(shown) is not None
            continue
        # Other lines of the header between two set them no further apart.
        number = lines.of(at) - more
        near = {one: where for one, where in near.items() if number - one[0] <= _NEAR}
        if found is None:
            # It may stand in what a line of the header holds.
            within = (begun for (line, _), (begun, sure) in near.items() if sure or line == number)
            return next(within, at)
        name = (found["strong"] or found["weak"]).lower()
        firm = found["strong"] is not None
        for (_, other), (begun, sure) in near.items():
            if name != other and (firm or sure or {name, other} & _DATES):
                return begun
        near.setdefault((number, name), (at, firm))
    return len(text)


def _separates(line: str) -> bool:
    """Whether a line says that what follows was written by somebody else."""
    if _SEPARATOR.match(line):
        return True
    if "-" * _FEWEST_DASHES not in line:
        return False
    end = len(line)
    while end and _BLANK_SIGN.match(line[end - 1]):
        end -= 1
    title = line[:end].rstrip("-")
    begins = _RULE.match(title)
    return (
        begins is not None
        and end - len(title) >= _FEWEST_DASHES
        and len(title) - begins.end() <= _LONGEST_TITLE
        and _WORD.search(title, begins.end()) is not None
    )


def _written(text: str) -> int:
    """Where what somebody wrote begins, as in "On Monday, Rosa wrote:"."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    opening = [found.start() for found in _ON.finditer(text)]
    looked, cited = -1, False
    for found in _WROTE.finditer(text):
        at = found.start()
        number = bisect_right(starts, at) - 1
        if number != looked:
            # By the whole line: a mark that begins a part of it may be anybody's.
            looked = number
            cited = _CITED.match(text, starts[number], at) is not None
        if cited:
            continue
        first = max(starts[max(0, number - 2)], at - _LONGEST_LINE)
        opened = opening[bisect_left(opening, first) : bisect_left(opening, at)]
        here = bisect_left(opened, starts[number])
        before = text[max(0, at - 400) : at]
        # "I wrote:" is the user's, unless that is how a name ends.
        if here == len(opened) and re.search(r"\bI\s+\Z", before):
            continue
        if opened:
            return opened[here] if here < len(opened) else opened[0]
        who = _WHO.search(before)
        return at - len(who[0]) if who else found.end()
    return len(text)


def _cited(text: str, parts: list[str], end: int) -> Iterator[Stretch]:
    at = begun = until = 0
    for part in parts:
        if until <= at < end and _CITED.match(part):
            if at > until or not until:
                if until:
                    yield Stretch(begun, until, "pasted")
                begun = at
            until = _line_end(text, at)
        at += len(part)
    if until:
        yield Stretch(begun, min(end, until), "pasted")


def _barred(text: str, parts: list[str], end: int) -> Iterator[Stretch]:
    """What stands in two lines or more that begin with a bar, one after another."""
    lines = _Numbered(text)
    at = begun = until = bars = 0
    last = -2
    for part in parts:
        if at < end and _BARRED.match(part):
            if (line := lines.of(at)) > last + 1:
                if bars > 1:
                    yield Stretch(begun, until, "pasted")
                begun, bars = at, 0
            if line > last:
                last, until = line, _line_end(text, at)
            bars += 1
        at += len(part)
    if bars > 1:
        yield Stretch(begun, min(end, until), "pasted")


# --- fences and tags -----------------------------------------------------------------------


def _fenced(text: str, end: int) -> Iterator[Stretch]:
    begun, opener, block = -1, "", False
    first = last = -1
    for found in _TICKS.finditer(text):
        run = found[0]
        if begun < 0:
            alone = not _line_start(text, found.start(), _BREAKS).strip(_BEFORE_FENCE)
            if run[0] == "~" and not alone:
                continue
            begun, opener = found.start(), run
            block = alone and run[0] != '"' and run[0] not in _line_rest(text, found.end(), _BREAKS)
            first = begun if first < 0 else first
        elif run[0] == opener[0] and len(run) >= len(opener):
            alone = not _line_start(text, found.start(), "\n").strip(_BEFORE_FENCE)
            if block and (not alone or _line_rest(text, found.end(), "\n").strip()):
                continue
            begun, last = -1, found.end()
    if 0 <= first < end:
        # Of several fences nobody can say which of them the user has set: what was pasted between
        # two may hold two more.
        yield Stretch(first, min(end, last) if begun < 0 else end, "pasted")


_BEFORE_FENCE = " \t\u00a0>-*"


def _line_start(text: str, at: int, breaks: str) -> str:
    start = max((text.rfind(sign, max(0, at - 80), at) for sign in breaks), default=-1)
    return text[start + 1 : at] if start >= 0 or at < 80 else "…"


def _line_rest(text: str, at: int, breaks: str) -> str:
    return re.split(f"[{breaks}]", text[at : at + LONGEST], maxsplit=1)[0]


def _tagged(text: str, end: int) -> Iterator[Stretch]:
    text = _STRESSED.sub(lambda found: "_" * len(found[0]), text)
    # The tag that closes may stand beyond a header that was pasted within.
    tags = [(found, _NOT_OF_NAME.sub("", found["name"]).lower()) for found in _TAG.finditer(text)]
    last = {name: _tag_end(text, found.end()) for found, name in tags if found["close"]}
    opened = {name for found, name in tags if not found["close"]}
    at, ends = 0, text.rfind(">")
    # What closes and was opened nowhere was opened by something that is not seen as a tag.
    lost = max((stop for name, stop in last.items() if name in _HOLDING - opened), default=0)
    if lost:
        yield Stretch(0, min(lost, end), "pasted")
    for found, name in tags:
        if found["close"] or not at <= found.start() < end:
            continue
        stop = last.get(name, -1)
        if stop <= found.start():
            stop = end if name in _HOLDING and found.end() <= ends else -1
        if stop > 0:
            yield Stretch(found.start(), min(stop, end), "pasted")
            at = stop


def _tag_end(text: str, at: int) -> int:
    return text.find(">", at) + 1 or len(text)


def _joined(spans: list[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for span in spans:
        if joined and span.start <= joined[-1].stop:
            stop = max(joined[-1].stop, span.stop)
            joined[-1] = joined[-1]._replace(stop=stop)
        else:
            joined.append(span)
    return joined


# --- quotes --------------------------------------------------------------------------------


def _quotes(text: str, end: int, data: list[Stretch]) -> Iterator[Stretch]:
    starts = [span.start for span in data]
    every = [found.start() for found in _QUOTE.finditer(text)]
    marks = [at for at in every if at < end and not _within(data, starts, at)]
    loose = _closers_of_loose(text, marks)
    last = {sign: places[-1] for sign, places in _closers_of_loose(text, every).items()}
    furthest = {mark: max(last.get(one, -1) for one in ends) for mark, ends in _CLOSING.items()}
    left = _MOST_GLUED
    at = 0
    while at < len(marks):
        start = marks[at]
        mark = text[start]
        glued = start > 0 and text[start - 1].isalnum()
        within = glued and (mark in _LOOSE or not left or not _glued(text, start))
        if mark not in _CLOSING or within:
            at += 1
            continue
        if mark in _LOOSE:
            found = [_next(loose[sign], start) for sign in _CLOSING[mark] if sign in loose]
            stop = min([one for one in found if one >= 0], default=-1)
            # "the '90s" is not a quote, and the next apostrophe may stand lines below.
            year = _YEARS.match(text, start + 1) and "\n" in text[start : max(start, stop)]
            if stop < 0 and not year and furthest[mark] > start:
                # It is closed by a mark in what was pasted, or beyond.
                yield Stretch(start, end, "passage")
                return
            if stop < 0 or year or not text[start + 1 : stop].strip():
                at += 1
                continue
            stop = _at_end(text, marks, bisect_right(marks, stop), stop, _CLOSING[mark])
            at = bisect_right(marks, stop)
        else:
            number, stop = _closed(text, marks, at)
            if stop < 0 and glued:
                left -= 1
                at += 1
                continue
            at = number
            if stop < 0:
                yield Stretch(start, end, "passage")
                return
        inside = text[start + 1 : stop]
        if len(inside) >= LONGEST or len(inside.splitlines()) > 1:
            yield Stretch(start, stop + 1, "passage")
        elif inside.strip():
            yield Stretch(start, stop + 1, "quote", inside.strip())


def _closed(text: str, marks: list[int], at: int) -> tuple[int, int]:
    """The number of the mark after a quote, and where it ends; -1 where it never does."""
    mark = text[marks[at]]
    ends = _CLOSING[mark]
    depth, stop = 1, -1
    number = at + 1
    after = at + 1
    while number < len(marks):
        place = marks[number]
        sign = text[place]
        opens = sign == mark and (sign not in ends or _opens(text, place))
        if depth == 0 and (
            opens or (sign in _CLOSING and sign not in _LOOSE and _opens(text, place))
        ):
            break
        if opens:
            depth += 1
        elif sign in ends:
            if depth == 0 and _digit_before(text, place):
                number += 1
                continue
            # A mark too many that closes belongs to what was quoted before it.
            depth = max(0, depth - 1)
            if depth == 0:
                stop, after = place, number + 1
        number += 1
    return (after, stop) if depth == 0 else (after, -1)


def _opens(text: str, at: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    return (not before or before.isspace() or before in "([{") and bool(after.strip())


def _glued(text: str, at: int) -> bool:
    """Whether a mark may open a quote right after a word, as in `the mail"Hi`; no inches do."""
    return text[at - 1].isalpha() and text[at + 1 : at + 2].isalnum()


def _at_end(text: str, marks: list[int], number: int, stop: int, ends: str) -> int:
    """Where a quote ends whose marks are apostrophes as well: at the last that ends a line."""
    last = stop
    for place in marks[number : number + _MOST_MARKS]:
        if text[place] in _LOOSE and _opens(text, place):
            break
        after = text[place + 1 : place + 4].lstrip(".,;!?)")
        if text[place] in ends and (not after or after[0] in _BREAKS):
            stop = place
    return stop if len(text[last:stop].splitlines()) > 1 else last


def _digit_before(text: str, at: int) -> bool:
    return at > 0 and text[at - 1].isdigit()


def _closers_of_loose(text: str, marks: list[int]) -> dict[str, list[int]]:
    closing: dict[str, list[int]] = {}
    for at in marks:
        sign, after = text[at], text[at + 1 : at + 2]
        if sign not in _LOOSE or at == 0:
            continue
        # By itself on a line, as below a text of several lines, it can only close.
        if text[at - 1].isspace() and after.strip(".,;:!?)"):
            continue
        if not (after.isalnum() and sign in "'\u2019"):
            closing.setdefault(sign, []).append(at)
    return closing


def _next(places: list[int], after: int) -> int:
    found = bisect_right(places, after)
    return places[found] if found < len(places) else -1


def _within(data: list[Stretch], starts: list[int], at: int) -> bool:
    found = bisect_right(starts, at) - 1
    return found >= 0 and at < data[found].stop
