"""What a decision tells OpenTelemetry: one span, one event, its duration, its outcome.

Only the API of OpenTelemetry is used here, and importing sets nothing up: without providers
all of it does nothing. `inbounds.pep.telemetry.configure` makes providers for who has none.

A deny is a success, its status stays unset; only where no decision could be had is the span
an error. No argument, result, message of an exception or id of a resource is ever told;
ids of any kind never go on metrics.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.trace import SpanKind, Status, StatusCode

from inbounds.errors import DecisionUnavailable, InboundsError
from inbounds.lazy import lazy_names
from inbounds.process import clock
from inbounds.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from opentelemetry._logs import Logger, LoggerProvider
    from opentelemetry.metrics import Counter, Histogram, MeterProvider
    from opentelemetry.trace import Tracer, TracerProvider

Outcome = Literal["allow", "deny", "ask", "unavailable"]
Mode = Literal["enforce", "evaluate_only"]
Enforcement = Literal["executed", "blocked", "paused", "shadowed", "withheld"]

NAMES: Final = {
    # What joins a decision to the spans that agent frameworks and OPA make.
    "tool": "gen_ai.tool.name",
    "tool_call_id": "gen_ai.tool.call.id",
    "agent": "gen_ai.agent.id",
    "agent_name": "gen_ai.agent.name",
    "sid": "gen_ai.conversation.id",
    "engine_id": "opa.decision_id",
    "rule": "security_rule.name",
    "error": "error.type",
    # What is told of the decision itself.
    "task": "inbounds.task.id",
    "decision_id": "inbounds.decision.id",
    "outcome": "inbounds.decision.outcome",
    "code": "inbounds.decision.reason_code",
    "codes": "inbounds.decision.reason_codes",
    "mode": "inbounds.decision.mode",
    "enforcement": "inbounds.enforcement",
    "revision": "inbounds.policy.revision",
    "deployment": "inbounds.deployment.revision",
    "pdp": "inbounds.pdp.name",
    "digest": "inbounds.input.digest",
}
"""The attribute that each word goes by. Semantic conventions for authorization do not exist;
what is not a key of somebody else's to join on has a name of our own."""

logger = logging.getLogger(__name__)

EVENT: Final = "inbounds.decision"
DURATION: Final = "inbounds.decision.duration"
DECISIONS: Final = "inbounds.decisions"
PDP_ERRORS: Final = "inbounds.pdp.errors"
BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Of the duration's histogram, in seconds."""

_MEASURED = frozenset({"outcome", "pdp", "mode", "error"})
_COUNTED = _MEASURED | {"code"}
_CODE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+", re.ASCII)
_OTHER = "_OTHER"

_SEVERITY: Final = {
    "allow": (SeverityNumber.INFO, "INFO"),
    "deny": (SeverityNumber.WARN, "WARN"),
    "ask": (SeverityNumber.WARN, "WARN"),
    "unavailable": (SeverityNumber.ERROR, "ERROR"),
}
_ENFORCED: Final[dict[str, Enforcement]] = {
    "deny": "blocked",
    "ask": "paused",
    "unavailable": "blocked",
}


_PLACEHOLDERS = ("opentelemetry.trace", "opentelemetry.metrics", "opentelemetry._logs")


def placeholder(provider: object) -> bool:
    """Whether a provider is the API's own, which does nothing until a real one is set."""
    return type(provider).__module__.startswith(_PLACEHOLDERS)


@dataclass(slots=True)
class _Instruments:
    tracer: Tracer
    logger: Logger
    duration: Histogram
    decisions: Counter
    pdp_errors: Counter
    live: bool
    tracers: TracerProvider = field(default_factory=trace.get_tracer_provider)
    meters: MeterProvider = field(default_factory=metrics.get_meter_provider)
    loggers: LoggerProvider = field(default_factory=_logs.get_logger_provider)

    def __post_init__(self) -> None:
        found = (self.tracers, self.meters, self.loggers)
        self.live = self.live or not all(placeholder(provider) for provider in found)

    def listened_to(self) -> bool:
        """Whether anything told goes anywhere. A provider, once set, stays."""
        self.live = (
            self.live
            or trace.get_tracer_provider() is not self.tracers
            or metrics.get_meter_provider() is not self.meters
            or _logs.get_logger_provider() is not self.loggers
        )
        return self.live


