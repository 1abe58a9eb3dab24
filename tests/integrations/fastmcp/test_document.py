"""`docs/integrations/fastmcp.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_server_and_a_person(tmp_path):
    """
    A client is refused what the policy refuses, is asked to come back, and comes back.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "integrations" / "fastmcp.md"):
            walk.take(block)
