"""What a function is called with, all of it, is what was judged."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, cast

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr

from inbounds.errors import ArgumentNotRepresentable
from inbounds.integrations._adapter import call_arguments
from inbounds.integrations._adapter.call_arguments import (
    CallArguments,
    called_with,
    canonical,
    complete,
    is_same,
    require_judged,
    with_stated_defaults,
)
from inbounds.integrations._adapter.defaults import with_schema_defaults


class Mail(BaseModel):
    to: list[str]
    cc: list[str] = ["a"]
    hidden: str = Field("h", exclude=True)


class Aliased(BaseModel):
    model_config = ConfigDict(extra="allow")
    to: str = Field(alias="recipient")


class Twice(BaseModel):
    model_config = ConfigDict(validate_by_name=True)
    one: str = Field("hidden", alias="two")
    two: str = "t"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    to: str = Field(alias="recipient")
    cc: str = Field("c", exclude=True)


class Names(RootModel[list[str]]):
    pass


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: int = 0


WHOLE = {"to": ["b"], "cc": ["a"], "hidden": "h"}


@pytest.mark.parametrize(
    ("value", "judged"),
    [
        (Mail(to=["b"]), WHOLE),
        ([Mail(to=["b"])], [WHOLE]),
        ({"m": Mail(to=["b"])}, {"m": WHOLE}),
        (Aliased(recipient="b"), {"recipient": "b"}),
        (Aliased(recipient="b", more=1), {"recipient": "b", "more": 1}),
        (Names(["a"]), ["a"]),
        (Point(1), {"x": 1, "y": 0}),
        (Colour.RED, "red"),
        (date(2024, 1, 2), "2024-01-02"),
        ({"b", "a"}, ["a", "b"]),
        ({1, 2}, [2, 1, 2]),
        ({b"b", b"a"}, ["a", "b"]),
        ({SecretStr("b")}, ["b"]),
        ({("a", 1), ("b", 2)}, [["b", 2], ["a", 1]]),
        ({Frozen(recipient="a")}, [{"recipient": "a", "cc": "c"}]),
        (frozenset(), []),
        (("a", "b"), ["a", "b"]),
        (SecretStr("s"), "s"),
        (b"s", "s"),
        (None, None),
    ],
)
def test_the_same_in_all_fields(value: Any, judged: Any) -> None:
    assert is_same(value, judged)


@pytest.mark.parametrize(
    ("value", "judged"),
    [
        (Mail(to=["b"]), {"to": ["b"]}),
        (Mail(to=["b"]), {"to": ["b"], "cc": ["a"]}),
        (Mail(to=["b"]), {**WHOLE, "more": 1}),
        (Mail(to=["b"]), [WHOLE]),
        (Aliased(recipient="b", more=1), {"recipient": "b"}),
        (Point(1), {"x": 1}),
        (["a"], ["a", "b"]),
        (["a"], "a"),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a"}, ["a", "b"]),
        ({"a", "b"}, ["a"]),
        ({"a"}, []),
        ({1}, [True]),
        ({b"\xff"}, ["a"]),
        ({object()}, [None]),
        ({Frozen(recipient="a")}, [{"recipient": "a"}]),
        (Twice(two="a"), {"two": "a"}),
        (Twice(two="t"), {"two": "t"}),
        (SecretStr("s"), "**********"),
        (b"s", ["s"]),
        (1, True),
        (1, "1"),
        (object(), "x"),
    ],
)
def test_another_value_or_a_field_more_is_not_the_same(value: Any, judged: Any) -> None:
    assert not is_same(value, judged)


def test_arguments_are_completed_by_the_names_they_were_given_by() -> None:
    given = {"mail": {"to": ["b"]}, "who": {"recipient": "b"}, "raw": "s", "unknown": 1}
    called = {
        "mail": Mail(to=["b"]),
        "who": Aliased(recipient="b"),
        "raw": b"s",
        "at": date(2024, 1, 2),
    }

    assert {
        "mail": WHOLE,
        "who": {"recipient": "b"},
        "raw": "s",
        "unknown": 1,
        "at": "2024-01-02",
    } == complete(given, called)


def test_the_defaults_of_a_signature_are_named_and_what_the_framework_provides_is_not() -> None:
    def send(context: Any, to: str, cc: str = "a", **more: Any) -> None: ...

    def called(**arguments: Any) -> Mapping[str, Any]:
        return called_with(send, (), arguments, injected={"context"})

    assert {"to": "b", "cc": "a"} == called(context=1, to="b")
    assert {"to": "b", "cc": "c", "x": 1} == called(context=1, to="b", cc="c", x=1)
    with pytest.raises(TypeError):
        called(context=1)


def _send(to: str, cc: str = "a") -> None: ...


def _passed_on(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **arguments: Any) -> Any:
        return function(*args, **arguments)

    return wrapper


@functools.wraps(_send)
def _with_its_own(to: str, cc: str = "b") -> None: ...


@functools.wraps(_send)
def _traced(*args: Any, trace: str = "t", **arguments: Any) -> None: ...


@functools.wraps(lambda client, to, cc="a": None)
def _connected(**arguments: Any) -> None: ...


class _Desk:
    @_passed_on
    def send(self, to: str, cc: str = "a") -> None: ...

    @_passed_on
    def __call__(self, to: str, cc: str = "a") -> None: ...


@pytest.mark.parametrize(
    ("function", "added"),
    [
        (_send, {"cc": "a"}),
        (_passed_on(_send), {"cc": "a"}),
        (_passed_on(_passed_on(_send)), {"cc": "a"}),
        (_with_its_own, {"cc": "b"}),
        (_passed_on(_with_its_own), {"cc": "b"}),
        (_traced, {"trace": "t", "cc": "a"}),
        (_connected, {"cc": "a"}),
        (_Desk().send, {"cc": "a"}),
        (_Desk(), {"cc": "a"}),
        (functools.partial(_send, cc="p"), {"cc": "p"}),
        (functools.partial(_passed_on(_send), cc="p"), {"cc": "p"}),
        (functools.lru_cache(_send), {"cc": "a"}),
    ],
)
def test_a_default_that_runs_is_found_behind_whatever_wraps_it(
    function: Callable[..., Any], added: dict[str, str]
) -> None:
    stated = {"properties": {"to": {}}}
    found = CallArguments.of(stated, {"to": "b"}, [(function, ())])

    assert {"to": "b", **added} == called_with(function, (), {"to": "b"})
    assert {"to": "b", **added} == found.whole
    assert {"to": "b"} == found.stated(found.whole)


def test_what_a_schema_states_is_passed_on_and_what_a_framework_provides_is_not_asked_for() -> None:
    class Stated(BaseModel):
        to: str = Field(alias="recipient")
        note: str = "n"

    def send(to: str, note: str, context: Any = "x", client: Any = object, cc: str = "a") -> None:
        pass

    stated = with_stated_defaults(Stated, {"recipient": "b", "unknown": 1})
    found = CallArguments.of(Stated, stated, [(send, {"context"})])

    assert {"recipient": "b", "unknown": 1, "note": "n", "cc": "a"} == found.whole
    assert {"cc"} == found.own
    assert {"context", "client"} == with_stated_defaults(
        {"properties": {"context": {"default": 1}, "x": {"default": 1}}},
        {"client": 1, "context": 2},
        injected={"x"},
    ).keys()


class _Permit:
    """The arguments and the end of a permit."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.arguments = arguments
        self.cancelled = False
        self.decision = self
        self.id = "d"

    def cancel(self) -> None:
        self.cancelled = True


