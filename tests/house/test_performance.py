"""What is said of performance: it is what one run of the bench has found, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bench import page, revocation_page

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RUN = json.loads((DOCS / "performance.json").read_text("utf-8"))
REVOCATION = json.loads((DOCS / "revocation.json").read_text("utf-8"))
CHART = (DOCS / "performance.svg").read_text("utf-8")


def test_the_page_says_what_the_run_has_found():
    assert (DOCS / "performance.md").read_text("utf-8") == page.page(RUN)


def test_the_page_of_revocations_says_what_its_run_has_found():
    text = (DOCS / "revocation.md").read_text("utf-8")
    assert revocation_page.placed(text, REVOCATION) == text
    assert not REVOCATION["quick"]
    assert {found["opas"] for found in REVOCATION["ends"].values()} == {1, 4, 16}
    assert all(found["ends"] >= 100 for found in REVOCATION["ends"].values())


def test_the_readme_quotes_it():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert page.quote(RUN) in readme
    assert page.quoted(readme, RUN) == readme


def test_it_was_no_quick_run():
    assert not RUN["quick"]


def test_the_chart_is_of_the_same_run():
    pytest.importorskip("matplotlib", reason="`make performance` installs what draws it")
    from bench.chart import svg

    assert svg(RUN) == CHART


def test_the_chart_fetches_nothing():
    """
    Names of XML namespaces are not addresses; anything else that looks like one would be.
    """
    named = re.findall(r"xmlns(?::\w+)?=\"[^\"]+\"", CHART)
    rest = CHART
    for each in named:
        rest = rest.replace(each, "")
    assert not re.search(r"https?:|@import|@font-face|<script|<image", rest)
    assert not re.search(r"(?:href|src)=\"(?!#)", rest)
    assert not re.search(r"url\((?!#)", rest)


def test_the_chart_begins_at_zero_and_follows_light_and_dark():
    assert ">0</text>" in CHART
    assert "prefers-color-scheme" in CHART
    for colour in ("ink", "paper", "faint"):
        assert f"var(--{colour})" in CHART
        assert CHART.count(f"--{colour}:#") == 2
