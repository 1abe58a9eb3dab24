"""The claims of tokens, for a person to read. No token is shown, and none is verified here."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from inbounds.canonical.strict_json import strict_json

from .times import ago, ahead

FEED_HEAD = "feed head"
"""The name of the signed head of the revocation feed, among the tokens."""


@dataclass(frozen=True, slots=True)
class TokenSaid:
    """What one token claims.

    Attributes:
        name: `identity`, `task`, `feed head` or a member of `chain` or `approvals`.
        verified: Whether the policy verified its signature: `yes`, `no`, or `unknown`.
        claims: Its claims, without any key.
        lines: The same in words.
    """

    name: str
    verified: str
    claims: Mapping[str, Any]
    lines: tuple[str, ...]


def claims_of(token: Any) -> dict[str, Any]:
    """Return the claims of a compact JWT, unverified; empty if it is not a JWT."""
    if not isinstance(token, str) or token.count(".") != 2:
        return {}
    payload = token.split(".")[1]
    try:
        claims = strict_json(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def read(
    question: Any, live: Any, *, standing: Collection[str], not_shown: Collection[str], now: int
) -> list[TokenSaid]:
    """Return the claims of each token of a question, and of the feed's head.

    Args:
        question: The `input`.
        live: `data.live`.
        standing: The codes of the reasons; they show which token was not verified.
        not_shown: The codes that a reason hides, so that it is unknown whether they stand.
        now: Unix seconds.
    """
    said = []
    for name, token, fault in _tokens(question, live):
        claims = {key: value for key, value in claims_of(token).items() if key != "cnf"}
        if not claims:
            lines: tuple[str, ...] = ("is not a JWT" if token else "is missing",)
        elif name == FEED_HEAD:
            lines = tuple(_of_head(claims, now))
        else:
            lines = tuple(_of_token(claims, now))
        verified = "yes" if fault else "unknown"
        if fault in standing:
            verified = "no"
        elif fault in not_shown:
            verified = "unknown"
        said.append(TokenSaid(name, verified, claims, lines))
    return said


def _tokens(question: Any, live: Any) -> Iterator[tuple[str, Any, str]]:
    """Each token with its name and the code that stands where it is not verified."""
    context = question.get("context") if isinstance(question, dict) else None
    held = context.get("credentials") if isinstance(context, dict) else None
    held = held if isinstance(held, dict) else {}
    yield "identity", held.get("identity"), "identity.unverified"
    yield "task", held.get("task"), "task.unverified"
    for kind in ("chain", "approvals"):
        tokens = held.get(kind)
        for number, token in enumerate(tokens if isinstance(tokens, list) else [], 1):
            yield f"{kind} {number}", token, ""
    now = live.get("now") if isinstance(live, Mapping) else None
    head = now.get("head") if isinstance(now, Mapping) else None
    yield FEED_HEAD, head, "task.revocation_feed_stale"


def _of_token(claims: Mapping[str, Any], now: int) -> Iterator[str]:
    yield f"{_word(claims.get('sub'))}, issued by {_word(claims.get('iss'))}"
    audience = claims.get("aud")
    parties = audience if isinstance(audience, list) else [audience]
    yield f"for {', '.join(map(_word, parties))}; {_lifetime(claims, now)}"
    actor = claims.get("act")
    if isinstance(actor, Mapping):
        yield f"acting: {_word(actor.get('sub'))}"
    if "task" in claims:
        yield (
            f"{_word(claims.get('task'))} in {_word(claims.get('sid'))}, "
            f"tenant {_word(claims.get('tenant'))}"
        )
    details = claims.get("authorization_details")
    for authority in details if isinstance(details, list) else []:
        if isinstance(authority, Mapping):
            yield from _of_authority(authority, now)


def _of_authority(authority: Mapping[str, Any], now: int) -> Iterator[str]:
    yield (
        f"intent {_word(authority.get('intent'))}: may {_listed(authority.get('effects'))}, "
        f"up to {_word(authority.get('label'))}, in {_word(authority.get('environment'))}"
    )
    yield f"with {_listed(authority.get('tools'))}"
    yield f"on {_resources(authority.get('resources'))}"
    yield f"sending to {_listed(authority.get('destinations'))}"
    deadline = authority.get("deadline")
    if _is_time(deadline):
        yield f"its deadline {_when(deadline, now)}"


def _resources(bounds: Any) -> str:
    words = []
    for bound in bounds if isinstance(bounds, list) else []:
        if isinstance(bound, Mapping):
            prefixes = bound.get("prefixes")
            listed = [str(p) for p in prefixes if p] if isinstance(prefixes, list) else []
            words.append(" ".join([_word(bound.get("type")), *listed]))
    return ", ".join(words) or "nothing"


def _of_head(claims: Mapping[str, Any], now: int) -> Iterator[str]:
    as_of = claims.get("as_of")
    when = ago(now - as_of) if _is_time(as_of) else "a time that is not stated"
    yield f"the tasks, agents and others that were ended, revoked or stopped, as of {when}"


def _lifetime(claims: Mapping[str, Any], now: int) -> str:
    issued, expires = claims.get("iat"), claims.get("exp")
    told = []
    if _is_time(issued):
        told.append(f"issued {ago(now - issued)}")
    if _is_time(expires):
        told.append(f"it {_expiry(expires, now)}")
    return ", ".join(told) or "no time stated"


def _expiry(moment: int, now: int) -> str:
    return f"expires {ahead(moment - now)}" if moment > now else f"expired {ago(now - moment)}"


def _when(moment: int, now: int) -> str:
    return f"is {ahead(moment - now)}" if moment > now else f"was {ago(now - moment)}"


def _listed(values: Any) -> str:
    words = [str(value) for value in values] if isinstance(values, list | dict) else []
    return ", ".join(words) or "nothing"


def _is_time(value: Any) -> TypeGuard[int]:
    """Whether a claim is whole seconds; a boolean, which Python counts among them, is not."""
    return type(value) is int


def _word(value: Any) -> str:
    return value if isinstance(value, str) and value else "not stated"
