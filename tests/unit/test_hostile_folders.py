"""Folders without end, and what lies in them that is not a file, end each command with an error."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest
from tests import engines, shipping

from inbounds.dev.deployment import load
from inbounds.errors import ConfigurationError
from inbounds.files.listing import MAX_DEPTH, files_in
from inbounds.files.regular_file import read_regular
from inbounds_tools.cli import main
from inbounds_tools.scaffold.tools import find

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes with a name are POSIX's")

GUARDED = '@guard.tool("t", resource=lambda x: ("doc", x))\ndef t(x: str) -> str: ...\n'


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INBOUNDS_HOME", raising=False)
    monkeypatch.delenv("INBOUNDS_DEPLOYMENT", raising=False)
    return tmp_path


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def bound(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))


def circle(path):
    path.symlink_to(path.name)


def large(path):
    with path.open("wb") as file:
        file.truncate(2**40)


OTHERS = [pipe, device, bound, circle, large]


def ended(arguments, capsys, *, seconds=60):
    """The exit code and what was said, of a command that may not hang."""
    found = []
    thread = threading.Thread(target=lambda: found.append(main(arguments)), daemon=True)
    thread.start()
    thread.join(seconds)
    assert found, "it hangs"
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return found[0], said.out + said.err


def nest(folder, depth):
    """Folders in folders, by descriptors, since no path is as long."""
    folder.mkdir(exist_ok=True)
    place = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)


def unnest(folder, depth):
    """Remove what `nest` has made; nobody else can."""
    for _ in range(depth):
        if not (folder / "d").is_dir():
            return
        lower = (folder / "d").rename(folder.parent / "lower")
        for path in lower.iterdir():
            path.rename(folder / path.name)
        lower.rmdir()


SITE = "site/rules/a/b/b.rego"
COMMANDS = {
    "init": (["init"], "app.py"),
    "init of a file": (["init", "app.py"], "app.py"),
    "lint": (["lint", "deployment"], "deployment/tools.yaml"),
    "test": (["test", "site"], SITE),
    "test of cases": (["test", "site"], "site/cases/a/b.yaml"),
    "verify": (["bundle", "verify", "b.tar.gz"], "b.tar.gz"),
    "verify by a key": (["bundle", "verify", "x", "--key", "k.pub"], "k.pub"),
    "explain": (["explain", "q.json"], "q.json"),
    "build": (["bundle", "build", "--site", "site", "--key", "release.pem", "-o", "dist"], SITE),
    "build by a key": (["bundle", "build", "--key", "release.pem", "-o", "dist"], "release.pem"),
    "build of a deployment": (
        ["bundle", "build", "--deployment", "deployment", "--key", "release.pem", "-o", "dist"],
        "deployment/agents.yaml",
    ),
}


@pytest.mark.system
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_waits_for_what_is_no_file(here, monkeypatch, capsys, command, other):
    monkeypatch.setenv("INBOUNDS_OPA_BINARY", engines.opa_binary())
    arguments, name = COMMANDS[command]
    if name != "release.pem":
        (here / "release.pem").write_bytes(engines.signing_keys(here, "k").private.read_bytes())
    if name.startswith("site"):
        assert main(["new", "rule", "x/y"]) == 0
    path = here / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    other(path)

    begun = time.monotonic()
    code, said = ended(arguments, capsys)
    assert code != 0
    assert Path(name).name.partition(".")[0] in said or "no guarded tool" in said
    assert time.monotonic() - begun < 180  # it hangs or it does not: a busy machine is slow


@pytest.mark.system
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 10_000])
@pytest.mark.parametrize("arguments", [["init"], ["test", "site"]])
def test_folders_without_end_are_refused(here, monkeypatch, capsys, depth, arguments):
    monkeypatch.setenv("INBOUNDS_OPA_BINARY", engines.opa_binary())
    (here / "app.py").write_text(GUARDED)
    assert main(["new", "rule", "x/y"]) == 0
    capsys.readouterr()
    nest(here / "site", depth)
    try:
        code, said = ended(arguments, capsys)
    finally:
        unnest(here / "site", depth)
    assert code == 1
    assert f"more than {MAX_DEPTH} folders deep" in said
    assert len(said) < 2000


def test_a_link_to_a_folder_above_is_not_followed(here, capsys):
    (here / "app.py").write_text(GUARDED)
    (here / "loop").symlink_to(".")
    (here / "a").mkdir()
    (here / "a" / "b").symlink_to("..")
    assert [path.name for path in files_in(here, ".py")] == ["app.py"]
    assert ended(["init"], capsys)[0] == 0


SOURCES = {
    "brackets": "(" * 100_000 + ")" * 100_000,
    "a sum": "x = " + "+".join(["1"] * 100_000),
    "signs": "x = " + "-" * 100_000 + "1",
    "attributes": "x = a" + ".a" * 100_000,
    "calls": "x = a" + "()" * 50_000,
    "an annotation": GUARDED.replace("x: str", "x: " + "list[" * 90 + "str" + "]" * 90),
    "a longer one": GUARDED.replace("x: str", "x: " + "|".join(["list[str]"] * 5000)),
    "conditions": "".join("    " * n + "if x:\n" for n in range(99)) + "    " * 99 + "pass\n",
    "a resource": GUARDED.replace('("doc", x)', "(" + "x if x else " * 3000 + "x)"),
    "no text": "\0" * 1000,
    "a resource that calls itself": (
        "def r(x):\n" + "    return r(x)\n" * 300 + GUARDED.replace('("doc", x)', "r(x)")
    ),
    "a class that holds itself": (
        "class A:\n" + "".join(f"    f{n}: 'A'\n" for n in range(300)) + GUARDED.replace("str", "A")
    ),
    "a class of long types": (
        f"class A:\n    f: A\n    g: '{'|'.join(['A'] * 2000)}'\n" + GUARDED.replace("str", "A")
    ),
    "a class of many values": (
        "class E(Enum):\n" + "".join(f"    v{n} = {n}\n" for n in range(15_000))
        + "class A:\n" + "".join(f"    f{n}: E\n" for n in range(300)) + GUARDED.replace("str", "A")
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SOURCES)
def test_a_source_that_nests_is_read_or_noted(here, what):
    (here / "app.py").write_text(SOURCES[what])
    (here / "good.py").write_text(GUARDED.replace('"t"', '"good"'))
    begun = time.monotonic()
    found = find([here / "app.py", here / "good.py"], strict=False)
    assert "good" in found.tools
    assert time.monotonic() - begun < 20
    try:
        find([here / "app.py"], strict=True)
    except ConfigurationError as error:
        assert error.code == "init.source_unreadable"  # noqa: PT017 -- some are read


LONG = {
    "lists": "a: " + "[" * 200_000,
    "maps": "".join(" " * n + "a:\n" for n in range(2000)),
    "a text": "a: '" + "x" * 5_000_000,
    "lines": "- a\n" * 200_000,
    "keys": "".join(f"k{n}: 1\n" for n in range(20_000)),
}


@pytest.mark.system
@pytest.mark.parametrize("what", LONG)
def test_long_yaml_is_refused_in_time(here, what):
    (here / "tools.yaml").write_text(LONG[what])
    begun = time.monotonic()
    with pytest.raises(ConfigurationError):
        load(here)
    assert time.monotonic() - begun < 60


def test_a_file_that_is_too_large_is_not_read(here):
    large(here / "x")
    with pytest.raises(OSError, match="larger than") as refused:
        read_regular(here / "x")
    assert refused.value.filename == str(here / "x")
    assert read_regular(here / "x", most=3)[0] == b"\0\0\0"
