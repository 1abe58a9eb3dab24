"""One call of a tool of Agent Framework, on its way to the tool and back."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from agent_framework import Content
from pydantic import BaseModel

from inbounds.canonical.arguments import canonical_json, members
from inbounds.errors import ApprovalRequired, ArgumentNotRepresentable, InboundsError
from inbounds.integrations._adapter.call_arguments import CallArguments, with_stated_defaults
from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.outcomes import Key, Outcomes
from inbounds.integrations._adapter.questions import question_of
from inbounds.integrations._adapter.refusals import NotWaited, Rejected, refusal_text, told
from inbounds.integrations._adapter.requirements import resource_for
from inbounds.integrations._adapter.result_obligations import given, given_value, owed
from inbounds.integrations._adapter.running import failed, shown

from .tool_proxy import ENDS, Contents, functions_of, parsed, served_as

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from inbounds.integrations._adapter.running import Running
    from inbounds.pep import Permit
    from inbounds.pep.tool import ResourceOf

    Take = Callable[[Any], Any]

logger = logging.getLogger(__name__)

_CARRIER = "_function_result_carrier"
"""Where the framework keeps what of a server's result is for the program alone."""


MOST_ASKED = 16
"""How often a person is asked about one call, where each yes has nothing signed behind it."""


class Asked(Exception):
    """A person has to be asked first, by the framework's own request."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


class Outcome:
    """What a call has given: content for the model, or the text that it reads instead."""

    def __init__(self, content: Any) -> None:
        self.content = content


class ToolCall:
    """One call of a tool, from the model's wish to its outcome.

    Raises:
        ConfigurationError: `configuration.tool_unknown`: as `resource_for`.
        TaskMissing: The run is within none.
    """

    def __init__(self, context: Any, resources: Mapping[str, ResourceOf]) -> None:
        self._context = context
        self._tool = context.function
        self._name: str = context.function.name
        self._call_id: str = context.metadata.get("call_id") or ""
        self._id: str = context.metadata.get("function_call_occurrence_id") or self._call_id
        self._task = task_of(context.kwargs)
        self._resource = resource_for(
            self._task, self._name, resources.get(self._name), served=bool(served_as(self._tool))
        )
        schema = self._tool.input_model or self._tool.parameters()
        said = context.arguments
        said = members(said) or {} if isinstance(said, BaseModel) else said
        self._call = CallArguments.of(
            schema, with_stated_defaults(schema, said), functions_of(self._tool)
        )
        self._outcomes = Outcomes.of(self._task)
        try:
            self._key = self._named(json.loads(canonical_json(self._call.whole)))
        except ArgumentNotRepresentable:
            self._key = self._named({})  # `permit` refuses it, before anything is remembered of it

    def _named(self, judged: Mapping[str, Any]) -> Key:
        arguments = self._call.stated(judged)
        return _key(self._context.session, self._id, self._name, arguments)

    def outcome(self) -> Outcome | None:
        """Return what the same call has given before; None where it has not run.

        Raises:
            Rejected: A person has refused it.
        """
        result: Outcome | None = self._outcomes.result(self._key)
        return result if self._id else None

    def running(self) -> AbstractContextManager[None]:
        """Hold the call while it is judged and runs. Raises as `Outcomes.running`."""
        return self._outcomes.running(self._key)

    # --- before it runs -------------------------------------------------------------------

    async def permit(self) -> Permit:
        """Ask for the right to run it.

        Raises:
            InboundsError: As `Task.permit`; `NotWaited`.
            Asked: A person has to be asked first.
        """
        try:
            return await self._task.apermit(
                self._name, self._call.whole, resource=self._resource, tool_call_id=self._call_id
            )
        except ApprovalRequired as error:
            raise self._asked(error) from None

    def _asked(self, required: ApprovalRequired) -> Asked:
        request = required.request
        judged = self._call.whole if request is None else dict(request.arguments)
        key = self._named(judged)
        # What is asked are the canonical arguments: refused as such, they stay refused.
        self._outcomes.result(key)
        if self._context.session is None:
            logger.error(
                "`%s` needs a person, and the run cannot wait: give it a session", self._name
            )
            raise NotWaited("the run has no session", code="approval.no_session")
        if len(self._outcomes.waits(key)) >= MOST_ASKED:
            # A rule that says yes by itself would go round for ever.
            raise NotWaited("it was approved again and again, and nobody has signed")
        question = question_of(required, self._name, self._call_id)
        self._outcomes.wait(key, question)
        call = Content.from_function_call(
            self._call_id, self._name, arguments=self._call.stated(judged), id=self._id
        )
        return Asked(
            Content.from_function_approval_request(
                id=self._id, function_call=call, additional_properties=question
            )
        )

    # --- while it runs --------------------------------------------------------------------

    def judge(self, permit: Permit) -> None:
        """Put what was judged, and nothing else, where the tool takes its arguments from.

        Raises:
            Rejected: A person has refused the same call, spelled otherwise.
        """
        permit.defer_start()
        judged = permit.arguments
        self._outcomes.result(self._named(judged))
        self._context.arguments = self._call.stated(judged)

    def failed(self, permit: Permit, running: Running, error: BaseException) -> Exception | None:
        """Record that it raised; return what to tell the model, unless it failed itself."""
        if running.withheld is not None:
            return running.withheld  # its permit is used
        if (unrecorded := failed(permit, error, running.label)) is not None:
            return unrecorded
        own = isinstance(error, Rejected)
        refused = isinstance(error, InboundsError) and error.decision_id == permit.decision.id
        return error if (own or refused) and isinstance(error, Exception) else None

    def shown(self, permit: Permit, error: BaseException) -> BaseException:
        """Return what the framework may let the model read of what a tool raised."""
        return error if isinstance(error, ENDS) else shown(permit, error)

    def finished(self, permit: Permit, running: Running, result: Any) -> Outcome:
        """Record that it has run, and return what the agent may have of its result.

        Raises:
            InboundsError: It has not run, or nobody knows.
        """
        running.require_own(result)
        try:
            if running.withheld is not None:
                raise running.withheld
            take = running.label.taking(permit.finish)
            outcome = Outcome(self._given(permit, result, take))
        except InboundsError as error:
            outcome = Outcome(told(error))
        self._outcomes.ran(self._key, outcome)
        return outcome

    def discharge_early(self, permit: Permit, running: Running) -> None:
        """Discharge what is owed to the result before the framework's spans and logs have it."""
        if not owed(permit):
            return

        def give(result: Any) -> Any:
            made = parsed(self._tool, result)
            try:
                given = self._given(permit, made, running.label.taking(permit.admitted))
            except InboundsError as error:
                running.withheld = error
                given = told(error)
                if isinstance(made, Contents):
                    given = [Content.from_text(given)]
            return Contents(given) if isinstance(made, Contents) else given

        running.give = give

    def _given(self, permit: Permit, result: Any, take: Take) -> Any:
        """Return what the agent may have of a result, in the form that the framework takes."""
        if owed(permit):
            self._context.metadata.pop(_CARRIER, None)
        if not _are_contents(result):
            return given_value(result, permit, take)
        texts = [each.text for each in result if each.type == "text"]
        if len(result) == 1 and texts:
            text = given(texts[0], permit, take)
            # Nothing of what stands beside the text was looked at.
            return [Content.from_text(text)] if owed(permit) else result
        plain = [each.to_dict(exclude={"raw_representation"}) for each in result]
        taken = given(plain, permit, take)
        return [Content.from_dict(each) for each in taken] if owed(permit) else result


