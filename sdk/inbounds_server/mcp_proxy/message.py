"""One JSON-RPC message as it came over a wire, read so that nobody could read it differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_types import (
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

from inbounds.canonical.strict_json import MAX_DEPTH, NotStrictJson, strict_json

if TYPE_CHECKING:
    from mcp_types import JSONRPCMessage

MAX_BYTES = 4 * 2**20
"""How long one message may be."""
MAX_VALUES = 2**15
"""How many values a message of a host may hold; one of a server may hold eight times as many."""

_AROUND = 6
"""How deep what is judged lies within a message."""
_SHAPES: dict[frozenset[str], Any] = {
    frozenset({"method", "id"}): JSONRPCRequest,
    frozenset({"method"}): JSONRPCNotification,
    frozenset({"result", "id"}): JSONRPCResponse,
    frozenset({"error", "id"}): JSONRPCError,
    frozenset({"error"}): JSONRPCError,
}


class NotAMessage(ValueError):
    """What came is not a JSON-RPC message, or one that two readers could read differently."""


def read_message(text: bytes) -> JSONRPCMessage:
    """Read one message (JSON-RPC 2.0 §4, §5).

    Args:
        text: UTF-8, with or without a line break at its end.

    Raises:
        NotAMessage: It is longer than `MAX_BYTES`; holds more than `MAX_VALUES`; is not JSON, not
            strict (`strict_json`), or a batch; or has other members than one kind of message has.
            What it says is not quoted.
    """
    if len(text) > MAX_BYTES:
        raise NotAMessage("longer than 4 MiB")
    try:
        value = strict_json(text, max_depth=MAX_DEPTH + _AROUND, max_values=MAX_VALUES)
    except NotStrictJson as error:
        raise NotAMessage(str(error)) from None
    if not isinstance(value, dict):
        raise NotAMessage("a batch, or no object")
    shape = _SHAPES.get(frozenset(value) - {"jsonrpc", "params"})
    if shape is None or ("params" in value and "method" not in value):
        raise NotAMessage("members that no kind of message has together")
    try:
        message: JSONRPCMessage = shape.model_validate(value, by_name=False)
    except ValidationError:
        raise NotAMessage("a member of the wrong type") from None
    return message
