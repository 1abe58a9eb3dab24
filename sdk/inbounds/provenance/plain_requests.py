"""Whether a prompt plainly asks to delete something, or to run a command.

English has no end of sentences that name a thing beside a verb and want something else: "delete
everything b.txt mentions", "users log in, then run make deploy". So this knows the few forms in
which such a request is made, and takes nothing else for one. A person is asked about the rest.

This module does no I/O.
"""

from __future__ import annotations

import re

from .prompt_orders import TITLE

_START = r"(?:\A|[.!?\n\x00(])\s*(?:(?:[-*\u2022]|[0-9]{1,2}[.)])\s+)?"
_OPENER = (
    r"(?:please|pls|kindly|then|now|also|just|next|first|finally|and|so|ok|okay|hi|hello|thanks"
    r"|(?:can|could|would|will) you(?: please| kindly)?|i (?:want|need|would like|'d like) you to"
    r"|i'd like you to|(?:you (?:can|may|should)|let's|be so kind(?: as)? to|go ahead and))"
)
_OPENERS = rf"(?:{_OPENER},?\s+){{0,4}}"

_WORK = (
    r"(?:add|build|bump|change|check|clone|commit|copy|create|deploy|edit|fetch|find|fix|get|go"
    r"|install|look|merge|move|open|pull|push|read|rebase|remove|rename|restart|review|see|set|stop"
    r"|switch|test|update|upgrade|write)"
)
"""What else is asked for."""

# --- deleting ------------------------------------------------------------------------------

