"""What a guard is made of, put together from its configuration."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inbounds.approvals import Approvals
from inbounds.canonical.arguments import digest
from inbounds.credentials.no_leases import NoLeases
from inbounds.errors import (
    ArgumentNotRepresentable,
    ConfigurationError,
    DecisionUnavailable,
    TokenInvalid,
)
from inbounds.evidence.outcome_queue import OutcomeQueue
from inbounds.identity import TaskGrant, TaskRequest
from inbounds.identity.identity_cache import IdentityCache
from inbounds.model.claims import Scope
from inbounds.pdp.registry import Registry, RegistryAnswer
from inbounds.process import clock
from inbounds.process.locks import ProcessLock
from inbounds.provenance import SessionOrigins
from inbounds.sessions.store import EVERY_STORE, SessionKey, begin_state, is_tainted

from .obligations import Discharger
from .telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from inbounds.approvals import ApprovalCallback
    from inbounds.credentials.store import Backends, LeaseStore
    from inbounds.credentials.task_authority import TaskAuthority
    from inbounds.dev.services import Development
    from inbounds.evidence import EvidenceLog
    from inbounds.evidence.report import TaskReport
    from inbounds.identity import IdentityProvider, Issuer
    from inbounds.identity.signing_keys import SigningKey
    from inbounds.model.access_request import AccessRequest
    from inbounds.model.question import (
        CallEnvironment,
        Decision,
        Resource,
        SessionState,
        Tool,
        Trust,
    )
    from inbounds.pdp import PolicyDecisionPoint
    from inbounds.sessions.conversation_bindings import ConversationBindings
    from inbounds.sessions.protocol import SessionStore

    from .config import Configuration
    from .obligations import Notify

    CallEnvironmentOf = Mapping[str, str] | Callable[[], Mapping[str, str]]
    """Where calls come from, or what says so at each call. Its one key is `network`."""

logger = logging.getLogger(__name__)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_CLOSING = 10.0
"""How many seconds what runs on the SDK's threads has to end where a guard is closed."""


