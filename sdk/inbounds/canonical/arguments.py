"""Arguments in canonical form: the form that is judged, hashed and passed to the tool.

Two spellings of one call must not be judged differently, and what was judged must be what runs.
So arguments become plain JSON values (RFC 8259) with one serialisation (RFC 8785), and each leaf
whose kind the registry knows is put in the canonical form of its kind. A value without a kind
passes as it is.
"""

from __future__ import annotations

import hmac
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from math import isfinite
from operator import attrgetter
from pathlib import PurePath
from typing import Any
from uuid import UUID

import pydantic
import pydantic_core
import rfc8785

from inbounds.errors import ArgumentNotRepresentable
from inbounds.model.question import Argument, Parsed

from . import MAX_DEPTH, MAX_INTEGER
from .formats import InvalidFormat, normalize

MAX_BYTES = 2**20
"""How large the JSON of the arguments of one call may be."""

_TOO_LARGE = "makes the arguments larger than they may be"


@dataclass(frozen=True, slots=True)
class Canonical:
    """The arguments of one call in canonical form.

    Attributes:
        arguments: Plain JSON values; what the tool receives.
        parsed: Every leaf of a known kind, taken apart, by JSON Pointer (RFC 6901).
        json: The same arguments as RFC 8785 JSON; what is hashed.
    """

    arguments: dict[str, Any]
    parsed: dict[str, Parsed]
    json: bytes


def canonicalise(
    arguments: Mapping[str, Any],
    registered: Mapping[str, Argument],
    *,
    max_bytes: int = MAX_BYTES,
) -> Canonical:
    """Put the arguments of one call in canonical form. A second time changes nothing.

    Args:
        arguments: By name; plain values, pydantic models, dataclasses, enums, dates, UUIDs,
            paths, addresses and decimals.
        registered: The registry's description of the tool's arguments. Its keys are JSON
            Pointers in which `*` stands for any index of an array.
        max_bytes: How large the JSON may be.

    Raises:
        ArgumentNotRepresentable: A value has no canonical form. Nothing has been judged or run.
    """
    room = _Room(max_bytes)
    try:
        plain = _object(arguments, 1, room)
        return Canonical(plain, _parse(plain, registered), _serialise(plain, room))
    except _Fault as fault:
        raise fault.refusal() from None


