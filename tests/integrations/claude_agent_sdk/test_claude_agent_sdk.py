"""Every behaviour on the Claude Agent SDK."""

import pytest
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.claude_agent_sdk.harness import ClaudeAgentSdkHarness
from tests.integrations.entry_points import unreviewed
from tests.integrations.world import unwatched


@pytest.fixture(params=["query", "client"])
def harness(request, world, folder):
    return ClaudeAgentSdkHarness(world, request.param, folder)


def test_each_place_where_the_framework_begins_an_agent_is_watched(harness):
    assert [] == unwatched("claude_agent_sdk")


def test_no_method_goes_past_them():
    assert [] == unreviewed("claude_agent_sdk")
