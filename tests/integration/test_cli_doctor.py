"""`inbounds doctor`, where all is well and where one thing is amiss, embedded and with an OPA."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import time

import pytest
from tests import engines, shipping
from tests.console import ASSISTANT, SCRIPT, called, environment, inbounds, python, set_effects

from inbounds.identity.signing_keys import SigningKey

TOKEN, FEED_TOKEN = "pep-token-of-the-test", "feed-token-of-the-test"


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


@pytest.fixture(scope="module")
def well(tmp_path_factory):
    folder = tmp_path_factory.mktemp("well")
    (folder / "app.py").write_text(ASSISTANT, "utf-8")
    assert called(folder, "init", "app.py").code == 0
    set_effects(folder, mail_read="read", mail_send="export")
    change(folder, "peps", "token_sha256: []", f"token_sha256: [{shipping.sha256(TOKEN)!r}]")
    change(
        folder,
        "settings",
        "feed_writers: {}",
        f"feed_writers: {{dev: [{shipping.sha256(FEED_TOKEN)!r}]}}",
    )
    (folder / "feed-token").write_text(FEED_TOKEN)
    return folder


@pytest.fixture
def folder(well, tmp_path):
    return shutil.copytree(well, tmp_path / "mine")


def change(folder, name, old, new):
    path = folder / "deployment" / f"{name}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture(scope="module")
def used_once(well, tmp_path_factory):
    """The folder after the assistant has run, with its evidence and its key."""
    folder = shutil.copytree(well, tmp_path_factory.mktemp("used") / "mine")
    assert python(folder, "app.py").code == 0
    return folder


@pytest.fixture
def used(used_once, tmp_path):
    return shutil.copytree(used_once, tmp_path / "mine")


def looked(folder, *arguments, **variables):
    done = called(folder, "doctor", *arguments, "--json", **variables)
    return done, done.json["findings"]


def amiss(findings):
    return [finding for finding in findings if finding["state"] in ("fix", "unknown")]


def test_where_all_is_well(folder):
    done = inbounds(folder, "doctor", "--json")
    findings = done.json["findings"]
    assert done.code == 0, amiss(findings)
    assert done.json["ok"] is True
    names = {finding["name"] for finding in findings}
    assert names >= {
        "settings",
        "decides",
        "policy",
        "deployment",
        "answers",
        "feed",
        "issuer",
        "evidence",
        "sessions",
        "opa",
    }
    said = called(folder, "doctor").out
    assert "all well" in said
    assert "the embedded policy, since INBOUNDS_PDP_URL is not set" in said


def test_nothing_is_made_by_looking(folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert called(folder, "doctor").code == 0
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("break_it", "name", "says"),
    [
        (lambda f: change(f, "tools", "effects: [read]", "effects: []"), "deployment", "mail.read"),
        (
            lambda f: change(f, "tools", "resource: mail\n", "resurce: mail\n"),
            "deployment",
            "resurce",
        ),
        (lambda f: shutil.rmtree(f / "deployment"), "deployment", "cannot be read"),
        (lambda f: shutil.rmtree(f / ".inbounds" / "issuer"), "issuer", "there is no issuer in"),
        (
            lambda f: change(f, "environments", "development: true", "development: false"),
            "issuer",
            "is not a development environment",
        ),
        (lambda f: change(f, "peps", "assistant-pep:", "other-pep:"), "issuer", "peps.yaml"),
        (lambda f: (f / ".inbounds" / "deployment.key").chmod(0o644), "evidence", "by others"),
        (lambda f: (f / ".inbounds" / "deployment.key").unlink(), "evidence", "is missing"),
        (lambda f: (f / ".inbounds" / "evidence.sqlite").write_text("no"), "evidence", "evidence"),
    ],
)
def test_one_thing_amiss_is_named_with_what_to_do(used, break_it, name, says):
    break_it(used)
    done, findings = looked(used)
    assert done.code == 1
    found = [finding for finding in amiss(findings) if finding["name"] == name]
    assert found
    assert says in found[0]["message"]
    assert all(finding["hint"] for finding in found)


def test_another_key_than_the_deployment_knows_is_found(folder):
    shutil.rmtree(folder / ".inbounds" / "issuer")
    stranger = folder.parent / "stranger"
    stranger.mkdir()
    (stranger / "app.py").write_text(ASSISTANT, "utf-8")
    assert called(stranger, "init", "app.py").code == 0
    shutil.copytree(stranger / ".inbounds" / "issuer", folder / ".inbounds" / "issuer")
    done, findings = looked(folder)
    assert done.code == 1
    said = " ".join(finding["message"] for finding in amiss(findings))
    assert "issuers.yaml lacks the key" in said
    assert "feed.yaml lacks the key" in said
    key = SigningKey.read(folder / ".inbounds" / "issuer" / "feed.pem")
    assert f"not accepted by the policy: key {key.kid} is not in feed.yaml" in said


def test_every_misspelt_variable_is_named(folder):
    done, findings = looked(folder, INBOUNDS_PDP_ULR="x", INBOUNDS_HOEM="y")
    assert done.code == 1
    hints = [finding["hint"] for finding in amiss(findings)]
    assert hints == ["did you mean INBOUNDS_HOME?", "did you mean INBOUNDS_PDP_URL?"]


def test_a_bundle_of_another_key_is_found(folder):
    keys = engines.signing_keys(folder)
    done, findings = looked(folder, INBOUNDS_BUNDLE_KEY=str(keys.public))
    assert done.code == 1
    assert [finding["name"] for finding in amiss(findings)] == ["policy"]


# --- with an OPA ---------------------------------------------------------------------------


@contextlib.contextmanager
def running(folder, *arguments, until):
    """Run a command that serves, until it says something."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [SCRIPT, *arguments],
            cwd=folder,
            env=environment(HOME=str(folder / "home"), PYTHONUNBUFFERED="1"),
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while until not in (said := (folder / "log").read_text("utf-8", "replace")):
            assert process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.fixture(scope="module")
