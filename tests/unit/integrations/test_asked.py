"""What a person is asked at a run."""

from __future__ import annotations

import gc

from inbounds import ApprovalRequired, Decision, Reason
from inbounds.integrations._adapter.questions import MOST, Questions, question_of
from inbounds.model.question import PolicyStamp
from inbounds.sessions.store import SessionKey

ID = "0199d1c0-0000-7000-8000-000000000000"


def test_a_question_names_the_call_and_no_argument():
    """
    Where nobody is asked by a request of its own, an approver finds it by the decision.
    """
    decision = Decision(
        id=ID,
        allowed=False,
        outcome="ask",
        reasons=(
            Reason(
                code="flow.untrusted_argument",
                message="the words of a rule",
                remedy="",
                severity="high",
                details=({"argument": "/to/0"},),
            ),
        ),
        policy=PolicyStamp(revision="r", deployment="d"),
    )

    assert question_of(ApprovalRequired(decision), "mail.send", "call-1") == {
        "type": "tool_approval",
        "tool_call_id": "call-1",
        "name": "mail.send",
        "code": "flow.untrusted_argument",
        "decision_id": ID,
        "request_id": ID,
    }


class Held:
    """Stands where a task stands: it has a session, and ends."""

    def __init__(self, sid):
        self.session = SessionKey("acme", "alice@acme.example", "desk", sid)


def test_a_session_finds_and_displaces_no_question_of_another():
    one, same, other = Held("1"), Held("1"), Held("2")
    questions = Questions()
    questions.ask(one, "call-1", "mine")
    for n in range(2 * MOST):
        questions.ask(other, f"call-{n}", n)

    assert "mine" == questions.find(one, "call-1") == questions.find(same, "call-1")
    assert ["mine"] == questions.all(same)
    assert [*range(MOST, 2 * MOST)] == questions.all(other)
    assert "mine" == questions.take(same, "call-1")
    assert None is questions.find(one, "call-1")


def test_questions_are_kept_as_long_as_a_task_of_their_session_is():
    one, same = Held("1"), Held("1")
    questions = Questions()
    questions.ask(one, "call-1", "mine")
    assert ["mine"] == questions.all(same)
    del one
    gc.collect()
    assert ["mine"] == questions.all(same)
    del same
    gc.collect()
    assert [] == questions.all(Held("1"))
