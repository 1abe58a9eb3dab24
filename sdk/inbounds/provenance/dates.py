"""Dates as people and programs write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ISO = re.compile(
    r"([0-9](?<![\w.-][0-9])[0-9]{3}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?))?"
    r"(?![\w-])"
)
_NAMES = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = r"([0-9]{1,2})(?:st|nd|rd|th)?"
_MONTH_FIRST = re.compile(
    rf"\b({_NAMES})\.?\s+(?:the\s+)?{_DAY}\b(?:(?:\s*,\s*|\s+(?:of\s+)?)([0-9]{{4}})\b)?",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(
    rf"(?<![\w.-]){_DAY}\.?\s+(?:of\s+)?({_NAMES})\b\.?(?:(?:\s*,\s*|\s+)([0-9]{{4}})\b)?",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"(?<![\w.-])([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?![\w-])")
_SLASHED = re.compile(r"(?<![\w./-])([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?![\w/-])")
_TIME = re.compile(
    r"(?<![\w:.])([0-9]{1,2})(?:[:.]([0-9]{2}))?\s?([ap])\.?m\b|(?<![\w:.-])([0-9]{1,2}):([0-9]{2})\b",
    re.IGNORECASE,
)
DATES = (_MONTH_FIRST, _DAY_FIRST, _DOTTED, _SLASHED)
DATES_AND_TIMES = (*DATES, _ISO, _TIME)


def written_dates(text: str, *, whole: bool = False) -> Iterator[str]:
    """The dates and times in ISO 8601 that stand in a text, in canonical form.

    Args:
        text: Any text.
        whole: Whether the text has to be one such date, and nothing else.
    """
    found = [_ISO.fullmatch(text)] if whole else _ISO.finditer(text)
    for match in found:
        if match is None:
            return
        try:
            if match.group(2):
                yield moment(f"{match.group(1)}T{match.group(2)}")
            else:
                yield date.fromisoformat(match.group(1)).isoformat()
        except (ValueError, OverflowError):
            continue


def moment(written: str) -> str:
    """One form for a date with a time: in UTC where it has an offset, without seconds of 0."""
    read = datetime.fromisoformat(written)
    zone = ""
    if read.tzinfo is not None:
        read, zone = read.astimezone(UTC).replace(tzinfo=None), "Z"
    exact = "minutes" if not read.second and not read.microsecond else "auto"
    return read.isoformat(timespec=exact) + zone


def spoken_dates(text: str) -> Iterator[str]:
    """The dates of a text in the forms people use, as `2024-05-26`. One has its year stated."""
    for match in _MONTH_FIRST.finditer(text):
        yield from _date(match.group(3), _month(match.group(1)), match.group(2))
    for match in _DAY_FIRST.finditer(text):
        yield from _date(match.group(3), _month(match.group(2)), match.group(1))
    for match in _DOTTED.finditer(text):
        yield from _date(match.group(3), int(match.group(2)), match.group(1))
    for match in _SLASHED.finditer(text):
        yield from _date(match.group(1), int(match.group(2)), match.group(3))


def without_dates(text: str) -> str:
    """A text without the dates in the forms people use: their days and years are not numbers."""
    for pattern in DATES:
        text = pattern.sub(" \n ", text)
    return text


def spoken_times(text: str) -> Iterator[str]:
    """The times of day of a text, as `14:30`."""
    for match in _TIME.finditer(text):
        hour, minutes, half, hour_24, minutes_24 = match.groups()
        if half is None:
            at, past = int(hour_24), int(minutes_24)
        else:
            at, past = int(hour) % 12 + (12 if half.lower() == "p" else 0), int(minutes or 0)
            if not 1 <= int(hour) <= 12:
                continue
        if at < 24 and past < 60:
            yield f"{at:02}:{past:02}"


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _date(year: str | None, month: int, day: str) -> Iterator[str]:
    if not year:
        return
    try:
        yield date(int(year), month, int(day)).isoformat()
    except ValueError:
        return
