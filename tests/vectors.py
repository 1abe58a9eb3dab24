"""Delegation chains that others wrote, in the tokens of this project.

The package `attenu-guard` brings chains of draft-asor-wimse-agent-delegation-chain-01 and -02,
sound ones and some with one fault each, signed with HS256 and a published secret. Here each becomes
a chain of the same length that says the same and has the same fault, signed with ES256;
docs/interop.md says what stands for what. What has no counterpart is carried over as it stands.

What is decided about it is the policy's. The call that is asked for takes what the last token says
that it may have, to the last.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jwt.utils import base64url_decode, base64url_encode
from tests import scenes
from tests.questions.tokens import Signer, Token

PACKAGE = "attenu-guard"
_TOOL, _TYPE, _ENVIRONMENT = "vector.use", "vector", "production"
_MOST = 5
_RANKS = ["none", "internal", "any"]
"""Of -01, which states no order."""
_LATER = 2**50
"""A time from here on is not a time but a number to be refused."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One chain of theirs.

    Attributes:
        name: The draft, and the name of its file.
        accepted: Whether a verifier has to accept it.
        reason: Why it has to be refused, in their words, or "".
    """

    name: str
    accepted: bool
    reason: str
    _stated: Mapping[str, Any]

    def staged(self) -> scenes.Staged:
        """Return the question that comes with this chain, and what it is judged with."""
        return _Translation(self._stated).staged()

    def __str__(self) -> str:
        return self.name


def vectors() -> Iterator[Vector]:
    """Yield every vector of both drafts."""
    from attenu_guard.vectors import load_vectors, load_vectors_02

    for draft, found in (("01", load_vectors()), ("02", load_vectors_02())):
        for name, stated in found.items():
            reason = stated.get("expect_reject_reason", "")
            named = f"{draft}/{name.removesuffix('.json')}"
            yield Vector(named, stated.get("expect") == "accept", reason, stated)


class _Twice(list[Any]):
    """An object, as pairs, of which some have one name."""


class _Translation:
    """One vector on its way into this project's tokens."""

    def __init__(self, stated: Mapping[str, Any]) -> None:
        self._signer = stated["signer"]
        self._begins = stated["now"]
        self._theirs: list[str] = stated["tokens"]
        self._claims = [_object(_payload(token)) for token in self._theirs]
        self._verifier = stated.get("verifier")
        self._scene = scenes.scene()
        self._now: int = self._scene["now"]
        self._subject = self._claims[0]["sub"]
        self._audience = self._verifier["audience"] if self._verifier else "inbounds"

    def staged(self) -> scenes.Staged:
        """Translate it, with the call that its last token says it may make."""
        stage = scenes.staged(self._patch())
        sent: list[str] = []
        for place in range(len(self._theirs)):
            sent.append(self._token(place, sent))
        credentials = stage.question["context"]["credentials"]
        credentials |= {"task": sent[0], "chain": sent[1:]}
        return stage

    def _patch(self) -> list[dict[str, Any]]:
        """What a scene needs for it: its subject, agents, tool and audience."""
        last = _agent(len(self._theirs) - 1)
        detail = self._claims[-1]["authorization_details"][0]
        arguments = _given(detail["constraints"])
        scope = detail["scopes"][-1]
        wanted = _prefix(scope) + "any" * (_prefix(scope) != scope)
        accepted = self._verifier["accepted_algs"] if self._verifier else ["HS256"]
        put = {
            "/identity/claims/sub": last,
            "/identity/claims/aud": [self._audience],
            "/question/subject/id": self._claims[-1]["sub"] if self._verifier else self._subject,
            "/question/context/agent": last,
            "/question/action/name": _TOOL,
            "/question/action/properties/arguments": arguments,
            "/question/resource/type": _TYPE,
            "/question/resource/id": wanted,
            "/deployment/settings/audience": self._audience,
            # HS256 is what these are signed with there, and ES256 here.
            "/deployment/issuers/tasks/algorithms": [
                "ES256" if name == self._signer["alg"] else name for name in accepted
            ],
            "/deployment/labels/resources/" + _TYPE: {"label": "internal"},
            "/deployment/tools/" + _TOOL: {
                "effects": ["read"],
                "resource": _TYPE,
                "arguments": {
                    f"/{key}": {"type": "string" if isinstance(value, str) else "number"}
                    for key, value in arguments.items()
                },
                "returns": {"label": "internal", "party": "first"},
            },
            "/deployment/subjects/" + _pointer(self._subject): {
                "type": "user",
                "effects": ["read"],
                "tools": ["*"],
                "clearance": "confidential",
                "tenants": ["acme"],
            },
        }
        for place in range(_MOST):
            put["/deployment/agents/" + _pointer(_agent(place))] = {
                "owner": "olga@acme.example",
                "state": "active",
                "account": "dedicated",
                "manifest": {"effects": ["read"], "tools": [_TOOL]},
                "clearance": "confidential",
                "tenants": ["acme"],
                "may_delegate_to": [_agent(place + 1)],
            }
        return [{"op": "add", "path": path, "value": value} for path, value in put.items()]

    def _token(self, place: int, above: list[str]) -> str:
        theirs, claims = self._theirs[place], dict(self._claims[place])
        ours = self._own(place, above)
        ours |= {name: self._time(name, claims.pop(name), place) for name in ("iat", "exp")}
        if "client_id" not in claims and self._verifier:
            del ours["act"]
        if self._verifier:
            ours |= {"sub": claims["sub"], "aud": claims["aud"]}
        if self._verifier and not _confirmed(claims):
            del ours["cnf"]
            ours |= {"cnf": claims["cnf"]} if "cnf" in claims else {}
        if "par_hash" in claims and claims["par_hash"] != _hash(self._theirs[place - 1]):
            ours["par_hash"] = claims["par_hash"]
        if "del_max_depth" in claims:
            ours["del_max_depth"] = claims["del_max_depth"] - 1
        ours["del_depth"] = claims["del_depth"]
        ours["authorization_details"] = [
            self._authority(detail) for detail in claims["authorization_details"]
        ]
        known = {"iss", "sub", "aud", "jti", "client_id", "cnf", "par_hash"}
        ours |= {name: value for name, value in claims.items() if name not in {*ours, *known}}
        named = Counter(name for name, _ in _pairs(_payload(theirs)))
        again = [(name, ours[name]) for name, number in named.items() if number > 1]
        text = _text(_Twice([*again, *ours.items()])).encode()
        header = {"alg": "ES256", "typ": "task-child+jwt" if place else "task+jwt"}
        signer = self._key(place - 1) if place else "task-1"
        sent: str = Token(
            header if place else {**header, "kid": signer},
            text,
            Signer(signer, "ES256"),
            None if self._holds(theirs) else _broken,
        ).compact()
        return sent

    def _own(self, place: int, above: list[str]) -> dict[str, Any]:
        """The claims that their tokens have not, or have by another name."""
        acting: dict[str, Any] = {"sub": _agent(0)}
        for number in range(1, place + 1):
            acting = {"sub": _agent(number), "act": acting}
        ours = {
            "iss": "https://tasks.acme.example",
            "sub": self._subject,
            "aud": [self._audience],
            "jti": f"token-{place}",
            "task": "task-1",
            "sid": "session-1",
            "tenant": "acme",
            "cnf": {"jwk": scenes.public_jwk(self._key(place))},
            "act": acting,
        }
        if place:
            key = scenes.public_jwk(self._key(place - 1))
            thumb = base64url_encode(hashlib.sha256(_canonical(key)).digest()).decode()
            ours |= {
                "iss": f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{thumb}",
                "par_hash": _hash(above[-1]),
                "delegation": f"delegation-{place}",
                "del_max_depth": self._claims[0]["del_max_depth"] - 1,
            }
        return ours

    def _authority(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        arguments, budgets = _bounds(detail["constraints"], [] if self._verifier else _RANKS)
        ours = {
            "type": {"agent_delegation": "inbounds_task"}.get(detail["type"], detail["type"]),
            "intent": "vector",
            "effects": ["read"],
            "tools": {_TOOL: {"arguments": arguments}},
            "resources": [{"type": _TYPE, "prefixes": [_prefix(s) for s in detail["scopes"]]}],
            "destinations": [],
            "label": "internal",
            "bounds": {},
            "windows": [],
            "delegated": [],
            "budgets": budgets,
            "environment": _ENVIRONMENT,
            "deadline": self._now + 3600,
        }
        return {**ours, **{n: v for n, v in detail.items() if n not in _OF_A_DETAIL}}

    def _time(self, name: str, stated: Any, place: int) -> Any:
        if not math.isfinite(stated) or stated >= _LATER:
            return stated
        seconds = math.ceil((stated - self._begins) / 12)
        # No issuer here signs for longer.
        return self._now + (min(seconds, 300) if place == 0 and name == "exp" else seconds)

    def _key(self, place: int) -> str:
        """What the key of who holds a token is called; one that nobody holds has its place's."""
        held = self._claims[place].get("cnf", {}).get("jkt", str(place))
        return f"vector {held}"

    def _holds(self, token: str) -> bool:
        """Whether their signature is one."""
        signed, _, signature = token.rpartition(".")
        secret = bytes.fromhex(self._signer["secret_hex"])
        expected = hmac.digest(secret, signed.encode(), "sha256")
        return hmac.compare_digest(expected, base64url_decode(signature))


_OF_A_DETAIL = {"type", "scopes", "constraints"}
_MEMBERS = {"max": "maximum", "min": "minimum"}
_BUDGETS = {"max_calls": "calls", "max_rows": "rows", "max_spend": "money.EUR"}


def _bounds(
    constraints: list[Mapping[str, Any]], ranks: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The constraints of arguments by pointer, and the budgets, that stand for some of theirs.

    Args:
        constraints: Theirs.
        ranks: The order of a rank that states none.
    """
    arguments: dict[str, list[tuple[str, Any]]] = {}
    budgets: dict[str, Any] = {}
    for constraint in constraints:
        members = dict(constraint)
        key = members.pop("key")
        cumulative = [name for name in ("max_lifetime", "max_subtree") if name in members]
        if cumulative and key in _BUDGETS:
            budgets[_BUDGETS[key]] = members.pop(cumulative[0])
        else:
            arguments.setdefault(f"/{key}", [])
        if members:
            pairs = arguments.setdefault(f"/{key}", [])
            stated = _ranked(members, ranks)
            pairs += [(_MEMBERS.get(name, name), value) for name, value in stated.items()]
    return {pointer: _Twice(pairs) for pointer, pairs in arguments.items()}, budgets


def _ranked(members: dict[str, Any], ranks: list[str]) -> dict[str, Any]:
    """The same, a rank told by the values up to it; as it stands, where there are none."""
    order = members.get("order", ranks)
    if members.get("rank") not in order:
        return members
    rest = {name: value for name, value in members.items() if name not in {"rank", "order"}}
    return {"one_of": order[: order.index(members["rank"]) + 1], **rest}


def _given(constraints: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Arguments at the edge of what constraints let through."""
    return {
        constraint["key"]: constraint[name]
        for name in ("rank", "min", "max")
        for constraint in constraints
        if name in constraint
    }


def _prefix(scope: str) -> str:
    return scope[:-1] if scope == "*" or scope.endswith(".*") else scope


def _agent(place: int) -> str:
    return f"spiffe://acme.example/agent/hop-{place}"


def _confirmed(claims: Mapping[str, Any]) -> bool:
    return "jkt" in claims.get("cnf", {})


def _broken(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _payload(token: str) -> str:
    return base64url_decode(token.split(".")[1]).decode()


def _pairs(text: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = json.loads(text, object_pairs_hook=list)
    return found


def _object(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def _hash(token: str) -> str:
    signed = token.rpartition(".")[0].encode()
    return base64url_encode(hashlib.sha256(signed).digest()).decode()


def _canonical(key: Mapping[str, str]) -> bytes:
    members = {name: key[name] for name in ("crv", "kty", "x", "y")}
    return json.dumps(members, separators=(",", ":"), sort_keys=True).encode()


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _text(value: Any) -> str:
    """JSON of a value in which an object may have a member twice."""
    if isinstance(value, _Twice):
        return "{" + ",".join(f"{_text(name)}:{_text(inner)}" for name, inner in value) + "}"
    if isinstance(value, dict):
        return _text(_Twice(value.items()))
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
