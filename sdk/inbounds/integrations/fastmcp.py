"""FastMCP servers and proxies: what a client asks for is judged before a tool of theirs runs.

    server = guarded_server(FastMCP("files"), [read, write], authorization=authorization)

The authorization is the one of `inbounds.integrations.mcp`, put last of the server's lowest
middleware; and what is judged is compared once more where FastMCP runs a tool, reads a resource or
renders a prompt: after all of its own middleware and extensions. No header of a client's request
reaches a server behind.
"""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError

try:
    from fastmcp import FastMCP
    from fastmcp.client import dependencies as of_client
    from fastmcp.server.dependencies import without_injected_parameters
    from fastmcp.server.providers import LocalProvider
    from fastmcp.server.providers.fastmcp_provider import FastMCPProviderTool
    from fastmcp.server.providers.proxy import ProxyTool
    from fastmcp.server.transforms import Transform
    from fastmcp.tools import FunctionTool, Tool
    from fastmcp.tools.tool_transform import TransformedTool
    from pydantic import TypeAdapter

    from inbounds.integrations._adapter.call_arguments import called_with, complete
    from inbounds.integrations._adapter.defaults import defaults_of
    from inbounds.integrations._adapter.requirements import (
        require_authorization,
        require_named_once,
    )
    from inbounds.integrations.mcp import AuthorizationMiddleware
    from inbounds.integrations.mcp.server import function_of, require_whole, watch
    from inbounds.integrations.mcp.tool_proxy import bare, compared
    from inbounds.process.locks import ProcessLock
    from inbounds.process.threads import run_in_thread
