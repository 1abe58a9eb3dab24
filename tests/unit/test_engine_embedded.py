"""The embedded engine: what it answers, what it does when it cannot, and what it keeps."""

from __future__ import annotations

import gc
import json
import os
import signal
import struct
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import jwt
import pytest
from tests import engines

from inbounds.engine import compiled, crossing, embedded, wasm
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.engine.wasm import EvaluationFailed, EvaluationInterrupted
from inbounds.errors import ConfigurationError, InvalidAnswer, Timeout, Unreachable
from inbounds.process import clock

PROBE = """\
package probe

echo := input

tool := data.deployment.tools[input.tool]

now := data.live.now

baseline := data.live.baseline

clock := [time.now_ns(), time.now_ns()]

verified := io.jwt.decode(input.token)[1].sub if {
	io.jwt.verify_es256(input.token, data.deployment.key)
	io.jwt.decode(input.token)[1].exp > time.now_ns() / 1000000000
}

wrong_token := io.jwt.decode(input.token)

conflict := 1 if input.a

conflict := 2 if input.b

# The search compares every place anew, and takes no memory for it.
spin := contains(data.deployment.long, data.deployment.part)

huge := count(numbers.range(1, 100000000))

absent := data.deployment.absent

revision := data.inbounds.revision

decoded := [hex.decode(text) | some text in input.encoded]

counted := time.add_date(indexof(input.text, "b"), 0, 0, 0)
"""
RULES = (
    *("echo", "tool", "now", "baseline", "clock", "verified", "wrong_token", "conflict", "spin"),
    *("huge", "absent", "revision", "counted", "decoded"),
)
ABSENT = object()
LONG = {"long": "a" * 4_000_000, "part": "a" * 400_000 + "b"}


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return engines.signing_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def build(tmp_path_factory, keys):
    """Builds an artefact of the probe, each with its own revision."""

    def build(revision="v1", *, roots=("probe", "inbounds"), keys=keys, extra=None, **metadata):
        folder = tmp_path_factory.mktemp("probe")
        (folder / "rego").mkdir()
        (folder / "rego" / "probe.rego").write_text(PROBE)
        data = {"inbounds": {"revision": revision}} | (extra or {})
        (folder / "rego" / "data.json").write_text(json.dumps(data))
        return engines.build_wasm(
            [folder / "rego"],
            folder / "probe.wasm.tar.gz",
            keys=keys,
            roots=roots,
            entrypoints=[f"probe/{rule}" for rule in RULES],
            revision=revision,
            metadata={
                name: value
                for name, value in {"sequence": 10, **metadata}.items()
                if value is not ABSENT
            },
        )

    return build


@pytest.fixture(scope="module")
def artefact(build):
    return build()


@pytest.fixture
def opened(artefact, keys):
    """Opens the probe, and closes what it opened."""
    policies = []

    def opened(bundle=artefact, **options):
        policies.append(EmbeddedPolicy(bundle, key=keys.public, **options))
        return policies[-1]

    yield opened
    for policy in policies:
        policy.close()


def ask(policy, rule, question=None, *, seconds=30.0):
    text = json.dumps({} if question is None else question, ensure_ascii=False).encode()
    deadline = time.monotonic() + seconds
    return policy.ask(f"probe/{rule}", text, deadline=deadline).result


