"""What building an image says where it cannot go on."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.engines import ROOT

from tools import image

pytestmark = pytest.mark.system


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """The only folder of programs there is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder, name, ends=0):
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {ends}\n", "utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("installed", "now"),
    [
        (["buildah"], "BUILDER=buildah is"),
        (["buildah", "podman"], "BUILDER=buildah or BUILDER=podman is"),
        ([], "`apt-get install buildah` brings one"),
    ],
)
def test_a_builder_that_is_not_installed_is_named_with_those_that_are(programs, installed, now):
    for name in installed:
        program(programs, name)
    done = subprocess.run(
        [sys.executable, "-m", "tools.image", "--builder", "docker"],
        cwd=ROOT,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"image: docker is not installed; {now}\n"


def test_a_builder_that_fails_is_said_in_one_sentence_with_what_to_do_now(programs):
    program(programs, "buildah", ends=125)
    with pytest.raises(image.NotBuilt) as refused:
        image.build("buildah", "x.Containerfile", "tag", now="BASES=local needs no registry")
    assert str(refused.value) == (
        "buildah ended with 125, for what it says above; BASES=local needs no registry"
    )


def test_what_is_run_is_named_without_the_way_to_it(programs):
    with pytest.raises(image.NotBuilt, match=r"^mmdebstrap is not installed: `apt-get install mm"):
        image.run("mmdebstrap", "--quiet")
    with pytest.raises(image.NotBuilt, match=r"^no_such_module ended with 1, for what it says"):
        image.run(sys.executable, "-m", "no_such_module")


def test_where_bases_are_pulled_one_is_told_that_they_can_be_made_here(programs, monkeypatch):
    program(programs, "buildah", ends=125)
    monkeypatch.setattr(image, "gather_opa", lambda *_, **__: "revision")
    with pytest.raises(image.NotBuilt, match="where no registry is reached, BASES=local needs"):
        image.main(["--only", "opa"])
