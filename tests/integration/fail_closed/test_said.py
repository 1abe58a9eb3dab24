"""An engine that is in order and says something that is not a decision."""

from __future__ import annotations

import json
import time

import pytest
from tests import engines
from tests.integration.fail_closed.observed import (
    Between,
    Fault,
    denied,
    invalid,
    timeout,
    unreachable,
)

from inbounds import DecisionUnavailable, InvalidAnswer
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.pdp import DECISION, REGISTRY, Reply
from inbounds.pdp.opa import OpaServer

SAYS = """
package inbounds.main

decision := data.deployment.said

decision := {"slow": true} if {
	data.deployment.slow
	long := concat("a", [sprintf("%d", [i]) | some i in numbers.range(1, 20000)])
	every i in numbers.range(1, 1000000) { i > 0; not contains(long, "1a1b") }
}

decision := time.parse_rfc3339_ns(data.deployment.moment)

decision := "not by strict_json" if data.deployment.said == "never"
"""
"""A policy that says of a decision whatever its data holds."""

NO_DECISION = "the PDP's answer is not a decision (a JSON {})"
SAID = {
    "undefined": ({}, invalid("undefined")),
    "nothing": ({"said": {}}, invalid(NO_DECISION.format("dict"))),
    "null": ({"said": None}, invalid(NO_DECISION.format("null"))),
    "a number": ({"said": 1}, invalid(NO_DECISION.format("int"))),
    "the boolean alone": ({"said": True}, invalid(NO_DECISION.format("bool"))),
    "the text true": ({"said": "true"}, invalid(NO_DECISION.format("str"))),
    "a list": ({"said": [True]}, invalid(NO_DECISION.format("list"))),
    "no decision": ({"said": {"context": {"outcome": "allow"}}}, invalid("not a decision")),
    "a decision alone": ({"said": {"decision": True}}, invalid("not a decision")),
    "a decision in words": (
        {"said": {"decision": "true", "context": {}}},
        invalid("not a decision"),
    ),
    "another engine's allow": (
        {"said": {"allow": True, "result": True}},
        invalid("not a decision"),
    ),
    "a policy that does not end": ({"slow": True}, timeout("deadline")),
    "a built-in that fails": ({"moment": "never"}, None),
    "two values": ({"said": "never"}, None),
}
"""What is said of the decision, on both engines, and how that is told."""
ENGINES_OWN = {
    ("a built-in that fails", "opa"): unreachable("OPA has a fault of its own (HTTP 500)"),
    ("a built-in that fails", "embedded"): invalid("the embedded policy gave no answer"),
    ("two values", "opa"): unreachable("OPA has a fault of its own (HTTP 500)"),
    ("two values", "embedded"): invalid("the embedded policy gave no answer"),
}
"""What the two engines tell in words of their own."""


@pytest.fixture(scope="module")
def saying_opa():
    """An OPA that says of a decision whatever `data.deployment` holds."""
    replace = {"inbounds/main/main.rego": SAYS}
    with engines.opa([engines.RULES], roots=["inbounds", "system"], replace=replace) as opa:
        yield opa


@pytest.fixture(scope="module")
def saying_embedded(tmp_path_factory):
    """An embedded policy that says of a decision whatever `data.deployment` holds."""
    folder = tmp_path_factory.mktemp("saying")
    keys = engines.signing_keys(folder)
    wasm = engines.build_wasm(
        [engines.RULES],
        folder / "policy.wasm.tar.gz",
        keys=keys,
        roots=["inbounds", "system"],
        replace={"inbounds/main/main.rego": SAYS},
    )
    policy = EmbeddedPolicy(wasm, key=keys.public, deployment={})
    yield policy
    policy.close()


