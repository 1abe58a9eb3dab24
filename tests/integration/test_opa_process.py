"""An OPA of our own: what it is started with, when it is ready, and how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import authority, engines, scenes, shipping

from inbounds.engine import assets
from inbounds.engine.bundle import SignedBundle
from inbounds.errors import ConfigurationError, Unreachable
from inbounds.pdp.opa import OpaServer
from inbounds.process import clock
from inbounds_tools.bundle.archive import unpack
from inbounds_tools.opa import config
from inbounds_tools.opa import process as pdp_process
from inbounds_tools.opa.process import OpaProcess

SOON = 15.0
"""How many seconds an OPA may take until it answers."""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> shipping.Dist:
    """The bundles for an OPA, and the keys that sign them."""
    return shipping.Dist(tmp_path_factory.mktemp("dist"))


def bundles_of(dist: shipping.Dist) -> list[Path]:
    return [path for kind, path in dist.built.files.items() if kind != "wasm"]


@contextlib.contextmanager
def started(dist: shipping.Dist, log: Path, **options: Any) -> Iterator[OpaProcess]:
    given: dict[str, Any] = {
        "key": dist.keys.public,
        "opa": dist.opa,
        "template": assets.opa_config(),
        "address": f"127.0.0.1:{engines.free_port()}",
        **options,
    }
    bundles = given.pop("bundles", None) or bundles_of(dist)
    with log.open("wb") as stream, OpaProcess(bundles, log=stream, **given) as process:
        yield process


def program(folder: Path, *lines: str) -> Path:
    """An OPA that is none."""
    path = folder / "opa"
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made, and nothing else."""
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_it_serves_the_bundles_and_ends_with_its_block(
    dist: shipping.Dist, tmp_path: Path, scratch: Path
) -> None:
    log = tmp_path / "opa.log"
    with started(dist, log) as process:
        assert process.url == f"http://{process.address}"
        process.wait_ready(SOON)
        server = OpaServer(process.url)
        assert server.health()
        server.close()
        (folder,) = scratch.iterdir()
        assert folder.name.startswith("inbounds-opa-")
    assert process.process.returncode == 0
    # Nothing of it is left behind.
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("level", [None, "info"])
def test_what_a_rule_prints_is_not_written(
    dist: shipping.Dist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str | None
) -> None:
    """
    A bundle that was made around the build holds a `print`; an OPA that logs more would write it.
    """
    bundle = dist.built.files["rego"]
    name = "inbounds/rules/request/malformed/malformed.rego"
    text = unpack(bundle.read_bytes())[name].decode()
    silent = "ruled_out if shape.ordinary"
    assert silent in text
    printing = text.replace(
        silent, 'ruled_out if {\n\tprint("seen", input.subject.id)\n\tshape.ordinary\n}'
    )
    path = tmp_path / "policy-printing.tar.gz"
    path.write_bytes(dist.signed_again(bundle, dist.keys.private, {name: printing.encode()}))
    if level is not None:

        def talkative(*arguments: Any, **options: Any) -> list[str]:
            return [level if each == "error" else each for each in command(*arguments, **options)]

        command = config.command
        monkeypatch.setattr(config, "command", talkative)

    bundles = [path if each == bundle else each for each in bundles_of(dist)]
    log = tmp_path / "log"
    with started(dist, log, bundles=bundles) as process:
        process.wait_ready(SOON)
        question = scenes.staged().question
        question["subject"]["id"] = "kanarienvogel"
        shipping.Client(process.url).ask(question)
    written = log.read_bytes()
    assert (b'"msg":"seen kanarienvogel"' in written) == (level is not None)
    assert b'"msg":"Decision Log"' in written


def test_the_revision_of_each_bundle(dist: shipping.Dist, tmp_path: Path) -> None:
    with started(dist, tmp_path / "log") as process:
        kinds = {kind for kind in dist.built.files if kind != "wasm"}
        assert process.revisions.keys() == kinds
        assert all(process.revisions.values())


