"""The states that a store outside of this process gives back, and whether it was set back."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections import OrderedDict
from typing import NamedTuple

from inbounds.canonical.strict_json import NotStrictJson, read_model
from inbounds.errors import DecisionUnavailable
from inbounds.model.question import SessionState
from inbounds.process.locks import ProcessLock

from .store import FILE_HINT, MOST_DECISIONS, SessionKey, session_set_back, session_unreachable

logger = logging.getLogger(__name__)


def read_state(key: SessionKey, text: object, *, hint: str = FILE_HINT) -> tuple[SessionState, str]:
    """Return the state that a store holds of a session, and its JSON. See `read_model`.

    Args:
        key: The session.
        text: What the store holds.
        hint: What to do if it is not valid.

    Raises:
        DecisionUnavailable: `session.unreachable`: it is not a state, or that of another session.
    """
    try:
        state = read_model(SessionState, text)
    except NotStrictJson:
        raise session_unreachable("the state it holds is not one", hint=hint) from None
    if state.id != key.sid:
        raise session_unreachable("the state it holds is another's", hint=hint)
    return state, str(text)


class Reached(NamedTuple):
    """How far a session had come: its version, what its state was, and its last decision."""

    version: int
    digest: bytes
    decision: str


class SessionProgress:
    """How far the sessions of a store have come, as this process has seen.

    A store that is set back (a backup put in place, a replica that lags, a row overwritten) lets
    budgets and approvals be used again, and each of its states is sound in itself. Whoever has
    seen more of a session notices, unless eight versions or more were added from there before it
    looks. A session that was found to be lost stays lost. What was seen ends with the process.

    Args:
        limit: Of how many sessions it is remembered; the one unused for longest goes first.
    """

    def __init__(self, *, limit: int = 100_000) -> None:
        self._limit = limit
        self._lock = ProcessLock()
        self._reached: OrderedDict[SessionKey, Reached] = OrderedDict()
        self._full = False

    def of(self, key: SessionKey) -> Reached | None:
        """Return how far a session had come; ask before it is loaded, since others go on."""
        return self._reached.get(key)

    def record(self, key: SessionKey, state: SessionState, text: str) -> None:
        """Record a state that was loaded or committed, and the JSON that the store has of it."""
        with self._lock:
            reached = self._reached.get(key)
            if reached is None or state.version >= reached.version:
                self._reached[key] = _reached(state, text)
            self._reached.move_to_end(key)
            if len(self._reached) <= self._limit:
                return
            self._reached.popitem(last=False)
            first, self._full = not self._full, True
        if first:
            logger.warning(
                "more than %d sessions in one process: of those unused for longest it does not "
                "notice a store that is set back",
                self._limit,
            )

    def require_new(self, key: SessionKey, reached: Reached | None) -> None:
        """Require that nothing was known of a session that the store has just begun.

        Args:
            key: The session.
            reached: What `of` returned before it was begun.

        Raises:
            DecisionUnavailable: `session.lost`: there was one under this id, which is gone.
        """
        if reached is not None:
            raise self._lost(key)

    def require_ahead(
        self, key: SessionKey, reached: Reached | None, state: SessionState, text: str
    ) -> None:
        """Require that a loaded state is what was seen before, or follows from it.

        Args:
            key: The session.
            reached: What `of` returned before the state was loaded.
            state: The state.
            text: Its JSON, as the store holds it.

        Raises:
            DecisionUnavailable: `session.lost`: the store has gone back.
        """
        if reached is None:
            return
        ahead = state.version - reached.version
        # Each version adds one decision at most, and a state holds the last eight.
        forgotten = bool(reached.decision) and reached.decision not in state.decisions
        if (
            ahead < 0
            or (ahead == 0 and _reached(state, text) != reached)
            or (ahead < MOST_DECISIONS and forgotten)
        ):
            raise self._lost(key)

    def _lost(self, key: SessionKey) -> DecisionUnavailable:
        # Others go on from an older state, and pass what was seen here: no state comes after this.
        with self._lock:
            self._reached[key] = Reached(sys.maxsize, b"", "")
        return session_set_back()


def _reached(state: SessionState, text: str) -> Reached:
    last = state.decisions[-1] if state.decisions else ""
    return Reached(state.version, hashlib.sha256(text.encode()).digest(), last)
