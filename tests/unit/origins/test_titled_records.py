"""A title that a third party chose names a record only while no other record may be meant."""

from __future__ import annotations

import pytest
from tests.unit.origins.test_titles import EMAIL, ID, MAIL, observe
from tests.unit.origins.traced import grade, seen

from inbounds.model.question import ReturnedField, Returns
from inbounds.provenance.grades import TRUSTED

ANN, EVE = "ann@partner.example", "eve@evil.example"
LISTED = {
    f"/*{path}": field for path, field in (MAIL | {"/text": ReturnedField(holds="text")}).items()
}
GENUINE = {"subject": "Harbour tour: times and boats", "from": ANN, "id": "m-1"}
SQUATTER = {"subject": "Harbour tour", "from": EVE, "id": "m-7"}
ONE = {"subject": "Harbour tour", "from": ANN, "id": "m-1"}
FIRM = TRUSTED | {"quoted", "quoted_text", "prompt"}
PROMPTS = [
    "Answer the mail about the harbour tour",
    "Reply to the email regarding the harbour tour, please",
    "an event for the harbour tour based on the mails about it",
]
QUOTED = ["Answer the mail 'Harbour tour'", "Who wrote the mail 'Harbour tour'?"]


def grades(origins, *mails):
    return [
        grade(origins, value, kind)
        for mail in mails
        for value, kind in ((mail["from"], EMAIL), (mail.get("id", mail["subject"]), ID))
    ]


def begun(prompt, *results, later=False, fields=LISTED):
    """What was seen, each result by itself, with the prompt before all of them or behind."""
    origins = seen("Good morning") if later else seen(prompt)
    for call, result in enumerate(results):
        observe(origins, result, fields, call=call)
    if later:
        origins.prompt(prompt)
    return origins


ORDERS = pytest.mark.parametrize("first", [0, 1], ids=["genuine first", "squatter first"])
LATER = pytest.mark.parametrize("later", [False, True], ids=["asked before", "asked later"])
APART = pytest.mark.parametrize("apart", [False, True], ids=["one result", "two"])


def in_order(one, other, first, apart):
    both = [one, other][:: -1 if first else 1]
    return [[each] for each in both] if apart else [both]


@ORDERS
@LATER
@APART
@pytest.mark.parametrize("prompt", PROMPTS)
def test_words_of_a_title_do_not_name_who_has_guessed_them(prompt, apart, later, first):
    origins = begun(prompt, *in_order(GENUINE, SQUATTER, first, apart), later=later)

    assert FIRM.isdisjoint(grades(origins, GENUINE, SQUATTER))
    observe(origins, [SQUATTER], LISTED, call=9)  # nor when it is read by itself
    assert FIRM.isdisjoint(grades(origins, GENUINE, SQUATTER))


@ORDERS
@LATER
@pytest.mark.parametrize("prompt", ["Answer the mail about the quarterly platform budget"])
def test_nor_do_three(prompt, later, first):
    one = GENUINE | {"subject": "New quarterly platform budget of Lisbon"}
    other = SQUATTER | {"subject": "quarterly platform budget"}
    origins = begun(prompt, *in_order(one, other, first, apart=True), later=later)

    assert FIRM.isdisjoint(grades(origins, one, other))


@ORDERS
@LATER
@APART
@pytest.mark.parametrize("prompt", [*PROMPTS, *QUOTED])
def test_of_two_that_have_one_title_neither_is_named(prompt, apart, later, first):
    origins = begun(prompt, *in_order(ONE, SQUATTER, first, apart), later=later)

    assert FIRM.isdisjoint(grades(origins, ONE, SQUATTER))


@ORDERS
@LATER
@pytest.mark.parametrize("prompt", QUOTED)
@pytest.mark.parametrize(
    "title", ["[board] Harbour tour", "Harbour tour: times", "New harbour tour"]
)
def test_nor_is_one_that_is_quoted_beside_a_longer_one(title, prompt, later, first):
    longer = GENUINE | {"subject": title}
    origins = begun(prompt, *in_order(longer, SQUATTER, first, apart=True), later=later)

    assert FIRM.isdisjoint(grades(origins, longer, SQUATTER))


@ORDERS
@LATER
@pytest.mark.parametrize("title", ["Rosa Maria Lind", "Dr. Rosa Maria Lind"])
@pytest.mark.parametrize("prompt", ["email rosa maria lind the minutes", "Email 'Rosa Maria Lind'"])
def test_of_two_that_an_address_book_calls_so_neither_is(prompt, title, later, first):
    own = LISTED | {"/*/subject": ReturnedField(holds="title", party="first")}
    one, other = GENUINE | {"subject": title}, SQUATTER | {"subject": "Rosa Maria Lind"}
    origins = begun(prompt, *in_order(one, other, first, apart=True), later=later, fields=own)

    assert FIRM.isdisjoint(grades(origins, one, other))


@ORDERS
@LATER
@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("title", ["Re: Harbour tour", "AW: Re: harbour tour", "Fwd: Harbour Tour"])
def test_an_answer_to_a_record_is_not_meant_instead(title, prompt, later, first):
    answer = {"subject": title, "from": EVE, "id": "m-2"}
    origins = begun(prompt, *in_order(ONE, answer, first, apart=True), later=later)

    assert ["quoted", "quoted"] == grades(origins, ONE)
    assert FIRM.isdisjoint(grades(origins, answer))


