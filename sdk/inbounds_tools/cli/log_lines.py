"""What a program of this package writes of what loggers say: one place for all of them."""

from __future__ import annotations

import logging
import sys

from inbounds.errors import InboundsError
from inbounds.process import clock

_OURS = ("inbounds", "inbounds_server", "inbounds_tools")
_MINUTE = 60.0
_MOST = 10
"""How many lines of one cause are written in a minute."""
_MOST_CAUSES = 1024


class Lines(logging.Formatter):
    """Writes what this package's own loggers say, with the time.

    Of another package's, which may quote what it was given, the level, the logger's name and the
    class of an exception.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        when = self.formatTime(record)
        more = getattr(record, "inbounds_left_out", 0)
        if more:
            when = f"{when} (after {more} more of the same cause)"
        if record.name.partition(".")[0] in _OURS:
            return f"{when} {super().format(record)}"
        error = record.exc_info[0] if record.exc_info else None
        what = f": {error.__name__}" if error is not None else ""
        return f"{when} {record.levelname} {record.name}{what}"


class Bounded(logging.Filter):
    """Lets few warnings and errors of one cause through in a minute, so that nobody fills a disk.

    A cause is a place in the code, and the code of the error of this package that is told of there.
    The first line of a later minute says how many were left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written."""
        if record.levelno < logging.WARNING:
            return True
        args = record.args if isinstance(record.args, tuple) else ()
        codes = [each.code for each in args if isinstance(each, InboundsError)]
        cause = (record.name, record.lineno, "".join(codes))
        now = clock.monotonic()
        begun, count = self._lines.pop(cause, (now, 0))
        if now - begun >= _MINUTE:
            if count > _MOST:
                record.inbounds_left_out = count - _MOST
            begun, count = now, 0
        self._lines[cause] = (begun, count + 1)
        while len(self._lines) > _MOST_CAUSES:
            self._lines.pop(next(iter(self._lines)), None)
        return count < _MOST


def quote_nothing() -> None:
    """Have what other packages' loggers say where nothing is set up in that form as well."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(Lines())


def to_stderr(*told: str) -> None:
    """Write what loggers say to standard error.

    Args:
        told: The loggers of this package whose lines of level INFO are written too.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    handler.addFilter(Bounded())
    logging.basicConfig(handlers=[handler])
    # A warning of Python's may quote a value too.
    logging.captureWarnings(capture=True)
    for name in told:
        logging.getLogger(name).setLevel(logging.INFO)
