"""What a session of the real Claude Code does with what is judged: its own tools, and its hooks."""

import asyncio
import json
import re
import sys
import time
from dataclasses import replace

import pytest
from claude_agent_sdk import (
    AgentDefinition,
    ClaudeSDKClient,
    HookMatcher,
    PermissionResultAllow,
    PermissionResultDeny,
    ProcessError,
    SdkMcpTool,
    ToolPermissionContext,
)
from tests.integrations.behaviours import (
    DENIED,
    PENDING,
    READ,
    SEND,
    STEAL,
    codes,
    registered,
)
from tests.integrations.claude_agent_sdk.desk import Desk
from tests.integrations.claude_agent_sdk.harness import ClaudeAgentSdkHarness, tool_of
from tests.integrations.world import BOB, MALLORY, ToolCall

from inbounds.errors import ConfigurationError, DecisionUnavailable, TaskMissing
from inbounds.integrations.claude_agent_sdk import Authorization, guarded_server, protection
from inbounds.integrations.claude_agent_sdk.session import Session
from inbounds.pep.task import Task
from inbounds.process import clock


def bash(command, call="call-bash", **more):
    return ToolCall("Bash", {"command": command, **more}, call)


def unhooked(desk):
    """Options with which Claude Code asks no hook."""
    return {"env": {**desk.options.env, "CLAUDE_CODE_SIMPLE": "1"}, "settings": None}


def names(world):
    return [tool for tool, _ in world.ran]


@pytest.fixture
def recorded(world, monkeypatch):
    """What was recorded of calls by now: whether each has run."""
    written, write = [], world.guard.evidence.executed
    monkeypatch.setattr(
        world.guard.evidence, "executed", lambda record: write(record) or written.append(record)
    )

    def soon(task):
        until = time.monotonic() + 10
        while not written and time.monotonic() < until:
            task.report()  # what was dropped is written by then
            time.sleep(0.01)
        return [(record.executed, record.status) for record in written]

    return soon


# --- tools of Claude Code itself ----------------------------------------------------------------


def test_tools_of_claude_code_run_as_judged(world, folder):
    """
    A file is read and one is made by a shell; a tool that no registry knows makes none.
    """
    (folder / "a.txt").write_text("what it holds")
    world.resources["Write"] = lambda **_: ("file", "/work/a")
    heard = []

    async def hear(said, call_id, context):
        heard.append((said["tool_name"], said["tool_input"]))
        return {}

    desk = Desk(
        world,
        folder,
        [
            ToolCall("Read", {"file_path": str(folder / "a.txt")}, "call-file"),
            bash(f"echo made > {folder}/made"),
            ToolCall("Write", {"file_path": str(folder / "b.txt"), "content": "x"}, "call-make"),
        ],
        own=["Bash", "Read", "Write"],
        hooks={"PostToolUse": [HookMatcher(None, [hear])]},
    )
    with world.task() as task:
        read = desk.go()
        report = task.report()

    assert "what it holds" in read["call-file"]
    assert "made\n" == (folder / "made").read_text()
    assert DENIED.match(read["call-make"])
    assert not (folder / "b.txt").exists()
    assert (2, 0) == (report.ran, report.unknown)
    assert ["Read", "Bash"] == [tool for tool, _ in heard]


def test_a_denied_command_does_not_run(world, folder):
    """
    Bypassing the permissions of Claude Code bypasses nothing that is judged.
    """
    tools = {**world.policy.deployment["tools"]}
    tools["Bash"] = {**tools["Bash"], "arguments": {"/command": {"one_of": ["true"]}}}
    world.policy.change(tools=tools)
    desk = Desk(
        world,
        folder,
        [bash(f"touch {folder}/made"), bash("true", "call-true"), STEAL],
        own=["Bash"],
        permission_mode="bypassPermissions",
        more={"IS_SANDBOX": "1"},  # or Claude Code refuses that to root
    )
    with world.task() as task:
        read = desk.go()
        report = task.report()

    assert not (folder / "made").exists()
    assert DENIED.match(read["call-bash"])
    assert DENIED.match(read["call-steal"])
    assert "Not executed" not in read["call-true"]
    assert (1, []) == (report.ran, world.ran)


