"""What the main thread has done for it: by one thread, to the end, and waited for no longer."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import os
import signal
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from inbounds.engine import own_thread
from inbounds.engine.own_thread import EngineThread
from inbounds.errors import Timeout, Unreachable


@pytest.fixture
def own():
    own = EngineThread()
    yield own
    own.stop()
    own.join()


def soon(seconds=30.0):
    return time.monotonic() + seconds


def where(own):
    return own.do(threading.get_ident, deadline=soon())


def test_who_does_it(own):
    """
    For the main thread always the same one; every other thread does it itself.
    """
    found = {where(own) for _ in range(50)}
    assert found == {thread.ident for thread in own._threads}
    assert len(found) == 1
    assert threading.get_ident() not in found
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(where, own).result() == pool.submit(threading.get_ident).result()
    assert own.do(lambda: where(own), deadline=soon()) in found


def test_nothing_begins_before_it_is_needed(own):
    before = threading.active_count()
    assert own._threads == []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(where, own).result()
    assert own._threads == []
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [LookupError("no"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_what_it_raises(own, error):
    """
    It is raised where it is waited for, is freed with it, and ends no thread.
    """

    def fail():
        raise error

    before = where(own)
    with pytest.raises(type(error)) as ei:
        own.do(fail, deadline=soon())
    assert ei.value is error
    assert where(own) == before


def test_nothing_is_kept(own):
    """
    Neither what was done, nor its result, nor its error.
    """

    class Large(Exception):
        pass

    def made():
        return large

    def raised():
        raise large

    for work in (made, raised):
        large = Large()
        gone = weakref.ref(large)
        with contextlib.suppress(Large):
            own.do(work, deadline=soon())
        large = None
        where(own)
        assert gone() is None


def test_a_deadline(own):
    """
    It is waited for no longer; what comes later waits for its turn.
    """
    done = []
    begun = time.monotonic()
    with pytest.raises(Timeout):
        own.do(lambda: time.sleep(0.5) or done.append(1), deadline=soon(0.1))
    assert 0.1 <= time.monotonic() - begun < 0.4
    with pytest.raises(Timeout):
        own.do(lambda: done.append(2), deadline=soon(0.0))
    assert own.do(lambda: list(done), deadline=soon()) == [1, 2]


def test_a_deadline_comes_before_the_next_glance(own, monkeypatch):
    """
    However rarely it is looked whether the thread is still there.
    """
    monkeypatch.setattr(own_thread, "_GLANCE", 20.0)
    over, begun = threading.Event(), time.monotonic()
    with pytest.raises(Timeout):
        own.do(lambda: over.wait(30), deadline=soon(0.05))
    over.set()
    assert time.monotonic() - begun < 10


def test_a_deadline_that_never_comes(own):
    assert own.do(lambda: time.sleep(0.3) or 7, deadline=float("inf")) == 7


def test_an_interrupt_while_it_is_waited_for(own):
    """
    It is raised at once, and what was begun is done to the end.
    """
    done, go = [], threading.Event()

    def interrupted():
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        own.do(lambda: (go.wait(10), done.append(1)), deadline=soon())

    former = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    finally:
        signal.signal(signal.SIGALRM, former)
    assert done == []
    go.set()
    assert own.do(lambda: list(done), deadline=soon()) == [1]


def test_an_interrupted_wait_for_the_first_errand(own, monkeypatch):
    """
    Whether the thread has begun then is not known; the next errand is done, and all end.
    """
    start = threading.Thread.start

    def interrupted(thread):
        start(thread)
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            where(own)
    assert where(own) in {thread.ident for thread in own._threads}
    own.stop()
    own.join()
    assert [thread.is_alive() for thread in own._threads] == [False, False]


@pytest.mark.parametrize("over", ["stopped", "ending", "full"])
def test_where_there_is_no_other_thread(own, monkeypatch, over):
    """
    After the end, at the interpreter's, and where none can be started, it is done here.
    """

    def refused(_):
        raise RuntimeError("can't start new thread")

    if over == "stopped":
        where(own)
        own.stop()
        own.join()
        own.stop()
    elif over == "ending":
        monkeypatch.setattr(sys, "is_finalizing", lambda: True)
    else:
        monkeypatch.setattr(threading.Thread, "start", refused)
    assert where(own) == threading.get_ident()


def test_what_is_asked_for_in_the_moment_it_ends(own, monkeypatch):
    """
    Nobody does it, which is found out before the deadline.
    """
    where(own)
    own.stop()
    own.join()
    monkeypatch.setattr(own, "_begun", lambda: True)
    with pytest.raises(Unreachable):
        where(own)


def test_the_end_waits_for_what_is_being_done(own, monkeypatch):
    """
    For a while: nothing of this engine may run when the interpreter ends.
    """
    done = []
    with pytest.raises(Timeout):
        own.do(lambda: time.sleep(0.3) or done.append(1), deadline=soon(0.05))
    own.stop()
    assert done == [1]
    monkeypatch.setattr(own_thread, "_LONGEST_END", 0.01)
    slow = EngineThread()
    with pytest.raises(Timeout):
        slow.do(lambda: time.sleep(0.5), deadline=soon(0.05))
    begun = time.monotonic()
    slow.stop()
    slow.join()
    assert time.monotonic() - begun < 0.3


def test_it_is_ended_by_what_it_does(own):
    """
    As where the last that referred to the policy was the errand.
    """

    def end():
        own.stop()
        own.join()
        return 7

    begun = time.monotonic()
    assert own.do(end, deadline=soon()) == 7
    assert time.monotonic() - begun < own_thread._LONGEST_END / 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_broke_is_replaced(own):
    """
    The next errand is done by another one.
    """

    class Broken:
        def do(self):
            raise SystemExit

    where(own)
    own._asked.put(Broken())
    own._threads[0].join(30)
    assert where(own) == own._threads[1].ident


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("seconds", [0.0, 0.3], ids=["idle", "at work"])
def test_a_thread_that_another_one_breaks_off(own, seconds):
    """
    What it did is not an answer, which is found out before the deadline; another thread goes on.
    """
    ident = where(own)

    def break_off():
        time.sleep(0.1)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(ident), ctypes.py_object(KeyboardInterrupt)
        )

    with ThreadPoolExecutor(1) as pool:
        breaking = pool.submit(break_off)
        with contextlib.suppress(KeyboardInterrupt):
            own.do(lambda: time.sleep(seconds), deadline=soon())
        breaking.result()
    with contextlib.suppress(Unreachable):
        where(own)
    assert where(own) == own._threads[-1].ident


@pytest.mark.system
def test_a_child_has_its_own(own):
    """
    A policy makes another in the child; in this one no thread is left to wait for.
    """
    where(own)
    child = os.fork()
    if child == 0:
        fresh = EngineThread()
        os._exit(0 if where(fresh) == fresh._threads[0].ident else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert where(own) == own._threads[0].ident


def test_memory_does_not_grow(own):
    def counted():
        gc.collect()
        return len(gc.get_objects())

    for _ in range(100):
        where(own)
    before = counted()
    for _ in range(1000):
        where(own)
    assert counted() - before < 50


def test_the_thread_is_known_by_name_and_holds_up_no_end(own):
    """
    Who looks at the threads of a process sees whose it is; a process ends without waiting for it.
    """
    thread = own.do(threading.current_thread, deadline=soon())
    assert thread.name == "inbounds-engine"
    assert thread.daemon


def test_what_was_never_done_has_no_outcome():
    """
    Nothing is not taken for an answer.
    """
    with pytest.raises(Unreachable, match="broken off"):
        own_thread._Errand(lambda: True).outcome()


@pytest.mark.parametrize("text", ["7", "no"], ids=["returned", "raised"])
def test_what_was_to_be_done_is_let_go_before_its_end_is_told(text):
    """
    Whoever is told, or holds on to the error, holds on to no question and to no policy.
    """

    class Told:
        def release(self):
            told.append(gone())

    told = []
    work = functools.partial(int, text)
    gone = weakref.ref(work)
    errand = own_thread._Errand(work)
    errand.done = Told()
    work = None
    errand.do()
    assert told == [None]


def test_a_thread_that_waits_keeps_nothing(own):
    """
    What it did last may be the answer to the last question for hours.
    """

    class Large(list):
        pass

    gone = weakref.ref(own.do(Large, deadline=soon()))
    until = soon()
    while gone() is not None:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_what_ends_within_the_grace_is_waited_for_asleep(own, monkeypatch):
    """
    The module ends by itself soon after its deadline, and says better why than who waits for it.
    """
    monkeypatch.setattr(own_thread, "GRACE", 30.0)
    busy = time.thread_time()
    assert own.do(lambda: time.sleep(0.5) or 7, deadline=soon(0.0)) == 7
    assert time.thread_time() - busy < 0.05


def test_a_policy_that_never_ends_does_not_keep_a_program_from_ending():
    """
    Its end waits a few seconds for what is being done, and no longer.
    """
    own, over = EngineThread(), threading.Event()
    with pytest.raises(Timeout):
        own.do(lambda: over.wait(60), deadline=soon(0.05))
    begun = time.monotonic()
    own.stop()
    waited = time.monotonic() - begun
    over.set()
    own.join()
    assert 4.5 < waited < 30
