"""One request of a client, on its way to the server's own code and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult
from mcp_types.methods import INPUT_REQUIRED_METHODS
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from inbounds.errors import (
    ApprovalRequired,
    InboundsError,
    ResultWithheld,
)
from inbounds.integrations._adapter.outcomes import Key, Outcomes
from inbounds.integrations._adapter.refusals import NotWaited
from inbounds.integrations._adapter.result_obligations import owed
from inbounds.integrations._adapter.running import ToolFailed, not_the_tools
from inbounds.process.threads import run_in_background, run_in_thread

from .client import NarrowSession
from .refusals import about
from .results import given_of
from .tool_call import ANSWER, ToolCall, bare, bare_meta, is_ours, state_of
from .tool_proxy import InPlace, in_place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from inbounds.integrations._adapter.questions import Questions
    from inbounds.pep import Permit
    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf

_SCHEMA = {
    "type": "object",
    "properties": {
        "approve": {
            "type": "boolean",
            "title": "Approve",
            "description": "Whether it may run, once an approval is signed.",
        }
    },
    "required": ["approve"],
}


class Asks(Exception):
    """A person has to be asked first, and the client can wait: it is told what to bring."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


class Call:
    """One request that is judged.

    Args:
        ctx: The request's context.
        wish: What is asked for.
        task: Which it is within.
        resource: What it touches; None where the guard's own tool says it.
        asked: The latest decision about each call that a client has to bring an answer to.
    """

    def __init__(
        self,
        ctx: Any,
        wish: ToolCall,
        task: Task,
        resource: ResourceOf | None,
        asked: Questions[str],
    ) -> None:
        self._ctx = ctx
        self._wish = wish
        self._task = task
        self._resource = resource
        self._asked = asked
        self._outcomes = Outcomes.of(task)
        # Nothing tells a call from the next of the same: it is known by what it is.
        step = Key("", "", wish.tool, wish.arguments or {}).wish
        self._key = Key(step, "", wish.tool, wish.arguments or {})
        self._name = (task.id, self._key.call)

    # --- before it runs -------------------------------------------------------------------

    async def permit(self) -> Permit:
        """Ask for the right to run it, and a person where the policy says so.

        Raises:
            InboundsError: As `Task.apermit`; `Rejected`, `NotWaited`.
            Asks: The client has to bring a person's answer first.
        """
        self._hear()
        wish = self._wish
        # What is malformed has no arguments: it is refused there, and recorded.
        arguments: Any = wish.arguments
        try:
            return await self._task.apermit(
                wish.tool,
                arguments,
                resource=self._resource,
                tool_call_id=wish.call_id or str(self._ctx.request_id)[:128],
            )
        except ApprovalRequired as error:
            if not self._waits():
                raise
            raise Asks(self._question(error)) from None

    def _hear(self) -> None:
        """Take what the client has brought of a person's answer. A yes lifts nothing by itself."""
        state, answer = self._wish.state, self._wish.answer
        if state is not None:
            if state.get("call") != self._key.call:
                raise NotWaited("the answer is to another call", code="approval.other_call")
            action = answer.get("action") if answer is not None else None
            content = answer.get("content") if answer is not None else None
            approves = isinstance(content, Mapping) and content.get("approve") is True
            if action == "decline" or (action == "accept" and not approves):
                decision = self._asked.find(self._task, self._name) or ""
                self._outcomes.reject(self._key, decision)
            if action != "accept":
                raise NotWaited("nobody has answered yet")
        self._outcomes.result(self._key)

    def _waits(self) -> bool:
        """Whether the client can be asked to come back with an answer."""
        if self._ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS or self._wish.others:
            return False
        if self._wish.method not in INPUT_REQUIRED_METHODS or self._ctx.method != self._wish.method:
            return False
        can = self._ctx.session.client_capabilities
        elicits = getattr(can, "elicitation", None)
        # One that names no form of it means forms.
        return elicits is not None and (elicits.form is not None or elicits.url is None)

    def _question(self, required: ApprovalRequired) -> InputRequiredResult:
        said = about(required)
        self._asked.ask(self._task, self._name, required.decision_id)
        message = (
            f"`{self._wish.tool}` needs a person's approval [{required.code}], "
            f"request {said['inbounds/request_id']}."
        )
        asked = ElicitRequestFormParams(
            message=message,
            requested_schema=_SCHEMA,
            _meta={**said, "inbounds/tool": self._wish.tool},
        )
        return InputRequiredResult(
            input_requests={ANSWER: ElicitRequest(params=asked)},
            request_state=state_of(self._key.call, required.decision_id),
            _meta=said,
        )

    # --- while it runs --------------------------------------------------------------------

    async def answer(
        self,
        permit: Permit,
        call_next: Callable[[Any], Awaitable[Any]],
        *,
        asks: Collection[str],
        watched: bool,
    ) -> Mapping[str, Any]:
        """Let the server answer what was judged, and return what the client may have of it.

        Args:
            permit: Of the request.
            call_next: The rest of the server.
            asks: What the server may ask of its client meanwhile.
            watched: Whether something stands in the handler's place.

        Raises:
            InboundsError: It has not run, or its answer may not be given.
            Raised: What the server's own code has raised.
        """
        place = InPlace(self._wish, permit)
        arguments = permit.arguments
        if watched:
            permit.defer_start()
        else:
            try:
                await run_in_thread(permit.compare, arguments)
            except asyncio.CancelledError as error:
                run_in_background(permit.fail, error)
                raise
        params = self._wish.params(arguments, bare_meta(self._ctx.params))
        if asks:
            params |= self._wish.others
        meta = self._ctx.meta
        token = ((self._ctx.params or {}).get("_meta") or {}).get("progressToken")
        ctx = replace(
            self._ctx,
            params=params,
            meta=meta and bare(meta),
            session=NarrowSession(self._ctx.session, permit, asks, token),
        )
        held = in_place.set(place if watched else None)
        try:
            with permit.tool_run.active():
                said = await call_next(ctx)
        except BaseException as error:
            refusal = await run_in_thread(_failed, permit, place, error)
            if refusal is None:
                raise Raised(error) from error
            raise refusal from None
        finally:
            in_place.reset(held)
        if place.refusal is not None:
            # A layer in between has made an answer of it.
            await run_in_thread(permit.fail, place.refusal)
            raise place.refusal
        if watched and not place.begun:
            raise not_the_tools(
                permit, "a layer between permit and handler has answered in its place"
            )
        return await run_in_thread(self._finished, permit, place, said, asks)

    def _finished(
        self, permit: Permit, place: InPlace, said: Any, asks: Collection[str]
    ) -> Mapping[str, Any]:
        try:
            answer = plain(said)
            if answer.get("resultType") == "input_required":
                return _asked_back(answer, permit, asks)
            if not answer.get("isError"):
                return given_of(
                    self._wish.method, answer, permit, place.label.taking(permit.finish)
                )
            given = given_of(self._wish.method, answer, permit, place.label.taking(permit.admitted))
            permit.fail(ToolFailed())
        except InboundsError:
            raise
        except Exception as error:  # noqa: BLE001 -- an answer may be of any shape
            with contextlib.suppress(InboundsError):  # it may have been said already
                permit.fail(error)
            raise _withheld(permit, "it is not an answer that the protocol knows") from None
        return given


