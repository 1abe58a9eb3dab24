"""What is written where nobody asked for it: nothing; and what the first line says to who did."""

from __future__ import annotations

import json
import re

import pytest
from tests import scenes, shipping
from tests.guards import Place

CALLS = """
import logging
{before}
guard = make()
with begin(guard) as task:
    read(task, 1)
    try:
        task.call("mail.read", {{"id": "board/1"}})
    except inbounds.AccessDenied:
        pass
try:
    guard.task("conquer", subject="nobody")
except inbounds.InboundsError:
    pass
guard.close()
{after}
"""
STATE = """
root, ours = logging.getLogger(), logging.getLogger("inbounds")
print(json.dumps({
    "root": [type(handler).__name__ for handler in root.handlers],
    "root level": root.level,
    "ours": [type(handler).__name__ for handler in ours.handlers],
    "level": ours.level,
    "propagate": ours.propagate,
    "disabled": root.manager.disable,
    "last resort": logging.lastResort is before,
    "others": sorted(
        name for name, logger in root.manager.loggerDict.items()
        if name.startswith("inbounds") and name != "inbounds" and isinstance(logger, logging.Logger)
        and (logger.handlers or logger.level or not logger.propagate)
    ),
}))
"""


@pytest.fixture(params=["embedded", "opa"])
def place(request, tmp_path):
    shipping.make_assets()
    place = Place(tmp_path)
    with place.engine(request.param) as url:
        place.url = url
        place.name = request.param
        yield place


def run(place, *, before="", after=""):
    done = place.run(CALLS.format(before=before, after=after), place.url)
    assert done.returncode == 0, done.stderr
    return done


def test_nothing_is_written_by_default_and_nothing_is_set_up(place):
    """
    No line anywhere, and the loggers are as importing `logging` leaves them but for one handler.
    """
    done = run(place, before="before = logging.lastResort", after=STATE)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "root": [],
        "root level": 30,
        "ours": ["NullHandler"],
        "level": 0,
        "propagate": True,
        "disabled": 0,
        "last resort": True,
        "others": [],
    }


def test_the_first_line_says_which_engine_decides(place):
    """
    Whoever asks for the lines is told first what decides; every line is of our own logger.
    """
    form = '"%(levelname)s %(name)s %(message)s"'
    asked = f"logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format={form})"
    lines = run(place, before=asked).stdout.splitlines()
    ours = [line for line in lines if line.split()[1].startswith("inbounds")]
    engine = f"OPA at {place.url}" if place.url else "the embedded policy"
    assert ours[0] == f"INFO inbounds.pep.guard a guard that decides by {engine}"
    told = "\n".join(ours)
    assert place.tokens["pep"] not in told
    assert "board/1" not in told
    assert "eyJ" not in told  # no token
    assert not [line for line in lines if line.split()[1] == "root"]


SPOKEN_BY_ROOT = re.compile(r"\blogging\.(debug|info|warning|error|exception|critical)\(")
SET_UP = re.compile(r"\b(basicConfig|dictConfig|captureWarnings|setLevel)\(")


def test_no_module_but_a_command_sets_logging_up():
    """
    Every logger is named after its module; nothing speaks through the root logger.
    """
    sdk = scenes.ROOT / "sdk"
    modules = [path for path in sdk.rglob("*.py") if "_assets" not in path.parts]
    assert len(modules) > 50
    for path in modules:
        name, text = path.relative_to(sdk).as_posix(), path.read_text("utf-8")
        assert not SPOKEN_BY_ROOT.search(text), name
        assert "getLogger()" not in text, name
        if not name.startswith("inbounds_tools/cli/"):
            assert not SET_UP.search(text), name
            # What the parser of SQL would log is an argument, and is kept from its logger.
            others = {'"sqlglot"'} if name == "inbounds/canonical/sql.py" else set()
            assert set(re.findall(r"getLogger\(([^)]*)\)", text)) - others <= {"__name__"}, name
            assert not re.search(r"^\s*print\(", text, re.MULTILINE), name
