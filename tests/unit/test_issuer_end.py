"""What an end at the issuer's service leaves: in the feed, in its memory, and in its records."""

from types import SimpleNamespace

import pytest
from tests.unit import test_issuer

from inbounds.errors import DecisionUnavailable, TokenInvalid
from inbounds.identity.dpop import Proof
from inbounds.identity.signing_keys import SigningKey, thumbprint
from inbounds.live import LiveFeed
from inbounds.model.claims import Authority
from inbounds.pdp import Reply
from inbounds.pep.telemetry import Telemetry
from inbounds.process.ids import uuid7
from inbounds_server.issuer.records import Log
from inbounds_server.issuer.request_limits import Limited
from inbounds_server.issuer.service import Service, Workings
from inbounds_server.issuer.store import Begun, TaskStore

KEY, DELEGATE = SigningKey.generate(), SigningKey.generate()
AGENT, OTHER = (f"spiffe://acme.example/agent/{name}" for name in ("assistant", "researcher"))
URL = "https://issuer.acme.example"
NOW = 1_800_000_000


class Records:
    """An evidence log in memory, which may be full."""

    def __init__(self):
        self.ends = []
        self.agents = []
        self.full = False

    def decided(self, record):
        if self.full:
            raise DecisionUnavailable("the disk is full", code="evidence.unavailable")
        self.ends.append(record.task)
        self.agents.append(record.agent)

    def executed(self, _record):
        pass


class Issuer:
    """A service whose policy says that the task is held by this key."""

    def __init__(self, folder):
        self.store = TaskStore(folder / "tasks.sqlite")
        self.feed = LiveFeed(folder / "live.sqlite")
        self.records = Records()
        self.counted = []
        self.repeated = []
        self.above = []
        self.below = []
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
            )
        )

    def ask(self, _entrypoint, _question, *, deadline):
        assert deadline
        held = [("task-1", KEY), *self.below]
        return Reply([{"name": name, "jwk": key.public, "issuer": URL} for name, key in held])

    def end(self, name="task-1", *below, key=KEY):
        """End the task as its holder does, or a hop.

        Args:
            name: What ends.
            below: The hops down to it or further: the id, the key that holds it, and its agent.
            key: The key of who asks.
        """
        self.below, above, signer, chain = [], "task-1", KEY, []
        for hop, holder, agent in below:
            above = f"{above}/{hop}"
            self.below.append((above, holder))
            claims = {"act": {"sub": agent}} if agent else {}
            chain.append(signer.sign(claims, typ="task-child+jwt", named=False))
            signer = holder
        claims = {
            "sub": "alice@acme.example",
            "act": {"sub": AGENT},
            "aud": "inbounds",
            "tenant": "acme",
            "sid": "s",
            "authorization_details": [{**test_issuer.AUTHORITY, "deadline": NOW + 600}],
        }
        end = self.service.end(
            name,
            task=KEY.sign(claims, typ="JWT"),
            chain=chain,
            proof=Proof(key.public, uuid7(), NOW + 9000),
            allow=self.count,
        )
        return end.position == self.feed.position

    def count(self, *whose, again):
        (self.repeated if again else self.counted).append(whose[-1])
        self.above.append(whose[:-1])


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


HOP = ("a", DELEGATE, OTHER)
BELOW = ("x", SigningKey.generate(), "")


def test_an_end_counts_against_who_signs_it_and_its_record_names_that_agent(issuer):
    assert issuer.end("task-1/a/x", HOP, BELOW, key=DELEGATE)
    assert issuer.end("task-1/a", HOP, key=DELEGATE)
    assert issuer.end("task-1/b", ("b", DELEGATE, OTHER))

    assert issuer.counted == [thumbprint(DELEGATE.public), thumbprint(DELEGATE.public), AGENT]
    assert issuer.records.ends == ["task-1/a/x", "task-1/a", "task-1/b"]
    assert issuer.records.agents == [OTHER, OTHER, AGENT]


def test_an_end_counts_for_all_above_who_signs_it_up_to_the_agent_of_the_task(issuer):
    key, mine = BELOW[1], thumbprint(DELEGATE.public)
    assert issuer.end("task-1/a/x/y", HOP, BELOW, ("y", KEY, ""), key=key)
    assert issuer.end("task-1/a/x", HOP, BELOW, key=DELEGATE)
    assert issuer.end("task-1/a", HOP)
    assert issuer.end("task-1/a", HOP, key=DELEGATE)

    assert issuer.above == [(AGENT, mine), (AGENT,), (), (AGENT,)]
    assert issuer.counted == [thumbprint(key.public), mine, AGENT]


