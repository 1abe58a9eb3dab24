"""What one source in Rego says of itself, as OPA's own parser reads it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
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
    """

    file: Path
    path: tuple[str, ...]
    rules: frozenset[str]
    abouts: tuple[dict[str, Any], ...]
    schema_lines: tuple[int, ...]


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
    )


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
