"""Whether all that the feed is pushed to have a change: waited for by the loop, in no thread."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, Lock, move_on_after, sleep, to_thread

from inbounds.live.wait import has
from inbounds.process import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inbounds.live import LiveFeed
    from inbounds.live.feed import Acknowledgement, Position

    from .settings import Folder

_LOOK = 0.02
"""Seconds between two looks at how far those are that the feed is pushed to."""
_MOST_WAITING = 60
"""How many requests wait at once: a quarter of those that may be under way."""


class InForce:
    """Tells whether a change is known wherever the feed is pushed to.

    All that wait go by the same looks. One address has a quarter of its requests wait at most, and
    all of them together a quarter of what may be under way: a request beyond that is answered
    at once.

    Args:
        feed: Where those that push it note how far each has come.
        folder: Its settings have the limits of an address.
    """

    def __init__(self, feed: LiveFeed, folder: Folder) -> None:
        self._feed = feed
        self._folder = folder
        self._waiting: Counter[str] = Counter()
        self._seen: tuple[float, Sequence[Acknowledgement]] = (float("-inf"), ())

    async def at(self, position: Position, address: str, *, seconds: float) -> bool:
        """Tell whether all have come as far as `position`.

        Args:
            position: How far.
            address: Where the request comes from that waits.
            seconds: How long it waits at most.

        Raises:
            DecisionUnavailable: How far they are cannot be read.
        """
        if seconds <= 0:
            return await self._known(position)
        most = max(self._folder.settings.connections_per_address // 4, 1)
        if self._waiting[address] >= most or self._waiting.total() >= _MOST_WAITING:
            return False
        self._waiting[address] += 1
        try:
            with move_on_after(seconds):
                while not await self._known(position):  # noqa: ASYNC110 -- others write a file
                    await sleep(_LOOK)
                return True
            return False
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()  # forgets whom nothing waits of

    async def _known(self, position: Position) -> bool:
        async with self._turn:
            if clock.monotonic() - self._seen[0] >= _LOOK:
                notes = await to_thread.run_sync(self._feed.acknowledgements, limiter=self._reading)
                self._seen = (clock.monotonic(), notes)
        # What was seen before a change knows nothing of it.
        _, seen = self._seen
        return bool(seen) and all(has(note, position) for note in seen)

    @cached_property
    def _turn(self) -> Lock:
        return Lock()

    @cached_property
    def _reading(self) -> CapacityLimiter:
        return CapacityLimiter(1)
