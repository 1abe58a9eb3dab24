"""What came of each behaviour on one framework, kept for the page of all adapters."""

from __future__ import annotations

import functools
import json
import os
import re
from importlib import metadata
from pathlib import Path

import pytest


class Watch:
    """Takes down what came of each behaviour, and holds it against what is committed.

    Args:
        adapter: Its name, which is that of its extra.
        kept: The file of what came of it before: versions, and `held` or why it cannot happen.
    """

    def __init__(self, adapter: str, kept: Path) -> None:
        self._adapter = adapter
        self._kept = kept
        self._seen: dict[str, set[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("::")[2].partition("[")[0]
        if name not in _names():
            return
        seen = self._seen.setdefault(name, set())
        if report.failed:
            seen.add("failed")
        elif report.skipped:
            seen.add(str(report.longrepr[2]).removeprefix("Skipped: "))  # type: ignore[index]
        elif report.when == "call":
            seen.add("held")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if {*self._seen} != _names() or session.testsfailed:
            return  # one run of a few of them says nothing of all
        found = {
            "versions": _versions(self._adapter),
            "behaviours": {name: _one(seen) for name, seen in sorted(self._seen.items())},
        }
        text = json.dumps(found, indent=2) + "\n"
        if os.environ.get("RECORD"):
            self._kept.parent.mkdir(exist_ok=True)
            self._kept.write_text(text, "utf-8")
        elif not self._kept.exists() or self._kept.read_text("utf-8") != text:
            print(f"\n{self._kept.name} says otherwise: RECORD=1 writes it anew")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@functools.cache
def _names() -> frozenset[str]:
    import tests.integrations.behaviours as every

    return frozenset(name for name in vars(every) if name.startswith("test_"))


def _one(seen: set[str]) -> str:
    """Where one way of a framework has a behaviour, and another cannot: why it cannot."""
    return "; ".join(sorted(seen - {"held"})) or "held"


def _versions(adapter: str) -> dict[str, str]:
    """The versions of what the adapter's extra asks for."""
    extra = adapter.replace("_", "-")
    wanted = [
        re.match(r"[A-Za-z0-9_.-]+", each.partition(";")[0].strip())[0]  # type: ignore[index]
        for each in metadata.requires("inbounds") or ()
        if re.search(rf"extra == ['\"]{re.escape(extra)}['\"]", each)
    ]
    return {name: metadata.version(name) for name in sorted(wanted)}
