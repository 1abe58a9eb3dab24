"""One connection under one deadline: what is sent, how it is reached, and when it is given up."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests import wire
from tests.authority import Authority, serving

from inbounds.errors import ConfigurationError, InvalidAnswer, Timeout, Unreachable
from inbounds.pdp import transport
from inbounds.pdp.transport import Endpoint, Received
from inbounds.process import clock


def soon(seconds: float = 5.0) -> float:
    return clock.monotonic() + seconds


def got(url: str, *, seconds: float = 5.0, **options: Any) -> Received:
    with contextlib.closing(Endpoint(url, **options)) as endpoint:
        return endpoint.send("GET", "/x", deadline=soon(seconds))


@contextlib.contextmanager
def noting(head: bytes = b"") -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that notes what it is sent, and answers with two bytes."""
    sent: list[tuple[str, bytes]] = []

    def script(connection: socket.socket) -> None:
        while True:
            asked, body = wire.request_whole(connection)
            sent.append((asked.decode(), body))
            connection.sendall(wire.OK + head + b"Content-Length: 2\r\n\r\nok")

    with wire.misbehaving(script) as url:
        yield url, sent


def headers(head: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in head.split("\r\n")[1:])


def test_what_was_received_is_not_shown() -> None:
    assert "geheim" not in repr(Received(200, b'{"access_token": "geheim"}'))


# --- what is sent --------------------------------------------------------------------------


@pytest.mark.system
def test_a_request_says_no_more_than_it_has_to() -> None:
    with noting() as (url, sent), contextlib.closing(Endpoint(url, token="canary")) as endpoint:
        assert endpoint.send("GET", "/a?b", deadline=soon()) == Received(200, b"ok")
        endpoint.send("POST", "/a", b"{}", deadline=soon(), headers={"X": "y"})
        endpoint.send("POST", "/a", b"", deadline=soon())
        endpoint.send("PUT", "/a", "é".encode(), deadline=soon())
    host = url.removeprefix("http://")
    every = {
        "Host": host,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": "inbounds",
        "Authorization": "Bearer canary",
    }
    assert [(head.split("\r\n")[0], headers(head), body) for head, body in sent] == [
        ("GET /a?b HTTP/1.1", every, b""),
        ("POST /a HTTP/1.1", {**every, "X": "y", "Content-Length": "2"}, b"{}"),
        ("POST /a HTTP/1.1", {**every, "Content-Length": "0"}, b""),
        ("PUT /a HTTP/1.1", {**every, "Content-Length": "2"}, "é".encode()),
    ]


@pytest.mark.system
def test_a_path_of_the_url_comes_first() -> None:
    for tail in ("/inner/opaq", "/inner/opaq/", "/inner/opaq//"):
        with noting() as (url, sent):
            got(url + tail)
        assert sent[0][0].startswith("GET /inner/opaq/x HTTP/1.1\r\n")


@pytest.mark.system
def test_nothing_is_remembered_of_an_answer() -> None:
    with (
        noting(b"Set-Cookie: canary=1; Path=/\r\n") as (url, sent),
        contextlib.closing(Endpoint(url)) as endpoint,
    ):
        for _ in range(2):
            endpoint.send("GET", "/x", deadline=soon())
        with requests.Session() as session:
            got(url, session=session)
            # A session of one's own would take it elsewhere.
            assert not session.cookies
    assert "Cookie" not in sent[1][0]


@pytest.mark.system
def test_a_redirect_is_handed_on_and_not_followed() -> None:
    with noting() as (elsewhere, sent):
        head = f"Location: {elsewhere}/\r\n".encode()
        for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
            with wire.misbehaving(wire.answering(b"", status=status, head=head)) as url:
                assert got(url).status == int(status[:3])
    assert sent == []


