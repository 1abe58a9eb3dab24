"""What a report says of a task, from records alone."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading

import pytest

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.evidence import Decided, Executed, Granted, NoEvidence
from inbounds.evidence.file import reading
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.report import _OF_TASK, report
from inbounds_tools.report_page import page

KEY = bytes(range(32))
TASK = "task-1"


class Story:
    """A task that writes its records, one call after another."""

    def __init__(self, log, task=TASK):
        self.log = log
        self.task = task
        self.number = 0

    def decided(self, tool, outcome="allow", code="", **changes):
        self.number += 1
        effects = {"mail.read": ("read",), "mail.send": ("export",)}.get(tool, ("write",))
        record = Decided(
            **{
                "decision_id": f"{self.task}-decision-{self.number}",
                "at": 1_760_000_000_000_000_000 + self.number,
                "task": self.task,
                "sid": "s-1",
                "tenant": "acme",
                "subject": "alice@acme.example",
                "agent": "spiffe://acme.example/agent/assistant",
                "intent": "summarise",
                "tool": tool,
                "effects": effects,
                "resource_type": "mail",
                "resource_digest": "hmac-sha256:k:aa",
                "digest": "hmac-sha256:k:bb",
                "outcome": outcome,
                "codes": (code,) if code else (),
                "policy": "v1",
                "granted": Granted(
                    tools=("mail.read", "mail.send", "docs.read"), effects=("read", "export")
                ),
                **changes,
            }
        )
        self.log.decided(record)
        return record.decision_id

    def executed(self, identity, executed="yes", status="ok", at=1_760_000_000_000_000_900):
        self.log.executed(
            Executed(
                decision_id=identity,
                at=at,
                executed=executed,
                status=status,
            )
        )

    def ran(self, tool, **said):
        self.executed(self.decided(tool), **said)


@pytest.fixture
def log(tmp_path):
    found = SqliteEvidence(tmp_path / "e.sqlite", key=KEY)
    yield found
    found.close()


@pytest.fixture
def story(log):
    return Story(log)


class TestLine:
    def test_of_one_that_ran_and_one_that_was_refused(self, log, story):
        story.ran("mail.read")
        story.decided("mail.send", "deny", "egress.destination_not_allowed")

        assert str(report(log, TASK)) == "in bounds · 1 ran · 1 refused"

    def test_says_the_rest_only_where_there_is_some(self, log, story):
        story.decided("mail.send", "ask", "approval.outward")
        story.decided("mail.read", "unavailable", "decision.timeout")
        story.ran("mail.read", executed="no", status="cancelled")
        story.decided("docs.read")

        assert str(report(log, TASK)) == (
            "cannot tell · 0 ran · 0 refused · 1 asked · 1 unavailable · 1 stopped · 1 unknown"
            " · 1 interruption"
        )

    @pytest.mark.parametrize("tool", ["a\nb", "a\x1b[2J"])
    def test_is_one_line_whatever_was_recorded(self, log, story, tool):
        story.decided(tool, "deny", tool)

        assert len(str(report(log, TASK)).splitlines()) == 1


class TestVerdict:
    def test_in_bounds_when_each_that_ran_had_an_allow_before_it(self, log, story):
        for _ in range(3):
            story.ran("mail.read")
        found = report(log, TASK)

        assert (found.verdict, found.why) == ("in bounds", ())

    def test_in_bounds_when_a_result_was_withheld_or_the_tool_failed(self, log, story):
        story.ran("mail.read", status="withheld")
        story.ran("mail.read", status="error")
        found = report(log, TASK)

        assert (found.verdict, found.ran, found.withheld) == ("in bounds", 2, 1)

    def test_in_bounds_when_what_was_allowed_is_known_not_to_have_run(self, log, story):
        story.ran("mail.read", executed="no", status="cancelled")

        assert report(log, TASK).verdict == "in bounds"

    def test_in_bounds_when_everything_was_refused(self, log, story):
        story.executed(story.decided("mail.send", "deny", "x.y"), executed="no")

        assert str(report(log, TASK)) == "in bounds · 0 ran · 1 refused"

    @pytest.mark.parametrize("outcome", ["deny", "ask", "unavailable"])
    @pytest.mark.parametrize("executed", ["yes", "unknown"])
    def test_out_of_bounds_when_one_ran_without_an_allow(self, log, story, outcome, executed):
        story.ran("mail.read")
        story.executed(story.decided("mail.send", outcome, "x.y"), executed=executed)
        found = report(log, TASK)

        assert found.verdict == "out of bounds"
        assert "mail.send ran without an allow" in found.why
        assert "mail.send" in found.used_tools

    def test_out_of_bounds_when_one_ran_before_its_allow(self, log, story):
        story.executed(f"{TASK}-decision-1")
        story.decided("mail.read")

        assert report(log, TASK).verdict == "out of bounds"

    def test_out_of_bounds_when_one_allow_served_twice(self, log, story):
        identity = story.decided("mail.read")
        story.executed(identity)
        story.executed(identity, at=1_760_000_000_000_000_901)

        assert report(log, TASK).verdict == "out of bounds"

    def test_an_outcome_that_was_written_again_is_one(self, log, story):
        identity = story.decided("mail.read")
        story.executed(identity)
        story.executed(identity)

        assert (report(log, TASK).verdict, report(log, TASK).ran) == ("in bounds", 1)

    def test_out_of_bounds_beats_what_is_not_known(self, log, story):
        story.decided("mail.read")
        story.executed(story.decided("mail.send", "deny", "x.y"))

        assert report(log, TASK).verdict == "out of bounds"

    def test_a_later_no_does_not_undo_that_it_ran(self, log, story):
        identity = story.decided("mail.read")
        story.executed(identity)
        story.executed(identity, executed="no")

        assert report(log, TASK).ran == 1

    @pytest.mark.parametrize("recorded", [True, False])
    def test_cannot_tell_when_it_is_not_known_whether_one_ran(self, log, story, recorded):
        identity = story.decided("mail.read")
        if recorded:
            story.executed(identity, executed="unknown", status="unknown")

        assert str(report(log, TASK)) == "cannot tell · 0 ran · 0 refused · 1 unknown"

    def test_cannot_tell_of_a_task_without_records(self, log, story):
        story.ran("mail.read")

        assert str(report(log, "another")) == "cannot tell · 0 ran · 0 refused"
        assert str(report(log, "")) == "cannot tell · 0 ran · 0 refused"

    def test_cannot_tell_where_nothing_is_kept(self):
        assert report(NoEvidence(), TASK).verdict == "cannot tell"

    @pytest.mark.parametrize(
        "change",
        [
            "body = replace(body, 'mail.send', 'mail.read')",
            "body = replace(body, 'deny', 'allow')",
            "body = x'00ff'",
            "hash = 'x'",
        ],
    )
    def test_cannot_tell_when_a_record_was_edited(self, log, story, change):
        story.ran("mail.read")
        story.decided("mail.send", "deny", "x.y")
        connection = sqlite3.connect(log.path, isolation_level=None)
        connection.execute("DROP TRIGGER records_unchanged")
        connection.execute(f"UPDATE records SET {change} WHERE seq = 3")
        connection.close()

        assert report(log, TASK).verdict == "cannot tell"

    def test_cannot_tell_when_a_record_is_none(self, log, story):
        story.ran("mail.read")
        connection = sqlite3.connect(log.path, isolation_level=None)
        connection.execute("DROP TRIGGER records_unchanged")
        connection.execute(
            "UPDATE records SET body = '{}', hash = ? WHERE seq = 2",
            (hashlib.sha256(b"{}").hexdigest(),),
        )
        connection.close()

        assert report(log, TASK).verdict == "cannot tell"


class Forger:
    """Somebody who can write to the file and knows SHA-256, but not the key."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        for (name,) in self("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self(f"DROP TRIGGER {name}")

    def __call__(self, statement, *values):
        return self.connection.execute(statement, values).fetchall()

    def rewrite(self, change):
        """Change what bodies say, and compute every hash anew; the head's and counts' too."""
        last = None
        for seq, body in self("SELECT seq, body FROM records ORDER BY seq"):
            fields = json.loads(body)
            fields = change({**fields, "prev": last or fields["prev"], "seq": seq})
            text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            last = hashlib.sha256(text.encode()).hexdigest()
            self("UPDATE records SET body = ?, hash = ? WHERE seq = ?", text, last, seq)
        self("UPDATE head SET hash = ?, count = (SELECT count(*) FROM records)", last)
        self("UPDATE tasks SET hash = ?", last)


