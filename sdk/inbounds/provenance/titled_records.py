"""Which record of a session a title names: the only one that has it.

Whoever sends a mail chooses its title, and may choose another's. So a title names a record only
while no other record of the session has it, or a longer one that holds its words: `the mail about
the harbour tour` may mean `Harbour tour: times`, and not the mail of somebody who has guessed two
words of it. What a first party calls so is not meant by a title that a third party chose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
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
            elif titled is not None and _tells_more(record, titled.record, phrase):
                # The next one has to be the same as this one.
                self._known[phrase] = replace(titled, record=record)

    def of_others(self) -> Iterator[T]:
        """Yield what records give that are named by a title that a third party chose."""
        return (each.gives for each in self._known.values() if each and not each.own)


def _tells_more(record: Seen, other: Seen, phrase: str) -> bool:
    """Whether one of a title is the same record as one that tells nothing else, and tells more."""
    return (
        (_is_bare(other) and not _is_bare(record))
        and phrase in dict(record.phrases)
        and _is_same(other, record)
    )


def _is_bare(record: Seen) -> bool:
    """Whether a record tells nothing but its titles."""
    return not (record.held or record.id[1])


def _contests(record: Seen, phrase: str, titled: _Titled[T]) -> bool:
    """Whether a record, by its titles, may be meant instead of the one that has been."""
    return (
        titled.record.by_title == record.by_title
        and any(
            (own or not titled.own) and _may_mean(phrase, title, is_exact=titled.is_exact)
            for title, own in record.phrases
        )
        and not _is_same(titled.record, record)
    )


def _may_mean(phrase: str, title: str, *, is_exact: bool) -> bool:
    """Whether who says a phrase may mean what has a title."""
    if is_exact or title == phrase or f" {phrase} " not in f" {title} ":
        return title == phrase
    # Longer than the phrase by other words than those before the title of an answer.
    return not (title.endswith(phrase) and _ANSWERS.issuperset(title.removesuffix(phrase).split()))


def _is_same(one: Seen, other: Seen) -> bool:
    """Whether two are of one record, as far as can be told. A stranger must not choose that."""
    if one.by_title and other.by_title:
        return bool(one.graded.places == other.graded.places)
    (type_, key), (other_type, other_key) = one.id, other.id
    if not (key or other_key):
        # A list may tell no more than the titles of what it holds; two of it are two.
        alike = one.held == other.held or _is_bare(one) or _is_bare(other)
        return one is other or (alike and one.graded is not other.graded)
    # A number is one of what it is a number of, such as the issues of a repository.
    elsewhere = other.graded.places
    return (
        key == other_key
        and (type_ == other_type or not (type_ and other_type))
        and all(
            place == elsewhere.get(at, place) or key in (place, elsewhere[at])
            for at, place in one.graded.places.items()
        )
    )
