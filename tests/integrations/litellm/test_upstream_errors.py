"""What LiteLLM is given of what a call of a tool raises, and the names of what is called."""

from __future__ import annotations

import asyncio
import json
import logging

import httpx2
import pytest
from litellm.experimental_mcp_client.client import MCPClient, UpstreamSessionClosedError
from litellm.proxy._experimental.mcp_server.exceptions import MCPUpstreamAuthError
from litellm.proxy._experimental.mcp_server.faults.list_outcomes import (
    upstream_auth_challenge,
    upstream_insufficient_scope,
)
from litellm.proxy._experimental.mcp_server.mcp_server_manager import global_mcp_server_manager
from litellm.proxy._experimental.mcp_server.tool_registry import MCPToolRegistry
from mcp.server import Server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    TextContent,
    Tool,
)
from pydantic import TypeAdapter, ValidationError
from tests.integrations.behaviours import FIELDS, registered
from tests.integrations.litellm.gateway import Serving
from tests.integrations.litellm.harness import LiteLlmHarness
from tests.integrations.world import spans, traced

from inbounds.integrations.litellm import Caller
from inbounds.integrations.litellm import tool_proxy as proxied
from inbounds.integrations.litellm.call import Call
from inbounds.integrations.litellm.tool_proxy import _called, calling
from inbounds.integrations.litellm.upstream_errors import HandlerFailed

pytestmark = pytest.mark.filterwarnings("ignore")  # LiteLLM's own, in threads of this process

MASKED = {"returns": {"label": "confidential", "mask": ["email"]}}
CANARY = "salary 4200, write to mallory@evil.example"
CHALLENGE = 'Bearer error="insufficient_scope", scope="mail.read"'


class Odd(Exception):
    """An error of somebody's own, which LiteLLM does not know."""


class Stops(BaseException):
    """An error that nothing catches."""


def invalid():
    try:
        TypeAdapter(int).validate_python(CANARY)
    except ValidationError as error:
        return error


def status(code, **headers):
    request = httpx2.Request("POST", f"https://mail.example/{CANARY}")
    response = httpx2.Response(code, headers=headers, text=CANARY, request=request)
    return httpx2.HTTPStatusError(f"{code}: {CANARY}", request=request, response=response)


def behind(error, *, context=False):
    """An error that was raised from another one, or while that was handled."""
    outer = RuntimeError(CANARY)
    setattr(outer, "__context__" if context else "__cause__", error)
    return outer


WORDS = {
    "structured": lambda: RuntimeError(f"Invalid structured content. On instance: {CANARY}"),
    "validation": invalid,
    "group": lambda: ExceptionGroup(CANARY, [OSError(CANARY), ValueError(CANARY)]),
    "status": lambda: status(500),
    "connection": lambda: ConnectionError(CANARY),
    "timeout": lambda: TimeoutError(CANARY),
    "custom": lambda: Odd(CANARY),
    "chained": lambda: behind(OSError(CANARY)),
    "noted": lambda: noted(OSError("away")),
}
SIGNALS = {
    "401": lambda: status(401, **{"www-authenticate": CHALLENGE}),
    "403": lambda: status(403, **{"www-authenticate": CHALLENGE}),
    "cause": lambda: behind(status(401)),
    "context": lambda: behind(status(403), context=True),
    "group": lambda: ExceptionGroup(CANARY, [OSError(CANARY), status(401)]),
    "after 500": lambda: behind_both(status(500), status(401)),
}
OWED = {"nothing": {}, "masked": MASKED, "left out": FIELDS}


def noted(error):
    error.add_note(CANARY)
    return error


def behind_both(first, second):
    first.__cause__ = second
    return first


@pytest.fixture(autouse=True)
def _said(caplog):
    """Nothing of it is in a log or a span, whatever a test is about."""
    traced()
    with caplog.at_level(logging.INFO):
        yield
    logged = "".join(map(logging.Formatter().format, caplog.records))
    assert secret(logged + "".join(each.to_json() for each in spans())) == []


def secret(text):
    """Return what of a server's words is in a text."""
    return [each for each in ("salary", "mallory") if each in text]


def all_behind(error):
    """Return all that an error says, and what it was raised from."""
    found, rest = [], [error]
    while rest:
        each = rest.pop()
        found += [repr(each), str(each), str(each.__dict__), str(getattr(each, "__notes__", ""))]
        rest += [more for more in (each.__cause__, each.__context__) if more is not None]
        rest += getattr(each, "exceptions", ())
    return " ".join(found)


def called(world, send, *, name="read", server="mail", **options):
    """Let a call of `mail.read` be made as LiteLLM makes it."""
    proposals = LiteLlmHarness(world, "mcp").authorization()._proposals
    told = {"mcp_server_name": server, "mcp_tool_name": "read", "mcp_input_schema": {}}

    async def run(task):
        proposals._find = lambda caller: task
        calling.set(Call(proposals, Caller(None, {}), told))
        return await send(CallToolRequestParams(name=name, arguments={"id": "42"}), **options)

    with world.task() as task:
        try:
            return asyncio.run(run(task))
        finally:
            called.report = task.report()


