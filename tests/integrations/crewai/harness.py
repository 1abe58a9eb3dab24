"""Crews and agents of CrewAI, kicked off sync, async and alone, with a model of the tests' own."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crewai import Agent, BaseLLM, Crew, Task
from crewai.tools.base_tool import Tool
from crewai.tools.base_tool import tool as tool_of
from pydantic import PrivateAttr
from tests.integrations.behaviours import PENDING
from tests.integrations.world import Past, Seen, ToolCall, World, authorization_of

from inbounds.integrations.crewai import (
    Authorization,
    create_guarded_agent,
    create_guarded_crew,
)


class Scripted(BaseLLM):
    """A model that asks for the calls of one turn after the other, then is done.

    Args:
        turns: What it asks for.
        native: Whether it asks by its provider's tool calls; else in text, one call a turn.
    """

    builtin_tools: list[str] | None = None
    _turns: list[list[ToolCall]] = PrivateAttr(default_factory=list)
    _native: bool = PrivateAttr(default=True)
    _shown: list[list[str]] = PrivateAttr(default_factory=list)
    _heard: list[Any] = PrivateAttr(default_factory=list)

    @classmethod
    def of(cls, *turns: Sequence[ToolCall], native: bool = True, **options: Any) -> Scripted:
        own = cls(model="scripted", provider="scripted", **options)
        own._turns = [list(turn) for turn in turns]
        own._native = native
        return own

    @property
    def shown(self) -> list[list[str]]:
        """The tools that it was shown, by turn."""
        return self._shown

    @property
    def read(self) -> dict[str, str]:
        """What it read of each call, by the call's id."""
        return {
            said["tool_call_id"]: str(said["content"])
            for messages in self._heard
            for said in messages
            if said.get("role") == "tool"
        }

    @property
    def heard(self) -> str:
        """All that it was told at last."""
        return json.dumps(self._heard[-1], default=str)

    def supports_function_calling(self) -> bool:
        return self._native

    def get_input_tokens_count(self, messages: Any, *_: Any, **__: Any) -> int:
        return len(str(messages)) // 4

    def call(self, messages: Any, tools: Any = None, **_: Any) -> Any:
        self._shown.append([each["function"]["name"] for each in tools or ()])
        self._heard.append([dict(said) for said in messages])
        if not self._turns:
            return "done" if self._native else "Thought: I can answer\nFinal Answer: done"
        turn = self._turns.pop(0)
        if self._native:
            return [asked(wish) for wish in turn]
        (wish,) = turn
        called = wish.tool.replace(".", "_")
        return f"Thought: so\nAction: {called}\nAction Input: {json.dumps(wish.arguments)}"

    async def acall(self, messages: Any, tools: Any = None, **options: Any) -> Any:
        return self.call(messages, tools, **options)


def asked(wish: ToolCall) -> dict[str, Any]:
    """Return a call as a provider has it."""
    called = {"name": wish.tool.replace(".", "_"), "arguments": json.dumps(wish.arguments)}
    return {"id": wish.id, "type": "function", "function": called}


class Layered(Tool[..., Any]):
    """A tool with a `run` of its own: a layer between the adapter and the function."""

    change: Any = None
    answer: Any = None

    def run(self, *args: Any, **arguments: Any) -> Any:
        if self.answer is not None:
            return self.answer()
        said = self.change(arguments) if self.change is not None else arguments
        return self.func(*args, **said)


NOT_HERE = "a crew cannot wait: the call is refused, and is judged again when it is put again"
ANEW = "a crew does not go on: kicked off again, it begins anew, and each call is judged"
NO_HISTORY = dict.fromkeys(
    [
        "test_a_conversation_does_not_go_on_in_another_session",
        "test_history_that_no_guard_has_seen_counts_as_untrusted",
    ],
    ANEW,
)
NO_ANSWER = "the framework has no place for a person's answer to a call"


