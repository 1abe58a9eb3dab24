"""The amounts of a prompt that are to be paid, and those that it only tells of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, pairwise
from typing import NamedTuple

from .amounts import amounts_at
from .dates import without_dates
from .ordered_amounts import (
    has_recipient,
    is_by_others,
    is_due,
    is_limit,
    is_ordered,
    is_record,
    without_verbs_of_numbers,
)
from .plain_payments import (
    AMOUNT,
    CALCULATES,
    SPELLED_OUT,
    is_paid_whole,
    is_plain,
    last_calculation,
)
from .prompt_text import since_last
from .values import text_key, written_number
from .whole_names import name_spans, without_names

_FAR = 512
_NAME = " \u2026 "
_MOST = 64
"""So many places of an amount are looked at."""
_SENTENCE = re.compile(r"[.!?;](?=[\s\x00])|\x00|\n\s*\n|\n(?!\s*(?:[-*\u2022]|[0-9]{1,2}[.)])\s)")
"""Where one sentence ends and another one begins; a list goes on with the sentence before it."""
_ENDS = re.compile(r"[.!?;](?=[\s\x00]|\Z)|\x00|\n")
_NEXT_PROMPT = re.compile(r"(?<! )\x00|\x00(?! )")
_PAYS = (
    r"(?:pay|transfer|send|wire|refund|reimburse|charge|donate|spend|give|tip|deposit|withdraw|buy"
    r"|order|book|purchase|credit|issue|settle|lend|remit|invest|top\s+up|move|set|change|raise"
    r"|create|increase|lower|reduce|make|approve|release|bill|grant|update|record|log|enter|add|load|cap"
    r"|put|return|forward|claim|contribute|chip\s+in|place|schedule|file|correct|adjust|cut|gets?"
    r"|receives?|do|execute|initiate|prepare|use|take|reserve|offer|fund|award|compensate|cover"
    r"|quote|invoice|request|post|split|allocate|assign|bump|bring|write|note|save|store)"
)
_PAID = re.compile(
    rf"\b{_PAYS}\b(?P<between>(?:(?!\b{_PAYS}\b|\n\n).)*)\Z", re.IGNORECASE | re.DOTALL
)
"""The last verb of paying before an amount, and what stands between the two."""
_NOUN = re.compile(
    rf"\b(the|an?|my|our|your|his|her|their|this|that|no)\s+{_PAYS}\b"
    r"|(\b(?:the|an?|my|our|your|his|her|their|this|that)\s+(?:(?!and|or|to|then|please|but)[\w-]+\s+){1,2}?"
    r"|(?<!let)['\u2019]s\s+)(?:order|invoice|grant|transfer|charge|deposit|credit|refund|bill|award"
    r"|fund|claim|offer|quote|request|update|purchase|tip)\b",
    re.IGNORECASE,
)
"""Behind an article or an owner, it is what is paid: `the standing order`, `Ann's invoice`."""
_STATED = re.compile(
    r"\b(?:amount|sum|total|price|fee|rent|cost|salary|allowance|payment|refund|donation|tip"
    r"|instal?lment|deposit|subscription|invoice|bill)s?\b[^.!?\n]{0,60}?"
    r"(?:\b(?:is|are|of|comes\s+to|now|be)\b|[:=,(])[\s\w:$\u00a3\u20ac]{0,12}\Z",
    re.IGNORECASE,
)
"""How much something is that is paid."""
_OTHER_CLAUSE = re.compile(
    r"\b(?:about|regarding|concerning|that(?!\s*\Z)|which|who|whose|because|since|although|while|like|unlike"
    r"|against|from|than|of\s+about|where|why|how|what|whether|tell|ask|remind|remember|know|check"
    r"|see|find|say|explain|dispute|contest|complain|compare|question|report|mention|discuss"
    r"|summari[sz]e|answer|reply)\b",
    re.IGNORECASE,
)
"""What stands between a verb of paying and an amount of something else."""
_AND_ANOTHER = re.compile(
    r"(?:\b(?:and|but|then)\s+|[;:]\s*)(?:please\s+|also\s+|then\s+)?"
    r"(?!(?:the|a|an|another|his|her|our|my|their|each|to|for|both|all|in|on|by|with|at|eur|usd|gbp)\b)"
    r"[a-z]+\s",
)
"""Another verb."""
_JOINS = re.compile(
    r"[,;&+:\n(]|\b(?:and|or|then|plus)\b|\bto\s+(?:[A-Z]{3}|[$\u20ac\u00a3])?\s*\Z"
)
"""What stands between two amounts that one verb pays, or the old amount and the new one."""
_ASIDE_BEFORE = re.compile(
    r"\b(?:if|unless|until|till|once|when|whenever|in\s+case|provided|assuming|should|under|over"
    r"|below|above|beneath|exceed(?:s|ing|ed)?|more\s+than|less\s+than|fewer\s+than|higher\s+than"
    r"|lower\s+than|than|reach(?:es|ed)?|was|were|had|has|have|been|did|does|spent|cost"
    r"|charged|owed|transferred|sent|refunded|billed|received|got|would|could\s+have|might"
    r"|last\s+(?:time|year|month|week|quarter|spring|summer|autumn|fall|winter)|previous(?:ly)?"
    r"|yesterday|earlier|before|formerly|used\s+to|already|ago|so\s+far|instead\s+of|rather\s+than"
    r"|not|never|no\s+longer|budgets?|limits?|balance|left|remaining|remains?|wants|claims|says|said"
    r"|thinks?|demands?|tells|told|asks|asked|why|how|what|whether|did|dispute|contest|complain"
    r"|compare|near(?:ly)?|almost|somewhere|between)\b",
    re.IGNORECASE,
)
"""What says that an amount is a condition, past or a bound."""
_ASIDE_BEHIND = re.compile(
    r"[^,]{0,40}?\b(?:last\s+(?:time|year|month|week|quarter)|ago|yesterday|before|too\s+much"
    r"|previously|already|in\s+(?:19|20)[0-9]{2}|so\s+far|was|were|had|earlier|or\s+(?:less|more|so)"
    r"|instead|off|too\s+(?:high|little|low)|wrong(?:ly)?|left|short)\b"
    r"|\s*(?:fee|charge|limit|budget|threshold|bound|cap|minimum|maximum|mark|fine|penalty|debt)\b",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(
    r"(?:\s*(?:[A-Z]{3}|euros?|dollars?|pounds?|[$\u20ac\u00a3]))?\s+(?:is|are)\s+"
    r"(?:right|correct|fine|ok(?:ay)?|due|agreed|what\s+is\s+due)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"[\s*\u2022-]*(?:[A-Z]{3}|[$\u20ac\u00a3])?\s?")
_TO_SOMEBODY = re.compile(r"(?:\s*(?:[A-Z]{3}|euros?|dollars?|pounds?))?\s+(?:to|for)\s")
_SETS = re.compile(
    r"(?:set|raise|increase|lower|reduce|change|cap|bump|adjust|update)\b", re.IGNORECASE
)
_LIMIT = re.compile(
    r"\b(?:budget|limit|balance)\b(?=(?:(?!\b(?:budget|limit|balance)\b).)*\Z)", re.IGNORECASE
)
_DOUBTS = re.compile(
    r"\b(?:if|whether|unless|when|once|why|say|says|said|think|thinks|claims?)\b", re.IGNORECASE
)
_OF_OTHERS = re.compile(
    r"\b(?:ask|tell|remind|request|promised?|agreed?|threatens?|plans|forgot|refuses?|declined?"
    r"|wants|urge|warn|order|expects?|invite|get)\b[^.!?]*\bto\s+\Z",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"\b(?:can|could|would|will)\s+you\b|\bi\s+(?:would|'d)\s+like\b", re.IGNORECASE
)


def is_meant(text: str, readings: Iterable[Iterable[str]], *, spends: bool) -> bool:
    """Tell whether a text says that an amount is to be paid, in one place at least.

    Each needs an order that plainly pays it whole, and of several each further one its recipient.

    Args:
        text: The prompts.
        readings: The keys of the amount; of one in minor units those of each number that it may
            be. Each number that the text states at all has to be meant.
        spends: Whether it is to be paid by the call: to enter it somewhere is then no order.
    """
    wanted = [*map(set, readings)]
    every = set().union(*wanted)
    plain, places = _stated(text)
    mine = [place for place in places if place.keys & every]
    others = [place for place in places if not place.keys & every]
    looked_at = sorted([*mine[:_MOST], *others[:_MOST]], key=lambda place: place.start)
    paid = [place for place in looked_at if _is_paid(plain, place, spends=spends)]
    lead = next((each for each in paid if _is_ordered(plain, each, first=True)), None)
    meant = set[str]()
    calculated = last_calculation(plain)
    for place in paid:
        # Words by which something is calculated count for the prompts up to theirs.
        if calculated >= 0 and not _NEXT_PROMPT.search(plain, calculated, place.start):
            continue
        if place.keys & every and _is_ordered(plain, place, first=place is lead):
            meant |= place.keys
    stated = set[str]().union(*(place.keys for place in mine))
    known = [keys for keys in wanted if stated & keys]
    return bool(known) and all(meant & keys for keys in known)


def says_amount(text: str) -> bool:
    """Tell whether a text says an amount that may be paid: any other one is not the user's."""
    plain, places = _stated(text, most=_MOST + 1)
    return SPELLED_OUT.search(plain) is not None or any(
        number == _MOST or _may_be_paid(_around(plain, each)) for number, each in enumerate(places)
    )


