"""Comments that let a finding be: `# lint: allow CODE reason`.

One stands on the line of the finding, or above it with nothing but comments between. It takes a
reason, since whoever reads the file next has to know it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inbounds.canonical.yaml_lines import Lines

_MARK = b"lint:"
_COMMENT = re.compile(r"(?:(?<=\s)|^)#\s*lint:(?P<said>[^#]*(?:#(?!\s*lint:)[^#]*)*)")
_SAID = re.compile(r"\s*allow\s+(?P<code>\S+)(?:\s+(?P<reason>\S.*?))?\s*")


@dataclass(frozen=True, slots=True)
class Allowance:
    """One such comment.

    Attributes:
        line: The line it stands on.
        holds: The line it speaks of: its own, or the next that holds more than a comment.
        code: The code that it allows; "" where it cannot be understood.
        reason: Why; "" where it says none.
    """

    line: int
    holds: int
    code: str
    reason: str


def allowances(text: bytes, lines: Lines) -> Iterator[Allowance]:
    """Yield the comments of a file that speak to the linter.

    What looks like one within a value is text, whoever wrote it, and allows nothing.

    Args:
        text: A file of a deployment.
        lines: The same, read.
    """
    if _MARK not in text:
        return
    rows = _rows(text.decode("utf-8"))
    scalars = sorted(lines.scalars())
    starts = [start for start, _ in scalars]
    for place, row in enumerate(rows):
        for comment in _COMMENT.finditer(row):
            at = (place, comment.start())
            before = bisect_right(starts, at) - 1
            if before >= 0 and at < scalars[before][1]:
                continue
            said = _SAID.fullmatch(comment["said"])
            yield Allowance(
                line=place + 1,
                holds=_holds(rows, place, comment.start()),
                code=said["code"] if said else "",
                reason=(said["reason"] or "") if said else "",
            )


def _rows(text: str) -> list[str]:
    """The lines as YAML counts them."""
    return re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text.removeprefix("\ufeff"))


def _holds(rows: Sequence[str], place: int, column: int) -> int:
    if rows[place][:column].strip():
        return place + 1
    for below in range(place + 1, len(rows)):
        row = rows[below].strip()
        if not row:
            break
        if not row.startswith("#"):
            return below + 1
    return place + 1
