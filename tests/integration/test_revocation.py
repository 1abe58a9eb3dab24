"""What was taken back is refused: by many OPAs in trouble, and after a call that was under way."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import threading
import time
from typing import Any

import pytest
from tests import engines
from tests.engines import RULES, Opa
from tests.guards import SUBJECT, Place
from tests.scenes import staged
from tests.wire import Wire

from inbounds import AccessDenied
from inbounds.dev.services import EVERY
from inbounds.errors import Timeout, Unreachable
from inbounds.identity.signing_keys import SigningKey, token_claims
from inbounds.live import LiveFeed, Pusher
from inbounds.live.head import empty_lists
from inbounds.live.wait import behind
from inbounds.pdp import DECISION
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.opa_live import OpaLive
from inbounds.testing import INTENT

KEY = SigningKey.generate()
TASK = "task-1"
FRESH = 2
"""How old the feed may be for a write here, in seconds: whatever waits for it waits less long."""
STALE, ENDED = "task.revocation_feed_stale", "task.ended"
WRITE = [
    {"op": "replace", "path": f"/question{path}", "value": value}
    for path, value in {
        "/action/name": "file.write",
        "/action/properties/arguments": {"path": "/work/notes/a.txt", "text": "Hello"},
        "/action/properties/parsed": {"/path": {"kind": "path"}},
        "/resource/type": "file",
        "/resource/id": "/work/notes/a.txt",
    }.items()
]


def sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Asked(threading.Thread):
    """Puts one write to one OPA all the time, and remembers what was said, and when."""

    def __init__(self, opa: Opa, question: Any) -> None:
        super().__init__(daemon=True)
        self.answers: list[tuple[float, str]] = []
        self._pdp = OpaServer(opa.url, token="pep")
        self._question = json.dumps(question).encode()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.02):
            begun = time.monotonic()
            # What counts is when it was asked: an answer tells of no time before.
            self.answers.append((begun, self._said()))

    def _said(self) -> str:
        try:
            found = self._pdp.ask(DECISION, self._question, deadline=time.monotonic() + 0.5).result
        except Timeout:
            return "timeout"
        except Unreachable:
            return "unreachable"
        if found["decision"] is True:
            return "allow"
        codes = {reason["code"] for reason in found["context"]["reasons"]}
        return ENDED if ENDED in codes else STALE if STALE in codes else str(codes)

    def since(self, moment: float) -> list[str]:
        """What was said of what was asked since then, each kind once, in order."""
        return list(dict.fromkeys(said for begun, said in self.answers if begun >= moment))

    def until(self, said: str, *, moment: float, seconds: float = 15.0) -> float:
        """Wait until that is said of what was asked since `moment`; returns how long it took."""
        while time.monotonic() < moment + seconds:
            for begun, found in list(self.answers):
                if begun >= moment and found == said:
                    return begun - moment
            time.sleep(0.02)
        raise AssertionError(f"no {said}: {self.since(moment)}")

    def close(self) -> None:
        self._over.set()
        self.join(10)
        self._pdp.close()


@pytest.fixture
def scene():
    scene = staged(WRITE, now=time.time())
    scene.deployment["feed"] = {
        "keys": {KEY.kid: KEY.public},
        "algorithms": ["ES256"],
        "max_age": {"read": 60, "other": FRESH},
    }
    scene.deployment["tools"]["file.write"]["arguments"]["/text"] = {"role": "content"}
    scene.deployment["settings"]["feed_writers"] = {"feed": [sha256("writer")]}
    scene.deployment["peps"]["assistant-pep"]["token_sha256"] = [sha256("pep")]
    return scene


@pytest.fixture
def fleet(tmp_path, scene):
    """Four OPAs that a feed is pushed to, each asked for a write all the time."""
    data = {
        "deployment/data.json": json.dumps(scene.deployment),
        "live/baseline/data.json": json.dumps(empty_lists()),
    }
    roots = ["inbounds", "system/log", "system/authz", "deployment", "live/baseline"]
    bundle = engines.stage([RULES], tmp_path / "bundle", roots=roots, replace=data)
    closed = ["-b", str(bundle), "--authentication=token", "--authorization=basic"]
    with contextlib.ExitStack() as stack:
        opas = [Opa(*closed) for _ in range(4)]
        for opa in opas:
            stack.callback(opa.close)
        wire = Wire(opas[-1].port)
        stack.callback(wire.close)
        targets = {
            url: OpaLive(url, "writer", seconds=0.5)
            for url in [*(opa.url for opa in opas[:-1]), wire.url]
        }
        for target in targets.values():
            stack.callback(target.close)
        feed = LiveFeed(tmp_path / "live.sqlite", KEY)
        stack.callback(feed.close)
        stop = threading.Event()
        pushing = threading.Thread(
            target=Pusher(feed, targets, interval=0.2).run, args=(stop,), daemon=True
        )
        pushing.start()
        stack.callback(pushing.join, 10)
        stack.callback(stop.set)
        asked = [Asked(opa, scene.question) for opa in opas]
        for each in asked:
            each.start()
            stack.callback(each.close)
        for each in asked:
            each.until("allow", moment=time.monotonic())
        yield opas, asked, feed, wire


def test_nobody_allows_a_write_on_stale_data(fleet):
    """
    One OPA in order, one that is down and comes back empty, one that stands still, and one that
    the owner of the feed does not reach: none allows what was ended for longer than a feed is
    fresh.
    """
    opas, (well, restarted, stopped, cut_off), feed, wire = fleet
    _, down, still, _ = opas
    down.stop(signal_number=signal.SIGKILL)
    still.process.send_signal(signal.SIGSTOP)
    wire.cut = "there"
    feed.end(TASK)
    ended = time.monotonic()

    assert well.until(ENDED, moment=ended) < FRESH
    after = time.monotonic()
    assert cut_off.until(STALE, moment=ended) < FRESH + 2
    assert {"timeout", "unreachable"} >= {*stopped.since(after)}
    assert restarted.since(after) == ["unreachable"]

    down.start()
    still.process.send_signal(signal.SIGCONT)
    again = time.monotonic()
    restarted.until(ENDED, moment=again)
    stopped.until(ENDED, moment=again)
    wire.cut = ""
    cut_off.until(ENDED, moment=again)
    time.sleep(0.5)

    assert well.since(after) == [ENDED]
    # It comes up with nothing, and then has the whole.
    assert {*restarted.since(after)} <= {"unreachable", "timeout", STALE, ENDED}
    assert {*stopped.since(after)} <= {"unreachable", "timeout", STALE, ENDED}
    assert {*cut_off.since(ended + FRESH + 2)} <= {STALE, ENDED}


@pytest.fixture(scope="module", params=["embedded", "opa"])
def where(request, tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("place"))
    with place.engine(request.param) as url:
        yield place, url


def test_a_token_that_is_revoked_during_a_call_is_refused_at_the_next(where):
    """
    The call that is under way goes on, the next one is refused, and a token that was issued after
    that is another one.
    """
    place, url_of_opa = where
    feed = LiveFeed(place.home / "issuer" / "live.sqlite")
    with place.guard(url_of_opa) as guard, guard.task(INTENT, subject=SUBJECT) as task:
        jti = token_claims(task.grant.token)["jti"]

        @guard.tool("file.write", resource=lambda path: ("file", path))
        def write(path: str) -> str:
            position = feed.revoke(jti)
            if url_of_opa:
                assert behind(feed, position, 10) == {}
            else:
                time.sleep(EVERY + 0.1)  # after which a guard reads the file again
            return "written"

        assert task.call("file.write", {"path": "/work/notes/a.txt"}) == "written"
        with pytest.raises(AccessDenied) as caught:
            task.call("mail.read", {"id": "7"})
        assert [reason.code for reason in caught.value.decision.reasons] == [ENDED]

        task._grant = guard.issuer.renew(task._grant)
        assert task.call("mail.read", {"id": "7"}) == "mail 7"
    feed.close()
