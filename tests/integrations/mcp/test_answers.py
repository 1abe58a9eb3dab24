"""What a client may have of an answer, and of what a server says while it works on it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import inspect
import json
import warnings

import pytest
from mcp import Client
from mcp.client._memory import InMemoryTransport
from mcp.client.caching import CacheConfig
from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    SERVER_INFO_META_KEY,
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    CompleteResult,
    Completion,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    InputRequiredResult,
    ListRootsResult,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    PromptMessage,
    ReadResourceResult,
    ResourceLink,
    SamplingMessage,
    TextResourceContents,
)
from tests.integrations.behaviours import codes
from tests.integrations.mcp.desk import Desk, text
from tests.integrations.mcp.test_messages import LEGACY, MODERN, raw
from tests.integrations.world import BOB, World

from inbounds.integrations.mcp import results
from inbounds.pep.permit import Permit

FIND = {"name": "find", "arguments": {"limit": 1}}
FIELDS = {"label": "internal", "fields": {"/id": {}, "/pay": {"label": "secret"}}}
ROWS = {"label": "internal", "fields": {"/*/id": {}, "/*/pay": {"label": "secret"}}}
MASK = {"mask": ["email"]}
PNG = base64.b64encode(b"canary").decode()


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.fixture(params=[MODERN, LEGACY])
def mode(request):
    return request.param


def ask(desk, mode, method="tools/call", params=None, **options):
    """Ask for one thing under a task; return the answer and the task's report."""
    with desk.world.task() as task:
        wanted = dict(params or FIND)
        said = desk.go(lambda client: raw(client, method, wanted), mode=mode, **options)
        return said, task.report()


def result(*blocks, **more):
    return CallToolResult(content=list(blocks), **more)


def line(said):
    assert said["isError"]
    (block,) = said["content"]
    return block["text"]


# --- fields and rows ------------------------------------------------------------------------


def test_a_field_is_left_out_of_structured_content_and_of_its_twin(desk, mode):
    desk.register(FIELDS)
    record = {"id": 1, "pay": 4200}
    desk.answers["tools/call"] = result(text(json.dumps(record)), structured_content=record)

    said, report = ask(desk, mode)

    assert said["structuredContent"] == {"id": 1}
    assert json.loads(said["content"][0]["text"]) == {"id": 1}
    assert "4200" not in json.dumps(said)
    assert report.ran == 1


def test_a_twin_that_says_more_than_its_structured_content_is_not_given(desk, mode):
    desk.register(FIELDS)
    desk.answers["tools/call"] = result(text("pay is 4200"), structured_content={"id": 1})

    said, _ = ask(desk, mode)

    assert "4200" not in json.dumps(said)
    assert said["structuredContent"] == {"id": 1}


@pytest.mark.parametrize("within", ["", "/result"])
def test_a_field_is_found_in_what_the_sdk_wraps(desk, mode, within):
    fields = {f"{within}/id": {}, f"{within}/pay": {"label": "secret"}}
    desk.register({"label": "internal", "fields": fields})
    record = {"result": {"id": 1, "pay": 4200}}
    desk.answers["tools/call"] = result(text("4200"), structured_content=record)

    said, _ = ask(desk, mode)

    assert said["structuredContent"] == {"result": {"id": 1}}
    assert "4200" not in json.dumps(said)


@pytest.mark.parametrize("within", ["", "/result"])
def test_a_field_is_left_out_of_text_that_the_sdk_wraps(desk, mode, within):
    fields = {f"{within}/id": {}, f"{within}/pay": {"label": "secret"}}
    desk.register({"label": "internal", "fields": fields})
    said = json.dumps({"id": 1, "pay": 4200})
    desk.answers["tools/call"] = result(text(said), structured_content={"result": said})

    said, _ = ask(desk, mode)

    assert said["structuredContent"] == {"result": '{"id": 1}'}
    assert "4200" not in json.dumps(said)


