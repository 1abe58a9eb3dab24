"""An Open Policy Agent of our own: started with verified bundles, watched, and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from inbounds.engine.bundle import SignedBundle, read_signed
from inbounds.errors import ConfigurationError, InboundsError, Unreachable
from inbounds.files.safe_files import write_file
from inbounds.files.trees import scratch_folder
from inbounds.pdp.transport import Endpoint, require_unix_sockets
from inbounds.process import clock
from inbounds_tools.bundle.own_files import require_own_files
from inbounds_tools.opa import config as opa_config
from inbounds_tools.opa import memory

_NEEDED = ("inbounds", "system/authz", "system/log", "deployment", "live/baseline")

MAX_MEMORY_BYTES = 2 * 1024**3
"""The memory that an OPA which serves may use, on Linux."""

_PAUSE = 0.05  # seconds
_STEADY_SECONDS = 60.0
"""After how long without an end an OPA is started again at once."""
_LONGEST_PAUSE = 5.0
_STANDARD_ERROR = 2


class OpaProcess:
    """A hardened OPA that serves signed bundles. A context manager: leaving it ends OPA.

    Args:
        bundles: The bundles; together they must hold the policy, a deployment and `live`.
        key: The PEM of the public key that each must be signed with.
        opa: The OPA binary.
        template: The shipped configuration.
        address: `host:port`, or `unix:///path`.
        certificate: The files of certificate and private key for TLS.
        log: Where OPA writes its log, and with it the decisions; standard error when None.
        decision_log: Whether OPA writes each decision to its log.
        max_memory_bytes: The memory that OPA may use, on Linux. It reads a request before it knows
            who asks, and one of YAML can stand for gigabytes: OPA ends where it needs more.

    Raises:
        ConfigurationError: A bundle is not signed by `key`, something is missing or there
            twice, or OPA does not start.
    """

    def __init__(
        self,
        bundles: Sequence[Path],
        *,
        key: Path,
        opa: Path,
        template: Path,
        address: str = "127.0.0.1:8181",
        certificate: tuple[Path, Path] | None = None,
        log: IO[bytes] | None = None,
        decision_log: bool = True,
        max_memory_bytes: int = MAX_MEMORY_BYTES,
    ) -> None:
        require_unix_sockets()  # by which it is watched
        self.address = address
        self._secure = certificate is not None
        self._bundles, self._key = tuple(bundles), key
        self.revisions = self._verify()
        self._scratch = scratch_folder("opa")
        config = Path(self._scratch.name) / "config.json"
        text = opa_config.for_serving(template, decision_log=decision_log)
        write_file(config, text, durable=False)
        self._health = Path(self._scratch.name) / "health"
        line = opa_config.command(
            opa,
            config=config,
            address=address,
            bundles=list(bundles),
            key=key,
            certificate=certificate,
        )
        self._line = [*line, "--diagnostic-addr", f"unix://{self._health}"]
        self._stream = log if log is not None else _STANDARD_ERROR
        self._max_memory_bytes = max_memory_bytes
        try:
            self._start()
        except BaseException:
            self._scratch.cleanup()
            raise

    @property
    def url(self) -> str:
        """What `INBOUNDS_PDP_URL` has to be for this one."""
        if self.address.startswith("unix:"):
            return self.address
        return f"{'https' if self._secure else 'http'}://{self.address}"

    def wait_ready(self, seconds: float = 30.0) -> None:
        """Wait until it answers.

        Raises:
            ConfigurationError: It has ended; its log says why.
            Unreachable: It has not answered within `seconds`.
        """
        deadline = clock.monotonic() + seconds
        while clock.monotonic() < deadline:
            if self._answers():
                return
            try:
                ended = self.process.wait(_PAUSE)
            except subprocess.TimeoutExpired:
                continue
            raise ConfigurationError(
                f"OPA ended with {ended} before it answered",
                code="opa.ended",
                hint="see its log above; check that no other process uses the address",
            )
        raise Unreachable(f"OPA at {self.address} has not answered within {seconds:g} s")

    def serve(self, report: Callable[[int], None]) -> int:
        """Wait until it ends, and start it again where it did not end well.

        A request of somebody without a token can make it exceed its memory; what asks next is
        answered by the one that was started again.

        Args:
            report: Called with the exit code of each OPA in whose place another one is started.

        Returns:
            The exit code of the one that ended well: 0.

        Raises:
            ConfigurationError: A bundle is not what it was, or OPA does not start again.
            Unreachable: The OPA that was started again has not answered.
        """
        pause = 0.0
        while True:
            began = clock.monotonic()
            ended = self.process.wait()
            if ended == 0:
                return ended
            steady = clock.monotonic() - began > _STEADY_SECONDS
            pause = 0.0 if steady else min(_LONGEST_PAUSE, 2 * pause + 0.1)
            report(ended)
            time.sleep(pause)
            self.revisions = self._verify()
            self._start()
            self.wait_ready()

    def stop(self, seconds: float = 15.0) -> int:
        """End it, let it finish what it has begun, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._scratch.cleanup()
        return self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _verify(self) -> dict[str, str]:
        return _complete({path: read_signed(path, self._key) for path in self._bundles})

    def _start(self) -> None:
        # Garbage is collected before it would count as more than OPA may use.
        limit = {"GOMEMLIMIT": str(self._max_memory_bytes // 5 * 4)}
        environment = {**limit, **os.environ}
        try:
            self.process = subprocess.Popen(
                self._line, stdout=self._stream, stderr=self._stream, env=environment
            )
        except OSError as error:
            raise ConfigurationError(f"{self._line[0]} does not run", code="opa.missing") from error
        memory.limit(self.process.pid, self._max_memory_bytes)

    def _answers(self) -> bool:
        # Asked on a socket of our own, so that this needs no certificate; and then whether it
        # listens where others will ask.
        endpoint = Endpoint(f"unix://{self._health}")
        try:
            if endpoint.send("GET", "/health", deadline=clock.monotonic() + 1).status != 200:
                return False
            _connect(self.address)
        except (InboundsError, OSError):
            return False
        finally:
            endpoint.close()
        return True


def _connect(address: str) -> None:
    """Open a connection and close it.

    Raises:
        OSError: Nobody listens there.
    """
    if address.startswith("unix:"):
        with socket.socket(socket.AF_UNIX) as local:
            local.connect(address.removeprefix("unix://"))
        return
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]") or "localhost", int(port)), 1).close()


def _complete(bundles: Mapping[Path, SignedBundle]) -> dict[str, str]:
    """The revision by artefact, once it is sure that together they are a whole policy."""
    revisions: dict[str, str] = {}
    for path, bundle in bundles.items():
        require_own_files(bundle)
        artefact = str(bundle.metadata.get("artefact", path.name))
        if artefact in revisions:
            raise ConfigurationError(
                f"there is more than one bundle of the kind `{artefact}`",
                code="bundle.ambiguous",
                hint="serve the bundles of one revision",
            )
        revisions[artefact] = bundle.revision
    missing = [r for r in _NEEDED if not any(bundle.owns(r) for bundle in bundles.values())]
    if missing:
        raise ConfigurationError(
            f"no bundle holds {', '.join(missing)}",
            code="bundle.missing",
            hint="`inbounds bundle build --deployment deployment/ …` writes a whole set",
        )
    return revisions