class CrewAIHarness:
    """See `Harness`.

    Args:
        world: What the agent is put before.
        way: `crew`, `async` for a crew that is kicked off so, `agent` for an agent alone.
    """

    filters = True
    aborts = False
    cannot_wait = "flow.untrusted_argument"
    names_conversations = False
    states = ("model",)
    own_beyond: Mapping[str, str] = {
        "test_a_call_of_a_tool_that_is_not_there_leaves_its_record": (
            "the framework itself answers a call of a tool that the agent does not have"
        ),
        "test_the_task_may_come_with_the_frameworks_own_context": (
            "a crew is given texts alone; the task is that of the `with` block"
        ),
        "test_a_call_that_needs_a_person_pauses_the_run": NOT_HERE,
        "test_what_a_person_has_refused_stays_refused": NO_ANSWER,
        "test_a_no_is_heard_by_a_task_that_would_be_allowed_to": NO_ANSWER,
        "test_an_answer_to_another_call_is_none_to_this": NO_ANSWER,
        "test_resuming_does_not_run_finished_siblings": ANEW,
        "test_a_run_that_waits_is_not_resumed_in_another_session": ANEW,
    }

    def __init__(self, world: World, way: str) -> None:
        self.world = world
        self.way = way
        self.authorization = Authorization(world.guard, resources=world.resources)
        self.beyond = self.own_beyond if way == "agent" else {**self.own_beyond, **NO_HISTORY}
        self._first: Sequence[ToolCall] = ()
        self._heard: list[Any] = []
        self._before: list[Any] = []

    def tools(self) -> list[Any]:
        return [self._tool(name, function) for name, function in self.world.tools.items()]

    def _tool(self, name: str, function: Callable[..., Any]) -> Any:
        inferred = tool_of(name)(function)
        if name not in self.world.schemas:
            return inferred
        about = inferred.description
        return Tool(
            name=name, description=about, args_schema=self.world.schemas[name], func=function
        )

    def agent(self, llm: Any, tools: Sequence[Any], **options: Any) -> Any:
        return create_guarded_agent(
            authorization=self.authorization, tools=tools, llm=llm, **{**WHO, **options}
        )

    def run(
        self,
        *turns: Sequence[ToolCall],
        tamper: Callable[[Any], Any] | None = None,
        answer: Callable[[], str] | None = None,
        waits: bool = True,
        context: Any = None,
        again: bool = False,
    ) -> Seen:
        self._first = turns[-1]
        self._before = self._heard if again else []
        tools = self.tools()
        if tamper or answer:
            tools = [layered(each, tamper, answer) for each in tools]
        return self._seen(Scripted.of(*turns), tools)

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        """Put the same call again: there is nothing that waits."""
        self._before = []
        return self._seen(Scripted.of(self._first), self.tools())

    def go_on(self, past: Sequence[Past], *turns: Sequence[ToolCall]) -> Seen:
        self._heard = [_message(each) for each in past]
        return self.run(*turns, again=True)

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        llm = Scripted.of(*turns)
        self._before = []
        return self._done(llm, Agent(llm=llm, tools=self.tools(), **WHO), crew_of=Crew)

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        inner_llm = Scripted.of([wish])
        if guarded:
            inner = self.agent(inner_llm, self.tools())
        else:
            inner = Agent(llm=inner_llm, tools=self.tools(), **WHO)

        def read(id: str) -> str:
            """Let another agent read a mail."""
            return str(inner.kickoff(f"read mail {id}"))

        llm = Scripted.of([ToolCall("mail.read", {"id": "1"}, "call-outer")])
        seen = self._seen(llm, [tool_of("mail.read")(read)])
        return Seen(read={**seen.read, **inner_llm.read}, shown=seen.shown)

    def unguarded_agent(self, wish: ToolCall) -> Any:
        agent = Agent(llm=Scripted.of([wish]), tools=self.tools(), **WHO)
        return agent if self.way == "agent" else Crew(agents=[agent], tasks=[task_of(agent)])

    def guarded_agent(self, wish: ToolCall) -> Any:
        agent = self.agent(Scripted.of([wish]), self.tools())
        if self.way == "agent":
            return agent
        return create_guarded_crew(agents=[agent], tasks=[task_of(agent)])

    def smallest_agents(self) -> Sequence[Any]:
        agent = Agent(llm=Scripted.of(), **WHO)
        return [agent if self.way == "agent" else Crew(agents=[agent], tasks=[task_of(agent)])]

    def start(self, agent: Any) -> None:
        said = agent.kickoff(*(["go on"] if self.way == "agent" else []))
        if inspect.isawaitable(said):
            asyncio.run(said)

    async def astart(self, agent: Any) -> None:
        await agent.akickoff(*(["go on"] if self.way == "agent" else []))

    def run_tool(self, function: Callable[..., Any]) -> Seen:
        llm = Scripted.of([ToolCall("mail.read", {"id": "1"}, "call-outer")])
        return self._seen(llm, [tool_of("mail.read")(function)])

    def host(self) -> None:
        self.agent(Scripted.of(builtin_tools=["web_search"]), [])

    def host_in_fallback(self) -> None:
        hosted = {"model": "other", "tools": [{"type": "web_search"}]}
        self.agent(Scripted.of(additional_params={"fallbacks": [hosted]}), [])

    def set_up(self, **wrong: Any) -> None:
        authorization = authorization_of(self.world, Authorization, wrong)
        create_guarded_agent(
            authorization=authorization, tools=self.tools(), llm=Scripted.of(), **WHO
        )

    # --- its own --------------------------------------------------------------------------

    def _seen(self, llm: Scripted, tools: Sequence[Any]) -> Seen:
        return self._done(llm, self.agent(llm, tools), crew_of=create_guarded_crew)

    def _done(self, llm: Scripted, agent: Any, *, crew_of: Any) -> Seen:
        raised = None
        try:
            if self.way == "agent":
                agent.kickoff([*self._before, {"role": "user", "content": "go on"}])
                said = [each for each in llm._heard[-1] if each["role"] != "system"]
                self._heard = [*said, {"role": "assistant", "content": "done"}]
            else:
                crew = crew_of(agents=[agent], tasks=[task_of(agent)])
                if self.way == "async":
                    asyncio.run(crew.akickoff())
                else:
                    crew.kickoff()
        except Exception as error:  # noqa: BLE001 -- what a run ends with is looked at
            raised = error
        # Nobody waits; what the model has read of a person is all there is.
        paused = [
            {"tool_call_id": call, "code": text.partition("[")[2].partition("]")[0]}
            for call, text in llm.read.items()
            if PENDING.match(text)
        ]
        return Seen(read=llm.read, paused=paused, shown=names_of(llm.shown), raised=raised)


def _message(past: Past) -> dict[str, Any]:
    if past.kind == "call":
        said = {"name": "file.write", "arguments": json.dumps({"path": past.text})}
        call = {"id": past.id, "type": "function", "function": said}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if past.kind == "result":
        return {"role": "tool", "content": past.text, "tool_call_id": past.id}
    return {"role": "user" if past.kind == "prompt" else "assistant", "content": past.text}


WHO = {"role": "clerk", "goal": "help", "backstory": "A clerk."}


def task_of(agent: Any, **options: Any) -> Task:
    """Make a task that says nothing much."""
    return Task(description="go on", expected_output="an answer", agent=agent, **options)


def layered(tool: Any, change: Any, answer: Any) -> Layered:
    """Give a tool a `run` of its own."""
    whole = {name: getattr(tool, name) for name in ("name", "description", "func", "args_schema")}
    return Layered(**whole, change=change, answer=answer)


def names_of(shown: Sequence[Sequence[str]]) -> list[list[str]]:
    """Give tools the names back that providers do not take."""
    return [[each.replace("_", ".") for each in turn] for turn in shown]
