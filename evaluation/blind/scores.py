"""The scores of the blind suites that are kept: the first ones, and the last ones."""

from __future__ import annotations

import json
from typing import Any, Final

from .suite import FOLDER

FIRST: Final = FOLDER / "first_scores.json"
LAST: Final = FOLDER / "scores.json"
COLUMNS: Final = {
    "automatic_utility": "utility %",
    "user_calls_denied_percent": "denied %",
    "interruptions_per_task": "asked per task",
    "stopped": "stopped %",
    "hard_denied": "hard-denied %",
    "succeeded_if_all_is_approved": "success if all is approved %",
}
"""The figures of a row, with their headings."""


def kept_scores() -> dict[str, Any]:
    """Return the first and the last scores, each by suite and intents."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in (FIRST, LAST)}
