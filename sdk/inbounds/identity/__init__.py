"""Who runs and what was approved, as signed tokens. The policy verifies them; nothing here does."""

from .issuer import Caller, ForCaller, Issuer, TaskGrant, TaskRequest
from .token import IdentityProvider, IdentityToken, Rotating

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
