"""What a test of a server cannot do without, and `REQUIRE_SERVERS` may say has to be there."""

from __future__ import annotations

import os

import pytest


def wanting(name: str, reason: str) -> None:
    """Skip for the want of a server; fail where `REQUIRE_SERVERS` names it."""
    if name in os.environ.get("REQUIRE_SERVERS", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)
