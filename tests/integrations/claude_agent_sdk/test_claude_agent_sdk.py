"""Every behaviour on the Claude Agent SDK; and what is its alone."""

import pytest
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.claude_agent_sdk.harness import ClaudeAgentSdkHarness, world_of


@pytest.fixture
def world(tmp_path):
    made = world_of(tmp_path / "world")
    yield made
    made.close()


@pytest.fixture(params=["query", "client"])
def harness(request, world, tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return ClaudeAgentSdkHarness(world, request.param, folder)
