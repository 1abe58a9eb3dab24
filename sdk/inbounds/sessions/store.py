"""Where the state of sessions is kept between calls, and who may change it next."""

from __future__ import annotations

import hashlib
import logging
import operator
import os
import random
import threading
import time
import weakref
from collections import OrderedDict, deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from inbounds.canonical.strict_json import NotStrictJson, read_model
from inbounds.errors import (
    ConfigurationError,
    DecisionUnavailable,
    InvalidAnswer,
    SessionContended,
)
from inbounds.model.question import SessionState, Spent
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from inbounds.model.question import Trust

logger = logging.getLogger(__name__)

EVERY_STORE: Final = "*"
"""The name that stands for every store, of a tool or in `SessionState.tainted_stores`."""

_DECISIONS: Final = 8
"""So many decisions a state holds, the last ones."""

_SKEW = 5
"""How many seconds the clock of the policy may be ahead: it may forget what is over by then."""


@dataclass(frozen=True, slots=True)
class SessionKey:
    """Whose session it is. A `sid` belongs to one tenant, subject and agent."""

    tenant: str
    subject: str
    agent: str
    sid: str


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """Whose conversation it is. Its id is the framework's or the program's own."""

    tenant: str
    subject: str
    agent: str
    conversation: str


@dataclass(frozen=True, slots=True)
class Binding:
    """The session that a conversation belongs to. It never belongs to another one.

    Attributes:
        sid: The session.
        history_known: Whether the session accounts for everything the conversation holds.
    """

    sid: str
    history_known: bool


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


def begin_state(sid: str, lowest_label: str, trust: Trust = "trusted") -> SessionState:
    """The state of a session in which nothing has happened yet."""
    return SessionState(
        id=sid,
        version=0,
        trust=trust,
        label=lowest_label,
        effects=[],
        spent=Spent(),
        tasks={},
        approvals={},
        last="",
        repeats=0,
        refusals=0,
        tainted_stores=[],
        decisions=[],
    )


def is_tainted(state: SessionState, store: str) -> bool:
    """Return whether a store may hold a third party's words, by what the policy has said.

    Args:
        state: The state of the session.
        store: The store of a tool as the policy names it, or `*` for any.
    """
    tainted = state.tainted_stores
    return bool(tainted) and (store in (EVERY_STORE, *tainted) or EVERY_STORE in tainted)


def monotone(previous: SessionState, following: SessionState, labels: Sequence[str]) -> str | None:
    """Name what makes `following` no possible successor of `previous`.

    The policy computes the next state of a session. Whatever it answers, exposure and
    spending only ever grow, so an answer that takes some of it back is not an answer.

    Args:
        previous: The state the question held.
        following: The state the answer holds.
        labels: Every label there is, lowest first.

    Returns:
        What is wrong, or None where nothing is.
    """
    rank = {label: place for place, label in enumerate(labels)}
    over = clock.now() + _SKEW
    tasks = {name: task for name, task in previous.tasks.items() if task.deadline > over}
    approvals = {name: used for name, used in previous.approvals.items() if used.until > over}
    appended = [*previous.decisions, *following.decisions[-1:]][-_DECISIONS:]
    faults = {
        "the session's id changed": following.id != previous.id,
        "the version is not the one that follows": following.version != previous.version + 1,
        "trust was restored": (previous.trust, following.trust) == ("untrusted", "trusted"),
        "the label is not one of the deployment's": not {previous.label, following.label}
        <= {*rank},
        "the label was lowered": rank.get(following.label, -1) < rank.get(previous.label, -1),
        "an effect was lost": not {*previous.effects} <= {*following.effects},
        "what was spent was lowered": _lowered(previous.spent, following.spent),
        "what a task spent was lowered": any(
            name not in following.tasks or _lowered(task, following.tasks[name])
            for name, task in tasks.items()
        ),
        "a task is to be forgotten earlier": any(
            following.tasks[name].deadline < task.deadline
            for name, task in tasks.items()
            if name in following.tasks
        ),
        "an approval was given back": any(
            name not in following.approvals or following.approvals[name].times < used.times
            for name, used in approvals.items()
        ),
        "a tainted store was forgotten": not {*previous.tainted_stores}
        <= {*following.tainted_stores}
        and EVERY_STORE not in following.tainted_stores,
        "refusals were lowered": following.refusals < previous.refusals,
        "past decisions were rewritten": following.decisions not in (previous.decisions, appended),
    }
    return next((fault for fault, found in faults.items() if found), None)


def more_than_refused(previous: SessionState, following: SessionState) -> bool:
    """Whether a refusal changed more than the count of refusals."""
    kept = {"version", "decisions", "refusals"}
    return (
        previous.model_dump(exclude=kept) != following.model_dump(exclude=kept)
        or following.refusals != previous.refusals + 1
    )


_counts = operator.attrgetter(*(name for name in Spent.model_fields if name != "money"))


def _lowered(before: Spent, after: Spent) -> bool:
    return any(map(operator.lt, _counts(after), _counts(before))) or any(
        after.money.get(currency, 0) < amount for currency, amount in before.money.items()
    )


