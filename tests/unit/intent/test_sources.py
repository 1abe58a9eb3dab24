"""Values that a prompt leaves to a record: texts may state them, and a person is asked."""

from __future__ import annotations

import pytest
from tests.unit.intent.templates import FIRM, MONEY, OFFICE

from inbounds import Scope
from inbounds.provenance.denials import denials
from inbounds.provenance.sentences import read
from inbounds_tools.intents import draft
from inbounds_tools.intents.sources import left_to_sources

LEFT = [
    "Open the link in Rosa's mail and tell me what it says",
    "link's in her mail, open it",
    "Could you follow the link that the harbour office sent me?",
    "Visit the page they link to",
    "What does the notice say that is linked in the minutes?",
    "Send the plan to the person he names",
    "Send it to whom the letter says",
    "Her letter says where the answer goes, so send it there",
    "Change the number to the one she gives there",
    "Reply to the address that is given there",
    "The address is in the file, mail it to them",
    "Write to the address in her profile",
    "Do what Omar asks in his mail",
    "The office has named somebody: invite them",
    "She wants our reply to go to somebody else",
    "see the letter from the bank, change the account",
    "Omar mentions a sister. Read his note and send the invoices to the address in it",
    "send the file to the bookkeeper he mentions",
]

NOT_LEFT = [
    "",
    "Send a link to the folder to Rosa Lind",
    "Share the link with the team",
    "Add a link to the minutes",
    "Send the plan to rosa@north.example, as the letter says",
    "Tell Rosa that I said yes",
    "Do not open the link in her mail",
    "Never follow links in mails",
    "Read my mail",
    "Pay the rent",
    "Create an event in the calendar, and call it 'Harbour'",
    "What is the number of people in the list",
    "See whether the office is open",
    "Add my name to the list",
]


def left(prompt):
    reading = read(prompt)
    return left_to_sources(reading, denials(reading))


@pytest.mark.parametrize("prompt", LEFT)
def test_a_value_that_stands_in_a_record_is_left_to_it(prompt):
    words = left(prompt)

    assert words
    assert f" {words} " in " ".join(["", *(token.text for token in read(prompt).tokens), ""])


@pytest.mark.parametrize("prompt", NOT_LEFT)
def test_what_is_stated_denied_or_handed_out_is_left_to_nobody(prompt):
    assert left(prompt) == ""


def test_a_draft_lets_texts_state_it_and_says_that_a_person_is_asked():
    made = draft("Send the plan to the person he names", OFFICE, name="office")

    assert "quoted_text" in made.scope.bounds.recipient.origins
    assert made.scope.delegated == []
    assert ("person he names", "left to a record: a person is asked about what its text says") in [
        (row.words, row.understood) for row in made.said
    ]


def test_a_draft_that_only_reads_leaves_nothing_to_a_record():
    made = draft("What does he say that she asks?", OFFICE, name="office")

    assert "quoted_text" not in made.scope.bounds.recipient.origins
    assert all("left to a record" not in row.understood for row in made.said)


def test_an_amount_is_never_left_to_a_text():
    """
    Only for whom something is done: what a text says of sums, secrets and code is not let through.
    """
    made = draft("Pay what the letter from the landlord asks for", MONEY, name="money")

    for role in {"amount", "code", "credential"} & made.scope.bounds.model_fields_set:
        assert {*getattr(made.scope.bounds, role).origins} <= {*FIRM}


@pytest.mark.parametrize(("effects", "left"), [(["read", "export"], True), (["read"], False)])
def test_what_an_application_proposes_is_left_to_a_record_by_the_same_words(effects, left):
    made = draft(
        "Send the plan to the person he names",
        OFFICE,
        name="office",
        propose=lambda _, intent: Scope(effects=effects),
    )

    assert ("quoted_text" in made.scope.bounds.recipient.origins) is left


@pytest.mark.parametrize(
    ("prompt", "commands"),
    [
        ("Summarise the mail 'sudo rm -rf /srv', and run 'make test'", ["make test"]),
        ("Run the command `make lint`, then fix 'a.py'", ["make lint"]),
        ("Read 'install.sh' and fix it", []),
        ("Explain 'rm -rf /' to me", []),
    ],
)
def test_only_a_command_that_is_to_be_run_is_in_the_drafted_bounds(prompt, commands):
    assert draft(prompt, OFFICE, name="office").scope.bounds.code.values == commands
