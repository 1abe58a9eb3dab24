"""Every built-in that the host provides, against OPA: value for value, error for error."""

from __future__ import annotations

import base64
import datetime as dt
import json
import string
import time
from random import Random

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tests import builtin_answers, builtin_arguments, engines

from inbounds.engine import jws
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.engine.values import BuiltinError
from inbounds.errors import InvalidAnswer

TAKEN = builtin_arguments.taken()
ARITY = {name: len(examples[0]) for name, examples in TAKEN.items()}
NO_ANSWER = builtin_answers.NONE


def canonical(answer):
    return json.dumps(answer, sort_keys=True)


def rule_of(name):
    return "of_" + name.replace(".", "_")


def probe_source():
    """A module with one rule for each built-in, which takes its arguments from the input."""
    lines = ["package probe", ""]
    for name, arity in ARITY.items():
        arguments = ", ".join(f"value(input.arguments[{i}])" for i in range(arity))
        lines.append(f"{rule_of(name)} := {name}({arguments})")
        lines.append("")
    # JSON has no sets, and its strings are UTF-8: the probe makes what it lacks.
    lines += [
        'leaf(x) := {m | some m in x["$set"]} if is_array(x["$set"])',
        "",
        'else := hex.decode(x["$bytes"]) if is_string(x["$bytes"])',
        "",
        "else := x",
        "",
        "value(x) := {k: leaf(v) | some k, v in x} if _plain(x)",
        "",
        "else := [leaf(v) | some v in x] if is_array(x)",
        "",
        "else := leaf(x)",
        "",
        '_plain(x) if {\n\tis_object(x)\n\tobject.keys(x) & {"$set", "$bytes"} == set()\n}',
        "",
        "thumbprint := base64url.encode_no_pad(hex.decode(crypto.sha256(input.text)))",
    ]
    return "\n".join(lines) + "\n"


class Both:
    """One question to both engines."""

    def __init__(self, server, policy):
        self.server = server
        self.policy = policy

    def embedded(self, name, *arguments):
        question = json.dumps({"arguments": arguments}, ensure_ascii=False).encode("utf-8")
        try:
            deadline = time.monotonic() + 30
            return self.policy.ask(f"probe/{rule_of(name)}", question, deadline=deadline).result
        except InvalidAnswer:
            return NO_ANSWER

    def opa(self, name, *arguments):
        try:
            return self.server.ask(f"probe/{rule_of(name)}", {"arguments": arguments})
        except (engines.OpaError, engines.Undefined, OSError):
            return NO_ANSWER  # OSError: it panics, and hangs up, on a `cty` that is not a string

    def agree(self, name, *arguments):
        """Assert that both say the same, and return it."""
        expected = self.opa(name, *arguments)
        got = self.embedded(name, *arguments)
        assert json.dumps(got, sort_keys=True) == json.dumps(expected, sort_keys=True), (
            f"{name}{arguments!r}: embedded {got!r}, OPA {expected!r}"
        )
        return got

    def agree_on_all(self, calls):
        """Assert that both say the same in every call, and name all in which they do not."""
        different = []
        for call in calls:
            try:
                self.agree(*call)
            except AssertionError as error:
                different.append(str(error).split("\n", 1)[0])
        assert not different, "\n".join(different)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    (folder / "rego").mkdir()
    (folder / "rego" / "probe.rego").write_text(probe_source())
    keys = engines.signing_keys(folder)
    artefact = engines.build_wasm(
        [folder / "rego"],
        folder / "probe.wasm.tar.gz",
        keys=keys,
        roots=["probe"],
        entrypoints=[*(f"probe/{rule_of(name)}" for name in ARITY), "probe/thumbprint"],
    )
    policy = EmbeddedPolicy(artefact, key=keys.public)
    with engines.opa([folder / "rego"], roots=["probe"]) as server:
        yield Both(server, policy)
    policy.close()


GENERATED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", sorted(TAKEN.keys() - {"time.now_ns"}))
def test_arguments_it_takes_and_any_others(both, name):
    """
    Where OPA has a value the host has the same, or for a listed reason none; where OPA errs
    the host errs.
    """
    stricter = builtin_arguments.stricter().get(name)
    r = Random(name)
    outcomes, different = set(), []
    for arguments in [*TAKEN[name], *(builtin_arguments.drawn(r, name) for _ in range(300))]:
        opa, host = both.opa(name, *arguments), both.embedded(name, *arguments)
        outcomes.add(NO_ANSWER if opa == NO_ANSWER else "a value")
        if canonical(opa) == canonical(host):
            continue
        if host != NO_ANSWER or stricter is None or not stricter.where(arguments):
            different.append(f"{arguments!r}: OPA {opa!r}, host {host!r}")
    assert different == []
    assert outcomes == {"a value", NO_ANSWER}


