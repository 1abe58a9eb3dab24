"""What leases credentials and takes them back: a secrets engine, or a folder for development."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inbounds.model.claims import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequest:
    """What is asked of a backend.

    Attributes:
        credential: The name of the credential, as the deployment has it.
        task: The id of the task that it is for and, in a delegated task, the ids of all hops down
            to this one, joined by `/`.
        seconds: How long it has to hold at most.
        deadline: When to give up, in seconds on `clock.monotonic`.
        identity: Who asks, a compact JWT. Never shown.
        task_token: What the task's issuer approved, a compact JWT. Never shown.
        agent: Who that is, as the deployment has it; "" where nobody says.
        subject: Whose task it is, as the deployment has it; "" where nobody says.
        authority: The authority of the task, or what is left of it in this hop; None where nobody
            says, which grants nothing.
    """

    credential: str
    task: str
    seconds: int
    deadline: float
    identity: str = field(repr=False)
    task_token: str = field(repr=False)
    agent: str = ""
    subject: str = ""
    authority: Authority | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential, and when it ends by itself.

    Attributes:
        value: The secret, by what its parts are called, such as `username` and `password`.
        expires: Unix seconds.
    """

    value: Mapping[str, str] = field(repr=False)
    expires: int


class LeaseBackend(Protocol):
    """Leases credentials: one of those of this package, or one of your own. Thread-safe."""

    @property
    def development(self) -> bool:
        """Whether it is for development alone: refused without a development issuer."""
        ...

    def has(self, credential: str) -> bool:
        """Whether it leases a credential of this name."""
        ...

    def issue(self, asked: LeaseRequest, kept: Callable[[str], None]) -> Issued:
        """Lease a credential.

        Args:
            asked: What for, for whom, for how long.
            kept: Takes what `revoke` needs to know, as soon as there is anything to revoke and
                before anything that may fail after it. It is written down where others may read
                it, so it must not be a secret that stands for the credential. It is durable when
                this returns; of several, the last counts.

        Raises:
            LeaseUnavailable: `lease.unreachable`, `lease.refused` or `lease.unusable`.
        """
        ...

    def revoke(self, revocation: str, *, identity: str, deadline: float) -> None:
        """Take a credential back, and end what was opened with it. One that is gone is not a fault.

        Args:
            revocation: What `issue` has had kept.
            identity: Who asks, a compact JWT.
            deadline: When to give up, in seconds on `clock.monotonic`.

        Raises:
            LeaseUnavailable: It may hold still.
        """
        ...
