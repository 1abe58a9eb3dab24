"""Where the two engines differ by nature: in none of it does the embedded one say the more.

No rule can do anything about these. What the SDK sends holds none of it: `strict_json` and
`canonicalise` refuse it before either engine is asked. In a token it takes a trusted issuer
to sign it.
"""

import json

import pytest
from tests import scenes
from tests.both import NOTHING, both
from tests.questions.properties import sendable
from tests.questions.tokens import Signer, Token

HALF, HALVES = "\\ud800", "\\udc00\\ud800"


@pytest.fixture(scope="module")
def engines():
    """Both engines on the project's sources."""
    with both() as running:
        yield running


def in_the_question(place, spelling):
    """The ordinary question with JSON put into one of its texts, and its scene."""
    stage = scenes.staged([{"op": "replace", "path": place, "value": "@"}])
    return stage, json.dumps(stage.question).replace('"@"', f'"{spelling}"').encode()


def in_the_identity(spelling):
    """The ordinary question with a claim of this spelling in its identity token."""
    scene = scenes.scene()
    about = scene["identity"]
    claims = json.dumps(about["claims"]).encode()[:-1] + b',"more":' + spelling + b"}"
    signed = Token(about["header"], claims, Signer(about["header"]["kid"], "ES256")).compact()
    place = "/question/context/credentials/identity"
    stage = scenes.staged([{"op": "replace", "path": place, "value": signed}])
    return stage, json.dumps(stage.question).encode()


def outcome(answer):
    return answer if answer == NOTHING else answer["context"]["outcome"]


@pytest.mark.parametrize(
    ("place", "spelling", "embedded"),
    [
        ("/question/action/name", HALF, NOTHING),
        ("/question/action/name", HALVES, "deny"),
        ("/question/subject/id", HALF, NOTHING),
        ("/question/context/pep/id", HALVES, "deny"),
    ],
)
def test_half_a_surrogate_pair_in_a_question(engines, place, spelling, embedded):
    """
    OPA puts U+FFFD in its place; a module gives up, or makes a sign of two halves.
    """
    stage, text = in_the_question(place, spelling)
    engines.place(stage.deployment, stage.live, stage.now)

    assert not sendable(text)
    assert outcome(engines.ask_opa(text)) == "deny"
    assert outcome(engines.ask_embedded(text)) == embedded


@pytest.mark.parametrize(
    "spelling",
    [b'"\\ud800"', b'"\xff"', b'"\xc0\xaf"', b"[" * 5000 + b"]" * 5000],
    ids=["half a pair", "no UTF-8", "overlong UTF-8", "5,000 deep"],
)
def test_what_only_opa_reads_in_a_token(engines, spelling):
    """
    Where OPA reads a claim that a module or its host cannot, nothing is allowed embedded.
    """
    stage, text = in_the_identity(spelling)
    engines.place(stage.deployment, stage.live, stage.now)

    assert outcome(engines.ask_opa(text)) == "allow"
    assert outcome(engines.ask_embedded(text)) in (NOTHING, "deny")


@pytest.mark.parametrize(
    "spelling", [b"1.", b"1e", b"[1,]", b"{1:1}", b'1}{"a":1', b"1\x0b", b"tru", b"NaN", b"01"]
)
def test_what_only_a_module_reads_in_a_token(engines, spelling):
    """
    A module takes more for JSON than OPA does; such a token is verified by neither.
    """
    stage, text = in_the_identity(spelling)
    engines.place(stage.deployment, stage.live, stage.now)

    opa, embedded = engines.ask_opa(text), engines.ask_embedded(text)

    assert opa == embedded
    assert [reason["code"] for reason in opa["context"]["reasons"]] == ["identity.unverified"]


PATTERNS = {
    r"\C": "a byte of a sign",
    "(" * 1001 + "a" + ")" * 1001: "1,001 groups",
    "(?:" * 100 + "a" + ")" * 100: "100 groups",
    r"(?=a)": "a look ahead",
    r"a++": "a possessive",
    r"\1": "a reference",
    "[": "cut off",
}


@pytest.mark.parametrize("pattern", PATTERNS, ids=PATTERNS.values())
def test_a_pattern_that_not_both_read(engines, pattern):
    """
    A pattern that one engine alone takes is met by no value, on either.
    """
    stage = scenes.staged(
        [
            {
                "op": "add",
                "path": "/deployment/tools/mail.read/arguments/~1id/pattern",
                "value": pattern,
            },
            {"op": "replace", "path": "/question/action/properties/arguments/id", "value": "a"},
        ]
    )
    engines.place(stage.deployment, stage.live, stage.now)

    opa, embedded = engines.ask_opa(stage.question), engines.ask_embedded(stage.question)

    assert opa == embedded
    codes = [reason["code"] for reason in opa["context"]["reasons"]]
    assert codes == ["capability.argument_not_allowed"]


def test_a_stranger_is_told_the_same_by_both(engines):
    """
    None of this is reached by a token that nobody trusted has signed.
    """
    for spelling in (b'"\\ud800"', b'"\xff"', b"[" * 5000 + b"]" * 5000, b"1.", b'1}{"a":1'):
        stage, text = in_the_identity(spelling)
        question = json.loads(text)
        credentials = question["context"]["credentials"]
        head, payload, _ = credentials["identity"].split(".")
        _, _, other = stage.question["context"]["credentials"]["task"].split(".")
        credentials["identity"] = f"{head}.{payload}.{other}"
        engines.place(stage.deployment, stage.live, stage.now)

        opa, embedded = engines.ask_opa(question), engines.ask_embedded(question)

        assert opa == embedded
        assert opa["decision"] is False
