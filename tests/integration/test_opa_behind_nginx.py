"""The proxy that docs/operators.md shows, before an OPA: what it lets through, and how."""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests import authority, engines, scenes, shipping
from tests.needed import missing, skip_without

from inbounds.pdp import DECISION
from inbounds.pdp.opa import MAX_REQUEST, OpaServer
from inbounds_tools.opa.process import OpaProcess

PATH = "/v1/data/inbounds/main/decision"
PATIENCE = 60.0
SMALL_YAML = b"input: {a: &a x, b: [*a, *a]}"

AROUND = """
{user}
daemon off;
error_log stderr;
pid {folder}/pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{shown}
}}
"""


class Place:
    """An OPA, the proxy before it, and the certificates of both sides."""

    def __init__(self, opa: str, proxy: str, ca: Path, client: Path) -> None:
        self.opa, self.proxy = opa, proxy
        self.ca, self.client = str(ca), str(client)

    def send(self, body: bytes, **headers: str) -> int:
        """Send a body through the proxy without a token, and return the status."""
        sent = requests.post(
            self.proxy + PATH,
            body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            verify=self.ca,
            cert=self.client,
            timeout=PATIENCE,
        )
        return sent.status_code


def shown() -> str:
    """The configuration of nginx in the documents."""
    text = (engines.ROOT / "docs/operators.md").read_text("utf-8")
    (found,) = re.findall(r"^```text\n(limit_conn_zone .*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    skip_without(missing(["nginx"]), "no proxy is put before OPA")
    folder = tmp_path_factory.mktemp("proxy")
    ours = authority.Authority(folder)
    server, client = ours.certificate(), ours.certificate()
    dist = shipping.Dist(folder / "dist")
    behind, before = (f"127.0.0.1:{engines.free_port()}" for _ in range(2))
    text = shown()
    for documented, real in {
        "/etc/inbounds/opa.crt": server,
        "/etc/inbounds/opa.key": server,
        "/etc/inbounds/clients.crt": ours.file,
        "listen 8443 ssl": f"listen {before} ssl",
        "127.0.0.1:8181": behind,
    }.items():
        assert text.count(documented) == 1
        text = text.replace(documented, str(real))
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(user=user, folder=folder, shown=text), "utf-8")
    with (
        (folder / "log").open("wb") as log,
        OpaProcess(
            [path for kind, path in dist.built.files.items() if kind != "wasm"],
            key=dist.keys.public,
            opa=dist.opa,
            template=shipping.TEMPLATE,
            address=behind,
            log=log,
        ) as process,
        subprocess.Popen(
            ["nginx", "-p", str(folder), "-c", str(configuration)], stdout=log, stderr=log
        ) as proxy,
    ):
        try:
            process.wait_ready(PATIENCE)
            there = Place(f"http://{behind}", f"https://{before}", ours.file, client)
            until = time.monotonic() + PATIENCE
            while True:
                try:
                    assert there.send(b"{}") == 401
                    break
                except requests.ConnectionError:
                    assert time.monotonic() < until, (folder / "log").read_text()
                    time.sleep(0.05)
            yield there
        finally:
            proxy.terminate()


def test_no_yaml_reaches_opa_and_a_guard_is_answered(place: Place) -> None:
    kinds = ("application/x-yaml", "application/yaml", "text/yaml; a=b", "application/json+yaml")
    for kind in kinds:
        # OPA itself reads it, and then refuses who sent it.
        direct = requests.post(
            place.opa + PATH, SMALL_YAML, headers={"Content-Type": kind}, timeout=PATIENCE
        )
        assert direct.status_code == 401
        assert place.send(SMALL_YAML, Content_Type=kind) == 400

    pdp = OpaServer(place.proxy, token=shipping.PEP_TOKEN, verify=place.ca, cert=place.client)
    question = json.dumps(scenes.staged(now=time.time()).question).encode()
    answer = pdp.ask(DECISION, question, deadline=time.monotonic() + PATIENCE)
    pdp.close()
    assert answer.result["decision"] is False


def test_a_second_type_does_not_get_through(place: Place) -> None:
    context = ssl.create_default_context(cafile=place.ca)
    context.load_cert_chain(place.client)
    host = place.proxy.removeprefix("https://")
    connection = http.client.HTTPSConnection(host, context=context, timeout=PATIENCE)
    connection.putrequest("POST", PATH)
    for kind in ("application/x-yaml", "application/json", "application/x-yaml"):
        connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(len(SMALL_YAML)))
    connection.endheaders(SMALL_YAML)
    assert connection.getresponse().status == 400
    connection.close()


def test_neither_more_than_opa_reads_nor_anybody_without_a_certificate(place: Place) -> None:
    assert place.send(b" " * (MAX_REQUEST + 1)) == 413
    stranger = requests.post(place.proxy + PATH, b"{}", verify=place.ca, timeout=PATIENCE)
    assert stranger.status_code == 400
    assert "certificate" in stranger.text
