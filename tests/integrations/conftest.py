"""The tests of adapters, each in the environment of its framework: `make test-integrations`.

`INTEGRATION` names the adapter whose framework this environment has. Without it, nothing
here is collected; a framework that is named and not there is a failure.

What came of each behaviour is compared with `results/<name>.json`, which the page of all
adapters is made of; `RECORD=1` writes it anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.integrations import results

from inbounds.pep import Permit

if TYPE_CHECKING:
    from tests.integrations.world import World

pytest.register_assert_rewrite("tests.integrations.behaviours")

HERE = Path(__file__).parent
NAMED = os.environ.get("INTEGRATION", "")
ADAPTERS = sorted(path.parent.name for path in HERE.glob("*/harness.py"))

collect_ignore = [name for name in ADAPTERS if name != NAMED]

if NAMED and NAMED not in ADAPTERS:
    raise pytest.UsageError(f"INTEGRATION: no adapter {NAMED}; there are {ADAPTERS}")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The tools, the people and the policy of one test."""
    from tests.integrations.world import World

    made = World(tmp_path / "world")
    yield made
    made.close()


@pytest.fixture
def comparing(monkeypatch: pytest.MonkeyPatch) -> Comparing:
    """Hold the comparison of a permit with what is about to run, until it is let go."""
    return Comparing(monkeypatch)


class Comparing:
    """A comparison that is under way.

    Attributes:
        begun: Set once it has begun.
        gate: Set by a test, to let it go on.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.gate = threading.Event(), threading.Event()
        compare = Permit.compare

        def slow(permit: Permit, arguments: dict[str, Any]) -> None:
            self.begun.set()
            self.gate.wait(20)
            compare(permit, arguments)

        monkeypatch.setattr(Permit, "compare", slow)


@pytest.fixture(autouse=True)
def _within(request: pytest.FixtureRequest) -> None:
    """Leave out a behaviour that cannot happen in a framework, and say why."""
    if "harness" in request.fixturenames:
        harness = request.getfixturevalue("harness")
        if why := harness.beyond.get(request.function.__name__):
            pytest.skip(why)


def pytest_configure(config: pytest.Config) -> None:
    # Of several processes, the one that hears of all of them.
    if NAMED and not hasattr(config, "workerinput"):
        config.pluginmanager.register(
            results.Watch(NAMED, HERE / "results" / f"{NAMED}.json"), "behaviours"
        )