@dataclass(slots=True, kw_only=True)
class Runtime:
    """Everything one guard works with. Immutable but for the identity that is held."""

    configuration: Configuration
    pdp: PolicyDecisionPoint
    issuer: Issuer
    sessions: SessionStore
    evidence: EvidenceLog
    telemetry: Telemetry
    discharger: Discharger
    registry: Registry
    digest_key: bytes = field(repr=False)
    digest_key_id: str
    agent: str
    tenant: str
    environment: str
    pep: str
    refresh_live: Callable[[float], None]
    call_environment: Callable[[], CallEnvironment]
    approvals: Approvals
    held: IdentityCache
    leases: LeaseStore | NoLeases
    _development: Development | None = None
    _holder: SigningKey | None = None
    dropped: OutcomeQueue = field(init=False, default_factory=OutcomeQueue)
    origins: SessionOrigins = field(default_factory=SessionOrigins)
    _bindings: ConversationBindings | None = None
    _lock: ProcessLock = field(default_factory=ProcessLock)

    def __post_init__(self) -> None:
        # An issuer elsewhere, to which each guard shows who it is: `identity.ForCaller`.
        for_caller = getattr(self.issuer, "for_caller", None)
        if for_caller is not None:
            self.issuer = for_caller(self)

    @classmethod
    def assemble(
        cls,
        configuration: Configuration,
        *,
        pdp: PolicyDecisionPoint | None,
        issuer: Issuer | None,
        identity: IdentityProvider | None = None,
        sessions: SessionStore | None,
        evidence: EvidenceLog | None,
        notify: Notify | None,
        call_environment: CallEnvironmentOf | None,
        approvals: ApprovalCallback | None = None,
        leases: Backends = None,
    ) -> Runtime:
        """Make what was not given, as the configuration says.

        Raises:
            ConfigurationError: Something is missing or cannot be used.
        """
        from inbounds.dev.services import Development, is_development
        from inbounds.evidence.keys import deployment_key, key_id, require_tenant, subkey

        home = configuration.home_folder
        development = None
        if issuer is None and configuration.issuer_url:
            from inbounds.identity.issuer_service import ServiceIssuer

            issuer = ServiceIssuer(configuration.issuer_url, ca=configuration.issuer_ca or None)
        if issuer is None:
            _require_issuer(configuration, home)
            development = Development(home / "issuer", deployment=configuration.deployment_folder)
            issuer = development.issuer
        about = development.issuer.about if development else None
        names: dict[str, str] = {
            name: getattr(configuration, name) or (getattr(about, name) if about else "")
            for name in ("agent", "tenant", "environment", "pep")
        }
        for name, value in names.items():
            if not value:
                raise ConfigurationError(
                    f"no setting says which `{name}` this is",
                    code="configuration.incomplete",
                    hint=f"Guard({name}=…) or INBOUNDS_{name.upper()}",
                )
        key = deployment_key(home / "deployment.key")
        require_tenant(home / "tenant", names["tenant"])
        if pdp is None:
            pdp = pdp_of(configuration, subkey(key, "compiled"))
        digest_key = subkey(key, "digest")
        held, registry = (
            IdentityCache(identity or issuer, waits=identity is not None),
            Registry(pdp),
        )
        return cls(
            configuration=configuration,
            pdp=pdp,
            issuer=issuer,
            sessions=sessions if sessions is not None else _sessions(configuration),
            evidence=evidence
            if evidence is not None
            else _evidence(configuration, subkey(key, "evidence")),
            telemetry=Telemetry(),
            discharger=Discharger(notify),
            registry=registry,
            digest_key=digest_key,
            digest_key_id=key_id(digest_key),
            refresh_live=development.refresher(pdp) if development else _nothing,
            call_environment=_call_environment(call_environment),
            approvals=_approvals(configuration, approvals),
            held=held,
            leases=_leases(
                leases,
                registry=registry,
                identity=lambda deadline: held.token(names["agent"], deadline=deadline),
                path=home / "leases.sqlite",
                seconds=configuration.deadline,
                development=is_development(issuer),
            ),
            _development=development,
            agent=names["agent"],
            tenant=names["tenant"],
            environment=names["environment"],
            pep=names["pep"],
        )

    def request(
        self,
        intent: str,
        subject: str,
        sid: str,
        *,
        scope: Scope | None,
        seconds: int,
        subject_token: str = "",
    ) -> TaskRequest:
        """Say what a task of this guard asks for.

        Raises:
            TokenInvalid: `issuance.malformed`: subject, session or intent is not a name, the
                seconds are not a whole number, or a budget has a name that no rule reads; or
                the agent's identity is refused, by the code of its source.
            DecisionUnavailable: The agent's identity cannot be had: no task begins without one.
        """
        scope = scope or Scope()
        for what, name in (("subject", subject), ("session", sid), ("intent", intent)):
            if type(name) is not str or not 0 < len(name) <= 256 or not name.isprintable():
                raise _malformed(f"the {what} must be 1 to 256 printable characters")
        if type(seconds) is not int or not 0 < seconds < 2**53:
            raise _malformed("the seconds must be a whole number above 0")
        if scope.budgets:
            from inbounds.model.budgets import misnamed

            if fault := misnamed(scope.budgets):
                raise _malformed(fault)
        self.identity(self.agent)
        return TaskRequest(
            subject=subject,
            agent=self.agent,
            intent=intent,
            tenant=self.tenant,
            environment=self.environment,
            sid=sid,
            scope=scope,
            seconds=seconds,
            holder=self.holder().public,
            subject_token=subject_token,
        )

    @property
    def bindings(self) -> ConversationBindings:
        """The bindings of conversations that this guard has seen."""
        from inbounds.sessions.conversation_bindings import ConversationBindings

        with self._lock:
            if self._bindings is None:
                self._bindings = ConversationBindings()
            return self._bindings

    def identity(self, agent: str, *, deadline: float | None = None) -> str:
        """Return an identity token that is good for a while longer. See `IdentityCache.token`."""
        if deadline is None:
            deadline = clock.monotonic() + self.configuration.deadline
        return self.held.token(agent, deadline=deadline)

    def credentials(
        self,
        grant: TaskGrant,
        state: SessionState,
        *,
        decision: str,
        tool: str,
        digest: str,
        proves: bool,
        deadline: float,
    ) -> dict[str, object]:
        """Return what is signed of one call but for approvals: identity, task, chain and proof.

        Args:
            grant: The task as it is held.
            state: The state of the session that the question holds.
            decision: The id of the decision.
            tool: The name of the tool.
            digest: The digest of the canonical arguments.
            proves: Whether the deployment asks for a proof of possession.
            deadline: When to give up, in seconds on `clock.monotonic`.
        """
        given: dict[str, object] = {
            "identity": self.identity(grant.request.agent, deadline=deadline),
            "task": grant.token,
            "chain": list(grant.chain),
            "approvals": [],
        }
        if proves:
            from inbounds.identity.proof import proof

            last = (grant.token, *grant.chain)[-1]
            given["proof"] = proof(
                self.holder(), last, decision=decision, tool=tool, digest=digest, state=state
            )
        return given

    def complete_question(
        self,
        question: dict[str, Any],
        task: TaskAuthority,
        registered: RegistryAnswer | None,
        state: SessionState,
    ) -> bytes:
        """Put into a question the approvals that may speak for it, and return its JSON.

        Raises:
            ArgumentNotRepresentable: The resource has properties that have no JSON form.
        """
        if self.approvals.holds(task.id):
            shown = self._request_digest(self._request_shown(task, question, registered))
            offered = self.approvals.kept.offered(task.id, question["action"]["name"], shown, state)
            if offered:
                question["context"]["credentials"]["approvals"] = offered
                question["action"]["properties"]["request_digest"] = shown
        try:
            return _encode(question).encode()
        except (TypeError, ValueError):
            raise ArgumentNotRepresentable(
                "the resource of the call has no JSON form",
                code="resource.not_representable",
                hint="its properties are plain JSON values, its id is text without surrogates",
            ) from None

    def access_request(
        self,
        decision: Decision,
        task: TaskAuthority,
        question: Mapping[str, Any],
        registered: RegistryAnswer | None,
    ) -> AccessRequest:
        """Return what a person has to be asked, of a question that was answered with `ask`."""
        from inbounds.approvals.request import access_request

        shown = self._request_shown(task, question, registered)
        return access_request(
            decision, shown, self._request_digest(shown), question, task.authority.deadline
        )

    def _request_shown(
        self, task: TaskAuthority, question: Mapping[str, Any], registered: RegistryAnswer | None
    ) -> dict[str, Any]:
        from inbounds.approvals.request import request_shown

        writes = self.origins.of(task.session).writes
        return request_shown(_principals(task), question, registered, writes.read_by)

    def _request_digest(self, shown: Mapping[str, Any]) -> str:
        from inbounds.approvals.request import serialise_shown

        return digest(serialise_shown(shown), self.digest_key, self.digest_key_id)

    def holder(self) -> SigningKey:
        """Return the key that this guard holds its tasks by. It is never written down."""
        from inbounds.identity.signing_keys import SigningKey

        with self._lock:
            if self._holder is None:
                self._holder = SigningKey.generate()
            return self._holder

    def begin_session(
        self, key: SessionKey, *, fresh: bool, some_tool: str = "", trust: Trust = "trusted"
    ) -> None:
        """Begin a session, or make sure that one to go on with is there.

        Args:
            key: The session.
            fresh: Whether it begins now.
            some_tool: Any tool of the registry, for the labels that there are.
            trust: What it begins with, or is joined with.

        Raises:
            DecisionUnavailable: `session.lost`, or no answer came.
        """
        if fresh:
            deadline = clock.monotonic() + self.configuration.deadline
            lowest = self.registry.tool(some_tool, deadline=deadline).labels[0]
            self.sessions.create(key, begin_state(key.sid, lowest, trust))
        elif trust == "trusted":
            # One that is not there was lost, with its labels; it never begins anew.
            self.sessions.load(key)
        else:
            from .observation import expose

            expose(self, key, party="third", label=None)

    def observer(
        self,
        task: TaskAuthority,
        name: str,
        tool: Tool,
        arguments: Mapping[str, object],
        *,
        steered: Mapping[str, object] | None = None,
        decision: str = "",
        resource: Resource | None = None,
    ) -> Callable[..., None]:
        """Return what indexes the results of one call. See `SessionOrigins.observer`."""
        # A policy that does not name the store has not said which it is.
        store = tool.store or EVERY_STORE
        repeats = tool.stateless and self._may_repeat(task.session, tool, arguments)
        return self.origins.observer(
            task.session,
            name,
            tool,
            arguments,
            call=task.next_call(),
            is_tainted=lambda: repeats or self.is_tainted(task.session, store),
            steered=steered,
            decision=decision,
            resource=resource,
        )

    def _may_repeat(self, key: SessionKey, tool: Tool, arguments: Mapping[str, object]) -> bool:
        from inbounds.provenance.exposure import may_repeat

        def trusted() -> bool:
            try:
                return self.sessions.load(key).trust == "trusted"
            except Exception:  # noqa: BLE001 -- a store of the user's own; nobody says that it is
                return False

        return may_repeat(tool, arguments, self.origins.of(key), trusted=trusted)

    def is_tainted(self, key: SessionKey, store: str) -> bool:
        """Whether a store may hold a third party's words; it may where nobody says."""
        try:
            return is_tainted(self.sessions.load(key), store)
        except Exception:  # noqa: BLE001 -- a store of the user's own; the call has run
            # Nobody says that its result can be trusted.
            return True

    def observe(
        self,
        task: TaskAuthority,
        result: object,
        tool: str,
        arguments: Mapping[str, object] | None,
    ) -> None:
        """Index a result that came past the permits. See `observation.observe`."""
        from .observation import observe

        observe(self, task, result, tool, arguments)

    def observe_descriptors(
        self, key: SessionKey, listed: Mapping[str, tuple[Mapping[str, object], str]]
    ) -> None:
        """Index what a server says of its tools. See `observation.observe_descriptors`."""
        from .observation import observe_descriptors

        observe_descriptors(self, key, listed)

    def report(self, task: str) -> TaskReport:
        """Return whether a task stayed within bounds. See `Guard.report`."""
        from inbounds.evidence.report import report

        with suppress(DecisionUnavailable):  # the report then says what is missing
            self.dropped.write(self.evidence.executed)
        return report(self.evidence, task)

    def close(self) -> None:
        """Close what was made or given. A closed part answers nothing.

        What runs on the SDK's threads has some seconds to end before: it may record an outcome.
        """
        # Whoever uses no event loop has not loaded it.
        if (threads := sys.modules.get("inbounds.process.threads")) is not None:
            threads.wait_until_idle(_CLOSING)
        self.leases.close()
        try:
            self.dropped.write(self.evidence.executed)
        except DecisionUnavailable:
            # Without the traceback, in which values of an application's frames might stand.
            logger.error("the outcomes of permits that were dropped were not recorded")  # noqa: TRY400
        self.pdp.close()
        self.sessions.close()
        self.evidence.close()
        self.approvals.close()
        if self._development is not None:
            self._development.close()


