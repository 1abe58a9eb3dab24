"""The shape of a result: what the registry's `returns.fields` say stands where.

Where a field is to be left out of a result, or its rows are to be counted, the result has to have
that shape: what the registry does not name cannot be told from what is owed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from inbounds.canonical.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROW = "*"
"""The step of a pattern that stands for each element of a list."""

_LEFT_OUT = object()
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORDS = re.compile(r"[^\W_]+")
_TAGGED = re.compile(r"</|<[a-z][\w:.-]*(?:[\s/>]|\Z)", re.IGNORECASE)
_JSON_WITHIN = re.compile(r"[\[{][\s\\]*[\"\[{]")
_ESCAPED_SPACE = re.compile(r"(?<!\\)\\+([nrtfvb])")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\[^\r\n<>\"|?*:;,]*")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # A key that stands twice has all its values: readers differ in which of them they take.
    members: dict[str, Any] = {}
    for name, value in pairs:
        members[name] = [members[name], value] if name in members else value
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_members)


class ShapeMismatch(Exception):
    """A result has another shape than the registry says. Names the place, never a value."""

    def __init__(self, place: str, expected: str, found: str) -> None:
        about = f"`{place}` of the result" if place else "the result"
        super().__init__(f"{about} must {expected}; it {found}")


class Shape:
    """One place of a result, and the places in it.

    Attributes:
        place: Its pattern; empty for the whole result.
        registered: Whether the registry names the place itself.
        below: The places in it, by step.
    """

    __slots__ = ("below", "place", "registered")

    def __init__(self, place: str = "") -> None:
        self.place = place
        self.registered = False
        self.below: dict[str, Shape] = {}

    @staticmethod
    def of(patterns: Iterable[str], *, unregistered: Iterable[str] = ()) -> Shape:
        """Return the shape that patterns make.

        Args:
            patterns: Those of the registry.
            unregistered: Others, whose places are known, and nothing of what they hold.
        """
        root = Shape()
        for pattern in patterns:
            root._at(pattern).registered = True
        for pattern in unregistered:
            root._at(pattern)
        return root

    def _at(self, pattern: str) -> Shape:
        shape = self
        for step in pattern.split("/")[1:]:
            below = shape.below.get(_unescaped(step))
            if below is None:
                below = shape.below[_unescaped(step)] = Shape(f"{shape.place}/{step}")
            shape = below
        return shape

    @property
    def row(self) -> Shape | None:
        """What each element is, where the place is a list."""
        return self.below.get(ROW)

    @property
    def is_list(self) -> bool:
        """Whether the place is a list and nothing else."""
        return self.below.keys() == {ROW}

    def field(self, name: str) -> Shape | None:
        """What a field is, where the place is a mapping and the registry names the field."""
        return None if name == ROW else self.below.get(name)

    def require_list(self, value: Any) -> Shape:
        """Return what each element is.

        Raises:
            ShapeMismatch: The registry has something else here.
        """
        if self.row is None:
            raise self._mismatch(value)
        return self.row

    def require_mapping(self, value: Any) -> None:
        """Require that the registry names fields here.

        Raises:
            ShapeMismatch: It has something else here.
        """
        if not self.below.keys() - {ROW}:
            raise self._mismatch(value)

    def require_single(self, value: Any) -> None:
        """Require that the registry has a text or a number here.

        Raises:
            ShapeMismatch: It has a list or a mapping here.
        """
        if not self.registered:
            raise self._mismatch(value)

    def _mismatch(self, value: Any) -> ShapeMismatch:
        kinds = ["a list"] if self.row is not None else []
        if self.below.keys() - {ROW}:
            kinds.append("a mapping")
        if self.registered or not kinds:
            kinds.append("a single value")
        return ShapeMismatch(self.place, f"be {' or '.join(kinds)}", f"is {_kind_of(value)}")


# --- fields -------------------------------------------------------------------------------------


def without(value: Any, shape: Shape, patterns: Iterable[str]) -> Any:
    """Return what the registry names of a result, without the fields of some patterns.

    A field that the registry does not name is left out: it may be one of the others, in another
    spelling. So is a text that says the name of one, or that is JSON.

    Args:
        value: Plain data; it is not changed.
        shape: What the registry says of the result.
        patterns: Of what is left out.

    Raises:
        ShapeMismatch: It has another shape.
    """
    hidden = frozenset(patterns)
    left = _left(value, shape, hidden, _naming(hidden))
    return None if left is _LEFT_OUT else left


def _left(value: Any, shape: Shape, hidden: frozenset[str], naming: re.Pattern[str]) -> Any:
    if shape.place in hidden:
        return _LEFT_OUT
    if value is None or value in ([], {}):
        return value
    if isinstance(value, list):
        row = shape.require_list(value)
        parts = (_left(part, row, hidden, naming) for part in value)
        return [part for part in parts if part is not _LEFT_OUT]
    if isinstance(value, dict):
        shape.require_mapping(value)
        left = {
            name: _left(part, field, hidden, naming)
            for name, part in value.items()
            if (field := shape.field(name)) is not None
        }
        return {name: part for name, part in left.items() if part is not _LEFT_OUT}
    shape.require_single(value)
    if isinstance(value, str) and (
        is_json(value) or any(naming.search(form.casefold()) for form in _readings(value))
    ):
        return _LEFT_OUT
    return value


def _naming(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the names of fields in a text, however their words are joined."""
    names = []
    for pattern in patterns:
        steps = [step for step in pattern.split("/")[1:] if step != ROW]
        if not steps:
            continue
        name = _unescaped(steps[-1])
        words = _WORDS.findall(_CAMEL.sub(" ", name)) or [name]
        said = r"[\W_]{0,8}".join(re.escape(visible(word).casefold()) for word in words)
        names.append(rf"(?<![^\W_]){said}(?![^\W_])")
    return re.compile("|".join(names) or r"(?!)")


