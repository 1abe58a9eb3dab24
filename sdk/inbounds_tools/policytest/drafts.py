"""Writing the first lines of a site's own rule, escalation or obligation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Literal

from inbounds.errors import ConfigurationError
from inbounds.files.safe_files import write_file
from inbounds.pep.obligations import KNOWN
from inbounds.text.printable import printable

Kind = Literal["rule", "escalation", "obligation"]

FOLDERS: Mapping[Kind, str] = {
    "rule": "rules",
    "escalation": "escalations",
    "obligation": "obligations",
}
"""Where each kind of member stands below the folder of a site."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_RESERVED = (
    "as",
    "contains",
    "data",
    "default",
    "else",
    "every",
    "false",
    "if",
    "import",
    "in",
    "input",
    "not",
    "null",
    "package",
    "some",
    "true",
    "with",
)
"""Words of Rego, which no package can be named by."""


def write(kind: Kind, name: str, site: Path) -> list[Path]:
    """Write a member with its test, and a case for what the whole policy decides.

    Args:
        kind: What it is to be.
        name: `<category>/<fault>`; of an obligation, `<type>/<name>`.
        site: The folder of the site's own rules; made if missing.

    Returns:
        The files, the member first.

    Raises:
        ConfigurationError: The name cannot be one, or something of this name is there.
    """
    category, fault = _parts(kind, name)
    folder = site / FOLDERS[kind] / category / fault
    # Two members of one name would have one code.
    for place in (site / other / category / fault for other in FOLDERS.values()):
        if place.exists():
            raise ConfigurationError(
                f"{place} is there already",
                code="new.exists",
                hint="change it, or choose another name",
            )
    words = {
        "kind": FOLDERS[kind],
        "category": category,
        "fault": fault,
        "code": f"site.{category}.{fault}",
        "title": fault.replace("_", " ").capitalize(),
        "outcome": "ask" if kind == "escalation" else "deny",
    }
    template = "obligation" if kind == "obligation" else "rule"
    files = {
        folder / f"{fault}.rego": f"{template}.rego",
        folder / f"{fault}_test.rego": f"{template}_test.rego",
    }
    if kind != "obligation":
        files[site / "cases" / category / f"{fault}.yaml"] = "rule.yaml"
    written = []
    for path, source in files.items():
        # A case that is there is of a member that was: it is kept.
        if not path.exists():
            write_file(path, _template(source).format_map(words), below=site, exclusive=True)
            written.append(path)
    return written


def _template(name: str) -> str:
    return (resources.files(__package__) / "templates" / f"{name}.in").read_text("utf-8")


def _parts(kind: Kind, name: str) -> tuple[str, str]:
    parts = name.split("/")
    if len(parts) != 2 or not all(_NAME.fullmatch(part) for part in parts):
        shape = "<type>/<name>" if kind == "obligation" else "<category>/<fault>"
        raise ConfigurationError(
            f"`{printable(name)}` is not {shape}",
            code="new.name",
            hint="name two words of 1 to 64 lower-case letters, digits and `_`, each beginning "
            f"with a letter, such as `inbounds new {kind} {_example(kind)}`",
        )
    for part in parts:
        if part in _RESERVED or part.endswith("_test"):
            raise ConfigurationError(
                f"`{part}` means something else to Rego",
                code="new.name",
                hint="choose another word",
            )
    known = KNOWN
    if kind == "obligation" and parts[0] not in known:
        raise ConfigurationError(
            f"no PEP can be obliged to `{parts[0]}`, so every call would be refused",
            code="new.obligation_unknown",
            hint=f"known are {', '.join(known)}, such as `inbounds new {kind} {_example(kind)}`",
        )
    return parts[0], parts[1]


def _example(kind: Kind) -> str:
    return {"obligation": "notify/large_payment"}.get(kind, "payroll/after_hours")
