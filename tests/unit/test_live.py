"""The owner of the revocation feed keeps what it was told, in order, and signs it whole."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import threading
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import jwt
import pytest
import rfc8785

from inbounds.errors import ConfigurationError, DecisionUnavailable, InvalidAnswer, Unreachable
from inbounds.identity.signing_keys import SigningKey
from inbounds.live import LiveFeed, Pusher, coherent
from inbounds.live.coherence import signed_by
from inbounds.live.feed import SILENT, Position
from inbounds.live.head import entries_digest
from inbounds.live.push import Course
from inbounds.live.store import require_not_lost
from inbounds.live.wait import behind
from inbounds.model.deployment import LiveHead, LiveNow

KEY = SigningKey.generate()
AGENT = "spiffe://acme.example/agent/a~b"


class Time:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def feed(tmp_path: Path, time: Time):
    feed = LiveFeed(tmp_path / "live.sqlite", KEY, now=time, monotonic=time)
    yield feed
    feed.close()


def claims(now: dict[str, Any]) -> LiveHead:
    head = jwt.decode(now["head"], jwt.PyJWK({**KEY.public, "alg": "ES256"}).key, ["ES256"])
    return LiveHead.model_validate(head)


# --- the feed ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_what_is_read_step_by_step_is_what_is_there(feed, time, tmp_path, seed) -> None:
    """
    Whatever came and went in between, by this process or another one.
    """
    r = Random(seed)
    other = LiveFeed(tmp_path / "live.sqlite", KEY, now=time, monotonic=time, retention=100)
    held = [feed.entries()]
    before = [copy.deepcopy(held[0])]
    for _ in range(60):
        name = f"x-{r.randrange(8)}"
        how = r.choice(("end", "revoke", "revoke_issued", "kill", "release", "rotate", "prune"))
        by = r.choice((feed, other))
        if how in ("rotate", "prune"):
            time.now += 60
            getattr(other, how)()
        elif how == "revoke_issued":
            time.now += r.choice([0, 1])
            by.revoke_issued(f"agent:{name}")
        else:
            getattr(by, how)(f"task:{name}" if how in ("kill", "release") else name)
        if r.random() < 0.6:
            fresh = LiveFeed(tmp_path / "live.sqlite")
            assert feed.entries() == fresh.entries()
            fresh.close()
            held.append(feed.entries())
            before.append(copy.deepcopy(held[-1]))
    # What was given out stays as it was.
    assert held == before
    other.close()


def test_an_empty_feed_has_its_lists_and_a_signed_head(feed: LiveFeed, time: Time) -> None:
    now = feed.snapshot()
    LiveNow.model_validate(now)
    coherent(now)
    assert {kind: now[kind] for kind in ("ended", "revoked", "switches")} == {
        "ended": {"_": 0},
        "revoked": {"_": 0},
        "switches": {"_": 0},
    }
    assert claims(now) == LiveHead(
        as_of=int(time.now), generation=now["generation"], seq=0, digest=entries_digest(now)
    )
    assert jwt.get_unverified_header(now["head"]) == {
        "alg": "ES256",
        "kid": KEY.kid,
        "typ": "live-head+jwt",
    }


def test_every_change_counts_and_is_kept(tmp_path: Path, feed: LiveFeed, time: Time) -> None:
    at = int(time.now)
    assert [
        feed.end("task-1").seq,
        feed.revoke("token-1").seq,
        feed.kill("fleet").seq,
        feed.kill(f"agent:{AGENT}").seq,
        feed.kill("task:task-2").seq,
    ] == [1, 2, 3, 4, 5]
    again = LiveFeed(tmp_path / "live.sqlite", KEY, now=time)
    now = again.snapshot()
    coherent(now)
    assert now["seq"] == 5
    assert now["generation"] == feed.position.generation
    assert now["ended"] == {"_": 0, "task-1": at}
    assert now["revoked"] == {"_": 0, "token-1": at}
    assert now["switches"] == {"_": 0, "fleet": at, f"agent:{AGENT}": at, "task:task-2": at}
    again.close()


def test_what_is_said_twice_changes_nothing(feed: LiveFeed, time: Time) -> None:
    first = feed.end("task-1")
    time.now += 60
    assert feed.end("task-1") == first
    assert feed.snapshot()["ended"]["task-1"] == 1_800_000_000
    assert feed.release("fleet") == first


def test_all_that_was_issued_is_revoked_anew_and_never_for_less(feed: LiveFeed, time: Time) -> None:
    first = feed.revoke_issued("agent:spiffe://acme.example/a")
    assert feed.revoke_issued("agent:spiffe://acme.example/a") == first
    time.now += 60
    assert feed.revoke_issued("agent:spiffe://acme.example/a").seq == first.seq + 1
    assert feed.snapshot()["revoked"]["agent:spiffe://acme.example/a"] == 1_800_000_060
    time.now -= 3_600
    feed.revoke_issued("agent:spiffe://acme.example/a")
    assert feed.snapshot()["revoked"]["agent:spiffe://acme.example/a"] == 1_800_000_060


@pytest.mark.parametrize("whose", ["", "agent:", "issuer:", "fleet", "task:x", "agents:x", "agent"])
def test_who_is_neither_an_agent_nor_an_issuer_has_nothing_revoked(
    feed: LiveFeed, whose: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        feed.revoke_issued(whose)
    assert refused.value.code == "live.not_an_id"
    assert feed.snapshot()["revoked"] == {"_": 0}


def test_a_switch_can_be_taken_back_and_an_end_cannot(feed: LiveFeed) -> None:
    feed.end("task-1")
    feed.kill("fleet")
    feed.release("fleet")
    now = feed.snapshot()
    assert now["switches"] == {"_": 0}
    assert "task-1" in now["ended"]
    assert not hasattr(feed, "unend")


@pytest.mark.parametrize("name", ["", "_", "x" * 257, "a\nb", "a\x00b", "\u202e"])
def test_what_is_no_id_is_refused(feed: LiveFeed, name: str) -> None:
    for change in (feed.end, feed.revoke):
        with pytest.raises(ConfigurationError) as refused:
            change(name)
        assert refused.value.code == "live.not_an_id"
    assert feed.position.seq == 0


@pytest.mark.parametrize("name", ["", "_", "Fleet", "agent", "agent:", "task:", "fleet2", "x:y"])
def test_what_is_no_switch_is_refused(feed: LiveFeed, name: str) -> None:
    for change in (feed.kill, feed.release):
        with pytest.raises(ConfigurationError) as refused:
            change(name)
        assert refused.value.code == "live.not_a_switch"


@pytest.mark.parametrize("prefix", ["agent:spiffe://a/", "task:"])
def test_a_switch_names_whatever_id_a_deployment_may_name(feed: LiveFeed, prefix: str) -> None:
    kind, _, begun = prefix.partition(":")
    longest = begun + "x" * (256 - len(begun))
    feed.kill(f"{kind}:{longest}")
    with pytest.raises(ConfigurationError) as refused:
        feed.kill(f"{kind}:{longest}x")
    assert refused.value.code == "live.not_an_id"


def test_it_is_told_since_when_and_how_long_an_entry_is_kept(feed: LiveFeed, time: Time) -> None:
    assert feed.since("ended", "task-1") is None
    feed.end("task-1")
    feed.kill("fleet")
    assert feed.since("ended", "task-1") == int(time.now)
    assert feed.since("revoked", "task-1") is None
    ended, thrown = feed.entries().ordered
    feed.prune()
    until = feed.kept_until([ended])[ended]
    assert until == int(time.now) + 30 * 86400
    assert feed.kept_until([thrown])[thrown] is None
    feed.prune()  # from here on the time that passes is seen
    time.now = float(until)
    assert feed.prune() == 0
    time.now += 1
    assert feed.prune() == 1


def test_old_entries_are_dropped_and_switches_never(feed: LiveFeed, time: Time) -> None:
    feed.end("old")
    feed.kill("fleet")
    feed.prune()
    time.now += 31 * 86400
    feed.end("young")
    before = feed.position
    assert feed.prune() == 1
    now = feed.snapshot()
    coherent(now)
    assert set(now["ended"]) == {"_", "young"}
    assert set(now["switches"]) == {"_", "fleet"}
    assert now["seq"] == before.seq + 1
    assert feed.prune() == 0
    assert feed.position.seq == before.seq + 1


def test_a_generation_is_never_used_again(feed: LiveFeed) -> None:
    feed.end("task-1")
    generations = {feed.rotate().generation for _ in range(5)}
    assert len(generations) == 5
    assert "task-1" in feed.snapshot()["ended"]


def test_changes_from_many_threads_are_all_kept_in_one_order(tmp_path: Path) -> None:
    feeds = [LiveFeed(tmp_path / "live.sqlite", KEY) for _ in range(2)]

    def end(number: int) -> None:
        for turn in range(10):
            feeds[number % 2].end(f"task-{number}-{turn}")

    threads = [threading.Thread(target=end, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = feeds[0].entries()
    assert [entry.seq for entry in entries.ordered] == list(range(1, 61))
    assert len(entries.lists["ended"]) == 61
    for feed in feeds:
        feed.close()


def test_a_lost_file_is_an_error_and_not_an_empty_feed(tmp_path: Path, feed: LiveFeed) -> None:
    feed.end("task-1")
    (tmp_path / "live.sqlite").unlink()
    for use in (feed.snapshot, lambda: feed.end("task-2")):
        with pytest.raises(DecisionUnavailable) as refused:
            use()
        assert refused.value.code == "live.unavailable"


def test_to_end_a_task_takes_no_key_and_to_sign_does(tmp_path: Path, feed: LiveFeed) -> None:
    keyless = LiveFeed(tmp_path / "live.sqlite")
    keyless.end("task-1")
    assert "task-1" in feed.snapshot()["ended"]
    with pytest.raises(ConfigurationError) as refused:
        keyless.snapshot()
    assert refused.value.code == "live.no_key"
    keyless.close()


def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "live.sqlite").write_text("something else")
    with pytest.raises(ConfigurationError):
        LiveFeed(tmp_path / "live.sqlite", KEY)


@pytest.mark.parametrize("head", ["", "x", "a.b", "!.e30.x", "e30.e30.x", "W10.e30.x", "é.e30.x"])
def test_what_names_no_key_is_signed_by_none(head: str) -> None:
    assert signed_by(head) == ""


def test_a_head_names_the_key_that_signed_it(feed: LiveFeed) -> None:
    assert signed_by(feed.snapshot()["head"]) == KEY.kid


# --- coherence -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda now: now["ended"].pop("task-1"),
        lambda now: now["ended"].update({"task-2": 1}),
        lambda now: now["ended"].update({"task-1": 1}),
        lambda now: now["ended"].pop("_"),
        lambda now: now["revoked"].update({"_": 1}),
        lambda now: now.pop("switches"),
        lambda now: now.update({"ended": None}),
        lambda now: now.update({"ended": {"task-1": "soon"}}),
        lambda now: now.update({"seq": now["seq"] + 1}),
        lambda now: now.update({"generation": "other"}),
        lambda now: now.update({"extra": {}}),
        lambda now: now.update({"head": ""}),
        lambda now: now.update({"head": "a.b"}),
        lambda now: now.update({"head": "a.!.c"}),
        lambda now: now.update({"head": "a.\u00e9.c"}),
        lambda now: now.update({"head": KEY.sign({"as_of": 1}, typ="live-head+jwt")}),
        lambda now: now.update({"ended": now["revoked"], "revoked": now["ended"]}),
    ],
)
def test_a_feed_that_is_not_of_one_piece_is_refused(feed: LiveFeed, change: Any) -> None:
    feed.end("task-1")
    now = feed.snapshot()
    coherent(now)
    change(now)
    with pytest.raises(ConfigurationError) as refused:
        coherent(now)
    assert refused.value.code == "live.incoherent"


@pytest.mark.parametrize("name", ["task-1", 'a"\\b/c', "caf\u00e9", "\ue000", "\U0001f600"])
def test_the_digest_is_over_rfc_8785_whatever_the_ids_are(name: str) -> None:
    lists = {"ended": {name: 1, "_": 0, "\ufb33": 2}, "revoked": {"_": 0}, "switches": {name: 3}}
    expected = hashlib.sha256(rfc8785.dumps(lists)).hexdigest()
    assert entries_digest(lists) == f"sha256:{expected}"
    ascii_only = {**lists, "ended": {"b": 1, "a": 2, "_": 0}, "switches": {"_": 0}}
    expected = hashlib.sha256(rfc8785.dumps(ascii_only)).hexdigest()
    assert entries_digest(ascii_only) == f"sha256:{expected}"


def test_no_empty_feed_takes_the_place_of_a_service_s(tmp_path: Path) -> None:
    path = tmp_path / "live.sqlite"
    require_not_lost(path)
    (tmp_path / "tasks.sqlite").touch()
    with pytest.raises(ConfigurationError) as refused:
        require_not_lost(path)
    assert refused.value.code == "live.lost"
    path.touch()  # as the error says
    require_not_lost(path)
    LiveFeed(path).close()


# --- pushing -------------------------------------------------------------------------------


class Whole:
    """A target that takes the whole feed, as the embedded engine does."""

    def __init__(self) -> None:
        self.now: dict[str, Any] | None = None
        self.wholes = 0

    def push_live(self, now: Any) -> None:
        self.now = copy.deepcopy(dict(now))
        self.wholes += 1


class Patched(Whole):
    """A target that takes JSON Patch as OPA does: `add`, `replace`, all or nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.patches: list[list[dict[str, Any]]] = []
        self.lost = False

    def heartbeat(self, operations: list[dict[str, Any]]) -> None:
        if self.lost:
            raise Unreachable("the network")
        draft = copy.deepcopy(self.now)
        for operation in operations:
            *path, last = [
                step.replace("~1", "/").replace("~0", "~")
                for step in operation["path"].split("/")[1:]
            ]
            place: Any = draft
            for step in path:
                place = (place or {}).get(step)
            if place is None or (operation["op"] == "replace" and last not in place):
                raise InvalidAnswer("not there")
            place[last] = operation["value"]
        self.now = draft
        self.patches.append(operations)

    def read(self, member: str = "") -> Any:
        return self.now if not member or self.now is None else self.now.get(member)


