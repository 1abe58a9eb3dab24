"""The keys a token is verified with, read as OPA reads them.

Where the formats leave room (padding, unknown members, private keys) this module is as
lenient as OPA or refuses: a key is never good here that is not good there. So it reads, too,
what no signature needs: a member that OPA takes for malformed spoils the whole key.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from inbounds.engine.values import BuiltinError

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | Ed25519PublicKey

_CURVES: Final[Mapping[Any, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_PEM_CURVES: Final = (ec.SECP224R1, ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
# What a key's `alg` may say: a signature algorithm OPA knows counts, another one of RFC 7518
# takes the key out of the set, and a word nobody knows makes the key unreadable.
_SIGNING: Final = frozenset(
    {
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
        *("HS256", "HS384", "HS512", "EdDSA"),
    }
)
_OTHER: Final = frozenset(
    {
        *("none", "ES256K", "Ed25519", "dir", "RSA1_5"),
        *("RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"),
        *("A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW"),
        *("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"),
        *("PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"),
        *("A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"),
    }
)
_MAX_KEYS: Final = 1000
_PEM: Final = re.compile(
    r"^-----BEGIN (?P<label>[A-Z0-9 ]+)-----[ \t]*\r?\n"
    r"(?:[A-Za-z0-9+/=]+[ \t]*\r?\n)+"
    r"-----END (?P=label)-----[ \t]*(?:\r?\n|\Z)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a set; `public` is None for one that can verify nothing (symmetric, private)."""

    public: PublicKey | None
    alg: str = ""
    kid: str = ""


@lru_cache(maxsize=128)
def read_keys(text: str) -> tuple[Key, ...]:
    """The keys of a PEM certificate or public key, of a JWK or of a JWKS.

    Raises:
        BuiltinError: It is in another form, or one of its keys cannot be read.
    """
    pem = _PEM.search(text)
    if pem is not None:
        if pem.end() != len(text):
            _error("the key has something after its PEM block")
        return (Key(_pem_key(pem["label"], pem[0])),)
    document = _jwk_object(text)
    if "keys" not in document:
        key = _jwk(document)
        return (key,) if key is not None else ()
    members = document["keys"]
    if not isinstance(members, list) or len(members) > _MAX_KEYS:
        _error("the `keys` of a key set is not a list of keys")
    keys = [_jwk(member) for member in members]
    return tuple(key for key in keys if key is not None)


def _jwk_object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        _error("the key is neither PEM nor JSON")
    if not isinstance(document, dict):
        _error("the key is not a JSON object")
    return document


def _pem_key(label: str, pem: str) -> PublicKey | None:
    data = pem.encode("ascii")
    if label not in ("CERTIFICATE", "PUBLIC KEY"):
        _error("the PEM block is neither a certificate nor a public key")
    try:
        public: object
        if label == "CERTIFICATE":
            public = x509.load_pem_x509_certificate(data).public_key()
        else:
            public = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        _error("the PEM block cannot be read")
    if isinstance(public, ec.EllipticCurvePublicKey):
        if not isinstance(public.curve, _PEM_CURVES):
            _error("the PEM block is on a curve that is not supported")
        return public
    if isinstance(public, (rsa.RSAPublicKey, Ed25519PublicKey)):
        return public
    if label == "PUBLIC KEY" and not isinstance(public, (dsa.DSAPublicKey, X25519PublicKey)):
        _error("the PEM block holds a key of a kind that is not supported")
    return None


def _jwk(document: Any) -> Key | None:
    """The key, or None for one whose `alg` says that it is not for signatures."""
    if not isinstance(document, dict):
        _error("a key is not a JSON object")
    for name in ("kty", "alg", "kid", "use", "crv", "x5t", "x5t#S256", "x5u"):
        if not _text_or_null(document.get(name)):
            _error(f"the `{name}` of a key is not a string")
    alg = document.get("alg") or ""
    if "alg" in document and alg not in _SIGNING | _OTHER:
        _error("the `alg` of a key is not known")
    operations = document.get("key_ops")
    if operations is not None and not (
        isinstance(operations, list) and all(map(_text_or_null, operations))
    ):
        _error("the `key_ops` of a key is not a list of strings")
    _read_certificates(document.get("x5c", []))
    read = _KINDS.get(document.get("kty"))
    if read is None:
        _error("the `kty` of a key is not known")
    public = read(document)
    return None if alg in _OTHER else Key(public, alg, document.get("kid") or "")


