"""The vectors of Agent Hooks 0.1, on the host they come with, with Inbounds registered last.

What came of each is compared with `vectors.json`, which the page of this adapter shows the numbers
of; `RECORD=1` writes it anew.
"""

import asyncio
import json
import os
from collections import Counter
from importlib import metadata
from pathlib import Path

import pytest
from agent_hooks.ctk.runner import load_vectors, run_vector
from tests.documents import ROOT
from tests.integrations.agent_hooks.harness import (
    COUNTS,
    LIFTED,
    OTHERWISE,
    STOPS,
    Desk,
    GuardedHarness,
)

KEPT = Path(__file__).with_name("vectors.json")


@pytest.fixture
def agent_hooks_harness():
    return GuardedHarness


def test_a_vector(agent_hooks_assert):
    """
    By the plugin that the vectors come with.
    """


@pytest.fixture(scope="module")
def results():
    return {
        vector["id"]: asyncio.run(run_vector(GuardedHarness(), vector))
        for vector in load_vectors(None)
    }


def test_the_numbers_are_the_ones_that_are_shown(results):
    found = {
        "version": metadata.version("agent-hooks-sdk"),
        "vectors": {
            name: {"pass": "passed", "skip": f"skipped: {each.detail}"}.get(
                each.status, f"failed: {OTHERWISE.get(name, 'nobody knows why')}"
            )
            for name, each in results.items()
        },
    }
    if os.environ.get("RECORD"):
        KEPT.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    assert found == json.loads(KEPT.read_text("utf-8"))

    numbers = Counter(each.partition(":")[0] for each in found["vectors"].values())
    page = (ROOT / "docs" / "integrations" / "agent_hooks.md").read_text("utf-8")
    assert f"| {len(results)} | {numbers['passed']} | {numbers['failed']} " in page
    assert f"| {numbers['skipped']} |" in page
    for name in (*OTHERWISE, *(n for n, each in results.items() if each.status == "skip")):
        assert f"`{name}`" in page


def test_what_fails_fails_by_what_is_told_alone(results):
    for name, why in OTHERWISE.items():
        said = "\n".join(results[name].failures)
        if why == COUNTS:
            assert all("interceptors_registered ==" in each for each in results[name].failures)
        elif name == "AH-CTK-095":
            assert 'verdict.reason == "inbounds:argument.not_representable"' in said
            assert 1 == len(results[name].failures)


class Denying(GuardedHarness):
    """A host whose policy knows none of the tools."""

    def world(self, folder):
        desk = Desk(folder)
        tools = dict(desk.policy.deployment["tools"])
        for name in ("calculator", "delete_files", "http_get", "wire_transfer"):
            del tools[name]
        desk.policy.change(tools=tools)
        return desk

    async def run(self):
        self.record = await super().run()
        return self.record


@pytest.mark.parametrize("vector", load_vectors(None), ids=lambda vector: vector["id"])
def test_what_the_policy_refuses_runs_where_the_hosts_profile_lifts_it_alone(vector):
    """
    Whatever other interceptors and resolvers say. Of what runs all the same nothing is given,
    unless that is lifted as well.
    """
    host = Denying()
    asyncio.run(run_vector(host, vector))
    record = getattr(host, "record", None)
    ran = record is not None and bool(record.tool_invocations)
    assert ran == (vector["id"] in LIFTED)
    for each in record.records if LIFTED.get(vector["id"]) == STOPS else ():
        if each["interception_point"] == "post_tool_call":
            assert "inbounds:permit.missing" == each["verdict"]["reason"]
