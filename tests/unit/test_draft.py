"""What is read of an agent's sources, guessed from them, and added to a person's YAML."""

from __future__ import annotations

import sys
import textwrap

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from inbounds.canonical.strict_yaml import strict_yaml
from inbounds.errors import ConfigurationError
from inbounds.model.question import Argument
from inbounds_tools.scaffold.files import sources
from inbounds_tools.scaffold.guesses import by_name
from inbounds_tools.scaffold.insertion import flow, with_block, with_entries, with_entry
from inbounds_tools.scaffold.tools import find


def found(folder, text, name="app.py"):
    (folder / name).write_text(textwrap.dedent(text), "utf-8")
    return find([folder / name], strict=True)


def arguments(folder, signature, before=""):
    tool = found(
        folder,
        f"{before}\n@guard.tool('t', resource=lambda *a: ('r', 'x'))\ndef t({signature}): ...\n",
    ).tools["t"]
    for leaf in tool.leaves:
        Argument.model_validate(dict(leaf.members))
    return {leaf.pattern: dict(leaf.members) for leaf in tool.leaves}, tool.notes


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("x: str", {"/x": {"required": True}}),
        ("x: int", {"/x": {"type": "integer", "required": True}}),
        ("x: float = 1.5", {"/x": {"type": "number"}}),
        ("x=True", {"/x": {"type": "boolean"}}),
        ("x", {"/x": {"required": True}}),
        ("*, x: str", {"/x": {"required": True}}),
        ("x: str, /", {"/x": {"required": True}}),
        ("x: str | None = None", {"/x": {"nullable": True}}),
        ("x: Optional[int]", {"/x": {"type": "integer", "nullable": True, "required": True}}),
        ("x: 'str | None'", {"/x": {"nullable": True, "required": True}}),
        ("x: list[str]", {"/x/*": {}}),
        ("x: Sequence[Sequence[int]]", {"/x/*/*": {"type": "integer"}}),
        ("*x: str", {"/x/*": {}}),
        ("x: Annotated[str, 'a']", {"/x": {"required": True}}),
        ("x: Literal['a', 'b']", {"/x": {"one_of": ["a", "b"], "required": True}}),
        (
            "x: typing.Literal[1, 2] = 1",
            {"/x": {"type": "integer", "one_of": [1, 2]}},
        ),
        ("x: datetime.date", {"/x": {"kind": "date", "required": True}}),
        ("x: pathlib.Path", {"/x": {"kind": "path", "required": True}}),
        ("x: uuid.UUID", {"/x": {"kind": "id", "required": True}}),
    ],
)
def test_an_annotation_says_the_type(tmp_path, signature, expected):
    assert arguments(tmp_path, signature)[0] == expected


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("to: list[str]", {"/to/*": {"kind": "email", "role": "recipient", "required": True}}),
        ("to: str", {"/to": {"kind": "email", "role": "recipient", "required": True}}),
        ("id: str", {"/id": {"kind": "id", "required": True}}),
        ("user_id: int", {"/user_id": {"type": "integer", "kind": "id", "required": True}}),
        (
            "callback_url: str",
            {"/callback_url": {"kind": "url", "role": "target", "required": True}},
        ),
        ("sql: str", {"/sql": {"role": "code", "required": True}}),
        (
            "amount: int",
            {"/amount": {"type": "integer", "kind": "money", "role": "amount", "required": True}},
        ),
        ("amount: float", {"/amount": {"type": "number", "role": "amount", "required": True}}),
        # A word that says something only where it stands alone.
        ("added_to: str", {"/added_to": {"required": True}}),
        ("data_source: str", {"/data_source": {"required": True}}),
        # Names of several words.
        (
            "reply_to: str",
            {"/reply_to": {"kind": "email", "role": "recipient", "required": True}},
        ),
        (
            "replyTo: str",
            {"/replyTo": {"kind": "email", "role": "recipient", "required": True}},
        ),
        ("to_account: str", {"/to_account": {"role": "recipient", "required": True}}),
        ("sql_query: str", {"/sql_query": {"role": "code", "required": True}}),
        # The annotation is not a guess, and a guess does not contradict it.
        ("file: Literal['a']", {"/file": {"one_of": ["a"], "required": True}}),
        ("path: datetime.date", {"/path": {"kind": "date", "required": True}}),
        ("to: bool", {"/to": {"type": "boolean", "required": True}}),
    ],
)
def test_a_name_lets_guess_what_makes_the_policy_stricter(tmp_path, signature, expected):
    assert arguments(tmp_path, signature)[0] == expected


