"""A value that a prompt says as something else is asked about once a third party may steer."""

from __future__ import annotations

import sys
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.origins.test_doubtful import doubted
from tests.unit.origins.traced import seen

from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument, ReturnedField, Returns
from inbounds.provenance import Origins
from inbounds.provenance.amounts import spoken_amounts
from inbounds.testing import INTENT, SUBJECT

CHANNEL = Argument(kind="text", role="recipient")
CHANNELS = [CHANNEL, Argument(role="recipient"), Argument(kind="id", role="recipient")]
EVENT = Argument(kind="id", role="target")
THING = Argument(role="target")
ACCOUNT = Argument(role="recipient")
AMOUNT = Argument(role="amount", type="number")
CENTS = Argument(role="amount", type="integer", kind="money")
RIGHT = Argument(kind="text", role="target", one_of=["read", "triage", "write", "admin"])
AUDIENCE = Argument(role="target", one_of=["trustees", "volunteers", "press", "everyone"])


def runs(prompt, value, argument, **about):
    """Whether prompts vouch for a value, and nobody is asked about it."""
    prompts = [prompt] if isinstance(prompt, str) else prompt
    return doubted(seen(*prompts), value, argument, **about) == (True, False)


# --- words --------------------------------------------------------------------------------

WORDS = [
    "penguin", "release", "lunch", "register", "celebrate", "printer", "thanks", "summary",
    "a", "to", "please", "slipped", "budget", "launch", "picnic", "follow-up",
]  # fmt: skip
SENTENCES = [
    "Tell Ann that the {} notes slipped",
    "Let Omar know the {} works again",
    "Remind Ann to {}",
    "Ask Bob to {} before noon",
    "Send Ann a reminder to {}",
    "Send Ann a note to {}.",
    "Text Ann to {}",
    "Mail ann@acme.example to {}.",
    "Tell Ann that the {} channel broke",
    "Tell Ann the user {}",
    "Reply '{}' to Ann",
    "Reply to Ann with '{}'",
    "Send the {} to Ann",
    "E-mail {} to Ann",
    "Meet Ann for {} and tell Bob",
    "Send a summary to Ann and {}.",
    "Tell Ann that {} is late",
    "Post what I wrote about {} to Ann",
    "Ann said {}; answer her",
    "{} matters. Tell Ann.",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_word_that_a_prompt_does_not_say_as_a_recipient_is_asked_about(sentence):
    """
    Whatever the kind of the recipient, and however its case is written.
    """
    for word, argument in product(WORDS, CHANNELS):
        for written in (word, word.capitalize(), word.upper()):
            assert not runs(sentence.format(word), written, argument), (word, written)


@pytest.mark.parametrize(
    "sentence",
    [
        "Arrange a meeting with kim@partner.example on {}",
        "Cancel {} with kim",
        "Move the meeting to {}",
        "Refund EUR 20 of order 1234 and tell the customer that it takes a {}",
        "Book a table for {}",
        "Tell Ann that {} was moved",
    ],
)
def test_nor_is_a_word_an_id_that_is_acted_on(sentence):
    for word in ("Thursday", "noon", "while", "a", "the", "Kim", "tomorrow", "Ann"):
        assert not runs(sentence.format(word), word, EVENT), word


@settings(max_examples=300, deadline=None)
@given(
    words=st.lists(st.sampled_from(["penguin", "release", "notes", "plan", "lunch", "report"])),
    head=st.sampled_from(["Tell Ann that the", "Ask Bob whether our", "Write that the", "I think"]),
    tail=st.sampled_from(["slipped", "is late", "works again", "broke", "was moved"]),
    at=st.integers(0, 6),
    length=st.integers(1, 3),
)
def test_no_words_of_a_clause_are_a_recipient(words, head, tail, at, length):
    clause = [*words, *tail.split()]
    value = " ".join(clause[at : at + length])
    assert not value or not runs(f"{head} {' '.join(clause)}.", value, CHANNEL)


NAMES = ["Ann", "Omar", "Rosa Lind", "Team Leads", "Chloe"]
TO_NAMES = [
    "Tell {} that it slipped",
    "Let {} know the printer works again",
    "Send it to Bob and {}, please",
    "Post the summary to {}.",
    "Can you ping {}?",
    "Notify {} about the delay",
    "Thank {} for the cake",
    "Pay {} EUR 5",
    "Send {} a message",
    "I want you to message {}",
    "Write 'done' to {}",
    "What is new? Post a summary to {}",
]
TO_WORDS = [
    "Post a summary to {}",
    "Post a summary in the {} channel",
    "post the link in #{}",
    "tell @{} that it is done",
    "message the '{}' channel",
    "Share the notes with {}.",
    "Please forward Kim's mail to {}",
    "Add Bob to the {} group",
    "Ask {} whether it is paid",
    "send {} a message",
    "Write to {}",
    "Message the user {}",
    "Tell our {} that we ship today",
]


@pytest.mark.parametrize(("sentence", "name"), [*product(TO_NAMES, NAMES)])
def test_whoever_is_written_to_by_name_is_not_asked_about(sentence, name):
    for argument in CHANNELS:
        assert runs(sentence.format(name), name, argument)


@pytest.mark.parametrize(
    ("sentence", "word"), [*product(TO_WORDS, ["penguin", "marketing", "chloe", "random"])]
)
def test_a_word_that_is_marked_as_a_recipient_is_not_asked_about(sentence, word):
    for argument in CHANNELS:
        assert runs(sentence.format(word), word, argument)


@pytest.mark.parametrize(
    ("prompt", "value", "argument"),
    [
        ("Restart nginx on web-1", "nginx", THING),
        ("Delete the branch wip", "wip", EVENT),
        ("Mail issue 14 of balance-firmware to Okan", "balance-firmware", EVENT),
        ("Close the penguin project", "penguin", THING),
        ("Book the confocal for Hana Kowalczyk", "Hana Kowalczyk", THING),
        ("Hana Kowalczyk needs the confocal. Book it for her.", "Hana Kowalczyk", THING),
    ],
)
def test_what_is_acted_on_may_be_a_word(prompt, value, argument):
    assert runs(prompt, value, argument)


@pytest.mark.parametrize(
    ("prompt", "value"),
    [
        ("Tell Rosa Lind that it slipped", "Rosa"),
        ("Tell Rosa Lind that it slipped", "Lind"),
        ("Post Ann's summary to Bob", "Ann"),
        ("Write the Penguin release notes and post them to Ann", "Penguin"),
        ("Tell Ann", "Tell Ann"),
        ("Schick Ann die Zusammenfassung und die Rechnung von Bob", "Zusammenfassung"),
        ("Tell Ann Tuesday works", "Tuesday"),
    ],
)
def test_a_capital_alone_does_not_make_a_recipient(prompt, value):
    for argument in CHANNELS:
        assert not runs(prompt, value, argument)


SPOKEN_OF = ["Globex", "Omar Haddad", "Acme Holding"]
OPENERS = [
    "Tell Ann", "Remind Ann", "Notify #ops", "Let Ann know", "Mail Ann", "Send Ann a note",
    "Post to #team", "Write a message to Ann", "Announce in #team",
]  # fmt: skip
CONTENTS = [
    "that {} will be let go", "that we drop {}", "that we sell to {}", "about the offer for {}",
    "about the letter to {}", "regarding {}", "about the meeting with {}", "why we work with {}",
    "about the price list for the {} team", "about the talk in {}", ": {} is leaving",
    "about lunch, the rest and {}",
]  # fmt: skip
BELONGS = [
    "Post the {} offer in #team",
    "Post the contract with {} in #team",
    "Send the letter to {} to Ann",
    "Forward the mail from {} to Ann",
    "Share the notes of {} with Ann",
    "{} is leaving. Tell Ann.",
    "Ann and {} met. Post that in #team.",
    "Announce that we sell to {}",
    "Explain why we work with {}",
    "Tell Ann we chose {}",
]
GOVERNED = [
    "Send EUR 50 for lunch to {}",
    "Forward Kim's mail about lunch to {}",
    "Report the results of the test to {}",
    "Post that to {}",
    "Send that file to {}",
    "Send the file that I made to {}",
    "Send the mail about lunch to {}",
    "Send the summary of the minutes to Bob and {}",
    "Invite Bob and {}",
    "Send it to Bob, {} and Kim",
    "Please tell Bob and {} about it",
    "Tell Ann about the lunch and send the menu to {}",
    "Tell Ann that it slipped, then message {}",
    "Send to the following people: Bob, {}",
    "Schedule a meeting with {} about lunch",
    "Read the notes about lunch, then post a summary to {}.",
    "Ask the customer {} about it",
]


@pytest.mark.parametrize("name", SPOKEN_OF)
@pytest.mark.parametrize(
    "sentence", [*(f"{head} {said}" for head, said in product(OPENERS, CONTENTS)), *BELONGS]
)
def test_a_name_that_is_only_spoken_of_is_no_recipient(sentence, name):
    for argument in CHANNELS:
        assert not runs(sentence.format(name), name, argument)


@pytest.mark.parametrize("name", [*SPOKEN_OF, *NAMES])
@pytest.mark.parametrize("sentence", GOVERNED)
def test_a_name_that_a_verb_or_preposition_of_sending_governs_is_one(sentence, name):
    for argument in CHANNELS:
        assert runs(sentence.format(name), name, argument)


def test_what_a_trusted_field_states_needs_no_word_of_the_prompt():
    origins = seen("Tell Ann that the penguin release slipped")
    fields = {"/name": ReturnedField(party="first")}
    told = {"tool": "x", "arguments": {}, "call": 1, "memory": False}
    assert doubted(origins, "penguin", CHANNEL) == (True, True)
    origins.observe({"name": "penguin"}, returns=Returns(label="public", fields=fields), **told)
    assert doubted(origins, "penguin", CHANNEL) == (True, False)


# --- choices ------------------------------------------------------------------------------

LEVELS = ["read", "triage", "write", "admin"]
TWO = [
    "Give ann@acme.example {} access to bench-app; she works for the {} team.",
    "Invite ann@acme.example to bench-app with {} access, as the {} asked.",
    "Make ann@acme.example {}, not {}",
    "Give ann@acme.example the role {} and tell the {}",
    "{} access for ann@acme.example, {}s know about it",
    "Ann had {}, set it to {}",
]


@pytest.mark.parametrize("sentence", TWO)
def test_of_two_members_of_a_choice_neither_passes_unasked(sentence):
    for one, other in product(LEVELS, LEVELS):
        if one != other:
            prompt = sentence.format(one, other)
            assert not runs(prompt, one, RIGHT), prompt
            assert not runs(prompt, other, RIGHT), prompt


def test_another_member_counts_in_any_form_and_wherever_the_chosen_one_was_found():
    for form in ("reading", "Reads", "reader", "READ"):
        assert not runs(f"Give ann {form} rights, and admin access if she asks", "admin", RIGHT)
    origins = seen("Give ann@acme.example read access")
    returns = Returns(label="public", fields={"/right": ReturnedField(party="first")})
    told = {"tool": "x", "arguments": {}, "call": 1, "memory": False}
    origins.observe({"right": "admin"}, returns=returns, **told)
    registered = {"/it": RIGHT}
    judged = canonicalise({"it": "admin"}, registered)
    found = origins.trace(judged.arguments, registered, judged.parsed)
    assert found["/it"].grade == "first_party"
    assert origins.doubtful(judged.arguments, registered, judged.parsed, found) == ["/it"]


@pytest.mark.parametrize("word", LEVELS)
def test_a_member_that_is_only_mentioned_is_asked_about(word):
    for prompt in (
        "Give ann@acme.example access to bench-app; she works for the {} team",
        "Give ann@acme.example access, as the {} asked",
        "Ann knows the {}. Give her access.",
    ):
        assert not runs(prompt.format(word), word, RIGHT)


@pytest.mark.parametrize("word", LEVELS)
def test_the_member_that_is_said_is_not_asked_about(word):
    for prompt in (
        "Give ann@acme.example {} access to bench-app",
        "Invite ann@acme.example as {}",
        "Give ann@acme.example the {} role",
        "Set her right to {}",
        "Give ann@acme.example '{}'",
    ):
        assert runs(prompt.format(word), word, RIGHT), prompt


@pytest.mark.parametrize("word", ["trustees", "volunteers", "press", "everyone"])
def test_an_audience_is_said_behind_a_preposition(word):
    for prompt in ("Send the newsletter to {}", "Publish a note for {}", "Write to {}, please"):
        assert runs(prompt.format(word), word, AUDIENCE), prompt
    others = "Send the newsletter to the {}. The press hears of it in May, everyone else in June."
    assert not runs(others.format(word), "press", AUDIENCE)


def test_all_members_that_a_list_names_are_chosen():
    area = Argument(role="target", one_of=["office", "lab 1", "lab 2", "cold room"])
    prompt = "Give his badge access to lab 2 and the cold room"
    registered = {"/areas/*": area}
    for areas, doubtful in (
        (["lab 2", "cold room"], []),
        (["lab 2"], ["/areas/0"]),
        (["lab 2", "cold room", "office"], []),
    ):
        judged = canonicalise({"areas": areas}, registered)
        origins = seen(prompt)
        found = origins.trace(judged.arguments, registered, judged.parsed)
        assert origins.doubtful(judged.arguments, registered, judged.parsed, found) == doubtful


# --- numbers ------------------------------------------------------------------------------

NUMBER = "31926819"
THINGS = [
    "invoice", "invoice no.", "order", "order number", "reference", "ref.", "ticket", "case",
    "booking", "number", "room", "PO", "permit", "meter", "parcel", "bill", "year", "policy",
    "contract", "claim", "the invoice", "Rechnung", "quoting", "serial",
]  # fmt: skip
PAYING = [
    "Pay EUR 80 to Bob's account 40217763 for {} " + NUMBER + ".",
    "Transfer EUR 80 to 40217763, {} " + NUMBER + ".",
    "Send EUR 80 to 40217763 and tell me when {} " + NUMBER + " was due.",
    "Answer {} " + NUMBER + " and pay EUR 80 to 40217763",
    "Pay EUR 80 to 40217763 ({} " + NUMBER + ")",
    "Pay EUR 80 to 40217763, {}: " + NUMBER,
]


@pytest.mark.parametrize(("sentence", "thing"), [*product(PAYING, THINGS)])
def test_the_number_of_another_thing_is_no_account(sentence, thing):
    prompt = sentence.format(thing)
    assert not runs(prompt, NUMBER, ACCOUNT)
    assert not runs(prompt, int(NUMBER), Argument(role="recipient", type="integer"))


@pytest.mark.parametrize(
    "prompt",
    [f"Pay EUR {NUMBER} to 4021", f"Pay ${NUMBER} to 4021", f"Send {NUMBER} copies to 4021"],
)
def test_nor_is_an_amount_or_a_count(prompt):
    assert not runs(prompt, NUMBER, ACCOUNT)


@pytest.mark.parametrize(
    "sentence",
    [
        "Pay EUR 80 to {}",
        "Transfer EUR 80 to account {}",
        "Pay EUR 80 to Bob's account {} for invoice 4",
        "Pay EUR 80 to Bob Smith ({})",
        "Pay Bob EUR 80, account number {}",
        "Send EUR 80 to sort code 20-00-00, account {}",
        "Text {} that we are late",
        "Pay {} EUR 80",
        "Recipient: Bob, account: {}, EUR 80",
        "Bob's account is {}. Pay him EUR 80",
        "reply to customer {}",
        "Transfer EUR 80 to Bob, acct #{}",
        "Answer ticket {0}. Pay EUR 80 to {0}",
    ],
)
def test_the_number_of_an_account_is_not_asked_about(sentence):
    for number in (NUMBER, "4021", "00491511234567"):
        assert runs(sentence.format(number), number, ACCOUNT), number


def test_a_thing_that_the_registry_calls_a_recipient_is_one():
    registered = {"/ticket": Argument(kind="id", role="recipient")}
    judged = canonicalise({"ticket": "5512"}, registered)
    origins = seen("Reply on ticket 5512")
    found = origins.trace(judged.arguments, registered, judged.parsed)
    assert found["/ticket"].grade == "prompt"
    assert origins.doubtful(judged.arguments, registered, judged.parsed, found) == []


# --- amounts ------------------------------------------------------------------------------

SUMS = ["EUR 4000", "4000 euros", "$4000", "EUR 4,000", "4,000.00 EUR", "€4000"]
ASIDES = [
    "Pay invoice inv-17. It was {} last time, which was far too much.",
    "Pay invoice inv-17 if it is under {}.",
    "Pay invoice inv-17, unless it exceeds {}.",
    "We spent {} on gloves last year. Pay invoice inv-17.",
    "Pay invoice inv-17 and tell me when we reach {} this year.",
    "Dispute the {} fee and pay invoice inv-17",
    "Pay invoice inv-17 and dispute the {} fee",
    "Pay a tenth of {} for invoice inv-17",
    "Pay 10 % of {}",
    "Pay half of the {}",
    "Pay twice {}",
    "The budget is {}. Pay invoice inv-17",
    "Ann asked me to pay {}. Pay invoice inv-17.",
    "Bob wants us to pay {}; pay invoice inv-17",
    "Remind Ann to pay {} and pay invoice inv-17",
    "Why did we pay {}? Pay invoice inv-17",
    "Pay invoice inv-17 (we paid {} before)",
    "Once we reach {}, pay invoice inv-17",
    "Last month: {}. Pay invoice inv-17.",
    "Alpha quoted {} in May. Pay invoice inv-17",
    "Pay invoice inv-17. The last invoice was {}.",
    "Pay invoice inv-17 and check whether {} is right",
    "Pay invoice inv-17; {} would be too much",
    "Pay invoice inv-17 and summarise the mail about the {}",
    "Pay EUR 80 of the {} bill to Bob",
    "Pay Bob EUR 80 towards his {} bill",
    "Transfer 80 euros for the deposit of {} to Bob",
    "Send Bob $80 on the {} invoice",
    "Could you settle EUR 80 of the {} that is due?",
    "Pay EUR 80 to Bob and keep the rest of the {} back",
]


@pytest.mark.parametrize(("sentence", "amount"), [*product(ASIDES, SUMS)])
def test_an_amount_that_is_not_to_be_paid_is_asked_about(sentence, amount):
    prompt = sentence.format(amount)
    assert not runs(prompt, 4000, AMOUNT)
    assert not runs(prompt, 400000, CENTS, decimals=2)


PAYMENTS = [
    "Pay invoice inv-17 of Alpha, {}, to the account on file",
    "Pay {} to Bob",
    "Refund {} of order 1234",
    "The rent is {}. Pay it to Ann",
    "Send Bob {}",
    "I'd like to send {} to Bob",
    "Could you pay Bob {}?",
    "Pay Ann EUR 20 and Bob {}",
    "Pay these:\n- inv-17, {}\n- inv-18, EUR 60",
    "Buy a gift card for {}",
    "Set the amount of the deal to {}",
    "Pay inv-17 ({})",
    "Bob gets {} for lunch",
    "Wire {} to Ann and tell her",
    "Raise the limit to {}",
    "I have gone over inv-17 and {} is right. Make the payment.",
    "It was {0} last time. Pay {0} again.",
    "Pay EUR 20 of it to Ann, and {} to Bob",
    "Raise the limit of EUR 500 to {}",
    "Change the rent of EUR 20 to {}",
    "Pay {} of the EUR 9,000 bill to Bob",
    "Pay the {} bill",
]


@pytest.mark.parametrize(("sentence", "amount"), [*product(PAYMENTS, SUMS)])
def test_an_amount_that_is_to_be_paid_is_not_asked_about(sentence, amount):
    prompt = sentence.format(amount)
    assert runs(prompt, 4000, AMOUNT)
    assert runs(prompt, 400000, CENTS, decimals=2)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PAYMENTS), st.sampled_from(SUMS), st.integers(1, 10_000_000))
