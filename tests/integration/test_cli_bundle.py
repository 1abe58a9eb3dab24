"""`inbounds bundle` and `inbounds serve`, as a person and as a program call them."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from tests import engines, scenes, shipping
from tests.integration.test_bundles import CODE, OUTSIDE, write_rule
from tests.integration.test_decision_log import FAILING, SECRET

from inbounds_tools.bundle import archive
from inbounds_tools.cli import main


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


@pytest.fixture(scope="module", autouse=True)
def _opa():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INBOUNDS_OPA_BINARY", engines.opa_binary())
        yield


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """What an operator has: a deployment, rules, a pair of keys, and bundles of it all."""
    folder = tmp_path_factory.mktemp("original")
    shipping.deployment_folder(folder / "deployment")
    write_rule(folder / "site")
    keys = engines.signing_keys(folder)
    source = ["--site", str(folder / "site"), "--deployment", str(folder / "deployment")]
    assert (
        main(["bundle", "build", *source, "--key", str(keys.private), "-o", str(folder / "dist")])
        == 0
    )
    return folder


@pytest.fixture
def folder(tmp_path, original):
    return shutil.copytree(original, tmp_path / "mine")


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def build(capsys, folder, out="dist", *more):
    options = ("--site", folder / "site", "--deployment", folder / "deployment")
    key = ("--key", folder / "release.pem", "-o", folder / out)
    return run(capsys, "bundle", "build", *options, *key, *more)


def test_bundles_are_built_and_verified(capsys, folder):
    code, out, _ = build(capsys, folder, "dist", "--json")
    assert code == 0
    built = json.loads(out)
    assert set(built["files"]) == {"rego", "wasm", "site", "deployment", "live"}

    files = built["files"].values()
    code, out, _ = run(
        capsys, "bundle", "verify", *files, "--key", folder / "release.pub", "--json"
    )
    assert code == 0
    assert {result["sources"] for result in json.loads(out)} == {built["sources"]}

    code, out, _ = run(capsys, "bundle", "verify", *files, "--key", folder / "release.pub")
    assert code == 0
    assert out.count("ok ") == len(built["files"])


def test_a_bundle_that_another_key_has_signed_is_refused(capsys, folder):
    stranger = engines.signing_keys(folder, "stranger")
    files = (folder / "dist").iterdir()
    code, out, _ = run(capsys, "bundle", "verify", *files, "--key", stranger.public, "--json")
    assert code == 1
    results = json.loads(out)
    assert {result["code"] for result in results} == {"bundle.signature_wrong"}
    assert {result["message"] for result in results} == {
        f"the bundle was not signed by the pinned key, {stranger.public}"
    }
    assert all("--key release.pub" in result["hint"] for result in results)


@pytest.mark.parametrize("command", ["verify", "diff"])
def test_without_a_key_a_refusal_says_that_the_shipped_one_was_asked(capsys, folder, command):
    names = sorted((folder / "dist").iterdir()) if command == "verify" else [folder / "dist"] * 2
    code, out, err = run(capsys, "bundle", command, *names)
    assert code == 1
    assert "no other was named, so it is the key of the shipped bundles" in out + err
    for way in ("--key release.pub", "INBOUNDS_RELEASE_PUB", "INBOUNDS_BUNDLE_KEY"):
        assert way in out + err


@pytest.mark.parametrize("command", ["verify", "diff", "serve"])
def test_the_private_half_is_named_as_what_it_is(capsys, folder, command):
    names = {
        "verify": ["bundle", "verify", next((folder / "dist").iterdir())],
        "diff": ["bundle", "diff", folder / "dist", folder / "dist"],
        "serve": ["serve", "--print-config"],
    }[command]
    code, out, err = run(capsys, *names, "--key", folder / "release.pem")
    assert code == 2
    assert "is the private half, which only signs" in out + err
    assert "as .pub" in out + err


def test_what_cannot_be_read_could_not_be_told(capsys, folder):
    absent = folder / "absent"
    code, _, _ = run(capsys, "bundle", "verify", "x.tar.gz", "--key", absent)
    assert code == 2
    code, out, _ = run(
        capsys, "bundle", "diff", absent, absent, "--key", folder / "release.pub", "--json"
    )
    assert code == 2
    assert json.loads(out)["error"]["code"] == "bundle.missing"


def test_an_error_says_what_and_why_and_what_now(capsys, folder):
    rule = folder / "site/rules/payroll/after_hours/after_hours.rego"
    rule.write_text(rule.read_text("utf-8").replace("environment.network ==", "environmnt.x =="))
    code, out, err = build(capsys, folder, "refused")
    assert code == 1
    assert out == ""
    # The person's own file, by the name they gave.
    assert f"{rule}:12: undefined ref: input.context.environmnt" in err.replace("\n", "")
    assert "bundle.policy_invalid" in err
    assert "fix: " in err
    assert not (folder / "refused").exists()


def test_an_agent_that_only_reads_has_no_bundle_in_which_it_does_more(capsys, folder):
    deployment = folder / "deployment"
    tools = json.loads((deployment / "tools.yaml").read_text())
    tools["mail.read"]["reaches"] = ["mail.index"]
    tools["mail.index"] = {"effects": ["read"], "resource": "mail", "reaches": ["job.run"]}
    tools["job.run"] = {"effects": ["execute"], "resource": "job"}
    (deployment / "tools.yaml").write_text(json.dumps(tools))
    agent = "spiffe://acme.example/agent/assistant"
    agents = json.loads((deployment / "agents.yaml").read_text())
    agents[agent] |= {"may_delegate_to": [], "read_only": True}
    agents[agent]["manifest"] = {"tools": ["mail.read"], "effects": ["read"]}
    (deployment / "agents.yaml").write_text(json.dumps(agents))

    code, out, err = build(capsys, folder, "wider")
    assert code == 1
    assert out == ""
    assert "deployment.not_read_only" in err
    assert f"{agent}→mail.read→mail.index→job.run:execute" in "".join(err.split())
    assert not (folder / "wider").exists()

    del tools["mail.index"]["reaches"]
    (deployment / "tools.yaml").write_text(json.dumps(tools))
    assert build(capsys, folder, "wider")[0] == 0


def test_a_diff_names_what_widens_first(capsys, folder):
    deployment = folder / "deployment"
    agents = json.loads((deployment / "agents.yaml").read_text())
    agents["spiffe://acme.example/agent/assistant"]["manifest"]["effects"].append("delete")
    agents["spiffe://acme.example/agent/assistant"]["manifest"]["tools"].remove("web.get")
    (deployment / "agents.yaml").write_text(json.dumps(agents))
    shutil.rmtree(folder / "site" / "rules")
    build(capsys, folder, "new")

    options = ("--key", folder / "release.pub")
    code, out, _ = run(capsys, "bundle", "diff", folder / "dist", folder / "new", *options)
    assert code == 0
    lines = out.splitlines()
    starts = [line.partition(" ")[0] for line in lines]
    assert re.match(r"\d+ of \d+ changes can let more through", lines[0])
    widening, rest = (
        lines[starts.index("widens") : starts.index("other")],
        lines[starts.index("other") :],
    )
    # The rule that is gone comes before the effect of one agent.
    [rule] = [n for n, line in enumerate(widening) if f"- {CODE}" in line]
    [effect] = [n for n, line in enumerate(widening) if "manifest/effects  delete" in line]
    assert rule < effect
    assert any("~ revision of the policy" in line for line in rest)
    assert not any("manifest/tools" in line for line in widening)
    assert any("manifest/tools" in line for line in rest)
    changed = [line for line in lines if line.lstrip().startswith(("+ ", "- ", "~ "))]
    counts = [int(number) for number in re.findall(r"\d+", lines[0])]
    assert counts[1] == len(changed)
    assert counts[0] == sum(line in changed for line in widening)

    code, _, _ = run(
        capsys, "bundle", "diff", folder / "dist", folder / "new", *options, "--fail-on-widening"
    )
    assert code == 1
    code, out, _ = run(capsys, "bundle", "diff", folder / "new", folder / "new", *options, "--json")
    assert (code, json.loads(out)) == (0, [])


def test_a_build_removes_bundles_of_another_revision_and_nothing_else(capsys, folder):
    others = {
        "site-backup.tar.gz": b"mine",
        "policy-notes.tar.gz": archive.pack({"notes.txt": b"mine"}),
        "live-1.tar.gz": archive.pack({".manifest": b'{"metadata": {"inbounds": 1}}'}),
        "deployment-1.tar.gz": archive.pack({".manifest": b'{"revision": "1", "roots": [""]}'}),
    }
    for name, content in others.items():
        (folder / "dist" / name).write_bytes(content)
    before = {path.name for path in (folder / "dist").iterdir()}
    (folder / "site" / "data.yaml").write_text("banned: []\n")
    code, out, _ = build(capsys, folder, "dist", "--json")
    assert code == 0
    built = {Path(path).name for path in json.loads(out)["files"].values()}
    assert not built & before - {path for path in built if path.startswith("deployment-")}
    assert {path.name for path in (folder / "dist").iterdir()} == {*built, *others}
    for name, content in others.items():
        assert (folder / "dist" / name).read_bytes() == content


def test_a_site_with_1_in_place_of_true_widens(capsys, folder):
    """
    A rule `data.site.frozen == true` denies by the one, and no longer by the other.
    """
    for out, value in (("old", "true"), ("new", "1")):
        (folder / "site" / "data.yaml").write_text(f"frozen: {value}\n")
        assert build(capsys, folder, out)[0] == 0
    diff = ("bundle", "diff", folder / "old", folder / "new", "--key", folder / "release.pub")
    code, out, _ = run(capsys, *diff, "--fail-on-widening", "--json")
    assert code == 1
    [change] = [change for change in json.loads(out) if change["kind"] == "site"]
    assert (change["path"], change["before"], change["after"]) == ("frozen", True, 1)
    assert change["widens"]


def test_the_data_of_a_site_and_a_policy_of_another_build_are_not_taken_for_the_same(
    capsys, folder
):
    data = folder / "site" / "data.yaml"
    data.write_text("banned: [mail.send]\n")
    assert build(capsys, folder, "old")[0] == 0
    data.write_text("banned: []\n")
    assert build(capsys, folder, "new")[0] == 0

    options = ("--key", folder / "release.pub")
    diff = ("bundle", "diff", folder / "old", folder / "new", *options, "--fail-on-widening")
    code, out, _ = run(capsys, *diff, "--json")
    assert code == 1
    assert "site" in {change["kind"] for change in json.loads(out) if change["widens"]}

    verify = ("bundle", "verify", *(folder / "new").iterdir(), *options)
    assert run(capsys, *verify)[0] == 0
    [mine] = (folder / "new").glob("*.wasm.tar.gz")
    [other] = (folder / "old").glob("*.wasm.tar.gz")
    mine.write_bytes(other.read_bytes())
    for command in (verify, diff):
        code, out, err = run(capsys, *command)
        assert (code, "bundle.mixed" in out + err) == (1, True)


def test_rego_in_the_bundle_of_a_deployment_is_refused_though_the_key_has_signed_it(capsys, folder):
    """
    OPA would load it, and let in whoever it names.
    """
    shutil.copytree(folder / "dist", folder / "new")
    path = next((folder / "new").glob("deployment-*"))
    files = dict(archive.unpack(path.read_bytes()))
    del files[".signatures.json"]
    files["deployment/more.rego"] = b'package deployment.peps.more\n\ntoken_sha256 := ["00"]\n'
    signed = archive.signed(files, key=folder / "release.pem", opa=Path(engines.opa_binary()))
    path.write_bytes(archive.pack(signed))
    key = ("--key", folder / "release.pub")
    for command in (
        ("bundle", "verify", path),
        ("bundle", "diff", folder / "dist", folder / "new", "--fail-on-widening"),
        ("serve", folder / "new", "--addr", "127.0.0.1:0"),
    ):
        code, out, err = run(capsys, *command, *key)
        assert (code, "bundle.malformed" in out + err) == (1, True)


# --- serve ---------------------------------------------------------------------------------


class Served(shipping.Client):
    def __init__(self, folder, *arguments, log):
        self.port = engines.free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        program = "import sys; from inbounds_tools.cli import main; sys.exit(main())"
        with log.open("wb") as stream:
            self._start(program, folder, arguments, stream)
        said = self.process.stdout.readline()
        assert said.startswith("{"), log.read_text()
        whole = said
        while not whole.rstrip().endswith("\n}"):
            whole += self.process.stdout.readline()
        self.said = json.loads(whole)

    def _start(self, program, folder, arguments, stream):
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                program,
                "serve",
                "--addr",
                f"127.0.0.1:{self.port}",
                *arguments,
            ],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        )

    def stop(self, number):
        self.process.send_signal(number)
        with self.process.stdout:
            try:
                return self.process.wait(timeout=30)
            finally:
                self.process.kill()
                self.process.wait()


@pytest.fixture
def interruptible():
    """A shell lets what it starts in the background ignore interrupts, and so all that starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("built", [True, False])
