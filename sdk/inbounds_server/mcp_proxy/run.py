"""The proxy as a program: from its start to the end of its last task."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import uvicorn
from mcp import MCPError
from mcp.server.lowlevel.server import NotificationOptions

from inbounds.errors import ConfigurationError, DecisionUnavailable, InboundsError
from inbounds_server.http_listener import ConnectionBounds, ListenerConfig

from .caller import Caller
from .callers import Callers
from .forwarding import forwarding
from .http import Http, caller_of
from .stdio import stdio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection

    from anyio.abc import TaskGroup

    from inbounds.pep import Guard

    from .caller import Launch
    from .launches import Launches
    from .place import Place

_BOUNDS = ConnectionBounds(per_address=192)
"""A host keeps a connection open for what it may be told of later, and others share its address."""
CHANGES = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
"""What a host may be told of later."""


async def over_stdio(
    guard: Guard,
    launch: Launch,
    subject: str,
    place: Place,
    *,
    subject_token: Callable[[], str] = str,
    asks: Collection[str] = (),
    launches: Launches | None = None,
    **options: Any,
) -> None:
    """Serve the host that has started this process, until it goes or a signal ends it.

    It is one user's: who may start the process says for whom it is.

    Args:
        guard: Whose policy judges.
        launch: What tasks are begun with.
        subject: The id of the user.
        place: Where the server behind runs.
        subject_token: Says the user's own token.
        asks: What the server may ask of the host.
        launches: Says which session it shares with others, where `launch` names none.
        options: Of the `Upstream`.

    Raises:
        DecisionUnavailable: `upstream.unavailable`: the server behind did not start;
            `session.contended`, `session.unreachable`: its session is no longer shared.
    """
    if launches is not None and launch.conversation is None:
        launch = replace(launch, conversation=launches.conversation(subject))
    failed: list[InboundsError] = []

    async def serve(group: TaskGroup) -> None:
        if launches is not None and launch.conversation is not None:
            group.start_soon(_keep, launches, subject, launch.conversation, group, failed)
        caller = Caller(
            guard,
            launch,
            subject,
            place=place,
            group=group,
            subject_token=subject_token,
            asks=asks,
            **options,
        )
        try:
            capabilities = await capabilities_of(caller)
            server = forwarding(guard, place, lambda _: caller, capabilities, asks=asks)
            async with stdio() as (read, write):
                await server.run(read, write, server.create_initialization_options(CHANGES))
        finally:
            await caller.close()

    await until_ended(serve)
    if failed:
        raise failed[0]


async def _keep(
    launches: Launches,
    subject: str,
    conversation: str,
    group: TaskGroup,
    failed: list[InboundsError],
) -> None:
    """Keep a session that is shared; end what is served where it is not any more."""
    try:
        await launches.keep(subject, conversation)
    except InboundsError as error:
        failed.append(error)
        group.cancel_scope.cancel()


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the proxy answers, and to whom.

    Attributes:
        host: The address to listen at.
        port: The port.
        resource: The proxy's own URL, as its callers know it.
        issuers: The URLs of who issues tokens for it.
        certificate: The files of the certificate and its key; None for clear text.
        claim: Which claim of a token names the user.
        most: How many tasks there may be at once.
        idle: After how many seconds without a request a task is ended.
        refused: How many tokens of one address the issuer's service may refuse in a minute.
    """

    host: str
    port: int
    resource: str
    issuers: Sequence[str] = ()
    certificate: tuple[Path, Path] | None = None
    claim: str = "sub"
    most: int = 64
    idle: float = 900.0
    refused: int = 20

    @property
    def hosts(self) -> list[str]:
        """What `Host` may be: the proxy's own names, and no other's (DNS rebinding)."""
        local = ("127.0.0.1", "localhost", "[::1]")
        shown = f"[{self.host}]" if ":" in self.host else self.host
        names = local if shown in local else (shown,)
        own = urlsplit(self.resource)
        return [*(f"{name}:{self.port}" for name in names), own.netloc, own.hostname or own.netloc]


