"""Names that others chose are written as texts, and nothing else: what is read back is the name."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from inbounds.canonical.strict_yaml import strict_yaml
from inbounds.errors import ConfigurationError
from inbounds_tools.scaffold.arguments import Leaf
from inbounds_tools.scaffold.deployment import Names, block, drafted, servers
from inbounds_tools.scaffold.insertion import with_block, with_entry
from inbounds_tools.scaffold.mcp_tools import described
from inbounds_tools.scaffold.tool import DraftTool
from inbounds_tools.scaffold.tools import find

SIGNS = st.sampled_from(
    "\n\r\t\0\x1b\x7f\x85\u00a0\u2028\u2029\u202e\u2066\ufeff\u200b"
    " \"'\\:#-?*&!%@`{}[],|>~=./aZ0é\U0001f600"
)
HOSTILE = st.one_of(
    st.text(SIGNS, min_size=1, max_size=24),
    st.text(min_size=1, max_size=24),
    st.sampled_from(
        ["true", "no", "null", "~", "1e3", "0x1f", "12:30", "2026-01-01", "<<", "=", ".inf"]
    ),
    st.sampled_from(["\n", "\u2028", "\x85", "\r"]).map(
        lambda end: f"x{end}evil.tool:{end}  effects: [read]{end}"
    ),
).filter(lambda text: not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text))
SHORT = st.lists(HOSTILE, max_size=3).map(tuple)


def tool(name="t", **more):
    return DraftTool(
        **{
            "name": name,
            "place": {"server": "s"},
            "remarks": (),
            "description": "",
            "resource": "r",
            "guessed": False,
            "leaves": (),
            "notes": (),
            **more,
        }
    )


def entry_of(given, pattern="/x"):
    """What an entry holds that is of the tool, and nothing of what surrounds it."""
    return {
        **({"description": given.description} if given.description else {}),
        "effects": [],
        "reversible": "unknown",
        "resource": given.resource,
        "arguments": {leaf.pattern: dict(leaf.members) for leaf in given.leaves},
        "returns": {"label": "internal", "party": "third"},
        **({"pin": given.pin} if given.pin else {}),
    }


@settings(max_examples=400, deadline=None)
@given(
    name=HOSTILE,
    description=HOSTILE | st.just(""),
    resource=HOSTILE,
    argument=HOSTILE,
    value=HOSTILE,
    notes=SHORT,
    remarks=SHORT,
    note=HOSTILE,
    pin=HOSTILE | st.just(""),
    guessed=st.booleans(),
)
def test_an_entry_holds_what_was_named_and_nothing_else(
    *, name, description, resource, argument, value, notes, remarks, note, pin, guessed
):
    hostile = tool(
        name,
        description=description,
        resource=resource,
        leaves=(Leaf(f"/{argument}", {"one_of": [value]}, note),),
        notes=notes,
        remarks=remarks,
        pin=pin,
        guessed=guessed,
    )
    text = block(hostile, where={})
    assert strict_yaml(text.encode()) == {name: entry_of(hostile)}
    assert all(line.isprintable() for line in text.split("\n"))

    before = "# a person's\nown:\n  effects: [read]\n"
    after = with_block(before, text) if name != "own" else before
    assert after is not None
    assert after.startswith(before)
    assert strict_yaml(after.encode()).keys() == {"own", name}


@settings(max_examples=200, deadline=None)
@given(name=HOSTILE, other=HOSTILE, value=HOSTILE)
def test_a_whole_deployment_does(name, other, value):
    names = Names(
        subjects=(name,),
        agent="spiffe://a.example/x",
        tenant=other,
        environment=value,
        pep=name,
        intents=(other,),
        audience=value,
    )
    files = drafted(names, [tool(name, resource=other)], {"issuers": {}, "feed": {}}, {name: value})
    read = {file: strict_yaml(text.encode()) for file, text in files.items()}
    assert read["tools.yaml"].keys() == {name}
    assert read["subjects.yaml"].keys() == {name}
    assert read["intents.yaml"].keys() == {other}
    assert read["intents.yaml"][other]["tools"] == [name]
    assert read["labels.yaml"]["resources"].keys() == {other}
    assert read["environments.yaml"].keys() == {value}
    assert read["peps.yaml"].keys() == {name}
    assert read["agents.yaml"]["spiffe://a.example/x"]["owner"] == name
    assert read["servers.yaml"] == {name: {"at": [value]}}
    assert read["settings.yaml"]["audience"] == value
    for text in files.values():
        assert all(line.isprintable() for line in text.split("\n"))


@settings(max_examples=200, deadline=None)
@given(key=HOSTILE, value=HOSTILE)
def test_so_does_an_entry_among_others(key, value):
    for text in ("a: {b: {c: d}}\n", "a:\n  b:\n    c: d\n"):
        if key == "c":
            continue
        written = with_entry(text, ["a", "b"], key, value)
        assert written is not None
        assert strict_yaml(written.encode()) == {"a": {"b": {"c": "d", key: value}}}


@settings(max_examples=300, deadline=None)
@given(name=HOSTILE, description=HOSTILE, argument=HOSTILE)
def test_what_a_server_names_is_registered_as_it_is_or_refused(name, description, argument):
    said = {
        "name": name,
        "description": description,
        "inputSchema": {"properties": {argument: {"type": "string"}}},
    }
    if not name.isprintable():
        with pytest.raises(ConfigurationError) as refused:
            described("desk", [said])
        assert refused.value.code == "registry.name"
        return
    (found,) = described("desk", [said])
    assert strict_yaml(block(found, where={}).encode()).keys() == {f"desk.{name}"}


@pytest.mark.parametrize("name", ["a\nb", "a\u2028b", "a\u202eb", "a\x1b[2Jb", "a\x85b", "x" * 257])
def test_a_name_in_a_source_that_hides_something_is_registered_by_hand(tmp_path, name):
    (tmp_path / "app.py").write_text(f"guard.tool({name!r}, resource=lambda: ('r', 'x'))(len)\n")
    found = find([tmp_path / "app.py"], strict=True)
    assert not found.tools
    assert "register it by hand" in found.notes[0]


def test_the_name_of_a_source_ends_no_comment(tmp_path):
    path = tmp_path / "a\nevil.tool: {effects: [read]}\n#.py"
    path.write_text(
        "kinds = 'a\\nevil.too: {}'\n"
        "@guard.tool('t', resource=lambda x: ('a\\nevil: {}', 'x') if x else ('b', 'x'))\n"
        "def t(x: str) -> str: ...\n"
    )
    found = find([path], strict=True)
    text = block(found.tools["t"], where={})
    assert strict_yaml(text.encode()).keys() == {"t"}
    assert yaml.safe_load(text).keys() == {"t"}


def test_the_name_of_a_server_is_a_text():
    assert strict_yaml(servers({"a\n: b": "x\ny"}).encode()) == {"a\n: b": {"at": ["x\ny"]}}
