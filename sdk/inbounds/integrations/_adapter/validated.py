"""Arguments as a tool's own schema makes them: those are judged, and those run."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, create_model

from inbounds.errors import DecisionUnavailable

from .call_arguments import canonical, is_same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Permit


def validate(
    schema: type[BaseModel], arguments: Mapping[str, Any], *, hidden: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return arguments as a schema makes them, by the names that they have.

    Arguments that the schema refuses stay as they are: the tool refuses them itself.

    Args:
        schema: Of the tool.
        arguments: By name or by alias.
        hidden: The names of the arguments that the framework puts in later.
    """
    made = parse(schema, arguments, hidden=hidden)
    kept = {name: value for name, value in (made or {}).items() if canonical(value) is not None}
    return {**arguments, **kept}


def parse(
    schema: type[BaseModel], arguments: Mapping[str, Any], *, hidden: frozenset[str] = frozenset()
) -> dict[str, Any] | None:
    """Return what a schema makes of arguments, by the names that they have; None if it refuses.

    Args:
        schema: Of the tool.
        arguments: By name or by alias.
        hidden: The names of the arguments that the framework puts in later.
    """
    made = _made(schema, arguments, hidden)
    if made is None:
        return None
    return {
        given: getattr(made, name)
        for name in schema.model_fields.keys() - hidden
        if (given := _given_as(schema, name, arguments)) in arguments
        or name in made.model_fields_set
    }


def everything(schema: type[BaseModel], arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return all fields that a schema makes of arguments, with defaults; None if it refuses.

    Args:
        schema: Of the tool.
        arguments: By name or by alias.
    """
    made = _made(schema, arguments)
    if made is None:
        return None
    return {_given_as(schema, name, arguments): getattr(made, name) for name in schema.model_fields}


def require_same(
    permit: Permit, made: Mapping[str, Any], judged: Mapping[str, Any], schema: Any = None
) -> None:
    """Require that what a schema has made of judged arguments is what was judged.

    Args:
        permit: Of the call. It is cancelled where that is not so.
        made: By name, what the tool is about to be given.
        judged: By name or by alias.
        schema: Of the tool, where it has aliases.

    Raises:
        DecisionUnavailable: `permit.arguments_changed`. The tool must not run.
    """
    for name, value in made.items():
        given = _given_as(schema, name, judged)
        if given in judged and is_same(value, judged[given]):
            continue
        permit.cancel()
        raise DecisionUnavailable(
            "the tool's schema makes other arguments of the judged ones",
            code="permit.arguments_changed",
            hint="let its validators return their own results unchanged",
            decision_id=permit.decision.id,
        )


def _made(
    schema: type[BaseModel], arguments: Mapping[str, Any], hidden: frozenset[str] = frozenset()
) -> BaseModel | None:
    try:
        return _without(schema, hidden).model_validate(dict(arguments))
    except Exception:  # noqa: BLE001 -- a validator may raise anything, and does so again
        return None


def _given_as(schema: Any, name: str, arguments: Mapping[str, Any]) -> str:
    """Return the name that a field's value has among arguments."""
    fields = (
        schema.model_fields if isinstance(schema, type) and issubclass(schema, BaseModel) else {}
    )
    field = fields.get(name)
    for each in () if field is None else (field.validation_alias, field.alias):
        if name not in arguments and isinstance(each, str) and each in arguments:
            return each
    return name


@functools.lru_cache(maxsize=256)
def _without(schema: type[BaseModel], hidden: frozenset[str]) -> type[BaseModel]:
    """Return a schema that needs nothing of what the framework puts in."""
    left_out: dict[str, Any] = dict.fromkeys(hidden & schema.model_fields.keys(), (Any, None))
    return create_model(schema.__name__, __base__=schema, **left_out) if left_out else schema
