"""The parts of trying a site's rules: patches, scenes, cases."""

from __future__ import annotations

import json

import jsonpatch
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import scenes as tests_scenes
from tests import shipping

from inbounds.errors import ConfigurationError
from inbounds_tools.policytest import cases, scenes
from inbounds_tools.policytest.patches import PatchFault, patched


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


DOCUMENT = {"a": {"b": [1, 2, {"c": 3}]}, "x/y": {"m~n": 1}, "": 0}


@pytest.mark.system
@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/a/b/1", "value": 9},
        {"op": "add", "path": "/a/b/-", "value": 9},
        {"op": "add", "path": "/a/b/3", "value": 9},
        {"op": "add", "path": "/new", "value": [1]},
        {"op": "add", "path": "", "value": 7},
        {"op": "replace", "path": "/x~1y/m~0n", "value": None},
        {"op": "replace", "path": "", "value": {}},
        {"op": "remove", "path": "/a/b/0"},
        {"op": "remove", "path": "/"},
        {"op": "copy", "from": "/a/b/2", "path": "/a/d"},
        {"op": "move", "from": "/a/b/0", "path": "/a/b/2"},
        {"op": "test", "path": "/a/b/0", "value": 1},
    ],
)
def test_a_patch_does_what_rfc_6902_says(operation):
    before = json.dumps(DOCUMENT)
    assert patched(DOCUMENT, [operation]) == jsonpatch.apply_patch(DOCUMENT, [operation])
    assert json.dumps(DOCUMENT) == before


@pytest.mark.system
@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/nothing", "value": 1},
        {"op": "remove", "path": "/a/b/9"},
        {"op": "remove", "path": "/a/b/-"},
        {"op": "add", "path": "/a/b/9", "value": 1},
        {"op": "add", "path": "/a/b/01", "value": 1},
        {"op": "add", "path": "/a/b/-1", "value": 1},
        {"op": "add", "path": "/nothing/below", "value": 1},
        {"op": "add", "path": "a", "value": 1},
        {"op": "add", "path": "/a"},
        {"op": "copy", "from": "/nothing", "path": "/a"},
        {"op": "test", "path": "/a/b/0", "value": 2},
        {"op": "merge", "path": "/a", "value": 1},
        {"path": "/a"},
        "remove /a",
    ],
)
def test_a_patch_that_does_not_fit_is_a_fault(operation):
    with pytest.raises(PatchFault, match="operation 1 of the patch"):
        patched(DOCUMENT, [operation])


@pytest.mark.system
@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ({"op": "add", "path": "/ab/b", "value": 1}, "the scene holds no `ab`; did you mean `a`?"),
        ({"op": "replace", "path": "/a/bb", "value": 1}, "`/a` holds no `bb`; did you mean `b`?"),
        ({"op": "remove", "path": "/x~1y/m"}, "`/x~1y` holds no `m`; known are `m~n`"),
        ({"op": "remove", "path": "/a/b/9"}, "`/a/b` ends before 9"),
        ({"op": "copy", "from": "/a/b/2/d", "path": "/a"}, "`/a/b/2` holds no `d`; known are `c`"),
        ({"op": "add", "path": "/a/b/0/c", "value": 1}, "there is no `c` below"),
        ({"op": "add", "path": 5, "value": 1}, "no JSON Pointer"),
        ({"op": "replac", "path": "/a"}, "there is no `replac`; did you mean `replace`?"),
        ({"op": "add", "path": "/a"}, "it has no `value`"),
        ({"path": "/a"}, "it has no `op`"),
        ("remove /a", "an operation is a mapping"),
    ],
)
def test_what_does_not_fit_a_patch_is_said_in_words(operation, why):
    with pytest.raises(PatchFault) as fault:
        patched(DOCUMENT, [operation])
    said = str(fault.value).partition("`): ")[2]
    assert said.startswith(why), said


@pytest.mark.parametrize("operation", ["copy", "move"])
@pytest.mark.parametrize("target", ["/a/x", "/a/b/0", "/a/b/-", "/a/b/2/c"])
def test_nothing_is_put_into_itself(operation, target):
    with pytest.raises(PatchFault, match="must not put a value into itself"):
        patched(DOCUMENT, [{"op": operation, "from": "/a", "path": target}])


TIMES = range(60)


@pytest.mark.parametrize(
    "patch",
    [
        # Each doubles it, by way of another place.
        [
            {"op": "copy", "from": one, "path": f"{other}/x{i}"}
            for i in TIMES
            for one, other in (("/a", "/x~1y"), ("/x~1y", "/a"))
        ],
        [{"op": "copy", "from": "", "path": f"/x{i}"} for i in TIMES],
        [{"op": "add", "path": f"/x{i}", "value": "a" * 3_000} for i in TIMES],
        [{"op": "add", "path": "/x", "value": "a" * 3_000}]
        + [{"op": "copy", "from": "/x", "path": f"/x{i}"} for i in TIMES],
        [{"op": "add", "path": "/x", "value": {"a" * 60_000: 1}}] * 2,
        [{"op": "replace", "path": "/a", "value": [[0] * 1000] * 1000}],
    ],
)
def test_no_patch_makes_a_scene_of_any_size(patch):
    with pytest.raises(PatchFault, match=r"into itself|at most 100000 values"):
        patched({**DOCUMENT, "x/y": {}}, patch)


