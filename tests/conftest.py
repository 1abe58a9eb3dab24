"""What holds for all tests: their tiers."""

from __future__ import annotations

import pytest
from tests.tiers import Tiers


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tiers(), "tiers")
