"""What AWS STS may answer, and what becomes of it. The service is one of the tests' own."""

from __future__ import annotations

import json
import logging
import time
import traceback
from datetime import datetime

import pytest
from tests.authority import Authority, serving
from tests.documents import ROOT, blocks
from tests.leased import SECRET, changes
from tests.provider import Answer
from tests.sts import KEY_ID, SPACE, FakeSts, instant

from inbounds import ConfigurationError, DecisionUnavailable, LeaseUnavailable, TokenInvalid
from inbounds.credentials import AssumedRole, AwsRole, LeaseRequest
from inbounds.credentials.session_policy import session_policy
from inbounds.identity import IdentityToken
from inbounds.model import claims
from inbounds.process import clock
from inbounds.testing import AGENT, PolicyUnderTest

ARN = "arn:aws:iam::123456789012:role/agents/invoices"
TASK = "task-01890a5d-ac96-774b-bcce-b302099a8057"
INVOICES = [{"type": "invoice", "prefixes": ["acme/2026/"]}]


@pytest.fixture(scope="module")
def started():
    sts = FakeSts()
    yield sts
    sts.close()


@pytest.fixture
def sts(started):
    started.reset()
    return started


class Source:
    """Where an identity comes from, or does not."""

    def __init__(self, token, error=None, wait=0):
        self.token, self.error, self.wait = token, error, wait
        self.asked = []

    def identity(self, agent):
        self.asked.append(agent)
        time.sleep(self.wait)
        if self.error is not None:
            raise self.error
        return IdentityToken(self.token, int(clock.now()) + 300)


def role(**other):
    options = {
        "arn": ARN,
        "actions": {"read": ["s3:GetObject"], "write": ["s3:PutObject"]},
        "resources": {"invoice": "arn:aws:s3:::acme-invoices/{id}"},
    }
    return AwsRole(**{**options, **other})


def backend(url, *, other=None, **options):
    return AssumedRole(url, roles={"invoices": other or role()}, **options)


def authority(resources=INVOICES, effects=("read",), windows=()):
    return claims.Authority.model_validate(
        {
            "type": "inbounds_task",
            "intent": "bill",
            "effects": list(effects),
            "tools": {},
            "resources": list(resources),
            "destinations": [],
            "label": "internal",
            "budgets": {},
            "windows": [{"start": start, "end": end} for start, end in windows],
            "environment": "development",
            "deadline": int(clock.now()) + 3600,
        }
    )


def asked(seconds=3600, patience=5.0, **other):
    options = {
        "credential": "invoices",
        "task": TASK,
        "seconds": seconds,
        "deadline": time.monotonic() + patience,
        "identity": "of.the.agent",
        "task_token": "of.the.task",
        "authority": authority(),
    }
    return LeaseRequest(**{**options, **other})


def issue(url, question=None, **options):
    return backend(url, **options).issue(question or asked(), never)


def never(_):
    raise AssertionError("there is nothing to revoke")


def refused(url, question=None, **options):
    with pytest.raises(LeaseUnavailable) as caught:
        issue(url, question, **options)
    assert caught.value.executed == "no"
    said = str(caught.value) + repr(vars(caught.value)) + repr(caught.value.__cause__)
    for secret in (SECRET, KEY_ID, "of.the.agent", "of.the.task"):
        assert secret not in said
    return caught.value.code


def policy(sts):
    return json.loads(sts.forms[-1]["Policy"])


