"""`docs/registry.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_registry_for_ones_own_tools_step_by_step(tmp_path):
    """
    What the linter finds is stated, and what the tools may do is done.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "registry.md"):
            walk.take(block)
