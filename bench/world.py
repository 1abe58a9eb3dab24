"""What is measured: the shipped policy, a deployment of any size, a tool that does nothing.

The revocation feed is put by hand, but for `bench.revocation`: what is measured reads only, and its
feed may be an hour old. So the cost of keeping the feed fresh is in no other figure.

Besides the one agent that the rest is measured with, there are those that it may delegate its tasks
to, one after the other.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbounds import Guard
from inbounds.dev.deployment import document
from inbounds.dev.issuer import About
from inbounds.dev.services import Development
from inbounds.dev.setup import create_development
from inbounds.engine import assets
from inbounds.engine.compiled import CompiledModules
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.identity import IdentityToken, TaskGrant
from inbounds.live.head import empty_lists, entries_digest
from inbounds.model.deployment import Deployment
from inbounds.testing import AGENT, INTENT, SUBJECT, small_deployment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.approvals import ApprovalCallback
    from inbounds.evidence import EvidenceLog
    from inbounds.identity import Issuer, TaskRequest
    from inbounds.pdp import PolicyDecisionPoint
    from inbounds.pep.task import Task
    from inbounds.sessions.protocol import SessionStore

AGENTS = (
    AGENT,
    *(f"spiffe://acme.example/agent/{name}" for name in ("researcher", "librarian", "archivist")),
)
"""Each may delegate a task to the next."""
TOOL = "mail.read"
ARGUMENTS = {"id": "42"}
_PEP = "assistant-pep"
_FRESH = 3600  # seconds
_SMALL = 10
_SECONDS = 30.0
"""How long a decision may take; the machine may be busy."""


class World:
    """One deployment with its keys, in a folder of its own.

    Args:
        folder: Everything is in here.
        fed: Whether somebody keeps the feed fresh; else it may be an hour old.
        approvers: Who may approve calls; nobody by default.

    Attributes:
        folder: Everything is in here.
        tokens: The bearer tokens that OPA asks for, of the PEP and of the feed's owner.
    """

    def __init__(
        self, folder: Path, *, fed: bool = False, approvers: Mapping[str, Any] | None = None
    ) -> None:
        self.folder = folder
        self._fed = fed
        self.tokens = {name: secrets.token_urlsafe(32) for name in ("pep", "feed")}
        about = About(
            issuer="https://issuer.acme.example",
            audience="inbounds",
            agent=AGENT,
            tenant="acme",
            environment="development",
            pep=_PEP,
            kid="-",
        )
        stated: dict[str, Any] = create_development(folder / "home" / "issuer", about)
        self._development = Development(folder / "home" / "issuer")
        self.issuer: Issuer = self._development.issuer
        hashed = {
            name: [hashlib.sha256(token.encode()).hexdigest()]
            for name, token in self.tokens.items()
        }
        base = {**small_deployment(), **stated, "approvers": dict(approvers or {})}
        base["peps"][_PEP]["token_sha256"] = hashed["pep"]
        base["settings"]["feed_writers"] = {"bench": hashed["feed"]}
        before, last = AGENTS[-2:]
        agents = base["agents"]
        agents[last] = {**agents[before], "may_delegate_to": []}
        agents[before] = {**agents[before], "may_delegate_to": [last]}
        self._base = base
        self.compiled = CompiledModules(folder / "home" / "compiled", key=secrets.token_bytes(32))

    def close(self) -> None:
        """Close what is open."""
        self._development.close()

    # --- the deployment and the feed ------------------------------------------------------

    def deployment(self, tools: int = _SMALL, *, proof: bool = False) -> Path:
        """Write the deployment with so many tools as an operator keeps it.

        Args:
            tools: How many.
            proof: Whether each call has to prove that its sender holds the task's key.
        """
        folder = self.folder / f"deployment-{tools}{'-proof' * proof}"
        folder.mkdir(exist_ok=True)
        for name, value in self._stated(tools, proof=proof).items():
            (folder / f"{name}.yaml").write_text(json.dumps(value), "utf-8")
        return folder

    def _stated(self, number: int, *, proof: bool = False) -> dict[str, Any]:
        tools = dict(self._base["tools"])
        for place in range(number - len(tools)):
            tools[f"mail.read_{place}"] = tools[TOOL]
        feed = self._base["feed"]
        if not self._fed:
            # On a busy machine a measurement may take longer than a feed is fresh by default.
            feed = {**feed, "max_age": {"read": _FRESH, "other": _FRESH}}
        settings = {**self._base["settings"], "proof": ["read"] if proof else []}
        return {**self._base, "tools": tools, "feed": feed, "settings": settings}

    def stated(self, tools: int = _SMALL, *, proof: bool = False) -> dict[str, Any]:
        """Return the document at `data.deployment`; see `deployment`."""
        return document(Deployment.model_validate(self._stated(tools, proof=proof)))

    def feed(self, revoked: int = 0) -> dict[str, Any]:
        """Return the document at `data.live.now`, with so many revoked tokens, signed now."""
        feed = self._development.feed
        entries = feed.entries()
        if revoked:
            ids = {f"token-{place:08}": 1_700_000_000 for place in range(revoked)}
            lists = {**entries.lists, "revoked": {**entries.lists["revoked"], **ids}}
            entries = replace(entries, lists=lists, digest=entries_digest(lists))
        return feed.whole(entries)

    # --- who asks -------------------------------------------------------------------------

    def embedded(
        self, tools: int = _SMALL, *, revoked: int = 0, proof: bool = False
    ) -> EmbeddedPolicy:
        """Run the shipped policy in this process."""
        policy = EmbeddedPolicy(
            assets.wasm_bundle(),
            key=assets.release_key(),
            deployment=self.stated(tools, proof=proof),
            live={"baseline": empty_lists()},
            compiled=self.compiled,
        )
        policy.push_live(self.feed(revoked))
        return policy

    def guard(
        self,
        pdp: PolicyDecisionPoint,
        evidence: EvidenceLog,
        issuer: Issuer | None = None,
        *,
        agent: str = AGENT,
        sessions: SessionStore | str = "memory",
        approvals: ApprovalCallback | None = None,
    ) -> Guard:
        """Make a guard with one tool, which does nothing."""
        guard = Guard(
            pdp=pdp,
            issuer=issuer or self.issuer,
            sessions=sessions,
            evidence=evidence,
            home=self.folder / "home",
            agent=agent,
            tenant="acme",
            environment="development",
            pep=_PEP,
            deadline=_SECONDS,
            approvals=approvals,
        )

        @guard.tool(TOOL, resource=lambda id: ("mail", id))  # noqa: A006 -- the tool's own name
        def _nothing(id: str) -> None:  # noqa: A002 -- the argument the registry knows
            del id

        return guard


def begin(guard: Guard) -> Task:
    """Begin a task that may use every tool of its intent."""
    return guard.task(INTENT, subject=SUBJECT)


@dataclass(slots=True)
class FreshTokens:
    """An issuer whose every token is used for one call; they are signed beforehand.

    Attributes:
        issuer: Who signs.
    """

    issuer: Issuer
    _identities: list[IdentityToken]
    _grants: list[TaskGrant]

    @classmethod
    def of(cls, issuer: Issuer) -> FreshTokens:
        """Return what `issuer` signs."""
        return cls(issuer, [], [])

    def sign(self, task: Task, number: int) -> None:
        """Sign what so many calls of `task` need."""
        grant = task.grant
        for _ in range(number):
            self._identities.append(self.issuer.identity(AGENT))
            self._grants.append(_due(self.issuer.renew(grant)))

    def identity(self, agent: str) -> IdentityToken:
        """Return the next identity token; see `Issuer.identity`."""
        return self._identities.pop() if self._identities else self.issuer.identity(agent)

    def rotated(self) -> bool:
        """Whether there is a next one; see `Rotating`."""
        return bool(self._identities)

    def begin(self, request: TaskRequest, pdp: PolicyDecisionPoint) -> TaskGrant:
        """Begin a task; see `Issuer.begin`."""
        return self.issuer.begin(request, pdp)

    def renew(self, grant: TaskGrant) -> TaskGrant:
        """Return the next task token; see `Issuer.renew`."""
        return self._grants.pop() if self._grants else self.issuer.renew(grant)

    def end(self, grant: TaskGrant) -> None:
        """End a task; see `Issuer.end`."""
        self.issuer.end(grant)


def _due(token: Any) -> Any:
    # Said to run out soon, so that the next call asks for another one.
    return replace(token, expires=token.expires - 270)


class Listening:
    """A PDP that remembers the last question it was asked."""

    def __init__(self, pdp: PolicyDecisionPoint) -> None:
        self._pdp = pdp
        self.asked: Mapping[str, bytes] = {}

    @property
    def name(self) -> str:
        """The name of the PDP behind it."""
        return self._pdp.name

    def ask(
        self, entrypoint: str, question: bytes, *, deadline: float, traceparent: str = ""
    ) -> Any:
        """Ask the PDP behind it."""
        self.asked = {**self.asked, entrypoint: question}
        return self._pdp.ask(entrypoint, question, deadline=deadline, traceparent=traceparent)

    def close(self) -> None:
        """Leave the PDP behind it open."""
