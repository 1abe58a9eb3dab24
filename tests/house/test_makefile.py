"""The Makefile: its help, its targets, and what keeps it plain."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Makefile").read_text("utf-8")
PHONY = set(
    re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", TEXT, re.MULTILINE)[1].replace("\\", "").split()
)
EXPLAINED = dict(re.findall(r"^([a-z-]+):.*?## (.+)$", TEXT, re.MULTILINE))
PROMISED = {
    *("setup", "schemas", "catalogue", "shape", "generated", "assets", "demo", "test"),
    *("lint", "nightly", "bench", "wheel", "clean"),
}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # A make that runs these tests tells those below it of itself, and they speak otherwise then.
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(autouse=True)
def _make_is_there():
    if shutil.which("make") is None:
        pytest.skip("no make on this machine")


@pytest.mark.system
def test_help_lists_every_target_that_has_a_sentence():
    ran = make("help")
    assert ran.returncode == 0
    listed = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines())
    assert listed == EXPLAINED


def test_every_promised_target_has_a_sentence():
    assert PROMISED - EXPLAINED.keys() == set()


def test_targets_that_are_no_files_are_declared_so():
    assert EXPLAINED.keys() - PHONY == set()


@pytest.mark.system
@pytest.mark.parametrize("target", sorted(PHONY))
def test_every_target_is_known_with_all_it_needs(target):
    ran = make("--dry-run", target)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.system
def test_help_is_what_make_does_alone():
    assert make().stdout == make("help").stdout


def test_nothing_in_it_is_particular_to_one_make_or_shell():
    rules = "\n".join(line for line in TEXT.splitlines() if not line.startswith("#"))
    assert ".POSIX:" in rules
    for particular in (":=", "?=", "$(shell", "$(if", "ifdef", "ifeq", "[[", "source ", "pushd"):
        assert particular not in rules, particular


@pytest.mark.system
def test_the_script_of_the_pipeline_is_a_program_that_tests_then_lints():
    script = ROOT / ".ci" / "run"
    text = script.read_text("utf-8")
    assert text.index("make test") < text.index("make lint")
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_a_line_of_python_is_not_echoed():
    lines = [
        line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if " -c '" in line
    ]
    assert lines
    assert [line for line in lines if not line.startswith("\t@")] == []
