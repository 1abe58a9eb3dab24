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
def test_in_quotation_marks_a_longer_title_is_another(prompt, later, first):
    origins = begun(prompt, *in_order(ONE, GENUINE | {"id": "m-2"}, first, apart=True), later=later)

    assert "quoted" == grade(origins, "m-1", ID)


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
@pytest.mark.parametrize("prompt", PROMPTS[:2])
def test_what_an_address_book_calls_so_is_named_beside_a_longer_title(prompt, later):
    own = LISTED | {"/*/subject": ReturnedField(holds="title", party="first")}
    origins = begun(prompt, [ONE], later=later, fields=own)
    observe(origins, [GENUINE | {"id": "m-2"}], LISTED, call=2)

    assert "quoted" == grade(origins, "m-1", ID)


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
