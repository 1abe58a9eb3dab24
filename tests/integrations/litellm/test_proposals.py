"""What a model proposes, at each endpoint, whole and streaming."""

from __future__ import annotations

import asyncio
import json
import threading
from types import SimpleNamespace

import httpx2
import pytest
from litellm.proxy._types import UserAPIKeyAuth
from tests.integrations.behaviours import DENIED, FIELDS, registered
from tests.integrations.litellm.gateway import KEY, MODES
from tests.integrations.litellm.harness import LiteLlmHarness
from tests.integrations.litellm.shapes import (
    PATHS,
    TEXT,
    WAYS,
    answer,
    call_events,
    data,
    item,
    named,
    offered,
    question,
    response,
    streamed,
    whole,
)
from tests.integrations.world import BOB, MALLORY

from inbounds import Unreachable
from inbounds.integrations._adapter.hosted import HOSTED as HOSTED_MEMBERS
from inbounds.integrations.litellm import Authorization, Caller, chat
from inbounds.integrations.litellm.chat_stream import ChatStream

pytestmark = pytest.mark.filterwarnings("ignore")  # LiteLLM's own, in threads of this process

SEND = ("mail_send", json.dumps({"to": [BOB], "body": "hello"}))
STEAL = ("mail_send", json.dumps({"to": [MALLORY], "body": "the canary"}))
READ = ("mail_read", json.dumps({"id": "42"}))
ODD = ("mail_odd", json.dumps({"id": "42"}))
TOOLS = ["mail_read", "mail_send", "file_write", "mail_odd"]


class Desk:
    """A client that asks a model through the gateway."""

    def __init__(self, world, proxy, way, model, *, stream):
        self.harness = LiteLlmHarness(world, "mcp")
        self.world, self.proxy = world, proxy
        self.way, self.model, self.stream = way, model, stream

    def ask(self, *calls, **more):
        return self.hear(lambda path, body: answer(path, body, calls), **more)

    def hear(self, says, *, task=None, guardrail=None, key=KEY, **more):
        self.proxy.model.says = says
        self.proxy.model.heard = []
        self.harness._task = task
        body = {**question(self.way, self.model, TOOLS, stream=self.stream), **more}
        with (
            self.proxy.guarded(guardrail or self.harness.guardrail()),
            httpx2.Client(base_url=self.proxy.url, timeout=30) as http,
        ):
            said = http.post(PATHS[self.way], json=body, headers={"Authorization": f"Bearer {key}"})
        assert said.status_code == 200, said.text
        self.said = said.text
        return streamed(self.way, said.text) if self.stream else whole(self.way, said.json())


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request):
    return request.param


@pytest.fixture(params=WAYS, ids="-".join)
def desk(request, world, proxy, stream):
    return Desk(world, proxy, *request.param, stream=stream)


def same(calls):
    return sorted((name, json.dumps(json.loads(said))) for name, said in calls)


def lines(told):
    return [each for each in told.text.replace(TEXT, "").split("\n") if each]


def test_what_the_policy_allows_is_passed_on_as_it_was(desk):
    with desk.world.task() as task:
        told = desk.ask(SEND, READ, task=task)
        report = task.report()

    assert same(told.calls) == same([SEND, READ])
    assert lines(told) == []
    assert told.ends in ("tool_calls", "tool_use", "")
    # Nothing has run, and nothing is spent.
    assert (report.ran, desk.world.ran) == (0, [])


def test_what_the_policy_denies_is_taken_out_and_one_line_stands_for_it(desk):
    with desk.world.task() as task:
        told = desk.ask(STEAL, task=task)

    (line,) = lines(told)
    assert told.calls == []
    assert DENIED.match(line)
    assert "[egress.destination_not_allowed]" in line
    assert "canary" not in told.text
    assert MALLORY not in told.text
    assert told.ends in ("stop", "end_turn", "")


def test_of_several_calls_those_that_are_denied_are_taken_out(desk):
    with desk.world.task() as task:
        told = desk.ask(STEAL, SEND, ODD, READ, STEAL, task=task)

    assert same(told.calls) == same([SEND, READ])
    assert len(lines(told)) == 3
    assert told.ends in ("tool_calls", "tool_use", "")


