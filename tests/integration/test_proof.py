"""Each call proves that its sender holds the task's key, where the deployment asks for that."""

import contextlib
import json

import pytest
from tests.guards import SUBJECT, Place

from inbounds import AccessDenied
from inbounds.identity.signing_keys import SigningKey
from inbounds.testing import INTENT, small_deployment

RESEARCHER = "spiffe://acme.example/agent/researcher"


@pytest.fixture(scope="module", params=["embedded", "opa"])
def where(request, tmp_path_factory):
    """A deployment that asks for a proof of each call, on an engine."""
    settings = small_deployment()["settings"]
    place = Place(tmp_path_factory.mktemp("place"), {"settings": {**settings, "proof": ["read"]}})
    with place.engine(request.param) as url:
        yield place, url


@pytest.fixture
def guard(where):
    place, url = where
    with place.guard(url) as guard:
        yield guard


def read(task):
    return task.call("mail.read", {"id": "7"})


def denied(task):
    with pytest.raises(AccessDenied) as caught:
        read(task)
    return [reason.code for reason in caught.value.decision.reasons]


def test_a_call_is_proved(guard):
    """
    The guard signs a proof for each call: one call after another is allowed.
    """
    with guard.task(INTENT, subject=SUBJECT) as task:
        assert [read(task) for _ in range(3)] == ["mail 7"] * 3


def test_a_call_in_other_hands_is_proved_by_them(where, guard):
    """
    What was handed on is proved with the key of who has it now.
    """
    place, url = where
    with place.guard(url, agent=RESEARCHER) as other, guard.task(INTENT, subject=SUBJECT) as task:
        child = other.accept(task.delegate(RESEARCHER, holder=other.holder).chain)
        assert read(child) == read(task) == "mail 7"


def test_a_stolen_token_is_worthless(guard):
    """
    Whoever has the task's token and the agent's identity, and not the key, calls nothing.
    """
    with guard.task(INTENT, subject=SUBJECT) as task:
        assert read(task) == "mail 7"
        guard._runtime._holder = SigningKey.generate()
        assert denied(task) == ["identity.pop_mismatch"]


def test_a_call_without_a_proof_is_denied(guard, monkeypatch):
    monkeypatch.setattr("inbounds.identity.proof.proof", lambda *_, **__: "")
    with guard.task(INTENT, subject=SUBJECT) as task:
        assert denied(task) == ["identity.pop_missing"]


def test_a_proof_that_was_seen_is_worth_nothing(guard, monkeypatch):
    """
    The proof of the call before is refused, by the same key, in the same session.
    """
    from inbounds.identity import proof as signing

    seen = []
    real = signing.proof

    def replayed(*given, **how):
        seen.append(real(*given, **how))
        return seen[0]

    monkeypatch.setattr(signing, "proof", replayed)
    with guard.task(INTENT, subject=SUBJECT) as task:
        assert read(task) == "mail 7"
        assert denied(task) == ["identity.replayed"]
    assert len(seen) == 2


def test_it_is_nowhere_in_what_is_kept(where, guard, monkeypatch):
    """
    Neither proof nor token is in the records.
    """
    from inbounds.identity import proof as signing

    place, _ = where
    seen = []
    real = signing.proof
    monkeypatch.setattr(
        signing, "proof", lambda *given, **how: seen.append(real(*given, **how)) or seen[-1]
    )
    with guard.task(INTENT, subject=SUBJECT) as task, contextlib.suppress(AccessDenied):
        read(task)
    kept = json.dumps(place.records())
    assert seen
    assert not any(part in kept for token in seen for part in token.split("."))
