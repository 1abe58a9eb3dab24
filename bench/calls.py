"""What one call costs, step by step beside what it cannot do without, on one engine."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import TracerProvider

from inbounds.evidence import NoEvidence
from inbounds.evidence.log import SqliteEvidence
from inbounds.pdp import DECISION

from .commits import BareCommits
from .measure import added, side_by_side, throughput
from .results import Goal
from .world import ARGUMENTS, TOOL, FreshTokens, Listening, begin

if TYPE_CHECKING:
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
IN_PLACE = "the same as (a), with two bare durable commits in the place of the records"
_KEY = b"k" * 32
_MANY = 8
_SETTLED = 150
"""As often as it takes until the evidence log's write-ahead log has been full once."""


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
    asked = question(world, pdp)
    disk = Path(tempfile.mkdtemp(dir=world.folder))
    with contextlib.ExitStack() as stack:
        log = SqliteEvidence(disk / "evidence", key=_KEY)
        stack.callback(log.close)
        durable = settled(world.guard(pdp, log))
        commits = BareCommits(disk / "bare", like=log.path)
        stack.callback(commits.close)
        entries: dict[str, Call] = {
            name: bare,
            f"{type(pdp).__name__}.ask": lambda: pdp.ask(
                DECISION, asked, deadline=time.monotonic() + 30
            ),
            WARM: calling(world.guard(pdp, NoEvidence())),
            COLD: _cold(world, pdp, effort),
            DURABLE: durable,
            SPAN: _span(),
            COMMITS: commits.both,
            IN_PLACE: calling(world.guard(pdp, commits)),
        }
        found = side_by_side(entries, effort)
    results.timings[f"one call, {name}"] = found
    where, most = ("embedded", 2.5) if pdp.name == "embedded" else (name, 3.0)
    evidence, bare_commits = found[DURABLE].beyond(found[WARM]), found[IN_PLACE].beyond(found[WARM])
    results.goals += [
        Goal.at_most(f"(a) over {name}", found[WARM], found[name], most),
        Goal(
            f"{where}: what evidence adds to (a), over what two bare commits add",
            added(found[DURABLE], found[WARM], beside=(found[IN_PLACE], found[WARM])),
            1.5,
            undisturbed=(found[DURABLE].least - found[WARM].least)
            / (found[IN_PLACE].least - found[WARM].least),
            told=f"{evidence} over {bare_commits}",
        ),
    ]


def settled(guard: Guard) -> Call:
    """Begin a task, and return a call under it once its log is past its first pages."""
    call = calling(guard)
    for _ in range(_SETTLED):
        call()
    return call


def measure_threads(
    world: World, pdp: PolicyDecisionPoint, effort: Effort, results: Results
) -> None:
    """Measure (a) with one and with many threads, each with a task of its own."""
    engine = {"opa": "OPA"}.get(pdp.name, pdp.name)
    guard = world.guard(pdp, NoEvidence())
    every = [calling(guard) for _ in range(max(effort.threads))]
    counts = {_threads(number): every[:number] for number in effort.threads}
    found = throughput(counts, effort)
    results.rates[engine] = {name: each.rate for name, each in found.items()}
    results.timings[f"{engine}, (a) by threads"] = {
        name: each.timing for name, each in found.items()
    }
    one, many = found[_threads(1)], found[_threads(_MANY)]
    results.goals.append(
        Goal(
            f"{engine}: calls a second of {_threads(_MANY)} over {_threads(1)}",
            many.over(one),
            1.0,
            least=True,
            told=f"{many.rate:,.0f}/s over {one.rate:,.0f}/s",
        )
    )


def _threads(number: int) -> str:
    return f"{number} thread{'s' if number > 1 else ''}"


def _cold(world: World, pdp: PolicyDecisionPoint, effort: Effort) -> Call:
    fresh = FreshTokens.of(world.issuer)
    task = begin(world.guard(pdp, NoEvidence(), fresh))
    # A few more than are measured: the calls before that need theirs.
    fresh.sign(task, effort.rounds * effort.batch + 50)
    return lambda: task.call(TOOL, ARGUMENTS)


def _span() -> Call:
    tracer = TracerProvider().get_tracer("bench")
    return lambda: tracer.start_span("empty").end()
