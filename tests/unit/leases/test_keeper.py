"""What must be revoked is revoked: later, elsewhere, and until it has been."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import threading
import time

import pytest
from tests.leased import Shelf, leased

from inbounds import AccessDenied, DecisionUnavailable
from inbounds.credentials import revocation_worker
from inbounds.credentials.outbox import LeaseOutbox


def eventually(holds, seconds=15.0):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def outbox(folder):
    return folder / "inbounds" / "leases.sqlite"


def left(folder):
    box = LeaseOutbox(outbox(folder))
    try:
        return [row.revocation for row in box.rows()]
    finally:
        box.close()


def keepers():
    return [each for each in threading.enumerate() if each.name == "inbounds-leases"]


@pytest.mark.system
def test_what_failed_is_tried_until_it_succeeds_and_said_each_time(tmp_path, caplog):
    shelf = Shelf()
    policy = leased(tmp_path / "inbounds", shelf)
    with policy.task() as task:
        handle = task.lease("mail-store").handle
        shelf.down = True
    assert left(tmp_path) == ["accessor-1"]
    time.sleep(0.8)
    shelf.down = False
    eventually(lambda: shelf.revoked == ["accessor-1"])
    eventually(lambda: left(tmp_path) == [])
    said = [r for r in caplog.records if r.levelno == logging.ERROR and handle in r.getMessage()]
    assert len(said) >= 2
    eventually(lambda: keepers() == [])  # there is nothing left to see to
    policy.close()


def test_a_call_whose_credential_cannot_be_leased_is_recorded(tmp_path):
    shelf = Shelf()
    policy = leased(tmp_path / "inbounds", shelf)
    shelf.down = True
    with policy.task() as task:
        with pytest.raises(DecisionUnavailable) as unleased:
            task.call("mail.read", {"id": "1"})
        report = task.report()
    with pytest.raises(DecisionUnavailable) as over:
        task.call("mail.read", {"id": "2"})

    assert (unleased.value.code, over.value.code) == ("lease.unreachable", "task.over")
    assert unleased.value.decision_id
    assert over.value.decision_id
    assert [(each.tool, each.code) for each in report.unavailable] == [
        ("mail.read", "lease.unreachable")
    ]
    policy.close()


def test_what_a_guard_leaves_behind_the_next_one_revokes(tmp_path):
    shelf = Shelf()
    policy = leased(tmp_path / "inbounds", shelf)
    policy.task().lease("mail-store")
    shelf.down = True
    policy.close()
    assert left(tmp_path) == ["accessor-1"]
    shelf.down = False
    box = LeaseOutbox(outbox(tmp_path))
    assert [row.revocation for row in box.left_over()] == ["accessor-1"]
    box.close()


@pytest.mark.system
@pytest.mark.parametrize("far", [True, False])
def test_of_a_process_that_is_gone(tmp_path, far):
    path = tmp_path / "leases.sqlite"
    program = (
        "import sys, time, os; from pathlib import Path\n"
        "from inbounds.credentials.outbox import LeaseOutbox\n"
        "box = LeaseOutbox(Path(sys.argv[1]))\n"
        "box.keep(handle='h', credential='c', hops=['t'], revocation='r',"
        " until=int(time.time()) + 1000)\n"
        "print(os.getpid(), flush=True)\n"
        "sys.stdin.read()\n"
        "os._exit(9)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        box = LeaseOutbox(path)
        assert len(box.rows()) == 1
        assert box.left_over() == []
        process.communicate("")
    if far:
        # A process of another machine may have any number, and nobody here can tell.
        box._host = "elsewhere"
        assert box.left_over() == []
    else:
        assert [row.handle for row in box.left_over()] == ["h"]
    box.close()


@pytest.mark.system
def test_a_guard_that_is_forgotten_keeps_no_thread(tmp_path):
    shelf = Shelf()
    policy = leased(tmp_path / "inbounds", shelf)
    policy.task(seconds=3).lease("mail-store")
    eventually(lambda: shelf.revoked == ["accessor-1"])
    del policy
    gc.collect()
    eventually(lambda: keepers() == [])


def by_its_block(policy, task, lease):
    task.end()


def by_itself(policy, task, lease):
    lease.close()


def elsewhere(policy, task, lease):
    policy.guard._runtime.issuer.end(task.grant)
    with pytest.raises(AccessDenied):
        task.call("mail.read", {"id": "1"})


@pytest.mark.parametrize("ended", [by_its_block, by_itself, elsewhere])
def test_what_ends_while_the_outbox_cannot_be_read_is_revoked_once_it_can(
    tmp_path, caplog, monkeypatch, ended
):
    monkeypatch.setattr(revocation_worker, "SHORTEST", 0.02)
    shelf = Shelf()
    policy = leased(tmp_path / "inbounds", shelf)
    task = policy.task()
    lease = task.lease("mail-store")
    outbox(tmp_path).rename(tmp_path / "away")
    ended(policy, task, lease)
    eventually(lambda: "cannot be read" in caplog.text)
    assert shelf.revoked == []
    (tmp_path / "away").rename(outbox(tmp_path))
    eventually(lambda: shelf.revoked == ["accessor-1"])
    eventually(lambda: keepers() == [])
    policy.close()


def test_what_is_to_end_is_not_lost_by_a_round_that_has_read_before(tmp_path, monkeypatch):
    """
    A row may be written, and have to go, between two lines of the keeper.
    """
    shelf = Shelf()
    policy = leased(tmp_path / "inbounds", shelf)
    store = policy.guard._runtime.leases
    box, keeper = store.outbox(), store._keeper
    monkeypatch.setattr(keeper, "watch", lambda: None)
    rows = box.rows

    def late():
        found = rows()
        if not found:
            box.keep(handle="h", credential="mail-store", hops=["t"], revocation="r", until=2**40)
            keeper.revoke("h")
        return found

    monkeypatch.setattr(box, "rows", late)
    keeper._round()
    keeper._round()
    assert shelf.revoked == ["r"]
    policy.close()


def test_an_outbox_that_is_gone_is_said(tmp_path, caplog):
    shelf = Shelf()
    policy = leased(tmp_path / "inbounds", shelf)
    task = policy.task()
    task.lease("mail-store")
    outbox(tmp_path).rename(tmp_path / "elsewhere")
    task.end()
    assert shelf.revoked == []
    assert "cannot be revoked yet" in caplog.text
    policy.close()
