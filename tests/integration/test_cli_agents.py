"""`inbounds agents`, on the records of guards that have worked."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
import yaml
from tests import shipping
from tests.console import ASSISTANT, python, set_effects
from tests.console import called as inbounds

from inbounds.evidence.file import parse
from inbounds.evidence.keys import deployment_key, subkey
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.records import Decided

ASSISTANT_ID = "spiffe://acme.example/agent/assistant"
CLERK = "spiffe://acme.example/agent/clerk"
HOUR = 3_600_000_000_000


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder in which an assistant has read a mail, and was refused to send one."""
    shipping.make_assets()
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "app.py").write_text(ASSISTANT, "utf-8")
    assert inbounds(folder, "init", "app.py").code == 0
    set_effects(folder, mail_read="read", mail_send="export")
    done = python(folder, "app.py")
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def folder(recorded, tmp_path):
    return shutil.copytree(recorded, tmp_path / "mine")


def amend(folder: Path, change) -> None:
    """Change agents.yaml as an operator does."""
    path = folder / "deployment" / "agents.yaml"
    agents = yaml.safe_load(path.read_text("utf-8"))
    change(agents)
    path.write_text(json.dumps(agents), "utf-8")


def add_clerk(folder: Path, **members: str) -> None:
    def change(agents):
        agents[CLERK] = {**agents[ASSISTANT_ID], **members}

    amend(folder, change)


def of(done, agent: str):
    (found,) = (each for each in done.json["agents"] if each["agent"] == agent)
    return found


def test_each_agent_is_told_of(folder):
    """
    Who answers for it, how it stands, what it did, and what it has and never used.
    """
    add_clerk(folder, state="suspended")
    done = inbounds(folder, "agents", "--json")

    assert done.code == 0
    assert done.json["deployment"] == "deployment/"
    assert done.json["doubts"] == []
    assistant = of(done, ASSISTANT_ID)
    assert assistant.pop("last_seen") >= done.json["since"]
    assert assistant == {
        "agent": ASSISTANT_ID,
        "known": True,
        "owner": "alice@acme.example",
        "state": "active",
        "calls": 2,
        "ran": 1,
        "refused": 1,
        "never_used_tools": ["mail.send"],
        "never_used_effects": ["export", "write"],
    }
    assert of(done, CLERK) == {
        "agent": CLERK,
        "known": True,
        "owner": "alice@acme.example",
        "state": "suspended",
        "calls": 0,
        "ran": 0,
        "refused": 0,
        "never_used_tools": ["mail.read", "mail.send"],
        "never_used_effects": ["export", "read", "write"],
    }


def test_people_are_shown_a_table(folder):
    """
    The same for people, and where it is from.
    """
    add_clerk(folder, state="retired", owner="")
    done = inbounds(folder, "agents")
    rows = [line.split() for line in done.out.splitlines()]
    seen = of(inbounds(folder, "agents", "--json"), ASSISTANT_ID)["last_seen"][:10]

    assert done.code == 0
    assert rows[0] == ["agent", "owner", "state", "last", "seen", "calls", "refused"]
    assert [ASSISTANT_ID, "alice@acme.example", "active", seen, "2", "1"] in rows
    assert [CLERK, "nobody", "retired", "never", "0", "0"] in rows
    place = rows.index(["never", "used", "by", ASSISTANT_ID])
    assert rows[place + 1 : place + 3] == [["tools", "mail.send"], ["effects", "export,", "write"]]
    assert f"as {folder}/.inbounds/evidence.sqlite tells it, which begins" in done.out


def test_an_agent_that_the_deployment_does_not_know(folder):
    """
    Whoever acted and is in no deployment is told of as well.
    """

    def change(agents):
        agents[CLERK] = agents.pop(ASSISTANT_ID)

    amend(folder, change)
    done = inbounds(folder, "agents", "--json")
    stranger = of(done, ASSISTANT_ID)

    assert done.code == 0
    assert [each["agent"] for each in done.json["agents"]] == [CLERK, ASSISTANT_ID]
    assert stranger.pop("last_seen")
    assert stranger == {"agent": ASSISTANT_ID, "known": False, "calls": 2, "ran": 1, "refused": 1}
    assert "not in the deployment" in inbounds(folder, "agents").out


def test_without_a_log_the_deployment_is_shown(folder):
    """
    What the deployment says is told all the same, and that the rest is not known.
    """
    shutil.rmtree(folder / ".inbounds")
    done = inbounds(folder, "agents")
    assert done.code == 2
    assert [ASSISTANT_ID, "alice@acme.example", "active"] in [
        line.split() for line in done.out.splitlines()
    ]
    assert "there is no evidence log at" in done.out
    assert "what the agents did is not known" in done.out
    assert "last seen" not in done.out

    for options in ([], ["--unused-for", "30d"]):
        done = inbounds(folder, "agents", "--json", *options)
        assert done.code == 2
        assert done.json["agents"] == [
            {
                "agent": ASSISTANT_ID,
                "known": True,
                "owner": "alice@acme.example",
                "state": "active",
            }
        ]
        assert len(done.json["doubts"]) == 1