def engine(pdp: PolicyDecisionPoint | None, configuration: Configuration) -> str:
    """Say in words what decides."""
    if pdp is not None:
        return f"the PDP it was given, `{pdp.name}`"
    return f"OPA at {configuration.pdp_url}" if configuration.pdp_url else "the embedded policy"


def _principals(task: TaskAuthority) -> dict[str, str]:
    return {
        "task": task.id,
        "tenant": task.session.tenant,
        "subject": task.session.subject,
        "agent": task.request.agent,
        "intent": task.request.intent,
    }


def _malformed(why: str) -> TokenInvalid:
    return TokenInvalid(why, code="issuance.malformed", hint="check the arguments of `guard.task`")


def _require_issuer(configuration: Configuration, home: Path) -> None:
    if (home / "issuer" / "issuer.json").exists():
        return
    from .issuer_missing import issuer_missing

    raise issuer_missing(configuration, home)


def _call_environment(given: CallEnvironmentOf | None) -> Callable[[], CallEnvironment]:
    if given is not None:
        from .call_environment import call_environment_of

        return call_environment_of(given)
    from inbounds.model.question import CallEnvironment

    nothing = CallEnvironment()
    return lambda: nothing


def pdp_of(configuration: Configuration, key: bytes) -> PolicyDecisionPoint:
    """Return the PDP that a configuration names.

    Args:
        configuration: What it is told.
        key: What the machine code of the embedded policy is sealed with where a home holds it.

    Raises:
        ConfigurationError: It cannot be made.
    """
    configuration.require_one_engine()
    if configuration.pdp_url:
        logger.info("decisions by OPA at %s", configuration.pdp_url)
        from inbounds.pdp.opa import OpaServer

        return OpaServer(
            configuration.pdp_url,
            token=configuration.pdp_token or None,
            verify=configuration.pdp_ca or True,
            cert=configuration.pdp_cert or None,
            cleartext=configuration.pdp_cleartext,
        )
    from inbounds.dev.deployment import document, load
    from inbounds.engine import assets
    from inbounds.engine.compiled import CompiledModules
    from inbounds.engine.embedded import EmbeddedPolicy
    from inbounds.live.head import empty_lists

    folder = configuration.deployment_folder
    policy = EmbeddedPolicy(
        configuration.bundle or assets.wasm_bundle(),
        key=configuration.bundle_key or assets.release_key(),
        deployment=lambda: document(load(folder)),
        live={"baseline": empty_lists()},
        compiled=CompiledModules.of(configuration.home, key),
    )
    if policy.holds_deployment:
        source = f"its own deployment, and nothing of {folder}"
    else:
        source = f"the deployment in {folder}"
    level = (
        logging.WARNING if policy.holds_deployment and configuration.deployment else logging.INFO
    )
    logger.log(level, "decisions by the embedded policy, %s, with %s", policy.revision, source)
    return policy


