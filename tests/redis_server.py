"""A Redis of a test's own, on a Unix socket, with the settings that docs/operators.md asks for.

with RedisServer() as server:
    store = RedisSessions(server.url)
    server.kill(); server.start()        # as a crash and a restart
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.needed import missing, skip_without

PROGRAM = "redis-server"
KEPT = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


def needed() -> None:
    """Skip where there is no Redis, but not in the pipeline, which has to have it."""
    skip_without(missing([PROGRAM]), "no sessions in Redis here")


class RedisServer:
    """One server with a folder of its own. A context manager: leaving it ends and removes it.

    Args:
        settings: Lines of its configuration, over those of `KEPT`; `_` stands for `-`.
    """

    def __init__(self, **settings: str) -> None:
        needed()
        # The path of a socket has to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.socket = self.folder / "s"
        self.settings = KEPT | {name.replace("_", "-"): text for name, text in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def patient_url(self) -> str:
        """The same, for who is not to fail where a busy machine is slow to answer."""
        return f"{self.url}?timeout=30"

    def start(self) -> None:
        """Start it, or start it again on what it has kept, and wait until it answers."""
        settings = {"port": "0", "save": "", **self.settings}
        lines = [f'{name} "{text}"' for name, text in settings.items()]
        lines += [f"unixsocket {self.socket}", f"dir {self.folder}", "daemonize no"]
        (self.folder / "redis.conf").write_text("\n".join(lines), "utf-8")
        self.socket.unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, str(self.folder / "redis.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.01)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._process = None

    def signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def forget(self) -> None:
        """Remove all it has kept, while it is not running."""
        assert self._process is None
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)
        (self.folder / "dump.rdb").unlink(missing_ok=True)

    def tell(self, *command: object) -> Any:
        """Send a command as its administrator."""
        from redis import Redis

        client = Redis(
            unix_socket_path=str(self.socket),
            password=self.settings.get("requirepass"),
            socket_timeout=10,
        )
        try:
            return client.execute_command(*command)
        finally:
            client.close()

    def _answers(self) -> bool:
        from redis.exceptions import RedisError

        try:
            return bool(self.tell("PING"))
        except (RedisError, OSError):
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Relay:
    """Stands between a store and its Redis: what is asked arrives, and an answer may not.

    Args:
        server: Where the answers come from.

    Attributes:
        silent: Whether answers are kept back from now on.
        asked: How many pieces of what was asked have passed while it was silent.
    """

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self.path = server.folder / "relay"
        self.silent = False
        self.asked = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def close(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self._server.socket))
                self._open += [near, far]
                for source, target, asks in ((near, far, True), (far, near, False)):
                    threading.Thread(
                        target=self._pass_on, args=(source, target, asks), daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, asks: bool) -> None:  # noqa: FBT001
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if asks:
                    self.asked += self.silent
                elif self.silent:
                    continue
                target.sendall(piece)
