"""What a decision tells OpenTelemetry, through its real SDK, and what it never tells."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from inbounds.errors import AccessDenied, ConfigurationError, InboundsError, Timeout
from inbounds.model.question import Decision, PolicyStamp
from inbounds.pep import telemetry as module
from inbounds.pep.telemetry import BUCKETS, NAMES, Telemetry
from inbounds.pep.telemetry_setup import LineExporter

CANARY = "canary-7f3a91"
BEGIN = {
    "tool": "mail.send",
    "agent": "spiffe://acme.example/agent/assistant",
    "sid": "s-1",
    "task": "t-1",
    "pdp": "embedded",
    "decision_id": "decision-1",
}


class Seen:
    """Everything that goes out, kept."""

    def __init__(self, **options):
        self.span_exporter = InMemorySpanExporter()
        self.tracer = TracerProvider(**options)
        self.tracer.add_span_processor(SimpleSpanProcessor(self.span_exporter))
        self.reader = InMemoryMetricReader()
        self.meter = MeterProvider([self.reader])
        self.log_exporter = InMemoryLogRecordExporter()
        self.logger = LoggerProvider()
        self.logger.add_log_record_processor(SimpleLogRecordProcessor(self.log_exporter))
        self.telemetry = Telemetry(self.tracer, self.meter, self.logger)

    @property
    def spans(self):
        return self.span_exporter.get_finished_spans()

    @property
    def span(self):
        (span,) = self.spans
        return span

    @property
    def events(self):
        return [each.log_record for each in self.log_exporter.get_finished_logs()]

    @property
    def event(self):
        (event,) = self.events
        return event

    def points(self, name):
        data = self.reader.get_metrics_data()
        found = [
            metric
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
        ]
        return [point for metric in found for point in metric.data.data_points]


@pytest.fixture
def seen():
    found = Seen()
    yield found
    found.tracer.shutdown()
    found.meter.shutdown()
    found.logger.shutdown()


def denial():
    stamp = PolicyStamp(revision="v1", deployment="d1")
    return AccessDenied(Decision(id="decision-1", allowed=False, outcome="deny", policy=stamp))


def fails(seen, error, before):
    """A decision that `error` ends after `before` was told, and that lets it through."""
    with pytest.raises(type(error)) as caught, seen.telemetry.decision(**BEGIN) as span:  # noqa: PT012
        before(span)
        raise error
    assert caught.value is error


class TestSpan:
    def test_one_for_each_decision_named_after_the_tool(self, seen):
        with seen.telemetry.decision(**BEGIN, tool_call_id="call-1", agent_name="A") as span:
            span.decided(
                "allow", revision="v1", deployment="d1", engine_id="e1", digest="hmac-sha256:k:aa"
            )
            span.enforcement("executed")

        assert seen.span.name == "authorize mail.send"
        assert dict(seen.span.attributes) == {
            "gen_ai.tool.name": "mail.send",
            "gen_ai.tool.call.id": "call-1",
            "gen_ai.agent.id": "spiffe://acme.example/agent/assistant",
            "gen_ai.agent.name": "A",
            "gen_ai.conversation.id": "s-1",
            "inbounds.task.id": "t-1",
            "inbounds.decision.id": "decision-1",
            "inbounds.decision.mode": "enforce",
            "inbounds.decision.outcome": "allow",
            "inbounds.policy.revision": "v1",
            "inbounds.deployment.revision": "d1",
            "inbounds.pdp.name": "embedded",
            "inbounds.input.digest": "hmac-sha256:k:aa",
            "inbounds.enforcement": "executed",
            "opa.decision_id": "e1",
        }
        assert seen.span.status.status_code is StatusCode.UNSET

    @pytest.mark.parametrize(("pdp", "kind"), [("embedded", "INTERNAL"), ("opa", "CLIENT")])
    def test_is_a_clients_where_opa_is_asked(self, seen, pdp, kind):
        with seen.telemetry.decision(**{**BEGIN, "pdp": pdp}) as span:
            span.decided("allow")

        assert seen.span.kind is SpanKind[kind]

    def test_does_not_pass_for_the_tools_own(self, seen):
        with seen.telemetry.decision(**BEGIN) as span:
            span.decided("allow")

        assert "gen_ai.operation.name" not in seen.span.attributes

    @pytest.mark.parametrize(("outcome", "done"), [("deny", "blocked"), ("ask", "paused")])
    def test_a_deny_is_no_error(self, seen, outcome, done):
        fails(
            seen,
            denial(),
            lambda span: span.decided(outcome, codes=["egress.destination_not_allowed", "x.y"]),
        )
        attributes = seen.span.attributes

        assert seen.span.status.status_code is StatusCode.UNSET
        assert attributes["inbounds.decision.reason_code"] == "egress.destination_not_allowed"
        assert attributes["inbounds.decision.reason_codes"] == (
            "egress.destination_not_allowed",
            "x.y",
        )
        assert attributes["security_rule.name"] == "egress.destination_not_allowed"
        assert attributes["inbounds.enforcement"] == done
        assert "error.type" not in attributes
        assert seen.span.events == ()

    @pytest.mark.parametrize(
        ("error", "what"),
        [
            (Timeout("late"), "decision.timeout"),
            (InboundsError(code="argument.not_representable"), "argument.not_representable"),
            (ValueError(CANARY), "ValueError"),
            (KeyboardInterrupt(), "KeyboardInterrupt"),
        ],
    )
    def test_no_decision_is_an_error_with_its_type_and_no_message(self, seen, error, what):
        with pytest.raises(type(error)), seen.telemetry.decision(**BEGIN):
            raise error

        assert seen.span.status.status_code is StatusCode.ERROR
        assert not seen.span.status.description
        assert seen.span.events == ()
        assert seen.span.attributes["error.type"] == what
        assert seen.span.attributes["inbounds.decision.outcome"] == "unavailable"
        assert seen.span.attributes["inbounds.enforcement"] == "blocked"
        assert CANARY not in seen.span.to_json()

    def test_leaving_without_a_word_is_an_error_too(self, seen):
        with seen.telemetry.decision(**BEGIN):
            pass

        assert seen.span.status.status_code is StatusCode.ERROR
        assert seen.span.attributes["error.type"] == "_OTHER"

    def test_evidence_that_fails_after_an_allow_makes_it_unavailable(self, seen):
        error = Timeout(code="evidence.unavailable")
        fails(seen, error, lambda span: span.decided("allow", revision="v1"))

        assert seen.span.attributes["inbounds.decision.outcome"] == "unavailable"
        assert seen.span.attributes["error.type"] == "evidence.unavailable"
        assert [event.severity_text for event in seen.events] == ["INFO", "ERROR"]
        assert len(seen.points("inbounds.decisions")) == 1

    def test_what_the_tool_raises_after_an_allow_is_not_the_decisions_fault(self, seen):
        fails(seen, ValueError(CANARY), lambda span: span.decided("allow"))

        assert seen.span.status.status_code is StatusCode.UNSET
        assert seen.span.attributes["inbounds.decision.outcome"] == "allow"
        assert CANARY not in seen.span.to_json()

    def test_lasts_until_the_decision_however_long_the_tool_runs(self, seen):
        span = seen.telemetry.decision(**BEGIN)
        span.decided("allow")
        time.sleep(0.2)
        span.enforcement("withheld")
        assert seen.spans == ()
        span.end()
        span.end()

        assert (seen.span.end_time - seen.span.start_time) / 1e9 < 0.15
        assert seen.span.attributes["inbounds.enforcement"] == "withheld"
        assert seen.points("inbounds.decision.duration")[0].sum < 0.15

    def test_a_dry_run_is_marked_and_shadowed(self, seen):
        with seen.telemetry.decision(**BEGIN, mode="evaluate_only") as span:
            span.decided("deny", code="x.y")

        assert seen.span.attributes["inbounds.decision.mode"] == "evaluate_only"
        assert seen.span.attributes["inbounds.enforcement"] == "shadowed"

    def test_knows_what_sampling_needs_from_the_start(self, seen):
        span = seen.telemetry.decision(**BEGIN)

        assert span._span.attributes["gen_ai.tool.name"] == "mail.send"
        assert span._span.attributes["inbounds.decision.mode"] == "enforce"
        span.unavailable(Timeout())
        span.end()

    @pytest.mark.parametrize("code", ["secret value", "no_dot", "A.b", "a.b\n", "x." + "y" * 300])
    def test_what_is_no_code_is_not_told(self, seen, code):
        with seen.telemetry.decision(**BEGIN) as span:
            span.decided("deny", codes=[code])

        assert seen.span.attributes["inbounds.decision.reason_code"] == "_OTHER"
        assert code not in seen.span.to_json()

    def test_joins_the_current_trace_and_is_not_current_itself(self, seen):
        tracer = seen.tracer.get_tracer("test")
        with (
            tracer.start_as_current_span("execute_tool mail.send") as parent,
            seen.telemetry.decision(**BEGIN) as span,
        ):
            assert trace.get_current_span() is parent
            with span.evaluating():
                assert trace.get_current_span() is span._span
            assert trace.get_current_span() is parent
            told = span.traceparent
            span.decided("allow")
        decision = seen.spans[0]

        assert decision.parent.span_id == parent.get_span_context().span_id
        assert told == f"00-{decision.context.trace_id:032x}-{decision.context.span_id:016x}-01"
        assert span.trace_id == f"{decision.context.trace_id:032x}"
        assert span.span_id == f"{decision.context.span_id:016x}"


class TestEvent:
    @pytest.mark.parametrize(
        ("outcome", "severity"), [("allow", "INFO"), ("deny", "WARN"), ("ask", "WARN")]
    )
    def test_one_for_each_decision_joined_to_its_span(self, seen, outcome, severity):
        with seen.telemetry.decision(**BEGIN) as span:
            span.decided(outcome, code="" if outcome == "allow" else "x.y")
        event = seen.event

        assert event.event_name == "inbounds.decision"
        assert event.severity_text == severity
        assert event.severity_number.name == severity
        assert event.body is None
        assert event.attributes["inbounds.decision.outcome"] == outcome
        assert event.attributes["inbounds.decision.id"] == "decision-1"
        assert (event.trace_id, event.span_id) == (
            seen.span.context.trace_id,
            seen.span.context.span_id,
        )

    def test_an_error_where_no_decision_could_be_had(self, seen):
        with pytest.raises(Timeout), seen.telemetry.decision(**BEGIN):
            raise Timeout

        assert seen.event.severity_text == "ERROR"
        assert seen.event.attributes["error.type"] == "decision.timeout"

    def test_goes_out_where_spans_are_not_sampled(self):
        seen = Seen(sampler=ALWAYS_OFF)
        with seen.telemetry.decision(**BEGIN) as span:
            span.decided("allow")

        assert seen.spans == ()
        assert seen.event.event_name == "inbounds.decision"
        assert len(seen.points("inbounds.decisions")) == 1


class TestMetrics:
    def test_duration_in_seconds_in_the_buckets_that_decisions_need(self, seen):
        with seen.telemetry.decision(**BEGIN) as span:
            span.decided("allow")
        (point,) = seen.points("inbounds.decision.duration")

        assert point.explicit_bounds == BUCKETS
        assert point.count == 1
        assert 0 < point.sum < 1
        assert dict(point.attributes) == {
            "inbounds.decision.outcome": "allow",
            "inbounds.decision.mode": "enforce",
            "inbounds.pdp.name": "embedded",
        }

    def test_decisions_by_outcome_and_code(self, seen):
        for _ in range(2):
            with seen.telemetry.decision(**BEGIN) as span:
                span.decided("deny", code="x.y")
        (point,) = seen.points("inbounds.decisions")

        assert point.value == 2
        assert point.attributes["inbounds.decision.reason_code"] == "x.y"
        assert seen.points("inbounds.pdp.errors") == []

    def test_errors_of_the_pdp_and_only_those(self, seen):
        for error in (Timeout(), InboundsError(code="argument.not_representable")):
            with pytest.raises(InboundsError), seen.telemetry.decision(**BEGIN):
                raise error
        (point,) = seen.points("inbounds.pdp.errors")

        assert point.value == 1
        assert dict(point.attributes) == {
            "error.type": "decision.timeout",
            "inbounds.pdp.name": "embedded",
        }

    def test_never_hold_an_id(self, seen):
        with seen.telemetry.decision(**BEGIN, tool_call_id="call-1") as span:
            span.decided("deny", code="x.y", engine_id="e1", digest="hmac-sha256:k:aa")
        told = str(seen.reader.get_metrics_data().to_json())

        for identity in ("s-1", "t-1", "decision-1", "call-1", "e1", "hmac", "spiffe"):
            assert f'"{identity}' not in told


class TestWithoutProviders:
    @pytest.fixture(autouse=True)
    def none(self, monkeypatch):
        """No provider, whatever another test has set up."""
        monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)

    def test_does_nothing_and_knows_nothing(self):
        telemetry = Telemetry()
        with telemetry.decision(**BEGIN) as span:
            assert span.traceparent == span.trace_id == span.span_id == ""
            with span.evaluating():
                span.decided("deny", code="x.y")
            span.enforcement("blocked")
        with pytest.raises(Timeout), telemetry.decision(**BEGIN):
            raise Timeout

    def test_hands_on_the_trace_it_is_in(self):
        context = trace.SpanContext(0xABC, 0xDEF, is_remote=True, trace_flags=trace.TraceFlags(1))
        with trace.use_span(trace.NonRecordingSpan(context)):
            told = Telemetry().decision(**BEGIN).traceparent

        assert told == f"00-{0xABC:032x}-{0xDEF:016x}-01"


def run(program, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


class TestSetUp:
    @pytest.mark.system
    def test_importing_sets_nothing_up_and_loads_no_sdk(self):
        found = run(
            """
