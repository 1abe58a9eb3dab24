"""What a call makes or changes is as good as what steered it; nobody is paid twice unasked."""

from __future__ import annotations

import pytest

from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument, ReturnedField, Returns, Tool
from inbounds.provenance.session_indexes import SessionOrigins
from inbounds.sessions.store import SessionKey

KEY = SessionKey("acme", "alice", "agent", "s-1")
TARGET, WHOM = Argument(kind="id", role="target"), Argument(kind="email", role="recipient")
FOUND = Returns(
    label="internal", party="third", fields={"/*/id": ReturnedField(holds="id", party="third")}
)
MADE = Returns(
    label="internal", party="first", fields={"/id": ReturnedField(holds="new_id", party="first")}
)


def tool(*effects, returns=MADE, **arguments):
    registered = {f"/{name}": argument for name, argument in arguments.items()}
    return Tool(effects=[*effects], resource="x", returns=returns, arguments=registered)


def asked(index, entry, **arguments):
    """What the question says of a call."""
    return index.told(KEY, canonicalise(arguments, entry.arguments), entry)


def called(index, entry, result=None, *, trusted=False, **arguments):
    """Let a call be permitted and return something."""
    properties = asked(index, entry, **arguments)
    observe = index.observer(
        KEY,
        "tool",
        entry,
        canonicalise(arguments, entry.arguments).arguments,
        call=1,
        is_tainted=lambda: False,
        steered=None if trusted else properties,
    )
    observe(result)
    return properties


def begun(prompt):
    index = SessionOrigins()
    index.of(KEY).prompt(prompt)
    called(index, tool("read", returns=FOUND), [{"id": "p-1"}, {"id": "p-99"}])
    return index


ADD = tool("write", product=TARGET)
PLACE = tool("spend", basket=TARGET)


@pytest.mark.parametrize(
    ("prompt", "product", "grade"),
    [
        ("Order the kettle p-1", "p-1", "first_party"),
        ("Order the kettle p-1", "p-99", "listing"),
        ("Order the kettle p-1", "p-77", "listing"),
        ("Order the kettle p-1, or should I take p-2?", "p-1", "listing"),
    ],
)
def test_what_a_call_makes_is_no_better_than_what_steered_it(prompt, product, grade):
    index = begun(prompt)
    called(index, ADD, {"id": "b-1"}, product=product)

    assert asked(index, PLACE, basket="b-1")["origins"]["/basket"]["grade"] == grade


def test_what_a_trusted_session_or_a_person_lets_through_makes_what_is_trusted():
    index = begun("Order a kettle")
    called(index, ADD, {"id": "b-1"}, product="p-99", trusted=True)

    assert asked(index, PLACE, basket="b-1")["origins"]["/basket"]["grade"] == "first_party"


PATH = Argument(kind="path", role="target")
MOVE, SHARE = tool("write", path=PATH, to=PATH), tool("export", path=PATH, to=WHOM)


@pytest.mark.parametrize("name", ["budget.xlsx", "notes/may.md", "Report 7.pdf"])
def test_what_an_unsure_call_has_changed_is_asked_about(name):
    """
    Another file now stands under the name that the user says.
    """
    index = begun(f"Give ann@acme.example access to '{name}'")
    plain = asked(index, SHARE, path=name, to="ann@acme.example")
    called(index, MOVE, "ok", path="board/salaries.xlsx", to=name)
    later = asked(index, SHARE, path=name, to="ann@acme.example")

    assert plain["origins"]["/path"]["grade"] == "prompt"
    assert "doubtful" not in plain
    assert later["doubtful"] == ["/path"]


def test_what_the_user_has_changed_is_not():
    index = begun("Rename 'a.md' to 'b.md' and give ann@acme.example access to 'b.md'")
    called(index, MOVE, "ok", path="a.md", to="b.md")

    assert "doubtful" not in asked(index, SHARE, path="b.md", to="ann@acme.example")


PAY = tool("spend", to=WHOM, amount=Argument(role="amount", type="number"))


