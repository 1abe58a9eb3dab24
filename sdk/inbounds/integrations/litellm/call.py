"""One call of a tool, on its way from the gateway to whoever runs it, and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcp.shared.exceptions import MCPError
from mcp.types import CallToolRequestParams, CallToolResult, TextContent

from inbounds.errors import DecisionUnavailable, InboundsError, ResultWithheld
from inbounds.integrations._adapter.call_arguments import called_with, complete, require_judged
from inbounds.integrations._adapter.defaults import with_schema_defaults
from inbounds.integrations._adapter.refusals import refusal_text
from inbounds.integrations._adapter.result_obligations import given, owed
from inbounds.integrations._adapter.running import ToolFailed, error_words
from inbounds.integrations.mcp.call import plain
from inbounds.integrations.mcp.results import given_of
from inbounds.process import clock
from inbounds.process.threads import run_in_background, run_in_thread

from .tool_names import registered_names
from .upstream_errors import HandlerFailed, failure_text, handler_signal_of, signal_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inbounds.pep import Permit

    from .caller import Caller
    from .proposals import Proposals
    from .upstream_errors import Signal

_FRESH = 60.0
"""How many seconds what a server lists says what its tools add to arguments."""

_MOST = 256

_listed: dict[str, tuple[float, dict[str, Any]]] = {}
"""The schemas of the tools of a server, which state defaults, and when they were read."""


class Call:
    """One call that the gateway is about to make for somebody.

    Args:
        proposals: Knows the task of a caller and what calls touch.
        caller: Who asks.
        data: What a guardrail is given before the call.
    """

    def __init__(self, proposals: Proposals, caller: Caller, data: Mapping[str, Any]) -> None:
        self._proposals = proposals
        self._caller = caller
        self._server = str(data.get("mcp_server_name") or "")
        self._own = str(data.get("mcp_tool_name") or "")
        self._schema = data.get("mcp_input_schema")

    @property
    def tool(self) -> str:
        """The name that the tool is registered under."""
        return f"{self._server}.{self._own}" if self._server else self._own

    def require(self, name: str) -> None:
        """Refuse to send another tool's name to a server than the one that the hook was told.

        Args:
            name: Of the tool, as it is about to be sent.

        Raises:
            DecisionUnavailable: `permit.other_tool`.
        """
        if not self._own or name != self._own:
            raise _other_tool()

    def require_registered(self, name: str, server_id: str | None) -> None:
        """Refuse to run another tool of the gateway's own than the one that the hook was told of.

        Args:
            name: That LiteLLM has registered the tool under: its own, or that with the prefix
                which LiteLLM's settings make of its server.
            server_id: Of the server that the tool is registered for; None where nothing says it.

        Raises:
            DecisionUnavailable: `permit.other_tool`.
        """
        if not self._own or name not in registered_names(self._server, self._own, server_id):
            raise _other_tool()

    # --- a tool of an MCP server --------------------------------------------------------------

    async def answer(
        self,
        asked: Any,
        send: Callable[..., Awaitable[Any]],
        progress: Any,
        *,
        learn: Callable[..., Awaitable[Any]],
        raises: bool,
    ) -> CallToolResult:
        """Let a server answer what the policy allows, and return what the client may have of it.

        Args:
            asked: What the gateway is about to send: nothing of it but name and arguments goes on.
            send: Sends a call to the server; raises what fails on the way.
            progress: Is told how far the server is.
            learn: Lists the tools of the server.
            raises: Whether LiteLLM wants to see what fails on the way.

        Raises:
            InboundsError: It has not run, or its answer may not be given.
            Signal: It failed, and LiteLLM is to act on that.
        """
        schema = await self._stated(learn)
        arguments = await run_in_thread(with_schema_defaults, schema, asked.arguments or {})
        permit = await self._permit(arguments)
        judged = CallToolRequestParams(name=asked.name, arguments=permit.arguments)
        await _compared(permit, judged.arguments or {})
        try:
            said = await send(judged, host_progress_callback=_told(progress, permit))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is recorded
            return await run_in_thread(_unanswered, permit, error, raises)
        except BaseException as stopped:
            # Whether it has run, nobody knows.
            run_in_background(permit.fail, stopped)
            raise
        return await run_in_thread(_finished, permit, said)

    async def _stated(self, learn: Callable[..., Awaitable[Any]]) -> Any:
        """Return the schema of a tool's arguments: the defaults in it run, and so are judged."""
        if isinstance(self._schema, Mapping):
            return self._schema
        read, found = _listed.get(self._server, (0.0, {}))
        if self._own not in found or clock.monotonic() - read > _FRESH:
            tools = await learn(raise_on_error=True)
            found = {tool.name: tool.input_schema for tool in tools}
            _listed[self._server] = (clock.monotonic(), found)
            while len(_listed) > _MOST:
                del _listed[next(iter(_listed))]
        return found.get(self._own)

    # --- a tool that the gateway itself runs --------------------------------------------------

    async def handle(
        self,
        arguments: dict[str, Any],
        run: Callable[[dict[str, Any]], Awaitable[Any]],
        handler: Callable[..., Any],
    ) -> Any:
        """Let a handler of the gateway's own run, and return what the client may have of it.

        Args:
            arguments: By name, as the gateway calls the handler with them.
            run: Calls the handler.
            handler: The handler. The defaults of its signature are judged as well.

        Raises:
            InboundsError: It has not run, or its result may not be given.
            Signal: It failed, and LiteLLM is to act on that.
            HandlerFailed: It failed, with the words that the client may have of that.
        """
        with contextlib.suppress(TypeError):  # the handler says so itself
            arguments = complete(arguments, called_with(handler, (), arguments))
        permit = await self._permit(arguments)
        judged = permit.arguments
        called = judged
        with contextlib.suppress(TypeError):  # as above
            called = called_with(handler, (), judged)
        require_judged(self.tool, permit, called)
        await _compared(permit, judged)
        try:
            with permit.tool_run.active():
                said = await run(judged)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is recorded
            raise await run_in_thread(_failure, permit, error) from None
        except BaseException as stopped:
            # Whether it has run, nobody knows.
            run_in_background(permit.fail, stopped)
            raise
        return await run_in_thread(_handled, permit, said)

    async def _permit(self, arguments: Mapping[str, Any]) -> Permit:
        task = await self._proposals.task(self._caller)
        return await task.apermit(
            self.tool, arguments, resource=self._proposals.resource(self.tool)
        )


