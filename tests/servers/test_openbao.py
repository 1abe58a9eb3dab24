"""`docs/leases.md`, followed literally with OpenBao and PostgreSQL, and what holds then."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import jwt
import pytest
from tests.documents import ROOT, Walk, blocks
from tests.servers.openbao.server import BaoServer, program
from tests.servers.postgres import PASSWORD, Postgres

from inbounds import Guard, LeaseUnavailable, credentials
from inbounds.credentials import LeaseRequest, OpenBao
from inbounds.credentials.outbox import LeaseOutbox
from inbounds.identity.signing_keys import SigningKey
from inbounds.testing import SUBJECT

INTENT = "close tickets"


class Stand:
    """The folder that the document leaves behind, with the servers it speaks of."""

    def __init__(self, folder, bao, postgres):
        self.folder = folder
        self.bao = bao
        self.postgres = postgres

    def backend(self, **other):
        options = {
            "role": "assistant",
            "revoker": "revoker",
            "credentials": {"tickets-db": "database/creds/tickets"},
        }
        return OpenBao(self.bao.url, **{**options, **other})

    def guard(self, backend=None, **options):
        guard = Guard(
            **{
                "home": self.folder / ".inbounds",
                "deployment": self.folder / "deployment",
                "leases": backend or self.backend(),
                "deadline": 10.0,
                **options,
            }
        )

        @guard.tool("tickets.close", resource=lambda ticket: ("ticket", str(ticket)))
        def close(ticket: int) -> int:
            login = credentials.current("tickets-db").value
            self.as_user(login, f"INSERT INTO closed VALUES ({ticket})", check=True)
            return ticket

        return guard

    def as_user(self, login, statement, *, check=False):
        return self.postgres.query(
            statement,
            user=login["username"],
            password=login["password"],
            database="tickets",
            check=check,
        )

    def closed(self):
        said = self.postgres.query("SELECT ticket FROM closed ORDER BY 1", database="tickets")
        return [int(line) for line in said.stdout.split()]

    def roles(self):
        """The roles that OpenBao has made and not dropped."""
        statement = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'"
        return self.postgres.query(statement).stdout.split()

    def rows(self):
        """What the outbox of the home folder holds."""
        outbox = LeaseOutbox(self.folder / ".inbounds" / "leases.sqlite")
        try:
            return outbox.rows()
        finally:
            outbox.close()

    def decided(self):
        with contextlib.closing(sqlite3.connect(self.folder / ".inbounds/evidence.sqlite")) as log:
            bodies = [json.loads(body) for (body,) in log.execute("SELECT body FROM records")]
        return [body for body in bodies if body["kind"] == "decided.v1"]


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    monkeypatch = pytest.MonkeyPatch()
    base = tmp_path_factory.mktemp("leases")
    folder = base / "reader"
    folder.mkdir()
    bao_program = program()
    with Postgres() as postgres, BaoServer(base) as bao, monkeypatch.context() as patched:
        for name in ("BAO_ADDR", "BAO_TOKEN"):
            patched.setenv(name, bao.environment()[name])
        patched.setenv("PGPASSWORD", PASSWORD)
        instead = {"http://127.0.0.1:8200": bao.url, "5432": str(postgres.port)}
        with Walk(folder, instead=instead) as walk:
            (base / "reader-bin" / "bao").symlink_to(bao_program)
            for block in blocks(ROOT / "docs" / "leases.md"):
                walk.take(block)
        yield Stand(folder, bao, postgres)


@pytest.fixture
def guard(stand):
    guard = stand.guard()
    yield guard
    stand.bao.wake()
    guard.close()
    assert stand.roles() == []


def begin(guard, **asked):
    return guard.task(INTENT, subject=SUBJECT, **asked)


def eventually(holds, seconds=20.0):
    """Wait until something holds, and fail where it does not come about."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_document_closes_its_ticket_and_leaves_nothing_behind(stand):
    assert 42 in stand.closed()
    assert stand.roles() == []
    assert stand.rows() == []


def test_a_row_is_written_with_a_role_that_lives_as_long_as_the_task(stand, guard):
    with begin(guard) as task:
        assert task.call("tickets.close", {"ticket": 1}) == 1
        (role,) = stand.roles()
        lease = task.lease("tickets-db")
        login = lease.value
        assert login["username"] == role
        assert lease.expires <= task.authority.deadline
        # It may do what its group may do, and no more.
        refused = stand.as_user(login, "DELETE FROM closed")
        assert "permission denied" in refused.stderr
    assert 1 in stand.closed()
    assert stand.roles() == []
    assert stand.as_user(login, "SELECT 1").returncode == 2
    decided = [body for body in stand.decided() if body["task"] == task.id]
    assert [(body["tool"], body["outcome"], body["leases"]) for body in decided] == [
        ("credential.lease", "allow", [lease.handle]),
        ("tickets.close", "allow", [lease.handle]),
    ]
    assert task.report().verdict == "in bounds"


