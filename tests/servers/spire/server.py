"""A server and an agent of SPIRE on this machine, configured as `docs/spire.md` has it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.documents import ROOT, blocks
from tests.ports import free_port
from tests.servers.required import wanting

from tools import servers

DOCUMENT = ROOT / "docs" / "spire.md"
AUDIENCE = "inbounds"
_SECONDS = 30.0


def programs() -> Path:
    """The folder of SPIRE's programs; skips where they have not been built."""
    folder = servers.installed("spire")
    if folder is None:
        wanting("spire", "`make test-servers-nightly` builds SPIRE")
    return Path(str(folder))


class Spire:
    """One server, and one agent of it. A context manager: leaving it ends both.

    Args:
        agent: The SPIFFE ID that this user's processes are registered with, or "" for none.
        changed: Words of the configurations, and what is put in their place.

    Attributes:
        trust_domain: What it signs for.
        issuer: What its tokens say in `iss`.
        socket: The Workload API.
    """

    def __init__(self, agent: str = "", **changed: str) -> None:
        self._bin = programs()
        # Below /tmp: the path of a socket is short.
        self._folder = Path(tempfile.mkdtemp(prefix="spire-"))
        self._agent = agent
        self._changed = {"/run/spire": str(self._folder), "8081": str(free_port()), **changed}
        self._server: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None
        self.trust_domain = agent.partition("//")[2].partition("/")[0] or "acme.example"
        self.issuer = f"https://spire.{self.trust_domain}"
        self.socket = f"unix://{self._folder}/agent.sock"

    def __enter__(self) -> Self:
        for block in blocks(DOCUMENT):
            if block.about in ("server.conf", "agent.conf"):
                text = block.text.replace("acme.example", self.trust_domain)
                for word, instead in self._changed.items():
                    text = text.replace(word, instead)
                (self._folder / block.about).write_text(text)
        for name in ("server", "agent"):
            (self._folder / name).mkdir()
        self._server = self._started("spire-server", "server.conf")
        self._until(lambda: self.run("healthcheck", check=False).returncode == 0)
        (self._folder / "bundle.pem").write_text(self.run("bundle", "show").stdout)
        if self._agent:
            # Before the agent is there, so that it has it from the first.
            self.register(self._agent, os.getuid())
        node = f"spiffe://{self.trust_domain}/machine"
        said = self.run("token", "generate", "-spiffeID", node, "-output", "json").stdout
        self.start(json.loads(said)["value"])
        if self._agent:
            self._until(lambda: self.fetch(self._agent).returncode == 0)
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._node, self._server):
            if process is not None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- the server -----------------------------------------------------------------------

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `spire-server …` as its operator does."""
        where = ["-socketPath", str(self._folder / "server.sock")]
        return subprocess.run(
            [str(self._bin / "spire-server"), *arguments, *where],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=check,
        )

    def bundle(self) -> bytes:
        """The trust domain's bundle, as SPIFFE has it."""
        return self.run("bundle", "show", "-format", "spiffe").stdout.encode()

    def register(self, agent: str, uid: int) -> str:
        """Say that the processes of a user are an agent; return the id of the entry."""
        said = self.run(
            *("entry", "create", "-output", "json"),
            *("-parentID", f"spiffe://{self.trust_domain}/machine"),
            *("-spiffeID", agent, "-selector", f"unix:uid:{uid}"),
        ).stdout
        return str(json.loads(said)["results"][0]["entry"]["id"])

    def delete(self, entry: str) -> None:
        """Delete an entry."""
        self.run("entry", "delete", "-entryID", entry)

    def authority(self, which: str) -> str:
        """The name of the key that is `active`, `prepared` or `old`."""
        said = self.run("localauthority", "jwt", "show", "-output", "json").stdout
        return str(json.loads(said)[which]["authority_id"])

    def turn(self, step: str, authority: str = "") -> None:
        """Take one step of turning the key: `prepare`, `activate`, `taint`, `revoke`."""
        named = ["-authorityID", authority] if authority else []
        self.run("localauthority", "jwt", step, *named)

    # --- the agent of SPIRE ---------------------------------------------------------------

    def start(self, token: str = "") -> None:
        """Start the agent of SPIRE, which shows the server who it is by a token, the first time."""
        joined = ["-joinToken", token] if token else []
        self._node = self._started("spire-agent", "agent.conf", *joined)
        check = [str(self._bin / "spire-agent"), "healthcheck", "-socketPath"]
        where = str(self._folder / "agent.sock")
        self._until(
            lambda: not subprocess.run([*check, where], capture_output=True, check=False).returncode
        )

    def stop(self) -> None:
        """End the agent of SPIRE."""
        assert self._node is not None
        self._node.terminate()
        self._node.wait(20)

    def sleep(self) -> None:
        """Have the agent of SPIRE answer nothing, as one that hangs."""
        assert self._node is not None
        self._node.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Have it answer again."""
        assert self._node is not None
        self._node.send_signal(signal.SIGCONT)

    def fetch(self, agent: str, **how: Any) -> subprocess.CompletedProcess[str]:
        """Ask for an identity by SPIRE's own client; its answer holds the token."""
        where = self.socket.removeprefix("unix://")
        command = [str(self._bin / "spire-agent"), "api", "fetch", "jwt", "-audience", AUDIENCE]
        return subprocess.run(
            [*command, "-spiffeID", agent, "-socketPath", where],
            **{"cwd": self._folder, **how},
            capture_output=True,
            text=True,
            check=False,
        )

    def fetch_as(self, uid: int, agent: str) -> subprocess.CompletedProcess[str]:
        """Ask as another user of this machine, which takes root."""
        self._folder.chmod(0o755)
        with tempfile.TemporaryDirectory(prefix="spire-bin-") as folder:
            Path(folder).chmod(0o755)
            program = shutil.copy2(self._bin / "spire-agent", folder)
            return self.fetch(agent, executable=program, user=uid, cwd="/")

    # --- its own --------------------------------------------------------------------------

    def _started(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen(
                [str(self._bin / program), "run", "-config", *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _until(self, holds: Any) -> None:
        until = time.monotonic() + _SECONDS
        while not holds():
            over = time.monotonic() > until or any(
                process is not None and process.poll() is not None
                for process in (self._server, self._node)
            )
            assert not over, self.said()
            time.sleep(0.1)

    def said(self) -> str:
        """What both have logged."""
        with suppress(OSError):
            return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.log")))
        return ""
