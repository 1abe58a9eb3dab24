"""Every error says what happened, whether it has run, and nothing that is secret."""

import copy
import pickle

import pytest

import inbounds
from inbounds import errors
from inbounds.model.question import Decision, PolicyStamp, Reason

STAMP = PolicyStamp(revision="r", deployment="d")
DENIED = Decision(
    id="01890000-0000-7000-8000-000000000001",
    allowed=False,
    outcome="deny",
    reasons=(
        Reason(code="intent.effect_outside_intent", message="No.", remedy="Ask."),
        Reason(code="tenant.other_than_task", message="Other."),
    ),
    policy=STAMP,
)
CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.InboundsError)
]


class TestTree:
    def test_one_root(self):
        """
        Whoever catches `InboundsError` catches them all.
        """
        assert {errors.InboundsError} == {
            ancestor
            for cls in CLASSES
            for ancestor in cls.__mro__
            if ancestor.__base__ is Exception
        }

    @pytest.mark.parametrize("cls", [cls for cls in CLASSES if cls.__name__[0] != "_"])
    def test_public_and_documented(self, cls):
        """
        Every error can be imported from the package and stands in the tree of its module.
        """
        assert cls is getattr(inbounds, cls.__name__)
        assert f"{cls.__name__}" in (errors.__doc__ or "")
        assert cls.__doc__

    def test_has_run(self):
        """
        Only two errors say that the action has run.
        """
        ran = {cls.__name__ for cls in CLASSES if cls.executed != "no"}

        assert {"ResultWithheld", "OutcomeUnrecorded"} == ran

    def test_codes(self):
        """
        No two kinds of error share a code.
        """
        codes = [cls.code for cls in CLASSES if "code" in vars(cls)]

        assert len(codes) == len(set(codes))


class TestRefusals:
    @pytest.mark.parametrize("cls", [errors.AccessDenied, errors.ApprovalRequired])
    def test_speaks_with_its_first_reason(self, cls):
        """
        A refusal's code, words and remedy are those of its first reason.
        """
        error = cls(DENIED)

        assert "intent.effect_outside_intent" == error.code
        assert "Ask." == error.remedy == error.hint
        assert f"No. [intent.effect_outside_intent]; Ask.; decision {DENIED.id}" == str(error)
        assert DENIED.id == error.decision_id

    def test_says_who_wanted_what(self):
        """
        A refusal names the tool, on whose authority, the intent and the decision.
        """
        who = {"tool": "mail.send", "agent": "spiffe://a/x", "intent": "summarise"}

        error = errors.AccessDenied(DENIED, subject="alice@a.example", **who)
        own = errors.ApprovalRequired(DENIED, subject="spiffe://a/x", **who)

        assert str(error) == (
            "`mail.send` under `summarise` for alice@a.example was denied "
            f"[intent.effect_outside_intent]: No.; Ask.; decision {DENIED.id}"
        )
        assert str(own).startswith(
            "`mail.send` under `summarise` for spiffe://a/x needs a person to approve it "
            "[intent.effect_outside_intent]: No."
        )
        assert (error.tool, error.subject) == ("mail.send", "alice@a.example")
        assert (error.agent, error.intent) == ("spiffe://a/x", "summarise")

    def test_without_a_reason(self):
        """
        A refusal without a reason is a refusal all the same.
        """
        error = errors.AccessDenied(DENIED.model_copy(update={"reasons": ()}))

        assert "decision.deny" == error.code

    def test_a_decision_is_no_boolean(self):
        """
        Taking a decision for a boolean raises, allowed or not.
        """
        for allowed in (True, False):
            with pytest.raises(TypeError):
                bool(DENIED.model_copy(update={"allowed": allowed}))

    @pytest.mark.parametrize(
        "error",
        [errors.AccessDenied(DENIED), errors.Timeout("late"), errors.TaskMissing("none")],
        ids=lambda error: type(error).__name__,
    )
    def test_travels(self, error):
        """
        An error survives pickling and copying, as between processes, with all it says.
        """
        for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert str(error) == str(other)
            assert (error.code, error.hint, error.executed) == (
                other.code,
                other.hint,
                other.executed,
            )