def _text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _read_certificates(chain: Any) -> None:
    """Read an `x5c` (RFC 7517 §4.7), whose key need not be the key's own."""
    if not isinstance(chain, list):
        _error("the `x5c` of a key is not a list")
    try:
        for certificate in chain:
            x509.load_der_x509_certificate(base64.b64decode(certificate, validate=True))
    except (TypeError, ValueError):
        _error("the `x5c` of a key is not a list of certificates")


def _octets(document: Mapping[str, Any], name: str) -> bytes:
    text = document.get(name)
    if not isinstance(text, str):
        _error(f"the `{name}` of a key is missing or not a string")
    plain = text.replace("\r", "").replace("\n", "")
    alphabet = r"[A-Za-z0-9+/]" if re.search(r"[+/]", plain) else r"[A-Za-z0-9_-]"
    if text.endswith("="):
        shape = rf"(?:{alphabet}{{4}})*(?:{alphabet}{{2}}==|{alphabet}{{3}}=)?"
    else:
        shape = rf"(?:{alphabet}{{4}})*(?:{alphabet}{{2}}|{alphabet}{{3}})?"
    if not re.fullmatch(shape, plain):
        _error(f"the `{name}` of a key is not base64")
    # It decodes either alphabet, and reads no more padding than is needed.
    return base64.urlsafe_b64decode(plain + "==")


def _ec_key(document: Mapping[str, Any]) -> PublicKey | None:
    curve = _CURVES.get(document.get("crv"))
    if curve is None:
        _error("the `crv` of a key is not known")
    x, y = _octets(document, "x"), _octets(document, "y")
    size = (curve.key_size + 7) // 8
    if not len(x) == len(y) == size:
        _error("a coordinate of a key has the wrong length")
    try:
        public = ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve
        ).public_key()
    except (ValueError, UnsupportedAlgorithm):
        _error("a key is not a point of its curve")
    return None if _private(document, size) else public


def _rsa_key(document: Mapping[str, Any]) -> PublicKey | None:
    n = int.from_bytes(_octets(document, "n"), "big")
    e = int.from_bytes(_octets(document, "e"), "big")
    if n == 0 or e % 2 == 0 or e.bit_length() >= 64:
        _error("an RSA key is malformed")
    if _private(document):
        for name in ("p", "q", "dp", "dq", "qi"):
            if name in ("p", "q") or document.get(name) is not None:
                _octets(document, name)
        return None
    try:
        return rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError:
        return None  # Go reads such a key and refuses every signature with it


def _okp_key(document: Mapping[str, Any]) -> PublicKey | None:
    x = _octets(document, "x")
    crv = document.get("crv")
    if crv not in ("Ed25519", "X25519") or len(x) != 32:
        _error("an octet key pair is malformed")
    if _private(document, 32) or crv == "X25519":
        return None
    return Ed25519PublicKey.from_public_bytes(x)


def _private(document: Mapping[str, Any], size: int = 0) -> bool:
    """Whether a key is a private one, which OPA reads and verifies nothing with."""
    if "d" not in document:
        return False
    d = _octets(document, "d")
    if not d or (size and len(d) != size):
        _error("the `d` of a key has the wrong length")
    return True


def _symmetric_key(document: Mapping[str, Any]) -> PublicKey | None:
    if not _octets(document, "k"):
        _error("a symmetric key is empty")
    return None


_KINDS: Final[Mapping[Any, Callable[[Mapping[str, Any]], PublicKey | None]]] = {
    "EC": _ec_key,
    "RSA": _rsa_key,
    "OKP": _okp_key,
    "oct": _symmetric_key,
}


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member twice")
    return members


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def _error(message: str) -> NoReturn:
    raise BuiltinError(message)