def paths(operations: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(operation["op"], operation["path"]) for operation in operations]


def test_the_first_push_is_whole_and_a_heartbeat_only_replaces_the_head(
    feed: LiveFeed, time: Time
) -> None:
    target = Patched()
    course = Course("t", target)
    course.beat(feed)
    time.now += 1
    course.beat(feed)
    assert target.wholes == 1
    assert [paths(patch) for patch in target.patches] == [[("replace", "/head")]]
    assert claims(target.now).as_of == int(time.now)
    coherent(target.now)


def test_a_change_goes_out_beside_the_head_and_shows_the_last_one_is_there(
    feed: LiveFeed,
) -> None:
    target = Patched()
    course = Course("t", target)
    feed.end("task-1")
    course.beat(feed)
    feed.kill(f"agent:{AGENT}")
    feed.revoke("token-1")
    course.beat(feed)
    course.beat(feed)
    switch = "/switches/agent:spiffe:~1~1acme.example~1agent~1a~0b"
    assert [paths(patch) for patch in target.patches] == [
        [
            ("replace", "/ended/task-1"),
            ("add", switch),
            ("add", "/revoked/token-1"),
            ("replace", "/seq"),
            ("replace", "/head"),
        ],
        [("replace", "/revoked/token-1"), ("replace", "/head")],
    ]
    coherent(target.now)
    assert target.now["switches"].keys() == {"_", f"agent:{AGENT}"}


