"""`python -m bench.mcp_proxy`: what `inbounds mcp-proxy` adds to a call, and whether it loses any.

A client calls a server that does next to nothing, by itself and through the proxy, in turns. Then
32 connections call through one proxy over HTTP for a minute, with an issuer's service and an OPA
beside it: each call that the server has written down has to be one that was allowed, and one whose
end is recorded.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import secrets
import shlex
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from inbounds.canonical.mcp_descriptor import digest
from inbounds.dev.issuer import About
from inbounds.dev.setup import create_development
from inbounds.engine import assets
from inbounds.identity.signing_keys import SigningKey
from inbounds.testing import AGENT, SUBJECT, small_deployment
from inbounds_server.issuer.settings import FEED_KEY, Folder
from inbounds_tools.bundle.build import build
from inbounds_tools.opa import binary
from inbounds_tools.opa.process import OpaProcess

from .mcp_server import MUCH, READ
from .results import load, machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

_ROOT = Path(__file__).resolve().parent.parent
_KEPT = _ROOT / "docs" / "mcp-proxy.json"
_INBOUNDS = (
    sys.executable,
    "-c",
    "import sys; from inbounds_tools.cli import main; sys.exit(main())",
)
_LOGIN, _WORKLOADS = "https://login.acme.example", "https://workloads.acme.example"
_PEP = "assistant-pep"
_VERSIONS = {"2025-11-25": "legacy", "2026-07-28": "2026-07-28"}
_TOKEN_SECONDS = 3600
_COUNTED = ("sent", "answered", "reached", "allowed", "executed")
_SETTLED = 20.0
_FILLING = 40
"""How many results it takes until a session's index of values has reached its bound."""
"""Seconds after which what a process needs in memory is compared with what it needs at the end."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: so many turns of so many calls, and so many seconds of so many."""

    turns: int
    calls: int
    connections: int
    seconds: float


FULL = Effort(turns=20, calls=50, connections=32, seconds=60.0)
QUICK = Effort(turns=4, calls=20, connections=8, seconds=12.0)


class World:
    """A deployment with one tool, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.behind = [sys.executable, "-m", "bench.mcp_server", str(self.calls)]
        self.port, self.issuer_port, self.opa_port = _port(), _port(), _port()
        self.issuer_url = f"http://127.0.0.1:{self.issuer_port}"
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self.tokens = {name: secrets.token_urlsafe(32) for name in ("pep", "feed")}
        self.login, self.workloads = SigningKey.generate(), SigningKey.generate()

    def write(self, issuers: Mapping[str, Any]) -> Path:
        """Write the deployment."""
        held = {"tools": ["notes.read"], "effects": ["read"]}
        said = small_deployment()
        pep = {"token_sha256": [hashlib.sha256(self.tokens["pep"].encode()).hexdigest()]}
        writer = [hashlib.sha256(self.tokens["feed"].encode()).hexdigest()]
        whole = {
            **said,
            "tools": {
                "notes.read": {
                    "effects": ["read"],
                    "reversible": "yes",
                    "resource": "mcp_tool",
                    "tenant": "acme",
                    "environment": "development",
                    "arguments": {"/path": {"kind": "path", "role": "target", "required": True}},
                    "returns": {"label": "internal", "party": "first"},
                    "pin": digest(READ),
                }
            },
            "servers": {"notes": {"at": [shlex.join(self.behind)]}},
            "agents": {
                AGENT: {
                    **said["agents"][AGENT],
                    "owner": SUBJECT,
                    "may_delegate_to": [],
                    "manifest": held,
                }
            },
            "subjects": {SUBJECT: {**said["subjects"][SUBJECT], "groups": [], **held}},
            "groups": {},
            "labels": {
                "order": ["public", "internal", "confidential", "secret"],
                "resources": {"mcp_tool": {"label": "internal"}},
            },
            "intents": {
                "read": {
                    **held,
                    "label": "internal",
                    "resources": [{"type": "mcp_tool", "prefixes": [""]}],
                }
            },
            "peps": {_PEP: {**said["peps"][_PEP], **pep}},
            "settings": {**said["settings"], "feed_writers": {"issuer": writer}},
            **issuers,
        }
        there = self.folder / "deployment"
        there.mkdir(exist_ok=True)
        for name, value in whole.items():
            (there / f"{name}.yaml").write_text(json.dumps(value), "utf-8")
        return there

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of the programs that run, and nothing of this one's own settings."""
        kept = ("HOME", "LANG", "PATH", "TMPDIR")
        home = {"INBOUNDS_HOME": str(self.folder / "home"), "INBOUNDS_DEADLINE": "30"}
        return {name: os.environ[name] for name in kept if name in os.environ} | home | more

    def proxy(self, *options: str) -> list[str]:
        """The command of the proxy."""
        return [
            *(*_INBOUNDS, "mcp-proxy", "--server", "notes", "--intent", "read", *options),
            *("--", *self.behind),
        ]

    def recorded(self) -> tuple[int, int]:
        """How many calls were allowed, and of how many it is recorded that they have run."""
        allowed = ran = 0
        path = self.folder / "home" / "evidence.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as connection:
            for kind, body in connection.execute("SELECT kind, body FROM records"):
                said = json.loads(body)
                allowed += kind.startswith("decided") and said["outcome"] == "allow"
                ran += kind.startswith("executed") and said["status"] == "ok"
        return allowed, ran

    def reached(self) -> list[str]:
        """What has reached the server."""
        return self.calls.read_text("utf-8").splitlines() if self.calls.exists() else []


