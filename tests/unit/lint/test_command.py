"""`inbounds lint`: its exit codes, what it prints for people, and for programs."""

from __future__ import annotations

import cProfile
import json
import pstats
from pathlib import Path

import pytest
import yaml
from tests import linted

from inbounds_tools.cli import main
from inbounds_tools.lint import lint

ROOT = Path(__file__).resolve().parents[3]
ERROR = {"destinations|colleagues": {"anywhere": True}}
WARNING = {"settings|four_eyes": []}
NOTE = {"groups|guests": {}}
HOSTILE = "x\x1b[2J\x1b]0;owned\x07\u202e[bold red]y[/bold red]\r\x9b31m"


def run(tmp_path, capsys, changes, *options):
    folder = linted.write(tmp_path / "deployment", linted.changed(changes))
    code = main(["lint", str(folder), *options])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "options", "code"),
    [
        ({}, [], 0),
        ({}, ["--strict"], 0),
        (NOTE, [], 0),
        (NOTE, ["--strict"], 0),
        (WARNING, [], 0),
        (WARNING, ["--strict"], 1),
        (ERROR, [], 1),
        (ERROR, ["--strict"], 1),
        ({**WARNING, **NOTE, "unknown": {}}, [], 1),
    ],
)
def test_the_exit_code_says_whether_something_has_to_be_done(
    tmp_path, capsys, changes, options, code
):
    assert code == run(tmp_path, capsys, changes, *options)[0]
    assert code == run(tmp_path, capsys, changes, *options, "--json")[0]


def test_a_folder_that_is_not_there_could_not_be_told(tmp_path, capsys):
    assert main(["lint", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_an_error_that_a_comment_lets_be_fails_nothing(tmp_path, capsys):
    folder = linted.write(tmp_path / "deployment", linted.changed(ERROR))
    path = folder / "intents.yaml"
    text = path.read_text("utf-8")
    assert text.count("  - colleagues\n") == 1
    allowed = "  - colleagues  # lint: allow intents.anywhere_unbounded each task is bounded\n"
    path.write_text(text.replace("  - colleagues\n", allowed), "utf-8")
    assert main(["lint", str(folder), "--strict", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is True
    assert said["findings"] == []
    assert ["each task is bounded"] == [one["allowed"] for one in said["allowed"]]
    assert main(["lint", str(folder)]) == 0
    assert "nothing found, 1 allowed by a comment" in capsys.readouterr().out


def test_json_holds_every_finding_whole(tmp_path, capsys):
    code, out = run(tmp_path, capsys, WARNING, "--json", "--strict")
    (found,) = lint(tmp_path / "deployment")
    assert code == 1
    assert json.loads(out) == {
        "ok": False,
        "deployment": str(tmp_path / "deployment"),
        "findings": [
            {
                "code": "holders.four_eyes_unset",
                "severity": "warning",
                "file": "settings.yaml",
                "line": 2,
                "path": "four_eyes",
                "what": "`money.pay` has the effect `spend`, and `four_eyes` is empty",
                "why": found.why,
                "now": found.now,
            }
        ],
        "allowed": [],
    }


def test_a_table_says_what_where_why_and_what_now_the_worst_first(tmp_path, capsys):
    code, out = run(tmp_path, capsys, {**ERROR, **WARNING, **NOTE})
    assert code == 1
    lines = [line.rstrip() for line in out.splitlines()]
    assert "error" == lines[0].split()[0]
    assert any("intents.yaml:" in line and "intents.anywhere_unbounded" in line for line in lines)
    assert any(line.split()[:1] == ["why"] for line in lines)
    assert any(line.split()[:1] == ["fix"] for line in lines)
    severities = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    ranks = [rank for rank in severities if rank in ("error", "warning", "note")]
    assert ranks == sorted(ranks, key=["error", "warning", "note"].index)
    assert lines[-1].startswith("1 error, 1 warning, ")


def test_a_code_is_explained_once(tmp_path, capsys):
    changes = {"groups|one": {}, "groups|two": {}}
    _, out = run(tmp_path, capsys, changes)
    assert out.count("no subject is in") == 2
    assert out.count("Name it in the `groups`") == 1


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_hostile_names_drive_no_terminal(tmp_path, capsys, form):
    changes = {
        f"tools|{HOSTILE}": {"effects": ["delete"], "resource": HOSTILE, "reaches": [HOSTILE, "["]},
        f"groups|{HOSTILE}": {},
        f"destinations|{HOSTILE}": {"domains": ["gmail.com"]},
    }
    code, out = run(tmp_path, capsys, changes, *form)
    assert code == 1
    assert not [sign for sign in out if sign != "\n" and not sign.isprintable()]
    assert "[bold red]y[/bold red]" in out
    if form:
        found = {one["what"] for one in json.loads(out)["findings"]}
        assert any(HOSTILE in what for what in found)


def test_a_hostile_folder_drives_no_terminal(tmp_path, capsys):
    folder = linted.write(tmp_path / "de\x1b[2Jploy[red]", linted.changed(WARNING))
    assert main(["lint", str(folder)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_the_demonstration_has_nothing_to_mend(capsys):
    assert main(["lint", str(ROOT / "demo" / "deployment"), "--strict", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {one["severity"] for one in said["findings"]} <= {"note"}


@pytest.mark.system
def test_a_tool_costs_the_same_in_a_large_registry(tmp_path):
    few, many = (calls(tmp_path / str(tools), tools) for tools in (1_000, 4_000))
    assert many < 4 * few * 1.05


def calls(place, tools):
    """Return how many functions a check of so many tools calls."""
    whole = linted.changed({})
    entry = whole["tools"]["mail.send"]
    whole["tools"] |= {
        f"t{number}": {**entry, "reaches": [f"t{number + 1}"]} for number in range(tools)
    }
    whole["tools"][f"t{tools}"] = {**entry, "returns": {}, "reaches": ["t0"]}
    folder = linted.write(place, {**whole, "tools": {}})
    dumped = yaml.dump(
        json.loads(json.dumps(whole["tools"])),
        Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper),
    )
    (folder / "tools.yaml").write_text(dumped, "utf-8")
    profile = cProfile.Profile()
    found = profile.runcall(lint, folder)
    codes = {"reach.cycle", "reach.too_far", "results.label_unset", "unused.tool"}
    assert codes == {one.code for one in found}
    return pstats.Stats(profile).total_calls
