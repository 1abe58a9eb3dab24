"""The access request: what a person is shown before a call may run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from .leaves import argument_leaves
from .question import Count, Effect, Name, Origin, Reason, Role, Sequenced


class StoredWrite(BaseModel):
    """A permitted call that may have written to a store that the call in question runs from.

    Attributes:
        decision: The decision that permitted it, as in the evidence log. Empty for a result that
            an adapter reported.
        tool: The name of the tool.
        store: Where it writes to; `*` for any store.
        resource_type, resource_id: What it was called on; empty where the decision is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    decision: str
    tool: str
    store: str
    resource_type: str
    resource_id: str


class AccessRequest(BaseModel):
    """The request to a person to approve one call.

    It is complete: a person approves only what they have seen. It holds the values of the
    arguments, so store it only where those may be stored. Its `repr` shows none of them.

    Attributes:
        id: The decision that asked; an approval names it as its `nonce`.
        task, tenant, subject, agent, intent: In which task, for whom, by whom and to what end.
        tool, effects, reversible: What is to be done, as the tool registry says it.
        resource_type, resource_id, resource_properties: To what, and what the program says of it.
        label, environment: How sensitive the policy takes that to be, and where it lives.
        arguments: All of the canonical arguments: what the tool is going to get.
        origins: Where each came from, by JSON Pointer; what is not named came from nowhere
            that is known.
        roles: What the arguments with a role are, by JSON Pointer.
        writes: Of a call that executes, the latest 64 calls of the session that may have written
            what it runs, as far as this guard has permitted them.
        reasons: Why a person is asked, with words and remedy, and pointers to what it is about.
        digest: Stands for all of the call that is shown here, in an approval of this very call.
        audience: Whom an approval is for.
        four_eyes: Whether the subject may not approve it alone.
        plan: Whether an approval of the task's plan would do.
        until: When nobody waits for the answer any more, in Unix seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Name
    task: Name
    tenant: Name
    subject: Name
    agent: Name
    intent: Name
    tool: Name
    effects: Sequenced[Effect]
    reversible: Literal["yes", "no", "unknown"]
    resource_type: Name
    resource_id: str
    resource_properties: dict[str, JsonValue]
    label: str
    environment: str
    arguments: dict[str, JsonValue]
    origins: dict[str, Origin]
    roles: dict[str, Role]
    writes: Sequenced[StoredWrite] = ()
    reasons: Sequenced[Reason]
    digest: str
    audience: Sequenced[str]
    four_eyes: bool
    plan: bool
    until: Count

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the reasons."""
        return tuple(reason.code for reason in self.reasons)

    @property
    def irreversible(self) -> bool:
        """Whether it cannot be undone, as far as anybody knows."""
        return self.reversible != "yes"

    @property
    def recipient(self) -> str:
        """The one recipient of the call; empty where it has none, or several."""
        found = {self.value(at) for at, role in self.roles.items() if role == "recipient"}
        one = found.pop() if len(found) == 1 else ""
        return one if isinstance(one, str) else ""

    def leaves(self) -> dict[str, Any]:
        """Every value of the arguments by its JSON Pointer."""
        return {pointer: value for pointer, _, value in argument_leaves(self.arguments)}

    def value(self, pointer: str) -> Any:
        """The value at a JSON Pointer; None where nothing is."""
        return self.leaves().get(pointer)

    def __repr__(self) -> str:
        return f"AccessRequest({self.id!r}, tool={self.tool!r}, codes={self.codes!r})"

    __str__ = __repr__
