"""What a model reads of a refusal: one stable line, whatever was in the way."""

from __future__ import annotations

import re

import pytest

from inbounds import (
    AccessDenied,
    ApprovalRequired,
    ConfigurationError,
    Decision,
    OutcomeUnrecorded,
    Reason,
    ResultWithheld,
    Unreachable,
)
from inbounds.integrations._adapter.refusals import NotWaited, Rejected, refusal_text, told
from inbounds.model.question import PolicyStamp

ID = "0199d1c0-0000-7000-8000-000000000000"


def decided(outcome):
    reason = Reason(
        code="egress.destination_not_allowed",
        message="the words of a rule",
        remedy="the remedy of a rule",
        severity="high",
        details=({"argument": "/to/0"},),
    )
    return Decision(
        id=ID,
        allowed=False,
        outcome=outcome,
        reasons=(reason,),
        policy=PolicyStamp(revision="r", deployment="d"),
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            AccessDenied(decided("deny"), tool="mail.send", subject="alice"),
            f"Not executed [egress.destination_not_allowed]; do not retry. (decision {ID})",
        ),
        (
            ApprovalRequired(decided("ask"), tool="mail.send", subject="alice"),
            "Not executed [egress.destination_not_allowed]; a person has to approve it.",
        ),
        (NotWaited(), "Not executed [approval.not_waited]; a person has to approve it."),
        (
            Rejected(decision_id=ID),
            f"Not executed [approval.rejected]; do not retry. (decision {ID})",
        ),
        (
            Unreachable("at https://pdp.example"),
            "Not executed [decision.unreachable]; do not retry.",
        ),
        (ConfigurationError("canary"), "Not executed [configuration.invalid]; do not retry."),
        (ValueError("canary"), "Not executed [decision.unavailable]; do not retry."),
        (
            ResultWithheld("canary", decision_id=ID),
            f"Executed, and its result withheld [result.withheld]; do not retry. (decision {ID})",
        ),
        (
            OutcomeUnrecorded("canary"),
            "Executed, and its result withheld [outcome.unrecorded]; do not retry.",
        ),
        (
            OutcomeUnrecorded("canary", executed="unknown"),
            "Not known whether executed [outcome.unrecorded]; do not retry.",
        ),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else "",
)
def test_it_says_whether_it_has_run_a_code_and_the_decision(error, text):
    assert text == refusal_text(error)
    assert re.fullmatch(r"[\w ,.;()\[\]-]+", text)


@pytest.mark.parametrize(
    ("error", "tool", "logged"),
    [
        (KeyError("canary"), "mail.send", "a call was refused: judging it failed with KeyError"),
        (ConfigurationError("set it up", code="x.y"), "", "a call was refused: set it up"),
        (
            ConfigurationError("set it up", code="x.y"),
            "mail.send",
            "a call of `mail.send` was refused: set it up",
        ),
        (Unreachable("nobody is there"), "mail.send", ""),
    ],
    ids=["fault", "configuration", "of a tool", "no answer"],
)
def test_what_is_somebodys_to_mend_is_logged(caplog, error, tool, logged):
    """
    A model reads the same line; who runs it reads what to mend, and no value.
    """
    assert refusal_text(error) == told(error, tool)
    assert logged in caplog.text
    assert bool(logged) == bool(caplog.records)
    assert "canary" not in caplog.text
