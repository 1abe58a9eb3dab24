"""SQLite files that somebody else has made: no command and no guard waits for one, or reads on."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import console

SECONDS = 120.0
"""How long a command may take on a busy machine; with the fault it never ends."""
SUFFIXES = ("-journal", "-wal", "-shm")
EVIDENCE, FEED = ".inbounds/evidence.sqlite", ".inbounds/issuer/live.sqlite"
COMMANDS = {
    "evidence verify": EVIDENCE,
    "evidence anchor -o anchor.json": EVIDENCE,
    "report": EVIDENCE,
    "agents": EVIDENCE,
    "explain 01a22806-3cd5-77be-a2fa-581c65642913": EVIDENCE,
    "doctor": FEED,
    "live kill fleet": FEED,
}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no pipes and links elsewhere")


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a development guard that has decided."""
    folder = tmp_path_factory.mktemp("used") / "app"
    folder.mkdir()
    (folder / "app.py").write_text(console.ASSISTANT, "utf-8")
    assert console.inbounds(folder, "init", "app.py").code == 0
    console.set_effects(folder, mail_read="read", mail_send="write, export")
    done = run(folder, sys.executable, "app.py")
    assert done.returncode == 0, done.stderr
    return folder


def run(folder: Path, *line: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the folder, which has to end."""
    return subprocess.run(
        line,
        cwd=folder,
        env=console.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def taken(used: Path, tmp_path: Path) -> Path:
    """A copy of the folder, as it is unpacked from an archive: with whole files alone."""
    folder = tmp_path / "taken"
    shutil.copytree(used, folder)
    for path in folder.rglob("*.sqlite"):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for suffix in SUFFIXES:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    return folder


@contextlib.contextmanager
def put(kind: str, path: Path) -> Iterator[None]:
    """Put something that is not a file in the place of a companion."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(path.with_name("elsewhere"))
    elif kind == "folder":
        path.mkdir()
    else:
        with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{short}/s")
            Path(f"{short}/s").rename(path)
            yield
        return
    yield


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["pipe", "link", "socket", "folder"])
def test_no_command_and_no_guard_opens_what_lies_beside_a_file(
    used: Path, tmp_path: Path, suffix: str, kind: str
) -> None:
    """
    The quick half of the commands for each; all of them for the pipe that SQLite looks for first.
    """
    folder = taken(used, tmp_path)
    every = (suffix, kind) == ("-journal", "pipe")
    commands = COMMANDS if every else {"evidence verify": EVIDENCE}
    for name, file in commands.items():
        path = folder / (file + suffix)
        with put(kind, path):
            done = run(folder, str(console.SCRIPT), *name.split())
            assert done.returncode != 0, name
            assert f"its {suffix} file is not a regular file" in done.stdout + done.stderr, name
            left = path.lstat()
        assert left.st_size == 0 or kind != "pipe"
        shutil.rmtree(path) if kind == "folder" else path.unlink()

    for file in (EVIDENCE, FEED) if every else (EVIDENCE,):
        path = folder / (file + suffix)
        with put(kind, path):
            done = run(folder, sys.executable, "app.py")
        assert done.returncode != 0
        assert f"its {suffix} file is not a regular file" in done.stderr
        shutil.rmtree(path) if kind == "folder" else path.unlink()


STORES = """
import sys
from pathlib import Path
from inbounds.approvals.queue import ApprovalQueue
from inbounds.credentials.outbox import LeaseOutbox
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.file import reading
from inbounds.live import LiveFeed
from inbounds.sessions.sqlite import SqliteSessions
from inbounds_server.issuer.store import TaskStore
from inbounds_server.mcp_proxy.launches import Launches

def read(path):
    with reading(path):
        pass

stores = {
    "queue": ApprovalQueue, "outbox": LeaseOutbox, "feed": LiveFeed, "sessions": SqliteSessions,
    "evidence": lambda path: SqliteEvidence(path, key=b"k" * 32), "tasks": TaskStore,
    "launches": Launches,
}
folder = Path(sys.argv[1])
for name, store in stores.items():
    path = folder / f"{name}.sqlite"
    try:
        store(path)
        print(name, "opened")
    except Exception as error:
        print(name, "its -journal file is not a regular file" in str(error))
"""


