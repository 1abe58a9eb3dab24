"""The state of sessions: its stores, and which conversation belongs to which session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .store import Binding, ConversationKey, SessionKey

if TYPE_CHECKING:
    from .protocol import SessionStore as SessionStore

__all__ = ["Binding", "ConversationKey", "SessionKey", "SessionStore"]


def __getattr__(name: str) -> Any:
    # What a store is, only who writes one asks.
    if name != "SessionStore":
        raise AttributeError(name)
    from .protocol import SessionStore

    return SessionStore
