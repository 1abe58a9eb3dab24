"""The ordinary scene and the cases of `tests/cases`, with real signatures.

`rego/inbounds/lib/fixtures/scene.json` and the cases are read by the Rego tests too, where
a signature is stood in for. Here each stand-in becomes real: `{"kty": …, "x": "eA"}` becomes
the public key of its `kid`, a token is signed with the private one (or with a stranger's
where it is not `genuine`), and the feed's head gets the digest of the feed's entries.

A scene happens at a fixed time. An engine that reads the real clock needs `now=time.time()`,
which moves every time of the scene along.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonpatch
import jsonpointer
import rfc8785
import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms
from jwt.utils import base64url_decode, base64url_encode, der_to_raw_signature

ROOT = Path(__file__).resolve().parent.parent
SCENE = ROOT / "rego" / "inbounds" / "lib" / "fixtures" / "scene.json"
CASES = ROOT / "tests" / "cases"

_PLACES = {
    "identity": "/question/context/credentials/identity",
    "task": "/question/context/credentials/task",
    "approval": "/question/context/credentials/approvals/0",
    "proof": "/question/context/credentials/proof",
    "head": "/live/now/head",
    "card": "/deployment/peers/partner/card",
}
_DIGEST = "sha256:00"
_STAND_INS = ("eA", "eA" + "A" * 41)
_TIMES = range(1_500_000_000, 2_500_000_000)
_TYPES = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}

Patch = Sequence[Mapping[str, Any]]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Staged(NamedTuple):
    """One question, and what it is judged with."""

    question: Any
    deployment: Any
    live: Any
    now: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of `tests/cases`: what is changed in the ordinary scene, and what is decided."""

    code: str
    name: str
    patch: Patch
    outcome: str
    codes: list[str] = field(default_factory=list)
    details: list[Any] | None = None

    def staged(self, *, now: float | None = None) -> Staged:
        """Return the question and the data of this case; arguments as `staged`."""
        return staged(self.patch, now=now)

    def __str__(self) -> str:
        return f"{self.code}: {self.name}"


@cache
def cases() -> tuple[Case, ...]:
    """Return every case, by file; read once for all modules of tests, since it takes seconds."""
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    for path in sorted(CASES.rglob("*.yaml")):
        for code, entries in yaml.load(path.read_text("utf-8"), _Loader).items():
            for entry in entries:
                known = dict(entry)
                yield Case(
                    code=code,
                    name=known.pop("name"),
                    patch=known.pop("patch"),
                    outcome=known.pop("outcome"),
                    codes=known.pop("codes", []),
                    details=known.pop("details", None),
                )
                # A misspelt key would leave something untested.
                assert not known, f"{path}: {known}"


def scene() -> Any:
    """Return the ordinary scene as it is written, for a test to take apart."""
    return copy.deepcopy(_scene())


def staged(patch: Patch = (), *, now: float | None = None) -> Staged:
    """Return the ordinary scene with `patch` applied, its tokens signed and in their places.

    Args:
        patch: A JSON Patch (RFC 6902).
        now: Unix seconds at which it is to happen; by default the scene's own time.
    """
    stage = jsonpatch.apply_patch(_scene(), list(patch))
    if now is not None:
        stage = _moved(stage, int(now) - stage["now"])
    stage = _keyed(stage, "")
    for name, place in _PLACES.items():
        pointer = jsonpointer.JsonPointer(place)
        # What a patch has put there by hand stays as it is.
        if name in stage and pointer.resolve(stage, None) == "":
            pointer.set(stage, token(_digested(stage[name], stage)))
    _handed_on(stage)
    return Staged(stage["question"], stage.get("deployment"), stage.get("live"), stage["now"])


def token(about: Mapping[str, Any]) -> str:
    """Return the compact JWT of a token of the scene, `{genuine, header, claims}`."""
    header, claims = about["header"], about["claims"]
    signed = base64url_encode(_json(header)) + b"." + base64url_encode(_json(claims))
    named = header if isinstance(header, dict) else {}
    kid = str(about.get("signer", named.get("kid"))) if about["genuine"] else "a stranger's"
    alg = named.get("alg")
    # What is signed under a name that is not an algorithm still carries a signature.
    alg = alg if isinstance(alg, str) and alg in _TYPES else "ES256"
    signature = _signature(alg, signed, private_key(kid, _TYPES[alg]))
    return (signed + b"." + base64url_encode(signature)).decode("ascii")


