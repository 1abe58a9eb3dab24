"""The arguments that a tool's function is called with, which have to be the judged ones.

A framework validates arguments on their way to a function. It adds defaults there: those of a
model within an argument, those of a `default_factory`, those of the function's signature.
`complete` adds them before the judgement, and `require_judged` compares where the function is
called. For a tool with a schema that its author states, `CallArguments` adds what the schema says
and what the signature says, which may differ.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from types import MethodType
from typing import TYPE_CHECKING, Any, TypeGuard

from pydantic import BaseModel, RootModel, SecretBytes, SecretStr

from inbounds.canonical import MAX_DEPTH
from inbounds.canonical.arguments import canonical_json, members
from inbounds.errors import ArgumentNotRepresentable

from .defaults import with_schema_defaults

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from inbounds.pep import Permit

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_JSON = (str, int, float, bool, type(None))

_NONE = object()
"""Stands for what has no plain value."""
_MOST_WRAPPERS = 32


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
    leaves_out: bool = False,
) -> dict[str, Any]:
    """Return the arguments of a call by name, with the defaults of the function's signature.

    Of a function that is decorated, these are the defaults of its wrapper, then those of what the
    wrapper stands for.

    Args:
        function: The function. Without a signature it has no defaults that anybody could name.
        args: By place.
        arguments: By name.
        injected: The names of the arguments that the framework itself provides.
        leaves_out: Whether what the function does not take is left out: a schema may keep it.

    Raises:
        TypeError: The function does not take them.
    """
    if isinstance(function, functools.partial):
        arguments = {**function.keywords, **arguments}
    signatures = _signatures(function)
    if not signatures and args:
        raise TypeError("arguments by place need a signature")
    if leaves_out and signatures:
        arguments = _taken(signatures[0].parameters, arguments)
    place, named = args, dict(arguments)
    own: dict[str, Any] = {}
    for level, signature in enumerate(signatures):
        parameters = signature.parameters
        try:
            taken = _taken(parameters, arguments) if level else arguments
            bound = signature.bind_partial(*place, **taken)
        except TypeError:
            if level == 0:
                raise
            break  # the wrapper calls it in a way of its own
        bound.apply_defaults()
        if level == 0 and (missing := parameters.keys() - bound.arguments.keys() - {*injected}):
            raise TypeError(f"missing arguments: {', '.join(sorted(missing))}")
        named = own | _named(parameters, bound.arguments)
        if any(each.kind not in _VARIADIC for each in parameters.values()):
            place, own, arguments = (), named, named  # else it passes them on as they are
    return {name: value for name, value in named.items() if name not in injected}


def _signatures(function: Callable[..., Any]) -> list[inspect.Signature]:
    """Return the signature of a function, then those of the functions that it is a wrapper of."""
    found: list[inspect.Signature] = []
    each: Any = function
    for _ in range(_MOST_WRAPPERS):
        with suppress(TypeError, ValueError):
            found.append(inspect.signature(each, follow_wrapped=False))
        inner = None if hasattr(each, "__signature__") else getattr(each, "__wrapped__", None)
        if not callable(inner):
            break
        each = MethodType(inner, each.__self__) if inspect.ismethod(each) else inner
    with suppress(TypeError, ValueError):
        found.append(inspect.signature(function))
    return found


def _taken(
    parameters: Mapping[str, inspect.Parameter], arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the arguments that a function takes: a schema or a wrapper may keep the others."""
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return arguments
    return {name: value for name, value in arguments.items() if name in parameters}


def _named(parameters: Mapping[str, inspect.Parameter], bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return bound arguments by name, those of `**kwargs` by their own and no empty `*args`."""
    named: dict[str, Any] = {}
    for name, value in bound.items():
        kind = parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            named |= value
        elif value or kind is not inspect.Parameter.VAR_POSITIONAL:
            named[name] = value
    return named


@dataclass(frozen=True, slots=True)
class CallArguments:
    """The arguments of one call of a tool with a schema of its own, with all that is added to them.

    Attributes:
        whole: With the defaults of the schema and of the signatures. This is what is judged.
        own: The names of those that a function adds by itself, and that the schema does not state.
    """

    whole: Mapping[str, Any]
    own: frozenset[str]

    @classmethod
    def of(
        cls,
        schema: Any,
        arguments: Mapping[str, Any],
        functions: Iterable[tuple[Callable[..., Any], Collection[str]]],
    ) -> CallArguments:
        """Add the defaults of signatures. A default without a canonical form is left out.

        Args:
            schema: The tool's own: a model of pydantic, a JSON Schema, or none.
            arguments: With the defaults that the schema states.
            functions: What is called, each with the names of the arguments that the framework
                itself provides.
        """
        try:
            whole = dict(arguments)
        except ArgumentNotRepresentable:
            return cls(arguments, frozenset())  # whoever judges them refuses that, and records it
        for function, injected in functions:
            said = by_field(schema, whole)
            with suppress(TypeError):  # it says so itself
                called = called_with(function, (), said, injected=injected, leaves_out=True)
                whole |= complete({}, {n: v for n, v in called.items() if n not in said})
        return cls(whole, frozenset(whole.keys() - arguments.keys() - _stated(schema)))

    def stated(self, judged: Mapping[str, Any]) -> dict[str, Any]:
        """Return judged arguments without those that the function adds by itself.

        A schema may refuse them. They are compared where the function is called.
        """
        return {name: value for name, value in judged.items() if name not in self.own}


def with_stated_defaults(
    schema: Any, arguments: Mapping[str, Any], *, injected: Collection[str] = ()
) -> Mapping[str, Any]:
    """Return arguments with the defaults that a tool's schema states, as `with_schema_defaults`.

    Args:
        schema: A model of pydantic, a JSON Schema, or none.
        arguments: By name or by alias.
        injected: The names of the arguments that the framework itself provides.
    """
    if isinstance(schema, Mapping):
        filled = with_schema_defaults(schema, arguments)
        with suppress(ArgumentNotRepresentable):
            filled = {n: v for n, v in filled.items() if n in arguments or n not in injected}
        return filled
    whole = dict(arguments)
    if is_model(schema):
        for name, field in schema.model_fields.items():
            left_out = whole.keys().isdisjoint(_names(name, field))
            if left_out and not field.is_required() and name not in injected:
                whole[name] = field.get_default(call_default_factory=True, validated_data={})
    return whole


def by_field(schema: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments by the names that a tool's function has for them, and not by aliases.

    Args:
        schema: The tool's own; only a model of pydantic has aliases.
        arguments: By name or by alias.
    """
    found = dict(arguments)
    for name, field in (schema.model_fields if is_model(schema) else {}).items():
        given = _key(_names(name, field), found)
        if name not in found and given in found:
            found[name] = found.pop(given)
    return found


def is_model(schema: Any) -> TypeGuard[type[BaseModel]]:
    """Whether a tool's schema is a model of pydantic."""
    return isinstance(schema, type) and issubclass(schema, BaseModel)


def _stated(schema: Any) -> set[str]:
    if isinstance(schema, Mapping):
        return {*(schema.get("properties") or {})}
    return {*getattr(schema, "model_fields", {})}


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
