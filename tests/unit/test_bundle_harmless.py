"""What `bundle diff` takes to be harmless, put to the policy itself: nothing denied is let through.

Each row of `HARMLESS` is applied to the deployment of cases that are denied or asked about, and the
same question is asked again. What an issuer gives is compared in the same way.
"""

from __future__ import annotations

import json
import time
from collections import Counter

import jsonpatch
import pytest
from tests import scenes, shipping
from tests.harmless import changes
from tests.outcomes import Outcomes

from inbounds.pdp import ISSUANCE
from inbounds_tools.bundle.widening import HARMLESS, MISSING, widens

CASES = [case for case in scenes.cases() if case.outcome != "allow"]
FIRST = {case.code: case for case in reversed(CASES)}
PARTS = 8
RANK = {"none": 0, "deny": 0, "ask": 1, "allow": 2}
ALL_OF_IT = {"agents", "budgets", "environments", "groups", "intents", "labels", "subjects"}
ISSUED = [row for row in HARMLESS if row.path.split("/")[0] in ALL_OF_IT]
ASSISTANT = "spiffe://acme.example/agent/assistant"
ROOM = [
    {"op": "add", "path": "/deployment/budgets", "value": {"calls": 9, "depth": 3}},
    {
        "op": "add",
        "path": "/deployment/intents/correspond/budgets",
        "value": {"money.EUR": 5, "depth": 4},
    },
    {"op": "add", "path": "/deployment/subjects/alice@acme.example/tools", "value": ["mail.read"]},
    {"op": "add", "path": "/deployment/subjects/alice@acme.example/may_approve", "value": True},
    {"op": "add", "path": "/deployment/intents/correspond/description", "value": "Letters"},
    {"op": "add", "path": "/deployment/destinations/intranet/anywhere", "value": True},
]


@pytest.fixture(scope="module")
def engine():
    shipping.make_assets()
    made = Outcomes()
    yield made
    made.close()


def tried(number, case, part):
    """A case and a part of the rows, as parameters.

    At each change of the code, a code's first case and each that asks are tried with one part.
    """
    often = (case.outcome == "ask" or case is FIRST[case.code]) and number % PARTS == part
    marks = [] if often else [pytest.mark.nightly]
    return pytest.param(case, HARMLESS[part::PARTS], id=f"{case}: {part}", marks=marks)


TRIED = [
    tried(number, case, part)
    for number, case in enumerate(sorted(CASES, key=lambda case: case is not FIRST[case.code]))
    for part in range(PARTS)
]


def changed(stage, change):
    document = jsonpatch.apply_patch({"deployment": stage.deployment}, [change.patch])
    return stage._replace(deployment=document["deployment"])


def relevant(row, stage):
    """The changes of what the question is about, at most two to other values of one member."""
    tool = stage.question["action"]["name"]
    tries: Counter[tuple[str, ...]] = Counter()
    for change in changes(row, stage.deployment, now=stage.now):
        value = not isinstance(change.old, list) and change.new is not MISSING
        tries[change.path] += value
        if tries[change.path] <= 2 and (change.path[0] != "tools" or change.path[1] == tool):
            yield change


@pytest.mark.system
@pytest.mark.parametrize(("case", "rows"), TRIED)
def test_no_harmless_change_lets_more_through(engine, case, rows):
    stage = case.staged()
    if not isinstance(stage.deployment, dict) or not _is_whole(stage):
        return
    assert engine.outcome(stage) == case.outcome
    for row in rows:
        for change in relevant(row, stage):
            outcome = engine.outcome(changed(stage, change))
            assert RANK[outcome] <= RANK[case.outcome], (row.path, change.patch)


def _is_whole(stage):
    """Whether the deployment has the shape that a build accepts."""
    try:
        for row in HARMLESS:
            list(relevant(row, stage))
    except (TypeError, KeyError, AttributeError):
        return False
    return True


def test_each_row_is_tried():
    stages = [scenes.staged(ROOM), *(case.staged() for case in FIRST.values())]
    stages = [stage for stage in stages if isinstance(stage.deployment, dict) and _is_whole(stage)]
    idle = {
        row.path
        for row in HARMLESS
        if row.path != "revision"
        and not any(True for stage in stages for _ in changes(row, stage.deployment, now=stage.now))
    }
    assert idle == set()


