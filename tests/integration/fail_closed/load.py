"""Many threads that call a tool until told to stop; what became of each call, and what it left."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from inbounds import AccessDenied, DecisionUnavailable, Guard
from inbounds.canonical.arguments import digest
from inbounds.evidence.keys import deployment_key, subkey
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.records import Decided, Executed
from inbounds.pep.telemetry import NAMES, Telemetry
from inbounds.testing import INTENT, SUBJECT

THREADS = 32
SESSIONS = 16


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call.

    Attributes:
        task: The id of the task.
        name: What was called for: the tool's own id of the call.
        outcome: `ran`, `deny` or `unavailable`.
        code: Of the error, or "".
        decision: The PEP's id of the decision; "" where it ran.
        seconds: How long it took, without its waits for the evidence log.
    """

    task: str
    name: str
    outcome: str
    code: str
    decision: str
    seconds: float


class PatientEvidence(SqliteEvidence):
    """An evidence log that waits for a busy disk as long as it takes, and says how long it was.

    Attributes:
        waited: Seconds that this thread has waited for the log.
    """

    waited = threading.local()

    @classmethod
    def at(cls, home: Path) -> PatientEvidence:
        """The log of the guard at home there."""
        key = subkey(deployment_key(home / "deployment.key"), "evidence")
        return cls(home / "evidence.sqlite", key=key, timeout=120, patience=120)

    def decided(self, record: Decided) -> None:
        with self._timed():
            super().decided(record)

    def executed(self, record: Executed) -> None:
        with self._timed():
            super().executed(record)

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.waited.seconds = self.seconds() + time.monotonic() - began

    def seconds(self) -> float:
        return getattr(self.waited, "seconds", 0.0)


class Runs:
    """The tool's own file: one line for each run, written at once and never again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, name: str) -> None:
        line = f"{name}\n".encode()
        assert os.write(self._file, line) == len(line)

    def names(self) -> list[str]:
        return self.path.read_text("ascii").splitlines()

    def close(self) -> None:
        os.close(self._file)


class Load:
    """Threads that call two tools of a guard in turn, one allowed and one denied.

    `mail.read` is allowed for every id. `web.get` is denied: its URL leads elsewhere.

    Args:
        guard: Whose tools are called; its evidence is patient.
        runs: Where each run is written.
    """

    def __init__(self, guard: Guard, runs: Path) -> None:
        self.guard = guard
        self.runs = Runs(runs)
        self.outcomes: list[Outcome] = []
        self.counted: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.unexpected: list[BaseException] = []
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        guard._runtime.telemetry = Telemetry(tracer_provider=provider)
        self._ids = itertools.count()
        self._stop = threading.Event()

        @guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> str:
            self.runs.add(id)
            return id

        @guard.tool("web.get", resource=lambda url: ("page", url))
        def get(url: str) -> str:
            self.runs.add(url)
            return url

        self.tasks = [guard.task(INTENT, subject=SUBJECT) for _ in range(SESSIONS)]

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Call from all threads for as long as the block takes."""
        threads = [
            threading.Thread(target=self._run, args=(number,), name=f"load-{number}")
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(120)
            assert not any(thread.is_alive() for thread in threads), "a call hangs"

    def wait_for(self, number: int, outcome: str = "", *, seconds: float = 300) -> None:
        """Wait until there are so many more outcomes, of any kind or of one."""
        wanted = self.count(outcome) + number
        until = time.monotonic() + seconds
        while self.count(outcome) < wanted:
            assert not self.unexpected, self.unexpected
            assert time.monotonic() < until, (outcome, self.counted)
            time.sleep(0.01)

    def count(self, outcome: str = "") -> int:
        return self.counted[outcome] if outcome else len(self.outcomes)

    def _run(self, number: int) -> None:
        task = self.tasks[number % len(self.tasks)]
        try:
            while not self._stop.is_set():
                self._call(task, next(self._ids))
        except BaseException as error:  # noqa: BLE001 -- told in the thread of the test
            self.unexpected.append(error)

    def _call(self, task: Any, number: int) -> None:
        # Every fourth is one that the policy denies.
        tool, argument, name = "mail.read", "id", f"call-{number}"
        if number % 4 == 0:
            tool, argument, name = "web.get", "url", f"https://elsewhere.example/{number}"
        outcome, refused = "ran", None
        began, waited = time.monotonic(), self.guard.evidence.seconds()
        try:
            assert task.call(tool, {argument: name}) == name
        except AccessDenied as error:
            outcome, refused = "deny", error
        except DecisionUnavailable as error:
            outcome, refused = "unavailable", error
        seconds = time.monotonic() - began - (self.guard.evidence.seconds() - waited)
        code, decision = (refused.code, refused.decision_id) if refused else ("", "")
        assert refused is None or refused.executed == "no"
        with self._lock:
            self.outcomes.append(Outcome(task.id, name, outcome, code, decision, seconds))
            self.counted[outcome] += 1

    # --- what is left afterwards ----------------------------------------------------------

    def records(self) -> list[dict[str, Any]]:
        with contextlib.closing(sqlite3.connect(self.guard.evidence.path)) as connection:
            rows = connection.execute("SELECT body FROM records ORDER BY seq")
            return [json.loads(body) for (body,) in rows]

    def spans(self) -> list[dict[str, Any]]:
        words = {name: word for word, name in NAMES.items()}
        return [
            {words[name]: value for name, value in span.attributes.items()}
            for span in self.exporter.get_finished_spans()
        ]

    def executions(self) -> dict[str, str]:
        """The decision that each run in the tool's file had, by the name that is in the file.

        The record of a decision holds the HMAC of the resource's id, which is the name.
        """
        parts = self.guard._runtime
        decided = {
            record["resource_digest"]: record["decision_id"]
            for record in self.records()
            if record["kind"] == "decided.v1"
        }

        def hmac(name: str) -> str:
            return digest(name.encode(), parts.digest_key, parts.digest_key_id)

        return {name: decided[hmac(name)] for name in self.runs.names()}

    def close(self) -> None:
        for task in self.tasks:
            task.end()
        self.runs.close()


def descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
