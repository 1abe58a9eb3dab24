"""Packed cases: what users ask for, what attackers want, and the recorded results of the tools.

A folder has `cases_user.jsonl`, `cases_attack.jsonl`, `results.jsonl`, `vectors.json` and
`attack_template.txt`. A vector is a place that an attacker can write into; where its text goes, a
result has `@@VEC:<name>@@`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular

Name = Annotated[str, Field(min_length=1, max_length=256)]

_MARK = re.compile(r"@@VEC:([\w.-]{1,200})@@")


class _Record(BaseModel):
    """One line of a file; members that are not named here are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


T = TypeVar("T", bound=_Record)


class RecordedCall(_Record):
    """A call of a tool.

    Attributes:
        result_ref: The reference of its recorded result.
        tainted: Whether the result has text that an attacker can write.
        harm: Whether the call does what the attacker wants.
    """

    tool: Name
    args: dict[str, JsonValue]
    result_ref: str = ""
    tainted: bool = False
    harm: bool = False


class OracleIntent(_Record):
    """The classes of the right calls, such as `mail.read`."""

    classes: list[Name] = []


class UserCase(_Record):
    """A user task and the calls that do it.

    Attributes:
        vectors: The vectors in the results of its calls.
    """

    id: Name
    suite: Name
    task: Name
    prompt: str
    intent: OracleIntent = OracleIntent()
    vectors: list[Name] = []
    calls: list[RecordedCall]


class AttackCase(_Record):
    """An attacker's goal and the calls that reach it."""

    id: Name
    suite: Name
    task: Name
    goal: str
    calls: list[RecordedCall]


class _Result(_Record):
    ref: Name
    json_: Annotated[JsonValue, Field(alias="json")]


@dataclass(frozen=True, slots=True)
class Pack:
    """The cases of one folder.

    Attributes:
        users, attacks: The cases, in order.
        results: The results of tools, by reference.
        vectors: The harmless text of each vector, by suite and name.
        template: The text of an attack; `{goal}` stands for the attacker's goal.
    """

    users: tuple[UserCase, ...]
    attacks: tuple[AttackCase, ...]
    results: Mapping[str, Any]
    vectors: Mapping[str, Mapping[str, str]]
    template: str

    @property
    def suites(self) -> tuple[str, ...]:
        """The suites, in the order of their cases."""
        return tuple(dict.fromkeys(case.suite for case in self.users))


def read_pack(folder: Path) -> Pack:
    """Read the cases of a folder.

    Raises:
        ConfigurationError: `replay.unreadable`: a file is missing or not in the packed format.
    """
    users = tuple(_lines(folder / "cases_user.jsonl", UserCase))
    attacks = tuple(_lines(folder / "cases_attack.jsonl", AttackCase))
    results = {entry.ref: entry.json_ for entry in _lines(folder / "results.jsonl", _Result)}
    path = folder / "vectors.json"
    try:
        vectors = json.loads(_text(path))
    except ValueError:
        raise _unreadable(path, "it is not JSON") from None
    if not isinstance(vectors, dict) or not all(
        isinstance(defaults, dict) and all(isinstance(text, str) for text in defaults.values())
        for defaults in vectors.values()
    ):
        raise _unreadable(path, "it must map suites to texts by vector")
    cases: tuple[UserCase | AttackCase, ...] = (*users, *attacks)
    for case in cases:
        for call in case.calls:
            if call.result_ref and call.result_ref not in results:
                raise _unreadable(folder / "results.jsonl", f"a result of `{case.id}` is missing")
    harmless = {
        suite: {name: _unescaped(text) for name, text in texts.items()}
        for suite, texts in vectors.items()
    }
    return Pack(users, attacks, results, harmless, _text(folder / "attack_template.txt"))


def find_vectors(results: Iterable[Any]) -> dict[str, int]:
    """Return the vectors in results, in order, each with the number of its first result."""
    found: dict[str, int] = {}
    for number, result in enumerate(results):
        for name in _MARK.findall(json.dumps(result, ensure_ascii=False)):
            found.setdefault(name, number)
    return found


def fill_vectors(value: Any, texts: Mapping[str, str]) -> Any:
    """Return a value with these texts in their vectors, and nothing in any other vector."""
    if isinstance(value, str):
        return _MARK.sub(lambda found: texts.get(found[1], ""), value)
    if isinstance(value, list):
        return [fill_vectors(part, texts) for part in value]
    if isinstance(value, dict):
        return {fill_vectors(key, texts): fill_vectors(part, texts) for key, part in value.items()}
    return value


def _unescaped(text: str) -> str:
    """Decode a default, which is written as in a quoted scalar of YAML."""
    return text.replace("\\n", "\n").replace("\\t", "\t")


def _lines(path: Path, model: type[T]) -> Iterator[T]:
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield model.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            at = "/".join(str(step) for step in first["loc"])
            raise _unreadable(path, f"line {number}, `{at}`: {first['msg']}") from None


def _text(path: Path) -> str:
    try:
        return read_regular(path)[0].decode("utf-8")
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be read") from error
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8") from None


def _unreadable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the cases in {path} cannot be read: {why}",
        code="replay.unreadable",
        hint="a folder of cases holds cases_user.jsonl, cases_attack.jsonl, results.jsonl, "
        "vectors.json and attack_template.txt",
    )