class TestSaid:
    @pytest.mark.parametrize("what", SAID)
    def test_by_opa(self, embedded, saying_opa, what):
        """
        Nothing runs on an answer of OPA that is not a decision.
        """
        deployment, fault = SAID[what]
        saying_opa.put("deployment", deployment)
        pdp = OpaServer(saying_opa.url)

        with embedded.decided_by(pdp, deadline=0.5 if "slow" in deployment else 5):
            embedded.refused(fault or ENGINES_OWN[what, "opa"])
        pdp.close()

    @pytest.mark.parametrize("what", SAID)
    def test_embedded(self, embedded, saying_embedded, what):
        """
        Nothing runs on an answer of the embedded policy that is not a decision.
        """
        deployment, fault = SAID[what]
        saying_embedded.replace_deployment(deployment)

        with embedded.decided_by(saying_embedded, deadline=0.5 if "slow" in deployment else 5):
            embedded.refused(fault or ENGINES_OWN[what, "embedded"])


# --- a genuine answer, changed -------------------------------------------------------------


def put(path, value):
    """What puts a value at a path of the answer."""
    *above, last = path.split("/")

    def change(answer):
        place = answer
        for step in above:
            place = place[step]
        place[last] = value
        return answer

    return change


def without(path):
    """What takes a path out of the answer."""
    *above, last = path.split("/")

    def change(answer):
        place = answer
        for step in above:
            place = place[step]
        del place[last]
        return answer

    return change


REASON = {
    "code": "site.closed.today",
    "message": "Closed today",
    "remedy": "Come back",
    "severity": "high",
    "details": [],
}


def refusing(answer):
    """An allow as a denial that spends what the allow would have spent."""
    context = {**answer["context"], "outcome": "deny", "reasons": [REASON]}
    return {**answer, "decision": False, "context": context}


def both(*changes):
    def change(answer):
        for each in changes:
            answer = each(answer)
        return answer

    return change


STATE = "context/session"
NOT_WHOLE = "the session's next state is not whole"
NOTIFY = {"id": "o", "type": "notify", "properties": {}}
CHANGED = {
    "an extra key in the session": (put(f"{STATE}/trusted", True), invalid(NOT_WHOLE)),
    "no session": (without(STATE), invalid("not a decision")),
    "an empty session": (put(STATE, {}), invalid(NOT_WHOLE)),
    "a session in words": (put(STATE, "trusted"), invalid("not a decision")),
    "a counter in words": (put(f"{STATE}/spent/calls", "2"), invalid(NOT_WHOLE)),
    "no counter": (without(f"{STATE}/spent/calls"), invalid(NOT_WHOLE)),
    "no counter that was 0": (without(f"{STATE}/spent/exports"), invalid(NOT_WHOLE)),
    "no counters": (put(f"{STATE}/spent", {}), invalid(NOT_WHOLE)),
    "no label": (without(f"{STATE}/label"), invalid(NOT_WHOLE)),
    "a label lowered": (put(f"{STATE}/label", "public"), invalid("the label was lowered")),
    "a label of nobody": (put(f"{STATE}/label", "cosmic"), invalid("not one of the deployment's")),
    "a counter lowered": (put(f"{STATE}/spent/calls", 0), invalid("what was spent was lowered")),
    "trust restored": (put(f"{STATE}/trust", "trusted"), invalid("trust was restored")),
    "an effect forgotten": (put(f"{STATE}/effects", []), invalid("an effect was lost")),
    "a version skipped": (put(f"{STATE}/version", 9), invalid("not the one that follows")),
    "a version repeated": (put(f"{STATE}/version", 1), invalid("not the one that follows")),
    "another session": (put(f"{STATE}/id", "session-of-another"), invalid("the session's id")),
    "decisions forgotten": (put(f"{STATE}/decisions", []), invalid("were rewritten")),
    "an allow in words alone": (put("decision", False), invalid("contradicts itself")),
    "a deny in words alone": (put("context/outcome", "deny"), invalid("contradicts itself")),
    "an outcome of nobody": (put("context/outcome", "perhaps"), invalid("not a decision")),
    "unavailable, and allowed": (put("context/outcome", "unavailable"), invalid("not a decision")),
    "an allow that nothing grants": (
        put("context/grants", []),
        invalid("allows the call without a grant"),
    ),
    "no grants": (without("context/grants"), invalid("not a decision")),
    "no policy": (without("context/policy"), invalid("not a decision")),
    "no reasons": (without("context/reasons"), invalid("not a decision")),
    "reasons that are none": (put("context/reasons", [{"code": 1}]), invalid("not a decision")),
    "no obligations": (without("context/obligations"), invalid("not a decision")),
    "a refusal that spends": (refusing, invalid("a refusal changed more than")),
    "an unknown obligation": (
        put("context/obligations", [{"id": "o", "type": "encrypt", "properties": {}}]),
        Fault(InvalidAnswer, "obligation.unknown", "obliges to `encrypt`"),
    ),
    "an obligation on the result that says nothing of it": (
        put("context/obligations", [{"id": "o", "type": "redact", "properties": {}}]),
        Fault(InvalidAnswer, "obligation.malformed", "must have valid properties"),
    ),
    "an obligation without its object": (
        put("context/obligations", [NOTIFY]),
        Fault(InvalidAnswer, "obligation.malformed", "does not say whom to tell"),
    ),
    "extra keys beside a denial": (
        both(
            refusing,
            put("allow", True),
            put("result", True),
            put("Decision", True),
            put("context/allow", True),
            put(STATE, {}),
        ),
        denied("site.closed.today", "Closed today"),
    ),
}
"""How a genuine allow, the second of its session, is changed on its way, and what is told."""


