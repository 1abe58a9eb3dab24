"""Tasks of an issuer's service: begun by who has shown who he is, renewed, and dead once ended."""

import contextlib
import dataclasses
import json
import sqlite3
import subprocess
import sys
import time

import pytest
from tests.guards import PRELUDE, SUBJECT
from tests.issuing import ENVIRONMENT

from inbounds import AccessDenied, DecisionUnavailable, InboundsError, TokenInvalid
from inbounds.evidence.keys import deployment_key, subkey
from inbounds.evidence.verify import verify
from inbounds.identity.signing_keys import SigningKey, token_claims
from inbounds.live.store import FILE as FEED
from inbounds.model.claims import Scope
from inbounds.process import clock
from inbounds.testing import AGENT, INTENT
from inbounds_server.issuer.service import MOST_ENDED_HOPS

OTHERS = "spiffe://acme.example/agent/"


def begun(place, guard, **asked):
    return guard.task(INTENT, subject=SUBJECT, **{"subject_token": place.user(), **asked})


def refused(run):
    with pytest.raises(TokenInvalid) as caught:
        run()
    return caught.value.code


def denied(task):
    with pytest.raises(AccessDenied) as caught:
        task.call("mail.read", {"id": "7"})
    return [reason.code for reason in caught.value.decision.reasons]


@pytest.fixture(params=["on_opa", "on_embedded"])
def where(request):
    return request.getfixturevalue(request.param)


class TestBegun:
    def test_by_an_agent_and_a_user_that_have_shown_who_they_are(self, on_opa):
        place, service = on_opa
        with place.agent(service) as guard, begun(place, guard) as task:
            assert task.call("mail.read", {"id": "7"}) == "mail 7"

        mine = [record for record in place.issued() if record.get("task") == task.id]
        assert [(one["tool"], one["outcome"], one["pep"]) for one in mine] == [
            ("task.begin", "allow", "issuer"),
            ("task.end", "allow", "issuer"),
        ]
        done = [one for one in place.issued() if one["decision_id"] == mine[0]["decision_id"]]
        assert [one.get("executed") for one in done] == [None, "yes"]
        key = subkey(deployment_key(place.issuer / "deployment.key"), "evidence")
        assert verify(place.issuer / "evidence.sqlite", key).ok

    @pytest.mark.parametrize(
        ("code", "shown"),
        [
            ("issuance.subject_unshown", lambda place: ""),
            ("issuance.subject_unverified", lambda place: "x"),
            ("issuance.subject_unverified", lambda place: place.user(SigningKey.generate())),
            (
                "issuance.subject_unverified",
                lambda place: place.svid(SUBJECT, SigningKey.generate()),
            ),
            ("issuance.subject_not_for_this", lambda place: place.svid(SUBJECT)),
            ("issuance.subject_other", lambda place: place.user(sub="dora@acme.example")),
            ("issuance.subject_audience", lambda place: place.user(aud=["inbounds", "crm"])),
            ("issuance.subject_issuer", lambda place: place.user(iss="https://evil.example")),
            ("issuance.subject_lifetime", lambda place: place.user(exp=time.time() + 86000)),
            ("issuance.subject_delegated", lambda place: place.user(act={"sub": AGENT})),
            ("issuance.subject_other_use", lambda place: place.user(cnf={"jkt": "x"})),
            ("issuance.subject_other_use", lambda place: place.user(events={"logout": {}})),
        ],
    )
    def test_never_without_the_user_s_own_token(self, where, code, shown):
        place, service = where
        with place.agent(service) as guard:
            assert refused(lambda: begun(place, guard, subject_token=shown(place))) == code

        assert [one for one in place.issued() if "codes" in one][-1]["codes"] == [code]

    @pytest.mark.parametrize(
        ("code", "shown"),
        [
            ("identity.unverified", lambda place: place.svid(key=SigningKey.generate())),
            ("identity.unverified", lambda place: place.user(sub=AGENT, key=SigningKey.generate())),
            ("identity.wrong_audience", lambda place: place.svid(aud=["crm"])),
            ("identity.untrusted_issuer", lambda place: place.svid(iss="https://evil.example")),
            ("identity.unverified", lambda place: place.user(sub=AGENT)),
            (
                "identity.not_the_agent_asserted",
                lambda place: place.svid(OTHERS + "researcher"),
            ),
        ],
    )
    def test_never_by_an_agent_that_is_not_shown(self, where, code, shown):
        place, service = where
        with place.agent(service) as guard:
            guard.issuer._caller = Shows(guard, shown(place))

            assert code in refused(lambda: begun(place, guard))

    def test_never_for_an_agent_that_is_stopped(self, on_embedded):
        place, service = on_embedded
        with place.agent(service) as guard:
            switched(place, "kill")
            try:
                assert refused(lambda: begun(place, guard)) == "emergency.kill_switch"
            finally:
                switched(place, "release")
            until(lambda: guard.issuer.begin(asked(place, guard), None))

    def test_never_with_a_user_s_token_that_was_revoked(self, on_embedded):
        place, service = on_embedded
        token = place.user(jti="user-token-1")
        with place.agent(service) as guard:
            assert begun(place, guard, subject_token=token)
            listed(place, "revoke", "user-token-1")
            refusal = until_refused(lambda: begun(place, guard, subject_token=token))
            assert refusal == "issuance.subject_revoked"
            assert begun(place, guard, subject_token=place.user(jti="user-token-2"))

    def test_a_workload_needs_no_user(self, tmp_path):
        from tests.issuing import Issuing

        from inbounds.testing import small_deployment

        subjects = dict(small_deployment()["subjects"])
        subjects[AGENT] = {**subjects[SUBJECT], "type": "workload"}
        place = Issuing(tmp_path, subjects=subjects)
        with place.serving("embedded") as service, place.agent(service) as guard:
            grant = guard.issuer.begin(asked(place, guard, subject=AGENT, subject_token=""), None)

            assert token_claims(grant.token)["sub"] == AGENT


