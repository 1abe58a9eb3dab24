"""One call of a tool of Pydantic AI, on its way to the tool and back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pydantic_ai import ToolReturn
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.exceptions import ApprovalRequired as Paused
from pydantic_ai.exceptions import CallDeferred, ModelRetry, SkipToolExecution, ToolFailed
from pydantic_ai.messages import ModelRequest, ModelResponse, UserPromptPart

from inbounds.errors import (
    ApprovalRequired,
    ArgumentNotRepresentable,
    InboundsError,
    ResultWithheld,
)
from inbounds.integrations._adapter.call_arguments import is_same
from inbounds.integrations._adapter.conversation import ajoin
from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.outcomes import Key, Outcomes
from inbounds.integrations._adapter.questions import question_of
from inbounds.integrations._adapter.refusals import NotWaited, Rejected, refusal_text, told
from inbounds.integrations._adapter.requirements import resource_for
from inbounds.integrations._adapter.result_obligations import given, given_value, owed, plain
from inbounds.integrations._adapter.running import shown, trace_words

from .preflight import out_of_reach, waits
from .toolsets import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from inbounds.integrations._adapter.running import Running
    from inbounds.pep import Permit
    from inbounds.pep.tool import ResourceOf

logger = logging.getLogger(__name__)

_INSTRUCTIONS = frozenset(
    {
        "system-prompt",
        "instruction-baseline",
        "instruction-delta",
        "tool-availability-delta",
        "model-settings-delta",
    }
)
"""The kinds of parts by which the program and the framework instruct a model."""


class Outcome:
    """What a call has given: a result, or why there is none."""

    def __init__(self, result: Any = None, refusal: str = "") -> None:
        self._result = result
        self._refusal = refusal

    def given(self) -> Any:
        """Return the result, or raise what the model reads instead."""
        if self._refusal:
            raise ToolFailed(self._refusal)
        return self._result


class ToolCall:
    """One call of a tool, from the model's wish to its outcome.

    Attributes:
        mark: Of the tool that the call is judged for.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: a layer runs it by itself;
            `configuration.tool_unknown`: as `resource_for`.
        ArgumentNotRepresentable: An argument cannot be judged.
        TaskMissing: The run is within none.
    """

    mark: Mark

    def __init__(
        self,
        name: str,
        arguments: dict[str, Any],
        ctx: Any,
        tool: Any,
        resources: Mapping[str, ResourceOf],
    ) -> None:
        if not isinstance(tool.args_validator, Mark):
            raise out_of_reach(name, "is run by a layer and no toolset")
        self.mark = tool.args_validator
        self._name = name
        self._call = self.mark.completed(arguments, tool.tool_def.parameters_json_schema)
        self._ctx = ctx
        self._id = ctx.tool_call_id or ""
        self._task = task_of(ctx.deps)
        served = self.mark.descriptor is not None
        self._resource = resource_for(self._task, name, resources.get(name), served=served)
        self._outcomes = Outcomes.of(self._task)
        self._key = _key(ctx, self._id, name, arguments)

    def outcome(self) -> Outcome | None:
        """Return what the same call has given before; None where it has not run.

        Raises:
            Rejected: A person has refused it.
        """
        result: Outcome | None = self._outcomes.result(self._key)
        # Without an id, nothing tells a call from the next of the same.
        return result if self._id else None

    async def join(self) -> None:
        """Make the conversation of the run part of the session of the task. As `Task.join`."""
        await join_conversation(self._ctx)

    def running(self) -> AbstractContextManager[None]:
        """Hold the call while it is judged and runs. Raises as `Outcomes.running`."""
        return self._outcomes.running(self._key)

    # --- before it runs -------------------------------------------------------------------

    async def permit(self) -> Permit:
        """Ask for the right to run it.

        Raises:
            InboundsError: As `Task.permit`; `NotWaited`.
            pydantic_ai.exceptions.ApprovalRequired: A person has to be asked first.
        """
        try:
            return await self._task.apermit(
                self._name, self._call.whole, resource=self._resource, tool_call_id=self._id
            )
        except ApprovalRequired as error:
            raise Paused(self._question(error)) from None

    def _question(self, required: ApprovalRequired) -> dict[str, str]:
        """Return what a person is asked, if the run can wait for the answer."""
        if not waits(self._ctx.agent) and not _answers(self._ctx.root_capability):
            logger.error(
                "`%s` needs a person, and the run cannot wait: add `DeferredToolRequests` to the"
                " output types of the agent",
                self._name,
            )
            raise NotWaited("the run has no way to wait", code="approval.no_deferred_requests")
        question = question_of(required, self._name, self._id)
        self._outcomes.wait(self._key, question)
        return question

    # --- while it runs --------------------------------------------------------------------

    def judged(self, permit: Permit) -> dict[str, Any]:
        """Return the arguments that were judged, of the types that the tool takes, and no others.

        Raises:
            ArgumentNotRepresentable: `argument.does_not_fit`: the tool takes something else.
        """
        permit.defer_start()
        judged = self._call.stated(permit.arguments)
        if permit.arguments == self._call.whole:
            return judged
        try:
            typed = self.mark.again(judged, self._ctx.validation_context)
            same = is_same(typed, judged)
        except (ValueError, TypeError):
            same = False
        if not same:
            raise ArgumentNotRepresentable(
                f"the arguments do not fit `{self._name}`: it does not take the judged arguments",
                code="argument.does_not_fit",
                hint="let its validators leave as it is what is in canonical form",
                decision_id=permit.decision.id,
            )
        return typed

    def failed(self, permit: Permit, running: Running, error: BaseException) -> Exception | None:
        """Record that it raised; return what to tell the model, unless it failed itself."""
        read: Exception | None = None
        try:
            if (text := _words(error)) is not None:
                # The model reads them as it would a result.
                text = given(text, permit, permit.admitted)
                read = ModelRetry(text) if isinstance(error, ModelRetry) else ToolFailed(text)
            else:
                trace_words(permit, error)
            permit.fail(error)
        except InboundsError as unrecorded:
            # What stops the run stops it all the same; the task takes no more calls either way.
            return unrecorded if isinstance(error, Exception) else None
        if read is not None:
            return read
        if isinstance(error, CallDeferred | SkipToolExecution):
            return ResultWithheld(
                "its result comes past what may be given of it",
                code="result.deferred",
                executed="yes" if running.begun else "no",
                decision_id=permit.decision.id,
            )
        refused = isinstance(error, InboundsError) and error.decision_id == permit.decision.id
        return error if refused and isinstance(error, Exception) else None

    @staticmethod
    def shown(permit: Permit, error: BaseException) -> BaseException:
        """Return what others may see of what a tool raised: a layer may let the model read it."""
        # One that waits for a person, who is asked by the tool itself, is not a failure.
        return error if isinstance(error, Paused) else shown(permit, error)

    def finished(self, permit: Permit, running: Running, result: Any) -> Outcome:
        """Record that it has run, and return what the agent may have of its result.

        Raises:
            InboundsError: It has not run, or nobody knows.
        """
        parts = [result]
        if isinstance(result, ToolReturn):
            parts = [result.return_value, result.content, result.metadata]
        running.require_own(*parts)
        try:
            outcome = Outcome(_given(permit, result))
        except InboundsError as error:
            outcome = Outcome(refusal=told(error))
        self._outcomes.ran(self._key, outcome)
        return outcome


async def join_conversation(ctx: Any) -> None:
    """Make the conversation of a run part of the session of its task.

    Raises:
        TaskMissing: The run is within none.
        InboundsError: As `Task.join`.
    """
    await ajoin(task_of(ctx.deps), ctx.conversation_id, lambda: _history(ctx))


def _history(ctx: Any) -> Iterator[Any]:
    """What a run was given: all messages, but for its own parts."""
    latest = ctx.messages[-1:]  # about to be sent as the first of this run, and not told so yet
    own = [each for each in ctx.messages if each.run_id == ctx.run_id]
    own += [each for each in latest if isinstance(each, ModelRequest) and each.run_id is None]
    known, calls = {id(each) for each in own}, _ids(own)
    for message in ctx.messages:
        if id(message) not in known:
            # One without any part is a message as well.
            yield from message.parts or [message.parts]
        elif isinstance(message, ModelRequest):
            # Requests are merged, and taken from the history where there is no prompt.
            yield from (each for each in message.parts if not _is_own(ctx, each, calls))


def _ids(messages: Sequence[Any]) -> set[str]:
    answers = [each for each in messages if isinstance(each, ModelResponse)]
    return {call.tool_call_id for each in answers for call in each.tool_calls}


def _is_own(ctx: Any, part: Any, calls: set[str]) -> bool:
    """Whether a part of a request is the prompt of the run, or of a call that it has made."""
    if isinstance(part, UserPromptPart):
        return bool(part.content == ctx.prompt)
    return getattr(part, "tool_call_id", None) in calls or part.part_kind in _INSTRUCTIONS


def _words(error: BaseException) -> str | None:
    """Return the words of an error that the framework lets a model read; None for any other."""
    if isinstance(error, ToolFailed | ModelRetry):
        return str(error.message)
    part = getattr(error, "tool_failed", None) or getattr(error, "tool_retry", None)
    return None if part is None else str(part.content)


def reject(ctx: Any, call_id: str) -> str:
    """Remember that a person has refused a call, and return what the model reads of it.

    Raises:
        TaskMissing: The run is within no task.
    """
    outcomes = Outcomes.of(task_of(ctx.deps))
    _, said = _said(ctx, call_id)
    key = _key(ctx, call_id, said.tool_name if said else "", {})
    try:
        asked = outcomes.waits(key)
        outcomes.reject(key, asked[-1]["decision_id"] if asked else "")
    except Rejected as error:
        return refusal_text(error)


def _given(permit: Permit, result: Any) -> Any:
    """Return what the agent may have of a result."""
    if not isinstance(result, ToolReturn):
        return given_value(result, permit, permit.finish)
    if not owed(permit):
        # All that a model gets to read of it is traced.
        permit.finish(plain([result.return_value, result.content]))
        return result
    # What else it holds is left out wherever something is.
    return ToolReturn(return_value=given_value(result.return_value, permit, permit.finish))


def _answers(capability: Any) -> bool:
    """Whether some capability answers for a person while the run goes on."""
    found: list[Any] = []
    capability.apply(found.append)
    own = AbstractCapability.handle_deferred_tool_calls
    return any(type(each).handle_deferred_tool_calls is not own for each in found)


def _key(ctx: Any, call_id: str, name: str, arguments: Mapping[str, Any]) -> Key:
    """Name a call by the response that it stands in, and by what the model itself has said."""
    response, said = _said(ctx, call_id)
    wish = said.args_as_dict() if said else dict(arguments)
    # Answers name their calls, so that each call is a step of its own: several may wait.
    return Key(f"{response}/{call_id}", call_id, name, wish)


def _said(ctx: Any, call_id: str) -> tuple[str, Any]:
    """Find a call among a run's messages; and name the response that it stands in."""
    for message in reversed(ctx.messages):
        for part in message.tool_calls if isinstance(message, ModelResponse) else ():
            if call_id and part.tool_call_id == call_id:
                return f"{ctx.conversation_id}/{message.timestamp.isoformat()}", part
    return f"{ctx.conversation_id}/{ctx.run_id}", None
