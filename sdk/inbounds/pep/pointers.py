"""Which arguments the reasons of a decision name, as a record may say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inbounds.model.question import Reason
    from inbounds.pdp.registry import RegistryAnswer

_MOST_POINTERS = 100
_LONGEST_POINTER = 4096
_LONGEST_PLACE = 10


def named_arguments(
    reasons: Iterable[Reason], registered: RegistryAnswer | None, arguments: Mapping[str, Any]
) -> tuple[str, ...]:
    """The arguments that the reasons name, as far as the registry knows their names.

    A key that nobody registered is text of whoever chose it, and could be a value.
    """
    tool = registered.tool if registered else None
    known = {step for pattern in (tool.arguments if tool else {}) for step in pattern.split("/")}
    named = {
        _named(str(detail["argument"]), known, arguments)
        for reason in reasons
        for detail in reason.details
        if "argument" in detail
    }
    return tuple(sorted(named)[:_MOST_POINTERS])


def _named(pointer: str, known: set[str], arguments: Mapping[str, Any]) -> str:
    """A pointer with nothing in it but registered names and the places of lists."""
    value: Any = arguments
    told = []
    for step in pointer.split("/"):
        place = isinstance(value, list) and step.isdecimal() and len(step) < _LONGEST_PLACE
        told.append(step if step in known or place else "?")
        if not told[1:]:
            continue  # what is before the first slash
        if place:
            value = value[int(step)] if int(step) < len(value) else None
        else:
            key = step.replace("~1", "/").replace("~0", "~")
            value = value.get(key) if isinstance(value, dict) else None
    return "/".join(told)[:_LONGEST_POINTER]
