"""Chains that others wrote are accepted or refused as they ask, on both engines."""

import json
from collections import Counter

import pytest
from jwt.utils import base64url_decode
from tests import bad_tokens
from tests.both import both
from tests.interop import CALL_DENIED, CODES, FOLLOWS, OUT_OF_PROFILE, RECORD, judged, record
from tests.questions.tokens import Signer, Token
from tests.vectors import vectors

pytest.importorskip("attenu_guard", reason="the extra `vectors` is not installed")

VECTORS = list(vectors())


@pytest.fixture(scope="module")
def engines():
    with both() as running:
        yield running


@pytest.fixture(scope="module")
def found(engines):
    return [(vector, judged(engines, vector)) for vector in VECTORS]


@pytest.mark.parametrize("number", range(len(VECTORS)), ids=lambda number: VECTORS[number].name)
def test_a_chain_of_theirs(found, number):
    """
    It is accepted, or refused for what is wrong with it and for nothing else.
    """
    vector, each = found[number]
    if vector.name in OUT_OF_PROFILE:
        # One that is judged as they ask would need no reason.
        assert each.accepted is not vector.accepted
        assert (each.accepted is None) == (vector.name in CALL_DENIED)
        return
    assert each.accepted is vector.accepted
    expected = CODES.get(vector.reason, set())
    assert bool(expected & {*each.codes}) is not vector.accepted
    assert {*each.codes} <= expected | FOLLOWS


def test_the_record_is_of_these(found):
    """
    docs/interop.json says what was just found.
    """
    assert json.loads(RECORD.read_text("utf-8")) == record(found)


def test_all_of_them_are_there():
    assert Counter(vector.name.partition("/")[0] for vector in VECTORS) == {"01": 20, "02": 35}
    assert OUT_OF_PROFILE.keys() <= {vector.name for vector in VECTORS}


@pytest.mark.parametrize(
    ("name", "wider", "code"),
    [
        ("exp", 1800000201, "delegation.not_narrowed"),
        ("del_max_depth", 3, "delegation.not_narrowed"),
        ("sub", "bob@acme.example", "delegation.other_task"),
        ("par_hash", "AAAA", "delegation.chain_unverified"),
    ],
)
def test_of_a_member_twice_the_last_counts(engines, name, wider, code):
    """
    Both engines read the same one, so that no token says one thing here and another there.
    """
    stage = bad_tokens.scene("child")
    engines.place(stage.deployment, stage.live, stage.now)
    held = stage.question["context"]["credentials"]["chain"][0]
    head, payload, _ = (base64url_decode(part) for part in held.split("."))
    _, signer, _ = bad_tokens.SLOTS["child"]
    more = f'"{name}":{json.dumps(wider)}'.encode()
    for claims, expected in (
        (b"{" + more + b"," + payload[1:], []),
        (payload[:-1] + b"," + more + b"}", [code]),
    ):
        question = json.loads(json.dumps(stage.question))
        sent = Token(head, claims, Signer(signer, "ES256")).compact()
        question["context"]["credentials"]["chain"][0] = sent
        answer = engines.ask_opa(question)
        assert answer == engines.ask_embedded(question)
        assert [reason["code"] for reason in answer["context"]["reasons"]] == expected
