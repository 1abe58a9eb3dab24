"""Zero executions without an allow: 32 threads, while the engine dies and is changed under them.

What ran is counted by the tool's own file, to which it appends one line per run, in one write.
What was allowed is counted by OPA's own decision log, which holds the id that the PEP gave the
decision. OPA writes an event to its console before it sends the answer, so that a killed OPA
takes no event of an answer with it; if it ever did, a run would be missing its allow here, and
the test would fail, not pass.
"""

from __future__ import annotations

import contextlib
import gc
import json
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from tests import engines
from tests.integration.fail_closed.load import (
    THREADS,
    Load,
    Outcome,
    PatientEvidence,
    descriptors,
)
from tests.served import PEP_TOKEN, feed_of

from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.evidence.verify import verify
from inbounds.live import Pusher
from inbounds.live.head import empty_lists
from inbounds.pdp import DECISION, Reply
from inbounds.pdp.opa import OpaServer
from inbounds_tools.opa.process import OpaProcess

DEADLINE = 2.0
LONGEST = 3 * DEADLINE
"""How long a call may take, in seconds, without its waits for the disk: a machine that is busy
with other things gives a thread its turn when it can."""
CALLS = 10_000
"""How many calls are made at night; by day, and in all that `make test-all` runs, a quarter."""
KILLS = 5


class Mortal:
    """An OPA that is killed and started again at one address, with the feed's owner beside it."""

    def __init__(self, served, log: Path) -> None:
        self._served = served
        self._log = log.open("ab")
        self.address = f"127.0.0.1:{engines.free_port()}"
        self.url = f"http://{self.address}"
        self.process: OpaProcess = self._started()
        self._stop = threading.Event()
        self._owner: threading.Thread | None = None

    def serve_feed(self, feed) -> None:
        """Keep whatever OPA is there up to date with the feed, as `inbounds live serve` does."""
        self._target = self._served.target(self.url)
        pusher = Pusher(feed, {"opa": self._target}, interval=0.2)
        self._owner = threading.Thread(target=pusher.run, args=(self._stop,), name="feed")
        self._owner.start()

    def kill(self) -> None:
        self.process.process.send_signal(signal.SIGKILL)
        self.process.stop()

    def start(self) -> None:
        self.process = self._started()

    def stand_still(self, seconds: float) -> None:
        """Keep the connections, and give OPA no time."""
        self.process.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self._stop.set()
        if self._owner is not None:
            self._owner.join()
            self._target.close()
        self.process.stop()
        self._log.close()

    def _started(self) -> OpaProcess:
        return self._served.started(self._log, address=self.address)


def allows(log: Path) -> Counter[str]:
    """How often each decision was allowed, by the PEP's id, as OPA's own log has it."""
    found: Counter[str] = Counter()
    for line in log.read_text("utf-8").splitlines():
        event = json.loads(line)
        if event.get("type") != "openpolicyagent.org/decision_logs":
            continue
        # Of an evaluation that was given up there is an event without a result.
        result = event.get("result", {})
        if event["path"] == DECISION and result.get("outcome") == "allow":
            assert result["decision"] is True
            found[event["input"]["decision"]] += 1
    return found


def accounted(load: Load, permitted: set[str]) -> None:
    """See that everything that was left behind agrees on what was called and what ran."""
    outcomes, executions = load.outcomes, load.executions()
    names = load.runs.names()

    # No execution without an allow, none twice, and none of which the caller was told otherwise.
    assert len(names) == len(set(names))
    assert set(executions.values()) <= permitted
    assert sorted(names) == sorted(each.name for each in outcomes if each.outcome == "ran")

    # One record and one span for each call, which say what the caller was told.
    records = load.records()
    decided = [record for record in records if record["kind"] == "decided.v1"]
    executed = [record for record in records if record["kind"] == "executed.v1"]
    assert len({record["decision_id"] for record in decided}) == len(decided)
    assert Counter(record["outcome"] for record in decided) == Counter(map(outcome_of, outcomes))
    assert Counter(span["outcome"] for span in load.spans()) == Counter(map(outcome_of, outcomes))
    assert {record["decision_id"] for record in executed} == set(executions.values())
    assert all((record["executed"], record["status"]) == ("yes", "ok") for record in executed)
    codes = {record["decision_id"]: record["codes"] for record in decided}
    assert all(codes[each.decision][0] == each.code for each in outcomes if each.code)

    # Each session has spent what was permitted in it, and nothing else.
    spent = Counter(record["task"] for record in decided if record["outcome"] == "allow")
    for task in load.tasks:
        session = load.guard._runtime.sessions.load(task.session)
        assert session.spent.calls == spent[task.id]
        assert session.version == session.spent.calls + session.refusals
    log = load.guard.evidence
    assert verify(log.path, log.key).ok

    # No call took longer than its deadline, beyond what the machine made it wait.
    assert max(each.seconds for each in outcomes) < LONGEST


