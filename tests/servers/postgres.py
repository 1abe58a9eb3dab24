"""A PostgreSQL on this machine, in a folder that goes with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.servers.required import wanting

_DEBIAN = Path("/usr/lib/postgresql")
PASSWORD = "of-the-superuser"


def _programs() -> Path:
    """Where `initdb` and `postgres` are; Debian keeps them off the path."""
    found = [path.parent for path in sorted(_DEBIAN.glob("*/bin/initdb"))]
    named = shutil.which("initdb")
    if named:
        found.append(Path(named).resolve().parent)
    if not found or shutil.which("psql") is None:
        wanting("postgres", "there is no PostgreSQL: `apt-get install postgresql`")
    return found[-1]


class Postgres:
    """One server. A context manager: leaving it ends it.

    Attributes:
        port: Where it listens, on 127.0.0.1 alone.
    """

    def __init__(self) -> None:
        self._bin = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            # It refuses to run as root.
            shutil.chown(self._folder, "postgres", "postgres")
            shutil.chown(secret, "postgres", "postgres")
        subprocess.run(
            self._as_itself(
                "initdb",
                "-D",
                str(self._data),
                "-A",
                "scram-sha-256",
                "-U",
                "postgres",
                "--pwfile",
                str(secret),
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync",
            ),
            check=True,
            capture_output=True,
            cwd=self._folder,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._as_itself(
                    "postgres",
                    "-D",
                    str(self._data),
                    "-p",
                    str(self.port),
                    "-k",
                    "",
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    "fsync=off",
                ),
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self._folder,
            )
        until = time.monotonic() + 30
        while self.query("SELECT 1", check=False).returncode:
            assert time.monotonic() < until, (self._folder / "log").read_text()
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def query(
        self,
        statement: str,
        *,
        user: str = "postgres",
        password: str = PASSWORD,
        database: str = "postgres",
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a statement over a connection of its own."""
        return subprocess.run(
            self.psql(user, database, "-Atc", statement),
            env={**os.environ, "PGPASSWORD": password},
            capture_output=True,
            text=True,
            check=check,
        )

    def connected(self, *, user: str, password: str, database: str) -> subprocess.Popen[str]:
        """Open a connection that stays, and takes statements on its standard input."""
        return subprocess.Popen(
            self.psql(user, database, "-At"),
            env={**os.environ, "PGPASSWORD": password},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def psql(self, user: str, database: str, *arguments: str) -> list[str]:
        """The command of the client."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database]
        return ["psql", "-X", "-v", "ON_ERROR_STOP=1", *where, *arguments]

    def _as_itself(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._bin / program), *arguments]
        if os.geteuid() != 0:
            return command
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
