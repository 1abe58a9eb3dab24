"""An API that takes the tokens of one realm, each with a proof of its key."""

from __future__ import annotations

import hashlib
import http.server
import threading
from base64 import urlsafe_b64encode
from typing import Any

import jwt
from tests.exchanging import read

from inbounds.identity.dpop import proven
from inbounds.identity.jwks import JwksSource
from inbounds.identity.signing_keys import thumbprint


class Tickets:
    """The API: it takes tokens that its realm has signed for it, with a proof of their key.

    Attributes:
        closed: The paths that were asked for, with the claims of the token that was shown.
    """

    def __init__(self) -> None:
        self.closed: list[tuple[str, dict[str, Any]]] = []
        self.issuer = ""
        self._seen: set[str] = set()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status = 204
                try:
                    claims = api.verified(self.headers, f"{api.url}{self.path}")
                    api.closed.append((self.path, claims))
                except Exception:  # noqa: BLE001 -- whatever it is, it is not let in
                    status = 401
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def verified(self, headers: Any, url: str) -> dict[str, Any]:
        """The claims of a token that is good for this request (RFC 9449 §7.1)."""
        scheme, _, token = headers["Authorization"].partition(" ")
        assert scheme == "DPoP"
        claims = verified(self.issuer, token, "tickets")
        proof = proven(headers["DPoP"], "POST", url)
        assert claims["cnf"]["jkt"] == thumbprint(proof.jwk)
        digest = hashlib.sha256(token.encode()).digest()
        said = read(headers["DPoP"])
        assert said["ath"] == urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert "tickets.write" in claims["scope"].split()
        assert proof.jti not in self._seen
        self._seen.add(proof.jti)
        return claims

    def close(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()


def verified(issuer: str, token: str, audience: str) -> dict[str, Any]:
    """The claims, verified with the keys that discovery finds."""
    header = jwt.get_unverified_header(token)
    key = jwt.PyJWK.from_dict(JwksSource(issuer).key(header["kid"]), algorithm=header["alg"])
    return jwt.decode(token, key.key, algorithms=[header["alg"]], audience=audience, issuer=issuer)
