"""The state of sessions: its stores, and which conversation belongs to which session."""

from __future__ import annotations

from .store import Binding, ConversationKey, SessionKey, SessionStore

__all__ = ["Binding", "ConversationKey", "SessionKey", "SessionStore"]
