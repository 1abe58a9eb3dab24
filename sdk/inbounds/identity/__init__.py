"""Who runs and what was approved, as signed tokens. The policy verifies them; nothing here does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.lazy import lazy_names

from .token import IdentityToken, TaskGrant, TaskRequest

if TYPE_CHECKING:
    from .issuer import Caller as Caller
    from .issuer import ForCaller as ForCaller
    from .issuer import IdentityProvider as IdentityProvider
    from .issuer import Issuer as Issuer
    from .issuer import Rotating as Rotating

__all__ = [
    "Caller",
    "ForCaller",
    "IdentityProvider",
    "IdentityToken",
    "Issuer",
    "Rotating",
    "TaskGrant",
    "TaskRequest",
]

# What an issuer is, only who writes one asks.
__getattr__ = lazy_names(
    __name__,
    dict.fromkeys(("Caller", "ForCaller", "IdentityProvider", "Issuer", "Rotating"), ".issuer"),
)
