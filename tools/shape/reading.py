"""How a JSON Schema that pydantic made is read: its objects, fields, items and values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """One value whose shape is written.

    Attributes:
        folder: Where, under `rego/inbounds/lib`; also its package.
        schema: The name of its JSON Schema.
        model: The model it comes from.
        about: What it is, with the verb, for the METADATA.
        value: What the policy reads it as: `input`, or the claims of a package of the library.
        root: The JSON Schema of the whole.
    """

    folder: str
    schema: str
    model: type[BaseModel]
    about: str
    value: str = "input"
    root: Schema = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.model.model_json_schema(mode="validation"))

    @property
    def name(self) -> str:
        """The name of its file and the last of its package."""
        return self.folder.rsplit("/", 1)[-1]

    @property
    def package(self) -> str:
        """Its Rego package."""
        return "inbounds.lib." + self.folder.replace("/", ".")

    @property
    def path(self) -> str:
        """The value as a test names it."""
        return self.value if self.value == "input" else f"data.inbounds.lib.{self.value}"

    def resolved(self, schema: Schema) -> Schema:
        """Return `schema` with its reference followed."""
        while "$ref" in schema:
            schema = self.root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        return schema

    def fields(self, schema: Schema) -> list[tuple[str, Schema, bool]]:
        """Return the name, the schema and the need of each field of an object."""
        needed = set(schema.get("required", ()))
        fields = [
            (name, self.resolved(value), name in needed)
            for name, value in schema.get("properties", {}).items()
        ]
        for name, value, _ in fields:
            if not value.keys() - {"title", "description", "default"}:
                raise ValueError(f"{self.schema}: the field {name} may be anything")
        return fields

    def item(self, schema: Schema) -> Schema:
        """Return the schema of the items of a list or map, or {} where they may be anything."""
        more = schema.get("items") or schema.get("additionalProperties")
        item = self.resolved(more) if "properties" not in schema and isinstance(more, dict) else {}
        return item if item.keys() - {"title", "description"} else {}

    def example(self, schema: Schema) -> Any:
        """Return a value of the shape, with every optional field and one item in each list."""
        schema = self.resolved(schema)
        if "properties" in schema:
            return {name: self.example(value) for name, value, _ in self.fields(schema)}
        item = self.item(schema)
        filling = self.example(item) if item else 0
        if schema.get("type") == "array":
            return [filling]
        if schema.get("type") == "object":
            return {"/a": filling}
        return _plainest(schema)

    def least(self, schema: Schema) -> Any:
        """Return the smallest value of the shape."""
        schema = self.resolved(schema)
        if "properties" in schema:
            fields = self.fields(schema)
            return {name: self.least(value) for name, value, needed in fields if needed}
        if schema.get("type") == "array":
            return [self.least(schema["items"])] * schema.get("minItems", 0)
        return {} if schema.get("type") == "object" else _plainest(schema)


def closed(schema: Schema) -> bool:
    """Return whether an object takes no key but its own."""
    return schema.get("additionalProperties") is False


def keys_of(schema: Schema) -> Schema:
    """Return the schema of the keys of a map, or {} where they may be any text."""
    keys: Schema = schema.get("propertyNames", {})
    if keys and (keys.get("minLength") != 1 or set(keys) != {"minLength", "maxLength"}):
        raise ValueError("keys that are not names")
    return keys


def named(ref: str, most: int) -> list[str]:
    """Return the lines that hold the keys of the map `ref` to names of up to `most` signs."""
    return [f'not {ref}[""]', f"_within({most}, object.keys({ref}))"]


def from_a_set(ref: str, schema: Schema) -> str:
    """Return the line for a value out of a fixed set, of values or of types; "" for others."""
    if "const" in schema:
        return f"{ref} == {json.dumps(schema['const'])}"
    if "enum" in schema:
        return _one_of(ref, [json.dumps(value) for value in schema["enum"]])
    if "anyOf" in schema:
        return _one_of(f"type_name({ref})", _union_types(schema))
    return f"is_boolean({ref})" if schema.get("type") == "boolean" else ""


def _one_of(ref: str, values: list[str]) -> str:
    return f"{ref} == {values[0]}" if len(values) == 1 else f"{ref} in {{{', '.join(values)}}}"


def _union_types(schema: Schema) -> list[str]:
    names = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
    if any(set(option) != {"type"} for option in schema["anyOf"]):
        raise ValueError("a union of more than plain types")
    return sorted({json.dumps(names[option["type"]]) for option in schema["anyOf"]})


def indented(lines: list[str]) -> str:
    """Return lines, each of which may be several, one step further in."""
    return "\n".join("\t" + line for text in lines for line in text.split("\n"))


def _plainest(schema: Schema) -> Any:
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("anyOf", [schema])[0].get("type")
    text = "x" * schema.get("minLength", 0)
    return {"string": text, "integer": schema.get("minimum", 0), "boolean": False}.get(kind, 0)
