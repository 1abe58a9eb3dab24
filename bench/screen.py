"""Shows people what was measured."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

_COLUMNS = 100
_SECONDS = 5.0
"""How long something may take in silence."""


def console() -> Console:
    """Make a console that is wide enough for the tables, and no wider."""
    made = Console(highlight=False)
    width = min(max(made.width, 80), 110) if made.is_terminal else _COLUMNS
    return Console(highlight=False, width=width)


class Progress:
    """One line for each thing that has been measured, and how long it took."""

    def __init__(self, on: Console) -> None:
        self._console = on
        self._doing = ""
        self._begun = self._said = 0.0

    def __call__(self, doing: str) -> None:
        """Say what is being measured now; what was before is over."""
        self._over()
        self._doing, self._begun = doing, time.monotonic()
        self._said = self._begun

    def so_far(self, number: int) -> None:
        """Say how many of what is being made there are, now and then."""
        now = time.monotonic()
        if now - self._said > _SECONDS:
            self._said = now
            self._console.print(f"[dim]… {self._doing}: {number:,}[/]")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over("[green]✓[/]" if kind is None else "[red]✗[/]")

    def _over(self, mark: str = "[green]✓[/]") -> None:
        if self._doing:
            seconds = time.monotonic() - self._begun
            self._console.print(f"{mark} {self._doing} [dim]{seconds:.1f} s[/]")
        self._doing = ""


def show(whole: dict[str, Any], on: Console) -> None:
    """Print what `bench.json` holds."""
    for group, entries in whole["microseconds"].items():
        on.print(_timings(group, entries))
    on.print(_plain("Calls a second", _flat(whole["calls_per_second"]), "{:,.0f}"))
    for group, entries in whole["seconds_to_start"].items():
        on.print(
            _plain(group.capitalize(), {k: v * 1000 for k, v in entries.items()}, "{:,.0f} ms")
        )
    on.print(_plain("Resident memory", whole["mebibytes"], "{:,.1f} MiB"))
    on.print(_goals(whole["goals"]))
    about, load = whole["machine"], whole["load"]
    on.print(
        f"[dim]{about['cpus']} of {about['cpu']}, {about['system']}, Python {about['python']}, "
        f"revision {about['revision']}; load {load['before']} before, {load['after']} after; "
        f"{whole['seconds']} s[/]"
    )


def _flat(groups: dict[str, dict[str, float]]) -> dict[str, float]:
    return {f"{group}, {name}": v for group, found in groups.items() for name, v in found.items()}


def blank_table(title: str) -> Table:
    """Return a table without rows, in the form of all that the bench prints."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        expand=True,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )


def _timings(title: str, entries: dict[str, dict[str, float]]) -> Table:
    table = blank_table(title[0].upper() + title[1:])
    table.add_column("microseconds", ratio=1)
    for column in ("p50", "p95", "p99", "least"):
        table.add_column(column, justify="right", width=9)
    for name, found in entries.items():
        shown = [f"{found[column]:,.0f}" for column in ("p50", "p95", "p99", "least")]
        table.add_row(Text(name), *shown)
    return table


def _plain(title: str, entries: dict[str, float], form: str) -> Table:
    table = blank_table(title)
    table.add_column("", ratio=1)
    table.add_column("", justify="right", width=12)
    for name, value in entries.items():
        table.add_row(Text(name), form.format(value))
    return table


def _goals(goals: list[dict[str, Any]]) -> Table:
    table = blank_table("What is aimed at")
    table.add_column("", width=2)
    table.add_column("", ratio=1)
    table.add_column("found", justify="right", width=7)
    table.add_column("undisturbed", justify="right", width=11)
    table.add_column("", justify="right", width=6)
    table.add_column("p50", width=26)
    for goal in goals:
        mark = Text("✓", style="green") if goal["reached"] else Text("✗", style="red")
        limit = f"≥ {goal['at_least']:g}" if "at_least" in goal else f"≤ {goal['at_most']:g}"
        undisturbed = f"{goal['undisturbed']:.2f}" if "undisturbed" in goal else ""
        table.add_row(
            mark, Text(goal["what"]), f"{goal['found']:.2f}", undisturbed, limit, goal["told"]
        )
    return table
