"""The loop of a guarded agent."""

from __future__ import annotations

from typing import Any

from crewai.agents.agent_executor import AgentExecutor
from crewai.utilities.agent_utils import extract_tool_call_info

from inbounds.integrations._adapter.current_task import shown_tools

from .preflight import require_judged
from .tool import JudgedTool, called_as


class GuardedExecutor(AgentExecutor):  # type: ignore[misc]  # not there for mypy
    """Runs tools that are judged, and no others; and shows a model those of the task."""

    @classmethod
    def flow_definition(cls) -> Any:
        """Return the steps of the framework's own loop, which a subclass has none of by itself."""
        return AgentExecutor.flow_definition()

    def _check_native_tool_support(self) -> bool:
        """Look at all tools, before the first model call."""
        self._require_judged()
        return bool(super()._check_native_tool_support())

    def _setup_native_tools(self) -> None:
        super()._setup_native_tools()
        shown = {id(each) for each in shown_of(self.original_tools)}
        named = self._tool_name_mapping
        self._openai_tools[:] = [
            each for each in self._openai_tools if id(named[each["function"]["name"]]) in shown
        ]

    def _execute_single_native_tool_call(self, tool_call: Any) -> Any:
        self._require_judged()
        info = extract_tool_call_info(tool_call)
        with called_as(str(info[0]) if info else ""):
            return super()._execute_single_native_tool_call(tool_call)

    def _require_judged(self) -> None:
        require_judged(self.original_tools)
        require_judged(getattr(each, "_original_tool", None) for each in self.tools)


def shown_of(tools: Any) -> list[Any]:
    """Return the tools that a model is shown. Hiding one is not what stops it."""
    allowed = shown_tools(None)
    return [
        each for each in tools if not isinstance(each, JudgedTool) or each.registered in allowed
    ]
