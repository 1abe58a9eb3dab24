"""A value is firm only where the whole leaf is: what a leaf merely contains lends it nothing."""

from itertools import cycle, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbounds import ArgumentNotRepresentable
from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument, ReturnedField, Returns
from inbounds.provenance import Origins
from inbounds.testing import PolicyUnderTest, assert_asks, small_deployment

UNTRUSTED = "flow.untrusted_argument"
TRUSTED = {"prompt", "first_party", "quoted"}
NAMED = "named@partner.example"
OTHER = "other@evil.example"
FIRST = Returns(party="first")

SEPARATORS = [
    *(",", ", ", ";", "; ", " ", "  ", "\t", "\n", "\r", "\r\n", "\v", "\f", "\x00", "\x1c"),
    *("\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\u00a0", "\u200b", "\u3000", "\ufeff"),
    *(":", "|", "/", "\\", "&", "+", "%", "!", "<", ">", "><", "(", ")", '"', "'", "="),
    *("\r\nBcc: ", "\rBcc: ", "\nCc:", "%0a", "%0d%0aBcc:", "&#10;", "&#44;", "\\n", " and "),
]
FRAMES = [
    ("", ""),
    ("<", ">"),
    ("Named <", ">"),
    ('"Named" <', ">"),
    ("mailto:", ""),
    ("<mailto:", ">"),
    ("[", "]"),
    ("(", ")"),
    ("x\r", "\r"),
    ("group: ", ";"),
]


def grade(origins, value, **said):
    return origins.trace({"it": value}, {"/it": Argument(**said)}, {})["/it"].grade


def canonical_grade(prompt, value, **said):
    (found,) = canonical_grades(prompt, [value], **said)
    return found


def canonical_grades(prompt, values, **said):
    """The grades of the values in canonical form, each as the one argument of a call."""
    origins = Origins()
    origins.prompt(prompt)
    registered = {"/it": Argument(**said)}
    called = [canonicalise({"it": value}, registered) for value in values]
    traced = (origins.trace(each.arguments, registered, each.parsed) for each in called)
    return [each["/it"].grade for each in traced]


def observe(origins, result, *, returns=FIRST, arguments=None, writes=False):
    origins.observe(
        result,
        tool="contact.format",
        returns=returns,
        arguments=arguments or {},
        call=1,
        memory=False,
        writes=writes,
    )


def lists(separator):
    """Leaves that hold the named address and another one."""
    for before, behind in FRAMES:
        framed = f"{before}{NAMED}{behind}"
        yield f"{OTHER}{separator}{framed}"
        yield f"{framed}{separator}{OTHER}"


@pytest.mark.parametrize(
    "leaf",
    [
        *(f"{before}{NAMED}{behind}" for before, behind in FRAMES[1:]),
        f"Other <{NAMED}>",
        f"<{NAMED}> ",
        f" {NAMED}",
        f"{NAMED}\n",
        "named@partner.example.",
        "named@xn--partner-.example",
        "named@partner\u3002example",
        "\uff4eamed@partner.example",
        "https://partner.example/x/../y",
        "HTTPS://partner.example/y",
        "https://partner.example:443/y",
        "Partner.example",
        "/work/./plan.txt",
        "/work//plan.txt",
        "DE89 3704 0044 0532 0130 00",
        "+49 (30) 1234567",
        "+49-30-1234567",
    ],
    ids=ascii,
)
def test_another_spelling_of_a_firm_value_is_not_firm_where_no_kind_puts_it_in_form(leaf):
    """Readers differ on what it is, and whoever is called gets it as it stands."""
    held = [NAMED, "https://partner.example/y", "partner.example", "/work/plan.txt"]
    held += ["DE89370400440532013000", "+49301234567"]
    user, tool = Origins(), Origins()
    user.prompt(f"It is {', '.join(held)}")
    observe(tool, dict(enumerate(held)) | {"it": held})
    for value in held:
        assert "first_party" == grade(tool, value)
        assert "prompt" == grade(user, value)
    for said in ({}, {"kind": "text"}):
        assert "none" == grade(tool, leaf, role="recipient", **said)
        if leaf.strip().rstrip(".") not in held:
            assert "none" == grade(user, leaf, role="recipient", **said)


