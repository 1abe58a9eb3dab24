"""`docs/flow.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_an_attack_step_by_step(tmp_path):
    """
    What a stranger wrote steers nothing, and what the user said does.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "flow.md"):
            walk.take(block)