def require_successor(key: SessionKey, expected: int, state: SessionState) -> None:
    """Refuse a state that a compare-and-set could not tell from the one it replaces.

    Raises:
        InvalidAnswer: Another session's state, or not the version after `expected`.
    """
    if state.id != key.sid or state.version != expected + 1:
        raise InvalidAnswer("the next state of the session is not the one that follows")


def session_exists(*, owner: bool) -> ConfigurationError:
    """The refusal to begin a session under an id that is taken.

    Args:
        owner: Whether the one who asks is the owner.
    """
    whose = "already begun" if owner else "another tenant's, subject's or agent's"
    return ConfigurationError(
        f"the session id is {whose}", code="session.exists", hint="begin it under a fresh id"
    )


def session_lost() -> DecisionUnavailable:
    """What is said of a session that was begun and is not there."""
    return DecisionUnavailable(
        "the session is not in the store",
        code="session.lost",
        hint="begin a task in a session of its own; sessions in memory end with their process",
    )


def session_set_back() -> DecisionUnavailable:
    """What is said where the store holds less of a session, or another past, than it once did."""
    return DecisionUnavailable(
        "the session store has lost committed states",
        code=session_lost().code,
        hint="begin a task in a session of its own, and put no backup in place while guards use "
        "the store; Redis needs appendonly, and a failover to a replica forgets what had not "
        "reached it",
    )


_FILE_HINT: Final = "see that the store's file is on a local disk, writable and not locked"


def session_unreachable(why: str, *, hint: str = _FILE_HINT) -> DecisionUnavailable:
    """What is said when the store does not answer."""
    return DecisionUnavailable(
        f"the session store does not answer: {why}", code="session.unreachable", hint=hint
    )


def read_state(
    key: SessionKey, text: object, *, hint: str = _FILE_HINT
) -> tuple[SessionState, str]:
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
    seen more of a session notices. What was seen ends with the process.

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

    def require_new(self, reached: Reached | None) -> None:
        """Require that nothing was known of a session that the store has just begun.

        Args:
            reached: What `of` returned before it was begun.

        Raises:
            DecisionUnavailable: `session.lost`: there was one under this id, which is gone.
        """
        if reached is not None:
            raise session_set_back()

    def require_ahead(self, reached: Reached | None, state: SessionState, text: str) -> None:
        """Require that a loaded state is what was seen before, or follows from it.

        Args:
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
            or (ahead < _DECISIONS and forgotten)
        ):
            raise session_set_back()


def _reached(state: SessionState, text: str) -> Reached:
    last = state.decisions[-1] if state.decisions else ""
    return Reached(state.version, hashlib.sha256(text.encode()).digest(), last)


def back_off(deadline: float) -> None:
    """Wait a moment, since another process was faster to change a session.

    Args:
        deadline: When to give up, in seconds on `clock.monotonic`.

    Raises:
        SessionContended: There is no time left for another attempt.
    """
    if clock.monotonic() + 0.05 > deadline:
        raise session_contended()
    time.sleep(random.uniform(0.001, 0.05))  # noqa: S311 -- jitter, no secret


def session_contended() -> SessionContended:
    """What is said where others change a session all the time."""
    return SessionContended("others kept changing the session until the deadline")


class FairLocks:
    """One lock for each key, in the order of asking; a key nobody holds takes no memory."""

    def __init__(self) -> None:
        self._forget()
        _forked.add(self)

    @contextmanager
    def hold(self, key: SessionKey, *, deadline: float) -> Iterator[None]:
        """Hold the lock of `key`; see `SessionStore.lock`."""
        turn = threading.Lock()
        with self._mutex:
            queue = self._queues.setdefault(key, deque())
            queue.append(turn)
            waits = len(queue) > 1
            if waits:
                turn.acquire()  # its predecessor releases it
        try:
            if waits and not turn.acquire(timeout=max(0.0, deadline - clock.monotonic())):
                raise SessionContended("the session's turn did not come before the deadline")
            yield
        finally:
            self._leave(key, queue, turn)

    def _leave(self, key: SessionKey, queue: deque[threading.Lock], turn: threading.Lock) -> None:
        with self._mutex:
            if queue[0] is not turn:
                queue.remove(turn)
                return
            queue.popleft()
            if queue:
                queue[0].release()
            elif self._queues.get(key) is queue:
                del self._queues[key]

    def __len__(self) -> int:
        return len(self._queues)

    def _forget(self) -> None:
        self._mutex = threading.Lock()
        self._queues: dict[SessionKey, deque[threading.Lock]] = {}


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
        self._forget()
        _forked.add(self)

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

    def _forget(self) -> None:
        self._mutex = threading.Lock()
        # Text, not models: a caller cannot reach into what is kept.
        self._sessions: OrderedDict[str, tuple[SessionKey, int, str]] = OrderedDict()
        self._bindings: OrderedDict[ConversationKey, Binding] = OrderedDict()


_forked: weakref.WeakSet[FairLocks | MemorySessions] = weakref.WeakSet()


def _after_fork() -> None:
    for held in list(_forked):
        held._forget()  # noqa: SLF001 -- one noun in one file


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
