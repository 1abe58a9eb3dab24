"""What a person is asked where a run waits for a confirmation."""

from __future__ import annotations

from dataclasses import dataclass

from inbounds.integrations._adapter.questions import question


@dataclass(frozen=True, slots=True)
class Question:
    """One question that a run waits with.

    Attributes:
        tool: The name of the tool.
        call_id: The id of the call.
        task: The id of the task it was asked under.
        code: Why a person is asked.
        decision_id: Of the decision to ask.
        request_id: Of what an approver is asked.
        again: Whether the same call was asked about before.
    """

    tool: str
    call_id: str
    task: str
    code: str
    decision_id: str
    request_id: str
    again: bool

    def payload(self) -> dict[str, str]:
        """Return what the confirmation tells: no arguments and no words of a rule."""
        return question(
            self.tool,
            self.call_id,
            code=self.code,
            decision_id=self.decision_id,
            request_id=self.request_id,
        )
