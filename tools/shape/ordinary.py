"""Writes `ordinary`: one statement that a whole value has its shape, made to be quick.

Both engines take a step for every reference and every call, so a closed object is taken apart
by one pattern, which also shows that it has these keys and no other, and leaves of one type
are checked together. In the order of all values numbers come before texts and texts before
lists: the least and the greatest of some values tell the type of all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.shape.reading import Schema, Shape, closed, from_a_set, indented, keys_of, named


@dataclass(slots=True)
class _Leaves:
    """The leaves of one object at every level but within lists and maps, by what holds of them.

    Attributes:
        equal: Whole lines, for values from a fixed set.
        texts: Texts, with their schemas.
        many: Lists of texts, with the schemas of an item.
        integers: Whole numbers, with their schemas.
        lists: All lists.
        maps: All maps.
        sizes: What has a size, how it compares, and with what.
        members: Objects whose members are alike and may each be absent, with their keys.
        named: Maps whose keys are names, each with how long one may be.
        groups: Lists and maps of anything but texts: where, their name, the schema of an item.
    """

    equal: list[str] = field(default_factory=list)
    texts: list[tuple[str, Schema]] = field(default_factory=list)
    many: list[tuple[str, Schema]] = field(default_factory=list)
    integers: list[tuple[str, Schema]] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)
    sizes: list[tuple[str, str, int]] = field(default_factory=list)
    members: list[tuple[str, list[str]]] = field(default_factory=list)
    named: list[tuple[str, int]] = field(default_factory=list)
    groups: list[tuple[str, str, Schema]] = field(default_factory=list)


def ordinary(shape: Shape) -> Iterator[str]:
    """Yield the rules of `ordinary` for one shape."""
    functions: list[str] = []
    lines = [
        f"is_object({shape.value})",
        *[f"is_object({at})" for at in _would_appear(shape.value, shape, shape.root)],
        _call("_ordinary", shape.value, shape, shape.root, functions),
    ]
    yield f"""\
# METADATA
# description: The whole has the shape; undefined for any other
ordinary if {{
{indented(lines)}
}}"""
    yield from reversed(functions)
    if any("_within(" in text for text in functions):
        yield """\
