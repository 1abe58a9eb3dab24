"""What judges the calls of a crew's agents."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from crewai.tools.base_tool import BaseTool, Tool
from crewai.utilities.string_utils import sanitize_tool_name
from pydantic import create_model

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.requirements import guard_of, resources_of
from inbounds.pep.tool import GuardedTool

from .preflight import out_of_reach, require_reachable
from .tool import JudgedTool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Guard
    from inbounds.pep.tool import ResourceOf


class Authorization:
    """Judges every call of a tool.

    The task is the one of the `with` block that the crew, or the agent, is kicked off in.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        resources: What a call of any other tool touches, by the tool's name: a function that
            takes the tool's arguments, by name, as `resource=` of `Guard.tool`. A tool of the
            framework's own goes by the name that a model calls it by, as
            `delegate_work_to_coworker`.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is given something else than it takes.
    """

    def __init__(self, guard: Guard, *, resources: Mapping[str, ResourceOf] | None = None) -> None:
        self._guard = guard_of(guard)
        self._resources = resources_of(resources)

    def reachable(self, tool: Any) -> Any:
        """Return a tool as a guarded agent, or a task of one, has it: one that runs under a permit.

        Args:
            tool: A tool of the framework, or a guarded one.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: it holds an agent that is not
                guarded, or is not one of the framework's; `configuration.tool_guarded_twice`;
                `configuration.tool_unknown`: nobody says what it touches.
        """
        judged = self.judged(tool)
        if judged.registered not in self._known:
            raise ConfigurationError(
                f"nothing says what `{judged.registered}` touches",
                code="configuration.tool_unknown",
                hint="name it in `resources=`, or guard its function with `guard.tool`",
            )
        return judged

    def judged(self, tool: Any) -> Any:
        """Return a tool that runs under a permit alone, also one of which nobody says anything.

        What an agent is brought while it runs is of this kind: the policy refuses what no
        registry knows.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`;
                `configuration.tool_guarded_twice`.
        """
        guarded = isinstance(tool, GuardedTool)
        if guarded:
            tool = _unguarded(tool)
        if isinstance(tool, JudgedTool):
            if tool.authorization is not self:
                raise ConfigurationError(
                    f"`{tool.name}` would be judged by another authorization than its agent's",
                    code="configuration.tool_guarded_twice",
                    hint="give a crew's agents and tasks one authorization",
                )
            return tool
        if not isinstance(tool, BaseTool):
            raise out_of_reach(str(getattr(tool, "name", tool)), "is not a tool of CrewAI")
        require_reachable(tool)
        name = tool.name if tool.name in self._known else sanitize_tool_name(tool.name)
        return JudgedTool.of(tool, self, name, self._resources.get(name), guarded=guarded)

    @property
    def _known(self) -> set[str]:
        return {*self._resources, *self._guard.tools}


def _unguarded(tool: GuardedTool[..., Any]) -> Any:
    if tool.generates or tool.generates_async:
        raise out_of_reach(tool.name, "gives its result bit by bit, and a framework takes it whole")
    fields: dict[str, Any] = {}
    for name, each in inspect.signature(tool.function, eval_str=True).parameters.items():
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY):
            raise out_of_reach(tool.name, "takes what a model cannot name")
        kind = Any if each.annotation is each.empty else each.annotation
        fields[name] = (kind, ... if each.default is each.empty else each.default)
    return Tool(
        name=tool.name,
        description=inspect.getdoc(tool.function) or tool.name,
        func=tool.function,
        args_schema=create_model(f"{sanitize_tool_name(tool.name)}_arguments", **fields),
    )
