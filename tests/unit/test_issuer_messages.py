"""What a request to the issuer's service costs to read, whoever sent it: counted, not timed."""

import gc
import json
import sys
import tracemalloc
import types
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from annotated_types import MaxLen
from pydantic import BaseModel, ValidationError

from inbounds.canonical.strict_json import strict_json
from inbounds.errors import InboundsError
from inbounds.identity import issuer_messages
from inbounds.model.claims import Authority, Scope
from inbounds_server.issuer.http import read_asking, read_message

REQUESTS = [issuer_messages.Beginning, issuer_messages.Renewing, issuer_messages.Ending]
NAMES = ("identity", "subject", "agent", "intent", "tenant", "environment", "sid")
WHOLE = dict.fromkeys(NAMES, "x")


def unbounded(annotation, metadata, at):
    """Yield each list and map of a type that may be of any length."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from unbounded(arguments[0], [*metadata, *annotation.__metadata__], at)
        return
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from unbounded(field.annotation, field.metadata, f"{at}.{name}")
        return
    collection = origin or annotation
    if collection in (list, dict, tuple, set, frozenset) and not any(
        isinstance(each, MaxLen) or getattr(each, "max_length", None) for each in metadata
    ):
        yield at
    if collection in (list, dict, tuple, set, frozenset, Union, types.UnionType):
        for argument in arguments:
            yield from unbounded(argument, [], f"{at}[]")


@pytest.mark.parametrize("kind", [*REQUESTS, Scope, Authority], ids=lambda kind: kind.__name__)
def test_every_list_and_map_of_a_request_has_a_length(kind):
    assert list(unbounded(kind, [], kind.__name__)) == []


def test_one_without_a_length_is_found():
    class Within(BaseModel):
        names: Annotated[list[str], MaxLen(3)] = []
        more: dict[str, list[int]] = {}

    class Around(BaseModel):
        within: Within | None = None

    assert list(unbounded(Around, [], "x")) == ["x.within[].more", "x.within[].more[]"]


PLACES = [
    "[%]",
    "{%}",
    '{"chain":[%]}',
    '{"scope":{%}}',
    '{"scope":{"effects":[%]}}',
    '{"scope":{"tools":{%}}}',
    '{"scope":{"tools":{"a":{"arguments":{%}}}}}',
    '{"scope":{"tools":{"a":{"arguments":{"/a":{"one_of":[%]}}}}}}',
    '{"scope":{"resources":[%]}}',
    '{"scope":{"resources":[{"type":"a","prefixes":[%]}]}}',
    '{"scope":{"destinations":[%]}}',
    '{"scope":{"bounds":{%}}}',
    '{"scope":{"bounds":{"recipient":{"values":[%]}}}}',
    '{"scope":{"budgets":{%}}}',
    '{"scope":{"windows":[%]}}',
    '{"scope":{"delegated":[%]}}',
]
ITEMS = ["[]", "{}", "0", '{"arguments":{"/a":{"one_of":[[]],"x":1}}}']


def filled(place, item, values):
    """Return JSON of one item as often as that many values allow, and a request's length."""
    before, after = place.split("%")
    each = sum(map(item.count, "[{,")) + 1
    room = issuer_messages.MAX_BYTES - len(place)
    named = before.endswith("{")
    items, length = [], 0
    for number in range(values // each):
        text = f'"{number:x}":{item}' if named else item
        length += len(text) + 1
        if length > room:
            break
        items.append(text)
    return (before + ",".join(items) + after).encode()


def refused(body, kind):
    """Return why a request is refused, and how much memory it took beyond itself, in bytes."""
    tracemalloc.start()
    try:
        with pytest.raises(InboundsError) as caught:
            read_message(body, kind)
        return caught.value, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def errors(body, kind):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(strict_json(body))
    return caught.value.error_count()


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize(
    ("kind", "place"),
    [
        *((issuer_messages.Beginning, place) for place in PLACES),
        *((kind, place) for kind in REQUESTS[1:] for place in PLACES[:3]),
    ],
)
def test_no_body_costs_more_than_its_values(kind, place, item):
    body = filled(place, item, issuer_messages.MAX_VALUES - 32)
    error, peak = refused(body, kind)

    assert error.code == "issuer.malformed"
    assert peak < 6 * 2**20
    assert errors(body, kind) <= 2 * issuer_messages.MAX_VALUES


@pytest.mark.parametrize("place", [place for place in PLACES if "[%]" in place])
def test_a_list_is_read_to_its_first_item_that_does_not_fit(place):
    body = filled(place, "[]", issuer_messages.MAX_VALUES - 32)

    assert errors(body, issuer_messages.Beginning) <= 16


@pytest.mark.parametrize("item", ["[]", "{}", "0"])
def test_a_body_of_more_values_is_not_parsed(item):
    """
    349,199 errors were made of such a body, 273 MB, to tell the first of them.
    """
    body = filled('{"scope":{"bounds":{"recipient":{"values":[%]}}}}', item, 2**20)
    error, peak = refused(body, issuer_messages.Beginning)

    assert "holds more than 8192 values" in error.message
    assert peak < 2**14


def test_a_body_of_one_long_text_is_read_once():
    for body in (
        json.dumps({**WHOLE, "identity": "x" * 2**17}).encode(),
        b'{"' + b"x" * 2**17 + b'":0}',
        b'{"identity":' + b"1" * 2**17 + b"}",
    ):
        error, peak = refused(body, issuer_messages.Beginning)
        assert error.code == "issuer.malformed"
        assert peak < 2**21


def scoped(item, values=4000):
    """Return a request for a task whose scope has that many constraints."""
    arguments = {f"/{number}": item for number in range(values)}
    return json.dumps({**WHOLE, "scope": {"tools": {"t": {"arguments": arguments}}}}).encode()


def calls(function):
    """Return how many functions of Python are called, besides those of the JSON reader."""
    count = 0

    def see(frame, event, _):
        nonlocal count
        count += event == "call" and "json" not in frame.f_code.co_filename

    gc.disable()  # it calls finalizers of what others have left
    sys.setprofile(see)
    try:
        function()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.mark.parametrize("item", [{}, {"x": 0}, {"one_of": 0}, 0], ids=str)
def test_of_a_scope_nothing_is_made_before_it_is_known_who_asks(item):
    """
    Whatever a stranger asks for, it costs no more than to read its JSON.
    """
    few, many = scoped(item, 4), scoped(item)

    assert read_asking(many)[1] == issuer_messages.Asking(identity="x", agent="x")
    assert calls(lambda: read_asking(many)) == calls(lambda: read_asking(few))


def test_a_constraint_costs_no_copies():
    few, many = strict_json(scoped({}, 4)), strict_json(scoped({}))
    read = issuer_messages.Beginning.model_validate

    assert calls(lambda: read(many)) == calls(lambda: read(few))
    (first, second, *_) = (
        read_message(scoped({}), issuer_messages.Beginning).scope.tools["t"].arguments.values()
    )
    assert first.hosts == second.hosts == []
    assert first.hosts is not second.hosts


@pytest.mark.parametrize("name", ["identity", "agent"])
def test_who_asks_has_to_fit(name):
    for value in (None, 1, ["x"], {"x": 1}, "x" * 70_000):
        with pytest.raises(InboundsError) as caught:
            read_asking(json.dumps({**WHOLE, name: value}).encode())
        assert caught.value.code == "issuer.malformed"
        assert f"{name} is missing" in caught.value.message


def test_what_does_not_fit_is_named_where_it_is_little():
    body = json.dumps({**WHOLE, "seconds": "x"}).encode()
    assert "seconds is missing" in refused(body, issuer_messages.Beginning)[0].message
    many = json.dumps({**WHOLE, "scope": {"tools": dict.fromkeys("abcdefghijklmnopqrstu")}})
    assert "a member is missing" in refused(many.encode(), issuer_messages.Beginning)[0].message


def test_what_a_large_deployment_asks_for_is_read():
    scope: dict[str, Any] = {
        "effects": ["read", "write"],
        "tools": {f"server.tool_{number}": {"arguments": {"/id": {}}} for number in range(500)},
        "resources": [{"type": "mail", "prefixes": [f"{number}/"]} for number in range(256)],
        "destinations": [f"partner-{number}" for number in range(1000)],
        "bounds": {"recipient": {"values": [f"a{number}@b.example" for number in range(1000)]}},
        "windows": [{"start": 2 * number, "end": 2 * number + 1} for number in range(256)],
    }
    asked = read_message(json.dumps({**WHOLE, "scope": scope}).encode(), issuer_messages.Beginning)

    assert asked.scope == Scope.model_validate(scope)
