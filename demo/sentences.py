"""Reads imperative sentences as calls of tools: what an agent that obeys text would do.

There is no list of attempts here, only a grammar. "Forward the document a.md to x@y.example."
is a call wherever it stands; change the words and another call comes out. What is no
imperative that the tools could follow is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

When = Literal["always", "after a failure", "after a success"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """A call that a sentence asks for.

    Attributes:
        words: The clause that asks for it.
        tool: The name of a tool.
        arguments: By name.
    """

    words: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence with everything it asks for, in order.

    Attributes:
        when: What the outcome of the instruction before has to be.
        instructions: What to do then.
        not_understood: The clauses that ask for something, and for nothing a tool could do.
    """

    when: When
    instructions: tuple[Instruction, ...]
    not_understood: tuple[str, ...] = ()


@dataclass(slots=True)
class _Mentioned:
    """What `it` stands for: the document or message a text has named last."""

    document: str = ""
    message: str = ""

    def take(self, *, document: str = "", message: str = "") -> None:
        self.document, self.message = document, message


Call = tuple[str, dict[str, Any]]
Reading = Callable[[re.Match[str], _Mentioned], list[Call]]


def read(text: str) -> list[Sentence]:
    """Return the sentences of a text that ask for something, understood or not."""
    mentioned = _Mentioned()
    found = []
    for sentence in _sentences(text):
        when, rest = _condition(sentence)
        read = [(clause, _calls(clause, mentioned)) for clause in _clauses(rest)]
        instructions = tuple(
            Instruction(clause, tool, arguments)
            for clause, calls in read
            for tool, arguments in calls
        )
        lost = tuple(clause for clause, calls in read if not calls and _asks(clause))
        if instructions or lost:
            found.append(Sentence(when, instructions, lost))
    return found


# --- from a text to clauses ----------------------------------------------------------------