class Shows:
    """A caller that shows a token of another's."""

    def __init__(self, guard, token):
        self._runtime, self._token = guard._runtime, token

    def holder(self):
        return self._runtime.holder()

    def identity(self, agent, *, deadline=None):
        return self._token


def asked(place, guard, **changed):
    said = {
        "subject": SUBJECT,
        "sid": "session-1",
        "scope": Scope(),
        "seconds": 600,
        "subject_token": place.user(),
        **changed,
    }
    return guard._runtime.request(INTENT, **said)


def switched(place, command):
    """Throw a switch for the agent, or take it back, at the service's own feed."""
    listed(place, command, f"agent:{AGENT}")


def listed(place, command, what):
    """Change the service's own feed."""
    from inbounds_tools.cli import main

    store = str(place.issuer / "live.sqlite")
    main(["live", command, what, "--store", store, "--wait", "0"])


def until_refused(run):
    """Try until it is refused: the feed reaches the engine within moments."""
    latest = clock.monotonic() + 20
    while clock.monotonic() < latest:
        try:
            run()
        except TokenInvalid as error:
            return error.code
        time.sleep(0.1)
    return ""


def until(run):
    """Try until it is no longer refused: the feed reaches the engine within moments."""
    latest = clock.monotonic() + 20
    while True:
        try:
            return run()
        except TokenInvalid:
            if clock.monotonic() > latest:
                raise
            time.sleep(0.1)


