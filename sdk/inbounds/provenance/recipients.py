"""Whether a prompt names somebody as who gets words, and does not only speak of them.

An imperative to the agent has to govern the name: as its object (`tell Ann`), or by a preposition
of its own (`post it to Ann`) with no recipient before. Other names that are joined with one count.
"""

from __future__ import annotations

import re

from .prompt_text import since_last

FAR = 256
"""So much of a prompt is looked at before and behind a name or a right."""
CALLED = r"(?:\s+(?:is|named|called|titled|=)|\s*:)?"
"""What may stand between a noun and the name of what it is."""
_NAME = (
    r"(?:[#@][\w.-]+|[\w.+-]+@[\w.-]+|[A-Z][\w.\u2019'-]*(?:[ ][A-Z][\w.\u2019'-]*){0,3})"
    r"(?<!['\u2019]s)"
)
_ARTICLE = r"(?:(?i:the|our|my|your|their|his)\s+)?"
SENTENCE = re.compile(
    r"(?<!\bno)(?<!\bnr)(?<!\bacct)(?<!\btel)[.!?;](?=[\s\x00])"
    r"|(?<![^\x00][ ])\x00|\x00(?![ ][^\x00])|\n\s*(?:\n|[-*\u2022]|[0-9]{1,2}[.)]\s)"
)
"""Where one sentence ends and another one begins: a null character between spaces is a quote."""
_TELL = (
    r"tell|ask|ping|invite|notify|thank|remind|inform|alert|warn|contact|dm|nudge|let|cc|bcc|page"
    r"|brief|congratulate|greet|welcome|call|answer|reach"
)
"""Their object is somebody, and all behind it is what they are told."""
_WRITE = r"message|e-?mail|mail|text|write"
_GIVE = (
    r"send|give|pay|hand|show|lend|forward|offer|bring|refund|reimburse|tip|wire|drop|leave|shoot"
    r"|transfer|grant|assign|pass|return"
)
"""Their object is somebody and something, or something that goes `to` somebody."""
_MOVE = (
    r"post|share|publish|announce|report|submit|upload|copy|add|put|push|broadcast|relay|escalate"
    r"|route|dispatch|cross-?post|release|fax|ship|donate|apologi[sz]e|explain|introduce|delegate"
    r"|deliver|present|sell|reply|respond|talk|speak|say|mention|get\s+back|reach\s+out|get|chat"
    r"|connect|circulate"
)
_MEET = (
    r"check(?!\s+(?:the|our|my|what|who|if)\b)|discuss|sync|meet|schedule|arrange|book|set\s+up"
    r"|organi[sz]e|plan|create|make|hold"
)
"""They are done `with` somebody."""
_VERB = (
    rf"(?P<move>{_MOVE})|(?P<tell>{_TELL})|(?P<write>{_WRITE})|(?P<give>{_GIVE})|(?P<meet>{_MEET})"
)
_OPENER = (
    r"(?:please|pls|kindly|also|just|now|then|first|next|finally|afterwards|quickly|do"
    r"|(?:can|could|would|will)\s+you|can\s+we"
    r"|i(?:['\u2019]d|\s+would)?\s+(?:want|need|like|love)\s+(?:you\s+)?to|let['\u2019]s|let\s+us"
    r"|you\s+(?:should|can|(?:have|need)\s+to)|make\s+sure\s+to|do\s?n[o'\u2019]t\s+forget\s+to"
    r"|remember\s+to|go\s+ahead\s+and)"
)
_EDGE = (
    r"(?P<edge>\A[^\w\x00]*|[,:(\n]\s*|(?<=\s)[-\u2013\u2014]\s+"
    r"|\b(?:and|then|but|so|please|(?:can|could|would|will)\s+you)\s+)"
)


def imperatives(verbs: str) -> re.Pattern[str]:
    """Return what finds verbs where a clause tells the agent what to do."""
    return re.compile(rf"{_EDGE}(?:{_OPENER},?\s+)*(?:{verbs})(?=[\s:]|\Z)", re.IGNORECASE)


