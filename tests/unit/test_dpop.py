"""Proofs of possession that anybody may send: each is good, or refused by one code."""

import json

import jwt
import pytest

from inbounds.errors import TokenInvalid
from inbounds.identity import dpop
from inbounds.identity.signing_keys import SigningKey
from inbounds.process import clock

KEY = SigningKey.generate()
URL = "https://issuer.acme.example/tasks"
HEADER = {"typ": dpop.TYPE, "alg": "ES256", "jwk": KEY.public}
WHOLE = json.dumps(HEADER)
HOSTILE = {
    **{
        name: json.dumps(value)
        for name, value in {
            "half of a pair": "\ud800",
            "a control character": "a\0b",
            "a line": "a\n",
            "no ASCII": "é",
            "a long text": "x" * 300,
            "nothing": "",
            "null": None,
            "true": True,
            "a number": 1,
            "a negative number": -1,
            "a fraction": 0.5,
            "2**53": 2**53,
            "2**63": 2**63,
            "many digits": 10**400,
            "many digits below zero": -(10**400),
            "a list": ["x"],
            "a map": {"x": 1},
        }.items()
    },
    "infinity": "Infinity",
    "infinity below zero": "-Infinity",
    "no number": "NaN",
    "a large exponent": "1e308",
    "one that is too large": "1e400",
    "more digits than Python reads": "1" * 5000,
    "nested": "[" * 1500 + "]" * 1500,
}
"""JSON by what is unusual about it."""
CLAIMS = ("jti", "htm", "htu", "iat", "exp", "nbf", "aud", "iss", "sub", "other")


def signed(claims, header=WHOLE):
    """Sign any text as a proof."""
    part = jwt.utils.base64url_encode
    text = part(header.encode()) + b"." + part(claims.encode())
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(
        text, KEY._private
    )
    return (text + b"." + part(signature)).decode()


def members(**changed):
    """Return the text of an object, of texts of its members."""
    return "{" + ",".join(f'"{name}":{text}' for name, text in changed.items()) + "}"


def claims(**changed):
    said = {"jti": '"j"', "htm": '"POST"', "htu": json.dumps(URL), "iat": str(int(clock.now()))}
    return members(**{**said, **changed})


def proven(proof):
    return dpop.proven(proof, "POST", URL)


def refused(proof):
    with pytest.raises(TokenInvalid) as caught:
        proven(proof)
    assert caught.value.code == "issuer.proof"
    return caught.value.message


def test_one_that_holds():
    proof = proven(signed(claims()))

    assert (proof.jwk, proof.jti) == (KEY.public, "j")
    assert proven(signed(claims(other='"x"', jti=json.dumps("~ !" * 85)))).jti == "~ !" * 85


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("claim", CLAIMS)
def test_whatever_a_claim_is_it_is_refused_or_can_be_remembered(claim, name):
    """
    A number of 400 digits, and half of a surrogate pair, were answered as the issuer's own fault.
    """
    try:
        proof = proven(signed(claims(**{claim: HOSTILE[name]})))
    except TokenInvalid as error:
        if error.code != "issuer.proof":
            raise
        return
    assert proof.jti.encode("ascii")
    assert proof.until < 2**53


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("member", ["typ", "alg", "jwk", "kid", "crit", "b64"])
def test_whatever_the_header_holds_it_is_refused(member, name):
    said = {each: json.dumps(value) for each, value in HEADER.items()}

    refused(signed(claims(), members(**{**said, member: HOSTILE[name]})))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("member", ["kty", "crv", "x", "y", "d"])
def test_whatever_the_key_holds_it_is_refused(member, name):
    key = {each: json.dumps(value) for each, value in KEY.public.items()}
    said = {"typ": f'"{dpop.TYPE}"', "alg": '"ES256"'}

    refused(signed(claims(), members(**said, jwk=members(**{**key, member: HOSTILE[name]}))))


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_object_is_refused(name):
    refused(signed(HOSTILE[name]))
    refused(signed(claims(), HOSTILE[name]))


def test_what_two_readers_could_read_differently_is_refused():
    twice = claims()[:-1] + ',"jti":"k"}'
    refused(signed(twice))
    head, body, signature = signed(claims()).split(".")
    for parts in ((head, body), (head, body, signature, signature), (head, "", body, signature)):
        refused(".".join(parts))


@pytest.mark.parametrize("name", ["half of a pair", "no ASCII", "a line", "nothing", "a long text"])
def test_an_id_is_printable_ascii_of_bounded_length(name):
    refused(signed(claims(jti=HOSTILE[name])))
