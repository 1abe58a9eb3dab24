"""Agents and tool nodes each of whose calls is judged."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from langchain.agents import create_agent
from langgraph.prebuilt import ToolNode

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.requirements import require_authorization, require_named_once

from .middleware import AuthorizationMiddleware
from .node_cache import install, require_no_cache
from .preflight import guarded, mark_guarded, named, require_none_of_model

if TYPE_CHECKING:
    from collections.abc import Sequence

install()  # before a step of any graph runs that a guarded agent may be made in


def create_guarded_agent(
    model: Any,
    tools: Sequence[Any] = (),
    *,
    authorization: AuthorizationMiddleware,
    middleware: Sequence[Any] = (),
    **options: Any,
) -> Any:
    """Make an agent, as `langchain.agents.create_agent`, each of whose calls is judged.

    Args:
        model: As there.
        tools: As there; and guarded tools, whose functions run under the permits asked for here.
        authorization: Judges. It is put innermost, after all other middleware.
        middleware: As there, without `authorization`.
        options: As there.

    Raises:
        ConfigurationError: Something in it could run a tool that is not judged, see `reachable`;
            `configuration.tool_named_twice`: two tools have one name; `configuration.cache`: it
            has a cache; or `configuration.order`: an authorization stands among the middleware.
    """
    require_authorization(authorization, AuthorizationMiddleware)
    require_no_cache(options)
    if any(isinstance(each, AuthorizationMiddleware) for each in middleware):
        raise ConfigurationError(
            "an authorization stands among the middleware, where others may come after it",
            code="configuration.order",
            hint="leave it out there: `authorization=` is put last",
        )
    brought = [tool for each in middleware for tool in getattr(each, "tools", ())]
    for tool in brought:
        authorization.reachable(tool)
    require_none_of_model(model)
    reached = [authorization.reachable(tool) for tool in tools]
    require_named_once(named(tool) for tool in (*reached, *brought))
    fixed = [getattr(each, "system_prompt", None) for each in middleware]
    last = authorization.for_agent([options.get("system_prompt"), *fixed])
    agent = create_agent(model, reached, middleware=[*middleware, last], **options)
    mark_guarded(agent)
    return agent


def guarded_tool_node(
    tools: Sequence[Any], *, authorization: AuthorizationMiddleware, **options: Any
) -> Any:
    """Make a `ToolNode`, for a graph of one's own, each of whose calls is judged.

    Args:
        tools: As `create_guarded_agent`.
        authorization: Judges.
        options: As `ToolNode`, but for its wrappers.

    Raises:
        ConfigurationError: As `create_guarded_agent`.
    """
    require_authorization(authorization, AuthorizationMiddleware)
    reached = [authorization.reachable(tool) for tool in tools]
    require_named_once(named(tool) for tool in reached)
    key = options.get("messages_key", "messages")
    node = ToolNode(
        reached,
        wrap_tool_call=functools.partial(authorization.wrap_tool_call, messages_key=key),
        awrap_tool_call=functools.partial(authorization.awrap_tool_call, messages_key=key),
        **options,
    )
    guarded.add(node)
    return node
