"""Every case by the embedded engine, and the first case of each code by one real OPA.

Both engines are compared over all cases, whole, in `tests/integration/test_engines_agree.py`.
"""

from __future__ import annotations

import json
import time

import pytest
from tests import engines, scenes, shipping
from tests.both import place_embedded
from tests.tiers import WATCH

from inbounds.engine import assets
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.pdp import DECISION

CASES = list(scenes.cases())
FIRST = {case.code: case for case in reversed(CASES)}


@pytest.fixture(scope="module")
def embedded():
    """The policy that the package ships, and how to put a case to it."""
    shipping.make_assets()
    now = 0
    policy = EmbeddedPolicy(
        assets.wasm_bundle(), key=assets.release_key(), clock=lambda: now * 10**9
    )

    def ask(case):
        nonlocal now
        stage = case.staged()
        now = stage.now
        place_embedded(policy, stage.deployment, stage.live)
        question = json.dumps(stage.question).encode()
        return policy.ask(DECISION, question, deadline=time.monotonic() + 30).result

    yield ask
    policy.close()


@pytest.fixture(scope="module")
def opa():
    """One OPA on the project's sources, and how to put a case to it."""
    with engines.opa(
        [engines.RULES], roots=["inbounds", "system"], replace=engines.FROZEN_CLOCK
    ) as server:

        def ask(case):
            stage = case.staged()
            with WATCH.exempt():
                for name, value in {
                    "deployment": stage.deployment,
                    "live": stage.live,
                    "test": {"now": stage.now},
                }.items():
                    server.put(name, value)
                return server.ask(DECISION, stage.question)

        yield ask


def told(answer):
    """What a case states of an answer: the outcome, the codes, the first one's details."""
    reasons = answer["context"]["reasons"]
    details = reasons[0]["details"] if reasons else None
    outcome = answer["context"]["outcome"]
    assert (outcome == "allow") is answer["decision"]
    return outcome, [reason["code"] for reason in reasons], details


def stated(case, details):
    """The same of the case; details that it does not state are as they are."""
    return case.outcome, case.codes, details if case.details is None else case.details


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_embedded_engine_decides_as_a_case_says(embedded, case):
    answer = told(embedded(case))

    assert stated(case, answer[-1]) == answer


@pytest.mark.parametrize("case", FIRST.values(), ids=str)
def test_opa_decides_as_the_first_case_of_each_code_says(opa, case):
    answer = told(opa(case))

    assert stated(case, answer[-1]) == answer