# --- rows ---------------------------------------------------------------------------------------


class Rows:
    """How many rows of one result may still be given.

    The elements of the first lists are its rows. A list within a row, and mappings side by side,
    are a part of it where the registry names them, and are counted as rows where it does not.
    """

    def __init__(self, most: int) -> None:
        self._left = most

    def cut(self, value: Any, shape: Shape) -> Any:
        """Return a result without the rows that are too many.

        Raises:
            ShapeMismatch: It holds what may be rows, where the registry does not name any.
        """
        return self._cut(value, shape, shape, within_row=False)

    def take(self) -> bool:
        """Count one row more; return whether it may be given."""
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def _cut(self, value: Any, shape: Shape | None, known: Shape, *, within_row: bool) -> Any:
        # `known` is the last place on the way that the registry names: the others may be values.
        if isinstance(value, list):
            row = shape.row if shape is not None else None
            if value and row is None and shape is not None and shape.below:
                shape.require_list(value)
            if not within_row:
                value = value[: self._left]
                self._left -= len(value)
            elif row is None:
                self._count(len(value), known, "a list")
            return [self._cut(part, row, row or known, within_row=True) for part in value]
        if isinstance(value, dict):
            if value and shape is not None and shape.is_list:
                shape.require_mapping(value)
            fields = {name: shape.field(name) if shape is not None else None for name in value}
            beside = sum(isinstance(value[name], dict) and not fields[name] for name in value)
            if beside > 1:
                self._count(beside, known, "several mappings")
            return {
                name: self._cut(part, fields[name], fields[name] or known, within_row=within_row)
                for name, part in value.items()
            }
        if value is not None and shape is not None and shape.below:
            shape.require_single(value)
        if isinstance(value, str) and not (shape is not None and shape.registered):
            _require_line(value, known)
        return value

    def _count(self, rows: int, known: Shape, found: str) -> None:
        self._left -= rows
        if self._left < 0:
            raise ShapeMismatch(
                known.place, "hold no more rows than `rows`", f"holds {found}, unregistered"
            )


def _require_line(text: str, known: Shape) -> None:
    if _WINDOWS_PATH.fullmatch(text):
        return
    forms = () if is_json(text) else (*_readings(text),)
    if not forms or any(map(_JSON_WITHIN.search, forms)):
        found = "JSON as text"
    elif any(len(form.splitlines()) > 1 or _TAGGED.search(form) for form in forms):
        found = "text of several lines"
    else:
        return
    raise ShapeMismatch(
        known.place, "hold single lines and registered fields", f"holds {found}, unregistered"
    )


# --- texts --------------------------------------------------------------------------------------


def json_within(text: str) -> Any:
    """Return the list or mapping that a text is as JSON; None if it is neither."""
    forms = [*_decoded(text)]
    if not forms or isinstance(forms[-1][0], str) or not all(whole for _, whole in forms):
        return None
    return forms[-1][0]


def is_json(text: str) -> bool:
    """Whether a text is a list or a mapping as JSON, or begins with one."""
    return any(not isinstance(found, str) for found, _ in _decoded(text))


def _readings(text: str) -> Iterator[str]:
    """Yield a text as it is read, and with escaped line ends and tabs as such."""
    yield (read := visible(text))
    if "\\" in read:
        yield _ESCAPED_SPACE.sub(lambda found: "\n" if found[1] in "nr" else " ", read)


def _decoded(text: str) -> Iterator[tuple[Any, bool]]:
    """Yield the JSON that a text begins with, and whether it is all of it; and of that again."""
    while True:  # each time it is half as long: quotes are escaped in quotes
        text = text.strip("\ufeff \t\r\n")
        if not text.startswith(("{", "[", '"')):
            return
        try:
            found, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            return
        yield found, end == len(text)
        if not isinstance(found, str):
            return
        text = found


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _kind_of(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return "text" if isinstance(value, str) else "a number"
