"""Finding out what `Guard()` would use here, and whether each part of it is well."""

from __future__ import annotations

from .finding import Finding, State
from .run import diagnose

__all__ = ["Finding", "State", "diagnose"]
