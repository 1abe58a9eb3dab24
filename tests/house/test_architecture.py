"""`docs/architecture.md` names files that exist, in the order that a call passes them."""

from __future__ import annotations

import re

from tests.documents import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def test_every_path_exists():
    paths = [path for path in re.findall(r"`([\w./-]+)`", PAGE) if "/" in path]
    assert len(paths) > 20
    assert [] == [path for path in paths if not (ROOT / path).exists()]


def test_the_steps_are_those_of_a_call():
    steps = [int(step) for step in re.findall(r"(?m)^\| (\d) \|", PAGE)]
    assert steps == sorted(steps)
    assert {*range(10)} == {*steps}
