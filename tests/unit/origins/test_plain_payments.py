"""An amount is meant where the prompt plainly pays it whole, and nothing there calculates."""

from __future__ import annotations

from itertools import product

import pytest
from tests.unit.origins.test_doubtful import doubted
from tests.unit.origins.test_said_as import pays
from tests.unit.origins.traced import seen

from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument, ReturnedField, Returns

SUMS = ["EUR 300", "300 euros", "$300", "300 EUR"]

# --- meant --------------------------------------------------------------------------------

ORDERS = [
    "Pay {who} {sum}",
    "Please pay {who} {sum}",
    "Can you send {who} {sum}",
    "I want to pay {who} {sum}",
    "Could you please transfer {sum} to {who}",
    "Send {sum} to {who}",
    "Wire {who} {sum}",
    "Pay {who} back {sum}",
    "I'd like you to pay {who} {sum}",
    "Check the list, then pay {who} {sum}",
    "Time to pay {who} {sum}",
    "On Friday, reimburse {who} {sum}",
    "Today pay {who} the {sum}",
    "Pay {who} the {sum}",
    "Read the file and pay {who} {sum}",
    "Refund {who} {sum}",
    "Make a payment of {sum} to {who}",
]
RECIPIENTS = ["Ann", "Rosa Lind", "her", "my landlord", "Smith Ltd", "ann@acme.example"]
HARMLESS = [
    "",
    ".",
    ", please",
    " today",
    " for the bike",
    " for invoice 98312",
    ". Thanks!",
    " from my savings account",
    " by bank transfer",
    ", reference LP-2231",
    " in full",
    " as agreed",
    " and tell her",
    " because she bought the tickets",
    " (invoice 7)",
    " on 4 May 2026",
    " every month",
    " for two nights",
    " with the invoice number as reference",
    ". Confirm with the code 482913.",
    " - it is urgent",
    " at 5 pm",
    ". We are 12 people.",
    " for order 1234",
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("whom", RECIPIENTS)
def test_what_is_plainly_paid_is_not_asked_about(order, whom):
    for number, tail in enumerate(HARMLESS):
        prompt = order.format(who=whom, sum=SUMS[number % len(SUMS)]) + tail
        assert pays(prompt, 300), prompt


PLAIN = [
    "Transfer 300 to Ann for the bike",
    "Please pay the invoice of {} to Ann",
    "Pay the {} rent to Ann today",
    "Pay Ann's {} invoice",
    "Pay Ann's invoice of {}",
    "Pay invoice 7 of {} to Ann",
    "Pay invoice 98312 ({}) to Ann",
    "Refund {} of order 1234",
    "Refund {} of order 1234 from 4 May 2026, invoice 98312",
    "Order 1234: refund {}",
    "Approve the refund of {} for ticket 7",
    "Pay Leon Hartwig his approved grant of {}, to the account in his application",
    "Check that invoice BW-2290 is unpaid, then transfer them the {} with its number as reference",
    "I have gone over inv-17 and {} is right. Make the payment.",
    "Pay Ann the {} I owe her",
    "Pay Ann the deposit of {}",
    "Pay Ann the {} deposit for the room",
    "Deposit {} into my savings account",
    "Pay {} to DE89 3704 0044 0532 0130 00",
    "Pay {} to 40217763",
    "The bill is {}, pay it",
    "The bill is {}. Please pay Ann.",
    "The rent is {}; pay it to Ann today",
    "The rent is {}, pay Ann the rent on Monday",
    "My fee is {}. Transfer it to DE89370400440532013000",
    "My landlord's account is CA133012400231215421872 and rent is {}. Refund that 10.00",
    "Set the amount of the deal to {}",
    "Update the standing order to {}",
    "Issue Ann a credit of {} for the outage",
    "Buy a {} gift card for Ann",
    "Send Ann a gift card for {}, on the Visa",
    "Ann gets {} for lunch",
]


@pytest.mark.parametrize("sentence", PLAIN)
def test_and_neither_is_what_is_stated_and_then_paid(sentence):
    for amount in SUMS:
        assert pays(sentence.format(amount), 300), amount


# --- asked about --------------------------------------------------------------------------

STATED = [
    "The bill is {}",
    "The total is {}",
    "The rent is {}",
    "The price is {}",
    "Ann's invoice is {}",
    "The fee of {} is due",
    "The sum: {}",
    "The deposit is {}",
]
SOMETHING_ELSE = [
    "half",
    "my share",
    "the half",
    "a third",
    "10 percent",
    "a 10% deposit",
    "the rest",
    "what is open",
    "one month",
    "two weeks of it",
    "half of it",
    "a tip",
    "a tip on it",
    "the interest",
    "my part",
    "fifty",
    "250",
    "for two",
    "that for two months",
    "it in six parts",
    "it in instalments",
    "the discounted rate",
    "the reduced rent of last month",
    "VAT",
    "her due",
]


@pytest.mark.parametrize("stated", STATED)
@pytest.mark.parametrize("something", SOMETHING_ELSE)
def test_where_something_else_is_paid_than_what_is_stated_a_person_is_asked(stated, something):
    for amount, joiner in product(SUMS, (". Pay Ann ", ", pay Ann ", "; please pay ")):
        prompt = stated.format(amount) + joiner + something
        assert not pays(prompt, 300), prompt


CALCULATING = [
    " less the deposit",
    " less 50 euros discount",
    " less 10 percent",
    ", less what I paid in May",
    " - 50 euros",
    " minus 10%",
    ", minus what she still owes me",
    " net of tax",
    " without VAT",
    " including the 50 I already sent",
    " over the next six months",
    " in six instalments",
    " in 6 monthly parts",
    " spread over the year",
    " a year, monthly",
    " divided by six",
    " together with Bob",
    ", half from each account",
    " after tax",
    " gross",
    " in stages",
    " each",
    " bit by bit",
    " x 2",
    " twice",
    ", 250 is already through",
    " with the usual discount",
    ", lowered by her debt",
    ". I have already paid 250.",
    ". Deduct the deposit.",
    ", we go Dutch",
    ". I sent her 250 in May",
    " or 250",
    " in two payments",
    " for each hour",
    " an hour",
    " by the month",
    " but withhold the tax",
    ", of which Bob pays 100",
    ". Bob and I share it.",
]


@pytest.mark.parametrize("order", ["Pay {who} {sum}", "Send {sum} to {who}", "Pay {who} the {sum}"])
@pytest.mark.parametrize("tail", CALCULATING)
def test_an_amount_that_the_prompt_calculates_with_is_asked_about(order, tail):
    for whom, amount in product(RECIPIENTS, SUMS):
        prompt = order.format(who=whom, sum=amount) + tail
        assert not pays(prompt, 300), prompt


PRICES = [
    "Transfer 50 to Ann for the {} bike",
    "Transfer 50 to Ann as deposit for the {} room",
    "Send 50 to Ann, of the {} debt",
    "Send 50 to Ann for the flat at {} a week",
    "Pay 50 to Ann, the fee for the {} loan",
    "Pay 50 to Ann for a loan of {}",
    "Pay Ann fifty euros of the {} bill",
    "Pay Ann fifty euros for the {} bike",
    "Pay Ann five of the {}",
    "Pay Ann 5k of the {}",
    "Pay Ann one sixth of {}",
    "Pay Ann 1/6 of {}",
    "Pay Ann's {} bill by half",
    "Pay Ann's {} invoice, deducting the deposit we already made",
    "The rent is {}; Ann and I share it. Pay it to Ann",
    "Pay Ann two bills of {}",
    "Pay Ann and Bob {}",
    "Send {} to Ann and Bob",
    "Pay Ann interest on the {}",
    "Pay Ann the commission for {} of sales",
    "Pay the fee for the {} transfer",
    "Pay Ann the fee of the {} loan",
    "Pay Ann my bit of {}",
    "Pay Ann the lower of {} and her bill",
    "Pay Ann the gap to {}",
    "Raise Ann's rent by {}",
    "{} is the price for ten; pay Ann for one",
    "The bill is {} for the three of us. Pay it",
    "Pay Ann what 5 people owe of {}",
    "Send {} to Ann with Bob",
]


@pytest.mark.parametrize("sentence", PRICES)
def test_a_price_or_a_debt_of_which_something_is_paid_is_asked_about(sentence):
    for amount in SUMS:
        assert not pays(sentence.format(amount), 300), amount


def test_a_later_prompt_calculates_as_well_and_an_earlier_one_does_not():
    registered = {"/it": Argument(role="amount", type="number")}
    judged = canonicalise({"it": 300}, registered)
    for prompts, doubtful in (
        (["Pay Ann EUR 300", "Less the deposit"], ["/it"]),
        (["Summarise the second half of the report", "Pay Ann EUR 300"], []),
    ):
        origins = seen(*prompts)
        found = origins.trace(judged.arguments, registered, judged.parsed)
        told = (judged.arguments, registered, judged.parsed, found)
        assert origins.doubtful(*told, spends=True) == doubtful


def test_an_amount_in_words_lets_no_other_one_pass():
    returns = Returns(label="public", fields={"/left": ReturnedField(party="first")})
    for prompt, doubtful in (("Pay Ann fifty euros", True), ("Pay Ann what is left", False)):
        origins = seen(prompt)
        origins.observe(
            {"left": 300}, tool="x", returns=returns, arguments={}, call=1, memory=False
        )
        assert doubted(origins, 300, Argument(role="amount", type="number")) == (False, doubtful)


# --- ids ----------------------------------------------------------------------------------

ID = Argument(kind="id", role="target")
REFUND = "Refund EUR 20 of order 1234 from 4 May 2026 at 5:30, invoice 98312"


def asks(prompt, value, *, name="id", resource="", argument=ID):
    """Whether a person is asked about a number as the id of what a call acts on."""
    origins, registered = seen(prompt), {f"/{name}": argument}
    judged = canonicalise({name: value}, registered)
    found = origins.trace(judged.arguments, registered, judged.parsed)
    told = (judged.arguments, registered, judged.parsed, found)
    grade = found[f"/{name}"].grade
    return grade != "prompt" or bool(origins.doubtful(*told, resource=resource))


@pytest.mark.parametrize("number", ["20", "4", "2026", "5", "30"])
def test_digits_of_an_amount_a_date_or_a_time_are_no_id(number):
    for argument in (ID, Argument(role="target"), Argument(role="target", type="integer")):
        value = int(number) if argument.type == "integer" else number
        for name, resource in (("order_id", "order"), ("id", "order"), ("id", "room"), ("x", "")):
            assert asks(REFUND, value, name=name, resource=resource, argument=argument)
    assert not asks(f"{REFUND}. Then close {number}, please", number)


@pytest.mark.parametrize(
    ("sentence", "value", "is_asked"),
    [
        (REFUND, "1234", False),
        (REFUND, "98312", True),
        ("Refund order 1234 and order 1235, ticket 7", "1235", False),
        ("Refund orders 1234, 1235 and 1236", "1236", False),
        ("Refund order number 1234 (ticket 7)", "1234", False),
        ("Refund order number 1234 (ticket 7)", "7", True),
        ("Cancel 1234, ticket 7", "1234", False),
        ("Answer ticket 7 about 1234", "1234", False),
    ],
)
def test_a_number_behind_a_noun_for_another_record_is_no_id(sentence, value, is_asked):
    assert asks(sentence, value, name="order_id") is is_asked
    assert asks(sentence, value, name="id", resource="order") is is_asked
    assert not asks(sentence, value, name="id", resource="parcel")


def test_what_a_trusted_field_states_as_the_id_is_one():
    origins = seen(REFUND)
    fields = {"/id": ReturnedField(holds="id", party="first")}
    told = {"tool": "x", "arguments": {}, "call": 1, "memory": False}
    assert doubted(origins, "20", ID) == (True, True)
    origins.observe({"id": "20"}, returns=Returns(label="public", fields=fields), **told)
    assert doubted(origins, "20", ID) == (True, False)