# No text is longer than `most`. Together they seldom are, and that is one step.
_within(most, texts) if {
	count(concat("", texts)) <= most
} else if {
	every text in texts {
		count(text) <= most
	}
}"""


def _call(name: str, ref: str, shape: Shape, schema: Schema, functions: list[str]) -> str:
    """Return the line that holds the object `ref` to the function of that name, and write it."""
    found = _Leaves()
    pattern = _pattern("", shape, schema, found, whole=True)
    if any(text.startswith(f"{name}(") for text in functions):
        # Two bodies of one function would be an "or".
        raise ValueError(f"{shape.schema}: {name} would be written twice")
    body = indented(_lines(found, shape, functions))
    functions.append(f"{name}({pattern}) if {{\n{body}\n}}")
    return f"{name}({_filled(ref, shape, schema)})"


def _filled(ref: str, shape: Shape, schema: Schema) -> str:
    """Return the object `ref` with its defaults, and no more than its own keys if it is open."""
    defaults = _defaults(shape, schema)
    whole = f"object.union({json.dumps(defaults)}, {ref})" if defaults else ref
    if closed(schema):
        return whole
    keys = ", ".join(f'"{name}"' for name in schema["properties"])
    return f"object.filter({whole}, {{{keys}}})"


def _defaults(shape: Shape, schema: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value, needed in shape.fields(schema):
        if not needed and value.get("required"):
            raise ValueError(f"{shape.schema}: {name} may be absent, and not so what is in it")
        inner = {} if _member(shape, value) else _defaults(shape, value)
        if inner or not needed:
            found[name] = inner if "properties" in value else value["default"]
    return found


def _member(shape: Shape, schema: Schema) -> Schema:
    """Return the one schema of all members of a closed object that needs none, or {}."""
    members = [value for _, value, _ in shape.fields(schema)]
    alike = [value for value in members if value == members[0] and "properties" in value]
    same = closed(schema) and len(alike) == len(members) > 1 and not schema.get("required")
    return members[0] if same else {}


def _would_appear(ref: str, shape: Shape, schema: Schema) -> Iterator[str]:
    """Yield the needed objects that defaults alone would make, were they absent."""
    for name, value, needed in shape.fields(schema):
        if needed and "properties" in value:
            if not value.get("required"):
                yield f"{ref}.{name}"
            yield from _would_appear(f"{ref}.{name}", shape, value)


def _pattern(
    stem: str, shape: Shape, schema: Schema, found: _Leaves, *, whole: bool = False
) -> str:
    """Return the pattern that takes an object apart, and gather its leaves."""
    if not closed(schema) and not whole:
        # A pattern is closed; what lies in an open object is reached from outside.
        name = stem.removesuffix("_")
        for key, value, _ in shape.fields(schema):
            _gather(f"{name}.{key}", key, shape, value, found)
        return name
    members = []
    for key, value, _ in shape.fields(schema):
        if "properties" in value and (member := _member(shape, value)):
            # As a map: what it leaves out takes no step.
            inner = f"{stem}{key}"
            found.maps.append(inner)
            found.members.append((inner, list(value["properties"])))
            found.groups.append((inner, key, member))
        elif "properties" in value:
            inner = _pattern(f"{stem}{key}_", shape, value, found)
        else:
            inner = _variable(f"{stem}{key}", shape)
            _gather(inner, key, shape, value, found)
        members.append(f'"{key}": {inner}')
    return f"{{{', '.join(members)}}}"


def _variable(name: str, shape: Shape) -> str:
    # A variable may not bear the name of the package that claims are imported from.
    return f"{name}_" if shape.value.startswith(f"{name}.") else name


def _gather(ref: str, key: str, shape: Shape, schema: Schema, found: _Leaves) -> None:
    kind = schema.get("type")
    if "properties" in schema:
        raise ValueError(f"{shape.schema}: {ref} is an object within an open one")
    if from_a_set(ref, schema):
        found.equal.append(from_a_set(ref, schema))
    elif kind == "string":
        found.texts.append((ref, schema))
    elif kind == "integer":
        found.integers.append((ref, schema))
    elif kind in {"array", "object"}:
        _gather_items(ref, key, shape, schema, found)
    else:
        raise ValueError(f"{shape.schema}: {ref} is of a kind that is not written")


def _gather_items(ref: str, key: str, shape: Shape, schema: Schema, found: _Leaves) -> None:
    item = shape.item(schema)
    (found.maps if schema["type"] == "object" else found.lists).append(ref)
    found.sizes.extend(
        (ref, sign, schema[bound])
        for bound, sign in (("minItems", ">="), ("maxItems", "<="), ("maxProperties", "<="))
        if bound in schema
    )
    if names := keys_of(schema):
        found.named.append((ref, names["maxLength"]))
    if schema["type"] == "array" and item.get("type") == "string" and "enum" not in item:
        found.many.append((ref, item))
    elif item:
        found.groups.append((ref, key, item))


def _lines(found: _Leaves, shape: Shape, functions: list[str]) -> list[str]:
    """Return the lines for the leaves of an object."""
    return [
        *[f"is_object({at})" for at in found.maps],
        *[f"is_array({at})" for at in found.lists],
        *[f"count(object.remove({at}, {json.dumps(keys)})) == 0" for at, keys in found.members],
        *found.equal,
        *_texts(found),
        *_lengths(found),
        *_integers(found),
        # Counted last: by now all of these are known to be objects or lists.
        *[f"count({at}) {sign} {size}" for at, sign, size in found.sizes],
        *[line for at, most in found.named for line in named(at, most)],
        *[_every(at, called, shape, item, functions) for at, called, item in found.groups],
    ]


def _every(at: str, called: str, shape: Shape, item: Schema, functions: list[str]) -> str:
    stem = at.replace(".", "_")
    name = f"{called}_item"
    if "properties" not in item:
        found = _Leaves()
        _gather(name, name, shape, item, found)
        lines = _lines(found, shape, functions)
    else:
        lines = [f"is_object({name})", _call(f"_{stem}_item", name, shape, item, functions)]
        defaults = _defaults(shape, item)
        if closed(item) and defaults.keys() == item["properties"].keys():
            # What says nothing is ordinary, and most say nothing.
            silent = f"{{{{}}, {json.dumps(defaults)}}}"
            at = f"({{{name} | some {name} in {at}}} - {silent})"
    return f"every {name} in {at} {{\n{indented(lines)}\n}}"


def _texts(found: _Leaves) -> list[str]:
    lines = []
    for name, most_least in (("names", 1), ("texts", 0)):
        refs = [ref for ref, text in found.texts if min(text.get("minLength", 0), 1) == most_least]
        if len(refs) == 1:
            lines += [f"is_string({refs[0]})", *([f'{refs[0]} != ""'] if most_least else [])]
        elif refs:
            lines += _of_type_text(name, f"[{', '.join(refs)}]", most_least)
        refs = [ref for ref, text in found.many if min(text.get("minLength", 0), 1) == most_least]
        # Flat only once all are known to be lists, and with one text more: nothing has no least.
        flat = f"array.flatten([{json.dumps('x' * most_least)}, {', '.join(refs)}])"
        lines += _of_type_text(f"listed_{name}", flat, most_least) if refs else []
    for ref, text in (*found.texts, *found.many):
        if text.get("pattern"):
            raise ValueError(f"{ref} has a pattern, which is not written")
    lines += [
        f"count({ref}) >= {text['minLength']}"
        for ref, text in found.texts
        if text.get("minLength", 0) > 1
    ]
    return lines


def _of_type_text(name: str, values: str, least: int) -> list[str]:
    return [f"{name} := {values}", f'min({name}) {">" if least else ">="} ""', f"max({name}) < []"]


def _lengths(found: _Leaves) -> list[str]:
    lines = []
    for most in sorted(
        {text["maxLength"] for _, text in (*found.texts, *found.many) if "maxLength" in text}
    ):
        single = [ref for ref, text in found.texts if text.get("maxLength") == most]
        listed = [ref for ref, text in found.many if text.get("maxLength") == most]
        refs = ", ".join(single + listed)
        if len(single) == 1 and not listed:
            lines.append(f"count({refs}) <= {most}")
        elif listed:
            lines.append(f"_within({most}, array.flatten([{refs}]))")
        else:
            lines.append(f"_within({most}, [{refs}])")
    return lines


def _integers(found: _Leaves) -> list[str]:
    lines = []
    ranges: dict[tuple[int, int], list[str]] = {}
    for ref, number in found.integers:
        ranges.setdefault((number["minimum"], number["maximum"]), []).append(ref)
    for place, ((least, most), refs) in enumerate(sorted(ranges.items())):
        if len(refs) == 1:
            [ref] = refs
            lines += [f"is_number({ref})", f"{ref} >= {least}", f"{ref} <= {most}"]
            lines.append(f"floor({ref}) == {ref}")
            continue
        name = "integers" + (f"_{place}" if place else "")
        lines += [
            f"{name} := [{', '.join(refs)}]",
            f"min({name}) >= {least}",
            f"max({name}) <= {most}",
            # Within a comprehension, which leaves nothing on the stack of OPA for what follows.
            f"[floor(integer) | some integer in {name}] == {name}",
        ]
    return lines
