"""A prompt that only speaks of deleting, spending or running asks for none of them."""

from __future__ import annotations

from itertools import product

import pytest
from tests.unit.origins.test_held_back import doubted, listed
from tests.unit.origins.traced import seen

from inbounds.provenance.spoken_effects import only_speaks

FORMS = {
    "buy": ("bought", "buying"),
    "order": ("ordered", "ordering"),
    "book": ("booked", "booking"),
    "pay": ("paid", "paying"),
    "cancel": ("cancelled", "cancelling"),
    "delete": ("deleted", "deleting"),
    "remove": ("removed", "removing"),
    "deploy": ("deployed", "deploying"),
    "refund": ("refunded", "refunding"),
    "run": ("run", "running"),
}
THINGS = ("kettle", "hotel", "train to Lyon", "customer")
SPOKEN = [
    "Which {o} would you {v}?",
    "Which of the two {o}s can I {v}?",
    "How late can one {v} the {o}?",
    "Who may {v} the {o}?",
    "Can the {o} be {p}?",
    "Could the {o} still be {p}?",
    "What happens when they {v} the {o}?",
    "How do people {v} a {o}?",
    "Find me a {o} to {v}",
    "Find a {o} to {v}.",
    "Check the terms to {v} the {o}",
    "Look up how to {v} the {o}",
    "List the {o}s that Omar wants to {v}",
    "List the {o}s which we may {v} next year",
    "Find a {o} that my wife could {v}",
    "Find the {o} that Omar asked to {v}",
    "List three {o}s; I will {v} one tomorrow",
    "Show the {o}s, I'll {v} one",
    "Find the {o} in case we want to {v} it",
    "Read what Ann wrote on whether she will {v} the {o}",
    "Tell me what I have to {v}",
    "Show the {o} so that my boss can {v} it",
    "Summarise the terms. My wife is going to {v} the {o}.",
    "What would you {v} in my place?",
    "Tell me about {g} the {o}",
    "What is the cost of {g} a {o}?",
    "Is {g} the {o} allowed?",
    "Compare the {o}s before we {v} one",
    "Could you tell me which {o} to {v}?",
    "Can you find the {o} that she would {v}?",
    "Please list the {o}s that I can {v}",
    "See if Ann will {v} the {o}",
    "{V} the {o} later, only show it now",
]
ASKED = [
    "{V} the {o}",
    "Please {v} the {o}.",
    "Could you {v} the {o}?",
    "Can you {v} the {o} for me?",
    "Would you please {v} the {o}?",
    "Would you {v} the {o}, please?",
    "I'd like you to {v} the {o}",
    "I want you to {v} the {o}.",
    "I want to {v} the {o}",
    "I need to {v} the {o}",
    "I'd like to {v} the {o}.",
    "We'd like to {v} the {o}",
    "Find the {o} and {v} it",
    "Find the {o}, then {v} it.",
    "Which {o} is the cheapest? {V} it.",
    "Hi, can you find the {o} and {v} it?",
    "Let's {v} the {o}",
    "Go ahead and {v} the {o}",
    "Don't forget to {v} the {o}",
    "Find the {o} that Ann {p} and {v} it",
    "Make sure to {v} the {o}",
    "If the {o} is old, {v} it",
    "Use the tool to {v} the {o}",
    "Show the {o}",
    "Summarise the {o} that was {p}",
    "When was the {o} {p}?",
    "- find the {o}\n- {v} it",
    "Send Ann the list of {o}s that we can {v}",
    "Mail Ann that we will {v} the {o}",
    "Reply to Bob that he may {v} the {o}",
    "Do you mind {g} the {o}?",
    "Hello! Could you please {v} the {o}? I will {v} another one tomorrow.",
    "Help me {v} the {o}",
    "I have to {v} the {o} today",
    "My order 5 is late, answer Bob",
    "I'd be obliged if you would {v} the {o}",
    "Would you be so kind as to {v} the {o}?",
]


def filled(sentence):
    """Yield a sentence with each of the verbs and things in it."""
    for verb, thing in product(FORMS, THINGS):
        done, doing = FORMS[verb]
        yield sentence.format(v=verb, V=verb.capitalize(), p=done, g=doing, o=thing)


@pytest.mark.parametrize("sentence", SPOKEN)
def test_what_a_prompt_only_speaks_of_is_asked_about_whoever_states_the_value(sentence):
    for prompt in filled(sentence):
        assert doubted(listed(seen(prompt), b7="Something"), "b7") == ("first_party", True), prompt


@pytest.mark.parametrize("sentence", ASKED)
def test_a_request_a_wish_and_another_request_are_not_doubted_by_it(sentence):
    for prompt in filled(sentence):
        assert not only_speaks(prompt), prompt


def test_it_takes_no_more_than_a_prompt_is_long():
    for part in ("to buy ", "which kettle would you buy? ", "tell me about buying, ", "n be so "):
        assert only_speaks(part * (20_000 // len(part))) in (True, False)
