"""What a program of this package writes of what loggers say: one place for all of them."""

from __future__ import annotations

import logging
import sys

_OURS = ("inbounds", "inbounds_server", "inbounds_tools")


class Lines(logging.Formatter):
    """Writes what this package's own loggers say, with the time.

    Of another package's, which may quote what it was given, the level, the logger's name and the
    class of an exception.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        when = self.formatTime(record)
        if record.name.partition(".")[0] in _OURS:
            return f"{when} {super().format(record)}"
        error = record.exc_info[0] if record.exc_info else None
        what = f": {error.__name__}" if error is not None else ""
        return f"{when} {record.levelname} {record.name}{what}"


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
    logging.basicConfig(handlers=[handler])
    # A warning of Python's may quote a value too.
    logging.captureWarnings(capture=True)
    for name in told:
        logging.getLogger(name).setLevel(logging.INFO)
