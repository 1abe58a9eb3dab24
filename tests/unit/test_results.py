"""What is done to a result before the agent sees it."""

import asyncio
import contextlib
import dataclasses
import itertools
import json
import re
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from justhtml import JustHTML
from tests.pumped import grows
from tests.unit.origins.hidden import LEFT_AS_TEXT, SPELT, WITHIN

from inbounds.canonical.visible import visible
from inbounds.errors import (
    DecisionUnavailable,
    InboundsError,
    InvalidAnswer,
    OutcomeUnrecorded,
    ResultWithheld,
)
from inbounds.model.question import Obligation, ReturnedField, Returns
from inbounds.pep.result_changes import (
    Discharge,
    InPieces,
    NotPlain,
    change_or_withhold,
    require_known,
)
from inbounds.pep.result_shape import ShapeMismatch, json_within
from inbounds.pep.results import END, owed
from inbounds.pep.tool_errors import raise_alone
from inbounds.provenance import markup
from inbounds.provenance.links import links_of
from inbounds.provenance.markup import holds_images
from inbounds.provenance.origins import Origins
from inbounds.testing import assert_denied


def to(kind, **properties):
    return Obligation(id="1", type=kind, properties=properties)


def discharge(value, obligations, *patterns):
    """Discharge obligations on the result of a tool that registers fields."""
    returns = Returns(fields={pattern: ReturnedField() for pattern in patterns})
    return Discharge(obligations, returns).whole(value)


MAIL = {
    "id": "7",
    "from": "mallory@evil.example",
    "body": "See [the plan](https://evil.example/?q=1) ![x](http://evil.example/p.png) or call "
    "+43 1 234 56 78, IBAN GB29 NWBK 6016 1331 9268 19.",
    "salary": 5000,
}


PAY = [to("redact", fields=["/*/salary"])]
PEOPLE = ["/*/name", "/*/salary"]


class TestOwed:
    def test_nothing_where_the_registry_says_nothing(self):
        assert () == owed(Returns())
        assert () == owed(Returns(fields={"/id": ReturnedField(holds="id")}))

    def test_each_by_what_brings_it_about(self):
        assert ("redact",) == owed(Returns(fields={"/pay": ReturnedField(label="secret")}))
        assert ("strip", "mask", "truncate") == owed(Returns(strip=["links"], mask=["url"], rows=3))


class TestKnown:
    @pytest.mark.parametrize(
        "obligation",
        [
            to("redact", fields=["/pay"]),
            to("strip", what=["links", "images"]),
            to("mask", kinds=["email", "phone"]),
            to("truncate", rows=1),
        ],
        ids=lambda obligation: obligation.type,
    )
    def test_says_what_is_to_be_done(self, obligation):
        require_known(obligation)

    @pytest.mark.parametrize("spoilt", [None, 0, -1, 2.5, True, "links", [], {}, [1], ["other", 7]])
    @pytest.mark.parametrize(
        ("kind", "name"),
        [("redact", "fields"), ("strip", "what"), ("mask", "kinds"), ("truncate", "rows")],
    )
    def test_one_that_does_not_is_no_answer(self, kind, name, spoilt):
        with pytest.raises(InvalidAnswer) as ei:
            require_known(to(kind, **{name: spoilt}))

        assert "obligation.malformed" == ei.value.code
        with pytest.raises(InvalidAnswer):
            require_known(to(kind))

    @pytest.mark.parametrize(("kind", "name"), [("strip", "what"), ("mask", "kinds")])
    def test_what_nobody_knows_how_to_take_out_is_no_answer(self, kind, name):
        with pytest.raises(InvalidAnswer):
            require_known(to(kind, **{name: ["scripts"]}))


class TestTruncate:
    def test_cuts_a_list_down(self):
        assert [1, 2] == discharge([1, 2, 3], [to("truncate", rows=2)])
        assert [1, 2] == discharge((1, 2, 3), [to("truncate", rows=2)])
        assert [1] == discharge([1], [to("truncate", rows=2)])

    def test_cuts_the_lists_of_an_envelope_down(self):
        page = {"total": 3, "rows": [{"tags": [1, 2, 3]}, 2, 3]}

        assert {"total": 3, "rows": [{"tags": [1, 2, 3]}, 2]} == discharge(
            page, [to("truncate", rows=2)], "/total", "/rows/*", "/rows/*/tags/*"
        )

    @pytest.mark.parametrize("lists", [{"a": [1, 2], "b": [3, 4]}, {"x": {"a": [1, 2], "b": [3]}}])
    def test_the_rows_of_all_lists_count(self, lists):
        left = json.dumps(discharge(lists, [to("truncate", rows=2)]))

        assert ("1" in left, "2" in left, "3" in left) == (True, True, False)

    @pytest.mark.parametrize("value", ["text", "one line: 1, 2", 7, True, None, {"id": 7}])
    def test_leaves_one_value_alone(self, value):
        assert value == discharge(value, [to("truncate", rows=1)])

    @pytest.mark.parametrize(
        "text",
        ["a\nb", "a\u2028b", "a\rb", "[1, 2]", ' {"a": 1}', '"[1]"', "<tr><td>a", "a<br>b", "<p>a"],
    )
    @pytest.mark.parametrize("around", [lambda x: x, lambda x: [x], lambda x: {"a": {"b": x}}])
    def test_a_text_that_may_hold_rows_is_not_given_unregistered(self, text, around):
        with pytest.raises(ShapeMismatch):
            discharge(around(text), [to("truncate", rows=1)])

    def test_a_registered_text_is_one_row(self):
        obligations = [to("truncate", rows=1)]

        assert "a\nb" == discharge("a\nb", obligations, "")
        assert ["a\nb"] == discharge(["a\nb", "c"], obligations, "/*")
        assert [{"text": "a\nb"}] == discharge([{"text": "a\nb"}, {}], obligations, "/*/text")

    @pytest.mark.parametrize(
        "value",
        [
            [[1, 2, 3]],
            [{"rows": [1, 2]}],
            [[{"a": 1}, {"a": 2}]],
            {"data": {"ann": {"pay": 1}, "bob": {"pay": 2}, "carl": {"pay": 3}}},
            {"rows": [{"more": [{"more": [1, 2]}]}]},
        ],
        ids=str,
    )
    def test_rows_that_the_registry_does_not_name_are_counted(self, value):
        with pytest.raises(ShapeMismatch):
            discharge(value, [to("truncate", rows=2)])
        assert value == discharge(value, [to("truncate", rows=9)])

    @pytest.mark.parametrize(
        ("value", "pattern"),
        [
            ({"items": [1]}, "/*"),
            ([1], "/items/*"),
            ("text", "/*/id"),
            ({"items": {"a": 1}}, "/items/*/id"),
            ({"items": "text"}, "/items/*/id"),
            ([[1]], "/*/id"),
        ],
    )
    def test_another_shape_than_the_registered_one_is_not_given(self, value, pattern):
        with pytest.raises(ShapeMismatch):
            discharge(value, [to("truncate", rows=9)], pattern)


class TestRedact:
    @pytest.mark.parametrize(
        ("pattern", "left"),
        [
            ("/a", {"b": [{"c": 2, "d": 3}, {"c": 4}, 5]}),
            ("/b", {"a": 1}),
            ("/b/*", {"a": 1, "b": []}),
            ("/b/*/c", {"a": 1, "b": [{"d": 3}, {}, 5]}),
            ("/x/y", {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}, 5]}),
            ("", None),
        ],
    )
    def test_leaves_out_the_fields_of_a_pattern(self, pattern, left):
        held = {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}, 5]}
        registered = ["/a", "/b/*", "/b/*/c", "/b/*/d"]

        assert left == discharge(held, [to("redact", fields=[pattern])], *registered)
        assert {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}, 5]} == held

    def test_a_key_is_written_as_in_a_json_pointer(self):
        assert {"b": 1} == discharge({"a/b~": 1, "b": 1}, [to("redact", fields=["/a~1b~0"])], "/b")

    @pytest.mark.parametrize(
        "key",
        ["Salary", "SALARY", "salary ", "s\u0430lary", "salary\u200b", "\uff53alary", "*", ""],
    )
    def test_a_field_that_the_registry_does_not_name_is_left_out(self, key):
        rows = [{"name": "Ann", "salary": 1, key: 5000}]

        assert [{"name": "Ann"}] == discharge(rows, PAY, *PEOPLE)

    @pytest.mark.parametrize(
        "text",
        [
            '{"pay": 5000}',
            '[{"s\\u0061lary": 5000}]',
            '"{\\"s\\\\u0061lary\\": 5000}"',
            "name,salary\nAnn,5000",
            "| Name | Salary |\n| Ann | 5000 |",
            "<td>s&#97;lary</td><td>5000</td>",
            "\uff33\uff41\uff4c\uff41\uff52\uff59: 5000",
        ],
    )
    def test_a_text_that_says_its_name_or_is_json_is_left_out(self, text):
        assert [{}] == discharge([{"name": text, "salary": 1}], PAY, *PEOPLE)

    @pytest.mark.parametrize("text", ["Ann", "sal. ary", "salaryman", "a\nb", "<b>Ann</b>", ""])
    def test_another_text_is_given(self, text):
        assert [{"name": text}] == discharge([{"name": text, "salary": 1}], PAY, *PEOPLE)

    @pytest.mark.parametrize("text", ["basic pay", "basicPay 1", "Basic-Pay", "BASIC_PAY"])
    def test_a_name_of_several_words_is_known_however_they_are_joined(self, text):
        obligations = [to("redact", fields=["/basicPay"])]

        assert {} == discharge({"note": text}, obligations, "/note", "/basicPay")

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ({"items": [{"salary": 5000}]}, "the result must be a list; it is a mapping"),
            ([[{"salary": 5000}]], "`/*` of the result must be a mapping; it is a list"),
            ("name,salary\nAnn,5000", "the result must be a list; it is text"),
            (["Ann,5000"], "`/*` of the result must be a mapping; it is text"),
            ([5000], "`/*` of the result must be a mapping; it is a number"),
            (
                [{"name": {"salary": 5000}}],
                "`/*/name` of the result must be a single value; it is a mapping",
            ),
            (
                [{"name": [5000]}],
                "`/*/name` of the result must be a single value; it is a list",
            ),
        ],
    )
    def test_another_shape_than_the_registered_one_is_not_given(self, value, said):
        with pytest.raises(ShapeMismatch) as ei:
            discharge(value, PAY, *PEOPLE)

        assert said == str(ei.value)

    @pytest.mark.parametrize("value", [None, [], [None], [{"name": None}], [{"name": []}]])
    def test_what_is_empty_has_every_shape(self, value):
        assert value == discharge(value, PAY, *PEOPLE)


