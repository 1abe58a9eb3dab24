"""Regular expressions mean the same on every Python, and none is kept busy by what it reads."""

from __future__ import annotations

import ast
import re
from re import _constants as op
from re import _parser as parser

import pytest
from tests import pumped
from tests.documents import ROOT

from inbounds.model import places
from inbounds.pep import masking

SOURCES = sorted((ROOT / "sdk").rglob("*.py"))
OF_ONE = {op.IN, op.LITERAL, op.NOT_LITERAL, op.ANY}


def misread(pattern):
    """Whether CPython before 3.11.5 may match other texts.

    There, what is repeated possessively or is atomic forgets where it was, unless it is one
    character (https://github.com/python/cpython/issues/106052).
    """
    return any(_misread(node) for node in _nodes(parser.parse(pattern)))


def _misread(node):
    kind, value = node
    if kind is op.ATOMIC_GROUP:
        return True
    if kind is not op.POSSESSIVE_REPEAT:
        return False
    return [name for name, _ in value[2]] != [next((n for n, _ in value[2] if n in OF_ONE), None)]


def _nodes(parsed):
    for node in parsed:
        yield node
        yield from _within(node[1])


def _within(value):
    if isinstance(value, parser.SubPattern):
        yield from _nodes(value)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _within(part)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?:ab)++", True),
        (r"x(?:y(?:ab){1,3}+)?", True),
        (r"(?>ab)", True),
        (r"(?=(?:a|bc)*+)", True),
        (r"[ab]++c", False),
        (r"\s{1,3}+(?:a[^b]*+)+", False),
        (r".?+", False),
    ],
)
def test_such_a_pattern_is_found(pattern, expected):
    assert misread(pattern) is expected


def test_no_pattern_is_read_otherwise_by_an_older_python():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.search(r"\)(?:[*+?]|\{[\d,{}]+\})\+|\(\?>", node.value)
    ]

    assert wrong == []


@pytest.mark.parametrize("module", [masking, places])
def test_nor_one_that_is_put_together(module):
    values = [vars(module), *(value for value in vars(module).values() if isinstance(value, dict))]
    patterns = {
        name: value.pattern
        for some in values
        for name, value in some.items()
        if isinstance(value, re.Pattern)
    }
    assert patterns
    assert [name for name, pattern in patterns.items() if misread(pattern)] == []


# --- what they cost -----------------------------------------------------------------------------

ROUNDS = 25
IN_THE_PROMPT = {
    # These read so many characters beside a value, or one sentence of the user's own.
    "inbounds.provenance.naming_marks.IMPERATIVE": "256",
    "inbounds.provenance.naming_marks._ACTS": "256",
    "inbounds.provenance.recipients.IMPERATIVE": "a sentence",
    "inbounds.provenance.recipients._GOES_ON": "a sentence",
    "inbounds.provenance.recipients._NAMES": "256",
    "inbounds.provenance.prompt_segments._WHO": "400",
    "inbounds.provenance.prompt_orders._DELETED": "96",
    "inbounds.provenance.spoken_effects._PLAIN": "200",
    "inbounds.provenance.title_marks._LISTED": "160",
    "inbounds.provenance.prompt_text._BEGINS_SENTENCE": "96",
}
"""Patterns that take the square of a text's length, of which they are given little."""


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?<!\w)(?:\+\d|0\d{2,3})(?:[^\w+\n]{1,4}\d{2,12})+(?!\w|[^\w+\n]{1,4}\d\d)", True),
        (r"\\++(?=\")", True),
        (r"(?<!\\)\\++(?=\")", False),
        (r"\s*\n\s*\Z", True),
        (r"(?:,(?:'[^']*'|[^,]+))*;", True),
        (r"[^\s<>]+", False),
        (r"<[^<>]*>", False),
    ],
)
@pytest.mark.system
def test_one_that_is_kept_busy_is_found(pattern, expected):
    assert _busy(re.compile(pattern), {"search"}) is expected


@pytest.mark.system
def test_no_pattern_is_kept_busy_by_what_it_reads():
    """
    Each is put to texts of its own parts, over and over: four times as long takes four times.
    """
    looked_at = [*pumped.patterns()]
    busy = {name for name, ways, pattern in looked_at if _busy(pattern, ways)}

    assert len(looked_at) > 400
    assert busy <= IN_THE_PROMPT.keys()


def _busy(pattern, ways):
    pump = pumped.Pump(pattern, 1)
    run = pumped.applied(pattern, ways)
    return any(
        pumped.grows(run, text, length=4000, slow=0.003, most=0.4) for text in pump.texts(ROUNDS)
    )