async def _compared(permit: Permit, arguments: dict[str, Any]) -> None:
    try:
        await run_in_thread(permit.compare, arguments)
    except asyncio.CancelledError as error:
        run_in_background(permit.fail, error)
        raise


def _unanswered(permit: Permit, error: Exception, raises: bool) -> CallToolResult:  # noqa: FBT001
    """Record that a server's call raised, and return what the client may have of that.

    The server's own answer of an error is a result. Of all else, no words are given: they may hold
    a result that the client of the server has rejected.

    Raises:
        InboundsError: Nothing of it may be given, or it could not be recorded.
        Signal: LiteLLM is to act on it.
    """
    text = failure_text(error)
    if isinstance(error, MCPError) and not owed(permit):
        text = given(f"{type(error).__name__}: {error}", permit, permit.admitted)
    seen = permit.fail(error)
    if raises and (signal := signal_of(error)) is not None:
        raise signal
    if seen is not error:
        raise seen
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)


def _failure(permit: Permit, error: Exception) -> Signal | HandlerFailed:
    """Record that a handler raised, and return what LiteLLM is to see of that.

    Raises:
        InboundsError: The text of it may not be given, or could not be recorded.
    """
    signal = handler_signal_of(error)
    text = ""
    if isinstance(error, InboundsError):
        # A call that the handler itself has asked for was refused.
        text = refusal_text(error)
    elif signal is None and not owed(permit):
        text = permit.admitted(error_words(error))
    seen = permit.fail(error)
    if signal is not None:
        return signal
    if seen is not error:
        raise seen
    return HandlerFailed(text)


def _finished(permit: Permit, said: Any) -> CallToolResult:
    try:
        answer = plain(said)
        _require_complete(permit, answer)
        if answer.get("isError"):
            taken = given_of("tools/call", answer, permit, permit.admitted)
            permit.fail(ToolFailed())
        else:
            taken = given_of("tools/call", answer, permit, permit.finish)
        return CallToolResult.model_validate(taken)
    except InboundsError:
        raise
    except Exception as odd:  # noqa: BLE001 -- an answer may be of any shape
        with contextlib.suppress(InboundsError):  # it may have been said already
            permit.fail(odd)
        raise _withheld(permit, "it is not an answer that the protocol knows") from None


def _other_tool() -> DecisionUnavailable:
    return DecisionUnavailable(
        "another tool is about to run than the one that the guardrail was told of",
        code="permit.other_tool",
    )


def _require_complete(permit: Permit, answer: Mapping[str, Any]) -> None:
    if answer.get("resultType") == "input_required":
        permit.fail(ToolFailed())
        raise _withheld(permit, "the server asks its client for what nobody judges")


def _handled(permit: Permit, said: Any) -> Any:
    # What the gateway's own tools return is text, or has the text that it was read from.
    text = next(
        (
            each
            for name in ("original_text", "text")
            if isinstance(each := getattr(said, name, None), str)
        ),
        str(said),
    )
    kinds = owed(permit)
    taken = given(text, permit, permit.finish)
    return taken if kinds else said


def _told(progress: Any, permit: Permit) -> Any:
    """Return what tells the client how far it is, and what the server says of it if it may."""
    if progress is None:
        return None

    async def tell(done: float, total: float | None, message: str | None = None) -> None:
        if message is not None and not owed(permit):
            await progress(done, total, await run_in_thread(permit.admitted, message))
        else:
            await progress(done, total, None)

    return tell


def _withheld(permit: Permit, why: str) -> ResultWithheld:
    return ResultWithheld(why, decision_id=permit.decision.id)
