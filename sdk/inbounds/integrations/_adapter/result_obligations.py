"""What an agent may have of a result that its framework has already made text of."""

from __future__ import annotations

import functools
import json
from collections import deque
from collections.abc import Mapping
from types import MemberDescriptorType, ModuleType
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from inbounds.errors import InboundsError
from inbounds.pep.labelled import Labelled, labelled_within
from inbounds.pep.lazy_results import refuse_lazy
from inbounds.pep.results import REDACT, TRUNCATE, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inbounds.pep import Permit


_MEDIA_TYPES = ("media_type", "mime_type", "mimeType")
"""By which of their attributes the pictures and files of frameworks are recognized."""


def owed(permit: Permit) -> set[str]:
    """Return the types of what has to be done to the result of a call."""
    return {item.type for item in permit.decision.obligations} & {*TYPES}


def given(content: Any, permit: Permit, take: Callable[[Any], Any]) -> Any:
    """Return what the agent may have of a result's text.

    Obligations speak of fields and rows: text that is JSON is taken apart for them, and put
    together again. Where a field is to be left out of text that is not JSON, nothing is given.

    Args:
        content: Text, or blocks of text as messages have them.
        permit: Of the call.
        take: The permit's `finish` or `admitted`.

    Raises:
        ResultWithheld: It has run; the result may not be given, or not in part.
        OutcomeUnrecorded: It has run; the evidence log did not take the outcome.
    """
    text = _only_text(content)
    plain = _parsed(text)
    value = content if plain is None else plain
    kinds = owed(permit)
    if plain is None and (kinds & {REDACT, TRUNCATE} or (kinds and _holds_other(content))):
        # No plain data, or a picture or file beside it: the permit withholds it, and records that.
        value = Opaque()
    taken = take(value)
    if not kinds:
        return content
    return taken if plain is None else json.dumps(taken, ensure_ascii=False)


def given_value(result: Any, permit: Permit, take: Callable[[Any], Any]) -> Any:
    """Return what the agent may have of a value that its framework makes text of afterwards.

    Args:
        result: Text, as `given`; or a value, which becomes plain data where something is to be
            done to it, and is else given as it is.
        permit: Of the call.
        take: The permit's `finish` or `admitted`.

    Raises:
        ResultWithheld: As `given`.
        OutcomeUnrecorded: As `given`.
    """
    result, take = unlabelled(result, permit, take)
    if isinstance(result, str):
        return given(result, permit, take)
    if is_beyond_sight(result, permit):
        return take(Opaque())  # the permit withholds it, and records that
    # A value may have a way of its own to become plain data: that is code of the tool.
    with permit.tool_run.active():
        seen = plain(result)
    taken = take(seen)
    return taken if seen is result or owed(permit) else result


def require_there(permit: Permit, *parts: Any) -> None:
    """Refuse parts of a result that would do their work later. What can be closed, is.

    Raises:
        ConfigurationError: As `refuse_lazy`, with the decision of the call.
    """
    for part in parts:
        try:
            # What is closed may run code of the tool.
            with permit.tool_run.active():
                refuse_lazy(permit.tool, part)
        except InboundsError as error:
            error.decision_id = permit.decision.id
            raise


def unlabelled(
    result: Any, permit: Permit, take: Callable[[Any], Any]
) -> tuple[Any, Callable[[Any], Any]]:
    """Return a result without the label of its own, and what takes it together with that.

    What is looked into, or made text of, is the result itself; its label is looked at all the same.

    Args:
        result: As the tool has returned it.
        permit: Of the call.
        take: The permit's `finish` or `admitted`.

    Raises:
        ConfigurationError: As `require_there`; the permit has failed.
        OutcomeUnrecorded: The evidence log did not take that.
    """
    try:
        require_there(permit, result)
    except InboundsError as error:
        permit.fail(error)
        raise
    while isinstance(result, Labelled):
        take = functools.partial(_with_label, take, result.label)
        result = result.value
    return result, take


