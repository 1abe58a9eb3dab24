"""Phrases of a prompt that name one record by its title, without quotation marks.

Whoever sends a mail chooses its title. A few words that the title shares with a prompt do not
say that the user means that mail; `the mail about the harbour tour` does. A pronoun stands
for the words right before it at most, and where a record is what something is based on: `an event
for the harbour tour based on the mails about it`, and not `plan the tour, and answer the mails
about it`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MOST_PLACES = 64
_NEAR = 80
"""So many characters before a title may say that it is one."""
_DEFINITE = r"(?:the|this|that|these|those|my|our|his|her|their|s)"
"""What stands before a record that exists; `s` is what is left of a possessive."""
_RECORD = (
    r"(?:e ?mails?|mails?|messages?|letters?|threads?|events?|meetings?|appointments?|files?"
    r"|invit(?:e|ation)s?|documents?|docs?|spreadsheets?|notes?|notices?|reminders?|reports?"
    r"|minutes|pages?|bills?|invoices?|tickets?|issues?|entry|entries)"
)
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
_QUOTED_BEHIND = re.compile(
    rf" (?:{_RECORD}(?: of)?|(?:{_VERB}|{_QUOTED_VERB})(?: {_DEFINITE})?|send {_DEFINITE}) \Z"
)
_SEVERAL = re.compile(
    r" (?:ones|e ?mails|mails|messages|letters|threads|events|meetings|files|documents|docs|notes"
    r"|bills|invoices|tickets|issues|entries|reports|pages) "
)
"""Behind a quote, it says of what kind they are: "answer the 'urgent' ones"."""
_LINKED = re.compile(rf" {_DEFINITE}(?: [^ \x00]+)? {_RECORD} {_LINK}(?: {_DEFINITE})? \Z")
_BASED_ON = re.compile(
    rf" (?:[^ \x00]+ ){{0,2}}(?:based on|according to|going by) {_DEFINITE}(?: [^ \x00]+)?"
    rf" {_RECORD} about (?:it|this|that|them) "
)
_OBJECT = re.compile(rf" (?:{_DEFINITE} (?:file|document)|{_VERB}(?: {_DEFINITE})?) \Z")
_DEFINITE_BEFORE = re.compile(rf" {_DEFINITE} \Z")
_BEGINS_AS_RECORD = re.compile(rf"{_RECORD} ")
_RECORD_BEHIND = re.compile(rf" {_RECORD} ")
_FEW = 2
"""So many words before a noun describe any record, as in `the mail server`."""


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


def is_quoted_title(sentences: str, phrase: str) -> bool:
    """Tell whether quoted words are said to be a title: "the mail 'Lunch'", "open 'Lunch'".

    What is searched for, written or called so is quoted as well: "search my mail for 'invoice'".

    Args:
        sentences: As of `is_marked`.
        phrase: As of `is_marked`.
    """
    for at in _places(sentences, phrase):
        before, end = sentences[max(0, at - _NEAR) : at + 1], at + 1 + len(phrase)
        marked = _QUOTED_BEHIND.search(before) or _LINKED.search(before)
        if (marked or _RECORD_BEHIND.match(sentences, end)) and not _SEVERAL.match(sentences, end):
            return True
    return False


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
    if _LINKED.search(before) or (specific and _OBJECT.search(before)):
        return True
    # `The bill march 2024`, and `the team meeting minutes file`.
    beside = _BEGINS_AS_RECORD.match(phrase) or _RECORD_BEHIND.match(sentences, end)
    if beside and phrase.count(" ") >= _FEW and _DEFINITE_BEFORE.search(before):
        return True
    return _BASED_ON.match(sentences, end) is not None
