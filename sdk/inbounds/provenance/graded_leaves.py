"""The leaves of a call by their grades, and those of which the prompts may mean something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .grades import PROMPTED, TRUSTED
from .no_words import NoWords
from .value_leaves import keys_of, may_differ

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from inbounds.model.question import Argument, Origin, Parsed

    from .acted_on import ActedOn
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
    words: Words | NoWords,
    every: list[tuple[str, Any, Argument]],
    parsed: Mapping[str, Parsed],
    found: Mapping[str, Origin],
    *,
    fields: Mapping[str, Origin],
    kept_from: Mapping[str, int],
    acted_on: ActedOn | None,
    spends: bool,
    deletes: bool,
    resource: str,
) -> list[str]:
    """Return the pointers of the leaves of which the prompts may mean something else.

    Args:
        words: The prompts.
        every: The leaves of the call.
        parsed: Those of a known kind.
        found: Where they were found.
        fields: What fields of results hold: a trusted tool's word is as good as a prompt's.
        kept_from: The last prompt that may say to keep what a record holds, by its keys.
        acted_on: What calls have changed and paid for.
        spends: Whether the call pays.
        deletes: Whether the call takes with it what lies in its target.
        resource: The type of what the tool acts on.
    """
    at: set[str] = set()
    unsure = words.is_doubtful or kept_from or acted_on
    for pointer, value, argument in every:
        grade = found[pointer].grade
        if grade == "none":
            continue
        if argument.role == "recipient" and _is_another(words, found[pointer], parsed.get(pointer)):
            at.add(pointer)
            continue
        # Most calls of most sessions: nothing is in doubt, and nothing is deleted or run.
        acts = grade == "prompt" and (argument.role == "code" or deletes)
        if not (acts or unsure):
            continue
        keys, said, how = keys_of(value, argument, parsed.get(pointer), deletes=deletes)
        kept = -1
        if kept_from:
            from .coarse_forms import coarse_forms

            kept = max(kept_from.get(form, -1) for form in {"", *coarse_forms(keys)})
        acts = acts and how in ("deleted", "order")
        if (
            words.doubts(keys, said, prompted=grade in PROMPTED, kept=kept)
            or (acts and not words.asks_plainly(said, how))
            or (acted_on and acted_on.is_changed(keys, argument))
            or (acted_on and spends and acted_on.is_paid(keys, argument))
        ):
            at.add(pointer)
    if not isinstance(words, NoWords) and any(
        may_differ(value, a, words.outright.numbers) for _, value, a in every
    ):
        from . import said_as

        # What the prompts say as something else, such as the number of an invoice.
        for pointer, keys in said_as.doubtful(words, every, parsed, found, resource, spends=spends):
            if not any(key in fields and fields[key].grade in TRUSTED for key in keys):
                at.add(pointer)
    return sorted(at)


def _is_another(words: Words | NoWords, origin: Origin, leaf: Parsed | None) -> bool:
    """Whether the last prompt says an address or an account, and not this one."""
    if leaf is None or origin.grade == "prompt" or not words.says_some(leaf.kind):
        return False
    # An account on file may be another's as well.
    return origin.grade != "first_party" or leaf.kind == "iban"