@pytest.mark.system
def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    Neither for a proxy, nor for a password, nor for whom to trust.
    """
    netrc = tmp_path / "netrc"
    netrc.write_text("default login canary password canary")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with noting() as (url, sent):
        got(url)
        with requests.Session() as session:
            session.proxies = {"http": "http://127.0.0.1:1"}
            got(url, session=session)
    assert not any("Authorization" in head for head, _ in sent)


@pytest.mark.system
def test_the_environment_is_not_asked_whom_to_trust(
    ours: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(ours.file))
    with (
        wire.misbehaving(wire.answering(b"ok"), tls=serving(ours.certificate())) as url,
        pytest.raises(Unreachable, match="its certificate"),
    ):
        got(url)


@pytest.mark.system
def test_a_session_of_ones_own_is_used_for_this_url_alone() -> None:
    with noting() as (url, sent), requests.Session() as session:
        session.headers["X-Own"] = "1"
        before = session.get_adapter("http://elsewhere")
        with contextlib.closing(Endpoint(url, session=session)) as endpoint:
            endpoint.send("GET", "/x", deadline=soon())
            assert session.get_adapter("http://elsewhere") is before
            assert session.get_adapter(url + "/x") is not before
    assert len(sent) == 1


@pytest.mark.system
def test_whether_a_token_was_sent_is_told() -> None:
    with noting() as (url, _):
        assert got(url, token="canary").with_token
        assert not got(url).with_token


@pytest.mark.system
def test_the_time_of_an_answer() -> None:
    with noting(b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n") as (url, _):
        assert got(url).date == "Sun, 06 Nov 1994 08:49:37 GMT"
    with noting() as (url, _):
        assert got(url).date == ""


def test_an_endpoint_is_shown_without_its_token() -> None:
    assert repr(Endpoint("https://opa", token="canary")) == "Endpoint('https://opa')"


# --- connections ---------------------------------------------------------------------------


@pytest.mark.system
def test_connections_are_kept_for_as_many_threads_as_there_are() -> None:
    """
    Up to 32 at once: the next calls of as many threads open none.
    """
    connections = []
    asked, answered = threading.Barrier(32), threading.Barrier(32)

    def script(connection: socket.socket) -> None:
        connections.append(connection)
        while True:
            wire.request_read(connection)
            asked.wait(10)
            connection.sendall(wire.OK + b"Content-Length: 2\r\n\r\nok")

    with wire.misbehaving(script) as url, contextlib.closing(Endpoint(url)) as endpoint:

        def ask() -> None:
            for _ in range(3):
                endpoint.send("GET", "/x", deadline=soon(20))
                answered.wait(10)

        threads = [threading.Thread(target=ask) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # At first several threads may find no session, and each make one; all but one are forgotten.
    assert 32 <= len(connections) < 32 + 22


@pytest.mark.system
def test_a_closed_endpoint_sends_nothing() -> None:
    with noting() as (url, sent):
        endpoint = Endpoint(url)
        endpoint.send("GET", "/x", deadline=soon())
        endpoint.close()
        endpoint.close()
        with pytest.raises(Unreachable, match="closed on this side") as refused:
            endpoint.send("GET", "/x", deadline=soon())
        assert url in refused.value.message
    assert len(sent) == 1


@pytest.mark.system
def test_closing_hangs_up() -> None:
    """
    Also where a session of one's own is still there.
    """
    ended = threading.Event()

    def script(connection: socket.socket) -> None:
        wire.request_read(connection)
        connection.sendall(wire.OK + b"Content-Length: 2\r\n\r\nok")
        if not connection.recv(1):
            ended.set()

    with requests.Session() as session, wire.misbehaving(script) as url:
        endpoint = Endpoint(url, session=session)
        endpoint.send("GET", "/x", deadline=soon())
        assert not ended.is_set()
        endpoint.close()
        assert ended.wait(5)


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("asks", [True, False])
def test_a_child_leaves_the_parents_connection_alone(*, asks: bool) -> None:
    connections = []

    def script(connection: socket.socket) -> None:
        connections.append(connection)
        while True:
            wire.request_read(connection)
            connection.sendall(wire.OK + b"Content-Length: 2\r\n\r\nok")

    with wire.misbehaving(script) as url, contextlib.closing(Endpoint(url)) as endpoint:
        endpoint.send("GET", "/x", deadline=soon())
        child = os.fork()
        if not child:
            status = 1
            try:
                if asks:
                    endpoint.send("GET", "/x", deadline=soon())
                endpoint.close()
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        endpoint.send("GET", "/x", deadline=soon())
    assert len(connections) == (2 if asks else 1)


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return Path(os.path.relpath(tmp_path / "s"))


@contextlib.contextmanager
def listening(path: Path, body: bytes) -> Iterator[str]:
    """A Unix socket at `path` on which one connection after the other is answered."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    wire.answering(body)(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"unix://{path.absolute()}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.system