@pytest.mark.parametrize(
    "value", ["carol\rsmith", "Carol\u2028Smith", "Carol\x85Smith", "Carol  Smith", "carol\nsmith"]
)
def test_words_are_the_users_with_plain_blanks_alone(value):
    origins = Origins()
    origins.prompt("Invite Carol Smith")
    assert "prompt" == grade(origins, "carol smith", role="recipient")
    assert "none" == grade(origins, value, role="recipient")


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
class TestAnAddressBesideAnother:
    def test_is_not_what_the_user_said(self, separator):
        origins = Origins()
        origins.prompt(f"Write to {NAMED}, please.")
        for leaf in lists(separator):
            for said in ({}, {"kind": "text"}, {"kind": "id"}, {"kind": "email"}):
                assert "none" == grade(origins, leaf, role="recipient", **said), leaf

    def test_is_not_what_a_trusted_field_holds(self, separator):
        origins = Origins()
        observe(origins, {"owner": NAMED})
        assert "first_party" == grade(origins, NAMED)
        for leaf in lists(separator):
            assert "none" == grade(origins, leaf, role="recipient"), leaf

    @pytest.mark.parametrize("writes", [False, True])
    def test_does_not_come_back_trusted(self, separator, writes):
        for leaf in lists(separator):
            origins = Origins()
            origins.prompt(f"Write to {NAMED}, please.")
            observe(origins, "done", arguments={"text": leaf}, writes=True)
            observe(origins, {"owner": OTHER}, arguments={} if writes else {"text": leaf})
            assert "none" == grade(origins, OTHER, role="recipient"), leaf
            assert "prompt" == grade(origins, NAMED, role="recipient"), leaf


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(
    st.text(max_size=12),
    st.text(max_size=12),
    st.sampled_from(
        [
            (NAMED, "email"),
            ("https://partner.example/x", "url"),
            ("DE89370400440532013000", "iban"),
            ("+49301234567", "phone"),
            ("/work/plan.txt", "path"),
            ("partner.example", "host"),
        ]
    ),
)
def test_what_only_contains_a_firm_value_is_not_firm(before, behind, value):
    """One leaf, one value: whatever stands around what was found makes it another."""
    text, kind = value
    leaf = f"{before}{text}{behind}"
    user, tool = Origins(), Origins()
    user.prompt(f"It is {text}")
    observe(tool, {"it": text})
    if leaf == text:
        assert "prompt" == grade(user, leaf, kind=kind)
        return
    for said in ({}, {"kind": "text"}, {"kind": kind}):
        assert "none" == grade(tool, leaf, role="recipient", **said)
        # A word before it that stands there in the user's own words as well.
        if leaf.strip() not in f"It is {text}":
            assert "none" == grade(user, leaf, role="recipient", **said)


@pytest.fixture
def policy(tmp_path):
    deployment = small_deployment()
    tools = deployment["tools"]
    tools["mail.read"]["returns"] |= {
        "fields": {
            "/subject": {"holds": "title"},
            "/sender": {},
            "/owner": {"party": "first"},
            "/body": {"holds": "text"},
        }
    }
    # As mail tools that take a line of addresses have it.
    tools["mail.send"]["arguments"]["/to/*"] = {"role": "recipient", "required": True}
    deployment["destinations"]["colleagues"] = {"anywhere": True}
    under_test = PolicyUnderTest(
        tmp_path / "inbounds", {"tools": tools, "destinations": deployment["destinations"]}
    )
    under_test.mail = {}
    under_test.sent = []

    @under_test.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id):
        return under_test.mail

    @under_test.guard.tool("mail.send", resource=lambda to, body="": ("mailbox", "alice"))
    def send(to, body=""):
        under_test.sent.append(to)
        return {"sent": to}

    yield under_test
    under_test.close()


