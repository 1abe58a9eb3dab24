"""Questions to the other entry points: what a tool is, and how far a task may reach."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from pydantic import ValidationError

from inbounds.model.claims import IssuanceAnswer
from inbounds.pdp import ISSUANCE, REGISTRY
from inbounds.pdp.registry import RegistryAnswer

from . import words
from .malformed import INSTEAD, NO_QUESTIONS
from .properties import store_of
from .tools import DESTINATIONS, TEMPLATES
from .worlds import EFFECTS, World

PER_WORLD = {REGISTRY: 10, ISSUANCE: 20}


def others(r: Random, world: World) -> Iterator[tuple[str, Any]]:
    """Yield entry points and questions to them."""
    for _ in range(PER_WORLD[REGISTRY]):
        yield REGISTRY, _spoilt(r, _of_a_tool(r, world))
    for _ in range(PER_WORLD[ISSUANCE]):
        yield ISSUANCE, _spoilt(r, _of_a_task(r, world))


def _spoilt(r: Random, question: dict[str, Any]) -> Any:
    draw = r.random()
    if draw < 0.02:
        return r.choice(NO_QUESTIONS)
    if draw < 0.12:
        name = r.choice(sorted(question))
        question[name] = r.choice(INSTEAD)
    elif draw < 0.17:
        del question[r.choice(sorted(question))]
    elif draw < 0.2:
        question[words.name(r)] = words.value(r)
    return question


def _of_a_tool(r: Random, world: World) -> dict[str, Any]:
    known = r.choice(sorted(world.plan["tools"]))
    return {"question": 1, "tool": r.choice([known, known, words.name(r), known.upper()])}


def _of_a_task(r: Random, world: World) -> dict[str, Any]:
    plan = world.plan
    ordinary = r.random() < 0.6
    agents = list(world.agents) if ordinary else [*plan["agents"], "nobody"]
    subjects = list(world.subjects) if ordinary else [*plan["subjects"], "nobody"]
    return {
        "question": 1,
        "subject": r.choice(subjects),
        "agent": r.choice(agents),
        "intent": "work" if ordinary else r.choice([*plan["intents"], words.name(r)]),
        "tenant": world.tenant if ordinary else r.choice([world.tenant, "hooli"]),
        "environment": r.choice([*plan["environments"], *([] if ordinary else ["nowhere"])]),
        "scope": _narrower(r, world),
        "seconds": r.choice([0, 1, 60, 3600, 86_400, 2**53 - 1]),
    }


def _narrower(r: Random, world: World) -> dict[str, Any]:
    asked = {
        "effects": words.some(r, EFFECTS),
        "tools": {
            name: r.choice([{}, {"arguments": {}}, {"arguments": {"/a": {"max_length": 3}}}])
            for name in words.some(r, [*TEMPLATES, "no such tool"])
        },
        "resources": words.some(
            r,
            [
                {"type": "file", "prefixes": ["/work/a", "docs/"]},
                {"type": "file", "prefixes": []},
                {"type": "mail"},
                {"type": "vault", "prefixes": [""]},
            ],
        ),
        "destinations": words.some(r, [*DESTINATIONS, "no such place"]),
        "label": r.choice(["", *world.order, "no such label"]),
    }
    return {name: asked[name] for name in words.some(r, sorted(asked))}


def broken(world: World, entrypoint: str, question: Any, answer: Any) -> Iterator[str]:
    """Yield what should hold of an answer of another entry point and does not."""
    model = RegistryAnswer if entrypoint == REGISTRY else IssuanceAnswer
    try:
        model.model_validate_json(json.dumps(answer))
    except ValidationError as error:
        # An effect of no name is in the registry of every world.
        if not world.damaged and answer.get("tool", {}).get("effects") != ["read", "levitate"]:
            yield f"it is not a {model.__name__}: {error}"
        return
    if world.damaged:
        return
    of = _of_registry if entrypoint == REGISTRY else _of_issuance
    yield from of(world, question, answer)


def _of_registry(world: World, question: Any, answer: Any) -> Iterator[str]:
    tool = question.get("tool") if isinstance(question, dict) else None
    known = world.plan["tools"].get(tool) if isinstance(tool, str) else None
    if known is not None:
        known = {**known, "store": store_of(known)}
        if known.get("reaches"):
            known["effects"] = sorted(_most(world.plan["tools"], tool))
    if answer["registered"] is not (known is not None) or answer.get("tool") != known:
        yield "the registry says something else"


def _most(tools: Mapping[str, Any], name: str) -> set[str]:
    """The effects of a tool and of what it sets in motion; all, where that is not followed."""
    reached, ring = set[str](), {*tools[name]["reaches"]}
    for _ in range(8):
        reached |= ring
        ring = {word for each in ring for word in tools.get(each, {}).get("reaches", [])} - reached
    theirs = {effect for each in reached for effect in tools.get(each, {}).get("effects", [])}
    more = {*EFFECTS} if ring else (reached | theirs) & {*EFFECTS}
    return {*tools[name]["effects"]} | (more - {"read"})


def _of_issuance(world: World, question: Any, answer: Any) -> Iterator[str]:
    if not answer["issued"]:
        if not answer["reasons"] or "authority" in answer:
            yield "nothing is issued, and no reason given, or an authority"
        return
    authority = answer["authority"]
    intent = world.plan["intents"][question["intent"]]
    agent = world.plan["agents"][question["agent"]]
    for name, bounds in (
        ("effects", [intent["effects"], agent["manifest"]["effects"]]),
        ("tools", [intent["tools"], agent["manifest"]["tools"]]),
        ("destinations", [intent["destinations"]]),
    ):
        asked = question["scope"].get(name)
        for bound in [*bounds, *([asked] if asked else [])]:
            if not set(authority[name]) <= set(bound):
                yield f"the {name} of a task reach beyond their bounds"
    order = world.order
    highest = min(order.index(intent["label"]), order.index(agent["clearance"]))
    if order.index(authority["label"]) > highest:
        yield "the label of a task is above its intent's or its agent's"
    seconds = min(question["seconds"], intent.get("seconds", 3600))
    if authority["deadline"] != world.now + seconds:
        yield "the deadline of a task is not as far away as was asked for, or may be had"
