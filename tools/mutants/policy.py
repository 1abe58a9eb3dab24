"""Where the policy, its tests, its cases and its data are."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.mutants.operators import Mutant, mutants
from tools.mutants.source import read

_PACKAGE = re.compile(r"^package (\S+)", re.MULTILINE)
_TEST = re.compile(r"^test_\w+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Policy:
    """A checkout.

    Attributes:
        root: Its folder.
        opa: The OPA to parse and test with.
    """

    root: Path
    opa: Path

    @property
    def rego(self) -> Path:
        """The folder of the policy."""
        return self.root / "rego"

    @property
    def cases(self) -> Path:
        """The folder of the cases, by category and fault."""
        return self.root / "tests" / "cases"

    def copied(self, folder: Path) -> Policy:
        """Return the same policy as it is now, copied into `folder`."""
        shutil.copytree(self.rego, folder / "rego")
        if self.cases.exists():
            shutil.copytree(self.cases, folder / "tests" / "cases")
        return Policy(folder, self.opa)

    def by_hand(self) -> list[str]:
        """Return the paths below `rego` of what was written by hand and is not a test."""
        return [
            path
            for path in self._files("*.rego")
            if not path.endswith("_test.rego") and not self._text(path).startswith("# Generated")
        ]

    def tests(self) -> list[str]:
        """Return the paths below `rego` of the files that hold tests; fixtures hold none."""
        return [path for path in self._files("*_test.rego") if _TEST.search(self._text(path))]

    def case_tests(self) -> list[str]:
        """Return those of the tests that read the cases."""
        return [path for path in self.tests() if "data.cases" in self._text(path)]

    def readers(self, path: str) -> set[Path]:
        """Return the folders of the files that import the package of the one at `path`."""
        (package,) = _PACKAGE.findall(self._text(path))
        imports = re.compile(rf"^import data\.{re.escape(package)}( as \w+)?$", re.MULTILINE)
        return {
            Path(each).parent
            for each in self._files("*.rego")
            if imports.search(self._text(each)) and Path(each).parent != Path(path).parent
        }

    def test_rules(self, tests: Sequence[str]) -> list[str]:
        """Return the tests in the files at `tests`, each by its path in `data`."""
        return [
            f"data.{package}.{rule}"
            for text in map(self._text, tests)
            for package in _PACKAGE.findall(text)
            for rule in _TEST.findall(text)
        ]

    def documents(self) -> list[tuple[str, ...]]:
        """Return the paths, below `data`, of the documents that the policy may read.

        The deployment's and the feed's come from outside. What lies beside the rules has a
        name for each member of its file.
        """
        inside = [
            (*Path(path).parent.parts, name)
            for path in self._files("*.json")
            for name in json.loads(self._text(path))
        ]
        return [("deployment", "*"), ("live", "*"), *inside]

    def named(self, rule: str) -> list[str]:
        """Return the files that `rule` means: a code, `category/fault`, a file or a folder."""
        steps = rule.removeprefix("rego/").rstrip("/")
        code = steps.replace(".", "/")
        return [
            path
            for path in self.by_hand()
            if path == steps
            or path.startswith((f"{steps}/", f"inbounds/{steps}/", f"inbounds/rules/{code}/"))
        ]

    def around(self, path: str) -> set[str]:
        """Return the paths, below the root, of a file, of its tests and of its cases."""
        folder = Path(path).parent
        tests = [test for test in self.tests() if Path(test).parent == folder]
        case = self.case_of(path)
        cases = {f"tests/cases/{case.as_posix()}"} if case else set()
        return cases | {f"rego/{each}" for each in (path, *tests)}

    def case_of(self, path: str) -> Path | None:
        """Return the file, below the cases, that is about the rule at `path`."""
        steps = Path(path).parent.parts[1:]
        if steps[:1] != ("rules",) or len(steps) != 3:
            return None
        case = Path(*steps[1:]).with_suffix(".yaml")
        return case if (self.cases / case).exists() else None

    def rules(self, paths: list[str]) -> set[str]:
        """Return the rules that the files at `paths` hold; one that only says words holds none."""
        sources = (read(self.rego, path, opa=self.opa) for path in paths)
        return {source.rule for source in sources if source.tree.get("rules")}

    def mutants(self, paths: list[str]) -> Iterator[Mutant]:
        """Give the mutants of the files at `paths`."""
        documents = self.documents()
        for path in paths:
            yield from mutants(read(self.rego, path, opa=self.opa), documents=documents)

    def _files(self, pattern: str) -> list[str]:
        return sorted(path.relative_to(self.rego).as_posix() for path in self.rego.rglob(pattern))

    def _text(self, path: str) -> str:
        return (self.rego / path).read_text("utf-8")
