"""What each user holds over HTTP: sessions of the transport, streams of events, and requests."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from .caller import Caller

SESSIONS = 16
"""How many sessions of the transport one user has at once: each window of each host opens one.

For each user there is a task, so that all of them together are bounded by the number of tasks.
"""
_STREAMS = SESSIONS
"""How many streams of events one user has at once: a host opens one for each session."""
_REQUESTS = 64
"""How many requests of one user are read or answered at once, streams among them.

Each takes a connection, of which the listener has 256: three users leave some for the others.
"""


class TooMany(Exception):
    """All places are taken by those who are being answered."""


@dataclass(eq=False, slots=True)
class _Session:
    caller: Caller
    end: Callable[[], Awaitable[None]]
    answering: int = 0
    streams: int = 0


@dataclass(eq=False, slots=True)
class _Stream:
    caller: Caller
    scope: anyio.CancelScope


class Connections:
    """The sessions, streams and requests of all callers. Not for several event loops.

    Where a user opens more than there may be, one of the same user's gives way, never another's.
    A session belongs to the caller who has used it last, and ends with that caller; a stream ends
    with the caller who has opened it.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}  # that which was used longest ago is the first
        self._streams: list[_Stream] = []  # the oldest is the first
        self._requests: Counter[str] = Counter()

    # --- requests ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self, caller: Caller) -> Iterator[None]:
        """Hold a request of a user while it is read: what is not read yet costs memory as well.

        Args:
            caller: Whose it is.

        Raises:
            TooMany: As `answering`.
        """
        subject = caller.subject
        if caller.over or self._requests[subject] >= _REQUESTS:
            raise TooMany
        self._requests[subject] += 1
        try:
            yield
        finally:
            self._requests[subject] -= 1
            if not self._requests[subject]:
                del self._requests[subject]

    @contextlib.contextmanager
    def answering(self, caller: Caller, session: str, *, stream: bool) -> Iterator[None]:
        """Hold a request for as long as it is answered; a stream is cancelled where it has to end.

        Args:
            caller: Whose it is.
            session: The id of the session that it names; empty where it names none.
            stream: Whether the answer is a stream of events.

        Raises:
            TooMany: So many of this user's are being read or answered, or the caller's task has
                ended.
        """
        with self.reading(caller):
            held = self._sessions.get(session)
            if held is not None and held.caller.subject == caller.subject:
                held.caller = caller
                self._sessions[session] = self._sessions.pop(session)
            else:
                held = None
            if held is not None:
                held.answering += not stream
                held.streams += stream
            try:
                with self._stream(caller) if stream else contextlib.nullcontext():
                    yield
            finally:
                if held is not None:
                    held.answering -= not stream
                    held.streams -= stream

    @contextlib.contextmanager
    def _stream(self, caller: Caller) -> Iterator[None]:
        own = [each for each in self._streams if each.caller.subject == caller.subject]
        for each in own[: max(0, len(own) + 1 - _STREAMS)]:
            each.scope.cancel()
        stream = _Stream(caller, anyio.CancelScope())
        self._streams.append(stream)
        try:
            with stream.scope:
                yield
        finally:
            self._streams.remove(stream)

    # --- sessions ---------------------------------------------------------------------------

    def has_room(self, caller: Caller) -> bool:
        """Whether the caller may open a session: one of the user's can give way, if need be."""
        own = self._of(caller.subject)
        return len(own) < SESSIONS or any(not self._sessions[each].answering for each in own)

    async def keep(self, caller: Caller, session: str, end: Callable[[], Awaitable[None]]) -> None:
        """Keep a session that was opened; where the user has too many, the idlest one ends.

        It is one without a request that is being answered: without a stream before one that has
        one, and of these the one that was used longest ago.

        Args:
            caller: Who has opened it.
            session: Its id.
            end: Ends it.
        """
        others = self._of(caller.subject)
        self._sessions[session] = _Session(caller, end)
        if caller.over:
            await self._end(session)
        elif len(others) >= SESSIONS:
            idle = [each for each in others if not self._sessions[each].answering]
            await self._end(
                min(idle, key=lambda each: self._sessions[each].streams, default=session)
            )

    def closed(self, caller: Caller, session: str) -> None:
        """Forget a session that its user has ended."""
        held = self._sessions.get(session)
        if held is not None and held.caller.subject == caller.subject:
            del self._sessions[session]

    def _of(self, subject: str) -> list[str]:
        return [each for each, held in self._sessions.items() if held.caller.subject == subject]

    async def _end(self, session: str) -> None:
        held = self._sessions.pop(session, None)
        if held is not None:
            await held.end()

    # --- the end of a caller ----------------------------------------------------------------

    def end_streams(self, caller: Caller) -> None:
        """End the streams that a caller has opened: the token is no longer good."""
        for each in self._streams:
            if each.caller is caller:
                each.scope.cancel()

    async def end(self, caller: Caller) -> None:
        """End what a caller holds whose task has ended."""
        self.end_streams(caller)
        for session, held in list(self._sessions.items()):
            if held.caller is caller:
                await self._end(session)
