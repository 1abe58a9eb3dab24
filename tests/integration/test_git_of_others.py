"""The history of sources is read without starting anything that their repository names."""

import os
import subprocess
import tarfile
import time

import pytest

from inbounds.errors import ConfigurationError
from inbounds_tools.bundle import provenance
from inbounds_tools.bundle.provenance import of

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@acme.example",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@acme.example",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder, *arguments):
    ran = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **IDENTITY},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit and a tag, and the marker that a program of it would leave."""
    folder = tmp_path / "repository"
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "rule.rego").write_text("package site\n")
    (folder / ".gitattributes").write_text("*.rego filter=theirs diff=theirs\n")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "started"


def fsmonitor(folder, command):
    git(folder, "config", "core.fsmonitor", f"{command}; false")


def setting_within_a_value(folder, command):
    git(folder, "config", "core.eol", f"lf\ncore.fsmonitor {command}; false")
    fsmonitor(folder, command)


def hooks(folder, command):
    hook = folder / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{command}\n")
    hook.chmod(0o755)


def hooks_elsewhere(folder, command):
    hook = folder / "site" / "post-index-change"
    hook.write_text(f"#!/bin/sh\n{command}\n")
    hook.chmod(0o755)
    git(folder, "config", "core.hooksPath", "site")


def clean_filter(folder, command):
    git(folder, "config", "filter.theirs.clean", f"sh -c '{command}; cat'")


def process_filter(folder, command):
    git(folder, "config", "filter.theirs.process", command)


def signature(folder, command):
    program = folder / "site" / "gpg"
    program.write_text(f"#!/bin/sh\n{command}\n")
    program.chmod(0o755)
    signed = git(folder, "cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n", 1
    )
    made = subprocess.run(
        ["git", "-C", str(folder), "hash-object", "-t", "commit", "-w", "--stdin"],
        input=signed + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    git(folder, "update-ref", "HEAD", made.stdout.strip())
    git(folder, "config", "log.showSignature", "true")
    git(folder, "config", "gpg.program", str(program))


def missing_object(folder, command):
    tree = git(folder, "rev-parse", "HEAD:site")
    (folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    git(folder, "config", "core.repositoryFormatVersion", "1")
    git(folder, "config", "extensions.partialClone", "origin")
    git(folder, "config", "remote.origin.url", f"ext::sh -c {command.replace(' ', '% ')}")
    git(folder, "config", "remote.origin.promisor", "true")
    git(folder, "config", "protocol.ext.allow", "always")


def submodule(folder, command):
    inner = folder / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    (inner / "file").write_text("1")
    git(inner, "add", "--all")
    git(inner, "commit", "--quiet", "--message", "inner")
    git(folder, "add", "inner")
    git(folder, "commit", "--quiet", "--message", "with inner")
    fsmonitor(inner, command)


@pytest.mark.parametrize(
    "spoil",
    [
        fsmonitor,
        setting_within_a_value,
        hooks,
        hooks_elsewhere,
        clean_filter,
        process_filter,
        signature,
        missing_object,
        submodule,
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_no_program_that_a_repository_names_is_started(repository, marker, tmp_path, spoil, packed):
    spoil(repository, f"touch {marker}")
    if packed:
        with tarfile.open(tmp_path / "a.tar", "w") as archive:
            archive.add(repository, "repository")
        with tarfile.open(tmp_path / "a.tar") as archive:
            archive.extractall(tmp_path / "unpacked", filter="data")
        repository = tmp_path / "unpacked" / "repository"
    (repository / "site" / "rule.rego").write_text("package rite\n")  # as long as before
    marker.unlink(missing_ok=True)

    of(repository / "site")

    assert not marker.exists()
    os.utime(repository / "site" / "rule.rego")
    os.utime(repository / ".gitattributes", (1, 1))  # unchanged, so that the index is written
    for asked in (("status",), ("describe", "--always", "--dirty"), ("log", "--", "site")):
        git(repository, *asked)
    assert marker.exists(), "it is never started, so this shows nothing"


def test_a_repository_hidden_in_a_folder_is_not_opened(repository, marker):
    inner = repository / "agent"
    inner.mkdir()
    (inner / "rule.rego").write_text("package agent\n")
    git(inner, "init", "--quiet")
    git(inner, "config", "core.worktree", str(inner))
    fsmonitor(inner, f"touch {marker}")
    for name in ("HEAD", "config", "objects", "refs"):
        (inner / ".git" / name).rename(inner / name)

    of(inner)

    assert not marker.exists()


def test_it_says_what_git_says(repository):
    site = repository / "site"
    described = git(repository, "describe", "--always", "--dirty")
    committed = int(git(repository, "log", "-1", "--format=%ct"))

    clean = of(site)
    (repository / ".git" / "info" / "exclude").write_text("*.tmp\n")
    (site / "a.tmp").write_text("")
    excluded = of(site)
    (site / "new.rego").write_text("package new\n")
    untracked = of(site)
    (site / "rule.rego").write_text("package changed\n")
    changed = of(site)

    assert (described, committed) == (clean.described, clean.sequence)
    assert clean == excluded
    assert (described, True) == (untracked.described, untracked.sequence >= committed)
    assert f"{described}-dirty" == changed.described


def test_a_tag_a_work_tree_and_a_shallow_clone_are_described(repository, tmp_path):
    git(repository, "tag", "--annotate", "--message", "one", "v1")
    git(repository, "pack-refs", "--all")
    (repository / "site" / "rule.rego").write_text("package second\n")
    git(repository, "commit", "--quiet", "--all", "--message", "second")
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "shallow")

    for folder in (repository, tmp_path / "tree", tmp_path / "shallow"):
        assert git(folder, "describe", "--always") == of(folder / "site").described
    assert of(repository).described.startswith("v1-1-g")


def test_a_file_system_that_keeps_no_modes_makes_nothing_dirty(repository):
    git(repository, "config", "core.fileMode", "false")
    (repository / "site" / "rule.rego").chmod(0o755)

    assert not of(repository / "site").described.endswith("-dirty")


def test_outside_git_there_is_no_history(tmp_path):
    (tmp_path / "rule.rego").write_text("package a\n")

    assert "0" == of(tmp_path).described


PIPES = [
    ".git",
    ".git/HEAD",
    ".git/config",
    ".git/index",
    ".git/info/exclude",
    ".git/objects/info/alternates",
    ".git/objects/info/commit-graph",
    ".git/packed-refs",
    ".git/refs/tags/v2",
    ".git/shallow",
    ".gitattributes",
    ".gitignore",
    "site/.gitattributes",
    "the last commit",
]


@pytest.mark.skipif(os.name != "posix", reason="there are no pipes elsewhere")
@pytest.mark.parametrize("place", PIPES)
def test_nothing_waits_for_a_pipe_in_a_repository(repository, monkeypatch, place):
    """
    All that git is asked has one deadline; then there is an error, and no history in its place.
    """
    monkeypatch.setattr(provenance, "_SECONDS", 2.0)
    if place == "the last commit":
        commit = git(repository, "rev-parse", "HEAD")
        place = f".git/objects/{commit[:2]}/{commit[2:]}"
    path = repository / place
    if place == ".git":
        path.rename(repository / "elsewhere")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    began = time.monotonic()
    told = ""
    try:
        of(repository / "site")
    except ConfigurationError as error:
        told = error.code

    assert told in ("", "bundle.provenance")
    # With a deadline for each call of git it would be one minute at least.
    assert time.monotonic() - began < 45
