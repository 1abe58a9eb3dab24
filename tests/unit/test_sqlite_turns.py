"""Transactions of many threads in one commit: in order, each by itself where it fails, in time."""

from __future__ import annotations

import os
import sqlite3
import threading
import time

import pytest

from inbounds.files import sqlite_file, sqlite_turns
from inbounds.files.sqlite_file import SqliteFile
from inbounds.process import clock

SCHEMA = (
    "CREATE TABLE t (x PRIMARY KEY)",
    "CREATE TABLE owned (x REFERENCES t DEFERRABLE INITIALLY DEFERRED)",
)


@pytest.fixture
def file(tmp_path):
    file = SqliteFile(tmp_path / "f.sqlite", application=1, version=1, schema=SCHEMA)
    file._connection.execute("PRAGMA foreign_keys=ON")
    yield file
    file.close()


def soon(seconds=20.0):
    return clock.monotonic() + seconds


def add(number, table="t"):
    def run(connection):
        connection.execute(f"INSERT INTO {table} VALUES (?)", (number,))
        return number

    return run


def there(file):
    return [row[0] for row in file.read(lambda c: c.execute("SELECT x FROM t").fetchall(), soon())]


def commits(file):
    """Every commit from now on, and whether it is flushed; a list that grows."""
    seen = []
    connection = file._connection

    def trace(statement):
        if statement == "COMMIT":
            seen.append(file._flushing)

    connection.set_trace_callback(trace)
    return seen


class Writers:
    """Threads that write while the file is kept busy, in the order in which they are given."""

    def __init__(self, file):
        self.file = file
        self.ended = {}
        self.threads = []

    def write(self, name, run, seconds=20.0, durable=None):
        def target():
            try:
                self.ended[name] = self.file.write(run, soon(seconds), durable=durable)
            except BaseException as error:  # noqa: BLE001 -- an interrupt as well
                self.ended[name] = error

        waiting = len(self.file._turns)
        thread = threading.Thread(target=target)
        thread.start()
        self.threads.append(thread)
        while len(self.file._turns) == waiting and thread.is_alive():
            time.sleep(0.001)

    def join(self):
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()
        return self.ended


@pytest.fixture
def busy(file, monkeypatch):
    """A file that is read until `release()`, and who waits for it; then the first one commits."""
    monkeypatch.setattr(sqlite_file, "_AWAKE_SECONDS", 15.0)
    within, go_on = threading.Event(), threading.Event()

    def hold(_):
        within.set()
        go_on.wait(20)

    reader = threading.Thread(target=lambda: file.read(hold, soon()))
    reader.start()
    within.wait(20)
    writers = Writers(file)

    def release():
        go_on.set()
        reader.join(20)
        return writers.join()

    writers.release = release
    yield writers
    go_on.set()
    reader.join(20)


