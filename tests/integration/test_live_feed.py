"""What has been ended stays ended at a real OPA, whatever happens to OPA or to the network."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests import engines
from tests.engines import RULES, Opa, build_wasm, signing_keys
from tests.scenes import staged
from tests.wire import Wire

from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import DecisionUnavailable, InvalidAnswer, Timeout, Unreachable
from inbounds.identity.signing_keys import SigningKey
from inbounds.live import LiveFeed, Pusher, coherent
from inbounds.live.head import empty_lists
from inbounds.live.push import Course
from inbounds.pdp import DECISION
from inbounds.pdp.opa import MAX_REQUEST, OpaServer
from inbounds.pdp.opa_live import OpaLive

KEY = SigningKey.generate()
ROOTS = ["inbounds", "system/log", "system/authz", "deployment", "live/baseline"]
CLOSED = ["--authentication=token", "--authorization=basic"]
BOUNDED = [
    f"--set=server.decoding.max_length={MAX_REQUEST}",
    "--set=server.decoding.gzip.max_length=1",
]
"""As the shipped configuration has it."""
TASK, TOKEN, AGENT = "task-1", "token-1", "spiffe://acme.example/agent/assistant"


def sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture(scope="module")
def scene() -> Any:
    """The ordinary scene, moved to the present, with this feed's key and two tokens."""
    scene = staged(now=time.time())
    scene.deployment["feed"] = {
        "keys": {KEY.kid: KEY.public},
        "algorithms": ["ES256"],
        "max_age": {"read": 60, "other": 10},
    }
    scene.deployment["settings"]["feed_writers"] = {"feed": [sha256("writer")]}
    scene.deployment["peps"]["assistant-pep"]["token_sha256"] = [sha256("pep")]
    return scene


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, scene) -> Path:
    """The whole policy with its own authorization, and the deployment."""
    folder = tmp_path_factory.mktemp("live") / "bundle"
    data = {
        "deployment/data.json": json.dumps(scene.deployment),
        "live/baseline/data.json": json.dumps(empty_lists()),
    }
    return engines.stage([RULES], folder, roots=ROOTS, replace=data)


@pytest.fixture
def opa(bundle: Path) -> Iterator[Opa]:
    server = Opa("-b", str(bundle), *CLOSED, *BOUNDED)
    yield server
    server.close()


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[LiveFeed]:
    feed = LiveFeed(tmp_path / "live.sqlite", KEY)
    yield feed
    feed.close()


class Asker:
    """Asks the ordinary question, and says what came of it."""

    def __init__(self, pdp: Any, question: Any) -> None:
        self._pdp = pdp
        self._question = json.dumps(question).encode()

    def outcome(self) -> list[str] | str:
        """`allow`, or the codes of the denial."""
        answer = self._pdp.ask(DECISION, self._question, deadline=time.monotonic() + 5).result
        if answer["decision"] is True:
            return "allow"
        return [reason["code"] for reason in answer["context"]["reasons"]]


@pytest.fixture
def asker(opa: Opa, scene) -> Iterator[Asker]:
    pdp = OpaServer(opa.url, token="pep")
    yield Asker(pdp, scene.question)
    pdp.close()


@contextlib.contextmanager
def writing(url: str, *, seconds: float = 2.0, token: str | None = "writer") -> Iterator[OpaLive]:
    target = OpaLive(url, token, seconds=seconds)
    try:
        yield target
    finally:
        target.close()


@pytest.fixture
def target(opa: Opa) -> Iterator[OpaLive]:
    with writing(opa.url) as target:
        yield target


STALE = ["task.revocation_feed_stale"]


def denied_as_ended(outcome: list[str] | str) -> bool:
    return outcome != "allow" and "task.ended" in outcome


# --- what is said is in force --------------------------------------------------------------


