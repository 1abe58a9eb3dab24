"""What no other test noticed when a fault was put into the core; see `make mutants-python`."""

import asyncio
import contextlib
import dataclasses
import inspect
import json
import logging
import pickle
import sqlite3
import threading
import time
import types

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from inbounds import (
    AccessDenied,
    ApprovalRequired,
    ArgumentNotRepresentable,
    ConfigurationError,
    DecisionUnavailable,
    Guard,
    InvalidAnswer,
    Labelled,
    Resource,
    Timeout,
    TokenInvalid,
)
from inbounds.canonical.arguments import canonical_json, digest
from inbounds.credentials.task_authority import RENEW_WITHIN
from inbounds.evidence.records import record_name
from inbounds.model.question import ResourceProperties, Returns
from inbounds.pdp import DECISION, Reply
from inbounds.pep.config import Configuration
from inbounds.pep.runtime import engine
from inbounds.pep.task import _discard
from inbounds.pep.telemetry import NAMES, Telemetry
from inbounds.process import clock
from inbounds.sessions.memory import MemorySessions
from inbounds.testing import AGENT, INTENT, SUBJECT


@pytest.fixture
def at(monkeypatch):
    """Move the clock of this process to so many seconds from when the test began."""
    begun = int(time.time())
    monkeypatch.setattr(clock, "now", lambda: begun)
    return lambda seconds: monkeypatch.setattr(clock, "now", lambda: begun + seconds)


class Between:
    """The policy's own PDP; keeps the questions and may change what is said of a decision."""

    def __init__(self, pdp):
        self.pdp = pdp
        self.name = pdp.name
        self.asked = []
        self.say = lambda answer: answer

    def ask(self, entrypoint, question, **how):
        reply = self.pdp.ask(entrypoint, question, **how)
        if entrypoint != DECISION:
            return reply
        self.asked.append((json.loads(question), how))
        return Reply(self.say(reply.result), engine_id="engine-1")

    def close(self):
        self.pdp.close()


@pytest.fixture
def between(policy):
    """What stands between the guard and its PDP."""
    policy.guard._runtime.pdp = Between(policy.guard._runtime.pdp)
    return policy.guard._runtime.pdp


@pytest.fixture
def spans(policy):
    """What is told of each decision, by the words of `telemetry.NAMES`."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    policy.guard._runtime.telemetry = Telemetry(tracer_provider=provider)
    words = {name: word for word, name in NAMES.items()}
    return lambda: [
        {words[name]: value for name, value in span.attributes.items()}
        for span in exporter.get_finished_spans()
    ]


def read(task, **how):
    """Ask for the permit of one ordinary call."""
    return task.permit("mail.read", {"id": "42"}, resource=lambda id: ("mail", id), **how)


def refuse(task):
    """Ask for the permit of a call that the policy denies."""
    return task.permit(
        "mail.send",
        {"to": ["m@evil.example"], "body": ""},
        resource=lambda to, body: ("mailbox", "alice"),
    )


def raising(error):
    """Return a function that raises an error, whatever it is called with."""

    def fail(*_):
        raise error

    return fail


def full(_record):
    """What an evidence log does that takes nothing."""
    raise DecisionUnavailable("full", code="evidence.unavailable")


def bodies(policy):
    """What the evidence log holds."""
    with contextlib.closing(sqlite3.connect(policy.guard.evidence.path)) as log:
        return [json.loads(body) for (body,) in log.execute("SELECT body FROM records")]


def records(policy):
    """What the evidence log holds: outcome or execution, and codes or status."""
    return [
        (body["outcome"], body["codes"])
        if "outcome" in body
        else (body["executed"], body["status"])
        for body in bodies(policy)
    ]


class TestRenewal:
    """A task's token is short; the task asks for the next one in time, up to its deadline."""

    def test_in_time(self, policy, at):
        """
        A token that is about to expire is renewed before it is used, and not earlier.
        """
        task = policy.task()
        first = task.grant
        lifetime = first.expires - int(clock.now())

        at(lifetime - RENEW_WITHIN)
        assert first.token == task.grant.token

        at(lifetime - RENEW_WITHIN + 1)
        renewed = task.grant
        assert first.token != renewed.token
        assert first.expires - RENEW_WITHIN + 1 + lifetime == renewed.expires
        assert renewed.token == task.grant.token

    def test_a_minute_is_left_for_the_call(self):
        """
        Nothing that takes less than a minute meets a token that has expired meanwhile.
        """
        assert 60 == RENEW_WITHIN

    def test_not_beyond_the_deadline(self, policy, at):
        """
        Where renewing gives no more time, none is asked for; then the time is up.
        """
        task = policy.task(seconds=30)
        first = task.grant
        assert first.authority.deadline == first.expires

        at(29)
        assert first.token == task.grant.token

        at(30)
        with pytest.raises(TokenInvalid) as ei:
            _ = task.grant
        assert "task.deadline" == ei.value.code

    def test_a_call_goes_on_while_the_token_is_good(self, policy, monkeypatch):
        """
        An issuer that gives no answer refuses no call until the token has expired.
        """
        task = policy.task()
        limited = DecisionUnavailable("asked too often", code="issuer.limited")
        monkeypatch.setattr(policy.guard.issuer, "renew", raising(limited))
        task._grant = dataclasses.replace(task._grant, expires=int(clock.now()) + 50)
        for _ in range(2):
            assert read(task)

        task._grant = dataclasses.replace(task._grant, expires=int(clock.now()))
        with pytest.raises(DecisionUnavailable) as ei:
            read(task)
        assert "issuer.limited" == ei.value.code

    def test_no_call_of_a_task_that_was_revoked_goes_on(self, policy, monkeypatch):
        """
        That the issuer gives no answer brings no task back that has ended elsewhere.
        """
        task = policy.task()
        monkeypatch.setattr(policy.guard.issuer, "renew", raising(DecisionUnavailable("away")))
        task._grant = dataclasses.replace(task._grant, expires=int(clock.now()) + 50)
        policy.guard.issuer.end(task._grant)
        with pytest.raises(AccessDenied) as ei:
            read(task)
        assert "task.ended" == ei.value.code

    def test_up_to_the_deadline(self, policy, at):
        """
        The last renewal reaches the deadline and no further.
        """
        task = policy.task(seconds=400)
        deadline = task.authority.deadline

        at(390)
        assert deadline == task.grant.expires


