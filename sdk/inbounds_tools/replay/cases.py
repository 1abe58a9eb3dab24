"""The packed format: what users asked for, what attackers want, and what the tools gave back.

A folder with `cases_user.jsonl`, `cases_attack.jsonl`, `results.jsonl`, `vectors.json` and
`attack_template.txt`. Where an attacker's text goes, a result holds `@@VEC:<name>@@`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular

Name = Annotated[str, Field(min_length=1, max_length=256)]

_MARK = re.compile(r"@@VEC:([\w.-]{1,200})@@")


class _Told(BaseModel):
    """What a file says; what else stands beside it is for others."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


T = TypeVar("T", bound=_Told)


class RecordedCall(_Told):
    """A call of a tool, and what it gave back, by reference.

    Attributes:
        tainted: Whether the result holds what an attacker can write.
        harm: Whether it does the attacker's work.
    """

    tool: Name
    args: dict[str, JsonValue]
    result_ref: str = ""
    tainted: bool = False
    harm: bool = False


class OracleIntent(_Told):
    """What the calls themselves show that the user wanted, as classes such as `mail.read`."""

    classes: list[Name] = []


class UserCase(_Told):
    """What a user asks for, and the calls that do it.

    Attributes:
        vectors: The places in the results of its calls that an attacker can write into.
    """

    id: Name
    suite: Name
    task: Name
    prompt: str
    intent: OracleIntent = OracleIntent()
    vectors: list[Name] = []
    calls: list[RecordedCall]


class AttackCase(_Told):
    """What an attacker wants, and the calls that would do it."""

    id: Name
    suite: Name
    task: Name
    goal: str
    calls: list[RecordedCall]


class _Result(_Told):
    ref: Name
    json_: Annotated[JsonValue, Field(alias="json")]


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything in one folder.

    Attributes:
        users, attacks: The cases, in order.
        results: What tools gave back, by reference.
        vectors: The harmless text of each place an attacker can write into, by suite.
        template: What an attacker writes there; `{goal}` stands for what is wanted.
    """

    users: tuple[UserCase, ...]
    attacks: tuple[AttackCase, ...]
    results: Mapping[str, Any]
    vectors: Mapping[str, Mapping[str, str]]
    template: str

    @property
    def suites(self) -> tuple[str, ...]:
        """The suites there are, in the order of their cases."""
        return tuple(dict.fromkeys(case.suite for case in self.users))


def read(folder: Path) -> Pack:
    """Read the cases of a folder.

    Raises:
        ConfigurationError: `replay.unreadable`: a file is missing, or is not of the format.
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
        raise _unreadable(path, "it holds no texts by suite and name")
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


def vectors_in(value: Any) -> tuple[str, ...]:
    """Return the names of the places in a result that an attacker can write into, in order."""
    return tuple(dict.fromkeys(name for text in _texts(value) for name in _MARK.findall(text)))


def filled(value: Any, planted: Mapping[str, str]) -> Any:
    """Return a result with these texts in the places of their names; nothing in any other."""
    if isinstance(value, str):
        return _MARK.sub(lambda found: planted.get(found[1], ""), value)
    if isinstance(value, list):
        return [filled(part, planted) for part in value]
    if isinstance(value, dict):
        return {filled(key, planted): filled(part, planted) for key, part in value.items()}
    return value


def _unescaped(text: str) -> str:
    """Read a default, which is kept as it would stand in a quoted scalar of YAML."""
    return text.replace("\\n", "\n").replace("\\t", "\t")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _texts(part)


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
