"""What counts against an agent's limits at an issuer's service: renewals and others' tokens."""

import json

import pytest
from tests.integration.issuer.test_http import KEY, ending, remembered, send
from tests.issuing import Issuing, task_request

from inbounds.identity import dpop
from inbounds.identity.signing_keys import SigningKey

LIMITED = (429, "issuer.limited")


@pytest.fixture
def place(request, tmp_path):
    """A service at which an agent begins four tasks in a minute, on the engine of the test."""
    place = Issuing(tmp_path)
    file = place.issuer / "service.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "begun_per_minute": 4}))
    with place.serving(getattr(request, "param", "embedded")):
        yield place


def begun(place, **changed):
    status, said = send(place, task_request(place, **changed))
    return status, said.get("code")


def renewed(place, task):
    proof = dpop.prove(KEY, "POST", place.url + "/tasks/renew")
    asked = {"identity": place.svid(), "task": task}
    status, said = send(place, asked, "/tasks/renew", proofs=[proof])
    return status, said.get("code")


@pytest.mark.parametrize("place", ["opa", "embedded"], indirect=True)
def test_tokens_that_are_refused_stop_no_renewal_of_the_agent(place):
    """
    Whoever has no user's token uses up neither renewals nor ends, and leaves few records.
    """
    _, made = send(place, task_request(place))
    stranger = SigningKey.generate()
    refused = [begun(place, subject_token=place.user(stranger)) for _ in range(6)]
    refused += [begun(place, subject="mallory@acme.example") for _ in range(2)]

    assert [(400, "issuance.subject_unverified")] * 3 + [LIMITED] * 5 == refused
    assert [(200, None)] * 4 == [renewed(place, made["task"]) for _ in range(4)]
    # A task that is begun is not verified either while so many are refused.
    assert begun(place) == LIMITED
    assert ending(place, made["task"], made["token"], [])[0] == 200
    outcomes = [one["outcome"] for one in place.issued() if "outcome" in one]
    assert outcomes == ["allow"] + ["deny"] * 3 + ["allow"] * 5
    assert remembered(place) == 1


def test_tasks_that_are_begun_stop_no_renewal_and_renewals_no_task(place):
    _, made = send(place, task_request(place))

    assert [(200, None)] * 4 + [LIMITED] * 2 == [renewed(place, made["task"]) for _ in range(6)]
    assert [(200, None)] * 3 + [LIMITED] * 2 == [begun(place) for _ in range(5)]
    # Nor are more refused tokens looked at.
    assert begun(place, subject_token="x") == LIMITED
    assert renewed(place, made["task"]) == LIMITED


def test_whoever_does_not_hold_the_task_uses_up_no_renewal(place):
    _, made = send(place, task_request(place))
    thief = SigningKey.generate()
    asked = {"identity": place.svid(), "task": made["task"]}
    for _ in range(8):
        proof = dpop.prove(thief, "POST", place.url + "/tasks/renew")
        assert send(place, asked, "/tasks/renew", proofs=[proof])[1]["code"] == "task.over"

    assert renewed(place, made["task"]) == (200, None)


def test_an_agent_that_is_not_shown_counts_against_no_other(place):
    stranger = place.svid(key=SigningKey.generate())
    for _ in range(8):
        assert begun(place, identity=stranger) == (400, "identity.unverified")

    assert begun(place) == (200, None)
