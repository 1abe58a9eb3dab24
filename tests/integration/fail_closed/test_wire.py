"""What comes over the wire from something that is not an OPA in order, or does not come."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time

import pytest
from tests import engines, wire
from tests.integration.fail_closed.observed import invalid, timeout, unreachable
from tests.wire import OK, answering, drip, misbehaving, raw, reset, silence

from inbounds import DecisionUnavailable
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.transport import MAX_BYTES

WHOLE = b'{"result":{"decision":true,"context":{"outcome":"allow"}}}'
"""What would be an allow, if it were whole: whoever fell for a part of it would run the tool."""
LENGTH = b"Content-Length: %d\r\n\r\n" % len(WHOLE)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%s\r\n" % (len(WHOLE), WHOLE)
BOMB = gzip.compress(b'{"result":"' + b"x" * 2**26)

CUT = invalid("the answer was cut off")
LATE = timeout("within the deadline")
BROKE = unreachable("the connection broke before an answer")


def cut_in(connection):
    """Reset the connection once a part of the answer is on its way."""
    wire.request_read(connection)
    connection.sendall(OK + LENGTH + WHOLE[:9])
    time.sleep(0.1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def status(line, *, head=b""):
    return answering(WHOLE, status=line, head=head)


def opa_fault(number):
    return unreachable(f"OPA has a fault of its own (HTTP {number})")


SENT = {
    # What is not an answer of an OPA.
    "an empty object": (answering(b"{}"), invalid("undefined")),
    "null": (answering(b"null"), invalid("not a JSON object")),
    "a number": (answering(b"1"), invalid("not a JSON object")),
    "the text true": (answering(b'"true"'), invalid("not a JSON object")),
    "the boolean alone": (answering(b"true"), invalid("not a JSON object")),
    "a list": (answering(b"[" + WHOLE + b"]"), invalid("not a JSON object")),
    "no decision": (answering(b'{"result":{"context":{}}}'), invalid("is not a decision")),
    "a result of null": (answering(b'{"result":null}'), invalid("is not a decision")),
    "extra keys and no result": (
        answering(b'{"decision":true,"allow":true,"Result":true}'),
        invalid("without a result"),
    ),
    "truncated": (answering(WHOLE[:-9]), invalid("not JSON")),
    "two answers": (answering(WHOLE + WHOLE), invalid("not JSON")),
    "a member twice": (answering(b'{"result":null,"result":' + WHOLE[10:]), invalid("key twice")),
    "a member twice, deep": (
        answering(WHOLE.replace(b'"decision":true', b'"decision":false,"decision":true')),
        invalid("key twice"),
    ),
    "a number that is none": (answering(b'{"result":NaN}'), invalid("not finite")),
    "nested without end": (
        answering(b'{"result":' + b"[" * 99 + b"]" * 99 + b"}"),
        invalid("nested"),
    ),
    "a page": (
        answering(b"<html>allow</html>", head=b"Content-Type: text/html\r\n"),
        invalid("not JSON"),
    ),
    "no UTF-8": (answering(WHOLE.replace(b"allow", b"allo\xff")), invalid("not JSON")),
    "empty": (answering(b""), invalid("not JSON")),
    # What HTTP says of it.
    "created": (status("201 Created"), invalid("HTTP 201")),
    "no content": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), invalid("HTTP 204")),
    "moved": (
        status("302 Found", head=b"Location: /\r\n"),
        invalid("a redirect (HTTP 302) is not followed"),
    ),
    "moved for good": (
        status("308 Permanent Redirect", head=b"Location: /\r\n"),
        invalid("a redirect (HTTP 308) is not followed"),
    ),
    "a bad question": (status("400 Bad"), unreachable("did not take the question (HTTP 400)")),
    "unknown caller": (status("401 No"), unreachable("refused this caller (HTTP 401)")),
    "not allowed to ask": (status("403 No"), unreachable("refused this caller (HTTP 403)")),
    "not there": (status("404 Not Found"), invalid("HTTP 404 where 200 was expected")),
    "too many": (status("429 Slow"), unreachable("did not take the question (HTTP 429)")),
    "a fault of its own": (status("500 Oops"), opa_fault(500)),
    "a gateway alone": (status("502 Bad"), opa_fault(502)),
    "overloaded": (status("503 Busy"), opa_fault(503)),
    "a gateway that waited": (status("504 Late"), opa_fault(504)),
    "a status that is none": (raw(b"HTTP/1.1 allow OK\r\n" + LENGTH, WHOLE), BROKE),
    "no head at all": (raw(WHOLE), BROKE),
    "another protocol": (raw(b"SSH-2.0-allow\r\n"), BROKE),
    "another version": (raw(b"HTTP/2.0 200 OK\r\n" + LENGTH, WHOLE), BROKE),
    # How much of it there is.
    "compressed": (
        answering(gzip.compress(WHOLE), head=b"Content-Encoding: gzip\r\n"),
        invalid("compressed, although not requested"),
    ),
    "a bomb": (
        answering(BOMB, head=b"Content-Encoding: gzip\r\n"),
        invalid("compressed, although not requested"),
    ),
    "a bomb that nothing announces": (answering(BOMB), invalid("not JSON")),
    "larger than the limit": (
        answering(WHOLE[:-1] + b" " * MAX_BYTES + b"}"),
        invalid(f"larger than {MAX_BYTES} bytes"),
    ),
    "without an end": (
        raw(OK + b"\r\n" + WHOLE[:-1], *[b" " * 2**20] * 20),
        invalid(f"larger than {MAX_BYTES} bytes"),
    ),
    "chunks without an end": (
        raw(OK + CHUNKED, *[b"100000\r\n" + b" " * 2**20 + b"\r\n"] * 20),
        invalid(f"larger than {MAX_BYTES} bytes"),
    ),
    "cut off": (raw(OK + b"Content-Length: 999\r\n\r\n", WHOLE), CUT),
    "chunks cut off": (raw(OK + CHUNKED, CHUNK[:-9]), CUT),
    "chunks without the last": (raw(OK + CHUNKED, CHUNK), CUT),
    "chunks of no size": (raw(OK + CHUNKED, b"allow\r\n" + WHOLE), CUT),
    "a head cut off": (raw(OK + b"Content-Le"), invalid("not JSON")),
    # When it comes.
    "silent": (silence, LATE),
    "a head that drips": (drip(OK + LENGTH), LATE),
    "heads for ever": (raw(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 99, pause=0.05), LATE),
    "dripping": (drip(OK + LENGTH + WHOLE), LATE),
    "a body that stops": (raw(OK + LENGTH, WHOLE[:-1], pause=2), LATE),
    "chunks that drip": (raw(OK + CHUNKED, *[b"1\r\n \r\n"] * 99, pause=0.05), LATE),
    "an end that does not come": (raw(OK + CHUNKED + CHUNK, pause=2), LATE),
    "hung up": (raw(), BROKE),
    "reset": (reset, unreachable("reset")),
    "reset in the midst": (cut_in, CUT),
}


@pytest.mark.parametrize("what", SENT)
def test_sent(embedded, what):
    """
    Nothing runs on what is not an answer of an OPA.
    """
    script, fault = SENT[what]

    with misbehaving(script) as url:
        pdp = OpaServer(url)
        with embedded.decided_by(pdp, deadline=0.5 if fault is LATE else 5):
            embedded.refused(fault)
        pdp.close()


def test_nobody_there(embedded):
    """
    Nothing runs while OPA is down.
    """
    pdp = OpaServer(f"http://127.0.0.1:{engines.free_port()}")

    with embedded.decided_by(pdp):
        embedded.refused(unreachable("connection refused"))


def test_no_socket_there(embedded, tmp_path):
    """
    Nothing runs while there is no socket of OPA.
    """
    pdp = OpaServer(f"unix://{tmp_path}/opa.sock")

    with embedded.decided_by(pdp):
        embedded.refused(unreachable("no such file"))


def test_a_name_that_does_not_exist(embedded):
    """
    Nothing runs while nobody knows where OPA is.
    """
    pdp = OpaServer("http://pdp.invalid:8181")
    task = embedded.begin()

    with embedded.decided_by(pdp, deadline=2), pytest.raises(DecisionUnavailable) as caught:
        task.call("mail.read", {"id": "42"})

    assert embedded.ran == []
    assert "pdp.invalid" in str(caught.value)
    assert caught.value.executed == "no"


def test_before_the_first_bundle(embedded):
    """
    Nothing runs while OPA has no policy; that is not a denial.
    """
    with engines.opa() as empty:
        pdp = OpaServer(empty.url)
        with embedded.decided_by(pdp):
            embedded.refused(invalid("undefined: is the bundle loaded and the path right?"))
        pdp.close()


@pytest.mark.parametrize("path", ["v0", "v1/data/inbounds", "%2e%2e"])
def test_a_path_before_it(on_opa, opa, path):
    """
    Nothing runs on what the real OPA answers somewhere else.
    """
    pdp = OpaServer(f"{opa.url}/{path}", token="pep-token-of-the-test")

    with on_opa.decided_by(pdp):
        on_opa.refused(unreachable("OPA refused this caller (HTTP 401)"))
    pdp.close()


def test_an_opa_that_is_stopped(on_opa, opa):
    """
    Nothing runs on an OPA that has the connection and gives it no time.
    """
    task = on_opa.begin()
    on_opa.allowed(task)
    opa.process.send_signal(19)  # SIGSTOP
    try:
        with on_opa.asking(lambda pdp, *rest: pdp.ask(*rest[:2], **rest[2]), deadline=0.5):
            began = time.monotonic()
            on_opa.refused(LATE, task)
            assert time.monotonic() - began < 5
    finally:
        opa.process.send_signal(18)  # SIGCONT
    on_opa.allowed(task)


class TestProxies:
    @pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
    def test_are_not_asked(self, embedded, monkeypatch, variable):
        """
        Nothing runs on the word of whoever the environment names as a proxy.
        """
        asked = []

        def script(connection):
            asked.append(wire.request_read(connection))
            connection.sendall(OK + LENGTH + WHOLE)

        for other in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(other, raising=False)
        with misbehaving(script) as proxy:
            monkeypatch.setenv(variable, proxy)
            pdp = OpaServer(f"http://127.0.0.1:{engines.free_port()}")
            with embedded.decided_by(pdp):
                embedded.refused(unreachable("connection refused"))
            pdp.close()
        assert asked == []


class TestKeptConnections:
    """A connection that breaks between two calls, or just as the second one is asked."""

    def broken(self, embedded, *, when):
        """The ids that were asked about, and whether the second of two calls was answered."""
        asked, closed = [], threading.Event()

        def script(connection):
            while True:
                _, body = wire.request_whole(connection)
                asked.append(json.loads(body)["input"]["context"]["decision"]["id"])
                if len(asked) == 2 and when == "asked":
                    return
                connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}")
                if len(asked) == 1 and when == "between":
                    connection.shutdown(socket.SHUT_RDWR)
                    closed.set()
                    return

        with misbehaving(script) as url:
            pdp = OpaServer(url)
            with embedded.decided_by(pdp):
                first = embedded.refused(invalid("undefined"))
                if when == "between":
                    assert closed.wait(5)
                embedded._exporter.clear()
                second = embedded.refused(BROKE if when == "asked" else invalid("undefined"))
            pdp.close()
        return asked, [first.decision_id, second.decision_id]

    @pytest.mark.parametrize("when", ["between", "asked"])
    def test_no_question_is_asked_twice(self, embedded, when):
        """
        Each question reaches OPA at most once, whatever becomes of its connection.
        """
        asked, ids = self.broken(embedded, when=when)

        assert asked == ids
