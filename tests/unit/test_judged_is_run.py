"""What was judged is what runs, whatever the function, its types and its caller look like."""

import contextlib
import gc
import os
import sqlite3
import threading

import pytest
from pydantic import BaseModel, Field

from inbounds import (
    AccessDenied,
    ArgumentNotRepresentable,
    ConfigurationError,
    DecisionUnavailable,
    InboundsError,
    InvalidAnswer,
    Labelled,
    ResultWithheld,
)
from inbounds.pdp import DECISION
from inbounds.testing import PolicyUnderTest, assert_denied, small_deployment


@pytest.fixture
def ran():
    """What the tools of a test have done."""
    return []


@pytest.fixture
def read(policy, ran):
    """A guarded tool that only reads."""

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str):
        ran.append(id)
        return id

    return read


def records(policy):
    """The kinds of record that the evidence log holds, in order."""
    connection = sqlite3.connect(policy.guard.evidence.path)
    try:
        return [kind for (kind,) in connection.execute("SELECT kind FROM records ORDER BY seq")]
    finally:
        connection.close()


class TestLayout:
    def test_an_argument_left_out_shifts_none(self, tmp_path, ran):
        """
        Text that was judged as text never runs as the recipient before it.
        """
        tools = small_deployment()["tools"]
        tools["mail.send"]["arguments"] |= {
            "/cc": {"kind": "email", "role": "recipient", "nullable": True}
        }
        policy = PolicyUnderTest(tmp_path, {"tools": tools})

        @policy.guard.tool("mail.send", resource=lambda to, cc, body: ("mailbox", "alice"))
        def send(to: list[str], cc: str | None = None, body: str = ""):
            ran.append((to, cc, body))

        with policy.task() as task:
            task.call("mail.send", {"to": ["bob@acme.example"], "body": "eve@evil.example"})
        policy.close()

        assert ran == [(["bob@acme.example"], None, "eve@evil.example")]

    def test_a_default_is_judged_on_every_road(self, policy, ran):
        """
        A default that the registry does not allow runs on no road.
        """

        @policy.guard.tool("mail.send", resource=lambda to, body, copies: ("mailbox", "alice"))
        def send(to: list[str], body: str = "", copies: int = 50):
            ran.append(copies)

        with policy.task() as task:
            with assert_denied("capability.argument_not_allowed"):
                send(["bob@acme.example"])
            with assert_denied("capability.argument_not_allowed"):
                task.call("mail.send", {"to": ["bob@acme.example"]})

        assert ran == []

    @pytest.mark.parametrize("arguments", [{}, {"id": "42", "more": {"id": "43"}}])
    def test_what_does_not_fit(self, policy, ran, arguments):
        """
        A missing argument, or one given twice, runs nothing.
        """

        @policy.guard.tool("mail.read", resource=lambda **named: ("mail", "42"))
        def read(*, id: str, **more: str):
            ran.append(id)

        with policy.task() as task, pytest.raises(InboundsError):
            task.call("mail.read", arguments)

        assert ran == []

    def test_a_type_that_makes_something_else(self, tmp_path, ran):
        """
        A type that would make something else of what was judged runs nothing.
        """

        class Letter(BaseModel):
            to: list[str] = Field(default=["eve@evil.example"], alias="recipients")

            def model_post_init(self, _context):
                self.to = self.to or ["eve@evil.example"]

        tools = small_deployment()["tools"]
        tools["mail.send"]["arguments"] = {
            "/letter/to/*": {"kind": "email", "role": "recipient", "required": False}
        }
        policy = PolicyUnderTest(tmp_path, {"tools": tools})

        @policy.guard.tool("mail.send", resource=lambda letter: ("mailbox", "alice"))
        def send(letter: Letter):
            ran.append(letter.to)

        with policy.task() as task:
            send(Letter(recipients=["bob@acme.example"]))
            with pytest.raises(InboundsError):
                task.call("mail.send", {"letter": {"to": []}})
        policy.close()

        assert ran == [["bob@acme.example"]]

    @pytest.mark.parametrize("given", [{"note": "hi"}, {"note": "hi", "cc": ["bob@acme.example"]}])
    @pytest.mark.parametrize("typed", [True, False])
    def test_a_field_that_a_serializer_leaves_out(self, tmp_path, ran, given, typed):
        """
        A field that is not serialised is judged, or nothing runs; it runs as it was judged.
        """

        class Options(BaseModel):
            note: str
            cc: list[str] = Field(default=["eve@evil.example"], exclude=True)

        tools = small_deployment()["tools"]
        tools["mail.send"]["arguments"] = {
            "/options/cc/*": {"kind": "email", "role": "recipient", "required": False},
            "/options/note": {"kind": "text", "role": "content"},
        }
        policy = PolicyUnderTest(tmp_path, {"tools": tools})

        @policy.guard.tool("mail.send", resource=lambda options: ("mailbox", "alice"))
        def send(options: Options):
            ran.append(options.cc)

        with policy.task(), contextlib.suppress(InboundsError):
            send(Options(**given) if typed else given)
        policy.close()

        assert ran == ([given["cc"]] if "cc" in given else [])


