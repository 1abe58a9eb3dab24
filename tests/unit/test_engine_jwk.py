"""The keys that tokens are verified with: which are read, which are refused, and what as."""

from __future__ import annotations

import base64
import datetime as dt
import json
from itertools import count
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inbounds.engine.jwk import Key, read_keys
from inbounds.engine.values import BuiltinError

EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()
OF_EC, OF_RSA, OF_ED = (Key(key.public_key()) for key in (EC, RSA, ED))
VERIFIES_NOTHING = Key(None)

SIGNATURES = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
    *("HS256", "HS384", "HS512", "EdDSA"),
)
# RFC 7518 §4.1 and §5.1, RFC 8812 §3.2, RFC 9864 §2.2, and what signs nothing.
OTHERS = (
    *("RSA1_5", "RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512", "dir", "none"),
    *("A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW"),
    *("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW", "ES256K", "Ed25519"),
    *("PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"),
    *("A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"),
)


def written(key: Any, **members: Any) -> dict[str, Any]:
    """The key as a JWK, with other members."""
    kind = {EC: "ES256", RSA: "RS256", ED: "EdDSA"}
    known = next((alg for each, alg in kind.items() if each is key), "ES256")
    made = json.loads(jwt.get_algorithm_by_name(known).to_jwk(key.public_key()))
    return {"kty": made.pop("kty"), **{k: v for k, v in made.items() if k != "key_ops"}, **members}


def private(key: Any) -> dict[str, Any]:
    """The private key as a JWK."""
    name = "RS256" if key is RSA else "EdDSA" if key is ED else "ES256"
    made: dict[str, Any] = json.loads(jwt.get_algorithm_by_name(name).to_jwk(key))
    return made


def pem(key: Any) -> str:
    public = key.public_key()
    return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def certificate(key: Any) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "probe")])
    moment = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(moment).not_valid_after(moment.replace(year=2044))
    signed = builder.public_key(key.public_key()).sign(EC, hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode()


def in_chain(key: Any) -> str:
    """A certificate as `x5c` has it."""
    return "".join(certificate(key).splitlines()[1:-1])


def read(*documents: Any) -> tuple[Key, ...]:
    """Read one JWK, or several as a key set."""
    one = documents[0] if len(documents) == 1 else {"keys": list(documents)}
    return read_keys(one if isinstance(one, str) else json.dumps(one))


def base64url(number: bytes) -> str:
    return base64.urlsafe_b64encode(number).rstrip(b"=").decode()


# --- PEM -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        *map(
            ec.generate_private_key,
            (ec.SECP224R1(), ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()),
        ),
        *(RSA, ED),
    ],
    ids=["P-224", "P-256", "P-384", "P-521", "RSA", "Ed25519"],
)
@pytest.mark.parametrize("form", [pem, certificate])
def test_a_pem_is_read(key: Any, form: Any) -> None:
    assert read(form(key)) == (Key(key.public_key()),)


@pytest.mark.parametrize(
    "text",
    [
        certificate(x25519.X25519PrivateKey.generate()),
        certificate(ed448.Ed448PrivateKey.generate()),
        pem(x25519.X25519PrivateKey.generate()),
        pem(dsa.generate_private_key(1024)),
    ],
    ids=["a certificate of X25519", "a certificate of Ed448", "X25519", "DSA"],
)
def test_a_pem_of_a_kind_that_verifies_nothing(text: str) -> None:
    assert read(text) == (VERIFIES_NOTHING,)


BODY = pem(EC).splitlines()[1]
# A key of a kind that nobody has numbered.
UNKNOWN = base64.b64encode(bytes.fromhex("300b300506032a030403020000")).decode()
PKCS1 = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


@pytest.mark.parametrize(
    "text",
    [
        *map(pem, map(ec.generate_private_key, (ec.SECP256K1(), ec.BrainpoolP256R1()))),
        certificate(ec.generate_private_key(ec.SECP256K1())),
        pem(ed448.Ed448PrivateKey.generate()),
        pem(x448.X448PrivateKey.generate()),
        PKCS1,
        f"-----BEGIN PUBLIC KEY-----\n{UNKNOWN}\n-----END PUBLIC KEY-----\n",
        pem(EC).replace(BODY, BODY[:-1]),
        pem(EC).replace(BODY, BODY[:-4]),
        certificate(EC).replace("CERTIFICATE", "PUBLIC KEY"),
        pem(EC).replace("PUBLIC KEY", "CERTIFICATE"),
        pem(EC) + "x",
        pem(EC) + pem(EC),
        pem(EC).lower(),
        pem(EC).replace("\n", ""),
        " " + pem(EC),
    ],
)
def test_a_pem_that_is_refused(text: str) -> None:
    with pytest.raises(BuiltinError):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        pem(EC).strip(),
        pem(EC).replace("\n", "\r\n"),
        pem(EC).replace("\n", " \t\n"),
        "x\n" + pem(EC),
    ],
)
def test_a_pem_as_programs_write_it(text: str) -> None:
    """
    Lines end as they do elsewhere, and something may stand before it.
    """
    assert read(text) == (OF_EC,)