def test_nothing_is_allowed_before_the_feed_is_there(feed, target, asker) -> None:
    outcome = asker.outcome()
    assert outcome != "allow"
    assert set(STALE) <= set(outcome)
    Course("opa", target).beat(feed)
    assert asker.outcome() == "allow"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda feed: feed.end(TASK), "task.ended"),
        (lambda feed: feed.revoke(TOKEN), "task.ended"),
        (lambda feed: feed.kill("fleet"), "emergency.kill_switch"),
        (lambda feed: feed.kill(f"agent:{AGENT}"), "emergency.kill_switch"),
        (lambda feed: feed.kill(f"task:{TASK}"), "emergency.kill_switch"),
    ],
    ids=["end", "revoke", "fleet", "agent", "task"],
)
def test_what_is_said_holds_with_the_next_beat(feed, target, asker, change, code) -> None:
    course = Course("opa", target)
    course.beat(feed)
    assert asker.outcome() == "allow"
    change(feed)
    course.beat(feed)
    assert code in asker.outcome()
    course.beat(feed)
    assert code in asker.outcome()
    coherent(target.read())


def test_a_switch_taken_back_lets_work_go_on(feed, target, asker) -> None:
    course = Course("opa", target)
    feed.kill("fleet")
    course.beat(feed)
    assert "emergency.kill_switch" in asker.outcome()
    feed.release("fleet")
    course.beat(feed)
    assert asker.outcome() == "allow"


def test_the_thousandth_ended_task_does_not_lose_the_first(feed, target, asker) -> None:
    course = Course("opa", target)
    feed.end(TASK)
    for number in range(200):
        feed.end(f"other/{number}~")
        if number % 50 == 0:
            course.beat(feed)
    course.beat(feed)
    assert denied_as_ended(asker.outcome())
    assert len(target.read()["ended"]) == 202
    coherent(target.read())


def test_a_feed_of_many_entries_is_pushed_and_read_back(feed, target, tmp_path) -> None:
    many = 60_000  # more than 4 MiB of JSON
    rows = ((f"{number:070d}", number + 1) for number in range(many))
    with contextlib.closing(sqlite3.connect(tmp_path / "live.sqlite")) as file, file:
        file.executemany("INSERT INTO entries VALUES ('revoked', ?, 1800000000, ?)", rows)
        file.execute("UPDATE feed SET seq = ?", (many,))
    course = Course("opa", target)
    course.beat(feed)
    feed.end(TASK)
    course.beat(feed)
    began = time.monotonic()
    course.beat(feed)
    assert time.monotonic() - began < 0.5


def grow(file: Path, many: int) -> None:
    """Revoke as many ids at once, as an owner has who was away: only the whole brings them."""
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        (seq,) = connection.execute("SELECT seq FROM feed").fetchone()
        rows = ((f"{number:036d}", seq + number + 1) for number in range(many))
        connection.executemany("INSERT INTO entries VALUES ('revoked', ?, 1800000000, ?)", rows)
        connection.execute("UPDATE feed SET seq = ?, whole_since = ?", (seq + many, seq + many))


def while_pushed(course: Course, feed: LiveFeed, asker: Asker) -> list[list[str] | str]:
    """Push, and return what came of every question meanwhile and of one after it."""
    outcomes = []
    with ThreadPoolExecutor(1) as pool:
        pushed = pool.submit(course.beat, feed)
        while not pushed.done():
            outcomes.append(asker.outcome())
            time.sleep(0.02)
    pushed.result()
    return [*outcomes, asker.outcome()]


def test_a_feed_larger_than_a_request_is_put_in_parts_and_never_half_in_force(
    feed, opa, asker, tmp_path
) -> None:
    """
    What was ended stays ended before, while and after, and an OPA that holds a feed keeps it while
    it is given the next one.
    """
    with writing(opa.url, seconds=60) as target:
        _put_in_parts(feed, opa, target, asker, tmp_path)


def _put_in_parts(feed, opa, target, asker, tmp_path) -> None:
    many = 15_000  # three requests of JSON, and parts of few operations
    course = Course("opa", target)
    feed.end(TASK)
    course.beat(feed)
    grow(tmp_path / "live.sqlite", many)

    outcomes = while_pushed(course, feed, asker)
    assert all(denied_as_ended(outcome) for outcome in outcomes)
    assert not any(set(STALE) & set(outcome) for outcome in outcomes[:2] + outcomes[-1:])
    now = target.read()
    coherent(now)
    assert len(now["revoked"]) == many + 1

    opa.stop(signal_number=signal.SIGKILL)
    opa.start()
    with pytest.raises(InvalidAnswer):
        course.beat(feed)
    outcomes = while_pushed(course, feed, asker)
    assert all(denied_as_ended(outcome) or set(STALE) <= set(outcome) for outcome in outcomes)
    assert denied_as_ended(outcomes[-1])
    coherent(target.read())

    # What leaves a feed as large is taken out of it.
    feed.kill("fleet")
    course.beat(feed)
    feed.release("fleet")
    course.beat(feed)
    assert denied_as_ended(asker.outcome())
    assert target.read()["switches"] == {"_": 0}
    coherent(target.read())


