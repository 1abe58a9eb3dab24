"""Waiting until a change of the feed has come to everybody whom the feed is pushed to."""

from __future__ import annotations

import time

from inbounds.process import clock

from .feed import Acknowledgement, LiveFeed, Position

_LOOK = 0.02  # seconds


def behind(feed: LiveFeed, position: Position, seconds: float) -> dict[str, str] | None:
    """Wait for every target to come as far as `position`.

    Returns:
        Those that have not, and why; None where nobody serves the feed.
    """
    until = clock.monotonic() + seconds
    while True:
        notes = feed.acknowledgements()
        late = {
            note.target: note.fault or "no answer yet" for note in notes if not has(note, position)
        }
        if (notes and not late) or clock.monotonic() >= until:
            return late if notes else None
        time.sleep(_LOOK)


def has(note: Acknowledgement, position: Position) -> bool:
    """Whether a target has come as far as `position`."""
    at = note.position
    return at.generation == position.generation and at.seq >= position.seq
