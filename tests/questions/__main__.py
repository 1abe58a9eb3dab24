"""Asks generated questions of both engines, or draws one of them again.

python -m tests.questions                           the run of `make test`
python -m tests.questions --seed 7 --worlds 400     another one
python -m tests.questions 7:12:3 --save q.json      one question of it
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.both import both

from . import SEED, WORLDS
from .drawn import question, world_of
from .run import catalogue, keep, run


def main() -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("question", nargs="?", help="SEED:WORLD:NUMBER")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--save", type=Path, default=Path("question.json"))
    asked = parser.parse_args()
    if asked.question:
        seed, number, index = map(int, asked.question.split(":"))
        drawn = question(seed, number, index, sorted(catalogue()))
        print(f"{drawn.kind}, {', '.join(drawn.codes) or 'no fault'}, the feed {drawn.live}")
        print(f"inbounds explain {keep(drawn, world_of(seed, number), asked.save)}")
        return 0
    with both() as engines:
        done = run(engines, asked.seed, range(asked.worlds))
    print(done)
    print(*done.failures, sep="\n")
    return 1 if done.failures else 0


sys.exit(main())
