"""The figures of suites as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from inbounds.canonical.strict_yaml import strict_yaml
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.model.claims import ResourceBound
from inbounds.version import __version__

from .attacks import VARIANTS
from .cases import read_pack
from .recorded import Classes, RecordedSource
from .rows import INTENTS, Intents, Row, run_suite
from .score import list_reasons, summarize
from .testbed import open_testbed

_CLASSES = "classes.yaml"


def replay(
    folder: Path,
    deployment: Path,
    *,
    intents: Sequence[Intents] = INTENTS,
    variants: Sequence[str] = tuple(VARIANTS),
    suites: Sequence[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run the packed cases of a folder and return their table.

    Args:
        folder: The cases.
        deployment: A deployment, or a folder that holds one for each suite, by its name.
        intents: How tasks are begun; each is a row.
        variants: How attacks are written.
        suites: Only these; all when empty.
        progress: Is called with a line for each task.

    Raises:
        ConfigurationError: The cases or the deployment cannot be used.
    """
    pack = read_pack(folder)
    _require("intents", intents, ("drafted", "oracle", "template"))
    _require("variants", variants, tuple(VARIANTS))
    _require("suite", suites, pack.suites)
    rows: list[Row] = []
    registries: dict[str, str] = {}
    for suite in suites or pack.suites:
        where = deployment / suite if (deployment / suite).is_dir() else deployment
        source = RecordedSource(pack, suite, read_classes(where))
        with open_testbed(where) as testbed:
            registries[suite] = testbed.revision
            rows += (
                run_suite(source, testbed, kind, variants=variants, progress=progress)
                for kind in intents
            )
    return build_table(rows, registries)


def build_table(rows: Sequence[Row], registries: dict[str, str]) -> dict[str, Any]:
    """Return the figures of rows, all suites together and then each, and the calls behind them."""
    kinds = list(dict.fromkeys(row.intents for row in rows))
    together = [[row for row in rows if row.intents == kind] for kind in kinds]
    return {
        "version": __version__,
        "registries": registries,
        "rows": [
            *(summarize(ones) for ones in together),
            *(summarize([row]) for row in rows if len(registries) > 1),
        ],
        "reasons": {kind: list_reasons(ones) for kind, ones in zip(kinds, together, strict=True)},
    }


def read_classes(deployment: Path) -> Classes:
    """Read the classes of oracle intents, from the folder of a deployment or its parent.

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
                    f"{path} must map classes of effects to resources",
                    code="replay.classes",
                    hint="a class is a type of resource with effects: "
                    "`mail.read: {type: mail, effects: [read]}`",
                ) from error
    return {}


def _require(noun: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"unknown {noun} `{name}`",
                code="replay.unknown",
                hint=f"known are {', '.join(known)}",
            )
