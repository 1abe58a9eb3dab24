"""What an agent may have of a result that its framework has made text of."""

from __future__ import annotations

import json
from collections import UserDict, deque
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, model_serializer

from inbounds import ConfigurationError, ResultWithheld
from inbounds.integrations._adapter.result_obligations import (
    KeptLabel,
    given,
    given_value,
    is_beyond_sight,
    require_there,
)
from inbounds.model.question import Obligation, ReturnedField, Returns
from inbounds.pep.labelled import Labelled
from inbounds.pep.result_changes import Discharge, NotPlain
from inbounds.pep.result_shape import ShapeMismatch
from inbounds.pep.tool_run import ToolRun, current_tool_run

RETURNS = Returns(fields={"/pay": ReturnedField(label="secret"), "/mail": ReturnedField()})


class Held:
    """Takes a result as a permit does, with these obligations and no record."""

    def __init__(self, *obligations, returns=RETURNS):
        self.returns = returns
        self.decision = self
        self.obligations = obligations
        self.taken = []
        self.id, self.tool = "d-1", "mail.read"
        self.tool_run = ToolRun(None, self.taken.append)

    def finish(self, value):
        self.taken.append(value)
        try:
            return Discharge(self.obligations, self.returns).whole(value)
        except (NotPlain, ShapeMismatch):
            raise ResultWithheld(code="result.not_plain") from None


def to(kind, **properties):
    return Obligation(id="1", type=kind, properties=properties)


REDACT = to("redact", fields=["/pay"])
MASK = to("mask", kinds=["email"])
NOTIFY = to("notify", to="security@acme.example")
TEXT = '{"pay": 4200, "mail": "bob@acme.example"}'


def taken(content, *obligations, **options):
    held = Held(*obligations, **options)
    return given(content, held, held.finish)


@pytest.mark.parametrize("content", ["hello", TEXT, "[1, 2]", "{broken", [], [{"type": "image"}]])
def test_what_nothing_is_owed_of_is_given_as_it_is(content):
    assert content == taken(content)
    assert content == taken(content, NOTIFY)


def test_text_that_is_json_is_told_as_what_it_is():
    held = Held()
    given(TEXT, held, held.finish)
    assert [json.loads(TEXT)] == held.taken


def test_fields_are_left_out_of_text_that_is_json():
    assert '{"mail": "bob@acme.example"}' == taken(TEXT, REDACT)
    assert '{"mail": "[email]"}' == taken([{"type": "text", "text": TEXT}], REDACT, MASK)


def test_rows_are_cut_in_text_that_is_json():
    assert "[1]" == taken("[1, 2, 3]", to("truncate", rows=1), returns=Returns())


def test_text_is_masked_as_it_is():
    assert "to [email]" == taken("to bob@acme.example", MASK)
    block = {"type": "text", "text": "to bob@acme.example"}
    assert [{"type": "text", "text": "to [email]"}] * 2 == taken([block, block], MASK)


@pytest.mark.parametrize(
    "content",
    [
        "pay: 4200",
        "{'pay': 4200}",
        '{"pay": 4200',
        '"pay 4200"',
        "",
        [],
        [{"type": "text", "text": TEXT}, {"type": "text", "text": TEXT}],
        [{"type": "text", "text": TEXT, "annotations": ["4200"]}],
        [TEXT],
        "[" * 100_000,
    ],
    ids=lambda each: str(each)[:20],
)
def test_where_no_field_can_be_found_nothing_is_given(content):
    with pytest.raises(ResultWithheld):
        taken(content, REDACT)


@pytest.mark.parametrize("kind", ["image", "input_image", "audio", "resource", "file", None])
def test_what_is_no_text_is_withheld_where_text_would_be_masked(kind):
    """
    What is in a picture or a file, nobody has looked at.
    """
    with pytest.raises(ResultWithheld):
        taken([{"type": "text", "text": "x"}, {"type": kind, "data": "Ym9i"}], MASK)


class Model(BaseModel):
    """A model that JSON would have as base64."""

    model_config = ConfigDict(ser_json_bytes="base64", extra="allow")
    data: Any = b"bob@acme.example"


