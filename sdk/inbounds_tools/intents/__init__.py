"""Drafting a narrower intent from the user's own words, for somebody to confirm."""

from __future__ import annotations

from .delegation import Delegation
from .drafting import Draft, Propose, Said, draft, likeliest

__all__ = ["Delegation", "Draft", "Propose", "Said", "draft", "likeliest"]
