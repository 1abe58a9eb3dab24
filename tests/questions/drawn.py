"""What is asked in a run, question by question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Literal

from . import faults
from .calls import ordinary
from .malformed import malformed
from .worlds import GOOD, World, world

PER_WORLD = 125
Kind = Literal["ordinary", "faulty", "several", "malformed", "elsewhen"]
SHARES: dict[Kind, int] = {
    "ordinary": 45,
    "faulty": 30,
    "several": 9,
    "malformed": 15,
    "elsewhen": 1,
}
"""Of each hundred questions, how many are made in which way."""
_WAYS = [kind for kind, share in SHARES.items() for _ in range(share)]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One question, and what is known of it before anybody is asked.

    Attributes:
        id: `SEED:WORLD:NUMBER`.
        kind: How it was made.
        codes: The faults put into it.
        live: The state of the feed it is asked in.
        text: The question as JSON.
    """

    id: str
    kind: Kind
    codes: tuple[str, ...]
    live: str
    text: bytes


@lru_cache(maxsize=4)
def world_of(seed: int, number: int) -> World:
    """The world of a number. The deployment of every eighth is damaged."""
    return world(Random(f"{seed}:{number}"), damaged=number % 8 == 7)


def questions(seed: int, number: int, codes: Sequence[str]) -> Iterator[Drawn]:
    """Yield the questions of one world, those of one state of its feed together.

    Args:
        seed: That of the run.
        number: That of the world.
        codes: The codes of the catalogue, each of which is brought about in its turn.
    """
    drawn = [question(seed, number, index, codes) for index in range(PER_WORLD)]
    yield from sorted(drawn, key=lambda one: (one.live != GOOD, one.live))


def question(seed: int, number: int, index: int, codes: Sequence[str]) -> Drawn:
    """Draw one question."""
    known = [code for code in codes if code in faults.FAULTS]
    r = Random(f"{seed}:{number}:{index}")
    here = world_of(seed, number)
    turn = number * PER_WORLD + index
    # 37 and 100 have no common divisor: each slot comes once in a hundred turns.
    slot = turn * 37 % len(_WAYS)
    kind = _WAYS[slot]
    put: tuple[str, ...] = ()
    if kind == "faulty":
        # Every code in its turn.
        before = turn // len(_WAYS) * SHARES["faulty"]
        put = (known[(before + slot - _WAYS.index("faulty")) % len(known)],)
    elif kind == "several":
        put = tuple(r.sample(known, r.randint(2, 4)))
        if "data.label_above_clearance" in put:
            # A task of low label mends what is above a clearance, and the other way round.
            put = tuple(code for code in put if code != "data.label_above_task")
    elif kind == "malformed" and r.random() < 0.2:
        put = (r.choice(known),)
    draft = faults.faulty(r, here, *put) if put else ordinary(r, here)
    if kind == "elsewhen":
        draft.live = r.choice(sorted(here.lives))
    asked: Any = malformed(r, draft) if kind == "malformed" else draft.signed()
    return Drawn(
        id=f"{seed}:{number}:{index}",
        kind=kind,
        codes=put,
        live=draft.live,
        text=asked if isinstance(asked, bytes) else _text(r, asked),
    )


def _text(r: Random, asked: Any) -> bytes:
    """JSON as the SDK writes it, or with all but ASCII escaped."""
    if r.random() < 0.5:
        return json.dumps(asked).encode()
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