class TestTogether:
    """Masks and strips on one result."""

    @pytest.mark.parametrize("kind", ["email", "phone", "iban"])
    @pytest.mark.parametrize(
        "between",
        [
            "<a href=x>",
            "</a>",
            "[{}](u)",
            "<a>",
            "<A HREF='y'>",
            "<i></i><a>",
            "![{}](p)",
            "<img src=x>",
        ],
    )
    @pytest.mark.parametrize("what", [["links"], ["images"], ["images", "links"]])
    def test_no_value_comes_about_when_something_is_taken_out(self, kind, between, what):
        value, at = {
            "email": ("bob@acme.example", 3),
            "phone": ("5551234567", 3),
            "iban": ("DE89370400440532013000", 4),
        }[kind]
        sign = "" if "{}" not in between else value[at]
        text = value[:at] + between.replace("{}", sign) + value[at + len(sign) :]
        left = discharge(text, [to("strip", what=what), to("mask", kinds=[kind])])

        assert value not in left, (text, left)

    @pytest.mark.parametrize(
        "value",
        [
            "[" * 500 + '"bob@acme.example"' + "]" * 500,
            "[" * 100_000,
            ["bob@acme.example", 10**5000],
            {"a": [10**5000, "x"]},
            "{" * 5_000 + "bob@acme.example",
        ],
        ids=["json", "brackets", "number", "within", "braces"],
    )
    @pytest.mark.parametrize("kinds", [["email"], ["email", "phone", "iban", "url"]])
    def test_what_breaks_a_change_is_withheld_or_masked(self, value, kinds):
        change = Discharge([to("mask", kinds=kinds)], Returns()).whole
        try:
            left = change_or_withhold(change, value)
        except ResultWithheld:
            return
        assert "bob@acme.example" not in repr(left)


class TestMaskOfAccountsWithinWords:
    @pytest.mark.parametrize("number", ["DE89370400440532013000", "DE89 3704 0044 0532 0130 00"])
    @pytest.mark.parametrize("behind", ["", " ok", "\\n", "x"])
    @pytest.mark.parametrize(
        "before",
        [
            "Konto",
            "10.05.2026",
            "EUR50,00",
            "Rent\\n",
            "Rent\\t",
            "Rosa=0A",
            "COBADEFFXXX",
            "Rosa\u00ad",
            "Rosa\u200b",
            "Rosa\ufeff",
            "<span>Rosa</span><span>",
            *"aZ0_",
        ],
    )
    def test_is_masked_behind_whatever_stands_before_it(self, before, behind, number):
        left = discharge(f"{before}{number}{behind}", [to("mask", kinds=["iban"])])

        assert "8937" not in re.sub(r"\W", "", left)
        assert left.startswith(before)

    def test_leaves_digests_and_long_words_alone(self):
        # Each holds `DE89370400440532013000`, whose check digits are right.
        digest = "3e" + "DE89370400440532013000".lower() + "0a" * 20
        words = [digest, "x" * 70 + "DE89370400440532013000"]

        assert words == discharge(words, [to("mask", kinds=["iban"])])

    def test_leaves_a_number_of_another_length_or_check_alone(self):
        words = ["KontoDE89370400440532013001", "KontoZZ89370400440532013000", "xDE8937040044053"]

        assert words == discharge(words, [to("mask", kinds=["iban"])])


SIGNS = [
    *("a", "@", " ", ".", "-", "1", "0", "+", "(", ")", "[", "]", "<", "</b>", "<b", "<td>", "\n"),
    *('"', "'", "\\", "=3D", "=\n", "\\100", "//", "www.", "&#64;", "&", "%40", "[at]", "\u00e9"),
    *("\u200b", "\u3002", "![", "](", "<!--", "<a href=", "_", "/", "?", "\t", "{", ":", ";", ","),
    *("|", "x.y", "GB82", "\\u0040", "[email]", "2024-01-01", "1,000", "\u00b7"),
]


def units():
    """Yield what a hostile text repeats, and its end: those that were found, and others."""
    yield from [
        ("{2024-01-011", "x"),
        ("+491 23;", "x"),
        ("030-11;22 ", "_"),
        ("\\", "x"),
        ("[email]\\", ""),
        ("</", ""),
        ("@=\n", "'"),
        ("\\n\\", "x"),
    ]
    choose = Random(5)
    for _ in range(12):
        yield "".join(choose.choices(SIGNS, k=choose.choice([1, 2, 2, 3]))), choose.choice(SIGNS)