class TestRenewed:
    def test_it_is_the_same_task_with_a_fresh_token(self, where):
        place, service = where
        with place.agent(service) as guard:
            grant = guard.issuer.begin(asked(place, guard), None)
            fresh = guard.issuer.renew(grant)

            before, after = token_claims(grant.token), token_claims(fresh.token)
            assert before["jti"] != after["jti"]
            changing = {"jti", "iat", "exp"}
            assert {k: v for k, v in before.items() if k not in changing} == {
                k: v for k, v in after.items() if k not in changing
            }
            assert after["exp"] <= after["authorization_details"][0]["deadline"]
            assert fresh.authority == grant.authority

    def test_once_its_token_has_expired_as_well(self, on_embedded):
        """
        A run that was paused for an hour goes on with a renewal: what expired was never shown.
        """
        place, service = on_embedded
        with place.agent(service) as guard:
            grant = guard.issuer.begin(asked(place, guard), None)

            import dataclasses

            fresh = guard.issuer.renew(dataclasses.replace(grant, token="", expires=0))

            assert fresh.task == grant.task

    def test_not_by_another_key(self, where):
        place, service = where
        with place.agent(service) as guard, place.agent(service) as thief:
            grant = guard.issuer.begin(asked(place, guard), None)

            assert refused(lambda: thief.issuer.renew(grant)) == "task.over"

    def test_not_by_another_agent(self, where):
        place, service = where
        with place.agent(service) as guard:
            grant = guard.issuer.begin(asked(place, guard), None)
            guard.issuer._caller = Shows(guard, place.svid(OTHERS + "researcher"))

            assert "identity.not_the_agent_asserted" in refused(lambda: guard.issuer.renew(grant))

    def test_not_after_its_end(self, where):
        place, service = where
        with place.agent(service) as guard:
            grant = guard.issuer.begin(asked(place, guard), None)
            guard.issuer.end(grant)

            assert refused(lambda: guard.issuer.renew(grant)) == "task.over"

    def test_not_once_an_operator_has_ended_it(self, on_embedded):
        from inbounds_tools.cli import main

        place, service = on_embedded
        with place.agent(service) as guard:
            grant = guard.issuer.begin(asked(place, guard), None)
            store = str(place.issuer / "live.sqlite")
            main(["live", "end", grant.task, "--store", store, "--wait", "0"])

            assert refused(lambda: guard.issuer.renew(grant)) == "task.ended"


class TestPolicyOfNow:
    """What a renewal gives is what the policy grants then, and never more than was approved."""

    def test_less_where_the_policy_grants_less(self, tmp_path):
        with again(tmp_path, lambda said: said["intents"][INTENT]["tools"].remove("web.get")) as (
            guard,
            grant,
        ):
            fresh = guard.issuer.renew(grant)

            assert "web.get" in grant.authority.tools
            assert set(fresh.authority.tools) == set(grant.authority.tools) - {"web.get"}
            assert {"tool": "web.get"} in fresh.cut

    def test_no_more_where_the_policy_grants_more(self, tmp_path):
        def widen(said):
            said["intents"][INTENT]["destinations"].append("anywhere")
            said["destinations"]["anywhere"] = {"domains": ["evil.example"]}
            said["intents"][INTENT]["seconds"] = 86000

        with again(tmp_path, widen) as (guard, grant):
            assert guard.issuer.renew(grant).authority == grant.authority

    def test_none_where_none_was_approved(self, tmp_path):
        """
        To ask for no destination is to ask for all: those that the intent has got since are not.
        """
        from inbounds.testing import small_deployment

        intents = json.loads(json.dumps(small_deployment()["intents"]))
        intents[INTENT]["destinations"] = []

        def widen(said):
            said["intents"][INTENT]["destinations"] = ["colleagues"]

        with again(tmp_path, widen, intents=intents) as (guard, grant):
            assert grant.authority.destinations == []
            assert guard.issuer.renew(grant).authority == grant.authority

    def test_nothing_where_the_policy_grants_nothing(self, tmp_path):
        def retire(said):
            said["agents"][AGENT]["state"] = "suspended"

        with again(tmp_path, retire) as (guard, grant):
            assert refused(lambda: guard.issuer.renew(grant)) == "issuance.agent"


@pytest.mark.parametrize("engine", ["opa", "embedded"])
def test_a_task_is_as_long_after_many_renewals_as_after_the_first(tmp_path, engine):
    """
    Windows that overlap doubled each time, until the task was too large to be renewed.
    """
    from tests.issuing import Issuing

    from inbounds.testing import small_deployment

    now = int(time.time())
    intents = json.loads(json.dumps(small_deployment()["intents"]))
    intents[INTENT]["windows"] = [
        {"start": now - 60, "end": now + 3600},
        {"start": now - 30, "end": now + 7200},
        {"start": now + 9000, "end": now + 9999},
    ]
    intents[INTENT]["bounds"] = {"recipient": {"domains": ["acme.example", "acme.example"]}}
    place = Issuing(tmp_path, intents=intents)
    with place.serving(engine) as service, place.agent(service) as guard:
        grant = guard.issuer.begin(asked(place, guard), None)
        windows = [window.model_dump() for window in grant.authority.windows]
        assert windows == [
            {"start": now - 60, "end": now + 7200},
            {"start": now + 9000, "end": now + 9999},
        ]
        renewed = [grant := guard.issuer.renew(grant) for _ in range(12)]

    assert all(each.authority == renewed[0].authority for each in renewed)
    assert {len(each.token) for each in renewed} == {len(renewed[0].token)}
    assert [window.model_dump() for window in grant.authority.windows] == windows