def test_a_lost_push_followed_by_a_good_one_carries_the_lost_entries(feed: LiveFeed) -> None:
    target = Patched()
    course = Course("t", target)
    course.beat(feed)
    feed.end("task-1")
    target.lost = True
    with pytest.raises(Unreachable):
        course.beat(feed)
    assert course.held is None
    target.lost = False
    feed.end("task-2")
    course.beat(feed)
    assert target.wholes == 2
    assert target.now["ended"].keys() == {"_", "task-1", "task-2"}
    coherent(target.now)


@pytest.mark.parametrize("left", [None, {"generation": "another", "seq": 0}], ids=["empty", "else"])
def test_a_heartbeat_alone_never_speaks_for_an_emptied_target(feed: LiveFeed, left: Any) -> None:
    target = Patched()
    course = Course("t", target)
    feed.end("task-1")
    course.beat(feed)
    target.now = copy.deepcopy(left)
    with pytest.raises(InvalidAnswer):
        course.beat(feed)
    assert target.now == left
    course.beat(feed)
    coherent(target.now)
    assert "task-1" in target.now["ended"]


def test_a_target_that_went_back_in_time_is_given_the_whole(feed: LiveFeed) -> None:
    target = Patched()
    course = Course("t", target)
    course.beat(feed)
    early = copy.deepcopy(target.now)
    feed.end("task-1")
    course.beat(feed)
    target.now = early
    feed.end("task-2")  # the next heartbeat would otherwise bless a feed without task-1
    with pytest.raises(InvalidAnswer):
        course.beat(feed)
    assert "task-2" not in target.now["ended"]
    course.beat(feed)
    assert target.now["ended"].keys() == {"_", "task-1", "task-2"}


