"""The evidence log: what it keeps, what it refuses, and what `verify` finds afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.evidence import Decided, Executed, Granted, NoEvidence, chain
from inbounds.evidence import log as evidence_log
from inbounds.evidence.file import parse
from inbounds.evidence.keys import deployment_key, key_id, subkey
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.paths import evidence_path, home, key_path
from inbounds.evidence.records import body
from inbounds.evidence.verify import verify

KEY = bytes(range(32))
CANARY = "canary-7f3a91"
SPAWN = multiprocessing.get_context("spawn")


def decided(number=1, **changes):
    return Decided(
        **{
            "decision_id": f"decision-{number:06}",
            "at": 1_760_000_000_000_000_000 + number,
            "task": f"task-{number % 2}",
            "sid": "s-1",
            "tenant": "acme",
            "subject": "alice@acme.example",
            "agent": "spiffe://acme.example/agent/assistant",
            "intent": "summarise",
            "tool": "mail.send",
            "effects": ("write", "export"),
            "resource_type": "mailbox",
            "resource_digest": "hmac-sha256:k:aa",
            "digest": "hmac-sha256:k:bb",
            "outcome": "allow",
            "codes": ("egress.destination_not_allowed",),
            "pointers": ("/to/0",),
            "obligations": ("notify",),
            "policy": "v1",
            "deployment": "sha256:cc",
            "engine": "opa",
            "engine_id": "engine-1",
            "pep": "pep-1",
            "trace_id": "0" * 31 + "1",
            "span_id": "0" * 15 + "1",
            "granted": Granted(tools=("mail.read", "mail.send"), effects=("read", "write")),
            **changes,
        }
    )


def executed(number=1, **changes):
    return Executed(
        **{
            "decision_id": f"decision-{number:06}",
            "at": 1_760_000_000_000_000_500 + number,
            "executed": "yes",
            "status": "error",
            "error_type": "TimeoutError",
            **changes,
        }
    )


def commits(log):
    """Every commit from now on, and whether it is flushed; a list that grows."""
    seen = []
    file = log._file

    def trace(statement):
        if statement == "COMMIT":
            seen.append(file._connection.execute("PRAGMA synchronous").fetchone()[0] == 2)

    file._connection.set_trace_callback(trace)
    return seen


def in_the_files(folder):
    """How many records another process finds in the files as they are, the log still open."""
    for name in ("e.sqlite", "e.sqlite-wal"):
        shutil.copy(folder / name, folder / f"copy-{name}")
    return verify(folder / "copy-e.sqlite", KEY).records


def no_thread(self):
    raise RuntimeError("can't start new thread")


def fill(path, calls=5):
    log = SqliteEvidence(path, key=KEY)
    for number in range(1, calls + 1):
        log.decided(decided(number))
        log.executed(executed(number))
    log.close()


def append(path, first, calls):
    """One process of several that write one log."""
    log = SqliteEvidence(path, key=KEY, timeout=60)
    for number in range(first, first + calls):
        log.decided(decided(number))
        log.executed(executed(number))
    log.close()


def append_until_killed(path, connection):
    """Write without end, and say after each call that it was kept."""
    log = SqliteEvidence(path, key=KEY, timeout=60)
    number = 0
    while True:
        number += 1
        log.decided(decided(number))
        connection.send(number)
        log.executed(executed(number))


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("evidence") / "whole.sqlite"
    fill(path)
    return path


@pytest.fixture
def filled(whole, tmp_path):
    """A log of ten records, for a test to do wrong to."""
    return Path(shutil.copy(whole, tmp_path / "e.sqlite"))


@pytest.fixture
def log(tmp_path):
    found = SqliteEvidence(tmp_path / "e.sqlite", key=KEY)
    yield found
    found.close()


class Tamper:
    """Somebody who can write to the file, and knows how it is made, but not the key."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.triggers = self.connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()

    def __enter__(self):
        for name, _ in self.triggers:
            self.connection.execute(f"DROP TRIGGER {name}")
        return self

    def __exit__(self, *_):
        for _, sql in self.triggers:
            self.connection.execute(sql)
        self.connection.close()

    def __call__(self, statement, *values):
        return self.connection.execute(statement, values).fetchall()

    def body(self, seq):
        return json.loads(self("SELECT body FROM records WHERE seq = ?", seq)[0][0])

    def write(self, seq, fields, *, rehash):
        text = rfc8785.dumps(fields)
        digest = hashlib.sha256(text).hexdigest()
        self("UPDATE records SET body = ? WHERE seq = ?", text.decode(), seq)
        if rehash:
            self("UPDATE records SET hash = ? WHERE seq = ?", digest, seq)
        self(
            "UPDATE records SET task = ?, decision_id = ?, kind = ? WHERE seq = ?",
            *(str(fields.get(name, "")) for name in ("task", "decision_id", "kind")),
            seq,
        )
        return digest

    def rechain(self, first):
        """Compute every hash from `first` on anew, and the head's, but for its signature."""
        last = self("SELECT hash FROM records WHERE seq = ?", first - 1)[0][0]
        for (seq,) in self("SELECT seq FROM records WHERE seq >= ? ORDER BY seq", first):
            last = self.write(seq, {**self.body(seq), "seq": seq, "prev": last}, rehash=True)
        self("UPDATE head SET hash = ?, count = (SELECT count(*) FROM records)", last)


def faults(path, **options):
    result = verify(path, KEY, **options)
    assert result.ok is (result.faults == 0)
    return {(finding.fault, finding.seq) for finding in result.findings}


def kinds(path, **options):
    return {fault for fault, _ in faults(path, **options)}


def other(value):
    """A value of the same type that is not this one."""
    if isinstance(value, dict):
        return {name: other(member) for name, member in value.items()}
    if isinstance(value, list):
        return [*value, "x"]
    return value + 1 if isinstance(value, int) else value[:-1] + "~"


