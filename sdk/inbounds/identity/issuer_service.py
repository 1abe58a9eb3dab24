"""The issuer of tasks in production: a service elsewhere, which holds the keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from inbounds.errors import ConfigurationError, DecisionUnavailable, TokenInvalid
from inbounds.identity import TaskGrant
from inbounds.identity.remote import Remote, require_url
from inbounds.model.token_claims import TaskClaims
from inbounds.process import clock

from . import issuer_messages
from .dpop import prove
from .signing_keys import token_claims

if TYPE_CHECKING:
    from inbounds.identity import Caller, IdentityToken, TaskRequest
    from inbounds.pdp import PolicyDecisionPoint
    from inbounds.pdp.transport import Received

M = TypeVar("M", bound=BaseModel)

_WHAT = "the issuer"


class ServiceIssuer:
    """Asks an issuer's service (`inbounds issuer serve`) to begin, renew and end tasks.

    What it answers is held against what was asked, and is otherwise the policy's to verify.
    Thread-safe. A child process after a fork opens its own connections.

    Args:
        url: The issuer's URL, as its tokens name it: HTTPS, or plain HTTP on this machine.
        ca: A file of certificate authorities to trust instead of the usual ones.
        timeout: How long one answer may take, in seconds.

    Raises:
        ConfigurationError: The URL cannot be requested.
    """

    def __init__(self, url: str, *, ca: str | None = None, timeout: float = 5.0) -> None:
        require_url(url, "the issuer's URL")
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._remote = Remote(ca)
        self._caller: Caller | None = None

    def for_caller(self, caller: Caller) -> ServiceIssuer:
        """Return the issuer as one guard asks it. See `ForCaller`."""
        bound = object.__new__(ServiceIssuer)
        bound.__dict__.update(self.__dict__, _caller=caller)
        return bound

    def identity(self, agent: str) -> IdentityToken:
        """Refuse: who an agent is, says another source. See `Issuer.identity`."""
        raise TokenInvalid(
            f"the issuer's service says of nobody that he is `{agent}`",
            code="identity.no_source",
            hint="name where the identity comes from: Guard(identity=…), see docs/identity.md",
        )

    def begin(self, request: TaskRequest, pdp: PolicyDecisionPoint) -> TaskGrant:
        """Have a task approved as far as the policy lets it reach. See `Issuer.begin`."""
        del pdp  # the issuer asks its own
        deadline = clock.monotonic() + self._timeout
        asked = issuer_messages.Beginning(
            identity=self._shown(request.agent, deadline),
            subject_token=request.subject_token,
            subject=request.subject,
            agent=request.agent,
            intent=request.intent,
            tenant=request.tenant,
            environment=request.environment,
            sid=request.sid,
            scope=request.scope,
            seconds=request.seconds,
        )
        issued = self._send(issuer_messages.BEGIN, asked, issuer_messages.Issued, deadline)
        return _granted(issued, replace(request, subject_token=""))

    def renew(self, grant: TaskGrant) -> TaskGrant:
        """Have a fresh token of the same task signed. See `Issuer.renew`."""
        deadline = clock.monotonic() + self._timeout
        identity = self._shown(grant.request.agent, deadline)
        asked = issuer_messages.Renewing(identity=identity, task=grant.task)
        issued = self._send(issuer_messages.RENEW, asked, issuer_messages.Issued, deadline)
        fresh = _granted(issued, grant.request)
        if fresh.task != grant.task:
            _unusable("it is of another task")
        return fresh

    def end(self, grant: TaskGrant) -> None:
        """Invalidate every token of a task or of a hop. See `Issuer.end`.

        Raises:
            TokenInvalid: This guard holds nothing of the kind.
            DecisionUnavailable: It is not known to have ended; the tokens last until they expire.
        """
        asked = issuer_messages.Ending(name=grant.ends, task=grant.token, chain=list(grant.chain))
        deadline = clock.monotonic() + self._timeout
        ended = self._send(issuer_messages.END, asked, issuer_messages.Ended, deadline)
        if ended.ended != asked.name:
            _unusable("it is about something else")

    def _shown(self, agent: str, deadline: float) -> str:
        return self._asking().identity(agent, deadline=deadline)

    def _asking(self) -> Caller:
        if self._caller is None:
            raise ConfigurationError(
                "this issuer is not attached to a guard",
                code="configuration.issuer_unbound",
                hint="pass it to a guard: Guard(issuer=ServiceIssuer(…), identity=…)",
            )
        return self._caller

    def _send(self, path: str, asked: BaseModel, kind: type[M], deadline: float) -> M:
        url = self._url + path
        proof = prove(self._asking().holder(), "POST", url)
        try:
            received = self._remote.send(
                "POST",
                url,
                _WHAT,
                deadline=deadline,
                body=asked.model_dump_json().encode(),
                headers={"DPoP": proof},
            )
        except DecisionUnavailable as error:
            raise DecisionUnavailable(
                error.message,
                code="issuer.unreachable",
                hint="see that the issuer's service answers there: INBOUNDS_ISSUER_URL, "
                "INBOUNDS_ISSUER_CA",
            ) from None
        if received.status != 200:
            raise _refusal(received)
        return _read(received, kind)


def _read(received: Received, kind: type[M]) -> M:
    try:
        return kind.model_validate_json(received.body)
    except ValidationError:
        _unusable("it is of another shape")


def _refusal(received: Received) -> DecisionUnavailable | TokenInvalid:
    try:
        said = issuer_messages.Refused.model_validate_json(received.body)
    except ValidationError:
        if received.status == 429:  # by what stands before it
            return DecisionUnavailable(
                f"{_WHAT} is asked too often", code="issuer.limited", hint="wait a minute"
            )
        return DecisionUnavailable(
            f"{_WHAT} answered with {received.status}",
            code="issuer.unreachable",
            hint="see that INBOUNDS_ISSUER_URL is the issuer's service, and no proxy's page",
        )
    # A refusal is the policy's; everything else is not an answer.
    kind = TokenInvalid if said.error in ("invalid_grant", "invalid_dpop_proof") else None
    if kind is None:
        return DecisionUnavailable(
            f"{_WHAT}: {said.error_description}", code=said.code, hint=said.remedy
        )
    return kind(
        said.error_description, code=said.code, hint=said.remedy, decision_id=said.decision_id
    )


def _granted(issued: issuer_messages.Issued, request: TaskRequest) -> TaskGrant:
    """Return what was issued, where it is what was asked for."""
    try:
        claims = TaskClaims.model_validate(token_claims(issued.token))
    except (ValidationError, ValueError, KeyError, IndexError, TypeError, RecursionError):
        _unusable("its token cannot be read")
    said: dict[str, Any] = {
        "task": (claims.task, issued.task),
        "sid": (claims.sid, request.sid),
        "tenant": (claims.tenant, request.tenant),
        "subject": (claims.sub, request.subject),
        "agent": (claims.act.sub, request.agent),
        "intent": (claims.authorization_details[0].intent, request.intent),
        "environment": (claims.authorization_details[0].environment, request.environment),
        "authority": (claims.authorization_details[0], issued.authority),
        "holder": (claims.cnf.jwk, dict(request.holder)),
    }
    for what, (here, there) in said.items():
        if here != there:
            _unusable(f"its token is of another {what}")
    return TaskGrant(
        token=issued.token,
        expires=claims.exp,
        task=issued.task,
        request=request,
        authority=issued.authority,
        depth=issued.depth,
        cut=tuple(issued.cut),
    )


def _unusable(why: str) -> NoReturn:
    raise DecisionUnavailable(
        f"{_WHAT}'s answer cannot be used: {why}",
        code="issuer.unusable",
        hint="see that INBOUNDS_ISSUER_URL is the issuer's service, of this SDK's version",
    )
