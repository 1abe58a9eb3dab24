"""What is not a regular file keeps nobody waiting, wherever a guard reads one."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from inbounds import Guard
from inbounds.dev.deployment import load
from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.testing import PolicyUnderTest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes with a name are POSIX's")


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def bound(path: Path) -> None:
    """A socket; bound by its name alone, since a path to one has to be short."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def raised(run) -> Exception | None:
    """What `run` raises, within a time in which nothing may hang."""
    found: list[Exception | None] = []

    def watched() -> None:
        try:
            run()
        except Exception as error:  # noqa: BLE001 -- handed to the test
            found.append(error)
        else:
            found.append(None)

    thread = threading.Thread(target=watched, daemon=True)
    thread.start()
    thread.join(20)
    assert found, "it hangs"
    return found[0]


OTHERS = [pipe, device, folder, pytest.param(bound, marks=pytest.mark.system)]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(
    "name",
    [
        "deployment.key",
        "tenant",
        "evidence.sqlite",
        "issuer/issuer.json",
        "issuer/feed.pem",
        "issuer/live.sqlite",
        "issuer/<kid>.pem",
    ],
)
def test_a_guard_is_refused_that_would_read_what_is_no_file(tmp_path, name, other):
    policy = PolicyUnderTest(tmp_path / "inbounds")
    policy.close()
    issuer = tmp_path / "inbounds" / "issuer"
    (kid,) = (path.stem for path in issuer.glob("*.pem") if path.stem != "feed")
    path = tmp_path / "inbounds" / name.replace("<kid>", kid)
    path.unlink()
    other(path)

    error = raised(lambda: Guard(pdp=policy._policy, home=tmp_path / "inbounds"))
    assert isinstance(error, ConfigurationError)


@pytest.mark.parametrize("other", OTHERS)
def test_a_deployment_is_refused_of_which_a_part_is_no_file(tmp_path, other):
    other(tmp_path / "settings.yaml")

    error = raised(lambda: load(tmp_path))
    assert isinstance(error, ConfigurationError)
    assert "settings.yaml" in str(error)


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_no_file_is_not_read(tmp_path, other):
    other(tmp_path / "f")

    assert isinstance(raised(lambda: read_regular(tmp_path / "f")), OSError)


def test_a_link_to_a_file_is_one_and_so_much_is_read_of_it_as_was_asked(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("f")

    assert read_regular(tmp_path / "link")[0] == b"abc"
    assert read_regular(tmp_path / "link", most=2)[0] == b"ab"
