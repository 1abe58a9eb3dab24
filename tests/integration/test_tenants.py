"""Two tenants in one process, on one deployment: nothing of one ever shows to the other."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import sqlite3
import threading

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests import shipping
from tests.guards import AGENT, PEP, SUBJECT
from tests.redis_server import RedisServer

from inbounds import AccessDenied, ConfigurationError, DecisionUnavailable
from inbounds.dev.issuer import About
from inbounds.dev.setup import create_development
from inbounds.evidence.verify import verify
from inbounds.pep.config import Configuration
from inbounds.pep.telemetry import Telemetry
from inbounds.sessions.memory import MemorySessions
from inbounds.testing import INTENT, small_deployment

ACME, RIVAL = "acme", "rival"


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


class Tenants:
    """One deployment that serves two tenants, who have the same subject and the same agent."""

    def __init__(self, folder):
        self.folder = folder
        self.spans = {}
        self.guards = {}
        stated = {}
        for tenant in (ACME, RIVAL):
            about = About(
                issuer=f"https://issuer.{tenant}.example",
                audience="inbounds",
                agent=AGENT,
                tenant=tenant,
                environment="development",
                pep=PEP,
                kid="-",
            )
            stated[tenant] = create_development(folder / tenant / "issuer", about)
        both = [ACME, RIVAL]
        deployment = small_deployment()
        deployment["issuers"] = {
            tenant: {**stated[tenant]["issuers"]["development"], "trust_domain": "acme.example"}
            for tenant in both
        }
        deployment["feed"]["keys"] = {
            kid: key for tenant in both for kid, key in stated[tenant]["feed"]["keys"].items()
        }
        for part in ("agents", "subjects", "groups", "peps"):
            for entry in deployment[part].values():
                entry["tenants"] = both
        for tool in deployment["tools"].values():
            tool.pop("tenant")  # each call says whose resource it touches
        (folder / "deployment").mkdir()
        for name, value in deployment.items():
            (folder / "deployment" / f"{name}.yaml").write_text(json.dumps(value), "utf-8")

    def guard(self, tenant, **options):
        """A guard of a tenant, with spans of its own."""
        guard = self.plain(tenant, **options)
        exporter = self.spans.setdefault(tenant, InMemorySpanExporter())
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        guard._runtime.telemetry = Telemetry(tracer_provider=provider)

        @guard.tool("mail.read", resource=lambda id: _mail(id, tenant))
        def read(id: str) -> str:
            return f"{tenant}'s mail {id}"

        @guard.tool("mail.send", resource=lambda to, body: _mailbox(tenant))
        def send(to: list[str], body: str) -> None:
            raise AssertionError("it is never allowed here")

        self.guards[tenant] = guard
        return guard

    def plain(self, of, **options):
        from inbounds import Guard

        told = {
            "home": self.folder / of,
            "deployment": self.folder / "deployment",
            "sessions": self.folder / "sessions.sqlite",
            "deadline": 30,
        }
        return Guard(**{**told, **options})

    def state(self, tenant):
        """All bytes that are kept for a tenant, and all that was told of it."""
        kept = b"".join(
            path.read_bytes()
            for path in sorted((self.folder / tenant).rglob("*"))
            if path.is_file()
        )
        told = "".join(span.to_json() for span in self.spans[tenant].get_finished_spans())
        return kept + told.encode()


def _mail(id, tenant):
    from inbounds import Resource

    return Resource(type="mail", id=id, properties={"tenant": tenant})


def _mailbox(tenant):
    from inbounds import Resource

    return Resource(type="mailbox", id="alice", properties={"tenant": tenant})


@pytest.fixture
def tenants(tmp_path):
    tenants = Tenants(tmp_path)
    yield tenants
    for guard in tenants.guards.values():
        guard.close()


@pytest.fixture(params=["sqlite", "memory", "redis"])
def two(request, tenants):
    """A guard of each tenant, with one session store."""
    with contextlib.ExitStack() as stack:
        more = {"memory": {"sessions": MemorySessions()}}.get(request.param, {})
        if request.param == "redis":
            more = {"sessions": stack.enter_context(RedisServer()).patient_url}
        yield tenants.guard(ACME, **more), tenants.guard(RIVAL, **more)


def begin(guard, **asked):
    return guard.task(INTENT, subject=SUBJECT, **asked)


def records(guard):
    connection = sqlite3.connect(guard.evidence.path)
    rows = connection.execute("SELECT body FROM records ORDER BY seq").fetchall()
    connection.close()
    return [json.loads(row[0]) for row in rows]


# --- sessions ------------------------------------------------------------------------------


def test_no_tenant_goes_on_in_the_session_of_another(two):
    """
    The same subject and agent, the id of the other's session: it is lost, and stays as it was.
    """
    acme, rival = two
    with begin(acme) as theirs:
        theirs.call("mail.read", {"id": "1"})
        before = acme._runtime.sessions.load(theirs.session)
        with pytest.raises(DecisionUnavailable) as lost:
            begin(rival, session=theirs.session.sid)
        assert lost.value.code == "session.lost"
        assert acme._runtime.sessions.load(theirs.session) == before
        assert theirs.call("mail.read", {"id": "2"}) == "acme's mail 2"


def test_what_one_has_seen_and_spent_is_not_on_the_other(two):
    """
    The session of one is untrusted, confidential and spent; the other's has seen nothing.
    """
    acme, rival = two
    with begin(acme) as theirs, begin(rival) as ours:
        for number in range(3):
            theirs.call("mail.read", {"id": str(number)})
        state = rival._runtime.sessions.load(ours.session)
        assert (state.trust, state.label, state.spent.calls) == ("trusted", "public", 0)
        ours.call("mail.read", {"id": "1"})
        assert rival._runtime.sessions.load(ours.session).spent.calls == 1
        assert acme._runtime.sessions.load(theirs.session).spent.calls == 3


# --- keys and records ----------------------------------------------------------------------


def test_no_state_folder_is_two_tenants(tenants):
    """
    The keys in it would make both's digests and sign both's evidence.
    """
    tenants.guard(ACME)
    with pytest.raises(ConfigurationError) as refused:
        tenants.plain(ACME, tenant=RIVAL)
    assert refused.value.code == "configuration.other_tenant"
    assert "`acme`" in refused.value.message and "`rival`" in refused.value.message
    assert "INBOUNDS_HOME" in refused.value.hint


def test_of_two_tenants_that_come_at_once_one_has_the_folder(tenants):
    home = tenants.folder / ACME
    outcomes, barrier = [], threading.Barrier(6)

    def run(tenant):
        barrier.wait()
        try:
            guard = tenants.plain(ACME, tenant=tenant)
        except ConfigurationError as error:
            outcomes.append((tenant, error.code))
        else:
            outcomes.append((tenant, ""))
            guard.close()

    threads = [threading.Thread(target=run, args=((ACME, RIVAL)[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owner = (home / "tenant").read_text("utf-8")
    assert sorted(outcomes) == sorted(
        [(t, "" if t == owner else "configuration.other_tenant") for t in (ACME, RIVAL) * 3]
    )


def test_the_same_call_leaves_no_digest_in_common(two):
    """
    Who sees the records or the spans of both cannot tell what is the same in them.
    """
    acme, rival = two
    for guard in two:
        with begin(guard) as task:
            task.call("mail.read", {"id": "42"})
    ours, theirs = records(rival)[0], records(acme)[0]
    assert (ours["tool"], ours["resource_type"]) == (theirs["tool"], theirs["resource_type"])
    assert ours["digest"] != theirs["digest"]
    assert ours["resource_digest"] != theirs["resource_digest"]
    assert (ours["tenant"], theirs["tenant"]) == (RIVAL, ACME)


def test_one_key_opens_one_log(two, tenants):
    """
    Neither the log nor the key of one is of use with those of the other.
    """
    acme, rival = two
    for guard in two:
        with begin(guard) as task:
            task.call("mail.read", {"id": "42"})
    assert acme.evidence.key != rival.evidence.key
    assert verify(acme.evidence.path, acme.evidence.key).ok
    assert not verify(acme.evidence.path, rival.evidence.key).ok
    path = acme.evidence.path
    acme.close()
    with pytest.raises(ConfigurationError) as refused:
        tenants.plain(RIVAL, evidence=path)
    assert refused.value.code == "evidence.other_key"


def test_a_report_knows_nothing_of_the_other(two):
    acme, rival = two
    with begin(acme) as theirs:
        theirs.call("mail.read", {"id": "42"})
    with begin(rival) as ours:
        ours.call("mail.read", {"id": "7"})
    assert acme.report(theirs.id).tenant == ACME
    assert rival.report(ours.id).tenant == RIVAL
    unknown = rival.report(theirs.id)
    nothing = rival.report("task-nobody-has-begun")
    assert str(unknown) == str(nothing)
    assert "in bounds · 1 ran" not in str(unknown)


# --- caches --------------------------------------------------------------------------------


def test_a_token_of_one_is_worth_nothing_with_the_other(two):
    """
    Both have been verified in this process; each counts for its own tenant all the same.
    """
    acme, rival = two
    with begin(acme) as theirs, begin(rival) as ours:
        assert theirs.call("mail.read", {"id": "1"}) == "acme's mail 1"
        assert ours.call("mail.read", {"id": "1"}) == "rival's mail 1"
        genuine = ours._grant
        ours._grant = theirs.grant
        with pytest.raises(AccessDenied) as denied:
            ours.call("mail.read", {"id": "2"})
        codes = {reason.code for reason in denied.value.decision.reasons}
        assert codes & {"session.not_this_task", "tenant.other_than_task", "task.not_this_subject"}
        ours._grant = genuine
        assert ours.call("mail.read", {"id": "3"}) == "rival's mail 3"


def test_a_resource_of_one_is_out_of_bounds_to_the_other(two):
    _, rival = two
    with begin(rival) as ours:
        assert ours.evaluate("mail.read", {"id": "1"}, resource=lambda id: _mail(id, RIVAL)).allowed
        decision = ours.evaluate("mail.read", {"id": "1"}, resource=lambda id: _mail(id, ACME))
        assert "tenant.other_than_task" in [reason.code for reason in decision.reasons]


def test_machine_code_that_one_has_kept_is_not_believed_by_the_other(tenants):
    """
    It is believed by a key of the folder that it lies in, and that is one tenant's.
    """
    tenants.guard(ACME)
    kept = tenants.folder / ACME / "compiled"
    put = tenants.folder / RIVAL / "compiled"
    shutil.copytree(kept, put)
    theirs = {path.name: path.read_bytes() for path in put.iterdir()}
    with begin(tenants.guard(RIVAL)) as ours:
        assert ours.call("mail.read", {"id": "1"}) == "rival's mail 1"
    ours_now = {path.name: path.read_bytes() for path in put.iterdir()}
    assert ours_now.keys() == theirs.keys() != set()
    assert not ours_now.items() & theirs.items()


# --- all of it -----------------------------------------------------------------------------


def test_nothing_of_one_is_kept_or_told_of_the_other(tenants, caplog):
    """
    Files, spans, log lines, errors and reports of one: no word, id or token of the other's.
    """
    caplog.set_level(logging.DEBUG)
    acme, rival = tenants.guard(ACME), tenants.guard(RIVAL)
    shown = []
    with begin(acme, prompt="canary-prompt") as theirs, begin(rival) as ours:
        words = ["canary-argument", "canary-prompt", theirs.id, theirs.session.sid]
        theirs.call("mail.read", {"id": "canary-argument"})
        with pytest.raises(AccessDenied):
            theirs.call("mail.send", {"to": ["canary@acme-only.example"], "body": "canary-body"})
        words += [theirs.grant.token, *(r["decision_id"] for r in records(acme))]
        words += ["canary@acme-only.example", "canary-body"]

        caplog.clear()
        ours.call("mail.read", {"id": "plain"})
        with pytest.raises(AccessDenied) as denied:
            ours.call("mail.send", {"to": ["mallory@evil.example"], "body": "plain"})
        with pytest.raises(DecisionUnavailable) as lost:
            begin(rival, session=theirs.session.sid)
        shown += [str(denied.value), repr(denied.value.decision), str(lost.value)]
        shown += [denied.value.decision.model_dump_json(), lost.value.hint]
    shown += [str(ours.report()), repr(ours.report()), repr(rival), *caplog.messages]

    assert words[2].encode() in tenants.state(ACME)
    for word in words:
        assert word not in "".join(shown)
        assert word.encode() not in tenants.state(RIVAL)


def test_the_configuration_names_one_tenant():
    assert Configuration.read({"tenant": RIVAL}, {"INBOUNDS_TENANT": ACME}).tenant == RIVAL
