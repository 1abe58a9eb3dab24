"""Finding out what `Guard()` would use here, and whether each part of it is well."""

from __future__ import annotations

from .doctor import diagnose
from .finding import Finding, State

__all__ = ["Finding", "State", "diagnose"]
