"""Where the state of sessions is kept between calls, and who may change it next.

The stores have a module each, `memory`, `sqlite` and `redis`, and `protocol` says what one is.
"""

from __future__ import annotations

import operator
import os
import random
import threading
import time
import weakref
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from inbounds.errors import (
    ConfigurationError,
    DecisionUnavailable,
    InvalidAnswer,
    SessionContended,
)
from inbounds.model.question import SessionState, Spent
from inbounds.process import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inbounds.model.question import Trust

EVERY_STORE: Final = "*"
"""The name that stands for every store, of a tool or in `SessionState.tainted_stores`."""

MOST_DECISIONS: Final = 8
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
    appended = [*previous.decisions, *following.decisions[-1:]][-MOST_DECISIONS:]
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


FILE_HINT: Final = "see that the store's file is on a local disk, writable and not locked"


def session_unreachable(why: str, *, hint: str = FILE_HINT) -> DecisionUnavailable:
    """What is said when the store does not answer."""
    return DecisionUnavailable(
        f"the session store does not answer: {why}", code="session.unreachable", hint=hint
    )


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
        self.forget()
        forget_in_children(self)

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

    def forget(self) -> None:
        """Have no lock and nobody who waits."""
        self._mutex = threading.Lock()
        self._queues: dict[SessionKey, deque[threading.Lock]] = {}


class _Forgets(Protocol):
    def forget(self) -> None: ...


_forked: weakref.WeakSet[_Forgets] = weakref.WeakSet()


def forget_in_children(holder: _Forgets) -> None:
    """Have a forked child forget what `holder` has of its parent."""
    _forked.add(holder)


def _after_fork() -> None:
    for holder in list(_forked):
        holder.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