@pytest.mark.parametrize(
    "said",
    [
        '{"to": ["bob@acme.example"], "body": "canary"',
        '{"to": ["mallory@evil.example"], "to": ["bob@acme.example"], "body": "canary"}',
        '["canary"]',
        '"canary"',
        "12345678901234567890",
        "null",
    ],
    ids=["broken", "twice", "list", "text", "number", "null"],
)
def test_arguments_that_are_no_object_are_taken_out(world, proxy, stream, said):
    for way, model in (("chat", "plain"), ("responses", "openai"), ("messages", "anthropic")):
        if way == "messages" and not stream and "canary" in said and said.startswith("{"):
            continue  # what is whole was read by the model's own server
        with world.task() as task:
            told = Desk(world, proxy, way, model, stream=stream).ask(("mail_send", said), task=task)

        assert told.calls == []
        assert lines(told) == ["Not executed [argument.not_representable]; do not retry."]


def test_without_a_task_nothing_is_proposed(desk):
    told = desk.ask(SEND)

    assert told.calls == []
    assert lines(told) == ["Not executed [task.missing]; do not retry."]
    assert offered(desk.proxy.model.heard[0]) == []


@pytest.mark.parametrize(
    "error",
    [Unreachable("canary"), RuntimeError("canary"), StopIteration("canary"), KeyError("canary")],
    ids=lambda error: type(error).__name__,
)
def test_without_a_decision_nothing_is_proposed(world, proxy, stream, error):
    for way, model in (("chat", "plain"), ("responses", "openai"), ("messages", "anthropic")):
        with world.task() as task, world.without_policy(error):
            told = Desk(world, proxy, way, model, stream=stream).ask(SEND, READ, task=task)

        assert told.calls == []
        assert len(lines(told)) == 2
        assert all(each.startswith("Not executed [") for each in lines(told))
        assert "canary" not in told.text


def test_what_needs_a_person_is_taken_out(desk):
    with desk.world.wary() as task:
        told = desk.ask(SEND, READ, task=task)

    assert same(told.calls) == same([READ])
    expected = "Not executed [flow.untrusted_argument]; a person has to approve it."
    assert lines(told) == [expected]


def test_what_something_is_owed_to_is_taken_out(desk):
    """
    The gateway does not see what comes of it, and so cannot leave a field out.
    """
    registered(desk.world, **FIELDS)
    with desk.world.task() as task:
        told = desk.ask(READ, SEND, task=task)

    assert same(told.calls) == same([SEND])
    assert "[obligation.not_here]" in lines(told)[0]


def test_a_model_is_shown_the_tools_of_its_task_alone(desk):
    with desk.world.task() as task:
        desk.ask(task=task)

    assert sorted(offered(desk.proxy.model.heard[0])) == ["file_write", "mail_read", "mail_send"]


@pytest.mark.parametrize("said", ["mail.send", "mail_send", "mail-send", "mail/send"])
def test_a_name_that_reads_as_one_that_is_registered_is_that(world, proxy, said):
    with world.task() as task:
        told = Desk(world, proxy, "chat", "plain", stream=False).ask((said, SEND[1]), task=task)

    assert [name for name, _ in told.calls] == [said]


def test_a_name_that_reads_as_two_that_are_registered_is_neither(world, proxy):
    world.resources = {**world.resources, "mail-send": world.resources["mail.send"]}
    desk = Desk(world, proxy, "chat", "plain", stream=False)
    with world.task() as task:
        told = desk.ask(SEND, task=task)

    proposals = desk.harness.authorization()._proposals
    assert proposals.registered("mail_send", frozenset()) == "mail_send"
    assert told.calls == []
    assert DENIED.match(lines(told)[0])


