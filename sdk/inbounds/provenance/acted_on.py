"""What calls of a session have paid for, made, and changed though nobody vouched for it.

Who was paid once is not paid again without a question, by whatever words the user's prompt calls
him, nor by an id that the session has made of the same thing. What was changed is not itself any
more, and neither is the folder that it lies in, nor what lies within it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeVar

from .value_leaves import CHANGED, PAID, keys_of, leaves
from .values import PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from inbounds.model.question import Argument

V = TypeVar("V")

_READS_CHANGED = CHANGED | {"query"}
_WORD = "w:"
_WITHIN = "^"
_DEEPEST = 16
_CHUNK = re.compile(r"\S+")
_PUNCTUATION = ".,;:!?'\"()[]{}<>"
_DIGIT = re.compile(r"[0-9]")


class ActedOn:
    """What calls have done, by keys. Not thread-safe: whoever holds it has a lock.

    Attributes:
        is_full: Whether something was forgotten.

    Args:
        most: How many values are kept of each.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed: OrderedDict[str, None] = OrderedDict()
        self._paid: OrderedDict[str, None] = OrderedDict()
        # By an id that a call has made, what the call was about.
        self._of: OrderedDict[str, frozenset[str]] = OrderedDict()
        self.is_full = False

    def __bool__(self) -> bool:
        return bool(self._changed or self._paid)

    def change(self, arguments: Mapping[str, Any], registered: Mapping[str, Argument]) -> None:
        """Take the targets of a call that nobody vouched for.

        Args:
            arguments: In canonical form.
            registered: The registry's description of the tool's arguments.
        """
        for key in _keys(CHANGED, arguments, registered):
            self._keep(self._changed, key, None)
            for folder in _folders(key):
                self._keep(self._changed, _WITHIN + folder, None)

    def pay(self, arguments: Mapping[str, Any], registered: Mapping[str, Argument]) -> None:
        """Take whom a call pays, or what for. Arguments as of `change`."""
        for key in self._whole(_keys(PAID, arguments, registered)):
            self._keep(self._paid, key, None)

    def make(
        self, ids: Iterable[str], arguments: Mapping[str, Any], registered: Mapping[str, Argument]
    ) -> None:
        """Take ids that a call has made. Arguments as of `change`."""
        about = frozenset(_keys(frozenset({"target"}), arguments, registered))
        for key in ids if about else ():
            self._keep(self._of, key, about | self._of.get(key, frozenset()))

    def is_changed(self, keys: Iterable[str], argument: Argument) -> bool:
        """Whether a leaf names what a call has changed, or what lies around or within it."""
        return argument.role in _READS_CHANGED and any(
            key in self._changed
            or _WITHIN + key.rstrip("/") in self._changed
            or any(folder in self._changed for folder in _folders(key))
            for key in keys
        )

    def is_paid(self, keys: Iterable[str], argument: Argument) -> bool:
        """Whether a leaf names who has been paid, or what for."""
        return (
            bool(self._paid)
            and argument.role in PAID
            and not self._paid.keys().isdisjoint(self._whole(keys))
        )

    def _whole(self, keys: Iterable[str]) -> set[str]:
        """Return keys, with the words that tell them, and what the ids among them were made of."""
        known = {*keys}
        for key in [*known]:
            known.update(_words(key))
        new = known
        for _ in range(_DEEPEST):
            new = {each for key in new for each in self._of.get(key, ())} - known
            if not new:
                break
            known |= new
        return known

    def _keep(self, index: OrderedDict[str, V], key: str, value: V) -> None:
        index[key] = value
        if len(index) > self._most:
            index.popitem(last=False)
            self.is_full = True


def _keys(
    roles: frozenset[str], arguments: Mapping[str, Any], registered: Mapping[str, Argument]
) -> Iterator[str]:
    for _, value, argument in leaves(arguments, registered):
        if argument.role in roles:
            yield from keys_of(value, argument, None)[0]


def _words(key: str) -> Iterator[str]:
    """Yield the words of a value that hold a digit: `order 1234.` is order `1234`."""
    for chunk in _CHUNK.findall(key.partition(":")[2]):
        if _DIGIT.search(chunk):
            yield _WORD + chunk.strip(_PUNCTUATION).lower()


def _folders(key: str) -> Iterator[str]:
    """Yield the keys of the folders that a path lies in."""
    if not key.startswith(PATH):
        return
    path = key.rstrip("/")
    for _ in range(_DEEPEST):
        path = path.rpartition("/")[0]
        if not path or path == PATH:
            return
        yield path
