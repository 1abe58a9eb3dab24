"""What is not read further of a prompt holds nothing that would be found there."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from inbounds.provenance import denial_words, denials, prompt_marks, prompt_segments
from inbounds.provenance.stop_words import EMPTY, GENERIC

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
    if not prompt_marks._MARKED.search(text):
        assert prompt_segments.stretches(text) == []
    assert prompt_marks.stretches(text) == prompt_segments.stretches(text)


def test_a_sign_that_may_begin_a_quote_or_data_is_looked_into():
    quotes = {*prompt_segments._CLOSING, *prompt_segments._CLOSING.values()}
    for sign in {*"".join(quotes), *"<>|:~\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\uff1e\uff1a\uff5c"}:
        assert prompt_marks._MARKED.search(f"a {sign} b")


def test_every_word_that_denies_is_looked_for():
    """
    In each form in which it is read.
    """
    known = denial_words.DENYING

    assert denials._DOUBTED | denials._OUGHT_NOT <= known
    for words in vars(denial_words).values():
        if isinstance(words, frozenset) and words not in CONTEXT:
            assert words <= known | IN_CONTEXT
    for word in known:
        for form in (word, word.upper(), word.capitalize(), word.replace("'", "\u2019")):
            read = form.lower().replace("\u2019", "'") == word
            assert not read or prompt_marks.may_deny(f"please, {form}: x")
    assert prompt_marks.excluded("Send the note to Noah and Norma") == ([], [])


CONTEXT = [
    denial_words.PERMITTED,
    denial_words.KEPT,
    denial_words.AWAY,
    denial_words.AUDIENCE,
    denial_words.EVERYBODY,
    denial_words.CASES,
    denial_words.BY_ITSELF,
    denial_words.FLOATING,
    denial_words.UNSHARED,
    denial_words.TO_ITSELF,
    denial_words.DOUBTING,
]
"""What is looked for beside a word that denies, and denies nothing by itself."""
IN_CONTEXT = frozenset({"is", "was", "that", "it", "to", "this", "be", "been", "have", "my", "i"})


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*sorted(denial_words.DENYING), "send", "it", "to", "Ann", ",", ".", "a@b.example"]
        )
    )
)
def test_what_is_not_looked_into_rules_nothing_out(words):
    text = " ".join(words)
    if not prompt_marks.may_deny(text):
        assert denials.tokens_excluded(text) == ([], [])
    assert prompt_marks.excluded(text) == denials.tokens_excluded(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*EMPTY, *GENERIC, "Ann", ",", ".", ":", "a@b.example", "'x y'"])))
def test_no_other_word_rules_anything_out(words):
    text = " ".join(words)
    if not prompt_marks.may_deny(text):
        assert denials.tokens_excluded(text) == ([], [])
