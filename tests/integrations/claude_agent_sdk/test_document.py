"""`docs/integrations/claude_agent_sdk.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_session_and_a_person(tmp_path):
    """
    A session is refused what the policy refuses, waits for a person, and goes on.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "integrations" / "claude_agent_sdk.md"):
            walk.take(block)
