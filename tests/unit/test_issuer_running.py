"""How an issuer's service brings the feed to the policy in its own process."""

import threading
from types import SimpleNamespace

import pytest

from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import Timeout
from inbounds.process import clock
from inbounds.process.locks import ProcessLock
from inbounds_server.issuer.running import Served

PATIENCE = 20.0


class Policy(EmbeddedPolicy):
    """One that notes until when it is given a feed."""

    def __init__(self):
        self.deadlines = []

    def push_live_by(self, _now, *, deadline):
        self.deadlines.append(deadline)


@pytest.fixture
def served():
    entries = SimpleNamespace(position=1)
    return SimpleNamespace(
        _pdp=Policy(),
        _putting=ProcessLock(),
        _put=(None, float("-inf")),
        feed=SimpleNamespace(position=1, entries=lambda: entries, whole=lambda _entries: {}),
    )


def test_no_question_waits_for_the_feed_of_another_one_beyond_its_deadline(served):
    held, go = threading.Event(), threading.Event()

    def hold():
        with served._putting:
            held.set()
            go.wait(PATIENCE)

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert held.wait(PATIENCE)
        with pytest.raises(Timeout):
            Served._fresh(served, clock.monotonic() + 0.01)
    finally:
        go.set()
        other.join()
    assert served._pdp.deadlines == []


def test_the_feed_is_put_by_the_deadline_of_the_question_and_once(served):
    deadline = clock.monotonic() + PATIENCE
    for _ in range(2):
        Served._fresh(served, deadline)
    assert served._pdp.deadlines == [deadline]