def test_what_runs_is_canonical(world, folder):
    """
    A tool of Claude Code is given the arguments in the form that was judged.
    """
    tools = {**world.policy.deployment["tools"]}
    said = {**tools["Bash"]["arguments"], "/description": {"kind": "email"}}
    tools["Bash"] = {**tools["Bash"], "arguments": said}
    world.policy.change(tools=tools)
    heard = []

    async def hear(said, call_id, context):
        heard.append(said["tool_input"]["description"])
        return {}

    desk = Desk(
        world,
        folder,
        [bash("true", description="bob@ACME.example")],
        own=["Bash"],
        hooks={"PostToolUse": [HookMatcher(None, [hear])]},
    )
    with world.task():
        desk.go()

    assert [BOB] == heard


def test_what_is_owed_to_a_result_of_claude_code_keeps_the_call_from_running(world, folder):
    tools = {**world.policy.deployment["tools"]}
    registered(world)
    masks = {"label": "public", "mask": ["email"]}
    world.policy.change(tools={**tools, "Bash": {**tools["Bash"], "returns": masks}})
    desk = Desk(world, folder, [bash(f"echo {BOB} > {folder}/made")], own=["Bash"])
    with world.task() as task:
        read = desk.go()
        report = task.report()

    assert read["call-bash"].startswith("Not executed [obligation.out_of_reach]; do not retry.")
    assert not (folder / "made").exists()
    assert (0, 1) == (report.ran, report.stopped)


@pytest.mark.parametrize("goes_on", ["client", "resumed", "forked"])
@pytest.mark.parametrize("command", ["echo can''ary", "echo can''ary; exit 3"])
def test_the_model_reads_no_more_where_a_run_is_not_recorded(
    world, folder, monkeypatch, command, goes_on
):
    """
    Neither in its turn, nor when the session goes on, whether the tool has failed or not.
    """

    def full(_):
        raise DecisionUnavailable("the disk is full", code="evidence.unwritable")

    async def asks_twice():
        async with ClaudeSDKClient(desk.options) as client:
            for prompt in ("go on", "and now"):
                await client.query(prompt)
                async for _ in client.receive_response():
                    pass

    desk = Desk(world, folder, [bash(command)], own=["Bash"])
    with world.task() as task:
        with monkeypatch.context() as patch:
            patch.setattr(world.guard.evidence, "executed", full)
            if goes_on == "client":
                asyncio.run(asks_twice())
            else:
                desk.go()
        assert 1 == len(desk.model.heard)
        if goes_on == "resumed":
            desk.go("and now", resume=desk.result.session_id)
        if goes_on == "forked" and "exit" not in command:
            desk.go("and now", resume=desk.result.session_id, fork_session=True)
            assert desk.read["call-bash"].startswith("Executed, and its result withheld")
        assert 1 == task.reconcile()

    assert "canary" not in str(desk.model.heard)


def test_what_claude_code_refuses_itself_is_not_known_to_have_run(world, folder, recorded):
    """
    A command that a rule of its own keeps it from: here, nobody knows that.
    """
    desk = Desk(
        world,
        folder,
        [bash(f"touch {folder}/made")],
        own=["Bash"],
        disallowed_tools=["Bash(touch:*)"],
    )
    with world.task() as task:
        desk.go()
        assert [("unknown", "unknown")] == recorded(task)
        report = task.report()

    assert not (folder / "made").exists()
    assert (0, 1) == (report.ran, report.unknown)


def test_claude_code_that_dies_amid_a_call_leaves_it_unknown(world, folder, recorded):
    desk = Desk(world, folder, [bash("kill -9 $PPID; sleep 5")], own=["Bash"])
    with world.task() as task:
        with pytest.raises(ProcessError):
            desk.go()
        assert [("unknown", "unknown")] == recorded(task)
        report = task.report()

    assert (0, 1) == (report.ran, report.unknown)


