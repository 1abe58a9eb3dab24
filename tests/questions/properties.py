"""What holds of every answer, whatever the rules say, and of what was put into a question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from inbounds.models import Answer, Question
from inbounds.strict_json import NotStrictJson, strict_json

from .drawn import Drawn
from .worlds import World

SEVERITIES = ("critical", "high", "medium", "low")
WRITING = {"write", "delete", "execute", "spend", "administer"}


def sendable(text: bytes) -> bool:
    """Whether the SDK would send this: JSON that all readers read alike."""
    try:
        strict_json(text)
    except NotStrictJson:
        return False
    return True


def of_shape(text: bytes) -> bool:
    """Whether a question has the shape of its model."""
    # A number is whole by its value, however it is written.
    question = json.loads(text, parse_float=_number)
    try:
        Question.model_validate_json(json.dumps(question))
    except ValidationError:
        return False
    # To pydantic, `true` and `1.0` are the literal 1.
    return type(question["question"]) is int


def _number(digits: str) -> int | float:
    value = Decimal(digits)
    return int(value) if value == value.to_integral_value() else float(digits)


def codes_of(answer: Any) -> list[str]:
    """The codes of an answer's reasons."""
    return [reason["code"] for reason in answer["context"]["reasons"]]


def broken(drawn: Drawn, world: World, answer: Any, catalogue: Mapping[str, Any]) -> Iterator[str]:
    """Yield what should hold of an answer and does not."""
    try:
        Answer.model_validate_json(json.dumps(answer))
    except ValidationError as error:
        # Of a spoilt deployment it need not be one: the SDK then has no answer.
        if not world.damaged:
            yield f"it is no Answer: {error}"
        return
    yield from _verdict(answer)
    yield from _reasons(answer, catalogue)
    if sendable(drawn.text):
        malformed = "request.malformed" in codes_of(answer)
        if malformed is of_shape(drawn.text):
            yield "the shape is not judged as its model says"
        if not malformed:
            yield from _session(drawn, world, answer)
    yield from _as_put(drawn, world, answer)


def _verdict(answer: Any) -> Iterator[str]:
    context, allowed, codes = answer["context"], answer["decision"], codes_of(answer)
    if allowed is not (context["outcome"] == "allow"):
        yield "decision and outcome differ"
    if allowed and (codes or not context["grants"]):
        yield "allowed with a reason, or without a grant"
    if not allowed and (not codes or context["obligations"]):
        yield "denied without a reason, or with an obligation"


def _reasons(answer: Any, catalogue: Mapping[str, Any]) -> Iterator[str]:
    reasons = answer["context"]["reasons"]
    order = [(SEVERITIES.index(reason["severity"]), reason["code"]) for reason in reasons]
    if order != sorted(set(order)):
        yield "the reasons are not in their order"
    for reason in reasons:
        about = catalogue[reason["code"]]
        if (reason["message"], reason["remedy"]) != (about["message"], about["remedy"]):
            yield f"{reason['code']} has not the words of the catalogue"
        details = [_in_order(detail) for detail in reason["details"]]
        if details != sorted(details):
            yield f"the details of {reason['code']} are not in order"


def _in_order(detail: Any) -> list[tuple[str, bytes]]:
    """What a detail is sorted by: texts by their bytes, which is how both engines compare."""
    return sorted((name, str(value).encode("utf-8")) for name, value in detail.items())


def _as_put(drawn: Drawn, world: World, answer: Any) -> Iterator[str]:
    if world.damaged:
        return
    if drawn.kind == "ordinary" and not answer["decision"]:
        yield "ordinary, and denied"
    if drawn.kind == "faulty" and drawn.codes[0] not in codes_of(answer):
        yield f"{drawn.codes[0]} was put in, and is not among the reasons"
    if drawn.kind == "several" and answer["decision"]:
        yield f"{', '.join(drawn.codes)} were put in, and it is allowed"


def _session(drawn: Drawn, world: World, answer: Any) -> Iterator[str]:
    after = answer["context"]["session"]
    if not after:
        if answer["decision"]:
            yield "allowed without a session to go on from"
        return
    question = json.loads(drawn.text)
    before = question["context"]["session"]
    followed = {
        **before,
        "version": before["version"] + 1,
        "decisions": [*before["decisions"], question["context"]["decision"]["id"]][-8:],
    }
    if not answer["decision"]:
        if after != {**followed, "refusals": before["refusals"] + 1}:
            yield "a refusal changes more than the count of refusals"
        return
    effects = set(world.plan["tools"][question["action"]["name"]]["effects"])
    counted = {
        "calls": 1,
        "writes": int(bool(effects & WRITING)),
        "exports": int("export" in effects),
    }
    spent = {name: before["spent"][name] + more for name, more in counted.items()}
    expected = {
        **followed,
        "effects": sorted({*before["effects"], *effects}),
        "spent": spent,
        # These two by their order alone.
        "label": after.get("label"),
        "trust": after.get("trust"),
    }
    if after != expected:
        yield f"the session does not go on as it should: {after}, not {expected}"
    if world.order.index(after["label"]) < world.order.index(before["label"]):
        yield "the label of the session is lowered"
    if before["trust"] == "untrusted" and after["trust"] != "untrusted":
        yield "trust is won back"