class TestAsking:
    def test_it_shows_the_agents_identity_and_names_the_session_after_the_task(self, sts):
        issued = issue(sts.url)
        assert issued.value == {
            "aws_access_key_id": KEY_ID,
            "aws_secret_access_key": f"{SECRET}/key",
            "aws_session_token": f"{SECRET}//token==",
        }
        (form,) = sts.forms
        form.pop("Policy")
        assert form == {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": ARN,
            "RoleSessionName": TASK,
            "WebIdentityToken": "of.the.agent",
            "DurationSeconds": "900",
        }
        (request,) = sts.asked
        assert (request.method, request.path) == ("POST", "/")
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        # The token is what shows it: nothing is signed, so there is no key to keep.
        assert "Authorization" not in request.headers

    @pytest.mark.parametrize(
        ("asked_for", "longest", "lives", "duration"),
        [
            (3600, 300, 300, 900),
            (45, 300, 45, 900),
            (3600, 3600, 3600, 3600),
            (1000, 3600, 1000, 1000),
        ],
    )
    def test_it_may_do_nothing_once_the_lease_has_ended(
        self, sts, asked_for, longest, lives, duration
    ):
        """
        AWS begins none for less than a quarter of an hour, so the policy ends it.
        """
        begun = int(clock.now())
        issued = issue(sts.url, asked(asked_for), seconds=longest)
        assert 0 <= issued.expires - (begun + lives) <= 2
        assert sts.forms[0]["DurationSeconds"] == str(duration)
        (statement,) = policy(sts)["Statement"]
        ends = statement["Condition"]["DateLessThan"]["aws:CurrentTime"]
        assert datetime.fromisoformat(ends).timestamp() == issued.expires

    @pytest.mark.parametrize(
        ("windows", "lives"),
        [([(-60, 100)], 100), ([(-60, 100), (-60, 200), (300, 900)], 200), ([(-60, 900)], 300)],
    )
    def test_it_ends_with_the_time_in_which_the_task_may_act(self, sts, windows, lives):
        now = int(clock.now())
        at = [(now + start, now + end) for start, end in windows]
        issued = issue(sts.url, asked(authority=authority(windows=at)))
        assert 0 <= issued.expires - (now + lives) <= (2 if lives == 300 else 0)
        (statement,) = policy(sts)["Statement"]
        ends = statement["Condition"]["DateLessThan"]["aws:CurrentTime"]
        assert datetime.fromisoformat(ends).timestamp() == issued.expires

    @pytest.mark.parametrize("window", [(-100, 0), (100, 200)])
    def test_at_another_time_there_is_none(self, sts, window):
        now = int(clock.now())
        at = [(now + window[0], now + window[1])]
        assert refused(sts.url, asked(authority=authority(windows=at))) == "lease.refused"
        assert refused(sts.url, asked(seconds=0)) == "lease.refused"
        assert sts.asked == []

    def test_nothing_of_the_environment_is_used(self, sts, monkeypatch, tmp_path):
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.setenv(name, "OfTheEnvironment0")
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/other")
        issue(sts.url)
        (request,) = sts.asked
        assert b"OfTheEnvironment0" not in request.body
        assert "OfTheEnvironment0" not in str(request.headers)

    @pytest.mark.parametrize("name", ["", "t", "task/1", "task 1", "t" * 65, "task-ü", "task\n1"])
    def test_a_name_that_no_session_may_have_is_not_asked_for(self, sts, name):
        assert refused(sts.url, asked(task=name)) == "lease.refused"
        assert sts.asked == []

    def test_the_name_of_a_hop_has_its_task_and_is_that_of_no_other_hop(self, sts):
        hop = "delegation-01890a5d-ac96-774b-bcce-b302099a8058"
        paths = [TASK, f"{TASK}/{hop}", f"{TASK}/{hop}/{hop}", f"{TASK[:-1]}8/{hop}"]
        for path in paths:
            issue(sts.url, asked(task=path))
        names = [form["RoleSessionName"] for form in sts.forms]
        assert names[0] == TASK
        assert names[1].startswith(f"{TASK}.")
        assert len(set(names)) == len(paths)
        assert {len(name) for name in names[1:]} == {64}

    def test_a_token_that_is_too_long_for_aws_is_not_sent(self, sts):
        assert refused(sts.url, asked(identity="a" * 20_001)) == "lease.refused"
        assert sts.asked == []

    def test_it_shows_an_identity_of_its_own_audience_where_there_is_one(self, sts):
        source = Source("for.aws.alone")
        issue(sts.url, asked(agent=AGENT), identity=source)
        assert sts.forms[0]["WebIdentityToken"] == "for.aws.alone"
        assert source.asked == [AGENT]

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (TokenInvalid("no such entry", code="identity.not_issued"), "lease.refused"),
            (DecisionUnavailable("down", code="identity.unreachable"), "lease.unreachable"),
            (RuntimeError(SECRET), "lease.unreachable"),
        ],
    )
    def test_without_that_identity_there_is_no_lease(self, sts, error, code):
        assert refused(sts.url, asked(agent=AGENT), identity=Source("", error)) == code
        assert sts.asked == []

    def test_a_source_of_it_that_hangs_holds_nobody_beyond_the_deadline(self, sts):
        hanging = Source("for.aws.alone", wait=3)
        begun = time.monotonic()
        assert refused(sts.url, asked(patience=0.3), identity=hanging) == "lease.unreachable"
        assert time.monotonic() - begun < 1.5

    def test_a_credential_without_a_role_is_not_asked_for(self, sts):
        assert backend(sts.url).has("invoices")
        assert not backend(sts.url).has("other")
        assert refused(sts.url, asked(credential="other")) == "lease.refused"
        assert sts.asked == []

    def test_nothing_is_revoked_and_nothing_is_kept(self, sts):
        backend(sts.url).revoke("", identity="of.the.agent", deadline=time.monotonic() + 1)
        assert sts.asked == []


