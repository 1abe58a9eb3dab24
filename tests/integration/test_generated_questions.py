"""One policy, two engines, one verdict: over questions and deployments that nobody wrote."""

import time

import pytest
from tests import questions
from tests.both import both
from tests.questions.run import run

TODAY = int(time.time()) // 86_400
"""The seed of the night."""


@pytest.fixture(scope="module")
def engines():
    """Both engines on the project's sources."""
    with both() as running:
        yield running


@pytest.mark.parametrize(
    ("seed", "worlds"),
    [
        (questions.SEED, questions.WORLDS),
        pytest.param(TODAY, 10 * questions.WORLDS, marks=pytest.mark.nightly),
    ],
)
def test_generated_questions(engines, seed, worlds, record_property):
    """
    Both engines say the same of every question, whole, and what was put into it is found.
    """
    done = run(engines, seed, range(worlds))
    print(done)
    record_property("questions", str(done))

    assert [] == done.failures
    # Agreement says little where both only ever say no, or never get beyond the shape.
    assert done.total >= 5_000
    assert done.outcomes["allow"] >= 0.3 * done.total
    assert done.malformed <= 0.2 * done.total
    assert {} == {code: done.codes[code] for code in done.catalogue if done.codes[code] < 20}
    assert all(count >= 400 for count in done.elsewhere.values())
