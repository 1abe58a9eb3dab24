"""A suggestion is made for a slip of the pen, and for nothing that is only formed alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbounds.text.similar_names import closest

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=12)


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("bob@acme.example", "alice@acme.example"),
        ("spiffe://acme.example/agent/clerk", "spiffe://acme.example/agent/assistant"),
        ("mail.read", "mail.send"),
        ("capability.not_granted", "capability.effects_unset"),
        ("x", "summarise"),
        ("x", "y"),
        ("", "summarise"),
    ],
)
def test_what_is_only_formed_alike_is_not_suggested(word, known):
    assert closest(word, [known]) == ""


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("sumarise", "summarise"),
        ("alcie@acme.example", "alice@acme.example"),
        ("spiffe://acme.example/agent/asistant", "spiffe://acme.example/agent/assistant"),
        ("spiffe://acme.exmaple/agent/assistant", "spiffe://acme.example/agent/assistant"),
        ("task:task-8", "task:task-7"),
        ("INBOUNDS_PDP_ULR", "INBOUNDS_PDP_URL"),
        ("capability.effect_unset", "capability.effects_unset"),
    ],
)
def test_a_slip_is_suggested_among_others(word, known):
    others = ["bob@acme.example", "spiffe://acme.example/agent/clerk", "INBOUNDS_HOME", "mail.send"]
    assert closest(word, [*others, known]) == known


@given(domain=WORDS, name=WORDS, place=st.integers(0, 3), separator=st.sampled_from("@/._:"))
def test_two_letters_that_changed_places_are_a_slip_whatever_stands_around(
    domain, name, place, separator
):
    slip = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    for form in ("{}" + separator + domain, domain + separator + "{}"):
        assert closest(form.format(slip), [form.format(name)]) == form.format(name)


@given(domain=WORDS, one=st.text("abcdef", min_size=2), other=st.text("uvwxyz", min_size=2))
def test_a_part_in_common_alone_suggests_nothing(domain, one, other):
    assert closest(f"{one}@{domain}.example", [f"{other}@{domain}.example"]) == ""
