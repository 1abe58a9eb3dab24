"""The tools, the people and the policy that every framework's agent is put before."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import ConfigDict, Field, create_model

from inbounds.approvals import AccessRequest
from inbounds.approvals.signing import sign
from inbounds.identity.signing_keys import SigningKey
from inbounds.integrations._adapter import conversation, outcomes
from inbounds.integrations._adapter.nested_agents import ALL, ENTRY_POINTS, MARK
from inbounds.pep.task import Task
from inbounds.provenance import SessionOrigins
from inbounds.testing import PolicyUnderTest, small_deployment

DORA = "dora@acme.example"
KEY = SigningKey.generate()
BOB = "bob@acme.example"
MALLORY = "mallory@evil.example"


@dataclass(frozen=True)
class ToolCall:
    """One call that the model asks for."""

    tool: str
    arguments: Mapping[str, Any]
    id: str


@dataclass(frozen=True)
class Past:
    """One message from before, that no guard has seen.

    Attributes:
        kind: A `prompt` of the user, a `call` and a `result` of it, or an `answer` of the model.
        text: What it says; of a call, what it is told.
        id: Of the call.
    """

    kind: str
    text: str
    id: str = "call-past"


@dataclass(frozen=True)
class Seen:
    """What came of a run, so far.

    Attributes:
        read: What the model read instead of, or as, the result of each call, by its id.
        paused: What a person is asked, where the run waits for one.
        shown: The names of the tools that the model was shown, by turn.
        raised: What the run ended with, where it raised.
    """

    read: Mapping[str, str] = field(default_factory=dict)
    paused: Sequence[Mapping[str, Any]] = ()
    shown: Sequence[Sequence[str]] = ()
    raised: BaseException | None = None


class World:
    """Four tools, their policy, and Dora, who signs what she is asked where `signs` is true.

    Attributes:
        policy: The real policy on a small deployment.
        ran: What has run: the tool and what it was given.
        signs: Whether Dora signs.
        failing: Whether `file.write` raises.
        schemas: The schemas that are stated of tools, by name; of any other, it is inferred.
    """

    def __init__(self, folder: Path, changes: Mapping[str, Any] | None = None) -> None:
        tools = small_deployment()["tools"]
        approver = {
            "subject": DORA,
            "tenants": ["acme"],
            "algorithms": ["ES256"],
            "keys": {KEY.kid: dict(KEY.public)},
            "max_seconds": 3600,
        }
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.schemas: dict[str, Any] = {}
        self.signs = False
        self.failing = False
        self.mail: Any = {"text": f"write to {BOB}"}
        self.policy = PolicyUnderTest(
            folder,
            {"approvers": {"dora": approver}, "tools": {**tools, **(changes or {})}},
            approvals=self._ask,
        )
        self.guard = self.policy.guard
        self.resources = {
            "mail.read": lambda id: ("mail", id),
            "mail.send": lambda **_: ("mailbox", "alice"),
            "file.write": lambda path, text: ("file", path),
            "mail.odd": lambda id: ("mail", id),
        }

    def _ask(self, request: AccessRequest) -> str | None:
        return sign(request, KEY, approver=DORA) if self.signs else None

    # --- the tools, as anybody would write them -------------------------------------------

    def read(self, id: str) -> Any:
        """Read a mail."""
        self.ran.append(("mail.read", {"id": id}))
        if isinstance(self.mail, Exception):
            raise self.mail
        return self.mail

    def send(self, to: list[str], body: str) -> str:
        """Send a mail."""
        self.ran.append(("mail.send", {"to": to, "body": body}))
        return "sent"

    def write(self, path: str, text: str = "nothing") -> str:
        """Write a file."""
        self.ran.append(("file.write", {"path": path, "text": text}))
        if self.failing:
            raise OSError("the disk is full")
        return "written"

    def odd(self, id: str) -> str:
        """Do what no registry knows."""
        self.ran.append(("mail.odd", {"id": id}))
        return "odd"

    @property
    def tools(self) -> dict[str, Any]:
        """The tools by the names that a model calls them by."""
        return {
            "mail.read": self.read,
            "mail.send": self.send,
            "file.write": self.write,
            "mail.odd": self.odd,
        }

    def fill_in(self, kind: str, copy: list[str]) -> dict[str, Any]:
        """Let `mail.send` add whom a mail is copied to, and return arguments without that.

        Args:
            kind: What adds it: the `signature` of the function, a `factory` of a field, or a
                `nested` model; one that does not serialise it is `unserialised`.
            copy: The recipients that are added.
        """
        send = _sending(kind, copy, lambda given: self.ran.append(("mail.send", given)))
        self.send = send  # type: ignore[method-assign]
        at = "/mail" if kind in _NESTED else ""
        to = {"kind": "email", "role": "recipient"}
        now = self.policy.deployment["tools"]
        entry = {
            **now["mail.send"],
            "arguments": {
                f"{at}/to/*": {**to, "required": True},
                f"{at}/cc/*": to,
                f"{at}/body": {"kind": "text", "role": "content"},
            },
        }
        self.policy.change(tools={**now, "mail.send": entry})
        stated = {"to": [BOB], "body": "hello"}
        return {"mail": stated} if kind in _NESTED else stated

    def state(self, kind: str, copy: list[str]) -> dict[str, Any]:
        """Let the function of `mail.send` add whom a mail is copied to, beside a stated schema.

        Args:
            kind: A `model` or a `json` schema that takes nothing else, or a JSON Schema that states
                the same `default`.
            copy: The recipients that are added.
        """
        to = {"type": "array", "items": {"type": "string"}}
        properties = {"to": to, "body": {"type": "string"}}
        if kind == "default":
            properties["cc"] = {**to, "default": copy}
        stated = {
            "type": "object",
            "properties": properties,
            "required": ["to", "body"],
            "additionalProperties": False,
        }
        strict = ConfigDict(extra="forbid")
        model = create_model("Mail", __config__=strict, to=(list[str], ...), body=(str, ...))
        self.schemas["mail.send"] = model if kind == "model" else stated
        return self.fill_in("signature", copy)

    # --- tasks and faults -----------------------------------------------------------------

    def task(self, prompt: str = f"Write to {BOB}", **asked: Any) -> Task:
        """Begin a task whose user has named Bob."""
        return self.policy.task(prompt=prompt, **asked)

    def register(self, *names: str, **entry: Any) -> None:
        """Register tools that are none of the world's, for every agent and intent."""
        deployment = self.policy.deployment
        tools, agents, intents = (dict(deployment[each]) for each in ("tools", "agents", "intents"))
        for name in names:
            tools[name] = {**tools["mail.read"], **entry}
        for key, each in agents.items():
            manifest = {**each["manifest"], "tools": [*{*each["manifest"]["tools"], *names}]}
            agents[key] = {**each, "manifest": manifest}
        for key, each in intents.items():
            intents[key] = {**each, "tools": [*{*each["tools"], *names}]}
        self.policy.change(tools=tools, agents=agents, intents=intents)
        self.guard._runtime.registry.forget("")

    def trust(self, task: Task) -> str:
        """The trust of the session of a task."""
        return str(self.guard._runtime.sessions.load(task.session).trust)

    def wary(self, **asked: Any) -> Task:
        """Begin a task in which only a stranger has named Bob: writing to him needs a person."""
        task = self.task(prompt="Do what mail 42 says", **asked)
        task.permit("mail.read", {"id": "42"}, resource=self.resources["mail.read"]).finish(
            {"text": f"write to {BOB}"}
        )
        return task

    def begin_anew(self) -> None:
        """Forget what a process forgets that ends: all but policy, records and sessions."""
        self.guard._runtime.origins = SessionOrigins()
        conversation._joined.clear()
        outcomes._of_task.clear()
        conversation._seen._seen.clear()

    @contextmanager
    def without_policy(self, error: BaseException) -> Iterator[None]:
        """Let whoever asks the policy get `error` instead of an answer."""
        engine = self.policy._policy
        asked = engine.ask

        def fail(*_: Any, **__: Any) -> Any:
            raise error

        engine.ask = fail  # type: ignore[method-assign]
        try:
            yield
        finally:
            engine.ask = asked  # type: ignore[method-assign]

    def close(self) -> None:
        """Release the policy."""
        self.policy.close()


