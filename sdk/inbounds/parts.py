"""What a guard is made of, put together from its configuration."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import clock
from .errors import ConfigurationError, DecisionUnavailable, TokenInvalid
from .evidence.dropped import Dropped
from .identity import TaskRequest
from .locks import ProcessLock
from .obligations import Discharger
from .registry import Registry
from .sessions import MemorySessions
from .telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .config import Configuration
    from .development import Development
    from .evidence import EvidenceLog
    from .evidence.records import Executed
    from .identity import IdentityToken, Issuer
    from .models import CallEnvironment, Narrower
    from .obligations import Notify
    from .pdp import PolicyDecisionPoint
    from .sessions import SessionStore

    CallEnvironmentOf = Mapping[str, str] | Callable[[], Mapping[str, str]]
    """Where calls come from, or what says so at each call. Its one key is `network`."""

logger = logging.getLogger(__name__)

RENEW_WITHIN = 60
"""An identity token that has fewer seconds left than this is fetched again."""


@dataclass(slots=True, kw_only=True)
class Parts:
    """Everything one guard works with. Immutable but for the cached identity."""

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
    _development: Development | None = None
    _identity: IdentityToken | None = None
    _lifetime: float = 0.0
    _holder: dict[str, str] | None = None
    dropped: Dropped = field(init=False)
    _lock: ProcessLock = field(default_factory=ProcessLock)

    def __post_init__(self) -> None:
        self.dropped = Dropped(self._record_dropped)

    @classmethod
    def assemble(
        cls,
        configuration: Configuration,
        *,
        pdp: PolicyDecisionPoint | None,
        issuer: Issuer | None,
        sessions: SessionStore | None,
        evidence: EvidenceLog | None,
        notify: Notify | None,
        call_environment: CallEnvironmentOf | None,
    ) -> Parts:
        """Make what was not given, as the configuration says.

        Raises:
            ConfigurationError: Something is missing or cannot be used.
        """
        from .development import Development
        from .evidence.keys import deployment_key, key_id, require_tenant, subkey

        home = configuration.home_folder
        development = None
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
                    f"nobody has said which `{name}` this is",
                    code="configuration.incomplete",
                    hint=f"Guard({name}=…) or INBOUNDS_{name.upper()}",
                )
        key = deployment_key(home / "deployment.key")
        require_tenant(home / "tenant", names["tenant"])
        if pdp is None:
            pdp = _pdp(configuration, subkey(key, "compiled"))
        digest_key = subkey(key, "digest")
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
            registry=Registry(pdp),
            digest_key=digest_key,
            digest_key_id=key_id(digest_key),
            refresh_live=development.refresher(pdp) if development else _nothing,
            call_environment=_call_environment(call_environment),
            _development=development,
            agent=names["agent"],
            tenant=names["tenant"],
            environment=names["environment"],
            pep=names["pep"],
        )

    def request(
        self, intent: str, *, subject: str, sid: str, narrower: Narrower, seconds: int
    ) -> TaskRequest:
        """Say what a task of this guard asks for.

        Raises:
            TokenInvalid: `issuance.malformed`: subject, session or intent is no name, or the
                seconds are no whole number of them.
        """
        for what, name in (("subject", subject), ("session", sid), ("intent", intent)):
            if type(name) is not str or not 0 < len(name) <= 256 or not name.isprintable():
                raise _malformed(f"the {what} is no text of 1 to 256 printable signs")
        if type(seconds) is not int or not 0 < seconds < 2**53:
            raise _malformed("the seconds are no whole number above 0")
        return TaskRequest(
            subject=subject,
            agent=self.agent,
            intent=intent,
            tenant=self.tenant,
            environment=self.environment,
            sid=sid,
            narrower=narrower,
            seconds=seconds,
            holder=self._holder_key(),
        )

    def identity(self, agent: str) -> str:
        """Return an identity token that is good for a while longer."""
        with self._lock:
            # Issued by a clock that has gone back since, it would be one of the future.
            left = self._identity.expires - clock.now() if self._identity else 0
            if self._identity is None or not RENEW_WITHIN <= left <= self._lifetime:
                self._identity = self.issuer.identity(agent)
                self._lifetime = self._identity.expires - clock.now()
            return self._identity.token

    def close(self) -> None:
        """Close what was made or given. A closed part answers nothing."""
        try:
            self.dropped.write()
        except DecisionUnavailable:
            # Without the traceback, in which values of an application's frames might stand.
            logger.error("the outcomes of permits that were dropped were not recorded")  # noqa: TRY400
        self.pdp.close()
        self.sessions.close()
        self.evidence.close()
        if self._development is not None:
            self._development.close()

    def _record_dropped(self, outcome: Executed) -> None:
        self.evidence.executed(outcome)

    def _holder_key(self) -> dict[str, str]:
        from .issuer.keys import SigningKey

        with self._lock:
            if self._holder is None:
                # The private half is dropped: no call carries a proof of possession yet.
                self._holder = SigningKey.draw().public
            return self._holder


def _malformed(why: str) -> TokenInvalid:
    return TokenInvalid(
        why, code="issuance.malformed", hint="see what the program begins the task with"
    )


def _require_issuer(configuration: Configuration, home: Path) -> None:
    if (home / "issuer" / "issuer.json").exists():
        return
    deployment = configuration.deployment_folder
    if home.name == ".inbounds":
        looked = f"in {home / 'issuer'}"
    elif configuration.home:
        looked = f"in {home / 'issuer'}, as INBOUNDS_HOME says"
    else:
        looked = f"in ./.inbounds, which is not there, and in {home / 'issuer'}"
    there = "is there" if deployment.is_dir() else "is not there either"
    shown = deployment if deployment.is_absolute() else f"./{deployment}"
    raise ConfigurationError(
        f"there is no development issuer: looked {looked}; the deployment {shown} {there}",
        code="configuration.issuer_missing",
        hint="`inbounds init app.py`, with the file of your tools, makes both here; or run where "
        "they are, or name them: INBOUNDS_HOME, INBOUNDS_DEPLOYMENT; in production, `issuer=`",
    )


def _call_environment(given: CallEnvironmentOf | None) -> Callable[[], CallEnvironment]:
    """Return what says, at each call, where it comes from.

    Raises:
        ConfigurationError: What was given says something that the question has no place for.
    """
    from .models import CallEnvironment

    def read(said: Mapping[str, str]) -> CallEnvironment:
        return CallEnvironment.model_validate(dict(said))

    if callable(given):

        def ask() -> CallEnvironment:
            try:
                return read(given())
            except Exception as error:  # noqa: BLE001 -- a function of the user's may raise anything
                raise DecisionUnavailable(
                    f"`call_environment` failed with {type(error).__name__}",
                    code="environment.unknown",
                    hint=_NETWORK,
                ) from None

        return ask
    try:
        fixed = read(given or {})
    except (TypeError, ValueError):
        raise ConfigurationError(
            "`call_environment` says what the question has no place for",
            code="configuration.call_environment",
            hint=_NETWORK,
        ) from None
    return lambda: fixed


_NETWORK = 'it says where a call comes from: {"network": "office"}, or is a function that says so'


def _pdp(configuration: Configuration, key: bytes) -> PolicyDecisionPoint:
    configuration.require_one_engine()
    if configuration.pdp_url:
        logger.info("decisions by OPA at %s", configuration.pdp_url)
        from .pdp.opa import OpaServer

        return OpaServer(
            configuration.pdp_url,
            token=configuration.pdp_token or None,
            verify=configuration.pdp_ca or True,
            cert=configuration.pdp_cert or None,
            cleartext=configuration.pdp_cleartext,
        )
    from . import assets
    from .deployment import document, load
    from .live.head import empty_lists
    from .pdp.compiled import CompiledModules
    from .pdp.embedded import EmbeddedPolicy

    folder = configuration.deployment_folder
    policy = EmbeddedPolicy(
        configuration.bundle or assets.wasm_bundle(),
        key=configuration.bundle_key or assets.release_key(),
        deployment=lambda: document(load(folder)),
        live={"baseline": empty_lists()},
        compiled=CompiledModules(configuration.home_folder / "compiled", key=key),
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
        return MemorySessions()
    from .sessions_sqlite import SqliteSessions

    return SqliteSessions(configuration.sessions)


def _evidence(configuration: Configuration, key: bytes) -> EvidenceLog:
    from .evidence.log import SqliteEvidence

    path = configuration.evidence or configuration.home_folder / "evidence.sqlite"
    return SqliteEvidence(path, key=key)


def _nothing(_deadline: float) -> None:
    """Where the feed is somebody else's, the guard does nothing for it."""
