"""Threads of the SDK's own, on which an event loop waits for the policy, the issuer and the disk.

The loop's default threads are the program's: it may fill them, and wait there for what a
guarded tool brings.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from inbounds.errors import InboundsError

from . import clock
from .fair_pool import FairPool

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

logger = logging.getLogger(__name__)

R = TypeVar("R")

MOST = 32
"""How many there are at most."""

OF_ONE = 4
"""How many of them one session has at most: its calls wait for each other anyway."""

_NAMES = "inbounds"

_pool: FairPool | None = None
_under_way: set[Future[Any]] = set()


def _tell_failure(work: Future[Any]) -> None:
    error = work.exception()
    if error is not None:
        # A message of somebody else's may hold anything.
        said = str(error) if isinstance(error, InboundsError) else type(error).__name__
        logger.error("what nobody waits for any more failed: %s", said)


async def run_in_thread(
    function: Callable[..., R],
    /,
    *args: Any,
    of: Hashable = None,
    unclaimed: Callable[[Future[R]], None] = _tell_failure,
) -> R:
    """Await what `function` returns, or raises, on a thread of the SDK's.

    Once this is awaited, the function runs to its end, in a copy of this context: whoever is
    cancelled meanwhile only waits no longer, and no loop that ends takes it back.

    Args:
        function: What may wait.
        args: What it takes.
        of: The session it is of, whose turn it may wait for; those of one session have a few
            threads at a time.
        unclaimed: Takes, on such a thread, what it has brought when nobody waits any more; by
            default, the log says where it failed.
    """
    __tracebackhide__ = True
    work = _submit(of, copy_context().run, _run, function, *args)
    waiting = asyncio.wrap_future(work)
    del args  # what it refuses to give is in no traceback
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        # Or the loop would log what it raises, whatever that holds.
        waiting.add_done_callback(_seen)
        if work.done():
            _submit(None, unclaimed, work)
        else:
            # It counts as well, for as long as it takes.
            claimed: Future[None] = Future()
            _under_way.add(claimed)
            work.add_done_callback(unclaimed)
            work.add_done_callback(lambda _: _end(claimed))
        raise


def run_in_background(function: Callable[..., object], /, *args: Any) -> None:
    """Run a function on a thread of the SDK's, and wait for nothing; the log says where it fails.

    Args:
        function: What may wait.
        args: What it takes.
    """
    work = _submit(None, copy_context().run, _run, function, *args)
    work.add_done_callback(_tell_failure)


def wait_until_idle(seconds: float) -> None:
    """Wait until all that runs on these threads has ended; on one of them, wait for nothing.

    Args:
        seconds: How long to wait at most.
    """
    if threading.current_thread().name.startswith(f"{_NAMES}_"):
        return
    end = clock.monotonic() + seconds
    while (works := [*_under_way]) and (left := end - clock.monotonic()) > 0:
        wait(works, left)


def _submit(owner: Hashable, function: Callable[..., R], /, *args: Any) -> Future[R]:
    work = _threads().submit(owner, function, *args)
    _under_way.add(work)
    work.add_done_callback(_under_way.discard)
    return work


def _end(claimed: Future[None]) -> None:
    _under_way.discard(claimed)
    claimed.set_result(None)


def _run(function: Callable[..., R], *args: Any) -> R:
    __tracebackhide__ = True
    try:
        return function(*args)
    except StopIteration as error:
        # No future takes it: whoever awaits would wait for ever.
        raise RuntimeError("what ran on a thread raised StopIteration") from error
    finally:
        del args


def _seen(waiting: asyncio.Future[Any]) -> None:
    if not waiting.cancelled():
        waiting.exception()


def _threads() -> FairPool:
    global _pool  # noqa: PLW0603 -- one per process
    if _pool is None:
        _pool = FairPool(MOST, OF_ONE, _NAMES)
    return _pool


def _after_fork() -> None:
    global _pool  # noqa: PLW0603 -- its threads are the parent's
    _pool = None
    _under_way.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
