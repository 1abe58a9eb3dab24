"""What holds of every answer, whatever the rules say, and of what was put into a question."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, get_args

from pydantic import ValidationError

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.model.question import Answer, Effect, Tool
from inbounds.model.whole_question import Question
from inbounds.provenance.destinations import effects_of

from .calls import COUNTED, FIRM
from .drawn import Drawn
from .tools import TEMPLATES, WRITING
from .worlds import World

SEVERITIES = ("critical", "high", "medium", "low")


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
            yield f"it is not an Answer: {error}"
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


def _in_order(value: Any) -> tuple[Any, ...]:
    """What a detail is sorted by: numbers, then texts by their bytes, as both engines compare."""
    if isinstance(value, dict):
        return (
            2,
            sorted((name.encode("utf-8"), _in_order(inner)) for name, inner in value.items()),
        )
    if isinstance(value, int | float):
        return (0, value)
    return (1, str(value).encode("utf-8"))


def _as_put(drawn: Drawn, world: World, answer: Any) -> Iterator[str]:
    if world.damaged:
        return
    if drawn.kind == "ordinary" and not answer["decision"]:
        yield "ordinary, and denied"
    if drawn.kind == "faulty" and drawn.codes[0] not in codes_of(answer):
        yield f"{drawn.codes[0]} was put in, and is not among the reasons"
    if drawn.kind == "several" and answer["decision"]:
        yield f"{', '.join(drawn.codes)} were put in, and it is allowed"


NOTHING_TAKEN: Mapping[str, Any] = {**dict.fromkeys(COUNTED, 0), "money": {}}


def _taken(world: World, action: Mapping[str, Any]) -> dict[str, Any]:
    """What a call takes of each budget."""
    name, arguments = action["name"], action["properties"]["arguments"]
    entry = world.plan["tools"][name]
    effects = set(entry["effects"])
    money = {}
    if "spend" in effects and entry.get("currency"):
        # The only amounts there are, are whole.
        amounts = TEMPLATES[name].of_role(arguments, "amount").values()
        units = 10 ** entry.get("decimals", 0)
        money[entry["currency"]] = sum(abs(amount * units) for amount in amounts)
    # What names a place takes something there, whatever else it does.
    sends = "export" in effects or "export" in effects_of(
        Tool.model_validate({**entry, "effects": ["read"]}), arguments
    )
    return {
        "calls": 1,
        "writes": int(bool(effects & WRITING)),
        "exports": int(sends),
        "rows": entry.get("returns", {}).get("rows", 1) if "read" in effects else 0,
        "bytes": action["properties"]["size"] if sends else 0,
        "money": money,
    }


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two things taken together."""
    return {
        **{name: one[name] + other[name] for name in COUNTED},
        "money": {
            currency: one["money"].get(currency, 0) + other["money"].get(currency, 0)
            for currency in {**one["money"], **other["money"]}
        },
    }


def _claims(token: str) -> Any:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def store_of(tool: Any) -> str:
    """Where a tool keeps what it writes; `*` where that may be anywhere."""
    anywhere = not tool.get("effects") or {*tool["effects"]} & {"execute", "administer", "delegate"}
    return tool.get("store") or ("*" if anywhere else tool["resource"])


def _tainted(world: World, question: Any) -> list[str]:
    """The stores that may hold a third party's words after a call that is permitted."""
    tools, properties = world.plan["tools"], question["action"]["properties"]
    tool, session = tools[question["action"]["name"]], question["context"]["session"]
    origins = properties.get("origins", {})
    leaves = {
        pointer: origins.get(pointer, {}).get("grade", "none")
        for pointer, value in _leaves(properties["arguments"])
        if value not in ([], {}) and not (value is None or isinstance(value, bool))
    }
    known = [*leaves.values()]
    known += [
        origins[pointer].get("grade", "none")
        for pointer, value in _leaves(properties["arguments"])
        if pointer in origins and pointer not in leaves
    ]
    known += [link["grade"] for each in properties.get("links", {}).values() for link in each]
    words, ring = set[str](), {*tool.get("reaches", [])}
    while ring:
        words |= ring
        ring = {more for word in ring for more in tools.get(word, {}).get("reaches", [])} - words
    reached = {
        store_of(tools[word]) if word in tools else "*"
        for word in words - {"read", "export", "spend"}
        if word not in tools or {*tools[word].get("effects", [])} != {"read"}
    }
    effects = {*effects_of(Tool.model_validate(tool), properties["arguments"])}
    effects |= words & {*get_args(Effect)}
    effects |= {each for word in words & {*tools} for each in tools[word].get("effects", [])}
    stateless = tool.get("stateless", False) and not tool.get("memory", False)
    trusted = session["trust"] == "trusted" and {*known} <= {*FIRM, "none"}
    clean = trusted or (
        effects == {"read"} and not reached and (stateless or {*leaves.values()} <= {*FIRM})
    )
    held = {*session["tainted_stores"]} | (set() if clean else {store_of(tool), *reached})
    return ["*"] if "*" in held or len(held) > 16 else sorted(held)


def _leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list) and value:
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            name = str(key).replace("~", "~0").replace("/", "~1")
            yield from _leaves(member, f"{pointer}/{name}")
    elif pointer:
        yield pointer, value


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
    action = question["action"]
    effects = set(world.plan["tools"][action["name"]]["effects"])
    taken = _taken(world, action)
    credentials = question["context"]["credentials"]
    claims = _claims(credentials["task"])
    # Each hop keeps an account of its own, beside the task's.
    links = [*map(_claims, credentials.get("chain", []))]
    accounts = {claims["task"]: claims} | {
        "".join(f"/{above['delegation']}" for above in links[: number + 1]): link
        for number, link in enumerate(links)
    }
    call = f"{action['name']} {action['properties']['digest']}"
    expected = {
        **followed,
        "effects": sorted({*before["effects"], *effects}),
        "spent": _together(before["spent"], taken),
        "tasks": {
            **{
                name: entry
                for name, entry in before["tasks"].items()
                if entry["deadline"] > world.now
            },
            **{
                name: {
                    **_together(before["tasks"].get(name, NOTHING_TAKEN), taken),
                    "deadline": said["authorization_details"][0]["deadline"],
                }
                for name, said in accounts.items()
            },
        },
        "approvals": {
            name: used for name, used in before["approvals"].items() if used["until"] > world.now
        },
        "last": call,
        "repeats": before["repeats"] + 1 if before["last"] == call else 0,
        "tainted_stores": _tainted(world, question),
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
