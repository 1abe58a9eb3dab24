"""What is said of a run: tables for people, JSON for programs, and what fails it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tools.mutants.named import entry
from tools.mutants.operators import Name
from tools.mutants.running import Fate, Verdict


@dataclass(frozen=True, slots=True)
class Run:
    """A run, and what it is held to.

    Attributes:
        verdicts: What became of each mutant.
        rules: The rules whose mutants were asked for.
        named: Reasons of mutants that may survive, by name; of the files asked for alone.
        seconds: How long it took.
        jobs: How many mutants were judged at a time.
    """

    verdicts: Sequence[Verdict]
    rules: Collection[str]
    named: Mapping[Name, str]
    seconds: float
    jobs: int

    @property
    def unexplained(self) -> list[Verdict]:
        """The mutants that survive without a reason."""
        return [one for one in self._surviving if one.mutant.name not in self.named]

    @property
    def stale(self) -> list[Name]:
        """The names that have a reason and belong to no mutant that survives."""
        surviving = {one.mutant.name for one in self._surviving}
        return [name for name in self.named if name not in surviving]

    @property
    def without(self) -> list[str]:
        """The rules that have no mutant which could be run."""
        ran = {one.mutant.rule for one in self.verdicts if one.fate is not Fate.UNCOMPILABLE}
        return sorted(set(self.rules) - ran)

    @property
    def fails(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.unexplained or self.stale or self.without)

    @property
    def _surviving(self) -> list[Verdict]:
        return [one for one in self.verdicts if one.fate is Fate.SURVIVED]

    def show(self, console: Console) -> None:
        """Print the tables, then what is wrong."""
        console.print(self._table("operator", lambda one: one.mutant.name.operator))
        console.print(self._table("rule", lambda one: one.mutant.rule))
        ended = Counter(one.by for one in self.verdicts if one.fate is Fate.KILLED)
        for by, count in ended.most_common():
            console.print(f"noticed by {by}: {count}", highlight=False)
        for rule in self.without:
            console.print(f"{rule}: has no mutant, so that nothing in it is put to the test")
        for one in self.unexplained:
            name = one.mutant.name
            place = f"{name.file}:{one.mutant.row}"
            console.print(
                f"{place}: no test notices this: write one, "
                "or say in tests/mutants.yaml why none can",
                soft_wrap=True,
                highlight=False,
            )
            console.print(entry(name), markup=False, highlight=False, soft_wrap=True)
        for name in self.stale:
            console.print(
                f"{name.file}: tests/mutants.yaml names a mutant that does not survive",
                soft_wrap=True,
                highlight=False,
            )
            console.print(entry(name), markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"{len(self.verdicts)} mutants in {self.seconds:.0f} s with {self.jobs} jobs: "
            f"{len(self.unexplained)} survive unexplained",
            highlight=False,
        )

    def write(self, file: Path) -> None:
        """Write all of it as JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        verdicts = [
            {
                **asdict(one.mutant.name),
                "rule": one.mutant.rule,
                "row": one.mutant.row,
                "fate": one.fate,
                "by": one.by,
                "seconds": round(one.seconds, 3),
                "reason": self.named.get(one.mutant.name, ""),
            }
            for one in self.verdicts
        ]
        document = {
            "seconds": round(self.seconds, 1),
            "jobs": self.jobs,
            "fates": dict(sorted(Counter(one.fate for one in self.verdicts).items())),
            "unexplained": len(self.unexplained),
            "stale": [asdict(name) for name in self.stale],
            "without_mutant": self.without,
            "mutants": verdicts,
        }
        file.write_text(json.dumps(document, indent=1) + "\n", "utf-8")

    def _table(self, title: str, of: Callable[[Verdict], str]) -> Table:
        table = Table(title=f"Mutants by {title}", box=SIMPLE_HEAD)
        table.add_column(title, no_wrap=True)
        for heading in ("mutants", "killed", "timed out", "explained", "survived", "uncompilable"):
            table.add_column(heading, justify="right", no_wrap=True)
        for group in (*sorted({of(one) for one in self.verdicts}), "all"):
            mine = [one for one in self.verdicts if group in {of(one), "all"}]
            fates = Counter(one.fate for one in mine)
            unexplained = sum(one in mine for one in self.unexplained)
            figures = (
                len(mine),
                fates[Fate.KILLED],
                fates[Fate.TIMED_OUT],
                fates[Fate.SURVIVED] - unexplained,
                unexplained,
                fates[Fate.UNCOMPILABLE],
            )
            table.add_row(group, *(str(figure or "") for figure in figures))
        return table
