"""`inbounds init`, run where nothing is and where something is, and what is drafted put to use."""

from __future__ import annotations

import shlex
import shutil
import stat
import subprocess
from typing import get_args

import pytest
from tests import engines, shipping
from tests.console import ASSISTANT, python, set_effects
from tests.console import called as inbounds

from inbounds.dev.deployment import load
from inbounds.model.question import Effect

REMEDY = (
    "Agent author: send to a destination of the task only, one in each argument. User: ask for a "
    "task that may send there. Operator: add the recipient, host or address to "
    "deployment/destinations.yaml, and the destination to the intent in deployment/intents.yaml"
)
MORE = """
@guard.tool("mail.delete", resource=lambda id: ("trash", id))
def delete(id: str) -> None: ...
"""


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


@pytest.fixture(scope="module")
def drafted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drafted")
    (folder / "app.py").write_text(ASSISTANT, "utf-8")
    assert inbounds(folder, "init", "app.py").code == 0
    return folder


@pytest.fixture
def folder(drafted, tmp_path):
    return shutil.copytree(drafted, tmp_path / "mine")


def test_what_a_framework_author_gets(folder):
    set_effects(folder, mail_read="read", mail_send="export")
    done = python(folder, "app.py")
    assert done.out.splitlines() == [
        f"egress.destination_not_allowed {REMEDY}",
        "in bounds · 1 ran · 1 refused",
    ]
    assert done.code == 0, done.err


def test_it_says_what_to_set_next_in_the_files_and_at_the_end(tmp_path):
    (tmp_path / "app.py").write_text(ASSISTANT, "utf-8")
    out = inbounds(tmp_path, "init", "app.py").out
    for word in ("`effects`", "`export`", "`reversible`", "agents.yaml", "groups.yaml"):
        assert word in out
    steps = out.partition("\nnext\n")[2].splitlines()
    assert [step.split()[0] for step in steps] == [str(n) for n in range(1, len(steps) + 1)]
    assert "Run `inbounds lint`." in steps[-2]
    assert "Run your program." in steps[-1]
    text = (tmp_path / "deployment" / "tools.yaml").read_text("utf-8")
    comment, _, entry = text.partition("mail.read:")
    questions = entry.partition("effects: []")[0]
    for effect in get_args(Effect):
        assert f"#   {effect} " in questions
    for word in ("reversible", "agents.yaml", "groups.yaml", "intents.yaml"):
        assert word in comment


def test_lint_names_the_files_that_lack_an_effect_until_they_have_it(folder):
    set_effects(folder, mail_read="read", mail_send="delete")

    def said():
        findings = inbounds(folder, "lint", "--json").json["findings"]
        return [each["what"] for each in findings if each["code"] == "effects.not_granted"]

    assert said() == [
        (
            "the effects of `mail.send` are not granted: agents.yaml lacks `delete`, "
            "subjects.yaml with groups.yaml lacks `delete`, intents.yaml lacks `delete`"
        )
    ]
    for name in ("agents", "groups", "intents"):
        path = folder / "deployment" / f"{name}.yaml"
        path.write_text(path.read_text("utf-8").replace("effects: [", "effects: [delete, "))
    assert said() == []


def test_until_a_person_has_set_its_effects_a_tool_is_denied(folder):
    done = python(folder, "app.py")
    assert done.code != 0
    assert "capability.effects_unset" in done.err
    assert "deployment/tools.yaml" in done.err


def test_an_intent_that_the_draft_does_not_know_is_told_with_what_is_meant(folder):
    path = folder / "app.py"
    path.write_text(path.read_text("utf-8").replace('task("summarise"', 'task("sumarise"'), "utf-8")
    done = python(folder, "app.py")
    assert done.code != 0
    said = "the deployment knows no intent `sumarise`; did you mean `summarise`? [issuance.intent]"
    assert said in done.err


def test_the_draft_is_a_deployment_with_no_effects(folder):
    deployment = load(folder / "deployment")
    assert {name: tool.effects for name, tool in deployment.tools.items()} == {
        "mail.read": [],
        "mail.send": [],
    }
    recipient = deployment.tools["mail.send"].arguments["/to/*"]
    assert (recipient.kind, recipient.role, recipient.required) == ("email", "recipient", True)
    assert deployment.intents["summarise"].effects == ["read"]
    assert deployment.intents["summarise"].destinations == []


def test_every_file_says_what_it_is(folder):
    for path in (folder / "deployment").iterdir():
        assert path.read_text("utf-8").startswith("# "), path.name