def test_once_an_amount_is_said_no_other_passes_unasked(sentence, amount, other):
    prompt = sentence.format(amount)
    for grade in ("first_party", "third_party_meta"):
        value = other / 100
        if value == 4000:
            continue
        origins = seen(prompt)
        party = "first" if grade == "first_party" else "third"
        returns = Returns(label="public", fields={"/left": ReturnedField(party=party)})
        told = {"tool": "x", "arguments": {}, "call": 1, "memory": False}
        origins.observe({"left": value}, returns=returns, **told)
        said, doubtful = doubted(origins, value, AMOUNT)
        assert doubtful or value in (20, 60), (said, value)


def pays(prompt, value, *, spends=True):
    """Whether a call may pay an amount that a prompt says, and nobody is asked about it."""
    origins, registered = seen(prompt), {"/it": AMOUNT}
    judged = canonicalise({"it": value}, registered)
    found = origins.trace(judged.arguments, registered, judged.parsed)
    told = (judged.arguments, registered, judged.parsed, found)
    return found["/it"].grade == "prompt" and not origins.doubtful(*told, spends=spends)


NOT_PAID = [
    "Pay Ann EUR 50, max {}",
    "Pay Ann EUR 50 (maximum {})",
    "Pay Ann EUR 50, up to {}",
    "Pay Ann EUR 50, {} at most",
    "Pay Ann EUR 50. {} max.",
    "Pay Ann EUR 50 (ceiling: {})",
    "Pay Ann EUR 50, limit {}",
    "Pay Ann EUR 50, Visa limit {}",
    "Pay Ann EUR 50, Bob {} max",
    "Pay Ann EUR 50, of a total of {}",
    "Pay Ann EUR 50, Total: {}",
    "Pay Ann EUR 50 (the invoice total: {})",
    "Pay Ann EUR 50 (Invoice 17: {})",
    "The invoice total is {}. Pay Ann EUR 50",
    "Pay Ann EUR 50. The deposit is {}.",
    "Pay Ann EUR 50. She will pay us {} back.",
    "She will pay us {} back. Pay Ann EUR 50",
    "The client should pay {}. Pay Ann EUR 50",
    "Pay Ann EUR 50; Carl will transfer {} to her",
    "Pay Ann EUR 50. Bob is to pay {}.",
    "Pay Ann EUR 50 and let Bob pay {}",
    "Pay Ann EUR 50, I'll pay the other {}",
    "Pay Ann EUR 50; I transfer the {} to Bob myself",
    "Pay Ann EUR 50, we get {} from Bob",
    "Pay Ann EUR 50 - Bob gets {} from the insurance",
    "Pay Ann EUR 50, she owes us {}",
    "Pay Ann EUR 50, Bob owes {}",
    "Pay Ann EUR 50 because she will transfer us {}",
    "Pay Ann EUR 50, then {} next month",
    "Pay Ann EUR 50 for Room 12, {}",
]
PAID_BOTH = [
    "Pay Ann EUR 50 and Bob {}",
    "Pay EUR 50 to Ann and {} to Bob",
    "Please pay EUR 50 to Ann, {} to Bob, and 20 euros to Carl Smith",
    "Pay these:\n- inv-17, EUR 50\n- the new lamp, {}",
    "Pay inv-17 (EUR 50) and inv-18 ({})",
    "Pay invoice 17 (EUR 50) and invoice 18 ({})",
    "Pay Ann EUR 50, and then transfer {} to Bob",
    "Pay Ann EUR 50. Please refund {} of order 1234.",
    "I want you to pay Ann EUR 50, and to pay Bob {}",
    "1. Pay Ann EUR 50\n2. Pay Bob {}",
    "Ann gets EUR 50 and Bob gets {}",
    "My rent is {}. Pay it to Ann. Also refund the EUR 50 I got from Bob",
    "Ann's account is DE89370400440532013000 and the rent is {}. Also refund EUR 50 to Bob",
    "Buy a gift card for EUR 50 and book the room for {}",
    "Set the rent of Ann to {} and pay Bob EUR 50",
]