class TestCost:
    @pytest.mark.system
    @pytest.mark.parametrize(("unit", "end"), [*units()])
    def test_no_text_takes_more_than_in_proportion_to_its_length(self, unit, end):
        everything = [
            to("strip", what=["links", "images"]),
            to("mask", kinds=["email", "url", "iban", "phone"]),
        ]
        rows = Returns(fields={"/*/a": ReturnedField(), "/*/salary": ReturnedField()})

        def looked_at(text):
            with contextlib.suppress(InPieces):
                discharge([text, "x", {"text": text}], everything)
            with contextlib.suppress(ShapeMismatch):
                Discharge([to("redact", fields=["/*/salary"])], rows).whole([{"a": text}])
            Origins().observe(
                [text, {"a": text}],
                tool="mail.read",
                returns=Returns(),
                arguments={"id": "42"},
                call=1,
                memory=False,
                tainted=False,
            )

        def text(length):
            return unit * (length // len(unit)) + end

        assert not grows(looked_at, text, length=10_000, slow=0.8, most=8.0)

    @pytest.mark.parametrize("change", [to("mask", kinds=["email"]), to("strip", what=["links"])])
    def test_no_text_of_any_length_is_looked_at(self, change):
        assert discharge(["a" * 1_000_000], [change])
        with pytest.raises(NotPlain):
            discharge({"a": ["a" * 1_000_001]}, [change])


class TestStrip:
    @pytest.mark.parametrize("text", ["![a](", "[", "!", "<", "<a ", "AA11" + "a" * 41 + " ", "1 "])
    def test_takes_no_longer_for_a_text_that_is_made_to(self, text):
        def seconds(length):
            begun = time.process_time()
            discharge(
                text * (length // len(text)),
                [to("strip", what=["links", "images"]), to("mask", kinds=["iban", "phone"])],
            )
            return time.process_time() - begun

        # In proportion to its length, whatever else the machine does: not to its square, 16.
        assert seconds(80_000) < 10 * seconds(20_000) + 0.2

    @pytest.mark.parametrize(
        "text",
        [
            "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
            "DE89.3704.0044.0532.0130.00",
            "DE89 3704 0044 0532 0130 0",
        ],
    )
    def test_masks_an_account_however_it_is_grouped(self, text):
        assert "[iban]" == discharge(text, [to("mask", kinds=["iban"])])

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("[a](https://evil.example/x) b", "a b"),
            ("<a href='https://evil.example'>a</a>", "a"),
            ("see https://evil.example/?q=1, now", "see [link] now"),
            ("see //evil.example/x", "see [link]"),
            ("see www.evil.example", "see [link]"),
            ("JAVASCRIPT://evil.example", "[link]"),
            ("data:text/html;base64,AAAA", "[link]"),
            ("mailto:a@evil.example", "[link]"),
            ("<https://evil.example>", "<[link]>"),
            ("[a]: https://evil.example", "[a]: [link]"),
            ("1 / 2, and/or 3", "1 / 2, and/or 3"),
            ("see https:/evil.example/x", "see [link]"),
            ("see /\\evil.example/x", "see [link]"),
            ("see evil.example/x", "see [link]"),
            ("h&#116;tps:&sol;&sol;evil.example/x", "[link]"),
            ("<a title='<' href=x>a</a>", "a title='<' href=x>a"),
        ],
    )
    def test_takes_links_out(self, text, left):
        assert left == discharge(text, [to("strip", what=["links"])])

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("a ![x](https://evil.example/p.png) b", "a [image] b"),
            ("a ![x][ref] b", "a [image] b"),
            ("a <IMG src=//evil.example/p> b", "a [image] b"),
            ("a <svg onload=x> b", "a [image] b"),
            ("3 ! [4]", "3 ! [4]"),
            ("!![a](b)(https://evil.example/x)", "[image](https://evil.example/x)"),
            ("!<img src=a>(b)", "[image](b)"),
            ("![a[b]c](d)", "[image]"),
            ("![a\nb](c)", "[a\nb](c)"),
            ("<img alt='<' src=b>", "img alt='<' src=b>"),
        ],
    )
    def test_takes_images_out(self, text, left):
        assert left == discharge(text, [to("strip", what=["images"])])

    def test_a_key_is_text_as_well(self):
        held = {"https://evil.example": 1}

        assert {"[link]": 1} == discharge(held, [to("strip", what=["links"])])

    def test_keys_that_are_changed_to_the_same_are_kept_apart(self):
        held = {"a@acme.example": 1, "b@acme.example": 2, "[email] 2": 3}

        left = discharge(held, [to("mask", kinds=["email"])])
        assert {"[email]": 1, "[email] 2": 2, "[email] 2 2": 3} == left

    def test_many_keys_that_are_changed_to_the_same_take_no_longer(self):
        held = {f"a{number}@acme.example": number for number in range(5000)}

        assert [*range(5000)] == [*discharge(held, [to("mask", kinds=["email"])]).values()]

    def test_all_values_of_a_key_that_stands_twice_are_looked_at(self):
        text = r'{"to": "bob\u0040acme.example", "to": 1, "to": "see"}'

        left = discharge(text, [to("mask", kinds=["email"])])
        assert {"to": [["[email]", 1], "see"]} == json.loads(left)

    def test_no_host_is_left_of_what_is_made_of_links(self):
        hostile = (
            "[![a](//evil.example/a)](//evil.example/b)<a\nhref=//evil.example>"
            "/<a>/evil.example [x](//evil.example"
        )

        assert "evil" not in discharge(hostile, [to("strip", what=["links", "images"])])

    @pytest.mark.parametrize(
        "unit",
        [
            "[",
            "![",
            "<a ",
            "[a](",
            "a@",
            "+1 ",
            "GB29 ",
            "//",
            "www.",
            '"',
            '"\\',
            "(a)@",
            "'",
            '"a".',
            "=40a.",
            "\\100",
            "<p>@ ",
        ],
    )
    def test_takes_no_longer_than_the_text_is_long(self, unit):
        everything = [
            to("strip", what=["links", "images"]),
            to("mask", kinds=["email", "url", "iban", "phone"]),
        ]
        began = time.perf_counter()
        discharge(unit * (50_000 // len(unit)), everything)

        # A pattern that tries every way would take hours.
        assert time.perf_counter() - began < 30

    def test_reads_the_html_of_a_text_once_for_each_change(self, monkeypatch):
        read = []

        def parser(text, **options):
            read.append(text)
            return JustHTML(text, **options)

        monkeypatch.setattr(markup, "JustHTML", parser)
        changes = [to("strip", what=["links", "images"]), to("mask", kinds=["url", "phone"])]
        text = "<div><b></b></div>" * 10

        assert text == discharge(text, changes)
        assert [text] * 3 == read  # for links, images, and links that are masked


class TestMask:
    @pytest.mark.parametrize(
        ("kind", "left"),
        [
            ("email", "to [email], then"),
            ("iban", "to bob@acme.example, then"),
        ],
    )
    def test_masks_the_kinds_it_is_told(self, kind, left):
        assert left == discharge("to bob@acme.example, then", [to("mask", kinds=[kind])])

    def test_masks_numbers(self):
        obligations = [to("mask", kinds=["iban", "phone"])]

        masked = discharge(MAIL["body"], obligations)
        assert "[iban]" in masked
        assert "[phone]" in masked
        assert "GB29" not in masked
        assert "234" not in masked

    def test_leaves_short_numbers_and_dates_alone(self):
        text = "room 12 at 10:30, 3 of 100"

        assert text == discharge(text, [to("mask", kinds=["iban", "phone"])])

    @pytest.mark.parametrize(
        "text",
        [
            "2026-11-29",
            "2026/11/29 10:15",
            "29.11.2026 10:15, room 4",
            "11/29/2026.",
            "from 2026-11-29 to 2026-12-03",
            "2026-11-29 - 2026-12-03",
            "2026-11-29/2026-12-03. 5 items",
        ],
    )
    def test_a_date_is_no_telephone(self, text):
        assert text == discharge(text, [to("mask", kinds=["phone"])])

    @pytest.mark.parametrize(
        "text",
        [
            "2026-11-29 +43 1 234 56 78",
            "2026-11-29 0170 234 5678",
            "2026-13-29",
            "2026-11/29 234",
            "+2026-11-29 234",
            "0170.20.12.2026",
            "234 2026-11-29",
            "2026-11-2923",
        ],
    )
    def test_a_number_is_masked_beside_a_date_or_where_it_is_none(self, text):
        left = discharge(text, [to("mask", kinds=["phone"])])
        assert left in ("[phone]", "2026-11-29 [phone]"), left


PIECE = "Zq7"
"""What the values are made of that are to be masked; it is in no other text here."""

AROUND = [
    "{}",
    "to {}, then",
    "'{}'",
    '"{}"',
    "`{}`",
    "<{}>",
    "({})",
    "[{}]",
    "[a]({})",
    "x,{};y",
    "{{'to':'{}'}}",
    '{{"to":"{}"}}',
    "**{}**",
    "| {} |",
    "{}.",
]
ATOMS = st.lists(st.sampled_from("!#$%&'*+/=?^_`{|}~-\u2019\u00e9"), max_size=4).map(
    lambda signs: PIECE + "".join(f"{sign}{PIECE}" for sign in signs)
)
QUOTED = st.lists(st.sampled_from([" ", "@", "'", "(", ")", ",", ";", ":", "<", ">", '\\"']))
LOCALS = st.one_of(
    st.lists(ATOMS, min_size=1, max_size=3).map(".".join),
    QUOTED.map(lambda signs: '"' + PIECE + "".join(f"{sign}{PIECE}" for sign in signs) + '"'),
    ATOMS.map(lambda atom: f'"{PIECE}".{atom}'),
    ATOMS.map(lambda atom: f"{atom}({PIECE})"),
)
HOSTS = st.sampled_from(["acme.example", "mail.acme.example", "[192.0.2.1]", "[IPv6:2001:db8::1]"])
SPELLINGS = {
    "as it is": str,
    "in entities": lambda text: "".join(s if s.isalnum() else f"&#{ord(s)};" for s in text),
    "its quotes in entities": lambda text: text.replace("'", "&#39;").replace("/", "&#x2f;"),
    "in escapes": lambda text: "".join(s if s.isalnum() else f"\\u{ord(s):04x}" for s in text),
    "in long escapes": lambda text: "".join(s if s.isalnum() else f"\\U{ord(s):08x}" for s in text),
    "in escapes with a percent sign": lambda text: "".join(
        s if s.isalnum() else f"%u{ord(s):04x}" for s in text
    ),
}


class TestWholeValues:
    """Of a value that is masked or stripped nothing is left, whatever signs it has."""

    @given(LOCALS, HOSTS, st.sampled_from(AROUND), st.sampled_from([*SPELLINGS]))
    @settings(max_examples=400)
    def test_nothing_of_an_address_is_left(self, local, host, around, spelt):
        assume('"' not in around or '"' not in local)
        text = around.format(SPELLINGS[spelt](f"{local}@{host}"))
        left = discharge({"k": f"before {text} behind"}, [to("mask", kinds=["email"])])["k"]

        assert PIECE not in visible(left)
        assert left.startswith("before ")
        assert left.endswith(" behind")

    @pytest.mark.parametrize("kind", ["strip", "mask"])
    @given(
        st.sampled_from(["https://", "//", "ftp://", "https:/\\", "git+ssh://"]).flatmap(
            lambda scheme: st.sampled_from(
                ["acme.example", "Zq7:Zq7@acme.example", "[2001:db8::1]", "bücher.example"]
            ).map(lambda host: scheme + host)
        )
        | st.sampled_from(["www.acme.example", "acme.example"]),
        st.lists(st.sampled_from("!$&'()*+,;=:@/?#[]%-._~|{}^`\\"), min_size=1, max_size=8),
        st.sampled_from(AROUND),
        st.sampled_from([*SPELLINGS]),
    )
    @settings(max_examples=400)
    def test_nothing_of_a_link_is_left(self, kind, site, signs, around, spelt):
        url = f"{site}/" + PIECE.join(signs) + PIECE
        assume(around != "[a]({})" or ")" not in url)  # there the link ends
        text = around.format(SPELLINGS[spelt](url))
        owed = to("strip", what=["links"]) if kind == "strip" else to("mask", kinds=["url"])
        left = discharge({"k": f"before {text} behind"}, [owed])["k"]

        assert PIECE not in visible(left)
        assert left.startswith("before ")
        assert left.endswith("behind")

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("o'brien@acme.example", "[email]"),
            ("o&#39;brien@acme.example", "[email]"),
            ("'bob@acme.example', 'ann@acme.example'", "[email]', [email]'"),
            ("a@acme.example,b@acme.example", "[email],[email]"),
            ("AT&amp;T bob@acme.example", "AT&amp;T [email]"),
            ('"very unusual"@acme.example', "[email]"),
            ('say "hello" to bob@acme.example', 'say "hello" to [email]'),
        ],
    )
    def test_of_an_address_and_of_nothing_else(self, text, left):
        assert left == discharge(text, [to("mask", kinds=["email"])])

    def test_of_any_length(self):
        left = discharge(f"to {'Zq7.' * 500}x@acme.example", [to("mask", kinds=["email"])])

        assert "to [email]" == left


def respelt(kind):
    """Spellings of one value that its reader takes for it."""
    between = [
        "",
        " ",
        "  ",
        "-",
        " - ",
        ".",
        "/",
        "\u2013",
        "\u2212",
        "\u00b7",
        "_",
        "\u00a0",
        "\u202f",
    ]
    signs = [str, wide, "\u200b".join, "\u2060".join, "\u00ad".join]
    around = ["{}", "({})", "<{}>", "'{}'", "at 10 people {}", "x: {}"]
    forms = {
        "phone": [
            "+43{0}664{0}123{0}45{0}67",
            "+43{0}(0){0}664{0}1234567",
            "+43{0}[0]{0}664{0}1234567",
            "(0664){0}123{0}45{0}67",
            "({0}+43{0}){0}664{0}1234567",
            "+1{0}(555){0}010{0}0199",
            "tel:0043{0}664{0}1234567",
        ],
        "iban": [
            "{0}".join(account[at : at + size] for at in range(0, len(account), size))
            for account in ("DE89370400440532013000", "gb29nwbk60161331926819")
            for size in (2, 3, 4, 5)
        ],
        "email": [
            f"{local}{at}{host}"
            for local in ("bob", "o'brien", "o\u2019brien", "b.o-b+x", "(bob)")
            for at in ("@", " @ ", "@ ", " @", "(at)", " [at] ", "{at}", "\u00a0@\u202f", "@\n")
            for host in ("acme.example", "acme[.]example", "acme (dot) example", "acme . example")
        ],
        "url": [
            f"{scheme}acme{dot}example{path}"
            for scheme in ("https://", "hxxps://", "https[:]//", "//", "")
            for dot in (".", "[.]", "(.)", " . ", "(dot)", "[dot]")
            for path in ("/x", "/o'brien", "/(0)'x'", " / x")
            if dot != "." or scheme or path != " / x"
        ],
    }[kind]
    filled = (
        [form.format(each) for form in forms for each in between]
        if "{0}" in forms[0]
        else [form for form in forms if "{at}" not in form] + [f for f in forms if "{at}" in f]
    )
    return [
        frame.replace("{}", sign(each)) for each in filled for sign in signs for frame in around
    ]


def wide(text):
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


ENCODED = {
    "octal": lambda text: "".join(f"\\{octet:03o}" for octet in text.encode()),
    "quoted-printable": lambda text: "".join(f"={octet:02X}" for octet in text.encode()),
    "its lines broken": "=\n".join,
}