class TestAsk:
    @pytest.mark.system
    def test_it_names_itself_in_what_is_recorded(self, opened):
        assert opened().name == "embedded"

    @pytest.mark.system
    def test_the_question_reaches_the_policy_whole(self, opened):
        """
        Every JSON value comes back as it went in.
        """
        question = {"a": [1, 2.5, 'é€😀"\n\u0000', None, True, {}], "": {"b": []}, "n": 2**53}
        assert ask(opened(), "echo", question) == question

    @pytest.mark.system
    def test_a_question_larger_than_what_is_reserved(self, opened):
        policy = opened()
        large = {"text": "x" * 5_000_000}
        assert ask(policy, "echo", large) == large
        assert ask(policy, "echo", {"a": 1}) == {"a": 1}

    @pytest.mark.parametrize("rule", ["absent", "no_such_rule"])
    def test_undefined_is_no_answer(self, opened, rule):
        policy = opened()
        instance = policy._instance
        with pytest.raises(InvalidAnswer):
            ask(policy, rule)
        assert policy._instance is instance

    @pytest.mark.parametrize(
        "question", [b"", b"{", b"{}}", b"{1, 2}", b"set()", b'{"a":NaN', b"\xff", b"[" * 100_000]
    )
    def test_a_question_that_is_not_json(self, opened, question):
        """
        The module would take it for an absent input, or read more into it than JSON has.
        """
        with pytest.raises(InvalidAnswer):
            opened().ask("probe/echo", question, deadline=time.monotonic() + 9)

    def test_it_is_called_embedded(self, opened):
        assert opened().name == "embedded"

    def test_one_moment_per_evaluation(self, opened):
        """
        The clock is read once in an evaluation, and again in the next.
        """
        readings = iter(range(1, 9))
        policy = opened(clock=lambda: next(readings))
        assert [ask(policy, "clock"), ask(policy, "clock")] == [[1, 1], [2, 2]]

    def test_closed(self, opened):
        """
        It answers nothing and keeps nothing, once what was being asked is answered.
        """
        policy = opened()
        assert ask(policy, "echo") == {}
        thread = policy._ticker._thread
        with ThreadPoolExecutor(1) as pool:
            with policy._lock:
                closing = pool.submit(policy.close)
                done, _ = wait([closing], timeout=0.2)
                assert not done
                assert policy._instance is not None
            closing.result(timeout=30)
        assert policy._instance is None
        thread.join(timeout=5)
        assert not thread.is_alive()
        with pytest.raises(Unreachable):
            ask(policy, "echo")

    @pytest.mark.parametrize(("text", "place"), [("aab", 2), ("aaa", -1)])
    def test_a_number_that_the_policy_has_computed(self, opened, text, place):
        """
        It reaches a built-in as it is, which it does in another form than one of the question.
        """
        assert ask(opened(), "counted", {"text": text}) == place

    @pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000], ids=len)
    def test_an_answer_that_is_not_json(self, raw):
        with pytest.raises(InvalidAnswer):
            embedded._result(raw)

    def test_texts_of_built_ins_lie_beside_each_other(self, opened):
        """
        None is written over by the next, whatever its length.
        """
        texts = ["abcdefghijklmnopqrstuvwxyz"[:n] * 3 for n in range(26)]
        question = {"encoded": [text.encode().hex() for text in texts]}
        assert ask(opened(), "decoded", question) == texts


