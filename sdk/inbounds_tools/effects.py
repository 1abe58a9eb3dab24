"""The definition of effects: questions about a tool, the effects of their answers, and examples.

The comments of a draft and the tables of `docs/registry.md` come from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from inbounds.model.question import Effect

Audience = Literal["same", "inside", "outside"]
"""Who can see something after a call who could not before: nobody; people inside who may open the
place anyway; anybody outside, or everybody."""
Reversible = Literal["yes", "no", "unknown"]
_NEEDS_NO_WORD = frozenset({"read", "export", "delegate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers to the questions about one tool. Each is about what any of its calls can do.

    Attributes:
        returns: It returns data.
        addresses: It sends to, or fetches from, an address, account, channel, device or URL, or
            sets where later mail, payments or requests go. Money itself does not count.
        audience: Who can see something afterwards who could not before.
        keeps: It makes or changes a record that stays.
        removes: It takes away something that nobody gets back.
        runs: It runs code, a command or a query that somebody can choose.
        costs: It costs or moves money.
        rights: It changes rights, roles, members, keys, passwords or settings.
        delegates: It gives work to another agent.
        undone: The same user can undo it with another call.
    """

    returns: bool = False
    addresses: bool = False
    audience: Audience = "same"
    keeps: bool = False
    removes: bool = False
    runs: bool = False
    costs: bool = False
    rights: bool = False
    delegates: bool = False
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a tool.

    Attributes:
        about: The member of `Answers` that holds the answer.
        text: The question, for a person who does not know our terms.
        result: The member of the registry that the answer yes sets, or the effect.
        note: What the answer includes, and what it does not.
    """

    about: str
    text: str
    result: Effect | Literal["reversible"]
    note: str = ""


QUESTIONS: Final = (
    Question(
        "returns",
        "Does it return data?",
        "read",
        "A confirmation, or the id of what it made, does not count.",
    ),
    Question(
        "addresses",
        "Does it send to, or fetch from, an address, account, channel or URL?",
        "export",
        "People inside count as well, and so does a tool that sets where later mail, payments or"
        " requests go. Money itself does not count: `spend` says that.",
    ),
    Question(
        "audience",
        "Can anybody outside see something afterwards that they could not before?",
        "export",
        "People inside who may open the place anyway do not count.",
    ),
    Question(
        "keeps",
        "Does it make or change a record that stays?",
        "write",
        "A text, an entry, a booking, or who may open one record. The copy in a folder of sent"
        " messages does not count, and neither does the booking of a payment.",
    ),
    Question(
        "removes",
        "Does it take away something that nobody gets back?",
        "delete",
        "Where it can be put back, it is `write`.",
    ),
    Question(
        "runs",
        "Does it run code, a command or a query that somebody can choose?",
        "execute",
        "Also code that stands elsewhere, such as that of a build: `runs_from` says where. A search"
        " term is not a query.",
    ),
    Question("costs", "Does it cost or move money?", "spend", "Also later, or each month."),
    Question(
        "rights",
        "Does it change rights, roles, members, keys, passwords or settings?",
        "administer",
        "Who may open one record is `write`.",
    ),
    Question("delegates", "Does it give work to another agent?", "delegate"),
    Question(
        "undone",
        "Can the same user undo it with another call?",
        "reversible",
        '`"yes"` or `"no"`. A message that was read is not undone. Where a tool only reads, sends'
        " or delegates, `reversible` may be left out.",
    ),
)
"""The questions, in the order of the documentation."""


def effects_of(answers: Answers) -> tuple[Effect, ...]:
    """Return the effects of a tool, in the order of the questions."""
    found: list[Effect] = []
    for question in QUESTIONS:
        answer = getattr(answers, question.about)
        yes = answer == "outside" if question.about == "audience" else answer
        if yes and question.result != "reversible" and question.result not in found:
            found.append(question.result)
    return tuple(found)


def reversible_of(answers: Answers) -> Reversible:
    """Return the `reversible` of a tool: `unknown`, its default, where the policy needs no word."""
    if _NEEDS_NO_WORD.issuperset(effects_of(answers)):
        return "unknown"
    return "yes" if answers.undone else "no"


@dataclass(frozen=True, slots=True)
class Example:
    """A well-known kind of tool, and its entry.

    Attributes:
        does: What the tool does.
        answers: The answers of a person who knows it.
        effects: Its effects in the registry.
        reversible: Its `reversible`.
    """

    does: str
    answers: Answers
    effects: tuple[Effect, ...]
    reversible: Reversible


EXAMPLES: Final = (
    Example("Read a record", Answers(returns=True), ("read",), "unknown"),
    Example(
        "Fetch a page of the web",
        Answers(returns=True, addresses=True),
        ("read", "export"),
        "unknown",
    ),
    Example(
        "Search the web, by a service outside",
        Answers(returns=True, addresses=True),
        ("read", "export"),
        "unknown",
    ),
    Example("Send a mail", Answers(addresses=True, audience="outside"), ("export",), "unknown"),
    Example("Draft a mail", Answers(keeps=True, undone=True), ("write",), "yes"),
    Example(
        "Post to a channel",
        Answers(addresses=True, audience="inside", keeps=True),
        ("export", "write"),
        "no",
    ),
    Example(
        "Add a note that the team sees",
        Answers(audience="inside", keeps=True, undone=True),
        ("write",),
        "yes",
    ),
    Example(
        "Share a file with a person",
        Answers(addresses=True, audience="outside", keeps=True),
        ("export", "write"),
        "no",
    ),
    Example(
        "Make a link that anyone can open",
        Answers(audience="outside", keeps=True),
        ("export", "write"),
        "no",
    ),
    Example("Stop sharing a file", Answers(keeps=True, undone=True), ("write",), "yes"),
    Example(
        "Move a file to a folder that others inside see",
        Answers(audience="inside", keeps=True, undone=True),
        ("write",),
        "yes",
    ),
    Example("Publish a page", Answers(audience="outside", keeps=True), ("export", "write"), "no"),
    Example(
        "Upload to a bucket of a partner",
        Answers(addresses=True, audience="outside", keeps=True),
        ("export", "write"),
        "no",
    ),
    Example("Print a document", Answers(addresses=True, audience="inside"), ("export",), "unknown"),
    Example(
        "Book a meeting, and mail guests outside",
        Answers(addresses=True, audience="outside", keeps=True),
        ("export", "write"),
        "no",
    ),
    Example(
        "Book a meeting, and mail guests inside",
        Answers(addresses=True, audience="inside", keeps=True),
        ("export", "write"),
        "no",
    ),
    Example("Set a reminder for oneself", Answers(keeps=True, undone=True), ("write",), "yes"),
    Example("Archive a record", Answers(keeps=True, undone=True), ("write",), "yes"),
    Example("Restore a version", Answers(keeps=True, undone=True), ("write",), "yes"),
    Example("Delete a record for good", Answers(removes=True), ("delete",), "no"),
    Example("Cancel an order for good", Answers(removes=True), ("delete",), "no"),
    Example(
        "Cancel a meeting, and mail its guests",
        Answers(addresses=True, removes=True),
        ("export", "delete"),
        "no",
    ),
    Example("Pay an invoice", Answers(costs=True), ("spend",), "no"),
    Example("Transfer money", Answers(costs=True), ("spend",), "no"),
    Example("Refund a payment", Answers(costs=True), ("spend",), "no"),
    Example(
        "Start a subscription",
        Answers(keeps=True, costs=True),
        ("write", "spend"),
        "no",
    ),
    Example(
        "Place an order that cannot be cancelled",
        Answers(keeps=True, costs=True),
        ("write", "spend"),
        "no",
    ),
    Example(
        "Change the account that a payee is paid to",
        Answers(addresses=True, keeps=True, undone=True),
        ("export", "write"),
        "yes",
    ),
    Example("Merge a pull request", Answers(keeps=True), ("write",), "no"),
    Example("Run a build", Answers(runs=True), ("execute",), "no"),
    Example("Run a statement of SQL", Answers(returns=True, runs=True), ("read", "execute"), "no"),
    Example("Run a shell command", Answers(returns=True, runs=True), ("read", "execute"), "no"),
    Example(
        "Invite a member by mail",
        Answers(addresses=True, rights=True),
        ("export", "administer"),
        "no",
    ),
    Example(
        "Change the role of a member", Answers(rights=True, undone=True), ("administer",), "yes"
    ),
    Example(
        "Have events posted to a URL (webhook)",
        Answers(addresses=True, audience="outside", rights=True),
        ("export", "administer"),
        "no",
    ),
    Example(
        "Ask another agent to do something",
        Answers(returns=True, delegates=True),
        ("read", "delegate"),
        "unknown",
    ),
)
"""Kinds of tools that most registries have."""