async def over_http(
    guard: Guard,
    launch: Launch,
    place: Place,
    listening: Listening,
    *,
    asks: Collection[str] = (),
    launches: Launches | None = None,
    ready: Callable[[], None] = lambda: None,
    **options: Any,
) -> None:
    """Serve whoever shows a token that the issuer's service accepts, until a signal ends it.

    Args:
        guard: Whose policy judges. Its issuer is a service, which verifies users.
        launch: What tasks are begun with.
        place: Where the server behind runs.
        listening: Where to answer, and to whom.
        asks: What the server may ask of the host.
        launches: Says which session each user's tasks share with others, where `launch` names none.
        ready: Is called once it listens.
        options: Of the `Upstream`s.

    Raises:
        DecisionUnavailable: `upstream.unavailable`: the server behind did not start.
    """
    if launch.conversation is not None:
        launches = None

    async def serve(group: TaskGroup) -> None:
        def make(subject: str, token: str) -> Caller:
            return Caller(
                guard,
                launch,
                subject,
                place=place,
                group=group,
                subject_token=lambda: token,
                asks=asks,
                launches=launches,
                **options,
            )

        # What it can do, it says to anybody alike; who calls has a connection of their own.
        looking = make("-", "")
        capabilities = await capabilities_of(looking)
        await looking.close()
        callers = Callers(
            make,
            claim=listening.claim,
            most=listening.most,
            idle=listening.idle,
            refused=listening.refused,
            launches=launches,
        )
        server = forwarding(guard, place, caller_of, capabilities, asks=asks)
        http = Http(
            server,
            callers,
            resource=listening.resource,
            issuers=listening.issuers,
            hosts=listening.hosts,
            connections=_BOUNDS.total,
        )
        group.start_soon(callers.watch)
        group.start_soon(callers.keep_sessions)
        try:
            async with http.manager.run():
                await _listen(http, listening, ready)
        finally:
            with anyio.CancelScope(shield=True):
                await callers.close()

    await until_ended(serve)


async def _listen(http: Http, listening: Listening, ready: Callable[[], None]) -> None:
    server = _Server(
        ListenerConfig(
            http,
            host=listening.host,
            port=listening.port,
            certificate=listening.certificate,
            bounds=_BOUNDS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=2,
        )
    )
    server.ready = ready
    await server.serve()
    if not server.started:
        raise ConfigurationError(
            f"{listening.host}:{listening.port} cannot be listened at",
            code="configuration.listen",
            hint="name an address of this machine that nobody listens at",
        )


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to who runs it."""

    ready: Callable[[], None]

    async def startup(self, sockets: Any = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self.ready()


async def capabilities_of(caller: Caller) -> Any:
    """Return what the server behind can do.

    Raises:
        DecisionUnavailable: `upstream.unavailable`: it did not start.
    """
    try:
        return await caller.upstream.capabilities()
    except MCPError:
        raise DecisionUnavailable(
            f"the server behind, `{caller.upstream.place.name}`, did not start",
            code="upstream.unavailable",
            hint="start it by itself: what stands after `--`, or the URL",
        ) from None


async def until_ended(serve: Callable[[TaskGroup], Awaitable[None]]) -> None:
    """Run what serves, until it is done or a signal ends it; raise what it raises.

    Args:
        serve: Takes the group in which the connections to servers behind run.
    """
    failed: InboundsError | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_ended_by_signal, group.cancel_scope)
        try:
            await serve(group)
        except InboundsError as error:
            failed = error
        group.cancel_scope.cancel()
    if failed is not None:
        raise failed


async def _ended_by_signal(scope: anyio.CancelScope) -> None:
    """Cancel a scope once somebody wants this process to end."""
    try:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                scope.cancel()
                return
    except NotImplementedError:  # Windows ends it by itself
        await anyio.sleep_forever()
