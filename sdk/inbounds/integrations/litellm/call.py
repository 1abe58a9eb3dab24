"""One call of a tool, on its way from the gateway to whoever runs it, and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcp.shared.exceptions import MCPError
from mcp.types import CallToolRequestParams, CallToolResult, TextContent

from inbounds.errors import DecisionUnavailable, InboundsError, ResultWithheld
from inbounds.integrations._adapter.defaults import defaults_of
from inbounds.integrations._adapter.result_obligations import given, owed
from inbounds.integrations._adapter.running import ToolFailed
from inbounds.integrations.mcp.call import Raised, plain
from inbounds.integrations.mcp.results import given_of
from inbounds.process import clock
from inbounds.process.threads import run_in_background, run_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inbounds.pep import Permit

    from .caller import Caller
    from .proposals import Proposals

_FRESH = 60.0
"""How many seconds what a server lists says what its tools add to arguments."""

_MOST = 256

_listed: dict[str, tuple[float, dict[str, dict[str, Any]]]] = {}
"""What the tools of a server add to arguments, and when that was read."""


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
        """Refuse to let another tool run than the one that the hook before the call was told of.

        Args:
            name: Of the tool that is about to run, with the name of its server or without.

        Raises:
            DecisionUnavailable: `permit.other_tool`.
        """
        before = name.removesuffix(self._own)
        # What stands between the names of server and tool is a setting of LiteLLM's.
        same = bool(self._own) and before != name and not before[-1:].isalnum()
        if not same:
            raise DecisionUnavailable(
                "another tool is about to run than the one that the guardrail was told of",
                code="permit.other_tool",
            )

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
            Raised: What fails on the way, where LiteLLM wants to see that.
        """
        arguments = {**await self._added(learn), **(asked.arguments or {})}
        permit = await self._permit(arguments)
        judged = CallToolRequestParams(name=asked.name, arguments=permit.arguments)
        await _compared(permit, judged.arguments or {})
        error: BaseException | None = None
        try:
            said = await send(judged, host_progress_callback=_told(progress, permit))
        except Exception as raised:
            if raises and not isinstance(raised, MCPError):
                # A status, which LiteLLM answers with a way to log in anew.
                await run_in_thread(permit.fail, raised)
                raise Raised(raised) from raised
            error = raised
            text = f"{type(raised).__name__}: {raised}"
            said = CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
        except BaseException as stopped:
            # Whether it has run, nobody knows.
            run_in_background(permit.fail, stopped)
            raise
        return await run_in_thread(_finished, permit, said, error)

    async def _added(self, learn: Callable[..., Awaitable[Any]]) -> dict[str, Any]:
        """Return what the tool itself adds to arguments: it runs as well, and so it is judged."""
        if isinstance(self._schema, Mapping):
            return defaults_of(self._schema.get("properties") or {})
        read, found = _listed.get(self._server, (0.0, {}))
        if self._own not in found or clock.monotonic() - read > _FRESH:
            tools = await learn(raise_on_error=True)
            found = {
                tool.name: defaults_of(tool.input_schema.get("properties") or {}) for tool in tools
            }
            _listed[self._server] = (clock.monotonic(), found)
            while len(_listed) > _MOST:
                del _listed[next(iter(_listed))]
        return found.get(self._own, {})

    # --- a tool that the gateway itself runs --------------------------------------------------

    async def handle(
        self, arguments: dict[str, Any], run: Callable[[dict[str, Any]], Awaitable[Any]]
    ) -> Any:
        """Let a handler of the gateway's own run, and return what the client may have of it.

        Raises:
            InboundsError: It has not run, or its result may not be given.
            Raised: What the handler raises.
        """
        permit = await self._permit(arguments)
        judged = permit.arguments
        await _compared(permit, judged)
        try:
            with permit.tool_run.active():
                said = await run(judged)
        except Exception as error:
            await run_in_thread(_failed, permit, error)
            raise Raised(error) from error
        except BaseException as stopped:
            # Whether it has run, nobody knows.
            run_in_background(permit.fail, stopped)
            raise
        return await run_in_thread(_handled, permit, said)

    async def _permit(self, arguments: dict[str, Any]) -> Permit:
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


def _failed(permit: Permit, error: Exception) -> None:
    """Record that it has failed, and what the model may read of that.

    Raises:
        InboundsError: The text of it may not be given, or could not be recorded.
    """
    if owed(permit):
        permit.fail(error)
        raise _withheld(permit, "it has failed, and something is owed to what it says")
    permit.admitted(str(error))
    permit.fail(error)


def _finished(permit: Permit, said: Any, error: BaseException | None) -> CallToolResult:
    try:
        answer = plain(said)
        _require_complete(permit, answer)
        if answer.get("isError"):
            taken = given_of("tools/call", answer, permit, permit.admitted)
            permit.fail(error or ToolFailed())
        else:
            taken = given_of("tools/call", answer, permit, permit.finish)
        return CallToolResult.model_validate(taken)
    except InboundsError:
        raise
    except Exception as odd:  # noqa: BLE001 -- an answer may be of any shape
        with contextlib.suppress(InboundsError):  # it may have been said already
            permit.fail(odd)
        raise _withheld(permit, "it is not an answer that the protocol knows") from None


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
