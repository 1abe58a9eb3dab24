"""Turns whose holder or waiter is broken off at any step, or whose thread has ended."""

from __future__ import annotations

import contextlib
import linecache
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from inbounds.engine.fair_lock import FairLock

FOREVER = 30


class Broken(BaseException):
    """As another thread raises it."""


def broken_off(act, place):
    """Run `act` in a thread that goes on to live, and raise at that step in fair_lock.py."""
    seen = []

    def trace(frame, event, _):
        if not frame.f_code.co_filename.endswith("engine/fair_lock.py"):
            return None
        # Nothing but a tracer breaks in at the end of a `with`, or as a constant is returned.
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if event == "line" and line not in ("with self._mutex:", "return True"):
            seen.append(event)
            if len(seen) == place:
                sys.settrace(None)
                raise Broken
        return trace

    def traced():
        sys.settrace(trace)
        try:
            with contextlib.suppress(Broken):
                act()
        finally:
            sys.settrace(None)
        return len(seen)

    return pool.submit(traced).result(5)


pool = ThreadPoolExecutor(1)


def step(start=1):
    place = start
    while True:
        yield place
        place += 1


def test_broken_off_while_taking_a_free_turn():
    """
    Whoever has not been told that it has the turn has not got it.
    """
    for place in step():
        turns, told = FairLock(), []
        reached = broken_off(lambda turns=turns, told=told: told.append(turns.take()), place)
        if told:
            turns.leave()
        assert turns.take(timeout=0), place
        if reached < place:
            break
    assert place > 4


def test_broken_off_while_waiting():
    """
    It waits no longer, and the one behind gets the turn.
    """
    for place in step():
        turns, told = FairLock(), []
        turns.take()
        ended = threading.Timer(0.01, turns.leave)
        ended.start()

        def wait(turns=turns, told=told):
            told.append(turns.take(timeout=FOREVER))

        reached = broken_off(wait, place)
        ended.join()
        if told:
            turns.leave()
        assert turns.take(timeout=1), place
        if reached < place:
            break
    assert place > 8


@pytest.mark.parametrize("others", [0, 1])
def test_broken_off_while_leaving(others):
    """
    The turn is over all the same, and the next one gets it.
    """
    # Before its `try` nothing can make good for it: there the end of the thread does.
    for place in step(3):
        turns, got = FairLock(), []
        turns.take()

        def wait(turns=turns, got=got):
            got.append(turns.take(timeout=5))
            turns.leave()

        waiting = [threading.Thread(target=wait) for _ in range(others)]
        for thread in waiting:
            thread.start()
        while len(turns._waiting) != others:
            pass
        reached = broken_off(turns.leave, place)
        for thread in waiting:
            thread.join()
        assert got == [True] * others, place
        assert turns.take(timeout=1), place
        if reached < place:
            break
    assert place > 4


def test_a_holder_whose_thread_has_ended():
    """
    Nobody will end its turn, so who waits goes on.
    """
    turns = FairLock()
    thread = threading.Thread(target=turns.take)
    thread.start()
    thread.join()
    assert turns.take(timeout=FOREVER)
    assert not turns.take(timeout=0.5)


def test_a_holder_whose_thread_has_ended_before_one_without_a_deadline():
    """
    As one that closes the policy, which waits for as long as it takes.
    """
    turns, got = FairLock(), []
    for act in (turns.take, lambda: got.append(turns.take())):
        thread = threading.Thread(target=act, daemon=True)
        thread.start()
        thread.join(FOREVER)
    assert got == [True]


def test_a_holder_whose_number_the_next_thread_has():
    """
    A thread that ended gives its number free, so that the number is not a sign of its being there.
    """
    for _ in range(500):
        turns, numbers, got = FairLock(), [], []

        def hold(turns=turns, numbers=numbers):
            numbers.append(threading.get_ident())
            turns.take()

        def ask(turns=turns, numbers=numbers, got=got):
            if threading.get_ident() in numbers:
                got.append(turns.take(timeout=2))

        for act in (hold, ask):
            thread = threading.Thread(target=act)
            thread.start()
            thread.join()
        if got:
            break
    else:
        pytest.skip("no number was given again")
    assert got == [True]


def test_a_waiter_whose_thread_has_ended():
    turns, waiting = FairLock(), FairLock()
    turns.take()

    def forgotten():
        turns._waiting.append(turns_of_this_thread())

    def turns_of_this_thread():
        waiting.take()
        return waiting._holder

    thread = threading.Thread(target=forgotten)
    thread.start()
    thread.join()
    turns.leave()
    assert turns.take(timeout=FOREVER)