# --- nothing re-opens what was ended -------------------------------------------------------


def test_opa_restarted_re_opens_nothing(feed, opa, target, asker) -> None:
    course = Course("opa", target)
    feed.end(TASK)
    course.beat(feed)
    opa.stop(signal_number=signal.SIGKILL)
    with pytest.raises(Unreachable):
        course.beat(feed)
    opa.start()
    assert set(STALE) <= set(asker.outcome())
    course.beat(feed)
    assert denied_as_ended(asker.outcome())
    coherent(target.read())


def test_opa_restarted_between_two_beats_re_opens_nothing(feed, opa, target, asker) -> None:
    course = Course("opa", target)
    feed.end(TASK)
    course.beat(feed)
    opa.stop(signal_number=signal.SIGKILL)
    opa.start()
    with pytest.raises(InvalidAnswer) as refused:
        course.beat(feed)
    assert refused.value.code == "live.emptied"
    assert set(STALE) <= set(asker.outcome())
    course.beat(feed)
    assert denied_as_ended(asker.outcome())


@pytest.mark.parametrize("ended", [False, True], ids=["of an empty feed", "of a full one"])
def test_a_heartbeat_alone_on_an_emptied_opa_is_refused_whole(
    feed, opa, target, asker, ended
) -> None:
    if ended:
        feed.end(TASK)
    head = [{"op": "replace", "path": "/head", "value": feed.snapshot()["head"]}]
    with pytest.raises(InvalidAnswer):
        target.heartbeat(head)
    with pytest.raises(InvalidAnswer):
        target.heartbeat([{"op": "add", "path": "/ended/x", "value": 1}, *head])
    assert target.read() is None
    assert set(STALE) <= set(asker.outcome())


def test_a_head_over_another_state_of_the_feed_is_no_head(feed, target, asker) -> None:
    """The policy itself sees it, in the second before the pusher does."""
    Course("opa", target).beat(feed)
    assert asker.outcome() == "allow"
    feed.end(TASK)
    target.heartbeat([{"op": "replace", "path": "/head", "value": feed.snapshot()["head"]}])
    assert set(STALE) <= set(asker.outcome())


def test_a_second_owner_re_opens_nothing(feed, target, asker, tmp_path) -> None:
    other = LiveFeed(tmp_path / "other.sqlite", KEY)
    course = Course("opa", target)
    feed.end(TASK)
    course.beat(feed)
    # Another owner's whole feed is believed: it is signed. The next beat of this one finds it.
    target.push_live(other.snapshot())
    with pytest.raises(InvalidAnswer):
        course.beat(feed)
    course.beat(feed)
    assert denied_as_ended(asker.outcome())
    other.close()


def test_an_old_feed_put_back_is_found_with_the_next_change(feed, target, asker) -> None:
    course = Course("opa", target)
    course.beat(feed)
    old = target.read()
    feed.end(TASK)
    course.beat(feed)
    target.push_live(old)
    feed.end("task-2")
    with pytest.raises(InvalidAnswer):
        course.beat(feed)
    course.beat(feed)
    assert denied_as_ended(asker.outcome())


@pytest.mark.parametrize("cut", ["there", "back"])
def test_a_lost_push_followed_by_a_good_heartbeat_re_opens_nothing(feed, opa, asker, cut) -> None:
    wire = Wire(opa.port)
    with writing(wire.url) as target:
        course = Course("opa", target)
        course.beat(feed)
        feed.end(TASK)
        wire.cut = cut
        with pytest.raises(DecisionUnavailable):
            course.beat(feed)
        wire.cut = ""
        feed.end("task-2")
        course.beat(feed)
        course.beat(feed)
        assert denied_as_ended(asker.outcome())
        assert target.read()["ended"].keys() == {"_", TASK, "task-2"}
        coherent(target.read())
    wire.close()


