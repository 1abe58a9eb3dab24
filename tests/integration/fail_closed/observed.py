"""A guard under observation, on either engine: what ran, what was raised, told and recorded."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.served import feed_of

from inbounds import AccessDenied, Guard, InboundsError, InvalidAnswer, Timeout, Unreachable
from inbounds.pdp import DECISION, PolicyDecisionPoint, Reply
from inbounds.pep.telemetry import NAMES, Telemetry
from inbounds.testing import INTENT, SUBJECT


class Fault(NamedTuple):
    """How a cause is told: the error's class and code, and words of its text that name it.

    Where it lies with the operating system which of several is told, `words` has them all.
    """

    kind: type[InboundsError]
    code: str
    words: str | tuple[str, ...]


def invalid(words: str | tuple[str, ...]) -> Fault:
    return Fault(InvalidAnswer, InvalidAnswer.code, words)


def unreachable(words: str | tuple[str, ...]) -> Fault:
    return Fault(Unreachable, Unreachable.code, words)


def timeout(words: str) -> Fault:
    return Fault(Timeout, Timeout.code, words)


def denied(code: str, words: str) -> Fault:
    return Fault(AccessDenied, code, words)


class Observed:
    """One guard with one tool, `mail.read`, that can run on the policy as it is.

    Attributes:
        engine: "embedded" or "opa".
        put_feed: Replaces the revocation feed in the engine.
        ran: The arguments of every run of the tool.
    """

    def __init__(self, guard: Guard, put_feed: Callable[[Any], None]) -> None:
        self.guard = guard
        self.parts = guard._runtime
        self.engine = self.parts.pdp.name
        self.put_feed = put_feed
        self.ran: list[str] = []
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.parts.telemetry = Telemetry(tracer_provider=provider)

        @guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> str:
            self.ran.append(id)
            return id

    @property
    def feed(self) -> Any:
        """The feed's owner."""
        return feed_of(self.guard)

    @property
    def spans(self) -> list[dict[str, Any]]:
        """What was told of each decision, by the words of `telemetry.NAMES`."""
        words = {name: word for word, name in NAMES.items()}
        return [
            {words[name]: value for name, value in span.attributes.items()}
            for span in self._exporter.get_finished_spans()
        ]

    def records(self, decision: str = "") -> list[dict[str, Any]]:
        """What the evidence log holds, of one decision or of all."""
        with contextlib.closing(sqlite3.connect(self.guard.evidence.path)) as connection:
            rows = connection.execute(
                "SELECT body FROM records WHERE ? IN ('', decision_id) ORDER BY seq", (decision,)
            )
            return [json.loads(body) for (body,) in rows]

    def begin(self) -> Any:
        """Begin a task that may use the tool."""
        return self.guard.task(INTENT, subject=SUBJECT)

    def allowed(self, task: Any) -> None:
        """Call the tool, and see that it ran."""
        before = len(self.ran)
        assert task.call("mail.read", {"id": "42"}) == "42"
        assert len(self.ran) == before + 1
        self._exporter.clear()

    def refused(self, fault: Fault, task: Any = None, *, recorded: bool = True) -> InboundsError:
        """Call the tool, and see that it did not run, and that everything says why.

        Args:
            fault: What has to be told.
            task: The task to call under; one of its own where none is given.
            recorded: Whether the evidence log works.
        """
        own = self.begin() if task is None else task
        before = list(self.ran)
        with pytest.raises(fault.kind) as caught:
            own.call("mail.read", {"id": "42"})
        error = caught.value

        assert self.ran == before, "it ran"
        assert type(error) is fault.kind
        assert (error.executed, error.code) == ("no", fault.code)
        named = (fault.words,) if isinstance(fault.words, str) else fault.words
        assert any(words in str(error) for words in named), str(error)
        assert error.decision_id

        outcome = "deny" if fault.kind is AccessDenied else "unavailable"
        (span,) = self.spans
        assert (span["tool"], span["outcome"], span["enforcement"]) == (
            *("mail.read", outcome, "blocked"),
        )
        assert span.get("code" if outcome == "deny" else "error") == fault.code
        if recorded:
            (record,) = self.records(error.decision_id)
            assert (record["kind"], record["outcome"]) == ("decided.v1", outcome)
            assert record["codes"][0] == fault.code
        return error

    @contextlib.contextmanager
    def decided_by(self, decisions: PolicyDecisionPoint, *, deadline: float = 5) -> Iterator[None]:
        """Let another PDP make the decisions; the rest is still asked of the engine."""
        with self.asking(
            lambda pdp, entrypoint, question, how: (
                decisions if entrypoint == DECISION else pdp
            ).ask(entrypoint, question, **how),
            deadline=deadline,
        ):
            yield

    @contextlib.contextmanager
    def asking(self, ask: Callable[..., Reply], *, deadline: float = 5) -> Iterator[None]:
        """Put `ask(pdp, entrypoint, question, how)` between the guard and its engine."""
        object.__setattr__(self.guard.configuration, "deadline", deadline)
        own, registry = self.parts.pdp, self.parts.registry._pdp
        between = Between(own, ask)
        self.parts.pdp = self.parts.registry._pdp = between
        try:
            yield
        finally:
            self.parts.pdp, self.parts.registry._pdp = own, registry

    @contextlib.contextmanager
    def answers_changed(
        self, change: Callable[[Any], Any], where: str = DECISION
    ) -> Iterator[None]:
        """Change what the engine answers of one entry point."""

        def ask(pdp: Any, entrypoint: str, question: bytes, how: Any) -> Reply:
            reply = pdp.ask(entrypoint, question, **how)
            if entrypoint != where:
                return reply
            return Reply(change(json.loads(json.dumps(reply.result))), reply.engine_id)

        with self.asking(ask):
            yield

    @contextlib.contextmanager
    def questions_changed(self, change: Callable[[Any], Any]) -> Iterator[None]:
        """Change what the engine is asked for a decision."""

        def ask(pdp: Any, entrypoint: str, question: bytes, how: Any) -> Reply:
            if entrypoint == DECISION:
                question = json.dumps(change(json.loads(question))).encode()
            return pdp.ask(entrypoint, question, **how)

        with self.asking(ask):
            yield


class Between:
    """A PDP that is asked through a function."""

    def __init__(self, pdp: PolicyDecisionPoint, ask: Callable[..., Reply]) -> None:
        self._pdp = pdp
        self._ask = ask
        self.name = pdp.name

    def ask(self, entrypoint: str, question: bytes, **how: Any) -> Reply:
        return self._ask(self._pdp, entrypoint, question, how)

    def close(self) -> None:
        self._pdp.close()