class TestPolicy:
    """What of the role a task has."""

    def made(self, resources=INVOICES, effects=("read",), **other):
        return json.loads(session_policy(role(**other), authority(resources, effects), 2**31))

    def test_the_bounds_of_the_task_and_its_effects(self):
        assert self.made() == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject"],
                    "Resource": ["arn:aws:s3:::acme-invoices/acme/2026/*"],
                    "Condition": {"DateLessThan": {"aws:CurrentTime": "2038-01-19T03:14:08Z"}},
                }
            ],
        }

    def test_each_bound_with_its_own_effects_and_none_that_the_task_lacks(self):
        bounds = [
            {"type": "invoice", "prefixes": ["a/", "b/"]},
            {"type": "invoice", "prefixes": ["c/"], "effects": ["read"]},
            {"type": "invoice", "prefixes": ["d/"], "effects": ["delete"]},
            {"type": "mail", "prefixes": ["e/"]},
            {"type": "invoice", "prefixes": []},
        ]
        made = self.made(
            bounds,
            ["read", "write"],
            actions={
                "read": ["s3:GetObject"],
                "write": ["s3:PutObject"],
                "delete": ["s3:DeleteObject"],
            },
        )
        assert [(each["Action"], each["Resource"]) for each in made["Statement"]] == [
            (["s3:GetObject"], ["arn:aws:s3:::acme-invoices/c/*"]),
            (
                ["s3:GetObject", "s3:PutObject"],
                ["arn:aws:s3:::acme-invoices/a/*", "arn:aws:s3:::acme-invoices/b/*"],
            ),
        ]
        ends = [each["Condition"] for each in made["Statement"]]
        assert ends[0] == ends[1] != {}

    @pytest.mark.parametrize(
        ("resources", "delegated"),
        [
            ([{"effects": ["read"]}, {"effects": ["read", "write"], "assumed": True}], []),
            ([{}, {"assumed": True}], [{"effects": ["write"]}]),
            ([{}], [{"effects": ["write", "delete"], "prefixes": ["other/"]}]),
            ([{}], [{}]),
        ],
    )
    def test_what_a_person_is_asked_about_is_in_none(self, resources, delegated):
        place = INVOICES[0]
        whole = authority([{**place, **bound} for bound in resources], ["read", "write"])
        left = [claims.ResourceBound.model_validate({**place, **bound}) for bound in delegated]
        made = session_policy(role(), whole.model_copy(update={"delegated": left}), 2**31)
        assert [each["Action"] for each in json.loads(made)["Statement"]] == [["s3:GetObject"]]

    def test_what_iam_reads_as_more_is_taken_for_itself(self):
        made = self.made([{"type": "invoice", "prefixes": ["a*/${aws:username}?"]}])
        (arn,) = made["Statement"][0]["Resource"]
        assert arn == "arn:aws:s3:::acme-invoices/a${*}/${$}{aws:username}${?}*"

    @pytest.mark.parametrize(
        "resources",
        [
            [],
            [{"type": "mail", "prefixes": ["acme/"]}],
            [{"type": "invoice"}],
            [{"type": "invoice", "prefixes": [""]}],
            [{"type": "invoice", "prefixes": ["acme/", ""]}],
            [{"type": "invoice", "prefixes": []}],
        ],
    )
    def test_a_task_without_a_bound_has_none(self, sts, resources):
        assert refused(sts.url, asked(authority=authority(resources))) == "lease.unbounded"
        assert sts.asked == []

    def test_nobody_who_says_nothing_has_one(self, sts):
        assert refused(sts.url, asked(authority=None)) == "lease.unbounded"
        assert sts.asked == []

    @pytest.mark.parametrize("effects", [["delete"], ["spend", "export"], []])
    def test_nor_one_that_may_do_nothing_there(self, sts, effects):
        question = asked(authority=authority(effects=effects))
        assert refused(sts.url, question) == "lease.refused"
        assert sts.asked == []

    @pytest.mark.parametrize("prefix", ["ü/", "a\nb", "a\x00", "a\u202e", "a" * 1025])
    def test_a_prefix_that_cannot_stand_in_an_arn_is_refused(self, sts, prefix):
        bounds = [{"type": "invoice", "prefixes": [prefix]}]
        assert refused(sts.url, asked(authority=authority(bounds))) == "lease.refused"
        assert sts.asked == []

    def test_one_too_large_is_refused_and_never_cut(self, sts):
        prefixes = [f"acme/2026/{number:03}/" for number in range(60)]
        bounds = [{"type": "invoice", "prefixes": prefixes}]
        assert refused(sts.url, asked(authority=authority(bounds))) == "lease.policy_too_large"
        assert sts.asked == []
        bounds = [{"type": "invoice", "prefixes": prefixes[:40]}]
        issue(sts.url, asked(authority=authority(bounds)))
        assert len(sts.forms[0]["Policy"]) <= 2048
        assert len(policy(sts)["Statement"][0]["Resource"]) == 40

    def test_one_that_aws_cannot_pack_is_refused_by_the_same_code(self, sts):
        sts.fault = (400, "PackedPolicyTooLarge")
        assert refused(sts.url) == "lease.policy_too_large"


