"""What changes when one folder of bundles takes the place of another.

A change of the data that can let more through than before (another effect or destination, a
freeze or a rule that is gone) is marked as widening, so that a reviewer sees it first: every
change of a deployment that `widening` does not know to be harmless, and of everything else all but
what is listed here: a rule with a folder of its own that comes, an entry of the live data that
comes, comments, and the stamps of a build. Every file of every bundle is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from inbounds.engine.bundle import SignedBundle

from . import folder
from .own_files import OF_EACH
from .widening import MISSING, is_same, leaves, widens

What = Literal["added", "removed", "changed"]

_CODE = re.compile(r"(?:inbounds|site)/(?:rules|escalations|obligations|grants)/")
_RULE = re.compile(r"(?:inbounds|site)/(?:rules|escalations|obligations)/[^/]+/[^/]+/[^/]+")
_WITH_SOURCES = ("rego", "site")
_KINDS = ("rules", "escalations", "obligations")
_LISTS = ("ended", "revoked", "switches")
_STAMPS = ("sequence", "sources")


AREAS = {
    "rules": "what is denied, asked about or owed",
    "other Rego": "what rules read",
    "site data": "what the rules of the site read",
    "catalogue": "which rules are applied",
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
        kind: `rule`, `source` (any other Rego), `deployment`, `live`, `site` (its data),
            `catalogue` (the data of the policy), `revision`, `sequence`, `bundle`, `manifest` or
            `file` (any other file of a bundle).
        path: A code, the path of a source, or a path into the data, its steps joined by `/`. What
            belongs to a bundle begins with what that holds.
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
        return _AREA_OF.get(self.kind, "bundle")

    @property
    def place(self) -> str:
        """The path within the area."""
        if self.kind in ("revision", "sequence"):
            return f"{self.kind} of the {self.path}"
        return self.path.partition("/")[2] if self.kind == "deployment" else self.path


_AREA_OF = {
    "rule": "rules",
    "source": "other Rego",
    "live": "live",
    "site": "site data",
    "catalogue": "catalogue",
}


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
        ConfigurationError: A bundle is not signed by `key`, a folder holds none, or the bundles of
            a folder are not of one build.
    """
    before, after = folder.read(old, key), folder.read(new, key)
    changes = [*_stamps(before, after), *_rules(before, after)]
    for root in ("deployment", "live"):
        changes += _data(root, _root(before, root), _root(after, root))
    changes += _data("site", _root(before, "site"), _root(after, "site"))
    changes += _data("catalogue", before["rego"].data, after["rego"].data)
    return [*changes, *_bundles(before, after)]


def _root(bundles: Mapping[str, SignedBundle], root: str) -> Any:
    return bundles[root].data.get(root, {}) if root in bundles else {}


def _stamps(before: Mapping[str, SignedBundle], after: Mapping[str, SignedBundle]) -> list[Change]:
    old, new = before["rego"], after["rego"]
    stamps = [
        ("revision", old.revision, new.revision),
        ("sequence", old.metadata.get("sequence"), new.metadata.get("sequence")),
    ]
    return [
        Change("changed", kind, "policy", was, is_)
        for kind, was, is_ in stamps
        if not is_same(was, is_)
    ]


# --- rules ---------------------------------------------------------------------------------


def _rules(
    before: Mapping[str, SignedBundle], after: Mapping[str, SignedBundle]
) -> Iterator[Change]:
    old, new = _sources(before), _sources(after)
    folders = {name.rpartition("/")[0] for name, _ in old}
    for source in sorted({*old, *new}):
        name, _ = source
        kind, path = ("rule", _code(name)) if _CODE.match(name) else ("source", name)
        if source not in new:
            # What is no longer ruled out, or no longer owed, is let through.
            yield Change("removed", kind, path, widens=True)
        elif source not in old:
            # One that comes to a folder or a package that was there adds to a rule: another way to
            # rule out.
            place = name.rpartition("/")[0]
            own = _RULE.fullmatch(name) and place not in folders
            yield Change("added", kind, path, widens=not (own and _is_of(place, new[source])))
        elif old[source] != new[source]:
            other = _without_comments(old[source]) != _without_comments(new[source])
            yield Change("changed", kind, path, widens=other)


def _sources(bundles: Mapping[str, SignedBundle]) -> dict[tuple[str, str], bytes]:
    """Return the sources of the bundles that may hold any, by their names and what holds them."""
    return {
        (name, artefact): content
        for artefact in _WITH_SOURCES
        if artefact in bundles
        for name, content in bundles[artefact].files.items()
        if name.endswith(".rego")
    }