class Interrupted:
    """An evidence log during whose writing the program is interrupted."""

    def __init__(self, log, *, after):
        self.log = log
        self.after = after
        self.interrupts = 1

    def decided(self, record):
        if self.interrupts:
            self.interrupts = 0
            if self.after:
                self.log.decided(record)
            raise KeyboardInterrupt
        self.log.decided(record)

    def executed(self, record):
        self.log.executed(record)

    def close(self):
        self.log.close()


class TestInterrupted:
    """Stopped while the decision is written: it has not run, and the log says so."""

    def permit(self, policy, tool, arguments):
        with policy.task() as task, pytest.raises(KeyboardInterrupt):
            task.permit(tool, arguments, resource=lambda **_: ("mail", "42"))
        policy.guard._runtime.evidence = policy.guard.evidence
        return str(task.report())

    def test_after_the_record(self, policy):
        """
        An allow that was written is followed by `executed: no`.
        """
        policy.guard._runtime.evidence = Interrupted(policy.guard.evidence, after=True)

        said = self.permit(policy, "mail.read", {"id": "42"})

        assert [("allow", []), ("no", "cancelled")] == records(policy)
        assert "in bounds · 0 ran · 0 refused · 1 stopped" == said

    def test_before_the_record(self, policy):
        """
        Where nothing was written, that the decision came to nothing is.
        """
        policy.guard._runtime.evidence = Interrupted(policy.guard.evidence, after=False)

        self.permit(policy, "mail.read", {"id": "42"})

        assert [("unavailable", ["call.interrupted"])] == records(policy)

    def test_after_a_refusal(self, policy):
        """
        A refusal that was written stays the one record.
        """
        policy.guard._runtime.evidence = Interrupted(policy.guard.evidence, after=True)

        said = self.permit(policy, "mail.send", {"to": ["m@evil.example"], "body": ""})

        assert ["deny"] == [outcome for outcome, _ in records(policy)]
        assert "in bounds · 0 ran · 1 refused" == said


