"""A deployment in a folder, and guards on it: in this process and in others, on either engine.

    place = Place(tmp_path)
    with place.engine("opa") as where:              # what INBOUNDS_PDP_URL has to be; "" embedded
        guard = place.guard(where)
        done = place.run(PROGRAM, where)            # a program whose `Guard()` is on it as well
        place.records(), place.ran(), place.verified()

A program begins with what `PRELUDE` holds: `make()` for a guard whose one tool writes a line
into a file of its own, `begin(guard)` for a task, `fork(run)` and `ended(child)`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests import engines
from tests.redis_server import RedisServer

from inbounds import Guard
from inbounds.dev.issuer import About
from inbounds.dev.setup import create_development
from inbounds.engine import assets
from inbounds.engine.compiled import CompiledModules
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.evidence.keys import deployment_key, subkey
from inbounds.evidence.verify import verify
from inbounds.identity.signing_keys import SigningKey
from inbounds.live import LiveFeed, Pusher
from inbounds.pdp.opa_live import OpaLive
from inbounds.sessions.redis import PREFIX
from inbounds.sessions.redis_address import is_url
from inbounds.testing import AGENT, INTENT, SUBJECT, small_deployment
from inbounds_tools.bundle.build import build
from inbounds_tools.opa.process import OpaProcess

PEP = "assistant-pep"
SECONDS = 60.0
"""How long a program may take before it counts as hanging; a decision has half of it."""

PRELUDE = f"""\
import asyncio, contextvars, gc, json, os, signal, socket, sys, threading, time, weakref
from concurrent.futures import ThreadPoolExecutor
import inbounds
from inbounds import DecisionUnavailable, Guard, InboundsError

