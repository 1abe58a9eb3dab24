"""Who runs, and what was approved, as signed tokens. The policy verifies them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inbounds.model.claims import Authority, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

_WHOLE = Scope()


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """Proof of who runs: a JWT-SVID, or another issuer's JWT about the same agent.

    Attributes:
        token: The compact JWT. Never shown.
        expires: Unix seconds.
    """

    token: str = field(repr=False)
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """What a task is asked for, before anybody has approved it.

    Attributes:
        subject: The id of the subject on whose authority it runs.
        agent: The SPIFFE ID of the agent that will act.
        intent: The name of an intent of the deployment.
        tenant: The tenant it runs in.
        environment: The environment it runs in.
        sid: The session it belongs to.
        scope: What it asks for less of.
        seconds: How long it may last at most; the intent may say less.
        holder: The public key of the holder, a JWK (RFC 7800 `cnf`).
        subject_token: The user's own token (RFC 8693 §2.1), for an issuer that asks for it.
            Never shown.
    """

    subject: str
    agent: str
    intent: str
    tenant: str
    environment: str
    sid: str
    holder: Mapping[str, JsonValue]
    scope: Scope = _WHOLE
    seconds: int = 3600
    subject_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGrant:
    """A task that was approved, and the token that says so.

    Attributes:
        token: The compact JWT (`typ task+jwt`). Never shown.
        expires: When the token has to be renewed, Unix seconds.
        task: The id of the task.
        request: What was asked for.
        authority: What was approved; within what was asked for.
        depth: How often it may be delegated.
        chain: The tokens with which it was delegated, the first hop first. Never shown.
        delegation: The id of the hop that it is in; empty in the agent that it was begun for.
        agents: Its delegates, first to last; empty if it was not delegated.
        cut: What was asked for and not given.
    """

    token: str = field(repr=False)
    expires: int
    task: str
    request: TaskRequest
    authority: Authority
    depth: int = 0
    chain: tuple[str, ...] = field(default=(), repr=False)
    delegation: str = ""
    agents: tuple[str, ...] = ()
    cut: tuple[Mapping[str, JsonValue], ...] = ()

    @property
    def ends(self) -> str:
        """What the revocation feed calls it once it has ended.

        It is the task's id and, in a hop, the ids of all hops down to this one. So no agent can end
        the hop of another by giving its own the same id.
        """
        from inbounds.identity.signing_keys import token_claims

        if not self.delegation:
            return self.task
        hops = [str(token_claims(token)["delegation"]) for token in self.chain]
        if hops[-1:] != [self.delegation]:
            hops.append(self.delegation)
        return "/".join((self.task, *hops))