def test_keys_are_the_owners_alone_and_not_for_a_repository(folder):
    issuer = folder / ".inbounds" / "issuer"
    keys = [*issuer.glob("*.pem")]
    assert len(keys) == 2
    for path in (issuer, *keys):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
    assert (folder / ".inbounds" / ".gitignore").read_text() == "*\n"
    written = "".join(p.read_text("utf-8") for p in (folder / "deployment").iterdir())
    assert "PRIVATE" not in written
    assert '"d"' not in written


def test_the_agent_is_not_run_and_not_imported(tmp_path):
    (tmp_path / "app.py").write_text("open('ran', 'w')\n" + ASSISTANT, "utf-8")
    assert inbounds(tmp_path, "init", "app.py").code == 0
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("named", ["agents.mail", "agents", "agents/mail.py", None])
def test_modules_folders_and_files_are_found(tmp_path, named):
    package = tmp_path / "agents"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')\n")
    (package / "mail.py").write_text(ASSISTANT, "utf-8")
    done = inbounds(tmp_path, "init", "--json", *([named] if named else []))
    assert done.code == 0, done.err
    assert set(done.json["tools"]) == {"mail.read", "mail.send"}
    assert done.json["tools"]["mail.read"]["file"].endswith("agents/mail.py")


def test_a_second_run_adds_a_tool_and_keeps_every_sign(folder):
    set_effects(folder, mail_read="read", mail_send="export")
    before = {p.name: p.read_text("utf-8") for p in (folder / "deployment").iterdir()}
    (folder / "app.py").write_text(ASSISTANT + MORE, "utf-8")

    done = inbounds(folder, "init", "app.py", "--json")
    assert done.code == 0, done.err
    assert done.json["added"] == ["mail.delete"]
    assert done.json["known"] == ["mail.read", "mail.send"]
    assert done.json["effects_unset"] == ["mail.delete"]
    # What nobody but a person decides is said, and not done.
    assert any("agents.yaml" in line for line in done.json["further"])
    assert any("trash" in line for line in done.json["further"])

    after = {p.name: p.read_text("utf-8") for p in (folder / "deployment").iterdir()}
    assert after["tools.yaml"].startswith(before["tools.yaml"])
    assert after["tools.yaml"] != before["tools.yaml"]
    assert {n for n in after if after[n] != before[n]} == {"tools.yaml"}
    assert "mail.delete" not in load(folder / "deployment").intents["summarise"].tools


def test_a_run_that_finds_nothing_more_changes_nothing(folder):
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    done = inbounds(folder, "init", "app.py", "--json")
    assert done.code == 0
    assert done.json["written"] == []
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_colleague_gets_an_issuer_of_their_own_beside_the_first(folder):
    set_effects(folder, mail_read="read", mail_send="export")
    shutil.rmtree(folder / ".inbounds")
    done = inbounds(folder, "init", "app.py", "--json")
    assert done.code == 0, done.err
    assert "deployment/issuers.yaml" in done.json["written"]
    deployment = load(folder / "deployment")
    assert len(deployment.issuers["development"].keys) == 2
    assert len(deployment.feed.keys) == 2
    assert "in bounds · 1 ran · 1 refused" in python(folder, "app.py").out


def test_who_it_is_for_can_be_said(tmp_path):
    (tmp_path / "app.py").write_text(ASSISTANT, "utf-8")
    options = {
        "--subject": "bob@corp.example",
        "--agent": "spiffe://corp.example/agent/mail",
        "--tenant": "corp",
        "--environment": "test",
        "--intent": "answer",
    }
    words = [word for pair in options.items() for word in pair]
    assert inbounds(tmp_path, "init", "app.py", *words).code == 0
    deployment = load(tmp_path / "deployment")
    assert [*deployment.subjects] == ["bob@corp.example"]
    assert [*deployment.agents] == ["spiffe://corp.example/agent/mail"]
    assert [*deployment.intents] == ["answer"]
    assert deployment.environments["test"].development
    assert deployment.destinations["own_domain"].domains == ["corp.example"]


TASKS = """
INTENT = "correspond"

def answer(user):
    with guard.task(INTENT, subject="bob@acme.example", prompt=user): ...
    with guard.task(intent="book", subject=user): ...
    with guard.task(computed(), subject="bob@acme.example"): ...
    queue.task("not a task of ours")
"""


def test_the_draft_fits_the_tasks_that_the_sources_begin(tmp_path):
    (tmp_path / "app.py").write_text(ASSISTANT.partition("with guard.task")[0] + TASKS, "utf-8")
    done = inbounds(tmp_path, "init", "app.py")
    assert done.code == 0, done.err
    deployment = load(tmp_path / "deployment")
    assert [*deployment.intents] == ["correspond", "book"]
    assert deployment.intents["book"].tools == ["mail.read", "mail.send"]
    assert [*deployment.subjects] == ["bob@acme.example"]
    assert next(iter(deployment.agents.values())).owner == "bob@acme.example"
    for intent in deployment.intents:
        assert (
            f"In deployment/intents.yaml, set the `effects` and `destinations` of `{intent}`"
            in done.out
        )


