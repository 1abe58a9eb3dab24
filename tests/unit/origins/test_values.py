"""What stands within a text, as a value of its kind."""

import itertools

import pytest

from inbounds.provenance.sentences import read
from inbounds.provenance.values import embedded


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("to ann@m.example.", ["ann@m.example"]),
        ("<ann@m.example>, (bob@m.example)", ["ann@m.example", "bob@m.example"]),
        ("'ann@m.example' \u00abbob@m.example\u00bb", ["ann@m.example", "bob@m.example"]),
        ("**ann@m.example**\nbob@m.example\u2026", ["ann@m.example", "bob@m.example"]),
        ("mailto:ann@m.example's", ["ann@m.example"]),
        ("o'brien@m.example o\u2019brien@m.example", []),
        ("#ann@m.example a!ann@m.example a&ann@m.example a=ann@m.example", []),
        ("\u0445\u0306.eve@m.example", []),
        ("\u0915\u093feve@m.example x\u200beve@m.example", []),
        ("a@b.c.d.e.f.g.h.i.j.k.l.example", []),
        ("bob@acme.example@x.example", []),
        ("bob@acme.example\u0301", []),
    ],
)
def test_a_part_of_an_address_is_not_an_address(text, addresses):
    """
    What may go on before or after is a longer one, which whoever owns the shorter is not.
    """
    assert addresses == [key[2:] for key in embedded(text) if key.startswith("e:")]


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("+43 1 234567", "+431234567"),
        ("+43.1.234567", "+431234567"),
        ("+43 (1) 234-567", "+431234567"),
        ("+1 212 555 0123", "+12125550123"),
        ("+1 (212) 555-0123", "+12125550123"),
        ("+33 1 23 45 67 89", "+33123456789"),
        ("+41 79 123 45 67", "+41791234567"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+49 170 123 45 67", "+491701234567"),
        ("+351 912 345 678", "+351912345678"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("+436641234567", "+436641234567"),
    ],
)
def test_digits_that_count_what_follows_are_not_of_a_telephone_number(number, digits):
    """
    Whoever has the longer number would get what is sent, and whoever is meant would not.
    """
    ends = ["", ".", ", please", " that I am late", " to say so", " Kim", " tomorrow", "\n10 eggs"]
    counts = ["10 minutes", "2 times", "(2 times)", "10 000 people", "10:30", "5,000 cards", "10%"]
    ends += [f"{gap}{count} before" for gap, count in itertools.product((" ", ". "), counts)]

    for end in ends:
        text = f"Text {number}{end}"
        assert [f"t:{digits}"] == [key for key in embedded(text) if key.startswith("t:")], text
        read_as = {token.text for token in read(text).tokens if token.kind == "phone"}
        assert "(" in number or read_as == {digits}, text