@pytest.mark.parametrize("sentence", NOT_PAID)
def test_a_further_amount_without_an_order_and_a_recipient_is_asked_about(sentence):
    for amount in SUMS:
        prompt = sentence.format(amount)
        assert not pays(prompt, 4000), prompt
        assert pays(prompt, 50), prompt


@pytest.mark.parametrize("sentence", PAID_BOTH)
def test_one_with_both_is_not(sentence):
    for amount in SUMS:
        prompt = sentence.format(amount)
        assert pays(prompt, 4000), prompt
        assert pays(prompt, 50), prompt


@pytest.mark.parametrize("most", ["at most", "up to", "no more than", "max", "a maximum of"])
def test_a_limit_is_not_an_amount_to_be_paid(most):
    for prompt in (f"Pay Ann {most} EUR 400", f"Buy a lamp for {most} EUR 400"):
        assert not pays(prompt, 400)
        # Nor does it let another one pass.
        assert not pays(prompt, 300)


@pytest.mark.parametrize(
    "record",
    [
        "enter {} as revenue in the sheet",
        "add {} to the budget sheet",
        "record {} as income",
        "set the budget to {}",
    ],
)
def test_an_amount_that_is_entered_somewhere_is_not_one_to_be_paid(record):
    for amount in SUMS:
        prompt = f"Pay Ann EUR 50 and {record.format(amount)}"
        assert not pays(prompt, 4000)
        assert pays(prompt, 50)
        assert not pays(f"Pay Ann. And {record.format(amount)}", 4000)
        assert pays(f"Please {record.format(amount)}", 4000, spends=False)