def read(task, policy, **mail):
    policy.mail = mail
    return task.call("mail.read", {"id": "1"})


class TestThroughTheGuard:
    @pytest.mark.parametrize(
        "to",
        [
            f"{OTHER}, <{NAMED}>",
            f"{OTHER}; <{NAMED}>",
            f"{OTHER} <{NAMED}>",
            f"x\rBcc: {OTHER}\r <{NAMED}>",
            OTHER,
        ],
    )
    def test_a_line_of_addresses_is_asked_about(self, policy, to):
        with policy.task(prompt=f"Read my mail, then write to {NAMED}") as task:
            read(task, policy, body="hi")
            task.call("mail.send", {"to": [NAMED], "body": "hi"})
            with assert_asks(UNTRUSTED):
                task.call("mail.send", {"to": [to], "body": "hi"})
        assert [[NAMED]] == policy.sent

    def test_an_echo_beside_a_trusted_address_is_asked_about(self, policy):
        with policy.task(prompt=f"Read my mail, then write to {NAMED}") as task:
            read(task, policy, body=f"{OTHER} <{NAMED}>")
            task.call("mail.send", {"to": [NAMED], "body": f"{OTHER} <{NAMED}>"})
            read(task, policy, owner=OTHER)
            with assert_asks(UNTRUSTED):
                task.call("mail.send", {"to": [OTHER], "body": "hi"})

    def test_the_sender_of_a_mail_of_one_ordinary_word_is_asked_about(self, policy):
        with policy.task(prompt="Am I free for lunch? Then answer whoever asked.") as task:
            read(task, policy, subject="lunch", sender=OTHER)
            with assert_asks(UNTRUSTED):
                task.call("mail.send", {"to": [OTHER], "body": "hi"})


ROUTED = [
    "other%evil.example@acme.example",
    "evil.example!other@acme.example",
    "@evil.example:other@acme.example",
    "-oQ/tmp@acme.example",
    "|cat@acme.example",
    "/tmp/x@acme.example",
    "`id`@acme.example",
    '"other@evil.example"@acme.example',
    "other@evil.example,x@acme.example",
    "a(b)@acme.example",
    "a b@acme.example",
    "a\r@acme.example",
    ".a@acme.example",
    "a.@acme.example",
    "a..b@acme.example",
    "\u0430@acme.example",
    "a\u200b@acme.example",
    "@acme.example",
]


@pytest.mark.parametrize("local_part", ["plain", "atom"])
@pytest.mark.parametrize("address", ROUTED)
def test_an_address_that_could_be_read_as_another_is_none(address, local_part):
    argument = Argument(kind="email", role="recipient", local_part=local_part)
    with pytest.raises(ArgumentNotRepresentable):
        canonicalise({"to": address}, {"/to": argument})


@pytest.mark.parametrize(
    "address", ["o'brien@acme.example", "bounce=x#1@acme.example", "~a@b.example"]
)
def test_more_of_an_address_is_admitted_where_the_registry_says_so(address):
    with pytest.raises(ArgumentNotRepresentable):
        canonicalise({"to": address}, {"/to": Argument(kind="email")})
    wider = {"/to": Argument(kind="email", local_part="atom")}
    assert {"to": address} == canonicalise({"to": address}, wider).arguments


@settings(deadline=None, max_examples=300)
@given(st.text(min_size=1, max_size=10))
def test_an_address_holds_nothing_but_its_small_alphabet(local):
    alphabet = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-")
    plain = set(local) <= alphabet and local[0] != "-" and "" not in local.split(".")
    to = f"{local}@acme.example"
    try:
        taken = canonicalise({"to": to}, {"/to": Argument(kind="email")}).arguments
    except ArgumentNotRepresentable:
        assert not plain
    else:
        assert plain
        assert {"to": to} == taken


AMOUNT = {"type": "number", "role": "amount"}


