"""What a prompt says a value as: that a value stands in it does not say what it is meant for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from inbounds.model.question import Argument

from .choices import names_another
from .meant_amounts import is_meant, says_amount
from .naming_marks import is_letters, is_named, is_number, is_numbered
from .value_leaves import NAMING, keys_of, scaled, states_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from inbounds.model.question import Origin, Parsed

    from .prompt import Words

_PLAIN = frozenset({"id", "text", "none"})
_DECIMALS = (1, 2, 3, 4)
"""How many digits may be minor units."""
_STEPS = re.compile(r"[^\W_]+")


def doubtful(
    words: Words,
    every: list[tuple[str, Any, Argument]],
    parsed: Mapping[str, Parsed],
    found: Mapping[str, Origin],
    resource: str,
    *,
    spends: bool,
) -> Iterator[tuple[str, list[str]]]:
    """Yield the leaves that the prompts say as something else, or say another value for.

    - A word, or a name of words, that the prompts do not mark as a recipient or a target.
    - A number as a recipient that the prompts only say as the number of something else.
    - A number as a target that belongs to an amount or a date, or to a record of another kind.
    - One of a choice, where the prompts say another one of it as well.
    - An amount that the prompts do not say is to be paid, or another than what they say is.

    Args:
        words: The prompts.
        every: The leaves of the call.
        parsed: Those of a known kind.
        found: Where they were found.
        resource: The type of what the tool acts on.
        spends: Whether the call pays.

    Yields:
        The pointer, and the keys of a value of which a trusted tool's word is as good: none where
        nothing else counts.
    """
    text = words.outright.text
    for pointer, value, argument in every:
        leaf = parsed.get(pointer)
        said = found[pointer].source == "prompt" and found[pointer].grade == "prompt"
        if states_amount(argument) or (leaf is not None and leaf.kind == "money"):
            readings = _readings(value, argument, leaf)
            if not is_meant(text, readings, spends=spends) if said else says_amount(text):
                yield pointer, []
            continue
        if argument.role not in NAMING:
            continue
        if argument.one_of and type(value) is str:
            chosen = [each for _, each, other in every if other is argument]
            if names_another(text, value, argument.one_of, chosen):
                yield pointer, []
                continue
        if said and (leaf is None or leaf.kind in _PLAIN):
            yield from _named(words, pointer, value, argument, resource=resource, every=every)


def _named(
    words: Words,
    pointer: str,
    value: Any,
    argument: Argument,
    *,
    resource: str,
    every: list[tuple[str, Any, Argument]],
) -> Iterator[tuple[str, list[str]]]:
    nouns = frozenset(_nouns(pointer, argument))
    if type(value) is str and is_letters(value):
        people = frozenset(str(each).lower() for _, each, arg in every if arg.role == "recipient")
        if not is_named(words.outright, value, argument, nouns, people):
            yield pointer, keys_of(value, argument, None)[0]
    elif (
        argument.role == "recipient"
        and type(value) in (int, str)
        and is_number(str(value))
        and not is_numbered(words.outright.text, str(value), nouns)
    ):
        yield pointer, []
    elif argument.role == "target" and str(value).isdecimal():
        from .numbered_records import is_id

        # What the registry calls the number, or the tool's resource where it calls it `id`.
        own = nouns or frozenset(_nouns("", Argument(resource=resource)))
        if not is_id(words.outright.text, str(value), own):
            yield pointer, keys_of(value, argument, None)[0]


def _readings(value: Any, argument: Argument, leaf: Parsed | None) -> Iterator[list[str]]:
    """Yield the keys of an amount, as each number that it may be."""
    yield keys_of(value, argument, leaf)[0]
    if leaf is not None and leaf.kind == "money":
        yield from (scaled(value, decimals) for decimals in _DECIMALS)


def _nouns(pointer: str, argument: Argument) -> Iterable[str]:
    """Yield what the registry calls the values of an argument, such as `channel`."""
    names = [step for step in pointer.split("/") if step and not step.isdecimal()]
    for word in _STEPS.findall(f"{names[-1] if names else ''} {argument.resource}".lower()):
        if word not in ("id", "ids", "name", "names", "to", "is", "in", "of"):
            yield word
            yield word.removesuffix("s")
            yield f"{word}s"
