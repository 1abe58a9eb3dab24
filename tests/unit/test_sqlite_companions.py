"""What SQLite keeps beside a file in use: nothing runs where it is gone, another's or cut."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sqlite3
import time

import pytest

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.evidence.tables import APPLICATION, SCHEMA, VERSION
from inbounds.evidence.verify import verify
from inbounds.files.sqlite_file import SqliteFile
from inbounds.sessions.sqlite import SqliteSessions
from inbounds.testing import PolicyUnderTest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="an open file is not removed elsewhere")

SPAWN = multiprocessing.get_context("spawn")
STORES = ["evidence", "sessions"]
COMPANIONS = ["-wal", "-shm"]


def unlinked(path):
    path.unlink()


def replaced(path):
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


def emptied(path):
    os.truncate(path, 0)


def halved(path):
    os.truncate(path, path.stat().st_size // 2)


CHANGES = {
    unlinked: "is gone",
    replaced: "another file has taken the place of its",
    emptied: "was cut short",
    halved: "was cut short",
}


def beside(path, companion):
    return path.with_name(path.name + companion)


class Scene:
    """A guard with its two files, and a task that reads mail."""

    def __init__(self, folder):
        self.ran = []
        self.folder = folder
        self.policy = PolicyUnderTest(folder / "inbounds", sessions=str(folder / "s.sqlite"))
        guard = self.guard = self.policy.guard

        @guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> str:
            self.ran.append(id)
            return "mail " + id

        self.task = self.policy.task()
        self.files = {
            "evidence": guard.evidence.path,
            "sessions": folder / "s.sqlite",
        }

    def read(self, id):
        return self.task.call("mail.read", {"id": id})


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    made.policy.close()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("companion", COMPANIONS)
@pytest.mark.parametrize("store", STORES)
def test_nothing_runs_once_one_was_changed(scene, store, companion, change):
    scene.read("1")
    change(beside(scene.files[store], companion))

    for _ in range(2):
        with pytest.raises(DecisionUnavailable) as caught:
            scene.read("2")
        assert CHANGES[change] in str(caught.value)
        assert companion in str(caught.value)
    assert scene.ran == ["1"]


@pytest.mark.parametrize("store", STORES)
def test_nothing_runs_where_the_log_was_emptied_by_a_checkpoint_and_then_unlinked(scene, store):
    scene.read("1")
    with contextlib.closing(sqlite3.connect(scene.files[store])) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    beside(scene.files[store], "-wal").unlink()

    with pytest.raises(DecisionUnavailable, match="-wal file is gone"):
        scene.read("2")
    assert scene.ran == ["1"]


@pytest.mark.parametrize("kind", ["TRUNCATE", "RESTART", "FULL", "PASSIVE"])
def test_a_log_that_a_checkpoint_emptied_goes_on(scene, kind):
    for number in range(3):
        scene.read(str(number))
        for path in scene.files.values():
            with contextlib.closing(sqlite3.connect(path)) as other:
                other.execute(f"PRAGMA wal_checkpoint({kind})")
    scene.read("last")
    key, path = scene.guard.evidence.key, scene.files["evidence"]
    scene.policy.close()

    assert len(scene.ran) == 4
    assert verify(path, key).ok


@pytest.mark.parametrize("change", [unlinked, emptied])
def test_what_was_recorded_before_is_kept_when_it_is_closed(scene, change):
    scene.read("1")
    path, key = scene.files["evidence"], scene.guard.evidence.key
    change(beside(path, "-shm" if change is emptied else "-wal"))
    with pytest.raises(DecisionUnavailable):
        scene.read("2")
    scene.policy.close()

    found = verify(path, key)
    assert found.ok
    assert found.records >= 2


def count(path, times):
    store = small(path)
    for _ in range(times):
        store.write(lambda c: c.execute("INSERT INTO t VALUES (zeroblob(500))"), soon())
    store.close()


def soon():
    return time.monotonic() + 30


def counted(store):
    return store.read(lambda c: c.execute("SELECT count(*) FROM t").fetchone()[0], soon())


def small(path):
    return SqliteFile(path, application=1, version=1, schema=("CREATE TABLE t (x)",))


@pytest.mark.system
def test_the_last_connection_of_others_takes_nothing_away(tmp_path):
    path = tmp_path / "f"
    held = small(path)
    for _ in range(3):
        process = SPAWN.Process(target=count, args=(path, 2))
        process.start()
        process.join()
        assert process.exitcode == 0

    assert counted(held) == 6
    held.close()


@pytest.mark.system
def test_a_second_connection_of_this_process_leaves_the_first_its_locks(tmp_path):
    """Else the other process takes itself for the last one, and removes the log in use."""
    path = tmp_path / "f"
    first = small(path)
    small(path)
    process = SPAWN.Process(target=count, args=(path, 2))
    process.start()
    process.join()
    first.write(lambda c: c.execute("INSERT INTO t VALUES (1)"), soon())

    assert process.exitcode == 0
    assert counted(first) == 3
    first.close()


def test_closed_by_the_last_and_opened_again_begins_with_new_ones(tmp_path):
    count(tmp_path / "f", 2)
    assert not beside(tmp_path / "f", "-wal").exists()

    count(tmp_path / "f", 2)
    again = small(tmp_path / "f")
    assert counted(again) == 4
    again.close()


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_in_which_both_open_again_goes_on_on_both_sides(tmp_path):
    store = small(tmp_path / "f")
    for _ in range(5):
        store.write(lambda c: c.execute("INSERT INTO t VALUES (1)"), soon())
        child = os.fork()
        if child == 0:
            status = 1
            with contextlib.suppress(BaseException):
                store.write(lambda c: c.execute("INSERT INTO t VALUES (1)"), soon())
                store.close()
                status = 0
            os._exit(status)
        store.write(lambda c: c.execute("INSERT INTO t VALUES (1)"), soon())
        assert os.waitpid(child, 0)[1] == 0

    assert counted(store) == 15
    store.close()


@pytest.mark.parametrize("change", [unlinked, emptied])
def test_nobody_opens_a_file_in_use_whose_log_is_not_the_one_in_use(tmp_path, change):
    path = tmp_path / "f"
    held = small(path)
    held.write(lambda c: c.execute("INSERT INTO t VALUES (zeroblob(5000))"), soon())
    change(beside(path, "-wal"))

    with pytest.raises(ConfigurationError, match="cannot be opened"):
        small(path)
    with pytest.raises(OSError, match="-wal"):
        counted(held)
    held.close()


@pytest.mark.parametrize("change", [unlinked, replaced])
def test_what_is_changed_during_a_transaction_is_no_success(tmp_path, change):
    held = small(tmp_path / "f")

    def run(connection):
        connection.execute("INSERT INTO t VALUES (1)")
        change(beside(tmp_path / "f", "-wal"))

    with pytest.raises(OSError, match="-wal"):
        held.write(run, soon())
    held.close()


def test_a_reader_of_a_log_in_use_disturbs_nobody(scene):
    for number in range(3):
        scene.read(str(number))
        assert verify(scene.files["evidence"], scene.guard.evidence.key).ok
    assert len(scene.ran) == 3


def test_a_pipe_in_the_place_of_the_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "f")

    with pytest.raises(ConfigurationError, match="not a file"):
        SqliteFile(tmp_path / "f", application=APPLICATION, version=VERSION, schema=SCHEMA)
    with pytest.raises(ConfigurationError):
        SqliteSessions(tmp_path / "f")