def private_key(kid: str, kty: str = "EC") -> Any:
    """Return the private key of `kid`: but for RSA the same in every run of the tests."""
    return _private_key(kid, kty)


@cache
def _private_key(kid: str, kty: str) -> Any:
    if kty == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = hashlib.sha256(kid.encode()).digest()
    if kty == "OKP":
        return ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())


def _signature(alg: str, signed: bytes, key: Any) -> bytes:
    """Sign, the same way each time: what counts the cost of a question needs the same bytes."""
    if alg == "ES256":
        with_hash = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return der_to_raw_signature(key.sign(signed, with_hash), key.curve)
    signature: bytes = get_default_algorithms()[alg].sign(signed, key)
    return signature


def public_jwk(kid: str, kty: str = "EC") -> dict[str, Any]:
    """Return the public key of `kid` as a JWK that names nothing but the key."""
    alg = {"EC": "ES256", "RSA": "RS256", "OKP": "EdDSA"}[kty]
    algorithm = get_default_algorithms()[alg]
    whole = algorithm.to_jwk(private_key(kid, kty).public_key(), as_dict=True)
    return {name: whole[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in whole}


def feed_digest(now: Mapping[str, Any]) -> str:
    """Return the digest of the entries of a feed, as its head carries it."""
    entries = {name: now[name] for name in ("ended", "revoked", "switches") if name in now}
    return "sha256:" + hashlib.sha256(rfc8785.dumps(entries)).hexdigest()


@cache
def _scene() -> Any:
    return json.loads(SCENE.read_text("utf-8"))["scene"]


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode("utf-8")


def _moved(value: Any, seconds: int) -> Any:
    """`value` with every number that is a time of the scene moved."""
    if isinstance(value, dict):
        return {name: _moved(inner, seconds) for name, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, seconds) for inner in value]
    is_time = isinstance(value, int | float) and int(value) in _TIMES
    return value + seconds if is_time else value


def _keyed(value: Any, name: str) -> Any:
    """`value` with every stand-in for a public key replaced by the key of its name."""
    if isinstance(value, list):
        return [_keyed(inner, "") for inner in value]
    if not isinstance(value, dict):
        return value
    if value.get("kty") in _TYPES.values() and value.get("x", value.get("n")) in _STAND_INS:
        # Of the keys of holders, which have no `kid`, the other coordinate is the name.
        kid = value["y"] if value.get("x") == _STAND_INS[1] else name
        return {**value, **public_jwk(kid, value["kty"])}
    return {name: _keyed(inner, name) for name, inner in value.items()}


def _handed_on(stage: Any) -> None:
    """Sign the links of a chain for which a patch has made room, each after the one above it."""
    credentials = jsonpointer.resolve_pointer(stage, "/question/context/credentials", None)
    chain = credentials.get("chain") if isinstance(credentials, dict) else None
    if not isinstance(chain, list):
        return
    for number, about in enumerate(stage.get("hops", [])[: len(chain)]):
        if chain[number] == "":
            above = chain[number - 1] if number else credentials.get("task")
            chain[number] = token(_linked(about, above))


def _linked(about: Any, above: Any) -> Any:
    """`about` with what follows from the token above it, where it says nothing of that itself."""
    claims = about.get("claims")
    if not isinstance(claims, dict) or not isinstance(above, str) or above.count(".") != 2:
        return about
    signed, _, _ = above.rpartition(".")
    held = json.loads(base64url_decode(signed.partition(".")[2]))
    found = {"par_hash": _hash(signed.encode())}
    with contextlib.suppress(KeyError, TypeError):
        key = {name: held["cnf"]["jwk"][name] for name in ("crv", "kty", "x", "y")}
        named = _hash(json.dumps(key, separators=(",", ":"), sort_keys=True).encode())
        found["iss"] = f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{named}"
    filled = {name: said for name, said in found.items() if claims.get(name) == ""}
    return {**about, "claims": {**claims, **filled}}


def _hash(content: bytes) -> str:
    return base64url_encode(hashlib.sha256(content).digest()).decode()


def _digested(about: Any, stage: Any) -> Any:
    claims = about.get("claims")
    if not isinstance(claims, dict) or claims.get("digest") != _DIGEST:
        return about
    return {**about, "claims": {**claims, "digest": feed_digest(stage["live"]["now"])}}
