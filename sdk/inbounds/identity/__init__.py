"""Who runs and what was approved, as signed tokens. The policy verifies them; nothing here does."""

from .issuer import Issuer, TaskGrant, TaskRequest
from .token import IdentityProvider, IdentityToken, Rotating

__all__ = [
    "IdentityProvider",
    "IdentityToken",
    "Issuer",
    "Rotating",
    "TaskGrant",
    "TaskRequest",
]
