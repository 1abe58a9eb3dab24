"""Who pays an amount, and to whom: whether one of several that a prompt says is ordered to be paid.

A prompt says amounts as limits, as what others pay, and as what something costs, in any words. So
where it says several, a further one is to be paid only by an order with its own recipient.
"""

from __future__ import annotations

import re

from .plain_payments import AMOUNT, UNIT, is_paid_whole

_AT_MOST = (
    r"\b(?:at\s+(?:the\s+)?(?:very\s+)?most|up\s+to|(?:no|not|never)\s+(?:more|higher|over)"
    r"|not\s+exceed\w*)\b"
)
_BOUND = re.compile(_AT_MOST, re.IGNORECASE)
_LIMIT = re.compile(
    rf"{_AT_MOST}|\b(?:max(?:imum|imal(?:ly)?)?|ceiling|limit(?:s|ed)?|cap(?:ped)?|upper)\b",
    re.IGNORECASE,
)
_LIMIT_BEHIND = re.compile(
    rf"(?:\s*{UNIT})?[\s,(]*(?:as\s+(?:an?|the)\s+)?"
    r"(?i:max(?:imum|imal(?:ly)?)?|at\s+(?:the\s+)?(?:very\s+)?most|tops|or\s+less|ceiling|limit|cap)\b"
    rf"(?!(?:\s*(?:of|is))?[\s:=]*(?:{UNIT}\s*)?[0-9{AMOUNT}])"
)
_BY_OTHERS = re.compile(
    r"\b(?:s?he|they|it|who|which|this|that|nobody|everybody|somebody|someone)"
    r"(?:\s+(?:also|then|always|usually|still|only|just|now|each|both))?\s+\Z"
    r"|\b(?!(?:i|we|you|please|and|or|then|so|but)\b)[\w-]+"
    r"(?:['\u2019](?:ll|d)|\s+(?:will|would|shall|should|can|could|must|may|might"
    r"|(?:is|are)\s+(?:going|about|due|supposed|expected)\s+to|has\s+to|have\s+to|plans?\s+to))"
    r"(?:\s+(?:also|then|always|usually|still|only|just|now|each|both))?\s+\Z",
    re.IGNORECASE,
)
"""Somebody else than the user or the agent, right before a verb."""
_GETS = re.compile(r"(?:gets?|receives?)\b", re.IGNORECASE)
_RECORDS = re.compile(
    r"(?:record|log|enter|add|write|note|save|store|quote|post|file|correct|update|put|split|assign"
    r"|allocate)\b",
    re.IGNORECASE,
)
_ENTRY = re.compile(
    r"\b(?:budget|limit|goal|target|sheet|table|row|cell|column)s?\b", re.IGNORECASE
)
_PAYMENT = re.compile(
    r"\b(?:payment|transfer|refund|deposit|donation|order|debit|credit|funds?|money)s?\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:\A|[,;:&(\x00*\u2022>\u2013\u2014-]|[0-9][.)]"
    r"|\b(?:and|or|then|please|also|but|so|just|now|kindly|first|next|finally|lastly|afterwards?"
    r"|instead|too|you|today|tomorrow|tonight|(?:mon|tues|wednes|thurs|fri|satur|sun)day|let['\u2019]?s|let\s+us|(?:want|like|need|wish|prefer|remember|you|and|or|then|time|sure"
    r"|so\s+\w+\s+as|kind\s+enough)\s+to))"
    r"\s*\Z|(?<!\s)(?=\s*\n)\s+\Z",
    re.IGNORECASE,
)
"""What stands before an imperative, or before what the user wants the agent to do."""
_FILLED = re.compile(
    r"\b(?:the|an?|another|other|remaining|rest|additional|extra|more|again|about|only|just|exactly"
    r"|that|this|those|these|my|our|his|her|their|your|its|of|back|out|up|down|off|over|by|with)\b"
    rf"|{UNIT}(?=\s*\Z)|[^\w\s]",
    re.IGNORECASE,
)
_WHOM_BEHIND = re.compile(r"[^,;:()]{0,80}?\s(?:to|for|from|of|on|into|onto)\s+\S", re.IGNORECASE)
_TO_BEHIND = re.compile(rf"(?:\s*{UNIT})?\s+(?:(?:[Tt]o)\s+\S|(?:[Ff]or)\s+[A-Z0-9])")
_JOINER = re.compile(r"[,;:&+\n(]|\b(?:and|or|then|plus)\b", re.IGNORECASE)
_TRAILING = re.compile(rf"[\s,:(=\u2013\u2014-]*{UNIT}?[\s,:(=\u2013\u2014-]*\Z")
_ITEM = re.compile(r"\n[^\S\n]*(?:[-*\u2022]|[0-9]{1,2}[.)])\s*(?P<item>[^\n]*)\Z")
_SUM = re.compile(
    r"\b(?:total|sum|amount|limit|max|min|maximum|minimum|budget|balance|ceiling|rest|remainder"
    r"|invoice|bill|price|cost|value|worth|until|by|before|after|on|in)\b",
    re.IGNORECASE,
)
_WHOM = re.compile(
    r"(?:(?:please|to|for|account|acct|iban|invoice|order|no|number|the|of|mr|mrs|ms|dr)\b\W*)*"
    r"(?:[^\W\d_a-z][\w'\u2019.-]*|(?=[\w.+-]*[0-9@])[\w@.+-]+)"
    r"(?:\s+(?:[^\W\d_a-z][\w'\u2019.-]*|(?=[\w.+-]*[0-9@])[\w@.+-]+)){0,4}"
)
"""A name, a number or an address, as what stands between two amounts."""
_NUMBERED = re.compile(
    r"\b(?:(?:invoice|bill)(?=\s+[0-9])|(?:invoice|bill|order)(?=\s+(?:no\.?\s*|number\s+|#\s*)?(?:[a-z]+-)?[0-9][\w-]))",
    re.IGNORECASE,
)
_NEW = re.compile(rf"\bto\s*{UNIT}?\s*\Z")
_ACCOUNT = re.compile(r"\b[A-Z]{2}[0-9]{2}[A-Z0-9 ]{8,}|\b[0-9]{8,}\b|\S@\S")


