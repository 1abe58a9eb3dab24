from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integrations.mcp.proxy.world import World


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One deployment for all: to make the policy's machine code takes seconds, once."""
    return World(tmp_path_factory.mktemp("proxy"))


@pytest.fixture
def world(folder: World) -> Iterator[World]:
    folder.forget()
    return folder