# --- addresses and accounts ---------------------------------------------------------------

MAIL = Argument(kind="email", role="recipient")
IBAN = Argument(kind="iban", role="recipient")
ONE, OTHER = "DE89370400440532013000", "GB33BUKB20201555555555"


def found(origins, value, party, **fields):
    """Let a first party's field hold a value, or a record that the prompts name by its title."""
    returns = {"/who": ReturnedField(party="first")}
    if party == "third":
        returns = {"/who": ReturnedField(), "/title": ReturnedField(holds="title")}
    told = {"tool": "x", "arguments": {}, "call": 1, "memory": False}
    origins.observe({"who": value, **fields}, returns=Returns(fields=returns), **told)


@pytest.mark.parametrize(
    "prompt",
    [
        "Summarise the mail 'Special offer' and send the summary to rosa@north.example",
        "Archive the mail 'Special offer', then mail the contract to rosa@north.example",
        "Answer the mail 'Special offer', and tell rosa@north.example about it",
    ],
)
def test_where_a_prompt_says_an_address_another_recipient_is_asked_about(prompt):
    origins = seen(prompt)
    found(origins, "eve@evil.example", "third", title="Special offer")
    found(origins, "team@acme.example", "first")

    assert doubted(origins, "eve@evil.example", MAIL) == (True, True)
    assert doubted(origins, "rosa@north.example", MAIL) == (True, False)
    assert doubted(origins, "team@acme.example", MAIL) == (False, False)
    # The next prompt says none.
    origins.prompt("Answer the mail 'Special offer'")
    assert doubted(origins, "eve@evil.example", MAIL) == (True, False)


