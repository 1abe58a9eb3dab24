"""Every message that a client may send: judged, listed, passed on, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.client import advertise
from mcp.shared.exceptions import MCPError
from mcp_types import (
    METHOD_NOT_FOUND,
    CallToolResult,
    NotificationParams,
    RequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)
from tests.integrations.behaviours import codes
from tests.integrations.mcp.desk import Desk
from tests.integrations.world import World

from inbounds import ConfigurationError
from inbounds.integrations.mcp import AuthorizationMiddleware
from inbounds.integrations.mcp.refusals import REFUSED
from inbounds.model.claims import Scope

MODERN, LEGACY = "2026-07-28", "legacy"


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.fixture(params=[MODERN, LEGACY])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def raw(client: Any, method: str, params: dict[str, Any]) -> Any:
    """Send a request as it is, past what a client's models would make of it."""
    session = client.session
    opts: Any = {}
    data = {"method": method, "params": params}
    session._stamp(data, opts)
    return await session._dispatcher.send_raw_request(method, data["params"], opts)


async def told(client: Any, method: str, params: dict[str, Any]) -> None:
    await client.session._dispatcher.notify(method, params)


async def refused(client: Any, method: str, params: dict[str, Any]) -> MCPError:
    with pytest.raises(MCPError) as ei:
        await raw(client, method, params)
    return ei.value


# --- what is judged -------------------------------------------------------------------------

ALLOWED = [
    ("tools/call", {"name": "find", "arguments": {"limit": 1}}),
    ("resources/read", {"uri": "file:///work/a"}),
    ("prompts/get", {"name": "letter", "arguments": {"to": "bob"}}),
    (
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "letter"},
            "argument": {"name": "to", "value": "b"},
        },
    ),
]
OUT_OF_BOUNDS = [
    ("resources/read", {"uri": "file:///etc/passwd"}),
    ("resources/read", {"uri": "file:///work/../etc/passwd"}),
    ("prompts/get", {"name": "other"}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "other"}, "argument": {"name": "a", "value": "b"}},
    ),
]


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize(("method", "params"), ALLOWED, ids=lambda v: str(v)[:20])
def test_what_is_allowed_reaches_its_handler_once(desk, mode, method, params, watched):
    with desk.world.task() as task:
        server = desk.server(watched=watched)
        desk.go(lambda client: raw(client, method, dict(params)), mode=mode, server=server)
        assert task.report().ran == 1

    assert desk.ran == [(method, params)]


@pytest.mark.parametrize(("method", "params"), OUT_OF_BOUNDS, ids=lambda v: str(v)[:40])
def test_what_is_out_of_bounds_does_not_reach_it(desk, mode, method, params):
    """
    What is not a tool is refused by an error of the protocol, with one stable line and the code.
    """
    with desk.world.task() as task:
        error = desk.go(lambda client: refused(client, method, dict(params)), mode=mode)
        report = task.report()

    assert desk.ran == []
    assert error.code == REFUSED
    assert error.data["inbounds/code"] == codes(report.refused)[0]
    assert error.message.startswith(f"Not executed [{error.data['inbounds/code']}]; do not retry.")
    assert error.data["inbounds/decision_id"] in error.message
    assert "passwd" not in str(error.data) + error.message
    assert report.ran == 0


def test_outside_a_task_nothing_reaches_a_handler(desk, mode):
    async def host(client):
        for method, params in [p for p in ALLOWED if p[0] != "tools/call"]:
            error = await refused(client, method, dict(params))
            assert error.data == {"inbounds/code": "task.missing"}
        said = await raw(client, "tools/call", {"name": "find"})
        assert said["_meta"] == {"inbounds/code": "task.missing"}

    desk.go(host, mode=mode)

    assert desk.ran == []


def test_what_the_server_adds_by_its_schema_is_judged(desk, mode):
    with desk.world.task():
        desk.go(lambda client: raw(client, "tools/call", {"name": "find"}), mode=mode)

    assert desk.ran == [("tools/call", {"name": "find", "arguments": {"limit": 7}})]


def test_a_resource_is_subscribed_to_where_the_policy_allows_it(desk):
    async def host(client):
        await raw(client, "resources/subscribe", {"uri": "file:///work/a"})
        await refused(client, "resources/subscribe", {"uri": "file:///etc/passwd"})
        # Giving it up would carry words to the server as well, and is registered nowhere here.
        await refused(client, "resources/unsubscribe", {"uri": "file:///work/a"})

    with desk.world.task() as task:
        desk.go(host, mode=LEGACY)
        assert task.report().ran == 1

    assert desk.ran == [("resources/subscribe", {"uri": "file:///work/a"})]


