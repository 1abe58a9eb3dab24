"""Writes `rego/inbounds/lib/shape`: what ordinary questions and claims look like, in Rego.

The shape comes from the SDK's models by way of their JSON Schemas. It is written as plain
Rego, since `json.match_schema` is slow in OPA and a host call when compiled to WASM.

Two forms are written for each. `ordinary` is one chain of functions and is what
decides. `faults` is made of one positive statement for each place of the shape, and is
asked only to say what is wrong; the places are fixed texts, so that no value and no name
out of the question is ever repeated. Where both must agree is a test.
"""

from __future__ import annotations

import json
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from inbounds.models import (
    IdentityClaims,
    IssuanceQuestion,
    Question,
    RegistryQuestion,
    TaskClaims,
)

OWNS = ("rego/inbounds/lib/shape/**/*.rego",)

Schema = dict[str, Any]

_TAB = "\t"


@dataclass(frozen=True, slots=True)
class _Step:
    """One step into a shape: by a `key`, by a key that `maybe` is there, or into `each` item."""

    how: str
    name: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class _Place:
    """One place of a shape: its name, the one around it, how to get there, what shows it sound."""

    name: str
    outer: str
    schema: Schema
    steps: tuple[_Step, ...]
    body: list[str]

    def pointer(self) -> str:
        """Return the JSON Pointer of this place in a question with one item in each list."""
        at, schema = "", {}
        for step in self.steps:
            item = "0" if schema.get("type") == "array" else "~1a"
            at += "/" + (item if step.how == "each" else step.name)
            schema = step.schema
        return at


@dataclass(frozen=True, slots=True)
class Shape:
    """One value whose shape is written.

    Attributes:
        folder: Where, under `rego/inbounds/lib`; also its package.
        schema: The name of its JSON Schema.
        model: The model it comes from.
        about: What it is, for the METADATA.
        value: What the policy reads it as: `input`, or the claims of a package of the library.
    """

    folder: str
    schema: str
    model: type[BaseModel]
    about: str
    value: str = "input"

    def path(self) -> str:
        """Return the value as a test names it."""
        return self.value if self.value == "input" else f"data.inbounds.lib.{self.value}"


SHAPES = (
    Shape("shape", "question", Question, "a question about one action"),
    Shape(
        "shape/registry",
        "registry_question",
        RegistryQuestion,
        "a question about one entry of the registry",
    ),
    Shape(
        "shape/issuance",
        "issuance_question",
        IssuanceQuestion,
        "a question about the authority of a task",
    ),
    Shape(
        "shape/identity_claims",
        "identity_claims",
        IdentityClaims,
        "the claims of an identity token",
        value="identity.claims",
    ),
    Shape(
        "shape/task_claims",
        "task_claims",
        TaskClaims,
        "the claims of a task token",
        value="task.claims",
    ),
)


def generated(root: Path) -> dict[str, str]:
    """Return the text of every shape, and of its test, by path."""
    texts = {}
    for shape in SHAPES:
        name = shape.folder.rsplit("/", 1)[-1]
        writer = _Writer(shape)
        folder = f"rego/inbounds/lib/{shape.folder}"
        texts[f"{folder}/{name}.rego"] = _formatted(root, writer.policy())
        texts[f"{folder}/{name}_test.rego"] = _formatted(root, writer.test())
    return texts


def _formatted(root: Path, source: str) -> str:
    opa = root / ".tools" / "bin" / "opa"
    ran = subprocess.run(
        [str(opa), "fmt"],
        input=source,
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=60,
    )
    return ran.stdout


class _Writer:
    """Writes the Rego of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.package = "inbounds.lib." + shape.folder.replace("/", ".")
        self.root: Schema = shape.model.model_json_schema(mode="validation")

    def policy(self) -> str:
        """Return the source of the package."""
        parts = [self._head(), *self._ordinary(), *self._faults()]
        return "\n\n".join(parts) + "\n"

    # --- the shared reading of a schema ---

    def resolved(self, schema: Schema) -> Schema:
        """Return `schema` with its reference followed."""
        while "$ref" in schema:
            schema = self.root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        return schema

    def fields(self, schema: Schema) -> list[tuple[str, Schema, bool]]:
        """Return the name, the schema and the need of each field of an object."""
        needed = set(schema.get("required", ()))
        return [
            (name, self.resolved(field), name in needed)
            for name, field in schema["properties"].items()
        ]

    def _head(self) -> str:
        about = _wrapped(
            f"What {self.shape.about} {'look' if self.shape.value != 'input' else 'looks'} like: "
            "the keys, closed at every level but in maps named open, and the type and range of "
            "each value."
        )
        # Claims are no part of the question, whose schema holds for all below the root package.
        schemas = f"""
