"""The traps of CONTRIBUTING.md: each is guarded by something that is there."""

from __future__ import annotations

import re

import pytest
from tests.documents import ROOT

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
AUTHORS = (ROOT / "docs" / "policy-authors.md").read_text("utf-8")
ROWS = re.findall(r"(?m)^\| ([a-z])\. (.+?) \| (.+?) \|$", CONTRIBUTING)
TESTS = sorted((ROOT / "rego").rglob("*_test.rego"))


def test_every_trap_of_the_authors_has_a_guard():
    assert [letter for letter, _, _ in ROWS] == re.findall(r"(?m)^### ([a-z])\. ", AUTHORS)


@pytest.mark.parametrize(("letter", "trap", "guard"), ROWS, ids=[row[0] for row in ROWS])
def test_a_guard_is_there(letter, trap, guard):
    named = re.findall(r"`([^`]+)`", guard)
    places = [name for name in named if "/" in name]
    targets = [name.removeprefix("make ") for name in named if name.startswith("make ")]
    assert places or targets
    for place in places:
        path, _, test = place.partition("::")
        assert (ROOT / path).exists(), place
        if test:
            assert re.search(rf"\b{test}\b", (ROOT / path).read_text("utf-8")), place
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert all(re.search(rf"(?m)^{target}:", makefile) for target in targets)


@pytest.mark.parametrize("path", TESTS, ids=[path.stem for path in TESTS])
def test_no_test_of_the_policy_is_passed_by_one_case_of_several(path):
    bodies = re.findall(r"(?ms)^(test_\w+)[^\n]*\{\n(.*?)^\}", path.read_text("utf-8"))
    loose = [name for name, body in bodies if re.search(r"(?m)^\tsome ", body)]
    assert not loose, "`some` is an or: say `every`"
