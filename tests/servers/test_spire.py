"""`docs/spire.md`, followed literally with a real SPIRE, and what holds with one."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time

import jwt
import pytest
from tests.console import inbounds
from tests.documents import Walk, blocks
from tests.guards import Place
from tests.issuing import Issuing
from tests.servers.spire.server import AUDIENCE, DOCUMENT, Spire, free_port, programs

from inbounds import AccessDenied, DecisionUnavailable, InboundsError, TokenInvalid
from inbounds.identity.issuer_service import ServiceIssuer
from inbounds.identity.jwks import read_jwks
from inbounds.identity.spire import SpireIdentity
from inbounds.testing import AGENT, INTENT, SUBJECT

pytestmark = pytest.mark.nightly

ENGINES = ["opa", "embedded"]
PARTNER = "spiffe://partner.example/agent/assistant"


@pytest.fixture(scope="module")
def spire():
    with Spire(AGENT) as spire:
        yield spire


@pytest.fixture(scope="module")
def partner():
    with Spire(PARTNER) as partner:
        yield partner


def entry(spire, **changed):
    """What `issuers.yaml` says of a trust domain; its keys come by the command."""
    return {
        "issuer": spire.issuer,
        "kind": "production",
        "vouches_for": ["identity"],
        "trust_domain": spire.trust_domain,
        "tenants": ["acme"],
        "environments": ["development"],
        "effects": [],
        "algorithms": ["ES256"],
        "keys": {},
        "max_seconds": 300,
        **changed,
    }


def keys(place, spire, name="spire"):
    """Take the keys of a trust domain's bundle into a deployment, as an operator does."""
    (place.folder / "bundle.json").write_bytes(spire.bundle())
    done = inbounds(
        place.folder, "issuers", "keys", name, "--from", place.folder / "bundle.json", "--json"
    )
    assert done.code == 0, done.out + done.err
    return done.json


def registered(folder, agent):
    """Have a deployment know another agent, for all that the assistant is for."""
    path = folder / "deployment/agents.yaml"
    agents = json.loads(path.read_text())
    path.write_text(json.dumps({**agents, agent: agents[AGENT]}))


def deployed(folder, spire, /, **entries):
    """A deployment whose agents are known by SPIRE alone; the development issuer signs tasks."""
    place = Place(folder)
    path = folder / "deployment/issuers.yaml"
    issuers = json.loads(path.read_text())
    issuers["development"]["vouches_for"] = ["task"]
    path.write_text(json.dumps({**issuers, "spire": entry(spire), **entries}))
    keys(place, spire)
    return place


def source(spire, **options):
    return SpireIdentity(**{"audience": AUDIENCE, "socket": spire.socket, **options})


def reading(place, url, source, **options):
    """Read a mail as a fresh guard: the codes of what keeps it from that, or none."""
    try:
        with (
            place.guard(url, identity=source, **options) as guard,
            guard.task(INTENT, subject=SUBJECT) as task,
        ):
            task.call("mail.read", {"id": "42"})
    except AccessDenied as error:
        return [reason.code for reason in error.decision.reasons]
    except InboundsError as error:
        return [error.code]
    return []