class TestAnswers:
    """What it answers, when it does not answer as it should."""

    @pytest.mark.parametrize(
        "changed",
        [
            {"Arn": "arn:aws:sts::123456789012:assumed-role/administrator/" + TASK},
            {"Arn": "arn:aws:sts::999999999999:assumed-role/invoices/" + TASK},
            {"Arn": "arn:aws-cn:sts::123456789012:assumed-role/invoices/" + TASK},
            {"Arn": "arn:aws:sts::123456789012:assumed-role/invoices/task-other"},
            {"Arn": "arn:aws:sts::123456789012:assumed-role/agents/invoices/" + TASK},
            {"Arn": ARN},
            {"Arn": None},
            {"PackedPolicySize": ""},
            {"PackedPolicySize": "101"},
            {"PackedPolicySize": "-7"},
            {"PackedPolicySize": "\u0667"},
            {"PackedPolicySize": "7.5"},
            {"SessionTokenUtilization": "101"},
            {"SessionTokenUtilization": "full"},
            {"AccessKeyId": None},
            {"AccessKeyId": "short"},
            {"AccessKeyId": "with a blank in it"},
            {"SecretAccessKey": None},
            {"SecretAccessKey": ""},
            {"SecretAccessKey": f"{SECRET} {SECRET}"},
            {"SessionToken": None},
            {"SessionToken": f"{SECRET}\r\nX: y"},
            {"SessionToken": "a" * 65537},
            {"Expiration": None},
            {"Expiration": "tomorrow"},
            {"Expiration": "2026-13-41T00:00:00Z"},
            {"Expiration": "1795680000"},
            {"Expiration": "9999-12-31T23:59:59Z"},
        ],
        ids=lambda changed: "-".join(f"{name}={text}" for name, text in changed.items())[:60],
    )
    def test_any_other_session_is_none(self, sts, changed):
        sts.changed = changed
        assert refused(sts.url) == "lease.unusable"

    @pytest.mark.parametrize("off", [-31 - 900, -900, -40, 40, 3600])
    def test_one_that_ends_at_another_time_is_none(self, sts, off):
        """
        Longer than was asked for; or shorter, since then our clock is ahead, and so the policy's.
        """
        sts.changed = {"Expiration": instant(time.time() + 900 + off)}
        assert refused(sts.url) == "lease.unusable"

    @pytest.mark.parametrize("off", [-25, 25])
    def test_clocks_may_differ_by_half_a_minute(self, sts, off):
        sts.changed = {"Expiration": instant(time.time() + 900 + off)}
        assert issue(sts.url).expires - clock.now() <= 300

    def test_how_full_it_is_need_not_be_told(self, sts):
        """
        Of its two names, AWS has given up one for the other.
        """
        for absent in ("PackedPolicySize", "SessionTokenUtilization"):
            sts.changed = {**sts.changed, absent: None}
            assert issue(sts.url)

    def test_a_fraction_of_a_second(self, sts):
        sts.changed = {"Expiration": instant(time.time() + 900)[:-1] + ".123Z"}
        assert issue(sts.url)

    @pytest.mark.parametrize(
        "edit",
        [
            lambda text: "",
            lambda text: text[:-9],
            lambda text: text.replace(SPACE, "https://sts.example/"),
            lambda text: text.replace(f' xmlns="{SPACE}"', ""),
            lambda text: text.replace("AssumeRoleWithWebIdentityResponse", "AssumeRoleResponse"),
            lambda text: text.replace("AssumeRoleWithWebIdentityResult", "AssumeRoleResult"),
            lambda text: text.replace(
                "<AccessKeyId>", "<AccessKeyId>ASIA</AccessKeyId><AccessKeyId>"
            ),
            lambda text: text.replace("<Credentials>", "<Credentials/><Credentials>"),
            lambda text: text.replace(KEY_ID, f"{KEY_ID}<b/>"),
            lambda text: '<!DOCTYPE a [<!ENTITY k "v">]>' + text.replace(KEY_ID, "&k;"),
            lambda text: text.replace(KEY_ID, "<!-- -->" + KEY_ID),
            lambda text: json.dumps({"AssumeRoleWithWebIdentityResponse": {}}),
            lambda text: "<a>" * 50_000,
            lambda text: text + " " * 300_000,
        ],
    )
    def test_anything_else_than_its_xml_is_none(self, sts, edit):
        sts.edit = edit
        assert refused(sts.url) == "lease.unusable"

    def test_what_is_no_utf_8_is_none(self, sts):
        sts.answers["/"] = Answer(b"\xff\xfe<\x00a\x00", 200)
        assert refused(sts.url) == "lease.unusable"

    @pytest.mark.parametrize(
        ("status", "code", "ours"),
        [
            (400, "ExpiredTokenException", "lease.refused"),
            (400, "InvalidIdentityToken", "lease.refused"),
            (400, "MalformedPolicyDocument", "lease.refused"),
            (403, "AccessDenied", "lease.refused"),
            (403, "IDPRejectedClaim", "lease.refused"),
            (403, "RegionDisabledException", "lease.refused"),
            (400, "IDPCommunicationError", "lease.unreachable"),
            (400, "Throttling", "lease.unreachable"),
            (400, SECRET, "lease.refused"),
            (418, SECRET, "lease.refused"),
            (429, SECRET, "lease.unreachable"),
            (500, "InternalFailure", "lease.unreachable"),
            (503, SECRET, "lease.unreachable"),
        ],
    )
    def test_a_refusal_is_told_by_its_code_and_nothing_else_of_it(self, sts, status, code, ours):
        sts.fault = (status, code)
        with pytest.raises(LeaseUnavailable) as caught:
            issue(sts.url)
        assert caught.value.code == ours
        assert str(status) in str(caught.value)
        known = code not in (SECRET, "InternalFailure")
        assert (code in str(caught.value)) == known
        assert refused(sts.url) == ours

    @pytest.mark.parametrize("edit", [lambda text: "", lambda text: "<a/>", lambda text: SECRET])
    def test_a_refusal_without_words_is_one(self, sts, edit):
        sts.fault, sts.edit = (403, "AccessDenied"), edit
        assert refused(sts.url) == "lease.refused"

    @pytest.mark.parametrize("status", [204, 301, 302, 307, 308])
    def test_no_redirect_is_followed(self, sts, status):
        sts.answers["/"] = Answer(b"", status, {"Location": f"{sts.url}/other"})
        assert refused(sts.url) == "lease.refused"
        assert [request.path for request in sts.asked] == ["/"]