class _Place(NamedTuple):
    """One place of a text that states an amount: its keys, and where its number stands."""

    keys: set[str]
    start: int
    end: int


def _stated(text: str, *, most: int | None = None) -> tuple[str, list[_Place]]:
    """Return a text without dates and names, and the first places of it that state an amount."""
    plain = without_dates(without_names(text, name_spans(text), _NAME))
    places = []
    for written, _, span in islice(amounts_at(plain), most):
        # Nobody knows how much `4.000` or `5 mio` is.
        number = written_number(written)
        places.append(_Place({number, text_key(written)} if number else set(), *span))
    spans = [(0, 0), *((start, end) for _, start, end in places), (len(plain), len(plain))]
    masked = (
        AMOUNT * (end - start) + plain[end:stop] for (start, end), (stop, _) in pairwise(spans)
    )
    return "".join(masked), places


class _Around(NamedTuple):
    """What stands around an amount in its sentence.

    Attributes:
        before: All before it.
        behind: All behind it.
        rest: What stands before the last verb of paying; all, where there is none.
        verb: That verb, or "".
        between: What stands between the two.
        earlier: How much of that an amount before this one takes up, or 0.
    """

    before: str
    behind: str
    rest: str
    verb: str
    between: str
    earlier: int


def _around(text: str, place: _Place, *, numbers: bool = False) -> _Around:
    before = since_last(_SENTENCE, text[max(0, place.start - _FAR) : place.start])
    if numbers:
        before = without_verbs_of_numbers(before)
    behind = _behind(text, place.end)
    found = _PAID.search(_NOUN.sub("\\1\\2 \u2026", before))
    if found is None:
        return _Around(before, behind, before, "", "", 0)
    between = found["between"]
    verb = found.string[found.start() : found.start("between")]
    earlier = between.rfind(AMOUNT) + 1
    return _Around(before, behind, found.string[: found.start()], verb, between, earlier)


