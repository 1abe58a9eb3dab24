"""Values on the host's side: read as they were written, and equal as Rego calls them equal."""

import pytest

from inbounds.engine.subsets import contains, equal
from inbounds.engine.values import BuiltinError, Literal, Set, dump, parse


def members(*values):
    return Set(values)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": [1, null, "b"]}', {"a": [1, None, "b"]}),
        (b"set()", members()),
        (b"{1}", members(1)),
        (b"{1, 2}", members(1, 2)),
        (b"{1,2,3}", members(1, 2, 3)),
        (b"{{1, 2}, set()}", members(members(1, 2), members())),
        (b"[set(),1]", [members(), 1]),
        (b"[ {1} , [] , [ 2 , 3 ] ]", [members(1), [], [2, 3]]),
        (b"[{}, {1}]", [{}, members(1)]),
        (b"[{ }, {1}, [ ]]", [{}, members(1), []]),
        (b'{"a":{1},"b":[]}', {"a": members(1), "b": []}),
        (
            b'{ "a" : { 1 , "x" } , "b" : { "c" : set() } }',
            {"a": members(1, "x"), "b": {"c": members()}},
        ),
        (b'{"}:, ]", {1}}', members("}:, ]", members(1))),
        (b'{"\xff", {1}}', members("\udcff", members(1))),
    ],
    ids=lambda value: value if isinstance(value, bytes) else "",
)
def test_what_a_module_wrote_is_read_whole(text, value):
    """
    JSON, and sets where JSON has none, with spaces or without.
    """
    assert parse(text) == value


@pytest.mark.parametrize("text", [b"{1: 2}", b'{"a": {1: 2}}', b'{"a": {1}, 2: 3}', b"{[1]: 2}"])
def test_a_key_that_is_no_text(text):
    """
    No built-in takes an object with such a key.
    """
    with pytest.raises(BuiltinError):
        parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ('é"', '"é\\""'),
        (Literal("12345678901234567890.5"), "12345678901234567890.5"),
        (members(), "set()"),
        (members(1, "a"), '{1,"a"}'),
        ([1, members(2)], "[1,{2}]"),
        ({"a": [], "b": members(1)}, '{"a":[],"b":{1}}'),
        ({}, "{}"),
    ],
    ids=str,
)
def test_what_a_module_reads(value, text):
    """
    What the host answers is written so that the module reads the same.
    """
    assert dump(value) == text.encode()


def test_a_number_that_json_lacks_is_not_written():
    with pytest.raises(ValueError, match="JSON"):
        dump([float("nan")])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, True),
        (None, None),
        (1, 1.0),
        ("ab", "ab"),
        ([1, [2]], [1.0, [2]]),
        ({"a": 1, "b": []}, {"b": [], "a": 1.0}),
        (members(1, 2), members(2, 1.0)),
        (members(), members()),
        ({}, {}),
        ([], []),
    ],
    ids=str,
)
def test_equal(one, other):
    """
    Numbers are equal by their value, objects and sets in any order.
    """
    assert equal(one, other) is True
    assert equal(other, one) is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, False),
        (True, 1),
        (False, 0),
        (None, False),
        (1, 2),
        (1, "1"),
        ("a", "b"),
        ("", []),
        ([], {}),
        ([], members()),
        ({}, members()),
        (members(), None),
        ([1], [True]),
        ([1], [1, 2]),
        ([1, 2], [1, 3]),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}),
        (members(1), members(True)),
        (members(1), members(1, 2)),
        (members(1, 2), members(1, 3)),
    ],
    ids=str,
)
def test_not_equal(one, other):
    """
    Nothing equals a value of another type, at any depth.
    """
    assert equal(one, other) is False
    assert equal(other, one) is False


def test_members():
    """
    A set holds what equals one of its members, and nothing else.
    """
    held = members(1, "a", members(2))
    assert [contains(held, value) for value in (1.0, "a", members(2))] == [True] * 3
    assert [contains(held, value) for value in (True, "b", 2, None)] == [False] * 4
    assert not contains(members(), None)
