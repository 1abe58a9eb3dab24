"""Every behaviour on Pydantic AI; and what is its alone."""

import pytest
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.pydantic_ai.harness import PydanticAIHarness
from tests.integrations.world import World


@pytest.fixture(params=["run_sync", "run", "iter", "run_stream"])
def harness(request, tmp_path):
    world = World(tmp_path / "world")
    yield PydanticAIHarness(world, request.param)
    world.close()
