"""Threads that read and answer requests beside the loop that serves everybody."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from anyio import CapacityLimiter, Lock, to_thread

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_MOST_ANSWERED = 20
"""How many requests are answered at once."""


class RequestThreads:
    """Threads for requests of one kind: requests of another kind have threads of their own.

    Bodies are read one at a time, and those of one address one after another: an address that sends
    many waits for itself, and a request of another one for at most one body of each address.
    """

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    async def read(self, address: str, read: Callable[[bytes], T], body: bytes) -> T:
        """Read a body in a thread, once it is the turn of its address.

        Args:
            address: Where the request comes from.
            read: What reads.
            body: What is read.
        """
        # Held here, it is there for as long as somebody waits for it.
        turn = self._turns.setdefault(address, Lock())
        async with turn:
            return await to_thread.run_sync(read, body, limiter=self._reading)

    async def answer(self, answer: Callable[[], T]) -> T:
        """Call in a thread what answers a request."""
        return await to_thread.run_sync(answer, limiter=self._answering)

    @cached_property
    def _reading(self) -> CapacityLimiter:
        return CapacityLimiter(1)

    @cached_property
    def _answering(self) -> CapacityLimiter:
        return CapacityLimiter(_MOST_ANSWERED)