class TestEverySpelling:
    """A value is masked however it is grouped, bracketed, or written in other signs."""

    @pytest.mark.parametrize("kind", ["phone", "iban", "email", "url"])
    def test_nothing_of_a_value_is_read(self, kind):
        spellings = respelt(kind)
        assert len(spellings) >= 100

        for spelt in spellings:
            left = visible(discharge(f"see {spelt} now", [to("mask", kinds=[kind])]))
            rest = left.replace("at 10 people", "").lower()
            assert not re.search(r"\d|acme|bob|brien", rest), spelt
            assert left.startswith("see ") and left.endswith(" now"), spelt

    @pytest.mark.parametrize("around", AROUND)
    @pytest.mark.parametrize("spelt", ENCODED)
    def test_nor_is_one_in_octets(self, spelt, around):
        encoded = ENCODED[spelt]
        spellings = [
            ("email", f"bob{encoded('@')}acme.example"),
            ("email", f"bob{encoded(wide('@'))}acme.example"),
            ("email", encoded("bob@acme.example")),
            ("phone", encoded("06641234567")),
            ("phone", "+43=2D664=2D1234567"),
            ("iban", encoded("DE89370400440532013000")),
            ("iban", "DE89=203704=200044=200532=200130=2000"),
        ]
        for kind, each in spellings:
            text = around.format(each)
            left = visible(discharge(f"see {text} now", [to("mask", kinds=[kind])]))
            assert not re.search(r"\d|acme|bob", left), text
            assert left.startswith("see ") and left.endswith(" now"), text

    @pytest.mark.parametrize(
        "mark",
        ["\ufe0f\u20e3", "\u20e3", "\u0332", "\u0301" * 9, "\u1ab0", "\u1dc4", "\u20d0", "\ufe20"],
        ids=ascii,
    )
    @pytest.mark.parametrize("number", ["06641234567", "+43 664 1234567", "5551234567"])
    def test_no_mark_on_its_digits_hides_a_number(self, number, mark):
        spelt = re.sub(r"(\d)", rf"\1{mark}", number)

        assert "call [phone] now" == discharge(f"call {spelt} now", [to("mask", kinds=["phone"])])

    @pytest.mark.parametrize(
        "gap", ["<br>", "<div>", "</p>\n<p>", "<td class='x'>", "<x-y>", "<p>" * 9, "&lt;br&gt;"]
    )
    @pytest.mark.parametrize(
        "form",
        [
            "bob{}@{}acme.example",
            "bob@{}acme.example",
            "bob{}@acme.example",
            "bob{}(at){}acme.example",
            "bob@{}acme{}.{}example",
            "bob [at] {}acme{}[dot]{}example",
        ],
    )
    def test_no_tag_beside_its_signs_hides_an_address(self, form, gap):
        left = discharge(f"to {form.replace('{}', gap)} now", [to("mask", kinds=["email"])])

        assert "acme" not in left
        assert left.startswith("to ") and left.endswith(" now")

    def test_an_escape_is_left_that_belongs_to_no_value(self):
        text = "?size=40&tel={}&n=2D12345"

        left = discharge(text.format("+436641234567"), [to("mask", kinds=["phone"])])
        assert text.format("[phone]") == left

    @pytest.mark.parametrize(
        "text",
        [
            "at 10 people came to the office, and by 12 30 more had come in 2 cars",
            "met him @ noon. Then we left",
            "the end . Next one",
            "thanks @acme. Example follows",
            "quantities: 12, 7, 30, 45, 60, 75",
            "| 12 | 34 | 56 | 78 | 90 |",
            "f(x) (y) [z] {0}.",
            "a=40, width=40px;height=20.5em and ?x=30&y=40.5",
            r"D:\DCIM\100CANON\IMG_0001.JPG and C:\100\a.txt",
            "<p>thanks @ann</p><p>v1.2</p><td>.5</td><td>1.</td>",
            "cafe\u0301, n\u0308, 1\ufe0f\u20e3 and 2\ufe0f\u20e3",
        ],
    )
    def test_what_is_no_value_is_given(self, text):
        assert text == discharge(text, [to("mask", kinds=["phone", "iban", "email", "url"])])


GAPS = [
    "<br>",
    "<BR/>",
    "<p>",
    "</p>\n<p class='x'>",
    "</div><div>",
    "<li>",
    "</li>\n  <li>",
    "<dd>",
    "</td><td>",
    "</td>\n  <td colspan=2>",
    "</td></tr><tr><th>",
    "<img src=x>",
    "<hr>",
    "&lt;br&gt;",
]


def rows(*rows):
    """Return a table in HTML."""
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f"<table><tr>{'</tr><tr>'.join(cells)}</tr></table>"


DAYS = [list(range(first, first + 7)) for first in (1, 8, 15, 22)]
ORDINARY = [
    rows((1299, 4, 100045), (1499, 3, 200045)),
    rows(*DAYS),
    rows("Mo Tu We Th Fr Sa Su".split(), *DAYS),  # noqa: SIM905 -- read at a glance
    rows(("SKU", "Name", "Price"), ("AB12", "Widget blue", "12.50"), ("CD34", "Gadget", "9.99")),
    rows(("2026-11-29", "09:30", "10:15"), ("2026-11-30", "11:00", "12:45")),
    rows(("29.11.2026", "1,299.00"), ("30.11.2026", "15,000.00")),
    rows(("SKU1234567", 5, "10.00"), ("INV20240105", 2, "3.50")),
    rows(("USD", 100, 250, 1000), ("EUR", 90, 225, 900)),
    rows(("12%", "34%", "56%"), ("1.5%", "2.5%", "3.5%")),
    rows(*[[left * right for left in range(1, 11)] for right in range(1, 11)]),
    rows((2021, 2022, 2023), (1200, 1300, 1400)),
    rows(("$1,299.00", "$4,999.00"), ("$19.99", "$129.99")),
    rows(("id", "user_id", "n"), (2345, 5551, 12), (2346, 5552, 13)),
    rows(("A1", "B2", "C3"), (10, 20, 30)),
    rows(("room 12", "10:30", "3 of 100")),
    rows(("Graz", 8010, 291072), ("Linz", 4020, 212538)),
    rows(("v1.10.2", "v1.10.3"), ("3.11.4", "3.12.0")),
    rows(("GB", 44), ("DE", 49), ("AT", 43)),
    rows(("XS", "S", "M", "L"), (36, 38, 40, 42)),
    rows((-5, 12, -17), (3, -8, 21)),
    rows(("1:0", "2:1", "3:3"), ("0:0", "1:1", "2:4")),
    rows(("@ann", "v1.2"), (".5", "1.")),
    rows(("a.txt", 120, 4096), ("b.txt", 80, 2048)),
    rows((1, "Ann Smith", 34), (2, "Bob Jones", 45)),
    rows(("DE12 widgets", "3456 pieces"), ("AT61", "parts")),
    rows(("Mon", "8:00-12:00"), ("Tue", "13:00-17:00")),
    rows(("a94a8fe5ccb1", 12), ("0af7651916cd", 13)),
    rows(*[(year, year * 7) for year in range(2000, 2030)]),
    rows(("Width", "120 mm"), ("Height", "80 mm")),
    rows(("2 x 4", "6 x 8"), ("1/2", "3/4")),
    rows(("12 kg", "EUR 45.00"), ("7 kg", "EUR 21.50")),
    "<dl><dt>Width</dt><dd>120</dd><dt>Height</dt><dd>80</dd></dl>",
    "<ul><li>apples 3</li><li>pears 12</li></ul>",
    "<ol><li>Order 12</li><li>Total 30</li></ol>",
    "<p>2026-11-29</p><p>2026-11-30</p>",
    "<div>1</div><div>2</div><div>3</div>",
    "Order 12<br>Total 30<br>Paid 29.11.2026",
]
# Of these, less is left in lines as well.
MASKED_IN_LINES = [
    rows(("012", 45, 1999)),
    rows(("+15", 54321, 1234567)),
    rows(("01067", 1234), ("04103", 99)),
    rows(("48.2084912", "16.3725042"), ("47.0707", "15.4395")),
    rows(("Vienna", 1010, 1897491)),
    "<ul><li>12.50</li><li>9.99</li><li>3.00</li></ul>",
    "<option>2024</option><option>2025</option>",
]


class TestTags:
    """Tags that a page shows as a gap are looked past as a line's end is, and stay."""

    @pytest.mark.parametrize("gap", GAPS)
    @pytest.mark.parametrize(
        ("kind", "form"),
        [
            ("iban", "DE89{0}3704{0}0044{0}0532{0}0130{0}00"),
            ("iban", "DE89{0}3704{0}0044 0532 0130 00"),
            ("iban", "DE89 3704 0044 0532{0}0130 00"),
            ("iban", "GB29 NWBK{0}6016 1331 9268 19"),
            ("phone", "0170{0}123{0}4567"),
            ("phone", "0170 123{0}4567"),
            ("phone", "+49{0}170{0}1234567"),
            ("phone", "<b>0170</b>{0}<i>1234567</i>"),
            ("phone", "555{0}123{0}4567"),
            ("email", "bob{0}@{0}acme.example"),
            ("url", "hxxps://acme{0}[dot]{0}example/x"),
        ],
    )
    def test_none_hides_a_value(self, kind, form, gap):
        text = form.format(gap)
        left = visible(discharge(f"to {text} now", [to("mask", kinds=[kind])]))

        assert not re.search(r"\d|acme|bob|NWBK", left.replace("colspan=2", "")), left
        assert left.startswith("to ") and left.endswith(" now")
        assert visible(gap).strip() in left

    @pytest.mark.parametrize("value", ["bob@acme.example", "0170 1234567", "<DE89 3704 0044 0532>"])
    def test_nor_is_one_left_within_a_tag(self, value):
        text = f"<td title='{value}' class=x>\n<br>"
        left = discharge(text, [to("mask", kinds=["email", "iban", "phone"])])

        assert re.fullmatch(r"<td .*\[\w+\].*\n<br>", left), left
        assert not re.search(r"acme|\d", left)

    @pytest.mark.parametrize("between", ["<br>", "\n", "</td><td>", "\x1c", "</td>\n\n<td>"])
    def test_a_row_of_values_keeps_its_tags(self, between):
        text = f"<td>bob@acme.example{between}0170 1234567{between}x</td>\n"

        left = discharge(text, [to("mask", kinds=["email", "phone"])])
        assert f"<td>[email]{between}[phone]{between}x</td>\n" == left

    def test_one_is_withheld_that_goes_on_in_another_field(self):
        with pytest.raises(InPieces):
            discharge({"a": "bob@</td>", "b": "<td>acme.example"}, [to("mask", kinds=["email"])])

    @pytest.mark.parametrize("text", ORDINARY)
    def test_an_ordinary_table_is_given(self, text):
        masks = [to("mask", kinds=["email", "url", "iban", "phone"])]

        assert text == discharge(text, masks)

    @pytest.mark.parametrize("text", [*ORDINARY, *MASKED_IN_LINES])
    def test_no_more_is_masked_than_in_lines(self, text):
        def in_lines(text):
            return re.sub(r"\s*(?:<[^<>]*>\s*)+", "\n", text)

        masks = [to("mask", kinds=["email", "iban", "phone"])]
        lines = Counter(discharge(in_lines(text), masks).split("\n"))
        lost = lines - Counter(in_lines(discharge(text, masks)).split("\n"))

        assert not [line for line in lost if "[" not in line]


def in_pieces(items, obligations, *, fields=()):
    """What is given of items that come one by one; None where it is withheld."""
    discharge = Discharge(obligations, Returns(fields={each: ReturnedField() for each in fields}))
    try:
        return [left for item in [*items, END] for left in discharge.row(item)]
    except InPieces:
        return None


def texts_in(value):
    """The texts of a value, in the order that they are read in."""
    if isinstance(value, str):
        value = json_within(value) or [value]
    if isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from [part] if isinstance(part, str) and not json_within(part) else texts_in(part)


OWED = [to("strip", what=["links", "images"]), to("mask", kinds=["email", "url"])]


