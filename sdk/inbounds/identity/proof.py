"""Proof of possession: that whoever asks holds the key that the task's last token names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.identity.signing_keys import token_claims
from inbounds.process import clock

if TYPE_CHECKING:
    from inbounds.identity.signing_keys import SigningKey
    from inbounds.model.question import SessionState


def proof(
    key: SigningKey, token: str, *, decision: str, tool: str, digest: str, state: SessionState
) -> str:
    """Sign a proof for one call in one state of its session (`typ task-pop+jwt`).

    Args:
        key: The holder's, which the token names.
        token: The task's last token.
        decision: The id of the decision that is asked for.
        tool: The name of the tool.
        digest: The digest of the call's canonical arguments.
        state: The state of the session that the question holds: the next one needs another proof.
    """
    held = token_claims(token)
    return key.sign(
        {
            "jti": decision,
            "iat": int(clock.now()),
            "aud": held["aud"],
            "token": held["jti"],
            "tool": tool,
            "digest": digest,
            "sid": state.id,
            "version": state.version,
        },
        typ="task-pop+jwt",
        named=False,
    )