def test_unix_sockets_in_one_session(tmp_path: Path) -> None:
    """
    Each path is a server of its own, also where they share a session.
    """
    with (
        requests.Session() as session,
        listening(tmp_path / "a", b"a") as first,
        listening(tmp_path / "b", b"b") as second,
    ):
        one, other = Endpoint(first, session=session), Endpoint(second, session=session)
        for _ in range(2):
            assert one.send("GET", "/x", deadline=soon()).body == b"a"
            assert other.send("GET", "/x", deadline=soon()).body == b"b"
        one.close()
        other.close()


# --- addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        *("", "opa:8181", "//opa", "ftp://opa", "http://", "http://:8181", "http://opa:99999"),
        *("http://opa:x", "http://opa:0", "https://opa:0", "http://a@opa", "http://opa/?a"),
        *("http://opa/#a", "unix://opa.sock", "unix:", "unix:///s?a", "unix:///s#a", "unix://h/s"),
        *("file:///s", "http:///x", "HTTPX://opa", "http://opa:-1"),
    ],
)
def test_an_address_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Endpoint(url)


@pytest.mark.parametrize("url", ["http://opa", "HTTP://opa", "https://opa:1", "http://opa:65535/a"])
def test_an_address_that_can_be_used(url: str) -> None:
    assert Endpoint(url).url == url


def test_a_system_without_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(ConfigurationError) as refused:
        Endpoint("unix:///s")
    assert refused.value.code == "configuration.no_unix_sockets"
    Endpoint("http://opa")


@pytest.mark.parametrize(
    ("url", "readable"),
    [
        ("http://opa", True),
        ("http://10.0.0.1", True),
        ("http://128.0.0.1", True),
        ("http://[2001:db8::1]", True),
        ("http://localhost.example", True),
        ("http://127.example", True),
        ("http://localhost", False),
        ("http://LOCALHOST:1", False),
        ("http://127.0.0.1", False),
        ("http://127.255.0.1:1", False),
        ("http://[::1]", False),
        ("https://opa", False),
        ("unix:///s", False),
    ],
)
def test_what_is_read_on_the_way(url: str, *, readable: bool) -> None:
    assert transport.readable_on_the_way(url) is readable


def test_a_token_is_not_sent_in_clear_text() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Endpoint("http://opa", token="canary")
    assert refused.value.code == "configuration.token_in_clear"
    Endpoint("http://opa", token="canary", cleartext=True)
    Endpoint("http://opa")


@pytest.mark.parametrize("token", ["", " ", "a b", "a\tb", "a\r\nX: y", "é", "a\x7f"])
def test_a_token_that_is_no_header(token: str) -> None:
    with pytest.raises(ConfigurationError, match="bearer token"):
        Endpoint("https://opa", token=token)


# --- certificates --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.mark.system
def test_whom_to_trust(ours: Authority) -> None:
    with wire.misbehaving(wire.answering(b"ok"), tls=serving(ours.certificate())) as url:
        assert got(url, verify=str(ours.file)).body == b"ok"
        with pytest.raises(Unreachable, match="its certificate: "):
            got(url)


