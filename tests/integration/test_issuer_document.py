"""`docs/issuer.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_task_by_the_issuer_s_service(tmp_path):
    """
    A service, an OPA, an agent whose user has signed in, and the next key.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "issuer.md"):
            walk.take(block)