class TestRecords:
    def test_are_written_as_rfc_8785_with_their_place_in_the_chain(self):
        text = body(decided(), seq=7, prev="ab")
        fields = json.loads(text)

        assert text == rfc8785.dumps(fields)
        assert fields["seq"] == 7
        assert fields["prev"] == "ab"
        assert fields["kind"] == "decided.v1"
        assert fields["at"] == "1760000000000000001"
        assert set(fields) == {*Decided.model_fields, "kind", "seq", "prev"}

    @given(
        st.builds(
            decided,
            tool=st.text(max_size=40).filter(lambda text: text.isprintable() or True),
            codes=st.lists(st.text(max_size=20), max_size=3).map(tuple),
            at=st.integers(0, 2**63),
        )
    )
    @settings(max_examples=300, deadline=None)
    def test_any_record_is_canonical_and_comes_back_as_it_was(self, record):
        try:
            text = body(record, seq=1, prev="")
        except UnicodeEncodeError:
            return
        fields = json.loads(text)

        assert text == rfc8785.dumps(fields)
        assert parse(text.decode()) == (record, 1, "")

    def test_cannot_be_changed_and_take_no_field_they_do_not_know(self):
        with pytest.raises(ValidationError):
            decided().tool = "other"
        with pytest.raises(ValidationError):
            decided(arguments={"to": "bob"})
        with pytest.raises(ValidationError):
            executed(result="text")
        with pytest.raises(ValidationError):
            decided(outcome="perhaps")

    @pytest.mark.parametrize(
        "changes",
        [
            {"arguments": {"body": CANARY}},
            {"outcome": CANARY},
            {"codes": [{"code": CANARY}]},
            {"tool": {"name": CANARY}},
            {"granted": {"tools": [], "token": CANARY}},
        ],
    )
    def test_say_no_value_when_they_refuse_one(self, changes):
        with pytest.raises(ValidationError) as caught:
            decided(**changes)

        assert CANARY not in str(caught.value)


class TestSignatures:
    @settings(max_examples=50, deadline=None)
    @given(st.text(), st.text(), st.integers(0, 2**53 - 1), st.text("0123456789abcdef"))
    def test_cover_rfc_8785_of_what_they_sign(self, log, task, count, digest):
        def mac(**fields):
            return hmac.digest(KEY, rfc8785.dumps(fields), "sha256").hex()

        head = chain.Head.sign(KEY, log=log, count=count, last=digest)
        of_task = chain.TaskHead.sign(KEY, log=log, task=task, count=count, last=digest)
        seal = chain.seal(KEY, log=log, task=task, digest=digest)

        assert head.mac == mac(kind="head.v1", log=log, count=count, hash=digest)
        assert of_task.mac == mac(kind="task.v1", log=log, task=task, count=count, hash=digest)
        assert seal == mac(kind="record.v1", log=log, task=task, hash=digest)