class TestTogether:
    def test_what_waits_is_one_commit_in_the_order_of_coming(self, file, busy):
        seen = commits(file)
        for number in range(10):
            busy.write(number, add(number))

        ended = busy.release()

        assert ended == {number: number for number in range(10)}
        assert seen == [True, True]  # the reader's, and one for all
        assert there(file) == list(range(10))

    def test_no_more_than_so_many_at_once(self, file, busy, monkeypatch):
        monkeypatch.setattr(sqlite_turns, "_TOGETHER", 4)
        seen = commits(file)
        for number in range(10):
            busy.write(number, add(number))

        assert busy.release() == {number: number for number in range(10)}
        assert len(seen) == 4  # the reader's, 4, 4 and 2
        assert there(file) == list(range(10))

    def test_what_raises_undoes_its_own_part_and_no_other(self, file, busy):
        """
        Whether SQLite refuses a statement, or the program changes its mind after one.
        """

        def think_again(connection):
            add(3)(connection)
            raise ValueError("no")

        busy.write("first", add(1))
        busy.write("same", add(1))
        busy.write("changed", think_again)
        busy.write("last", add(4))

        ended = busy.release()

        assert (ended["first"], ended["last"]) == (1, 4)
        assert isinstance(ended["same"], sqlite3.IntegrityError)
        assert isinstance(ended["changed"], ValueError)
        assert there(file) == [1, 4]

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_a_part_that_undoes_everything_fails_alone(self, file, busy, place):
        """
        As SQLite does of itself on a full disk: the others are made again.
        """

        def undo(connection):
            connection.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")

        for number in range(3):
            busy.write(number, undo if number == place else add(number))

        ended = busy.release()

        kept = [number for number in range(3) if number != place]
        assert [ended[number] for number in kept] == kept
        assert "disk is full" in str(ended[place])
        assert there(file) == kept

    def test_a_commit_that_fails_fails_for_all(self, file, busy):
        busy.write(1, add(1))
        busy.write(2, add(7, "owned"))
        busy.write(3, add(3))

        ended = busy.release()

        assert {type(error) for error in ended.values()} == {sqlite3.IntegrityError}
        assert there(file) == []

    @pytest.mark.parametrize("stage", ["run", "commit"])
    def test_an_interrupted_thread_takes_no_other_s_along(self, file, busy, stage, monkeypatch):
        """
        What it was about to write for others is written; of a commit they are told.
        """

        def interrupt(*_):
            raise KeyboardInterrupt

        if stage == "run":
            busy.write("interrupted", interrupt)
        else:
            busy.write("interrupted", add(0))
            monkeypatch.setattr(file._companions, "require_kept", interrupt)
        busy.write(1, add(1))
        busy.write(2, add(2))

        ended = busy.release()
        monkeypatch.undo()

        assert isinstance(ended["interrupted"], KeyboardInterrupt)
        if stage == "run":
            assert (ended[1], ended[2], there(file)) == (1, 2, [1, 2])
        else:
            assert {type(ended[1]), type(ended[2])} == {sqlite3.OperationalError}
        assert file.write(add(9), soon()) == 9

    def test_another_thread_is_quicker(self, file):
        """
        One that commits for all, between the look whether it is done and the taking of the file.
        """
        mutex, writers = file._mutex, Writers(file)

        class Mutex:
            release = mutex.release

            def acquire(self, **how):
                if not writers.threads:
                    writers.threads.append(None)
                    writers.threads = [threading.Thread(target=lambda: file.write(add(2), soon()))]
                    writers.threads[0].start()
                    writers.join()
                return mutex.acquire(**how)

        file._mutex = Mutex()

        assert file.write(add(1), soon()) == 1
        assert there(file) == [1, 2]

    def test_another_s_turn_alone_fails_for_its_own_thread(self, file):
        """
        Whose thread commits has nothing to do with it, and has its own made.
        """

        def fail(connection):
            raise ValueError("mine")

        failing = sqlite_turns.Turn(fail, durable=False)
        lasting = sqlite_turns.Turn(add(2), durable=True)
        file._turns.add(failing)
        file._turns.add(lasting)

        assert file.write(add(3), soon(), durable=False) == 3
        assert lasting.result() == 2
        with pytest.raises(ValueError, match="mine"):
            failing.result()
        assert there(file) == [2, 3]

    @pytest.mark.parametrize("outer", ["write", "read"])
    @pytest.mark.parametrize("inner", ["write", "read"])
    def test_a_transaction_within_one_of_the_same_thread_fails_at_once(self, file, outer, inner):
        """
        As of a finaliser, which would wait for its own thread until the deadline.
        """
        before = time.monotonic()

        def amid(connection):
            assert file.is_mine
            with pytest.raises(sqlite3.OperationalError, match="of its own"):
                getattr(file, inner)(lambda _: None, soon())
            file.settle()
            return "done"

        assert getattr(file, outer)(amid, soon()) == "done"
        assert time.monotonic() - before < 5
        assert not file.is_mine
        assert file.write(add(1), soon()) == 1

    @pytest.mark.parametrize("use", ["write", "read", "settle", "fork", "close"])
    def test_whoever_holds_the_file_is_amid_a_transaction(self, file, use):
        """
        So that a finaliser of the same thread fails at once, whatever its thread is about.
        """
        mutex, drop, held = file._mutex, file._drop, []

        class Mutex:
            def acquire(self, **how):
                taken = mutex.acquire(**how)
                held.append(file.is_mine)
                return taken

            def release(self):
                held.append(file.is_mine)
                mutex.release()

        def amid(_=None):
            held.append(file.is_mine)
            with pytest.raises(sqlite3.OperationalError, match="of its own"):
                file.write(add(1), soon())

        def finalise():
            amid()
            drop()

        file._mutex, file._drop = Mutex(), finalise
        if use == "fork":
            assert file._close_for_fork(soon())
            held.append(file.is_mine)
            file._begin_parent()
        elif use in ("write", "read"):
            getattr(file, use)(amid, soon())
        else:
            getattr(file, use)()
        file._mutex, file._drop = mutex, drop

        assert len(held) >= 2 and all(held)
        assert not file.is_mine
        if use != "close":
            assert file.write(add(1), soon()) == 1

    @pytest.mark.parametrize("free", [True, False])
    def test_a_fork_amid_a_transaction_of_its_own_thread_leaves_it_within(self, file, free):
        """
        As of a signal's handler. Without the file in time, the fork has taken nothing.
        """
        with file._within():
            if not free:
                file._mutex.acquire()
            assert file._close_for_fork(soon(0)) == free
            assert file.is_mine
            if free:
                file._begin_parent()
            else:
                file._mutex.release()
            assert file.is_mine
        file._mutex.acquire()
        assert not file._close_for_fork(soon(0))
        assert not file.is_mine
        file._mutex.release()
        assert file.write(add(1), soon()) == 1

    def test_closed_amid_a_transaction_that_is_the_last(self, file):
        def amid(connection):
            file.close()
            return add(1)(connection)

        assert file.write(amid, soon()) == 1
        with pytest.raises(sqlite3.ProgrammingError):
            file.write(add(2), soon())


