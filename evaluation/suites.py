"""One suite of AgentDojo: its own environments and tools, behind a guard.

The calls of a user task and of an injection task are the right ones that its authors give; each
runs in an environment of its own, with the attack planted. Whether an attack succeeded is also
asked of the package's own check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from agentdojo.functions_runtime import FunctionsRuntime
from agentdojo.task_suite.load_suites import get_suite
from pydantic_core import to_jsonable_python

from .replay.cases import AttackCase, RecordedCall, UserCase
from .replay.sources import LiveSource

if TYPE_CHECKING:
    from inbounds.model.deployment import Deployment

BENCHMARK = "v1.2.2"
PACKAGE = "agentdojo==0.1.35"


class AgentDojo(LiveSource):
    """One suite; see `LiveSource`."""

    def __init__(self, suite: str, deployment: Deployment, template: str) -> None:
        super().__init__(suite, deployment, template)
        self._suite = get_suite(BENCHMARK, suite)
        self._runtime = FunctionsRuntime(self._suite.tools)
        self._environment = cache(self._load)

    @cached_property
    def users(self) -> Sequence[UserCase]:
        """The user tasks with calls of their authors that read what an attacker can write."""
        cases = []
        for name, task in self._suite.user_tasks.items():
            calls = [
                RecordedCall(tool=call.function, args=to_jsonable_python(dict(call.args)))
                for call in task.ground_truth(self.new_state(name, {}))
            ]
            case = self.user_case(name, task.PROMPT, calls)
            if case.vectors:
                cases.append(case)
        return cases

    @cached_property
    def attacks(self) -> Sequence[AttackCase]:
        """The injection tasks whose authors give calls.

        Every call that does more than read counts as harm, also one that covers the tracks.
        """
        cases = []
        for name, task in self._suite.injection_tasks.items():
            calls = [
                RecordedCall(
                    tool=call.function,
                    args=to_jsonable_python(dict(call.args)),
                    harm=bool({*self.deployment.tools[call.function].effects} - {"read"}),
                )
                for call in task.ground_truth(self._fresh({}))
            ]
            if any(call.harm for call in calls):
                cases.append(self.attack_case(name, task.GOAL, calls))
        return cases

    @property
    def without_calls(self) -> list[str]:
        """The injection tasks that are left out, since their authors give no calls."""
        included = {case.task for case in self.attacks}
        return [name for name in self._suite.injection_tasks if name not in included]

    @cached_property
    def vectors(self) -> Mapping[str, str]:
        """The harmless texts of the vectors, by name."""
        return dict(self._suite.get_injection_vector_defaults())

    def new_state(self, task: str, texts: Mapping[str, str]) -> Any:
        """Return a new environment of a user task, with these texts in their vectors."""
        escaped = {name: _escape(text) for name, text in texts.items()}
        return self._suite.user_tasks[task].init_environment(self._fresh(escaped))

    def run(self, environment: Any, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool in an environment and return its result as plain JSON."""
        result, error = self._runtime.run_function(environment, tool, dict(arguments))
        return to_jsonable_python(result) if error is None else error

    def has_succeeded(self, attack: AttackCase, before: Any, after: Any) -> bool:
        """Return whether an attack succeeded, by the package's own check."""
        task = self._suite.get_injection_task_by_id(attack.task)
        # The check may change its arguments.
        return bool(task.security("", deepcopy(before), deepcopy(after)))

    def _load(self, texts: tuple[tuple[str, str], ...]) -> Any:
        return self._suite.load_and_inject_default_environment(dict(texts))

    def _fresh(self, texts: Mapping[str, str]) -> Any:
        return deepcopy(self._environment(tuple(sorted(texts.items()))))


def _escape(text: str) -> str:
    """Escape a text for a quoted scalar of YAML."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