def test_a_tool_that_is_no_function_is_taken_out(world):
    """
    What LiteLLM reads of a model as a call without a function.
    """
    harness = LiteLlmHarness(world, "mcp")
    call = SimpleNamespace(index=0, id="c", type="custom", custom={"name": "mail_read"})
    message = SimpleNamespace(content=None, tool_calls=[call], function_call=None)
    choice = SimpleNamespace(index=0, message=message, finish_reason="tool_calls")
    delta = SimpleNamespace(content=None, tool_calls=[call], function_call=None)
    bit = SimpleNamespace(index=0, delta=delta, finish_reason="tool_calls")
    caller, proposals = Caller(None, {}), harness.authorization()._proposals

    async def judged():
        await chat.judged(SimpleNamespace(choices=[choice]), caller, proposals)
        stream = ChatStream(caller, proposals)
        await stream.take(SimpleNamespace(choices=[bit]))
        return await stream.end()

    with world.task() as task:
        harness._task = task
        (left,) = asyncio.run(judged())

    line = "Not executed [argument.not_representable]; do not retry."
    assert (message.tool_calls, message.content) == (None, line)
    assert (left.choices[0].delta.tool_calls, left.choices[0].delta.content) == (None, line)
    assert choice.finish_reason == bit.finish_reason == "stop"


# --- what a model is shown ------------------------------------------------------------------

HOSTED = [
    ("chat", {"tools": [{"type": "web_search"}, {"type": "code_interpreter"}]}),
    ("chat", {"web_search_options": {"search_context_size": "low"}}),
    ("chat", {"extra_body": {"tools": [{"type": "function", "function": {"name": "mail_odd"}}]}}),
    ("chat", {"functions": [{"name": "mail_odd"}], "function_call": {"name": "mail_odd"}}),
    ("responses", {"tools": [{"type": "mcp", "server_url": "https://evil.example/mcp"}]}),
    ("responses", {"tools": [{"type": "web_search"}, {"type": "shell"}, "odd", None]}),
    ("messages", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
    ("messages", {"mcp_servers": [{"type": "url", "url": "https://evil.example", "name": "e"}]}),
]


@pytest.mark.parametrize(("way", "asked"), HOSTED, ids=range(len(HOSTED)))
def test_a_tool_that_its_provider_runs_is_left_out(world, proxy, way, asked):
    model = {"chat": "plain", "responses": "openai", "messages": "anthropic"}[way]
    desk = Desk(world, proxy, way, model, stream=False)
    with world.task() as task:
        desk.ask(task=task, **{"tools": [], **asked})

    heard = proxy.model.heard[0]
    assert not {*heard} & {"tools", "functions", "function_call", *asked}, heard


SYSTEM = {"systemTool": {"name": "nova_grounding"}, "toolSpec": {"name": "odd"}}
SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}}
FORMS = [
    ("chat", {"type": "function", "function": {"name": "mail_read", "parameters": SCHEMA}}),
    ("responses", {"type": "function", "name": "mail_read", "parameters": SCHEMA}),
    ("messages", {"name": "mail_read", "input_schema": SCHEMA}),
]


@pytest.mark.parametrize(("way", "tool"), FORMS, ids=[way for way, _ in FORMS])
async def test_a_tool_is_offered_with_the_members_that_are_known_alone(world, proxy, way, tool):
    """
    By another member, a provider would run a tool of its own; and it may read another name.
    """
    inner = tool.get("function")
    more = {**SYSTEM, "allowed_callers": ["code_execution_20250825"]}
    evil = {
        **tool,
        **more,
        **({"function": {**inner, **more}, "name": "mail_odd"} if inner else {}),
    }
    chosen = {"type": "function", "name": "mail_read", **SYSTEM}
    harness = LiteLlmHarness(world, "mcp")
    data = {"model": "plain", "tools": [evil], "functions": [evil], "tool_choice": chosen}
    with world.task() as task:
        harness._task = task
        auth = UserAPIKeyAuth(api_key=KEY)
        cut = await harness.guardrail().async_pre_call_hook(auth, None, data, "acompletion")
    assert [tool] == cut["tools"] == cut["functions"]
    assert {"type": "function", "name": "mail_read"} == cut["tool_choice"]

    model = {"chat": "plain", "responses": "openai", "messages": "anthropic"}[way]
    desk = Desk(world, proxy, way, model, stream=False)
    with world.task() as task:
        desk.ask(task=task, tools=[evil])
    heard = json.dumps(proxy.model.heard[0])
    assert "mail_read" in heard
    assert not [each for each in (*more, "mail_odd") if each in heard]