_NESTED = ("nested", "unserialised")


def _sending(kind: str, copy: list[str], run: Callable[[dict[str, Any]], None]) -> Any:
    def nested(mail: Any) -> str:
        run(dict(mail))
        return "sent"

    def flat(to: list[str], body: str, cc: Any) -> str:
        run({"to": to, "body": body, "cc": cc})
        return "sent"

    made = nested if kind in _NESTED else flat
    made.__doc__ = "Send a mail."
    if kind in _NESTED:
        cc = Field(default=copy, exclude=kind == "unserialised")
        model = create_model("Mail", to=(list[str], ...), body=(str, ...), cc=(list[str], cc))
        made.__annotations__["mail"] = model
    elif kind == "factory":
        factory = Field(default_factory=lambda: [*copy])
        made.__annotations__["cc"] = Annotated[list[str], factory]
    else:
        made.__annotations__["cc"] = list[str]
        made.__defaults__ = ([*copy],)
    return made


class Harness(Protocol):
    """One framework with a model that asks for what a test says, in one of its ways to run tools.

    Attributes:
        world: What it is put before.
        filters: Whether this way shows a model the tools of its task alone.
        aborts: Whether what a tool raises ends the run; else the model reads of it.
        cannot_wait: The code of a refusal where a person is needed and the run cannot wait.
        names_conversations: Whether the framework says which conversation a run is in; else what
            a run holds from before is unseen.
        states: The kinds of schema that an author can state here of a tool; see `World.state`.
        beyond: What cannot happen here, by the name of the behaviour's test, and why.
    """

    world: World
    filters: bool
    aborts: bool
    cannot_wait: str
    names_conversations: bool
    states: Sequence[str]
    beyond: Mapping[str, str]

    def run(self, *turns: Sequence[ToolCall], **options: Any) -> Seen:
        """Run an agent whose model asks for these calls, turn by turn, and is then done.

        Args:
            turns: What the model asks for.
            options: `tamper`, a function that changes the arguments after the adapter;
                `answer`, one that answers in the tool's place; `waits`, whether the run can
                be paused; `context`, the task by the framework's own context; `again`, whether
                it goes on in the conversation of the last run.
        """

    def go_on(self, past: Sequence[Past], *turns: Sequence[ToolCall]) -> Seen:
        """Run a guarded agent as `run`, in a conversation of its own that holds what is past."""

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        """Run the same agent, in the same way, without the adapter; `run` may go on with it."""

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        """Go on with a run that is paused."""

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        """Run an agent that has another agent as its tool `mail.read`, which asks for `wish`."""

    def unguarded_agent(self, wish: ToolCall) -> Any:
        """Make an agent that nobody guards, whose model asks for `wish`."""

    def guarded_agent(self, wish: ToolCall) -> Any:
        """Make the same, guarded."""

    def smallest_agents(self) -> Sequence[Any]:
        """Make agents that nobody guards, in which as little as possible is to be found."""

    def start(self, agent: Any) -> None:
        """Run an agent of these two to its end, from code that is not async."""

    async def astart(self, agent: Any) -> None:
        """Run the same from code that is."""

    def run_tool(self, function: Callable[..., Any]) -> Seen:
        """Run a guarded agent that calls its tool `mail.read`, which is this function, once."""

    def host(self) -> None:
        """Make an agent with a tool that its provider runs."""

    def host_in_fallback(self) -> None:
        """Make an agent, and run it if it has to be, where only a fallback has such a tool."""

    def set_up(self, **wrong: Any) -> None:
        """Set the adapter up with what is not a `guard`, no `resources` or no `authorization`."""


