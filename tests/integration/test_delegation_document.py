"""`docs/delegation.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_task_in_other_hands(tmp_path):
    """
    What was handed on is done by its holder, within its budget, until it is ended.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "delegation.md"):
            walk.take(block)