# --- what was taken to be harmless and is not ----------------------------------------------------

READ = "/deployment/tools/mail.read"
LOOSER = {
    "an argument that goes takes `required` with it": (
        [{"op": "remove", "path": "/question/action/properties/arguments/id"}],
        {"op": "remove", "path": f"{READ}/arguments/~1id"},
    ),
    "a development issuer becomes one of production": (
        [{"op": "replace", "path": "/deployment/issuers/identity/kind", "value": "development"}],
        {"op": "replace", "path": "/deployment/issuers/identity/kind", "value": "production"},
    ),
    "of two issuers with one key, one goes": (
        [
            {
                "op": "copy",
                "from": "/deployment/issuers/identity",
                "path": "/deployment/issuers/another",
            }
        ],
        {"op": "remove", "path": "/deployment/issuers/another"},
    ),
    "a credential of a tool that only reads is for fewer effects": (
        [
            {"op": "add", "path": f"{READ}/credential", "value": "mail-key"},
            {
                "op": "add",
                "path": f"/deployment/agents/{ASSISTANT.replace('/', '~1')}/read_only",
                "value": True,
            },
        ],
        {"op": "replace", "path": "/deployment/credentials/mail-key/effects", "value": []},
    ),
    "a person whose name an agent has is no longer registered": (
        [
            {"op": "add", "path": "/identity/claims/email", "value": "bob@acme.example"},
            {
                "op": "add",
                "path": "/deployment/subjects/bob@acme.example",
                "value": {"type": "user"},
            },
        ],
        {"op": "remove", "path": "/deployment/subjects/bob@acme.example"},
    ),
}


@pytest.mark.parametrize("name", LOOSER)
def test_what_lets_more_through_widens(engine, name):
    before, operation = LOOSER[name]
    old, new = scenes.staged(before), scenes.staged([*before, operation])

    assert engine.outcome(old) == "deny"
    assert engine.outcome(new) == "allow"
    assert widens((), old.deployment, new.deployment)


# --- what an issuer gives ------------------------------------------------------------------------


def issued(engine, stage):
    """What an agent is given that asks for all that can be had."""
    question = {
        "question": 1,
        "subject": "alice@acme.example",
        "agent": ASSISTANT,
        "intent": "correspond",
        "tenant": "acme",
        "environment": "production",
        "scope": {"effects": [], "tools": {}, "resources": [], "destinations": [], "label": ""},
        "seconds": 3600,
    }
    engine.outcome(stage)  # puts the engine before the deployment of this stage
    text = json.dumps(question).encode()
    return engine.policy.ask(ISSUANCE, text, deadline=time.monotonic() + 30).result


@pytest.mark.system
@pytest.mark.parametrize("row", ISSUED, ids=lambda row: row.path)
def test_no_harmless_change_has_more_issued(engine, row):
    stage = scenes.staged(ROOM)
    had = issued(engine, stage)
    assert had["issued"]
    for change in changes(row, stage.deployment, now=stage.now):
        found = issued(engine, changed(stage, change))
        if found["issued"]:
            assert found["depth"] <= had["depth"], change.patch
            _assert_no_more(found["authority"], had["authority"], stage.deployment)


def _assert_no_more(found, had, deployment):
    for name in ("effects", "tools", "resources", "destinations"):
        assert all(member in had[name] for member in found[name])
    order = deployment["labels"]["order"]
    assert order.index(found["label"]) <= order.index(had["label"])
    assert found["deadline"] <= had["deadline"]
    for name, most in had["budgets"].items():
        assert found["budgets"][name] <= most


def test_a_budget_of_depth_that_comes_has_more_issued(engine):
    old = scenes.staged()
    new = scenes.staged([{"op": "add", "path": "/deployment/budgets", "value": {"depth": 4}}])

    assert (issued(engine, old)["depth"], issued(engine, new)["depth"]) == (2, 4)
    assert widens((), old.deployment, new.deployment)
