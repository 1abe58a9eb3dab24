from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integrations.mcp.proxy.over_http import HttpWorld
from tests.integrations.mcp.proxy.world import World


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One deployment for all: to make the policy's machine code takes seconds, once."""
    return World(tmp_path_factory.mktemp("proxy"))


@pytest.fixture
def world(folder: World) -> Iterator[World]:
    folder.forget()
    return folder


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpWorld]:
    """An issuer's service, and an OPA that it feeds."""
    world = HttpWorld(tmp_path_factory.mktemp("proxy-http"))
    with world.issuing.serving("opa") as service:
        world.service = service
        yield world


@pytest.fixture(scope="session")
def answering(issued: HttpWorld) -> Iterator[HttpWorld]:
    with issued.running():
        yield issued


@pytest.fixture
def web(answering: HttpWorld) -> HttpWorld:
    """A proxy that answers over HTTP, in front of a server that it starts."""
    answering.forget()
    return answering