def test_on_a_unix_socket(dist: shipping.Dist, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as short:
        address = f"unix://{short}/s"
        with started(dist, tmp_path / "log", address=address) as process:
            process.wait_ready(SOON)
            assert process.url == address
            server = OpaServer(process.url)
            assert server.health()
            server.close()
            process.address += "-elsewhere"
            with pytest.raises(Unreachable):
                process.wait_ready(0.2)


def test_with_tls(dist: shipping.Dist, tmp_path: Path) -> None:
    ours = authority.Authority(tmp_path)
    certificate = ours.certificate()
    with started(dist, tmp_path / "log", certificate=(certificate, certificate)) as process:
        process.wait_ready(SOON)
        assert process.url == f"https://{process.address}"
        server = OpaServer(process.url, verify=str(ours.file))
        assert server.health()
        server.close()


def test_it_takes_no_bundle_that_another_key_has_signed(
    dist: shipping.Dist, tmp_path: Path
) -> None:
    other = engines.signing_keys(tmp_path)
    with pytest.raises(ConfigurationError), started(dist, tmp_path / "log", key=other.public):
        pass


def test_every_part_of_a_policy_is_needed(dist: shipping.Dist, tmp_path: Path) -> None:
    """
    Without one of its bundles it would decide without what is in it.
    """
    everything = bundles_of(dist)
    for path in everything:
        rest = [each for each in everything if each != path]
        if rest:
            with (
                pytest.raises(ConfigurationError, match="no bundle holds") as refused,
                started(dist, tmp_path / "log", bundles=rest),
            ):
                pass
            assert refused.value.code == "bundle.missing"


def bundle(artefact: str, *roots: str, revision: str = "r") -> SignedBundle:
    """A bundle whose signature has been verified, as far as a set is looked through."""
    inbounds = {"artefact": artefact} if artefact else {}
    manifest = {"revision": revision, "roots": roots, "metadata": {"inbounds": inbounds}}
    return SignedBundle(files={}, manifest=manifest, data={}, modules={})


NEEDED = ("inbounds", "system/authz", "system/log", "deployment", "live/baseline")


@pytest.mark.parametrize("missing", NEEDED)
def test_what_a_set_must_hold(missing: str) -> None:
    held = [root for root in NEEDED if root != missing]
    with pytest.raises(ConfigurationError) as refused:
        pdp_process._complete({Path("a"): bundle("rego", *held)})
    assert refused.value.code == "bundle.missing"
    assert refused.value.message == f"no bundle holds {missing}"


def test_a_set_in_several_bundles() -> None:
    parts = {
        Path("a.tar.gz"): bundle("rego", *NEEDED[:2], revision="1"),
        Path("b.tar.gz"): bundle("", *NEEDED[2:], revision="2"),
    }
    assert pdp_process._complete(parts) == {"rego": "1", "b.tar.gz": "2"}


def test_two_bundles_of_a_kind() -> None:
    parts = {Path("a"): bundle("rego", *NEEDED), Path("b"): bundle("rego")}
    with pytest.raises(ConfigurationError, match="`rego`") as refused:
        pdp_process._complete(parts)
    assert refused.value.code == "bundle.ambiguous"


def test_what_does_not_run(dist: shipping.Dist, tmp_path: Path, scratch: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="does not run") as refused,
        started(dist, tmp_path / "log", opa=tmp_path / "missing"),
    ):
        pass
    assert refused.value.code == "opa.missing"
    assert list(scratch.iterdir()) == []


def test_what_ends_before_it_answers(dist: shipping.Dist, tmp_path: Path) -> None:
    with started(dist, tmp_path / "log", opa=program(tmp_path, "exit 3")) as process:
        with pytest.raises(ConfigurationError, match="ended with 3") as refused:
            process.wait_ready(SOON)
        assert refused.value.code == "opa.ended"
        assert process.stop() == 3


def test_an_address_that_is_taken(dist: shipping.Dist, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            started(dist, tmp_path / "log", address=address) as process,
            pytest.raises(ConfigurationError) as refused,
        ):
            process.wait_ready(SOON)
    assert refused.value.code == "opa.ended"


def test_what_does_not_answer_in_time(dist: shipping.Dist, tmp_path: Path) -> None:
    silent = program(tmp_path, "exec sleep 60")
    with started(dist, tmp_path / "log", opa=silent) as process:
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"within 0\.3 s") as refused:
            process.wait_ready(0.3)
        assert 0.3 <= time.monotonic() - began < 1.5
        assert process.address in refused.value.message
        with pytest.raises(Unreachable):
            process.wait_ready(0)


