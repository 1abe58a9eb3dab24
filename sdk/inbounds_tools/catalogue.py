"""The catalogue of all rules, read from their annotations: the list that the policy evaluates.

A rule is a folder, `rules/<category>/<fault>/`, and its message is the METADATA of its package.
Each gives one entry of the catalogue. So a rule needs no registration, and the message in an answer
is always that of the rule. Escalations have the same structure; obligations are
`obligations/<type>/<name>/`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from inbounds.errors import ConfigurationError
from inbounds.files.listing import files_in
from inbounds.model.question import Severity
from inbounds.text.similar_names import closest

from . import rego_module

KINDS = ("rules", "escalations", "obligations")
"""The folders whose members are in the catalogue."""

_SEVERITIES: tuple[str, ...] = get_args(Severity)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the catalogue, with its METADATA.

    Attributes:
        kind: `rules`, `escalations` or `obligations`.
        category: The first folder: a rule's category, an obligation's type.
        fault: The second folder: a rule's fault, an obligation's name.
        title: The fault, or the obligation, in one line.
        description: The same at length, for the documentation.
        remedy: What to do now; "" for an obligation that states none.
        severity: How bad the fault is.
        controls: The controls that it implements, as `framework:reference`.
        depends_on: Codes of faults that cause this one: while one of them stands, it is not shown.
        file: The source that holds the METADATA.
    """

    kind: str
    category: str
    fault: str
    title: str
    description: str
    remedy: str
    severity: str
    controls: tuple[str, ...]
    depends_on: tuple[str, ...]
    file: Path

    def code(self, package: str) -> str:
        """Return the code of this entry under the root `package`."""
        name = f"{self.category}.{self.fault}"
        return name if package == "inbounds" else f"{package}.{name}"

    def value(self) -> dict[str, Any]:
        """Return this entry as the policy reads it."""
        return {
            "category": self.category,
            "fault": self.fault,
            "message": self.title,
            "remedy": self.remedy,
            "severity": self.severity,
            "controls": list(self.controls),
            "depends_on": list(self.depends_on),
        }


def catalogue(root: Path, *, package: str, opa: Path) -> dict[str, dict[str, Any]]:
    """Return the catalogue of one root, as the policy reads it.

    Args:
        root: The folder that holds `rules/`, `escalations/` and `obligations/`, any of which
            may be missing.
        package: The Rego package of that folder, `inbounds` or `site`.
        opa: The OPA binary, which reads the annotations.

    Returns:
        `{"rules": {code: …}, "escalations": {…}, "obligations": {…}}`, sorted by code.

    Raises:
        ConfigurationError: A source does not parse, lies where the policy would not evaluate
            it, or lacks METADATA; the message names the file and what is missing.
    """
    found = entries(root, package=package, opa=opa)
    codes = {entry.code(package) for entry in found if entry.kind != "obligations"}
    for entry in found:
        unknown = [code for code in entry.depends_on if code not in codes]
        # Only the root's own codes are known here; what a site rule follows from may be ours.
        if unknown and package == "inbounds":
            raise ConfigurationError(
                f"{entry.file}: `custom.depends_on` names {unknown[0]}, which is not a rule",
                code="catalogue.depends_on_unknown",
            )
    return {
        kind: {
            entry.code(package): entry.value()
            for entry in sorted(found, key=lambda entry: entry.code(package))
            if entry.kind == kind
        }
        for kind in KINDS
    }


def render(value: dict[str, dict[str, Any]]) -> str:
    """Return a catalogue as the text of its `data.json`."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def entries(root: Path, *, package: str, opa: Path) -> list[Entry]:
    """Return the entries of one root with all their METADATA; arguments as `catalogue`.

    Raises:
        ConfigurationError: As `catalogue`.
    """
    found = [
        _entry(kind, folder, [rego_module.read(source, opa=opa) for source in sources], package)
        for kind in KINDS
        for folder, sources in sorted(_folders(root / kind).items())
    ]
    # An obligation has a code too: it is the reason for a denial where it is missing.
    reasons: dict[str, Entry] = {}
    for entry in found:
        code = entry.code(package)
        if code in reasons:
            raise ConfigurationError(
                f"{entry.file}: has the code {code}, which {reasons[code].file} has already",
                code="catalogue.code_twice",
                hint="no two rules, escalations or obligations share a name; rename a folder",
            )
        reasons[code] = entry
    refuse_circles({code: entry.depends_on for code, entry in reasons.items()})
    return found


def refuse_circles(depends_on: Mapping[str, Iterable[str]]) -> None:
    """Reject faults that depend on each other in a cycle: none of them would ever be shown.

    Args:
        depends_on: The codes that each code depends on. A code that is not a key depends on
            none.

    Raises:
        ConfigurationError: There is a cycle; the message names its codes in their order.
    """
    clear: set[str] = set()
    for start in sorted(depends_on):
        trail: list[str] = []
        pending = [(start, iter(sorted(depends_on[start])))]
        while pending:
            code, further = pending[-1]
            if len(trail) < len(pending):
                trail.append(code)
            following = next(further, None)
            if following is None:
                pending.pop()
                trail.pop()
                clear.add(code)
            elif following in trail:
                circle = [*trail[trail.index(following) :], following]
                raise ConfigurationError(
                    f"`custom.depends_on` runs in a circle: {' → '.join(circle)}",
                    code="catalogue.depends_on_circle",
                    hint="while one stands none would be shown; let one of them follow from none",
                )
            elif following not in clear:
                pending.append((following, iter(sorted(depends_on.get(following, ())))))


def hidden(
    standing: Iterable[str], depends_on: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the codes that may stand without being shown, because a shown one hides them.

    A fault that stands is not among the reasons if one that it depends on stands as well, shown or
    not. So every code that depends on a shown one, over any number of steps, is unknown. Every
    other code that is not shown has been ruled out.

    Args:
        standing: The codes of the reasons.
        depends_on: The codes that each code depends on.

    Returns:
        Each such code, sorted, with those that hide it.
    """
    shown = set(standing)
    found: dict[str, tuple[str, ...]] = {}
    grown = True
    while grown:
        grown = False
        for code, causes in depends_on.items():
            behind = tuple(c for c in causes if c in shown or c in found)
            if code not in shown and found.get(code, ()) != behind:
                found[code] = behind
                grown = True
    return {code: found[code] for code in sorted(found) if found[code]}


