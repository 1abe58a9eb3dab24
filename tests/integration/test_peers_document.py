"""`docs/peers.md`, followed literally in an empty folder."""

from __future__ import annotations

from tests.documents import ROOT, Walk, blocks


def test_a_peer_is_asked_once_its_card_holds(tmp_path):
    """
    A peer whose card its operator has signed is spoken to, and one that nobody knows is not.
    """
    folder = tmp_path / "empty"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in blocks(ROOT / "docs" / "peers.md"):
            walk.take(block)
