"""What a person was shown is what was signed, and nothing else runs with it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbounds import AccessDenied, ApprovalRequired
from inbounds.approvals.cache import _Kept
from inbounds.approvals.queue import ApprovalQueue
from inbounds.approvals.request import serialise_shown, unverified_claims
from inbounds.approvals.signing import sign
from inbounds.canonical.arguments import canonical_json, digest
from inbounds.identity.signing_keys import SigningKey
from inbounds.model.question import Resource, ResourceProperties
from inbounds.testing import PolicyUnderTest
from inbounds_tools.cli import main

DORA = "dora@acme.example"
KEY = SigningKey.generate()
TO = "bob@acme.example"
MAIL = {"to": [TO], "body": "hello"}
SANDBOX = Resource(type="mailbox", id="alice/sandbox")


class Switching:
    """A guard whose tool touches what the workspace is set to, which may change at any time."""

    def __init__(self, folder):
        dora = {
            "subject": DORA,
            "tenants": ["acme"],
            "algorithms": ["ES256"],
            "keys": {KEY.kid: dict(KEY.public)},
            "max_seconds": 3600,
        }
        self.policy = PolicyUnderTest(folder, {"approvers": {"dora": dora}}, approvals=self.ask)
        self.now = SANDBOX
        self.answer = self.yes
        self.requests = []
        self.ran = []

        @self.policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> dict:
            return {"id": id, "text": f"write to {TO}"}

        @self.policy.guard.tool("mail.send", resource=lambda to, body: self.now)
        def send(to: list[str], body: str) -> str:
            self.ran.append(self.now)
            return "sent"

    def ask(self, request):
        return self.answer(request)

    def yes(self, request):
        self.requests.append(request)
        return sign(request, KEY, approver=DORA)

    def then(self, resource):
        """Say yes to what is shown, and switch the workspace."""

        def answer(request):
            token = self.yes(request)
            self.now = resource
            return token

        self.answer = answer

    def task(self):
        task = self.policy.task()
        task.call("mail.read", {"id": "42"})
        return task


@pytest.fixture(scope="module")
def switching(tmp_path_factory):
    made = Switching(tmp_path_factory.mktemp("switching") / "inbounds")
    yield made
    made.policy.close()


@pytest.fixture
def world(switching):
    switching.now, switching.answer = SANDBOX, switching.yes
    switching.requests.clear()
    switching.ran.clear()
    return switching


def properties(**said):
    return Resource(type="mailbox", id=SANDBOX.id, properties=ResourceProperties(**said))


_OTHERS = [
    Resource(type="mailbox", id="alice/production"),
    Resource(type="mailbox", id="alice/sandbox/"),
    Resource(type="mailbox", id="alice/sandboX"),
    Resource(type="mailbox", id="alice"),
    properties(label="internal"),
    properties(label="confidential"),
    properties(environment="development"),
    properties(tenant="acme"),
    properties(branch="main"),
    properties(branch=["main", {"protected": True}]),
]


def test_what_was_shown_runs(world):
    """
    Where nothing has changed since, the approved call runs, once.
    """
    world.task().call("mail.send", MAIL)

    assert [SANDBOX] == world.ran
    assert 1 == len(world.requests)


@pytest.mark.parametrize("other", _OTHERS)
def test_another_resource_does_not_run_with_it(world, other):
    """
    A workspace that switches after the answer asks again, and nothing has run.
    """
    world.then(other)

    with pytest.raises(ApprovalRequired):
        world.task().call("mail.send", MAIL)
    assert [] == world.ran


@pytest.mark.parametrize("other", _OTHERS)
def test_the_policy_refuses_it_for_another_resource(world, other, monkeypatch):
    """
    A guard that offers it all the same is refused.
    """
    monkeypatch.setattr(_Kept, "may_help", lambda *_: True)
    world.then(other)

    with pytest.raises(AccessDenied) as ei:
        world.task().call("mail.send", MAIL)
    assert "approval.invalid" == ei.value.code
    assert [{"approval": 0, "fault": "other_call"}] == list(ei.value.decision.reasons[0].details)
    assert [] == world.ran


def test_another_origin_does_not_run_with_it(world):
    """
    Where a value was found is shown, and so it is signed: found elsewhere, it is asked about anew.
    """
    task = world.task()

    def answer(request):
        token = world.yes(request)
        task.observe({"id": "43", "text": f"and to {TO}"}, tool="mail.read")
        world.policy.guard._runtime.origins.of(task.session).prompt(f"to {TO}")
        return token

    world.answer = answer
    with pytest.raises(ApprovalRequired):
        task.call("mail.send", {**MAIL, "to": [TO, "eve@acme.example"]})
    assert [] == world.ran


def test_an_approval_of_the_arguments_alone_is_refused(world):
    """
    The digest of the arguments, which approvals were once bound to, approves nothing.
    """
    parts = world.policy.guard._runtime
    arguments = digest(canonical_json(MAIL), parts.digest_key, parts.digest_key_id)

    def answer(request):
        claims = unverified_claims(world.yes(request))
        return KEY.sign({**claims, "digest": arguments}, typ="approval+jwt")

    world.answer = answer
    with pytest.raises(AccessDenied) as ei:
        world.task().call("mail.send", MAIL)
    assert [{"approval": 0, "fault": "other_call"}] == list(ei.value.decision.reasons[0].details)
    assert [] == world.ran


@pytest.mark.parametrize("claim", ["label", "environment"])
def test_what_the_policy_shows_is_signed(world, claim):
    """
    The label and the environment that were shown are those of the call, or it is another one.
    """

    def answer(request):
        claims = unverified_claims(world.yes(request))
        return KEY.sign({**claims, claim: "other"}, typ="approval+jwt")

    world.answer = answer
    with pytest.raises(AccessDenied) as ei:
        world.task().call("mail.send", MAIL)
    assert [{"approval": 0, "fault": "other_call"}] == list(ei.value.decision.reasons[0].details)


def test_all_that_is_signed_is_shown(world, tmp_path, capsys):
    """
    `inbounds approvals show` names resource, properties, label, environment and origins.
    """
    world.now = properties(branch="release")
    world.task().call("mail.send", MAIL)
    queue = ApprovalQueue(tmp_path / "approvals.db")
    identity = queue.submit(world.requests[0])
    queue.close()

    main(["approvals", "show", identity, "--queue", str(tmp_path / "approvals.db")])

    told = capsys.readouterr().out
    for said in (SANDBOX.id, "branch: release", "public", "development", "third_party_text", TO):
        assert said in told


# --- the rule ------------------------------------------------------------------------------

_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text("ab/*\u200b", max_size=4))
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=6,
)
_SHOWN = st.fixed_dictionaries(
    {
        "tool": st.text("ab", max_size=3),
        "arguments": st.dictionaries(st.text("ab", max_size=2), _JSON, max_size=3),
        "resource_type": st.text("ab", max_size=3),
        "resource_id": st.text("ab/", max_size=4),
        "resource_properties": st.dictionaries(st.text("ab", max_size=2), _JSON, max_size=3),
        "origins": st.dictionaries(
            st.just("/a"), st.fixed_dictionaries({"grade": st.sampled_from(["none", "prompt"])})
        ),
    }
)


@pytest.mark.system
@settings(max_examples=300, deadline=None)
@given(one=_SHOWN, other=_SHOWN)
def test_two_requests_are_signed_alike_only_where_they_are_shown_alike(one, other):
    """
    Whatever differs in what is shown differs in what is signed.
    """
    assert (serialise_shown(one) == serialise_shown(other)) == (_typed(one) == _typed(other))
    assert serialise_shown(one) == serialise_shown(dict(reversed(one.items())))
    assert not serialise_shown(one).startswith(b"{")  # the form that arguments have


def _typed(value):
    # To Python, True is 1.
    if isinstance(value, dict):
        return {key: _typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    return (type(value), value)


@pytest.mark.system
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12),
    said=st.dictionaries(st.text("ab", min_size=1, max_size=2), _JSON, max_size=2),
)
def test_no_generated_resource_runs_with_the_approval_of_another(world, name, said):
    """
    Whatever the workspace switches to, the approval of what was shown is none.
    """
    world.ran.clear()
    world.now = SANDBOX
    other = Resource(type="mailbox", id=f"alice/{name}", properties=ResourceProperties(**said))
    world.then(other)

    try:
        world.task().call("mail.send", MAIL)
    except (AccessDenied, ApprovalRequired):
        assert [] == world.ran
    else:
        assert other == SANDBOX
