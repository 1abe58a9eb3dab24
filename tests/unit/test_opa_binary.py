"""Which OPA is taken, and what is said where none can be."""

from __future__ import annotations

import pytest

from inbounds.errors import ConfigurationError
from inbounds_tools.opa import binary


@pytest.fixture(autouse=True)
def _no_checkout(monkeypatch, tmp_path):
    monkeypatch.setattr(binary, "_CHECKOUT", tmp_path / "nowhere" / "opa")


def program(folder, version, name="opa"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho 'Version: {version}'\necho 'Build Commit: x'\n")
    path.chmod(0o755)
    return path


@pytest.mark.system
def test_the_named_one_is_taken_before_the_path(tmp_path):
    named = program(tmp_path / "a", "1.22.2", "my-opa")
    program(tmp_path / "b", "1.22.2")
    environ = {"PATH": str(tmp_path / "b"), "INBOUNDS_OPA_BINARY": str(named)}
    assert binary.find(environ) == named


@pytest.mark.system
def test_the_path_is_taken_before_the_checkout(tmp_path, monkeypatch):
    on_path = program(tmp_path / "a", "1.21.3")
    checkout = program(tmp_path / "b", "1.22.2")
    monkeypatch.setattr(binary, "_CHECKOUT", checkout)
    assert binary.find({"PATH": str(tmp_path / "a")}) == on_path
    assert binary.find({"PATH": ""}) == checkout


@pytest.mark.system
def test_an_unsupported_one_on_the_path_is_passed_over(tmp_path, monkeypatch):
    program(tmp_path / "a", "0.70.0")
    checkout = program(tmp_path / "b", "1.22.2")
    monkeypatch.setattr(binary, "_CHECKOUT", checkout)
    assert binary.find({"PATH": str(tmp_path / "a")}) == checkout


@pytest.mark.system
@pytest.mark.parametrize(
    "version", ["0.70.0", "1.17.0", "1.21", "1.21.2", "v1.21.2", "2.0.0", "2.0.0-rc1", "dev"]
)
def test_an_unsupported_one_is_said_to_be(tmp_path, version):
    named = program(tmp_path / "a", version)
    with pytest.raises(ConfigurationError) as refused:
        binary.find({"INBOUNDS_OPA_BINARY": str(named), "PATH": ""})
    assert refused.value.code == "opa.unsupported"
    assert str(named) in refused.value.message
    if version != "dev":  # which is not a version
        assert version.removeprefix("v").removesuffix("-rc1") in refused.value.message
        assert "≥ 1.21.3, < 2" in refused.value.message


def test_a_wish_that_cannot_be_honoured_is_an_error_even_with_one_on_the_path(tmp_path):
    program(tmp_path / "a", "1.22.2")
    environ = {"PATH": str(tmp_path / "a"), "INBOUNDS_OPA_BINARY": "/no/such/opa"}
    with pytest.raises(ConfigurationError) as refused:
        binary.find(environ)
    assert refused.value.code == "opa.missing"


def test_none_at_all_comes_with_a_remedy():
    with pytest.raises(ConfigurationError) as refused:
        binary.find({"PATH": ""})
    assert refused.value.code == "opa.missing"
    assert "INBOUNDS_OPA_BINARY" in refused.value.hint


@pytest.mark.system
def test_what_does_not_run_is_none(tmp_path):
    broken = tmp_path / "opa"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(ConfigurationError) as refused:
        binary.version(broken)
    assert refused.value.code == "opa.missing"
