"""The words of recorded codes: the record itself holds none."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from inbounds.engine import assets
from inbounds.engine.bundle import read_signed
from inbounds.errors import ConfigurationError
from inbounds_tools.catalogue import KINDS, catalogue
from inbounds_tools.opa import binary

_SAID = ("severity", "message", "remedy")


def words(
    codes: Iterable[str], *, site: Path | None, bundle: tuple[str, str] | None
) -> list[dict[str, str]]:
    """Return what each code means: `code`, `severity`, `message` and `remedy`.

    They are taken from the shipped policy; for a site's own codes from its bundle,
    else from the folder of its rules. "" where none of them has it.

    Args:
        codes: As recorded.
        site: The folder of the site's own rules, or None.
        bundle: The bundle that holds them, and the public key it is signed with, or None.
    """
    wanted = [*codes]
    known: dict[str, Mapping[str, Any]] = {}
    for source in _sources(site, bundle):
        # The first that knows it: what is asked first is closest to what decided.
        known = {**source, **known}
        if all(code in known for code in wanted):
            break
    return [
        {"code": code, **{said: str(known.get(code, {}).get(said, "")) for said in _SAID}}
        for code in wanted
    ]


def _sources(
    site: Path | None, bundle: tuple[str, str] | None
) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    path = assets.rego() / "inbounds" / "catalogue" / "data.json"
    yield _by_code(json.loads(path.read_text("utf-8")))
    # What cannot be read tells no words; `inbounds doctor` and `inbounds test` say what is wrong.
    if bundle is not None:
        with contextlib.suppress(ConfigurationError):
            built = read_signed(*bundle).data.get("inbounds", {}).get("build", {})
            yield _by_code(built.get("site", {}))
    if site is not None:
        with contextlib.suppress(ConfigurationError):
            yield _by_code(catalogue(site, package="site", opa=binary.find()))


def _by_code(kinds: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {code: about for kind in KINDS for code, about in kinds.get(kind, {}).items()}
