"""What an MCP server brings of its own."""

from __future__ import annotations

import pytest
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour, on this framework
from tests.integrations.mcp.harness import McpHarness
from tests.integrations.world import World

WAYS = [(mode, way) for mode in ("2026-07-28", "legacy") for way in ("memory", "http")]


@pytest.fixture(params=WAYS, ids="-".join)
def harness(request: pytest.FixtureRequest, world: World) -> McpHarness:
    mode, way = request.param
    return McpHarness(world, mode, way)
