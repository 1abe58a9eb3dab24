"""HTTP to one server under one deadline: the only sockets of this package.

A time limit of `requests` holds for each read, so a server that drips a byte per second can hold
a call for as long as it likes. Here the deadline of a call holds for everything: resolving the
name, connecting, the TLS handshake, sending, and every byte of the answer.

What is received is never decoded, followed or remembered: no redirects, no compression, no
cookies, nothing from the environment.
"""

from __future__ import annotations

import hashlib
import io
import ipaddress
import os
import queue
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from inbounds.errors import (
    ConfigurationError,
    InvalidAnswer,
    Timeout,
    Unreachable,
)
from inbounds.process import clock

MAX_BYTES = 2**22
"""How large an answer may be, unless told otherwise."""
CONNECTIONS = 32
"""How many idle connections are kept; more calls at once open more."""
CONNECT_RETRIES = 2
"""How often a refused connection is tried again, within the deadline."""
_FIRST_PAUSE = 0.02  # seconds

_deadline: ContextVar[float] = ContextVar("deadline")


@dataclass(frozen=True, slots=True)
class Received:
    """What a server sent back: the whole body, of a bounded size, and when it says that was.

    The body, which may hold a token, is never shown. `with_token` says whether a bearer token had
    been sent with the request.
    """

    status: int
    body: bytes = field(repr=False)
    date: str = ""
    with_token: bool = True