def test_a_target_that_somebody_else_writes_is_found_out(feed: LiveFeed) -> None:
    target = Patched()
    course = Course("t", target)
    course.beat(feed)
    target.now["seq"] = 99
    with pytest.raises(InvalidAnswer) as refused:
        course.beat(feed)
    assert refused.value.code == "live.overwritten"
    course.beat(feed)
    coherent(target.now)


def test_entries_that_were_changed_are_found_by_the_audit(feed: LiveFeed) -> None:
    target = Patched()
    course = Course("t", target, audit=0)
    feed.end("task-1")
    feed.end("task-2")
    course.beat(feed)
    del target.now["ended"]["task-1"]
    with pytest.raises(InvalidAnswer):
        course.beat(feed)
    course.beat(feed)
    coherent(target.now)


def test_a_large_feed_is_read_back_no_more_than_a_tenth_of_the_time(
    feed: LiveFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A heartbeat waits for it: were every change of a large feed read back, none would be in time.
    """
    passed, read = 0.0, Patched.read
    wholes: list[float] = []

    def slow(target: Patched, member: str = "") -> Any:
        nonlocal passed
        if not member:
            wholes.append(passed)
            passed += 1.5
        return read(target, member)

    monkeypatch.setattr(Patched, "read", slow)
    monkeypatch.setattr("inbounds.process.clock.monotonic", lambda: passed)
    target = Patched()
    course = Course("t", target, audit=1e9)
    for number in range(100):
        feed.end(f"task-{number}")
        course.beat(feed)
        passed += 1.0
    gaps = [after - before for before, after in pairwise(wholes)]
    assert len(wholes) >= 4
    assert min(gaps[1:]) >= 15
    # The last change is read back as well, though nothing changes after it.
    del target.now["ended"]["task-7"]
    before = len(wholes)
    while len(wholes) == before:
        passed += 1.0
        with contextlib.suppress(InvalidAnswer):
            course.beat(feed)
    assert course.held is None


def test_what_leaves_the_feed_and_another_generation_need_the_whole(
    feed: LiveFeed, time: Time
) -> None:
    target = Patched()
    course = Course("t", target)
    feed.end("old")
    feed.kill("fleet")
    course.beat(feed)
    feed.release("fleet")
    course.beat(feed)
    assert target.wholes == 2
    feed.prune()
    time.now += 31 * 86400
    feed.prune()
    course.beat(feed)
    assert target.wholes == 3
    feed.rotate()
    course.beat(feed)
    assert target.wholes == 4
    assert target.patches == []
    coherent(target.now)


def test_a_target_that_takes_only_the_whole_gets_it_each_time(feed: LiveFeed) -> None:
    target = Whole()
    course = Course("t", target)
    course.beat(feed)
    feed.end("task-1")
    course.beat(feed)
    assert target.wholes == 2
    coherent(target.now)


class Wait(Whole):
    """A target that says when it was pushed to."""

    def __init__(self) -> None:
        super().__init__()
        self.pushed = threading.Event()

    def push_live(self, now: Any) -> None:
        super().push_live(now)
        self.pushed.set()


class Stuck(Whole):
    """A target that hangs, and then is not there."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def push_live(self, _now: Any) -> None:
        self._stop.wait(10)
        raise Unreachable("gone")


class Raises(Whole):
    def push_live(self, _now: Any) -> None:
        raise RuntimeError("a bug")


def test_targets_are_served_each_on_its_own_and_noted(tmp_path: Path) -> None:
    feed = LiveFeed(tmp_path / "live.sqlite", KEY)
    stop = threading.Event()
    good = Wait()
    pusher = Pusher(
        feed,
        {"good": good, "stuck": Stuck(stop), "raises": Raises()},
        interval=30,
    )
    runner = threading.Thread(target=pusher.run, args=(stop,))
    runner.start()
    try:
        assert good.pushed.wait(5)
        good.pushed.clear()
        position = feed.end("task-1")  # not awaiting the interval
        assert good.pushed.wait(5)
        assert "task-1" in good.now["ended"]
    finally:
        stop.set()
        runner.join(10)
    notes = {note.target: note for note in feed.acknowledgements()}
    assert notes["good"].position == position
    assert notes["good"].fault == ""
    assert "gone" in notes["stuck"].fault
    assert notes["raises"].position == Position("", 0)
    feed.close()
    again = LiveFeed(tmp_path / "live.sqlite")
    assert again.acknowledgements() == ()
    again.close()


def test_a_target_counts_as_behind_before_anything_was_pushed_to_it(feed: LiveFeed) -> None:
    Pusher(feed, {"silent": Whole(), "other": Whole()})
    position = feed.kill("fleet")
    assert behind(feed, position, 0) == {"silent": "no answer yet", "other": "no answer yet"}
    feed.acknowledge("other", position)
    assert behind(feed, position, 0) == {"silent": "no answer yet"}
    feed.acknowledge("silent", position)
    assert behind(feed, position, 0) == {}


def test_the_targets_of_two_that_serve_are_each_its_own(
    feed: LiveFeed, tmp_path: Path, time: Time
) -> None:
    Pusher(feed, {"both": Whole(), "one": Whole()})
    position = feed.kill("fleet")
    for target in ("both", "one"):
        feed.acknowledge(target, position)
    other = LiveFeed(tmp_path / "live.sqlite", now=time, monotonic=time)
    Pusher(other, {"both": Whole(), "two": Whole()})
    # That the second one begins takes back nothing that the first one knows.
    assert behind(feed, position, 0) == {"two": "no answer yet"}
    # What one of them knows of a target counts, whatever the other one does not.
    other.acknowledge("both", Position("", 0), fault="gone")
    assert "both" not in behind(feed, position, 0)
    other.close()
    assert [note.target for note in feed.acknowledgements()] == ["both", "one"]
    assert behind(feed, position, 0) == {}


def test_targets_of_who_died_count_until_nothing_of_his_has_changed_for_long(
    feed: LiveFeed, tmp_path: Path, time: Time
) -> None:
    died = LiveFeed(tmp_path / "live.sqlite", now=time, monotonic=time)
    lives = LiveFeed(tmp_path / "live.sqlite", now=time, monotonic=time)
    passed = time.now
    watch = LiveFeed(tmp_path / "live.sqlite", now=time, monotonic=lambda: passed)
    for one, name in ((died, "a"), (lives, "b"), (watch, "c")):
        Pusher(one, {name: Whole()})

    def look(seconds: float, clock: float) -> list[str]:
        nonlocal passed
        passed, time.now = passed + seconds, time.now + clock
        lives.acknowledge("b", feed.position)
        watch.forget_silent()
        return [note.target for note in feed.acknowledgements()]

    assert look(0, 0) == ["a", "b", "c"]
    # However far the clock is set.
    assert look(1, 86400 * 365) == ["a", "b", "c"]
    assert look(SILENT - 2, 1) == ["a", "b", "c"]
    assert look(1, 1) == ["b", "c"]
    died._owner = ""  # whoever died closes nothing
    for one in (died, lives, watch):
        one.close()


def test_what_was_put_is_said_to_be_put_with_its_key_and_not_to_be_in_force(
    feed: LiveFeed, caplog: pytest.LogCaptureFixture
) -> None:
    stop, target = threading.Event(), Patched()
    with caplog.at_level("INFO", logger="inbounds.live"):
        runner = threading.Thread(
            target=Pusher(feed, {"opa-1": target}, interval=0.01).run, args=(stop,)
        )
        runner.start()
        while not target.patches:
            stop.wait(0.01)
        stop.set()
        runner.join(10)
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
    assert f"put at opa-1, signed by key {KEY.kid}" in said
    assert "in force" not in said


def test_a_push_that_fails_says_what_must_hold_what_was_found_and_what_to_do(
    feed: LiveFeed, caplog: pytest.LogCaptureFixture
) -> None:
    class Silent(Whole):
        def push_live(self, _now: Any) -> None:
            stop.set()
            raise DecisionUnavailable("opa-1: connection refused", code="decision.unreachable")

    stop = threading.Event()
    with caplog.at_level("WARNING", logger="inbounds.live"):
        Pusher(feed, {"opa-1": Silent()}, interval=0.01).run(stop)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(
        "the PDP at opa-1 must hold the feed, and the push to it failed: connection refused "
        "[decision.unreachable]"
    )
    assert "start the PDP, or push to another address" in said