def test_serve_starts_an_opa_that_answers_and_ends_with_it(capsys, folder, built, number):
    if built:
        arguments = ["dist", "--key", "release.pub"]
    else:
        arguments = ["--site", "site", "--deployment", "deployment"]
    served = Served(folder, *arguments, "--json", log=folder / "log")
    try:
        assert served.said["url"] == served.url
        stage = scenes.staged(OUTSIDE, now=time.time())
        served.put_feed(stage.live["now"])
        answer = served.ask(stage.question)
        assert [reason["code"] for reason in answer["context"]["reasons"]] == [CODE]
        assert served.request("GET", "/v1/policies").status_code == 401
    finally:
        assert served.stop(number) == 0
    # OPA has ended too.
    with pytest.raises(ProcessLookupError):
        os.kill(served.said["pid"], 0)


@pytest.mark.parametrize("option", [[], ["--decision-log", "opa.log"], ["--decision-log", "-"]])
def test_decisions_are_logged_only_where_the_option_says(folder, option):
    arguments = ["dist", "--key", "release.pub", *option, "--json"]
    served = Served(folder, *arguments, log=folder / "terminal")
    try:
        stage = scenes.staged(OUTSIDE, now=time.time())
        served.put_feed(stage.live["now"])
        served.ask(stage.question)
    finally:
        served.stop(signal.SIGTERM)
    terminal, file = folder / "terminal", folder / "opa.log"
    logged = {
        path: path.exists() and "decision_logs" in path.read_text() for path in (terminal, file)
    }
    assert logged == {terminal: option[1:] == ["-"], file: option[1:] == ["opa.log"]}
    assert served.said["decision_log"] == "".join(option[1:])