IMPERATIVE = imperatives(_VERB)
"""What the agent is told to do, at the beginning of a clause."""
_OPENERS = re.compile(rf"\b{_OPENER}\s", re.IGNORECASE)
_GOES_ON = re.compile(
    r"\b(?:will|would|can|could|may|might|must|shall|should|let|lets|help|helps)\b|['\u2019]ll\b"
    r"|n['\u2019]t\b|\b(?i:I|we|you|they|people|(?:who|which)(?!\s+\w+s\b))\s+(?!\w+ed\b|(?i:am|are"
    r"|is|was|were|have|has|had|it|he|she|this|the|an?|our|my|we|I|you|they)\b)\w+\b(?!['\u2019])"
    rf"|(?:{_NAME}|\b(?i:him|her|them|us|me|people|everyone))\s+to\s+[a-z]"
)
"""A verb with which another one may stand in a row: `that we sign and send it to Ann`."""
_TO_DO = re.compile(r"\bto\s+[a-z]+\s+(?:it|them|him|her|the|an?|our|my|this|that)\b")
_IS_WHOLE = re.compile(
    rf"\A\s+(?:{_NAME}|(?:the\s+)?\w+)(?:\s+(?:the|an?|our|my)\s+\w+)?\s*(?:\Z|,|\b(?:about|of|for|on)\b|[\x00:])"
    r"|\b(?:is|are|am|was|were|has|have|had|it|he|she)\b|['\u2019](?:s|re|m|ve)\b|ed\b"
)
"""A clause behind which another verb begins another one."""
_NAMES = re.compile(
    rf"(?:{_NAME}(?:\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+|\s*&\s*)(?:{_ARTICLE}))+\Z"
)
"""Other names that one is joined with."""
_LISTED = re.compile(rf"\s*(?:\Z|[.:]|(?:,\s*)?(?:and|or|&)\s|,\s*{_NAME})")
_DOES = re.compile(
    r"\s+(?:is|are|was|were|will|has|have|had|can|could|should|would|must|may|do|does|did)\b"
)
_CALLED = re.compile(rf"(?:\bfollowing\s+)?(?<![^\W\d_])(?P<noun>[^\W\d_]+){CALLED}\s+\Z")
_TAIL = re.compile(rf"(?<!\S){_ARTICLE}(?:an?\s+)?(?:(?:following|both)\s+)?\Z", re.IGNORECASE)
_BY = re.compile(
    r"(?P<thing>(?:.*\s)?)(?:(?P<word>to|into|with|in|on|at|via)\s+|(?:->|\u2192)\s*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_THING = (
    r"(?:an?|the|my|our|this|that|his|her|their|these|those|some|any|it|all|[$\u20ac\u00a3]?[0-9]"
    r"|[A-Z]{3}\s?[0-9])"
)
_SOMETHING = re.compile(rf"\s+{_THING}", re.IGNORECASE)
_ONE = rf"(?:{_NAME}|\b(?i:me|us|him|them|you|everyone|everybody)\b)"
_SOMEBODY = rf"{_ONE}(?:(?:\s*,|\s+and|\s+or|\s*&)\s+{_ONE})*"
_HAS_OBJECT = re.compile(
    rf"\A\s+(?![A-Z]{{3}}\s?[0-9])(?:{_SOMEBODY}\s+(?i:(?:{_THING}|with|for|at|about|regarding|whether|if|because"
    r"|since|why|how|what|who|whom|which|where|when|saying)\b"
    r"|(?:[a-z]+\s+){1,3}?(?:on|about|of|from|for|and|in|with)\s)"
    rf"|(?i:her|(?:the|our|my)\s+\w+)\s+(?i:an?|the|my|our|this|his|her|their|some)\b)"
)
"""Somebody gets what stands behind."""
_IS_OBJECT = {
    "write": re.compile(rf"\A\s+{_SOMEBODY}\s+\Z"),
    "give": re.compile(rf"\A\s+(?![A-Z]{{3}}\s?[0-9]){_SOMEBODY}\s+[a-z]"),
}
_ROOM = r"(?i:in|on|via|at)\s+(?:[#@]\w|(?i:the\s+[\w-]+\s+(?:channel|group|chat|room|thread))\b)"
_HAS_GOAL = {
    word: re.compile(
        rf"\A\s+(?i:(?:it|that|this|them|everything)\s+)?(?i:to|into|with)\s"
        rf"|\s(?i:{word})\s+{_ARTICLE}{_SOMEBODY}|\s{_ROOM}"
    )
    for word in ("with", "to|into", "to|into|with")
}
"""Somebody is behind a preposition of the verb already."""
_INNER = re.compile(
    r"\b(?:\w*(?<!e)ed|sent|gave|given|wrote|written|told|sold|paid|shown|spoken?|went|gone|due"
    r"|(?:about|of|for|from|on|by|regarding|without)\s+(?!\w*thing\b|(?:morn|even)ing\b)\w+ing"
    r"|(?:talk|go|speak|belong|sell|writ|lead|relat|referr|com|send)ing)"
    r"\s+(?:it\s+|them\s+|back\s+)?\Z"
    rf"|\bto\s+(?:{_MOVE}|{_TELL}|{_WRITE}|{_GIVE}|{_MEET}|go|come)\s"
    r"|\b(?:because|since|if|when|while|unless|whether|why|how|where|like|that|which|who|whom"
    r"|what|whatever|whoever|I|we|you|they|he|she)\s",
    re.IGNORECASE,
)
"""Another verb, which may be what takes the preposition: `the draft addressed to Ann`."""
_MADE = re.compile(
    r"\b(?:(?:that|which|what|whatever)\s+)?(?:I|we|you)(?:['\u2019]ve|\s+(?:have|just))*\s+(?:made|find|found"
    r"|prepared|created|saved|have|got|took|did|need)\b|\A\s+that(?=\s)",
    re.IGNORECASE,
)
_FURTHER = (
    r"\A(?:\s+(?!(?:and|or|then|so|that|about|for|of|from|as|by|who|which|if|when)\b)[^\s,:]+)"
    r"{0,4}?"
)
_ELSEWHERE = {
    takes_with: re.compile(
        rf"{_FURTHER}\s+(?:(?i:{'to|into|with' if takes_with else 'to|into'})\s+"
        rf"(?i:the\s+)?{_NAME}|{_ROOM})"
    )
    for takes_with in (False, True)
}
_GIVES_ONE = re.compile(r"(?:give|pay|show|lend|offer|hand|grant|refund|tip)\Z", re.IGNORECASE)
_SAYS = re.compile(r"\b(?:sa(?:id|ys?)|wr(?:ote|ites?)|ask(?:ed|s)?|told|tells?)(?:\s+\w+)?\s*\Z")
_SHARES = re.compile(r"(?:share|talk|speak|chat|connect)\Z", re.IGNORECASE)
_MEETS = re.compile(r"(?:discuss|sync|meet)\Z", re.IGNORECASE)
_MEETING = re.compile(
    r"\A\s+(?:(?:an?|another|the|our|my|\w{1,16})\s+){0,3}(?:meeting|call|appointment|chat|session|demo"
    r"|event|lunch|dinner|coffee|interview|visit|meet-?up|talk|conversation|time)\s+"
    r"(?:(?:on|for|at|next|this|tomorrow|today)\b[\w\s:.]*)?\Z",
    re.IGNORECASE,
)
_ACTION = re.compile(r"\b(?:reminders?|requests?|invitations?|invites?|time|way|order|chance)\s+\Z")
"""What takes a verb behind its `to`."""
_GOES_TO = re.compile(r"\s+(?:to|into|in|on|with|via|as)\b")
_DOES_SO = re.compile(rf"\s+to\s+(?!(?:the|our|my|an?)\s|{_NAME})[a-z]")