class TestForged:
    @pytest.fixture
    def forger(self, log, story):
        story.ran("mail.read")
        story.executed(story.decided("mail.send", "deny", "x.y"))
        Story(log, "task-2").ran("mail.read")
        story.ran("docs.read")
        Story(log, "task-2").executed("task-2-decision-9", executed="no", status="cancelled")
        assert report(log, TASK).verdict == "out of bounds"
        found = Forger(log.path)
        yield found
        found.connection.close()

    def test_a_denial_edited_into_an_allow(self, log, forger):
        forger.rewrite(
            lambda fields: {**fields, **({"outcome": "allow"} if "tool" in fields else {})}
        )
        found = report(log, TASK)

        assert found.verdict == "cannot tell"
        assert "a record of it was edited" in found.why

    @pytest.mark.parametrize("seq", range(1, 5))
    def test_a_record_dropped(self, log, forger, seq):
        forger("DELETE FROM records WHERE seq = ?", seq)

        assert report(log, TASK).verdict == "cannot tell"

    @pytest.mark.parametrize(
        ("seq", "copied"),
        [(seq, copied) for seq in (1, 2, 3, 4, 7) for copied in (2, 4, 8) if seq != copied],
    )
    def test_a_record_overwritten_with_another(self, log, forger, seq, copied):
        """
        Each is genuine by itself, so that neither its seal nor their count tells.
        """
        columns = "kind, decision_id, task, body, hash, mac"
        forger(
            f"UPDATE records SET ({columns}) = "
            f"(SELECT {columns} FROM records WHERE seq = {copied}) WHERE seq = {seq}"
        )

        assert report(log, TASK).verdict != "in bounds"
        assert "a record of it is not one" in report(log, TASK).why

    def test_a_record_dropped_and_the_rest_moved_up(self, log, forger):
        forger("DELETE FROM records WHERE seq = 4")
        forger("UPDATE records SET seq = seq - 1 WHERE seq > 4")
        forger.rewrite(lambda fields: fields)

        assert report(log, TASK).verdict == "cannot tell"

    def test_the_last_of_a_task_dropped_in_the_middle_of_the_log(self, log, forger):
        forger("DELETE FROM records WHERE seq = 8")

        assert "a record of it is missing, or is not one of it" in report(log, TASK).why

    @pytest.mark.parametrize("beyond", [8, 4, 2])
    def test_an_end_cut_off(self, log, forger, beyond):
        forger("DELETE FROM records WHERE seq > ?", beyond)

        assert "the log does not end where it was signed" in report(log, TASK).why

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE tasks SET count = count - 1",
            "UPDATE tasks SET mac = 'x'",
            "DELETE FROM tasks",
            "UPDATE tasks SET hash = 'x'",
            "UPDATE head SET count = 3",
            "UPDATE head SET log = 'x'",
            "DELETE FROM head",
            "UPDATE records SET mac = 'x' WHERE seq = 4",
            "UPDATE records SET mac = (SELECT mac FROM records WHERE seq = 3) WHERE seq = 4",
            "UPDATE records SET task = 'task-2' WHERE seq = 4",
            "UPDATE records SET task = '' WHERE seq = 4",
            "UPDATE records SET task = x'00' WHERE seq = 4",
        ],
    )
    def test_anything_else(self, log, forger, statement):
        forger(statement)

        assert report(log, TASK).verdict == "cannot tell"

    def test_a_record_of_another_log_with_the_same_key(self, log, forger, tmp_path):
        other = SqliteEvidence(tmp_path / "other.sqlite", key=KEY)
        Story(other).decided("mail.read")
        story = Story(other)
        story.number = 1
        story.decided("mail.send")
        other.close()
        forger("ATTACH ? AS other", str(other.path))
        forger(
            "UPDATE records SET (body, hash, mac) = "
            "(SELECT body, hash, mac FROM other.records WHERE seq = 2) WHERE seq = 3"
        )

        assert "a record of it was edited" in report(log, TASK).why

    def test_another_task_is_told_of_all_the_same(self, log, forger):
        forger("DELETE FROM records WHERE seq = 4")

        assert report(log, "task-2").verdict == "in bounds"