import sys
import inbounds.pep.telemetry
from opentelemetry import trace
inbounds.pep.telemetry.Telemetry()
print(type(trace.get_tracer_provider()).__name__, "opentelemetry.sdk" in sys.modules)
"""
        )

        assert found.stdout == "ProxyTracerProvider False\n"

    def test_configure_is_found_in_the_module_and_nothing_else_is(self):
        from inbounds.pep.telemetry_setup import configure

        assert module.configure is configure
        with pytest.raises(AttributeError):
            _ = module.configured

    @pytest.mark.system
    def test_the_console_gets_one_line_for_each_decision(self):
        found = run(
            """
import sys
from inbounds.pep.telemetry import Telemetry, configure
before = Telemetry()
configure("console", stream=sys.stdout)
for telemetry in (before, Telemetry()):
    with telemetry.decision(tool="mail.send", agent="a", sid="s", task="t", pdp="opa") as span:
        span.decided("deny", code="egress.destination_not_allowed")
try:
    with telemetry.decision(tool="mail.read", agent="a", sid="s", task="t", pdp="opa"):
        raise TimeoutError
except TimeoutError:
    pass
"""
        )
        lines = [line.split() for line in found.stdout.splitlines()]

        assert [line[:4] for line in lines] == [
            ["authorize", "mail.send", "deny", "egress.destination_not_allowed"],
            ["authorize", "mail.send", "deny", "egress.destination_not_allowed"],
            ["authorize", "mail.read", "unavailable", "TimeoutError"],
        ]
        assert all(line[-1] == "ms" and float(line[-2]) >= 0 for line in lines)
        assert found.stderr == ""

    def test_a_tools_name_does_not_move_the_cursor(self, seen):
        with seen.telemetry.decision(**{**BEGIN, "tool": "a\nb\x1b[2J"}) as span:
            span.decided("allow")
        stream = io.StringIO()
        LineExporter(stream).export(seen.spans)

        assert stream.getvalue().count("\n") == 1
        assert "\x1b" not in stream.getvalue()

    def test_a_closed_console_breaks_nothing(self, seen):
        with seen.telemetry.decision(**BEGIN) as span:
            span.decided("allow")
        stream = io.StringIO()
        stream.close()

        assert LineExporter(stream).export(seen.spans).name == "FAILURE"

    @pytest.mark.system
    @pytest.mark.parametrize(
        ("program", "code"),
        [
            ("configure('prometheus')", "configuration.exporter"),
            ("configure(); configure()", "configuration.telemetry_exists"),
            (
                (
                    "import opentelemetry.sdk.trace as sdk; from opentelemetry import trace; "
                    "trace.set_tracer_provider(sdk.TracerProvider()); configure()"
                ),
                "configuration.telemetry_exists",
            ),
            (
                (
                    "import sys; sys.modules['opentelemetry.exporter.otlp.proto.http'] = None; "
                    "configure('otlp')"
                ),
                "configuration.extra_missing",
            ),
        ],
    )
    def test_what_cannot_be_set_up_is_said(self, program, code):
        found = run(
            f"""
