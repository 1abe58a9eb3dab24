"""What is done to a result before the agent sees it."""

import dataclasses
import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbounds.errors import InvalidAnswer, ResultWithheld
from inbounds.models import Obligation, ReturnedField, Returns
from inbounds.results import NotPlain, discharge, owed, require_known
from inbounds.testing import assert_denied


def to(kind, **properties):
    return Obligation(id="1", type=kind, properties=properties)


MAIL = {
    "id": "7",
    "from": "mallory@evil.example",
    "body": "See [the plan](https://evil.example/?q=1) ![x](http://evil.example/p.png) or call "
    "+43 1 234 56 78, IBAN GB29 NWBK 6016 1331 9268 19.",
    "salary": 5000,
}


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
            page, [to("truncate", rows=2)]
        )

    def test_leaves_one_value_alone(self):
        assert "text" == discharge("text", [to("truncate", rows=1)])


class TestRedact:
    @pytest.mark.parametrize(
        ("pattern", "left"),
        [
            ("/a", {"b": [{"c": 2, "d": 3}, {"c": 4}, 5]}),
            ("/b", {"a": 1}),
            ("/b/*", {"a": 1, "b": []}),
            ("/b/*/c", {"a": 1, "b": [{"d": 3}, {}, 5]}),
            ("/b/0/c", {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}, 5]}),
            ("/x/y", {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}, 5]}),
            ("", None),
        ],
    )
    def test_leaves_out_the_fields_of_a_pattern(self, pattern, left):
        held = {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}, 5]}

        assert left == discharge(held, [to("redact", fields=[pattern])])
        assert {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}, 5]} == held

    def test_a_key_is_written_as_in_a_json_pointer(self):
        assert {"b": 1} == discharge({"a/b~": 1, "b": 1}, [to("redact", fields=["/a~1b~0"])])


class TestStrip:
    @pytest.mark.parametrize("text", ["![a](", "[", "!", "<", "<a ", "AA11" + "a" * 41 + " ", "1 "])
    def test_takes_no_longer_for_a_text_that_is_made_to(self, text):
        begun = time.perf_counter()
        discharge(
            text * (100_000 // len(text)),
            [to("strip", what=["links", "images"]), to("mask", kinds=["iban", "phone"])],
        )

        assert time.perf_counter() - begun < 2

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

    def test_no_host_is_left_of_what_is_made_of_links(self):
        hostile = (
            "[![a](//evil.example/a)](//evil.example/b)<a\nhref=//evil.example>"
            "/<a>/evil.example [x](//evil.example"
        )

        assert "evil" not in discharge(hostile, [to("strip", what=["links", "images"])])

    @pytest.mark.parametrize("unit", ["[", "![", "<a ", "[a](", "a@", "+1 ", "GB29 ", "//", "www."])
    def test_takes_no_longer_than_the_text_is_long(self, unit):
        everything = [
            to("strip", what=["links", "images"]),
            to("mask", kinds=["email", "url", "iban", "phone"]),
        ]
        began = time.perf_counter()
        discharge(unit * (50_000 // len(unit)), everything)

        # A pattern that tries every way would take hours.
        assert time.perf_counter() - began < 30


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

        given = discharge([MAIL, MAIL], obligations)
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
        obligations = [
            to("strip", what=["links", "images"]),
            to("redact", fields=["/a", "/*/b"]),
            to("truncate", rows=2),
        ]

        left = json.dumps(discharge(value, obligations))
        assert before == json.dumps(value)
        assert not re.search(r"//[0-9a-z@+!:.-]", left)


RETURNS = {
    "label": "internal",
    "party": "third",
    "fields": {"/*/salary": {"label": "secret", "party": "first"}},
    "strip": ["links"],
    "mask": ["email"],
    "rows": 2,
}


class TestThroughAGuard:
    @pytest.fixture
    def people(self, policy):
        tools = {**policy.deployment["tools"]}
        tools["mail.read"] = {**tools["mail.read"], "returns": RETURNS}
        entry = policy.deployment["peps"]["assistant-pep"]
        kinds = ["notify", "redact", "strip", "mask", "truncate"]
        policy.change(tools=tools, peps={"assistant-pep": {**entry, "obligations": kinds}})
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

    def test_a_pep_that_was_not_set_up_for_it_gets_no_answer(self, policy, people):
        read, results = people
        results.append([])
        entry = policy.deployment["peps"]["assistant-pep"]
        policy.change(peps={"assistant-pep": {**entry, "obligations": ["notify"]}})

        with policy.task(), assert_denied("pep.not_entitled"):
            read("42")
