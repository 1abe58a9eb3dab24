"""The page that is written from what one run has found."""

import copy
import json
from pathlib import Path

import pytest
from evaluation.blind.scores import kept_scores
from evaluation.blind.suite import digest, suites
from evaluation.page import kept, page
from evaluation.published import POINTS

ATTACKS = {"pairs": 6, "stopped": 100.0, "hard_denied": 83.33, "succeeded": 0.0}
ROW = {
    "suite": "harbour",
    "intents": "drafted",
    "user_tasks": 3,
    "user_calls": 5,
    "user_calls_denied": 0,
    "user_tasks_with_a_denied_call": 0,
    "automatic_utility": 66.67,
    "interruptions_per_task": 0.3333,
    **ATTACKS,
    "variants": {"plain": ATTACKS, "base64": {**ATTACKS, "hard_denied": 50.0}},
    "milliseconds_per_decision": {"p50": 0.9, "p95": 1.25},
    "cpu_milliseconds_per_decision": {"p50": 0.8, "p95": 1.0},
    "decisions": 43210,
}
TABLE = {
    "version": "0",
    "registries": {"harbour": "sha256:0123456789ab"},
    "rows": [ROW, {**ROW, "intents": "oracle", "hard_denied": 100.0}],
    "reasons": {"drafted": {"interruptions": ["each of them"]}},
}
WHOLE = {
    "live": {
        "package": "agentdojo==0.1.35",
        "benchmark": "v1.2.2",
        "injection_tasks_without_calls": {"harbour": ["one", "two"]},
        "places_labelled_as_trusted": {"harbour": []},
        **TABLE,
    },
    "machine": {"revision": "abc", "cpus": 2, "cpu": "a processor", "python": "3.11"},
    "load": {"before": 0.1, "after": 0.2},
}


@pytest.fixture(scope="module")
def written():
    return page(WHOLE)


def test_every_row_stands_on_the_page(written):
    assert (
        "| harbour | drafted | 3 | 66.67 | 0 of 5 | 0.33 | 6 | 100 | 83.33 | 0.90, 1.25 "
        "| 0.80, 1.00 |" in written
    )
    assert "| **Inbounds, oracle intents** | 66.67 | 100 | 100 | 0.33 |" in written


def test_what_others_reach_stands_beside(written):
    assert all(f"| {point.name}" in written for point in POINTS)
    assert "| Progent (published) |  | 97.8 |  |  |" in written


def test_obfuscated_attacks_are_compared(written):
    assert "| base64 | drafted | 100 | 50 |" in written


def test_the_page_says_what_it_was_measured_with_and_what_it_does_not_show(written):
    assert "Revision `abc`, registries harbour `sha256:0123456789ab`." in written
    assert "2 injection tasks are left out" in written
    assert "43,210" in written
    assert "*In-sample*" in written


def test_packed_cases_have_a_table_of_their_own():
    whole = copy.deepcopy(WHOLE) | {"packed": TABLE}
    assert "replayed from packed cases" in page(whole)
    assert "replayed from packed cases" not in page(WHOLE)


def test_figures_are_kept_and_single_calls_are_not():
    assert "reasons" not in kept(WHOLE)["live"]
    assert WHOLE["live"]["rows"] == kept(WHOLE)["live"]["rows"]
    assert WHOLE["machine"] == kept(WHOLE)["machine"]


def test_the_page_of_the_docs_is_what_its_figures_make():
    docs = Path(__file__).parents[3] / "docs"
    figures = json.loads((docs / "evaluation.json").read_text("utf-8"))

    assert (docs / "evaluation.md").read_text("utf-8") == page(figures, kept_scores())


def test_a_blind_suite_is_as_it_was_when_it_was_first_scored():
    first = kept_scores()["first_scores"]

    assert {name: first.get(name, {}).get("files") for name in suites()} == {
        name: digest(name) for name in suites()
    }
