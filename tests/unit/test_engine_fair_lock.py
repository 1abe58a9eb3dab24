"""Turns at an engine: one at a time, first come, first served, and nobody waits for the dead."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from inbounds.engine import fair_lock as turns_module
from inbounds.engine.fair_lock import FairLock

FOREVER = 30


def started(run):
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def waiting(turns, number):
    """Wait until so many wait."""
    until = time.monotonic() + FOREVER
    while len(turns._waiting) != number:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_one_at_a_time():
    turns, inside, most = FairLock(), 0, 0

    def run():
        nonlocal inside, most
        for _ in range(50):
            assert turns.take(timeout=FOREVER)
            inside += 1
            most = max(most, inside)
            time.sleep(0)
            inside -= 1
            turns.leave()

    threads = [started(run) for _ in range(8)]
    for thread in threads:
        thread.join(FOREVER)
    assert not any(thread.is_alive() for thread in threads)
    assert most == 1
    assert turns.take(timeout=0)


def test_first_come_first_served():
    turns, order = FairLock(), []

    def run(number):
        with turns:
            order.append(number)

    turns.take()
    threads = []
    for number in range(6):
        threads.append(started(lambda number=number: run(number)))
        waiting(turns, number + 1)
    turns.leave()
    for thread in threads:
        thread.join(FOREVER)
    assert order == list(range(6))


def test_a_turn_that_does_not_come():
    """
    Who gives up is forgotten, and the one behind gets the turn.
    """
    turns, got = FairLock(), []
    turns.take()
    assert not turns.take(timeout=0)
    assert not turns.take(timeout=0.01)
    behind = started(lambda: got.append(turns.take(timeout=FOREVER)))
    waiting(turns, 1)
    turns.leave()
    behind.join(FOREVER)
    assert got == [True]
    assert not turns.take(timeout=0)
    turns.leave()
    assert turns.take(timeout=0)


def test_a_turn_that_comes_as_the_time_is_up():
    """
    Then it is taken: a turn that was given and not taken would be nobody's for ever.
    """
    turns = FairLock()
    turns.take()
    given = threading.Event()
    withdraw = turns._withdraw

    def late(turn):
        started(lambda: (turns.leave(), given.set()))
        assert given.wait(FOREVER)
        return withdraw(turn)

    turns._withdraw = late
    assert turns.take(timeout=0.01)
    turns.leave()
    assert turns.take(timeout=0)


@pytest.mark.skipif(os.name != "posix", reason="the signal is POSIX's")
def test_who_is_interrupted_while_waiting_leaves_the_queue():
    turns, got = FairLock(), []
    turns.take()

    def interrupted(number, frame):
        raise InterruptedError

    before = signal.signal(signal.SIGUSR1, interrupted)
    try:
        main = threading.get_ident()
        started(lambda: (waiting(turns, 1), signal.pthread_kill(main, signal.SIGUSR1)))
        with pytest.raises(InterruptedError):
            turns.take(timeout=FOREVER)
    finally:
        signal.signal(signal.SIGUSR1, before)
    behind = started(lambda: got.append(turns.take(timeout=FOREVER)))
    waiting(turns, 1)
    turns.leave()
    behind.join(FOREVER)
    assert got == [True]


def test_the_next_has_begun_before_the_last_goes_on():
    """
    Who leaves lets the next one take up its turn, and waits no longer than a moment for it.
    """
    turns, begun = FairLock(), []
    for _ in range(20):
        turns.take()
        thread = started(lambda: (turns.take(timeout=FOREVER), begun.append(1), turns.leave()))
        waiting(turns, 1)
        turns.leave()
        thread.join(FOREVER)
    assert len(begun) == 20
    assert turns.take(timeout=0)


def test_a_turn_that_comes_as_the_wait_is_interrupted(monkeypatch):
    """
    It is handed on: nobody would ever end it.
    """
    turns = FairLock()
    turns.take()
    withdraw = turns._withdraw

    def late(turn):
        turns.leave()
        return withdraw(turn)

    class Stopped:
        def acquire(self, timeout):
            raise KeyboardInterrupt

        def release(self):
            pass

    turns._withdraw = late
    turn = turns_module._Turn()
    turn.came = Stopped()
    monkeypatch.setattr(turns_module, "_Turn", lambda: turn)
    with pytest.raises(KeyboardInterrupt):
        turns.take(timeout=FOREVER)
    assert turns.take(timeout=0)


def test_who_has_no_deadline_waits():
    turns, got = FairLock(), []
    turns.take()
    behind = started(lambda: got.append(turns.take()))
    behind.join(1.3)
    assert got == []
    turns.leave()
    behind.join(FOREVER)
    assert got == [True]


def test_the_next_is_waited_for(monkeypatch):
    """
    Until it has begun, but not for longer than a moment: it may be held up.
    """
    turns = FairLock()
    turns.take()
    turn = turns_module._Turn()
    turns._waiting.append(turn)
    begun = time.monotonic()
    turns.leave()
    assert time.monotonic() - begun < 0.5
    assert turn.came.acquire(timeout=0)

    monkeypatch.setattr(turns_module, "_LONGEST_HANDOVER", FOREVER)
    turn = turns_module._Turn()
    turns._waiting.append(turn)
    begun = time.monotonic()
    started(lambda: (time.sleep(0.2), turn.taken_up.release()))
    turns.leave()
    assert 0.1 < time.monotonic() - begun < FOREVER - 1


def test_who_has_begun_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(turns_module, "_LONGEST_HANDOVER", FOREVER)
    turns = FairLock()
    turns.take()
    behind = started(lambda: turns.take(timeout=FOREVER))
    waiting(turns, 1)
    begun = time.monotonic()
    turns.leave()
    assert time.monotonic() - begun < FOREVER / 2
    behind.join(FOREVER)


class Others:
    """A lock before which another thread was faster."""

    def __init__(self, act):
        self.act = act

    def __enter__(self):
        self.act()

    def __exit__(self, *_):
        pass


def test_the_queue_is_changed_by_one_at_a_time():
    """
    Whatever another thread did to it before is seen.
    """
    turns = FairLock()
    turns.take()
    turns._mutex = Others(lambda: setattr(turns, "_taken", False))
    assert turns.take(timeout=0)

    turns, turn = FairLock(), turns_module._Turn()
    turns.take()
    turns._mutex = Others(lambda: turns._waiting.append(turn))
    turns.leave()
    assert turn.came.acquire(timeout=0)
    assert turns._taken

    turns = FairLock()
    turns._waiting.append(turn)
    turns._mutex = Others(turns._waiting.clear)
    assert turns._withdraw(turn) is False


def test_who_is_broken_off_while_leaving_has_left():
    """
    The turn is over, and what broke in is raised: whoever was to be stopped is stopped.
    """
    turns = FairLock()
    turns.take()
    pass_on, held = turns._pass_on, []

    def broken_off(holder):
        held.append(holder)
        if len(held) == 1:
            raise KeyboardInterrupt
        pass_on(holder)

    turns._pass_on = broken_off
    with pytest.raises(KeyboardInterrupt):
        turns.leave()
    assert turns.take(timeout=0)


def test_who_is_broken_off_once_the_next_has_begun():
    """
    Then that one goes on holding the turn, and nobody beside it.
    """
    turns = FairLock()
    turns.take()
    following, behind = turns_module._Turn(), turns_module._Turn()
    turns._waiting.extend([following, behind])
    pass_on, held = turns._pass_on, []

    def broken_off(holder):
        pass_on(holder)
        held.append(holder)
        if len(held) == 1:
            raise KeyboardInterrupt

    turns._pass_on = broken_off
    with pytest.raises(KeyboardInterrupt):
        turns.leave()
    assert following.came.acquire(timeout=0)
    assert not behind.came.acquire(timeout=0)


def test_who_is_broken_off_before_it_waits_ends_no_turn():
    """
    The one that holds the turn may be amid an evaluation.
    """
    turns, entered = FairLock(), []
    turns.take()

    def broken_off():
        entered.append(1)
        if len(entered) == 1:
            raise KeyboardInterrupt

    turns._mutex = Others(broken_off)
    with pytest.raises(KeyboardInterrupt):
        turns.take(timeout=FOREVER)
    assert not turns.take(timeout=0)


def test_it_is_waited_for_as_long_as_was_said():
    turns = FairLock()
    turns.take()
    begun = time.monotonic()
    assert not turns.take(timeout=0.5)
    assert time.monotonic() - begun > 0.45


def test_a_turn_that_was_passed_on_and_not_told():
    """
    As where the one that left was broken off in between: it is found out, and not waited for.
    """
    turns, got = FairLock(), []
    turns.take()
    behind = started(lambda: got.append(turns.take(timeout=FOREVER)))
    waiting(turns, 1)
    begun = time.monotonic()
    turns._holder = turns._waiting.popleft()
    behind.join(FOREVER)
    assert got == [True]
    assert time.monotonic() - begun < FOREVER / 2
