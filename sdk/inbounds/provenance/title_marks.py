"""Phrases of a prompt that name one record by its title, in quotation marks or without.

Whoever sends a mail chooses its title. Words that the title shares with a prompt do not say that
the user means that mail; `the mail about the harbour tour` does. What is to be written, as in
`tell Ann 'See you in May'` or `add the event 'Lunch'`, does not exist yet. A pronoun stands
for the words right before it at most, and where a record is what something is based on: `an event
for the harbour tour based on the mails about it`, and not `plan the tour, and answer the mails
about it`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum

SOMETHING = "something"
"""Stands for an address, a quote or a colon: what is around it is not side by side."""
_MOST_PLACES = 64
_MOST_QUOTES = 500
_NEAR = 160
"""So many characters before a title may say that it is one."""
_DEFINITE = r"(?:the|this|that|these|those|my|our|his|her|their|s)"
"""What stands before a record that exists; `s` is what is left of a possessive."""
_RECORD = (
    r"(?:e ?mails?|mails?|messages?|letters?|threads?|events?|meetings?|appointments?|files?"
    r"|invit(?:e|ation)s?|documents?|docs?|spreadsheets?|notes?|notices?|reminders?|reports?"
    r"|minutes|pages?|bills?|invoices?|tickets?|issues?|entry|entries)"
)
_FILE = r"(?:files?|documents?|docs?|spreadsheets?|reports?|minutes|pages?|bills?|invoices?)"
"""Of these, what has a name exists already, unless the prompt says to create it."""
_LINK = (
    r"(?:titled|called|named|entitled|about|regarding|concerning|containing"
    r"|with (?:the |its )?(?:subject|title|name)(?: line)?)"
)
_VERB = (
    r"(?:answer|reply to|respond to|forward|open|read|reschedule|postpone|move|cancel|decline"
    r"|accept)"
)
_QUOTED_VERB = (
    r"(?:summari[sz]e|share|delete|pay|print|edit|update|download|check|use|see|follow|attach|copy"
    r"|rename|archive|translate)"
)
_EXISTS = (
    rf"(?:{_VERB}|{_QUOTED_VERB}|find|get|show(?: me)?|fetch|review|look (?:at|up)|finish|complete"
    r"|close|discard|drop|erase|trash|call off|take down|confirm|approve|reject|resolve|remove"
    r"|merge|view|load|join|attend|compare"
    r"|in|from|of|on|within|inside|beneath|below|based on|according to|invited to|attached to)"
)
"""What stands right behind these exists already."""
_REFERRED = re.compile(
    rf" (?:(?:{_EXISTS}(?: {_DEFINITE})?|send {_DEFINITE})"
    rf"|(?:to|at|for|about|into|by|under|than|before|after|{_EXISTS})"
    rf"(?: (?:{_DEFINITE}|(?:[^ \x00]+ ){{1,2}}s)(?: [^ \x00]+)?)?"
    rf" {_RECORD}(?: of| {_LINK}(?: {_DEFINITE})?)?"
    rf"|same (?:[^ \x00]+ ){{1,3}}as(?: in)?(?: {_DEFINITE})?) \Z"
)
_WRITTEN = re.compile(
    r" (?:writ(?:e|es|ing)|repl(?:y|ies|ying)|respond|say(?:s|ing)?|tell|answer|comment|create|make"
    r"|set|title|name|call|label|tag|save|as|organi[sz]e|arrange|prepare|draft|compose|type|enter"
    r"|text|wish|inform|notify|ask|announce|remind|schedule"
    rf"|book|plan|(?:with|send|give)(?= (?:[^ \x00]+ )*?(?!{_FILE} ){_RECORD} \Z)"
    r"|(?:post|put|add|include|insert|append|leave)"
    rf"(?= (?:[^ \x00]+ )*?(?!{_FILE} ){_RECORD} (?:{_LINK} (?:{_DEFINITE} )?)?\Z))"
    r" (?!(?:[^\x00]* )?(?:wh(?:en|ere|o|om|ose|at|ich|ether|oever|y)|if|how|because|that) )"
    r"[^\x00]*\Z"
)
"""The verb of the clause: what it has as its object is to be written."""
_INDEFINITE = re.compile(
    rf" (?:an?|another|some|new)(?: [^ \x00]+)?(?: {_RECORD})?(?: {_LINK}(?: {_DEFINITE})?)? \Z"
    r"| (?:should|must|shall|will|would|it|that|which|to|not(?:e|es)) read \Z"
)
_AS_CONTENT = re.compile(
    r" (?:ones|e ?mails|mails|messages|letters|threads|events|meetings|files|documents|docs|notes"
    r"|bills|invoices|tickets|issues|entries|reports|pages"
    r"|as (?:an?|the|its|his|her|my|our|their|subject|title|name|note|text|body)) "
)
"""Behind a quote, it says of what kind they are, "answer the 'urgent' ones", or what it is for."""
_TITLED = re.compile(
    rf" (?:{_RECORD}(?: of)?|(?:{_VERB}|{_QUOTED_VERB})(?: {_DEFINITE})?|send {_DEFINITE}) \Z"
)
_STATES = re.compile(r" (?:says?|said|states?|lists?|asks?|starts?|begins?|ends?|takes place) ")
_LISTED = re.compile(r'(?:" (?:, (?:and |or )?|and |or |as well as )(?:the )?)+\Z')
_TOKEN = re.compile(r"[^\W_]+|,|[.!?:;](?=\s|\Z)|\n")
_ENDS = frozenset(".!?\n")
_END = "\x00"
_LINKED = re.compile(rf" {_DEFINITE}(?: [^ \x00]+)? {_RECORD} {_LINK}(?: {_DEFINITE})? \Z")
_BASED_ON = re.compile(
    rf" (?:[^ \x00]+ ){{0,2}}(?:based on|according to|going by) {_DEFINITE}(?: [^ \x00]+)?"
    rf" {_RECORD} about (?:it|this|that|them) "
)
_OBJECT = re.compile(rf" (?:{_DEFINITE} (?:file|document)|{_VERB}(?: {_DEFINITE})?) \Z")
_DEFINITE_BEFORE = re.compile(rf" {_DEFINITE} \Z")
_BEGINS_AS_RECORD = re.compile(rf"{_RECORD} ")
_RECORD_BEHIND = re.compile(rf" {_RECORD} ")
_LINK_BEFORE = re.compile(rf"\b({_RECORD}) {_LINK}(?: {_DEFINITE})? \Z", re.IGNORECASE)
_FEW = 2
"""So many words before a noun describe any record, as in `the mail server`."""


class Mark(IntEnum):
    """How firmly a prompt says that what it quotes is a title: enough for several words, or one."""

    NONE = 0
    RECORD = 1
    TITLE = 2


def is_marked(sentences: str, phrase: str, *, specific: bool) -> bool:
    """Tell whether a prompt names a record by this title.

    Args:
        sentences: The words of the prompt in lower case, a space around each, and a NUL between
            two sentences.
        phrase: The words of the title in the same form, without the outer spaces.
        specific: Whether no description of any record would have these words, as `the largest
            file` has: then it is enough that the prompt reads, answers or moves it.
    """
    return any(
        _marks(sentences, phrase, at, specific=specific) for at in _places(sentences, phrase)
    )


def quote_marks(text: str, quotes: Sequence[re.Match[str]]) -> Iterator[Mark]:
    """Yield how firmly a prompt says of each of its quotes that it is a title.

    "Open 'Lunch'" and "who wrote the mail 'Lunch'?" do. What is searched for, written or called so
    is quoted as well: "search my mail for 'lunch'", "reply 'I will come'".
    """
    before, at = " ", 0
    for number, quote in enumerate(quotes):
        start, stop = quote.span()
        before = (before + _tokens(text[max(at, start - _NEAR) : start]))[-_NEAR:]
        at = quotes[number + 1].start() if number + 1 < len(quotes) else len(text)
        behind = " " + _tokens(text[stop : min(at, stop + _NEAR)])
        yield _mark(before, behind) if number < _MOST_QUOTES else Mark.NONE
        before, at = f'{before}" ', stop


def before_link(before: str) -> str:
    """Return what stands before a title without what links it to its record, if anything does."""
    return _LINK_BEFORE.sub(r"\1 ", before)


def _tokens(text: str) -> str:
    found = _TOKEN.findall(text.replace("\x00", SOMETHING))
    return "".join(f"{each if each not in _ENDS else _END} " for each in found).lower()


def _mark(before: str, behind: str) -> Mark:
    before, listed = _LISTED.subn("", before)
    if _INDEFINITE.search(before) or _AS_CONTENT.match(behind) or _is_written(before):
        return Mark.NONE
    if before.endswith(" answer ") and behind.startswith(" to "):
        return Mark.NONE
    if _TITLED.search(before) or _LINKED.search(before) or _RECORD_BEHIND.match(behind):
        return Mark.RECORD if listed else Mark.TITLE
    exists = _REFERRED.search(before) or _STATES.match(behind)
    return Mark.RECORD if exists else Mark.NONE


def _is_written(before: str) -> bool:
    """Whether what follows on these words is to be written, and not looked up."""
    return _REFERRED.search(before) is None and _WRITTEN.search(before) is not None


def _places(sentences: str, phrase: str) -> Iterator[int]:
    at = sentences.find(f" {phrase} ")
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        yield at
        at = sentences.find(f" {phrase} ", at + 1)


def _marks(sentences: str, phrase: str, start: int, *, specific: bool) -> bool:
    end = start + 1 + len(phrase)
    before = sentences[max(0, start - _NEAR) : start + 1]
    if _BASED_ON.match(sentences, end) is not None:
        return True
    if _is_written(before):
        return False
    if _LINKED.search(before) or (specific and _OBJECT.search(before)):
        return True
    # `The bill march 2024`, and `the team meeting minutes file`.
    beside = _BEGINS_AS_RECORD.match(phrase) or _RECORD_BEHIND.match(sentences, end)
    return bool(beside and phrase.count(" ") >= _FEW and _DEFINITE_BEFORE.search(before))
