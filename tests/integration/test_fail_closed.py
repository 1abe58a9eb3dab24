"""Whatever goes wrong on the way to a decision: nothing runs, and the error names the cause."""

import contextlib
import gzip
import io
import tarfile

import pytest
from tests import engines
from tests.integration.test_opa_server import answering, drip, misbehaving, raw, reset, silence

from inbounds import (
    AccessDenied,
    ConfigurationError,
    DecisionUnavailable,
    InvalidAnswer,
    Timeout,
    Unreachable,
    assets,
)
from inbounds.evidence.report import report
from inbounds.pdp import DECISION
from inbounds.pdp.embedded import EmbeddedPolicy
from inbounds.pdp.opa import OpaServer

SAYS = """
package inbounds.main

decision := data.deployment.said

decision := {"slow": true} if {
	data.deployment.slow
	every i in numbers.range(1, 300000000) { i > 0 }
}

decision := time.parse_rfc3339_ns(data.deployment.moment)
"""
"""A policy that says of a decision whatever its data holds."""

SAID = {
    "undefined": ({}, InvalidAnswer),
    "nothing": ({"said": {}}, InvalidAnswer),
    "null": ({"said": None}, InvalidAnswer),
    "a number": ({"said": 1}, InvalidAnswer),
    "the boolean alone": ({"said": True}, InvalidAnswer),
    "the text true": ({"said": "true"}, InvalidAnswer),
    "a list": ({"said": [True]}, InvalidAnswer),
    "no decision": ({"said": {"context": {"outcome": "allow"}}}, InvalidAnswer),
    "a decision alone": ({"said": {"decision": True}}, InvalidAnswer),
    "a decision in words": ({"said": {"decision": "true", "context": {}}}, InvalidAnswer),
    "another engine's allow": ({"said": {"allow": True, "result": True}}, InvalidAnswer),
    "a policy that does not end": ({"slow": True}, Timeout),
    "a built-in that fails": ({"moment": "never"}, (InvalidAnswer, Unreachable)),
}
"""What is said of the decision, on both engines, and how that is called."""

