"""The key of a deployment that makes digests and signs the evidence log."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Literal

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import make_folder, write_file

_SIZE = 32
Purpose = Literal["compiled", "digest", "evidence"]


def deployment_key(path: str | Path) -> bytes:
    """The 32 random bytes in `path`; generated and written on first use, for the owner alone.

    Several processes may ask at once; all get the same key.

    Raises:
        ConfigurationError: Not writable or readable, not a key, or readable by others.
    """
    path = Path(path)
    try:
        if not path.exists():
            _place(path, secrets.token_bytes(_SIZE))
        return _read(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path.name} cannot be read or made: {error.strerror}",
            code="configuration.key_unreadable",
            hint=f"let this user, and no other, read {path}",
        ) from error


def require_tenant(path: str | Path, tenant: str) -> None:
    """Make sure that the state beside the file at `path` is this tenant's.

    The key there makes digests and signs evidence, so it is never two tenants'. On first use the
    folder becomes this tenant's.

    Raises:
        ConfigurationError: `configuration.other_tenant`; or the file cannot be read or made.
    """
    path = Path(path)
    try:
        if not path.exists():
            _place(path, tenant.encode("utf-8", "surrogatepass"))
        owner = read_regular(path)[0].decode("utf-8", "replace")
    except OSError as error:
        raise ConfigurationError(
            f"whose state {path.parent} is cannot be read or noted: {error.strerror}",
            code="configuration.not_writable",
            hint=f"let this user read and write {path}",
        ) from error
    if owner != tenant:
        raise ConfigurationError(
            f"{path.parent} is the state of the tenant `{owner}`, and this guard is `{tenant}`'s",
            code="configuration.other_tenant",
            hint="give each tenant a folder of its own: INBOUNDS_HOME, or Guard(home=…)",
        )


def subkey(key: bytes, purpose: Purpose) -> bytes:
    """A key for one purpose, from which neither `key` nor another purpose's can be had.

    One block of HKDF-Expand with SHA-256 (RFC 5869 §2.3); `key` is uniformly random, so the
    extract step may be left out (§3.3).
    """
    return hmac.digest(key, b"inbounds " + purpose.encode() + b" v1\x01", "sha256")


def key_id(key: bytes) -> str:
    """Eight hex digits that tell keys apart and say nothing about them."""
    return hmac.digest(key, b"inbounds key id", "sha256").hex()[:8]


def _place(path: Path, content: bytes) -> None:
    make_folder(path.parent, mode=0o700)
    with contextlib.suppress(FileExistsError):  # another process was first
        write_file(path, content, mode=0o600, exclusive=True)


def _read(path: Path) -> bytes:
    key, status = read_regular(path, most=_SIZE + 1)
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigurationError(
            f"{path.name} can be read by others",
            code="configuration.key_exposed",
            hint=f"chmod 600 {path}, and generate another key if others did read it",
        )
    if len(key) != _SIZE:
        raise ConfigurationError(
            f"{path.name} is not a key of {_SIZE} bytes",
            code="configuration.key_malformed",
            hint="bring the key back; without it the evidence log cannot be verified",
        )
    return key
