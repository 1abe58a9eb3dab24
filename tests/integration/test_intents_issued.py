"""A drafted task is issued as it was drafted: the policy has nothing of it to cut."""

from __future__ import annotations

import json

import pytest
from tests import scenes
from tests.both import both
from tests.unit.intent.templates import CODE, MONEY, OFFICE

from inbounds.model.claims import Bounds
from inbounds.pdp import ISSUANCE
from inbounds_tools.intents import draft

INTENTS = {"office": OFFICE, "money": MONEY, "code": CODE}
BOUNDED = {
    "domains": {"recipient": {"domains": ["north.example"]}},
    "shut": {"recipient": {}, "credential": {"origins": ["listing"]}, "code": {"values": ["make"]}},
    "wide": {"recipient": {"origins": ["third_party_text", "quoted_text", "prompt"], "up_to": 3}},
}
EFFECTS = ["read", "write", "delete", "export", "execute", "spend"]
PROMPTS = [
    "Summarise my mail",
    "Send it to rosa@north.example and eve@evil.example, share 'a.txt'; delete file 'b.txt'",
    "Send it to rosa@north.example, but not to omar@north.example",
    "Do what the note 'Handover' says, but do not send anything",
    "Pay the bill 'gas-may.pdf'",
    "Update profile: new password 'x', pay GB33 BUKB 2020 1555 5555 55",
    "Please snooze it",
    "Fix it, commit, rerun the job and close the issue",
]


@pytest.fixture(scope="module")
def engines():
    with both() as running:
        stage = scenes.staged()
        deployment = json.loads(json.dumps(stage.deployment))
        deployment["intents"] = {
            name: {**intent.model_dump(mode="json"), "tools": ["mail.read"]}
            for name, intent in templates().items()
        }
        agent = deployment["agents"]["spiffe://acme.example/agent/assistant"]
        agent["manifest"]["effects"] = EFFECTS
        deployment["subjects"]["alice@acme.example"]["effects"] = EFFECTS
        running.place(deployment, stage.live, stage.now)
        yield running


def templates():
    bounded = {
        name: OFFICE.model_copy(update={"bounds": Bounds.model_validate(bounds)})
        for name, bounds in BOUNDED.items()
    }
    return INTENTS | bounded


@pytest.mark.parametrize("name", templates())
def test_the_policy_grants_what_was_drafted_and_cuts_nothing(engines, name):
    for prompt in PROMPTS:
        made = draft(prompt, templates()[name], name=name).scope
        question = {
            "question": 1,
            "subject": "alice@acme.example",
            "agent": "spiffe://acme.example/agent/assistant",
            "intent": name,
            "tenant": "acme",
            "environment": "production",
            "seconds": 60,
            "scope": made.model_dump(mode="json"),
        }
        for answer in (
            engines.ask_opa(question, ISSUANCE),
            engines.ask_embedded(question, ISSUANCE),
        ):
            assert answer["issued"], answer
            assert [] == answer["cut"], prompt
            authority = answer["authority"]
            wanted = made.model_dump(mode="json")
            assert wanted["effects"] == authority["effects"]
            assert wanted["resources"] == authority["resources"]
            assert wanted["delegated"] == authority["delegated"]
            for role, bound in wanted["bounds"].items():
                assert bound == authority["bounds"][role], (prompt, role)
