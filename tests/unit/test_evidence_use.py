"""What each agent did, read from a log in one pass."""

from __future__ import annotations

import sqlite3
import tracemalloc
from itertools import count
from pathlib import Path

import pytest

from inbounds.errors import ConfigurationError
from inbounds.evidence import Decided, Executed, usage
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.usage import Use

KEY = b"k" * 32
NUMBERS = count(1)
ONE, TWO = "spiffe://acme.example/agent/one", "spiffe://acme.example/agent/two"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evidence.sqlite"


def write(path: Path, *calls: tuple[str, str, str, tuple[str, ...]]) -> None:
    """Leave what calls leave: agent, tool, outcome, and what was said became of each in turn."""
    log = SqliteEvidence(path, key=KEY)
    for agent, tool, outcome, became in calls:
        number = next(NUMBERS)
        decided = {"agent": agent, "tool": tool, "outcome": outcome, "at": number}
        log.decided(
            Decided.model_validate(
                {
                    **dict.fromkeys(("task", "sid", "tenant", "subject"), "x"),
                    **dict.fromkeys(("resource_type", "resource_digest", "digest"), "x"),
                    "effects": (f"effect of {tool}",),
                    "decision_id": f"decision-{number}",
                    **decided,
                }
            )
        )
        for executed in became:
            status = "unknown" if executed == "unknown" else "ok"
            log.executed(
                Executed.model_validate(
                    {
                        "decision_id": f"decision-{number}",
                        "at": next(NUMBERS),
                        "executed": executed,
                        "status": status,
                    }
                )
            )
    log.close()


def read(path: Path, **options) -> Use:
    return usage.use(path, **{"key": KEY, **options})


def edit(path: Path, *statements: str) -> None:
    log = sqlite3.connect(path)
    with log:
        for (name,) in log.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            log.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            log.execute(statement)
    log.close()


class TestWhatIsCounted:
    def test_calls_and_refusals_of_each_agent(self, path):
        """
        A call counts whatever was decided; a refusal is what the policy said no to.
        """
        write(
            path,
            (ONE, "mail.read", "allow", ("yes",)),
            (TWO, "mail.send", "deny", ()),
            (ONE, "mail.send", "ask", ()),
            (ONE, "mail.send", "unavailable", ()),
            (ONE, "mail.read", "allow", ("yes",)),
        )
        found = read(path)

        assert found.agents.keys() == {ONE, TWO}
        assert (found.agents[ONE].calls, found.agents[ONE].refused) == (4, 0)
        assert (found.agents[TWO].calls, found.agents[TWO].refused) == (1, 1)
        assert found.since < found.agents[TWO].last_seen < found.agents[ONE].last_seen
        assert (found.doubts, found.uncounted) == ((), 0)

    @pytest.mark.parametrize(
        ("outcome", "became", "used"),
        [
            ("allow", ("yes",), True),
            ("allow", ("no",), False),
            ("allow", ("unknown",), True),
            ("allow", (), True),
            ("allow", ("unknown", "no"), True),
            ("allow", ("no", "yes"), True),
            ("deny", (), False),
            ("ask", (), False),
            ("unavailable", (), False),
            ("deny", ("no",), False),
            ("deny", ("yes",), True),
        ],
    )
    def test_used_is_what_ran_or_may_have(self, path, outcome, became, used):
        """
        What may have run is taken for used, whatever was said of it later.
        """
        write(path, (ONE, "mail.read", outcome, became))
        found = read(path).agents[ONE]

        assert found.ran == used
        assert found.tools == ({"mail.read"} if used else set())
        assert found.effects == ({"effect of mail.read"} if used else set())

    def test_an_empty_log(self, path):
        """
        A log that holds nothing tells of nobody, and there is nothing to doubt.
        """
        SqliteEvidence(path, key=KEY).close()

        assert read(path) == Use({}, 0, 0, ())

    def test_no_log(self, path):
        """
        Where there is no log, that is said.
        """
        with pytest.raises(ConfigurationError) as error:
            read(path)
        assert error.value.code == "evidence.missing"


