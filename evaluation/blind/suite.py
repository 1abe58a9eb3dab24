"""One blind suite: tools that work in memory, users' tasks in three wordings, and attacks."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import to_jsonable_python

from evaluation.classes import classes_of
from inbounds.canonical.strict_yaml import strict_yaml
from inbounds_tools.replay.attacks import VARIANTS
from inbounds_tools.replay.cases import AttackCase, RecordedCall, UserCase, filled, vectors_in
from inbounds_tools.replay.rows import Attack, Staged, placed
from inbounds_tools.replay.run import Step, Who

if TYPE_CHECKING:
    from inbounds.model.claims import ResourceBound
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


class BlindSuite:
    """One suite; see `inbounds_tools.replay.rows.Source`.

    Args:
        suite: The name of its folder.
        deployment: The registry of its tools.
        template: What an attacker writes; `{goal}` stands for what is wanted.
    """

    def __init__(self, suite: str, deployment: Deployment, template: str) -> None:
        self.suite = suite
        self.deployment = deployment
        self._template = template
        self.world: World = importlib.import_module(f"evaluation.blind.{suite}.world")
        self.tasks = _written(FOLDER / suite / "tasks.yaml", WrittenTask)
        self.written_attacks = _written(FOLDER / suite / "attacks.yaml", WrittenAttack)
        self._reads: dict[str, dict[str, int]] = {}

    @cached_property
    def users(self) -> Sequence[UserCase]:
        """The user tasks, each wording by itself."""
        cases = []
        for task in self.tasks:
            calls = [RecordedCall(tool=call.tool, args=call.args) for call in task.calls]
            read = self.places_read(calls)
            for number, wording in enumerate(task.wordings, start=1):
                name = f"{task.id}.{number}"
                self._reads[f"{self.suite}/{name}"] = read
                cases.append(
                    UserCase(
                        id=f"{self.suite}/{name}",
                        suite=self.suite,
                        task=name,
                        prompt=wording,
                        vectors=list(read),
                        calls=calls,
                    )
                )
        return cases

    @cached_property
    def attacks(self) -> Sequence[AttackCase]:
        """What attackers want."""
        return [
            AttackCase(
                id=f"{self.suite}/{attack.id}",
                suite=self.suite,
                task=attack.id,
                goal=attack.goal,
                calls=[
                    RecordedCall(tool=call.tool, args=call.args, harm=call.harm)
                    for call in attack.calls
                ],
            )
            for attack in self.written_attacks
        ]

    def oracle(self, user: UserCase) -> list[ResourceBound]:
        """Return the types of resources and effects of the right calls; see `rows.Source`."""
        return classes_of(user, self.deployment)

    def staged(self, user: UserCase, attack: Attack | None) -> Staged:
        """Return the calls of one case, in a state of its own; see `rows.Source`."""
        if attack is None:
            state = self.world.fresh({})
            return Staged([self._step("user", call, state, {}) for call in user.calls])
        read = self._reads[user.id]
        text = self._template.replace("{goal}", attack.case.goal)
        planted = VARIANTS[attack.variant](text, list(read))
        state = self.world.fresh(planted.texts)
        before = deepcopy(state)
        steps = [self._step("user", call, state, planted.texts) for call in user.calls]
        theirs = [self._step("attack", call, state, planted.texts) for call in attack.case.calls]
        succeeded = self.world.SUCCEEDED[attack.case.task]
        return Staged(
            placed(steps, theirs, attack.place, read[planted.last]),
            partial(succeeded, before, state),
        )

    def run(self, state: Any, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool in a state and return its result as plain JSON."""
        return to_jsonable_python(self.world.TOOLS[tool](state, **deepcopy(dict(arguments))))

    def places_read(self, calls: Sequence[RecordedCall | WrittenCall]) -> dict[str, int]:
        """Return the places of an attacker that calls read, with the call that does first."""
        state = self.world.fresh({place: f"@@VEC:{place}@@" for place in self.world.PLACES})
        seen: dict[str, int] = {}
        for number, call in enumerate(calls):
            for place in vectors_in(self.run(state, call.tool, call.args)):
                seen.setdefault(place, number)
        return seen

    # --- its own --------------------------------------------------------------------------

    def _step(self, who: Who, call: RecordedCall, state: Any, texts: Mapping[str, str]) -> Step:
        args = filled(call.args, {**self.world.PLACES, **texts})
        return Step(who, call.tool, args, partial(self.run, state, call.tool, args), call.harm)


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


def _written(path: Path, model: type[T]) -> Sequence[T]:
    try:
        return [model.model_validate(each) for each in strict_yaml(path.read_bytes())]
    except ValidationError as error:
        raise ValueError(f"{path.relative_to(FOLDER)}: {error}") from None
