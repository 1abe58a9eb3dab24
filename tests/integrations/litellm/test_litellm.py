"""Every behaviour on LiteLLM's proxy; and what is its alone."""

from __future__ import annotations

import pytest
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.litellm.harness import LiteLlmHarness

pytestmark = pytest.mark.filterwarnings("ignore")  # LiteLLM's own, in threads of this process


@pytest.fixture(params=["mcp", "rest"])
def harness(request, world):
    return LiteLlmHarness(world, request.param)
