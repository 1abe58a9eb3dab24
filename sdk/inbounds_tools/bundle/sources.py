"""The sources of a policy laid out as one bundle: the project's rules and the site's."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import write_file
from inbounds.files.trees import remove_file
from inbounds.model.question import QUESTION_VERSION
from inbounds_tools.catalogue import KINDS, catalogue, refuse_circles

from . import site_tree

QUESTIONS = (QUESTION_VERSION,)
"""The versions of the question that the policy answers."""

_ROOT_OF_SITE = """\
# METADATA
# scope: subpackages
# schemas:
#   - input: schema.question
#   - data.deployment: schema.deployment
#   - data.live: schema.live
package site
"""


def site_catalogue(site: Path | None, *, rego: Path, opa: Path) -> dict[str, dict[str, Any]]:
    """Return the catalogue of the operator's own rules; empty without any.

    Args:
        site: The operator's folder, or None.
        rego: The project's sources, whose catalogue says what its own rules follow from.
        opa: The OPA binary, which reads the annotations.

    Raises:
        ConfigurationError: Something stands where nothing would walk it, a rule lacks its
            METADATA, or faults follow from one another in a circle.
    """
    if site is None:
        return {kind: {} for kind in KINDS}
    found = catalogue(site, package="site", opa=opa)
    own = json.loads((rego / "inbounds" / "catalogue" / "data.json").read_text("utf-8"))
    refuse_circles(
        {
            code: about["depends_on"]
            for source in (own, found)
            for kind in ("rules", "escalations")
            for code, about in source[kind].items()
        }
    )
    return found


def stage(
    into: Path, *, rego: Path, site: Path | None, manifest: dict[str, Any], opa: Path
) -> None:
    """Lay out the sources as one bundle, without tests and fixtures.

    Args:
        into: The folder of the bundle; made here.
        rego: The project's sources: `inbounds/` and `system/`.
        site: The operator's, or None.
        manifest: The bundle's manifest.
        opa: The OPA binary, which reads the packages of the site.

    Raises:
        ConfigurationError: There is no such folder of sources, or the site grants something,
            holds what nothing would apply, or reaches outside `data.site`.
    """
    if site is not None and not site.is_dir():
        raise ConfigurationError(
            f"there is no folder {site}",
            code="bundle.site_missing",
            hint="`inbounds new rule <category>/<fault>` writes a first rule",
        )
    if site is not None and (site / "grants").exists():
        raise ConfigurationError(
            f"{site / 'grants'}: a site may deny, ask and oblige, never grant",
            code="bundle.site_grants",
            hint="grant in the deployment: subjects, agents, intents",
        )
    for name in ("inbounds", "system"):
        if not (rego / name).is_dir():
            raise ConfigurationError(
                f"{rego} holds no {name}/, so it is not the policy's sources",
                code="bundle.rego_missing",
            )
        _copy(rego / name, into / name)
    if site is not None:
        for path in site_tree.files(site, opa=opa):
            _place(path, into / "site" / path.relative_to(site))
        site_tree.refuse_other_roots(into / "site", opa=opa)
    write_file(into / ".manifest", json.dumps(manifest), durable=False)


def state(into: Path, build: dict[str, Any]) -> None:
    """Write the document at `data.inbounds.build` of the bundle at `into`."""
    write_file(into / "inbounds" / "build" / "data.json", json.dumps(build), durable=False)


@contextlib.contextmanager
def schemas_for_site(into: Path) -> Iterator[dict[str, str]]:
    """Have site rules compiled against the schemas, and their details as sets of objects.

    Yields:
        What is said in place of what the compiler objects to at `file:row`.
    """
    place = into / "site"
    root = place / "site_schemas.rego"
    text, said = _ROOT_OF_SITE, {}
    for kind in ("rules", "escalations"):
        for folder in sorted((place / kind).glob("*/*")):
            category, fault = folder.parts[-2:]
            # The compiler knows the type of most expressions, of a text put together as well.
            details = f'data.site.{kind}["{category}"]["{fault}"].details'
            text += f"\n_details if object.keys({details}[_])\n"
            said[f"site/{root.name}:{text.count(chr(10))}"] = (
                f"site/{kind}/{category}/{fault}: `details` must be a set of objects, such as "
                '{"argument": "/to"}: a text may carry the value of an argument into the reason'
            )
    if place.is_dir():
        write_file(root, text, durable=False)
    try:
        yield said
    finally:
        remove_file(root)


def modules(folder: Path) -> dict[str, bytes]:
    """Return the sources in Rego of the bundle in `folder`, by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.rego"))
    }


def digest(folder: Path) -> str:
    """Return the SHA-256 over every path and content below `folder`, in hexadecimal."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        hidden = any(part.startswith(".") or part == "fixtures" for part in inner.parts)
        wanted = path.name in site_tree.DATA or (
            path.suffix == ".rego" and not path.name.endswith("_test.rego")
        )
        if wanted and not hidden and path.is_file():
            _place(path, target / inner)


def _place(path: Path, target: Path) -> None:
    write_file(target, read_regular(path)[0], durable=False)
