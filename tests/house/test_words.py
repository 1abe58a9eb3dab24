"""The idioms that `make lint` finds, and what it does not take for one."""

from __future__ import annotations

import re

import pytest
from tests.trees import modules_of_sdk

from tools import words

ROOT = words.ROOT

IDIOMATIC = [
    "`x` is no SPIFFE ID",
    "the arguments are no JSON object",
    "the state it holds\nis no state",
    "the answer about the session is none",
    "A task that was handed on.",
    "hand the task on again",
    "mend the lines named",
    "a `kid` that two share is nobody's",
    "1 to 256 printable signs",
    "without blanks",
    "it draws a key",
    "the state is untold",
    "find what is amiss",
    "no token is to be had",
    "it could not be told",
    "what is told of it",
    "a token of another's",
    "say --insecure there",
]
PLAIN = [
    "There is no such file, and there was none.",
    "It is no longer valid, and is no older than a day.",
    "the answer is no, or did not come",
    "The decision is no: nothing runs.",
    "deny unless the answer is no and final",
    "Whether it is None.",
    "On the one hand, one on each machine.",
    "The hands-on part comes at hand on Monday.",
    "a recommendation, an amendment, a blank line, a sign of life",
    "The key signs tokens. It draws a chart.",
    "it could not be determined",
    "two that could not be told apart",
    "none of its keys is used",
]


@pytest.mark.parametrize("text", IDIOMATIC)
def test_an_idiom_is_found(text):
    assert len([*words.found(text)]) == 1


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_sentence_is_left_alone(text):
    assert [*words.found(text)] == []


def test_every_idiom_has_an_example_and_a_replacement():
    for idiom, plain in words.IDIOMS.items():
        assert any(re.search(idiom, text.replace("\n", " "), re.IGNORECASE) for text in IDIOMATIC)
        assert [*words.found(plain)] == []


def test_code_in_a_document_is_not_read_and_its_lines_are_counted():
    text = "Fine.\n\n```text\nmend it\n```\n\n`mend` is a name.\n\nMend\nit.\n"
    assert [(line, idiom) for line, idiom, _ in words.in_document(text)] == [(9, "Mend")]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('"""Mend it."""', [1]),
        ('def f():\n    """Return it.\n\n    Mend it.\n    """', [4]),
        ('raise ValueError("mend it")', [1]),
        ('x = 1\nraise ValueError(f"{x} is no number")', [2]),
        ("# mend it", []),
        ('KINDS = {"mend", "untold"}', []),
        ("def mend(blanks): ...", []),
    ],
)
def test_docstrings_and_messages_are_read_and_names_are_not(source, lines):
    assert [line for line, *_ in words.in_source(source)] == lines


def test_comments_of_the_policy_are_read_over_their_lines_and_its_code_is_not():
    text = 'package a\n\n# What is\n# no list.\nx := "mend it"\n\ty := 1 # fine\n\t# mend it\n'
    assert [line for line, *_ in words.in_policy(text)] == [3, 7]


def test_every_module_of_the_packages_is_read():
    read = {path for glob in words._SOURCES for path in ROOT.glob(glob)}
    assert {*modules_of_sdk()} <= read


def test_the_tree_has_none():
    assert words.faults(ROOT) == []
