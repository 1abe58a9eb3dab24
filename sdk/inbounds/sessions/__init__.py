"""The state of sessions: its stores, and which conversation belongs to which session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.lazy import lazy_names

from .store import Binding, ConversationKey, SessionKey

if TYPE_CHECKING:
    from .protocol import SessionStore as SessionStore

__all__ = ["Binding", "ConversationKey", "SessionKey", "SessionStore"]

# What a store is, only who writes one asks.
__getattr__ = lazy_names(__name__, {"SessionStore": ".protocol"})
