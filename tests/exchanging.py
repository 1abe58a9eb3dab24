"""A token endpoint that exchanges tokens as it is told to: as asked, or with one fault."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs

from tests.identities import compact
from tests.leased import SECRET
from tests.provider import Answer, Asked, FakeProvider

from inbounds.identity.dpop import proven
from inbounds.identity.signing_keys import thumbprint

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
AUDIENCE = "https://tickets.acme.example"
SCOPE = "tickets.read tickets.write"


class Exchanging(FakeProvider):
    """Issues what is asked for. Its tokens are signed by nobody, and hold the canary.

    Attributes:
        said: What its answers say instead; what is None is left out.
        claims: What its tokens say instead; what is None is left out.
        live: The tokens that are issued and not revoked.
        seconds: How long its tokens live, the token that is exchanged permitting.
        forms: What was asked.
    """

    def reset(self) -> None:
        """Exchange as asked."""
        super().reset()
        self.said: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.live: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.seconds = 60
        configuration = self.answers["/.well-known/openid-configuration"].body
        configuration["revocation_endpoint"] = f"{self.url}/revoke"
        self.answers["/token"] = self.exchange
        self.answers["/revoke"] = self.revoke

    def exchange(self, asked: Asked) -> Answer:
        """Answer at the token endpoint."""
        form = {name: value for name, (value,) in parse_qs(asked.body.decode()).items()}
        self.forms.append(form)
        subject = read(form["subject_token"])
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": subject["sub"],
            "aud": AUDIENCE,
            "iat": now,
            "exp": min(now + self.seconds, subject["exp"]),
            "scope": form["scope"],
            "jti": f"{SECRET}-{len(self.forms)}",
        }
        if "actor_token" in form:
            actor = read(form["actor_token"])
            claims["act"] = {"sub": actor["sub"], "iss": actor["iss"]}
        if "DPoP" in asked.headers:
            proof = proven(asked.headers["DPoP"], "POST", f"{self.url}/token")
            claims["cnf"] = {"jkt": thumbprint(proof.jwk)}
        claims = _but(claims, self.claims)
        token = compact(claims, {"alg": "ES256", "kid": "k1", "typ": "at+jwt"})
        said = {
            "access_token": token,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "DPoP" if "DPoP" in asked.headers else "Bearer",
            "expires_in": claims["exp"] - now if isinstance(claims.get("exp"), int) else 60,
        }
        said = _but(said, self.said)
        self.live += [said[name] for name in ("access_token", "refresh_token") if name in said]
        return Answer(said)

    def revoke(self, asked: Asked) -> Answer:
        """Answer at the revocation endpoint."""
        (token,) = parse_qs(asked.body.decode(), keep_blank_values=True)["token"]
        self.live = [each for each in self.live if each != token]
        return Answer(b"")


def read(token: str) -> dict[str, Any]:
    """The claims of a compact JWT."""
    import jwt

    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _but(said: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**said, **changed}.items() if value is not None}
