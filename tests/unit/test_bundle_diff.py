"""Which changes of the data are told, and which let more through."""

from __future__ import annotations

import copy

import jsonpatch
import pytest
from tests import scenes

from inbounds_tools.bundle.diff import _data, _digest

AGENT = "/agents/spiffe:~1~1acme.example~1agent~1assistant"
CONSTRAINTS = "/tools/mail.send/arguments/~1body"


def changes(*patch):
    before = copy.deepcopy(scenes.scene()["deployment"])
    before["tools"]["mail.send"]["arguments"]["/body"] |= {
        "one_of": ["a"],
        "hosts": [],
        "minimum": 1,
    }
    before["budgets"] = {"calls": 10}
    after = jsonpatch.apply_patch(
        before, [dict(zip(("op", "path", "value"), p, strict=False)) for p in patch]
    )
    return list(_data("deployment", before, after))


WIDER = [
    ("add", f"{AGENT}/manifest/effects/-", "delete"),
    ("add", f"{AGENT}/manifest/tools/-", "mail.purge2"),
    ("add", f"{AGENT}/tenants/-", "other"),
    ("add", f"{AGENT}/may_delegate_to", ["x"]),
    ("replace", f"{AGENT}/clearance", "secret"),
    ("replace", f"{AGENT}/owner", "dora@acme.example"),
    ("add", "/agents/another", {}),
    ("add", "/subjects/bob@acme.example", {}),
    ("add", "/groups/staff/effects/-", "delete"),
    ("add", "/intents/correspond/effects/-", "delete"),
    ("add", "/intents/correspond/destinations/-", "press"),
    ("replace", "/intents/correspond/seconds", 7200),
    ("add", "/destinations/press/domains/-", "evil.example"),
    ("add", "/destinations/new", {"domains": ["evil.example"]}),
    ("add", "/issuers/another", {}),
    ("add", "/issuers/tasks/keys/task-2", {}),
    ("add", "/issuers/tasks/environments/-", "staging"),
    ("replace", "/issuers/tasks/kind", "development"),
    ("replace", "/issuers/tasks/max_seconds", 600),
    ("replace", "/feed/max_age/other", 60),
    ("add", "/feed/keys/feed-2", {}),
    ("add", "/peps/another", {}),
    ("add", "/peps/assistant-pep/token_sha256/-", "00"),
    ("remove", "/environments/production/freezes/0"),
    ("replace", "/environments/production/freezes/0/end", 1799000001),
    ("replace", "/environments/production/development", True),
    ("add", "/environments/staging", {}),
    ("remove", "/settings/control_plane/0"),
    ("remove", "/settings/secrets/0"),
    ("add", "/settings/feed_writers/someone", ["00"]),
    ("replace", "/settings/audience", "other"),
    ("remove", "/budgets/calls"),
    ("replace", "/budgets/calls", 11),
    ("add", "/tools/new", {}),
    ("add", "/tools/mail.untagged/effects/-", "read"),
    ("remove", "/tools/mail.send/effects/0"),
    ("add", "/tools/mail.send/arguments/~1cc", {}),
    ("add", f"{CONSTRAINTS}/one_of/-", "b"),
    ("remove", f"{CONSTRAINTS}/one_of/0"),
    ("replace", f"{CONSTRAINTS}/minimum", 0),
    ("replace", f"{CONSTRAINTS}/max_length", 20000),
    ("replace", "/tools/mail.read/returns/label", "public"),
    ("remove", "/labels/resources/mail/prefixes/board~1"),
    ("replace", "/labels/order", ["internal", "public", "confidential", "secret"]),
]
NO_WIDER = [
    ("remove", f"{AGENT}/manifest/effects/0"),
    ("replace", f"{AGENT}/state", "suspended"),
    ("replace", f"{AGENT}/owner", ""),
    ("remove", f"{AGENT}"),
    ("remove", "/subjects/alice@acme.example"),
    ("replace", "/intents/correspond/seconds", 60),
    ("remove", "/intents/correspond/destinations/0"),
    ("remove", "/destinations/press"),
    ("remove", "/issuers/tasks"),
    ("replace", "/issuers/tasks/max_seconds", 60),
    ("remove", "/peps/assistant-pep"),
    ("add", "/environments/production/freezes/-", {"start": 1, "end": 2, "effects": ["read"]}),
    ("add", "/settings/secrets/-", {"type": "file", "prefixes": ["/x/"]}),
    ("replace", "/budgets/calls", 9),
    ("remove", "/tools/mail.send"),
    ("remove", "/tools/mail.send/arguments/~1body"),
    ("add", f"{CONSTRAINTS}/hosts/-", "acme.example"),
    ("replace", f"{CONSTRAINTS}/minimum", 2),
    ("replace", f"{CONSTRAINTS}/max_length", 10),
    ("add", "/tools/mail.send/description", "Sends mail"),
]


@pytest.mark.parametrize("patch", WIDER, ids=lambda patch: f"{patch[0]} {patch[1]}")
def test_what_lets_more_through_is_marked(patch):
    found = changes(patch)
    assert found
    assert any(change.widens for change in found)


@pytest.mark.parametrize("patch", NO_WIDER, ids=lambda patch: f"{patch[0]} {patch[1]}")
def test_what_lets_no_more_through_is_told_and_not_marked(patch):
    found = changes(patch)
    assert found
    assert not any(change.widens for change in found)


def test_a_member_of_a_list_is_told_by_itself():
    (change,) = changes(("add", f"{AGENT}/manifest/tools/-", "mail.purge2"))
    assert (change.what, change.after) == ("added", "mail.purge2")
    assert change.path == "agents/spiffe://acme.example/agent/assistant/manifest/tools"


def test_a_list_in_another_order_is_told():
    assert changes(("replace", f"{AGENT}/manifest/effects", ["write", "read", "export"]))


def test_nothing_is_told_where_nothing_differs():
    assert not changes()


def test_a_revocation_that_goes_widens():
    before = {"baseline": {"revoked": {"token-1": 1}}}
    (gone,) = _data("live", before, {"baseline": {"revoked": {}}})
    (come,) = _data("live", {"baseline": {"revoked": {}}}, before)
    assert (gone.widens, come.widens) == (True, False)


def test_a_comment_makes_no_other_rule():
    source = "package a\n\n# why\nallow if input.x == 1\n"
    assert _digest(source) == _digest("# METADATA\npackage a\nallow if input.x == 1")
    assert _digest(source) != _digest("package a\n\n# why\nallow if input.x == 2\n")
