"""The arguments that a tool's function is called with, which have to be the judged ones.

A framework validates arguments on their way to a function. It adds defaults there: those of a
model within an argument, those of a `default_factory`, those of the function's signature.
`complete` adds them before the judgement, and `require_judged` compares where the function is
called.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, RootModel, SecretBytes, SecretStr

from inbounds.canonical.arguments import canonical_json
from inbounds.errors import ArgumentNotRepresentable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from inbounds.pep import Permit

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def complete(given: Mapping[str, Any], called: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with everything that a function would be called with, as plain values.

    A value without a canonical form stays as it was given.

    Args:
        given: What the model asked for, by name.
        called: What the framework's validation makes of that, by the function's own names.
    """
    made = {name: _completed(given.get(name), value) for name, value in called.items()}
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
    members = _members(value)
    if members is not None:
        if not isinstance(judged, Mapping):
            return False
        named = {_key(names, judged): each for names, each in members}
        return named.keys() == judged.keys() and all(
            is_same(each, judged[name]) for name, each in named.items()
        )
    if isinstance(value, RootModel):
        return is_same(value.root, judged)
    if isinstance(value, Mapping):
        return (
            isinstance(judged, Mapping)
            and value.keys() == judged.keys()
            and all(is_same(each, judged[name]) for name, each in value.items())
        )
    if isinstance(value, list | tuple):
        return (
            isinstance(judged, list | tuple)
            and len(value) == len(judged)
            and all(map(is_same, value, judged))
        )
    if isinstance(value, set | frozenset):
        return (
            isinstance(judged, list | tuple)
            and all(any(is_same(one, each) for one in value) for each in judged)
            and all(any(is_same(one, each) for each in judged) for one in value)
        )
    if isinstance(value, SecretStr | SecretBytes):
        return is_same(value.get_secret_value(), judged)
    if isinstance(value, bytes):
        return isinstance(judged, str) and value == judged.encode("utf-8", "surrogatepass")
    made = canonical(value)
    return made is not None and made == canonical(judged)


def _members(value: Any) -> list[tuple[list[str], Any]] | None:
    """Return the names and the value of each field of a model; None for any other value.

    A serializer of the model's may leave fields out, so none is asked.
    """
    if isinstance(value, RootModel):
        return None
    if isinstance(value, BaseModel):
        own = type(value).model_fields
        found = [(_names(name, own[name]), getattr(value, name)) for name in own]
        return found + [([name], each) for name, each in (value.model_extra or {}).items()]
    if is_dataclass(value) and not isinstance(value, type):
        return [([field.name], getattr(value, field.name)) for field in fields(value)]
    return None


def _names(name: str, field: Any) -> list[str]:
    """Return the names that a field may have in arguments, the one it is given by first."""
    said = [each for each in (field.validation_alias, field.alias, name) if isinstance(each, str)]
    return list(dict.fromkeys(said))


def _key(names: list[str], given: Mapping[str, Any]) -> str:
    return next((name for name in names if name in given), names[0])


def _completed(given: Any, made: Any) -> Any:
    """Return what was made of a given value as a plain one, by the names that it was given by."""
    members = _members(made)
    if members is not None:
        before = given if isinstance(given, Mapping) else {}
        named = [(_key(names, before), each) for names, each in members]
        return {name: _completed(before.get(name), each) for name, each in named}
    if isinstance(made, RootModel):
        return _completed(given, made.root)
    if isinstance(made, Mapping):
        before = given if isinstance(given, Mapping) else {}
        return {name: _completed(before.get(name), each) for name, each in made.items()}
    if isinstance(made, list | tuple):
        alike = isinstance(given, list | tuple) and len(given) == len(made)
        whole = given if alike else [None] * len(made)
        return [_completed(*pair) for pair in zip(whole, made, strict=True)]
    if given is not None and is_same(made, given):
        return given
    return made


def canonical(value: Any) -> bytes | None:
    """Return the canonical form of a value; None where it has none."""
    try:
        return canonical_json(value)
    except ArgumentNotRepresentable:
        return None
