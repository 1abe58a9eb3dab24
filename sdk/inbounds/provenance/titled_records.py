"""Which record of a session a title names: the only one that has it.

Whoever sends a mail chooses its title, and may choose another's. So a title that a third party
chose names a record only while no other record of the session has it. Without quotation marks, no
longer title may hold its words either: `the mail about the harbour tour` may mean `Harbour tour:
times`, and not the mail of somebody who has guessed two words of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from .prompt_titles import phrase_of

T = TypeVar("T")

_ANSWERS = frozenset(["re", "aw", "antw", "sv", "fw", "fwd", "wg", "tr"])
"""Words before the title of what is answered or passed on. They make no title longer."""
_MOST = 1_000
"""So many titles may each name the one record that has it."""


@dataclass(frozen=True, slots=True)
class _Titled(Generic[T]):
    identity: frozenset[str]
    gives: T
    is_outright: bool
    is_exact: bool


class TitledRecords(Generic[T]):
    """The titles that prompts say, and what the one record gives that each of them names."""

    def __init__(self) -> None:
        self._known: dict[str, _Titled[T] | None] = {}

    def find(self, phrase: str, identity: frozenset[str]) -> T | None:
        """Return what a record gives that a title names; `None` where it names another, or none.

        Args:
            phrase: The title, by its words (`prompt.phrase_of`).
            identity: What tells the record from others: its ids, or all that it holds.
        """
        known = self._known.get(phrase)
        return known.gives if known is not None and _is_same(known.identity, identity) else None

    def add(
        self,
        phrase: str,
        identity: frozenset[str],
        gives: T,
        others: Iterable[tuple[Iterable[str], frozenset[str]]],
        *,
        is_outright: bool,
        is_exact: bool,
    ) -> None:
        """Have a title name the first record that has it, unless another may be meant.

        Args:
            phrase: As of `find`, and `identity`.
            identity: Of the record.
            gives: What it gives.
            others: The titles and the identity of each record that no title names.
            is_outright: Whether the prompts say the title so that few could have guessed it.
            is_exact: Whether a longer title is another one: the prompts say this one in quotation
                marks or as a file name, or it is that of a first party.
        """
        if phrase in self._known or len(self._known) >= _MOST:
            return
        titled = _Titled(identity, gives, is_outright, is_exact)
        alone = not any(_contests(titles, other, phrase, titled) for titles, other in others)
        self._known[phrase] = titled if alone else None

    def contest(self, titles: Iterable[str], identity: frozenset[str]) -> Iterator[T]:
        """Take a record that has come, and yield what those gave that may not be meant any more."""
        for phrase, titled in self._known.items():
            if titled is not None and _contests(titles, identity, phrase, titled):
                self._known[phrase] = None
                yield titled.gives

    def not_outright(self) -> Iterator[T]:
        """Yield what records give that are named by what could have been guessed."""
        return (each.gives for each in self._known.values() if each and not each.is_outright)


def _contests(
    titles: Iterable[str], identity: frozenset[str], phrase: str, titled: _Titled[T]
) -> bool:
    """Whether a record, by its titles, may be meant instead of the one that has been."""
    if _is_same(titled.identity, identity):
        return False
    return any(
        title == phrase
        or (not titled.is_exact and f" {phrase} " in f" {title} " and not _answers(title, phrase))
        for title in map(phrase_of, titles)
    )


def _answers(title: str, phrase: str) -> bool:
    """Whether a title is that of an answer to what has another one."""
    return title.endswith(phrase) and _ANSWERS.issuperset(title.removesuffix(phrase).split())


def _is_same(one: frozenset[str], other: frozenset[str]) -> bool:
    # A list of records may tell less of each than reading it does.
    return one <= other or other <= one
