"""`tests/mutants.yaml`: the mutants that survive for a reason."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tools.mutants.operators import Name


class Named(BaseModel):
    """One mutant that no test can tell from the policy, and why.

    `file`, `operator`, `line`, `was`, `becomes` and `occurrence` are its `Name`, as the
    report prints it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    operator: str
    line: str
    was: str
    becomes: str
    occurrence: int = Field(default=1, ge=1)
    reason: str = Field(min_length=20)

    @property
    def name(self) -> Name:
        """What the mutant is called."""
        return Name(**self.model_dump(exclude={"reason"}))


def named(file: Path) -> dict[Name, str]:
    """Return the reasons by the name of the mutant; none where there is no such file.

    Raises:
        ValueError: The file is not of its shape, or names a mutant twice.
    """
    if not file.exists():
        return {}
    entries = TypeAdapter(list[Named]).validate_python(
        yaml.safe_load(file.read_text("utf-8")) or []
    )
    reasons = {entry.name: entry.reason for entry in entries}
    if len(reasons) != len(entries):
        raise ValueError(f"{file.name} names a mutant twice")
    return reasons


def entry(name: Name) -> str:
    """Return what to write into the file for a mutant, its reason left to be said."""
    fields = {
        key: value for key, value in asdict(name).items() if (key, value) != ("occurrence", 1)
    }
    return yaml.safe_dump([fields], sort_keys=False, allow_unicode=True, width=2**20)
