"""What the SDK looks for in a text before the policy is asked takes time in proportion to the text.

A test that took its square or cube would not end in the time that a fast test has.
"""

import pytest

from inbounds.canonical.code_hosts import hosts
from inbounds.model.question import Argument
from inbounds.provenance.destination_text import has_scheme, names_host, names_host_within
from inbounds.provenance.destinations import is_outward
from inbounds.provenance.links import UNREAD, links_of
from inbounds.provenance.prompt_marks import apart

SIGNS = [
    "/",
    "//a",
    "x//' ",
    'x//"',
    "<//",
    "@",
    "(",
    "@:",
    "a@",
    ":/",
    "a",
    "a_",
    "a.",
    "x:",
    "[",
    "\t@",
    "ü@",
    "9",
    "-a:",
    "{",
    "{,",
    "{a,b}",
    "{,{,{,{,{,{,{,{,",
    "(a|",
    "$'",
    "\t",
    "'http:\t",
    ":",
    "0:",
]


@pytest.mark.parametrize("end", ["", "://", "://evil.example", "@evil.example:", "!"])
@pytest.mark.parametrize("signs", SIGNS)
def test_it_takes_time_in_proportion_to_the_text(signs, end):
    text = signs * (60_000 // len(signs)) + end
    for looked_for in (names_host, names_host_within, has_scheme, hosts):
        looked_for(text)
    list(links_of(text, markup=False))


@pytest.mark.parametrize("signs", ["{", "$", "*"])
def test_signs_of_a_user_are_looked_through_once(signs):
    hosts(f"http://a@{signs * 30_000}")


@pytest.mark.parametrize("name", ["b", "i", "font", "strong"])
@pytest.mark.parametrize("form", ["<{} id={}>", "<{} id={}", "<{} x='>' id={}>"])
def test_html_that_would_be_made_again_and_again_is_not_read(name, form):
    """
    A parser makes each element of formatting that is left open again in every block behind it.
    """
    opened = "".join(form.format(name, number) for number in range(2_000))
    assert UNREAD in list(links_of(f"<p>{opened}{'<p>x' * 1_000}"))


@pytest.mark.parametrize("signs", [".", ".:", "]", "a.", ":"])
def test_a_path_is_looked_at_in_time_in_proportion_to_it(signs):
    path = signs * (200_000 // len(signs))
    assert (":" in signs[1:]) is is_outward(Argument(kind="path", role="target"), path)


PASTED = [
    "It was never wrote" + " " * 100_000 + "x\n",
    "wrote " * 20_000,
    "schrieb " * 5_000,
    "-" * 46 + "a" * 80 + "-" * 80 + " " * 20_000 + "x\n",
    ("-" * 46 + "a" * 80 + "-" * 80 + " " * 200 + "x\n") * 100,
    "-----a" * 20_000,
]


@pytest.mark.parametrize("text", PASTED, ids=[text[:8].strip() for text in PASTED])
def test_a_prompt_is_looked_at_in_time_in_proportion_to_it(text):
    assert apart(f"Summarise this.\n{text}")[0]


def test_ordinary_html_is_read():
    rows = (
        "<tr><td><b>Item</b> <font color=red>9</font> <a href='https://a.example/x'>x</a></td></tr>"
    )
    assert list(links_of(f"<table>{rows * 200}</table>")) == [("https://a.example/x", "a.example")]
