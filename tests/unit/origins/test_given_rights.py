"""A right is given only where the prompt gives it to whom the call shares with."""

from __future__ import annotations

import pytest
from tests.unit.origins.test_said_as import runs
from tests.unit.origins.traced import seen

from inbounds.canonical.arguments import canonicalise
from inbounds.model.question import Argument

RIGHT = Argument(role="target", one_of=["view", "comment", "edit"])
ROLE = Argument(role="target", one_of=["viewer", "commenter", "editor"])
SHARES = [
    "Share 'plan.md' with ann@acme.example", "Please share plan.md with ann@acme.example",
    "Find plan.md and share it with ann@acme.example", "Give ann@acme.example plan.md",
]  # fmt: skip
GIVEN = [
    " with edit access", ", edit access", " with edit rights, please", " so that she can edit it",
    "; she may edit it", ". She can edit it.", ". She needs to edit it.", ", right: edit",
    ", she should be able to edit it", ", she gets edit access", " and give her edit access",
    " and bob@acme.example with edit access",
    ", bob@acme.example and carl@acme.example with edit access", " and let her edit it",
    " to edit", " (edit access)", " with the right to edit", " with full edit access",
    ", and allow her to edit it", ". Give her edit access.", " with edit access until Friday",
]  # fmt: skip
GIVING = [
    "Give ann@acme.example edit access to plan.md",
    "Give ann@acme.example and bob@acme.example edit access to plan.md",
    "Give bob@acme.example, carl@acme.example and ann@acme.example edit access to plan.md",
    "Grant ann@acme.example edit access on plan.md",
    "Give edit access on plan.md to ann@acme.example", "Set her right to edit",
    "Change ann's access to edit", "Let ann@acme.example edit plan.md",
    "Allow ann@acme.example to edit it", "Could you give ann@acme.example edit access?",
    "Give Ann (ann@acme.example) the edit role",
    "Share the plan, the budget and the minutes with ann@acme.example with edit access",
]  # fmt: skip
NOT_GIVEN = [
    ", bob@acme.example has edit access already", " like bob@acme.example, who has edit rights",
    " and take edit access from bob@acme.example", " with edit mode off", " for the edit meeting",
    ". Bob has edit access.", ". Bob can edit it.", ". I want to edit it.", " and edit it",
    " and ask bob@acme.example for edit access",
    " and tell bob@acme.example that he has edit access",
    ", and remove edit access from bob@acme.example", ", revoke bob's edit access",
    " and then edit it", " and rescind edit access of bob@acme.example", " but no edit access",
    " without edit access", " with edit access off", " with edit access disabled",
    ", edit access is not needed", " while bob@acme.example has edit access",
    ", Bob keeps edit access", " before the edit review", " about the edit rights",
    " because we edit it", " like bob@acme.example with edit access",
    ", bob@acme.example already can edit", ". Who has edit access?", " and check who can edit it",
    " and see edit rights", ", she lost edit access", " in the edit group", "'s edit team",
    " unlike Bob, who may edit", " with edit notes",
    " and withdraw bob@acme.example's edit access",
    " and cancel the edit right of bob@acme.example", " and show me the edit rights",
    " and list edit rights", " so that bob@acme.example can edit", " so that I can edit it",
]  # fmt: skip
ANOTHERS = [
    "Give bob@acme.example edit access and share 'plan.md' with ann@acme.example",
    "Give Bob edit access and share 'plan.md' with ann@acme.example",
    "Give edit access on 'x.md' to bob@acme.example and share 'plan.md' with ann@acme.example",
    "Let Bob edit 'x.md', and share 'plan.md' with ann@acme.example",
    "Give view access to ann@acme.example and bob@acme.example edit access",
    "Give ann@acme.example view access and bob@acme.example edit access",
    "Share it with ann@acme.example and give carl@acme.example and bob@acme.example edit access",
    "Bob has edit access; share plan.md with ann@acme.example",
    "Ask Bob to edit plan.md and share it with ann@acme.example",
    "Edit plan.md and share it with ann@acme.example",
    "Share the edit plan with ann@acme.example",
]


def is_given(prompt, right=RIGHT, value="edit"):
    """Whether a call that shares with Ann may give a right, and nobody is asked about it."""
    registered = {"/people/*": Argument(kind="email", role="recipient"), "/right": right}
    judged = canonicalise({"people": ["ann@acme.example"], "right": value}, registered)
    origins = seen(prompt)
    found = origins.trace(judged.arguments, registered, judged.parsed)
    doubtful = origins.doubtful(judged.arguments, registered, judged.parsed, found)
    return found["/right"].grade == "prompt" and "/right" not in doubtful


@pytest.mark.parametrize("share", SHARES)
def test_a_right_that_is_given_with_what_is_shared_is_not_asked_about(share):
    for given in GIVEN:
        assert is_given(share + given), given


@pytest.mark.parametrize("prompt", GIVING)
def test_nor_is_one_that_is_given_by_itself(prompt):
    assert is_given(prompt)
    assert runs(prompt, "edit", RIGHT)


def test_nor_a_role_that_somebody_is_given():
    for prompt in (
        f"{SHARES[0]} as editor", f"{SHARES[0]} as an editor",
        "Invite ann@acme.example as editor", "Make ann@acme.example an editor of plan.md",
        "Set her role to editor",
        "Share the plan, budget and minutes with ann@acme.example as editor",
    ):  # fmt: skip
        assert is_given(prompt, ROLE, "editor"), prompt


@pytest.mark.parametrize("share", SHARES)
def test_a_right_that_another_has_or_loses_or_that_belongs_to_a_noun_is_asked_about(share):
    for other in NOT_GIVEN:
        assert not is_given(share + other), other


@pytest.mark.parametrize("prompt", ANOTHERS)
def test_a_right_that_another_person_is_given_is_asked_about(prompt):
    assert not is_given(prompt)
