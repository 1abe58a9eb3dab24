"""OPA's `io.jwt.*` on the host, error for error (`v1/topdown/tokens.go` of OPA 1.22).

What OPA answers with an error raises `BuiltinError` here, what it answers with false is
False. Two of its habits a policy must know: `io.jwt.verify_es256` does not compare the
header's `alg`, and verifies with a key of any curve. The policy reads the header.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from inbounds.engine.jwk import Key, PublicKey, read_keys
from inbounds.engine.values import BuiltinError

# Turns the URL alphabet into the one that Python decodes, and that one's own signs into none.
_URL_ALPHABET: Final = bytes.maketrans(b"-_+/", b"+/!!")
_STRINGS: Final = ("alg", "kid", "typ", "cty")
# A pair of surrogates, one that is alone, or any other character.
_ESCAPE: Final = re.compile(r"\\(?:u[dD][89abAB].{2}\\u[dD][c-fC-F].{2}|(u[dD][89a-fA-F].{2})|.)")
_SHA: Final = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}

Scheme = Callable[[PublicKey | None, bytes, bytes], None]


def decode(token: Any) -> str:
    """`io.jwt.decode`: header, payload and hex signature, as the text of a JSON array."""
    header, payload, signature = _parts(token)
    heading = base64url(header)
    fields = _header(heading)
    if "cty" in fields and not isinstance(fields["cty"], str):
        _error("the `cty` of a token is not a string")
    content = base64url(payload)
    if fields.get("cty") == "JWT":
        return decode(content.decode("utf-8", "surrogateescape").strip("\"'"))
    _object(content, "payload")
    signed = base64url(signature).hex()
    return f'[{_json_text(heading)},{_json_text(content)},"{signed}"]'


def verify(alg: str, token: Any, keys: Any) -> bool:
    """`io.jwt.verify_<alg>`: whether one of `keys` (PEM, JWK or JWKS) has signed `token`."""
    header, payload, signature = _parts(token)
    if not isinstance(keys, str):
        _error("the key is not a string")
    candidates = read_keys(keys)
    signed = base64url(signature)
    fields = _header(base64url(header))
    _known_members(fields)

    message = f"{header}.{payload}".encode("utf-8", "surrogateescape")
    scheme = SCHEMES[alg]
    kid = fields.get("kid", "")
    if kid:
        for key in candidates:
            if key.kid == kid:
                return _verifies(scheme, key, message, signed)
    return any(
        _verifies(scheme, key, message, signed)
        for key in candidates
        if key.alg in ("", fields.get("alg", ""))
    )


def readable(token: str) -> bool:
    """Whether the payload of a token is a JSON object to OPA's parser.

    The module's own parser takes more: `{}x`, `[1,]`, `1.`, a vertical tab for a space.
    """
    try:
        _object(base64url(_parts(token)[1]), "payload")
    except BuiltinError:
        return False
    return True


def base64url(text: str) -> bytes:
    """Decode as OPA does: padding may be left out, the unused bits at the end are not read."""
    encoded = text.encode("utf-8", "surrogateescape")
    if not text.endswith("="):
        encoded += {0: b"", 2: b"==", 3: b"="}.get(len(encoded) % 4, b"!")
    if b"\n" in encoded or b"\r" in encoded:
        encoded = encoded.translate(None, b"\r\n")
    if len(encoded) % 4 or encoded.endswith(b"==="):
        _error("not base64url")
    try:
        return binascii.a2b_base64(encoded.translate(_URL_ALPHABET), strict_mode=True)
    except binascii.Error:
        _error("not base64url")


def _error(message: str) -> NoReturn:
    raise BuiltinError(message)


def _parts(token: Any) -> tuple[str, str, str]:
    if not isinstance(token, str):
        _error("the token is not a string")
    parts = token.split(".")
    if len(parts) != 3:
        _error("the token does not have three parts")
    return parts[0], parts[1], parts[2]


def _header(heading: bytes) -> dict[str, Any]:
    fields = _object(heading, "header")
    if "enc" in fields:
        _error("the token is encrypted")
    return fields


def _known_members(fields: Mapping[str, Any]) -> None:
    for name in _STRINGS:
        if not isinstance(fields.get(name, ""), str):
            _error(f"the `{name}` of a token is not a string")
    if "crit" in fields:
        crit = fields["crit"]
        # OPA takes the strings before the first member that is not a string.
        if not isinstance(crit, list) or not crit or not isinstance(crit[0], str):
            _error("the `crit` of a token is not a list of strings")


# --- JSON as Go reads it -------------------------------------------------------------------


def _go_text(content: bytes) -> str:
    """UTF-8 with one U+FFFD for every byte that is not."""
    return re.sub("[\udc80-\udcff]", "\ufffd", content.decode("utf-8", "surrogateescape"))


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        # Numbers are only told apart from strings here, so they are not converted.
        value = json.loads(
            _go_text(content),
            parse_constant=_refuse_constant,
            parse_int=lambda _: 0,
            parse_float=lambda _: 0,
        )
    except (ValueError, RecursionError):
        _error(f"the {what} is not JSON")
    if not isinstance(value, dict):
        _error(f"the {what} is not a JSON object")
    return value


def _json_text(content: bytes) -> str:
    """JSON that has been read once, with a lone surrogate replaced as Go replaces it."""
    return _ESCAPE.sub(lambda found: "\ufffd" if found[1] else found[0], _go_text(content))


# --- signature schemes ---------------------------------------------------------------------


def _verifies(scheme: Scheme, key: Key, message: bytes, signature: bytes) -> bool:
    try:
        scheme(key.public, message, signature)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _ecdsa(bits: int) -> Scheme:
    def scheme(key: PublicKey | None, message: bytes, signature: bytes) -> None:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise InvalidSignature
        half = len(signature) // 2
        r = int.from_bytes(signature[:half], "big")
        s = int.from_bytes(signature[half:], "big")
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(_SHA[bits]))

    return scheme


def _rsa(bits: int, make_padding: Callable[[], Any]) -> Scheme:
    def scheme(key: PublicKey | None, message: bytes, signature: bytes) -> None:
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 1024:
            raise InvalidSignature
        if key.public_numbers().e >= 2**31:
            raise InvalidSignature
        key.verify(signature, message, make_padding(), _SHA[bits])

    return scheme


def _pss(bits: int) -> Callable[[], padding.PSS]:
    return lambda: padding.PSS(padding.MGF1(_SHA[bits]), padding.PSS.AUTO)


def _eddsa(key: PublicKey | None, message: bytes, signature: bytes) -> None:
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidSignature
    key.verify(signature, message)


SCHEMES: Final[Mapping[str, Scheme]] = {
    "eddsa": _eddsa,
    **{f"es{bits}": _ecdsa(bits) for bits in _SHA},
    **{f"rs{bits}": _rsa(bits, padding.PKCS1v15) for bits in _SHA},
    **{f"ps{bits}": _rsa(bits, _pss(bits)) for bits in _SHA},
}
"""How each algorithm verifies, by the end of the built-in's name."""
