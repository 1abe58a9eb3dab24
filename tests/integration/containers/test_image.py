"""The image of OPA: what is in it, how it runs, and what it refuses."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from demo import authority
from demo.performance import perform
from demo.stage import Apart
from tests import engines
from tests.authority import Authority
from tests.containers import HARDENED, ROOT, USER
from tests.integration.test_bundles import write_rule

from inbounds import ConfigurationError, DecisionUnavailable, InboundsError
from inbounds.engine import assets
from inbounds.engine.bundle import read_signed
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.transport import Endpoint
from inbounds.process import clock
from inbounds.version import __version__
from inbounds_tools.bundle.archive import pack, signed, unpack
from inbounds_tools.bundle.build import build
from tools.image import entry_point, gather_opa

OPA = "inbounds-opa"
GRACE = 15  # seconds; `stop_grace_period` in docker/compose.yaml
DECISION, TOOL = "/v1/data/inbounds/main/decision", "/v1/data/inbounds/registry/tool"


@dataclass(frozen=True, slots=True)
class Given:
    """What an OPA in a container is given.

    Attributes:
        authority: The keys and tokens that its deployment counts.
        deployment: The bundle of the deployment, and the public key of it.
        sockets: Where it listens.
    """

    authority: Path
    deployment: Path
    sockets: Path

    @property
    def url(self) -> str:
        return f"unix://{self.sockets}/opa.sock"

    @property
    def mounts(self) -> tuple[str, ...]:
        return (
            f"--volume={self.deployment}:/deployment:ro",
            f"--volume={self.sockets}:/run/inbounds",
        )

    def token(self, name: str) -> str:
        return (self.authority / f"{name}.token").read_text("ascii")


@pytest.fixture(scope="module")
def built(store):
    """What the image was built from: bundles by name, and the key of them."""
    folder = store.folder / "bundles"
    (policy,), (live,) = folder.glob("policy-*.tar.gz"), folder.glob("live-*.tar.gz")
    return {"policy": policy, "live": live, "key": folder / "release.pub"}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    given = Given(folder / "authority", folder / "deployment", folder)
    given.authority.mkdir()
    given.deployment.mkdir()
    assert authority.keep(given.authority, given.deployment)
    return given


@pytest.fixture
def given(drawn, tmp_path):
    """The same, with a deployment that a test may spoil and a fresh place to listen."""
    shutil.copytree(drawn.deployment, tmp_path / "deployment")
    sockets = Path(tempfile.mkdtemp(prefix="inbounds-run-"))  # short, as a socket's path has to be
    os.chown(sockets, USER, USER)
    yield Given(drawn.authority, tmp_path / "deployment", sockets)
    shutil.rmtree(sockets)


@contextlib.contextmanager
def server(url, token, **options):
    made = OpaServer(url, token=token, **options)
    yield made
    made.close()


def registered(opa):
    """Whether an OPA answers that it knows a tool of the demonstration."""
    question = json.dumps({"question": 1, "tool": "mail.read"}).encode()
    answer = opa.ask("inbounds/registry/tool", question, deadline=clock.monotonic() + 10)
    return answer.result["registered"]


def asked(url, method, path, *, token=None, body=b"{}"):
    endpoint = Endpoint(url, token=token)
    try:
        return endpoint.send(method, path, body=body, deadline=clock.monotonic() + 10)
    finally:
        endpoint.close()


# --- what is in it -------------------------------------------------------------------------


def test_nothing_is_in_it_but_opa_its_configuration_and_signed_bundles(store, built):
    with store.mounted(OPA) as root:
        found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        assert found == {
            "opa",
            "etc/inbounds/opa.json",
            "etc/inbounds/release.pub",
            "bundles/policy.tar.gz",
            "bundles/live.tar.gz",
            "licenses/LICENSE",
        }
        for name in ("policy", "live"):
            inside = root / "bundles" / f"{name}.tar.gz"
            read_signed(inside, built["key"])
            assert inside.read_bytes() == built[name].read_bytes()
        ours = [root / "run" / "inbounds"]
        for path in root.rglob("*"):
            about = path.lstat()
            assert about.st_uid == (USER if path in ours else 0), path
            assert not about.st_mode & 0o022, path


def test_its_configuration_is_the_shipped_one_with_a_file_for_a_bundle_server(store, built):
    import yaml

    with store.mounted(OPA) as root:
        told = json.loads((root / "etc" / "inbounds" / "opa.json").read_text("utf-8"))
        key = (root / "etc" / "inbounds" / "release.pub").read_bytes()
    assert key == built["key"].read_bytes()
    shipped = yaml.safe_load(assets.opa_config().read_text("utf-8"))
    kept = shipped.keys() - {"services", "keys", "bundles", "persistence_directory"}
    assert {name: told[name] for name in kept} == {name: shipped[name] for name in kept}
    assert {name: told[name] for name in told.keys() - kept} == {
        "keys": {"deployment": {"algorithm": "ES256"}},
        "bundles": {
            "deployment": {
                "resource": "file:///deployment/deployment.tar.gz",
                "signing": {"keyid": "deployment"},
                "size_limit_bytes": 2**26,
            }
        },
    }


def test_it_starts_opa_hardened_and_as_nobody(store):
    config = store.image(OPA)["Config"]
    assert config["Entrypoint"] == [
        *("/opa", "run", "--server", "--skip-version-check"),
        *("--config-file", "/etc/inbounds/opa.json", "--addr", "unix:///run/inbounds/opa.sock"),
        *("--authentication", "token", "--authorization", "basic"),
        *("--log-level", "error", "--unix-socket-perm", "700"),
        *("--verification-key", "/etc/inbounds/release.pub", "--verification-key-id", "release"),
        *("--signing-alg", "ES256"),
        *("--bundle", "/bundles/policy.tar.gz", "--bundle", "/bundles/live.tar.gz"),
        *("--diagnostic-addr", "unix:///run/inbounds/health.sock"),
        *("--set-file", "keys.deployment.key=/deployment/deployment.pub"),
    ]
    assert config["User"] == f"{USER}:{USER}"
    assert not config.get("Cmd")
    assert not config.get("ExposedPorts")
    assert all(entry.startswith("PATH=") for entry in config.get("Env") or [])


def test_rules_of_ones_own_are_in_force_beside_the_policys(tmp_path):
    write_rule(tmp_path / "site")
    keys = engines.signing_keys(tmp_path)
    files = build(
        rego=assets.rego(),
        site=tmp_path / "site",
        deployment=None,
        key=keys.private,
        out=tmp_path / "dist",
        opa=Path(engines.opa_binary()),
        capabilities=assets.capabilities(),
    ).files
    gather_opa(tmp_path / "gathered", bundles=sorted(files.values()), key=keys.public)
    assert (tmp_path / "gathered/root/bundles/site.tar.gz").read_bytes() == files[
        "site"
    ].read_bytes()
    last = (tmp_path / "gathered" / "Containerfile").read_text("utf-8").splitlines()[-1]
    line = json.loads(last.removeprefix("ENTRYPOINT "))
    assert line == entry_point(["policy", "live", "site"])
    assert line.count("--bundle") == 3


def test_it_says_what_it_is(store, built):
    labels = store.image(OPA)["Labels"]
    image = "org.opencontainers.image"
    assert labels[f"{image}.title"] == OPA
    assert labels[f"{image}.version"] == __version__
    assert labels[f"{image}.licenses"] == "Apache-2.0"
    revision = read_signed(built["policy"], built["key"]).revision
    assert labels[f"{image}.revision"] == revision


def test_the_same_files_give_the_same_image(store, built):
    before = store.image(OPA)
    store.make_images("--only", "opa", "--bundles", built["key"].parent, "--key", built["key"])
    after = store.image(OPA)
    assert before["RootFS"]["Layers"] == after["RootFS"]["Layers"]
    assert before["Digest"] == after["Digest"]
    assert before["Created"].startswith("1970-01-01T00:00:00")


def test_nothing_enters_an_image_but_what_was_gathered(store, tmp_path):
    probe = tmp_path / "Containerfile"
    probe.write_text("FROM scratch\nCOPY . /\n", "utf-8")
    store.said("buildah", "build", "--tag", "localhost/probe", "--file", probe, ROOT)
    with store.mounted("probe") as root:
        assert {path.name for path in root.iterdir()} <= {
            "build",
            "proc",
            "sys",
            "dev",
            "run",
            "etc",
        }
        assert {path.name for path in (root / "build").iterdir()} == {"image"}
        assert {path.name for path in (root / "build" / "image").iterdir()} <= {"opa", "demo"}
        assert (root / "build" / "image" / "opa" / "root" / "etc").is_dir()


# --- how it runs ---------------------------------------------------------------------------


def test_it_decides_behind_a_read_only_root_as_nobody(store, given, tmp_path):
    with store.running(OPA, *HARDENED, "--network=none", *given.mounts) as opa:
        opa.wait_healthy()
        status = dict(
            line.split(":\t", 1)
            for line in (opa.process() / "status").read_text("utf-8").splitlines()
            if ":\t" in line
        )
        assert status["Uid"].split() == [str(USER)] * 4
        assert status["Gid"].split() == [str(USER)] * 4
        assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
        assert status["NoNewPrivs"] == "1"
        mounts = [
            line.split() for line in (opa.process() / "mountinfo").read_text("utf-8").splitlines()
        ]
        (root,) = [mount for mount in mounts if mount[4] == "/"]
        assert "ro" in root[5].split(",")
        assert opa.runs("/bin/sh", "-c", "true").returncode != 0

        house = tmp_path / "house"
        house.mkdir()
        performed = perform("opa", house, apart=Apart(given.url, given.authority))
        assert performed.held
        outcomes = [step.outcome for step in performed.steps]
        assert outcomes.count("ran") == 6
        assert outcomes.count("refused") >= 10

        log = opa.log()
        assert log.count('"decision_id"') >= len(outcomes)
        for secret in (given.token("pep"), given.token("feed"), "eyJ", "canary-"):
            assert secret not in log

        code, seconds = opa.stop(GRACE)
        assert code == 0, "it was killed"
        assert seconds < GRACE


def test_it_starts_again_where_it_has_listened_before(store, given):
    with store.running(OPA, *HARDENED, "--network=none", *given.mounts) as opa:
        opa.wait_healthy()
        store.said("podman", "kill", "--signal", "KILL", opa.name)
        store.said("podman", "wait", opa.name)
        store.said("podman", "start", opa.name)
        opa.wait_healthy()


def test_its_own_api_is_closed(store, given):
    with store.running(OPA, *HARDENED, "--network=none", *given.mounts) as opa:
        opa.wait_healthy()
        for token in (None, "wrong", given.token("feed")):
            assert asked(given.url, "POST", TOOL, token=token).status == 401, token
            with server(given.url, token) as asking, pytest.raises(DecisionUnavailable):
                registered(asking)
        with server(given.url, given.token("pep")) as asking:
            assert registered(asking)
        for method, path in (("GET", "/v1/data"), ("PUT", "/v1/policies/x"), ("GET", "/v1/config")):
            assert asked(given.url, method, path, token=given.token("pep")).status == 401, path
        assert asked(given.url, "GET", "/health", body=b"").status == 200


def test_beyond_the_machine_it_listens_with_a_certificate(store, given, tmp_path):
    port = engines.free_port()
    trusted = Authority(tmp_path)
    both = trusted.certificate()
    os.chown(both, USER, USER)
    arguments = ("--addr", f"127.0.0.1:{port}")
    arguments += ("--tls-cert-file", "/run/secrets/tls.pem")
    arguments += ("--tls-private-key-file", "/run/secrets/tls.pem")
    with store.running(
        OPA,
        *HARDENED,
        "--network=host",
        *given.mounts,
        f"--volume={both}:/run/secrets/tls.pem:ro",
        arguments=arguments,
    ) as opa:
        opa.wait_healthy()
        url, token = f"https://127.0.0.1:{port}", given.token("pep")
        with server(url, token, verify=str(trusted.file)) as asking:
            assert registered(asking)


def test_buildah_runs_it_in_a_chroot(store, given):
    line = store.image(OPA)["Config"]["Entrypoint"]
    container = store.said("buildah", "from", f"localhost/{OPA}")
    command = ["buildah", "run", "--isolation", "chroot", *given.mounts, container, "--", *line]
    with subprocess.Popen(
        command, env=store.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as opa:
        try:
            deadline = time.monotonic() + 60
            while not healthy(given):
                assert opa.poll() is None, opa.stdout.read()
                assert time.monotonic() < deadline
                time.sleep(0.2)
            with server(given.url, given.token("pep")) as asking:
                assert registered(asking)
        finally:
            opa.terminate()
    store.said("buildah", "rm", container)


# --- what it refuses -----------------------------------------------------------------------


def unsigned(given):
    path = given.deployment / "deployment.tar.gz"
    files = {n: c for n, c in unpack(path.read_bytes()).items() if n != ".signatures.json"}
    path.write_bytes(pack(files))


def altered(given):
    path = given.deployment / "deployment.tar.gz"
    files = unpack(path.read_bytes())
    whole = json.loads(files["data.json"])
    whole["deployment"]["agents"] = {}
    path.write_bytes(pack({**files, "data.json": json.dumps(whole).encode()}))


def by_a_stranger(packed, folder):
    """The same bundle, signed by somebody else."""
    files = {n: c for n, c in unpack(packed).items() if n != ".signatures.json"}
    key = engines.signing_keys(folder, "stranger").private
    return pack(signed(files, key=key, opa=Path(engines.opa_binary())))


def strangers(given):
    path = given.deployment / "deployment.tar.gz"
    path.write_bytes(by_a_stranger(path.read_bytes(), given.sockets))


def missing(given):
    (given.deployment / "deployment.tar.gz").unlink()


@pytest.mark.parametrize("spoil", [unsigned, altered, strangers, missing])
def test_a_deployment_that_its_key_has_not_signed_is_not_in_force(store, given, spoil):
    spoil(given)
    for path in given.deployment.iterdir():
        path.chmod(0o644)
    with store.running(OPA, *HARDENED, "--network=none", *given.mounts) as opa:
        refuses(opa, given)


@pytest.mark.parametrize(
    "roots",
    [[""], ["inbounds"], ["system/authz"], ["deployment", "inbounds/main", "live/baseline"]],
)
def test_who_may_sign_the_deployment_cannot_put_rules_in_place(store, given, roots):
    files = {
        ".manifest": json.dumps({"revision": "1", "roots": roots, "rego_version": 1}).encode(),
        "data.json": b"{}",
    }
    for package, rule in (
        ("inbounds/main", 'decision := {"decision": true}'),
        ("inbounds/registry", 'tool := {"registered": true}'),
        ("system/authz", 'allow := {"allowed": true}'),
    ):
        if any(package.startswith(root) for root in roots):
            text = f"package {package.replace('/', '.')}\n\n{rule}\n"
            files[f"{package}/rule.rego"] = text.encode()
    keys = engines.signing_keys(given.sockets, "deployment")
    packed = pack(signed(files, key=keys.private, opa=Path(engines.opa_binary())))
    (given.deployment / "deployment.tar.gz").write_bytes(packed)
    shutil.copy(keys.public, given.deployment)
    with store.running(OPA, *HARDENED, "--network=none", *given.mounts) as opa:
        refuses(opa, given, because="overlapping roots")


@pytest.mark.parametrize("name", ["policy", "live"])
def test_with_another_bundle_in_place_of_its_own_it_does_not_start(store, given, built, name):
    with store.running(
        OPA, *HARDENED, "--network=none", *given.mounts, in_place(name, built, given)
    ) as opa:
        assert store.said("podman", "wait", opa.name) != "0"
        assert "verif" in opa.log()


def in_place(name, built, given):
    """Mount a bundle that a stranger has signed over one in the image."""
    other = given.deployment / "other.tar.gz"
    other.write_bytes(by_a_stranger(built[name].read_bytes(), given.sockets))
    return f"--volume={other}:/bundles/{name}.tar.gz:ro"


def test_without_the_deployments_key_it_does_not_start(store, given):
    (given.deployment / "deployment.pub").unlink()
    with store.running(OPA, *HARDENED, "--network=none", *given.mounts) as opa:
        assert store.said("podman", "wait", opa.name) != "0"
        assert "deployment.pub" in opa.log()


def healthy(given):
    try:
        return asked(given.url, "GET", "/health?bundles", body=b"").status == 200
    except (InboundsError, OSError):
        return False


def refuses(opa, given, because="Bundle load failed"):
    """Assert that it is up, says why it is not ready, and answers nobody."""
    deadline = time.monotonic() + 60
    while because not in opa.log():
        assert time.monotonic() < deadline, opa.log()
        time.sleep(0.2)
    assert opa.healthy() != 0
    for token in (None, given.token("pep")):
        assert asked(given.url, "POST", DECISION, token=token).status == 401
    with server(given.url, given.token("pep")) as asking, pytest.raises(DecisionUnavailable):
        registered(asking)


# --- building from bundles of one's own ----------------------------------------------------


def test_bundles_that_the_key_has_not_signed_are_not_built_into_an_image(store, tmp_path, built):
    shutil.copy(built["policy"], tmp_path)
    key = engines.signing_keys(tmp_path).public
    done = store.run(
        *(sys.executable, "-m", "tools.image", "--only", "opa"),
        *("--bundles", tmp_path, "--key", key),
    )
    assert done.returncode != 0
    assert "not signed" in done.stderr
    assert "STEP" not in done.stdout


def test_no_image_is_gathered_of_bundles_that_are_not_whole(tmp_path):
    key, out = assets.release_key(), tmp_path / "gathered"
    with pytest.raises(ConfigurationError) as caught:
        gather_opa(out, bundles=[assets.policy_bundle()], key=key)
    assert caught.value.code == "bundle.missing"
    with pytest.raises(ConfigurationError) as caught:
        gather_opa(out, bundles=[assets.live_bundle(), assets.live_bundle()], key=key)
    assert caught.value.code == "bundle.ambiguous"
