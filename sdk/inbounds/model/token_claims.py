"""The claims of the tokens that say who acts, in which task, and what was approved.

These models are the one description of every shape, as `models` are; see there.

This module does no I/O.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from .claims import Authority
from .question import Count, Jwk, Name, _Closed, _Open


class Actor(_Open):
    """RFC 8693 `act`: the current actor. Nested actors are for the record and never grant."""

    sub: Name


class Confirmation(_Open):
    """RFC 7800 `cnf`: the key of the holder."""

    jwk: Jwk


class IdentityClaims(_Open):
    """The claims of an identity token; a JWT-SVID has no `jti`."""

    iss: Name
    sub: Name
    aud: list[str]
    exp: Count
    iat: Count


class _OfTask(BaseModel):
    """The claims that a task's token and that of each hop have in common."""

    iss: Name
    sub: Name
    aud: list[str]
    act: Actor
    exp: Count
    iat: Count
    jti: Name
    task: Name
    sid: Name
    tenant: Name
    cnf: Confirmation
    del_depth: Count
    del_max_depth: Count
    authorization_details: Annotated[list[Authority], Field(min_length=1, max_length=1)]


class TaskClaims(_OfTask, _Open):
    """The claims of a task token (`typ task+jwt`)."""


class ChildClaims(_OfTask, _Closed):
    """The claims of a token with which a task was delegated (`typ task-child+jwt`).

    Signed by the holder of the token above, whose key `iss` names (RFC 9278) and whose signed
    part `par_hash` is the SHA-256 of. `delegation` is the id of this hop, over all
    renewals. `sub`, `aud`, `task`, `sid` and `tenant` are those of the task; the rest is less.
    """

    par_hash: Name
    delegation: Name


class ApprovalClaims(_Open):
    """The claims of an approval (`typ approval+jwt`): a person's yes to what was asked.

    It names who said so (`sub`), in whose task (`task`, `requester`), to which reasons
    (`codes`), and to what: the digest of all that was shown of one call (`digest`), or, where that
    is empty, every call of the task that the reasons alone hold up (a plan), or those of
    `tool` with `recipient` up to `cap`. It counts `times`, until `exp`, and where it names a tool,
    for resources of the shown `environment`; of one call, for the shown `label` as well.
    """

    iss: Name
    sub: Name
    aud: list[str]
    exp: Count
    iat: Count
    jti: Name
    task: Name
    tenant: Name
    requester: Name
    nonce: Name
    codes: Annotated[list[Name], Field(min_length=1)]
    digest: str
    tool: str
    recipient: str
    cap: Count
    label: str
    environment: str
    times: Annotated[int, Field(ge=1, le=1000)]
