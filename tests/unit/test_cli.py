"""The command line as such: what it lists, how quick it is, how it ends."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import pytest
from tests import console

import inbounds
from inbounds.errors import AccessDenied, ConfigurationError, Timeout, Unreachable
from inbounds.model.question import Decision, PolicyStamp
from inbounds_tools import cli
from inbounds_tools.cli import init, main, output

HEAVY = {
    "wasmtime",
    "cryptography",
    "yaml",
    "requests",
    "pydantic.networks",
    "opentelemetry.sdk",
    "sqlite3",
}


def test_every_command_is_listed(capsys):
    modules = {module.name for module in pkgutil.iter_modules(cli.__path__)}
    assert {command.replace("-", "_") for command in cli.COMMANDS} == modules - {
        "output",
        "listener",
        "log_lines",
        "mcp_server",
    }
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in cli.COMMANDS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself(capsys, command):
    assert main([command, "--help"]) == 0
    assert "Usage: inbounds " + command in capsys.readouterr().out


def test_the_version_is_said(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == inbounds.__version__


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["bundle", "nothing"], ["bundle", "build"], ["--nothing"]]
)
def test_what_cannot_be_understood_could_not_be_told(capsys, arguments):
    assert main(arguments) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_an_error_of_usage_has_the_form_of_every_other(capsys, command):
    assert main([command, "--no-such-option"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["error:", "code:", "fix:"]
    assert lines[1].split() == ["code:", "cli.usage"]
    assert f"`inbounds {command} --help`" in lines[2]


def test_an_error_of_usage_is_json_where_that_is_asked_for(capsys):
    assert main(["lint", "--json", "--no-such-option"]) == 2
    said = json.loads(capsys.readouterr().out)["error"]
    assert (said["code"], said["executed"]) == ("cli.usage", "no")


def test_a_file_that_cannot_be_used_is_an_error_and_no_traceback(tmp_path, capsys):
    (tmp_path / "site").write_text("no folder")
    assert main(["new", "rule", "pay/late", "--site", str(tmp_path / "site")]) != 0
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert [line.split()[0] for line in said.splitlines()] == ["error:", "code:", "fix:"]


@pytest.mark.system
def test_help_imports_nothing_heavy():
    program = (
        "import sys; from inbounds_tools.cli import main; main(['--help']); "
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(done.stderr.split())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("x", code="bundle.signature_wrong"), 1),
        (ConfigurationError("x", code="bundle.policy_invalid"), 1),
        (ConfigurationError("x", code="bundle.unreadable"), 2),
        (ConfigurationError("x", code="opa.missing"), 2),
        (Timeout("x"), 2),
        (Unreachable("x"), 2),
    ],
)
def test_an_exit_code_tells_failed_from_not_told(error, code):
    assert output.exit_code(error) == code


def test_a_denial_is_no_failure_to_tell():
    decision = Decision(
        id="12345678",
        allowed=False,
        outcome="deny",
        policy=PolicyStamp(revision="r", deployment="d"),
    )
    assert output.exit_code(AccessDenied(decision)) == 1


def test_brackets_in_an_error_are_not_read_as_markup(capsys):
    error = ConfigurationError("the value [red]x[/red] of [a]", code="x.y", hint="see [docs]")
    output.failed(error, as_json=False)
    assert capsys.readouterr().err == (
        "error: the value [red]x[/red] of [a]\ncode:  x.y\nfix:   see [docs]\n"
    )


@pytest.mark.system
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "feed.token cannot be read: No such file or directory"),
        (b"\xff\xfe", "feed.token cannot be read: it is not text"),
    ],
)
def test_a_token_that_cannot_be_read_is_told_with_its_place(tmp_path, content, said):
    token = tmp_path / "feed.token"
    if content is not None:
        token.write_bytes(content)
    options = ("--opa", "http://127.0.0.1:1", "--token-file", "feed.token")
    done = console.inbounds(tmp_path, "live", "serve", *options)
    assert done.code == 1
    assert f"the token file {tmp_path}/{said}" in done.err


def test_the_feed_is_not_served_without_an_opa(tmp_path):
    done = console.called(tmp_path, "live", "serve")
    assert (done.code, done.out) == (2, "")
    assert "must be pushed to at least one OPA, and no --opa was passed" in done.err
    assert "pass --opa with the URL of each OPA" in done.err
    assert not (tmp_path / ".inbounds").exists()


@pytest.mark.system
def test_a_key_that_is_not_there_is_told_with_the_folder_that_was_looked_in(tmp_path):
    options = ("--opa", "http://127.0.0.1:1", "--key", "feed.pem", "--store", "feed.sqlite")
    done = console.inbounds(tmp_path, "live", "serve", *options)
    assert done.code == 1
    assert f"the key {tmp_path}/feed.pem cannot be read: No such file or directory" in done.err
    assert "INBOUNDS_HOME" in done.err


@pytest.mark.parametrize(
    ("step", "written"),
    [
        ("in deployment/intents.yaml, set it", "In deployment/intents.yaml, set it"),
        ("the server has changed", "The server has changed"),
        ("deployment/subjects.yaml has none", "deployment/subjects.yaml has none"),
        ("servers.yaml lists another", "servers.yaml lists another"),
    ],
)
def test_a_step_of_init_begins_with_a_capital_but_for_the_name_of_a_file(step, written):
    assert init._begun(step) == written


def test_no_line_of_an_error_is_forged(capsys):
    """
    A file's name, or what a program says of it, may hold the end of a line.
    """
    error = ConfigurationError("bad\nwhole \u00b7 7 records\n", code="cli.file", hint="see\nok")
    assert output.failed(error, as_json=False)

    lines = capsys.readouterr().err.splitlines()
    assert 5 <= len(lines)
    assert all(line.startswith(("error: ", "code:  ", "fix:   ", "       ")) for line in lines)
