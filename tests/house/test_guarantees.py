"""The promises of docs/guarantees.md: each is held by tests that are there."""

from __future__ import annotations

import json
import re
from functools import cache

from tests.documents import ROOT

PAGE = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PROMISES = re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", PAGE)
ROWS = re.findall(r"(?m)^\| (?!what holds|---)(.+?) \| (.+?) \|$", PAGE)


def test_every_promise_is_told():
    numbered = [title.split(".")[0] for title, _ in PROMISES if title[0].isdigit()]
    assert numbered == [str(number) for number in range(1, 9)]


def test_every_promise_has_rows():
    assert [title for title, body in PROMISES if len(re.findall(r"(?m)^\| ", body)) < 2] == []


def test_what_holds_it_is_there():
    assert ROWS
    assert {what: wrong for what, held in ROWS if (wrong := faults(what, held))} == {}


def test_what_an_adapter_does_not_hold_of_a_promise_is_told_with_the_reason():
    """The table is generated of the results, and `make lint` holds it to them."""
    pages = ROOT / "docs" / "integrations"
    table = (pages / "README.md").read_text("utf-8")
    recorded = {
        path.stem: json.loads(path.read_text("utf-8"))["behaviours"]
        for path in (ROOT / "tests" / "integrations" / "results").glob("*.json")
    }
    section = dict(PROMISES)["Agent frameworks"]
    named = {*re.findall(r"`tests/integrations/behaviours\.py::(\w+)`", section)}
    missing = {(adapter, test) for adapter, found in recorded.items() for test in named - {*found}}
    assert missing == set()
    reasons = {
        (adapter, found[test])
        for adapter, found in recorded.items()
        for test in named
        if found[test] != "held"
    }
    assert reasons
    assert "(integrations/README.md)" in section.partition("\n| ")[0]
    assert {(adapter, why) for adapter, why in reasons if not _is_note(table, why)} == set()
    lacking = {
        adapter for adapter, _ in reasons if "\n## Limits\n" not in _text(pages / f"{adapter}.md")
    }
    assert lacking == set()


def _is_note(table, why):
    return re.search(rf"(?m)^\d+\. {re.escape(why[0].upper() + why[1:])}\.$", table) is not None


def faults(what, held):
    """What is wrong with the tests that a row names."""
    named = re.findall(r"`([^`]+)`", held)
    if not named or ", ".join(f"`{name}`" for name in named) != held:
        return ["names tests in backticks, with commas between them"]
    return [fault for name in named if (fault := _missing(name, what))]


def _missing(name, what):
    """Why a name is not a test, or ""."""
    if name.startswith("make "):
        if not re.search(rf"(?m)^{name.removeprefix('make ')}:", MAKEFILE):
            return f"{name}: no such target"
        return "" if "*nightly*" in what else f"{name}: what `make test-all` leaves out is marked"
    place, _, test = name.partition("::")
    if not (ROOT / place).exists():
        return f"{name}: no such file"
    if test and not re.search(rf"(?m)^ *(?:(?:async )?def )?{test}\b", _text(ROOT / place)):
        return f"{name}: no such test"
    return ""


@cache
def _text(path):
    return path.read_text("utf-8")
