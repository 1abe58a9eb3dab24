"""What whoever reaches an OPA without a token can cost it, and whom that shuts out."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import yaml
from tests import engines, scenes, shipping

from inbounds.engine import assets
from inbounds.engine import bundle as verify
from inbounds.errors import DecisionUnavailable
from inbounds.identity.signing_keys import SigningKey
from inbounds.live import LiveFeed, coherent
from inbounds.live.push import Course
from inbounds.pdp import DECISION
from inbounds.pdp.opa import MAX_REQUEST, OpaServer
from inbounds.pdp.opa_live import OpaLive
from inbounds_tools.opa import config as opa_config
from inbounds_tools.opa.process import OpaProcess

PATH = "/v1/data/inbounds/main/decision"
PATIENCE = 120.0
MIB = 2**20
BINARIES = [
    path
    for name in ("opa", "opa-oldest")
    if (path := engines.ROOT / ".tools/bin" / name).exists() or name == "opa"
]


@pytest.fixture(scope="module", params=BINARIES, ids=lambda path: path.name)
def opa(request, tmp_path_factory):
    """An OPA as it is shipped, with the memory that an operator's takes, and its process."""
    dist = shipping.Dist(tmp_path_factory.mktemp("strangers"))
    with (
        pytest.MonkeyPatch.context() as environment,
        (tmp_path_factory.mktemp("log") / "log").open("wb") as log,
    ):
        environment.delenv("GOGC", raising=False)
        process = OpaProcess(
            [path for kind, path in dist.built.files.items() if kind != "wasm"],
            key=dist.keys.public,
            opa=request.param,
            template=shipping.TEMPLATE,
            address=f"127.0.0.1:{engines.free_port()}",
            log=log,
        )
        with process:
            process.wait_ready()
            yield shipping.Client(process.url), process.process.pid


def peak(pid: int) -> int:
    """How much memory a process has had at most, in MiB."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) // 1024


def send(url: str, body: bytes, *headers: str, method: str = "POST", chunked: bool = False) -> int:
    """Send what a stranger may; return the status."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    lines = [f"{method} {PATH} HTTP/1.1", "Host: x", "Connection: close", *headers]
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        with contextlib.suppress(OSError):  # it may answer before it has read all
            connection.sendall("\r\n".join([*lines, length, "", ""]).encode())
            if chunked:
                connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            else:
                connection.sendall(body)
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            return 0
    return int(answer.split(b" ", 2)[1]) if answer else 0


def many(size: int) -> bytes:
    """A question of as many values as fit into this size, which cost OPA most."""
    return b'{"input":[' + b"[]," * ((size - 16) // 3) + b"0]}"


def anchors() -> bytes:
    """YAML whose aliases stand for far more than is written."""
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 9)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x]", *levels]).encode()


