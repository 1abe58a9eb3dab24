"""What is sent to an issuer's service and what comes back, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from inbounds.model.claims import Authority, Scope
from inbounds.model.question import Count, Name, Token

BEGIN = "/tasks"
RENEW = "/tasks/renew"
END = "/tasks/end"
KEYS = "/jwks"
METADATA = "/.well-known/oauth-authorization-server"
HEALTH = "/health"
MAX_BYTES = 2**18
"""How large a request or an answer may be."""
MAX_VALUES = 2**13
"""How many JSON values a request may hold. An authority of as many does not fit into a token."""


class _Sent(BaseModel):
    # What is sent holds tokens, so that no message may repeat it.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class Beginning(_Sent):
    """Asks for a task (`POST /tasks`).

    `identity` is the agent's token, `subject_token` the user's own (RFC 8693 §2.1).
    """

    identity: Token = Field(repr=False)
    subject_token: str = Field("", repr=False, max_length=65536)
    subject: Name
    agent: Name
    intent: Name
    tenant: Name
    environment: Name
    sid: Name
    scope: Scope = Scope()
    seconds: Count = 3600


class Asking(_Sent):
    """Who asks for a task: what is read of a `Beginning` before the agent is shown."""

    model_config = ConfigDict(extra="ignore")

    identity: Token = Field(repr=False)
    agent: Name


class Renewing(_Sent):
    """Asks for a fresh token of a task (`POST /tasks/renew`)."""

    identity: Token = Field(repr=False)
    task: Name


class Ending(_Sent):
    """Ends a task, or a hop that it was delegated to (`POST /tasks/end`)."""

    name: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,256}$")]
    task: Token = Field(repr=False)
    chain: Annotated[list[Token], Field(max_length=4, repr=False)] = []


class Issued(_Sent):
    """A task that was begun or renewed; the token says what it holds."""

    token: Token = Field(repr=False)
    task: Name
    authority: Authority
    depth: Count
    cut: list[dict[str, JsonValue]] = []


class Ended(_Sent):
    """What has ended; `in_force` once every PDP that the feed is pushed to knows."""

    ended: str
    in_force: bool | None


class Refused(_Sent):
    """Why nothing was done (RFC 6749 §5.2, with our own code and what to do)."""

    error: str
    error_description: str
    code: str
    remedy: str = ""
    decision_id: str = ""