def _folders(top: Path) -> dict[Path, list[Path]]:
    folders: dict[Path, list[Path]] = {}
    for source in files_in(top, ".rego"):
        folder = source.parent
        parts = folder.relative_to(top).parts
        if len(parts) != 2 or not all(_NAME.fullmatch(part) for part in parts):
            raise ConfigurationError(
                f"{source}: stands where nothing would walk it",
                code="catalogue.misplaced",
                hint=f"move it to {top.name}/<category>/<fault>/, in lower case",
            )
        sources = folders.setdefault(folder, [])
        if not source.name.endswith("_test.rego"):
            sources.append(source)
    return folders


def _entry(kind: str, folder: Path, modules: list[rego_module.Module], package: str) -> Entry:
    category, fault = folder.parts[-2:]
    if not modules:
        raise ConfigurationError(
            f"{folder}: has a test and no rule",
            code="catalogue.rule_missing",
            hint=f"add {fault}.rego, or remove the folder",
        )
    expected = f"{package}.{kind}.{category}.{fault}"
    own = [module for module in modules if module.path == (package, kind, category, fault)]
    stated = [(module.file, about) for module in own for about in module.abouts]
    if not stated:
        raise ConfigurationError(
            f"{modules[0].file}: has no METADATA on `package {expected}`",
            code="catalogue.metadata_missing",
            hint="the package is named as its folder, and the METADATA stands right above it",
        )
    if len(stated) > 1:
        raise ConfigurationError(
            f"{stated[1][0]}: a second METADATA on `package {expected}`",
            code="catalogue.metadata_twice",
            hint=f"the first is in {stated[0][0].name}; keep one",
        )
    if kind != "obligations" and not any("ruled_out" in module.rules for module in own):
        raise ConfigurationError(
            f"{stated[0][0]}: defines no `ruled_out`, so its fault would always stand",
            code="catalogue.ruled_out_missing",
            hint="say in `ruled_out if { … }` what shows that the fault is absent",
        )
    return _worded(kind, category, fault, *stated[0])


def _worded(kind: str, category: str, fault: str, file: Path, about: dict[str, Any]) -> Entry:
    custom = about.get("custom")
    custom = custom if isinstance(custom, dict) else {}
    # An obligation refuses nothing, so it has a remedy and a severity only where it says so.
    optional = kind == "obligations"

    def text(place: dict[str, Any], key: str, name: str, *, needed: bool = True) -> str:
        value = place.get(key, "")
        if not isinstance(value, str):
            raise _unfit(file, name, "is not text: put it in quotes")
        if needed and not value.strip():
            raise _lacks(file, name, "a line of text")
        return value.strip()

    severity = custom.get("severity", "low" if optional else None)
    if severity is None:
        raise _lacks(file, "custom.severity", "one of " + ", ".join(_SEVERITIES))
    if severity not in _SEVERITIES:
        given = f"`{severity}`" if isinstance(severity, str) else "no text"
        # Which there are is said already.
        near = closest(str(severity), _SEVERITIES)
        raise _unfit(
            file,
            "custom.severity",
            f"is {given}, none of {', '.join(_SEVERITIES)}",
            hint=f"did you mean `{near}`?" if near else "give it one of them",
        )
    controls = _texts(file, custom, "controls", ":", needed=not optional)
    depends_on = _texts(file, custom, "depends_on", ".", needed=False)
    return Entry(
        kind=kind,
        category=category,
        fault=fault,
        title=text(about, "title", "title"),
        description=text(about, "description", "description"),
        remedy=text(custom, "remedy", "custom.remedy", needed=not optional),
        severity=severity,
        controls=controls,
        depends_on=depends_on,
        file=file,
    )


def _texts(
    file: Path, custom: dict[str, Any], key: str, joint: str, *, needed: bool
) -> tuple[str, ...]:
    wanted = f"a list of texts with a `{joint}` in each"
    value = custom.get(key, None if needed else [])
    if value is None:
        raise _lacks(file, f"custom.{key}", wanted)
    if not isinstance(value, list) or not all(
        isinstance(text, str) and joint in text for text in value
    ):
        raise _unfit(file, f"custom.{key}", f"is not {wanted}")
    return tuple(value)


def _lacks(file: Path, key: str, wanted: str) -> ConfigurationError:
    return ConfigurationError(
        f"{file}: the METADATA lacks `{key}`",
        code="catalogue.metadata_incomplete",
        hint=f"give it {wanted}",
    )


def _unfit(file: Path, key: str, what: str, *, hint: str = "fix it there") -> ConfigurationError:
    return ConfigurationError(
        f"{file}: the METADATA's `{key}` {what}", code="catalogue.metadata_incomplete", hint=hint
    )
