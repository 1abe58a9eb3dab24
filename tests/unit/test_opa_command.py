"""Running OPA on a stranger's sources: how long it may take, and how much memory it may use."""

from __future__ import annotations

import sys

import pytest

from inbounds.errors import ConfigurationError
from inbounds_tools.opa import command

pytestmark = pytest.mark.system


def program(folder, text):
    path = folder / "opa"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def test_what_it_writes_and_its_code_are_returned(tmp_path):
    opa = program(tmp_path, "print(sys.argv[1:]); print('é', file=sys.stderr); sys.exit(2)")
    done = command.run(opa, "check", "a b")
    assert ("['check', 'a b']\n", "é\n", 2) == (done.stdout, done.stderr, done.returncode)


def test_it_ends_with_its_time(tmp_path):
    opa = program(tmp_path, "time.sleep(60)")
    with pytest.raises(ConfigurationError, match="`opa check` needs more than 0") as refused:
        command.run(opa, "check", seconds=0.3)
    assert "opa.limit_exceeded" == refused.value.code


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process from outside")
def test_its_memory_is_bounded(tmp_path):
    opa = program(
        tmp_path,
        "import resource\n"
        "until = time.monotonic() + 20\n"
        "while (now := resource.getrlimit(resource.RLIMIT_DATA))[0] < 0:\n"
        "    if time.monotonic() > until: break\n"
        "print(*now, os.environ['GOMEMLIMIT'])",
    )
    most = command.MAX_MEMORY_BYTES
    assert f"{most} {most} {most // 4 * 3}\n" == command.run(opa, "test").stdout


@pytest.mark.parametrize(
    "said",
    [
        "fatal error: runtime: cannot allocate memory",
        "runtime: out of memory: cannot allocate 67108864-byte block (695926784 in use)",
        "SIGSEGV: segmentation violation",
    ],
)
def test_an_end_for_want_of_memory_is_told_as_that(tmp_path, said):
    opa = program(tmp_path, f"print({said!r}, file=sys.stderr); sys.exit(2)")
    with pytest.raises(ConfigurationError, match="needs more than 4 GiB of memory") as refused:
        command.run(opa, "test")
    assert "opa.limit_exceeded" == refused.value.code


def test_one_that_does_not_run_is_missing(tmp_path):
    with pytest.raises(ConfigurationError) as refused:
        command.run(tmp_path / "opa", "test")
    assert "opa.missing" == refused.value.code