@pytest.mark.parametrize("name", builtin_answers.names())
def test_what_is_listed(both, name):
    """
    What tests of the host alone take for OPA's answer is OPA's answer.
    """
    for arguments, answer in builtin_answers.agreed(name):
        assert canonical(both.opa(name, *arguments)) == canonical(answer), arguments
        assert canonical(both.embedded(name, *arguments)) == canonical(answer), arguments
    for arguments, answer in builtin_answers.stricter(name):
        assert canonical(both.opa(name, *arguments)) == canonical(answer), arguments
        assert both.embedded(name, *arguments) == NO_ANSWER, arguments


# --- text and digests ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["base64url.encode_no_pad", "crypto.sha256", "hex.encode"])
@GENERATED
@given(text=st.one_of(TEXT, st.binary(max_size=20).map(lambda b: {"$bytes": b.hex()}), JSON))
def test_text_in_text_out(both, name, text):
    both.agree(name, text)


@GENERATED
@given(text=st.one_of(TEXT.map(lambda t: t.encode().hex()), st.text("09afAFgé", max_size=4), JSON))
@example(text="")
@example(text="6g")
@example(text="6A6b")
@example(text="6A6")
def test_hex_decode(both, text):
    """
    Bytes that are not UTF-8 give no answer where they reach it; within, they are kept.
    """
    decoded = both.embedded("hex.decode", text)
    if decoded == NO_ANSWER and both.opa("hex.decode", text) != NO_ANSWER:
        with pytest.raises(UnicodeDecodeError):
            bytes.fromhex(text).decode("utf-8")
        both.agree("crypto.sha256", {"$bytes": text})
    else:
        both.agree("hex.decode", text)


@GENERATED
@given(a=JSON | TEXT, b=JSON | TEXT)
def test_hmac(both, a, b):
    both.agree("crypto.hmac.sha256", a, b)
    both.agree("crypto.hmac.equal", a, b)
    both.agree("crypto.hmac.equal", a, a)


def test_a_digest_survives_as_bytes(both):
    """
    `hex.decode` makes strings that are not UTF-8, which thumbprints of keys go through.
    """
    question = {"text": "a key"}
    deadline = time.monotonic() + 10
    reply = both.policy.ask("probe/thumbprint", json.dumps(question).encode(), deadline=deadline)
    assert both.server.ask("probe/thumbprint", question) == reply.result


# --- strings and collections ---------------------------------------------------------------

AFFIXES = st.one_of(
    st.text("ab", max_size=3),
    st.lists(st.text("ab", max_size=3), max_size=3),
    st.lists(st.text("ab", max_size=3), max_size=3).map(lambda m: {"$set": m}),
    SCALARS,
    st.just(["a", 1]),
)


@GENERATED
@given(texts=AFFIXES, affixes=AFFIXES)
def test_affixes(both, texts, affixes):
    both.agree("strings.any_prefix_match", texts, affixes)
    both.agree("strings.any_suffix_match", texts, affixes)


@GENERATED
@given(text=st.text("aä€😀", max_size=6) | JSON, part=st.text("aä€😀", max_size=2) | JSON)
@example(text="aaa", part="aa")
@example(text="", part="")
def test_count(both, text, part):
    both.agree("strings.count", text, part)


