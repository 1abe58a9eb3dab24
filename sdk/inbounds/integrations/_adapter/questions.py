"""What a person is asked at a run, whatever the framework: no argument and no words of a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbounds.errors import ApprovalRequired


def question_of(required: ApprovalRequired, tool: str, call_id: str) -> dict[str, str]:
    """Return what a person is asked about a call that the policy wants one for.

    Args:
        required: What the policy has said.
        tool: The name that the model calls the tool by.
        call_id: The framework's id of the call; empty for none.
    """
    return question(
        tool,
        call_id,
        code=required.code,
        decision_id=required.decision_id,
        request_id=request_id(required),
    )


def question(
    tool: str, call_id: str, *, code: str, decision_id: str, request_id: str
) -> dict[str, str]:
    """Return the same of what was remembered of it."""
    return {
        "type": "tool_approval",
        "tool_call_id": call_id,
        "name": tool,
        "code": code,
        "decision_id": decision_id,
        "request_id": request_id,
    }


def request_id(required: ApprovalRequired) -> str:
    """Return by which id an approver finds what is asked."""
    return required.request.id if required.request else required.decision_id