except ImportError as missing:
    if not (missing.name or "").startswith(("fastmcp", "mcp")):
        raise
    raise ConfigurationError(
        "FastMCP servers are guarded with the package `fastmcp`: it is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[fastmcp]'",
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inbounds.pep.tool import GuardedTool

__all__ = ["AuthorizationMiddleware", "guarded_server"]

_BELOW = ("resources/subscribe", "resources/unsubscribe", "completion/complete")
"""What FastMCP answers below its own middleware."""


def guarded_server(
    server: Any,
    tools: Sequence[GuardedTool[..., Any]] = (),
    *,
    authorization: AuthorizationMiddleware,
) -> Any:
    """Let a server, or a proxy of another one, answer only what is judged. It is returned.

    Guard the server that clients are connected to, and none that is mounted in it.

    Args:
        server: A `FastMCP`, such as `create_proxy` makes one.
        tools: Guarded tools to give it; their functions run under the permits asked for here.
        authorization: Judges.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: it is not such a server, or a tool
            gives its result bit by bit; `configuration.order`: it has an authorization already;
            `configuration.tool_named_twice`: it keeps a tool of its own by a guarded tool's name.
    """
    require_authorization(authorization, AuthorizationMiddleware)
    _install()
    if not isinstance(server, FastMCP):
        raise ConfigurationError(
            f"messages to a {type(server).__name__} cannot be judged",
            code="configuration.tool_out_of_reach",
            hint="give it a `FastMCP`; servers of the SDK by `inbounds.integrations.mcp`",
        )
    for tool in tools:
        require_whole(tool)
        about = inspect.getdoc(tool.function) or tool.name
        own = authorization.own_name(tool.name)
        made = Tool.from_function(
            bare(tool.function, _injected, _given), name=own, description=about
        )
        if server.add_tool(made) is not made:
            require_named_once([own, own])
    mine = authorization.of_server(
        functools.partial(_owns, server), functools.partial(_completed, server)
    )
    lowest = server._mcp_server  # noqa: SLF001 -- it has no public name
    watch(lowest, mine, _BELOW)
    # Before all others: FastMCP's own middleware asks a server behind as well.
    lowest.middleware.insert(0, _without_headers)
    _run_what_was_judged(server)
    _keep_labels(server)
    return server


class _Bare(Transform):  # type: ignore[misc]  # not there for mypy
    """Lets each tool return its result without its label: of all that it is, text is made."""

    async def get_tool(self, name: str, call_next: Any, *, version: Any = None) -> Any:
        """Find a tool, as `Transform.get_tool`."""
        tool = await call_next(name, version=version)
        _keep_label(tool)
        return tool


def _keep_labels(server: Any) -> None:
    if not any(isinstance(each, _Bare) for each in server.transforms):
        server.add_transform(_Bare())


def _keep_label(tool: Any) -> None:
    """Let the permit of a call see the label, whichever server the tool is mounted from."""
    if isinstance(tool, FastMCPProviderTool):
        _keep_labels(tool._server)  # noqa: SLF001 -- it has no public name
    if isinstance(tool, TransformedTool):
        _keep_label(tool.parent_tool)
    if isinstance(tool, FunctionTool | TransformedTool):
        tool.fn = bare(tool.fn, _injected, _given)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a tool is given to run with.

    Attributes:
        arguments: As another tool has made them that stands for it; None where there is none.
        stands: Whether the tool stands for another one.
    """

    arguments: Mapping[str, Any] | None
    stands: bool


_given_now: ContextVar[_Given | None] = ContextVar("inbounds_fastmcp_given", default=None)
_INSTALLED = "__inbounds__"
_installing = ProcessLock()


def _install() -> None:
    """Keep what each tool is given, so that its function is called with that. Once a process."""
    with _installing:
        _withhold_headers()
        for kind in (FunctionTool, TransformedTool):
            if not hasattr(kind.run, _INSTALLED):
                kind.run = _kept(kind.run)


_OPENAPI = "fastmcp.server.providers.openapi.components"
"""FastMCP loads it on demand. Like its client, it passes headers of a request on."""

_answering: ContextVar[bool] = ContextVar("inbounds_fastmcp_answering", default=False)


async def _without_headers(ctx: Any, call_next: Any) -> Any:
    """Answer a message, whose HTTP headers no server behind is given."""
    _withhold_headers()
    token = _answering.set(True)
    try:
        return await call_next(ctx)
    finally:
        _answering.reset(token)


def _withhold_headers() -> None:
    """Keep the headers of requests to guarded servers from servers behind. For each message."""
    modules: tuple[Any, ...] = (of_client, sys.modules.get(_OPENAPI))
    for module in modules:
        if module is not None and not hasattr(module.get_http_headers, _INSTALLED):
            module.get_http_headers = _withheld(module.get_http_headers)


def _withheld(headers: Any) -> Any:
    @functools.wraps(headers)
    def withheld(*args: Any, **options: Any) -> dict[str, str]:
        found: dict[str, str] = {} if _answering.get() else headers(*args, **options)
        return found

    setattr(withheld, _INSTALLED, True)
    return withheld


def _kept(run: Any) -> Any:
    @functools.wraps(run)
    async def kept(self: Any, arguments: dict[str, Any]) -> Any:
        before = _given_now.get()
        given = None
        if before is not None and before.stands:
            # Its own defaults are what the other tool shows of it, or hides.
            given = {**defaults_of(self.parameters.get("properties") or {}), **arguments}
        token = _given_now.set(_Given(given, isinstance(self, TransformedTool)))
        try:
            return await run(self, arguments)
        finally:
            _given_now.reset(token)

    setattr(kept, _INSTALLED, True)
    return kept


def _given() -> Mapping[str, Any] | None:
    now = _given_now.get()
    return None if now is None else now.arguments


def _injected(function: Any) -> set[str]:
    """Return the names of the arguments that FastMCP itself provides."""
    own = inspect.signature(function).parameters
    return {*own} - {*inspect.signature(without_injected_parameters(function)).parameters}


async def _owns(server: Any, name: str) -> bool:
    """Whether a tool is a function of this program, whatever other tools stand for it.

    A server that is mounted, and one behind a proxy, says of its tools what it likes; and so does
    one whose tool is put among a server's own.
    """
    if not all(isinstance(each, LocalProvider) for each in server.providers):
        return False
    try:
        tool = await server.get_tool(name)
    except Exception:  # noqa: BLE001 -- of what is not found, somebody else says what it is
        return False
    while isinstance(tool, TransformedTool):
        tool = tool.parent_tool
    return type(tool) is FunctionTool


async def _completed(server: Any, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return arguments with all that a tool's function in this process would be called with."""
    try:
        function = await _function(server, name)
        made = None if function is None else _validated(function, arguments)
    except Exception:  # noqa: BLE001 -- the tool says so itself
        return arguments
    return arguments if made is None else await run_in_thread(complete, arguments, made)


async def _function(server: Any, name: str) -> Any:
    """Return the function of a tool; None where it runs elsewhere or has another tool before it."""
    if not isinstance(server, FastMCP):
        return function_of(server, name)
    tool = await server.get_tool(name)
    if isinstance(tool, FastMCPProviderTool):
        return await _function(tool._server, tool._original_name or name)  # noqa: SLF001 -- as above
    if isinstance(tool, ProxyTool):
        client = tool._client_factory()  # noqa: SLF001 -- as above
        behind = getattr(await client if inspect.isawaitable(client) else client, "transport", None)
        own = tool._backend_name or tool.name  # noqa: SLF001 -- as above
        return await _function(getattr(behind, "server", None), own)
    return tool.fn if isinstance(tool, FunctionTool) else None


def _validated(function: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a function would be called with, without calling it."""
    own = without_injected_parameters(function)

    def called(*args: Any, **named: Any) -> Any:
        return args, named

    hints = typing.get_type_hints(own, include_extras=True)
    called.__annotations__ = {name: each for name, each in hints.items() if name != "return"}
    called.__signature__ = inspect.signature(own)  # type: ignore[attr-defined]  # as inspect reads it
    adapter: Any = TypeAdapter(typing.cast("Any", called))
    args, named = adapter.validate_python(dict(arguments))
    return called_with(own, args, named)


def _run_what_was_judged(server: Any) -> None:
    """Compare once more, innermost: FastMCP calls these of itself where its middleware ends."""
    run, read, render = server.call_tool, server.read_resource, server.render_prompt

    async def call_tool(
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        run_middleware: bool = True,
        **options: Any,
    ) -> Any:
        if not run_middleware:
            await compared("tools/call", {"name": name, "arguments": arguments})
        return await run(name, arguments, run_middleware=run_middleware, **options)

    async def read_resource(uri: str, *, run_middleware: bool = True, **options: Any) -> Any:
        if not run_middleware:
            await compared("resources/read", {"uri": str(uri)})
        return await read(uri, run_middleware=run_middleware, **options)

    async def render_prompt(
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        run_middleware: bool = True,
        **options: Any,
    ) -> Any:
        if not run_middleware:
            await compared("prompts/get", {"name": name, "arguments": arguments})
        return await render(name, arguments, run_middleware=run_middleware, **options)

    server.call_tool = call_tool
    server.read_resource = read_resource
    server.render_prompt = render_prompt