def test_the_document_s_own_backend(sts):
    """
    What `docs/leases.md` shows begins a session with the policy that it shows.
    """
    shown = list(blocks(ROOT / "docs" / "leases.md"))
    (program,) = [block.text for block in shown if block.about == "invoices.py"]
    (told,) = [json.loads(block.text) for block in shown if "aws:CurrentTime" in block.text]
    url = "https://sts.eu-central-1.amazonaws.com"
    made = {}
    exec(program.replace(url, sts.url), made)
    assert made["LEASES"].issue(asked(), never).value["aws_access_key_id"] == KEY_ID
    (statement,) = policy(sts)["Statement"]
    assert {**statement, "Condition": told["Condition"]} == told


class TestReach:
    @pytest.mark.system
    def test_nobody_there(self):
        assert refused("http://127.0.0.1:9") == "lease.unreachable"

    def test_one_that_hangs_holds_nobody_beyond_the_deadline(self, sts):
        sts.wait.clear()
        begun = time.monotonic()
        assert refused(sts.url, asked(patience=0.3)) == "lease.unreachable"
        assert time.monotonic() - begun < 1.5

    @pytest.mark.system
    def test_over_tls_with_an_authority_of_ones_own_and_no_other(self, tmp_path):
        authority = Authority(tmp_path)
        secured = FakeSts(serving(authority.certificate()))
        try:
            assert issue(secured.url, ca=str(authority.file))
            assert len(secured.asked) == 1
            other = Authority(tmp_path, "other")
            assert refused(secured.url, ca=str(other.file)) == "lease.unreachable"
            assert refused(secured.url) == "lease.unreachable"
            assert len(secured.asked) == 1
        finally:
            secured.close()