# --- what it adds -------------------------------------------------------------------------------


async def latency(world: World, effort: Effort) -> dict[str, dict[str, dict[str, float]]]:
    """Return what a call takes in milliseconds, by version, with the proxy and without."""
    issuers = _development(world)
    where = {"INBOUNDS_DEPLOYMENT": str(world.write(issuers))}
    found: dict[str, dict[str, dict[str, float]]] = {}
    for version, mode in _VERSIONS.items():
        times: dict[str, list[float]] = {"bare": [], "proxy": []}
        async with contextlib.AsyncExitStack() as stack:
            clients = {}
            commands = {"bare": world.behind, "proxy": world.proxy("--subject", SUBJECT)}
            for name, command in commands.items():
                server = StdioServerParameters(
                    command=command[0],
                    args=command[1:],
                    env=world.variables(**where),
                    cwd=_ROOT,
                )
                client = Client(stdio_client(server), mode=mode, cache=None)
                clients[name] = await stack.enter_async_context(client)
            for turn in range(effort.turns + 1):
                for name, client in clients.items():
                    spent = [
                        await _timed(client, f"/{version}/{turn}/{n}") for n in range(effort.calls)
                    ]
                    times[name] += spent if turn else []  # the first warms both up
        found[version] = {name: _quantiles(spent) for name, spent in times.items()}
    return found


async def _timed(client: Client, path: str) -> float:
    begun = time.perf_counter()
    result = await client.call_tool("read", {"path": path})
    spent = time.perf_counter() - begun
    if result.is_error:
        raise RuntimeError(f"a call was refused: {result.content}")
    return spent * 1000


def _quantiles(spent: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(spent, n=100)
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "calls": len(spent)}


def _development(world: World) -> dict[str, Any]:
    about = About(
        issuer="https://issuer.acme.example",
        audience="inbounds",
        agent=AGENT,
        tenant="acme",
        environment="development",
        pep=_PEP,
        kid="-",
    )
    return create_development(world.folder / "home" / "issuer", about)


# --- whether it loses any -----------------------------------------------------------------------


