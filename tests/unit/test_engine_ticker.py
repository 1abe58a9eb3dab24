"""What ends a policy at its deadline: it ticks while something is asked, and sleeps otherwise."""

import threading
import time

import pytest

from inbounds.engine.ticker import Ticker

FOREVER = 10


class Engine:
    """Counts the ticks."""

    def __init__(self):
        self.ticks = 0

    def increment_epoch(self):
        self.ticks += 1


class Late(threading.Event):
    """An event that another thread was faster to look at, just before it is cleared."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def clear(self):
        self.act()
        super().clear()


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def ticker(engine):
    ticker = Ticker(engine)
    yield ticker
    ticker.stop()


def until(reached):
    end = time.monotonic() + FOREVER
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.002)


def goes_on(engine):
    """See that it ticks."""
    ticks = engine.ticks
    until(lambda: engine.ticks > ticks + 2)


@pytest.mark.parametrize(("seconds", "ticks"), [(0.0, 1), (0.5, 51), (0.011, 3)])
def test_how_often_it_ticks(ticker, seconds, ticks):
    """
    A deadline is exact to a hundredth of a second, and no policy is stopped before it.
    """
    assert ticker.begin(seconds) == ticks


def test_it_keeps_time(ticker, engine):
    assert not ticker._running
    ticker.begin(1)
    begun = time.monotonic()
    until(lambda: engine.ticks >= 20)
    assert time.monotonic() - begun > 0.15


def test_it_keeps_no_process_alive(ticker):
    """
    A program may end while it ticks, and whoever lists threads knows it.
    """
    ticker.begin(1)
    assert (ticker._thread.name, ticker._thread.daemon) == ("inbounds-epoch", True)


@pytest.mark.system
def test_it_sleeps_after_a_second_without_a_question(ticker, engine):
    """
    And ticks again, in the same thread, with the next one.
    """
    for _ in range(2):
        ticker.begin(1)
        thread = ticker._thread
        goes_on(engine)
        ticker.end()
        ticks = engine.ticks
        until(lambda: not ticker._wanted.is_set())
        assert 99 <= engine.ticks - ticks <= 103
        ticks = engine.ticks
        time.sleep(0.1)
        assert engine.ticks == ticks
    ticker.begin(1)
    goes_on(engine)
    assert ticker._thread is thread


def test_it_stays_awake_while_something_is_asked(ticker, engine, monkeypatch):
    monkeypatch.setattr("inbounds.engine.ticker._IDLE", 2)
    ticker.begin(1)
    for _ in range(10):
        goes_on(engine)
    assert ticker._wanted.is_set()


def test_a_question_as_it_falls_asleep(ticker, engine, monkeypatch):
    """
    Who begins in that very moment finds it awake, and it stays so.
    """
    monkeypatch.setattr("inbounds.engine.ticker._IDLE", 2)
    asked = []

    def ask():
        asked.append(1)
        ticker._running = True

    ticker._wanted = Late(ask)
    ticker.begin(1)
    ticker.end()
    until(lambda: asked)
    goes_on(engine)
    assert ticker._wanted.is_set()


@pytest.mark.parametrize("asleep", [False, True])
def test_it_is_stopped(ticker, asleep, monkeypatch):
    monkeypatch.setattr("inbounds.engine.ticker._IDLE", 2)
    ticker.begin(1)
    if asleep:
        ticker.end()
        until(lambda: not ticker._wanted.is_set())
    ticker.stop()
    ticker._thread.join(FOREVER)
    assert not ticker._thread.is_alive()


def test_it_is_stopped_as_it_falls_asleep(ticker, monkeypatch):
    monkeypatch.setattr("inbounds.engine.ticker._IDLE", 2)
    ticker._wanted = Late(ticker.stop)
    ticker.begin(1)
    ticker.end()
    ticker._thread.join(FOREVER)
    assert not ticker._thread.is_alive()
