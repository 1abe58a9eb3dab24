"""What a module finds in its own memory: what Python answered before, and nothing else."""

from __future__ import annotations

import contextlib
import ctypes
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests import engines

from inbounds.engine import signature_cache
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.engine.wasm import Instance
from inbounds.errors import InvalidAnswer

PROBE = """\
package probe

es := io.jwt.verify_es256(input.token, input.key)

rs := io.jwt.verify_rs256(input.token, input.key)

now := [time.now_ns(), time.now_ns()]

twice := [io.jwt.verify_es256(input.token, input.key) | some _ in [1, 2]]

raw := io.jwt.verify_es256(input.token, hex.decode(input.key))

affixed := strings.any_prefix_match(input.token, input.key)
"""
RULES = ("es", "rs", "now", "twice", "raw", "affixed")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return engines.signing_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def artefact(tmp_path_factory, keys):
    return engines.build_probe(tmp_path_factory.mktemp("probe"), PROBE, keys=keys, rules=RULES)


@pytest.fixture
def opened(artefact, keys):
    policies = []

    def opened(**options):
        policies.append(EmbeddedPolicy(artefact, key=keys.public, **options))
        return policies[-1]

    yield opened
    for policy in policies:
        policy.close()


@pytest.fixture
def crossings(monkeypatch):
    """The built-ins that Python was asked for."""
    asked = []
    original = Instance._dispatch

    def counted(self, caller, arguments):
        asked.append(self._table[arguments[0]][0])
        return original(self, caller, arguments)

    monkeypatch.setattr(Instance, "_dispatch", counted)
    return asked


def ask(policy, rule, token="", key=""):
    question = json.dumps({"token": token, "key": key}, ensure_ascii=False).encode()
    return policy.ask(f"probe/{rule}", question, deadline=time.monotonic() + 30).result


def token(keys, **claims):
    return jwt.encode(claims, keys.private.read_text(), "ES256")


@pytest.mark.system
def test_a_signature_is_asked_for_once(opened, keys, crossings):
    policy, signed, key = opened(), token(keys, sub="alice"), keys.public.read_text()
    assert [ask(policy, "es", signed, key) for _ in range(5)] == [True] * 5
    assert crossings == ["io.jwt.verify_es256"]


@pytest.mark.system
def test_a_bad_signature_is_remembered_as_bad(opened, keys, tmp_path, crossings):
    policy, signed = opened(), token(keys, sub="alice")
    key = engines.signing_keys(tmp_path).public.read_text()
    assert [ask(policy, "es", signed, key) for _ in range(5)] == [False] * 5
    assert crossings == ["io.jwt.verify_es256"]


@pytest.mark.system
def test_every_byte_counts(opened, keys, crossings):
    """
    A token or key that differs anywhere, by its value or its length, is another one.
    """
    policy, signed, key = opened(), token(keys, sub="alice"), keys.public.read_text()
    assert ask(policy, "es", signed, key)
    head, body, signature = signed.split(".")
    others = [
        signed[:place] + ("A" if signed[place] != "A" else "B") + signed[place + 1 :]
        for place in range(len(signed) - 1)  # the last sign has bits that say nothing
        if signed[place] != "."
    ]
    others += [signed[:-1], signed[1:], f"{head}.{body}.", f"{head}.{body}.{signature}AAAA"]
    for other in others:
        asked = len(crossings)
        with contextlib.suppress(InvalidAnswer):  # where it is not a token at all
            assert ask(policy, "es", other, key) is False
        assert len(crossings) == asked + 1
    assert ask(policy, "es", signed, key)


def test_another_algorithm_is_another_question(opened, keys, crossings):
    policy, signed, key = opened(), token(keys, sub="alice"), keys.public.read_text()
    assert ask(policy, "es", signed, key)
    assert ask(policy, "rs", signed, key) is False
    assert crossings == ["io.jwt.verify_es256", "io.jwt.verify_rs256"]


def test_only_signatures_are_remembered(opened, crossings):
    policy = opened()
    for _ in range(3):
        assert ask(policy, "affixed", "token", "tok")
        assert not ask(policy, "affixed", "token", "oken")
    assert crossings == ["strings.any_prefix_match"] * 6


def test_it_is_bounded(opened, keys, crossings):
    """
    What was written first is asked for again, and every answer stays right.
    """
    policy, key = opened(), keys.public.read_text()
    signed = [token(keys, sub=f"user-{place}") for place in range(signature_cache.SLOTS + 10)]
    for one in signed:
        assert ask(policy, "es", one, key)
    crossings.clear()
    assert all(ask(policy, "es", one, key) for one in signed[-signature_cache.SLOTS :])
    assert crossings == []
    assert all(ask(policy, "es", one, key) for one in signed[:10])
    assert len(crossings) == 10
    broken = [one[:-10] + ("A" if one[-10] != "A" else "B") + one[-9:] for one in signed]
    assert not any(ask(policy, "es", one, key) for one in broken)