class TestConfiguration:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "sts",
            "ftp://sts",
            "http://sts.eu-central-1.example",
            "https://u:p@sts.example",
            "https://sts.example/?a=1",
        ],
    )
    def test_a_url_that_is_none(self, url):
        with pytest.raises(ConfigurationError) as caught:
            backend(url)
        assert caught.value.code == "configuration.aws"

    @pytest.mark.parametrize("seconds", [0, 59, 3601, -1, True, 300.0, "300"])
    def test_how_long_a_lease_cannot_live(self, seconds):
        with pytest.raises(ConfigurationError) as caught:
            backend("https://sts.example", seconds=seconds)
        assert caught.value.code == "configuration.aws"

    @pytest.mark.parametrize(
        "options",
        [
            {"arn": ""},
            {"arn": "invoices"},
            {"arn": "arn:aws:iam::123456789012:user/invoices"},
            {"arn": "arn:aws:iam::1234:role/invoices"},
            {"arn": "arn:aws:iam::123456789012:role/"},
            {"arn": ARN + "\n"},
            {"arn": "arn:gcp:iam::123456789012:role/invoices"},
            {"actions": {}},
            {"actions": {"reed": ["s3:GetObject"]}},
            {"actions": {"read": []}},
            {"actions": {"read": "s3:GetObject"}},
            {"actions": {"read": ["s3:*"]}},
            {"actions": {"read": ["s3:Get?bject"]}},
            {"actions": {"read": ["*"]}},
            {"actions": {"read": ["GetObject"]}},
            {"resources": {}},
            {"resources": {"invoice": "*"}},
            {"resources": {"invoice": "arn:aws:s3:::acme-invoices"}},
            {"resources": {"invoice": "arn:aws:s3:::acme-invoices/*"}},
            {"resources": {"invoice": "arn:aws:s3:::*/{id}"}},
            {"resources": {"invoice": "arn:aws:s3:::${aws:username}/{id}"}},
            {"resources": {"invoice": "arn:aws:s3:::acme?/{id}"}},
            {"resources": {"invoice": "arn:aws:s3:::acme/{id}/x"}},
            {"resources": {"invoice": "arn:aws:s3:::acme/{id}{id}"}},
            {"resources": {"invoice": "arn:aws:s3:::a b/{id}"}},
        ],
    )
    def test_a_role_that_cannot_be_one(self, options):
        with pytest.raises(ConfigurationError) as caught:
            role(**options)
        assert caught.value.code == "configuration.aws"

    def test_what_it_shows_of_itself(self):
        assert repr(backend("https://sts.example")) == (
            "AssumedRole('https://sts.example/', roles=['invoices'])"
        )