def test_text_that_the_sdk_wraps_is_withheld_where_no_field_is_found(desk, mode):
    desk.register(FIELDS)
    desk.answers["tools/call"] = result(
        text("pay: 4200"), structured_content={"result": "pay: 4200"}
    )

    said, report = ask(desk, mode)

    assert line(said).startswith("Executed, and its result withheld [result.not_plain]")
    assert "4200" not in json.dumps(said)
    assert (report.ran, report.withheld) == (1, 1)


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("returns", [FIELDS, ROWS])
def test_a_field_is_found_in_a_list_and_in_each_of_its_records(desk, mode, returns, wrapped):
    desk.register(returns)
    rows = [{"id": n, "pay": 4200} for n in (1, 2)]
    twins = [text(json.dumps(row)) for row in rows]
    more = {"structured_content": {"result": rows}} if wrapped else {}
    desk.answers["tools/call"] = result(*twins, **more)

    said, report = ask(desk, mode)

    if returns is ROWS or not wrapped:
        assert "4200" not in json.dumps(said)
        assert "isError" not in said
    assert report.ran == 1


def test_rows_beyond_what_the_policy_gives_are_not_given(desk, mode):
    desk.register({"rows": 2})
    desk.answers["tools/call"] = result(*(text(json.dumps({"id": n})) for n in range(5)))

    said, _ = ask(desk, mode)

    assert [json.loads(block["text"]) for block in said["content"]] == [{"id": 0}, {"id": 1}]


@pytest.mark.parametrize(
    "blocks",
    [
        [text("pay: 4200")],
        [text('{"id": 1}'), text("pay: 4200")],
        [text('{"pay": 4200')],
    ],
    ids=["text", "one-of-two", "broken"],
)
def test_text_in_which_no_field_can_be_found_is_withheld(desk, mode, blocks):
    desk.register(FIELDS)
    desk.answers["tools/call"] = result(*blocks)

    said, report = ask(desk, mode)

    assert line(said).startswith("Executed, and its result withheld [result.not_plain]")
    assert "4200" not in json.dumps(said)
    assert (report.ran, report.withheld) == (1, 1)


LOOKED_INTO_BY_NOBODY = {
    "image": ImageContent(type="image", data=PNG, mime_type="image/png"),
    "audio": AudioContent(type="audio", data=PNG, mime_type="audio/wav"),
    "link": ResourceLink(type="resource_link", name=BOB, uri="file:///work/canary"),
    "text": EmbeddedResource(
        type="resource", resource=TextResourceContents(uri="file:///a", text=BOB)
    ),
    "blob": EmbeddedResource(
        type="resource", resource=BlobResourceContents(uri="file:///a", blob=PNG)
    ),
}


@pytest.mark.parametrize("kind", LOOKED_INTO_BY_NOBODY)
@pytest.mark.parametrize("returns", [FIELDS, MASK, {"strip": ["links"]}], ids=str)
def test_what_nothing_looks_into_is_withheld_where_anything_is_owed(desk, mode, kind, returns):
    desk.register(returns)
    desk.answers["tools/call"] = result(
        text('{"id": 1}'), LOOKED_INTO_BY_NOBODY[kind], structured_content={"id": 1}
    )

    said, report = ask(desk, mode)

    assert line(said).startswith("Executed, and its result withheld [")
    assert PNG not in json.dumps(said)
    assert BOB not in json.dumps(said)
    assert (report.ran, report.withheld) == (1, 1)


@pytest.mark.parametrize("kind", LOOKED_INTO_BY_NOBODY)
def test_it_is_given_where_nothing_is_owed(desk, mode, kind):
    block = LOOKED_INTO_BY_NOBODY[kind]
    desk.answers["tools/call"] = result(block)

    said, _ = ask(desk, mode)

    assert said["content"] == [block.model_dump(by_alias=True, mode="json", exclude_none=True)]


def test_texts_are_masked_wherever_they_stand(desk, mode):
    desk.register(MASK)
    desk.answers["tools/call"] = result(
        text(f"write to {BOB}"), text(BOB), structured_content={"to": [BOB], BOB: 1}
    )
    desk.answers["prompts/get"] = GetPromptResult(
        description=BOB, messages=[PromptMessage(role="user", content=text(BOB))]
    )
    desk.answers["resources/read"] = ReadResourceResult(
        contents=[TextResourceContents(uri="file:///work/a", text=BOB)]
    )
    desk.answers["completion/complete"] = CompleteResult(completion=Completion(values=[BOB]))
    complete = {
        "ref": {"type": "ref/prompt", "name": "letter"},
        "argument": {"name": "to", "value": "b"},
    }

    for method, params in [
        ("tools/call", FIND),
        ("prompts/get", {"name": "letter"}),
        ("resources/read", {"uri": "file:///work/a"}),
        ("completion/complete", complete),
    ]:
        said, report = ask(desk, mode, method, params)
        assert "[email]" in json.dumps(said)
        assert BOB not in json.dumps(said)
        assert report.ran == 1


