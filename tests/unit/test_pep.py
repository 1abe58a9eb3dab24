"""The order of one call: what runs, what does not, and what is left behind."""

import asyncio
import gc
import json
import threading

import pytest

from inbounds import (
    AccessDenied,
    ApprovalRequired,
    ArgumentNotRepresentable,
    ConfigurationError,
    DecisionUnavailable,
    InvalidAnswer,
    Labelled,
    OutcomeUnrecorded,
    Resource,
    ResultWithheld,
    TaskMissing,
    TokenInvalid,
)
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.report import report
from inbounds.model.question import Obligation, Spent
from inbounds.pdp import DECISION, Reply
from inbounds.pep.obligations import Discharger
from inbounds.testing import assert_denied


@pytest.fixture
def ran():
    """What the tools of a test have done, in order."""
    return []


@pytest.fixture
def tools(policy, ran):
    """Guarded tools that note that they ran."""

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> str:
        ran.append(("read", id))
        return f"mail {id}"

    @policy.guard.tool("mail.send", resource=lambda to, body, copies: ("mailbox", "alice"))
    def send(to: list[str], body: str, copies: int = 1) -> None:
        ran.append(("send", to, body, copies))

    return {"read": read, "send": send}


class Saying:
    """The real PDP, but for what it says of decisions."""

    def __init__(self, pdp, say):
        self.pdp = pdp
        self.say = say
        self.name = pdp.name

    def ask(self, entrypoint, question, **how):
        reply = self.pdp.ask(entrypoint, question, **how)
        if entrypoint != DECISION:
            return reply
        said = self.say(reply.result)
        if isinstance(said, Exception):
            raise said
        return Reply(said)

    def close(self):
        self.pdp.close()


def saying(policy, say):
    """Let the policy's PDP say something else."""
    policy.guard._runtime.pdp = Saying(policy.guard._runtime.pdp, say)


class Refusing:
    """An evidence log that takes decisions and no outcomes, until told otherwise."""

    def __init__(self, log):
        self.log = log
        self.refuse = {"executed"}

    def decided(self, record):
        if "decided" in self.refuse:
            raise DecisionUnavailable("full", code="evidence.unavailable")
        self.log.decided(record)

    def executed(self, record):
        if "executed" in self.refuse:
            raise DecisionUnavailable("full", code="evidence.unavailable")
        self.log.executed(record)

    def close(self):
        self.log.close()


def refusing(policy, *what):
    """Let the policy's evidence log refuse some records."""
    log = Refusing(policy.guard.evidence)
    log.refuse = set(what)
    policy.guard.evidence = policy.guard._runtime.evidence = log
    return log


