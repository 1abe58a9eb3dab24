"""A credential is leased for a task, by a decision, and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import sqlite3
import threading
import time

import pytest
from tests.leased import SECRET, Shelf, changes, leased

from inbounds import (
    AccessDenied,
    ConfigurationError,
    DecisionUnavailable,
    LeaseUnavailable,
    TaskMissing,
)
from inbounds import credentials as leases
from inbounds.credentials import Issued
from inbounds.credentials.outbox import LeaseOutbox
from inbounds.live import LiveFeed
from inbounds.model.claims import Scope
from inbounds.process import clock
from inbounds.testing import AGENT, PolicyUnderTest, small_deployment


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def policy(tmp_path, shelf):
    under_test = leased(tmp_path / "inbounds", shelf)
    yield under_test
    under_test.close()


def kept(policy):
    """What the outbox still holds."""
    outbox = policy.guard._runtime.leases.outbox()
    return [row.revocation for row in outbox.rows()]


def eventually(holds, seconds=10.0):
    """Wait until something holds, and fail where it does not come about."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def decided(policy):
    """The tool, outcome and leases of each decision, in order."""
    with contextlib.closing(sqlite3.connect(policy.guard.evidence.path)) as log:
        bodies = [json.loads(body) for (body,) in log.execute("SELECT body FROM records")]
    return [
        (body["tool"], body["outcome"], tuple(body["leases"]))
        for body in bodies
        if body["kind"] == "decided.v1"
    ]


