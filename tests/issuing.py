"""A deployment with an issuer's service of its own, a source of identities and one of users.

place = Issuing(tmp_path)
with place.serving("opa") as service:           # `inbounds issuer serve`, in its own process
    guard = place.agent(service)
    guard.task(INTENT, subject=SUBJECT, subject_token=place.user())
"""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.authority import Authority
from tests.console import SCRIPT
from tests.guards import SECONDS, Place
from tests.ports import free_port

from inbounds import Guard
from inbounds.identity.file import FileIdentity
from inbounds.identity.issuer_service import ServiceIssuer
from inbounds.identity.signing_keys import SigningKey
from inbounds.testing import AGENT, INTENT, SUBJECT
from inbounds_server.issuer.settings import FEED_KEY, Folder

WORKLOADS, LOGIN = "https://workloads.acme.example", "https://login.acme.example"
ENVIRONMENT = "development"


@dataclass(frozen=True)
class Running:
    """A service that answers.

    Attributes:
        url: What it is called, and where it answers.
        pdp: The URL of the OPA that it and the guards ask, or "".
        process: Its process.
        log: What it writes.
    """

    url: str
    pdp: str
    process: subprocess.Popen[bytes]
    log: Path


class Issuing(Place):
    """See the module. Changes are to the deployment, by file; an authority has it serve TLS."""

    def __init__(self, folder: Path, authority: Authority | None = None, **changes: Any) -> None:
        self.port = free_port()
        self.url = f"http{'s' if authority else ''}://127.0.0.1:{self.port}"
        self._authority = authority
        self.issuer = folder / "issuer"
        made = Folder.create(self.issuer, self.url, "inbounds")
        self.workloads, self.login = SigningKey.generate(), SigningKey.generate()
        feed = SigningKey.read(self.issuer / FEED_KEY)
        common = {
            "kind": "production",
            "tenants": ["acme"],
            "environments": [ENVIRONMENT],
            "effects": ["read"],
            "algorithms": ["ES256"],
        }
        super().__init__(
            folder,
            {
                "issuers": {
                    "tasks": {
                        **common,
                        "issuer": self.url,
                        "vouches_for": ["task"],
                        "keys": made.public_keys(),
                    },
                    "workloads": {
                        **common,
                        "issuer": WORKLOADS,
                        "vouches_for": ["identity"],
                        "trust_domain": "acme.example",
                        "keys": {self.workloads.kid: self.workloads.public},
                    },
                    "login": {
                        **common,
                        "issuer": LOGIN,
                        "vouches_for": ["subject"],
                        "keys": {self.login.kid: self.login.public},
                    },
                },
                "feed": {"keys": {feed.kid: feed.public}},
                **changes,
            },
        )

    # --- tokens ---------------------------------------------------------------------------

    def user(self, key: SigningKey | None = None, **changed: Any) -> str:
        """A user's own token."""
        now = int(time.time())
        claims = {"iss": LOGIN, "sub": SUBJECT, "aud": "inbounds", "iat": now, "exp": now + 300}
        return (key or self.login).sign({**claims, **changed}, typ="JWT")

    def svid(self, agent: str = AGENT, key: SigningKey | None = None, **changed: Any) -> str:
        """An agent's identity token."""
        now = int(time.time())
        claims = {
            "iss": WORKLOADS,
            "sub": agent,
            "aud": ["inbounds"],
            "iat": now,
            "exp": now + 300,
        }
        return (key or self.workloads).sign({**claims, **changed}, typ="JWT")

    # --- the service ----------------------------------------------------------------------

    @contextlib.contextmanager
    def serving(self, engine: str = "opa", **more: str) -> Iterator[Running]:
        """Run the service; it asks an OPA that it keeps up to date, or the policy within it."""
        with contextlib.ExitStack() as stack:
            url = "" if engine == "embedded" else stack.enter_context(self.opa())
            yield stack.enter_context(self._serving(url, **more))

    @contextlib.contextmanager
    def _serving(self, pdp: str, **more: str) -> Iterator[Running]:
        token = self.folder / "feed.writer"
        token.write_text(self.tokens["feed"])
        asks = (
            {"INBOUNDS_PDP_URL": pdp, "INBOUNDS_PDP_TOKEN": self.tokens["pep"]}
            if pdp
            else {"INBOUNDS_DEPLOYMENT": str(self.folder / "deployment")}
        )
        command = [str(SCRIPT), "issuer", "serve", str(self.issuer)]
        feeds = ["--opa", pdp, "--token-file", str(token)] if pdp else []
        if self._authority is not None:
            pem = str(self._authority.certificate())
            feeds += ["--tls-cert", pem, "--tls-key", pem]
        log = self.folder / "issuer.log"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, "--addr", f"127.0.0.1:{self.port}", *feeds],
                env={**kept, **asks, **more},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
            )
            try:
                self._wait(process, log)
                yield Running(self.url, pdp, process, log)
            finally:
                process.terminate()
                process.wait(30)

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        until = time.monotonic() + SECONDS
        known = ssl.create_default_context(cafile=self._authority.file) if self._authority else None
        while time.monotonic() < until:
            if process.poll() is not None:
                raise AssertionError(log.read_text())
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/health", timeout=5, context=known).close()
                return
            time.sleep(0.05)
        raise AssertionError(f"the service does not answer: {log.read_text()}")

    # --- guards ---------------------------------------------------------------------------

    def agent(self, service: Running, agent: str = AGENT, **options: Any) -> Guard:
        """A guard of an agent, in this process, that shows a token of `svid`."""
        token = self.folder / f"svid-{agent.rpartition('/')[2]}"
        token.write_text(self.svid(agent))
        return self.guard(
            service.pdp,
            **{
                "issuer": ServiceIssuer(service.url, timeout=SECONDS / 2),
                "identity": FileIdentity(token),
                "agent": agent,
                "tenant": "acme",
                "environment": ENVIRONMENT,
                "pep": "assistant-pep",
                **options,
            },
        )

    def issued(self) -> list[dict[str, Any]]:
        """What the service has recorded, in order."""
        import sqlite3

        with contextlib.closing(sqlite3.connect(self.issuer / "evidence.sqlite")) as connection:
            rows = connection.execute("SELECT body FROM records ORDER BY seq").fetchall()
        return [json.loads(row[0]) for row in rows]


def task_request(place: Issuing, **changed: Any) -> dict[str, Any]:
    """Return a request for a task by an agent that may; `...` leaves a member out."""
    said = {
        "identity": place.svid(),
        "subject_token": place.user(),
        "subject": SUBJECT,
        "agent": AGENT,
        "intent": INTENT,
        "tenant": "acme",
        "environment": ENVIRONMENT,
        "sid": "session-1",
        "seconds": 600,
        **changed,
    }
    return {name: value for name, value in said.items() if value is not ...}
