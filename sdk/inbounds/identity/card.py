"""The agent card of a peer: how an agent of somebody else says who it is and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import rfc8785
from jwt import PyJWK, PyJWS
from jwt.exceptions import PyJWTError
from jwt.utils import base64url_decode, base64url_encode

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from .jwks import Keys

ALGORITHMS = {"EC": ["ES256"], "RSA": ["RS256", "PS256"], "OKP": ["EdDSA"]}
"""The signatures that the policy verifies, by the type of the key."""
_WORD = r'"[A-Za-z0-9._:+=-]+"'
# As `lib/jwt` reads it, whatever a parser would make of it: no spaces but Keycloak's.
_HEADER = re.compile(
    rf'\{{"\w+":{_WORD},"\w+":{_WORD},"\w+":{_WORD}\}}'
    rf'|\{{"\w+":{_WORD},"\w+" : {_WORD},"\w+" : {_WORD}\}}',
    re.ASCII,
)
MAX_CARD = 48_000
"""How long a card may be, in bytes: signed, it is a token of the deployment."""


def peer_entry(card: bytes, keys: Keys) -> dict[str, Any]:
    """Return what `peers.yaml` says of a peer: its card as it was signed, and the key that did.

    An A2A card carries its signatures beside what they are over, which is the card without them
    as canonical JSON (RFC 8785); the policy takes both as one compact JWS (RFC 7515 §7.1). A
    signer may leave out members that are empty before it signs (A2A specification, "Agent Card
    Signing"), so that form is tried as well.

    Args:
        card: The agent card, as its operator serves it.
        keys: The operator's public keys, by `kid`, had in another way than the card.

    Returns:
        `card`, `keys` and `algorithms` of an entry; `until` is the reader's to say.

    Raises:
        ConfigurationError: `peers.unusable`: it is not a card, or none of `keys` has signed it in a
            form that the policy verifies.
    """
    said = _read(card)
    signatures = said.pop("signatures", None)
    if not isinstance(signatures, list) or not signatures:
        raise _unusable("it has no `signatures`", "ask its operator for a signed card")
    forms = [_payload(form) for form in (said, _filled(said))]
    for signature in signatures:
        for payload in forms:
            token = _compact(signature, payload)
            header = _verified(token, keys) if token else None
            if header is not None:
                kid, algorithm = header
                return {"card": token, "keys": {kid: keys[kid]}, "algorithms": [algorithm]}
    raise _unusable(
        "none of its signatures is one of the keys', with a header of `alg`, `kid` and "
        "`typ: JOSE` alone, in plain letters and without spaces",
        "check that the keys are those of its operator, and ask for a card that is signed so",
    )


def _read(card: bytes) -> dict[str, Any]:
    if len(card) > MAX_CARD:
        raise _unusable(f"it is longer than {MAX_CARD} bytes", "ask its operator for a shorter one")
    try:
        said = strict_json(card)
    except NotStrictJson as error:
        raise _unusable(str(error), "fetch it again") from None
    if not isinstance(said, dict):
        raise _unusable("it is not a JSON object", "fetch it again")
    return said


def _payload(said: dict[str, Any]) -> str:
    try:
        return base64url_encode(rfc8785.dumps(said)).decode("ascii")
    except (rfc8785.CanonicalizationError, RecursionError):
        raise _unusable(
            "it has no canonical form (RFC 8785)", "ask its operator for another"
        ) from None


def _filled(value: Any) -> Any:
    """Without the members that are empty, as a message of Protocol Buffers has none."""
    if isinstance(value, dict):
        inner = {name: _filled(held) for name, held in value.items()}
        return {name: held for name, held in inner.items() if held not in ("", [], {}, None)}
    if isinstance(value, list):
        return [_filled(held) for held in value]
    return value


def _compact(signature: Any, payload: str) -> str:
    if not isinstance(signature, dict):
        return ""
    protected, signed = signature.get("protected"), signature.get("signature")
    if not (isinstance(protected, str) and isinstance(signed, str)):
        return ""
    return f"{protected}.{payload}.{signed}"


def _verified(token: str, keys: Keys) -> tuple[str, str] | None:
    """The key and the algorithm that a token was signed with, if the policy can take it."""
    try:
        header = PyJWS().decode_complete(token, options={"verify_signature": False})["header"]
        if set(header) != {"alg", "kid", "typ"} or header["typ"] != "JOSE":
            return None
        if not _in_one_form(token):
            return None
        jwk = keys[header["kid"]]
        if header["alg"] not in ALGORITHMS[jwk["kty"]]:
            return None
        PyJWS().decode(token, PyJWK({**jwk, "alg": header["alg"]}), algorithms=[header["alg"]])
    except (PyJWTError, KeyError, TypeError, ValueError):
        return None
    return header["kid"], header["alg"]


def _in_one_form(token: str) -> bool:
    """Whether the policy reads it at all: by the form of its header, and in its one spelling."""
    parts = token.split(".")
    content = [base64url_decode(part) for part in parts]
    spelt = [base64url_encode(each).decode("ascii") for each in content]
    return spelt == parts and _HEADER.fullmatch(content[0].decode("utf-8")) is not None


def _unusable(why: str, hint: str) -> ConfigurationError:
    return ConfigurationError(
        f"the agent card cannot be used: {why}", code="peers.unusable", hint=hint
    )