_MANY = re.compile(
    r"\A(?:\s+(?:back\s+)?|(?:(?!\b(?:that|wh\w+|she|he|they|we|i|you)\b)[^,;:]){0,96}?\s(?:back\s+)?(?:to|with)\s+)"
    r"(?:every(?:one|body)\b"
    r"|each\s+(?:one\s+)?of\s+(?:them|those|these|the|my|our|this|that)\b"
    r"|(?:all|every)\s+(?:of\s+)?(?:[\w'\u2019-]+\s+){0,5}(?:people|who(?:se)?|them)\b)",
    re.IGNORECASE,
)
"""Each of several people behind a verb, or behind a preposition of its own."""


def tells_many(text: str) -> bool:
    """Tell whether an imperative of a text governs people whom a list has to name.

    As in `mail everyone on the guest list` and `send a reminder to each of the winners`.
    """
    return any(
        _MANY.match(sentence[verb.end() : verb.end() + FAR])
        and _is_order(sentence[: verb.start()], verb["edge"])
        for sentence in SENTENCE.split(text)
        for verb in IMPERATIVE.finditer(sentence)
    )


def is_recipient(text: str, at: int, end: int, nouns: frozenset[str]) -> bool:
    """Tell whether an imperative of a text governs a name as the recipient of its words.

    Args:
        text: The prompts.
        at: Where the name begins.
        end: Where it ends, with the noun for it that may stand behind.
        nouns: What such a recipient may be called.
    """
    behind = SENTENCE.split(text[end : end + FAR], maxsplit=1)[0]
    before = sentence_before(text, at)
    if text[at].isupper():
        before = _without_names(before, behind)
    called = _CALLED.search(before)
    *_, verb = [None, *IMPERATIVE.finditer(before)]
    # `Contact Ann` says no contact.
    if verb and called and called.start() >= verb.end() and called["noun"].lower() in nouns:
        before = before[: called.start()]
    before = _TAIL.sub("", before)
    if verb is None or not _is_order(before[: verb.start()], verb["edge"]):
        return False
    rest, is_name = before[verb.end() :], text[at].isupper()
    if not rest.strip():
        return _is_object(verb, behind, is_name=is_name)
    by = _BY.match(rest)
    if by is None:
        return False
    thing, word = by["thing"], (by["word"] or "to").lower()
    if word in ("to", "into") and not is_name and _ACTION.search(thing):
        return False
    return _is_goal(verb, thing, word, behind)