class TestNames:
    def test_an_attribute_does_not_rename(self, policy, ran):
        """
        A function's own `name` is not the tool's.
        """

        def purge(id: str):
            ran.append(id)

        purge.name = "mail.read"
        guarded = policy.guard.tool("mail.purge", resource=lambda id: ("mail", id))(purge)

        with policy.task(), pytest.raises(AccessDenied):
            guarded("42")

        assert guarded.name == "mail.purge"
        assert ran == []

    def test_guarded_twice(self, policy, read):
        """
        What is guarded is not guarded again under another name.
        """
        with pytest.raises(ConfigurationError):
            policy.guard.tool("mail.purge", resource=lambda id: ("mail", id))(read)

    @pytest.mark.parametrize("name", ["x" * 5000, "mail.\udc80", "", "mail.\x1b[2J"])
    def test_no_name(self, policy, name):
        """
        A name that no registry could hold is refused, and leaves a record.
        """
        with policy.task() as task, pytest.raises(ArgumentNotRepresentable):
            task.permit(name, {}, resource=lambda: ("mail", "42"))

        assert records(policy) == ["decided.v1"]


class TestLazy:
    def test_async_through_call(self, policy, ran):
        """
        An async tool is not called where nobody would await it.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str):
            ran.append(id)

        with policy.task() as task, pytest.raises(ConfigurationError):
            task.call("mail.read", {"id": "42"})

        assert ran == []

    def test_a_result_that_would_run_later(self, policy, ran):
        """
        A function that returns a generator has it closed, unrun.
        """

        def inner(id):
            ran.append(id)
            yield id

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            return inner(id)

        with policy.task(), pytest.raises(ConfigurationError) as ei:
            read("42")

        assert ei.value.code == "configuration.tool_is_lazy"
        assert ran == []

    async def test_an_object_with_an_async_call(self, policy, ran):
        """
        An object whose call is async is awaited under its permit.
        """

        class Read:
            async def __call__(self, id: str):
                ran.append(id)
                return id

        guarded = policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(Read())
        async with policy.task() as task:
            assert await task.acall(guarded, {"id": "42"}) == "42"
            assert records(policy) == ["decided.v1", "executed.v1"]

    def test_items_have_labels(self, policy):
        """
        An item of a generator that is labelled too high is withheld.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            yield Labelled("one", "internal")
            yield Labelled("two", "secret")

        with policy.task():
            items = read("42")
            got = [next(items)]
            with pytest.raises(ResultWithheld):
                next(items)

        assert got == ["one"]

    def test_nothing_is_sent_in(self, policy):
        """
        What is sent into a generator does not reach the tool.
        """
        sent = []

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            sent.append((yield 1))
            yield 2

        with policy.task():
            items = read("42")
            next(items)
            items.send("board/minutes")
            list(items)

        assert sent == [None]


class TestPermits:
    def test_after_the_end(self, policy, read, ran):
        """
        A permit is worthless once its task is over.
        """
        with policy.task() as task:
            run = read.ready(task.permit(read, {"id": "42"}))

        with pytest.raises(DecisionUnavailable):
            run()

        assert ran == []

    def test_ready_for_one_run(self, policy, read, ran):
        """
        The tool runs once of a permit, however often it is made ready.
        """
        with policy.task() as task:
            permit = task.permit(read, {"id": "42"})
            run = read.ready(permit)
            for _ in range(2):
                with pytest.raises(DecisionUnavailable) as ei:
                    read.ready(permit)
                assert ei.value.code == "permit.used"
                if not ran:
                    run()
            with pytest.raises(DecisionUnavailable):
                run()
            permit.finish(None)

        assert len(ran) == 1

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
    @pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
    def test_not_in_a_fork(self, policy, read):
        """
        A permit is the right of one process.
        """
        with policy.task() as task:
            permit = task.permit(read, {"id": "42"})
            child = os.fork()
            if child == 0:
                try:
                    permit.finish(None)
                    os._exit(0)
                except InboundsError:
                    os._exit(7)
            _, status = os.waitpid(child, 0)
            permit.finish(None)

        assert os.waitstatus_to_exitcode(status) == 7
        assert records(policy) == ["decided.v1", "executed.v1"]