@pytest.mark.parametrize("trusted", [False, True])
def test_who_was_paid_is_asked_about_the_next_time(trusted):
    index = begun("Pay ann@acme.example EUR 20 and bob@acme.example EUR 20")
    first = called(index, PAY, "ok", to="ann@acme.example", amount=20, trusted=trusted)

    assert "doubtful" not in first
    assert asked(index, PAY, to="ann@acme.example", amount=20)["doubtful"] == ["/to"]
    assert "doubtful" not in asked(index, PAY, to="bob@acme.example", amount=20)
    # What is no payment is as before.
    assert "doubtful" not in asked(index, SHARE, path="x.md", to="ann@acme.example")


ORDER = Argument(kind="id", role="target")
REFUND = tool("spend", order=ORDER, amount=Argument(role="amount", type="number"))


@pytest.mark.parametrize("first", ["1234", "order 1234", "1234."])
@pytest.mark.parametrize("again", ["1234", "1234.", "order 1234", "of order 1234."])
def test_nor_under_other_words_of_the_prompt(first, again):
    index = begun("Refund EUR 20 of order 1234. Refund EUR 20 of order 99, too.")
    called(index, REFUND, "ok", order=first, amount=20)

    assert asked(index, REFUND, order=again, amount=20)["doubtful"] == ["/order"]
    assert "/order" not in asked(index, REFUND, order="99", amount=20).get("doubtful", [])


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_nor_for_what_was_made_of_the_same_thing(depth):
    """
    A second basket holds the product that the first one did.
    """
    index = begun("Order the kettle p-1, and a cup p-2")

    def basket(product, number):
        made = product
        for step in range(depth):
            called(index, ADD, {"id": f"b-{number}-{step}"}, product=made)
            made = f"b-{number}-{step}"
        return made

    called(index, PLACE, {"id": "o-1"}, basket=basket("p-1", 1))

    assert asked(index, PLACE, basket=basket("p-1", 2))["doubtful"] == ["/basket"]
    assert "doubtful" not in asked(index, PLACE, basket=basket("p-2", 3))


@pytest.mark.parametrize(
    ("moved", "to", "shared"),
    [
        ("hr/salaries.txt", "team/a.txt", "team"),
        ("hr/salaries.txt", "team/a.txt", "team/"),
        ("hr", "team/old", "team/"),
        ("hr", "drafts", "drafts/roster.txt"),
        ("hr", "drafts/of/may", "drafts"),
        ("team/a.txt", "b.txt", "team/a.txt"),
    ],
)
def test_what_lies_around_or_within_what_was_changed_is_asked_about(moved, to, shared):
    index = begun(f"Give ann@acme.example access to '{shared}'")
    plain = asked(index, SHARE, path=shared, to="ann@acme.example")
    called(index, MOVE, "ok", path=moved, to=to)

    assert "doubtful" not in plain
    assert asked(index, SHARE, path=shared, to="ann@acme.example")["doubtful"] == ["/path"]


def test_what_lies_beside_it_is_not():
    index = begun("Give ann@acme.example access to 'team/b.txt' and 'teams'")
    called(index, MOVE, "ok", path="hr/salaries.txt", to="team/a.txt")

    for path in ("team/b.txt", "teams"):
        assert "doubtful" not in asked(index, SHARE, path=path, to="ann@acme.example")


def test_more_than_is_kept_leaves_everything_in_doubt():
    index = SessionOrigins()
    index.of(KEY)._values = 4
    index.of(KEY).prompt("Pay ann@acme.example EUR 20")
    for number in range(6):
        called(index, PAY, "ok", to=f"p{number}@acme.example", amount=20)

    assert "/to" in asked(index, PAY, to="ann@acme.example", amount=20)["doubtful"]


def test_nor_by_an_id_that_was_made_for_the_same_recipient():
    """
    A second payment is prepared to the account that the first one went to.
    """
    prepare = tool("write", iban=Argument(kind="iban", role="recipient"))
    confirm = tool("spend", payment=TARGET)
    index = SessionOrigins()
    index.of(KEY).prompt("Pay DE89370400440532013000 and GB33BUKB20201555555555")
    for number, iban in enumerate(["DE89370400440532013000", "GB33BUKB20201555555555"] * 2):
        called(index, prepare, {"id": f"pay-{number}"}, iban=iban)

    for number in (0, 1):
        assert "doubtful" not in called(index, confirm, "ok", payment=f"pay-{number}")
    for number in (2, 3):
        assert asked(index, confirm, payment=f"pay-{number}")["doubtful"] == ["/payment"]