class TestChanged:
    @pytest.mark.parametrize("what", CHANGED)
    def test_an_allow(self, observed, what):
        """
        Nothing runs on an allow of which a part is missing, or says what cannot be.
        """
        change, fault = CHANGED[what]
        task = observed.begin()
        observed.allowed(task)

        with observed.answers_changed(change):
            observed.refused(fault, task)
        observed.allowed(task)

    def test_extra_keys_change_nothing(self, observed):
        """
        A later policy may say more than this SDK knows: what it knows is what counts.
        """
        task = observed.begin()

        with observed.answers_changed(both(put("later", 1), put("context/later", {"a": [1]}))):
            observed.allowed(task)

    def test_the_answer_to_another_question(self, observed):
        """
        Nothing runs on the allow of another call of the same session, at the same state.
        """
        kept = []

        def ask(pdp, entrypoint, question, how):
            if entrypoint != DECISION:
                return pdp.ask(entrypoint, question, **how)
            other = json.loads(question)
            other["context"]["decision"]["id"] = "01890000-0000-7000-8000-000000000009"
            kept.append(pdp.ask(entrypoint, json.dumps(other).encode(), **how))
            assert kept[-1].result["decision"] is True
            return kept[-1]

        with observed.asking(ask):
            observed.refused(invalid("it is the answer to another question"))

    def test_the_answer_of_the_call_before(self, observed):
        """
        Nothing runs on an allow that was given before, however genuine.
        """
        kept = []
        task = observed.begin()
        with observed.answers_changed(lambda answer: kept.append(answer) or answer):
            observed.allowed(task)

        with observed.answers_changed(lambda answer: kept[0]):
            observed.refused(invalid("the version is not the one that follows"), task)

    def test_the_answer_of_another_session(self, observed):
        """
        Nothing runs on an allow that another session was given.
        """
        kept = []
        with observed.answers_changed(lambda answer: kept.append(answer) or answer):
            observed.allowed(observed.begin())

        with observed.answers_changed(lambda answer: kept[0]):
            observed.refused(invalid("the session's id changed"))

    def test_a_refusal_that_lowers_the_count_of_refusals(self, observed):
        """
        Nothing runs on a refusal that makes the session look as if it had never been refused.
        """
        task = observed.begin()

        def refusal(refusals):
            def change(answer):
                answer = refusing(answer)
                held = answer["context"]["session"]
                answer["context"]["session"] = {
                    **held,
                    "trust": "trusted",
                    "label": "public",
                    "effects": [],
                    "refusals": refusals,
                    "spent": {**held["spent"], "calls": 0, "rows": 0},
                    "tasks": {},
                    "last": "",
                }
                return answer

            return change

        with observed.answers_changed(refusal(1)):
            observed.refused(denied("site.closed.today", "Closed today"), task)
        observed._exporter.clear()
        with observed.answers_changed(refusal(0)):
            observed.refused(invalid("refusals were lowered"), task)


