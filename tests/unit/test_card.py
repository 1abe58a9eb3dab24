"""The agent card of a peer: what of it becomes an entry of peers.yaml, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rfc8785
from jwt import PyJWS
from jwt.algorithms import get_default_algorithms
from jwt.utils import base64url_decode, base64url_encode
from tests import scenes

from inbounds import ConfigurationError
from inbounds.identity.card import MAX_CARD, peer_entry
from inbounds.identity.jwks import read_jwks

VECTOR = json.loads((Path(__file__).parent / "card_of_a2a_sdk.json").read_bytes())
CARD = {
    "name": "desk",
    "url": "https://desk.partner.example/a2a",
    "capabilities": {"streaming": False, "extensions": []},
    "documentationUrl": "",
}
HEADER = {"alg": "ES256", "kid": "card-1", "typ": "JOSE"}


def jwk(kty: str = "EC", name: str = "card-1") -> dict[str, str]:
    return scenes.public_jwk(name, kty)


KEYS = {"card-1": jwk()}


def signature(card, header=HEADER, key: str = "card-1", kty: str = "EC") -> dict[str, str]:
    """A signature as a card carries it."""
    private = scenes.private_key(key, kty)
    token = PyJWS().encode(rfc8785.dumps(card), private, header.get("alg"), header)
    protected, _, signed = token.split(".")
    return {"protected": protected, "signature": signed}


def carrying(*signatures, card=CARD) -> bytes:
    return json.dumps({**card, "signatures": list(signatures)}).encode()


def payload(entry):
    return json.loads(base64url_decode(entry["card"].split(".")[1]))


def refused(card: bytes, keys=KEYS) -> str:
    with pytest.raises(ConfigurationError) as caught:
        peer_entry(card, keys)
    assert caught.value.code == "peers.unusable"
    assert caught.value.hint
    return caught.value.message


def test_a_signed_card_becomes_an_entry():
    entry = peer_entry(carrying(signature(CARD)), {**KEYS, "other": jwk(name="other")})
    assert payload(entry) == CARD
    assert (entry["keys"], entry["algorithms"]) == ({"card-1": jwk()}, ["ES256"])


@pytest.mark.parametrize(("alg", "kty"), [("RS256", "RSA"), ("PS256", "RSA"), ("EdDSA", "OKP")])
def test_every_algorithm_of_the_policy_is_taken(alg, kty):
    signed = signature(CARD, {**HEADER, "alg": alg}, kty=kty)
    entry = peer_entry(carrying(signed), {"card-1": jwk(kty)})
    assert entry["algorithms"] == [alg]


def test_a_card_of_another_implementation_is_taken():
    keys = read_jwks(json.dumps(VECTOR["keys"]).encode(), "there")
    entry = peer_entry(json.dumps(VECTOR["card"]).encode(), keys)
    assert payload(entry)["name"] == VECTOR["card"]["name"]


def test_a_signer_may_have_left_out_what_is_empty():
    filled = {
        "name": "desk",
        "url": "https://desk.partner.example/a2a",
        "capabilities": {"streaming": False},
    }
    entry = peer_entry(carrying(signature(filled)), KEYS)
    assert payload(entry) == filled


def test_one_of_several_signatures_is_enough():
    wrong = signature(CARD, key="card-2")
    entry = peer_entry(carrying({}, "x", {"protected": 1}, wrong, signature(CARD)), KEYS)
    assert payload(entry) == CARD


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "jku": "https://desk.partner.example/keys"},
        {**HEADER, "typ": "JWT"},
        {**HEADER, "kid": "card-2"},
        {"alg": "ES256", "kid": "card-1"},
        {"alg": "ES256", "typ": "JOSE"},
    ],
    ids=str,
)
def test_a_header_that_the_policy_does_not_take_is_refused(header):
    assert "typ: JOSE" in refused(carrying(signature(CARD, header)))


def written(header: str, spoilt=lambda signed: signed) -> dict[str, str]:
    """A signature whose header is written like this."""
    protected = base64url_encode(header.encode()).decode()
    content = f"{protected}.{base64url_encode(rfc8785.dumps(CARD)).decode()}".encode()
    signed = get_default_algorithms()["ES256"].sign(content, scenes.private_key("card-1"))
    return {"protected": protected, "signature": spoilt(base64url_encode(signed).decode())}


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ('{"alg":"ES256","kid":"card-1","typ":"JOSE"}', True),
        ('{"typ":"JOSE","alg":"ES256","kid":"card-1"}', True),
        ('{"alg":"ES256","typ" : "JOSE","kid" : "card-1"}', True),
        ('{"alg": "ES256", "kid": "card-1", "typ": "JOSE"}', False),
        ('{"alg":"ES256","kid":"card-1","typ":"JOSE"}\n', False),
        ('{"alg":"ES256","kid":"card\\u002d1","typ":"JOSE"}', False),
        ('{"alg":"ES256","alg":"ES256","kid":"card-1","typ":"JOSE"}', False),
    ],
)
def test_an_entry_is_one_that_the_policy_reads(header, taken):
    """What the policy does not read, it would deny as a card that nobody has signed."""
    entry = '{"alg":"ES256","kid":"keys/1","typ":"JOSE"}'
    assert "without spaces" in refused(carrying(written(entry)), {"keys/1": jwk()})
    if taken:
        assert payload(peer_entry(carrying(written(header)), KEYS)) == CARD
    else:
        assert "without spaces" in refused(carrying(written(header)))


def test_a_second_spelling_of_a_signature_is_refused():
    # Of the last sign of 64 bytes, four bits are nobody's.
    last = {"A": "B", "Q": "R", "g": "h", "w": "x"}
    refused(
        carrying(written(json.dumps(HEADER, separators=(",", ":")), lambda s: s[:-1] + last[s[-1]]))
    )


def test_a_signature_of_somebody_else_is_refused():
    refused(carrying(signature(CARD, key="card-2")))
    refused(carrying(signature({**CARD, "url": "https://evil.example/"})))
    refused(carrying(signature(CARD)), {"card-1": jwk("RSA")})


def test_nobody_signs_with_a_public_key():
    header = {"alg": "HS256", "kid": "card-1", "typ": "JOSE"}
    token = PyJWS().encode(rfc8785.dumps(CARD), "a" * 32, "HS256", header)
    protected, _, signed = token.split(".")
    refused(carrying({"protected": protected, "signature": signed}))
    none = base64url_encode(json.dumps({**header, "alg": "none"}).encode()).decode()
    refused(carrying({"protected": none, "signature": ""}))


@pytest.mark.parametrize(
    ("card", "why"),
    [
        (b"", "JSON"),
        (b"[]", "not a JSON object"),
        (b'"card"', "not a JSON object"),
        (b'{"name": "a", "name": "b"}', "twice"),
        (b"{}", "no `signatures`"),
        (b'{"signatures": []}', "no `signatures`"),
        (b'{"signatures": {"0": {}}}', "no `signatures`"),
        (b'{"signatures": [{}], "n": 1e400}', ""),
        (b'{"signatures": [{}], "n": 9007199254740993}', ""),
        (b'{"signatures": [null, 7, [], {"protected": "a", "signature": "b"}]}', "typ: JOSE"),
        (b" " * (MAX_CARD + 1), "longer"),
    ],
)
def test_what_is_no_signed_card_is_refused(card, why):
    assert why in refused(card)
