"""`Runner` of the OpenAI Agents SDK, with a model of the tests' own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents import (
    Agent,
    FunctionTool,
    ModelSettings,
    RunHooks,
    Runner,
    RunState,
    WebSearchTool,
    function_tool,
    set_tracing_disabled,
)
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from tests.integrations.world import Past, Seen, ToolCall, World, authorization_of

from inbounds.integrations.openai_agents import Authorization, protect
from inbounds.pep.task import Task

# Whatever the environment says, nothing is told to the provider.
set_tracing_disabled(True)


def scripted(*turns: Sequence[ToolCall]) -> ScriptedModel:
    """A model that asks for the calls of one turn after the other, then is done."""
    steps = [
        ModelStep(output=[function_call(w.tool, w.arguments, call_id=w.id) for w in turn])
        for turn in turns
        if turn
    ]
    return ScriptedModel([*steps, ModelStep(output=[assistant_message("done")])])


@dataclass
class Asking:
    """What an agent takes that stands as the tool `mail.read`."""

    id: str


class Between(RunHooks):
    """A layer between the adapter and the tool."""

    def __init__(
        self, change: Callable[[Any], Any] | None, answer: Callable[[], str] | None
    ) -> None:
        self._change = change
        self._answer = answer
        self._own: dict[str, Any] = {}

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        if self._change is not None:
            said = json.loads(context.tool_call.arguments)
            context.tool_call.arguments = json.dumps(self._change(said))
        if self._answer is not None:
            self._own[tool.name] = tool.on_invoke_tool
            tool.on_invoke_tool = self._instead

    async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
        if self._answer is not None:
            tool.on_invoke_tool = self._own.pop(tool.name)

    async def _instead(self, context: Any, said: str) -> str:
        assert self._answer is not None
        return self._answer()


class OpenAIAgentsHarness:
    """See `Harness`.

    Args:
        world: What the agent is put before.
        way: `sync` for `run_sync`, `async` for `run`, `streamed` for `run_streamed`; `json` for
            `run` where each state goes through JSON.
    """

    aborts = False
    names_conversations = False
    states = ("json", "default")
    filters = False
    beyond: Mapping[str, str] = {
        "test_a_call_of_a_tool_that_is_not_there_leaves_its_record": (
            "the framework itself answers a call of a tool that the agent does not have"
        ),
        "test_an_answer_to_another_call_is_none_to_this": (
            "an answer is given to the question itself, which names its call"
        ),
        "test_a_run_that_cannot_wait_says_so": "every run can wait: its result holds the question",
    }

    def __init__(self, world: World, way: str) -> None:
        self.world = world
        self._way = way
        self._agent: Any = None
        self._result: Any = None
        self._options: dict[str, Any] = {}
        self.authorization = Authorization(world.guard, resources=world.resources)

    def tools(self) -> list[FunctionTool]:
        made = [
            function_tool(function, name_override=name, strict_mode=False)
            for name, function in self.world.tools.items()
        ]
        for tool in made:
            stated = self.world.schemas.get(tool.name)
            tool.params_json_schema = stated or tool.params_json_schema
        return made

    def agent(self, *turns: Sequence[ToolCall], tools: Sequence[Any], **options: Any) -> Any:
        return Agent(name="Desk", model=scripted(*turns), tools=[*tools], **options)

    def run(
        self,
        *turns: Sequence[ToolCall],
        tamper: Callable[[Any], Any] | None = None,
        answer: Callable[[], str] | None = None,
        context: Task | None = None,
        again: bool = False,
    ) -> Seen:
        before = self._result.to_input_list() if again else []
        self._agent = protect(self.agent(*turns, tools=self.tools()), self.authorization)
        self._options = {"hooks": Between(tamper, answer)}
        if context is not None:
            self._options["context"] = {"task": context}
        return self._seen([*before, {"role": "user", "content": "go on"}])

    def go_on(self, past: Sequence[Past], *turns: Sequence[ToolCall]) -> Seen:
        self._agent = protect(self.agent(*turns, tools=self.tools()), self.authorization)
        self._options = {}
        return self._seen([*map(_item, past), {"role": "user", "content": "go on"}])

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        self._agent = self.agent(*turns, tools=self.tools())
        self._options = {}
        return self._seen("go on")

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        state = self._result.to_state()
        if self._way == "json":
            text = json.dumps(state.to_json())
            state = asyncio.run(RunState.from_json(self._agent, json.loads(text)))
        for each in state.get_interruptions():
            if approve:
                state.approve(each)
            else:
                state.reject(each)
        return self._seen(state)

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        inner = self.agent([wish], tools=self.tools())
        tool: Any
        if guarded:
            tool = inner.as_tool("mail.read", "Ask the other agent.", parameters=Asking)
        else:

            async def ask(id: str) -> str:
                """Ask the other agent."""
                return str((await Runner.run(inner, "go on")).final_output)

            tool = function_tool(ask, name_override="mail.read")
        outer = [ToolCall("mail.read", {"id": "1"}, "call-outer")]
        self._agent = protect(self.agent(outer, tools=[tool]), self.authorization)
        seen = self._seen("go on")
        return Seen(read={**seen.read, **_read(inner.model.calls)}, raised=seen.raised)

    def unguarded_agent(self, wish: ToolCall) -> Any:
        return self.agent([wish], tools=self.tools())

    def guarded_agent(self, wish: ToolCall) -> Any:
        return protect(self.unguarded_agent(wish), self.authorization)

    def smallest_agents(self) -> Sequence[Any]:
        return [self.agent(tools=[])]

    def start(self, agent: Any) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            Runner.run_sync(agent, "go on")
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    async def astart(self, agent: Any) -> None:
        if self._way == "streamed":
            async for _ in Runner.run_streamed(agent, "go on").stream_events():
                pass
        else:
            await Runner.run(agent, "go on")

    def run_tool(self, function: Callable[..., Any]) -> Seen:
        tool = function_tool(function, name_override="mail.read")
        wish = ToolCall("mail.read", {"id": "1"}, "call-outer")
        self._agent = protect(self.agent([wish], tools=[tool]), self.authorization)
        return self._seen("go on")

    def host(self) -> None:
        protect(self.agent(tools=[WebSearchTool()]), self.authorization)

    def host_in_fallback(self) -> None:
        hosted = {"model": "other", "tools": [{"type": "web_search"}]}
        settings = ModelSettings(extra_args={"fallbacks": [hosted]})
        protect(self.agent(tools=[], model_settings=settings), self.authorization)

    def set_up(self, **wrong: Any) -> None:
        authorization = authorization_of(self.world, Authorization, wrong)
        protect(self.agent(tools=self.tools()), authorization)

    # --- its own --------------------------------------------------------------------------

    def _seen(self, given: Any) -> Seen:
        try:
            self._result = self._run(given)
        except Exception as error:  # noqa: BLE001 -- what a run ends with is looked at
            return Seen(raised=error, shown=self._shown())
        paused = [self.authorization.question(each) for each in self._result.interruptions]
        read = {
            item.raw_item["call_id"]: str(item.raw_item["output"])
            for item in self._result.new_items
            if item.type == "tool_call_output_item"
        }
        return Seen(read=read, paused=paused, shown=self._shown())

    def _run(self, given: Any) -> Any:
        if self._way == "sync":
            # The loop it makes where there is none stays open: that would be somebody else's.
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            try:
                return Runner.run_sync(self._agent, given, **self._options)
            finally:
                asyncio.set_event_loop(None)
                loop.close()
        if self._way == "streamed":
            return asyncio.run(self._streamed(given))
        return asyncio.run(Runner.run(self._agent, given, **self._options))

    async def _streamed(self, given: Any) -> Any:
        result = Runner.run_streamed(self._agent, given, **self._options)
        async for _ in result.stream_events():
            pass
        return result

    def _shown(self) -> list[list[str]]:
        return [[tool.name for tool in call.tools] for call in self._agent.model.calls]


def _item(past: Past) -> dict[str, Any]:
    if past.kind == "call":
        said = json.dumps({"path": past.text})
        call = {"type": "function_call", "call_id": past.id, "name": "file.write"}
        return {**call, "arguments": said}
    if past.kind == "result":
        return {"type": "function_call_output", "call_id": past.id, "output": past.text}
    return {"role": "user" if past.kind == "prompt" else "assistant", "content": past.text}


def _read(calls: Sequence[Any]) -> dict[str, str]:
    """What a model has read, by the id of each call."""
    return {
        item["call_id"]: str(item["output"])
        for call in calls
        if isinstance(call.input, list)
        for item in call.input
        if item.get("type") == "function_call_output"
    }
