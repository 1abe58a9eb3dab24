"""An identity from an OAuth or OpenID Connect provider, by the client credentials grant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbounds.errors import DecisionUnavailable, TokenInvalid
from inbounds.process import clock

from .client import OAuthClient, misconfigured
from .compact import read_compact, unusable
from .remote import json_object, unreachable
from .token import IdentityToken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WHAT = "the token endpoint"
_FROM = "of the OIDC provider"
_MEMBERS = {"alg", "kid", "typ"}
_TYPES = ("JWT", "at+jwt")
_AHEAD = 30
# RFC 6749 §5.2 and RFC 8707 §2: what is wrong with the request, so that asking again is in vain.
_REFUSALS = {
    "invalid_client": "it does not know the client, or the secret or key is another",
    "unauthorized_client": "the client may not use the grant `client_credentials`",
    "unsupported_grant_type": "it does not have the grant `client_credentials`",
    "invalid_scope": "the client may not have this scope",
    "invalid_target": "the client may not have this resource",
    "invalid_request": "it lacks something in the request",
    "invalid_grant": "it does not grant this",
}


class OidcIdentity:
    """Fetches the agent's access token with the client credentials grant (RFC 6749 §4.4).

    The provider's endpoints are found by discovery. The client authenticates with a secret
    (`client_secret_basic`) or, better, with a key of its own (`private_key_jwt`). The secret and
    the key are read from their file at each fetch, so that they can be replaced. Which agent a
    token is of is said by `subjects` in `deployment/issuers.yaml`. Thread-safe; a forked child
    opens its own connections.

    Args:
        issuer: The issuer identifier, exactly as its tokens say it in `iss`.
        client_id: The client that the provider knows this agent by.
        audience: The audience of the deployment, as `settings.yaml` has it.
        secret_file: The file of the client's secret.
        key_file: The file of the client's private key in PEM, P-256 or RSA.
        key_id: The `kid` that the provider knows the key by.
        scope: The scope to ask for.
        parameters: What the provider needs besides to give the token its audience, such as
            `{"resource": "…"}` (RFC 8707) or `{"audience": "…"}`.
        ca: The file of a certificate authority; by default those that `certifi` has.
        timeout: How many seconds a fetch may take.
        longest: How many seconds a token may live; one that lives longer is refused.

    Raises:
        ConfigurationError: `configuration.oidc`: the issuer is not an HTTPS URL, there is neither a
            secret nor a key, or both, or a file cannot be used.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        audience: str,
        secret_file: str | Path | None = None,
        key_file: str | Path | None = None,
        key_id: str = "",
        scope: str = "",
        parameters: Mapping[str, str] | None = None,
        ca: str | None = None,
        timeout: float = 5.0,
        longest: int = 3600,
    ) -> None:
        self._client = OAuthClient(
            issuer, client_id, secret_file=secret_file, key_file=key_file, key_id=key_id, ca=ca
        )
        self.issuer = issuer
        self.client_id = client_id
        if not audience:
            raise misconfigured(
                "the `audience` is empty", "use the name that the provider has for it"
            )
        self._audience = audience
        self._form = {
            **(parameters or {}),
            "grant_type": "client_credentials",
            **({"scope": scope} if scope else {}),
        }
        self._timeout = timeout
        self._longest = longest

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.issuer!r}, client_id={self.client_id!r})"

    def identity(self, agent: str) -> IdentityToken:  # noqa: ARG002 -- the policy says whose it is
        """Return a token of the client. See `IdentityProvider.identity`.

        Args:
            agent: Who is to run; the policy compares it with the token.

        Raises:
            TokenInvalid: `identity.not_issued`: the provider refuses the client, or what it asks.
            DecisionUnavailable: `identity.unreachable`: the provider did not answer;
                `identity.unusable`: what it answered is not a token of this issuer and audience.
        """
        deadline = clock.monotonic() + self._timeout
        try:
            token = self._fetched(deadline)
        except DecisionUnavailable:
            self._client.forget()
            raise
        said = read_compact(token, _FROM)
        if fault := self._fault(said.header, said.claims):
            raise unusable(_FROM, fault, "see how the provider makes the tokens of this client")
        return IdentityToken(token, said.expires)

    def _fetched(self, deadline: float) -> str:
        endpoint = self._client.provider(deadline).token_endpoint
        if not endpoint:
            raise unreachable(_WHAT, self.issuer, "it has none")
        received = self._client.post(endpoint, self._form, _WHAT, deadline=deadline)
        if received.status in (400, 401, 403):
            error = json_object(received, _WHAT, endpoint).get("error")
            why = _REFUSALS.get(error, "it says no") if isinstance(error, str) else "it says no"
            raise TokenInvalid(
                f"the OIDC provider issues no token to the client {self.client_id}: {why}",
                code="identity.not_issued",
                hint="see how the client is registered there",
            )
        if received.status != 200:
            raise unreachable(_WHAT, endpoint, f"it answered with {received.status}")
        said = json_object(received, _WHAT, endpoint)
        token, kind = said.get("access_token"), said.get("token_type")
        if not isinstance(token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
            raise unusable(
                _FROM,
                "the answer has no bearer token (RFC 6749 §5.1)",
                "the policy cannot verify a token that is bound to a key (DPoP)",
            )
        return token

    def _fault(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        now = clock.now()
        issued = claims.get("iat")
        if unknown := header.keys() - _MEMBERS:
            return f"its header has {len(unknown)} members that the policy does not take"
        if header.get("typ", "JWT") not in _TYPES:
            return "it is of another type (`typ`)"
        if claims.get("iss") != self.issuer:
            return "it is another issuer's (`iss`)"
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            return "it does not say whom it is of (`sub`)"
        if claims.get("aud") not in (self._audience, [self._audience]):
            return "it is not meant for the deployment alone (`aud`)"
        if type(issued) is not int or issued > now + _AHEAD:
            return "it does not say when it was issued, or that it was in the future (`iat`)"
        if claims["exp"] - min(now, issued) > self._longest:
            return f"it lives for more than {self._longest} seconds"
        return ""
