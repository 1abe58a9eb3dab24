"""The issuer where no agent runs: it asks the policy, signs what was approved, and ends it.

It believes nobody. The policy verifies who asks, on whose authority, and how far that reaches;
a proof of possession (`dpop`) binds each request to the key that the task is held by.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from inbounds.errors import InboundsError, InvalidAnswer, TokenInvalid
from inbounds.identity import TaskGrant, TaskRequest
from inbounds.identity.entrypoints import BEGINNING, HOPS, RENEWAL, SHOWN, SIGNED_IN
from inbounds.identity.issuance import answered, asked_of
from inbounds.identity.signing_keys import thumbprint, token_claims
from inbounds.identity.task_token import sign_task
from inbounds.model.claims import IssuanceAnswer, Scope
from inbounds.model.delegation import Holding, Hop, IssuerQuestion, RenewalQuestion
from inbounds.model.question import QUESTION_VERSION
from inbounds.model.whole_question import Credentials
from inbounds.pdp import ISSUANCE
from inbounds.process import clock
from inbounds.process.ids import uuid7

from .records import Recorded, refusal
from .request_limits import Limited
from .store import Begun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from pydantic import BaseModel

    from inbounds.identity.dpop import Proof
    from inbounds.live import LiveFeed
    from inbounds.live.feed import Position
    from inbounds.model.claims import Authority, IssuanceQuestion
    from inbounds.pdp import PolicyDecisionPoint

    from .records import Log
    from .settings import Folder
    from .store import TaskStore

logger = logging.getLogger(__name__)

_HOPS = TypeAdapter(tuple[Hop, ...])
_SECONDS_TO_ASK = 3.0
_SKEW = 300
"""Seconds for which a clock that is behind may take a task to last longer."""
MOST_ENDED_HOPS = 4096
"""How many hops may be ended right below a task, each by itself, and how many further down."""
_AGENT = re.compile(r"[\x21-\x7e]{1,256}")
_LARGEST = 65536
"""How many characters of a token a PDP reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workings:
    """What a service works with.

    Attributes:
        folder: What it signs as, and its keys.
        store: What it remembers.
        pdp: What decides.
        feed: What it ends goes here.
        log: Where it leaves its spans and records.
        fresh: Brings the feed to an embedded PDP; called before every question, with a deadline.
    """

    folder: Folder
    store: TaskStore
    pdp: PolicyDecisionPoint
    feed: LiveFeed
    log: Log
    fresh: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class End:
    """What became of a request to end something.

    Attributes:
        position: Where the feed stands that says so; None where it has nothing of it, since the
            time of the task is up by the clock here, which may be ahead.
        again: Whether it was over before.
    """

    position: Position | None
    again: bool = False


