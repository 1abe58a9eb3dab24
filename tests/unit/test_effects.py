"""The definition of effects: what the answers of a person come to, by example."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest

from inbounds.model.question import Effect
from inbounds_tools.effects import EXAMPLES, QUESTIONS, Answers, effects_of, reversible_of


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.does)
def test_the_answers_of_each_example_come_to_its_effects(example):
    assert effects_of(example.answers) == example.effects
    assert reversible_of(example.answers) == example.reversible


def test_each_answer_has_a_question_and_each_effect_an_example():
    assert [each.about for each in QUESTIONS] == [each.name for each in fields(Answers)]
    assert {each.result for each in QUESTIONS} == {*get_args(Effect), "reversible"}
    assert {effect for each in EXAMPLES for effect in each.effects} == {*get_args(Effect)}
    assert len({each.does for each in EXAMPLES}) == len(EXAMPLES) >= 30


def test_each_answer_alone_has_the_effect_of_its_question():
    for question in QUESTIONS:
        yes = "outside" if question.about == "audience" else True
        effects = effects_of(Answers(**{question.about: yes}))
        assert effects == (() if question.result == "reversible" else (question.result,))
    assert effects_of(Answers(audience="inside")) == ()


def test_what_comes_back_matters_only_where_something_is_changed():
    assert reversible_of(Answers(keeps=True, undone=True)) == "yes"
    assert reversible_of(Answers(keeps=True)) == "no"
    assert reversible_of(Answers(returns=True, addresses=True, delegates=True)) == "unknown"
