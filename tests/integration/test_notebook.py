"""In a notebook, which runs its cells inside an event loop of its own, on a real kernel."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from tests import shipping
from tests.console import environment

CANARY = "canary"
CELLS = [
    """\
from pathlib import Path
from inbounds.testing import PolicyUnderTest
policy = PolicyUnderTest(Path("state"))
guard = policy.guard

@guard.tool("mail.read", resource=lambda id: ("mail", id))
async def read(id: str) -> str:
    return "mail " + id

@guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
def send(to: list[str], body: str) -> str:
    return "sent"

task = policy.task()
stranger = "can" + "ary@evil.example"
""",
    """\
import asyncio
asyncio.get_running_loop()
print(await task.acall("mail.read", {"id": "1"}))
async with task:
    print(await read("2"), *await asyncio.gather(read("3"), read("4")))
""",
    """\
bob = {"to": ["bob@acme.example"]}
with policy.task() as task:
    print(send(["bob@acme.example"], "hello"), task.call("mail.send", {"to": [], "body": ""} | bob))
""",
    """\
with policy.task() as task:
    send([stranger], stranger)
""",
    """\
task = policy.task()
await task.acall("mail.send", {"to": [stranger], "body": stranger})
""",
    'task.evaluate("mail.send", {"to": [stranger], "body": stranger})',
    "task.report()",
    """\
try:
    task.call("mail.send", {"to": [stranger], "body": stranger})
except Exception as error:
    no = error
no
""",
]
RUN = """\
import json, nbclient, nbformat, sys
cells = [nbformat.v4.new_code_cell(cell) for cell in json.load(sys.stdin)]
notebook = nbformat.v4.new_notebook(cells=cells)
client = nbclient.NotebookClient(
    notebook, timeout=120, kernel_name="this", allow_errors=True,
    resources={"metadata": {"path": "."}},
)
client.execute()
print(json.dumps([cell.outputs for cell in notebook.cells]))
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """What each cell has put out, by its place."""
    shipping.make_assets()
    folder = tmp_path_factory.mktemp("notebook")
    spec = folder / "jupyter" / "kernels" / "this" / "kernel.json"
    spec.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": command, "display_name": "this", "language": "python"}))
    private = {
        "HOME": folder,
        "IPYTHONDIR": folder / "ipython",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_PATH": folder / "jupyter",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(CELLS),
        cwd=folder,
        env=environment(**{name: str(path) for name, path in private.items()}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def printed(cell):
    """What a cell has printed; it has raised nothing."""
    assert [output for output in cell if output["output_type"] == "error"] == []
    return "".join(output["text"] for output in cell if output["output_type"] == "stream")


def traceback(cell):
    """The traceback of a cell, without its colours."""
    (error,) = [output for output in cell if output["output_type"] == "error"]
    assert error["ename"] == "AccessDenied"
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))


def html(cell):
    """What a cell shows of its last value."""
    (shown,) = [output for output in cell if output["output_type"] == "execute_result"]
    return shown["data"]["text/html"]


def test_async_calls_run_inside_the_loop_of_the_notebook(outputs):
    """
    What is awaited is awaited in the loop that runs already.
    """
    assert printed(outputs[1]) == "mail 1\nmail 2 mail 3 mail 4\n"


def test_sync_calls_run_inside_the_loop_of_the_notebook(outputs):
    """
    A function that is not a coroutine is called as anywhere.
    """
    assert printed(outputs[2]) == "sent sent\n"


@pytest.mark.parametrize("cell", [3, 4], ids=["sync", "async"])
def test_a_refusal_points_at_the_cell_and_holds_no_argument(outputs, cell):
    """
    The traceback shows the line that called and where it was refused, and no value.
    """
    shown = traceback(outputs[cell])

    assert "----> 2" in shown
    assert "skipping hidden" in shown
    said = "`mail.send` under `correspond` for alice@acme.example was denied"
    assert f"{said} [egress.destination_not_allowed]: " in shown
    assert "; Agent author: send to a destination of the task only" in shown
    ours = re.findall(r"(?m)^File .*inbounds.*, in (\S+)\(", shown)
    assert ours == ["Call.permit"]
    assert CANARY not in shown


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (5, ["deny", "a dry run", "egress.destination_not_allowed", "task.within_bounds"]),
        (6, ["in bounds", "0 ran · 1 refused", "mail.send", "alice@acme.example"]),
        (7, ["deny", "mail.send", "alice@acme.example", "correspond", "Agent author: send"]),
    ],
    ids=["decision", "report", "refusal"],
)
def test_what_a_cell_ends_with_is_shown(outputs, cell, words):
    """
    A decision, a report and a refusal are shown, and no argument with them.
    """
    shown = html(outputs[cell])

    assert [word for word in words if word not in shown] == []
    assert CANARY not in shown
    assert "/to/0" not in shown
