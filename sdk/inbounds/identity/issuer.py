"""Who signs identities and tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from inbounds.identity.signing_keys import SigningKey
    from inbounds.pdp import PolicyDecisionPoint

    from .token import IdentityToken, TaskGrant, TaskRequest


class Issuer(Protocol):
    """Signs tasks, and identities where no other source does: `DevIssuer`, or a service.

    Whatever it waits for, it keeps to a time limit of its own.
    """

    def identity(self, agent: str) -> IdentityToken:
        """Return proof that the caller is `agent`.

        Raises:
            TokenInvalid: The issuer does not vouch for this agent.
        """
        ...

    def begin(self, request: TaskRequest, pdp: PolicyDecisionPoint) -> TaskGrant:
        """Approve a task as far as the policy lets it reach, and sign its token.

        Raises:
            TokenInvalid: The policy grants nothing of it.
            DecisionUnavailable: The policy could not be asked.
        """
        ...

    def renew(self, grant: TaskGrant) -> TaskGrant:
        """Sign a fresh token of the same task, up to its deadline.

        Raises:
            TokenInvalid: The task is over.
        """
        ...

    def end(self, grant: TaskGrant) -> None:
        """Invalidate every token of the task, or of the hop that `grant.delegation` names."""
        ...


class Caller(Protocol):
    """Who asks an issuer, and how it shows that: what a guard knows of itself."""

    def holder(self) -> SigningKey:
        """Return the key that it holds its tasks by."""
        ...

    def identity(self, agent: str, *, deadline: float | None = None) -> str:
        """Return an identity token of the agent that is good for a while."""
        ...


@runtime_checkable
class ForCaller(Protocol):
    """An issuer elsewhere, to which each guard shows who it is."""

    def for_caller(self, caller: Caller) -> Issuer:
        """Return the issuer as one guard asks it."""
        ...


class IdentityProvider(Protocol):
    """Where an agent's identity comes from: a file, the SPIFFE Workload API, an OIDC provider.

    It is called from several threads, and from the children of a fork. What it returns is kept
    until shortly before it expires. Every issuer is one.
    """

    def identity(self, agent: str) -> IdentityToken:
        """Return proof that the caller is `agent`.

        Raises:
            TokenInvalid: The source does not vouch for this agent.
            DecisionUnavailable: `identity.unreachable`: the source brought nothing;
                `identity.unusable`: what it brought is not a token that can be used.
        """
        ...


@runtime_checkable
class Rotating(Protocol):
    """An `IdentityProvider` that knows at little cost when its token has been replaced."""

    def rotated(self) -> bool:
        """Whether the source holds another token than it last returned. Asked at each call."""
        ...
