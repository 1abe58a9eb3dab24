"""The outcomes that `docs/flow.md` states are those of the policy, cell by cell."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import flow_table
from tests.flow_table import BOUNDS, CALLS, PAGE, TRUSTS, VALUES, Bound, page, stage
from tests.outcomes import Outcomes

from inbounds.model.question import Grade

_BOUNDS = st.one_of(
    st.sampled_from([each.task for each in BOUNDS]),
    st.lists(st.sampled_from(get_args(Grade)), max_size=4).map(lambda each: {"origins": each}),
)
GRADES = [value.grade for value in VALUES if not value.mentioned]


# Hundreds of decisions.
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def engine():
    made = Outcomes()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shown():
    return flow_table.table()


def test_the_page_says_what_the_policy_decides(shown):
    text = PAGE.read_text("utf-8")

    assert page(text, shown) == text, "run `make docs-flow`"


def test_each_outcome_is_in_the_tables(shown):
    """
    A policy that answers nothing, or the same to everything, would fill them as well.
    """
    for outcome in ("| allow |", "| ask |", "| deny |"):
        assert outcome in shown
    assert "none in" not in shown
    assert "| none |" in shown.splitlines()[2]
    assert shown.count("| none |") == len(CALLS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    grade=st.sampled_from(GRADES),
    trust=st.sampled_from(TRUSTS),
    bounds=st.tuples(_BOUNDS, _BOUNDS),
)
def test_a_mention_lets_nothing_run_that_would_not(engine, call, grade, trust, bounds):
    """
    Whatever is bounded, and by whom: what is denied is at best asked about.
    """
    plain, mentioned = (
        engine.outcome(
            stage(call, flow_table.Value(grade, mentioned=each), Bound("", *bounds), trust)
        )
        for each in (False, True)
    )

    assert mentioned == plain or (plain, mentioned) == ("deny", "ask")
