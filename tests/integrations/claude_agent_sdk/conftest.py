"""The world of these tests, and where Claude Code keeps its sessions."""

import pytest


@pytest.fixture
def world(tmp_path):
    from tests.integrations.claude_agent_sdk.harness import world_of

    made = world_of(tmp_path / "world")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "home"
    made.mkdir()
    return made
