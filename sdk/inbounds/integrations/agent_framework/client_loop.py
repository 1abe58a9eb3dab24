"""Chat clients that run tools in a loop of their own, without an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .middleware import AroundCall

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_guarded(arguments: Mapping[str, Any]) -> bool:
    """Whether the calls of a request are judged, or it runs no tools.

    Args:
        arguments: Those of `FunctionInvocationLayer.get_response`, by name.
    """
    configuration = arguments["self"].function_invocation_configuration
    offered = (arguments.get("options") or {}).get("tools")
    runs_tools = configuration.get("enabled", True) and bool(
        offered or configuration.get("additional_tools")
    )
    brought = (arguments.get("client_kwargs") or {}).get("middleware") or ()
    return not runs_tools or any(isinstance(each, AroundCall) for each in brought)
