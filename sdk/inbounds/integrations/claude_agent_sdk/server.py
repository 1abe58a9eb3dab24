"""Servers of tools that run in this process, each under a permit alone."""

from __future__ import annotations

import asyncio
import functools
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, SdkMcpTool, create_sdk_mcp_server
from pydantic import PydanticUserError, TypeAdapter

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.integrations._adapter.closures import held
from inbounds.integrations._adapter.defaults import defaults_of
from inbounds.integrations._adapter.requirements import require_named_once
from inbounds.pep.tool import GuardedTool

from .session import Session, is_protected
from .tool_proxy import InPlace, called

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

_made: WeakKeyDictionary[Any, Made] = WeakKeyDictionary()
"""What each guarded server was made of."""

_CALL_ID = "claudecode/toolUseId"
_PASSES = frozenset({"initialize", "ping", "server/discover", "tools/list", "tools/call"})
_LONGEST = 64


def guarded_server(name: str, tools: Sequence[Any], *, version: str = "1.0.0") -> Any:
    """Make a server of tools that run in this process, as `create_sdk_mcp_server`.

    A tool runs in a session of options that are protected, and in no other. Without a permit for
    just this call it does not run, whatever its hooks are.

    Args:
        name: As there.
        tools: What `tool` has made, and guarded functions. What Claude takes for no letter of a
            tool's name is `_` there: `mail.send` of a server `desk` is `mcp__desk__mail_send`.
        version: As there.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: one is not such a tool, gives its
            result bit by bit, or asks an agent that is not protected;
            `configuration.tool_guarded_twice`; `configuration.tool_named_twice`: two are called
            alike; `configuration.tool_name`: one cannot be called by its name.
    """
    placed = [_placed(each) for each in tools]
    require_named_once(place.shown for _, place in placed)
    made = {place.shown: (definition, place) for definition, place in placed}
    config = _server(name, version, made.values(), None)
    _made[config["instance"]] = Made(name, version, made)
    return config


@dataclass(frozen=True, slots=True)
class Made:
    """What a guarded server was made of.

    Attributes:
        name: Its name.
        version: Its version.
        tools: The definition of each tool and what stands in its place, by the name that the
            server lists it by.
    """

    name: str
    version: str
    tools: Mapping[str, tuple[Any, InPlace]]


def made_of(server: Any) -> Made | None:
    """Return what a server was made of; None for one that `guarded_server` has not made."""
    try:
        return _made.get(server)
    except TypeError:
        return None


def of_session(config: Any, made: Made, session: Session) -> Any:
    """Return the same server for one session's options: its tools ask there for their permits."""
    own = _server(made.name, made.version, made.tools.values(), session)
    layers = [each for each in config["instance"].middleware if each is not _watch]
    own["instance"].middleware[:] = [*layers, _watch]
    return own


def _server(
    name: str, version: str, tools: Iterable[tuple[Any, InPlace]], session: Session | None
) -> Any:
    bound = [replace(each, handler=functools.partial(place.run, session)) for each, place in tools]
    config: Any = create_sdk_mcp_server(name, version, bound)
    config["instance"].middleware.append(_watch)
    return config


