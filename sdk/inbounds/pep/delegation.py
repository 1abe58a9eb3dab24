"""Delegation: the holder of a task delegates it for less, and another agent accepts it.

Nothing here makes anything hold. What is delegated is signed by the holder's key, and the policy
verifies the whole chain again at every action.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Required, TypedDict, TypeVar, Unpack

from jwt import PyJWK, PyJWTError
from pydantic import ValidationError

from inbounds.credentials.task_authority import RENEW_WITHIN
from inbounds.errors import DecisionUnavailable, TokenInvalid
from inbounds.identity import TaskGrant, TaskRequest
from inbounds.identity.issuance import answered
from inbounds.identity.signing_keys import THUMBPRINT_URI, thumbprint, token_claims, token_hash
from inbounds.identity.task_token import LIFETIME
from inbounds.model.claims import IssuanceAnswer, IssuanceQuestion, Scope
from inbounds.model.delegation import (
    AcceptanceAnswer,
    AcceptanceQuestion,
    DelegationQuestion,
    Holding,
)
from inbounds.model.question import QUESTION_VERSION
from inbounds.model.token_claims import ChildClaims
from inbounds.model.whole_question import Credentials
from inbounds.pdp import ACCEPTANCE, DELEGATION
from inbounds.process import clock
from inbounds.process.ids import uuid7
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from inbounds.credentials.task_authority import TaskAuthority
    from inbounds.model.claims import Authority
    from inbounds.pep.runtime import Runtime

MOST_TOKENS = 5
"""The task's own token, and one for each time that it was delegated (`delegation.too_deep`)."""

Chain = Sequence[str]
"""The tokens of a task that was delegated: the issuer's, then one for each hop."""
ChainOf = Chain | Callable[[], Chain]
"""A chain, or what gives a fresh one whenever that is needed."""

A = TypeVar("A", bound=IssuanceAnswer)

_UNCHANGED = ("sub", "aud", "task", "sid", "tenant", "del_max_depth")
_PUBLIC = ({"kty", "crv", "x", "y"}, {"kty", "crv", "x"})


class Delegation:
    """A task as it was delegated, for as long as its holder keeps it fresh.

    Made by `Task.delegate`. It ends with the task, or by `end`.

    Attributes:
        id: The id of this hop, which stays the same when tokens are renewed.
        to: The SPIFFE ID of the agent that it was delegated to.
        authority: What was delegated.
        cut: What was asked for and not delegated.
    """

    def __init__(
        self,
        task: TaskAuthority,
        runtime: Runtime,
        to: str,
        holder: Mapping[str, Any],
        answer: IssuanceAnswer,
    ) -> None:
        assert answer.authority is not None  # noqa: S101 -- it was issued
        self.id = f"delegation-{uuid7()}"
        self.to = to
        self.authority: Authority = answer.authority
        self.cut = answer.cut
        self._task = task
        self._runtime = runtime
        self._holder = dict(holder)
        self._lock = ProcessLock()
        self._above = task.grant
        self._chain: tuple[str, ...] = ()
        self._expires = 0
        self._ended = False

    @property
    def chain(self) -> tuple[str, ...]:
        """The tokens to pass to the other agent. They expire, and are useless without its key.

        Raises:
            TokenInvalid: The task's own token could not be renewed.
            DecisionUnavailable: `task.over`: the task or this hop has ended.
        """
        self._task.require_under_way()
        grant = self._task.grant
        with self._lock:
            if self._ended:
                raise DecisionUnavailable(
                    "the delegated task is over", code="task.over", hint="delegate the task again"
                )
            above = (grant.token, *grant.chain)
            # A link names the token above it, so that a renewed one needs a new link.
            if self._chain[:-1] != above or self._expires - clock.now() < RENEW_WITHIN:
                self._above = grant
                self._chain = (*above, self._signed(above[-1]))
            return self._chain

    def end(self) -> None:
        """Make what was delegated worthless, and all that was delegated from there.

        Raises:
            InboundsError: The issuer could not be informed; the tokens last until they expire.
        """
        with self._lock:
            self._ended = True
            chain = self._chain[1:]
        if chain:  # else nothing was ever signed
            self._runtime.issuer.end(replace(self._above, chain=chain, delegation=self.id))

    def _signed(self, above: str) -> str:
        held = token_claims(above)
        key = self._runtime.holder()
        now = int(clock.now())
        self._expires = min(now + LIFETIME, held["exp"])
        claims = ChildClaims.model_validate(
            {
                **{name: held[name] for name in _UNCHANGED},
                "iss": f"{THUMBPRINT_URI}:{thumbprint(key.public)}",
                "act": {"sub": self.to, "act": held["act"]},
                "iat": now,
                "exp": self._expires,
                "jti": uuid7(),
                "cnf": {"jwk": self._holder},
                "del_depth": held["del_depth"] + 1,
                "par_hash": token_hash(above),
                "delegation": self.id,
                "authorization_details": [self.authority],
            }
        )
        return key.sign(claims.model_dump(), typ="task-child+jwt", named=False)

    def __repr__(self) -> str:
        return f"Delegation({self.id!r}, to={self.to!r})"


class Asking(TypedDict, total=False):
    """What a task is delegated with; see `Task.delegate`."""

    holder: Required[Mapping[str, str]]
    scope: Scope
    seconds: int


