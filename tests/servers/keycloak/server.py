"""A Keycloak in its development mode, in memory, on this machine alone."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import requests
from tests.servers.required import wanting

from tools import servers

_STARTS = 240.0
"""How many seconds it may take to start; the first time it builds itself."""


def home() -> Path:
    """Where Keycloak is; skips where it is not installed."""
    folder = servers.installed("keycloak")
    if folder is None:
        wanting("keycloak", "`make test-servers-nightly` installs Keycloak")
    if shutil.which("java") is None:
        wanting("keycloak", "there is no Java: `apt-get install openjdk-17-jre-headless`")
    (found,) = Path(str(folder)).glob("keycloak-*")
    return found


class KeycloakServer:
    """One server. A context manager: leaving it ends it.

    Args:
        folder: Where its log goes, and where its client keeps who it is.

    Attributes:
        url: Where it is.
        password: That of its administrator, `admin`.
    """

    def __init__(self, folder: Path) -> None:
        self.home = home()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.password = f"admin-{secrets.token_hex(8)}"
        self.url = ""

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        with (self._folder / "keycloak.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(self.home / "bin" / "kc.sh"),
                    *("start-dev", "--db=dev-mem", "--http-host=127.0.0.1"),
                    f"--http-port={port}",
                ],
                env={
                    **os.environ,
                    "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
                    "KC_BOOTSTRAP_ADMIN_PASSWORD": self.password,
                    "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m",
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + _STARTS
        while not self._answers():
            said = (self._folder / "keycloak.log").read_text("utf-8", "replace")
            assert self._process.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(30)

    def realm(self, name: str) -> str:
        """The issuer identifier of a realm."""
        return f"{self.url}/realms/{name}"

    def administer(self, method: str, path: str, said: Any = None) -> Any:
        """Ask the API of the administrator, below `/admin/realms`; what it answers."""
        login = {"grant_type": "password", "client_id": "admin-cli", "username": "admin"}
        token = requests.post(
            f"{self.realm('master')}/protocol/openid-connect/token",
            data={**login, "password": self.password},
            timeout=30,
        ).json()["access_token"]
        answer = requests.request(
            method,
            f"{self.url}/admin/realms{path}",
            json=said,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json() if answer.text else None

    def _answers(self) -> bool:
        try:
            return requests.get(self.realm("master"), timeout=5).status_code == 200
        except requests.RequestException:
            return False