async def endurance(world: World, effort: Effort) -> dict[str, Any]:
    """Call through one proxy over many connections, and count on all sides."""
    with _services(world) as variables:
        svid = world.folder / "svid"
        svid.write_text(_token(world.workloads, _WORKLOADS, AGENT), "ascii")
        command = world.proxy(
            *("--listen", f"127.0.0.1:{world.port}", "--identity-file", str(svid)),
            *("--callers", "8"),
        )
        with _running(command, variables, world.folder / "proxy.log", "answering at") as proxy:
            return await _hold(world, effort, proxy.pid)


async def _hold(world: World, effort: Effort, pid: int) -> dict[str, Any]:
    token = _token(world.login, _LOGIN, SUBJECT)
    numbers, spent, sizes = count(), [], []
    sent: set[str] = set()
    answered: set[str] = set()

    async def caller(end: float) -> None:
        async with _client(world.url, token) as client:
            while time.monotonic() < end:
                path = f"/held/{next(numbers)}"
                sent.add(path)
                spent.append(await _timed(client, path))
                answered.add(path)

    async def watcher(begun: float, end: float) -> None:
        while time.monotonic() < end:
            sizes.append((time.monotonic() - begun, _resident(pid)))
            await anyio.sleep(0.5)

    async with _client(world.url, token) as client:
        for number in range(_FILLING):
            sent.add(path := f"{MUCH}{number}")
            await _timed(client, path)
            answered.add(path)
    filled = len(answered)
    begun = time.monotonic()
    async with anyio.create_task_group() as group:
        for _ in range(effort.connections):
            group.start_soon(caller, begun + effort.seconds)
        group.start_soon(watcher, begun, begun + effort.seconds)
    lasted = time.monotonic() - begun
    await anyio.sleep(1)
    reached = world.reached()
    allowed, ran = world.recorded()
    settled = next((size for at, size in sizes if at >= min(_SETTLED, effort.seconds / 2)), 0.0)
    return {
        "connections": effort.connections,
        "seconds": round(lasted, 1),
        "sent": len(sent),
        "answered": len(answered),
        "reached": len(reached),
        "reached_twice": len(reached) - len({*reached}),
        "allowed": allowed,
        "executed": ran,
        "per_second": round((len(answered) - filled) / lasted, 1),
        "milliseconds": _quantiles(spent),
        "mebibytes": {"settled": round(settled, 1), "end": round(sizes[-1][1], 1)},
    }


@contextlib.asynccontextmanager
async def _client(url: str, token: str) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=120, trust_env=False) as http,
        Client(
            streamable_http_client(url, http_client=http), mode="2026-07-28", cache=None
        ) as client,
    ):
        yield client


def _token(key: SigningKey, issuer: str, subject: str) -> str:
    now = int(time.time())
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": "inbounds",
        "iat": now,
        "exp": now + _TOKEN_SECONDS,
    }
    return key.sign(claims, typ="JWT")


