"""What calls of a session have paid for, made, and changed though nobody vouched for it.

Who was paid once is not paid again without a question, by whatever words the user's prompt calls
him, nor by an id that the session has made of the same thing. What was changed is not itself any
more, and neither is the folder that it lies in, nor what lies within it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from .value_leaves import keys_of, leaves
from .values import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from inbounds.model.question import Argument

_TARGET = frozenset({"target"})
_CHANGED = _TARGET | {"code"}
"""The roles of arguments that name what a call changes."""
_READS_CHANGED = _CHANGED | {"query"}
_PAID = _TARGET | {"recipient"}
"""The roles of arguments that name who is paid, or what for."""
_WORD = "w:"
_WITHIN = "^"
_DEEPEST = 16
_CHUNK = re.compile(r"\S+")
_PUNCTUATION = ".,;:!?'\"()[]{}<>"
_DIGIT = re.compile(r"[0-9]")


class ActedOn:
    """What calls have done, by keys. Not thread-safe: whoever holds it has a lock.

    Args:
        remember: Keeps keys in an index that is bounded, and sees to it that nothing is forgotten
            unnoticed.
    """

    def __init__(
        self, remember: Callable[[OrderedDict[str, Any], Iterable[str], Any], None]
    ) -> None:
        self._remember = remember
        self._changed: OrderedDict[str, None] = OrderedDict()
        self._paid: OrderedDict[str, None] = OrderedDict()
        # What each id was made of, by the calls that have made it.
        self._of: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._changed or self._paid)

    def change(self, arguments: Mapping[str, Any], registered: Mapping[str, Argument]) -> None:
        """Take the targets of a call that nobody vouched for.

        Args:
            arguments: In canonical form.
            registered: The registry's description of the tool's arguments.
        """
        for key in _keys(_CHANGED, arguments, registered):
            around = (_WITHIN + folder for folder in _folders(key))
            self._remember(self._changed, (key, *around), None)

    def pay(self, arguments: Mapping[str, Any], registered: Mapping[str, Argument]) -> None:
        """Take whom a call pays, or what for. Arguments as of `change`."""
        self._remember(self._paid, self._whole(_keys(_PAID, arguments, registered)), None)

    def make(
        self, ids: Iterable[str], arguments: Mapping[str, Any], registered: Mapping[str, Argument]
    ) -> None:
        """Take ids that a call has made. Arguments as of `change`."""
        about = [*_keys(_TARGET, arguments, registered)]
        for key in ids if about else ():
            known = self._of.get(key, OrderedDict())
            self._remember(known, about, None)
            self._remember(self._of, (key,), known)

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
            and argument.role in _PAID
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
