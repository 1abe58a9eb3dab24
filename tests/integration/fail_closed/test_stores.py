"""A store of sessions, or a log of evidence, that does not take what has to be kept."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest
from tests.integration.fail_closed.observed import Fault, Observed
from tests.redis_server import RedisServer, Relay

from inbounds import (
    ConfigurationError,
    DecisionUnavailable,
    Guard,
    OutcomeUnrecorded,
    SessionContended,
)
from inbounds.evidence.log import SqliteEvidence
from inbounds.sessions.memory import MemorySessions
from inbounds.sessions.redis import PREFIX, RedisSessions
from inbounds.sessions.sqlite import SqliteSessions


def unreachable(words):
    return Fault(DecisionUnavailable, "session.unreachable", words)


def unrecorded(words):
    return Fault(DecisionUnavailable, "evidence.unavailable", words)


@contextlib.contextmanager
def locked(path):
    """Keep a file locked, as another process may."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def changed(path, *statements):
    """Change a file behind the back of whoever has it open."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        for statement in statements:
            other.execute(statement)
        other.commit()


def scribbled(path):
    """Write over everything that a file holds."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        file.write(b"\x5a" * size)


# --- sessions ------------------------------------------------------------------------------


@pytest.fixture
def sessions(observed, tmp_path):
    """Sessions in a file, in the place of those in memory."""
    store = SqliteSessions(tmp_path / "sessions.sqlite", timeout=0.3)
    observed.parts.sessions = store
    yield store
    store.close()