class TestContents:
    @pytest.fixture
    def found(self, log, story):
        story.ran("mail.read")
        story.ran("mail.read")
        for code in ("egress.destination_not_allowed", "data.label_above_task", "x.y", "x.y"):
            story.decided("mail.send", "deny", code)
        story.decided("docs.delete", "ask", "approval.delete", policy="v2")
        story.decided("docs.read", "unavailable", "decision.timeout")
        return report(log, TASK)

    def test_who_and_to_what_end(self, found):
        assert (found.task, found.intent, found.subject, found.tenant) == (
            TASK,
            "summarise",
            "alice@acme.example",
            "acme",
        )
        assert found.policies == ("v1", "v2")
        assert found.begun == 1_760_000_000_000_000_001
        assert found.ended == 1_760_000_000_000_000_008

    def test_granted_used_and_never_used(self, found):
        assert found.granted_tools == ("docs.read", "mail.read", "mail.send")
        assert found.used_tools == {"mail.read": 2}
        assert found.never_used_tools == ("docs.read", "mail.send")
        assert found.used_effects == ("read",)
        assert found.never_used_effects == ("export",)

    def test_the_same_question_interrupts_once(self, log):
        story = Story(log)
        for digest, code in [("a", "x.y"), ("a", "x.y"), ("b", "x.y"), ("a", "x.z")]:
            story.decided("mail.send", "ask", code, digest=digest)

        assert report(log, TASK).interruptions == 3

    def test_who_approved_and_whether_for_himself(self, log):
        story = Story(log)
        given = ("j-1 by dora@acme.example", "j-2 by alice@acme.example, who asked for it")
        for approvals in [given[:1], given, ()]:
            story.executed(story.decided("mail.send", approvals=approvals))

        found = report(log, TASK)
        assert found.approved_by == {"alice@acme.example": 1, "dora@acme.example": 2}
        assert found.self_approved == 1

    def test_refused_asked_and_unavailable_with_their_codes(self, found):
        assert [(no.tool, no.code, no.times) for no in found.refused] == [
            ("mail.send", "data.label_above_task", 1),
            ("mail.send", "egress.destination_not_allowed", 1),
            ("mail.send", "x.y", 2),
        ]
        assert [(no.tool, no.code) for no in found.asked] == [("docs.delete", "approval.delete")]
        assert [(no.tool, no.code) for no in found.unavailable] == [
            ("docs.read", "decision.timeout")
        ]

    def test_json_holds_it_all(self, found):
        told = json.loads(found.to_json())

        assert told["verdict"] == "in bounds"
        assert told["never_used_tools"] == ["docs.read", "mail.send"]
        assert told["used_tools"] == {"mail.read": 2}
        assert told["refused"][0] == {
            "tool": "mail.send",
            "code": "data.label_above_task",
            "times": 1,
            "decision": found.refused[0].decision,
        }

    def test_every_refusal_names_the_latest_decision_of_its_kind(self, log, story):
        made = {}
        for tool in ("mail.send", "docs.read", "mail.send"):
            for outcome, code in (
                ("deny", "data.label_above_task"),
                ("ask", "flow.steered_by_stranger"),
                ("unavailable", "decision.timeout"),
            ):
                made[outcome, tool] = story.decided(tool, outcome, code)
        found = report(log, TASK)
        kinds = {"deny": found.refused, "ask": found.asked, "unavailable": found.unavailable}
        named = {
            (outcome, no.tool): no.decision for outcome, refused in kinds.items() for no in refused
        }
        assert named == made
        html, notebook = page(found), found._repr_html_()
        assert all(decision in html and decision in notebook for decision in made.values())

    def test_no_html_shows_what_turns_or_hides_what_stands_beside_it(self, log, story):
        for sign in ("\u202e", "\u200b", "\u2066"):
            story.decided(f"mail.send{sign}", "deny", f"egress.x{sign}")
        found = report(log, TASK)
        for html in (page(found), found._repr_html_()):
            assert all(sign.isprintable() or sign == "\n" for sign in html)
            assert "u202e" in html

    def test_a_notebook_shows_it_as_text_and_never_as_markup(self, log, story):
        story.decided("<script>alert(1)</script>", "deny", "<b>x</b>")
        html = report(log, TASK)._repr_html_()

        assert "<strong>in bounds</strong>" in html
        assert "<script>" not in html
        assert "<b>" not in html
        assert "&lt;script&gt;" in html