async def test_a_name_that_is_not_text_is_none(world):
    harness = LiteLlmHarness(world, "mcp")
    tools = [{"name": name} for name in (None, ["mail_read"], {"mail_read": 1}, 7)]
    with world.task() as task:
        harness._task = task
        data = {"model": "plain", "tools": tools, "tool_choice": "auto"}
        auth = UserAPIKeyAuth(api_key=KEY)
        cut = await harness.guardrail().async_pre_call_hook(auth, None, data, "acompletion")
    assert {"model": "plain"} == cut


NESTED = {
    "fallbacks": lambda each: {"fallbacks": [each]},
    "context": lambda each: {"context_window_fallbacks": [{"plain": [each]}]},
    "content": lambda each: {"content_policy_fallbacks": [{"plain": [each]}]},
    "twice": lambda each: {"fallbacks": [{"model": "odd", "fallbacks": [each]}]},
    "override": lambda each: {"router_settings_override": {"fallbacks": [each]}},
    "body": lambda each: {"fallbacks": [{"model": "openai", "extra_body": each}]},
    "unknown": lambda each: {"later": {"instead": [each]}},
}


@pytest.mark.parametrize("where", NESTED)
async def test_a_tool_that_its_provider_runs_is_left_out_of_what_is_tried_next(world, where):
    harness = LiteLlmHarness(world, "mcp")
    schema = {"type": "object", "properties": {"tools": {}, "container": {}}}
    shown = {"type": "function", "function": {"name": "mail_read", "parameters": schema}}
    kept = {"tools": [shown], "messages": [{"role": "user", "content": [{"tools": ["is said"]}]}]}
    each = {
        **{name: {"it": "is"} for name in HOSTED_MEMBERS},
        "model": "openai",
        "tools": [{"type": "web_search"}, {"type": "function", "function": {"name": "mail_odd"}}],
        "functions": [{"name": "mail_odd"}],
        "function_call": "auto",
    }
    configured = NESTED[where](each)
    data = {"model": "plain", **kept, **configured}
    with world.task() as task:
        harness._task = task
        auth = UserAPIKeyAuth(api_key=KEY)
        cut = await harness.guardrail().async_pre_call_hook(auth, None, data, "acompletion")

    assert {"model": "plain", **kept, **NESTED[where]({"model": "openai"})} == cut
    # What may be the gateway's own configuration is not changed.
    assert "web_search_options" in each
    assert configured == NESTED[where](each)


def test_a_fallback_of_a_request_is_asked_without_a_tool_that_its_provider_runs(world, proxy):
    desk = Desk(world, proxy, "chat", "plain", stream=False)
    fallback = {
        "model": "openai",
        "tools": [{"type": "web_search"}],
        "web_search_options": {"x": 1},
    }

    def says(path, body):
        if 1 == len(proxy.model.heard):
            raise RuntimeError("the first model fails")
        return answer(path, body, [])

    with world.task() as task:
        desk.hear(says, task=task, fallbacks=[fallback])

    assert 2 <= len(proxy.model.heard)
    for heard in proxy.model.heard:
        assert "web_search" not in json.dumps(heard)


def test_a_choice_of_a_tool_that_is_not_shown_is_left_out(world, proxy):
    desk = Desk(world, proxy, "chat", "plain", stream=False)
    chosen = {"type": "function", "function": {"name": "mail_odd"}}
    with world.task() as task:
        desk.ask(READ, task=task, tool_choice=chosen)

    assert "tool_choice" not in proxy.model.heard[0]
    assert "mail_read" in offered(proxy.model.heard[0])


# --- streams ----------------------------------------------------------------------------------


def test_text_passes_on_before_a_call_is_whole(world, proxy):
    for way, model in (("chat", "plain"), ("responses", "openai"), ("messages", "anthropic")):
        harness = LiteLlmHarness(world, "mcp")
        read = threading.Event()

        def slowly(path, body, read=read):
            for each in answer(path, body, [STEAL]):
                if "mail_send" in each:
                    assert read.wait(20)
                yield each

        proxy.model.says = slowly
        seen = ""
        with world.task() as task:
            harness._task = task
            with (
                proxy.guarded(harness.guardrail()),
                httpx2.Client(base_url=proxy.url, timeout=30) as http,
                http.stream(
                    "POST",
                    PATHS[way],
                    json=question(way, model, TOOLS, stream=True),
                    headers={"Authorization": f"Bearer {KEY}"},
                ) as said,
            ):
                for text in said.iter_text():
                    seen += text
                    if TEXT in seen:
                        read.set()

        assert read.is_set()
        told = streamed(way, seen)
        assert told.calls == []
        assert DENIED.match(lines(told)[0])


