"""Where the two engines differ by nature: in none of it does the embedded one say the more,
but for a rule of a site that negates what a failing built-in leaves undefined.

No rule of the policy can do anything about these. What the SDK sends holds none of the others:
`strict_json` and `canonicalise` refuse it before either engine is asked. In a token it takes a
trusted issuer to sign it.
"""

import contextlib
import json
import time

import pytest
from tests import scenes, shipping
from tests.both import NOTHING, both
from tests.integration.test_bundles import AFTER_HOURS, served, write_rule
from tests.questions.properties import sendable
from tests.questions.tokens import Signer, Token

from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.pdp import DECISION

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


NEGATED = """\
ruled_out if not _high

_high if {
	id := input.action.properties.arguments.id
	substring(id, count(id) - 2, -1) == "00"
}
"""


@pytest.fixture(scope="module")
def negating(tmp_path_factory):
    """Bundles with a rule of a site that negates an expression whose built-in may fail."""
    shown = 'ruled_out if input.context.environment.network == "office"\n'
    assert shown in AFTER_HOURS
    site = write_rule(tmp_path_factory.mktemp("site"), AFTER_HOURS.replace(shown, NEGATED))
    return shipping.Dist(tmp_path_factory.mktemp("negating"), site=site)


def test_a_site_that_negates_a_built_in_that_fails(negating, tmp_path):
    """
    The one way to allow by a difference: `docs/policy-authors.md` names it as trap l.
    """

    def with_id(value):
        places = ("action/properties/arguments/id", "resource/id")
        patch = [
            {"op": "replace", "path": f"/question/{place}", "value": value} for place in places
        ]
        return scenes.staged(patch, now=time.time())

    stage = with_id("55")
    policy = EmbeddedPolicy(
        negating.built.files["wasm"],
        key=negating.keys.public,
        live=stage.live,
        clock=lambda: stage.now * 10**9,
    )
    with contextlib.closing(policy), served(negating, tmp_path, site=True) as (opa, _, _):
        found = {}
        for value in ("55", "5000", "x"):
            question = with_id(value).question
            reply = policy.ask(
                DECISION, json.dumps(question).encode(), deadline=time.monotonic() + 20
            )
            answer = opa.request(
                "POST",
                "/v1/data/inbounds/main/decision?strict-builtin-errors=true",
                token=shipping.PEP_TOKEN,
                json={"input": question},
            )
            said = answer.json()["result"] if answer.status_code == 200 else NOTHING
            found[value] = (outcome(said), outcome(reply.result))

    assert found == {"55": ("allow", "allow"), "5000": ("deny", "deny"), "x": (NOTHING, "allow")}
