"""What a bundle says of where it comes from: its revision and its place in time."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import files_in, read_regular

FILE = "provenance.json"
"""What a copy of sources outside git carries along, in its folder: `described`, `sequence`."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one folder of sources stands in its history.

    Attributes:
        described: `git describe --always --dirty`, or "0" outside git.
        sequence: Unix seconds: of the last commit where nothing has changed since, else of
            the newest file.
    """

    described: str
    sequence: int

    def render(self) -> str:
        """Return the text of a `provenance.json`."""
        return json.dumps({"described": self.described, "sequence": self.sequence}) + "\n"


def of(folder: Path) -> Provenance:
    """Return the provenance of the sources in `folder`."""
    carried = folder / FILE
    if carried.exists():
        try:
            said = json.loads(read_regular(carried)[0].decode("utf-8"))
            return Provenance(str(said["described"]), int(said["sequence"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"{carried} cannot be read", code="bundle.provenance"
            ) from error

    described = _git(folder, "describe", "--always", "--dirty")
    if not described or not _git(folder, "ls-files", "--", "."):
        return Provenance("0", _newest(folder))
    clean = not _git(folder, "status", "--porcelain", "--", ".")
    committed = _git(folder, "log", "-1", "--format=%ct", "--", ".")
    sequence = int(committed) if clean and committed else _newest(folder)
    return Provenance(re.sub(r"[^A-Za-z0-9._-]", "-", described), sequence)


def sequence(parts: Iterable[Provenance], environ: Mapping[str, str] | None = None) -> int:
    """Return the place in time of what is built from `parts`, in Unix seconds.

    `SOURCE_DATE_EPOCH` wins (https://reproducible-builds.org/specs/source-date-epoch/).
    """
    environ = os.environ if environ is None else environ
    said = environ.get("SOURCE_DATE_EPOCH", "")
    if said:
        if not said.isascii() or not said.isdigit():
            raise ConfigurationError(
                "SOURCE_DATE_EPOCH must be a number of seconds", code="bundle.source_date_epoch"
            )
        return int(said)
    return max((part.sequence for part in parts), default=0)


def _newest(folder: Path) -> int:
    return max((int(path.stat().st_mtime) for path in files_in(folder)), default=0)


def _git(folder: Path, *arguments: str) -> str:
    """What git says, or "" where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
