"""CrewAI agents whose every tool call is judged."""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from crewai import Agent
from crewai.agents.agent_executor import AgentExecutor
from crewai.utilities.agent_utils import get_tool_names, render_text_description_and_args
from pydantic import Field, field_serializer, model_validator

from inbounds.errors import ConfigurationError, TaskMissing
from inbounds.integrations._adapter.conversation import join_messages
from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.requirements import require_authorization, require_named_once
from inbounds.integrations._adapter.server_text import observe
from inbounds.pep.tool import GuardedTool
from inbounds.process.threads import run_in_thread

from .authorization import Authorization
from .executor import GuardedExecutor, shown_of
from .history import join_context, see_output
from .preflight import UNSEEN, out_of_reach, require_none_hosted, require_none_unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSEEN = {
    **UNSEEN,
    "a2a": "runs in another process",
    "allow_code_execution": "runs code of the model's",
}
"""Options of an agent that act without a tool call, each with the reason why that is so."""

_brought: ContextVar[list[Any] | None] = ContextVar("inbounds_brought", default=None)
"""The tools of servers and apps for the run without a crew that is being prepared."""


def create_guarded_agent(
    *, authorization: Authorization, tools: Sequence[Any] = (), **options: Any
) -> Any:
    """Return a `crewai.Agent` whose every tool call is judged.

    Args:
        authorization: Judges each call.
        tools: As for `crewai.Agent`, or guarded tools; their functions run under the permits of
            these calls.
        options: As for `crewai.Agent`.

    Raises:
        ConfigurationError: An option or a tool could act without being judged, see
            `Authorization.reachable`; or `configuration.tool_named_twice`: two tools have one name.
    """
    require_authorization(authorization, Authorization)
    own = [authorization.reachable(each) if _is_guarded(each) else each for each in tools]
    return GuardedAgent(authorization=authorization, tools=own, **options)


def _is_guarded(tool: Any) -> bool:
    return isinstance(tool, GuardedTool)


class GuardedAgent(Agent):  # type: ignore[misc]  # not there for mypy
    """An agent that runs every tool through a tool proxy, wherever the tool comes from."""

    authorization: Any = Field(repr=False)

    @field_serializer("authorization", when_used="json")
    def _not_written(self, _: Any) -> None:
        """Leave the authorization out of checkpoints."""

    @model_validator(mode="before")
    @classmethod
    def _with_own_loop(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        # Before the framework reads it.
        require_none_unseen(data, _UNSEEN)
        brought = data.get("executor_class")
        known = (None, AgentExecutor, GuardedExecutor)
        if brought not in known and brought not in (AgentExecutor.__name__, "GuardedExecutor"):
            raise out_of_reach(str(brought), "is a loop of its own")
        return {**data, "executor_class": GuardedExecutor}

    @model_validator(mode="after")
    def _require_reach(self) -> GuardedAgent:
        if not isinstance(self.authorization, Authorization):
            raise ConfigurationError(
                "an agent is guarded by an authorization, and has none",
                code="configuration.order",
                hint="make it by `create_guarded_agent`",
            )
        self._require_seen()
        own = [self.authorization.reachable(each) for each in self.tools or ()]
        require_named_once(each.registered for each in own)
        return self

    def _require_seen(self) -> None:
        # Reading a deprecated one as an attribute would warn.
        require_none_unseen(vars(self), _UNSEEN)
        require_none_hosted(self)

    def _use_trained_data(self, task_prompt: str) -> str:
        """Leave the prompt as it is: no call has read what a file in the working folder adds."""
        return task_prompt

    _training_handler = _use_trained_data

    def set_cache_handler(self, cache_handler: Any) -> None:
        """Ignore the cache: a result belongs to one run, and each call is judged."""
        super().set_cache_handler(cache_handler)
        self.cache_handler = None
        self.tools_handler.cache = None

    def get_mcp_tools(self, mcps: Any) -> list[Any]:
        """Return the tools of MCP servers; for a run without a crew, they are none of the agent.

        There the framework would add them to the agent's own tools, in every run again.
        """
        return _for_run(super().get_mcp_tools(mcps))

    def get_platform_tools(self, apps: Any) -> list[Any]:
        """Return the tools of apps, as `get_mcp_tools`."""
        return _for_run(super().get_platform_tools(apps))

    def _add_skill_loader_tool(self, tools: Any, task: Any = None) -> list[Any]:
        """Replace every tool of a run by its proxy; the framework calls this last.

        Raises:
            DecisionUnavailable: As `server_text.observe`: the model is not asked.
        """
        self._require_seen()
        self.tools_handler.cache = None
        own = [*tools, *(_brought.get() or ())]
        every = super()._add_skill_loader_tool(own, task=task)
        judged = [self.authorization.judged(each) for each in every]
        require_named_once(each.registered for each in judged)
        listed = {each.registered: each.descriptor for each in shown_of(judged)}
        observe(None, {name: each for name, each in listed.items() if each is not None})
        return judged

    def execute_task(self, task: Any, context: str | None = None, tools: Any = None) -> Any:
        """Work on a task, as `Agent.execute_task`; an unseen context counts as a stranger's.

        Raises:
            InboundsError: It could not be made part of the session of the task.
        """
        join_context(context)
        result = super().execute_task(task, context, tools)
        see_output(result)
        return result

    async def aexecute_task(self, task: Any, context: str | None = None, tools: Any = None) -> Any:
        """Async twin of `execute_task`; the event loop never waits for the session store."""
        await run_in_thread(join_context, context)
        result = await super().aexecute_task(task, context, tools)
        see_output(result)
        return result

    def create_agent_executor(self, tools: Any = None, task: Any = None) -> None:
        """Create the executor of a task, as `Agent.create_agent_executor`."""
        super().create_agent_executor(tools, task)
        executor = self.agent_executor
        if not isinstance(executor, GuardedExecutor):
            raise out_of_reach(type(executor).__name__, "is a loop of its own")
        executor.tools_names, executor.tools_description = _told(executor)

    def _prepare_kickoff(self, messages: Any, *args: Any, **options: Any) -> Any:
        with suppress(TaskMissing):  # then no call runs
            join_messages(task_of(None), messages)
        token = _brought.set([])
        try:
            prepared = super()._prepare_kickoff(messages, *args, **options)
        finally:
            _brought.reset(token)
        executor, inputs, about, parsed = prepared
        if type(executor) is AgentExecutor:
            # For an agent that is started without a crew, the framework requests no class.
            executor.__class__ = GuardedExecutor
        if not isinstance(executor, GuardedExecutor):
            raise out_of_reach(type(executor).__name__, "is a loop of its own")
        executor.tools_names, executor.tools_description = _told(executor)
        shown = {"tool_names": executor.tools_names, "tools": executor.tools_description}
        return executor, {**inputs, **shown}, about, parsed


def _for_run(tools: list[Any]) -> list[Any]:
    run = _brought.get()
    if run is None:
        return tools
    run += tools
    return []


def _told(executor: Any) -> tuple[str, str]:
    """Return the descriptions of the tools that the model reads, where it calls them in text."""
    shown = {id(each) for each in shown_of(executor.original_tools)}
    parsed = [each for each in executor.tools if id(each._original_tool) in shown]  # noqa: SLF001
    return get_tool_names(parsed), render_text_description_and_args(parsed)
