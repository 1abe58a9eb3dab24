"""`inbounds explain`: of a question, of a case, and of what was recorded."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import time
from base64 import urlsafe_b64encode

import pytest
from tests import scenes, shipping
from tests.console import ASSISTANT, python, set_effects
from tests.console import called as inbounds

from inbounds.evidence import chain
from inbounds_tools.explain.words import words as words_of


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    """The deployment of the ordinary scene, as an operator keeps it."""
    return shipping.deployment_folder(tmp_path_factory.mktemp("scene") / "deployment")


def question(folder, patch=(), *, now=None):
    """Write a scene's question to one file, and what it is judged with to others."""
    stage = scenes.staged(patch, now=time.time() if now is None else now)
    (folder / "question.json").write_text(json.dumps(stage.question))
    (folder / "live.json").write_text(json.dumps(stage.live))
    return stage


def explain(folder, *arguments, deployment):
    options = ("--deployment", deployment, "--live", "live.json", "--json")
    return inbounds(folder, "explain", *arguments, *options)


def test_an_allow_says_what_grants_it_and_that_every_fault_is_ruled_out(tmp_path, deployment):
    question(tmp_path)
    done = explain(tmp_path, "question.json", deployment=deployment)
    assert done.code == 0, done.out
    said = done.json
    assert said["outcome"] == "allow"
    assert said["grants"][0]["source"] == "task.within_bounds"
    assert said["reasons"] == said["changes"] == []
    assert said["not_shown"] == {}
    assert "egress.destination_not_allowed" in said["ruled_out"]
    assert {token["name"]: token["verified"] for token in said["tokens"]} == {
        "identity": "yes",
        "task": "yes",
        "feed head": "yes",
    }
    assert said["packed"]
    assert said["policy"]["deployment"] in shown(tmp_path, "question.json", deployment=deployment)


def shown(folder, *arguments, deployment):
    """What the command shows a person."""
    options = ("--deployment", deployment, "--live", "live.json")
    return inbounds(folder, "explain", *arguments, *options).out


@pytest.mark.parametrize("outcome", ["allow", "deny", "ask"])
def test_a_grant_is_said_to_grant_only_where_the_call_is_allowed(tmp_path, outcome):
    """Held for each outcome, under which the policy reports the same grant."""
    words = {
        "allow": "granted by task.within_bounds: ",
        "deny": "without these reasons, granted by task.within_bounds: ",
        "ask": "once approved, granted by task.within_bounds: ",
    }
    case = {
        "allow": "egress/destination_not_allowed.yaml#1",
        "deny": "egress/destination_not_allowed.yaml",
        "ask": "irreversible/bulk.yaml#2",
    }
    done = inbounds(tmp_path, "explain", "--from-case", scenes.CASES / case[outcome])
    assert f"\n{outcome}  " in done.out, done.out
    granted = [line for line in done.out.split("\n") if "granted by" in line]
    assert len(granted) == 1
    assert granted[0].startswith(words[outcome])


def test_a_deployment_that_was_never_packed_has_no_revision(tmp_path):
    path = scenes.CASES / "egress" / "destination_not_allowed.yaml"
    said = inbounds(tmp_path, "explain", "--from-case", path).out
    assert said.rstrip().endswith(", a deployment that is not packed")
    assert "sha256:000" not in said


def test_a_denial_says_its_reasons_what_follows_and_what_would_have_to_change(tmp_path, deployment):
    question(
        tmp_path,
        [
            {
                "op": "replace",
                "path": "/task/claims/authorization_details/0/effects",
                "value": ["write"],
            },
        ],
    )
    done = explain(tmp_path, "question.json", deployment=deployment)
    assert done.code == 1
    said = done.json
    assert [reason["code"] for reason in said["reasons"]] == ["intent.effect_outside_intent"]
    assert said["reasons"][0]["details"] == [{"effect": "read"}]
    # It follows from that, so the answer does not tell of it; nor is it said to be ruled out.
    assert said["not_shown"]["capability.not_granted"] == ["intent.effect_outside_intent"]
    assert not set(said["not_shown"]) & set(said["ruled_out"])
    assert said["changes"][0].startswith("intent.effect_outside_intent: Ask the user to widen")

    done = inbounds(
        tmp_path, "explain", "question.json", "--deployment", deployment, "--live", "live.json"
    )
    assert done.out.startswith(
        "deny  mail.read on mail 42\nunder the intent correspond: intent.effect_outside_intent\n"
    )
    for words in ("effect read", "Ask the user to widen the task", "ruled out", "not shown"):
        assert words in done.out


