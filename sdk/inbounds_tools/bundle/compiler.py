"""OPA's own compiler, with its complaints put into words for the person who wrote the rule."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds.files.trees import scratch_folder
from inbounds_tools.opa.command import run

_LOGGED = re.compile(r"undefined function (?:internal\.)?(print|trace)\b")


def refuse_errors(
    folder: Path,
    *,
    opa: Path,
    capabilities: Path,
    schemas: Path,
    known_as: Mapping[str, Path],
    said_at: Mapping[str, str] | None = None,
) -> None:
    """Compile the bundle in `folder` strictly, against the schemas.

    Args:
        folder: The bundle.
        opa: The OPA binary.
        capabilities: The built-ins that may be used.
        schemas: The folder of JSON Schemas that the policy's annotations name.
        known_as: What the author calls a folder that stands at a path of the bundle.
        said_at: What is said in place of an objection at `file:row`, after a place in the bundle.

    Raises:
        ConfigurationError: The compiler objects; the message has one line per objection.
    """
    done = run(
        opa,
        "check",
        *("--strict", "--bundle", "--format", "json", "--capabilities", str(capabilities)),
        *("--schema", str(schemas), str(folder.resolve())),
    )
    if done.returncode:
        raise _refused(done, folder, known_as, said_at or {})


def build(
    folder: Path,
    *,
    opa: Path,
    capabilities: Path,
    options: Sequence[str] = (),
    known_as: Mapping[str, Path],
) -> bytes:
    """Return the archive that `opa build` makes of the bundle in `folder`, without `-O`.

    Raises:
        ConfigurationError: As `refuse_errors`, whose arguments these are.
    """
    with scratch_folder("build") as scratch:
        out = Path(scratch) / "bundle.tar.gz"
        # From inside, so that no path of this machine gets into the archive.
        done = run(
            opa,
            "build",
            *("--bundle", ".", "--capabilities", str(capabilities.resolve())),
            *("--output", str(out), *options),
            cwd=folder,
        )
        if done.returncode:
            raise _refused(done, folder, known_as, {})
        return out.read_bytes()


def _refused(
    done: subprocess.CompletedProcess[str],
    folder: Path,
    known_as: Mapping[str, Path],
    said_at: Mapping[str, str],
) -> ConfigurationError:
    lines = [_in_bundle(line, folder) for line in _objections(done)]
    lines = [said_at.get(":".join(line.split(":", 2)[:2]), line) for line in lines]
    lines = [_known(line, known_as) for line in dict.fromkeys(lines)]
    return ConfigurationError(
        "the policy does not compile:\n  " + "\n  ".join(lines),
        code="bundle.policy_invalid",
        hint="fix the lines named",
    )


def _objections(done: subprocess.CompletedProcess[str]) -> list[str]:
    """One line for each objection, `file:row: what`, from either form that OPA gives."""
    for text in (done.stdout, done.stderr):
        try:
            errors = json.loads(text)["errors"]
        except (ValueError, KeyError, TypeError):
            continue
        return [_objection(error) for error in errors]
    said = (done.stderr.strip() or done.stdout.strip()).removeprefix("error: ")
    return said.splitlines() or ["OPA gives no reason"]


def _objection(error: Mapping[str, object]) -> str:
    message = _LOGGED.sub(
        r"`\1` writes what it is given into the log of OPA, credentials and arguments among it: "
        r"take it out, and print in tests alone",
        str(error.get("message", error)),
    )
    location = error.get("location")
    if isinstance(location, Mapping):
        message = f"{location.get('file')}:{location.get('row')}: {message}"
    details = error.get("details")
    have = details.get("have") if isinstance(details, Mapping) else None
    return f"{message} ({have})" if isinstance(have, str) else message


def _in_bundle(line: str, folder: Path) -> str:
    return line.replace(f"{folder.resolve()}/", "").removeprefix("/")


def _known(line: str, known_as: Mapping[str, Path]) -> str:
    for place, original in known_as.items():
        if line.startswith(f"{place}/"):
            return f"{original}{line[len(place) :]}"
    return line