RAN = os.open(os.environ["RAN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

def make(**options):
    guard = Guard(**options)

    @guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> str:
        os.write(RAN, (json.dumps([os.getpid(), id]) + "\\n").encode())
        return "mail " + id

    return guard

def begin(guard, **asked):
    return guard.task({INTENT!r}, subject={SUBJECT!r}, **asked)

def read(task, *ids):
    for id in ids:
        assert task.call("mail.read", {{"id": str(id)}}) == f"mail {{id}}"

def fork(run):
    child = os.fork()
    if child:
        return child
    try:
        run()
    except SystemExit:
        raise
    except BaseException:
        import traceback
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    sys.exit(0)  # a whole shutdown of the interpreter, as a worker of a server has

def ended(*children):
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
"""


class Place:
    """A deployment with its issuer, feed, session store and evidence log, all in one folder."""

    def __init__(self, folder: Path, changes: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.sessions = str(folder / "sessions.sqlite")
        self.tokens = {name: secrets.token_urlsafe(32) for name in ("pep", "feed")}
        about = About(
            issuer="https://issuer.acme.example",
            audience="inbounds",
            agent=AGENT,
            tenant="acme",
            environment="development",
            pep=PEP,
            kid="-",
        )
        stated: dict[str, Any] = create_development(self.home / "issuer", about)
        deployment = {**small_deployment(), **stated, **(changes or {})}
        hashed = {
            name: [hashlib.sha256(token.encode()).hexdigest()]
            for name, token in self.tokens.items()
        }
        deployment["peps"][PEP]["token_sha256"] = hashed["pep"]
        deployment["settings"]["feed_writers"] = {"feed": hashed["feed"]}
        (folder / "deployment").mkdir()
        for name, value in deployment.items():
            (folder / "deployment" / f"{name}.yaml").write_text(json.dumps(value), "utf-8")

    # --- the engine -----------------------------------------------------------------------

    @contextlib.contextmanager
    def on(self, name: str) -> Iterator[str]:
        """Run an engine, or a Redis for the sessions and the policy in each process."""
        if name != "redis":
            with self.engine(name) as url:
                yield url
            return
        with RedisServer() as server:
            self.sessions = server.patient_url
            yield ""

    @contextlib.contextmanager
    def engine(self, name: str) -> Iterator[str]:
        """Run what decides; yields the URL of an OPA, or "" for the policy in each process."""
        if name == "embedded":
            yield ""
            return
        with self.opa() as url, self._fed(url):
            yield url

    @contextlib.contextmanager
    def opa(self) -> Iterator[str]:
        """Run an OPA on this deployment, without a feed yet; yields its URL."""
        bundles, key = self._bundles()
        # The path of a socket has to be short, and the folder's may be long.
        with (
            tempfile.TemporaryDirectory(prefix="opa") as short,
            (self.folder / "opa.log").open("wb") as log,
            OpaProcess(
                bundles,
                key=key,
                opa=Path(engines.opa_binary()),
                template=assets.opa_config(),
                address=f"unix://{short}/s",
                log=log,
            ) as process,
        ):
            process.wait_ready()
            yield process.url

    def _bundles(self) -> tuple[list[Path], Path]:
        keys = engines.signing_keys(self.folder)
        built = build(
            rego=assets.rego(),
            site=None,
            deployment=self.folder / "deployment",
            key=keys.private,
            out=self.folder / "bundles",
            opa=Path(engines.opa_binary()),
            capabilities=assets.capabilities(),
        )
        return [path for kind, path in built.files.items() if kind != "wasm"], keys.public

    @contextlib.contextmanager
    def _fed(self, url: str) -> Iterator[None]:
        issuer = self.home / "issuer"
        feed = LiveFeed(issuer / "live.sqlite", SigningKey.read(issuer / "feed.pem"))
        target = OpaLive(url, self.tokens["feed"])
        target.push_live(feed.snapshot())
        stop = threading.Event()
        pusher = Pusher(feed, {"opa": target})
        pushing = threading.Thread(target=pusher.run, args=(stop,))
        pushing.start()
        try:
            yield
        finally:
            stop.set()
            pushing.join()
            target.close()
            feed.close()

    # --- guards ---------------------------------------------------------------------------

    def options(self, url: str = "") -> dict[str, str]:
        """What a guard is told, as options; as variables with `INBOUNDS_` before them."""
        told = {
            "home": str(self.home),
            "deployment": str(self.folder / "deployment"),
            "sessions": self.sessions,
            "evidence": str(self.folder / "evidence.sqlite"),
            "deadline": str(SECONDS / 2),
        }
        return told | ({"pdp_url": url, "pdp_token": self.tokens["pep"]} if url else {})

    def guard(self, url: str = "", **options: Any) -> Guard:
        """A guard in this process, with the tool that a program's has."""
        guard = Guard(**{**self.options(url), **options})
        guard.evidence._timeout = SECONDS / 2  # the machine may be busy with other tests

        @guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> str:
            with (self.folder / "ran").open("a", encoding="utf-8") as file:
                file.write(json.dumps([os.getpid(), id]) + "\n")
            return "mail " + id

        return guard

    def environment(self, url: str = "", **more: str) -> dict[str, str]:
        """The environment of a program whose `Guard()` is on this deployment.

        With the policy in its process, it finds the compiled module that an earlier one has left.
        """
        if not url and not (self.home / "compiled").exists():
            key = subkey(deployment_key(self.home / "deployment.key"), "compiled")
            kept = CompiledModules.of(self.home, key)
            EmbeddedPolicy(assets.wasm_bundle(), key=assets.release_key(), compiled=kept).close()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        told = {f"INBOUNDS_{name.upper()}": value for name, value in self.options(url).items()}
        return {**kept, **told, "RAN": str(self.folder / "ran"), **more}

    def run(
        self, program: str, url: str = "", *, python: str = sys.executable, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, from a file, with `PRELUDE` before it.

        Raises:
            TimeoutExpired: It hangs.
        """
        path = self.folder / "program.py"
        path.write_text(PRELUDE + program, "utf-8")
        return subprocess.run(
            [python, "-X", "faulthandler", str(path)],
            cwd=self.folder,
            env=self.environment(url, **more),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    # --- what is left behind --------------------------------------------------------------

    def ran(self) -> list[str]:
        """The ids of the mails that the tool has read, in order, whichever process read them."""
        path = self.folder / "ran"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [json.loads(line)[1] for line in lines]

    def records(self) -> list[dict[str, Any]]:
        """What the evidence log holds, in order."""
        with contextlib.closing(sqlite3.connect(self.folder / "evidence.sqlite")) as connection:
            rows = connection.execute("SELECT body FROM records ORDER BY seq").fetchall()
        return [json.loads(row[0]) for row in rows]

    def allowed(self) -> int:
        """How many decisions allowed something; each is decided about once."""
        decided = [record for record in self.records() if "outcome" in record]
        ids = Counter(record["decision_id"] for record in decided)
        assert set(ids.values()) <= {1}
        return sum(record["outcome"] == "allow" for record in decided)

    def executed(self) -> Counter[str]:
        """How often an action was recorded as `yes`, `no` or `unknown`."""
        return Counter(r["executed"] for r in self.records() if "executed" in r)

    def verified(self) -> bool:
        """Whether the evidence log is one whole chain, signed with this deployment's key."""
        key = subkey(deployment_key(self.home / "deployment.key"), "evidence")
        return verify(self.folder / "evidence.sqlite", key).ok

    def session(self, sid: str) -> dict[str, Any]:
        """The state that a session was left in."""
        if is_url(self.sessions):
            from redis import Redis

            with contextlib.closing(Redis.from_url(self.sessions.partition("?")[0])) as client:
                return dict(json.loads(client.hget(PREFIX + sid, "state")))
        with contextlib.closing(sqlite3.connect(self.sessions)) as connection:
            (state,) = connection.execute(
                "SELECT state FROM sessions WHERE sid = ?", (sid,)
            ).fetchone()
        return dict(json.loads(state))
