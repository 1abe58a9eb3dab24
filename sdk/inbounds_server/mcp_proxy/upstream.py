"""The connection to the server behind, made again where it has broken."""

from __future__ import annotations

import logging
import math
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, MCPError
from mcp.client.subscriptions import SubscriptionLost, listen
from mcp_types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REQUEST_TIMEOUT,
    Implementation,
    ToolListChangedNotification,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from opentelemetry import context as telemetry
from pydantic import ValidationError

from inbounds.canonical.mcp_descriptor import READ, digest
from inbounds.errors import ConfigurationError
from inbounds.integrations.mcp.refusals import Refusal
from inbounds.process import clock
from inbounds.version import __version__

from .error_words import ErrorWords
from .pages import LISTS, RAW, TooLong, whole_list

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from anyio.abc import TaskGroup, TaskStatus
    from mcp.client.session import ClientSession
    from mcp.shared.dispatcher import ProgressFnT
    from mcp_types import Request, ServerCapabilities

    from .place import Place
    from .server_requests import Asked

logger = logging.getLogger(__name__)

_SELF = Implementation(name="inbounds-mcp-proxy", version=__version__)
_HOUR = 3600.0
_START = 60.0
"""How many seconds a server may take to answer for the first time."""
_AGAIN = 5.0
_SDKS_OWN = {
    PARSE_ERROR: None,
    INVALID_REQUEST: None,
    INTERNAL_ERROR: "Server returned an error response",
}
"""The errors that the SDK makes of an answer over HTTP that it cannot use, and of which words."""
_MOST_TOLD = 64
"""How many notifications of a server may wait for its host to read them.

Of one call a host that reads has a few of them at a time. More are left out: a server that writes
faster than its host reads would fill the memory with them.
"""


def unavailable(code: str, *, executed: str = "Not executed") -> Refusal:
    """Return what a caller gets where the server behind does not answer: one line, always the same.

    Args:
        code: Why, such as `upstream.unavailable`.
        executed: What is known of the call.
    """
    return Refusal(INTERNAL_ERROR, f"{executed} [{code}]; do not retry.", {"inbounds/code": code})


@dataclass(slots=True)
class _Connection:
    session: ClientSession
    gone: anyio.Event
    errors: ErrorWords
    stop: anyio.Event = field(default_factory=anyio.Event)
    over: anyio.Event = field(default_factory=anyio.Event)
    stale: bool = True
    tools: list[dict[str, Any]] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Now:
    """The server as it was when a request came in: what is judged, and what a call may reach."""

    connection: _Connection
    digests: Mapping[str, str]

    def descriptor(self, tool: str) -> str:
        """Return the digest of what the server says of a tool; empty where it says nothing.

        Args:
            tool: Its name, as the server says it.
        """
        return self.digests.get(tool, "")

    def holds(self, tool: str) -> bool:
        """Whether the server still says of a tool what it said."""
        return self.connection.digests.get(tool, "") == self.descriptor(tool)


