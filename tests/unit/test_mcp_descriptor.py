"""The digest of a tool's descriptor."""

import hashlib

import pytest

from inbounds.canonical.mcp_descriptor import digest
from inbounds.errors import ConfigurationError

TOOL = {
    "name": "read_file",
    "title": "Read",
    "description": "Read a file.",
    "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}},
    "outputSchema": {"type": "object"},
    "annotations": {"readOnlyHint": True},
    "execution": {"taskSupport": "forbidden"},
}


def test_it_is_that_of_its_canonical_json():
    """
    Anybody can make the same: SHA-256 over RFC 8785.
    """
    text = b'{"description":"A","inputSchema":{"a":1,"b":[2]},"name":"x"}'
    tool = {"name": "x", "inputSchema": {"b": [2], "a": 1.0}, "description": "A"}

    assert digest(tool) == f"sha256:{hashlib.sha256(text).hexdigest()}"


@pytest.mark.parametrize("member", TOOL)
def test_each_member_that_steers_counts(member):
    """
    Another word in any member that a model or client reads is another digest.
    """
    without = {name: value for name, value in TOOL.items() if name != member}
    changed = {**TOOL, member: {"other": [TOOL[member]]}}

    assert len({digest(TOOL), digest(without), digest(changed)}) == 3
    assert digest({**TOOL, member: None}) == digest(without)


def test_what_steers_nobody_does_not_count():
    """
    Icons, metadata and what a later protocol adds leave the pin as it is.
    """
    assert digest({**TOOL, "_meta": {"t": 4}, "icons": [{"src": "a"}], "x": 1}) == digest(TOOL)


@pytest.mark.parametrize(
    "odd",
    [float("nan"), float("inf"), 2**60, "\ud800", {1: 2}, {"a", "b"}],
    ids=["nan", "infinite", "large", "surrogate", "keyed by a number", "set"],
)
def test_what_has_no_canonical_form(odd):
    """
    Nothing is pinned that another would read otherwise.
    """
    with pytest.raises(ConfigurationError) as ei:
        digest({**TOOL, "inputSchema": {"properties": {"odd": {"default": odd}}}})

    assert ei.value.code == "configuration.descriptor"


def test_what_is_nested_too_deeply():
    """
    A descriptor cannot exhaust the stack.
    """
    deep = "x"
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ConfigurationError):
        digest({**TOOL, "inputSchema": {"deep": deep}})
