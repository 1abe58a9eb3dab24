"""One call of a tool of LangGraph, on its way to the tool and back."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langchain_core.messages import ToolMessage
from langchain_core.tools import Tool
from langgraph.errors import GraphBubbleUp

# Exactly what a ToolNode puts in itself, whatever a model says, is not judged.
from langgraph.prebuilt.tool_node import _get_all_injected_args
from langgraph.types import interrupt

from inbounds.errors import (
    ApprovalRequired,
    DecisionUnavailable,
    InboundsError,
)
from inbounds.integrations._adapter.call_arguments import (
    CallArguments,
    is_model,
    with_stated_defaults,
)
from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.outcomes import Key, Outcomes
from inbounds.integrations._adapter.questions import question_of
from inbounds.integrations._adapter.refusals import NotWaited, told
from inbounds.integrations._adapter.result_obligations import KeptLabel, given, owed
from inbounds.integrations._adapter.running import ToolFailed, not_the_tools, shown, trace_words
from inbounds.integrations._adapter.validated import validate

from .history import Thread, messages_around
from .preflight import named
from .tool_proxy import InPlace, contents_of, functions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from inbounds.pep import Permit
    from inbounds.pep.tool import ResourceOf

logger = logging.getLogger(__name__)

_PAUSE = 0.01
"""How many seconds lie between two looks at the other calls of a node."""


class ToolCall:
    """One call of a tool, from the model's wish to its outcome.

    Args:
        request: The node's.
        resources: As `AuthorizationMiddleware`.
        messages_key: Where the node reads its messages; None where nobody says.

    Attributes:
        thread: The conversation that it is a part of, which is joined first.
    """

    def __init__(
        self, request: Any, resources: Mapping[str, ResourceOf], messages_key: str | None = None
    ) -> None:
        said, runtime = request.tool_call, request.runtime
        self._request = request
        self._id: str = said.get("id") or ""
        self._name: str = said["name"]
        if request.tool is not None and named(request.tool) != self._name:
            raise DecisionUnavailable(
                "a layer has put another tool in the place of the one that is called",
                code="permit.other_tool",
            )
        self._task = task_of(getattr(runtime, "context", None))
        self._resource = resources.get(self._name)
        self._hidden = _injected(request.tool)
        given = {name: value for name, value in said["args"].items() if name not in self._hidden}
        self._call = _completed(request.tool, given, self._hidden)
        config: Mapping[str, Any] = getattr(runtime, "config", None) or {}
        self._run: Mapping[str, Any] = config.get("configurable") or {}
        self._outcomes = Outcomes.of(self._task)
        step = str(self._run.get("checkpoint_ns") or "")
        self._key = Key(step, self._id, self._name, self._call.whole)
        self._in_place: InPlace | None = None
        messages = messages_around(request.state, self._id, messages_key)
        self.thread = Thread(self._task, self._run, messages, self._id)

    def outcome(self) -> Any:
        """Return what the same call has given before the run went on; None where it has not run.

        Raises:
            Rejected: A person has refused it.
        """
        if not self._outcomes.seen(self._key):
            # What another process, or another task, has asked is not known here.
            for answer in _answers(self._run):
                if _names(answer, self._id) and _type(answer) == "reject":
                    self._outcomes.reject(self._key, "")
        result = self._outcomes.result(self._key)
        # Without an id, or outside of a graph, nothing tells a call from the next of the same.
        return result if self._id and self._key.step else None

    def running(self) -> AbstractContextManager[None]:
        """Hold the call while it is judged and runs. Raises as `Outcomes.running`."""
        return self._outcomes.running(self._key)

    # --- before it runs -------------------------------------------------------------------

    def permit(self) -> Permit:
        """Ask for the right to run it, and a person where the policy says so.

        Raises:
            InboundsError: As `Task.permit`; `Rejected`, `NotWaited`.
            GraphInterrupt: A person has to be asked first; it goes on when that is answered.
        """
        self._hear_again()
        while True:
            try:
                return self._task.permit(self._name, self._call.whole, **self._about())
            except ApprovalRequired as error:
                self._ask(self._question(error))

    async def apermit(self) -> Permit:
        """Async twin of `permit`."""
        self._hear_again()
        while True:
            try:
                return await self._task.apermit(self._name, self._call.whole, **self._about())
            except ApprovalRequired as error:
                question = self._question(error)
                # The node abandons its other calls where one interrupts it; the threads of a
                # node that is not async it waits for.
                while not self._outcomes.alone(self._key):  # noqa: ASYNC110 -- others end them
                    await asyncio.sleep(_PAUSE)
                self._ask(question)

    def _about(self) -> dict[str, Any]:
        return {"resource": self._resource, "tool_call_id": self._id}

    def _hear_again(self) -> None:
        """Take the answers to what was asked of a person before, in the order of asking."""
        for question in self._outcomes.waits(self._key):
            self._ask(question)

    def _question(self, required: ApprovalRequired) -> dict[str, str]:
        """Return what a person is asked, if the run can wait for the answer."""
        if not self._run.get("__pregel_checkpointer"):
            logger.error(
                "`%s` needs a person, and the graph cannot wait: compile it with a checkpointer",
                self._name,
            )
            raise NotWaited("the graph has no checkpointer", code="approval.no_checkpointer")
        question = question_of(required, self._name, self._id)
        if not self._outcomes.wait(self._key, question):
            raise required
        return question

    def _ask(self, question: Mapping[str, str]) -> None:
        """Interrupt the run until a person has answered; when it goes on, take the answer."""
        answer = interrupt(dict(question))
        if not _names(answer, self._id):
            raise NotWaited("the answer is to another call", code="approval.other_call")
        if _type(answer) != "approve":
            self._outcomes.reject(self._key, question["decision_id"])

    # --- while it runs --------------------------------------------------------------------

    def judged(self, permit: Permit) -> Any:
        """Return the request for what was judged, and nothing else."""
        permit.defer_start()
        tool = self._request.tool
        if tool is not None:
            self._in_place = InPlace(
                tool,
                permit,
                self._hidden,
                self._call,
                give=functools.partial(self._admitted, permit),
                refusal_message=functools.partial(refusal_message, self._request),
            )
        said = {**self._request.tool_call, "args": permit.arguments}
        return replace(self._request, tool_call=said, tool=self._in_place)

    def failed(self, permit: Permit, error: BaseException) -> Exception | None:
        """Record that it raised; return what to tell the model, unless it failed itself."""
        if self._in_place is not None and self._in_place.withheld is not None:
            return self._in_place.withheld  # its permit is used
        try:
            trace_words(permit, error, None if self._in_place is None else self._in_place.label)
            permit.fail(error)
        except InboundsError as unrecorded:
            # What stops the run stops it all the same; the task takes no more calls either way.
            stops = not isinstance(error, Exception) or isinstance(error, GraphBubbleUp)
            return None if stops else unrecorded
        refused = isinstance(error, InboundsError) and error.decision_id == permit.decision.id
        return error if refused and isinstance(error, Exception) else None

    @staticmethod
    def shown(permit: Permit, error: BaseException) -> BaseException:
        """Return what others may see of what a tool raised: a layer may let the model read it."""
        # One that waits, or moves the graph on, is not a failure.
        return error if isinstance(error, GraphBubbleUp) else shown(permit, error)

    def finished(self, permit: Permit, result: Any) -> Any:
        """Record that it has run, and return what the agent may have of its result."""
        place = self._in_place
        if place is not None and place.refusal is not None:
            # The node has made a message of it.
            permit.fail(place.refusal)
            raise place.refusal
        if place is None or not place.begun:
            return self._past(permit)
        try:
            if place.withheld is not None:
                raise place.withheld
            message = self._given(permit, result, place.label)
        except InboundsError as error:
            message = refusal_message(self._request, error)
        self._outcomes.ran(self._key, message)
        return message

    def _past(self, permit: Permit) -> Any:
        if self._in_place is None:
            permit.cancel()
            raise DecisionUnavailable("there is no such tool", code="tool.unknown")
        raise not_the_tools(permit)

    def _admitted(self, permit: Permit, result: Any) -> Any:
        """Return what the callbacks of the tool may have of a message, while the permit is open."""
        place = self._in_place
        label = KeptLabel() if place is None else place.label
        return self._part(permit, result, label.taking(permit.admitted))

    def _given(self, permit: Permit, result: Any, label: KeptLabel) -> Any:
        if isinstance(result, ToolMessage) and result.status == "error":
            message = self._part(permit, result, label.taking(permit.admitted))
            permit.fail(ToolFailed())
            return message
        return self._part(permit, result, label.taking(permit.finish))

    def _part(self, permit: Permit, result: Any, take: Callable[[Any], Any]) -> Any:
        """Return what the agent may have of a message of a tool, or of what stands in its place."""
        if not isinstance(result, ToolMessage):
            # A command or several messages: looked into where there is nothing to discharge.
            take(result if owed(permit) else contents_of(result))
            return result
        content = given(result.content, permit, take)
        if not owed(permit):
            return result.model_copy(update={"content": content})
        # Nothing of what stands beside the content was looked at.
        return ToolMessage(content, tool_call_id=self._id, name=self._name, status=result.status)


def refusal_message(request: Any, error: BaseException) -> Any:
    """Return what the model reads instead of a result."""
    said = request.tool_call
    return ToolMessage(
        told(error), tool_call_id=said.get("id") or "", name=said["name"], status="error"
    )


def _injected(tool: Any) -> frozenset[str]:
    """Name the arguments that the framework puts in, in place of whatever a model says."""
    if tool is None:
        return frozenset()
    found = _get_all_injected_args(tool)
    own = (name for name in (found.store, found.runtime) if name)
    return frozenset(
        {*found.all_injected_keys, *found.state, *own, *getattr(tool, "_injected_args_keys", ())}
    )


def _completed(tool: Any, arguments: dict[str, Any], hidden: frozenset[str]) -> CallArguments:
    """Return arguments as a tool's schema and its functions make them: that runs, so it is judged.

    What the framework makes of `*args` and `**kwargs` in a schema is not an argument.
    """
    schema = getattr(tool, "args_schema", None)
    stated = with_stated_defaults(schema, arguments, injected={*hidden, "args", "kwargs"})
    if is_model(schema):
        stated = validate(schema, stated, hidden=hidden)
    functions = [] if tool is None else functions_of(tool, hidden)
    if isinstance(tool, Tool):  # it gives its one argument by place
        functions = [(functools.partial(f, *stated.values()), names) for f, names in functions]
    return CallArguments.of(schema, stated, functions)


def _answers(run: Mapping[str, Any]) -> Iterator[object]:
    """Yield what the run was resumed with, and take none of it."""
    pad = run.get("__pregel_scratchpad")
    yield from getattr(pad, "resume", None) or ()
    latest = getattr(pad, "get_null_resume", None)
    if latest is not None and (answer := latest(False)) is not None:
        yield answer


def _type(answer: object) -> object:
    return answer.get("type") if isinstance(answer, Mapping) else None


def _names(answer: object, call_id: str) -> bool:
    """Whether an answer is to this call: it names it, or none."""
    return not isinstance(answer, Mapping) or answer.get("tool_call_id", call_id) == call_id
