"""What marks a word or a number of a prompt as a recipient, or as what is acted on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from .prompt_text import since_last
from .stop_words import EMPTY, is_common

if TYPE_CHECKING:
    from inbounds.model.question import Argument

    from .prompt_text import PromptText

_ONE_WORD = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"
_LETTERS = re.compile(rf"{_ONE_WORD}(?:[ ,&]+{_ONE_WORD})*")
_DIGITS = re.compile(r"[A-Za-z]{0,4}[-# ]?[0-9][0-9 -]*")
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_MOST_PLACES = 64
_FAR = 256
_SENTENCE = re.compile(
    r"(?<!\bno)(?<!\bnr)(?<!\bacct)(?<!\btel)[.!?;](?=[\s\x00])|\x00|\n\s*(?:\n|[-*\u2022]|[0-9]{1,2}[.)]\s)"
)
"""Where one sentence ends and another one begins."""
_NEXT = re.compile(rf"(?P<of>['\u2019]s\b)?[ \t]+({_ONE_WORD})")
_BEFORE = re.compile(r"([^\W\d_]+)[ \t]+\Z")
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
_CALLED = r"(?:\s+(?:is|named|called|titled|=)|\s*:)?"
_NOUN_BEFORE = re.compile(rf"([^\W\d_]+){_CALLED}\s+\Z")
_TRANSFERS = (
    r"(?:send|post|e?-?mail|write|forward|share|give|pass|transfer|pay|reply|replies|respond"
    r"|message|add|copy|upload|publish|assign|deliver|hand|refund|wire|announce|submit|report|talk"
    r"|speak|present|sell|put|push|broadcast|relay|escalate|route|dispatch|cross-?post|release|fax"
    r"|ship|return|lend|donate|text|apologi[sz]e|explain|reach\s+out|get\s+back|introduce|delegate"
    r"|notes?|messages|e?-?mails|summary|answer|invitations?|invites?|reminders?|copies|line)"
)
"""What goes from one to another, or names what does."""
_TO = re.compile(
    rf"\b{_TRANSFERS}\b(?:(?!\b(?:to|that|which|who|because|since|so|if|when)\b).)*"
    rf"\s(?:to|into)\s+{_ARTICLE}\Z",
    re.IGNORECASE | re.DOTALL,
)
_WITH = re.compile(
    rf"\b(?:share|talk|speak|discuss|sync|check)\b(?:(?!\b(?:with|that|which|to)\b).)*"
    rf"\swith\s+{_ARTICLE}\Z",
    re.IGNORECASE | re.DOTALL,
)
_INFINITIVE = re.compile(
    r"\b(?:(?i:want|wants|wanted|need|needs|like|love|have|has|had|try|tries|able|ready|sure|going"
    r"|forget|how|what|where|when|whether|who|time|way|chance|plan|plans|planning|decided?|agreed?"
    r"|promised?|reminders?|requests?|invitations?|invites?|order|used|it|them|him|her|us|me|you"
    r"|everyone|everybody|people|team|supposed|about|begin|start|continue|happy|glad|due)"
    r"|(?i:e?-?mail|write|message|text|pay|answer)(?:\s+(?:[A-Z][\w.-]*|\S+@\S+))+"
    r"|(?i:send|give|write|pay|hand|show|lend|forward|offer|bring|buy|e?-?mail|text|message)"
    r"(?:\s+(?:[A-Z][\w.-]*|\S+@\S+|him|her|them|me|us))+\s+(?:an?|the|my|our|this|that|his)\b.*)"
    r"\s+(?i:to)\s+\Z",
    re.DOTALL,
)
"""What takes a verb behind its `to`: `a reminder to register`, `send Ann a note to register`."""
_LEADING = (
    r"(?:\A\W*|[,:]\s+|\b(?:please|and|then|also|just|now|kindly|pls|can\s+you|could\s+you|would\s+you"
    r"|will\s+you|you\s+to|like\s+to|let's|let\s+us|i\s+want\s+to|i\s+need\s+to)\s+)"
)
_TELLS = re.compile(
    rf"{_LEADING}(?:tell|ask|ping|invite|notify|thank|remind|inform|alert|warn|contact|dm|nudge|let"
    rf"|cc|bcc|page|brief|congratulate|greet|welcome)\s+{_ARTICLE}\Z",
    re.IGNORECASE,
)
_WRITES = re.compile(
    rf"{_LEADING}(?:message|e-?mail|mail|text|write|call|answer)\s+{_ARTICLE}\Z", re.IGNORECASE
)
"""What takes a recipient, or what is sent to one."""
_GIVES = re.compile(
    rf"{_LEADING}(?:send|give|pay|hand|show|lend|forward|write|offer|bring|e?-?mail|text|message"
    rf"|refund|reimburse|tip|wire|owe)\s+{_ARTICLE}\Z",
    re.IGNORECASE,
)
_SOMETHING = re.compile(
    r"\s+(?:(?:an?|the|my|our|this|that|his|her|these|those|some|it)\b|[$\u20ac\u00a3]?[0-9]|[A-Z]{3}\s[0-9])"
)
"""What somebody is given stands behind who gets it."""
_GOES_ON_TO = re.compile(r"\s+(?:to|into)\b")
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
_NAME = r"(?:[#@][\w.-]+|[\w.+-]+@[\w.-]+|[A-Z][\w.\u2019'-]*(?:[ ][A-Z][\w.\u2019'-]*){0,3})"
_NAMES_BEFORE = re.compile(
    rf"(?:{_NAME}(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)(?:{_ARTICLE})?)+\Z"
)
"""Other names that one is listed with."""
_TELLING = (
    r"(?:tell|ask|ping|notify|thank|remind|inform|alert|warn|dm|nudge|let|brief|congratulate"
    r"|invite|answer|message|text|reach)"
)
"""What has somebody as its object: what else the clause names is what they are told."""
_CLAUSE = re.compile(rf"{_LEADING}(?P<verb>{_TELLING}|{_TRANSFERS}|say|mention)\b", re.IGNORECASE)
_ABOUT = (
    r"(?:that|about|regarding|concerning|whether|if|because|since|why|how|what|who|whom|whose|which"
    r"|where|when|saying)"
)
_SPEAKS = re.compile(rf"\b(?:{_ABOUT}|for|from|of|as)\b|:\s", re.IGNORECASE)
"""What is said, or sent, is spoken of behind these."""
_LISTS = re.compile(
    r"(?:\b(?:to|with|following|people|names?|recipients?|participants?|guests?|attendees|invitees"
    r"|members|colleagues|cc|bcc)\s*:\s*)\Z",
    re.IGNORECASE,
)
_SENT_TO = re.compile(
    rf"(?:\b(?:to|into|in|with|on|at|via)\s+|(?:->|\u2192)\s*)"
    rf"{_ARTICLE}\Z",
    re.IGNORECASE,
)
_HAS_RECIPIENT = re.compile(
    rf"\A\s+(?:{_NAME}|(?i:me|us|him|her|them|everyone|everybody))(?<!'s)"
    rf"\s+(?i:an?|the|my|our|this|his|her|their|some|it|{_ABOUT})\b"
    r"|\A\s+(?i:the|our|my)\s+\w+\s+(?i:an?|the|my|our|this|his|her|their|some)\b"
    r"|\A(?:.*\s)?(?i:to|in|into|with)\s",
    re.DOTALL,
)
"""Somebody is told, or sent something, by what stands behind the verb."""
_SPEAKS_AT_ONCE = re.compile(rf"\A\s+(?:{_ABOUT}\b(?!(?:\s+\w+)?\s+to\b)|:)", re.IGNORECASE)
_LAST_TO = re.compile(r"\bto\s+\Z", re.IGNORECASE)
_GOES_ON = re.compile(rf"\s+to\s+{_NAME}")
_GOES_ELSEWHERE = re.compile(rf"\s+(?:to|in|into|with|via)\s+(?:the\s+)?{_NAME}")
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


def is_named(prompts: PromptText, value: str, argument: Argument, nouns: frozenset[str]) -> bool:
    """Tell whether prompts mark words as the value of an argument, in one place at least.

    Args:
        prompts: What they say.
        value: The words.
        argument: What the registry says of the argument.
        nouns: What the registry calls its values.
    """
    low = value.lower()
    if any(
        low == quote.lower() and not _SAID.search(before) for quote, before, _ in prompts.quoted
    ):
        return True
    marks = _Marks(value, argument, nouns)
    return any(marks.stand(prompts.text, at, end) for at, end in _places(prompts.text, value))


def is_numbered(text: str, value: str, nouns: frozenset[str]) -> bool:
    """Tell whether a text says a number as that of a recipient, in one place at least.

    Args:
        text: The prompts.
        value: The number.
        nouns: What the registry calls the values of its argument.
    """
    for at, end in _places(text, value):
        before = since_last(_SENTENCE, text[max(0, at - _FAR) : at])
        other = _OTHER_NUMBER.search(before)
        own = not nouns.isdisjoint(_WORD.findall(other[0].lower() if other else ""))
        if (other and not own) or _OF_MONEY.search(before) or _COUNTS.match(text, end):
            continue
        if own or not value.isdecimal() or _NUMBERED.search(before):
            return True
    return False


class _Marks:
    """What marks a value as that of an argument."""

    def __init__(self, value: str, argument: Argument, nouns: frozenset[str]) -> None:
        self._is_recipient = argument.role == "recipient"
        self._is_id = argument.kind == "id"
        self._members = [str(each) for each in argument.one_of]
        self._is_common = is_common(value)
        self._is_empty = all(word in EMPTY for word in value.lower().split())
        self._words = len(value.split())
        self._has_capitals = all(word[:1].isupper() for word in value.split())
        self._is_compound = "-" in value
        known = _NOUNS if self._is_recipient or not _NOUNS.isdisjoint(nouns) else frozenset()
        self._nouns = nouns | known | (frozenset() if self._is_recipient else _TARGETS)

    def stand(self, text: str, at: int, end: int) -> bool:
        """Tell whether one of them stands around the value at a place."""
        if text[:at].endswith(("#", "@")):
            return True
        before = self._without_members(since_last(_SENTENCE, text[max(0, at - _FAR) : at]))
        if self._is_recipient and not self._members and _is_spoken_of(before, text, end):
            return False
        return self._stand(text, before, at, end)

    def _stand(self, text: str, before: str, at: int, end: int) -> bool:
        """Tell whether one of them stands around a value that is not spoken of."""
        noun_behind, is_part = self._noun_behind(text, end)
        noun_before = _NOUN_BEFORE.search(before)
        if noun_before and noun_before[1].lower() not in self._nouns:
            noun_before = None
        said = noun_behind or noun_before
        if not self._members and (self._is_empty or (self._is_common and not said)):
            return False
        if said:
            rest = before[: noun_before.start()] if noun_before else before
            if not is_part and (self._members or _is_governed(_INDEFINITE.sub("", rest))):
                return True
        if self._is_name(text, before, at, end):
            return True
        if is_part:
            return False
        if self._members:
            return any(each.search(before) for each in (_PREPOSITION, _IT_IS, _ACTS))
        if self._is_recipient:
            return _is_addressed(before, text, end)
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

    def _noun_behind(self, text: str, end: int) -> tuple[bool, bool]:
        """Whether a noun for such a value follows on it, and whether it is a part of something."""
        found = _NEXT.match(text, end)
        if found is None:
            return False, False
        word = found[2].lower()
        if word in self._nouns:
            after = _NEXT.match(text, found.end())
            return True, after is not None and after[2].lower() not in _FUNCTION
        # `Let Kim know` has no other meaning.
        return False, bool(found["of"]) or not (word in _FUNCTION or word == "know")

    def _is_name(self, text: str, before: str, at: int, end: int) -> bool:
        """Tell whether the value is written as a name, in a sentence whose other words are not."""
        if self._is_common or (self._is_id and not self._is_recipient):
            return False
        sentence = before + _SENTENCE.split(text[at : end + _FAR], maxsplit=1)[0]
        words = [word for word in _WORD.findall(sentence) if word[0].isalpha()]
        capitals = sum(word[0].isupper() for word in words[1:])
        if len(_GERMAN.findall(sentence)) > 1:
            return False
        if self._is_recipient and not _is_sent_to(before, text, end):
            return False
        whole = text[at:end]
        if self._words > 1 and self._has_capitals:
            if self._is_recipient and self._noun_behind(text, end)[1]:
                return False
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
    return any(each.search(before) for each in (_PREPOSITION, _TELLS, _WRITES, _ACTS))


def _is_sent_to(before: str, text: str, end: int) -> bool:
    """Tell whether a name is governed by a verb of sending, or by a preposition that belongs to it.

    Args:
        before: What stands before it in its sentence.
        text: The prompts.
        end: Where the name ends in them.
    """
    near = _without_names(before)
    if _LISTS.search(near):
        return True
    if any(each.search(near) for each in (_TELLS, _WRITES, _GIVES)):
        return True
    return _SENT_TO.search(near) is not None and _GOES_ELSEWHERE.match(text, end) is None


def _without_names(before: str) -> str:
    """What stands before the names that something is listed with."""
    found = _NAMES_BEFORE.search(before)
    if found is None:
        return before
    if before[: found.start()].strip():
        return before[: found.start()]
    # `Invite Bob` is no name.
    return f"{found[0].split()[0]} "


def _is_spoken_of(before: str, text: str, end: int) -> bool:
    """Tell whether something stands in what is to be said, or belongs to what is sent.

    Args:
        before: What stands before it in its sentence.
        text: The prompts.
        end: Where it ends in them.
    """
    if _LAST_TO.search(before) and _GOES_ON.match(text, end):
        return True
    *_, clause = [None, *_CLAUSE.finditer(before)]
    if clause is None:
        return False
    rest = before[clause.end() :]
    spoken = _SPEAKS.search(rest)
    if spoken is None or _LISTS.search(_without_names(before)):
        return False
    return bool(
        re.fullmatch(_TELLING, clause["verb"], re.IGNORECASE)
        or _SPEAKS_AT_ONCE.match(rest)
        or _HAS_RECIPIENT.match(rest[: spoken.end()])
    )


def _is_addressed(before: str, text: str, end: int) -> bool:
    if _TELLS.search(before) or _WITH.search(before):
        return True
    if _GIVES.search(before) and _SOMETHING.match(text, end):
        return True
    if _WRITES.search(before):
        return _GOES_ON_TO.match(text, end) is None
    return _TO.search(before) is not None and _INFINITIVE.search(before) is None


def _places(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Yield where a value stands by itself, in whatever case."""
    words = r"\s+".join(map(re.escape, value.split()))
    pattern = re.compile(rf"(?<![\w./+&=~\\%-]){words}(?!\w|[-@./:+&=~\\%]\w)", re.IGNORECASE)
    for found in islice(pattern.finditer(text), _MOST_PLACES):
        yield found.span()
