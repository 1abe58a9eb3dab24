"""The record of a call that was allowed, for tests that need a permit or a run by themselves."""

from __future__ import annotations

from inbounds.evidence.records import Decided

ALLOWED = Decided(
    decision_id="decision-1",
    at=1,
    task="t",
    sid="s",
    tenant="acme",
    subject="alice",
    agent="a",
    tool="mail.read",
    resource_type="mail",
    resource_digest="d",
    digest="d",
    outcome="allow",
)
