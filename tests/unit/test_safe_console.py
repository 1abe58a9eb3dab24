"""What is printed comes out as it went in, whichever way it is printed."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.trees import modules_of_sdk

from inbounds.model.access_request import AccessRequest
from inbounds_tools.cli import approvals, output

MARKUP = re.compile(r"rich\.markup|from_markup|\brender_markup|markup *= *True|emoji *= *True")
LIKE_MARKUP = [
    "[",
    "]",
    "[/",
    "/",
    "x",
    "bold",
    "[bold]",
    "[/]",
    "\\",
    ":",
    "one",
    ":one:",
    "=",
    "@",
]
TEXTS = st.lists(
    st.sampled_from(LIKE_MARKUP) | st.characters(min_codepoint=33, max_codepoint=126), max_size=6
).map("".join)
"""Text that a terminal shows, of one cell a character."""


def table(first, second):
    from rich.table import Table

    made = Table(first, second, box=None)
    made.add_row(first, output.text((second, "bold")))
    return made


WAYS = {
    "text": lambda console, a, b: console.print(f"<{a}{b}>"),
    "text in a style": lambda console, a, b: console.print(f"<{a}{b}>", style="bold red"),
    "parts": lambda console, a, b: console.print(output.text("<", (a, "bold"), b, (">", "dim"))),
    "out": lambda console, a, b: console.out(f"<{a}{b}>"),
    "table": lambda console, a, b: console.print(table(f"<{a}", f"{b}>")),
}


def printed(way, *texts):
    out = io.StringIO()
    with redirect_stdout(out):
        WAYS[way](output.console(), *texts)
    return out.getvalue()


@pytest.mark.parametrize("way", sorted(WAYS))
@settings(max_examples=20, deadline=None, database=None, derandomize=True)
@example("[/x", "]")
@example("[bold", "]")
@example("[", "/]")
@example(":one:", ":b:")
@example("a\\", "[/]")
@given(TEXTS, TEXTS)
def test_text_comes_out_as_it_went_in(way, first, second):
    found = printed(way, first, second)
    if way == "table":
        assert [line.split() for line in found.splitlines()] == [[f"<{first}", f"{second}>"]] * 2
    else:
        assert found == f"<{first}{second}>\n"


@settings(max_examples=20, deadline=None, database=None, derandomize=True)
@example("[/x]")
@example(":one:")
@given(TEXTS)
def test_so_does_a_status(text):
    from rich.text import Text

    with redirect_stderr(io.StringIO()):
        status = output.console(error=True).status(text)
        shown = status.renderable.text
    assert isinstance(shown, Text)
    assert shown.plain == text


@pytest.mark.parametrize("sign", ["\x1b", "\u202e", "\u2028", "\x07", "\ud800"])
@pytest.mark.parametrize("way", sorted(set(WAYS) - {"out"}))
def test_what_does_not_print_is_escaped_in_every_way(way, sign):
    found = printed(way, f"a{sign}", f"{sign}b")
    assert sign not in found
    assert found.count(sign.encode("unicode_escape").decode()) >= 2


def test_an_approver_reads_what_is_approved():
    request = AccessRequest(
        id="d1",
        task="t",
        tenant="acme",
        subject="alice[/x",
        agent="]spiffe://acme.example/agent/:one:",
        intent="i",
        tool="file.write",
        effects=["write"],
        reversible="no",
        resource_type="file",
        resource_id="/data/:one:/x",
        resource_properties={"owner": ":b:ob"},
        arguments={"to": "/data/:one:/[red]x"},
        origins={},
        roles={},
        label="internal",
        environment="production",
        reasons=(),
        digest="",
        audience=(),
        four_eyes=False,
        plan=False,
        until=0,
    )
    out = io.StringIO()
    with redirect_stdout(out):
        approvals._show(output.console(), request)
    found = out.getvalue()
    for text in ("alice[/x?", "/:one: call", "file /data/:one:/x", ":b:ob", "/data/:one:/[red]x"):
        assert text in found


def test_no_markup_is_read_anywhere():
    """
    Two texts side by side could form it, also where each of them is escaped.
    """
    found = [str(path) for path in modules_of_sdk() if MARKUP.search(path.read_text("utf-8"))]
    assert found == []


def test_every_console_is_the_one_that_reads_none():
    made = [
        path.name
        for path in modules_of_sdk()
        if re.search(r"(?<!class Safe)\bConsole\(|SafeConsole\(", path.read_text("utf-8"))
    ]
    assert sorted(made) == ["output.py", "safe_console.py"]


def test_all_html_is_made_by_one_function():
    """
    It escapes what does not print as well.
    """
    found = [
        path.name
        for path in modules_of_sdk()
        if re.search(r"from html import|html\.escape", path.read_text("utf-8"))
    ]
    assert found == ["notebook.py"]
