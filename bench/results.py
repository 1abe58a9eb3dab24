"""What the bench has found: timings, ratios, and whether what was aimed at is reached."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .measure import Timing


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing aimed at.

    Attributes:
        what: In words.
        found: What was measured.
        most: What it is to be at most, or at least where `least` is true.
        least: Whether `most` is a lower bound.
        undisturbed: The same of the fastest calls, which a busy machine disturbs least; None
            where there is no such thing.
        told: The two that were compared, in units of their own.
    """

    what: str
    found: float
    most: float
    least: bool = False
    undisturbed: float | None = None
    told: str = ""

    @classmethod
    def at_most(cls, what: str, timing: Timing, beside: Timing, most: float) -> Goal:
        """Return that one takes at most so many times as long as another."""
        return cls(
            what,
            timing.over(beside),
            most,
            undisturbed=timing.least / beside.least,
            told=f"{timing} over {beside}",
        )

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.found >= self.most if self.least else self.found <= self.most


@dataclass(slots=True)
class Results:
    """Everything one run has found, by group and entry."""

    timings: dict[str, dict[str, Timing]] = field(default_factory=dict)
    rates: dict[str, dict[str, float]] = field(default_factory=dict)
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    mebibytes: dict[str, float] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values; times of calls are in microseconds."""
        return {
            "microseconds": {
                group: {name: timing.to_json() for name, timing in entries.items()}
                for group, entries in self.timings.items()
            },
            "calls_per_second": _rounded(self.rates),
            "seconds_to_start": _rounded(self.seconds),
            "mebibytes": {name: round(size, 1) for name, size in self.mebibytes.items()},
            "goals": [
                {
                    "what": goal.what,
                    "found": round(goal.found, 2),
                    "at_least" if goal.least else "at_most": goal.most,
                    "reached": goal.reached,
                    "told": goal.told,
                    **(
                        {}
                        if goal.undisturbed is None
                        else {"undisturbed": round(goal.undisturbed, 2)}
                    ),
                }
                for goal in self.goals
            ],
        }


def _rounded(groups: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        group: {name: round(value, 3) for name, value in entries.items()}
        for group, entries in groups.items()
    }


def machine() -> dict[str, Any]:
    """Return what it was measured on, without names of anybody's machine."""
    packages = ("inbounds", "wasmtime", "pydantic", "requests", "opentelemetry-api", "pyjwt")
    return {
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
        "revision": _revision(),
    }


def load() -> float:
    """Return how many processes have wanted a CPU in the last minute."""
    return round(os.getloadavg()[0], 2)


def _cpu() -> str:
    found = Path("/proc/cpuinfo")
    lines = found.read_text("utf-8").splitlines() if found.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _revision() -> str:
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"
