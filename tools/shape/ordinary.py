"""Writes `ordinary`: one body of as few expressions as can be, each of which costs about 1 µs.

Three things make it short. What is optional is filled in first, so that the number of keys
tells whether there is one too many. In Rego's order of all values numbers come before texts
and texts before lists, so that the least and the greatest of some values tell the type of
all. A field that has a value tells that what holds it is an object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.shape.reading import Schema, Shape, closed, from_a_set, indented


@dataclass(frozen=True, slots=True)
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
        groups: Lists and maps of anything but texts: field, where, and the schema of an item.
    """

    equal: list[str] = field(default_factory=list)
    texts: list[tuple[str, Schema]] = field(default_factory=list)
    many: list[tuple[str, Schema]] = field(default_factory=list)
    integers: list[tuple[str, Schema]] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)
    sizes: list[tuple[str, str, int]] = field(default_factory=list)
    groups: list[tuple[str, str, Schema]] = field(default_factory=list)


def ordinary(shape: Shape) -> Iterator[str]:
    """Yield the rules of `ordinary` for one shape."""
    lines = [
        f"is_object({shape.value})",
        *_filled("whole", shape.value, shape, shape.root),
        *_object("whole", "", shape, shape.root),
    ]
    yield f"""\
# METADATA
# description: |
#   The whole has the shape; undefined for any other. In the order of all values numbers
#   come before texts and texts before lists, so that the least and the greatest of some
#   values tell the type of all.
ordinary if {{
{indented(lines)}
}}"""
    if any("_within(" in line for line in lines):
        yield """\
# No text is longer than `most`. Together they seldom are, and that is one step.
_within(most, texts) if {
	count(concat("", texts)) <= most
} else if {
	every text in texts {
		count(text) <= most
	}
}"""


def _filled(name: str, ref: str, shape: Shape, schema: Schema) -> list[str]:
    """Return the lines that bind `name` to the object `ref` with its defaults."""
    lines = [f"is_object({at})" for at in _would_appear(ref, shape, schema)]
    defaults = _defaults(shape, schema)
    filled = f"object.union({json.dumps(defaults)}, {ref})" if defaults else ref
    return [*lines, f"{name} := {filled}"]


def _defaults(shape: Shape, schema: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value, needed in shape.fields(schema):
        if not needed and value.get("required"):
            raise ValueError(f"{shape.schema}: {name} may be absent, and not so what is in it")
        inner = _defaults(shape, value)
        if inner or not needed:
            found[name] = inner if "properties" in value else value["default"]
    return found


def _would_appear(ref: str, shape: Shape, schema: Schema) -> Iterator[str]:
    """Yield the needed objects that defaults alone would make, were they absent."""
    for name, value, needed in shape.fields(schema):
        if needed and "properties" in value:
            if not value.get("required"):
                yield f"{ref}.{name}"
            yield from _would_appear(f"{ref}.{name}", shape, value)


def _object(ref: str, stem: str, shape: Shape, schema: Schema) -> list[str]:
    """Return the lines for an object with its defaults; `stem` goes before its variables."""
    found = _Leaves()
    _gather(ref, shape, schema, found)
    return [
        *[f"is_object({at})" for at in found.maps],
        *[f"is_array({at})" for at in found.lists],
        *found.equal,
        *_texts(stem, found),
        *_lengths(found),
        *_integers(stem, found),
        # Counted last: by now all of these are known to be objects or lists.
        *[f"count({at}) {sign} {size}" for at, sign, size in found.sizes],
        *[_every(name, at, shape, item) for name, at, item in found.groups],
    ]


def _gather(ref: str, shape: Shape, schema: Schema, found: _Leaves) -> None:
    kind = schema.get("type")
    if "properties" in schema:
        for name, value, _ in shape.fields(schema):
            _gather(f"{ref}.{name}", shape, value, found)
        if closed(schema):
            found.sizes.append((ref, "==", len(schema["properties"])))
    elif from_a_set(ref, schema):
        found.equal.append(from_a_set(ref, schema))
    elif kind == "string":
        found.texts.append((ref, schema))
    elif kind == "integer":
        found.integers.append((ref, schema))
    elif kind in {"array", "object"}:
        _gather_items(ref, shape, schema, found)
    else:
        raise ValueError(f"{shape.schema}: {ref} is of a kind that is not written")


def _gather_items(ref: str, shape: Shape, schema: Schema, found: _Leaves) -> None:
    item = shape.item(schema)
    (found.maps if schema["type"] == "object" else found.lists).append(ref)
    found.sizes.extend(
        (ref, sign, schema[key])
        for key, sign in (("minItems", ">="), ("maxItems", "<="))
        if key in schema
    )
    if schema["type"] == "array" and item.get("type") == "string" and "enum" not in item:
        found.many.append((ref, item))
    elif item:
        found.groups.append((ref.rsplit(".", 1)[-1], ref, item))


def _every(field: str, at: str, shape: Shape, item: Schema) -> str:
    name = whole = f"{field}_item"
    lines = []
    if "properties" in item:
        lines.append(f"is_object({name})")
        if _defaults(shape, item):
            whole = f"{field}_whole"
            lines += _filled(whole, name, shape, item)
    lines += _object(whole, f"{field}_", shape, item)
    return f"every {name} in {at} {{\n{indented(lines)}\n}}"


def _texts(stem: str, found: _Leaves) -> list[str]:
    lines = []
    for name, most_least in (("names", 1), ("texts", 0)):
        refs = [ref for ref, text in found.texts if min(text.get("minLength", 0), 1) == most_least]
        lines += _of_type_text(f"{stem}{name}", f"[{', '.join(refs)}]", most_least) if refs else []
        refs = [ref for ref, text in found.many if min(text.get("minLength", 0), 1) == most_least]
        # Flat only once all are known to be lists, and with one text more: nothing has no least.
        flat = f"array.flatten([{json.dumps('x' * most_least)}, {', '.join(refs)}])"
        lines += _of_type_text(f"{stem}listed_{name}", flat, most_least) if refs else []
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


def _integers(stem: str, found: _Leaves) -> list[str]:
    lines = []
    ranges: dict[tuple[int, int], list[str]] = {}
    for ref, number in found.integers:
        ranges.setdefault((number["minimum"], number["maximum"]), []).append(ref)
    for place, ((least, most), refs) in enumerate(sorted(ranges.items())):
        name = f"{stem}integers" + (f"_{place}" if place else "")
        whole = ", ".join(f"floor({ref})" for ref in refs)
        lines += [
            f"{name} := [{', '.join(refs)}]",
            f"min({name}) >= {least}",
            f"max({name}) <= {most}",
            f"[{whole}] == {name}",
        ]
    return lines