# schemas:
#   - input: schema.{self.shape.schema}"""
        imports = f"""

import data.inbounds.lib.{self.shape.value.partition(".")[0]}"""
        asked = self.shape.value == "input"
        return f"""\
# Generated by `make shape` from the SDK's models; a hand-made change is lost.

# METADATA
# title: Shape
# description: |
{about}
# scope: package{schemas if asked else ""}
package {self.package}{"" if asked else imports}"""

    # --- ordinary: one chain of functions ---

    def _ordinary(self) -> Iterator[str]:
        name = self.root["title"]
        yield f"""\
# METADATA
# description: The whole has the shape; undefined for any other
ordinary if {_function(name)}({self.shape.value})"""
        yield self._body(name, self.root)
        for name, schema in self.root.get("$defs", {}).items():
            if "properties" in schema:
                yield self._body(name, schema)

    def _body(self, name: str, schema: Schema) -> str:
        optional = {
            field: "{}" if value.get("type") == "object" else json.dumps(value["default"])
            for field, value, needed in self.fields(schema)
            if not needed
        }
        closed = schema.get("additionalProperties") is False
        lines = ["is_object(value)"]
        whole = "value"
        if closed and optional:
            # With every default filled in, the number of keys tells that there is no other.
            whole = "whole"
            defaults = ", ".join(f'"{field}": {default}' for field, default in optional.items())
            lines.append(f"whole := object.union({{{defaults}}}, value)")
        if closed:
            lines.append(f"count({whole}) == {len(schema['properties'])}")
        for field, value, needed in self.fields(schema):
            if needed or closed:
                lines += self._tests(f"{whole}.{field}", value, field)
            else:
                lines.append(f'{field} := object.get(value, "{field}", {optional[field]})')
                lines += self._tests(field, value, field)
        return f"{_function(name)}(value) if {{\n" + _indented(lines) + "\n}"

    def _tests(self, ref: str, schema: Schema, name: str) -> list[str]:
        """Return the lines that hold if, and only if, `ref` is as `schema` says."""
        if "properties" in schema:
            return [f"{_function(schema['title'])}({ref})"]
        return self._plain(ref, schema, lambda item: self._tests("item", item, name))

    def _plain(self, ref: str, schema: Schema, inner: Any) -> list[str]:
        """Return the lines for a value that is no object with fields of its own."""
        if "const" in schema:
            return [f"{ref} == {json.dumps(schema['const'])}"]
        if "enum" in schema:
            return [f"{ref} in {{{', '.join(json.dumps(value) for value in schema['enum'])}}}"]
        if "anyOf" in schema:
            return [f"type_name({ref}) in {{{', '.join(self._type_names(schema))}}}"]
        kind = schema.get("type")
        if kind is None:
            return []
        return {
            "string": _string,
            "integer": _integer,
            "boolean": lambda ref, _: [f"is_boolean({ref})"],
            "array": lambda ref, schema: self._array(ref, schema, inner),
            "object": lambda ref, schema: self._map(ref, schema, inner),
        }[kind](ref, schema)

    def _type_names(self, schema: Schema) -> list[str]:
        """Return the Rego types of a union, which must be of plain types without ranges."""
        names = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
        found = []
        for option in schema["anyOf"]:
            if set(option) != {"type"}:
                raise ValueError(f"{self.shape.schema}: a union of more than plain types")
            found.append(json.dumps(names[option["type"]]))
        return sorted(set(found))

    def _array(self, ref: str, schema: Schema, inner: Any) -> list[str]:
        lines = [f"is_array({ref})"]
        if "minItems" in schema:
            lines.append(f"count({ref}) >= {schema['minItems']}")
        if "maxItems" in schema:
            lines.append(f"count({ref}) <= {schema['maxItems']}")
        return lines + self._every(ref, self.resolved(schema["items"]), inner)

    def _map(self, ref: str, schema: Schema, inner: Any) -> list[str]:
        item = self.resolved(schema.get("additionalProperties") or {})
        return [f"is_object({ref})", *self._every(ref, item, inner)]

    def _every(self, ref: str, item: Schema, inner: Any) -> list[str]:
        tests = inner(item)
        return [f"every item in {ref} {{\n{_indented(tests)}\n}}"] if tests else []

    # --- faults: one statement for each place ---

    def _faults(self) -> Iterator[str]:
        yield """\
# METADATA
# description: |
#   The places that are not of the shape, as JSON Pointers in which `*` stands for any index
#   or key; of places within one another the outermost. Empty for an ordinary question.
faults contains place if {
	some place, outer in _places
	not place in _sound
	outer in _sound
}"""
        yield """\
faults contains "" if not "" in _sound"""
        places = list(self._walk("", self.root, ()))
        table = ",\n".join(f'{_TAB}"{at.name}": "{at.outer}"' for at in places if at.steps)
        yield f"# Every place of the shape, with the one around it.\n_places := {{\n{table},\n}}"
        for at in places:
            yield f'_sound contains "{at.name}" if {{\n{_indented(at.body)}\n}}'

    def _walk(self, place: str, schema: Schema, steps: tuple[_Step, ...]) -> Iterator[_Place]:
        body = self._reach(self.shape.value, steps, schema)
        yield _Place(place, place.rsplit("/", 1)[0], schema, steps, body)
        for name, field, needed in self.fields(schema) if "properties" in schema else ():
            step = _Step("key" if needed else "maybe", name, field)
            yield from self._walk(f"{place}/{name}", field, (*steps, step))
        item = self._item(schema)
        if item:
            yield from self._walk(f"{place}/*", item, (*steps, _Step("each", "*", item)))

    def _item(self, schema: Schema) -> Schema:
        """Return the schema of the items of a list or a map, or {} where they may be anything."""
        more = schema.get("items") or schema.get("additionalProperties")
        item = self.resolved(more) if "properties" not in schema and isinstance(more, dict) else {}
        return item if item.keys() - {"title", "description"} else {}

    def _reach(self, ref: str, steps: tuple[_Step, ...], schema: Schema) -> list[str]:
        """Return the lines that lead from `ref` to a place and show it sound."""
        if not steps:
            return self._here(ref, schema)
        step, *more = steps
        rest = tuple(more)
        if step.how == "key":
            return self._reach(f"{ref}.{step.name}", rest, schema)
        if step.how == "each":
            item = "item" if "item" not in ref else "inner"
            return [f"every {item} in {ref} {{\n{_indented(self._reach(item, rest, schema))}\n}}"]
        # What is absent is sound, and so is all within it.
        least = json.dumps(self.least(step.schema))
        return [
            f"is_object({ref})",
            f'{step.name} := object.get({ref}, "{step.name}", {least})',
            *self._reach(step.name, rest, schema),
        ]

    def _here(self, ref: str, schema: Schema) -> list[str]:
        """Return the lines that show one place sound, whatever may be wrong within it."""
        if "properties" not in schema:
            return self._plain(ref, schema, lambda _: [])
        lines = [f"is_object({ref})"]
        if schema.get("additionalProperties") is False:
            known = ", ".join(f'"{name}"' for name in schema["properties"])
            lines.append(f"object.keys({ref}) - {{{known}}} == set()")
        return lines

    # --- the test ---

    def test(self) -> str:
        """Return the source of the package's test."""
        name = self.shape.folder.rsplit("/", 1)[-1]
        value = self.shape.path()
        patches = ",\n".join(
            f"{_TAB}{json.dumps({'place': place, 'patch': patch}, ensure_ascii=False)}"
            for place, patch in self._misfits()
        )
        return f"""\
# Generated by `make shape` from the SDK's models; a hand-made change is lost.
package {self.package}_test

import data.{self.package}

test_ordinary_with_every_field if {{
	{name}.ordinary with {value} as _whole
	count({name}.faults) == 0 with {value} as _whole
}}

test_ordinary_with_what_is_needed_alone if {{
	{name}.ordinary with {value} as _least
	count({name}.faults) == 0 with {value} as _least
}}

test_no_other_kind_of_value_is_ordinary if {{
	every junk in [null, true, false, 0, 1, "", "x", [], [[]], [{{}}]] {{
		not {name}.ordinary with {value} as junk
		{name}.faults == {{""}} with {value} as junk
	}}
	not {name}.ordinary with {value} as {{}}
	count({name}.faults) > 0 with {value} as {{}}
}}

test_no_input_is_not_ordinary if {{
	not {name}.ordinary
	{name}.faults == {{""}}
}}

test_no_misfit_is_ordinary if {{
	every misfit in _misfits {{
		question := json.patch(_whole, [misfit.patch])
		not {name}.ordinary with {value} as question
	}}
}}

test_every_misfit_is_named_by_its_place_alone if {{
	every misfit in _misfits {{
		question := json.patch(_whole, [misfit.patch])
		{name}.faults == {{misfit.place}} with {value} as question
	}}
}}

_whole := {json.dumps(self.example(self.root), ensure_ascii=False)}

_least := {json.dumps(self.least(self.root), ensure_ascii=False)}

_misfits := [
{patches},
]
"""

    def _misfits(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield patches of a whole question, each with the one place it makes unsound."""
        for place in self._walk("", self.root, ()):
            at = place.pointer()
            for value in self._unfit(place.schema) if place.steps else ():
                yield place.name, {"op": "replace", "path": at, "value": value}
            if place.steps and place.steps[-1].how == "key":
                yield place.name, {"op": "remove", "path": at}
            if place.schema.get("additionalProperties") is False:
                yield place.name, {"op": "add", "path": f"{at}/unknown", "value": 0}

    def _unfit(self, schema: Schema) -> Iterator[Any]:
        """Yield values that `schema` refuses, near ones among them."""
        kinds = {option.get("type") for option in schema.get("anyOf", [schema])}
        kinds |= {"number"} if kinds & {"integer"} else set()
        if "const" in schema:
            kinds = set()
            yield {"string": "x", "integer": 2}[schema["type"]]
        yield None
        yield from (
            value
            for kind, value in {
                "boolean": True,
                "number": -0.5,
                "string": "",
                "array": [],
                "object": {},
            }.items()
            if kind not in kinds
        )
        if "integer" in kinds and "anyOf" not in schema:
            yield 0.5
        if "enum" in schema:
            yield "x"
        if "minimum" in schema:
            yield schema["minimum"] - 1
        if "maximum" in schema:
            yield schema["maximum"] + 1
        if schema.get("minLength"):
            yield "x" * (schema["minLength"] - 1)
        if "maxLength" in schema and schema["maxLength"] < 4096:
            yield "é" * (schema["maxLength"] + 1)
        if "maxItems" in schema:
            yield [self.example(schema["items"])] * (schema["maxItems"] + 1)

    def example(self, schema: Schema) -> Any:
        """Return a value of the shape, with every optional field and one item in each list."""
        schema = self.resolved(schema)
        if "properties" in schema:
            return {name: self.example(field) for name, field, _ in self.fields(schema)}
        item = self._item(schema)
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
            return {name: self.least(field) for name, field, needed in fields if needed}
        if schema.get("type") == "array":
            return [self.least(schema["items"])] * schema.get("minItems", 0)
        return {} if schema.get("type") == "object" else _plainest(schema)


def _plainest(schema: Schema) -> Any:
    """Return a text, number or boolean of the shape."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("anyOf", [schema])[0].get("type")
    text = "x" * schema.get("minLength", 0)
    return {"string": text, "integer": schema.get("minimum", 0), "boolean": False}.get(kind, 0)


def _string(ref: str, schema: Schema) -> list[str]:
    lines = [f"is_string({ref})"]
    if schema.get("minLength", 0) == 1:
        lines.append(f'{ref} != ""')
    elif "minLength" in schema:
        lines.append(f"count({ref}) >= {schema['minLength']}")
    if "maxLength" in schema:
        lines.append(f"count({ref}) <= {schema['maxLength']}")
    if "pattern" in schema:
        lines.append(f"regex.match({json.dumps(schema['pattern'])}, {ref})")
    return lines


def _integer(ref: str, schema: Schema) -> list[str]:
    lines = [f"is_number({ref})"]
    for bound, sign in (
        ("minimum", ">="),
        ("exclusiveMinimum", ">"),
        ("maximum", "<="),
        ("exclusiveMaximum", "<"),
    ):
        if bound in schema:
            lines.append(f"{ref} {sign} {schema[bound]}")
    # Last, so that the range has bounded what is rounded.
    return [*lines, f"floor({ref}) == {ref}"]


def _function(title: str) -> str:
    """Return the name of the function for the definition `title`, in the case of Rego."""
    return "_" + "".join(f"_{c.lower()}" if c.isupper() else c for c in title).lstrip("_")


def _wrapped(text: str) -> str:
    """Return `text` as the lines of a METADATA block."""
    return textwrap.fill(text, 94, initial_indent="#   ", subsequent_indent="#   ")


def _indented(lines: list[str]) -> str:
    return "\n".join(_TAB + line for text in lines for line in text.split("\n"))
