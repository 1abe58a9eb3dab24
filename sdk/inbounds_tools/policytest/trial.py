"""Trying a site's own rules: their form, their words, their tests, and what they decide."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from inbounds.engine import assets
from inbounds.errors import ConfigurationError
from inbounds.files.listing import files_in
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import write_file
from inbounds.files.trees import scratch_folder
from inbounds_tools import rego_module
from inbounds_tools.bundle import compiler, site_tree, sources
from inbounds_tools.catalogue import Entry, entries
from inbounds_tools.opa import command

from . import cases
from .allowed_builtins import FOR_TESTS
from .codes import Codes

State = Literal["ok", "warning", "failed", "skipped"]

_UNPARSABLE = "catalogue.unparsable"
_TESTS_OF_SITE = r"^data\.site\."


@dataclass(slots=True)
class Step:
    """One part of a trial.

    Attributes:
        name: What was tried.
        state: How it went; a warning fails nothing.
        message: One line that sums it up.
        lines: What there is to fix, each with its place.
        figures: The same for a program.
    """

    name: str
    state: State
    message: str
    lines: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


STEPS = ("words", "form", "compiler", "tests", "coverage", "cases")
"""The parts of a trial, in their order."""


class Trial:
    """Tries the rules in one folder.

    Args:
        site: The folder that holds `rules/`, `escalations/` and `obligations/`.
        opa: The OPA binary.

    Raises:
        ConfigurationError: There is no such folder, or nothing in it.
    """

    def __init__(self, site: Path, *, opa: Path) -> None:
        if not site.is_dir() or not any(path.suffix == ".rego" for path in files_in(site)):
            raise ConfigurationError(
                f"{site} holds no rules",
                code="test.no_rules",
                hint="`inbounds new rule <category>/<fault>` writes a first one",
            )
        self._site = site
        self._opa = opa
        self.members: list[Entry] = []
        self._parses = True

    def steps(self) -> Iterator[Step]:
        """Try one part after another. What cannot be tried after a failure is skipped."""
        sound = True
        for name in STEPS:
            if not sound and name != "form":
                yield Step(name, "skipped", "not run: an earlier step failed")
                continue
            step: Step = getattr(self, f"_{name}")()
            yield step
            sound = sound and step.state in ("ok", "warning")

    # --- one part each --------------------------------------------------------------------

    def _words(self) -> Step:
        """Every member says who it is, and stands where it is walked."""
        try:
            self.members = entries(self._site, package="site", opa=self._opa)
        except ConfigurationError as error:
            if error.code == _UNPARSABLE:
                # That is a matter of its form, which is told next, for every source.
                self._parses = False
                return Step("words", "skipped", "not checked: a source does not parse")
            metadata = error.code.startswith("catalogue.metadata_")
            said = "the METADATA is not in order" if metadata else "nothing would walk it so"
            return Step("words", "failed", said, [_sentence(error)])
        untested = [
            str(entry.file.parent)
            for entry in self.members
            if not any(entry.file.parent.glob("*_test.rego"))
        ]
        kinds = {kind: [e for e in self.members if e.kind == kind] for kind in _KINDS}
        said = ", ".join(
            f"{len(found)} {kind if len(found) != 1 else _KINDS[kind]}"
            for kind, found in kinds.items()
            if found
        )
        return Step(
            "words",
            "warning" if untested else "ok",
            said or "no rule, escalation or obligation",
            [f"{folder} has no test" for folder in untested],
            {"codes": sorted(entry.code("site") for entry in self.members)},
        )

    def _form(self) -> Step:
        done = command.run(self._opa, "fmt", "--list", str(self._site))
        unformed = done.stdout.split()
        # `opa fmt` does not read METADATA, which does not parse either where it is not YAML.
        if done.returncode or not self._parses:
            objections = [*self._unparsable()]
            if objections:
                return Step("form", "failed", "what does not parse decides nothing", objections)
            state: State = "warning" if self._parses else "failed"
            return Step("form", state, "could not be determined", [_last_line(done.stderr)])
        if unformed:
            hint = f"`opa fmt --write {self._site}` puts it right"
            return Step(
                "form",
                "warning",
                hint,
                [f"{file} is not as opa fmt writes it" for file in unformed],
                {"files": unformed},
            )
        return Step("form", "ok", "as opa fmt writes it")

    def _unparsable(self) -> Iterator[str]:
        for source in files_in(self._site, ".rego"):
            try:
                rego_module.read(source, opa=self._opa)
            except ConfigurationError as error:
                yield from _lines(error)

    def _compiler(self) -> Step:
        with scratch_folder("test") as scratch:
            folder = Path(scratch) / "bundle"
            try:
                sources.stage(
                    folder,
                    rego=assets.rego(),
                    site=self._site,
                    manifest={"roots": [""]},
                    opa=self._opa,
                )
                sources.site_catalogue(self._site, rego=assets.rego(), opa=self._opa)
                with sources.schemas_for_site(folder) as said:
                    compiler.refuse_errors(
                        folder,
                        opa=self._opa,
                        capabilities=assets.capabilities(),
                        schemas=assets.schemas(),
                        known_as={"site": self._site},
                        said_at=said,
                    )
            except ConfigurationError as error:
                return Step("compiler", "failed", "opa check --strict objects", _lines(error))
        return Step("compiler", "ok", "strict, against the schemas, with what both engines have")

    def _tests(self) -> Step:
        done = self._opa_test("--format", "json")
        try:
            results = json.loads(done.stdout) or []
        except ValueError:
            return Step("tests", "failed", "the tests do not compile", _objections(done))
        if not isinstance(results, list):
            return Step("tests", "failed", "the tests do not compile", _objections(done))
        failed = [r for r in results if r.get("fail") or r.get("error")]
        figures = {"run": len(results), "failed": len(failed)}
        if failed:
            said = f"{len(failed)} of {len(results)} failed"
            return Step("tests", "failed", said, [_of_test(result) for result in failed], figures)
        if not results:
            return Step("tests", "warning", "there are none", [], figures)
        return Step("tests", "ok", f"{len(results)} passed", [], figures)

    def _coverage(self) -> Step:
        done = self._opa_test("--format", "json", "--coverage")
        try:
            files = json.loads(done.stdout)["files"]
        except (ValueError, KeyError, TypeError):
            return Step("coverage", "warning", "could not be determined", [_last_line(done.stderr)])
        covered = total = 0
        lines = []
        figures: dict[str, Any] = {}
        for source in files_in(self._site, ".rego"):
            if source.name.endswith("_test.rego"):
                continue
            about = files.get(str(source), {})
            hit, missed = about.get("covered_lines", 0), about.get("not_covered_lines", 0)
            covered, total = covered + hit, total + hit + missed
            figures[str(source)] = about.get("coverage", 0)
            rows = sorted({place["start"]["row"] for place in about.get("not_covered", [])})
            if rows:
                lines.append(f"{source}: no test reaches line {', '.join(map(str, rows))}")
            elif not about:
                lines.append(f"{source}: no test reaches it")
        percent = 100 * covered / total if total else 0.0
        state: State = "ok" if not lines else "warning"
        figures = {"percent": round(percent, 1), "files": figures}
        return Step("coverage", state, _lines_run(covered, total), lines, figures)

    def _cases(self) -> Step:
        folder = self._site / "cases"
        codes = Codes.read(self.members, rego=assets.rego())
        wrong: list[str] = []
        try:
            known = [*cases.below(folder)]
            strangers = codes.strangers(known)
            if known:
                with cases.Judge(self._site, opa=self._opa, checked=True) as judge:
                    for case in known:
                        answer = judge.answer(case.scene())
                        difference = cases.difference(case, answer)
                        if difference := difference or codes.difference(case, answer):
                            wrong.append(f"{case.file}: {case.name}: {difference}")
        except ConfigurationError as error:
            return Step("cases", "failed", "the cases cannot be put", _lines(error))
        figures = {"run": len(known), "failed": len(wrong)}
        if wrong or strangers:
            said = f"{len(wrong)} of {len(known)} were decided otherwise"
            if not wrong:
                said = "they name a code that does not exist"
            return Step("cases", "failed", said, [*strangers, *wrong], figures)
        unshown = [*codes.unshown(self._site)]
        if not known and not unshown:
            return Step("cases", "skipped", f"none in {folder}")
        said = f"{len(known)} decided as they say" if known else f"none in {folder}"
        return Step("cases", "warning" if unshown else "ok", said, unshown, figures)

    def _opa_test(self, *options: str) -> Any:
        with scratch_folder("test") as scratch:
            capabilities = Path(scratch) / "capabilities.json"
            write_file(capabilities, self._for_tests, below=Path(scratch))
            return command.run(
                self._opa,
                "test",
                *options,
                # Without schemas: only the policy as it is shipped states any, and it has been
                # compiled against them. They would more than double the time of each run.
                *("--capabilities", str(capabilities), "--run", _TESTS_OF_SITE),
                *(str(assets.rego()), *self._tested_files()),
            )

    def _tested_files(self) -> Iterator[str]:
        """Yield the arguments that load the site: only the files that the compiler step checked."""
        for path in site_tree.files_and_tests(self._site):
            below = path.parent.relative_to(self._site).parts
            yield f"{'.'.join(('site', *below))}:{path}"

    @cached_property
    def _for_tests(self) -> bytes:
        """Return what tests may use: more than the policy may, and nothing that leaves OPA."""
        policy = json.loads(read_regular(assets.capabilities())[0])
        allowed = FOR_TESTS.union(builtin["name"] for builtin in policy["builtins"])
        said = json.loads(command.run(self._opa, "capabilities", "--current").stdout)
        said["builtins"] = [each for each in said["builtins"] if each["name"] in allowed]
        return json.dumps(said | {"allow_net": []}).encode()


def _lines_run(covered: int, total: int) -> str:
    missed = total - covered
    return f"no test runs {missed} of {total} lines" if missed else "tests run every line"


_KINDS = {"rules": "rule", "escalations": "escalation", "obligations": "obligation"}


def _of_test(result: dict[str, Any]) -> str:
    place = result.get("location", {})
    said = result.get("error") or ""
    why = f": {said.get('message', said) if isinstance(said, dict) else said}" if said else ""
    return f"{place.get('file')}:{place.get('row')}: {result.get('name')} failed{why}"


def _objections(done: Any) -> list[str]:
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return [line for line in said if line.strip()][:20]


def _lines(error: ConfigurationError) -> list[str]:
    return [line.strip() for line in error.message.splitlines()]


def _sentence(error: ConfigurationError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _last_line(text: str) -> str:
    return next(iter(reversed(text.strip().splitlines())), "OPA gives no reason")
