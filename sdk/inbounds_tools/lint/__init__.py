"""Finding what a careless person writes into a deployment, before it is in force."""

from __future__ import annotations

from .check import Check, Severity
from .finding import Finding
from .run import CHECKS, lint

__all__ = ["CHECKS", "Check", "Finding", "Severity", "lint"]
