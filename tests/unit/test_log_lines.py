"""What a program of the package writes of what loggers say."""

from __future__ import annotations

import logging

import pytest

from inbounds_tools.cli.log_lines import Lines

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
