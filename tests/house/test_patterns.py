"""Regular expressions mean the same on every Python that the package admits."""

from __future__ import annotations

import ast
import re
from re import _constants as op
from re import _parser as parser

import pytest
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
