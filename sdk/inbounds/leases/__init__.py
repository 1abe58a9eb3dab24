"""Credentials for tools, leased for one task and revoked when it ends."""

from __future__ import annotations

from typing import Final

LEASE_TOOL: Final = "credential.lease"
"""The tool by whose name the registry lets agents lease credentials."""
