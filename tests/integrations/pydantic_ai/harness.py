"""Agents of Pydantic AI in each of their ways to run, with a model of the tests' own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, Tool
from pydantic_ai.capabilities import NativeTool
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel
from pydantic_ai.native_tools import WebSearchTool
from pydantic_ai.toolsets import FunctionToolset, WrapperToolset
from tests.integrations.world import Past, Seen, ToolCall, World, authorization_of

from inbounds.integrations.pydantic_ai import AuthorizationCapability, create_guarded_agent
from inbounds.pep.task import Task


class Scripted:
    """A model that asks for the calls of one turn after the other, then is done."""

    def __init__(self, *turns: Sequence[ToolCall], after: Sequence[ModelMessage] = ()) -> None:
        self._turns = turns
        self._before = len(after)
        self.shown: list[list[str]] = []
        self.model = FunctionModel(self._respond, stream_function=self._stream)

    def _wishes(self, messages: Sequence[ModelMessage], info: AgentInfo) -> Sequence[ToolCall]:
        self.shown.append([tool.name for tool in info.function_tools])
        turn = sum(isinstance(each, ModelResponse) for each in messages[self._before :])
        return self._turns[turn] if turn < len(self._turns) else []

    def _respond(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        wishes = self._wishes(messages, info)
        calls = [ToolCallPart(w.tool, dict(w.arguments), w.id) for w in wishes]
        return ModelResponse(parts=calls or [TextPart("done")])

    async def _stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Any]:
        wishes = self._wishes(messages, info)
        for n, wish in enumerate(wishes):
            said = json.dumps(dict(wish.arguments))
            yield {n: DeltaToolCall(wish.tool, said, tool_call_id=wish.id)}
        if not wishes:
            yield "done"


@dataclass
class Between(WrapperToolset[Any]):
    """A layer between the adapter and the tool."""

    change: Callable[[Any], Any] | None = None
    answer: Callable[[], str] | None = None

    async def call_tool(self, name: str, tool_args: Any, ctx: Any, tool: Any) -> Any:
        if self.answer is not None:
            return self.answer()
        said = tool_args if self.change is None else self.change(tool_args)
        return await super().call_tool(name, said, ctx, tool)


class PydanticAIHarness:
    """See `Harness`.

    Args:
        world: What the agent is put before.
        way: `run_sync`, `run`, `iter` or `run_stream`.
    """

    filters = True
    aborts = True
    names_conversations = True
    states = ("json", "default")
    cannot_wait = "approval.no_deferred_requests"
    beyond: Mapping[str, str] = {
        "test_a_call_of_a_tool_that_is_not_there_leaves_its_record": (
            "the framework itself answers a call of a tool that the agent does not have"
        ),
        "test_an_answer_to_another_call_is_none_to_this": (
            "the framework itself does not go on with an answer to another call"
        ),
    }

    def __init__(self, world: World, way: str) -> None:
        self.world = world
        self._way = way
        self._agent: Any = None
        self._script = Scripted()
        self._deps: Any = None
        self._messages: Any = None
        self._waiting: list[str] = []
        self.authorization = AuthorizationCapability(world.guard, resources=world.resources)

    def tools(self) -> list[Tool[Any]]:
        return [self._tool(name, function) for name, function in self.world.tools.items()]

    def _tool(self, name: str, function: Callable[..., Any]) -> Tool[Any]:
        if name in self.world.schemas:
            return Tool.from_schema(function, name, "-", self.world.schemas[name])
        return Tool(function, name=name)

    def run(
        self,
        *turns: Sequence[ToolCall],
        tamper: Callable[[Any], Any] | None = None,
        answer: Callable[[], str] | None = None,
        waits: bool = True,
        context: Task | None = None,
        again: bool = False,
    ) -> Seen:
        history = self._messages if again else []
        self._script = Scripted(*turns, after=history)
        self._deps = None if context is None else {"task": context}
        if waits:
            layered = Between(FunctionToolset(self.tools()), tamper, answer)
            self._agent = create_guarded_agent(
                self._script.model, authorization=self.authorization, toolsets=[layered]
            )
        else:
            self._agent = Agent(
                self._script.model, tools=self.tools(), capabilities=[self.authorization]
            )
        return self._seen("go on", history, None)

    def go_on(self, past: Sequence[Past], *turns: Sequence[ToolCall]) -> Seen:
        self._messages = [_message(each) for each in past]
        return self.run(*turns, again=True)

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        self._script, self._deps = Scripted(*turns), None
        self._agent = Agent(self._script.model, tools=self.tools())
        return self._seen("go on", None, None)

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        ids = [call] if call else self._waiting
        results = DeferredToolResults(approvals=dict.fromkeys(ids, approve))
        return self._seen(None, self._messages, results)

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        script = Scripted([wish])
        inner: Any
        if guarded:
            inner = create_guarded_agent(
                script.model, self.tools(), authorization=self.authorization
            )
        else:
            inner = Agent(script.model, tools=self.tools())
        read: dict[str, str] = {}

        async def ask(id: str) -> str:
            """Ask the other agent."""
            read.update(_read((await inner.run("go on")).all_messages()))
            return "done"

        self._script = Scripted([ToolCall("mail.read", {"id": "1"}, "call-outer")])
        self._agent = create_guarded_agent(
            self._script.model,
            [Tool(ask, name="mail.read")],
            authorization=self.authorization,
        )
        seen = self._seen("go on", None, None)
        return Seen(read={**seen.read, **read})

    def unguarded_agent(self, wish: ToolCall) -> Any:
        return Agent(Scripted([wish]).model, tools=self.tools())

    def guarded_agent(self, wish: ToolCall) -> Any:
        model = Scripted([wish]).model
        return create_guarded_agent(model, self.tools(), authorization=self.authorization)

    def smallest_agents(self) -> Sequence[Any]:
        return [Agent(Scripted().model)]

    def start(self, agent: Any) -> None:
        asyncio.run(self.astart(agent))

    async def astart(self, agent: Any) -> None:
        if self._way == "run_stream":
            async with agent.run_stream("go on") as stream:
                await stream.get_output()
        else:
            await agent.run("go on")

    def run_tool(self, function: Callable[..., Any]) -> Seen:
        self._script = Scripted([ToolCall("mail.read", {"id": "1"}, "call-outer")])
        self._agent = create_guarded_agent(
            self._script.model,
            [Tool(function, name="mail.read")],
            authorization=self.authorization,
        )
        return self._seen("go on", None, None)

    def host(self) -> None:
        create_guarded_agent(
            self._script.model,
            authorization=self.authorization,
            capabilities=[NativeTool(WebSearchTool())],
        )

    def host_in_fallback(self) -> None:
        hosted = FunctionModel(
            self._script.model.function, settings={"openai_native_tools": [{"type": "web_search"}]}
        )
        model = FallbackModel(self._script.model, hosted)
        create_guarded_agent(model, authorization=self.authorization)

    def set_up(self, **wrong: Any) -> None:
        authorization = authorization_of(self.world, AuthorizationCapability, wrong)
        create_guarded_agent(self._script.model, self.tools(), authorization=authorization)

    # --- its own --------------------------------------------------------------------------

    def _seen(self, prompt: str | None, messages: Any, results: Any) -> Seen:
        said = {"deps": self._deps, "message_history": messages, "deferred_tool_results": results}
        try:
            if self._way == "run_sync":
                with own_loop():
                    output, found = _whole(self._agent.run_sync(prompt, **said))
            else:
                output, found = asyncio.run(getattr(self, f"_{self._way}")(prompt, **said))
        except Exception as error:  # noqa: BLE001 -- what a run ends with is looked at
            return Seen(raised=error, shown=self._script.shown)
        self._messages = found
        paused = []
        if isinstance(output, DeferredToolRequests):
            self._waiting = [call.tool_call_id for call in output.approvals]
            paused = [output.metadata[each] for each in self._waiting]
        return Seen(read=_read(found), paused=paused, shown=self._script.shown)

    async def _run(self, prompt: str | None, **said: Any) -> tuple[Any, list[ModelMessage]]:
        return _whole(await self._agent.run(prompt, **said))

    async def _iter(self, prompt: str | None, **said: Any) -> tuple[Any, list[ModelMessage]]:
        async with self._agent.iter(prompt, **said) as run:
            async for _ in run:
                pass
        return _whole(run.result)

    async def _run_stream(self, prompt: str | None, **said: Any) -> tuple[Any, list[ModelMessage]]:
        async with self._agent.run_stream(prompt, **said) as stream:
            output = await stream.get_output()
        return output, stream.all_messages()


@contextmanager
def own_loop() -> Iterator[None]:
    """Give `run_sync` a loop: one that it makes itself is closed by nobody."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _whole(result: Any) -> tuple[Any, list[ModelMessage]]:
    return result.output, result.all_messages()


def _read(messages: Sequence[ModelMessage]) -> dict[str, str]:
    return {
        # Of one that has failed, a provider is sent the same text within `{"error": …}`.
        part.tool_call_id: part.content
        if isinstance(part.content, str)
        else json.dumps(part.content)
        for message in messages
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    }


def _message(past: Past) -> ModelMessage:
    if past.kind == "prompt":
        return ModelRequest(parts=[UserPromptPart(past.text)])
    if past.kind == "result":
        return ModelRequest(parts=[ToolReturnPart("file.write", past.text, past.id)])
    if past.kind == "call":
        return ModelResponse(parts=[ToolCallPart("file.write", {"path": past.text}, past.id)])
    return ModelResponse(parts=[TextPart(past.text)])
