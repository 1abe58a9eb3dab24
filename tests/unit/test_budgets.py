"""Budgets and windows: how much a task may take, and when it may act."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from inbounds import AccessDenied, Scope, TokenInvalid
from inbounds.canonical.arguments import canonical_json
from inbounds.model.budgets import misnamed
from inbounds.testing import assert_denied


def read(task):
    task.permit("mail.read", {"id": "42"}, resource=lambda id: ("mail", id)).finish("a mail")


def send(task, sent):
    task.permit("mail.send", sent, resource=lambda **_: ("mailbox", "alice")).finish(None)


@pytest.mark.parametrize(
    "name", ["calls", "bytes", "refusals", "depth", "money.EUR", "site.printed_pages"]
)
def test_a_task_may_have_less_of_what_a_rule_reads(policy, name):
    assert "" == misnamed([name])

    with policy.task(scope=Scope(budgets={name: 5})) as task:
        assert {name: 5} == task.authority.budgets


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("call", "did you mean `calls`?"),
        ("wirtes", "did you mean `writes`?"),
        ("printed_pages", "known are calls, writes,"),
    ],
)
def test_a_budget_that_would_bound_nothing_is_refused(policy, name, said):
    with pytest.raises(TokenInvalid, match="a budget names nothing known") as refused:
        policy.task(scope=Scope(budgets={name: 5}))

    assert "issuance.malformed" == refused.value.code
    assert said in str(refused.value)


def test_a_task_sends_as_many_bytes_as_it_may(policy):
    """
    What is sent is counted as it is judged, in UTF-8; a call that is refused takes nothing.
    """
    sent = {"to": ["bob@acme.example"], "body": "Grüße"}
    size = len(canonical_json(sent))

    with policy.task(scope=Scope(budgets={"bytes": 2 * size - 1})) as task:
        send(task, sent)
        assert size == policy.guard._runtime.sessions.load(task.session).tasks[task.id].bytes
        with assert_denied("budget.bytes"):
            send(task, sent)
        send(task, {**sent, "body": "Gruss"})
        read(task)


@pytest.mark.parametrize(("start", "end"), [(-20, -10), (3600, 7200)])
def test_a_task_acts_at_no_other_time(policy, start, end):
    """
    Before and after its windows even reading is denied, and the denial names them.
    """
    now = int(time.time())
    window = {"start": now + start, "end": now + end}

    with (
        policy.task(scope=Scope(windows=[window])) as task,
        pytest.raises(AccessDenied) as denied,
    ):
        read(task)

    assert ["intent.outside_bounds"] == [reason.code for reason in denied.value.decision.reasons]
    assert [{"window": window}] == list(denied.value.decision.reasons[0].details)


def test_a_task_acts_within_its_windows(policy):
    """
    A window may be told as RFC 3339 times.
    """
    now = datetime.now(UTC)
    past = {"start": now - timedelta(hours=3), "end": now - timedelta(hours=2)}
    open_ = {"start": (now - timedelta(hours=1)).isoformat(), "end": "2999-01-01T00:00:00Z"}

    with policy.task(scope=Scope(windows=[past, open_])) as task:
        read(task)

    assert 2 == len(task.authority.windows)


@pytest.mark.parametrize("window", [{}, {"start": 1}, {"start": "soon", "end": 2}, {"end": -1}, 7])
def test_a_window_that_says_nothing_is_no_window(window):
    with pytest.raises(ValueError, match=r"windows"):
        Scope(windows=[window])
