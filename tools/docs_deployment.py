"""Writes the tables of `docs/deployment.md` from the descriptions in `schemas/deployment.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

from inbounds.dev.deployment import FIELDS
from inbounds.errors import ConfigurationError
from inbounds.model.question import Effect
from tools import schemas

OWNS = ("docs/deployment.md",)

_REGION = re.compile(r"<!-- generated: (.+?) -->\n.*?<!-- /generated -->", re.DOTALL)
_HEAD = "| field | value | means | left out |\n| --- | --- | --- | --- |"
_EXACT = 2**53 - 1


def generated(root: Path) -> dict[str, str]:
    """Return the page with its tables as they have to be, by its path.

    Raises:
        ConfigurationError: The page has no place for a file's purpose or fields.
    """
    name = OWNS[0]
    text = (root / name).read_text("utf-8")
    parts = {"files": _files()}
    for field in FIELDS:
        parts[f"purpose of {field}.yaml"] = _link(
            _split(_schema()["properties"][field]["description"])[0]
        )
        if tables := "\n\n".join(_tables(field)):
            parts[f"fields of {field}.yaml"] = tables
    found = [match[1] for match in _REGION.finditer(text)]
    if sorted(found) != sorted(parts):
        wrong = ", ".join(sorted({*found} ^ {*parts})) or "one place is there twice"
        raise ConfigurationError(
            f"{name}: its generated places must be those of the schema: {wrong}"
        )
    return {
        name: _REGION.sub(
            lambda at: f"<!-- generated: {at[1]} -->\n\n{parts[at[1]]}\n\n<!-- /generated -->", text
        )
    }


@cache
def _schema() -> dict[str, Any]:
    return schemas.deployment()


def _files() -> str:
    rows = ["| file | states | left out |", "| --- | --- | --- |"]
    for field in FIELDS:
        means, absent = _split(_schema()["properties"][field]["description"])
        said = "required" if field in _schema()["required"] else absent
        rows.append(f"| [`{field}.yaml`](#{field}yaml) | {_link(means)} | {_link(said)} |")
    return "\n".join(rows)


def _tables(field: str) -> Iterator[str]:
    """Yield the table of each model in a file, after the places where the file has it."""
    places: dict[str, list[str]] = {}
    _collect(_schema()["properties"][field], "", places)
    for model, at in places.items():
        if at == [""]:
            said = "The file has these fields:"
        elif at == ["<key>"]:
            said = "Each entry has these fields:"
        else:
            listed = ", ".join(f"`{place.removeprefix('<key>.')}`" for place in at)
            said = f"Fields of {listed}:"
        shape = _schema()["$defs"][model]
        rows = [
            _row(name, part, required=name in shape.get("required", []))
            for name, part in shape["properties"].items()
        ]
        yield "\n".join([f"{said}\n", _HEAD, *rows])


def _collect(part: Mapping[str, Any], place: str, places: dict[str, list[str]]) -> None:
    if "items" in part:
        _collect(part["items"], f"{place}[]", places)
    elif isinstance(inner := part.get("additionalProperties"), Mapping):
        _collect(inner, f"{place}.<key>".removeprefix("."), places)
    elif (model := _model(part)) != "JsonValue" and model:
        places.setdefault(model, []).append(place)
        if len(places[model]) == 1:
            for name, below in _schema()["$defs"][model]["properties"].items():
                _collect(below, f"{place}.{name}".removeprefix("."), places)


def _model(part: Mapping[str, Any]) -> str:
    return str(part.get("$ref", "")).rpartition("/")[2]


def _row(name: str, part: Mapping[str, Any], *, required: bool) -> str:
    means, absent = _split(part["description"])
    default = part.get("default")
    if required:
        absent = "required"
    elif not absent:
        if default is None or default in ("", [], {}):
            raise ConfigurationError(f"`{name}` must state `Left out:` in {schemas.DESCRIPTIONS}")
        absent = f"`{json.dumps(default)}`" if isinstance(default, bool) else f"`{default}`"
    # YAML may give a time where the policy reads a number.
    value = "time" if "RFC 3339 time" in means else _value(part)
    return f"| `{name}` | {value} | {_link(means)} | {_link(absent)} |"


def _value(part: Mapping[str, Any]) -> str:
    """Return the type and the allowed values of a field in words."""
    if "enum" in part:
        if tuple(part["enum"]) == get_args(Effect):
            return "effect"
        return ", ".join(f"`{word}`" for word in part["enum"] if word)
    if "anyOf" in part:
        kinds = dict.fromkeys(_value(choice) for choice in part["anyOf"])
        return ", ".join(kind for kind in kinds if kind != "whole number")
    kind = part.get("type", "object")
    if kind == "array":
        few = ", at least one" if part.get("minItems") else ""
        inner = part["items"]
        return f"list of {'mappings' if _model(inner) else _plural(_value(inner))}{few}"
    if kind == "object":
        inner = part.get("additionalProperties")
        if not isinstance(inner, Mapping):
            return "mapping"
        if _model(inner.get("additionalProperties", {})) == "JsonValue":
            return "mapping of JWKs"
        return f"mapping of {'mappings' if _model(inner) else _plural(_value(inner))}"
    if kind == "integer":
        least = part.get("exclusiveMinimum", part.get("minimum", 0) - 1) + 1
        most = part.get("maximum", _EXACT)
        return "whole number" if most >= _EXACT else f"whole number, {least} to {most}"
    if kind == "string":
        return "name" if part.get("minLength") and part.get("maxLength") == 256 else "text"
    return "`true`, `false`" if kind == "boolean" else str(kind)


def _plural(word: str) -> str:
    if word in ("effect", "name", "whole number"):
        return f"{word}s"
    return word.replace("list of", "lists of", 1)


def _split(description: str) -> tuple[str, str]:
    """Return what a field means, and what happens without it."""
    means, _, absent = description.partition(" Left out: ")
    return means, absent.removesuffix(".")


def _link(text: str) -> str:
    """Link the codes, pages and files that a description names."""
    text = re.sub(r"`(\w+)\.(\w+)`", _code, text)
    text = re.sub(r"docs/((\w+)\.md(?:#[\w-]+)?)", r"[\2](\1)", text)
    return re.sub(r"\b(\w+)\.yaml\b", lambda at: f"[{at[0]}](#{at[1]}yaml)", text)


def _code(found: re.Match[str]) -> str:
    page = f"rules/{found[1]}/{found[2]}.md"
    there = (Path(__file__).resolve().parent.parent / "docs" / page).exists()
    return f"[{found[0]}]({page})" if there else found[0]
