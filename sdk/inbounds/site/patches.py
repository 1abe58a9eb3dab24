"""JSON Patch (RFC 6902), with which a case says what it changes."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Patch = Sequence[Mapping[str, Any]]


class PatchFault(ValueError):
    """A patch that cannot be applied; the message names the operation."""


def patched(document: Any, patch: Patch) -> Any:
    """Return a copy of `document` with `patch` applied.

    Raises:
        PatchFault: An operation is malformed, or speaks of what is not there.
    """
    whole = [copy.deepcopy(document)]
    for number, operation in enumerate(patch, 1):
        try:
            _apply(whole, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            said = operation.get("path", "") if isinstance(operation, Mapping) else operation
            raise PatchFault(f"operation {number} of the patch (`{said}`): {error}") from None
    return whole[0]


def at(document: Any, pointer: str) -> Any:
    """Return what is at a JSON Pointer (RFC 6901).

    Raises:
        KeyError, IndexError, ValueError: Nothing is.
    """
    for step in _steps(pointer):
        document = document[_place(document, step)]
    return document


def _apply(whole: list[Any], operation: Mapping[str, Any]) -> None:
    name, path = operation["op"], operation["path"]
    if name == "test":
        if at(whole[0], path) != operation["value"]:
            raise ValueError("the test fails")
        return
    if name in ("move", "copy"):
        value = copy.deepcopy(at(whole[0], operation["from"]))
        if name == "move":
            _remove(whole, operation["from"])
        _add(whole, path, value)
    elif name == "add":
        _add(whole, path, copy.deepcopy(operation["value"]))
    elif name == "remove":
        _remove(whole, path)
    elif name == "replace":
        at(whole[0], path)
        holder, step = _holder(whole, path)
        holder[_place(holder, step)] = copy.deepcopy(operation["value"])
    else:
        raise ValueError(f"there is no `{name}`")


def _add(whole: list[Any], path: str, value: Any) -> None:
    holder, step = _holder(whole, path)
    if isinstance(holder, list) and holder is not whole:
        place = len(holder) if step == "-" else _index(step)
        if place > len(holder):
            raise IndexError("beyond the end of the array")
        holder.insert(place, value)
    else:
        holder[_place(holder, step)] = value


def _remove(whole: list[Any], path: str) -> None:
    holder, step = _holder(whole, path)
    if holder is whole:
        raise ValueError("the whole cannot be removed")
    del holder[_place(holder, step)]


def _holder(whole: list[Any], path: str) -> tuple[Any, str]:
    steps = _steps(path)
    if not steps:
        return whole, "0"
    holder = whole[0]
    for step in steps[:-1]:
        holder = holder[_place(holder, step)]
    return holder, steps[-1]


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError("no JSON Pointer")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _place(holder: Any, step: str) -> Any:
    if isinstance(holder, list):
        return _index(step)
    if isinstance(holder, dict):
        return step
    raise KeyError(f"nothing below `{step}`")


def _index(step: str) -> int:
    if not step.isascii() or not step.isdigit() or (step[0] == "0" and step != "0"):
        raise ValueError(f"`{step}` is no index")
    return int(step)