def test_of_subscriptions_each_resource_is_judged(desk):
    server = desk.server()
    server.add_request_handler("subscriptions/listen", *_listening(desk))

    async def host(client):
        wanted = {"toolsListChanged": True, "taskIds": ["secret"]}
        await raw(client, "subscriptions/listen", {"notifications": dict(wanted)})
        named = {**wanted, "resourceSubscriptions": ["file:///work/a"]}
        await raw(client, "subscriptions/listen", {"notifications": named})
        for uris in (["file:///work/a", "file:///etc/passwd"], "file:///work/a", [7], ["u"] * 65):
            named = {**wanted, "resourceSubscriptions": uris}
            await refused(client, "subscriptions/listen", {"notifications": named})

    with desk.world.task() as task:
        desk.go(host, mode=MODERN, server=server)
        report = task.report()

    first, second = (params["notifications"] for _, params in desk.ran)
    assert first == {"toolsListChanged": True}
    assert second == {"toolsListChanged": True, "resourceSubscriptions": ["file:///work/a"]}
    assert len(codes(report.refused)) + len(codes(report.unavailable)) == 4


def _listening(desk):
    over = SubscriptionsListenResult(_meta={"io.modelcontextprotocol/subscriptionId": "1"})
    desk.answers["subscriptions/listen"] = over
    return SubscriptionsListenRequestParams, desk._handler("subscriptions/listen")


# --- what is refused ------------------------------------------------------------------------

MALFORMED = [
    ("tools/call", {}),
    ("tools/call", {"name": 7}),
    ("tools/call", {"name": ""}),
    ("tools/call", {"name": None, "arguments": {}}),
    ("tools/call", {"name": ["find"]}),
    ("tools/call", {"name": "find", "arguments": None}),
    ("tools/call", {"name": "find", "arguments": []}),
    ("tools/call", {"name": "find", "arguments": "{}"}),
    ("tools/call", {"name": "find", "task": {"ttl": 1}}),
    ("tools/call", {"name": "find", "more": 1}),
    ("tools/call", {"name": "find", "inputResponses": 7}),
    ("tools/call", {"name": "find", "requestState": 7}),
    ("tools/call", {"name": "resources.read", "arguments": {"uri": "file:///work/a"}}),
    ("tools/call", {"name": "find", "arguments": {"deep": None}}),
    ("tools/call", {"name": "find", "arguments": {"long": "x" * 2_000_000}}),
    ("tools/call", {"name": "find", "arguments": {"big": 2**53 + 1}}),
    ("tools/call", {"name": "x" * 300}),
    ("resources/read", {}),
    ("resources/read", {"uri": 7}),
    ("resources/read", {"uri": "file:///work/a", "more": 1}),
    ("resources/read", {"uri": ""}),
    ("prompts/get", {"name": "letter", "arguments": []}),
    ("prompts/get", {"arguments": {}}),
    ("completion/complete", {"ref": "letter", "argument": {"name": "a", "value": "b"}}),
    ("completion/complete", {"ref": {"type": "ref/prompt", "name": "letter"}}),
]


def deep(params):
    nested: Any = 1
    for _ in range(100):
        nested = [nested]
    return {**params, "arguments": {"deep": nested}} if "deep" in str(params) else dict(params)


@pytest.mark.parametrize(("method", "params"), MALFORMED, ids=lambda v: str(v)[:60])
def test_what_is_malformed_is_refused_and_recorded_once(desk, mode, method, params):
    async def host(client):
        if method != "tools/call":
            return (await refused(client, method, dict(params))).message
        said = await raw(client, method, deep(params))
        assert said["isError"]
        return said["content"][0]["text"]

    with desk.world.task() as task:
        line = desk.go(host, mode=mode)
        report = task.report()

    assert desk.ran == []
    # It is not a question to the policy.
    assert "representable]; do not retry." in line
    assert report.ran == 0
    assert len(codes(report.refused)) + len(codes(report.unavailable)) == 1


UNKNOWN = [
    "logging/setLevel",
    "tasks/get",
    "tasks/result",
    "sampling/createMessage",
    "elicitation/create",
    "roots/list",
    "tools/run",
    "Tools/call",
    "tools/call ",
    "",
    "notifications/message",
    "rpc.discover",
]


@pytest.mark.parametrize("method", UNKNOWN)
def test_a_method_that_is_not_judged_is_refused(desk, mode, method):
    """
    Whether the server knows it or not: nothing of it reaches a handler.
    """
    server = desk.server()
    if method != "logging/setLevel":
        server.add_request_handler(method, RequestParams, desk._handler(method))
    with desk.world.task():
        error = desk.go(
            lambda client: refused(client, method, {"level": "debug"}), mode=mode, server=server
        )

    assert error.code == METHOD_NOT_FOUND
    assert desk.ran == []


def test_of_a_notification_nothing_that_anybody_wrote_reaches_a_handler(desk):
    server = desk.server()
    server.add_notification_handler("x/secret", NotificationParams, desk._handler("x/secret"))

    async def host(client):
        said = {"progressToken": 1, "progress": 0.5, "message": "canary", "more": "canary"}
        await told(client, "notifications/progress", said)
        await told(client, "x/secret", {"text": "canary"})
        await client.session.send_ping()

    desk.go(host, mode=LEGACY, server=server)

    assert desk.ran == [("notifications/progress", {"progressToken": 1, "progress": 0.5})]


