"""What a person is asked at a run."""

from __future__ import annotations

from inbounds import ApprovalRequired, Decision, Reason
from inbounds.integrations._adapter.questions import question_of
from inbounds.model.question import PolicyStamp

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
