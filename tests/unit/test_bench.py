"""What the bench measures with: that it is what it is taken for."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import pytest
from bench import revocation, revocation_page
from bench.commits import BareCommits
from bench.delegations import MOST, Delegations
from bench.filling import fill, verified
from bench.measure import Throughput, Timing, added
from bench.revocation import Ended, revoke_many
from bench.world import World

from inbounds.evidence import Decided, Executed
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.report import report
from inbounds.evidence.verify import verify
from inbounds.pdp import DECISION

KEY = b"k" * 32


def timing(*rounds):
    return Timing(tuple(tuple(seconds) for seconds in rounds))


def test_a_filled_log_is_as_good_as_a_written_one(tmp_path):
    """
    It is whole, goes on, and tells of each task what its records say.
    """
    told = []
    fill(tmp_path / "log", 1_001, key=KEY, told=told.append)
    verified(tmp_path / "log", key=KEY)
    assert told == [0]

    log = SqliteEvidence(tmp_path / "log", key=KEY)
    log.executed(Executed(decision_id="decision-000000000500", at=1, executed="yes", status="ok"))
    found = report(log, "task-00000000")
    log.close()

    assert verify(tmp_path / "log", KEY).records == 1_002
    assert found.verdict == "in bounds"
    assert found.ran == 100


def test_a_log_that_is_not_whole_is_not_measured(tmp_path):
    fill(tmp_path / "log", 10, key=KEY, told=lambda _: None)
    with sqlite3.connect(tmp_path / "log") as connection:
        connection.execute("DROP TRIGGER records_unchanged")
        connection.execute("UPDATE records SET body = replace(body, 'acme', 'other') WHERE seq = 3")
    connection.close()
    with pytest.raises(RuntimeError):
        verified(tmp_path / "log", key=KEY)


def test_bare_commits_have_the_size_of_records_and_are_as_durable(tmp_path):
    fill(tmp_path / "log", 10, key=KEY, told=lambda _: None)
    bare = BareCommits(tmp_path / "bare", like=tmp_path / "log")
    bare.decided(Decided.model_construct())
    bare.executed(Executed.model_construct())
    settings = [
        bare._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "page_size")
    ]
    rows = bare._connection.execute(
        "SELECT length(body) FROM rows ORDER BY rowid DESC LIMIT 2"
    ).fetchall()
    bare.close()

    log = SqliteEvidence(tmp_path / "log", key=KEY)
    of_log = [
        log._file._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "page_size")
    ]
    log.close()
    with sqlite3.connect(tmp_path / "log") as connection:
        columns = connection.execute(
            "SELECT kind, decision_id, task, body, hash, mac FROM records ORDER BY seq DESC LIMIT 2"
        ).fetchall()
    connection.close()
    assert settings == of_log
    assert [size for (size,) in rows] == [sum(map(len, row)) for row in columns]


def test_ratios_are_medians_of_rounds():
    """
    A round in which everything was slow counts as one round.
    """
    slow, fast = timing([4, 4], [40, 44], [4, 4]), timing([2, 2], [20, 22], [1, 1])
    assert slow.over(fast) == 2
    assert added(slow, fast, beside=(timing([2, 2], [20, 20], [2, 2]), timing(*[[1, 1]] * 3))) == 2
    assert Throughput((2.0, 9.0, 4.0), slow).over(Throughput((1.0, 3.0, 4.0), fast)) == 2


def test_percentiles_are_of_all_calls():
    every = timing(range(1, 51), range(51, 101))
    assert [every.percentile(percent) for percent in (2, 50, 95, 99)] == [3, 51, 96, 100]
    assert every.to_json()["calls"] == 100


def test_each_task_went_through_one_hop_more_and_for_less(tmp_path):
    world = World(tmp_path)
    with contextlib.closing(world.embedded()) as policy:
        delegated = Delegations(world, policy)
        assert [len(task.grant.chain) for task in delegated.tasks] == list(range(MOST + 1))
        budgets = [task.authority.budgets.get("calls", 2**53) for task in delegated.tasks]
        assert budgets == sorted(set(budgets), reverse=True)
        for number in range(MOST + 1):
            assert delegated.decision(number)().result["decision"] is True
            asked = json.loads(delegated.listening.asked[DECISION])
            assert len(asked["context"]["credentials"]["chain"]) == number
    world.close()


@pytest.mark.parametrize("proof", [False, True])
def test_a_call_is_proved_where_the_deployment_asks_for_it(tmp_path, proof):
    world = World(tmp_path)
    with contextlib.closing(world.embedded(proof=proof)) as policy:
        delegated = Delegations(world, policy)
        delegated.call(MOST)()
        credentials = json.loads(delegated.listening.asked[DECISION])["context"]["credentials"]
    world.close()
    assert bool(credentials.get("proof")) is proof


def test_what_was_revoked_by_hand_is_in_the_feed(tmp_path):
    world = World(tmp_path)
    revoke_many(world, 3)
    assert world.feed()["revoked"].keys() == {"_", *(f"token-{place:08}" for place in range(3))}
    world.close()


def test_times_of_ends_are_of_all_ends():
    ends = [Ended(0.001, number / 1000, (number + 1) / 1000) for number in range(1, 101)]
    found = revocation._summed(ends)
    assert found["ends"] == 100
    assert (found["allowed_p50"], found["allowed_p99"], found["allowed_most"]) == (51, 100, 100)
    assert (found["refused_p50"], found["ending_p99"]) == (52, 1)


def test_a_run_is_put_between_the_marks_alone():
    ends = {"ends": 100, "asked_every_ms": 8.0, "opas": 1, "revoked": 0}
    ends |= {
        f"{name}_{kind}": 1.0
        for name in ("ending", "allowed", "refused")
        for kind in ("p50", "p99", "most")
    }
    whole = {
        "machine": {"cpus": 2, "cpu": "x", "system": "Linux 6", "python": "3"},
        "load": {"before": 0, "after": 0},
        "ends": {"1 OPA": ends},
        "lists": {"OPA": {"mebibytes": 1.0, "decision_us": 2, "push_ms": 3.0}},
    }
    text = "before\n" + revocation_page._BEGIN + "another run\n" + revocation_page._END + "after\n"
    placed = revocation_page.placed(text, whole)
    assert placed.startswith("before\n" + revocation_page._BEGIN + "| milliseconds |")
    assert placed.endswith(revocation_page._END + "after\n")
    assert "another run" not in placed
    assert revocation_page.placed(placed, whole) == placed