class Endpoint:
    """One server that is spoken to over HTTP, kept alive and shared by threads.

    A child process after a fork opens its own connections.

    Args:
        url: `http://host:port`, `https://host:port`, each with a path if need be, or
            `unix:///path/of.sock`.
        token: A bearer token, or None. It appears in no message and no `repr`.
        verify: As in `requests`: True, or the file of a certificate authority.
        cert: As in `requests`: the client's certificate, or certificate and key.
        session: A session to send with. Its transport for this URL is replaced.
        max_bytes: How large an answer may be.
        cleartext: Send the token over plain HTTP beyond this machine all the same.

    Raises:
        ConfigurationError: The URL has another scheme; the token would pass in clear text
            (RFC 6750 §5.3); or a file of certificates cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        session: requests.Session | None = None,
        max_bytes: int = MAX_BYTES,
        cleartext: bool = False,
    ) -> None:
        self.url = url
        self._max_bytes = max_bytes
        self._base, self._socket_path = _base(url)
        _require_usable(verify, cert)
        self._verify = verify
        self._cert = cert
        self._given = session
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "inbounds",
        }
        if token is not None:
            if not token or not token.isascii() or not token.isprintable() or " " in token:
                raise ConfigurationError("the bearer token must be text without spaces")
            if not cleartext and readable_on_the_way(url):
                raise ConfigurationError(
                    f"the bearer token would pass in clear text to {url}",
                    code="configuration.token_in_clear",
                    hint="use https or a Unix socket; if the network encrypts, set "
                    "INBOUNDS_PDP_CLEARTEXT=1 or pass `--cleartext`",
                )
            self._headers["Authorization"] = f"Bearer {token}"
        self._prepared: dict[tuple[str, str], requests.PreparedRequest] = {}
        self._owner = 0
        self._session: requests.Session | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        deadline: float,
        headers: Mapping[str, str] | None = None,
    ) -> Received:
        """Send one request and read the whole answer.

        Args:
            method: The HTTP method.
            path: What follows the URL of the endpoint, from its slash.
            body: What to send, or None.
            deadline: When to give up, in seconds on `clock.monotonic`.
            headers: Added to those of the endpoint.

        Raises:
            Timeout: The deadline passed, wherever the call stood.
            Unreachable: No connection, or it broke before an answer began.
            InvalidAnswer: The answer was cut off, too large or encoded.
        """
        request = self._request(method, path).copy()
        if body is not None:
            request.body = body
            request.headers["Content-Length"] = str(len(body))
        if headers:
            request.headers.update(headers)
        _deadline.set(deadline)
        with self._faults(deadline):
            response = self._open_session().send(
                request,
                stream=True,
                verify=self._verify,
                cert=self._cert,
                proxies={},
                allow_redirects=False,
            )
            return _received(response, self._max_bytes, with_token="Authorization" in self._headers)

    def close(self) -> None:
        """Close every idle connection; a closed endpoint sends nothing."""
        self._closed = True
        if self._session is not None and self._owner == os.getpid():
            self._session.close()
        self._session = None

    def _request(self, method: str, path: str) -> requests.PreparedRequest:
        try:
            return self._prepared[method, path]
        except KeyError:
            request = requests.Request(method, self._base + path, self._headers).prepare()
            # INVARIANT: few paths; each is one of a handful that this package knows.
            return self._prepared.setdefault((method, path), request)

    def _open_session(self) -> requests.Session:
        session = self._session
        if session is not None and self._owner == os.getpid():
            return session
        if self._closed:
            raise Unreachable(f"{self.url} has been closed on this side")
        # After a fork: the parent's sockets would mix up the answers of two processes. No lock
        # is taken, since one held during the fork would never be released in the child; two
        # threads that both get here make two sessions, and one of them is forgotten.
        session = self._given or requests.Session()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.mount(self._base, _Adapter(self._socket_path))
        self._owner = os.getpid()
        self._session = session
        return session

    @contextmanager
    def _faults(self, deadline: float) -> Iterator[None]:
        try:
            yield
        except (urllib3.exceptions.HTTPError, OSError) as error:  # what requests raises is one, too
            if clock.monotonic() >= deadline or _has(error, TimeoutError):
                raise Timeout(f"no answer from {self.url} within the deadline") from None
            raise Unreachable(f"{self.url}: {_cause(error)}") from None


def _base(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    try:
        port_is_fine = parts.port != 0
    except ValueError:
        port_is_fine = False
    if parts.query or parts.fragment or "@" in parts.netloc or not port_is_fine:
        raise ConfigurationError(
            "the PDP's URL has a user, a query, a fragment or a wrong port",
            hint="`http://host:port`, `https://host:port` or `unix:///path/of.sock`",
        )
    if parts.scheme in ("http", "https") and parts.hostname:
        return url.rstrip("/"), ""
    if parts.scheme == "unix" and not parts.netloc and parts.path:
        require_unix_sockets()
        # A name of its own for each path, so that one session can hold several.
        return f"http://{hashlib.blake2s(parts.path.encode()).hexdigest()[:32]}.unix", parts.path
    raise ConfigurationError(
        "the PDP's URL cannot be used",
        hint="`http://host:port`, `https://host:port` or `unix:///path/of.sock`",
    )


def require_unix_sockets() -> None:
    """Refuse what needs Unix sockets where Python has none, as on Windows.

    Raises:
        ConfigurationError: `configuration.no_unix_sockets`.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise ConfigurationError(
            "there are no Unix sockets on this system",
            code="configuration.no_unix_sockets",
            hint="let OPA listen on TCP; `inbounds serve --print-config` writes what it needs",
        )


def readable_on_the_way(url: str) -> bool:
    """Whether what is sent to this URL leaves the machine unencrypted."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _require_usable(verify: bool | str, cert: str | tuple[str, str] | None) -> None:  # noqa: FBT001
    """Refuse files of certificates that would only be missed once a connection is made.

    Raises:
        ConfigurationError: `configuration.certificate_unusable`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    named: str
    try:
        if isinstance(verify, str):
            named, folder = verify, os.path.isdir(verify)  # noqa: PTH112
            context.load_verify_locations(**{"capath" if folder else "cafile": verify})
        if cert is not None:
            files = (cert,) if isinstance(cert, str) else cert
            named = files[-1]
            context.load_cert_chain(*files)
    except OSError as error:  # what OpenSSL says is one, too
        raise ConfigurationError(
            f"{named} holds no certificate that can be used",
            code="configuration.certificate_unusable",
            hint="PEM files: the authorities to trust, or the client's certificate with its key",
        ) from error


