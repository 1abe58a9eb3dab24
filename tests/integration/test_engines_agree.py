"""One policy, two engines, one verdict: whole answers, compared over every case."""

import json

import pytest
from tests import scenes
from tests.both import NOTHING, both
from tests.flow_table import cells
from tests.flow_table import stage as stage_of_cell

from inbounds.model.question import Answer
from inbounds.pdp import ISSUANCE, REGISTRY

CASES = list(scenes.cases())


@pytest.fixture(scope="module")
def engines():
    """Both engines on the project's sources."""
    with both() as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_case(engines, case):
    """
    Both engines say the same, whole, and what the case says.
    """
    stage = case.staged()
    engines.place(stage.deployment, stage.live, stage.now)

    opa, embedded = engines.ask_opa(stage.question), engines.ask_embedded(stage.question)

    assert opa == embedded
    assert case.outcome == opa["context"]["outcome"]
    assert (case.outcome == "allow") is opa["decision"]
    assert case.codes == [reason["code"] for reason in opa["context"]["reasons"]]
    if case.details is not None:
        assert case.details == opa["context"]["reasons"][0]["details"]


def test_every_outcome_of_a_value_that_steers(engines):
    """
    The tables of `docs/flow.md` are those of both engines.
    """
    for cell in cells():
        stage = stage_of_cell(*cell)
        engines.place(stage.deployment, stage.live, stage.now)

        opa, embedded = engines.ask_opa(stage.question), engines.ask_embedded(stage.question)

        assert opa == embedded != NOTHING


@pytest.mark.parametrize("question", [{}, [], None, 0, "", True, {"question": 1}, {"question": 2}])
def test_no_question(engines, question):
    """
    What is not a question is malformed, and nothing else is said of it.
    """
    stage = scenes.staged()
    engines.place(stage.deployment, stage.live, stage.now)

    opa, embedded = engines.ask_opa(question), engines.ask_embedded(question)

    assert opa == embedded
    assert ["request.malformed"] == [reason["code"] for reason in opa["context"]["reasons"]]


def test_an_answer_fits_its_model(engines):
    """
    What the policy says of an allowed and of a denied question is an `Answer`.
    """
    for patch in [], [{"op": "replace", "path": "/question/action/name", "value": "mail.purge"}]:
        stage = scenes.staged(patch)
        engines.place(stage.deployment, stage.live, stage.now)
        Answer.model_validate(engines.ask_opa(stage.question))


@pytest.mark.parametrize(
    "missing", ["deployment", "live", "both"], ids=lambda name: f"without {name}"
)
def test_without_data(engines, missing):
    """
    Without the deployment, the feed, or both, nothing is allowed.
    """
    stage = scenes.staged()
    deployment = None if missing in ("deployment", "both") else stage.deployment
    live = None if missing in ("live", "both") else stage.live
    engines.place(deployment, live, stage.now)

    opa, embedded = engines.ask_opa(stage.question), engines.ask_embedded(stage.question)

    assert opa == embedded
    assert opa == NOTHING or opa["decision"] is False


@pytest.mark.parametrize("tool", ["mail.read", "mail.send", "nobody.knows"])
def test_the_registry(engines, tool):
    """
    Both engines say the same of a tool.
    """
    stage = scenes.staged()
    engines.place(stage.deployment, stage.live, stage.now)
    question = {"question": 1, "tool": tool}

    opa = engines.ask_opa(question, REGISTRY)

    assert opa == engines.ask_embedded(question, REGISTRY)
    assert ("tool" in opa) is (tool != "nobody.knows")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"intent": "conquer"},
        {"scope": {"effects": ["read", "spend"]}},
        {"seconds": 5},
        {"agent": "spiffe://acme.example/agent/nobody"},
        {"tenant": "other"},
    ],
    ids=json.dumps,
)
def test_issuance(engines, asked):
    """
    Both engines say the same of a task.
    """
    stage = scenes.staged()
    engines.place(stage.deployment, stage.live, stage.now)
    scope = {"effects": [], "tools": {}, "resources": [], "destinations": [], "label": ""}
    question = {
        "question": 1,
        "subject": "alice@acme.example",
        "agent": "spiffe://acme.example/agent/assistant",
        "intent": "correspond",
        "tenant": "acme",
        "environment": "production",
        "seconds": 3600,
        **asked,
        "scope": {**scope, **asked.get("scope", {})},
    }

    opa = engines.ask_opa(question, ISSUANCE)

    assert opa == engines.ask_embedded(question, ISSUANCE)
    refused = {"intent", "agent", "tenant"} & asked.keys()
    assert opa["issued"] is not bool(refused)
