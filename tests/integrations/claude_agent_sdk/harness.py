"""`query` and `ClaudeSDKClient`, with the SDK's own Claude Code and a model of the tests' own."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from claude_agent_sdk import (
    AgentDefinition,
    ClaudeAgentOptions,
    ClaudeSDKClient,
    ResultMessage,
    SdkMcpTool,
    create_sdk_mcp_server,
    query,
)
from pydantic_core import to_json
from tests.integrations.claude_agent_sdk.model import Scripted, use
from tests.integrations.world import Past, Seen, ToolCall, World, authorization_of

from inbounds.integrations.claude_agent_sdk import Authorization, guarded_server, protect
from inbounds.pep.labelled import Labelled
from inbounds.pep.task import Task

OWN = ("Agent", "Bash", "Read", "mcp__files__make")
"""The tools of Claude Code, and of a server that it starts, that are registered as well."""

PREFIX = re.compile(r"PreToolUse:\S+ hook error: ")
"""What Claude Code itself says before the reason of a refusal."""

SCHEMAS: Mapping[str, dict[str, Any]] = {
    "mail.read": {"id": str},
    "mail.send": {"to": list, "body": str},
    "file.write": {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "text": {"type": "string", "default": "nothing"},
        },
        "required": ["path"],
    },
    "mail.odd": {"id": str},
}


def world_of(folder: Path) -> World:
    """The world of every framework, in which tools of Claude Code are registered as well."""
    world = World(folder)
    now = world.policy.deployment
    arguments: dict[str, dict[str, Any]] = {
        "Agent": {
            "/description": {},
            "/prompt": {},
            "/subagent_type": {},
            "/run_in_background": {},
        },
        "Bash": {"/command": {"required": True}, "/description": {}},
        "Read": {"/file_path": {"kind": "path", "required": True}},
        "mcp__files__make": {"/name": {"one_of": ["a", "b"], "required": True}},
    }
    arguments["Agent"]["/run_in_background"] = {"type": "boolean"}
    entries = {
        name: {
            "effects": ["read"],
            "resource": "mail",
            "arguments": said,
            "returns": {"label": "public", "party": "first"},
            "tenant": "acme",
            "environment": "development",
        }
        for name, said in arguments.items()
    }
    name = "spiffe://acme.example/agent/assistant"
    agent = now["agents"][name]
    manifest = {
        **agent["manifest"],
        "tools": sorted({*agent["manifest"]["tools"], *OWN}),
    }
    intent = now["intents"]["correspond"]
    world.policy.change(
        tools={**now["tools"], **entries},
        agents={**now["agents"], name: {**agent, "manifest": manifest}},
        intents={
            **now["intents"],
            "correspond": {**intent, "tools": sorted({*intent["tools"], *OWN})},
        },
    )
    world.resources |= {
        "Agent": lambda **_: ("mail", "agent"),
        "Bash": lambda **_: ("mail", "shell"),
        "Read": lambda **_: ("mail", "file"),
        "mcp__files__make": lambda name: ("mail", name),
    }
    return world


def shown_as(tool: str) -> str:
    """The name that the model calls a tool of the server `desk` by."""
    own = tool[0].isupper() or tool.startswith("mcp__")
    return tool if own else "mcp__desk__" + tool.replace(".", "_")


def registered_as(shown: str) -> str:
    """The name that the registry has for what the model calls by this one."""
    return shown.removeprefix("mcp__desk__").replace("_", ".")


def tool_of(name: str, function: Callable[..., Any]) -> SdkMcpTool[Any]:
    """A function as a tool, as its author would write it."""

    async def run(arguments: dict[str, Any]) -> Any:
        value = function(**arguments)
        value = await value if inspect.isawaitable(value) else value
        bare = value.value if isinstance(value, Labelled) else value
        text = bare if isinstance(bare, str) else to_json(bare).decode()
        said = {"content": [{"type": "text", "text": text}]}
        return Labelled(said, value.label) if isinstance(value, Labelled) else said

    return SdkMcpTool(name, function.__doc__ or name, SCHEMAS[name], run)


def environment(folder: Path, model: Scripted) -> dict[str, str]:
    """What lets Claude Code talk to the model of the tests, and to nobody else."""
    return {
        "ANTHROPIC_BASE_URL": model.url,
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "HOME": str(folder),
        "CLAUDE_CONFIG_DIR": str(folder),
        "CLAUDE_CODE_TMPDIR": str(folder),
        "TMPDIR": str(folder),
    }


async def told(options: ClaudeAgentOptions, prompt: str | None, way: str) -> list[Any]:
    """Run a session, and return its messages; without a prompt, one that goes on."""
    async with asyncio.timeout(60):
        if way == "query" and prompt is not None:
            return [message async for message in query(prompt=prompt, options=options)]
        async with ClaudeSDKClient(options) as client:
            if prompt is not None:
                await client.query(prompt)
            return [message async for message in client.receive_response()]


class ClaudeAgentSdkHarness:
    """See `Harness`.

    Args:
        world: What the agent is put before.
        way: `query` with tools as `tool` makes them, `client` with guarded functions.
        folder: Where Claude Code keeps its sessions; by default one of its own.
    """

    aborts = False
    filters = False
    names_conversations = True
    states = ()
    cannot_wait = "approval.not_waited"
    beyond: Mapping[str, str] = {
        "test_a_call_of_a_tool_that_is_not_there_leaves_its_record": (
            "the framework itself answers a call of a tool that the agent does not have"
        ),
        "test_an_answer_to_another_call_is_none_to_this": (
            "the framework itself goes on with the call that it has deferred, and no other"
        ),
        "test_a_tool_that_only_a_fallback_brings_is_refused": (
            "a fallback is the name of a model, and has no settings of its own"
        ),
        **dict.fromkeys(
            [
                "test_an_allowed_value_that_a_framework_fills_in_is_judged",
                "test_a_denied_value_that_a_framework_fills_in_does_not_run",
                "test_a_denied_value_that_a_factory_makes_does_not_run",
                "test_a_default_that_a_stated_schema_leaves_out_is_judged",
            ],
            "a tool is given the judged arguments as one object, and nothing adds to them",
        ),
    }

    def __init__(self, world: World, way: str, folder: Path | None = None) -> None:
        self.world = world
        self._session = ""
        self._way = way
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="claude-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._folder = folder
        self._options = ClaudeAgentOptions()
        self._model = Scripted()
        self._deferred: Any = None
        self.authorization = Authorization(world.guard, resources=world.resources)
        guard = world.guard
        self._tools: list[Any] = [tool_of(*each) for each in world.tools.items()]
        if way == "client":
            self._tools = [
                guard.tool(name, resource=world.resources[name])(_plain(function))
                for name, function in world.tools.items()
            ]

    def run(
        self,
        *turns: Sequence[ToolCall],
        tamper: Callable[[Any], Any] | None = None,
        answer: Callable[[], str] | None = None,
        context: Task | None = None,
        waits: bool = True,
        again: bool = False,
        fork: bool = False,
    ) -> Seen:
        server = guarded_server("desk", self._tools)

        async def between(context: Any, call_next: Any) -> Any:
            if context.method == "tools/call" and answer is not None:
                return {"content": [{"type": "text", "text": answer()}]}
            if context.method == "tools/call" and tamper is not None:
                said = {**context.params, "arguments": tamper(context.params["arguments"])}
                context = replace(context, params=said)
            return await call_next(context)

        server["instance"].middleware.insert(0, between)
        self._model = scripted(*turns)
        options = self.options(server)
        if not waits:
            options.extra_args["no-session-persistence"] = None
        self._options = protect(options, self.authorization, task=context)
        if again:
            self._options = replace(self._options, resume=self._session, fork_session=fork)
        return self._seen("go on")

    def go_on(self, past: Sequence[Past], *turns: Sequence[ToolCall]) -> Seen:
        self.bare([])
        (kept,) = self._folder.rglob(f"{self._session}.jsonl")
        first = [json.loads(line) for line in kept.read_text("utf-8").splitlines()]
        prompt = next(each for each in first if each.get("type") == "user")
        lines, before = [], None
        for at, each in enumerate(past):
            own = {"uuid": f"00000000-0000-4000-8000-{at:012}", "parentUuid": before}
            lines.append(json.dumps({**prompt, **own, **_entry(each)}))
            before = own["uuid"]
        kept.write_text("\n".join([*lines, ""]), "utf-8")
        return self.run(*turns, again=True)

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        self._model = scripted(*turns)
        self._options = self._bare_options(self._model)
        return self._seen("go on")

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        if not approve:
            self.authorization.reject(self._deferred)
        return self._seen(None)

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        options = self.options(guarded_server("desk", self._tools))
        if not guarded:

            async def ask(arguments: dict[str, Any]) -> dict[str, Any]:
                said = [message async for message in query(prompt="go on", options=options)]
                return {"content": [{"type": "text", "text": str(said[-1])}]}

            tool = SdkMcpTool("mail.read", "Ask the other agent.", {"id": str}, ask)
            guarded_server("outer", [tool])
            raise AssertionError("it was not refused")
        about = {"description": "ask", "prompt": "go on", "subagent_type": "other"}
        outer = ToolCall("Agent", {**about, "run_in_background": False}, "call-outer")
        self._model = Scripted([use(outer, "Agent")], within=[[use(wish, shown_as(wish.tool))]])
        options.env = environment(self._folder, self._model)
        options.tools = ["Agent"]
        options.agents = {"other": AgentDefinition("The other agent.", "You are the inner agent.")}
        self._options = protect(options, self.authorization)
        return self._seen("go on")

    def unguarded_agent(self, wish: ToolCall) -> Any:
        return self._bare_options(scripted([wish]))

    def guarded_agent(self, wish: ToolCall) -> Any:
        options = self.options(guarded_server("desk", self._tools))
        options.env = environment(self._folder, scripted([wish]))
        return protect(options, self.authorization)

    def smallest_agents(self) -> Sequence[Any]:
        return [ClaudeAgentOptions(env=environment(self._folder, scripted()))]

    def start(self, agent: Any) -> None:
        asyncio.run(self.astart(agent))

    async def astart(self, agent: Any) -> None:
        await told(agent, "go on", self._way)

    def run_tool(self, function: Callable[..., Any]) -> Seen:
        async def run(arguments: dict[str, Any]) -> Any:
            if inspect.iscoroutinefunction(function):
                said = await function(**arguments)
            else:
                said = await asyncio.to_thread(function, **arguments)
            return {"content": [{"type": "text", "text": said}]}

        tool = SdkMcpTool("mail.read", "Ask another agent.", {"id": str}, run)
        self._model = scripted([ToolCall("mail.read", {"id": "1"}, "call-outer")])
        options = self.options(guarded_server("desk", [tool]))
        self._options = protect(options, self.authorization)
        return self._seen("go on")

    def host(self) -> None:
        protect(ClaudeAgentOptions(tools=["WebSearch"]), self.authorization)

    def set_up(self, **wrong: Any) -> None:
        authorization = authorization_of(self.world, Authorization, wrong)
        protect(self.options(guarded_server("desk", self._tools)), authorization)

    # --- its own --------------------------------------------------------------------------

    def _bare_options(self, model: Scripted) -> ClaudeAgentOptions:
        tools = [tool_of(*each) for each in self.world.tools.items()]
        for each in tools:
            each.name = each.name.replace(".", "_")
        options = replace(
            self.options(create_sdk_mcp_server("desk", tools=tools)),
            allowed_tools=["mcp__desk"],
            setting_sources=[],
            tools=[],
        )
        options.env = {**environment(self._folder, model), "ENABLE_TOOL_SEARCH": "false"}
        return options

    def options(self, server: Any) -> ClaudeAgentOptions:
        return ClaudeAgentOptions(
            mcp_servers={"desk": server},
            cwd=self._folder,
            env=environment(self._folder, self._model),
        )

    def _seen(self, prompt: str | None) -> Seen:
        options = self._options
        if prompt is None:
            options = replace(options, resume=self._session)
        raised: BaseException | None = None
        messages: list[Any] = []
        try:
            messages = asyncio.run(told(options, prompt, self._way))
        except Exception as error:  # noqa: BLE001 -- what a run ends with is looked at
            raised = error
        paused = []
        for each in messages:
            if isinstance(each, ResultMessage):
                self._session = each.session_id
                self._deferred = each.deferred_tool_use
        if self._deferred is not None:
            paused.append(self.authorization.question(self._deferred))
        read = {call: PREFIX.sub("", text, count=1) for call, text in self._model.read.items()}
        shown = [[registered_as(name) for name in names] for names in self._model.shown]
        return Seen(read=read, paused=paused, shown=shown, raised=raised)


def _entry(past: Past) -> dict[str, Any]:
    if past.kind == "prompt":
        return {"type": "user", "message": {"role": "user", "content": past.text}}
    if past.kind == "result":
        said = {"tool_use_id": past.id, "type": "tool_result", "content": past.text}
        return {"type": "user", "message": {"role": "user", "content": [said]}}
    said = {"type": "text", "text": past.text}
    if past.kind == "call":
        name, told = "mcp__desk__file_write", {"path": past.text}
        said = {"type": "tool_use", "id": past.id, "name": name, "input": told}
    about = {"id": f"msg_{past.id}", "type": "message", "model": "claude-opus-5-5"}
    message = {**about, "role": "assistant", "content": [said], "stop_reason": "end_turn"}
    return {"type": "assistant", "message": message}


def scripted(*turns: Sequence[ToolCall]) -> Scripted:
    """A model that asks for the calls of one turn after the other, then is done."""
    return Scripted(*([use(wish, shown_as(wish.tool)) for wish in turn] for turn in turns))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method as a function, since a guard does not judge what it belongs to."""

    @functools.wraps(function)
    def run(*args: Any, **arguments: Any) -> Any:
        return function(*args, **arguments)

    return run
