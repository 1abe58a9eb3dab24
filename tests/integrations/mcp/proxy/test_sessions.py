"""The sessions of proxies: what they begin with, and which of them share one."""

from __future__ import annotations

import multiprocessing

import pytest
from tests.integrations.mcp.proxy.world import TOOLS, World, said

from inbounds import DecisionUnavailable
from inbounds.process import clock
from inbounds_server.mcp_proxy.launches import REST, Launches

UNTRUSTED = "Not executed [flow.untrusted_argument]; a person has to approve it."
THIRD = {"label": "internal", "party": "third"}
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A server whose resources are a stranger's."""
    tools = {**TOOLS, "files.resources.read": {**TOOLS["files.resources.read"], "returns": THIRD}}
    return World(tmp_path_factory.mktemp("sessions"), tools)


async def written(client) -> str:
    return said(await client.call_tool("write", {"path": "/a", "text": "x"}))


async def test_a_session_begins_untrusted(world):
    """A model has read what the proxy has not: a path that nobody named is asked about."""
    async with world.client(world.behind(), "--session-trust", "untrusted") as client:
        assert UNTRUSTED in await written(client)
    async with world.client(world.behind(), "--shared") as client:
        assert UNTRUSTED in await written(client)


async def test_where_it_begins_trusted_a_list_of_strangers_ends_that(world):
    async with world.client(world.behind()) as client:
        await client.list_tools()
        assert "write" in await written(client)
        await client.list_resources()
        assert UNTRUSTED in await written(client)


@pytest.mark.parametrize("options", [["--shared"], ["--shared", "--session", "board"]])
async def test_two_proxies_of_one_host_share_a_session(world, options):
    trusted = [*options, "--session-trust", "trusted"]
    async with (
        world.client(world.behind(), *trusted) as first,
        world.client(world.behind(), *trusted) as second,
    ):
        if "--session" in options:
            assert "write" in await written(first)
            assert "write" in await written(second)
        await first.list_resources()
        assert UNTRUSTED in await written(second)
    async with world.client(world.behind(), *trusted) as third:
        assert UNTRUSTED in await written(third)


async def test_proxies_of_different_names_do_not(world):
    trusted = ["--shared", "--session-trust", "trusted"]
    async with (
        world.client(world.behind(), *trusted, "--session", "one") as first,
        world.client(world.behind(), *trusted, "--session", "other") as second,
    ):
        await first.list_resources()
        assert "write" in await written(second)


def test_launches_that_overlap_are_one(tmp_path, monkeypatch):
    first = Launches(tmp_path / "l.sqlite", "alice@acme.example")
    other = Launches(tmp_path / "l.sqlite", "bob@acme.example")
    name = first.conversation()
    assert name == Launches(tmp_path / "l.sqlite", "alice@acme.example").conversation()
    assert name != other.conversation()
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + REST - 10)
    first.use(name)
    monkeypatch.setattr(clock, "now", lambda: now + 2 * REST - 20)
    assert name == first.conversation()
    monkeypatch.setattr(clock, "now", lambda: now + 4 * REST)
    later = first.conversation()
    assert name != later
    first.use(name)
    assert later == first.conversation(), "one that slept meanwhile brings its session back to none"
    monkeypatch.setattr(clock, "now", lambda: now - REST)
    assert later == first.conversation(), "a clock that was set back ends nothing"


def _begin(path, names):
    names.put(Launches(path, "alice@acme.example").conversation())


def test_those_that_a_host_starts_at_once_are_one(tmp_path):
    names = SPAWN.Queue()
    started = [SPAWN.Process(target=_begin, args=(tmp_path / "l.sqlite", names)) for _ in range(6)]
    for each in started:
        each.start()
    for each in started:
        each.join(30)
    assert 1 == len({names.get(timeout=5) for _ in started})


def test_a_file_that_is_gone_is_told(tmp_path):
    launches = Launches(tmp_path / "l.sqlite", "alice@acme.example")
    launches.close()
    with pytest.raises(DecisionUnavailable) as error:
        launches.conversation()
    assert "session.unreachable" == error.value.code
