"""One thing that was found in a deployment, with its place."""

from __future__ import annotations

from dataclasses import dataclass

from .check import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found.

    Attributes:
        code: Of the check.
        severity: How bad it is.
        file: The file of the deployment.
        line: The line in it; 0 where it cannot be told.
        path: The keys and indices from the top of the file, joined by dots.
        what: What was found.
        why: What comes of it.
        now: What to do about it.
        allowed: The reason for which a comment allows it, or "".
    """

    code: str
    severity: Severity
    file: str
    line: int
    path: str
    what: str
    why: str
    now: str
    allowed: str = ""

    @property
    def place(self) -> str:
        """The file and, where it can be told, the line."""
        return f"{self.file}:{self.line}" if self.line else self.file
