"""What was ended stays ended while a token of it may live, however the clock is set."""

from __future__ import annotations

import sqlite3

import pytest

from inbounds.errors import ConfigurationError
from inbounds.live import LiveFeed
from inbounds.live.feed import RETENTION

DAY = 86400
HOUR = 3600


class World:
    """A wall clock that can be set, and time that passes."""

    def __init__(self, path):
        self.path = path
        self.passed = 0.0
        self.set_to = 1_800_000_000.0
        self.feed = self.open()

    def open(self):
        return LiveFeed(
            self.path, now=lambda: self.set_to + self.passed, monotonic=lambda: self.passed
        )

    def restart(self, *, boot=False):
        self.feed.close()
        if boot:  # a monotonic clock begins anew with the machine
            self.set_to += self.passed
            self.passed = 0.0
        self.feed = self.open()

    def live(self, seconds, every=HOUR):
        """Let time pass, and prune as the one who serves the feed does."""
        end = self.passed + seconds
        while self.passed < end:
            self.passed += min(every, end - self.passed)
            self.feed.prune()

    def ended(self):
        return set(self.feed.entries().lists["ended"]) - {"_"}


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "live.sqlite")
    yield made
    made.feed.close()


@pytest.mark.parametrize("ahead", [31 * DAY, 400 * DAY, 100 * 365 * DAY])
@pytest.mark.parametrize("boot", [None, False, True])
def test_a_clock_that_is_ahead_drops_nothing(world, ahead, boot):
    world.live(40 * DAY, every=DAY)
    world.feed.end("task-1")
    world.feed.revoke("token-1")
    world.set_to += ahead
    if boot is not None:
        world.restart(boot=boot)
    world.live(2 * DAY)
    world.set_to -= ahead
    world.live(HOUR)

    assert world.ended() == {"task-1"}
    assert "token-1" in world.feed.entries().lists["revoked"]


def test_what_was_ended_while_the_clock_was_behind_is_kept_once_it_is_right(world):
    world.live(40 * DAY, every=DAY)
    world.set_to -= 100 * DAY
    world.feed.end("task-1")
    world.set_to += 100 * DAY
    world.live(2 * DAY)

    assert world.ended() == {"task-1"}


def test_what_is_old_by_all_that_passed_goes(world):
    world.feed.end("old")
    world.live(DAY)
    world.feed.end("young")
    world.live(RETENTION - HOUR)

    assert world.ended() == {"young"}


def test_restarts_take_nothing_from_what_has_passed(world):
    world.feed.end("old")
    for _ in range(32):
        world.live(DAY)
        world.restart(boot=True)

    assert world.ended() == set()


def test_time_in_which_nobody_serves_the_feed_only_keeps_entries_longer(world):
    world.feed.end("old")
    world.live(HOUR)
    world.set_to += 365 * DAY
    world.restart()
    world.live(HOUR)

    assert world.ended() == {"old"}


def test_a_clock_that_goes_back_keeps_entries_longer(world):
    world.feed.end("old")
    world.set_to -= 100 * DAY
    world.live(RETENTION + DAY, every=DAY)

    assert world.ended() == {"old"}


def test_a_feed_of_before_is_pruned_once_enough_has_passed(world):
    world.feed.end("old")
    with sqlite3.connect(world.path) as other:
        assert not other.execute("SELECT 1 FROM sqlite_master WHERE name = 'witnessed'").fetchall()
    other.close()
    world.live(RETENTION + 2 * HOUR)

    assert world.ended() == set()


def test_what_it_remembers_of_time_does_not_grow(world):
    world.live(3 * RETENTION, every=DAY)
    with sqlite3.connect(world.path) as other:
        (rows,) = other.execute("SELECT count(*) FROM witnessed").fetchone()
    other.close()

    assert rows <= RETENTION / DAY + 2


