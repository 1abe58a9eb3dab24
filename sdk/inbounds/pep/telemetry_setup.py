"""OpenTelemetry providers for who has none. The one module that needs its SDK."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TextIO

from opentelemetry import _logs, metrics, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)

from inbounds.errors import ConfigurationError
from inbounds.pep.telemetry import NAMES, placeholder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan


@dataclass(frozen=True, slots=True)
class Providers:
    """What `configure` set up. They are flushed and shut down when the process ends."""

    tracer: TracerProvider
    meter: MeterProvider
    logger: LoggerProvider

    def flush(self, *, seconds: float = 5.0) -> bool:
        """Export what is waiting.

        Args:
            seconds: How long each signal may take.

        Returns:
            Whether everything went out in time.
        """
        milliseconds = int(seconds * 1000)
        flushed = [
            provider.force_flush(milliseconds)
            for provider in (self.tracer, self.meter, self.logger)
        ]
        return all(flushed)

    def shutdown(self) -> None:
        """Export what is waiting, and stop."""
        for provider in (self.tracer, self.meter, self.logger):
            provider.shutdown()


def configure(
    exporter: Literal["console", "otlp"] = "console",
    *,
    service_name: str = "",
    endpoint: str = "",
    stream: TextIO | None = None,
) -> Providers:
    """Set up OpenTelemetry's global providers, for a program that has not.

    `console` writes one line for each span, and no metrics or events. `otlp` sends spans,
    metrics and events over HTTP.

    Args:
        exporter: Where to.
        service_name: `service.name`; `OTEL_SERVICE_NAME` when absent, else `inbounds`.
        endpoint: The collector, such as `https://collector:4318`; for `otlp` only. The
            `OTEL_EXPORTER_OTLP_*` variables hold when absent.
        stream: Where the console's lines go; standard error when absent.

    Raises:
        ConfigurationError: Not an exporter, OTLP's is not installed, or providers are there.
    """
    if exporter not in {"console", "otlp"}:
        raise ConfigurationError(
            "that is not an exporter",
            code="configuration.exporter",
            hint='configure("console") or configure("otlp")',
        )
    found = (trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider())
    if not all(placeholder(provider) for provider in found):
        raise ConfigurationError(
            "OpenTelemetry has its providers already",
            code="configuration.telemetry_exists",
            hint="leave `configure` out: Inbounds uses the providers that are there",
        )
    build = _console if exporter == "console" else _otlp
    providers = build(_resource(service_name), endpoint, stream or sys.stderr)
    trace.set_tracer_provider(providers.tracer)
    metrics.set_meter_provider(providers.meter)
    _logs.set_logger_provider(providers.logger)
    return providers


class LineExporter(SpanExporter):
    """Writes one line for each span: name, outcome, code, milliseconds.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the lines."""
        try:
            self._stream.writelines(f"{_line(span)}\n" for span in spans)
            self._stream.flush()
        except (OSError, ValueError):  # closed
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def _console(resource: Resource, _endpoint: str, stream: TextIO) -> Providers:
    tracer = TracerProvider(resource=resource)
    tracer.add_span_processor(SimpleSpanProcessor(LineExporter(stream)))
    return Providers(tracer, MeterProvider(resource=resource), LoggerProvider(resource=resource))


def _otlp(resource: Resource, endpoint: str, _stream: TextIO) -> Providers:
    try:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import (
            OTLPLogExporter,
        )
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import (
            OTLPMetricExporter,
        )
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
            OTLPSpanExporter,
        )
    except ImportError as error:
        raise ConfigurationError(
            "the OTLP exporter is not installed",
            code="configuration.extra_missing",
            hint="pip install 'inbounds[otlp]'",
        ) from error

    def to(signal: str) -> dict[str, Any]:
        return {"endpoint": f"{endpoint.rstrip('/')}/v1/{signal}"} if endpoint else {}

    tracer = TracerProvider(resource=resource)
    tracer.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(**to("traces"))))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(**to("metrics")))
    logger = LoggerProvider(resource=resource)
    logger.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(**to("logs"))))
    return Providers(tracer, MeterProvider([reader], resource=resource), logger)


def _resource(service_name: str) -> Resource:
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    if service_name or not named:
        return Resource.create({"service.name": service_name or "inbounds"})
    return Resource.create()


def _line(span: ReadableSpan) -> str:
    told = span.attributes or {}
    outcome = told.get(NAMES["outcome"], span.status.status_code.name.lower())
    code = told.get(NAMES["code"]) or told.get(NAMES["error"]) or "-"
    milliseconds = ((span.end_time or 0) - (span.start_time or 0)) / 1_000_000
    line = f"{span.name:<32} {outcome:<12} {code:<36} {milliseconds:9.3f} ms"
    # A tool's name may come from an agent; it does not get to move the cursor.
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
