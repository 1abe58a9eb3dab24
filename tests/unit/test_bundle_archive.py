"""Packing, signing, and what a bundle says of where it comes from."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from tests import engines

from inbounds.engine.bundle import read_signed
from inbounds.errors import ConfigurationError
from inbounds_tools.bundle import archive, provenance

FILES = {
    ".manifest": b'{"roots":["a"],"revision":"r"}',
    "data.json": b'{"a":{"b":1}}',
    "a/x.rego": b"package a\n",
}
OPA = Path(engines.opa_binary())


def test_neither_order_nor_time_nor_user_changes_a_byte(monkeypatch):
    packed = archive.pack(FILES)
    monkeypatch.setattr("time.time", lambda: 1.0)
    assert archive.pack(dict(reversed(FILES.items()))) == packed
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for member in tar:
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")
    assert archive.unpack(packed) == FILES


@pytest.mark.system
def test_what_is_signed_is_verified(tmp_path):
    keys = engines.signing_keys(tmp_path)
    bundle = tmp_path / "b.tar.gz"
    bundle.write_bytes(archive.pack(archive.signed(FILES, key=keys.private, opa=OPA)))
    assert read_signed(bundle, keys.public).data == {"a": {"b": 1}}

    verification = ["--verification-key", keys.public, "--verification-key-id", archive.KEY_ID]
    signing = ["--signing-key", keys.private, "--signing-alg", "ES256"]
    command = [OPA, "build", "-b", bundle, "-o", tmp_path / "again.tar.gz", *verification, *signing]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.system
@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None]
)
def test_a_key_that_does_not_sign_is_named(tmp_path, content):
    key = tmp_path / "k.pem"
    if content is not None:
        key.write_bytes(content)
    with pytest.raises(ConfigurationError) as refused:
        archive.signed(FILES, key=key, opa=OPA)
    assert refused.value.code == "bundle.key_unusable"
    assert str(key) in refused.value.message


def test_a_misspelt_key_and_a_public_one_are_told(tmp_path):
    keys = engines.signing_keys(tmp_path, "k")
    (tmp_path / "release.pem").write_bytes(keys.private.read_bytes())
    with pytest.raises(ConfigurationError) as refused:
        archive.signed(FILES, key=tmp_path / "releas.pem", opa=OPA)
    assert f"did you mean {tmp_path / 'release.pem'}?" in refused.value.hint
    assert "inbounds bundle key" in refused.value.hint
    with pytest.raises(ConfigurationError) as refused:
        archive.signed(FILES, key=keys.public, opa=OPA)
    assert refused.value.message == f"{keys.public} is the public half, which only verifies"


# --- provenance ----------------------------------------------------------------------------


def git(folder, *arguments, when="2001-09-09T01:46:40Z"):
    environment = {
        **os.environ,
        **dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), when),
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "T"),
        **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "t@example.com"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    subprocess.run(
        ["git", "-C", folder, *arguments], env=environment, check=True, capture_output=True
    )


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "x.rego").write_text("package site")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "x", "--no-gpg-sign")
    return tmp_path


@pytest.mark.system
def test_a_committed_folder_has_the_time_of_its_commit(repository):
    found = provenance.of(repository / "site")
    assert found.sequence == 1_000_000_000
    assert "dirty" not in found.described
    assert found.described != "0"


@pytest.mark.system
def test_a_changed_folder_is_dirty_and_as_new_as_its_newest_file(repository):
    (repository / "site" / "x.rego").write_text("package site # changed")
    found = provenance.of(repository / "site")
    assert found.described.endswith("-dirty")
    assert found.sequence > 1_500_000_000


@pytest.mark.system
def test_another_folders_commit_does_not_move_this_one(repository):
    (repository / "other").write_text("x")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "y", "--no-gpg-sign", when="2005-03-18T01:58:31Z")
    assert provenance.of(repository / "site").sequence == 1_000_000_000


@pytest.mark.system
def test_a_tag_makes_a_name_that_a_file_can_have(repository):
    git(repository, "tag", "-a", "release/1.0", "-m", "x", "--no-sign")
    assert provenance.of(repository / "site").described == "release-1.0"


@pytest.mark.system
def test_an_ignored_folder_is_not_the_repositorys(repository):
    (repository / ".gitignore").write_text("venv/\n")
    (repository / "venv").mkdir()
    (repository / "venv" / "x").write_text("x")
    assert provenance.of(repository / "venv").described == "0"


def test_a_copy_outside_git_says_what_it_carries_along(tmp_path):
    origin = provenance.Provenance("v1-3-gabc", 123)
    (tmp_path / provenance.FILE).write_text(origin.render())
    assert provenance.of(tmp_path, base=True) == origin
    assert provenance.of(tmp_path) == origin


def stated(folder, **stated):
    (folder / provenance.FILE).write_text(json.dumps(stated))


def test_only_the_projects_own_sources_state_a_time_after_their_newest_file(tmp_path):
    stated(tmp_path, described="v1", sequence=2**53)
    newest = int((tmp_path / provenance.FILE).stat().st_mtime)
    assert provenance.of(tmp_path).sequence == newest
    assert provenance.of(tmp_path, base=True).sequence == 2**53


@pytest.mark.system
def test_no_file_is_from_the_future(tmp_path, monkeypatch):
    (tmp_path / "x.rego").write_text("package site")
    os.utime(tmp_path / "x.rego", (2**40, 2**40))
    monkeypatch.setattr("time.time", lambda: 1_000.5)
    assert provenance.of(tmp_path).sequence == 1_000


@pytest.mark.system
def test_no_commit_is_from_the_future(repository, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_000.5)
    assert provenance.of(repository / "site").sequence == 1_000


@pytest.mark.parametrize(
    ("described", "name"),
    [
        ("a/b", "a-b"),
        ("../../evil", "evil"),
        ("--option", "option"),
        ("x\x1b[31mred\nline\r2", "x--31mred-line-2"),
        ("*", "0"),
        ("", "0"),
        ("é", "0"),
        ("a" * 300, "a" * 100),
    ],
)
def test_a_description_that_is_carried_along_is_a_part_of_a_file_name(tmp_path, described, name):
    stated(tmp_path, described=described, sequence=1)
    for base in (False, True):
        assert provenance.of(tmp_path, base=base).described == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        '{"described": "v1"}',
        '{"sequence": 1}',
        '{"described": null, "sequence": 1}',
        '{"described": 1, "sequence": 1}',
        '{"described": ["v1"], "sequence": 1}',
        '{"described": "v1", "sequence": null}',
        '{"described": "v1", "sequence": "1"}',
        '{"described": "v1", "sequence": 1.5}',
        '{"described": "v1", "sequence": true}',
        '{"described": "v1", "sequence": -1}',
        '{"described": "v1", "sequence": NaN}',
        '{"described": "v1", "sequence": 9007199254740993}',
        '{"described": "v1", "sequence": 1' + "0" * 5_000 + "}",
    ],
)
def test_a_malformed_provenance_is_refused(tmp_path, text):
    (tmp_path / provenance.FILE).write_text(text)
    for base in (False, True):
        with pytest.raises(ConfigurationError) as ei:
            provenance.of(tmp_path, base=base)
        assert ei.value.code == "bundle.provenance"


def test_source_date_epoch_wins():
    parts = [provenance.Provenance("a", 5), provenance.Provenance("b", 7)]
    assert provenance.sequence(parts, {}) == 7
    assert provenance.sequence(parts, {"SOURCE_DATE_EPOCH": "3"}) == 3
    with pytest.raises(ConfigurationError, match="SOURCE_DATE_EPOCH"):
        provenance.sequence(parts, {"SOURCE_DATE_EPOCH": "soon"})
