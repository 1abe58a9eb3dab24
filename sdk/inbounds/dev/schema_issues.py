"""Says in words where a deployment's YAML does not fit its shape, and what is meant there.

What was found is quoted from files that hold no key and no token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from inbounds.canonical.yaml_lines import line_of
from inbounds.files.regular_file import read_regular
from inbounds.model.deployment import Deployment
from inbounds.text.similar_names import closest

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import ValidationError

_SECRETIVE = frozenset({"approvers", "feed", "issuers", "peps", "settings"})
_LONGEST_SHOWN = 40
_UNBOUNDED: Final = 2**53 - 1

PLACEHOLDER: Final = (
    "must not hold a placeholder, `<…>`; replace it: `inbounds bundle key` prints a public key, "
    "and `sha256sum` the digest of a token"
)
"""What is said of a text that was copied from a document and not filled in."""

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "null": "nothing",
}


@dataclass(frozen=True, slots=True)
class SchemaIssue:
    """One place in a deployment's folder that cannot stay as it is.

    Attributes:
        field: The field, which is the file `<field>.yaml`.
        path: The keys and indices from the top of the file.
        what: What is wrong there.
    """

    field: str
    path: tuple[Any, ...]
    what: str

    def said(self, folder: Path) -> str:
        """Say it with its file, and its line where that can be read."""
        try:
            line = line_of(read_regular(folder / f"{self.field}.yaml")[0], self.path)
        except (OSError, ValueError, yaml.YAMLError):
            line = 0
        where = f"{self.field}.yaml: line {line}: " if line else f"{self.field}.yaml: "
        path = ".".join(str(step) for step in self.path)
        return f"{where}`{path}`: {self.what}" if path else f"{where}{self.what}"


def schema_issues(error: ValidationError) -> Iterator[SchemaIssue]:
    """Yield what keeps a folder's YAML from being a deployment, each place once."""
    schema = Deployment.model_json_schema()
    seen = set()
    for fault in error.errors(include_url=False):
        field, *steps = fault["loc"]
        shape, path = _followed(schema, [field, *steps])
        known = shape.get("properties", {})
        if any(is_placeholder(word) for word in (*steps, fault["input"])):
            misfit = SchemaIssue(str(field), tuple(path[1:]), PLACEHOLDER)
        elif fault["type"] == "extra_forbidden":
            misfit = SchemaIssue(
                str(field), tuple(steps), f"is not a known key{suggestion(steps[-1], known)}"
            )
        elif fault["type"] == "missing":
            misfit = SchemaIssue(str(field), tuple(steps), "is missing")
            if steps:
                misfit = SchemaIssue(
                    str(field), tuple(steps), f"is missing; it must be {_wanted(shape)}"
                )
        elif "[key]" in steps:
            at = tuple(steps[: steps.index("[key]")])
            misfit = SchemaIssue(str(field), at, "must be a name of 1 to 256 characters")
        else:
            what = _unfit(fault, shape, secretive=field in _SECRETIVE)
            misfit = SchemaIssue(str(field), tuple(path[1:]), what)
        if (place := (misfit.field, misfit.path)) not in seen:
            seen.add(place)
            yield misfit


def is_placeholder(word: Any) -> bool:
    """Tell whether a text is one that a document has for the reader to replace: `<…>`."""
    return isinstance(word, str) and word.startswith("<") and word.endswith(">")


def suggestion(word: Any, known: Iterable[str]) -> str:
    """Say which of the known words comes close, or which there are where they are few."""
    known = sorted(known)
    if said := _close(word, known):
        return said
    return f"; known are {_listed(known)}" if 0 < len(known) <= 20 else ""


def _close(word: Any, known: Iterable[str]) -> str:
    close = closest(str(word), known)
    return f"; did you mean `{close}`?" if close else ""


def _followed(schema: Mapping[str, Any], loc: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
    """Follow a place into the schema, as far as its steps are keys and indices.

    What comes after are names of the validator's own, such as the member of a union.
    """
    shape, path = _resolved(schema, schema), []
    for step in loc:
        inner = shape.get("properties", {}).get(step)
        if inner is None and isinstance(step, int):
            inner = shape.get("items")
        if inner is None and isinstance(shape.get("additionalProperties"), dict):
            inner = shape["additionalProperties"]
        if inner is None:
            break
        shape = _resolved(schema, inner)
        path.append(step)
    return shape, path


def _resolved(schema: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return {
        **part,
        **({"items": _resolved(schema, part["items"])} if part.get("items") else {}),
    }


def _unfit(fault: Mapping[str, Any], shape: Mapping[str, Any], *, secretive: bool) -> str:
    given = fault["input"]
    if fault["type"] == "value_error":
        return "must be a time, such as 2026-12-24T00:00:00Z"
    if fault["type"] == "too_long":
        return f"must have at most {fault['ctx']['max_length']} entries; found more"
    said = f"must be {_wanted(shape)}; found {_found(given, secretive=secretive)}"
    scalar = isinstance(given, str | int | float)
    if shape.get("type") == "array" and scalar and not secretive:
        return f"{said}; write `[{given}]`" if _shown(str(given)) else said
    if "enum" in shape and isinstance(given, str):
        return said + _close(given, shape["enum"])
    if shape.get("type") == "string" and scalar and not isinstance(given, str):
        return f"{said}; put it in quotes"
    return said


def _found(given: Any, *, secretive: bool) -> str:
    if isinstance(given, dict):
        return "a mapping" if given else "an empty mapping"
    if isinstance(given, list | tuple):
        return "a list" if given else "an empty list"
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return f"`{str(given).lower()}`"
    text = str(given)
    if text == "":
        return "empty text"
    if secretive or not _shown(text):
        if isinstance(given, str):
            return "text"
        return "a number" if isinstance(given, int | float) else "a time"
    return f"`{text}`"


def _shown(text: str) -> bool:
    return len(text) <= _LONGEST_SHOWN and text.isprintable() and "`" not in text


def _wanted(shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return f"one of {_listed(shape['enum'])}"
    if "const" in shape:
        return f"`{shape['const']}`"
    if "anyOf" in shape:
        return " or ".join(_wanted(choice) for choice in shape["anyOf"])
    kind = shape.get("type", "")
    if kind == "array":
        few = " that is not empty" if shape.get("minItems") else ""
        inner = _wanted(shape.get("items", {}))
        return f"a list{few}" + f" (each: {inner})"
    if kind == "object":
        known = shape.get("properties", {})
        return f"a mapping of {_listed(known)}" if known else "a mapping of names"
    return _WORDS.get(kind, "something else") + _bounds(shape)


def _bounds(shape: Mapping[str, Any]) -> str:
    if shape.get("minLength"):
        longest = shape.get("maxLength", 0)
        return f" of 1 to {longest} characters" if longest else " that is not empty"
    if "exclusiveMinimum" in shape:
        return f" above {shape['exclusiveMinimum']}, up to {shape['maximum']}"
    if "minimum" in shape:
        most = shape.get("maximum", _UNBOUNDED)
        return f" from {shape['minimum']} " + ("on" if most >= _UNBOUNDED else f"to {most}")
    return ""


def _listed(words: Iterable[Any]) -> str:
    return ", ".join(f"`{word}`" for word in words)
