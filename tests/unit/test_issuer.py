"""The development issuer: what it signs, and what it refuses to sign with."""

import json
import os

import jwt
import pytest

from inbounds import ConfigurationError, TokenInvalid
from inbounds.identity import TaskRequest
from inbounds.issuer.dev import About, DevIssuer
from inbounds.issuer.keys import SigningKey, thumbprint
from inbounds.models import TaskClaims
from inbounds.pdp import ISSUANCE, Reply

ABOUT = About(
    issuer="https://issuer.acme.example",
    audience="inbounds",
    agent="spiffe://acme.example/agent/assistant",
    tenant="acme",
    environment="development",
    pep="pep",
    kid="-",
)
AUTHORITY = {
    "type": "inbounds_task",
    "intent": "summarise",
    "effects": ["read"],
    "tools": {"mail.read": {"arguments": {}}},
    "resources": [{"type": "mail", "prefixes": [""]}],
    "destinations": [],
    "label": "internal",
    "budgets": {},
    "environment": "development",
    "deadline": 4_000_000_000,
}


class Policy:
    """Answers what a task may reach."""

    name = "embedded"

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def ask(self, entrypoint, question, **_):
        assert entrypoint == ISSUANCE
        self.asked.append(json.loads(question))
        return Reply(self.answer)

    def close(self):
        pass


@pytest.fixture
def folder(tmp_path):
    """A fresh issuer's folder."""
    DevIssuer.create(tmp_path / "issuer", ABOUT)
    return tmp_path / "issuer"


def request(**changes):
    """What a task asks for."""
    return TaskRequest(
        **{
            "subject": "alice@acme.example",
            "agent": ABOUT.agent,
            "intent": "summarise",
            "tenant": "acme",
            "environment": "development",
            "sid": "session-1",
            "holder": SigningKey.draw().public,
            **changes,
        }
    )


def issuer(folder, ended=None):
    """The issuer of a folder."""
    return DevIssuer(folder, end=(ended if ended is not None else []).append)


class TestTokens:
    def test_the_task_token(self, folder):
        """
        A task token holds every claim, and its header nothing but alg, kid and typ.
        """
        policy = Policy({"issued": True, "authority": AUTHORITY})

        grant = issuer(folder).begin(request(), policy)

        header = jwt.get_unverified_header(grant.token)
        claims = jwt.decode(grant.token, options={"verify_signature": False})
        assert header == {"alg": "ES256", "kid": header["kid"], "typ": "task+jwt"}
        assert TaskClaims.model_validate(claims).task == grant.task
        assert claims["exp"] - claims["iat"] == 300
        assert claims["authorization_details"] == [AUTHORITY]
        assert policy.asked[0]["narrower"]["effects"] == []

    def test_the_identity_token(self, folder):
        """
        An identity token names the agent, for our audience alone.
        """
        token = issuer(folder).identity(ABOUT.agent)

        claims = jwt.decode(token.token, options={"verify_signature": False})
        assert jwt.get_unverified_header(token.token)["typ"] == "JWT"
        assert (claims["sub"], claims["aud"]) == (ABOUT.agent, ["inbounds"])
        assert claims["exp"] - claims["iat"] == 300
        assert token.token not in repr(token)

    def test_a_token_ends_with_its_task(self, folder):
        """
        No token outlives the deadline of its task.
        """
        soon = {**AUTHORITY, "deadline": 1_000_000_000}

        grant = issuer(folder).begin(request(), Policy({"issued": True, "authority": soon}))

        assert grant.expires == 1_000_000_000
        with pytest.raises(TokenInvalid) as ei:
            issuer(folder).renew(grant)
        assert ei.value.code == "task.deadline"

    def test_renewal(self, folder):
        """
        A renewed token is another token of the same task.
        """
        dev = issuer(folder)
        grant = dev.begin(request(), Policy({"issued": True, "authority": AUTHORITY}))

        renewed = dev.renew(grant)

        assert renewed.token != grant.token
        assert (renewed.task, renewed.authority) == (grant.task, grant.authority)

    def test_refused(self, folder):
        """
        What the policy does not grant is not signed.
        """
        reason = {"code": "issuance.agent", "message": "no", "remedy": "ask"}

        with pytest.raises(TokenInvalid) as ei:
            issuer(folder).begin(request(), Policy({"issued": False, "reasons": [reason]}))

        assert (ei.value.code, ei.value.hint) == ("issuance.agent", "ask")

    @pytest.mark.parametrize(
        "answer",
        [None, {}, {"issued": "true"}, {"issued": True}, {"issued": True, "authority": {}}],
    )
    def test_no_answer(self, folder, answer):
        """
        What is no answer grants nothing.
        """
        from inbounds import InboundsError

        with pytest.raises(InboundsError):
            issuer(folder).begin(request(), Policy(answer))

    def test_ending(self, folder):
        """
        Ending a task tells the revocation feed.
        """
        ended = []

        issuer(folder, ended).end("task-1")

        assert ended == ["task-1"]


class TestKeys:
    def test_for_their_owner_alone(self, folder):
        """
        Keys are readable by their owner alone; one that is not is refused.
        """
        [key] = folder.glob("*.pem")
        assert os.name != "posix" or key.stat().st_mode & 0o077 == 0

        key.chmod(0o644)

        with pytest.raises(ConfigurationError) as ei:
            issuer(folder)
        assert ei.value.code == "configuration.key_exposed"

    def test_rotation(self, folder):
        """
        After a rotation another key signs, and the former one is still published.
        """
        before = jwt.get_unverified_header(issuer(folder).identity("a").token)["kid"]

        published = DevIssuer.rotate(folder)

        after = jwt.get_unverified_header(issuer(folder).identity("a").token)["kid"]
        assert before != after
        assert {before, after} == set(published)

    def test_named_by_thumbprint(self):
        """
        A key's name is its thumbprint's beginning (the example of RFC 7638 is RSA; P-256 here).
        """
        key = SigningKey.draw()

        assert thumbprint(key.public).startswith(key.kid)
        assert "d" not in key.public

    @pytest.mark.parametrize("text", ["", "not a key", "-----BEGIN PRIVATE KEY-----\n"])
    def test_no_key(self, folder, text):
        """
        What is no key is refused.
        """
        [key] = folder.glob("*.pem")
        key.write_text(text)

        with pytest.raises(ConfigurationError) as ei:
            issuer(folder)
        assert ei.value.code == "configuration.key_malformed"

    def test_no_second_issuer(self, folder):
        """
        An issuer is never made over another one.
        """
        with pytest.raises(ConfigurationError):
            DevIssuer.create(folder, ABOUT)

    @pytest.mark.parametrize("text", ["{}", "[]", "x", '{"kind": "production"}'])
    def test_no_description(self, folder, text):
        """
        A folder whose description is none is refused.
        """
        (folder / "issuer.json").write_text(text)

        with pytest.raises(ConfigurationError):
            issuer(folder)

    def test_it_warns(self, folder, caplog):
        """
        A development issuer says so when it starts.
        """
        issuer(folder)

        assert "development issuer" in caplog.text
