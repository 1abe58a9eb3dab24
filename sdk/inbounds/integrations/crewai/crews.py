"""Crews of agents each of whose calls is judged."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from crewai import Crew, Process
from pydantic import model_validator

from inbounds.errors import TaskMissing
from inbounds.integrations._adapter.conversation import join_messages
from inbounds.integrations._adapter.current_task import task_of

from .preflight import (
    UNSEEN,
    out_of_reach,
    require_guarded,
    require_none_hosted,
    require_none_unseen,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def create_guarded_crew(agents: Sequence[Any], tasks: Sequence[Any], **options: Any) -> Any:
    """Make a `crewai.Crew` of guarded agents.

    Args:
        agents: Each by `create_guarded_agent`.
        tasks: As there. Their own tools are judged like an agent's.
        options: As there. `manager_agent` is a guarded agent too.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: an agent of it is not guarded, or
            it has knowledge or a memory; or a tool of a task is refused as an agent's is.
    """
    return GuardedCrew(agents=list(agents), tasks=list(tasks), **options)


class GuardedCrew(Crew):  # type: ignore[misc]  # not there for mypy
    """A crew that has guarded agents alone."""

    @model_validator(mode="before")
    @classmethod
    def _require_seen(cls, data: Any) -> Any:
        """Look before the framework makes anything of it."""
        if isinstance(data, dict):
            require_none_unseen(data, UNSEEN)
        return data

    @model_validator(mode="after")
    def _require_reach(self) -> GuardedCrew:
        manager = [self.manager_agent] if self.manager_agent is not None else []
        if self.process == Process.hierarchical and not manager:
            raise out_of_reach("manager_llm", "makes a manager of the framework's own")
        of_tasks = [task.agent for task in self.tasks if task.agent is not None]
        for agent in (*self.agents, *manager, *of_tasks):
            require_guarded(agent, "the crew")
        require_none_hosted(self)
        for task in self.tasks:
            agent = task.agent or self.manager_agent
            for tool in task.tools or ():
                if agent is not None:
                    agent.authorization.reachable(tool)
        return self

    def replay(self, task_id: str, inputs: dict[str, Any] | None = None) -> Any:
        """Go on from a task, as `Crew.replay`: what those before it have given nobody has seen.

        Raises:
            InboundsError: It could not be made part of the session of the task.
        """
        with suppress(TaskMissing):  # then no call runs
            stored = [each["output"]["raw"] for each in self._task_output_handler.load() or ()]
            said = [{"role": "assistant", "content": each} for each in stored]
            join_messages(task_of(None), said)
        return super().replay(task_id, inputs)

    def _prepare_tools(self, agent: Any, task: Any, tools: Any) -> Any:
        """Look at the agent once more, before it is given its tools."""
        require_guarded(agent, "the crew")
        require_none_unseen(vars(self), UNSEEN)
        require_none_hosted(self)
        return super()._prepare_tools(agent, task, tools)
