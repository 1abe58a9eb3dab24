"""The two records of one decision, and how they are written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import to_json

Text = Annotated[str, Field(max_length=4096)]
Texts = Annotated[tuple[Text, ...], Field(max_length=10_000)]


def _nanoseconds(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


Nanoseconds = Annotated[int, BeforeValidator(_nanoseconds), Field(ge=0)]
"""Since 1970-01-01T00:00:00Z. Written as a string: JSON numbers end at 2^53 (RFC 7493 §2.2)."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Granted(_Record):
    """What the task's authority held when the decision was made."""

    tools: Texts = ()
    effects: Texts = ()


class Decided(_Record):
    """One decision, as it was before anything ran.

    Attributes:
        decision_id: The PEP's id; `Executed` bears the same.
        at: When.
        task, sid, tenant, subject, agent, intent: In what, for whom, by whom and to what end.
        actors: The delegates of the task, the last first; empty if it was not delegated.
        tool, effects: What was to be done; the effects are the registry's.
        resource_type, resource_digest: To what; an HMAC stands for its id.
        digest: HMAC of the judged arguments.
        outcome: What was decided; `unavailable` where nothing was.
        codes: The codes of the reasons, the first is *the* code.
        pointers: JSON Pointers into the arguments that the reasons name.
        obligations: The types of what had to be done.
        approvals: By which approvals it was allowed: the id of each, and who gave it.
        leases: The handles of the leases that it touched: that it used, or that it was about.
        policy, deployment: Revisions of what answered.
        engine, engine_id: Which PDP answered, and its own id of the evaluation.
        pep: The id of the PEP.
        trace_id, span_id: Hex, as in W3C trace context; "" without tracing.
        granted: The task's authority.
    """

    decision_id: Annotated[str, Field(min_length=8, max_length=64)]
    at: Nanoseconds
    task: Text
    sid: Text
    tenant: Text
    subject: Text
    agent: Text
    actors: Texts = ()
    intent: Text = ""
    tool: Text
    effects: Texts = ()
    resource_type: Text
    resource_digest: Text
    digest: Text
    outcome: Literal["allow", "deny", "ask", "unavailable"]
    codes: Texts = ()
    pointers: Texts = ()
    obligations: Texts = ()
    approvals: Texts = ()
    leases: Texts = ()
    policy: Text = ""
    deployment: Text = ""
    engine: Text = ""
    engine_id: Text = ""
    pep: Text = ""
    trace_id: Text = ""
    span_id: Text = ""
    granted: Granted = Granted()


class Executed(_Record):
    """What became of an allowed action.

    Attributes:
        decision_id: The id of its `Decided`.
        at: When that was known.
        executed: Whether it ran.
        status: How it ended; `withheld`: it ran, and its result was not given.
        error_type: The class of what the tool raised, or "". Never its message.
    """

    decision_id: Annotated[str, Field(min_length=8, max_length=64)]
    at: Nanoseconds
    executed: Literal["yes", "no", "unknown"]
    status: Literal["ok", "error", "withheld", "cancelled", "unknown"]
    error_type: Text = ""


OWN = ", who asked for it"
"""What stands after an approver who is nobody but the requester."""


def approved(entry: Mapping[str, Any]) -> str:
    """How a record names an approval that the policy counted: whose it is, and if one's own."""
    own = OWN if entry.get("self") is not False else ""
    return f"{entry.get('id', '?')} by {entry.get('subject', '?')}{own}"


Record = Decided | Executed
Kind = Literal["decided.v1", "executed.v1"]


def kind(record: Record) -> Kind:
    """What a record is called where it is written down."""
    return "decided.v1" if isinstance(record, Decided) else "executed.v1"


def canonical(value: dict[str, Any]) -> bytes:
    """RFC 8785 JSON of what records consist of.

    That is text, lists of it, and whole numbers below 2^53, under ASCII names: for these
    pydantic's serialiser writes the same bytes once the names are sorted, at a fraction of the
    time of a library that knows floats and sorts by UTF-16.

    Raises:
        PydanticSerializationError: A lone surrogate, which has no UTF-8.
    """
    return to_json(_in_order(value))


def _in_order(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _in_order(part) if type(part) is dict else part
        for name, part in sorted(value.items())
    }


def body(record: Record, *, seq: int, prev: str) -> bytes:
    """A record as it is written down: its fields, its kind, and its place in the chain."""
    fields = record.model_dump()
    fields.update(kind=kind(record), at=str(record.at), seq=seq, prev=prev)
    return canonical(fields)


def record_name(name: str) -> str:
    """Return a name as it may stand in records and spans: printable, short enough, not empty."""
    if name.isprintable():
        return name[:256] or "?"
    text = name.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:256]