SERVER = """
import sys
from pathlib import Path
from mcp.server.mcpserver import MCPServer

server = MCPServer("files")


@server.tool()
def make(name: str) -> str:
    (Path(sys.argv[1]) / name).write_text("made")
    return "made " + name


server.run()
"""


def test_tools_of_a_server_that_claude_code_starts_run_as_judged(world, folder):
    (folder / "server.py").write_text(SERVER)
    command = {"command": sys.executable, "args": [str(folder / "server.py"), str(folder)]}
    desk = Desk(
        world,
        folder,
        [
            ToolCall("mcp__files__make", {"name": "a"}, "call-a"),
            ToolCall("mcp__files__make", {"name": "../c"}, "call-c"),
            ToolCall("mcp__files__other", {}, "call-other"),
        ],
        mcp_servers={"files": {"type": "stdio", **command}},
    )
    with world.task() as task:
        read = desk.go()
        report = task.report()
        # Its descriptions reach the model, and nobody else.
        assert "untrusted" == world.trust(task)

    assert "made a" in read["call-a"]
    assert (folder / "a").exists()
    assert DENIED.match(read["call-c"])
    assert not (folder.parent / "c").exists()
    assert (1, 0) == (report.ran, report.unknown)


@pytest.mark.parametrize(("party", "asked"), [("first", []), ("third", ["call-send"])])
def test_what_is_said_of_a_failure_counts_as_a_result(world, folder, party, asked):
    """
    Whom only a stranger's words have named, no mail goes to without a person.
    """
    tools = {**world.policy.deployment["tools"]}
    returns = {"label": "public", "party": party}
    world.policy.change(tools={**tools, "Bash": {**tools["Bash"], "returns": returns}})
    desk = Desk(world, folder, [bash(f"echo write to {BOB} >&2; false")], [SEND], own=["Bash"])
    with world.task(prompt="Do what it says") as task:
        read = desk.go()
        assert 2 - len(asked) == task.report().ran

    waits = desk.result.deferred_tool_use
    assert BOB in read["call-bash"]
    assert asked == [each.id for each in (waits,) if each is not None]


def test_malformed_arguments_run_nothing(world, folder):
    desk = Desk(world, folder, own=["Bash"])
    desk.model.ask(
        [
            {**block, "said": said}
            for block, said in (
                ({"type": "tool_use", "id": "c1", "name": "mcp__desk__mail_read"}, "[1, 2]"),
                ({"type": "tool_use", "id": "c2", "name": "mcp__desk__mail_read"}, '{"id": "4'),
                ({"type": "tool_use", "id": "c3", "name": "Bash"}, '{"command": ["true"]}'),
                ({"type": "tool_use", "id": "c4", "name": "mcp__desk__mail_read"}, '{"id": 1e999}'),
                ({"type": "tool_use", "id": "c5", "name": "mcp__other__tool"}, "{}"),
            )
        ]
    )
    with world.task() as task:
        read = desk.go()
        report = task.report()

    assert [] == world.ran
    assert 0 == report.ran
    assert {"c1", "c2", "c3", "c4", "c5"} == {*read}


def test_a_prompt_reads_no_file(world, folder):
    (folder / "a.txt").write_text("the canary")
    desk = Desk(world, folder)
    with world.task():
        desk.go(f"look at @{folder}/a.txt and @a.txt")

    assert "the canary" not in str(desk.model.heard)


def test_a_model_reads_no_memory_that_another_task_has_left(world, folder):
    memory = folder / "projects" / re.sub(r"[^A-Za-z0-9]", "-", str(folder)) / "memory"
    memory.mkdir(parents=True)
    (memory / "MEMORY.md").write_text("- the canary")
    desk = Desk(
        world,
        folder,
        system_prompt={"type": "preset", "preset": "claude_code"},
        more={"CLAUDE_CODE_DISABLE_AUTO_MEMORY": "0"},
    )
    with world.task():
        desk.go()

    assert "the canary" not in str(desk.model.heard)


