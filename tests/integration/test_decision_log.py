"""What OPA's decision log says of a question: nothing that whoever asks could put there."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from urllib.parse import urlsplit

import pytest
from tests import scenes, shipping
from tests.integration.test_bundles import write_rule

from inbounds_tools.bundle.build import ENTRYPOINTS

CANARY = "canary-5d1f"
SECRET = "SECRET-7c1e"
FAILING = """\
# METADATA
# title: Payroll by number
# description: Payroll has numbers below 1000.
# custom:
#   severity: critical
#   remedy: Name a number of 1000 or more
#   controls: ["owasp_asi:ASI02"]
package site.rules.payroll.after_hours

# METADATA
# description: Shown by the number
ruled_out if {
	not regex.match("^[0-9]+$", input.action.properties.arguments.id)
	time.parse_duration_ns(input.action.properties.arguments.id) < 1000
}

# METADATA
# description: The limit
details contains {"least": 1000}
"""
"""A rule of a site whose built-in fails on a text, and whose error holds that text."""
TELLING = """\
# METADATA
# title: Payroll after hours
# description: Payroll is read and nothing else.
# custom:
#   severity: critical
#   remedy: Read it
#   controls: ["owasp_asi:ASI02"]
package site.rules.payroll.after_hours

# METADATA
# description: Shown by the tool
ruled_out if input.action.name == "mail.read"