class TestSessions:
    def test_that_are_locked(self, observed, sessions):
        """
        Nothing runs while another process keeps the store to itself.
        """
        task = observed.begin()

        with locked(sessions._file.path):
            observed.refused(unreachable("database is locked"), task)
        observed.allowed(task)

    def test_whose_file_is_gone(self, observed, sessions):
        """
        Nothing runs where the store's file was removed.
        """
        task = observed.begin()
        sessions._file.path.unlink()

        observed.refused(unreachable("No such file"), task)

    def test_whose_file_is_another(self, observed, sessions):
        """
        Nothing runs where another file has taken the place of the store's.
        """
        task = observed.begin()
        path = sessions._file.path
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)

        observed.refused(unreachable("another file has taken its place"), task)

    def test_that_are_scribbled_over(self, observed, sessions):
        """
        Nothing runs where the store's file is not a database any more.
        """
        task = observed.begin()
        scribbled(sessions._file.path)

        observed.refused(unreachable(("not a database", "malformed")), task)

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            ("'{}'", "the state it holds is not one"),
            ("'null'", "the state it holds is not one"),
            ("''", "the state it holds is not one"),
            ("x'ff'", "the state it holds is not one"),
            ('replace(state, \'"version":0\', \'"version":0,"version":0\')', "is not one"),
            ("replace(state, '\"rows\":0,', '')", "the state it holds is not one"),
            ("replace(state, '\"calls\":0', '\"calls\":-1')", "the state it holds is not one"),
            ("replace(state, '\"version\":0', '\"version\":7')", "the state it holds is another's"),
            ("replace(state, 'session-', 'sessionx')", "the state it holds is another's"),
        ],
    )
    def test_that_hold_no_state(self, observed, sessions, state, words):
        """
        Nothing runs where the session's state is none, or another's.
        """
        task = observed.begin()
        changed(sessions._file.path, f"UPDATE sessions SET state = {state}")

        observed.refused(unreachable(words), task)

    def test_that_have_gone_back(self, observed, sessions):
        """
        Nothing runs where the file holds what the session was before its last calls.
        """
        task = observed.begin()
        path = sessions._file.path
        with contextlib.closing(sqlite3.connect(path)) as file:
            before = file.execute("SELECT version, state FROM sessions").fetchone()
        observed.allowed(task)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.execute("UPDATE sessions SET version = ?, state = ?", before)

        lost = Fault(DecisionUnavailable, "session.lost", "lost committed states")
        observed.refused(lost, task)

    def test_that_are_read_only(self, observed, sessions):
        """
        Nothing runs where what it takes cannot be committed.
        """
        task = observed.begin()
        sessions._file._connection.execute("PRAGMA query_only = ON")

        observed.refused(unreachable("readonly"), task)

    def test_that_were_lost(self, observed, sessions):
        """
        Nothing runs in a session that was begun and is not there.
        """
        task = observed.begin()
        changed(sessions._file.path, "DELETE FROM sessions")

        lost = Fault(DecisionUnavailable, "session.lost", "the session is not in the store")
        observed.refused(lost, task)

    def test_of_a_process_that_has_ended(self, observed):
        """
        Nothing runs in a session of memory that is no more.
        """
        task = observed.begin()
        observed.parts.sessions = MemorySessions()

        lost = Fault(
            DecisionUnavailable, "session.lost", "sessions in memory end with their process"
        )
        observed.refused(lost, task)

    def test_that_were_closed(self, observed):
        """
        Nothing runs once the store is closed.
        """
        task = observed.begin()
        observed.parts.sessions.close()

        observed.refused(unreachable("it was closed"), task)

    def test_of_another_owner(self, observed, sessions):
        """
        Nothing runs in a session that has become somebody else's.
        """
        task = observed.begin()
        changed(sessions._file.path, "UPDATE sessions SET subject = 'mallory@acme.example'")

        lost = Fault(DecisionUnavailable, "session.lost", "the session is not in the store")
        observed.refused(lost, task)

    def test_whose_turn_does_not_come(self, observed):
        """
        Nothing runs while another call of the session does not end.
        """
        task = observed.begin()
        fault = Fault(
            SessionContended, "session.contended", "turn did not come before the deadline"
        )

        with (
            observed.asking(lambda pdp, *asked: pdp.ask(*asked[:2], **asked[2]), deadline=0.3),
            observed.parts.sessions.lock(task.session, deadline=time.monotonic() + 5),
        ):
            observed.refused(fault, task)
        observed.allowed(task)

    def test_that_others_keep_changing(self, observed):
        """
        Nothing runs where another process is faster each time, until the deadline.
        """
        store = observed.parts.sessions
        task = observed.begin()
        real = store.commit

        def commit(key, expected, state):
            """Another process's commit, right before this one's."""
            assert real(key, expected, state.model_copy(update={"decisions": ["another-call"]}))
            time.sleep(2)  # the deadline
            return real(key, expected, state)

        store.commit = commit
        fault = Fault(SessionContended, "session.contended", "others kept changing the session")
        with observed.asking(lambda pdp, *asked: pdp.ask(*asked[:2], **asked[2]), deadline=2):
            observed.refused(fault, task)
        del store.commit

    @pytest.mark.parametrize("made", [True, False])
    def test_a_commit_of_which_nobody_knows(self, observed, made):
        """
        Where a commit ended in an error, what the store then holds tells whether it was made.
        """
        store = observed.parts.sessions
        task = observed.begin()
        real = store.commit

        def commit(key, expected, state):
            if made:
                assert real(key, expected, state)
            raise DecisionUnavailable("the line went dead", code="session.unreachable")

        store.commit = commit
        if made:
            observed.allowed(task)
        else:
            observed.refused(unreachable("the line went dead"), task)
        del store.commit
        assert store.load(task.session).spent.calls == int(made)

    def test_that_cannot_be_opened(self, observed, tmp_path):
        """
        No guard begins on a store that cannot be used.
        """
        path = tmp_path / "no.sqlite"
        path.write_text("no database, but long enough to be read as the header of one" * 20)

        with pytest.raises(
            (ConfigurationError, DecisionUnavailable), match=r"no\.sqlite"
        ) as caught:
            SqliteSessions(path)

        assert caught.value.executed == "no"


# --- sessions in a Redis -------------------------------------------------------------------


@pytest.fixture
def redis(observed):
    """Sessions in a Redis, in the place of those in memory; the server that keeps them."""
    with RedisServer() as server:
        store = RedisSessions(server.url, timeout=0.5)
        observed.parts.sessions = store
        yield server
        store.close()


def key_of(task):
    return PREFIX + task.session.sid