@pytest.mark.parametrize(
    ("names", "guess"),
    [
        (
            ("text", "body", "message", "note", "subject", "title", "description", "email_body"),
            {"role": "content"},
        ),
        (("pattern", "glob", "query", "q", "search", "filePattern"), {"role": "query"}),
        (("args", "argv", "command", "extra_args"), {"role": "code"}),
        (("source", "src", "destination", "dst", "branch", "ref"), {"role": "target"}),
        (("channel", "payee", "beneficiary", "to_account"), {"role": "recipient"}),
        (("repo", "repository"), {"kind": "id", "role": "target"}),
        (
            ("file", "files", "dir", "directory", "root", "target_file", "outputDir"),
            {"kind": "path", "role": "target"},
        ),
        (
            ("attachments", "cwd", "workdir", "working_directory"),
            {"kind": "path", "role": "target", "resource": "file"},
        ),
        (("url", "uri", "link", "href", "webhook", "callback"), {"kind": "url", "role": "target"}),
        (("cc", "bcc", "reply_to", "reply-to"), {"kind": "email", "role": "recipient"}),
    ],
)
def test_the_names_that_are_in_use_let_guess_a_role(names, guess):
    assert [by_name(name, "string") for name in names] == [guess] * len(names)


def test_an_argument_of_which_no_role_is_guessed_is_marked_for_a_person(tmp_path):
    source = """\
        @guard.tool("t", resource=lambda *a: ("r", "x"))
        def t(blurb: str, id: str, to: str, n: int, at: datetime.date, x=""): ...
    """
    notes = {leaf.pattern: leaf.note for leaf in found(tmp_path, source).tools["t"].leaves}
    assert notes == {
        "/blurb": "set its role",
        "/id": "guess: kind, by the name; set its role",
        "/to": "guess: kind and role, by the name",
        "/n": "",
        "/at": "",
        "/x": "set its role",
    }


def test_in_the_place_of_a_list_that_may_be_none_one_of_its_members_is_judged(tmp_path):
    recipient = {"kind": "email", "role": "recipient"}
    told, _ = arguments(tmp_path, "cc: list[str] | None = None")
    assert told == {"/cc": {**recipient, "nullable": True}, "/cc/*": recipient}


def test_models_dataclasses_and_enumerations_of_the_file_are_taken_apart(tmp_path):
    told, notes = arguments(
        tmp_path,
        "filter: Filter, order: Order | None = None, more: list[Filter] = []",
        before=textwrap.dedent("""
            class Order(enum.Enum):
                UP = "up"
                DOWN = "down"
            class Filter(BaseModel):
                owner: str
                limit: int = 3
                order: Order = Order.UP
        """),
    )
    order = {"one_of": ["up", "down"]}
    assert told == {
        "/filter/owner": {"required": True},
        "/filter/limit": {"type": "integer"},
        "/filter/order": order,
        "/order": {**order, "nullable": True},
        "/more/*/owner": {},
        "/more/*/limit": {"type": "integer"},
        "/more/*/order": order,
    }
    assert notes == ()


@pytest.mark.parametrize(
    "signature", ["x: dict[str, str]", "x: Elsewhere", "**x: str", "x: str | int", "x: bytes"]
)
def test_what_cannot_be_told_is_said(tmp_path, signature):
    _, notes = arguments(tmp_path, signature)
    assert len(notes) == 1
    assert "x" in notes[0]


