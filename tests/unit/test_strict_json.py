"""JSON from outside means the same to every reader, or is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbounds.canonical import strict_json as reader
from inbounds.canonical.strict_json import NotStrictJson, strict_json


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(-1e6, 1e6)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab\\[{"), inner),
        max_leaves=20,
    )
)
def test_ordinary_json_is_read_as_the_standard_reader_does(value: Any) -> None:
    assert strict_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "not JSON"),
        (b"canary", "not JSON"),
        (b'{"canary":', "not JSON"),
        (b'{"canary":1}x', "not JSON"),
        (b"{'canary':1}", "not JSON"),
        (b'"canary\xff"', "not JSON"),
        (b'\xef\xbb\xbf"canary"', "not JSON"),
        ('"canary"'.encode("utf-16"), "not JSON"),
        (b'{"canary":1,"canary":1}', "key twice"),
        (b'[{"a":{"canary":1,"c\\u0061nary":2}}]', "key twice"),
        (b"NaN", "not finite"),
        (b"[-Infinity]", "not finite"),
        (b"1e400", "beyond"),
        (b"9007199254740992", "beyond"),
        (b"9007199254740993.0", "beyond"),
        (b"1" * 100_000, "beyond"),
        (b'"canary\\ud800"', "surrogate"),
        (b'{"\\uDFFFcanary":1}', "surrogate"),
        (b"[" * 65 + b"]" * 65, "nested"),
        (b"[" * 100_000, "nested"),
        (b'{"canary":' * 65 + b"1" + b"}" * 65, "nested"),
    ],
    ids=lambda value: value[:20],
)
def test_what_readers_disagree_about_is_refused_without_its_text(text: bytes, fault: str) -> None:
    with pytest.raises(NotStrictJson, match=fault) as refused:
        strict_json(text)
    assert "canary" not in str(refused.value)


def test_brackets_in_text_do_not_count_as_depth() -> None:
    assert strict_json(b'["' + b"[{" * 100 + b'"]') == ["[{" * 100]


def test_many_shallow_arrays_are_not_deep() -> None:
    assert strict_json(b"[" + b"[]," * 100 + b"[]]") == [[]] * 101


def test_a_whole_surrogate_pair_is_read() -> None:
    assert strict_json(b'"\\ud83d\\ude00"') == "\U0001f600"


@pytest.mark.parametrize("item", ["[]", "{}", "0", '""', '"\\\\"', '"\\""', '{"a":0}'])
def test_a_text_of_many_values_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, item: str
) -> None:
    text = f"[{','.join([item] * 200)}]".encode()
    assert 200 == len(strict_json(text, max_values=600))
    monkeypatch.setattr(reader, "_DECODER", None)  # nothing reads it

    with pytest.raises(NotStrictJson, match="more than 100 values"):
        strict_json(text, max_values=100)
    with pytest.raises(NotStrictJson, match="more than 100 values"):
        strict_json(text[:-1], max_values=100)


@given(
    st.recursive(
        st.none() | st.text(st.sampled_from('a,[{"\\:')),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.sampled_from('a,"\\')), inner),
        max_leaves=20,
    )
)
def test_no_value_escapes_the_count_and_no_mark_within_a_text_is_one(value: Any) -> None:
    def values(each: Any) -> int:
        within = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        return 1 + sum(map(values, within))

    text = json.dumps(value).encode()
    with pytest.raises(NotStrictJson, match="values"):
        strict_json(text, max_values=values(value) - 2)
    assert strict_json(text, max_values=2 * values(value)) == value


def test_a_long_text_of_commas_is_one_value() -> None:
    assert "," * 500_000 == strict_json(json.dumps("," * 500_000).encode())