def test_two_calls_in_one_place_are_taken_out(world, proxy):
    """
    A client may put them together by their place, or tell them apart by their ids.
    """
    about = {"id": "x", "created": 1, "model": "x", "object": "chat.completion.chunk"}

    def twice(path, body):
        for call_id, name, said in (("a", SEND[0], ""), ("b", None, SEND[1])):
            function = {"name": name, "arguments": said}
            call = {"index": 0, "id": call_id, "type": "function", "function": function}
            choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}
            yield data({**about, "choices": [choice]})
        choice = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
        yield data({**about, "choices": [choice]})
        yield "data: [DONE]\n\n"

    with world.task() as task:
        told = Desk(world, proxy, "chat", "plain", stream=True).hear(twice, task=task)

    assert told.calls == []
    assert lines(told) == ["Not executed [argument.not_representable]; do not retry."]


@pytest.mark.parametrize("member", ["delta", "done", "name", "completed"])
def test_a_call_that_is_told_in_two_ways_is_taken_out(world, proxy, member):
    """
    The bits of a call say one thing, and its end another: a client may read either.
    """
    asked, another = item(1, *SEND), item(1, *STEAL)

    def twice(path, body):
        told = list(call_events(1, asked))
        other = list(call_events(1, another))
        if member == "delta":
            told[1:3] = other[1:3]
        elif member == "done":
            told[3] = other[3]
        elif member == "name":
            told[0] = told[0].replace("mail_send", "mail_read")
        output = [another if member == "completed" else asked]
        yield named({"type": "response.created", "response": response([], "in_progress")})
        yield from told
        yield named({"type": "response.completed", "response": response(output)})

    desk = Desk(world, proxy, "responses", "openai", stream=True)
    with world.task() as task:
        if member == "completed":
            # What was judged has passed on by then; what stands for it at the end has not.
            with pytest.raises(AssertionError):
                desk.hear(twice, task=task)
        else:
            assert desk.hear(twice, task=task).calls == []

    assert MALLORY not in desk.said
    assert "Not executed [" in desk.said


def test_a_block_that_has_its_arguments_twice_is_taken_out(world, proxy):
    """
    Where it begins, and bit by bit: a client may read either.
    """
    block = {"type": "tool_use", "id": "c", "name": "mail_send", "input": json.loads(STEAL[1])}
    delta = {"type": "input_json_delta", "partial_json": SEND[1]}

    def twice(path, body):
        said = "".join(answer(path, body, []))
        begun, _, rest = said.partition("event: message_delta")
        yield begun
        yield named({"type": "content_block_start", "index": 1, "content_block": block})
        yield named({"type": "content_block_delta", "index": 1, "delta": delta})
        yield named({"type": "content_block_stop", "index": 1})
        yield f"event: message_delta{rest}"

    desk = Desk(world, proxy, "messages", "anthropic", stream=True)
    with world.task() as task:
        told = desk.hear(twice, task=task)

    assert told.calls == []
    assert lines(told) == ["Not executed [argument.not_representable]; do not retry."]
    assert MALLORY not in desk.said


def test_what_a_client_is_to_run_and_has_no_arguments_by_name_is_taken_out(world, proxy):
    odd = [
        {"id": "s", "type": "shell_call", "call_id": "c", "action": {"commands": ["rm -rf /"]}},
        {"id": "a", "type": "custom_tool_call", "call_id": "d", "name": "mail_read", "input": "x"},
        {"id": "m", "type": "mcp_approval_request", "name": "send", "arguments": "{}"},
    ]
    desk = Desk(world, proxy, "responses", "openai", stream=False)
    with world.task() as task:
        told = desk.hear(lambda path, body: response(odd), task=task)

    assert lines(told) == ["Not executed [argument.not_representable]; do not retry."] * 3
    assert "rm -rf" not in told.text


@pytest.mark.parametrize("odd", ["data: {broken\n\n", 'data: {"type": "a", "type": "b"}\n\n'])
def test_a_stream_that_nobody_can_read_ends(world, proxy, odd):
    def broken(path, body):
        yield named({"type": "ping"})
        yield odd
        yield from answer(path, body, [STEAL])

    said = raw(world, proxy, broken)
    assert "tool_use" not in said
    assert "canary" not in said
    assert "Not executed [decision.unavailable]; do not retry." in said


