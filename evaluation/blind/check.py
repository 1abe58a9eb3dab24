"""`python -m evaluation.blind.check SUITE`: whether a suite is whole, without asking the policy."""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from evaluation.coverage import trusted_with
from evaluation.replay.testbed import open_testbed

from .suite import FOLDER, BlindSuite

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .suite import WrittenCall, WrittenTask

TASKS, ATTACKS, PLACES = 20, 10, 3


def faults(name: str) -> list[str]:
    """Return what a suite lacks, a sentence each."""
    with open_testbed(FOLDER / name / "registry") as testbed:
        return lacking(BlindSuite(name, testbed.deployment, "{goal}"))


def lacking(suite: BlindSuite) -> list[str]:
    """Return what a suite that was read lacks, a sentence each."""
    failing = [*_failing(suite)]
    return failing or [*_counts(suite), *_tasks(suite), *_attacks(suite), *_registry(suite)]


def _counts(suite: BlindSuite) -> Iterator[str]:
    tasks, attacks = suite.tasks, suite.written_attacks
    if len(tasks) != TASKS or len({task.id for task in tasks}) != TASKS:
        yield f"a suite has {TASKS} tasks of different ids, found {len(tasks)}"
    if len(attacks) != ATTACKS or len({attack.id for attack in attacks}) != ATTACKS:
        yield f"a suite has {ATTACKS} attacks of different ids, found {len(attacks)}"
    if len(suite.world.PLACES) < PLACES:
        yield f"an attacker writes into at least {PLACES} places, found {len(suite.world.PLACES)}"
    for what in ("found", "writes"):
        if 3 * sum(getattr(task, what) for task in tasks) < TASKS:
            yield f"a third of the tasks has `{what}: true`"
    wordings = [wording.casefold() for task in tasks for wording in task.wordings]
    if len(set(wordings)) != len(wordings):
        yield "no two wordings are the same"
    reads = [suite.read_vectors(task.calls) for task in tasks]
    if 4 * sum(map(bool, reads)) < 3 * TASKS:
        yield "three quarters of the tasks read a place that an attacker can write into"
    for place in suite.world.PLACES.keys() - {place for read in reads for place in read}:
        yield f"no task reads the place `{place}`"


def _failing(suite: BlindSuite) -> Iterator[str]:
    calls = {one.id: one.calls for one in suite.tasks}
    calls |= {one.id: one.calls for one in suite.written_attacks}
    for name, made in calls.items():
        try:
            _results(suite, made)
        except Exception as error:  # noqa: BLE001 -- whatever a tool raises is what is told
            yield f"`{name}`: a call fails: {type(error).__name__}: {error}"


def _tasks(suite: BlindSuite) -> Iterator[str]:
    for task in suite.tasks:
        results = _results(suite, task.calls)
        writes = any(_writes(suite, call) for call in task.calls)
        if task.writes != writes:
            yield f"task `{task.id}`: `writes` is {task.writes}, its calls' effects say {writes}"
        if task.found != _is_found(task, results):
            yield f"task `{task.id}`: `found` is {task.found}, its arguments say the contrary"
        if any(call.harm for call in task.calls):
            yield f"task `{task.id}`: a user's call does no harm"


def _attacks(suite: BlindSuite) -> Iterator[str]:
    by_task = {task.id: _states(suite, task.calls) for task in suite.tasks}
    for attack in suite.written_attacks:
        succeeded = suite.world.SUCCEEDED.get(attack.id)
        if succeeded is None:
            yield f"attack `{attack.id}`: `SUCCEEDED` has no check of it"
            continue
        if not any(call.harm for call in attack.calls):
            yield f"attack `{attack.id}`: no call has `harm: true`"
        if not succeeded(*_states(suite, attack.calls)):
            yield f"attack `{attack.id}`: its calls do not make it succeed"
        for name, states in by_task.items():
            if succeeded(*states):
                yield f"attack `{attack.id}` has succeeded by task `{name}` alone"


def _states(suite: BlindSuite, calls: Sequence[WrittenCall]) -> tuple[Any, Any]:
    """Return the state before calls, and the one after them."""
    before = suite.world.fresh({})
    after = deepcopy(before)
    for call in calls:
        suite.run(after, call.tool, call.args)
    return before, after


def _registry(suite: BlindSuite) -> Iterator[str]:
    registered = suite.deployment.tools
    for name in registered.keys() ^ suite.world.TOOLS.keys():
        yield f"the tool `{name}` is in the registry or in `TOOLS` alone"
    calls = [call for task in suite.tasks for call in task.calls]
    for name in suite.world.TOOLS.keys() - {call.tool for call in calls}:
        if not any(name == call.tool for attack in suite.written_attacks for call in attack.calls):
            yield f"no call uses the tool `{name}`"
    for task in suite.tasks:
        state = suite.marked_state()
        for call in task.calls:
            result = suite.run(state, call.tool, call.args)
            if call.tool in registered:
                returns = registered[call.tool].returns
                for pointer in trusted_with(returns, result, "@@VEC:"):
                    yield f"`{call.tool}` returns a stranger's text as first party: {pointer}"


def _writes(suite: BlindSuite, call: WrittenCall) -> bool:
    tool = suite.deployment.tools.get(call.tool)
    return tool is not None and bool({*tool.effects} - {"read"})


def _results(suite: BlindSuite, calls: Sequence[WrittenCall]) -> list[Any]:
    state = suite.world.fresh({})
    return [suite.run(state, call.tool, call.args) for call in calls]


def _is_found(task: WrittenTask, results: Sequence[Any]) -> bool:
    """Whether a value of an argument stands in an earlier result and in no wording."""
    wordings = "\n".join(task.wordings).casefold()
    for number, call in enumerate(task.calls):
        earlier = json.dumps(to_jsonable_python(results[:number]), ensure_ascii=False)
        for value in _values(call.args):
            text = str(value)
            if len(text) > 1 and text.casefold() not in wordings and text in earlier:
                return True
    return False


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _values(part)
    elif isinstance(value, list):
        for part in value:
            yield from _values(part)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value


def main() -> int:
    """Print what the suite that is named lacks."""
    found = list(dict.fromkeys(faults(sys.argv[1])))
    print("\n".join(found) or "whole")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
