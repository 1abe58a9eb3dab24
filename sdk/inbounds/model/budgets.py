"""The names that budgets have: one that no rule reads would bound nothing.

This module does no I/O.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

_COUNTED = ("calls", "writes", "exports", "rows", "bytes", "repeats", "depth", "refusals")
_SPELT = re.compile(r"(?:money|site)\..+", re.DOTALL)

BUDGETS: Final = (*_COUNTED, "money.<currency>", "site.<name>")
"""What there is. What begins with `site.` is for rules of one's own to read."""


def is_budget(name: str) -> bool:
    """Whether a rule may read a budget of this name."""
    return name in _COUNTED or _SPELT.fullmatch(name) is not None


def misnamed(budgets: Iterable[str]) -> str:
    """Say what is wrong with the names of some budgets, or return an empty text."""
    for name in budgets:
        if not is_budget(name):
            close = difflib.get_close_matches(name, BUDGETS, n=1)
            meant = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(BUDGETS)}"
            return f"a budget names nothing known; {meant}"
    return ""
