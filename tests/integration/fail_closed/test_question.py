"""A question of which a part is missing, of another version, or asked in the wrong place."""

from __future__ import annotations

import pytest
from tests import engines
from tests.integration.fail_closed.observed import Fault, denied, invalid, unreachable

from inbounds import (
    AccessDenied,
    ArgumentNotRepresentable,
    DecisionUnavailable,
    TaskMissing,
)
from inbounds.pdp import DECISION, ISSUANCE, REGISTRY
from inbounds.pdp.opa import OpaServer

MALFORMED = denied("request.malformed", "Malformed question")
REFUSED = unreachable("OPA refused this caller (HTTP 401)")


def without(path):
    """What takes a path out of the question."""
    *above, last = path.split("/")

    def change(question):
        place = question
        for step in above:
            place = place[step]
        del place[last]
        return question

    return change


def put(path, value):
    """What puts a value at a path of the question."""
    *above, last = path.split("/")

    def change(question):
        place = question
        for step in above:
            place = place[step]
        place[last] = value
        return question

    return change


NOT_ALLOWED = denied("capability.argument_not_allowed", "Argument not allowed")
NOT_WHOLE = invalid("the session's next state is not whole")
PARTS = {
    "question": MALFORMED,
    "subject": MALFORMED,
    "subject/type": MALFORMED,
    "subject/id": MALFORMED,
    "action": MALFORMED,
    "action/name": MALFORMED,
    "action/properties": MALFORMED,
    "action/properties/arguments": MALFORMED,
    "action/properties/arguments/id": NOT_ALLOWED,
    "resource": MALFORMED,
    "resource/type": MALFORMED,
    "resource/id": MALFORMED,
    "context": MALFORMED,
    "context/decision": MALFORMED,
    "context/decision/id": MALFORMED,
    "context/agent": MALFORMED,
    "context/credentials": MALFORMED,
    "context/credentials/identity": MALFORMED,
    "context/credentials/task": MALFORMED,
    "context/session": MALFORMED,
    "context/session/id": NOT_WHOLE,
    "context/session/version": MALFORMED,
    "context/session/trust": NOT_WHOLE,
    "context/session/label": NOT_WHOLE,
    "context/session/effects": MALFORMED,
    "context/session/spent": MALFORMED,
    "context/session/spent/calls": denied("session.missing", "Session state missing"),
    "context/session/refusals": MALFORMED,
    "context/session/decisions": MALFORMED,
    "context/pep": MALFORMED,
    "context/pep/id": MALFORMED,
}
"""What a question cannot do without, and what is told where it is missing.

A session of which only a part came is refused by the policy as well; what it then answers of the
session's next state is not a state, so that is told.
"""
UNKNOWN_TO_OPA = {"context", "context/pep", "context/pep/id"}
"""What OPA must know before it answers anybody: who asks."""


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_missing(observed, part):
    """
    Nothing runs on a question of which a part is missing.
    """
    unknown = observed.engine == "opa" and part in UNKNOWN_TO_OPA

    with observed.questions_changed(without(part)):
        observed.refused(REFUSED if unknown else PARTS[part])


@pytest.mark.parametrize("version", [0, 2, -1, 1.5, "1", True, None, [1], {}, 2**53])
def test_an_unknown_version(observed, version):
    """
    Nothing runs on a question of a version that the policy does not answer.
    """
    with observed.questions_changed(put("question", version)):
        observed.refused(MALFORMED)


@pytest.mark.parametrize(
    "path", ["decision", "subject/decision", "context/allow", "resource/label"]
)
def test_an_extra_key(observed, path):
    """
    Nothing runs on a question that says more than one can say.
    """
    with observed.questions_changed(put(path, True)):
        observed.refused(MALFORMED)


