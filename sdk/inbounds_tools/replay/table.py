"""Everything that one folder of cases shows about one deployment, as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from inbounds.canonical.strict_yaml import strict_yaml
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import scratch_folder
from inbounds.model.claims import ResourceBound
from inbounds.version import __version__

from .attacks import VARIANTS
from .cases import read
from .recorded import Classes, Recorded
from .rows import INTENTS, Intents, Row, row
from .score import figures, reasons
from .stand import Stand

_CLASSES = "classes.yaml"


def replayed(
    folder: Path,
    deployment: Path,
    *,
    intents: Sequence[Intents] = INTENTS,
    variants: Sequence[str] = tuple(VARIANTS),
    suites: Sequence[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Play the cases of a folder and sum them up.

    Args:
        folder: The cases.
        deployment: A deployment, or a folder that holds one for each suite, by its name.
        intents: How tasks are begun; each is a row.
        variants: How attacks are written.
        suites: Only these; all when empty.
        told: Is told what is being played.

    Raises:
        ConfigurationError: The cases or the deployment cannot be used.
    """
    pack = read(folder)
    known = {"intents": ("drafted", "oracle", "template"), "variants": tuple(VARIANTS)}
    _require("intents", intents, known["intents"])
    _require("variants", variants, known["variants"])
    _require("suite", suites, pack.suites)
    rows: list[Row] = []
    registries: dict[str, str] = {}
    for suite in suites or pack.suites:
        where = deployment / suite if (deployment / suite).is_dir() else deployment
        with scratch_folder("replay") as home:
            source = Recorded(pack, suite, read_classes(where))
            with Stand(where, Path(home)) as stand:
                registries[suite] = stand.revision
                rows += (row(source, stand, kind, variants=variants, told=told) for kind in intents)
    return summed(rows, registries)


def summed(rows: Sequence[Row], registries: dict[str, str]) -> dict[str, Any]:
    """Return the figures of rows: each suite by itself, then all together, and what is behind."""
    kinds = list(dict.fromkeys(row.intents for row in rows))
    together = [[row for row in rows if row.intents == kind] for kind in kinds]
    return {
        "version": __version__,
        "registries": registries,
        "rows": [
            *(figures(ones) for ones in together),
            *(figures([row]) for row in rows if len(registries) > 1),
        ],
        "reasons": {kind: reasons(ones) for kind, ones in zip(kinds, together, strict=True)},
    }


def read_classes(deployment: Path) -> Classes:
    """Read what the classes of oracle intents are, from beside a deployment or its parent.

    Raises:
        ConfigurationError: `replay.classes`: the file is not a mapping of classes to resources.
    """
    for path in (deployment / _CLASSES, deployment.parent / _CLASSES):
        if path.is_file():
            try:
                return TypeAdapter(dict[str, ResourceBound]).validate_python(
                    strict_yaml(read_regular(path)[0])
                )
            except (ValidationError, ValueError) as error:
                raise ConfigurationError(
                    f"{path} does not say what the classes of effects are",
                    code="replay.classes",
                    hint="a class is a type of resource with effects: "
                    "`mail.read: {type: mail, effects: [read]}`",
                ) from error
    return {}


def _require(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise ConfigurationError(
                f"a replay knows no {what} `{name}`",
                code="replay.unknown",
                hint=f"known are {', '.join(known)}",
            )
