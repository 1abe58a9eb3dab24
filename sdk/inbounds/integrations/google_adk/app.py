"""An app each of whose calls is judged."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from google.adk.apps import App
from google.adk.tools import FunctionTool

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.requirements import require_authorization
from inbounds.pep.tool import GuardedTool

from .plugin import AuthorizationPlugin
from .preflight import agents

if TYPE_CHECKING:
    from collections.abc import Sequence


def guarded_app(
    name: str,
    root_agent: Any,
    *,
    authorization: AuthorizationPlugin,
    plugins: Sequence[Any] = (),
    **options: Any,
) -> Any:
    """Make an app, as `google.adk.apps.App`, each of whose calls is judged.

    Args:
        name: As there.
        root_agent: As there. Guarded tools may stand among an agent's tools as they are: they are
            made function tools of, whose functions run under the permits asked for here.
        authorization: Judges. It is put after all other plugins.
        plugins: As there, without `authorization`.
        options: As there.

    Raises:
        ConfigurationError: Something in it could run a tool that is not judged, see
            `AuthorizationPlugin.require_reachable`; or `configuration.order`: an authorization
            stands among the plugins.
    """
    require_authorization(authorization, AuthorizationPlugin)
    if any(isinstance(each, AuthorizationPlugin) for each in plugins):
        raise ConfigurationError(
            "an authorization stands among the plugins",
            code="configuration.order",
            hint="leave it out there: `authorization=` is put last",
        )
    authorization.require_reachable(root_agent)
    for agent in agents(root_agent):
        if any(isinstance(tool, GuardedTool) for tool in getattr(agent, "tools", ())):
            agent.tools = [_unguarded(tool) for tool in agent.tools]
    return App(name=name, root_agent=root_agent, plugins=[*plugins, authorization], **options)


def _unguarded(tool: Any) -> Any:
    if not isinstance(tool, GuardedTool):
        return tool
    made = FunctionTool(_renamed(tool))
    made.name = tool.name
    return made


def _renamed(tool: GuardedTool[..., Any]) -> Any:
    """Return the function, so that ADK declares it by the name that it is registered under."""
    function: Any = tool.function
    if tool.asynchronous:

        async def run(**arguments: Any) -> Any:
            return await function(**arguments)

    else:

        def run(**arguments: Any) -> Any:  # type: ignore[misc]  # the one or the other
            return function(**arguments)

    run.__name__ = run.__qualname__ = tool.name
    run.__doc__ = inspect.getdoc(function) or tool.name
    run.__module__ = getattr(function, "__module__", __name__)
    run.__annotations__ = dict(getattr(function, "__annotations__", {}))
    run.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]  # as inspect reads it
    return run
