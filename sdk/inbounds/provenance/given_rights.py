"""Whether a prompt gives a right, such as `edit`, to those who get what a call shares.

It stands in the clause of an imperative that gives something, or in one of what `she` or `they` may
do right behind that. What others have, what is taken away and what is spoken of gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .recipients import FAR, SENTENCE, imperatives, sentence_before

_WORDS_OF_RIGHTS = """
    access right rights permission permissions role roles privilege privileges level
"""
RIGHTS = frozenset(_WORDS_OF_RIGHTS.split())
_WORDS_OF_LEVELS = """
    read write edit view comment admin owner editor viewer reader writer commenter manage full
"""
_LEVELS = frozenset(_WORDS_OF_LEVELS.split())
_GIVES = imperatives(
    r"share|give|grant|add|invite|make|set|let|allow|permit|assign|open|change|raise|lower|upgrade"
    r"|downgrade|promote|send|forward|hand\s+over|enable|provide|offer|extend|update|switch|appoint"
)
_OTHERS = re.compile(
    r"\b(?:has|had|have|is|are|was|were|does|did|owns?|who|which|whose|that|like|unlike|than|because"
    r"|since|if|when|while|whether|why|how|where|what|from|without|no|not|never|about|regarding"
    r"|take|remove|revoke|withdraw|strip|deny|refuse|block)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
"""Somebody else's, or no gift at all."""
_EDGE = re.compile(
    r"(?:(?<!\s)\s+)?(?:[,(]|\b(?:and|then|but|or|so\s+that|so)\b|&)\s+|\s\(", re.IGNORECASE
)
_ADDRESS = re.compile(r"[\w.+-]{1,320}@[\w.-]+\w")
_NAMED = re.compile(r"\s+[A-Z][\w.]*(?:\s+[A-Z][\w.]*){0,3}(?=\s)")
_BOUNDARY = re.compile(r"\b(?:and|then|but|or|so)\b|[,;:(\n\x00]")
_BRACKETED = re.compile(rf"\s\(({_ADDRESS.pattern})\)")
_LINK = re.compile(
    r"(?:\A|(?:\A|\s)(?:as|with|to|at|=|->|\u2192|(?:access|rights?|roles?|permissions?|level)\b:?)\s+)"
    r"(?:(?:an?|the|only|just|full)\s+)*\Z",
    re.IGNORECASE,
)
"""What may stand between who gets a right and the right."""
_ENDS = re.compile(r"\s*(?:\Z|[.,;:!?)\n\x00]|(?:please|for|on|to|until|of)\b)", re.IGNORECASE)
_MAY = re.compile(
    r"\A\s*(?:she|he|they)\s+(?:(?:only|just|also|both|all)\s+)?(?:can|may|needs?(?:\s+only)?(?:\s+to)?"
    r"|should(?:\s+(?:be\s+able\s+to|have|get|be))?|gets?|must(?:\s+have)?|(?:is|are)\s+(?:to|allowed\s+to))"
    r"\s+(?:(?:only|just|be|an?|the)\s+)*\Z",
    re.IGNORECASE,
)
_VERBAL = re.compile(r"\b(?:can|may|to|let\s+\S+)\s+(?:(?:only|just)\s+)?\Z", re.IGNORECASE)
_OFF = re.compile(
    r"[^,.;:(\n]*?(?:\b(?:off|not|never|no|without|revoked|removed|disabled|denied|withdrawn|blocked"
    r"|gone|instead|except)\b|n['\u2019]t\b)",
    re.IGNORECASE,
)


def is_right(nouns: Iterable[str], members: Iterable[str]) -> bool:
    """Tell whether a choice is one of rights."""
    levels = {word for each in members for word in re.findall(r"[a-z]+", each.lower())}
    return not RIGHTS.isdisjoint(nouns) or len(levels & _LEVELS) > 1


def is_given(
    text: str, at: int, end: int, before: str, *, is_part: bool, people: frozenset[str]
) -> bool:
    """Tell whether a text gives a right.

    Args:
        text: The prompts.
        at: Where the right begins.
        end: Where it ends, with the noun for it that may stand behind.
        before: What of its sentence stands before it and the rights that it is listed with.
        is_part: Whether it belongs to another noun.
        people: Whom the call gives it.
    """
    behind = text[end : end + FAR]
    if (is_part and not _VERBAL.search(before)) or _OFF.match(behind):
        return False
    *parts, last = _EDGE.split(_BRACKETED.sub(r" \1 ", before))
    if _MAY.search(last):
        if not any(part.strip() for part in parts):
            # `Share it with Ann; she may edit it.`
            end = at - len(sentence_before(text, at))
            earlier = SENTENCE.sub("\x00", text[max(0, end - FAR) : end]).rstrip("\x00 ")
            parts = _EDGE.split(earlier.rpartition("\x00")[2])
        last = ""
    elif not last.strip() and not _ENDS.match(behind):
        # `Share it with Ann and edit it`
        return False
    return _gives(parts, last, _BOUNDARY.split(behind, maxsplit=1)[0], people)


def _gives(parts: list[str], last: str, behind: str, people: frozenset[str]) -> bool:
    """Whether an imperative gives these people what stands behind parts of a sentence."""
    # `Give ann@acme.example and omar@acme.example read access`
    is_joined = _ADDRESS.fullmatch(last.strip()) is not None
    if last.strip() and not (is_joined or _GIVES.match(last) or _LINK.search(last)):
        return False
    said = [*_ADDRESS.findall(behind)]
    for part in reversed([*parts, last]):
        found = _GIVES.match(part)
        if _OTHERS.search(part, found.end() if found else 0):
            return False
        addresses = _ADDRESS.findall(part)
        said += addresses
        if found:
            if is_joined and not _ADDRESS.fullmatch(part[found.end() :].strip()):
                return False
            named = _NAMED.match(part, found.end())
            if named and not said:
                words = named[0].lower().split()
                return not people or any(word in each for word in words for each in people)
            to_one = not people or not said or any(each.lower() in people for each in said)
            # A second one is somebody else.
            return len(addresses) <= 1 and to_one
    return False