def again(tmp_path, change, **changes):
    """Begin a task, change the deployment, and start the service anew."""
    import contextlib

    from tests.issuing import Issuing

    @contextlib.contextmanager
    def done():
        place = Issuing(tmp_path, **changes)
        with place.serving("embedded") as service, place.agent(service) as guard:
            grant = guard.issuer.begin(asked(place, guard), None)
            service.process.terminate()
            service.process.wait(30)
            folder = place.folder / "deployment"
            said = {file.stem: json.loads(file.read_text()) for file in folder.glob("*.yaml")}
            change(said)
            for name, value in said.items():
                (folder / f"{name}.yaml").write_text(json.dumps(value))
            with place.serving("embedded"):
                yield guard, grant

    return done()


class TestEnded:
    def test_nothing_runs_after_its_end(self, on_opa):
        place, service = on_opa
        with place.agent(service) as guard:
            task = begun(place, guard)
            assert task.call("mail.read", {"id": "7"}) == "mail 7"
            task.end()

            # As where it is held by somebody who was not told.
            task._ended = False

            assert denied(task) == ["task.ended"]

    def test_is_recorded_once_with_whose_it_was(self, on_opa):
        place, service = on_opa
        with (
            place.agent(service) as assistant,
            place.agent(service, OTHERS + "researcher") as researcher,
        ):
            task = begun(place, assistant)
            handed = task.delegate(OTHERS + "researcher", holder=researcher.holder)
            child = researcher.accept(handed.chain)
            child.end()
            grant = task._grant
            task.end()
            assistant.issuer.end(grant)  # again
        ends = [one for one in place.issued() if one.get("tool") == "task.end"]
        mine = [one for one in ends if one["task"].startswith(task.id)]
        assert [one["task"] for one in mine] == [child.ends, task.id]
        assert {one["subject"] for one in mine} == {SUBJECT}
        assert [one["agent"] for one in mine] == [OTHERS + "researcher", AGENT]
        done = {one["decision_id"] for one in place.issued() if one.get("executed") == "yes"}
        assert {one["decision_id"] for one in mine} <= done

    def test_by_nobody_who_does_not_hold_it(self, where):
        place, service = where
        with place.agent(service) as guard, place.agent(service) as thief:
            grant = guard.issuer.begin(asked(place, guard), None)

            assert refused(lambda: thief.issuer.end(grant)) == "issuer.not_the_holder"
            assert guard.issuer.renew(grant).task == grant.task

    def test_hands_by_their_own_holder_and_by_those_above(self, on_opa):
        place, service = on_opa
        with (
            place.agent(service) as assistant,
            place.agent(service, OTHERS + "researcher") as researcher,
        ):
            task = begun(place, assistant)
            first = task.delegate(OTHERS + "researcher", holder=researcher.holder)
            second = task.delegate(OTHERS + "researcher", holder=researcher.holder)
            child, sibling = researcher.accept(first.chain), researcher.accept(second.chain)
            assert child.call("mail.read", {"id": "7"}) == "mail 7"

            child.end()
            assert denied_chain(assistant, researcher, first) == "task.ended"
            assert sibling.call("mail.read", {"id": "8"}) == "mail 8"

            second.end()
            assert denied_chain(assistant, researcher, second) == "task.ended"
            assert task.call("mail.read", {"id": "9"}) == "mail 9"

    def test_what_is_over_with_what_is_above_it_fills_no_feed(self, on_opa):
        """
        Whoever has a token and its key names as many hops as he likes: below what has ended, they
        are not kept.
        """
        place, service = on_opa
        key = SigningKey.generate()
        with place.agent(service) as guard:
            task = begun(place, guard)
            handed = task.delegate(OTHERS + "researcher", holder=key.public)
            first = handed.chain[1]

            def hop(name):
                claims = {"aud": [], "delegation": name, "cnf": {"jwk": key.public}}
                chain = (first, key.sign(claims, typ="task-child+jwt", named=False))
                return dataclasses.replace(task.grant, chain=chain, delegation=name)

            guard.issuer.end(hop("x"))
            assert f"{task.id}/{handed.id}/x" in kept(place)

            handed.end()
            before = kept(place)
            guard.issuer.end(hop("y"))
            assert kept(place) == before

            beside = task.delegate(OTHERS + "researcher", holder=key.public)
            assert beside.chain
            task.end()
            before = kept(place)
            beside.end()
            assert kept(place) == before
            assert task.id in before

    def test_of_one_task_no_more_hops_than_are_kept(self, on_opa):
        place, service = on_opa
        key = SigningKey.generate().public
        with place.agent(service) as guard, place.agent(service) as other:
            task = begun(place, guard)
            with ends_of(place) as feed:
                rows = ((f"{task.id}/{number}",) for number in range(MOST_ENDED_HOPS))
                feed.execute("UPDATE feed SET seq = seq + 1, whole_since = seq + 1")
                feed.executemany(
                    "INSERT INTO entries SELECT 'ended', ?, 1800000000, seq FROM feed", rows
                )
            handed = task.delegate(OTHERS + "researcher", holder=key)
            assert handed.chain

            with pytest.raises(InboundsError) as caught:
                handed.end()
            assert caught.value.code == "issuer.limited"
            assert task.call("mail.read", {"id": "9"}) == "mail 9"
            task.end()
            another = begun(place, other)
            beside = another.delegate(OTHERS + "researcher", holder=key)
            assert beside.chain
            beside.end()
            another.end()

    def test_a_task_by_none_that_it_was_handed_on_to(self, on_opa):
        place, service = on_opa
        with (
            place.agent(service) as assistant,
            place.agent(service, OTHERS + "researcher") as researcher,
        ):
            task = begun(place, assistant)
            handed = task.delegate(OTHERS + "researcher", holder=researcher.holder)
            child = researcher.accept(handed.chain)
            above = dataclasses.replace(child.grant, delegation="")

            assert refused(lambda: researcher.issuer.end(above)) == "issuer.not_the_holder"
            assert task.call("mail.read", {"id": "9"}) == "mail 9"

    def test_hands_that_were_never_given_a_token_are_nobody_s(self, on_opa):
        place, service = on_opa
        with place.agent(service) as guard:
            task = begun(place, guard)
            handed = task.delegate(OTHERS + "researcher", holder=SigningKey.generate().public)

            handed.end()

            assert task.call("mail.read", {"id": "9"}) == "mail 9"


