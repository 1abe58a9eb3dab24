"""`Runner` of Google ADK, with a model of the tests' own."""

from __future__ import annotations

import asyncio
import functools
import json
import uuid
import warnings
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from google.adk.agents import LlmAgent, RunConfig
from google.adk.agents.run_config import StreamingMode
from google.adk.events import Event
from google.adk.models import BaseLlm, FallbackModel, LlmRequest, LlmResponse
from google.adk.models.base_llm import LlmCapabilities
from google.adk.runners import InMemoryRunner, Runner
from google.adk.tools import AgentTool, FunctionTool, google_search
from google.genai import types
from pydantic import BaseModel, Field, PrivateAttr
from tests.integrations.world import Past, Seen, ToolCall, World, authorization_of

from inbounds.integrations.google_adk import AuthorizationPlugin, TaskRunConfig, guarded_app
from inbounds.pep.task import Task

USER = "alice"
CONFIRMATION = "adk_request_confirmation"
GO_ON: Mapping[str, Any] = {
    "user_id": USER,
    "session_id": "one",
    "new_message": types.Content(role="user", parts=[types.Part(text="go on")]),
}


class Scripted(BaseLlm):
    """Asks for the calls of one turn after the other, then is done."""

    model: str = "scripted"
    turns: list[list[ToolCall]] = Field(default_factory=list)
    shown: list[list[str]] = Field(default_factory=list)
    asked: int = 0
    _additional_args: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def capabilities(self) -> LlmCapabilities:
        return LlmCapabilities(output_schema_and_tools=True)

    async def generate_content_async(
        self,
        llm_request: LlmRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 -- as ADK has it
    ) -> AsyncGenerator[LlmResponse, None]:
        declared = [
            each.name
            for tool in llm_request.config.tools or ()
            for each in tool.function_declarations or ()
        ]
        self.shown.append(declared)
        wishes = self.turns[self.asked] if self.asked < len(self.turns) else []
        self.asked += 1
        parts = [
            types.Part(
                function_call=types.FunctionCall(id=w.id, name=w.tool, args=dict(w.arguments))
            )
            for w in wishes
        ]
        content = types.Content(role="model", parts=parts or [types.Part(text="done")])
        yield LlmResponse(content=content)


class Asking(BaseModel):
    """What an agent takes that stands as the tool `mail.read`."""

    id: str