class TestRedis:
    def test_that_is_not_there(self, observed, redis):
        """
        Nothing runs while Redis is gone; once it is back with all it had, calls go on.
        """
        task = observed.begin()
        observed.allowed(task)
        redis.kill()

        observed.refused(unreachable("there is no connection"), task)
        redis.start()
        observed.allowed(task)
        assert observed.parts.sessions.load(task.session).spent.calls == 2

    def test_that_does_not_answer(self, observed, redis):
        """
        Nothing runs while Redis says nothing.
        """
        task = observed.begin()
        redis.signal(signal.SIGSTOP)
        try:
            observed.refused(unreachable("it took longer than its timeout"), task)
        finally:
            redis.signal(signal.SIGCONT)
        observed.allowed(task)

    def test_that_comes_back_with_nothing(self, observed, redis):
        """
        Nothing runs on a Redis that has forgotten the session, nor is a fresh one begun.
        """
        task = observed.begin()
        observed.allowed(task)
        redis.kill()
        redis.forget()
        redis.start()

        lost = Fault(DecisionUnavailable, "session.lost", "the session is not in the store")
        observed.refused(lost, task)
        assert redis.tell("DBSIZE") == 0

    def test_that_has_gone_back(self, observed, redis):
        """
        Nothing runs where Redis holds what the session was before its last calls.
        """
        task = observed.begin()
        before = redis.tell("DUMP", key_of(task))
        observed.allowed(task)
        redis.tell("RESTORE", key_of(task), "0", before, "REPLACE")

        lost = Fault(DecisionUnavailable, "session.lost", "lost committed states")
        observed.refused(lost, task)

    @pytest.mark.parametrize(
        ("setting", "words"),
        [
            (("maxmemory", "1"), "it has no memory left (OOM)"),
            (("requirepass", "sesame"), "it refuses the user or the password"),
            (("min-replicas-to-write", "3"), "it refuses the command (NOREPLICAS)"),
        ],
    )
    def test_that_takes_no_writes(self, observed, redis, setting, words):
        """
        Nothing runs where what it takes cannot be committed.
        """
        task = observed.begin()
        redis.tell("CONFIG", "SET", *setting)
        observed.parts.sessions._hang_up()

        observed.refused(unreachable(words), task)

    def test_that_has_become_a_replica(self, observed, redis):
        """
        Nothing runs on a replica: it may lag behind what was spent.
        """
        task = observed.begin()
        redis.tell("REPLICAOF", "127.0.0.1", "1")

        observed.refused(unreachable("READONLY"), task)

    @pytest.mark.parametrize(
        ("commands", "words"),
        [
            ([("DEL",), ("SET", "text")], "WRONGTYPE"),
            ([("HDEL", "state")], "it holds an invalid session"),
            ([("HSET", "state", "null")], "the state it holds is not one"),
            ([("HSET", "version", "7")], "the state it holds is another's"),
        ],
    )
    def test_that_holds_no_state(self, observed, redis, commands, words):
        """
        Nothing runs where the session's state is none, or another's.
        """
        task = observed.begin()
        for name, *rest in commands:
            redis.tell(name, key_of(task), *rest)

        observed.refused(unreachable(words), task)

    def test_that_may_drop_sessions(self, observed, redis):
        """
        Nothing runs where whoever fills the memory decides which sessions are dropped.
        """
        task = observed.begin()
        redis.kill()
        observed.refused(unreachable("there is no connection"), task)
        observed._exporter.clear()
        redis.settings["maxmemory-policy"] = "allkeys-lru"
        redis.start()

        evicts = Fault(ConfigurationError, "session.store_evicts", "drops sessions")
        observed.refused(evicts, task)

    @pytest.mark.parametrize("heard", [True, False])
    def test_a_commit_of_which_nobody_knows(self, observed, redis, heard):
        """
        Of a commit whose answer did not come, what Redis then holds tells; nothing runs twice.
        """
        relay = Relay(redis)
        store = observed.parts.sessions
        observed.parts.sessions = through = RedisSessions(relay.url, timeout=0.5)
        try:
            task = observed.begin()
            observed.allowed(task)
            real = through.commit

            def commit(*asked):
                relay.silent = True
                try:
                    return real(*asked)
                finally:
                    relay.silent = not heard

            through.commit = commit
            if heard:
                observed.allowed(task)
            else:
                observed.refused(unreachable("it took longer than its timeout"), task)
            assert store.load(task.session).spent.calls == 2
        finally:
            relay.close()
            through.close()
            observed.parts.sessions = store


