"""Limits on the requests of one address and of one agent to the issuer's service."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from inbounds.errors import InboundsError
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .settings import Folder

_MOST_UNDER_WAY = 240
"""How many requests there are at once: fewer than connections, so that others ask for health."""
_MINUTE = 60.0  # seconds
_BEGUN = "begun tasks of this agent"


class Limited(InboundsError):
    """Somebody asks too often. Nothing was issued."""

    code = "issuer.limited"
    hint = "wait a minute; renew a task when less than a minute of its token is left, not before"


class RequestLimits:
    """Counts requests by whole minutes. Thread-safe.

    Beginnings, renewals and ends of one agent have a counter each. A request to begin a task counts
    as begun only once the user's token is verified; until then, and if it is refused, it counts as
    refused. So nobody without a user's token uses up what an agent may begin or renew.

    Args:
        folder: Its settings have the limits.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._counts = _MinuteCounts()
        self._lock = ProcessLock()
        self._under_way: Counter[str] = Counter()
        self._unverified: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def request(self, address: str, *, begins: bool) -> Iterator[None]:
        """Count one request of an address, and hold its place until it is answered.

        Args:
            address: Where it comes from; see `network_of`.
            begins: Whether it is to begin a task. Such requests use three quarters of what the
                address may send at most, so that a quarter is left for its renewals and ends.

        Raises:
            Limited: The address sends too many, or too many are under way.
        """
        settings = self._folder.settings
        most = settings.asked_per_minute
        if begins:
            begin_most = _share(most)
            self._hit(begin_most, "requests of this address to begin a task", "begin at", address)
        self._hit(most, "requests of this address", "at", address)
        # Whoever sends a request and hangs up has a place for another connection, not for this.
        with self._lock:
            if self._under_way[address] >= settings.connections_per_address:
                raise Limited("too many requests of this address are under way")
            if self._under_way.total() >= _MOST_UNDER_WAY:
                raise Limited("too many requests are under way")
            self._under_way[address] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[address] -= 1
                self._under_way += Counter()  # forgets whom nothing is under way of

    @contextmanager
    def beginning(self, agent: str, address: str) -> Iterator[Callable[[], None]]:
        """Hold a place for one request to begin a task; yield what counts the task as begun.

        The yielded function is called once the user's token is verified. If it was not called when
        the block is left, the request counts as refused. As many may be refused as begun; one
        address may use three quarters of them.

        Args:
            agent: The verified id of the agent.
            address: Where the request comes from.

        Raises:
            Limited: The agent has begun too many tasks, or too many requests are refused. So does
                the yielded function.
        """
        most = self._folder.settings.begun_per_minute
        refused = {
            ("refused", agent): most,
            ("refused at", address, agent): _share(most),
        }
        with self._lock:
            if self._counts.of("begun", agent) >= most:
                raise _too_many(most, _BEGUN)
            for whose, limit in refused.items():
                # Those under way count until they are verified: many at once are not fewer.
                if self._counts.of(*whose) + self._unverified[whose] >= limit:
                    raise _too_many(limit, "refused requests of this agent to begin a task")
            self._unverified.update(refused.keys())
        begun = False

        def count_begun() -> None:
            nonlocal begun
            self._hit(most, _BEGUN, "begun", agent)
            begun = True

        try:
            yield count_begun
        finally:
            with self._lock:
                if not begun:
                    for whose in refused:
                        self._counts.add(*whose)
                self._unverified.subtract(refused.keys())
                self._unverified += Counter()

    def count_renewal(self, agent: str) -> None:
        """Count one renewal of a task by its holder.

        Raises:
            Limited: The agent renews too often.
        """
        most = self._folder.settings.begun_per_minute
        self._hit(most, "renewals of this agent's tasks", "renewed", agent)

    def count_end(self, *whose: str, again: bool = False) -> None:
        """Count one end of a hop, or of what is over already; the two have counters of their own.

        A key costs nothing to make. So it counts for who asks, and apart from that for each who is
        above, whose own ends it does not use up. Three quarters of what counts there are at most
        of one key below.

        Args:
            whose: The agent of the task, and each key down to that of who asks.
            again: Whether it is over already.

        Raises:
            Limited: Who asks ends too many hops, or all below one of those above do.
        """
        most = self._folder.settings.begun_per_minute
        kind = "ended again" if again else "ended"
        what = "ends of what is over by" if again else "ends of hops by"
        limits: dict[tuple[str, ...], tuple[int, str]] = {}
        limits[kind, whose[-1]] = (most, f"{what} this holder")
        for one, below in pairwise(whose):
            limits[f"{kind} below", one] = (most, f"{what} those below one holder")
            limits[f"{kind} below", one, below] = (_share(most), f"{what} those below one holder")
        with self._lock:
            for each, (limit, words) in limits.items():
                if self._counts.of(*each) >= limit:
                    raise _too_many(limit, words)
            for each in limits:
                self._counts.add(*each)

    def _hit(self, most: int, what: str, *whose: str) -> None:
        with self._lock:
            if self._counts.of(*whose) >= most:
                raise _too_many(most, what)
            self._counts.add(*whose)


class _MinuteCounts:
    """How often each thing was done in its minute, which begins with the first time.

    A count is forgotten with its minute, a list of moments never. A minute is one of time that
    passes: whatever the clock is set to, nobody is locked out for longer, or let in sooner.
    """

    def __init__(self) -> None:
        # In the order in which they began, so that the first is over first.
        self._minutes: dict[tuple[str, ...], tuple[float, int]] = {}

    def of(self, *whose: str) -> int:
        """Return how often it was done in its minute."""
        over = clock.monotonic() - _MINUTE
        while self._minutes:
            first = next(iter(self._minutes))
            if self._minutes[first][0] > over:
                break
            del self._minutes[first]
        return self._minutes.get(whose, (0.0, 0))[1]

    def add(self, *whose: str) -> None:
        """Count it once more."""
        count = self.of(*whose)
        begun, _ = self._minutes.get(whose, (clock.monotonic(), 0))
        self._minutes[whose] = (begun, count + 1)


def _share(most: int) -> int:
    """Return three quarters of a limit, and at least one."""
    return most - most // 4


def _too_many(most: int, what: str) -> Limited:
    return Limited(f"more than {most} {what} in a minute")
