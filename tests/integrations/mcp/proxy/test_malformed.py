"""What a server says in malformed messages stands in no log, span or answer of the proxy."""

from __future__ import annotations

import contextlib
import io
import logging
import shlex
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from mcp import MCPError
from mcp_types import CallToolRequest, CallToolRequestParams
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.integrations.mcp.proxy.malformed import CANARY, NOTES, RESULTS
from tests.integrations.mcp.proxy.test_upstream import connected_to
from tests.integrations.mcp.proxy.world import Wire, World
from tests.issuing import free_port

from inbounds.integrations.mcp.refusals import Refusal
from inbounds_server.mcp_proxy.place import Place
from inbounds_server.mcp_proxy.process import environment
from inbounds_tools.cli.log_lines import Lines

SERVER = str(Path(__file__).with_name("malformed.py"))
OVER_STDIO = ["notifications", "error", *RESULTS]
OVER_HTTP = [*OVER_STDIO, "content type", "status", "events"]
GONE = ("stdio", "result")
"""A line that is not a message ends the connection."""


@pytest.fixture(scope="module")
def exporter():
    """All spans of this process, with the words in them."""
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def written():
    """All that loggers say, as a program of the package writes it."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


@contextlib.contextmanager
def placed(how, over):
    if over == "stdio":
        yield Place("files", command=(sys.executable, SERVER, how), variables=environment())
        return
    port = free_port()
    with subprocess.Popen([sys.executable, SERVER, how, "--listen", str(port)]) as process:
        try:
            yield Place("files", url=f"http://127.0.0.1:{port}/mcp")
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("over", "how"),
    [*(("stdio", how) for how in OVER_STDIO), *(("http", how) for how in OVER_HTTP)],
)
async def test_no_word_of_a_malformed_message_is_quoted(exporter, written, over, how):
    exporter.clear()
    heard = []

    async def changed(said):
        heard.append(said)

    answer = error = None
    with placed(how, over) as place:
        async with connected_to(place, changed=changed) as upstream:
            for _ in range(100):
                with contextlib.suppress(Refusal):
                    now = await upstream.ready()
                    break
                upstream._starts.clear()
                await anyio.sleep(0.05)
            request = CallToolRequest(params=CallToolRequestParams(name="read", arguments={}))
            try:
                answer = await upstream.send(now, request, tool="read")
            except MCPError as raised:
                error = raised
    await anyio.sleep(0.05)

    assert CANARY not in written.getvalue()
    spans = [span.to_json() for span in exporter.get_finished_spans()]
    assert any("tools/call" in span for span in spans)
    assert CANARY not in "".join(spans)
    if how == "error":
        # These are its own words, and of a tool's call the result; what is owed is done to them.
        assert CANARY in error.error.message
    elif error is not None:
        assert CANARY not in str(error.error)
        code = "upstream.gone" if (over, how) == GONE else "upstream.unusable"
        assert error.error.data == {"inbounds/code": code}
    else:
        assert how == "notifications"
        assert "content" in answer
    if how == "notifications":
        assert written.getvalue().count(" WARNING client: ValidationError\n") == len(NOTES)


@pytest.mark.parametrize("how", ["notifications", "structured", "error"])
def test_the_program_writes_none_of_it(tmp_path_factory, how):
    behind = [sys.executable, SERVER, how]
    world = World(tmp_path_factory.mktemp("malformed"), at=[shlex.join(behind)])
    wire = Wire(world, behind=behind)
    try:
        wire.open()
        params = {"name": "read", "arguments": {"path": "a"}, "_meta": {"progressToken": 5}}
        wire.say("tools/call", params, id="c")
        wire.answer("c")
    finally:
        wire.close()

    assert CANARY not in wire.errors.decode()
    if how == "notifications":
        assert " WARNING client: ValidationError\n" in wire.errors.decode()
