"""Where a service listens, and that nobody reads along."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def certificate(cert: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """Return a certificate and its key, or None where neither was named.

    Raises:
        ConfigurationError: `opa.certificate_incomplete`: only one of them was.
    """
    from inbounds.errors import ConfigurationError

    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise ConfigurationError(
            "TLS needs both --tls-cert and --tls-key", code="opa.certificate_incomplete"
        )
    return cert, key


def refuse_open(address: str, *, secure: bool, insecure: bool) -> None:
    """Refuse to listen in clear text where others could read what passes.

    Raises:
        ConfigurationError: `opa.listener_open`.
    """
    from inbounds.errors import ConfigurationError

    host = address.rpartition(":")[0].strip("[]")
    local = address.startswith("unix:") or host == "localhost" or _is_loopback(host)
    if not (local or secure or insecure):
        raise ConfigurationError(
            f"{address} must be a loopback address: without TLS, tokens pass in clear text",
            code="opa.listener_open",
            hint="pass --tls-cert and --tls-key; --insecure only behind a TLS-terminating proxy",
        )


def host_and_port(address: str) -> tuple[str, int]:
    """Take an address apart.

    Raises:
        ConfigurationError: `configuration.address`: it is not a host:port.
    """
    from inbounds.errors import ConfigurationError

    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigurationError(
            "the address must be host:port",
            code="configuration.address",
            hint="such as 127.0.0.1:8443",
        )
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, which may be bound to any address
        return False
