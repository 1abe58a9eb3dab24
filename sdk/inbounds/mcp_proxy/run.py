"""The proxy as a program: from its start to the end of its last task."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import anyio
from mcp import MCPError
from mcp.server.lowlevel.server import NotificationOptions

from inbounds.errors import DecisionUnavailable, InboundsError

from .caller import Caller
from .forwarding import forwarding
from .stdio import stdio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from anyio.abc import TaskGroup

    from inbounds.pep import Guard

    from .caller import Launch
    from .place import Place

CHANGES = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
"""What a host may be told of later."""


async def over_stdio(
    guard: Guard,
    launch: Launch,
    subject: str,
    place: Place,
    *,
    subject_token: str = "",
    asks: Collection[str] = (),
    **options: Any,
) -> None:
    """Serve the host that has started this process, until it goes or a signal ends it.

    It is one session of one user: who may start the process says for whom it is.

    Raises:
        DecisionUnavailable: `upstream.unavailable`: the server behind did not start.
    """

    async def serve(group: TaskGroup) -> None:
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
