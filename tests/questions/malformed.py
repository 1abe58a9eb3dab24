"""Questions out of shape: leaves retyped, missing and added at every level, and raw JSON."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

from . import words
from .calls import Draft

Malformed = Any
"""A question: JSON, or bytes to be sent as they are."""

INSTEAD = (
    *(None, True, False, 0, 1, -1, 7, 1.5, 2**53, "", "x", "0", "é"),
    *([], {}, [[]], ["x"], {"x": 1}, [None], "x" * 257, "x" * 2049),
)
NO_QUESTIONS = (None, True, 0, "", "x", [], {}, [[]], {"question": 1}, {"question": {}})


def malformed(r: Random, draft: Draft) -> Malformed:
    """Draw a question that is out of shape, made of an ordinary or a faulty one."""
    question = draft.signed()
    draw = r.random()
    if draw < 0.02:
        return r.choice(NO_QUESTIONS)
    if draw < 0.10:
        return _raw(r, question)
    if draw < 0.20:
        return _too_much(r, question)
    for _ in range(r.choice([1, 1, 1, 2, 5])):
        _spoil(r, question)
    return question


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Everything within a value: what holds it, and under which key."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, Any]] = []
    for key, held in inner:
        found.append((value, key))
        if isinstance(held, dict | list):
            found += _places(held)
    return found


def _spoil(r: Random, question: dict[str, Any]) -> None:
    places = _places(question)
    if not places:
        return
    holder, key = r.choice(places)
    draw = r.random()
    if draw < 0.35:
        # A later change of the same question goes into this one alone.
        holder[key] = deepcopy(r.choice(INSTEAD))
    elif draw < 0.6:
        del holder[key]
    elif draw < 0.7:
        holder[key] = [holder[key]]
    elif draw < 0.8 and isinstance(holder, dict):
        _, other = r.choice(places)
        holder[str(other)] = holder.pop(key)
    else:
        objects = [question, *(h[k] for h, k in places if isinstance(h[k], dict))]
        among = r.choice(objects)
        among[r.choice([words.name(r), "", "Question", "properties", "$ref"])] = words.value(r)


def _too_much(r: Random, question: dict[str, Any]) -> dict[str, Any]:
    """Numbers and depths that the SDK refuses before an engine sees them."""
    number = r.choice(words.TOO_LARGE)
    properties = question["action"]["properties"]
    session = question["context"]["session"]
    draw = r.randrange(5)
    if draw == 0:
        properties["arguments"]["number"] = number
    elif draw == 1:
        name = r.choice(["version", "repeats", "refusals"])
        session[name] = number
    elif draw == 2:
        session["spent"][r.choice(sorted(session["spent"]))] = number
    elif draw == 3:
        properties["arguments"]["deep"] = words.nested(r, r.choice([64, 65, 200]))
    else:
        properties["more"] = words.nested(r, r.choice([64, 65, 200]))
    return question


def _raw(r: Random, question: dict[str, Any]) -> bytes:
    """JSON that no serialiser writes: keys twice, other spellings of numbers and texts."""
    text = json.dumps(question)
    version = str(question["context"]["session"]["version"])
    name = json.dumps(question["action"]["name"])
    spellings: list[tuple[str, str]] = [
        ('{"question": 1,', '{"question": 2, "question": 1,'),
        ('{"question": 1,', '{"question": 1.0,'),
        ('{"question": 1,', '{"question": 1e0,'),
        ('{"question": 1,', '{"question": 10e-1,'),
        ('{"question": 1,', '{"question": 1.00000000000000000000001,'),
        (f'"version": {version},', f'"version": {version}.0,'),
        (f'"version": {version},', '"version": 1e400,'),
        (f'"version": {version},', '"version": -0,'),
        (f'"name": {name},', f'"name": "forbidden", "name": {name},'),
        (f'"name": {name},', f'"name": {name}, "name": "forbidden",'),
        (f'"name": {name},', '"name": "\\ud800",'),
        (f'"name": {name},', '"name": "\\udc00\\ud800",'),
        ('"label": "', '"label": "\\u0000'),
        ('"context": {', '"context": {"decision": {"id": "another-one"}, '),
    ]
    before, after = r.choice(spellings)
    spelt = text.replace(before, after, 1).encode()
    return r.choice([spelt, spelt, spelt, b" \n\t" + text.encode() + b"\r\n "])