class Telemetry:
    """Tells of decisions; see the module.

    Args:
        tracer_provider: The global one when absent, even if it is set later.
        meter_provider: Likewise.
        logger_provider: Likewise.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        logger_provider: LoggerProvider | None = None,
    ) -> None:
        meter = metrics.get_meter("inbounds", __version__, meter_provider)
        self._instruments = _Instruments(
            tracer=trace.get_tracer("inbounds", __version__, tracer_provider),
            logger=_logs.get_logger("inbounds", __version__, logger_provider),
            duration=meter.create_histogram(
                DURATION,
                unit="s",
                description="How long a decision took, without what it decided about.",
                explicit_bucket_boundaries_advisory=BUCKETS,
            ),
            decisions=meter.create_counter(
                DECISIONS, unit="{decision}", description="How many decisions were made."
            ),
            pdp_errors=meter.create_counter(
                PDP_ERRORS, unit="{error}", description="How often no decision could be had."
            ),
            live=any((tracer_provider, meter_provider, logger_provider)),
        )

    def decision(
        self,
        *,
        tool: str,
        agent: str,
        sid: str,
        task: str,
        pdp: str,
        mode: Mode = "enforce",
        tool_call_id: str = "",
        agent_name: str = "",
        decision_id: str = "",
    ) -> DecisionSpan:
        """Begin the span `authorize <tool>`, a child of the current one.

        It is not made current, so that what the tool does is not part of it; `evaluating` of
        the span makes it current for a while.

        Args:
            tool: The name of the tool.
            agent: Who acts.
            sid: The session.
            task: The id of the task.
            pdp: `opa` or `embedded`.
            mode: Whether the answer is enforced.
            tool_call_id: What the agent's framework calls this call.
            agent_name: What it calls the agent.
            decision_id: The PEP's id of the decision.
        """
        said = {
            "tool": tool,
            "agent": agent,
            "sid": sid,
            "task": task,
            "pdp": pdp,
            "mode": mode,
            "tool_call_id": tool_call_id,
            "agent_name": agent_name,
            "decision_id": decision_id,
        }
        return DecisionSpan(self._instruments, said)


class DecisionSpan:
    """The span of one decision, open until it is known what became of it.

    As a context manager it ends with the block; otherwise call `end`. It lasts, as told to
    OpenTelemetry, until the decision was known, however much later it is ended.
    """

    __slots__ = (
        "_ended",
        "_known",
        "_live",
        "_said",
        "_settled",
        "_span",
        "_started",
        "_through",
        "_traceparent",
    )

    def __init__(self, through: _Instruments, said: dict[str, Any]) -> None:
        self._through = through
        self._said = said
        self._settled = False
        self._ended = False
        self._known: int | None = None
        self._traceparent: str | None = None
        self._live = through.listened_to()
        self._started = clock.monotonic()
        self._span: trace.Span = trace.INVALID_SPAN
        with _UNHEARD:
            self._span = through.tracer.start_span(
                f"authorize {said['tool']}",
                kind=SpanKind.CLIENT if said["pdp"] == "opa" else SpanKind.INTERNAL,
                attributes=_named(said) if self._live else None,
                start_time=clock.now_ns() if self._live else None,
                record_exception=False,
                set_status_on_exception=False,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        undecided = not self._settled
        if isinstance(error, DecisionUnavailable) or (error is not None and undecided):
            self.unavailable(error)
        elif undecided:
            self._settle("unavailable", {"error": _OTHER})
        self.end()

    @property
    def traceparent(self) -> str:
        """The W3C trace context of the span, to be sent to the PDP, or "" without one."""
        if self._traceparent is None:
            self._traceparent = self._context()
        return self._traceparent

    def _context(self) -> str:
        found = self._span.get_span_context()
        if not found.is_valid:  # without an SDK, the trace of whoever called this process goes on
            found = trace.get_current_span().get_span_context()
        if not found.is_valid:
            return ""
        # The sampled bit alone: readers of Trace Context level 1 refuse the random flag.
        return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags & 1:02x}"

    @property
    def trace_id(self) -> str:
        """32 hex digits, or "" without tracing."""
        return self.traceparent[3:35]

    @property
    def span_id(self) -> str:
        """16 hex digits, or "" without tracing."""
        return self.traceparent[36:52]

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Make the span current, so that an instrumented client's spans become its children."""
        with trace.use_span(self._span, record_exception=False, set_status_on_exception=False):
            yield

    def decided(
        self,
        outcome: Literal["allow", "deny", "ask"],
        *,
        code: str = "",
        codes: Sequence[str] = (),
        revision: str = "",
        deployment: str = "",
        engine_id: str = "",
        decision_id: str = "",
        digest: str = "",
    ) -> None:
        """Tell the outcome, once. The decision's duration ends here.

        What follows from a deny (`blocked`) and an ask (`paused`) is told with it.

        Args:
            outcome: What was decided.
            code: *The* code; the first of `codes` when absent.
            codes: The codes of all reasons.
            revision: Which policy answered.
            deployment: With which deployment.
            engine_id: OPA's own id of the decision.
            decision_id: The PEP's, if it was not given at the beginning.
            digest: The HMAC of the arguments.
        """
        if not self._live:
            self._settled = True
            return
        plain = [_plain(each) for each in codes]
        first = _plain(code) if code else next(iter(plain), "")
        facts = {
            "code": first,
            "codes": plain,
            "rule": first,
            "revision": revision,
            "deployment": deployment,
            "engine_id": engine_id,
            "decision_id": decision_id,
            "digest": digest,
        }
        self._settle(outcome, facts)

    def unavailable(self, error: BaseException, *, decision_id: str = "") -> None:
        """Tell that no decision could be had, even where one had been told.

        The code of an error of this package is told, or the class of another; never a message.

        Args:
            error: Why.
            decision_id: The PEP's id, if it was not given at the beginning.
        """
        what = error.code if isinstance(error, InboundsError) else type(error).__qualname__
        self._settle("unavailable", {"error": what, "decision_id": decision_id})
        if isinstance(error, DecisionUnavailable):
            with _UNHEARD:
                self._through.pdp_errors.add(1, _named({"error": what, "pdp": self._said["pdp"]}))

    def enforcement(self, kind: Enforcement) -> None:
        """Tell what was done about the decision. The last word counts."""
        with _UNHEARD:
            self._span.set_attribute(NAMES["enforcement"], kind)

    def end(self) -> None:
        """End the span, at the moment the decision was known. Further calls do nothing."""
        if not self._ended:
            self._ended = True
            with _UNHEARD:
                self._span.end(end_time=self._known)

    def _settle(self, outcome: Outcome, facts: dict[str, Any]) -> None:
        through, span, first = self._through, self._span, not self._settled
        self._settled = True
        if not self._live:
            return
        self._said = said = {**self._said, **{k: v for k, v in facts.items() if v}}
        said["outcome"] = outcome
        if first:
            seconds = clock.monotonic() - self._started
            self._known = clock.now_ns()
            with _UNHEARD:
                through.duration.record(seconds, _named(said, _MEASURED))
            with _UNHEARD:
                through.decisions.add(1, _named(said, _COUNTED))
        attributes = _named(said)
        enforced = "shadowed" if said["mode"] == "evaluate_only" else _ENFORCED.get(outcome)
        with _UNHEARD:
            if span.is_recording():
                span.set_attributes(attributes)
                if enforced:
                    self.enforcement(enforced)
                if outcome == "unavailable":
                    span.set_status(Status(StatusCode.ERROR))
        number, text = _SEVERITY[outcome]
        with _UNHEARD:
            through.logger.emit(
                timestamp=self._known,
                context=trace.set_span_in_context(span),
                severity_number=number,
                severity_text=text,
                attributes=attributes,
                event_name=EVENT,
            )


class _Unheard:
    """Goes on where a processor or exporter of the application fails: it decides nothing."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> bool:
        if not isinstance(error, Exception):
            return False
        logger.warning("telemetry failed with %s", type(error).__name__)
        return True


_UNHEARD = _Unheard()


def _named(said: dict[str, Any], only: frozenset[str] = frozenset(NAMES)) -> dict[str, Any]:
    return {NAMES[word]: value for word, value in said.items() if value and word in only}


def _plain(code: str) -> str:
    # A code comes from the answer of a PDP; anything else than a code stays out of telemetry.
    return code if len(code) <= 256 and _CODE.fullmatch(code) else _OTHER


__getattr__ = lazy_names(__name__, {"configure": "inbounds.pep.telemetry_setup"})
