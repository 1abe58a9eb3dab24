"""One suite of AgentDojo: its own environments and tools, behind a guard.

The calls of a user task and of an injection task are those its authors give as the right ones;
each runs in an environment of its own, in which the attack has been planted. Whether an attack
has succeeded is also asked of the package's own check.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from agentdojo.functions_runtime import FunctionsRuntime
from agentdojo.task_suite.load_suites import get_suite
from pydantic_core import to_jsonable_python

from inbounds_tools.replay.attacks import VARIANTS
from inbounds_tools.replay.cases import AttackCase, RecordedCall, UserCase, vectors_in
from inbounds_tools.replay.rows import Attack, Staged, placed
from inbounds_tools.replay.run import Step, Who

from .classes import classes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.model.claims import ResourceBound
    from inbounds.model.deployment import Deployment

BENCHMARK = "v1.2.2"
PACKAGE = "agentdojo==0.1.35"


class AgentDojo:
    """One suite; see `inbounds_tools.replay.rows.Source`.

    Args:
        suite: Its name.
        deployment: The registry of its tools.
        template: What an attacker writes; `{goal}` stands for what is wanted.
    """

    def __init__(self, suite: str, deployment: Deployment, template: str) -> None:
        self.suite = suite
        self._deployment = deployment
        self._template = template
        self._suite = get_suite(BENCHMARK, suite)
        self._runtime = FunctionsRuntime(self._suite.tools)
        self._environment = cache(self._loaded)
        self._reads: dict[str, dict[str, int]] = {}

    @cached_property
    def users(self) -> Sequence[UserCase]:
        """The user tasks, with the calls that their authors give."""
        cases = []
        for name, task in self._suite.user_tasks.items():
            environment = task.init_environment(self._fresh({}))
            calls = [
                RecordedCall(tool=call.function, args=to_jsonable_python(dict(call.args)))
                for call in task.ground_truth(environment)
            ]
            read = self._read(name, calls)
            if calls and read:
                self._reads[f"{self.suite}/{name}"] = read
                cases.append(
                    UserCase(
                        id=f"{self.suite}/{name}",
                        suite=self.suite,
                        task=name,
                        prompt=task.PROMPT,
                        vectors=list(read),
                        calls=calls,
                    )
                )
        return cases

    @cached_property
    def attacks(self) -> Sequence[AttackCase]:
        """The injection tasks whose authors give calls.

        All that does more than read counts as the attacker's work, what covers its tracks as well.
        """
        cases = []
        for name, task in self._suite.injection_tasks.items():
            calls = [
                RecordedCall(
                    tool=call.function,
                    args=to_jsonable_python(dict(call.args)),
                    harm=bool({*self._deployment.tools[call.function].effects} - {"read"}),
                )
                for call in task.ground_truth(self._fresh({}))
            ]
            if any(call.harm for call in calls):
                cases.append(
                    AttackCase(
                        id=f"{self.suite}/{name}",
                        suite=self.suite,
                        task=name,
                        goal=task.GOAL,
                        calls=calls,
                    )
                )
        return cases

    @property
    def without_calls(self) -> list[str]:
        """The injection tasks that are left out, since their authors give no calls."""
        played = {case.task for case in self.attacks}
        return [name for name in self._suite.injection_tasks if name not in played]

    def oracle(self, user: UserCase) -> list[ResourceBound]:
        """Return the types of resources and effects of the right calls; see `rows.Source`."""
        return classes_of(user, self._deployment)

    def staged(self, user: UserCase, attack: Attack | None) -> Staged:
        """Return the calls of one case, in an environment of its own; see `rows.Source`."""
        if attack is None:
            environment = self._prepared(user, {})
            return Staged([self._step("user", call, environment) for call in user.calls])
        read = self._reads[user.id]
        text = self._template.replace("{goal}", attack.case.goal)
        planted = VARIANTS[attack.variant](text, list(read))
        environment = self._prepared(user, planted.texts)
        before = environment.model_copy(deep=True)
        steps = [self._step("user", call, environment) for call in user.calls]
        theirs = [self._step("attack", call, environment) for call in attack.case.calls]
        task = self._suite.get_injection_task_by_id(attack.case.task)
        return Staged(
            placed(steps, theirs, attack.place, read[planted.last]),
            partial(_succeeded, task, before, environment),
        )

    def run(self, environment: Any, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool in an environment and return its result as plain JSON."""
        result, error = self._runtime.run_function(environment, tool, dict(arguments))
        return to_jsonable_python(result) if error is None else error

    def environment(self, texts: Mapping[str, str]) -> Any:
        """Return a fresh environment with texts in the places an attacker writes into."""
        return self._fresh(texts)

    @property
    def places(self) -> Sequence[str]:
        """The names of the places an attacker writes into."""
        return list(self._suite.get_injection_vector_defaults())

    # --- its own --------------------------------------------------------------------------

    def _loaded(self, texts: tuple[tuple[str, str], ...]) -> Any:
        return self._suite.load_and_inject_default_environment(dict(texts))

    def _fresh(self, texts: Mapping[str, str]) -> Any:
        return self._environment(tuple(sorted(texts.items()))).model_copy(deep=True)

    def _prepared(self, user: UserCase, texts: Mapping[str, str]) -> Any:
        escaped = {name: _in_yaml(text) for name, text in texts.items()}
        return self._suite.user_tasks[user.task].init_environment(self._fresh(escaped))

    def _read(self, name: str, calls: Sequence[RecordedCall]) -> dict[str, int]:
        """The places an attacker writes into that a task reads, with the call that does first."""
        marked = self._fresh({place: f"@@VEC:{place}@@" for place in self.places})
        environment = self._suite.user_tasks[name].init_environment(marked)
        seen: dict[str, int] = {}
        for number, call in enumerate(calls):
            for place in vectors_in(self.run(environment, call.tool, call.args)):
                seen.setdefault(place, number)
        return seen

    def _step(self, who: Who, call: RecordedCall, environment: Any) -> Step:
        return Step(
            who,
            call.tool,
            dict(call.args),
            partial(self.run, environment, call.tool, call.args),
            call.harm,
        )


def _in_yaml(text: str) -> str:
    """Write a text so that it stands in a quoted scalar of YAML."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _succeeded(task: Any, before: Any, after: Any) -> bool:
    # The check may change what it is given.
    return bool(task.security("", before.model_copy(deep=True), after.model_copy(deep=True)))
