"""What runs a tool where no call of it can be judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agent_framework import BaseAgent, FunctionTool, SupportsAgentRun, Workflow

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.closures import held
from inbounds.pep.tool import GuardedTool

from .tool_proxy import own_function

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def require_reachable(tool: Any, known: Collection[str] | None = None) -> None:
    """Refuse a tool whose calls cannot be judged.

    Args:
        tool: As a model is shown it: of an MCP server, one of its functions.
        known: The tools of which somebody says what they touch; None where that is not asked.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: it runs elsewhere, or is an agent
            that is not guarded; `configuration.tool_guarded_twice`;
            `configuration.tool_unknown`: nobody says what it touches.
    """
    if not isinstance(tool, FunctionTool):
        raise out_of_reach(named(tool), "runs at the provider")
    if tool.declaration_only:
        raise out_of_reach(tool.name, "runs outside of the agent")
    function = own_function(tool)
    if isinstance(function, GuardedTool):
        raise ConfigurationError(
            f"`{tool.name}` would be judged twice: its function is guarded itself",
            code="configuration.tool_guarded_twice",
            hint="give the agent the guarded function, without making a tool of it",
        )
    for each in held(function):
        agent = isinstance(each, BaseAgent | Workflow)
        if agent and not is_guarded(each):
            raise out_of_reach(tool.name, "is an agent whose own tools are not judged")
    if known is not None and tool.name not in known:
        raise ConfigurationError(
            f"nothing says what `{tool.name}` touches",
            code="configuration.tool_unknown",
            hint="name it in `resources=`, or guard its function with `guard.tool`",
        )


def require_all_reachable(tools: Iterable[Any]) -> None:
    """Refuse tools of a request of which one cannot be judged. Raises as `require_reachable`."""
    for tool in tools:
        require_reachable(tool)


def is_guarded(agent: Any) -> bool:
    """Whether the calls of an agent are judged."""
    from .middleware import AroundCall

    if not isinstance(agent, SupportsAgentRun):
        return False
    return any(isinstance(each, AroundCall) for each in getattr(agent, "middleware", None) or ())


def named(tool: Any) -> str:
    """Return a name for a tool of any kind."""
    if isinstance(tool, Mapping):
        return str(tool.get("name") or tool.get("type") or "?")
    return str(getattr(tool, "name", None) or type(tool).__name__)


def out_of_reach(name: str, why: str) -> ConfigurationError:
    """Return the refusal of what cannot be judged."""
    return ConfigurationError(
        f"calls of `{name}` cannot be judged: it {why}",
        code="configuration.tool_out_of_reach",
        hint="give the agent a tool that runs here; agents by `create_guarded_agent`",
    )
