"""Every behaviour on LangChain and LangGraph; and what is theirs alone."""

from __future__ import annotations

import pytest
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.langchain.harness import LangChainHarness
from tests.integrations.world import World


@pytest.fixture(
    params=[(way, sync) for way in ("agent", "node") for sync in (True, False)],
    ids=lambda each: f"{each[0]}-{'sync' if each[1] else 'async'}",
)
def harness(request, tmp_path):
    world = World(tmp_path / "world")
    yield LangChainHarness(world, request.param[0], sync=request.param[1])
    world.close()
