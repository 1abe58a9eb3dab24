"""Bad tokens, chains and proofs: one fault each, in a scene that is allowed without it.

The scene is the ordinary one, or for chains and proofs that of a task handed on once, each call
proved. `BAD` has each fault with the credential it is put into, how, and the codes of its refusal.
"""

from __future__ import annotations

import copy
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonpatch
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_decode, base64url_encode
from tests import scenes
from tests.questions.tokens import Signer, Token

_ENDLESS = 9**15
"""Stands for a number that is written as 1e400."""
RESEARCHER = "spiffe://acme.example/agent/researcher"
HANDED_ON = [
    {"op": "add", "path": "/question/context/credentials/chain/0", "value": ""},
    {"op": "add", "path": "/question/context/credentials/proof", "value": ""},
    {"op": "replace", "path": "/identity/claims/sub", "value": RESEARCHER},
    {"op": "replace", "path": "/question/context/agent", "value": RESEARCHER},
    {"op": "replace", "path": "/proof/signer", "value": "holder2" + "A" * 36},
    {"op": "replace", "path": "/proof/claims/token", "value": "token-2"},
]
SLOTS = {
    "identity": ("/question/context/credentials/identity", "identity-1", "identity.unverified"),
    "task": ("/question/context/credentials/task", "task-1", "task.unverified"),
    "child": (
        "/question/context/credentials/chain/0",
        "holder1" + "A" * 36,
        "delegation.chain_unverified",
    ),
    "proof": (
        "/question/context/credentials/proof",
        "holder2" + "A" * 36,
        "identity.pop_mismatch",
    ),
}
"""Where each credential is, whose key signs it, and the code of one that does not hold."""


SIGNERS = {**{slot: signer for slot, (_, signer, _) in SLOTS.items()}, "subject": "subject-1"}
"""Whose key signs each credential; a user's own token is shown to an issuer alone."""


@dataclass(frozen=True, slots=True)
class Bad:
    """One fault: the credential as it is sent, and the codes that it is refused with."""

    name: str
    slot: str
    sent: Callable[[Any, Any], Any]
    """Makes what is sent of the sound header and claims."""
    codes: tuple[str, ...]

    def staged(self) -> scenes.Staged:
        """Return the scene with this fault in it."""
        stage = copy.deepcopy(scene(self.slot))
        path = SLOTS[self.slot][0].removeprefix("/question")
        held = _resolved(stage.question, path)
        header, claims, _ = held.split(".")
        sent = self.sent(json.loads(base64url_decode(header)), json.loads(base64url_decode(claims)))
        question = jsonpatch.apply_patch(
            stage.question, [{"op": "replace", "path": path, "value": sent}]
        )
        return stage._replace(question=question)


@cache
def scene(slot: str) -> scenes.Staged:
    """Return the sound scene: handed on and proved, or before that for what comes before."""
    return scenes.staged(HANDED_ON if slot in ("child", "proof") else [])


def _resolved(document: Any, path: str) -> Any:
    for step in path.split("/")[1:]:
        document = document[int(step) if isinstance(document, list) else step]
    return document


def _signed(slot: str, header: Any, claims: Any, alg: str = "ES256") -> str:
    token: str = Token(header, claims, Signer(SIGNERS[slot], alg)).compact()
    return token


