"""`inbounds report` and `inbounds evidence`, on the records of an assistant that has worked."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3

import pytest
from tests import shipping
from tests.console import ASSISTANT, python, set_effects
from tests.console import called as inbounds

from inbounds.evidence import Decided, Executed, Granted
from inbounds.evidence.file import parse
from inbounds.evidence.keys import deployment_key, subkey
from inbounds.evidence.log import SqliteEvidence


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "app.py").write_text(ASSISTANT + "print(task.id)\n", "utf-8")
    assert inbounds(folder, "init", "app.py").code == 0
    set_effects(folder, mail_read="read", mail_send="export")
    done = python(folder, "app.py")
    assert done.code == 0, done.err
    (folder / "task").write_text(done.out.splitlines()[-1])
    return folder


@pytest.fixture
def folder(recorded, tmp_path):
    return shutil.copytree(recorded, tmp_path / "mine")


def edit(folder, *statements):
    log = sqlite3.connect(folder / ".inbounds" / "evidence.sqlite")
    with log:
        for (name,) in log.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            log.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            log.execute(statement)
    log.close()


def test_a_report_says_what_was_granted_used_refused_and_never_used(folder):
    task = (folder / "task").read_text()
    done = inbounds(folder, "report", task)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "in bounds · 1 ran · 1 refused"
    rows = [" ".join(line.split()) for line in lines[2:]]
    granted = rows.index("granted tools mail.read, mail.send")
    assert rows[granted : granted + 5] == [
        "granted tools mail.read, mail.send",
        "effects read",
        "used tools mail.read (1)",
        "effects read",
        "never used tools mail.send",
    ]
    assert "refused mail.send egress.destination_not_allowed" in rows

    done = inbounds(folder, "report", task, "--json")
    assert done.json["verdict"] == "in bounds"
    assert done.json["never_used_tools"] == ["mail.send"]


def test_without_an_id_it_is_the_latest_task(folder):
    done = inbounds(folder, "report", "--json")
    assert done.json["task"] == (folder / "task").read_text()


def denied(folder):
    log = sqlite3.connect(folder / ".inbounds" / "evidence.sqlite")
    (body,) = log.execute(
        """SELECT body FROM records WHERE body LIKE '%"outcome":"deny"%'"""
    ).fetchone()
    log.close()
    return json.loads(body)["decision_id"]


def test_an_action_that_ran_without_an_allow_is_out_of_bounds(folder):
    key = subkey(deployment_key(folder / ".inbounds" / "deployment.key"), "evidence")
    log = SqliteEvidence(folder / ".inbounds" / "evidence.sqlite", key=key)
    log.executed(Executed(decision_id=denied(folder), at=1, executed="yes", status="ok"))
    log.close()
    done = inbounds(folder, "report")
    assert done.code == 1
    assert done.out.startswith("out of bounds")
    assert "mail.send ran without an allow" in done.out


def test_of_records_that_nobody_with_the_key_wrote_nothing_can_be_told(folder):
    executed = json.dumps(
        {
            "at": "1",
            "decision_id": denied(folder),
            "error_type": "",
            "executed": "yes",
            "kind": "executed.v1",
            "prev": "",
            "seq": 99,
            "status": "ok",
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    digest = hashlib.sha256(executed.encode()).hexdigest()
    edit(
        folder,
        "INSERT INTO records VALUES "
        f"(99, 'executed.v1', '{denied(folder)}', '', '{executed}', '{digest}', '')",
    )
    done = inbounds(folder, "report")
    assert done.code == 2
    assert done.out.startswith("cannot tell")
    assert "a record of it was edited" in done.out


def test_without_the_key_of_the_log_nobody_can_tell(folder):
    (folder / ".inbounds" / "deployment.key").rename(folder / "key")
    done = inbounds(folder, "report")
    assert done.code == 2
    assert "without the log's key" in done.out
    assert not (folder / ".inbounds" / "deployment.key").exists()
    assert inbounds(folder, "report", "--key", "key").code == 0


def test_of_a_task_that_nobody_knows_nothing_can_be_told(folder):
    done = inbounds(folder, "report", "task-of-nobody", "--json")
    assert (done.code, done.json["verdict"]) == (2, "cannot tell")


# Clears the screen, colours, turns the direction of writing, and ends the line.
DISGUISE = "mail\x1b[2J\x1b[1;1H\x1b[32m\x9b2J\x07\x7f\u202e\u2066\u200b\r\nin bounds\u2028"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_that_was_recorded_drives_the_terminal(folder, options):
    home = folder / ".inbounds"
    with contextlib.closing(sqlite3.connect(home / "evidence.sqlite")) as log:
        (body,) = log.execute("SELECT body FROM records WHERE kind = 'decided.v1'").fetchone()
    said = dict.fromkeys(("tool", "subject", "agent", "intent", "resource_type"), DISGUISE)
    granted = Granted(tools=(DISGUISE,), effects=(DISGUISE,))
    known = parse(body)[0].model_dump()
    new = {"decision_id": "disguised-1", "task": "disguised", "outcome": "deny"}
    decided = Decided(**{**known, **said, **new, "codes": (DISGUISE,), "granted": granted})
    evidence = SqliteEvidence(
        home / "evidence.sqlite", key=subkey(deployment_key(home / "deployment.key"), "evidence")
    )
    evidence.decided(decided)
    evidence.close()

    for command in (["report", "disguised"], ["explain", "disguised-1"]):
        done = inbounds(folder, *command, *options)
        lines = done.out.split("\n")
        assert "mail" in done.out
        assert all(line.isprintable() for line in lines)
        assert len([line for line in lines if line.startswith("in bounds")]) <= (
            command[0] == "report" and not options
        )


@pytest.mark.parametrize("command", [["report"], ["evidence", "verify"], ["evidence", "anchor"]])
def test_without_a_log_nothing_can_be_told(tmp_path, command):
    done = inbounds(tmp_path, *command, "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "evidence.missing")


def test_a_report_is_a_page_of_its_own(folder):
    done = inbounds(folder, "report", "--html", "report.html")
    assert done.code == 0
    page = (folder / "report.html").read_text("utf-8")
    assert "In bounds" in page
    assert "egress.<wbr>destination_<wbr>not_<wbr>allowed" in page
    for outside in ("<script", "http://", "https://", "<link", "<img", "url("):
        assert outside not in page.replace("spiffe://", "")


def test_a_log_that_is_whole_is_verified_and_anchored(folder):
    done = inbounds(folder, "evidence", "verify")
    assert done.code == 0
    assert done.out.startswith("whole · 3 records")

    done = inbounds(folder, "evidence", "anchor", "-o", "anchor.json")
    assert done.code == 0
    assert json.loads(done.out) == json.loads((folder / "anchor.json").read_text())
    assert inbounds(folder, "evidence", "verify", "--anchor", "anchor.json").code == 0


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("""UPDATE records SET body = replace(body, '"deny"', '"allow"')""", "edited"),
        ("DELETE FROM records WHERE seq = 2", "dropped"),
        ("DELETE FROM records WHERE seq = 3", "truncated"),
        ("UPDATE head SET count = 2", "head"),
    ],
)
def test_a_log_that_was_changed_is_found_out_and_not_anchored(folder, statement, fault):
    edit(folder, statement)
    done = inbounds(folder, "evidence", "verify", "--json")
    assert done.code == 1
    assert fault in {finding["fault"] for finding in done.json["findings"]}
    done = inbounds(folder, "evidence", "anchor", "-o", "anchor.json", "--json")
    assert done.code == 1
    assert not (folder / "anchor.json").exists()


def test_a_log_that_was_set_back_whole_is_found_out_by_an_anchor(folder):
    early = (folder / ".inbounds" / "evidence.sqlite").read_bytes()
    assert python(folder, "app.py").code == 0
    assert inbounds(folder, "evidence", "anchor", "-o", "anchor.json").code == 0
    for path in (folder / ".inbounds").glob("evidence.sqlite*"):
        path.unlink()
    (folder / ".inbounds" / "evidence.sqlite").write_bytes(early)

    assert inbounds(folder, "evidence", "verify").code == 0
    done = inbounds(folder, "evidence", "verify", "--anchor", "anchor.json", "--json")
    assert done.code == 1
    assert [finding["fault"] for finding in done.json["findings"]] == ["truncated"]


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda folder: (folder / ".inbounds" / "deployment.key").unlink(), "evidence.key_missing"),
        (lambda folder: (folder / "anchor.json").write_text("{}"), "evidence.not_an_anchor"),
        (lambda folder: (folder / "anchor.json").unlink(), "evidence.anchor_unreadable"),
        (
            lambda folder: (folder / ".inbounds" / "evidence.sqlite").write_text("no"),
            "evidence.unavailable",
        ),
    ],
)
def test_what_cannot_be_read_could_not_be_told(folder, break_it, code):
    (folder / "anchor.json").write_text("{}")
    break_it(folder)
    anchored = ["--anchor", "anchor.json"] if "anchor" in code else []
    done = inbounds(folder, "evidence", "verify", *anchored, "--json")
    assert (done.code, done.json["error"]["code"]) == (2, code)
    # A key is never drawn in order to verify with.
    assert (folder / ".inbounds" / "deployment.key").exists() == (code != "evidence.key_missing")
