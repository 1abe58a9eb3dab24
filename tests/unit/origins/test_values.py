"""What stands within a text, as a value of its kind."""

import pytest

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
