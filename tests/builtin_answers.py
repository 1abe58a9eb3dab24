"""What OPA answers to calls of built-ins, as `builtin_answers.yaml` lists it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

NONE = "no answer"
"""Stands for an error of the built-in, which is not JSON."""

_LISTED = Path(__file__).with_suffix(".yaml")


def agreed(name: str) -> Iterator[tuple[Sequence[Any], Any]]:
    """Arguments and OPA's answer, which the host has to give as well."""
    for arguments, *answer in _listed()["agreed"].get(name, ()):
        yield arguments, answer[0] if answer else NONE


def stricter(name: str) -> Iterator[tuple[Sequence[Any], Any]]:
    """Arguments and OPA's answer, where the host has none."""
    yield from _listed()["stricter"].get(name, ())


def names() -> Sequence[str]:
    """The built-ins that have calls listed."""
    return sorted(_listed()["agreed"])


@cache
def _listed() -> Mapping[str, Mapping[str, Sequence[Any]]]:
    listed: Mapping[str, Mapping[str, Sequence[Any]]] = yaml.safe_load(_LISTED.read_text("utf-8"))
    return listed