@pytest.mark.parametrize(
    "said", [AMOUNT, {"role": "amount"}, {"kind": "money", "type": "integer", "role": "amount"}]
)
@pytest.mark.parametrize(
    ("prompt", "number"),
    [
        ("Pay invoice 98312 of 2026", "98312"),
        ("Pay invoice 98312 of 2026", "2026"),
        ("Pay bill 98312 for March", "98312"),
        ("Pay 3 bills", "3"),
        ("Pay 98312 of 2026", "98312"),
        ("Send 3 reminders to Bob", "3"),
        ("Make a payment to 12345678", "12345678"),
        ("Send the payment of 2026", "2026"),
        ("Invoice 98312 USD 50", "98312"),
        ("Pay invoice 98312 $50", "98312"),
        ("On page 50 EUR 12 stands", "50"),
        ("On page 50 EUR 12 stands", "12"),
        ("Pay my rent in 2026", "2026"),
        ("Send her ticket 4711", "4711"),
        ("The total of 4 files", "4"),
        ("Table 7, please", "7"),
        ("Pay order number 4711.", "4711"),
        ("Call 5551234 for me", "5551234"),
        ("ticket 50, usd account", "50"),
        ("Send 5 and 6", "5"),
        ("Send 5 and 6 to Bob", "6"),
        ("Pay her 5 or 6", "5"),
        ("Pay 5, 6 and 7", "5"),
        ("Transfer 98312 to the archive", "98312"),
        ("Charge 98312 to the archive", "98312"),
        ("Deposit 5 in box 9", "5"),
        ("Deposit 5 in box 9", "9"),
        ("Pay 5 in box 9", "5"),
        ("Tip 44: lock the door", "44"),
        ("Tip 44", "44"),
        ("Send 98312.", "98312"),
        ("Give 5 to team 6", "5"),
        ("The limit is 5 per page", "5"),
    ],
)
def test_a_number_that_says_no_amount_vouches_for_none(prompt, number, said):
    value = number if said == {"role": "amount"} else int(number)
    assert "none" == canonical_grade(prompt, value, **said)


@pytest.mark.parametrize(
    ("prompt", "number"),
    [
        ("Pay invoice 98312 of 2026: $50", 50),
        ("Pay invoice 98312, EUR 50", 50),
        ("Pay invoice 98312 with 50 euros", 50),
        ("Pay 50 to invoice 98312", 50),
        ("Pay her 50", 50),
        ("Refund that 10.00 I just got", 10),
        ("my landlord's rent is 2200. Also", 2200),
        ("plus a fee of 5.29.", 5.29),
        ("Set the amount to 1,200.00", 1200),
        ("Raise my rent from 2000 to 2200", 2200),
        ("Transfer up to 300 to Bob", 300),
        ("an amount of 2000", 2000),
        ("Send \u00a350", 50),
        ("Send 50\u20ac", 50),
        ("Send CHF50", 50),
        ("50 dollars for Bob", 50),
        ("Deposit $5 in box 9", 5),
        ("Send 50 to Bob on 5 May 2026", 50),
        ("Send him 50.", 50),
        ("Transfer 300 to my savings account", 300),
        ("Transfer 50 to account 12345678", 50),
        ("Pay 50 for invoice 7", 50),
        ("Pay 50, and send Bob a note", 50),
    ],
)
def test_a_number_that_says_an_amount_vouches_for_it(prompt, number):
    assert "prompt" == canonical_grade(prompt, number, **AMOUNT)
    assert "prompt" == canonical_grade(prompt, f"{number:.2f}", role="amount")


@settings(deadline=None, max_examples=200)
@given(
    st.integers(1, 10**9),
    st.sampled_from(["invoice", "order", "room", "ticket", "version", "page", "case", "the"]),
    st.sampled_from(["Pay", "Read", "Send", "Settle", "Please look at", "Transfer"]),
    st.sampled_from([".", " of May", ", please", " from Bob", " today", "!", " and go on"]),
)
def test_a_number_after_a_noun_is_no_amount(number, noun, verb, behind):
    if noun == "the" and verb in ("Pay", "Send", "Transfer"):
        return
    assert "none" == canonical_grade(f"{verb} {noun} {number}{behind}", number, **AMOUNT)
    # It is still what the call may act on.
    target = {"type": "integer", "kind": "id", "role": "target"}
    assert "prompt" == canonical_grade(f"{verb} {noun} {number}{behind}", number, **target)


