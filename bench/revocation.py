"""`python -m bench.revocation`: how soon what was ended is refused, and what a long list costs.

Real OPAs, the feed's owner and the agent are processes of their own. Each OPA is asked again and
again, for a task that its agent then ends: what is measured is the time from the return of
`task.end` to the last answer of any OPA that still allows it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbounds.evidence import NoEvidence
from inbounds.live.store import FILE
from inbounds.pdp import DECISION
from inbounds.pdp.opa_live import OpaLive

from . import fleet, servers, starts
from .measure import FULL, QUICK, side_by_side
from .results import load, machine
from .screen import Progress, console
from .world import ARGUMENTS, TOOL, Listening, World, begin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inbounds_tools.opa.process import OpaProcess

    from .measure import Effort, Timing

_ROOT = Path(__file__).resolve().parent.parent
_DOCS = _ROOT / "docs"
_SIZES = {1: 0.008, 4: 0.02, 16: 0.05}
"""How many OPAs, and the seconds from one question to the next at each: more would be slower for
the questions alone, since the machine has few processors."""
_ENDS, _FEW = 120, 6
_REVOKED, _FEWER = 100_000, 1_000
_PUSHES = 9
_LIMIT = 30.0
"""Seconds after which an OPA that still allows is a fault."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one task that was ended; seconds since `task.end` returned.

    Attributes:
        ending: How long `task.end` took.
        allowed: When the last answer came that allowed a call of it, of any OPA.
        refused: When the first answer had come of every OPA that refused one.
    """

    ending: float
    allowed: float
    refused: float


class _Watch(threading.Thread):
    """Asks one OPA for one task until it refuses."""

    def __init__(self, raw: servers.RawSocket, pause: float) -> None:
        super().__init__(daemon=True)
        self.allowed = 0.0
        self.refused = 0.0
        self.fault = ""
        self._raw, self._pause = raw, pause

    def run(self) -> None:
        time.sleep(random.uniform(0, self._pause))  # noqa: S311 -- not all at once
        until = time.perf_counter() + _LIMIT
        while True:
            begun = time.perf_counter()
            answer = self._raw.ask()
            if b'"decision":true' not in answer:
                break
            self.allowed = time.perf_counter()
            if self.allowed > until:
                self.fault = "an OPA still allows what was ended"
                return
            time.sleep(max(0.0, begun + self._pause - self.allowed))
        self.refused = time.perf_counter()
        if b"task.ended" not in answer:
            self.fault = "an OPA refuses for another reason than that the task was ended"


def ends(world: World, running: Sequence[OpaProcess], number: int, pause: float) -> list[Ended]:
    """End so many tasks, one after the other, while every OPA is asked for each."""
    asker = fleet.server(world, running[0])
    listening = Listening(asker)
    guard = world.guard(listening, NoEvidence())
    try:
        return [_ended(world, guard, listening, running, pause) for _ in range(number)]
    finally:
        asker.close()


def _ended(
    world: World, guard: Any, listening: Listening, running: Sequence[OpaProcess], pause: float
) -> Ended:
    task = begin(guard)
    task.call(TOOL, ARGUMENTS)
    question = listening.asked[DECISION]
    with contextlib.ExitStack() as open_:
        raws = [
            open_.enter_context(
                servers.RawSocket(fleet.server(world, process), world.tokens["pep"], question)
            )
            for process in running
        ]
        watches = [_Watch(raw, pause) for raw in raws]
        for watch in watches:
            watch.start()
        # Of no fixed distance to the owner's looks at its file.
        time.sleep(random.uniform(0.05, 0.25))  # noqa: S311 -- likewise
        begun = time.perf_counter()
        task.end()
        ended = time.perf_counter()
        for watch in watches:
            watch.join()
    for watch in watches:
        if watch.fault:
            raise RuntimeError(watch.fault)
    return Ended(
        ended - begun,
        max(0.0, *(watch.allowed - ended for watch in watches)),
        max(watch.refused - ended for watch in watches),
    )


def _summed(found: Sequence[Ended]) -> dict[str, Any]:
    """Percentiles of every kind of time, in milliseconds."""
    summed: dict[str, Any] = {"ends": len(found)}
    for name in ("ending", "allowed", "refused"):
        ordered = sorted(getattr(each, name) for each in found)
        for percent in (50, 99):
            at = min(len(ordered) - 1, len(ordered) * percent // 100)
            summed[f"{name}_p{percent}"] = round(ordered[at] * 1000, 1)
        summed[f"{name}_most"] = round(ordered[-1] * 1000, 1)
    return summed


def revoke_many(world: World, number: int) -> None:
    """Put so many revoked ids into the feed's file, without ending each by itself."""
    path = world.folder / "home" / "issuer" / FILE
    at = int(time.time())
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        (seq,) = file.execute("SELECT seq FROM feed").fetchone()
        rows = ((f"token-{place:08}", at, seq + 1 + place) for place in range(number))
        file.executemany("INSERT INTO entries VALUES ('revoked', ?, ?, ?)", rows)
        file.execute("UPDATE feed SET seq = seq + ?", (number,))