def _received(response: requests.Response, max_bytes: int, *, with_token: bool) -> Received:
    """Read a body as it was sent: bounded, whole, unencoded."""
    with response:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise InvalidAnswer("the answer is compressed, although not requested")
        response.raw.enforce_content_length = True  # urllib3 1 does not by itself
        try:
            body = response.raw.read(max_bytes + 1)
            if len(body) > max_bytes:
                raise InvalidAnswer(f"the answer is larger than {max_bytes} bytes")
            if response.raw.read(1):
                raise InvalidAnswer("the answer goes on after its end")
        except (urllib3.exceptions.ProtocolError, urllib3.exceptions.IncompleteRead):
            raise InvalidAnswer("the answer was cut off") from None
    return Received(
        response.status_code,
        body,
        date=response.headers.get("Date", ""),
        with_token=with_token,
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__context__


def _has(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(link, kind) for link in _chain(error))


def _cause(error: BaseException) -> str:
    """Say what the operating system said; never what was sent."""
    for link in _chain(error):
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"its certificate: {link.verify_message}"
        if isinstance(link, ssl.SSLEOFError):
            return "the other side ended TLS before an answer"
        if isinstance(link, ssl.SSLError):
            reason = getattr(link, "reason", None)  # one that Python raises itself has none
            why = f" ({reason.lower().replace('_', ' ')})" if reason else ""
            return f"TLS could not be agreed on{why}"
        if isinstance(link, OSError) and link.strerror:
            return link.strerror.lower()
    return "the connection broke before an answer"


# --- the deadline of this thread's call ----------------------------------------------------


def _left() -> float:
    left = _deadline.get() - clock.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline of the call")
    return left


# --- sockets -------------------------------------------------------------------------------


class _Adapter(HTTPAdapter):
    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        super().__init__(pool_maxsize=CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        connection = type("_To", (_Connection,), {"socket_path": self._socket_path})
        plain = type("_Pool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": connection})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": _TlsPool}


class _Deadlined:
    """A connection whose every step ends at the deadline of the call it serves."""

    socket_path: ClassVar[str] = ""
    sock: Any
    _dns_host: str
    port: int

    def _new_conn(self) -> socket.socket:
        attempt = 0
        while True:
            try:
                return self._attempt()
            except TimeoutError:
                raise
            except OSError:
                attempt += 1
                pause = _FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1)  # noqa: S311 -- jitter
                if attempt > CONNECT_RETRIES or pause >= _left():
                    raise
                time.sleep(pause)

    def _attempt(self) -> socket.socket:
        if self.socket_path:
            return _connected(socket.AF_UNIX, self.socket_path, _left())
        addresses = _addresses(self._dns_host, self.port)
        for ahead in range(len(addresses), 0, -1):
            family, *_, address = addresses[-ahead]
            try:
                # An address that does not answer leaves time for the others.
                return _connected(family, address, _left() / ahead)
            except OSError:
                if ahead == 1:
                    raise
        raise OSError(None, "the name has no address")

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # urllib3's connection comes next in the order
        self.sock = _DeadlinedSocket(self.sock)


class _Connection(_Deadlined, urllib3.connection.HTTPConnection):
    pass


class _TlsConnection(_Deadlined, urllib3.connection.HTTPSConnection):
    pass


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _connected(family: int, address: Any, seconds: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        if family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(address)
        # The TLS handshake follows under what is left.
        sock.settimeout(_left())
    except BaseException:
        sock.close()
        raise
    return sock


def _addresses(host: str, port: int) -> list[Any]:
    host = host.strip("[]")
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass

    # Resolving a name takes no time limit, so it is waited for, never joined.
    found: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            found.put(error)

    threading.Thread(target=resolve, name="inbounds-resolve", daemon=True).start()
    try:
        outcome = found.get(timeout=_left())
    except queue.Empty:
        raise TimeoutError("resolving a name") from None
    if isinstance(outcome, OSError):
        raise outcome
    return outcome


class _DeadlinedSocket:
    """A socket that asks before each step how much time is left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, _seconds: float | None) -> None:
        """Do nothing: the deadline of the call is the only limit."""

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(_left())
            rest = rest[self._sock.send(rest) :]

    def makefile(self, _mode: str, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_DeadlinedReader(self._sock))


class _DeadlinedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # Keeps the descriptor open until the answer is read, as http.client relies on.
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
