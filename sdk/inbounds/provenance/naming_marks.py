"""What marks a word or a number of a prompt as a recipient, or as what is acted on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from .given_rights import RIGHTS, is_given, is_right
from .prompt_text import since_last
from .recipients import CALLED, FAR, IMPERATIVE, SENTENCE, is_recipient, sentence_before
from .stop_words import EMPTY, is_common

if TYPE_CHECKING:
    from inbounds.model.question import Argument

    from .prompt_text import PromptText

_ONE_WORD = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"
_LETTERS = re.compile(rf"{_ONE_WORD}(?:[ ,&]+{_ONE_WORD})*")
_DIGITS = re.compile(r"[A-Za-z]{0,4}[-# ]?[0-9][0-9 -]*")
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_MOST_PLACES = 64
_NEXT = re.compile(rf"(?P<of>['\u2019]s\b)?[ \t]+({_ONE_WORD})")
_BEFORE = re.compile(r"(?<![^\W\d_])([^\W\d_]+)[ \t]+\Z")
_ARTICLE = r"(?:(?:the|our|my|your|their|his|her|this|that)\s+)?"
_INDEFINITE = re.compile(r"\ban?\s+\Z", re.IGNORECASE)
_WORDS_OF_NOUNS = """
    channel group team user list customer client member contact account queue mailbox handle room
    thread chat audience department colleague address person people folks staff crew board order
    desk office guild committee subscribers readers followers
"""
_NOUNS = frozenset(_WORDS_OF_NOUNS.split())
"""What a recipient is called."""
_WORDS_OF_TARGETS = """
    project repo repository branch folder file document doc event meeting ticket issue calendar
    service server database table record page site tag label category status priority plan role
    level product item sku budget freezer equipment section playlist album device light job
    pipeline workflow environment cluster namespace bucket instance image container access
    permission permissions rights mode version template form subscription campaign newsletter
    booking appointment task card column sheet spreadsheet note draft host vm app application
    package module library key secret credential token profile
"""
_TARGETS = frozenset(_WORDS_OF_TARGETS.split())
"""What is acted on is called."""
_ONLY = re.compile(rf"\s+{_ARTICLE}\Z", re.IGNORECASE)
_NOUN_BEFORE = re.compile(rf"(?<![^\W\d_])([^\W\d_]+){CALLED}\s+\Z")
_LEADING = (
    r"(?:\A\W*|[,:]\s+|\b(?:please|and|then|also|just|now|kindly|pls|can\s+you|could\s+you|would\s+you"
    r"|will\s+you|you\s+to|like\s+to|let's|let\s+us|i\s+want\s+to|i\s+need\s+to)\s+)"
)
_ACTS = re.compile(
    rf"{_LEADING}(?:delete|remove|cancel|close|open|archive|restart|start|stop|deploy|update|edit"
    r"|change|move|rename|share|merge|approve|decline|reject|assign|book|order|buy|publish|release"
    r"|run|build|enable|disable|turn\s+(?:on|off)|switch|play|pause|mark|set|revoke|reset|create|add"
    r"|reply\s+to|upload|download|send|forward|copy|print|sign|reserve|schedule|reschedule|postpone"
    r"|confirm|complete|finish|resolve|escalate|lock|unlock|suspend|activate|pin|unpin|star"
    r"|subscribe|unsubscribe|follow|unfollow|block|unblock|mute|tag|label|export|import|sync|save"
    r"|store|load|flag|hide|show|clear|empty|wipe|purge|drop|kill|scale|roll\s+back|erase|discard"
    rf"|trash|check\s+out|use|renew|return|refund)\s+{_ARTICLE}\Z",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    rf"(?:\b(?:to|into|in|on|from|of|with|for|at|via|through|by|as|under|within)\s+|(?:->|\u2192|=)\s*)"
    rf"{_ARTICLE}\Z",
    re.IGNORECASE,
)
_OF = re.compile(r"\b(?:of|in|on|from|into)\s+\Z", re.IGNORECASE)
_IT_IS = re.compile(r"\b(?:as|be|it|them)\s+(?:an?\s+|the\s+)?\Z", re.IGNORECASE)
_SAID = re.compile(
    r"\b(?:say(?:s|ing)?|reads?|reading|repl(?:y|ies|ying)|answer(?:s|ing)?|respond(?:s|ing)?|text"
    r"|words?|subject|comment|note|body|(?:a|the|this|short|following)\s+message|writ(?:e|ing)"
    r"|caption|phrase|headline)(?:\s+(?:it|her|him|them|back|just|simply|only|to\s+[\w@.'-]+))*"
    r"(?:\s+(?:with|of|is|as))?(?:\s+(?:just|simply|only|the\s+words?))*[\s:,]*\Z",
    re.IGNORECASE,
)
"""What stands before words that are only to be written."""
_MOST_CAPITALS = 0.6
_GERMAN = re.compile(
    r"\b(?:der|das|dem|ein|eine|einen|einem|einer|und|ist|nicht|mit|auf|zu|zur|zum|von|vom|im|bitte"
    r"|f\u00fcr|\u00fcber)\b",
    re.IGNORECASE,
)
"""Where nouns have a capital, it says nothing."""
_WORDS_OF_VERBS = """
    ask asked be been being can could did do does doing done get gets give given gives got go goes
    going had has have having help is are am was were keep like look looks made make makes making
    may might must need needed needs put said say says see seen shall should take taken tell use
    used using want wanted wants will wish would left found
