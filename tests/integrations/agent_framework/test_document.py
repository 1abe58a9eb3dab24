"""`docs/integrations/agent_framework.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_an_agent_and_a_person(tmp_path):
    """
    An agent is refused what the policy refuses, waits for a person, and goes on.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "integrations" / "agent_framework.md"):
            walk.take(block)
