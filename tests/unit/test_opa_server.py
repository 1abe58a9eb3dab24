"""How an `OpaServer` is set up, and what it says of itself."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
import responses

from inbounds.errors import ConfigurationError, InvalidAnswer, Unreachable
from inbounds.pdp import Reply
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.opa_live import OpaLive


@pytest.mark.parametrize(
    "url",
    [
        "http://opa",
        "https://opa:8181/",
        "https://opa.example/inner/opa",
        "http://[::1]:8181",
        "unix:///run/opa.sock",
    ],
)
def test_a_url_that_can_be_used(url: str) -> None:
    assert OpaServer(url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opa:8181",
        "//opa",
        "ftp://opa",
        "http://",
        "http://:8181",
        "http://opa:99999",
        "http://opa:x",
        "http://canary:canary@opa",
        "http://opa/?canary",
        "http://opa/#canary",
        "unix://opa.sock",
        "unix:",
        "file:///run/opa.sock",
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_at_construction(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        OpaServer(url)
    assert "unix:///path/of.sock" in refused.value.hint
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("token", ["", "can ary", "canary\r\nX: y", "canary\u00e9"])
def test_a_token_that_is_no_header_is_an_error_at_construction(token: str) -> None:
    with pytest.raises(ConfigurationError, match="bearer token") as refused:
        OpaServer("http://opa", token=token)
    assert "canary" not in str(refused.value)


def test_a_token_is_not_shown() -> None:
    for pdp in (OpaServer("https://opa", token="canary"), OpaLive("https://opa", "canary")):
        assert "canary" not in repr(pdp)
        assert "https://opa" in repr(pdp)


FAR = ["http://opa:8181", "http://10.0.0.1", "http://[2001:db8::1]", "http://localhost.example"]


@pytest.mark.parametrize("url", FAR)
@pytest.mark.parametrize("client", [OpaServer, OpaLive])
def test_a_token_is_not_sent_in_clear_text(client: Any, url: str) -> None:
    with pytest.raises(ConfigurationError, match="in clear text") as refused:
        client(url, token="canary")
    assert refused.value.code == "configuration.token_in_clear"
    assert "INBOUNDS_PDP_CLEARTEXT" in refused.value.hint
    assert "canary" not in str(refused.value)
    client(url, token="canary", cleartext=True).close()
    client(url).close()


@pytest.mark.parametrize(
    "url",
    [
        "https://opa:8181",
        "http://localhost:8181",
        "http://127.0.0.2",
        "http://[::1]:8181",
        "unix:///run/opa.sock",
    ],
)
def test_a_token_is_sent_where_nobody_reads_it_on_the_way(url: str) -> None:
    OpaServer(url, token="canary").close()
    OpaLive(url, "canary").close()


@responses.activate
@pytest.mark.parametrize(("token", "said"), [(None, "no token was sent"), ("wrong", "SHA-256")])
def test_a_refusal_tells_a_wrong_token_from_none(token: str | None, said: str) -> None:
    responses.post("https://opa/v1/data/a/b", status=401, json={"code": "unauthorized"})
    pdp = OpaServer("https://opa", token=token)
    with pytest.raises(Unreachable, match="HTTP 401") as refused:
        pdp.ask("a/b", b"{}", deadline=time.monotonic() + 1)
    assert said in refused.value.hint
    assert ("INBOUNDS_PDP_TOKEN" in refused.value.hint) == (token is None)
    pdp.close()


@responses.activate
def test_a_users_test_can_stand_in_for_opa() -> None:
    responses.post("http://opa:8181/v1/data/a/b", json={"result": True, "decision_id": "d"})
    with requests.Session() as session:
        pdp = OpaServer("http://opa:8181", session=session)
        assert pdp.ask("a/b", b"{}", deadline=time.monotonic() + 1) == Reply(True, "d")
    assert responses.calls[0].request.body == b'{"input":{}}'


@responses.activate
def test_an_engine_id_that_is_no_text_is_none() -> None:
    responses.post("http://opa/v1/data/a/b", json={"result": 1, "decision_id": {"x": 1}})
    pdp = OpaServer("http://opa")
    assert pdp.ask("a/b", b"{}", deadline=time.monotonic() + 1) == Reply(1, "")
    pdp.close()


@responses.activate
def test_versions_take_what_is_there() -> None:
    responses.get("http://opa/v1/data/system/version", json={"result": {"version": "1.22.2"}})
    bundles = {"policy": {"manifest": {"revision": "r1"}}, "live": {}}
    responses.get("http://opa/v1/data/system/bundles", json={"result": bundles})
    pdp = OpaServer("http://opa")
    assert pdp.versions() == {"opa": "1.22.2", "bundles": {"policy": "r1", "live": ""}}
    pdp.close()


@responses.activate
def test_health_of_something_else_is_not_health() -> None:
    responses.get("http://opa/health?bundles", body="<html>fine</html>")
    pdp = OpaServer("http://opa")
    with pytest.raises(InvalidAnswer):
        pdp.health()
    pdp.close()