def test_a_class_that_holds_itself_has_an_end(tmp_path):
    told, notes = arguments(
        tmp_path, "x: Node", before="class Node:\n    value: str\n    next: 'Node'\n"
    )
    assert "/x/next/next/value" in told
    assert notes


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("lambda id: ('mail', id)", ("mail", False)),
        ("lambda id: (KIND, id)", ("constant", False)),
        ("lambda id: Resource(type='mail', id=id)", ("mail", False)),
        ("lambda id: inbounds.Resource(type='mail', id=id)", ("mail", False)),
        ("of_mail", ("mail", False)),
        ("lambda id: of_mail(id)", ("mail", False)),
        ("lambda id: ('mail', id) if id else ('mail', 'none')", ("mail", False)),
        ("lambda id: ('mail', id) if id else ('box', 'none')", ("box", True)),
        ("lambda id: (id, id)", ("post", True)),
        ("elsewhere", ("post", True)),
    ],
)
def test_the_type_of_resource_is_read_where_it_is_written(tmp_path, resource, expected):
    tool = found(
        tmp_path,
        f"""
        KIND = "constant"
        def of_mail(id):
            if not id:
                return ("mail", "none")
            return Resource(type="mail", id=id)
        @guard.tool("post.read", resource={resource})
        def read(id: str): ...
        """,
    ).tools["post.read"]
    assert (tool.resource, tool.guessed) == expected


def test_tools_are_found_wherever_they_are_guarded(tmp_path):
    told = found(
        tmp_path,
        '''
        NAME = "named"
        @guard.tool("plain", resource=lambda: ("r", "x"))
        @another
        async def plain():
            """Does it.

            At length.
            """
        def furnish(guard):
            @guard.tool("inner", resource=lambda: ("r", "x"))
            def inner(): ...
        @self.guard.tool(NAME, resource=lambda: ("r", "x"))
        def by_name(): ...
        def bare(x: int): ...
        wrapped = guard.tool("wrapped", resource=lambda x: ("r", "x"))(bare)
        foreign = guard.tool("foreign", resource=lambda x: ("r", "x"))(other.function)
        ''',
    ).tools
    assert set(told) == {"plain", "inner", "named", "wrapped", "foreign"}
    assert told["plain"].description == "Does it."
    assert [leaf.pattern for leaf in told["wrapped"].leaves] == ["/x"]
    assert "not in this file" in told["foreign"].notes[0]


def test_the_name_of_a_source_forges_no_line(tmp_path):
    text = """
        @guard.tool("a", resource=lambda: ("r", "x"))
        def a(): ...
        @guard.tool("a", resource=lambda: ("r", "x"))
        def b(): ...
        @guard.tool(name(), resource=lambda: ("r", "x"))
        def c(): ...
        """
    told = found(tmp_path, text, name="x\ncreated\x1b[1m.py")

    said = [*told.notes, told.tools["a"].place["file"], *told.tools["a"].remarks]
    assert 4 == len(said)
    assert all(each.isprintable() for each in said), said


def test_what_is_no_guard_is_left(tmp_path):
    told = found(
        tmp_path,
        """
        @mcp.tool("a")
        def a(): ...
        @server.tool(name="b")
        def b(): ...
        @tool("c", resource=lambda: ("r", "x"))
        def c(): ...
        """,
    )
    assert told.tools == {}


def test_what_cannot_be_registered_from_its_source_is_said(tmp_path):
    told = found(
        tmp_path,
        """
        @guard.tool(f"{prefix}.a", resource=lambda: ("r", "x"))
        def a(): ...
        class Mail:
            @guard.tool("method", resource=lambda self: ("r", "x"))
            def method(self): ...
        @guard.tool("twice", resource=lambda: ("r", "x"))
        def first(): ...
        @guard.tool("twice", resource=lambda: ("r", "x"))
        def second(): ...
        """,
    )
    assert any("computed" in note for note in told.notes)
    assert any("twice" in note for note in told.notes)
    assert told.tools["twice"].remarks[0].startswith("first() in ")
    assert "method cannot be guarded" in told.tools["method"].notes[0]


