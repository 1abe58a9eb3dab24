"""What OPA, or something that is not an OPA, can answer, and what the SDK makes of it."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from tests.engines import Opa, free_port
from tests.wire import OK, Script, answering, drip, misbehaving, raw, request_read, reset, silence

from inbounds.errors import DecisionUnavailable, InvalidAnswer, Timeout, Unreachable
from inbounds.pdp import Reply
from inbounds.pdp import opa as opa_pdp
from inbounds.pdp.opa import OpaServer

POLICY = """
package test

main := {"echo": input}
undefined := 1 if input.never
fails := time.parse_rfc3339_ns(input.when)
slow if every i in numbers.range(1, 5000000) { i > 0 }
"""
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
ASKED = b'{"canary":"canary"}'


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "test.rego"
    path.write_text(POLICY)
    return path


@pytest.fixture(scope="module")
def opa(policy: Path) -> Iterator[Opa]:
    server = Opa(str(policy), "--set=decision_logs.console=true")
    yield server
    server.close()


@pytest.fixture(params=["http", "unix"])
def server(request, opa: Opa) -> Iterator[OpaServer]:
    pdp = OpaServer(opa.url if request.param == "http" else f"unix://{opa.socket}")
    yield pdp
    pdp.close()


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


# --- a real OPA ----------------------------------------------------------------------------


def test_a_result_is_a_reply(server: OpaServer) -> None:
    reply = server.ask("test/main", ASKED, deadline=soon())
    assert reply.result == {"echo": {"canary": "canary"}}
    assert len(reply.engine_id) == 36


def test_an_undefined_entry_point_is_no_answer(server: OpaServer) -> None:
    with pytest.raises(InvalidAnswer, match="undefined") as refused:
        server.ask("test/undefined", ASKED, deadline=soon())
    assert refused.value.hint == "undefined: is the bundle loaded and the path right?"


def test_a_failing_built_in_is_no_answer(server: OpaServer) -> None:
    with pytest.raises(Unreachable, match="HTTP 500"):
        server.ask("test/fails", b'{"when":"canary"}', deadline=soon())


def test_a_question_that_is_not_json_is_no_answer(server: OpaServer) -> None:
    with pytest.raises(Unreachable, match="HTTP 400"):
        server.ask("test/main", b"{", deadline=soon())


def test_a_slow_policy_is_a_timeout_at_the_deadline(server: OpaServer) -> None:
    began = time.monotonic()
    with pytest.raises(Timeout):
        server.ask("test/slow", ASKED, deadline=soon(0.3))
    assert 0.3 <= time.monotonic() - began < 0.6
    assert server.ask("test/main", b"1", deadline=soon()).result == {"echo": 1}


def test_a_deadline_that_has_passed_asks_nothing(server: OpaServer) -> None:
    with pytest.raises(Timeout):
        server.ask("test/main", ASKED, deadline=time.monotonic())


def test_health_and_versions(server: OpaServer) -> None:
    assert server.health()
    assert server.health(bundles=False)
    assert server.versions()["opa"]


def test_the_trace_goes_on_in_opa(policy: Path) -> None:
    opa = Opa(
        str(policy), "--set=decision_logs.console=true", "--set=distributed_tracing.type=grpc"
    )
    pdp = OpaServer(opa.url)
    try:
        pdp.ask("test/main", ASKED, deadline=soon(), traceparent=TRACE)
        until = soon()
        while f'"trace_id":"{"a" * 32}"' not in opa.log.read_text():
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        pdp.close()
        opa.stop(signal_number=signal.SIGKILL)  # it would wait for a collector that is not there
        opa.close()


def test_threads_share_one_server_and_get_their_own_answers(server: OpaServer) -> None:
    wrong: list[Any] = []

    def ask(number: int) -> None:
        for turn in range(50):
            asked = number * 1000 + turn
            reply = server.ask("test/main", str(asked).encode(), deadline=soon(30))
            if reply.result != {"echo": asked}:
                wrong.append((asked, reply))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_opens_its_own_connections(server: OpaServer) -> None:
    def right(offset: int) -> bool:
        return all(
            server.ask("test/main", str(n).encode(), deadline=soon(30)).result == {"echo": n}
            for n in range(offset, offset + 200)
        )

    assert right(0)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if right(10_000) else 1
        finally:
            os._exit(status)
    assert right(20_000)
    assert os.waitpid(child, 0)[1] == 0


def test_opa_restarted_is_asked_again(policy: Path) -> None:
    opa = Opa(str(policy))
    pdp = OpaServer(opa.url)
    try:
        assert pdp.ask("test/main", b"1", deadline=soon()).result == {"echo": 1}
        opa.stop()
        with pytest.raises(Unreachable, match="refused"):
            pdp.ask("test/main", b"1", deadline=soon(1))
        opa.start()
        assert pdp.ask("test/main", b"2", deadline=soon()).result == {"echo": 2}
    finally:
        pdp.close()
        opa.close()


def test_a_connection_refused_is_tried_again_within_the_deadline(policy: Path) -> None:
    opa = Opa(str(policy))
    pdp = OpaServer(opa.url)
    opa.stop()
    restart = threading.Thread(target=opa.start)
    attempts = 0
    try:
        restart.start()
        while attempts < 200:
            attempts += 1
            try:
                pdp.ask("test/main", b"1", deadline=soon(2))
                break
            except Unreachable:
                continue
        # Each call waits out its retries: a start of half a second costs few calls.
        assert attempts < 20
    finally:
        restart.join()
        pdp.close()
        opa.close()


def test_opa_before_its_first_bundle_is_not_ready(tmp_path: Path) -> None:
    opa = Opa(
        "--authorization=basic",
        f"--set=services.late.url=http://127.0.0.1:{free_port()}",
        "--set=bundles.late.service=late",
        "--set=bundles.late.resource=late.tar.gz",
    )
    pdp = OpaServer(opa.url, token="canary")
    try:
        with pytest.raises(Unreachable, match="HTTP 500") as refused:
            pdp.ask("test/main", ASKED, deadline=soon())
        assert "first bundle" in refused.value.hint
        assert not pdp.health()
    finally:
        pdp.close()
        opa.close()


@pytest.mark.parametrize("token", [None, "wrong-canary"])
def test_a_caller_that_opa_refuses_is_told_about_its_token(tmp_path: Path, token) -> None:
    authz = tmp_path / "authz.rego"
    authz.write_text(
        'package system.authz\ndefault allow := false\nallow if input.identity == "right"\n'
        'allow if input.path == ["health"]\n'
    )
    opa = Opa("--authentication=token", "--authorization=basic", str(authz))
    refused, allowed = OpaServer(opa.url, token=token), OpaServer(opa.url, token="right")
    try:
        with pytest.raises(Unreachable, match="refused this caller") as error:
            refused.ask("system/authz/allow", ASKED, deadline=soon())
        assert ("no token was sent" if token is None else "bearer token") in error.value.hint
        allowed.ask("system/authz/allow", b'{"identity":"x"}', deadline=soon())
        with pytest.raises(Unreachable):
            refused.versions()
    finally:
        refused.close()
        allowed.close()
        opa.close()


# --- what is not an OPA ------------------------------------------------------------------------


def asked(url: str, *, seconds: float = 5.0, **options: Any) -> Reply:
    pdp = OpaServer(url, token="secret-canary", **options)
    try:
        return pdp.ask("test/main", ASKED, deadline=soon(seconds))
    finally:
        pdp.close()


FAULTS: dict[str, tuple[Script, type[DecisionUnavailable], str]] = {
    "an empty object": (answering(b"{}"), InvalidAnswer, "undefined"),
    "null": (answering(b"null"), InvalidAnswer, "not a JSON object"),
    "a string": (answering(b'"true"'), InvalidAnswer, "not a JSON object"),
    "true": (answering(b"true"), InvalidAnswer, "not a JSON object"),
    "an array": (answering(b'[{"result":true}]'), InvalidAnswer, "not a JSON object"),
    "nothing": (answering(b""), InvalidAnswer, "not JSON"),
    "a page": (answering(b"<html>canary</html>"), InvalidAnswer, "not JSON"),
    "cut JSON": (answering(b'{"result":{"decision":tr'), InvalidAnswer, "not JSON"),
    "two answers": (answering(b'{"result":1}{"result":2}'), InvalidAnswer, "not JSON"),
    "a key twice": (answering(b'{"result":1,"result":2}'), InvalidAnswer, "key twice"),
    "a key twice, deep": (answering(b'{"result":{"a":1,"a":2}}'), InvalidAnswer, "key twice"),
    "NaN": (answering(b'{"result":NaN}'), InvalidAnswer, "not finite"),
    "a huge number": (answering(b'{"result":9007199254740993}'), InvalidAnswer, "beyond"),
    "too deep": (
        answering(b'{"result":' + b"[" * 99 + b"]" * 99 + b"}"),
        InvalidAnswer,
        "nested",
    ),
    "201": (answering(b'{"result":1}', status="201 Created"), InvalidAnswer, "HTTP 201"),
    "204": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), InvalidAnswer, "HTTP 204"),
    "404": (answering(b'{"result":1}', status="404 Not Found"), InvalidAnswer, "HTTP 404"),
    "a redirect": (
        answering(b"", status="307 Temporary", head=b"Location: http://evil.example/\r\n"),
        InvalidAnswer,
        "redirect",
    ),
    "401": (answering(b"canary", status="401 No"), Unreachable, "refused this caller"),
    "403": (answering(b"canary", status="403 No"), Unreachable, "refused this caller"),
    "429": (answering(b"canary", status="429 Slow"), Unreachable, "HTTP 429"),
    "500": (answering(b"canary", status="500 Error"), Unreachable, "HTTP 500"),
    "502": (answering(b"canary", status="502 Bad"), Unreachable, "HTTP 502"),
    "gzip": (
        answering(b'{"result":1}', head=b"Content-Encoding: gzip\r\n"),
        InvalidAnswer,
        "compressed",
    ),
    "a huge body": (answering(b'{"result":"' + b"x" * 2**22), InvalidAnswer, "larger than"),
    "an endless body": (
        raw(OK + b"\r\n", *[b"x" * 2**20] * 20),
        InvalidAnswer,
        "larger than",
    ),
    "less than announced": (
        raw(OK + b'Content-Length: 99\r\n\r\n{"result":1}'),
        InvalidAnswer,
        "cut off",
    ),
    "a chunk cut off": (
        raw(OK + b'Transfer-Encoding: chunked\r\n\r\nff\r\n{"result":1}'),
        InvalidAnswer,
        "cut off",
    ),
    "chunks without an end": (
        raw(OK + b'Transfer-Encoding: chunked\r\n\r\nc\r\n{"result":1}\r\n'),
        InvalidAnswer,
        "cut off",
    ),
    "no HTTP": (raw(b"SSH-2.0-canary\r\n"), Unreachable, "broke before an answer"),
    "a closed connection": (raw(), Unreachable, "broke before an answer"),
    "a reset": (reset, Unreachable, "reset"),
    "a cut head": (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), InvalidAnswer, ""),
    "silence": (silence, Timeout, "within the deadline"),
    "a slow head": (drip(OK + b"X: y\r\n" * 99), Timeout, "within the deadline"),
    "a slow body": (
        raw(OK + b"Content-Length: 999\r\n\r\n", *[b" "] * 99, pause=0.05),
        Timeout,
        "within the deadline",
    ),
    "slow chunks": (
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * 99, pause=0.05),
        Timeout,
        "within the deadline",
    ),
    "a slow body of unknown length": (
        raw(OK + b"\r\n", *[b" "] * 99, pause=0.05),
        Timeout,
        "within the deadline",
    ),
    "early hints for ever": (
        raw(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 99, pause=0.05),
        Timeout,
        "within the deadline",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_answer_is_an_error_that_names_the_cause(fault: str) -> None:
    script, expected, words = FAULTS[fault]
    began = time.monotonic()
    with misbehaving(script) as url, pytest.raises(DecisionUnavailable) as refused:
        asked(url, seconds=0.5 if expected is Timeout else 5)
    assert type(refused.value) is expected
    assert words in str(refused.value)
    assert refused.value.executed == "no"
    shown = f"{refused.value} {refused.value!r} {refused.value.__cause__}"
    assert "canary" not in shown
    if expected is Timeout:
        assert time.monotonic() - began < 1.5


def test_a_question_nobody_reads_is_a_timeout(monkeypatch) -> None:
    monkeypatch.setattr(opa_pdp, "MAX_REQUEST", 2**25)

    def deaf(connection: socket.socket) -> None:
        time.sleep(1)

    with misbehaving(deaf) as url:
        pdp = OpaServer(url)
        began = time.monotonic()
        with pytest.raises(Timeout):
            pdp.ask("test/main", b'"' + b"x" * 2**24 + b'"', deadline=soon(0.4))
        assert time.monotonic() - began < 0.8
        pdp.close()


def test_a_server_that_accepts_nobody_is_a_timeout() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(8):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    began = time.monotonic()
    with pytest.raises(Timeout):
        asked(f"http://127.0.0.1:{listener.getsockname()[1]}", seconds=0.4)
    assert time.monotonic() - began < 0.8
    for sock in [*fillers, listener]:
        sock.close()


def test_a_name_that_takes_long_to_resolve_is_a_timeout(monkeypatch) -> None:
    real = socket.getaddrinfo

    def slow(host, *args, flags=0, **kwargs):
        if not flags & socket.AI_NUMERICHOST:
            time.sleep(2)
        return real(host, *args, flags=flags, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    with pytest.raises(Timeout):
        asked("http://localhost:1", seconds=0.3)
    assert time.monotonic() - began < 0.6


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises((Unreachable, Timeout)):
        asked("http://pdp.invalid:8181", seconds=2, cleartext=True)


def test_nobody_there_is_unreachable_and_says_so() -> None:
    with pytest.raises(Unreachable, match="refused"):
        asked(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable, match="no such file"):
        asked("unix:///nowhere/opa.sock")


def test_a_broken_connection_is_not_tried_again() -> None:
    connections = []

    def script(connection: socket.socket) -> None:
        connections.append(request_read(connection))

    with misbehaving(script) as url, pytest.raises(Unreachable):
        asked(url)
    assert len(connections) == 1


def test_an_answer_in_parts_is_an_answer() -> None:
    body = [b"6\r\n", b'{"resu\r\n', b"6\r\n", b'lt":1}\r\n', b"0\r\n\r\n"]
    script = raw(OK + b"Transfer-Encoding: chunked\r\n\r\n", *body, pause=0.01)
    with misbehaving(script) as url:
        assert asked(url) == Reply(1)


def test_what_is_sent() -> None:
    heads = []

    def script(connection: socket.socket) -> None:
        while True:
            heads.append(request_read(connection).decode())
            connection.sendall(
                OK + b"Set-Cookie: canary=1\r\nContent-Length: 12\r\n\r\n" + b'{"result":1}'
            )

    with misbehaving(script) as url:
        pdp = OpaServer(url + "/opa/", token="secret")
        for trace in ("", TRACE, "00-x\r\nX-Evil: 1"):
            pdp.ask("inbounds/main/decision", b"{}", deadline=soon(), traceparent=trace)
        pdp.close()
    # Once it has answered, it is asked which version it is.
    first, version, second, third = heads
    assert version.startswith("GET /opa/v1/data/system/version/version HTTP/1.1\r\n")
    assert first.startswith(
        "POST /opa/v1/data/inbounds/main/decision?strict-builtin-errors=true HTTP/1.1\r\n"
    )
    assert "Authorization: Bearer secret" in first
    assert "Accept-Encoding: identity" in first
    assert "traceparent" not in first
    assert f"traceparent: {TRACE}" in second
    assert "Cookie" not in second
    assert "Evil" not in third


def test_the_environment_changes_nothing(monkeypatch, opa: Opa, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary")
    monkeypatch.setenv("NETRC", str(netrc))
    assert asked(opa.url).result == {"echo": {"canary": "canary"}}


def test_a_session_of_ones_own_keeps_the_deadline() -> None:
    with requests.Session() as session, misbehaving(FAULTS["a slow body"][0]) as url:
        began = time.monotonic()
        with pytest.raises(Timeout):
            asked(url, seconds=0.3, session=session)
        assert time.monotonic() - began < 0.8


def test_a_closed_server_answers_nothing(opa: Opa) -> None:
    pdp = OpaServer(opa.url)
    pdp.ask("test/main", ASKED, deadline=soon())
    pdp.close()
    with pytest.raises(Unreachable, match="closed"):
        pdp.ask("test/main", ASKED, deadline=soon())


# --- TLS -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one PEM file."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pdp")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "pdp.pem"
    path.write_bytes(
        made.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_tls_is_verified_and_kept_to_the_deadline(certificate: Path) -> None:
    with misbehaving(answering(b'{"result":1}'), tls=server_context(certificate)) as url:
        assert asked(url, verify=str(certificate)) == Reply(1)
        with pytest.raises(Unreachable, match="certificate"):
            asked(url)
    with misbehaving(FAULTS["a slow body"][0], tls=server_context(certificate)) as url:
        began = time.monotonic()
        with pytest.raises(Timeout):
            asked(url, seconds=0.5, verify=str(certificate))
        assert time.monotonic() - began < 1
    with misbehaving(silence) as url:
        began = time.monotonic()
        with pytest.raises(Timeout):
            asked(url.replace("http", "https"), seconds=0.4)
        assert time.monotonic() - began < 0.8


def test_a_client_certificate_is_shown(certificate: Path) -> None:
    context = server_context(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificate)
    with misbehaving(answering(b'{"result":1}'), tls=context) as url:
        assert asked(url, verify=str(certificate), cert=str(certificate)) == Reply(1)
        with pytest.raises(Unreachable):
            asked(url, verify=str(certificate))


# --- what is kept ---------------------------------------------------------------------------


def test_one_connection_is_kept_for_many_questions() -> None:
    connections = []

    def script(connection: socket.socket) -> None:
        connections.append(connection)
        answering(b'{"result":1}')(connection)

    with misbehaving(script) as url:
        pdp = OpaServer(url)
        for _ in range(20):
            assert pdp.ask("test/main", ASKED, deadline=soon()) == Reply(1)
        pdp.close()

    assert len(connections) == 1
