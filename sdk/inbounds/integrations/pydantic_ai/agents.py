"""Agents each of whose calls is judged."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pydantic_ai import Agent, DeferredToolRequests, Tool
from pydantic_ai.toolsets import FunctionToolset

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.requirements import require_authorization
from inbounds.pep.tool import GuardedTool

from .capability import AuthorizationCapability
from .preflight import out_of_reach
from .toolsets import in_place

if TYPE_CHECKING:
    from collections.abc import Sequence


def create_guarded_agent(
    model: Any,
    tools: Sequence[Any] = (),
    *,
    authorization: AuthorizationCapability,
    toolsets: Sequence[Any] = (),
    capabilities: Sequence[Any] = (),
    output_type: Any = str,
    **options: Any,
) -> Any:
    """Make a `pydantic_ai.Agent` each of whose calls is judged.

    Its tools run under a permit alone: also where `Agent.override` takes the authorization away,
    no call of them runs.

    Args:
        model: As there.
        tools: As there; and guarded tools, whose functions run under the permits asked for here.
        authorization: Judges. It is put innermost of all capabilities.
        toolsets: As there, without functions that make toolsets: those may come with a run.
        capabilities: As there, without `authorization`.
        output_type: As there. `DeferredToolRequests` is added, so that a run can wait for a
            person.
        options: As there.

    Raises:
        ConfigurationError: Something in it could run a tool that is not judged, see
            `AuthorizationCapability`; or `configuration.order`: an authorization stands among
            the capabilities.
    """
    require_authorization(authorization, AuthorizationCapability)
    if any(isinstance(each, AuthorizationCapability) for each in capabilities):
        raise ConfigurationError(
            "an authorization stands among the capabilities, where others may come after it",
            code="configuration.order",
            hint="leave it out there: `authorization=` is put last",
        )
    own = FunctionToolset([_tool(each) for each in tools])
    outputs = [*output_type] if isinstance(output_type, list | tuple) else [output_type]
    if DeferredToolRequests not in outputs:
        outputs.append(DeferredToolRequests)
    return Agent(
        model,
        output_type=outputs,
        toolsets=[each.visit_and_replace(in_place) for each in (own, *toolsets)],
        capabilities=[*capabilities, authorization],
        **options,
    )


def _tool(tool: Any) -> Any:
    """Return a tool as the framework takes it."""
    if not isinstance(tool, GuardedTool):
        return tool
    if tool.generates or tool.generates_async:
        raise out_of_reach(tool.name, "gives its result bit by bit, and a framework takes it whole")
    about = inspect.getdoc(tool.function) or tool.name
    return Tool(tool.function, name=tool.name, description=about, takes_ctx=False)