# METADATA
# description: The task's token and the arguments
details contains {"x": input.context.credentials.task, "y": input.action.properties.arguments}
"""
"""A rule of a site whose details hold what no log may hold."""


@pytest.fixture(scope="module", params=["without a site", "with a site that tells all"])
def dist(tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("logged")
    if request.param == "without a site":
        return shipping.Dist(folder)
    return shipping.Dist(folder, site=write_rule(folder / "site", TELLING))


def planted(value):
    """`value` with a canary in every text that is not what the deployment knows it by."""
    if isinstance(value, dict):
        grown = {name: planted(inner) for name, inner in value.items()}
        return {**grown, f"{CANARY}-key": CANARY}
    if isinstance(value, list):
        return [*map(planted, value), CANARY]
    return f"{CANARY} {value}" if isinstance(value, str) else value


def questions():
    """An allowed question, denied ones, and some that are none, each with canaries in it."""
    now = time.time()
    allowed = scenes.staged(now=now).question
    allowed["action"]["properties"]["arguments"]["id"] = f"{CANARY}-id"
    allowed["resource"]["id"] = f"{CANARY}-id"
    yield allowed
    yield planted(allowed)
    for path in ("action", "context", "subject", "resource"):
        yield {**allowed, path: planted(allowed[path])}
    send = scenes.staged(
        [{"op": "replace", "path": "/question/action/name", "value": "mail.send"}], now=now
    ).question
    send["action"]["properties"]["arguments"] = {
        "to": [f"{CANARY}@evil.example"],
        "body": CANARY,
        CANARY: 1,
    }
    yield send
    yield {**allowed, "action": {**allowed["action"], "name": CANARY}}
    yield {"context": {"pep": {"id": "assistant-pep"}}, "x": CANARY}


def has_site(dist):
    return "site" in dist.built.files


def log_of(dist, tmp_path, *, masked):
    www = dist.publish(tmp_path / "www")
    # The results of built-ins are logged too, as a careless operator may have them.
    replace = [("nd_builtin_cache: false", "nd_builtin_cache: true")]
    if not masked:
        replace.append(("/system/log/mask", "/system/log/nothing"))
    with (
        shipping.web(www) as server,
        shipping.pulling(
            dist, server.url, site=has_site(dist), scratch=tmp_path, replace=tuple(replace)
        ) as opa,
    ):
        shipping.until(opa.ready, "OPA did not become ready")
        feed = scenes.staged(now=time.time()).live["now"]
        feed["revoked"][f"{CANARY}-jti"] = 1
        opa.put_feed(feed)
        asked = list(questions())
        for question in asked:
            opa.request(
                "POST",
                "/v1/data/inbounds/main/decision?strict-builtin-errors=true",
                token=shipping.PEP_TOKEN,
                json={"input": question},
            )
        for entrypoint, question in (
            ("registry/tool", {"question": 1, "tool": CANARY}),
            ("evaluation/decisions", {"questions": asked[:2]}),
            (
                "issuance/task",
                {"question": 1, "subject": CANARY, "agent": CANARY, "intent": CANARY},
            ),
        ):
            body = {"input": question}
            opa.request(
                "POST", f"/v1/data/inbounds/{entrypoint}", token=shipping.PEP_TOKEN, json=body
            )
        for read in ("live/now", "live/now/generation", "live/now/seq"):
            assert opa.request("GET", f"/v1/data/{read}", token=shipping.FEED_TOKEN).ok
        shipping.until(
            lambda: opa.log.count('"decision_id"') >= len(asked), "decisions are not logged"
        )
        return opa.log, asked


def events(log):
    lines = (json.loads(line) for line in log.splitlines() if line.startswith("{"))
    return [line for line in lines if line.get("type") == "openpolicyagent.org/decision_logs"]


def secrets(question):
    """Every token and digest of a question."""
    yield CANARY
    credentials = question.get("context", {}).get("credentials", {})
    for name in ("identity", "task"):
        token = credentials.get(name)
        if isinstance(token, str) and token.count(".") == 2:
            yield from token.split(".")[1:]
    yield question.get("action", {}).get("properties", {}).get("digest", CANARY)


def test_nothing_of_what_was_asked_reaches_the_log(dist, tmp_path):
    log, asked = log_of(dist, tmp_path, masked=True)
    logged = events(log)

    assert len(logged) >= len(asked)
    for question in asked:
        for secret in secrets(question):
            assert secret not in log
    for event in logged:
        assert event["path"] in ENTRYPOINTS
        assert event.get("nd_builtin_cache") is None
        assert set(event.get("input", {})) <= {"decision", "tool", "agent", "pep"}
        assert set(event.get("result", {})) <= {
            *("decision", "outcome", "policy", "reasons", "issued", "registered")
        }

    first = logged[0]
    assert first["input"] == {
        "decision": asked[0]["context"]["decision"]["id"],
        "tool": "mail.read",
        "agent": "spiffe://acme.example/agent/assistant",
        "pep": "assistant-pep",
    }
    assert first["result"]["outcome"] == "allow"
    assert first["bundles"]["policy"]["revision"] == dist.built.revision
    assert any(event["result"].get("outcome") == "deny" for event in logged if "result" in event)


def spellings(path):
    """Ways to spell the path of a door that a server may take for the same."""
    _, version, data, package, *_, last = path.split("/")
    yield path
    for name in (version, data, package, last):
        yield path.replace(f"/{name}", f"/%{ord(name[0]):02x}{name[1:]}", 1)
        yield path.replace(f"/{name}", f"/{name[:-1]}%{ord(name[-1]):02X}", 1)
    yield "".join(f"%{ord(each):02x}" if each != "/" else each for each in path)
    for each in ("//", "/./", "/%2e/", "/x/../", "/x/%2e%2e/", "%2f", "%2F", "/%2f"):
        head, tail = path.rsplit("/", 1)
        yield f"{head}{each}{tail}"
        yield path.replace("/data/", f"/data{each}", 1)
        yield path.replace("/v1/", f"/v1{each}", 1)
        yield path.replace("/v1/", f"{each}v1/", 1)
    for each in ("/", "//", "/.", "/%2e", "/..", "%00", "%20", ";x=1", "%3fx=1", "?", "#x", "/%2f"):
        yield path + each
    yield path.upper()
    yield path.replace("/v1/", "/v0/")
    yield f"http://localhost{path}"


def answered(opa, path, token, body=None):
    """What OPA answers to a path as it is, or nothing where it refuses."""
    host = urlsplit(opa.url).netloc
    with contextlib.closing(http.client.HTTPConnection(host, timeout=20)) as connection:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        # What is refused may be cut off, since its body is not read.
        return json.loads(answer.read()) if answer.status == 200 else {}


def feed_and_version():
    """Spellings of what OPA is read by all the time: the door, one of them, and whose token."""
    for door, token in (
        *((f"live/now{each}", shipping.FEED_TOKEN) for each in ("", "/generation", "/seq")),
        ("system/version/version", shipping.PEP_TOKEN),
    ):
        for path in spellings(f"/v1/data/{door}"):
            yield door, path, token


def test_whatever_spells_a_door_is_refused_or_logged(dist, tmp_path):
    """
    OPA decodes the path that it answers, and gives the log the path as it was spelt.
    """
    www = dist.publish(tmp_path / "www")
    with (
        shipping.web(www) as server,
        shipping.pulling(dist, server.url, site=has_site(dist), scratch=tmp_path) as opa,
    ):
        shipping.until(opa.ready, "OPA did not become ready")
        stage = scenes.staged(now=time.time())
        opa.put_feed(stage.live["now"])
        question = json.loads(json.dumps(stage.question))
        question["action"]["properties"]["arguments"]["id"] = CANARY
        asked = {**question, "questions": [question], "tool": CANARY, "agent": CANARY}
        body = json.dumps({"input": asked}).encode()

        decided = {}
        for entrypoint in ENTRYPOINTS:
            for path in spellings(f"/v1/data/{entrypoint}"):
                answer = answered(opa, path, shipping.PEP_TOKEN, body)
                if "result" in answer:
                    decided[answer["decision_id"]] = path
        unlogged = []
        for door, path, token in feed_and_version():
            answer = answered(opa, path, token)
            if "result" in answer and door in path:
                unlogged.append(answer["decision_id"])
            elif "result" in answer:
                decided[answer["decision_id"]] = path
        assert len(unlogged) >= 4
        assert sum("%" in path for path in decided.values()) > 4 * len(ENTRYPOINTS)

        def missing():
            return {path for each, path in decided.items() if each not in opa.log}

        shipping.until(lambda: not missing(), "not all that was decided is logged")
        assert CANARY not in opa.log
        assert not [each for each in unlogged if each in opa.log]
        for event in events(opa.log):
            assert set(event.get("input") or {}) <= {"decision", "tool", "agent", "pep"}
            assert "reasons" in event["result"]


def test_without_the_mask_the_canaries_are_there_to_be_found(dist, tmp_path):
    log, asked = log_of(dist, tmp_path, masked=False)
    for secret in secrets(asked[0]):
        assert secret in log
    logged = events(log)
    assert any(event.get("nd_builtin_cache") for event in logged)
    if has_site(dist):
        (sent,) = (each for each in asked if each.get("action", {}).get("name") == "mail.send")
        assert {
            "x": sent["context"]["credentials"]["task"],
            "y": sent["action"]["properties"]["arguments"],
        } in [*details_of_the_site(logged)]


def details_of_the_site(logged):
    for event in logged:
        for reason in event.get("result", {}).get("context", {}).get("reasons", ()):
            if reason["code"] == "site.payroll.after_hours":
                yield from reason["details"]


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    site = write_rule(tmp_path_factory.mktemp("site-that-fails"), FAILING)
    return shipping.Dist(tmp_path_factory.mktemp("failing"), site=site)


def log_of_an_error(dist, tmp_path, *, replace=()):
    """The log after a question that OPA answers with an error, and one that it answers."""
    www = dist.publish(tmp_path / "www")
    with (
        shipping.web(www) as server,
        shipping.pulling(dist, server.url, site=True, scratch=tmp_path, replace=replace) as opa,
    ):
        shipping.until(opa.ready, "OPA did not become ready")
        stage = scenes.staged(now=time.time())
        opa.put_feed(stage.live["now"])
        question = json.loads(json.dumps(stage.question))
        question["action"]["properties"]["arguments"]["id"] = SECRET
        question["resource"]["id"] = SECRET
        for path, body in (
            ("main/decision", question),
            ("evaluation/decisions", {"questions": [question]}),
        ):
            answer = opa.request(
                "POST",
                f"/v1/data/inbounds/{path}?strict-builtin-errors=true",
                token=shipping.PEP_TOKEN,
                json={"input": body},
            )
            assert answer.status_code == 500
            assert SECRET in answer.text
        opa.ask(stage.question)
        answered = stage.question["context"]["decision"]["id"]
        shipping.until(lambda: '"outcome":"' in opa.log.replace(" ", ""), "not logged")
        return opa.log, answered


def test_an_argument_that_a_built_in_fails_on_does_not_reach_the_log(failing, tmp_path):
    """
    The event has an error, which quotes the operand, and no mask reaches it.
    """
    log, answered = log_of_an_error(failing, tmp_path)

    assert SECRET not in log
    (event,) = events(log)
    assert event["input"]["decision"] == answered
    assert "error" not in event


def test_without_the_drop_the_error_is_there_to_be_found(failing, tmp_path):
    replace = (("/system/log/drop", "/system/log/nothing"),)
    log, _ = log_of_an_error(failing, tmp_path, replace=replace)

    assert SECRET in log
    assert any("eval_builtin_error" in json.dumps(event.get("error")) for event in events(log))