SMALL = st.recursive(
    st.sampled_from([0, 1, 1.5, True, False, None, "", "a"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(lambda m: {"$set": m}),
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    ),
    max_leaves=8,
)


@GENERATED
@given(whole=SMALL, part=SMALL)
@example(whole=[0, 1, 0, 1, 1], part=[0, 1, 1])
@example(whole=[1, 2], part={"$set": [2]})
@example(whole=[], part={"$set": []})
@example(whole=[0], part={"$set": []})
@example(whole=[0, 0], part={"$set": [0, 1]})
@example(whole={"a": True}, part={"a": 1})
@example(whole={"a": 1}, part={"a": 1.0})
@example(whole={"a": {"$set": [1, 2]}}, part={"a": {"$set": [2]}})
@example(whole={"a": [1]}, part={"a": {"$set": [1]}})
def test_subset(both, whole, part):
    both.agree("object.subset", whole, part)
    both.agree("object.subset", whole, whole)


# --- sprintf -------------------------------------------------------------------------------

VALUES = st.one_of(
    st.text(string.printable[:95], max_size=6),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.lists(st.integers(-9, 9) | st.text("ab\\", max_size=2), max_size=3),
    st.dictionaries(st.text("ab", max_size=2), st.integers(-9, 9), max_size=3),
    st.lists(st.text("ab", max_size=2), max_size=3).map(lambda m: {"$set": m}),
)
VERBS = st.builds(
    "%{}{}{}{}".format,
    st.sampled_from(["", "", "", "-", "0", "+", " "]),
    st.sampled_from(["", "", "", "3", "12"]),
    st.sampled_from(["", "", "", ".2", ".0", "."]),
    st.sampled_from("sdvxqtefg%"),
)


@settings(parent=GENERATED, max_examples=600)
@given(
    form=st.lists(VERBS | st.text("az é", max_size=3), max_size=4).map("".join),
    values=st.lists(VALUES, max_size=4),
)
@example(form="%d and %s", values=[1, "a"])
@example(form="%s", values=[5])
@example(form="%d", values=["a"])
@example(form="%d", values=[1.5])
@example(form="%d %d", values=[1])
@example(form="%d", values=[1, 2, "a"])
@example(form="%v", values=[1e21])
@example(form="%v", values=[1e20])
@example(form="%v", values=[0.00001])
@example(form="%v", values=[{"b": 1, "a": [True, None, "x"]}])
@example(form="%5.1f|%-6d|%06d", values=[3.14159, 42, -42])
def test_sprintf(both, form, values):
    """
    The host says what OPA says, or nothing at all where it lacks the verb.
    """
    # The probe passes each through a function, whose results OPA keeps by what is equal: 0.0 is 0,
    # and so is -0.0.
    numbers = [value for value in values if type(value) in (int, float)]
    assume(all(repr(a) == repr(b) for a in numbers for b in numbers if a == b))
    expected = both.opa("sprintf", form, values)
    assert both.embedded("sprintf", form, values) in (expected, NO_ANSWER)


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("%s may not %s", ["a", "b"]),
        ("%d of %d", [3, 10**30]),
        ("%v %v %v", ["a", 1, 1.5]),
        ("%v", [{"$set": ["b", "a"]}]),
        ("%v", [[1, "a", None, True, {"a": {}}]]),
        ("%s", [True]),
        ("%q", ['say "a"']),
        ("%x", [255]),
        ("%.2f %e", [2.5, 2.5]),
        ("100%%", []),
        ("%s", []),
        ("%s", [1]),
        ("%d", ["a", "b"]),
    ],
)
def test_sprintf_supports(both, form, values):
    assert both.agree("sprintf", form, values) != NO_ANSWER


# --- time ----------------------------------------------------------------------------------

