"""Where a Redis is, read from a URL; nothing that is said of it names a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from inbounds.errors import ConfigurationError

SCHEMES: Final = ("redis", "rediss", "unix")
OPTIONS: Final = ("db", "prefix", "keep_seconds", "timeout", "ca", "cert")
"""What may stand behind the question mark. What a client library would take beyond that could
switch off what is relied on, such as certificates or the lack of retries."""

_HINT: Final = (
    "redis://user:password@host:6379/0, rediss://… with TLS, or unix:///path/to/socket?db=0; "
    f"the options are {', '.join(OPTIONS)}; in a password, write characters such as / ? # @ as %2F"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """One Redis server, and how to speak to it.

    Attributes:
        scheme: `redis`, `rediss` (TLS) or `unix`.
        host: The name or address; empty for a socket.
        port: The port.
        path: The socket's path; empty for a host.
        database: The number of the database.
        username: The user of its ACL; empty for the default one.
        password: The password; empty for none.
        ca: A file of certificate authorities to trust instead of the usual ones.
        cert: A client certificate with its key, PEM.
        options: What else the URL says: `prefix`, `keep_seconds`, `timeout`.
    """

    scheme: str
    host: str = ""
    port: int = 6379
    path: str = ""
    database: int = 0
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca: str = ""
    cert: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str) -> RedisAddress:
        """Read a URL.

        Raises:
            ConfigurationError: `configuration.sessions_url`. Its text holds nothing of the URL:
                where it is misspelt, any part of it may be one of the password.
        """
        try:
            return cls._read(url)
        except ValueError:
            raise ConfigurationError(
                "the URL of the session store cannot be read",
                code="configuration.sessions_url",
                hint=_HINT,
            ) from None

    @classmethod
    def _read(cls, url: str) -> RedisAddress:
        if not url.isprintable() or " " in url:
            raise ValueError
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        options = dict(given)
        if len(options) != len(given) or not {*options} <= {*OPTIONS} or parts.fragment:
            raise ValueError
        if parts.scheme == "unix":
            host, port, path = "", 0, _socket(parts)
        elif parts.scheme in SCHEMES:
            host, port, path = *_server(parts, options), ""
        else:
            raise ValueError
        ca, cert = options.pop("ca", ""), options.pop("cert", "")
        if (ca or cert) and parts.scheme != "rediss":
            raise ValueError
        database = options.pop("db", "0")
        return cls(
            scheme=parts.scheme,
            database=_number(database),
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            ca=ca,
            cert=cert,
            options=options,
            host=host,
            port=port,
            path=path,
        )

    @property
    def shown(self) -> str:
        """The address as it may be shown: without user and password."""
        if self.scheme == "unix":
            return f"unix://{self.path}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.database}"

    @property
    def in_clear(self) -> bool:
        """Whether states and password pass a network that anybody may listen to."""
        here = self.host in ("localhost", "::1") or self.host.startswith("127.")
        return self.scheme == "redis" and not here


def is_url(sessions: str) -> bool:
    """Whether what names the session store is a URL, and not a file."""
    scheme, found, _ = sessions.partition("://")
    return bool(found) and scheme.isascii() and scheme.replace("+", "").isalnum()


def shown(sessions: str) -> str:
    """What names the session store, as it may be shown."""
    if not is_url(sessions):
        return sessions
    try:
        return RedisAddress.parse(sessions).shown
    except ConfigurationError:
        return "***"


def _socket(parts: SplitResult) -> str:
    if parts.hostname or not parts.path.strip("/"):
        raise ValueError
    return unquote(parts.path)


def _server(parts: SplitResult, options: dict[str, str]) -> tuple[str, int]:
    if not parts.hostname:
        raise ValueError
    database = parts.path.removeprefix("/")
    if database:
        if "db" in options:
            raise ValueError
        options["db"] = database
    port = parts.port
    return unquote(parts.hostname), 6379 if port is None else port


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError
    return int(text)