class TestTaskLease:
    def test_it_is_had_after_an_allowed_decision_and_ends_with_the_task(self, policy, shelf):
        with policy.task() as task:
            lease = task.lease("mail-store")
            assert lease.value == {"password": f"{SECRET}-1"}
            assert (lease.credential, lease.task) == ("mail-store", task.id)
            assert lease.handle.startswith("lease-")
            assert kept(policy) == ["accessor-1"]
            assert shelf.revoked == []
        assert shelf.revoked == ["accessor-1"]
        assert kept(policy) == []
        with pytest.raises(LeaseUnavailable) as refused:
            _ = lease.value
        assert refused.value.code == "lease.over"
        assert task.report().verdict == "in bounds"

    def test_the_backend_hears_whose_it_is_and_until_when(self, policy, shelf):
        with policy.task() as task:
            lease = task.lease("mail-store")
            (asked,) = shelf.issued
            assert asked.credential == "mail-store"
            assert asked.task == task.id
            assert asked.subject == task.request.subject != ""
            assert asked.task_token == task.grant.token
            assert 3590 <= asked.seconds <= 3600
            assert lease.expires <= task.authority.deadline

    def test_a_lease_never_outlives_the_task(self, policy, shelf):
        shelf.seconds = 9999
        with policy.task(seconds=100) as task:
            lease = task.lease("mail-store")
            assert lease.expires == task.authority.deadline
            assert shelf.issued[0].seconds <= 100

    def test_a_lease_never_outlives_the_time_in_which_the_task_may_act(self, policy, shelf):
        shelf.seconds = 9999
        now = int(clock.now())
        windows = [{"start": now - 60, "end": now + 20}, {"start": now + 600, "end": now + 900}]
        with policy.task(scope=Scope.model_validate({"windows": windows})) as task:
            lease = task.lease("mail-store")
            assert lease.expires == now + 20
            assert shelf.issued[0].seconds <= 20
            assert task.lease("mail-store") is lease  # no other one could be had for longer

    @pytest.mark.system
    def test_what_it_waits_for_is_not_added_to_its_time(self, policy, shelf, monkeypatch):
        leases = policy.guard._runtime.leases
        identity = leases._identity

        def slow(deadline):
            time.sleep(1.5)
            return identity(deadline)

        monkeypatch.setattr(leases, "_identity", slow)
        ends = []
        shelf.before = lambda: ends.append(int(clock.now()))
        with policy.task(seconds=100) as task:
            task.lease("mail-store")
            assert ends[0] + shelf.issued[0].seconds <= task.authority.deadline

    def test_a_live_one_is_not_leased_again(self, policy, shelf):
        with policy.task() as task:
            assert task.lease("mail-store") is task.lease("mail-store")
            assert len(shelf.issued) == 1

    def test_one_that_is_nearly_over_is_leased_again(self, policy, shelf):
        shelf.seconds = 100
        with policy.task() as task:
            first = task.lease("mail-store")
            policy.guard._runtime.leases._leases[task.ends, "mail-store"] = (first, 3600.0)
            first.expires = int(clock.now()) + 29
            second = task.lease("mail-store")
            assert second is not first
            assert len(shelf.issued) == 2
            assert first.live  # a call under way may use it still
        assert sorted(shelf.revoked) == ["accessor-1", "accessor-2"]

    def test_a_task_of_its_own_leases_its_own(self, policy, shelf):
        with policy.task() as one, policy.task() as other:
            assert one.lease("mail-store") is not other.lease("mail-store")
            one.end()
            assert shelf.revoked == ["accessor-1"]
            assert other.lease("mail-store").live

    def test_given_back_with_its_block(self, policy, shelf):
        with policy.task() as task:
            with task.lease("mail-store") as lease:
                assert lease.live
            assert shelf.revoked == ["accessor-1"]
            assert not lease.live
            assert task.lease("mail-store").live
        assert shelf.revoked == ["accessor-1", "accessor-2"]

    def test_what_the_policy_denies_is_not_leased(self, tmp_path, shelf):
        shelf.names = ("mail-store", "other-store")
        policy = leased(tmp_path / "denied", shelf)
        with policy.task() as task, pytest.raises(AccessDenied) as denied:
            task.lease("other-store")
        assert denied.value.code == "capability.not_granted"
        assert shelf.issued == []
        policy.close()

    def test_a_task_that_is_over_leases_nothing(self, policy, shelf):
        task = policy.task()
        task.end()
        with pytest.raises(DecisionUnavailable) as over:
            task.lease("mail-store")
        assert over.value.code == "task.over"
        assert shelf.issued == []

    def test_a_task_that_ends_while_it_is_issued_has_nothing(self, policy, shelf):
        task = policy.task()
        shelf.after = task.end
        with pytest.raises(DecisionUnavailable) as over:
            task.lease("mail-store")
        assert over.value.code == "task.over"
        eventually(lambda: kept(policy) == [])
        assert set(shelf.revoked) == {"accessor-1"}

    def test_without_a_backend_it_is_a_fault_of_the_configuration(self, tmp_path):
        policy = leased(tmp_path / "none", None)
        with policy.task() as task, pytest.raises(ConfigurationError) as refused:
            task.lease("mail-store")
        assert refused.value.code == "configuration.lease_backend"
        policy.close()

    def test_a_backend_for_each_credential(self, tmp_path, shelf):
        policy = leased(tmp_path / "several", {"mail-store": shelf})
        with policy.task() as task:
            assert task.lease("mail-store").live
            with pytest.raises(ConfigurationError):
                task.lease("mail-other")
        policy.close()

    def test_threads_share_one(self, policy, shelf):
        found = []
        with policy.task() as task:
            threads = [
                threading.Thread(target=lambda: found.append(task.lease("mail-store")))
                for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(found) == 8
            assert len({*map(id, found)}) == 1
            assert len(shelf.issued) == 1

    @pytest.mark.system
    @pytest.mark.parametrize("how", ["end", "close"])
    def test_a_backend_that_hangs_is_waited_for_once(self, tmp_path, how):
        names = ("mail-store", *(f"mail-{number}" for number in range(4)))
        shelf = Shelf(names=names)

        def hanging(revocation, *, identity, deadline):
            time.sleep(max(0, deadline - clock.monotonic()))
            raise LeaseUnavailable("no answer in time", code="lease.unreachable")

        more = {"credentials": {name: {"kind": "lease"} for name in names}}
        policy = leased(tmp_path / "inbounds", shelf, **more)
        task = policy.task()
        for name in names:
            task.lease(name)
        revoke, shelf.revoke = shelf.revoke, hanging
        begun = clock.monotonic()
        task.end() if how == "end" else policy.guard._runtime.leases.close()
        seconds = policy.guard._runtime.leases._seconds
        assert seconds <= clock.monotonic() - begun < 2 * seconds
        shelf.revoke = revoke
        if how == "end":
            eventually(lambda: kept(policy) == [])
        policy.close()

    def test_closing_the_guard_gives_everything_back(self, policy, shelf):
        lease = policy.task().lease("mail-store")
        policy.guard.close()
        assert shelf.revoked == ["accessor-1"]
        assert not lease.live

    @pytest.mark.system
    def test_at_the_deadline_it_is_given_back_though_nobody_ends_the_task(self, policy, shelf):
        lease = policy.task(seconds=3).lease("mail-store")
        eventually(lambda: shelf.revoked == ["accessor-1"])
        assert not lease.live

    @pytest.mark.parametrize("how", ["ended", "stopped", "suspended", "unregistered"])
    def test_what_the_policy_says_is_over_is_given_back(self, policy, shelf, how):
        task = policy.task()
        task.lease("mail-store")
        feed = policy.guard._runtime._development.feed
        if how == "ended":
            feed.end(task.id)
        elif how == "stopped":
            with contextlib.closing(LiveFeed(feed._file.path)) as owned:
                owned.kill(f"task:{task.id}")
        else:
            agents = changes()["agents"]
            agents[AGENT]["state"] = how
            policy.change(agents=agents if how == "suspended" else {})
        policy.guard._runtime._development._put_at = float("-inf")
        with pytest.raises(AccessDenied):
            task.call("mail.read", {"id": "1"})
        eventually(lambda: kept(policy) == [])
        assert shelf.revoked == ["accessor-1"]

    def test_one_that_hangs_after_the_login_holds_nobody_for_long(self, policy, shelf):
        def hang():
            shelf.down = True
            raise LeaseUnavailable("nothing came", code="lease.unreachable")

        revoke = shelf.revoke

        def slowly(*said, **how):
            time.sleep(1.5)
            revoke(*said, **how)

        shelf.after, shelf.revoke = hang, slowly
        begun = time.monotonic()
        with policy.task() as task:
            begun = time.monotonic()
            with pytest.raises(LeaseUnavailable):
                task.lease("mail-store")
            assert time.monotonic() - begun < 1.0
            shelf.down, shelf.revoke = False, revoke
        eventually(lambda: kept(policy) == [])


class TestTool:
    def test_what_it_needs_is_leased_before_it_runs(self, policy, shelf):
        with policy.task() as task:
            task.call("mail.read", {"id": "1"})
            task.call("mail.read", {"id": "2"})
        assert policy.lent == [f"{SECRET}-1"] * 2
        assert len(shelf.issued) == 1
        assert shelf.revoked == ["accessor-1"]

    def test_the_record_of_each_decision_names_the_handle_and_never_the_value(self, policy):
        with policy.task() as task:
            task.call("mail.read", {"id": "1"})
            handle = task.lease("mail-store").handle
        found = decided(policy)
        assert found == [
            ("credential.lease", "allow", (handle,)),
            ("mail.read", "allow", (handle,)),
        ]
        assert policy.guard.report(task.id).verdict == "in bounds"

    def test_in_a_coroutine_and_on_its_threads(self, policy, shelf):
        async def main():
            async with policy.task() as task:
                await task.acall("mail.read", {"id": "1"})
                return await task.acall("mail.read", {"id": "2"})

        assert asyncio.run(main()) == 2
        assert policy.lent == [f"{SECRET}-1"] * 2
        assert shelf.revoked == ["accessor-1"]

    def test_a_framework_that_runs_it_itself_has_it_after_the_permit(self, policy, shelf):
        with policy.task() as task:
            permit = task.permit("mail.read", {"id": "1"})
            assert len(shelf.issued) == 1
            permit.finish(leases.current("mail-store").handle)

    def test_a_denied_lease_is_what_is_raised(self, tmp_path, shelf):
        intents = changes()["intents"]
        intents["correspond"]["resources"].pop()
        policy = leased(tmp_path / "denied", shelf, intents=intents)
        with policy.task() as task, pytest.raises(AccessDenied) as denied:
            task.call("mail.read", {"id": "1"})
        assert denied.value.tool == "credential.lease"
        assert policy.lent == []
        assert shelf.issued == []
        policy.close()

    def test_without_a_backend_the_policy_denies(self, tmp_path):
        policy = leased(tmp_path / "none", None)
        with policy.task() as task, pytest.raises(AccessDenied) as denied:
            task.call("mail.read", {"id": "1"})
        assert denied.value.code == "credential.lease_missing"
        assert policy.lent == []
        policy.close()

    def test_a_dry_run_leases_nothing(self, policy, shelf):
        with policy.task() as task:
            assert task.evaluate("mail.read", {"id": "1"}).code == "credential.lease_missing"
            assert shelf.issued == []
            task.lease("mail-store")
            assert task.evaluate("mail.read", {"id": "1"}).allowed

    def test_outside_a_task_there_is_none(self, policy):
        with pytest.raises(TaskMissing):
            leases.current("mail-store")

    def test_a_static_credential_needs_no_backend(self, tmp_path, shelf):
        credentials = {
            "mail-store": {
                "kind": "static",
                "reason": "the provider leases none",
                "until": int(time.time()) + 60,
            }
        }
        policy = PolicyUnderTest(tmp_path / "static", {**changes(), "credentials": credentials})
        policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: id)
        with policy.task() as task:
            assert task.call("mail.read", {"id": "1"}) == "1"
        assert decided(policy) == [("mail.read", "allow", ())]
        policy.close()