# --- evidence ------------------------------------------------------------------------------


def kept(observed):
    """The evidence log of the guard, which waits less than usual."""
    log = observed.guard.evidence
    log._timeout = 0.3
    return log


class TestEvidence:
    def test_that_is_locked(self, observed):
        """
        Nothing runs while another process keeps the log to itself.
        """
        log = kept(observed)
        task = observed.begin()

        with locked(log.path):
            observed.refused(unrecorded("database is locked"), task, recorded=False)
        observed.allowed(task)

    def test_whose_file_is_gone(self, observed):
        """
        Nothing runs where the log's file was removed.
        """
        log = kept(observed)
        task = observed.begin()
        log.path.unlink()

        observed.refused(unrecorded("No such file"), task, recorded=False)

    def test_whose_file_is_another(self, observed):
        """
        Nothing runs where another file has taken the place of the log's.
        """
        log = kept(observed)
        task = observed.begin()
        content = log.path.read_bytes()
        log.path.unlink()
        log.path.write_bytes(content)

        fault = unrecorded("another file has taken its place")
        observed.refused(fault, task, recorded=False)

    def test_that_is_scribbled_over(self, observed):
        """
        Nothing runs where the log's file is not a database any more.
        """
        log = kept(observed)
        task = observed.begin()
        observed.allowed(task)
        scribbled(log.path)

        fault = unrecorded(("not a database", "malformed"))
        observed.refused(fault, task, recorded=False)

    def test_that_is_read_only(self, observed):
        """
        Nothing runs where nothing can be written.
        """
        log = kept(observed)
        task = observed.begin()
        log._file._connection.execute("PRAGMA query_only = ON")

        observed.refused(unrecorded("readonly"), task, recorded=False)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ("UPDATE head SET mac = 'x'", "does not carry the deployment's signature"),
            ("DELETE FROM head", "it has no head"),
            ("DROP TABLE records", "no such table"),
        ],
    )
    def test_whose_end_was_changed(self, observed, change, words):
        """
        Nothing runs on a log whose end somebody has changed.
        """
        log = kept(observed)
        task = observed.begin()
        observed.allowed(task)
        with contextlib.closing(sqlite3.connect(log.path)) as other:
            names = other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            triggers = [name for (name,) in names]
        changed(log.path, *(f"DROP TRIGGER {name}" for name in triggers), change)

        observed.refused(unrecorded(words), task, recorded=False)

    def test_that_has_become_shorter(self, observed):
        """
        Nothing runs on a log that went back to what it once was.
        """
        log = kept(observed)
        task = observed.begin()
        observed.allowed(task)
        with contextlib.closing(sqlite3.connect(log.path)) as now:
            before = now.execute("SELECT count, hash, mac FROM head").fetchone()
        observed.allowed(task)
        with contextlib.closing(sqlite3.connect(log.path)) as other:
            names = other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in names.fetchall():
                other.execute(f"DROP TRIGGER {name}")
            other.execute("UPDATE head SET count = ?, hash = ?, mac = ?", before)
            other.commit()

        observed.refused(unrecorded("it has become shorter"), task, recorded=False)

    def test_that_was_closed(self, observed):
        """
        Nothing runs once the log is closed.
        """
        task = observed.begin()
        observed.guard.evidence.close()

        observed.refused(unrecorded("closed"), task, recorded=False)

    def test_of_another_key(self, observed, tmp_path):
        """
        No guard begins on a log that was begun with another key.
        """
        path = observed.guard.evidence.path

        with pytest.raises(ConfigurationError, match="another key") as caught:
            SqliteEvidence(path, key=b"another key of 32 bytes, or more")

        assert caught.value.executed == "no"

    def test_that_fails_once_it_has_run(self, observed):
        """
        Where the outcome cannot be written, it has run, and the task takes no more calls.
        """
        log = kept(observed)
        task = observed.begin()
        read = observed.guard.tools["mail.read"]

        def shut(id: str) -> str:
            log._file._connection.execute("PRAGMA query_only = ON")
            observed.ran.append(id)
            return id

        genuine, read.function = read.function, shut
        with pytest.raises(OutcomeUnrecorded) as caught:
            task.call("mail.read", {"id": "42"})
        assert (caught.value.executed, caught.value.code) == ("yes", "outcome.unrecorded")
        assert observed.ran == ["42"]
        log._file._connection.execute("PRAGMA query_only = OFF")
        read.function = genuine
        observed._exporter.clear()

        fault = Fault(DecisionUnavailable, "task.unreconciled", "is not in the evidence log")
        observed.refused(fault, task)
        assert task.reconcile() == 1
        observed.allowed(task)