ZONES = ["UTC", "", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
NS = st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.one_of(
    NS,
    st.tuples(NS).map(list),
    st.tuples(NS, st.sampled_from(ZONES)).map(list),
    st.tuples(st.integers(0, 2 * 10**18), st.sampled_from(ZONES)).map(list),
    st.sampled_from(
        [[], [1, "No/Such"], [1, "../UTC"], [1, "utc"], [1, 2], [1.5, "UTC"], "x", None, 1.5, 1e30]
    ),
)


@GENERATED
@given(moment=MOMENTS)
def test_parts_of_a_moment(both, moment):
    for name in ("time.date", "time.clock", "time.weekday"):
        both.agree(name, moment)


SMALL_INT = st.integers(-40, 40)


@GENERATED
@given(moment=MOMENTS, years=SMALL_INT, months=SMALL_INT, days=st.integers(-800, 800))
# The hour that New York skips and the one it has twice.
@example(moment=[1741417200000000000, "America/New_York"], years=0, months=0, days=1)
@example(moment=[1762061400000000000, "America/New_York"], years=0, months=0, days=0)
@example(moment=[1762065000000000000, "America/New_York"], years=0, months=0, days=0)
@example(moment=1738281600000000123, years=0, months=1, days=0)
@example(moment=1, years=1e3, months=0, days=0)
@example(moment=1, years=0, months=1.5, days=0)
@example(moment=1, years=0, months="1", days=0)
def test_add_date(both, moment, years, months, days):
    both.agree("time.add_date", moment, years, months, days)


TWO = st.integers(0, 61).map("{:02d}".format)


@settings(parent=GENERATED, max_examples=400)
@given(
    text=st.one_of(
        st.builds(
            "{}-{}-{}T{}:{}:{}{}{}".format,
            st.integers(1600, 2300),
            *(TWO for _ in range(5)),
            st.sampled_from(["", ".5", ",25", ".123456789", ".1234567891", "."]),
            st.one_of(
                st.sampled_from(["Z", "z", "", "+00:00", "+24:00", "+25:00", "+01:60", "-01:61"]),
                st.builds("{}{}:{}".format, st.sampled_from("+-"), TWO, TWO),
            ),
        ),
        st.datetimes().map(lambda d: d.isoformat() + "Z"),
        TEXT,
        JSON,
    )
)
@example(text="2024-02-29T00:00:00Z")
@example(text="2023-02-29T00:00:00Z")
@example(text="2023-02-28T1:00:00Z")
@example(text="2023-02-28T23:59:60Z")
@example(text="1677-09-21T00:12:43.145224192Z")
@example(text="1677-09-21T00:12:43.145224191Z")
@example(text="2262-04-11T23:47:16.854775808Z")
@example(text="2023-02-28 00:00:00Z")
@example(text="\uff12023-02-28T00:00:00Z")
def test_rfc3339(both, text):
    both.agree("time.parse_rfc3339_ns", text)


@GENERATED
@given(
    text=st.one_of(
        st.lists(
            st.builds(
                "{}{}".format,
                st.integers(0, 10**6),
                st.sampled_from(["ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w", "y"]),
            ),
            max_size=3,
        ).map("".join),
        st.sampled_from(["0", "+0", "-0", "", "1", "-1h", "+1h", "--1h", "1h ", "1x", "300y"]),
        JSON,
    )
)
def test_duration(both, text):
    both.agree("time.parse_duration_ns", text)


def test_the_clock(both):
    """
    Both read the time of this machine.
    """
    earlier = time.time_ns()
    assert earlier <= both.opa("time.now_ns") <= both.embedded("time.now_ns") <= time.time_ns()


# --- tokens --------------------------------------------------------------------------------

EC_KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
}
RSA_KEY = rsa.generate_private_key(65537, 2048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()
OTHER_EC = ec.generate_private_key(ec.SECP256R1())
PRIVATE = {
    **EC_KEYS,
    **{f"{kind}{bits}": RSA_KEY for kind in ("RS", "PS") for bits in (256, 384, 512)},
    "EdDSA": ED_KEY,
}
ALGORITHMS = sorted(PRIVATE)


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def certificate(key, of=None):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "probe")])
    moment = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key((of or key).public_key()).serial_number(1)
    builder = builder.not_valid_before(moment).not_valid_after(moment.replace(year=2044))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def in_chain(key):
    return "".join(certificate(key).splitlines()[1:-1])


def jwk(key, **members):
    algorithm = jwt.get_algorithm_by_name(
        "EdDSA" if key is ED_KEY else "RS256" if key is RSA_KEY else "ES256"
    )
    return {**json.loads(algorithm.to_jwk(key.public_key())), **members}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(alg="ES256", *, header=None, payload=b'{"sub":"a"}', key=None, tail=b""):
    """A token whose signature holds, whatever its header and payload are."""
    head = header if header is not None else json.dumps({"alg": alg, "typ": "JWT"}).encode()
    signed = f"{b64(head)}.{b64(payload)}"
    signature = jwt.get_algorithm_by_name(alg).sign(signed.encode(), key or PRIVATE[alg])
    return f"{signed}.{b64(signature + tail)}"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_good_signature(both, alg):
    """
    PEM, certificate, JWK and JWKS all verify, on both engines.
    """
    name = f"io.jwt.verify_{alg.lower()}"
    key = PRIVATE[alg]
    keys = [pem(key), json.dumps(jwk(key)), json.dumps({"keys": [jwk(OTHER_EC), jwk(key)]})]
    if key is not ED_KEY:
        keys.append(certificate(key))
    for text in keys:
        assert both.agree(name, token(alg), text) is True


def test_an_algorithm_for_another(both):
    both.agree_on_all(
        (f"io.jwt.verify_{verified.lower()}", token(alg), text)
        for verified in ALGORITHMS
        for alg in ALGORITHMS
        for key in (PRIVATE[alg], PRIVATE[verified])
        for text in (pem(key), json.dumps(jwk(key)))
    )


