"""The host's side over HTTP: who may come in, and with what."""

from __future__ import annotations

import contextlib
import json
import logging
from collections import Counter
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCRequest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbounds.errors import InboundsError
from inbounds_server.http_listener import network_of

from .callers import NotAccepted
from .connections import SESSIONS, TooMany
from .message import MAX_BYTES, NotAMessage, read_message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from mcp.server import Server
    from starlette.types import Receive, Scope, Send

    from .caller import Caller
    from .callers import Callers

logger = logging.getLogger(__name__)

PATH = "/mcp"
METADATA = f"/.well-known/oauth-protected-resource{PATH}"
"""Where it says who issues tokens for it (RFC 9728 §3.1)."""

_MOST_READ = 2
"""How many messages are read at once."""
_IDLE = 900.0
_BUSY = {"Retry-After": "5"}


def caller_of(ctx: Any) -> Caller:
    """Return whose a request is, as `Http` has found out."""
    caller: Caller = ctx.request.scope["inbounds.caller"]
    return caller


class Http:
    """An ASGI application. Requests go on only with a token that was accepted.

    Args:
        server: Answers those that do.
        callers: Say whose a token is.
        resource: The proxy's own URL, as its callers know it.
        issuers: The URLs of who issues tokens for it (RFC 9728, `authorization_servers`).
        hosts: What `Host` may be, such as `127.0.0.1:8765`.
        connections: How many connections the listener has.
    """

    def __init__(
        self,
        server: Server[Any],
        callers: Callers,
        *,
        resource: str,
        issuers: Sequence[str],
        hosts: Collection[str],
        connections: int,
    ) -> None:
        self._callers = callers
        self._connections = callers.connections
        self._resource = resource
        self._issuers = list(issuers)
        parts = urlsplit(resource)
        self._metadata = f"{parts.scheme}://{parts.netloc}{METADATA}"
        settings = TransportSecuritySettings(
            allowed_hosts=[*hosts],
            allowed_origins=[
                f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")
            ],
        )
        self._security = TransportSecurityMiddleware(settings)
        self.manager = StreamableHTTPSessionManager(
            server,
            security_settings=settings,
            max_request_body_size=MAX_BYTES,
            session_idle_timeout=_IDLE,
            # Never reached, since each user's are bounded: those who have a task, and requests that
            # have opened none yet.
            max_sessions=callers.most * SESSIONS + connections,
        )
        self._ids: Counter[tuple[str, str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        posted = scope["method"] == "POST"
        answer = await self._security.validate_request(request, is_post=posted)
        if answer is None and scope["path"] == METADATA and scope["method"] == "GET":
            answer = self._about()
        elif answer is None and scope["path"] != PATH:
            answer = Response(status_code=404)
        if answer is not None:
            await answer(scope, receive, send)
            return
        caller = await self._caller(request)
        if isinstance(caller, Response):
            await caller(scope, receive, send)
            return
        await self._answer(caller, scope, receive, send)

    def _about(self) -> Response:
        """Say who issues tokens for it (RFC 9728 §2)."""
        return JSONResponse(
            {
                "resource": self._resource,
                "authorization_servers": self._issuers,
                "bearer_methods_supported": ["header"],
            }
        )

    # --- whose it is ------------------------------------------------------------------------

    async def _caller(self, request: Request) -> Caller | Response:
        said = request.headers.getlist("authorization")
        scheme, _, token = said[0].partition(" ") if len(said) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not token:
            return self._unauthorized()
        try:
            # What a proxy before it says about others is that one's own word.
            address = network_of(request.client.host if request.client else "?")
            return await self._callers.of(token.strip(), address)
        except NotAccepted:
            return self._unauthorized('error="invalid_token", ')
        except TooMany:
            return Response(status_code=503, headers=_BUSY)
        except InboundsError as error:
            logger.warning("whose a token is could not be determined: %s", error)
            return Response(status_code=503, headers=_BUSY)

    def _unauthorized(self, error: str = "") -> Response:
        """Say where to get a token, and nothing more (RFC 6750 §3, RFC 9728 §5.1)."""
        challenge = f'Bearer {error}resource_metadata="{self._metadata}"'
        return Response(status_code=401, headers={"WWW-Authenticate": challenge})

    @cached_property
    def _readers(self) -> CapacityLimiter:
        return CapacityLimiter(_MOST_READ)

    # --- what it says -----------------------------------------------------------------------

    async def _answer(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        user = AuthenticatedUser(
            AccessToken(token="-", client_id=caller.subject, scopes=[], subject=caller.subject)  # noqa: S106 -- no caller's
        )
        # What answers knows who it is, and has nothing that could be shown to anybody else.
        kept = [
            (name, value)
            for name, value in scope["headers"]
            if name in _HEADERS or name.startswith(b"mcp-param-")
        ]
        inner: Scope = {**scope, "headers": kept, "user": user, "inbounds.caller": caller}
        session = Request(scope).headers.get("mcp-session-id", "")
        if scope["method"] != "POST":
            await self._forward(caller, session, inner, receive, send)
            return
        body: bytes | None = b""
        try:
            with self._connections.reading(caller):
                body = await _body(receive)
                if body is None:
                    return
                # Beside the loop that serves everybody.
                message = await to_thread.run_sync(read_message, body, limiter=self._readers)
        except TooMany:
            await Response(status_code=503, headers=_BUSY)(scope, receive, send)
            return
        except NotAMessage as error:
            status = 413 if body and len(body) > MAX_BYTES else 400
            logger.warning("a caller sent an invalid message: %s", error)
            await _refusal(status, PARSE_ERROR, "Parse error")(scope, receive, send)
            return
        again = _again(body, receive)
        if not isinstance(message, JSONRPCRequest):
            await self._forward(caller, session, inner, again, send)
            return
        stream = message.method == "subscriptions/listen"
        if not session:
            if message.method == "initialize" and not self._connections.has_room(caller):
                await Response(status_code=503, headers=_BUSY)(scope, receive, send)
                return
            await self._forward(caller, session, inner, again, send, stream=stream)
            return
        key = (caller.subject, session, str(message.id))
        if self._ids[key]:
            await _refusal(400, INVALID_REQUEST, "an id that is in use")(scope, receive, send)
            return
        self._ids[key] += 1
        try:
            await self._forward(caller, session, inner, again, send, stream=stream)
        finally:
            del self._ids[key]

    async def _forward(
        self,
        caller: Caller,
        session: str,
        inner: Scope,
        receive: Receive,
        send: Send,
        *,
        stream: bool = False,
    ) -> None:
        """Have a request answered, within what its user may hold.

        A session that a DELETE has not ended still counts: only a success says that it has.
        """
        response = _Response(send)
        if not session:
            response.opened = partial(self._opened, caller, inner)
        try:
            stream = stream or inner["method"] == "GET"
            with self._connections.answering(caller, session, stream=stream):
                await self.manager.asgi_app(inner, receive, response.send)
        except TooMany:
            await Response(status_code=503, headers=_BUSY)(inner, receive, send)
        else:
            if inner["method"] == "DELETE" and response.succeeded:
                self._connections.closed(caller, session)
            await response.end()

    async def _opened(self, caller: Caller, inner: Scope, session: str) -> None:
        """Keep a session that was opened; it is ended as its host would end it."""
        host = [(name, value) for name, value in inner["headers"] if name == b"host"]
        headers = [*host, (b"mcp-session-id", session.encode())]
        delete: Scope = {**inner, "method": "DELETE", "headers": headers}

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_: Any) -> None:
            pass

        async def end() -> None:
            # Once the manager has ended, so have its sessions.
            with contextlib.suppress(RuntimeError):
                await self.manager.asgi_app(delete, receive, send)

        await self._connections.keep(caller, session, end)


class _Response:
    """What is sent of an answer.

    Args:
        send: Sends it.

    Attributes:
        opened: Is told of the session that an answer opens, before the answer begins.
        succeeded: Whether an answer has begun, and with a status of success.
    """

    opened: Callable[[str], Awaitable[None]] | None = None
    succeeded = False
    _begun = False
    _ended = False

    def __init__(self, send: Send) -> None:
        self._send = send

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            self.succeeded = message["status"] < 400
            session = dict(message["headers"]).get(b"mcp-session-id")
            if self.opened is not None and session and self.succeeded:
                await self.opened(session.decode())
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._ended = True
        await self._send(message)

    async def end(self) -> None:
        """Send the rest of an answer that was cancelled: that it is over."""
        if not self._begun:
            await self._send({"type": "http.response.start", "status": 503, "headers": []})
        if not self._ended:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


_HEADERS = frozenset(
    {
        *(b"accept", b"content-type", b"host", b"last-event-id", b"mcp-method", b"mcp-name"),
        *(b"mcp-protocol-version", b"mcp-session-id", b"origin"),
    }
)


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request, cut off where it is too long; None where nobody waits."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        parts.append(part)
        if size > MAX_BYTES or not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Callable[[], Awaitable[Any]]:
    """Return what gives the body once more, and then goes on."""
    given = False

    async def again() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _refusal(status: int, code: int, why: str) -> Response:
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": why}}
    return Response(json.dumps(body), status_code=status, media_type="application/json")