@pytest.mark.system
def test_whom_to_show_oneself_as(ours: Authority, tmp_path: Path) -> None:
    context = serving(ours.certificate())
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ours.file)
    both = ours.certificate()
    pem = both.read_text()
    begin = pem.index("-----BEGIN PRIVATE KEY")
    (tmp_path / "cert.pem").write_text(pem[:begin])
    (tmp_path / "key.pem").write_text(pem[begin:])
    pair = (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    with wire.misbehaving(wire.answering(b"ok"), tls=context) as url:
        for cert in (str(both), pair):
            assert got(url, verify=str(ours.file), cert=cert).body == b"ok"
        with pytest.raises(Unreachable):
            got(url, verify=str(ours.file))


def test_certificates_that_cannot_be_used(ours: Authority, tmp_path: Path) -> None:
    """
    It is said of which file, when it is set up and not when it is first asked.
    """
    missing, spoilt = tmp_path / "missing.pem", tmp_path / "spoilt.pem"
    spoilt.write_text("canary")
    for path in (missing, spoilt):
        for options in ({"verify": str(path)}, {"cert": str(path)}):
            with pytest.raises(ConfigurationError, match=path.name) as refused:
                Endpoint("https://opa", **options)
            assert refused.value.code == "configuration.certificate_unusable"
        with pytest.raises(ConfigurationError, match=path.name):
            Endpoint("https://opa", cert=(str(ours.certificate()), str(path)))
    Endpoint("https://opa", verify=str(tmp_path))  # a folder of authorities


@pytest.mark.system
def test_tls_that_cannot_be_agreed_on(ours: Authority) -> None:
    context = serving(ours.certificate())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA")
    with (
        wire.misbehaving(wire.answering(b"ok"), tls=context) as url,
        pytest.raises(Unreachable, match="TLS could not be agreed on"),
    ):
        got(url, verify=str(ours.file))


@pytest.mark.system
def test_what_speaks_no_tls() -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"SSH-2.0-canary\r\n")

    with (
        wire.misbehaving(script) as url,
        pytest.raises(Unreachable, match=r"TLS could not be agreed on \(.*\)") as refused,
    ):
        got(url.replace("http", "https"))
    assert "canary" not in refused.value.message
    assert "_" not in refused.value.message


@pytest.mark.system
def test_tls_that_is_ended() -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(65536)

    with (
        wire.misbehaving(hang_up) as url,
        pytest.raises(Unreachable, match="ended TLS before an answer"),
    ):
        got(url.replace("http", "https"))


# --- the answer ----------------------------------------------------------------------------


@pytest.mark.system
def test_an_answer_has_a_bound() -> None:
    for size, max_bytes, taken in ((10, 10, True), (9, 10, True), (11, 10, False), (0, 0, True)):
        with wire.misbehaving(wire.answering(b"x" * size)) as url:
            if taken:
                assert got(url, max_bytes=max_bytes).body == b"x" * size
            else:
                with pytest.raises(InvalidAnswer, match=f"larger than {max_bytes} bytes"):
                    got(url, max_bytes=max_bytes)


@pytest.mark.system
def test_an_answer_has_at_most_four_mebibytes_by_default() -> None:
    for size, taken in ((2**22, True), (2**22 + 1, False)):
        with wire.misbehaving(wire.answering(b"x" * size)) as url:
            if taken:
                assert len(got(url).body) == size
            else:
                with pytest.raises(InvalidAnswer, match="larger than"):
                    got(url)


@pytest.mark.system
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_an_answer_is_not_decoded(encoding: str) -> None:
    head = f"Content-Encoding: {encoding}\r\n".encode()
    with (
        wire.misbehaving(wire.answering(b"x", head=head)) as url,
        pytest.raises(InvalidAnswer, match="compressed"),
    ):
        got(url)


@pytest.mark.system
def test_an_answer_that_says_that_it_is_not_encoded() -> None:
    head = b"Content-Encoding: identity\r\n"
    with wire.misbehaving(wire.answering(b"x", head=head)) as url:
        assert got(url).body == b"x"


@pytest.mark.system
@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 3\r\n\r\nok",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nok",
    ],
)
def test_an_answer_that_is_cut_off(answer: bytes) -> None:
    with (
        wire.misbehaving(wire.raw(wire.OK + answer)) as url,
        pytest.raises(InvalidAnswer, match="cut off"),
    ):
        got(url)


@pytest.mark.system
def test_an_answer_that_is_refused_is_hung_up_on() -> None:
    """
    What follows in it is not taken for the answer to the next question.
    """
    ended = threading.Event()

    def script(connection: socket.socket) -> None:
        wire.request_read(connection)
        connection.sendall(wire.OK + b"Content-Length: 99\r\n\r\n" + b"x" * 50)
        while connection.recv(1):
            pass
        ended.set()

    with (
        wire.misbehaving(script) as url,
        contextlib.closing(Endpoint(url, max_bytes=9)) as endpoint,
    ):
        with pytest.raises(InvalidAnswer) as refused:
            endpoint.send("GET", "/x", deadline=soon())
        assert ended.wait(5)
        assert refused.value


