"""What a tool itself adds to arguments that leave it out, as its JSON Schema says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from inbounds.canonical import MAX_DEPTH
from inbounds.errors import ArgumentNotRepresentable

_MOST = 2**16
"""How much of a schema is read and added for one call: values, and characters of names and texts.
One that refers to itself can stand for any number."""

_ALTERNATIVES = ("allOf", "anyOf", "oneOf")


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


def with_schema_defaults(schema: Any, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return arguments with every default that a schema states, also within an argument.

    Of several schemas that a value may have, only the one of an object adds anything, and only
    where there is just one.

    Args:
        schema: The JSON Schema of a tool's arguments. It may be anybody's.
        arguments: By name. They stay as they are.

    Returns:
        The arguments. Where the schema stands for more than may be read and added for one call,
        reading them raises `argument.not_representable`: whoever judges them refuses the call and
        records that.
    """
    root = schema if isinstance(schema, Mapping) else {}
    try:
        filled: dict[str, Any] = _Defaults(root).fill(root, dict(arguments))
    except ArgumentNotRepresentable as refusal:
        return _Unreadable(refusal.message)
    return filled


class _Unreadable(Mapping[str, Any]):
    """Arguments that cannot be completed, so that nobody may take them for whole."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getitem__(self, name: str) -> NoReturn:
        self._refuse()

    def __iter__(self) -> Iterator[str]:
        self._refuse()

    def __len__(self) -> int:
        return 1

    def _refuse(self) -> NoReturn:
        raise ArgumentNotRepresentable(
            self._why, hint="let the server's schema state its defaults as plain, small values"
        )


class _Defaults:
    """The defaults of one schema, for one call: each part of the schema is read once.

    Args:
        root: The schema.
    """

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = _MOST
        # By identity, with the part itself: it must live as long as its entry.
        self._known: dict[int, tuple[Any, Mapping[str, Any] | None]] = {}
        self._own: dict[int, dict[str, Any]] = {}

    def fill(self, schema: Any, value: Any, depth: int = 0) -> Any:
        """Return a value with the defaults that its schema states.

        Raises:
            ArgumentNotRepresentable: There are too many, or they are too deep.
        """
        said = self._resolved(schema) if isinstance(value, Mapping | list) else None
        if said is None:
            return value
        _require_shallow(depth)
        if isinstance(value, list):
            return [self.fill(said.get("items"), each, depth + 1) for each in value]
        own = said.get("properties")
        properties = own if isinstance(own, Mapping) else {}
        more = said.get("additionalProperties")
        added = {
            name: self._copy(default, depth + 1)
            for name, default in self._defaults(said, properties).items()
            if name not in value and self._spend(len(str(name)))
        }
        return {
            name: self.fill(properties.get(name, more), each, depth + 1)
            for name, each in {**added, **value}.items()
        }

    def _defaults(
        self, said: Mapping[str, Any], properties: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        if id(said) not in self._own:
            self._spend(len(properties))
            self._own[id(said)] = defaults_of(properties)
        return self._own[id(said)]

    def _copy(self, value: Any, depth: int) -> Any:
        """Return a copy of a part of the schema, as often as there is room for it."""
        self._spend(1 + (len(value) if isinstance(value, str) else 0))
        if not isinstance(value, Mapping | list):
            return value
        _require_shallow(depth)
        if isinstance(value, list):
            return [self._copy(each, depth + 1) for each in value]
        return {
            name: self._copy(each, depth + 1)
            for name, each in value.items()
            if self._spend(len(str(name)))
        }

    def _resolved(self, schema: Any) -> Mapping[str, Any] | None:
        """Return the schema that a reference, or the one alternative with members, stands for."""
        passed: list[Any] = []
        found = None
        while isinstance(schema, Mapping):
            if id(schema) in self._known:
                found = self._known[id(schema)][1]
                break
            self._spend(1)
            # Until it is found: one that leads back here stands for nothing.
            self._known[id(schema)] = schema, None
            passed.append(schema)
            following = self._following(schema)
            if following is schema:
                found = schema
                break
            schema = following
        for each in passed:
            self._known[id(each)] = each, found
        return found

    def _following(self, schema: Mapping[str, Any]) -> Any:
        """Return what a schema refers to; itself where it refers to nothing."""
        if isinstance(target := schema.get("$ref"), str):
            return self._target(target)
        several = next((schema[word] for word in _ALTERNATIVES if word in schema), None)
        if "properties" in schema or "items" in schema or not isinstance(several, list):
            return schema
        self._spend(len(several))
        with_members = [
            each
            for each in several
            if isinstance(each, Mapping) and ("$ref" in each or {"properties", "items"} & {*each})
        ]
        return with_members[0] if len(with_members) == 1 else schema

    def _target(self, target: str) -> Any:
        self._spend(len(target))
        if not target.startswith("#"):
            return None
        found: Any = self._root
        for step in target[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def _spend(self, size: int) -> bool:
        self._left -= size
        if self._left < 0:
            raise ArgumentNotRepresentable(
                "the defaults of the tool's schema make the arguments larger than they may be"
            )
        return True


def _require_shallow(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ArgumentNotRepresentable(
            f"the defaults of the tool's schema are nested more than {MAX_DEPTH} deep"
        )
