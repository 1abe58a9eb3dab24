"""What is a SPIFFE ID to the SDK is one to the policy, and nothing else is."""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.engines import ROOT, opa_binary

from inbounds.model.spiffe import is_spiffe_id

POLICY = ROOT / "rego/inbounds/lib/spiffe/spiffe.rego"
IDS = [
    "spiffe://acme.example/agent/assistant",
    "spiffe://acme.example/a",
    "spiffe://acme-2_x.example/Agent/A.b-c_D/...",
    "spiffe://a/" + "b" * 2037,
    "spiffe://a/" + "b" * 2038,
    "",
    "assistant",
    "agent:spiffe://acme.example/agent",
    "acme.example/agent",
    "https://acme.example/agent",
    "SPIFFE://acme.example/agent",
    "spiffe:/acme.example/agent",
    "spiffe://ACME.example/agent",
    "spiffe:///agent",
    "spiffe://acme.example",
    "spiffe://acme.example/",
    "spiffe://acme.example/agent/",
    "spiffe://acme.example//agent",
    "spiffe://./agent",
    "spiffe://../agent",
    "spiffe://acme.example/../agent",
    "spiffe://acme.example/agent/.",
    "spiffe://acme.example/agent%2F",
    "spiffe://acme.example:8443/agent",
    "spiffe://user@acme.example/agent",
    "spiffe://acme.example/agent x",
    "spiffe://acme.example/agent\n",
    " spiffe://acme.example/agent",
    "spiffe://acme.example/agént",
    "spiffe://acmé.example/agent",
    "spiffe://acme.example/agent/*",
]


@pytest.mark.system
def test_the_policy_and_the_sdk_take_the_same_names():
    query = "[id | some id in input; data.inbounds.lib.spiffe.trust_domain(id)]"
    done = subprocess.run(
        [*(opa_binary(), "eval", "--format", "raw", "--stdin-input"), "--data", POLICY, query],
        input=json.dumps(IDS),
        capture_output=True,
        text=True,
        check=True,
    )
    taken = json.loads(done.stdout)
    assert taken == [name for name in IDS if is_spiffe_id(name)]
    assert len(taken) == 4