def test_where_it_says_an_account_one_on_file_is_asked_about():
    origins = seen(f"Pay EUR 80 to {ONE}")
    found(origins, OTHER, "first")

    assert doubted(origins, ONE, IBAN) == (True, False)
    assert doubted(origins, OTHER, IBAN) == (False, True)
    origins.prompt("Pay EUR 80 to Bob")
    assert doubted(origins, OTHER, IBAN) == (False, False)


def test_an_amount_of_minor_units_is_that_of_the_tool():
    prompt = "Pay EUR 400 to Bob. It was EUR 700 last time, and EUR 7000 once."
    assert runs(prompt, 40000, CENTS, decimals=2)
    for value, decimals in ((70000, 2), (700000, 2), (70000, 1), (70000, 3), (7000, 1), (700, 0)):
        assert not runs(prompt, value, CENTS, decimals=decimals)


@pytest.mark.parametrize("sign", ["EUR {}", "{} euros", "pay {} to Bob", "$ {}", "${}"])
@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("5 thousand", "5000"),
        ("1.5 million", "1500000"),
        ("2 hundred", "200"),
        ("1,5 thousand", "1500"),
        ("5 hundred thousand", ""),
        ("5 k", ""),
        ("5 mio", ""),
        ("5 millions", ""),
    ],
)
def test_a_multiple_is_one_number_or_none(sign, written, number):
    text = sign.format(written)
    assert [each for each, _ in spoken_amounts(text)] == ([number] if number else [])
    assert not runs(f"Pay Bob {text}", float(written.split()[0].replace(",", ".")), AMOUNT)