class TestWhatIsDoubted:
    @pytest.fixture
    def written(self, path):
        write(
            path,
            (ONE, "mail.read", "allow", ("yes",)),
            (ONE, "mail.send", "allow", ("no",)),
            (ONE, "mail.list", "allow", ("yes",)),
        )
        return path

    def test_a_log_whose_key_is_not_there(self, written):
        """
        Without the key the figures are told, and that nobody can vouch for them.
        """
        found = read(written, key=None)

        assert found.agents[ONE].calls == 3
        assert found.doubts == ("without the log's key nobody can tell whether it is genuine",)

    def test_another_key(self, written):
        """
        A log of another key is not taken for genuine.
        """
        assert read(written, key=b"x" * 32).doubts == (
            "the log's head is not signed with this key",
        )

    def test_no_head(self, written):
        """
        A log that lost its head is not taken for genuine.
        """
        edit(written, "DELETE FROM head")

        assert read(written).doubts == ("the log's head is not signed with this key",)

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM records WHERE seq = 1",
            "DELETE FROM records WHERE seq = 6",
            "DELETE FROM records",
            "INSERT INTO records VALUES (7, 'executed.v1', 'decision-x', '', '{}', '', '')",
        ],
    )
    def test_records_that_went_or_came(self, written, statement):
        """
        What was taken out or put in is noticed.
        """
        edit(written, statement)

        assert "the log does not hold what was signed" in read(written).doubts

    @pytest.mark.parametrize(
        "change",
        [
            "body = replace(body, 'mail.read', 'mail.kill')",
            "body = '{}'",
            "body = 7",
            "hash = ''",
            "hash = x'00'",
            "task = 'y'",
            "mac = ''",
            "mac = 7",
            "body = '{\"a\": ' || body || '}'",
        ],
    )
    def test_a_record_that_was_edited_counts_for_nothing(self, written, change):
        """
        An edited decision is none of the agent's calls.
        """
        edit(written, f"UPDATE records SET {change} WHERE seq = 1")
        found = read(written)

        assert found.doubts == ("records that are not as they were written count for nothing: 1",)
        assert found.agents[ONE].calls == 2
        assert found.agents[ONE].tools == {"mail.list"}

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE records SET kind = 'executed.v1' WHERE seq = 1",
            "UPDATE records SET kind = 'x' WHERE seq = 1",
            "UPDATE records SET decision_id = decision_id || 'x' WHERE seq = 4",
            (
                "UPDATE records SET (kind, decision_id, task, body, hash, mac) = (SELECT kind,"
                " decision_id, task, body, hash, mac FROM records WHERE seq = 4) WHERE seq = 1"
            ),
        ],
    )
    def test_a_record_that_is_called_another_or_overwritten_is_doubted(self, written, change):
        edit(written, change)

        assert any("not as they were written" in doubt for doubt in read(written).doubts)

    def test_what_was_said_of_a_call_and_edited_leaves_it_taken_for_used(self, written):
        """
        Nobody makes a call unused by an edit.
        """
        edit(written, "UPDATE records SET mac = '' WHERE seq = 4")
        found = read(written)

        assert found.doubts == ("records that are not as they were written count for nothing: 1",)
        assert found.agents[ONE].tools == {"mail.read", "mail.list", "mail.send"}


def test_of_agents_nobody_registered_a_thousand_are_kept(path, monkeypatch):
    """
    Of the others it is said how often they called; those that are known are always told of.
    """
    monkeypatch.setattr(usage, "_STRANGERS", 2)
    strangers = [(f"stranger {n}", "t", "deny", ()) for n in range(4)]
    write(path, *strangers, strangers[0], (ONE, "mail.read", "allow", ("yes",)))
    found = read(path, known=[ONE, TWO])

    assert found.agents.keys() == {"stranger 0", "stranger 1", ONE}
    assert found.agents["stranger 0"].calls == 2
    assert found.uncounted == 2


@pytest.mark.parametrize("records", [200, 2000])
def test_a_longer_log_takes_no_more_memory(path, records):
    """
    What is held while it is read does not grow with the log.
    """
    from bench.filling import fill

    fill(path, records, key=KEY, told=lambda _: None)
    assert [each.calls for each in read(path).agents.values()] == [records // 2]
    # What threads of other tests take meanwhile is counted as well: the least of three.
    assert min(peak(path) for _ in range(3)) < 300_000


def peak(path):
    """The most memory that reading a log takes."""
    tracemalloc.start()
    read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most
