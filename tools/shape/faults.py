"""Writes `faults`: one positive statement for each place, and what is left of all places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from tools.shape.reading import Schema, Shape, closed, from_a_set, indented, keys_of, named


@dataclass(frozen=True, slots=True)
class Step:
    """One step into a shape: by a `key`, by a key that `maybe` is there, or into `each` item."""

    how: str
    name: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a shape: how to get there from the question, and what it looks like."""

    steps: tuple[Step, ...]
    schema: Schema

    @property
    def name(self) -> str:
        """Its JSON Pointer, with `*` for any index or key."""
        return "".join(f"/{step.name}" for step in self.steps)

    @property
    def outer(self) -> str:
        """The name of the place around it."""
        return self.name.rsplit("/", 1)[0]


def places(shape: Shape, schema: Schema, steps: tuple[Step, ...] = ()) -> Iterator[Place]:
    """Yield every place under `schema`, to which `steps` lead, the outer ones first."""
    yield Place(steps, schema)
    for name, value, needed in shape.fields(schema):
        step = Step("key" if needed else "maybe", name, value)
        yield from places(shape, value, (*steps, step))
    item = shape.item(schema)
    if item:
        yield from places(shape, item, (*steps, Step("each", "*", item)))


def faults(shape: Shape) -> Iterator[str]:
    """Yield the rules of `faults` for one shape."""
    all_places = list(places(shape, shape.root))
    yield """\
# METADATA
# scope: document
# description: |
#   The places that are not of the shape, as JSON Pointers in which `*` stands for any index
#   or key; of places within one another the outermost. Empty where all is ordinary.
faults contains place if {
	some place in _places
	not place in _sound
	steps := split(place, "/")
	concat("/", array.slice(steps, 0, count(steps) - 1)) in _sound
}"""
    yield """\
faults contains "" if not "" in _sound"""
    names = ", ".join(f'"{place.name}"' for place in all_places if place.steps)
    yield f"_places := {{{names}}}"
    for place in all_places:
        body = _reach(shape.value, shape, place.steps, place.schema)
        yield f'_sound contains "{place.name}" if {{\n{indented(body)}\n}}'


def _reach(ref: str, shape: Shape, steps: tuple[Step, ...], schema: Schema) -> list[str]:
    """Return the lines that lead from `ref` to a place and show it sound."""
    if not steps:
        return _here(ref, schema)
    step, rest = steps[0], steps[1:]
    if step.how == "key":
        return _reach(f"{ref}.{step.name}", shape, rest, schema)
    if step.how == "each":
        item = f"{ref.rsplit('.', 1)[-1]}_item"
        return [f"every {item} in {ref} {{\n{indented(_reach(item, shape, rest, schema))}\n}}"]
    # What is absent is sound, and so is all within it.
    least = json.dumps(shape.least(step.schema))
    return [
        f"is_object({ref})",
        f'{step.name} := object.get({ref}, "{step.name}", {least})',
        *_reach(step.name, shape, rest, schema),
    ]


def _here(ref: str, schema: Schema) -> list[str]:
    """Return the lines that show one place sound, whatever may be wrong within it."""
    fixed = from_a_set(ref, schema)
    if fixed:
        return [fixed]
    kind = schema["type"]
    rego = {"integer": "number", "array": "array", "object": "object"}.get(kind, kind)
    lines = [f"is_{rego}({ref})"]
    if closed(schema):
        known = ", ".join(f'"{name}"' for name in schema["properties"])
        lines.append(f"object.keys({ref}) - {{{known}}} == set()")
    bounds = {"minLength": ">=", "maxLength": "<=", "minItems": ">=", "maxItems": "<="}
    bounds["maxProperties"] = "<="
    lines += [f"count({ref}) {sign} {schema[key]}" for key, sign in bounds.items() if key in schema]
    ranges = {"minimum": ">=", "maximum": "<="}
    lines += [f"{ref} {sign} {schema[key]}" for key, sign in ranges.items() if key in schema]
    if names := keys_of(schema):
        lines += named(ref, names["maxLength"])
    if kind == "integer":
        lines.append(f"floor({ref}) == {ref}")
    return lines
