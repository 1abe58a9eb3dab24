"""What a token endpoint has to answer to an exchange: exactly what was asked, and no more.

Servers answer with 200 and something else: they leave out the actor, add scopes, or issue for
longer than what they were given. So the answer is compared, member by member (RFC 8693 §2.2, §4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from inbounds.errors import DecisionUnavailable, LeaseUnavailable
from inbounds.identity.compact import read_compact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .target import Target

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 -- a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What was asked, and so what the answer has to say.

    Attributes:
        issuer: Whose token it has to be.
        target: What for.
        subject: On whose authority, as `sub` of the token that is exchanged says it.
        actor: Who acts, by `sub` and `iss` of the agent's identity.
        impersonation: Whether the token need not say who acts.
        thumbprint: That of the key that it has to be bound to (RFC 7638), or "" for none.
        begun: When it was asked for, Unix seconds.
        ends: When it has to be over at the latest, Unix seconds.
    """

    issuer: str
    target: Target
    subject: str
    actor: Mapping[str, Any]
    impersonation: bool
    thumbprint: str
    begun: int
    ends: int

    @property
    def kind(self) -> str:
        """The `token_type` that was asked for."""
        return "DPoP" if self.thumbprint else "Bearer"

    def expires(self, said: Mapping[str, Any]) -> int:
        """Return when the access token of an answer ends, in Unix seconds, if all of it holds.

        Its signature is not looked at: the answer came from the issuer itself, and whoever
        is shown the token verifies it.

        Args:
            said: The answer, with an `access_token` that is text.

        Raises:
            LeaseUnavailable: `lease.not_as_asked`: it is something else than was asked for;
                `lease.unusable`: it cannot be told.
        """
        if fault := self._answer_fault(said):
            raise not_as_asked(fault)
        try:
            found = read_compact(said["access_token"], "that was issued")
        except DecisionUnavailable:
            # One that only its issuer can read would have to be believed.
            raise unusable("its `access_token` is not a JWT that is in force") from None
        if fault := self._token_fault(found.claims) or self._bound_fault(found.claims):
            raise not_as_asked(fault)
        return found.expires

    def _answer_fault(self, said: Mapping[str, Any]) -> str:
        kind, lives = said.get("token_type"), said.get("expires_in")
        if said.get("issued_token_type") != ACCESS_TOKEN:
            return "it is not an access token (`issued_token_type`)"
        if not isinstance(kind, str) or kind.lower() != self.kind.lower():
            return f"it is not a {self.kind} token (`token_type`)"
        if "refresh_token" in said:
            return "a refresh token came with it, which outlives the task"
        if lives is not None and type(lives) is not int:
            return "its lifetime must be a whole number (`expires_in`)"
        # By a second, since the clocks of two machines tick apart.
        if lives is not None and self.begun + lives > self.ends + 1:
            return "it outlives what it is for (`expires_in`)"
        if "scope" in said:
            return self._scope_fault(said["scope"])
        return ""

    def _token_fault(self, claims: Mapping[str, Any]) -> str:
        if claims.get("iss") != self.issuer:
            return "it is another issuer's (`iss`)"
        if claims.get("aud") not in (self.target.audience, [self.target.audience]):
            return "it is not meant for the audience alone (`aud`)"
        if claims.get("sub") != self.subject:
            return "it is on another one's authority (`sub`)"
        if claims["exp"] > self.ends:
            return "it outlives what it is for (`exp`)"
        if "authorization_details" in claims:
            return "it is good for what nobody asked (`authorization_details`)"
        return self._actor_fault(claims)

    def _bound_fault(self, claims: Mapping[str, Any]) -> str:
        bound = claims.get("cnf")
        if self.thumbprint:
            if not isinstance(bound, dict) or bound.get("jkt") != self.thumbprint:
                return "it is not bound to the key that was proven (`cnf`)"
        elif "cnf" in claims:
            return "it is bound to a key that nobody here has (`cnf`)"
        # RFC 8693 §2.2.1: an answer may leave out a scope that is as asked. A token that does is
        # good for whatever those take it for who are shown it.
        return self._scope_fault(claims.get("scope"))

    def _actor_fault(self, claims: Mapping[str, Any]) -> str:
        # RFC 8693 §4.1: who acted before stands within, and counts for nothing.
        if "act" not in claims:
            return "" if self.impersonation else "it does not say who acts (`act`)"
        act = claims["act"]
        if not isinstance(act, dict) or act.get("sub") != self.actor["sub"]:
            return "it says that another one acts (`act`)"
        if "iss" in act and act["iss"] != self.actor["iss"]:
            return "it says that one of another issuer acts (`act`)"
        return ""

    def _scope_fault(self, scope: object) -> str:
        if not isinstance(scope, str) or not scope:
            return "it does not say what it is good for (`scope`)"
        if not set(scope.split(" ")) <= self.target.scopes:
            return "it is good for more than was asked (`scope`)"
        return ""


def not_as_asked(why: str) -> LeaseUnavailable:
    """Say in what the answer differs; never what it holds."""
    return LeaseUnavailable(
        f"what the token endpoint issued is not what was asked: {why}",
        code="lease.not_as_asked",
        hint="it is not used; see how the server is configured, and docs/leases.md for what "
        "it must answer",
    )


def unusable(why: str) -> LeaseUnavailable:
    """Say why the answer cannot be used; never what it holds."""
    return LeaseUnavailable(
        f"what the token endpoint said cannot be used: {why}",
        code="lease.unusable",
        hint="it has to issue access tokens that are JWTs (RFC 9068)",
    )
