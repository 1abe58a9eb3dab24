"""A title that a third party chose names a record only while no other record may be meant."""

from __future__ import annotations

import pytest
from tests.unit.origins.test_titles import EMAIL, ID, MAIL, observe
from tests.unit.origins.traced import grade, seen

from inbounds.model.question import Argument, ReturnedField, Returns
from inbounds.provenance.grades import TRUSTED
from inbounds.provenance.record_ids import own_id

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
    observe(origins, read, MAIL, arguments={"id": "m-1"}, registered={"/id": ID}, call=2)
    if later:
        origins.prompt(prompt)

    assert "quoted" == grade(origins, ANN, EMAIL)


@pytest.mark.parametrize("prompt", QUOTED)
@pytest.mark.parametrize("before", [False, True])
def test_where_something_was_not_looked_at_no_title_of_a_third_party_names(prompt, before):
    bulk = {"subject": "x", "from": " ".join(f"a{n}@x{n}.example" for n in range(6000)), "id": "9"}
    origins = begun(prompt, [bulk, SQUATTER] if before else [SQUATTER, bulk, ONE])

    assert FIRM.isdisjoint(grades(origins, SQUATTER))


NAMED = "Answer the mail 'Harbour tour'"
GUESTS = "Write to everybody in 'guests.xlsx'"


def read_by(registered, arguments, *, fields=MAIL, **stated):
    """The grades of both senders: the genuine mail was listed, the stranger's is read."""
    origins = seen(NAMED)
    observe(origins, [ONE], LISTED, resource="mail")
    read = {"subject": "Harbour tour", "from": EVE} | stated
    about = {"resource": "mail", "registered": registered, "arguments": arguments}
    observe(origins, read, fields, call=2, **about)
    return [grade(origins, each, EMAIL) for each in (ANN, EVE)]


@pytest.mark.parametrize(
    "other",
    [
        Argument(type="integer", role="query"),
        Argument(kind="id", role="query"),
        Argument(kind="id", role="content"),
        Argument(kind="id", role="target", resource="folder"),
        Argument(),
    ],
)
@pytest.mark.parametrize("name", ["part", "id"])
def test_only_the_argument_that_names_the_resource_says_which_record_is_read(name, other):
    registered = {"/mail_id": ID, f"/{name}": other}

    assert FIRM.isdisjoint(read_by(registered, {"mail_id": "m-9", name: "m-1"}))
    assert read_by(registered, {"mail_id": "m-1", name: "m-9"}) == ["quoted", "quoted"]


@pytest.mark.parametrize("name", ["order_id", "parent", "mail_ids", "number", "ticket"])
def test_an_id_of_something_else_does_not_say_which_record_it_is(name):
    fields = MAIL | {f"/{name}": ReturnedField(holds="id")}
    about = {"fields": fields, name: "m-1"}

    assert FIRM.isdisjoint(read_by({"/id": ID}, {"id": "m-9"}, **about))
    assert FIRM.isdisjoint(read_by({"/id": ID}, {"id": "m-9"}, id="m-9", **about))


@pytest.mark.parametrize(
    ("ids", "segments", "resource", "own"),
    [
        (["id", "mail_id"], ["", "*"], "mail", ("id", "mail")),
        (["id_", "thread_id"], ["", "*"], "mail", ("id_", "mail")),
        (["messageId", "parent_id"], ["", "*"], "message", ("messageId", "message")),
        (["paper_id", "application_id"], ["", "*", "papers", "*"], "application", ("paper_id", "")),
        (["address_id"], ["", "addresses", "*"], "account", ("address_id", "")),
        (["mail_id"], ["", "results", "*"], "mail", ("mail_id", "mail")),
        (["number"], ["", "*"], "issue", ("number", "issue")),
        (["number", "sha"], ["", "*"], "issue", ("", "issue")),
        (["order_id"], ["", "*"], "ticket", ("", "ticket")),
        (["id", "_id"], ["", "*"], "mail", ("", "mail")),
        ([], [""], "mail", ("", "mail")),
    ],
)
def test_which_field_states_the_id_of_a_record(ids, segments, resource, own):
    assert own_id(ids, segments, resource) == own


def test_a_record_of_another_type_with_that_id_is_another_one():
    origins = seen(NAMED)
    observe(origins, [ONE], LISTED, resource="mail")
    observe(origins, [SQUATTER | {"id": "m-1"}], LISTED, resource="ticket", call=2)

    assert FIRM.isdisjoint(grades(origins, ONE, SQUATTER))