class TestRecords:
    @pytest.mark.parametrize("raised", [KeyboardInterrupt, RuntimeError, SystemExit])
    def test_stopped_after_the_commit(self, policy, read, ran, raised):
        """
        A call that was stopped after its commit leaves a record, and has not run.
        """
        sessions = policy.guard._runtime.sessions
        commit = sessions.commit

        def stopping(*what):
            commit(*what)
            raise raised

        sessions.commit = stopping
        with policy.task(), pytest.raises(raised):
            read("42")

        assert ran == []
        assert records(policy) == ["decided.v1"]

    @pytest.mark.system
    @pytest.mark.parametrize(
        "more",
        [{"k" * 5000: "v"}, {f"k{n}": 1 for n in range(10_050)}, {"Bearer sk-live": "v"}],
        ids=["a long key", "many keys", "a key that is a secret"],
    )
    def test_keys_of_arguments(self, policy, ran, more):
        """
        Whatever the keys of the arguments are, the refusal is recorded, and they are not.
        """

        @policy.guard.tool("mail.read", resource=lambda id, **_: ("mail", "42"))
        def read(id: str, **more):
            ran.append(id)

        with policy.task() as task, pytest.raises(InboundsError):
            task.call("mail.read", {"id": "42", "more": more})

        assert ran == []
        assert records(policy) == ["decided.v1"]
        assert b"sk-live" not in policy.guard.evidence.path.read_bytes()

    def test_a_resource_function_that_raises(self, policy):
        """
        What a resource function raises is not told, and the refusal is recorded.
        """
        with policy.task() as task, pytest.raises(ArgumentNotRepresentable) as ei:
            task.permit("mail.read", {"id": "s3cret"}, resource=lambda id: {}[id])

        assert "s3cret" not in str(ei.value)
        assert records(policy) == ["decided.v1"]

    def test_an_error_with_a_long_name(self, policy):
        """
        However the tool's error is called, its outcome is recorded.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            raise type("E" * 5000, (LookupError,), {})

        with policy.task(), pytest.raises(LookupError):
            read("42")

        assert records(policy) == ["decided.v1", "executed.v1"]


class TestTasks:
    def test_shared_by_threads(self, policy, read):
        """
        A task that two threads are within ends with the last of them.
        """
        task = policy.task()
        first, second, faults = threading.Event(), threading.Event(), []

        def enter(mine, other):
            try:
                with task:
                    mine.set()
                    other.wait(5)
            except BaseException as error:  # noqa: BLE001 -- whatever it is, it is a fault
                faults.append(error)

        threads = [
            threading.Thread(target=enter, args=pair) for pair in [(first, second), (second, first)]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert faults == []
        with pytest.raises(DecisionUnavailable):
            task.call("mail.read", {"id": "42"})

    def test_a_lost_session_never_begins_anew(self, policy):
        """
        A session that is not there is lost, not fresh.
        """
        with pytest.raises(DecisionUnavailable) as ei:
            policy.task(session="session-that-never-was")

        assert ei.value.code == "session.lost"

    def test_ended_while_the_feed_is_put(self, policy, read, monkeypatch):
        """
        A task that ends while the feed is on its way is ended for the next question.
        """
        from inbounds.pep.task import Task

        other = policy.task()
        twin = Task(policy.guard._runtime, policy.guard._tools, other.grant, other.session)
        development = policy.guard._runtime._development
        put = policy._policy.push_live_by

        def ending(now, *, deadline):
            put(now, deadline=deadline)
            other.end()

        development._put_at = float("-inf")
        monkeypatch.setattr(policy._policy, "push_live_by", ending)
        with policy.task() as task:
            task.call("mail.read", {"id": "42"})
        monkeypatch.undo()

        with assert_denied("task.ended"):
            twin.call("mail.read", {"id": "43"})
        gc.collect()

    def test_the_answer_to_another_question(self, policy, read, ran, monkeypatch):
        """
        An answer that was given to another question permits nothing.
        """
        answers = []
        ask = policy._policy.ask

        def replaying(entrypoint, question, **how):
            reply = ask(entrypoint, question, **how)
            if entrypoint != DECISION:
                return reply
            answers.append(reply)
            return answers[0]

        monkeypatch.setattr(policy._policy, "ask", replaying)
        with policy.task() as task:
            task.evaluate("mail.read", {"id": "42"})
            with pytest.raises(InvalidAnswer):
                read("board/minutes")

        assert ran == []