class TestFailure:
    def test_a_backend_that_is_down_keeps_the_tool_from_running(self, policy, shelf):
        shelf.down = True
        with policy.task() as task, pytest.raises(LeaseUnavailable) as refused:
            task.call("mail.read", {"id": "1"})
        assert (refused.value.code, refused.value.executed) == ("lease.unreachable", "no")
        assert policy.lent == []
        assert kept(policy) == []

    @pytest.mark.parametrize(
        "given",
        [
            None,
            "secret",
            Issued({}, 2**40),
            Issued({"a": "b"}, "soon"),
            Issued({"a": "b"}, True),
            Issued({"a": SECRET}, 1),
        ],
    )
    def test_what_is_no_credential_is_given_back(self, policy, shelf, given):
        issue = shelf.issue
        shelf.issue = lambda asked, kept: (issue(asked, kept), given)[1]
        with policy.task() as task, pytest.raises(LeaseUnavailable) as refused:
            task.lease("mail-store")
        assert refused.value.code == "lease.unusable"
        assert SECRET not in str(refused.value)
        eventually(lambda: kept(policy) == [])
        assert set(shelf.revoked) == {"accessor-1"}

    def test_what_a_backend_raises_is_not_told(self, policy, shelf):
        def broken():
            raise KeyError(SECRET)

        shelf.after = broken
        with policy.task() as task, pytest.raises(LeaseUnavailable) as refused:
            task.lease("mail-store")
        assert refused.value.code == "lease.unreachable"
        assert SECRET not in repr(refused.value) + str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__
        # Half issued is not issued.
        eventually(lambda: set(shelf.revoked) == {"accessor-1"})

    def test_what_cannot_be_kept_is_not_handed_out(self, policy, shelf):
        outbox = policy.guard._runtime.leases.outbox()
        outbox.close()
        with policy.task() as task, pytest.raises(LeaseUnavailable) as refused:
            task.lease("mail-store")
        assert refused.value.code == "lease.outbox"

    @pytest.mark.system
    def test_a_fork_holds_nothing_of_its_parents(self, policy, shelf):
        task = policy.task()
        lease = task.lease("mail-store")
        child = os.fork()
        if not child:
            try:
                assert not lease.live
                lease.close()
                policy.guard.close()
                os._exit(0 if shelf.revoked == [] else 3)
            except BaseException:  # noqa: BLE001 -- whatever it is, the parent has to hear
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert lease.live
        assert kept(policy) == ["accessor-1"]
        task.end()
        assert shelf.revoked == ["accessor-1"]


