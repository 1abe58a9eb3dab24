"""`python -m bench`: what one decision costs, on either engine, small and large.

The ordinary scene of the tests, allowed, with real signatures, is asked again and again at
one fixed time. The large deployment has 10,000 tools and 100,000 revoked ids besides: a
decision is to cost the same there. `--json` prints the figures alone, in microseconds.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.both import both
from tests.scenes import Staged, staged

from inbounds.pdp import DECISION, Reply
from inbounds.pdp.opa import OpaServer

ROOT = Path(__file__).resolve().parent.parent
WARM_UP = 50
TOOLS = 10_000
REVOKED = 100_000

Ask = Callable[[bytes], Reply]


def large() -> Staged:
    """Return the ordinary scene in a deployment of many tools and many revoked ids."""
    small = staged()
    tools = small.deployment["tools"]
    some = next(iter(tools.values()))
    more = {f"other.{number}": copy.deepcopy(some) for number in range(TOOLS)}
    deployment = {**small.deployment, "tools": {**tools, **more}}
    live = copy.deepcopy(small.live)
    live.setdefault("baseline", {"ended": {}, "revoked": {}, "switches": {}})
    # In the baseline, so that the signed head of the feed holds as it is.
    live["baseline"]["revoked"] = {f"other-{number}": 0 for number in range(REVOKED)}
    return Staged(small.question, deployment, live, small.now)


def microseconds(ask: Ask, question: bytes, *, rounds: int) -> dict[str, float]:
    """Return the median, the 99th percentile and the least time of one decision."""
    for _ in range(WARM_UP):
        decision = ask(question).result["decision"]
        if decision is not True:
            raise SystemExit("the ordinary scene is not allowed: run the tests first")
    spent = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        ask(question)
        spent.append((time.perf_counter_ns() - start) / 1000)
    spent.sort()
    return {"p50": spent[rounds // 2], "p99": spent[rounds * 99 // 100], "least": spent[0]}


def decisions(rounds: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the name of each measurement with its figures."""
    with both() as engines:
        opa = OpaServer(engines.opa.url)
        asks: dict[str, Ask] = {
            "embedded": lambda text: engines.embedded.ask(DECISION, text, deadline=_later()),
            "opa": lambda text: opa.ask(DECISION, text, deadline=_later()),
        }
        for size, stage in (("small", staged()), ("large", large())):
            engines.place(stage.deployment, stage.live, stage.now)
            question = json.dumps(stage.question).encode()
            for name, ask in asks.items():
                yield f"{name}, {size} deployment", microseconds(ask, question, rounds=rounds)
        opa.close()


def importing() -> dict[str, float]:
    """Return what `import inbounds` costs beside what it cannot do without."""
    needed = _import("import requests, pydantic, jwt")
    whole = _import("import inbounds")
    return {"needed": needed, "inbounds": whole, "ratio": whole / needed}


def _import(statement: str) -> float:
    timed = (
        f"import time; t = time.perf_counter_ns(); {statement}; print(time.perf_counter_ns() - t)"
    )
    runs = [
        int(subprocess.run([sys.executable, "-c", timed], capture_output=True, check=True).stdout)
        for _ in range(7)
    ]
    return min(runs) / 1000


def _later() -> float:
    return time.monotonic() + 30


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="What a decision costs.")
    parser.add_argument("--rounds", type=int, default=2000, help="decisions to time of each kind")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()

    figures: dict[str, Any] = {}
    for name, found in decisions(options.rounds):
        figures[name] = found
        if not options.json:
            print(
                f"{name:28} p50 {found['p50']:7.0f} µs   p99 {found['p99']:7.0f} µs   "
                f"least {found['least']:7.0f} µs"
            )
    cost = figures["import"] = importing()
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        print(
            f"{'import inbounds':28} {cost['inbounds'] / 1000:.0f} ms, {cost['ratio']:.2f} times "
            f"requests, pydantic and jwt"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
