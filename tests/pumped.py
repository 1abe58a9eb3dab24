"""Texts that are made to keep a regular expression busy, and how long each keeps it."""

from __future__ import annotations

import ast
import importlib
import re
import signal
import time
from random import Random
from re import _constants as op
from re import _parser as parser

from tests.documents import ROOT

PACKAGE = ROOT / "sdk" / "inbounds"
LEFT_OUT = ("integrations", "_assets", "__main__.py")
"""Adapters need their frameworks; none of their patterns repeats without end."""
SEARCHES = {"search", "sub", "subn", "finditer", "findall", "split"}
USES = {*SEARCHES, "match", "fullmatch"}
_SIGNS = [*map(chr, range(32, 127)), *"\n\t\u00df\u2019\u00b7\u3002\ufdd0\x1c\0"]
_REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}


class Late(BaseException):
    """A pattern took more than it was given."""


def patterns():
    """Yield each pattern that the package holds: where, how it is used, and the pattern."""
    sources = [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if not any(part in LEFT_OUT for part in path.relative_to(PACKAGE).parts)
    ]
    uses = {path: _uses(path) for path in sources}
    seen = set()
    for path in sources:
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        for held, pattern in _held(vars(importlib.import_module(name))):
            # One of its own is used there alone; any other, wherever it has this name.
            of = [path] if held.startswith("_") else sources
            ways = {way for each in of for way in uses[each].get(held, ())} or USES
            key = (pattern.pattern, pattern.flags, frozenset(ways))
            if isinstance(pattern.pattern, str) and key not in seen:
                seen.add(key)
                yield f"{name}.{held}", ways, pattern


def _held(values):
    for name, value in values.items():
        stack = [value]
        while stack:
            each = stack.pop()
            if isinstance(each, re.Pattern):
                yield name, each
            elif isinstance(each, dict):
                stack += each.values()
            elif isinstance(each, list | tuple | set | frozenset) and len(each) < 256:
                stack += each


def _uses(path):
    """Return the methods that are called of each name; where it is handed on, all in the file."""
    found, handed = {}, set()
    tree = ast.parse(path.read_text("utf-8"))
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            value = node.value
            while isinstance(value, ast.Subscript | ast.Attribute):
                value = value.value
            if isinstance(value, ast.Name):
                called.add(id(value))
                if node.attr in USES:
                    found.setdefault(value.id, set()).add(node.attr)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in called:
            handed.add(node.id)
    every = set().union(*(ways for name, ways in found.items() if name.islower() and name != "re"))
    return {name: found.get(name, set()) | every for name in handed} | {
        name: ways for name, ways in found.items() if name not in handed
    }


