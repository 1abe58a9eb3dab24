"""The development issuer: what it signs, and what it refuses to sign with."""

import contextlib
import dataclasses
import json
import os
import sqlite3

import jwt
import pytest
from tests.identities import compact
from tests.unit.test_sessions import spoilt

from inbounds import ConfigurationError, DecisionUnavailable, TokenInvalid
from inbounds.dev.deployment import load
from inbounds.dev.issuer import About, DevIssuer
from inbounds.dev.setup import create_issuer, rotate_issuer
from inbounds.identity import TaskRequest
from inbounds.identity.signing_keys import SigningKey, thumbprint
from inbounds.model.claims import Authority, IssuanceQuestion, Scope
from inbounds.model.token_claims import TaskClaims
from inbounds.pdp import ISSUANCE, Reply
from inbounds.testing import small_deployment
from inbounds_server.issuer.store import Begun, TaskStore

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
    "resources": [{"type": "mail", "prefixes": [""], "effects": []}],
    "destinations": [],
    "label": "internal",
    "bounds": {},
    "windows": [],
    "delegated": [],
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


def refused(folder, codes, *, elsewhere=False, environments=None, **asked):
    """Begin a task that the policy grants nothing of, with a deployment at hand."""
    deployment = small_deployment()
    if environments is not None:
        deployment["environments"] = environments
        for entry in [*deployment["issuers"].values(), *deployment["peps"].values()]:
            entry["environments"] = [*environments]
        for tool in deployment["tools"].values():
            if "environment" in tool:
                tool["environment"] = next(iter(environments))
    place = folder.parent / "deployment"
    place.mkdir()
    for name, value in deployment.items():
        (place / f"{name}.yaml").write_text(json.dumps(value), "utf-8")
    load(place)
    reasons = [{"code": code, "message": "no", "remedy": f"mend {code}"} for code in codes]
    policy = Policy({"issued": False, "reasons": reasons})
    policy.holds_deployment = elsewhere
    dev = DevIssuer(folder, end=print, deployment=place)
    dev.begin(dataclasses.replace(request(), **asked), policy)


@pytest.fixture
def folder(tmp_path):
    """A fresh issuer's folder."""
    create_issuer(tmp_path / "issuer", ABOUT)
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
            "holder": SigningKey.generate().public,
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
        assert policy.asked[0]["scope"]["effects"] == []

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
        ("code", "asked", "said"),
        [
            (
                "issuance.intent",
                {"intent": "corespond"},
                "the deployment knows no intent `corespond`; did you mean `correspond`?",
            ),
            (
                "issuance.intent",
                {"intent": "x"},
                "the deployment knows no intent `x`; known are `correspond`",
            ),
            (
                "issuance.subject",
                {"subject": "alic@acme.example"},
                (
                    "the subject `alic@acme.example` is not registered; "
                    "did you mean `alice@acme.example`?"
                ),
            ),
            (
                "issuance.subject",
                {"subject": "x"},
                "the subject `x` is not registered",
            ),
            (
                "issuance.agent",
                {"agent": "spiffe://acme.example/agent/asistant"},
                (
                    "the agent `spiffe://acme.example/agent/asistant` is not registered or not "
                    "active; did you mean `spiffe://acme.example/agent/assistant`?"
                ),
            ),
            (
                "issuance.environment",
                {"environment": "develpment"},
                "the deployment knows no environment `develpment`; did you mean `development`?",
            ),
            (
                "issuance.tenant",
                {"tenant": "corp"},
                (
                    "agent `spiffe://acme.example/agent/assistant` and subject "
                    "`alice@acme.example` are not both of the tenant `corp`"
                ),
            ),
        ],
    )
    def test_a_refusal_names_what_was_asked_for_and_what_is_meant(self, folder, code, asked, said):
        """
        What the policy says in general is said of this task, with what the deployment knows.
        """
        with pytest.raises(TokenInvalid) as ei:
            refused(folder, [code], **asked)

        assert (ei.value.code, ei.value.message) == (code, said)

    def test_a_deployment_that_did_not_judge_is_not_quoted(self, folder):
        """
        Where the policy has its deployment from elsewhere, the folder says nothing of it.
        """
        with pytest.raises(TokenInvalid) as ei:
            refused(folder, ["issuance.intent"], elsewhere=True, intent="corespond")

        assert ei.value.message == "the deployment knows no intent `corespond`"

    def test_a_development_issuer_before_a_production_deployment_is_named(self, folder):
        """
        The environment is the issuer's own, and none of the deployment's is for development.
        """
        with pytest.raises(TokenInvalid) as ei:
            refused(folder, ["issuance.environment"], environments={"production": {}})

        for words in (
            "knows no environment `development`; known are `production`",
            "it is the one that the development issuer's issuer.json names",
            "in production, pass `issuer=`",
        ):
            assert words in ei.value.message

    def test_what_follows_is_left_out_and_every_remedy_is_said(self, folder):
        """
        A subject that nobody knows is of no tenant either.
        """
        codes = ["issuance.intent", "issuance.subject", "issuance.tenant"]
        with pytest.raises(TokenInvalid) as ei:
            refused(folder, codes, intent="x", subject="y")

        assert "both of the tenant" not in ei.value.message
        assert "the subject `y` is not registered" in ei.value.message
        assert ei.value.hint == "mend issuance.intent; mend issuance.subject"

    @pytest.mark.parametrize(
        "answer",
        [None, {}, {"issued": "true"}, {"issued": True}, {"issued": True, "authority": {}}],
    )
    def test_no_answer(self, folder, answer):
        """
        What is not an answer grants nothing.
        """
        from inbounds import InboundsError

        with pytest.raises(InboundsError):
            issuer(folder).begin(request(), Policy(answer))

    def test_ending(self, folder):
        """
        Ending a task tells the revocation feed.
        """
        ended = []
        dev = issuer(folder, ended)
        grant = dev.begin(request(), Policy({"issued": True, "authority": AUTHORITY}))

        dev.end(grant)

        assert ended == [grant.task]

    def test_ending_hands(self, folder):
        """
        A hop ends by the name of its task and of all hops down to it, never by its own alone.
        """
        ended = []
        dev = issuer(folder, ended)
        grant = dev.begin(request(), Policy({"issued": True, "authority": AUTHORITY}))
        chain = tuple(compact({"delegation": name, "aud": []}) for name in ("d1", "d2"))

        dev.end(dataclasses.replace(grant, chain=chain, delegation="d2"))
        dev.end(dataclasses.replace(grant, chain=chain[:1], delegation="d2"))
        dev.end(dataclasses.replace(grant, chain=chain[:1], delegation="d1"))

        assert ended == [f"{grant.task}/d1/d2", f"{grant.task}/d1/d2", f"{grant.task}/d1"]


