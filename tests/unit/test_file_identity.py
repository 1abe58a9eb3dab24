"""An identity in a file: read again once it is another, and refused where it is none."""

from __future__ import annotations

import os
import time

import pytest
from tests.identities import claims, compact, part

from inbounds import DecisionUnavailable
from inbounds.identity import Rotating
from inbounds.identity.file import FileIdentity
from inbounds.identity.identity_cache import IdentityCache
from inbounds.process import clock
from inbounds.testing import AGENT, PolicyUnderTest

SECRET = "c2VjcmV0LXRva2Vu"
TWICE = b'{"exp": 1, "exp": 2}'


def fault(path):
    with pytest.raises(DecisionUnavailable) as caught:
        FileIdentity(path).identity(AGENT)
    assert caught.value.hint
    assert "Traceback" not in str(caught.value)
    return caught.value


class Volume:
    """A projected volume as kubelet writes one: `token` → `..data/token`, `..data` → a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.number = 0
        (folder / "token").symlink_to("..data/token")

    @property
    def path(self):
        return self.folder / "token"

    def project(self, token):
        self.number += 1
        told = self.folder / f"..2026_11_25_{self.number}"
        told.mkdir()
        (told / "token").write_text(token, "ascii")
        link = self.folder / "..data_tmp"
        link.symlink_to(told.name)
        link.replace(self.folder / "..data")


@pytest.fixture
def volume(tmp_path):
    return Volume(tmp_path)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_is_what_the_file_holds(tmp_path, end):
    path = tmp_path / "token"
    said = claims()
    path.write_bytes((compact(said) + end).encode())
    token = FileIdentity(str(path)).identity(AGENT)
    assert (token.token, token.expires) == (compact(said), said["exp"])


def test_is_read_again_when_kubelet_turns_its_link(volume):
    source = FileIdentity(volume.path)
    assert isinstance(source, Rotating)
    first, second = compact(claims(jti="1")), compact(claims(jti="2"))
    volume.project(first)
    held = IdentityCache(source, waits=True)
    ask = lambda: held.token(AGENT, deadline=clock.monotonic() + 5)  # noqa: E731
    assert ask() == ask() == first
    assert not source.rotated()
    volume.project(second)
    assert source.rotated()
    assert ask() == ask() == second


def test_is_read_again_when_it_is_written_anew_in_place(tmp_path):
    path = tmp_path / "token"
    path.write_text(compact(claims(jti="1")))
    source = FileIdentity(path)
    source.identity(AGENT)
    assert not source.rotated()
    path.write_text(compact(claims(jti="22")))
    assert source.rotated()
    assert source.identity(AGENT).token == path.read_text()


def test_what_is_half_written_does_not_replace_what_is_in_force(volume, caplog):
    first = compact(claims())
    volume.project(first)
    held = IdentityCache(FileIdentity(volume.path), waits=True)
    assert held.token(AGENT, deadline=clock.monotonic() + 5) == first
    volume.project(first[: len(first) // 2])
    assert held.token(AGENT, deadline=clock.monotonic() + 5) == first
    assert "identity.unusable" in caplog.text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"a" * 65_537, "more than"),
        (f"{SECRET}.{SECRET}".encode(), "not a compact JWT"),
        (f"{SECRET}.{SECRET}.{SECRET}.x".encode(), "not a compact JWT"),
        (f"{SECRET}.{SECRET}.{SECRET}".encode(), "not a JSON object"),
        (f" {compact(claims())}".encode(), "not a compact JWT"),
        (compact(claims()).encode() + b"\n\ntoo", "not a compact JWT"),
        (f"{SECRET}..".encode(), "not a compact JWT"),
        (b'{"payload": "e30"}', "not a compact JWT"),
        (b"\xff\xfe" + SECRET.encode(), "ASCII"),
        (compact([claims()]).encode(), "not a JSON object"),
        (compact(claims(), header=[]).encode(), "not a JSON object"),
        (f"{part({})}.{part(TWICE)}.x".encode(), "not a JSON object"),
        (compact(claims(exp=None)).encode(), "no `exp`"),
        (compact(claims(exp="4102444800")).encode(), "no `exp`"),
        (compact(claims(exp=4102444800.5)).encode(), "no `exp`"),
        (compact(claims(exp=True)).encode(), "no `exp`"),
        (compact(claims(exp=1)).encode(), "expired"),
        (compact(claims(exp=-1)).encode(), "expired"),
    ],
)
def test_what_is_no_token_is_refused_without_being_shown(tmp_path, content, why):
    path = tmp_path / "token"
    path.write_bytes(content)
    error = fault(path)
    assert error.code == "identity.unusable"
    assert why in str(error)
    assert SECRET not in str(error)
    assert error.__cause__ is None


def test_what_cannot_be_read_is_unreachable(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("missing", "folder", "dangling"):
        assert fault(tmp_path / name).code == "identity.unreachable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes by name here")
def test_a_pipe_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "token")
    begun = time.monotonic()
    assert fault(tmp_path / "token").code == "identity.unreachable"
    assert time.monotonic() - begun < 15


def test_a_file_that_went_is_noticed(tmp_path):
    path = tmp_path / "token"
    path.write_text(compact(claims()))
    source = FileIdentity(path)
    source.identity(AGENT)
    path.unlink()
    assert source.rotated()


def test_a_guard_takes_its_identity_from_a_file(tmp_path):
    """
    It begins no task before there is one, and acts by what is there then.
    """
    path = tmp_path / "token"
    under_test = PolicyUnderTest(tmp_path / "inbounds", identity=FileIdentity(path))
    with pytest.raises(DecisionUnavailable) as caught:
        under_test.task()
    assert caught.value.code == "identity.unreachable"
    path.write_text(under_test.guard.issuer.identity(AGENT).token)
    with under_test.task() as task:
        task.permit("mail.read", {"id": "1"}, resource=lambda id: ("mail", id)).cancel()
    under_test.close()
