"""The approvals that were given, for as long as they can be of use."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from inbounds.model.token_claims import ApprovalClaims
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

from .request import unverified_claims

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.model.access_request import AccessRequest
    from inbounds.model.question import Decision, SessionState

MOST = 8
"""How many approvals a question carries at most, and so how many of a task are kept."""

_MOST_TASKS = 1024
_MARGIN = 5
"""How many seconds an approval still has to be good for, or it may end before it is judged."""


@dataclass(slots=True)
class _Kept:
    token: str
    claims: ApprovalClaims | None
    asked: tuple[str, str]
    """The tool, and the digest of the request, that it was given for."""
    fresh: bool = True
    """Not shown to the policy yet, which alone says what is wrong with it."""

    def may_help(self, tool: str, digest: str, state: SessionState, now: float) -> bool:
        if self.fresh and self.asked == (tool, digest):
            return True
        if self.claims is None or self.ended(now):
            return False
        used = state.approvals.get(self.claims.jti)
        if used is not None and used.times >= self.claims.times:
            return False
        return self.claims.tool in ("", tool) and self.claims.digest in ("", digest)

    def ended(self, now: float) -> bool:
        return self.claims is not None and self.claims.exp <= now + _MARGIN


class ApprovalCache:
    """Approvals by task: those bound to a call until it is made, the others until they end.

    What they are good for is the policy's to say; here it is only told which could help.
    """

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._tasks: dict[str, list[_Kept]] = {}

    def keep(self, request: AccessRequest, token: str) -> None:
        """Keep an approval that was given for what was asked."""
        claims = None
        with contextlib.suppress(ValidationError):
            claims = ApprovalClaims.model_validate(unverified_claims(token))
        given = _Kept(token, claims, (request.tool, request.digest))
        now = clock.now()
        with self._lock:
            for name in [*self._tasks]:
                self._tasks[name] = [each for each in self._tasks[name] if not each.ended(now)]
                if not self._tasks[name]:
                    del self._tasks[name]
            # Brought twice, it is one all the same.
            others = [each for each in self._tasks.pop(request.task, ()) if each.token != token]
            self._tasks[request.task] = [*others, given][-MOST:]
            while len(self._tasks) > _MOST_TASKS:
                del self._tasks[next(iter(self._tasks))]

    def holds(self, task: str) -> bool:
        """Whether any approval is kept for a task."""
        return task in self._tasks

    def offered(self, task: str, tool: str, request_digest: str, state: SessionState) -> list[str]:
        """Return the approvals that may speak for this call.

        Args:
            task: The id of the task.
            tool: The name of the tool.
            request_digest: The digest of the request.
            state: The state of the session that the question holds.
        """
        now = clock.now()
        with self._lock:
            kept = self._tasks.get(task, ())
            return [each.token for each in kept if each.may_help(tool, request_digest, state, now)]

    def settle(self, task: str, question: Mapping[str, Any], decision: Decision) -> None:
        """Forget the approvals of a question that the policy found fault with."""
        offered = question["context"]["credentials"]["approvals"]
        wrong = [reason for reason in decision.reasons if reason.code == "approval.invalid"]
        named = {_place(detail) for reason in wrong for detail in reason.details}
        bad = {token for place, token in enumerate(offered) if place in named}
        with self._lock:
            for each in self._tasks.get(task, ()):
                each.fresh = each.fresh and each.token not in offered
            self._tasks[task] = [
                each for each in self._tasks.get(task, ()) if each.token not in bad
            ]


def _place(detail: dict[str, Any]) -> int:
    place = detail.get("approval")
    return place if type(place) is int else -1