class TestPieces:
    """A value that is split over items is not seen, whether they are pieces of a text or not."""

    @given(st.data())
    @settings(max_examples=300)
    def test_nothing_is_seen_that_the_whole_would_not_show(self, data):
        value = data.draw(
            LOCALS.map(lambda local: f"{local}@acme.example")
            | st.sampled_from(["/", "?", "/'"]).map(
                lambda sign: f"https://{PIECE}.example/{sign}{PIECE}"
            )
            | st.just(f"[a](https://evil.example/{PIECE})")
        )
        text = f"before {value} behind"
        cuts = data.draw(st.sets(st.integers(1, len(text) - 1), max_size=len(text)))
        ends = [0, *sorted(cuts), len(text)]
        pieces = [text[begin:end] for begin, end in itertools.pairwise(ends)]
        shape = data.draw(st.sampled_from([lambda s: s, lambda s: {"d": [s]}]))

        given = in_pieces([shape(piece) for piece in pieces], OWED)
        assert given is None or PIECE not in json.dumps(given)
        (whole,) = in_pieces(pieces, OWED, fields=[""])
        assert whole == discharge(text, OWED)
        assert PIECE not in whole

    @pytest.mark.parametrize(
        "items",
        [
            ["bo", "b@acme.example"],
            [*"bob@acme.example"],
            ["bob@acme.exa", "mple"],
            ["https://acme.example/a", "b"],
            [{"d": "bob@"}, {"d": "acme.example"}],
            ["see [x](htt", "ps://acme.example)"],
            ["<a hre", "f=//acme.example>x</a>"],
        ],
        ids=str,
    )
    def test_a_split_value_is_withheld(self, items):
        assert in_pieces(items, OWED) is None

    @pytest.mark.parametrize(
        ("items", "left"),
        [
            (["a", "b", 7, None], ["a", "b", 7, None]),
            (["a@acme.example", "b@acme.example"], ["[email]", "[email]"]),
            (["a@acme.example\n", "b\n"], ["[email]\n", "b\n"]),
            ([{"m": "a@acme.example", "n": "A"}] * 2, [{"m": "[email]", "n": "A"}] * 2),
            (["see https://a.example ", "and go"], ["see [url] ", "and go"]),
        ],
    )
    def test_whole_values_are_given_as_they_are(self, items, left):
        masks = [to("mask", kinds=["email", "url"])]

        assert left == in_pieces(items, masks)

    def test_blocks_of_text_are_shown_one_after_another(self):
        def blocks(*texts):
            return [{"type": "text", "text": text} for text in texts]

        with pytest.raises(InPieces):
            discharge(blocks("bo", "b@acme.example"), OWED)
        given = discharge(blocks("to bob@acme.example", "", " then"), OWED)
        assert blocks("to [email]", "", " then") == given

    @given(st.data())
    @settings(max_examples=300)
    def test_no_value_can_be_read_in_the_items_of_lists(self, data):
        value = data.draw(
            st.sampled_from(
                [
                    "bob.miller@acme.example",
                    "https://acme.example/x",
                    "+43 664 123 45 67",
                    "[a](//acme.example/x)",
                ]
            )
        )
        cuts = data.draw(st.sets(st.integers(1, len(value) - 1), min_size=1))
        ends = [0, *sorted(cuts), len(value)]
        pieces = [value[begin:end] for begin, end in itertools.pairwise(ends)]
        around = data.draw(
            st.sampled_from(
                [
                    lambda each: each,
                    lambda each: {"type": "text", "text": each},
                    lambda each: [each],
                    lambda each: [[], [each]],
                    lambda each: {"k": [each]},
                ]
            )
        )
        items = [data.draw(st.sampled_from([str, around]))(piece) for piece in pieces]
        among = data.draw(st.sampled_from([[], [None], [{}], [True], [{"k": 1}]]))
        mixed = [each for item in items for each in (item, *among)]
        lists = {f"k{number}": [item] for number, item in enumerate(mixed)}
        shape = data.draw(
            st.sampled_from(
                [
                    lambda _: mixed,
                    lambda _: {"d": [mixed, " x"]},
                    json.dumps,
                    lambda _: lists,
                    lambda _: [lists],
                    lambda _: {name: json.dumps(each) for name, each in lists.items()},
                ]
            )
        )
        try:
            given = discharge(shape(mixed), [*OWED, to("mask", kinds=["phone"])])
        except InPieces:
            return

        read = "".join(texts_in(given))
        assert "miller" not in read
        assert "acme.example" not in read
        assert len(re.sub(r"\D", "", read)) < 4

    @pytest.mark.parametrize(
        "value",
        [
            ["bob@", "acme.example"],
            ["bob.mill", "er@acme.example"],
            ["bob", None, {"k": 1}, "@acme", ".example"],
            ["+43 664", 123, "45 67"],
            ["bob@", {"type": "text", "text": "acme.example"}],
            [["bob@"], ["acme.example"]],
            {"a": ["bob@"], "b": ["acme.example"]},
            {"a": ["https:/"], "b": {"c": ["/acme.example/x"]}},
            {"a": ["bob@"], "b": json.dumps(["acme.example"])},
        ],
        ids=str,
    )
    def test_a_value_that_is_split_over_a_whole_result_is_withheld(self, value):
        with pytest.raises(InPieces):
            discharge(value, [to("mask", kinds=["email", "url", "phone"])])

    @pytest.mark.parametrize(
        ("value", "left"),
        [
            (["bob@acme.example", "ann@acme.example"], ["[email]", "[email]"]),
            (["bob", "bob@acme.example", "at work"], ["bob", "[email]", "at work"]),
            (["work", "Bob <bob@acme.example>"], ["work", "Bob <[email]>"]),
            ({"to": ["a@acme.example"], "tags": ["work"]}, {"to": ["[email]"], "tags": ["work"]}),
            ({"name": "Bob", "mail": "b@acme.example"}, {"name": "Bob", "mail": "[email]"}),
            ([[1200, 3400, 5600], [12, 34, 56]], [[1200, 3400, 5600], [12, 34, 56]]),
            ([{"n": 1, "m": "a@acme.example"}] * 2, [{"n": 1, "m": "[email]"}] * 2),
        ],
        ids=str,
    )
    def test_a_result_whose_values_are_whole_is_given(self, value, left):
        assert left == discharge(value, [to("mask", kinds=["email", "url", "phone"])])

    @pytest.mark.parametrize(
        "within",
        [
            lambda blocks: {"content": blocks},
            lambda blocks: [{"type": "text", "text": "x"}, {"content": [blocks]}],
            lambda blocks: json.dumps({"content": blocks}),
            lambda blocks: {"body": json.dumps([[1], blocks])},
        ],
        ids=["mapping", "lists", "json", "json in a mapping"],
    )
    def test_so_are_blocks_at_any_depth(self, within):
        def blocks(*texts):
            return within([{"type": "text", "text": text} for text in texts])

        with pytest.raises(InPieces):
            discharge(blocks("bo", "b@acme.example"), OWED)
        discharge(blocks("to bob@acme.example", "", " then"), OWED)


NUMBERS = ["+49301234567", "+43 664 1234567", "0664 123 45 67", "5551234567", "0043 664 1234567"]
BEFORE = ["tel", "Tel.", "no.", "x", "_", "n\u00b0", "fax:", "=", ";", "#", "<b>", "a;b=", "'"]
BEHIND = ["", "x", "th", "m", ";", ";ext=", "=", "#", "<b>", "</b>x", "/"]
WITHIN_A_NUMBER = [";", "=", "#", ":", '"', "<b>", "</b> <b>", "<!-- -->", "\u2192", "\u2044", "; "]
SPLIT = {
    "email": [
        ["bob@", "acme.example"],
        ["bob", "@acme.example"],
        ["bob", "@", "acme.example"],
        ["write to bob@", "acme.example, please"],
        ["write to bob@", "acme.example."],
    ],
    "phone": [
        ["+49", 301234567],
        ["+49 30", 1234567],
        ["+43 664", 123, "45 67"],
        ["+", 436641234567],
    ],
    "iban": [["DE89", 370400440532013000], ["DE89 3704 0044", "0532 0130 00"]],
    "url": [
        ["https:/", "/acme.example/x"],
        ["https://", "acme.example"],
        ["https", "://", "acme.example"],
    ],
}
IN_WORDS = [
    ["bob (at", ") acme (dot) example"],
    ["bob (at)", " acme (dot) example"],
    ["bob [a", "t] acme [dot] example"],
    ["bob&comm", "at;acme&period;example"],
    ["bob&#6", "4;acme&#46;example"],
    ["bob(@", ")acme(.)example"],
]
SHAPES = {
    "list": lambda parts: parts,
    "mapping": lambda parts: {f"k{at}": part for at, part in enumerate(parts)},
    "mappings": lambda parts: [{"k": part} for part in parts],
    "apart": lambda parts: {"a": [parts[0]], "b": {"c": parts[1:]}},
    "lists": lambda parts: [[part] for part in parts],
    "json": lambda parts: json.dumps({f"k{at}": part for at, part in enumerate(parts)}),
    "json in parts": lambda parts: {"a": json.dumps([parts[0]]), "b": json.dumps(parts[1:])},
    "names": lambda parts: {"k": {str(parts[0]): parts[1]}, "l": parts[2:]},
    "field named type": lambda parts: {"a": parts[0], "type": parts[1:]},
    "items of JSON": lambda parts: [
        {"type": "text", "text": json.dumps({"a": each})} for each in parts
    ],
    "block": lambda parts: [{"type": "text", "text": parts[0]}, {"type": "other", "of": parts[1:]}],
}
SIGNS = {
    "as they are": lambda part: part,
    "wide": lambda part: wide(part) if isinstance(part, str) else part,
    "entities": lambda part: SPELLINGS["in entities"](part) if isinstance(part, str) else part,
}


def digits_in(text):
    """The longest row of digits that is read in a text."""
    return max(map(len, re.findall(r"\d+", visible(text))), default=0)


class TestWhateverStandsBeside:
    """A telephone number is judged by its digits, whatever stands beside and between them."""

    @pytest.mark.parametrize("before", BEFORE)
    def test_a_number_is_masked_beside_letters_and_signs(self, before):
        for number, behind in itertools.product(NUMBERS, BEHIND):
            text = f"{before}{number}{behind}"
            left = discharge(f"call {text} now", [to("mask", kinds=["phone"])])

            assert not re.search(r"\d", left), text
            assert left.startswith("call ") and left.endswith(" now"), text

    @pytest.mark.parametrize("between", WITHIN_A_NUMBER)
    @pytest.mark.parametrize(
        "form", ["+49{0}301{0}234567", "0664{0}123{0}4567", "555{0}123{0}4567"]
    )
    def test_a_number_is_masked_with_any_sign_between_its_groups(self, form, between):
        text = f"call {form.format(between)} now"

        assert "call [phone] now" == discharge(text, [to("mask", kinds=["phone"])])

    @pytest.mark.parametrize("between", [" ", "\n", "  ", "\t", " / ", ", ", "; ", " - "])
    @pytest.mark.parametrize(
        "number", ["07700 900123", "+447700900456", "030 1234567", "5551234567"]
    )
    def test_of_numbers_in_a_row_nothing_is_left(self, number, between):
        for times in range(2, 9):
            left = discharge(between.join([number] * times), [to("mask", kinds=["phone"])])
            assert not re.search(r"\d", left), left

    @pytest.mark.parametrize(
        "text",
        [
            "v1.10.20300.44, release 3.11.4",
            "commit a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
            "SKU1234567, INV20240105 and RFC9110",
            "i-0123456789abcdef0",
            "IMG_20240105_103000.jpg",
            "2024-01-05T10:00:00.123456789Z pod/1",
            "worker.1700000000.log",
            "name;qty;price\nAnn;12;9941\nBob;3;20",
            "<tr><td>1299</td><td>4</td><td>100045</td></tr>",
            "name,12,1299,100045",
        ],
    )
    def test_another_number_is_given(self, text):
        assert text == discharge(text, [to("mask", kinds=["phone", "email", "iban"])])


