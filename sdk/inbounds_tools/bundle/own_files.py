"""Which files a bundle of each kind holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from inbounds.engine.bundle import SignedBundle

OF_EACH: Final = frozenset({".manifest", "data.json"})
"""What a bundle of every kind holds."""
_HELD: Final[Mapping[str, re.Pattern[str]]] = {
    "rego": re.compile(r"(?:inbounds|system)/.+\.rego", re.DOTALL),
    "wasm": re.compile(r"policy\.wasm"),
    "site": re.compile(r"site/.+\.rego", re.DOTALL),
    "deployment": re.compile(r"(?!)"),
    "live": re.compile(r"(?!)"),
}
"""What a bundle of each kind holds beside its manifest and its `data.json`."""


def require_own_files(bundle: SignedBundle) -> None:
    """Refuse a file that no bundle of this kind holds: OPA would load Rego from any of them.

    Raises:
        ConfigurationError: `bundle.malformed`. A kind that is not known holds what it likes.
    """
    kind = str(bundle.metadata.get("artefact"))
    held = _HELD.get(kind)
    strange = held and {
        name for name in bundle.files if name not in OF_EACH and not held.fullmatch(name)
    }
    if strange:
        raise ConfigurationError(
            f"a bundle of the kind `{kind}` must not hold `{min(strange)}`",
            code="bundle.malformed",
            hint="fetch it again, or build it again with `inbounds bundle build`",
        )