@pytest.mark.parametrize("called", [{"to": "b", "cc": "a"}, {"to": "c"}])
def test_another_argument_than_the_judged_ones_ends_the_permit(called: dict[str, Any]) -> None:
    permit: Any = _Permit({"to": "b"})

    with pytest.raises(ArgumentNotRepresentable) as refused:
        require_judged("mail.send", permit, called)

    assert ("argument.does_not_fit", "d", True) == (
        refused.value.code,
        refused.value.decision_id,
        permit.cancelled,
    )


def test_the_judged_arguments_keep_the_permit() -> None:
    permit: Any = _Permit({"to": "b", "unused": 1})

    require_judged("mail.send", permit, {"to": "b"})
    require_judged("mail.send", permit, {"other": 2}, {"other": 2})

    assert not permit.cancelled


MAIL = {"type": "object", "properties": {"cc": {"default": ["a"]}, "to": {}}}


@pytest.mark.parametrize(
    ("schema", "given", "whole"),
    [
        ({"properties": {"n": {"default": 1}}}, {}, {"n": 1}),
        ({"properties": {"n": {"default": 1}}}, {"n": 2}, {"n": 2}),
        ({"properties": {"m": MAIL}}, {"m": {}}, {"m": {"cc": ["a"]}}),
        ({"properties": {"m": MAIL}}, {}, {}),
        ({"properties": {"m": {**MAIL, "default": {}}}}, {}, {"m": {"cc": ["a"]}}),
        ({"properties": {"m": {"items": MAIL}}}, {"m": [{}]}, {"m": [{"cc": ["a"]}]}),
        (
            {"properties": {"m": {"additionalProperties": MAIL}}},
            {"m": {"k": {}}},
            {"m": {"k": {"cc": ["a"]}}},
        ),
        (
            {"$defs": {"M": MAIL}, "properties": {"m": {"$ref": "#/$defs/M"}}},
            {"m": {}},
            {"m": {"cc": ["a"]}},
        ),
        (
            {"properties": {"m": {"anyOf": [MAIL, {"type": "null"}]}}},
            {"m": {}},
            {"m": {"cc": ["a"]}},
        ),
        ({"properties": {"m": {"anyOf": [MAIL, MAIL]}}}, {"m": {}}, {"m": {}}),
        ({"properties": {"m": {"$ref": "#/properties/m"}}}, {"m": {}}, {"m": {}}),
        ({"properties": {"m": {"$ref": "https://example.com"}}}, {"m": {}}, {"m": {}}),
        (None, {"m": 1}, {"m": 1}),
        ({"properties": []}, {"m": 1}, {"m": 1}),
    ],
)
def test_the_defaults_that_a_schema_states_are_added_at_any_depth(
    schema: Any, given: dict[str, Any], whole: dict[str, Any]
) -> None:
    assert whole == with_schema_defaults(schema, given)


