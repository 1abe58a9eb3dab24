"""Whoever opens connections to an issuer's service, and is nobody, shuts nobody out."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from tests.authority import Authority
from tests.issuing import Issuing, task_request

from inbounds.identity import dpop
from inbounds.identity.signing_keys import SigningKey

KEY = SigningKey.generate()
SAME, OTHER = "127.0.0.1", "127.0.0.2"
SECONDS = 2
"""How long a request may take at the service of these tests."""
PATIENCE = 30.0
"""How long an answer may take here: the machine is shared with other tests."""
HEAD = (
    b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n"
)
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

BEGUN = {
    "nothing": b"",
    "a part of a head": HEAD,
    "a head and one byte of a body": HEAD + b"\r\n{",
    "a head that asks whether to go on": HEAD + b"Expect: 100-continue\r\n\r\n",
    "a chunk that does not end": HEAD.replace(
        b"Content-Length: 9999", b"Transfer-Encoding: chunked"
    )
    + b"\r\n8\r\n{",
    "a whole request, and a part of the next": HEALTH + HEAD + b"\r\n{",
    "requests whose answers nobody reads": HEALTH * 400,
}
"""What the connections of an attack begin with; none of them reads."""
GOES_ON = {"nothing more": b"", "a byte now and then": b"x"}


def limited(place: Issuing, **settings: int) -> None:
    file = place.issuer / "service.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Issuing(tmp_path_factory.mktemp("connections"))
    limited(place, request_seconds=SECONDS)
    with place.serving("embedded") as running:
        yield place, running


class Attack:
    """300 connections of one address, which are all there at once."""

    def __init__(self, port: int, begun: bytes, more: bytes = b"", *, ended: bool = False) -> None:
        self._port, self._begun, self._more, self._ended = port, begun, more, ended
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drip)
        self.sockets: list[socket.socket] = []

    def __enter__(self):
        for _ in range(300):
            self.open()
            time.sleep(0.003)  # each is read before the next: many at once refuse each other
        self._thread.start()
        return self

    def open(self) -> None:
        one = socket.create_connection((SAME, self._port), timeout=PATIENCE)
        self.sockets.append(one)
        with contextlib.suppress(OSError):  # the service may have closed it
            one.sendall(self._begun)
            if self._ended:
                one.shutdown(socket.SHUT_WR)

    def _drip(self) -> None:
        while self._more and not self._stop.wait(0.1):
            for one in self.sockets:
                with contextlib.suppress(OSError):
                    one.sendall(self._more)

    def all_closed(self) -> bool:
        """Tell whether the service has closed them all, within its own time and a lot more."""
        until = time.monotonic() + PATIENCE
        for one in self.sockets:
            try:
                one.settimeout(max(0.01, until - time.monotonic()))
                while one.recv(65536):
                    pass
            except TimeoutError:
                return False
            except OSError:
                continue
        return True

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for one in self.sockets:
            one.close()


def ask(place, source, method="GET", path="/health", said=None, **headers):
    """Send one request from an address; return the status."""
    client = http.client.HTTPConnection(
        SAME, place.port, timeout=PATIENCE, source_address=(source, 0)
    )
    with contextlib.closing(client):
        client.request(method, path, said, headers)
        return client.getresponse().status


def begin(place, source):
    """Begin a task, as an agent that may."""
    said = task_request(place)
    proof = dpop.prove(KEY, "POST", place.url + "/tasks")
    headers = {"Content-Type": "application/json", "DPoP": proof}
    return ask(place, source, "POST", "/tasks", json.dumps(said), **headers)


def resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize("more", GOES_ON)
@pytest.mark.parametrize("begun", BEGUN)
def test_connections_without_a_whole_request_shut_nobody_out(place, begun, more):
    """
    Neither those of another address nor those of the same one; and they are closed in time.
    """
    place, running = place
    before = resident(running.process.pid)
    with Attack(place.port, BEGUN[begun], GOES_ON[more]) as attack:
        since = time.monotonic()
        got = [ask(place, OTHER), begin(place, OTHER), ask(place, SAME), begin(place, SAME)]
        took = time.monotonic() - since

        assert got == [200, 200, 200, 200]
        assert took < PATIENCE
        assert resident(running.process.pid) - before < 2**27
        assert attack.all_closed()


def test_connections_that_are_half_closed_shut_nobody_out(place):
    place, _ = place
    with Attack(place.port, BEGUN["a head and one byte of a body"], ended=True) as attack:
        assert [ask(place, OTHER), begin(place, SAME)] == [200, 200]
        assert attack.all_closed()


def test_an_attack_that_goes_on_shuts_nobody_out(place):
    """
    It opens connections as fast as it can, for as long as others ask.
    """
    place, _ = place
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                attack.open()
            if len(attack.sockets) > 600:
                attack.sockets.pop(0).close()

    attack = Attack(place.port, HEAD + b"\r\n{")
    with attack:
        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            got = [ask(place, OTHER) for _ in range(10)] + [begin(place, OTHER)]
        finally:
            stop.set()
            flooding.join()

    assert got == [200] * 11


def test_whole_requests_that_nobody_waits_for_are_bounded(place):
    """
    Whoever sends requests and hangs up gives back the connection, and the service works all the
    same: it takes no more of an address than the address may have connections.
    """
    place, _ = place
    said = json.dumps({"identity": "a.b.c", "task": "t"}).encode()
    proofs = [dpop.prove(KEY, "POST", place.url + "/tasks/renew") for _ in range(300)]
    for proof in proofs:
        with socket.create_connection((SAME, place.port), timeout=PATIENCE) as one:
            one.sendall(
                b"POST /tasks/renew HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"DPoP: %s\r\nContent-Length: %d\r\n\r\n%s" % (proof.encode(), len(said), said)
            )

    assert ask(place, OTHER) == 200
    assert begin(place, OTHER) == 200


def test_a_compressed_request_is_not_read(place):
    place, running = place
    before = resident(running.process.pid)
    bomb = gzip.compress(b'{"identity":[' + b"0," * 2**24 + b"0]}")
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    assert ask(place, OTHER, "POST", "/tasks", bomb, **headers) == 400
    assert resident(running.process.pid) - before < 2**26


def test_handshakes_that_do_not_end_shut_nobody_out(tmp_path):
    """
    A connection counts before TLS is there, and its handshake has to end in time.
    """
    authority = Authority(tmp_path)
    place = Issuing(tmp_path, authority)
    limited(place, request_seconds=SECONDS)
    known = ssl.create_default_context(cafile=authority.file)
    hello = b"\x16\x03\x01\x02\x00"
    with place.serving("embedded") as running:
        for begun in (b"", hello):
            with Attack(place.port, begun, b"") as attack:
                opened = len(list(Path(f"/proc/{running.process.pid}/fd").iterdir()))
                client = http.client.HTTPSConnection(
                    SAME, place.port, timeout=PATIENCE, source_address=(OTHER, 0), context=known
                )
                with contextlib.closing(client):
                    client.request("GET", "/health")
                    assert client.getresponse().status == 200

                assert opened < 256
                assert attack.all_closed()
