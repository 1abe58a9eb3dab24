"""The leaves of a call by their grades, and those of which the prompts may mean something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .grades import PROMPTED, TRUSTED
from .value_leaves import keys_of, may_differ

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from inbounds.model.question import Argument, Origin, Parsed

    from .prompt import Words

    Leaves = Iterable[tuple[str, Any, Argument]]


def keys_by_grade(
    grades: frozenset[str],
    every: Leaves,
    parsed: Mapping[str, Parsed],
    found: Mapping[str, Origin],
) -> Iterator[tuple[str, list[str], str]]:
    """Yield the leaves of these grades: the pointer, the keys of the value, and it as text."""
    for pointer, value, argument in every:
        if found[pointer].grade in grades:
            keys, said, _ = keys_of(value, argument, parsed.get(pointer))
            yield pointer, keys, said


def doubtful(
    words: Words,
    every: list[tuple[str, Any, Argument]],
    parsed: Mapping[str, Parsed],
    found: Mapping[str, Origin],
    *,
    fields: Mapping[str, Origin],
    kept_from: Mapping[str, int],
    deletes: bool,
) -> list[str]:
    """Return the pointers of the leaves of which the prompts may mean something else.

    Args:
        words: The prompts.
        every: The leaves of the call.
        parsed: Those of a known kind.
        found: Where they were found.
        fields: What fields of results hold: a trusted tool's word is as good as a prompt's.
        kept_from: The last prompt that may say to keep what a record holds, by its keys.
        deletes: Whether the call takes with it what lies in its target.
    """
    at: set[str] = set()
    for pointer, value, argument in every:
        grade = found[pointer].grade
        if grade == "none":
            continue
        keys, said, how = keys_of(value, argument, parsed.get(pointer))
        if deletes and argument.role == "target":
            how, said = "deleted", said or str(value)
        kept = max((kept_from.get(key, -1) for key in keys), default=-1)
        acts = grade == "prompt" and how in ("deleted", "order")
        if words.doubts(keys, said, prompted=grade in PROMPTED, kept=kept) or (
            acts and not words.asks_plainly(said, how)
        ):
            at.add(pointer)
    if any(may_differ(value, argument) for _, value, argument in every):
        from . import said_as

        # What the prompts say as something else, such as the number of an invoice.
        for pointer, keys in said_as.doubtful(words, every, parsed, found):
            if not any(key in fields and fields[key].grade in TRUSTED for key in keys):
                at.add(pointer)
    return sorted(at)