def age(folder: Path, hours: int) -> None:
    """Write the log anew, as if all of it had happened so many hours ago."""
    path = folder / ".inbounds" / "evidence.sqlite"
    log = sqlite3.connect(path)
    bodies = [body for (body,) in log.execute("SELECT body FROM records ORDER BY seq")]
    log.close()
    for each in path.parent.glob("evidence.sqlite*"):
        each.unlink()
    key = subkey(deployment_key(path.parent / "deployment.key"), "evidence")
    again = SqliteEvidence(path, key=key)
    for body in bodies:
        record, _, _ = parse(body)
        moved = record.model_copy(update={"at": record.at - hours * HOUR})
        if isinstance(moved, Decided):
            again.decided(moved)
        else:
            again.executed(moved)
    again.close()


@pytest.mark.parametrize(
    ("hours", "duration", "unused"),
    [
        (49, "2d", [ASSISTANT_ID, CLERK]),
        (49, "48h", [ASSISTANT_ID, CLERK]),
        (47, "2d", [CLERK]),
        (24 * 15, "2w", [ASSISTANT_ID, CLERK]),
        (1, "59m", [ASSISTANT_ID, CLERK]),
        (1, "61m", [CLERK]),
    ],
)
def test_agents_that_were_not_used_for_long(folder, hours, duration, unused):
    """
    Those that have not called for so long, and those that never have.
    """
    add_clerk(folder)
    age(folder, hours)
    done = inbounds(folder, "agents", "--unused-for", duration, "--json")

    assert sorted(each["agent"] for each in done.json["agents"]) == unused
    # Of what was before the log begins, it cannot tell.
    tells = len(unused) == 2
    assert done.code == (0 if tells else 2)
    assert done.json["doubts"] == ([] if tells else ["the log does not go back so far"])


def test_nobody_was_unused(folder):
    """
    That there is nobody is said in so many words.
    """
    done = inbounds(folder, "agents", "--unused-for", "30d")

    assert (done.code, done.out.splitlines()[0]) == (2, "no agents")


@pytest.mark.parametrize("duration", ["", "30", "d", "-1d", "30y", "1.5d", "30d ", "٣d", "999999d"])
def test_a_duration_that_is_none(folder, duration):
    """
    What is not a duration is said, with how to write one.
    """
    done = inbounds(folder, "agents", f"--unused-for={duration}")

    assert done.code == 2
    assert "must be a duration such as 12h, 30d or 8w" in done.err
    assert done.out == ""


@pytest.mark.parametrize("key", [True, False])
def test_a_log_that_nobody_can_vouch_for(folder, key):
    """
    Without the key, or with an edited record, the figures are told as not certain.
    """
    if key:
        log = sqlite3.connect(folder / ".inbounds" / "evidence.sqlite")
        with log:
            log.execute("DROP TRIGGER records_unchanged")
            log.execute("UPDATE records SET body = replace(body, 'mail.read', 'mail.send')")
        log.close()
        doubt = "records that are not as they were written count for nothing: 2"
    else:
        (folder / ".inbounds" / "deployment.key").unlink()
        doubt = "without the log's key nobody can tell whether it is genuine"
    done = inbounds(folder, "agents")
    assert done.code == 2
    assert doubt in done.out
    assert not (folder / ".inbounds" / "deployment.key").exists() or key


def test_other_places(folder, tmp_path):
    """
    Deployment, log and key may lie elsewhere.
    """
    state = folder / ".inbounds"
    elsewhere = shutil.move(folder / "deployment", tmp_path / "other")
    options = ("--deployment", elsewhere, "--log", state / "evidence.sqlite")
    here = tmp_path / "empty"
    here.mkdir()
    done = inbounds(here, "agents", *options, "--key", state / "deployment.key", "--json")

    assert done.code == 0
    assert done.json["deployment"] == f"{elsewhere}/"
    assert of(done, ASSISTANT_ID)["calls"] == 2


@pytest.mark.parametrize(
    ("spoilt", "code", "exit_code"),
    [
        ("deployment", "deployment.missing", 2),
        ("agents.yaml", "deployment.invalid", 1),
        ("log", "evidence.not_a_log", 2),
    ],
)
def test_what_cannot_be_read(folder, spoilt, code, exit_code):
    """
    A deployment or log that cannot be read is an error, and no empty list.
    """
    if spoilt == "deployment":
        shutil.rmtree(folder / "deployment")
    elif spoilt == "agents.yaml":
        (folder / "deployment" / spoilt).write_text("[]", "utf-8")
    else:
        for each in (folder / ".inbounds").glob("evidence.sqlite*"):
            each.unlink()
        sqlite3.connect(folder / ".inbounds" / "evidence.sqlite").execute("CREATE TABLE x (y)")
    done = inbounds(folder, "agents", "--json")

    assert (done.code, done.json["error"]["code"]) == (exit_code, code)


def test_names_drive_no_terminal(folder):
    """
    A name of a stranger's making is shown as text.
    """
    path = folder / ".inbounds" / "evidence.sqlite"
    log = sqlite3.connect(path)
    (body,) = log.execute("SELECT body FROM records WHERE kind = 'decided.v1' LIMIT 1").fetchone()
    log.close()
    record, _, _ = parse(body)
    key = subkey(deployment_key(folder / ".inbounds" / "deployment.key"), "evidence")
    evidence = SqliteEvidence(path, key=key)
    evidence.decided(
        record.model_copy(update={"decision_id": "decision-9", "agent": "[red]x\x1b[2J[/]"})
    )
    evidence.close()
    done = inbounds(folder, "agents")

    assert "[red]x\\x1b[2J[/]" in done.out
    assert "\x1b" not in done.out
    assert json.dumps("[red]x\x1b[2J[/]") in inbounds(folder, "agents", "--json").out
