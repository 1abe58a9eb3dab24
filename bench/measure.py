"""Timing things side by side, so that what disturbs one disturbs all."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Call = Callable[[], object]

_WARM_UP = 20
"""How often each is called before anything is timed."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: How often every entry has its turn; ratios are medians over these.
        batch: How many calls a turn has.
        seconds: How long a turn of throughput lasts.
        starts: How many processes are started for each way to start.
        threads: How many threads ask at once.
        most: How many tools and past calls a decision must not depend on.
        revoked: Likewise, how many revoked ids.
        records: Likewise, how many records.
    """

    rounds: int
    batch: int
    seconds: float
    starts: int
    threads: tuple[int, ...]
    most: int
    revoked: int
    records: tuple[int, ...]


FULL = Effort(
    rounds=25,
    batch=20,
    seconds=0.5,
    starts=9,
    threads=(1, 2, 8, 32),
    most=10_000,
    revoked=100_000,
    records=(10_000, 1_000_000),
)
QUICK = Effort(
    rounds=8,
    batch=10,
    seconds=0.25,
    starts=3,
    threads=(1, 8),
    most=1_000,
    revoked=1_000,
    records=(1_000,),
)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the calls of one entry took, by round, in seconds."""

    rounds: tuple[tuple[float, ...], ...]

    def percentile(self, percent: float) -> float:
        """Return the time that so many of a hundred calls did not exceed."""
        ordered = sorted(seconds for calls in self.rounds for seconds in calls)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    @property
    def least(self) -> float:
        """The time of the fastest calls: the second percentile, so that luck counts little."""
        return self.percentile(2)

    def __str__(self) -> str:
        return f"{self.percentile(50) * 1e6:,.0f} µs"

    def beyond(self, other: Timing) -> str:
        """Say how much longer than `other`: what the medians of all calls differ by."""
        return f"{(self.percentile(50) - other.percentile(50)) * 1e6:,.0f} µs"

    def over(self, other: Timing) -> float:
        """Return how many times as long as `other`: the median of rounds."""
        return statistics.median(
            statistics.median(own) / statistics.median(beside)
            for own, beside in zip(self.rounds, other.rounds, strict=True)
        )

    def to_json(self) -> dict[str, float | int]:
        """Return the percentiles, in microseconds."""
        shown = {f"p{percent}": self.percentile(percent) for percent in (50, 95, 99)}
        shown["least"] = self.least
        calls = sum(len(calls) for calls in self.rounds)
        return {"calls": calls, **{name: round(value * 1e6, 1) for name, value in shown.items()}}


def added(more: Timing, less: Timing, *, beside: tuple[Timing, Timing]) -> float:
    """Return what `more` takes beyond `less`, over the same of another pair: median of rounds."""
    rounds = (more.rounds, less.rounds, *(timing.rounds for timing in beside))
    ratios: list[float] = []
    for calls in zip(*rounds, strict=True):
        above, below, unit_above, unit_below = map(statistics.median, calls)
        ratios.append((above - below) / (unit_above - unit_below))
    return statistics.median(ratios)


def side_by_side(entries: Mapping[str, Call], effort: Effort) -> dict[str, Timing]:
    """Time all entries in turns, each turn beginning with another one."""
    names = list(entries)
    for name in names:
        for _ in range(_WARM_UP):
            entries[name]()
    rounds: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for number in range(effort.rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            rounds[name].append(_timed(entries[name], effort.batch))
    return {name: Timing(tuple(taken)) for name, taken in rounds.items()}


def _timed(call: Call, times: int) -> tuple[float, ...]:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return tuple(taken)


@dataclass(frozen=True, slots=True)
class Throughput:
    """What some threads got done side by side.

    Attributes:
        rates: Calls a second, by round.
        timing: How long the calls took.
    """

    rates: tuple[float, ...]
    timing: Timing

    @property
    def rate(self) -> float:
        """Calls a second."""
        return statistics.median(self.rates)

    def over(self, other: Throughput) -> float:
        """Return how many times as many calls as `other`: the median of rounds."""
        return statistics.median(
            own / beside for own, beside in zip(self.rates, other.rates, strict=True)
        )


def throughput(entries: Mapping[str, Sequence[Call]], effort: Effort) -> dict[str, Throughput]:
    """Count the calls a second of each entry, which has one thread for each of its calls."""
    found: dict[str, list[tuple[float, tuple[float, ...]]]] = {name: [] for name in entries}
    for _ in range(max(3, effort.rounds // 5)):
        for name, calls in entries.items():
            found[name].append(_rate(calls, effort.seconds))
    return {
        name: Throughput(
            tuple(rate for rate, _ in turns), Timing(tuple(taken for _, taken in turns))
        )
        for name, turns in found.items()
    }


def _rate(calls: Sequence[Call], seconds: float) -> tuple[float, tuple[float, ...]]:
    taken: list[list[float]] = [[] for _ in calls]
    failed: list[BaseException] = []
    ready = threading.Barrier(len(calls) + 1)
    over = threading.Event()

    def run(place: int) -> None:
        ready.wait()
        try:
            while not over.is_set():
                begun = time.perf_counter()
                calls[place]()
                taken[place].append(time.perf_counter() - begun)
        except BaseException as error:  # noqa: BLE001 -- told by the thread that waits
            failed.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    ready.wait()
    begun = time.perf_counter()
    time.sleep(seconds)
    over.set()
    for thread in threads:
        thread.join()
    lasted = time.perf_counter() - begun
    if failed:
        raise failed[0]
    every = tuple(seconds for own in taken for seconds in own)
    return len(every) / lasted, every
