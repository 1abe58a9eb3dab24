"""What each decision has left behind: one span, one record, and a chain that holds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from inbounds.evidence.file import parse
from inbounds.evidence.records import Decided
from inbounds.pep.telemetry import NAMES

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trace:
    """The span of one decision, and whether the evidence log holds its record.

    Attributes:
        name: The span's name.
        trace_id, span_id: Hex, as in W3C trace context.
        outcome, code: What was decided.
        engine: What decided.
        milliseconds: How long the decision took, without the tool.
        records: How many records name this span; one is right.
    """

    name: str
    trace_id: str
    span_id: str
    outcome: str
    code: str
    engine: str
    milliseconds: float
    records: int


def listen() -> InMemorySpanExporter:
    """Keep every span from here on."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    kept = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return kept


def decisions(kept: InMemorySpanExporter, records: list[Decided], task: str) -> list[Trace]:
    """Return the span of each decision of a task, held against its records."""
    named = Counter((record.trace_id, record.span_id) for record in records)
    spans = [
        span
        for span in kept.get_finished_spans()
        if (span.attributes or {}).get(NAMES["task"]) == task
    ]
    return [_trace(span, named) for span in sorted(spans, key=lambda span: span.start_time or 0)]


def recorded(evidence: Path, task: str) -> list[Decided]:
    """Read the decisions of a task from the evidence log's file."""
    connection = sqlite3.connect(f"{evidence.as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT body FROM records WHERE task = ? AND kind = 'decided.v1' ORDER BY seq", (task,)
        ).fetchall()
    finally:
        connection.close()
    records = [parse(body)[0] for (body,) in rows]
    return [record for record in records if isinstance(record, Decided)]


def _trace(span: ReadableSpan, named: Counter[tuple[str, str]]) -> Trace:
    told = span.attributes or {}
    found = span.get_span_context()
    assert found is not None  # noqa: S101 -- it has ended, so it has begun
    trace_id, span_id = f"{found.trace_id:032x}", f"{found.span_id:016x}"
    return Trace(
        name=span.name,
        trace_id=trace_id,
        span_id=span_id,
        outcome=str(told.get(NAMES["outcome"], "")),
        code=str(told.get(NAMES["code"]) or told.get(NAMES["error"]) or ""),
        engine=str(told.get(NAMES["pdp"], "")),
        milliseconds=((span.end_time or 0) - (span.start_time or 0)) / 1e6,
        records=named[trace_id, span_id],
    )