WHOLE = b'{"result":{"decision":true,"context":{"outcome":"allow"}}}'
SENT = {
    "truncated": (answering(WHOLE[:-9]), InvalidAnswer),
    "cut off": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", WHOLE), DecisionUnavailable),
    "a member twice": (answering(b'{"result":null,"result":' + WHOLE[10:]), InvalidAnswer),
    "a page": (answering(b"<html>allow</html>"), InvalidAnswer),
    "empty": (answering(b""), InvalidAnswer),
    "a fault of its own": (answering(WHOLE, status="500 Oops"), Unreachable),
    "overloaded": (answering(WHOLE, status="503 Busy"), Unreachable),
    "not allowed to ask": (answering(WHOLE, status="401 No"), Unreachable),
    "not there": (answering(WHOLE, status="404 Not Found"), InvalidAnswer),
    "moved": (answering(WHOLE, status="302 Found", head=b"Location: /\r\n"), InvalidAnswer),
    "silent": (silence, Timeout),
    "dripping": (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 58\r\n\r\n" + WHOLE), Timeout),
    "reset": (reset, Unreachable),
}
"""What comes over the wire from something that is no OPA in order."""


class Deciding:
    """The policy's own PDP, but for decisions, which another one makes."""

    def __init__(self, pdp, decisions):
        self.pdp = pdp
        self.decisions = decisions
        self.name = decisions.name

    def ask(self, entrypoint, question, **how):
        pdp = self.decisions if entrypoint == DECISION else self.pdp
        return pdp.ask(entrypoint, question, **how)

    def close(self):
        self.pdp.close()


@pytest.fixture
def ran(policy):
    """What has run of the one guarded tool."""
    ran = []

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> str:
        ran.append(id)
        return id

    return ran


@contextlib.contextmanager
def decided_by(policy, decisions, *, deadline=0.5):
    """Let another PDP make the decisions of a policy."""
    object.__setattr__(policy.guard.configuration, "deadline", deadline)
    parts = policy.guard._parts
    own, parts.pdp = parts.pdp, Deciding(parts.pdp, decisions)
    try:
        yield
    finally:
        parts.pdp = own


def refused(policy, ran, kind):
    """Call the tool, and see that it was refused, did not run and left one record."""
    with policy.task() as task, pytest.raises(kind) as ei:
        task.call("mail.read", {"id": "42"})

    error = ei.value
    assert ran == []
    assert error.executed == "no"
    assert error.code
    assert str(error)
    counted = report(policy.guard.evidence, task.id)
    assert (counted.ran, len(counted.unavailable) + len(counted.refused)) == (0, 1)
    return error


@pytest.fixture(scope="module")
def saying_opa():
    """An OPA that says of a decision whatever `data.deployment` holds."""
    replace = {"inbounds/main/main.rego": SAYS}
    with engines.opa([engines.RULES], roots=["inbounds", "system"], replace=replace) as opa:
        yield opa


@pytest.fixture(scope="module")
def saying_embedded(tmp_path_factory):
    """An embedded policy that says of a decision whatever `data.deployment` holds."""
    folder = tmp_path_factory.mktemp("saying")
    keys = engines.signing_keys(folder)
    wasm = engines.build_wasm(
        [engines.RULES],
        folder / "policy.wasm.tar.gz",
        keys=keys,
        roots=["inbounds", "system"],
        replace={"inbounds/main/main.rego": SAYS},
    )
    policy = EmbeddedPolicy(wasm, key=keys.public, deployment={})
    yield policy
    policy.close()


class TestSaid:
    @pytest.mark.parametrize("what", SAID)
    def test_by_opa(self, policy, ran, saying_opa, what):
        """
        Nothing runs on an answer of OPA that is no decision.
        """
        deployment, kind = SAID[what]
        saying_opa.put("deployment", deployment)
        pdp = OpaServer(saying_opa.url)

        with decided_by(policy, pdp):
            refused(policy, ran, kind)
        pdp.close()

    @pytest.mark.parametrize("what", SAID)
    def test_embedded(self, policy, ran, saying_embedded, what):
        """
        Nothing runs on an answer of the embedded policy that is no decision.
        """
        deployment, kind = SAID[what]
        saying_embedded.replace_deployment(deployment)

        with decided_by(policy, saying_embedded):
            refused(policy, ran, kind)


class TestSent:
    @pytest.mark.parametrize("what", SENT)
    def test_over_the_wire(self, policy, ran, what):
        """
        Nothing runs on what is no answer of an OPA.
        """
        script, kind = SENT[what]

        with misbehaving(script) as url:
            pdp = OpaServer(url)
            with decided_by(policy, pdp):
                refused(policy, ran, kind)
            pdp.close()

    def test_nobody_there(self, policy, ran):
        """
        Nothing runs while OPA is down.
        """
        pdp = OpaServer(f"http://127.0.0.1:{engines.free_port()}")

        with decided_by(policy, pdp):
            refused(policy, ran, Unreachable)

    def test_before_the_first_bundle(self, policy, ran):
        """
        Nothing runs while OPA has no policy; that is no denial.
        """
        with engines.opa() as empty:
            pdp = OpaServer(empty.url)
            with decided_by(policy, pdp):
                refused(policy, ran, DecisionUnavailable)
            pdp.close()


class TestFeed:
    def test_stale(self, policy, ran):
        """
        Nothing runs on a feed that nobody has refreshed.
        """
        feed = policy.guard._parts._development.feed
        policy._policy.push_live(feed.snapshot(as_of=1_700_000_000))
        policy.guard._parts.refresh_live = lambda: None

        error = refused(policy, ran, AccessDenied)

        assert error.code == "task.revocation_feed_stale"

    def test_never_pushed(self, policy, ran):
        """
        Nothing runs before the feed is there at all.
        """
        policy.guard._parts.refresh_live = lambda: None

        error = refused(policy, ran, AccessDenied)

        assert error.code == "task.revocation_feed_stale"

    @pytest.mark.parametrize("missing", ["ended", "revoked", "switches", "head", "generation"])
    def test_a_part_is_missing(self, policy, ran, missing):
        """
        Nothing runs on a feed of which a part is missing.
        """
        snapshot = policy.guard._parts._development.feed.snapshot()
        del snapshot[missing]
        policy._policy.push_live(snapshot)
        policy.guard._parts.refresh_live = lambda: None

        error = refused(policy, ran, AccessDenied)

        assert error.code == "task.revocation_feed_stale"

    def test_from_the_future(self, policy, ran):
        """
        Nothing runs on a feed that says it is of a time to come.
        """
        feed = policy.guard._parts._development.feed
        policy._policy.push_live(feed.snapshot(as_of=4_000_000_000))
        policy.guard._parts.refresh_live = lambda: None

        error = refused(policy, ran, AccessDenied)

        assert error.code == "task.revocation_feed_stale"


class TestBundles:
    @pytest.mark.parametrize("member", ["/policy.wasm", "/data.json", "/.manifest"])
    def test_tampered(self, tmp_path, member):
        """
        A bundle of which one byte is another is not loaded.
        """
        spoilt = tmp_path / "policy.wasm.tar.gz"
        spoil(assets.wasm_bundle(), spoilt, member)

        with pytest.raises(ConfigurationError):
            EmbeddedPolicy(spoilt, key=assets.release_key(), deployment={})

    def test_signed_by_another(self, tmp_path):
        """
        A bundle that another key signed is not loaded.
        """
        other = engines.signing_keys(tmp_path)

        with pytest.raises(ConfigurationError):
            EmbeddedPolicy(assets.wasm_bundle(), key=other.public, deployment={})


def spoil(bundle, into, member):
    """Copy a bundle with one byte of a member changed."""
    packed = io.BytesIO(gzip.decompress(bundle.read_bytes()))
    names = []
    with tarfile.open(fileobj=packed) as source, tarfile.open(into, "w:gz") as target:
        for info in source.getmembers():
            content = bytearray(source.extractfile(info).read())
            names.append("/" + info.name.lstrip("/"))
            if names[-1] == member:
                place = content.rindex(b"e")
                content[place : place + 1] = b"f"
            target.addfile(info, io.BytesIO(bytes(content)))
    assert member in names
