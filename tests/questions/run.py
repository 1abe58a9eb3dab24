"""A run: every question of some worlds put to both engines, and what came of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.both import NOTHING, Both
from tests.engines import ROOT

from . import others, properties
from .drawn import Drawn, questions, world_of
from .worlds import GOOD, World

CATALOGUE = ROOT / "rego" / "inbounds" / "catalogue" / "data.json"
FAILED = ROOT / "build" / "questions"
"""Where questions are kept of which something does not hold."""


@cache
def catalogue() -> Mapping[str, Any]:
    """Everything that can be a reason, by its code."""
    whole = json.loads(CATALOGUE.read_text("utf-8"))
    return {**whole["rules"], **whole["escalations"]}


@dataclass(slots=True)
class Run:
    """What came of a run.

    Attributes:
        seed: What everything was drawn from.
        catalogue: Everything that can be a reason, by its code.
        asked: How many questions of actions there were, by how they were made.
        outcomes: How they were answered: `allow`, `deny`, `ask` or no answer.
        codes: How often each code was among the reasons.
        malformed: How many were made malformed, or said to be.
        elsewhere: How many questions other entry points got.
        refused: How many, all of JSON that the SDK never sends, engines answered differently.
        failures: What does not hold, with the id of its question.
    """

    seed: int
    catalogue: Mapping[str, Any] = field(default_factory=catalogue)
    asked: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    malformed: int = 0
    elsewhere: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many questions of actions were asked."""
        return self.asked.total()

    def __str__(self) -> str:
        return "\n".join(
            [
                f"seed {self.seed}: {self.total} questions, {dict(self.asked)}",
                f"outcomes: {dict(self.outcomes)}; malformed: {self.malformed}",
                f"other entry points: {dict(self.elsewhere)}",
                f"answered differently, and never sent by the SDK: {self.refused}",
                *(f"{count:6} {code}" for code, count in self.codes.most_common()),
            ]
        )


def run(both: Both, seed: int, worlds: Sequence[int]) -> Run:
    """Put every question of some worlds to both engines."""
    done = Run(seed)
    codes = sorted(done.catalogue)
    with ThreadPoolExecutor(max_workers=1) as pool:
        for number in worlds:
            world = world_of(seed, number)
            placed = None
            for drawn in questions(seed, number, codes):
                if placed != drawn.live:
                    placed = drawn.live
                    both.place(world.deployment, world.lives[placed], world.now)
                # OPA is another process: it answers while the embedded policy does.
                opa = pool.submit(both.ask_opa, drawn.text)
                _judge(done, both, world, drawn, opa.result)
            _ask_others(done, both, world, number)
    return done


def _judge(done: Run, both: Both, world: World, drawn: Drawn, opa: Any) -> None:
    embedded = both.ask_embedded(drawn.text)
    # Asked again, an engine remembers what it has verified.
    again = both.ask_embedded(drawn.text) if done.total % 4 == 0 else embedded
    answer = opa()
    done.asked[drawn.kind] += 1
    done.outcomes[answer if answer == NOTHING else answer["context"]["outcome"]] += 1
    said = [] if answer == NOTHING else properties.codes_of(answer)
    done.codes.update(said)
    done.malformed += drawn.kind == "malformed" or "request.malformed" in said

    found = []
    if canonical(embedded) != canonical(again):
        found.append("the embedded policy says something else when it is asked again")
    if canonical(embedded) != canonical(answer):
        if properties.sendable(drawn.text) or _allowed(embedded) or _allowed(answer):
            found.append(f"OPA says {_brief(answer)}, and the embedded policy {_brief(embedded)}")
        else:
            done.refused += 1
    elif answer != NOTHING:
        found += properties.broken(drawn, world, answer, done.catalogue)
    if found:
        kept = keep(drawn, world)
        done.failures += [f"{drawn.id} ({kept}): {what}" for what in found]


def _ask_others(done: Run, both: Both, world: World, number: int) -> None:
    both.place(world.deployment, world.lives[GOOD], world.now)
    for index, (entrypoint, question) in enumerate(
        others.others(Random(f"{done.seed}:{number}:others"), world)
    ):
        opa = both.ask_opa(question, entrypoint)
        embedded = both.ask_embedded(question, entrypoint)
        done.elsewhere[entrypoint] += 1
        found = []
        if canonical(opa) != canonical(embedded):
            found.append(f"OPA says {opa}, and the embedded policy {embedded}")
        elif opa != NOTHING:
            found += others.broken(world, entrypoint, question, opa)
        done.failures += [
            f"{done.seed}:{number}:{entrypoint}:{index}: {what}, of {question}" for what in found
        ]


def canonical(answer: Any) -> str:
    """An answer as text that is the same for the same answer only.

    As in RFC 8785, a whole number has one spelling.
    """
    return json.dumps(_spelt(answer), sort_keys=True, ensure_ascii=False)


def _spelt(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _spelt(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_spelt(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def keep(drawn: Drawn, world: World, to: Path | None = None) -> Path:
    """Write a question with what it is judged with, as `inbounds explain` takes it."""
    if to is None:
        FAILED.mkdir(parents=True, exist_ok=True)
        to = FAILED / f"{drawn.id.replace(':', '-')}.json"
    whole = {
        "question": json.loads(drawn.text),
        "deployment": world.deployment,
        "live": world.lives[drawn.live],
        "now": world.now,
    }
    to.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return to.relative_to(ROOT) if to.is_relative_to(ROOT) else to


def _allowed(answer: Any) -> bool:
    return answer != NOTHING and answer["decision"] is not False


def _brief(answer: Any) -> str:
    if answer == NOTHING:
        return NOTHING
    context = answer["context"]
    reasons = [{reason["code"]: reason["details"]} for reason in context["reasons"]]
    return f"{context['outcome']} {reasons} {context['session']}"