@pytest.mark.system
def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    with wire.misbehaving(wire.raw(wire.OK + b"\r\n", b"o", b"k")) as url:
        assert got(url).body == b"ok"


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

# --- the deadline --------------------------------------------------------------------------


@pytest.mark.system
@pytest.mark.parametrize(
    "script",
    [
        wire.silence,
        wire.drip(wire.OK + b"X: y\r\n" * 99),
        wire.raw(wire.OK + b"Content-Length: 99\r\n\r\n", *[b" "] * 99, pause=0.05),
        wire.raw(wire.OK + b"\r\n", *[b" "] * 99, pause=0.05),
        wire.raw(wire.OK + CHUNKED, *[b"1\r\n \r\n"] * 99, pause=0.05),
        wire.raw(wire.OK + CHUNKED, *[b"1"] * 9, pause=0.05),
    ],
    ids=["silence", "head", "body", "no length", "chunks", "the length of a chunk"],
)
def test_the_deadline_holds_for_every_step(script: wire.Script) -> None:
    with wire.misbehaving(script) as url:
        began = time.monotonic()
        with pytest.raises(Timeout, match="within the deadline") as late:
            got(url, seconds=0.2)
        assert 0.2 <= time.monotonic() - began < 1
        assert url in late.value.message


@pytest.mark.system
def test_what_breaks_once_the_deadline_has_passed_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic, ahead = clock.monotonic, 0.0
    monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + ahead)

    def script(connection: socket.socket) -> None:
        nonlocal ahead
        wire.request_read(connection)
        ahead = 10.0
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    with wire.misbehaving(script) as url, pytest.raises(Timeout):
        got(url)


@pytest.mark.system
def test_a_deadline_that_has_passed_sends_nothing() -> None:
    with noting() as (url, sent):
        for late in (0.0, 1.0):
            with contextlib.closing(Endpoint(url)) as endpoint, pytest.raises(Timeout):
                endpoint.send("GET", "/x", deadline=clock.monotonic() - late)
    assert sent == []


@pytest.mark.system
def test_the_next_call_has_its_own_deadline() -> None:
    """
    On a connection that is kept, the limit of the call before is not in the way.
    """

    def script(connection: socket.socket) -> None:
        for pause in (0, 0.4):
            wire.request_read(connection)
            time.sleep(pause)
            connection.sendall(wire.OK + b"Content-Length: 2\r\n\r\nok")

    with wire.misbehaving(script) as url, contextlib.closing(Endpoint(url)) as endpoint:
        endpoint.send("GET", "/x", deadline=soon(0.3))
        assert endpoint.send("GET", "/x", deadline=soon(5)).body == b"ok"


@pytest.mark.system
def test_a_large_question_is_sent_whole() -> None:
    body = bytes(range(256)) * 2**14
    with noting() as (url, sent), contextlib.closing(Endpoint(url)) as endpoint:
        endpoint.send("POST", "/x", body, deadline=soon(10))
    assert sent[0][1] == body


@pytest.mark.system
def test_a_refused_connection_is_tried_again() -> None:
    """
    Twice, within a tenth of a second: an OPA that is being replaced.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    began = time.monotonic()
    with pytest.raises(Unreachable, match="connection refused"):
        got(url)
    # Pauses of 40 and 80 ms, less up to a half.
    assert 0.06 <= time.monotonic() - began < 0.5
    began = time.monotonic()
    with pytest.raises(Unreachable, match="connection refused"):
        got(url, seconds=0.015)
    assert time.monotonic() - began < 0.015


@pytest.mark.system
def test_pauses_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    They double, and differ between callers that were refused together.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pauses: list[float] = []
    monkeypatch.setattr(transport.time, "sleep", pauses.append)
    for part in (0.5, 1.0):
        monkeypatch.setattr(random, "uniform", lambda low, high: {0.5: low, 1.0: high}[part])  # noqa: B023
        with pytest.raises(Unreachable):
            got(f"http://127.0.0.1:{port}")
    assert pauses == [0.02, 0.04, 0.04, 0.08]


# --- names ---------------------------------------------------------------------------------


def resolving(monkeypatch: pytest.MonkeyPatch, addresses: list[Any] | None) -> None:
    """Let the name `pdp.faq` have these addresses; let nobody know it where there is None."""
    real = socket.getaddrinfo

    def answer(host: Any, *args: Any, flags: int = 0, **kwargs: Any) -> Any:
        if host != "pdp.faq":
            return real(host, *args, flags=flags, **kwargs)
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror("not a number")
        if addresses is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return addresses

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def address(url: str) -> tuple[Any, ...]:
    port = int(url.rpartition(":")[2])
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))


@contextlib.contextmanager
def deaf() -> Iterator[tuple[Any, ...]]:
    """The address of a server whose queue is full: it does not refuse, and does not answer."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield address(f":{listener.getsockname()[1]}")


