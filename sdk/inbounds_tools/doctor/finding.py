"""One thing that was looked at, and how it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from inbounds.errors import DecisionUnavailable, InboundsError

State = Literal["ok", "fix", "unknown", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is.

    Attributes:
        name: The part.
        state: `ok`; `fix`: somebody has to act; `unknown`: it could not be determined; `note`:
            worth knowing, and nothing is wrong.
        message: What was found.
        hint: What to do now, or "".
    """

    name: str
    state: State
    message: str
    hint: str = ""


def of_error(name: str, error: InboundsError) -> Finding:
    """Return what an error says of a part: no answer means `unknown`, all else means `fix`."""
    # A log that refuses records has said what is wrong with it.
    unknown = isinstance(error, DecisionUnavailable) and not error.code.startswith("evidence.")
    # The hint of all errors of this kind leads here.
    hint = "check that it runs and that this machine can reach it"
    hint = hint if error.hint == DecisionUnavailable.hint else error.hint
    return Finding(name, "unknown" if unknown else "fix", error.message, hint)


def tried(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Look at a part; where that fails, the failure is the finding."""
    try:
        yield from look()
    except InboundsError as error:
        yield of_error(name, error)
