"""What a prompt says to delete, and what it says to run, by what stands around it."""

from __future__ import annotations

import re

from .title_marks import before_link

_NEAR = 96
_DELETED = re.compile(
    r"(?s:.*)\b(?:delet|remov|eras|drop|clear|empt|discard|trash|purg|cancel|destroy|wip|bin|revok|clos"
    r"|throw|get rid of|clean|scrap|withdraw|call(?:s|ed|ing)? off|tak(?:e|es|ing) down)[a-z]*\b"
    r"((?:[^.!?\n\x00]|\.(?=\S))*)\Z",
    re.IGNORECASE,
)
"""What stands between a word for deleting and what is deleted."""
_NOT_DELETED = re.compile(
    r"\b(?:in|from|at|of|within|inside|under|on|to|into|with|for|by|about|than|keep|leave|retain"
    r"|preserve|save|spare|but|except|not|only|because|since|as|so|which|that|when|while|after"
    r"|before|until|if|whether)\b",
    re.IGNORECASE,
)
_ONE_MORE = (
    r"(?:the|a|an|my|our|your|all|both|also|as well as|files?|folders?|director(?:y|ies)|documents?"
    r"|drafts?|mails?|e-?mails?|messages?|events?|meetings?|appointments?|orders?|bookings?|tickets?"
    r"|issues?|branch(?:es)?|contacts?|records?|entr(?:y|ies)|accounts?|named|called|titled|one|ones"
    r"|number|no|nos)"
)
_DELETED_AS_WELL = re.compile(rf"[\s,;&]*(?:(?:{_ONE_MORE}|and|or)\b[\s,;&]*)*\Z", re.IGNORECASE)
"""What may stand between one thing that is deleted and the next, behind what joins them."""
SUBJECT = re.compile(r" (?:is|are|was|were|has|have|had|must|should|stays?|can|will|may|needs?)\b")
TITLE = re.compile(r"'[^'\n]*'(?!\w)|\"[^\"\n]*\"|“[^“”\n]*”|‘[^‘’\n]*’|«[^«»\n]*»|`[^`\n]*`")  # noqa: RUF001 -- quotation marks
_JOINS = re.compile(r"[,;&]|\b(?:and|or|then|plus)\b", re.IGNORECASE)
_IMPERATIVE = (
    r"(?:\A|[.!?;\n\x00(]|(?<!\bto )\b(?:please|and|then|now|also|just|kindly|pls)\b)\s*"
    r"(?:run|rerun|execute|start|launch|use)\b"
)
_REPORTED = re.compile(
    r"\b(?:sa(?:ys?|id)|tells?|told|asks?|asked|wants?|wanted|writes?|wrote|suggests?|suggested"
    r"|recommends?|instructs?|what|how|why|when|whether|if|should|would|does|did)\b[^.!?;\n\x00]*\Z",
    re.IGNORECASE,
)
"""What begins a sentence in which a command is spoken of, and not given."""
_ORDERED = re.compile(
    rf"{_IMPERATIVE}:?(?: (?:the|this|my))?(?: following)?"
    r"(?: (?:command|script|query|statement|program|code))?:?\s+\Z"
    rf"|{_IMPERATIVE}[^.!?\n\x00]{{0,48}} (?:with|using|via|by) \Z",
    re.IGNORECASE,
)
END_OF_ORDER = re.compile(
    r"\s*(?:\Z|\x00)|[ \t]*\n[ \t]*(?:\n|(?:[-*\u2022]|[0-9]{1,2}[.)]) )|[.!;](?:[\s\x00]|\Z)"
    r"|,? (?:and|then|and then) [a-z]+\b(?! ?[=<>(.])|, (?:please|thanks|thank)\b|,? please\b"
)


def is_ordered(before: str) -> bool:
    """Whether what stands before a command says to run it."""
    near = before[-_NEAR:]
    return _ORDERED.search(near) is not None and _REPORTED.search(near) is None


def is_deleted(before: str) -> bool:
    """Whether what stands before a value says to delete it, and not what is in it or beside it."""
    found = _DELETED.match(before)
    if found is None:
        return False
    between = TITLE.sub(" ", found[1])
    if ";" in between or _NOT_DELETED.search(between) is not None:
        return False
    # `Delete a.txt and read b.txt`: what does not follow on what joins them is another clause.
    joined = [*_JOINS.finditer(between)]
    return not joined or _DELETED_AS_WELL.match(between, joined[-1].end()) is not None


def deletes_title(before: str, behind: str, title: str = "") -> bool:
    """Whether what stands around the title of a record plainly says to delete the record."""
    before = before_link(before)
    if not is_deleted(before):
        return False
    from inbounds.provenance.plain_requests import asks_to_delete

    return asks_to_delete(before, behind, title)