def _is_paid(text: str, place: _Place, *, spends: bool) -> bool:
    """Whether an amount is to be paid: not one that others pay, or the most that may be paid."""
    around = _around(text, place)
    if not _may_be_paid(around):
        return False
    rest, verb, between = around.rest, around.verb, around.between
    sets = _SETS.match(verb) is not None
    near = between[around.earlier :] if verb else around.before
    return not (
        is_limit(near, around.behind, sets=sets)
        or (verb and is_by_others(rest, verb))
        or (verb and spends and is_record(verb, between, sets=sets))
    )


def _is_ordered(text: str, place: _Place, *, first: bool) -> bool:
    """Whether an order has an amount, with who gets it unless it is the first one."""
    before, behind, rest, verb, between, earlier = _around(text, place, numbers=True)
    later = _NEXT_PROMPT.split(text[place.end : place.end + _FAR], maxsplit=1)[0]
    if confirmed := _CONFIRMED.match(behind):
        # Where another one is paid, it is that one.
        later = later.replace(AMOUNT, "\u2026")
        return is_paid_whole(behind[confirmed.end() :], later, has_account=True)
    if not verb and _BEGINS.fullmatch(before):
        return True  # `EUR 50 to Bob`
    if not verb:
        return is_due(before, behind, later)
    sets = _SETS.match(verb) is not None
    if not is_plain(between[earlier:], behind, first=not earlier, sets=sets):
        return False
    ordered = is_ordered(rest, verb, between, behind, first=first or earlier > 0, sets=sets)
    return ordered and (not earlier or has_recipient(between[earlier:], behind, sets=sets))


def _may_be_paid(around: _Around) -> bool:
    before, behind, rest, verb, between, earlier = around
    if _ASIDE_BEHIND.match(behind):
        return False
    if _CONFIRMED.match(behind):
        return _DOUBTS.search(before) is None
    if not verb and _BEGINS.fullmatch(before):
        return _TO_SOMEBODY.match(behind) is not None
    if not verb:
        return _STATED.search(before) is not None and not _is_aside(before)
    if _OTHER_CLAUSE.search(between) or _AND_ANOTHER.search(between):
        return False
    if earlier and _JOINS.search(between, earlier) is None:
        return False  # `pay EUR 80 of the EUR 480 bill`
    if _SETS.match(verb):
        between = _LIMIT.sub("", between)
    rest = _LEAD_IN.sub("", rest)
    return not (_is_aside(between) or _is_aside(rest) or _OF_OTHERS.search(rest))


def _is_aside(text: str) -> bool:
    return bool(_ASIDE_BEFORE.search(text) or CALCULATES.search(text))


def _behind(text: str, at: int) -> str:
    return _ENDS.split(text[at : at + _FAR], maxsplit=1)[0]