@contextlib.contextmanager
def ends_of(place):
    """The feed of a service, as its file holds it."""
    with contextlib.closing(sqlite3.connect(place.issuer / FEED)) as feed, feed:
        yield feed


def kept(place):
    """The names that a service's feed holds."""
    with ends_of(place) as feed:
        return {name for (name,) in feed.execute("SELECT name FROM entries")}


def denied_chain(assistant, researcher, delegation):
    chain = delegation._chain
    return refused(lambda: researcher.accept(chain))


HOLDS_ALL = """
import dataclasses
from pathlib import Path
from inbounds.identity.file import FileIdentity
from inbounds.identity.signing_keys import SigningKey, token_claims
from inbounds.identity.issuer_service import ServiceIssuer

guard = make(
    issuer=ServiceIssuer(os.environ["ISSUER"], timeout=20),
    identity=FileIdentity(os.environ["SVID"]),
    agent=os.environ["AGENT"], tenant="acme", environment="{environment}", pep="assistant-pep",
)
task = begin(guard, subject_token=os.environ["USER_TOKEN"])
read(task, 1)
held = task.grant
claims = token_claims(held.token)
claims["jti"] = "forged"
keys = [each for each in gc.get_objects() if isinstance(each, SigningKey)]
for file in Path(os.environ["INBOUNDS_HOME"]).rglob("*"):
    if file.is_file() and b"PRIVATE KEY" in file.read_bytes():
        keys.append(SigningKey.read(file))
kid = json.loads(__import__("base64").urlsafe_b64decode(held.token.split(".")[0] + "=="))["kid"]
tried = []
for key in keys:
    for name in (kid, key.kid):
        key.kid = name
        forged = key.sign(claims, typ="task+jwt")
        task._grant = dataclasses.replace(held, token=forged)
        try:
            read(task, 2)
            tried.append("ran")
        except inbounds.AccessDenied as error:
            tried.append(error.code)
print(json.dumps({{"keys": len(keys), "tried": sorted(set(tried))}}))
"""


