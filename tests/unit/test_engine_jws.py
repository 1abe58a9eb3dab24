"""Tokens as the host reads and verifies them: each part, each algorithm, and which key is taken."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
from random import Random
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inbounds.engine import jws
from inbounds.engine.values import BuiltinError

CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
EC = {alg: ec.generate_private_key(curve) for alg, curve in CURVES.items()}
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()
OTHER = ec.generate_private_key(ec.SECP256R1())
PRIVATE: dict[str, Any] = {
    **EC,
    **{f"{kind}{bits}": RSA for kind in ("RS", "PS") for bits in (256, 384, 512)},
    "EdDSA": ED,
}
NOT_LATIN = "é"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(
    alg: str = "ES256", *, header: Any = None, payload: bytes = b'{"sub":"a"}', key: Any = None
) -> str:
    """A token with a good signature, whatever its header and payload are."""
    head = header if isinstance(header, bytes) else json.dumps(header or {"alg": alg}).encode()
    signed = f"{b64(head)}.{b64(payload)}"
    signature = jwt.get_algorithm_by_name(alg).sign(signed.encode(), key or PRIVATE[alg])
    return f"{signed}.{b64(signature)}"


def pem(key: Any) -> str:
    public = key.public_key()
    return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def jwk(key: Any, **members: Any) -> dict[str, Any]:
    made = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key()))
    return {**made, **members}


def keys(*documents: Any) -> str:
    return json.dumps({"keys": documents})


def decoded(whole: Any) -> Any:
    return json.loads(jws.decode(whole))


KEY = pem(EC["ES256"])
GOOD = token()
HEAD, PAYLOAD, SIGNATURE = GOOD.split(".")


# --- parts ---------------------------------------------------------------------------------


def test_a_token_in_its_parts() -> None:
    signature = base64.urlsafe_b64decode(SIGNATURE + "==")
    assert decoded(GOOD) == [{"alg": "ES256"}, {"sub": "a"}, signature.hex()]
    assert decoded(f"{HEAD}.{PAYLOAD}.") == [{"alg": "ES256"}, {"sub": "a"}, ""]


@pytest.mark.parametrize("whole", [None, 1, True, ["a.b.c"], {"a": 1}, "", "..", HEAD])
def test_what_is_no_token(whole: Any) -> None:
    for ask in (jws.decode, lambda it: jws.verify("es256", it, KEY)):
        with pytest.raises(BuiltinError):
            ask(whole)


@pytest.mark.parametrize("whole", [f"{HEAD}.{PAYLOAD}", f"{GOOD}.", f"{GOOD}.{PAYLOAD}"])
def test_a_token_has_three_parts(whole: str) -> None:
    with pytest.raises(BuiltinError):
        jws.decode(whole)
    with pytest.raises(BuiltinError):
        jws.verify("es256", whole, KEY)
    assert not jws.readable(whole)


@pytest.mark.parametrize("key", [None, 1, [], {"keys": []}, "", "x"])
def test_what_is_no_key(key: Any) -> None:
    with pytest.raises(BuiltinError):
        jws.verify("es256", GOOD, key)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("YQ", b"a"),
        ("YQ==", b"a"),
        ("YWI", b"ab"),
        ("YWI=", b"ab"),
        ("YWJj", b"abc"),
        ("YR", b"a"),
        ("_-8", b"\xff\xef"),
        ("Y\nQ==", b"a"),
        ("Y\rQ==", b"a"),
        ("Y\r\nWJj\r\n", b"abc"),
        ("YW\n\n\n\nJj", b"abc"),
        ("YW\r\r\r\rJj", b"abc"),
        ("YW\n\r\n\rJq", b"abj"),
    ],
)
def test_what_is_base64url(text: str, data: bytes) -> None:
    """
    Padding may be left out, the bits at the end are not read, and ends of lines are left out.
    """
    assert jws.base64url(text) == data


@pytest.mark.parametrize(
    "text",
    [
        *("Y", "YQ=", "YQ===", "YQ====", "YWI==", "YWJj=", "YWJj==", "YWJj===", "YWJj====", "="),
        *("====", "=YQ", "Y=Q=", "YWJ j", " YWJj", "YWJj ", "/+8", "_+8", "YWJj!", "YWJjY"),
        *("YQ==YWJj", "YWJ" + NOT_LATIN, "YW\udc80j", "Y\nQ", "\n\n", "YW\n\n\nJj"),
    ],
)
def test_what_is_no_base64url(text: str) -> None:
    with pytest.raises(BuiltinError):
        jws.base64url(text)


# --- header and payload --------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        *(b"", b"x", b"[]", b"null", b'"a"', b"1", b'{"alg":"ES256"}x', b'{"x":01}', b'{"x":1.}'),
        *(b'{"x":NaN}', b'{"x":Infinity}', b'{"x":-Infinity}', b'\xef\xbb\xbf{"alg":"ES256"}'),
        *(b'{"enc":"A128GCM"}', b'{"enc":null}', b'{"x":"\x01"}', b'{"x":' + b"[" * 100_000),
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda header: header[:16],
)
def test_a_header_that_is_none(header: bytes) -> None:
    whole = token(header=header or b" ")
    for ask in (jws.decode, lambda it: jws.verify("es256", it, KEY)):
        with pytest.raises(BuiltinError):
            ask(whole)


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (b"{}", {}),
        (b'{"alg":"RS256","alg":"ES256"}', {"alg": "ES256"}),
        (b' {"alg":"ES256"} ', {"alg": "ES256"}),
        (b'{"x":"\xff\xfe"}', {"x": "\ufffd\ufffd"}),
        (b'{"x":"\\ud800"}', {"x": "\ufffd"}),
        (b'{"x":"\\ud83d\\ude00"}', {"x": "\U0001f600"}),
        (b'{"x":"\\u00e9"}', {"x": NOT_LATIN}),
        (b'{"x":"\\udc00\\ud83d"}', {"x": "\ufffd\ufffd"}),
        (b'{"x":"\\uD83D\\ud83d\\uDe00\\udfff"}', {"x": "\ufffd\U0001f600\ufffd"}),
        (b'{"x":"\\\\ud800\\\\\\udbff"}', {"x": "\\ud800\\\ufffd"}),
        (b'{"\\ud800":"\\u0000\\ud7ff\\ue000"}', {"\ufffd": "\0\ud7ff\ue000"}),
    ],
)
def test_a_header_as_go_reads_it(header: bytes, read: Any) -> None:
    assert decoded(token(header=header))[0] == read


def test_a_payload_may_be_nested_with_signs_in_it() -> None:
    """
    What is deep enough to be read is deep enough to be written, whatever signs are in it.
    """
    deep = b"[" * 900 + b'"\\ud800"' + b"]" * 900
    assert '"\ufffd"' in jws.decode(token(payload=b'{"a":' + deep + b"}"))


@pytest.mark.parametrize("beside", [b"", b',"x":"\\ud800"'])
def test_numbers_stay_as_they_are_written(beside: bytes) -> None:
    written = '{"a":1e400,"b":1.50,"c":-0,"d":-0.0,"e":1E5,"f":' + "1" * 5000
    text = jws.decode(token(payload=written.encode() + beside + b"}"))
    assert f",{written}" in text


@pytest.mark.parametrize(
    "payload",
    [b"", b"x", b"[]", b"null", b'"a"', b"{}x", b'{"a":[1,]}', b'{"a":1.}', b'{"a":NaN}', b"\v{}"],
)
def test_a_payload_that_is_none(payload: bytes) -> None:
    whole = token(payload=payload)
    assert not jws.readable(whole)
    with pytest.raises(BuiltinError):
        jws.decode(whole)
    # The signature is good all the same: the payload is not looked at.
    assert jws.verify("es256", whole, KEY)


def test_a_payload_is_readable() -> None:
    for payload in (b"{}", b' {"exp":1.5} ', b'{"exp":' + b"1" * 5000 + b"}", b'{"a":"\xff"}'):
        assert jws.readable(token(payload=payload))
    for whole in (f"{HEAD}.é.{SIGNATURE}", f"{HEAD}..{SIGNATURE}", "x"):
        assert not jws.readable(whole)


NO_TEXT = (None, 0, 1, False, [], {}, ["a"])


@pytest.mark.parametrize("name", ["alg", "kid", "typ", "cty"])
def test_a_member_of_the_header_that_is_a_string(name: str) -> None:
    for value in NO_TEXT:
        with pytest.raises(BuiltinError):
            jws.verify("es256", token(header={name: value}), KEY)
    assert jws.verify("es256", token(header={name: "x", "alg": "ES256"}), KEY)


def test_a_content_type_that_is_no_string_is_not_decoded() -> None:
    for value in NO_TEXT:
        with pytest.raises(BuiltinError):
            jws.decode(token(header={"alg": "ES256", "cty": value}))
    assert decoded(token(header={"cty": "x"}))[0] == {"cty": "x"}


@pytest.mark.parametrize("crit", [[], "b64", "", None, 1, {}, [1], [None], [1, "b64"], [["b64"]]])
def test_critical_members_that_are_malformed(crit: Any) -> None:
    with pytest.raises(BuiltinError):
        jws.verify("es256", token(header={"crit": crit}), KEY)


@pytest.mark.parametrize("crit", [["exp"], ["exp", 1], [""]])
def test_critical_members(crit: Any) -> None:
    assert jws.verify("es256", token(header={"crit": crit}), KEY)


# --- a token in a token --------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}", '"{}"', "'{}'", "\"'{}'\""])
def test_a_token_in_a_token(form: str) -> None:
    whole = token(header={"cty": "JWT"}, payload=form.format(GOOD).encode())
    assert decoded(whole) == decoded(GOOD)


@pytest.mark.parametrize("signature", ["YWJq", "qqqq", "Jyc_"])
def test_how_a_token_in_a_token_ends(signature: str) -> None:
    """
    Quotes around it are taken off, and nothing of the token itself.
    """
    inner = f"{HEAD}.{PAYLOAD}.{signature}"
    whole = token(header={"cty": "JWT"}, payload=f'"{inner}"'.encode())
    assert decoded(whole)[2] == base64.urlsafe_b64decode(signature).hex()


@pytest.mark.parametrize("inner", [b"\xff", b"", b'{"sub":"a"}', b" " + GOOD.encode()])
def test_a_token_in_a_token_that_is_none(inner: bytes) -> None:
    with pytest.raises(BuiltinError):
        jws.decode(token(header={"cty": "JWT"}, payload=inner))


@pytest.mark.parametrize("kind", ["jwt", "JWTq", "JSON", ""])
def test_another_content_is_decoded_as_it_is(kind: str) -> None:
    assert decoded(token(header={"cty": kind}))[1] == {"sub": "a"}


# --- algorithms ----------------------------------------------------------------------------


@pytest.mark.parametrize("alg", PRIVATE)
def test_an_algorithm(alg: str) -> None:
    """
    It verifies what its own has signed, and neither another key, message nor signature.
    """
    name, whole, key = alg.lower(), token(alg), pem(PRIVATE[alg])
    head, payload, signature = whole.split(".")
    assert jws.verify(name, whole, key) is True
    assert jws.verify(name, whole, pem(OTHER)) is False
    assert jws.verify(name, f"{head}.{b64(b'{}')}.{signature}", key) is False
    assert jws.verify(name, f"{b64(b'{ }')}.{payload}.{signature}", key) is False
    raw = base64.urlsafe_b64decode(signature + "==")
    half = len(raw) // 2
    swapped = raw[half:] + raw[:half]
    for other in (b"", raw[:-1], raw + b"\0", b"\0" + raw, swapped, bytes(len(raw)), raw + raw):
        assert jws.verify(name, f"{head}.{payload}.{b64(other)}", key) is False


@pytest.mark.parametrize(("alg", "named"), list(itertools.permutations(PRIVATE, 2)))
def test_an_algorithm_for_another(alg: str, named: str) -> None:
    """
    Only an elliptic curve's signature can hold with another one's hash: never here.
    """
    whole = token(alg)
    for key in (PRIVATE[alg], PRIVATE[named]):
        assert jws.verify(named.lower(), whole, pem(key)) is False


def test_a_key_of_another_curve() -> None:
    """
    Which curve a key is on is for the policy to ask (`io.jwt.verify_es256` does not).
    """
    key = EC["ES384"]
    signed = f"{HEAD}.{PAYLOAD}"
    r_and_s = jwt.get_algorithm_by_name("ES256").sign(signed.encode(), OTHER)
    assert jws.verify("es256", f"{signed}.{b64(r_and_s)}", pem(OTHER))
    assert not jws.verify("es256", f"{signed}.{b64(r_and_s)}", pem(key))


def test_numbers_of_a_signature_may_be_of_any_length() -> None:
    head, payload, signature = GOOD.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    longer = b"\0" + raw[:32] + b"\0" + raw[32:]
    assert jws.verify("es256", f"{head}.{payload}.{b64(longer)}", KEY)


def test_a_key_that_verifies_nothing() -> None:
    assert jws.verify("es256", GOOD, keys({"kty": "oct", "k": "AA"})) is False
    assert jws.verify("es256", GOOD, keys({"kty": "oct", "k": "AA"}, jwk(EC["ES256"]))) is True
    assert jws.verify("es256", GOOD, keys()) is False


def prime(bits: int, r: Random) -> int:
    """A number that is most likely prime, whose two highest bits are set."""
    while True:
        number = r.getrandbits(bits) | (3 << (bits - 2)) | 1
        if pow(2, number - 1, number) == 1 and math.gcd(number - 1, 65537) == 1:
            return number


def signed_by_hand(bits: int, exponent: int) -> tuple[str, str]:
    """A token signed with RSA (PKCS #1 v1.5), and its key: of a size that no library makes."""
    r = Random(f"{bits} {exponent}")
    while True:
        p, q = prime((bits + 1) // 2, r), prime(bits // 2, r)
        phi = (p - 1) * (q - 1)
        if (p * q).bit_length() == bits and math.gcd(exponent, phi) == 1:
            break
    n, d = p * q, pow(exponent, -1, phi)
    message = f"{b64(b'{}')}.{PAYLOAD}"
    digest = bytes.fromhex("3031300d060960864801650304020105000420")
    digest += hashlib.sha256(message.encode()).digest()
    size = (bits + 7) // 8
    padded = b"\0\x01" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    signature = pow(int.from_bytes(padded, "big"), d, n).to_bytes(size, "big")
    octets = {"n": n.to_bytes(size, "big"), "e": exponent.to_bytes(8, "big").lstrip(b"\0")}
    key = {"kty": "RSA", **{name: b64(value) for name, value in octets.items()}}
    return f"{message}.{b64(signature)}", json.dumps(key)


@pytest.mark.parametrize(
    ("bits", "exponent", "verifies"),
    [
        (1024, 65537, True),
        (1025, 65537, True),
        (1023, 65537, False),
        (512, 65537, False),
        (1024, 3, True),
        (1024, 2**31 - 1, True),
        (1024, 2**31 + 11, False),
        (1024, 2**62 + 135, False),
    ],
)
def test_a_key_of_rsa_that_is_strong_enough(bits: int, exponent: int, *, verifies: bool) -> None:
    """
    At least 1024 bits, and an exponent that Go's library takes, however well it has signed.
    """
    assert jws.verify("rs256", *signed_by_hand(bits, exponent)) is verifies


# --- which key -----------------------------------------------------------------------------

OURS, THEIRS = jwk(EC["ES256"]), jwk(OTHER)


def test_a_key_that_is_named() -> None:
    """
    The first key of that name is tried and no other; a name that no key has names none.
    """
    whole = token(header={"alg": "ES256", "kid": "a"})
    ours, theirs = {**OURS, "kid": "a"}, {**THEIRS, "kid": "a"}
    assert jws.verify("es256", whole, keys(THEIRS, ours)) is True
    assert jws.verify("es256", whole, keys(OURS, theirs)) is False
    assert jws.verify("es256", whole, keys(theirs, ours)) is False
    assert jws.verify("es256", whole, keys({**THEIRS, "kid": "b"}, {**OURS, "kid": "b"})) is True


def test_a_key_that_is_named_may_be_for_another_algorithm() -> None:
    whole = token(header={"alg": "ES256", "kid": "a"})
    assert jws.verify("es256", whole, keys({**OURS, "kid": "a", "alg": "ES384"})) is True


def test_a_token_that_names_no_key() -> None:
    for header in ({"alg": "ES256"}, {"alg": "ES256", "kid": ""}):
        whole = token(header=header)
        for kid in ("", "a", "q"):
            assert jws.verify("es256", whole, keys({**THEIRS, "kid": kid}, OURS)) is True


def test_a_key_that_names_its_algorithm() -> None:
    """
    It is tried with tokens that name the same.
    """
    for header, alg, verifies in (
        ({"alg": "ES256"}, "ES256", True),
        ({"alg": "ES256"}, "ES384", False),
        ({"alg": "ES384"}, "ES256", False),
        ({"kid": ""}, "ES256", False),
    ):
        assert jws.verify("es256", token(header=header), keys({**OURS, "alg": alg})) is verifies
    assert jws.verify("es256", token(header={"kid": ""}), keys(OURS)) is True