def test_no_token_is_shown_only_what_it_claims(tmp_path, deployment):
    stage = question(tmp_path)
    credentials = stage.question["context"]["credentials"]
    for options in ((), ("--json",)):
        done = inbounds(
            tmp_path,
            "explain",
            "question.json",
            "--deployment",
            deployment,
            "--live",
            "live.json",
            *options,
        )
        assert "https://tasks.acme.example" in done.out
        for token in (credentials["identity"], credentials["task"], stage.live["now"]["head"]):
            for part in token.split("."):
                assert part not in done.out


@pytest.mark.parametrize(("place", "name"), [("identity", "identity"), ("task", "task")])
def test_a_token_that_is_forged_is_not_believed(tmp_path, deployment, place, name):
    question(tmp_path, [{"op": "replace", "path": f"/{place}/genuine", "value": False}])
    said = explain(tmp_path, "question.json", deployment=deployment).json
    verified = {token["name"]: token["verified"] for token in said["tokens"]}
    assert verified[name] == "no"


# Clears the screen, colours, sets a title, turns the direction of writing, and ends the line.
DISGUISE = (
    "alice\x1b[2J\x1b[1;1H\x1b[32m\x9b2J\x1b]0;x\x07\x7f"
    "\u202e\u2066\u200b\r\nallow  mail.read\u2028"
)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_of_a_question_or_a_token_drives_the_terminal(tmp_path, deployment, options):
    stage = question(tmp_path)
    stage.question["subject"]["id"] = stage.question["action"]["name"] = DISGUISE
    stage.question["context"]["credentials"]["task"] = token(
        {"sub": DISGUISE, "aud": [DISGUISE], "authorization_details": [{"tools": {DISGUISE: 1}}]}
    )
    (tmp_path / "question.json").write_text(json.dumps(stage.question))
    done = inbounds(
        tmp_path,
        "explain",
        "question.json",
        "--deployment",
        deployment,
        "--live",
        "live.json",
        *options,
    )
    assert done.code == 1
    assert all(line.isprintable() for line in done.out.split("\n"))
    assert not [line for line in done.out.split("\n") if line.startswith("allow")]
    if options:
        assert done.json["asked"]["subject"] == DISGUISE
    else:
        assert "alice\\x1b[2J" in done.out


def token(claims):
    """What looks like a token, with claims that nobody has signed."""
    header, payload = (
        urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).rstrip(b"=").decode()
        for text in ('{"alg": "ES256"}', claims if isinstance(claims, str) else json.dumps(claims))
    )
    return f"{header}.{payload}.c2ln"


@pytest.mark.parametrize("odd", [None, -1, [[None]], {"a": None}], ids=repr)
def test_claims_of_any_type_are_told(tmp_path, deployment, odd):
    stage = question(tmp_path)
    authority = {"resources": [{"type": odd, "prefixes": odd}, odd], "tools": odd}
    credentials = stage.question["context"]["credentials"]
    credentials["identity"] = token(dict.fromkeys(("sub", "iss", "aud", "act", "exp"), odd))
    credentials["task"] = token({"authorization_details": [odd, authority], "iat": odd})
    credentials["chain"] = [odd]
    (tmp_path / "question.json").write_text(json.dumps(stage.question))
    for options in ((), ("--at", "tokens")):
        done = explain(tmp_path, "question.json", *options, deployment=deployment)
        assert done.code in (1, 2), (done.out, done.err)