def test_a_blob_of_a_resource_is_withheld_where_anything_is_owed(desk, mode):
    desk.register(MASK)
    desk.answers["resources/read"] = ReadResourceResult(
        contents=[
            TextResourceContents(uri="file:///work/a", text="a"),
            BlobResourceContents(uri="file:///work/b", blob=PNG),
        ]
    )

    async def host(client):
        with pytest.raises(MCPError) as ei:
            await raw(client, "resources/read", {"uri": "file:///work/a"})
        return ei.value

    with desk.world.task() as task:
        error = desk.go(host, mode=mode)
        assert task.report().withheld == 1

    assert error.message.startswith("Executed, and its result withheld [result.not_plain]")
    assert PNG not in str(error.error)


@pytest.mark.parametrize("failed", [False, True])
def test_an_answer_of_very_many_parts_is_withheld(desk, mode, monkeypatch, failed):
    monkeypatch.setattr(results, "MOST_PARTS", 8)
    record = TextResourceContents(uri="file:///work/a", text="")
    message = PromptMessage(role="user", content=text(""))
    for many, given in ((8, True), (9, False)):
        desk.answers["tools/call"] = result(*[text("")] * many, is_error=failed)
        desk.answers["prompts/get"] = GetPromptResult(messages=[message] * many)
        desk.answers["resources/read"] = ReadResourceResult(contents=[record] * many)

        said, _ = ask(desk, mode)
        assert given == (many == len(said["content"]))
        assert given or "[result.withheld]" in line(said)
        for method, params in [
            ("prompts/get", {"name": "letter"}),
            ("resources/read", {"uri": "file:///work/a"}),
        ]:

            async def host(client, method=method, params=params, given=given):
                withheld = pytest.raises(MCPError, match="result withheld")
                with contextlib.nullcontext() if given else withheld:
                    await raw(client, method, params)

            with desk.world.task():
                desk.go(host, mode=mode)


# --- ways round -----------------------------------------------------------------------------


@pytest.mark.parametrize("returns", [None, FIELDS, MASK], ids=str)
def test_meta_and_what_nobody_knows_is_left_out(desk, mode, returns):
    desk.register(returns)
    secret = {"acme/secret": "canary"}
    block = text('{"id": 1}').model_copy(update={"meta": secret})
    desk.answers["tools/call"] = result(block, structured_content={"id": 1}, _meta=secret)
    desk.answers["prompts/get"] = GetPromptResult(
        messages=[PromptMessage(role="user", content=block)], _meta=secret
    )
    desk.answers["resources/read"] = ReadResourceResult(
        contents=[TextResourceContents(uri="file:///work/a", text="{}", _meta=secret)], _meta=secret
    )

    for method, params in [
        ("tools/call", FIND),
        ("prompts/get", {"name": "letter"}),
        ("resources/read", {"uri": "file:///work/a"}),
    ]:
        said, _ = ask(desk, mode, method, params)
        assert "canary" not in json.dumps(said)


def test_a_result_that_says_it_failed_is_looked_into_as_well(desk, mode):
    desk.register(MASK)
    desk.answers["tools/call"] = result(text(f"no such user {BOB}"), is_error=True)

    said, report = ask(desk, mode)

    assert line(said) == "no such user [email]"
    assert report.ran == 1


@pytest.mark.parametrize("returns", [None, MASK], ids=str)
def test_an_error_of_the_protocol_is_given_where_nothing_is_owed(desk, mode, returns):
    desk.register(returns)
    desk.answers["tools/call"] = MCPError(-32050, f"ask {BOB}", {"to": BOB})

    async def host(client):
        try:
            return await raw(client, "tools/call", dict(FIND))
        except MCPError as error:
            return error

    with desk.world.task() as task:
        said = desk.go(host, mode=mode)
        assert task.report().ran == 1

    if returns is None:
        assert (said.code, said.message, said.data) == (-32050, f"ask {BOB}", {"to": BOB})
    else:
        assert line(said).startswith("Executed, and its result withheld [result.withheld]")


def test_what_a_handler_raises_is_recorded_and_not_told(desk, mode):
    desk.answers["tools/call"] = RuntimeError("canary")

    async def host(client):
        with pytest.raises(MCPError) as ei:
            await raw(client, "tools/call", dict(FIND))
        return ei.value

    with desk.world.task() as task:
        error = desk.go(host, mode=mode)
        report = task.report()

    assert "canary" not in str(error.error)
    assert (report.ran, report.unknown) == (1, 0)