def test_a_push_that_arrives_late_re_opens_nothing(feed, opa, asker) -> None:
    with writing(opa.url, seconds=0.3) as hasty, writing(opa.url) as target:
        late, course = Course("late", hasty), Course("opa", target)
        course.beat(feed)
        opa.process.send_signal(signal.SIGSTOP)
        with pytest.raises(Timeout):
            late.beat(feed)  # whole, without the end; it waits in OPA's queue
        feed.end(TASK)
        opa.process.send_signal(signal.SIGCONT)
        until = time.monotonic() + 5
        while True:
            with contextlib.suppress(InvalidAnswer):
                course.beat(feed)
                if "task-1" in target.read()["ended"]:
                    break
            assert time.monotonic() < until
        time.sleep(0.2)
        with contextlib.suppress(InvalidAnswer):
            course.beat(feed)
        course.beat(feed)
        assert denied_as_ended(asker.outcome())


@pytest.mark.parametrize("ahead", [6, 3600, 10**9])
def test_a_feed_from_the_future_is_stale(tmp_path, target, asker, ahead) -> None:
    feed = LiveFeed(tmp_path / "live.sqlite", KEY, now=lambda: time.time() + ahead)
    feed.end(TASK)
    Course("opa", target).beat(feed)
    assert set(STALE) <= set(asker.outcome())
    feed.close()


def test_a_feed_that_nobody_keeps_up_is_stale(tmp_path, target, asker) -> None:
    feed = LiveFeed(tmp_path / "live.sqlite", KEY, now=lambda: time.time() - 61)
    Course("opa", target).beat(feed)
    assert set(STALE) <= set(asker.outcome())
    feed.close()


def test_a_feed_of_another_key_is_stale(tmp_path, target, asker) -> None:
    feed = LiveFeed(tmp_path / "live.sqlite", SigningKey.generate())
    Course("opa", target).beat(feed)
    assert set(STALE) <= set(asker.outcome())
    feed.close()


# --- who may write -------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "pep", "other"])
def test_only_the_feeds_writer_writes_it(feed, opa, token) -> None:
    with writing(opa.url, token=token) as target:
        with pytest.raises(Unreachable, match="refused this caller"):
            target.push_live(feed.snapshot())
        with pytest.raises(Unreachable):
            target.heartbeat([{"op": "replace", "path": "/head", "value": "x"}])
        with pytest.raises(Unreachable):
            target.read()


def test_the_feeds_writer_writes_nothing_else(opa) -> None:
    with writing(opa.url) as target:
        endpoint = target._endpoint
        for method, path in [
            ("PUT", "/v1/data/live"),
            ("PUT", "/v1/data/deployment"),
            ("PATCH", "/v1/data"),
            ("PATCH", "/v1/data/live"),
            ("PUT", "/v1/policies/x"),
            ("GET", "/v1/data"),
            ("DELETE", "/v1/data/live/now"),
        ]:
            sent = endpoint.send(method, path, b"{}", deadline=time.monotonic() + 5)
            assert sent.status in (401, 403), (method, path)


# --- the loop ------------------------------------------------------------------------------


@contextlib.contextmanager
def pushing(feed: LiveFeed, targets: dict[str, Any]) -> Iterator[None]:
    stop = threading.Event()
    pusher = Pusher(feed, targets, interval=0.2)
    runner = threading.Thread(target=pusher.run, args=(stop,))
    runner.start()
    try:
        yield
    finally:
        stop.set()
        runner.join(10)


def eventually(fact: Any, seconds: float = 10.0) -> float:
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)
    return time.monotonic() - began


def test_every_opa_is_kept_up_to_date_and_one_that_is_down_holds_up_none(
    feed, opa, asker, bundle, scene
) -> None:
    down = Opa("-b", str(bundle), *CLOSED)
    pdp = OpaServer(down.url, token="pep")
    other = Asker(pdp, scene.question)
    with writing(opa.url) as near, writing(down.url) as far:
        with pushing(feed, {"near": near, "far": far}):
            eventually(lambda: asker.outcome() == other.outcome() == "allow")
            down.stop()
            feed.end(TASK)
            assert eventually(lambda: denied_as_ended(asker.outcome())) < 1
            down.start()
            assert other.outcome() != "allow"
            eventually(lambda: denied_as_ended(other.outcome()))
        faults = {note.target: note.fault for note in feed.acknowledgements()}
        assert faults == {"near": "", "far": ""}
    pdp.close()
    down.close()