from inbounds.errors import ConfigurationError
from inbounds.pep.telemetry import configure
try:
    {program}
except ConfigurationError as error:
    print(error.code, error.hint)
"""
        )

        assert found.stdout.startswith(code)
        assert len(found.stdout.split()) > 1
        if code == "configuration.extra_missing":
            assert "inbounds[otlp]" in found.stdout

    @pytest.mark.system
    def test_otlp_sends_spans_metrics_and_events(self):
        pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
        bodies = {}

        class Collector(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["content-length"])
                bodies[self.path] = bodies.get(self.path, b"") + self.rfile.read(length)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            found = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    """
import sys
from inbounds.pep.telemetry import Telemetry, configure
providers = configure("otlp", endpoint=sys.argv[1], service_name="tested")
with Telemetry().decision(tool="mail.send", agent="a", sid="s", task="t", pdp="opa") as span:
    span.decided("deny", code="egress.destination_not_allowed")
print(providers.flush())
providers.shutdown()
""",
                    f"http://127.0.0.1:{server.server_port}",
                ],
                env={**os.environ, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"},
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

        assert found.stdout == "True\n"
        assert set(bodies) == {"/v1/traces", "/v1/metrics", "/v1/logs"}
        assert b"authorize mail.send" in bodies["/v1/traces"]
        assert b"inbounds.decision.duration" in bodies["/v1/metrics"]
        assert b"inbounds.decision" in bodies["/v1/logs"]
        assert all(b"tested" in body for body in bodies.values())


def test_every_name_is_ours_or_one_to_join_on():
    joins = {
        "gen_ai.tool.name",
        "gen_ai.tool.call.id",
        "gen_ai.agent.id",
        "gen_ai.agent.name",
        "gen_ai.conversation.id",
        "opa.decision_id",
        "security_rule.name",
        "error.type",
    }

    assert {name for name in NAMES.values() if not name.startswith("inbounds.")} == joins
    assert len(set(NAMES.values())) == len(NAMES)
    assert json.dumps(NAMES)
    assert issubclass(ConfigurationError, InboundsError)
