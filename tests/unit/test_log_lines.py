"""What a program of the package writes of what loggers say."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from inbounds import DecisionUnavailable
from inbounds.process import clock
from inbounds_tools.cli import log_lines
from inbounds_tools.cli.log_lines import Bounded, Lines

SECRET = "canary"


def line(name, *, error=False):
    info = (ValueError, ValueError(SECRET), None) if error else None
    record = logging.LogRecord(name, logging.ERROR, "x.py", 1, "it is %s", (SECRET,), info)
    record.stack_info = SECRET
    return Lines().format(record)


@pytest.mark.parametrize("name", ["mcp.client", "client", "inboundsx", "root", "py.warnings"])
def test_another_packages_logger_is_not_quoted(name):
    assert line(name).endswith(f" ERROR {name}")
    assert line(name, error=True).endswith(f" ERROR {name}: ValueError")
    assert SECRET not in line(name) + line(name, error=True)


@pytest.mark.parametrize("name", ["inbounds", "inbounds.live.push", "inbounds_server.issuer"])
def test_ones_own_says_what_it_says(name):
    assert f" it is {SECRET}\n" in line(name)


@pytest.fixture
def written(monkeypatch):
    """What a program writes of one logger, and the logger."""
    lines, held = io.StringIO(), []
    monkeypatch.setattr(sys, "stderr", lines)
    monkeypatch.setattr(logging, "basicConfig", lambda *, handlers: held.extend(handlers))
    monkeypatch.setattr(logging, "captureWarnings", lambda *, capture: None)
    log_lines.to_stderr()
    logger = logging.getLogger("inbounds_server.bounded")
    logger.setLevel(logging.INFO)
    logger.addHandler(held[0])
    yield lines, logger
    logger.removeHandler(held[0])


def test_what_anybody_may_cause_is_written_a_few_times_a_minute(written, monkeypatch):
    lines, logger = written

    def tell(code):
        logger.warning("not known: %s", DecisionUnavailable("away", code=code))

    for _ in range(500):
        tell("pdp.unreachable")
    assert 10 == lines.getvalue().count("not known")
    tell("identity.expired")
    assert 11 == lines.getvalue().count("not known")
    for _ in range(20):
        logger.info("an event")
    assert 20 == lines.getvalue().count("an event")

    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + 61)
    for _ in range(3):
        tell("pdp.unreachable")
    assert 14 == lines.getvalue().count("not known")
    assert 1 == lines.getvalue().count("(after 490 more of the same cause)")


def test_the_causes_that_are_counted_are_bounded():
    bounded = Bounded()
    for n in range(3000):
        bounded.filter(logging.LogRecord("x", logging.ERROR, "x.py", n, "x", (), None))

    assert len(bounded._lines) <= 1024
