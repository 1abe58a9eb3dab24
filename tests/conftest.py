"""What holds for all tests: their tiers, and that no generated test fails for being slow."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from tests.tiers import Tiers

# A busy machine is not a fault of what is tested.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tiers(), "tiers")
