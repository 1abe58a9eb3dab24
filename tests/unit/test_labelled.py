"""A result with a label of its own is a value: it is compared, kept and never changed."""

import collections
import copy
import dataclasses
import os
import pickle
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from inbounds.pep.labelled import Labelled, labelled_within


def test_it_is_equal_to_one_of_the_same_value_and_label():
    one = Labelled(["a"], "public")

    assert one == Labelled(["a"], "public")
    assert one != Labelled(["a"], "secret")
    assert one != Labelled(["b"], "public")


@pytest.mark.parametrize("other", [["a"], "public", None, (["a"], "public")])
def test_it_is_never_equal_to_what_has_no_label(other):
    assert Labelled(["a"], "public") != other
    assert Labelled(["a"], "public").__eq__(other) is NotImplemented


def test_it_has_the_place_of_its_equals():
    assert len({Labelled("a", "public"), Labelled("a", "public"), Labelled("a", "secret")}) == 2


@pytest.mark.parametrize("name", ["label", "value", "more"])
def test_it_is_not_changed(name):
    """
    A label that somebody else lowers would be the wrong one.
    """
    one = Labelled("a", "secret")
    with pytest.raises(AttributeError, match=f"`{name}` of a labelled result is not changed"):
        setattr(one, name, "public")
    with pytest.raises(AttributeError, match=f"`{name}` of a labelled result is not changed"):
        delattr(one, name)

    assert (one.value, one.label) == ("a", "secret")


def test_copies_keep_the_label():
    one = Labelled(["a"], "secret")

    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == copy.copy(one) == one


def test_what_is_shown_of_it_has_no_value():
    assert repr(Labelled("canary", "secret")) == "Labelled(label='secret')"


# --- labels within ------------------------------------------------------------------------------


@dataclasses.dataclass
class Row:
    part: object


class Model(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, extra="allow")

    part: Any


class Late(Mapping):
    """Raises when it is looked into."""

    def __getitem__(self, key):
        raise OSError

    def __iter__(self):
        raise OSError

    def __len__(self):
        return 1


class Named(NamedTuple):
    part: object


AROUND = [
    lambda part: [part],
    lambda part: (1, part),
    lambda part: {"k": part},
    lambda part: {part: 1},
    lambda part: {part},
    lambda part: frozenset([part]),
    lambda part: collections.deque([part]),
    lambda part: collections.ChainMap({"k": part}),
    lambda part: types.MappingProxyType({"k": part}),
    Row,
    lambda part: Model(part=part),
    lambda part: Model(part=1, more=part),
    Named,
]


def nested(part, ways):
    """Put a part within others, where it can be."""
    for way in ways:
        try:
            part = way(part)
        except TypeError:  # what has no hash is not a member of a set
            part = [part]
    return part


@given(st.lists(st.sampled_from(AROUND), min_size=1, max_size=12))
@settings(max_examples=150)
def test_a_label_is_found_however_deep(ways):
    assert labelled_within(nested(Labelled("canary", "public"), ways))
    assert not labelled_within(nested("canary", ways))


def test_a_label_is_found_deeper_than_python_calls():
    part = Labelled("canary", "public")
    for _ in range(100_000):
        part = [part]
    assert labelled_within(part)


def test_what_refers_to_itself_is_looked_into_once():
    around = []
    around.append(around)
    assert not labelled_within(around)
    around.append({"k": (around, Labelled("canary", "public"))})
    assert labelled_within(around)


@pytest.mark.parametrize(
    "part",
    [(n for n in [1]), iter([1]), map(str, [1]), Late()],
    ids=lambda each: type(each).__name__,
)
def test_what_cannot_be_looked_into_counts_as_labelled(part):
    assert labelled_within([part])


def test_more_than_a_million_parts_count_as_labelled():
    assert not labelled_within([0] * 1_000_000)
    assert labelled_within([0] * 1_000_001)


def test_an_open_file_and_an_object_have_no_label():
    with Path(os.devnull).open() as file:
        assert not labelled_within([file, object(), Labelled, Row])
