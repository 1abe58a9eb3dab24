"""The framework's own conversation, as a part of the session of a run's task.

A thread, session or message history outlives tasks and processes, and so does what an agent has
read in it. An adapter calls `join` before the model of a run is asked, where the framework lets
it, and before each call of a tool. It gives every message that the run goes on from, whatever it
holds: that there is one makes it history, and no text in it has to be found for that.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic_core import PydanticSerializationError, to_jsonable_python

from inbounds.process.locks import ProcessLock
from inbounds.process.threads import run_in_thread

from .outcomes import keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inbounds.pep.task import Task
    from inbounds.sessions.store import SessionKey

    Messages = Callable[[], Iterable[Any]]
    """Returns messages as a framework has them; see `plain_of`."""

MOST = 1024
"""How many conversations and runs of a task are remembered as joined; others are joined again."""

_joined: WeakKeyDictionary[Task, OrderedDict[tuple[str, object], bool]] = WeakKeyDictionary()
_joining = ProcessLock()


def join(task: Task, conversation: object, messages: Messages, *, run: object = None) -> None:
    """Make what a run goes on from part of the session of its task.

    A conversation is looked at once for a task. Where there is none, each run is, and each of its
    messages that the session has not seen counts.

    Args:
        task: The task of the run.
        conversation: The framework's id of the conversation; None or empty where it has none.
            Then it is the one that the task was begun with.
        messages: Returns every message that the run goes on from, but the user's own prompt of
            this run and the program's instructions.
        run: What tells the run from any other, where it may be looked at several times.

    Raises:
        InboundsError: As `Task.join`: no call of the run may run.
    """
    place = _place(task, conversation, run)
    if _is_joined(task, place):
        return
    kind, name = place
    if kind == "conversation":
        task.join(str(name), lambda: _read(messages()))
    else:
        join_unseen(task, messages())
    if name is not None:
        with _joining:
            keep(_joined.setdefault(task, OrderedDict()), place, True, most=MOST)


async def ajoin(
    task: Task, conversation: object, messages: Messages, *, run: object = None
) -> None:
    """Async twin of `join`; the event loop never waits for the session store."""
    if not _is_joined(task, _place(task, conversation, run)):
        await run_in_thread(lambda: join(task, conversation, messages, run=run))


def join_unseen(task: Task, messages: Iterable[Any]) -> None:
    """Make messages part of the session of a task, but for those that it has seen.

    Args:
        task: The task of the run.
        messages: As of `join`.

    Raises:
        InboundsError: As `Task.join`: no call of the run may run.
    """
    found = [(fingerprint(each), each) for each in messages]
    unseen = [each for name, each in found if not _seen.has(task, name)]
    if unseen:
        task.join(None, lambda: _read(unseen))
    _seen.add(task, [name for name, _ in found])


def see(task: Task, messages: Iterable[Any]) -> None:
    """Remember what has come through the guard in the session of a task; later it is known.

    Args:
        task: The task of the run.
        messages: The user's prompt, what a model answered, or what a tool gave.
    """
    _seen.add(task, [fingerprint(each) for each in messages])


def _place(task: Task, conversation: object, run: object) -> tuple[str, object]:
    name = task.conversation if conversation in (None, "") else str(conversation)
    return ("run", run) if name is None else ("conversation", name)


def _is_joined(task: Task, place: tuple[str, object]) -> bool:
    with _joining:
        return place in _joined.get(task, ())


class SeenParts:
    """The messages that each session has seen in this process, by their fingerprints.

    What is forgotten, or what another process saw, has not been seen. Thread-safe.

    Args:
        sessions: How many sessions are remembered, the least used forgotten first.
        parts: How many messages of each.
    """

    def __init__(self, *, sessions: int = 1_000, parts: int = 10_000) -> None:
        self._sessions = sessions
        self._parts = parts
        self._lock = ProcessLock()
        self._seen: OrderedDict[SessionKey, OrderedDict[str, bool]] = OrderedDict()

    def add(self, task: Task, names: Iterable[str]) -> None:
        """Remember messages by their fingerprints. One that has none is not remembered."""
        with self._lock:
            seen = self._seen.get(task.session, OrderedDict())
            keep(self._seen, task.session, seen, most=self._sessions)
            for name in filter(None, names):
                keep(seen, name, True, most=self._parts)

    def has(self, task: Task, name: str) -> bool:
        """Whether a message was seen."""
        with self._lock:
            return name in self._seen.get(task.session, ())


_seen = SeenParts()


def fingerprint(message: Any) -> str:
    """Name a message by all that it holds; empty where that has no plain form."""
    try:
        text = json.dumps(plain_of(message), sort_keys=True)
    except (ValueError, RecursionError):
        return ""
    return hashlib.sha256(text.encode()).hexdigest()


def plain_of(message: Any) -> Any:
    """Return a message, or a part of one, as plain data: text, lists and mappings of them.

    Args:
        message: Plain data, or a model or dataclass of the framework's. What is None is left out:
            frameworks add such fields to a message that they keep.

    Raises:
        ValueError: It has no such form.
    """
    try:
        plain = to_jsonable_python(message, bytes_mode="base64", serialize_as_any=True)
        return _without_none(plain)
    except (PydanticSerializationError, TypeError, RecursionError):
        raise ValueError("the message has no plain form") from None


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(each) for name, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value


def without_prompt(
    messages: Iterable[Any], role: Callable[[Any], object]
) -> tuple[list[Any], list[Any]]:
    """Divide messages into those that a run goes on from and the prompt of the user, if any.

    Of the user's, that is the latest alone, and none that holds what a tool gave. What the program
    itself instructs is neither.

    Args:
        messages: All that the run is given.
        role: Returns the role of a message: `user`, `system`, `developer` or any other.
    """
    given = [each for each in messages if role(each) not in ("system", "developer")]
    at = [at for at, each in enumerate(given) if role(each) == "user" and _is_typed(each)][-1:]
    return [each for n, each in enumerate(given) if n not in at], [given[n] for n in at]


def _is_typed(message: Any) -> bool:
    try:
        plain = plain_of(message)
    except ValueError:
        return False
    content = plain.get("content") if isinstance(plain, dict) else None
    parts = content if isinstance(content, list) else []
    kinds = [str(each.get("type")) for each in parts if isinstance(each, dict)]
    return not any(kind.endswith(("result", "output")) for kind in kinds)


def join_messages(task: Task, messages: Any) -> None:
    """Make messages that a run is given part of the session of its task.

    Args:
        task: The task of the run.
        messages: As a provider has them, each with a role; text is the user's alone.

    Raises:
        InboundsError: As `Task.join`: no call of the run may run.
    """
    given = [] if isinstance(messages, str) else [dict(each) for each in messages]
    history, _ = without_prompt(given, lambda each: each.get("role"))
    join(task, None, lambda: history)


def _read(messages: Iterable[Any]) -> list[str]:
    """The texts of messages, and one at least of each: that there is one counts."""
    found: list[str] = []
    for each in messages:
        try:
            found += texts_of(plain_of(each)) or [""]
        except ValueError:
            found.append("")
    return found


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