class TestRegistry:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda _: None, "invalid registry entry"),
            (lambda _: "true", "invalid registry entry"),
            (without("labels"), "invalid registry entry"),
            (without("tool"), "contradicts itself"),
            (put("labels", []), "contradicts itself"),
            (put("registered", False), "contradicts itself"),
        ],
        ids=["null", "text", "no labels", "no tool", "empty labels", "not registered"],
    )
    def test_what_it_says_of_the_tool(self, observed, change, words):
        """
        Nothing runs while it is not known what the tool's arguments are.
        """
        task = observed.begin()
        observed.parts.registry.forget("another revision")

        with observed.answers_changed(change, REGISTRY):
            observed.refused(invalid(words), task)

    def test_revisions_that_keep_changing(self, observed):
        """
        Nothing runs while decisions are made with another deployment than the tool's entry.
        """
        task = observed.begin()

        with observed.answers_changed(put("context/policy/deployment", "sha256:000000000000")):
            observed.refused(
                Fault(
                    DecisionUnavailable,
                    "registry.changed",
                    "registry changed twice during the call",
                ),
                task,
            )


def test_a_pdp_that_raises_what_it_should_not(observed):
    """
    Nothing runs where a PDP of somebody else's raises an error of its own.
    """

    def ask(pdp, entrypoint, question, how):
        if entrypoint == DECISION:
            raise ZeroDivisionError
        return pdp.ask(entrypoint, question, **how)

    task = observed.begin()
    with observed.asking(ask), pytest.raises(ZeroDivisionError):
        task.call("mail.read", {"id": "42"})

    assert observed.ran == []
    (record,) = observed.records()
    assert (record["outcome"], record["codes"]) == ("unavailable", ["call.interrupted"])
    (span,) = observed.spans
    assert (span["outcome"], span["error"]) == ("unavailable", "ZeroDivisionError")


def test_between_asks_what_it_is_told(observed):
    """
    What stands between guard and engine in these tests changes nothing by itself.
    """
    with observed.asking(
        lambda pdp, entrypoint, question, how: pdp.ask(entrypoint, question, **how)
    ):
        assert isinstance(observed.parts.pdp, Between)
        assert isinstance(
            observed.parts.pdp.ask(REGISTRY, b"{}", deadline=time.monotonic() + 5), Reply
        )
        observed.allowed(observed.begin())


def test_an_embedded_engine_that_is_held_up(embedded):
    """
    Nothing runs, and nobody waits for longer than the deadline, where the engine has no time.
    """
    policy = embedded.parts.pdp
    task = embedded.begin()
    embedded.allowed(task)
    busy = timeout("the embedded policy was busy until the deadline")

    with embedded.asking(lambda pdp, *asked: pdp.ask(*asked[:2], **asked[2]), deadline=0.5):
        development = embedded.parts._development
        embedded.parts.refresh_live = development.refresher(policy)
        development._put_at = float("-inf")
        began = time.monotonic()
        with policy._lock:
            embedded.refused(busy, task)  # while the feed is to be put afresh
            embedded._exporter.clear()
            embedded.parts.refresh_live = lambda deadline: None
            embedded.refused(busy, task)  # while it is to be asked
        assert time.monotonic() - began < 10
    embedded.allowed(task)