def eventually(holds, seconds=40.0):
    """Wait until something holds, and fail where it does not come about."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.2)


def issued(asking, agent=AGENT):
    """Whether the Workload API gives out an identity."""
    with contextlib.suppress(TokenInvalid):
        return bool(asking.identity(agent).token)
    return False


def signed_by(asking):
    """The name of the key that the next token is signed with."""
    return jwt.get_unverified_header(asking.identity(AGENT).token)["kid"]


def test_the_document_as_it_is_written(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    sockets = tempfile.mkdtemp(prefix="spire-")
    try:
        with Walk(folder, instead={"/run/spire": sockets, "8081": str(free_port())}) as walk:
            for program in programs().glob("spire-*"):
                (tmp_path / "empty-bin" / program.name).symlink_to(program)
            for block in blocks(DOCUMENT):
                walk.take(block)
    finally:
        shutil.rmtree(sockets, ignore_errors=True)


class TestIssued:
    """What SPIRE has signed for this process."""

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_task_begins_and_a_tool_runs(self, spire, tmp_path, engine):
        place = deployed(tmp_path, spire)
        with place.engine(engine) as url:
            assert reading(place, url, source(spire)) == []
        assert place.ran() == ["42"]
        assert place.verified()

    def test_it_is_what_the_standard_says(self, spire):
        token = source(spire).identity(AGENT)
        header = jwt.get_unverified_header(token.token)
        claims = jwt.decode(token.token, options={"verify_signature": False})
        assert header.keys() == {"alg", "kid", "typ"}
        assert (header["alg"], header["typ"]) == ("ES256", "JWT")
        assert (claims["sub"], claims["aud"], claims["exp"]) == (AGENT, [AUDIENCE], token.expires)
        assert claims["exp"] - claims["iat"] == 300
        # So it is taken back by its end alone.
        assert "jti" not in claims

    def test_by_an_rsa_key(self, tmp_path):
        with Spire(AGENT, **{"ec-p256": "rsa-2048"}) as spire:
            place = deployed(tmp_path, spire, spire=entry(spire, algorithms=["RS256"]))
            assert reading(place, "", source(spire)) == []

    @pytest.mark.parametrize("engine", ENGINES)
    def test_for_another_audience_is_denied(self, spire, tmp_path, engine):
        place = deployed(tmp_path, spire)
        with place.engine(engine) as url:
            codes = reading(place, url, source(spire, audience="elsewhere"))
        assert codes[:1] == ["identity.wrong_audience"]
        assert place.ran() == []

    def test_that_lives_longer_than_the_deployment_says_is_denied(self, spire, tmp_path):
        place = deployed(tmp_path, spire, spire=entry(spire, max_seconds=299))
        assert reading(place, "", source(spire))[:1] == ["identity.lifetime_too_long"]
        assert place.ran() == []

    @pytest.mark.parametrize(
        ("word", "instead"),
        [
            ("ec-p256", "ec-p384"),
            ('jwt_issuer = "https://spire.acme.example"', ""),
            ('default_jwt_svid_ttl = "5m"', 'default_jwt_svid_ttl = "2h"'),
        ],
        ids=["of P-384", "without an issuer", "for two hours"],
    )
    def test_that_no_policy_would_take_is_not_sent(self, tmp_path, word, instead):
        with Spire(AGENT, **{word: instead}) as spire:
            with pytest.raises(DecisionUnavailable) as caught:
                source(spire).identity(AGENT)
            assert caught.value.code == "identity.unusable"
            assert caught.value.executed == "no"


class TestTurning:
    def test_one_command_follows_the_key(self, tmp_path):
        with Spire(AGENT) as spire:
            place = deployed(tmp_path, spire)
            asking = source(spire)
            first = asking.identity(AGENT).token
            old = jwt.get_unverified_header(first)["kid"]
            assert spire.authority("active") == old
            # The next key is there before it signs.
            spire.turn("prepare")
            new = spire.authority("prepared")
            turned = keys(place, spire)
            assert (turned["added"], turned["kept"], turned["removed"]) == ([new], [old], [])
            assert reading(place, "", asking) == []
            spire.turn("activate", new)
            spire.turn("taint", old)
            # The agent of SPIRE lets go of what the old one has signed.
            eventually(lambda: signed_by(asking) == new)
            assert reading(place, "", asking) == []
            spire.turn("revoke", old)
            assert keys(place, spire)["removed"] == [old]
            for engine in ENGINES:
                with place.engine(engine) as url:
                    assert reading(place, url, asking) == []
                    assert reading(place, url, Kept(first))[:1] == ["identity.unverified"]

    def test_by_itself_the_next_key_is_there_before_it_signs(self, tmp_path):
        """
        As when a day's key turns, in two minutes: halfway it is there, at five sixths it signs.
        """
        words = {'"ec-p256"': '"ec-p256"\n    ca_ttl = "2m"', '"5m"': '"20s"'}
        with Spire(AGENT, **words) as spire:
            place = deployed(tmp_path, spire)
            asking = source(spire)
            old = signed_by(asking)
            eventually(lambda: len(read_jwks(spire.bundle(), "of SPIRE")) == 2, 90)
            assert signed_by(asking) == old
            (new,) = keys(place, spire)["added"]
            assert reading(place, "", asking) == []
            eventually(lambda: signed_by(asking) == new, 90)
            assert reading(place, "", asking) == []

    def test_a_key_that_was_not_taken_over_is_nobodys(self, tmp_path):
        with Spire(AGENT) as spire:
            place = deployed(tmp_path, spire)
            spire.turn("prepare")
            old, new = spire.authority("active"), spire.authority("prepared")
            spire.turn("activate", new)
            spire.turn("taint", old)
            asking = source(spire)
            eventually(lambda: signed_by(asking) == new)
            assert reading(place, "", asking)[:1] == ["identity.unverified"]
            assert keys(place, spire)["added"] == [new]
            assert reading(place, "", asking) == []


class Kept:
    """Shows a token that it was given, as one who has stolen it does."""

    def __init__(self, token):
        self._token = token

    def identity(self, agent):
        from inbounds.identity import IdentityToken

        claims = jwt.decode(self._token, options={"verify_signature": False})
        return IdentityToken(self._token, claims["exp"])


class TestNotIssued:
    """Processes that are not, or no longer, registered."""

    def test_what_is_another_users_is_not_given_out(self, spire, tmp_path):
        other = "spiffe://acme.example/agent/of-another-user"
        spire.register(other, os.getuid() + 1)
        time.sleep(6)  # it has reached the agent of SPIRE by then
        place = deployed(tmp_path, spire)
        registered(tmp_path, other)
        assert not issued(source(spire), other)
        begun = time.monotonic()
        assert reading(place, "", source(spire), agent=other)[:1] == ["identity.not_issued"]
        assert time.monotonic() - begun < 10
        assert place.ran() == []

    def test_another_user_has_no_identity(self, spire):
        if os.geteuid() != 0:
            pytest.skip("only root can be another user")
        nobody = 65534
        done = spire.fetch_as(nobody, AGENT)
        assert done.returncode != 0
        assert "no identity issued" in done.stdout + done.stderr
        assert spire.fetch_as(0, AGENT).returncode == 0

    def test_nothing_begins_once_the_entry_is_deleted(self, spire, tmp_path):
        retired = "spiffe://acme.example/agent/retired"
        asking = source(spire)
        place = deployed(tmp_path, spire)
        registered(tmp_path, retired)
        number = spire.register(retired, os.getuid())
        eventually(lambda: issued(asking, retired))
        assert reading(place, "", asking, agent=retired) == []
        spire.delete(number)
        eventually(lambda: not issued(asking, retired))
        begun = time.monotonic()
        assert reading(place, "", asking, agent=retired) == ["identity.not_issued"]
        assert time.monotonic() - begun < 10
        assert place.ran() == ["42"]


class TestDown:
    """An agent of SPIRE that hangs, or is not there."""

    @pytest.mark.parametrize("engine", ENGINES)
    def test_that_hangs_holds_nobody_beyond_the_deadline(self, spire, tmp_path, engine):
        place = deployed(tmp_path, spire)
        with place.engine(engine) as url:
            assert reading(place, url, source(spire)) == []
            spire.sleep()
            try:
                begun = time.monotonic()
                codes = reading(place, url, source(spire), deadline="2")
                took = time.monotonic() - begun
            finally:
                spire.wake()
        assert codes == ["identity.unreachable"]
        assert took < 4
        assert place.ran() == ["42"]

    def test_that_was_ended_and_comes_back(self, tmp_path):
        with Spire(AGENT) as spire:
            place = deployed(tmp_path, spire)
            spire.stop()
            begun = time.monotonic()
            assert reading(place, "", source(spire)) == ["identity.unreachable"]
            assert time.monotonic() - begun < 10
            spire.start()
            eventually(lambda: reading(place, "", source(spire)) == [])
            assert place.ran() == ["42"]


class TestAnotherTrustDomain:
    """A second SPIRE, which signs for somebody else."""

    @pytest.mark.parametrize("engine", ENGINES)
    def test_that_nobody_entered(self, spire, partner, tmp_path, engine):
        place = deployed(tmp_path, spire)
        registered(tmp_path, PARTNER)
        with place.engine(engine) as url:
            codes = reading(place, url, source(partner), agent=PARTNER)
        assert codes[:1] == ["identity.unverified"]
        assert place.ran() == []

    @pytest.mark.parametrize("engine", ENGINES)
    def test_that_has_an_entry_of_its_own(self, spire, partner, tmp_path, engine):
        place = deployed(tmp_path, spire, partner=entry(partner))
        keys(place, partner, "partner")
        registered(tmp_path, PARTNER)
        with place.engine(engine) as url:
            assert reading(place, url, source(partner), agent=PARTNER) == []
            # It stands for none of ours.
            codes = reading(place, url, Signed(source(partner), PARTNER))
            assert codes[:1] == ["identity.not_the_agent_asserted"]
        assert place.ran() == ["42"]

    def test_whose_agent_nobody_registered(self, spire, partner, tmp_path):
        place = deployed(tmp_path, spire, partner=entry(partner))
        keys(place, partner, "partner")
        assert reading(place, "", source(partner), agent=PARTNER) == ["issuance.agent"]

    @pytest.mark.parametrize("engine", ENGINES)
    def test_whose_key_may_vouch_for_ours_alone(self, spire, partner, tmp_path, engine):
        place = deployed(tmp_path, spire, partner=entry(partner, trust_domain="acme.example"))
        keys(place, partner, "partner")
        registered(tmp_path, PARTNER)
        with place.engine(engine) as url:
            codes = reading(place, url, source(partner), agent=PARTNER)
        assert codes[:1] == ["identity.issuer_not_for_this"]
        assert place.ran() == []

    def test_that_calls_itself_by_our_name(self, spire, tmp_path):
        place = deployed(tmp_path, spire)
        with Spire(AGENT) as impostor:
            assert impostor.issuer == spire.issuer
            assert reading(place, "", source(impostor))[:1] == ["identity.unverified"]
        assert place.ran() == []


class Signed:
    """Shows the identity of one agent as that of another."""

    def __init__(self, source, agent):
        self._source, self._agent = source, agent

    def identity(self, agent):
        return self._source.identity(self._agent)


class TestIssuersService:
    """`inbounds issuer serve`, with a real SVID as the identity of who asks."""

    def place(self, folder, spire):
        place = Issuing(folder)
        path = folder / "deployment/issuers.yaml"
        issuers = json.loads(path.read_text())
        path.write_text(json.dumps({**issuers, "workloads": entry(spire)}))
        keys(place, spire, "workloads")
        return place

    def test_it_begins_a_task_for_who_is_shown(self, spire, tmp_path):
        place = self.place(tmp_path, spire)
        with place.serving("opa") as service:
            guard = place.agent(service, identity=source(spire))
            with guard, guard.task(INTENT, subject=SUBJECT, subject_token=place.user()) as task:
                assert task.call("mail.read", {"id": "42"}) == "mail 42"
                claims = jwt.decode(task.grant.token, options={"verify_signature": False})
            assert claims["act"]["sub"] == AGENT
        assert place.ran() == ["42"]
        kept = [record for record in place.issued() if "outcome" in record]
        assert [(one["tool"], one["outcome"]) for one in kept] == [
            ("task.begin", "allow"),
            ("task.end", "allow"),
        ]

    def test_it_begins_none_while_spire_hangs(self, spire, tmp_path):
        place = self.place(tmp_path, spire)
        with place.serving("embedded") as service:
            # The identity is waited for as long as a decision may take.
            issuer = ServiceIssuer(service.url, timeout=2)
            guard = place.agent(service, identity=source(spire), issuer=issuer, deadline="2")
            spire.sleep()
            try:
                begun = time.monotonic()
                with guard, pytest.raises(DecisionUnavailable) as caught:
                    guard.task(INTENT, subject=SUBJECT, subject_token=place.user())
                took = time.monotonic() - begun
            finally:
                spire.wake()
        assert (caught.value.code, caught.value.executed) == ("identity.unreachable", "no")
        assert took < 4
        assert not any("outcome" in record for record in place.issued())

    @pytest.mark.parametrize(
        ("shown", "code"),
        [
            ("elsewhere", "identity.wrong_audience"),
            ("partner", "identity."),
            ("nobody", "identity.not_issued"),
        ],
    )
    def test_it_begins_none_for_anybody_else(self, spire, partner, tmp_path, shown, code):
        place = self.place(tmp_path, spire)
        identity = {
            "elsewhere": source(spire, audience="elsewhere"),
            "partner": Signed(source(partner), PARTNER),
            "nobody": Signed(source(spire), f"{AGENT}-of-nobody"),
        }[shown]
        with place.serving("embedded") as service:
            issuer = ServiceIssuer(service.url, timeout=10)
            guard = place.agent(service, identity=identity, issuer=issuer)
            with guard, pytest.raises(TokenInvalid) as caught:
                guard.task(INTENT, subject=SUBJECT, subject_token=place.user())
        assert caught.value.code.startswith(code)
        assert place.ran() == []
        assert not any("outcome" in record for record in place.issued())