@pytest.mark.system
def test_a_name_with_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    They are tried in turn; one that does not answer leaves time for the others.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        refusing = address(f":{free.getsockname()[1]}")
    with noting() as (url, sent), deaf() as silent:
        for addresses in ([refusing, address(url)], [silent, address(url)], [address(url), silent]):
            resolving(monkeypatch, addresses)
            assert got("http://pdp.faq:1", seconds=1).body == b"ok"
        assert len(sent) == 3
        began = time.monotonic()
        resolving(monkeypatch, [silent, silent])
        with pytest.raises(Timeout):
            got("http://pdp.faq:1", seconds=0.5)
        assert 0.4 <= time.monotonic() - began < 0.8


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, [])
    with pytest.raises(Unreachable):
        got("http://pdp.faq:1")


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    That is known as soon as the resolver says so.
    """
    resolving(monkeypatch, None)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="name or service not known"):
        got("http://pdp.faq:1")
    assert time.monotonic() - began < 2


def test_a_name_is_waited_for_no_longer_than_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = threading.Event()
    real = socket.getaddrinfo

    def slow(host: Any, *args: Any, flags: int = 0, **kwargs: Any) -> Any:
        if not flags & socket.AI_NUMERICHOST:
            resolved.wait(5)
        return real(host, *args, flags=flags, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    with pytest.raises(Timeout):
        got("http://localhost:1", seconds=0.2)
    assert 0.2 <= time.monotonic() - began < 1
    waiting = [t for t in threading.enumerate() if t.name == "inbounds-resolve"]
    # It is not waited for at the end of the process either.
    assert all(thread.daemon for thread in waiting)
    assert waiting
    resolved.set()


@pytest.mark.system
def test_an_ipv6_address() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this machine")

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            wire.answering(b"ok")(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        assert got(f"http://[::1]:{listener.getsockname()[1]}").body == b"ok"
        thread.join(5)


@pytest.mark.system
def test_what_is_sent_is_not_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A small question does not wait for more to send with it (RFC 896).
    """
    made: list[socket.socket] = []
    real = transport._connected

    def noted(*arguments: Any) -> socket.socket:
        made.append(real(*arguments))
        assert made[-1].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        return made[-1]

    monkeypatch.setattr(transport, "_connected", noted)
    with noting() as (url, _):
        got(url)
    assert len(made) == 1


@pytest.mark.system
def test_no_socket_is_left_where_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        got(f"http://127.0.0.1:{port}")
    # An open socket that is forgotten warns of itself, and a warning fails the test.
    gc.collect()


# --- causes --------------------------------------------------------------------------------


@pytest.mark.system
@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (wire.raw(), "the connection broke before an answer"),
        (wire.raw(b"SSH-2.0-canary\r\n"), "the connection broke before an answer"),
        (wire.reset, "connection reset by peer"),
    ],
)
def test_the_cause_is_what_the_system_says(script: wire.Script, cause: str) -> None:
    with wire.misbehaving(script) as url, pytest.raises(Unreachable) as broken:
        got(url)
    assert broken.value.message == f"{url}: {cause}"


def test_a_fault_of_tls_without_a_reason() -> None:
    assert transport._cause(ssl.SSLError("canary")) == "TLS could not be agreed on"


@pytest.mark.system
def test_a_socket_that_is_not_there() -> None:
    with pytest.raises(Unreachable, match="unix:///nowhere/s: no such file or directory"):
        got("unix:///nowhere/s")
