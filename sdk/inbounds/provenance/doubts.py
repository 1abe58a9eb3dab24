"""Whether a prompt may mean something else than that all that it names be dealt with.

Two kinds of doubt. A prompt that denies anything, in whatever words, may name a value only to rule
it out. A prompt that holds back, since it asks whether to act, leaves it to the user, excepts from
it or takes it back, may want no action at all, or none on this record, whoever states the value.

This module does no I/O.
"""

from __future__ import annotations

import re

from .denial_words import (
    CONTRACTED,
    CORRECTS,
    DOUBTING,
    EXCEPTION,
    EXCEPTS,
    STAYS,
    plain_apostrophes,
)
from .prompt_marks import holds_word, lower_words
from .spoken_effects import only_speaks

_DEFERS = re.compile(
    r"\b(?:should|shall|must|ought|may|might|would) (?:i|we)\b"
    r"|\b(?:do|did) (?:i|we) (?:have|need) to\b|\b(?:before|until|once|after) (?:you|i|we)\b"
)
"""Asks whether something is to be done, or puts it off."""
_MEANT = re.compile(
    r"\b(?:do not|don't|dont|never) (?:forget|hesitate|fail|worry|mind)\b"
    r"|\b(?:did|has|have|had|was|were) (?:not|never)\b(?! to\b)"
)
"""Asks all the more, or tells what has not been."""

_NEAR = r"(?:[^.!?\n]|\.(?=\S)){0,80}"
_FUTURE = r"\b(?:i|we)(?:'ll| will|'m going to|'re going to| am going to| are going to| want to)"
_CLAUSE = r"(?:\A|[.!?;,\n(])[^\S\n]*"
_HOLDS_BACK = re.compile(
    "|".join(
        (
            # asks whether to act
            r"\b(?:should|shall|must|ought|may|might|can|could) (?:i|we)\b",
            r"\b(?:would|do|did) (?:i|we) (?:have|need) to\b",
            r"\b(?:if|whether) (?:we|i) (?:can|could|may|should|must)\b",
            (
                r"\b(?:if|whether) (?:(?:it|this|that)(?:'s| is)|they are)(?: still)?"
                r" (?:safe|ok|okay|fine|possible|allowed|ready|wise|worth)\b"
            ),
            # leaves it to the user
            r"(?<!\bcan )(?<!\bcan just )(?<!\bcould )\b(?:ask|consult|check with) (?:me|us)\b",
            rf"\b(?:show|tell|give|send|let) (?:me|us) {_NEAR}\b(?:first|before)\b",
            r"\b(?:my|our) (?:final )?(?:ok|okay|approval|go-ahead|permission|consent|sign-off)\b",
            r"\b(?:before|until) (?:i|we)\b|\bwait (?:for|until|till|with)\b",
            r"\bhold (?:on|off|that|this|it|the|back)\b",
            rf"{_FUTURE} {_NEAR}\b(?:myself|ourselves|later)\b",
            (
                rf"{_FUTURE} (?:approve|confirm|review|check|decide|sign|handle|send|do)"
                r" (?:it|that|this|them)\b"
            ),
            r"\bfor (?:me|us) to (?:review|check|look|read|approve|sign|send|confirm)\b",
            r"\bshow (?:it|them|that|this) to (?:me|us)\b|\bremind (?:me|us)\b|\bhow would you\b",
            r"\bgive (?:me|us) (?:a|the|some) (?:text|draft|mail|message|reply|answer)\b",
            rf"{_FUTURE} (?:tell|let) you\b|\b(?:i'm|i am|we're|we are) thinking of\b",
            rf"{_FUTURE} (?:look|review|check|read|go) {_NEAR}\bfirst\b",
            # waits for something
            (
                r"\b(?:if|once|when|after|until|as soon as) (?:[\w'-]+ ){1,4}?"
                r"(?:agrees|approves|approved|signs|signed|accepts)\b"
            ),
            r"\bupon (?:delivery|receipt|arrival|approval|confirmation|signature)\b",
            # tells what others want
            (
                r"(?<!\bi )(?<!\bwe )\b(?:wants?|wanted|asks|asked|tells?|told|expects?|demands?"
                r"|requests?|urges?) (?:us|me) to\b"
            ),
            # excepts
            r"\b(?:all|every\w*|any\w*|whole) (?:[\w'-]+ ){0,3}?but\b|\b(?:apart|aside) from\b",
            r"\bother than\b|\b(?:excepted|exempted|excluded)\b",
            # takes it back
            rf"{_CLAUSE}(?:no,? )?(?:{'|'.join(map(re.escape, CORRECTS))})\s*(?:[.,;:!?\n)-]|\Z)",
            rf"{_CLAUSE}(?:call|put) (?:that|this|it) off\b",
            rf"{_CLAUSE}(?:drop|stop|leave|skip|park|shelve) (?:that|this|it)\b",
            (
                r"\bchanged (?:my|our) mind\b|\bsecond thoughts?\b"
                r"|\bforget (?:the|about|that|it|this)\b"
            ),
        )
    )
)
_QUOTE = re.compile(r"\"[^\"\n]*\"|“[^“”\n]*”|(?<!\w)'[^'\n]*'(?!\w)")
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_TO_DO = re.compile(
    r"(?<!\bgoing )\bto (?!(?:the|this|that|my|our|an?|it|h\w+|them|us|me)\b)[a-z]+\b(?![@.\w])"
)
_FACT = re.compile(
    r"\s*(?:wh\w+|how|any|is|are|was|were|do|does|did|has|have|had)\b", re.IGNORECASE
)
_REQUEST = re.compile(
    r"(?:\A|[,;:]|\b(?:and|so|then|please|but|or))\s*(?:can|could|would|will|might) you\b"
    r"|\bplease\b|\bpls\b"
)
_SHORT = 4
# Not `not`: it tells what is so more often than what is to be.
_KEEPING = STAYS | {"keep", "leave", "spare", "doesn't", "don't", "won't"}


def is_doubtful(text: str) -> bool:
    """Return whether what a text names may not be meant: it denies, excepts, asks or defers."""
    low = lower_words(text)
    words = [CONTRACTED.get(word, word) for word in _WORD.findall(_MEANT.sub(" ", low))]
    return holds_word(DOUBTING, low, words) or _DEFERS.search(low) is not None


def holds_back(text: str) -> bool:
    """Return whether a text asks whether to act, leaves it to the user, excepts or takes it back.

    What is asked in a short quote is somebody else to be asked: "write 'Can we talk?'".
    """
    plain = _QUOTE.sub(" ", plain_apostrophes(text))
    low = plain.lower()
    if _HOLDS_BACK.search(low) or not (EXCEPTS | EXCEPTION).isdisjoint(_WORD.findall(low)):
        return True
    return any(map(_asks_whether, _SENTENCES.split(plain))) or only_speaks(plain)


def words_kept(text: str) -> set[str]:
    """Return the words of the sentences of a text that say to keep something, or that deny."""
    found: set[str] = set()
    for sentence in _SENTENCES.split(lower_words(text)):
        words = _WORD.findall(sentence)
        if not _KEEPING.isdisjoint(CONTRACTED.get(word, word) for word in words):
            found.update(words)
    return found


def _asks_whether(sentence: str) -> bool:
    """Whether a sentence asks about something to do, and does not ask to do it."""
    if not sentence.endswith("?") or _REQUEST.search(sentence.lower()):
        return False
    if len(sentence.split()) <= _SHORT and _FACT.match(sentence) is None:
        return True  # `Eve? No.`
    return _TO_DO.search(sentence) is not None
