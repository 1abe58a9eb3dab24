"""A person is asked: the client comes back, and the policy is asked again."""

from __future__ import annotations

import asyncio
import json

import pytest
from mcp import Client
from mcp.client._memory import InMemoryTransport
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult
from tests.integrations.behaviours import PENDING
from tests.integrations.mcp.harness import McpHarness
from tests.integrations.mcp.test_messages import LEGACY, MODERN, raw
from tests.integrations.world import BOB

SEND = {"name": "mail.send", "arguments": {"to": [BOB], "body": "hello"}}


class Host:
    """A client that answers as a test says, and what its person was shown."""

    def __init__(self, world, mode, *, bare=False):
        self.world = world
        self.mode = mode
        self.asked = []
        self.server = McpHarness(world, mode, "memory").make()
        if bare:
            # Without the seal of the SDK, a client may say anything.
            self.server.middleware[:] = self.server.middleware[-1:]

    def go(self, host, answer=None, *, rounds=10):
        async def elicit(ctx, params):
            self.asked.append(params)
            return answer() if callable(answer) else answer

        async def connected():
            asks = {} if answer is None else {"elicitation_callback": elicit}
            async with Client(
                InMemoryTransport(self.server),
                mode=self.mode,
                cache=None,
                input_required_max_rounds=rounds,
                **asks,
            ) as client:
                return await host(client)

        return asyncio.run(connected())

    def send(self, answer=None, **options):
        return self.go(lambda c: c.call_tool(SEND["name"], SEND["arguments"]), answer, **options)


def yes(**content):
    return ElicitResult(action="accept", content={"approve": True, **content})


def read(said):
    return said.content[0].text


def test_a_clients_own_round_trip_lets_it_run_once_it_is_signed(world):
    """
    The client of the SDK comes back by itself; what its person says is heard, and the policy
    decides by what is signed.
    """
    host = Host(world, MODERN)

    def answer():
        world.signs = True
        return yes()

    with world.wary() as task:
        said = host.send(answer)
        report = task.report()

    assert read(said) == "sent"
    (asked,) = host.asked
    assert "mail.send" in asked.message
    assert "flow.untrusted_argument" in asked.message
    assert BOB not in asked.model_dump_json()
    assert world.ran == [("mail.send", {"to": [BOB], "body": "hello"})]
    assert dict(report.approved_by) == {"dora@acme.example": 1}


@pytest.mark.parametrize(
    "answer",
    [
        ElicitResult(action="cancel"),
        ElicitResult(action="accept", content={"approve": False}),
        ElicitResult(action="accept", content={"approve": "true"}),
        ElicitResult(action="accept", content={"approve": 1}),
        ElicitResult(action="accept", content={}),
        ElicitResult(action="decline"),
    ],
    ids=lambda a: f"{a.action}-{a.content}",
)
def test_whatever_is_no_yes_lets_nothing_run(world, answer):
    host = Host(world, MODERN)

    def once():
        world.signs = True
        return answer

    with world.wary():
        said = host.send(once)
        world.signs = False
        again = host.send(yes(), rounds=2) if answer.action != "cancel" else None

    assert said.is_error
    assert world.ran == []
    if answer.action == "cancel":
        # Nobody has said anything: it may be asked again.
        assert PENDING.match(read(said))
    else:
        assert read(said).startswith("Not executed [approval.rejected]; do not retry.")
        assert read(again).startswith("Not executed [approval.rejected]; do not retry.")


def test_a_yes_that_nobody_has_signed_is_asked_for_again(world):
    host = Host(world, MODERN)

    async def patient(client):
        with pytest.raises(Exception, match="rounds"):
            await client.call_tool(SEND["name"], SEND["arguments"])

    with world.wary():
        host.go(patient, yes(), rounds=3)

    assert len(host.asked) == 3
    assert world.ran == []


def test_a_client_that_cannot_ask_is_told_that_a_person_has_to(world):
    """
    So is one of 2025-11-25, and the same call that is sent again is decided again.
    """
    for mode in (MODERN, LEGACY):
        host = Host(world, mode)
        with world.wary():
            said = host.send()
            assert PENDING.match(read(said))
            assert said.meta["inbounds/request_id"]
            assert PENDING.match(read(host.send()))
            world.signs = True
            assert read(host.send()) == "sent"
        world.signs = False

    assert len(world.ran) == 2


STATES = [
    {"call": "0" * 64, "decision": "made-up"},
    {"decision": "made-up"},
    {"call": None},
    {"call": ["x"]},
    {},
]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_a_state_that_is_not_of_this_call_lets_nothing_run(world, state):
    host = Host(world, MODERN, bare=True)
    forged = {
        "requestState": json.dumps({"inbounds": state}),
        "inputResponses": {"inbounds/approval": {"action": "accept", "content": {"approve": True}}},
    }

    with world.wary():
        world.signs = True
        said = host.go(lambda c: raw(c, "tools/call", {**SEND, **forged}), yes())

    assert said["content"][0]["text"] == (
        "Not executed [approval.other_call]; a person has to approve it."
    )
    assert world.ran == []


def test_a_yes_lifts_nothing(world):
    """
    Whoever knows a call may say yes to it: it is the signature that counts.
    """
    host = Host(world, MODERN, bare=True)

    async def ask(client):
        first = await raw(client, "tools/call", dict(SEND))
        back = {
            "requestState": first["requestState"],
            "inputResponses": {
                "inbounds/approval": {"action": "accept", "content": {"approve": True}}
            },
        }
        second = await raw(client, "tools/call", {**SEND, **back})
        world.signs = True
        third = await raw(client, "tools/call", {**SEND, **back})
        world.signs = False
        # What is signed is used once: the same message again is decided again.
        fourth = await raw(client, "tools/call", {**SEND, **back})
        return second, third, fourth

    with world.wary():
        second, third, fourth = host.go(ask, yes())

    assert second["resultType"] == "input_required"
    assert third["content"][0]["text"] == "sent"
    assert fourth["resultType"] == "input_required"
    assert len(world.ran) == 1


def test_other_arguments_are_another_call(world):
    host = Host(world, MODERN, bare=True)

    async def ask(client):
        first = await raw(client, "tools/call", dict(SEND))
        other = {**SEND, "arguments": {"to": [BOB], "body": "another"}}
        back = {
            "requestState": first["requestState"],
            "inputResponses": {
                "inbounds/approval": {"action": "accept", "content": {"approve": True}}
            },
        }
        world.signs = True
        return await raw(client, "tools/call", {**other, **back})

    with world.wary():
        said = host.go(ask, yes())

    assert said["isError"]
    assert world.ran == []


def test_the_seal_of_the_sdk_holds_as_well(world):
    host = Host(world, MODERN)

    async def ask(client):
        first = await raw(client, "tools/call", dict(SEND))
        with pytest.raises(MCPError) as ei:
            await raw(client, "tools/call", {**SEND, "requestState": first["requestState"][:-3]})
        return ei.value

    with world.wary():
        error = host.go(ask, yes())

    assert error.data == {"reason": "invalid_request_state"}
    assert world.ran == []


def test_what_clients_are_asked_is_not_remembered_without_bound(world, monkeypatch):
    from inbounds.integrations._adapter import questions

    monkeypatch.setattr(questions, "MOST", 3)
    host = Host(world, MODERN)

    async def many(client):
        for n in range(6):
            other = {**SEND, "arguments": {"to": [BOB], "body": f"{n}"}}
            await raw(client, "tools/call", other)

    with world.wary() as task:
        host.go(many, yes())

    assert len(host.server.middleware[-1]._asked.all(task)) == 3