def test_what_is_wished_for_wins_over_what_tasks_say(tmp_path):
    (tmp_path / "app.py").write_text(ASSISTANT.partition("with guard.task")[0] + TASKS, "utf-8")
    wishes = ("--intent", "answer", "--subject", "carol@acme.example")
    assert inbounds(tmp_path, "init", "app.py", *wishes).code == 0
    deployment = load(tmp_path / "deployment")
    assert [*deployment.intents] == ["answer"]
    assert [*deployment.subjects] == ["carol@acme.example"]


def test_tasks_that_a_deployment_knows_nothing_of_are_told_with_their_lines(folder):
    with (folder / "app.py").open("a", encoding="utf-8") as file:
        file.write('with guard.task("sumarise", subject="bob@acme.example"): ...\n')
    done = inbounds(folder, "init", "app.py", "--json")
    line = len((folder / "app.py").read_text("utf-8").splitlines())
    assert done.json["further"] == [
        (
            f"deployment/intents.yaml has no `sumarise`, but app.py:{line} begins a task with it; "
            "did you mean `summarise`?"
        ),
        (
            f"deployment/subjects.yaml has no `bob@acme.example`, but app.py:{line} begins a task "
            "with it; known are `alice@acme.example`"
        ),
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nothing.py"], "init.source_missing"),
        (["no.such.module"], "init.source_missing"),
        (["broken.py"], "init.source_unreadable"),
        (["empty.py"], "init.no_tools"),
        ([], "init.no_tools"),
        (["app.py", "--agent", "assistant"], "init.agent"),
    ],
)
def test_what_cannot_be_drafted_is_said_and_nothing_is_written(tmp_path, arguments, code):
    (tmp_path / "empty.py").write_text("x = 1\n")
    (tmp_path / "broken.py").write_text("def (:\n")
    if "app.py" in arguments:
        (tmp_path / "app.py").write_text(ASSISTANT, "utf-8")
    done = inbounds(tmp_path, "init", *arguments, "--json")
    assert done.code == 1
    assert done.json["error"]["code"] == code
    assert done.json["error"]["hint"]
    assert not (tmp_path / "deployment").exists()


def test_what_an_intent_still_wants_is_said_with_its_file(tmp_path):
    (tmp_path / "app.py").write_text(ASSISTANT, "utf-8")
    done = inbounds(tmp_path, "init", "--intent", "correspond", "app.py")
    assert (
        "In deployment/intents.yaml, set the `effects` and `destinations` of `correspond`"
        in done.out
    )

    again = inbounds(tmp_path, "init", "--intent", "correspond", "app.py")
    another = inbounds(tmp_path, "init", "--intent", "book", "app.py", "--json")
    assert "intents.yaml" not in again.out
    assert another.json["further"] == [
        (
            "deployment/intents.yaml has no `book`: "
            "add it there with its `effects`, `tools` and `label`"
        )
    ]


def test_a_file_that_cannot_be_added_to_is_left_and_said(folder):
    path = folder / "deployment" / "tools.yaml"
    path.write_text("{}\n")
    for name in ("agents", "intents"):
        other = folder / "deployment" / f"{name}.yaml"
        text = other.read_text().replace("- mail.read", "").replace("- mail.send", "")
        other.write_text(text.replace("tools:\n", "tools: []\n"))
    done = inbounds(folder, "init", "app.py", "--json")
    assert done.code == 1
    assert "mail.read:" in done.json["by_hand"]["tools.yaml"]
    assert path.read_text() == "{}\n"


def test_the_policy_is_laid_out_for_opa_alone(tmp_path):
    assert inbounds(tmp_path, "new", "rule", "payroll/after_hours").code == 0
    done = inbounds(tmp_path, "init", "--policy", "policy", "--json")
    assert done.code == 0, done.err
    commands = done.json["commands"]
    assert len(commands) == 2
    for line in commands.values():
        program, *words = shlex.split(line)
        assert program == "opa"
        ran = subprocess.run(
            [engines.opa_binary(), *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
    # A second time replaces what was written.
    assert inbounds(tmp_path, "init", "--policy", "policy").code == 0


def test_the_policy_is_not_laid_over_something_else(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("mine")
    done = inbounds(tmp_path, "init", "--policy", "mine", "--json")
    assert (done.code, done.json["error"]["code"]) == (1, "init.policy_folder")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes"]
