"""A host of Agent Hooks 0.1 for its own vectors, with Inbounds registered after their scripts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from agent_hooks import InterceptionPoint
from agent_hooks.ctk.reference import ReferenceHarness
from agent_hooks.emitter import _Bound
from tests.integrations.world import World

from inbounds.integrations.agent_hooks import AuthorizationInterceptor
from inbounds.testing import small_deployment

TOOLS = ("calculator", "delete_files", "http_get", "wire_transfer")
"""What the vectors call."""

ARGUMENTS = {
    **{f"/{each}": {} for each in ("expr", "path", "url")},
    **{f"/{each}": {"type": "integer"} for each in ("amount", "id")},
}

HOSTS = ["safe", "safe.example", "x"]
"""Where the vectors that let a request run send it."""

ASSISTANT = "spiffe://acme.example/agent/assistant"


COUNTS = "it counts the interceptors of a host, and there is one more"
OTHERWISE = {
    "AH-CTK-095": "the call is refused by the policy, before the host refuses it by another reason",
    "AH-CTK-101": "it is about a host without an interceptor, and there is one",
    "AH-CTK-120": COUNTS,
    "AH-CTK-121": COUNTS,
    "AH-CTK-123": COUNTS,
    "AH-CTK-124": COUNTS,
    "AH-CTK-140": COUNTS,
    "AH-CTK-142": COUNTS,
}
"""What a host with Inbounds does otherwise than a vector has it, and why."""

STOPS = "another interceptor asks, and `first_deny` with `stop` ends with the yes of its resolver"
DISAGREES = "`unanimous` makes of a disagreement what a resolver lifts"
EVALUATES = "`evaluate_only` runs what is refused"
LIFTED = {
    "AH-CTK-030": STOPS,
    "AH-CTK-089": STOPS,
    "AH-CTK-099": STOPS,
    "AH-CTK-088": DISAGREES,
    "AH-CTK-121": DISAGREES,
    "AH-CTK-040": EVALUATES,
    "AH-CTK-101": EVALUATES,
    "AH-CTK-122": EVALUATES,
}
"""In which vectors a host runs what the policy refuses, and why."""


class Desk(World):
    """A world whose policy allows what the vectors let run."""

    def __init__(self, folder: Path) -> None:
        tools = {
            name: {
                "effects": ["read"],
                "resource": "mail",
                "arguments": ARGUMENTS,
                "returns": {"label": "public", "party": "first"},
                "tenant": "acme",
                "environment": "development",
            }
            for name in TOOLS
        }
        super().__init__(folder, tools)
        scene = small_deployment()
        agent = scene["agents"][ASSISTANT]
        manifest = {**agent["manifest"], "tools": [*agent["manifest"]["tools"], *TOOLS]}
        intent = scene["intents"]["correspond"]
        self.policy.change(
            agents={**scene["agents"], ASSISTANT: {**agent, "manifest": manifest}},
            intents={
                "correspond": {
                    **intent,
                    "tools": [*intent["tools"], *TOOLS],
                    "destinations": [*intent["destinations"], "vectors"],
                }
            },
            destinations={**scene["destinations"], "vectors": {"hosts": HOSTS}},
        )
        self.resources |= {name: lambda **_: ("mail", "1") for name in TOOLS}


class GuardedHarness(ReferenceHarness):
    """The host that the contract's own project tests with, and its interceptors; then ours."""

    name = "reference-agent with inbounds"
    _folder: tempfile.TemporaryDirectory[str] | None = None
    _world: World

    def world(self, folder: Path) -> World:
        """Make what the host is put before."""
        return Desk(folder)

    def _start(self, scenario: Any, emitter: Any) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._world = self.world(Path(self._folder.name) / "world")
        own = AuthorizationInterceptor(self._world.guard, resources=self._world.resources)
        # A host's document may seal it; ours is put after what it names, at the points of a call.
        at = frozenset({InterceptionPoint.PRE_TOOL_CALL, InterceptionPoint.POST_TOOL_CALL})
        emitter._interceptors.append(_Bound(own, "inbounds", at))
        super()._start(scenario, emitter)

    async def run(self) -> Any:
        with self._world.task():
            return await super().run()

    def teardown(self) -> None:
        super().teardown()
        if self._folder is not None:
            self._world.close()
            self._folder.cleanup()
            self._folder = None
