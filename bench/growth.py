"""What a decision must not depend on: the number of tools, revoked ids, records and past calls."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from inbounds.evidence import NoEvidence
from inbounds.evidence.log import SqliteEvidence

from . import servers
from .calls import calling, question, settled
from .filling import fill, verified
from .measure import side_by_side
from .results import Goal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .measure import Call, Effort, Timing
    from .results import Results
    from .world import World

_FLAT = 1.2
_KEY = b"k" * 32


def measure_embedded(world: World, effort: Effort, results: Results) -> None:
    """Measure the embedded engine with little and with much of everything."""
    few, many = "10 tools", f"{effort.most:,} tools"
    revoked, past = f"{effort.revoked:,} revoked ids", f"a session of {effort.most:,} past calls"
    with contextlib.ExitStack() as stack:
        policies = {
            few: world.embedded(),
            "1,000 tools": world.embedded(1_000),
            many: world.embedded(effort.most),
            revoked: world.embedded(revoked=effort.revoked),
        }
        for policy in policies.values():
            stack.callback(policy.close)
        entries = {
            name: calling(world.guard(policy, NoEvidence())) for name, policy in policies.items()
        }
        entries[past] = aged = calling(world.guard(policies[few], NoEvidence()))
        for _ in range(effort.most):
            aged()
        found = side_by_side(entries, effort)
    results.timings["embedded, (a) as things grow"] = found
    results.goals += _flat(found, few, "embedded")


def measure_opa(
    world: World, small: tuple[list[Path], Path], effort: Effort, results: Results
) -> None:
    """Measure OPA with few and with many tools, without and with revoked ids."""
    few, revoked = "10 tools", f"{effort.revoked:,} revoked ids"
    more = {f"{tools:,} tools": tools for tools in sorted({1_000, effort.most})}
    with contextlib.ExitStack() as stack:
        running = {few: stack.enter_context(servers.opa(world, *small, unix=True))}
        for name, tools in more.items():
            built = servers.bundles(world, tools)
            running[name] = stack.enter_context(servers.opa(world, *built, unix=True))
        running[revoked] = stack.enter_context(servers.opa(world, *small, unix=True))
        entries: dict[str, Call] = {}
        for name, server in running.items():
            servers.refresh(world, server, revoked=effort.revoked if name == revoked else 0)
            asked = question(world, server)
            raw = servers.RawSocket(server, world.tokens["pep"], asked)
            entries[name] = stack.enter_context(raw).ask
        found = side_by_side(entries, effort)
    results.timings["OPA, the raw socket as things grow"] = found
    results.goals += _flat(found, few, "OPA")


def measure_evidence(
    world: World, effort: Effort, results: Results, told: Callable[[int], None]
) -> None:
    """Measure (c) on an empty log and on logs that hold many records."""
    few = "an empty log"
    policy = world.embedded()
    with contextlib.ExitStack() as stack:
        stack.callback(policy.close)
        paths = {few: world.folder / "log-0.sqlite"}
        for records in effort.records:
            path = paths[f"a log of {records:,} records"] = world.folder / f"log-{records}.sqlite"
            fill(path, records, key=_KEY, told=told)
        verified(paths[f"a log of {effort.records[0]:,} records"], key=_KEY)
        entries = {}
        for name, path in paths.items():
            log = SqliteEvidence(path, key=_KEY)
            stack.callback(log.close)
            entries[name] = settled(world.guard(policy, log))
        found = side_by_side(entries, effort)
    results.timings["embedded, (c) as the log grows"] = found
    results.goals += _flat(found, few, "embedded")


def _flat(found: Mapping[str, Timing], few: str, engine: str) -> list[Goal]:
    return [
        Goal.at_most(f"{engine}: {name} over {few}", timing, found[few], _FLAT)
        for name, timing in found.items()
        if name != few
    ]
