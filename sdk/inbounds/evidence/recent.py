"""Which tasks an evidence log knows of."""

from __future__ import annotations

from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds.evidence.file import reading


def latest_task(log: Path) -> str:
    """Return the id of the task that was decided about last.

    Raises:
        ConfigurationError: There is no evidence log (`evidence.missing`), or no task in it.
        DecisionUnavailable: `evidence.unavailable`: it cannot be read.
    """
    with reading(log) as connection:
        row = connection.execute(
            "SELECT task FROM records WHERE kind = 'decided.v1' AND task <> '' "
            "ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    if row is None:
        raise ConfigurationError(
            f"{log} holds no task yet",
            code="evidence.empty",
            hint="a task is recorded with its first call; INBOUNDS_EVIDENCE names the log",
        )
    return str(row[0])
