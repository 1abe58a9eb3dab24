"""How the revocation feed is written into an OPA and read back: what goes over the wire."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from tests import wire

from inbounds import clock
from inbounds.errors import InvalidAnswer, Timeout, Unreachable
from inbounds.pdp.opa_live import OpaLive

pytestmark = pytest.mark.system

SENT = tuple[str, dict[str, str], bytes]
NO_CONTENT = "204 No Content"


@contextmanager
def recorded(
    status: str, body: bytes = b"", **options: Any
) -> Iterator[tuple[OpaLive, list[SENT]]]:
    """A feed to a server that notes the first line, head and body of what it is sent."""
    sent: list[SENT] = []

    def script(connection: socket.socket) -> None:
        while True:
            head, content = wire.request_whole(connection)
            first, *lines = head.decode().split("\r\n")
            sent.append((first, dict(line.split(": ", 1) for line in lines), content))
            length = "" if status == NO_CONTENT else f"Content-Length: {len(body)}\r\n"
            connection.sendall(f"HTTP/1.1 {status}\r\n{length}\r\n".encode() + body)

    with wire.misbehaving(script) as url, closing(OpaLive(url, "canary", **options)) as live:
        yield live, sent


def test_a_push_replaces_the_whole_feed() -> None:
    with recorded(NO_CONTENT) as (live, sent):
        live.push_live({"head": {"at": 1}, "stopped": ["a", "é"]})
    ((first, head, body),) = sent
    assert first == "PUT /v1/data/live/now HTTP/1.1"
    assert head["Authorization"] == "Bearer canary"
    assert head["Content-Type"] == "application/json"
    # As short as JSON can be: a feed of a million entries is pushed whole.
    assert body == b'{"head":{"at":1},"stopped":["a","\\u00e9"]}'


def test_a_heartbeat_is_one_patch() -> None:
    operations = [{"op": "replace", "path": "/head", "value": {"at": 2}}]
    with recorded(NO_CONTENT) as (live, sent):
        live.heartbeat(operations)
    ((first, _, body),) = sent
    assert first == "PATCH /v1/data/live/now HTTP/1.1"
    assert json.loads(body) == operations


def test_a_heartbeat_to_an_emptied_opa_is_told_from_a_wrong_address() -> None:
    """
    OPA answers 404 where something that is to be replaced is not there; a push never gets that.
    """
    with recorded("404 Not Found") as (live, _):
        with pytest.raises(InvalidAnswer, match="not there") as emptied:
            live.heartbeat([])
        with pytest.raises(InvalidAnswer, match="HTTP 404") as pushed:
            live.push_live({})
    assert emptied.value.code == "live.emptied"
    assert pushed.value.code != "live.emptied"


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted"])
def test_only_no_content_says_that_it_is_written(status: str) -> None:
    write: Callable[[OpaLive], None]
    for write in (lambda live: live.push_live({}), lambda live: live.heartbeat([])):
        with recorded(status, b"{}") as (live, _), pytest.raises(InvalidAnswer, match="204"):
            write(live)


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "500 Internal"])
def test_a_write_that_is_refused(status: str) -> None:
    with recorded(status) as (live, _):
        with pytest.raises(Unreachable):
            live.push_live({})
        with pytest.raises(Unreachable):
            live.heartbeat([])


def test_the_feed_is_read_whole_or_by_member() -> None:
    with recorded("200 OK", b'{"result":{"at":1}}') as (live, sent):
        assert live.read() == {"at": 1}
        assert live.read("head") == {"at": 1}
    assert [first for first, _, _ in sent] == [
        "GET /v1/data/live/now HTTP/1.1",
        "GET /v1/data/live/now/head HTTP/1.1",
    ]


def test_a_feed_that_is_not_there_is_none() -> None:
    with recorded("200 OK", b"{}") as (live, _):
        assert live.read() is None


def test_a_feed_may_be_larger_than_an_answer() -> None:
    """
    An answer has at most 4 MiB; millions of ended tasks do not fit into that.
    """
    large = "x" * 5_000_000
    with recorded("200 OK", json.dumps({"result": large}).encode()) as (live, _):
        assert live.read() == large


@pytest.mark.parametrize("ask", [lambda live: live.read(), lambda live: live.push_live({})])
def test_a_write_and_a_read_end_in_time(ask: Callable[[OpaLive], Any]) -> None:
    with wire.misbehaving(wire.silence) as url, closing(OpaLive(url, seconds=0.2)) as live:
        began = time.monotonic()
        with pytest.raises(Timeout):
            ask(live)
        assert 0.2 <= time.monotonic() - began < 1


def test_two_seconds_are_enough_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic, began = clock.monotonic, clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: began + 10 * (monotonic() - began))
    with (
        wire.misbehaving(wire.drip(wire.OK + b"X: y\r\n" * 9)) as url,
        closing(OpaLive(url)) as live,
    ):
        with pytest.raises(Timeout):
            live.read()
        assert 2 <= clock.monotonic() - began < 8


def test_a_closed_feed_writes_nothing() -> None:
    with recorded(NO_CONTENT) as (live, sent):
        live.close()
        with pytest.raises(Unreachable, match="closed"):
            live.push_live({})
    assert sent == []
