"""Arguments for every built-in that the host provides: some that it takes, and anything else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SCHEMES = (
    *("EdDSA", "ES256", "ES384", "ES512"),
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
)
_CURVES: Mapping[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}
_MOMENT = 1_800_000_000_123_456_789


def taken() -> Mapping[str, Sequence[Sequence[Any]]]:
    """Arguments that each built-in of the host has a value for, by its name.

    `{"$set": […]}` stands for a set and `{"$bytes": hex}` for a string that is not UTF-8.
    """
    return {
        "base64url.encode_no_pad": [["a"], [""], ["é😀"], [{"$bytes": "ff00"}]],
        "crypto.hmac.equal": [["a", "a"], ["a", "b"], ["", ""]],
        "crypto.hmac.sha256": [["a", "key"], ["", ""], ["é", "\u0000"]],
        "crypto.sha256": [["a"], [""], [{"$bytes": "ff"}]],
        "hex.decode": [["6A6b"], [""], ["c3a9"]],
        "hex.encode": [["a"], [""], [{"$bytes": "ff"}]],
        "io.jwt.decode": [[_token(alg)] for alg in ("ES256", "EdDSA")],
        **{
            f"io.jwt.verify_{alg.lower()}": [
                [_token(alg), _pem(alg)],
                [_token(alg), _jwk(alg)],
                [_token(alg), json.dumps({"keys": [json.loads(_jwk(alg))]})],
                [_token("ES256" if alg == "EdDSA" else "EdDSA"), _pem(alg)],
            ]
            for alg in SCHEMES
        },
        "object.subset": [
            [{"a": 1, "b": [1]}, {"a": 1}],
            [[1, 2, 3], [2, 3]],
            [{"$set": ["a", 1]}, {"$set": [1]}],
            [[1, 2], {"$set": [2]}],
        ],
        "sprintf": [["%s is %d", ["a", 1]], ["%v", [{"a": [1.5]}]], ["", []], ["%%", []]],
        "strings.any_prefix_match": [["abc", "a"], [["b", "ab"], {"$set": ["a"]}]],
        "strings.any_suffix_match": [["abc", "c"], [{"$set": ["ab"]}, ["b", ""]]],
        "strings.count": [["aaa", "a"], ["", ""], ["é😀", ""]],
        "time.add_date": [[_MOMENT, 1, -1, 40], [[_MOMENT, "Europe/Berlin"], 0, 0, 1]],
        "time.clock": [[_MOMENT], [[_MOMENT, "Asia/Kathmandu"]], [[0]]],
        "time.date": [[_MOMENT], [[_MOMENT, "America/New_York"]], [-1]],
        "time.now_ns": [[]],
        "time.parse_duration_ns": [["1h30m"], ["0"], ["-1d"], ["5µs"]],
        "time.parse_rfc3339_ns": [["2026-02-28T23:59:59.5Z"], ["2026-02-28T23:59:59+02:00"]],
        "time.weekday": [[_MOMENT], [[_MOMENT, ""]], [[_MOMENT, "UTC", "layout"]]],
    }


@dataclass(frozen=True, slots=True)
class Stricter:
    """Where the host has no value although OPA has one, so that nothing can be allowed.

    Attributes:
        why: The reason.
        where: Whether arguments are of this sort.
    """

    why: str
    where: Callable[[Sequence[Any]], bool]


def stricter() -> Mapping[str, Stricter]:
    """The built-ins that give no answer for some of the arguments that OPA's take, by name."""
    keys = Stricter(
        "a key is a JWK from `json.marshal`, or a PEM as programs write it: blanks within it, "
        "and what stands behind it, are refused",
        lambda arguments: _untidy(arguments[1]),
    )
    return {
        "hex.decode": Stricter(
            "what leaves the module is JSON, and so UTF-8", lambda arguments: _no_text(arguments[0])
        ),
        "time.parse_duration_ns": Stricter(
            "durations are in whole units, with which no sum is rounded",
            lambda arguments: "." in arguments[0],
        ),
        "sprintf": Stricter("a message has plain texts and whole numbers in it", lambda _: True),
        **{f"io.jwt.verify_{alg.lower()}": keys for alg in SCHEMES},
    }


def _untidy(key: str) -> bool:
    text = key.strip()
    if text.startswith("{"):
        return json.JSONDecoder().raw_decode(text)[1] < len(text)
    body = text.replace("BEGIN PUBLIC KEY", "").replace("END PUBLIC KEY", "")
    return " " in body or "\n\n" in body


def _no_text(encoded: str) -> bool:
    try:
        bytes.fromhex(encoded).decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def drawn(r: Random, name: str) -> list[Any]:
    """Draw arguments of a built-in, most of which it has no value for."""
    arguments = list(r.choice(taken()[name]))
    for _ in range(r.choice([0, 1, 1, 1, 2]) if arguments else 0):
        at = r.randrange(len(arguments))
        arguments[at] = _spoilt(r, arguments[at])
    return arguments


def _spoilt(r: Random, argument: Any) -> Any:
    if isinstance(argument, str) and r.random() < 0.5:
        return _respelt(r, argument)
    if isinstance(argument, list) and argument and r.random() < 0.5:
        inner = list(argument)
        at = r.randrange(len(inner))
        inner[at] = _spoilt(r, inner[at])
        return r.choice([inner, inner[:at], [*inner, r.choice(ANYTHING)]])
    return r.choice(ANYTHING)


def _respelt(r: Random, text: str) -> str:
    at = r.randint(0, len(text))
    sign = r.choice(["", "a", "0", "-", ".", "%", "=", "\u0000", "é", " ", "\n", "T", "{", '"'])
    return r.choice(
        [
            text[:at] + sign + text[at:],
            text[:at] + sign + text[at + 1 :],
            text[:at],
            text[at:],
            text + text,
            text.upper(),
            text.swapcase(),
            text[::-1],
        ]
    )


ANYTHING: Sequence[Any] = (
    *(None, True, False, 0, 1, -1, 1.5, -0.5, 40, 2**31, 2**53, 2**63, -(2**63) - 1, 10**30),
    *(1e308, 1e-7, "", "a", "é", "\u0000", "1h", "6a", "1", "UTC", "x" * 300, "%d %s", "a.b.c"),
    *([], ["a"], [1], [None], [[]], {}, {"a": 1}, {"a": {"b": None}}),
    *({"$set": []}, {"$set": ["a"]}, {"$set": [1, "a", None]}, {"$bytes": "ff"}, {"$bytes": "00"}),
)


@cache
def _private(alg: str) -> Any:
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if alg in _CURVES:
        return ec.generate_private_key(_CURVES[alg])
    return _rsa()


@cache
def _rsa() -> Any:
    return rsa.generate_private_key(65537, 2048)


@cache
def _token(alg: str) -> str:
    return jwt.encode({"sub": "a"}, _private(alg), algorithm=alg)


@cache
def _pem(alg: str) -> str:
    public = _private(alg).public_key()
    return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


@cache
def _jwk(alg: str) -> str:
    return str(jwt.get_algorithm_by_name(alg).to_jwk(_private(alg).public_key()))