def tool_of(function: Callable[..., Any], name: str, **options: Any) -> FunctionTool:
    """A function as a tool of a name that Python's functions cannot have."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    run.__name__ = name
    return FunctionTool(run, **options)


def agent_of(*turns: Sequence[ToolCall], name: str = "desk", **options: Any) -> LlmAgent:
    model = Scripted(turns=[list(turn) for turn in turns])
    return LlmAgent(name=name, model=model, **options)


class GoogleAdkHarness:
    """See `Harness`.

    Args:
        world: What the agent is put before.
        way: `sync` for `Runner.run`, `async` for `run_async`, `streamed` for that with SSE.
    """

    aborts = True
    names_conversations = True
    states = ()
    filters = True
    beyond: Mapping[str, str] = {
        "test_a_default_that_a_stated_schema_leaves_out_is_judged": (
            "the framework itself makes the schema of a function, from its signature"
        ),
        "test_a_run_that_cannot_wait_says_so": "every run can wait: the session has the question",
    }

    def __init__(self, world: World, way: str) -> None:
        self.world = world
        self._way = way
        self._runner: Any = None
        self._agent: Any = None
        self._session = ""
        self._config: Any = None
        self._read: dict[str, str] = {}
        self._waiting: list[types.FunctionCall] = []
        self.authorization = AuthorizationPlugin(world.guard, resources=world.resources)

    def tools(self) -> list[FunctionTool]:
        return [tool_of(function, name) for name, function in self.world.tools.items()]

    def run(
        self,
        *turns: Sequence[ToolCall],
        tamper: Callable[[Any], Any] | None = None,
        answer: Callable[[], str] | None = None,
        context: Task | None = None,
        again: bool = False,
    ) -> Seen:
        def between(tool: Any, args: dict[str, Any], tool_context: Any) -> Any:
            if answer is not None:
                return {"result": answer()}
            if tamper is not None:
                changed = tamper(dict(args))
                args.clear()
                args.update(changed)
            return None

        self._agent = agent_of(*turns, tools=self.tools(), before_tool_callback=between)
        self._begin(context, again=again)
        return self._seen(types.Part(text="go on"))

    def go_on(self, past: Sequence[Past], *turns: Sequence[ToolCall]) -> Seen:
        self._agent = agent_of(*turns, tools=self.tools())
        self._begin(None)
        service = self._runner.session_service
        about = {"app_name": "desk", "user_id": USER, "session_id": self._session}
        for each in past:
            session = asyncio.run(service.get_session(**about))
            asyncio.run(service.append_event(session, _event(each)))
        return self._seen(types.Part(text="go on"))

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        self._agent = agent_of(*turns, tools=self.tools())
        self._config = RunConfig()
        self._open(InMemoryRunner(agent=self._agent, app_name="desk"))
        return self._seen(types.Part(text="go on"))

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        waiting = self._waiting
        return self._seen(
            *(
                types.Part(
                    function_response=types.FunctionResponse(
                        id=call or each.id, name=CONFIRMATION, response={"confirmed": approve}
                    )
                )
                for each in waiting
            )
        )

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        inner = agent_of([wish], name="inner", tools=self.tools(), input_schema=Asking)
        read: dict[str, str] = {}

        def told(tool: Any, args: Any, tool_context: Any, tool_response: Any) -> None:
            read[tool_context.function_call_id] = _text(tool_response)

        inner.after_tool_callback = told
        tool = AgentTool(inner, include_plugins=guarded)
        tool.name = "mail.read"
        self._agent = agent_of([ToolCall("mail.read", {"id": "1"}, "call-outer")], tools=[tool])
        self._begin(None)
        seen = self._seen(types.Part(text="go on"))
        return Seen(read={**seen.read, **read}, raised=seen.raised)

    def unguarded_agent(self, wish: ToolCall) -> Any:
        return InMemoryRunner(agent_of([wish], name="inner", tools=self.tools()), app_name="inner")

    def guarded_agent(self, wish: ToolCall) -> Any:
        inner = agent_of([wish], name="inner", tools=self.tools())
        return InMemoryRunner(app=guarded_app("inner", inner, authorization=self.authorization))

    def smallest_agents(self) -> Sequence[Any]:
        return [InMemoryRunner(agent_of(name="inner"), app_name="inner")]

    def start(self, agent: Any) -> None:
        agent.auto_create_session = True
        for _ in agent.run(**GO_ON):
            pass

    async def astart(self, agent: Any) -> None:
        agent.auto_create_session = True
        async for _ in agent.run_async(**GO_ON):
            pass

    def run_tool(self, function: Callable[..., Any]) -> Seen:
        tool = FunctionTool(function)
        tool.name = "mail.read"
        self._agent = agent_of([ToolCall("mail.read", {"id": "1"}, "call-outer")], tools=[tool])
        self._begin(None)
        return self._seen(types.Part(text="go on"))

    def host(self) -> None:
        guarded_app("desk", agent_of(tools=[google_search]), authorization=self.authorization)

    def host_in_fallback(self) -> None:
        hosted = Scripted()
        hosted._additional_args = {"extra_body": {"tools": [{"type": "web_search"}]}}  # a `LiteLlm`
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is an experiment of the framework's
            model = FallbackModel(models=[Scripted(), hosted])
        app = guarded_app(
            "desk", LlmAgent(name="desk", model=model), authorization=self.authorization
        )
        asyncio.run(self.astart(InMemoryRunner(app=app)))

    def set_up(self, **wrong: Any) -> None:
        authorization = authorization_of(self.world, AuthorizationPlugin, wrong)
        guarded_app("desk", agent_of(tools=self.tools()), authorization=authorization)

    # --- its own --------------------------------------------------------------------------

    def _begin(self, context: Task | None, *, again: bool = False) -> None:
        mode = StreamingMode.SSE if self._way == "streamed" else StreamingMode.NONE
        make = RunConfig if context is None else functools.partial(TaskRunConfig, task=context)
        self._config = make(streaming_mode=mode)
        app = guarded_app("desk", self._agent, authorization=self.authorization)
        if not again:
            self._open(InMemoryRunner(app=app))
            return
        self._runner = Runner(app=app, session_service=self._runner.session_service)

    def _open(self, runner: Any) -> None:
        self._runner = runner
        self._session = str(uuid.uuid4())
        asyncio.run(
            self._runner.session_service.create_session(
                app_name="desk", user_id=USER, session_id=self._session
            )
        )

    def _seen(self, *parts: types.Part) -> Seen:
        raised: BaseException | None = None
        self._waiting = []
        options = {
            "user_id": USER,
            "session_id": self._session,
            "new_message": types.Content(role="user", parts=list(parts)),
            "run_config": self._config,
        }
        try:
            if self._way == "sync":
                for event in self._runner.run(**options):
                    self._take(event)
            else:
                asyncio.run(self._awaited(options))
        except Exception as error:  # noqa: BLE001 -- what a run ends with is looked at
            raised = error
        paused = [(each.args or {})["toolConfirmation"]["payload"] for each in self._waiting]
        shown = self._agent.model.shown
        return Seen(read=dict(self._read), paused=paused, shown=shown, raised=raised)

    async def _awaited(self, options: dict[str, Any]) -> None:
        async for event in self._runner.run_async(**options):
            self._take(event)

    def _take(self, event: Any) -> None:
        for response in event.get_function_responses():
            self._read[response.id] = _text(response.response)
        self._waiting += [c for c in event.get_function_calls() if c.name == CONFIRMATION]


def _event(past: Past) -> Event:
    if past.kind == "call":
        call = types.FunctionCall(id=past.id, name="file.write", args={"path": past.text})
        part = types.Part(function_call=call)
    elif past.kind == "result":
        given = {"result": past.text}
        response = types.FunctionResponse(id=past.id, name="file.write", response=given)
        part = types.Part(function_response=response)
    else:
        part = types.Part(text=past.text)
    role = "user" if past.kind in ("prompt", "result") else "model"
    content = types.Content(role=role, parts=[part])
    author = "user" if past.kind == "prompt" else "desk"
    return Event(author=author, content=content, invocation_id="past")


def _text(response: Any) -> str:
    if isinstance(response, dict) and len(response) == 1:
        (name,) = response
        if name in ("error", "result") and isinstance(response[name], str):
            return str(response[name])
    return json.dumps(response)
