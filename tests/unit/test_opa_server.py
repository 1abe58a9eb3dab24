"""How an `OpaServer` is set up, and what it says of itself."""

from __future__ import annotations

import contextlib
import gc
import itertools
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from tests import authority, wire

from inbounds.errors import (
    ConfigurationError,
    DecisionUnavailable,
    InvalidAnswer,
    Timeout,
    Unreachable,
)
from inbounds.pdp import Reply, transport
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.opa_live import OpaLive
from inbounds.process import clock


@pytest.mark.parametrize(
    "url",
    [
        "http://opa",
        "https://opa:8181/",
        "https://opa.example/inner/opa",
        "http://[::1]:8181",
        "unix:///run/opa.sock",
    ],
)
def test_a_url_that_can_be_used(url: str) -> None:
    assert OpaServer(url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opa:8181",
        "//opa",
        "ftp://opa",
        "http://",
        "http://:8181",
        "http://opa:99999",
        "http://opa:x",
        "http://canary:canary@opa",
        "http://opa/?canary",
        "http://opa/#canary",
        "unix://opa.sock",
        "unix:",
        "file:///run/opa.sock",
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_at_construction(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        OpaServer(url)
    assert "unix:///path/of.sock" in refused.value.hint
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("token", ["", "can ary", "canary\r\nX: y", "canary\u00e9"])
def test_a_token_that_is_no_header_is_an_error_at_construction(token: str) -> None:
    with pytest.raises(ConfigurationError, match="bearer token") as refused:
        OpaServer("http://opa", token=token)
    assert "canary" not in str(refused.value)


def test_a_token_is_not_shown() -> None:
    for pdp in (OpaServer("https://opa", token="canary"), OpaLive("https://opa", "canary")):
        assert "canary" not in repr(pdp)
        assert "https://opa" in repr(pdp)


FAR = ["http://opa:8181", "http://10.0.0.1", "http://[2001:db8::1]", "http://localhost.example"]


@pytest.mark.parametrize("url", FAR)
@pytest.mark.parametrize("client", [OpaServer, OpaLive])
def test_a_token_is_not_sent_in_clear_text(client: Any, url: str) -> None:
    with pytest.raises(ConfigurationError, match="in clear text") as refused:
        client(url, token="canary")
    assert refused.value.code == "configuration.token_in_clear"
    assert "INBOUNDS_PDP_CLEARTEXT" in refused.value.hint
    assert "canary" not in str(refused.value)
    client(url, token="canary", cleartext=True).close()
    client(url).close()


@pytest.mark.parametrize(
    "url",
    [
        "https://opa:8181",
        "http://localhost:8181",
        "http://127.0.0.2",
        "http://[::1]:8181",
        "unix:///run/opa.sock",
    ],
)
def test_a_token_is_sent_where_nobody_reads_it_on_the_way(url: str) -> None:
    OpaServer(url, token="canary").close()
    OpaLive(url, "canary").close()


@responses.activate
@pytest.mark.parametrize(("token", "said"), [(None, "no token was sent"), ("wrong", "SHA-256")])
def test_a_refusal_tells_a_wrong_token_from_none(token: str | None, said: str) -> None:
    responses.post("https://opa/v1/data/a/b", status=401, json={"code": "unauthorized"})
    pdp = OpaServer("https://opa", token=token)
    with pytest.raises(Unreachable, match="HTTP 401") as refused:
        pdp.ask("a/b", b"{}", deadline=time.monotonic() + 1)
    assert said in refused.value.hint
    assert ("INBOUNDS_PDP_TOKEN" in refused.value.hint) == (token is None)
    pdp.close()


@responses.activate
def test_a_users_test_can_stand_in_for_opa() -> None:
    responses.post("http://opa:8181/v1/data/a/b", json={"result": True, "decision_id": "d"})
    with requests.Session() as session:
        pdp = OpaServer("http://opa:8181", session=session)
        assert pdp.ask("a/b", b"{}", deadline=time.monotonic() + 1) == Reply(True, "d")
    assert responses.calls[0].request.body == b'{"input":{}}'


@responses.activate
def test_an_engine_id_that_is_no_text_is_none() -> None:
    responses.post("http://opa/v1/data/a/b", json={"result": 1, "decision_id": {"x": 1}})
    pdp = OpaServer("http://opa")
    assert pdp.ask("a/b", b"{}", deadline=time.monotonic() + 1) == Reply(1, "")
    pdp.close()


@responses.activate
def test_versions_take_what_is_there() -> None:
    responses.get("http://opa/v1/data/system/version", json={"result": {"version": "1.22.2"}})
    bundles = {"policy": {"manifest": {"revision": "r1"}}, "live": {}}
    responses.get("http://opa/v1/data/system/bundles", json={"result": bundles})
    pdp = OpaServer("http://opa")
    assert pdp.versions() == {"opa": "1.22.2", "bundles": {"policy": "r1", "live": ""}}
    pdp.close()


@responses.activate
def test_health_of_something_else_is_not_health() -> None:
    responses.get("http://opa/health?bundles", body="<html>fine</html>")
    pdp = OpaServer("http://opa")
    with pytest.raises(InvalidAnswer):
        pdp.health()
    pdp.close()


# --- what it asks, and what it makes of the answer ------------------------------------------

DECIDED = "POST /v1/data/a/b?strict-builtin-errors=true"
VERSION = "GET /v1/data/system/version/version"


@contextlib.contextmanager
def saying(
    answers: dict[str, tuple[str, bytes]], token: str | None = None
) -> Iterator[tuple[OpaServer, list[str]]]:
    """An OPA that answers by the first line of what it is asked; what it was asked is noted."""
    asked: list[str] = []

    def script(connection: socket.socket) -> None:
        while True:
            line = wire.request_read(connection).decode().split(" HTTP/")[0]
            asked.append(line)
            status, body = answers.get(line, ("404 Not Found", b"{}"))
            length = f"Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(f"HTTP/1.1 {status}\r\n{length}".encode() + body)

    with (
        wire.misbehaving(script) as url,
        contextlib.closing(OpaServer(url, token=token)) as server,
    ):
        yield server, asked


def ask(server: OpaServer) -> Reply:
    return server.ask("a/b", b"{}", deadline=clock.monotonic() + 5)


def ok(body: bytes) -> tuple[str, bytes]:
    return "200 OK", body


@pytest.mark.system
def test_the_version_is_read_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    An OPA may be replaced by another while this process runs.
    """
    monotonic, later = clock.monotonic, 0.0
    monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + later)
    with saying({DECIDED: ok(b'{"result":1}'), VERSION: ok(b'{"result":"1.22.2"}')}) as (
        server,
        asked,
    ):
        for seconds in (0, 1, 58, 70, 80):
            later = seconds
            assert ask(server) == Reply(1)
    assert asked == [DECIDED, VERSION, DECIDED, DECIDED, DECIDED, VERSION, DECIDED]


@pytest.mark.system
@pytest.mark.parametrize("version", ["1.21.2", "0.70.0", "2.0.0", "dev"])
def test_an_opa_of_an_unsupported_version_gives_no_answer(version: str) -> None:
    """
    Each time it is asked: what it says of itself is not remembered as good.
    """
    said = f'{{"result":"{version}"}}'.encode()
    with saying({DECIDED: ok(b'{"result":1}'), VERSION: ok(said)}) as (server, _):
        for _ in range(2):
            with pytest.raises(ConfigurationError, match=version) as refused:
                ask(server)
            assert refused.value.code == "opa.unsupported"
            assert "≥ 1.21.3, < 2" in refused.value.message
            assert server.url in refused.value.message


@pytest.mark.system
@pytest.mark.parametrize(
    "said",
    [
        ("401 Unauthorized", b"{}"),
        ("403 Forbidden", b"{}"),
        ("404 Not Found", b"{}"),
        ("500 Internal", b"{}"),
        *map(ok, (b"", b"{}", b"[]", b'{"result":""}', b'{"result":1}', b'{"result":null}')),
    ],
)
def test_an_opa_that_does_not_tell_its_version_is_not_known_to_be_old(
    said: tuple[str, bytes],
) -> None:
    """
    A policy of one's own may keep it closed. It is not asked with each question.
    """
    with saying({DECIDED: ok(b'{"result":1}'), VERSION: said}) as (server, asked):
        assert ask(server) == ask(server) == Reply(1)
        assert server.version() == ""
    assert asked == [DECIDED, VERSION, DECIDED, VERSION]


@pytest.mark.system
def test_an_answer_stands_where_the_version_cannot_be_read_in_time() -> None:
    """
    It was there in time; the next question reads the version again.
    """
    asked = []

    def script(connection: socket.socket) -> None:
        while True:
            asked.append(wire.request_read(connection).split(b" ")[0])
            if asked[-1] == b"GET":
                return
            connection.sendall(wire.OK + b'Content-Length: 12\r\n\r\n{"result":1}')

    with wire.misbehaving(script) as url, contextlib.closing(OpaServer(url)) as server:
        assert ask(server) == ask(server) == Reply(1)
    assert asked == [b"POST", b"GET", b"POST", b"GET"]


@pytest.mark.system
def test_the_version_of_an_opa() -> None:
    with saying({VERSION: ok(b'{"result":"1.22.2"}')}) as (server, asked):
        assert server.version() == "1.22.2"
    assert asked == [VERSION]


@pytest.mark.system
def test_nobody_there_has_no_version() -> None:
    server = OpaServer("unix:///nowhere/opa.sock")
    for read in (server.version, server.versions, server.health):
        with pytest.raises(Unreachable):
            read()
    server.close()


@pytest.mark.system
@pytest.mark.parametrize(
    ("bundles", "path"), [(True, "GET /health?bundles"), (False, "GET /health")]
)
def test_health(bundles: bool, path: str) -> None:  # noqa: FBT001
    for said, healthy in ((ok(b"{}"), True), (("500 Internal", b"{}"), False)):
        with saying({path: said}) as (server, asked):
            assert server.health(bundles=bundles) is healthy
        assert asked == [path]


@pytest.mark.system
def test_health_means_with_bundles_unless_told_otherwise() -> None:
    with saying({"GET /health?bundles": ok(b"{}")}) as (server, _):
        assert server.health()


@pytest.mark.system
@pytest.mark.parametrize("status", ["404 Not Found", "503 Busy", "401 Unauthorized", "302 Found"])
def test_what_is_neither_healthy_nor_unhealthy(status: str) -> None:
    with (
        saying({"GET /health?bundles": (status, b"{}")}) as (server, _),
        pytest.raises(DecisionUnavailable),
    ):
        server.health()


@pytest.mark.system
@pytest.mark.parametrize("name", ["health", "versions", "version"])
def test_what_is_asked_beside_decisions_ends_in_time(name: str) -> None:
    with (
        wire.misbehaving(wire.silence) as url,
        contextlib.closing(OpaServer(url)) as server,
    ):
        began = time.monotonic()
        with pytest.raises(Timeout):
            getattr(server, name)(seconds=0.2)
        assert 0.2 <= time.monotonic() - began < 1


@pytest.mark.system
@pytest.mark.parametrize("name", ["health", "versions", "version"])
def test_what_is_asked_beside_decisions_has_five_seconds(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = clock.monotonic()
    monotonic = clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: began + 20 * (monotonic() - began))
    with (
        wire.misbehaving(wire.drip(wire.OK + b"X: y\r\n" * 9)) as url,
        contextlib.closing(OpaServer(url)) as server,
    ):
        with pytest.raises(Timeout):
            getattr(server, name)()
        assert 5 <= clock.monotonic() - began < 15


@pytest.mark.system
def test_versions_of_an_opa_that_tells_nothing() -> None:
    said = {
        "GET /v1/data/system/version": ok(b'{"result":[]}'),
        "GET /v1/data/system/bundles": ok(b"{}"),
    }
    with saying(said) as (server, _):
        assert server.versions() == {"opa": "", "bundles": {}}


@pytest.mark.system
@pytest.mark.parametrize(
    ("status", "body", "error", "hint"),
    [
        ("401 Unauthorized", b"", Unreachable, "SHA-256"),
        ("403 Forbidden", b"", Unreachable, "SHA-256"),
        ("402 Payment", b"", Unreachable, ""),
        ("400 Bad Request", b"", Unreachable, ""),
        ("499 Other", b"", Unreachable, ""),
        ("500 Internal", b"", Unreachable, "first bundle"),
        ("599 Other", b"", Unreachable, "first bundle"),
        ("300 Choices", b"", InvalidAnswer, "an OPA"),
        ("302 Found", b"", InvalidAnswer, "an OPA"),
        ("399 Other", b"", InvalidAnswer, "an OPA"),
        ("404 Not Found", b"", InvalidAnswer, "an OPA"),
        ("201 Created", b'{"result":1}', InvalidAnswer, "an OPA"),
        ("299 Other", b'{"result":1}', InvalidAnswer, "an OPA"),
        ("200 OK", b"<html>", InvalidAnswer, "an OPA"),
        ("200 OK", b"[]", InvalidAnswer, "an OPA"),
        ("200 OK", b"{}", InvalidAnswer, "undefined: "),
    ],
)
def test_an_answer_that_is_none_comes_with_a_hint(
    status: str, body: bytes, error: type[DecisionUnavailable], hint: str
) -> None:
    with saying({DECIDED: (status, body)}, token="canary") as (server, asked):
        with pytest.raises(DecisionUnavailable) as refused:
            ask(server)
        assert asked == [DECIDED]
    assert type(refused.value) is error
    hints = ("SHA-256", "first bundle", "an OPA", "undefined: ")
    assert {known for known in hints if known in refused.value.hint} == ({hint} if hint else set())
    assert status == "200 OK" or f"HTTP {status[:3]}" in str(refused.value)


@pytest.mark.system
def test_no_policy_yet_is_told_from_a_fault() -> None:
    none = b'{"code":"internal_error","message":"authorization policy missing or undefined"}'
    for status, body, said in (
        ("500 Internal", none, "no policy yet"),
        ("502 Bad Gateway", none, "a fault of its own"),
        ("500 Internal", b"{}", "a fault of its own"),
    ):
        with (
            saying({DECIDED: (status, body)}) as (server, _),
            pytest.raises(Unreachable, match=said),
        ):
            ask(server)


TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.mark.system
@pytest.mark.parametrize(
    ("traceparent", "sent"),
    [
        (TRACE, True),
        ("", False),
        (TRACE + "-x", False),
        ("x" + TRACE, False),
        (TRACE.upper(), False),
        (TRACE + "\r\nX-Evil: 1", False),
    ],
)
def test_only_a_trace_context_is_handed_on(traceparent: str, *, sent: bool) -> None:
    heads = []

    def script(connection: socket.socket) -> None:
        while True:
            heads.append(wire.request_read(connection).decode())
            connection.sendall(wire.OK + b'Content-Length: 12\r\n\r\n{"result":1}')

    with wire.misbehaving(script) as url, contextlib.closing(OpaServer(url)) as server:
        deadline = clock.monotonic() + 5
        server.ask("a/b", b"{}", deadline=deadline, traceparent=traceparent)
        server.ask("a/b", b"{}", deadline=deadline)
    assert (f"traceparent: {traceparent}" in heads[0]) is sent
    assert "Evil" not in heads[0]
    # It is not kept for the next question.
    assert not any("traceparent" in head for head in heads[1:])


@pytest.mark.system
@pytest.mark.parametrize("said", [b'"d"', b"1", b"null", b"{}"])
def test_the_engines_own_id(said: bytes) -> None:
    with saying({DECIDED: ok(b'{"result":1,"decision_id":' + said + b"}")}) as (server, _):
        assert ask(server) == Reply(1, "d" if said == b'"d"' else "")


@pytest.mark.system
def test_a_closed_server_gives_no_answer() -> None:
    with saying({DECIDED: ok(b'{"result":1}')}) as (server, asked):
        server.close()
        with pytest.raises(Unreachable, match="closed"):
            ask(server)
    assert asked == []


@pytest.mark.system
@pytest.mark.parametrize("client", [OpaServer, OpaLive])
def test_whom_it_trusts_and_whom_it_shows_itself_as(client: Any, tmp_path: Path) -> None:
    ours = authority.Authority(tmp_path)
    context = authority.serving(ours.certificate())
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ours.file)
    own = str(ours.certificate())

    def answers(**options: Any) -> bool:
        with contextlib.closing(client(url, **options)) as made:
            try:
                return bool(made.read() if client is OpaLive else made.version())
            except Unreachable:
                return False

    with wire.misbehaving(wire.answering(b'{"result":"1.22.2"}'), tls=context) as url:
        assert answers(verify=str(ours.file), cert=own)
        assert not answers(verify=str(ours.file))
        assert not answers(cert=own)


@pytest.mark.system
def test_a_session_of_ones_own_is_sent_with() -> None:
    with requests.Session() as session, saying({DECIDED: ok(b'{"result":1}')}) as (other, asked):
        before = session.get_adapter(other.url)
        with contextlib.closing(OpaServer(other.url, session=session)) as server:
            assert ask(server) == Reply(1)
            assert session.get_adapter(other.url) is not before
    assert asked[0] == DECIDED


def test_what_a_server_is() -> None:
    assert OpaServer("http://opa:8181").name == "opa"
    assert repr(OpaServer("http://opa:8181", token="t", cleartext=True)) == (
        "OpaServer('http://opa:8181')"
    )


@pytest.mark.system
def test_wherever_the_deadline_passes_no_socket_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made to pass at each step in turn, from connecting to the end of the answer."""
    left = transport._left

    def asked(passes_at: int) -> bool:
        steps = itertools.count()

        def left_until() -> float:
            if next(steps) == passes_at:
                raise TimeoutError("the deadline of the call")
            return left()

        monkeypatch.setattr(transport, "_left", left_until)
        with contextlib.closing(transport.Endpoint(url)) as endpoint:
            try:
                return endpoint.send("GET", "/", deadline=clock.monotonic() + 5).status == 200
            except Timeout:
                return False

    with wire.misbehaving(wire.answering(b'{"result":1}')) as url:
        passed_at = next(step for step in itertools.count() if asked(step))
    # An open socket that is forgotten warns of itself, and a warning fails the test.
    gc.collect()
    assert passed_at >= 4
