"""Agents each of whose calls is judged."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from agent_framework import Agent, FunctionInvocationLayer, FunctionTool, normalize_tools

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.requirements import require_authorization, require_named_once
from inbounds.pep.tool import GuardedTool

from .middleware import AroundCall, AuthorizationMiddleware
from .preflight import out_of_reach
from .run_input import InputRecorder

if TYPE_CHECKING:
    from collections.abc import Sequence


def create_guarded_agent(
    client: Any,
    tools: Sequence[Any] = (),
    *,
    authorization: AuthorizationMiddleware,
    middleware: Sequence[Any] = (),
    **options: Any,
) -> Any:
    """Make an `agent_framework.Agent` each of whose calls is judged.

    Its tools are copies that run under a permit alone.

    Args:
        client: As there; one that has the framework run the tools.
        tools: As there; and guarded tools, whose functions run under the permits asked for here.
        authorization: Judges. It is put innermost, after all other middleware.
        middleware: As there, without `authorization`.
        options: As there.

    Raises:
        ConfigurationError: Something in it could run a tool that is not judged, see
            `AuthorizationMiddleware`; `configuration.tool_named_twice`: two tools have one name;
            or `configuration.order`: an authorization stands among the middleware.
    """
    require_authorization(authorization, AuthorizationMiddleware)
    if any(isinstance(each, AuthorizationMiddleware | AroundCall) for each in middleware):
        raise ConfigurationError(
            "an authorization stands among the middleware, where others may come after it",
            code="configuration.order",
            hint="leave it out there: `authorization=` is put last",
        )
    if not isinstance(client, FunctionInvocationLayer):
        raise out_of_reach(type(client).__name__, "runs the tools by itself")
    own = [_tool(each) for each in tools]
    brought = options.pop("default_options", None) or {}
    reached = [authorization.reachable(each) for each in normalize_tools([*own, *_tools(brought)])]
    require_named_once(each.name for each in reached if isinstance(each, FunctionTool))
    authorization.reachable_beside(client)
    recorder = InputRecorder(options.get("context_providers") or ())
    rest = {name: value for name, value in brought.items() if name != "tools"}
    return Agent(
        client,
        tools=reached,
        middleware=[recorder, *middleware, *authorization.members],
        default_options=rest or None,
        **options,
    )


def _tools(options: Any) -> list[Any]:
    tools = options.get("tools")
    return [] if tools is None else normalize_tools(tools)


def _tool(tool: Any) -> Any:
    """Return a tool as the framework takes it."""
    if not isinstance(tool, GuardedTool):
        return tool
    if tool.generates or tool.generates_async:
        raise out_of_reach(tool.name, "gives its result bit by bit, and a framework takes it whole")
    about = inspect.getdoc(tool.function) or tool.name
    return FunctionTool(name=tool.name, description=about, func=tool.function)
