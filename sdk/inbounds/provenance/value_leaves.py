"""The leaves of the arguments of a call, and what each could be found as."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from inbounds.model.question import Argument

from .values import DATE, FAMILIES, NUMBER, PATH, number_key, own_keys, text_key, written_number

if TYPE_CHECKING:
    from inbounds.model.question import Parsed

    from .prompt_text import How

MOST = 10_000
"""So many leaves of one call are traced; any further one was found nowhere."""

_UNKNOWN = Argument()
NAMING = frozenset({"recipient", "target", "credential"})
"""The roles of arguments that name somebody or something."""
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_DIGIT = re.compile(r"[0-9]")


def leaves(
    arguments: Any, registered: Mapping[str, Argument]
) -> Iterator[tuple[str, Any, Argument]]:
    """Every leaf: its JSON Pointer, its value and what the registry says of it."""
    stack: list[tuple[Any, str, str]] = [(arguments, "", "")]
    left = MOST
    while stack and left:
        value, pointer, pattern = stack.pop()
        kind = type(value)
        if kind is dict:
            for key, member in reversed(value.items()):
                name = key.replace("~", "~0").replace("/", "~1")
                # A key that is itself `*` is not an array index.
                step = name.replace("*", "~2")
                stack.append((member, f"{pointer}/{name}", f"{pattern}/{step}"))
        elif kind is list:
            stack.extend(
                (value[place], f"{pointer}/{place}", f"{pattern}/*")
                for place in range(len(value) - 1, -1, -1)
            )
        elif value is not None:
            left -= 1
            yield pointer, value, registered.get(pattern, _UNKNOWN)


def keys_of(
    value: Any, argument: Argument, parsed: Parsed | None, *, deletes: bool = False
) -> tuple[list[str], str, How]:
    """What a leaf could be found as.

    Args:
        value: The leaf, in canonical form.
        argument: What the registry says of it.
        parsed: What it was parsed as, where that is known.
        deletes: Whether the call takes with it what lies in its target.

    Returns:
        Its keys; the text to look for in the user's words, or ""; and how it has to be said there.
    """
    if deletes and argument.role == "target":
        # `Delete the draft in the archive` does not say to delete the archive.
        keys, said, _ = keys_of(value, argument, parsed)
        return keys, said or str(value), "deleted"
    kind = parsed.kind if parsed is not None else argument.kind
    if type(value) is str:
        if kind == "date":
            from .dates import written_dates

            return [DATE + written for written in written_dates(value, whole=True)], "", "exactly"
        family = FAMILIES.get(kind)
        if family == PATH:
            return [PATH + value, text_key(value)], value, "exactly"
        if family is not None:
            return [family + value], "", "exactly"
        if kind == "id":
            return [text_key(value)], value, "exactly"
        return _of_text(value, argument)
    if type(value) is bool or type(value) not in (int, float):
        return [], "", "exactly"
    if kind == "id":
        return [text_key(str(value))], str(value), "exactly"
    keys = [number_key(value)]
    if argument.role not in ("amount", "none") and type(value) is int:
        # What a call acts on, where nobody said that its number is an id.
        keys.append(text_key(str(value)))
    return keys, "", "exactly"


def _of_text(value: str, argument: Argument) -> tuple[list[str], str, How]:
    keys = own_keys(value)
    if states_amount(argument) or argument.type in ("integer", "number"):
        # Readers differ on what a number with separators is.
        number = written_number(value) if _PLAIN_NUMBER.fullmatch(value) else None
        if number is not None:
            keys.append(number)
        if _DIGIT.search(value) and states_amount(argument) and not _has_currency(value):
            # That the digits were said does not say that they were an amount.
            return keys, "", "exactly"
    if argument.role == "code":
        return keys, value, "order"
    if argument.role in ("recipient", "credential") and _is_common(value):
        # `Post it to Ann, please` names Ann. Written with a capital, `Bill` is a name as well.
        return keys, value, "name"
    return keys, value, "words"


def states_amount(argument: Argument) -> bool:
    """Whether a leaf says how much: a number vouches for it only where that was said as one."""
    return argument.role == "amount" or argument.kind == "money"


def may_differ(value: Any, argument: Argument, numbers: Collection[str]) -> bool:
    """Whether a prompt with these numbers may mean something else by a value: see `said_as`."""
    if argument.role not in NAMING or argument.kind in FAMILIES:
        return states_amount(argument)
    if str(value).isdecimal() and argument.role == "target":
        return len(numbers) > 1 and str(value) in numbers
    return argument.role == "recipient" or bool(argument.one_of) or not _DIGIT.search(str(value))


def may_state_amount(key: str) -> bool:
    """Whether a value under this key can say how much: digits alone may be those of an id."""
    return key.startswith(NUMBER) or not _DIGIT.search(key) or _has_currency(key)


def scaled(value: Any, decimals: int) -> list[str]:
    """The keys of an amount in minor units as people say it: 1000 is 10.00 with two decimals."""
    if not decimals or type(value) is not int:
        return [number_key(value)]
    sign = "-" if value < 0 else ""
    digits = str(abs(value)).rjust(decimals + 1, "0")
    number = written_number(f"{sign}{digits[:-decimals]}.{digits[-decimals:]}")
    return [number] if number is not None else []


def _has_currency(text: str) -> bool:
    # Imported here, as below: most leaves are neither amounts nor words.
    from .amounts import has_currency

    return has_currency(text)


def _is_common(text: str) -> bool:
    from .stop_words import is_common

    return is_common(text)
