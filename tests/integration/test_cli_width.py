"""What commands write on a terminal fits it, and nothing is cut off."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios

import pytest
from tests import shipping
from tests.console import SCRIPT, environment, inbounds, python

TOOL = "correspondence.reply_to_everybody_who_was_copied"
ASSISTANT = f"""\
from inbounds import AccessDenied, Guard
guard = Guard()

@guard.tool("{TOOL}", resource=lambda recipients, message_body: ("mailbox", "alice"))
def reply(recipients: list[str], message_body: str) -> None: ...

with guard.task("summarise", subject="alice@acme.example") as task:
    try: reply(["mallory@evil.example"], "hello")
    except AccessDenied as no: print(no.decision.id)
"""
PROGRAM = "a_folder_of_programs/an_assistant_with_a_long_name.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    shipping.make_assets()
    folder = tmp_path_factory.mktemp("narrow")
    (folder / PROGRAM).parent.mkdir()
    (folder / PROGRAM).write_text(ASSISTANT, "utf-8")
    assert inbounds(folder, "init", PROGRAM).code == 0
    done = python(folder, PROGRAM)
    assert done.code == 0, done.err
    (folder / "decision").write_text(done.out.strip(), "utf-8")
    return folder


def on_a_terminal(folder, columns, *arguments):
    """Run a command on a terminal that is so wide; return what it wrote, without its colours."""
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(
                environment(HOME=str(folder / "home"), COLUMNS=str(columns), TERM="xterm")
            )
            os.execv(SCRIPT, [str(SCRIPT), *arguments])
        finally:
            os._exit(127)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    written = b""
    try:
        while chunk := os.read(terminal, 65536):
            written += chunk
    except OSError:
        pass  # the other end is closed
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, 1), written
    # What is written over in place is not there any more.
    lines = [line.rpartition("\r")[2] for line in written.decode().split("\r\n")]
    return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in lines]


COMMANDS = {
    "init": ["init", PROGRAM],
    "doctor": ["doctor"],
    "report": ["report"],
    "agents": ["agents"],
    "evidence": ["evidence", "verify"],
    "explain": ["explain"],
    "help": ["--help"],
    "help of a command": ["init", "--help"],
}


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("command", COMMANDS)
def test_it_fits(folder, command, columns):
    """
    No line is wider than the terminal, and no word of a table is lost.
    """
    arguments = COMMANDS[command]
    if command == "explain":
        arguments = [*arguments, (folder / "decision").read_text()]
    lines = on_a_terminal(folder, columns, *arguments)

    assert len(lines) > 3
    assert [line for line in lines if len(line.rstrip()) > columns] == []
    if "--help" not in arguments:
        told = [line for line in lines if not line.rstrip().endswith(" …")]
        assert "…" not in "".join(told)
    if command in ("doctor", "report", "agents", "explain"):
        assert TOOL in re.sub(r"\s", "", "".join(lines))