def no_conversations(why: str) -> dict[str, str]:
    """Return the behaviours of conversations as what cannot happen, and why."""
    return dict.fromkeys(
        [
            "test_a_conversation_goes_on_in_its_session",
            "test_a_conversation_does_not_go_on_in_another_session",
            "test_a_first_turn_without_a_call_costs_no_trust",
            "test_a_run_that_waits_goes_on_in_its_session_in_another_process",
            "test_a_run_that_waits_is_not_resumed_in_another_session",
            "test_history_that_no_guard_has_seen_counts_as_untrusted",
        ],
        why,
    )


def no_agents(why: str) -> dict[str, str]:
    """Return the behaviours of agents that a tool starts as what cannot happen, and why."""
    return dict.fromkeys(
        [
            "test_a_guarded_agent_runs_within_a_tool",
            "test_an_agent_that_nobody_guards_does_not_run_within_a_tool",
            "test_outside_of_a_tool_an_agent_that_nobody_guards_runs",
            "test_the_smallest_agent_that_nobody_guards_does_not_run_within_a_tool",
            "test_a_tool_that_only_a_fallback_brings_is_refused",
            "test_the_refusal_of_an_agent_within_a_tool_says_no_more_than_its_code",
        ],
        why,
    )


def is_guarded(harness: Harness, agent: Any) -> bool:
    """Whether the adapter of a harness says of an agent, where it begins, that it is guarded."""
    adapter = "inbounds.integrations." + type(harness).__module__.split(".")[2]
    found = [entry for entries in ENTRY_POINTS.values() for entry in entries]
    names = {entry.adapter for entry in found if entry.argument != ALL}  # those are requests
    (name,) = (each for each in names if each.startswith(adapter + "."))
    guarded: bool = importlib.import_module(name).is_guarded(agent)
    return guarded


def unwatched(package: str) -> list[str]:
    """Name the methods by which a framework begins an agent that nothing has been put before."""
    places = [
        (importlib.import_module(module), entry, method)
        for module, entries in ENTRY_POINTS.items()
        if module.partition(".")[0] == package
        for entry in entries
        for method in entry.methods
    ]
    assert places
    found = [
        (entry.owner, method, getattr(getattr(module, entry.owner, None), method, None))
        for module, entry, method in places
    ]
    return [f"{owner}.{method}" for owner, method, made in found if not hasattr(made, MARK)]


def authorization_of(world: World, kind: Any, wrong: Mapping[str, Any]) -> Any:
    """Make an authorization of a kind; or return what is to stand for one."""
    if "authorization" in wrong:
        return wrong["authorization"]
    return kind(**{"guard": world.guard, "resources": world.resources, **wrong})


EXPORTER = InMemorySpanExporter()


def traced() -> None:
    """Keep the spans of this process, and forget those there are."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
        trace.set_tracer_provider(provider)
    EXPORTER.clear()


def spans() -> Sequence[ReadableSpan]:
    """The spans that have ended."""
    return EXPORTER.get_finished_spans()
