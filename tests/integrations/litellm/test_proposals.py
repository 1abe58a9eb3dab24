"""What a model proposes, at each endpoint, whole and streaming."""

from __future__ import annotations

import json

import httpx2
import pytest
from tests.integrations.behaviours import DENIED, FIELDS, registered
from tests.integrations.litellm.gateway import KEY
from tests.integrations.litellm.harness import LiteLlmHarness
from tests.integrations.litellm.shapes import (
    PATHS,
    TEXT,
    WAYS,
    answer,
    offered,
    question,
    streamed,
    whole,
)
from tests.integrations.world import BOB, MALLORY

from inbounds import Unreachable

pytestmark = pytest.mark.filterwarnings("ignore")  # LiteLLM's own, in threads of this process

SEND = ("mail_send", json.dumps({"to": [BOB], "body": "hello"}))
STEAL = ("mail_send", json.dumps({"to": [MALLORY], "body": "the canary"}))
READ = ("mail_read", json.dumps({"id": "42"}))
ODD = ("mail_odd", json.dumps({"id": "42"}))
TOOLS = ["mail_read", "mail_send", "file_write", "mail_odd"]


class Desk:
    """A client that asks a model through the gateway."""

    def __init__(self, world, proxy, way, model, *, stream):
        self.harness = LiteLlmHarness(world, proxy, "mcp")
        self.world, self.proxy = world, proxy
        self.way, self.model, self.stream = way, model, stream

    def ask(self, *calls, task=None, guardrail=None, key=KEY, **more):
        self.proxy.model.says = lambda path, body: answer(path, body, calls)
        self.proxy.model.heard = []
        self.harness._task = task
        body = {**question(self.way, self.model, TOOLS, stream=self.stream), **more}
        with (
            self.proxy.guarded(guardrail or self.harness.guardrail()),
            httpx2.Client(base_url=self.proxy.url, timeout=30) as http,
        ):
            said = http.post(PATHS[self.way], json=body, headers={"Authorization": f"Bearer {key}"})
        assert said.status_code == 200, said.text
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
