"""Why a task was not begun: what was asked for, and what the deployment knows instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.dev.schema_issues import suggestion
from inbounds.errors import ConfigurationError, TokenInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inbounds.identity import TaskRequest
    from inbounds.model.deployment import Deployment
    from inbounds.model.question import Reason

    from .issuer import About

_FOLLOWS = {"issuance.tenant": {"issuance.agent", "issuance.subject"}}


def refusal(
    request: TaskRequest,
    reasons: Sequence[Reason],
    *,
    about: About,
    deployment: Path | None,
) -> TokenInvalid:
    """Return the error that says what speaks against a task.

    Args:
        request: What was asked for.
        reasons: What the policy said, in its order.
        about: What the issuer signs for when nobody says otherwise.
        deployment: The folder of the deployment that the policy judged with, where it is known.
    """
    codes = {reason.code for reason in reasons}
    told = [reason for reason in reasons if not codes & _FOLLOWS.get(reason.code, set())]
    known = _loaded(deployment)
    said = [_asked(reason, request, about=about, known=known) for reason in told]
    return TokenInvalid(
        "; ".join(said) or "nothing grants this task",
        code=told[0].code if told else "issuance.refused",
        hint="; ".join(dict.fromkeys(reason.remedy for reason in told if reason.remedy)),
    )


def _asked(reason: Reason, request: TaskRequest, *, about: About, known: Deployment | None) -> str:
    match reason.code:
        case "issuance.intent":
            near = suggestion(request.intent, known.intents if known else ())
            return f"the deployment knows no intent `{request.intent}`{near}"
        case "issuance.environment":
            return _environment(request, about=about, known=known)
        case "issuance.agent":
            names = known.agents if known else ()
            # One that is known and not active is not a slip of the pen.
            near = "" if request.agent in names else suggestion(request.agent, names)
            return f"the agent `{request.agent}` is not registered or not active{near}"
        case "issuance.subject":
            # Only one that comes close: who else there is, is nobody's business.
            near = suggestion(request.subject, known.subjects if known else ())
            near = near if near.startswith("; did") else ""
            return f"the subject `{request.subject}` is not registered{near}"
        case "issuance.tenant":
            return (
                f"agent `{request.agent}` and subject `{request.subject}` are not both of the "
                f"tenant `{request.tenant}`"
            )
    return reason.message


def _environment(request: TaskRequest, *, about: About, known: Deployment | None) -> str:
    environments = known.environments if known else {}
    said = f"the deployment knows no environment `{request.environment}`"
    said += suggestion(request.environment, environments)
    if request.environment == about.environment:
        said += "; it is the one that the development issuer's issuer.json names"
    if environments and not any(one.development for one in environments.values()):
        said += (
            "; no environment of this deployment is a development one, so it takes no task that "
            "a development issuer has signed: in production, pass `issuer=`"
        )
    return said


def _loaded(folder: Path | None) -> Deployment | None:
    from inbounds.dev.deployment import load

    try:
        return load(folder) if folder is not None else None
    except ConfigurationError:
        return None
