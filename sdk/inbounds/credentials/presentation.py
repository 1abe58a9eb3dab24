"""How an access token that was leased is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from inbounds.errors import LeaseUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping


def authorization(
    value: Mapping[str, str], method: str, url: str, *, nonce: str = ""
) -> dict[str, str]:
    """Return the headers of one request that is made with a leased access token.

        lease = credentials.current("tickets-api")
        requests.post(url, headers=credentials.authorization(lease.value, "POST", url), json=…)

    A token that is bound to a key (DPoP) needs a fresh proof for each request, and a lease holds
    nothing but text. So its value holds the key, which is this lease's alone, and the proof
    is made from it here, also for libraries that set headers in a place of their own.

    Args:
        value: The value of the lease.
        method: The HTTP method, such as `POST`.
        url: Where the request goes; its query and fragment are not part of a proof.
        nonce: What the server has sent as `DPoP-Nonce`, if it asks for one (RFC 9449 §9).

    Returns:
        `Authorization`, and `DPoP` for a token that is bound to a key.

    Raises:
        LeaseUnavailable: `lease.unusable`: the value is that of no access token.

    Source: RFC 6750 §2.1; RFC 9449 §7.1.
    """
    token, kind = value.get("access_token", ""), value.get("token_type", "")
    if not token or kind not in ("Bearer", "DPoP"):
        raise LeaseUnavailable(
            "the value of this lease holds no access token",
            code="lease.unusable",
            hint="it is for a lease of `inbounds.credentials.TokenExchange`",
        )
    shown = {"Authorization": f"{kind} {token}"}
    if kind == "DPoP":
        import jwt

        from inbounds.identity.dpop import prove
        from inbounds.identity.signing_keys import SigningKey

        key = SigningKey(jwt.algorithms.ECAlgorithm.from_jwk(value["dpop_key"]))  # type: ignore[arg-type]
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}{parts.path}"
        shown["DPoP"] = prove(key, method, place, token=token, nonce=nonce)
    return shown