def sentence_before(text: str, at: int) -> str:
    """Return what of its sentence stands before a place; a null character where more did."""
    near = text[max(0, at - FAR) : at]
    sentence = since_last(SENTENCE, near)
    return f"\x00{sentence}" if at > FAR and len(sentence) == len(near) else sentence


def _without_names(before: str, behind: str) -> str:
    """What stands before the names that one is joined with."""
    found = _NAMES.search(before)
    if found is None:
        return before
    joined = re.search(r"(?:and|or|&)\s+\S*\s*\Z", found[0], re.IGNORECASE)
    if _DOES.match(behind) or not (joined or _LISTED.match(behind)):
        # `Tell Ann, Globex is leaving`
        return before[: found.end()]
    if before[: found.start()].strip():
        return before[: found.start()]
    # `Invite Bob` is no name.
    return f"{found[0].split()[0]} "


def _is_order(prefix: str, edge: str) -> bool:
    """Whether an imperative is one to the agent, and not what others do."""
    *_, told = [None, *IMPERATIVE.finditer(prefix)]
    content = prefix[told.end() :] if told else ""
    is_told = told is not None and told["tell"] is not None
    if told and not told["meet"] and _TO_DO.search(content):
        return False
    word = edge.strip().lower()
    joins = word in ("and", "then")
    if _SAYS.search(prefix) or (told and (":" in edge or (is_told and word == "please"))):
        return False
    if joins and is_told and not _IS_WHOLE.search(content):
        return False
    return not ((joins or is_told) and _GOES_ON.search(_OPENERS.sub(" ", prefix)))


def _is_object(verb: re.Match[str], behind: str, *, is_name: bool) -> bool:
    if verb["tell"]:
        return True
    if verb["write"]:
        return not _GOES_TO.match(behind) or (is_name and _DOES_SO.match(behind) is not None)
    if verb["give"]:
        return bool(_SOMETHING.match(behind) or (is_name and not _GOES_TO.match(behind)))
    return False


def _is_goal(verb: re.Match[str], thing: str, word: str, behind: str) -> bool:
    """Whether a preposition belongs to a verb that has no recipient yet."""
    shares = _SHARES.match(verb["move"] or "") is not None
    if verb["meet"]:
        meets = _MEETS.match(verb["meet"]) or _MEETING.match(thing)
        takes = word == "with" and (not thing.strip() or meets)
    elif verb["tell"]:
        takes = word == "to" and verb["tell"].lower() == "invite" and " to " not in thing
    else:
        takes = shares if word == "with" else True
    takes_with = shares or verb["meet"] is not None
    goals = "with" if word == "with" else "to|into|with" if takes_with else "to|into"
    return not (
        not takes
        or _HAS_GOAL[goals].search(thing)
        or _HAS_OBJECT.match(f"{thing} ")
        or (verb["write"] and _IS_OBJECT["write"].match(thing))
        or (_GIVES_ONE.match(verb["give"] or "") and _IS_OBJECT["give"].match(thing))
        or _INNER.search(_MADE.sub("", thing))
        or _ELSEWHERE[takes_with].match(behind)
    )