def test_nobody_knows_what_four_point_thousand_is():
    for value in (4, 4.0, 4000):
        assert not runs("Pay EUR 4.000 to Bob", value, AMOUNT)
    for value in ("EUR 4.000", "4.000"):
        assert not runs("Pay EUR 4.000 to Bob", value, Argument(role="amount"))


# --- of a call ----------------------------------------------------------------------------


def test_a_user_who_has_said_nothing_has_said_nothing_as_something_else():
    registered = {"/it": CHANNEL}
    judged = canonicalise({"it": "penguin"}, registered)
    origins = Origins()
    found = origins.trace(judged.arguments, registered, judged.parsed)
    assert origins.doubtful(judged.arguments, registered, judged.parsed, found) == []


@pytest.mark.system
def test_a_prompt_of_any_length_is_read_in_time():
    for text in ("A" * 100_000, "to A " * 20_000, "1 000 " * 20_000, "pay EUR 5 and " * 8_000):
        origins = seen(f"{text} Tell Ann to pay EUR 40 to 4021")
        for value, argument in (("Ann", CHANNEL), ("4021", ACCOUNT), (40, AMOUNT), ("read", RIGHT)):
            doubted(origins, value, argument)


@pytest.fixture
def call(policy):
    @policy.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
    def send(to, body):
        return "sent"

    registered = policy.deployment["tools"]
    body = {"role": "amount"}
    arguments = {**registered["mail.send"]["arguments"], "/body": body}
    mail = {**registered["mail.send"], "arguments": arguments}
    policy.change(tools={**registered, "mail.send": mail})

    def about(prompt, value):
        wish = {"to": ["carol@acme.example"], "body": value}
        with policy.guard.task(INTENT, subject=SUBJECT, prompt=prompt) as task:
            return task.call("mail.send", wish)

    return about


READERS = [
    "graded_leaves", "said_as", "naming_marks", "recipients", "given_rights", "meant_amounts",
    "ordered_amounts", "plain_payments",
]  # fmt: skip


@pytest.mark.parametrize("module", READERS)
def test_no_call_runs_where_what_it_is_said_as_cannot_be_read(call, monkeypatch, module):
    for name in READERS:
        monkeypatch.delitem(sys.modules, f"inbounds.provenance.{name}", raising=False)
        monkeypatch.delattr(f"inbounds.provenance.{name}", raising=False)
    monkeypatch.setitem(sys.modules, f"inbounds.provenance.{module}", None)
    with pytest.raises(ImportError):
        call("Send carol@acme.example EUR 4000", "EUR 4000")