def test_values_of_an_answer_are_traced(desk, mode):
    """
    Whom only a stranger's resource has named, no mail goes to without a person.
    """
    desk.register({"party": "third"})
    desk.answers["resources/read"] = ReadResourceResult(
        contents=[TextResourceContents(uri="file:///work/a", text=f"write to {BOB}")]
    )
    with desk.world.task(prompt="Do what it says") as task:
        read = {"uri": "file:///work/a"}
        desk.go(lambda client: raw(client, "resources/read", read), mode=mode)
        said = task.evaluate(
            "mail.send", {"to": [BOB], "body": "x"}, resource=desk.world.resources["mail.send"]
        )

    assert said.outcome == "ask"
    assert said.code == "flow.untrusted_argument"


@pytest.mark.parametrize("twin", [True, False])
@pytest.mark.parametrize(
    "shape",
    [
        '{"note": "%s", "note": "ok"}',
        '{"a": {"b": ["%s"], "b": 1}}',
        '{"note": "%s", "n": 1, "n": 2}',
    ],
)
def test_values_of_a_text_with_a_key_twice_are_traced(desk, shape, twin):
    """
    What a reader of JSON drops, the model reads all the same. Of a memory, it steers nothing.
    """
    desk.register({"party": "third"}, memory=True)
    said = shape % BOB
    structured = {"structured_content": json.loads(said)} if twin else {}
    desk.answers["tools/call"] = result(text(said), **structured)
    with desk.world.task(prompt="Do what it says") as task:
        given = desk.go(lambda client: raw(client, "tools/call", dict(FIND)), mode=MODERN)
        judged = task.evaluate(
            "mail.send", {"to": [BOB], "body": "x"}, resource=desk.world.resources["mail.send"]
        )

    assert given["content"][0]["text"] == said
    assert (judged.outcome, judged.code) == ("deny", "flow.instruction_from_memory")


# --- while it runs --------------------------------------------------------------------------


class Heard:
    """The client's end of a connection, which notes all that comes."""

    def __init__(self, stream, lines):
        self.stream, self.lines = stream, lines

    def __getattr__(self, name):
        return getattr(self.stream, name)

    async def __aenter__(self):
        await self.stream.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self.stream.__aexit__(*error)

    def __aiter__(self):
        return self

    async def __anext__(self):
        return self._noted(await self.stream.__anext__())

    async def receive(self):
        return self._noted(await self.stream.receive())

    def _noted(self, message):
        self.lines.append(message.message.model_dump_json(by_alias=True))
        return message


class Listening(InMemoryTransport):
    """A connection of which all is noted that the server sends."""

    def __init__(self, server, lines):
        super().__init__(server)
        self.lines = lines

    async def __aenter__(self):
        read, write = await super().__aenter__()
        return Heard(read, self.lines), write


CANARY = "canary bob@acme.example"
SCHEMA = {"type": "object", "properties": {}}
SENT = {
    "message": CANARY,
    "requested_schema": SCHEMA,
    "url": f"https://x.example/?{CANARY}",
    "elicitation_id": CANARY,
    "messages": [SamplingMessage(role="user", content=text(CANARY))],
    "max_tokens": 1,
    "level": "error",
    "data": {"x": CANARY},
    "uri": f"file:///{CANARY}",
    "progress_token": CANARY,
    "progress": 0.5,
    "notification": LoggingMessageNotification(
        params=LoggingMessageNotificationParams(level="error", data=CANARY)
    ),
    "request": ElicitRequest(
        params=ElicitRequestFormParams(message=CANARY, requested_schema=SCHEMA)
    ),
    "result_type": ElicitResult,
}
"""What each argument of a method of a session holds that has to be given; a new one fails."""
SAYS_NOTHING = {
    *("send_ping", "list_roots", "send_tool_list_changed", "send_prompt_list_changed"),
    "send_resource_list_changed",
}
METHODS = {
    name: inspect.signature(method)
    for name, method in inspect.getmembers(ServerSession, inspect.iscoroutinefunction)
    if not name.startswith("_")
}