CLAIMED = list(
    product(
        ["Send", "Transfer", "Deposit", "Give", "Charge", "Pay"],
        ["to", "in", "into", "on"],
        ["the archive", "my box 9", "page 4", "our old record", "room 7", "a warehouse"],
        [".", " and go on"],
    )
)


@pytest.mark.parametrize(("verb", "to", "noun", "behind"), CLAIMED)
def test_a_number_that_a_noun_claims_is_no_amount(verb, to, noun, behind):
    """A currency says what it is all the same."""
    prompt = "{} {} {} {}{}"
    assert "none" == canonical_grade(prompt.format(verb, 983, to, noun, behind), 983, **AMOUNT)
    prompt = prompt.format(verb, "983 EUR", to, noun, behind)
    assert "prompt" == canonical_grade(prompt, 983, **AMOUNT)


GROUPED = list(
    product(
        ["'", "\u2019", "\u00a0", "\u2007", "\u2009", "\u202f", " "],
        [["5", "000"], ["12", "345"], ["1", "234", "567"], ["999", "001"]],
        ["", ".50", ",5"],
        ["Pay {} EUR", "Pay EUR {} to Bob", "Please pay {}.", "the amount is {}\u202fEUR"],
    )
)


@pytest.mark.parametrize("between", sorted({each[0] for each in GROUPED}), ids=ascii)
def test_a_grouped_number_is_one_amount_and_nothing_of_it_is(between):
    for groups, part, prompt in [each[1:] for each in GROUPED if each[0] == between]:
        said = prompt.format(between.join(groups) + part)
        number = float("".join(groups) + part.replace(",", "."))

        assert "prompt" == canonical_grade(said, number, **AMOUNT), said
        for piece in {*groups, groups[-1] + part.replace(",", "."), "".join(groups[1:])}:
            assert "none" == canonical_grade(said, float(piece), **AMOUNT), (said, piece)

        origins = Origins()
        observe(origins, said, returns=Returns(party="first"))
        for piece in groups:
            assert "none" == grade(origins, float(piece), **AMOUNT), (said, piece)


@pytest.mark.parametrize("thing", ["invoice", "order", "room", "ticket", "page", "bill"])
def test_two_numbers_behind_a_thing_are_no_amount(thing):
    for number in (7, 200, 7200):
        assert "none" == canonical_grade(f"Pay {thing} 7 200 EUR", number, **AMOUNT)


def test_a_number_that_was_no_amount_does_not_come_back_as_one():
    for written in ("98312", 98312, "invoice 98312"):
        origins = Origins()
        origins.prompt("Pay invoice 98312 of 2026")
        observe(origins, "done", arguments={"note": written}, writes=True)
        observe(origins, {"amount": 98312})
        assert "none" == grade(origins, 98312, **AMOUNT)


@pytest.mark.parametrize(
    "value", ["1,200.00", "1.200,00", "1,50", "+1200", "0x4b0", "1e3", " 1200", "1200\n"]
)
def test_an_amount_in_a_text_is_a_plain_number_or_the_users_own_words(value):
    origins = Origins()
    observe(origins, {"amount": 1200.0, "other": 1.5, "third": 1000})
    assert "none" == grade(origins, value, role="amount")
    origins.prompt("Send 1200 to her, or 1000, or 1.5")
    assert "none" == grade(origins, value, role="amount")


MONTHS = "January February March April May June July August September October November December"
ORDERS = ["4 {}", "04 {}", "4th {}", "the 4th of {}", "{} 4", "{} 04", "{} 4th"]
VERBS = ["Move it to {}", "Set the date to {}", "Reschedule for {}", "Pay it on {}", "It is due {}"]
BEHIND = ["", ".", ", please", " at 2pm", " at 20:26", ", 26 people"]
BEHIND += [" in room 2099", " of invoice 2026"]