@pytest.mark.parametrize("part", ["question", "deployment", "live", "now"])
@pytest.mark.parametrize("odd", [None, -(10**15), 2**53 - 1, [1]])
def test_parts_of_any_type_are_told(tmp_path, part, odd):
    stage = scenes.staged(now=time.time())
    names = ("question", "deployment", "live", "now")
    whole = {name: getattr(stage, name) for name in names} | {part: odd}
    (tmp_path / "question.json").write_text(json.dumps(whole))
    done = inbounds(tmp_path, "explain", "question.json", "--json")
    assert done.code in (1, 2) or (part == "now" and done.code == 0), (done.out, done.err)


def test_what_a_malformed_question_hides_is_not_shown(tmp_path, deployment):
    question(tmp_path)
    (tmp_path / "question.json").write_text('{"question": 1, "subject": {"type": 7}}')
    done = explain(tmp_path, "question.json", deployment=deployment)
    assert done.code == 1
    said = done.json
    assert said["reasons"][0]["code"] == "request.malformed"
    assert any(line.startswith("/subject/type: ") for line in said["malformed"])
    assert "task.unverified" in said["not_shown"]
    assert {token["verified"] for token in said["tokens"][:2]} == {"unknown"}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "7",
        '"x"',
        "null",
        '{"question": {}, "now": "x", "live": 7}',
        '{"question": 1, "context": []}',
    ],
)
def test_whatever_is_no_question_is_denied(tmp_path, deployment, text):
    question(tmp_path)
    (tmp_path / "question.json").write_text(text)
    done = explain(tmp_path, "question.json", deployment=deployment)
    assert done.code == 1
    assert done.json["reasons"][0]["code"] == "request.malformed"


def test_a_question_of_then_can_be_judged_as_of_then(tmp_path, deployment):
    hour_ago = time.time() - 3600
    stage = question(tmp_path, now=hour_ago)
    codes = [
        r["code"] for r in explain(tmp_path, "question.json", deployment=deployment).json["reasons"]
    ]
    assert "identity.expired" in codes

    done = explain(tmp_path, "question.json", "--at", str(stage.now), deployment=deployment)
    assert (done.code, done.json["outcome"]) == (0, "allow")
    done = inbounds(
        tmp_path, "explain", "question.json", "--deployment", deployment, "--live", "live.json"
    )
    assert "--at tokens" in done.out


def test_without_a_feed_it_is_stale(tmp_path, deployment):
    question(tmp_path)
    done = inbounds(tmp_path, "explain", "question.json", "--deployment", deployment, "--json")
    assert [r["code"] for r in done.json["reasons"]] == ["task.revocation_feed_stale"]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("question.json", None, "explain.unreadable"),
        ("question.json", '{"question": 1, "question": 2}', "explain.not_json"),
        ("question.json", '{"question": ', "explain.not_json"),
        ("01890000-0000-7000-8000-000000000009", None, "evidence.missing"),
        ("", None, "explain.nothing"),
    ],
)
def test_what_cannot_be_read_could_not_be_told(tmp_path, deployment, name, text, code):
    question(tmp_path)
    if text is None:
        (tmp_path / "question.json").unlink()
    else:
        (tmp_path / name).write_text(text)
    done = explain(tmp_path, name, deployment=deployment)
    assert (done.code, done.json["error"]["code"]) == (2, code)


def test_a_case_is_explained_with_real_signatures(tmp_path):
    path = scenes.CASES / "egress" / "destination_not_allowed.yaml"
    done = inbounds(tmp_path, "explain", "--from-case", path, "--save", "q.json", "--json")
    assert done.code == 1
    assert done.json["reasons"][0]["code"] == "egress.destination_not_allowed"
    again = inbounds(tmp_path, "explain", "q.json", "--json")
    assert again.code == 1
    assert again.json["reasons"] == done.json["reasons"]

    done = inbounds(tmp_path, "explain", "--from-case", f"{path}#1", "--json")
    assert (done.code, done.json["outcome"]) == (0, "allow")
    done = inbounds(tmp_path, "explain", "--from-case", f"{path}#99", "--json")
    assert (done.code, done.json["error"]["code"]) == (2, "explain.no_case")


