"""That the tests' own scenes are what they say: signed by the right keys, at the right time."""

from __future__ import annotations

import jwt
import pytest
from tests import scenes


def verified(token, kid, kty="EC", algorithms=("ES256",)):
    key = scenes.private_key(kid, kty).public_key()
    return jwt.PyJWS(algorithms=list(algorithms)).decode(token, key, algorithms=list(algorithms))


def test_the_tokens_of_the_ordinary_scene_are_signed_with_the_deployments_keys():
    stage = scenes.staged()
    credentials = stage.question["context"]["credentials"]
    partner = stage.deployment["peers"]["partner"]
    for token, kid, keys in (
        (credentials["identity"], "identity-1", stage.deployment["issuers"]["identity"]["keys"]),
        (credentials["task"], "task-1", stage.deployment["issuers"]["tasks"]["keys"]),
        (stage.live["now"]["head"], "feed-1", stage.deployment["feed"]["keys"]),
        (partner["card"], "card-1", partner["keys"]),
    ):
        verified(token, kid)
        assert set(jwt.get_unverified_header(token)) == {"alg", "kid", "typ"}
        assert keys == {kid: scenes.public_jwk(kid)}
        jwt.PyJWK.from_dict({**keys[kid], "alg": "ES256"})


def test_a_forged_token_is_signed_by_somebody_else():
    stage = scenes.staged([{"op": "replace", "path": "/task/genuine", "value": False}])
    with pytest.raises(jwt.InvalidSignatureError):
        verified(stage.question["context"]["credentials"]["task"], "task-1")


def test_another_algorithm_has_a_key_of_its_type():
    patch = [
        {"op": "replace", "path": "/task/header/alg", "value": "RS256"},
        {
            "op": "replace",
            "path": "/deployment/issuers/tasks/keys/task-1",
            "value": {"kty": "RSA", "n": "eA", "e": "AQAB"},
        },
    ]
    stage = scenes.staged(patch)
    verified(stage.question["context"]["credentials"]["task"], "task-1", "RSA", ("RS256",))
    assert stage.deployment["issuers"]["tasks"]["keys"]["task-1"]["kty"] == "RSA"


def test_the_head_is_over_the_entries_that_are_there():
    patch = [{"op": "add", "path": "/live/now/ended/task-9", "value": 1}]
    claims = [
        jwt.decode(scenes.staged(p).live["now"]["head"], options={"verify_signature": False})
        for p in ((), patch)
    ]
    assert claims[0]["digest"] != claims[1]["digest"]


def test_all_times_move_with_the_scene():
    then, now = scenes.staged(), scenes.staged(now=1_900_000_000)
    assert now.now == 1_900_000_000
    for name in ("identity", "task"):
        old, new = (
            jwt.decode(
                s.question["context"]["credentials"][name], options={"verify_signature": False}
            )
            for s in (then, now)
        )
        assert new["exp"] - now.now == old["exp"] - then.now
        assert new["iat"] - now.now == old["iat"] - then.now


def test_what_a_patch_puts_in_a_place_stays():
    place = "/question/context/credentials/task"
    stage = scenes.staged([{"op": "replace", "path": place, "value": "not.a.token"}])
    assert stage.question["context"]["credentials"]["task"] == "not.a.token"


def test_scenes_do_not_share_what_a_test_changes():
    scenes.staged().question["context"]["agent"] = "changed"
    assert scenes.staged().question["context"]["agent"] != "changed"


@pytest.mark.system
def test_every_case_can_be_staged():
    known = list(scenes.cases())
    assert known
    for case in known:
        assert case.staged().now
