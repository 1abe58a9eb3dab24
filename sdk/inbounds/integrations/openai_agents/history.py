"""What a run was given from before, by a session, a state or the program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from agents.items import ItemHelpers

from inbounds.integrations._adapter.conversation import ajoin, plain_of, see, without_prompt
from inbounds.integrations._adapter.current_task import task_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_open: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""The ids of calls that the model of a run has asked for and read no result of, by its context."""


async def join_before_model(run: Any, items: Iterable[Any]) -> None:
    """Join what a model is about to be asked with. The framework tells nobody its session.

    Raises:
        TaskMissing: The run is within none.
        InboundsError: As `Task.join`.
    """
    task = task_of(run.context)
    history, prompt = without_prompt(map(plain_of, items), _role)
    if run not in _open:
        see(task, prompt)  # once for a run: what is added to it later is not the user's
        prompt = []
    calls = _open.setdefault(run, set())
    # What the framework itself answers a call with, such as a handoff, passes no tool.
    results = [each for each in history if str(each.get("type")).endswith("_output")]
    own = [each for each in results if each.get("call_id") in calls]
    calls.difference_update(each["call_id"] for each in own)
    see(task, own)
    await ajoin(task, None, lambda: [*history, *prompt])


def see_answer(run: Any, items: Iterable[Any]) -> None:
    """Remember what a model has answered.

    Raises:
        TaskMissing: The run is within none.
    """
    said = [plain_of(each) for each in items]
    calls = [each for each in said if each.get("call_id")]
    _open.setdefault(run, set()).update(each["call_id"] for each in calls)
    see(task_of(run.context), [*said, *map(_call, calls)])


def see_result(context: Any, result: Any) -> None:
    """Remember what a guarded tool has given, as a model will read it."""
    with suppress(Exception):  # what is not remembered has not been seen
        item = ItemHelpers.tool_call_output_item(context.tool_call, result)
        see(task_of(context.context), [item])


async def join_before_call(run: Any, call: Mapping[str, Any]) -> None:
    """Join a call: one whose model nobody has seen ask for it goes on from elsewhere.

    Args:
        run: The context of the run.
        call: Its `call_id`, `name` and `arguments`, as the model has said them.

    Raises:
        TaskMissing: The run is within none.
        InboundsError: As `Task.join`.
    """
    await ajoin(task_of(run.context), None, lambda: [_call(call)])


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    """What names a call where nothing of it is known but what its tool is told."""
    arguments = call.get("arguments")
    if isinstance(arguments, str):
        with suppress(ValueError):
            arguments = json.loads(arguments) if arguments.strip() else {}
    return {"call": call["call_id"], "name": call.get("name"), "arguments": plain_of(arguments)}


def _role(item: Any) -> object:
    return item.get("role") if isinstance(item, Mapping) else None