def everything(session, related):
    """Yield a call of each method of a session that sends something, on either channel."""
    for name, signature in METHODS.items():
        needed = {
            each.name: SENT[each.name]
            for each in [*signature.parameters.values()][1:]
            if each.default is each.empty
        }
        for option in ("message", "logger"):
            if option in signature.parameters:
                needed.setdefault(option, CANARY)
        yield name, needed
        if "related_request_id" in signature.parameters:
            yield name, {**needed, "related_request_id": related}
        if "metadata" in signature.parameters and name == "send_request":
            yield name, {**needed, "metadata": ServerMessageMetadata(related_request_id=related)}


@pytest.mark.parametrize("returns", [None, MASK], ids=str)
def test_all_that_a_session_sends_passes_one_gate(desk, mode, returns):
    desk.register(returns)
    lines, sent = [], []

    async def tell(ctx):
        for name, arguments in everything(ctx.session, ctx.request_id):
            before = len(lines)
            with warnings.catch_warnings(), contextlib.suppress(MCPError):
                warnings.simplefilter("ignore")
                await getattr(ctx.session, name)(**arguments)
            await asyncio.sleep(0)
            sent.append((name, [line for line in lines[before:] if "canary" in line]))
        return result(text("done"))

    async def elicit(ctx, params):
        return ElicitResult(action="accept", content={})

    async def sampled(ctx, params):
        return CreateMessageResult(role="assistant", content=text("hi"), model="m")

    async def roots(ctx):
        return ListRootsResult(roots=[])

    desk.answers["tools/call"] = tell
    asks = ["elicitation/create", "sampling/createMessage", "roots/list"]
    server = desk.server(asks=asks)
    callbacks = {
        "elicitation_callback": elicit,
        "sampling_callback": sampled,
        "list_roots_callback": roots,
    }

    async def host():
        meta = {"io.modelcontextprotocol/logLevel": "debug"} if mode == MODERN else None
        transport = Listening(server, lines)
        async with Client(transport, mode=mode, cache=None, **callbacks) as client:
            return await client.session.call_tool("find", {}, meta=meta)

    admitted = []
    with desk.world.task(), pytest.MonkeyPatch.context() as patch:
        taken = Permit.admitted
        patch.setattr(Permit, "admitted", lambda *said: admitted.append(said) or taken(*said))
        answer = asyncio.run(host())

    assert answer.content[0].text == "done"
    if returns is not None:
        assert [] == [line for line in lines if "canary" in line]
    told = {name for name, canaries in sent if canaries}
    assert len(admitted) >= len(told)
    if returns is None and mode == LEGACY:
        assert {*METHODS} - SAYS_NOTHING - {"report_progress"} == told


@pytest.mark.parametrize("returns", [None, MASK], ids=str)
def test_what_a_tool_says_meanwhile_reaches_nobody_where_anything_is_owed(desk, mode, returns):
    desk.register(returns)
    heard = []

    async def tell(ctx):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            await ctx.session.send_log_message("info", f"ask {BOB}")
        await ctx.session.report_progress(0.5, 1, f"asking {BOB}")
        return result(text("done"))

    desk.answers["tools/call"] = tell

    async def log(params):
        heard.append(params.data)

    async def progress(done, total, message):
        heard.append((done, message))

    async def host(client):
        meta = {"io.modelcontextprotocol/logLevel": "debug"} if mode == MODERN else None
        said = await client.session.call_tool("find", {}, meta=meta, progress_callback=progress)
        await asyncio.sleep(0.05)
        return said

    with desk.world.task():
        desk.go(host, mode=mode, logging_callback=log)

    if returns is None:
        assert {(0.5, f"asking {BOB}"), f"ask {BOB}"} == set(heard)
    else:
        assert heard == [(0.5, None)]


