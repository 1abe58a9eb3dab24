"""`docker/compose.yaml`: that it says what it should, and the services as it runs them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from tests.containers import COMPOSE, ROOT, USER, Container

from tools.assets import release_key

WHOLE = yaml.safe_load(COMPOSE.read_text("utf-8"))
SERVICES = WHOLE["services"]
REFERENCE = "github.com/compose-spec/compose-go/v2/cmd"


def test_it_is_as_the_compose_specification_wants_it():
    if shutil.which("go") is None:
        pytest.skip("no Go to run the reference implementation with")
    done = subprocess.run(
        ["go", "run", "-C", ROOT / "tools" / "compose", REFERENCE, "-format", "json", COMPOSE],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["services"].keys() == SERVICES.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name):
    service = SERVICES[name]
    assert service["user"] == f"{USER}:{USER}"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["network_mode"] == "none"
    assert not {"ports", "expose", "privileged", "cap_add", "env_file", "environment"} & set(
        service
    )
    for mount in service["volumes"]:
        assert mount.split(":")[0] in WHOLE["volumes"], "nothing of the machine is mounted"


def test_opa_sees_no_private_key_and_writes_only_where_it_listens():
    mounts = [mount.split(":") for mount in SERVICES["opa"]["volumes"]]
    assert [mount[0] for mount in mounts if mount[-1] != "ro"] == ["listening"]
    assert "authority" not in {mount[0] for mount in mounts}


# --- as it runs them -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(store):
    """What the demonstration printed, with OPA in a container of its own that is still there."""
    begun = time.monotonic()
    done = store.compose("run", "--rm", "-T", "demo", "--json", *SERVICES["demo"]["command"])
    assert done.returncode == 0, done.stdout + done.stderr
    print(f"\ncompose: {time.monotonic() - begun:.0f} s")
    yield json.loads(done.stdout[done.stdout.index("{\n") :])
    down = store.compose("down", "--volumes")
    assert down.returncode == 0, down.stderr
    assert not store.said("podman", "ps", "--all", "--quiet")
    assert not store.said("podman", "volume", "ls", "--quiet")


def test_the_demonstration_holds_with_opa_in_another_container(shown):
    assert shown["held"] is True
    assert {span["engine"] for span in shown["spans"]} == {"opa"}
    outcomes = [step["outcome"] for step in shown["steps"]]
    assert outcomes.count("ran") == 6
    assert outcomes.count("refused") == len(outcomes) - 6 >= 10


def test_opa_is_healthy_and_has_logged_no_secret(store, shown):
    opa = Container(store, "inbounds_opa_1")
    opa.wait_healthy()
    log = opa.log()
    assert log.count('"decision_id"') >= len(shown["steps"])
    assert not re.search(r"eyJ|canary-|-----BEGIN [A-Z ]*PRIVATE", log)


def test_no_token_is_in_an_environment_or_a_command_line(store, shown):
    authority = store.said(
        "podman", "volume", "inspect", "inbounds_authority", "--format={{.Mountpoint}}"
    )
    tokens = [path.read_text("ascii") for path in Path(authority).glob("*.token")]
    assert len(tokens) == 2
    for name in ("inbounds_opa_1", "inbounds_authority_1"):
        about = json.dumps(Container(store, name).about())
        assert not [token for token in tokens if token in about]
    for path in Path(authority).rglob("*"):
        if path.suffix in (".pem", ".token"):
            assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (USER, 0o600), path


def test_it_holds_a_second_time_with_what_was_drawn_the_first(store, shown):
    done = store.compose("run", "--rm", "-T", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in bounds" in done.stdout


def test_no_private_key_is_in_an_image(store):
    body = release_key().read_text("ascii").splitlines()[1].encode()
    for name in ("inbounds-opa", "inbounds-demo"):
        with store.mounted(name) as root:
            for path in root.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    content = path.read_bytes()
                    assert body not in content, path
                    held = re.search(rb"-----BEGIN (?:EC )?PRIVATE KEY-----\s+[\w+/]{40}", content)
                    assert not held, path
