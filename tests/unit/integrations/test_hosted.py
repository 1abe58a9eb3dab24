"""Settings of a request to a model that bring tools which nobody judges."""

import itertools

import pytest

from inbounds.integrations._adapter import hosted
from inbounds.integrations._adapter.hosted import HOSTED, hosted_in

BRINGS = {
    "tools": [{"type": "web_search"}],
    "functions": [{"name": "mail_send"}],
    "openai_native_tools": [object()],
    "anthropic_builtin_tools": ["code"],
    **{name: {"it": "is"} for name in HOSTED},
}
OTHERS = {"temperature": 0, "metadata": {"tools": "none"}, "extra_headers": {"tools": "x"}}


def settings():
    """Each member that brings tools, by itself and within what is passed on, up to twice."""
    passed_on = [(), *itertools.product(hosted._PASSED_ON)]
    passed_on += itertools.product(hosted._PASSED_ON, repeat=2)
    for (name, value), way in itertools.product(BRINGS.items(), passed_on):
        made = {**OTHERS, name: value}
        for each in reversed(way):
            made = {**OTHERS, each: made}
        yield name, made


def test_none_that_brings_tools_is_missed():
    found = list(settings())
    assert 500 < len(found)
    assert [] == [(name, made) for name, made in found if hosted_in(made) != name]


def test_where_nothing_is_brought_nothing_is_found():
    for name, made in settings():
        assert "" == hosted_in({**OTHERS, "said": made})
        assert "" == hosted_in({name: None, "extra_body": {name: []}})


@pytest.mark.parametrize("other", [None, [], "tools", 1, {1: ["tools"]}])
def test_what_is_no_settings_brings_nothing(other):
    assert "" == hosted_in(other)


def test_a_list_at_the_top_may_be_the_frameworks_own():
    assert "" == hosted_in(BRINGS["tools"], offers=False)
    assert "" == hosted_in({"tools": [1]}, offers=False)
    assert "tools" == hosted_in({"tools": [1], "extra_body": {"tools": [1]}}, offers=False)
    assert "plugins" == hosted_in({"tools": [1], "plugins": [1]}, offers=False)