def test_a_source_that_is_no_python_is_an_error_only_where_it_was_named(tmp_path):
    (tmp_path / "bad.py").write_text("def (:")
    with pytest.raises(ConfigurationError) as refused:
        find([tmp_path / "bad.py"], strict=True)
    assert refused.value.code == "init.source_unreadable"
    assert "bad.py" in find([tmp_path / "bad.py"], strict=False).notes[0]


GUARDED = "@guard.tool('a.b{0}', resource=lambda id: ('mail', id))\ndef f{0}(id: str): ...\n"


@pytest.mark.parametrize(
    ("line", "most", "holds"),
    [
        (GUARDED, 512, "guarded tools"),
        (GUARDED.replace("a.b{0}", "a.b"), 512, "guarded tools"),
        ("guard.task('read{0}', subject='alice')\n", 64, "intents"),
        ("guard.task('read', subject='alice{0}')\n", 64, "subjects"),
    ],
    ids=["tools", "tools of one name", "intents", "subjects"],
)
@pytest.mark.parametrize("strict", [True, False])
def test_sources_that_hold_very_much_are_refused(tmp_path, line, most, holds, strict):
    """
    A checkout may be somebody else's, and each takes time and memory.
    """
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("".join(line.format(number) for number in range(most)), "utf-8")
    other.write_text(line.format(most), "utf-8")
    assert find([one], strict=strict).files == 1
    with pytest.raises(ConfigurationError) as refused:
        find([one, other], strict=strict)
    assert refused.value.code == "init.too_many"
    assert f"at most {most} {holds} " in refused.value.message
    assert "other.py" in refused.value.message


def test_a_source_that_is_very_large_is_not_parsed(tmp_path):
    """
    It is an error only where it was named, and it is not read to its end.
    """
    source = tmp_path / "app.py"
    source.write_text(GUARDED.format(1).ljust(1024 * 1024, "#"), "utf-8")
    assert [*find([source], strict=True).tools] == ["a.b1"]
    with source.open("ab") as file:
        file.truncate(2**40)  # a hole, which takes no room
    with pytest.raises(ConfigurationError) as refused:
        find([source], strict=True)
    assert refused.value.code == "init.source_unreadable"
    assert "at most 1048576 bytes" in refused.value.hint
    found_here = find([source], strict=False)
    assert (found_here.tools, len(found_here.notes)) == ({}, 1)


def test_tests_hidden_folders_and_environments_are_left_out(tmp_path, monkeypatch):
    for name in (
        "app.py",
        "pkg/mail.py",
        "tests/test_app.py",
        "test_more.py",
        "conftest.py",
        ".hidden/x.py",
        "venv/lib/x.py",
        "node_modules/x.py",
        "notes.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    monkeypatch.chdir(tmp_path)
    assert [path.as_posix() for path in sources([])] == ["app.py", "pkg/mail.py"]
    # One that is named is meant.
    assert [path.name for path in sources(["test_more.py"])] == ["test_more.py"]


def test_a_module_is_found_without_its_package_being_run(tmp_path, monkeypatch):
    package = tmp_path / "loud"
    (package / "inner").mkdir(parents=True)
    for path in (package / "__init__.py", package / "inner" / "__init__.py"):
        path.write_text("raise RuntimeError('run')")
    (package / "inner" / "tools.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert [path.name for path in sources(["loud.inner.tools"])] == ["tools.py"]
    assert "loud" not in sys.modules


# --- adding to YAML ------------------------------------------------------------------------

TEXT = """\
# Mine.
a:   # first
  keys:
    one: {kty: EC}   # a remark
# last
b: [1,
    2]
"""


def test_an_entry_is_added_and_every_line_kept():
    told = with_entry(TEXT, ["a", "keys"], "two", {"kty": "EC", "x": "-no"})
    assert strict_yaml(told.encode())["a"]["keys"]["two"] == {"kty": "EC", "x": "-no"}
    lines = told.splitlines()
    assert [line for line in lines if "two" not in line] == TEXT.splitlines()


@pytest.mark.parametrize(
    ("text", "path"), [("a: {}\n", ["a"]), ("a: {b: 1}\n", ["a"]), ("{a: {c: {}}}", ["a", "c"])]
)
def test_an_entry_is_added_in_flow_style(text, path):
    held = strict_yaml(with_entry(text, path, "new", "no").encode())
    for step in path:
        held = held[step]
    assert held["new"] == "no"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: 1\n", ["a"]),
        ("a: {new: 1}\n", ["a"]),
        ("b: {}\n", ["a"]),
        ("[]\n", []),
    ],
)
def test_where_it_cannot_be_added_nothing_is_written(text, path):
    assert with_entry(text, path, "new", "x") is None


