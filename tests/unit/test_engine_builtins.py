"""The built-ins of the host, asked without an engine: what is listed of OPA, and no more."""

from __future__ import annotations

import base64
import json
import struct
import sys
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests import builtin_answers

from inbounds.engine import jws, times
from inbounds.engine.builtins import Host
from inbounds.engine.values import BuiltinError, Set, dump


def value(written: Any) -> Any:
    """What a module would hand over for what is listed."""
    if isinstance(written, dict) and written.keys() == {"$set"}:
        return Set(tuple(map(value, written["$set"])))
    if isinstance(written, dict) and written.keys() == {"$bytes"}:
        return bytes.fromhex(written["$bytes"]).decode("utf-8", "surrogateescape")
    if isinstance(written, dict):
        return {key: value(member) for key, member in written.items()}
    return list(map(value, written)) if isinstance(written, list) else written


def answered(name: str, arguments: Any) -> Any:
    """The answer as it leaves the host; an error that is not a built-in's goes through."""
    try:
        answer = Host(clock=lambda: 0).builtins[name](*map(value, arguments))
    except BuiltinError:
        return builtin_answers.NONE
    return json.loads(dump(answer))


def shown(answer: Any) -> str:
    """As JSON, which tells true from 1 and 1 from 1.0."""
    return json.dumps(answer, sort_keys=True)


@pytest.mark.parametrize("name", builtin_answers.names())
def test_what_opa_answers_is_answered(name: str) -> None:
    different = [
        f"{arguments}: {got}, not {answer}"
        for arguments, answer in builtin_answers.agreed(name)
        if shown(got := answered(name, arguments)) != shown(answer)
    ]
    assert not different


@pytest.mark.parametrize("name", builtin_answers.names())
def test_what_only_opa_answers_is_an_error(name: str) -> None:
    answers = [
        f"{arguments}: {got}"
        for arguments, _ in builtin_answers.stricter(name)
        if (got := answered(name, arguments)) != builtin_answers.NONE
    ]
    assert not answers


# --- zones ---------------------------------------------------------------------------------

# RFC 9636: one zone without transitions, an hour east of UTC.
EAST = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, 0, 1, 4) + struct.pack(">lbb", 3600, 0, 0)


@pytest.fixture
def zones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in the place of the time zones of this machine."""

    def forget() -> None:
        times._zone.cache_clear()
        zoneinfo.ZoneInfo.clear_cache()

    for name in [name for name in sys.modules if name.startswith("tzdata")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=[tmp_path])
    forget()
    yield tmp_path
    zoneinfo.reset_tzpath()
    forget()


def test_a_machine_without_time_zones(zones: Path) -> None:
    """
    It knows UTC, by which policies count, and no other zone: there is no answer.
    """
    assert answered("time.clock", [[0, "UTC"]]) == answered("time.clock", [[0, ""]]) == [0, 0, 0]
    assert answered("time.clock", [[0, "Europe/Berlin"]]) == builtin_answers.NONE
    (zones / "East").write_bytes(EAST + b"EST\0")
    assert answered("time.clock", [[0, "East"]]) == [1, 0, 0]
    (zones / "Spoilt").write_bytes(b"TZif")
    assert answered("time.clock", [[0, "Spoilt"]]) == builtin_answers.NONE


def test_the_zone_of_the_process_is_no_zone(zones: Path) -> None:
    """
    OPA knows it as `Local`; a decision does not hang on where a process runs.
    """
    (zones / "Local").write_bytes(EAST + b"EST\0")
    assert answered("time.clock", [[0, "Local"]]) == builtin_answers.NONE


# --- one engine's own ----------------------------------------------------------------------


def test_an_evaluation_has_one_moment() -> None:
    moments = iter(range(1, 9))
    host = Host(clock=lambda: next(moments))
    now = host.builtins["time.now_ns"]
    assert [now(), now(), host.now_ns()] == [1, 1, 1]
    host.begin()
    assert [now(), now()] == [2, 2]


def test_the_moment_may_be_0() -> None:
    moments = iter([0, 1])
    host = Host(clock=lambda: next(moments))
    assert [host.now_ns(), host.now_ns()] == [0, 0]


def test_bytes_that_are_no_text_are_kept() -> None:
    """
    A thumbprint goes through `hex.decode` on its way to base64url.
    """
    builtins = Host(clock=lambda: 0).builtins
    made = builtins["hex.decode"]("ff00fe")
    assert builtins["hex.encode"](made) == "ff00fe"
    assert builtins["base64url.encode_no_pad"](made) == "_wD-"


# --- signatures ----------------------------------------------------------------------------

PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def token(payload: bytes = b"{}", header: bytes = b'{"alg":"ES256"}') -> str:
    head, body = (base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    algorithm = jwt.get_algorithm_by_name("ES256")
    signature = algorithm.sign(head + b"." + body, PRIVATE)
    return b".".join([head, body, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_signature() -> None:
    assert answered("io.jwt.verify_es256", [token(), KEY]) is True
    head, _, signature = token().split(".")
    assert answered("io.jwt.verify_es256", [f"{head}.e30K.{signature}", KEY]) is False
    assert answered("io.jwt.verify_rs256", [token(), KEY]) is False
    assert answered("io.jwt.decode", [token()])[:2] == [{"alg": "ES256"}, {}]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}x", b'{"a":[1,]}', b"\v{}"])
def test_a_signature_of_what_opa_could_not_read(payload: bytes) -> None:
    """
    It is not good: the module's own parser would find claims where OPA finds none.
    """
    assert answered("io.jwt.verify_es256", [token(payload), KEY]) is False


@pytest.mark.parametrize("value", [None, 1, True, [], ["a.b.c"], {}, {"$set": ["a"]}])
def test_a_goodand_a_key_are_strings(value: Any) -> None:
    for arguments in ([value, KEY], [token(), value], [value, value]):
        assert answered("io.jwt.verify_es256", arguments) == builtin_answers.NONE
    assert answered("io.jwt.decode", [value]) == builtin_answers.NONE


def test_results_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A signature is verified once for many questions; the oldest of too many is forgotten.
    """
    verified = []
    verify = jws.verify

    def counted(*arguments: Any) -> bool:
        verified.append(arguments)
        return verify(*arguments)

    monkeypatch.setattr(jws, "verify", counted)
    ask = Host(clock=lambda: 0).builtins["io.jwt.verify_es256"]
    good = token()
    head, _, signature = good.split(".")
    others = [f"{head}.{body:04d}.{signature}" for body in range(1023)]
    assert ask(good, KEY) is True
    for whole in (*others, *others, good):
        assert ask(whole, KEY) is (whole == good)
    assert len(verified) == 1024
    ask(f"{head}.9999.{signature}", KEY)
    ask(good, KEY)
    assert len(verified) == 1025
    ask(others[0], KEY)
    assert len(verified) == 1026


def test_a_result_is_remembered_for_one_key_and_one_algorithm() -> None:
    builtins = Host(clock=lambda: 0).builtins
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    theirs = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    whole = token()
    for _ in range(2):
        assert builtins["io.jwt.verify_es256"](whole, KEY) is True
        assert builtins["io.jwt.verify_es256"](whole, theirs) is False
        assert builtins["io.jwt.verify_es384"](whole, KEY) is False