def test_no_store_opens_a_pipe_beside_its_file(tmp_path: Path) -> None:
    names = ("queue", "outbox", "feed", "sessions", "evidence", "tasks", "launches")
    for name in names:
        os.mkfifo(tmp_path / f"{name}.sqlite-journal")
    done = run(tmp_path, sys.executable, "-c", STORES, str(tmp_path))
    assert done.stdout.splitlines() == [f"{name} True" for name in names], done.stderr


# --- pages that hold one another -----------------------------------------------------------


def endless(path: Path, table: str, depth: int = 12) -> None:
    """Put pages into a file that hold one another, so that a table has rows without end."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)
        ).fetchone()
    raw = bytearray(path.read_bytes())

    def page(number: int) -> bytearray:
        return raw[(number - 1) * size : number * size]

    leaf = root
    while page(leaf)[0] == 5:
        (first,) = struct.unpack(">H", page(leaf)[12:14])
        (leaf,) = struct.unpack(">I", page(leaf)[first : first + 4])
    assert page(leaf)[0] == 13

    def interior(child: int, cells: int = 100) -> bytearray:
        made = bytearray(size)
        made[0], made[3:5] = 5, struct.pack(">H", cells)
        top = size
        for cell in range(cells):
            top -= 5
            made[top : top + 5] = struct.pack(">IB", child, min(cell + 1, 127))
            made[12 + 2 * cell : 14 + 2 * cell] = struct.pack(">H", top)
        made[5:7], made[8:12] = struct.pack(">H", top), struct.pack(">I", child)
        return made

    first = len(raw) // size + 1
    raw += page(leaf)
    for level in range(depth):
        raw += interior(first + level)
    raw[(root - 1) * size : root * size] = interior(first + depth)
    raw[28:32] = struct.pack(">I", len(raw) // size)
    path.write_bytes(raw)


@pytest.mark.parametrize("table", ["records", "head"])
def test_every_reader_of_an_evidence_log_ends(used: Path, tmp_path: Path, table: str) -> None:
    folder = taken(used, tmp_path)
    path = folder / EVIDENCE
    endless(path, table)
    assert path.stat().st_size < 65_536
    for name, file in COMMANDS.items():
        if file == EVIDENCE:
            run(folder, str(console.SCRIPT), *name.split())
    # `agents` reads the first head alone.
    for name in ("evidence verify", *(["agents"] if table == "records" else [])):
        done = run(folder, str(console.SCRIPT), *name.split())
        assert done.returncode != 0, done.stdout
    run(folder, sys.executable, "app.py")


ROWS = """
import sqlite3, sys, time
from pathlib import Path
from inbounds.files.sqlite_file import SqliteFile

file = SqliteFile(
    Path(sys.argv[1]), application=7, version=1, schema=("CREATE TABLE t (a INTEGER, b TEXT)",)
)
if sys.argv[2] == "fill":
    for _ in range(10):
        file.write(
            lambda c: c.executemany("INSERT INTO t VALUES (?, 'x')", ((n,) for n in range(20_000))),
            time.monotonic() + 60,
        )
for statement in ("SELECT * FROM t", "SELECT sum(a) FROM t", "SELECT b, sum(1) FROM t GROUP BY b"):
    try:
        print(len(file.read(lambda c: c.execute(statement).fetchall(), time.monotonic() + 60)))
    except sqlite3.Error as error:
        print(error.sqlite_errorname)
"""


def test_every_store_reads_no_more_rows_than_its_file_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    whole = run(tmp_path, sys.executable, "-c", ROWS, str(path), "fill")
    assert whole.stdout.split() == ["200000", "1", "1"], whole.stderr
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA page_size=1024")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (a INTEGER, b TEXT)")
        connection.execute("INSERT INTO t VALUES (1, 'x')")
        connection.execute("PRAGMA user_version=1")
        connection.execute("PRAGMA application_id=7")
    endless(path, "t")
    assert path.stat().st_size < 65_536
    done = run(tmp_path, sys.executable, "-c", ROWS, str(path), "read")
    assert done.stdout.split() == ["SQLITE_INTERRUPT"] * 3, done.stderr
