"""The sessions that conversations are bound to, as this process has seen."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from inbounds.process.locks import ProcessLock

from .store import session_set_back

if TYPE_CHECKING:
    from .store import ConversationKey

logger = logging.getLogger(__name__)


class ConversationBindings:
    """The bindings that a guard has seen, so that it notices a store that has lost one.

    A store that comes back empty, or is set back, holds no binding of a conversation that it had.
    Begun afresh, the conversation would be rid of its labels, its distrust and what it has spent.
    What was seen ends with the process.

    Args:
        limit: How many bindings are remembered; the one unused for longest goes first.
    """

    def __init__(self, *, limit: int = 100_000) -> None:
        self._limit = limit
        self._lock = ProcessLock()
        self._sids: OrderedDict[ConversationKey, str] = OrderedDict()
        self._dropped = False

    @property
    def is_complete(self) -> bool:
        """Whether no binding has been dropped, so that an unknown conversation is a new one."""
        return not self._dropped

    def record(self, key: ConversationKey, sid: str) -> None:
        """Record that a conversation is bound to a session."""
        with self._lock:
            self._sids[key] = sid
            self._sids.move_to_end(key)
            if len(self._sids) <= self._limit:
                return
            self._sids.popitem(last=False)
            first, self._dropped = not self._dropped, True
        if first:
            logger.warning(
                "more than %d conversations in one process: one that is not known any more begins"
                " untrusted",
                self._limit,
            )

    def require_kept(self, key: ConversationKey, sid: str | None) -> None:
        """Require that a conversation is bound as it was seen before.

        Args:
            key: The conversation.
            sid: The session that the store has bound it to; None for none.

        Raises:
            DecisionUnavailable: `session.lost`: it was bound to another session, or is no more.
        """
        if self._sids.get(key, sid) != sid:
            raise session_set_back()