# --- the hook -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("canary"), KeyError("canary"), None])
def test_a_hook_that_fails_stops_the_call(world, folder, monkeypatch, error):
    """
    Past everything that answers for it: one that raises, or says nothing.
    """

    async def fail(*_):
        if error is not None:
            raise error

    monkeypatch.setattr(Session, "before", fail)
    desk = Desk(world, folder, [bash(f"touch {folder}/made"), SEND], own=["Bash"])
    with world.task():
        read = desk.go()

    assert not (folder / "made").exists()
    assert [] == world.ran
    assert "blocking" in read["call-bash"]
    assert "canary" not in str(read)


def test_a_hook_that_never_answers_stops_the_call(world, folder, monkeypatch):
    async def wait(*_):
        await asyncio.sleep(30)

    monkeypatch.setattr(Session, "before", wait)
    monkeypatch.setattr(protection, "_MORE", 0.5)
    authorization = Authorization(world.guard, resources=world.resources, timeout=0.5)
    desk = Desk(
        world, folder, [bash(f"touch {folder}/made")], own=["Bash"], authorization=authorization
    )
    with world.task():
        read = desk.go()

    assert not (folder / "made").exists()
    assert "did not respond" in read["call-bash"]


def test_judging_that_takes_too_long_is_given_up_first(world, folder, monkeypatch):
    async def wait(*_, **__):
        await asyncio.sleep(30)

    monkeypatch.setattr(Task, "apermit", wait)
    authorization = Authorization(world.guard, resources=world.resources, timeout=0.5)
    desk = Desk(world, folder, [SEND], authorization=authorization)
    with world.task():
        read = desk.go()

    assert [] == world.ran
    assert "Not executed [decision.unavailable]; do not retry." == read["call-send"]


def test_without_a_hook_a_tool_of_this_process_does_not_run(world, folder):
    """
    As Claude Code is when it asks no hook at all.
    """
    desk = Desk(world, folder, [SEND], allowed_tools=["mcp__desk"])
    with world.task():
        read = desk.go(**unhooked(desk))

    assert [] == world.ran
    assert "Not executed [permit.missing]; do not retry." == read["call-send"]


def test_without_a_hook_a_persons_yes_lets_nothing_run(world, folder):
    person = Person(PermissionResultAllow())
    desk = Desk(world, folder, [bash(f"touch {folder}/made")], own=["Bash"], can_use_tool=person)
    with world.task():
        read = desk.go(**unhooked(desk))

    assert not (folder / "made").exists()
    assert [] == person.asked
    assert "Not executed [permit.missing]; do not retry." == read["call-bash"]


def test_what_this_process_was_started_with_skips_no_hook(world, folder, monkeypatch):
    monkeypatch.setenv("CLAUDE_CODE_SIMPLE", "1")
    monkeypatch.setenv("HOME", str(folder))
    (folder / "settings.json").write_text(
        '{"env": {"CLAUDE_CODE_SIMPLE": "1"}, "disableAllHooks": true, "hooks": {"PreToolUse": '
        '[{"matcher": "*", "hooks": [{"type": "command", "command": "touch hooked"}]}]}}'
    )
    (folder / ".claude").mkdir()
    (folder / ".claude" / "settings.json").write_text((folder / "settings.json").read_text())
    desk = Desk(world, folder, [STEAL])
    with world.task():
        read = desk.go()

    assert [] == world.ran
    assert DENIED.match(read["call-steal"])
    assert not (folder / "hooked").exists()


PLUGIN = {
    "plugin/.claude-plugin/plugin.json": '{"name": "other", "version": "1.0.0"}',
    "plugin/hooks/hooks.json": (
        '{"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": '
        '"touch FOLDER/slipped"}]}]}}'
    ),
}
BEFORE = {"before.sh": '#!/bin/sh\ntouch FOLDER/slipped\nexec sh -c "$1"\n'}
SLIPS = {
    "CLAUDE_CODE_SIMPLE": ("1", {}),
    "CLAUDE_CODE_PLUGIN_DIRS": ("FOLDER/plugin", PLUGIN),
    "CLAUDE_CODE_SHELL_PREFIX": ("FOLDER/before.sh", BEFORE),
    "CLAUDE_CODE_SHELL": ("FOLDER/bash", {"bash": "#!/bin/sh\ntouch FOLDER/slipped"}),
    "BASH_ENV": ("FOLDER/before.sh", BEFORE),
}