class TestFailure:
    @pytest.mark.system
    @pytest.mark.parametrize(
        ("rule", "question", "why"),
        [
            ("wrong_token", {"token": "a.b"}, "`io.jwt.decode` failed: "),
            ("wrong_token", {"token": 1}, "`io.jwt.decode` failed: "),
            ("conflict", {"a": 1, "b": 1}, "the policy stopped: "),
            ("huge", {}, "the policy stopped: "),
        ],
        ids=["built-in", "type", "conflict", "memory"],
    )
    def test_a_policy_that_stops_gives_no_answer(self, opened, rule, question, why):
        """
        A failed built-in, a conflict and exhausted memory give no answer, and the next
        question is answered.
        """
        policy = opened()
        module = policy._module
        for _ in range(2):
            with pytest.raises(InvalidAnswer) as ei:
                ask(policy, rule, question)
            assert why in str(ei.value)
            assert ask(policy, "echo", {"a": 1}) == {"a": 1}
        assert policy._module is module

    def test_an_instance_that_traps_gives_no_answer(self, opened):
        """
        What is nested too deep for the module ends the evaluation, and nothing else.
        """
        policy = opened()
        instance = policy._running()
        with pytest.raises(EvaluationFailed, match="trapped") as ei:
            instance.evaluate(instance.entrypoints["probe/echo"], b"[" * 50_000, ticks=1000)
        assert not isinstance(ei.value, EvaluationInterrupted)

    def test_an_engine_that_cannot_be_started_again(self, opened, monkeypatch):
        """
        Then nothing answers, and it is tried again with the next question.
        """
        policy = opened()
        with pytest.raises(InvalidAnswer):
            ask(policy, "wrong_token", {"token": ""})
        with monkeypatch.context() as small:
            small.setattr(wasm, "MAX_MEMORY", 65_536)
            with pytest.raises(Unreachable):
                ask(policy, "echo")
        assert ask(policy, "echo", {"a": 1}) == {"a": 1}

    @pytest.mark.parametrize("value", ["proof", True, None, 2**40 + 7, "\udc80proof", 10**19 - 1])
    def test_a_module_that_lays_out_values_in_another_way(self, opened, monkeypatch, value):
        """
        What is read where it should lie is something else: such a module is not started.
        """
        read = wasm.Instance._read

        def elsewhere(*where):
            found = read(*where)
            return object() if found == value and type(found) is type(value) else found

        monkeypatch.setattr(wasm.Instance, "_read", elsewhere)
        with pytest.raises(ConfigurationError, match="laid out") as ei:
            opened()
        assert ei.value.code == "bundle.module_unusable"

    @pytest.mark.parametrize(
        "change", [lambda *head: (3, *head[1:3], 18), lambda *head: (2, *head[1:])]
    )
    def test_a_module_that_lays_out_the_time_in_another_way(self, opened, monkeypatch, change):
        """
        Likewise where it cannot be written in place.
        """

        class Head(struct.Struct):
            def unpack(self, content):
                return change(*super().unpack(content))

        monkeypatch.setattr(wasm, "_HEAD_OF_NUMBER", Head("<BBxxxxxxII"))
        with pytest.raises(ConfigurationError, match="laid out"):
            opened()

    def test_data_that_the_module_cannot_read(self, opened):
        policy = opened()
        for data in (b"", b"{", b"{1"):
            with pytest.raises(ConfigurationError, match="not JSON"):
                policy._module.instance(policy._host, data, live=False)

    def test_what_cannot_be_put_in_its_place(self, opened):
        """
        A list has no member `live`, and text that is not JSON has no value.
        """
        policy = opened()
        with pytest.raises(ConfigurationError, match="cannot be changed"):
            policy._module.instance(policy._host, b"[]", live=True)
        with pytest.raises(EvaluationFailed, match="not JSON"):
            policy._instance.put_now(b"{")

    def test_no_value_of_the_question_in_the_error(self, opened):
        with pytest.raises(InvalidAnswer) as ei:
            ask(opened(), "wrong_token", {"token": "se.cret"})
        assert "cret" not in f"{ei.value}{ei.value!r}{ei.value.__cause__}"

    def test_a_runaway_policy_is_interrupted(self, opened):
        """
        It ends at its deadline, and the next question is answered.
        """
        policy = opened(deployment={"tools": {"a": 1}, **LONG})
        for seconds in (0.05, 0.3):
            begun = time.monotonic()
            with pytest.raises(Timeout):
                ask(policy, "spin", seconds=seconds)
            assert seconds <= time.monotonic() - begun < seconds + 5
            assert ask(policy, "tool", {"tool": "a"}) == 1

    @pytest.mark.system
    def test_interrupted_after_a_pause(self, opened):
        """
        What wakes the deadline sleeps while nothing is asked, and wakes again.
        """
        policy = opened(deployment=LONG)
        assert ask(policy, "echo") == {}
        time.sleep(1.5)
        with pytest.raises(Timeout):
            ask(policy, "spin", seconds=0.1)

    @pytest.mark.system
    def test_interrupted_after_a_long_run(self, opened):
        """
        It does not fall asleep during one long evaluation.
        """
        with pytest.raises(Timeout):
            ask(opened(deployment=LONG), "spin", seconds=2.0)

    @pytest.mark.parametrize(("seconds", "most"), [(0.5, 51), (float("inf"), 8_640_001)])
    def test_the_time_that_is_left(self, opened, seconds, most):
        """
        A policy may run for as long as is left, and its deadline is waited for no longer.
        """
        policy, given = opened(), []
        evaluate = policy._instance.evaluate

        def noted(*asked, ticks):
            given.append(ticks)
            return evaluate(*asked, ticks=ticks)

        policy._instance.evaluate = noted
        assert ask(policy, "echo", seconds=seconds) == {}
        assert most / 2 <= given[0] <= most
        assert not policy._ticker._running

    @pytest.mark.system
    def test_the_deadline_holds_while_waiting_for_others(self, opened):
        policy = opened(deployment=LONG)
        with ThreadPoolExecutor(1) as pool:
            busy = pool.submit(ask, policy, "spin", seconds=2.0)
            time.sleep(0.2)
            begun = time.monotonic()
            with pytest.raises(Timeout):
                ask(policy, "echo", seconds=0.1)
            assert time.monotonic() - begun < 1.5
            assert isinstance(busy.exception(), Timeout)

    @pytest.mark.parametrize("seconds", [0.0, -1.0])
    def test_a_deadline_that_has_passed(self, opened, seconds):
        with pytest.raises(Timeout):
            ask(opened(), "echo", seconds=seconds)

    def test_a_deadline_that_has_passed_while_others_are_answered(self, opened):
        """
        Nobody waits for a turn then, not even for a moment.
        """
        policy = opened()
        with policy._lock:
            for seconds in (0.0, -0.5, -1.0, -2.0):
                deadline = time.monotonic() + seconds
                with pytest.raises(Timeout):
                    policy.ask("probe/echo", b"{}", deadline=deadline)
                with pytest.raises(Timeout):
                    policy.push_live_by({}, deadline=deadline)
        assert ask(policy, "echo") == {}

    def test_a_deadline_that_is_now(self, opened, monkeypatch):
        """
        What has to be answered by now is not begun.
        """
        policy = opened()
        now = time.monotonic()
        monkeypatch.setattr(clock, "monotonic", lambda: now)
        with pytest.raises(Timeout):
            policy.ask("probe/echo", b"{}", deadline=now)
        with pytest.raises(Timeout):
            policy.push_live_by({}, deadline=now)

    def test_a_push_in_time(self, opened):
        policy = opened()
        policy.push_live_by({"seq": 1}, deadline=time.monotonic() + 30)
        with policy._lock, ThreadPoolExecutor(1) as pool:
            pushed = pool.submit(policy.push_live_by, {"seq": 2}, deadline=time.monotonic() + 0.1)
            with pytest.raises(Timeout):
                pushed.result(timeout=30)
        assert ask(policy, "now") == {"seq": 1}

    def test_no_deadline_at_all(self, opened):
        assert ask(opened(), "echo", {"a": 1}, seconds=float("inf")) == {"a": 1}

    def test_an_answer_that_comes_late_is_none(self, opened):
        policy = opened(clock=lambda: time.sleep(0.2) or 1)
        with pytest.raises(Timeout):
            ask(policy, "clock", seconds=0.1)
        assert ask(policy, "clock") == [1, 1]

    @pytest.mark.system
    def test_an_answer_that_was_ready_just_too_late_is_none(self, opened, monkeypatch):
        """
        What ends between the deadline and the tick that would have stopped it comes too late.
        """
        policy = opened()
        evaluate = policy._evaluate

        def late(entrypoint, question, deadline):
            raw = evaluate(entrypoint, question, deadline)
            time.sleep(max(0.0, deadline - time.monotonic()) + 0.01)
            return raw

        monkeypatch.setattr(policy, "_evaluate", late)
        with pytest.raises(Timeout, match="answered after the deadline"):
            ask(policy, "echo", seconds=0.2)

    def test_nobody_waits_for_others_beyond_a_deadline(self, opened):
        """
        A thread that asks while the engine is taken is told so when its time is up.
        """
        policy = opened()
        ask(policy, "echo")
        ended = []

        def wait():
            with pytest.raises(Timeout, match="busy until the deadline"):
                ask(policy, "echo", seconds=0.1)
            ended.append(True)

        with policy._lock:
            thread = threading.Thread(target=wait, daemon=True)
            thread.start()
            thread.join(timeout=5)
            assert ended


