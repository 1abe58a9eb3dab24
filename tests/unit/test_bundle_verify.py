"""Signed bundles: what is read, what is refused, and that OPA would read it too."""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import tarfile

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import engines

from inbounds.engine import bundle as verify
from inbounds.engine.bundle import read_signed
from inbounds.errors import ConfigurationError

DATA = {"probe": {"text": 'é€😀"\\\n\t\b\f\u0001\u2028<&>', "numbers": [1, -0.5, 1e3, 2**60]}}

VALUES = ("{}", "[]", "0", '{"a":0}')


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return engines.signing_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def signed(tmp_path_factory, keys):
    """A signed WASM artefact with data in two places."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / "rego" / "more").mkdir(parents=True)
    (folder / "rego" / "probe.rego").write_text("package probe\n\na := 1\n")
    (folder / "rego" / "data.json").write_text(json.dumps(DATA))
    (folder / "rego" / "more" / "data.json").write_text('{"b": 2}')
    return engines.build_wasm(
        [folder / "rego"],
        folder / "signed.wasm.tar.gz",
        keys=keys,
        roots=["probe", "more"],
        entrypoints=["probe/a"],
        revision="v1",
        metadata={"sequence": 7},
    )


def entries(path):
    """The members of a bundle, by name, in order."""
    with tarfile.open(path) as archive:
        return [(m.name, archive.extractfile(m).read()) for m in archive if m.isfile()]


def packed(path, members):
    """A bundle of `members`: pairs of name and content, or whole `TarInfo`s."""
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return path


def resigned(members, key, *, header=None, alg="ES256", **claims):
    """`members` with a signature whose payload and header are changed."""
    document = json.loads(dict(members)["/.signatures.json"])
    payload = jwt.decode(document["signatures"][0], options={"verify_signature": False})
    payload = {name: value for name, value in (payload | claims).items() if value is not None}
    token = jwt.encode(payload, key, alg, headers=header)
    return with_signatures(members, {"signatures": [token]})


def with_signatures(members, document):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return [(n, content if n == "/.signatures.json" else c) for n, c in members]


def replaced(members, name, change):
    return [(n, change(c) if n == name else c) for n, c in members]


def opa_accepts(bundle, keys, out):
    """Whether OPA reads the bundle with this key."""
    command = [
        *(engines.opa_binary(), "build", "-b", str(bundle), "-o", str(out)),
        *("--verification-key", str(keys.public), "--signing-alg", "ES256"),
        *("--verification-key-id", "default"),
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class TestGood:
    @pytest.mark.system
    def test_it_is_read_whole(self, signed, keys):
        bundle = read_signed(signed, keys.public)
        assert bundle.data == DATA | {"more": {"b": 2}}
        assert bundle.revision == "v1"
        assert bundle.metadata == {"artefact": "wasm", "questions": [1], "sequence": 7}
        assert bundle.roots == ("probe", "more")
        assert bundle.modules == {"probe/a": bundle.files["policy.wasm"]}
        assert bundle.files["policy.wasm"].startswith(b"\0asm")
        assert {"probe.rego", ".manifest", "data.json"} <= bundle.files.keys()

    @pytest.mark.system
    def test_opa_reads_it_too(self, signed, keys, tmp_path):
        assert opa_accepts(signed, keys, tmp_path / "out.tar.gz")

    @pytest.mark.system
    def test_the_key_as_text(self, signed, keys):
        assert read_signed(str(signed), keys.public.read_text()).revision == "v1"

    @pytest.mark.system
    @pytest.mark.parametrize(
        ("root", "owned"),
        [
            ("probe", True),
            ("probe/deeper", True),
            ("", True),
            ("deployment", False),
            ("prob", False),
        ],
    )
    def test_what_it_owns(self, signed, keys, root, owned):
        assert read_signed(signed, keys.public).owns(root) is owned

    def test_without_roots_it_owns_everything(self):
        bundle = verify.SignedBundle(files={}, manifest={}, data={}, modules={})
        assert bundle.owns("deployment")

    @pytest.mark.system
    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        value=st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(codec="utf-8")),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner)
            ),
            max_leaves=12,
        )
    )
    def test_the_digest_is_opas(self, keys, tmp_path_factory, value):
        """
        Whatever the data is, what OPA has signed is what is found.
        """
        folder = tmp_path_factory.mktemp("digest")
        (folder / "b").mkdir()
        data = {"probe": {"value": value}}
        (folder / "b" / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        bundle = engines.build(folder / "b", folder / "b.tar.gz", keys=keys)
        found = read_signed(bundle, keys.public)
        assert found.data == data
        assert found.modules == {}


def _unsigned(members, _):
    return [(n, c) for n, c in members if n != "/.signatures.json"]


def _stranger(members, _):
    return resigned(members, ec.generate_private_key(ec.SECP256R1()))


def _hmac_with_the_public_key(members, keys):
    claims = json.loads(dict(members)["/.signatures.json"])["signatures"][0].split(".")[1]
    head = jwt.utils.base64url_encode(b'{"alg":"HS256"}').decode()
    message = f"{head}.{claims}".encode()
    secret = keys.public.read_bytes()
    signature = jwt.utils.base64url_encode(__import__("hmac").digest(secret, message, "sha256"))
    return with_signatures(members, {"signatures": [f"{head}.{claims}.{signature.decode()}"]})


def _alg_none(members, _):
    claims = json.loads(dict(members)["/.signatures.json"])["signatures"][0].split(".")[1]
    head = jwt.utils.base64url_encode(b'{"alg":"none"}').decode()
    return with_signatures(members, {"signatures": [f"{head}.{claims}."]})


def _key_in_the_header(members, _):
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key()))
    return resigned(members, key, header={"jwk": jwk})


def _listed_twice(members, keys):
    token = json.loads(dict(members)["/.signatures.json"])["signatures"][0]
    files = jwt.decode(token, options={"verify_signature": False})["files"]
    return resigned(members, keys.private.read_bytes(), files=[*files, files[0]])


def _weak_digest(members, keys):
    token = json.loads(dict(members)["/.signatures.json"])["signatures"][0]
    files = jwt.decode(token, options={"verify_signature": False})["files"]
    weak = [{**f, "algorithm": "MD5"} for f in files]
    return resigned(members, keys.private.read_bytes(), files=weak)


TAMPERED = {
    "unsigned": (_unsigned, "bundle.unsigned"),
    "no signature": (lambda m, _: with_signatures(m, {"signatures": []}), "bundle.unsigned"),
    "two signatures": (
        lambda m, _: with_signatures(
            m, {"signatures": json.loads(dict(m)["/.signatures.json"])["signatures"] * 2}
        ),
        "bundle.unsigned",
    ),
    "another plugin": (
        lambda m, _: with_signatures(
            m, json.loads(dict(m)["/.signatures.json"]) | {"plugin": "mine"}
        ),
        "bundle.unsigned",
    ),
    "not a token": (
        lambda m, _: with_signatures(m, {"signatures": ["a.b.c"]}),
        "bundle.signature_wrong",
    ),
    "not a string": (
        lambda m, _: with_signatures(m, {"signatures": [1]}),
        "bundle.signature_wrong",
    ),
    "signatures not JSON": (lambda m, _: with_signatures(m, b"x"), "bundle.malformed"),
    "signatures a list": (lambda m, _: with_signatures(m, b"[]"), "bundle.malformed"),
    "another key": (_stranger, "bundle.signature_wrong"),
    "a key of its own": (_key_in_the_header, "bundle.signature_wrong"),
    "HMAC with the public key": (_hmac_with_the_public_key, "bundle.signature_wrong"),
    "alg none": (_alg_none, "bundle.signature_wrong"),
    "another scope": (
        lambda m, k: resigned(m, k.private.read_bytes(), scope="write"),
        "bundle.signature_wrong",
    ),
    "crit": (
        lambda m, k: resigned(m, k.private.read_bytes(), header={"crit": ["x"], "x": 1}),
        "bundle.signature_wrong",
    ),
    "a key elsewhere": (
        lambda m, k: resigned(m, k.private.read_bytes(), header={"x5u": "https://x.example"}),
        "bundle.signature_wrong",
    ),
    "no files": (
        lambda m, k: resigned(m, k.private.read_bytes(), files=None),
        "bundle.signature_wrong",
    ),
    "an empty list": (
        lambda m, k: resigned(m, k.private.read_bytes(), files=[]),
        "bundle.tampered",
    ),
    "files that are none": (
        lambda m, k: resigned(m, k.private.read_bytes(), files=[{"name": 1}]),
        "bundle.signature_wrong",
    ),
    "listed twice": (_listed_twice, "bundle.tampered"),
    "a weak digest": (_weak_digest, "bundle.signature_wrong"),
    "a module altered": (
        lambda m, _: replaced(m, "/policy.wasm", lambda c: c[:-1] + bytes([c[-1] ^ 1])),
        "bundle.tampered",
    ),
    "a rule altered": (
        lambda m, _: replaced(m, "/probe.rego", lambda c: c + b"\n"),
        "bundle.tampered",
    ),
    "data altered": (
        lambda m, _: replaced(m, "/data.json", lambda c: c.replace(b"2", b"3")),
        "bundle.tampered",
    ),
    "a number written otherwise": (
        lambda m, _: replaced(m, "/data.json", lambda c: c.replace(b"-0.5", b"-0.50")),
        "bundle.tampered",
    ),
    "the manifest altered": (
        lambda m, _: replaced(m, "/.manifest", lambda c: c.replace(b'"v1"', b'"v2"')),
        "bundle.tampered",
    ),
    "a key twice": (
        lambda m, _: replaced(m, "/.manifest", lambda c: b'{"revision":"v2",' + c[1:]),
        "bundle.malformed",
    ),
    "a file more": (lambda m, _: [*m, ("/x.rego", b"package x")], "bundle.tampered"),
    "a file less": (lambda m, _: [e for e in m if e[0] != "/probe.rego"], "bundle.tampered"),
    "no manifest": (lambda m, _: [e for e in m if e[0] != "/.manifest"], "bundle.tampered"),
    "a path twice": (lambda m, _: [*m, ("probe.rego", b"package x")], "bundle.malformed"),
    "signatures twice": (
        lambda m, _: [*m, ("more/.signatures.json", b"{}")],
        "bundle.malformed",
    ),
    "a manifest below": (lambda m, _: [*m, ("more/.manifest", b"{}")], "bundle.malformed"),
    "a patch": (lambda m, _: [*m, ("/patch.json", b"{}")], "bundle.malformed"),
    "data as YAML": (lambda m, _: [*m, ("/x/data.yaml", b"a: 1")], "bundle.malformed"),
    "a way up": (lambda m, _: [*m, ("../x.rego", b"")], "bundle.malformed"),
    "a way up within": (lambda m, _: [*m, ("a/../../x.rego", b"")], "bundle.malformed"),
    "two slashes": (lambda m, _: [*m, ("//x.rego", b"")], "bundle.malformed"),
    "a backslash": (lambda m, _: [*m, ("a\\x.rego", b"")], "bundle.malformed"),
}


@pytest.mark.system
@pytest.mark.parametrize(("change", "code"), TAMPERED.values(), ids=TAMPERED)
def test_tampered(signed, keys, tmp_path, change, code):
    """
    Each of these is refused by its own code.
    """
    bundle = packed(tmp_path / "b.tar.gz", change(entries(signed), keys))
    with pytest.raises(ConfigurationError) as ei:
        read_signed(bundle, keys.public)
    assert ei.value.code == code


@pytest.mark.system
def test_packed_again_it_is_as_good(signed, keys, tmp_path):
    """
    The order of the files, folders between them and the JSON's layout are not signed.
    """
    members = replaced(
        list(reversed(entries(signed))), "/data.json", lambda c: json.dumps(json.loads(c)).encode()
    )
    folder = tarfile.TarInfo("more")
    folder.type = tarfile.DIRTYPE
    bundle = packed(tmp_path / "b.tar.gz", [(folder, None), *members])
    assert read_signed(bundle, keys.public).data == DATA | {"more": {"b": 2}}
    assert opa_accepts(bundle, keys, tmp_path / "out.tar.gz")


def test_a_signature_without_a_key_id(signed, keys, tmp_path):
    """
    The pinned key is used whatever the header names, and when it names none.
    """
    for header in ({"kid": "another"}, {"typ": "JWT"}, {"kid": "../../x"}):
        members = resigned(entries(signed), keys.private.read_bytes(), header=header)
        assert read_signed(packed(tmp_path / "b.tar.gz", members), keys.public).revision == "v1"


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_what_is_no_plain_file(signed, keys, tmp_path, kind):
    info = tarfile.TarInfo("probe.rego")
    info.type, info.linkname = kind, "/etc/passwd"
    bundle = packed(tmp_path / "b.tar.gz", [*entries(signed)[:2], (info, None)])
    with pytest.raises(ConfigurationError) as ei:
        read_signed(bundle, keys.public)
    assert ei.value.code == "bundle.malformed"


def test_a_name_that_needs_a_header_of_its_own_is_read(signed, keys, tmp_path):
    """
    OPA writes one for a path that is long, or not ASCII.
    """
    long = f"more/{'é' * 150}.rego"
    bundle = packed(tmp_path / "b.tar.gz", [*entries(signed), (long, b"package x")])

    with pytest.raises(ConfigurationError, match=f"`{long}` is in the bundle, but not signed"):
        read_signed(bundle, keys.public)


class TestSize:
    def test_a_bomb(self, keys, tmp_path):
        """
        A small file that unpacks to far more is not unpacked.
        """
        bundle = tmp_path / "b.tar.gz"
        with gzip.open(bundle, "wb") as stream:
            for _ in range(80):
                stream.write(b"\0" * 1024 * 1024)
        assert bundle.stat().st_size < 100_000
        with pytest.raises(ConfigurationError, match="larger"):
            read_signed(bundle, keys.public)

    def test_too_large_as_it_is(self, keys, tmp_path, monkeypatch):
        monkeypatch.setattr(verify, "MAX_BYTES", 1000)
        (tmp_path / "b.tar.gz").write_bytes(b"x" * 1001)
        with pytest.raises(ConfigurationError, match="larger"):
            read_signed(tmp_path / "b.tar.gz", keys.public)

    def test_too_many_files(self, keys, tmp_path):
        members = [(f"f{n}", b"") for n in range(verify.MAX_FILES + 1)]
        with pytest.raises(ConfigurationError, match="entries"):
            read_signed(packed(tmp_path / "b.tar.gz", members), keys.public)

    @pytest.mark.parametrize("value", [b"{}", b"[]", b"0", b'""'])
    def test_signatures_that_are_too_long_are_not_parsed(self, keys, tmp_path, monkeypatch, value):
        """
        They are not signed themselves.
        """
        text = b'{"signatures":[' + (value + b",") * (verify.MAX_SIGNATURES // 2) + b"0]}"
        bundle = packed(tmp_path / "b.tar.gz", [(".signatures.json", text)])
        monkeypatch.setattr(verify.json, "loads", None)
        with pytest.raises(ConfigurationError, match="is larger than 4194304 bytes") as refused:
            read_signed(bundle, keys.public)
        assert "bundle.malformed" == refused.value.code

    def test_the_longest_that_a_bundle_can_need_are(self):
        entry = {"name": "n" * 100, "hash": "0" * 64, "algorithm": "SHA-256"}
        listed = json.dumps({"files": [entry] * verify.MAX_FILES}, separators=(",", ":"))
        assert len(base64.b64encode(listed.encode())) < verify.MAX_SIGNATURES

    @pytest.mark.parametrize(
        "place", [(name, value) for name in ("/data.json", "/.manifest") for value in VALUES]
    )
    def test_what_was_put_in_place_of_a_signed_file_is_not_parsed_where_it_holds_too_much(
        self, signed, keys, tmp_path, monkeypatch, place
    ):
        """
        The digest is of parsed JSON, so that it is parsed before it is known to be another.
        """
        (name, value), lengths, loads = place, [], json.loads

        def counted(text, **options):
            lengths.append(len(text))
            return loads(text, **options)

        monkeypatch.setattr(verify.json, "loads", counted)
        monkeypatch.setattr(verify, "MAX_VALUES", 50_000)
        text = f'{{"a":[{",".join([value] * 50_000)}]}}'.encode()
        files = dict(entries(signed))
        assert name in files
        bundle = packed(tmp_path / "b.tar.gz", [*(files | {name: text}).items()])
        with pytest.raises(ConfigurationError, match="holds more than 50000 values"):
            read_signed(bundle, keys.public)
        assert lengths
        assert len(text) not in lengths

    def test_a_member_that_promises_more_than_it_has(self, keys, tmp_path):
        info = tarfile.TarInfo("data.json")
        info.size = 2**40
        raw = info.tobuf(tarfile.GNU_FORMAT) + b"{}"
        (tmp_path / "b.tar.gz").write_bytes(gzip.compress(raw))
        with pytest.raises(ConfigurationError):
            read_signed(tmp_path / "b.tar.gz", keys.public)


@pytest.mark.parametrize("content", [b"", b"x", b"\x1f\x8b", gzip.compress(b"x" * 2000, mtime=0)])
def test_not_an_archive(keys, tmp_path, content):
    (tmp_path / "b.tar.gz").write_bytes(content)
    with pytest.raises(ConfigurationError):
        read_signed(tmp_path / "b.tar.gz", keys.public)


def test_cut_short(signed, keys, tmp_path):
    whole = signed.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        (tmp_path / "b.tar.gz").write_bytes(whole[:length])
        with pytest.raises(ConfigurationError):
            read_signed(tmp_path / "b.tar.gz", keys.public)


def test_not_there(keys, tmp_path):
    with pytest.raises(ConfigurationError) as ei:
        read_signed(tmp_path / "absent", keys.public)
    assert ei.value.code == "bundle.unreadable"


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "key",
    [
        "absent.pub",
        "-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----\n",
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 2048)),
    ],
    ids=["absent", "malformed", "P-384", "RSA"],
)
def test_a_key_that_cannot_be_used(signed, key):
    with pytest.raises(ConfigurationError) as ei:
        read_signed(signed, key)
    assert ei.value.code == "bundle.key_unusable"


def test_the_private_key_is_not_taken_for_the_public_one(signed, keys):
    with pytest.raises(ConfigurationError) as ei:
        read_signed(signed, keys.private)
    assert ei.value.code == "bundle.key_unusable"
    assert "is the private half" in ei.value.message
    with pytest.raises(ConfigurationError) as ei:
        read_signed(signed, keys.private.read_text("ascii"))
    assert ei.value.message == "the bundle's public key is the private half, which only signs"
