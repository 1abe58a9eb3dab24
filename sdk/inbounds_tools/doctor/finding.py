"""One thing that was looked at, and how it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from inbounds.errors import DecisionUnavailable, InboundsError

State = Literal["ok", "mend", "untold", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is.

    Attributes:
        name: The part.
        state: `ok`; `mend`: somebody has to act; `untold`: it could not be told; `note`: worth
            knowing, and nothing is wrong.
        said: What was found.
        hint: What to do now, or "".
    """

    name: str
    state: State
    said: str
    hint: str = ""


def of_error(name: str, error: InboundsError) -> Finding:
    """Return what an error says of a part: no answer tells nothing, all else is to be mended."""
    # A log that refuses records has said what is wrong with it.
    untold = isinstance(error, DecisionUnavailable) and not error.code.startswith("evidence.")
    # The hint of all errors of this kind leads here.
    hint = "check that it runs and that this machine can reach it"
    hint = hint if error.hint == DecisionUnavailable.hint else error.hint
    return Finding(name, "untold" if untold else "mend", error.message, hint)


def tried(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Look at a part; where that fails, the failure is the finding."""
    try:
        yield from look()
    except InboundsError as error:
        yield of_error(name, error)
