"""Who runs, as a signed token, and where that comes from. The policy verifies it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """Proof of who runs: a JWT-SVID, or another issuer's JWT about the same agent.

    Attributes:
        token: The compact JWT. Never shown.
        expires: Unix seconds.
    """

    token: str = field(repr=False)
    expires: int


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