GOOD = token()
HEADS = [
    b"{}",
    b"[]",
    b"null",
    b"",
    b"x",
    b'{"alg":"none"}',
    b'{"alg":"HS256"}',
    b'{"alg":1}',
    b'{"alg":null}',
    b'{"alg":"ES256","kid":1}',
    b'{"alg":"ES256","typ":[]}',
    b'{"alg":"ES256","cty":"JWT"}',
    b'{"alg":"ES256","cty":1}',
    b'{"alg":"ES256","enc":"A128GCM"}',
    b'{"alg":"ES256","enc":null}',
    b'{"alg":"ES256","crit":[]}',
    b'{"alg":"ES256","crit":["exp"]}',
    b'{"alg":"ES256","crit":["exp",1]}',
    b'{"alg":"ES256","crit":[1,"exp"]}',
    b'{"alg":"ES256","crit":"exp"}',
    b'{"alg":"ES256","b64":false,"crit":["b64"]}',
    b'{"alg":"RS256","alg":"ES256"}',
    b'{"alg":"ES256","kid":"a"}',
    b'{"alg":"ES256","kid":""}',
    b'{"alg":"ES256","x":NaN}',
    b'{"alg":"ES256","x":01}',
    b'{"alg":"ES256"} ',
    b'{"alg":"ES256"}x',
    b'\xef\xbb\xbf{"alg":"ES256"}',
    b'{"alg":"ES256","x":"\xff"}',
    b'{"alg":"ES256","x":"\\ud800"}',
    b'{"alg":"ES256","x":"\x01"}',
    b'{"alg":"ES256","n":1e400,"m":123456789012345678901234567890,"f":1.50}',
]


def test_headers(both):
    key = EC_KEYS["ES256"]
    both.agree_on_all(
        call
        for whole in (token(header=head) for head in HEADS)
        for call in (
            ("io.jwt.verify_es256", whole, pem(key)),
            ("io.jwt.verify_es256", whole, json.dumps({"keys": [jwk(key, kid="a")]})),
            ("io.jwt.decode", whole),
        )
    )


PAYLOADS = [
    b"{}",
    b"[]",
    b"",
    b"x",
    b'"a"',
    b'{"exp":1e400}',
    b'{"exp":12345678901234567890123456789012345678901234567890}',
    b'{"exp":1.0,"a":-0,"b":-0.0,"c":1E5}',
    b'{"exp":1,"exp":2}',
    b'{"sub":"\xff\xfe"}',
    b'{"sub":"\xe2\x82"}',
    b'{"sub":"\\ud83d\\ude00"}',
    b'{"sub":"\\ud83d"}',
    b'{"sub":"\\ude00\\ud83d"}',
    b'{"sub":"\\\\ud83d"}',
    b'{"sub":"\\u0000"}',
    b'{"sub":"\x7f"}',
    b'{"a":{"b":[1,{"c":null}]},"set":"{1, 2}"}',
    b'{"a":Infinity}',
    b"\xef\xbb\xbf{}",
    b"{1:2}",
    b'{"a":{1,2}}',
    b'{"a":1,}',
    b'{"' + b"k" * 3000 + b'":1}',
]


def test_payloads(both):
    """
    No payload that OPA cannot read is verified by the host: the module would read some.
    """
    for whole in (token(payload=payload) for payload in PAYLOADS):
        decoded = both.agree("io.jwt.decode", whole)
        key = pem(EC_KEYS["ES256"])
        assert both.opa("io.jwt.verify_es256", whole, key) is True
        verified = both.embedded("io.jwt.verify_es256", whole, key)
        assert verified is (decoded != NO_ANSWER)


@pytest.mark.parametrize(("members", "verifies"), [({}, True), ({"alg": "ES256"}, False)])
def test_a_token_that_names_no_algorithm(both, members, verifies):
    """
    It is tried with the keys that name none either.
    """
    whole = token(header=b"{}", key=EC)
    assert both.agree("io.jwt.verify_es256", whole, json.dumps(jwk(EC, **members))) is verifies


@pytest.mark.parametrize("blanks", [0, 1, 2])
def test_padding(both, blanks):
    """
    A part may be padded as far as is needed and no further.
    """
    head, payload, signature = token(header=b"{}" + b" " * (blanks + 1)).split(".")
    for times in range(9):
        both.agree("io.jwt.decode", f"{head}{'=' * times}.{payload}.{signature}")


