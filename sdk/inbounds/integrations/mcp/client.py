"""What a server may say to its client, and ask of it, while a call runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError
from mcp_types import METHOD_NOT_FOUND, ProgressNotification, ProgressNotificationParams

from inbounds.errors import InboundsError
from inbounds.integrations._adapter.result_obligations import owed
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Collection

    from inbounds.pep import Permit


class NarrowSession(ServerSession):  # type: ignore[misc]  # not there for mypy
    """A session as a handler has it: nothing is asked of the client but what is named.

    Where something is owed to the result of the call, no text reaches the client before it.
    """

    def __init__(self, session: Any, permit: Permit, asks: Collection[str]) -> None:
        # All that a session is, and neither another connection nor another channel.
        self.__dict__.update(vars(session))
        self._permit = permit
        self._asks = asks

    async def send_request(self, request: Any, *args: Any, **options: Any) -> Any:
        """Ask something of the client, as `ServerSession.send_request`.

        Raises:
            MCPError: It may not be asked for.
        """
        if request.method != "ping" and request.method not in self._asks:
            raise MCPError(METHOD_NOT_FOUND, "the client is not asked for this")
        return await super().send_request(request, *args, **options)

    async def send_notification(self, notification: Any, *args: Any, **options: Any) -> None:
        """Tell the client something, as `ServerSession.send_notification`."""
        params = notification.params
        said = params.model_dump(mode="json", exclude_none=True) if params is not None else {}
        if await self._tells(notification.method, said):
            await super().send_notification(notification, *args, **options)

    async def send_log_message(
        self, level: Any, data: Any, logger: str | None = None, **options: Any
    ) -> None:
        """Send a line of a log, as `ServerSession.send_log_message`."""
        if await self._tells("notifications/message", {"data": data, "logger": logger}):
            await super().send_log_message(level, data, logger, **options)

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report progress, as `ServerSession.report_progress`."""
        await super().report_progress(progress, total, await self._told(message))

    async def send_progress_notification(
        self,
        progress_token: Any,
        progress: float,
        total: float | None = None,
        message: str | None = None,
        related_request_id: Any = None,
    ) -> None:
        """Report progress, as `ServerSession.send_progress_notification`."""
        message = await self._told(message)
        await ServerSession.send_notification(
            self,
            ProgressNotification(
                params=ProgressNotificationParams(
                    progress_token=progress_token, progress=progress, total=total, message=message
                )
            ),
            related_request_id,
        )

    async def _told(self, message: str | None) -> str | None:
        said = await self._tells("notifications/progress", message or "")
        return message if said else None

    async def _tells(self, method: str, said: Any) -> bool:
        """Take what the client is told for a part of the result, and say whether it may be."""
        if method.endswith("/list_changed"):
            return True
        if owed(self._permit):
            return False
        if not said:
            return True
        try:
            await run_in_thread(self._permit.admitted, said)
        except InboundsError:
            return False
        return True