@pytest.mark.parametrize("option", ["opa.log", "-"])
def test_an_argument_that_a_built_in_of_a_site_fails_on_is_not_logged(capsys, folder, option):
    """
    OPA's error quotes the operand, and the mask does not reach an error.
    """
    shutil.rmtree(folder / "site")
    write_rule(folder / "site", FAILING)
    code, _, err = build(capsys, folder, "failing")
    assert code == 0, err
    arguments = ["failing", "--key", "release.pub", "--decision-log", option, "--json"]
    served = Served(folder, *arguments, log=folder / "terminal")
    try:
        stage = scenes.staged(now=time.time())
        served.put_feed(stage.live["now"])
        question = json.loads(json.dumps(stage.question))
        question["action"]["properties"]["arguments"]["id"] = SECRET
        question["resource"]["id"] = SECRET
        answer = served.request(
            "POST",
            "/v1/data/inbounds/main/decision?strict-builtin-errors=true",
            token=shipping.PEP_TOKEN,
            json={"input": question},
        )
        assert answer.status_code == 500
        assert SECRET in answer.text
        served.ask(stage.question)
    finally:
        served.stop(signal.SIGTERM)
    written = {
        path.name: path.read_text()
        for path in (folder / "terminal", folder / "opa.log")
        if path.exists()
    }
    log = written["terminal" if option == "-" else option]
    assert log.count('"decision_id"') == 1
    assert [] == [name for name, text in written.items() if SECRET in text]


