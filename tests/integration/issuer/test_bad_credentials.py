"""Whatever is wrong with what is shown to an issuer's service: nothing is issued, on either engine.

The faults are those of `tests/bad_tokens.py`, put into tokens that are sound without them.
"""

import contextlib
import json
import time

import pytest
from tests import bad_tokens, scenes
from tests.integration.issuer.test_http import remembered, send
from tests.issuing import LOGIN, WORKLOADS, Issuing, task_request

from inbounds.testing import AGENT, SUBJECT

LATE = {
    "over": lambda claims: claims.update(iat=claims["iat"] - 600, exp=claims["iat"] - 300),
    "not begun": lambda claims: claims.update(nbf=claims["iat"] + 120),
    "of the future": lambda claims: claims.update(iat=claims["iat"] + 120),
    "good for a day": lambda claims: claims.update(exp=claims["iat"] + 86_400),
    "for somebody else": lambda claims: claims.update(aud=["https://other.example"]),
    "of another issuer": lambda claims: claims.update(iss="https://evil.example"),
    "of another agent or user": lambda claims: claims.update(sub=claims["sub"] + "x"),
}
"""What is wrong by the time and the place at which it is shown."""
SOUND = {("subject", "typ at+jwt")}
"""What a user may show: an access token (RFC 9068)."""
FAULTS = [
    (slot, name)
    for slot in ("identity", "subject")
    for name in (*bad_tokens.shown(slot), *LATE)
    if (slot, name) not in SOUND
]


def _shown(slot, name=""):
    """A token of the slot, with the fault of this name."""
    now = int(time.time())
    claims = {"aud": ["inbounds"], "iat": now, "exp": now + 300}
    claims |= (
        {"iss": WORKLOADS, "sub": AGENT} if slot == "identity" else {"iss": LOGIN, "sub": SUBJECT}
    )
    header = {"alg": "ES256", "kid": bad_tokens.SIGNERS[slot], "typ": "JWT"}
    if name in LATE:
        LATE[name](claims)
    elif name:
        return bad_tokens.shown(slot)[name](header, claims)
    return bad_tokens.Token(header, claims, bad_tokens.Signer(header["kid"], "ES256")).compact()


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """A service on each engine, which trusts the keys that the faults are signed with."""
    with contextlib.ExitStack() as stack:
        places = []
        for engine in ("opa", "embedded"):
            place = Issuing(tmp_path_factory.mktemp(engine))
            issuers = place.folder / "deployment" / "issuers.yaml"
            said = json.loads(issuers.read_text("utf-8"))
            for name, slot in (("workloads", "identity"), ("login", "subject")):
                kid = bad_tokens.SIGNERS[slot]
                said[name]["keys"] = {kid: scenes.public_jwk(kid)}
            issuers.write_text(json.dumps(said), encoding="utf-8")
            settings = place.issuer / "service.json"
            more = {"begun_per_minute": 100_000, "asked_per_minute": 100_000}
            settings.write_text(json.dumps({**json.loads(settings.read_text()), **more}))
            stack.enter_context(place.serving(engine))
            places.append(place)
        yield places


def _asked(place, **shown):
    return send(place, task_request(place, **{"identity": _shown("identity"), **shown}))


def test_what_is_shown_is_good_without_a_fault(services):
    for place in services:
        status, said = _asked(place, subject_token=_shown("subject"))
        assert (status, said.get("task", "")[:5]) == (200, "task-"), said


def test_there_are_enough_of_them():
    assert len(FAULTS) == len(set(FAULTS)) >= 145


@pytest.mark.parametrize(("slot", "name"), FAULTS, ids=str)
def test_a_bad_credential(services, slot, name):
    """
    Both say the same of it, with a code and no word of the token, and no task is begun.
    """
    bad = _shown(slot, name)
    field = "identity" if slot == "identity" else "subject_token"
    answers = []
    for place in services:
        before = remembered(place)
        status, said = _asked(place, **{"subject_token": _shown("subject"), field: bad})
        said.pop("decision_id", None)
        answers.append((status, said))
        assert remembered(place) == before

    assert answers[0] == answers[1]
    assert 400 <= status < 500
    assert said["code"]
    for part in str(bad).split("."):
        assert len(part) < 12 or part not in json.dumps(said)
