"""One call of the SPIFFE Workload API, in this process or in one of its own.

gRPC does not survive a fork: a child of a process that has it hangs in its first call. There
the call is made by another process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field

_SPARE = 5.0
"""How many seconds another process may take to begin and to end, besides the call itself."""

_PROGRAM = (
    "import json, sys; sys.path, *asked = json.loads(sys.argv[1]); "
    "from inbounds.identity.workload_api import answer; answer(*asked)"
)
_inherited = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call: a token, or the name of the gRPC status it failed with.

    Attributes:
        token: The JWT-SVID; empty where there is none.
        status: Such as `PERMISSION_DENIED`; empty where the answer was not a JWT-SVID.
    """

    token: str = field(default="", repr=False)
    status: str = ""


def fetch_svid(socket: str, audience: str, agent: str, timeout: float) -> Reply:
    """Ask the Workload API for the agent's JWT-SVID.

    Args:
        socket: The Workload API, `unix:///path/of.sock`.
        audience: The one audience of the token.
        agent: Its SPIFFE ID.
        timeout: How many seconds the call may take.
    """
    if not _inherited:
        return _fetched(socket, audience, agent, timeout)
    asked = [socket, audience, agent, timeout]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _PROGRAM, json.dumps([sys.path, *asked])],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout + _SPARE,
        )
        return Reply(**json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return Reply(status="ABORTED")


def _fetched(socket: str, audience: str, agent: str, timeout: float) -> Reply:
    from spiffe import SpiffeId, WorkloadApiClient

    if not os.path.exists(socket.removeprefix("unix://")):  # noqa: PTH110 -- as spiffe itself looks
        return Reply(status="NOT_FOUND")
    try:
        with WorkloadApiClient(socket, default_timeout=timeout) as client:
            return Reply(str(client.fetch_jwt_svid({audience}, SpiffeId(agent)).token))
    except Exception as error:  # noqa: BLE001 -- it lets through what it did not foresee
        # The status alone: the details may hold anything.
        code = getattr(error.__cause__, "code", None)
        return Reply(status=str(getattr(code(), "name", "")) if callable(code) else "")


def _after_fork() -> None:
    global _inherited  # noqa: PLW0603 -- it is the process's
    _inherited = _inherited or "grpc" in sys.modules


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def answer(socket: str, audience: str, agent: str, timeout: float) -> None:
    """Make the call in this process, and print the reply as JSON."""
    sys.stdout.write(json.dumps(asdict(_fetched(socket, audience, agent, timeout))) + "\n")
