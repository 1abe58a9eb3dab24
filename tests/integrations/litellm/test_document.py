"""`docs/integrations/litellm.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks
from tests.integrations.litellm.gateway import free_port


def test_a_gateway_and_a_person(tmp_path, monkeypatch):
    """
    A client is refused what the policy refuses, and is let once a person has signed.
    """
    monkeypatch.delenv("LITELLM_LOG")  # what a reader waits for is in the log
    folder = tmp_path / "empty"
    folder.mkdir()
    ports = {port: str(free_port()) for port in ("18931", "14931", "14932")}
    with Walk(folder, instead=ports) as walk:
        for block in blocks(ROOT / "docs" / "integrations" / "litellm.md"):
            walk.take(block)