class TestCall:
    def test_allowed(self, policy, tools, ran):
        """
        An allowed tool runs, on the very arguments that were judged.
        """
        with policy.task():
            assert "mail 42" == tools["read"]("42")

        assert [("read", "42")] == ran

    def test_denied(self, policy, tools, ran):
        """
        A denied tool does not run, and the error says what and why and what now.
        """
        with policy.task(), pytest.raises(AccessDenied) as ei:
            tools["send"](["mallory@evil.example"], "hello")

        assert [] == ran
        assert "egress.destination_not_allowed" == ei.value.code
        assert ei.value.remedy
        assert "no" == ei.value.executed
        assert ei.value.decision.id == ei.value.decision_id
        for said in ("`mail.send`", "alice@acme.example", "`correspond`", ei.value.decision_id):
            assert said in str(ei.value)
        assert f"was denied [{ei.value.code}]: " in str(ei.value)
        assert f"; {ei.value.remedy};" in str(ei.value)
        assert "mallory" not in str(ei.value)

    def test_unregistered(self, policy, ran):
        """
        A tool that nobody registered is denied with a remedy that names the registry.
        """

        @policy.guard.tool("mail.erase", resource=lambda: ("mail", "42"))
        def erase() -> None:
            ran.append("erase")

        with policy.task(), pytest.raises(AccessDenied) as ei:
            erase()

        assert [] == ran
        assert "capability.unregistered_tool" == ei.value.code
        assert "deployment/tools.yaml" in ei.value.remedy

    def test_defaults_are_judged(self, policy, tools, ran):
        """
        A default value is an argument like any other, and reaches the tool as judged.
        """
        with policy.task():
            tools["send"](["bob@acme.example"], "hello")

        assert [("send", ["bob@acme.example"], "hello", 1)] == ran

    def test_arguments_are_canonical(self, policy, tools, ran):
        """
        What the tool receives is the canonical form that was judged.
        """
        with policy.task():
            tools["send"](["bob@ACME.example"], "hello")

        assert [("send", ["bob@acme.example"], "hello", 1)] == ran

    def test_the_callers_list_is_not_shared(self, policy, ran):
        """
        A caller that changes its list after the judgement changes nothing that runs.
        """
        to = ["bob@acme.example"]

        @policy.guard.tool(
            "mail.send", resource=lambda to, body: (to.append("x"), ("mailbox", "alice"))[1]
        )
        def send(to: list[str], body: str) -> None:
            ran.append(to)

        with policy.task():
            send(to, "hello")

        assert [["bob@acme.example"]] == ran

    def test_without_a_task(self, tools, ran):
        """
        Outside a task a guarded tool does not run.
        """
        with pytest.raises(TaskMissing):
            tools["read"]("42")

        assert [] == ran

    def test_a_new_thread_has_no_task(self, policy, tools, ran):
        """
        A thread that was started inside a task starts without one.
        """
        raised = []

        def call():
            try:
                tools["read"]("42")
            except TaskMissing as error:
                raised.append(error)

        with policy.task():
            thread = threading.Thread(target=call)
            thread.start()
            thread.join()

        assert 1 == len(raised)
        assert [] == ran

    def test_after_the_end(self, policy, tools, ran):
        """
        A task that has ended permits nothing.
        """
        with policy.task() as task:
            pass

        with pytest.raises(DecisionUnavailable) as ei:
            task.call("mail.read", {"id": "42"})

        assert "task.over" == ei.value.code
        assert [] == ran

    def test_a_token_kept_beyond_the_end(self, policy, tools, ran):
        """
        The policy itself refuses the token of a task that has ended.
        """
        with policy.task() as task:
            pass
        task._ended = False

        with assert_denied("task.ended"):
            task.call("mail.read", {"id": "42"})

        assert [] == ran

    def test_the_tools_own_error(self, policy, ran):
        """
        What a tool raises passes through, and is recorded by its class alone.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> str:
            raise LookupError("secret text")

        with policy.task() as task, pytest.raises(LookupError):
            read("42")

        assert "1 ran" in str(task.report())

    def test_not_representable(self, policy, tools, ran):
        """
        An argument without a canonical form is refused before anybody is asked.
        """
        with policy.task(), pytest.raises(ArgumentNotRepresentable):
            tools["send"]([float("nan")], "hello")

        assert [] == ran

    @pytest.mark.parametrize("resource", [None, "mail", ("mail",), ("mail", ""), ("mail", 42)])
    def test_no_resource(self, policy, ran, resource):
        """
        A call whose resource is not said is refused.
        """

        @policy.guard.tool("mail.read", resource=lambda id: resource)
        def read(id: str) -> None:
            ran.append(id)

        with policy.task(), pytest.raises(ArgumentNotRepresentable) as ei:
            read("42")

        assert "resource.not_representable" == ei.value.code
        assert [] == ran

    def test_the_resource_function_fails(self, policy, ran):
        """
        A resource function that raises refuses the call, and its message is not told.
        """

        @policy.guard.tool("mail.read", resource=lambda id: 1 / 0)
        def read(id: str) -> None:
            ran.append(id)

        with policy.task(), pytest.raises(ArgumentNotRepresentable) as ei:
            read("42")

        assert "ZeroDivisionError" in str(ei.value)
        assert [] == ran

    def test_an_asserted_label_only_raises(self, policy, ran):
        """
        A resource that says it is secret is refused, whatever the registry says.
        """

        @policy.guard.tool(
            "mail.read",
            resource=lambda id: Resource.model_validate(
                {"type": "mail", "id": id, "properties": {"label": "secret"}}
            ),
        )
        def read(id: str) -> None:
            ran.append(id)

        with policy.task(), assert_denied("data.label_above_clearance"):
            read("42")

        assert [] == ran


class TestAnswers:
    """Whatever a PDP says that is not a decision: nothing runs."""

    @pytest.mark.parametrize(
        "said",
        [
            None,
            {},
            [],
            "true",
            True,
            1,
            {"decision": True},
            {"decision": "true"},
            {"context": {}},
        ],
        ids=repr,
    )
    def test_no_decision(self, policy, tools, ran, said):
        """
        Anything but a whole decision is not an answer.
        """
        saying(policy, lambda _: said)

        with policy.task(), pytest.raises(InvalidAnswer) as ei:
            tools["read"]("42")

        assert [] == ran
        assert "no" == ei.value.executed

    @pytest.mark.parametrize(
        "change",
        [
            {"decision": 1},
            {"decision": "true"},
            {"decision": False},
            {"outcome": "deny"},
            {"outcome": "allowed"},
            {"grants": []},
            {"session": {}},
            {"obligations": [{"id": "x", "type": "dance"}]},
            {"obligations": [{"id": "x", "type": "notify"}]},
        ],
        ids=repr,
    )
    def test_contradictions(self, policy, tools, ran, change):
        """
        An allow that contradicts itself, lacks its grant or its session, or obliges to what
        is not known, is not an answer.
        """

        def spoil(answer):
            decision = change.get("decision", answer["decision"])
            context = {**answer["context"], **{k: v for k, v in change.items() if k != "decision"}}
            return {"decision": decision, "context": context}

        saying(policy, spoil)

        with policy.task(), pytest.raises(InvalidAnswer):
            tools["read"]("42")

        assert [] == ran

    @pytest.mark.parametrize(
        "change",
        [
            {"label": "public", "version": 2},
            {"version": 0},
            {"version": 7},
            {"id": "another"},
            {"refusals": -1},
            {"spent": Spent().model_dump()},
            {"spent": {"calls": 9, "writes": 9, "exports": 9}},
            {"tasks": {}},
            {"label": "unheard of"},
            {"trust": "perhaps"},
        ],
        ids=repr,
    )
    def test_the_session_goes_back(self, policy, tools, ran, change):
        """
        An answer whose next state takes something back, or is not whole, is not an answer.
        """
        with policy.task():
            tools["read"]("42")
            ran.clear()
            saying(
                policy,
                lambda answer: {
                    "decision": True,
                    "context": {
                        **answer["context"],
                        "session": {**answer["context"]["session"], **change},
                    },
                },
            )

            with pytest.raises(InvalidAnswer):
                tools["read"]("42")

        assert [] == ran

    def test_a_refusal_that_spends(self, policy, tools):
        """
        A refusal changes the count of refusals and nothing else.
        """

        def spend(answer):
            session = {**answer["context"]["session"]}
            session["spent"] = {**session["spent"], "calls": session["spent"]["calls"] + 1}
            return {**answer, "context": {**answer["context"], "session": session}}

        saying(policy, spend)

        with policy.task(), pytest.raises(InvalidAnswer):
            tools["send"](["mallory@evil.example"], "hello")

    def test_ask(self, policy, tools, ran):
        """
        Where a person must be asked first, the tool does not run.
        """

        def ask(answer):
            context = answer["context"]
            reason = {"code": "site.ask.me", "message": "ask", "severity": "low"}
            session = {
                **context["session"],
                "spent": Spent().model_dump(),
                "tasks": {},
                "last": "",
                "label": "public",
                "trust": "trusted",
                "effects": [],
                "refusals": 1,
            }
            return {
                "decision": False,
                "context": {
                    **context,
                    "outcome": "ask",
                    "reasons": [reason],
                    "session": session,
                    "access_request": {"codes": ["site.ask.me"]},
                },
            }

        saying(policy, ask)

        with policy.task(), pytest.raises(ApprovalRequired) as ei:
            tools["read"]("42")

        assert [] == ran
        assert {"codes": ["site.ask.me"]} == ei.value.decision.access_request


class TestRegistry:
    def test_another_revision(self, policy, tools, ran):
        """
        A registry that changed since it was read is read again, and the call goes on.
        """
        with policy.task():
            tools["read"]("42")
            tool = dict(policy.deployment["tools"]["mail.read"])
            policy.change(
                tools={**policy.deployment["tools"], "mail.read": {**tool, "description": "x"}}
            )
            tools["read"]("43")

        assert [("read", "42"), ("read", "43")] == ran

    def test_a_tool_that_was_taken_away(self, policy, tools, ran):
        """
        What the changed registry no longer holds is denied.
        """
        with policy.task():
            tools["read"]("42")
            rest = {k: v for k, v in policy.deployment["tools"].items() if k != "mail.read"}
            intents = {"correspond": {**policy.deployment["intents"]["correspond"]}}
            policy.change(tools=rest, intents=intents)
            with assert_denied("capability.unregistered_tool"):
                tools["read"]("43")

        assert [("read", "42")] == ran

    def test_a_registry_that_never_holds_still(self, policy, tools, ran):
        """
        A revision that is never the one that was read is not an answer.
        """

        def restless(answer):
            stamp = {**answer["context"]["policy"], "deployment": "another"}
            return {**answer, "context": {**answer["context"], "policy": stamp}}

        saying(policy, restless)

        with policy.task(), pytest.raises(DecisionUnavailable) as ei:
            tools["read"]("42")

        assert "registry.changed" == ei.value.code
        assert [] == ran


class TestEvidence:
    def test_decided_before_it_runs(self, policy, ran):
        """
        The decision is on disk before the tool runs.
        """
        seen = []

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> None:
            seen.append(str(report(policy.guard.evidence.path, task.id)))

        with policy.task() as task:
            read("42")

        assert ["cannot tell · 0 ran · 0 refused · 1 unknown"] == seen

    def test_no_record_no_action(self, policy, tools, ran):
        """
        Where the decision cannot be recorded, nothing runs.
        """
        refusing(policy, "decided")

        with policy.task(), pytest.raises(DecisionUnavailable) as ei:
            tools["read"]("42")

        assert "evidence.unavailable" == ei.value.code
        assert [] == ran

    def test_an_outcome_that_is_not_recorded(self, policy, tools, ran):
        """
        It has run, the error says so, and the task waits until it is reconciled.
        """
        log = refusing(policy, "executed")

        with policy.task() as task:
            with pytest.raises(OutcomeUnrecorded) as ei:
                tools["read"]("42")
            assert "yes" == ei.value.executed

            with pytest.raises(DecisionUnavailable) as ei:
                tools["read"]("43")
            assert "task.unreconciled" == ei.value.code
            assert [("read", "42")] == ran

            with pytest.raises(DecisionUnavailable):
                task.reconcile()
            log.refuse = set()
            assert 1 == task.reconcile()
            tools["read"]("43")

        assert [("read", "42"), ("read", "43")] == ran

    def test_one_record_each(self, policy, tools):
        """
        What ran, what was refused and what could not be decided: one record each.
        """
        with policy.task() as task:
            tools["read"]("42")
            with pytest.raises(AccessDenied):
                tools["send"](["mallory@evil.example"], "x")
            with pytest.raises(ArgumentNotRepresentable):
                tools["send"]([float("inf")], "x")

        # The log is found again by its file.
        assert isinstance(policy.guard.evidence, SqliteEvidence)
        assert "in bounds · 1 ran · 1 refused · 1 unavailable" == str(task.report())


class TestPermit:
    def test_finish(self, policy, tools):
        """
        A framework runs the tool itself, between permit and finish.
        """
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "42"})
            assert {"id": "42"} == permit.arguments
            assert "result" == permit.finish("result")

        assert "in bounds · 1 ran · 0 refused" == str(task.report())

    def test_single_use(self, policy, tools):
        """
        A permit is used once.
        """
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "42"})
            permit.finish(None)
            for again in (lambda: permit.finish(None), lambda: permit.fail(ValueError())):
                with pytest.raises(DecisionUnavailable) as ei:
                    again()
                assert "permit.used" == ei.value.code

    def test_changed_arguments(self, policy, tools):
        """
        Arguments that are not the judged ones do not run.
        """
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "42"})
            with pytest.raises(DecisionUnavailable) as ei:
                permit.compare({"id": "43"})

        assert "permit.arguments_changed" == ei.value.code
        assert "in bounds · 0 ran · 0 refused · 1 stopped" == str(task.report())

    def test_its_arguments_cannot_be_changed(self, policy, tools):
        """
        What is done to the arguments a permit gave out changes nothing that was judged.
        """
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "42"})
            permit.arguments["id"] = "43"

            assert {"id": "42"} == permit.arguments
            permit.cancel()

    def test_dropped(self, policy, tools):
        """
        A permit that nobody finished is recorded as unknown.
        """
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "42"})
            del permit
            gc.collect()

        assert "cannot tell · 0 ran · 0 refused · 1 unknown" == str(task.report())

    def test_without_a_function(self, policy):
        """
        A tool that no function is guarded as is permitted by its name and resource.
        """
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "42"}, resource=lambda id: ("mail", id))
            permit.finish(None)

            with pytest.raises(ConfigurationError):
                task.permit("mail.read", {"id": "42"})


class TestResults:
    @pytest.mark.parametrize("label", ["public", "internal", "confidential"])
    def test_within_the_bound(self, policy, ran, label):
        """
        A result labelled within the registry's bound is given, without its label.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            return Labelled("text", label)

        with policy.task():
            assert "text" == read("42")

    @pytest.mark.parametrize("label", ["secret", "unheard of", ""])
    def test_above_the_bound(self, policy, label):
        """
        A result above the bound, or of no known label, is withheld; it has run.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            return Labelled("text", label)

        with policy.task() as task, pytest.raises(ResultWithheld) as ei:
            read("42")

        assert "yes" == ei.value.executed
        assert "text" not in str(ei.value) + repr(ei.value)
        assert "in bounds · 1 ran" in str(task.report())


class TestEvaluate:
    def test_a_dry_run(self, policy, tools, ran):
        """
        A dry run says what would be decided, and leaves nothing behind.
        """
        with policy.task() as task:
            state = policy.guard._runtime.sessions.load(task.session)
            allowed = task.evaluate("mail.read", {"id": "42"})
            denied = task.evaluate("mail.send", {"to": ["m@evil.example"], "body": "", "copies": 1})

            assert (True, False) == (allowed.allowed, denied.allowed)
            assert allowed.evaluate_only
            assert "egress.destination_not_allowed" == denied.code
            assert state == policy.guard._runtime.sessions.load(task.session)

        assert [] == ran
        assert "cannot tell · 0 ran · 0 refused" == str(task.report())

    def test_a_decision_has_no_truth(self, policy, tools):
        """
        A decision taken for a boolean raises.
        """
        with policy.task() as task, pytest.raises(TypeError):
            bool(task.evaluate("mail.read", {"id": "42"}))


class TestNotify:
    @pytest.fixture
    def told(self, policy):
        """Whom the policy obliges to tell, and who was told."""
        tool = {**policy.deployment["tools"]["mail.read"], "notify": "owner@acme.example"}
        policy.change(tools={**policy.deployment["tools"], "mail.read": tool})
        return []

    def test_told_before_it_runs(self, policy, tools, ran, told):
        """
        Somebody is told before the tool runs.
        """
        discharger = policy.guard._runtime.discharger
        policy.guard._runtime.discharger = type(discharger)(
            lambda to, tool: told.append((to, tool, list(ran)))
        )

        with policy.task():
            tools["read"]("42")

        assert [("owner@acme.example", "mail.read", [])] == told
        assert [("read", "42")] == ran

    def test_a_guard_that_nobody_told_how(self, policy, tools, ran, told):
        """
        A guard that cannot tell anybody says so to the policy, and runs nothing that obliges to it.
        """
        asked = []
        ask = policy._policy.ask
        policy.guard._runtime.discharger = Discharger()
        policy._policy.ask = lambda *args, **how: (asked.append(args[1]), ask(*args, **how))[1]

        with policy.task() as task, pytest.raises(InvalidAnswer) as ei:
            tools["read"]("42")

        assert ("obligation.unknown", "no") == (ei.value.code, ei.value.executed)
        assert "Guard(notify=" in str(ei.value)
        assert [] == json.loads(asked[-1])["context"]["pep"]["supported_obligations"]
        assert [] == ran
        assert 0 == policy.guard._runtime.sessions.load(task.session).spent.calls

    def test_nothing_is_discharged_by_silence(self):
        """
        An obligation is not done by a guard that has no way to do it.
        """
        owed = Obligation(id="x", type="notify", properties={"to": "owner@acme.example"})
        with pytest.raises(DecisionUnavailable) as ei:
            Discharger().before("mail.read", [owed])
        assert "obligation.failed" == ei.value.code

    def test_could_not_tell(self, policy, tools, ran, told):
        """
        Where nobody could be told, nothing runs.
        """
        discharger = policy.guard._runtime.discharger

        def fail(to, tool):
            raise OSError("secret text")

        policy.guard._runtime.discharger = type(discharger)(fail)

        with policy.task(), pytest.raises(DecisionUnavailable) as ei:
            tools["read"]("42")

        assert "obligation.failed" == ei.value.code
        assert "secret text" not in str(ei.value)
        assert [] == ran


class TestGenerators:
    def test_the_permit_spans_the_iteration(self, policy, ran):
        """
        A generator is permitted when it is first asked, and recorded when it ends.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            ran.append(id)
            yield from "abc"

        with policy.task() as task:
            assert ["a", "b", "c"] == list(read("42"))

        assert "in bounds · 1 ran · 0 refused" == str(task.report())

    def test_denied(self, policy, ran):
        """
        A denied generator yields nothing.
        """

        @policy.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
        def send(to: list[str], body: str):
            ran.append(to)
            yield "sent"

        with policy.task(), pytest.raises(AccessDenied):
            next(send(["mallory@evil.example"], "x"))

        assert [] == ran

    async def test_async(self, policy, ran):
        """
        An async generator likewise.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str):
            for letter in "abc":
                yield letter

        async with policy.task() as task:
            assert ["a", "b", "c"] == [letter async for letter in read("42")]

        assert "in bounds · 1 ran · 0 refused" == str(task.report())


class TestAsync:
    async def test_allowed(self, policy, ran):
        """
        A coroutine function is awaited under its permit.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str) -> str:
            await asyncio.sleep(0)
            ran.append(id)
            return f"mail {id}"

        async with policy.task():
            results = await asyncio.gather(*(read(str(n)) for n in range(8)))

        assert [f"mail {n}" for n in range(8)] == results
        assert 8 == len(ran)

    async def test_a_sync_tool(self, policy, tools):
        """
        `acall` of a sync tool runs it in a thread.
        """
        async with policy.task() as task:
            assert "mail 42" == await task.acall("mail.read", {"id": "42"})
            assert (await task.aevaluate("mail.read", {"id": "42"})).allowed

    async def test_the_loop_goes_on(self, policy, tools):
        """
        While the PDP thinks, the event loop serves others.
        """
        gate = threading.Event()
        pdp = policy.guard._runtime.pdp

        def wait(answer):
            gate.wait(5)
            return answer

        async with policy.task() as task:
            saying(policy, wait)
            call = asyncio.ensure_future(task.acall("mail.read", {"id": "42"}))
            for _ in range(10):
                await asyncio.sleep(0.005)
            assert not call.done()
            gate.set()
            assert "mail 42" == await call
        policy.guard._runtime.pdp = pdp

    async def test_cancelled_while_deciding(self, policy, tools, ran):
        """
        A call that is cancelled after its commit is recorded as not having run.
        """
        gate = threading.Event()

        def wait(answer):
            gate.wait(5)
            return answer

        async with policy.task() as task:
            saying(policy, wait)
            call = asyncio.ensure_future(task.acall("mail.read", {"id": "42"}))
            await asyncio.sleep(0.05)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            gate.set()
            for _ in range(100):
                await asyncio.sleep(0.02)
                if "1 stopped" in str(task.report()):
                    break

        assert [] == ran
        assert "in bounds · 0 ran · 0 refused · 1 stopped" == str(task.report())