class TestWithin:
    """With a guard and the policy: a mail is read with a session at AWS."""

    @pytest.fixture
    def policy(self, sts, tmp_path):
        made = AwsRole(
            arn=ARN,
            actions={"read": ["s3:GetObject"], "export": ["s3:PutObject"]},
            resources={"mail": "arn:aws:s3:::acme-mail/{id}"},
        )
        deployment = changes()
        intent = deployment["intents"]["correspond"]
        intent["resources"] = [
            {**bound, "prefixes": ["inbox/"]} if bound["type"] == "mail" else bound
            for bound in intent["resources"]
        ]
        leases = AssumedRole(sts.url, roles={"mail-store": made})
        policy = PolicyUnderTest(tmp_path / "inbounds", deployment, leases=leases)
        policy.lent = []

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> int:
            from inbounds.credentials import current

            policy.lent.append(current("mail-store").value["aws_session_token"])
            return len(policy.lent)

        yield policy
        policy.close()

    def test_a_task_has_its_own_and_no_secret_of_it_is_told(self, sts, policy, tmp_path, caplog):
        caplog.set_level(logging.DEBUG)
        with policy.task() as task:
            lease = task.lease("mail-store")
            assert task.call("mail.read", {"id": "inbox/1"}) == 1
            assert task.call("mail.read", {"id": "inbox/2"}) == 2
            report = str(task.report())
        (form,) = sts.forms
        assert form["RoleSessionName"] == task.id
        said = json.loads(form["Policy"])["Statement"]
        assert "arn:aws:s3:::acme-mail/inbox/*" in said[0]["Resource"]
        assert lease.expires - clock.now() <= 300
        assert policy.lent == [f"{SECRET}//token=="] * 2
        with pytest.raises(LeaseUnavailable):
            _ = lease.value
        told = [record.getMessage() + repr(record.args) for record in caplog.records]
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        told += [report, repr(lease), *(content.decode("latin-1") for content in files)]
        assert "lease-" in "".join(told)
        for secret in (SECRET, KEY_ID, form["WebIdentityToken"]):
            assert secret not in "".join(told)

    @pytest.mark.parametrize(
        ("fault", "changed", "code"),
        [
            ((403, "AccessDenied"), {}, "lease.refused"),
            ((500, SECRET), {}, "lease.unreachable"),
            (None, {"Arn": SECRET}, "lease.unusable"),
            (None, {"Expiration": SECRET}, "lease.unusable"),
        ],
    )
    def test_where_it_cannot_be_had_nothing_runs_and_no_secret_is_told(
        self, sts, policy, *, tmp_path, caplog, fault, changed, code
    ):
        caplog.set_level(logging.DEBUG)
        sts.fault, sts.changed = fault, changed
        with policy.task() as task, pytest.raises(LeaseUnavailable) as caught:
            task.call("mail.read", {"id": "inbox/1"})
        assert (caught.value.code, caught.value.executed) == (code, "no")
        assert policy.lent == []
        told = [record.getMessage() + repr(record.args) for record in caplog.records]
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        told += ["".join(traceback.format_exception(caught.value))]
        told += [content.decode("latin-1") for content in files]
        assert code in "".join(told)
        for secret in (SECRET, KEY_ID, sts.forms[0]["WebIdentityToken"]):
            assert secret not in "".join(told)
