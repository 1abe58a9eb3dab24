"""What is judged: a tool that is called, or that a model proposes to call."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.errors import (
    AccessDenied,
    ApprovalRequired,
    ArgumentNotRepresentable,
    DecisionUnavailable,
    InboundsError,
)
from inbounds.integrations._adapter.refusals import refusal_text, told
from inbounds.model.question import Resource
from inbounds.pep.tool import resolve_resource

from .caller import task_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inbounds.model.question import Decision
    from inbounds.pep import Guard
    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf

    from .caller import Caller, TaskOf

logger = logging.getLogger(__name__)

MOST = 64
"""How many calls are put to the policy at once."""

_ODD = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Proposed:
    """One call that a model proposes.

    Attributes:
        name: Of the function, as the model says it.
        arguments: The text of them, or what that was made of; None where they are not JSON.
    """

    name: Any
    arguments: Any


class Proposals:
    """Says of calls whether the policy would let them run.

    Args:
        guard: Whose policy judges.
        find: Says the task of a caller.
        resources: What calls touch, by registered name.
    """

    def __init__(self, guard: Guard, find: TaskOf, resources: Mapping[str, ResourceOf]) -> None:
        self._guard = guard
        self._find = find
        self._resources = dict(resources)

    async def task(self, caller: Caller) -> Task:
        """Return the task of a caller, as `task_of`."""
        return await task_of(self._find, caller)

    def resource(self, name: str) -> ResourceOf | None:
        """Return what says what a call touches; None where the guard's own tool says it.

        Args:
            name: That the tool is registered under.
        """
        said = self._resources.get(name)
        if said is None and name in self._guard.tools:
            return None

        def resource(**arguments: Any) -> Resource:
            if said is not None:
                return resolve_resource(said, name, **arguments)
            return Resource(type="mcp_tool", id=name)

        return resource

    async def shown(self, caller: Caller) -> frozenset[str]:
        """Return the registered names of the tools that a caller's model is shown; or none."""
        try:
            return frozenset((await self.task(caller)).authority.tools)
        except Exception as error:  # noqa: BLE001 -- whatever it is, nothing is shown
            told(error)
            return frozenset()

    def registered(self, name: Any, shown: frozenset[str]) -> str:
        """Return under which name a function is registered: models know no dots.

        Args:
            name: As a model calls it.
            shown: The names that its task holds.

        Returns:
            The one name that reads the same; or its own, which no registry knows.
        """
        said = str(name)
        known = {*shown, *self._resources, *self._guard.tools}
        if said in known:
            return said
        same = [each for each in known if _ODD.sub("_", each) == _ODD.sub("_", said)]
        return same[0] if len(same) == 1 else said

    async def refusals(self, caller: Caller, proposed: Sequence[Proposed]) -> list[str | None]:
        """Say of each proposed call what stands in its place, or None where it may stay.

        Nothing is permitted, spent or recorded by it. A call that needs a person is refused:
        nobody waits in a gateway. So is one whose result something is to be done to: the gateway
        does not see that.
        """
        try:
            task = await self.task(caller)
            shown = frozenset(task.authority.tools)
            found: list[str | None] = []
            for start in range(0, len(proposed), MOST):
                found += await self._refusals(task, shown, proposed[start : start + MOST])
        except Exception as error:  # noqa: BLE001 -- whatever it is, none of them stays
            return [told(error)] * len(proposed)
        return found

    async def _refusals(
        self, task: Task, shown: frozenset[str], proposed: Sequence[Proposed]
    ) -> list[str | None]:
        said: list[str | None] = [None] * len(proposed)
        wishes: dict[int, Any] = {}
        for number, each in enumerate(proposed):
            try:
                arguments = _arguments(each.arguments)
            except InboundsError as error:
                said[number] = refusal_text(error)
                continue
            name = self.registered(each.name, shown)
            resource = self.resource(name)
            wishes[number] = (name, arguments) if resource is None else (name, arguments, resource)
        try:
            decisions: list[Any] = list(await task.aevaluate_all(list(wishes.values())))
        except InboundsError:
            # One that cannot be judged does not make the others refused.
            decisions = [await _alone(task, wish) for wish in wishes.values()]
        for number, decision in zip(wishes, decisions, strict=True):
            said[number] = _refusal(decision)
        return said


def _arguments(said: Any) -> dict[str, Any]:
    """Return the arguments of a call by name.

    Raises:
        ArgumentNotRepresentable: They are not JSON, JSON that two readers could read differently,
            or no object.
    """
    if isinstance(said, str):
        try:
            said = strict_json(said.encode("utf-8", "surrogatepass") or b"{}")
        except NotStrictJson:
            said = None
    if not isinstance(said, dict):
        raise ArgumentNotRepresentable("the arguments of a proposed call must be a JSON object")
    return said


async def _alone(task: Task, wish: Any) -> Decision | InboundsError:
    name, arguments, *resource = wish
    try:
        return await task.aevaluate(name, arguments, resource=resource[0] if resource else None)
    except InboundsError as error:
        return error


def _refusal(decision: Decision | InboundsError) -> str | None:
    if isinstance(decision, InboundsError):
        return told(decision)
    if decision.outcome == "ask":
        return refusal_text(ApprovalRequired(decision))
    if not decision.allowed:
        return refusal_text(AccessDenied(decision))
    if decision.obligations:
        error = DecisionUnavailable(
            "the policy wants something done that a gateway cannot do for others",
            code="obligation.not_here",
            hint="let the tool run behind an MCP server of the gateway, or under a guard",
            decision_id=decision.id,
        )
        return refusal_text(error)
    return None
