"""What a server may say to its client, and ask of it, while a call runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError
from mcp_types import METHOD_NOT_FOUND, ProgressNotification, ProgressNotificationParams

from inbounds.integrations._adapter.result_obligations import owed

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
        if not self._tells(notification.method):
            return
        await super().send_notification(notification, *args, **options)

    async def send_log_message(self, *args: Any, **options: Any) -> None:
        """Send a line of a log, as `ServerSession.send_log_message`."""
        if self._tells("notifications/message"):
            await super().send_log_message(*args, **options)

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report progress, as `ServerSession.report_progress`."""
        await super().report_progress(progress, total, None if owed(self._permit) else message)

    async def send_progress_notification(
        self,
        progress_token: Any,
        progress: float,
        total: float | None = None,
        message: str | None = None,
        related_request_id: Any = None,
    ) -> None:
        """Report progress, as `ServerSession.send_progress_notification`."""
        if owed(self._permit):
            message = None
        await ServerSession.send_notification(
            self,
            ProgressNotification(
                params=ProgressNotificationParams(
                    progress_token=progress_token, progress=progress, total=total, message=message
                )
            ),
            related_request_id,
        )

    def _tells(self, method: str) -> bool:
        return not owed(self._permit) or method.endswith("/list_changed")
