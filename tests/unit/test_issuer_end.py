"""What an end at the issuer's service leaves: in the feed, in its memory, and in its records."""

from types import SimpleNamespace

import pytest
from tests.unit import test_issuer

from inbounds.errors import DecisionUnavailable
from inbounds.identity.dpop import Proof
from inbounds.identity.signing_keys import SigningKey, thumbprint
from inbounds.live import LiveFeed
from inbounds.model.claims import Authority
from inbounds.pdp import Reply
from inbounds.pep.telemetry import Telemetry
from inbounds.process.ids import uuid7
from inbounds_server.issuer.records import Log
from inbounds_server.issuer.service import Service, Workings
from inbounds_server.issuer.store import Begun, TaskStore

KEY = SigningKey.generate()
URL = "https://issuer.acme.example"
NOW = 1_800_000_000


class Records:
    """An evidence log in memory, which may be full."""

    def __init__(self):
        self.ends = []
        self.full = False

    def decided(self, record):
        if self.full:
            raise DecisionUnavailable("the disk is full", code="evidence.unavailable")
        self.ends.append(record.task)

    def executed(self, _record):
        pass


class Issuer:
    """A service whose policy says that the task is held by this key."""

    def __init__(self, folder):
        self.store = TaskStore(folder / "tasks.sqlite")
        self.feed = LiveFeed(folder / "live.sqlite")
        self.records = Records()
        authority = Authority(**{**test_issuer.AUTHORITY, "deadline": NOW + 600})
        asked = test_issuer.TestStored.ASKED
        self.store.begin(Begun("task-1", "s", thumbprint(KEY.public), asked, authority, 2))
        log = Log(evidence=self.records, telemetry=Telemetry(), key=b"k" * 32, engine="opa")
        self.service = Service(
            Workings(
                folder=SimpleNamespace(settings=SimpleNamespace(issuer=URL)),
                store=self.store,
                pdp=self,
                feed=self.feed,
                log=log,
                fresh=lambda _deadline: None,
                in_force=lambda position: position == self.feed.position,
            )
        )

    def ask(self, _entrypoint, _question, *, deadline):
        assert deadline
        return Reply([{"name": "task-1", "jwk": KEY.public, "issuer": URL}])

    def end(self):
        """End the task as its holder does."""
        claims = {
            "sub": "alice@acme.example",
            "act": {"sub": "spiffe://acme.example/agent/assistant"},
            "aud": "inbounds",
            "tenant": "acme",
            "sid": "s",
            "authorization_details": [{**test_issuer.AUTHORITY, "deadline": NOW + 600}],
        }
        return self.service.end(
            "task-1",
            task=KEY.sign(claims, typ="JWT"),
            chain=[],
            proof=Proof(KEY.public, uuid7(), NOW + 9000),
            allow=lambda _agent: None,
        )


@pytest.fixture
def clock(monkeypatch):
    """The clock of the service, and how far it is ahead."""
    clock = SimpleNamespace(ahead=0)
    monkeypatch.setattr("inbounds.process.clock.now", lambda: NOW + clock.ahead)
    return clock


@pytest.fixture
def issuer(tmp_path, clock):
    issuer = Issuer(tmp_path)
    yield issuer
    issuer.store.close()
    issuer.feed.close()


@pytest.mark.parametrize("ahead", [0, 599, 600, 1200, 86400])
def test_whatever_is_said_to_have_ended_has_ended(issuer, clock, ahead):
    """
    Also where the clock is ahead, and the time of the task seems to be up.
    """
    clock.ahead = ahead
    assert issuer.end()
    clock.ahead = 0
    assert issuer.feed.since("ended", "task-1") is not None
    assert issuer.store.task("task-1").ended
    assert issuer.store.ended() == ("task-1",)


def test_an_end_that_broke_off_is_recorded_when_it_is_repeated(issuer):
    issuer.store.end("task-1")  # and then the service died
    issuer.feed.end("task-1")  # as it does when it begins anew
    assert issuer.end()
    assert issuer.end()
    assert issuer.records.ends == ["task-1"]


def test_an_end_that_the_log_did_not_take_is_recorded_when_it_is_repeated(issuer):
    issuer.records.full = True
    assert issuer.end()
    assert issuer.records.ends == []
    issuer.records.full = False
    assert issuer.end()
    assert issuer.end()
    assert issuer.records.ends == ["task-1"]
    assert issuer.store.task("task-1").ended