@pytest.mark.parametrize("named", [True, False])
def test_a_server_asks_its_client_for_nothing_that_is_not_named(desk, named):
    """
    In 2025-11-25 a server asks while it runs: a form, a model's answer.
    """
    asked = []

    async def form(ctx):
        said = await ctx.session.elicit_form("Your name?", {"type": "object", "properties": {}})
        return result(text(said.action))

    async def sample(ctx):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            await ctx.session.create_message([], max_tokens=1)

    async def elicit(ctx, params):
        asked.append(params.message)
        return ElicitResult(action="accept", content={})

    async def sampled(ctx, params):
        asked.append("sample")
        return CreateMessageResult(role="assistant", content=text("hi"), model="m")

    server = desk.server(asks=["elicitation/create"] if named else [])

    async def host(client):
        desk.answers["tools/call"] = form
        try:
            await raw(client, "tools/call", dict(FIND))
        except MCPError:
            assert not named
        desk.answers["tools/call"] = sample
        with pytest.raises(MCPError):
            await raw(client, "tools/call", dict(FIND))

    with desk.world.task():
        desk.go(
            host,
            mode=LEGACY,
            server=server,
            elicitation_callback=elicit,
            sampling_callback=sampled,
        )

    assert asked == (["Your name?"] if named else [])


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("returns", [None, MASK], ids=str)
def test_a_server_asks_by_its_answer_for_nothing_that_is_not_named(desk, named, returns):
    """
    In 2026-07-28 an answer asks, and the client comes back: its own fields reach the server then,
    and nobody else's do.
    """
    desk.register(returns)
    schema = {"type": "object", "properties": {}}
    desk.answers["tools/call"] = InputRequiredResult(
        input_requests={
            "who": ElicitRequest(
                params=ElicitRequestFormParams(message=f"Are you {BOB}?", requested_schema=schema)
            )
        },
        request_state="mine",
    )
    server = desk.server(asks=["elicitation/create"] if named else [])
    back = {
        "inputResponses": {"who": {"action": "accept", "content": {}}},
        "requestState": "mine",
    }

    async def host(client):
        first = await raw(client, "tools/call", dict(FIND))
        desk.answers["tools/call"] = result(text("done"))
        return first, await raw(client, "tools/call", {**FIND, **back})

    with desk.world.task() as task:
        first, second = desk.go(host, mode=MODERN, server=server)
        report = task.report()

    if named and returns is None:
        assert first["inputRequests"]["who"]["params"]["message"] == f"Are you {BOB}?"
        assert first["requestState"] == "mine"
    else:
        assert line(first).startswith("Executed, and its result withheld")
        assert BOB not in json.dumps(first)
    assert second["content"] == [{"type": "text", "text": "done"}]
    assert ("inputResponses" in desk.ran[1][1]) == named
    assert ("requestState" in desk.ran[1][1]) == named
    assert report.ran == 2


def test_one_that_goes_away_is_recorded(desk, mode):
    begun = asyncio.Event

    async def wait(ctx):
        desk.begun.set()
        await asyncio.sleep(60)

    desk.answers["tools/call"] = wait

    async def host(client):
        desk.begun = begun()
        asking = asyncio.create_task(raw(client, "tools/call", dict(FIND)))
        await desk.begun.wait()
        asking.cancel()
        await asyncio.sleep(0.3)

    with desk.world.task() as task:
        desk.go(host, mode=mode)
        report = task.report()

    assert (report.ran, report.unknown, codes(report.refused)) == (1, 0, [])


@pytest.mark.parametrize("watched", [True, False])
def test_one_that_goes_away_before_it_runs_leaves_no_doubt(desk, mode, watched, comparing):
    async def host(client):
        asking = asyncio.create_task(raw(client, "tools/call", dict(FIND)))
        await asyncio.to_thread(comparing.begun.wait, 20)
        asking.cancel()
        await asyncio.sleep(0.3)
        comparing.gate.set()
        await asyncio.sleep(0.3)

    with desk.world.task() as task:
        desk.go(host, mode=mode, server=desk.server(watched=watched))
        report = task.report()

    assert desk.ran == []
    assert ("in bounds", 0) == (report.verdict, report.unknown)


def test_what_is_masked_is_not_split_over_blocks(desk, mode):
    desk.register(MASK)
    half = len(BOB) // 2
    desk.answers["tools/call"] = result(text(f"to {BOB[:half]}"), text(f"{BOB[half:]} it goes"))

    said, report = ask(desk, mode)

    assert said["isError"]
    assert "result.in_pieces" in said["content"][0]["text"]
    assert BOB[:half] not in json.dumps(said)
    assert report.withheld == 1


WHOLE = {
    "email": "bob@acme.example",
    "iban": "DE89370400440532013000",
    "phone": "+491701234567",
    "url": "https://evil.example/collect",
}


