"""Asking a person: what is asked, how the answer comes back, and that it never allows alone."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import sqlite3
import stat
import threading
import time

import pytest
from pydantic import ValidationError

from inbounds import AccessDenied, ApprovalRequired, ConfigurationError, DecisionUnavailable
from inbounds.approvals import AccessRequest
from inbounds.approvals.cache import ApprovalCache
from inbounds.approvals.queue import ApprovalQueue
from inbounds.approvals.request import unverified_claims
from inbounds.approvals.signing import sign
from inbounds.credentials import task_authority
from inbounds.identity.signing_keys import SigningKey
from inbounds.testing import SUBJECT, PolicyUnderTest, assert_denied, small_deployment
from inbounds_tools.cli import main

DORA = "dora@acme.example"
KEY = SigningKey.generate()
TO = "bob@acme.example"
BODY = "the canary of this mail"
MAIL = {"to": [TO], "body": BODY}


def approver(key=KEY, **changes):
    return {
        "subject": DORA,
        "tenants": ["acme"],
        "algorithms": ["ES256"],
        "keys": {key.kid: dict(key.public)},
        "max_seconds": 3600,
        **changes,
    }


UNSEEN = [
    "\u200b",
    "\u00ad",
    "\u202e",
    "\u2063",
    "\x01",
    "\x1b",
    "\r",
    "\x07",
    "\x08",
    "\x0b",
    "\x0c",
    "\x7f",
]
"""Signs that nobody sees, or that move what is written."""


class World:
    """A guard whose session has read what a stranger wrote, so that a mail needs a person."""

    def __init__(self, folder, changes=None, **options):
        changes = {"approvers": {"dora": approver()}, **(changes or {})}
        self.policy = PolicyUnderTest(folder, changes, **options)
        self.ran = []
        guard = self.policy.guard

        @guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> dict:
            return {"id": id, "text": f"write to {TO}"}

        @guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
        def send(to: list[str], body: str) -> str:
            self.ran.append((to, body))
            return "sent"

    def task(self, **asked):
        task = self.policy.task(**asked)
        task.call("mail.read", {"id": "42"})
        return task


@pytest.fixture
def world(tmp_path):
    made = []

    def make(changes=None, **options):
        made.append(World(tmp_path / f"world-{len(made)}", changes, **options))
        return made[-1]

    yield make
    for each in made:
        each.policy.close()


def yes(request, **said):
    return sign(request, KEY, approver=DORA, **said)


def of(request, number, *, name="id", **changes):
    """Another question of a task; by default it is of the same, and waits ten minutes."""
    changes = {"until": int(time.time()) + 600, **changes}
    identity = f"{name}-{number}"
    return request.model_copy(update={"id": identity, "digest": f"of {identity}", **changes})


def sealed(path):
    """The only sealed content of a queue."""
    ((content,),) = rows(path, "SELECT sealed FROM requests WHERE sealed IS NOT NULL")
    return content


def holding(path, content):
    """The files beside a queue, itself among them, that hold some bytes."""
    # Pages of overflow may cut it anywhere.
    part = content[:64]
    return [file.name for file in path.parent.iterdir() if part in file.read_bytes()]


def changed(**claims):
    """An approver who signs something else than what was asked."""

    def ask(request):
        said = {**unverified_claims(yes(request)), **claims}
        return KEY.sign(
            {name: value for name, value in said.items() if value is not ...}, typ="approval+jwt"
        )

    return ask


class TestRequest:
    def test_without_a_channel_the_request_is_complete(self, world):
        """
        Who is to decide sees every argument, where it came from, and why he is asked.
        """
        task = world().task()

        with pytest.raises(ApprovalRequired) as ei:
            task.call("mail.send", MAIL)

        request = ei.value.request
        assert MAIL == request.arguments
        assert TO == request.recipient
        assert {"/to/0": "recipient", "/body": "content"} == request.roles
        assert "third_party_text" == request.origins["/to/0"].grade
        assert ("flow.untrusted_argument",) == request.codes
        assert (SUBJECT, task.id, "acme") == (request.subject, request.task, request.tenant)
        assert ("export",) == request.effects
        assert request.irreversible
        assert ei.value.decision_id == request.id
        assert ["inbounds"] == list(request.audience)
        assert not request.four_eyes
        assert task.authority.deadline == request.until

    def test_its_repr_shows_no_value(self, world):
        """
        What is logged of a request holds no argument.
        """
        with pytest.raises(ApprovalRequired) as ei:
            world().task().call("mail.send", MAIL)

        told = f"{ei.value.request!r} {ei.value.request} {ei.value} {ei.value!r}"
        assert TO not in told
        assert BODY not in told


class TestFunction:
    def test_an_approved_call_runs_once(self, world):
        """
        The policy is asked again with the approval, and the tool runs on what was approved.
        """
        asked = []
        made = world(approvals=lambda request: asked.append(request) or yes(request))
        task = made.task()

        assert "sent" == task.call("mail.send", MAIL)
        assert [([TO], BODY)] == made.ran
        task.call("mail.send", MAIL)
        assert 2 == len(asked)  # it was for one call

    def test_none_is_no_approval(self, world):
        """
        Where the function brings nothing, the call does not run.
        """
        made = world(approvals=lambda _: None)

        with pytest.raises(ApprovalRequired):
            made.task().call("mail.send", MAIL)
        assert [] == made.ran

    @pytest.mark.parametrize(
        ("claims", "fault"),
        [
            ({"task": "task-of-another"}, "other_task"),
            ({"digest": "hmac-sha256:00:00"}, "other_call"),
            ({"tool": "mail.read"}, "other_call"),
            ({"exp": 1}, "expired"),
            ({"iat": 2**40, "exp": 2**40 + 60}, "issued_ahead"),
            ({"tenant": "globex"}, "other_tenant"),
            ({"requester": "eve@acme.example"}, "other_requester"),
            ({"aud": ["elsewhere"]}, "wrong_audience"),
            ({"exp": 2**40}, "too_long"),
            ({"sub": SUBJECT}, "not_the_approver"),
            ({"iss": "somebody"}, "not_the_approver"),
            ({"exp": ...}, "malformed"),
            ({"codes": "all"}, "malformed"),
            ({"times": 0}, "malformed"),
            ({"times": True}, "malformed"),
        ],
    )
    def test_another_approval_denies(self, world, claims, fault):
        """
        What is not an approval of this very call is refused, and the reason says why.
        """
        made = world(approvals=changed(**claims))

        with pytest.raises(AccessDenied) as ei:
            made.task().call("mail.send", MAIL)

        assert "approval.invalid" == ei.value.code
        assert {"approval": 0, "fault": fault} in ei.value.decision.reasons[0].details
        assert [] == made.ran

    @pytest.mark.parametrize(
        "token",
        [
            lambda r: sign(r, SigningKey.generate(), approver=DORA),
            lambda r: KEY.sign(unverified_claims(yes(r)), typ="JWT"),
            lambda r: yes(r)[:-4] + "AAAA",
            lambda r: "x",
            lambda r: "",
            lambda r: "a.b.c",
            lambda r: yes(r) + "x" * 60_000,
        ],
    )
    def test_what_is_not_signed_as_an_approval_denies(self, world, token):
        """
        A self-signed approval, another token, and no token at all are refused.
        """
        made = world(approvals=token)

        with pytest.raises(AccessDenied) as ei:
            made.task().call("mail.send", MAIL)

        assert "approval.invalid" == ei.value.code
        assert [{"approval": 0, "fault": "unverified"}] == list(
            ei.value.decision.reasons[0].details
        )
        assert [] == made.ran

    def test_a_replayed_approval_denies(self, world):
        """
        An approval that was used is none, whoever brings it again.
        """
        first = []
        made = world(approvals=lambda request: first.append(yes(request)) or first[0])
        task = made.task()
        task.call("mail.send", MAIL)

        with pytest.raises(AccessDenied) as ei:
            task.call("mail.send", MAIL)

        assert [{"approval": 0, "fault": "used_up"}] == list(ei.value.decision.reasons[0].details)
        assert 1 == len(made.ran)

    def test_an_approver_who_was_removed_approves_nothing(self, world):
        """
        What counts is who may approve now.
        """
        made = world()
        made.policy.guard._runtime.approvals._channel = yes
        task = made.task()
        made.policy.change(approvers={})

        with pytest.raises(AccessDenied) as ei:
            task.call("mail.send", MAIL)
        assert "approval.invalid" == ei.value.code

    def test_a_bad_one_is_forgotten(self, world):
        """
        An approval that was refused does not stand in the way of the next call.
        """
        answers = iter([changed(exp=1), yes])

        def asks(request):
            return next(answers)(request)

        made = world(approvals=asks)
        task = made.task()
        with pytest.raises(AccessDenied):
            task.call("mail.send", MAIL)

        assert "sent" == task.call("mail.send", MAIL)

    def test_four_eyes(self, world):
        """
        Who asks does not approve, where the deployment says so, and does where it does not.
        """
        own = {
            "approvers": {"alice": approver(subject=SUBJECT)},
            "subjects": {
                **small_deployment()["subjects"],
                SUBJECT: {**small_deployment()["subjects"][SUBJECT], "may_approve": True},
            },
        }
        both = {"settings": {**small_deployment()["settings"], "four_eyes": ["export"]}}
        alone = changed(sub=SUBJECT, iss=SUBJECT)

        assert "sent" == world(own, approvals=alone).task().call("mail.send", MAIL)
        with pytest.raises(AccessDenied) as ei:
            world({**own, **both}, approvals=alone).task().call("mail.send", MAIL)
        assert [{"approval": 0, "fault": "self_approved"}] == list(
            ei.value.decision.reasons[0].details
        )

    def test_an_approval_alone_never_allows(self, world):
        """
        A good approval, and the task may not send: the answer is no.
        """
        nowhere = {"destinations": {**small_deployment()["destinations"], "colleagues": {}}}
        made = world(approvals=yes)
        task = made.task()
        made.policy.change(**nowhere)

        with pytest.raises(AccessDenied) as ei:
            task.call("mail.send", MAIL)
        assert "egress.destination_not_allowed" == ei.value.code
        assert [] == made.ran

    def test_a_standing_one_is_asked_for_once(self, world):
        """
        One answer speaks for the next mails to the same recipient, as often as it says.
        """
        asked = []
        made = world(approvals=lambda r: asked.append(r) or yes(r, kind="standing", times=3))
        task = made.task()

        for body in ("one", "two", "three"):
            task.call("mail.send", {"to": [TO], "body": body})
        assert 1 == len(asked)
        task.call("mail.send", {"to": [TO], "body": "four"})
        assert 2 == len(asked)

    def test_what_fails_is_no_answer(self, world):
        """
        A function that raises, or brings anything but text, is as nobody.
        """

        def fails(_):
            raise ValueError(BODY)

        for channel in (fails, lambda _: 7, lambda _: b"x"):
            with pytest.raises(DecisionUnavailable) as ei:
                world(approvals=channel).task().call("mail.send", MAIL)
            assert "approvals.unreachable" == ei.value.code
            assert BODY not in str(ei.value)

    def test_an_answer_that_comes_too_late_is_no(self, world):
        """
        Who has not answered by then has said no.
        """
        made = world(approvals=lambda r: time.sleep(0.2) or yes(r))

        with pytest.raises(AccessDenied) as ei:
            made.task().call("mail.send", MAIL, wait=0.05)
        assert "approval.timed_out" == ei.value.code

    def test_async(self, world):
        """
        An async function is awaited; a plain one does not keep the loop; both may be late.
        """

        async def asks(request):
            await asyncio.sleep(0)
            return yes(request)

        async def sleeps(_):
            await asyncio.sleep(5)

        async def sent(channel, **waiting):
            return await world(approvals=channel).task().acall("mail.send", MAIL, **waiting)

        assert "sent" == asyncio.run(sent(asks))
        assert "sent" == asyncio.run(sent(yes))
        with pytest.raises(AccessDenied) as ei:
            asyncio.run(sent(sleeps, wait=0.05))
        assert "approval.timed_out" == ei.value.code
        with pytest.raises(ConfigurationError):
            world(approvals=asks).task().call("mail.send", MAIL)

    def test_the_record_says_who(self, world):
        """
        An allow that took an approval names it and whose it is; the report counts questions.
        """
        made = world(approvals=yes)
        task = made.task()
        task.call("mail.send", MAIL)
        task.end()

        with sqlite3.connect(made.policy.guard.evidence.path) as log:
            bodies = [json.loads(row[0]) for row in log.execute("SELECT body FROM records")]
        decided = [body for body in bodies if body.get("tool") == "mail.send"]
        assert ["ask", "allow"] == [body["outcome"] for body in decided]
        assert [] == decided[0]["approvals"]
        (named,) = decided[1]["approvals"]
        assert named.endswith(f" by {DORA}")
        report = task.report()
        assert 1 == report.interruptions
        assert {DORA: 1} == dict(report.approved_by)
        assert "1 interruption" in str(report)


class TestKept:
    def test_no_more_are_kept_than_can_be_of_use(self, world):
        """
        Of one task eight, and of as many tasks as there may be; the oldest are forgotten.
        """
        with pytest.raises(ApprovalRequired) as ei:
            world().task().call("mail.send", MAIL)
        request, kept = ei.value.request, ApprovalCache()
        for number in range(12):
            kept.keep(request, f"token-{number}")
        assert [f"token-{number}" for number in range(4, 12)] == [
            each.token for each in kept._tasks[request.task]
        ]

        for number in range(1_100):
            kept.keep(request.model_copy(update={"task": f"task-{number}"}), "token")
        assert 1_024 == len(kept._tasks)
        assert request.task not in kept._tasks


class TestQueue:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "state" / "approvals.sqlite"

    def test_it_waits_in_the_queue_over_a_restart(self, world, path):
        """
        A guard that ends leaves its question, which another process finds whole.
        """
        made = world(approvals=path)
        with pytest.raises(ApprovalRequired) as ei:
            made.task().call("mail.send", MAIL)
        made.policy.close()

        queue = ApprovalQueue(path)
        (pending,) = queue.pending()
        assert ei.value.request.id == pending.id
        assert ei.value.request == queue.read(pending.id)
        queue.close()

    def test_an_answer_is_found_by_the_next_call(self, world, path):
        """
        Without waiting, the same call made again finds the approval.
        """
        made = world(approvals=path)
        task = made.task()
        queue = ApprovalQueue(path)
        for _ in range(3):
            with pytest.raises(ApprovalRequired):
                task.call("mail.send", MAIL)
        (pending,) = queue.pending()
        assert 3 == pending.times  # one question, however often it was put
        queue.answer(pending.id, yes(queue.read(pending.id)))

        assert "sent" == task.call("mail.send", MAIL)
        assert [] == queue.pending()
        queue.close()

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    def test_one_answer_lets_one_call_run_of_those_of_many_processes(self, world, path, tmp_path):
        """
        However many threads of however many processes find it at once, it is used up by one.
        """
        made = world(approvals=path, sessions=tmp_path / "sessions.sqlite")
        task = made.task()
        with pytest.raises(ApprovalRequired):
            task.call("mail.send", MAIL)
        queue = ApprovalQueue(path)
        (pending,) = queue.pending()
        queue.answer(pending.id, yes(queue.read(pending.id)))
        queue.close()
        ready, go = os.pipe(), os.pipe()

        def racing():
            with contextlib.suppress(ApprovalRequired, AccessDenied):
                task.call("mail.send", MAIL)

        def child():
            os.write(ready[1], b"r")
            os.read(go[0], 1)
            threads = [threading.Thread(target=racing) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            os._exit(len(made.ran))

        children = [os.fork() or child() for _ in range(4)]
        for _ in children:
            os.read(ready[0], 1)
        os.write(go[1], b"gggg")
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]

        assert [0, 0, 0, 1] == sorted(ended)
        with pytest.raises(ApprovalRequired):
            task.call("mail.send", MAIL)

    @pytest.fixture
    def request_(self, world):
        with pytest.raises(ApprovalRequired) as ei:
            world().task().call("mail.send", MAIL)
        return ei.value.request

    def test_a_task_that_has_its_share_of_the_queue_is_refused_alone(self, path, request_):
        """
        However much one task asks, another is asked about; what waits already still does.
        """
        queue = ApprovalQueue(path)
        for number in range(50):
            assert f"id-{number}" == queue.submit(of(request_, number))

        for number in (50, 51):
            with pytest.raises(DecisionUnavailable) as ei:
                queue.submit(of(request_, number))
            assert "approvals.full" == ei.value.code
            assert "at most 50 questions that wait for an answer; this one has 50" in str(ei.value)
            assert "inbounds approvals list" in ei.value.hint
        assert "id-7" == queue.submit(of(request_, 7))  # it is the same question
        assert "other-0" == queue.submit(of(request_, 0, task="another", name="other"))
        assert 51 == len(queue.pending())
        queue.close()

    @pytest.mark.parametrize("ended", ["denied", "approved", "timed out"])
    def test_a_question_that_is_answered_or_expired_leaves_its_place(self, path, request_, ended):
        queue = ApprovalQueue(path)
        for number in range(50):
            until = int(time.time()) + (0 if ended == "timed out" and number == 0 else 600)
            queue.submit(of(request_, number, until=until))
        if ended != "timed out":
            queue.answer("id-0", None if ended == "denied" else "a token")

        assert "id-50" == queue.submit(of(request_, 50))
        with pytest.raises(DecisionUnavailable):
            queue.submit(of(request_, 51))
        queue.close()

    def test_all_tasks_together_fill_the_queue(self, path, request_):
        queue = ApprovalQueue(path)
        for number in range(1000):
            of_many = {"subject": f"s-{number // 100}", "agent": f"a-{number // 500}"}
            queue.submit(of(request_, number, task=f"task-{number // 50}", **of_many))

        with pytest.raises(DecisionUnavailable) as ei:
            queue.submit(of(request_, 1000, task="another", subject="another", agent="another"))
        assert "approvals.full" == ei.value.code
        assert "1000 questions wait" in str(ei.value)
        queue.close()

    @pytest.mark.parametrize(("whose", "most"), [("subject", 200), ("agent", 500)])
    def test_a_subject_or_an_agent_that_has_its_share_is_refused_alone(
        self, path, request_, whose, most
    ):
        """
        However many tasks it has: those of another subject or agent are asked about.
        """
        queue = ApprovalQueue(path)
        other = {"subject": "agent", "agent": "subject"}[whose]
        for number in range(most):
            of_many = {"task": f"task-{number // 50}", other: f"other-{number // 50}"}
            queue.submit(of(request_, number, **of_many))

        asked = of(request_, most, task="another", **{other: "another"})
        with pytest.raises(DecisionUnavailable) as ei:
            queue.submit(asked)
        assert "approvals.full" == ei.value.code
        assert f"{whose} may have at most {most} questions" in str(ei.value)
        queue.submit(asked.model_copy(update={whose: "another"}))
        for name in (request_.subject, request_.agent):
            assert [] == holding(path, name.encode())
        queue.close()

    def test_an_agent_leaves_room_to_the_other_agents_of_its_subject(self, path, request_):
        """
        However many tasks it has for the subject; for another one it may still ask.
        """
        queue = ApprovalQueue(path)
        for number in range(100):
            queue.submit(of(request_, number, task=f"task-{number // 50}"))
        asked = of(request_, 100, task="another")
        with pytest.raises(DecisionUnavailable) as ei:
            queue.submit(asked)
        assert "approvals.full" == ei.value.code
        assert "an agent that acts for one subject may have at most 100 questions" in str(ei.value)
        for number, whose in ((101, "agent"), (102, "subject")):
            other = of(request_, number, task="another", **{whose: "another"})
            assert other.id == queue.submit(other)
        queue.close()

    @pytest.mark.parametrize("ended", ["here", "elsewhere", "known by a renewal"])
    def test_the_questions_of_a_task_that_is_over_are_erased(self, world, path, monkeypatch, ended):
        """
        By whatever way the process learns of the end; those of other tasks wait on.
        """
        made = world(approvals=path)
        task, other = made.task(), made.task()
        for each in (task, other):
            with pytest.raises(ApprovalRequired):
                each.call("mail.send", MAIL)
        queue = ApprovalQueue(path)
        (content,) = (
            row[0] for row in rows(path, f"SELECT sealed FROM requests WHERE task = '{task.id}'")
        )
        if ended == "here":
            task.end()
        elif ended == "elsewhere":
            made.policy.guard._runtime.issuer.end(task.grant)
            with pytest.raises(AccessDenied):
                task.call("mail.send", MAIL)
        else:
            over = DecisionUnavailable("the task is over", code="task.over")
            monkeypatch.setattr(task, "_renew", lambda _: (_ for _ in ()).throw(over))
            monkeypatch.setattr(task_authority, "RENEW_WITHIN", 2**40)
            with pytest.raises(DecisionUnavailable):
                task.call("mail.send", MAIL)

        assert [other.id] == [pending.task for pending in queue.pending()]
        assert [] == holding(path, content)
        queue.close()

    def test_what_is_asked_while_its_task_ends_does_not_stay(self, world, path, monkeypatch):
        made = world(approvals=path)
        task = made.task()
        submit = ApprovalQueue.submit

        def late(queue, request):
            task.end()
            return submit(queue, request)

        monkeypatch.setattr(ApprovalQueue, "submit", late)
        with pytest.raises(ApprovalRequired):
            task.call("mail.send", MAIL)
        queue = ApprovalQueue(path)
        assert [] == queue.pending()
        queue.close()

    def test_what_could_not_be_erased_is_with_the_next_end(self, world, path, caplog):
        made = world(approvals=path)
        task, other = made.task(), made.task()
        with pytest.raises(ApprovalRequired):
            task.call("mail.send", MAIL)
        path.rename(path.with_name("away"))
        task.end()
        assert "stay in the queue" in caplog.text
        path.with_name("away").rename(path)
        other.end()
        queue = ApprovalQueue(path)
        assert [] == queue.pending()
        queue.close()

    def test_of_a_task_that_was_delegated_the_questions_of_one_agent_are_erased(
        self, path, request_
    ):
        queue = ApprovalQueue(path)
        for number, agent in enumerate(["one", "other"]):
            queue.submit(of(request_, number, agent=agent))
        queue.withdraw(request_.task, "one")
        assert ["id-1"] == [pending.id for pending in queue.pending()]
        queue.withdraw(request_.task)
        assert [] == queue.pending()
        queue.close()

    @pytest.mark.parametrize("task", [..., None, "", 7, ["task"]])
    def test_no_question_is_of_no_task(self, request_, task):
        """
        A share is of a task, so that a question names one.
        """
        said = {**request_.model_dump(mode="json"), "task": task}
        if task is ...:
            del said["task"]
        with pytest.raises(ValidationError):
            AccessRequest.model_validate(said)

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    def test_the_share_of_a_task_holds_over_processes(self, path, request_):
        ApprovalQueue(path).close()
        ready, go = os.pipe(), os.pipe()

        def child(process):
            status = 1
            try:
                queue = ApprovalQueue(path)
                os.write(ready[1], b"r")
                os.read(go[0], 1)
                asked = 0
                for number in range(20):
                    with contextlib.suppress(DecisionUnavailable):
                        queue.submit(of(request_, number, name=f"of-{process}"))
                        asked += 1
                status = 100 + asked
            finally:
                os._exit(status)

        children = [os.fork() or child(process) for process in range(4)]
        for _ in children:
            os.read(ready[0], 1)
        os.write(go[1], b"gggg")
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) - 100 for pid in children]

        assert 50 == sum(ended)
        queue = ApprovalQueue(path)
        assert 50 == len(queue.pending())
        queue.close()

    @pytest.mark.parametrize("asynchronous", [False, True])
    def test_a_call_waits(self, world, path, asynchronous):
        """
        A call that waits goes on once somebody has said yes.
        """
        made = world(approvals=path)
        task = made.task()

        def answer():
            queue = ApprovalQueue(path)
            while not queue.pending():
                time.sleep(0.02)
            (pending,) = queue.pending()
            queue.answer(pending.id, yes(queue.read(pending.id)))
            queue.close()

        person = threading.Thread(target=answer)
        person.start()
        if asynchronous:
            assert "sent" == asyncio.run(task.acall("mail.send", MAIL, wait=20))
        else:
            assert "sent" == task.call("mail.send", MAIL, wait=20)
        person.join()
        assert 1 == len(made.ran)

    @pytest.mark.system
    @pytest.mark.parametrize("asynchronous", [False, True])
    def test_nobody_answers(self, world, path, asynchronous):
        """
        Time that runs out denies, and what was asked is erased.
        """
        made = world(approvals=path)
        task = made.task()

        def send():
            if asynchronous:
                return asyncio.run(task.acall("mail.send", MAIL, wait=0.3))
            return task.call("mail.send", MAIL, wait=0.3)

        with pytest.raises(AccessDenied) as ei:
            send()

        assert "approval.timed_out" == ei.value.code
        time.sleep(1.2)
        assert [] == ApprovalQueue(path).pending()
        assert [(None,)] == rows(path, "SELECT sealed FROM requests")

    def test_a_no_is_not_asked_again(self, world, path):
        """
        Who has said no is left alone with the same question.
        """
        made = world(approvals=path)
        task = made.task()
        queue = ApprovalQueue(path)
        with pytest.raises(ApprovalRequired):
            task.call("mail.send", MAIL)
        queue.answer(queue.pending()[0].id, None)

        for wait in (0, 5):
            with pytest.raises(AccessDenied) as ei:
                task.call("mail.send", MAIL, wait=wait)
            assert "approval.denied" == ei.value.code
        assert [] == queue.pending()
        queue.close()

    def test_values_are_sealed_and_then_erased(self, world, path):
        """
        No file holds a value in the clear, and none holds it at all once it is answered.
        """
        made = world(approvals=path)
        task = made.task()
        with pytest.raises(ApprovalRequired):
            task.call("mail.send", MAIL)
        queue = ApprovalQueue(path)

        files = [file for file in path.parent.iterdir() if file.is_file()]
        assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in files}
        assert path.with_name("approvals.sqlite.key") in files
        for value in (TO, BODY):
            assert not [file for file in files if value.encode() in file.read_bytes()]
        (pending,) = queue.pending()
        asked = sealed(path)
        queue.answer(pending.id, yes(queue.read(pending.id), kind="standing"))
        answered = sealed(path)
        assert not holding(path, asked)
        task.call("mail.send", MAIL)
        assert [("taken", None)] == rows(path, "SELECT state, sealed FROM requests")
        assert not holding(path, asked) + holding(path, answered)
        queue.close()

    @pytest.mark.parametrize("ended", ["denied", "given up"])
    def test_what_nobody_said_yes_to_is_erased_while_files_are_open(self, world, path, ended):
        """
        Neither the file nor its log keeps what was asked, though guard and queue go on.
        """
        made = world(approvals=path)
        task = made.task()
        with pytest.raises((ApprovalRequired, AccessDenied)):
            task.call("mail.send", MAIL)
        queue = ApprovalQueue(path)
        (pending,) = queue.pending()
        asked = sealed(path)
        assert holding(path, asked)

        if ended == "denied":
            queue.answer(pending.id, None)
        else:
            with sqlite3.connect(path) as connection:
                connection.execute("UPDATE requests SET until = 1")
            connection.close()
            queue.give_up(pending.id)

        assert not holding(path, asked)
        queue.close()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE requests SET sealed = randomblob(200)",
            "UPDATE requests SET sealed = NULL",
            "UPDATE requests SET sealed = 'text'",
            "UPDATE requests SET id = 'request-of-another'",
            "UPDATE requests SET task = 'task-of-another'",
            "UPDATE requests SET digest = 'hmac-sha256:00:00'",
            "UPDATE requests SET tool = 'mail.read'",
            "UPDATE requests SET until = 'never'",
        ],
    )
    def test_a_row_that_was_changed_is_none(self, world, path, statement):
        """
        What nobody sealed is not shown to anybody as what is asked.
        """
        with pytest.raises(ApprovalRequired):
            world(approvals=path).task().call("mail.send", MAIL)
        rows(path, statement)
        queue = ApprovalQueue(path)

        with pytest.raises(DecisionUnavailable) as ei:
            queue.read(queue.pending()[0].id)

        assert "approvals.tampered" == ei.value.code
        queue.close()

    def test_an_answer_that_was_put_there_counts_for_nothing(self, world, path):
        """
        Whoever can write to the file can say nothing with it: the policy wants a signature.
        """
        made = world(approvals=path)
        task = made.task()
        with pytest.raises(ApprovalRequired):
            task.call("mail.send", MAIL)
        queue = ApprovalQueue(path)
        request = queue.read(queue.pending()[0].id)
        queue.answer(request.id, sign(request, SigningKey.generate(), approver=DORA))

        with pytest.raises(AccessDenied) as ei:
            task.call("mail.send", MAIL)
        assert "approval.invalid" == ei.value.code
        assert [] == made.ran
        queue.close()

    def test_others_may_not_read_it(self, tmp_path):
        """
        A queue, or a key, that others can read is refused.
        """
        for name in ("approvals.sqlite", "approvals.sqlite.key"):
            folder = tmp_path / name.replace(".", "-")
            ApprovalQueue(folder / "approvals.sqlite").close()
            (folder / name).chmod(0o644)
            with pytest.raises(ConfigurationError):
                ApprovalQueue(folder / "approvals.sqlite")

    def test_a_guard_that_ends_gives_the_file_up(self, world, path):
        """
        Closing a guard closes its queue, which takes no question from then on.
        """
        made = world(approvals=path)
        with pytest.raises(ApprovalRequired) as ei:
            made.task().call("mail.send", MAIL)
        queue = made.policy.guard._runtime.approvals._channel
        made.policy.close()

        with pytest.raises(DecisionUnavailable) as refused:
            queue.submit(ei.value.request)
        assert "approvals.unreachable" == refused.value.code

    def test_a_queue_that_is_gone_is_no_answer(self, world, path):
        """
        Where nobody can be asked, the call does not run.
        """
        made = world(approvals=path)
        task = made.task()
        path.unlink()

        with pytest.raises(DecisionUnavailable) as ei:
            task.call("mail.send", MAIL)
        assert "approvals.unreachable" == ei.value.code
        assert [] == made.ran

    def test_the_option_waits(self, world, path):
        """
        A guard's calls wait as long as its option says.
        """
        made = world(approvals=path, approval_wait=0.2)

        with pytest.raises(AccessDenied) as ei:
            made.task().call("mail.send", MAIL)
        assert "approval.timed_out" == ei.value.code

    @pytest.mark.parametrize("wait", [-1, float("nan"), "60", True])
    def test_a_wait_that_is_none(self, world, path, wait):
        """
        What is not a number of seconds is refused.
        """
        with pytest.raises(ConfigurationError) as ei:
            world(approvals=path).task().call("mail.send", MAIL, wait=wait)
        assert "configuration.wait" == ei.value.code


class TestSigning:
    @pytest.fixture
    def request_(self, world):
        with pytest.raises(ApprovalRequired) as ei:
            world().task().call("mail.send", MAIL)
        return ei.value.request

    def test_what_the_policy_would_not_take_is_not_signed(self, request_):
        """
        Who signs is told at once what would be refused.
        """
        several = AccessRequest.model_validate(
            {
                **request_.model_dump(),
                "arguments": {"to": [TO, "x@acme.example"]},
                "roles": {"/to/0": "recipient", "/to/1": "recipient"},
            }
        )
        eyes = request_.model_copy(update={"four_eyes": True})
        for code, attempt in {
            "approvals.no_plan": lambda: yes(request_, kind="plan"),
            "approvals.no_recipient": lambda: yes(several, kind="standing"),
            "approvals.four_eyes": lambda: sign(eyes, KEY, approver=SUBJECT),
            "approvals.out_of_bounds": lambda: yes(request_, times=1001),
        }.items():
            with pytest.raises(ConfigurationError) as ei:
                attempt()
            assert code == ei.value.code

    def test_a_highest_amount_is_of_a_standing_one_alone(self, request_):
        """
        Who gives one for a single call meant another approval.
        """
        for kind in ("call", "plan"):
            plan = request_.model_copy(update={"plan": True})
            with pytest.raises(ConfigurationError, match="only a standing approval") as ei:
                yes(plan, kind=kind, cap=100)
            assert ei.value.code == "approvals.out_of_bounds"
        assert yes(request_, kind="standing", cap=100)

    def test_a_plan_names_what_a_plan_can(self, request_):
        """
        A plan is bound to the task alone, and speaks for no other reason.
        """
        planned = request_.model_copy(update={"plan": True})
        claims = unverified_claims(yes(planned, kind="plan"))

        assert ["flow.untrusted_argument"] == claims["codes"]
        assert ("", "", "", 0) == tuple(
            claims[name] for name in ("digest", "tool", "recipient", "cap")
        )


class TestCommand:
    @pytest.fixture
    def asked(self, world, tmp_path, monkeypatch):
        path = tmp_path / "approvals.sqlite"
        made = world(approvals=path)
        monkeypatch.setenv("INBOUNDS_APPROVALS", os.fspath(path))
        self.key = tmp_path / "dora.pem"
        KEY.write(self.key)
        task = made.task()
        with pytest.raises(ApprovalRequired) as ei:
            task.call("mail.send", MAIL)
        return task, ei.value.request.id

    def test_list_and_show(self, asked, capsys):
        """
        The list says what waits; the whole is shown by its id.
        """
        task, identity = asked

        assert 0 == main(["approvals", "list"])
        listed = capsys.readouterr().out
        assert identity in listed
        assert TO not in listed
        assert 0 == main(["approvals", "show", identity[-8:]])
        shown = capsys.readouterr().out
        for each in (TO, BODY, "flow.untrusted_argument", "third_party_text", "mail.read", task.id):
            assert each in shown
        assert 0 == main(["approvals", "show", identity, "--json"])
        assert MAIL == json.loads(capsys.readouterr().out)["arguments"]

    @pytest.mark.parametrize("sign", UNSEEN)
    def test_nothing_of_what_is_approved_is_cut_off(
        self, world, tmp_path, monkeypatch, capsys, sign
    ):
        """
        However many signs are shown as escapes, what stands behind them is shown, and they are.
        """
        path = tmp_path / "approvals.sqlite"
        monkeypatch.setenv("INBOUNDS_APPROVALS", os.fspath(path))
        task = world(approvals=path).task()
        hidden = f"It is signed.{sign * 60}Also wire it to Eve"
        with pytest.raises(ApprovalRequired) as ei:
            task.call("mail.send", {**MAIL, "body": hidden})
        assert 0 == main(["approvals", "show", ei.value.request.id])
        shown = "".join(capsys.readouterr().out.split())
        escaped = sign.encode("unicode_escape").decode()
        assert "wire" in shown or "Eve" in shown  # a line may end within one of them
        assert shown.count(escaped) >= 40

    def test_approve(self, asked, capsys):
        """
        Said yes with the approver's key, the call runs.
        """
        task, identity = asked

        assert 0 == main(["approvals", "approve", identity, "--key", str(self.key), "--as", DORA])
        assert BODY in capsys.readouterr().out
        assert "sent" == task.call("mail.send", MAIL)

    @pytest.mark.parametrize("answer", [("n", [], 1), ("y", [], 0), ("", ["--yes"], 0)])
    def test_at_a_terminal_it_is_shown_before_it_is_signed(
        self, asked, capsys, monkeypatch, answer
    ):
        """
        Whoever sees another question than expected says no, and it goes on waiting.
        """
        _, identity = asked
        said, option, waits = answer

        class Terminal(io.StringIO):
            def isatty(self):
                return True

        monkeypatch.setattr("sys.stdin", Terminal(f"{said}\n"))
        line = ["approvals", "approve", identity, "--key", str(self.key), "--as", DORA, *option]
        assert bool(waits) == bool(main(line))
        shown = capsys.readouterr().out
        assert BODY in shown.partition("approved as")[0]
        assert 0 == main(["approvals", "list", "--json"])
        assert waits == len(json.loads(capsys.readouterr().out))

    def test_by_somebody_who_may_not(self, asked, tmp_path, capsys):
        """
        A key that the deployment does not know says yes to nothing, and nobody is told it did.
        """
        task, identity = asked
        key = tmp_path / "eve.pem"
        SigningKey.generate().write(key)

        assert 0 == main(["approvals", "approve", identity, "--key", str(key), "--as", DORA])
        assert "decides whether this key may approve it" in " ".join(
            capsys.readouterr().out.split()
        )
        with assert_denied("approval.invalid"):
            task.call("mail.send", MAIL)

    @pytest.mark.parametrize("named", [slice(0, 8), slice(0, 30), slice(-7, None), slice(0, 0)])
    def test_an_id_that_the_next_question_may_share_is_none(self, asked, capsys, named):
        """
        Its beginning is a time, and a short end is soon another's: nobody says yes to more than
        was shown.
        """
        _, identity = asked

        for command in (["show"], ["deny"], ["approve", "--key", str(self.key), "--as", DORA]):
            assert 1 == main(["approvals", command[0], identity[named], *command[1:]])
            assert "approvals.unknown" in capsys.readouterr().err
        assert 0 == main(["approvals", "list"])
        assert identity in capsys.readouterr().out

    def test_a_key_that_is_not_there(self, asked, capsys):
        """
        What is missing is named, and how to come by one; the question goes on waiting.
        """
        _, identity = asked

        assert 1 == main(["approvals", "approve", identity, "--key", "no.pem", "--as", DORA])
        said = " ".join(capsys.readouterr().err.split())
        assert "configuration.key_unreadable" in said
        assert "`inbounds approvals key` generates an approver's" in said
        assert 0 == main(["approvals", "list"])
        assert identity in capsys.readouterr().out

    @pytest.mark.parametrize(
        "held", [b"no database", b"\0" * 4096, b"SQLite format 3\0" + b"x" * 99]
    )
    def test_a_file_that_is_no_queue(self, tmp_path, capsys, held):
        """
        Another file is called what it is, and left as it was.
        """
        path = tmp_path / "other"
        path.write_bytes(held)

        assert 1 == main(["approvals", "list", "--queue", str(path)])
        assert "configuration.not_our_file" in capsys.readouterr().err
        assert held == path.read_bytes()

    def test_deny(self, asked, capsys):
        """
        Said no, the call is denied.
        """
        task, identity = asked

        assert 0 == main(["approvals", "deny", identity])
        with pytest.raises(AccessDenied):
            task.call("mail.send", MAIL)
        assert 1 == main(["approvals", "deny", identity])
        assert "approvals.unknown" in capsys.readouterr().err

    def test_a_plan_that_would_not_do(self, asked, capsys):
        """
        What the policy would refuse is not answered, and goes on waiting.
        """
        _, identity = asked
        words = ["approvals", "approve", identity, "--key", str(self.key), "--as", DORA, "--plan"]

        assert 1 == main(words)
        assert "approvals.no_plan" in capsys.readouterr().err
        assert 0 == main(["approvals", "list", "--json"])
        assert 1 == len(json.loads(capsys.readouterr().out))

    def test_key(self, tmp_path, capsys):
        """
        A key is drawn for its owner alone, with its entry for the deployment.
        """
        file = tmp_path / "emil.pem"
        words = ["approvals", "key", str(file), "--as", "emil@acme.example", "--tenant", "acme"]

        assert 0 == main([*words, "--json"])
        key = SigningKey.read(file)
        assert {key.kid: dict(key.public)} == json.loads(capsys.readouterr().out)[
            "emil@acme.example"
        ]["keys"]
        assert 1 == main(words)
        assert "approvals.key_not_written" in capsys.readouterr().err

    def test_no_queue(self, capsys, tmp_path, monkeypatch):
        """
        Where there is no queue, none is made.
        """
        monkeypatch.delenv("INBOUNDS_APPROVALS", raising=False)

        assert 1 == main(["approvals", "list"])
        assert 1 == main(["approvals", "list", "--queue", str(tmp_path / "none.sqlite")])
        assert "approvals.no_queue" in capsys.readouterr().err
        assert not (tmp_path / "none.sqlite").exists()


def rows(path, statement):
    """What a statement brings, run as whoever can write to the file."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(statement).fetchall()
    connection.close()
    return found
