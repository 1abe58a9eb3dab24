"""An issuer in the agent's own process, for development.

Whoever can read its folder can sign any task, and the agent can. Its entry in the deployment
is of `kind: development`, which the policy refuses outside environments marked so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from inbounds.errors import ConfigurationError, TokenInvalid
from inbounds.files.regular_file import read_regular
from inbounds.identity import IdentityToken, TaskGrant, TaskRequest
from inbounds.identity.issuance import answered, asked_of
from inbounds.identity.signing_keys import SigningKey
from inbounds.identity.task_token import LIFETIME, sign_task
from inbounds.model.claims import IssuanceAnswer
from inbounds.model.question import Name
from inbounds.pdp import ISSUANCE
from inbounds.process import clock
from inbounds.process.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inbounds.pdp import PolicyDecisionPoint

logger = logging.getLogger(__name__)

_SECONDS_TO_ASK = 5.0


class About(BaseModel):
    """What `issuer.json` says: for whom this issuer signs when nobody says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["development"] = "development"
    issuer: Name
    audience: Name
    agent: Name
    tenant: Name
    environment: Name
    pep: Name
    kid: Name
    """The key that signs; others in the folder are only kept for what they have signed."""


class DevIssuer:
    """Signs identities and tasks with keys on disk. Read the warning above.

    Args:
        folder: Holds `issuer.json`, one `<kid>.pem` per key, and the feed's `feed.pem`.
        end: What makes a task worthless; the revocation feed's `end`.
        deployment: The folder of the deployment, which a refusal says the names of.

    Raises:
        ConfigurationError: The folder is not what `inbounds init` makes, or others can read it.
    """

    def __init__(
        self, folder: Path, *, end: Callable[[str], None], deployment: Path | None = None
    ) -> None:
        self.folder = folder
        self._deployment = deployment
        self.about = read_about(folder)
        self._end = end
        self._key = SigningKey.read(folder / f"{self.about.kid}.pem")
        logger.warning(
            "a development issuer signs in this process: anything here can mint a task (%s)",
            folder,
        )

    def identity(self, agent: str) -> IdentityToken:
        """Return proof that the caller is `agent`. See `Issuer.identity`."""
        now = int(clock.now())
        token = self._key.sign(
            {
                "iss": self.about.issuer,
                "sub": agent,
                "aud": [self.about.audience],
                "iat": now,
                "exp": now + LIFETIME,
                "jti": uuid7(),
            },
            typ="JWT",
        )
        return IdentityToken(token, now + LIFETIME)

    def begin(self, request: TaskRequest, pdp: PolicyDecisionPoint) -> TaskGrant:
        """Approve a task as far as the policy lets it reach. See `Issuer.begin`."""
        deadline = clock.monotonic() + _SECONDS_TO_ASK
        answer = answered(pdp, ISSUANCE, asked_of(request), IssuanceAnswer, deadline=deadline)
        if not answer.issued or answer.authority is None:
            from .refusals import refusal

            # Where the policy has its deployment from elsewhere, the folder says nothing of it.
            ours = getattr(pdp, "holds_deployment", True) is False
            raise refusal(
                request,
                answer.reasons or (),
                about=self.about,
                deployment=self._deployment if ours else None,
            )
        grant = TaskGrant(
            token="",
            expires=0,
            task=f"task-{uuid7()}",
            request=request,
            authority=answer.authority,
            depth=answer.depth,
            cut=answer.cut,
        )
        return self._signed(grant)

    def renew(self, grant: TaskGrant) -> TaskGrant:
        """Sign a fresh token of the same task, up to its deadline. See `Issuer.renew`."""
        if clock.now() >= grant.authority.deadline:
            raise TokenInvalid(
                "the task's time is up",
                code="task.deadline",
                hint="begin another task",
            )
        return self._signed(grant)

    def end(self, grant: TaskGrant) -> None:
        """Invalidate every token of the task or of this hop. See `Issuer.end`."""
        self._end(grant.ends)

    def _signed(self, grant: TaskGrant) -> TaskGrant:
        now = int(clock.now())
        return sign_task(
            self._key, grant, issuer=self.about.issuer, audience=self.about.audience, now=now
        )


def read_about(folder: Path) -> About:
    """Return what the issuer in `folder` signs for.

    Raises:
        ConfigurationError: None exists, or its description is invalid.
    """
    path = folder / "issuer.json"
    try:
        return About.model_validate_json(read_regular(path)[0])
    except OSError as error:
        raise ConfigurationError(
            f"there is no development issuer in {folder}: {path.name}: {error.strerror}",
            code="configuration.issuer_missing",
            hint="`inbounds init` makes one; in production, pass `issuer=`",
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            f"{path} is not a description of an issuer: {'.'.join(map(str, first['loc']))}",
            code="configuration.issuer_malformed",
            hint="`inbounds init` makes one",
        ) from None
