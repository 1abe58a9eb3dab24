"""The plugin that judges every call of a tool."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from google.adk.agents.readonly_context import ReadonlyContext
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools._forwarding_artifact_service import ForwardingArtifactService
from google.genai import types

from inbounds.errors import ApprovalRequired, InboundsError, TaskMissing
from inbounds.integrations._adapter.current_task import shown_tools, task_of
from inbounds.integrations._adapter.outcomes import Key, Outcomes
from inbounds.integrations._adapter.questions import Questions, request_id
from inbounds.integrations._adapter.refusals import NotWaited
from inbounds.integrations._adapter.requirements import guard_of, resource_for, resources_of
from inbounds.integrations._adapter.running import not_the_tools
from inbounds.integrations._adapter.server_text import aobserve
from inbounds.process.threads import run_in_thread

from .history import join_before_call, join_before_run, require_awaited
from .preflight import (
    agents,
    out_of_reach,
    require_all_declare,
    require_alone,
    require_declared_once,
    require_declares,
    require_judged,
    require_none_hosted,
    require_none_in_settings,
    require_reachable,
    steers,
)
from .questions import Question
from .server_text import descriptor, server_text
from .tool_proxy import install_proxy, refusal, store_permit, take_permit, with_defaults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Guard
    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf

_CONFIRMATION = "adk_request_confirmation"


class AuthorizationPlugin(BasePlugin):  # type: ignore[misc]  # not there for mypy
    """Judges every call of a tool, for all agents of a runner.

    `guarded_app` puts it where it belongs, and refuses what it cannot reach. The task is the one
    of the run's `TaskRunConfig`, or else the one of the `with` block that the run is in.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        resources: What a call of any other tool touches, by the tool's name: a function that
            takes the tool's arguments, by name, as `resource=` of `Guard.tool`.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is given something else than it takes.
    """

    def __init__(self, guard: Guard, *, resources: Mapping[str, ResourceOf] | None = None) -> None:
        super().__init__(name="inbounds")
        self._guard = guard_of(guard)
        self._resources = resources_of(resources)
        self._questions: Questions[Question] = Questions()

    def require_reachable(self, root_agent: Any) -> None:
        """Refuse an agent some of whose calls could not be judged here, or of an agent it reaches.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: a tool runs elsewhere, or runs
                tools of its own; `configuration.tool_guarded_twice`;
                `configuration.tool_unknown`: nobody says what it touches;
                `configuration.tool_named_twice`: two tools of an agent have one name.
        """
        for agent in agents(root_agent):
            require_reachable(agent, self._knows, self)

    # --- before the run and the model -----------------------------------------------------

    async def on_user_message_callback(self, *, invocation_context: Any, user_message: Any) -> None:
        """Refuse a message with the response to a call that the run does not wait for.

        Raises:
            DecisionUnavailable: `permit.missing`: it has one.
        """
        require_awaited(invocation_context.session, user_message)

    async def before_run_callback(self, *, invocation_context: Any) -> None:
        """Look at the agents once more, to which tools may have come; and join the session."""
        # Once more: the message may be another plugin's.
        require_awaited(invocation_context.session, invocation_context.user_content)
        if invocation_context.live_request_queue is not None:
            name = invocation_context.agent.name
            raise out_of_reach(name, "runs live, where what a tool gives is streamed")
        root = getattr(invocation_context.agent, "root_agent", invocation_context.agent)
        self.require_reachable(root)
        await join_before_run(invocation_context)

    async def before_agent_callback(self, *, agent: Any, callback_context: Any) -> None:
        """Look at an agent that nobody may have known of when the run began, and at its tools."""
        require_reachable(agent, self._knows, self)
        await require_all_declare(agent, callback_context)

    async def before_model_callback(self, *, callback_context: Any, llm_request: Any) -> None:
        """Show the model the tools of the task alone. Hiding one is not what stops it.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: one runs at the provider;
                `configuration.tool_named_twice`: two have one name.
            DecisionUnavailable: As `server_text.observe`: the model is not asked.
        """
        require_none_hosted(llm_request.config.tools)
        for tool in llm_request.tools_dict.values():
            require_declares(tool)
        agent = callback_context.get_invocation_context().agent
        require_none_in_settings(llm_request.config, getattr(agent, "canonical_model", None))
        require_declared_once(llm_request.config.tools)
        allowed = shown_tools(callback_context.run_config)

        def shown(name: str) -> bool:
            return name in allowed or steers(llm_request.tools_dict.get(name))

        kept = [
            types.Tool(function_declarations=said)
            for tool in llm_request.config.tools or ()
            if (said := [each for each in tool.function_declarations or () if shown(each.name)])
        ]
        llm_request.config.tools = kept
        tools = {n: tool for n, tool in llm_request.tools_dict.items() if n in allowed}
        await aobserve(callback_context.run_config, *server_text(agent, tools, llm_request))

    # --- a call ---------------------------------------------------------------------------

    async def before_tool_callback(
        self, *, tool: Any, tool_args: dict[str, Any], tool_context: Any
    ) -> dict[str, Any] | None:
        """Let the tool run if the policy allows this call; else say in its response why not."""
        if steers(tool):
            return None
        try:
            require_judged(tool, self)
            await require_alone(tool, tool_context)
            install_proxy(tool)
            return await self._judge(tool, with_defaults(tool, tool_args), tool_context)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return refusal(tool.name, error)

    async def _judge(
        self, tool: Any, arguments: dict[str, Any], context: Any
    ) -> dict[str, Any] | None:
        task = task_of(context.run_config)
        await join_before_call(context)
        call_id = context.function_call_id or ""
        key = Key(str(context.session.id), call_id, tool.name, arguments)
        outcomes = Outcomes.of(task)
        confirmation = context.tool_confirmation
        if confirmation is not None and not confirmation.confirmed:
            asked = self._questions.find(task, call_id)
            mine = asked is not None and asked.task == task.id
            outcomes.reject(key, asked.decision_id if asked and mine else "")
        outcomes.result(key)
        if confirmation is None and await self._waits_for_author(tool, arguments, context, task):
            return None
        try:
            permit = await task.apermit(
                tool.name,
                arguments,
                resource=self._resource(tool, task),
                tool_call_id=call_id,
            )
        except ApprovalRequired as required:
            return self._ask(tool, context, task, required)
        store_permit(context, permit, tool, arguments)
        return None

    def _resource(self, tool: Any, task: Task) -> ResourceOf | None:
        served = descriptor(tool) is not None
        return resource_for(task, tool.name, self._resources.get(tool.name), served=served)

    async def _waits_for_author(
        self, tool: Any, arguments: dict[str, Any], context: Any, task: Task
    ) -> bool:
        """Whether ADK asks a person next, as the tool's author wants; not for what is refused."""
        if await tool.check_require_confirmation(arguments, context) is not True:
            return False
        try:
            decision = await task.aevaluate(
                tool.name, arguments, resource=self._resource(tool, task)
            )
        except InboundsError:
            return False  # the permit is refused for the same, and recorded
        return decision.outcome != "deny"

    def _ask(
        self, tool: Any, context: Any, task: Task, required: ApprovalRequired
    ) -> dict[str, Any]:
        """Ask for a confirmation, if the run can wait for one; say that it has not run."""
        run = context.get_invocation_context()
        if isinstance(run.artifact_service, ForwardingArtifactService):
            raise NotWaited("an agent as a tool keeps no session to go on with")
        call_id = context.function_call_id or ""
        question = Question(
            tool=tool.name,
            call_id=call_id,
            task=task.id,
            code=required.code,
            decision_id=required.decision_id,
            request_id=request_id(required),
            again=context.tool_confirmation is not None,
        )
        self._questions.ask(task, call_id, question)
        context.request_confirmation(hint=required.code, payload=question.payload())
        context.actions.skip_summarization = True
        return refusal(tool.name, required)

    async def after_tool_callback(
        self, *, tool: Any, tool_context: Any, **_: Any
    ) -> dict[str, Any] | None:
        """Refuse a result that is not the tool's own: nobody has compared what has run."""
        permit = take_permit(tool_context)
        if permit is None:
            return None
        error = not_the_tools(permit, "something has answered in the tool's place")
        return refusal(tool.name, error)

    async def on_tool_error_callback(self, *, tool_context: Any, **_: Any) -> None:
        """Record that a call has not run whose tool was not reached."""
        permit = take_permit(tool_context)
        if permit is not None:
            await run_in_thread(permit.cancel)

    # --- what is asked again --------------------------------------------------------------

    async def on_event_callback(self, *, invocation_context: Any, event: Any) -> Any:
        """Ask a person again, where a confirmation was not an approval: ADK itself asks once."""
        requested = (event.actions and event.actions.requested_tool_confirmations) or {}
        again = [each for each in requested if self._asks_again(invocation_context, each)]
        calls = {
            call.id: call
            for each in invocation_context.session.events
            for call in each.get_function_calls()
            if call.id in again and call.name != _CONFIRMATION
        }
        if not calls:
            return None
        parts = [
            types.Part(
                function_call=types.FunctionCall(
                    id=f"adk-{uuid.uuid4()}",
                    name=_CONFIRMATION,
                    args={
                        "originalFunctionCall": call.model_dump(exclude_none=True, by_alias=True),
                        "toolConfirmation": requested[name].model_dump(
                            by_alias=True, exclude_none=True
                        ),
                    },
                )
            )
            for name, call in calls.items()
        ]
        content = types.Content(
            role=event.content.role, parts=[*(event.content.parts or ()), *parts]
        )
        waiting = {part.function_call.id for part in parts} | (event.long_running_tool_ids or set())
        return event.model_copy(update={"content": content, "long_running_tool_ids": waiting})

    def _asks_again(self, run: Any, call_id: str) -> bool:
        """Whether a call is asked about again; said once."""
        try:
            task = task_of(run.run_config)
        except TaskMissing:
            return False
        asked = self._questions.find(task, call_id)
        if asked is None or not asked.again:
            return False
        self._questions.ask(task, call_id, replace(asked, again=False))
        return True

    def _knows(self, name: str) -> bool:
        return name in self._resources or name in self._guard.tools


def is_guarded(run: Any) -> bool:
    """Whether the calls of a runner's agents, or of those of one invocation, are judged."""
    if isinstance(run, ReadonlyContext):
        run = run._invocation_context  # noqa: SLF001 -- what a node runs within has no other name
    return any(isinstance(each, AuthorizationPlugin) for each in run.plugin_manager.plugins)
