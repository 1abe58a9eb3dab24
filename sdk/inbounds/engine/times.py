"""OPA's `time.*` on the host: what rules about hours and days need.

Zones come from the machine's time zone database; OPA carries its own. A zone that is not
there is an error, and so no answer. `Local` is refused: a decision does not depend on the
environment of the process.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from inbounds.engine.values import BuiltinError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BILLION: Final = 1_000_000_000
_INT64: Final = range(-(2**63), 2**63)
_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_DURATION: Final = re.compile(r"(?<!\d)(\d+)(ns|us|µs|μs|ms|s|m|h|d|w|y)", re.ASCII)
_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": _BILLION,
    "m": 60 * _BILLION,
    "h": 3_600 * _BILLION,
    "d": 24 * 3_600 * _BILLION,
    "w": 7 * 24 * 3_600 * _BILLION,
    "y": 365 * 24 * 3_600 * _BILLION,
}


def parse_rfc3339_ns(text: Any) -> int:
    """`time.parse_rfc3339_ns`: nanoseconds since 1970-01-01T00:00:00Z."""
    found = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BuiltinError("not a time of RFC 3339")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    if not (1 <= month <= 12 and 1 <= day <= _month_length(year, month)):
        raise BuiltinError("a day that does not exist")
    if hour > 23 or minute > 59 or second > 59:
        raise BuiltinError("a time of day that does not exist")
    offset = 0
    if found[8] is not None:
        hours, minutes = int(found[9]), int(found[10])
        if hours > 24 or minutes > 60:  # Go's parser allows for offsets of a whole day
            raise BuiltinError("an offset that does not exist")
        offset = (hours * 60 + minutes) * (60 if found[8] == "+" else -60)
    if not year:  # which Python has not; what 64 bits hold begins in 1677
        raise BuiltinError("a time out of range")
    seconds = calendar.timegm((year, month, day, hour, minute, second)) - offset
    fraction = int((found[7] or "0")[:9].ljust(9, "0"))
    return _in_range(seconds * _BILLION + fraction)


def parse_duration_ns(text: Any) -> int:
    """`time.parse_duration_ns` for whole numbers of every unit, such as `1d12h`."""
    if not isinstance(text, str):
        raise BuiltinError("not a duration")
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0
    segments = _DURATION.findall(body)
    if {"d", "w", "y"} & {unit for _, unit in segments} and "\u03bcs" in body:
        raise BuiltinError("a character for micro that long units do not go with")
    if not segments or "".join(n + unit for n, unit in segments) != body:
        raise BuiltinError("not a duration in whole units")
    total = sum(int(n) * _UNITS[unit] for n, unit in segments)
    return _in_range(-total if text[0] == "-" else total)


def date(moment: Any) -> list[int]:
    """`time.date`: year, month, day."""
    local = _local(*_instant(moment))
    return [local.year, local.month, local.day]


def clock(moment: Any) -> list[int]:
    """`time.clock`: hour, minute, second."""
    local = _local(*_instant(moment))
    return [local.hour, local.minute, local.second]


def weekday(moment: Any) -> str:
    """`time.weekday`: the English name of the day."""
    return calendar.day_name[_local(*_instant(moment)).weekday()]


def add_date(moment: Any, years: Any, months: Any, days: Any) -> int:
    """`time.add_date`: the same time of day on another date, overflowing days carried on."""
    ns, zone = _instant(moment)
    local = _local(ns, zone)
    month = local.month - 1 + _integer(months)
    year = local.year + _integer(years) + month // 12
    try:
        first = datetime(year, month % 12 + 1, 1, tzinfo=UTC)
        wall = first + timedelta(days=local.day - 1 + _integer(days))
    except (ValueError, OverflowError) as error:
        raise BuiltinError("a date out of range") from error
    wall = wall.replace(hour=local.hour, minute=local.minute, second=local.second)
    seconds = _seconds(wall)
    # As Go resolves a wall time: with the offset in force at the wall time read as UTC, or,
    # where that leads into another period of the zone, with the offset in force there.
    offset = _offset(seconds - _offset(seconds, zone), zone)
    return _in_range((seconds - offset) * _BILLION + ns % _BILLION)


def _in_range(ns: int) -> int:
    if ns not in _INT64:
        raise BuiltinError("a time out of range")
    return ns


def _integer(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INT64:
        raise BuiltinError("not a whole number")
    return value


def _instant(moment: Any) -> tuple[int, tzinfo]:
    """What `ns`, `[ns, zone]` or `[ns, zone, layout]` names; what follows is not read."""
    if not isinstance(moment, list):
        return _integer(moment), UTC
    if not moment or not all(isinstance(name, str) for name in moment[1:3]):
        raise BuiltinError("not a moment")
    return _integer(moment[0]), _zone(moment[1]) if moment[1:] else UTC


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        raise BuiltinError("the zone of the process is not part of the question")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise BuiltinError("a time zone that is not known here") from error


def _local(ns: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(seconds=ns // _BILLION)).astimezone(zone)


def _offset(seconds: int, zone: tzinfo) -> int:
    offset = _local(seconds * _BILLION, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _seconds(wall: datetime) -> int:
    return (wall - _EPOCH) // timedelta(seconds=1)


def _month_length(year: int, month: int) -> int:
    return (
        29
        if month == 2 and calendar.isleap(year)
        else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    )
