"""What a run was given from before, by a session, a state or the program."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inbounds.integrations._adapter.conversation import SeenParts, ajoin_parts, texts_of
from inbounds.integrations._adapter.current_task import task_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_USERS = frozenset({"user", "system", "developer"})
"""The roles of messages that no model has written."""


_seen = SeenParts()


async def join_before_model(run: Any, items: Iterable[Any]) -> None:
    """Join what a model is about to be asked with. The framework tells nobody its session.

    Raises:
        TaskMissing: The run is within none.
        InboundsError: As `Task.join`.
    """
    found = [each for each in map(_plain, items) if each.get("role") not in _USERS]
    parts = {_name(each): texts_of(each) for each in found}
    await ajoin_parts(task_of(run.context), _seen, parts)


def see_answer(run: Any, items: Iterable[Any]) -> None:
    """Remember what a model has answered.

    Raises:
        TaskMissing: The run is within none.
    """
    _seen.add(task_of(run.context), [_name(_plain(each)) for each in items])


async def join_before_call(run: Any, call_id: str) -> None:
    """Join a call: one whose model nobody has seen ask for it goes on from elsewhere.

    Raises:
        TaskMissing: The run is within none.
        InboundsError: As `Task.join`.
    """
    await ajoin_parts(task_of(run.context), _seen, {_call(call_id): []})


def _name(item: Mapping[str, Any]) -> str:
    call_id = item.get("call_id")
    if isinstance(call_id, str) and call_id:
        return _call(call_id)  # a call and its result alike
    said = json.dumps(item.get("content") or item.get("summary") or item.get("id"), default=str)
    texts = texts_of(item.get("content")) if item.get("content") else [said]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _call(call_id: str) -> str:
    return f"call {call_id}"


def _plain(item: Any) -> Mapping[str, Any]:
    if isinstance(item, Mapping):
        return item
    dump = getattr(item, "model_dump", None)
    return dump(mode="json", exclude_none=True) if dump is not None else {"content": str(item)}
