"""Threads of the SDK's own, on which an event loop waits for the policy, the issuer and the disk.

The loop's default threads are the program's: it may fill them, and wait there for what a
guarded tool brings.
"""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from inbounds.errors import InboundsError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

R = TypeVar("R")

MOST = 32
"""How many there are at most. Each is made when it is first needed."""

_pool: ThreadPoolExecutor | None = None


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
    unclaimed: Callable[[Future[R]], None] = _tell_failure,
) -> R:
    """Await what `function` returns, or raises, on a thread of the SDK's.

    Once this is awaited, the function runs to its end, in a copy of this context: whoever is
    cancelled meanwhile only waits no longer, and no loop that ends takes it back.

    Args:
        function: What may wait.
        args: What it takes.
        unclaimed: Takes, on such a thread, what it has brought when nobody waits any more; by
            default, the log says where it failed.
    """
    __tracebackhide__ = True
    work = _threads().submit(copy_context().run, _run, function, *args)
    waiting = asyncio.wrap_future(work)
    del args  # what it refuses to give is in no traceback
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        # Or the loop would log what it raises, whatever that holds.
        waiting.add_done_callback(_seen)
        if work.done():
            _threads().submit(unclaimed, work)
        else:
            work.add_done_callback(unclaimed)
        raise


def run_in_background(function: Callable[..., object], /, *args: Any) -> None:
    """Run a function on a thread of the SDK's, and wait for nothing; the log says where it fails.

    Args:
        function: What may wait.
        args: What it takes.
    """
    work = _threads().submit(copy_context().run, _run, function, *args)
    work.add_done_callback(_tell_failure)


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


def _threads() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603 -- one per process
    if _pool is None:
        _pool = ThreadPoolExecutor(MOST, thread_name_prefix="inbounds")
    return _pool


def _after_fork() -> None:
    global _pool  # noqa: PLW0603 -- its threads are the parent's
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
