"""An act that a prompt speaks of, beside something that it asks for, is not drafted."""

from __future__ import annotations

from itertools import product

import pytest
from tests.unit.intent.templates import OFFICE, acting

from inbounds_tools.intents import draft

BESIDE = ["Send Omar", "Please mail Rosa", "Reply to Omar with", "Could you forward Rosa"]
SPOKEN = [
    "the list of files that Rosa wants to delete",
    "the files which she may delete",
    "the terms to delete a file",
    "what he has to know to delete the file",
    "the files, I will delete the old file tomorrow",
]
ASKED = ["the list and delete the file", "the files, then delete the old file"]


@pytest.mark.parametrize(("head", "tail"), [*product(BESIDE, SPOKEN)])
def test_what_a_prompt_only_speaks_of_is_not_drafted(head, tail):
    drafted = draft(f"{head} {tail}", OFFICE, name="office")

    assert "file.delete" not in acting(drafted.scope)


@pytest.mark.parametrize(("head", "tail"), [*product(BESIDE, ASKED)])
def test_what_it_asks_for_besides_is_drafted(head, tail):
    drafted = draft(f"{head} {tail}", OFFICE, name="office")

    assert "file.delete" in acting(drafted.scope)


def test_the_draft_says_why():
    drafted = draft("Please mail Rosa the terms to delete a file", OFFICE, name="office")

    assert any("does not ask for it" in said.understood for said in drafted.said)
