"""Credentials out of files and variables, for development and for nothing else."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inbounds.errors import LeaseUnavailable
from inbounds.files.regular_file import read_regular
from inbounds.process import clock

from .backend import Issued

if TYPE_CHECKING:
    from collections.abc import Callable

    from .backend import LeaseRequest

logger = logging.getLogger(__name__)

VARIABLE_PREFIX: Final = "INBOUNDS_DEVELOPMENT_CREDENTIAL_"
"""What the name of a variable begins with that holds a credential."""
_MOST: Final = 65_536
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", re.ASCII)


class DevelopmentCredentials:
    """A backend of static credentials that the user of this process can read anyway.

    A credential is the file of its name in `folder`, readable by its owner alone, or the variable
    `INBOUNDS_DEVELOPMENT_CREDENTIAL_<NAME>`, its name in capitals with `_` for `-` and `.`. Its
    value has one part, `secret`. Nothing is issued, so nothing can be revoked: a tool that kept it
    can use it for ever. A guard without a development issuer refuses it.

    Args:
        folder: Where the files are; without one, only variables are read.
    """

    development = True

    def __init__(self, folder: str | Path | None = None) -> None:
        self._folder = None if folder is None else Path(folder)
        logger.warning(
            "development credentials are in use: they are static, and outlive every task (%s)",
            self._folder or "variables",
        )

    def has(self, credential: str) -> bool:
        """Whether there is a file or a variable for it."""
        if _variable(credential) in os.environ:
            return True
        named = self._folder is not None and _NAME.fullmatch(credential)
        return bool(named) and (self._folder or Path()).joinpath(credential).exists()

    def issue(self, asked: LeaseRequest, kept: Callable[[str], None]) -> Issued:  # noqa: ARG002 -- nothing to revoke
        """Read a credential. See `LeaseBackend.issue`."""
        secret = self._read(asked.credential).rstrip("\r\n")
        if not secret:
            raise _none(asked.credential, "is empty")
        return Issued({"secret": secret}, int(clock.now()) + asked.seconds)

    def revoke(self, revocation: str, *, identity: str, deadline: float) -> None:
        """Do nothing: nothing was issued."""

    def _read(self, name: str) -> str:
        variable = _variable(name)
        if self._folder is None or variable in os.environ:
            return os.environ.get(variable, "")
        if not _NAME.fullmatch(name):
            # A name is the deployment's, and still no path.
            raise _none(name, "has a name that no file is read for")
        try:
            content, status = read_regular(self._folder / name, most=_MOST)
        except OSError as error:
            raise _none(name, f"cannot be read: {error.strerror}") from None
        if os.name == "posix" and status.st_mode & 0o077:
            raise _none(name, "can be read by others than its owner")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise _none(name, "is not UTF-8") from None

    def __repr__(self) -> str:
        return f"DevelopmentCredentials({str(self._folder or '')!r})"


def _variable(name: str) -> str:
    return VARIABLE_PREFIX + re.sub(r"[.-]", "_", name).upper()


def _none(name: str, why: str) -> LeaseUnavailable:
    return LeaseUnavailable(
        f"the development credential `{name}` {why}",
        code="lease.refused",
        hint="write it into the folder of `DevelopmentCredentials`, with mode 600, or into its "
        "variable",
    )