def _raw(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _symmetric(slot: str, header: Any, claims: Any) -> str:
    """Signed with the public key as the secret of an HMAC."""
    public = scenes.private_key(SIGNERS[slot]).public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = b".".join(base64url_encode(_raw(part)) for part in (header, claims))
    return (signed + b"." + base64url_encode(hmac.digest(secret, signed, "sha256"))).decode()


def _respelt(token: str) -> str:
    """The same bytes with bits set in the last sign that no byte takes up."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    head, _, tail = token.rpartition(".")
    last = letters.index(tail[-1])
    return f"{head}.{tail[:-1]}{letters[last ^ 1]}"


def _headers(slot: str) -> Iterator[tuple[str, Callable[[Any, Any], Any]]]:
    """What can be wrong with a header, or with how a token is written down."""

    def with_header(**more: Any) -> Callable[[Any, Any], Any]:
        return lambda header, claims: _signed(slot, {**header, **more}, claims)

    def written(change: Callable[[str], Any]) -> Callable[[Any, Any], Any]:
        return lambda header, claims: change(_signed(slot, header, claims))

    for alg in ("none", "None", "HS256", "ES384", "RS1", "", "es256"):
        yield f"alg {alg or 'empty'}", with_header(alg=alg)
    yield (
        "HS256 with the public key",
        lambda header, claims: _symmetric(slot, {**header, "alg": "HS256"}, claims),
    )
    yield (
        "no signature",
        lambda header, claims: (
            _signed(slot, {**header, "alg": "none"}, claims).rpartition(".")[0] + "."
        ),
    )
    for typ in ("at+jwt", "dpop+jwt", "task+JWT", "", "live-head+jwt", "approval+jwt"):
        yield f"typ {typ or 'empty'}", with_header(typ=typ)
    for other in SLOTS:
        # A user's token and an agent's are told apart by whose key signs them.
        if other != slot and {slot, other} != {"subject", "identity"}:
            typ = {"identity": "JWT", "task": "task+jwt", "child": "task-child+jwt"}.get(
                other, "task-pop+jwt"
            )
            yield f"typ of a {other}", with_header(typ=typ)
    for name, value in {
        "jku": "https://evil.example/keys",
        "x5u": "https://evil.example/cert",
        "x5c": ["AA"],
        "jwk": {"kty": "EC"},
        "crit": ["exp"],
        "cty": "JWT",
        "b64": False,
        "zip": "DEF",
    }.items():
        yield f"a header with {name}", with_header(**{name: value})
    yield "an unknown key", with_header(kid="nobody-1")
    yield "a key that is a path", with_header(kid="../../dev/null")
    yield (
        "a member twice",
        lambda header, claims: _signed(
            slot, b'{"alg":"none",' + _raw(header).removeprefix(b"{"), claims
        ),
    )
    yield "four parts", written(lambda token: token + ".AA")
    yield "two parts", written(lambda token: token.rpartition(".")[0])
    yield "something after it", written(lambda token: token + " ")
    yield "padding", written(lambda token: token + "==")
    yield "another spelling", written(_respelt)
    yield "another signature", written(lambda token: token[:-8] + "AAAAAAAA")
    yield "what is not a token", lambda _h, _c: "x"
    yield "a part that is empty", written(lambda token: "." + token.partition(".")[2])
    yield (
        "JSON serialisation",
        lambda header, claims: _raw(
            dict(
                zip(
                    ("protected", "payload", "signature"),
                    _signed(slot, header, claims).split("."),
                    strict=True,
                )
            )
        ).decode(),
    )
    yield "claims that are a list", lambda header, claims: _signed(slot, header, [claims])
    yield "claims that are not JSON", lambda header, _: _signed(slot, header, b"{'a': 1}")
    yield (
        "signed by a stranger",
        lambda header, claims: Token(header, claims, Signer("a stranger's", "ES256")).compact(),
    )


def _claims(slot: str) -> Iterator[tuple[str, Callable[[Any], Any], str]]:
    """What can be wrong with claims that are signed, and the code of each."""
    unverified = SLOTS[slot][2] if slot in SLOTS else ""

    def without(name: str) -> Callable[[Any], Any]:
        return lambda claims: claims.pop(name)

    def being(**values: Any) -> Callable[[Any], Any]:
        return lambda claims: claims.update(values)

    required = {
        "identity": ("iss", "sub", "aud", "exp", "iat"),
        "subject": ("iss", "sub", "aud", "exp", "iat"),
        "task": ("iss", "sub", "aud", "exp", "iat", "jti", "task", "sid", "tenant", "cnf", "act"),
        "child": (
            *("iss", "sub", "aud", "exp", "iat", "jti", "task", "sid", "tenant", "cnf", "act"),
            *("par_hash", "delegation", "del_depth", "del_max_depth", "authorization_details"),
        ),
        "proof": ("jti", "iat", "aud", "token", "tool", "digest", "sid", "version"),
    }[slot]
    for name in required:
        # Nobody knows how often it may be handed on, and once is too often.
        depth = name == "del_max_depth"
        usual = "delegation.too_deep" if depth else unverified
        yield f"no {name}", without(name), usual
        for value in (None, [], {"a": 1}):
            kind = "null" if value is None else type(value).__name__
            # An audience is a list, and that of nobody is another one.
            nobody = name == "aud" and value == [] and slot in ("identity", "task")
            code = "identity.wrong_audience" if nobody else usual
            yield f"{name} a {kind}", being(**{name: value}), code
    for name in sorted({"iss", "sub", "jti"} & {*required}):
        yield f"{name} a number", being(**{name: 7}), unverified
    for name in sorted({"exp", "iat"} & {*required}):
        yield f"{name} a text", being(**{name: "1800000100"}), unverified
        yield f"{name} half a second", being(**{name: 1800000100.5}), unverified


def _own() -> Iterator[tuple[str, str, Callable[[Any], Any], str]]:  # noqa: PLR0915 -- a table
    """What is wrong with one kind of token alone."""

    def being(**values: Any) -> Callable[[Any], Any]:
        return lambda claims: claims.update(values)

    def held(**values: Any) -> Callable[[Any], Any]:
        return lambda claims: claims["authorization_details"][0].update(values)

    def left_out(name: str) -> Callable[[Any], Any]:
        return lambda claims: claims["authorization_details"][0].pop(name)

    yield "identity", "expired", being(exp=1800000000), "identity.expired"
    yield "identity", "31 s ahead", being(iat=1800000031, exp=1800000100), "identity.expired"
    yield "identity", "begins ahead", being(nbf=1800000031), "identity.expired"
    yield "identity", "of another audience", being(aud=["elsewhere"]), "identity.wrong_audience"
    yield "identity", "of two audiences", being(aud=["inbounds", "x"]), "identity.wrong_audience"
    yield (
        "identity",
        "of another issuer",
        being(iss="https://evil.example"),
        ("identity.untrusted_issuer"),
    )
    yield "identity", "of a life too long", being(exp=1800090000), "identity.lifetime_too_long"
    for sub in (
        "spiffe://acme.example/../x",
        "spiffe://ACME.example/agent/researcher",
        "researcher",
        "spiffe://acme.example/agent/researcher/",
        "spiffe://acme.example/a%2Fb",
        "spiffe://acme.example/a?b",
    ):
        yield "identity", f"of {sub}", being(sub=sub), "identity.unverified"
    yield "task", "expired", being(exp=1800000000), "task.expired"
    yield "task", "31 s ahead", being(iat=1800000031, exp=1800000190), "task.expired"
    yield "task", "of another audience", being(aud=["elsewhere"]), "identity.wrong_audience"
    yield (
        "task",
        "of another issuer",
        being(iss="https://evil.example"),
        "identity.untrusted_issuer",
    )
    yield "task", "of a life too long", being(exp=1800000900), "identity.lifetime_too_long"
    yield (
        "task",
        "with its private key",
        lambda c: c["cnf"]["jwk"].update(d="AA"),
        "task.unverified",
    )
    yield (
        "task",
        "two statements",
        lambda c: c["authorization_details"].append({}),
        "task.unverified",
    )
    yield "task", "a number beyond 2^53", held(deadline=2**53 + 2), "task.unverified"
    yield "task", "an end of 1e400", lambda c: c.update(exp=_ENDLESS), "task.unverified"
    unverified, narrowed = "delegation.chain_unverified", "delegation.not_narrowed"
    yield "child", "expired", being(exp=1800000000), "task.expired"
    yield "child", "31 s ahead", being(iat=1800000031), "task.expired"
    yield "child", "a later end", being(exp=1800000201), narrowed
    yield (
        "child",
        "after another token",
        being(par_hash="47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"),
        unverified,
    )
    yield "child", "of the issuer", being(iss="https://tasks.acme.example"), unverified
    yield "child", "a depth that skips", being(del_depth=2), unverified
    yield "child", "a depth that is reset", being(del_depth=0), unverified
    yield "child", "a raised depth", being(del_max_depth=3), narrowed
    yield "child", "with its private key", lambda c: c["cnf"]["jwk"].update(d="AA"), unverified
    yield (
        "child",
        "with a key of another kind",
        being(cnf={"jwk": {"kty": "oct", "k": "AA"}}),
        unverified,
    )
    yield "child", "another task", being(task="task-2"), "delegation.other_task"
    yield "child", "another subject", being(sub="bob@acme.example"), "delegation.other_task"
    yield "child", "another session", being(sid="session-2"), "delegation.other_task"
    yield "child", "another tenant", being(tenant="umbrella"), "delegation.other_task"
    yield "child", "another audience", being(aud=["elsewhere"]), "delegation.other_task"
    yield "child", "a nested actor left out", lambda c: c["act"].pop("act"), unverified
    yield (
        "child",
        "a nested actor more",
        lambda c: c["act"]["act"].update(act={"sub": "x"}),
        unverified,
    )
    yield "child", "begins at a time", being(nbf=1), unverified
    yield "child", "two statements", lambda c: c["authorization_details"].append({}), unverified
    yield "child", "no statement", being(authorization_details=[]), unverified
    yield "child", "a statement that is null", being(authorization_details=[None]), unverified
    for name in ("tools", "effects", "resources", "bounds", "budgets", "delegated", "windows"):
        yield (
            "child",
            f"no {name}",
            left_out(name),
            unverified,
        )
    yield "child", "a statement more", held(more=1), unverified
    yield "child", "an effect more", held(effects=["read", "write", "delete"]), narrowed
    yield "child", "a destination more", held(destinations=["press"]), narrowed
    yield "child", "an unknown label", held(label="no such label"), narrowed
    yield "child", "a later deadline", held(deadline=1800003601), narrowed
    yield "child", "another intent", held(intent="research"), narrowed
    yield (
        "child",
        "a tool more",
        lambda c: c["authorization_details"][0]["tools"].update({"mail.purge": {"arguments": {}}}),
        narrowed,
    )
    yield (
        "child",
        "an unknown constraint",
        lambda c: c["authorization_details"][0]["tools"]["mail.read"]["arguments"].update(
            {"/id": {"like": "x"}}
        ),
        narrowed,
    )
    yield (
        "child",
        "a constraint beyond 2^53",
        lambda c: c["authorization_details"][0]["tools"]["mail.read"]["arguments"].update(
            {"/id": {"maximum": 2**53 + 2}}
        ),
        narrowed,
    )
    yield (
        "child",
        "a resource that climbs",
        held(
            resources=[{"type": "mail", "prefixes": [""]}, {"type": "file", "prefixes": ["/etc/"]}]
        ),
        narrowed,
    )
    yield "child", "a budget that is a text", held(budgets={"calls": "1"}), narrowed
    yield "child", "a budget below zero", held(budgets={"calls": -1}), narrowed
    yield "proof", "31 s old", being(iat=1799999969), "identity.pop_mismatch"
    yield "proof", "31 s ahead", being(iat=1800000031), "identity.pop_mismatch"
    yield "proof", "of another audience", being(aud=["elsewhere"]), "identity.pop_mismatch"
    yield "proof", "of the token above", being(token="token-1"), "identity.pop_mismatch"
    yield "proof", "of another tool", being(tool="mail.send"), "identity.pop_mismatch"
    yield (
        "proof",
        "of other arguments",
        being(digest="hmac-sha256:key-1:01"),
        "identity.pop_mismatch",
    )
    yield (
        "proof",
        "of another decision",
        being(jti="01890000-0000-7000-8000-000000000002"),
        "identity.replayed",
    )
    yield "proof", "of the state before", being(version=16), "identity.replayed"
    yield "proof", "of another session", being(sid="session-2"), "identity.replayed"
    yield "proof", "with an end", being(exp=1800000100), "identity.pop_mismatch"


def _changed(slot: str, change: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def sent(header: Any, claims: Any) -> Any:
        change(claims)
        text = _raw(claims).replace(str(_ENDLESS).encode(), b"1e400")
        return _signed(slot, header, text)

    return sent


_FOLLOWS = {
    "an unknown label": ("data.label_above_task",),
    "an unknown constraint": ("capability.argument_not_allowed",),
    "a constraint beyond 2^53": ("capability.argument_not_allowed",),
    "a budget that is a text": ("budget.calls",),
    "a budget below zero": ("budget.calls",),
}
"""What such a token does not let through either, whatever is above it."""


def _all() -> Iterator[Bad]:
    for slot, (_, _, unverified) in SLOTS.items():
        for name, sent in _headers(slot):
            yield Bad(f"{slot}: {name}", slot, sent, (unverified,))
        for name, change, code in _claims(slot):
            yield Bad(f"{slot}: {name}", slot, _changed(slot, change), (code,))
    for slot, name, change, code in _own():
        codes = (code, *_FOLLOWS.get(name, ()))
        yield Bad(f"{slot}: {name}", slot, _changed(slot, change), codes)


def shown(slot: str) -> dict[str, Callable[[Any, Any], Any]]:
    """What can be wrong with a credential whatever it is shown to, by name.

    Each makes what is sent of a sound header and claims; `SIGNERS` names the key.
    """
    faults = dict(_headers(slot))
    faults |= {name: _changed(slot, change) for name, change, _ in _claims(slot)}
    return faults


BAD = list(_all())
