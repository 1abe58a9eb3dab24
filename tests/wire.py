"""Servers that misbehave on the raw socket, for tests of their clients.

with misbehaving(answering(b'{"result":1}')) as url: …

`Wire` is a way to an OPA that is in order, and that can be cut.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\n"

Script = Callable[[socket.socket], None]


@contextmanager
def misbehaving(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve each connection with `script`, which sees the raw socket; yields the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    threads = []
    connections = []

    def serve(connection: socket.socket) -> None:
        # The client hangs up in the midst of it, as it should.
        with connection, suppress(OSError):
            if tls:
                with tls.wrap_socket(connection, server_side=True) as wrapped:
                    script(wrapped)
            else:
                script(connection)

    def accept() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=serve, args=(connection,), daemon=True)
            thread.start()
            threads.append(thread)
            connections.append(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        # A client may keep its connection for longer than the test is about.
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=5)


def request_read(connection: socket.socket) -> bytes:
    """Read one request, and return its head."""
    return request_whole(connection)[0]


def request_whole(connection: socket.socket) -> tuple[bytes, bytes]:
    """Read one request, and return its head and its body."""

    def more() -> bytes:
        received = connection.recv(65536)
        if not received:
            raise ConnectionError
        return received

    data = more()
    while b"\r\n\r\n" not in data:
        data += more()
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    stated = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
    length = stated[0] if stated else 0  # a GET has none
    while len(body) < length:
        body += more()
    return head, body


def answering(body: bytes, *, status: str = "200 OK", head: bytes = b"") -> Script:
    def script(connection: socket.socket) -> None:
        while True:
            request_read(connection)
            length = f"Content-Length: {len(body)}\r\n".encode()
            connection.sendall(f"HTTP/1.1 {status}\r\n".encode() + length + head + b"\r\n" + body)

    return script


def raw(*pieces: bytes, pause: float = 0.0) -> Script:
    """Answer with these bytes, one piece after the other, and hang up."""

    def script(connection: socket.socket) -> None:
        request_read(connection)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)

    return script


def drip(data: bytes) -> Script:
    return raw(*(data[n : n + 1] for n in range(len(data))), pause=0.05)


def reset(connection: socket.socket) -> None:
    request_read(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def silence(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


class Wire:
    """A TCP wire to OPA that can be cut before or after a request is through."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.cut = ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        # Nobody may be there: then there is nothing to carry.
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as far:
            back = threading.Thread(target=self._pass, args=(far, near, "back"))
            back.start()
            self._pass(near, far, "there")
            back.join()

    def _pass(self, one: socket.socket, other: socket.socket, way: str) -> None:
        with suppress(OSError):
            while (data := one.recv(2**20)) and self.cut != way:
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