def test_a_token_that_names_no_agent_was_made_by_the_one_above(issuer):
    assert issuer.end("task-1/a/x", HOP, BELOW, key=BELOW[1])
    assert issuer.records.agents == [OTHER]


def test_what_is_over_is_neither_counted_nor_recorded(issuer, clock):
    assert issuer.end("task-1/a", HOP)
    left = issuer.feed.position, list(issuer.records.ends), list(issuer.counted)
    for key in (KEY, DELEGATE):
        assert issuer.end("task-1/a", HOP, key=key)
        assert issuer.end("task-1/a/x", HOP, BELOW, key=key)
    clock.ahead = 600 + 300 + 1
    beside = ("b", DELEGATE, OTHER)
    for name in ("task-1/b", "task-1/b/x"):
        assert not issuer.end(name, beside, BELOW, key=DELEGATE)
        assert issuer.feed.since("ended", name) is None
    # What has ended is known to have, also then.
    assert issuer.end("task-1/a", HOP, key=DELEGATE)
    assert issuer.end("task-1/a/x", HOP, BELOW, key=DELEGATE)

    assert (issuer.feed.position, issuer.records.ends, issuer.counted) == left


def test_every_end_of_what_is_over_counts_apart(issuer):
    """
    Also of one's own task, also below what has ended, and also where it is still to be recorded.
    """
    issuer.records.full = True
    for _ in range(2):
        assert issuer.end()
    assert issuer.end("task-1/a", HOP)
    assert issuer.end("task-1/a/x", HOP, BELOW, key=DELEGATE)

    assert issuer.counted == []
    assert issuer.repeated == [AGENT, AGENT, thumbprint(DELEGATE.public)]


def test_an_end_that_was_asked_for_too_often_is_not_looked_at(issuer, monkeypatch):
    assert issuer.end("task-1/a", HOP)

    def refuse(*_, again):
        raise Limited(f"too many, {again}")

    monkeypatch.setattr(issuer, "count", refuse)
    with pytest.raises(Limited, match="True"):
        issuer.end("task-1/a", HOP)


def test_a_task_that_an_operator_ended_is_recorded_once_when_its_holder_ends_it(issuer):
    issuer.feed.end("task-1")
    assert issuer.end()
    assert issuer.end()
    assert issuer.records.ends == ["task-1"]
    assert issuer.store.task("task-1").ended


def test_the_end_of_a_hop_that_the_log_did_not_take_is_recorded_when_it_is_repeated(issuer):
    issuer.records.full = True
    assert issuer.end("task-1/a", HOP, key=DELEGATE)
    issuer.records.full = False
    for _ in range(3):
        assert issuer.end("task-1/a", HOP, key=DELEGATE)
    assert issuer.records.ends == ["task-1/a"]


def test_who_holds_a_hop_takes_no_room_of_who_is_above(issuer, monkeypatch):
    monkeypatch.setattr("inbounds_server.issuer.service.MOST_ENDED_HOPS", 32)
    for name in ("x", "y"):
        assert issuer.end(f"task-1/a/{name}", HOP, (name, DELEGATE, ""), key=DELEGATE)
    with pytest.raises(Limited):
        issuer.end("task-1/a/z", HOP, ("z", DELEGATE, ""), key=DELEGATE)

    assert not issuer.store.lacks_end_record("task-1/a/z")
    assert issuer.end("task-1/b", ("b", DELEGATE, OTHER))
    assert issuer.end("task-1/a", HOP)


def test_a_hop_whose_id_is_no_step_is_nobody_s(issuer):
    with pytest.raises(TokenInvalid) as caught:
        issuer.end("task-1/a/b", ("a/b", DELEGATE, OTHER))
    assert caught.value.code == "issuer.not_the_holder"
    assert issuer.feed.since("ended", "task-1/a/b") is None


def test_a_note_of_an_end_goes_with_the_time_of_its_task(issuer, clock):
    issuer.store.end_hop("task-0/a", NOW + 1)
    clock.ahead = 2
    issuer.store.end_hop("task-1/a", NOW + 600)
    assert not issuer.store.lacks_end_record("task-0/a")
    assert issuer.store.lacks_end_record("task-1/a")