@pytest.mark.parametrize("month", range(1, 13), ids=MONTHS.split())
def test_a_date_has_its_year(month):
    """No year is assumed, neither this one nor a number that stands beside the day."""
    said = {"kind": "date", "role": "target"}
    name = MONTHS.split()[month - 1]
    numbers = [f"4/{month}", f"{month}/4", f"04-{month:02}", f"{month:02}-04", f"4.{month}."]
    forms = [name, name.lower(), name.upper(), name[:3], f"{name[:3]}."]
    days = [*(order.format(form) for form, order in product(forms, ORDERS)), *numbers]
    dates = [f"{year}-{month:02}-04" for year in (2026, 2099)]
    verbs, other = cycle(VERBS), [f"{year}-04-{month:02}" for year in (2026, 2099)]
    for day, behind in product(days, BEHIND):
        prompt = f"{next(verbs).format(day)}{behind}"
        either = dates + other if day in numbers else dates
        assert {"none"} == {*canonical_grades(prompt, either, **said)}, prompt
    for form, order, year in product(forms, ORDERS, (" 2026", ", 2026")):
        prompt = f"{next(verbs).format(order.format(form))}{year}"
        assert ["prompt", "none"] == canonical_grades(prompt, dates, **said), prompt


NAMING = Returns(fields={"/title": ReturnedField(holds="title"), "/sender": ReturnedField()})


def sender_of(title, prompt):
    origins = Origins()
    origins.prompt(prompt)
    observe(origins, {"title": title, "sender": OTHER}, returns=NAMING)
    return grade(origins, OTHER)


REQUESTS = [
    "Am I free for lunch at 12:00 on 2024-05-19? If so, create an event with Sarah at 12:00.",
    "Please check and update my rent payment for the next month.",
    "Spotify sent me a note that their prices increased 10% this month. Send them the difference.",
    "Write to bob@partner.example about https://partner.example/offer and pay DE89 3704 0044 0532.",
    "Find and delete the largest file in the drive, then email www.partner.com about it.",
    "When is my next Yoga Class? Tell me in the format 'YYYY-MM-DD HH:MM'.",
    "Look at harbour-tours.example for me, and write to 'ann.bell@partner.example'.",
    "Don't forget the landlord's rent, and Sarah's; he'll be at the harbour's e-bike shop.",
    "Reply-to Sarah and follow-up on the invoice, then e-mail Bob.",
]


@pytest.mark.parametrize("prompt", REQUESTS)
def test_no_one_word_of_a_request_names_a_record(prompt):
    for word in prompt.split():
        for title in (word, word.strip(".,?!'"), word.upper(), f"the {word}", f"{word}.txt"):
            assert "third_party_meta" == sender_of(title, prompt), title


@pytest.mark.parametrize(
    "title",
    [
        "bob@partner.example",
        "partner.example",
        "https://partner.example/offer",
        "Bob partner",
        "harbour tours",
        "harbour-tours.example",
        "ann.bell@partner.example",
        "Ann Bell, Partner Example",
        "partner example",
        "DE89 3704 0044 0532",
        "check and update",
        "2024-05-19",
        "YYYY-MM-DD HH:MM",
        "HH:MM",
        "in an email",
        "www.partner.com",
    ],
)
def test_nor_an_address_nor_words_of_any_request(title):
    for prompt in REQUESTS:
        assert "third_party_meta" == sender_of(title, prompt)


@pytest.mark.parametrize(
    ("title", "prompt"),
    [
        ("Lunch", "Answer the mail 'Lunch'"),
        ("lunch.txt", "Read lunch.txt"),
        ("Harbour tour", "Answer the mail about the harbour tour."),
        ("Lunch with Sarah", "Move my lunch with Sarah to Friday"),
    ],
)
def test_a_quoted_title_a_file_and_several_specific_words_do(title, prompt):
    assert "quoted" == sender_of(title, prompt)


