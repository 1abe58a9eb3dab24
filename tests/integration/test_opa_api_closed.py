"""OPA's own API, seen from the network: what is open, to whom, and what is not."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import time
from urllib.parse import urlsplit

import pytest
from tests import engines, scenes, shipping

from inbounds_tools.opa.process import OpaProcess

DECISION = "/v1/data/inbounds/main/decision"


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return shipping.Dist(tmp_path_factory.mktemp("closed"))


@pytest.fixture(scope="module")
def opa(dist, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "log"
    with (
        log.open("wb") as stream,
        OpaProcess(
            [path for kind, path in dist.built.files.items() if kind != "wasm"],
            key=dist.keys.public,
            opa=dist.opa,
            template=shipping.TEMPLATE,
            address=f"127.0.0.1:{engines.free_port()}",
            log=stream,
        ) as process,
    ):
        process.wait_ready()
        client = shipping.Client(process.url)
        client.put_feed(scenes.staged(now=time.time()).live["now"])
        yield client


@pytest.fixture
def question():
    return scenes.staged(now=time.time()).question


def status(opa, method, path, **more):
    return opa.request(method, path, **more).status_code


def as_written(opa, method, path, *, token, body):
    """Status and text for a path that no client tidies up on the way."""
    parts = urlsplit(opa.url)
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    with contextlib.closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
        connection.request(method, path, body=json.dumps(body).encode(), headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")


def test_a_pep_is_answered(opa, question):
    assert opa.ask(question)["decision"] is True


@pytest.mark.parametrize("token", ["", "unknown", shipping.OTHER_TOKEN, shipping.FEED_TOKEN])
def test_whoever_is_not_that_pep_is_not_answered(opa, question, token):
    answer = opa.request("POST", DECISION, token=token, json={"input": question})
    assert answer.status_code == 401
    assert "result" not in answer.json()


def test_a_pep_is_known_by_the_whole_header_only(opa, question):
    for header in (
        shipping.PEP_TOKEN,
        f"bearer{shipping.PEP_TOKEN}",
        f"Basic {shipping.PEP_TOKEN}",
    ):
        assert (
            status(
                opa, "POST", DECISION, headers={"Authorization": header}, json={"input": question}
            )
            == 401
        )


def test_what_the_authorizer_read_is_what_is_answered(opa, question):
    other = json.loads(json.dumps(question))
    other["context"]["pep"]["id"] = "other-pep"
    mine, theirs = json.dumps(question), json.dumps(other)
    # Twice the same key, or YAML: one reading for both. What is compressed is not read at all.
    for body, headers, expected in (
        (f'{{"input": {mine}, "input": {theirs}}}', {}, 401),
        (gzip.compress(f'{{"input": {theirs}}}'.encode()), {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(f'{{"input": {mine}}}'.encode()), {"Content-Encoding": "gzip"}, 400),
        (f'{{"input": {theirs}}}', {"Content-Type": "application/yaml"}, 401),
    ):
        assert (
            status(opa, "POST", DECISION, token=shipping.PEP_TOKEN, data=body, headers=headers)
            == expected
        )


def test_questions_before_a_task_are_answered_to_every_pep(opa):
    for path, body in (
        ("inbounds/registry/tool", {"question": 1, "tool": "mail.read"}),
        ("inbounds/issuance/task", {"question": 1}),
    ):
        for token in (shipping.PEP_TOKEN, shipping.OTHER_TOKEN):
            answer = opa.request("POST", f"/v1/data/{path}", token=token, json={"input": body})
            assert answer.status_code == 200
            assert "result" in answer.json()
        for token in ("", "unknown", shipping.FEED_TOKEN):
            assert status(opa, "POST", f"/v1/data/{path}", token=token, json={"input": body}) == 401


def test_a_pep_asks_several_questions_under_its_own_name(opa, question):
    other = json.loads(json.dumps(question))
    other["context"]["pep"]["id"] = "other-pep"
    path = "/v1/data/inbounds/evaluation/decisions"

    def asked(*questions, token=shipping.PEP_TOKEN):
        said = {"input": {"questions": questions}}
        return opa.request("POST", path, token=token, json=said)

    assert asked(question, question).json()["result"] == [opa.ask(question)] * 2
    for questions in ((other,), (question, other), (other, question), ()):
        assert asked(*questions).status_code == 401
    for token in ("", "unknown", shipping.OTHER_TOKEN, shipping.FEED_TOKEN):
        assert asked(question, token=token).status_code == 401


@pytest.mark.parametrize(
    "parameter",
    ["explain=full", "metrics", "instrument", "provenance", "pretty", "rule_labels=true", "watch"],
)
def test_no_answer_says_more_than_the_answer(opa, question, parameter):
    path = f"{DECISION}?strict-builtin-errors=true&{parameter}"
    assert status(opa, "POST", path, token=shipping.PEP_TOKEN, json={"input": question}) == 401


CLOSED = [
    ("GET", "/"),
    ("POST", "/"),
    ("GET", "/v1/data"),
    ("POST", "/v1/data"),
    ("GET", DECISION),
    ("POST", "/v0/data/inbounds/main/decision"),
    ("POST", f"{DECISION}/"),
    ("POST", "/v1/data/inbounds%2Fmain%2Fdecision"),
    ("POST", "//v1/data/inbounds/main/decision"),
    ("POST", "/v1/data/inbounds/main"),
    ("POST", "/v1/data/inbounds/main/denials"),
    ("POST", "/v1/data/deployment"),
    ("POST", "/v1/data/system/authz/allow"),
    ("GET", "/v1/data/deployment/peps"),
    ("GET", "/v1/data/live"),
    ("PUT", "/v1/data/deployment/peps"),
    ("PATCH", "/v1/data/deployment"),
    ("DELETE", "/v1/data/live/now"),
    ("PUT", "/v1/data/live"),
    ("PUT", "/v1/data/live/baseline"),
    ("PUT", "/v1/data/live/now/revoked"),
    ("PUT", "/v1/data/anything"),
    ("GET", "/v1/policies"),
    ("PUT", "/v1/policies/mine"),
    ("DELETE", "/v1/policies/mine"),
    ("GET", "/v1/query?q=data"),
    ("POST", "/v1/query"),
    ("POST", "/v1/compile"),
    ("POST", "/v1/compile/inbounds/main/decision"),
    ("POST", "/v1/batch/data/inbounds/main/decision"),
    ("GET", "/v1/config"),
    ("GET", "/v1/status"),
    ("GET", "/metrics"),
    ("GET", "/debug/pprof/"),
    ("GET", "/health/live"),
]


@pytest.mark.parametrize("token", ["", "unknown", shipping.PEP_TOKEN, shipping.FEED_TOKEN])
def test_everything_else_is_closed_to_everybody(opa, question, token):
    before = opa.ask(question)["context"]["policy"]
    for method, path in CLOSED:
        body = {"input": question} if method == "POST" else {"x": 1}
        found, text = as_written(opa, method, path, token=token, body=body)
        # 301: it names the path without the slash at its end, and says nothing else.
        assert found in (301, 401, 404, 405), (method, path, found, text)
        assert "result" not in text, (method, path)
    after = opa.ask(question)["context"]["policy"]
    assert after == before


def test_only_its_owner_writes_the_feed_and_reads_it_back(opa, question):
    now = scenes.staged(now=time.time()).live["now"]
    for token in ("", "unknown", shipping.PEP_TOKEN):
        assert status(opa, "PUT", "/v1/data/live/now", token=token, json=now) == 401
        assert status(opa, "PATCH", "/v1/data/live/now", token=token, json=[]) == 401
        assert status(opa, "GET", "/v1/data/live/now", token=token) == 401

    owner = {"token": shipping.FEED_TOKEN}
    revoke = [{"op": "add", "path": "/revoked/token-9", "value": 1}]
    assert status(opa, "PATCH", "/v1/data/live/now", json=revoke, **owner) == 204
    assert opa.request("GET", "/v1/data/live/now", **owner).json()["result"]["revoked"]["token-9"]
    assert opa.request("GET", "/v1/data/live/now/seq", **owner).json()["result"] == now["seq"]
    opa.put_feed(now)
    assert opa.ask(question)["decision"] is True


def test_a_bundles_data_is_not_the_feeds_to_write(opa):
    climb = [{"op": "add", "path": "/../baseline/ended/x", "value": 1}]
    found = opa.request("PATCH", "/v1/data/live/now", token=shipping.FEED_TOKEN, json=climb)
    assert found.status_code in (400, 404)


def test_anyone_may_ask_whether_it_is_healthy(opa):
    assert status(opa, "GET", "/health") == 200
    assert status(opa, "GET", "/health?bundles") == 200


def test_before_its_first_bundle_nobody_is_answered_and_nothing_is_written(
    dist, question, tmp_path
):
    nowhere = f"http://127.0.0.1:{engines.free_port()}"
    with shipping.pulling(dist, nowhere, site=False, scratch=tmp_path) as empty:
        for token in ("", shipping.PEP_TOKEN, shipping.FEED_TOKEN):
            for method, path in [
                ("POST", DECISION),
                ("PUT", "/v1/data/live/now"),
                ("GET", "/health"),
                ("GET", "/health?bundles"),
                ("PUT", "/v1/policies/mine"),
                ("GET", "/v1/data"),
            ]:
                found = empty.request(method, path, token=token, json={"input": question})
                assert found.status_code == 500, (method, path, found.status_code)
                assert "result" not in found.text
