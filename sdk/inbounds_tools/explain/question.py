"""What is to be explained: a question, and everything it is judged with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.canonical.strict_yaml import strict_yaml
from inbounds.dev.deployment import document, load
from inbounds.dev.setup import feed_as_of
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.live.head import empty_lists
from inbounds.process import clock
from inbounds_tools.catalogue import KINDS
from inbounds_tools.policytest import cases
from inbounds_tools.policytest.scenes import Scene

from .tokens import claims_of

AT_TOKENS = "tokens"
"""For the time: when the question's task token was issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the data comes from that a question is judged with.

    Attributes:
        deployment: The folder of YAML, where the file says nothing of a deployment.
        instead: A folder of YAML to judge it with in any case.
        live: A file that holds `data.live`; the development issuer's feed where it is None.
        issuer: The folder of the development issuer.
        at: When it is judged: "" for now, RFC 3339, Unix seconds, or `tokens`.
    """

    deployment: Path
    instead: Path | None = None
    live: Path | None
    issuer: Path
    at: str = ""


def from_file(path: Path, sources: Sources) -> Scene:
    """Read a question, or a question with the data it is judged with, and fill in the rest.

    Args:
        path: JSON: the `input` document, or `{question, deployment, live, now}`.
        sources: Where the rest comes from.

    Raises:
        ConfigurationError: It cannot be read, or the rest cannot.
    """
    try:
        read = strict_json(read_regular(path)[0])
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}",
            code="explain.unreadable",
            hint="a question is a JSON file; a decision is named by its id in the evidence log",
        ) from error
    except NotStrictJson as fault:
        raise ConfigurationError(
            f"{path} is {fault}", code="explain.not_json", hint="a question is one JSON object"
        ) from None
    if isinstance(read, dict) and isinstance(read.get("question"), dict):
        then = read.get("now", 0)
        scene = Scene(
            read["question"],
            read.get("deployment"),
            read.get("live"),
            then if isinstance(then, int) else 0,
        )
    else:
        scene = Scene(read, None, None, 0)
    return _filled(scene, sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A case that is explained instead of a question.

    Attributes:
        case: The case.
        number: Its place in its file, from 1 on.
        chosen: Whether it was taken without being named by its number.
        site: The folder of the site whose case it is, or None where it lies in none.
    """

    case: cases.Case
    number: int
    chosen: bool
    site: Path | None


def from_case(named: str) -> Taken:
    """Return a case.

    Args:
        named: `FILE`, or `FILE#NUMBER` from 1 on; without a number the first that is not an allow.

    Raises:
        ConfigurationError: There is no such case.
    """
    name, sign, number = named.rpartition("#")
    if not sign or "/" in number:
        name, number = named, ""
    known = cases.read(Path(name))
    if not known:
        raise ConfigurationError(
            f"{name} has no case",
            code="explain.no_case",
            hint="`inbounds new rule` writes a file of cases to go by",
        )
    if number:
        if not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= len(known):
            raise ConfigurationError(
                f"{name} has no case {number}",
                code="explain.no_case",
                hint=f"it has {len(known)}, counted from 1",
            )
        place = int(number) - 1
    else:
        place = next((n for n, case in enumerate(known) if case.outcome != "allow"), 0)
    return Taken(case=known[place], number=place + 1, chosen=not number, site=_site_of(Path(name)))


def _site_of(file: Path) -> Path | None:
    for folder in file.absolute().parents:
        if folder.name == "cases" and any((folder.parent / kind).is_dir() for kind in KINDS):
            # As it was named, where it was.
            return Path(os.path.relpath(folder.parent)) if not file.is_absolute() else folder.parent
    return None


def _filled(scene: Scene, sources: Sources) -> Scene:
    now = _moment(sources.at, scene)
    scene = replace(scene, now=now)
    if scene.deployment is None or sources.instead is not None:
        folder = sources.instead or sources.deployment
        scene = replace(scene, deployment=document(load(folder)))
    if scene.live is None or sources.live is not None:
        scene = replace(scene, live=_live(sources, now))
    return scene


def _moment(at: str, scene: Scene) -> int:
    if not at:
        return scene.now or int(clock.now())
    if at == AT_TOKENS:
        issued = claims_of(_task_token(scene.question)).get("iat")
        if isinstance(issued, int):
            return issued + 1
        raise ConfigurationError(
            "the question has no task token that says when it was issued", code="explain.at"
        )
    with contextlib.suppress(ValueError):
        return int(at)
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(at)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    raise ConfigurationError(
        f"`{at}` is not a time",
        code="explain.at",
        hint="such as 2027-01-31T12:00:00Z, Unix seconds, or `tokens`",
    )


def _task_token(question: Any) -> Any:
    for step in ("context", "credentials", "task"):
        question = question.get(step) if isinstance(question, dict) else None
    return question


def _live(sources: Sources, now: int) -> Any:
    if sources.live is not None:
        try:
            read = strict_yaml(read_regular(sources.live)[0])
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise ConfigurationError(
                f"{sources.live} cannot be read ({type(error).__name__})",
                code="explain.live",
                hint="JSON or YAML of `data.live`: `baseline` and `now`",
            ) from error
        return read if isinstance(read, Mapping) else {}
    if not (sources.issuer / "feed.pem").exists():
        return {}
    return {"baseline": empty_lists(), "now": feed_as_of(sources.issuer, now)}