def test_serve_starts_an_opa_again_that_was_ended(folder):
    """
    A stranger's request can end it, and so can the system where memory is short.
    """
    arguments = ["dist", "--key", "release.pub", "--json", "--memory-limit", "512"]
    served = Served(folder, *arguments, log=folder / "log")
    try:
        pid = served.said["pid"]
        if sys.platform == "linux":
            limits = Path(f"/proc/{pid}/limits").read_text()
            assert re.search(rf"^Max data size +{512 << 20} ", limits, re.MULTILINE)
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(requests.ConnectionError):
                if served.request("GET", "/health").status_code == 200:
                    break
            assert time.monotonic() < until
            time.sleep(0.05)
        question = scenes.staged(OUTSIDE, now=time.time()).question
        assert "decision" in served.ask(question)
    finally:
        assert served.stop(signal.SIGTERM) == 0
    assert "OPA ended with -9 and is started again" in (folder / "log").read_text()


def test_serve_ends_where_an_opa_cannot_be_started_again(folder):
    served = Served(folder, "dist", "--key", "release.pub", "--json", log=folder / "log")
    try:
        next((folder / "dist").glob("deployment-*")).write_bytes(b"another")
        os.kill(served.said["pid"], signal.SIGKILL)
        said = served.process.stdout.read()
        assert served.process.wait(60) != 0
    finally:
        served.stop(signal.SIGTERM)
    assert '"bundle.malformed"' in said


