"""What an earlier revision reached, and what others reach on all four suites of AgentDojo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Point:
    """One system.

    Attributes:
        name: What it is called.
        stopped: The share of attacks that came to nothing, in percent.
        utility: The share of user tasks done without asking anybody, in percent; None where only
            attacks were reported.
        hard_denied: The share of attacks denied without asking, in percent; None where not told.
        interruptions: How often a person is asked per task; None where not told.
        published: Whether its authors say so; else it was measured on the same calls.
    """

    name: str
    stopped: float
    utility: float | None = None
    hard_denied: float | None = None
    interruptions: float | None = None
    published: bool = False


EARLIER: Final = (
    Point("Inbounds `c9cbbc2`, drafted intents", 100, 76.79, 95.05, 0.23),
    Point("Inbounds `c9cbbc2`, oracle intents", 100, 76.79, 96.88, 0.23),
)
"""Measured in the same way before grades were those of whole values and followed the stores."""

POINTS: Final = (
    Point("allow everything", 0, 100, 0, 0),
    Point("an agent that only reads", 98, 38, 98, 0),
    Point("exact list of tools from an oracle", 89, 100, 85, 0),
    Point("lock-out after untrusted content", 100, 38, 0, 0.97),
    Point("provenance, the prompt only", 99.6, 51, 84.5, 0.66),
    Point("best provenance policy known", 99.9, 76, 84.7, 0.32),
    Point("CaMeL", 100, 77, published=True),
    Point("IPIGuard", 99.3, published=True),
    Point("DRIFT", 98.7, published=True),
    Point("Progent", 97.8, published=True),
    Point("tool filter", 93.2, published=True),
)