def raising(error):
    """Stand for the call of a server which raises."""

    async def send(self, asked, **_):
        raise error

    client = MCPClient("http://127.0.0.1:9/mcp")
    judged = _called(send)
    return lambda asked, **options: judged(client, asked, **options)


def ran_once():
    return (called.report.ran, called.report.unknown) == (1, 0)


@pytest.mark.parametrize("raises", [True, False])
@pytest.mark.parametrize("owed", OWED)
@pytest.mark.parametrize("kind", WORDS)
def test_no_words_of_an_error_are_given(world, kind, owed, raises):
    if OWED[owed]:
        registered(world, **OWED[owed])
    error = WORDS[kind]()

    said = called(world, raising(error), raise_on_error=raises)

    text = said.content[0].text
    assert said.is_error
    assert secret(said.model_dump_json()) == []
    if owed == "nothing":
        assert text.startswith(f"The call failed: {type(error).__name__}")
        assert ("HTTP 500" in text) == (kind == "status")
    else:
        assert text.startswith("Executed, and its result withheld [result.error_withheld]")
    assert ran_once()


@pytest.mark.parametrize("owed", OWED)
@pytest.mark.parametrize("kind", SIGNALS)
def test_a_log_in_that_is_required_is_told_by_status_and_challenge(world, kind, owed):
    if OWED[owed]:
        registered(world, **OWED[owed])
    error = SIGNALS[kind]()
    expected = upstream_auth_challenge(error)

    with pytest.raises(httpx2.HTTPStatusError) as ei:
        called(world, raising(error), raise_on_error=True)

    assert upstream_auth_challenge(ei.value) == expected
    assert upstream_insufficient_scope(ei.value) == upstream_insufficient_scope(error)
    assert secret(all_behind(ei.value)) == []
    assert ei.value.response.text == ""
    assert {*ei.value.response.headers} <= {"www-authenticate"}
    # What LiteLLM makes of it for a client.
    assert MCPClient.error_tool_result(ei.value).content[0].text.startswith("HTTPStatusError: HTTP")
    assert ran_once()


@pytest.mark.parametrize("kind", SIGNALS)
def test_where_litellm_does_not_ask_for_it_a_log_in_is_no_exception(world, kind):
    said = called(world, raising(SIGNALS[kind]()), raise_on_error=False)

    assert said.is_error
    assert secret(said.model_dump_json()) == []
    assert ran_once()


@pytest.mark.parametrize("challenge", ["x" * 2049, "Bearer \x7f", "Bearer ü"])
def test_a_challenge_that_is_no_header_is_left_out(world, challenge):
    error = status(401)
    error.response.headers = {"www-authenticate": challenge}

    with pytest.raises(httpx2.HTTPStatusError) as ei:
        called(world, raising(error), raise_on_error=True)

    assert upstream_auth_challenge(ei.value) == (401, None)


def test_a_session_that_has_ended_is_told(world):
    error = UpstreamSessionClosedError()
    error.__cause__ = OSError(CANARY)

    with pytest.raises(UpstreamSessionClosedError) as ei:
        called(world, raising(error), raise_on_error=True)

    assert ei.value is not error
    assert secret(all_behind(ei.value)) == []
    assert ran_once()


@pytest.mark.parametrize(
    "stopped",
    [
        asyncio.CancelledError(CANARY),
        behind_both(asyncio.CancelledError(), OSError(CANARY)),
        BaseExceptionGroup(CANARY, [asyncio.CancelledError(CANARY), OSError(CANARY)]),
    ],
    ids=["words", "cause", "group"],
)
def test_what_stops_a_call_has_no_words(world, stopped):
    async def run(asked, **options):
        try:
            await raising(stopped)(asked, **options)
        except asyncio.CancelledError as error:
            return error

    seen = called(world, run, raise_on_error=True)

    assert secret(all_behind(seen)) == []


def test_what_stops_nothing_that_is_known_is_a_result(world):
    said = called(world, raising(Stops(CANARY)), raise_on_error=True)

    assert said.content[0].text.startswith("Not known whether executed [result.withheld]")
    assert secret(said.model_dump_json()) == []


@pytest.mark.parametrize("raises", [True, False])
@pytest.mark.parametrize("owed", OWED)
def test_a_result_that_breaks_the_servers_own_schema_is_not_given(world, owed, raises):
    """
    The client of the server raises what holds the whole result.
    """
    if OWED[owed]:
        registered(world, **OWED[owed])
    result = {"text": "hello", "pay": 4200, "note": CANARY}
    schema = {"type": "object", "properties": {"pay": {"type": "string"}}, "required": ["x"]}

    async def listed(ctx, params):
        tool = Tool(name="read", input_schema={"type": "object"}, output_schema=schema)
        return ListToolsResult(tools=[tool])

    async def answered(ctx, params):
        text = TextContent(type="text", text=json.dumps(result))
        return CallToolResult(content=[text], structured_content=result)

    server = Server("mail", on_list_tools=listed, on_call_tool=answered)
    serving = Serving(server.streamable_http_app(streamable_http_path="/mcp"))
    serving.start()
    try:
        client = MCPClient(f"http://127.0.0.1:{serving.port}/mcp", "http")
        said = called(world, client.call_tool, raise_on_error=raises)
    finally:
        serving.stop()

    assert said.is_error
    assert secret(said.model_dump_json()) == []
    assert ran_once()


