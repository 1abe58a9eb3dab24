"""An identity from an OAuth or OpenID Connect provider, by the client credentials grant."""

from __future__ import annotations

import os
import stat
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from inbounds import clock
from inbounds.errors import ConfigurationError, DecisionUnavailable, TokenInvalid
from inbounds.ids import uuid7
from inbounds.regular_file import read_regular

from .compact import read_compact, unusable
from .discovery import Provider, discover, require_issuer
from .remote import Remote, json_object, unreachable
from .token import IdentityToken

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASSERTED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_WHAT = "the token endpoint"
_FROM = "of the OIDC provider"
_MEMBERS = {"alg", "kid", "typ"}
_TYPES = ("JWT", "at+jwt")
_KEPT = 3600.0
_AHEAD = 30
_MOST_BYTES = 16_384
# RFC 6749 §5.2 and RFC 8707 §2: what is wrong with the request, so that asking again is in vain.
_REFUSALS = {
    "invalid_client": "it does not know the client, or the secret or key is another",
    "unauthorized_client": "the client may not use the grant `client_credentials`",
    "unsupported_grant_type": "it does not have the grant `client_credentials`",
    "invalid_scope": "the scope is none that the client may have",
    "invalid_target": "the resource is none that the client may have",
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
        ConfigurationError: `configuration.oidc`: the issuer is no URL of HTTPS, there is neither a
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
        self.issuer = require_issuer(issuer)
        self.client_id = client_id
        for name, value in (("client_id", client_id), ("audience", audience)):
            if not value:
                raise _misconfigured(f"the `{name}` is empty", "say what the provider calls it")
        if (secret_file is None) == (key_file is None):
            raise _misconfigured(
                "the client has neither a secret nor a key, or both",
                "OidcIdentity(secret_file=…) or OidcIdentity(key_file=…)",
            )
        self._audience = audience
        self._secret_file = secret_file and Path(secret_file)
        self._key_file = key_file and Path(key_file)
        self._key_id = key_id
        self._form = {
            **(parameters or {}),
            "grant_type": "client_credentials",
            **({"scope": scope} if scope else {}),
        }
        self._remote = Remote(ca)
        self._timeout = timeout
        self._longest = longest
        self._provider: tuple[float, Provider] | None = None
        self._authentication(self.issuer)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.issuer!r}, client_id={self.client_id!r})"

    def identity(self, agent: str) -> IdentityToken:  # noqa: ARG002 -- the policy says whose it is
        """Return a token of the client. See `IdentityProvider.identity`.

        Args:
            agent: Who is to run; the policy compares it with the token.

        Raises:
            TokenInvalid: `identity.not_issued`: the provider refuses the client, or what it asks.
            DecisionUnavailable: `identity.unreachable`: the provider did not answer;
                `identity.unusable`: what it answered is no token of this issuer and audience.
        """
        deadline = clock.monotonic() + self._timeout
        try:
            token = self._fetched(deadline)
        except DecisionUnavailable:
            self._provider = None  # it may have moved
            raise
        said = read_compact(token, _FROM)
        if fault := self._fault(said.header, said.claims):
            raise unusable(_FROM, fault, "see how the provider makes the tokens of this client")
        return IdentityToken(token, said.expires)

    def _fetched(self, deadline: float) -> str:
        endpoint = self._discovered(deadline).token_endpoint
        if not endpoint:
            raise unreachable(_WHAT, self.issuer, "it has none")
        form, headers = self._authentication(self.issuer)
        received = self._remote.send(
            "POST",
            endpoint,
            _WHAT,
            deadline=deadline,
            body=urlencode({**self._form, **form}).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", **headers},
        )
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
                "a token that is bound to a key (DPoP) is none that the policy can verify",
            )
        return token

    def _discovered(self, deadline: float) -> Provider:
        found = self._provider
        if found is not None and clock.monotonic() - found[0] < _KEPT:
            return found[1]
        provider = discover(self.issuer, self._remote, deadline=deadline)
        self._provider = (clock.monotonic(), provider)
        return provider

    def _authentication(self, audience: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return what the client proves itself with: members of the form, and headers."""
        if self._secret_file:
            secret = _kept(self._secret_file, "secret").decode("utf-8", "replace").strip("\r\n")
            if not secret:
                raise _misconfigured(
                    f"the client's secret {self._secret_file} is empty", "see what writes it"
                )
            # RFC 6749 §2.3.1: both are encoded as in a form first.
            pair = f"{quote_plus(self.client_id)}:{quote_plus(secret)}".encode()
            return {}, {"Authorization": f"Basic {b64encode(pair).decode()}"}
        return {
            "client_id": self.client_id,
            "client_assertion_type": _ASSERTED,
            "client_assertion": self._assertion(audience),
        }, {}

    def _assertion(self, audience: str) -> str:
        """Sign who the client is (RFC 7523 §3), for the provider alone and for a minute."""
        import jwt
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        path = Path(self._key_file or "")
        try:
            key = load_pem_private_key(_kept(path, "key"), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        algorithm = ""
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
            algorithm = "ES256"
        elif isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
            algorithm = "RS256"
        if not algorithm:
            raise _misconfigured(
                f"the client's key {path} is no P-256 or RSA private key in PEM",
                "a P-256 key, without a passphrase",
            )
        now = int(clock.now())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "iat": now,
            "exp": now + 60,
            "jti": uuid7(),
        }
        headers = {"kid": self._key_id} if self._key_id else None
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)  # type: ignore[arg-type]

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


def _kept(path: Path, what: str) -> bytes:
    """Read a secret that only its owner may read, or that a mount holds read-only."""
    try:
        content, status = read_regular(path, most=_MOST_BYTES)
    except OSError as error:
        raise _misconfigured(
            f"the client's {what} {path} cannot be read: {error.strerror}",
            "see that it is mounted, and may be read by this user",
        ) from None
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o007:
        raise _misconfigured(
            f"the client's {what} {path} can be read by everyone",
            f"chmod o= {path}, and replace it if others did read it",
        )
    return content


def _misconfigured(why: str, hint: str) -> ConfigurationError:
    return ConfigurationError(why, code="configuration.oidc", hint=hint)
