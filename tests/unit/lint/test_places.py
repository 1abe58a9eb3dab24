"""Where a finding stands, and the comments that let it be."""

from __future__ import annotations

import pytest
from tests import linted

from inbounds.canonical.yaml_lines import Lines, line_of
from inbounds_tools.lint import lint

TOOLS = """\
mail.send:
  effects: [export]
  resource: mail
  arguments:
    /to:
      kind: email
      role: content
    /cc: {kind: email, role: recipient}
  returns: {label: public}
"""
CODE = "steering.address_as_content"
FORM = "a comment that begins with `lint:` must be `lint: allow CODE reason`"
WHY = "it is only written down"


def put(tmp_path, tools, **more):
    folder = linted.write(tmp_path / "deployment", linted.ORDINARY)
    for name in ("agents", "intents"):
        (folder / f"{name}.yaml").unlink()
    (folder / "tools.yaml").write_bytes(tools.encode())
    for name, text in more.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def placed(folder, code=CODE):
    return [(one.place, one.allowed) for one in lint(folder) if one.code == code]


def test_a_finding_stands_where_it_is_written(tmp_path):
    folder = put(tmp_path, TOOLS)
    assert placed(folder) == [("tools.yaml:5", "")]
    (found,) = [one for one in lint(folder) if one.code == CODE]
    assert (found.file, found.line, found.path) == ("tools.yaml", 5, "mail.send.arguments./to")


def test_what_is_not_written_is_placed_where_it_would_be(tmp_path):
    folder = put(tmp_path, TOOLS.replace("label: public", "rows: 1"))
    assert placed(folder, "results.label_unset") == [("tools.yaml:9", "")]
    folder = put(tmp_path, TOOLS.replace("  returns: {label: public}\n", ""))
    assert placed(folder, "results.label_unset") == [("tools.yaml:1", "")]


def test_a_finding_in_an_item_of_a_list_stands_on_its_line(tmp_path):
    intents = (
        "settle:\n  effects:\n    - read\n    - export\n  tools: [mail.send]\n  label: public\n"
        "  resources: []\n  description: to tell\n"
    )
    folder = put(tmp_path, TOOLS, intents=intents)
    assert placed(folder, "intents.no_destination") == [("intents.yaml:4", "")]


@pytest.mark.parametrize(
    "place",
    ["    /to:  # lint: allow {} {}\n", "    # lint: allow {} {}\n    /to:\n"],
)
def test_a_comment_on_its_line_or_above_lets_it_be(tmp_path, place):
    tools = TOOLS.replace("    /to:\n", place.format(CODE, WHY))
    (found,) = placed(put(tmp_path, tools))
    assert found[1] == WHY
    assert not [one for one in lint(tmp_path / "deployment") if one.code.startswith("lint.")]


def test_several_comments_stand_above_one_line(tmp_path):
    above = f"    # lint: allow {CODE} {WHY}\n    # Nobody reads it.\n"
    above += "    # lint: allow steering.address_without_role another\n"
    folder = put(tmp_path, TOOLS.replace("    /to:\n", above + "    /to:\n"))
    assert placed(folder) == [("tools.yaml:8", WHY)]
    assert placed(folder, "lint.comment_idle") == [("tools.yaml:7", "")]


@pytest.mark.parametrize(
    "place",
    [
        "    /to:\n    # lint: allow {} {}\n",
        "    # lint: allow {} {}\n\n    /to:\n",
        "    /to:\n      kind: email  # lint: allow {} {}\n",
    ],
)
def test_a_comment_elsewhere_lets_nothing_be(tmp_path, place):
    text = place.format(CODE, WHY)
    tools = TOOLS.replace("    /to:\n" + "      kind: email\n" * ("kind" in text), text)
    folder = put(tmp_path, tools)
    assert [allowed for _, allowed in placed(folder)] == [""]
    assert len(placed(folder, "lint.comment_idle")) == 1


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (f"allow {CODE}", f"no reason is given for allowing `{CODE}`"),
        (f"allow {CODE}  ", f"no reason is given for allowing `{CODE}`"),
        ("allow", FORM),
        (f"ignore {CODE} because", FORM),
        (
            "allow steering.address_as_contents x",
            "there is no code `steering.address_as_contents`; did you mean `" + CODE + "`?",
        ),
    ],
)
def test_a_comment_that_says_too_little_lets_nothing_be_and_is_found(tmp_path, said, what):
    folder = put(tmp_path, TOOLS.replace("    /to:\n", f"    /to:  # lint: {said}\n"))
    assert placed(folder) == [("tools.yaml:5", "")]
    unfit = [one for one in lint(folder) if one.code == "lint.comment_unfit"]
    assert [what] == [one.what for one in unfit]
    assert [5] == [one.line for one in unfit]


def test_what_is_said_of_comments_cannot_be_let_be(tmp_path):
    tools = TOOLS.replace("    /to:\n", "    # lint: allow lint.comment_idle it is so\n    /to:\n")
    assert placed(put(tmp_path, tools), "lint.comment_idle") == [("tools.yaml:5", "")]


@pytest.mark.parametrize(
    "description",
    [
        '"sends # lint: allow {} {}"',
        "'sends # lint: allow {} {}'",
        "|\n    sends\n    # lint: allow {} {}",
        '"sends\n    # lint: allow {} {}"',
    ],
)
def test_text_that_looks_like_a_comment_is_text(tmp_path, description):
    entry = "  description: " + description.format("steering.no_destination", WHY) + "\n"
    tools = f"mail.send:\n{entry}  effects: [export]\n  resource: mail\n"
    folder = put(tmp_path, tools)
    assert [allowed for _, allowed in placed(folder, "steering.no_destination")] == [""]
    assert not [one for one in lint(folder) if one.code.startswith("lint.")]


def test_a_comment_holds_in_its_own_file_only(tmp_path):
    labels = f"# lint: allow {CODE} {WHY}\norder: [public, internal]\n"
    labels += "resources: {mail: {label: public}}\n"
    folder = put(tmp_path, TOOLS, labels=labels)
    assert placed(folder) == [("tools.yaml:5", "")]


def test_files_with_other_line_ends_have_the_same_lines(tmp_path):
    tools = TOOLS.replace("    /to:\n", f"    # lint: allow {CODE} {WHY}\n    /to:\n")
    assert placed(put(tmp_path, tools.replace("\n", "\r\n"))) == [("tools.yaml:6", WHY)]


def test_the_keys_may_be_put_beside_it_later(tmp_path):
    folder = put(tmp_path, TOOLS)
    (folder / "feed.yaml").unlink()
    assert placed(folder) == [("tools.yaml:5", "")]


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("a",),
        ("a", 1),
        ("a", "y"),
        ("a", 9),
        ("b.c", "d"),
        ("b", "c", "d"),
        ("b.c.d",),
        ("none",),
        ("b", "none"),
        ("a", "x", "more"),
    ],
)
def test_many_lines_are_told_as_one_is(path):
    text = b"a:\n  - x\n  - y\n  - {p: q}\nb:\n  c:\n    d: 1\n"
    lines = Lines(text)
    assert line_of(text, path) == lines.of(path) == lines.of(path)
