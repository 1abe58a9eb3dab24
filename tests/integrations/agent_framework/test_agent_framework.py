"""Every behaviour on Microsoft Agent Framework; and what is its alone."""

import pytest
from tests.integrations.agent_framework.harness import AgentFrameworkHarness
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.world import World


@pytest.fixture(params=["run", "stream"])
def harness(request, tmp_path):
    world = World(tmp_path / "world")
    yield AgentFrameworkHarness(world, request.param)
    world.close()