def test_opa_before_its_first_bundle_gets_the_feed_once_it_is_there(
    feed, bundle, scene, tmp_path
) -> None:
    served = tmp_path / "served"
    served.mkdir()
    quiet = functools.partial(_QuietFiles, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), quiet) as files:
        threading.Thread(target=files.serve_forever, daemon=True).start()
        opa = Opa(
            *CLOSED,
            f"--set=services.late.url=http://127.0.0.1:{files.server_port}",
            "--set=bundles.policy.service=late",
            "--set=bundles.policy.resource=policy.tar.gz",
            "--set=bundles.policy.polling.min_delay_seconds=1",
            "--set=bundles.policy.polling.max_delay_seconds=1",
        )
        pdp = OpaServer(opa.url, token="pep")
        asker = Asker(pdp, scene.question)
        with writing(opa.url) as target, pushing(feed, {"opa": target}):
            feed.end(TASK)
            eventually(lambda: any("HTTP 500" in n.fault for n in feed.acknowledgements()))
            with pytest.raises(Unreachable):
                asker.outcome()
            assert not pdp.health()
            engines.build(bundle, served / "policy.tar.gz")
            eventually(pdp.health)
            eventually(lambda: denied_as_ended(asker.outcome()))
        pdp.close()
        opa.close()
        files.shutdown()


class _QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_the_embedded_engine_is_fed_alike(feed, scene, tmp_path) -> None:
    keys = signing_keys(tmp_path)
    wasm = build_wasm(
        [RULES], tmp_path / "policy.wasm.tar.gz", keys=keys, roots=["inbounds", "system"]
    )
    policy = EmbeddedPolicy(
        wasm,
        key=keys.public,
        deployment=scene.deployment,
        live={"baseline": empty_lists()},
    )
    asker, course = Asker(policy, scene.question), Course("embedded", policy)
    assert asker.outcome() != "allow"
    course.beat(feed)
    assert asker.outcome() == "allow"
    feed.end(TASK)
    course.beat(feed)
    assert denied_as_ended(asker.outcome())
    policy.close()


# --- the command line ----------------------------------------------------------------------


PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from inbounds_tools.cli import main; sys.exit(main())",
]


def inbounds(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "live", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_line_feeds_and_ends(opa, asker, tmp_path) -> None:
    store, key, token = tmp_path / "live.sqlite", tmp_path / "feed.pem", tmp_path / "token"
    KEY.write(key)
    token.write_text("writer\n")
    LiveFeed(store).close()

    alone = inbounds("end", "task-0", "--store", str(store), "--wait", "0.2", "--json")
    assert alone.returncode == 2, alone.stderr
    assert json.loads(alone.stdout)["in_force"] is False
    written = inbounds("end", "task-00", "--store", str(store), "--wait", "0", "--json")
    assert written.returncode == 0, written.stderr

    command = [
        *(*PROGRAM, "live", "serve", "--json"),
        *("--opa", opa.url, "--token-file", str(token)),
        *("--store", str(store), "--key", str(key), "--interval", "0.2"),
    ]
    serve = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: asker.outcome() == "allow", 30)
        for words, code in [
            (("kill", "fleet"), "emergency.kill_switch"),
            (("release", "fleet"), None),
            (("revoke", TOKEN), "task.ended"),
            (("end", TASK), "task.ended"),
        ]:
            done = inbounds(*words, "--store", str(store), "--json")
            assert done.returncode == 0, (words, done.stdout, done.stderr)
            assert json.loads(done.stdout)["in_force"] is True
            assert asker.outcome() == "allow" if code is None else code in asker.outcome()
        opa.stop()
        late = inbounds("end", "task-9", "--store", str(store), "--wait", "1")
        assert late.returncode == 2, late.stderr
        assert "may not have it" in late.stdout
    finally:
        serve.send_signal(signal.SIGTERM)
        out, err = serve.communicate(timeout=10)
    assert serve.returncode == 0, err
    assert json.loads(out)["targets"] == [opa.url]
    assert "writer" not in out + err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("kill", "everything"), "live.not_a_switch"),
        (("end", ""), "live.not_an_id"),
    ],
)
def test_a_mistake_on_the_command_line_changes_nothing(tmp_path, words, code) -> None:
    LiveFeed(tmp_path / "live.sqlite").close()
    done = inbounds(*words, "--store", str(tmp_path / "live.sqlite"), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == code