class TestNumbers:
    """A number is masked where it has the length of a telephone's, and no other meaning."""

    @pytest.mark.parametrize(
        "number", [436641234567, 15551234567, 5551234567, 493012345678, 436641234567.0]
    )
    @pytest.mark.parametrize("name", ["n", "phone", "contact", "from"])
    def test_one_that_is_a_telephone_is_masked(self, number, name):
        kinds = [to("mask", kinds=["phone", "email"])]
        shapes = [
            number,
            [number],
            ["a", number],
            {name: number},
            [{name: number, "mail": "bob@acme.example"}],
            {"d": [[number, {"k": {name: [number]}}]]},
        ]
        for value in [*shapes, *map(json.dumps, shapes[1:]), [json.dumps(shapes[3])]]:
            for left in (discharge(value, kinds), in_pieces([value, "x"], kinds)):
                assert digits_in(json.dumps(left)) < 4, value

    @pytest.mark.parametrize(
        "name", ["phone", "mobile_phone", "Telefon", "tel", "fax", "phoneNumber"]
    )
    def test_a_short_one_is_masked_where_its_name_says_telephone(self, name):
        assert {name: "[phone]"} == discharge({name: 1234567}, [to("mask", kinds=["phone"])])

    @pytest.mark.parametrize(
        "value",
        [
            [129900, 4999, 1299],
            [19.99, 1234567.89, 48.2084912],
            [1700000000, 1700000000123, 1_700_000_000_123_456],
            {"ts": 1700000000, "created": 1700000000123, "day": 20240105, "at": 20240105103000},
            {"id": 2345678901, "user_id": 5551234567, "sizeBytes": 8589934592, "total": 5551234567},
            [123456789012345678, 10**25, 10**400],
            [[number, number * 7, number % 13] for number in range(10_000)],
            [["Widget", 1299, 4, 100045], ["Gadget", 1499, 3, 200045]],
            [{"net": 1299, "qty": 4, "zip": "01067", "gross": 129900}] * 9,
            [{"symbol": "ACM", "change": "+15", "price": 54321, "volume": 1234567}] * 9,
            [{"name": "+1", "count": 3}, {"name": "-1", "count": 1234567}],
            [{"login": "ann", "company": "@acme", "blog": "acme.dev", "twitter": "@bob"}] * 9,
            [{"user": "Ann", "text": "thanks @bob", "file": "main.py"}] * 9,
            [{"host": "api.acme.example", "path": "/v1", "ms": 1.25, "status": 200}] * 9,
            {
                "sku": "AB12",
                "n": 1234567890,
                "ts": 1700000000,
                "trace": "0af7651916cd43dd8448eb211c80319c",
                "id": 7,
            },
        ],
        ids=lambda value: json.dumps(value)[:40],
    )
    def test_what_an_ordinary_result_holds_is_given(self, value):
        masks = [to("mask", kinds=["email", "iban", "phone"])]

        assert value == discharge(value, masks)
        assert [value] == in_pieces([value], masks)


class TestAcrossParts:
    """No value can be read across the parts of a result, of whatever shape and in any spelling."""

    def withheld_or_masked(self, parts, shape, kind):
        kinds = [to("mask", kinds=[kind])]
        value = SHAPES[shape](parts)
        items = value if isinstance(value, list) else [value]
        for left in (self.given(value, kinds), in_pieces(items, kinds)):
            if left is None:
                continue
            read = visible(visible(json.dumps(left, ensure_ascii=False)))
            assert "acme" not in read, left
            assert sum(map(len, re.findall(r"\d+", read.replace('"k1"', "")))) < 9, left

    def given(self, value, kinds):
        try:
            return discharge(value, kinds)
        except InPieces:
            return None

    @pytest.mark.parametrize("signs", SIGNS)
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("kind", SPLIT)
    def test_a_split_value_is_not_read(self, kind, shape, signs):
        for parts in SPLIT[kind]:
            self.withheld_or_masked([*map(SIGNS[signs], parts)], shape, kind)

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("parts", IN_WORDS, ids=str)
    def test_nor_is_one_whose_signs_are_split(self, parts, shape):
        self.withheld_or_masked(parts, shape, "email")

    @pytest.mark.parametrize("kinds", [["email"], ["email", "iban", "phone"]], ids=str)
    @pytest.mark.parametrize("spelt", ["octal", "quoted-printable"])
    @pytest.mark.parametrize("times", [1, 2])
    def test_one_in_json_in_a_text_is_apart_from_the_next(self, times, spelt, kinds):
        text = ENCODED[spelt]("bob@acme.example")
        for _ in range(times):
            text = f"see {json.dumps(text)}"

        alone = discharge(text, [to("mask", kinds=kinds)])
        assert "[email]" in alone
        given = discharge([text, "bob@acme.example"], [to("mask", kinds=kinds)])
        assert [alone, "[email]"] == given

    def test_between_parts_of_other_items(self):
        masks = [to("mask", kinds=["email"])]

        assert in_pieces([{"a": "bob@", "n": 1}, {"b": ["Zed", "acme.example"]}], masks) is None
        assert in_pieces([["x", "bob@"], ["acme.example"]], masks) is None

    @pytest.mark.parametrize(
        "address",
        [
            f"bob{at}acme{dot}example"
            for at in (
                "(@)",
                "\u201c@\u201d",
                " \u2014 @ \u2014 ",
                ",@",
                '"@',
                "@@",
                "<b>@</b>",
                "<wbr>@",
                "\uff20",
            )
            for dot in (
                ".",
                "(.)",
                "\u3002",
                "\uff61",
                "\u00b7",
                "\u30fb",
                "<b>.</b>",
                "[dot]",
                "\uff0e",
            )
        ],
    )
    def test_an_address_is_read_with_any_signs_around_its_own(self, address):
        left = discharge(f"to {address} now", [to("mask", kinds=["email"])])

        assert "acme" not in left
        assert left.startswith("to ") and left.endswith(" now")

    @pytest.mark.parametrize(
        "unit",
        [["<"], ["a@", "b.c"], ["+1;", 7], ["&#", "1"], [{"a": "+4", "b": 1}], [{"AA11": "1"}]],
    )
    def test_takes_no_longer_than_the_result_is_long(self, unit):
        began = time.perf_counter()
        with contextlib.suppress(InPieces):
            discharge(unit * 5_000, [*OWED, to("mask", kinds=["iban", "phone"])])

        assert time.perf_counter() - began < 20


class TestDischarge:
    def test_gives_the_very_result_where_nothing_is_owed(self):
        result = object()

        assert discharge(result, []) is result
        assert discharge(result, [to("notify", to="a")]) is result

    def test_discharges_all_that_is_owed(self):
        obligations = [
            to("mask", kinds=["email"]),
            to("strip", what=["links", "images"]),
            to("redact", fields=["/*/salary"]),
            to("truncate", rows=1),
        ]

        fields = [f"/*/{name}" for name in MAIL]
        given = discharge([MAIL, MAIL], obligations, *fields)
        assert 1 == len(given)
        assert {"id", "from", "body"} == set(given[0])
        assert "[email]" == given[0]["from"]
        assert "evil" not in json.dumps(given)

    @pytest.mark.parametrize(
        "value",
        [
            object(),
            b"bytes",
            {1, 2},
            {1: "a"},
            [object()],
            {"a": dataclasses.make_dataclass("Row", ["pay"])(1)},
            type("Text", (str,), {})("https://evil.example"),
            type("Rows", (list,), {})([1]),
        ],
        ids=lambda value: type(value).__name__,
    )
    @pytest.mark.parametrize("kind", ["strip", "redact", "mask", "truncate"])
    def test_what_is_no_plain_data_is_not_given(self, kind, value):
        obligation = {
            "strip": to("strip", what=["links"]),
            "redact": to("redact", fields=["/pay"]),
            "mask": to("mask", kinds=["email"]),
            "truncate": to("truncate", rows=1),
        }[kind]
        with pytest.raises(NotPlain):
            discharge(value, [obligation])

    def test_what_is_nested_beyond_reason_is_not_given(self):
        deep = "x"
        for _ in range(100):
            deep = [deep]
        with pytest.raises(NotPlain):
            discharge(deep, [to("strip", what=["links"])])

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text("ab: /.[]()!w@+0123456789"),
            lambda inner: st.lists(inner) | st.dictionaries(st.text("abc/", max_size=3), inner),
            max_leaves=20,
        )
    )
    def test_no_link_is_left_and_the_callers_own_is_not_changed(self, value):
        before = json.dumps(value)
        try:
            left = json.dumps(discharge(value, [to("strip", what=["links", "images"])]))
        except InPieces as withheld:
            left = str(withheld)
        assert before == json.dumps(value)
        assert not re.search(r"//[0-9a-z@+!:.-]", left)


SECRET = "5000417"
"""What stands in the field that is to be left out; its digits are nowhere else."""

NAMES = st.sampled_from(
    [
        "salary",
        "Salary",
        "SALARY",
        "salary ",
        "s\u0430lary",
        "sal\u00adary",
        "\uff53alary",
        "sa\u200blary",
    ]
)


def tables(name):
    """Texts that hold a record, as programs write tables."""
    return [
        f"name,{name}\nAnn,{SECRET}",
        f"name;{name}\r\nAnn;{SECRET}",
        f"| name | {name} |\n| --- | --- |\n| Ann | {SECRET} |",
        f"<table><tr><th>{name}</th></tr><tr><td>{SECRET}</td></tr></table>",
        json.dumps({"name": "Ann", name: SECRET}),
        json.dumps(json.dumps([{name: SECRET}])),
        f"{name}: {SECRET}",
        "\n".join(json.dumps({name: SECRET}) for _ in range(3)),
    ]