class TestSignatureCache:
    def test_a_warm_signature_and_a_moved_clock(self, opened, keys):
        """
        Only the signature is remembered: an expired token is refused though its result is warm.
        """
        now = 1000
        policy = opened(
            deployment={"key": keys.public.read_text()}, clock=lambda: now * 1_000_000_000
        )
        token = jwt.encode({"sub": "alice", "exp": 2000}, keys.private.read_text(), "ES256")
        assert ask(policy, "verified", {"token": token}) == "alice"
        assert ask(policy, "verified", {"token": token}) == "alice"
        now = 2001
        with pytest.raises(InvalidAnswer):
            ask(policy, "verified", {"token": token})

    def test_a_warm_signature_and_another_key(self, opened, keys, tmp_path):
        policy = opened(deployment={"key": keys.public.read_text()}, clock=lambda: 0)
        token = jwt.encode({"sub": "alice", "exp": 2000}, keys.private.read_text(), "ES256")
        assert ask(policy, "verified", {"token": token}) == "alice"
        policy.replace_deployment({"key": engines.signing_keys(tmp_path).public.read_text()})
        with pytest.raises(InvalidAnswer):
            ask(policy, "verified", {"token": token})

    def test_a_warm_signature_and_another_payload(self, opened, keys):
        policy = opened(deployment={"key": keys.public.read_text()}, clock=lambda: 0)
        private = keys.private.read_text()
        token = jwt.encode({"sub": "alice", "exp": 2000}, private, "ES256")
        other = jwt.encode({"sub": "mallory", "exp": 2000}, private, "ES256")
        assert ask(policy, "verified", {"token": token}) == "alice"
        head, _, signature = token.split(".")
        with pytest.raises(InvalidAnswer):
            ask(policy, "verified", {"token": f"{head}.{other.split('.')[1]}.{signature}"})