@contextlib.contextmanager
def _services(world: World) -> Iterator[dict[str, str]]:
    """Run an OPA and the issuer's service that feeds it; yields what a guard is told of them."""
    place = world.folder / "issuer"
    made = Folder.create(place, world.issuer_url, "inbounds")
    feed = SigningKey.read(place / FEED_KEY)
    common = {
        "kind": "production",
        "tenants": ["acme"],
        "environments": ["development"],
        "effects": ["read"],
        "algorithms": ["ES256"],
    }
    longer = {"max_seconds": _TOKEN_SECONDS}
    issuers = {
        "tasks": {
            **common,
            "issuer": world.issuer_url,
            "vouches_for": ["task"],
            "keys": made.public_keys(),
        },
        "workloads": {
            **(common | longer),
            "issuer": _WORKLOADS,
            "vouches_for": ["identity"],
            "trust_domain": "acme.example",
            "keys": {world.workloads.kid: world.workloads.public},
        },
        "login": {
            **(common | longer),
            "issuer": _LOGIN,
            "vouches_for": ["subject"],
            "keys": {world.login.kid: world.login.public},
        },
    }
    deployment = world.write({"issuers": issuers, "feed": {"keys": {feed.kid: feed.public}}})
    private = world.folder / "release.pem"
    public = SigningKey.generate().write_both(private)
    built = build(
        rego=assets.rego(),
        site=None,
        deployment=deployment,
        key=private,
        out=world.folder / "dist",
        opa=binary.find(),
        capabilities=assets.capabilities(),
    )
    writer = world.folder / "feed.token"
    writer.write_text(world.tokens["feed"], "ascii")
    with (world.folder / "opa.log").open("wb") as log:
        opa = OpaProcess(
            [path for artefact, path in built.files.items() if artefact != "wasm"],
            key=public,
            opa=binary.find(),
            template=assets.opa_config(),
            address=f"127.0.0.1:{world.opa_port}",
            log=log,
        )
        asks = {"INBOUNDS_PDP_URL": "", "INBOUNDS_PDP_TOKEN": world.tokens["pep"]}
        with opa:
            opa.wait_ready()
            asks["INBOUNDS_PDP_URL"] = opa.url
            command = [
                *(*_INBOUNDS, "issuer", "serve", str(place)),
                *("--addr", f"127.0.0.1:{world.issuer_port}"),
                *("--opa", opa.url, "--token-file", str(writer)),
            ]
            with _running(command, world.variables(**asks), world.folder / "issuer.log", "issuing"):
                yield world.variables(
                    **asks,
                    INBOUNDS_ISSUER_URL=world.issuer_url,
                    INBOUNDS_AGENT=AGENT,
                    INBOUNDS_TENANT="acme",
                    INBOUNDS_ENVIRONMENT="development",
                    INBOUNDS_PEP=_PEP,
                )


@contextlib.contextmanager
def _running(
    command: list[str], variables: dict[str, str], log: Path, words: str
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=variables, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        end = time.monotonic() + 60
        while words not in log.read_text("utf-8", "replace"):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(log.read_text("utf-8", "replace"))
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


# --- the program --------------------------------------------------------------------------------


def table(found: Mapping[str, Any]) -> str:
    """Return what was found as the page shows it."""
    lines = [f"{'one call, milliseconds':<30}{'p50':>6}{'p99':>9}"]
    for version, entries in found["milliseconds"].items():
        for name, spent in entries.items():
            what = f"{version}, {'by itself' if name == 'bare' else 'through the proxy'}"
            lines.append(f"{what:<30}{spent['p50']:>6}{spent['p99']:>9}")
    held, on, memory = found["held"], found["machine"], found["held"]["mebibytes"]
    same = ", ".join(sorted({str(held[name]) for name in _COUNTED}))
    rate = f"{held['per_second']} calls a second"
    end = f"{memory['settled']} MiB after {_SETTLED:.0f} s, {memory['end']} MiB at the end"
    where = f"{on['cpus']} processors ({on['cpu']}), Python {on['python']}, load {found['load']}"
    lines += [
        "",
        f"{held['connections']} connections, {held['seconds']} s: {rate}",
        f"sent, answered, reached, allowed, executed: {same}",
        f"memory of the proxy: {end}",
        "",
        where,
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print what was found, and keep it; 1 where a call was lost or not judged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it runs; nothing is kept")
    effort = QUICK if (quick := parser.parse_args().quick) else FULL
    with tempfile.TemporaryDirectory(prefix="inbounds-bench-") as one:
        calls = anyio.run(latency, World(Path(one)), effort)
    with tempfile.TemporaryDirectory(prefix="inbounds-bench-") as two:
        held = anyio.run(endurance, World(Path(two)), effort)
    found = {
        "milliseconds": calls,
        "held": held,
        "load": load(),
        "machine": machine(),
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
    }
    print(table(found))
    if not quick:
        _KEPT.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    one_number = {held[name] for name in _COUNTED}
    return int(len(one_number) > 1 or held["reached_twice"] > 0)


if __name__ == "__main__":
    sys.exit(main())