@dataclass(slots=True)
class Slotted:
    """A file by its bytes alone."""

    data: bytes = b"bob@acme.example"


class Typed:
    """A file by its media type alone, whatever it holds."""

    mime_type = "text/plain"


class Silent:
    """A file that cannot say of which type it is."""

    @property
    def media_type(self):
        raise ValueError("the canary")


class Mapped(UserDict):
    """A mapping that is no dict."""


itself: list = []
itself.append(itself)
MEDIA = [
    b"bob@acme.example",
    bytearray(b"a"),
    memoryview(b"a"),
    Model(),
    Model(data=None, more=b"a"),
    Slotted(),
    Typed(),
    Silent(),
    Mapped(a=b"a"),
    SimpleNamespace(a=SimpleNamespace(b=b"a")),
    {b"a": 1},
    {"a": [({b"a"},)]},
    deque([b"a"]),
]


@pytest.mark.parametrize("result", MEDIA, ids=lambda each: type(each).__name__)
def test_bytes_and_files_are_withheld_where_something_is_owed(result):
    """
    Wherever in a result they stand, and before anything makes text of them.
    """
    for each in (result, {"text": "x", "of": [result]}, Labelled(result, "public")):
        held, label = Held(MASK), KeptLabel()
        with pytest.raises(ResultWithheld):
            given_value(each, held, held.finish)
        label.bare(each, held)
        with pytest.raises(ResultWithheld):
            label.taking(held.finish)("text")
        held, label = Held(NOTIFY), KeptLabel()
        label.bare(each, held)
        left = label.taking(held.finish)("text")
        assert "text" in (left, getattr(left, "value", None))
    held, label = Held(MASK), KeptLabel()
    label.bare(result, held, shown=False)
    assert "text" == label.taking(held.finish)("text")


@pytest.mark.parametrize(
    "result",
    ["x", 1, None, {"mime_type": "text/plain"}, Slotted(data="x"), date(2026, 1, 1), itself, Held],
    ids=lambda each: type(each).__name__,
)
def test_anything_else_is_not_taken_for_a_file(result):
    assert not is_beyond_sight(result, Held(MASK))


SHAPES = [
    '{"mail": %s, "mail": "ok"}',
    '{"mail": "ok", "mail": %s}',
    '{"a": {"mail": %s, "mail": 1}}',
    '[{"mail": 1}, {"mail": [%s], "mail": [2]}]',
    '{"ma\\u0069l": %s, "mail": "ok"}',
    '{"a": 1, "a": {"mail": %s}, "a": 2}',
    '{"mail": %s, "b": 1, "b": 2}',
    ' {"mail": {"to": %s}, "mail": {}} ',
]
VALUES = [
    "bob@acme.example",
    "to bob@acme.example now",
    "bob\\u0040acme.example",
    "<bob@acme.example>",
]
TWICE = [shape % f'"{value}"' for shape in SHAPES for value in VALUES]


@pytest.mark.parametrize("owed", [(), (NOTIFY,), (MASK,), (REDACT,)], ids=str)
@pytest.mark.parametrize("text", TWICE)
def test_text_with_a_key_twice_is_looked_at_as_text(text, owed):
    """
    A reader of JSON has one of the two, and the model reads both.
    """
    for content in (text, [{"type": "text", "text": text}]):
        held = Held(*owed)
        if REDACT in owed:
            with pytest.raises(ResultWithheld):
                given(content, held, held.finish)
            continue
        left = given(content, held, held.finish)
        assert [content] == held.taken
        if MASK in owed:
            assert "bob" not in str(left)
        else:
            assert content == left


def test_code_of_a_result_is_within_the_call_of_its_tool():
    """
    What makes plain data of it; and what is closed because it would do its work later.
    """
    ran = []

    class Mail(BaseModel):
        @model_serializer
        def plain(self):
            ran.append(current_tool_run())
            return {"text": "hello"}

    def items():
        try:
            yield
        finally:
            ran.append(current_tool_run())

    held, begun = Held(), items()
    given_value(Mail(), held, held.finish)
    next(begun)
    with pytest.raises(ConfigurationError):
        require_there(held, begun)
    assert ran == [held.tool_run] * 2
    assert current_tool_run() is None