async def _watch(context: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
    """Tell a tool which call it is of, and let nothing else of its server be read."""
    method = str(context.method)
    if method not in _PASSES and not method.startswith("notifications/"):
        # Nothing asks before what is read of a server past its tools.
        raise DecisionUnavailable("nothing has judged this message", code="permit.missing")
    params = context.params if isinstance(context.params, Mapping) else {}
    meta = params.get("_meta")
    call_id = meta.get(_CALL_ID) if isinstance(meta, Mapping) else None
    token = called.set(call_id if isinstance(call_id, str) else "")
    try:
        return await call_next(context)
    finally:
        called.reset(token)


def _placed(tool: Any) -> tuple[Any, InPlace]:
    if isinstance(tool, GuardedTool):
        if tool.generates or tool.generates_async:
            raise out_of_reach(tool.name, "gives its result bit by bit")
        require_no_agent(tool.name, tool.function)
        about = inspect.getdoc(tool.function) or tool.name
        place = InPlace(tool.name, _shown(tool.name), defaults={}, run=_runs(tool), blocks=False)
        return SdkMcpTool(place.shown, about, _schema(tool), _no_handler), place
    if not isinstance(tool, SdkMcpTool):
        name = str(getattr(tool, "__name__", type(tool).__name__))
        raise out_of_reach(name, "is made by neither `tool` nor `guard.tool`")
    require_no_agent(tool.name, tool.handler)
    place = InPlace(
        tool.name,
        _shown(tool.name),
        defaults=defaults_of(_properties(tool.input_schema)),
        run=tool.handler,
        blocks=True,
    )
    return replace(tool, name=place.shown), place


async def _no_handler(_: Any) -> Any:
    raise NotImplementedError  # what stands in its place runs the function


def _shown(name: str) -> str:
    said = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    if not said or len(said) > _LONGEST:
        raise ConfigurationError(
            f"`{name}` cannot be the name of a tool",
            code="configuration.tool_name",
            hint=f"give it 1 to {_LONGEST} letters, digits, `_` and `-`",
        )
    return said


def _runs(tool: GuardedTool[..., Any]) -> Callable[[dict[str, Any]], Awaitable[Any]]:
    async def run(arguments: dict[str, Any]) -> Any:
        function: Any = tool.function
        if tool.asynchronous:
            return await function(**arguments)
        result = await asyncio.to_thread(function, **arguments)
        return await result if inspect.isawaitable(result) else result

    return run


def _schema(tool: GuardedTool[..., Any]) -> dict[str, Any]:
    """Return what a function takes, as Claude is told of it."""
    function: Any = tool.function
    try:
        said = TypeAdapter(function).json_schema()
    except (PydanticUserError, NameError, TypeError):
        said = {}
    if said.get("type") == "object" and isinstance(said.get("properties"), dict):
        return said
    names = list(tool.signature.parameters)
    return {"type": "object", "properties": {name: {} for name in names}}


def _properties(schema: Any) -> Mapping[str, Any]:
    """Return what a schema says of each argument; nothing where it is written as types alone."""
    said = schema.get("properties") if isinstance(schema, Mapping) else None
    return said if isinstance(said, Mapping) else {}


def require_no_agent(name: str, function: Any) -> None:
    """Refuse a tool that is guarded itself, or asks an agent that is not protected.

    Raises:
        ConfigurationError: `configuration.tool_guarded_twice`, `configuration.tool_out_of_reach`.
    """
    for each in held(function):
        if isinstance(each, GuardedTool):
            raise _twice(name)
        options = each.options if isinstance(each, ClaudeSDKClient) else each
        if isinstance(options, ClaudeAgentOptions) and not is_protected(options):
            raise out_of_reach(name, "asks an agent whose own tools are not judged")


def out_of_reach(name: str, why: str) -> ConfigurationError:
    """Return the error that says of a tool or an option why calls cannot be judged."""
    return ConfigurationError(
        f"calls of `{name}` cannot be judged: it {why}",
        code="configuration.tool_out_of_reach",
        hint="see docs/integrations/claude_agent_sdk.md for what a session may have",
    )


def _twice(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{name}` would be judged twice: its function is guarded itself",
        code="configuration.tool_guarded_twice",
        hint="give `guarded_server` the guarded function itself",
    )


class Connected:
    """A server of one session's options, which says there when it is connected, and when no more.

    Args:
        server: The server itself.
        session: Of the options.
    """

    def __init__(self, server: Any, session: Session) -> None:
        self._server = server
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    async def run(self, *args: Any, **named: Any) -> Any:
        """Run the server, as there, until Claude Code is gone."""
        self._session.opened()
        try:
            return await self._server.run(*args, **named)
        finally:
            self._session.closed()
