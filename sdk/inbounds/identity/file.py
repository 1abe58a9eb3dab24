"""An identity that something else keeps fresh in a file, as Kubernetes does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inbounds.errors import DecisionUnavailable
from inbounds.files.regular_file import read_regular

from .compact import MOST, read_compact, unusable
from .token import IdentityToken

if TYPE_CHECKING:
    from os import stat_result


class FileIdentity:
    """Reads the agent's token from a file, and again once the file is another.

    For Kubernetes' projected service account tokens (`serviceAccountToken` volumes), the files
    that spiffe-helper writes, and the like. The path may lead through symbolic links, which
    Kubernetes turns to the next token. Thread-safe; a forked child reads for itself.

    Args:
        path: The file: one compact JWT, with or without a line break at its end.

    Source: https://kubernetes.io/docs/concepts/storage/projected-volumes/
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._seen: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def identity(self, agent: str) -> IdentityToken:  # noqa: ARG002 -- the policy says whose it is
        """Return the token in the file. See `IdentityProvider.identity`.

        Args:
            agent: Who is to run; the policy compares it with the token.

        Raises:
            DecisionUnavailable: `identity.unreachable`: the file cannot be read;
                `identity.unusable`: it holds no token, or one that has expired.
        """
        source = f"in {self.path}"
        try:
            content, status = read_regular(self.path, most=MOST + 3)
        except OSError as error:
            raise DecisionUnavailable(
                f"the agent's identity {source} cannot be read: {error.strerror}",
                code="identity.unreachable",
                hint="see that the volume is mounted, and may be read by this user",
            ) from None
        try:
            text = content.decode("ascii").strip("\r\n")
        except UnicodeDecodeError:
            raise unusable(
                source, "it is not text of ASCII", "check the program that writes the file"
            ) from None
        expires = read_compact(text, source).expires
        self._seen = _mark(status)
        return IdentityToken(text, expires)

    def rotated(self) -> bool:
        """Whether the path leads to another file, or what is in it was changed."""
        try:
            return _mark(os.stat(self.path)) != self._seen  # noqa: PTH116 -- costs half of Path.stat
        except OSError:
            return True


def _mark(status: stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