class Service:
    """Begins, renews and ends tasks. Thread-safe.

    Args:
        workings: What it works with.
    """

    def __init__(self, workings: Workings) -> None:
        self._with = workings

    def begin(
        self,
        read: Callable[[], TaskRequest],
        *,
        agent: str,
        identity: str,
        proof: Proof,
        limit: Callable[[str], AbstractContextManager[Callable[[], None]]],
    ) -> TaskGrant:
        """Approve a task as far as the policy lets it reach, and sign its token.

        Args:
            read: Returns what is asked for; called once the agent is shown, and within its limit.
                It is asked for by this agent and held by the key of the proof, whatever it says.
            agent: The agent's id.
            identity: The agent's identity token.
            proof: What came with the request.
            limit: Called with the agent's id once it is shown. What its block yields is called once
                the user's token is verified; both raise where the agent asks too often.

        Raises:
            TokenInvalid: The policy grants nothing of it, by the code that says why.
            DecisionUnavailable: The policy could not be asked, or the record not be kept.
            InboundsError: What `read` raises.
        """
        self._require_first(proof)
        self._require_shown(agent, identity)
        with limit(agent) as count_begun:
            request = replace(read(), agent=agent, holder=proof.jwk)
            return self._begin(request, identity, proof, count_begun)

    def _begin(
        self, request: TaskRequest, identity: str, proof: Proof, count_begun: Callable[[], None]
    ) -> TaskGrant:
        asked = asked_of(request)
        task = f"task-{uuid7()}"
        with Recorded(self._with.log, "task.begin", task, request, _json(asked)) as record:
            # Who asks, then for whom, then what: the last alone costs as much as the sender likes.
            question = _shown_by(request.agent, identity, request.subject_token)
            signed_in = self._ask(SIGNED_IN, question)
            if not signed_in.issued:
                raise record.refused(signed_in.reasons)
            answer = self._ask(ISSUANCE, asked)
            if not answer.issued or answer.authority is None:
                raise record.refused(answer.reasons)
            grant = self._signed(task, request, answer.authority, answer)
            question = question.model_copy(update={"context": _holding(grant, identity)})
            shown = self._ask(BEGINNING, question)
            if not shown.issued:
                raise record.refused(shown.reasons)
            count_begun()
            record.allowed(grant)
            self._with.store.begin(
                Begun(
                    grant.task,
                    request.sid,
                    thumbprint(proof.jwk),
                    # A renewal goes by what was approved; what else was asked for does not matter.
                    asked.model_copy(update={"scope": Scope()}),
                    answer.authority,
                    answer.depth,
                )
            )
            return grant

    def renew(
        self, task: str, *, identity: str, proof: Proof, allow: Callable[[str], None]
    ) -> TaskGrant:
        """Sign a fresh token of a task, of no more than it was approved for.

        The agent shows again who it is, and the policy of now is asked again: what it no longer
        grants is left out.

        Args:
            task: The id of the task.
            identity: The agent's identity token.
            proof: What came with the request, of the key that holds the task.
            allow: Called with the agent's id once the task is known to be held by this key; raises
                where the agent renews too often.

        Raises:
            TokenInvalid: It is over, it is held by another key, or the policy grants nothing of it.
            DecisionUnavailable: As `begin`.
        """
        begun = self._held(task, proof)
        self._require_first(proof)
        allow(begun.asked.agent)
        held = begun.authority
        request = _request(begun, proof)
        scope = Scope.model_validate(
            held.model_dump(include={*Scope.model_fields}, exclude_unset=True)
        )
        seconds = max(held.deadline - int(clock.now()), 1)
        again = asked_of(replace(request, scope=scope, seconds=seconds))
        with Recorded(self._with.log, "task.renew", begun.task, request, _json(again)) as record:
            answer = self._ask(ISSUANCE, again)
            if not answer.issued or answer.authority is None:
                raise record.refused(answer.reasons)
            # Where none was approved, asking for none asks for all that there is now.
            authority = answer.authority.model_copy(
                update={
                    "destinations": [
                        name for name in answer.authority.destinations if name in held.destinations
                    ],
                    "deadline": min(held.deadline, answer.authority.deadline),
                }
            )
            answer = answer.model_copy(update={"depth": min(begun.depth, answer.depth)})
            grant = self._signed(begun.task, request, authority, answer)
            question = RenewalQuestion(
                question=QUESTION_VERSION, context=_holding(grant, identity), held=held
            )
            shown = self._ask(RENEWAL, question)
            if not shown.issued:
                raise record.refused(shown.reasons)
            record.allowed(grant)
            self._with.store.begin(replace(begun, authority=authority, depth=answer.depth))
            return grant

    def end(
        self,
        name: str,
        *,
        task: str,
        chain: Sequence[str],
        proof: Proof,
        allow: Callable[..., None],
    ) -> End:
        """End a task, or a hop that it was delegated to.

        Who holds a task ends it, and whatever was delegated from there. Nobody else does, and
        no identity is asked for: whoever has the key may give up what it is for.

        Args:
            name: What is to end: the id of a task, or that of the task and of all hops down to one.
            task: The task's token.
            chain: The tokens that it was delegated with, to where `name` leads or further.
            proof: What came with the request, of a key that holds the task so far or above.
            allow: Called with who ends a hop, and before that all who are above: the id of the
                task's agent, and the thumbprint of each key down to that of who asks. A delegator
                names any number of hops and keys, and each end is kept in the feed. For what is
                over already it is called with `again=True`. Raises where it is too often.

        Returns:
            What became of it. The owner of the feed pushes it; nothing waits here.

        Raises:
            TokenInvalid: The sender holds nothing that it could end.
            Limited: Too many hops of the task, or below one hop, have been ended.
            DecisionUnavailable: It is not known to have ended.
        """
        self._require_first(proof)
        feed, now = self._with.feed, int(clock.now())
        begun, above, limited = self._with.store.task(name), list[str](), False
        if begun is not None and begun.holder == thumbprint(proof.jwk):
            request, until = _request(begun, proof), begun.authority.deadline
            whose = [request.agent]
        else:
            above, keys = self._require_hop(name, task, chain, proof.jwk)
            request, until = _handed_on([task, *chain[: len(keys)]], proof)
            whose, limited = [token_claims(task)["act"]["sub"], *keys], True
        # Below what is over, nothing more is left in the feed and in the records.
        ended, over = self._has_ended(name), any(map(self._has_ended, above))
        outlived = bool(above) and until + _SKEW < now
        again = ended or over or outlived
        if again or limited:
            allow(*whose, again=again)
        if over or outlived or (ended and not self._with.store.lacks_end_record(name)):
            return End(feed.position if ended or over else None, again=True)
        # Where its time is up by the clock here, the clock may be ahead: it ends all the same.
        if above:
            self._with.store.end_hop(name, until + _SKEW)
        else:
            self._with.store.end(name)
        position = feed.end_within(name, seconds=until - now + _SKEW, most=MOST_ENDED_HOPS)
        if position is None:
            self._with.store.end_recorded(name)  # it did not end
            raise Limited("too many hops below that one were ended already: end what is above them")
        logger.info("ended: %s", name)
        # A task that is ended again and again would fill the log; ends of hops are limited.
        if begun is None or not begun.end_recorded:
            self._keep_end(name, request)
        return End(position, again=again)

    def _has_ended(self, name: str) -> bool:
        return self._with.feed.since("ended", name) is not None

    def _keep_end(self, name: str, request: TaskRequest) -> None:
        # It has ended: a log that does not take the record brings nothing back.
        try:
            with Recorded(self._with.log, "task.end", name, request, name.encode()) as record:
                record.allowed()
            self._with.store.end_recorded(name)
        except InboundsError as error:
            logger.error("the end of %s was not recorded: %s", name, error.code)  # noqa: TRY400 -- the message holds all

    # --- its own --------------------------------------------------------------------------

    def _require_shown(self, agent: str, identity: str) -> None:
        """Refuse strangers, who learn nothing else and leave no records that they could fill."""
        answer = self._ask(SHOWN, _shown_by(agent, identity))
        if not answer.issued:
            error = refusal(answer.reasons)
            logger.warning("nobody is shown: %s", error.code)
            raise error

    def _held(self, task: str, proof: Proof) -> Begun:
        begun = self._with.store.task(task)
        if begun is None or begun.ended or begun.holder != thumbprint(proof.jwk):
            # One answer for all: whoever does not hold it learns nothing about it.
            raise TokenInvalid(
                "the task is over, or is held by another key",
                code="task.over",
                hint="begin another task",
            )
        return begun

    def _require_first(self, proof: Proof) -> None:
        if not self._with.store.first(proof.jti, proof.until):
            raise TokenInvalid(
                "the proof of possession has been used before",
                code="issuer.proof",
                hint="send each request with a fresh DPoP proof (RFC 9449)",
            )

    def _require_hop(
        self, name: str, task: str, chain: Sequence[str], mine: Mapping[str, str]
    ) -> tuple[list[str], list[str]]:
        """Return the names of what is above the hop that is named, and whose hops lead to it.

        The names are those of the task and of all hops down to it. Of each hop down to the one that
        the sender holds, the thumbprint of the key is returned.
        """
        credentials = {"task": task, "chain": list(chain)}
        question = {"question": QUESTION_VERSION, "context": {"credentials": credentials}}
        deadline = self._fresh_until()
        reply = self._with.pdp.ask(HOPS, json.dumps(question).encode(), deadline=deadline).result
        try:
            hops = _HOPS.validate_python(reply)
        except ValidationError:
            raise InvalidAnswer("the PDP returned an invalid answer about a chain") from None
        names = [held.name for held in hops]
        for place, held in enumerate(hops):
            # What is named is this one's, or comes after it. Another issuer calls its tasks what it
            # likes, and so perhaps by the name of one of ours.
            ours = held.issuer == self._with.folder.settings.issuer
            if ours and held.jwk == mine and name in names[place:]:
                found = names.index(name, place)
                # A hop with a `/` in its id is held by nobody for any PDP.
                if found == name.count("/"):
                    return names[:found], [thumbprint(hop.jwk) for hop in hops[1 : place + 1]]
        raise TokenInvalid(
            "the sender holds nothing of that name",
            code="issuer.not_the_holder",
            hint="only the holder ends a task or hop; an operator uses `inbounds live end`",
        )

    def _ask(self, entrypoint: str, question: BaseModel) -> IssuanceAnswer:
        deadline = self._fresh_until()
        return answered(self._with.pdp, entrypoint, question, IssuanceAnswer, deadline=deadline)

    def _fresh_until(self) -> float:
        """Bring the feed to the PDP; return until when a question may take."""
        deadline = clock.monotonic() + _SECONDS_TO_ASK
        self._with.fresh(deadline)
        return deadline

    def _signed(
        self, task: str, request: TaskRequest, authority: Authority, answer: IssuanceAnswer
    ) -> TaskGrant:
        settings, key = self._with.folder.current()
        grant = TaskGrant(
            token="",
            expires=0,
            task=task,
            request=request,
            authority=authority,
            depth=answer.depth,
            cut=answer.cut,
        )
        now = int(clock.now())
        made = sign_task(key, grant, issuer=settings.issuer, audience=settings.audience, now=now)
        if len(made.token) > _LARGEST:
            raise TokenInvalid(
                "the requested task does not fit into a token",
                code="issuance.too_large",
                hint="name fewer values in `scope`",
            )
        return made