@LATER
@pytest.mark.parametrize("prompt", [*PROMPTS, *QUOTED])
def test_a_record_that_is_listed_and_then_read_is_one(prompt, later):
    """
    Reading tells more of it, ids of other things as well.
    """
    read = {**ONE, "text": "See you there", "thread": "t-9"}
    fields = LISTED | {"/*/thread": ReturnedField(holds="id")}
    origins = begun(prompt, [ONE], [read], [ONE], later=later, fields=fields)

    assert ["quoted", "quoted"] == grades(origins, ONE)


@ORDERS
@LATER
def test_records_of_one_title_without_ids_are_told_by_their_texts(later, first):
    fields = {
        "/*/subject": ReturnedField(holds="title"),
        "/*/text": ReturnedField(holds="text"),
    }
    mails = [{"subject": "Harbour tour", "text": f"Answer to {who}"} for who in (ANN, EVE)]
    origins = begun(PROMPTS[0], *in_order(*mails, first, apart=True), later=later, fields=fields)

    assert FIRM.isdisjoint([grade(origins, each, EMAIL) for each in (ANN, EVE)])


def test_one_that_tells_nothing_else_is_listed_and_then_read():
    fields = {
        "/*/subject": ReturnedField(holds="title"),
        "/*/text": ReturnedField(holds="text"),
    }
    mail = {"subject": "Harbour tour", "text": f"Answer to {ANN}"}
    origins = begun(PROMPTS[0], [{"subject": mail["subject"]}], [mail], fields=fields)

    assert "quoted_text" == grade(origins, ANN, EMAIL)


@LATER
@pytest.mark.parametrize("prompt", [*PROMPTS[:2], *QUOTED])
def test_what_an_address_book_calls_so_is_named_beside_titles_of_others(prompt, later):
    own = LISTED | {"/*/subject": ReturnedField(holds="title", party="first")}
    origins = begun(prompt, [ONE], later=later, fields=own)
    observe(origins, [GENUINE | {"id": "m-2"}, SQUATTER], LISTED, call=2)

    assert "quoted" == grade(origins, "m-1", ID)
    assert FIRM.isdisjoint(grades(origins, SQUATTER))


@LATER
def test_a_whole_file_name_is_named_beside_a_longer_one(later):
    fields = {"/*/name": ReturnedField(holds="title"), "/*/id": ReturnedField(holds="id")}
    files = [{"name": "tour-plan.docx", "id": "f-1"}, {"name": "new-tour-plan.docx", "id": "f-2"}]
    origins = begun("Share the file tour-plan.docx", files, later=later, fields=fields)

    assert "quoted" == grade(origins, "f-1", ID)
    assert "quoted" != grade(origins, "f-2", ID)


def test_a_file_that_is_read_twice_by_its_name_is_one():
    origins = seen("Send what is in 'plan.txt' to whom it names")
    returns = Returns(fields={"": ReturnedField(holds="text")}, titled_by="/path")
    for call, text in enumerate((f"Ask {ANN}", f"Ask {EVE} or {ANN}")):
        given = {"tool": "file.read", "arguments": {"path": "plan.txt"}, "call": call}
        origins.observe(text, returns=returns, memory=False, **given)

    assert "quoted_text" == grade(origins, ANN, EMAIL)


@LATER
@pytest.mark.parametrize(
    "claims",
    [
        {"from": "m-1"},
        {"thread": "m-1"},
        {"attachments": [f"m-{n}" for n in range(9)]},
        {"parent": {"id": "m-1"}},
        {"ids": [{"id": "m-1"}]},
    ],
)
@pytest.mark.parametrize("prompt", QUOTED)
def test_nobody_takes_the_place_of_a_record_by_stating_its_id(prompt, claims, later):
    one = MAIL | {
        "/thread": ReturnedField(holds="id"),
        "/attachments/*": ReturnedField(holds="id"),
        "/parent/id": ReturnedField(holds="id"),
        "/ids/*/id": ReturnedField(holds="id"),
    }
    origins = seen("Good morning") if later else seen(prompt)
    observe(origins, [ONE], LISTED, arguments={"words": "tour"})
    for whole in (SQUATTER, {"subject": "Harbour tour", "from": EVE}):
        observe(origins, whole | claims, one, arguments={"id": "m-7"}, call=2)
    if later:
        origins.prompt(prompt)

    assert FIRM.isdisjoint([grade(origins, EVE, EMAIL), grade(origins, ANN, EMAIL)])


@LATER
@pytest.mark.parametrize("prompt", QUOTED)
def test_what_is_read_by_an_id_is_the_record_of_that_id(prompt, later):
    """
    Also where it does not state the id itself.
    """
    origins = seen("Good morning") if later else seen(prompt)
    observe(origins, [ONE], LISTED, arguments={"words": "tour"})
    read = {"subject": "Harbour tour", "from": ANN, "text": "See you"}
    observe(origins, read, MAIL, arguments={"id": "m-1"}, call=2)
    if later:
        origins.prompt(prompt)

    assert "quoted" == grade(origins, ANN, EMAIL)


@pytest.mark.parametrize("prompt", QUOTED)
@pytest.mark.parametrize("before", [False, True])
def test_where_something_was_not_looked_at_no_title_of_a_third_party_names(prompt, before):
    bulk = {"subject": "x", "from": " ".join(f"a{n}@x{n}.example" for n in range(6000)), "id": "9"}
    origins = begun(prompt, [bulk, SQUATTER] if before else [SQUATTER, bulk, ONE])

    assert FIRM.isdisjoint(grades(origins, SQUATTER))