def test_an_open_connection_ends_with_the_task(stand, guard):
    with begin(guard) as task:
        login = task.lease("tickets-db").value
        open_one = stand.postgres.connected(
            user=login["username"], password=login["password"], database="tickets"
        )
        open_one.stdin.write("SELECT 'still here';\n")
        assert open_one.stdout.readline() == "still here\n"
    with open_one:
        said, fault = open_one.communicate("SELECT 'and still';\n", timeout=10)
    assert open_one.returncode != 0
    assert said == ""
    assert "terminating connection" in fault


def test_each_task_has_a_role_of_its_own(stand, guard):
    with begin(guard) as one, begin(guard) as other:
        first, second = one.lease("tickets-db").value, other.lease("tickets-db").value
        assert first["username"] != second["username"]
        one.end()
        assert stand.roles() == [second["username"]]
        assert stand.as_user(second, "SELECT 1").returncode == 0


def test_at_the_deadline_the_role_goes_though_nobody_ends_the_task(stand, guard):
    begin(guard, seconds=3).lease("tickets-db")
    assert len(stand.roles()) == 1
    eventually(lambda: stand.roles() == [])
    eventually(lambda: stand.rows() == [])


def test_an_agents_identity_can_lease_where_a_role_is_for_it(stand):
    policy = json.dumps(
        {
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_audiences": ["inbounds"],
            "bound_subject": "spiffe://acme.example/agent/assistant",
            "token_policies": ["tickets"],
            "token_ttl": "5m",
        }
    )
    stand.bao.run("write", "auth/jwt/role/by-identity", "-", said=policy)
    guard = stand.guard(stand.backend(role="by-identity", login="identity"))
    with begin(guard) as task:
        lease = task.lease("tickets-db")
        # No longer than the login that it is bound to.
        assert lease.expires <= time.time() + 300
        assert task.call("tickets.close", {"ticket": 2}) == 2
    guard.close()
    assert stand.roles() == []


@pytest.mark.parametrize(
    "options",
    [
        {"role": "unheard-of"},
        {"login": "identity"},
        {"credentials": {"tickets-db": "database/creds/other"}},
        {"mount": "elsewhere"},
    ],
    ids=["another role", "another token", "another path", "another mount"],
)
def test_what_openbao_refuses_runs_nothing_and_leaves_nothing(stand, options):
    guard = stand.guard(stand.backend(**options))
    before = stand.closed()
    with begin(guard) as task, pytest.raises(LeaseUnavailable) as refused:
        task.call("tickets.close", {"ticket": 3})
    assert (refused.value.code, refused.value.executed) == ("lease.refused", "no")
    assert stand.closed() == before
    assert stand.roles() == []
    guard.close()
    assert stand.rows() == []


class TestTokens:
    """What OpenBao takes by the document's own role."""

    def issued(self, stand, token):
        kept = []
        asked = LeaseRequest(
            credential="tickets-db",
            task="task-1",
            seconds=60,
            deadline=time.monotonic() + 10,
            identity=token,
            task_token=token,
        )
        return stand.backend().issue(asked, kept.append)

    def token(self, stand, guard, **changed):
        with begin(guard) as task:
            claims = jwt.decode(task.grant.token, options={"verify_signature": False})
        about = json.loads((stand.folder / ".inbounds/issuer/issuer.json").read_text())
        key = SigningKey.read(stand.folder / f".inbounds/issuer/{about['kid']}.pem")
        return key.sign({**claims, **changed}, typ="task+jwt")

    @pytest.mark.parametrize(
        "changed",
        [
            {"exp": -5},
            {"iat": 60},
            {"aud": ["elsewhere"]},
            {"tenant": "globex"},
            {"act": {"sub": "spiffe://acme.example/agent/other"}},
            {"act": {}},
        ],
        ids=["expired", "ahead", "audience", "tenant", "agent", "no agent"],
    )
    def test_another_one_is_refused(self, stand, guard, changed):
        now = int(time.time())
        moved = {k: now + v if isinstance(v, int) else v for k, v in changed.items()}
        if "exp" in moved:
            moved["iat"] = now - 300
        with pytest.raises(LeaseUnavailable) as refused:
            self.issued(stand, self.token(stand, guard, **moved))
        assert refused.value.code == "lease.refused"

    def test_one_of_another_key_is_refused(self, stand, guard):
        with begin(guard) as task:
            claims = jwt.decode(task.grant.token, options={"verify_signature": False})
        with pytest.raises(LeaseUnavailable):
            self.issued(stand, SigningKey.generate().sign(claims, typ="task+jwt"))

    def test_a_task_token_revokes_nothing(self, stand, guard):
        with begin(guard) as task:
            backend, token = stand.backend(), task.grant.token
            with pytest.raises(LeaseUnavailable) as refused:
                backend.revoke(
                    json.dumps({"accessor": "x"}), identity=token, deadline=time.monotonic() + 10
                )
        assert refused.value.code == "lease.refused"

    def test_what_is_gone_is_revoked_again_without_a_fault(self, stand, guard):
        with begin(guard) as task:
            task.lease("tickets-db")
            (row,) = stand.rows()
        identity = guard._runtime.identity(task.request.agent)
        for _ in range(2):
            stand.backend().revoke(
                row.revocation, identity=identity, deadline=time.monotonic() + 10
            )

    def test_what_is_kept_opens_nothing(self, stand, guard):
        with begin(guard) as task:
            login = task.lease("tickets-db").value
            (row,) = stand.rows()
            text = (stand.folder / ".inbounds" / "leases.sqlite").read_bytes()
            wal = stand.folder / ".inbounds" / "leases.sqlite-wal"
            text += wal.read_bytes() if wal.exists() else b""
            assert login["password"].encode() not in text
            assert task.grant.token.encode() not in text
            said = json.loads(row.revocation)
            assert sorted(said) == ["accessor", "lease"]
            for secret in said.values():
                command = ["token", "lookup", secret]
                assert stand.bao.run(*command, check=False).returncode != 0