class TestKeys:
    def test_none_is_named_like_an_option(self):
        """
        One in 64 would be, and `inbounds issuer key use` could not name it.
        """
        assert not [key for _ in range(600) if (key := SigningKey.generate().kid).startswith("-")]

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

        published = rotate_issuer(folder)

        after = jwt.get_unverified_header(issuer(folder).identity("a").token)["kid"]
        assert before != after
        assert {before, after} == set(published)

    def test_named_by_thumbprint(self):
        """
        A key's name is its thumbprint's beginning (the example of RFC 7638 is RSA; P-256 here).
        """
        key = SigningKey.generate()

        assert thumbprint(key.public).startswith(key.kid)
        assert "d" not in key.public

    @pytest.mark.parametrize("text", ["", "not a key", "-----BEGIN PRIVATE KEY-----\n"])
    def test_no_key(self, folder, text):
        """
        What is not a key is refused.
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
            create_issuer(folder, ABOUT)

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


class TestStored:
    """A task that the issuer's service remembers is what was written, or none."""

    ASKED = IssuanceQuestion(
        question=1,
        subject="alice@acme.example",
        agent=ABOUT.agent,
        intent="summarise",
        tenant="acme",
        environment="development",
        scope=Scope(),
        seconds=60,
    )
    BEGUN = Begun("t-1", "s-1", "holder", ASKED, Authority(**AUTHORITY), 2)

    @pytest.fixture
    def store(self, tmp_path):
        store = TaskStore(tmp_path / "tasks.sqlite")
        store.begin(self.BEGUN)
        yield store
        store.close()

    def put(self, tmp_path, column, value):
        with contextlib.closing(sqlite3.connect(tmp_path / "tasks.sqlite")) as file:
            file.execute(f"UPDATE tasks SET {column} = ?", (value,))
            file.commit()

    def test_comes_back_as_it_was(self, store):
        assert store.task("t-1") == self.BEGUN

    @pytest.mark.parametrize("column", ["asked", "authority"])
    def test_with_garbage_in_any_member_is_refused(self, store, tmp_path, column):
        """
        Nor is a member that is missing read as a default: it might have been a bound.
        """
        sound = getattr(self.BEGUN, column).model_dump_json()
        kind, whole = type(getattr(self.BEGUN, column)), json.loads(sound)
        variants = {text: what for what, text in spoilt(whole) if text != sound}
        assert len(variants) > 100
        taken = []
        for text, what in variants.items():
            self.put(tmp_path, column, text)
            with contextlib.suppress(DecisionUnavailable):
                taken.append((what, store.task("t-1"), text))

        # What is another value of its type is another task's, which nobody can tell.
        assert all(kind.model_validate_json(text).model_dump_json() == text for *_, text in taken)
        assert not any(what.endswith("comes twice") for what, *_ in taken)
        assert len(taken) < 30

    @pytest.mark.parametrize(
        ("column", "value"),
        [("depth", "x"), ("depth", 0.5), ("ended", 3), ("ended", "no"), ("holder", b"x")],
    )
    def test_with_a_column_of_another_type_is_refused(self, store, tmp_path, column, value):
        self.put(tmp_path, column, value)

        with pytest.raises(DecisionUnavailable):
            store.task("t-1")