ITSELF = {"$ref": "#", "default": {}}
TEXT = "x" * 2**15


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": ITSELF}},
        {"properties": {"a": ITSELF, "b": ITSELF}},
        {"properties": {"a": {"items": {"$ref": "#"}, "default": [{}] * 9}}},
        {"properties": {"a": {"$ref": "#/$defs/A", "default": {}}}, "$defs": {"A": {"$ref": "#"}}},
        {"properties": {"a": {"anyOf": [{"$ref": "#"}, {"type": "null"}], "default": {}}}},
        {"properties": {name: {"default": TEXT} for name in "abc"}},
        {"properties": {"a": {"default": [0] * 2**16}}},
        {"properties": {"a": {"default": {TEXT: 1, TEXT + TEXT: 2}}}},
        {"properties": {str(n): {} for n in range(2**16)}},
        {"properties": {"a": {"$ref": "#/" + TEXT * 2, "default": {}}}},
        {"properties": {"a": {"anyOf": [{}] * 2**16, "default": {}}}},
    ],
    ids=range(11),
)
def test_of_a_schema_no_more_is_read_and_added_than_there_is_room_for(schema: Any) -> None:
    whole = with_schema_defaults(schema, {})

    with pytest.raises(ArgumentNotRepresentable) as refused:
        dict(whole)
    assert refused.value.code == "argument.not_representable"


def test_a_default_that_is_nested_too_deep_is_not_added() -> None:
    default: list[Any] = []
    for _ in range(10_000):
        default = [default]

    with pytest.raises(ArgumentNotRepresentable):
        dict(with_schema_defaults({"properties": {"a": {"default": default}}}, {}))


class _Counted(dict[str, Any]):
    """A schema that counts how often it is looked into."""

    looked = 0

    def get(self, *args: Any) -> Any:
        type(self).looked += 1
        return super().get(*args)


def test_each_part_of_a_schema_is_read_once_however_many_values_it_describes() -> None:
    item = _Counted({"anyOf": [{"$ref": "#/$defs/M"}, {"type": "null"}]})
    schema = {"$defs": {"M": MAIL}, "properties": {"m": {"items": item}}}
    several = [{} for _ in range(1000)]

    whole = with_schema_defaults(schema, {"m": several})

    assert whole["m"] == [{"cc": ["a"]}] * 1000
    assert _Counted.looked == 1
    whole["m"][0]["cc"].append("b")
    assert whole["m"][1] == {"cc": ["a"]}
    assert {"cc": {"default": ["a"]}, "to": {}} == MAIL["properties"]


def test_arguments_of_the_model_s_own_are_no_part_of_what_a_schema_adds() -> None:
    given = {"m": {"to": [TEXT] * 10, "n": list(range(2**17))}}

    whole = with_schema_defaults({"properties": {"m": MAIL}}, given)

    assert whole == {"m": {**given["m"], "cc": ["a"]}}


@pytest.mark.parametrize("much", [10, 1000])
def test_the_canonical_forms_of_a_set_and_a_list_are_made_once(
    monkeypatch: pytest.MonkeyPatch, much: int
) -> None:
    made: list[Any] = []
    numbers = list(range(much))

    def counted(value: Any) -> bytes | None:
        made.append(value)
        return canonical(value)

    monkeypatch.setattr(call_arguments, "canonical", counted)
    whole = complete({"ids": numbers}, {"ids": set(numbers)})

    assert whole == {"ids": numbers}
    assert len(made) <= 2 * much + 10
    made.clear()
    require_judged("purge", cast("Any", _Permit(whole)), {"ids": set(numbers)})
    assert len(made) <= 2 * much + 10


def test_what_is_nested_too_deep_stays_as_it_was_given() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]

    assert complete({"m": deep}, {"m": deep})["m"] is deep
    assert not is_same(deep, deep)
