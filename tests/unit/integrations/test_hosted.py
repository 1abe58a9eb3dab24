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
SCHEMA = {"schema": {"properties": {"tools": {"type": "array"}, "container": {"type": "string"}}}}
OTHERS = {
    "temperature": 0,
    "metadata": {"tools": "none"},
    "extra_headers": {"tools": "x"},
    "response_format": SCHEMA,
}
WITHIN = [
    lambda made: {**OTHERS, "extra_body": made},
    lambda made: {**OTHERS, "fallbacks": ["other", {"model": "another", **made}]},
    lambda made: {**OTHERS, "context_window_fallbacks": [{"first": [made]}]},
    lambda made: {**OTHERS, "nobody": {"knows": (made,)}},
    lambda made: {**OTHERS, 1: [[[made]]]},
]


def settings():
    """Each member that brings tools, by itself and within any mapping or list, up to three deep."""
    ways = [way for n in range(4) for way in itertools.product(WITHIN, repeat=n)]
    for (name, value), way in itertools.product(BRINGS.items(), ways):
        made = {**OTHERS, name: value}
        for within in way:
            made = within(made)
        yield name, made


def test_none_that_brings_tools_is_missed():
    found = list(settings())
    assert 1000 < len(found)
    assert [] == [(name, made) for name, made in found if hosted_in(made) != name]


def test_where_nothing_is_brought_nothing_is_found():
    for name, made in settings():
        assert "" == hosted_in({**OTHERS, "metadata": made})
        assert "" == hosted_in({name: None, "extra_body": [{name: []}]})


def test_what_cannot_be_looked_at_as_a_whole_counts_as_bringing_tools():
    endless = {"fallbacks": []}
    endless["fallbacks"].append(endless)
    assert "settings" == hosted_in(endless)
    assert "settings" == hosted_in({"fallbacks": [{} for _ in range(hosted.MOST)]})
    assert "" == hosted_in({"logit_bias": dict.fromkeys(range(2 * hosted.MOST), 1)})


@pytest.mark.parametrize("other", [None, [], "tools", 1, {1: ["tools"]}])
def test_what_is_no_settings_brings_nothing(other):
    assert "" == hosted_in(other)


def test_a_list_at_the_top_may_be_the_frameworks_own():
    assert "" == hosted_in(BRINGS["tools"], offers=False)
    assert "" == hosted_in({"tools": [1]}, offers=False)
    assert "tools" == hosted_in({"tools": [1], "extra_body": {"tools": [1]}}, offers=False)
    assert "plugins" == hosted_in({"tools": [1], "plugins": [1]}, offers=False)
    assert "" == hosted_in({"tools": [{"parameters": SCHEMA}]}, offers=False)
    assert "tools" == hosted_in({"fallbacks": [{"tools": [1]}]}, offers=False)
