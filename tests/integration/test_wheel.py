"""A policy author with nothing but the installed wheel and OPA: a rule in an empty folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from tests import engines, scenes, shipping
from tests.integration.test_bundles import CODE, OUTSIDE, write_rule

RUN = "import sys; from inbounds_tools.cli import main; sys.exit(main())"
EMBEDDED = """\
import json, pathlib, sys, time
import inbounds
from inbounds.engine.embedded import EmbeddedPolicy

asked = json.loads(pathlib.Path("asked.json").read_text())
(bundle,) = pathlib.Path("dist").glob("policy-*.wasm.tar.gz")
policy = EmbeddedPolicy(bundle, key="release.pub", live=asked["live"])
reply = policy.ask(
    "inbounds/main/decision", json.dumps(asked["question"]).encode(), deadline=time.monotonic() + 30
)
policy.close()
print(json.dumps({"home": inbounds.__file__, "answer": reply.result}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The content of the wheel, unpacked as an installer does."""
    shipping.make_assets()
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=scenes.ROOT, check=True, capture_output=True)
    (packed,) = out.glob("*.whl")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(out / "site")
    return out / "site"


@pytest.fixture
def author(tmp_path, wheel):
    """An empty folder, and a shell in it that knows the wheel and an OPA on the PATH."""
    (tmp_path / "bin").mkdir()
    shutil.copy2(engines.opa_binary(), tmp_path / "bin" / "opa")
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    environment = {**kept, "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(wheel)}
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty", environment


def run(author, *arguments, program=RUN):
    folder, environment = author
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_carries_what_a_policy_author_needs(wheel):
    assets = wheel / "inbounds" / "_assets"
    assert (assets / "rego/inbounds/main/main.rego").exists()
    assert (assets / "rego/system/authz/authz.rego").exists()
    assert (assets / "rego/inbounds/lib/fixtures/fixtures_test.rego").exists()
    assert (assets / "rego/inbounds/lib/fixtures/scene.json").exists()
    assert (assets / "schemas/question.json").exists()
    assert (assets / "capabilities.json").exists()
    assert (assets / "opa/config.yaml").exists()
    assert "PUBLIC" in (assets / "keys/release.pub").read_text()
    private = re.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----")
    assert not [path for path in wheel.rglob("*") if private.search(read(path))]


def read(path: Path) -> str:
    return path.read_bytes().decode("latin-1") if path.is_file() else ""


def test_the_wheel_holds_the_three_packages_alone(wheel):
    packages = {path.name for path in wheel.iterdir() if not path.name.endswith(".dist-info")}
    assert packages == {"inbounds", "inbounds_tools", "inbounds_server"}


def test_a_rule_in_an_empty_folder_shows_its_code_on_both_engines(author):
    folder, environment = author
    write_rule(folder / "site")
    shipping.deployment_folder(folder / "deployment")
    engines.signing_keys(folder)
    stage = scenes.staged(OUTSIDE, now=time.time())

    source = ("--site", "site", "--deployment", "deployment")
    run(author, "bundle", "build", *source, "--key", "release.pem", "-o", "dist")
    verified = run(
        author, "bundle", "verify", *map(str, (folder / "dist").iterdir()), "--key", "release.pub"
    )
    assert verified.count("ok ") == 5

    (folder / "asked.json").write_text(json.dumps({"question": stage.question, "live": stage.live}))
    embedded = json.loads(run(author, program=EMBEDDED))
    assert embedded["home"].startswith(environment["PYTHONPATH"])
    assert [reason["code"] for reason in embedded["answer"]["context"]["reasons"]] == [CODE]

    port = engines.free_port()
    serve = [sys.executable, "-c", RUN, "serve", "dist", "--key", "release.pub"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [*serve, "--addr", f"127.0.0.1:{port}"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert "serving" in process.stdout.readline()
            client = shipping.Client(f"http://127.0.0.1:{port}")
            client.put_feed(stage.live["now"])
            answer = client.ask(stage.question)
        finally:
            process.send_signal(signal.SIGTERM)
    # All of it: one policy, two engines, one answer.
    assert answer == embedded["answer"]


def test_a_first_rule_is_written_and_tried_with_the_wheel_and_opa_alone(author):
    run(author, "new", "rule", "payroll/after_hours")
    assert "passed" in run(author, "test", "site/")
