"""What changes when one folder of bundles takes the place of another.

A change of the data that can let more through than before (another effect or destination, a
freeze or a rule that is gone) is marked as widening, so that a reviewer sees it first: every
change of a deployment that `widening` does not know to be harmless. What a rule that reads
otherwise lets through is not told by looking at it: read it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from inbounds.engine.bundle import SignedBundle, read_signed
from inbounds.errors import ConfigurationError

from .build import artefacts
from .widening import MISSING, leaves, widens

What = Literal["added", "removed", "changed"]

_CODE = re.compile(r"(?:inbounds|site)/(?:rules|escalations|obligations|grants)/")


AREAS = {
    "rules": "what is denied, asked about or owed",
    "other Rego": "what rules read",
    "live": "what is ended, revoked or stopped from the start",
    "settings.yaml": "what holds everywhere",
    "issuers.yaml": "whose tokens are accepted",
    "approvers.yaml": "whose approvals are accepted",
    "feed.yaml": "whose revocation feed is accepted",
    "peps.yaml": "who may ask for decisions",
    "environments.yaml": "where resources live",
    "subjects.yaml": "what users may do",
    "groups.yaml": "what groups may do",
    "agents.yaml": "what agents may do",
    "intents.yaml": "what a task may do",
    "budgets.yaml": "how much a task may use",
    "destinations.yaml": "where data may go",
    "labels.yaml": "how sensitive data is",
    "tools.yaml": "what tools do",
    "credentials.yaml": "which credentials tools use",
    "servers.yaml": "where tools run",
    "bundle": "what was built",
}
"""What a change can be about, the most far-reaching first, with what is decided there."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        what: `added`, `removed` or `changed`.
        kind: `rule`, `source` (any other Rego), `deployment`, `live`, `revision` or `sequence`.
        path: A code, the path of a source, or a path into the data, its steps joined by `/`.
        before: The value that goes; None where there was none.
        after: The value that comes; None where there is none.
        widens: Whether it can let more through.
    """

    what: What
    kind: str
    path: str
    before: Any = None
    after: Any = None
    widens: bool = False

    @property
    def area(self) -> str:
        """The key of `AREAS` that this change belongs to; another file has its own name."""
        if self.kind == "deployment":
            return f"{self.path.partition('/')[0]}.yaml"
        return {"rule": "rules", "source": "other Rego", "live": "live"}.get(self.kind, "bundle")

    @property
    def place(self) -> str:
        """The path within the area."""
        if self.kind in ("revision", "sequence"):
            return f"{self.kind} of the {self.path}"
        return self.path.partition("/")[2] if self.kind == "deployment" else self.path


def grouped(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Return changes by area, the most far-reaching area first."""
    order = [*AREAS]
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.area, []).append(change)
    rank = {area: order.index(area) if area in order else len(order) for area in groups}
    return dict(sorted(groups.items(), key=lambda group: (rank[group[0]], group[0])))


def diff(old: Path, new: Path, *, key: Path) -> list[Change]:
    """Return what changes from the bundles in `old` to those in `new`.

    Args:
        old: A folder that `inbounds bundle build` has written.
        new: Another one.
        key: The PEM of the public key that both are signed with.

    Raises:
        ConfigurationError: A bundle is not signed by `key`, or a folder holds none.
    """
    before, after = _read(old, key), _read(new, key)
    changes = [*_stamps(before, after), *_rules(before, after)]
    for root in ("deployment", "live"):
        changes += _data(root, _root(before, root), _root(after, root))
    return changes


def _read(folder: Path, key: Path) -> dict[str, SignedBundle]:
    bundles: dict[str, SignedBundle] = {}
    for path in artefacts(folder):
        bundle = read_signed(path, key)
        artefact = str(bundle.metadata.get("artefact"))
        if artefact in bundles:
            raise ConfigurationError(
                f"{folder} holds more than one bundle of the kind `{artefact}`",
                code="bundle.ambiguous",
                hint="keep each revision in a folder of its own",
            )
        bundles[artefact] = bundle
    if "rego" not in bundles:
        raise ConfigurationError(
            f"{folder} holds no policy bundle",
            code="bundle.missing",
            hint="name a folder that `inbounds bundle build -o` has written",
        )
    return bundles


def _root(bundles: Mapping[str, SignedBundle], root: str) -> Any:
    return bundles[root].data.get(root, {}) if root in bundles else {}


def _stamps(before: Mapping[str, SignedBundle], after: Mapping[str, SignedBundle]) -> list[Change]:
    old, new = before["rego"], after["rego"]
    stamps = [
        ("revision", old.revision, new.revision),
        ("sequence", old.metadata.get("sequence"), new.metadata.get("sequence")),
    ]
    return [Change("changed", kind, "policy", was, is_) for kind, was, is_ in stamps if was != is_]


# --- rules ---------------------------------------------------------------------------------


def _rules(
    before: Mapping[str, SignedBundle], after: Mapping[str, SignedBundle]
) -> Iterator[Change]:
    old, new = _sources(before), _sources(after)
    for name in sorted({*old, *new}):
        kind, path = ("rule", _code(name)) if _CODE.match(name) else ("source", name)
        if name not in new:
            # What is no longer ruled out, or no longer owed, is let through.
            widens = kind == "rule" and "/grants/" not in name
            yield Change("removed", kind, path, widens=widens)
        elif name not in old:
            yield Change("added", kind, path, widens="/grants/" in name)
        elif old[name] != new[name]:
            yield Change("changed", kind, path)


def _sources(bundles: Mapping[str, SignedBundle]) -> dict[str, str]:
    return {
        name: _digest(content.decode("utf-8"))
        for artefact in ("rego", "site")
        if artefact in bundles
        for name, content in bundles[artefact].files.items()
        if name.endswith(".rego")
    }


def _digest(source: str) -> str:
    """The digest of a source without comments on lines of their own and without empty lines."""
    lines = (line.strip() for line in source.splitlines())
    kept = "\n".join(line for line in lines if line and not line.startswith("#"))
    return hashlib.sha256(kept.encode("utf-8")).hexdigest()


def _code(name: str) -> str:
    root, kind, category, fault, *_ = name.split("/")
    prefix = "" if root == "inbounds" else f"{root}."
    suffix = "" if kind == "rules" else f" ({kind})"
    return f"{prefix}{category}.{fault}{suffix}"


# --- data ----------------------------------------------------------------------------------


def _data(root: str, before: Any, after: Any) -> Iterator[Change]:
    for path, old, new in leaves((), before, after):
        if path == ("revision",):
            continue
        what: What = "added" if old is MISSING else "removed" if new is MISSING else "changed"
        yield Change(
            what,
            root,
            "/".join(path),
            None if old is MISSING else old,
            None if new is MISSING else new,
            widens=_widens(root, path, old, new),
        )


def _widens(root: str, path: tuple[str, ...], old: Any, new: Any) -> bool:
    return new is MISSING if root == "live" else widens(path, old, new)
