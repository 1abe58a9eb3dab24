"""The way of a policy from its sources into an OPA, for tests: built, signed, pulled, asked.

dist = Dist(tmp_path, site=…)                 # the ordinary scene's deployment, built and signed
with web(dist.publish(tmp_path / "www")) as server, pulling(dist, server.url) as opa:
    opa.put_feed(dist.stage().live["now"])
    opa.ask(dist.stage().question)
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from tests import engines, scenes
from tests.tiers import WATCH

from inbounds_tools.bundle.archive import pack, signed, unpack
from inbounds_tools.bundle.build import Built, build
from inbounds_tools.opa import config as opa_config
from tools import assets

CAPABILITIES = scenes.ROOT / "bundles" / "capabilities.json"
TEMPLATE = scenes.ROOT / "bundles" / "opa" / "config.yaml"
PEP_TOKEN = "pep-token-of-the-test"
OTHER_TOKEN = "another-pep-of-the-test"
FEED_TOKEN = "feed-token-of-the-test"
NAMES = {"rego": "policy", "site": "site", "deployment": "deployment", "live": "live"}


def make_assets() -> None:
    """Bring up to date what the package ships, as `make` does before the tests."""
    # OPA is started only where something has changed, and then by whichever test comes first.
    with WATCH.exempt():
        assert assets.main([]) == 0


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def deployment_folder(folder: Path, deployment: dict[str, Any] | None = None) -> Path:
    """Write the scene's deployment as an operator keeps it, with tokens for who may ask."""
    deployment = deployment or dict(scenes.staged(now=time.time()).deployment)
    deployment.pop("revision", None)
    deployment["peps"] = {
        "assistant-pep": {
            **deployment["peps"]["assistant-pep"],
            "token_sha256": [sha256(PEP_TOKEN)],
        },
        "other-pep": {
            "tenants": ["acme"],
            "environments": ["production"],
            "token_sha256": [sha256(OTHER_TOKEN)],
        },
    }
    deployment["settings"] = {
        **deployment["settings"],
        "feed_writers": {"feed": [sha256(FEED_TOKEN)]},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in deployment.items():
        (folder / f"{name}.yaml").write_text(json.dumps(value), "utf-8")
    return folder


class Dist:
    """One folder of signed bundles, and what they were built from."""

    def __init__(self, folder: Path, *, site: Path | None = None, rego: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.keys = engines.signing_keys(folder)
        self.deployment = deployment_folder(folder / "deployment")
        self.folder = folder / "dist"
        # A copy, so that a source edited while tests run does not come between two builds.
        self.rego = shutil.copytree(rego or scenes.ROOT / "rego", folder / "sources" / "rego")
        shutil.copytree(scenes.ROOT / "schemas", folder / "sources" / "schemas")
        self.opa = Path(engines.opa_binary())
        # Those are checked with the OPA that is installed, and with no other.
        self._checked = rego is None and "INBOUNDS_OPA_BINARY" not in os.environ
        self.built = self.build(site=site)

    def build(self, *, site: Path | None = None, out: Path | None = None) -> Built:
        """Build a revision. The project's own rules, alone, are those that `make` has checked."""
        return build(
            rego=self.rego,
            site=site,
            deployment=self.deployment,
            key=self.keys.private,
            out=out or self.folder,
            opa=self.opa,
            capabilities=CAPABILITIES,
            checked=self._checked and site is None,
        )

    def publish(self, www: Path, *, without: tuple[str, ...] = ()) -> Path:
        """Copy the bundles to where a bundle server has them, under names that stay."""
        www.mkdir(exist_ok=True)
        for artefact, name in NAMES.items():
            if artefact in self.built.files and artefact not in without:
                shutil.copyfile(self.built.files[artefact], www / f"{name}.tar.gz")
        return www

    def signed_again(self, bundle: Path, key: Path, changes: dict[str, bytes]) -> bytes:
        """A bundle with some files changed, signed by whatever key."""
        files = {**unpack(bundle.read_bytes()), **changes}
        files.pop(".signatures.json")
        return pack(signed(files, key=key, opa=self.opa))


class Server:
    """A plain HTTP server that counts what it is asked for, and names each content by its ETag.

    So OPA activates a bundle once, and not again at each poll.
    """

    def __init__(self, folder: Path) -> None:
        counts: dict[str, int] = {}

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(folder))

            def do_GET(self) -> None:
                self._answer()
                counts[self.path] = counts.get(self.path, 0) + 1

            def _answer(self) -> None:
                try:
                    content = Path(self.translate_path(self.path)).read_bytes()
                except OSError:
                    self.send_error(404)
                    return
                etag = f'"{hashlib.sha256(content).hexdigest()}"'
                known = self.headers.get("If-None-Match") == etag
                self.send_response(304 if known else 200)
                self.send_header("ETag", etag)
                if not known:
                    self.send_header("Content-Type", "application/gzip")
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if not known:
                    self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.counts = counts
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def wait_for(self, name: str, times: int) -> None:
        """Wait until a bundle has been fetched so many times more."""
        wanted = self.counts.get(f"/{name}", 0) + times
        until(lambda: self.counts.get(f"/{name}", 0) >= wanted, f"{name} was not fetched")


@contextlib.contextmanager
def web(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    thread = threading.Thread(target=server.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.server.shutdown()
        server.server.server_close()
        thread.join()


class Client:
    """Asks an OPA as a PEP does, and writes its feed as the owner does."""

    def __init__(self, url: str) -> None:
        self.url = url

    def request(self, method: str, path: str, *, token: str = "", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=30, **more)

    def ask(self, question: Any, *, token: str = PEP_TOKEN) -> Any:
        answer = self.request(
            "POST",
            "/v1/data/inbounds/main/decision?strict-builtin-errors=true",
            token=token,
            json={"input": question},
        )
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()["result"]

    def put_feed(self, now: Any, *, token: str = FEED_TOKEN) -> None:
        answer = self.request("PUT", "/v1/data/live/now", token=token, json=now)
        assert answer.status_code == 204, (answer.status_code, answer.text)

    def ready(self) -> bool:
        return self.request("GET", "/health?bundles").status_code == 200


class Pulling(Client):
    """A running OPA that pulls its bundles."""

    def __init__(self, opa: engines.Opa) -> None:
        super().__init__(opa.url)
        self.opa = opa

    @property
    def log(self) -> str:
        return self.opa.log.read_text("utf-8", "replace")


@contextlib.contextmanager
def pulling(
    dist: Dist, url: str, *, site: bool, scratch: Path, replace: tuple[tuple[str, str], ...] = ()
) -> Iterator[Pulling]:
    """Run an OPA with the shipped configuration, but polling faster."""
    text = opa_config.for_pulling(TEMPLATE, key=dist.keys.public, url=url, site=site)
    for old, new in (
        (
            "min_delay_seconds: 5, max_delay_seconds: 10",
            "min_delay_seconds: 1, max_delay_seconds: 1",
        ),
        ("persistence_directory: .opa", f"persistence_directory: {scratch / 'persisted'}"),
        *replace,
    ):
        assert old in text
        text = text.replace(old, new)
    config = scratch / "config.yaml"
    config.write_text(text, "utf-8")
    options = ("--authentication=token", "--authorization=basic")
    opa = engines.Opa(f"--config-file={config}", *options)
    try:
        yield Pulling(opa)
    finally:
        opa.close()


def until(holds: Any, otherwise: str, *, seconds: float = 20) -> None:
    """Wait until `holds()`; fail with `otherwise` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