def test_entries_go_below_what_is_there():
    assert with_block(TEXT, "c: 1\n") == TEXT + "\nc: 1\n"
    assert with_block("# only a remark\n", "c: 1\n") == "# only a remark\n\nc: 1\n"
    assert with_block("{a: 1}\n", "c: 1\n") is None
    assert with_block("a: 1\n", "a: 2\n") is None


@given(
    st.recursive(
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.booleans(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab: #-é\n"), inner),
        max_leaves=8,
    )
)
def test_what_is_written_in_flow_style_reads_the_same(value):
    text = f"a: {flow(value)}\n"
    assert strict_yaml(text.encode()) == {"a": value}
    # Every reader of YAML 1.1 takes text for text as well.
    if isinstance(value, str):
        assert yaml.safe_load(text) == {"a": value}


KEYS = """\
# Whose signatures count.
cluster:
  issuer: https://k8s.example   # as its tokens say
  keys:
    # the first one
    "one": {kty: EC, x: a}
    two:          # of last year
      kty: EC
      x: b

    three: {kty: EC, x: c}   # the last one

  # the agents
  subjects: {a: b}
other:
  keys: {four: {kty: EC, x: d}}
empty: {keys: {}}
"""


@pytest.mark.parametrize(
    ("name", "entries", "gone", "come"),
    [
        ("cluster", {"one": {"kty": "EC", "x": "a"}}, ["two:", "kty: EC\n", "three"], []),
        ("cluster", {"three": {"kty": "EC", "x": "c"}}, ['one"', "two:"], []),
        (
            "cluster",
            {"two": {"kty": "EC", "x": "b"}, "new": {"kty": "EC", "x": "-no"}},
            ['one"', "three"],
            ['    new: {kty: EC, x: "-no"}\n'],
        ),
        ("cluster", {"new": {"kty": "EC"}}, ['one"', "two:", "three"], ["    new: {kty: EC}\n"]),
        (
            "cluster",
            {"one": {"kty": "EC", "x": "z"}, "two": {"kty": "EC", "x": "b"}},
            ["x: a", "three"],
            ["    one: {kty: EC, x: z}\n"],
        ),
        ("other", {"five": {"kty": "EC"}}, ["four"], ["  keys: {five: {kty: EC}}\n"]),
        ("empty", {"five": {"kty": "EC"}}, [], ["empty: {keys: {five: {kty: EC}}}\n"]),
        ("cluster", {}, ['one"', "two:", "three"], []),
    ],
)
def test_a_mapping_is_written_anew_and_nothing_else_is(name, entries, gone, come):
    written = with_entries(KEYS, [name, "keys"], entries)
    if not entries and name == "cluster":
        assert written is None  # a mapping in block style cannot be empty
        return
    assert strict_yaml(written.encode())[name]["keys"] == entries
    assert not [text for text in gone if text in written]
    assert all(text in written for text in come)
    for remark in ("# Whose", "# as its tokens say", "# the first one", "# the agents"):
        assert remark in written
    assert "subjects: {a: b}" in written


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: {keys: [1]}\n", ["a", "keys"]),
        ("a: 1\n", ["a", "keys"]),
        ("b: {keys: {}}\n", ["a", "keys"]),
        ("[1]\n", ["a", "keys"]),
    ],
)
def test_a_mapping_that_is_none_is_left_alone(text, path):
    assert with_entries(text, path, {"x": "y"}) is None
