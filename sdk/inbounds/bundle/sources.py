"""The sources of a policy laid out as one bundle: the project's rules and the site's."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inbounds.catalogue import KINDS, catalogue
from inbounds.errors import ConfigurationError
from inbounds.models import QUESTION_VERSION

QUESTIONS = (QUESTION_VERSION,)
"""The versions of the question that the policy answers."""

_DATA = ("data.json", "data.yaml", "data.yml")
_ROOT_OF_SITE = """\
# METADATA
# scope: subpackages
# schemas:
#   - input: schema.question
#   - data.deployment: schema.deployment
#   - data.live: schema.live
package site
"""


def site_catalogue(site: Path | None, *, opa: Path) -> dict[str, dict[str, Any]]:
    """Return the catalogue of the operator's own rules; empty without any.

    Raises:
        ConfigurationError: Something stands where nothing would walk it, or a rule lacks its
            METADATA.
    """
    if site is None:
        return {kind: {} for kind in KINDS}
    return catalogue(site, package="site", opa=opa)


def stage(into: Path, *, rego: Path, site: Path | None, manifest: dict[str, Any]) -> None:
    """Lay out the sources as one bundle, without tests and fixtures.

    Args:
        into: The folder of the bundle; made here.
        rego: The project's sources: `inbounds/` and `system/`.
        site: The operator's, or None.
        manifest: The bundle's manifest.

    Raises:
        ConfigurationError: There is no such folder of sources, or the site grants something.
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
            hint="what may be granted is in the deployment: subjects, agents, intents",
        )
    for name in ("inbounds", "system"):
        if not (rego / name).is_dir():
            raise ConfigurationError(
                f"{rego} holds no {name}/, so it is not the policy's sources",
                code="bundle.rego_missing",
            )
        _copy(rego / name, into / name)
    if site is not None:
        _copy(site, into / "site")
    (into / ".manifest").write_text(json.dumps(manifest), "utf-8")


def state(into: Path, build: dict[str, Any]) -> None:
    """Write the document at `data.inbounds.build` of the bundle at `into`."""
    (into / "inbounds" / "build").mkdir(parents=True, exist_ok=True)
    (into / "inbounds" / "build" / "data.json").write_text(json.dumps(build), "utf-8")


@contextlib.contextmanager
def schemas_for_site(into: Path) -> Iterator[None]:
    """Have site rules compiled against the schemas, unless they name schemas of their own."""
    place = into / "site"
    named = any(
        line.split() == ["package", "site"]
        for source in place.rglob("*.rego")
        for line in source.read_text("utf-8").splitlines()
    )
    root = place / "site_schemas.rego"
    if place.is_dir() and not named:
        root.write_text(_ROOT_OF_SITE, "utf-8")
    try:
        yield
    finally:
        root.unlink(missing_ok=True)


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
        wanted = path.name in _DATA or (
            path.suffix == ".rego" and not path.name.endswith("_test.rego")
        )
        if wanted and not hidden and path.is_file():
            (target / inner).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / inner)
