"""What a store of sessions is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from inbounds.model.question import SessionState

    from .store import Binding, ConversationKey, SessionKey


class SessionStore(Protocol):
    """Keeps the state of sessions: in memory, in SQLite, in Redis, or one of your own.

    Every method is called from many threads, and may be called after a fork.
    """

    def create(self, key: SessionKey, state: SessionState) -> None:
        """Begin a session.

        Raises:
            ConfigurationError: `session.exists`: the `sid` is taken, by this owner or another.
            DecisionUnavailable: `session.unreachable`.
        """
        ...

    def load(self, key: SessionKey) -> SessionState:
        """The state as it was last committed.

        Raises:
            DecisionUnavailable: `session.lost` where there is none for this owner, or where the
                store was set back to before what this process has seen (`SessionProgress`);
                `session.unreachable` where the store does not answer, or holds what is not a state.
        """
        ...

    def commit(self, key: SessionKey, expected: int, state: SessionState) -> bool:
        """Replace the state if, and only if, its version is still `expected`.

        Returns:
            False where another process was faster; nothing is changed then.

        Raises:
            InvalidAnswer: `state` is not the version that follows `expected`.
            DecisionUnavailable: `session.lost`, or `session.unreachable`; in the latter case the
                commit may have been made, which `SessionState.decisions` of a later load tells.
        """
        ...

    def find_conversation(self, key: ConversationKey) -> Binding | None:
        """Return the session that a conversation is bound to; None for one that is not bound.

        Raises:
            DecisionUnavailable: `session.unreachable`.
        """
        ...

    def bind_conversation(
        self, key: ConversationKey, sid: str, *, history_known: bool = False
    ) -> Binding:
        """Bind a conversation to a session, in one step, unless it is bound already.

        Args:
            key: The conversation.
            sid: The session.
            history_known: Whether the session accounts for what the conversation holds. Once
                that is so for the session it is bound to, it stays so.

        Returns:
            What it is bound to: another session where another caller was first.

        Raises:
            DecisionUnavailable: `session.unreachable`.
        """
        ...

    def lock(self, key: SessionKey, *, deadline: float) -> AbstractContextManager[None]:
        """Take turns within this process, first come, first served.

        It is not re-entrant, and may be released by another thread than took it.

        Args:
            key: The session.
            deadline: When to give up, in seconds on `clock.monotonic`.

        Raises:
            SessionContended: The turn did not come before the deadline.
        """
        ...

    def close(self) -> None:
        """Release what the store holds. A closed store is unreachable."""
        ...