def served(well):
    address = f"127.0.0.1:{engines.free_port()}"
    with running(well, "serve", "--addr", address, until="serving"):
        yield f"http://{address}"


def test_an_opa_whose_feed_nobody_brings_is_to_be_mended(well, served):
    done, findings = looked(well, "--pdp", served, INBOUNDS_PDP_TOKEN=TOKEN)
    assert done.code == 1
    assert [finding["name"] for finding in amiss(findings)] == ["feed"]
    assert "live serve" in amiss(findings)[0]["hint"]


def test_an_opa_is_well_once_its_feed_is_brought(well, served):
    arguments = ("live", "serve", "--opa", served, "--token-file", "feed-token")
    with running(well, *arguments, until=""):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            done, findings = looked(well, "--pdp", served, INBOUNDS_PDP_TOKEN=TOKEN)
            if done.code == 0:
                break
            time.sleep(0.2)
    assert done.code == 0, amiss(findings)
    ok = {finding["name"] for finding in findings if finding["state"] == "ok"}
    assert ok >= {"health", "token", "policy", "feed", "api", "clock"}
    said = {finding["name"]: finding["message"] for finding in findings}
    assert said["decides"] == f"OPA at {served}, as the option --pdp says"
    assert said["policy"].startswith("revision ")


def test_a_feed_whose_key_the_opa_does_not_know_is_named_and_never_said_to_be_in_force(
    folder, served
):
    key = SigningKey.generate()
    key.write(folder / "feed-2.pem")
    arguments = ("live", "serve", "--opa", served, "--token-file", "feed-token")
    arguments += ("--key", "feed-2.pem", "--deployment", "deployment")
    with running(folder, *arguments, until="put at"):
        done, findings = looked(folder, "--pdp", served, INBOUNDS_PDP_TOKEN=TOKEN)
        log = (folder / "log").read_text("utf-8")
    assert f"put at {served}, signed by key {key.kid}" in log
    assert f"feed.yaml in deployment/ must hold the key {key.kid}" in log
    assert "in force" not in log
    assert done.code == 1
    (found,) = amiss(findings)
    assert found["message"] == (
        f"its head is signed by the key {key.kid}, which is not in the feed.yaml of this OPA"
    )


@pytest.mark.parametrize("token", ["", "another-token"])
def test_a_token_that_is_not_known_is_found(well, served, token):
    done, findings = looked(well, "--pdp", served, INBOUNDS_PDP_TOKEN=token)
    assert done.code == 1
    assert "token" in {finding["name"] for finding in amiss(findings)}
    assert token not in done.out or not token


def test_an_opa_that_is_open_to_all_is_found(folder):
    server = engines.Opa()
    try:
        done, findings = looked(folder, "--pdp", server.url, INBOUNDS_PDP_TOKEN=TOKEN)
    finally:
        server.close()
    assert done.code == 1
    said = " ".join(finding["message"] for finding in amiss(findings))
    assert "API is open: /metrics, /v1/config, /v1/data, /v1/policies" in said
    assert {"name": "version", "state": "ok"}.items() <= next(
        finding for finding in findings if finding["name"] == "version"
    ).items()


def test_where_nobody_answers_it_could_not_be_told(folder):
    url = f"http://127.0.0.1:{engines.free_port()}"
    done, findings = looked(folder, INBOUNDS_PDP_URL=url, INBOUNDS_PDP_TOKEN=TOKEN)
    assert done.code == 2
    assert [finding["state"] for finding in amiss(findings)] == ["unknown"]
    assert "refused" in amiss(findings)[0]["message"]
    assert TOKEN not in json.dumps(findings)
