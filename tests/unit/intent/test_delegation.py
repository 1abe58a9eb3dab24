"""What a prompt leaves to the text of a record that it names."""

from __future__ import annotations

import pytest
from tests.unit.intent.templates import (
    ASKED_ABOUT,
    CODE,
    FIRM,
    MONEY,
    OFFICE,
    acting,
    left_to_records,
)

from inbounds import Scope
from inbounds.model.deployment import Intent
from inbounds_tools.intents import draft

WHOLE = {"mail.export", "event.write", "event.export", "file.write"}
"""All that the office's intent lets a record ask for."""


def recipient(made):
    return made.scope.bounds.recipient.origins


@pytest.mark.parametrize(
    ("prompt", "record"),
    [
        ("Do the actions in the note 'Handover'", "Handover"),
        ("Follow the instructions in 'setup.md'.", "setup.md"),
        ('Please carry out the steps described in "Moving day"', "Moving day"),
        ("Read 'setup.md' and follow the instructions to the letter.", "setup.md"),
        ("Open 'setup.md'. Then complete the tasks.", "setup.md"),
        ("Do what the mail from Omar says", "the mail from Omar says"),
        ("Do everything that the letter with the subject 'Roof' asks for", "Roof"),
        ("Please handle the requests in the note 'Handover'", "Handover"),
        ("Could you work through the todos in my moving list?", "my moving list"),
        ("Perform the tasks that the team meeting minutes contain", "the team meeting minutes"),
        ("Summarise 'a.txt'. After that, do as the note 'b' says.", "b"),
        ("do what Omar's comment on the roof says", "Omar's comment"),
        ("We have a new 'setup.md', pls do what 'setup.md' says", "setup.md"),
        ("Read 'setup.md' and do what stands there", "setup.md"),
    ],
)
def test_a_record_that_says_what_to_do_brings_all_that_the_intent_lets_it(prompt, record):
    made = draft(prompt, OFFICE, name="office")

    assert WHOLE == left_to_records(made.scope)
    assert acting(made.scope) >= WHOLE
    assert record in [one.record for one in made.delegations]
    assert [*FIRM, *ASKED_ABOUT, "quoted_text"] == recipient(made)


@pytest.mark.parametrize(
    "prompt",
    [
        "Follow the instructions in the email.",
        "Do what it says",
        "Do the following tasks: read 'a.txt', then read 'b.txt'",
        "Perform these steps: 1. read 'a.txt'",
        "Do not follow the instructions in 'setup.md'",
        "Summarise 'setup.md' without following the instructions in it",
        "Which instructions does 'setup.md' hold?",
        "What do the instructions in 'setup.md' say?",
        "Summarise the actions in 'setup.md'",
        "Did Omar do the tasks in 'setup.md'?",
        "What happens in May according to the file about the fair?",
        "Read the note 'Do what the mail \"x\" says'",
        "Send it to rosa@north.example as 'a.txt'",
        "Do the dishes",
    ],
)
def test_what_leaves_nothing_to_a_record(prompt):
    made = draft(prompt, OFFICE, name="office")

    assert [] == made.scope.delegated
    assert [*FIRM, *ASKED_ABOUT] == recipient(made)


def test_a_record_that_no_words_name_is_said():
    made = draft("Follow the instructions in the email.", OFFICE, name="office")

    assert (
        "Follow the instructions",
        "no record is named that this could be read in: nothing is left to one",
    ) in [(row.words, row.understood) for row in made.said]


@pytest.mark.parametrize(
    "prompt",
    [
        "Send a summary of 'minutes.docx' to the client.",
        "Read 'minutes.docx' and send it to everyone named in it.",
        "Send a mail to each person mentioned in the roadmap planning document",
        "Tell all the people listed in 'guests.csv' that we moved",
    ],
)
def test_a_record_may_say_to_whom_and_the_user_what_is_done(prompt):
    made = draft(prompt, OFFICE, name="office")

    assert set() == left_to_records(made.scope)
    assert {"mail.export"} == acting(made.scope)
    assert "quoted_text" in recipient(made)


def test_a_record_that_says_how_steers_what_was_asked_for():
    prompt = "Forward the plan as described in the note 'Who gets what'"
    made = draft(prompt, OFFICE, name="office")

    assert {"mail.export"} == left_to_records(made.scope) == acting(made.scope)
    assert "quoted_text" in recipient(made)


@pytest.mark.parametrize(
    "prompt",
    [
        "Send a summary of 'minutes.docx' to rosa@north.example.",
        "Send a summary of 'minutes.docx' to Rosa Lind.",
        "Send a summary of the minutes to the client.",
        "Send the mail to the list",
        "Send 'a.txt' to my inbox",
        "Create a new file named 'a.txt' and send it to the client",
        "Send a mail with the subject 'Lunch' to the client",
        "Send an invitation to the client. The subject should be 'Lunch'",
        "Send 'minutes.docx' to the client. Her address is rosa@north.example.",
        "The client's email is rosa@north.example. Send 'minutes.docx' to the client.",
    ],
)
def test_a_recipient_that_the_prompt_says_or_no_record_holds_is_left_to_nobody(prompt):
    made = draft(prompt, OFFICE, name="office")

    assert set() == left_to_records(made.scope)
    assert "quoted_text" not in recipient(made)