def test_serve_refuses_what_it_cannot_verify(capsys, folder):
    stranger = engines.signing_keys(folder, "stranger")
    code, _, err = run(capsys, "serve", folder / "dist", "--key", stranger.public)
    assert code == 1
    assert "bundle.signature_wrong" in err


def test_serve_refuses_half_a_policy(capsys, folder):
    next((folder / "dist").glob("deployment-*")).unlink()
    code, _, err = run(capsys, "serve", folder / "dist", "--key", folder / "release.pub")
    assert code == 2
    assert "no bundle holds deployment" in err


@pytest.mark.parametrize(
    "address", ["0.0.0.0:8181", "[::]:8181", ":8181", "127.0.0.1.acme.example:8181"]
)
def test_serve_listens_to_others_only_with_tls(capsys, folder, address):
    code, _, err = run(
        capsys, "serve", folder / "dist", "--key", folder / "release.pub", "--addr", address
    )
    assert code == 1
    assert "opa.listener_open" in err


def test_serve_with_tls_is_reached_under_its_certificate(capsys, folder):
    certificate = engines.signing_keys(folder, "tls").private
    pem = self_signed(certificate)
    (folder / "tls.crt").write_bytes(pem)
    arguments = ["dist", "--key", "release.pub", "--tls-cert", "tls.crt", "--tls-key", "tls.pem"]
    served = Served(folder, *arguments, "--json", log=folder / "log")
    try:
        assert served.said["url"] == f"https://127.0.0.1:{served.port}"
        found = requests.get(
            f"{served.said['url']}/health", verify=str(folder / "tls.crt"), timeout=10
        )
        assert found.status_code == 200
    finally:
        assert served.stop(signal.SIGTERM) == 0


def self_signed(key):
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "opa")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(alternative, critical=False)
        .sign(private, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def test_serve_says_that_the_address_is_taken(capsys, folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, err = run(
            capsys, "serve", folder / "dist", "--key", folder / "release.pub", "--addr", address
        )
    assert (code, "opa.ended" in err) == (1, True), err


def test_the_configuration_for_a_stock_opa_is_whole(capsys, folder):
    options = ("--print-config", "--key", folder / "release.pub")
    code, out, _ = run(
        capsys, "serve", *options, "--bundles-url", "https://bundles.example", "--no-site"
    )
    assert code == 0
    config = yaml.safe_load(out)
    assert config["services"]["bundles"]["url"] == "https://bundles.example"
    assert config["keys"]["release"]["key"] == (folder / "release.pub").read_text()
    assert set(config["bundles"]) == {"policy", "deployment", "live"}
    for bundle in config["bundles"].values():
        # OPA takes an unsigned bundle where this is left out.
        assert bundle["signing"] == {"keyid": "release"}
    assert config["nd_builtin_cache"] is False
    assert config["decision_logs"]["mask_decision"] == "/system/log/mask"
    assert config["decision_logs"]["drop_decision"] == "/system/log/drop"
