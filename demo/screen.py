"""Shows a performance to people: what was tried, what it left behind, what held."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .assistant import USER

if TYPE_CHECKING:
    from types import TracebackType

    from rich.status import Status

    from .assistant import Step
    from .performance import Performance

_COLUMNS = 100
_VALUE = 60
"""How much is shown of an argument."""
_STYLES = {
    "ran": "green",
    "failed": "yellow",
    "refused": "red",
    "not judged": "red",
    "no answer": "bold red",
    "allow": "green",
    "deny": "red",
    "ask": "yellow",
    "unavailable": "bold red",
}


def console() -> Console:
    """Make a console that is wide enough for the tables, and no wider."""
    made = Console(highlight=False)
    width = min(max(made.width, 80), 110) if made.is_terminal else _COLUMNS
    return Console(highlight=False, width=width)


class Progress:
    """One line for each thing that has been done, and how long it took."""

    def __init__(self, on: Console) -> None:
        self._console = on
        self._doing = ""
        self._begun = 0.0
        self._status: Status | None = None

    def __call__(self, doing: str) -> None:
        """Say what is being done now; what was done before is over."""
        self._over("[green]✓[/]")
        self._doing, self._begun = doing, time.perf_counter()
        if self._console.is_terminal:
            self._status = self._console.status(f"{doing} …")
            self._status.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over("[green]✓[/]" if kind is None else "[red]✗[/]")

    def _over(self, mark: str) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._doing:
            seconds = time.perf_counter() - self._begun
            self._console.print(f"  {mark} {self._doing}  [dim]{seconds:.1f} s[/]")
        self._doing = ""


def show(performed: Performance, on: Console) -> None:
    """Print everything about a performance."""
    on.print()
    on.print(_steps(performed.steps))
    _show_lost(performed.not_understood, on)
    on.print(_traces(performed))
    on.print(_facts(performed))
    on.print(_verdict(performed))


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        expand=True,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )


def _steps(steps: tuple[Step, ...]) -> Table:
    table = _table("What the assistant tried")
    table.add_column("#", justify="right", style="dim", width=3)
    table.add_column("asked by", width=9)
    table.add_column("what", ratio=3, overflow="fold")
    table.add_column("outcome, code, reason and remedy", ratio=4, overflow="fold")
    table.add_column("ms", justify="right", width=6)
    said: dict[str, int] = {}
    for number, step in enumerate(steps, start=1):
        table.add_row(
            str(number),
            Text(step.asked_by, style="" if step.asked_by == USER else "magenta"),
            _what(step),
            _outcome(step, said, number),
            f"{step.seconds * 1000:.1f}",
        )
    return table


def _show_lost(clauses: tuple[str, ...], on: Console) -> None:
    """Say what the assistant would have obeyed if it had understood it."""
    if not clauses:
        return
    many = f"{len(clauses)} sentence{'s' * (len(clauses) != 1)} not understood"
    on.print(Text(f"{many}, so nothing was tried for {'it' if len(clauses) == 1 else 'them'}:"))
    for clause in clauses:
        on.print(Text(f"  {_short(clause)}", style="dim"))


def _short(text: str) -> str:
    """A message's own words, so that they never move the cursor, and never fill the screen."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    words = " ".join(plain.split())
    return words if len(words) <= _VALUE else f"{words[: _VALUE - 1]}…"


def _what(step: Step) -> Text:
    shown = []
    for value in step.arguments.values():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        shown.append(_short(text))
    if step.tool == "mail.send":
        del shown[1]  # the subject is the body's beginning
    short = len(shown) == 1 and len(step.tool) + len(shown[0]) < _VALUE // 2
    return Text.assemble((step.tool, "bold"), " " if short else "\n", "\n".join(shown))


def _outcome(step: Step, said: dict[str, int], number: int) -> Text:
    text = Text(step.outcome, style=_STYLES[step.outcome])
    if step.code:
        text.append(f"  {step.code}", style="bold")
    if step.further:
        text.append(f"\n+ {', '.join(step.further)}", style="dim")
    if not step.reason:
        return text
    if step.code in said:
        text.append(f"\nreason and remedy as in {said[step.code]}", style="dim")
        return text
    said[step.code] = number
    text.append(f"\n{' '.join(step.reason.split())}", style="default")
    if step.remedy:
        text.append(f"\n→ {' '.join(step.remedy.split())}", style="cyan")
    return text


def _traces(performed: Performance) -> Table:
    traces = {found.trace_id for found in performed.traces}
    table = _table(f"What each decision left behind, in trace {', '.join(sorted(traces))}")
    table.add_column("#", justify="right", style="dim", width=2)
    table.add_column("span", ratio=1, no_wrap=True)
    table.add_column("span id", width=7, style="dim")
    table.add_column("outcome", width=7, overflow="fold")
    table.add_column("code", width=31, overflow="fold")
    table.add_column("engine", width=8)
    table.add_column("ms", justify="right", width=5)
    for number, found in enumerate(performed.traces, start=1):
        table.add_row(
            str(number),
            Text(found.name if found.records == 1 else f"{found.records} records: {found.name}"),
            found.span_id[:7],
            Text(found.outcome, style=_STYLES.get(found.outcome, "")),
            Text(found.code),
            found.engine,
            f"{found.milliseconds:.1f}",
        )
    return table


def _facts(performed: Performance) -> Table:
    table = _table("What has become of the house, read from its rows, files and listeners")
    table.add_column("", width=3, justify="right")
    table.add_column("where", width=24)
    table.add_column("found", ratio=1)
    for fact in performed.facts:
        table.add_row(_mark(held=fact.held), fact.where, Text(fact.found))
    return table


def _verdict(performed: Performance) -> Padding:
    lines = [
        Text.assemble(_mark(held=held), " ", (claim, "" if held else "bold red"))
        for claim, held in performed.claims
    ]
    title = performed.report.verdict if performed.held else "does not hold"
    return Padding(
        Panel(
            Group(*lines),
            title=f"[bold]{title}[/]",
            title_align="left",
            border_style="green" if performed.held else "red",
        ),
        (1, 0, 0, 0),
    )


def _mark(*, held: bool) -> Text:
    return Text("✓", "green") if held else Text("✗", "bold red")