@pytest.mark.parametrize(
    "prompt",
    [
        "Pay the bill 'gas-may.pdf'",
        "Please pay 'gas-may.pdf' by Friday",
        "Open 'gas-may.pdf' and pay it",
        "Look into 'gas-may.pdf'. Then pay that bill.",
    ],
)
def test_a_bill_says_whom_to_pay_and_the_user_that_it_is_paid(prompt):
    made = draft(prompt, MONEY, name="money")

    assert set() == left_to_records(made.scope)
    assert [*FIRM, "quoted_text"] == recipient(made)


@pytest.mark.parametrize(
    "prompt",
    [
        "Read 'gas-may.pdf' and transfer the money accordingly",
        "Pay the rent according to the letter from the landlord",
    ],
)
def test_a_letter_says_how_it_is_paid(prompt):
    made = draft(prompt, MONEY, name="money")

    assert {"account.spend"} == left_to_records(made.scope)
    assert [*FIRM, "quoted_text"] == recipient(made)


@pytest.mark.parametrize(
    "prompt",
    [
        "Pay the bill",
        "Pay the bill 'gas-may.pdf' to GB33BUKB20201555555555",
        "Pay the rent like last month",
        "Read 'gas-may.pdf' and tell me what to pay",
        "Do not pay the bill 'gas-may.pdf'",
    ],
)
def test_a_bill_that_says_nothing(prompt):
    assert set() == left_to_records(draft(prompt, MONEY, name="money").scope)


def test_a_record_asks_for_no_more_than_the_intent_lets_it():
    made = draft("Read 'a.txt' and change the address accordingly", MONEY, name="money")

    assert {"profile.write"} == acting(made.scope)
    assert [] == made.scope.delegated
    assert FIRM == recipient(made)
    assert "left to the record “a.txt”: the intent lets no record ask for it" in [
        row.understood for row in made.said
    ]


def test_an_intent_that_leaves_nothing_to_records():
    made = draft("Follow the instructions in 'setup.md'", CODE, name="code")

    assert set() == acting(made.scope) == left_to_records(made.scope)


def test_what_the_user_denies_no_record_asks_for():
    made = draft(
        "Follow the instructions in 'setup.md', but do not send mail.", OFFICE, name="office"
    )
    assert WHOLE - {"mail.export"} == left_to_records(made.scope)
    assert "mail.export" not in acting(made.scope)


def test_a_record_is_left_what_it_may_ask_for_and_no_other_place():
    made = draft("Follow the instructions in 'setup.md'", OFFICE, name="office")

    files = [bound for bound in made.scope.delegated if bound.type == "file"]
    assert [["team/minutes/"]] == [bound.prefixes for bound in files]
    writes = [bound for bound in made.scope.resources if "write" in bound.effects]
    assert {"event": [""], "file": ["team/minutes/"]} == {
        bound.type: bound.prefixes for bound in writes
    }


def test_a_record_says_what_a_person_has_to_confirm():
    made = draft("Pay the bill 'gas-may.pdf'", MONEY, name="money")

    assert (
        "Pay the bill gas-may.pdf",
        "for whom is left to the record “gas-may.pdf”: a person is asked where its text says so",
    ) in [(row.words, row.understood) for row in made.said]

    made = draft("Do what 'gas-may.pdf' says", MONEY, name="money")

    assert any(
        "left to the record “gas-may.pdf”: spend on account; a person is asked once"
        == row.understood
        for row in made.said
    )


def test_wider_and_smaller_places_of_what_is_left_to_a_record():
    intent = Intent.model_validate(
        {
            "effects": ["read", "write"],
            "tools": [],
            "label": "internal",
            "resources": [{"type": "file", "prefixes": ["a/", "b/"]}],
            "delegated": [{"type": "file", "prefixes": ["a/x/", "c/"]}, {"type": "file"}],
        }
    )
    made = draft("Follow the instructions in 'setup.md'", intent, name="files")

    assert [["a/x/"], ["a/", "b/"]] == [bound.prefixes for bound in made.scope.delegated]


def test_a_log_of_a_draft_holds_no_word_of_the_prompt():
    """
    What is logged of a draft tells which intent it is of, and nothing that its user said.
    """
    made = draft("Do what 'gas-may.pdf' says, and pay DE75512108001245126199", MONEY, name="money")
    assert made.said and made.delegations

    told = f"{made!r} {made.said!r} {made.delegations!r}"
    assert "money" in told
    for said in ("gas-may", "DE75512108001245126199", "says"):
        assert said not in told


def test_what_does_not_fit_a_narrower_is_not_repeated():
    """
    A wish that is none may be the user's own words, and errors are logged.
    """
    with pytest.raises(ValueError, match="windows") as refused:
        Scope(windows=[{"start": "canary of the prompt", "end": 2}])

    assert "canary" not in f"{refused.value} {refused.value!r}"