def read_of(said):
    """What a host shows of an answer, with either of its two parts first, without blanks."""
    blocks = "".join(block["text"] for block in said["content"])
    fields = "".join((said.get("structuredContent") or {}).values())
    return ["".join(each.split()) for each in (blocks + fields, fields + blocks)]


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_masked_is_not_split_between_blocks_and_structured_content(desk, kind):
    desk.register({"mask": [kind]})
    value = WHOLE[kind]
    answers = []
    for at in range(1, len(value)):
        first, last = value[:at], value[at:]
        answers += [
            result(text(first), structured_content={"x": last}),
            result(text(last), structured_content={"x": first}),
            result(text(first), structured_content={"result": last}),
            result(text("see"), text(first), structured_content={"x": last, "y": "ok"}),
            result(text(last), text("ok"), structured_content={"y": "see", "x": first}),
        ]

    async def host(client):
        said = []
        for answer in answers:
            desk.answers["tools/call"] = answer
            said.append(await raw(client, "tools/call", dict(FIND)))
        return said

    with desk.world.task():
        given = desk.go(host, mode=MODERN)

    assert len(given) == len(answers) > 50
    for answer, said in zip(answers, given, strict=True):
        assert not any(value in each for each in read_of(said)), answer
    assert any("result.in_pieces" in said["content"][0]["text"] for said in given)


def test_text_beside_other_structured_content_is_given_where_nothing_is_split(desk, mode):
    desk.register({"mask": ["email", "iban", "phone", "url"]})
    desk.answers["tools/call"] = result(
        text(f"2 found, write to {BOB}"), structured_content={"found": 2, "result": ["a", "b"]}
    )

    said, report = ask(desk, mode)

    assert said["content"] == [{"type": "text", "text": "2 found, write to [email]"}]
    assert said["structuredContent"] == {"found": 2, "result": ["a", "b"]}
    assert report.ran == 1


def test_a_twin_in_text_is_masked_as_its_structured_content(desk, mode):
    desk.register(MASK)
    record = {"to": BOB}
    desk.answers["tools/call"] = result(text(json.dumps(record)), structured_content=record)

    said, _ = ask(desk, mode)

    assert said["structuredContent"] == {"to": "[email]"}
    assert json.loads(said["content"][0]["text"]) == {"to": "[email]"}


LIFETIMES = [0, 1, 1000, 86_400_000, 2**53 - 1]
CACHED = ["resources/read", "tools/list", "resources/list", "prompts/list"]


@pytest.mark.parametrize("scope", ["public", "private"])
def test_what_is_judged_is_kept_by_no_client(desk, scope):
    """
    What comes from a client's cache, nothing has decided.
    """
    desk.lists |= {"ttlMs": 0, "cacheScope": scope, "_meta": {SERVER_INFO_META_KEY: "canary"}}
    given = []

    async def host(client):
        for lifetime in (*LIFETIMES, *range(10, 20)):
            desk.lists["ttlMs"] = lifetime
            desk.answers["resources/read"] = ReadResourceResult(
                contents=[TextResourceContents(uri="file:///work/a", text="a")],
                ttl_ms=lifetime,
                cache_scope=scope,
            )
            for method in CACHED:
                params = {"uri": "file:///work/a"} if method == "resources/read" else {}
                given.append(await raw(client, method, params))

    with desk.world.task():
        desk.go(host, mode=MODERN)

    assert len(given) >= 60
    assert {(each["ttlMs"], each["cacheScope"]) for each in given} == {(0, "private")}
    assert "canary" not in json.dumps(given)


@pytest.mark.parametrize("default", [0, 60_000])
def test_a_host_with_a_cache_asks_again(desk, default):
    desk.answers["resources/read"] = ReadResourceResult(
        contents=[TextResourceContents(uri="file:///work/a", text="a")],
        ttl_ms=86_400_000,
        cache_scope="public",
    )
    server = desk.server()

    async def host():
        cache = CacheConfig(default_ttl_ms=default)
        async with Client(InMemoryTransport(server), mode=MODERN, cache=cache) as client:
            with desk.world.task():
                for _ in range(3):
                    await client.read_resource("file:///work/a")
            with pytest.raises(MCPError):
                await client.read_resource("file:///work/a")

    asyncio.run(host())

    assert len(desk.ran) == 3


def test_what_is_read_is_kept_for_nobody_else(desk):
    desk.answers["resources/read"] = ReadResourceResult(
        contents=[TextResourceContents(uri="file:///work/a", text="a")],
        ttl_ms=1000,
        cache_scope="public",
    )

    said, _ = ask(desk, MODERN, "resources/read", {"uri": "file:///work/a"})

    assert said["cacheScope"] == "private"