class TestTasks:
    def test_two_subjects_share_no_session(self, policy):
        """
        The session of another agent, subject or tenant is refused.
        """
        with policy.task() as task:
            sid = task.session.sid

        subjects = dict(policy.deployment["subjects"])
        policy.change(subjects={**subjects, "bob@acme.example": subjects["alice@acme.example"]})
        with pytest.raises(DecisionUnavailable) as ei:
            policy.task(subject="bob@acme.example", session=sid)

        assert ei.value.code == "session.lost"

    def test_a_session_goes_on(self, policy, tools):
        """
        What a session was exposed to outlives the task.
        """
        with policy.task() as task:
            tools["read"]("42")
        with policy.task(session=task.session.sid) as task:
            state = policy.guard._runtime.sessions.load(task.session)

        assert ("untrusted", "confidential", 1) == (state.trust, state.label, state.spent.calls)

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({"intent": "conquer"}, "issuance.intent"),
            ({"subject": "mallory@evil.example"}, "issuance.subject"),
        ],
    )
    def test_nothing_grants_it(self, policy, asked, code):
        """
        A task of an unknown intent or subject is not begun.
        """
        with pytest.raises(TokenInvalid) as ei:
            policy.task(**asked)

        assert code == ei.value.code

    def test_narrower(self, policy, tools, ran):
        """
        A task that asked for less gets less, and what it could not have is said.
        """
        from inbounds import Scope

        scope = Scope(effects=["read", "spend"])
        with policy.task(scope=scope) as task:
            tools["read"]("42")
            with assert_denied("intent.effect_outside_intent"):
                tools["send"](["bob@acme.example"], "x")

        assert {"effect": "spend"} in task.cut
        assert [("read", "42")] == ran
