"""`inbounds intent draft`: what it says to a person and to a program, and how it ends."""

from __future__ import annotations

import subprocess

import pytest
import yaml
from tests.console import ASSISTANT, SCRIPT, environment
from tests.console import called as inbounds

from inbounds.model.claims import Scope

INTENTS = {
    "summarise": {
        "effects": ["read"],
        "tools": ["mail.read"],
        "label": "internal",
        "resources": [{"type": "mail"}],
    },
    "answer": {
        "effects": ["read", "export"],
        "tools": ["mail.read", "mail.send"],
        "label": "internal",
        "resources": [{"type": "mail"}, {"type": "mailbox", "prefixes": ["alice"]}],
        "delegated": [{"type": "mailbox", "effects": ["export"]}],
        "words": [{"resource": "mailbox", "effects": ["export"], "words": ["send", "answer"]}],
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("intents")
    (folder / "app.py").write_text(ASSISTANT, "utf-8")
    assert inbounds(folder, "init", "app.py").code == 0
    (folder / "deployment" / "intents.yaml").write_text(yaml.safe_dump(INTENTS), "utf-8")
    return folder


def draft(folder, *arguments, **more):
    return inbounds(folder, "intent", "draft", *arguments, **more)


def test_a_draft_for_a_program(folder):
    done = draft(folder, "Send it to rosa@north.example", "--json")

    assert 0 == done.code
    assert "answer" == done.json["intent"]
    assert {"words": "send", "understood": "export on mailbox"} in done.json["said"]
    assert [] == done.json["delegations"]
    scope = Scope.model_validate(done.json["scope"])
    assert ["export", "read"] == scope.effects
    assert ["rosa@north.example"] == scope.bounds.recipient.values
    assert {"recipient", "credential", "code"} == scope.bounds.model_fields_set


def test_a_draft_for_a_person(folder):
    done = draft(folder, "Do what the letter 'Roof' says")

    assert 0 == done.code
    for said in ("answer", "mailbox", "“Do what” left to the record “Roof”", "a person is asked"):
        assert said in done.out
    assert "scope" in done.out.splitlines()[-1]


def test_an_intent_by_name_and_a_prompt_from_standard_input(folder):
    done = subprocess.run(
        [SCRIPT, "intent", "draft", "-", "--intent", "summarise", "--json"],
        cwd=folder,
        env=environment(HOME=str(folder / "home")),
        input=b"send it \xff\xfe" * 100_000,
        capture_output=True,
        check=False,
    )
    assert 0 == done.returncode
    assert b'"intent": "summarise"' in done.stdout
    assert b'"export"' not in done.stdout


def test_a_deployment_elsewhere(folder, tmp_path):
    done = draft(tmp_path, "Send it", "--deployment", folder / "deployment", "--json")
    assert "answer" == done.json["intent"]

    done = draft(tmp_path, "Send it", "--json", INBOUNDS_DEPLOYMENT=str(folder / "deployment"))
    assert "answer" == done.json["intent"]


def test_a_prompt_drives_no_terminal(folder):
    done = draft(folder, "Do what 'a\x1b[2J\u202eb' says, [red]x[/red]")

    assert 0 == done.code
    assert "\x1b" not in done.out and "\u202e" not in done.out


def test_an_intent_that_nobody_knows(folder):
    done = draft(folder, "Send it", "--intent", "answr")

    assert 1 == done.code
    assert "did you mean `answer`?" in done.err
    assert "intent.unknown" in done.err


@pytest.mark.parametrize("prompt", ["", " \n\t"])
def test_a_prompt_that_says_nothing(folder, prompt):
    done = draft(folder, prompt, "--json")

    assert 1 == done.code
    assert "intent.no_prompt" == done.json["error"]["code"]


def test_a_deployment_that_is_not_there(tmp_path):
    done = draft(tmp_path, "Send it", "--json")

    assert 2 == done.code
    assert "deployment.missing" == done.json["error"]["code"]


def test_words_for_what_the_intent_does_not_have_are_refused(folder, tmp_path):
    intents = {"answer": INTENTS["answer"] | {"delegated": [{"type": "mial"}]}}
    intents["answer"]["words"] = [
        {"resource": "mailbx", "effects": ["spend"], "words": ["send"]},
    ]
    copied = tmp_path / "deployment"
    copied.mkdir()
    for file in (folder / "deployment").iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    (copied / "intents.yaml").write_text(yaml.safe_dump(intents), "utf-8")

    done = draft(tmp_path, "Send it")

    assert "deployment.invalid" in done.err
    for said in ("mailbx", "spend", "mial"):
        assert said in done.err