class TestData:
    def test_deployment_and_live(self, opened):
        policy = opened(
            deployment={"tools": {"a": 1}}, live={"baseline": {"b": 2}, "now": {"seq": 1}}
        )
        assert ask(policy, "tool", {"tool": "a"}) == 1
        assert ask(policy, "baseline") == {"b": 2}
        assert ask(policy, "now") == {"seq": 1}

    def test_absent_until_it_is_pushed(self, opened):
        """
        Before the first push `data.live.now` is undefined, not empty and not null.
        """
        policy = opened(live={"baseline": {"b": 2}})
        with pytest.raises(InvalidAnswer):
            ask(policy, "now")
        policy.push_live({"seq": 1})
        assert ask(policy, "now") == {"seq": 1}
        assert ask(policy, "baseline") == {"b": 2}

    def test_a_push_replaces_the_whole(self, opened):
        policy = opened()
        for now in (
            {"ended": {"a": 1}},
            {"seq": 2},
            {},
            {"revoked": {str(i): i for i in range(99)}},
        ):
            policy.push_live(now)
            assert ask(policy, "now") == now

    @pytest.mark.system
    def test_a_push_after_a_question_in_a_hurry(self, opened):
        """
        The deadline of a question is not that of what comes after it.
        """
        policy = opened()
        assert ask(policy, "echo", seconds=0.3) == {}
        time.sleep(0.6)
        policy.push_live({"seq": 1})
        assert ask(policy, "now") == {"seq": 1}

    def test_what_was_pushed_outlives_a_fault_and_a_reload(self, opened, artefact):
        policy = opened(deployment={"tools": {"a": 1}}, live={"now": {"seq": 1}})
        policy.push_live({"seq": 2})
        with pytest.raises(InvalidAnswer):
            ask(policy, "wrong_token", {"token": ""})
        assert ask(policy, "now") == {"seq": 2}
        policy.reload(artefact)
        assert ask(policy, "now") == {"seq": 2}
        policy.replace_deployment({"tools": {"a": 2}})
        assert ask(policy, "now") == {"seq": 2}
        assert ask(policy, "tool", {"tool": "a"}) == 2

    def test_a_push_while_another_policy_is_made_ready(self, opened, artefact):
        """
        It is in force with the other one as well.
        """
        policy = opened(live={"now": {"seq": 1}})
        make = policy._make

        def late(*what):
            made = make(*what)
            policy.push_live({"seq": 2})
            return made

        policy._make = late
        policy.reload(artefact)
        assert ask(policy, "now") == {"seq": 2}

    @pytest.mark.parametrize(
        "value",
        [{"a": {1, 2}}, {"a": float("nan")}, {"a": b""}, {"a": "\ud800"}, {"a": nested(100_000)}],
        ids=["set", "nan", "bytes", "surrogate", "nested"],
    )
    def test_data_that_is_not_json(self, opened, value):
        """
        It is refused, and what was there stays.
        """
        policy = opened(deployment={"tools": {"a": 1}}, live={"now": {"seq": 1}})
        for put in (policy.push_live, policy.replace_deployment, lambda it: opened(deployment=it)):
            with pytest.raises(ConfigurationError) as ei:
                put(value)
            assert ei.value.code == "data.not_json"
        assert ask(policy, "now") == {"seq": 1}
        assert ask(policy, "tool", {"tool": "a"}) == 1

    @pytest.mark.system
    def test_data_that_does_not_fit(self, opened):
        """
        It is refused, and what was there stays, through a fault as well.
        """
        policy = opened(deployment={"tools": {"a": 1}}, live={"now": {"seq": 1}})
        large = {"tools": [0] * 4_000_000}
        with pytest.raises(ConfigurationError) as ei:
            policy.push_live(large)
        assert ei.value.code == "live.not_put"
        assert ask(policy, "now") == {"seq": 1}
        with pytest.raises(ConfigurationError):
            policy.replace_deployment(large)
        for _ in range(2):
            assert ask(policy, "tool", {"tool": "a"}) == 1
            with pytest.raises(InvalidAnswer):
                ask(policy, "wrong_token", {"token": ""})
        assert ask(policy, "now") == {"seq": 1}

    @pytest.mark.system
    def test_whose_the_deployment_is(self, build, opened):
        """
        A policy says whether its bundle holds the deployment; what reads another is called where
        it does not.
        """
        read = []
        owner = build(roots=["probe", "inbounds", "deployment"], extra={"deployment": {}})

        def deployment():
            read.append(1)
            return {"tools": {"a": 1}}

        assert opened(owner, deployment=deployment).holds_deployment is True
        assert read == []
        policy = opened(deployment=deployment)
        assert policy.holds_deployment is False
        assert read == [1]
        assert ask(policy, "tool", {"tool": "a"}) == 1

    @pytest.mark.system
    def test_roots_do_not_overlap(self, build, opened):
        """
        Data for a root the bundle owns is refused, as OPA refuses it.
        """
        data = {"deployment": {"tools": {"a": 1}}, "live": {"baseline": {}, "now": {"seq": 0}}}
        owner = build(roots=["probe", "inbounds", "deployment", "live"], extra=data)
        policy = opened(owner)
        assert ask(policy, "tool", {"tool": "a"}) == 1
        assert ask(policy, "now") == {"seq": 0}
        for change in (policy.push_live, policy.replace_deployment):
            with pytest.raises(ConfigurationError) as ei:
                change({"seq": 1})
            assert ei.value.code == "bundle.owns_root"
        for options in ({"deployment": {}}, {"live": {"now": {}}}, {"live": {"baseline": {}}}):
            with pytest.raises(ConfigurationError):
                opened(owner, **options)
        assert ask(policy, "now") == {"seq": 0}


