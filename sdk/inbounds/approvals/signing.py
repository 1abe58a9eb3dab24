"""How an approver says yes. It takes the approver's key, which no agent's process holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from inbounds.errors import ConfigurationError
from inbounds.model.token_claims import ApprovalClaims
from inbounds.process import clock
from inbounds.process.ids import uuid7

if TYPE_CHECKING:
    from inbounds.identity.signing_keys import SigningKey
    from inbounds.model.access_request import AccessRequest

PLANNED: Final = frozenset({"intent.delegated_instruction", "flow.untrusted_argument"})
"""The reasons that a plan can speak for."""

Kind = Literal["call", "plan", "standing"]


def sign(
    request: AccessRequest,
    key: SigningKey,
    *,
    approver: str,
    kind: Kind = "call",
    times: int = 1,
    seconds: int = 600,
    cap: int = 0,
) -> str:
    """Approve what was asked, with the approver's own key.

    Args:
        request: What was asked; the approver has read all of it.
        key: The approver's, whose public half is in `deployment/approvers.yaml`.
        approver: The subject who approves.
        kind: `call` for this very call; `standing` for its tool and recipient, up to `cap`;
            `plan` for what a record that the user named sets in motion in this task.
        times: How often it may be used.
        seconds: How long it is good for, at most as the deployment says of the approver.
        cap: The highest amount that a standing approval is good for.

    Returns:
        A compact JWT of `typ approval+jwt`, for `credentials.approvals`.

    Raises:
        ConfigurationError: The policy would not take it: `approvals.four_eyes`,
            `approvals.no_plan`, `approvals.no_recipient`, `approvals.out_of_bounds`.
    """
    if request.four_eyes and approver == request.subject:
        raise ConfigurationError(
            "the requester may not approve this alone",
            code="approvals.four_eyes",
            hint="let another approver of the tenant answer it",
        )
    if kind == "plan" and not request.plan:
        raise ConfigurationError(
            "a plan would not do: this was asked for reasons that only this call can be judged by",
            code="approvals.no_plan",
            hint="approve this very call, without --plan",
        )
    if kind == "standing" and not request.recipient:
        raise ConfigurationError(
            "a standing approval names one recipient, and this call has none or several",
            code="approvals.no_recipient",
            hint="approve this very call",
        )
    if not (1 <= times <= 1000 and 0 < seconds <= 2_592_000 and 0 <= cap < 2**53):
        raise ConfigurationError(
            "an approval is good 1 to 1000 times, for up to 30 days, up to an amount above 0",
            code="approvals.out_of_bounds",
            hint="choose numbers within",
        )
    if cap and kind != "standing":
        raise ConfigurationError(
            "only a standing approval has a highest amount",
            code="approvals.out_of_bounds",
            hint="make it a standing one, or leave the highest amount out",
        )
    now = int(clock.now())
    claims = ApprovalClaims(
        iss=approver,
        sub=approver,
        aud=list(request.audience),
        iat=now,
        exp=now + seconds,
        jti=uuid7(),
        task=request.task,
        tenant=request.tenant,
        requester=request.subject,
        nonce=request.id,
        codes=[code for code in request.codes if kind != "plan" or code in PLANNED],
        digest=request.digest if kind == "call" else "",
        tool="" if kind == "plan" else request.tool,
        recipient=request.recipient if kind == "standing" else "",
        cap=cap if kind == "standing" else 0,
        label=request.label if kind == "call" else "",
        environment="" if kind == "plan" else request.environment,
        times=times,
    )
    return key.sign(claims.model_dump(), typ="approval+jwt")
