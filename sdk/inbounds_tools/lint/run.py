"""Looking at a deployment with every check there is."""

from __future__ import annotations

import contextlib
import gc
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml

from inbounds.canonical.yaml_lines import Lines
from inbounds.dev.deployment import read
from inbounds.dev.schema_issues import suggestion
from inbounds.files.regular_file import read_regular
from inbounds.model.deployment import Deployment

from . import (
    arguments,
    effects,
    holders,
    intents,
    labels,
    leases,
    memory,
    money,
    peps,
    reach,
    results,
    steering,
    stores,
    unused,
)
from .allowed import Allowance, allowances
from .check import Check, Place, check
from .finding import Finding

_RANKS = {"error": 0, "warning": 1, "note": 2}


def _by_comments(_: Deployment) -> Iterator[Place]:
    """Nothing: faults of comments are found once everything else has been looked at."""
    return iter(())


unfit = check(
    "lint.comment_unfit",
    "warning",
    title="A comment to the linter allows nothing",
    why="It names no code that exists, or gives no reason.",
    now="Write `# lint: allow CODE reason`.",
)(_by_comments)
idle = check(
    "lint.comment_idle",
    "warning",
    title="A comment allows a finding that is not there",
    why="The finding was fixed, or is on another line; the next one here would pass unseen.",
    now="Remove the comment.",
)(_by_comments)

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (
            *arguments.CHECKS,
            *steering.CHECKS,
            *stores.CHECKS,
            *results.CHECKS,
            *effects.CHECKS,
            *intents.CHECKS,
            *reach.CHECKS,
            *money.CHECKS,
            *memory.CHECKS,
            *labels.CHECKS,
            *leases.CHECKS,
            *peps.CHECKS,
            *holders.CHECKS,
            *unused.CHECKS,
            unfit,
            idle,
        ),
        key=lambda each: each.code,
    )
)
"""Every check, by code. The documentation's table is made from it."""


def lint(folder: Path) -> list[Finding]:
    """Look for what a careless person writes into a deployment.

    Args:
        folder: As `deployment.load` takes it; the keys of the feed may be missing.

    Returns:
        What was found, the worst first, then by file and line. What a comment allows is among
        it, with the reason in `allowed`.

    Raises:
        ConfigurationError: The deployment cannot be read, or cannot be used at all.
    """
    with _without_collections():
        return _found(folder)


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Keep the garbage collector from going through a large registry again and again.

    Nothing here becomes garbage before the end, and it takes half of the time of 10,000 tools.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _found(folder: Path) -> list[Finding]:
    # The keys of a deployment may be put beside it only where it is served.
    deployment = read(folder, absent={"feed": {"keys": {}}})
    found: dict[str, list[tuple[Check, Place]]] = defaultdict(list)
    for each in CHECKS:
        for place in each.look(deployment):
            found[place.field].append((each, place))
    findings = itertools.chain.from_iterable(
        _of_file(folder / f"{field}.yaml", found.get(field, ()))
        for field in Deployment.model_fields
        if field != "revision"
    )
    return sorted(
        findings,
        key=lambda finding: (
            _RANKS[finding.severity],
            finding.file,
            finding.line,
            finding.code,
            finding.what,
        ),
    )


def _of_file(path: Path, found: Iterable[tuple[Check, Place]]) -> Iterator[Finding]:
    try:
        text = read_regular(path)[0]
        lines = Lines(text)
    except (OSError, ValueError, yaml.YAMLError):
        # It is not there, or is no longer what was read before.
        for each, place in found:
            yield _finding(each, place, path.name, 0)
        return
    comments = [*allowances(text, lines)]
    allowed = {(one.holds, one.code): one for one in comments if one.reason}
    used: set[Allowance] = set()
    for each, place in found:
        line = lines.of(place.path)
        comment = allowed.get((line, each.code))
        if comment is not None:
            used.add(comment)
        yield _finding(each, place, path.name, line, comment.reason if comment else "")
    yield from _of_comments(path.name, comments, used)


def _of_comments(
    file: str, comments: Iterable[Allowance], used: set[Allowance]
) -> Iterator[Finding]:
    codes = {each.code: each for each in CHECKS}
    for one in comments:
        if one in used:
            continue
        said = _unfit(one, codes)
        each = unfit if said else idle
        what = said or f"there is no `{one.code}` on line {one.holds}"
        yield _finding(each, Place(file.removesuffix(".yaml"), (), what), file, one.line)


def _unfit(one: Allowance, codes: Mapping[str, Check]) -> str:
    if not one.code:
        return "a comment that begins with `lint:` must be `lint: allow CODE reason`"
    if one.code not in codes:
        return f"there is no code `{one.code}`{suggestion(one.code, codes)}"
    return "" if one.reason else f"no reason is given for allowing `{one.code}`"


def _finding(each: Check, place: Place, file: str, line: int, allowed: str = "") -> Finding:
    return Finding(
        code=each.code,
        severity=each.severity,
        file=file,
        line=line,
        path=".".join(str(step) for step in place.path),
        what=place.what,
        why=each.why,
        now=each.now,
        allowed=allowed,
    )
