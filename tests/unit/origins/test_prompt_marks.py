"""What is not read further of a prompt holds nothing that would be found there."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from inbounds.provenance import denials, prompt_marks, prompt_segments

PLAIN = st.text(st.sampled_from("aZ9é字_ .,!?@/#+$%&=;()-"), max_size=60)
WORDS = st.lists(
    st.sampled_from(
        ["On", "May", "Rosa", "wrote", "schrieb", "From", "mail", "-", "1.", "a-b", "@b"]
    ),
    max_size=12,
).map(" ".join)


@settings(max_examples=1000, deadline=None)
@given(PLAIN | WORDS)
def test_a_prompt_without_marks_quotes_nothing_and_holds_no_data(text):
    """
    So that most prompts are not looked through for it.
    """
    if prompt_marks._UNMARKED.fullmatch(text):
        assert prompt_segments.stretches(text) == []
    assert prompt_marks.stretches(text) == prompt_segments.stretches(text)


def test_a_sign_that_may_begin_a_quote_or_data_is_looked_into():
    quotes = {*prompt_segments._CLOSING, *prompt_segments._CLOSING.values()}
    for sign in {*"".join(quotes), *"<>|:~\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\uff1e\uff1a\uff5c"}:
        assert not prompt_marks._UNMARKED.fullmatch(f"a {sign} b")


def test_every_word_that_denies_is_looked_for():
    """
    In each form in which it is read.
    """
    begin = (
        denials._NOT
        | denials._WHOLE
        | denials._BUT_FOR
        | denials._STOP
        | denials._OUGHT_NOT
        | denials._LEAVE
        | denials._SKIP
        | denials._CANNOT
        | denials._LEFT_OUT
    )
    known = {*prompt_marks.DENYING.split()}

    assert begin <= known
    assert known - begin == {"instead", "rather", "but", "other", "apart"}
    for word in known:
        for form in (word, word.upper(), word.capitalize(), word.replace("'", "\u2019")):
            read = form.lower().replace("\u2019", "'") == word
            assert not read or prompt_marks._DENIES.search(f"please, {form}: x")
    assert prompt_marks.ruled_out("Send the note to Noah and Norma") == []


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*prompt_marks.DENYING.split(), "send", "it", "to", "Ann", ",", "."]))
)
def test_what_is_not_looked_into_rules_nothing_out(words):
    text = " ".join(words)
    if not re.search(prompt_marks._DENIES, text):
        assert denials.tokens_ruled_out(text) == []
    assert prompt_marks.ruled_out(text) == denials.tokens_ruled_out(text)
