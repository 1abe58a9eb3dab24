"""Ports of the loopback interface for servers that tests start."""

from __future__ import annotations

import random
import socket

_FIRST, _LAST = 10_000, 32_000
"""Below those that a system gives to connections: one of these would take the port meanwhile."""
_TRIES = 100


def free_port() -> int:
    """Return a TCP port of the loopback interface that nothing listens on.

    Raises:
        OSError: None was found.
    """
    chosen = random.SystemRandom()  # another worker must not draw the same
    for _ in range(_TRIES):
        port = chosen.randrange(_FIRST, _LAST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port of the loopback interface is free")
