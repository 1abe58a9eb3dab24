"""What people read of a rule and of a linter's check is in plain words."""

from __future__ import annotations

import json
import re

import pytest
from tests.engines import ROOT

from inbounds_tools.lint import CHECKS

CATALOGUE = json.loads((ROOT / "rego/inbounds/catalogue/data.json").read_text("utf-8"))
IDIOM = re.compile(
    r"\bis (?:no|none)\b|\bnobody's\b|\bmend\b|\bdraw\b|\bhands?\b|\bhanded on\b",
    re.IGNORECASE,
)


def texts():
    """Each text by where it stands."""
    for check in CHECKS:
        for part in ("title", "why", "now"):
            yield f"{check.code} {part}", getattr(check, part)
    for kind, entries in CATALOGUE.items():
        for code, about in entries.items():
            for part in ("message", "remedy"):
                if part in about:
                    yield f"{kind} {code} {part}", about[part]


def test_there_are_such_texts():
    assert len(list(texts())) > 250


def test_they_are_in_plain_words_and_of_no_great_length():
    assert {where: text for where, text in texts() if IDIOM.search(text)} == {}
    long = {
        where: sentence
        for where, text in texts()
        for sentence in re.split(r"(?<=[.;:]) ", text)
        if len(sentence.split()) > 32
    }
    assert long == {}


STEERING = re.compile(r"argument|recipient|credential|link|values")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (kind, code)
        for kind in ("rules", "escalations")
        for code in CATALOGUE[kind]
        if code.startswith(("flow.", "egress."))
    ],
)
def test_a_remedy_of_a_flow_says_who_acts_on_what_and_in_which_file(kind, code):
    remedy = CATALOGUE[kind][code]["remedy"]

    assert re.match(r"(?:Agent author|User|Operator): ", remedy)
    assert "Operator: " in remedy
    assert re.search(r"deployment/[a-z]+\.yaml", remedy)
    assert STEERING.search(remedy)


@pytest.mark.parametrize("text", ["`x` is no SPIFFE ID", "Mend it", "Handed on too often"])
def test_the_idiom_is_found(text):
    assert IDIOM.search(text)
