"""Restricting a task never lets more through: no `ask` or `deny` becomes an `allow` by it.

Over every case, and for every restriction that the call itself satisfies. Only values that are
stated whole vouch for an argument; those are left out here.
"""

from __future__ import annotations

import contextlib

import jsonpatch
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import scenes
from tests.outcomes import Outcomes

from inbounds.model.leaves import argument_leaves

CASES = [case for case in scenes.cases() if case.outcome != "allow"]
STEERING = ("recipient", "target", "amount", "code", "credential")
GRADES = (
    "prompt",
    "first_party",
    "quoted",
    "listing",
    "third_party_meta",
    "quoted_text",
    "third_party_text",
    "none",
)
DETAILS = "/task/claims/authorization_details/0"


@pytest.fixture(scope="module")
def engine():
    made = Outcomes()
    yield made
    made.close()


def restrictions(stage, authority):
    """Yield what the task may be restricted to, so that it has less and the call is still in it.

    Args:
        stage: The question and its data.
        authority: What the task has now.
    """
    action, resource = stage.question["action"], stage.question["resource"]
    entry = stage.deployment["tools"][action["name"]]
    yield from _arguments(action, entry, authority)
    yield from _bounds(action, entry, authority)
    yield from _resources(resource, entry, authority)
    yield from _others(stage, entry, authority)


def _arguments(action, entry, authority):
    tool, properties = action["name"], action["properties"]
    arguments = f"{DETAILS}/tools/{_escaped(tool)}/arguments"
    had = authority["tools"][tool]["arguments"]
    for pointer, pattern, value in argument_leaves(properties["arguments"]):
        about = entry.get("arguments", {}).get(pattern, {})
        parsed = properties.get("parsed", {}).get(pointer, {})
        stated = [{"max_length": 10**6}, {"pattern": "(?s).*"}] if isinstance(value, str) else []
        if isinstance(value, int | float) and not isinstance(value, bool):
            stated += [{"minimum": value}, {"maximum": value}]
        if about.get("kind") == "path":
            stated += [{"path_prefixes": [folder]} for folder in ("/", "/work", value)]
        if about.get("path_prefixes"):
            stated.append({"path_prefixes": about["path_prefixes"]})
        if parsed.get("kind") == "url":
            stated.append({"hosts": [parsed["host"]]})
        for constraint in stated:
            if not {*constraint} & {*had.get(pattern, {})}:
                whole = {**had.get(pattern, {}), **constraint}
                yield [_add(f"{arguments}/{_escaped(pattern)}", whole)]


def _bounds(action, entry, authority):
    domains, roles = {}, {"recipient"}
    for pointer, pattern, _ in argument_leaves(action["properties"]["arguments"]):
        role = entry.get("arguments", {}).get(pattern, {}).get("role")
        parsed = action["properties"].get("parsed", {}).get(pointer, {})
        roles |= {role} & {*STEERING}
        if parsed.get("kind") == "email":
            domains.setdefault(role, []).append(parsed["domain"])
    for role in sorted(roles - {*authority["bounds"]}):
        ranges = {"domains": domains.get(role, []), "origins": [*GRADES], "up_to": 10**9}
        for named in ({*ranges}, *({name} for name in ranges)):
            yield [_add(f"{DETAILS}/bounds/{role}", {name: ranges[name] for name in sorted(named)})]


def _resources(resource, entry, authority):
    for bound in authority["resources"]:
        for prefix in bound.get("prefixes", [""]):
            if bound["type"] == resource["type"] and resource["id"].startswith(prefix):
                narrow = {**bound, "prefixes": [resource["id"]]}
                yield [_add(f"{DETAILS}/resources", [narrow])]
                if not bound.get("effects"):
                    narrow = {**narrow, "effects": entry["effects"]}
                    yield [_add(f"{DETAILS}/resources", [narrow])]


def _others(stage, entry, authority):
    tool, order = stage.question["action"]["name"], stage.deployment["labels"]["order"]
    if {*entry["effects"]} <= {*authority["effects"]}:
        yield [_add(f"{DETAILS}/effects", entry["effects"])]
    yield [_add(f"{DETAILS}/tools", {tool: authority["tools"][tool]})]
    yield [_add(f"{DETAILS}/destinations/0", authority["destinations"][0])]
    for name in {"calls", "writes", "rows", "bytes", "exports"} - {*authority["budgets"]}:
        yield [_add(f"{DETAILS}/budgets/{name}", 10**6)]
    if not authority["windows"]:
        yield [_add(f"{DETAILS}/windows", [{"start": stage.now - 10, "end": stage.now + 10}])]
    for label in order[: order.index(authority["label"])]:
        yield [_add(f"{DETAILS}/label", label)]
    if authority["deadline"] > stage.now + 60:
        yield [_add(f"{DETAILS}/deadline", stage.now + 60)]


def _add(path, value):
    return {"op": "add", "path": path, "value": value}


def _escaped(segment):
    return segment.replace("~", "~0").replace("/", "~1")


def restrictions_of(case):
    """The restrictions of one case, each as a patch."""
    whole = jsonpatch.apply_patch(scenes.scene(), list(case.patch))
    # What a case has spoilt has no room for some.
    with contextlib.suppress(KeyError, TypeError, AttributeError, ValueError, IndexError):
        authority = whole["task"]["claims"]["authorization_details"][0]
        yield from restrictions(case.staged(), authority)


FIRST = {case.code: case for case in reversed(CASES)}


def tried(case):
    """A case as a parameter: that of a code's first, and that asks, are tried at each change."""
    often = case.outcome == "ask" or case is FIRST[case.code]
    return pytest.param(case, id=str(case), marks=[] if often else [pytest.mark.nightly])


@pytest.mark.system
@pytest.mark.parametrize("case", [tried(case) for case in CASES])
def test_no_restriction_of_a_case_lets_it_through(engine, case):
    """
    What is denied or asked about stays so, whatever the task is restricted to.
    """
    assert engine.outcome(case.staged()) == case.outcome
    for patch in restrictions_of(case):
        assert engine.outcome(scenes.staged([*case.patch, *patch])) != "allow", patch


ASKED = [(case, list(restrictions_of(case))) for case in CASES if case.outcome == "ask"]


@pytest.mark.system
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), asked=st.integers(0, len(ASKED) - 1))
def test_no_restrictions_together_let_it_through(engine, data, asked):
    """
    Nor do several at once.
    """
    case, patches = ASKED[asked]
    chosen = data.draw(st.lists(st.sampled_from(patches), min_size=1, max_size=6))
    together = [operation for patch in chosen for operation in patch]
    try:
        stage = scenes.staged([*case.patch, *together])
    except jsonpatch.JsonPatchException:
        return

    assert engine.outcome(stage) != "allow"


def test_a_whole_value_does(engine):
    """
    A value that the task states whole lets the call through: these are restrictions that vouch.
    """
    case = next(case for case, _ in ASKED if case.name == _RANGE)
    value = {"recipient": {"values": ["bob@acme.example"]}}
    stage = scenes.staged([*case.patch, {"op": "add", "path": f"{DETAILS}/bounds", "value": value}])

    assert engine.outcome(stage) == "allow"


_RANGE = "the recipient was found nowhere and lies in a range that the task alone was restricted to"
