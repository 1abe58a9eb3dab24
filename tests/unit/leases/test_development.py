"""Credentials for development: out of files and variables, and for nothing else."""

from __future__ import annotations

import logging
import os
import time

import pytest
from tests.leased import SECRET, leased

from inbounds import ConfigurationError, Guard, LeaseUnavailable
from inbounds.credentials import DevelopmentCredentials, LeaseRequest
from inbounds.credentials.development import VARIABLE_PREFIX
from inbounds.pep.config import Configuration
from inbounds.process import clock


def asked(name="mail-store"):
    return LeaseRequest(
        credential=name,
        task="task-1",
        seconds=60,
        deadline=time.monotonic() + 5,
        identity="identity",
        task_token="task",
    )


def never(_revocation):
    raise AssertionError("there is nothing to revoke")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "mail-store"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return tmp_path


def test_it_is_the_content_of_a_file_without_its_last_newline(folder):
    backend = DevelopmentCredentials(folder)
    issued = backend.issue(asked(), never)
    assert issued.value == {"secret": SECRET}
    assert 59 <= issued.expires - clock.now() <= 60
    assert backend.has("mail-store")
    assert not backend.has("other")
    assert not backend.has("../mail-store")
    backend.revoke("", identity="", deadline=0)


def test_a_variable_goes_before_a_file(folder, monkeypatch):
    monkeypatch.setenv("INBOUNDS_DEVELOPMENT_CREDENTIAL_MAIL_STORE", "of the variable")
    monkeypatch.setenv("INBOUNDS_DEVELOPMENT_CREDENTIAL_A_B", "of another")
    assert DevelopmentCredentials(folder).issue(asked(), never).value == {
        "secret": "of the variable"
    }
    bare = DevelopmentCredentials()
    assert bare.issue(asked("a.b"), never).value == {"secret": "of another"}
    assert bare.has("A-B")
    assert not bare.has("c")


def test_its_variables_are_not_taken_for_options_of_a_guard():
    assert Configuration.read({}, {f"{VARIABLE_PREFIX}MAIL_STORE": "a secret"}) == (
        Configuration.read({}, {})
    )
    with pytest.raises(ConfigurationError):
        Configuration.read({}, {f"{VARIABLE_PREFIX[:-2]}": "a secret"})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.chmod(0o640),
        lambda path: path.chmod(0o604),
        lambda path: path.write_text("\n"),
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), os.mkfifo(path)),
    ],
    ids=["gone", "of the group", "of others", "empty", "no text", "a folder", "a pipe"],
)
def test_what_cannot_be_one_is_refused(folder, spoil):
    spoil(folder / "mail-store")
    with pytest.raises(LeaseUnavailable) as refused:
        DevelopmentCredentials(folder).issue(asked(), never)
    assert refused.value.code == "lease.refused"
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", ["../mail-store", "/etc/passwd", ".", "..", "a/b", ""])
def test_a_name_is_no_path(folder, name):
    with pytest.raises(LeaseUnavailable):
        DevelopmentCredentials(folder).issue(asked(name), never)


def test_it_warns(folder, caplog):
    with caplog.at_level(logging.WARNING):
        backend = DevelopmentCredentials(folder)
    assert "development credentials are in use" in caplog.text
    assert SECRET not in caplog.text + repr(backend)


def test_a_tool_has_it(tmp_path, folder):
    policy = leased(tmp_path / "inbounds", DevelopmentCredentials(folder))

    @policy.guard.tool("web.get", resource=lambda url: ("page", url))
    def get(url: str) -> str:
        return url

    with policy.task() as task:
        assert task.lease("mail-store").value == {"secret": SECRET}
        assert task.call("web.get", {"url": "https://wiki.acme.example/x"})
        outbox = policy.guard._runtime.leases._made
    assert outbox is None  # nothing was issued that could be revoked
    policy.close()


class Elsewhere:
    """An issuer that is not for development."""

    def identity(self, agent): ...
    def begin(self, request, pdp): ...
    def renew(self, grant): ...
    def end(self, task): ...


@pytest.mark.parametrize("several", [False, True])
def test_a_guard_in_production_refuses_it(tmp_path, folder, several):
    backend = DevelopmentCredentials(folder)
    with pytest.raises(ConfigurationError) as refused:
        Guard(
            issuer=Elsewhere(),
            leases={"mail-store": backend} if several else backend,
            home=tmp_path / "home",
            agent="spiffe://acme.example/agent/assistant",
            tenant="acme",
            environment="production",
            pep="pep",
            pdp_url="http://127.0.0.1:9",
        )
    assert refused.value.code == "configuration.development_credentials"