class Pump:
    """Makes texts of the parts of a pattern, over and over, each time the same ones."""

    def __init__(self, pattern, seed):
        self._random = Random(ascii(pattern.pattern) + str(seed))
        self._parts = [*_parts(parser.parse(pattern.pattern, pattern.flags))]
        nodes = (node for part in self._parts for node in part)
        self._own = sorted({chr(value) for kind, value in nodes if kind is op.LITERAL})

    def texts(self, most):
        """Yield what makes one of some length: of each part by itself, and of several."""
        parts = self._random.sample(self._parts, min(8, len(self._parts)))
        for unit in map(self._all, parts):
            for behind in ("x", "!"):
                yield self._repeated("", unit, behind)
        for _ in range(most):
            unit = "".join(self._some() for _ in range(self._random.choice([1, 1, 1, 2, 2, 3])))
            before = self._some() if self._random.random() < 0.5 else ""
            behind = self._random.choice(["", "x", "!", " ", "\n", "\0", self._some()])
            yield self._repeated(before, unit, behind)

    def _repeated(self, before, unit, behind):
        unit = unit[:200] or self._random.choice(_SIGNS)
        return lambda length: before + unit * (length // len(unit)) + behind

    def _some(self):
        nodes = self._random.choice(self._parts)
        if len(nodes) > 1 and self._random.random() < 0.6:
            begin = self._random.randrange(len(nodes))
            nodes = [*nodes][begin : self._random.randint(begin + 1, len(nodes))]
        return self._all(nodes)

    def _all(self, nodes):
        return "".join(map(self._one, nodes))

    def _one(self, node):
        kind, value = node
        if kind is op.LITERAL:
            return chr(value)
        if kind in (op.NOT_LITERAL, op.ANY, op.IN):
            items = value if kind is op.IN else [(op.NEGATE, None)]
            items += [(op.LITERAL, value)] if kind is op.NOT_LITERAL else []
            some = [sign for sign in _SIGNS if _among(items, sign)]
            # What another part of the pattern looks for may stand here too.
            own = [sign for sign in self._own if _among(items, sign)]
            if own and self._random.random() < 0.5:
                return self._random.choice(own)
            first = items[0][1]
            return self._random.choice(some or [chr(first if isinstance(first, int) else first[0])])
        if kind is op.BRANCH:
            return self._all(self._random.choice(value[1]))
        if kind is op.SUBPATTERN:
            return self._all(value[3])
        if kind in _REPEATS:
            least, most, body = value
            times = min(least + self._random.choice([0, 0, 1, 2, 3]), int(most), 40)
            if self._random.random() < 0.5:
                return self._all(body) * times
            return "".join(self._all(body) for _ in range(times))
        if kind is op.ASSERT and self._random.random() < 0.3:
            return self._all(value[1])
        return ""


def _among(items, sign):
    categories = {
        op.CATEGORY_DIGIT: r"\d",
        op.CATEGORY_NOT_DIGIT: r"\D",
        op.CATEGORY_SPACE: r"\s",
        op.CATEGORY_NOT_SPACE: r"\S",
        op.CATEGORY_WORD: r"\w",
        op.CATEGORY_NOT_WORD: r"\W",
    }
    held = any(
        ord(sign) == value
        if kind is op.LITERAL
        else value[0] <= ord(sign) <= value[1]
        if kind is op.RANGE
        else kind is op.CATEGORY and re.match(categories[value], sign)
        for kind, value in items
    )
    return held != (items[0][0] is op.NEGATE)


def _parts(nodes):
    if len(nodes):
        yield nodes
    for kind, value in nodes:
        within = (
            value[1]
            if kind is op.BRANCH
            else [value[3]]
            if kind is op.SUBPATTERN
            else [value[2]]
            if kind in _REPEATS
            else [value[1]]
            if kind in (op.ASSERT, op.ASSERT_NOT)
            else []
        )
        for each in within:
            yield from _parts(each)


def cost(run, text, most):
    """Return the seconds of CPU that `run` takes for a text, up to `most`.

    For the main thread alone.
    """

    def late(*_):
        raise Late

    before = signal.signal(signal.SIGPROF, late)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, most)
    try:
        run(text)
    except Late:
        return float(most)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return time.process_time() - began


def grows(run, text, *, length, slow, most):
    """Whether `run` takes more than in proportion to the length of a text.

    Args:
        run: What is done to it.
        text: Makes one of a length.
        length: The first of two; the other is four times as long.
        slow: What takes less seconds for the first is in proportion, by its text or its bounds.
        most: How many seconds are waited for each.
    """
    if cost(run, text(length // 16), most) < slow and cost(run, text(length), most) < slow:
        return False
    # The least of several: whatever else the machine does only adds to it.
    short = min(cost(run, text(length), most) for _ in range(3))
    if short < slow or short >= most:
        return short >= most
    short = _each(run, text(length), most)
    return all(_each(run, text(4 * length), 16 * most) > 10 * short for _ in range(3))


def _each(run, text, most):
    """The seconds of one run, of so many that the steps of a clock of 4 ms do not count."""
    taken = []
    while sum(taken) < 0.06 and len(taken) < 60:
        taken.append(cost(run, text, most))
        if taken[-1] >= most:
            return float(most)
    return sum(taken) / len(taken)


def applied(pattern, ways):
    """Return what applies a pattern in all the ways that it is used."""

    def run(text):
        if ways & SEARCHES:
            for _ in pattern.finditer(text):
                pass
        for way in {"match", "fullmatch"} & ways:
            getattr(pattern, way)(text)

    return run