class TestLog:
    def test_keeps_records_in_order_in_one_signed_chain(self, log):
        log.decided(decided(1))
        log.executed(executed(1))
        log.decided(decided(2, outcome="deny"))
        with contextlib.closing(sqlite3.connect(log.path)) as connection:
            rows = connection.execute("SELECT * FROM records ORDER BY seq").fetchall()
        bodies = [json.loads(row[4]) for row in rows]

        assert [row[0] for row in rows] == [1, 2, 3]
        assert [each["prev"] for each in bodies[1:]] == [row[5] for row in rows[:2]]
        assert [hashlib.sha256(row[4].encode()).hexdigest() for row in rows] == [
            row[5] for row in rows
        ]
        assert log.anchor().count == 3
        assert log.anchor().signed_by(KEY)
        assert str(verify(log.path, KEY)) == "whole · 3 records"

    def test_goes_on_after_a_restart(self, log):
        log.decided(decided(1))
        log.close()
        again = SqliteEvidence(log.path, key=KEY)
        again.executed(executed(1))
        again.close()

        assert verify(log.path, KEY).ok
        assert verify(log.path, KEY).records == 2

    def test_a_decision_is_on_the_disk_when_the_call_returns(self, log, tmp_path):
        flushed = commits(log)
        log.decided(decided(1))

        assert flushed == [True]
        assert in_the_files(tmp_path) == 1

    def test_an_outcome_is_in_the_file_when_the_call_returns(self, log, tmp_path, monkeypatch):
        """
        Where other processes see it, and the end of this one does not take it away.
        """
        monkeypatch.setattr(evidence_log, "_FLUSH_SECONDS", 600)
        flushed = commits(log)
        log.decided(decided(1))
        log.executed(executed(1))

        assert flushed == [True, False]
        assert in_the_files(tmp_path) == 2
        log._flusher.cancel()

    @pytest.mark.parametrize("by", ["time", "the next decision", "anchor", "close", "no thread"])
    def test_an_outcome_is_flushed(self, log, monkeypatch, by):
        monkeypatch.setattr(evidence_log, "_FLUSH_SECONDS", 0.01 if by == "time" else 600)
        if by == "no thread":
            monkeypatch.setattr(threading.Thread, "start", no_thread)
        flushed = commits(log)
        log.decided(decided(1))
        log.executed(executed(1))
        if by == "time":
            log._flusher.join(20)
        elif by == "the next decision":
            log.decided(decided(2))
        elif by == "anchor":
            assert log.anchor().count == 2
        elif by == "close":
            log.close()

        assert flushed == [True, False, True]
        # Once is enough.
        log._flush()
        assert flushed == [True, False, True] or by == "anchor"

    @pytest.mark.parametrize("amid", ["decided", "executed", "anchor"])
    def test_an_outcome_amid_a_transaction_of_its_own_thread_is_written_right_after(
        self, log, monkeypatch, amid
    ):
        """
        A finaliser says so, such as that of a generator that nobody iterates any more.
        """
        log.decided(decided(1))
        log.decided(decided(3))
        same, run = log._file._require_same_file, []

        def finalise():
            same()
            if not run:
                run.append(1)
                log.executed(executed(1))

        monkeypatch.setattr(log._file, "_require_same_file", finalise)
        before = time.monotonic()
        if amid == "decided":
            log.decided(decided(2))
        elif amid == "executed":
            log.executed(executed(3))
        else:
            log.anchor()
            log.executed(executed(3))

        assert time.monotonic() - before < 5
        assert verify(log.path, KEY).ok
        assert verify(log.path, KEY).records == 4
        assert not log._late

    def test_a_late_outcome_that_cannot_be_written_stops_the_next_decision(self, log, monkeypatch):
        log.decided(decided(1))
        log._late.keep(executed(1))
        log._late._kept.append((os.getpid() + 1, executed(9)))  # of the parent of a fork
        with monkeypatch.context() as patch:
            patch.setattr(log._file, "write", no_thread)
            with pytest.raises((TypeError, RuntimeError)):
                log.decided(decided(2))
        assert len(log._late) == 2
        log.close()

        assert verify(log.path, KEY).records == 2

    def test_a_flush_writes_something(self, log):
        """
        A commit that writes nothing is not flushed, and would leave the outcome where it is.
        """
        log.decided(decided(1))
        before = log._file._connection.execute("PRAGMA wal_checkpoint").fetchone()[1]
        log._transact(log._flushed_head)

        assert log._file._connection.execute("PRAGMA wal_checkpoint").fetchone()[1] != before

    def test_an_outcome_during_a_flush_is_flushed_too(self, log, monkeypatch):
        monkeypatch.setattr(evidence_log, "_FLUSH_SECONDS", 600)
        flushed = commits(log)
        log.decided(decided(1))
        log.executed(executed(1))
        first, run = log._flusher, log._transact

        def amid(*given, **more):
            made = run(*given, **more)
            monkeypatch.undo()
            log.executed(executed(1))
            return made

        monkeypatch.setattr(log, "_transact", amid)
        log._flush()

        assert log._flusher is not first
        log._flusher.join(20)
        assert flushed == [True, False, True, False, True]
        first.cancel()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE records SET body = '{}'",
            "UPDATE records SET task = 'x' WHERE seq = 1",
            "DELETE FROM records",
            "DELETE FROM records WHERE seq = 2",
            "REPLACE INTO records SELECT 1, kind, 'x', task, body, hash, mac FROM records",
            "INSERT INTO records SELECT 9, kind, 'x', task, body, hash, mac FROM records LIMIT 1",
            "DELETE FROM head",
            "UPDATE head SET count = 1",
            "UPDATE head SET log = 'x'",
            "DELETE FROM tasks",
            "UPDATE tasks SET count = 1",
            "UPDATE tasks SET task = 'x', count = count + 1",
        ],
    )
    def test_takes_no_change_from_an_honest_program(self, filled, statement):
        connection = sqlite3.connect(filled, isolation_level=None)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
        connection.close()

        assert verify(filled, KEY).ok

    def test_decides_nothing_twice_under_one_id(self, log):
        log.decided(decided(1))
        with pytest.raises(DecisionUnavailable) as caught:
            log.decided(decided(1))

        assert caught.value.code == "evidence.unavailable"
        assert verify(log.path, KEY).records == 1

    def test_64_threads_write_one_unforked_chain(self, tmp_path):
        log = SqliteEvidence(tmp_path / "e.sqlite", key=KEY, timeout=60)
        failed = []

        def run(first):
            try:
                for number in range(first, first + 3):
                    log.decided(decided(number))
                    log.executed(executed(number))
            except DecisionUnavailable as error:
                failed.append(error)

        threads = [threading.Thread(target=run, args=(each * 10,)) for each in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        log.close()

        assert not failed
        assert str(verify(log.path, KEY)) == "whole · 384 records"

    @pytest.mark.system
    def test_processes_write_one_unforked_chain_even_the_first_records(self, tmp_path):
        path = tmp_path / "e.sqlite"
        processes = [SPAWN.Process(target=append, args=(path, each * 100, 25)) for each in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()

        assert [process.exitcode for process in processes] == [0] * 4
        assert str(verify(path, KEY)) == "whole · 200 records"

    @pytest.mark.system
    @pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
    @pytest.mark.parametrize("seconds", [0.02, 0.05, 0.1])
    def test_a_killed_writer_leaves_a_whole_chain_with_all_it_had_answered_for(
        self, tmp_path, seconds
    ):
        path = tmp_path / "e.sqlite"
        reader, writer = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=append_until_killed, args=(path, writer))
        process.start()
        writer.close()
        kept = reader.recv()
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        try:
            while True:
                kept = reader.recv()
        except EOFError:
            pass
        reader.close()
        result = verify(path, KEY)

        assert process.exitcode == -signal.SIGKILL
        assert result.ok
        assert result.records >= 2 * kept - 1
        assert result.unfinished <= 1
        append(path, 900_000, 1)
        assert verify(path, KEY).ok

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_forked_child_writes_on_the_same_chain(self, log):
        log.decided(decided(1))
        child = os.fork()
        if child == 0:
            status = 99
            try:
                log.executed(executed(1))
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        log.decided(decided(2))

        assert verify(log.path, KEY).ok
        assert verify(log.path, KEY).records == 3

    def test_a_closed_log_is_unavailable(self, log):
        log.close()
        with pytest.raises(DecisionUnavailable) as caught:
            log.decided(decided(1))

        assert caught.value.code == "evidence.unavailable"
        assert caught.value.executed == "no"

    def test_a_log_that_others_hold_is_unavailable_in_time(self, tmp_path):
        log = SqliteEvidence(tmp_path / "e.sqlite", key=KEY, timeout=0.1)
        blocker = sqlite3.connect(log.path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(DecisionUnavailable) as caught:
            log.decided(decided(1))

        assert caught.value.code == "evidence.unavailable"
        assert 0.09 < time.monotonic() - started < 5
        blocker.execute("ROLLBACK")
        blocker.close()
        log.decided(decided(1))
        log.close()

    @pytest.mark.skipif(os.name != "posix", reason="an open file cannot be removed elsewhere")
    def test_a_log_that_was_removed_is_unavailable_and_not_begun_afresh(self, log):
        log.decided(decided(1))
        log.path.unlink()
        with pytest.raises(DecisionUnavailable):
            log.executed(executed(1))

        assert not log.path.exists()

    def test_takes_no_record_of_a_task_whose_count_was_changed(self, log):
        log.decided(decided(1))
        with Tamper(log.path) as tamper:
            tamper("UPDATE tasks SET count = 7")
        with pytest.raises(DecisionUnavailable, match="count of a task"):
            log.executed(executed(1))

        assert verify(log.path, KEY).records == 1

    @pytest.mark.system
    @pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE")
    def test_a_full_disk_is_unavailable_and_leaves_a_whole_chain(self, tmp_path):
        program = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from test_evidence import KEY, DecisionUnavailable, SqliteEvidence, decided
log = SqliteEvidence(sys.argv[1], key=KEY)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
for number in range(1, 10_000):
    try:
        log.decided(decided(number))
    except DecisionUnavailable as error:
        print(number - 1, error.code)
        break
"""
        path = tmp_path / "e.sqlite"
        found = subprocess.run(
            [sys.executable, "-c", program, path, Path(__file__).parent],
            capture_output=True,
            text=True,
            check=True,
        )
        kept, code = found.stdout.split()

        assert code == "evidence.unavailable"
        assert verify(path, KEY).ok
        assert verify(path, KEY).records == int(kept) > 10

    def test_text_without_utf_8_is_unavailable(self, log):
        with pytest.raises(DecisionUnavailable) as caught:
            log.decided(decided(1).model_copy(update={"tool": "\ud800"}))

        assert caught.value.code == "evidence.unavailable"

    def test_a_place_nobody_can_write_is_refused_at_once(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(ConfigurationError) as caught:
            SqliteEvidence(tmp_path / "file" / "e.sqlite", key=KEY)

        assert caught.value.code == "configuration.not_writable"

    def test_another_key_is_refused_at_once(self, filled):
        with pytest.raises(ConfigurationError) as caught:
            SqliteEvidence(filled, key=bytes(32))

        assert caught.value.code == "evidence.other_key"

    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
    def test_is_for_its_owner_alone(self, tmp_path):
        log = SqliteEvidence(tmp_path / "new" / "e.sqlite", key=KEY)
        log.decided(decided(1))
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
        log.close()

        assert modes == {0o600}

    def test_signs_over_nobodys_change_of_the_end(self, filled):
        with Tamper(filled) as tamper:
            tamper.write(10, {**tamper.body(10), "executed": "no"}, rehash=True)
            tamper.rechain(10)
        log = SqliteEvidence(filled, key=KEY)
        with pytest.raises(DecisionUnavailable, match="signature"):
            log.decided(decided(6))
        log.close()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE head SET hash = 'x', count = count + 1",
            "UPDATE head SET mac = upper(mac), count = count + 1",
            "UPDATE head SET mac = CAST(mac AS BLOB), count = count + 1",
            "UPDATE tasks SET count = count + 1",
            "UPDATE tasks SET hash = 'x', count = count + 1",
        ],
    )
    def test_signs_over_nobodys_change_while_it_is_open(self, log, statement):
        """
        What this process wrote last is known to it; what the file says is what counts.
        """
        for number in (2, 4):
            log.decided(decided(number))
        connection = sqlite3.connect(log.path, isolation_level=None)
        connection.execute(statement)
        connection.close()

        for _ in range(2):
            with pytest.raises(DecisionUnavailable, match="signature"):
                log.decided(decided(6))

    def test_two_that_are_open_take_turns(self, tmp_path):
        """
        Each finds what the other wrote, for the log and for each task.
        """
        logs = [SqliteEvidence(tmp_path / "log", key=KEY) for _ in range(2)]
        for number in range(12):
            logs[number % 2].decided(decided(number, task=f"task-{number % 3}"))
            logs[(number + number // 2) % 2].executed(executed(number))
        for each in logs:
            each.close()

        found = verify(tmp_path / "log", key=KEY)
        assert found.ok
        assert found.records == 24

    def test_an_outcome_counts_for_no_decision_that_was_not_kept(self, log):
        """
        A decision that the log did not take is none, whatever this process remembers.
        """
        log.decided(decided(1))
        with pytest.raises(DecisionUnavailable):
            log.decided(decided(1, task="task-other"))
        log.executed(executed(1))

        with contextlib.closing(sqlite3.connect(log.path)) as connection:
            tasks = connection.execute("SELECT task FROM records ORDER BY seq").fetchall()
        assert tasks == [("task-1",), ("task-1",)]

    def test_more_tasks_and_decisions_than_it_remembers(self, log):
        log._file._connection.execute("PRAGMA synchronous=OFF")
        for number in range(1100):
            log.decided(decided(number, task=f"task-{number}"))
        for number in (1, 1099, 2):
            log.executed(executed(number))
        assert len(log._tasks._kept) == len(log._decisions._kept) == 1024

        assert verify(log.path, key=KEY).ok

    def test_threads_that_forget_a_decision_at_once_forget_two(self, monkeypatch):
        """
        One thread at a time changes what is remembered: another waits where one looks.
        """
        monkeypatch.setattr(evidence_log, "_REMEMBERED", 3)
        last = evidence_log._Last()
        for name in "abc":
            last.keep(name, name)
        other = threading.Thread(target=last.keep, args=("e", "e"))
        failed = []
        monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_value))

        class Kept(dict):
            def __iter__(self):
                names = super().__iter__()
                if other.ident is None:
                    first = next(names)
                    other.start()
                    other.join(0.05)  # it is over by now, or waits for this thread
                    return iter([first])
                return names

        last._kept = Kept(last._kept)
        last.keep("d", "d")
        other.join(20)

        assert ["c", "d", "e"] == [*dict(last._kept)]
        assert [] == failed

    @pytest.mark.parametrize("counter", ["_reached", "_flushed"])
    def test_threads_that_count_at_once_keep_the_furthest(self, log, monkeypatch, counter):
        """
        One thread at a time compares and sets: another waits meanwhile.
        """
        log.decided(decided(1))
        monkeypatch.setattr(log, "_append" if counter == "_flushed" else "_transact", None)
        furthest = []

        class Yielding(int):
            def __gt__(self, count):
                # As `max` compares, before what it returns is set.
                if not furthest:
                    furthest.append(threading.Thread(target=count_to, args=(9,)))
                    furthest[0].start()
                    furthest[0].join(0.05)  # it is over by now, or waits for this thread
                return int(self) > int(count)

        def count_to(count):
            if counter == "_flushed":
                monkeypatch.setattr(log, "_append", lambda record: count)
                log.decided(decided(2))
            else:
                monkeypatch.setattr(log, "_transact", lambda run, *_, **__: count)
                log._add(decided(2))

        count_to(Yielding(5))
        furthest[0].join(20)
        monkeypatch.undo()

        assert 9 == getattr(log, counter)

    @pytest.mark.system
    def test_an_outcome_said_while_the_process_forks_is_written_after(self, log):
        """
        As of a generator that is collected then; by the process whose outcome it is.
        """
        log.decided(decided(1))
        drop, said = log._file._drop, []

        def finalise():
            if not said:
                said.append(log._file.is_mine)
                log.executed(executed(1))
            drop()

        log._file._drop = finalise
        before = time.monotonic()
        child = os.fork()
        if child == 0:
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        log._file._drop = drop

        assert time.monotonic() - before < 5
        assert [True] == said
        assert not log._late
        assert verify(log.path, KEY).records == 2

    def test_notices_that_it_was_set_back_while_it_is_open(self, log):
        log.decided(decided(1))
        earlier = log.anchor()
        log.executed(executed(1))
        with Tamper(log.path) as tamper:
            tamper("DELETE FROM records WHERE seq = 2")
            tamper("UPDATE head SET count = 1, hash = ?, mac = ?", earlier.hash, earlier.mac)

        with pytest.raises(DecisionUnavailable, match="shorter"):
            log.decided(decided(2))

    def test_says_no_value_when_it_refuses_a_record(self, log):
        log.decided(decided(1))
        again = decided(1, tool=CANARY, codes=(CANARY,))
        for record in (again, again.model_copy(update={"tool": f"{CANARY}\ud800"})):
            with pytest.raises(DecisionUnavailable) as caught:
                log.decided(record)
            assert CANARY not in f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r}"

        raw = b"".join(path.read_bytes() for path in log.path.parent.iterdir())
        assert CANARY.encode() not in raw

    def test_none_is_said_out_loud(self):
        log = NoEvidence()
        log.decided(decided(1))
        log.executed(executed(1))
        log.close()


def damage(path, pages):
    """Damage the beginning of pages."""
    raw = bytearray(path.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    for page in pages:
        raw[(page - 1) * size : (page - 1) * size + 64] = b"\xa5" * 64
    path.write_bytes(raw)


class TestVerify:
    def test_a_whole_log(self, whole):
        result = verify(whole, KEY)

        assert (result.ok, result.records, result.findings) == (True, 10, ())
        assert json.loads(result.to_json())["ok"] is True

    @pytest.mark.parametrize("rehash", [False, True], ids=["plain", "rehashed"])
    @pytest.mark.parametrize(
        ("seq", "name"),
        [(3, name) for name in (*Decided.model_fields, "kind", "seq", "prev")]
        + [(4, name) for name in (*Executed.model_fields, "kind", "seq", "prev")]
        + [(10, name) for name in (*Executed.model_fields, "kind", "seq", "prev")],
    )
    def test_finds_an_edit_of_any_field(self, filled, seq, name, rehash):
        with Tamper(filled) as tamper:
            fields = tamper.body(seq)
            tamper.write(seq, {**fields, name: other(fields[name])}, rehash=rehash)

        assert any(found in {seq, seq + 1} for _, found in faults(filled))

    @pytest.mark.parametrize(
        ("seq", "name"),
        [(3, name) for name in Decided.model_fields if name not in {"at", "outcome", "granted"}],
    )
    def test_finds_an_edit_under_a_chain_computed_anew(self, filled, seq, name):
        with Tamper(filled) as tamper:
            fields = tamper.body(seq)
            tamper.write(seq, {**fields, name: other(fields[name])}, rehash=True)
            tamper.rechain(seq + 1)

        assert ("head", 0) in faults(filled)

    @pytest.mark.parametrize("column", ["kind", "decision_id", "task", "hash"])
    def test_finds_an_edit_of_a_column(self, filled, column):
        with Tamper(filled) as tamper:
            tamper(f"UPDATE records SET {column} = {column} || 'x' WHERE seq = 5")

        assert ("edited", 5) in faults(filled)

    @pytest.mark.parametrize("table", ["records", "head", "tasks"])
    def test_a_view_without_end_is_no_log(self, filled, table):
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        tamper = Tamper(filled)
        with contextlib.closing(tamper.connection):
            for name, _ in tamper.triggers:
                tamper(f"DROP TRIGGER {name}")
            tamper("PRAGMA legacy_alter_table = ON")
            tamper(f"ALTER TABLE {table} RENAME TO kept")
            tamper(f"CREATE VIEW {table} AS {endless} SELECT kept.* FROM kept, n")

        with pytest.raises(ConfigurationError) as refused:
            verify(filled, KEY)
        assert "evidence.not_a_log" == refused.value.code

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [
            ("body TEXT NOT NULL", "body TEXT GENERATED ALWAYS AS (hex(zeroblob(5e7))) VIRTUAL"),
            ("hash TEXT NOT NULL", "hash TEXT NOT NULL CHECK (length(hex(zeroblob(5e7))) > 1)"),
        ],
    )
    def test_a_table_that_computes_is_no_log(self, filled, was, becomes):
        with contextlib.closing(sqlite3.connect(filled)) as log, log:
            log.execute("PRAGMA writable_schema = ON")
            log.execute("UPDATE sqlite_schema SET sql = replace(sql, ?, ?)", (was, becomes))

        with pytest.raises(ConfigurationError) as refused:
            verify(filled, KEY)
        assert "evidence.not_a_log" == refused.value.code

    @pytest.mark.parametrize("column", ["log", "count", "hash", "mac", "key"])
    def test_finds_an_edit_of_the_head(self, filled, column):
        with Tamper(filled) as tamper:
            tamper(f"UPDATE head SET {column} = {column} || '1'")

        assert ("head", 0) in faults(filled)

    @pytest.mark.parametrize(
        "value", [b"\xff\xfe", 7, "", "[]", "null", "{}", '{"kind":1}', "[" * 9**6]
    )
    def test_finds_a_record_that_is_none(self, filled, value):
        with Tamper(filled) as tamper:
            tamper("UPDATE records SET body = ? WHERE seq = 5", value)
            raw = value if isinstance(value, bytes) else str(value).encode()
            tamper("UPDATE records SET hash = ? WHERE seq = 5", hashlib.sha256(raw).hexdigest())

        assert ("edited", 5) in faults(filled)

    @pytest.mark.parametrize("seq", [1, 5, 9])
    def test_finds_a_dropped_record(self, filled, seq):
        with Tamper(filled) as tamper:
            tamper("DELETE FROM records WHERE seq = ?", seq)

        assert ("dropped", seq + 1) in faults(filled)

    def test_finds_a_dropped_record_under_a_chain_computed_anew(self, filled):
        with Tamper(filled) as tamper:
            tamper("DELETE FROM records WHERE seq = 5")
            tamper("UPDATE records SET seq = seq - 1 WHERE seq > 5")
            tamper.rechain(5)

        assert "head" in kinds(filled)

    def test_finds_records_that_changed_places(self, filled):
        with Tamper(filled) as tamper:
            for source, target in ((5, 100), (6, 5), (100, 6)):
                tamper("UPDATE records SET seq = ? WHERE seq = ?", target, source)

        assert {("reordered", 5), ("reordered", 6)} <= faults(filled)

    def test_finds_an_inserted_record(self, filled):
        with Tamper(filled) as tamper:
            tamper("UPDATE records SET seq = -seq - 1 WHERE seq > 4")
            tamper("UPDATE records SET seq = -seq WHERE seq < 0")
            tamper(
                "INSERT INTO records SELECT 5, kind, 'x', task, '{}', '', '' FROM records LIMIT 1"
            )
            tamper.write(5, {**tamper.body(3), "decision_id": "inserted", "seq": 5}, rehash=True)

        assert {"replaced", "reordered"} <= kinds(filled)

    def test_finds_a_seal_that_is_not_the_key_s(self, filled):
        with Tamper(filled) as tamper:
            tamper("UPDATE records SET mac = (SELECT mac FROM records WHERE seq = 3) WHERE seq = 5")

        assert faults(filled) == {("edited", 5)}

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM tasks WHERE task = 'task-1'",
            "UPDATE tasks SET count = count - 1",
            "UPDATE tasks SET hash = 'x'",
            "UPDATE tasks SET mac = 'x'",
            "UPDATE tasks SET mac = x'00'",
        ],
    )
    def test_finds_that_a_task_s_count_was_changed(self, filled, statement):
        with Tamper(filled) as tamper:
            tamper(statement)

        assert kinds(filled) == {"count"}

    def test_finds_a_record_moved_to_another_task(self, filled):
        with Tamper(filled) as tamper:
            tamper("UPDATE records SET task = 'task-0' WHERE seq = 2")

        assert faults(filled) == {("edited", 2)}

    def test_finds_a_record_added_at_the_end(self, filled):
        with Tamper(filled) as tamper:
            last = tamper("SELECT hash FROM head")[0][0]
            tamper(
                "INSERT INTO records SELECT 11, kind, 'x', task, '{}', '', '' FROM records LIMIT 1"
            )
            fields = {**tamper.body(3), "decision_id": "inserted", "seq": 11, "prev": last}
            tamper.write(11, fields, rehash=True)

        assert faults(filled) == {("inserted", 11)}

    @pytest.mark.parametrize("cut", [1, 2, 9, 10])
    def test_finds_a_cut_tail(self, filled, cut):
        with Tamper(filled) as tamper:
            tamper("DELETE FROM records WHERE seq > ?", 10 - cut)

        assert ("truncated", 10 - cut) in faults(filled)

    def test_finds_a_cut_tail_whose_head_was_computed_anew(self, filled):
        with Tamper(filled) as tamper:
            tamper("DELETE FROM records WHERE seq > 8")
            tamper.rechain(8)

        assert ("head", 0) in faults(filled)

    def test_needs_an_anchor_to_find_that_all_was_set_back(self, tmp_path):
        path = tmp_path / "e.sqlite"
        fill(path, calls=1)
        earlier = Path(shutil.copy(path, tmp_path / "earlier.sqlite"))
        log = SqliteEvidence(path, key=KEY)
        log.decided(decided(2))
        anchor = chain.Head.from_json(log.anchor().to_json())
        log.close()

        assert verify(path, KEY, anchor=anchor).ok
        assert verify(earlier, KEY).ok
        assert kinds(earlier, anchor=anchor) == {"truncated"}

    def test_an_anchor_holds_while_the_log_grows(self, filled):
        log = SqliteEvidence(filled, key=KEY)
        anchor = log.anchor()
        log.decided(decided(20))
        log.close()

        assert verify(filled, KEY, anchor=anchor).ok

    def test_an_anchor_of_an_empty_log_holds_too(self, log):
        anchor = log.anchor()
        log.decided(decided(1))

        assert anchor.count == 0
        assert verify(log.path, KEY, anchor=anchor).ok

    def test_finds_an_anchor_of_another_log_key_or_history(self, filled, tmp_path):
        head = verify(filled, KEY).head
        log = SqliteEvidence(tmp_path / "other.sqlite", key=KEY)
        foreign = log.anchor()
        log.close()
        forged = chain.Head(head.log, head.count, head.hash, "00")
        history = chain.Head.sign(KEY, log=head.log, count=4, last="00")

        for anchor in (foreign, forged, history):
            assert kinds(filled, anchor=anchor) == {"anchor"}

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"log":1,"count":1,"hash":"","mac":""}'])
    def test_what_is_no_anchor_is_refused(self, text):
        with pytest.raises(ConfigurationError) as caught:
            chain.Head.from_json(text)

        assert caught.value.code == "evidence.not_an_anchor"

    def test_finds_that_the_log_of_another_was_put_in_its_place(self, filled):
        with Tamper(filled) as tamper:
            tamper("UPDATE head SET log = 'another'")

        assert "head" in kinds(filled)

    def test_finds_a_log_without_its_head(self, filled):
        with Tamper(filled) as tamper:
            tamper("DELETE FROM head")

        assert "head" in kinds(filled)

    def test_finds_another_key(self, filled):
        assert {found.fault for found in verify(filled, bytes(32)).findings} == {"head"}

    def test_finds_that_what_makes_it_append_only_is_gone(self, filled):
        connection = sqlite3.connect(filled)
        connection.execute("DROP TRIGGER records_kept")
        connection.close()

        assert kinds(filled) == {"unprotected"}

    def test_finds_damaged_pages(self, filled):
        with contextlib.closing(sqlite3.connect(filled)) as connection:
            roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0")
            pages = [page for (page,) in roots]
        damage(filled, pages)

        assert "unreadable" in kinds(filled)

    def test_says_so_where_the_pages_of_the_tables_are_damaged(self, filled):
        """
        Nothing can be read of a log of which SQLite does not know any more what is in it.
        """
        # Page 1 is inner to the tree of tables; its right-most child: SQLite's file format, §1.6.
        damage(filled, [int.from_bytes(filled.read_bytes()[108:112], "big")])

        with pytest.raises(DecisionUnavailable) as caught:
            verify(filled, KEY)
        assert caught.value.code == "evidence.unavailable"

    def test_finds_an_index_that_leaves_out_a_record(self, filled):
        connection = sqlite3.connect(filled, isolation_level=None)
        connection.execute("PRAGMA writable_schema=ON")
        sql = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'records_by_task'"
        ).fetchone()[0]
        connection.execute("DROP INDEX records_by_task")
        connection.execute(f"{sql} AND seq <> 3")
        connection.execute(
            "UPDATE sqlite_master SET sql = ? WHERE name = 'records_by_task'", (sql,)
        )
        connection.close()

        assert "unreadable" in kinds(filled)

    def test_names_what_is_unfinished_without_calling_it_a_fault(self, log):
        log.decided(decided(1))
        log.decided(decided(2, outcome="deny"))
        result = verify(log.path, KEY)

        assert result.ok
        assert result.unfinished_ids == ("decision-000001",)
        assert str(result) == "whole · 2 records · 1 unfinished"

    def test_finds_what_ran_without_a_decision_before_it(self, log):
        log.executed(executed(1))
        log.decided(decided(1))

        assert faults(log.path) == {("executed_without_decided", 1)}

    @pytest.mark.parametrize("outcome", ["deny", "ask", "unavailable"])
    def test_finds_what_ran_without_an_allow(self, log, outcome):
        log.decided(decided(1, outcome=outcome))
        log.executed(executed(1))

        assert faults(log.path) == {("executed_without_allow", 2)}

    def test_finds_what_ran_twice(self, log):
        log.decided(decided(1))
        log.executed(executed(1))
        log.executed(executed(1, at=1_760_000_000_000_000_900))

        assert faults(log.path) == {("executed_twice", 3)}

    def test_an_outcome_may_be_written_again(self, log):
        """
        Whoever is stopped while it is written does not know, and writes it again: the same moment.
        """
        log.decided(decided(1))
        for _ in range(3):
            log.executed(executed(1))
        assert faults(log.path) == set()

    def test_shows_a_hundred_findings_and_counts_them_all(self, log):
        for number in range(120):
            log.executed(executed(number))
        result = verify(log.path, KEY)

        assert (result.faults, len(result.findings)) == (120, 100)

    def test_reads_while_the_log_is_written_and_changes_nothing(self, log):
        done = threading.Event()

        def run():
            number = 0
            while not done.is_set():
                number += 1
                log.decided(decided(number))
                log.executed(executed(number))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            results = [verify(log.path, KEY) for _ in range(20)]
            # On a machine that is busy, the writer may get to run later than all of them.
            until = time.monotonic() + 60
            while results[-1].records <= results[0].records and time.monotonic() < until:
                results.append(verify(log.path, KEY))
        finally:
            done.set()
            thread.join()

        assert all(result.ok for result in results)
        assert results[-1].records > results[0].records

    @pytest.mark.system
    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
    def test_reads_a_log_that_nobody_can_write(self, filled):
        program = """
import os, sys
from inbounds.evidence.verify import verify
if os.geteuid() == 0:
    os.seteuid(65534)  # the superuser can write everywhere
try:
    open(sys.argv[1] + "-shm", "w")
except PermissionError:
    print(verify(sys.argv[1], bytes(range(32))))
"""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(shutil.copy(filled, folder))
            path.chmod(0o444)
            Path(folder).chmod(0o555)
            found = subprocess.run(
                [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
            )
            Path(folder).chmod(0o755)

        assert found.stdout == "whole · 10 records\n"

    def test_what_is_not_there_or_no_log_is_refused(self, tmp_path):
        (tmp_path / "empty").touch()
        sqlite3.connect(tmp_path / "other").execute("CREATE TABLE theirs (x)").connection.close()

        for name in ("missing", "empty", "other"):
            with pytest.raises(ConfigurationError):
                verify(tmp_path / name, KEY)
        (tmp_path / "text").write_text("not a database, and long enough to be read as one" * 40)
        with pytest.raises(DecisionUnavailable):
            verify(tmp_path / "text", KEY)


def draw(path, connection):
    """One of several processes that want the key at once."""
    connection.send(deployment_key(path))


class TestKeys:
    def test_is_drawn_once_and_kept(self, tmp_path):
        path = tmp_path / "new" / "deployment.key"
        key = deployment_key(path)

        assert len(key) == 32
        assert deployment_key(path) == key
        assert deployment_key(tmp_path / "another.key") != key
        assert [each.name for each in path.parent.iterdir()] == ["deployment.key"]

    @pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
    def test_is_for_its_owner_alone(self, tmp_path):
        path = tmp_path / "new" / "deployment.key"
        deployment_key(path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        for mode in (0o640, 0o604, 0o660, 0o777):
            path.chmod(mode)
            with pytest.raises(ConfigurationError) as caught:
                deployment_key(path)
            assert caught.value.code == "configuration.key_exposed"

    @pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
    def test_what_is_no_key_is_refused_and_not_replaced(self, tmp_path, content):
        path = tmp_path / "deployment.key"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ConfigurationError) as caught:
            deployment_key(path)

        assert caught.value.code == "configuration.key_malformed"
        assert path.read_bytes() == content

    def test_a_place_nobody_can_write_is_refused(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(ConfigurationError) as caught:
            deployment_key(tmp_path / "file" / "deployment.key")

        assert caught.value.code == "configuration.key_unreadable"

    @pytest.mark.system
    def test_processes_that_ask_at_once_get_the_same(self, tmp_path):
        pipes = [SPAWN.Pipe(duplex=False) for _ in range(4)]
        processes = [
            SPAWN.Process(target=draw, args=(tmp_path / "deployment.key", writer))
            for _, writer in pipes
        ]
        for process in processes:
            process.start()
        keys = {reader.recv() for reader, _ in pipes}
        for process in processes:
            process.join()
        for pipe in pipes:
            for end in pipe:
                end.close()

        assert len(keys) == 1
        assert [each.name for each in tmp_path.iterdir()] == ["deployment.key"]

    def test_one_for_each_purpose(self):
        digest, evidence = subkey(KEY, "digest"), subkey(KEY, "evidence")

        assert len({KEY, digest, evidence, subkey(bytes(32), "digest")}) == 4
        assert len(digest) == len(evidence) == 32

    def test_is_hkdf_expand(self):
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

        expected = HKDFExpand(SHA256(), 32, b"inbounds digest v1").derive(KEY)

        assert subkey(KEY, "digest") == expected

    def test_an_id_tells_keys_apart(self):
        assert key_id(KEY) != key_id(bytes(32))
        assert len(key_id(KEY)) == 8


class TestPaths:
    def test_a_variable_names_the_folder_and_the_log(self, tmp_path):
        environ = {"INBOUNDS_HOME": str(tmp_path / "h"), "INBOUNDS_EVIDENCE": str(tmp_path / "e")}

        assert home(environ) == tmp_path / "h"
        assert key_path(environ) == tmp_path / "h" / "deployment.key"
        assert evidence_path(environ) == tmp_path / "e"
        del environ["INBOUNDS_EVIDENCE"]
        assert evidence_path(environ) == tmp_path / "h" / "evidence.sqlite"

    def test_else_the_folder_here_else_the_users(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        theirs = home({})
        (tmp_path / ".inbounds").mkdir()

        assert home({}) == tmp_path / ".inbounds"
        assert theirs.name == "inbounds"
        assert theirs != tmp_path / ".inbounds"

    @pytest.mark.parametrize("variable", ["INBOUNDS_HOME", "INBOUNDS_EVIDENCE"])
    def test_a_variable_that_names_nothing_of_use_is_refused(self, tmp_path, variable):
        (tmp_path / "file").touch()
        wrong = tmp_path / "file" if variable == "INBOUNDS_HOME" else tmp_path
        for value in ("", str(wrong)):
            with pytest.raises(ConfigurationError) as caught:
                evidence_path({variable: value})
            assert variable in str(caught.value)


@pytest.mark.system
def test_no_import_of_the_shapes_loads_sqlite():
    program = "import sys, inbounds.evidence; print('sqlite3' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert found.stdout == "False\n"
