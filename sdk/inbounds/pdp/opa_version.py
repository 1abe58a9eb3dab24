"""Which versions of Open Policy Agent are taken."""

from __future__ import annotations

import re

SUPPORTED = ((1, 21, 3), (2,))
"""From the first on, below the second.

Before 1.21.3 OPA applied an unsigned delta in the place of a signed bundle (GHSA-g2pf-6v5v-qcc8),
and before 1.21.2 its authorizer read an encoded path otherwise than the API behind it did.
"""

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")


def parse(said: str) -> tuple[int, ...]:
    """Return the numbers of a version such as `1.22.2`; () if it is not a version."""
    found = _VERSION.match(said)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def supported(version: tuple[int, ...]) -> bool:
    """Whether a version is within the range."""
    lowest, beyond = SUPPORTED
    return lowest <= version < beyond


def described() -> str:
    """Return the range for people: `≥ 1.21.3, < 2`."""
    lowest, beyond = (".".join(map(str, bound)) for bound in SUPPORTED)
    return f"≥ {lowest}, < {beyond}"
