"""Names, texts and numbers that parsers and rules could stumble over."""

from __future__ import annotations

from random import Random
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ODD_TEXTS = (
    "Zoë",
    "日本語",
    "😀",
    "e\u0301",
    "\u202eevil",
    "a\u0000b",
    "\u2028",
    '"quoted"',
    "back\\slash",
    "<b>&amp;</b>",
    "%s %d",
    "*",
    "~",
    "~1",
    "a/b",
    " ",
    "\ufffd",
    "ﬁ",
    "İ",
    "ß",
    "null",
    "1e400",
    "\x7f",
)
NUMBERS = (
    0,
    1,
    -1,
    2,
    7,
    1.5,
    -0.5,
    1e-7,
    0.1,
    2**31,
    2**32,
    2**53 - 1,
    -(2**53) + 1,
)
TOO_LARGE = (2**53, 2**53 + 1, -(2**53) - 1, 2**63, 2**64, 10**21, 1e21, 1e300, 123456789012345678)
"""What the SDK refuses before an engine sees it."""


def word(r: Random, length: int = 6) -> str:
    """A plain lower-case word."""
    return "".join(r.choices(LETTERS, k=r.randint(2, length)))


def name(r: Random) -> str:
    """A name of any kind, mostly a plain one."""
    if r.random() < 0.85:
        return word(r)
    return f"{word(r)} {r.choice(ODD_TEXTS)}".strip()


def text(r: Random, longest: int = 200) -> str:
    """Free text: empty, short, odd or long."""
    draw = r.random()
    if draw < 0.1:
        return ""
    if draw < 0.6:
        return " ".join(word(r) for _ in range(r.randint(1, 6)))[:longest]
    if draw < 0.9:
        return "".join(r.choice(ODD_TEXTS) for _ in range(r.randint(1, 4)))[:longest]
    return (word(r) * longest)[: r.randint(longest - 5, longest)] if longest > 5 else ""


def number(r: Random) -> int | float:
    """A number that JSON and both engines hold exactly."""
    return r.choice(NUMBERS) if r.random() < 0.5 else r.randint(-1000, 1000)


def value(r: Random, depth: int = 3) -> Any:
    """Any JSON value."""
    draw = r.random()
    if depth and draw < 0.2:
        return [value(r, depth - 1) for _ in range(r.randint(0, 3))]
    if depth and draw < 0.4:
        return {text(r, 12): value(r, depth - 1) for _ in range(r.randint(0, 3))}
    return r.choice([None, True, False, number(r), text(r, 30), word(r)])


def nested(r: Random, depth: int) -> Any:
    """One value within lists and objects, `depth` deep."""
    inner: Any = word(r)
    for _ in range(depth):
        inner = [inner] if r.random() < 0.5 else {"a": inner}
    return inner


def some(r: Random, among: Any, least: int = 0) -> list[Any]:
    """Some of them, in any order."""
    known = list(among)
    return r.sample(known, r.randint(min(least, len(known)), len(known)))
