"""What a server may say to its client, and ask of it, while a call runs."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError
from mcp_types import METHOD_NOT_FOUND

from inbounds.errors import InboundsError
from inbounds.integrations._adapter.result_obligations import owed
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from inbounds.pep import Permit

_PROGRESS, _KEPT = "notifications/progress", ("progressToken", "progress", "total")


class NarrowSession(ServerSession):  # type: ignore[misc]  # not there for mypy
    """A session as a handler has it: all that it sends, by whichever method, passes one gate.

    Nothing is asked of the client but what is named. Where something is owed to the result of the
    call, no text reaches the client before it.
    """

    # The SDK's own, which is not there for mypy.
    _request_outbound: Any
    _connection: Any

    def __init__(self, session: Any, permit: Permit, asks: Collection[str], token: Any) -> None:
        # All that a session is, over the same two channels.
        self.__dict__.update(vars(session))
        self._request_outbound = Gate(self._request_outbound, permit, asks, token)
        self._connection = copy.copy(self._connection)
        if self._connection.has_standalone_channel:
            self._connection.outbound = Gate(self._connection.outbound, permit, asks, token)


class Gate:
    """A channel to the client (`mcp.shared.dispatcher.Outbound`), through which a call speaks.

    Args:
        channel: The SDK's own.
        permit: Of the call.
        asks: The methods that the server may ask of its client.
        token: By which the client knows the progress of the call.
    """

    def __init__(self, channel: Any, permit: Permit, asks: Collection[str], token: Any) -> None:
        self._channel = channel
        self._permit = permit
        self._asks = asks
        self._token = token

    def __getattr__(self, name: str) -> Any:
        """Return what the channel says of itself."""
        if name.startswith("_") or callable(value := getattr(self._channel, name)):
            raise AttributeError(name)
        return value

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Any = None
    ) -> Any:
        """Ask something of the client.

        Raises:
            MCPError: It may not be asked for, or not with these words.
        """
        allowed = method == "ping" or method in self._asks
        if not allowed or (params and not await self._passes(params)):
            raise MCPError(METHOD_NOT_FOUND, "the client is not asked for this")
        return await self._channel.send_raw_request(method, params, opts)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> None:
        """Tell the client something, if it may be told; of the progress, at least how far it is."""
        of_call = self._token is not None and (params or {}).get("progressToken") == self._token
        if params and method == _PROGRESS and of_call:
            kept = {name: params[name] for name in _KEPT if name in params}
            told = await self._told(params.get("message"))
            params = kept if told is None else {**kept, "message": told}
        elif (params or not method.endswith("/list_changed")) and not await self._passes(params):
            return
        await self._channel.notify(method, params, opts)

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report progress of the call."""
        await self._channel.progress(progress, total, await self._told(message))

    async def _told(self, message: Any) -> Any:
        return message if message and await self._passes(message) else None

    async def _passes(self, said: Any) -> bool:
        """Take what the client is told for a part of the result, and say whether it may be."""
        if owed(self._permit):
            return False
        try:
            if said:
                await run_in_thread(self._permit.admitted, said)
        except InboundsError:
            return False
        return True
