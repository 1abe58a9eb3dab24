"""The promises of docs/guarantees.md: each is held by tests that are there."""

from __future__ import annotations

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