class TestReload:
    @pytest.mark.system
    def test_a_later_revision(self, build, opened):
        policy = opened()
        assert (policy.revision, policy.questions) == ("v1", (1,))
        policy.reload(build("v2", sequence=11, questions=[1, 2]))
        assert (policy.revision, policy.questions) == ("v2", (1, 2))
        assert ask(policy, "revision") == "v2"

    @pytest.mark.system
    def test_an_older_revision(self, build, opened):
        """
        It is refused and the one in force stays, unless it was asked for.
        """
        older = build("v0", sequence=9)
        policy = opened()
        with pytest.raises(ConfigurationError) as ei:
            policy.reload(older)
        assert ei.value.code == "bundle.older"
        assert (ask(policy, "revision"), policy.revision) == ("v1", "v1")

        willing = opened(allow_older=True)
        willing.reload(older)
        assert (ask(willing, "revision"), willing.revision) == ("v0", "v0")

    @pytest.mark.system
    @pytest.mark.parametrize("said", [{}, {"sequence": None}, {"sequence": "9"}], ids=str)
    def test_a_revision_without_a_number(self, build, opened, said):
        """
        It comes before every other one.
        """
        older = build("v0", **{"sequence": ABSENT, **said})
        policy = opened(build("v1", sequence=1))
        with pytest.raises(ConfigurationError) as ei:
            policy.reload(older)
        assert ei.value.code == "bundle.older"

    @pytest.mark.system
    @pytest.mark.parametrize("questions", [[], [2], ["1"], "1", None, 1], ids=repr)
    def test_a_bundle_that_answers_another_question(self, build, opened, questions):
        with pytest.raises(ConfigurationError) as ei:
            opened(build(questions=questions))
        assert ei.value.code == "bundle.other_question"

    @pytest.mark.system
    def test_what_is_no_version_of_a_question(self, build, opened):
        assert opened(build(questions=[1, "2", 3])).questions == (1, 3)

    @pytest.mark.system
    def test_what_cannot_be_loaded_leaves_the_last_good_one(self, build, opened, tmp_path):
        policy = opened(deployment={"tools": {}})
        stranger = build("v2", sequence=11, keys=engines.signing_keys(tmp_path))
        owner = build("v2", sequence=11, roots=["probe", "inbounds", "deployment"])
        torn = tmp_path / "torn.tar.gz"
        torn.write_bytes(build("v2", sequence=11).read_bytes()[:-40])
        for bundle in (stranger, owner, torn, tmp_path / "absent.tar.gz"):
            with pytest.raises(ConfigurationError):
                policy.reload(bundle)
            assert (ask(policy, "revision"), policy.revision) == ("v1", "v1")

    @pytest.mark.system
    def test_questions_are_answered_while_it_loads(self, build, opened):
        policy = opened(live={"now": {"seq": 1}})
        later = [build(f"v{n}", sequence=n) for n in (11, 12)]
        answers, stop = [], threading.Event()

        def asking():
            while not stop.is_set():
                answers.append(ask(policy, "revision"))

        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(asking) for _ in range(2)]
            for bundle in later:
                policy.reload(bundle)
            policy.push_live({"seq": 2})
            stop.set()
        assert [future.result() for future in asked] == [None, None]
        assert set(answers) <= {"v1", "v11", "v12"}
        assert ask(policy, "revision") == "v12"

    def test_one_change_at_a_time(self, opened, artefact):
        """
        Who changes what is in force waits for who was first.
        """
        policy = opened(deployment={"tools": {"a": 1}})
        with ThreadPoolExecutor(2) as pool:
            with policy._changing:
                changes = [
                    pool.submit(policy.reload, artefact),
                    pool.submit(policy.replace_deployment, {"tools": {"a": 2}}),
                ]
                done, _ = wait(changes, timeout=0.5)
                assert not done
            assert [change.result(timeout=30) for change in changes] == [None, None]
        assert ask(policy, "tool", {"tool": "a"}) == 2

    @pytest.mark.system
    def test_a_bundle_without_a_module(self, keys, tmp_path):
        (tmp_path / "rego").mkdir()
        (tmp_path / "rego" / "probe.rego").write_text("package probe\n\na := 1\n")
        folder = engines.stage([tmp_path / "rego"], tmp_path / "b", roots=["probe"])
        plain = engines.build(folder, tmp_path / "plain.tar.gz", keys=keys)
        with pytest.raises(ConfigurationError) as ei:
            EmbeddedPolicy(plain, key=keys.public)
        assert ei.value.code == "bundle.no_module"

    @pytest.mark.system
    def test_a_builtin_that_the_host_lacks(self, keys, tmp_path):
        """
        It is named when the bundle is loaded, not when it is called.
        """
        (tmp_path / "rego").mkdir()
        (tmp_path / "rego" / "probe.rego").write_text(
            "package probe\n\na := http.send({}) if input.x\n\nb := rand.intn(input.x, 2)\n"
        )
        bundle = engines.build_wasm(
            [tmp_path / "rego"],
            tmp_path / "b.wasm.tar.gz",
            keys=keys,
            roots=["probe"],
            entrypoints=["probe/a", "probe/b"],
        )
        with pytest.raises(ConfigurationError, match=r"http\.send, rand\.intn") as ei:
            EmbeddedPolicy(bundle, key=keys.public)
        assert ei.value.code == "policy.builtin_missing"