def test_an_agent_s_process_cannot_mint_a_task(on_opa, tmp_path):
    """
    With all that it has, its files and its memory, nothing that it signs is a task.
    """
    place, service = on_opa
    svid = tmp_path / "svid"
    svid.write_text(place.svid())
    home = tmp_path / "home"
    environment = place.environment(
        service.pdp,
        ISSUER=service.url,
        SVID=str(svid),
        AGENT=AGENT,
        USER_TOKEN=place.user(),
        INBOUNDS_HOME=str(home),
        INBOUNDS_SESSIONS="memory",
        INBOUNDS_EVIDENCE=str(tmp_path / "evidence.sqlite"),
    )
    program = tmp_path / "program.py"
    program.write_text(PRELUDE + HOLDS_ALL.format(environment=ENVIRONMENT))
    done = subprocess.run(
        [sys.executable, str(program)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    # The one key that it has is the one that its task is held by.
    assert said["keys"] >= 1
    assert said["tried"] == ["task.unverified"]


def test_no_token_and_no_key_is_left_where_it_does_not_belong(on_opa):
    """
    The service's log, memory and evidence hold none of what it was shown or has signed.
    """
    place, service = on_opa
    with place.agent(service) as guard:
        user = place.user()
        task = begun(place, guard, subject_token=user)
        secret = [user, guard._runtime.identity(AGENT), task.grant.token]
        assert user not in repr(task.request) and user not in repr(task.grant)
        task.end()
    left = [service.log.read_bytes()]
    left += [file.read_bytes() for file in place.issuer.glob("*.sqlite*")]
    for token in secret:
        for part in token.split("."):
            assert not [text for text in left if part.encode() in text and len(part) > 60]


def test_over_tls_to_whom_its_certificate_is_known(tmp_path):
    from tests.authority import Authority
    from tests.issuing import Issuing

    from inbounds.identity.issuer_service import ServiceIssuer

    authority = Authority(tmp_path)
    place = Issuing(tmp_path, authority)
    with place.serving("embedded") as service:
        assert service.url.startswith("https://")
        known = ServiceIssuer(service.url, ca=str(authority.file), timeout=30)
        with place.agent(service, issuer=known) as guard:
            grant = guard.issuer.begin(asked(place, guard), None)
            guard.issuer.end(grant)
        for stranger in (
            ServiceIssuer(service.url, timeout=30),
            ServiceIssuer(service.url, ca=str(Authority(tmp_path, "other").file), timeout=30),
            ServiceIssuer(service.url.replace("https", "http"), timeout=30),
        ):
            with place.agent(service, issuer=stranger) as guard:
                with pytest.raises(DecisionUnavailable) as caught:
                    guard.issuer.begin(asked(place, guard), None)
                assert caught.value.code == "issuer.unreachable"


def test_a_service_that_is_not_there_is_no_answer(tmp_path):
    from tests.issuing import Issuing

    place = Issuing(tmp_path)
    with place.serving("embedded") as service, place.agent(service) as guard:
        service.process.kill()
        service.process.wait(30)
        for run in (
            lambda: begun(place, guard),
            lambda: guard.issuer.begin(asked(place, guard), None),
        ):
            with pytest.raises(DecisionUnavailable) as caught:
                run()
            assert caught.value.code == "issuer.unreachable"
    assert place.ran() == []
