"""Numbers that are written as a multiple, such as `5 thousand`."""

from __future__ import annotations

import re

from .values import BLANKS, NUMBER, written_number

_FACTORS = {"hundred": 2, "thousand": 3, "grand": 3, "million": 6}
_MULTIPLE = re.compile(
    rf"[{BLANKS}]?((?:hundreds?|thousands?|grand|k|tsd|tausend|lakh|crore|m|mn|mio|mill?|millions?|millionen|milliard|md|mrd"
    rf"|bn|billion|trillion)\.?(?:[{BLANKS}](?:hundred|thousand|million|billion))*)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
"""What makes a multiple of the number before it, as in `EUR 5 thousand`."""


def multiplied(written: str, behind: str) -> tuple[str, int]:
    """Return the number that a number and the word behind it are, and the length of the word.

    Args:
        written: The number. It is returned as it is where no such word follows.
        behind: What follows. Of a multiple that is not certain, such as `5 mio`, the number is "".
    """
    found = _MULTIPLE.match(behind)
    if found is None:
        return written, 0
    number, factor = written_number(written), _FACTORS.get(found[1].lower())
    if number is None or factor is None:
        return "", found.end()
    whole, _, part = number.removeprefix(NUMBER).partition(".")
    shifted = f"{whole}{part.ljust(factor, '0')[:factor]}"
    return f"{shifted}.{part[factor:]}" if part[factor:] else shifted, found.end()
