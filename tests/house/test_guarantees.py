"""The promises of docs/guarantees.md: each is held by tests that are there."""

from __future__ import annotations

import re

import pytest
from tests.documents import ROOT

PAGE = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
PROMISES = re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", PAGE)
ROWS = re.findall(r"(?m)^\| (?!what holds|---)(.+?) \| (.+?) \|$", PAGE)


def test_every_promise_is_told():
    numbered = [title.split(".")[0] for title, _ in PROMISES if title[0].isdigit()]
    assert numbered == [str(number) for number in range(1, 9)]


@pytest.mark.parametrize(("title", "body"), PROMISES, ids=[title for title, _ in PROMISES])
def test_every_promise_has_rows(title, body):
    assert len(re.findall(r"(?m)^\| ", body)) > 1


@pytest.mark.parametrize(("what", "held"), ROWS, ids=[what for what, _ in ROWS])
def test_what_holds_it_is_there(what, held):
    named = re.findall(r"`([^`]+)`", held)
    assert named
    assert ", ".join(f"`{name}`" for name in named) == held
    for name in named:
        if name.startswith("make "):
            makefile = (ROOT / "Makefile").read_text("utf-8")
            assert re.search(rf"(?m)^{name.removeprefix('make ')}:", makefile), name
            assert "*nightly*" in what, "what `make test` does not run is marked"
            continue
        place, _, test = name.partition("::")
        assert (ROOT / place).exists(), name
        if test:
            source = (ROOT / place).read_text("utf-8")
            assert re.search(rf"(?m)^ *(?:(?:async )?def )?{test}\b", source), name
