"""What a server lists reaches a model as its results do: it is a result."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from tests.integrations.mcp.desk import Desk
from tests.integrations.mcp.test_messages import raw
from tests.integrations.world import World

from inbounds import DecisionUnavailable
from inbounds.canonical.mcp_descriptor import READ, digest, is_pinned
from inbounds.integrations.mcp import AuthorizationMiddleware, guarded_server
from inbounds.model.claims import Scope
from inbounds.pep import observation

MODES = pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
LISTS = ["resources/list", "resources/templates/list", "prompts/list"]
STRANGERS = {"label": "confidential", "party": "third"}


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def state_of(desk: Desk, task: Any) -> Any:
    return desk.world.guard._runtime.sessions.load(task.session)


@MODES
@pytest.mark.parametrize("method", LISTS)
def test_a_list_exposes_as_the_registry_says_of_what_is_read(desk, mode, method):
    desk.register(STRANGERS)
    with desk.world.task() as task:
        desk.go(lambda client: raw(client, method, {}), mode=mode)
        state = state_of(desk, task)
        assert ("untrusted", "confidential") == (state.trust, state.label)


@MODES
@pytest.mark.parametrize("method", LISTS)
def test_one_of_a_trusted_server_does_not(desk, mode, method):
    with desk.world.task() as task:
        desk.go(lambda client: raw(client, method, {}), mode=mode)
        state = state_of(desk, task)
        assert ("trusted", "public") == (state.trust, state.label)


@pytest.mark.parametrize("method", LISTS)
def test_one_that_is_not_shown_does_not(desk, method):
    desk.register(STRANGERS)
    with desk.world.task(scope=Scope(tools={"files.find": {}})) as task:
        desk.go(lambda client: raw(client, method, {}), mode="legacy")
        assert "trusted" == state_of(desk, task).trust


@MODES
@pytest.mark.parametrize("method", [*LISTS, "tools/list"])
def test_what_cannot_be_committed_is_not_shown(desk, mode, method, monkeypatch):
    desk.register(STRANGERS)

    def fail(*_: Any, **__: Any) -> None:
        raise DecisionUnavailable("the store is down", code="session.unreachable")

    async def host(client):
        with pytest.raises(MCPError) as error:
            await raw(client, method, {})
        assert "session.unreachable" == error.value.data["inbounds/code"]

    with desk.world.task():
        monkeypatch.setattr(observation, "expose", fail)
        desk.go(host, mode=mode)


def test_one_authorization_keeps_what_it_knows_of_each_of_its_servers_apart(desk):
    authorization = AuthorizationMiddleware(desk.world.guard, server="files")
    server = desk.server(watched=False)
    server.middleware.clear()
    guarded_server(server, authorization=authorization)
    guarded_server(MCPServer("another"), authorization=authorization)
    with desk.world.task() as task:
        desk.go(lambda client: raw(client, "tools/list", {}), mode="legacy", server=server)
        assert "untrusted" == state_of(desk, task).trust


@MODES
def test_what_others_say_of_their_tools_is_a_strangers_text_unless_it_is_pinned(desk, mode):
    listed: dict[str, Any] = {}

    async def host(client):
        listed.update((await raw(client, "tools/list", {}))["tools"][0])

    with desk.world.task() as task:
        desk.go(host, mode=mode)
        assert "untrusted" == state_of(desk, task).trust
    desk.register(pin=digest({n: v for n, v in listed.items() if n in READ}))
    desk.world.guard._runtime.registry.forget("")
    with desk.world.task() as task:
        desk.go(host, mode=mode)
        assert "trusted" == state_of(desk, task).trust


def test_what_this_program_says_of_its_own_tools_is_its_own(desk):
    server = MCPServer("files")
    server.add_tool(lambda limit=7: "found", name="find", description="Find")
    authorization = AuthorizationMiddleware(desk.world.guard, server="files")
    guarded_server(server, authorization=authorization)
    with desk.world.task() as task:
        desk.go(lambda client: raw(client, "tools/list", {}), mode="legacy", server=server)
        assert "trusted" == state_of(desk, task).trust


@pytest.mark.parametrize(
    "more", [{"instructions": "evil"}, {"description": "evil"}, {"inputSchema": {"a": 1e400}}]
)
def test_a_pin_is_of_all_that_a_model_reads(more):
    tool = {"name": "find", "description": "Find", "inputSchema": {"type": "object"}}
    pin = digest(tool)
    assert is_pinned(tool, pin)
    assert is_pinned({**tool, "_meta": {"a": 1}, "title": None}, pin)
    assert not is_pinned(tool, "")
    assert not is_pinned({**tool, **more}, pin)
    assert is_pinned({"name": tool["name"]}, pin, upstream=pin)
    assert not is_pinned(tool, pin, upstream="sha256:none")
    assert not is_pinned(tool, "", upstream=pin)
    assert not is_pinned({**tool, "instructions": "evil"}, pin, upstream=pin)