class TestTime:
    def test_what_waited_too_long_is_never_made(self, file, busy):
        busy.write("late", add(1), seconds=0.05)
        busy.write("patient", add(2))
        busy.threads[0].join(20)

        assert "busy until the deadline" in str(busy.ended["late"])
        assert busy.release()["patient"] == 2
        assert there(file) == [2]

    def test_what_is_being_made_is_waited_for(self, file, busy):
        """
        A thread whose time is over while another one commits for it learns what became of it.
        """
        over = soon(0.1)

        def slow(connection):
            while clock.monotonic() < over + 0.05:
                time.sleep(0.01)
            return add("slow")(connection)

        busy.write("slow", slow)
        busy.write("short", add("short"), seconds=over - clock.monotonic())

        assert busy.release() == {"slow": "slow", "short": "short"}
        assert there(file) == ["slow", "short"]

    def test_a_waiting_thread_looks_by_itself(self, file, busy, monkeypatch):
        """
        Where the one that should have woken it was interrupted before it could.
        """
        monkeypatch.setattr(sqlite_file, "_AWAKE_SECONDS", 0.01)
        monkeypatch.setattr(sqlite_file.Turn, "wake", lambda self: None)
        busy.write(1, add(1))

        assert busy.release() == {1: 1}

    def test_nobody_sleeps_on_after_the_file_is_free(self, file, busy):
        for number in range(8):
            busy.write(number, add(number))
        before = time.monotonic()

        assert busy.release() == {number: number for number in range(8)}
        assert time.monotonic() - before < 10

    def test_a_waiting_thread_that_is_interrupted_writes_nothing(self, file, busy, monkeypatch):
        def interrupted(self, seconds):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(sqlite_file.Turn, "wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                file.write(add(1), soon())

        busy.release()
        assert there(file) == []


class TestFlush:
    def test_each_commit_is_flushed_as_it_asks(self, file):
        seen = commits(file)
        for number, durable in enumerate((None, True, False, False, None)):
            file.write(add(number), soon(), durable=durable)

        assert seen == [True, True, False, False, True]

    def test_nothing_durable_is_committed_with_what_is_not_flushed(self, file, busy):
        seen = commits(file)
        for number, durable in enumerate((False, False, True, False)):
            busy.write(number, add(number), durable=durable)

        assert busy.release() == {number: number for number in range(4)}
        assert seen == [True, False, True]  # the reader's, two, and the two from the third on
        assert there(file) == list(range(4))


class TestAmongProcesses:
    def test_who_has_waited_longer_asks_more_often(self, file, monkeypatch):
        paused, now = [], [0.0]

        def sleep(seconds):
            paused.append(seconds)
            now[0] += seconds

        other = sqlite3.connect(file.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(sqlite_file.time, "sleep", sleep)
        monkeypatch.setattr(sqlite_file.clock, "monotonic", lambda: now[0])
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            file.write(add(1), 1.0)
        monkeypatch.undo()
        other.close()

        assert 0.99 < sum(paused) <= 1.0
        assert max(paused[:10]) <= sqlite_file._LONGEST_PAUSE
        assert max(paused[:10]) > 5 * sqlite_file._SHORTEST_PAUSE
        # A newcomer asks five times as seldom as who has waited for half a second.
        assert max(paused[-100:]) == sqlite_file._SHORTEST_PAUSE

    def test_one_that_waits_gets_its_turn(self, file):
        other = sqlite3.connect(file.path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.05, lambda: other.execute("COMMIT")).start()

        assert file.write(add(1), soon()) == 1
        other.close()


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_makes_no_turn_of_its_parent_s_threads(file, busy, monkeypatch):
    """
    What waits in the parent is made there, once.
    """
    monkeypatch.setattr(sqlite_file, "_FORK_SECONDS", 0.1)
    busy.write(1, add(1))
    child = os.fork()
    if child == 0:
        os._exit(0 if not file._turns else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    assert busy.release() == {1: 1}
    assert there(file) == [1]
