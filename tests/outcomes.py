"""What the embedded policy decides of one scene after another."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from inbounds.engine import assets
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import InvalidAnswer
from inbounds.pdp import DECISION

from .both import place_embedded
from .scenes import Staged


class Outcomes:
    """The embedded policy, put before one scene after another."""

    def __init__(self) -> None:
        self._now = 0
        self._placed: Any = None
        self.policy = EmbeddedPolicy(
            assets.wasm_bundle(), key=assets.release_key(), clock=lambda: self._now * 10**9
        )

    def answer(self, stage: Staged) -> dict[str, Any]:
        """The context of the answer; empty where there is none."""
        self._now = stage.now
        data = (stage.deployment, stage.live)
        question = json.dumps(stage.question).encode()
        try:
            if data != self._placed:
                place_embedded(self.policy, stage.deployment, stage.live)
                self._placed = copy.deepcopy(data)
            reply = self.policy.ask(DECISION, question, deadline=time.monotonic() + 30)
        except InvalidAnswer:
            return {}
        context: dict[str, Any] = reply.result["context"]
        return context

    def outcome(self, stage: Staged) -> str:
        """What is decided; `none` where there is no answer."""
        return str(self.answer(stage).get("outcome", "none"))

    def close(self) -> None:
        """End the engine."""
        self.policy.close()