@pytest.fixture(scope="module")
def sited(tmp_path_factory):
    """A folder in which a site has a rule of its own, with the cases it is drafted with."""
    folder = tmp_path_factory.mktemp("sited")
    assert inbounds(folder, "new", "rule", "payroll/after_hours").code == 0
    return folder


SITED = "site/cases/payroll/after_hours.yaml"


def test_a_case_is_judged_with_the_rules_it_lies_beside(sited, tmp_path):
    beside = inbounds(sited, "explain", "--from-case", f"{SITED}#2")
    away = inbounds(tmp_path, "explain", "--from-case", f"{sited / SITED}#2")
    within = inbounds(
        sited / "site" / "cases", "explain", "--from-case", "payroll/after_hours.yaml"
    )
    for done, site in ((beside, "site"), (away, sited / "site"), (within, "..")):
        assert done.code == 1, done.out + done.err
        assert "site.payroll.after_hours" in done.out
        assert "after_hours.yaml#2  a call from elsewhere\n" in done.out
        assert f"judged with the rules in {site}\n" in done.out
        assert "differs" not in done.out


def test_a_case_says_that_it_was_taken_and_that_it_expects_otherwise(sited, tmp_path):
    done = inbounds(sited, "explain", "--from-case", SITED, "--no-site")
    assert done.code == 0
    assert "the first that is not allowed; FILE#NUMBER takes another" in done.out
    assert "judged without rules of your own" in done.out
    assert "differs  expected deny, decided allow" in done.out
    done = inbounds(sited, "explain", "--from-case", f"{SITED}#2", "--no-site", "--json")
    assert done.json["case"] == {
        "file": SITED,
        "number": 2,
        "name": "a call from elsewhere",
        "expected": "deny",
        "difference": "expected deny, decided allow",
        "site": None,
    }


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder in which an assistant has worked."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "app.py").write_text(ASSISTANT, "utf-8")
    assert inbounds(folder, "init", "app.py").code == 0
    set_effects(folder, mail_read="read", mail_send="export")
    assert python(folder, "app.py").code == 0
    return folder


def decisions(folder):
    log = sqlite3.connect(folder / ".inbounds" / "evidence.sqlite")
    rows = log.execute("SELECT decision_id, body FROM records WHERE kind = 'decided.v1'").fetchall()
    log.close()
    return {json.loads(body)["outcome"]: identity for identity, body in rows}


def test_a_recorded_denial_is_explained_from_the_record(recorded):
    done = inbounds(recorded, "explain", decisions(recorded)["deny"])
    assert done.code == 1
    assert done.out.startswith("deny  mail.send on mailbox\n")
    for words in (
        "egress.destination_not_allowed",
        "Agent author: send to a destination of the task only",
        "/to/0",
        "intent summarise",
        "no record that it ran",
    ):
        assert words in done.out
    assert "mallory" not in done.out


def test_a_recorded_denial_by_a_rule_of_the_site_is_said_in_its_words(recorded, sited, tmp_path):
    log, identity = tmp_path / "evidence.sqlite", decisions(recorded)["deny"]
    with (
        contextlib.closing(sqlite3.connect(recorded / ".inbounds" / "evidence.sqlite")) as own,
        contextlib.closing(sqlite3.connect(log)) as copy,
        copy,
    ):
        own.backup(copy)
        copy.execute("DROP TRIGGER records_unchanged")
        for (body,) in copy.execute("SELECT body FROM records").fetchall():
            sites = body.replace("egress.destination_not_allowed", "site.payroll.after_hours")
            link = chain.link(sites.encode())
            copy.execute(
                "UPDATE records SET body = ?, hash = ? WHERE body = ?", (sites, link, body)
            )
    told = inbounds(sited, "explain", identity, "--json", INBOUNDS_EVIDENCE=str(log))
    elsewhere = ("explain", identity, "--site", sited / "site", "--json")
    named = inbounds(tmp_path, *elsewhere, INBOUNDS_EVIDENCE=str(log))
    for done in (told, named):
        assert done.code == 1
        assert done.json["reasons"][0] == {
            "code": "site.payroll.after_hours",
            "severity": "medium",
            "message": "After hours",
            "remedy": "Say here what that person can do now",
        }
    unknown = inbounds(tmp_path, "explain", identity, INBOUNDS_EVIDENCE=str(log))
    assert "its message is in the rules that decided it: pass their folder as --site" in unknown.out


