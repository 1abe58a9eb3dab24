"""Sessions in the memory of one process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from inbounds.model.question import SessionState

from .store import (
    Binding,
    ConversationKey,
    FairLocks,
    SessionKey,
    forget_in_children,
    require_successor,
    session_exists,
    session_lost,
    session_unreachable,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class MemorySessions:
    """Sessions of this process. They end with it.

    A forked child starts with none of its parent's sessions: both would spend the same
    budget. Beyond `limit` sessions the one unused for longest is dropped, and lost.

    Args:
        limit: How many sessions are kept at most, and how many conversations.
    """

    def __init__(self, *, limit: int = 100_000) -> None:
        self._limit = limit
        self._locks = FairLocks()
        self._closed = False
        self.forget()
        forget_in_children(self)

    def create(self, key: SessionKey, state: SessionState) -> None:
        """Begin a session; see `SessionStore.create`."""
        with self._mutex:
            self._require_open()
            if key.sid in self._sessions:
                raise session_exists(owner=self._sessions[key.sid][0] == key)
            self._sessions[key.sid] = key, state.version, state.model_dump_json()
            if len(self._sessions) > self._limit:
                self._sessions.popitem(last=False)

    def load(self, key: SessionKey) -> SessionState:
        """The state as it was last committed; see `SessionStore.load`."""
        with self._mutex:
            _, state = self._find(key)
        return SessionState.model_validate_json(state)

    def commit(self, key: SessionKey, expected: int, state: SessionState) -> bool:
        """Replace the state of version `expected`; see `SessionStore.commit`."""
        require_successor(key, expected, state)
        following = state.model_dump_json()
        with self._mutex:
            version, _ = self._find(key)
            if version != expected:
                return False
            self._sessions[key.sid] = key, state.version, following
            return True

    def find_conversation(self, key: ConversationKey) -> Binding | None:
        """The session of a conversation; see `SessionStore.find_conversation`."""
        with self._mutex:
            self._require_open()
            if key in self._bindings:
                self._bindings.move_to_end(key)
            return self._bindings.get(key)

    def bind_conversation(
        self, key: ConversationKey, sid: str, *, history_known: bool = False
    ) -> Binding:
        """Bind a conversation to a session; see `SessionStore.bind_conversation`."""
        with self._mutex:
            self._require_open()
            found = self._bindings.get(key)
            if found is None or (found.sid == sid and history_known):
                found = self._bindings[key] = Binding(sid, history_known)
            self._bindings.move_to_end(key)
            if len(self._bindings) > self._limit:
                self._bindings.popitem(last=False)
            return found

    def lock(self, key: SessionKey, *, deadline: float) -> AbstractContextManager[None]:
        """Take turns, first come, first served; see `SessionStore.lock`."""
        return self._locks.hold(key, deadline=deadline)

    def close(self) -> None:
        """Drop every session."""
        with self._mutex:
            self._closed = True
            self._sessions.clear()
            self._bindings.clear()

    def _find(self, key: SessionKey) -> tuple[int, str]:
        self._require_open()
        owner, version, state = self._sessions.get(key.sid, (None, 0, ""))
        if owner != key:
            raise session_lost()
        self._sessions.move_to_end(key.sid)
        return version, state

    def _require_open(self) -> None:
        if self._closed:
            raise session_unreachable("it was closed")

    def forget(self) -> None:
        """Hold no session, as a forked child does."""
        self._mutex = threading.Lock()
        # Text, not models: a caller cannot reach into what is kept.
        self._sessions: OrderedDict[str, tuple[SessionKey, int, str]] = OrderedDict()
        self._bindings: OrderedDict[ConversationKey, Binding] = OrderedDict()
