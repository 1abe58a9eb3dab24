"""Outcomes of dropped permits: written by the next call, once, by the process they are of."""

import gc
import os
import threading

import pytest

from inbounds import DecisionUnavailable
from inbounds.evidence.outcome_queue import OutcomeQueue
from inbounds.evidence.records import Executed
from inbounds.evidence.verify import verify


def outcome(number):
    return Executed(
        decision_id=f"decision-{number}", at=number, executed="unknown", status="unknown"
    )


def ids(records):
    return [record.decision_id for record in records]


def test_in_order_and_once():
    written = []
    dropped = OutcomeQueue()
    for number in range(3):
        dropped.keep(outcome(number))
    dropped.write(written.append)
    dropped.write(written.append)
    assert ids(written) == ["decision-0", "decision-1", "decision-2"]


@pytest.mark.parametrize(
    "why", [DecisionUnavailable("full", code="evidence.unavailable"), KeyboardInterrupt()]
)
def test_what_is_not_taken_is_kept(why):
    written, takes = [], []

    def record(one):
        if not takes:
            raise why
        written.append(one)

    dropped = OutcomeQueue()
    dropped.keep(outcome(0))
    dropped.keep(outcome(1))
    with pytest.raises(type(why)):
        dropped.write(record)
    takes.append(True)
    dropped.write(record)
    assert ids(written) == ["decision-0", "decision-1"]


def test_a_fork_leaves_them_to_their_process(monkeypatch):
    written = []
    dropped = OutcomeQueue()
    dropped.keep(outcome(0))
    other = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: other)
    dropped.write(written.append)
    assert written == []


def test_many_threads_write_each_once():
    written = []
    dropped = OutcomeQueue()
    for number in range(500):
        dropped.keep(outcome(number))
    threads = [threading.Thread(target=dropped.write, args=(written.append,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids(written)) == sorted(f"decision-{number}" for number in range(500))


class TestInACall:
    @pytest.mark.parametrize("amid", ["decided", "executed"])
    def test_collected_while_their_own_thread_writes(self, policy, amid):
        """
        A permit that is freed while its thread writes to the log keeps nobody waiting.
        """
        evidence = policy.guard._runtime.evidence
        append = evidence._follow

        class Step:
            pass

        def follow(connection, head, record):
            step = Step()
            step.me, step.permit = step, permits.pop() if permits else None
            del step
            gc.collect()
            return append(connection, head, record)

        with policy.task() as task:
            permits = [task.permit("mail.read", {"id": "41"}, resource=lambda id: ("mail", id))]
            permit = task.permit("mail.read", {"id": "42"}, resource=lambda id: ("mail", id))
            evidence._follow = follow
            if amid == "executed":
                permit.finish(None)
            else:
                task.permit("mail.read", {"id": "43"}, resource=lambda id: ("mail", id)).cancel()
                permit.finish(None)
            evidence._follow = append
            assert permits == []
            task.permit("mail.read", {"id": "44"}, resource=lambda id: ("mail", id)).cancel()

        found = verify(evidence.path, evidence.key)
        assert (found.ok, found.unfinished) == (True, 0)

    def test_a_log_that_takes_nothing_stops_the_next_call(self, policy, monkeypatch):
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "41"}, resource=lambda id: ("mail", id))
            del permit
            gc.collect()
            evidence = policy.guard._runtime.evidence

            def refuse(record):
                raise DecisionUnavailable("full", code="evidence.unavailable")

            monkeypatch.setattr(evidence, "executed", refuse)
            with pytest.raises(DecisionUnavailable) as caught:
                task.permit("mail.read", {"id": "42"}, resource=lambda id: ("mail", id))
            assert (caught.value.code, caught.value.executed) == ("evidence.unavailable", "no")
            monkeypatch.undo()
            task.permit("mail.read", {"id": "42"}, resource=lambda id: ("mail", id)).cancel()

    def test_a_report_knows_of_them(self, policy):
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "41"}, resource=lambda id: ("mail", id))
            del permit
            gc.collect()
            found = task.report()
        evidence = policy.guard._runtime.evidence
        assert (found.unknown, verify(evidence.path, evidence.key).unfinished) == (1, 0)

    def test_a_report_without_them(self, policy, monkeypatch):
        """
        Where the log takes none, there is a report all the same, and it says that one is missing.
        """

        def refuse(record):
            raise DecisionUnavailable("full", code="evidence.unavailable")

        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "41"}, resource=lambda id: ("mail", id))
            del permit
            gc.collect()
            monkeypatch.setattr(policy.guard._runtime.evidence, "executed", refuse)
            found = task.report()
            monkeypatch.undo()
        assert ("cannot tell", 1) == (found.verdict, found.unknown)

    def test_closing_writes_them(self, policy):
        task = policy.task()
        permit = task.permit("mail.read", {"id": "41"}, resource=lambda id: ("mail", id))
        del permit
        gc.collect()
        evidence = policy.guard._runtime.evidence
        policy.guard.close()
        assert verify(evidence.path, evidence.key).unfinished == 0
