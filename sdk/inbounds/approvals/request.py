"""What a person is asked before a call may run."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from inbounds.canonical import canonical_json
from inbounds.leaves import argument_leaves
from inbounds.models import Count, Effect, Name, Origin, Reason, Role, Sequenced
from inbounds.origins.destinations import effects_of
from inbounds.registry import UNREGISTERED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.models import Decision
    from inbounds.registry import RegistryAnswer
    from inbounds.tasks import Task

_MOST_SHOWN = 2**23
"""How large the JSON of what is shown may be: arguments, and where each leaf was found."""


class AccessRequest(BaseModel):
    """What a person is asked: may this agent make this very call?

    Complete, so that nobody says yes to what he has not seen. It holds the values of the
    arguments: keep it where they may be. Its `repr` shows none.

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


def request_shown(
    task: Task, question: Mapping[str, Any], registered: RegistryAnswer | None
) -> dict[str, Any]:
    """Return all that a person is shown of a call, but for what the policy says of it.

    Args:
        task: The task that the call is made under.
        question: The question as it is put to the policy.
        registered: What the registry says of the tool.
    """
    tool = (registered.tool if registered else None) or UNREGISTERED
    action, resource = question["action"], question["resource"]
    arguments = action["properties"]["arguments"]
    return {
        "task": task.id,
        "tenant": task.session.tenant,
        "subject": task.session.subject,
        "agent": task.request.agent,
        "intent": task.request.intent,
        "tool": action["name"],
        "effects": effects_of(tool, arguments),
        "reversible": tool.reversible,
        "resource_type": resource["type"],
        "resource_id": resource["id"],
        "resource_properties": resource.get("properties", {}),
        "arguments": arguments,
        "origins": action["properties"]["origins"],
        "roles": {
            pointer: tool.arguments[pattern].role
            for pointer, pattern, _ in argument_leaves(arguments)
            if pattern in tool.arguments and tool.arguments[pattern].role != "none"
        },
    }


def serialise_shown(shown: Mapping[str, Any]) -> bytes:
    """Return the bytes whose digest an approval of a call is bound to.

    Raises:
        ArgumentNotRepresentable: The resource has properties that have no JSON form.
    """
    # Of another form than the arguments, so that no arguments have the digest of a request.
    return canonical_json(["request", shown], max_bytes=_MOST_SHOWN)


def access_request(
    decision: Decision,
    shown: Mapping[str, Any],
    digest: str,
    question: Mapping[str, Any],
    until: int,
) -> AccessRequest:
    """Return what a person has to be asked about a call.

    Args:
        decision: The answer to the question; its outcome is `ask`.
        shown: What a person is shown of the call.
        digest: Stands for that.
        question: The question as it was put to the policy.
        until: When nobody waits for the answer any more, in Unix seconds.
    """
    asked = decision.access_request
    return AccessRequest(
        **shown,
        id=decision.id,
        label=_text(asked.get("label")),
        environment=_text(asked.get("environment")),
        reasons=decision.reasons,
        digest=digest,
        audience=_audience(question["context"]["credentials"]["task"]),
        # Where the policy does not say, nobody approves for himself, and no plan will do.
        four_eyes=asked.get("four_eyes") is not False,
        plan=asked.get("plan") is True,
        until=until,
    )


def unverified_claims(token: str) -> dict[str, Any]:
    """What a JWT says of itself; nothing of it is to be believed. Empty where it is none."""
    try:
        part = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (AttributeError, IndexError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""


def _audience(token: str) -> tuple[str, ...]:
    said = unverified_claims(token).get("aud", ())
    listed = [said] if isinstance(said, str) else said
    return tuple(each for each in listed if isinstance(each, str))
