"""What a JSON Schema says of the arguments of a tool, as far as the registry can say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .arguments import Leaf
from .guesses import by_name, remark

_KINDS = {
    "email": "email",
    "idn-email": "email",
    "uri": "url",
    "iri": "url",
    "url": "url",
    "hostname": "host",
    "date": "date",
    "date-time": "date",
    "uuid": "id",
}
_BOUNDS = {"minimum": "minimum", "maximum": "maximum", "maxLength": "max_length"}
_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_DEEPEST = 8
_MOST = 256
"""How many arguments are drafted of one tool: a server may say any number."""
_LONGEST = 256
"""The name of a member with more characters is not drafted."""
_MOST_READ = 4096
"""How many schemas are looked at for that: one that refers to others can stand for any number."""


class Schema:
    """The leaves of a tool's arguments, and what could not be determined.

    Args:
        schema: The tool's `inputSchema`, an object schema (JSON Schema 2020-12).

    Attributes:
        leaves: One entry of the registry each.
        notes: For a person, what to look at.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._whole = schema
        self._left = _MOST_READ
        self.leaves: list[Leaf] = []
        self.notes: list[str] = []
        self._object("", schema, depth=0, required=True)

    def _object(self, at: str, schema: Mapping[str, Any], *, depth: int, required: bool) -> None:
        needed = schema.get("required")
        needed = needed if isinstance(needed, list) else []
        properties = schema.get("properties")
        for name, inner in properties.items() if isinstance(properties, Mapping) else ():
            if self._left <= 0:
                return
            if len(name) > _LONGEST:
                self._left -= 1
                self.notes.append(f"`{at or '/'}` has a member with a long name: add it by hand")
                continue
            place = f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}"
            self._value(
                place, str(name), inner, depth=depth + 1, required=required and name in needed
            )
        if schema.get("additionalProperties") not in (None, False) or "patternProperties" in schema:
            self.notes.append(f"`{at or '/'}` accepts any other member: add each that is allowed")

    def _value(self, at: str, name: str, schema: Any, *, depth: int, required: bool) -> None:
        found = [*self._alternatives(schema)]
        if len(self.leaves) >= _MOST or depth > _DEEPEST or self._left <= 0:
            self.notes.append(
                f"`{at}` and what follows is not drafted: there are too many arguments"
            )
            return
        nullable = any(each.get("type") == "null" for each in found)
        found = [each for each in found if each.get("type") != "null"]
        if len(found) != 1:
            self.notes.append(f"`{at}` can have several types, or any: add what it holds")
            return
        (one,) = found
        kind = one.get("type")
        if kind == "object" or (kind is None and "properties" in one):
            self._object(at, one, depth=depth, required=required)
            if not one.get("properties"):
                self.notes.append(f"`{at}` is an object with any members: add each that is allowed")
        elif kind == "array":
            self._value(f"{at}/*", name, one.get("items"), depth=depth + 1, required=False)
        elif kind in _SCALARS or isinstance(one.get("enum"), list) or "const" in one:
            self._scalar(at, name, one, required=required, nullable=nullable)
        else:
            self.notes.append(f"`{at}` has no type that the registry knows: add what it holds")

    def _scalar(
        self, at: str, name: str, schema: Mapping[str, Any], *, required: bool, nullable: bool
    ) -> None:
        listed = [schema["const"]] if "const" in schema else schema.get("enum")
        of = schema.get("type")
        members: dict[str, Any] = {}
        if isinstance(listed, list):
            listed = [each for each in listed if isinstance(each, str | int | float)]
            of = _type_of(listed, of)
            members["one_of"] = listed
        if of != "string":
            members["type"] = of
        note = ""
        if not isinstance(listed, list):
            said = _KINDS.get(str(schema.get("format")), "") if of == "string" else ""
            guess = by_name(name, str(of))
            if said and guess.get("kind", said) != said:
                guess = {}
            told = [word for word in guess if word != "kind" or not said]
            members |= guess | ({"kind": said} if said else {})
            note = remark(told, {"type": str(of), **members})
        for theirs, ours in _BOUNDS.items():
            bound = schema.get(theirs)
            if (
                isinstance(bound, int | float)
                and not isinstance(bound, bool)
                and abs(bound) < 2**53
            ):
                members[ours] = bound
        if nullable:
            members["nullable"] = True
        if required:
            members["required"] = True
        self.leaves.append(Leaf(at, members, note))

    def _alternatives(self, schema: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
        """Yield what a schema may be, each of one type where it says any."""
        self._left -= 1
        if not isinstance(schema, Mapping) or depth > _DEEPEST or self._left <= 0:
            yield {}
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield from self._alternatives(self._referred(reference), depth + 1)
            return
        for word in ("anyOf", "oneOf"):
            if isinstance(schema.get(word), list):
                for each in schema[word][: self._left]:
                    yield from self._alternatives(each, depth + 1)
                return
        types = schema.get("type")
        if isinstance(types, list):
            for each in types[:_DEEPEST]:
                yield {**schema, "type": each}
            return
        yield schema

    def _referred(self, reference: str) -> Any:
        """Return what a reference within the same schema names; None for any other."""
        found: Any = self._whole
        if not reference.startswith("#") or len(reference) > _DEEPEST * _LONGEST:
            return None
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def _type_of(values: list[Any], said: Any) -> str:
    if said in _SCALARS:
        return str(said)
    if all(isinstance(each, bool) for each in values):
        return "boolean"
    if all(isinstance(each, int) for each in values):
        return "integer"
    return "number" if all(isinstance(each, int | float) for each in values) else "string"
