"""Every bad token, chain and proof is refused, by both engines, with the same codes."""

import pytest
from tests.bad_tokens import BAD, scene
from tests.both import both

from inbounds.pdp import ACCEPTANCE


@pytest.fixture(scope="module")
def engines():
    with both() as running:
        yield running


def codes(answer):
    return [reason["code"] for reason in answer["context"]["reasons"]]


def test_the_scene_is_allowed_without_a_fault(engines):
    for stage in scene("task"), scene("child"):
        engines.place(stage.deployment, stage.live, stage.now)
        for ask in (engines.ask_opa, engines.ask_embedded):
            assert ask(stage.question)["decision"] is True


def test_there_are_enough_of_them():
    assert len({bad.name for bad in BAD}) == len(BAD) >= 150


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_token(engines, bad):
    """
    It is denied with its code, and what holds it comes to nothing for who was handed it.
    """
    stage = bad.staged()
    engines.place(stage.deployment, stage.live, stage.now)

    opa, embedded = engines.ask_opa(stage.question), engines.ask_embedded(stage.question)

    assert opa == embedded
    assert opa["decision"] is False
    assert codes(opa) == [*bad.codes]
    if bad.slot != "proof":
        holding = {"agent": stage.question["context"]["agent"]}
        holding["credentials"] = stage.question["context"]["credentials"] | {"proof": ""}
        asked = {"question": 1, "context": holding}
        taken = engines.ask_opa(asked, ACCEPTANCE)
        assert taken == engines.ask_embedded(asked, ACCEPTANCE)
        assert taken["issued"] is False
