"""The framework's own conversation, as a part of the session of a run's task.

A thread, session or message history outlives tasks and processes, and so does what an agent has
read in it. An adapter calls `join` before the model of a run is asked, where the framework lets
it, and before each call of a tool.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from inbounds.process.locks import ProcessLock
from inbounds.process.threads import run_in_thread

from .outcomes import keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from inbounds.pep.task import Task
    from inbounds.sessions.store import SessionKey

MOST = 1024
"""How many conversations and runs of a task are remembered as joined; others are joined again."""

_joined: WeakKeyDictionary[Task, OrderedDict[tuple[str, str], bool]] = WeakKeyDictionary()
_joining = ProcessLock()


def join(
    task: Task, conversation: object, history: Callable[[], Sequence[str]], *, run: object = ""
) -> None:
    """Make a conversation part of the session of a task: once for the two of them.

    Args:
        task: The task of the run.
        conversation: The framework's id of the conversation; None or empty where it has none.
            Then it is the one that the task was begun with.
        history: Returns the texts that the conversation holds from before this run.
        run: Tells a run from others of the task, where neither has a conversation.

    Raises:
        InboundsError: As `Task.join`: no call of the run may run.
    """
    place = _place(task, conversation, run)
    if _is_joined(task, place):
        return
    task.join(place[1] if place[0] else None, history)
    with _joining:
        keep(_joined.setdefault(task, OrderedDict()), place, True, most=MOST)


async def ajoin(
    task: Task, conversation: object, history: Callable[[], Sequence[str]], *, run: object = ""
) -> None:
    """Async twin of `join`; the event loop never waits for the session store."""
    if not _is_joined(task, _place(task, conversation, run)):
        await run_in_thread(lambda: join(task, conversation, history, run=run))


def _place(task: Task, conversation: object, run: object) -> tuple[str, str]:
    name = task.conversation if conversation in (None, "") else str(conversation)
    return ("conversation", name) if name is not None else ("", str(run))


def _is_joined(task: Task, place: tuple[str, str]) -> bool:
    with _joining:
        return place in _joined.get(task, ())


class SeenParts:
    """The parts of conversations that each session has seen in this process: calls and texts.

    For frameworks that give history to a run without an id of it. What is forgotten, or what
    another process saw, has not been seen. Thread-safe.

    Args:
        sessions: How many sessions are remembered, the least used forgotten first.
        parts: How many parts of each.
    """

    def __init__(self, *, sessions: int = 1_000, parts: int = 10_000) -> None:
        self._sessions = sessions
        self._parts = parts
        self._lock = ProcessLock()
        self._seen: OrderedDict[SessionKey, OrderedDict[str, bool]] = OrderedDict()

    def add(self, task: Task, names: Iterable[str]) -> None:
        """Remember parts by their names."""
        with self._lock:
            seen = self._seen.get(task.session, OrderedDict())
            keep(self._seen, task.session, seen, most=self._sessions)
            for name in names:
                keep(seen, name, True, most=self._parts)

    def has(self, task: Task, name: str) -> bool:
        """Whether a part was seen."""
        with self._lock:
            return name in self._seen.get(task.session, ())


async def ajoin_parts(task: Task, seen: SeenParts, parts: Mapping[str, Sequence[str]]) -> None:
    """Make what a run was given part of the session of its task, where nothing names it.

    Args:
        task: The task of the run.
        seen: What its session has seen; it has seen the parts once this returns.
        parts: The texts of each part, by its name.

    Raises:
        InboundsError: As `Task.join`: no call of the run may run.
    """
    unseen = [name for name in parts if not seen.has(task, name)]
    history = [text for name in unseen for text in parts[name] or [""]]
    if task.conversation is not None or history:
        await ajoin(task, None, lambda: history, run="\0".join(unseen))
    seen.add(task, unseen)


def join_messages(task: Task, messages: Any) -> None:
    """Make messages that a run is given part of the session of its task.

    Args:
        task: The task of the run.
        messages: As a provider has them, each with a role; text is the user's alone.

    Raises:
        InboundsError: As `Task.join`: no call of the run may run.
    """
    history = []
    if not isinstance(messages, str):
        said = [each for each in messages if each.get("role") not in ("system", "developer")]
        if any(each.get("role") != "user" for each in said):
            history = texts_of([dict(each) for each in said]) or [""]
    if history or task.conversation is not None:
        join(task, None, lambda: history, run=uuid.uuid4())


def texts_of(value: Any) -> list[str]:
    """Return every text in plain data that is not blank, at any depth.

    Args:
        value: Text, lists and mappings of them; anything else holds none.
    """
    return list(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if each.strip():
                yield each
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list | tuple):
            waiting += each
