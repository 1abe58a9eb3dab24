"""The tests of adapters, each in the environment of its framework: `make test-integrations`.

`INTEGRATION` names the adapter whose framework this environment has. Without it, nothing
here is collected; a framework that is named and not there is a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.integrations.behaviours")

HERE = Path(__file__).parent
NAMED = os.environ.get("INTEGRATION", "")
ADAPTERS = sorted(path.parent.name for path in HERE.glob("*/harness.py"))

collect_ignore = [name for name in ADAPTERS if name != NAMED]

if NAMED and NAMED not in ADAPTERS:
    raise pytest.UsageError(f"INTEGRATION: no adapter {NAMED}; there are {ADAPTERS}")
