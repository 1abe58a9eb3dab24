"""Where OPA and Regal come from, in which order, and what is refused on the way."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import json
import os
import re
import shutil
import sys
import threading
from pathlib import Path

import pytest

from inbounds.pdp import opa_version
from tools import install, servers

ROOT = Path(__file__).resolve().parents[2]
PATH = os.environ["PATH"]
INSTALLED = ROOT / ".tools" / "bin" / "opa"


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Nothing of this machine is found unless a test puts it there."""
    monkeypatch.delenv("INBOUNDS_OPA_BINARY", raising=False)
    monkeypatch.delenv("INBOUNDS_REGAL_BINARY", raising=False)
    monkeypatch.setenv("PATH", "")


def program(folder: Path, version: str) -> Path:
    """Write an `opa` that says it is of `version`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "opa"
    path.write_text(f"#!{sys.executable}\nprint('Version: {version}')\n", "utf-8")
    path.chmod(0o755)
    return path


def record(folder: Path) -> dict[str, object]:
    return json.loads((folder / "opa.json").read_text("utf-8"))


@pytest.fixture
def releases():
    """A place on this machine that serves one release, with what it was asked for."""
    served = {"body": b"", "asked": 0}

    class Release(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            served["asked"] += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(served["body"])

        def log_message(self, *_arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Release) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        served["url"] = f"http://127.0.0.1:{server.server_port}"
        yield served
        server.shutdown()
        thread.join()


def released(releases, body: bytes, sha256: str) -> install.Tool:
    """Return an OPA whose release is `body`, pinned to `sha256` on this platform."""
    releases["body"] = body
    here = install.this_platform()
    pinned = {here: sha256} if sha256 else {}
    return dataclasses.replace(
        install.OPA, release=releases["url"], assets={here: "opa"}, sha256=pinned
    )


@pytest.mark.system
def test_the_variable_comes_before_the_path(tmp_path, monkeypatch, capsys):
    wanted = program(tmp_path / "wanted", "1.22.2")
    monkeypatch.setenv("PATH", str(program(tmp_path / "other", "1.22.2").parent))
    monkeypatch.setenv("INBOUNDS_OPA_BINARY", str(wanted))

    install.install(install.OPA, tmp_path / "bin")

    assert record(tmp_path / "bin")["origin"] == str(wanted)
    assert record(tmp_path / "bin")["source"] == "variable"
    assert "which INBOUNDS_OPA_BINARY names" in capsys.readouterr().out


@pytest.mark.system
@pytest.mark.parametrize("version", ["1.22.1", "1.23.0", "1.22.2-dev", "0.70.0"])
def test_a_variable_that_names_another_version_is_an_error(tmp_path, monkeypatch, version):
    monkeypatch.setenv("INBOUNDS_OPA_BINARY", str(program(tmp_path, version)))
    with pytest.raises(install.InstallError, match=f"INBOUNDS_OPA_BINARY: .* is {version}"):
        install.install(install.OPA, tmp_path / "bin")
    assert not (tmp_path / "bin" / "opa").exists()


def test_a_variable_that_names_no_program_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("INBOUNDS_OPA_BINARY", str(tmp_path / "nothing"))
    with pytest.raises(install.InstallError, match="which is not a program"):
        install.install(install.OPA, tmp_path / "bin")


@pytest.mark.system
def test_the_path_comes_before_the_release(tmp_path, monkeypatch, releases):
    monkeypatch.setenv("PATH", str(program(tmp_path / "path", "1.22.2").parent))
    install.install(released(releases, b"", "0" * 64), tmp_path / "bin")
    assert record(tmp_path / "bin")["source"] == "PATH"
    assert releases["asked"] == 0


@pytest.mark.system
def test_another_version_on_the_path_is_said_and_passed_over(
    tmp_path, monkeypatch, releases, capsys
):
    monkeypatch.setenv("PATH", str(program(tmp_path / "path", "1.17.0").parent))
    body = program(tmp_path / "new", "1.22.2").read_bytes()
    tool = released(releases, body, hashlib.sha256(body).hexdigest())

    install.install(tool, tmp_path / "bin")

    assert record(tmp_path / "bin")["source"] == "release"
    assert "opa is 1.17.0, wanted 1.22.2" in capsys.readouterr().out


@pytest.mark.system
def test_a_release_of_another_digest_is_refused(tmp_path, releases, capsys):
    body = program(tmp_path / "new", "1.22.2").read_bytes()
    with pytest.raises(install.InstallError, match="no Go"):
        install.install(released(releases, body, "0" * 64), tmp_path / "bin")
    assert releases["asked"] == 1
    assert f"has SHA-256 {hashlib.sha256(body).hexdigest()}" in capsys.readouterr().out
    assert list((tmp_path / "bin").iterdir()) == []


@pytest.mark.system
def test_a_platform_without_a_digest_is_not_downloaded(tmp_path, releases, capsys):
    with pytest.raises(install.InstallError, match="no Go"):
        install.install(released(releases, b"", ""), tmp_path / "bin")
    assert releases["asked"] == 0
    assert "this project pins no SHA-256" in capsys.readouterr().out


@pytest.mark.system
def test_a_digest_that_is_given_stands_in_for_one_that_is_not_pinned(tmp_path, releases):
    body = program(tmp_path / "new", "1.22.2").read_bytes()
    given = hashlib.sha256(body).hexdigest().upper()
    install.install(released(releases, body, ""), tmp_path / "bin", sha256=given)
    assert record(tmp_path / "bin")["source"] == "release"


@pytest.mark.system
def test_a_digest_that_is_given_does_not_replace_one_that_is_pinned(tmp_path, releases):
    body = program(tmp_path / "new", "1.22.2").read_bytes()
    given = hashlib.sha256(body).hexdigest()
    with pytest.raises(install.InstallError, match="no Go"):
        install.install(released(releases, body, "0" * 64), tmp_path / "bin", sha256=given)


@pytest.mark.system
def test_a_release_of_another_version_is_refused(tmp_path, releases):
    body = program(tmp_path / "new", "1.21.0").read_bytes()
    tool = released(releases, body, hashlib.sha256(body).hexdigest())
    with pytest.raises(install.InstallError, match=r"is 1\.21\.0, wanted 1\.22\.2"):
        install.install(tool, tmp_path / "bin")
    assert not (tmp_path / "bin" / "opa").exists()


@pytest.mark.system
def test_a_release_out_of_reach_is_passed_over(tmp_path, capsys):
    here = install.this_platform()
    tool = dataclasses.replace(
        install.OPA,
        release="http://127.0.0.1:9",
        assets={here: "opa"},
        sha256={here: "0" * 64},
    )
    with pytest.raises(install.InstallError, match="no Go"):
        install.install(tool, tmp_path / "bin")
    assert "the release cannot be reached" in capsys.readouterr().out


@pytest.mark.system
def test_what_is_installed_is_not_looked_for_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(program(tmp_path / "path", "1.22.2").parent))
    install.install(install.OPA, tmp_path / "bin")
    shutil.rmtree(tmp_path / "path")
    capsys.readouterr()

    binary = install.install(install.OPA, tmp_path / "bin")

    assert capsys.readouterr().out == "opa: 1.22.2 is installed (from PATH)\n"
    assert install.version_of(binary) == "1.22.2"


@pytest.mark.system
def test_another_wish_is_followed_though_one_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(program(tmp_path / "path", "1.22.2").parent))
    install.install(install.OPA, tmp_path / "bin")
    wanted = program(tmp_path / "wanted", "1.22.2")
    monkeypatch.setenv("INBOUNDS_OPA_BINARY", str(wanted))
    install.install(install.OPA, tmp_path / "bin")
    assert record(tmp_path / "bin")["origin"] == str(wanted)


@pytest.mark.system
def test_a_binary_that_was_swapped_is_installed_again(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(program(tmp_path / "path", "1.22.2").parent))
    binary = install.install(install.OPA, tmp_path / "bin")
    binary.write_text("something else", "utf-8")
    install.install(install.OPA, tmp_path / "bin")
    assert install.version_of(binary) == "1.22.2"


def test_the_command_says_what_to_do_where_there_is_none(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(install, "TOOLS", {"opa": dataclasses.replace(install.OPA, sha256={})})
    assert install.main(["opa", "--to", str(tmp_path / "bin")]) == 1
    assert "name it in INBOUNDS_OPA_BINARY, or install Go" in capsys.readouterr().out


@pytest.mark.system
def test_what_this_checkout_uses_is_the_pinned_version():
    assert install.version_of(INSTALLED) == install.OPA.version


@pytest.mark.parametrize("name", servers.BUILT)
def test_the_documents_name_the_version_of_a_server_that_is_built(name):
    folder = ROOT / "tools" / name
    (package, *others) = servers.BUILT[name].values()
    module = "/".join(package.split("/")[:3])
    assert all(other.startswith(f"{module}/") for other in others)
    (version,) = re.findall(
        rf"(?m)^require {module} v(\S+)$", (folder / "go.mod").read_text("utf-8")
    )
    assert f"{module} v{version} h1:" in (folder / "go.sum").read_text("utf-8")
    for page in ("not-run.md", "compatibility.md"):
        assert f"{name.upper()} {version}" in (ROOT / "docs" / page).read_text("utf-8")


@pytest.mark.parametrize("tool", install.TOOLS.values(), ids=list(install.TOOLS))
def test_the_pinned_version_is_the_one_its_go_module_requires(tool):
    module = (ROOT / "tools" / tool.name / "go.mod").read_text("utf-8")
    assert f"{tool.package} v{tool.version}\n" in module
    assert tool.release.endswith(f"/v{tool.version}")
    assert all(len(bytes.fromhex(digest)) == 32 for digest in tool.sha256.values())
    assert tool.sha256.keys() <= tool.assets.keys()


def test_the_oldest_opa_is_the_first_that_is_supported():
    assert opa_version.parse(install.OPA_OLDEST.version) == opa_version.SUPPORTED[0]
    assert opa_version.supported(opa_version.parse(install.OPA.version))


@pytest.mark.nightly
@pytest.mark.parametrize("tool", install.TOOLS.values(), ids=list(install.TOOLS))
def test_go_builds_the_pinned_version(tmp_path, tool, monkeypatch):
    monkeypatch.setenv("PATH", PATH)
    target = tmp_path / tool.name
    install.from_source(tool, target)
    assert install.version_of(target) == tool.version
