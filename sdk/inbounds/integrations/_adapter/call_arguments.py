"""The arguments that a tool's function is called with, which have to be the judged ones.

A framework validates arguments on their way to a function. It adds defaults there: those of a
model within an argument, those of a `default_factory`, those of the function's signature.
`complete` adds them before the judgement, and `require_judged` compares where the function is
called.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import RootModel, SecretBytes, SecretStr

from inbounds.canonical import MAX_DEPTH
from inbounds.canonical.arguments import canonical_json, members
from inbounds.errors import ArgumentNotRepresentable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from inbounds.pep import Permit

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_JSON = (str, int, float, bool, type(None))

_NONE = object()
"""Stands for what has no plain value."""


def complete(given: Mapping[str, Any], called: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with everything that a function would be called with, as plain values.

    A value without a canonical form stays as it was given.

    Args:
        given: What the model asked for, by name.
        called: What the framework's validation makes of that, by the function's own names.
    """
    made = {name: _rebuilt(each, given.get(name), _unless_same) for name, each in called.items()}
    return {**given, **{name: each for name, each in made.items() if canonical(each) is not None}}


def called_with(
    function: Callable[..., Any],
    args: Collection[Any],
    arguments: Mapping[str, Any],
    *,
    injected: Collection[str] = (),
) -> dict[str, Any]:
    """Return the arguments of a call by name, with the defaults of the function's signature.

    Args:
        function: The function. Without a signature it has no defaults that anybody could name.
        args: By place.
        arguments: By name.
        injected: The names of the arguments that the framework itself provides.

    Raises:
        TypeError: The function does not take them.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        if args:
            raise TypeError("arguments by place need a signature") from None
        return {name: value for name, value in arguments.items() if name not in injected}
    bound = signature.bind(*args, **arguments)
    bound.apply_defaults()
    named = {n: v for n, v in bound.arguments.items() if n not in injected}
    for name, parameter in signature.parameters.items():
        if parameter.kind in _VARIADIC and not named.get(name, True):
            del named[name]
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
            named |= {n: v for n, v in named.pop(name, {}).items() if n not in injected}
    return named


def require_judged(
    tool: str, permit: Permit, called: Mapping[str, Any], judged: Mapping[str, Any] | None = None
) -> None:
    """Require that everything that a function is called with is what was judged.

    Args:
        tool: Its name.
        permit: Of the call. It is cancelled where that is not so.
        called: By name, as `called_with` returns it.
        judged: What the permit holds by the function's own names, where those differ.

    Raises:
        ArgumentNotRepresentable: `argument.does_not_fit`. The function must not run.
    """
    expected = permit.arguments if judged is None else judged
    for name, value in called.items():
        if name not in expected or not is_same(value, expected[name]):
            permit.cancel()
            raise ArgumentNotRepresentable(
                f"the arguments do not fit `{tool}`: "
                "its function would be called with others than the judged ones",
                code="argument.does_not_fit",
                hint="state every argument in the call, or give the tool defaults that are allowed",
                decision_id=permit.decision.id,
            )


def is_same(value: Any, judged: Any) -> bool:
    """Whether a value in all its fields is the judged one, in canonical form.

    Args:
        value: What a function is called with.
        judged: A plain value.
    """
    form = canonical(judged)
    return form is not None and form == canonical(_rebuilt(value, judged, _revealed))


def _rebuilt(made: Any, given: Any, leaf: Callable[[Any, Any], Any], depth: int = 0) -> Any:
    """Return a value with objects for its models, by the names that they were given by.

    Args:
        made: The value.
        given: What it was made of, or is compared with: a plain value.
        leaf: Takes both where `made` is neither a model, an object nor a list.
        depth: How deep in the whole it is. What is deeper than arguments may be has no plain value.
    """
    if type(made) in _JSON:
        return made
    if depth > MAX_DEPTH:
        return _NONE
    if isinstance(made, RootModel):
        return _rebuilt(made.root, given, leaf, depth + 1)
    try:
        named = None if isinstance(made, Enum) else members(made)
    except Exception:  # noqa: BLE001 -- a class may raise anything, and so it is not read
        return _NONE
    before = given if isinstance(given, Mapping) else {}
    if named is not None:
        known = getattr(type(made), "__pydantic_fields__", {})
        keys = [_key(_names(name, known.get(name)), before) for name in named]
        if len({*keys}) < len(keys):
            return _NONE
        named = dict(zip(keys, named.values(), strict=True))
    elif isinstance(made, Mapping):
        named = {**made}
    if named is not None:
        return {
            name: _rebuilt(each, before.get(name), leaf, depth + 1) for name, each in named.items()
        }
    if isinstance(made, list | tuple):
        alike = isinstance(given, list | tuple) and len(given) == len(made)
        whole = given if alike else [None] * len(made)
        pairs = zip(made, whole, strict=True)
        return [_rebuilt(each, one, leaf, depth + 1) for each, one in pairs]
    return leaf(made, given)


def _names(name: str, field: Any) -> list[str]:
    """Return the names that a field may have in arguments, the one it is given by first."""
    aliases = getattr(field, "validation_alias", None), getattr(field, "alias", None)
    return list(dict.fromkeys([*(each for each in aliases if isinstance(each, str)), name]))


def _key(names: list[str], given: Mapping[str, Any]) -> str:
    return next((name for name in names if name in given), names[0])


def _unless_same(made: Any, given: Any) -> Any:
    """Return what a value was made of where it is the same; else its plain value, if it has one."""
    if given is not None and is_same(made, given):
        return given
    form = canonical(made)
    return made if form is None else json.loads(form)


def _revealed(made: Any, given: Any) -> Any:
    """Return the plain value of what has none that anybody else may see, or only in one order."""
    if isinstance(made, SecretStr | SecretBytes):
        return _revealed(made.get_secret_value(), given)
    if isinstance(made, bytes):
        try:
            return made.decode()
        except UnicodeDecodeError:
            return _NONE
    if isinstance(made, set | frozenset) and isinstance(given, list | tuple):
        # All in one pass: each form is made once, and neither has an order.
        first = given[0] if given else None
        forms = {canonical(_rebuilt(each, first, _revealed)) for each in made}
        same = None not in forms and forms == {canonical(each) for each in given}
        return given if same else _NONE
    return made


def canonical(value: Any) -> bytes | None:
    """Return the canonical form of a value; None where it has none."""
    try:
        return canonical_json(value)
    except ArgumentNotRepresentable:
        return None
