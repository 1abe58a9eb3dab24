"""Measure what programs load of `inbounds`: `python -m tests.closure`.

Two programs: the README's first one, with the embedded policy, and one that makes a single call
through OPA. Each runs in a process of its own against a real deployment. `make closure` prints
the files and lines of each and writes them into `docs/architecture.md`; a test fails
where one loads more than its bound.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.documents import Block, Walk, blocks
from tests.guards import Place

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"

_BEGIN, _END = "<!-- closure: begin -->", "<!-- closure: end -->"
_LOADED = """
import json, sys
print("loaded", json.dumps(sorted(
    module.__file__
    for name, module in [*sys.modules.items()]
    if name.startswith("inbounds") and getattr(module, "__file__", None)
)))
"""
_ONE_CALL = """
with make() as guard, begin(guard) as task:
    read(task, 42)
"""


@dataclass(frozen=True, slots=True)
class Closure:
    """What one program loads.

    Attributes:
        program: What the program does.
        lines: The lines of each file of `inbounds` that it loads, by its path in the package.
        most_files: How many files it may load.
        most_lines: How many lines they may have.
    """

    program: str
    lines: dict[str, int]
    most_files: int
    most_lines: int

    @property
    def is_within_bounds(self) -> bool:
        """Whether it loads no more than it may."""
        return len(self.lines) <= self.most_files and sum(self.lines.values()) <= self.most_lines


def closures() -> list[Closure]:
    """Run both programs and return what they load."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            Closure("the README's program, embedded", _of_readme(Path(folder) / "a"), 117, 19_250),
            Closure("one call through OPA", _of_opa(Path(folder) / "b"), 88, 13_720),
        ]


def _of_readme(folder: Path) -> dict[str, int]:
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "README.md"):
            walk.take(block)
            if block.word == "file":
                program = folder / block.about
            if block.word == "edit":
                break
        program.write_text(program.read_text("utf-8") + _LOADED, "utf-8")
        walk.take(Block("", 0, "run", "", "", f"python {program.name}"))
        return _lines(walk.output)


def _of_opa(folder: Path) -> dict[str, int]:
    folder.mkdir()
    place = Place(folder)
    with place.engine("opa") as url:
        done = place.run(_ONE_CALL + _LOADED, url)
    return _lines(done.stdout)


def _lines(output: str) -> dict[str, int]:
    [loaded] = re.findall(r"(?m)^loaded (.+)$", output)
    paths = map(Path, json.loads(loaded))
    return {
        path.as_posix().rpartition("/inbounds/")[2]: len(path.read_bytes().splitlines())
        for path in paths
    }


def table(measured: list[Closure]) -> str:
    """Return the Markdown table of `docs/architecture.md`."""
    rows = [
        f"| {each.program} | {len(each.lines)} | {sum(each.lines.values()):,} |"
        for each in measured
    ]
    return "\n".join(["| program | files | lines |", "| --- | ---: | ---: |", *rows])


def main(arguments: list[str] | None = None) -> int:
    """Print what each program loads, write the table, and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure what programs load of `inbounds`.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail over a bound")
    parser.add_argument("--files", action="store_true", help="list every file")
    options = parser.parse_args(arguments)

    measured = closures()
    console = Console()
    for each in measured:
        shown = Table("package", "files", "lines", title=each.program)
        packages: dict[str, list[int]] = {}
        for path, size in each.lines.items():
            package = path if options.files else path.rpartition("/")[0] or "(top)"
            packages.setdefault(package, []).append(size)
        for package, sizes in sorted(packages.items(), key=lambda item: -sum(item[1])):
            shown.add_row(package, str(len(sizes)), f"{sum(sizes):,}")
        shown.add_section()
        shown.add_row("all", str(len(each.lines)), f"{sum(each.lines.values()):,}")
        console.print(shown)
    if not options.check:
        text = PAGE.read_text("utf-8")
        before, rest = text.split(_BEGIN)
        after = rest.split(_END)[1]
        PAGE.write_text(f"{before}{_BEGIN}\n{table(measured)}\n{_END}{after}", "utf-8")
    return 0 if all(each.is_within_bounds for each in measured) else 1


if __name__ == "__main__":
    raise SystemExit(main())
