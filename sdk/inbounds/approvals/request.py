"""What a person is asked before a call may run."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from inbounds.models import Count, Effect, Name, Origin, Reason, Role, Sequenced
from inbounds.registry import UNREGISTERED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inbounds.models import Decision
    from inbounds.registry import RegistryAnswer
    from inbounds.tasks import Task


class AccessRequest(BaseModel):
    """What a person is asked: may this agent make this very call?

    Complete, so that nobody says yes to what he has not seen. It holds the values of the
    arguments: keep it where they may be. Its `repr` shows none.

    Attributes:
        id: The decision that asked; an approval names it as its `nonce`.
        task, tenant, subject, agent, intent: In which task, for whom, by whom and to what end.
        tool, effects, reversible: What is to be done, as the tool registry says it.
        resource_type, resource_id: To what.
        arguments: All of the canonical arguments: what the tool is going to get.
        origins: Where each came from, by JSON Pointer; what is not named came from nowhere
            that is known.
        roles: What the arguments with a role are, by JSON Pointer.
        reasons: Why a person is asked, with words and remedy, and pointers to what it is about.
        digest: Stands for the arguments in an approval.
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
        return {pointer: value for pointer, _, value in _leaves(self.arguments)}

    def value(self, pointer: str) -> Any:
        """The value at a JSON Pointer; None where nothing is."""
        return self.leaves().get(pointer)

    def __repr__(self) -> str:
        return f"AccessRequest({self.id!r}, tool={self.tool!r}, codes={self.codes!r})"

    __str__ = __repr__


def access_request(
    decision: Decision, task: Task, question: Mapping[str, Any], registered: RegistryAnswer | None
) -> AccessRequest:
    """Say what a person has to be asked, of a question that was answered so.

    Args:
        decision: The answer; its outcome is `ask`.
        task: The task that the call is made under.
        question: The question as it was put to the policy.
        registered: What the registry says of the tool.
    """
    tool = (registered.tool if registered else None) or UNREGISTERED
    action, resource = question["action"], question["resource"]
    properties = action["properties"]
    asked = decision.access_request
    return AccessRequest(
        id=decision.id,
        task=task.id,
        tenant=task.session.tenant,
        subject=task.session.subject,
        agent=task.request.agent,
        intent=task.request.intent,
        tool=action["name"],
        effects=tuple(tool.effects),
        reversible=tool.reversible,
        resource_type=resource["type"],
        resource_id=resource["id"],
        arguments=properties["arguments"],
        origins=properties["origins"],
        roles={
            pointer: tool.arguments[pattern].role
            for pointer, pattern, _ in _leaves(properties["arguments"])
            if pattern in tool.arguments and tool.arguments[pattern].role != "none"
        },
        reasons=decision.reasons,
        digest=properties["digest"],
        audience=_audience(question["context"]["credentials"]["task"]),
        # Where the policy does not say, nobody approves for himself, and no plan will do.
        four_eyes=asked.get("four_eyes") is not False,
        plan=asked.get("plan") is True,
        until=task.authority.deadline,
    )


def unverified_claims(token: str) -> dict[str, Any]:
    """What a JWT says of itself; nothing of it is to be believed. Empty where it is none."""
    try:
        part = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (AttributeError, IndexError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _audience(token: str) -> tuple[str, ...]:
    said = unverified_claims(token).get("aud", ())
    listed = [said] if isinstance(said, str) else said
    return tuple(each for each in listed if isinstance(each, str))


def _leaves(value: Any, pointer: str = "", pattern: str = "") -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            step = key.replace("~", "~0").replace("/", "~1")
            yield from _leaves(inner, f"{pointer}/{step}", f"{pattern}/{step.replace('*', '~2')}")
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{pointer}/{place}", f"{pattern}/*")
    elif pointer:
        yield pointer, pattern, value
