"""What must be revoked is revoked: later, elsewhere, and until it has been."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from tests.leased import Shelf, leased

from inbounds import AccessDenied, DecisionUnavailable, LeaseUnavailable
from inbounds.credentials import revocation_worker
from inbounds.credentials.lease_owner import LeaseOwner
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
@pytest.mark.parametrize("number", ["its own", "that of the reader", "that of another program"])
def test_of_a_process_that_is_gone(tmp_path, number):
    """
    Whatever process id it sees itself by: a container numbers its processes anew.
    """
    path = tmp_path / "leases.sqlite"
    program = (
        "import sys, time, os; from pathlib import Path\n"
        "number = int(sys.argv[2])\n"
        "if number: os.getpid = lambda: number\n"
        "from inbounds.credentials.outbox import LeaseOutbox\n"
        "box = LeaseOutbox(Path(sys.argv[1]))\n"
        "box.keep(handle='h', credential='c', hops=['t'], revocation='r',"
        " until=int(time.time()) + 1000)\n"
        "print('kept', flush=True)\n"
        "sys.stdin.read()\n"
        "os._exit(9)\n"
    )
    seen = {"its own": 0, "that of the reader": os.getpid(), "that of another program": 1}[number]
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path), str(seen)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        box = LeaseOutbox(path)
        assert len(box.rows()) == 1
        for _ in range(2):
            assert box.left_over() == []
        process.communicate("")
    for _ in range(2):
        assert [row.handle for row in box.left_over()] == ["h"]
    box.close()
    assert [*tmp_path.glob("leases.sqlite.*")] == []


@pytest.mark.system
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_neither_keeps_its_parent_alive_nor_ends_it(tmp_path):
    """
    A child has an id of its own, and what it closes is its own alone.
    """
    path = tmp_path / "leases.sqlite"
    row = {"credential": "c", "hops": ["t"], "revocation": "r", "until": 2**40}
    told, until = os.pipe(), os.pipe()
    parent = os.fork()
    if not parent:
        box = LeaseOutbox(path)
        box.keep(handle="of the parent", **row)
        if not os.fork():
            box.close()
            other = LeaseOutbox(path)
            other.keep(handle="of the child", **row)
            assert [each.handle for each in other.own()] == ["of the child"]
            os.write(told[1], b"k")
            os.read(until[0], 1)
            os._exit(0)
        os.read(until[0], 1)
        os._exit(0)
    os.read(told[0], 1)
    box = LeaseOutbox(path)
    assert len(box.rows()) == 2
    assert box.left_over() == []
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert [each.handle for each in box.left_over()] == ["of the parent"]
    os.write(until[1], b"e")
    eventually(lambda: len(box.left_over()) == 2)
    box.close()


def test_an_owner_that_nobody_can_tell_of_lives_and_one_of_no_name_does_not(tmp_path):
    owner = LeaseOwner(tmp_path / "leases.sqlite")
    (tmp_path / "leases.sqlite.link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").touch()
    assert owner.is_alive("link")
    assert not any(owner.is_alive(name) for name in ("gone", "../elsewhere", "\0"))
    assert (tmp_path / "elsewhere").exists()


def test_a_lease_whose_owner_cannot_be_locked_is_not_used(tmp_path, monkeypatch):
    shelf = Shelf()
    policy = leased(tmp_path / "inbounds", shelf)

    def full(*_):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(os, "lockf", full)
    with policy.task() as task, pytest.raises(LeaseUnavailable) as ei:
        task.lease("mail-store")
    assert ei.value.code == "lease.outbox"
    policy.close()


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
