"""What a guard is made of, put together from its configuration."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import clock
from .errors import ConfigurationError
from .identity import TaskRequest
from .obligations import Discharger, log_notice
from .registry import Registry
from .sessions import MemorySessions
from .telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import Configuration
    from .development import Development
    from .evidence import EvidenceLog
    from .identity import IdentityToken, Issuer
    from .models import Narrower
    from .obligations import Notify
    from .pdp import PolicyDecisionPoint
    from .sessions import SessionStore

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
    digest_key: bytes
    digest_key_id: str
    agent: str
    tenant: str
    environment: str
    pep: str
    refresh_live: Callable[[], None]
    _development: Development | None = None
    _identity: IdentityToken | None = None
    _holder: dict[str, str] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

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
    ) -> Parts:
        """Make what was not given, as the configuration says.

        Raises:
            ConfigurationError: Something is missing or cannot be used.
        """
        from .development import Development
        from .evidence.keys import deployment_key, key_id, subkey

        home = configuration.home_folder
        development = None
        if issuer is None:
            development = Development(home / "issuer")
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
            discharger=Discharger(notify or log_notice),
            registry=Registry(pdp),
            digest_key=digest_key,
            digest_key_id=key_id(digest_key),
            refresh_live=development.refresher(pdp) if development else _nothing,
            _development=development,
            agent=names["agent"],
            tenant=names["tenant"],
            environment=names["environment"],
            pep=names["pep"],
        )

    def request(
        self, intent: str, *, subject: str, sid: str, narrower: Narrower, seconds: int
    ) -> TaskRequest:
        """Say what a task of this guard asks for."""
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
            if self._identity is None or self._identity.expires - clock.now() < RENEW_WITHIN:
                self._identity = self.issuer.identity(agent)
            return self._identity.token

    def close(self) -> None:
        """Close what was made or given. A closed part answers nothing."""
        self.pdp.close()
        self.sessions.close()
        self.evidence.close()
        if self._development is not None:
            self._development.close()

    def _holder_key(self) -> dict[str, str]:
        from .issuer.keys import SigningKey

        with self._lock:
            if self._holder is None:
                # The private half is dropped: no call carries a proof of possession yet.
                self._holder = SigningKey.draw().public
            return self._holder


def _pdp(configuration: Configuration, key: bytes) -> PolicyDecisionPoint:
    if configuration.pdp_url:
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

    return EmbeddedPolicy(
        configuration.bundle or assets.wasm_bundle(),
        key=configuration.bundle_key or assets.release_key(),
        deployment=document(load(configuration.deployment_folder)),
        live={"baseline": empty_lists()},
        compiled=CompiledModules(configuration.home_folder / "compiled", key=key),
    )


def _sessions(configuration: Configuration) -> SessionStore:
    if configuration.sessions in ("", "memory"):
        return MemorySessions()
    from .sessions_sqlite import SqliteSessions

    return SqliteSessions(configuration.sessions)


def _evidence(configuration: Configuration, key: bytes) -> EvidenceLog:
    from .evidence.log import SqliteEvidence

    path = configuration.evidence or configuration.home_folder / "evidence.sqlite"
    return SqliteEvidence(path, key=key)


def _nothing() -> None:
    """Where the feed is somebody else's, the guard does nothing for it."""
