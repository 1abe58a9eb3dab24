"""What became of a task's tool calls, for frameworks that run a step again when they go on.

A framework that pauses for a person may call everything anew when it resumes: what has run gives
its outcome again and does not run again, and what a person has refused stays refused. It is kept
in memory, as long as the task is: the latest `MOST` calls.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from weakref import WeakKeyDictionary

from inbounds.canonical.arguments import canonical_json
from inbounds.errors import ArgumentNotRepresentable, DecisionUnavailable
from inbounds.process.locks import ProcessLock

from .refusals import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inbounds.pep.task import Task

MOST = 1024
"""How many calls of a task are remembered."""

K = TypeVar("K")
V = TypeVar("V")

_of_task: WeakKeyDictionary[Task, Outcomes] = WeakKeyDictionary()
_making = ProcessLock()


class Key:
    """Names one call: where it stands in the run, the framework's id, tool and arguments.

    Attributes:
        call: Stands for all of it, so that an id that a model uses twice names two calls.
        place: Stands for where it stands and its id, whatever is called with what.
        wish: Stands for tool and arguments alone.
        step: The step of the run that is executed again as a whole.
    """

    __slots__ = ("call", "place", "step", "wish")

    def __init__(self, step: str, call_id: str, tool: str, arguments: Mapping[str, Any]) -> None:
        try:
            form = canonical_json(arguments).decode()
        except ArgumentNotRepresentable:
            form = uuid.uuid4().hex  # the permit refuses it, and records that; it is like no other
        self.step = step
        self.wish = hashlib.sha256(json.dumps([tool, form]).encode()).hexdigest()
        self.call = hashlib.sha256(json.dumps([step, call_id, self.wish]).encode()).hexdigest()
        place = hashlib.sha256(json.dumps([step, call_id]).encode()).hexdigest()
        self.place = place if step and call_id else self.call


class Outcomes:
    """What became of the calls of one task. Thread-safe."""

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._running: dict[str, str] = {}
        self._results: OrderedDict[str, Any] = OrderedDict()
        self._waits: OrderedDict[str, list[Any]] = OrderedDict()
        self._waiting: OrderedDict[str, str] = OrderedDict()
        self._seen: OrderedDict[str, bool] = OrderedDict()
        self._rejected: OrderedDict[str, str] = OrderedDict()

    @staticmethod
    def of(task: Task) -> Outcomes:
        """Return what is remembered of a task."""
        with _making:
            return _of_task.setdefault(task, Outcomes())

    @contextlib.contextmanager
    def running(self, key: Key) -> Iterator[None]:
        """Hold a call for as long as it is judged and runs.

        Raises:
            DecisionUnavailable: `call.repeated`: the same call is under way.
        """
        with self._lock:
            if key.call in self._running:
                raise DecisionUnavailable(
                    "the same call, of the same id, is under way",
                    code="call.repeated",
                    hint="give each call an id of its own",
                )
            self._running[key.call] = key.step
            keep(self._seen, key.call, True)
        try:
            yield
        finally:
            with self._lock:
                del self._running[key.call]

    def alone(self, key: Key) -> bool:
        """Whether no other call of the same step is under way."""
        with self._lock:
            return all(step != key.step for call, step in self._running.items() if call != key.call)

    def seen(self, key: Key) -> bool:
        """Whether the call was put before in this process."""
        with self._lock:
            return key.call in self._seen

    def result(self, key: Key) -> Any:
        """Return what a call that has run has given; None for one that has not.

        Raises:
            Rejected: A person has refused it, or the same call before, in this task.
        """
        with self._lock:
            for name in (key.place, key.wish):
                if name in self._rejected:
                    raise _rejected(self._rejected[name])
            return self._results.get(key.call)

    def ran(self, key: Key, result: Any) -> None:
        """Remember what a call has given."""
        with self._lock:
            keep(self._results, key.call, result)

    def reject(self, key: Key, decision_id: str) -> NoReturn:
        """Remember that a person has refused a call, by its id, and so the same wish in this task.

        Args:
            key: Of the call.
            decision_id: Of the decision that a person was asked about; empty if nobody knows.

        Raises:
            Rejected: That it is.
        """
        with self._lock:
            keep(self._rejected, key.place, decision_id)
            keep(self._rejected, key.wish, decision_id)
        raise _rejected(decision_id)

    def wait(self, key: Key, question: Any) -> bool:
        """Remember that a person is asked about a call; False where its step waits for another.

        Answers are told apart by their order in a step, so that one call of a step waits at most.
        """
        with self._lock:
            if self._waiting.setdefault(key.step, key.call) != key.call:
                return False
            keep(self._waiting, key.step, key.call)
            keep(self._waits, key.call, [*self._waits.get(key.call, []), question])
            return True

    def waits(self, key: Key) -> list[Any]:
        """Return what a person was asked about a call so far, in order."""
        with self._lock:
            return list(self._waits.get(key.call, []))


def _rejected(decision_id: str) -> Rejected:
    return Rejected("a person was asked, and said no", decision_id=decision_id)


def keep(within: OrderedDict[K, V], key: K, value: V, *, most: int = MOST) -> None:
    """Remember a value as the latest, and forget what is older than the latest `most`."""
    within[key] = value
    within.move_to_end(key)
    while len(within) > most:
        within.popitem(last=False)