class TestCalls:
    async def test_an_async_tool_that_raises(self, policy):
        """
        What an awaited tool raises passes through, and is recorded as an error.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str) -> str:
            await asyncio.sleep(0)
            raise LookupError("secret text")

        async with policy.task() as task:
            with pytest.raises(LookupError, match="secret text"):
                await read("42")

        assert [("allow", []), ("yes", "error")] == records(policy)
        assert "in bounds · 1 ran · 0 refused" == str(task.report())

    async def test_an_awaited_permit(self, policy, spans):
        """
        A framework that awaits its permit says as much as one that does not.
        """
        async with policy.task() as task:
            permit = await task.apermit(
                "mail.read", {"id": "42"}, resource=lambda id: ("mail", id), tool_call_id="call-2"
            )
            permit.finish(None)
            other = await task.apermit("mail.read", {"id": "42"}, resource=lambda id: ("mail", id))
            other.finish(None)

        assert ["call-2", None] == [span.get("tool_call_id") for span in spans()]

    async def test_a_call_of_no_framework(self, policy, spans):
        """
        Where no framework has an id for the call, none is told.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> str:
            return id

        async with policy.task() as task:
            assert "42" == task.call("mail.read", {"id": "42"})
            assert "43" == await task.acall("mail.read", {"id": "43"})

        assert [False, False] == ["tool_call_id" in span for span in spans()]

    def test_a_resource_without_a_json_form(self, policy):
        """
        A resource that cannot be sent is refused before anybody is asked.
        """
        resource = Resource.model_construct(type="mail", id="\ud800")

        with policy.task() as task, pytest.raises(ArgumentNotRepresentable) as ei:
            task.permit("mail.read", {"id": "42"}, resource=lambda id: resource)

        assert "resource.not_representable" == ei.value.code
        assert [("unavailable", ["resource.not_representable"])] == records(policy)

    @pytest.mark.filterwarnings("ignore:Pydantic serializer:UserWarning")
    def test_a_resource_with_what_json_lacks(self, policy):
        """
        Likewise where what is said of it has no JSON form.
        """
        properties = ResourceProperties.model_construct(label={1})
        resource = Resource.model_construct(type="mail", id="42", properties=properties)

        with policy.task() as task, pytest.raises(ArgumentNotRepresentable) as ei:
            task.permit("mail.read", {"id": "42"}, resource=lambda id: resource)

        assert "resource.not_representable" == ei.value.code
        assert [("unavailable", ["resource.not_representable"])] == records(policy)

    def test_a_fault_that_cannot_be_written(self, policy):
        """
        Where nothing was decided, no outcome is written in the place of the decision.
        """
        log = policy.guard._runtime.evidence = Interrupted(policy.guard.evidence, after=False)
        log.decided = full
        with policy.task() as task, pytest.raises(ArgumentNotRepresentable):
            task.permit("mail.read", {"id": {1}}, resource=lambda id: ("mail", "42"))

        assert [] == records(policy)

    def test_a_generator_by_its_name(self, policy):
        """
        Its permit spans the iteration, whoever called it and however.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            yield from id

        with policy.task() as task:
            items = task.call("mail.read", {"id": "42"})
            assert [] == records(policy)
            assert ["4", "2"] == list(items)

        assert [("allow", []), ("yes", "ok")] == records(policy)

    @pytest.mark.parametrize("asynchronous", [False, True])
    async def test_a_generator_by_its_name_awaited(self, policy, asynchronous):
        """
        Likewise where the call is awaited; an async generator is iterated asynchronously.
        """

        def plain(id: str):
            yield from id

        async def other(id: str):
            for letter in id:
                yield letter

        guard = policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        guard(other if asynchronous else plain)

        async with policy.task() as task:
            items = await task.acall("mail.read", {"id": "42"})
            assert [] == records(policy)
            if asynchronous:
                assert ["4", "2"] == [item async for item in items]
            else:
                assert ["4", "2"] == list(items)

        assert [("allow", []), ("yes", "ok")] == records(policy)

    @pytest.mark.parametrize("generates", [False, True], ids=["coroutine", "generator"])
    def test_an_async_tool_that_is_not_awaited(self, policy, generates):
        """
        It is refused before anybody is asked: it would run after its permit was used.
        """

        async def coroutine(id: str) -> str:
            return id

        async def generator(id: str):
            yield id

        guard = policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        guard(generator if generates else coroutine)

        with policy.task() as task, pytest.raises(ConfigurationError) as ei:
            task.call("mail.read", {"id": "42"})

        assert ("configuration.tool_is_async", "no") == (ei.value.code, ei.value.executed)
        assert [] == records(policy)

    @pytest.mark.system
    async def test_an_awaited_tool_runs_beside_the_loop(self, policy):
        """
        A tool that is not async runs in another thread than the loop's.
        """
        threads = []

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> None:
            threads.append(threading.get_ident())

        async with policy.task() as task:
            await task.acall(read, {"id": "42"})

        assert [True] == [thread != threading.get_ident() for thread in threads]

    async def test_an_awaited_tool_that_runs_later(self, policy):
        """
        What an awaited tool returns may not do its work after its permit was used either.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str):
            return (letter for letter in id)

        async with policy.task() as task:
            with pytest.raises(ConfigurationError) as ei:
                await task.acall("mail.read", {"id": "42"})

        assert "configuration.tool_is_lazy" == ei.value.code
        assert [("allow", []), ("yes", "error")] == records(policy)

    @pytest.mark.parametrize("lazy", ["coroutine", "generator", "async generator", "awaitable"])
    def test_a_tool_that_runs_later(self, policy, lazy):
        """
        What a tool returns must not do its work after its permit was used, and is closed.
        """
        ran = []

        async def coroutine():
            ran.append(1)

        def generator():
            ran.append(1)
            yield

        async def async_generator():
            ran.append(1)
            yield

        class Awaitable:
            def __await__(self):
                ran.append(1)
                yield

        made = {
            "coroutine": coroutine,
            "generator": generator,
            "async generator": async_generator,
            "awaitable": Awaitable,
        }[lazy]()
        policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: made)

        with policy.task() as task, pytest.raises(ConfigurationError) as ei:
            task.call("mail.read", {"id": "42"})

        assert ("configuration.tool_is_lazy", "unknown") == (ei.value.code, ei.value.executed)
        assert [("allow", []), ("yes", "error")] == records(policy)
        if lazy == "coroutine":
            assert inspect.CORO_CLOSED == inspect.getcoroutinestate(made)
        if lazy == "generator":
            assert inspect.GEN_CLOSED == inspect.getgeneratorstate(made)
        assert [] == ran

    def test_a_tool_that_nobody_guards(self, policy):
        """
        Only what is guarded can be called by its name.
        """
        with policy.task() as task, pytest.raises(ConfigurationError) as ei:
            task.call("mail.read", {"id": "42"})

        assert "configuration.tool_unknown" == ei.value.code

    @pytest.mark.parametrize("how", ["call", "permit", "acall", "apermit"])
    def test_a_call_of_a_name_that_nobody_guards_is_recorded(self, policy, how):
        """
        A model may have made the name up; whoever reads the evidence sees that it tried.
        """

        async def make():
            made = getattr(task, how)("shell.exec", {"cmd": "id"})
            await made

        with policy.task() as task, pytest.raises(ConfigurationError) as ei:
            asyncio.run(make())

        assert "configuration.tool_unknown" == ei.value.code
        assert [("unavailable", ["configuration.tool_unknown"])] == records(policy)
        [body] = bodies(policy)
        assert ("shell.exec", ei.value.decision_id) == (body["tool"], body["decision_id"])

    def test_a_guarded_tool_with_another_resource(self, policy):
        """
        Whoever says the resource of a guarded tool still has its name and its defaults judged.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", "41"))
        def read(id: str = "42") -> None:
            pass

        with policy.task() as task:
            permit = task.permit(read, {}, resource=lambda id: ("mail", id))
            arguments = permit.arguments
            permit.cancel()

        parts = policy.guard._runtime
        assert ("mail.read", {"id": "42"}) == (permit.tool, arguments)
        assert (
            digest(b"42", parts.digest_key, parts.digest_key_id)
            == (bodies(policy)[0]["resource_digest"])
        )

    def test_a_dry_run_without_an_answer(self, policy):
        """
        Asking what would be decided raises where nothing is; there is no decision then.
        """
        policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: id)

        with policy.task() as task:
            policy.guard._runtime.pdp.close()
            with pytest.raises(DecisionUnavailable) as ei:
                task.evaluate("mail.read", {"id": "42"})

        assert "decision.unreachable" == ei.value.code
        assert [] == records(policy)

    def test_the_task_ends_before_the_tool_begins(self, policy):
        """
        Whoever called hears that the task is over, and it is recorded as not having run.
        """
        ran = []

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> None:
            ran.append(id)

        ready = read.ready
        with policy.task() as task:
            read.ready = lambda permit: (ready(permit), task.end())[0]
            with pytest.raises(DecisionUnavailable) as ei:
                read("42")

        assert "task.over" == ei.value.code
        assert [] == ran
        assert [("allow", []), ("no", "cancelled")] == records(policy)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("mail.read", "mail.read"),
        ("", "?"),
        ("a\x1b[2Jb", "a?[2Jb"),
        ("\ud800", "\\ud800"),
        ("n" * 256, "n" * 256),
        ("n" * 300, "n" * 256),
        ("\n" * 300, "?" * 256),
    ],
    ids=["plain", "empty", "control", "surrogate", "longest", "long", "long and control"],
)
def test_a_name_in_records(name, seen):
    """
    A name is text of whoever chose it: what is shown of it drives no terminal.
    """
    assert seen == record_name(name)


class TestGuard:
    def test_files_and_stores(self, policy, tmp_path):
        """
        Where sessions and records are kept is named by a file, or given.
        """
        home = {"home": policy.guard.configuration.home, "pdp": policy._policy}
        named = Guard(**home, sessions=tmp_path / "s", evidence=str(tmp_path / "e"))
        store, log = MemorySessions(), policy.guard.evidence
        given = Guard(**home, sessions=store, evidence=log)

        assert (str(tmp_path / "s"), str(tmp_path / "e")) == (
            *(named.configuration.sessions, named.configuration.evidence),
        )
        assert (tmp_path / "s").exists() and (tmp_path / "e").exists()
        assert ("", "") == (given.configuration.sessions, given.configuration.evidence)
        assert (store, log, log) == (
            given._runtime.sessions,
            given._runtime.evidence,
            given.evidence,
        )
        named.close()

    def test_who_vouches_for_the_agent_is_asked(self, policy):
        """
        A source of identities that is given takes the place of the issuer's own.
        """
        asked = []

        class Source:
            def identity(self, agent):
                asked.append(agent)
                raise TokenInvalid("it does not vouch", code="identity.unverified")

        guard = Guard(home=policy.guard.configuration.home, pdp=policy._policy, identity=Source())
        with pytest.raises(TokenInvalid):
            guard.task(INTENT, subject=SUBJECT)

        assert [AGENT] == asked

    def test_a_user_who_has_said_nothing_has_named_nobody(self, policy):
        with policy.task() as task:
            said = policy.guard._runtime.origins.of(task.session)
            assert "none" == said.trace({"to": "Bob"}, {}, {})["/to"].grade

    def test_the_users_own_token_goes_to_the_issuer(self, policy):
        """
        The issuer gets it with the wish for a task, and nobody else does.
        """
        wished = []

        class Issuer:
            def begin(self, request, _pdp):
                wished.append(request)
                raise TokenInvalid("nothing is granted", code="task.not_granted")

        policy.guard.issuer = Issuer()
        for said in ({"subject_token": "of-alice"}, {}):
            with pytest.raises(TokenInvalid):
                policy.task(**said)

        assert ["of-alice", ""] == [request.subject_token for request in wished]
        assert "of-alice" not in repr(wished)

    def test_what_decides_is_logged(self, policy, caplog):
        """
        A program's log says by what it decides.
        """
        with caplog.at_level(logging.INFO, "inbounds"):
            Guard(home=policy.guard.configuration.home, pdp=policy._policy)

        assert ["a guard that decides by the PDP it was given, `embedded`"] == [
            record.getMessage() for record in caplog.records if record.name == "inbounds.pep.guard"
        ]
        assert "OPA at unix:///s" == engine(None, Configuration(pdp_url="unix:///s"))
        assert "the embedded policy" == engine(None, Configuration())

    def test_a_task_is_begun_on_what_is_in_force_now(self, policy):
        """
        The feed is fetched, within the deadline, before it is asked how far a task may reach.
        """
        steps = []
        issuer = policy.guard.issuer
        policy.guard._runtime.refresh_live = steps.append

        class Issuer:
            def begin(self, *asked):
                steps.append("begin")
                return issuer.begin(*asked)

        policy.guard.issuer = Issuer()
        begun = clock.monotonic()
        policy.task()
        ended = clock.monotonic()

        (deadline, begin) = steps
        assert "begin" == begin
        assert begun <= deadline - policy.guard.configuration.deadline <= ended

    def test_a_task_lasts_an_hour(self, policy):
        """
        Where nobody says how long.
        """
        assert 3600 == policy.task().request.seconds

    def test_it_cannot_be_copied(self, policy):
        """
        A guard stays in its process.
        """
        with pytest.raises(TypeError):
            pickle.dumps(policy.guard)

    async def test_a_permit_that_nobody_waits_for(self):
        """
        What was permitted is cancelled; where nothing was, there is nothing to cancel.
        """
        cancelled = []
        permit = types.SimpleNamespace(cancel=lambda: cancelled.append(1))
        loop = asyncio.get_running_loop()
        permitted, refused, stopped = (loop.create_future() for _ in range(3))
        permitted.set_result(permit)
        refused.set_exception(DecisionUnavailable("no"))
        stopped.cancel()

        for asking in (permitted, refused, stopped):
            _discard(asking)

        assert [1] == cancelled

    @pytest.mark.parametrize("fault", ["asking", "cancelling"])
    async def test_a_fault_that_nobody_waits_for(self, fault):
        """
        What failed while it was asked or cancelled is nobody's any more: it leaves no callback.
        """

        def cancel():
            raise DecisionUnavailable("full", code="evidence.unavailable")

        asking = asyncio.get_running_loop().create_future()
        if fault == "asking":
            asking.set_exception(LookupError("what the tool's own resource function raised"))
        else:
            asking.set_result(types.SimpleNamespace(cancel=cancel))

        assert _discard(asking) is None

    def test_two_functions_of_one_name(self, policy):
        """
        A name stands for one function: the second is refused, the first stays.
        """
        first = policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: id)

        with pytest.raises(ConfigurationError) as ei:
            policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: id)

        assert "configuration.tool_twice" == ei.value.code
        assert {"mail.read": first} == dict(policy.guard.tools)

    def test_closed_at_the_end_of_its_block(self, policy):
        """
        A guard that was left permits nothing.
        """
        task = policy.task()
        with policy.guard:
            pass

        with pytest.raises(DecisionUnavailable):
            task.permit("mail.read", {"id": "42"}, resource=lambda id: ("mail", id))


class TestTold:
    """What the span and the record of a decision say, in each outcome."""

    def test_an_allow(self, policy, between, spans):
        """
        The record names the call by digests, and who had it judged by what.
        """
        with policy.task() as task:
            permit = read(task, tool_call_id="call-1")
            permit.finish(None)

        parts = policy.guard._runtime
        key = (parts.digest_key, parts.digest_key_id)
        (span,) = spans()
        decided, executed = bodies(policy)
        decision = permit.decision
        assert {"at", "seq", "prev"} < decided.keys()
        assert {
            "kind": "decided.v1",
            "decision_id": decision.id,
            "task": task.id,
            "sid": task.session.sid,
            "tenant": "acme",
            "subject": SUBJECT,
            "agent": AGENT,
            "actors": [],
            "intent": "correspond",
            "tool": "mail.read",
            "effects": ["read"],
            "resource_type": "mail",
            "resource_digest": digest(b"42", *key),
            "digest": digest(canonical_json({"id": "42"}), *key),
            "outcome": "allow",
            "codes": [],
            "pointers": [],
            "obligations": [],
            "approvals": [],
            "leases": [],
            "policy": policy._policy.revision,
            "deployment": "development",
            "engine": "embedded",
            "engine_id": "engine-1",
            "pep": "assistant-pep",
            "granted": {
                "effects": ["export", "read", "write"],
                "tools": ["file.write", "mail.read", "mail.send", "web.get"],
            },
        } == {
            name: value
            for name, value in decided.items()
            if name not in {"at", "seq", "prev", "trace_id", "span_id"}
        }
        assert (32, 16) == (len(decided["trace_id"]), len(decided["span_id"]))
        assert ("yes", "ok", decision.id) == (
            *(executed["executed"], executed["status"], executed["decision_id"]),
        )
        assert ("allow", "executed", "enforce", "call-1") == (
            *(span["outcome"], span["enforcement"], span["mode"], span["tool_call_id"]),
        )
        assert (decision.id, decided["digest"], "engine-1", policy._policy.revision) == (
            *(span["decision_id"], span["digest"], span["engine_id"], span["revision"]),
        )
        assert decision.grants
        assert not decision.evaluate_only
        assert "engine-1" == decision.engine_id

    def test_a_deny(self, policy, between, spans):
        """
        A refusal is told with its codes and where the arguments are at fault.
        """
        with policy.task() as task, pytest.raises(AccessDenied) as ei:
            task.permit(
                "mail.send",
                {"to": ["m@evil.example", "a@evil.example"], "body": ""},
                resource=lambda to, body: ("mailbox", "alice"),
            )

        (span,) = spans()
        (decided,) = bodies(policy)
        assert ("deny", "blocked") == (span["outcome"], span["enforcement"])
        assert ei.value.decision_id == span["decision_id"] == decided["decision_id"]
        assert "deny" == decided["outcome"]
        assert [reason.code for reason in ei.value.decision.reasons] == decided["codes"]
        assert ["/to/0", "/to/1"] == decided["pointers"]
        assert "egress.destination_not_allowed" == span["code"]

    def test_where_the_arguments_are_at_fault(self, policy, between):
        """
        A key that nobody registered is not written down, and no more than 100 places are.
        """

        def point(answer):
            places = ["/canary/0", *(f"/to/{place}" for place in range(150))]
            (reason, *rest) = answer["context"]["reasons"]
            reason = {**reason, "details": [{"argument": place} for place in places]}
            return {**answer, "context": {**answer["context"], "reasons": [reason, *rest]}}

        between.say = point
        with policy.task() as task, pytest.raises(AccessDenied):
            refuse(task)

        expected = sorted(["/?/?", *(f"/to/{place}" for place in range(150))])[:100]
        assert expected == bodies(policy)[0]["pointers"]

    def test_an_obligation(self, policy):
        """
        What had to be done is named by its type.
        """
        tool = {**policy.deployment["tools"]["mail.read"], "notify": "owner@acme.example"}
        policy.change(tools={**policy.deployment["tools"], "mail.read": tool})
        parts = policy.guard._runtime
        parts.discharger = type(parts.discharger)(lambda to, tool: None)

        with policy.task() as task:
            read(task).finish(None)

        assert ["notify"] == bodies(policy)[0]["obligations"]

    def test_an_ask(self, policy, between, spans):
        """
        A call that waits for a person is paused.
        """

        def ask(answer):
            context = answer["context"]
            state = policy.guard._runtime.sessions.load(task.session).model_dump()
            ids = context["session"]["decisions"]
            session = {**state, "version": context["session"]["version"], "decisions": ids}
            session["refusals"] = state["refusals"] + 1
            reason = {"code": "site.ask.me", "message": "ask", "severity": "low"}
            said = {"outcome": "ask", "reasons": [reason], "session": session, "grants": []}
            return {"decision": False, "context": {**context, **said}}

        between.say = ask
        with policy.task() as task, pytest.raises(ApprovalRequired):
            read(task)

        (span,) = spans()
        assert ("ask", "paused") == (span["outcome"], span["enforcement"])
        assert [("ask", ["site.ask.me"])] == records(policy)

    def test_no_answer(self, policy, between, spans):
        """
        Where no answer came, the error, the span and the record name one decision.
        """
        between.say = lambda answer: None
        with policy.task() as task, pytest.raises(DecisionUnavailable) as ei:
            read(task)

        (span,) = spans()
        (decided,) = bodies(policy)
        assert ("unavailable", "blocked") == (span["outcome"], span["enforcement"])
        assert ei.value.code == span["error"]
        assert ei.value.decision_id == decided["decision_id"]
        assert [("unavailable", [ei.value.code])] == records(policy)

    @pytest.mark.parametrize("dry", [False, True], ids=["permit", "evaluate"])
    def test_no_answer_is_told_once(self, policy, between, dry):
        """
        A decision that could not be had is one event, and one fault of the PDP.
        """
        events = InMemoryLogRecordExporter()
        logs, reader = LoggerProvider(), InMemoryMetricReader()
        logs.add_log_record_processor(SimpleLogRecordProcessor(events))
        policy.guard._runtime.telemetry = Telemetry(TracerProvider(), MeterProvider([reader]), logs)
        between.say = lambda answer: None

        with policy.task() as task:
            ask = task.evaluate if dry else task.permit
            with pytest.raises(InvalidAnswer):
                ask("mail.read", {"id": "42"}, resource=lambda id: ("mail", id))

        (event,) = events.get_finished_logs()
        assert "unavailable" == event.log_record.attributes[NAMES["outcome"]]
        faults = [
            point.value
            for resource in reader.get_metrics_data().resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name.endswith("errors")
            for point in metric.data.data_points
        ]
        assert [1] == faults

    def test_before_it_is_known_what_is_touched(self, policy):
        """
        A call that was refused before its resource was told names none, and no arguments.
        """
        parts = policy.guard._runtime
        with policy.task() as task, pytest.raises(ArgumentNotRepresentable) as ei:
            task.permit("mail.\x1b[2J", {"id": "42"}, resource=lambda id: ("mail", id))

        assert "tool.not_representable" == ei.value.code
        (decided,) = bodies(policy)
        assert ("mail.?[2J", [], "unknown", "") == (
            *(decided["tool"], decided["effects"], decided["resource_type"], decided["digest"]),
        )
        assert (
            digest(b"unknown", parts.digest_key, parts.digest_key_id)
            == (decided["resource_digest"])
        )

    def test_a_dry_run(self, policy, between, spans):
        """
        A dry run is marked as one, tells what would be decided, and enforces nothing.
        """
        with policy.task() as task:
            allowed = task.evaluate("mail.read", {"id": "42"}, resource=lambda id: ("mail", id))

        (span,) = spans()
        assert ("allow", "shadowed", "evaluate_only") == (
            *(span["outcome"], span["enforcement"], span["mode"]),
        )
        assert allowed.id == span["decision_id"]
        assert "tool_call_id" not in span
        assert {"id": "42"} == between.asked[0][0]["action"]["properties"]["arguments"]
        assert [] == records(policy)

        with pytest.raises(DecisionUnavailable) as ei:
            task.evaluate("mail.read", {"id": "42"}, resource=lambda id: ("mail", id))
        assert "task.over" == ei.value.code

    def test_several_dry_runs(self, policy, spans):
        """
        Each of several has a span of its own, and none is decided once the task is over.
        """
        calls = [("mail.read", {"id": each}, lambda id: ("mail", id)) for each in ("42", "43")]
        with policy.task() as task:
            decisions = task.evaluate_all(calls)

        told = spans()
        assert {decision.id for decision in decisions} == {span["decision_id"] for span in told}
        assert {("allow", "shadowed", "evaluate_only")} == {
            (span["outcome"], span["enforcement"], span["mode"]) for span in told
        }

        with pytest.raises(DecisionUnavailable) as ei:
            task.evaluate_all(calls)
        assert "task.over" == ei.value.code


class TestAsked:
    """What the question holds."""

    def test_a_proof_where_one_is_wanted(self, policy, between):
        """
        A call is proved where the deployment wants that of one of its effects, and else not.
        """
        for wanted in (["export"], ["read"], []):
            policy.change(settings={**policy.deployment["settings"], "proof": wanted})
            between.asked.clear()
            with policy.task() as task:
                read(task).cancel()
                with pytest.raises(AccessDenied):
                    refuse(task)
            proofs = [asked["context"]["credentials"].get("proof") for asked, _ in between.asked]

            assert ["read" in wanted, "export" in wanted] == [*map(bool, proofs[-2:])]

    def test_everything(self, policy, between):
        """
        The question is whole, says nothing twice and leaves out what has nothing to say.
        """
        with policy.task() as task:
            state = policy.guard._runtime.sessions.load(task.session).model_dump()
            permit = read(task)
            permit.cancel()

        parts = policy.guard._runtime
        question, how = between.asked[0]
        credentials = question["context"].pop("credentials")
        version = question["context"]["pep"].pop("version")
        assert {
            "question": 1,
            "subject": {"type": "user", "id": SUBJECT},
            "action": {
                "name": "mail.read",
                "properties": {
                    "arguments": {"id": "42"},
                    "parsed": {"/id": {"kind": "id"}},
                    "origins": {"/id": {"source": "none", "grade": "none"}},
                    "links": {},
                    "skeletons": {},
                    "digest": digest(
                        canonical_json({"id": "42"}), parts.digest_key, parts.digest_key_id
                    ),
                    "registry": "development",
                    "size": len(b'{"id":"42"}'),
                },
            },
            "resource": {"type": "mail", "id": "42"},
            "context": {
                "decision": {"id": permit.decision.id},
                "agent": AGENT,
                "session": state,
                "environment": {},
                "leases": [],
                "pep": {
                    "id": "assistant-pep",
                    "supported_obligations": list(parts.discharger.supported(Returns())),
                },
            },
        } == question
        assert version
        assert task.grant.token == credentials["task"]
        assert [[], []] == [credentials["chain"], credentials["approvals"]]
        assert 3 == len(credentials["identity"].split("."))
        assert how["deadline"] <= clock.monotonic() + policy.guard.configuration.deadline

    def test_of_an_agent_alone(self, policy, between):
        """
        Where no person stands behind the task, the agent itself is the subject.
        """
        task = policy.task()
        request = dataclasses.replace(task._grant.request, subject=AGENT)
        task._grant = dataclasses.replace(task._grant, request=request)

        with pytest.raises(AccessDenied):
            read(task)

        assert {"type": "workload", "id": AGENT} == between.asked[0][0]["subject"]

    def test_where_a_value_came_from(self, policy, between):
        """
        A result that came past the permits is one that values of later calls are traced to.
        """
        with policy.task() as task:
            task.observe({"owner": "message-4711"}, tool="no.such_tool", arguments={"id": "x"})
            with contextlib.suppress(AccessDenied, ApprovalRequired):
                task.permit(
                    "mail.read", {"id": "message-4711"}, resource=lambda id: ("mail", id)
                ).cancel()

        (question, _) = between.asked[0]
        origin = question["action"]["properties"]["origins"]["/id"]
        assert ("tool", "third_party_text") == (origin["source"], origin["grade"])
        assert "no.such_tool" == origin["tool"]

    def test_within_the_trace(self, policy, between, spans):
        """
        The engine is told of the span that the decision has here.
        """
        with policy.task() as task:
            read(task).cancel()

        decided = bodies(policy)[0]
        assert "tool_call_id" not in spans()[0]
        said = between.asked[0][1]["traceparent"]
        assert [decided["trace_id"], decided["span_id"]] == said.split("-")[1:3]


def stopped(monkeypatch):
    """Stop the clock that deadlines are measured by; its one item is the time that it shows."""
    now = [clock.monotonic()]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def pauses_of(monkeypatch):
    """What a call pauses for, in seconds."""
    paused = []

    def sleep(seconds):
        paused.append(seconds)
        time.sleep(seconds)

    # Of this module alone: the engine's own threads pause as well.
    monkeypatch.setattr("inbounds.sessions.store.time", types.SimpleNamespace(sleep=sleep))
    return paused


class Store:
    """The policy's own session store, but for what becomes of a commit."""

    def __init__(self, store, commit):
        self.store = store
        self.making = commit
        self.commits = 0

    def commit(self, *made):
        self.commits += 1
        return self.making(self, *made)

    def __getattr__(self, name):
        return getattr(self.store, name)


