"""What stands in the place of a tool that runs in this process, and what it makes of its result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from inbounds.errors import DecisionUnavailable, InboundsError, ResultWithheld
from inbounds.integrations._adapter.refusals import told
from inbounds.integrations._adapter.result_obligations import given, given_value, unlabelled
from inbounds.integrations._adapter.running import Running, ToolFailed, failed, shown
from inbounds.pep.tool_errors import raise_alone
from inbounds.process.threads import run_in_background, run_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inbounds.pep import Permit

    from .session import Session

called: ContextVar[str] = ContextVar("inbounds_call", default="")
"""The id of the call that is on its way to a tool."""


@dataclass(slots=True)
class Expected:
    """A permitted call whose tool has not taken its permit.

    Attributes:
        permit: Of the call.
        judged: What was judged, as the framework has it.
        session: The id of the session that it belongs to.
        agent: The id of the agent within that has asked for it; empty for the session's own.
        place: Stands for the tool, where it runs in this process; else None.
    """

    permit: Permit
    judged: Mapping[str, Any]
    session: str
    agent: str
    place: InPlace | None
    running: Running = field(init=False)

    def __post_init__(self) -> None:
        self.running = Running(self.permit, self.place)


class InPlace:
    """Stands in a tool's place, and lets it run with the judged arguments alone.

    Args:
        name: The name that the registry has for the tool.
        shown: The name that its server lists it by.
        defaults: What it adds to the arguments itself.
        run: Runs it, with the arguments.
        blocks: Whether it returns blocks of content; else a value of which text is made.
    """

    def __init__(
        self,
        name: str,
        shown: str,
        *,
        defaults: Mapping[str, Any],
        run: Callable[[dict[str, Any]], Awaitable[Any]],
        blocks: bool,
    ) -> None:
        self.name = name
        self.shown = shown
        self._defaults = defaults
        self._runs = run
        self._blocks = blocks

    def whole(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Add what the tool itself would add: it runs as well, and so it is judged."""
        return {**self._defaults, **arguments}

    async def run(self, session: Session | None, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run the tool, if there is a permit for this call; else return why not.

        Args:
            session: Which session has called it; None where nothing judges.
            arguments: As the handler of an `SdkMcpTool` has them.
        """
        expected = session.take(called.get(), self) if session is not None else None
        if expected is None:
            unjudged = DecisionUnavailable("nothing has judged this call", code="permit.missing")
            return refusal(self.name, unjudged)
        permit = expected.permit
        try:
            judged = permit.arguments
            # The permit has the canonical arguments: what they were made of is still the same, or
            # else what there is now has to be the same.
            now = self.whole(arguments)
            same = text_of(now) == text_of(expected.judged)
            await run_in_thread(expected.running.begin, self, judged if same else now)
        except asyncio.CancelledError as error:
            run_in_background(permit.fail, error)
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return refusal(self.name, error)
        try:
            with permit.tool_run.active():
                result = await self._runs(judged)
        except BaseException as error:
            unrecorded = await run_in_thread(failed, permit, error)
            if unrecorded is not None:
                return refusal(self.name, unrecorded)
            if isinstance(error, InboundsError):
                # Of a call that the tool itself has asked for, the model reads no more either.
                return refusal(self.name, error)
            if (seen := shown(permit, error)) is not error:
                # The SDK makes a result of it.
                raise_alone(seen)
            raise
        try:
            return await run_in_thread(self._given, expected, result)
        except InboundsError as error:
            return refusal(self.name, error)

    def _given(self, expected: Expected, result: Any) -> dict[str, Any]:
        """Record that it has run, and return what the agent may have of its result."""
        permit = expected.permit
        expected.running.require_own(result)
        if not self._blocks:
            return _said(given_value(result, permit, permit.finish))
        bare, _ = unlabelled(result, permit, permit.finish)
        if not isinstance(bare, Mapping):
            permit.fail(ToolFailed())
            raise ResultWithheld(
                "the tool returned no mapping with `content`",
                code="result.not_plain",
                decision_id=permit.decision.id,
            )
        fails = bool(bare.get("is_error"))
        _, take = unlabelled(result, permit, permit.admitted if fails else permit.finish)
        taken = given(bare.get("content", []), permit, take)
        if fails:
            permit.fail(ToolFailed())
        content = {"content": taken} if isinstance(taken, list) else _said(taken)
        return {**content, "is_error": fails}


def refusal(tool: str, error: BaseException) -> dict[str, Any]:
    """Return the result that the model reads instead of the tool's."""
    return {**_said(told(error, tool)), "is_error": True}


def text_of(arguments: Mapping[str, Any]) -> str:
    """Return what tells arguments from others."""
    return json.dumps(arguments, sort_keys=True, default=repr)


def _said(value: Any) -> dict[str, Any]:
    """Return a result of the text that a value is, or is made of."""
    if not isinstance(value, str):
        value = json.dumps(to_jsonable_python(value, fallback=str), ensure_ascii=False)
    return {"content": [{"type": "text", "text": value}]}
