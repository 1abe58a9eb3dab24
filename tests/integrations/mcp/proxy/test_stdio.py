"""The proxy as an editor starts it: over stdin and stdout, with either version on either side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import anyio
import pytest
from mcp import MCPError
from mcp.client.caching import CacheConfig
from mcp_types import ElicitResult
from tests.integrations.mcp.proxy.world import LEGACY, MODERN, Wire, World, said, until

from inbounds.integrations.mcp import AuthorizationMiddleware

DENIED = "Not executed [capability.unregistered_tool]; do not retry."
BEHIND = {LEGACY: ["--legacy"], MODERN: []}
EITHER = pytest.mark.parametrize("behind", [LEGACY, MODERN])
HOST = pytest.mark.parametrize("host", [LEGACY, MODERN])


# --- allow and deny -------------------------------------------------------------------------


@EITHER
@HOST
async def test_an_allowed_call_reaches_the_server_and_a_denied_one_does_not(world, host, behind):
    async with world.client(world.behind(*BEHIND[behind]), version=host) as client:
        assert host == client.protocol_version
        given = await client.call_tool("read", {"path": "/a//b"})
        refused = await client.call_tool("odd", {"path": "/a"})

    assert 'read {"path": "/a/b"}' == said(given), "what was judged is what runs"
    assert DENIED in said(refused) and refused.is_error
    assert [("read", {"path": "/a/b"})] == [(p["name"], p["arguments"]) for p in world.calls()]
    assert ["allow", "ok", "deny"] == world.outcomes()


@HOST
async def test_only_the_tools_of_the_task_are_listed(world, host):
    async with world.client(world.behind(), version=host) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}

    assert "odd" not in listed
    assert {"read", "write", "slow"} <= listed


@EITHER
@HOST
async def test_resources_prompts_and_completions_are_judged_as_well(world, host, behind):
    async with world.client(world.behind(*BEHIND[behind]), version=host) as client:
        listed = await client.list_resources()
        read = await client.read_resource("https://files.acme.example/a")
        prompt = await client.get_prompt("hello", {"a": "b"})
        with pytest.raises(MCPError, match=r"capability\.argument_not_allowed"):
            await client.get_prompt("hello", {"a": "b", "c" * 5000: "d"})

    assert ["file:///0", "file:///1", "file:///2"] == [each.uri for each in listed.resources]
    assert "what is at https://files.acme.example/a" == read.contents[0].text
    assert "hello {'a': 'b'}" == prompt.messages[0].content.text
    assert 1 == len(world.calls("prompts/get"))


async def test_nothing_the_server_says_of_itself_is_shown(world):
    async with world.client(world.behind(), version=LEGACY) as client:
        assert client.session.instructions is None
        assert "files" == client.server_info.name


async def test_a_field_above_the_task_is_left_out_of_both_forms_of_a_result(world):
    async with world.client(world.behind()) as client:
        given = await client.call_tool("record", {})

    assert {"name": "Ada"} == given.structured_content
    assert {"name": "Ada"} == json.loads(said(given))


async def test_what_the_server_answers_with_an_error_is_a_result_as_any_other(world):
    async with world.client(world.behind()) as client:
        failed = await client.call_tool("write", {"path": "/a"})
        with pytest.raises(MCPError) as refusal:
            await client.read_resource("https://files.acme.example/fail")

    assert not failed.is_error
    assert "canary" not in str(refusal.value)
    assert "[upstream.error]" in str(refusal.value)


@HOST
@EITHER
async def test_nothing_of_the_server_beside_what_was_judged_reaches_the_host(world, host, behind):
    async with world.client(world.behind(*BEHIND[behind]), version=host) as client:
        answers = [
            await client.read_resource("https://files.acme.example/a"),
            await client.get_prompt("hello", {"a": "b"}),
            await client.call_tool("record", {}),
            await client.list_tools(),
            await client.list_resources(),
            await client.list_prompts(),
        ]

    given = [each.model_dump_json(by_alias=True) for each in answers]
    assert "canary" not in "".join(given)
    assert all("files" in each for each in given if "serverInfo" in each)
    assert not any(getattr(each, "ttl_ms", 0) for each in answers)


async def test_a_host_with_a_cache_reads_from_the_server_again(world):
    behind = world.behind()
    async with world.client(behind, version=MODERN, cache=CacheConfig()) as client:
        for _ in range(2):
            await client.read_resource("https://files.acme.example/a")

    assert 2 == len(world.calls("resources/read"))


@HOST
@EITHER
async def test_no_error_of_the_server_is_taken_for_a_decision(world, host, behind):
    async with world.client(world.behind(*BEHIND[behind]), version=host) as client:
        errors = []
        for asked in (
            client.list_resource_templates(),
            client.read_resource("https://files.acme.example/fail"),
        ):
            with pytest.raises(MCPError) as ei:
                await asked
            errors.append(ei.value)
        failed = await client.call_tool("write", {"path": "/fail"})

    assert failed.is_error
    assert "cannot write" == said(failed)
    for error in errors:
        assert "the server answered with an error [upstream.error]" == error.message
        assert error.error.code != -32003
    assert "canary" not in str([each.error for each in errors]) + failed.model_dump_json()


# --- the server behind is the one that was looked at ----------------------------------------


async def test_a_server_that_is_not_listed_is_not_called(world):
    async with world.client(world.behind("--other")) as client:
        refused = await client.call_tool("read", {"path": "/a"})

    assert "[supply.server_not_listed]" in said(refused)
    assert [] == world.calls()


@EITHER
async def test_a_tool_whose_descriptor_has_changed_is_not_called(world, behind):
    async with world.client(world.behind(*BEHIND[behind])) as client:
        await client.call_tool("read", {"path": "/a"})
        await client.call_tool("grow", {})
        await until(lambda: world.seen)
        await anyio.sleep(1)  # it is told of after the result, or before
        refused = await client.call_tool("read", {"path": "/a"})

    assert "[supply.descriptor_changed]" in said(refused)
    assert ["read", "grow"] == [call["name"] for call in world.calls()]


@HOST
async def test_a_host_hears_that_a_list_has_changed(world, host):
    told = []

    async def tell(message):
        told.append(type(message).__name__)

    async with world.client(world.behind(), version=host, message_handler=tell) as client:
        await client.list_tools()
        if host == MODERN:
            async with client.listen(tools_list_changed=True) as events:
                await client.call_tool("grow", {})
                with anyio.fail_after(10):
                    async for _ in events:
                        break
        else:
            await client.call_tool("grow", {})
            await until(lambda: "ToolListChangedNotification" in told)


# --- nothing of the host reaches the server -------------------------------------------------


@EITHER
async def test_nothing_of_the_caller_or_of_its_environment_reaches_the_server(world, behind):
    meta = {
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": "canary=canary",
        "baggage": "canary=canary",
        "example.com/canary": "canary",
    }
    async with world.client(world.behind(*BEHIND[behind])) as client:
        seen = json.loads(said(await client.call_tool("seen", {}, meta=meta)))

    assert "canary" not in json.dumps(seen)
    assert "0af7651916cd43dd8448eb211c80319c" not in json.dumps(seen)
    assert {"HOME", "PATH"} == seen["env"].keys() & {*world.variables, "HOME", "PATH"}


async def test_a_variable_that_is_named_reaches_the_server(world):
    async with world.client(world.behind(), "--env", "SECRET_OF_THE_HOST") as client:
        seen = json.loads(said(await client.call_tool("seen", {})))

    assert "canary" == seen["env"]["SECRET_OF_THE_HOST"]


# --- what the server asks and tells ---------------------------------------------------------


@pytest.mark.parametrize("named", [False, True])
async def test_what_the_server_asks_of_the_host_goes_no_further_unless_it_is_named(world, named):
    asked = []

    async def elicit(_, params):
        asked.append(params.message)
        return ElicitResult(action="decline")

    options = ["--ask", "elicitation"] if named else []
    behind = world.behind("--legacy")
    async with world.client(
        behind, *options, version=LEGACY, elicitation_callback=elicit
    ) as client:
        answer = await client.call_tool("ask", {})

    assert (["what is it?"] if named else []) == asked
    assert named != bool(answer.is_error)


async def test_progress_and_logs_pass(world):
    steps, logs = [], []

    async def step(*said):
        steps.append(said)

    async def log(params):
        logs.append((params.level, params.data))

    async with world.client(
        world.behind("--legacy"), version=LEGACY, logging_callback=log
    ) as client:
        await client.call_tool("noise", {}, progress_callback=step)
        await until(lambda: steps and logs)

    assert [(1.0, 2.0, "half")] == steps
    assert [("warning", {"canary": 1})] == logs


# --- ends -----------------------------------------------------------------------------------


async def test_a_call_that_is_cancelled_is_cancelled_at_the_server(world):
    async with world.client(world.behind()) as client:
        async with anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "slow", {"seconds": 60})
            await until(world.calls)
            calls.cancel_scope.cancel()
        await until(lambda: "cancelled" in [each["method"] for each in world.seen])
        await until(lambda: ["allow", "cancelled"] == world.outcomes())
        again = await client.call_tool("read", {"path": "/a"})

    assert not again.is_error


def test_a_host_that_goes_away_ends_the_call_the_server_and_the_task(world):
    with Wire(world) as wire:
        wire.open()
        wire.say("tools/call", {"name": "slow", "arguments": {"seconds": 30}}, id=1)
        anyio.run(until, world.calls)
        begun = time.monotonic()
        assert 0 == wire.close()

    assert time.monotonic() - begun < 10
    assert ["allow", "cancelled"] == world.outcomes()


def test_a_signal_ends_it_as_well(world):
    with Wire(world) as wire:
        wire.open()
        wire.say("tools/call", {"name": "slow", "arguments": {"seconds": 30}}, id=1)
        anyio.run(until, world.calls)
        os.kill(wire.process.pid, signal.SIGTERM)
        wire.process.wait(10)

    assert ["allow", "cancelled"] == world.outcomes()


async def test_a_server_that_crashes_is_started_again_so_many_times(world):
    async with world.client(world.behind(), "--restarts", "2") as client:
        texts = []
        for _ in range(4):
            with pytest.raises(MCPError) as gone:
                await client.call_tool("crash", {})
            texts.append(str(gone.value))

    assert ["Not known whether executed [upstream.gone]; do not retry."] * 3 == texts[:3]
    assert "Not executed [upstream.unavailable]; do not retry." == texts[3]
    assert ["allow", "error"] * 3 == world.outcomes()


def test_a_server_that_does_not_start_is_told_of_and_nothing_is_served(world):
    with Wire(world, behind=["/nonexistent/server"]) as wire:
        assert 2 == wire.process.wait(20)
    assert b"upstream.unavailable" in wire.errors
    assert b"Traceback" not in wire.errors


async def test_a_server_that_does_not_answer_in_time_is_not_waited_for(world):
    # The server is waited for as long when it starts, which takes a busy machine a while.
    async with world.client(world.behind(), "--timeout", "15") as client:
        with pytest.raises(MCPError, match=r"\[upstream.timeout\]"):
            await client.call_tool("slow", {"seconds": 120})

    assert ["allow", "error"] == world.outcomes()


async def test_a_result_that_is_too_long_ends_the_server_and_not_the_proxy(world):
    async with world.client(world.behind()) as client:
        with pytest.raises(MCPError, match=r"\[upstream.gone\]"):
            await client.call_tool("long", {"bytes": 5 * 2**20})
        again = await client.call_tool("read", {"path": "/a"})

    assert not again.is_error


def test_a_host_that_sends_more_than_is_taken_has_to_wait():
    """
    Lines that nobody has taken stay with the host, and not in this process's memory.
    """
    program = """
import asyncio, os, threading
from inbounds_server.mcp_proxy.stdio import _Wire

async def main():
    theirs, ours = os.pipe()
    os.dup2(theirs, 0)
    sent = []

    def send():
        for number in range(100):
            os.write(ours, b"x" * 65535 + b"\\n")
            sent.append(number)

    threading.Thread(target=send, daemon=True).start()
    wire = _Wire()
    await asyncio.sleep(1)
    ahead = len(sent)
    for _ in range(50):
        await wire.line()
    await asyncio.sleep(0.5)
    print(ahead, len(sent), file=open(2, "w", closefd=False))
    os._exit(0)

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    ahead, after = map(int, done.stderr.split())

    assert ahead < 16
    assert 50 <= after < 66


def test_it_judges_with_the_adapter_of_mcp_servers():
    from inbounds_server.mcp_proxy import forwarding

    assert forwarding.AuthorizationMiddleware is AuthorizationMiddleware
    assert World
