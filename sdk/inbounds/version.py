"""The version of the SDK, said once."""

from __future__ import annotations

__version__ = "0.1.0"