@pytest.mark.parametrize("blank", ["\n", "\r", "\r\n"])
def test_a_token_on_several_lines(both, blank):
    """
    The ends of lines are left out, wherever they are; they count where padding is left out.
    """
    head, payload, signature = GOOD.split(".")
    for times in range(1, 5):
        broken = blank * times
        for part in (head[:2] + broken + head[2:], head + broken, broken + head):
            both.agree("io.jwt.decode", f"{part}.{payload}.{signature}")
    whole = f"{head[:2]}{blank * 4}{head[2:]}.{payload}.{signature}"
    assert both.agree("io.jwt.decode", whole) == both.agree("io.jwt.decode", GOOD)


@pytest.mark.parametrize("kid", ["", "a", "q"])
def test_a_token_that_names_no_key(both, kid):
    """
    It is tried with every key, whatever their names.
    """
    keys = json.dumps({"keys": [jwk(OTHER_EC, kid=kid), jwk(EC, kid="b")]})
    whole = token(header=b'{"alg":"ES256"}', key=EC)
    assert both.agree("io.jwt.verify_es256", whole, keys) is True


def test_a_token_in_a_token(both):
    nested = token(header=b'{"alg":"ES256","cty":"JWT"}', payload=GOOD.encode())
    quoted = token(header=b'{"alg":"ES256","cty":"JWT"}', payload=f'"{GOOD}"'.encode())
    for whole in (nested, quoted):
        assert both.agree("io.jwt.decode", whole)[1] == {"sub": "a"}


@pytest.mark.parametrize("sign", ["q", "'", '"', "Q", "_"])
def test_how_a_token_in_a_token_ends(both, sign):
    """
    Quotes around it are taken off; what the token itself begins or ends with is not.
    """
    for inner in (f"{GOOD[:-2]}{sign}", f"{sign}{GOOD}", f"{GOOD[:-1]}{sign}{sign}"):
        both.agree(
            "io.jwt.decode", token(header=b'{"alg":"ES256","cty":"JWT"}', payload=inner.encode())
        )


def test_a_token_in_a_token_that_is_no_text(both):
    """
    What is within a token may be any bytes; those that are not UTF-8 are not a token.
    """
    for inner in (b"\xff", GOOD.encode() + b"\xff", b"\xff" + GOOD.encode()):
        whole = token(header=b'{"alg":"ES256","cty":"JWT"}', payload=inner)
        assert both.agree("io.jwt.decode", whole) == NO_ANSWER