class Raised(Exception):
    """What the server's own code raised, on its way past what answers for this adapter's faults."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def plain(said: Any) -> dict[str, Any]:
    """Return an answer as it stands on the wire.

    Raises:
        TypeError: It is of another type.
    """
    if isinstance(said, BaseModel):
        return said.model_dump(by_alias=True, mode="json", exclude_none=True)
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        raise TypeError(f"an answer must not be of type {type(said).__name__}")
    return dict(said)


def _failed(permit: Permit, place: InPlace, error: BaseException) -> Exception | None:
    """Record that it raised; return what the client is told, unless the server's own word."""
    stops = not isinstance(error, Exception)
    try:
        if place.refusal is not None:
            permit.fail(place.refusal)
            return place.refusal
        told = isinstance(error, MCPError) and not owed(permit)
        if told and isinstance(error, MCPError):
            # The model may read it: what it holds comes from the server.
            take = place.label.taking(permit.admitted)
            take({"message": error.message, "data": error.data})
        permit.fail(error)
    except InboundsError as unrecorded:
        # What stops the request stops it all the same; the task takes no more calls either way.
        return None if stops else unrecorded
    if stops or not isinstance(error, MCPError) or told:
        return None
    return _withheld(permit, "it has failed, and something is owed to what it says")


def _asked_back(
    answer: Mapping[str, Any], permit: Permit, asks: Collection[str]
) -> Mapping[str, Any]:
    requests = answer.get("inputRequests") or {}
    state = answer.get("requestState")
    named = bool(asks) and all(each.get("method") in asks for each in requests.values())
    if not named or owed(permit) or is_ours(requests, state):
        permit.fail(ToolFailed())
        raise _withheld(permit, "the server asks its client for more than it may")
    permit.finish({"requests": requests, "state": state})
    kept = ("resultType", "inputRequests", "requestState")
    return {name: answer[name] for name in kept if name in answer}


def _withheld(permit: Permit, why: str) -> ResultWithheld:
    return ResultWithheld(why, decision_id=permit.decision.id)