WORDS_OF_REQUESTS = [
    *REQUESTS,
    "Please prepare the quarterly forecast and send it to bob@partner.example.",
    "Book a hotel near the harbour for our sales offsite, then tell Bob.",
    "Write an email about the winter campaign to Bob. Create an event titled harbour tour.",
    "Restart the mail server, look into the meeting room booking, and open the largest folder.",
    "Find the oldest unpaid invoice, read the file system quota, and share my garden photos.",
    "What did Ann Bell say about solar panels? Move the largest file to the archive folder.",
]


def unmarked_titles():
    """Two words in a row of an ordinary request, with the request."""
    for prompt in WORDS_OF_REQUESTS:
        words = prompt.split()
        for at in range(len(words) - 1):
            title = " ".join(words[at : at + 2]).strip(".,?!'")
            # What stands in quotation marks has been marked.
            if "'" not in title:
                yield title, prompt


def test_no_two_words_of_a_request_name_a_strangers_record():
    """
    Whoever sends a mail can guess two words of a request: its sender is asked about.
    """
    tried = list(unmarked_titles())
    assert len(tried) > 150
    vouched = {title for title, prompt in tried if "third_party_meta" != sender_of(title, prompt)}
    # The user reads, moves or opens something that is called so.
    assert vouched == set()


@pytest.mark.parametrize(
    ("title", "prompt"),
    [
        ("Solar panels", "Answer the mail titled solar panels"),
        ("Solar panels", "answer Ann's e-mail with the subject solar panels, please"),
        ("Solar panels", "Forward the latest message about the solar panels to Bob"),
        ("Solar panels", "Order solar panels, based on the emails about them."),
        ("Solar panels", "Put the total of the file solar panels into my notes"),
        ("Solar panels", "Reply to solar panels"),
        ("solar-panels.docx", "Send the document solar panels to Bob"),
        ("Solar", "Answer 'Solar'"),
    ],
)
def test_a_title_that_the_user_marks_names_a_record(title, prompt):
    assert "quoted" == sender_of(title, prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "Write a mail about solar panels to Bob",
        "Order solar panels. Then answer the mails about it.",
        "Read my mail. Solar panels are what I want.",
        "Create a file named solar panels",
        "Answer the mail titled 'Cheap solar panels'",
    ],
)
def test_a_phrase_that_names_another_thing_marks_no_title(prompt):
    assert "third_party_meta" == sender_of("Solar panels", prompt)


ABOUT = [
    "Order solar panels for the roof, and answer the {record} about {it}.",
    "Answer the {record} about {it}: I want solar panels.",
    "Look up solar panels, then delete the {record} about {it}",
    "Based on the {record} about {it}, order solar panels",
    "Solar panels are fine; book the offsite with Ann and Bob based on the {record} about {it}",
    "Order solar panels, reserve the hall for the offsite based on the {record} about {it}",
    "Ask Ann about solar panels and reply to the {record} regarding {it}",
    "Forward the {record} about {it} to Ann, who sells solar panels",
]


@pytest.mark.parametrize("prompt", ABOUT)
def test_a_pronoun_marks_no_title_that_stands_elsewhere(prompt):
    for record, it in product(
        ["emails", "mail", "latest messages", "thread", "files", "notes"],
        ["it", "this", "that", "them", "something", "everything", "those things"],
    ):
        said = prompt.format(record=record, it=it)
        assert "third_party_meta" == sender_of("Solar panels", said), said


def test_two_words_name_a_record_that_a_first_party_calls_so():
    for party, expected in (("first", "quoted"), ("third", "third_party_meta")):
        fields = {**NAMING.fields, "/title": ReturnedField(holds="title", party=party)}
        origins = Origins()
        origins.prompt("Have lunch with Sarah Baker on Friday")
        observe(origins, {"title": "Sarah Baker", "sender": NAMED}, returns=Returns(fields=fields))
        assert expected == grade(origins, NAMED)


