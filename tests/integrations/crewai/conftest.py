"""Imports CrewAI before anything else does."""

import importlib
import os
import warnings
from pathlib import Path

import pytest

# The framework looks at these when it is imported: nothing is to be sent anywhere.
os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"
os.environ["CREWAI_TRACING_ENABLED"] = "false"
os.environ["CREWAI_TESTING"] = "true"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its modules warn of one another
    importlib.import_module("crewai")


@pytest.fixture(autouse=True)
def _stored_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a store of its own: all crews of one folder share what their tasks gave."""
    monkeypatch.setenv("CREWAI_STORAGE_DIR", str(tmp_path / "crewai"))
