"""`docs/integrations/agent_hooks.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_host(tmp_path):
    """
    A host runs what the policy allows, and is refused what it refuses.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "integrations" / "agent_hooks.md"):
            walk.take(block)
