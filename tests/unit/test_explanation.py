"""What an explanation makes of an answer, of tokens and of spans of time."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from tests import scenes, shipping

from inbounds.dev.deployment import revision_of
from inbounds.evidence.report import Refused, TaskReport
from inbounds_tools.explain.answer import explain, members
from inbounds_tools.explain.times import ago, ahead, span
from inbounds_tools.explain.tokens import claims_of, read
from inbounds_tools.policytest.scenes import Scene
from inbounds_tools.report_page import page

CATALOGUE = {
    "a": {"depends_on": []},
    "b": {"depends_on": ["a"]},
    "c": {"depends_on": ["b"]},
    "d": {"depends_on": ["c", "e"]},
    "e": {"depends_on": []},
}


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


def answer(*codes):
    reasons = [{"code": code, "message": "", "remedy": "mend it"} for code in codes]
    return {
        "context": {
            "outcome": "deny" if codes else "allow",
            "reasons": reasons,
            "grants": [],
            "obligations": [],
            "policy": {},
        }
    }


def explained(*codes, catalogue=CATALOGUE):
    return explain(Scene({}, {}, {}, 0), answer(*codes), catalogue)


@pytest.mark.parametrize(
    ("standing", "ruled_out", "not_shown"),
    [
        ([], "abcde", {}),
        (["e"], "abc", {"d": ("e",)}),
        (["c"], "abe", {"d": ("c",)}),
        # Through one that is itself not told.
        (["a"], "e", {"b": ("a",), "c": ("b",), "d": ("c",)}),
        (["a", "e"], "", {"b": ("a",), "c": ("b",), "d": ("c", "e")}),
        (["a", "c"], "e", {"b": ("a",), "d": ("c",)}),
    ],
)
def test_what_was_ruled_out_is_told_apart_from_what_would_only_follow(
    standing, ruled_out, not_shown
):
    said = explained(*standing)
    assert said.ruled_out == tuple(ruled_out)
    assert said.not_shown == not_shown


def test_what_is_not_shown_is_what_the_policy_really_hides():
    """Held against the policy itself: every code that stands is shown or said to be hidden."""
    from inbounds.engine import assets
    from inbounds.engine.bundle import read_signed

    catalogue = members(read_signed(assets.wasm_bundle(), assets.release_key()).data)
    causes = {code: set(about["depends_on"]) for code, about in catalogue.items()}
    for first in causes:
        # The worst: everything that could follow does stand.
        standing = {first}
        while more := {c for c, by in causes.items() if by & standing} - standing:
            standing |= more
        shown = [code for code in sorted(standing) if not causes[code] & standing]
        said = explained(*shown, catalogue=catalogue)
        assert standing - set(shown) <= set(said.not_shown)


def test_rules_of_a_circle_come_to_an_end():
    circle = {"a": {"depends_on": ["b"]}, "b": {"depends_on": ["a"]}, "c": {"depends_on": []}}
    assert explained("c", catalogue=circle).ruled_out == ("a", "b")
    assert explained("a", catalogue=circle).not_shown == {"b": ("a",)}


def test_no_answer_rules_nothing_out():
    said = explain(Scene({}, {}, {}, 0), None, CATALOGUE)
    assert (said.outcome, said.ruled_out) == ("unavailable", ())
    assert {token.verified for token in said.tokens} <= {"yes", "unknown"}


def test_what_would_have_to_change_ends_with_a_warning_where_more_may_stand_behind():
    assert explained("a").changes == ("a: mend it", "then ask again: these reasons may hide others")
    assert explained("d").changes == ("d: mend it",)


@pytest.mark.parametrize(
    "token",
    [None, 7, "", "a.b", "a.!.c", "a.e30.c.d", "a.W10.c", "a.bnVsbA.c", "a." + "x" * 5 + ".c"],
)
def test_what_is_no_token_claims_nothing(token):
    assert claims_of(token) == {}


@pytest.mark.parametrize(
    "question", [None, [], {}, {"context": 7}, {"context": {"credentials": []}}]
)
def test_tokens_of_what_is_no_question_are_missing(question):
    said = read(question, None, standing=(), not_shown=(), now=0)
    assert [token.lines for token in said] == [("is missing",)] * 3


def token(claims):
    text = claims if isinstance(claims, str) else json.dumps(claims)
    return f"e30.{urlsafe_b64encode(text.encode()).rstrip(b'=').decode()}.c2ln"


CLAIMS = ("sub", "iss", "aud", "act", "task", "sid", "iat", "exp", "as_of", "authorization_details")
AUTHORITY = ("intent", "effects", "label", "tools", "resources", "destinations", "deadline")
ODD = (None, True, -1, 1.5, 2**53 - 1, "", [], [None], [[]], {}, {"a": None}, [{"a": [1]}])


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_claims_of_any_type_are_told(odd):
    bound = {"type": odd, "prefixes": odd}
    authority = dict.fromkeys(AUTHORITY, odd) | {"resources": [odd, bound]}
    credentials = {
        "identity": token(dict.fromkeys(CLAIMS, odd)),
        "task": token({"authorization_details": [odd, authority], "act": {"sub": odd}}),
        "chain": [odd, token({"authorization_details": [dict.fromkeys(AUTHORITY, odd)]})],
        "approvals": odd,
    }
    question = {"context": {"credentials": credentials}}
    for live in (
        odd,
        {"now": odd},
        {"now": {"head": odd}},
        {"now": {"head": token({"as_of": odd})}},
    ):
        said = read(question, live, standing=(), not_shown=(), now=0)
        assert all(isinstance(line, str) and line for it in said for line in it.lines)


@pytest.mark.parametrize(
    "claims",
    [
        '{"iat": 1' + "0" * 5000 + "}",
        '{"iat": 1e999, "exp": NaN}',
        '{"a": ' + "[" * 900 + "]" * 900 + "}",
        '{"a": ' + "[" * 90_000 + "]" * 90_000 + "}",
        '{"sub": "\\ud800"}',
        '{"sub": "a", "sub": "b"}',
    ],
    ids=["digits", "infinite", "deep", "deeper", "surrogate", "twice"],
)
def test_claims_that_readers_disagree_about_are_none(claims):
    assert claims_of(token(claims)) == {}


def test_no_key_is_among_the_claims_that_are_shown():
    stage = scenes.staged()
    said = read(stage.question, stage.live, standing=(), not_shown=(), now=stage.now)
    assert "cnf" not in json.dumps([dict(token.claims) for token in said])
    task = " ".join(said[1].lines)
    for words in ("alice@acme.example", "intent correspond", "it expires in 3 min 20 s"):
        assert words in task


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h"), (90061, "1 d 1 h")],
)
def test_a_span_has_its_two_largest_units(seconds, words):
    assert span(seconds) == words
    assert ago(seconds) == f"{words} ago"
    assert ago(-seconds - 1).startswith("in ")
    assert ahead(seconds) == f"in {words}"


def test_a_deployment_is_packed_where_its_revision_is_the_digest_of_its_content():
    """Held for the ordinary deployment with each member of it removed, added to and replaced."""
    plain = dict(scenes.staged().deployment)
    plain["revision"] = revision_of(plain)
    names = [name for name in plain if name != "revision"]
    changed = [
        *({k: v for k, v in plain.items() if k != name} for name in plain),
        *({**plain, name: odd} for name in plain for odd in ODD),
        *({**plain, f"{name}_": plain[name]} for name in names),
    ]
    assert len(changed) >= 100
    packed = [each for each in changed if is_packed(each)]
    assert [each for each in packed if each != plain] == []
    assert is_packed(plain)
    for odd in (*ODD, scenes.staged().deployment, {"revision": plain["revision"], "a": 2**60}):
        assert not is_packed(odd)


def is_packed(deployment):
    return explain(Scene({}, deployment, {}, 0), answer(), CATALOGUE).packed


def test_nothing_of_a_record_is_markup_in_a_page():
    script = "<script>alert(1)</script>"
    told = TaskReport(
        task=script,
        verdict="in bounds",
        intent=script,
        subject=script,
        agent=script,
        tenant=script,
        why=(script,),
        refused=(Refused(script, script, 1, script),),
        granted_tools=(script,),
        used_tools={script: 1},
        policies=(script,),
    )
    assert "<script" not in page(told)
