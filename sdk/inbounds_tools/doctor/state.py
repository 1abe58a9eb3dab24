"""How what is kept on this machine is: keys, evidence, sessions, and an OPA to build with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inbounds.errors import ConfigurationError, InboundsError
from inbounds.evidence.keys import deployment_key, subkey
from inbounds.evidence.log import SqliteEvidence
from inbounds.sessions.redis_address import is_url
from inbounds_tools.opa import binary as opa_binary

from .finding import Finding, State, tried

if TYPE_CHECKING:
    from inbounds.pep.config import Configuration


def findings(configuration: Configuration) -> Iterator[Finding]:
    """Look at each of them. Nothing is made that is not there."""
    yield from tried("evidence", lambda: _evidence(configuration))
    yield from tried("sessions", lambda: _sessions(configuration))
    yield from tried("leases", lambda: _leases(configuration))
    yield from _opa()


def _evidence(configuration: Configuration) -> Iterator[Finding]:
    home = configuration.home_folder
    path = Path(configuration.evidence or home / "evidence.sqlite")
    key = home / "deployment.key"
    if not path.exists():
        yield _to_be_made("evidence", path)
        return
    if not key.exists():
        said = f"{path} exists, and the key that signs it, {key}, is missing"
        yield Finding(
            "evidence", "fix", said, "restore the key, or set INBOUNDS_HOME to its folder"
        )
        return
    log = SqliteEvidence(path, key=subkey(deployment_key(key), "evidence"))
    try:
        head = log.anchor()
    finally:
        log.close()
    yield Finding(
        "evidence", "ok", f"{path} accepts records; it holds {head.count}, and its head is signed"
    )


def _sessions(configuration: Configuration) -> Iterator[Finding]:
    named = configuration.sessions
    if named in ("", "memory"):
        said = "in memory: they end with the process and are not shared between processes"
        yield Finding(
            "sessions", "note", said, "set INBOUNDS_SESSIONS to a file to keep and share them"
        )
        return
    if is_url(named):
        yield _sessions_in_redis(named)
        return
    path = Path(named)
    if not path.exists():
        yield _to_be_made("sessions", path)
        return
    from inbounds.sessions.sqlite import SqliteSessions

    SqliteSessions(path).close()
    yield Finding("sessions", "ok", f"{path} accepts states")


def _leases(configuration: Configuration) -> Iterator[Finding]:
    path = configuration.home_folder / "leases.sqlite"
    if not path.exists():
        return
    from inbounds.credentials.outbox import LeaseOutbox

    outbox = LeaseOutbox(path)
    try:
        rows, left_over = outbox.rows(), outbox.left_over()
    finally:
        outbox.close()
    if left_over:
        said = f"{len(left_over)} of {len(rows)} leases in {path} have ended and are not revoked"
        now = "start a guard with the backend that issued them, and check that the backend answers"
        yield Finding("leases", "fix", said, now)
        return
    yield Finding("leases", "ok", f"{path}: {len(rows)} held, none of them ended and not revoked")


def _sessions_in_redis(url: str) -> Finding:
    from inbounds.sessions.redis import RedisSessions

    store = RedisSessions(url)
    try:
        remarks = store.remarks()
    except InboundsError as error:
        return Finding("sessions", "fix", f"{store.where}: {error.message}", error.hint)
    finally:
        store.close()
    if remarks:
        said = f"the Redis at {store.where} accepts states; {'; '.join(remarks)}"
        return Finding("sessions", "note", said, "see docs/operators.md, Sessions in Redis")
    return Finding("sessions", "ok", f"the Redis at {store.where} accepts states")


def _to_be_made(name: str, path: Path) -> Finding:
    there = path.absolute().parent
    while not there.exists():
        there = there.parent
    if os.access(there, os.W_OK | os.X_OK):
        return Finding(name, "ok", f"{path} will be created when it is needed")
    said = f"{path} cannot be created: {there} is not writable"
    return Finding(name, "fix", said, f"make the folder writable, or set INBOUNDS_{name.upper()}")


def _opa() -> Iterator[Finding]:
    try:
        binary = opa_binary.find()
    except ConfigurationError as error:
        needed = "`inbounds test`, `bundle build` and `serve` need OPA"
        # One that was named is meant to be used.
        state: State = "fix" if os.environ.get(opa_binary.VARIABLE) else "note"
        said = f"{error.message}; {needed}"
        yield Finding("opa", state, said, error.hint)
    else:
        version = ".".join(map(str, opa_binary.version(binary)))
        yield Finding("opa", "ok", f"OPA {version} at {binary}, to build and test with")