def is_beyond_sight(result: Any, permit: Permit) -> bool:
    """Whether something is owed to a result, and bytes, a picture or a file stand in it.

    A framework makes text of them in which no value can be found, such as base64.

    Args:
        result: As the tool has returned it, without its label.
        permit: Of the call.
    """
    if not owed(permit):
        return False
    try:
        # An attribute may be code of the tool.
        with permit.tool_run.active():
            return _holds_media(result)
    except Exception:  # noqa: BLE001 -- whatever it raises, nobody has looked through all of it
        return True


class KeptLabel:
    """The label of a result that a framework makes text of before anybody can look at it."""

    def __init__(self) -> None:
        self._labels: list[str] = []
        self._parts: Any = None

    def bare(self, result: Any, permit: Permit, *, shown: bool = True) -> Any:
        """Return a result without its label, and keep that.

        Args:
            result: As the tool has returned it, or a part of it.
            permit: Of the call.
            shown: Whether a model reads what is made of it. Then it is withheld where nobody can
                look into it.

        Raises:
            ConfigurationError: As `require_there`.
        """
        require_there(permit, result)
        while isinstance(result, Labelled):
            self._labels.append(result.label)
            result = result.value
        if labelled_within(result):
            # Whatever is made of it: what is looked at are its parts.
            self._parts = result
        elif shown and is_beyond_sight(result, permit):
            self._parts = Opaque()
        return result

    def taking(self, take: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return what takes the text together with the label."""

        def together(text: Any) -> Any:
            value = text if self._parts is None else self._parts
            for label in reversed(self._labels):
                value = Labelled(value, label)
            return take(value)

        return together


def _with_label(take: Callable[[Any], Any], label: str, value: Any) -> Any:
    return take(Labelled(value, label))


def plain(result: Any) -> Any:
    """Return a result as a model reads it; one without such a form as it is."""
    if isinstance(result, Labelled) or labelled_within(result):
        return result  # the permit looks at its label
    try:
        found = to_jsonable_python(result)
    except (PydanticSerializationError, ValueError):
        return result
    return result if found == result else found


class Opaque:
    """Stands for what nobody can look into: where something is owed to it, it is withheld."""


def _holds_media(result: Any) -> bool:
    """Whether bytes, or an object that has a media type, stand in a result at any depth."""
    # They are held here, so that no other object gets the id of one.
    seen: dict[int, Any] = {}
    parts = [result]
    while parts:
        part = parts.pop()
        if isinstance(part, str | int | float | type | ModuleType) or id(part) in seen:
            continue
        if isinstance(part, bytes | bytearray | memoryview):
            return True
        if any(getattr(part, name, None) is not None for name in _MEDIA_TYPES):
            return True
        seen[id(part)] = part
        if isinstance(part, Mapping):
            parts += [*part, *part.values()]
        elif isinstance(part, list | tuple | set | frozenset | deque):
            parts += part
        parts += _attributes(part)
    return False


def _attributes(part: Any) -> Iterator[Any]:
    yield from getattr(part, "__dict__", {}).values()
    yield from (getattr(part, "__pydantic_extra__", None) or {}).values()
    for each in type(part).__mro__:
        names = each.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if isinstance(each.__dict__.get(name), MemberDescriptorType):
                yield getattr(part, name, None)


def _only_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        block = content[0]
        if block.keys() <= {"type", "text", "id"} and isinstance(block.get("text"), str):
            return str(block["text"])
    return ""


def _holds_other(content: Any) -> bool:
    """Whether a block is not text: what is in a picture or a file, nobody has looked at."""
    return isinstance(content, list) and any(
        isinstance(block, dict) and not str(block.get("type", "")).endswith("text")
        for block in content
    )


def _parsed(text: str) -> Any:
    """Return the object or list that a text is, or None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return None


def read_json(text: str) -> Any:
    """Read JSON; text in which a key stands twice in one object is text, all of which is read.

    Raises:
        ValueError: It is not JSON, or a key stands twice in one object.
        RecursionError: It is nested too deep.
    """
    return json.loads(text, object_pairs_hook=_members)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members
