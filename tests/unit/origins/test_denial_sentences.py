"""What a prompt forbids, excepts, withholds or takes back is not firm, however it says so."""

from __future__ import annotations

import random

import pytest
from tests.unit.origins.denial_sentences import (
    AMOUNTS,
    CORRECTIONS,
    EXCEPTIONS,
    FORBIDDING,
    FURTHER,
    LANGUAGES,
    MARKS,
    PLAIN,
    WITHHOLDING,
    lines,
)

from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument
from inbounds.provenance import Origins
from inbounds.provenance.denials import doubtful, ruled_out
from inbounds.provenance.prompt_marks import excluded, may_deny
from inbounds.provenance.sentences import read

EVE, BOB = "eve@evil.example", "bob@acme.example"
EMAIL = Argument(kind="email", role="recipient")
AMOUNT = Argument(role="amount", type="number")
OUT = "third_party_text"
DENYING = {
    "marks": MARKS,
    "forbidding": FORBIDDING,
    "withholding": WITHHOLDING,
    "exceptions": EXCEPTIONS,
    "corrections": CORRECTIONS,
    "languages": LANGUAGES,
    "further": FURTHER,
}
ALL = [sentence for block in DENYING.values() for sentence in lines(block)]


def grade(prompts, value, argument=EMAIL):
    origins = Origins()
    for prompt in [prompts] if isinstance(prompts, str) else prompts:
        origins.prompt(prompt)
    registered = {"/it": argument}
    judged = canonicalise({"it": value}, registered)
    return origins.trace(judged.arguments, registered, judged.parsed)["/it"].grade


@pytest.mark.parametrize("sentence", ALL)
def test_whom_a_sentence_rules_out_is_not_firm(sentence):
    """
    Whoever it asks for in the same breath still is.
    """
    prompt = sentence.format(e=EVE, b=BOB)

    assert grade(prompt, EVE) != "prompt"
    assert "{b}" not in sentence or grade(prompt, BOB) == "prompt"


@pytest.mark.parametrize("sentence", lines(AMOUNTS))
def test_an_amount_that_is_taken_back_is_not_firm_and_the_one_in_its_place_is(sentence):
    prompt = sentence.format(e="EUR 500", b="EUR 50")

    assert grade(prompt, 500, AMOUNT) != "prompt"
    assert grade(prompt, 50, AMOUNT) == "prompt"


@pytest.mark.parametrize("sentence", lines(PLAIN))
def test_what_rules_nothing_out_leaves_a_value_firm(sentence):
    """
    A condition, a fact, a question or a polite form.
    """
    assert grade(sentence.format(e=EVE), EVE) == "prompt"


DOUBTFUL = [
    "Mute {}.",
    "Watch out for {}.",
    "Pass over {}.",
    "There's an embargo on {}.",
    "Mail the team with {} removed.",
    "Deny {} access.",
    "Mail it unless {} has it",
    "Besides {} mail the team",
    "\u274c {}",
    "Lass {} weg",
]


@pytest.mark.parametrize("sentence", DOUBTFUL)
def test_a_word_of_denial_that_is_not_understood_leaves_no_value_firm(sentence):
    """
    Nothing is ruled out either: a listing may still state it.
    """
    prompt = sentence.format(EVE)

    assert grade(prompt, EVE) == "none"
    assert grade(f"Mail the plan to {EVE}. {prompt}", EVE) == "none"
    assert grade([prompt, f"Mail {EVE}."], EVE) == "prompt"


@pytest.mark.parametrize("sentence", DOUBTFUL)
def test_what_another_sentence_says_stays_firm(sentence):
    assert grade(f"Mail the plan to {BOB}. {sentence.format(EVE)}", BOB) == "prompt"


def test_a_later_correction_in_a_sentence_of_its_own_withdraws_what_stands_before():
    for said in (
        f"Mail {EVE}. Scratch that.",
        f"{EVE}: no. {BOB}: yes.",
        f"Mail {EVE}. Never mind.",
    ):
        assert grade(said, EVE) == OUT


OPENINGS = ["", "Please. ", "Read the minutes. ", "Good morning! ", "1. Read it\n2. ", "Hi,\n\n"]
ENDINGS = ["", " Thanks.", "\n\nRosa", " Then read 'plan.md'.", "\nGood luck!"]
CASES = [str, str, str.upper, lambda text: text.replace("'", "\u2019"), lambda text: f"**{text}**"]
PLACES = ["{}", " {}", "\u201c{}\u201d", "<{}>"]


def combinations(count, seed):
    draw = random.Random(seed)
    for _ in range(count):
        sentence = draw.choice(ALL)
        place = draw.choice(PLACES[:2]) if "~~" in sentence else draw.choice(PLACES)
        wording = draw.choice(CASES)
        held = wording(sentence.replace("{e}", "\x01").replace("{b}", "\x02"))
        text = held.replace("\x01", place.format(EVE)).replace("\x02", place.format(BOB))
        yield draw.choice(OPENINGS) + text + draw.choice(ENDINGS)


def check(count, seed):
    held = [prompt for prompt in combinations(count, seed) if grade(prompt, EVE) == "prompt"]
    assert held == []


def test_no_combination_of_phrase_place_and_wording_makes_it_firm():
    check(400, seed=1)


@pytest.mark.nightly
def test_none_of_ten_thousand_combinations_makes_it_firm():
    check(10_000, seed=2)


def test_whatever_rules_out_or_may_is_looked_into():
    """
    The gate, which most prompts do not pass, holds every word that the grammar begins at.
    """
    for prompt in combinations(1000, seed=3):
        reading = read(prompt)
        if ruled_out(reading) or doubtful(reading):
            assert may_deny(prompt), prompt
    assert excluded("Write the plan and mail it to Rosa, please") == ([], [])
