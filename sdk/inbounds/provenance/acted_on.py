"""What calls of a session have paid for, made, sent, and changed though nobody vouched for it.

Who was paid once is not paid again without a question, by whatever words the user's prompt calls
him, nor by an id that the session has made for the same one. What was changed is not itself any
more, and neither is the folder that it lies in, nor what lies within it. All of it is known by the
form that every spelling of a value has (`coarse_forms`).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from .coarse_forms import WORD, coarse_forms
from .value_leaves import keys_of, leaves
from .values import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from inbounds.model.question import Argument

_TARGET = frozenset({"target"})
_CHANGED = _TARGET | {"code"}
"""The roles of arguments that name what a call changes."""
_ABOUT = _TARGET | {"recipient"}
"""The roles of arguments that name who or what a call is for: who is paid, what is made of it."""
_READS_CHANGED = _CHANGED | _ABOUT | {"query"}
_WITHIN = "^"
_DEEPEST = 16


class ActedOn:
    """What calls have done, by forms. Not thread-safe: whoever holds it has a lock.

    Args:
        remember: Keeps forms in an index that is bounded, and sees to it that nothing is forgotten
            unnoticed.
    """

    def __init__(
        self, remember: Callable[[OrderedDict[str, Any], Iterable[str], Any], None]
    ) -> None:
        self._remember = remember
        self._changed: OrderedDict[str, None] = OrderedDict()
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._paid: OrderedDict[str, None] = OrderedDict()
        # Whom and what each id was made for, by the calls that have made it.
        self._of: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._changed or self._paid)

    def begin(
        self,
        arguments: Mapping[str, Any],
        registered: Mapping[str, Argument],
        effects: Collection[str],
        *,
        weak: bool,
    ) -> None:
        """Take what a call is about to change, to let others see and to pay.

        Args:
            arguments: In canonical form.
            registered: The registry's description of the tool's arguments.
            effects: Those of the call.
            weak: Whether nobody has vouched for what steers it.
        """
        if weak:
            self._remember(self._changed, _places(_CHANGED, arguments, registered), None)
        if "export" in effects:
            self._remember(self._sent, _places(_TARGET, arguments, registered), None)
        if "spend" in effects:
            self._remember(self._paid, self._whole(_forms(_ABOUT, arguments, registered)), None)

    def make(
        self,
        ids: Collection[str],
        arguments: Mapping[str, Any],
        registered: Mapping[str, Argument],
        *,
        weak: bool,
    ) -> None:
        """Take ids that a call has made, by their keys. Arguments as of `begin`.

        Where nobody has vouched for what steered it, no list that names them later does.
        """
        made = coarse_forms(ids)
        if weak:
            self._remember(self._changed, made, None)
        about = _forms(_ABOUT, arguments, registered) - made
        for form in made if about else ():
            known = self._of.get(form, OrderedDict())
            self._remember(known, about, None)
            self._remember(self._of, (form,), known)

    def is_changed(self, keys: Iterable[str], argument: Argument) -> bool:
        """Whether a leaf names what a call has changed, or what lies around or within it."""
        return (
            bool(self._changed)
            and argument.role in _READS_CHANGED
            and _meets(self._changed, keys, argument)
        )

    def is_sent(self, keys: Iterable[str], argument: Argument) -> bool:
        """Whether a leaf names what others see, or what lies around or within it."""
        return argument.role in _TARGET and _meets(self._sent, keys, argument)

    def is_paid(self, keys: Iterable[str], argument: Argument) -> bool:
        """Whether a leaf names who has been paid, or what for."""
        return (
            bool(self._paid)
            and argument.role in _ABOUT
            and not self._paid.keys().isdisjoint(self._whole(coarse_forms(keys)))
        )

    def _whole(self, known: set[str]) -> set[str]:
        """Return forms, with whom and what the ids among them were made for."""
        new = known
        for _ in range(_DEEPEST):
            new = {each for form in new for each in self._of.get(form, ())} - known
            if not new:
                break
            known = known | new
        return known


def _places(
    roles: frozenset[str], arguments: Mapping[str, Any], registered: Mapping[str, Argument]
) -> Iterator[str]:
    """Yield the forms of what a call acts on, and those of the folders that they lie in."""
    for form in _forms(roles, arguments, registered):
        yield form
        yield from (_WITHIN + folder for folder in _folders(form))


def _forms(
    roles: frozenset[str], arguments: Mapping[str, Any], registered: Mapping[str, Argument]
) -> set[str]:
    forms: set[str] = set()
    for _, value, argument in leaves(arguments, registered):
        if argument.role in roles:
            forms |= _of_leaf(keys_of(value, argument, None)[0], argument)
    return forms


def _of_leaf(keys: Iterable[str], argument: Argument) -> set[str]:
    forms = coarse_forms(keys)
    if argument.role in _ABOUT:
        return forms
    # The numbers in a command or in search words name nothing.
    return {form for form in forms if not form.startswith(WORD)}


def _meets(index: Mapping[str, None], keys: Iterable[str], argument: Argument) -> bool:
    """Whether a leaf names what an index holds, or what lies around or within that."""
    return any(
        form in index
        or _WITHIN + form in index
        or any(folder in index for folder in _folders(form))
        for form in _of_leaf(keys, argument)
    )


def _folders(form: str) -> Iterator[str]:
    """Yield the forms of the folders that a path lies in."""
    if not form.startswith(PATH):
        return
    path = form
    for _ in range(_DEEPEST):
        path = path.rpartition("/")[0]
        if not path or path == PATH:
            return
        yield path
