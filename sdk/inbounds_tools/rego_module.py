"""What one source in Rego says of itself, as OPA's own parser reads it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbounds.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Module:
    """One source.

    Attributes:
        file: Where it lies.
        path: Its package, one part each. A part may hold any character, a dot as well, so that only
            the parts can be compared, never the parts joined.
        rules: The names that it defines.
        abouts: The METADATA of its package.
    """

    file: Path
    path: tuple[str, ...]
    rules: frozenset[str]
    abouts: tuple[dict[str, Any], ...]


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
    # whose data does not lie under its roots.
    try:
        ran = subprocess.run(
            [str(opa), "parse", "--format", "json", str(source)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(
            f"{opa} does not run", code="opa.missing", hint="install OPA, or name it"
        ) from error
    if ran.returncode:
        raise ConfigurationError(
            "\n".join(_objections(source, ran.stderr or ran.stdout)),
            code="catalogue.unparsable",
            hint="fix the lines named",
        )
    module = json.loads(ran.stdout)
    return Module(
        file=source,
        path=tuple(str(term["value"]) for term in module["package"]["path"][1:]),
        rules=frozenset(
            str(rule["head"].get("name") or rule["head"]["ref"][0]["value"])
            for rule in module.get("rules", [])
        ),
        abouts=tuple(
            about for about in module.get("annotations", []) if about.get("scope") == "package"
        ),
    )


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