def raw(world, proxy, says):
    """Return the text of an answer of `/v1/messages`, however it ends."""
    harness = LiteLlmHarness(world, "mcp")
    proxy.model.says = says
    with (
        world.task() as task,
        proxy.guarded(harness.guardrail()),
        httpx2.Client(base_url=proxy.url, timeout=30) as http,
    ):
        harness._task = task
        return http.post(
            PATHS["messages"],
            json=question("messages", "anthropic", TOOLS, stream=True),
            headers={"Authorization": f"Bearer {KEY}"},
        ).text


@pytest.mark.parametrize("kind", ["keepalive", "codex.rate_limits"])
def test_a_stream_that_begins_with_what_is_no_answer_is_judged(world, proxy, kind):
    """
    A model's server keeps a connection open before the answer has begun.
    """

    def says(path, body):
        yield named({"type": kind, "sequence_number": 0})
        yield from answer(path, body, [STEAL, READ])

    with world.task() as task:
        told = Desk(world, proxy, "responses", "openai", stream=True).hear(says, task=task)

    assert same(told.calls) == same([READ])
    assert DENIED.match(lines(told)[0])


BLOCK = {"type": "tool_use", "id": "c", "name": "mail_send", "input": json.loads(STEAL[1])}
BEGIN = {"type": "content_block_start", "index": 2, "content_block": BLOCK}
BIT = {"type": "content_block_delta", "index": 1}
LATER = {"type": "input_json_delta", "partial_json": STEAL[1]}


@pytest.mark.parametrize(
    "event",
    [
        named({"type": "message_start", "message": {"id": "m", "content": [BLOCK]}}),
        named({**BIT, "delta": LATER}),
        named({**BIT, "index": "1", "delta": LATER}),
        named({**BEGIN, "type": "content_block_began"}),
        f"\ufeff{data(BEGIN)}",
        f" {data(BEGIN)}",
    ],
    ids=["at the start", "after its end", "a place in words", "by another name", "mark", "blank"],
)
def test_a_call_where_nobody_holds_one_ends_the_stream(world, proxy, event):
    """
    A client may read it there all the same.
    """

    def says(path, body):
        begun, end, rest = "".join(answer(path, body, [READ])).partition("event: message_delta")
        yield begun
        yield event
        yield end + rest

    said = raw(world, proxy, says)
    assert "mallory" not in said
    assert "Not executed [decision.unavailable]; do not retry." in said


def test_a_line_is_what_a_client_reads_as_one(world, proxy):
    """
    Of what Python takes for the end of a line, JSON may have most within a text.
    """

    def says(path, body):
        said = "".join(answer(path, body, [STEAL]))
        yield said.replace(TEXT, "let\u2028me\u0085see")

    said = raw(world, proxy, says)
    assert "let\u2028me\u0085see" in said
    assert "mallory" not in said
    assert "Not executed [egress.destination_not_allowed]" in said


@pytest.mark.parametrize("path", ["/prompts/test", "/v1/chat/completions"])
def test_what_passes_elsewhere_lets_no_call_pass(world, proxy, path):
    """
    An answer is read by its form, wherever it is asked for.
    """
    harness = LiteLlmHarness(world, "mcp")
    authorization = Authorization(world.guard, task=harness._task_of, passes=["create_batch"])
    proxy.model.says = lambda _, body: answer(PATHS["chat"], body, [STEAL])
    asked = question("chat", "plain", TOOLS, stream=True)
    prompt = {"dotprompt_content": "---\nmodel: plain\n---\nUser: go on"}
    with (
        world.task() as task,
        proxy.guarded(authorization(event_hook=MODES, default_on=True)),
        httpx2.Client(base_url=proxy.url, timeout=30) as http,
    ):
        harness._task = task
        said = http.post(
            path,
            json=prompt if path == "/prompts/test" else asked,
            headers={"Authorization": f"Bearer {KEY}"},
        )

    told = streamed("chat", said.text)
    assert told.calls == []
    assert DENIED.match(lines(told)[0])
