"""No value of an argument, result, message or credential leaves through anything we write."""

import contextlib
import logging
import traceback

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from inbounds import InboundsError, Labelled
from inbounds.pep.telemetry import Telemetry
from inbounds.sessions.sqlite import SqliteSessions

CANARY = "kanarienvogel"
DIGITS = "4929530011"
"""A secret that is a number reads as one wherever it leaks."""


class Kept:
    """Takes log records in."""

    def __init__(self):
        self.records = []

    def export(self, batch):
        self.records += [data.log_record for data in batch]
        return 0

    def shutdown(self):
        pass

    def force_flush(self, timeout_millis=0):
        return True


@pytest.fixture
def watched(policy, tmp_path, caplog):
    """A policy with everything it tells caught; `told()` is all of it as one text."""
    caplog.set_level(logging.DEBUG)
    spans, reader, kept = InMemorySpanExporter(), InMemoryMetricReader(), Kept()
    tracer = TracerProvider()
    tracer.add_span_processor(SimpleSpanProcessor(spans))
    logger = LoggerProvider()
    logger.add_log_record_processor(SimpleLogRecordProcessor(kept))
    meter = MeterProvider([reader])
    policy.guard._runtime.telemetry = Telemetry(tracer, meter, logger)
    policy.guard._runtime.sessions = SqliteSessions(tmp_path / "sessions.sqlite")
    said = []

    def told():
        files = [path for path in tmp_path.rglob("*") if path.is_file() and ".pem" not in path.name]
        return "\n".join(
            [
                *(span.to_json() for span in spans.get_finished_spans()),
                *(repr(vars(record)) + str(record.attributes) for record in kept.records),
                str(reader.get_metrics_data().to_json()),
                *(record.getMessage() for record in caplog.records),
                *said,
                *(path.read_bytes().decode("latin-1") for path in files),
            ]
        )

    policy.said, policy.told = said, told
    policy.spans, policy.kept = spans, kept
    yield policy
    tracer.shutdown()
    logger.shutdown()
    meter.shutdown()


def provoke(policy, call):
    """Run a call, and keep everything its error says."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 -- whatever it is, what it says is kept
        policy.said += [str(error), repr(error)]
        if isinstance(error, InboundsError):
            # The tool's own error is its own; ours, with all it was raised from, is ours.
            policy.said.append("".join(traceback.format_exception(error)))
            policy.said.append(repr(vars(error)))


@pytest.fixture
def tools(watched):
    """Tools that take, give and raise what is secret."""
    guard = watched.guard

    @guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str):
        if id.startswith("raise"):
            raise LookupError("of the tool's own")
        return Labelled({CANARY: DIGITS}, "secret" if id.startswith("secret") else "public")

    @guard.tool("mail.send", resource=lambda to, body, copies: ("mailbox", "alice"))
    def send(to: list[str], body: str, copies: int = 1):
        return CANARY

    @guard.tool("nobody.knows", resource=lambda **kw: ("mail", CANARY))
    def unknown(**kw):
        return CANARY

    @guard.tool("file.write", resource=lambda path, text: 1 / 0)
    def failing(path: str, text: str):
        return CANARY

    return watched


CALLS = {
    "allowed": ("mail.read", {"id": CANARY}),
    "raising": ("mail.read", {"id": f"raise-{CANARY}"}),
    "withheld": ("mail.read", {"id": f"secret-{CANARY}"}),
    "sent": (
        "mail.send",
        {"to": [f"{CANARY}@acme.example"], "body": CANARY, "copies": 1},
    ),
    "denied": ("mail.send", {"to": [f"{CANARY}@evil.example"], "body": CANARY, "copies": 1}),
    "wrong type": ("mail.send", {"to": CANARY, "body": [CANARY], "copies": int(DIGITS)}),
    "no form": ("mail.send", {"to": [object()], "body": CANARY, "copies": float("nan")}),
    "not of its kind": ("mail.send", {"to": [CANARY], "body": CANARY, "copies": 1}),
    "unknown argument": ("mail.read", {"id": "42", "x": CANARY}),
    "unknown tool": ("nobody.knows", {"kw": {"a": CANARY}}),
    "failing resource": ("file.write", {"path": f"/{CANARY}", "text": CANARY}),
    "too deep": ("mail.send", {"to": [], "body": [[[[CANARY]]]] * 2, "copies": 1}),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_call(tools, what):
    """
    Whatever becomes of a call, nothing of what it held is told, and something is told.
    """
    tool, arguments = CALLS[what]

    with tools.task(prompt=CANARY) as task:
        provoke(tools, lambda: task.call(tool, arguments))
        provoke(tools, lambda: task.evaluate(tool, arguments))
        with contextlib.suppress(InboundsError):
            permit = task.permit(tool, arguments)
            tools.said.append(repr(permit))
            permit.cancel()
        tools.said += [repr(task), repr(tools.guard), str(task.report()), task.report().to_json()]
        secrets = [
            CANARY,
            DIGITS,
            task.grant.token,
            tools.guard._runtime.identity(task.session.agent),
        ]
        tools.said += [repr(task.grant), repr(tools.guard.configuration)]
    told = tools.told()

    assert [] == [secret for secret in secrets if secret in told]
    assert 3 == len(tools.spans.get_finished_spans())
    assert tools.kept.records


def test_the_watch_sees(watched):
    """
    What is told is seen: an agent's own id is in spans and records.
    """

    @watched.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str):
        return id

    with watched.task():
        read("42")
    told = watched.told()

    assert told.count("spiffe://acme.example/agent/assistant") > 3
    assert "inbounds.decision" in told