def outcome_of(outcome: Outcome) -> str:
    """The word that records and spans have for it."""
    return "allow" if outcome.outcome == "ran" else outcome.outcome


@pytest.fixture
def nothing_left():
    """See that no thread and no file descriptor stays behind."""
    # What tests before this one left may end meanwhile, and is none of this one's.
    gc.collect()
    threads, files = {*threading.enumerate()}, descriptors()
    yield
    gc.collect()
    # What ticks is told to end, and does at its next tick: on a busy machine that is not at once.
    until = time.monotonic() + 5
    while {*threading.enumerate()} - threads and time.monotonic() < until:
        time.sleep(0.01)
    assert {*threading.enumerate()} - threads == set()
    assert descriptors() <= files


def told(engine: str, load: Load, seconds: float, more: str = "") -> None:
    outcomes = load.outcomes
    slowest = max(each.seconds for each in outcomes)
    print(
        f"\n{engine}: {len(outcomes)} calls in {seconds:.0f} s, {dict(load.counted)}, "
        f"slowest {slowest:.2f} s of {DEADLINE:.0f} s{more}\n"
        f"  {dict(Counter(each.code for each in outcomes if each.code))}"
    )


@pytest.mark.parametrize("calls", [CALLS // 4, pytest.param(CALLS, marks=pytest.mark.nightly)])
def test_opa_is_killed_and_started_again(served, tmp_path, nothing_left, calls):
    """
    Nothing runs without an allow of OPA's, while OPA is killed and started again five times.
    """
    each = calls // 10
    log, home = tmp_path / "opa.log", tmp_path / "home"
    with contextlib.ExitStack() as stack:
        opa = Mortal(served, log)
        stack.callback(opa.close)
        server = OpaServer(opa.url, token=PEP_TOKEN)
        guard = stack.enter_context(
            served.guard(server, home=home, evidence=PatientEvidence.at(home), deadline=DEADLINE)
        )
        opa.serve_feed(feed_of(guard))
        load = Load(guard, tmp_path / "runs")
        stack.callback(load.close)
        began = time.monotonic()
        with load.running():
            for _ in range(KILLS):
                load.wait_for(calls // (KILLS + 2))
                opa.kill()
                load.wait_for(each // KILLS, "unavailable")
                opa.start()
                load.wait_for(each // KILLS, "ran")
            opa.stand_still(DEADLINE + 0.5)
            for outcome in ("ran", "deny", "unavailable"):
                load.wait_for(each - load.count(outcome), outcome)
            load.wait_for(calls - load.count())
        seconds = time.monotonic() - began

        permitted = allows(log)
        told("OPA", load, seconds, f", {permitted.total()} allows logged")
        assert load.unexpected == []
        assert load.counted.total() >= calls
        assert min(load.counted[outcome] for outcome in ("ran", "deny", "unavailable")) >= each
        assert max(permitted.values()) == 1  # no question was asked twice
        accounted(load, set(permitted))


class Witness:
    """A PDP that writes down each allow of another before it hands it on."""

    name = "embedded"

    def __init__(self, pdp: EmbeddedPolicy) -> None:
        self.pdp = pdp
        self.allowed: list[str] = []

    def ask(self, entrypoint: str, question: bytes, **how: object) -> Reply:
        reply = self.pdp.ask(entrypoint, question, **how)
        if entrypoint == DECISION and reply.result["decision"] is True:
            self.allowed.append(json.loads(question)["context"]["decision"]["id"])
        return reply

    def push_live(self, now: object) -> None:
        self.pdp.push_live(now)

    def push_live_by(self, now: object, *, deadline: float) -> None:
        self.pdp.push_live_by(now, deadline=deadline)

    def close(self) -> None:
        self.pdp.close()


def test_the_embedded_policy_is_reloaded(served, tmp_path, nothing_left):
    """
    Nothing runs without an allow, while the embedded policy is replaced five times, and breaks.
    """
    policy = EmbeddedPolicy(served.wasm, key=served.key, live={"baseline": empty_lists()})
    witness, home = Witness(policy), tmp_path / "home"
    with contextlib.ExitStack() as stack:
        guard = stack.enter_context(
            served.guard(witness, home=home, evidence=PatientEvidence.at(home), deadline=DEADLINE)
        )
        load = Load(guard, tmp_path / "runs")
        stack.callback(load.close)
        began = time.monotonic()
        with load.running():
            for _ in range(KILLS):
                load.wait_for(400)
                policy.reload(served.wasm)
            with policy._lock:  # it is busy with something else for longer than anybody waits
                load.wait_for(THREADS, "unavailable")
            load.wait_for(200, "ran")
        seconds = time.monotonic() - began

        told("embedded", load, seconds)
        assert load.unexpected == []
        assert load.count() >= 2_000
        assert len(witness.allowed) == len(set(witness.allowed))
        accounted(load, set(witness.allowed))