PLACES = st.sampled_from(["/a", "/a/b", "/a/b/0", "/a/b/2/c", "/a/b/-", "/z", "", "/a/q/r"])
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "remove", "replace", "copy", "move"]),
            "path": PLACES,
            "from": PLACES,
            "value": st.sampled_from([0, "x", [], {}]),
        }
    ),
    max_size=4,
)


@given(OPERATIONS)
def test_patches_agree_with_another_library(patch):
    document = {"a": {"b": [1, 2, {"c": 3}]}}
    try:
        mine = patched(document, patch)
    except PatchFault:
        # What the library lets pass that RFC 6902 does not is nobody's case.
        return
    try:
        theirs = jsonpatch.apply_patch(document, patch)
    except jsonpatch.JsonPatchConflict:
        # It cannot copy or move the whole document, which RFC 6902 lets do.
        assert any(step["op"] in ("copy", "move") and step["from"] == "" for step in patch)
        return
    assert mine == theirs


def test_the_scene_is_the_one_of_the_projects_own_tests():
    mine, theirs = scenes.staged(), tests_scenes.staged()
    assert (mine.now, mine.live["now"].keys()) == (theirs.now, theirs.live["now"].keys())
    assert mine.question["action"] == theirs.question["action"]
    assert mine.deployment["tools"] == theirs.deployment["tools"]


def test_tokens_are_signed_with_the_keys_of_the_deployment():
    stage = scenes.staged()
    held = stage.question["context"]["credentials"]
    for token, keys in (
        (held["identity"], stage.deployment["issuers"]["identity"]["keys"]),
        (held["task"], stage.deployment["issuers"]["tasks"]["keys"]),
        (stage.live["now"]["head"], stage.deployment["feed"]["keys"]),
        (
            stage.deployment["peers"]["partner"]["card"],
            stage.deployment["peers"]["partner"]["keys"],
        ),
    ):
        kid = jwt.get_unverified_header(token)["kid"]
        key = jwt.PyJWK.from_dict({**keys[kid], "alg": "ES256"})
        jwt.PyJWS().decode(token, key, algorithms=["ES256"])


def test_what_a_patch_puts_there_by_hand_stays():
    place = "/question/context/credentials/task"
    stage = scenes.staged([{"op": "replace", "path": place, "value": "mine"}])
    assert stage.question["context"]["credentials"]["task"] == "mine"
    assert scenes.staged([{"op": "remove", "path": "/question/context"}]).question.keys() == {
        "question",
        "subject",
        "action",
        "resource",
    }


@pytest.mark.system
def test_the_shipped_policy_decides_the_projects_own_cases_as_they_say():
    """The reader, the scenes and the judge of sites, held against cases that are known."""
    with cases.Judge() as judge:
        for folder in ("egress", "task", "intent", "peer"):
            known = [*cases.below(tests_scenes.CASES / folder)]
            assert known
            for case in known:
                assert cases.difference(case, judge.answer(case.scene())) == "", case.name


def test_an_answer_that_differs_is_told():
    case = cases.Case(
        code="x", name="x", outcome="deny", codes=["a.b"], details=[{}], patch=[], file=None
    )
    reasons = [{"code": "a.b", "details": [{}]}]

    def answer(outcome, reasons=reasons):
        return {"context": {"outcome": outcome, "reasons": reasons}}

    assert cases.difference(case, answer("deny")) == ""
    assert "no answer" in cases.difference(case, None)
    assert "decided allow" in cases.difference(case, answer("allow", []))
    assert "expected a.b" in cases.difference(case, answer("deny", [{"code": "c", "details": []}]))
    assert "details" in cases.difference(case, answer("deny", [{"code": "a.b", "details": []}]))


@pytest.mark.parametrize(
    "text",
    [
        "- 1",
        "a.b: [{outcome: deny}]",
        "a.b: [{name: x, outcome: maybe}]",
        "a.b: [{name: x, outcome: deny, patch: {}}]",
        "a.b: [{name: x, outcome: deny, cods: []}]",
        "a.b: [x]",
        "a: [",
    ],
)
def test_a_file_that_is_none_of_cases_is_refused(tmp_path, text):
    path = tmp_path / "cases.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        cases.read(path)
    assert refused.value.code == "cases.invalid"
    assert str(path) in refused.value.message