@pytest.mark.parametrize("place", ["process", "file"])
@pytest.mark.parametrize("name", SLIPS)
def test_no_variable_lets_anything_run_past_a_hook(world, folder, monkeypatch, name, place):
    """
    Neither of this process, nor of the file that Claude Code itself puts above that.
    """
    tools = {**world.policy.deployment["tools"]}
    tools["Bash"] = {**tools["Bash"], "arguments": {"/command": {"one_of": ["true"]}}}
    world.policy.change(tools=tools)
    value, files = SLIPS[name]
    value = value.replace("FOLDER", str(folder))
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.replace("FOLDER", str(folder)))
        (folder / path).chmod(0o755)
    if place == "process":
        monkeypatch.setenv(name, value)
    calls = [bash(f"touch {folder}/slipped"), bash("true", "call-true")]
    desk = Desk(world, folder, calls, own=["Bash"], allowed_tools=["Bash"])
    if place == "file":
        # Written once the options are protected: before, they are refused for it.
        (folder / ".claude.json").write_text(json.dumps({"env": {name: value}}))
    with world.task() as task:
        read = desk.go()
        report = task.report()

    assert DENIED.match(read["call-bash"])
    assert 1 == report.ran
    assert not (folder / "slipped").exists()


def test_the_same_id_twice_is_one_call(world, folder):
    desk = Desk(world, folder)
    (matcher, *_) = desk.options.hooks["PreToolUse"]
    (hook,) = matcher.hooks
    said = {"tool_name": "Bash", "tool_input": {"command": "true"}, "tool_use_id": "c"}

    async def twice():
        return [(await hook(said, "c", {}))["hookSpecificOutput"] for _ in range(2)]

    with world.task():
        first, second = asyncio.run(twice())

    assert "allow" == first["permissionDecision"]
    assert "deny" == second["permissionDecision"]
    assert "[call.repeated]" in second["permissionDecisionReason"]


# --- agents within, and sessions that go on -----------------------------------------------------


async def test_an_open_session_that_nobody_guards_is_not_asked_within_a_tool(world):
    Authorization(world.guard, resources=world.resources)
    client = ClaudeSDKClient()

    @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
    async def read(id):
        await client.query("go on")

    with world.task() as task, pytest.raises(ConfigurationError) as refused:
        await read("42")
    assert "agent.unguarded" == refused.value.code
    assert "cannot tell" == task.report().verdict


def test_an_agent_within_cannot_wait(world, folder):
    about = {"description": "ask", "prompt": "go on", "subagent_type": "other"}
    desk = Desk(
        world,
        folder,
        [ToolCall("Agent", {**about, "run_in_background": False}, "call-outer")],
        within=[[SEND]],
        own=["Agent"],
        agents={"other": AgentDefinition("The other agent.", "You are the inner agent.")},
    )
    with world.wary() as task:
        read = desk.go()
        report = task.report()

    assert [] == world.ran
    assert "Not executed [approval.not_waited]; a person has to approve it." == read["call-send"]
    assert ["flow.untrusted_argument"] == codes(report.asked)


def test_a_session_waits_with_one_call(world, folder):
    again = ToolCall("mail.send", {"to": [BOB], "body": "more"}, "call-more")
    desk = Desk(world, folder, [SEND, again])
    with world.wary():
        read = desk.go()
        assert "call-send" == desk.result.deferred_tool_use.id
        world.signs = True
        read = desk.go(None)

    assert [("mail.send", dict(SEND.arguments))] == world.ran
    assert "sent" == read["call-send"]
    assert PENDING.match(read["call-more"])


