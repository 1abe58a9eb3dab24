"""What decides, and what takes the revocation feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Reply


class PolicyDecisionPoint(Protocol):
    """Anything that evaluates the policy: `OpaServer`, `EmbeddedPolicy`, or a fake in a test."""

    @property
    def name(self) -> str:
        """`opa` or `embedded`, as spans and records say it."""
        ...

    def ask(
        self, entrypoint: str, question: bytes, *, deadline: float, traceparent: str = ""
    ) -> Reply:
        """Evaluate one entry point.

        Args:
            entrypoint: One of the constants of `inbounds.pdp`.
            question: The `input` document, UTF-8 JSON.
            deadline: When to give up, on the clock of `time.monotonic`, in seconds.
            traceparent: W3C trace context to pass on, or "".

        Raises:
            Timeout: The deadline passed.
            Unreachable: Nobody there, or a fault of the engine's own.
            InvalidAnswer: Undefined, or not JSON.
        """
        ...

    def close(self) -> None:
        """Release connections and memory. A closed PDP answers nothing."""
        ...


class LiveTarget(Protocol):
    """Anything that takes the revocation feed in whole."""

    def push_live(self, now: Mapping[str, Any]) -> None:
        """Replace `data.live.now` (`model.deployment.LiveNow` as JSON) in one step."""
        ...