def test_the_words_of_a_sites_code_are_in_its_bundle(sited):
    public = sited / "release.pub"
    assert inbounds(sited, "bundle", "key", "release.pem").code == 0
    built = inbounds(sited, "bundle", "build", "--site=site", "--key=release.pem", "-o", "dist")
    assert built.code == 0, built.err
    (bundle,) = (sited / "dist").glob("*.wasm.tar.gz")
    code = "site.payroll.after_hours"
    (told,) = words_of([code], site=None, bundle=(str(bundle), str(public)))
    assert told["message"] == "After hours"
    (untold,) = words_of([code], site=None, bundle=(str(sited / "nothing"), str(public)))
    assert untold == {"code": code, "severity": "", "message": "", "remedy": ""}


def test_a_recorded_allow_says_that_it_ran(recorded):
    done = inbounds(recorded, "explain", decisions(recorded)["allow"], "--json")
    assert done.code == 0
    assert [record["executed"] for record in done.json["executed"]] == ["yes"]


EDITS = {
    "edited": """UPDATE records SET body = replace(body, '"deny"', '"allow"')""",
    # A genuine record in the place of another.
    "overwritten": """
        UPDATE records SET (kind, decision_id, task, body, hash, mac) = (
            SELECT kind, decision_id, task, body, hash, mac FROM records
            WHERE kind = 'executed.v1' ORDER BY seq LIMIT 1
        ) WHERE seq = (SELECT min(seq) FROM records WHERE decision_id <> :identity
            AND task = (SELECT task FROM records WHERE decision_id = :identity)
            AND kind = 'decided.v1')
    """,
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_record_tells_nothing(recorded, tmp_path, edit):
    log = tmp_path / "evidence.sqlite"
    identity = decisions(recorded)["deny"]
    with (
        contextlib.closing(sqlite3.connect(recorded / ".inbounds" / "evidence.sqlite")) as own,
        contextlib.closing(sqlite3.connect(log)) as copy,
        copy,
    ):
        own.backup(copy)
        copy.execute("DROP TRIGGER records_unchanged")
        assert copy.execute(EDITS[edit], {"identity": identity}).rowcount
    done = inbounds(recorded, "explain", identity, "--json", INBOUNDS_EVIDENCE=str(log))
    assert (done.code, done.json["error"]["code"]) == (2, "evidence.edited")


def test_a_question_put_to_the_own_deployment_is_judged_with_the_own_feed(recorded):
    program = re.sub(r"(?s)with guard.task.*", "", ASSISTANT) + CAPTURE
    (recorded / "capture.py").write_text(program, "utf-8")
    assert python(recorded, "capture.py").code == 0
    done = inbounds(recorded, "explain", "asked.json", "--json")
    assert done.code == 1
    # Its task is over by then; all else is as it was.
    assert [reason["code"] for reason in done.json["reasons"]] == ["task.ended"]


CAPTURE = """
import pathlib
pdp = guard._runtime.pdp
class Listening:
    name = pdp.name
    def ask(self, entrypoint, question, **more):
        if entrypoint.endswith("decision"):
            pathlib.Path("asked.json").write_bytes(question)
        return pdp.ask(entrypoint, question, **more)
    def push_live(self, now): pdp.push_live(now)
    def close(self): pdp.close()
guard._runtime.pdp = Listening()
with guard.task("summarise", subject="alice@acme.example") as task:
    read("42")
"""
