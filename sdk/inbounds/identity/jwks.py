"""The public keys of an issuer: a JWKS, or the bundle of a SPIFFE trust domain."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.errors import DecisionUnavailable, TokenInvalid
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

from .discovery import discover, require_issuer
from .remote import Remote, require_url

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_KEYS = 100
"""How many keys a set may have."""
_USES = ("sig", "jwt-svid")
_ALGORITHMS: dict[tuple[str | None, str | None], tuple[str, ...]] = {
    ("EC", "P-256"): ("ES256",),
    ("RSA", None): ("RS256", "PS256"),
    ("OKP", "Ed25519"): ("EdDSA",),
}
_MEMBERS = {"EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e"), "OKP": ("kty", "crv", "x")}
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_KID = re.compile(r"[A-Za-z0-9._:+=-]{1,256}")
_LEAST_RSA = 2048

Keys = dict[str, dict[str, str]]
"""Public JWKs by `kid`, as `deployment/issuers.yaml` has them."""


def read_jwks(text: bytes, where: str) -> Keys:
    """Return the keys of a set that the policy can verify tokens with (RFC 7517 §5).

    Of a SPIFFE bundle these are the keys with `use: jwt-svid`. Keys for something else, of an
    algorithm that the policy does not take or without a name are left out.

    Args:
        text: The JWKS.
        where: Where it was found, for a message.

    Raises:
        DecisionUnavailable: `identity.unusable`: it is not a JWKS, none of its keys can be used,
            two have one `kid`, or one is private.
    """
    try:
        said = strict_json(text)
    except NotStrictJson as error:
        raise _no_keys(where, str(error)) from None
    return _read(said, where)


def _read(said: Any, where: str) -> Keys:
    members = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(members, list):
        raise _no_keys(where, "it is not a JWKS: it has no list of `keys`")
    if len(members) > MAX_KEYS:
        raise _no_keys(where, f"it has more than {MAX_KEYS} keys")
    keys: Keys = {}
    for key in filter(lambda member: _signs(member, where), members):
        if key["kid"] in keys:
            raise _no_keys(where, "two of its keys have the same `kid`")
        keys[key["kid"]] = _public(key, where)
    if not keys:
        raise _no_keys(where, "it has no key that the policy verifies signatures with")
    return keys


def _signs(key: Any, where: str) -> bool:
    """Whether a key is for signatures of tokens, by a name that they can give."""
    if not isinstance(key, dict):
        raise _no_keys(where, "one of its keys is not a JSON object")
    if _PRIVATE & key.keys() or key.get("kty") == "oct":
        raise _no_keys(where, "one of its keys is private, and has to be replaced")
    algorithms = _ALGORITHMS.get((_text(key.get("kty")), _text(key.get("crv"))), ())
    operations = key.get("key_ops", ["verify"])
    if not (
        algorithms
        and key.get("use", "sig") in _USES
        and key.get("alg", algorithms[0]) in algorithms
        and isinstance(operations, list)
        and "verify" in operations
        and "kid" in key
    ):
        return False
    # The form that the header of a token may name.
    if not isinstance(key["kid"], str) or not _KID.fullmatch(key["kid"]):
        raise _no_keys(where, "one of its keys has a `kid` that no token may name")
    return True


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _public(key: Mapping[str, Any], where: str) -> dict[str, str]:
    from inbounds.engine.jwk import read_keys
    from inbounds.engine.values import BuiltinError

    plain = {name: key[name] for name in _MEMBERS[key["kty"]] if name in key}
    try:
        (found,) = read_keys(json.dumps(plain))
    except (BuiltinError, ValueError):
        raise _no_keys(where, "one of its keys is malformed") from None
    size = getattr(found.public, "key_size", _LEAST_RSA)
    if found.public is None or (plain["kty"] == "RSA" and size < _LEAST_RSA):
        raise _no_keys(where, f"one of its RSA keys has fewer than {_LEAST_RSA} bits")
    return plain


def _no_keys(where: str, why: str) -> DecisionUnavailable:
    return DecisionUnavailable(
        f"the keys {where} cannot be used: {why}",
        code="identity.unusable",
        hint="see that it is the issuer's key set, as JSON (RFC 7517)",
    )


class JwksSource:
    """The keys of an issuer, found by discovery, and fetched again when they turn.

    Thread-safe; a forked child keeps what was fetched.

    Args:
        issuer: The issuer identifier, as its tokens say it in `iss`.
        jwks_uri: Where its keys are; by default its metadata says so.
        ca: The file of a certificate authority; by default those that `certifi` has.
        timeout: How many seconds a fetch may take.
        ttl: For how many seconds keys count; older ones never do.
        cooldown: How many seconds lie between two fetches for a key that is not there.

    Raises:
        ConfigurationError: `configuration.oidc`: a URL is not of HTTPS.
    """

    def __init__(
        self,
        issuer: str,
        *,
        jwks_uri: str | None = None,
        ca: str | None = None,
        timeout: float = 5.0,
        ttl: float = 300.0,
        cooldown: float = 30.0,
    ) -> None:
        self.issuer = issuer if jwks_uri is not None else require_issuer(issuer)
        self._uri = jwks_uri and require_url(jwks_uri, "the `jwks_uri`", query=True)
        self._remote = Remote(ca)
        self._timeout = timeout
        self._ttl = ttl
        self._cooldown = cooldown
        self._lock = ProcessLock()
        self._fetched: tuple[float, Keys] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.issuer!r})"

    def keys(self) -> Keys:
        """Return the keys by `kid`.

        Raises:
            DecisionUnavailable: `identity.unreachable`: there was no answer;
                `identity.unusable`: what came is not a set of keys. See `read_jwks`.
        """
        return self._younger_than(self._ttl)

    def key(self, kid: str) -> dict[str, str]:
        """Return the key of a name; one that is not there is asked for again.

        Raises:
            TokenInvalid: `identity.unknown_key`: the issuer has none of this name.
            DecisionUnavailable: As `keys` does.
        """
        keys = self.keys()
        if kid not in keys:
            keys = self._younger_than(min(self._cooldown, self._ttl))
        if kid not in keys:
            raise TokenInvalid(
                f"{self.issuer} has no key of the name that the token gives",
                code="identity.unknown_key",
                hint=f"a new key is looked for every {self._cooldown:g} seconds",
            )
        return keys[kid]

    def _younger_than(self, seconds: float) -> Keys:
        deadline = clock.monotonic() + self._timeout
        with self._lock.within(self._timeout) as taken:
            # Another thread may have fetched while this one waited.
            if self._fetched is not None and clock.monotonic() - self._fetched[0] < seconds:
                return self._fetched[1]
            if not taken:
                raise DecisionUnavailable(
                    f"the keys of {self.issuer} did not come in time",
                    code="identity.unreachable",
                    hint="see that the issuer answers",
                )
            uri = self._uri or discover(self.issuer, self._remote, deadline=deadline).jwks_uri
            keys = _read(self._remote.get(uri, "the key set", deadline=deadline), f"at {uri}")
            self._fetched = (clock.monotonic(), keys)
            return keys
