"""Reads JSON that others wrote, and refuses what two readers could read differently."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, TypeVar

from . import MAX_DEPTH, MAX_INTEGER, MAX_VALUES

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

__all__ = ["MAX_DEPTH", "NotStrictJson", "read_model", "strict_json"]

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class NotStrictJson(ValueError):
    """The text is not JSON, or JSON that readers disagree about. The text is not quoted."""


def strict_json(text: bytes, *, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES) -> Any:
    """Read one JSON value (RFC 8259) that means the same to everyone.

    Args:
        text: UTF-8, without a byte order mark.
        max_depth: How many arrays and objects may nest.
        max_values: How many values there may be; see `require_few_values`.

    Returns:
        The value, of plain Python types.

    Raises:
        NotStrictJson: Not UTF-8 or not JSON; a key twice in one object; a number that is not
            finite, or beyond ±(2^53 - 1); half of a surrogate pair; nested too deep; too many
            values.
    """
    if len(text) > max_values:  # fewer bytes hold fewer values
        from .few_values import require_few_values

        require_few_values(text, max_values)
    try:
        value = _DECODER.decode(text.decode("utf-8"))
    except NotStrictJson:
        raise
    except RecursionError:
        raise NotStrictJson(f"nested more than {max_depth} deep") from None
    except ValueError:  # UnicodeDecodeError and JSONDecodeError carry the text
        raise NotStrictJson("not JSON in UTF-8, or cut off") from None

    # Brackets within strings are counted too: the walk then decides.
    if text.count(b"[") + text.count(b"{") > max_depth or _SURROGATE.search(text):
        _walk(value, max_depth)
    return value


def read_model(kind: type[Model], text: object) -> Model:
    """Return the model that a store was given as JSON.

    A store gives back what it was given, character by character. A member that is missing, comes
    twice or has another type is damage or somebody else's work, and is never read as a default.

    Args:
        kind: The class of the model.
        text: What the store holds.

    Raises:
        NotStrictJson: It is not text, or another than `model_dump_json` makes of a model.
    """
    try:
        model = kind.model_validate_json(text) if isinstance(text, str) else None
    except ValueError:  # ValidationError carries the text
        model = None
    if model is None or model.model_dump_json() != text:
        raise NotStrictJson("not the JSON of a model as it was written")
    return model


def _walk(value: Any, room: int) -> None:
    if isinstance(value, str):
        _whole_text(value)
    elif isinstance(value, dict | list):
        if room == 0:
            raise NotStrictJson("nested too deep")
        if isinstance(value, dict):
            for key in value:
                _whole_text(key)
            value = value.values()
        for item in value:
            _walk(item, room - 1)


def _whole_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotStrictJson("half of a surrogate pair") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrictJson("a key twice in one object")
    return members


def _integer(digits: str) -> int:
    # The length first: converting a megabyte of digits is slow, and refused by Python.
    if len(digits) > 17 or not -MAX_INTEGER <= (number := int(digits)) <= MAX_INTEGER:
        raise NotStrictJson("a number beyond 2^53 - 1")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number) or (number.is_integer() and abs(number) > MAX_INTEGER):
        raise NotStrictJson("a number beyond 2^53 - 1")
    return number


def _constant(_name: str) -> Any:
    raise NotStrictJson("a number that is not finite")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)