_DELETE = (
    r"(?:delete|remove|erase|drop|clear(?: out| up)?|empty|discard|trash|purge|cancel|destroy|wipe"
    r"|bin|revoke|close|throw(?: out| away)?|get rid of|clean(?: up| out)?|scrap|withdraw|call off"
    r"|take down)"
)
_JOINED = r"(?:,\s*(?:and|then|also)?|\s(?:and|then|also|&))\s*"
_WANTS = r"(?:i|we)(?: would|['’]d)?(?: also| just)? (?:want|need|like|love|ask)(?: you)? to "  # noqa: RUF001 -- as people write it
_ASKS_TO_DELETE = re.compile(
    rf"(?s:.*)(?:{_START}{_OPENERS}|{_JOINED})(?:{_WANTS})?(?:please |then |also |just )?"
    rf"{_DELETE}\b(?P<between>(?:[^.!?;:\n\x00]|[.:](?=\S))*)\Z",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"\b(?:in|from|at|of|within|inside|under|on|to|into|with|for|by|about|than|keep|leave|retain"
    r"|preserve|save|spare|but|except|not|only|because|since|as|so|which|that|who|whose|when|while"
    r"|after|before|until|if|whether|using|everything|anything|whatever|whichever|either|what|how"
    r"|why)\b",
    re.IGNORECASE,
)
_KIND = (
    r"(?:files?|folders?|director(?:y|ies)|documents?|drafts?|e-?mails?|mails?|messages?|events?"
    r"|meetings?|appointments?|orders?|bookings?|tickets?|issues?|branch(?:es)?|contacts?|records?"
    r"|entr(?:y|ies)|accounts?|ones?)(?:\s+(?:named|called|titled))?"
)
_ARTICLE = r"(?:the|an?|my|our|your|these|those|this|that|both|all)"
_NOUN = (
    rf"(?:{_ARTICLE}\s+(?:[a-z0-9][\w-]*\s+){{1,2}}?{_KIND}|{_ARTICLE}|{_KIND}|also|old|number|nos?"
    r"|numbers|id|ids)"
)
_QUOTED = "\x01"
"""Stands for a title in quotation marks."""
_NOUNS = re.compile(rf"[\s'\"]*(?:{_NOUN})\b[\s'\"]*", re.IGNORECASE)
_NAME = r"(?=[^\s()\[\]{}<>:]*[^\W_])[^\s()\[\]{}<>:]+"
_LETTERS = r"[^\W\d_]+(?:['-][^\W\d_]+)*"
_OBJECT = re.compile(
    rf"[\s'\"]*(?:(?:{_QUOTED}|{_NAME}|(?!{_WORK}\b){_LETTERS}(?:\s+{_LETTERS}){{1,4}})\s*)?\Z",
    re.IGNORECASE,
)
_JOINS = re.compile(r"[,&]|\b(?:and|plus)\b", re.IGNORECASE)
_OR = re.compile(
    # A whole quote is one item, and never several words as well: each item is read in one way.
    r"[\"'”’`»)]*(?:,\s*(?:'[^'\n]*'|\"[^\"\n]*\"|"  # noqa: RUF001 -- quotation marks
    r"(?!(?:'(?:(?!\bor\b)[^'\n])*'|\"(?:(?!\bor\b)[^\"\n])*\")(?:[\s,]|\Z))[^\s,]+))*,?\s*\bor\b",
    re.IGNORECASE,
)
"""What stands behind a value that is one of several of which one is meant."""
_QUOTES = re.compile(rf"(?<!\w)(?:{TITLE.pattern})")
_FILE = re.compile(r"\w\.[A-Za-z]\w{0,7}\Z|/")
_LONGEST = 256
"""What stands behind a value is cut there."""
_BLANKS = re.compile(r"\s+")
_WRAPPED = re.compile(r"[;\n] ?(?=(?:from|of|for|in|on|at|with|to|off)\b)")
_DATE = (
    r"(?:(?:(?:this|next) )?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|week|weekend|month"
    r"|morning|afternoon|evening)|tomorrow|today|tonight|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{1,2}(?:[:.][0-9]{2}| ?[ap]m)|(?:the )?[0-9]{1,2}(?:st|nd|rd|th)"
    r"|(?:[0-9]{1,2} )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?: [0-9]{1,2})?)"
)
_NAMED = rf"(?:{_QUOTED}|(?=[\w.-]*[\d/_-])[\w./-]*[\w/])"
_WHERE = (
    rf"(?:from|in|on|inside|within|under) (?:(?:{_ARTICLE} )?(?:(?:folder|directory) "
    rf"(?:(?:named|called) )?{_NAMED}|(?:{_QUOTED}|[\w./-]+) (?:folder|directory))"
    r"|[\w./-]*/(?:[\w./-]*[\w/-])?"
    r"|(?:(?:my|our|the) (?:[a-z]+ )?)?(?:drive|disk|server|repo(?:sitory)?|archive|trash|bin)"
    r"|(?:my|our|the) (?P<records>calendar|diary|inbox|mailbox|contacts|database|cart|basket))"
)
"""Where a thing lies. What is taken off a list, or away from somebody, is not deleted by that."""
_TELL = (
    r"(?:answer|ask|book|give|inform|keep|let|mail|message|notify|pay|remind|reply|report|run|save"
    r"|send|share|show|tell|thank|use|write)"
)
_AND_SO = re.compile(
    r"(?:,?\s?\b(?:please|pls|now|too|again|thanks|thank you|permanently|completely|immediately"
    r"|right (?:now|away)|at once|as well|asap|as soon as (?:possible|you can)"
    r"|for (?:good|ever|now)"
    rf"|for (?:me|us)(?! and (?!(?:then|also|please|{_WORK}|{_TELL})\b))"
    rf"|(?:(?:on|at|by|for) )?{_DATE}|{_WHERE})(?![\w'’/-]))*",  # noqa: RUF001 -- as people write it
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\s?(?:\Z|(?<! )\x00|\x00(?! )|[.!?]+(?!\w)|[;\n)])"
    r"|(?:,?\s(?:but|so|because|since|as (?:it|we|i|they)|if|once|when|before|after|unless|until"
    r"|with (?:the |that |this )?(?:reason|note|message)|it(?:['’]s| (?:is|was|has)))"  # noqa: RUF001 -- as people write it
    r"|, (?:it|i|we|they|he|she|you)(?:['’][a-z]+)?)\b"  # noqa: RUF001 -- as people write it
    r"(?! (?:only |just )?(?:from|of|for|in|on|off)\b)",
    re.IGNORECASE,
)
_AND = r",?(?:\s?(?:\b(?:and|plus|then|also)\b|&))+\s?"
_GOES_ON = re.compile(
    rf"(?:,\s?|{_AND})(?:(?:please|kindly|just) )?(?:{_WORK}|{_DELETE}|{_TELL})\b"
    rf"|{_AND}(?!{_SUBORDINATE.pattern}|(?:{_ARTICLE}|{_KIND}|half)\b)[a-z]+"
    rf" (?:me|us|him|her|them|it|every(?:one|body)|{_ARTICLE})\b",
    re.IGNORECASE,
)
"""Something else is asked for: a verb stands there, as one does before an article or a pronoun."""
_MORE = re.compile(
    rf"(?:{_AND}|(?P<comma>,)\s?)(?:{_NOUN}\s)*(?:{_QUOTED}|\x00|(?P<words>(?:(?:\A|(?<=\W))"
    rf"(?!{_SUBORDINATE.pattern}|(?:and|plus)\b){_LETTERS}(?!\.?[\w/-])\s?){{1,5}})(?<!\s)"
    r"|(?=[^\s,]*[0-9./_@#])[^\s()\[\]{}<>:,]*[^\W_])",
    re.IGNORECASE,
)
"""One more thing. What stands behind a comma alone may say what the one before it is."""


