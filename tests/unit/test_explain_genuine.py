"""`inbounds explain ID` shows what the deployment's key sealed, or says it cannot tell."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import pytest

from inbounds.errors import AccessDenied
from inbounds.evidence.chain import link
from inbounds.evidence.tables import TRIGGERS
from inbounds.testing import PolicyUnderTest
from inbounds_tools.cli import main

FORGED = "0193f0de-0000-7000-8000-000000000000"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A log of two tasks; what was decided of the first is `decisions`."""
    policy = PolicyUnderTest(tmp_path / "inbounds")
    policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: "RAN")
    policy.guard.tool("mail.purge", resource=lambda id: ("mail", id))(lambda id: "RAN")
    for _ in range(2):
        task = policy.task()
        task.call("mail.read", {"id": "1"})
        with contextlib.suppress(AccessDenied):
            task.call("mail.purge", {"id": "1"})
        task.end()
    policy.close()
    monkeypatch.setenv("INBOUNDS_HOME", str(tmp_path / "inbounds"))
    return tmp_path / "inbounds"


@contextlib.contextmanager
def changed(home):
    with contextlib.closing(sqlite3.connect(home / "evidence.sqlite")) as log:
        for name in TRIGGERS:
            log.execute(f"DROP TRIGGER {name}")
        yield log
        log.commit()


def decisions(home):
    with contextlib.closing(sqlite3.connect(home / "evidence.sqlite")) as log:
        return {
            json.loads(body)["outcome"]: decision
            for decision, body in log.execute(
                "SELECT decision_id, body FROM records WHERE kind = 'decided.v1' ORDER BY seq DESC"
            )
        }


def explained(capsys, decision):
    """The exit code and what was said, as JSON."""
    code = main(["explain", decision, "--json"])
    return code, json.loads(capsys.readouterr().out)


def refused(capsys, decision):
    code, said = explained(capsys, decision)
    assert code == 2
    assert said["error"]["code"] == "evidence.edited"


def rewritten(log, seq, **changes):
    """Change a record's body, and hash it anew as anybody can."""
    (body,) = log.execute("SELECT body FROM records WHERE seq = ?", (seq,)).fetchone()
    text = json.dumps(
        {**json.loads(body), **changes}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    log.execute(
        "UPDATE records SET body = ?, hash = ? WHERE seq = ?", (text, link(text.encode()), seq)
    )


def test_what_was_written_is_shown_and_verified(home, capsys):
    for outcome, decision in decisions(home).items():
        code, said = explained(capsys, decision)
        assert (code == 0) == (outcome == "allow")
        assert (said["outcome"], said["verified"]) == (outcome, True)
    main(["explain", decisions(home)["allow"]])
    assert "not verified" not in capsys.readouterr().out


def test_a_record_that_was_added_is_refused(home, capsys):
    with changed(home) as log:
        (end,) = log.execute("SELECT max(seq) FROM records").fetchone()
        row = log.execute("SELECT kind, task, body FROM records WHERE seq = 1").fetchone()
        body = {**json.loads(row[2]), "decision_id": FORGED, "tool": "mail.purge", "seq": end + 1}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        log.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (end + 1, row[0], FORGED, row[1], text, link(text.encode()), "0" * 64),
        )
    refused(capsys, FORGED)
    refused(capsys, decisions(home)["allow"])


@pytest.mark.parametrize(
    "changes", [{"outcome": "allow"}, {"tool": "mail.other"}, {"subject": "bob@acme.example"}]
)
def test_a_record_that_was_edited_is_refused_though_its_hash_is_right(home, capsys, changes):
    decision = decisions(home)["deny"]
    with changed(home) as log:
        (seq,) = log.execute(
            "SELECT seq FROM records WHERE decision_id = ?", (decision,)
        ).fetchone()
        rewritten(log, seq, **changes)
    refused(capsys, decision)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET mac = '' WHERE decision_id = :id",
        "UPDATE records SET mac = x'00' WHERE decision_id = :id",
        "UPDATE records SET task = 'another' WHERE decision_id = :id",
        "UPDATE records SET task = x'00' WHERE decision_id = :id",
        "UPDATE records SET body = CAST(body AS BLOB) WHERE decision_id = :id",
        "DELETE FROM records WHERE decision_id = :id AND kind = 'executed.v1'",
        "DELETE FROM records WHERE seq = (SELECT max(seq) FROM records)",
        "DELETE FROM head",
        "UPDATE head SET mac = ''",
        "UPDATE head SET key = '00000000', mac = ''",
        "UPDATE head SET count = count - 1",
        "DELETE FROM tasks",
        "UPDATE tasks SET count = count - 1",
        "UPDATE tasks SET mac = ''",
    ],
)
def test_so_is_one_around_which_the_log_was_changed(home, capsys, statement):
    decision = decisions(home)["allow"]
    with changed(home) as log:
        log.execute(statement, {"id": decision} if ":id" in statement else {})
    refused(capsys, decision)


def test_a_genuine_record_under_the_id_of_another_decision_is_refused(home, capsys):
    found = decisions(home)
    with changed(home) as log:
        log.execute(
            "UPDATE records SET decision_id = ? WHERE decision_id = ?", ("x", found["deny"])
        )
        log.execute(
            "UPDATE records SET decision_id = ? WHERE decision_id = ?",
            (found["deny"], found["allow"]),
        )
    refused(capsys, found["deny"])


def test_another_deployments_key_verifies_nothing(home, capsys):
    (home / "deployment.key").write_bytes(b"k" * 32)
    refused(capsys, decisions(home)["allow"])


def test_without_the_key_it_says_that_nothing_is_verified(home, capsys):
    (home / "deployment.key").unlink()
    decision = decisions(home)["allow"]

    code, said = explained(capsys, decision)
    assert (code, said["verified"]) == (0, False)
    assert main(["explain", decision]) == 0
    assert "not verified: no key" in capsys.readouterr().out
    assert not (home / "deployment.key").exists()
