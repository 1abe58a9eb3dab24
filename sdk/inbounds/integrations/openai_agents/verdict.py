"""What the policy has said of a call, until the tool's place takes it up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Permit


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool.

    Attributes:
        tool: The name of the tool.
        id: The framework's id of the call.
        arguments: With all that the tool adds to them.
        stated: The arguments as the model has stated them.
        served: Whether the tool is one of an MCP server.
    """

    tool: str
    id: str
    arguments: Mapping[str, Any]
    stated: Mapping[str, Any]
    served: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer of the policy.

    Attributes:
        call: What was judged, as the framework has it.
        permit: The right to run it; None where there is none.
        error: Why there is none.
    """

    call: Call
    permit: Permit | None = None
    error: Exception | None = None

    def is_of(self, arguments: Mapping[str, Any]) -> bool:
        """Whether these are the arguments it is about."""
        return _text(arguments) == _text(self.call.arguments)

    def drop(self) -> None:
        """Say that the call will not run. What was spent stays spent."""
        if self.permit is not None:
            self.permit.cancel()


class Verdicts:
    """The verdicts that no tool has taken up yet, by task, tool and id of the call. Thread-safe.

    A model may use an id twice: what one task may do is not a verdict on another's call.
    """

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._waiting: dict[tuple[str, str, str], list[Verdict]] = {}

    def put(self, task: str, verdict: Verdict) -> None:
        """Keep a verdict for the tool."""
        key = (task, verdict.call.tool, verdict.call.id)
        with self._lock:
            self._waiting.setdefault(key, []).append(verdict)

    def refuses(self, task: str, tool: str, call_id: str) -> bool:
        """Whether the oldest verdict on a call is a refusal. It is kept."""
        with self._lock:
            found = self._waiting.get((task, tool, call_id))
            return found is not None and found[0].permit is None

    def take(self, task: str, tool: str, call_id: str) -> Verdict | None:
        """Return the oldest verdict on a call, and keep it no longer."""
        with self._lock:
            found = self._waiting.get((task, tool, call_id))
            if not found:
                return None
            verdict = found.pop(0)
            if not found:
                del self._waiting[task, tool, call_id]
            return verdict


def _text(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, default=repr)
