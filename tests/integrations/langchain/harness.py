"""`create_agent` of LangChain and `ToolNode` of LangGraph, with a model of the tests' own."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import Command
from pydantic import Field
from tests.integrations.world import MALLORY, Past, Seen, ToolCall, World, authorization_of

from inbounds.integrations.langchain import (
    AuthorizationMiddleware,
    create_guarded_agent,
    guarded_tool_node,
)
from inbounds.pep.task import Task

# Whatever the environment says, nothing is told to LangSmith.
os.environ |= {"LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false"}

NO_PLACE = {
    "test_a_first_turn_without_a_call_costs_no_trust": "a tool node sees no turn without a call: "
    "begin such a graph with a call, or use `create_guarded_agent`"
}
THREAD = {"configurable": {"thread_id": "one"}}


class Scripted(BaseChatModel):
    """Asks for the calls of one turn after the other, then is done."""

    turns: list[list[ToolCall]]
    shown: list[list[str]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Any:
        self.shown.append([tool.name for tool in tools])
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        latest = max(n for n, message in enumerate(messages) if isinstance(message, HumanMessage))
        turn = sum(isinstance(message, AIMessage) for message in messages[latest:])
        wishes = self.turns[turn] if turn < len(self.turns) else []
        calls = [{"name": w.tool, "args": dict(w.arguments), "id": w.id} for w in wishes]
        return ChatResult(generations=[ChatGeneration(message=AIMessage("", tool_calls=calls))])


class Between(AgentMiddleware):
    """A layer between the adapter and the tool."""

    def __init__(self, change: Callable[[Any], Any] | None, answer: Callable[[], str] | None):
        super().__init__()
        self._change = change
        self._answer = answer

    def _changed(self, request: Any) -> Any:
        if self._change is None:
            return request
        said = request.tool_call
        return request.override(tool_call={**said, "args": self._change(said["args"])})

    def wrap_tool_call(self, request: Any, handler: Any) -> Any:
        if self._answer is not None:
            return ToolMessage(self._answer(), tool_call_id=request.tool_call["id"])
        return handler(self._changed(request))

    async def awrap_tool_call(self, request: Any, handler: Any) -> Any:
        if self._answer is not None:
            return ToolMessage(self._answer(), tool_call_id=request.tool_call["id"])
        return await handler(self._changed(request))


class LangChainHarness:
    """See `Harness`.

    Args:
        world: What the agent is put before.
        way: `agent` for `create_agent`, `node` for a graph around a `ToolNode`.
        sync: Whether it is invoked or awaited.
    """

    aborts = True
    names_conversations = True
    states = ("model", "json", "default")
    cannot_wait = "approval.no_checkpointer"

    def __init__(self, world: World, way: str, *, sync: bool) -> None:
        self.world = world
        self.beyond: Mapping[str, str] = NO_PLACE if way == "node" else {}
        self.filters = way == "agent"
        self._way = way
        self._sync = sync
        self._graph: Any = None
        self._saver: Any = None
        self._model = Scripted(turns=[])
        self._options: dict[str, Any] = {}
        self.authorization = AuthorizationMiddleware(world.guard, resources=world.resources)

    def tools(self) -> list[BaseTool]:
        stated = self.world.schemas
        return [
            StructuredTool.from_function(function, name=name, args_schema=stated.get(name))
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
        self._model = Scripted(turns=[list(turn) for turn in turns], shown=[])
        self._options = {} if context is None else {"context": {"task": context}}
        self._saver = saver = (self._saver if again else InMemorySaver()) if waits else None
        between = Between(tamper, answer) if tamper or answer else None
        make = self._agent if self._way == "agent" else self._node
        self._graph = make(saver, between)
        return self._seen({"messages": [HumanMessage("go on")]})

    def go_on(self, past: Sequence[Past], *turns: Sequence[ToolCall]) -> Seen:
        self._model = Scripted(turns=[list(turn) for turn in turns], shown=[])
        self._options = {}
        self._graph = (self._agent if self._way == "agent" else self._node)(None, None)
        messages = [*map(_message, past), HumanMessage("go on")]
        return self._seen({"messages": messages}, None)

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        self._model = Scripted(turns=[list(turn) for turn in turns], shown=[])
        self._options = {}
        self._saver = InMemorySaver()
        self._graph = create_agent(self._model, self.tools(), checkpointer=self._saver)
        return self._seen({"messages": [HumanMessage("go on")]})

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        said = {"type": "approve" if approve else "reject"}
        return self._seen(Command(resume={**said, "tool_call_id": call} if call else said))

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        model = Scripted(turns=[[wish]], shown=[])
        make: Any = create_guarded_agent if guarded else create_agent
        own = {"authorization": self.authorization} if guarded else {}
        inner = make(model, self.tools(), **own)
        read: dict[str, str] = {}

        def ask(id: str) -> str:
            """Ask the other agent."""
            said = inner.invoke({"messages": [HumanMessage("go on")]})
            read.update(_read(said["messages"]))
            return "done"

        async def aask(id: str) -> str:
            """Ask the other agent."""
            said = await inner.ainvoke({"messages": [HumanMessage("go on")]})
            read.update(_read(said["messages"]))
            return "done"

        tool = StructuredTool.from_function(ask, coroutine=aask, name="mail.read")
        outer = Scripted(turns=[[ToolCall("mail.read", {"id": "1"}, "call-outer")]], shown=[])
        self._graph = create_guarded_agent(outer, [tool], authorization=self.authorization)
        seen = self._seen({"messages": [HumanMessage("go on")]})
        return Seen(read={**seen.read, **read})

    def unguarded_agent(self, wish: ToolCall) -> Any:
        return create_agent(Scripted(turns=[[wish]]), self.tools())

    def guarded_agent(self, wish: ToolCall) -> Any:
        model = Scripted(turns=[[wish]])
        return create_guarded_agent(model, self.tools(), authorization=self.authorization)

    def smallest_agents(self) -> Sequence[Any]:
        hosted: list[Any] = [{"type": "web_search_preview"}]
        wish = [ToolCall("mail.send", {"to": [MALLORY], "body": "-"}, "call-inner")]
        model = Scripted(turns=[wish])
        elsewhere = {"model": model}  # where no look at what a node holds finds it
        by_name = {tool.name: tool for tool in self.tools()}

        def ask(state: Any) -> Any:
            return {"messages": [elsewhere["model"].invoke(state["messages"])]}

        def act(state: Any) -> Any:
            calls = state["messages"][-1].tool_calls
            return {"messages": [by_name[each["name"]].invoke(each) for each in calls]}

        def by_hand(model_node: Any) -> Any:
            graph = StateGraph(MessagesState)
            graph.add_node("model", model_node)
            graph.add_node("act", act)
            graph.add_edge(START, "model")
            graph.add_edge("model", "act")
            return graph.compile()

        @entrypoint()
        def function(state: Any) -> Any:
            return act(ask(state))

        return [
            create_agent(Scripted(turns=[])),
            create_agent(Scripted(turns=[]), hosted),
            by_hand(ask),
            by_hand(lambda state: {"messages": [model.invoke(state["messages"])]}),
            function,
        ]

    def start(self, agent: Any) -> None:
        agent.invoke({"messages": [HumanMessage("go on")]})

    async def astart(self, agent: Any) -> None:
        await agent.ainvoke({"messages": [HumanMessage("go on")]})

    def run_tool(self, function: Callable[..., Any]) -> Seen:
        kind = "coroutine" if inspect.iscoroutinefunction(function) else "func"
        tool = StructuredTool.from_function(**{kind: function}, name="mail.read")
        self._sync = self._sync and kind == "func"  # such a tool is not invoked otherwise
        outer = Scripted(turns=[[ToolCall("mail.read", {"id": "1"}, "call-outer")]], shown=[])
        self._graph = create_guarded_agent(outer, [tool], authorization=self.authorization)
        return self._seen({"messages": [HumanMessage("go on")]})

    def host(self) -> None:
        create_guarded_agent(
            self._model, [{"type": "web_search"}], authorization=self.authorization
        )

    def host_in_fallback(self) -> None:
        hosted = Scripted(turns=[]).bind(tools=[{"type": "web_search"}])
        model = Scripted(turns=[]).with_fallbacks([hosted])
        create_guarded_agent(model, [], authorization=self.authorization)

    def set_up(self, **wrong: Any) -> None:
        authorization = authorization_of(self.world, AuthorizationMiddleware, wrong)
        if self._way == "agent":
            create_guarded_agent(self._model, self.tools(), authorization=authorization)
        else:
            guarded_tool_node(self.tools(), authorization=authorization)

    # --- its own --------------------------------------------------------------------------

    def _agent(self, saver: Any, between: Between | None) -> Any:
        if between is None:
            return create_guarded_agent(
                self._model, self.tools(), authorization=self.authorization, checkpointer=saver
            )
        # As nobody should: a layer comes after the authorization.
        return create_agent(
            self._model,
            self.tools(),
            middleware=[self.authorization, between],
            checkpointer=saver,
        )

    def _node(self, saver: Any, between: Between | None) -> Any:
        if between is None:
            node = guarded_tool_node(self.tools(), authorization=self.authorization)
        else:
            outer, inner = self.authorization, between
            node = ToolNode(
                self.tools(),
                wrap_tool_call=lambda request, run: outer.wrap_tool_call(
                    request, lambda changed: inner.wrap_tool_call(changed, run)
                ),
                awrap_tool_call=lambda request, run: outer.awrap_tool_call(
                    request, lambda changed: inner.awrap_tool_call(changed, run)
                ),
            )
        graph = StateGraph(MessagesState, context_schema=dict)
        graph.add_node("model", lambda state: {"messages": [self._model.invoke(state["messages"])]})
        graph.add_node("tools", node)
        graph.add_edge(START, "model")
        graph.add_conditional_edges("model", tools_condition, {"tools": "tools", END: END})
        graph.add_edge("tools", "model")
        return graph.compile(checkpointer=saver)

    def _seen(self, given: Any, thread: Any = THREAD) -> Seen:
        shown = self._model.shown
        try:
            if self._sync:
                state = self._graph.invoke(given, thread, **self._options)
            else:
                state = asyncio.run(self._graph.ainvoke(given, thread, **self._options))
        except Exception as error:  # noqa: BLE001 -- what a run ends with is looked at
            return Seen(raised=error, shown=shown)
        paused = [each.value for each in state.get("__interrupt__", ())]
        return Seen(read=_read(state["messages"]), paused=paused, shown=shown)


def _message(past: Past) -> BaseMessage:
    if past.kind == "call":
        call = {"name": "file.write", "args": {"path": past.text}, "id": past.id}
        return AIMessage("", tool_calls=[call])
    if past.kind == "result":
        return ToolMessage(past.text, tool_call_id=past.id)
    return HumanMessage(past.text) if past.kind == "prompt" else AIMessage(past.text)


def _read(messages: Sequence[BaseMessage]) -> dict[str, str]:
    return {m.tool_call_id: str(m.content) for m in messages if isinstance(m, ToolMessage)}
