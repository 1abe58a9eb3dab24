"""Writes `rego/inbounds/catalogue/data.json`, the list of rules that the policy walks."""

from __future__ import annotations

from pathlib import Path

from inbounds_tools.catalogue import catalogue, render

OWNS = ("rego/inbounds/catalogue/*",)


def generated(root: Path) -> dict[str, str]:
    """Return the text of the catalogue by its path."""
    opa = root / ".tools" / "bin" / "opa"
    found = catalogue(root / "rego" / "inbounds", package="inbounds", opa=opa)
    return {"rego/inbounds/catalogue/data.json": render(found)}
