"""What is looked for: a check, and the places it finds.

A check is the one description of its code: the table of the documentation comes from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from inbounds.model.deployment import Deployment

Severity = Literal["error", "warning", "note"]
"""`error`: lets something through that nobody meant. `warning`: most likely a mistake. `note`:
worth knowing, and nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a deployment where a check has found something.

    Attributes:
        field: The field, which is the file `<field>.yaml`.
        path: The keys and indices from the top of the file.
        what: What was found there; names, and never a key or a token.
    """

    field: str
    path: tuple[Any, ...]
    what: str


Look = Callable[[Deployment], Iterable[Place]]


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of finding.

    Attributes:
        code: `<family>.<fault>`, for good.
        severity: How bad it is.
        title: The fault, in a few words.
        why: What comes of it.
        now: What to do about it.
        look: Yields every place of a deployment that has it.
    """

    code: str
    severity: Severity
    title: str
    why: str
    now: str
    look: Look


def check(code: str, severity: Severity, *, title: str, why: str, now: str) -> Callable[..., Check]:
    """Return a decorator that makes a check of the function that looks; see `Check`."""

    def made(look: Look) -> Check:
        return Check(code, severity, title, why, now, look)

    return made
