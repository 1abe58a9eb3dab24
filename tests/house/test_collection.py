"""That every process collects the same tests, which share them by their names."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.engines import ROOT


@pytest.mark.system
def test_names_of_tests_are_the_same_in_every_process():
    """
    A set, an object or a random value in a parameter's name fails a shared run, and not always.
    """
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    one, other = (
        [line for line in process.communicate(timeout=300)[0].splitlines() if "::" in line]
        for process in running
    )

    assert len(one) > 1000
    assert [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]] == []