@pytest.mark.parametrize(("other", "is_same"), [("acme/app", True), ("eve/app", False)])
def test_a_number_is_one_of_what_it_is_a_number_of(other, is_same):
    origins = seen("Answer the issue 'Harbour tour'")
    fields = MAIL | {"/number": ReturnedField(holds="id")}
    del fields["/id"]
    registered = {"/repository": ID, "/number": ID}
    for call, (repository, sender) in enumerate([("acme/app", ANN), (other, EVE)]):
        about = {"arguments": {"repository": repository, "number": 7}, "call": call}
        issue = {"subject": "Harbour tour", "from": sender, "number": 7}
        observe(origins, issue, fields, registered=registered, resource="issue", **about)

    assert [grade(origins, each, EMAIL) == "quoted" for each in (ANN, EVE)] == [is_same] * 2


@ORDERS
@LATER
@APART
@pytest.mark.parametrize("senders", [[EVE], [ANN, EVE]])
def test_of_two_without_ids_one_that_holds_more_is_another(senders, apart, later, first):
    fields = {"/*/subject": ReturnedField(holds="title"), "/*/from/*": ReturnedField()}
    mails = [{"subject": "Harbour tour", "from": each} for each in ([ANN], senders)]
    origins = begun(NAMED, *in_order(*mails, first, apart), later=later, fields=fields)

    assert FIRM.isdisjoint([grade(origins, each, EMAIL) for each in (ANN, EVE)])


def test_two_of_one_list_that_tell_no_more_than_their_title_are_two():
    fields = {"/*/subject": ReturnedField(holds="title"), "/*/from": ReturnedField()}
    bare = {"subject": "Harbour tour"}
    one = {**bare, "from": ANN}

    assert grade(begun(NAMED, [bare], [one], fields=fields), ANN, EMAIL) == "quoted"
    assert grade(begun(NAMED, [bare, bare], [one], fields=fields), ANN, EMAIL) not in FIRM
    assert grade(begun(NAMED, [one, bare], fields=fields), ANN, EMAIL) not in FIRM


@LATER
def test_what_tells_only_a_title_does_not_make_two_others_one(later):
    fields = {"/*/subject": ReturnedField(holds="title"), "/*/from": ReturnedField()}
    mails = [{"subject": "Harbour tour", "from": each} for each in (ANN, EVE)]
    bare = {"subject": "Harbour tour"}
    origins = begun(NAMED, [bare], *([each] for each in mails), later=later, fields=fields)

    assert FIRM.isdisjoint([grade(origins, each, EMAIL) for each in (ANN, EVE)])


def sheets(registered, *read, later=False):
    """The grades of the two addresses that sheets of one name hold, by what they were read by."""
    origins = seen("Good morning") if later else seen(GUESTS)
    returns = Returns(fields={"/*/email": ReturnedField()}, titled_by="/name")
    for call, (arguments, rows) in enumerate(read):
        about = {"returns": returns, "registered": registered, "call": call, "memory": False}
        given = arguments | {"name": "guests.xlsx"}
        origins.observe([{"email": row} for row in rows], tool="x", arguments=given, **about)
    if later:
        origins.prompt(GUESTS)
    return [grade(origins, each, EMAIL) for each in (ANN, EVE)]


@LATER
@pytest.mark.parametrize(
    "place",
    [ID, Argument(kind="path", role="query"), Argument(kind="text", role="query"), Argument()],
)
@pytest.mark.parametrize("others", [{"in": "m-9"}, {}, {"in": None}])
def test_what_is_read_by_one_name_in_another_place_is_another(others, place, later):
    registered = {"/in": place, "/name": Argument(kind="text", role="query")}

    read = sheets(registered, ({"in": "m-7"}, [ANN]), (others, [EVE]), later=later)
    assert FIRM.isdisjoint(read)
    read = sheets(registered, ({"in": "m-7"}, [ANN]), ({"in": "m-7"}, [ANN, EVE]), later=later)
    assert read == ["quoted", "quoted"]


def test_pages_of_what_is_read_by_its_name_are_of_one_record():
    registered = {"/in": ID, "/page": Argument(type="integer", role="query")}
    read = sheets(registered, ({"in": "m-7", "page": 1}, [ANN]), ({"in": "m-7", "page": 2}, [EVE]))

    assert read == ["quoted", "quoted"]


def test_a_place_that_cannot_be_compared_is_like_no_other():
    registered = {"/in": ID}
    for place in (("m-7",), {"m-7"}, object()):
        assert FIRM.isdisjoint(sheets(registered, ({"in": place}, [ANN]), ({"in": place}, [EVE])))
    many = {f"in{n}": "m-7" for n in range(40)}
    registered = {f"/{name}": ID for name in many}
    assert FIRM.isdisjoint(sheets(registered, (many, [ANN]), (many, [EVE])))
