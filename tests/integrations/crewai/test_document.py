"""`docs/integrations/crewai.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_crew_and_a_person(tmp_path):
    """
    A crew is refused what the policy refuses, and goes on once a person has signed.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "integrations" / "crewai.md"):
            walk.take(block)