class TestProcess:
    def test_threads_take_turns(self, opened):
        policy = opened()
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(ask, policy, "echo", {"n": n, "x": "y" * n}) for n in range(400)]
            for n, future in enumerate(asked):
                assert future.result() == {"n": n, "x": "y" * n}

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_child_answers_for_itself(self, opened):
        """
        A child that was forked while the parent was asking has its own engine and lock.
        """
        policy = opened(deployment=LONG, live={"now": {"seq": 1}})
        with ThreadPoolExecutor(1) as pool:
            busy = pool.submit(ask, policy, "spin", seconds=1.0)
            time.sleep(0.2)
            child = os.fork()
            if child == 0:
                try:
                    policy.push_live({"seq": 2})
                    good = ask(policy, "now") == {"seq": 2}
                    try:
                        ask(policy, "spin", seconds=0.1)
                    except Timeout:
                        good = good and ask(policy, "echo", {"a": 1}) == {"a": 1}
                    else:
                        good = False
                finally:
                    os._exit(0 if good else 1)
            _, status = os.waitpid(child, 0)
            assert isinstance(busy.exception(), Timeout)
        assert os.waitstatus_to_exitcode(status) == 0
        assert ask(policy, "now") == {"seq": 1}

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_child_lets_go_of_nothing(self, opened):
        """
        What a child has of its parent's engine stays as it was: a thread that is not here any
        more may have been inside.
        """
        policy = opened()
        assert ask(policy, "echo") == {}
        parents = [weakref.ref(held) for held in (policy._instance, policy._engine, policy._ticker)]
        finalizer = policy._finalizer
        child = os.fork()
        if child == 0:
            good = False
            try:
                gc.collect()
                good = None not in [held() for held in parents]
                good = good and not finalizer.alive and policy._finalizer.alive
                good = good and policy._instance is None
            finally:
                os._exit(0 if good else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert finalizer.alive

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_child_compiles_for_itself(self, opened):
        """
        The compiler's threads did not come along; a child that waited for them would hang.
        """
        policy = opened()
        child = os.fork()
        if child == 0:
            good = False
            try:
                signal.alarm(30)
                compiled._here.clear()
                good = ask(policy, "echo", {"a": 1}) == {"a": 1}
            finally:
                os._exit(0 if good else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_child_of_a_policy_that_is_gone(self, artefact, keys, monkeypatch):
        """
        A policy that nobody holds any more is not started again, and that is not a fault.
        """
        faults = []
        policy = EmbeddedPolicy(artefact, key=keys.public)
        policy.close()
        del policy
        gc.collect()
        read, write = os.pipe()
        monkeypatch.setattr(sys, "unraisablehook", faults.append)
        child = os.fork()
        if child == 0:
            try:
                # Those of others, such as files that a test before left open, say nothing of it.
                own = [each for each in faults if "EmbeddedPolicy" in repr(each.object)]
                os.write(write, "\n".join(map(repr, own)).encode())
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as said:
            assert said.read() == b""
        os.waitpid(child, 0)

    def test_it_is_freed(self, artefact, keys):
        """
        What nobody holds any more goes, thread and all.
        """
        policy = EmbeddedPolicy(artefact, key=keys.public)
        assert ask(policy, "echo") == {}
        instance = weakref.ref(policy._instance)
        threads = [policy._ticker._thread, *policy._own._threads]
        del policy
        gc.collect()
        assert instance() is None
        for thread in threads:
            thread.join(timeout=5)
        assert [thread.is_alive() for thread in threads] == [False, False]

    def test_without_the_lean_way_into_the_module(self, opened):
        """
        A version of wasmtime without the parts that save time is called in the ordinary way.
        """
        plain = opened(live={"now": {"seq": 1}})
        for function in plain._instance._call.values():
            assert function._lean
            function._lean = False
        plain.push_live({"seq": 2})
        assert ask(plain, "now") == {"seq": 2}
        with pytest.raises(InvalidAnswer):
            ask(plain, "conflict", {"a": 1, "b": 1})

    def test_a_wasmtime_without_the_parts_that_save_time(self, opened, monkeypatch):
        """
        Whatever it lacks of them, the policy answers in the ordinary way.
        """
        for part in ("_ffi", "_func"):
            monkeypatch.setattr(crossing, part, None)
        plain = opened(live={"now": {"seq": 1}})
        assert not any(function._lean for function in plain._instance._call.values())
        plain.push_live({"seq": 2})
        assert ask(plain, "now") == {"seq": 2}
        assert ask(plain, "counted", {"text": "ab"}) == 1
        for _ in range(2):
            with pytest.raises(InvalidAnswer):
                ask(plain, "wrong_token", {"token": ""})
            assert ask(plain, "echo", {"a": 1}) == {"a": 1}


class TestMemory:
    @pytest.mark.system
    @pytest.mark.parametrize("questions", [3_000, pytest.param(100_000, marks=pytest.mark.nightly)])
    def test_it_does_not_grow_with_questions(self, opened, keys, questions):
        policy = opened(deployment={"key": keys.public.read_text()}, clock=lambda: 0)
        token = jwt.encode({"sub": "alice", "exp": 2000}, keys.private.read_text(), "ES256")
        question = {"token": token, "pad": "x" * 2000}
        for _ in range(300):
            ask(policy, "verified", question)
        memory, resident = policy._instance.memory, resident_bytes()
        for _ in range(questions):
            ask(policy, "verified", question)
        assert policy._instance.memory == memory
        assert resident_bytes() - resident < 4_000_000

    @pytest.mark.system
    def test_the_first_question_that_there_is_no_room_for(self, opened):
        """
        Room is made before it is written, to the byte: behind the memory is somebody else's.
        """
        free = opened()._instance
        least = free.memory - free._heap
        for size in (*range(least - 70_000, least + 70_000, 7_000), 3 * least):
            text = "x" * size
            policy = opened()
            assert ask(policy, "echo", text) == ask(policy, "echo", text) == text
            policy.close()

    def test_it_does_not_grow_with_pushes(self, opened):
        """
        Ten thousand pushes of entries that come and go leave the instance as large as it was.
        """
        policy = opened(live={"baseline": {str(n): n for n in range(1000)}})
        grown = [{"seq": n, "revoked": {f"{n}-{i}": i for i in range(n % 50)}} for n in range(500)]
        for now in grown:
            policy.push_live(now)
        instance, memory = policy._instance, policy._instance.memory
        for _ in range(20):
            for now in grown:
                policy.push_live(now)
            assert ask(policy, "now") == grown[-1]
        assert policy._instance is instance
        assert policy._instance.memory == memory

    def test_a_push_does_not_cost_what_the_deployment_weighs(self, opened):
        heavy = {"tools": {f"t{n}": {"effects": ["read"], "pin": "x" * 300} for n in range(10_000)}}
        times = {}
        for name, deployment in (("light", {}), ("heavy", heavy)):
            policy = opened(deployment=deployment)
            spent = []
            for n in range(50):
                begun = time.perf_counter()
                policy.push_live({"seq": n})
                spent.append(time.perf_counter() - begun)
            times[name] = min(spent)
        assert times["heavy"] < 5 * times["light"] + 0.001


def resident_bytes():
    gc.collect()
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("this system does not say how much memory is resident")
    return int(statm.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
