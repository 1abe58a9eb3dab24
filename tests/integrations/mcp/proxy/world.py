"""A deployment in a folder, the server behind, and the proxy as a host starts it."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Queue
from typing import Any, Self
from uuid import uuid4

import anyio
import yaml
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from inbounds.canonical.mcp_descriptor import digest
from inbounds.dev.deployment import FIELDS
from inbounds.dev.issuer import About
from inbounds.dev.setup import create_development
from inbounds.testing import AGENT, SUBJECT, small_deployment

UPSTREAM = Path(__file__).with_name("upstream.py")
OTHER = "bob@acme.example"
MODERN, LEGACY = "2026-07-28", "2025-11-25"

_PATH = {"/path": {"kind": "path", "role": "target", "required": True}}


def tool(*effects: str, arguments: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What the registry says of one tool."""
    return {
        "effects": list(effects),
        "reversible": "yes",
        "resource": "mcp_tool",
        "tenant": "acme",
        "environment": "development",
        "arguments": dict(arguments or {}),
        "returns": {"label": "internal", "party": "first"},
        **more,
    }


def pin(name: str, grown: int = 0) -> str:
    """The digest of what the server behind says of a tool, after it has said otherwise so often."""
    return digest(
        {
            "name": name,
            "description": f"The tool {name} {grown}",
            "inputSchema": {"type": "object"},
        }
    )


_TOOLS: dict[str, Any] = {
    "files.read": tool("read", arguments=_PATH),
    "files.write": tool("write", arguments={**_PATH, "/text": {"role": "content"}}),
    "files.crash": tool("read"),
    "files.slow": tool("read", arguments={"/seconds": {"type": "number"}}),
    "files.ask": tool("read"),
    "files.noise": tool("read"),
    "files.grow": tool("read"),
    "files.long": tool("read", arguments={"/bytes": {"type": "integer"}}),
    "files.seen": tool("read"),
    "files.record": tool(
        "read",
        returns={
            "label": "internal",
            "party": "first",
            "fields": {"/name": {}, "/salary": {"label": "secret"}},
        },
    ),
    "files.resources.read": tool(
        *("read", "export"),
        resource="mcp_resource",
        arguments={"/uri": {"kind": "url", "role": "target", "required": True}},
    ),
    "files.resources.subscribe": tool(
        *("read", "export"),
        resource="mcp_resource",
        arguments={"/uri": {"kind": "url", "role": "target", "required": True}},
    ),
    "files.prompts.get": tool(
        "read",
        resource="mcp_prompt",
        arguments={"/name": {"required": True}, "/arguments/a": {}},
    ),
    "files.completion.complete": tool("read", resource="mcp_completion"),
}
TOOLS = {
    name: said | ({"pin": pin(name.removeprefix("files."))} if name.count(".") == 1 else {})
    for name, said in _TOOLS.items()
}
"""What the registry says of the server behind, each as it is looked at and pinned."""


def roots(tools: Mapping[str, Any], at: Sequence[str]) -> dict[str, Any]:
    """What a deployment says whose one intent holds these tools, of a server that runs there."""
    said = small_deployment()
    names = sorted(tools)
    effects = sorted({effect for each in tools.values() for effect in each["effects"]})
    kinds = ("mcp_tool", "mcp_resource", "mcp_prompt", "mcp_completion")
    held = {"tools": names, "effects": effects}
    agent = {
        **said["agents"][AGENT],
        "owner": SUBJECT,
        "may_delegate_to": [],
        "manifest": held,
    }
    subject = {**said["subjects"][SUBJECT], "groups": [], **held}
    obligations = ["notify", "redact", "truncate", "strip", "mask"]
    return {
        "tools": dict(tools),
        "servers": {"files": {"at": list(at)}},
        "agents": {AGENT: agent},
        "subjects": {SUBJECT: subject, OTHER: subject},
        "groups": {},
        "intents": {
            "tidy": {
                **held,
                "label": "internal",
                "resources": [{"type": kind, "prefixes": [""]} for kind in kinds],
                "destinations": ["files"],
            }
        },
        "destinations": {"files": {"hosts": ["files.acme.example"]}},
        "labels": {
            "order": ["public", "internal", "confidential", "secret"],
            "resources": {kind: {"label": "internal"} for kind in kinds},
        },
        "peps": {name: {**each, "obligations": obligations} for name, each in said["peps"].items()},
    }


def deployment(folder: Path, said: Mapping[str, Any]) -> None:
    """Write a deployment, and the folder of its development issuer."""
    about = About(
        issuer="https://issuer.acme.example",
        audience="inbounds",
        agent=AGENT,
        tenant="acme",
        environment="development",
        pep="assistant-pep",
        kid="-",
    )
    whole = {
        **small_deployment(),
        **create_development(folder / "home" / "issuer", about),
        **said,
    }
    there = folder / "deployment"
    there.mkdir()
    for field in FIELDS:
        if whole.get(field):
            text = yaml.safe_dump(json.loads(json.dumps(whole[field])))
            (there / f"{field}.yaml").write_text(text, "utf-8")