def canonical_json(value: Any, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Serialise any representable value as RFC 8785 JSON.

    Raises:
        ArgumentNotRepresentable: The value has no canonical form.
    """
    room = _Room(max_bytes)
    try:
        return _serialise(_plain(value, 0, room), room)
    except _Fault as fault:
        raise fault.refusal() from None


def digest(serialised: bytes, key: bytes, key_id: str) -> str:
    """Name arguments without revealing them: `hmac-sha256:<key id>:<hex>` (RFC 2104).

    A plain hash would let anyone who can guess the arguments confirm the guess.
    """
    return f"hmac-sha256:{key_id}:{hmac.digest(key, serialised, 'sha256').hex()}"


class _Fault(Exception):
    """Why a value has no canonical form, and where. The path is collected innermost first."""

    def __init__(self, what: str, path: tuple[str, ...] = ()) -> None:
        self.what = what
        self.path: list[str | int] = [*reversed(path)]

    def refusal(self) -> ArgumentNotRepresentable:
        pointer = "".join(f"/{_shown(segment)}" for segment in reversed(self.path))
        return ArgumentNotRepresentable(f"`{pointer or '/'}` {self.what}")


def _shown(segment: str | int) -> str:
    # A key is text from outside: kept short, and printable wherever the message goes.
    text = str(segment).encode("ascii", "backslashreplace").decode()[:64]
    return _escaped("".join(sign if sign.isprintable() else "?" for sign in text))


class _Room:
    """What is left of the size, and whether the fast serialiser gives RFC 8785.

    Counting on the way stops an object that repeats itself before it is unfolded.
    """

    __slots__ = ("left", "simple", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.left = size
        self.simple = True

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _Fault(_TOO_LARGE)

    def take(self, text: str) -> None:
        try:
            self.spend(2 + (len(text) if text.isascii() else len(text.encode("utf-8"))))
        except UnicodeEncodeError:
            raise _Fault("has half of a surrogate pair") from None


def _plain(value: Any, depth: int, room: _Room) -> Any:
    """Make a plain JSON value of `value`, a fresh one: no list or dict is shared."""
    kind = type(value)
    if kind is str:
        room.take(value)
        return value
    if value is None or kind is bool:
        pass
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise _Fault("is a number beyond 2^53 - 1")
    elif kind is list or kind is tuple:
        return _array(value, depth + 1, room)
    elif kind is float:
        room.simple = False
        value = _number(value)
    elif kind is dict or (
        isinstance(value, Mapping)
        and not (issubclass(kind, pydantic.BaseModel) or is_dataclass(kind))
    ):
        return _object(value, depth + 1, room)
    else:
        return _plain(_converted(value), depth, room)
    room.spend(1)
    return value


def _array(values: list[Any] | tuple[Any, ...], depth: int, room: _Room) -> list[Any]:
    if depth > MAX_DEPTH:
        raise _Fault(f"is nested more than {MAX_DEPTH} deep")
    room.spend(2)
    plain: list[Any] = []
    try:
        for value in values:
            plain.append(_plain(value, depth, room))  # noqa: PERF401 -- its length says where
    except _Fault as fault:
        fault.path.append(len(plain))
        raise
    return plain


def _object(members: Mapping[Any, Any], depth: int, room: _Room) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise _Fault(f"is nested more than {MAX_DEPTH} deep")
    room.spend(2)
    plain: dict[str, Any] = {}
    for key, value in members.items():
        if type(key) is not str:
            if not isinstance(key, str):
                raise _Fault("has a key that is not text")
            key = str.__str__(key)  # noqa: PLW2901 -- exactly text from here on
        if key in plain:
            raise _Fault("has a key twice")
        room.take(key)
        if not key.isascii():
            # Two keys that look alike would be one argument to a reader and two to another.
            if unicodedata.normalize("NFC", key) != key:
                raise _Fault("has a key that is not in NFC")
            room.simple = False
        try:
            plain[key] = _plain(value, depth, room)
        except _Fault as fault:
            fault.path.append(key)
            raise
    return plain


def _number(value: float) -> float:
    if not isfinite(value):
        raise _Fault("is a number that is not finite")
    if abs(value) > MAX_INTEGER:
        raise _Fault("is a number beyond 2^53 - 1")
    return value or 0.0  # -0.0 is written `0`


def members(value: Any) -> dict[str, Any] | None:
    """Return the fields of a model or a dataclass, and a model's extra ones; None of any other.

    No serializer is asked: it may leave out what the tool is given. It raises what the class does.
    """
    if isinstance(value, pydantic.BaseModel):
        own = {name: getattr(value, name) for name in type(value).model_fields}
        more = value.model_extra or {}
        if own.keys() & more.keys():
            raise ValueError("a field and an extra one have one name")
        return own | more
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return None


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise _Fault("is a number that is not finite")
    return str(value)


_CONVERSIONS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any] | str], ...] = (
    (Enum, attrgetter("value")),
    # Exactly text or a number, whatever a subclass says of itself.
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (pydantic.RootModel, attrgetter("root")),
    ((list, tuple), lambda value: [*value]),
    (Decimal, _decimal),
    ((date, time, timedelta), pydantic_core.to_jsonable_python),
    ((UUID, PurePath, IPv4Address, IPv6Address, IPv4Network, IPv6Network), str),
    ((pydantic.AnyUrl, pydantic_core.Url), str),
    ((set, frozenset), "is a set, which has no order: give a sorted list"),
    ((bytes, bytearray, memoryview), "is bytes, which have no one text form: give base64 or text"),
)


def _converted(value: Any) -> Any:
    """Bring a value of a type that JSON lacks one step nearer to JSON."""
    for types, conversion in _CONVERSIONS:
        if isinstance(value, types):
            if isinstance(conversion, str):
                raise _Fault(conversion)
            return conversion(value)
    try:
        own = members(value)
    except Exception:  # noqa: BLE001 -- a class of the caller's may raise anything
        raise _Fault("is a model whose fields cannot be read") from None
    if own is None:
        raise _Fault(f"is of type `{type(value).__name__}`, which has no JSON form")
    return own


_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,
    allow_nan=False,
    sort_keys=True,
    separators=(",", ":"),
)


def _serialise(plain: Any, room: _Room) -> bytes:
    # With ASCII keys and no fractions, the standard encoder writes the very bytes of RFC 8785
    # in a third of the time: it sorts and escapes alike. A test compares the two.
    serialised = _ENCODER.encode(plain).encode() if room.simple else rfc8785.dumps(plain)
    if len(serialised) > room.size:
        raise _Fault(_TOO_LARGE)
    return serialised


def _escaped(segment: str) -> str:
    return segment.replace("~", "~0").replace("/", "~1")


@lru_cache(maxsize=4096)
def _segments(pointer: str) -> tuple[str, ...]:
    return tuple(
        segment.replace("~1", "/").replace("~0", "~") for segment in pointer.split("/")[1:]
    )


def _matches(plain: Any, pattern: str) -> list[tuple[Any, Any, str]]:
    """Find the leaves a pattern means, each as its holder, its place there and its pointer."""
    found = [({"": plain}, "", "")]
    for segment in _segments(pattern):
        deeper: list[tuple[Any, Any, str]] = []
        for holder, place, pointer in found:
            value = holder[place]
            if isinstance(value, dict):
                if segment in value and segment != "*":
                    deeper.append((value, segment, f"{pointer}/{_escaped(segment)}"))
            elif isinstance(value, list) and segment == "*":
                deeper += [(value, index, f"{pointer}/{index}") for index in range(len(value))]
        found = deeper
    return found


def _parse(plain: dict[str, Any], registered: Mapping[str, Argument]) -> dict[str, Parsed]:
    """Put every leaf of a known kind in its form, in place, and take it apart."""
    parsed: dict[str, Parsed] = {}
    for pattern, argument in registered.items():
        if argument.kind == "none":
            continue
        for holder, place, pointer in _matches(plain, pattern):
            value = holder[place]
            if value is None and argument.nullable:
                continue
            try:
                holder[place], leaf = normalize(
                    argument.kind, value, local_part=argument.local_part
                )
            except InvalidFormat as fault:
                raise _Fault(f"{fault} (`{argument.kind}`)", _segments(pointer)) from None
            if parsed.setdefault(pointer, leaf).kind != leaf.kind:
                raise _Fault("is registered with two kinds", _segments(pointer))
    return parsed