def without_verbs_of_numbers(text: str) -> str:
    """Return a text with a name for `invoice` and the like before a number."""
    return _NUMBERED.sub("Nr", text)


def is_limit(between: str, behind: str, *, sets: bool) -> bool:
    """Tell whether an amount is said as the most that may be paid.

    Args:
        between: What stands before it, behind the verb and any earlier amount.
        behind: What stands behind it.
        sets: Whether the verb sets something, which may be a limit.
    """
    before = _BOUND if sets else _LIMIT
    return bool(before.search(between) or _LIMIT_BEHIND.match(behind))


def is_by_others(rest: str, verb: str) -> bool:
    """Tell whether somebody else does what a verb says, by what stands before it."""
    return not _GETS.match(verb) and _BY_OTHERS.search(rest) is not None


def is_record(verb: str, between: str, *, sets: bool) -> bool:
    """Tell whether a verb has an amount entered somewhere, and not paid."""
    if sets:
        return _ENTRY.search(between) is not None
    return _RECORDS.match(verb) is not None and not _PAYMENT.search(between)


def is_ordered(rest: str, verb: str, between: str, behind: str, *, first: bool, sets: bool) -> bool:
    """Tell whether an order to pay has an amount as its first one, and who gets it.

    Args:
        rest: What stands before the verb.
        verb: As it is written.
        between: What stands between the verb and the amount.
        behind: What stands behind the amount.
        first: Whether no other amount is ordered to be paid before: it needs no recipient.
        sets: Whether the verb sets something.
    """
    if _GETS.match(verb):
        return _WHOM.fullmatch(_JOINER.split(rest)[-1].strip()) is not None
    if not _ORDER.search(rest):
        return False
    whom = first or sets or _FILLED.sub(" ", between).strip() or _WHOM_BEHIND.match(behind)
    return bool(whom)


def has_recipient(between: str, behind: str, *, sets: bool) -> bool:
    """Tell whether a further amount of one order has a recipient of its own.

    Args:
        between: What stands between the amount before it and this one.
        behind: What stands behind it.
        sets: Whether the verb sets something: then it may be the value that is new.
    """
    if sets and _NEW.search(between):
        return True
    plain = _TRAILING.sub("", between)
    item = _ITEM.search(plain)
    if item is not None:
        return bool(re.search(r"\w", item["item"])) and not _SUM.search(item["item"])
    joiners = [*_JOINER.finditer(plain)]
    whom = plain[joiners[-1].end() :].strip() if joiners else ""
    if _SUM.search(whom) or (joiners and joiners[-1][0] in "(:"):
        return False
    if whom:
        return _WHOM.fullmatch(whom) is not None
    return _TO_BEHIND.match(behind) is not None


def is_due(before: str, behind: str, later: str) -> bool:
    """Tell whether an amount that is only stated has an account, or is then to be paid.

    Args:
        before: What stands before it in its sentence.
        behind: What stands behind it there.
        later: All that stands behind it in the prompt.
    """
    account = _ACCOUNT.search(before) or _ACCOUNT.search(behind)
    return is_paid_whole(behind, later, has_account=account is not None)