class TestDown:
    """OpenBao that hangs, and comes back."""

    @pytest.fixture(autouse=True)
    def _awake_afterwards(self, stand):
        yield
        stand.bao.wake()

    def test_the_tool_does_not_run_and_says_so_within_the_deadline(self, stand):
        guard = stand.guard(deadline=1.0)
        before = stand.closed()
        with begin(guard) as task:
            task.report()
            stand.bao.sleep()
            begun = time.monotonic()
            with pytest.raises(LeaseUnavailable) as refused:
                task.call("tickets.close", {"ticket": 4})
            assert time.monotonic() - begun < 2.5
            stand.bao.wake()
        assert (refused.value.code, refused.value.executed) == ("lease.unreachable", "no")
        assert stand.closed() == before
        guard.close()

    def test_what_cannot_be_revoked_is_kept_and_revoked_when_it_is_back(self, stand, caplog):
        guard = stand.guard(deadline=1.0)
        task = begin(guard)
        with task:
            task.call("tickets.close", {"ticket": 5})
            handle = task.lease("tickets-db").handle
            stand.bao.sleep()
        assert [row.handle for row in stand.rows()] == [handle]
        assert any(
            record.levelno == logging.ERROR and handle in record.getMessage()
            for record in caplog.records
        )
        assert len(stand.roles()) == 1
        stand.bao.wake()
        eventually(lambda: stand.rows() == [])
        assert stand.roles() == []
        guard.close()

    def test_what_a_closed_guard_could_not_revoke_the_next_one_does(self, stand):
        guard = stand.guard(deadline=1.0)
        begin(guard).lease("tickets-db")
        stand.bao.sleep()
        guard.close()
        assert len(stand.rows()) == 1
        stand.bao.wake()
        following = stand.guard()
        eventually(lambda: stand.rows() == [])
        assert stand.roles() == []
        following.close()


KILLED = """\
import os, signal, sys
from inbounds import Guard
from inbounds.credentials import OpenBao

guard = Guard(
    leases=OpenBao(
        sys.argv[1], role="assistant", revoker="revoker",
        credentials={"tickets-db": "database/creds/tickets"},
    )
)
task = guard.task("close tickets", subject="alice@acme.example")
print(task.lease("tickets-db").value["username"], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_held_is_revoked_by_the_next_one(stand):
    (stand.folder / "killed.py").write_text(KILLED)
    killed = subprocess.run(
        [sys.executable, "killed.py", stand.bao.url],
        cwd=stand.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert stand.roles() == [killed.stdout.strip()]
    assert len(stand.rows()) == 1
    guard = stand.guard()
    eventually(lambda: stand.rows() == [])
    assert stand.roles() == []
    guard.close()


def test_another_process_leaves_what_is_in_use_alone(stand, guard):
    with begin(guard) as task:
        lease = task.lease("tickets-db")
        program = "from inbounds import Guard; import time; from desk import guard; time.sleep(1.5)"
        path = {"PYTHONPATH": str(stand.folder), "PATH": "/usr/bin:/bin"}
        subprocess.run([sys.executable, "-c", program], cwd=stand.folder, env=path, check=True)
        assert stand.as_user(lease.value, "SELECT 1").returncode == 0


def test_many_threads_and_tasks(stand, guard):
    failed = []

    def run(number):
        try:
            with begin(guard) as task:
                for each in range(2):
                    task.call("tickets.close", {"ticket": 1000 + 10 * number + each})
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test has to see it
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len([ticket for ticket in stand.closed() if ticket >= 1000]) == 12
    assert stand.rows() == []