def malformed(whole):
    head, payload, signature = whole.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    n = int("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)
    low = n - int.from_bytes(raw[32:], "big")
    yield from ("", ".", "..", "...", head, f"{head}.{payload}", f"{whole}.", f"{whole}.{payload}")
    yield from (f".{payload}.{signature}", f"{head}..{signature}", f"{head}.{payload}.")
    yield from (f" {whole}", f"{whole} ", f"{whole}\n", f"{head}\n.{payload}.{signature}")
    yield from (f"{whole}=", f"{whole}==", f"{whole}===", f"{head}==.{payload}.{signature}")
    yield from (f"{whole}A", f"{whole}AA", f"{whole}AAA", f"{whole}AAAA", whole[:-1], whole[:-2])
    yield from (whole.replace("_", "/").replace("-", "+"), f"{head}.{payload}.é", f"é{whole}")
    yield whole[:-1] + ("B" if whole[-1] == "A" else chr(ord(whole[-1]) + 1))  # unused bits
    yield f"{head}.{payload}.{b64(raw[:32] + low.to_bytes(32, 'big'))}"
    for signed in (
        b"",
        b"\0" * 64,
        b"\xff" * 64,
        raw + raw,
        raw[:32],
        b"\0" + raw[:32] + b"\0" + raw[32:],
    ):
        yield f"{head}.{payload}.{b64(signed)}"


def test_malformed_tokens(both):
    key = pem(EC_KEYS["ES256"])
    both.agree_on_all(
        call
        for whole in malformed(GOOD)
        for call in (
            ("io.jwt.verify_es256", whole, key),
            ("io.jwt.verify_rs256", whole, key),
            ("io.jwt.decode", whole),
        )
    )


@pytest.mark.parametrize("value", [None, True, 1, [], {}, ["a.b.c"], {"$set": ["a"]}], ids=repr)
def test_a_token_or_a_key_that_is_no_string(both, value):
    both.agree("io.jwt.decode", value)
    both.agree("io.jwt.verify_es256", value, pem(EC_KEYS["ES256"]))
    both.agree("io.jwt.verify_es256", GOOD, value)


GOOD_KEY = json.dumps(jwk(OTHER_EC))


@pytest.mark.parametrize(
    ("whole", "key"),
    [
        (None, GOOD_KEY),
        (["a.b.c"], GOOD_KEY),
        (token(), None),
        (token(), {"keys": []}),
        ("e3=x.e30.e30", GOOD_KEY),
        ("e30.e30.\udc80", GOOD_KEY),
        (token(header=b'{"crit":[]}'), GOOD_KEY),
        (token(header=b'{"crit":"b64"}'), GOOD_KEY),
        (token(header=b'{"crit":[1]}'), GOOD_KEY),
        (token(header=b'{"kid":1}'), GOOD_KEY),
    ],
    ids=[
        *("no token", "parts of one", "no key", "keys", "padding within", "no text"),
        *("crit is empty", "crit is text", "crit of a number", "kid is a number"),
    ],
)
def test_an_error_of_a_built_in(whole, key):
    """
    What OPA answers with an error is told as one of the built-in, not as one of the host.
    """
    with pytest.raises(BuiltinError):
        jws.verify("es256", whole, key)


def test_an_error_within_a_token():
    """
    Likewise where the token within it is none, and where it is nested too deep to be read.
    """
    for whole in (
        token(header=b'{"alg":"ES256","cty":"JWT"}', payload=b"\xff"),
        token(payload=b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ):
        with pytest.raises(BuiltinError):
            jws.decode(whole)


def test_a_number_of_any_length(both):
    """
    Numbers are only told apart from other values: none is too long.
    """
    whole = token(payload=b'{"exp":' + b"1" * 5000 + b"}")
    assert jws.readable(whole)
    assert both.agree("io.jwt.verify_es256", whole, pem(EC_KEYS["ES256"])) is True


@settings(parent=GENERATED, max_examples=300)
@given(data=st.data())
def test_mutated_tokens(both, data):
    """
    A good token with bytes changed, dropped or doubled: the same answer, and never true
    unless the bytes that are signed stayed the same.
    """
    alg = data.draw(st.sampled_from(["ES256", "EdDSA", "RS256", "PS256"]))
    whole = token(alg)
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(whole) - 1))
        sign = data.draw(st.sampled_from(string.ascii_letters[::7] + "01-_=.\n+/ é"))
        whole = data.draw(
            st.sampled_from(
                [
                    whole[:at] + sign + whole[at + 1 :],
                    whole[:at] + sign + whole[at:],
                    whole[:at] + whole[at + 1 :],
                ]
            )
        )
    key = data.draw(st.sampled_from([pem(PRIVATE[alg]), json.dumps(jwk(PRIVATE[alg]))]))
    both.agree(f"io.jwt.verify_{alg.lower()}", whole, key)
    both.agree("io.jwt.decode", whole)


# --- keys ----------------------------------------------------------------------------------

EC = EC_KEYS["ES256"]


