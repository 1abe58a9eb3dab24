"""`docs/agent-authors.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_guard_and_its_tools(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "agent-authors.md"):
            walk.take(block)
