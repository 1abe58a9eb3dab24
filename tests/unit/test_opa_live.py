"""How the revocation feed is written into an OPA and read back: what goes over the wire."""

from __future__ import annotations

import copy
import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from tests import wire

from inbounds.errors import InvalidAnswer, Timeout, Unreachable
from inbounds.pdp import opa_live
from inbounds.pdp.opa import MAX_REQUEST
from inbounds.pdp.opa_live import OpaLive
from inbounds.pdp.transport import Endpoint
from inbounds.process import clock

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
        with pytest.raises(InvalidAnswer, match="the entry to replace is missing") as emptied:
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


@pytest.mark.parametrize(
    ("ask", "seconds"),
    [
        (lambda live: live.read("head"), 0.2),
        (lambda live: live.push_live({}), 0.2),
        (lambda live: live.read(), 0.6),
        (lambda live: live.push_live({"head": "x" * MAX_REQUEST}), 6),
    ],
    ids=["a member", "a write", "a whole feed", "a whole feed that is to be put"],
)
def test_a_write_and_a_read_end_in_time(
    ask: Callable[[OpaLive], Any], seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def send(_: Endpoint, *__: Any, deadline: float) -> Any:
        asked.append(deadline - clock.monotonic())
        raise Timeout

    monkeypatch.setattr(Endpoint, "send", send)
    with closing(OpaLive("http://127.0.0.1:1", seconds=0.2)) as live, pytest.raises(Timeout):
        ask(live)
    assert asked == [pytest.approx(seconds, abs=0.1)]


@pytest.mark.parametrize("ask", [lambda live: live.read("seq"), lambda live: live.push_live({})])
def test_neither_waits_for_who_says_nothing(ask: Callable[[OpaLive], Any]) -> None:
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
            live.read("head")
        assert 2 <= clock.monotonic() - began < 8


def test_a_closed_feed_writes_nothing() -> None:
    with recorded(NO_CONTENT) as (live, sent):
        live.close()
        with pytest.raises(Unreachable, match="closed"):
            live.push_live({})
    assert sent == []


# --- a feed that is larger than a request ---------------------------------------------------


class Held(OpaLive):
    """An OPA's `data.live.now` in memory; one write of those to come can be lost."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.now: Any = None
        self.lost = -1
        self.seen: list[Any] = []
        self.most = MAX_REQUEST

    def _read(self, path: str, times: int) -> Any:
        assert (path, times) == (opa_live._NOW, opa_live._FIRST)
        return copy.deepcopy(self.now)

    def _write(self, method: str, body: bytes) -> None:
        assert len(body) <= self.most
        if len(self.seen) == self.lost:
            self.lost = -1
            raise Unreachable("the network")
        self.now = json.loads(body) if method == "PUT" else self._patched(json.loads(body))
        self.seen.append(copy.deepcopy(self.now))

    def _patched(self, operations: list[dict[str, Any]]) -> Any:
        draft = copy.deepcopy(self.now)
        for operation in operations:
            *path, last = [
                step.replace("~1", "/").replace("~0", "~")
                for step in operation["path"].split("/")[1:]
            ]
            place: Any = draft
            for step in path:
                place = place[step]
            assert operation["op"] == "add" or last in place
            if operation["op"] == "remove":
                del place[last]
            else:
                place[last] = operation["value"]
        return draft


KINDS = ("ended", "revoked", "switches")


def feed_of(draw: random.Random, seq: int) -> dict[str, Any]:
    """A feed of some entries, whose head says what it was signed for."""
    names = [f"{name}~/é" for name in range(40)]
    lists = {
        kind: {"_": 0, **{name: draw.randrange(1, 4) for name in names if draw.random() < 0.7}}
        for kind in KINDS
    }
    return {"head": json.dumps([seq, lists]), "generation": f"g{seq // 2}", "seq": seq, **lists}


def in_force(now: Any) -> dict[str, dict[str, int]] | None:
    """What the head that is in force was signed for; None where the policy sees none."""
    if not now or not now["head"]:
        return None
    seq, lists = json.loads(now["head"])
    assert seq == now["seq"], "the policy would see none here, and one is meant to be"
    return dict(lists)


def least(now: Any, lists: dict[str, dict[str, int]]) -> bool:
    """Whether every entry counts, and none for less than it was signed with."""
    return all(
        now[kind].get(name, -1) >= at for kind, each in lists.items() for name, at in each.items()
    )


@pytest.mark.parametrize("seed", range(200))
def test_no_head_is_in_force_over_less_than_it_was_signed_for(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    From any feed, or none, to any other that needs parts, with a write lost on the way.
    """
    monkeypatch.setattr(opa_live, "_PART_BYTES", 400)
    draw = random.Random(seed)
    target = Held()
    target.now = draw.choice([None, {}, {"head": "x"}, feed_of(draw, 7), feed_of(draw, 7)])
    for seq in (8, 9, 10):
        before, since = copy.deepcopy(target.now), len(target.seen)
        now = feed_of(draw, seq)
        now["head"] += " " * 20  # as long as any other
        target.most = len(opa_live._encoded(now)) - 1
        monkeypatch.setattr(opa_live, "MAX_REQUEST", target.most)
        target.lost = since + draw.randrange(12) if draw.random() < 0.5 else -1
        try:
            target.push_live(now)
        except Unreachable:
            target.push_live(now)
        for state in target.seen[since:]:
            lists = in_force(state)
            assert lists is None or least(state, lists)
            if state["head"] != now["head"] and before and before.get("seq") and lists:
                assert state["head"] == before["head"]
        assert target.now == now


def test_a_feed_that_somebody_else_changes_meanwhile_gets_no_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Shared(Held):
        def heartbeat(self, operations: list[dict[str, Any]]) -> None:
            super().heartbeat(operations)
            self.now["ended"].pop("1~/é", None)

    draw = random.Random(0)
    now = feed_of(draw, 2)
    now["ended"]["1~/é"] = 3
    monkeypatch.setattr(opa_live, "MAX_REQUEST", len(opa_live._encoded(now)) - 1)
    monkeypatch.setattr(opa_live, "_PART_BYTES", 400)
    target = Shared()
    with pytest.raises(InvalidAnswer) as refused:
        target.push_live(now)

    assert refused.value.code == "live.overwritten"
    assert target.now["head"] == ""


def test_a_heartbeat_that_is_larger_than_a_request_is_not_sent() -> None:
    operations = [{"op": "add", "path": "/ended/a", "value": "x" * MAX_REQUEST}]
    with recorded(NO_CONTENT) as (live, sent), pytest.raises(InvalidAnswer) as refused:
        live.heartbeat(operations)
    assert refused.value.code == "live.too_large"
    assert not sent


def test_a_name_of_any_length_and_any_signs_fits_into_a_part() -> None:
    longest = "\U0001f600" * 256
    (part,) = opa_live._parts([opa_live._operation("add", "revoked", longest, 2**53)])
    head = {"op": "replace", "path": "/head", "value": "x" * 4096}
    assert len(opa_live._encoded([*part * 80, head])) < MAX_REQUEST
    assert opa_live._PART_BYTES + 8192 < MAX_REQUEST