def delegate(task: TaskAuthority, runtime: Runtime, to: str, **asked: Unpack[Asking]) -> Delegation:
    """Ask the policy what another agent may have of a task. See `Task.delegate`."""
    holder = asked["holder"]
    if not _public(holder):
        raise TokenInvalid(
            "`known_by` must be a public key",
            code="delegation.holder",
            hint="pass the value of `guard.holder` there: a JWK of kty, crv, x and y, and no more",
        )
    grant = task.grant
    request = grant.request
    if asked.get("seconds") == 0:
        raise _malformed()
    try:
        question = DelegationQuestion(
            question=QUESTION_VERSION,
            context=_holding(runtime, (grant.token, *grant.chain)),
            asked=IssuanceQuestion(
                question=QUESTION_VERSION,
                subject=request.subject,
                agent=to,
                intent=request.intent,
                tenant=request.tenant,
                environment=request.environment,
                scope=asked.get("scope", Scope()),
                seconds=asked.get("seconds", 3600),
            ),
        )
    except ValidationError:
        raise _malformed() from None
    answer = _answered(runtime, DELEGATION, question, IssuanceAnswer)
    if not answer.issued or answer.authority is None:
        raise _refused("the task is not delegated", answer)
    return Delegation(task, runtime, to, holder, answer)


def _public(holder: object) -> bool:
    """Whether it is a public key that the policy takes as a holder's."""
    if not isinstance(holder, Mapping) or set(holder) not in _PUBLIC:
        return False
    try:
        kind = PyJWK.from_dict(dict(holder)).algorithm_name
    except (PyJWTError, ValueError, TypeError):
        return False
    return kind in ("ES256", "EdDSA") and holder.get("crv") in ("P-256", "Ed25519")


def _malformed() -> TokenInvalid:
    return TokenInvalid(
        "the other agent must be named, and the seconds must be a whole number above 0",
        code="issuance.malformed",
        hint="`to` is the SPIFFE ID of the other agent",
    )


def accept_chain(runtime: Runtime, chain: Chain) -> TaskGrant:
    """Ask the policy which authority a chain gives to this agent.

    Raises:
        TokenInvalid: To nothing, by the code that says why.
        DecisionUnavailable: The policy could not be asked.
    """
    tokens = tuple(chain) if isinstance(chain, Sequence) and not isinstance(chain, str) else ()
    if not 2 <= len(tokens) <= MOST_TOKENS or not all(type(token) is str for token in tokens):
        raise TokenInvalid(
            "the delegated chain must be a list of tokens",
            code="delegation.malformed",
            hint="pass all of `Delegation.chain`, as a list of texts",
        )
    try:
        question = AcceptanceQuestion(question=QUESTION_VERSION, context=_holding(runtime, tokens))
    except ValidationError:
        raise TokenInvalid(
            "a token of the chain is too long",
            code="delegation.malformed",
            hint="pass all of `Delegation.chain`, as a list of texts",
        ) from None
    answer = _answered(runtime, ACCEPTANCE, question, AcceptanceAnswer)
    if not answer.issued or answer.authority is None:
        raise _refused("the chain comes to nothing", answer)
    return TaskGrant(
        token=tokens[0],
        chain=tokens[1:],
        expires=answer.expires,
        task=answer.task,
        delegation=answer.delegation,
        agents=answer.agents,
        authority=answer.authority,
        request=TaskRequest(
            subject=answer.subject,
            agent=runtime.agent,
            intent=answer.authority.intent,
            tenant=answer.tenant,
            environment=answer.authority.environment,
            sid=answer.sid,
            holder=runtime.holder().public,
        ),
    )


def renewer(runtime: Runtime, chain: ChainOf) -> Callable[[TaskGrant], TaskGrant]:
    """Return what renews a task that was taken, from where its chain came from."""

    def renew(grant: TaskGrant) -> TaskGrant:
        if not callable(chain):
            if clock.now() < grant.expires:
                return grant
            raise TokenInvalid(
                "the chain of the delegation has expired",
                code="delegation.expired",
                hint="pass `guard.accept` a function that fetches a fresh one",
            )
        fresh = accept_chain(runtime, chain())
        if fresh.ends != grant.ends:
            raise TokenInvalid(
                "the fetched chain belongs to another delegation",
                code="delegation.another",
                hint="take another task with `guard.accept`, instead of renewing this one",
            )
        return fresh

    return renew


def _holding(runtime: Runtime, tokens: tuple[str, ...]) -> Holding:
    return Holding(
        agent=runtime.agent,
        credentials=Credentials(
            identity=runtime.identity(runtime.agent), task=tokens[0], chain=list(tokens[1:])
        ),
    )


def _answered(runtime: Runtime, entrypoint: str, question: AcceptanceQuestion, kind: type[A]) -> A:
    deadline = clock.monotonic() + runtime.configuration.deadline
    runtime.refresh_live(deadline)
    return answered(runtime.pdp, entrypoint, question, kind, deadline=deadline)


def _refused(what: str, answer: IssuanceAnswer) -> TokenInvalid:
    reasons = answer.reasons
    return TokenInvalid(
        f"{what}: {'; '.join(reason.message for reason in reasons) or 'nothing grants it'}",
        code=reasons[0].code if reasons else "issuance.refused",
        hint="; ".join(dict.fromkeys(reason.remedy for reason in reasons if reason.remedy)),
    )