class TestLifetimes:
    """What no token can name any more goes before the retention is over."""

    def test_it_goes_once_its_time_is_up_and_not_before(self, world):
        world.live(HOUR)
        world.feed.end_within("task-1/a", seconds=1800, most=9)
        world.feed.end_within("task-2", seconds=5 * HOUR, most=9)
        world.feed.end("task-3")
        world.live(HOUR)
        assert world.ended() == {"task-1/a", "task-2", "task-3"}
        world.live(2 * HOUR)
        assert world.ended() == {"task-2", "task-3"}
        world.live(4 * HOUR)
        assert world.ended() == {"task-3"}

    @pytest.mark.parametrize("ahead", [DAY, 100 * 365 * DAY])
    @pytest.mark.parametrize("boot", [None, False, True])
    def test_a_clock_that_is_ahead_drops_nothing(self, world, ahead, boot):
        world.live(2 * DAY)
        world.feed.end_within("task-1/a", seconds=8 * HOUR, most=9)
        world.set_to += ahead
        if boot is not None:
            world.restart(boot=boot)
        world.live(7 * HOUR)
        world.set_to -= ahead
        assert world.ended() == {"task-1/a"}
        world.live(3 * HOUR)
        assert world.ended() == set()

    def test_no_second_end_makes_it_go_earlier(self, world):
        world.feed.end_within("task-1", seconds=9 * HOUR, most=9)
        world.live(HOUR)
        world.feed.end_within("task-1", seconds=1, most=9)
        world.live(4 * HOUR)

        assert world.ended() == {"task-1"}

    def test_a_token_of_its_name_that_was_revoked_stays(self, world):
        world.feed.end_within("same", seconds=1, most=9)
        world.feed.revoke("same")
        world.live(DAY)

        assert world.ended() == set()
        assert "same" in world.feed.entries().lists["revoked"]

    def test_whoever_asks_is_told_until_when(self, world):
        world.feed.end_within("task-1/a", seconds=1, most=9)
        world.feed.end("task-2")
        world.feed.kill("fleet")
        entries = world.feed.entries().ordered
        until = {one.name: at for one, at in world.feed.kept_until(entries).items()}

        assert until == {
            "task-1/a": world.set_to + HOUR,
            "task-2": world.set_to + RETENTION,
            "fleet": None,
        }

    def test_nothing_is_remembered_of_what_is_gone(self, world):
        for number in range(50):
            world.feed.end_within(f"task-{number}/a", seconds=1, most=9)
            world.live(3 * HOUR)
        with sqlite3.connect(world.path) as other:
            (rows,) = other.execute("SELECT count(*) FROM lifetimes").fetchone()
        other.close()

        assert rows <= 1


def test_of_one_task_so_many_hops_are_kept_and_the_task_itself(world):
    feed = world.feed
    for each in "0123":
        feed.end_within(f"task-1{each}/a", seconds=60, most=3)
    ended = [feed.end_within(f"task-1/{each}", seconds=60, most=3) for each in "abcd"]
    assert [position is None for position in ended] == [False, False, False, True]

    # What was ended already, another task and the task itself are none of them.
    for name in ("task-1/b", "task-10/a", "task-1", "task-1-b"):
        assert feed.end_within(name, seconds=60, most=3) is not None
    assert "task-1/d" not in world.ended()
    assert {"task-1", "task-10/a", "task-1/a"} <= world.ended()


def test_hops_further_down_take_no_room_of_those_above(world):
    """
    Of 32, two are kept right below a hop, and two further down from it.
    """

    def ends(*names):
        return [world.feed.end_within(name, seconds=60, most=32) is not None for name in names]

    assert ends("t/a/1", "t/a/2", "t/a/3") == [True, True, False]
    assert ends("t/a/b/1", "t/a/c/1", "t/a/d/1") == [True, True, False]
    # All further down from the task are as many together as those right below it.
    deep = [f"t/{hop}/{each}" for hop in range(14) for each in range(2)]
    assert ends(*deep) == [True] * 28
    assert ends("t/y/1", "t/a/1", "t/a") == [False, True, True]
    assert ends(*(f"t/z{each}" for each in range(32))) == [True] * 31 + [False]
    assert ends("t") == [True]


@pytest.mark.parametrize("name", ["", "a" * 257, "a\nb", "_"])
def test_what_is_no_id_is_not_ended_for_a_time(world, name):
    with pytest.raises(ConfigurationError) as ei:
        world.feed.end_within(name, seconds=60, most=3)
    assert ei.value.code == "live.not_an_id"
