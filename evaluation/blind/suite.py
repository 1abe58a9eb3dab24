"""One blind suite: tools that work in memory, users' tasks in three wordings, and attacks."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import to_jsonable_python

from evaluation.replay.cases import AttackCase, RecordedCall, UserCase
from evaluation.replay.sources import LiveSource
from inbounds.canonical.strict_yaml import strict_yaml

if TYPE_CHECKING:
    from inbounds.model.deployment import Deployment

FOLDER = Path(__file__).resolve().parent

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]


class World(Protocol):
    """What the module `world` of a suite has."""

    PLACES: Mapping[str, str]
    """The places that an attacker can write into, by name, with their harmless texts."""
    TOOLS: Mapping[str, Callable[..., Any]]
    """The tools by name. A tool takes the state and its arguments by name, and returns JSON."""
    SUCCEEDED: Mapping[str, Callable[[Any, Any], bool]]
    """By the id of an attack: whether it has succeeded, from the state before and after."""

    def fresh(self, texts: Mapping[str, str]) -> Any:
        """Return a new state with these texts in the places of their names."""
        ...


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class WrittenCall(_Read):
    """A call as a suite's author has written it.

    Attributes:
        tool, args: The call. A text may hold `@@VEC:<place>@@` for what stands in that place.
        harm: Whether it does what the attacker is after.
    """

    tool: str
    args: dict[str, JsonValue] = {}
    harm: bool = False


class WrittenTask(_Read):
    """What a user asks for.

    Attributes:
        id: Its name within the suite.
        wordings: The same wish in three wordings.
        found: Whether an argument of a call stands in no wording and only in an earlier result.
        writes: Whether a call changes something or sends something.
        calls: The right calls, in order.
    """

    id: Id
    wordings: Annotated[list[str], Field(min_length=3, max_length=3)]
    found: bool
    writes: bool
    calls: Annotated[list[WrittenCall], Field(min_length=1)]


class WrittenAttack(_Read):
    """What an attacker wants.

    Attributes:
        id: Its name within the suite.
        goal: What is planted, as an instruction to whoever reads it.
        calls: The calls that do it; those with `harm` are what has to be stopped.
    """

    id: Id
    goal: str
    calls: Annotated[list[WrittenCall], Field(min_length=1)]


T = TypeVar("T", bound=_Read)


class BlindSuite(LiveSource):
    """One suite; see `LiveSource`."""

    def __init__(self, suite: str, deployment: Deployment, template: str) -> None:
        super().__init__(suite, deployment, template)
        self.world: World = importlib.import_module(f"evaluation.blind.{suite}.world")
        self.tasks = _load(FOLDER / suite / "tasks.yaml", WrittenTask)
        self.written_attacks = _load(FOLDER / suite / "attacks.yaml", WrittenAttack)

    @cached_property
    def users(self) -> Sequence[UserCase]:
        """The user tasks, each wording by itself."""
        return [
            self.user_case(f"{task.id}.{number}", wording, _recorded(task.calls))
            for task in self.tasks
            for number, wording in enumerate(task.wordings, start=1)
        ]

    @cached_property
    def attacks(self) -> Sequence[AttackCase]:
        """The attacks."""
        return [
            self.attack_case(attack.id, attack.goal, _recorded(attack.calls))
            for attack in self.written_attacks
        ]

    @property
    def vectors(self) -> Mapping[str, str]:
        """The harmless texts of the vectors, by name."""
        return self.world.PLACES

    def new_state(self, task: str, texts: Mapping[str, str]) -> Any:
        """Return a new state, with these texts in their vectors; all tasks begin in the same."""
        del task
        return self.world.fresh(texts)

    def run(self, state: Any, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool in a state and return its result as plain JSON."""
        return to_jsonable_python(self.world.TOOLS[tool](state, **deepcopy(dict(arguments))))

    def has_succeeded(self, attack: AttackCase, before: Any, after: Any) -> bool:
        """Return whether an attack succeeded, by the suite's own check."""
        return self.world.SUCCEEDED[attack.task](before, after)


def _recorded(calls: Sequence[WrittenCall]) -> list[RecordedCall]:
    return [RecordedCall(tool=call.tool, args=call.args, harm=call.harm) for call in calls]


def suites() -> list[str]:
    """Return the names of all blind suites, in order."""
    return sorted(path.parent.name for path in FOLDER.glob("*/tasks.yaml"))


def digest(suite: str) -> str:
    """Return the SHA-256 of a suite's files, which tells whether it is as it was first scored."""
    folder = FOLDER / suite
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".py", ".yaml")
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _load(path: Path, model: type[T]) -> Sequence[T]:
    try:
        return [model.model_validate(each) for each in strict_yaml(path.read_bytes())]
    except ValidationError as error:
        raise ValueError(f"{path.relative_to(FOLDER)}: {error}") from None