NOT_READ = {0, 400, 401, 413, 500}  # 0: the connection was closed without an answer
GZIP = {"headers": ["Content-Encoding: gzip"]}
YAML = {"headers": ["Content-Type: application/yaml"]}
REFUSED = {
    "32 kB that stand for 32 MiB": (50, gzip.compress(many(32 * MIB)), GZIP, {400}),
    "1 MiB": (50, many(MIB), {}, {400}),
    "1 MiB whose length is not said": (50, many(MIB), {"chunked": True}, NOT_READ),
    "32 MiB whose length is not said": (4, many(32 * MIB), {"chunked": True}, NOT_READ),
    "1 MiB to be written": (50, many(MIB), {"method": "PUT"}, {400, 401}),
    "aliases of YAML": (10, anchors(), YAML, {400, 401}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_stranger_sends_is_not_expanded_and_others_are_answered(opa, what):
    opa, pid = opa
    times, body, how, expected = REFUSED[what]
    how = dict(how)
    headers = how.pop("headers", [])
    before = peak(pid)
    question = scenes.staged(now=time.time()).question
    with ThreadPoolExecutor(times) as pool:
        sent = [pool.submit(send, opa.url, body, *headers, **how) for _ in range(times)]
        assert "decision" in opa.ask(question)
        got = {each.result() for each in sent}

    assert got <= expected
    assert "decision" in opa.ask(question)
    assert peak(pid) - before < 256


def test_what_is_read_before_it_is_known_who_asks_is_bounded(opa):
    """
    Ten at once of the largest and most costly questions: without the bound, one takes gigabytes.
    """
    opa, pid = opa
    question = scenes.staged(now=time.time()).question
    with ThreadPoolExecutor(10) as pool:
        sent = [pool.submit(send, opa.url, many(MAX_REQUEST)) for _ in range(10)]
        assert "decision" in opa.ask(question)
        assert {each.result() for each in sent} == {401}

    assert peak(pid) < 1024


SMALL = 512 * MIB


def long_scalar(size: int, times: int) -> bytes:
    """YAML whose aliases stand for one long text again and again."""
    return b'a: &a "%s"\nb: [%s]\n' % (b"x" * size, b",".join([b"*a"] * times))


BOMBS = {
    "of one long scalar": (long_scalar(100_000, 6000), "application/x-yaml"),
    "of one long scalar, by another type": (long_scalar(100_000, 6000), "text/yaml; charset=utf-8"),
    "of one long scalar, in the midst of a type": (long_scalar(100_000, 6000), "a/no-yaml-b"),
    "of a long list": (
        b"a: &a [%s]\nb: [%s]\n" % (b",".join([b"{}"] * 20_000), b",".join([b"*a"] * 1000)),
        "application/yaml",
    ),
}
"""What YAML stands for in gigabytes, written in 122 kB at most."""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process from outside")
@pytest.mark.parametrize("binary", BINARIES, ids=lambda path: path.name)
def test_yaml_that_stands_for_gigabytes_costs_no_more_than_the_limit(binary, tmp_path):
    """
    OPA expands it before it knows who asks, and has no setting for it. It ends where it would need
    more than its limit, and is started again.
    """
    dist = shipping.Dist(tmp_path)
    question = scenes.staged(now=time.time()).question
    ended: list[int] = []
    with (
        (tmp_path / "log").open("wb") as log,
        OpaProcess(
            [path for kind, path in dist.built.files.items() if kind != "wasm"],
            key=dist.keys.public,
            opa=binary,
            template=shipping.TEMPLATE,
            address=f"127.0.0.1:{engines.free_port()}",
            log=log,
            max_memory_bytes=SMALL,
        ) as process,
    ):
        process.wait_ready(PATIENCE)
        opa = shipping.Client(process.url)
        watcher = threading.Thread(target=process.serve, args=(ended.append,))
        watcher.start()
        for body, kind in BOMBS.values():
            before = len(ended)
            pid = process.process.pid
            limits = Path(f"/proc/{pid}/limits").read_text()
            assert re.search(rf"^Max data size +{SMALL} +{SMALL} ", limits, re.MULTILINE)

            got = send(opa.url, body, f"Content-Type: {kind}")

            assert got in NOT_READ
            if got == 0:
                until(lambda: len(ended) > before)  # noqa: B023 -- called at once
            until(lambda: answered(opa, question))
        process.stop()
        watcher.join(PATIENCE)
        assert not watcher.is_alive()

    assert set(ended) == {2}, "none made OPA exceed its limit"
    written = (tmp_path / "log").read_text()
    assert "out of memory" in written or "cannot allocate memory" in written


def answered(opa: shipping.Client, question: dict[str, object]) -> bool:
    """Whether OPA answers the question by now."""
    with contextlib.suppress(requests.RequestException):
        return "decision" in opa.ask(question)
    return False


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_connections_that_send_nothing_keep_nobody_waiting(opa):
    opa, _ = opa
    _, _, port = opa.url.rpartition(":")
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{"
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", int(port))))
            one.sendall(head.encode())
        assert "decision" in opa.ask(scenes.staged(now=time.time()).question)


# --- what the SDK sends fits ---------------------------------------------------------------


def test_a_feed_of_a_hundred_thousand_entries_is_put(opa, tmp_path):
    opa, pid = opa
    many, before = 100_000, peak(pid)
    feed = LiveFeed(tmp_path / "live.sqlite", SigningKey.generate())
    rows = ((f"{number:036d}", number + 1) for number in range(many))
    with contextlib.closing(sqlite3.connect(tmp_path / "live.sqlite")) as file, file:
        file.executemany("INSERT INTO entries VALUES ('revoked', ?, 1800000000, ?)", rows)
        file.execute("UPDATE feed SET seq = ?", (many,))
    target = OpaLive(opa.url, shipping.FEED_TOKEN, seconds=PATIENCE)
    question = scenes.staged(now=time.time()).question
    with contextlib.closing(feed), contextlib.closing(target), ThreadPoolExecutor(1) as pool:
        pushed = pool.submit(Course("opa", target).beat, feed)
        while not pushed.done():
            assert "decision" in opa.ask(question)
            time.sleep(0.05)
        pushed.result()
        now = target.read()

    coherent(now)
    assert len(now["revoked"]) == many + 1
    assert peak(pid) - before < 512


def test_the_configuration_and_the_sdk_have_one_bound():
    for file in (shipping.TEMPLATE, assets.opa_config()):
        assert yaml.safe_load(file.read_text())["server"] == {
            "decoding": {"max_length": MAX_REQUEST, "gzip": {"max_length": 1}}
        }


def test_a_bundle_is_bounded_before_its_signature_is_verified():
    made = [yaml.safe_load(shipping.TEMPLATE.read_text())]
    made.append(json.loads(opa_config.for_deployment_file(shipping.TEMPLATE, path="/d")))
    bundles = [bundle for config in made for bundle in config["bundles"].values()]
    assert len(bundles) == 5
    assert {bundle["size_limit_bytes"] for bundle in bundles} == {verify.MAX_BYTES}


def padded(size: int) -> bytes:
    """A question whose request has this size."""
    question = scenes.staged(now=time.time()).question
    question["action"]["properties"]["arguments"] = {"id": ""}
    bare = json.dumps(question).encode()
    at = bare.index(b'{"id": "') + len(b'{"id": "')
    return bare[:at] + b"x" * (size - len(b'{"input":}') - len(bare)) + bare[at:]


def test_the_largest_question_is_answered_and_a_larger_one_is_not_sent(opa):
    opa, _ = opa
    pdp = OpaServer(opa.url, token=shipping.PEP_TOKEN)
    deadline = time.monotonic() + PATIENCE
    assert pdp.ask(DECISION, padded(MAX_REQUEST), deadline=deadline).result["decision"] is False
    with pytest.raises(DecisionUnavailable) as refused:
        pdp.ask(DECISION, padded(MAX_REQUEST + 1), deadline=deadline)
    pdp.close()

    assert refused.value.code == "question.too_large"
    assert str(MAX_REQUEST) in str(refused.value)
