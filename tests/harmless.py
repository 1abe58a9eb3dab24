"""Changes of a deployment that `bundle diff` takes to be harmless, as they come up in one.

for change in changes(row, stage.deployment, now=stage.now):
    scenes.staged([*case.patch, change.patch])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from inbounds.model.question import Effect
from inbounds_tools.bundle.widening import MISSING, Harmless, default_of

EFFECTS = [*get_args(Effect)]
WORDS = ("", "any", "no", "unknown", "suspended", "retired", "shared", "never")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a deployment.

    Attributes:
        path: Where, as `widening.leaves` says it.
        old: The value that goes, or `MISSING`.
        new: The value that comes, or `MISSING`.
        patch: The same as an operation on a scene (RFC 6902).
    """

    path: tuple[str, ...]
    old: Any
    new: Any
    patch: Mapping[str, Any]


def changes(row: Harmless, deployment: Any, *, now: int) -> Iterator[Change]:
    """Yield changes of `deployment` that `row` means, at each of its places."""
    for path, value in _places(row.path.split("/"), deployment, ()):
        where = "".join(f"/{_escaped(step)}" for step in ("deployment", *path))
        stated = default_of(path) if value is MISSING else value
        if isinstance(stated, list) or _comes_in(row.path, now):
            yield from _of_list(row, path, value, where, now)
            continue
        if value is not MISSING and row.when(value, MISSING):
            yield Change(path, value, MISSING, {"op": "remove", "path": where})
        for new in _others(stated):
            if row.when(stated, new):
                yield Change(path, stated, new, {"op": "add", "path": where, "value": new})


def _places(steps: list[str], here: Any, path: tuple[str, ...]) -> Iterator[tuple[Any, Any]]:
    if not steps:
        yield path, here
    elif isinstance(here, dict):
        first, rest = steps[0], steps[1:]
        if first != "*":
            yield from _places(rest, here.get(first, MISSING), (*path, first))
            return
        for name in here:
            yield from _places(rest, here[name], (*path, name))
        if not rest and _comes_in("/".join((*path[:2], "*", "prefixes", "*")), 0):
            yield (*path, "4"), MISSING


def _of_list(
    row: Harmless, path: tuple[str, ...], value: Any, where: str, now: int
) -> Iterator[Change]:
    had = value if isinstance(value, list) else []
    for number, member in enumerate(had):
        if row.when(member, MISSING):
            rest = [*had[:number], *had[number + 1 :]]
            yield Change(path, had, rest, {"op": "add", "path": where, "value": rest})
    for member in _comes_in(row.path, now):
        if member in had or not row.when(MISSING, member):
            continue
        if not isinstance(default_of(path), list):  # a member of a mapping
            if value is MISSING:
                yield Change(path, MISSING, member, {"op": "add", "path": where, "value": member})
        else:
            more = [*had, member]
            yield Change(path, had, more, {"op": "add", "path": where, "value": more})
    if not had and row.when(had, ["never"]):
        yield Change(path, had, ["never"], {"op": "add", "path": where, "value": ["never"]})


def _comes_in(row: str, now: int) -> list[Any]:
    """What may come where a row is about members that come."""
    if row in ("settings/control_plane", "settings/secrets"):
        return [{"type": kind, "prefixes": [""]} for kind in ("mail", "file", "mailbox", "page")]
    if row in ("settings/four_eyes", "settings/proof", "settings/leases"):
        return EFFECTS
    if row == "environments/*/freezes":
        return [{"start": now - 9, "end": now + 9, "effects": EFFECTS, "reason": ""}]
    if row.startswith("labels/resources/") and row.endswith("/prefixes/*"):
        return ["secret"]
    if "budgets/" in row and not row.endswith("*"):
        return [0]
    return []


def _others(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [1, 0, value - 1, value + 1, value + 10**6]
    return [*WORDS] if isinstance(value, str) else []


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
