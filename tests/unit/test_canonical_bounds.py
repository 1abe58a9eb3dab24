"""How far arguments may go: the last that is taken, and the first that is not."""

import types

import pytest

from inbounds import ArgumentNotRepresentable
from inbounds.canonical.arguments import canonical_json, canonicalise
from inbounds.model.question import Argument

DEEPEST = 64
GREATEST = 2**53 - 1


def lists(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


def objects(depth):
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


def refused(function, *args, **how):
    with pytest.raises(ArgumentNotRepresentable) as ei:
        function(*args, **how)
    assert ei.value.__suppress_context__
    return str(ei.value)


@pytest.mark.parametrize("value", [GREATEST, -GREATEST, float(GREATEST), -float(GREATEST)])
def test_the_greatest_number(value):
    """
    2^53 - 1 is the last whole number that every reader of JSON reads alike.
    """
    assert str(int(value)).encode() == canonical_json(value)
    beyond = value + (1 if value > 0 else -1)
    assert "2^53 - 1" in refused(canonical_json, beyond)
    assert "2^53 - 1" in refused(canonicalise, {"n": [beyond]}, {})


@pytest.mark.parametrize("nested", [lists, objects])
def test_the_deepest(nested):
    """
    64 levels are taken, the arguments themselves being the first; not one more.
    """
    assert canonical_json(nested(DEEPEST))
    assert "64 deep" in refused(canonical_json, nested(DEEPEST + 1))
    assert canonicalise({"a": nested(DEEPEST - 1)}, {})
    assert "64 deep" in refused(canonicalise, {"a": nested(DEEPEST)}, {})


@pytest.mark.parametrize(
    "value",
    [
        *([], {}, "", "abc", "é", ["a", "b"], {"key": "value"}),
        *(None, 1, [1, 2, 3], {"a": 1, "b": True}, [1.5, 0.0]),
    ],
    ids=repr,
)
def test_the_largest(value):
    """
    What fits to the byte is taken, and what lacks room for one is not.
    """
    size = len(canonical_json(value))
    assert size == len(canonical_json(value, max_bytes=size))
    assert "larger" in refused(canonical_json, value, max_bytes=size - 1)


@pytest.mark.parametrize(("value", "counted"), [("x" * 6, 5), (1, 8), (None, 8), ([], 8)])
def test_what_repeats_itself_is_counted_each_time(value, counted):
    """
    The size is counted on the way: what would be too large is not unfolded first.
    """
    seen = []

    class Counted(dict):
        def items(self):
            for key, held in super().items():
                seen.append(key)
                yield key, held

    many = Counted({f"key-{number:06}": value for number in range(1000)})
    assert "larger" in refused(canonical_json, many, max_bytes=100)
    assert counted == len(seen)


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (1.0, b"1"),
        (-0.0, b"0"),
        (1e-7, b"1e-7"),
        (1e21, None),
        ([1.5, "é"], '[1.5,"é"]'.encode()),
        (types.MappingProxyType({"b": 1, "a": (2,)}), b'{"a":[2],"b":1}'),
        ({"\U0001f600": 1, "\uff5e": 2}, '{"\U0001f600":1,"\uff5e":2}'.encode()),
        ([True, None, False], b"[true,null,false]"),
        ('é\u2028\x7f\x1f\n"\\/', '"é\u2028\x7f\\u001f\\n\\"\\\\/"'.encode()),
        ({"b": ["é", 1], "a": {}}, '{"a":{},"b":["é",1]}'.encode()),
    ],
    ids=repr,
)
def test_one_form(value, json):
    """
    Numbers, maps and the order of keys are those of RFC 8785.
    """
    if json is None:
        assert "2^53 - 1" in refused(canonical_json, value)
        return
    assert json == canonical_json(value)
    assert b'{"a":' + json + b"}" == canonicalise({"a": value}, {}).json


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"a\x1b[2J": {1}}, "`/a?[2J` is a set"),
        ({"a/b~c": [0, {1}]}, "`/a~1b~0c/1` is a set"),
        ({"k" * 100: {1}}, f"`/{'k' * 64}` is a set"),
        ({"a": {"b": [[], {1}]}}, "`/a/b/1` is a set"),
        ({1: 2}, "`/` has a key that is not text"),
        ({"e\u0301": 1}, "`/` has a key that is not in NFC"),
        ({"a": "\ud800"}, "`/a` has half of a surrogate pair"),
        ({"a": b"x"}, "`/a` is bytes"),
        ({"a": float("inf")}, "`/a` is a number that is not finite"),
    ],
    ids=repr,
)
def test_where_it_is(arguments, said):
    """
    What has no form is named by its place, and that drives no terminal.
    """
    assert said in refused(canonicalise, arguments, {})


def test_where_a_kind_is_missed():
    """
    A value that is none of its kind is named by its place too.
    """
    registered = {"/to/*": Argument.model_validate({"role": "recipient", "kind": "email"})}

    assert "`/to/1`" in refused(canonicalise, {"to": ["bob@acme.example", "nobody"]}, registered)
    assert ["/to/0"] == list(canonicalise({"to": ["Bob@ACME.example"]}, registered).parsed)


def test_what_may_be_null_is_read_where_it_is_not():
    """
    A value that could have been null is put in the form of its kind like any other.
    """
    registered = {"/to": Argument.model_validate({"kind": "email", "nullable": True})}

    assert {"to": None} == canonicalise({"to": None}, registered).arguments
    given = canonicalise({"to": "Bob@ACME.example"}, registered)
    assert {"to": "Bob@acme.example"} == given.arguments
    assert ["/to"] == list(given.parsed)
    assert "`/to`" in refused(canonicalise, {"to": "nobody"}, registered)


@pytest.mark.parametrize(
    ("pattern", "arguments"),
    [
        ("/to/*", {"to": {"*": "Bob@ACME.example"}}),
        ("/to/*", {"to": "Bob@ACME.example"}),
        ("/to/*", {"to": 5}),
        ("/to/0", {"to": ["Bob@ACME.example"]}),
        ("/to/0/a", {"to": [{"a": "Bob@ACME.example"}]}),
        ("/to/0", {"to": "Bob@ACME.example"}),
        ("/to", {"copy": "Bob@ACME.example"}),
    ],
)
def test_what_a_pattern_does_not_mean(pattern, arguments):
    """
    A star stands for any place of a list, and for nothing else; nothing else stands for one.
    """
    registered = {pattern: Argument.model_validate({"kind": "email"})}
    given = canonicalise(arguments, registered)
    assert ({}, arguments) == (given.parsed, given.arguments)