class TestCommits:
    """The session's next state is kept before anything runs, whoever else is at it."""

    def kept(self, policy, commit, *, deadline=5.0):
        parts = policy.guard._runtime
        parts.sessions = Store(parts.sessions, commit)
        object.__setattr__(policy.guard.configuration, "deadline", deadline)
        return parts.sessions

    def test_another_was_faster(self, policy, between):
        """
        Where another process changed the session in between, the policy judges what it left.
        """

        def commit(store, key, version, state):
            if store.commits > 1:
                return store.store.commit(key, version, state)
            other = store.store.load(key)
            spent = other.spent.model_copy(update={"calls": 7})
            update = {"version": other.version + 1, "spent": spent}
            assert store.store.commit(key, other.version, other.model_copy(update=update))
            return store.store.commit(key, version, state)

        with policy.task() as task:
            store = self.kept(policy, commit)
            read(task).cancel()

        assert 2 == store.commits
        assert [0, 7] == [q["context"]["session"]["spent"]["calls"] for q, _ in between.asked]
        assert 8 == store.load(task.session).spent.calls
        assert [("allow", []), ("no", "cancelled")] == records(policy)

    @pytest.mark.system
    def test_others_are_always_faster(self, policy, between, monkeypatch):
        """
        It is given up at the deadline, and not asked without a pause.
        """
        paused = pauses_of(monkeypatch)

        with policy.task() as task:
            store = self.kept(policy, lambda *_: False, deadline=3.0)
            with pytest.raises(DecisionUnavailable) as ei:
                read(task)

        assert "session.contended" == ei.value.code
        assert [] == [seconds for seconds in paused if not 0.001 <= seconds <= 0.05]
        assert store.commits - 1 <= len(paused)
        assert [("unavailable", ["session.contended"])] == records(policy)

    @pytest.mark.parametrize(("left", "commits"), [(0.049, 1), (0.051, 2)])
    def test_no_time_for_another_attempt(self, policy, monkeypatch, left, commits):
        """
        Who was overtaken when no more is left than the longest pause gives up at once.
        """
        now = stopped(monkeypatch)
        paused = pauses_of(monkeypatch)

        def overtaken(store, *_):
            now[0] += 5.0 - left if store.commits == 1 else left
            return False

        with policy.task() as task:
            store = self.kept(policy, overtaken, deadline=5.0)
            with pytest.raises(DecisionUnavailable) as ei:
                read(task)

        assert "session.contended" == ei.value.code
        assert (commits, commits - 1) == (store.commits, len(paused))

    @pytest.mark.parametrize("lost", [0, 1])
    def test_no_answer_in_time(self, policy, monkeypatch, lost):
        """
        A time-out is told as what it is, but where the time went on others who were faster.
        """
        asked, ask = [], policy.guard._runtime.pdp.ask

        def slow(name, *args, **kwargs):
            if name == DECISION:
                asked.append(name)
                if len(asked) > lost:
                    raise Timeout("no answer within the deadline")
            return ask(name, *args, **kwargs)

        with policy.task() as task:
            monkeypatch.setattr(policy.guard._runtime.pdp, "ask", slow)
            self.kept(policy, lambda *_: False)
            with pytest.raises(DecisionUnavailable) as ei:
                read(task)

        expected = "session.contended" if lost else "decision.timeout"
        assert expected == ei.value.code
        assert lost + 1 == len(asked)
        assert [("unavailable", [expected])] == records(policy)

    def test_it_was_made_all_the_same(self, policy):
        """
        A commit whose answer was lost is settled by what the store holds.
        """

        def commit(store, key, version, state):
            assert store.store.commit(key, version, state)
            raise DecisionUnavailable("lost", code="session.unreachable")

        with policy.task() as task:
            store = self.kept(policy, commit)
            read(task).cancel()

        assert 1 == store.commits
        assert 1 == store.load(task.session).spent.calls

    def test_it_was_not_made(self, policy):
        """
        A commit that came to nothing permits nothing.
        """

        def commit(store, key, version, state):
            raise DecisionUnavailable("away", code="session.unreachable")

        with policy.task() as task:
            store = self.kept(policy, commit)
            with pytest.raises(DecisionUnavailable) as ei:
                read(task)

        assert "session.unreachable" == ei.value.code
        assert 0 == store.load(task.session).spent.calls

    def test_an_answer_that_the_store_refuses(self, policy):
        """
        What the store finds wrong with an answer is told as that, whatever it holds.
        """

        def commit(store, key, version, state):
            assert store.store.commit(key, version, state)
            raise InvalidAnswer("it goes back")

        with policy.task() as task:
            self.kept(policy, commit)
            with pytest.raises(InvalidAnswer):
                read(task)

    def test_one_at_a_time(self, policy, between):
        """
        From reading the session to keeping its next state, nobody else is at it.
        """
        parts = policy.guard._runtime
        seen = []

        class Locking(Store):
            held = False

            @contextlib.contextmanager
            def lock(self, key, *, deadline):
                with self.store.lock(key, deadline=deadline):
                    self.held = True
                    yield
                    self.held = False

            def load(self, key):
                seen.append(("load", self.held))
                return self.store.load(key)

        def commit(store, key, version, state):
            seen.append(("commit", store.held))
            return store.store.commit(key, version, state)

        with policy.task() as task:
            parts.sessions = Locking(parts.sessions, commit)
            between.say = lambda answer: (seen.append(("ask", parts.sessions.held)), answer)[1]
            read(task).cancel()

        assert [("load", True), ("ask", True), ("commit", True)] == seen
        assert not parts.sessions.held

    def test_a_next_state_without_a_counter(self, policy, between):
        """
        A counter that the answer leaves out is not taken for one that is zero.
        """

        def forget(answer):
            session = {**answer["context"]["session"], "spent": {"calls": 1}}
            return {**answer, "context": {**answer["context"], "session": session}}

        between.say = forget
        with policy.task() as task, pytest.raises(InvalidAnswer):
            read(task)

        assert 0 == policy.guard._runtime.sessions.load(task.session).spent.calls

    @pytest.mark.parametrize("more", [0, 2])
    def test_a_refusal_that_is_not_counted_once(self, policy, between, more):
        """
        Each refusal is counted, as one.
        """

        def miscount(answer):
            session = answer["context"]["session"]
            session = {**session, "refusals": session["refusals"] - 1 + more}
            return {**answer, "context": {**answer["context"], "session": session}}

        between.say = miscount
        with policy.task() as task, pytest.raises(InvalidAnswer):
            refuse(task)

    def test_a_refusal_obliges_to_nothing(self, policy, between):
        """
        What had to be done for an allow is not done for a refusal.
        """
        told = []
        parts = policy.guard._runtime
        parts.discharger = type(parts.discharger)(lambda to, tool: told.append(to))
        owed = {"id": "notify-1", "type": "notify", "properties": {"to": "owner@acme.example"}}
        between.say = lambda answer: {
            **answer,
            "context": {**answer["context"], "obligations": [owed]},
        }

        with policy.task() as task, pytest.raises(AccessDenied):
            refuse(task)

        assert [] == told

    def test_an_allow_obliges_to_nothing(self, policy, between, monkeypatch):
        """
        Where nothing had to be done before the call, nothing of that took too long.
        """
        now = stopped(monkeypatch)
        # Shorter than a permit is good for.
        object.__setattr__(policy.guard.configuration, "deadline", 5.0)

        def late(answer):
            now[0] += policy.guard.configuration.deadline + 1
            return answer

        between.say = late
        with policy.task() as task:
            assert {"id": "42"} == read(task).arguments

    def test_two_registries_are_enough(self, policy, between):
        """
        Where the registry has changed again, it is given up; nothing is asked a third time.
        """

        def restless(answer):
            stamp = {**answer["context"]["policy"], "deployment": "another"}
            return {**answer, "context": {**answer["context"], "policy": stamp}}

        between.say = restless
        with policy.task() as task, pytest.raises(DecisionUnavailable) as ei:
            read(task)

        assert "registry.changed" == ei.value.code
        assert 2 == len(between.asked)

    def test_a_fault_of_another_decision(self, policy, between):
        """
        An error that names its decision goes on naming it.
        """

        def fail(_answer):
            raise DecisionUnavailable("no", decision_id="decision-7")

        between.say = fail
        with policy.task() as task, pytest.raises(DecisionUnavailable) as ei:
            read(task)

        assert "decision-7" == ei.value.decision_id

    def test_a_log_that_failed_is_not_tried_again(self, policy):
        """
        Where the decision could not be written, the call is over.
        """
        tried = []

        def decided(record):
            tried.append(record.outcome)
            raise DecisionUnavailable("full", code="evidence.unavailable")

        policy.guard._runtime.evidence = Interrupted(policy.guard.evidence, after=False)
        policy.guard._runtime.evidence.decided = decided
        with policy.task() as task, pytest.raises(DecisionUnavailable) as ei:
            read(task)

        assert "evidence.unavailable" == ei.value.code
        assert ["allow"] == tried

    def test_a_registry_that_has_changed(self, policy, between):
        """
        Where it is another one than was read, the tool is read anew, and the policy asked again.
        """
        with policy.task() as task:
            read(task).cancel()
            tool = policy.deployment["tools"]["mail.read"]
            arguments = {"/id": {**tool["arguments"]["/id"], "kind": "email", "role": "query"}}
            changed = {**tool, "arguments": arguments}
            policy.change(tools={**policy.deployment["tools"], "mail.read": changed})
            permit = task.permit(
                "mail.read", {"id": "Bob@ACME.example"}, resource=lambda id: ("mail", "42")
            )
            judged = permit.arguments
            permit.cancel()

        assert {"id": "Bob@acme.example"} == judged
        assert 3 == len(between.asked)
        asked = [question["action"]["properties"] for question, _ in between.asked[1:]]
        assert [{"kind": "id"}, {"kind": "email"}] == [
            {"kind": properties["parsed"]["/id"]["kind"]} for properties in asked
        ]
        assert ["development", policy.deployment["revision"]] == [
            properties["registry"] for properties in asked
        ]

    def test_a_tool_that_is_allowed_and_not_registered(self, policy, between):
        """
        Of its result nothing is known but that it may be anything.
        """

        def allow(answer):
            session = answer["context"]["session"]
            session = {**session, "refusals": session["refusals"] - 1}
            said = {"outcome": "allow", "reasons": [], "grants": grants, "session": session}
            return {"decision": True, "context": {**answer["context"], **said}}

        with policy.task() as task:
            permit = read(task)
            grants = list(permit.decision.grants)
            permit.cancel()
            between.say = allow
            permit = task.permit("mail.erase", {}, resource=lambda: ("mail", "42"))
            assert "text" == permit.finish(Labelled("text", "secret"))

    def test_a_refusal_without_a_next_state(self, policy, between):
        """
        A refusal that could not compute a next state is a refusal all the same.
        """

        def forget(answer):
            return {**answer, "context": {**answer["context"], "session": {}}}

        with policy.task() as task:
            state = policy.guard._runtime.sessions.load(task.session)
            between.say = forget
            with pytest.raises(AccessDenied):
                refuse(task)

        assert state == policy.guard._runtime.sessions.load(task.session)


class TestPermit:
    def test_what_it_says_of_itself(self, policy):
        """
        A permit shows whether it can still be used.
        """
        with policy.task() as task:
            permit = read(task)
            assert repr(permit).endswith(", open)")
            permit.cancel()
            assert repr(permit).endswith(", used)")

    def test_dropped_while_nothing_can_be_recorded(self, policy, caplog):
        """
        A permit that is dropped while the log takes nothing raises nothing; closing says so.
        """
        with policy.task() as task:
            permit = read(task)
            policy.guard.evidence.close()
            permit.__del__()
        policy.guard.close()

        assert "the outcomes of permits that were dropped were not recorded" in caplog.text