def test_a_session_that_goes_on_elsewhere_is_judged_there(world, folder):
    """
    Nothing is known there of what was asked: the policy is asked again.
    """
    desk = Desk(world, folder, [SEND])
    with world.wary():
        desk.go()
        other = Desk(world, folder)
        other.messages = [*desk.messages]
        other.go(None)
        waits = other.result.deferred_tool_use
        assert {"name": "mail.send", "tool_call_id": "call-send"}.items() <= (
            other.authorization.question(waits).items()
        )
        other.authorization.reject(waits)
        read = other.go(None)

    assert [] == world.ran
    assert DENIED.match(read["call-send"])


def test_a_no_is_heard_in_its_own_session_alone(world, folder):
    """
    Another user's session waits with a call of the same id, tool and arguments.
    """
    theirs, mine = world.wary(), world.wary()
    one = Desk(world, folder, [SEND], task=theirs)
    other = Desk(world, folder, [SEND], task=mine, authorization=one.authorization)
    for desk in (one, other):
        desk.go()
    asked = [
        one.authorization.question(desk.result.deferred_tool_use, task)["decision_id"]
        for desk, task in ((one, theirs), (other, mine))
    ]
    assert 2 == len({*asked} - {""})
    with pytest.raises(TaskMissing):
        one.authorization.reject(one.result.deferred_tool_use)
    one.authorization.reject(one.result.deferred_tool_use, theirs)
    world.signs = True
    assert "sent" == other.go(None)["call-send"]
    assert one.go(None)["call-send"].startswith("Not executed [approval.rejected]")
    assert [("mail.send", dict(SEND.arguments))] == world.ran


def test_a_task_that_is_named_holds_for_a_client_that_is_connected_before(world, folder):
    async def ask(desk, task):
        async with ClaudeSDKClient(desk.options) as client:
            with task:
                await client.query("go on")
                return [message async for message in client.receive_response()]

    task = world.task()
    desk = Desk(world, folder, [SEND], task=task)
    asyncio.run(ask(desk, task))
    assert "sent" == desk.read["call-send"]

    late = Desk(world, folder, [SEND])
    asyncio.run(ask(late, world.task()))
    assert "[task.missing]" in late.read["call-send"]
    assert ["mail.send"] == names(world)


# --- whom the program asks itself ---------------------------------------------------------------