class World:
    """One folder, in which the proxy runs.

    Attributes:
        folder: Where everything is.
        log: What the server behind has seen, one request a line.
        variables: The environment of the proxy.
    """

    def __init__(
        self,
        folder: Path,
        tools: Mapping[str, Any] | None = None,
        at: Sequence[str] | None = None,
    ) -> None:
        self.folder = folder
        self.log = folder / "upstream.jsonl"
        ours = [shlex.join(self.behind(*options)) for options in ((), ("--legacy",))]
        self.write(roots(TOOLS if tools is None else tools, ours if at is None else at))
        self._before = 0
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "INBOUNDS_HOME": str(folder / "home"),
            "INBOUNDS_DEPLOYMENT": str(folder / "deployment"),
            "INBOUNDS_DEADLINE": "20",
            "SECRET_OF_THE_HOST": "canary",
        }

    def write(self, said: Mapping[str, Any]) -> None:
        """Write the deployment."""
        deployment(self.folder, said)

    def behind(self, *options: str) -> list[str]:
        """The command of the server behind, as the tests write one."""
        return [sys.executable, str(UPSTREAM), str(self.log), *options]

    def command(self, behind: Sequence[str], *options: str) -> list[str]:
        """The command of the proxy, as a host starts it that nothing else is known of.

        Its session is its own and trusted, unless `--shared` is among the options.
        """
        own = ("--session", uuid4().hex, "--session-trust", "trusted")
        said = [each for each in options if each != "--shared"]
        return [
            *(str(Path(sys.executable).with_name("inbounds")), "mcp-proxy", "--server", "files"),
            *("--intent", "tidy", "--subject", SUBJECT, *(() if "--shared" in options else own)),
            *(*said, "--", *behind),
        ]

    def client(
        self, behind: Sequence[str], *options: str, version: str = "", **more: Any
    ) -> Client:
        """A host's own client, which starts the proxy."""
        program, *arguments = self.command(behind, *options)
        server = StdioServerParameters(command=program, args=arguments, env=self.variables)
        mode = {LEGACY: "legacy", MODERN: MODERN}.get(version, "auto")
        more = {"cache": None, "read_timeout_seconds": 30, **more}
        return Client(stdio_client(server), mode=mode, **more)

    def forget(self) -> None:
        """Let what has been seen and recorded so far be another test's."""
        self.log.unlink(missing_ok=True)
        self._before = 0
        self._before = len(self.records())

    @property
    def seen(self) -> list[dict[str, Any]]:
        """The requests that have reached the server behind."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    def calls(self, method: str = "tools/call") -> list[Any]:
        """What the server behind was asked to do."""
        return [each["params"] for each in self.seen if each["method"] == method]

    def records(self) -> list[dict[str, Any]]:
        """The records of the evidence log, in order."""
        path = self.folder / "home" / "evidence.sqlite"
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT kind, body FROM records ORDER BY seq").fetchall()
        said = [{"kind": kind, **json.loads(body)} for kind, body in rows]
        return said[self._before :]

    def outcomes(self) -> list[str]:
        """What was decided and what came of it, a word for each record."""
        return [
            each["outcome"] if each["kind"].startswith("decided") else each["status"]
            for each in self.records()
        ]


class Wire:
    """A host that writes whatever it likes on the proxy's stdin."""

    def __init__(self, world: World, *options: str, behind: Sequence[str] | None = None) -> None:
        command = world.command(world.behind() if behind is None else behind, *options)
        self.process = subprocess.Popen(
            command,
            env=world.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.lines: Queue[dict[str, Any]] = Queue()
        self.errors = b""
        self._readers = [
            threading.Thread(target=each, daemon=True) for each in (self._read, self._listen)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(json.loads(line))

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.errors += line

    def write(self, text: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def say(self, method: str, params: Any = None, *, id: Any = None) -> None:
        """Write a request, or a notification."""
        message = {"jsonrpc": "2.0", "method": method}
        if id is not None:
            message["id"] = id
        if params is not None:
            message["params"] = params
        self.write(json.dumps(message).encode() + b"\n")

    def answer(self, id: Any = ..., seconds: float = 60) -> dict[str, Any]:
        """Read until an answer to this id comes, or any where none is named."""
        while True:
            line = self.lines.get(timeout=seconds)
            if id is ... or line.get("id", ...) == id:
                return line

    def open(self) -> None:
        """Shake hands as 2025-11-25 has it."""
        who = {"name": "host", "version": "1"}
        about = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": who}
        self.say("initialize", about, id="hello")
        self.answer("hello")
        self.say("notifications/initialized")

    def close(self) -> int:
        """Go away, and return how the proxy ended."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            for reader in self._readers:
                reader.join(5)
            for pipe in (self.process.stdout, self.process.stderr):
                assert pipe is not None
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def until(met: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something holds, for as long as a busy machine may take."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it does not come about"
        await anyio.sleep(0.02)


def said(result: Any) -> str:
    """The text of a tool's result."""
    return "".join(block.text for block in result.content if block.type == "text")
