"""`docs/approvals.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_one_call_and_one_yes(tmp_path):
    """
    An agent waits, a person answers with a key of her own, and the call runs.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "approvals.md"):
            walk.take(block)
