"""The token of a task: what an issuer signs of a grant (`typ task+jwt`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inbounds.process.ids import uuid7

if TYPE_CHECKING:
    from inbounds.identity import TaskGrant

    from .signing_keys import SigningKey

LIFETIME = 300
"""How long a token lives, in seconds; the most that the policy lets one live."""


def sign_task(
    key: SigningKey, grant: TaskGrant, *, issuer: str, audience: str, now: int
) -> TaskGrant:
    """Return a grant with a fresh token, which lasts no longer than the task may.

    Args:
        key: The issuer's.
        grant: What was approved, for whom.
        issuer: What the deployment calls the issuer (`iss`).
        audience: What the deployment calls itself (`aud`).
        now: Unix seconds.
    """
    expires = min(now + LIFETIME, grant.authority.deadline)
    request = grant.request
    token = key.sign(
        {
            "iss": issuer,
            "sub": request.subject,
            "aud": [audience],
            "act": {"sub": request.agent},
            "iat": now,
            "exp": expires,
            "jti": uuid7(),
            "task": grant.task,
            "sid": request.sid,
            "tenant": request.tenant,
            "cnf": {"jwk": dict(request.holder)},
            "del_depth": 0,
            "del_max_depth": grant.depth,
            "authorization_details": [grant.authority.model_dump()],
        },
        typ="task+jwt",
    )
    return replace(grant, token=token, expires=expires)