UNHEALTHY = """
import http.server, socketserver, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

where = sys.argv[sys.argv.index("--diagnostic-addr") + 1]
socketserver.UnixStreamServer(where.removeprefix("unix://"), Answer).serve_forever()
"""


def test_what_is_not_healthy_is_not_ready(dist: shipping.Dist, tmp_path: Path) -> None:
    """
    It listens before its bundles are there.
    """
    (tmp_path / "unhealthy.py").write_text(UNHEALTHY)
    unhealthy = program(tmp_path, f'exec "{sys.executable}" "{tmp_path}/unhealthy.py" "$@"')
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with (
            started(dist, tmp_path / "log", opa=unhealthy, address=address) as process,
            pytest.raises(Unreachable),
        ):
            process.wait_ready(1)


def test_thirty_seconds_by_default(
    dist: shipping.Dist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monotonic, began = clock.monotonic, clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: began + 50 * (monotonic() - began))
    silent = program(tmp_path, "exec sleep 60")
    with started(dist, tmp_path / "log", opa=silent) as process:
        with pytest.raises(Unreachable, match="within 30 s"):
            process.wait_ready()
        assert 30 <= clock.monotonic() - began < 120


def test_what_answers_elsewhere_is_not_ready(dist: shipping.Dist, tmp_path: Path) -> None:
    """
    Its health is asked for on a socket of its own; others ask where it was told to listen.
    """
    with started(dist, tmp_path / "log") as process:
        process.wait_ready(SOON)
        real, process.address = process.address, f"127.0.0.1:{engines.free_port()}"
        with pytest.raises(Unreachable):
            process.wait_ready(0.2)
        for there in (real, real.replace("127.0.0.1", ""), real.replace("127.0.0.1", "localhost")):
            process.address = there
            process.wait_ready(1)


def test_it_finishes_what_it_has_begun(dist: shipping.Dist, tmp_path: Path) -> None:
    polite = program(tmp_path, "trap 'sleep 0.3; exit 7' TERM", "while :; do sleep 0.05; done")
    with started(dist, tmp_path / "log", opa=polite) as process:
        time.sleep(0.2)
        assert process.stop() == 7
        assert process.stop() == 7


def test_it_is_killed_where_it_does_not_end(
    dist: shipping.Dist, tmp_path: Path, scratch: Path
) -> None:
    deaf = program(tmp_path, "trap '' TERM", "while :; do sleep 0.05; done")
    with started(dist, tmp_path / "log", opa=deaf) as process:
        time.sleep(0.2)
        began = time.monotonic()
        assert process.stop(0.3) == -signal.SIGKILL
        assert 0.3 <= time.monotonic() - began < 2
    assert list(scratch.iterdir()) == []


def test_it_is_ended_where_its_block_fails(dist: shipping.Dist, tmp_path: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), started(dist, tmp_path / "log") as process:
        raise ZeroDivisionError
    assert process.process.poll() is not None


def test_its_log_goes_to_standard_error_by_default(dist: shipping.Dist, tmp_path: Path) -> None:
    """
    Standard output is for what `inbounds serve` says itself.
    """
    talking = program(tmp_path, "echo out; echo err >&2; exit 0")
    read, write = os.pipe()
    kept = os.dup(2)
    os.dup2(write, 2)
    try:
        process = OpaProcess(
            bundles_of(dist), key=dist.keys.public, opa=talking, template=assets.opa_config()
        )
        assert process.process.wait(5) == 0
        process.stop()
    finally:
        os.dup2(kept, 2)
        os.close(write)
        os.close(kept)
    with os.fdopen(read) as said:
        assert sorted(said.read().split()) == ["err", "out"]
    assert process.address == "127.0.0.1:8181"


def test_a_system_without_unix_sockets(
    dist: shipping.Dist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    monkeypatch.setattr(subprocess, "Popen", None)
    with pytest.raises(ConfigurationError) as refused, started(dist, tmp_path / "log"):
        pass
    assert refused.value.code == "configuration.no_unix_sockets"
