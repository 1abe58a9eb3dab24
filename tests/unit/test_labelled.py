"""A result with a label of its own is a value: it is compared, kept and never changed."""

import copy
import pickle

import pytest

from inbounds.labelled import Labelled


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