"""
_VERBS = frozenset(_WORDS_OF_VERBS.split())
_WORDS_OF_TIMES = """
    monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january
    february march april june july august september october november december jan feb mar apr jun
    jul aug sep sept oct nov dec am pm cc bcc re asap today eur usd gbp
    chf cad aud jpy inr sek nok dkk pln
"""
_TIMES = frozenset(_WORDS_OF_TIMES.split())
_FUNCTION = (EMPTY | _TIMES) - _VERBS
"""Words that do not belong to a noun before them, and of which it is not the subject."""
_NUMBERED = re.compile(
    r"\b(?i:to|into|(?:account|acct|a/c|iban|phone|mobile|cell|tel|telephone|number|customer|client"
    r"|member|user|contact|call|text|ring|sms|pay|message|whatsapp|fax|extension|ext)s?)\b[.:]?"
    r"(?:\s*(?:is|=|:|no\.?|nr\.?|number|#|\(|the|ending|at|on)){0,3}"
    r"(?:\s+[A-Z][\w.-]*(?:['\u2019]s)?){0,4}"
    r"(?:[\s,(:]+(?:account|acct|phone|mobile|number|no\.?|nr\.?|is)){0,4}"
    r"[\s,(:#]*\Z"
)
"""What says that a number is that of an account or of somebody."""
_OTHER_NUMBER = re.compile(
    r"\b(invoices?|orders?|references?|refs?|tickets?|cases?|bookings?|bills?|parcels?|shipments?"
    r"|packages?|issues?|items?|pages?|po|contracts?|polic(?:y|ies)|claims?|flights?|seats?|tables?"
    r"|versions?|codes?|pins?|transactions?|receipts?|documents?|files?|years?|rooms?|lines?|units?"
    r"|gates?|licen[cs]es?|permits?|meters?|serials?|reservations?|quotes?|estimates?|projects?"
    r"|statements?|requests?|incidents?|tasks?|steps?|chapters?|sections?|articles?|products?|sku"
    r"|postcodes?|zip|model|batch|lot|vat|tax|purpose|memo|remarks?|subject|in|since|of|by"
    r"|rechnungs?(?:nummer|nr)?|bestell(?:ung|nummer)|auftrag(?:snummer)?|beleg|referenz|aktenzeichen"
    r"|verwendungszweck|factur[ae]|fattura|factuur|commande|pedido|ordine|dossier|r\u00e9f\u00e9rence"
    r"|referencia|riferimento|concepto|motif"
    r"|(?<!account )(?<!phone )(?<!mobile )(?<!customer )(?<!client )(?<!member )(?<!user )"
    r"(?<!acct )(?<!telephone )(?<!iban )(?<!contact )(?<!cell )(?:numbers?|no|nr|id))"
    r"(?:\s+(?:numbers?|no|nr|id|is))?[.:]?[\s#:(]*\Z",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"\s*(?:%|percent|eur|usd|gbp|euros?|dollars?|pounds?|[$\u20ac\u00a3]|days?|hours?|weeks?|months?"
    r"|years?|minutes?|people|pieces?|items?|copies|invoices?|bills?|orders?)(?!\w|\s*[0-9])",
    re.IGNORECASE,
)
_OF_MONEY = re.compile(r"(?:[$\u20ac\u00a3]|\b(?:EUR|USD|GBP|CHF))\s?\Z")


def is_letters(value: str) -> bool:
    """Tell whether a value is nothing but words, as any prompt has them."""
    return _LETTERS.fullmatch(value) is not None


def is_number(value: str) -> bool:
    """Tell whether a value is a number, which may have a few letters before it."""
    return _DIGITS.fullmatch(value) is not None


def is_named(
    prompts: PromptText,
    value: str,
    argument: Argument,
    nouns: frozenset[str],
    people: frozenset[str] = frozenset(),
) -> bool:
    """Tell whether prompts mark words as the value of an argument, in one place at least.

    Args:
        prompts: What they say.
        value: The words.
        argument: What the registry says of the argument.
        nouns: What the registry calls its values.
        people: The recipients of the call, in lower case.
    """
    low = value.lower()
    if any(
        low == quote.lower() and not _SAID.search(before) for quote, before, _ in prompts.quoted
    ):
        return True
    marks = _Marks(value, argument, nouns, people)
    return any(marks.stand(prompts.text, at, end) for at, end in places(prompts.text, value))


def is_numbered(text: str, value: str, nouns: frozenset[str]) -> bool:
    """Tell whether a text says a number as that of a recipient, in one place at least.

    Args:
        text: The prompts.
        value: The number.
        nouns: What the registry calls the values of its argument.
    """
    for at, end in places(text, value):
        before = since_last(SENTENCE, text[max(0, at - FAR) : at])
        other = _OTHER_NUMBER.search(before)
        own = not nouns.isdisjoint(_WORD.findall(other[0].lower() if other else ""))
        if (other and not own) or _OF_MONEY.search(before) or _COUNTS.match(text, end):
            continue
        if own or not value.isdecimal() or _NUMBERED.search(before):
            return True
    return False


class _Marks:
    """What marks a value as that of an argument."""

    def __init__(
        self, value: str, argument: Argument, nouns: frozenset[str], people: frozenset[str]
    ) -> None:
        self._people = people
        self._is_recipient = argument.role == "recipient"
        self._is_id = argument.kind == "id"
        self._members = [str(each) for each in argument.one_of]
        self._is_common = is_common(value)
        self._is_empty = all(word in EMPTY for word in value.lower().split())
        self._words = len(value.split())
        self._has_capitals = all(word[:1].isupper() for word in value.split())
        self._is_compound = "-" in value
        self._is_right = bool(self._members) and is_right(nouns, self._members)
        known = _NOUNS if self._is_recipient or not _NOUNS.isdisjoint(nouns) else frozenset()
        known = nouns | known | (frozenset() if self._is_recipient else _TARGETS)
        self._nouns = RIGHTS if self._is_right else known

    def stand(self, text: str, at: int, end: int) -> bool:
        """Tell whether one of them stands around the value at a place."""
        if text[:at].endswith(("#", "@")):
            return True
        before = self._without_members(sentence_before(text, at))
        noun_behind, is_part = self._noun_behind(text, end)
        if self._is_right:
            stop = noun_behind or end
            return is_given(text, at, stop, before, is_part=is_part, people=self._people)
        noun_before = _NOUN_BEFORE.search(before)
        if noun_before and noun_before[1].lower() not in self._nouns:
            noun_before = None
        said = bool(noun_behind or noun_before)
        if not self._members and (self._is_empty or (self._is_common and not said)):
            return False
        if self._is_recipient and not self._members:
            return not is_part and is_recipient(text, at, noun_behind or end, self._nouns)
        if said and not is_part:
            rest = before[: noun_before.start()] if noun_before else before
            if self._members or _is_governed(_INDEFINITE.sub("", rest)):
                return True
        if self._is_name(text, before, at, end):
            return True
        return not is_part and self._is_meant(text, before, at, end)

    def _is_meant(self, text: str, before: str, at: int, end: int) -> bool:
        """Tell whether a value is chosen, or acted on, where no noun says what it is."""
        if self._members:
            return any(each.search(before) for each in (_PREPOSITION, _IT_IS, _ACTS)) or (
                self._is_recipient and is_recipient(text, at, end, self._nouns)
            )
        acted_on = not self._is_id and _ACTS.search(before)
        return bool(
            acted_on or (self._is_compound and (_OF.search(before) or _ACTS.search(before)))
        )

    def _without_members(self, before: str) -> str:
        """What stands before a value without other members of the choice that it is listed with."""
        if not self._members:
            return before
        each = "|".join(map(re.escape, sorted(self._members, key=len, reverse=True)))
        listed = rf"(?:\b(?:{each})\s*(?:,\s*and|,|and|or|&|\+)\s+(?:the\s+)?)+\Z"
        return re.sub(listed, "", before, flags=re.IGNORECASE)

    def _noun_behind(self, text: str, end: int) -> tuple[int, bool]:
        """Where a noun for such a value ends behind it, and whether it is a part of something."""
        found = _NEXT.match(text, end)
        if found is None:
            return 0, False
        word = found[2].lower()
        if word in self._nouns:
            after = _NEXT.match(text, found.end())
            return found.end(), after is not None and after[2].lower() not in _FUNCTION
        # `Let Kim know` has no other meaning.
        return 0, bool(found["of"]) or not (word in _FUNCTION or word == "know")

    def _is_name(self, text: str, before: str, at: int, end: int) -> bool:
        """Tell whether the value is written as a name, in a sentence whose other words are not."""
        if self._is_common or self._is_id or self._is_recipient:
            return False
        sentence = before + SENTENCE.split(text[at : end + FAR], maxsplit=1)[0]
        words = [word for word in _WORD.findall(sentence) if word[0].isalpha()]
        capitals = sum(word[0].isupper() for word in words[1:])
        if len(_GERMAN.findall(sentence)) > 1:
            return False
        whole = text[at:end]
        if self._words > 1 and self._has_capitals:
            if all(word[:1].isupper() for word in whole.split()):
                # `Tell Ann` is no name.
                first = f"{whole.split()[0]} "
                is_verb = _is_governed(first) or is_common(first)
                is_verb = is_verb and not before.strip()
                return capitals <= _MOST_CAPITALS * len(words) and not is_verb
            # Who writes no capital at all writes names without one.
            small = sentence.islower() and not self._noun_behind(text, end)[1]
            return small and bool(_PREPOSITION.search(before))
        if not text[at].isupper() or not before.strip(" \t\n\"'(*-\u2022:"):
            return False
        if self._noun_behind(text, end)[1]:
            return False
        previous = _BEFORE.search(before)
        # `Lind` of `Rosa Lind` is not the whole name.
        is_last_name = (
            previous is not None
            and previous[1][:1].isupper()
            and previous[1] != "I"
            and before[: previous.start()].strip() != ""
        )
        return not is_last_name and capitals <= _MOST_CAPITALS * len(words)


def _is_governed(before: str) -> bool:
    *_, verb = [None, *IMPERATIVE.finditer(before)]
    calls = verb is not None and (verb["tell"] or verb["write"]) and _ONLY.match(before, verb.end())
    return bool(calls) or any(each.search(before) for each in (_PREPOSITION, _ACTS))


def places(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Yield where a value stands by itself, in whatever case."""
    words = r"\s+".join(map(re.escape, value.split()))
    pattern = re.compile(rf"(?<![\w./+&=~\\%-]){words}(?!\w|[-@./:+&=~\\%]\w)", re.IGNORECASE)
    for found in islice(pattern.finditer(text), _MOST_PLACES):
        yield found.span()
