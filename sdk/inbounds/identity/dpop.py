"""DPoP (RFC 9449): that whoever sends a request to the issuer holds the key that tasks name.

A proof is good for one request, to one address, for half a minute.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from inbounds.canonical.strict_json import strict_json
from inbounds.errors import TokenInvalid
from inbounds.process import clock
from inbounds.process.ids import uuid7

if TYPE_CHECKING:
    from .signing_keys import SigningKey

TYPE = "dpop+jwt"
SKEW = 30
"""How far the clocks of both sides may be apart, in seconds."""
_MOST_BYTES = 4096
_MEMBERS = {"kty", "crv", "x", "y"}
_ID = re.compile(r"[\x20-\x7e]{1,256}")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof that holds says.

    Attributes:
        jwk: The public key of who sent it.
        jti: Its id, which counts once.
        until: From when on it is refused for its age, in Unix seconds.
    """

    jwk: dict[str, str]
    jti: str
    until: int


def prove(key: SigningKey, method: str, url: str, *, token: str = "", nonce: str = "") -> str:
    """Sign a proof for one request (RFC 9449 §4.2).

    Args:
        key: The holder's.
        method: The HTTP method.
        url: Where the request goes, without query and fragment.
        token: The access token that is shown with it, or "".
        nonce: What the server has asked to be repeated (§8), or "".
    """
    claims = {"jti": uuid7(), "htm": method, "htu": url, "iat": int(clock.now())}
    if token:
        digest = hashlib.sha256(token.encode()).digest()
        claims["ath"] = urlsafe_b64encode(digest).rstrip(b"=").decode()
    if nonce:
        claims["nonce"] = nonce
    return key.sign(claims, typ=TYPE, shown=True)


def proven(proof: str, method: str, url: str) -> Proof:
    """Return what a proof says, if it is one for this request (RFC 9449 §4.3).

    That it has not been seen before is for the caller to see: `Proof.jti` until `Proof.until`.

    Args:
        proof: The value of the one header `DPoP`.
        method: The method of the request.
        url: What the deployment calls the address, whatever the request says of its host.

    Raises:
        TokenInvalid: `issuer.proof`: it is invalid. None of it is quoted.
    """
    if not 0 < len(proof) <= _MOST_BYTES:
        raise _none("there is none, or it is too long")
    try:
        # Others read a number of any length, or half of a surrogate pair, and fail later.
        head, body, _ = proof.split(".")
        header, claims = _read(head), _read(body)
        key = jwt.PyJWK.from_dict(_public(header), algorithm="ES256")
        jwt.decode(
            proof,
            key,
            algorithms=["ES256"],
            # When it was made is compared below: a minute apart is a fault in either direction.
            options={"require": ["jti", "htm", "htu", "iat"], "verify_iat": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError):
        raise _none("it is malformed, or its signature does not hold") from None
    jti, made = claims["jti"], claims["iat"]
    if not isinstance(jti, str) or not _ID.fullmatch(jti):
        raise _none("its `jti` must be 1 to 256 printable ASCII characters")
    if (claims["htm"], claims["htu"]) != (method, url):
        raise _none("it is for another request")
    if type(made) is not int or abs(clock.now() - made) > SKEW:
        raise _none("it was made too long ago, or is yet to be made: compare the clocks")
    return Proof(dict(header["jwk"]), jti, made + SKEW + 1)


def _read(part: str) -> dict[str, Any]:
    value = strict_json(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value


def _public(header: dict[str, Any]) -> dict[str, str]:
    key = header.get("jwk")
    if header.keys() != {"typ", "alg", "jwk"} or header["typ"] != TYPE:
        raise ValueError("another kind of token")
    if not isinstance(key, dict) or key.keys() != _MEMBERS or key["crv"] != "P-256":
        raise ValueError("no public P-256 key")
    for name in ("x", "y"):
        # A key of several spellings would have several thumbprints, and so be several holders.
        if urlsafe_b64encode(urlsafe_b64decode(f"{key[name]}=")).decode() != f"{key[name]}=":
            raise ValueError("no one spelling of a key")
    return key


def _none(why: str) -> TokenInvalid:
    return TokenInvalid(
        f"the request does not prove that its sender holds a key: {why}",
        code="issuer.proof",
        hint="send each request with a fresh DPoP proof (RFC 9449) of the key that holds the task",
    )