def keys_of_every_kind():
    good = jwk(EC)
    private = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(EC))
    small = rsa.generate_private_key(65537, 1024)
    yield from ("", "x", "{}", "[]", "null", '"a"', "{", '{"keys":null}', '{"keys":{}}')
    yield from ('{"keys":[]}', '{"keys":[1]}', '{"keys":[{}]}')
    yield json.dumps(good) + " "
    yield " " + json.dumps(good)
    for name in ("kty", "crv", "x", "y"):
        yield json.dumps({k: v for k, v in good.items() if k != name})
        for value in ("", "AA", None, 1, good["x"] + "=", good["x"] + "==", "é", good["y"] + "AA"):
            yield json.dumps({**good, name: value})
    yield json.dumps({**good, "x": good["y"], "y": good["x"]})
    yield json.dumps({**good, "crv": "P-384"})
    yield json.dumps({**good, "crv": "Ed25519"})
    for x in ("AA" + good["x"], b64(b"\0" + base64.urlsafe_b64decode(good["x"] + "="))):
        yield json.dumps({**good, "x": x})
    standard = {k: good[k].replace("-", "+").replace("_", "/") for k in ("x", "y")}
    yield json.dumps({**good, **standard})
    yield json.dumps({**good, "x": standard["x"] + "="})
    for member in (
        *({"alg": a} for a in ("ES256", "ES384", "HS256", "none", "RSA-OAEP", "A256GCM", "dir")),
        *({"alg": a} for a in ("ES256K", "es256", "", None, 1, "EdDSA", "Ed25519", "x")),
        *(
            {name: value}
            for name in ("kid", "use", "x5t", "x5t#S256", "x5u")
            for value in ("a", "", None, 0, 1, False, [], {})
        ),
        *({"key_ops": o} for o in (["verify"], ["x"], [], [None], None, "verify", "", 0, {}, [1])),
        *({"x5c": c} for c in ([], [in_chain(EC)], [in_chain(OTHER_EC), in_chain(EC)])),
        *({"x5c": c} for c in (None, "", 0, {}, [""], ["x"], ["AAAA"], [1], [in_chain(EC), None])),
        *({"d": d} for d in (good["x"], "AA", "", "=", None, 0, good["x"] + "AA")),
        {"unknown": {"a": 1}},
    ):
        yield json.dumps({**good, **member})
        yield json.dumps({"keys": [{**good, **member}]})
        yield json.dumps({"keys": [jwk(OTHER_EC), {**good, **member}]})
    yield json.dumps(private)
    yield json.dumps({"keys": [private, good]})
    yield json.dumps(good)[:-1] + ',"kid":1,"kid":"a"}'
    for x in (good["x"] + "=\n", good["x"] + "\n=", good["x"][:5] + "\r\n" + good["x"][5:]):
        yield json.dumps({**good, "x": x})
    yield json.dumps({"keys": [good], "more": 1})
    yield json.dumps({"keys": [jwk(OTHER_EC, kid="a"), jwk(EC, kid="b")]})
    yield json.dumps({"keys": [{"kty": "oct", "k": "AA"}, good]})
    yield json.dumps({"keys": [{"kty": "oct", "k": ""}, good]})
    yield json.dumps({"keys": [{"kty": "OKP", "crv": "X25519", "x": "A" * 43}, good]})
    yield json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "A" * 42}, good]})
    yield json.dumps({"keys": [{"kty": "OKP", "crv": "Ed448", "x": "A" * 43}, good]})
    yield json.dumps({"keys": [{"kty": "XX"}, good]})
    rsa_jwk = jwk(RSA_KEY)
    for member in ({"e": "AQ"}, {"e": "Ag"}, {"e": ""}, {"n": ""}, {"n": "AA"}, {"e": "AQAAAAAB"}):
        yield json.dumps({"keys": [{**rsa_jwk, **member}, good]})
    text = pem(EC)
    yield from (text.strip(), text + "\n", text + text, "x\n" + text, text + "x", text[:-5])
    yield from (text.replace("\n", "\r\n"), text.replace("PUBLIC KEY", "EC PUBLIC KEY"))
    yield from (text.replace("-----BEGIN", " -----BEGIN"), text.replace("\n", ""), text.lower())
    yield from (certificate(EC), certificate(EC) + certificate(EC), pem(small), pem(ED_KEY))
    yield text.replace("\n", " \t\n")
    for other in (ed448.Ed448PrivateKey, x25519.X25519PrivateKey):
        yield pem(other.generate())
        yield certificate(EC, of=other.generate())
    for curve in (ec.SECP224R1(), ec.SECP256K1(), ec.BrainpoolP256R1()):
        yield pem(ec.generate_private_key(curve))


def test_keys(both):
    named = token(header=b'{"alg":"ES256","kid":"a"}')
    both.agree_on_all(
        ("io.jwt.verify_es256", whole, key)
        for key in keys_of_every_kind()
        for whole in (GOOD, named)
    )


def test_a_key_with_something_after_it(both):
    """
    OPA reads a JWK and leaves what follows unread; the host reads no such key.
    """
    key = json.dumps(jwk(EC)) + "x"
    assert both.embedded("io.jwt.verify_es256", GOOD, key) == NO_ANSWER


def test_a_weak_rsa_key_verifies_nothing(both):
    weak = rsa.generate_private_key(65537, 1024)
    assert both.agree("io.jwt.verify_rs256", token("RS256", key=weak), pem(weak)) in (True, False)


@pytest.mark.parametrize(("exponent", "verifies"), [(2**31 - 1, True), (2**31 + 11, False)])
def test_an_rsa_key_with_a_large_exponent(both, exponent, verifies):
    """
    One that OPA's library does not take verifies nothing here either, however well it has signed.
    """
    numbers = RSA_KEY.private_numbers()
    p, q = numbers.p, numbers.q
    d = pow(exponent, -1, (p - 1) * (q - 1))
    key = rsa.RSAPrivateNumbers(
        *(p, q, d, d % (p - 1), d % (q - 1), numbers.iqmp),
        rsa.RSAPublicNumbers(exponent, p * q),
    ).private_key()
    assert both.agree("io.jwt.verify_rs256", token("RS256", key=key), pem(key)) in (
        (True,) if verifies else (False, NO_ANSWER)
    )
