"""`python -m bench`: measure what a decision costs, print it, and keep it as JSON.

Times depend on the machine and on what else it does; ratios within one run are what counts.
The exit code says whether everything was measured, not whether a goal was reached.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from . import bare, calls, delegations, growth, servers, starts
from .measure import FULL, QUICK
from .results import Results, load, machine
from .screen import Progress, console, show
from .world import World

if TYPE_CHECKING:
    from .measure import Effort

_BUILD = Path(__file__).resolve().parent.parent / "build"


def main(arguments: list[str] | None = None) -> int:
    """Run the bench as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer calls, smaller sizes, no HTTP")
    parser.add_argument("--json", type=Path, default=_BUILD / "bench.json", help="where it is kept")
    options = parser.parse_args(arguments)
    effort = QUICK if options.quick else FULL
    results, on = Results(), console()
    before, begun = load(), time.monotonic()
    _BUILD.mkdir(exist_ok=True)
    # On the disk of the checkout, since a temporary folder may lie in memory.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_BUILD) as folder, Progress(on) as told:
        world = World(Path(folder))
        _run(world, effort, results, told)
        world.close()
    whole = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load": {"before": before, "after": load()},
        "quick": options.quick,
        "seconds": round(time.monotonic() - begun, 1),
        **results.to_json(),
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
    show(whole, on)
    on.print(f"[dim]kept in {options.json}[/]")
    return 0


def _run(world: World, effort: Effort, results: Results, told: Progress) -> None:
    told("one call, embedded")
    policy = world.embedded()
    with bare.opa_eval(world, calls.question(world, policy)) as evaluate:
        calls.measure(world, policy, ("opa_eval alone", evaluate), effort, results)
    told("threads, embedded")
    calls.measure_threads(world, policy, effort, results)
    told("a delegated task, embedded")
    proving = world.embedded(proof=True)
    delegations.measure(world, policy, proving, effort, results)
    policy.close()
    proving.close()

    told("building and signing bundles for OPA")
    built = servers.bundles(world, 10)
    for unix in (True, False) if effort is FULL else (True,):
        told(f"one call, OPA over {'a Unix socket' if unix else 'HTTP'}")
        with servers.opa(world, *built, unix=unix) as server:
            asked = calls.question(world, server)
            name = f"a raw {'Unix' if unix else 'TCP'} socket to OPA"
            with servers.RawSocket(server, world.tokens["pep"], asked) as raw:
                calls.measure(world, server, (name, raw.ask), effort, results)
            if unix:
                told("threads, OPA")
                calls.measure_threads(world, server, effort, results)
    told("a delegated task, OPA")
    with (
        servers.opa(world, *built, unix=True) as server,
        servers.opa(world, *servers.bundles(world, 10, proof=True), unix=True) as proving,
    ):
        delegations.measure(world, server, proving, effort, results)

    told(f"embedded: {effort.most:,} tools and past calls, {effort.revoked:,} revoked ids")
    growth.measure_embedded(world, effort, results)
    told(f"the evidence log: {effort.records[-1]:,} records")
    growth.measure_evidence(world, effort, results, told.so_far)
    if effort is FULL:
        told("OPA: more tools, more revoked ids")
        growth.measure_opa(world, built, effort, results)
    told("starting")
    starts.measure(world, effort, results)
    told("memory")
    starts.measure_memory(world, results)


if __name__ == "__main__":
    sys.exit(main())