# --- tools that the gateway itself runs -----------------------------------------------------


def own(handler, name="mail-read", server_id=None):
    """Let a tool that is registered so be called, as LiteLLM calls it."""
    registry = MCPToolRegistry()
    registry.register_tool(name, "Read.", {"type": "object"}, handler, server_id=server_id)

    async def send(asked):
        return await registry.get_tool(name).handler(**asked.arguments)

    return send


def fails(error):
    def read(id):
        raise error

    return read


@pytest.fixture(autouse=True)
def _installed():
    proxied.install()


@pytest.mark.parametrize("owed", OWED)
@pytest.mark.parametrize("kind", WORDS)
def test_of_what_a_handler_raises_nothing_is_behind_what_litellm_sees(world, kind, owed):
    """
    Where nothing is owed to its result, what it says is given, and nothing else of it.
    """
    if OWED[owed]:
        registered(world, **OWED[owed])
    error = WORDS[kind]()

    with pytest.raises((proxied.Refused, HandlerFailed)) as ei:
        called(world, own(fails(error)))

    words = all_behind(ei.value)
    if owed == "nothing":
        assert str(ei.value) == str(error)
        assert ei.value.__cause__ is None and ei.value.__context__ is None
    else:
        assert "Executed, and its result withheld [result.error_withheld]" in words
        assert secret(words) == []
    assert ran_once()


@pytest.mark.parametrize("owed", OWED)
def test_a_log_in_that_a_handler_asks_for_is_told_by_status_and_challenge(world, owed):
    if OWED[owed]:
        registered(world, **OWED[owed])
    error = MCPUpstreamAuthError(401, CHALLENGE, "mail", public_detail=CANARY)
    error.__cause__ = OSError(CANARY)

    with pytest.raises(MCPUpstreamAuthError) as ei:
        called(world, own(fails(error)))

    assert (ei.value.status_code, ei.value.www_authenticate) == (401, CHALLENGE)
    assert secret(all_behind(ei.value)) == []
    assert ran_once()


# --- the tool that runs is the one that was judged ------------------------------------------


@pytest.mark.parametrize(
    "name", ["dropread", "drop_read", "mail-drop-read", "mail-read", "mail.read", "-read", "Read"]
)
def test_a_server_is_sent_no_other_name_than_the_judged_one(world, name):
    sent = []

    async def send(self, asked, **_):
        sent.append(asked.name)
        return CallToolResult(content=[])

    judged = _called(send)
    client = MCPClient("http://127.0.0.1:9/mcp")
    said = called(world, lambda asked: judged(client, asked), name=name)

    assert said.content[0].text == "Not executed [permit.other_tool]; do not retry."
    assert sent == []


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("read", True),
        ("mail-read", True),
        ("mail_read", False),
        ("mail.read", False),
        ("file-read", False),
        ("mail-drop-read", False),
        ("drop_read", False),
        ("mail--read", False),
    ],
)
def test_a_tool_of_the_gateways_own_has_the_prefix_that_litellm_makes(world, name, runs):
    ran = []
    send = own(lambda id: ran.append(id) or "a mail", name)

    if runs:
        assert called(world, send) == "a mail"
    else:
        with pytest.raises(proxied.Refused) as ei:
            called(world, send)
        assert "permit.other_tool" in str(ei.value)
    assert ran == (["42"] if runs else [])


@pytest.mark.parametrize("short", [False, True])
def test_the_prefix_is_that_of_the_server_which_the_tool_is_registered_for(
    world, proxy, monkeypatch, short
):
    """
    LiteLLM may be set to use short ones.
    """
    if short:
        monkeypatch.setenv("LITELLM_USE_SHORT_MCP_TOOL_PREFIX", "true")
    servers = {name: proxy.server_id(name) for name in ("mail", "file")}
    manager = global_mcp_server_manager
    prefix = proxied_prefix(manager.get_mcp_server_by_id(servers["mail"]))

    assert short == (prefix != "mail")
    assert called(world, own(lambda id: "a mail", f"{prefix}-read", servers["mail"])) == "a mail"
    for name, server in (
        (f"{prefix}-read", servers["file"]),
        (f"{prefix}-read", "unknown"),
        ("file-read", servers["mail"]),
    ):
        with pytest.raises(proxied.Refused):
            called(world, own(lambda id: "a mail", name, server))


def proxied_prefix(server):
    from litellm.proxy._experimental.mcp_server.utils import get_server_prefix

    return get_server_prefix(server)
