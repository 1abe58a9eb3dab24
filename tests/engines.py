"""Real engines for tests: an OPA process, signed artefacts, and one frozen time for both.

    keys = signing_keys(tmp_path)
    wasm = build_wasm([RULES], tmp_path / "policy.wasm.tar.gz", keys=keys, roots=["inbounds"])
    policy = EmbeddedPolicy(wasm, key=keys.public, deployment=…, clock=lambda: now_ns)

    with opa([RULES], roots=["inbounds"], replace=FROZEN_CLOCK) as server:
        server.put("deployment", …)
        server.put("test", {"now": now})            # seconds: what lib/clock now says
        server.ask("inbounds/main/decision", question)

OPA cannot be told the time, so a test that needs both engines at one time builds OPA's
bundle with `lib/clock` replaced by what `data.test.now` says. The embedded engine gets the
sources as they are, and the time through `clock`.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.ports import free_port

from inbounds_tools.bundle.build import ENTRYPOINTS

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "rego"
FROZEN_CLOCK = {
    "inbounds/lib/clock/clock.rego": "package inbounds.lib.clock\n\nnow := data.test.now\n"
}
"""For `replace`: the time is what `data.test.now` says, in seconds."""


def opa_binary() -> str:
    """Return the path of the OPA that `make` has installed, or that the environment names."""
    named = os.environ.get("INBOUNDS_OPA_BINARY")
    installed = ROOT / ".tools" / "bin" / "opa"
    found = named or (str(installed) if installed.exists() else shutil.which("opa"))
    assert found, "no OPA: run `make setup`"
    return found


# --- artefacts -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """A P-256 pair in PEM files."""

    private: Path
    public: Path


def signing_keys(folder: Path, name: str = "release") -> SigningKeys:
    """Write a fresh pair into `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return SigningKeys(private, public)


def stage(
    folders: Sequence[Path],
    into: Path,
    *,
    roots: Sequence[str],
    revision: str = "test",
    metadata: Mapping[str, Any] | None = None,
    replace: Mapping[str, str] | None = None,
) -> Path:
    """Lay the sources in `folders` together as one bundle folder, without their tests.

    Args:
        folders: Folders whose content starts at the root of the bundle, as `rego/` does.
        into: The bundle folder; made here.
        roots: What the bundle owns.
        revision: The revision its manifest names.
        metadata: What stands under `metadata.inbounds` in its manifest.
        replace: Content by path that takes the place of a file, or is added.
    """
    for folder in folders:
        shutil.copytree(
            folder, into, ignore=shutil.ignore_patterns("*_test.rego"), dirs_exist_ok=True
        )
    for path, content in (replace or {}).items():
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        (into / path).write_text(content, encoding="utf-8")
    manifest = {"revision": revision, "roots": list(roots)}
    manifest["metadata"] = {"inbounds": {"artefact": "wasm", "questions": [1], **(metadata or {})}}
    (into / ".manifest").write_text(json.dumps(manifest), encoding="utf-8")
    return into


def build_wasm(
    folders: Sequence[Path],
    out: Path,
    *,
    keys: SigningKeys,
    roots: Sequence[str],
    entrypoints: Sequence[str] = ENTRYPOINTS,
    revision: str = "test",
    metadata: Mapping[str, Any] | None = None,
    replace: Mapping[str, str] | None = None,
) -> Path:
    """Build and sign the WASM artefact of `folders` at `out`; arguments as `stage`."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = stage(
            folders,
            Path(scratch) / "bundle",
            roots=roots,
            revision=revision,
            metadata=metadata,
            replace=replace,
        )
        build(folder, out, keys=keys, options=["-t", "wasm", *(f"-e={e}" for e in entrypoints)])
    return out


def sources_digest(folders: Sequence[Path]) -> str:
    """Return a digest of all that lies in `folders`, by path and content."""
    whole = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        whole.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def build_probe(folder: Path, rego: str, *, keys: SigningKeys, rules: Sequence[str]) -> Path:
    """Build one module of Rego, the package `probe`, whose rules can be asked for."""
    (folder / "rego").mkdir()
    (folder / "rego" / "probe.rego").write_text(rego)
    return build_wasm(
        [folder / "rego"],
        folder / "probe.wasm.tar.gz",
        keys=keys,
        roots=["probe"],
        entrypoints=[f"probe/{rule}" for rule in rules],
    )


def build(
    folder: Path, out: Path, *, keys: SigningKeys | None = None, options: Sequence[str] = ()
) -> Path:
    """Run `opa build` on a bundle folder, signing where `keys` are given."""
    # From within the folder: OPA writes the path it was given into the bundle.
    signing = (
        ["--signing-key", str(keys.private.absolute()), "--signing-alg", "ES256"] if keys else []
    )
    command = [opa_binary(), "build", "-b", ".", "-o", str(out.absolute()), *signing, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return out


# --- OPA -----------------------------------------------------------------------------------


class OpaError(Exception):
    """OPA answered with a status other than success: no answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body
        super().__init__(f"{status}: {body[:400]!r}")


class Undefined(Exception):
    """OPA answered 200 without a result: no answer."""


class Opa:
    """A running OPA, listening on `url` (loopback) and on `socket` (a Unix socket)."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="opa")
        self.socket = Path(self._scratch.name) / "s"
        self.log = Path(self._scratch.name) / "log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [
            *(opa_binary(), "run", "--server", "--disable-telemetry"),
            *(f"--addr={self.url}", f"--addr=unix://{self.socket}", *arguments),
        ]
        self._environment = {**os.environ, **(environment or {})}
        self._connection: http.client.HTTPConnection | None = None
        self.start()

    def start(self) -> None:
        """Start it (again), on the same port and socket, with empty memory."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=self._environment
            )
        until = time.monotonic() + 30
        while True:
            try:
                status, _ = self.request("GET", "/health")
            except OSError:
                status = 0
            if status:  # 500 before a bundle that is pulled is there: it listens all the same
                return
            ended = self.process.poll() is not None or time.monotonic() > until
            assert not ended, self.log.read_text("utf-8", "replace")
            time.sleep(0.02)

    def stop(self, *, signal_number: int = signal.SIGTERM) -> None:
        """End it. `start` brings it back without what had been pushed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
            self.process.wait(timeout=30)
        self.socket.unlink(missing_ok=True)

    def close(self) -> None:
        """End it for good."""
        self.stop()
        self._scratch.cleanup()

    def ask(self, entrypoint: str, question: Any, *, strict: bool = True) -> Any:
        """Evaluate one entry point, with strict built-in errors unless told otherwise.

        Args:
            entrypoint: A path under `data`, such as `inbounds/main/decision`.
            question: The `input`, or its JSON as bytes.
            strict: Whether a built-in that fails is an error rather than undefined.
        """
        text = question if isinstance(question, bytes) else json.dumps(question).encode()
        query = "?strict-builtin-errors=true" if strict else ""
        status, body = self.request(
            "POST", f"/v1/data/{entrypoint}{query}", b'{"input":' + text + b"}"
        )
        if status != 200:
            raise OpaError(status, body)
        document = json.loads(body)
        if "result" not in document:
            raise Undefined
        return document["result"]

    def put(self, path: str, value: Any) -> None:
        """Replace what is at a path under `data`, such as `live/now`."""
        status, body = self.request("PUT", f"/v1/data/{path}", json.dumps(value).encode())
        assert status == 204, (status, body)

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Send one request over a connection that is kept, and return status and body."""
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                headers = {"Content-Type": "application/json"}
                self._connection.request(method, path, body=body, headers=headers)
                response = self._connection.getresponse()
                return response.status, response.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                self._connection = None
                # A kept connection may have been closed by a panic of the request before.
                if attempt == 2:
                    raise OSError(str(error)) from error
        raise AssertionError


@contextlib.contextmanager
def opa(
    folders: Sequence[Path] = (),
    *,
    roots: Sequence[str] = ("",),
    replace: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[Opa]:
    """Run an OPA that serves the sources in `folders` as one bundle; arguments as `stage`."""
    with tempfile.TemporaryDirectory() as scratch:
        bundles = []
        if folders:
            folder = stage(folders, Path(scratch) / "bundle", roots=roots, replace=replace)
            bundles = ["-b", str(folder)]
        server = Opa(*bundles, *arguments)
        try:
            yield server
        finally:
            server.close()
