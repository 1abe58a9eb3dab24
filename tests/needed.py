"""What a test cannot do without: skipped where it is not there, but not in the pipeline."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

import pytest


def missing(programs: Sequence[str]) -> list[str]:
    """Which of the programs are not on the path."""
    return [name for name in programs if shutil.which(name) is None]


def skip_without(wanting: Sequence[str], what: str) -> None:
    """Skip where something is wanting; fail where the pipeline has to have it.

    Args:
        wanting: What is not there; nothing is done where that is nothing.
        what: What cannot be done without, in words.
    """
    if not wanting:
        return
    reason = f"{what}, for want of {', '.join(wanting)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