# --- JWK and JWKS --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "key"),
    [(written(EC), OF_EC), (written(RSA), OF_RSA), (written(ED), OF_ED)],
    ids=["EC", "RSA", "Ed25519"],
)
def test_a_jwk_is_read(document: Any, key: Key) -> None:
    assert read(document) == (key,)
    assert read_keys(json.dumps({"keys": [document]})) == (key,)
    assert read(written(EC, kid="other"), document)[1:] == (key,)


@pytest.mark.parametrize(
    ("curve", "alg"), [(ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")], ids=["P-384", "P-521"]
)
def test_every_curve_of_jose(curve: ec.EllipticCurve, alg: str) -> None:
    key = ec.generate_private_key(curve)
    document = json.loads(jwt.get_algorithm_by_name(alg).to_jwk(key.public_key()))
    assert read(document) == (Key(key.public_key()),)


def test_what_a_key_says_of_itself_is_kept() -> None:
    assert read(written(EC, kid="a", alg="ES256")) == (Key(EC.public_key(), "ES256", "a"),)
    assert read(written(EC, kid=None)) == (OF_EC,)


@pytest.mark.parametrize("alg", SIGNATURES)
def test_a_key_for_signatures(alg: str) -> None:
    assert read(written(EC, alg=alg)) == (Key(EC.public_key(), alg),)


@pytest.mark.parametrize("alg", OTHERS)
def test_a_key_for_something_else_is_left_out(alg: str) -> None:
    """
    Another algorithm of RFC 7518 takes the key out of the set, and leaves the others in it.
    """
    assert read(written(EC, alg=alg)) == ()
    assert read(written(EC, alg=alg), written(RSA)) == (OF_RSA,)


@pytest.mark.parametrize("alg", ["", None, 0, 1, [], ["ES256"], {}, "es256", "x", "ES256 "])
def test_an_algorithm_that_nobody_knows(alg: Any) -> None:
    with pytest.raises(BuiltinError):
        read(written(EC, alg=alg))


def test_a_set_has_a_bound() -> None:
    """
    Of a thousand keys each may be tried with each token; no more are read.
    """
    assert len(read_keys(json.dumps({"keys": [written(EC)] * 1000}))) == 1000
    with pytest.raises(BuiltinError):
        read_keys(json.dumps({"keys": [written(EC)] * 1001}))


def test_an_empty_set_is_read() -> None:
    assert read_keys('{"keys":[]}') == ()


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "{", "null", "1", '"a"', '"keys"', "[]", '["keys"]', "{}", "[[[[" * 50_000),
        *('{"keys":null}', '{"keys":{}}', '{"keys":"EC"}', '{"keys":[1]}', '{"keys":[{}]}'),
        json.dumps(written(EC, more=float("nan"))),
        json.dumps(written(EC)) + "x",
        json.dumps(written(EC))[:-1] + ',"kid":1,"kid":"a"}',
        json.dumps(written(EC))[:-1] + ',"more":{"a":1,"a":1}}',
        json.dumps({"keys": [written(EC)], "more": 1}).replace('"more"', '"keys"'),
        json.dumps(written(EC))[:-1] + ',"more":' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(BuiltinError):
        read_keys(text)


def test_one_bad_key_spoils_the_set() -> None:
    with pytest.raises(BuiltinError):
        read(written(EC), {"kty": "XX"})


# --- members -------------------------------------------------------------------------------

NO_TEXT = (0, 1, False, True, [], {}, 0.0, ["a"], {"a": 1})


@pytest.mark.parametrize("name", ["kid", "use", "x5t", "x5t#S256", "x5u"])
def test_a_member_that_is_a_string_or_null(name: str) -> None:
    for value in (None, "", "a"):
        assert read(written(EC, **{name: value}))[0].public == EC.public_key()
    for value in NO_TEXT:
        with pytest.raises(BuiltinError):
            read(written(EC, **{name: value}))


@pytest.mark.parametrize("name", ["kty", "crv", "x", "y"])
def test_a_member_that_a_key_needs(name: str) -> None:
    with pytest.raises(BuiltinError):
        read({member: value for member, value in written(EC).items() if member != name})
    for value in (*NO_TEXT, None, "", "é"):
        with pytest.raises(BuiltinError):
            read(written(EC, **{name: value}))


@pytest.mark.parametrize("document", [written(RSA), written(ED), {"kty": "oct", "k": "AA"}])
def test_members_that_other_kinds_need(document: dict[str, Any]) -> None:
    for name in document:
        for value in (*NO_TEXT, None, "", "é"):
            with pytest.raises(BuiltinError):
                read({**document, name: value})


def test_a_curve_of_a_member_that_nobody_reads() -> None:
    """
    What only stands in the members of RFC 7517 is read for every kind of key.
    """
    assert read(written(RSA, crv="x")) == (OF_RSA,)
    with pytest.raises(BuiltinError):
        read(written(RSA, crv=1))


def test_what_a_key_is_for() -> None:
    for operations in (None, [], ["verify"], ["sign", "x"], [None]):
        assert read(written(EC, key_ops=operations)) == (OF_EC,)
    for operations in ("verify", "", 0, False, {}, [1], ["verify", []]):
        with pytest.raises(BuiltinError):
            read(written(EC, key_ops=operations))


def test_the_certificates_of_a_key() -> None:
    """
    They are read, and need not be of this key (RFC 7517 §4.7).
    """
    for chain in ([], [in_chain(EC)], [in_chain(RSA), in_chain(EC)]):
        assert read(written(EC, x5c=chain)) == (OF_EC,)
    good = in_chain(EC)
    unsound = f"{good[:8]}-{good[8:]}"
    spoilt = (
        [unsound],
        [""],
        ["x"],
        ["AAAA"],
        [1],
        [None],
        [good, 1],
        [good[:-4]],
        ["é"],
        ["-" + good[1:]],
    )
    for chain in (None, "", good, 0, {}, *spoilt):
        with pytest.raises(BuiltinError):
            read(written(EC, x5c=chain))


def test_members_that_nobody_knows() -> None:
    assert read(written(EC, more={"a": [1.5]}, k=1, n=None)) == (OF_EC,)


# --- numbers -------------------------------------------------------------------------------


def with_signs() -> dict[str, Any]:
    """A key with both of the signs in which the two alphabets of base64 differ."""
    for number in count(1):  # the same one each time
        document = written(ec.derive_private_key(number, ec.SECP256R1()))
        if {"-", "_"} <= set(document["x"]):
            return document
    raise AssertionError


def test_either_alphabet() -> None:
    document = with_signs()
    standard = document["x"].replace("-", "+").replace("_", "/")
    assert read({**document, "x": standard}) == read(document)
    for mixed in (document["x"].replace("-", "+"), document["x"].replace("_", "/")):
        with pytest.raises(BuiltinError):
            read({**document, "x": mixed})


def test_padding_and_ends_of_lines() -> None:
    x = written(EC)["x"]
    for form in (x + "=", x[:5] + "\n" + x[5:], "\r\n" + x + "\r\n", x + "\n="):
        assert read(written(EC, x=form)) == (OF_EC,)
    for form in (x + "==", "=" + x, x + "=\n", x + " ", x[:5] + " " + x[5:], x[:5] + "=" + x[5:]):
        with pytest.raises(BuiltinError):
            read(written(EC, x=form))


@pytest.mark.parametrize("k", ["AA", "AAA", "AAAA", "AA==", "AAA=", "A\nA", "AAAAAA==", "AAAAAAA="])
def test_a_symmetric_key_verifies_nothing(k: str) -> None:
    assert read({"kty": "oct", "k": k}) == (VERIFIES_NOTHING,)
    assert read({"kty": "oct", "k": k, "d": 1}, written(EC)) == (VERIFIES_NOTHING, OF_EC)


@pytest.mark.parametrize(
    "k", ["A", "A===", "AA=", "AA=A", "AAAA=", "AAAAA", "====", "=", "\n", "A+_A"]
)
def test_a_symmetric_key_that_is_none(k: str) -> None:
    with pytest.raises(BuiltinError):
        read({"kty": "oct", "k": k})


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP521R1()], ids=["P-256", "P-521"])
def test_a_coordinate_has_the_length_of_its_curve(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    name = "ES256" if curve.key_size == 256 else "ES512"
    document = json.loads(jwt.get_algorithm_by_name(name).to_jwk(key.public_key()))
    size = (curve.key_size + 7) // 8
    numbers = key.public_key().public_numbers()
    for member, number in (("x", numbers.x), ("y", numbers.y)):
        octets = number.to_bytes(size, "big")
        for other in (b"\0" + octets, octets[1:], octets + b"\0"):
            with pytest.raises(BuiltinError):
                read({**document, member: base64url(other)})


def test_a_point_lies_on_its_curve() -> None:
    document = written(EC)
    for x, y in ((document["y"], document["x"]), ("A" * 43, "A" * 43), (document["x"], "A" * 43)):
        with pytest.raises(BuiltinError):
            read({**document, "x": x, "y": y})
    for curve in ("P-384", "P-521", "P-224", "secp256k1", "Ed25519"):
        with pytest.raises(BuiltinError):
            read({**document, "crv": curve})


@pytest.mark.parametrize("exponent", [2**31 - 1, 2**31 + 11, 2**33 + 1, 2**62 + 1, 2**64 - 1])
def test_an_exponent_of_rsa(exponent: int) -> None:
    """
    Which of them verify is for the signature to find out; none of more than 63 bits is read.
    """
    document = written(RSA, e=base64url(exponent.to_bytes(9, "big")))
    if exponent < 2**63:
        (key,) = read(document)
        numbers = rsa.RSAPublicNumbers(exponent, RSA.public_key().public_numbers().n)
        assert key == Key(numbers.public_key())
    else:
        with pytest.raises(BuiltinError):
            read(document)


@pytest.mark.parametrize("e", ["AQ", "AAAAAQ"])
def test_an_exponent_with_which_nothing_is_verified(e: str) -> None:
    assert read(written(RSA, e=e), written(EC)) == (VERIFIES_NOTHING, OF_EC)


@pytest.mark.parametrize(
    "members",
    [{"e": "Ag"}, {"e": "AA"}, {"n": "AA"}, {"e": base64url((2**63 + 1).to_bytes(8, "big"))}],
)
def test_an_rsa_key_that_is_malformed(members: dict[str, str]) -> None:
    with pytest.raises(BuiltinError):
        read(written(RSA, **members))


def test_a_modulus_too_short_to_be_one_verifies_nothing() -> None:
    assert read(written(RSA, n="AQ")) == (VERIFIES_NOTHING,)


def test_octet_key_pairs() -> None:
    x = written(ED)["x"]
    assert read(written(ED, crv="X25519")) == (VERIFIES_NOTHING,)
    for members in ({"crv": "Ed448"}, {"crv": "P-256"}, {"x": x + "AA"}, {"x": x[:-2]}):
        with pytest.raises(BuiltinError):
            read(written(ED, **members))


# --- private keys --------------------------------------------------------------------------


@pytest.mark.parametrize("key", [EC, RSA, ED], ids=["EC", "RSA", "Ed25519"])
def test_a_private_key_verifies_nothing(key: Any) -> None:
    assert read(private(key)) == (VERIFIES_NOTHING,)
    assert read(private(key), written(EC)) == (VERIFIES_NOTHING, OF_EC)


@pytest.mark.parametrize("key", [EC, RSA, ED], ids=["EC", "RSA", "Ed25519"])
@pytest.mark.parametrize("d", ["", "A", "=", "é", "x y", None, 0, 1, [], {}])
def test_a_private_key_that_is_malformed(key: Any, d: Any) -> None:
    with pytest.raises(BuiltinError):
        read({**private(key), "d": d})


@pytest.mark.parametrize("key", [EC, ED], ids=["EC", "Ed25519"])
def test_a_private_key_has_the_length_of_its_curve(key: Any) -> None:
    d = private(key)["d"]
    for other in ("AA", d + "AA", d[:-2]):
        with pytest.raises(BuiltinError):
            read({**private(key), "d": other})


def test_a_private_key_of_x25519() -> None:
    of_ed = private(ED)
    assert read({**of_ed, "crv": "X25519"}) == (VERIFIES_NOTHING,)
    with pytest.raises(BuiltinError):
        read({**of_ed, "crv": "X25519", "d": "AA"})


@pytest.mark.parametrize("name", ["p", "q", "dp", "dq", "qi"])
def test_the_primes_of_a_private_key(name: str) -> None:
    document = private(RSA)
    without = {member: value for member, value in document.items() if member != name}
    for value in (1, "x y", [], False):
        with pytest.raises(BuiltinError):
            read({**document, name: value})
    if name in ("p", "q"):
        for spoilt in (without, {**document, name: None}):
            with pytest.raises(BuiltinError):
                read(spoilt)
    else:
        assert read(without) == read({**document, name: None}) == (VERIFIES_NOTHING,)
    assert read(written(RSA, **{name: 1})) == (OF_RSA,)