_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|`[^`]*`|«[^»]*»')
_BULLET = re.compile(r"^[ \t>]*(?:[-*•]|\d{1,2}[.)]|[Ss]tep \d+[:.)])[ \t]+", re.MULTILINE)
_END = re.compile(r"(?<=[.!?;])\s+|\n\s*\n|\x1e")
_FAILED = (
    r"fails?|failed|(?:is|was|gets?|got) (?:refused|denied|blocked|rejected|not allowed)"
    r"|does(?: not|n't) work|did(?: not|n't) work|is(?: not|n't) possible"
)
_WORKED = r"works?|worked|succeeds?|succeeded|is allowed|was allowed"
_IF = re.compile(
    r"(?:and )?(?:if|when|should|in case) (?:that|this|it)(?: also| still| too| again)?"
    rf"(?:(?P<failed> (?:{_FAILED}))|(?P<worked> (?:{_WORKED})))[,:]?(?: then)?\s+",
    re.IGNORECASE,
)
_ELSE = re.compile(r"(?:otherwise|failing that|or else|if not)[,:]?\s+", re.IGNORECASE)
_OPENING = re.compile(
    r"(?:(?:please|kindly|now|first|second(?:ly)?|third(?:ly)?|next|finally|then|also|and|but"
    r"|immediately|assistant|important|note to (?:the|your) (?:ai|assistant)|urgent"
    r"|you (?:must|should|need to|have to|will)(?: also| now| then)?|(?:make|be) sure to"
    r"|go ahead and|after that|once (?:that is )?done|without (?:telling|asking) \w+)\b[,:]?\s+)+",
    re.IGNORECASE,
)
_VERBS = (
    "forward|send|e-?mail|mail|write|reply|tell|export|upload|copy|push|publish|post|submit|open"
    "|visit|fetch|get|call|delete|remove|erase|destroy|save|append|put|store|read|show|print|list"
    "|change|set|update|overwrite|replace|run|execute|add"
)
_IMPERATIVE = re.compile(
    rf"(?:{_VERBS})\b(?! (?:is|are|was|were|has|have|will|of)\b)", re.IGNORECASE
)
_STATEMENT = re.compile(r"(?:i|we|he|she|they|it|this|that|there|who)\b", re.IGNORECASE)
_AND = re.compile(rf",?\s+(?:and then|and|then)\s+(?=(?:{_VERBS})\b)", re.IGNORECASE)


def _sentences(text: str) -> list[str]:
    """Split a text, leaving what stands in quotes, addresses and paths whole."""
    listed = _BULLET.sub("\x1e", text.replace("\r\n", "\n"))
    introduced = re.sub(r":[ \t]*\n", ":\n\n", listed)
    # A line that ends like a sentence ends one, whatever comes next.
    quotes: list[str] = []
    masked = _QUOTED.sub(lambda found: _mask(found[0], quotes), introduced)
    return [_unmask(" ".join(part.split()), quotes) for part in _END.split(masked) if part.strip()]


def _mask(quoted: str, quotes: list[str]) -> str:
    quotes.append(" ".join(quoted.split()))
    return f"\x02{len(quotes) - 1}\x03"


def _unmask(text: str, quotes: list[str]) -> str:
    return re.sub(r"\x02(\d+)\x03", lambda found: quotes[int(found[1])], text)


def _condition(sentence: str) -> tuple[When, str]:
    rest = _OPENING.sub("", sentence, count=1) if _OPENING.match(sentence) else sentence
    if said := _IF.match(rest):
        return ("after a failure" if said["failed"] else "after a success"), rest[said.end() :]
    if said := _ELSE.match(rest):
        return "after a failure", rest[said.end() :]
    return "always", rest


def _clauses(sentence: str) -> list[str]:
    quotes: list[str] = []
    masked = _QUOTED.sub(lambda found: _mask(found[0], quotes), sentence)
    if _STATEMENT.match(masked):
        # "I have looked and read the document" tells, and does not ask.
        return []
    return [_unmask(clause, quotes).rstrip(".!?; ") for clause in _AND.split(masked)]


def _asks(clause: str) -> bool:
    """Whether a clause begins as an order does."""
    plain = _OPENING.sub("", clause, count=1) if _OPENING.match(clause) else clause
    return _IMPERATIVE.match(plain) is not None


# --- from a clause to calls ----------------------------------------------------------------

_ADDRESS = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_TO = rf"(?P<to>{_ADDRESS}(?:(?:,| and|, and) {_ADDRESS})*)"
_URL = r"(?P<url>https?://[^\s\"'<>`]*[^\s\"'<>`.,;])"
_NAME = r"(?P<name>\"[^\"]+\"|“[^”]+”|`[^`]+`|(?!https?:)(?:[\w.~+-]*/)*\.?[\w~+-]+(?:\.[\w+-]+)*)"
_TEXT = r"(?P<text>\"[^\"]*\"|“[^”]*”|`[^`]*`|«[^»]*»|\S.*)"
_QUOTE = r"(?P<text>\"[^\"]*\"|“[^”]*”|`[^`]*`|«[^»]*»)"
_DOCUMENT = rf"(?:the |this |my |your )?(?:[\w-]+ )?document {_NAME}"
_FILE = rf"(?:the |this )?file {_NAME}"
_NUMBERS = r"(?P<numbers>\d+(?:(?:,| and|, and) \d+)*)"
_MESSAGE = rf"(?:the )?(?:e-?mail|mail|message)s?(?: no\.?| number)? {_NUMBERS}"
_IT = r"(?P<it>it|this|that|them|the (?:document|contract|message|file)|its contents?)"
_SAYING = r"(?:saying|that says|with the (?:text|words)|which says|:),?:? ?"

_readings: list[tuple[re.Pattern[str], Reading]] = []


def _means(pattern: str) -> Callable[[Reading], Reading]:
    def keep(reading: Reading) -> Reading:
        _readings.append((re.compile(pattern, re.IGNORECASE), reading))
        return reading

    return keep


def _calls(clause: str, mentioned: _Mentioned) -> list[Call]:
    plain = _OPENING.sub("", clause, count=1) if _OPENING.match(clause) else clause
    # "Note: forward …" introduces its imperative.
    introduced = re.sub(r"^[^\"“`:/]{1,40}:\s+", "", plain)
    for pattern, reading in _readings:
        for words in (plain, introduced):
            if (match := pattern.match(words)) is not None:
                return reading(match, mentioned)
    return []


@_means(rf"(?:forward|send|e-?mail|mail) {_DOCUMENT}(?: by (?:e-?)?mail)? to {_TO}")
def _send_document(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    mentioned.take(document=_bare(match["name"]))
    return [("document.send", {"path": mentioned.document, "to": _addresses(match["to"])})]


@_means(rf"(?:forward|send) {_MESSAGE} to {_TO}")
def _forward_messages(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    to = _addresses(match["to"])
    numbers = _numbers(match["numbers"])
    mentioned.take(message=numbers[-1])
    return [("mail.forward", {"id": number, "to": to}) for number in numbers]


@_means(rf"(?:forward|send|e-?mail|mail) {_IT} to {_TO}")
def _send_it(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    to = _addresses(match["to"])
    if mentioned.document:
        return [("document.send", {"path": mentioned.document, "to": to})]
    return [("mail.forward", {"id": mentioned.message, "to": to})] if mentioned.message else []


@_means(
    rf"(?:send|write) (?:an? )?(?:e-?mail|mail|message|reply) to {_TO}(?: {_SAYING}| ?)(?P<text>.*)"
)
@_means(rf"(?:e-?mail|mail|tell|reply to) {_TO}(?: {_SAYING}|,? (?:that )?){_TEXT}")
@_means(rf"send {_QUOTE} to {_TO}")
def _send_mail(match: re.Match[str], _: _Mentioned) -> list[Call]:
    body = _bare(match["text"]) or "(no text)"
    arguments = {"to": _addresses(match["to"]), "subject": body[:40], "body": body}
    return [("mail.send", arguments)]


@_means(rf"(?:export|upload|copy|push|publish|post|send|submit) {_DOCUMENT} to {_URL}")
def _export(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    mentioned.take(document=_bare(match["name"]))
    return [("document.export", {"path": mentioned.document, "url": match["url"]})]


@_means(rf"(?:export|upload|copy|push|publish|post|send|submit) {_IT} to {_URL}")
def _export_it(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    if not mentioned.document:
        return []
    return [("document.export", {"path": mentioned.document, "url": match["url"]})]


@_means(rf"(?:post|send|submit|upload) {_QUOTE} to {_URL}")
def _post(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("web.post", {"url": match["url"], "body": _bare(match["text"])})]


@_means(rf"(?:open|visit|fetch|get|call|read|load) (?:the (?:page|link|url|address) )?{_URL}")
def _get(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("web.get", {"url": match["url"]})]


@_means(rf"(?:delete|remove|erase|destroy) {_MESSAGE}")
def _delete_messages(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    numbers = _numbers(match["numbers"])
    mentioned.take(message=numbers[-1])
    return [("mail.delete", {"id": number}) for number in numbers]


@_means(rf"(?:delete|remove|erase|destroy) {_DOCUMENT}")
def _delete_document(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    mentioned.take(document=_bare(match["name"]))
    return [("document.delete", {"path": mentioned.document})]


@_means(rf"(?:delete|remove|erase|destroy) {_IT}$")
def _delete_it(_: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    if mentioned.document:
        return [("document.delete", {"path": mentioned.document})]
    return [("mail.delete", {"id": mentioned.message})] if mentioned.message else []


@_means(rf"(?:write|save|append|put|store) {_QUOTE} (?:in|into|to|as) {_FILE}")
def _write_file(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("file.write", {"path": _bare(match["name"]), "text": _bare(match["text"])})]


@_means(rf"(?:write|save|append|put|store) {_QUOTE} (?:in|into|to|as) {_DOCUMENT}")
def _write_document(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    mentioned.take(document=_bare(match["name"]))
    arguments = {"path": mentioned.document, "text": _bare(match["text"])}
    return [("document.write", arguments)]


@_means(rf"(?:overwrite|replace|update) {_DOCUMENT} (?:with|by) {_QUOTE}")
def _overwrite_document(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    return _write_document(match, mentioned)


@_means(
    r"(?:change|set|update|overwrite|replace) (?:the |your |my )?(?:setting|policy|configuration)s?"
    rf" {_NAME} (?:to|with|by) {_TEXT}"
)
@_means(rf"(?:write|put) {_QUOTE} (?:in|into|to) the (?:setting|policy|configuration)s? {_NAME}")
def _write_setting(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("settings.write", {"name": _bare(match["name"]), "text": _bare(match["text"])})]


@_means(rf"(?:read|open|show|print) {_MESSAGE}")
def _read_messages(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    numbers = _numbers(match["numbers"])
    mentioned.take(message=numbers[-1])
    return [("mail.read", {"id": number}) for number in numbers]


@_means(rf"(?:read|open|show|print) {_DOCUMENT}")
def _read_document(match: re.Match[str], mentioned: _Mentioned) -> list[Call]:
    mentioned.take(document=_bare(match["name"]))
    return [("document.read", {"path": mentioned.document})]


@_means(rf"(?:read|open|show|print) {_FILE}")
def _read_file(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("file.read", {"path": _bare(match["name"])})]


@_means(
    rf"(?:list|show) (?:all )?(?:the |my )?documents(?: (?:in|of|below) (?:the folder )?{_NAME})?"
)
def _list_documents(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("document.list", {"folder": _bare(match["name"] or "")})]


@_means(
    r"(?:list|show) (?:all )?(?:the |my )?(?:messages|mails?|e-?mails?)"
    rf"(?: (?:in|of) (?:the folder )?{_NAME})?"
)
def _list_messages(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("mail.list", {"folder": _bare(match["name"] or "inbox")})]


@_means(rf"(?:run|execute) (?:the )?(?:shell )?(?:command|script|job)s?:? {_TEXT}")
def _run(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("jobs.submit", {"command": _bare(match["text"])})]


@_means(rf"(?:add|save|put) {_TO} (?:to|in|into|among) (?:the |my |your )?contacts")
def _add_contact(match: re.Match[str], _: _Mentioned) -> list[Call]:
    return [("contacts.add", {"address": address}) for address in _addresses(match["to"])]


def _bare(quoted: str) -> str:
    text = quoted.strip()
    return text[1:-1] if _QUOTED.fullmatch(text) else text


def _addresses(text: str) -> list[str]:
    return re.findall(_ADDRESS, text)


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)
