"""The leases of a guard that has no backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from inbounds.credentials.task_authority import TaskAuthority


class NoLeases:
    """Holds no lease and can get none. It stands where `LeaseStore` would, and loads nothing."""

    def lease(self, _task: TaskAuthority, _credential: str) -> NoReturn:
        """Refuse to lease.

        Raises:
            ConfigurationError: `configuration.lease_backend`.
        """
        raise no_backend()

    def ready(self, _task: TaskAuthority, _tool: str, _deadline: float) -> None:
        """Lease nothing: the policy says whether the tool needs a lease."""

    def named(self, _task: TaskAuthority, _tool: str, _credential: str) -> list[dict[str, Any]]:
        """Return no leases."""
        return []

    def release(self, hop: str, *, wait: bool = True) -> None:
        """Do nothing: no lease is held."""

    def close(self) -> None:
        """Do nothing: no lease is held."""


def no_backend() -> ConfigurationError:
    """Return the error of a credential that no backend of the guard leases."""
    return ConfigurationError(
        "nothing leases a credential of this name",
        code="configuration.lease_backend",
        hint="give the guard a backend that has it: Guard(leases=…)",
    )
