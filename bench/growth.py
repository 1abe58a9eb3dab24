"""What a decision must not depend on: the number of tools, revoked ids, records and past calls."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from inbounds.evidence import Decided, NoEvidence
from inbounds.evidence.file import APPLICATION, SCHEMA, VERSION
from inbounds.evidence.log import SqliteEvidence
from inbounds.sqlite_file import SqliteFile

from . import servers
from .calls import calling, question
from .measure import side_by_side
from .results import Goal
from .world import TOOL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .measure import Call, Effort, Timing
    from .results import Results
    from .world import World

_FLAT = 1.2
_KEY = b"k" * 32
_TOOLS_OF_OPA = 1_000
"""What OPA gets: compiling a bundle takes seconds for each thousand tools."""


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
        for policy in policies.values():
            policy.push_live(world.feed())  # the calls above took part of its minute
        policies[revoked].push_live(world.feed(effort.revoked))
        found = side_by_side(entries, effort)
    results.timings["embedded, (a) as things grow"] = found
    results.goals += _flat(found, few, "embedded")


def measure_opa(
    world: World, small: tuple[list[Path], Path], effort: Effort, results: Results
) -> None:
    """Measure OPA with few and with many tools, without and with revoked ids."""
    few, many = "10 tools", f"{_TOOLS_OF_OPA:,} tools"
    revoked = f"{effort.revoked:,} revoked ids"
    with contextlib.ExitStack() as stack:
        running = {
            few: stack.enter_context(servers.opa(world, *small, unix=True)),
            many: stack.enter_context(
                servers.opa(world, *servers.bundles(world, _TOOLS_OF_OPA), unix=True)
            ),
            revoked: stack.enter_context(servers.opa(world, *small, unix=True)),
        }
        entries: dict[str, Call] = {}
        for name, server in running.items():
            servers.refresh(world, server, revoked=effort.revoked if name == revoked else 0)
            asked = question(world, server)
            raw = servers.RawSocket(server, world.tokens["pep"], asked)
            entries[name] = stack.enter_context(raw).ask
        found = side_by_side(entries, effort)
    results.timings["OPA, the raw socket as things grow"] = found
    results.goals += _flat(found, few, "opa")


def measure_evidence(world: World, effort: Effort, results: Results) -> None:
    """Measure (c) on an empty log and on one that holds many records."""
    few, many = "an empty log", f"a log of {effort.most:,} records"
    policy = world.embedded()
    with contextlib.ExitStack() as stack:
        stack.callback(policy.close)
        logs = {name: world.folder / f"{place}.sqlite" for place, name in enumerate((few, many))}
        _fill(logs[many], effort.most)
        entries = {}
        for name, path in logs.items():
            log = SqliteEvidence(path, key=_KEY)
            stack.callback(log.close)
            entries[name] = calling(world.guard(policy, log))
        policy.push_live(world.feed())
        found = side_by_side(entries, effort)
    results.timings["embedded, (c) as the log grows"] = found
    results.goals += _flat(found, few, "embedded")


def _flat(found: Mapping[str, Timing], few: str, engine: str) -> list[Goal]:
    return [
        Goal(
            f"{engine}: {name} over {few}",
            timing.over(found[few]),
            _FLAT,
            undisturbed=timing.least / found[few].least,
        )
        for name, timing in found.items()
        if name != few
    ]


def _fill(path: Path, records: int) -> None:
    """Write so many records, without waiting for the disk at each."""
    log = SqliteEvidence(path, key=_KEY)
    log._file.close()  # noqa: SLF001 -- its one file that is not synced, for filling alone
    log._file = SqliteFile(  # noqa: SLF001
        path, application=APPLICATION, version=VERSION, schema=SCHEMA, durable=False
    )
    for place in range(records):
        log.decided(
            Decided(
                decision_id=f"decision-{place:08}",
                at=1_700_000_000_000_000_000 + place,
                task="task-of-before",
                sid="session-of-before",
                tenant="acme",
                subject="alice@acme.example",
                agent="spiffe://acme.example/agent/assistant",
                intent="correspond",
                tool=TOOL,
                outcome="allow",
                resource_type="mail",
                resource_digest="hmac-sha256:" + "0" * 64,
                digest="hmac-sha256:" + "0" * 64,
            )
        )
    log.close()