def measure_fleet(
    world: World, built: tuple[list[Path], Path], told: Callable[[str], None], *, quick: bool
) -> dict[str, Any]:
    """Measure how soon every OPA refuses, by how many there are."""
    number, revoked = (_FEW, _FEWER) if quick else (_ENDS, _REVOKED)
    sizes = {size: pause for size, pause in _SIZES.items() if size <= 4 or not quick}
    found: dict[str, Any] = {}
    with fleet.opas(world, *built, max(sizes)) as running:
        for size, pause in sizes.items():
            told(f"{number} tasks ended, {_named(size)}")
            with fleet.fed(world, [process.url for process in running[:size]]):
                found[_named(size)] = {
                    "opas": size,
                    "revoked": 0,
                    "asked_every_ms": pause * 1000,
                    **_summed(ends(world, running[:size], number, pause)),
                }
        told(f"{number} tasks ended, {_named(1)}, {revoked:,} revoked ids")
        revoke_many(world, revoked)
        with fleet.fed(world, [running[0].url]):
            found[f"{_named(1)}, {revoked:,} revoked ids"] = {
                "opas": 1,
                "revoked": revoked,
                "asked_every_ms": _SIZES[1] * 1000,
                **_summed(ends(world, running[:1], number, _SIZES[1])),
            }
    return found


def _named(size: int) -> str:
    return f"{size} OPA{'s' * (size > 1)}"


def measure_lists(world: World, built: tuple[list[Path], Path], *, quick: bool) -> dict[str, Any]:
    """Measure what a long list takes: memory, a decision, and a push to a PDP that has it."""
    effort: Effort = QUICK if quick else FULL
    revoked = _FEWER if quick else _REVOKED
    found: dict[str, Any] = {}
    with fleet.opas(world, *built, 2) as running, contextlib.ExitStack() as open_:
        asks = {}
        for number, process in zip((0, revoked), running, strict=True):
            live = OpaLive(process.url, world.tokens["feed"], seconds=_LIMIT)
            open_.callback(live.close)
            feed = world.feed(number)
            pushes = _times(lambda live=live, feed=feed: live.push_live(feed))
            server = fleet.server(world, process)
            open_.callback(server.close)
            listening = Listening(server)
            begin(world.guard(listening, NoEvidence())).call(TOOL, ARGUMENTS)
            raw = servers.RawSocket(server, world.tokens["pep"], listening.asked[DECISION])
            asks[number] = open_.enter_context(raw).ask
            found[f"OPA, {number:,} revoked ids"] = {"push_ms": pushes}
        _decisions(found, "OPA", asks, effort)
        for number, process in zip((0, revoked), running, strict=True):
            found[f"OPA, {number:,} revoked ids"]["mebibytes"] = round(fleet.resident(process), 1)
    asks = {}
    for number in (0, revoked):
        policy = world.embedded(revoked=number)
        feed = world.feed(number)
        pushes = _times(lambda policy=policy, feed=feed: policy.push_live(feed))
        listening = Listening(policy)
        begin(world.guard(listening, NoEvidence())).call(TOOL, ARGUMENTS)
        asked = listening.asked[DECISION]
        asks[number] = lambda policy=policy, asked=asked: policy.ask(
            DECISION, asked, deadline=time.monotonic() + _LIMIT
        )
        found[f"embedded, {number:,} revoked ids"] = {
            "push_ms": pushes,
            "mebibytes": round(starts.resident(world, f"memory-{number}", revoked=number), 1),
        }
    _decisions(found, "embedded", asks, effort)
    return found


def _decisions(found: dict[str, Any], engine: str, asks: dict[int, Any], effort: Effort) -> None:
    taken: dict[str, Timing] = side_by_side(
        {f"{engine}, {number:,} revoked ids": ask for number, ask in asks.items()}, effort
    )
    for name, timing in taken.items():
        found[name]["decision_us"] = round(timing.percentile(50) * 1e6)


def _times(call: Callable[[], object]) -> float:
    """The median of a few calls, in milliseconds."""
    taken = []
    for _ in range(_PUSHES):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return round(sorted(taken)[_PUSHES // 2] * 1000, 1)


def main(arguments: list[str] | None = None) -> int:
    """Measure as the command line says."""
    from . import revocation_page

    parser = argparse.ArgumentParser(prog="python -m bench.revocation", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few ends, no 16 OPAs, and no page")
    options = parser.parse_args(arguments)
    quick, on = options.quick, console()
    before, begun = load(), time.monotonic()
    (_ROOT / "build").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=_ROOT / "build") as folder,
        Progress(on) as told,
    ):
        world = World(Path(folder), fed=True)
        told("building and signing bundles")
        built = servers.bundles(world, 10)
        told("what a long list takes")
        lists = measure_lists(world, built, quick=quick)  # before the feed's file has one
        found = measure_fleet(world, built, told, quick=quick)
        world.close()
    whole = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load": {"before": before, "after": load()},
        "quick": quick,
        "seconds": round(time.monotonic() - begun, 1),
        "ends": found,
        "lists": lists,
    }
    revocation_page.show(whole, on)
    place = _ROOT / "build" if quick else _DOCS
    (place / "revocation.json").write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    if not quick:
        page = place / "revocation.md"
        page.write_text(revocation_page.placed(page.read_text("utf-8"), whole), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