def _json(asked: IssuanceQuestion) -> bytes:
    return asked.model_dump_json().encode()


def _request(begun: Begun, proof: Proof) -> TaskRequest:
    """Who asks about a task that was begun here."""
    asked = begun.asked
    return TaskRequest(
        subject=asked.subject,
        agent=asked.agent,
        intent=asked.intent,
        tenant=asked.tenant,
        environment=asked.environment,
        sid=begun.sid,
        holder=proof.jwk,
    )


def _handed_on(tokens: Sequence[str], proof: Proof) -> tuple[TaskRequest, int]:
    """Who asks about a task by its tokens, which the policy has verified; until when it lasts.

    Args:
        tokens: The task's own, and those of all hops down to that of who asks.
        proof: What came with the request.
    """
    claims, *hops = map(token_claims, tokens)
    (authority,) = claims["authorization_details"]
    agent = claims["act"]["sub"]
    for hop in hops:
        # One that names no agent was made by the holder above.
        match hop.get("act"):
            case {"sub": str(named)} if _AGENT.fullmatch(named):
                agent = named
    request = TaskRequest(
        subject=claims["sub"],
        agent=agent,
        intent=authority["intent"],
        tenant=claims["tenant"],
        environment=authority["environment"],
        sid=claims["sid"],
        holder=proof.jwk,
    )
    return request, int(authority["deadline"])


def _shown_by(agent: str, identity: str, subject_token: str = "") -> IssuerQuestion:
    return IssuerQuestion(
        question=QUESTION_VERSION,
        context=Holding(agent=agent, credentials=Credentials(identity=identity, task="")),
        subject_token=subject_token,
    )


def _holding(grant: TaskGrant, identity: str) -> Holding:
    return Holding(
        agent=grant.request.agent,
        credentials=Credentials(identity=identity, task=grant.token),
    )
