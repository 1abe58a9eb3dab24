"""The ordinary scene of the policy's own tests, with real signatures.

One ordinary, allowed question, its tokens, and the data it is judged with. A case changes the
one thing that it is about. In the fixtures signatures are stood in for; here `{"kty": …, "x":
"eA"}` becomes the public key of its name, a token is signed with the private one (with a
stranger's where it is not `genuine`), and the feed's head gets the digest of its entries.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inbounds.engine import assets
from inbounds.identity.signing_keys import THUMBPRINT_URI, thumbprint, token_hash
from inbounds.live.head import KINDS, entries_digest

from .patches import Patch, at, patched

_PLACES = {
    "identity": "/question/context/credentials/identity",
    "task": "/question/context/credentials/task",
    "head": "/live/now/head",
    "card": "/deployment/peers/partner/card",
    # Only where a patch has made room for it, with an empty text.
    "approval": "/question/context/credentials/approvals/0",
    "proof": "/question/context/credentials/proof",
}
_STAND_INS, _NO_DIGEST = ("eA", "eA" + "A" * 41), "sha256:00"
_ALGORITHMS = {"EC": "ES256", "RSA": "RS256", "OKP": "EdDSA"}
_TYPES = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}


@dataclass(frozen=True, slots=True)
class Scene:
    """One question and what it is judged with.

    Attributes:
        question: The `input`.
        deployment: `data.deployment`.
        live: `data.live`.
        now: Unix seconds at which it happens.
    """

    question: Any
    deployment: Any
    live: Any
    now: int

    def document(self) -> dict[str, Any]:
        """Return the scene as JSON, which `inbounds explain` takes."""
        return {
            "question": self.question,
            "deployment": self.deployment,
            "live": self.live,
            "now": self.now,
        }


def staged(patch: Patch = ()) -> Scene:
    """Return the ordinary scene with `patch` applied, its tokens signed and in their places.

    Raises:
        PatchFault: The patch speaks of what the scene does not hold.
    """
    stage = _keyed(patched(_ordinary(), patch), "")
    for name, place in _PLACES.items():
        holder, _, last = place.rpartition("/")
        try:
            # What a patch has put there by hand stays as it is.
            if name in stage and at(stage, place) == "":
                holding = at(stage, holder)
                key = int(last) if isinstance(holding, list) else last
                holding[key] = _token(_digested(stage[name], stage))
        except (KeyError, IndexError, TypeError, ValueError):
            continue
    _handed_on(stage)
    return Scene(
        stage.get("question"), stage.get("deployment"), stage.get("live"), int(stage["now"])
    )


@functools.cache
def _ordinary() -> Any:
    path = assets.rego() / "inbounds" / "lib" / "fixtures" / "scene.json"
    return json.loads(path.read_text("utf-8"))["scene"]


def _token(about: Mapping[str, Any]) -> str:
    from jwt.algorithms import get_default_algorithms
    from jwt.utils import base64url_encode

    header = about["header"]
    signed = b".".join(
        base64url_encode(json.dumps(part, separators=(",", ":")).encode())
        for part in (header, about["claims"])
    )
    named = header if isinstance(header, dict) else {}
    kid = str(about.get("signer", named.get("kid"))) if about["genuine"] else "a stranger's"
    alg = named.get("alg")
    # What is signed under a name that is not an algorithm still carries a signature.
    alg = alg if isinstance(alg, str) and alg in _TYPES else "ES256"
    signature = get_default_algorithms()[alg].sign(signed, _private_key(kid, _TYPES[alg]))
    return (signed + b"." + base64url_encode(signature)).decode("ascii")


@functools.cache
def _private_key(kid: str, kty: str) -> Any:
    """The private key of `kid`, generated once in a process and never written down."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    del kid
    if kty == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if kty == "OKP":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def _public_jwk(kid: str, kty: str) -> dict[str, Any]:
    from jwt.algorithms import get_default_algorithms

    algorithm = get_default_algorithms()[_ALGORITHMS[kty]]
    whole: Any = algorithm.to_jwk(_private_key(kid, kty).public_key(), as_dict=True)
    return {name: whole[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in whole}


def _keyed(value: Any, name: str) -> Any:
    """`value` with every stand-in for a public key replaced by the key of its name."""
    if isinstance(value, list):
        return [_keyed(inner, "") for inner in value]
    if not isinstance(value, dict):
        return value
    kty = value.get("kty")
    if kty in _ALGORITHMS and value.get("x", value.get("n")) in _STAND_INS:
        # Of the keys of holders, which have no `kid`, the other coordinate is the name.
        kid = value["y"] if value.get("x") == _STAND_INS[1] else name
        return {**value, **_public_jwk(kid, kty)}
    return {key: _keyed(inner, key) for key, inner in value.items()}


def _handed_on(stage: Any) -> None:
    """Sign the links of a chain for which a patch has made room, each after the one above it."""
    try:
        credentials = stage["question"]["context"]["credentials"]
        for number, about in enumerate(stage["hops"][: len(credentials["chain"])]):
            if credentials["chain"][number] == "":
                above = credentials["chain"][number - 1] if number else credentials["task"]
                credentials["chain"][number] = _token(_linked(about, above))
    except (AttributeError, KeyError, TypeError):
        # What a patch has made of it has no place for a link.
        return


def _linked(about: Mapping[str, Any], above: str) -> Mapping[str, Any]:
    """`about` with what follows from the token above it, where it says nothing of that itself."""
    from jwt.utils import base64url_decode

    signed = above.rpartition(".")[0]
    found = {"par_hash": token_hash(above)}
    with contextlib.suppress(KeyError, TypeError, ValueError):
        held = json.loads(base64url_decode(signed.partition(".")[2]))
        found["iss"] = f"{THUMBPRINT_URI}:{thumbprint(held['cnf']['jwk'])}"
    claims = about["claims"]
    return {
        **about,
        "claims": claims | {name: said for name, said in found.items() if claims.get(name) == ""},
    }


def _digested(about: Any, stage: Any) -> Any:
    claims = about.get("claims")
    if not isinstance(claims, dict) or claims.get("digest") != _NO_DIGEST:
        return about
    now = stage["live"]["now"]
    digest = entries_digest({kind: now.get(kind, {}) for kind in KINDS})
    return {**about, "claims": {**claims, "digest": digest}}
