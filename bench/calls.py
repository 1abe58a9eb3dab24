"""What one call costs, step by step beside what it cannot do without, on one engine."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import TracerProvider

from inbounds.evidence import NoEvidence
from inbounds.evidence.log import SqliteEvidence
from inbounds.pdp import DECISION

from .measure import added, side_by_side, throughput
from .results import Goal
from .world import ARGUMENTS, TOOL, FreshTokens, Listening, begin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inbounds import Guard
    from inbounds.pdp import PolicyDecisionPoint

    from .measure import Call, Effort
    from .results import Results
    from .world import World

WARM = "(a) task.call, no evidence, warm tokens"
COLD = "(b) the same, other tokens at every call"
DURABLE = "(c) the same as (a), with durable evidence"
SPAN = "an empty span"
COMMITS = "two bare durable commits"
_KEY = b"k" * 32
_THREADS = 8


def question(world: World, pdp: PolicyDecisionPoint) -> bytes:
    """Return the question that a call of the tool asks."""
    listening = Listening(pdp)
    begin(world.guard(listening, NoEvidence())).call(TOOL, ARGUMENTS)
    return listening.asked[DECISION]


def calling(guard: Guard) -> Call:
    """Begin a task, and return a call of the tool under it."""
    task = begin(guard)
    return lambda: task.call(TOOL, ARGUMENTS)


def measure(
    world: World,
    pdp: PolicyDecisionPoint,
    floor: tuple[str, Call],
    effort: Effort,
    results: Results,
) -> None:
    """Measure (a), (b) and (c) on one engine, beside `floor`, the engine alone."""
    name, bare = floor
    paired = f"{name}, and {COMMITS}"
    asked = question(world, pdp)
    disk = Path(tempfile.mkdtemp(dir=world.folder))
    with contextlib.ExitStack() as stack:
        commits = stack.enter_context(_commits(disk / "bare"))
        entries: dict[str, Call] = {
            name: bare,
            f"{type(pdp).__name__}.ask": lambda: pdp.ask(
                DECISION, asked, deadline=time.monotonic() + 30
            ),
            WARM: calling(world.guard(pdp, NoEvidence())),
            COLD: _cold(world, pdp, effort),
            DURABLE: calling(world.guard(pdp, stack.enter_context(_evidence(disk / "evidence")))),
            SPAN: _span(),
            COMMITS: commits,
            paired: lambda: (bare(), commits()),
        }
        found = side_by_side(entries, effort)
    group = f"one call, {name}"
    results.timings[group] = found
    most = 2.5 if pdp.name == "embedded" else 3.0
    results.goals += [
        Goal(
            f"(a) over {name}",
            found[WARM].over(found[name]),
            most,
            undisturbed=found[WARM].least / found[name].least,
        ),
        Goal(
            f"{name}: what evidence adds to (a), over what two bare commits add",
            added(found[DURABLE], found[WARM], beside=(found[paired], found[name])),
            1.5,
            undisturbed=(found[DURABLE].least - found[WARM].least)
            / (found[paired].least - found[name].least),
        ),
    ]


def measure_threads(
    world: World, pdp: PolicyDecisionPoint, effort: Effort, results: Results
) -> None:
    """Count the calls a second of one and of eight threads, each with a task of its own."""
    guard = world.guard(pdp, NoEvidence())
    one, many = "1 thread", f"{_THREADS} threads"
    found = throughput(
        {one: [calling(guard)], many: [calling(guard) for _ in range(_THREADS)]}, effort
    )
    results.rates[pdp.name] = found
    results.goals.append(
        Goal(
            f"{pdp.name}: calls a second of {many} over {one}",
            found[many] / found[one],
            1.0,
            least=True,
        )
    )


def _cold(world: World, pdp: PolicyDecisionPoint, effort: Effort) -> Call:
    fresh = FreshTokens.of(world.issuer)
    task = begin(world.guard(pdp, NoEvidence(), fresh))
    # A few more than are measured: the calls before that need theirs.
    fresh.sign(task, effort.rounds * effort.batch + 50)
    return lambda: task.call(TOOL, ARGUMENTS)


@contextlib.contextmanager
def _evidence(path: Path) -> Iterator[SqliteEvidence]:
    log = SqliteEvidence(path, key=_KEY)
    yield log
    log.close()


def _span() -> Call:
    tracer = TracerProvider().get_tracer("bench")
    return lambda: tracer.start_span("empty").end()


@contextlib.contextmanager
def _commits(path: Path) -> Iterator[Call]:
    """Two rows of the size of the records, each in a transaction that is on the disk."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE rows (body TEXT NOT NULL)")
    bodies = [json.dumps({"body": "x" * size}) for size in (1000, 300)]

    def commit() -> Any:
        for body in bodies:
            connection.execute("INSERT INTO rows VALUES (?)", (body,))

    yield commit
    connection.close()