def _sessions(configuration: Configuration) -> SessionStore:
    if configuration.sessions in ("", "memory"):
        from inbounds.sessions.memory import MemorySessions

        return MemorySessions()
    if "://" in configuration.sessions:
        from inbounds.sessions.redis_address import is_url

        if is_url(configuration.sessions):
            from inbounds.sessions.redis import RedisSessions

            return RedisSessions(configuration.sessions)
    from inbounds.sessions.sqlite import SqliteSessions

    return SqliteSessions(configuration.sessions)


def _evidence(configuration: Configuration, key: bytes) -> EvidenceLog:
    from inbounds.evidence.log import SqliteEvidence

    path = configuration.evidence or configuration.home_folder / "evidence.sqlite"
    return SqliteEvidence(path, key=key)


def _leases(backends: Backends, **needed: Any) -> LeaseStore | NoLeases:
    if not backends:
        return NoLeases()
    from inbounds.credentials.store import LeaseStore

    return LeaseStore(backends, **needed)


def _approvals(configuration: Configuration, asks: ApprovalCallback | None) -> Approvals:
    if asks is not None or not configuration.approvals:
        return Approvals(asks, configuration.approval_wait)
    from inbounds.approvals.queue import ApprovalQueue

    return Approvals(ApprovalQueue(configuration.approvals), configuration.approval_wait)


def _nothing(_deadline: float) -> None:
    """Where the feed is somebody else's, the guard does nothing for it."""
