"""What one source in Rego says of itself, as OPA's own parser reads it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inbounds.errors import ConfigurationError

from .opa import command

_SECONDS = 60.0
_SCHEMAS = re.compile(rb"\bschemas[\"']?\s*:")


@dataclass(frozen=True, slots=True)
class Module:
    """One source.

    Attributes:
        file: Where it lies.
        path: Its package, one part each. A part may hold any character, a dot as well, so that only
            the parts can be compared, never the parts joined.
        rules: The names that it defines.
        abouts: The METADATA of its package.
        schema_lines: The lines where METADATA of any scope states `schemas`.
        rules_read: The rules as OPA's parser reads them.
    """

    file: Path
    path: tuple[str, ...]
    rules: frozenset[str]
    abouts: tuple[dict[str, Any], ...]
    schema_lines: tuple[int, ...]
    rules_read: Sequence[dict[str, Any]] = field(repr=False)

    def calls(self) -> Iterator[Call]:
        """Yield every call of a function, and every function that stands in for another."""
        left: list[Any] = list(reversed(self.rules_read))
        while left:
            node = left.pop()
            if isinstance(node, dict):
                yield from _calls_of(node)
                left.extend(reversed(node.values()))
            elif isinstance(node, list):
                left.extend(reversed(node))


@dataclass(frozen=True, slots=True)
class Call:
    """A function that a rule calls.

    Attributes:
        name: What is called.
        arguments: With what, as OPA's parser writes it; None where it stands in for another
            function (`with f as name`).
        line: Where.
    """

    name: str
    arguments: Sequence[dict[str, Any]] | None
    line: int


def read(source: Path, *, opa: Path) -> Module:
    """Return what `source` says of itself.

    Raises:
        ConfigurationError: It does not parse, in which case the message has one line per
            objection, `file:row:column: what`; or OPA does not run.
    """
    if source.exists() and not source.is_file():
        raise ConfigurationError(
            f"{source}: is not a regular file", code="catalogue.unparsable", hint="remove it"
        )
    # `opa parse` and not `opa inspect`: the latter takes a folder as a bundle, and refuses one
    # whose data does not lie under its roots. It reads no schema that METADATA names.
    options = ("--format", "json", "--json-include", "locations,-comments")
    ran = command.run(opa, "parse", *options, str(source), seconds=_SECONDS)
    if ran.returncode:
        raise ConfigurationError(
            "\n".join(_objections(source, ran.stderr or ran.stdout)),
            code="catalogue.unparsable",
            hint="fix the lines named",
        )
    module = json.loads(ran.stdout)
    annotations = module.get("annotations", [])
    return Module(
        file=source,
        path=tuple(str(term["value"]) for term in module["package"]["path"][1:]),
        rules=frozenset(
            str(rule["head"].get("name") or rule["head"]["ref"][0]["value"])
            for rule in module.get("rules", [])
        ),
        abouts=tuple(
            {key: value for key, value in about.items() if key != "location"}
            for about in annotations
            if about.get("scope") == "package"
        ),
        schema_lines=tuple(_schema_line(about) for about in annotations if about.get("schemas")),
        rules_read=module.get("rules", []),
    )


def _calls_of(node: dict[str, Any]) -> Iterator[Call]:
    """Yield what a node of the syntax calls, without what its inner nodes do."""
    terms = node.get("terms") if "terms" in node else node.get("value")
    if isinstance(terms, list) and terms and ("terms" in node or node.get("type") == "call"):
        yield from _call(terms[0], terms[1:])
    for replacing in node.get("with") or ():
        yield from _call(replacing["value"], None)


def _call(function: dict[str, Any], arguments: Sequence[dict[str, Any]] | None) -> Iterator[Call]:
    parts = function["value"] if function["type"] == "ref" else [function]
    if parts[0]["type"] == "var" and all(part["type"] == "string" for part in parts[1:]):
        name = ".".join(str(part["value"]) for part in parts)
        yield Call(name, arguments, int(function.get("location", {}).get("row", 1)))


def _schema_line(annotation: dict[str, Any]) -> int:
    """Return the line of `schemas` in METADATA, or the first line of the METADATA."""
    location = annotation.get("location") or {}
    lines = base64.b64decode(location.get("text", "")).splitlines()
    stated = (place for place, line in enumerate(lines) if _SCHEMAS.search(line))
    return int(location.get("row", 1)) + next(stated, 0)


def _objections(source: Path, said: str) -> list[str]:
    try:
        return [_objection(source, error) for error in json.loads(said)["errors"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        first = next(iter(said.strip().splitlines()), "OPA gives no reason")
        return [f"{source}: does not parse: {first}"]


def _objection(source: Path, error: dict[str, Any]) -> str:
    place = error.get("location") or {}
    where = "".join(f":{place[key]}" for key in ("row", "col") if key in place)
    # What OPA says may go on in further lines, which quote the source.
    return f"{source}{where}: {str(error['message']).splitlines()[0]}"
