"""What came of each behaviour on one framework, kept for the page of all adapters."""

from __future__ import annotations

import json
import os
import re
from importlib import metadata
from pathlib import Path

import pytest

BEHAVIOURS = "tests.integrations.behaviours"


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
        self._all: set[str] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if isinstance(item, pytest.Function) and item.function.__module__ == BEHAVIOURS:
                self._all.add(item.nodeid)
                self._seen.setdefault(item.function.__name__, set())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid not in self._all:
            return
        name = report.nodeid.rpartition("::")[2].partition("[")[0]
        if report.failed:
            self._seen[name].add("failed")
        elif report.skipped:
            self._seen[name].add(str(report.longrepr[2]).removeprefix("Skipped: "))  # type: ignore[index]
        elif report.when == "call":
            self._seen[name].add("held")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        import tests.integrations.behaviours as every

        names = {name for name in vars(every) if name.startswith("test_")}
        if {name for name, seen in self._seen.items() if seen} != names or session.testsfailed:
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
