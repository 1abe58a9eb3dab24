"""The counts of a run beside those that are kept, in `bench/cost.json`."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEPT: Final = Path(__file__).resolve().parent.parent / "cost.json"
MARGIN: Final = 1.02
"""How many times the kept count one may be."""
OPA, MODULE, SDK = "opa", "module", "sdk"
"""The meters."""

Counts = dict[str, dict[str, dict[str, int]]]
"""By meter, question and unit."""


def load_counts() -> Counts:
    """Return the counts that are kept."""
    counts: Counts = json.loads(KEPT.read_text("utf-8"))["counts"]
    return counts


def save_counts(counts: Counts) -> None:
    """Write counts; those of a meter that is not among them stay."""
    whole = {**(load_counts() if KEPT.exists() else {}), **counts}
    content: dict[str, Any] = {"python": python(), "counts": whole}
    KEPT.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def python() -> str:
    """Return the version of Python, without its last part: others call other functions."""
    return ".".join(platform.python_version_tuple()[:2])


def kept_by() -> str:
    """Return the version of Python that the kept calls were counted with."""
    return str(json.loads(KEPT.read_text("utf-8"))["python"])


def rises(
    found: Mapping[str, Mapping[str, int]], before: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """Return what costs more than is kept and what is not kept, in words.

    Args:
        found: What was counted, by question and unit.
        before: What is kept of the same meter.
    """
    return [
        f"{question}: {count:,} {unit}, and {most:,} are kept; make it cheaper, or keep it by "
        "`python -m bench.cost --keep` and say why in the commit"
        for question, unit, count, most in _beside(found, before)
        if count > most * MARGIN
    ]


def _beside(
    found: Mapping[str, Mapping[str, int]], before: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[str, str, int, int]]:
    for question, units in found.items():
        for unit, count in units.items():
            yield question, unit, count, before.get(question, {}).get(unit, 0)


def table(found: Counts, before: Counts) -> Iterator[str]:
    """Yield the lines of a table: each count, what is kept of it, and the change."""
    yield f"{'question':20} {'count':24} {'kept':>12} {'now':>12} {'change':>8}"
    for meter, questions in found.items():
        for question, unit, count, most in _beside(questions, before.get(meter, {})):
            change = f"{100 * (count / most - 1):+.1f} %" if most else "new"
            yield f"{question:20} {meter + ' ' + unit:24} {most:12,} {count:12,} {change:>8}"
