"""The traps of CONTRIBUTING.md: each is guarded by something that is there."""

from __future__ import annotations

import re

from tests.documents import ROOT

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
AUTHORS = (ROOT / "docs" / "policy-authors.md").read_text("utf-8")
ROWS = re.findall(r"(?m)^\| ([a-z])\. (.+?) \| (.+?) \|$", CONTRIBUTING)
TESTS = sorted((ROOT / "rego").rglob("*_test.rego"))


def test_every_trap_of_the_authors_has_a_guard():
    assert [letter for letter, _, _ in ROWS] == re.findall(r"(?m)^### ([a-z])\. ", AUTHORS)


def test_a_guard_is_there():
    assert {letter: wrong for letter, _, guard in ROWS if (wrong := faults(guard))} == {}


def faults(guard):
    """What of a guard is not there."""
    named = re.findall(r"`([^`]+)`", guard)
    places = [name for name in named if "/" in name]
    targets = [name.removeprefix("make ") for name in named if name.startswith("make ")]
    if not places and not targets:
        return ["names no place and no target"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    return [place for place in places if not _is_there(*place.partition("::")[::2])] + [
        target for target in targets if not re.search(rf"(?m)^{target}:", makefile)
    ]


def _is_there(path, test):
    if not (ROOT / path).exists():
        return False
    return not test or bool(re.search(rf"\b{test}\b", (ROOT / path).read_text("utf-8")))


def test_no_test_of_the_policy_is_passed_by_one_case_of_several():
    loose = [
        f"{path.stem}: {name}"
        for path in TESTS
        for name, body in re.findall(r"(?ms)^(test_\w+)[^\n]*\{\n(.*?)^\}", path.read_text("utf-8"))
        if re.search(r"(?m)^\tsome ", body)
    ]

    assert loose == [], "`some` is an or: say `every`"
