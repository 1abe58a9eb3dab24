"""`inbounds bundle key`: the pair of keys that bundles are signed and verified with."""

from __future__ import annotations

import json
import stat

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from inbounds_tools.cli import main


def test_the_public_half_is_that_of_the_private_one(tmp_path):
    private = tmp_path / "release.pem"
    assert main(["bundle", "key", str(private)]) == 0
    public = load_pem_public_key((tmp_path / "release.pub").read_bytes())
    drawn = load_pem_private_key(private.read_bytes(), None)
    assert drawn.public_key() == public
    assert drawn.curve.name == "secp256r1"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


@pytest.mark.parametrize("taken", ["release.pem", "release.pub"])
def test_a_file_that_is_there_is_left_as_it_is(tmp_path, capsys, taken):
    (tmp_path / taken).write_text("mine")
    assert main(["bundle", "key", str(tmp_path / "release.pem")]) == 1
    assert "bundle.key_unwritable" in capsys.readouterr().err
    assert (tmp_path / taken).read_text() == "mine"


def test_two_draws_are_two_keys(tmp_path):
    for name in ("one.pem", "two.pem"):
        assert main(["bundle", "key", str(tmp_path / name)]) == 0
    assert (tmp_path / "one.pub").read_text() != (tmp_path / "two.pub").read_text()


def test_the_jwk_is_that_of_the_public_half_and_reads_as_yaml(tmp_path, capsys):
    assert main(["bundle", "key", str(tmp_path / "feed.pem")]) == 0
    line = capsys.readouterr().out.splitlines()[-1].removeprefix("jwk")
    ((_, jwk),) = yaml.safe_load(line).items()
    public = load_pem_public_key((tmp_path / "feed.pub").read_bytes())
    assert jwt.algorithms.ECAlgorithm.from_jwk(json.dumps(jwk)) == public
    assert "d" not in jwk


def test_the_jwk_is_printed_again_from_the_public_half(tmp_path, capsys):
    assert main(["bundle", "key", str(tmp_path / "feed.pem")]) == 0
    generated = capsys.readouterr().out.splitlines()
    assert any(f"inbounds bundle jwk {tmp_path / 'feed.pub'}" in line for line in generated)
    assert main(["bundle", "jwk", str(tmp_path / "feed.pub")]) == 0
    assert capsys.readouterr().out.splitlines() == generated[-1:]
    assert main(["bundle", "jwk", str(tmp_path / "feed.pub"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["jwk"] == yaml.safe_load(generated[-1][7:])


def test_no_jwk_is_printed_of_a_private_half(tmp_path, capsys):
    assert main(["bundle", "key", str(tmp_path / "feed.pem")]) == 0
    capsys.readouterr()
    assert main(["bundle", "jwk", str(tmp_path / "feed.pem")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "bundle.key_unusable" in printed.err
