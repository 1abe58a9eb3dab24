"""A credential for one task."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn, Self

from inbounds.errors import LeaseUnavailable
from inbounds.process import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from .backend import Issued


class Lease:
    """A credential that is leased for one task, and revoked when the task ends.

    As a context manager it is given back with the block. It is one process's, and is never
    copied, pickled or shown.

    Attributes:
        handle: What records, questions and logs call it; worth nothing to anybody.
        credential: The name of the credential.
        task: The `ends` of the task: its id and those of all hops down to this one.
        expires: When it ends at the latest, Unix seconds.
    """

    __slots__ = ("_issued", "_process", "_revoke", "credential", "expires", "handle", "task")

    def __init__(
        self,
        *,
        handle: str,
        credential: str,
        task: str,
        expires: int,
        issued: Issued,
        revoke: Callable[[Lease], None],
    ) -> None:
        self.handle = handle
        self.credential = credential
        self.task = task
        self.expires = expires
        self._issued: Issued | None = issued
        self._revoke = revoke
        self._process = os.getpid()

    @property
    def live(self) -> bool:
        """Whether it can be used: it is this process's, was not given back and has not ended."""
        mine = self._issued is not None and self._process == os.getpid()
        return mine and clock.now() < self.expires

    @property
    def value(self) -> dict[str, str]:
        """The secret, by what its parts are called; a copy of it, to be kept nowhere.

        Raises:
            LeaseUnavailable: `lease.over`: it was given back, has ended, or is another process's.
        """
        issued = self._issued
        if issued is None or not self.live:
            raise LeaseUnavailable(
                f"the lease {self.handle} is over",
                code="lease.over",
                hint="lease the credential again, under a task that is not over",
            )
        return dict(issued.value)

    def close(self) -> None:
        """Give it back. Where that fails it is tried again until it succeeds; nothing is raised."""
        self.forget()
        self._revoke(self)

    def forget(self) -> None:
        """Let go of the secret in this process, without giving it back."""
        self._issued = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a lease is one process's and one task's: it cannot be copied")

    def __repr__(self) -> str:
        state = "live" if self.live else "over"
        return f"Lease({self.credential!r}, {self.handle!r}, {state})"
