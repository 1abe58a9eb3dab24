"""Agents of Microsoft Agent Framework, run and streamed, with a model of the tests' own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent_framework import (
    Agent,
    AgentSession,
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    ChatResponseUpdate,
    Content,
    ContextProvider,
    FunctionInvocationLayer,
    FunctionMiddleware,
    FunctionTool,
    Message,
)
from tests.integrations.world import Past, Seen, ToolCall, World, authorization_of

from inbounds.integrations.agent_framework import AuthorizationMiddleware, create_guarded_agent
from inbounds.pep.task import Task


class Scripted(FunctionInvocationLayer[Any], ChatMiddlewareLayer[Any], BaseChatClient[Any]):
    """A client whose model asks for the calls of one turn after the other, then is done."""

    def __init__(self, *turns: Sequence[ToolCall], **options: Any) -> None:
        super().__init__(**options)
        self._turns = [list(turn) for turn in turns]
        self.shown: list[list[str]] = []
        self.read: dict[str, str] = {}

    def _contents(self, messages: Sequence[Message], options: Mapping[str, Any]) -> list[Content]:
        self.shown.append([tool.name for tool in options.get("tools") or ()])
        self.read.update(read(messages))
        if not self._turns:
            return [Content.from_text("done")]
        return [
            Content.from_function_call(wish.id, wish.tool, arguments=dict(wish.arguments))
            for wish in self._turns.pop(0)
        ]

    def _inner_get_response(self, *, messages: Any, stream: bool, options: Any, **_: Any) -> Any:
        contents = self._contents(messages, options)
        if stream:

            async def updates() -> Any:
                yield ChatResponseUpdate(contents=contents, role="assistant")

            return self._build_response_stream(updates())

        async def whole() -> Any:
            return ChatResponse(messages=[Message("assistant", contents)])

        return whole()


class Between(FunctionMiddleware):
    """A layer between the adapter and the tool."""

    def __init__(self, change: Callable[[Any], Any] | None, answer: Callable[[], str] | None):
        self._change = change
        self._answer = answer

    async def process(self, context: Any, call_next: Any) -> None:
        if self._answer is not None:
            context.result = self._answer()
            return
        if self._change is not None:
            context.arguments = self._change(dict(context.arguments))
        await call_next()


class Brings(ContextProvider):
    """What brings a layer that comes after all others."""

    def __init__(self, *layers: Any) -> None:
        super().__init__("brings")
        self._layers = layers

    async def before_run(self, *, context: Any, **_: Any) -> None:
        context.extend_middleware(self.source_id, [*self._layers])


class AgentFrameworkHarness:
    """See `Harness`.

    Args:
        world: What the agent is put before.
        way: `run` or `stream`.
    """

    filters = True
    aborts = False
    names_conversations = True
    states = ("model", "json", "default")
    cannot_wait = "approval.no_session"
    beyond: Mapping[str, str] = {
        "test_a_call_of_a_tool_that_is_not_there_leaves_its_record": (
            "the framework itself answers a call of a tool that the agent does not have"
        ),
        "test_arguments_that_are_added_after_the_permit_do_not_run": (
            "the framework itself leaves out what a function does not take"
        ),
        "test_an_answer_to_another_call_is_none_to_this": (
            "the framework itself leaves out an answer that it has not asked for"
        ),
    }

    def __init__(self, world: World, way: str) -> None:
        self.world = world
        self._way = way
        self._agent: Any = None
        self._client = Scripted()
        self._run: dict[str, Any] = {}
        self._session: AgentSession | None = None
        self._waiting: list[Content] = []
        self.authorization = AuthorizationMiddleware(world.guard, resources=world.resources)

    def tools(self) -> list[FunctionTool]:
        return [
            FunctionTool(
                name=name,
                description="-",
                func=function,
                input_model=self.world.schemas.get(name),
            )
            for name, function in self.world.tools.items()
        ]

    def run(
        self,
        *turns: Sequence[ToolCall],
        tamper: Callable[[Any], Any] | None = None,
        answer: Callable[[], str] | None = None,
        waits: bool = True,
        context: Task | None = None,
        again: bool = False,
    ) -> Seen:
        self._client = Scripted(*turns)
        self._run = {} if context is None else {"function_invocation_kwargs": {"task": context}}
        if not again:
            self._session = AgentSession() if waits else None
        layers = [Brings(Between(tamper, answer))] if tamper or answer else []
        self._agent = create_guarded_agent(
            self._client,
            self.tools(),
            authorization=self.authorization,
            context_providers=layers,
            name="desk",
        )
        return self._seen(Message("user", ["go on"]))

    def go_on(self, past: Sequence[Past], *turns: Sequence[ToolCall]) -> Seen:
        self._client, self._run, self._session = Scripted(*turns), {}, None
        self._agent = create_guarded_agent(
            self._client, self.tools(), authorization=self.authorization, name="desk"
        )
        return self._seen([*map(_message, past), Message("user", ["go on"])])

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        self._client = Scripted(*turns)
        self._run = {}
        self._session = AgentSession()
        self._agent = Agent(self._client, tools=self.tools(), name="desk")
        return self._seen(Message("user", ["go on"]))

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        answers = [each.to_function_approval_response(approve) for each in self._waiting]
        return self._seen(Message("user", answers))

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        inner_client = Scripted([wish])
        inner: Any
        if guarded:
            inner = create_guarded_agent(
                inner_client, self.tools(), authorization=self.authorization, name="inner"
            )
        else:
            inner = Agent(inner_client, tools=self.tools(), name="inner")
        self._client = Scripted([ToolCall("mail.read", {"id": "1"}, "call-outer")])
        self._agent = create_guarded_agent(
            self._client,
            [inner.as_tool(name="mail.read", arg_name="id")],
            authorization=self.authorization,
        )
        seen = self._seen(Message("user", ["go on"]))
        return Seen(read={**seen.read, **inner_client.read}, shown=seen.shown)

    def unguarded_agent(self, wish: ToolCall) -> Any:
        return Agent(Scripted([wish]), tools=self.tools(), name="inner")

    def guarded_agent(self, wish: ToolCall) -> Any:
        return create_guarded_agent(
            Scripted([wish]), self.tools(), authorization=self.authorization, name="inner"
        )

    def smallest_agents(self) -> Sequence[Any]:
        return [Agent(Scripted())]

    def start(self, agent: Any) -> None:
        asyncio.run(self.astart(agent))

    async def astart(self, agent: Any) -> None:
        if self._way == "stream":
            await agent.run("go on", stream=True).get_final_response()
        else:
            await agent.run("go on")

    def run_tool(self, function: Callable[..., Any]) -> Seen:
        self._client = Scripted([ToolCall("mail.read", {"id": "1"}, "call-outer")])
        tool = FunctionTool(name="mail.read", description="Ask another agent.", func=function)
        self._agent = create_guarded_agent(self._client, [tool], authorization=self.authorization)
        return self._seen(Message("user", ["go on"]))

    def host(self) -> None:
        create_guarded_agent(
            self._client, [{"type": "web_search"}], authorization=self.authorization
        )

    def host_in_fallback(self) -> None:
        hosted = {"model": "other", "tools": [{"type": "web_search"}]}
        self._agent = create_guarded_agent(
            self._client,
            authorization=self.authorization,
            default_options={"extra_body": {"fallbacks": [hosted]}},
        )
        raised = self._seen(Message("user", ["go on"])).raised
        if raised is not None:
            raise raised

    def set_up(self, **wrong: Any) -> None:
        authorization = authorization_of(self.world, AuthorizationMiddleware, wrong)
        create_guarded_agent(self._client, self.tools(), authorization=authorization)

    # --- its own --------------------------------------------------------------------------

    def _seen(self, message: Any) -> Seen:
        try:
            response = asyncio.run(self._answer(message))
        except Exception as error:  # noqa: BLE001 -- what a run ends with is looked at
            return Seen(raised=error, shown=self._client.shown)
        self._waiting = response.user_input_requests
        paused = [each.additional_properties for each in self._waiting]
        return Seen(read=dict(self._client.read), paused=paused, shown=self._client.shown)

    async def _answer(self, message: Any) -> Any:
        if self._way == "stream":
            stream = self._agent.run(message, stream=True, session=self._session, **self._run)
            return await stream.get_final_response()
        return await self._agent.run(message, session=self._session, **self._run)


def _message(past: Past) -> Message:
    if past.kind == "call":
        said = {"path": past.text}
        call = Content.from_function_call(past.id, "file.write", arguments=said)
        return Message("assistant", [call])
    if past.kind == "result":
        return Message("tool", [Content.from_function_result(past.id, result=past.text)])
    return Message("user" if past.kind == "prompt" else "assistant", [past.text])


def read(messages: Sequence[Message]) -> dict[str, str]:
    """Return what a model reads by the id of each call."""
    return {
        str(content.call_id): str(content.result)
        for message in messages
        for content in message.contents
        if content.type == "function_result"
    }