def of_length(keys, size):
    """A token of exactly so many signs."""
    found = (
        jwt.encode({"sub": "a" * long}, keys.private.read_text(), "ES256", {"kid": "k" * more})
        for more in range(4)
        for long in range(size * 3 // 4 - 200, size)
    )
    return next(token for token in found if len(token) == size)


def test_the_longest_that_is_remembered(opened, keys, crossings):
    policy, key = opened(), keys.public.read_text()
    key = "\n" * (signature_cache._KEY - len(key)) + key
    longest = [of_length(keys, signature_cache._TOKEN) for _ in range(2)]
    assert {len(longest[0]), len(longest[1]), len(key)} == {4096, 1024}
    assert len(set(longest)) == 2
    assert all(ask(policy, "es", one, key) for one in longest * 3)
    assert len(crossings) == 2


def test_a_signature_is_asked_for_once_in_one_evaluation(opened, keys, crossings):
    policy, signed, key = opened(), token(keys, sub="alice"), keys.public.read_text()
    assert ask(policy, "twice", signed, key) == [True, True]
    assert crossings == ["io.jwt.verify_es256"]


def test_no_more_is_looked_at_than_was_written(opened, keys):
    """
    What lies in memory that nobody has written is not an answer.
    """
    policy, key = opened(), keys.public.read_text()

    def looked_at():
        instance = policy._instance
        at = instance._base(instance._store) + instance._recall._table
        return signature_cache._HEAD.unpack(ctypes.string_at(at, signature_cache._HEAD.size))[2]

    assert looked_at() == 0
    for place in range(signature_cache.SLOTS + 3):
        assert ask(policy, "es", token(keys, sub=f"user-{place}"), key)
        written = min(place + 1, signature_cache.SLOTS)
        assert looked_at() == written
        ask(policy, "now")
        assert looked_at() == written


def test_what_is_too_long_is_asked_for_each_time(opened, keys, crossings):
    policy, key = opened(), keys.public.read_text()
    long = token(keys, sub="a" * 4096)
    assert all(ask(policy, "es", long, key) for _ in range(3))
    assert all(ask(policy, "es", token(keys), "\n" * 1024 + key) for _ in range(3))
    assert len(crossings) == 6


@pytest.mark.parametrize("too_long", ["token", "key"])
def test_what_is_too_long_takes_no_place(opened, keys, crossings, too_long):
    """
    What others are remembered by is not written over.
    """
    policy, key = opened(), keys.public.read_text()
    signed = [token(keys, sub=f"user-{place}") for place in range(signature_cache.SLOTS)]
    assert all(ask(policy, "es", one, key) for one in signed)
    if too_long == "token":
        assert ask(policy, "es", token(keys, sub="a" * 9000), key)
    else:
        assert ask(policy, "es", signed[0], "\n" * 9000 + key)
    crossings.clear()
    assert all(ask(policy, "es", one, key) for one in signed)
    assert crossings == []


def test_bytes_that_are_no_text_are_remembered_as_they_are(opened, keys, crossings):
    """
    A key may have such in a name, which OPA reads as well.
    """
    public = load_pem_public_key(keys.public.read_bytes())
    jwk = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(public))
    key = json.dumps({**jwk, "kid": "?"}).encode().replace(b"?", b"\xff").hex()
    policy, whole = opened(), token(keys)
    for _ in range(3):
        assert ask(policy, "raw", whole, key) is True
    assert crossings.count("io.jwt.verify_es256") == 1


def test_what_is_no_text_is_passed_on(opened, keys, crossings):
    policy = opened()
    for wrong in (None, 4, 8, True, ["a"], {}):
        with pytest.raises(InvalidAnswer):
            ask(policy, "es", wrong, keys.public.read_text())
        with pytest.raises(InvalidAnswer):
            ask(policy, "es", token(keys), wrong)


def test_the_time_is_read_for_each_evaluation(opened, crossings):
    moments = iter(range(1_700_000_000_000_000_000, 1_700_000_000_000_000_100))
    policy = opened(clock=lambda: next(moments))
    first, second = ask(policy, "now"), ask(policy, "now")
    assert first[0] == first[1] == 1_700_000_000_000_000_000
    assert second[0] == second[1] == 1_700_000_000_000_000_001
    assert crossings == []


@pytest.mark.parametrize("now", [0, 1, 999_999_999_999_999_999, 10**19])
def test_a_time_of_other_digits(opened, now, crossings):
    """
    One that does not fit into what is kept for it is passed on, and does not stay.
    """
    times = [1_700_000_000_000_000_000, now, 1_800_000_000_000_000_000]
    moments = iter(times)
    policy = opened(clock=lambda: next(moments))
    assert [ask(policy, "now") for _ in times] == [[each, each] for each in times]


def test_a_fresh_instance_remembers_nothing(opened, keys, tmp_path):
    policy, signed, key = opened(), token(keys, sub="alice"), keys.public.read_text()
    assert ask(policy, "es", signed, key)
    before = policy._instance
    policy.replace_deployment({})
    assert policy._instance is not before
    assert policy._instance._recall._written == 0
    assert ask(policy, "es", signed, key)
