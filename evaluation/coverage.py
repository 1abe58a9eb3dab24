"""Whether every place in a result that others can write into is labelled so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inbounds.model.question import Returns


def trusted_with(returns: Returns, result: Any, mark: str) -> list[str]:
    """Return the pointers of texts that hold a mark and are labelled as a first party's.

    Args:
        returns: What the registry says of the result.
        result: Plain JSON.
        mark: What was planted where others can write.
    """
    return [
        pointer
        for pointer, pattern, text in _texts(result, "", "")
        if mark in text and _party(returns, pattern) != "third"
    ]


def trusted_texts(returns: Returns) -> list[str]:
    """Return the fields that hold free text or a title, and are labelled as a first party's.

    What a person can write in full, another can: such a field is a third party's in every registry.
    """
    return [
        pattern
        for pattern, field in returns.fields.items()
        if field.holds in ("text", "title") and field.party != "third"
    ]


def _party(returns: Returns, pattern: str) -> str:
    field = returns.fields.get(pattern)
    return field.party if field is not None else returns.party


def _texts(value: Any, pointer: str, pattern: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield pointer, pattern, value
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, f"{pointer}/{index}", f"{pattern}/*")
    elif isinstance(value, dict):
        for key, part in value.items():
            step = key.replace("~", "~0").replace("/", "~1")
            yield f"{pointer}/{step}", f"{pattern}/{step}", key
            yield from _texts(part, f"{pointer}/{step}", f"{pattern}/{step}")