LINE_ENDS = ["\n", "\\n", "\\\\n", "\r\n", "\\r\\n", "\\u000a", "\\x0a", "&#10;", "%0a"]
"""Line ends as they may stand in a text, with the escapes that JSON and scripts write."""
WRITTEN = {
    "as it is": str,
    "as JSON": json.dumps,
    "as JSON twice": lambda text: json.dumps(json.dumps(text)),
    "as JSON within": lambda text: f"see {json.dumps(text)}",
}
TAGGED = ["<div>row<div>row", "<dt>row<dt>row", "<option>row<option>row", "<row a='1'/><row />"]
JSON_WITHIN = ['see [{"n": "row"}, {"n": "row"}]', 'see {"a": ["row", "row"]}']


def shapes(name):
    """Results that hold the secret under a name, in any shape, up to four levels deep."""
    record = st.sampled_from(
        [
            {"name": "Ann", name: SECRET},
            {name: int(SECRET)},
            {"name": "Ann", "salary": 1, name: SECRET},
        ]
    )
    return st.recursive(
        record
        | record.map(lambda each: [each] * 3)
        | st.sampled_from(tables(name)).map(lambda t: {name: t}),
        lambda inner: st.one_of(
            inner.map(lambda each: [each]),
            inner.map(lambda each: (each, each)),
            inner.map(lambda each: {"items": each, "total": 1}),
            inner.map(lambda each: {"name": each}),
            inner.map(lambda each: {name: each}),
            inner.map(json.dumps),
            inner.map(lambda each: {"name": json.dumps(each)}),
            inner.map(lambda each: {"name": json.dumps(json.dumps(each))}),
            inner.map(lambda each: [json.dumps(each)]),
        ),
        max_leaves=4,
    )


class TestEveryShape:
    """What is owed is done, or nothing is given: whatever the tool returns."""

    @pytest.mark.system
    @pytest.mark.parametrize(
        "patterns",
        [
            PEOPLE,
            ["/name", "/salary"],
            ["/items/*/name", "/items/*/salary", "/total"],
            ["/*/name/*", "/*/name/*/name", "/*/salary"],
            ["/*/salary"],
        ],
        ids=str,
    )
    @given(data=st.data())
    @settings(max_examples=60)
    def test_a_field_is_left_out(self, patterns, data):
        value = data.draw(NAMES.flatmap(shapes))
        hidden = [pattern for pattern in patterns if pattern.endswith("/salary")]
        try:
            left = discharge(value, [to("redact", fields=hidden)], *patterns)
        except ShapeMismatch as mismatch:
            left = str(mismatch)

        assert SECRET not in f"{left!r}{left}{json.dumps(left)}"

    @pytest.mark.parametrize("written", WRITTEN)
    @pytest.mark.parametrize("blank", [*LINE_ENDS, "\t", "\\t", "\\u0009", "&#9;", "%09"], ids=repr)
    def test_a_text_that_says_the_name_behind_any_blank_is_left_out(self, blank, written):
        text = WRITTEN[written](f"Ann{blank}Salary: {SECRET}")
        left = discharge([{"name": text}], [to("redact", fields=["/*/salary"])], *PEOPLE)

        assert [{}] == left

    @pytest.mark.parametrize("written", WRITTEN)
    @pytest.mark.parametrize("end", LINE_ENDS, ids=repr)
    def test_a_text_of_several_lines_is_no_row(self, end, written):
        """
        Nor one of several items in HTML, or with JSON in it.
        """
        for text in (end.join(("row", "row")), *TAGGED, *JSON_WITHIN):
            for value in (WRITTEN[written](text), [WRITTEN[written](text)]):
                with pytest.raises(ShapeMismatch):
                    discharge(value, [to("truncate", rows=1)])

    @pytest.mark.parametrize(
        "text", ["a row", "a < b > c", r"C:\new\reports", "Ann <ann@a.example>"]
    )
    def test_a_text_of_one_line_is_one(self, text):
        assert [text] == discharge([text, "row"], [to("truncate", rows=1)])

    @given(table=NAMES.flatmap(lambda name: st.sampled_from(tables(name))))
    @settings(max_examples=60)
    def test_a_table_is_not_given_for_records(self, table):
        for value in (table, [table], {"items": table}, {"items": [table]}, [[table]]):
            with pytest.raises(ShapeMismatch):
                discharge(value, PAY, *PEOPLE)

    @pytest.mark.system
    @given(
        rows=st.integers(1, 4),
        value=st.recursive(
            st.just({"n": "row"}) | st.just("row") | st.lists(st.just({"n": "row"}), max_size=6),
            lambda inner: st.one_of(
                st.lists(inner, max_size=6),
                st.dictionaries(st.sampled_from("abcdef"), st.lists(inner, max_size=4), max_size=4),
                st.fixed_dictionaries({"items": inner}),
                inner.map(json.dumps),
                st.lists(inner, min_size=1).map(lambda all: "\n".join(map(json.dumps, all))),
            ),
            max_leaves=20,
        ),
    )
    @settings(max_examples=200)
    def test_no_more_rows_than_are_owed(self, rows, value):
        try:
            left = discharge(value, [to("truncate", rows=rows)])
        except ShapeMismatch:
            return

        assert json.dumps(left).count("row") <= rows

    @pytest.mark.parametrize("what", [["links"], ["links", "images"]], ids=str)
    @pytest.mark.parametrize("within", WITHIN)
    @pytest.mark.parametrize("host", ["evil.example", "bücher.example", "злодей.рф"])
    def test_no_link_is_left_however_it_is_written(self, host, within, what):
        text = WITHIN[within].format(host=host, first=host[:3], rest=host[3:])
        owed = [to("strip", what=what)]
        lefts = (
            discharge(text, owed),
            discharge([{"k": f"before {text} behind"}], owed)[0]["k"],
            json.loads(discharge(json.dumps({"k": text}), owed))["k"],
        )

        for left in lefts:
            assert host not in visible(left).lower() or within in LEFT_AS_TEXT
            assert not [*links_of(left)]

    @pytest.mark.parametrize("spelt", SPELT)
    @pytest.mark.parametrize("kind", ["strip", "mask"])
    @pytest.mark.parametrize("within", ["<a href=//{host}/x>a</a>", "<img src='https:{host}'>"])
    def test_no_link_is_left_in_any_spelling(self, within, kind, spelt):
        text = within.format(host=SPELT[spelt]("evil.example"))
        owed = to("strip", what=["links"]) if kind == "strip" else to("mask", kinds=["url"])
        left = discharge(f"before {text} behind", [owed])

        assert "evil" not in visible(left).lower()
        assert "before" in left

    @pytest.mark.parametrize("within", [key for key in WITHIN if "p.png" in WITHIN[key]])
    def test_no_image_is_left_that_loads_by_itself(self, within):
        text = WITHIN[within].format(host="evil.example")
        left = discharge(f"before {text} behind", [to("strip", what=["images"])])

        assert not holds_images(left)
        assert "![" not in left

    @given(
        st.sampled_from(
            ["bob@acme.example", "GB29 NWBK 6016 1331 9268 19", "+43 1 234 56 78"]
        ).flatmap(
            lambda value: st.recursive(
                st.sampled_from(
                    [
                        value,
                        f"to {value}, then",
                        "".join(f"&#{ord(sign)};" for sign in value),
                        "".join(f"&#x{ord(sign):x};" for sign in value),
                        "".join(f"%{ord(sign):02x}" for sign in value),
                        "".join(f"\\u{ord(sign):04x}" for sign in value),
                        "".join(f"\\U{ord(sign):08x}" for sign in value),
                        "".join(f"%u{ord(sign):04x}" for sign in value),
                        "".join(f"\\{ord(sign):03o}" for sign in value),
                        "".join(f"={ord(sign):02X}" for sign in value),
                        "\u0332".join(value),
                        "".join(chr(ord(s) + 0xFEE0) if "!" <= s <= "~" else s for s in value),
                        "\u200b".join(value),
                    ]
                ),
                lambda inner: st.one_of(
                    st.lists(inner, max_size=3),
                    st.dictionaries(st.just("k") | st.just(value), inner, max_size=3),
                    inner.map(json.dumps),
                    inner.map(lambda each: f"see {json.dumps(each)}"),
                ),
                max_leaves=5,
            )
        )
    )
    @settings(max_examples=150)
    def test_what_is_masked_is_not_read(self, value):
        left = json.dumps(discharge(value, [to("mask", kinds=["email", "iban", "phone"])]))

        for _ in range(8):
            left = visible(left)
        assert "acme.example" not in left
        assert "6016" not in left
        assert "234" not in left


WORDS = "no mail of Zq7@acme.example"


class Odd(str):
    """A text that is no plain data."""

    __slots__ = ()


class Stopped(KeyboardInterrupt):
    """What stops a program, as a tool may define it."""


class Weird(BaseException):
    """What stops nothing that anybody knows."""


class Own(InboundsError):
    """An error that a tool has made of one of the package's."""


RAISED = {
    "an error": (OSError, ResultWithheld),
    "an error of its own": (Own, ResultWithheld),
    "a group": (lambda words: ExceptionGroup(words, [OSError(words)]), ResultWithheld),
    "an interrupt": (KeyboardInterrupt, KeyboardInterrupt),
    "an interrupt of its own": (Stopped, KeyboardInterrupt),
    "an exit": (SystemExit, SystemExit),
    "a cancellation": (asyncio.CancelledError, asyncio.CancelledError),
    "an odd one": (Weird, ResultWithheld),
    "a group that stops": (
        lambda words: BaseExceptionGroup(words, [OSError(words), Stopped(words)]),
        KeyboardInterrupt,
    ),
}


HOW = ["call", "acall", "thread", "iterate", "aiterate", "permit"]


def raises(kind):
    """Return a function that raises such an error, with words, from another one."""

    def begins():
        error = kind(WORDS)
        error.add_note(WORDS)
        raise error from ValueError(WORDS)

    return begins


def all_of(error):
    """All that an error holds: its words and those of what is behind it, and the SDK's frames."""
    seen, behind = [], [error]
    for each in behind:
        behind += filter(None, [each.__cause__, each.__context__])
        seen += [repr(each), str(each), repr(each.args), repr(vars(each)), repr(each.__traceback__)]
        trace = each.__traceback__
        while trace is not None:
            if "/sdk/inbounds/" in trace.tb_frame.f_code.co_filename:
                seen.append(repr(trace.tb_frame.f_locals))
            trace = trace.tb_next
    return "\n".join(seen)


RETURNS = {
    "label": "internal",
    "party": "third",
    "fields": {
        "/*/who": {"holds": "value"},
        "/*/page": {},
        "/*/salary": {"label": "secret", "party": "first"},
    },
    "strip": ["links"],
    "mask": ["email"],
    "rows": 2,
}


