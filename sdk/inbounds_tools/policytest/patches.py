"""JSON Patch (RFC 6902), with which a case says what it changes."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from inbounds.dev.schema_issues import suggestion

Patch = Sequence[Mapping[str, Any]]

_MOST = 100_000
"""So many values, and characters of texts and names, may one patch bring into a document."""

_OPERATIONS = ("add", "copy", "move", "remove", "replace", "test")


class PatchFault(ValueError):
    """A patch that cannot be applied; the message names the operation."""


def patched(document: Any, patch: Patch) -> Any:
    """Return a copy of `document` with `patch` applied.

    Raises:
        PatchFault: An operation is malformed, or speaks of what is not there.
    """
    whole, room = [copy.deepcopy(document)], _MOST
    for number, operation in enumerate(patch, 1):
        try:
            room = _apply(whole, operation, room)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            said = operation.get("path", "") if isinstance(operation, Mapping) else operation
            # What a `KeyError` says of itself is in quotes.
            why = error.args[0] if error.args else error
            raise PatchFault(f"operation {number} of the patch (`{said}`): {why}") from None
    return whole[0]


def at(document: Any, pointer: str) -> Any:
    """Return what is at a JSON Pointer (RFC 6901).

    Raises:
        KeyError, IndexError, ValueError: Nothing is.
    """
    return _followed(document, _steps(pointer))


def _apply(whole: list[Any], operation: Mapping[str, Any], room: int) -> int:
    """Apply one operation, and return how much the others may bring in."""
    name, path = _member(operation, "op"), _member(operation, "path")
    if name == "test":
        if at(whole[0], path) != _member(operation, "value"):
            raise ValueError("the test fails")
        return room
    if name == "remove":
        _remove(whole, path)
        return room
    if name in ("move", "copy"):
        source = _member(operation, "from")
        begins, steps = _steps(source), _steps(path)
        if len(steps) > len(begins) and steps[: len(begins)] == begins:
            raise ValueError(f"a {name} must not put a value into itself")
        value = at(whole[0], source)
    elif name in ("add", "replace"):
        value = _member(operation, "value")
    else:
        raise ValueError(f"there is no `{name}`{suggestion(name, _OPERATIONS)}")
    room -= _size(value, room)
    if room < 0:
        raise ValueError(f"the patch must bring in at most {_MOST} values and characters")
    value = copy.deepcopy(value)
    if name == "move":
        _remove(whole, source)
    if name == "replace":
        at(whole[0], path)
        holder, step = _holder(whole, path)
        holder[_place(holder, step)] = value
    else:
        _add(whole, path, value)
    return room


def _size(value: Any, most: int) -> int:
    """Count the values in a value, and the characters of texts and names, to just beyond `most`."""
    size, left = 0, [value]
    while left and size <= most:
        each = left.pop()
        size += 1 + (len(each) if isinstance(each, str) else 0)
        if isinstance(each, Mapping):
            left += [*each, *each.values()]
        elif isinstance(each, list | tuple):
            left += each
    return size


def _member(operation: Any, name: str) -> Any:
    if not isinstance(operation, Mapping):
        raise TypeError("an operation is a mapping with `op` and `path`")
    if name not in operation:
        raise ValueError(f"it has no `{name}`")
    return operation[name]


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
    at(whole[0], path)
    holder, step = _holder(whole, path)
    if holder is whole:
        raise ValueError("the whole cannot be removed")
    del holder[_place(holder, step)]


def _holder(whole: list[Any], path: str) -> tuple[Any, str]:
    steps = _steps(path)
    if not steps:
        return whole, "0"
    return _followed(whole[0], steps[:-1]), steps[-1]


def _followed(document: Any, steps: Sequence[str]) -> Any:
    for number, step in enumerate(steps):
        place = _place(document, step)
        where = f"`/{'/'.join(map(_escaped, steps[:number]))}`" if number else "the scene"
        if isinstance(document, list) and place >= len(document):
            raise IndexError(f"{where} ends before {step}")
        if isinstance(document, dict) and place not in document:
            raise KeyError(f"{where} holds no `{step}`{suggestion(step, map(str, document))}")
        document = document[place]
    return document


def _steps(pointer: str) -> list[str]:
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise ValueError("no JSON Pointer: one begins with `/`")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _place(holder: Any, step: str) -> Any:
    if isinstance(holder, list):
        return _index(step)
    if isinstance(holder, dict):
        return step
    raise KeyError(f"there is no `{step}` below what is neither an object nor an array")


def _index(step: str) -> int:
    if not step.isascii() or not step.isdigit() or (step[0] == "0" and step != "0"):
        raise ValueError(f"`{step}` is not an index")
    return int(step)