FULL = """
    import json, resource, sys
    from inbounds import DecisionUnavailable
    from inbounds.testing import PolicyUnderTest

    policy = PolicyUnderTest(__import__("pathlib").Path(sys.argv[1]))
    ran = []

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> str:
        ran.append(id)
        return id

    task = policy.task()
    task.call("mail.read", {"id": "42"})
    # The disk is as full as the log's file is large.
    log = policy.guard.evidence.path
    size = max(path.stat().st_size for path in log.parent.glob(log.name + "*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    told = []
    for call in range(20):
        try:
            task.call("mail.read", {"id": str(call)})
        except Exception as error:
            told.append([type(error).__name__, error.code, error.executed, str(error), len(ran)])
    print(json.dumps({"told": told, "ran": len(ran)}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX")
def test_evidence_on_a_disk_that_is_full(tmp_path):
    """
    Nothing runs where the disk takes no record of it.
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path / "inbounds")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    said = json.loads(done.stdout)

    first = [call for call in said["told"] if call[1] == "evidence.unavailable"]
    assert first, said
    for kind, _, executed, text, _ran in first:
        assert (kind, executed) == ("DecisionUnavailable", "no")
        assert "the evidence log does not take records" in text
        assert "disk" in text
    # Whatever ran had its record before it; of one the disk may have run full in the midst.
    assert {call[1] for call in said["told"]} <= {
        "evidence.unavailable",
        "outcome.unrecorded",
        "task.unreconciled",
    }
    assert said["ran"] + len(said["told"]) >= 20


READ_ONLY = """
    import os, sys
    from pathlib import Path
    from inbounds import ConfigurationError
    from inbounds.evidence.log import SqliteEvidence
    from inbounds.sessions.sqlite import SqliteSessions

    if os.geteuid() == 0:  # whom no permission stops
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    for open_it in (
        lambda: SqliteEvidence(Path(sys.argv[1]), key=b"k" * 32),
        lambda: SqliteSessions(Path(sys.argv[2])),
    ):
        try:
            open_it()
        except ConfigurationError as error:
            print(error.code, error.executed, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_files_that_are_read_only():
    """
    No guard begins on a log, or a store of sessions, that it may not write.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evidence, sessions = folder / "evidence.sqlite", folder / "sessions.sqlite"
        SqliteEvidence(evidence, key=b"k" * 32).close()
        SqliteSessions(sessions).close()
        for path in (evidence, sessions):
            path.chmod(0o444)
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(READ_ONLY), str(evidence), str(sessions)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        folder.chmod(0o755)

    first, second = done.stdout.splitlines()
    told = "configuration.not_writable no {} cannot be opened for writing"
    assert first.startswith(told.format("evidence.sqlite"))
    assert second.startswith(told.format("sessions.sqlite"))


def test_threads_that_call_while_the_log_is_locked(observed):
    """
    However many call at once, nothing runs, and every call ends.
    """
    log = kept(observed)
    tasks = [observed.begin() for _ in range(8)]
    told = []

    def call(task):
        try:
            task.call("mail.read", {"id": "42"})
        except DecisionUnavailable as error:
            told.append((error.code, error.executed))

    threads = [threading.Thread(target=call, args=(task,)) for task in tasks]
    with locked(log.path):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()

    assert observed.ran == []
    assert told == [("evidence.unavailable", "no")] * 8


def test_the_observer_sees_a_run(observed):
    """
    What is observed here is there to be seen: a call that is in order runs.
    """
    assert isinstance(observed, Observed) and isinstance(observed.guard, Guard)
    observed.allowed(observed.begin())
    assert [record["kind"] for record in observed.records()] == ["decided.v1", "executed.v1"]