def asks_to_delete(before: str, behind: str, value: str = "") -> bool:
    """Tell whether what stands around a value plainly says to delete that value.

    Args:
        before: What stands before it in the prompt.
        behind: What stands behind it.
        value: The value, if it may be the name of a file.
    """
    found = _ASKS_TO_DELETE.match(before)
    if (
        found is None
        or _OR.match(behind)
        or not _ends(behind, is_file=_FILE.search(value) is not None)
    ):
        return False
    between = TITLE.sub(f" {_QUOTED} ", found["between"])
    if _SUBORDINATE.search(between) is not None:
        return False
    *objects, last = _JOINS.split(between)
    return not _without_nouns(last) and all(_OBJECT.match(_without_nouns(o)) for o in objects)


def _ends(behind: str, *, is_file: bool) -> bool:
    """Whether a request ends behind a value, or goes on to more to delete or to something else."""
    text = behind.lstrip("\"'”’`»)]") + ("…" if len(behind) >= _LONGEST else "")  # noqa: RUF001 -- quotation marks
    # A folder in quotation marks is a place.
    text = _QUOTES.sub(lambda quote: quote[0][1:-1] if "/" in quote[0] else _QUOTED, text)
    text = _BLANKS.sub(lambda blank: "\n" if "\n" in blank[0] else " ", text)
    text = _WRAPPED.sub(" ", text)
    at, is_open = 0, False
    while found := _AND_SO.match(text, at):
        at = found.end()
        if is_file and found["records"]:
            return False
        if _ENDS.match(text, at) or _GOES_ON.match(text, at):
            return not is_open
        more = _MORE.match(text, at)
        if more is None:
            return False
        is_open = more["comma"] is not None and (is_open or more["words"] is not None)
        at = more.end()
    return False


def _without_nouns(text: str) -> str:
    """What of a text stands behind its articles and the nouns for what is deleted."""
    while found := _NOUNS.match(text):
        text = text[found.end() :]
    return text.strip(" \t\r\n'\"")


# --- running -------------------------------------------------------------------------------

_RUN = r"(?:run|rerun|execute|start|launch|use)"
_WORKS = re.compile(rf"{_OPENERS}(?:{_RUN}|{_WORK})\b", re.IGNORECASE)
_RUNS = re.compile(
    rf"{_OPENERS}{_RUN}\b(?::?(?: (?:the|this|my))?(?: following)?"
    r"(?: (?:command|script|query|statement|program|code))?:?\s*"
    r"|[^.!?\n\x00]{0,48} (?:with|using|via|by)\s*)[\"'“‘`]*\Z",  # noqa: RUF001 -- quotation marks
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?:[.!?](?=\s)|[\n\x00;(])")
_CLAUSES = re.compile(r"(?:,|(?<![\s,]))\s+(?:and then|and|then)\s+|,\s*")
_ENDS_ORDER = re.compile(
    r"[\"'”’`»]*(?:\s*(?:\Z|\x00|[\n;,)])|\s*[.!](?:[\s\x00]|\Z)|,?\s+(?:and|then|please|pls)\b)"  # noqa: RUF001 -- quotation marks
)

_SUBORDINATE_TO_RUN = re.compile(
    r"\b(?:that|which|who|whose|when|where|after|before|while|if|whether|how|why|what)\b|:",
    re.IGNORECASE,
)


def asks_to_run(before: str, behind: str) -> bool:
    """Tell whether what stands around a command plainly says to run it.

    Args:
        before: What stands before it in the prompt.
        behind: What stands behind it.
    """
    if _ENDS_ORDER.match(behind) is None:
        return False
    *_, sentence = _SENTENCE.split(before)
    *earlier, last = _CLAUSES.split(sentence.lstrip(" -*\u2022"))
    return _RUNS.match(last) is not None and all(
        _WORKS.match(clause) and _SUBORDINATE_TO_RUN.search(clause) is None for clause in earlier
    )