def test_of_a_requests_meta_only_the_protocols_own_reaches_a_handler(desk, mode):
    seen = []

    async def look(ctx):
        seen.append((dict(ctx.params["_meta"]), dict(ctx.meta)))
        return CallToolResult(content=[])

    desk.answers["tools/call"] = look
    meta = {"progressToken": 5, "acme/secret": "canary", "baggage": "canary=1", "tracestate": "c=1"}

    async def host(client):
        await client.session.call_tool("find", {}, meta=meta)

    with desk.world.task():
        desk.go(host, mode=mode)

    assert "canary" not in str(seen)
    assert seen[0][0]["progressToken"] == 5


def test_no_extension_of_a_client_changes_how_a_call_runs(desk):
    """
    One may let it run in the background, past what was judged and past what is given of it.
    """
    seen = []

    async def look(ctx):
        seen.append((dict(ctx.params["_meta"]), dict(ctx.meta)))
        return CallToolResult(content=[])

    async def elicit(ctx, params):
        return None

    desk.answers["tools/call"] = look
    with desk.world.task():
        desk.go(
            lambda client: client.session.call_tool("find", {}),
            mode=MODERN,
            elicitation_callback=elicit,
            extensions=[advertise("example.acme/background", {})],
        )

    for each in seen[0]:
        assert "elicitation" in str(each)
        assert "background" not in str(each)


# --- lists ----------------------------------------------------------------------------------


async def lists(client):
    return [
        [tool.name for tool in (await client.list_tools()).tools],
        [each.name for each in (await client.list_resources()).resources],
        [each.name for each in (await client.list_resource_templates()).resource_templates],
        [each.name for each in (await client.list_prompts()).prompts],
    ]


def test_a_client_is_shown_what_its_task_holds(desk, mode):
    with desk.world.task():
        assert desk.go(lists, mode=mode) == [["find"], ["a"], ["t"], ["letter"]]
    with desk.world.task(scope=Scope(tools={"files.resources.read": {}})):
        assert desk.go(lists, mode=mode) == [[], ["a"], ["t"], []]
    assert desk.go(lists, mode=mode) == [[], [], [], []]


def test_who_has_set_it_up_is_told_once_that_no_tool_is_shown(desk, mode, caplog):
    """
    A client sees an empty list, whatever the cause: a misspelt name, or an intent without tools.
    """
    server = desk.server()
    with desk.world.task():
        desk.go(lists, mode=mode, server=server)
    # Where there is no task, that is what is wrong.
    desk.go(lists, mode=mode, server=server)
    assert "is shown" not in caplog.text
    with desk.world.task(scope=Scope(tools={"files.resources.read": {}})):
        for _ in range(2):
            desk.go(lists, mode=mode, server=server)

    (said,) = [each.getMessage() for each in caplog.records if "is shown" in each.getMessage()]
    assert said.startswith("none of the 2 tools of the server is shown: ")
    assert "`files.<its name>`" in said


def test_a_list_is_nobody_elses(desk):
    async def host(client):
        return await client.list_tools()

    with desk.world.task():
        listed = desk.go(host, mode=MODERN)

    assert listed.cache_scope == "private"


# --- where it runs, and what is said of it --------------------------------------------------


def test_a_server_that_runs_elsewhere_is_not_called(desk, mode, caplog):
    places = {"files": {"at": ["npx files /work"]}}
    desk.world.policy.change(servers=places)
    ask = {"name": "find", "arguments": {"limit": 1}}

    async def here(client):
        await raw(client, "prompts/get", {"name": "letter"})
        return await raw(client, "tools/call", dict(ask))

    async def elsewhere(client):
        error = await refused(client, "prompts/get", {"name": "letter"})
        assert error.data["inbounds/code"] == "supply.server_not_listed"
        said = await raw(client, "tools/call", dict(ask))
        assert said["_meta"]["inbounds/code"] == "supply.server_not_listed"
        # Whoever has set it up is told as well.
        assert "was refused: " in caplog.text
        assert "supply.server_not_listed" in caplog.text

    with desk.world.task():
        desk.go(here, mode=mode, server=desk.server(at="npx files /work"))
        assert len(desk.ran) == 2
        for where in ("npx files /", ""):
            desk.go(elsewhere, mode=mode, server=desk.server(at=where))

    assert len(desk.ran) == 2


def test_a_tool_that_is_described_otherwise_is_not_called(desk, mode):
    desk.register(pin="sha256:" + "0" * 64)
    ask = {"name": "find", "arguments": {"limit": 1}}
    asked = []

    def seen(last):
        def descriptor(name):
            asked.append(name)
            return "sha256:" + last * 64

        return desk.server(descriptor=descriptor)

    with desk.world.task():
        said = desk.go(lambda c: raw(c, "tools/call", dict(ask)), mode=mode, server=seen("0"))
        assert not said.get("isError")
        said = desk.go(lambda c: raw(c, "tools/call", dict(ask)), mode=mode, server=seen("1"))

    assert said["_meta"]["inbounds/code"] == "supply.descriptor_changed"
    assert asked == ["find", "find"]
    assert len(desk.ran) == 1


def test_the_name_of_a_server_has_no_dot(desk):
    with pytest.raises(ConfigurationError) as ei:
        AuthorizationMiddleware(desk.world.guard, server="a.b")

    assert ei.value.code == "configuration.server_name"
