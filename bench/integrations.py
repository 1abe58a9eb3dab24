"""`python -m bench.integrations NAME`: what an adapter adds to a call of its framework.

It runs in the environment of that framework (`make bench-integrations`). One agent with the adapter
and one without take turns in one run; each run asks for the same few calls of a tool that does
nothing, one a turn. What is counted is the time from one run of the tool to the next: a model of
the tests' own, the framework, and for one of the two the decision, its two durable records, and
the adapter. What is kept is in `docs/integrations/measured.json`.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "docs" / "integrations" / "measured.json"

WAYS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "langchain": ("LangChainHarness", ("agent",), {"sync": True}),
    "openai_agents": ("OpenAIAgentsHarness", ("async",), {}),
    "pydantic_ai": ("PydanticAIHarness", ("run",), {}),
    "google_adk": ("GoogleAdkHarness", ("async",), {}),
    "agent_framework": ("AgentFrameworkHarness", ("run",), {}),
    "claude_agent_sdk": ("ClaudeAgentSdkHarness", ("client",), {}),
    "crewai": ("CrewAIHarness", ("agent",), {}),
    "mcp": ("McpHarness", ("2026-07-28", "http"), {}),
    "fastmcp": ("FastMcpHarness", ("2026-07-28", "http"), {}),
    "litellm": ("LiteLlmHarness", ("mcp",), {}),
}
"""The harness of each adapter, and in which of its ways it runs."""

_CALLS = 8
_ROUNDS = 60
_WARM = 5


def main(arguments: list[str] | None = None) -> int:
    """Measure one adapter, print it and keep it."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.integrations", description=__doc__.splitlines()[0]
    )
    parser.add_argument("name", choices=WAYS)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    options = parser.parse_args(arguments)
    logging.getLogger("inbounds").setLevel(logging.ERROR)
    found = _measured(options.name, options.rounds)
    whole = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    whole[options.name] = found
    KEPT.write_text(json.dumps(dict(sorted(whole.items())), indent=2) + "\n", "utf-8")
    print(f"{options.name}: {json.dumps(found)}")
    return 0


def _measured(name: str, rounds: int) -> dict[str, Any]:
    sys.path.insert(0, str(ROOT))
    kind, ways, more = WAYS[name]
    harness_of = getattr(importlib.import_module(f"tests.integrations.{name}.harness"), kind)
    world_of = importlib.import_module("tests.integrations.world").World
    before = os.getloadavg()[0]
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    # On the disk of the checkout, since a temporary folder may lie in memory.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=build) as folder:
        world = world_of(Path(folder))
        harness = harness_of(world, *ways, **more)
        bare: list[float] = []
        guarded: list[float] = []
        for number in range(rounds + _WARM):
            without = _between_runs(world, harness.bare, number)
            with world.task():
                with_it = _between_runs(world, harness.run, number)
            if number >= _WARM:
                bare += without
                guarded += with_it
        world.close()
    return {
        "calls": len(guarded),
        "bare": _told(bare),
        "guarded": _told(guarded),
        "load": [round(before, 2), round(os.getloadavg()[0], 2)],
    }


def _between_runs(world: Any, run: Callable[..., Any], number: int) -> list[float]:
    """Return the milliseconds from each run of the tool to the next."""
    from tests.integrations.world import ToolCall

    at: list[float] = []

    class Ran(list[Any]):
        def append(self, _: Any) -> None:
            at.append(time.perf_counter())

    world.ran = Ran()
    turns = [
        [ToolCall("mail.read", {"id": f"{number}-{call}"}, f"call-{number}-{call}")]
        for call in range(_CALLS)
    ]
    seen = run(*turns)
    if len(at) != _CALLS:
        raise SystemExit(f"{len(at)} of {_CALLS} calls ran: {seen}")
    return [1000 * (later - earlier) for earlier, later in itertools.pairwise(at)]


def _told(milliseconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(milliseconds, n=100)
    return {"p50": round(cuts[49], 3), "p99": round(cuts[98], 3)}


if __name__ == "__main__":
    sys.exit(main())