def test_a_lease_is_never_copied_nor_shown(policy):
    with policy.task() as task:
        lease = task.lease("mail-store")
        with pytest.raises(TypeError):
            pickle.dumps(lease)
        assert SECRET not in repr(lease) + str(lease) + repr(vars(type(lease)))
        assert SECRET not in repr(lease._issued)
        value = lease.value
        value["password"] = "other"
        assert lease.value == {"password": f"{SECRET}-1"}


def test_the_outbox_is_another_ones_while_its_owner_lives(tmp_path):
    path = tmp_path / "leases.sqlite"
    one, other = LeaseOutbox(path), LeaseOutbox(path)
    far = int(time.time()) + 1000
    one.keep(handle="a", credential="c", hops=["t"], revocation="r", until=far)
    one.keep(handle="b", credential="c", hops=["t"], revocation="r", until=int(time.time()) - 1)
    assert [row.handle for row in one.own()] == ["a", "b"]
    assert other.own() == []
    assert [row.handle for row in other.left_over()] == ["b"]
    one.close()
    assert [row.handle for row in other.left_over()] == ["a", "b"]
    other.done("a")
    other.done("a")
    assert [row.handle for row in other.rows()] == ["b"]
    other.close()


def test_small_deployment_needs_no_lease():
    assert all("credential" not in tool for tool in small_deployment()["tools"].values())