REAL = {"id": "1", "title": "Dental check-up", "sender": NAMED, "text": "ask ann@acme.example"}
FALSE = {"id": "2", "title": "dental CHECK-UP", "sender": OTHER, "text": "ask eve@evil.example"}


class TestATitleThatNoOtherRecordHas:
    RETURNS = Returns(
        fields={
            "/*/id": ReturnedField(holds="id"),
            "/*/title": ReturnedField(holds="title"),
            "/*/sender": ReturnedField(),
            "/*/text": ReturnedField(holds="text"),
        }
    )
    PROMPT = "Please reschedule my Dental check-up to 2024-05-20, and answer the rent notice 2024"

    def seen(self, *results, origins=None):
        origins = Origins() if origins is None else origins
        for result in results:
            observe(origins, result, returns=self.RETURNS)
        return origins

    def grades(self, origins):
        return [grade(origins, value) for value in (NAMED, OTHER, "ann@acme.example", "1")]

    def begun(self):
        origins = Origins()
        origins.prompt(self.PROMPT)
        return origins

    def test_names_it(self):
        origins = self.seen([REAL], [REAL], origins=self.begun())
        assert ["quoted", "none", "quoted_text", "quoted"] == self.grades(origins)

    @pytest.mark.parametrize("later", [False, True])
    @pytest.mark.parametrize("apart", [False, True])
    @pytest.mark.parametrize("first", [0, 1])
    def test_names_neither_of_two_whichever_came_first(self, later, apart, first):
        both = [REAL, FALSE][:: -1 if first else 1]
        origins = Origins() if later else self.begun()
        self.seen(*([[each] for each in both] if apart else [both]), origins=origins)
        if later:
            origins.prompt(self.PROMPT)
        assert set() == set(self.grades(origins)) & (TRUSTED | {"quoted_text"})
        # Nor again, when one of them is read by itself.
        self.seen([REAL], [FALSE], [REAL], origins=origins)
        assert set() == set(self.grades(origins)) & (TRUSTED | {"quoted_text"})

    @pytest.mark.parametrize("first", [0, 1])
    @pytest.mark.parametrize("later", [False, True])
    def test_quotation_marks_tell_two_of_one_title_no_better(self, later, first):
        origins = Origins()
        if not later:
            origins.prompt("Answer the mail 'Dental check-up'")
        self.seen(*[[each] for each in (REAL, FALSE)][:: -1 if first else 1], origins=origins)
        if later:
            origins.prompt("Answer the mail 'Dental check-up'")
        assert set() == set(self.grades(origins)) & (TRUSTED | {"quoted_text"})

    def test_what_another_place_vouches_for_stays(self):
        origins = self.begun()
        observe(origins, {"owner": NAMED})
        self.seen([REAL, FALSE], origins=origins)
        assert "first_party" == grade(origins, NAMED)

    def test_records_without_ids_are_told_by_what_they_hold(self):
        real, false = ({**each} for each in (REAL, FALSE))
        del real["id"], false["id"]
        origins = self.seen([real], [real], origins=self.begun())
        assert "quoted" == grade(origins, NAMED)
        self.seen([false], origins=origins)
        assert ["third_party_meta"] * 2 == [grade(origins, each) for each in (NAMED, OTHER)]

    @pytest.mark.system
    def test_so_many_phrases_are_kept_and_no_more(self):
        origins = Origins()
        words = [f"qz{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(505)]
        origins.prompt(" ".join(f"{word} meeting {word} report." for word in words))
        titles = [f"{word} {noun}" for word in words for noun in ("meeting", "report")]
        mails = [
            {"id": str(at), "title": title, "sender": f"s{at}@acme.example"}
            for at, title in enumerate(titles)
        ]
        own = {**self.RETURNS.fields, "/*/title": ReturnedField(holds="title", party="first")}
        for part in (mails[:500], mails[500:]):
            observe(origins, part, returns=Returns(fields=own))
        grades = [grade(origins, f"s{at}@acme.example") for at in range(len(titles))]
        assert {"quoted"} == set(grades[:1000])
        assert {"third_party_meta"} == set(grades[1000:])
