"""The cases of one suite, and the calls of each with an attack among them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from inbounds.model.claims import ResourceBound

from .attacks import VARIANTS
from .cases import AttackCase, RecordedCall, UserCase, fill_vectors, find_vectors
from .run import Side, Step

if TYPE_CHECKING:
    from inbounds.model.deployment import Deployment

Place = Literal["early", "late"]
"""Right after the attack was read, or after all calls of the user."""


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack on a user task.

    Attributes:
        case: The attacker's goal and calls.
        place: Where its calls stand among the user's.
        variant: How it is written; one of `attacks.VARIANTS`.
    """

    case: AttackCase
    place: Place
    variant: str


@dataclass(frozen=True, slots=True)
class StagedCase:
    """The calls of one case, before any of them has run.

    Attributes:
        steps: The calls.
        succeeded: Says afterwards whether the attack succeeded, by the suite's own check; None
            where it has none.
    """

    steps: Sequence[Step]
    succeeded: Callable[[], bool | None] = lambda: None


class Source(ABC):
    """The cases of one suite.

    Args:
        suite: Its name.
        template: The text of an attack; `{goal}` stands for the attacker's goal.
    """

    def __init__(self, suite: str, template: str) -> None:
        self.suite = suite
        self._template = template

    @property
    @abstractmethod
    def users(self) -> Sequence[UserCase]:
        """The user tasks."""

    @property
    @abstractmethod
    def attacks(self) -> Sequence[AttackCase]:
        """The attacks."""

    @abstractmethod
    def oracle_bounds(self, user: UserCase) -> list[ResourceBound]:
        """Return the types of resources and effects of the right calls of a task."""

    @abstractmethod
    def first_reads(self, user: UserCase) -> Mapping[str, int]:
        """Return the vectors that a task reads, each with the number of the call that reads it."""

    @abstractmethod
    def new_state(self, task: str, texts: Mapping[str, str]) -> Any:
        """Return a new state for a task, with these texts of an attacker in their vectors."""

    @abstractmethod
    def step(self, side: Side, call: RecordedCall, state: Any, texts: Mapping[str, str]) -> Step:
        """Return a call in a state that was made with texts of an attacker."""

    @abstractmethod
    def has_succeeded(self, attack: AttackCase, before: Any, after: Any) -> bool | None:
        """Return whether an attack succeeded, from the state before and after; None: unknown."""

    def stage(self, user: UserCase, attack: Attack | None = None) -> StagedCase:
        """Return the calls of one case, in a state of its own."""
        if attack is None:
            state = self.new_state(user.task, {})
            return StagedCase([self.step("user", call, state, {}) for call in user.calls])
        reads = self.first_reads(user)
        text = self._template.replace("{goal}", attack.case.goal)
        injection = VARIANTS[attack.variant](text, list(reads))
        state = self.new_state(user.task, injection.texts)
        before = deepcopy(state)
        steps = [self.step("user", call, state, injection.texts) for call in user.calls]
        at = reads[injection.last] + 1 if attack.place == "early" else len(steps)
        steps[at:at] = [
            self.step("attack", call, state, injection.texts) for call in attack.case.calls
        ]
        return StagedCase(steps, partial(self.has_succeeded, attack.case, before, state))


class LiveSource(Source):
    """The cases of one suite whose tools run, in a state that they change.

    Args:
        suite: Its name.
        deployment: The registry of its tools.
        template: The text of an attack; `{goal}` stands for the attacker's goal.
    """

    def __init__(self, suite: str, deployment: Deployment, template: str) -> None:
        super().__init__(suite, template)
        self.deployment = deployment
        self._reads: dict[str, Mapping[str, int]] = {}

    @property
    @abstractmethod
    def vectors(self) -> Mapping[str, str]:
        """The harmless texts of the vectors, by name."""

    @abstractmethod
    def run(self, state: Any, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool in a state and return its result as plain JSON."""

    def marked_state(self, task: str = "") -> Any:
        """Return a new state with its mark in each vector."""
        return self.new_state(task, {name: f"@@VEC:{name}@@" for name in self.vectors})

    def read_vectors(self, calls: Sequence[Any], task: str = "") -> dict[str, int]:
        """Return the vectors that calls read, each with the number of the first one."""
        state = self.marked_state(task)
        return find_vectors(self.run(state, call.tool, call.args) for call in calls)

    def user_case(self, task: str, prompt: str, calls: list[RecordedCall]) -> UserCase:
        """Return the case of a user task."""
        name = f"{self.suite}/{task}"
        reads = self._reads[name] = self.read_vectors(calls, task)
        return UserCase(
            id=name, suite=self.suite, task=task, prompt=prompt, vectors=list(reads), calls=calls
        )

    def attack_case(self, task: str, goal: str, calls: list[RecordedCall]) -> AttackCase:
        """Return the case of an attack."""
        name = f"{self.suite}/{task}"
        return AttackCase(id=name, suite=self.suite, task=task, goal=goal, calls=calls)

    def oracle_bounds(self, user: UserCase) -> list[ResourceBound]:
        """Return the types of resources and effects of the right calls of a task, each once."""
        bounds: dict[str, ResourceBound] = {}
        for call in user.calls:
            tool = self.deployment.tools[call.tool]
            bound = ResourceBound(type=tool.resource, effects=tool.effects)
            bounds.setdefault(f"{tool.resource} {sorted(tool.effects)}", bound)
        return list(bounds.values())

    def first_reads(self, user: UserCase) -> Mapping[str, int]:
        """Return the vectors that a task reads, each with the number of the call that reads it."""
        return self._reads[user.id]

    def step(self, side: Side, call: RecordedCall, state: Any, texts: Mapping[str, str]) -> Step:
        """Return a call that runs its tool, with texts in the vectors of its arguments."""
        arguments = fill_vectors(call.args, {**self.vectors, **texts})
        result = partial(self.run, state, call.tool, arguments)
        return Step(side, call.tool, arguments, result, call.harm)
