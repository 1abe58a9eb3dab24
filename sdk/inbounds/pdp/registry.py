"""What the policy says of each tool, kept as long as the deployment's revision stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import ValidationError

from inbounds.errors import InvalidAnswer
from inbounds.model.question import QUESTION_VERSION, Sequenced, Tool, _Open
from inbounds.process.locks import ProcessLock

from . import REGISTRY

if TYPE_CHECKING:
    from . import PolicyDecisionPoint

UNREGISTERED = Tool(resource="unregistered", store="*")
"""Stands for a tool that is not registered: nothing is known of its arguments."""


class RegistryAnswer(_Open):
    """What `inbounds/registry/tool` answers: one tool, the label order, the revision in force.

    The tool's `store` is filled in: `*` where it may be any store.
    """

    revision: str
    registered: bool
    labels: Sequenced[str]
    tool: Tool | None = None
    proof: Sequenced[str] = ()
    """The effects for which each call carries a proof of possession."""


class Registry:
    """Asks the policy about a tool once per revision. The SDK reads no registry of its own."""

    def __init__(self, pdp: PolicyDecisionPoint) -> None:
        self._pdp = pdp
        self._lock = ProcessLock()
        self._known: dict[str, RegistryAnswer] = {}

    def tool(self, name: str, *, deadline: float) -> RegistryAnswer:
        """Return what the policy says of `name`, registered or not.

        Raises:
            DecisionUnavailable: The policy could not be asked, or gave no such answer.
        """
        known = self._known.get(name)
        if known is None:
            known = self._fetch(name, deadline)
            # Names that nobody registered may be without end.
            if known.registered:
                with self._lock:
                    self._known[name] = known
        return known

    def forget(self, revision: str) -> None:
        """Drop what was said under another revision than `revision`."""
        with self._lock:
            self._known = {
                name: answer for name, answer in self._known.items() if answer.revision == revision
            }

    def _fetch(self, name: str, deadline: float) -> RegistryAnswer:
        question = json.dumps({"question": QUESTION_VERSION, "tool": name}).encode()
        reply = self._pdp.ask(REGISTRY, question, deadline=deadline)
        try:
            answer = RegistryAnswer.model_validate(reply.result)
        except ValidationError:
            raise InvalidAnswer(
                "the PDP returned an invalid registry entry for the tool",
                hint="is the bundle of this SDK's version loaded?",
            ) from None
        if answer.registered != (answer.tool is not None) or not answer.labels:
            raise InvalidAnswer("the registry entry of the tool contradicts itself")
        return answer
