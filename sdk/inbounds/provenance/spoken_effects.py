"""Words for deleting, spending, granting and running that a prompt holds without asking for it.

A question, a relative clause, an infinitive of purpose, the future and another subject speak of
such an act: "which kettle would you buy?", "the customers that Omar wants to delete", "find me a
kettle to buy", "I will order one". Only an imperative, a wish and a polite request ask for it.

This module does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

_VERBS = """
    buy purchase order reorder pay book rebook hire subscribe donate refund reimburse transfer
    wire tip spend
    delete remove erase drop discard trash purge cancel destroy wipe revoke scrap withdraw retract
    unsend unsubscribe
    grant promote ban suspend deactivate reset
    run rerun execute deploy launch restart merge publish
"""
_IRREGULAR = {
    "buy": "bought", "pay": "paid", "spend": "spent", "unsend": "unsent", "rerun": "rerun",
    "withdraw": "withdrawn",
}  # fmt: skip
_DOUBLED = "transfer tip drop cancel wipe scrap ban run rerun reset unsend"
_DOUBLES = frozenset(_DOUBLED.split())
"""Verbs of which a form doubles the last letter, in British English at least."""
_SENDING = (
    r"(?:(?:send|re-?send|e-?mail|mail|reply|respond|forward|post|share|message|text|notify|inform"
    r"|invite|answer|write|publish|announce|submit|upload|remind|ask|ping|dm|warn|alert|thank|nudge"
    r"|chase|contact|brief|urge|call|follow up|reach out|get (?:back|in touch)|tell|let)\b"
    r"(?! (?:me|us)\b)|(?:drop|give|get|shoot|draft|prepare|make|create|do)\b(?! (?:me|us)\b)"
    r"(?:\s+\S+){0,3}?\s+an?\s+(?:[\w-]+\s+){0,2}?(?:line|note|reminder|e-?mail|mail|message|letter"
    r"|reply|answer|text|notice|invitation|heads-?up|call|ring|nudge)\b)"
)
"""What sends something to others."""
_MOST = 64
_FAR = 200
_NOW = r"(?:(?:still|just|also|always|even|now|only|ever|actually|really|then|please|kindly)\s+)?"
_OPENER = (
    r"(?:please|pls|kindly|then|now|also|just|next|first|finally|and|so|ok|okay|hi|hello|hey|thanks"
    r"|yes|again|either|immediately|go ahead and|help me(?: to)?|make sure to|be sure to|try to"
    r"|(?:can|could|would|will|might) you"
    r"(?: (?:now |please |kindly )?be (?:so (?:kind|good)(?: as)?|kind enough|able|willing) to)?"
    r"|you (?:can|may|should|must|have to|need to)"
    r"|(?:let's|let us)|feel free to|remember to|(?:do not|don't) forget to)"
)
_WISH = (
    r"(?:(?:i|we|user)\s+(?:also\s+)?(?:want|wants|wish|need|have|would like|'d like|would love"
    r"|'d love|am trying|are trying|decided|have decided)|(?:i|we)'d (?:like|love)"
    r"|(?:i|we)'(?:m|re) trying|(?:like|want|need|ask|expect) you|you (?:are|'re) (?:asked|allowed)"
    r"|(?:job|task|goal|aim|request) is)\s+to"
)
_START = r"(?:\A|[.!?\n:;(]|\u2014|\u2013|\s-)\s*(?:(?:[-*\u2022]|[0-9]{1,2}[.)])\s+)?"
_PLAIN = re.compile(
    rf"(?:{_START}(?:{_OPENER},?\s+){{0,5}}|,\s*(?:{_OPENER},?\s+){{0,4}}"
    rf"|(?:\b(?:and|or|n|then|please|pls|but|so|kindly)|[&+])\s+(?:{_OPENER},?\s+){{0,3}}"
    rf"|(?:{_START}|[,;]\s*|\b(?:and|but|so)\s+)(?:{_OPENER},?\s+){{0,3}}{_WISH}\s+"
    rf"|\b(?:i|we)(?:'d| would)? (?:like|want|need|love) you to\s+"
    r"|\b(?:obliged|grateful|glad|happy|thankful|pleased|appreciate(?: it)?|nice|great|kind|good"
    r"|wonderful|helpful|like(?: it)?|love(?: it)?) if you (?:would|could|can|will)\s+"
    rf"(?:(?:be (?:so (?:kind|good)(?: as)?|able) to)\s+)?{_NOW})\Z",
    re.IGNORECASE,
)
"""What stands before a verb that is asked for."""
_SPEAKS = re.compile(
    r"(?:\b(?:to|can|could|may|might|will|would|shall|should|must|cannot|can't|won't|i|we|he|she"
    r"|they|one|who|you|people|somebody|anybody|everybody|someone|anyone|everyone)|'ll|'d"
    rf"|\bgoing to|\bwants? to|\basked to)\s+{_NOW}\Z",
    re.IGNORECASE,
)
"""What stands before a verb of another subject, of the future or of a purpose."""
_PURPOSE_OF_ASKING = re.compile(
    r"\b(?:(?:use|using|log in|go|continue|proceed)(?:\s+\S+){0,4}?|me|you|free|sure|time)"
    r"\s+to\s+\Z",
    re.IGNORECASE,
)
"""The agent itself is to do something by what it does."""
_SPEAKS_OF_DOING = re.compile(
    r"\b(?:about|of|for|consider(?:ing)?|from|than|is|are|worth|recommend|suggest|considers|like)\s+"
    r"\Z",
    re.IGNORECASE,
)
_PASSIVE = re.compile(r"\b(?:be|been|being|get|gets|got)\s+(?:\w+ly\s+)?\Z", re.IGNORECASE)
_NUMBER = re.compile(r"\s+(?:no\.?\s*|number\s+|#)?[0-9]")
_LATER = re.compile(
    r"\b(?:later(?! than)|afterwards|another time|some other (?:day|time)|on arrival|at check-?in"
    r"|on site|some ?day|one day|eventually)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"\b(?:that|which|who|whom|what|how|where|when|why|whether|whose|in case|so that|because"
    r"|in order to)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+|;")
_POLITE = re.compile(
    r"(?:\A|[,;:\u2014-]|\b(?:and|so|then|please|but|or|hi|hello|hey))\s*"
    r"(?:can|could|would|will|might) you\b|\bplease\b|\bpls\b|,\s*(?:ok|okay|alright|yes)\?"
    r"|\bdo you mind\b|\bwhy (?:don't|not)\b|\bhow about\b",
    re.IGNORECASE,
)
_OPEN_QUESTION = re.compile(
    r"\s*(?:wh\w+|how)\b[^?,]*\b(?:can|could|would|will|might) you\b", re.IGNORECASE
)


def only_speaks(text: str) -> bool:
    """Return whether a text speaks of such an act and asks for nothing that cannot be undone.

    Args:
        text: The words of a prompt, without what it quotes.
    """
    spoken = False
    for found in islice(_pattern().finditer(text), _MOST):
        asked = asks_for(text, found.start(), found.end())
        if asked:
            return False
        spoken |= asked is False
    return (
        spoken
        and _TO_BE_SENT.search(text) is None
        and not any(
            _PLAIN.search(text[max(0, found.start() - _FAR) : found.start()])
            for found in islice(_SENDS.finditer(text), _MOST)
        )
    )


def asks_for(text: str, at: int, end: int) -> bool | None:
    """Tell whether a word of a text asks for what it says, or only speaks of it.

    Args:
        text: The words of a prompt.
        at: Where the word begins.
        end: Where it ends.

    Returns:
        True where it asks for it, False where it speaks of it, None where it may be a noun or tell
        what has been.
    """
    word = text[at:end].lower()
    before, behind = _around(text, at, end)
    sentence = before + text[at:end] + behind
    is_question = behind.rstrip().endswith("?") and not (
        _POLITE.search(sentence) and not _OPEN_QUESTION.match(sentence)
    )
    form = _forms().get(word, "base")
    if form == "ing":
        spoken = _SPEAKS_OF_DOING.search(before) or is_question
        return False if spoken else None
    passive = is_question and _PASSIVE.search(before) is not None
    if passive or form == "done":
        return False if passive else None
    if _PLAIN.search(before) and not is_question:
        later = re.split(r",|\band\b", behind, maxsplit=1)[0]
        return _LATER.search(later) is None
    if not (_SPEAKS.search(before) or _PLAIN.search(before)) or _NUMBER.match(behind):
        return None
    if _PURPOSE_OF_ASKING.search(before) and not _SUBORDINATE.search(before):
        return None
    return False


def _around(text: str, at: int, end: int) -> tuple[str, str]:
    """What of its sentence stands before and behind a word."""
    *_, before = _SENTENCE.split(text[max(0, at - _FAR) : at])
    return before, _SENTENCE.split(text[end : end + _FAR], maxsplit=1)[0]


_SENDS = re.compile(rf"\b{_SENDING}", re.IGNORECASE)
_TO_BE_SENT = re.compile(
    r"\b(?:be|get|gets|needs?|have|want|like|should|must|due|time for|mind|about|by|with)\b"
    r"(?:\s+\S+){0,5}?\s+(?:reminded|reminding|told|telling|asked|asking|informed|informing|notified"
    r"|notifying|sent|sending|messaged|messaging|e-?mailed|e-?mailing|forwarded|forwarding|warned"
    r"|writing|nudged|nudging|reminders?|nudge|(?:a|the) (?:short |kind |polite )?(?:note|line|mail"
    r"|e-?mail|message|letter|text|call|notice|heads-?up))\b",
    re.IGNORECASE,
)
"""Somebody is wished to be told something."""


@cache
def _forms() -> dict[str, str]:
    """Which form of a verb a word is."""
    return dict(_each_form())


def _each_form() -> Iterator[tuple[str, str]]:
    for verb in _VERBS.split():
        stem = verb.removesuffix("e")
        stems = [stem, stem + stem[-1]] if verb in _DOUBLES else [stem]
        for each in stems:
            yield f"{each}ing", "ing"
            yield f"{each}ed", "done"
        if verb in _IRREGULAR:
            yield _IRREGULAR[verb], "done"
        yield verb, "base"


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(_forms())})\b(?![-.@]\w)", re.IGNORECASE)