def _is_of(folder: str, source: bytes) -> bool:
    """Whether a source states the package that its folder stands for."""
    # A comment ends with the line, and a line with this character alone.
    lines = (line.strip() for line in source.split(b"\n"))
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    return first == f"package {folder.replace('/', '.')}".encode()


def _without_comments(source: bytes) -> bytes:
    """Return a source without comments on lines of their own and without empty lines.

    Between backticks, where a text may span lines, `#` begins no comment: with one, it is left as
    it is; likewise with a CR within a line, which ends no comment. METADATA is a comment as well:
    no built-in of a policy reads it.
    """
    lines = source.replace(b"\r\n", b"\n").split(b"\n")
    if b"`" in source or any(b"\r" in line for line in lines):
        return source
    lines = [line.strip() for line in lines]
    return b"\n".join(line for line in lines if line and not line.startswith(b"#"))


def _code(name: str) -> str:
    root, kind, category, fault, *_ = name.split("/")
    prefix = "" if root == "inbounds" else f"{root}."
    suffix = "" if kind == "rules" else f" ({kind})"
    return f"{prefix}{category}.{fault}{suffix}"


# --- data ----------------------------------------------------------------------------------


def _data(root: str, before: Any, after: Any) -> Iterator[Change]:
    for path, old, new in leaves((), before, after):
        if path == _REVISION.get(root):
            continue
        yield Change(
            _what(old, new),
            root,
            "/".join(path),
            None if old is MISSING else old,
            None if new is MISSING else new,
            widens=_widens(root, path, old, new),
        )


# What is told as the revision of the policy, or follows from the other data.
_REVISION = {"deployment": ("revision",), "catalogue": ("inbounds", "build", "revision")}


def _what(old: Any, new: Any) -> What:
    return "added" if old is MISSING else "removed" if new is MISSING else "changed"


def _widens(root: str, path: tuple[str, ...], old: Any, new: Any) -> bool:
    if root == "deployment":
        return widens(path, old, new)
    if old is not MISSING:
        return True
    match root, path:
        case "live", ("baseline", kind, name):
            # Without `_` in each list, nothing is allowed.
            return kind not in _LISTS or name == "_"
        case "catalogue", ("inbounds", "catalogue", kind, _):
            return kind not in _KINDS
        case "catalogue", ("inbounds", "build", "site", kind, _):
            return kind not in _KINDS
    return True


# --- what else is in a bundle --------------------------------------------------------------


def _bundles(
    before: Mapping[str, SignedBundle], after: Mapping[str, SignedBundle]
) -> Iterator[Change]:
    for artefact in sorted({*before, *after}):
        if artefact not in after or artefact not in before:
            what: What = "added" if artefact in after else "removed"
            yield Change(what, "bundle", artefact, widens=True)
            continue
        old, new = before[artefact], after[artefact]
        for path, was, is_ in leaves((artefact,), _rest(artefact, old), _rest(artefact, new)):
            gone, came = (None if value is MISSING else value for value in (was, is_))
            yield Change(_what(was, is_), "manifest", "/".join(path), gone, came, widens=True)
        ours, theirs = _other_files(artefact, old), _other_files(artefact, new)
        for name in sorted({*ours, *theirs}):
            was, is_ = ours.get(name, MISSING), theirs.get(name, MISSING)
            if was != is_:
                yield Change(_what(was, is_), "file", f"{artefact}/{name}", widens=True)


def _rest(artefact: str, bundle: SignedBundle) -> dict[str, Any]:
    """Return a manifest without what differs in each build, and data that nothing else compares.

    What the policy as WASM holds is what the other bundles of its folder do.
    """
    about = {name: value for name, value in bundle.metadata.items() if name not in _STAMPS}
    manifest = {**bundle.manifest, "revision": "", "metadata": {"inbounds": about}}
    if artefact in ("rego", "wasm"):
        return manifest
    return {**manifest, "data": {r: value for r, value in bundle.data.items() if r != artefact}}


def _other_files(artefact: str, bundle: SignedBundle) -> dict[str, bytes]:
    """Return the files that nothing else compares: of a policy as WASM, the module."""
    return {
        name: content
        for name, content in bundle.files.items()
        if name not in OF_EACH and not (artefact in _WITH_SOURCES and name.endswith(".rego"))
    }
