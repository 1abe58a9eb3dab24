"""What every rule's folder holds, and where a rule may look."""

import json
import re

import pytest
from tests import scenes
from tests.engines import ROOT, RULES

CATALOGUE = json.loads((RULES / "inbounds/catalogue/data.json").read_text())
FRAMEWORKS = json.loads((ROOT / "docs/frameworks.json").read_text())["frameworks"]
CASES = list(scenes.cases())
KINDS = ("rules", "escalations")
FOLDERS = sorted(
    path for kind in KINDS for path in (RULES / "inbounds" / kind).glob("*/*") if path.is_dir()
)
SOURCES = sorted(
    path for path in (RULES / "inbounds").rglob("*.rego") if not path.name.endswith("_test.rego")
)


def code(folder):
    """The code that a rule's folder means."""
    return f"{folder.parent.name}.{folder.name}"


def kind(folder):
    """What a folder holds: a rule, or an escalation."""
    return folder.parent.parent.name


@pytest.mark.parametrize("of", KINDS)
def test_the_catalogue_is_the_folders(of):
    """
    Every folder is in the catalogue, and nothing else is.
    """
    assert sorted(CATALOGUE[of]) == sorted(code(each) for each in FOLDERS if kind(each) == of)


def without(holds):
    """The codes of the folders for which something does not hold."""
    assert FOLDERS
    return [code(folder) for folder in FOLDERS if not holds(folder)]


class TestFolder:
    def test_its_files(self):
        """
        A rule has its source and its test, named as the folder, and at most a data document.
        """

        def holds(folder):
            files = {path.name for path in folder.iterdir()}
            own = {f"{folder.name}.rego", f"{folder.name}_test.rego"}
            return own <= files <= own | {"data.json"}

        assert without(holds) == []

    def test_its_package(self):
        """
        A rule's package is its folder.
        """

        def holds(folder):
            text = (folder / f"{folder.name}.rego").read_text()
            return f"package inbounds.{kind(folder)}.{code(folder)}\n" in text

        assert without(holds) == []

    def test_it_tests_junk(self):
        """
        A rule's test puts what is not a question before it.
        """

        def holds(folder):
            return "fixtures.junk" in (folder / f"{folder.name}_test.rego").read_text()

        assert without(holds) == []

    def test_its_cases(self):
        """
        A rule has a case that is allowed, and one that it alone denies, or asks about.
        """

        def holds(folder):
            own = [(case.outcome, case.codes) for case in CASES if case.code == code(folder)]
            stops = {"rules": "deny", "escalations": "ask"}[kind(folder)]
            return "allow" in dict(own) and (stops, [code(folder)]) in own

        assert without(holds) == []

    def test_its_page(self):
        """
        A rule has a page in the documentation.
        """

        def holds(folder):
            return (ROOT / "docs/rules" / folder.parent.name / f"{folder.name}.md").is_file()

        assert without(holds) == []


@pytest.mark.parametrize("kind", KINDS)
def test_controls_exist(kind):
    """
    No rule names a control that its framework lacks.
    """
    known = {f"{name}:{row['id']}" for name, about in FRAMEWORKS.items() for row in about["rows"]}
    named = {control for about in CATALOGUE[kind].values() for control in about["controls"]}

    assert named <= known
    assert all(about["controls"] for about in CATALOGUE[kind].values())


def test_what_a_fault_follows_from_stands_alone():
    """
    What is shown is never empty: no fault follows from itself, directly or in a circle.
    """
    rules = CATALOGUE["rules"] | CATALOGUE["escalations"]

    def causes(code, path):
        assert code not in path, path
        for cause in rules[code]["depends_on"]:
            causes(cause, (*path, code))

    for name in rules:
        causes(name, ())


def test_imports_point_one_way():
    """
    Rules read the libraries, never each other or what walks them; libraries read libraries.
    """
    allowed = {
        "main": r"lib\.",
        "rules": r"lib\.",
        "escalations": r"lib\.",
        "grants": r"lib\.",
        "obligations": r"lib\.",
        "issuance": r"lib\.",
        "standing": r"lib\.",
        "delegation": r"lib\.|standing$",
        "issuer": r"lib\.|standing$",
        "registry": r"lib\.",
        "evaluation": r"main$",
        "lib": r"lib\.",
    }
    wrong = []
    for source in SOURCES:
        top = source.relative_to(RULES / "inbounds").parts[0]
        for imported in re.findall(
            r"^import data\.inbounds\.(\S+)", source.read_text(), re.MULTILINE
        ):
            if not re.match(allowed.get(top, "$^"), imported):
                wrong += [f"{source.name}: {imported}"]

    assert wrong == []


def test_one_clock():
    """
    The policy reads the time in one place.
    """
    readers = {path.parent.name for path in SOURCES if "time.now_ns" in path.read_text()}

    assert readers == {"clock"}