BILL, CREDIT = "Bill c-1 EUR 800, change i-7 to EUR 800, and send it", "Pay EUR 8 to c-1"


def bounded(**bounds):
    amount = Argument(role="amount", type="number", **bounds)
    return tool("write", customer=TARGET, amount=amount).model_copy(update={"reversible": "yes"})


@pytest.mark.parametrize(
    ("prompt", "amount", "bounds", "grade"),
    [
        (BILL, 800, {}, "first_party"),
        (BILL, 8, {}, "listing"),
        (CREDIT, 8, {}, "first_party"),
        # The operator lets it through.
        (BILL, 8, {"maximum": 20}, "first_party"),
        (BILL, 8, {"one_of": [8, 16]}, "first_party"),
        (BILL, 8, {"minimum": 0.01}, "listing"),
    ],
)
def test_how_much_decides_what_is_made_unless_the_operator_bounds_it(prompt, amount, bounds, grade):
    index = begun(prompt)
    called(index, bounded(**bounds), {"id": "i-1"}, customer="c-1", amount=amount)
    send = tool("export", invoice=TARGET)

    assert asked(index, send, invoice="i-1")["origins"]["/invoice"]["grade"] == grade


@pytest.mark.parametrize(("amount", "doubtful"), [(8, ["/invoice"]), (800, None)])
def test_how_much_decides_what_is_changed(amount, doubtful):
    index = begun(BILL)
    called(index, bounded(), "ok", customer="i-7", amount=amount)

    assert asked(index, tool("export", invoice=TARGET), invoice="i-7").get("doubtful") == doubtful


def test_how_much_is_judged_where_a_call_cannot_be_undone():
    """
    Nobody was asked: a bound of the intent has let the amount through.
    """
    index = begun(BILL)
    entry = bounded().model_copy(update={"reversible": "no"})
    called(index, entry, {"id": "i-1"}, customer="c-1", amount=8)
    found = asked(index, tool("export", invoice=TARGET), invoice="i-1")["origins"]

    assert found["/invoice"]["grade"] == "first_party"


@pytest.mark.parametrize(
    ("shared", "moved", "to"),
    [
        ("plan.md", "hr/salaries.txt", "plan.md"),
        ("Plan.md", "hr/salaries.txt", "plan.MD"),
        ("team", "hr/salaries.txt", "team/a.txt"),
        ("team/a.txt", "hr", "team"),
    ],
)
def test_what_is_shared_is_not_replaced_unasked(shared, moved, to):
    """
    The order does not matter: the file is moved there once it is shared.
    """
    index = begun(f"Give ann@acme.example access to '{shared}', then tidy up '{to}' and 'b.txt'")
    before = asked(index, MOVE, path=moved, to=to)["origins"]["/to"]
    called(index, SHARE, "ok", path=shared, to="ann@acme.example")
    origins = asked(index, MOVE, path=moved, to=to)["origins"]

    assert (before["grade"], origins["/to"]["grade"]) == ("prompt", "none")
    assert asked(index, MOVE, path=moved, to="b.txt")["origins"]["/to"]["grade"] == "prompt"


def test_what_the_user_moves_there_is():
    index = begun("Give ann@acme.example access to 'plan.md', then rename 'a.md' to 'plan.md'")
    called(index, SHARE, "ok", path="plan.md", to="ann@acme.example")

    assert asked(index, MOVE, path="a.md", to="plan.md")["origins"]["/to"]["grade"] == "prompt"


OWN = Returns(
    label="internal", party="third", fields={"/*/id": ReturnedField(holds="id", party="first")}
)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("prompt", ["Order the kettle p-1", "Order the kettle p-1 with basket b-1"])
def test_no_list_vouches_for_an_id_that_was_made_on_a_strangers_word(prompt, first):
    """
    Whether the list was read before or after: the basket holds what the stranger named.
    """
    index = begun(prompt)
    known = [{"id": "b-1"}, {"id": "b-2"}]
    if first:
        called(index, tool("read", returns=OWN), known)
    called(index, ADD, {"id": "b-1"}, product="p-99")
    called(index, tool("read", returns=OWN), known)

    assert asked(index, PLACE, basket="b-1")["doubtful"] == ["/basket"]
    assert "doubtful" not in asked(index, PLACE, basket="b-2")