class TestReading:
    def test_a_task_that_still_runs(self, log, story):
        story.ran("mail.read")
        identity = story.decided("mail.read")
        during = report(log, TASK)
        story.executed(identity)

        assert str(during) == "cannot tell · 1 ran · 0 refused · 1 unknown"
        assert str(report(log, TASK)) == "in bounds · 2 ran · 0 refused"

    def test_does_not_wait_for_a_writer(self, log, story):
        story.ran("mail.read")
        writer = sqlite3.connect(log.path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")

        assert report(log, TASK).ran == 1
        writer.close()

    def test_from_the_file_alone(self, log, story):
        story.ran("mail.read")
        log.close()

        assert report(log.path, TASK, key=KEY) == report(str(log.path), TASK, key=KEY)
        assert str(report(log.path, TASK, key=KEY)) == "in bounds · 1 ran · 0 refused"

    @pytest.mark.parametrize("key", [None, b"x" * 32])
    def test_from_the_file_without_its_key_nobody_can_tell(self, log, story, key):
        story.ran("mail.read")
        log.close()
        found = report(log.path, TASK, key=key)

        assert found.verdict == "cannot tell"
        assert "key" in found.why[0]

    def test_goes_by_indexes_alone(self, log):
        with reading(log.path) as connection:
            plan = [
                row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_OF_TASK}", {"task": ""})
            ]

        assert any("records_by_task" in step for step in plan)
        assert any("records_by_decision" in step for step in plan)
        assert not [step for step in plan if step.startswith("SCAN")]

    def test_costs_no_more_in_a_long_log(self, log, story):
        story.ran("mail.read")

        def steps():
            count = 0

            def step():
                nonlocal count
                count += 1

            with reading(log.path) as connection:
                connection.set_progress_handler(step, 1)
                connection.execute(_OF_TASK, {"task": TASK}).fetchall()
            return count

        alone = steps()
        other = Story(log, "task-2")
        for _ in range(300):
            other.ran("mail.read")

        assert steps() <= alone * 1.2
        assert report(log, "task-2").ran == 300

    def test_of_many_tasks_at_once(self, log):
        def run(task):
            story = Story(log, task)
            for _ in range(5):
                story.ran("mail.read")
            story.decided("mail.send", "deny", "x.y")

        threads = [threading.Thread(target=run, args=(f"task-{each}",)) for each in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {str(report(log, f"task-{each}")) for each in range(16)} == {
            "in bounds · 5 ran · 1 refused"
        }

    def test_what_is_not_there_or_no_log_is_refused(self, tmp_path):
        (tmp_path / "text").write_text("not a database, and long enough to be read as one" * 40)

        with pytest.raises(ConfigurationError) as missing:
            report(tmp_path / "missing", TASK)
        with pytest.raises(DecisionUnavailable) as text:
            report(tmp_path / "text", TASK)
        assert missing.value.code == "evidence.missing"
        assert text.value.code == "evidence.unavailable"
        assert not (tmp_path / "missing").exists()