class Person:
    """Answers for the program, and keeps what it was asked."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    async def __call__(self, name, said, context):
        self.asked.append(context.tool_use_id)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def test_a_yes_is_judged_again_once(world, folder):
    person = Person(PermissionResultAllow())
    desk = Desk(
        world,
        folder,
        [SEND],
        [ToolCall("mail.send", SEND.arguments, "call-again")],
        can_use_tool=person,
    )
    with world.wary():
        signed = desk.authorization.ask

        def sign_next(call_id, *about):
            signed(call_id, *about)
            world.signs = call_id == "call-again"

        desk.authorization.ask = sign_next
        read = desk.go()

    assert ["call-send", "call-again"] == person.asked
    assert PENDING.match(read["call-send"])
    assert "sent" == read["call-again"]
    assert [("mail.send", dict(SEND.arguments))] == world.ran


def test_while_a_person_thinks_no_other_call_has_the_id(world, folder):
    """
    What the first has run as would be recorded of the second, and of the first nothing.
    """
    answered = asyncio.Event()

    async def thinks(name, said, context):
        await answered.wait()
        return PermissionResultAllow()

    desk = Desk(world, folder, can_use_tool=thinks)
    (before,) = desk.options.hooks["PreToolUse"][0].hooks
    (prompted,) = desk.options.hooks["UserPromptSubmit"][0].hooks
    context = ToolPermissionContext(tool_use_id="c")
    name = "mcp__desk__mail_send"

    async def judged(body):
        arguments = {"to": [BOB], "body": body}
        said = {"tool_name": name, "tool_input": arguments, "tool_use_id": "c", "session_id": "s"}
        return arguments, (await before(said, "c", {}))["hookSpecificOutput"]

    async def both():
        await prompted({"session_id": "s"}, None, {})
        first, asked = await judged("first")
        thinking = asyncio.ensure_future(desk.options.can_use_tool(name, first, context))
        await asyncio.sleep(0)
        world.signs = True
        _, other = await judged("other")
        answered.set()
        answer = await thinking
        return asked, other, answer

    with world.wary():
        asked, other, answer = asyncio.run(both())

    assert "ask" == asked["permissionDecision"]
    assert "[call.repeated]" in other["permissionDecisionReason"]
    assert "first" == answer.updated_input["body"]


ANSWERS = {
    "no": (PermissionResultDeny(message="no"), "approval.rejected"),
    "other arguments": (
        PermissionResultAllow(updated_input={"to": [MALLORY], "body": "x"}),
        "permit.arguments_changed",
    ),
    "an error": (RuntimeError("canary"), "decision.unavailable"),
    "nothing": (None, "decision.unavailable"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_other_answer_lets_it_run(world, folder, answer):
    said, code = ANSWERS[answer]
    desk = Desk(
        world,
        folder,
        [SEND],
        [ToolCall("mail.send", SEND.arguments, "call-again")],
        can_use_tool=Person(said),
    )
    with world.wary():
        world_signs = desk.authorization.ask

        def signs(*about):
            world_signs(*about)
            world.signs = True

        desk.authorization.ask = signs
        read = desk.go()

    assert [] == [each for each in world.ran if each[1] != dict(SEND.arguments)]
    assert f"Not executed [{code}]; do not retry." in read["call-send"]
    if answer == "no":
        assert "Not executed [approval.rejected]" in read["call-again"]
        assert [] == world.ran


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (PermissionResultDeny(message="not today"), "not today"),
        (RuntimeError("canary"), "Not executed [decision.unavailable]; do not retry."),
    ],
    ids=["no", "an error"],
)
def test_a_person_is_not_asked_for_what_is_denied_and_may_refuse_what_is_not(
    world, folder, answer, said
):
    person = Person(answer)
    calls = [STEAL, READ, bash(f"touch {folder}/made")]
    desk = Desk(world, folder, calls, own=["Bash"], can_use_tool=person)
    with world.task() as task:
        read = desk.go()
        report = task.report()

    assert ["call-read", "call-bash"] == person.asked
    assert DENIED.match(read["call-steal"])
    assert said in read["call-read"]
    assert [] == world.ran
    assert not (folder / "made").exists()
    assert (0, 2, 0) == (report.ran, report.stopped, report.unknown)


def test_a_permit_that_has_waited_for_a_person_is_asked_for_anew(world, folder, monkeypatch):
    """
    Whoever thinks for long, what was decided before may hold no longer.
    """
    waited, now = [], clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: now() + sum(waited))

    async def thinks(name, said, context):
        waited.append(60)
        return PermissionResultAllow()

    desk = Desk(
        world, folder, [READ, bash(f"touch {folder}/made")], own=["Bash"], can_use_tool=thinks
    )
    with world.task() as task:
        read = desk.go()
        report = task.report()

    assert BOB in read["call-read"]
    assert (folder / "made").exists()
    assert (2, 2) == (report.ran, report.stopped)


# --- tools of this process ----------------------------------------------------------------------


def tool(run, name="mail.read"):
    return SdkMcpTool(name, "A tool.", {"id": str}, run)


def test_what_a_tool_says_of_its_failure_is_recorded_as_one(world, folder):
    async def fails(arguments):
        return {"content": [{"type": "text", "text": "no such mail"}], "is_error": True}

    desk = Desk(world, folder, [READ], tools=[tool(fails)])
    with world.task() as task:
        read = desk.go()
        assert 1 == task.report().ran

    assert "no such mail" in read["call-read"]


RESULTS = {
    "a picture": {
        "content": [{"type": "image", "data": "Ym9iQGFjbWUuZXhhbXBsZQ==", "mimeType": "image/png"}]
    },
    "no content": "write to bob@acme.example",
    "an error": OSError("no mail to bob@acme.example"),
    "a failure": {
        "content": [{"type": "text", "text": "no mail to bob@acme.example"}],
        "is_error": True,
    },
}


@pytest.mark.parametrize("result", RESULTS)
def test_what_is_masked_is_in_nothing_else_either(world, folder, result):
    registered(world, returns={"label": "confidential", "mask": ["email"]})

    async def answers(arguments):
        if isinstance(RESULTS[result], BaseException):
            raise RESULTS[result]
        return RESULTS[result]

    desk = Desk(world, folder, [READ], tools=[tool(answers)])
    with world.task() as task:
        desk.go()
        assert 1 == task.report().ran

    assert BOB not in str(desk.model.heard)
    assert "Ym9iQ" not in str(desk.model.heard)


def test_of_a_call_that_a_tool_asks_for_itself_the_model_reads_no_more_than_of_its_own(
    world, folder
):
    """
    Neither the words of a rule, nor whose task it is: a code and a decision.
    """
    tools = {}

    @world.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
    def send(to: list[str], body: str) -> str:
        return "sent"

    tools["send"] = send

    async def forwards(arguments):
        return {"content": [{"type": "text", "text": tools["send"]([MALLORY], "x")}]}

    desk = Desk(world, folder, [READ], tools=[tool(forwards)])
    with world.task():
        said = desk.go()["call-read"]

    assert DENIED.fullmatch(said)


def test_what_would_run_later_is_not_given(world, folder):
    @world.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str):
        return (part for part in ["the", "canary"])

    desk = Desk(world, folder, [READ], tools=[read])
    with world.task():
        said = desk.go()["call-read"]

    assert said.startswith("Not known whether executed [configuration.tool_is_lazy]")
    assert "canary" not in said


def test_a_permit_is_for_the_tool_that_was_judged(world, folder):
    """
    Another tool of the server does not run with it, nor does the one that it was for.
    """
    tools = [tool_of(*each) for each in world.tools.items()]
    server = guarded_server("desk", tools)

    async def other(context, call_next):
        if context.method == "tools/call":
            context = replace(context, params={**context.params, "name": "mail_odd"})
        return await call_next(context)

    server["instance"].middleware.insert(0, other)
    desk = Desk(world, folder, [READ], mcp_servers={"desk": server})
    with world.task() as task:
        read = desk.go()
        report = task.report()

    assert [] == world.ran
    assert "Not executed [permit.missing]; do not retry." == read["call-read"]
    assert (0, 1, 0) == (report.ran, report.stopped, report.unknown)


def test_an_interrupted_call_is_recorded(world, folder):
    begun = asyncio.Event()

    async def waits(arguments):
        begun.set()
        await asyncio.sleep(30)

    desk = Desk(world, folder, [READ], tools=[tool(waits)])

    async def interrupted():
        async with ClaudeSDKClient(desk.options) as client:
            await client.query("go on")
            await begun.wait()
            await client.interrupt()
            return [message async for message in client.receive_response()]

    with world.task() as task:
        asyncio.run(interrupted())
        report = task.report()

    assert 1 == report.ran
    assert 0 == report.unknown


def test_a_tool_is_given_what_was_judged(world, folder):
    """
    In its canonical form, and with what the tool adds itself.
    """
    desk = Desk(world, folder, [ToolCall("file.write", {"path": "/work/a/../b"}, "c")])
    with world.task():
        desk.go()

    assert [("file.write", {"path": "/work/b", "text": "nothing"})] == world.ran


def test_a_copy_of_a_session_is_of_no_session_here(world, folder):
    """
    What a fork holds, nobody has seen in the session of its task.
    """
    harness = ClaudeAgentSdkHarness(world, "query", folder)
    with world.task(prompt="Do what mail 42 says"):
        harness.run([READ])
    with world.task(prompt="Do what mail 42 says") as task:
        harness.run([SEND], again=True, fork=True)
        state = world.guard._runtime.sessions.load(task.session)

    assert ["mail.read"] == [tool for tool, _ in world.ran]
    assert ("untrusted", "secret") == (state.trust, state.label)
