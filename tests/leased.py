"""A deployment whose tools need leased credentials, and a backend that keeps count."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from inbounds import LeaseUnavailable
from inbounds.credentials import Issued, LeaseRequest
from inbounds.process import clock
from inbounds.testing import PolicyUnderTest, small_deployment

SECRET = "geheimnisvogel"
"""What no one but the tool may ever see."""


class Shelf:
    """Leases what it makes up, and remembers what was taken and given back.

    Attributes:
        issued: What was asked for, in order.
        revoked: What was given back, in order.
        identities: Who gave it back.
        down: Whether nothing can be had or given back.
        before, after: What is done before anything is kept, and once it is.
    """

    development = False

    def __init__(self, seconds: int = 3600, names: tuple[str, ...] = ("mail-store",)) -> None:
        self.seconds = seconds
        self.names = names
        self.issued: list[LeaseRequest] = []
        self.revoked: list[str] = []
        self.identities: list[str] = []
        self.down = False
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def has(self, credential: str) -> bool:
        return credential in self.names

    def issue(self, asked: LeaseRequest, kept: Callable[[str], None]) -> Issued:
        self.before()
        self._require_up()
        with self._lock:
            self.issued.append(asked)
            number = len(self.issued)
        kept(f"accessor-{number}")
        self.after()
        return Issued({"password": f"{SECRET}-{number}"}, int(clock.now()) + self.seconds)

    def revoke(self, revocation: str, *, identity: str, deadline: float) -> None:
        self._require_up()
        with self._lock:
            self.revoked.append(revocation)
            self.identities.append(identity)

    def _require_up(self) -> None:
        if self.down:
            raise LeaseUnavailable("the shelf is down", code="lease.unreachable")


def changes(**tools: Any) -> dict[str, Any]:
    """What a deployment says besides: mail is read with the lease of `mail-store`."""
    deployment = small_deployment()
    placed = {"tenant": "acme", "environment": "development"}
    agents = deployment["agents"]
    for agent in agents.values():
        agent["manifest"]["tools"].append("credential.lease")
    intent = deployment["intents"]["correspond"]
    return {
        "tools": {
            **deployment["tools"],
            "mail.read": {**deployment["tools"]["mail.read"], "credential": "mail-store"},
            "credential.lease": {
                "effects": ["read"],
                "resource": "lease",
                "arguments": {"/credential": {"kind": "id", "required": True}},
                "returns": {"label": "public", "party": "first"},
                **placed,
            },
            **tools,
        },
        "agents": agents,
        "labels": {
            **deployment["labels"],
            "resources": {**deployment["labels"]["resources"], "lease": {"label": "public"}},
        },
        "intents": {
            "correspond": {
                **intent,
                "tools": [*intent["tools"], "credential.lease"],
                "resources": [*intent["resources"], {"type": "lease", "prefixes": ["mail-"]}],
            }
        },
    }


def leased(folder: Any, backends: Any, *, part: str = "password", **more: Any) -> PolicyUnderTest:
    """A policy under test whose guard leases from `backends`; `lent` has what `mail.read` had."""
    from inbounds.credentials import current

    policy = PolicyUnderTest(folder, {**changes(), **more}, leases=backends)

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> int:
        policy.lent.append(current("mail-store").value[part])  # type: ignore[attr-defined]
        return len(policy.lent)  # type: ignore[attr-defined]

    policy.lent = []  # type: ignore[attr-defined]
    return policy