class Upstream:
    """One caller's connection to the server behind. Not for several event loops.

    Args:
        place: Where it runs.
        group: Where the connection's task runs; it outlives the requests.
        changed: Is told of each notification of the server's.
        asked: Answers what the server asks of the host.
        seconds: How long the server may take to answer, and to start.
        restarts: How often within an hour it is started anew.
    """

    def __init__(
        self,
        place: Place,
        group: TaskGroup,
        *,
        changed: Callable[[Any], Awaitable[None]],
        asked: Asked,
        seconds: float = 300.0,
        restarts: int = 5,
    ) -> None:
        self.place = place
        self._group = group
        self._changed = changed
        self._asked = asked
        self._seconds = seconds
        self._restarts = restarts
        self._lock = anyio.Lock()
        self._held: _Connection | None = None
        self._starts: deque[float] = deque()
        self._telling = 0

    # --- what the forwarding server asks ----------------------------------------------------

    async def ready(self) -> Now:
        """Make sure that the server answers, and that what it says of its tools is of now.

        Raises:
            MCPError: `upstream.unavailable`: it does not, or was started too often.
        """
        connection = await self._connected()
        return Now(connection, connection.digests)

    async def capabilities(self) -> ServerCapabilities:
        """Return what the server says that it can do. Raises as `ready`."""
        found = (await self._connected()).session.server_capabilities
        if found is None:
            raise unavailable("upstream.unavailable")
        return found

    async def listed(self, now: Now, method: str) -> dict[str, Any]:
        """Return a whole list of the server's, such as `tools/list`. Raises as `send`."""
        _, key = LISTS[method]
        if method == "tools/list":
            return {key: now.connection.tools}
        entries = await self._pages(now.connection, method)
        return {key: [{n: v for n, v in each.items() if n != "_meta"} for each in entries]}

    async def send(
        self,
        now: Now,
        request: Request[Any, Any],
        *,
        tool: str = "",
        progress: ProgressFnT | None = None,
    ) -> dict[str, Any]:
        """Put a request to the server that was judged, and return its result as it came.

        Whoever is cancelled has the server told so.

        Args:
            now: What `ready` said before it was judged.
            request: With nothing of the caller's but what was judged.
            tool: The tool that it calls, if it calls one.
            progress: Is told how far it is.

        Raises:
            MCPError: What the server answered instead; or `upstream.unavailable`,
                `upstream.changed`: it was not asked, since it is no longer what was judged;
                `upstream.gone`, `upstream.timeout`, `upstream.unusable`: it was, and what came of
                it is unknown.
        """
        connection = now.connection
        if tool and connection.stale and not connection.gone.is_set():
            async with self._lock:
                await self._refresh(connection)
        if connection.gone.is_set():
            raise unavailable("upstream.unavailable")
        if not now.holds(tool):
            raise unavailable("upstream.changed")
        told = partial(self._tell, progress) if progress is not None else None
        return await self._send(connection, request, told)

    async def close(self) -> None:
        """End the connection, and the process behind it. It is made again where it is asked for."""
        connection, self._held = self._held, None
        if connection is not None:
            connection.stop.set()
            await connection.over.wait()

    # --- the connection ---------------------------------------------------------------------

    async def _connected(self) -> _Connection:
        async with self._lock:
            connection = self._held
            if connection is None or connection.gone.is_set():
                self._count()
                try:
                    connection = await self._group.start(self._hold)
                except Exception as error:  # noqa: BLE001 -- whatever it is, it did not start
                    logger.error("`%s` did not start: %s", self.place.name, _said(error))  # noqa: TRY400
                    raise unavailable("upstream.unavailable") from None
                except BaseException:
                    # Whoever wanted it has gone, which is not a fault of the server's.
                    self._starts.pop()
                    raise
                self._held = connection
            await self._refresh(connection)
            return connection

    async def _refresh(self, connection: _Connection) -> None:
        """Fetch what the server says of its tools, where that may have changed."""
        if connection.stale:
            try:
                await self._describe(connection)
            except MCPError:
                raise unavailable("upstream.unavailable") from None

    def _count(self) -> None:
        now = clock.monotonic()
        while self._starts and now - self._starts[0] > _HOUR:
            self._starts.popleft()
        if len(self._starts) > self._restarts:
            logger.error("`%s` was started too often within an hour", self.place.name)
            raise unavailable("upstream.unavailable")
        self._starts.append(now)

    async def _hold(self, *, task_status: TaskStatus[_Connection]) -> None:
        """Open the connection, hand it over, and stay until it is gone or is stopped."""
        gone = anyio.Event()
        connection: _Connection | None = None
        errors = ErrorWords()
        client = Client(
            errors.taken_from(self.place.transport(gone)),
            cache=None,
            client_info=_SELF,
            read_timeout_seconds=min(self._seconds, _START),
            message_handler=self._told,
            **self._asked.callbacks,
        )
        try:
            # One deadline for all that is said until it answers, and none from then on.
            with anyio.fail_after(min(self._seconds, _START)) as starting:
                async with client:
                    starting.deadline = math.inf
                    connection = _Connection(client.session, gone, errors)
                    task_status.started(connection)
                    async with anyio.create_task_group() as waiting:
                        for event in (gone, connection.stop):
                            waiting.start_soon(_until, event, waiting.cancel_scope)
                        if client.protocol_version in MODERN_PROTOCOL_VERSIONS:
                            waiting.start_soon(self._listen, connection)
        except Exception as error:
            if connection is None:
                raise
            logger.warning("the connection to `%s` ended: %s", self.place.name, _said(error))
        finally:
            gone.set()
            if connection is not None:
                connection.over.set()

    async def _told(self, message: Any) -> None:
        if isinstance(message, Exception):
            return
        if isinstance(message, ToolListChangedNotification) and self._held is not None:
            self._held.stale = True
        await self._tell(self._changed, message)

    async def _tell(self, tell: Callable[..., Awaitable[None]], *said: Any) -> None:
        """Pass on what the server tells, unless too much of it waits for the host already."""
        if self._telling >= _MOST_TOLD:
            return
        self._telling += 1
        try:
            await tell(*said)
        finally:
            self._telling -= 1

    async def _listen(self, connection: _Connection) -> None:
        """Hear of changes, where a server tells of them only to who asks (2026-07-28)."""
        while True:
            try:
                async with listen(
                    connection.session,
                    tools_list_changed=True,
                    prompts_list_changed=True,
                    resources_list_changed=True,
                ) as events:
                    # What was not heard before may have changed it.
                    connection.stale = True
                    async for _ in events:
                        pass  # `_told` has had it
            except MCPError as error:
                if error.code in (METHOD_NOT_FOUND, INVALID_PARAMS):
                    return
            except (SubscriptionLost, TimeoutError):
                pass
            await anyio.sleep(_AGAIN)

    async def _describe(self, connection: _Connection) -> None:
        # Before it is fetched: what changes meanwhile makes it stale again.
        connection.stale = False
        capabilities = connection.session.server_capabilities
        tools: list[dict[str, Any]] = []
        try:
            if capabilities is not None and capabilities.tools is not None:
                tools = await self._pages(connection, "tools/list")
        except BaseException:
            connection.stale = True
            raise
        names = Counter(tool.get("name") for tool in tools)
        # Of two descriptors of one name, nobody knows which a caller has read.
        once = [tool for tool in tools if names[tool.get("name")] == 1]
        connection.digests = {str(tool["name"]): _digest(tool) for tool in once}
        # Nothing that a pin does not hold: it would be a stranger's words under a trusted name.
        connection.tools = [{name: tool[name] for name in READ if name in tool} for tool in once]

    async def _pages(self, connection: _Connection, method: str) -> list[dict[str, Any]]:
        """Return a whole list: no caller's cursor reaches the server."""
        try:
            with anyio.fail_after(self._seconds):
                return await whole_list(
                    method, lambda request: self._send(connection, request, None)
                )
        except TimeoutError:
            logger.warning("`%s` has not listed all within its time", self.place.name)
        except TooLong:
            logger.warning("`%s` has more to list than is taken", self.place.name)
        except ValidationError:
            logger.warning("`%s` lists something that is not a list", self.place.name)
        raise unavailable("upstream.unusable")

    async def _send(
        self, connection: _Connection, request: Request[Any, Any], progress: ProgressFnT | None
    ) -> dict[str, Any]:
        unknown = "Not known whether executed"
        # Without the caller's trace: its ids and its state are the caller's words too.
        token = telemetry.attach(telemetry.Context())
        try:
            result: dict[str, Any] = await connection.session.send_request(
                request, RAW, self._seconds, progress_callback=progress
            )
        except MCPError as error:
            if error.code == REQUEST_TIMEOUT:
                raise unavailable("upstream.timeout", executed=unknown) from None
            words = connection.errors.of(error)
            lost = error.code == INVALID_REQUEST and words == "Session terminated"
            if error.code == CONNECTION_CLOSED or lost:
                if self.place.url:
                    connection.gone.set()
                raise unavailable("upstream.gone", executed=unknown) from None
            own = self.place.url and error.code in _SDKS_OWN
            if own and _SDKS_OWN[error.code] in (None, words):
                raise unavailable("upstream.unusable", executed=unknown) from None
            raise MCPError(error.code, words, error.data) from None
        except (ValidationError, ValueError, RuntimeError):
            raise unavailable("upstream.unusable", executed=unknown) from None
        else:
            return result
        finally:
            telemetry.detach(token)


def _digest(tool: dict[str, Any]) -> str:
    try:
        return digest(tool)
    except ConfigurationError:
        return "sha256:none"  # nothing can be pinned of it, so that no pin is its


async def _until(event: anyio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


def _said(error: BaseException) -> str:
    """Name what went wrong, and not what the other side said of it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (
        f"{type(error).__name__}: {error.strerror}"
        if isinstance(error, OSError)
        else (type(error).__name__)
    )
