"""The secret of a lease leaves through nothing that anybody writes."""

from __future__ import annotations

import contextlib
import json
import logging
import traceback

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.leased import SECRET, Shelf, leased

from inbounds import InboundsError, Labelled, LeaseUnavailable, credentials
from inbounds.pep.telemetry import Telemetry


class Watched:
    """A policy whose every question, span, log line, file and error is kept as text."""

    def __init__(self, folder, shelf, caplog):
        caplog.set_level(logging.DEBUG)
        self.folder, self.caplog, self.said = folder, caplog, []
        self.policy = leased(folder / "inbounds", shelf)
        self.spans = InMemorySpanExporter()
        self.tracer = TracerProvider()
        self.tracer.add_span_processor(SimpleSpanProcessor(self.spans))
        parts = self.policy.guard._runtime
        parts.telemetry = Telemetry(self.tracer)
        ask = parts.pdp.ask

        def asked(entrypoint, question, **how):
            self.said.append(question.decode())
            return ask(entrypoint, question, **how)

        parts.pdp.ask = asked

    def provoke(self, call):
        """Run a call, and keep everything its error says."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 -- whatever it is, what it says is kept
            self.said += [repr(error), str(error)]
            if isinstance(error, InboundsError):
                self.said.append("".join(traceback.format_exception(error)))
                self.said.append(repr(vars(error)))

    def told(self):
        """All of it as one text."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return "\n".join(
            [
                *self.said,
                *(span.to_json() for span in self.spans.get_finished_spans()),
                *(record.getMessage() + repr(record.args) for record in self.caplog.records),
                *(str(record.exc_text) for record in self.caplog.records),
                *(path.read_bytes().decode("latin-1") for path in files),
            ]
        )


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def watched(tmp_path, shelf, caplog):
    watched = Watched(tmp_path, shelf, caplog)
    yield watched
    watched.tracer.shutdown()
    watched.policy.close()


def test_of_a_task_that_runs_fails_and_ends(watched, shelf):
    guard = watched.policy.guard

    @guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
    def send(to: list[str], body: str) -> Labelled:
        raise LookupError("of the tool's own")

    with watched.policy.task() as task:
        lease = task.lease("mail-store")
        watched.provoke(lambda: task.call("mail.read", {"id": "1"}))
        watched.provoke(lambda: task.call("mail.read", {"id": SECRET[:3]}))
        watched.provoke(lambda: task.call("mail.send", {"to": ["bob@acme.example"], "body": "x"}))
        watched.provoke(lambda: task.lease("mail-unknown"))
        watched.provoke(lambda: task.evaluate("mail.read", {"id": "1"}))
        watched.said += [repr(lease), repr(task), repr(guard), repr(guard._runtime.leases)]
        watched.said += [repr(guard._runtime.leases._leases), repr(shelf.issued)]
        watched.said += [str(task.report()), task.report().to_json()]
        shelf.down = True
    watched.provoke(lambda: lease.value)
    with contextlib.suppress(TypeError):
        json.dumps(lease)
    assert watched.policy.lent
    assert all(SECRET in secret for secret in watched.policy.lent)
    told = watched.told()
    assert SECRET not in told
    assert task.grant.token not in "".join(record.getMessage() for record in watched.caplog.records)
    # What may be told is.
    assert told.count(lease.handle) > 5
    assert "is not revoked yet" in told


@pytest.mark.parametrize("where", ["issue", "revoke"])
def test_of_a_backend_that_raises_it(watched, shelf, where):
    def broken(*_, **__):
        raise RuntimeError(SECRET)

    with watched.policy.task() as task:
        if where == "issue":
            shelf.after = broken
        else:
            shelf.revoke = broken
        watched.provoke(lambda: task.call("mail.read", {"id": "1"}))
    told = watched.told()
    assert SECRET not in told
    assert "RuntimeError" in told


def frames(error):
    """What stands in the frames of an error and of all that it came of, but for the test's own."""
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if not frame.f_code.co_name.startswith("test_"):
                yield from map(repr, frame.f_locals.values())
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("raised", [RuntimeError(SECRET), LeaseUnavailable("no", code="lease.x")])
def test_nor_stands_it_in_the_frames_of_an_error(watched, shelf, raised):
    """Whoever reports errors reports the variables of their frames with them."""

    class Answering(Shelf):
        def issue(self, asked, kept):
            self.said = [SECRET, asked.identity, asked.task_token]
            self.fail(SECRET, asked.identity, asked.task_token)

        def fail(self, *said):
            raise raised

    watched.policy.guard._runtime.leases._backends = Answering()
    with watched.policy.task() as task:
        identity = watched.policy.guard._runtime.leases._identity(float("inf"))
        with pytest.raises(LeaseUnavailable) as caught:
            task.lease("mail-store")
        told = "\n".join(frames(caught.value))
        assert "lease-" in told
        for secret in (SECRET, identity, task.grant.token):
            assert secret not in told
        assert caught.value.__context__ is None


def test_of_a_tool_that_labels_its_result(watched):
    """What a tool gives away itself is its own: here it names the handle, which opens nothing."""

    @watched.policy.guard.tool("web.get", resource=lambda url: ("page", url))
    def get(url: str) -> str:
        return credentials.current("mail-store").handle

    with watched.policy.task() as task:
        given = task.call("web.get", {"url": "https://wiki.acme.example/x"})
    assert given.startswith("lease-")
    assert SECRET not in watched.told()
