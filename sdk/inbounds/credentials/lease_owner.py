"""Whose a lease is: an owner lives while it holds the lock on a file that is named by its own id.

The system gives the lock up with the process, however that ends. A process id and a hostname say
nothing of that: containers have the same ones, and a process that begins may get those of one that
is gone.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, BinaryIO

from inbounds.files.appended_file import open_appended
from inbounds.files.trees import remove_file
from inbounds.process.ids import uuid7
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from pathlib import Path


class LeaseOwner:
    """One guard among the owners of the leases of one outbox.

    Args:
        outbox: The file of the outbox; those of the owners lie beside it.
    """

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox
        self._lock = ProcessLock()
        self._id = ""
        self._closed = False

    def live(self) -> str:
        """Return the id of this guard, which holds the lock from here on; a child has its own.

        Raises:
            OSError: The lock cannot be taken, or the guard is closed.
        """
        with self._lock:
            if self._closed:
                raise OSError(errno.EBADF, "the outbox of leases is closed")
            if self._id not in _held:
                identity = uuid7()
                _held[identity] = _locked(self._file(identity))
                self._id = identity
            return self._id

    def is_me(self, identity: str) -> bool:
        """Whether this is the id of this guard, in this process."""
        return identity == self._id and identity in _held

    def is_alive(self, identity: str) -> bool:
        """Whether an owner lives; where nobody can tell, it does."""
        # To open and close its file would give up the lock that this process holds.
        if identity in _held:
            return True
        try:
            file = self._file(identity)
            if not file.exists():
                return False
            if not hasattr(os, "lockf"):
                return True
            _locked(file).close()
            remove_file(file)
        except ValueError:  # no owner has such a name
            return False
        except OSError:
            return True
        return False

    def close(self) -> None:
        """Live no more: what this guard leaves behind is another's."""
        with self._lock:
            self._closed = True
            held = _held.pop(self._id, None)
        if held is not None:  # else it is the parent's
            held.close()
            with contextlib.suppress(OSError):
                remove_file(self._file(self._id))

    def _file(self, identity: str) -> Path:
        return self._outbox.with_name(f"{self._outbox.name}.{identity}")


_held: dict[str, BinaryIO] = {}
"""The owners of this process, each with the file whose lock it holds."""


def _locked(path: Path) -> BinaryIO:
    file = open_appended(path)
    try:
        if hasattr(os, "lockf"):
            # Of the process, and not of the open file: a child that is forked does not hold it.
            os.lockf(file.fileno(), os.F_TLOCK, 0)
    except BaseException:
        file.close()
        raise
    return file


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_held.clear)
