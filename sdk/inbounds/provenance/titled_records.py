"""Which record of a session a title names: the only one that has it.

Whoever sends a mail chooses its title, and may choose another's. So a title names a record only
while no other record of the session has it, or a longer one that holds its words: `the mail about
the harbour tour` may mean `Harbour tour: times`, and not the mail of somebody who has guessed two
words of it. What a first party calls so is not meant by a title that a third party chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from .prompt_titles import phrase_of

T = TypeVar("T")

_ANSWERS = frozenset(["re", "aw", "antw", "sv", "fw", "fwd", "wg", "tr"])
"""Words before the title of what is answered or passed on. They make no title longer."""
_MOST = 1_000
"""So many titles may each name the one record that has it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a record from others of its title. Whoever fills it in must not choose it.

    Attributes:
        ids: The ids that it states itself, by the names of their fields.
        asked: What the call states that it was read by, by the names of the arguments.
        held: All that it holds.
        by_title: Whether it was read by its title, which it does not state itself.
    """

    ids: Mapping[str, str]
    asked: Mapping[str, str]
    held: frozenset[str]
    by_title: bool = False

    def is_same(self, other: Identity) -> bool:
        """Whether two are of one record, as far as can be told."""
        if self.by_title and other.by_title:
            return True
        if not (self.ids or other.ids):
            # A list of records may tell less of each than reading it does.
            return self.held <= other.held or other.held <= self.held
        mine, others = self.ids or self.asked, other.ids or other.asked
        shared = mine.keys() & others.keys()
        if shared:
            return all(mine[name] == others[name] for name in shared)
        return not {*mine.values()}.isdisjoint(others.values())


@dataclass(frozen=True, slots=True)
class _Titled(Generic[T]):
    identity: Identity
    gives: T
    own: bool
    is_exact: bool


class TitledRecords(Generic[T]):
    """The titles that prompts say, and what the one record gives that each of them names."""

    def __init__(self) -> None:
        self._known: dict[str, _Titled[T] | None] = {}

    def find(self, phrase: str, identity: Identity) -> T | None:
        """Return what a record gives that a title names; `None` where it names another, or none.

        Args:
            phrase: The title, by its words (`prompt.phrase_of`).
            identity: What tells the record from others.
        """
        known = self._known.get(phrase)
        return known.gives if known is not None and known.identity.is_same(identity) else None

    def add(
        self,
        phrase: str,
        identity: Identity,
        gives: T,
        others: Iterable[tuple[Mapping[str, bool], Identity]],
        *,
        own: bool,
        is_exact: bool,
    ) -> None:
        """Have a title name the first record that has it, unless another may be meant.

        Args:
            phrase: As of `find`, and `identity`.
            identity: Of the record.
            gives: What it gives.
            others: The titles and the identity of each record that no title names.
            own: Whether a first party calls it so.
            is_exact: Whether a longer title is another one, as that of a whole file name is.
        """
        if phrase in self._known or len(self._known) >= _MOST:
            return
        titled = _Titled(identity, gives, own, is_exact)
        alone = not any(_contests(titles, other, phrase, titled) for titles, other in others)
        self._known[phrase] = titled if alone else None

    def contest(self, titles: Mapping[str, bool], identity: Identity) -> Iterator[T]:
        """Take a record that has come, and yield what those gave that may not be meant any more."""
        for phrase, titled in self._known.items():
            if titled is not None and _contests(titles, identity, phrase, titled):
                self._known[phrase] = None
                yield titled.gives

    def of_others(self) -> Iterator[T]:
        """Yield what records give that are named by a title that a third party chose."""
        return (each.gives for each in self._known.values() if each and not each.own)


def _contests(
    titles: Mapping[str, bool], identity: Identity, phrase: str, titled: _Titled[T]
) -> bool:
    """Whether a record, by its titles, may be meant instead of the one that has been."""
    if titled.identity.is_same(identity) or titled.identity.by_title or identity.by_title:
        return False
    return any(
        title == phrase
        or (not titled.is_exact and f" {phrase} " in f" {title} " and not _answers(title, phrase))
        for title in (phrase_of(each) for each, own in titles.items() if own or not titled.own)
    )


def _answers(title: str, phrase: str) -> bool:
    """Whether a title is that of an answer to what has another one."""
    return title.endswith(phrase) and _ANSWERS.issuperset(title.removesuffix(phrase).split())
