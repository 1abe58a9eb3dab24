"""Which record of a session a title names: the only one that has it.

Whoever sends a mail chooses its title, and may choose another's. So a title names a record only
while no other record of the session has it, or a longer one that holds its words: `the mail about
the harbour tour` may mean `Harbour tour: times`, and not the mail of somebody who has guessed two
words of it. What a first party calls so is not meant by a title that a third party chose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from .prompt_titles import phrase_of
from .records import Seen

T = TypeVar("T")

_ANSWERS = frozenset(["re", "aw", "antw", "sv", "fw", "fwd", "wg", "tr"])
"""Words before the title of what is answered or passed on. They make no title longer."""
_MOST = 1_000
"""So many titles may each name the one record that has it."""


@dataclass(frozen=True, slots=True)
class _Titled(Generic[T]):
    record: Seen
    gives: T
    own: bool
    is_exact: bool


class TitledRecords(Generic[T]):
    """The titles that prompts say, and what the one record gives that each of them names."""

    def __init__(self) -> None:
        self._known: dict[str, _Titled[T] | None] = {}

    def name(
        self,
        title: str,
        record: Seen,
        gives: Callable[[], T],
        others: Iterable[Seen],
        *,
        own: bool,
        is_exact: bool,
    ) -> T | None:
        """Return what a record gives that a title names; `None` where it names another, or none.

        Args:
            title: What it is called.
            record: The first one that has the title is named by it, unless another may be meant.
            gives: Makes what that one gives.
            others: The records that no title names.
            own: Whether a first party calls it so.
            is_exact: Whether a longer title is another one, as that of a whole file name is.
        """
        phrase = phrase_of(title)
        if phrase not in self._known and len(self._known) < _MOST:
            titled = _Titled(record, gives(), own, is_exact)
            alone = not any(_contests(other, phrase, titled) for other in others)
            self._known[phrase] = titled if alone else None
        known = self._known.get(phrase)
        return known.gives if known is not None and _is_same(known.record, record) else None

    def contest(self, record: Seen) -> Iterator[T]:
        """Take a record that has come, and yield what those gave that may not be meant any more."""
        for phrase, titled in self._known.items():
            if titled is not None and _contests(record, phrase, titled):
                self._known[phrase] = None
                yield titled.gives

    def of_others(self) -> Iterator[T]:
        """Yield what records give that are named by a title that a third party chose."""
        return (each.gives for each in self._known.values() if each and not each.own)


def _contests(record: Seen, phrase: str, titled: _Titled[T]) -> bool:
    """Whether a record, by its titles, may be meant instead of the one that has been."""
    return any(
        (own or not titled.own) and _may_mean(phrase, title, is_exact=titled.is_exact)
        for title, own in record.phrases
    ) and not (titled.record.by_title or record.by_title or _is_same(titled.record, record))


def _may_mean(phrase: str, title: str, *, is_exact: bool) -> bool:
    """Whether who says a phrase may mean what has a title."""
    if is_exact or title == phrase or f" {phrase} " not in f" {title} ":
        return title == phrase
    # Longer than the phrase by other words than those before the title of an answer.
    return not (title.endswith(phrase) and _ANSWERS.issuperset(title.removesuffix(phrase).split()))


def _is_same(one: Seen, other: Seen) -> bool:
    """Whether two are of one record, as far as can be told. A stranger must not choose that."""
    if one.by_title and other.by_title:
        return True
    if not (one.ids or other.ids):
        # A list of records may tell less of each than reading it does.
        return one.held <= other.held or other.held <= one.held
    mine, others = one.ids or one.asked, other.ids or other.asked
    shared = mine.keys() & others.keys()
    if shared:
        return all(mine[name] == others[name] for name in shared)
    return not {*mine.values()}.isdisjoint(others.values())