class TestThroughAGuard:
    @pytest.fixture
    def registered(self, policy):
        tools = {**policy.deployment["tools"]}
        tools["mail.read"] = {**tools["mail.read"], "returns": RETURNS}
        entry = policy.deployment["peps"]["assistant-pep"]
        kinds = ["notify", "redact", "strip", "mask", "truncate"]
        policy.change(tools=tools, peps={"assistant-pep": {**entry, "obligations": kinds}})

    @pytest.fixture
    def people(self, policy, registered):
        results = []

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> object:
            return results[0]

        return read, results

    def test_the_agent_gets_what_is_left(self, policy, people):
        read, results = people
        row = {"who": "bob@acme.example", "page": "https://acme.example/bob", "salary": 1}
        results.append([row, row, row])

        with policy.task():
            given = read("42")

        assert [{"who": "[email]", "page": "[link]"}] * 2 == given
        assert 1 == row["salary"]

    def test_what_cannot_be_given_in_part_is_withheld(self, policy, people):
        read, results = people
        results.append(object())

        with policy.task(), pytest.raises(ResultWithheld) as ei:
            read("42")

        assert "result.not_plain" == ei.value.code
        assert "yes" == ei.value.executed

    def test_another_shape_than_the_registered_one_is_withheld(self, policy, people):
        read, results = people
        results.append({"items": [{"who": "Ann", "salary": 5000}]})

        with policy.task() as task:
            with pytest.raises(ResultWithheld) as ei:
                read("42")
            report = task.report()

        assert ("result.shape_mismatch", "yes") == (ei.value.code, ei.value.executed)
        assert "the result must be a list; it is a mapping" in str(ei.value)
        assert "returns.fields" in str(ei.value)
        assert "5000" not in str(ei.value)
        assert (1, 1) == (report.ran, report.withheld)

    def test_rows_that_come_one_by_one_are_counted_and_looked_at(self, policy, registered):
        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> Iterator[object]:
            for number in range(9):
                yield {"who": number, "Salary": 5000, "salary": 5000}

        with policy.task() as task:
            given = list(read("42"))
            report = task.report()

        assert [{"who": 0}, {"who": 1}] == given
        assert 1 == report.ran

    async def test_rows_that_an_async_tool_yields_are_counted(self, policy, registered):
        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str) -> AsyncIterator[object]:
            for number in range(9):
                yield {"who": number, "salary": 5000}

        async with policy.task():
            assert [{"who": 0}, {"who": 1}] == [row async for row in read("42")]

    def test_a_row_of_another_shape_is_withheld(self, policy, registered):
        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> Iterator[object]:
            yield {"who": "Ann"}
            yield "Ann,5000"

        given = []
        with policy.task(), pytest.raises(ResultWithheld) as ei:
            given.extend(read("42"))

        assert "result.shape_mismatch" == ei.value.code

    @pytest.mark.parametrize("how", ["call", "acall", "iterate", "aiterate", "permit"])
    async def test_the_words_of_what_a_tool_raises_are_not_given(self, policy, registered, how):
        secret = "no mail of o'brien@acme.example"

        def read(id: str) -> object:
            raise OSError(secret)

        async def aread(id: str) -> object:
            raise OSError(secret)

        def items(id: str) -> Iterator[object]:
            yield {"who": 1}
            raise OSError(secret)

        async def aitems(id: str) -> AsyncIterator[object]:
            yield {"who": 1}
            raise OSError(secret)

        made = {"call": read, "acall": aread, "iterate": items, "aiterate": aitems}
        tool = policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(made.get(how, read))
        runs = {
            "call": lambda task: tool("42"),
            "acall": lambda task: tool("42"),
            "iterate": lambda task: list(tool("42")),
            "aiterate": lambda task: anext_of(tool("42")),
            "permit": lambda task: fail(task.permit("mail.read", {"id": "42"})),
        }

        async def anext_of(given: AsyncIterator[object]) -> object:
            return [item async for item in given]

        def fail(permit):
            raise permit.fail(OSError(secret))

        async def taken(task):
            return await runs[how](task)

        with policy.task() as task:
            with pytest.raises(ResultWithheld) as ei:
                await taken(task)
            report = task.report()

        said = "".join(traceback.format_exception(ei.value))
        assert ("result.error_withheld", "yes") == (ei.value.code, ei.value.executed)
        assert "`OSError`" in said and "brien@" not in said
        assert ei.value.decision_id
        assert (1, 0) == (report.ran, report.unknown)

    @pytest.mark.parametrize("how", HOW)
    @pytest.mark.parametrize("kind", [*RAISED])
    async def test_nothing_of_them_is_behind_what_is_raised(self, policy, registered, kind, how):
        comes_out = await self.raised_by(policy, how, raises(RAISED[kind][0]))

        assert type(comes_out) is RAISED[kind][1]
        assert PIECE not in all_of(comes_out)
        if isinstance(comes_out, ResultWithheld):
            assert "result.error_withheld" == comes_out.code

    @pytest.mark.parametrize("how", HOW)
    @pytest.mark.parametrize("result", [Odd(PIECE), [{"who": [PIECE]}], f"{PIECE}\n{PIECE}"])
    async def test_nothing_of_a_result_is_behind_what_withholds_it(
        self, policy, registered, result, how
    ):
        comes_out = await self.raised_by(policy, how, lambda: result)

        assert type(comes_out) is ResultWithheld
        assert PIECE not in all_of(comes_out)

    @pytest.mark.parametrize("how", HOW)
    async def test_nor_behind_what_says_that_it_was_not_recorded(self, policy, registered, how):
        class Full:
            def __getattr__(self, name):
                return getattr(log, name)

            def executed(self, record):
                raise DecisionUnavailable("full", code="evidence.unavailable")

        log, policy.guard._runtime.evidence = policy.guard._runtime.evidence, Full()
        comes_out = await self.raised_by(policy, how, raises(OSError))

        assert type(comes_out) is OutcomeUnrecorded
        assert PIECE not in all_of(comes_out)

    async def raised_by(self, policy, how, begins):
        """Return what comes out of a guarded tool that begins so."""

        def read(id: str) -> object:
            return begins()

        async def aread(id: str) -> object:
            return begins()

        def items(id: str) -> Iterator[object]:
            yield begins()

        async def aitems(id: str) -> AsyncIterator[object]:
            yield begins()

        functions = {"acall": aread, "iterate": items, "aiterate": aitems}
        tool = policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(
            functions.get(how, read)
        )

        def by_hand(permit):
            try:
                result = begins()
            except BaseException as error:  # noqa: BLE001 -- as a tool may raise anything
                raise_alone(permit.fail(error))
            return permit.finish(result)

        async def run(task):
            if how in ("acall", "thread"):
                return await task.acall(tool, {"id": "42"})
            if how == "permit":
                return by_hand(task.permit("mail.read", {"id": "42"}))
            given = tool("42")
            return [item async for item in given] if how == "aiterate" else [*given]

        with policy.task() as task, pytest.raises(BaseException) as ei:  # noqa: PT011 -- each is
            await run(task)
        return ei.value

    def test_where_nothing_is_owed_the_error_is_the_tools_own(self, policy):
        raised = OSError("no mail")

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> object:
            raise raised

        with policy.task(), pytest.raises(OSError, match="no mail") as ei:
            read("42")
        assert ei.value is raised

    @pytest.fixture
    def streams(self, policy):
        """Return what makes a tool that yields items, of which the registry says so much."""
        entry = policy.deployment["peps"]["assistant-pep"]
        peps = {"assistant-pep": {**entry, "obligations": ["notify", "strip", "mask", "truncate"]}}

        def made(items, fields, given, *, asynchronous=False):
            returns = {"label": "internal", "strip": ["links"], "mask": ["email"], "rows": 9}
            read = policy.deployment["tools"]["mail.read"]
            tool = {**read, "returns": {**returns, "fields": fields}}
            policy.change(tools={**policy.deployment["tools"], "mail.read": tool}, peps=peps)

            def read_all(id: str) -> Iterator[object]:
                for item in items:
                    assert [] == given or fields
                    yield item

            async def aread_all(id: str) -> AsyncIterator[object]:
                for item in read_all(id):
                    yield item

            whole = policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
            return whole(aread_all if asynchronous else read_all)

        return made

    SPLIT = ("write to o'bri", "en@acme.example, see [a](https://ev", "il.example/x) now")

    def test_a_value_that_is_split_over_items_is_not_given(self, policy, streams):
        given = []
        read = streams(self.SPLIT, {}, given)
        with policy.task() as task:
            with pytest.raises(ResultWithheld) as ei:
                given.extend(read("42"))
            report = task.report()

        assert ("result.in_pieces", "yes", []) == (ei.value.code, ei.value.executed, given)
        assert "returns.fields" in str(ei.value)
        assert (1, 1) == (report.ran, report.withheld)

    async def test_nor_by_an_async_tool(self, policy, streams):
        given = []
        read = streams(self.SPLIT, {}, given, asynchronous=True)
        async with policy.task():
            with pytest.raises(ResultWithheld) as ei:
                given.extend([item async for item in read("42")])

        assert ("result.in_pieces", []) == (ei.value.code, given)

    def test_pieces_of_one_text_are_given_as_one(self, policy, streams):
        with policy.task():
            given = [*streams(self.SPLIT, {"": {}}, [])("42")]

        assert ["write to [email], see a now"] == given

    async def test_pieces_that_an_async_tool_yields_are_given_as_one(self, policy, streams):
        read = streams(self.SPLIT, {"": {}}, [], asynchronous=True)
        async with policy.task():
            given = [item async for item in read("42")]

        assert ["write to [email], see a now"] == given

    def test_items_that_are_whole_are_given_once_all_are_there(self, policy, streams):
        items = ["write to bob@acme.example", "ann@acme.example", {"k": "x@acme.example"}]
        given = []
        read = streams(items, {}, given)
        with policy.task() as task:
            given.extend(read("42"))
            report = task.report()

        assert ["write to [email]", "[email]", {"k": "[email]"}] == given
        assert (1, 0) == (report.ran, report.withheld)

    def test_registered_rows_are_given_as_they_come(self, policy, streams):
        given = []
        read = streams(["bo", "b@acme.example"], {"/*": {}}, given)
        with policy.task():
            given.extend(read("42"))

        assert ["bo", "[email]"] == given

    def test_more_than_is_held_back_is_not_given(self, policy, streams):
        given = []
        read = streams(("x" * 200_000 for _ in range(7)), {}, given)
        with policy.task(), pytest.raises(ResultWithheld, match="more items than"):
            given.extend(read("42"))

        assert [] == given

    def test_a_pep_that_was_not_set_up_for_it_gets_no_answer(self, policy, people):
        read, results = people
        results.append([])
        entry = policy.deployment["peps"]["assistant-pep"]
        policy.change(peps={"assistant-pep": {**entry, "obligations": ["notify"]}})

        with policy.task(), assert_denied("pep.not_entitled"):
            read("42")