class TestWrongPath:
    def asked_elsewhere(self, observed, entrypoint, fault):
        def ask(pdp, asked, question, how):
            return pdp.ask(entrypoint if asked == DECISION else asked, question, **how)

        with observed.asking(ask):
            observed.refused(fault)

    def test_that_nobody_has(self, observed):
        """
        Nothing runs where there is no such entry point.
        """
        there_is_none = invalid("the policy has no such entry point")
        fault = {"embedded": there_is_none, "opa": REFUSED}[observed.engine]

        self.asked_elsewhere(observed, "inbounds/main/decisions", fault)

    @pytest.mark.parametrize("entrypoint", [REGISTRY, ISSUANCE])
    def test_that_answers_something_else(self, observed, entrypoint):
        """
        Nothing runs on the answer to another kind of question.
        """
        self.asked_elsewhere(observed, entrypoint, invalid("is not a decision (a JSON dict)"))

    @pytest.mark.parametrize(
        "path", ["inbounds/main", "inbounds/main/decision/decision", "inbounds/build", "../v1"]
    )
    def test_above_or_below_it(self, observed, path):
        """
        Nothing runs on what stands above or below the decision.
        """
        there_is_none = invalid("the policy has no such entry point")
        fault = {"embedded": there_is_none, "opa": REFUSED}[observed.engine]

        self.asked_elsewhere(observed, path, fault)

    @pytest.mark.parametrize(
        "path", ["inbounds/main/decisions", "inbounds/main", "inbounds/main/outcome"]
    )
    def test_on_an_opa_that_is_not_hardened(self, embedded, path):
        """
        Nothing runs on what an OPA answers that everybody may ask everything.
        """
        with engines.opa([engines.RULES], roots=["inbounds", "system"]) as opa:
            pdp = OpaServer(opa.url)
            fault = invalid("undefined" if path.endswith("s") else "is not a decision")

            def ask(_pdp, asked, question, how):
                return pdp.ask(path, question, **how)

            task = embedded.begin()
            embedded.allowed(task)
            with embedded.asking(ask):
                embedded.refused(fault, task)
            pdp.close()


# --- a call that cannot be asked about at all ----------------------------------------------


class Unspeakable:
    """What has no JSON form."""


ARGUMENTS = {
    "an object": ({"id": Unspeakable()}, "argument.not_representable"),
    "a lone surrogate": ({"id": "\ud800"}, "argument.not_representable"),
    "no finite number": ({"id": float("nan")}, "argument.not_representable"),
    "a number too large": ({"id": 2**53 + 1}, "argument.not_representable"),
    "one that is missing": ({}, "argument.does_not_fit"),
}


@pytest.mark.parametrize("what", ARGUMENTS)
def test_arguments_that_cannot_be_asked_about(observed, what):
    """
    Nothing runs, and no engine is asked, where the arguments have no canonical form.
    """
    arguments, code = ARGUMENTS[what]
    task = observed.begin()
    asked = []

    def ask(pdp, entrypoint, question, how):
        asked.append(entrypoint)
        return pdp.ask(entrypoint, question, **how)

    with observed.asking(ask), pytest.raises(ArgumentNotRepresentable) as caught:
        task.call("mail.read", arguments)

    assert (observed.ran, caught.value.executed, caught.value.code) == ([], "no", code)
    assert DECISION not in asked
    (record,) = observed.records(caught.value.decision_id)
    assert (record["outcome"], record["codes"]) == ("unavailable", [code])
    (span,) = observed.spans
    assert (span["outcome"], span["error"]) == ("unavailable", code)


def test_no_task(observed):
    """
    Nothing runs outside a task; the error says that there is none.
    """
    with pytest.raises(TaskMissing, match="outside a task") as caught:
        observed.guard.tools["mail.read"]("42")

    assert (observed.ran, caught.value.executed) == ([], "no")
    assert (observed.records(), observed.spans) == ([], [])


def test_a_task_that_is_over(observed):
    """
    Nothing runs under a task that has ended.
    """
    with observed.begin() as task:
        observed.allowed(task)

    observed.refused(Fault(DecisionUnavailable, "task.over", "the task is over"), task)


def test_a_tool_nobody_registered(observed):
    """
    Nothing runs of a tool that the registry does not know.
    """
    ran = []
    observed.guard.tool("mail.shred", resource=lambda id: ("mail", id))(ran.append)
    task = observed.begin()

    with pytest.raises(AccessDenied, match="Unregistered tool") as caught:
        task.call("mail.shred", {"object": "42"})

    assert (ran, caught.value.executed) == ([], "no")
    assert caught.value.code == "capability.unregistered_tool"
