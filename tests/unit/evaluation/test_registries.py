"""The deployments that are evaluated: complete, and trusting nothing that others can write."""

import pytest
from evaluation.coverage import trusted_texts, trusted_with
from evaluation.replay.table import read_classes
from evaluation.replay.testbed import open_testbed
from tests.engines import ROOT

from inbounds.model.question import ReturnedField, Returns
from inbounds_tools.lint import lint

REGISTRIES = ROOT / "evaluation" / "registries"
SUITES = ("workspace", "banking")
STATED_BY_THE_PLATFORM = {"get_current_day", "get_iban", "get_balance", "get_user_info"}
"""The tools that give back nothing that anybody but the platform and the user has written."""
OF_THE_ADDRESS_BOOK = {"search_contacts_by_name", "search_contacts_by_email"}
"""The tools whose titles are what the user's own address book calls a contact."""


@pytest.fixture(scope="module", params=SUITES)
def deployment(request):
    with open_testbed(REGISTRIES / request.param) as testbed:
        yield testbed.deployment


def test_every_text_and_title_is_a_third_partys(deployment):
    for name, tool in deployment.tools.items():
        own = ["/*/name"] if name in OF_THE_ADDRESS_BOOK else []
        assert own == trusted_texts(tool.returns), name


def test_only_what_the_platform_states_is_a_first_partys_by_default(deployment):
    trusted = {name for name, tool in deployment.tools.items() if tool.returns.party == "first"}
    assert trusted <= STATED_BY_THE_PLATFORM


def test_what_a_tool_that_acts_gives_back_is_a_third_partys_but_for_new_ids(deployment):
    for name, tool in deployment.tools.items():
        if set(tool.effects) != {"read"}:
            holds = {field.holds for field in tool.returns.fields.values()}
            assert (tool.returns.party, holds <= {"new_id"}) == ("third", True), name


def test_every_result_is_labelled_and_every_effect_can_be_undone_or_not(deployment):
    for name, tool in deployment.tools.items():
        assert tool.returns.label, name
        assert tool.effects, name
        assert tool.effects == ["read"] or tool.reversible != "unknown", name


def test_every_outward_tool_says_to_whom_or_where(deployment):
    for name, tool in deployment.tools.items():
        if {"export", "spend"} & set(tool.effects):
            roles = {argument.role for argument in tool.arguments.values()}
            assert "recipient" in roles or tool.destinations, name


def test_the_intent_can_bring_about_what_every_tool_does(deployment):
    (intent,) = deployment.intents.values()
    assert set(intent.tools) == set(deployment.tools)
    for name, tool in deployment.tools.items():
        assert any(
            bound.type == tool.resource and set(tool.effects) <= set(bound.effects)
            for bound in intent.resources
        ), name


def test_words_ask_for_whole_classes_of_effects(deployment):
    (intent,) = deployment.intents.values()
    acting = {
        (tool.resource, tuple(sorted(tool.effects)))
        for tool in deployment.tools.values()
        if tool.effects != ["read"]
    }
    assert acting == {(said.resource, tuple(sorted(said.effects))) for said in intent.words}


@pytest.mark.parametrize("suite", SUITES)
def test_the_linter_finds_nothing_that_is_not_meant(suite):
    """
    No prompt states what a task may spend in all, and one user has nobody to be a second one.
    """
    found = {finding.code for finding in lint(REGISTRIES / suite) if not finding.allowed}
    assert found <= {"money.unbounded", "holders.four_eyes_unset"}


@pytest.mark.parametrize("suite", SUITES)
def test_every_class_is_of_a_tool_or_reads(suite):
    known = {bound.type for bound in read_classes(REGISTRIES / suite).values()}
    assert {"mail", "calendar", "drive", "payment", "standing_order", "profile"} <= known


RETURNS = Returns(
    party="third",
    fields={
        "/*/title": ReturnedField(holds="title", party="third"),
        "/*/size": ReturnedField(holds="value", party="first"),
        "/*/name": ReturnedField(holds="text", party="first"),
    },
)


def test_a_text_that_is_labelled_as_trusted_is_noticed():
    assert ["/*/name"] == trusted_texts(RETURNS)
    assert ["/0/size"] == trusted_with(
        RETURNS, [{"title": "MARK", "size": "a MARK"}, {"size": 1, "other": "MARK"}], "MARK"
    )


def test_a_name_of_a_member_is_text_as_well():
    trusting = Returns(party="first")
    assert ["/MARK"] == trusted_with(trusting, {"MARK": 1}, "MARK")