def reject(call: Any, run: Mapping[str, Any], session: Any) -> None:
    """Remember that a person has refused a call. Outside of a task there is nobody to do so."""
    if call is None or call.name is None:
        return
    try:
        outcomes = Outcomes.of(task_of(run))
        key = key_of(call, session)
        asked = outcomes.waits(key)
        outcomes.reject(key, asked[-1]["decision_id"] if asked else "")
    except InboundsError:
        return


def rejected(call: Any, run: Mapping[str, Any], session: Any) -> str:
    """Return what a model reads of a call that a person has refused; empty for any other."""
    try:
        Outcomes.of(task_of(run)).result(key_of(call, session))
    except Rejected as error:
        return refusal_text(error)
    except InboundsError:
        return ""
    return ""


def key_of(call: Any, session: Any) -> Key:
    """Name a call as the framework's messages hold it."""
    return _key(session, call.id or call.call_id or "", call.name, call.parse_arguments() or {})


def _key(session: Any, call_id: str, name: str, arguments: Mapping[str, Any]) -> Key:
    # Answers name their calls, so that each call is a step of its own: several may wait.
    where = getattr(session, "session_id", None) or "-"
    return Key(f"{where}/{call_id}", call_id, name, arguments)


def _are_contents(result: Any) -> bool:
    return isinstance(result, list) and all(isinstance(each, Content) for each in result)
