"""What a tool itself adds to arguments that leave it out, as its JSON Schema says."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

_DEEPEST = 32


def defaults_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default of each argument that has one: it runs as well, and so it is judged.

    Args:
        properties: The `properties` of the schema of a tool's arguments.
    """
    return {
        name: said["default"]
        for name, said in properties.items()
        if isinstance(said, Mapping) and "default" in said
    }


def with_schema_defaults(schema: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with every default that a schema states, also within an argument.

    Of several schemas that a value may have, only the one of an object adds anything, and only
    where there is just one.

    Args:
        schema: The JSON Schema of a tool's arguments.
        arguments: By name. They stay as they are.
    """
    root = schema if isinstance(schema, Mapping) else {}
    filled: dict[str, Any] = _filled(root, root, dict(arguments), 0)
    return filled


def _filled(root: Mapping[str, Any], schema: Any, value: Any, depth: int) -> Any:
    said = _resolved(root, schema)
    if depth > _DEEPEST or said is None:
        return value
    if isinstance(value, Mapping):
        own = said.get("properties")
        properties = own if isinstance(own, Mapping) else {}
        whole = {**copy.deepcopy(defaults_of(properties)), **value}
        more = said.get("additionalProperties")
        return {
            name: _filled(root, properties.get(name, more), each, depth + 1)
            for name, each in whole.items()
        }
    if isinstance(value, list):
        return [_filled(root, said.get("items"), each, depth + 1) for each in value]
    return value


def _resolved(root: Mapping[str, Any], schema: Any) -> Mapping[str, Any] | None:
    """Return the schema that a reference, or the one alternative with members, stands for."""
    for _ in range(_DEEPEST):
        if not isinstance(schema, Mapping):
            return None
        if isinstance(target := schema.get("$ref"), str):
            schema = _target(root, target)
            continue
        several = next((schema[k] for k in ("allOf", "anyOf", "oneOf") if k in schema), None)
        if "properties" in schema or "items" in schema or not isinstance(several, list):
            return schema
        with_members = [
            each
            for each in several
            if isinstance(each, Mapping) and ("$ref" in each or {"properties", "items"} & {*each})
        ]
        if len(with_members) != 1:
            return schema
        schema = with_members[0]
    return None


def _target(root: Mapping[str, Any], target: str) -> Any:
    found: Any = root
    if not target.startswith("#"):
        return None
    for step in target.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
