"""No link gets past the list of links, however it is written."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.origins.hidden import HOSTS, SPELT, UNREADABLE, WITHIN, css, scripted

from inbounds.provenance.links import links_of


def found(text):
    return {host for _, host in links_of(text)}


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("host", HOSTS)
def test_a_link_is_found_with_its_host(host, within):
    text = WITHIN[within].format(host=host, first=host[:3], rest=host[3:])

    assert HOSTS[host] in found(text) or (within in UNREADABLE and "" in found(text))


@pytest.mark.parametrize(
    "text",
    [
        "<a href='skype:eve?call'>a</a>",
        "<a href='\x01 java\tscript&colon;alert(1)'>a</a>",
        "<form action=intent:#x>",
        "<img src='data:image/svg+xml,x'>",
        "<p style='background:url(blob:x)'>",
        "<p style='background:url(a b'>",
        "mailto:?subject=x",
        "<!--" * 9 + "<b>",
        "<p>" + "x" * 250_000,
        f"https://{'x' * 3000}.example/",
    ],
    ids=lambda text: text[:40],
)
def test_what_leads_nobody_knows_where_is_unread(text):
    assert {""} == found(text)


FIRM = ("https://wiki.acme.example", "https://docs.example/", "//wiki.acme.example/a?b")
GOES_ON = (
    "@16909060/x",
    "@evil%2eexample/x",
    "@[2606:4700::1111]/x",
    "/../forms/x",
    "a/../../x",
    "%2f..",
)


@pytest.mark.parametrize("end", ["'", '"', "`", "|", "''", "\"'", "|'"])
@pytest.mark.parametrize("more", GOES_ON)
@pytest.mark.parametrize("firm", FIRM)
def test_what_some_programs_take_for_the_rest_of_a_link_is_unread(firm, more, end):
    if end == "|" and more[0].isalnum():
        more = f"/{more}"
    assert "" in found(f"see {firm}{end}{more} now")


@pytest.mark.parametrize("end", ["'.'", '",":', "`~!$", "|;|"])
@pytest.mark.parametrize("firm", FIRM)
def test_no_sign_between_hides_the_host_behind_a_user_name(firm, end):
    assert "" in found(f"see {firm}{end}@16909060/x now")


@pytest.mark.parametrize("more", GOES_ON[:3])
@pytest.mark.parametrize("firm", FIRM)
def test_what_follows_a_blank_in_brackets_is_of_the_link(firm, more):
    assert "" in found(f"[a](<{firm} {more}>)")


@pytest.mark.parametrize(
    "scheme", ["ms-msdt:/id", "search-ms:query=x", "intent:#x", "tg:x", "xmpp:eve@a"]
)
@pytest.mark.parametrize("within", ["[x]({})", "[x](<{}>)", "[x]: {}", "<{}>"])
def test_a_scheme_that_nobody_reads_is_unread(scheme, within):
    assert "" in found(f"see {within.format(scheme)} now")


def test_a_link_that_is_too_long_to_be_read_whole_is_unread():
    hidden = "%C2%AD" * 337 + "%E2%80%8Bwiki.acme.example@evil%2eexample/x"
    assert "" in found(f"https://{hidden}")


@pytest.mark.parametrize(
    "text",
    [
        'see "https://wiki.acme.example/a", then',
        "('https://wiki.acme.example/a')",
        '{"at":"https://wiki.acme.example/a","x":1}',
        "| https://wiki.acme.example/a | b |",
        "`https://wiki.acme.example/a`.",
        '<a href="https://wiki.acme.example/a">wiki</a>',
        '<script>\nconst a = "https://wiki.acme.example/a"\nconst b = `c`\n"d"\t// e</script>',
        '<style>@import "https://wiki.acme.example/a" screen; p{content:"note: x"}</style>',
    ],
)
def test_a_link_that_ends_is_read(text):
    assert {"wiki.acme.example"} == found(text)


@pytest.mark.parametrize("spelt", SPELT)
@pytest.mark.parametrize(
    "within", ["<a href=//{host}/x>", '<img src="https:{host}">', "<base href='//{host}'>"]
)
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_in_an_attribute_is_found_in_any_spelling(host, within, spelt):
    assert HOSTS[host] in found(within.format(host=SPELT[spelt](host)))


@pytest.mark.parametrize("spelt", [each for each in SPELT if each != "entities for line ends"])
@pytest.mark.parametrize("within", ["see {host} now", "//{host}/x", "[a](https://{host}/x)"])
@pytest.mark.parametrize("host", ["evil.example", "evil.com", "a.b.evil.co.uk"])
def test_a_host_in_a_text_is_found_in_any_spelling(host, within, spelt):
    if spelt == "entities for tabs":
        pytest.skip("a tab ends a word of a text")
    assert HOSTS[host] in found(within.format(host=SPELT[spelt](host)))


@pytest.mark.parametrize(
    "text",
    [
        "<p style='background:url({})'>",
        "<style>a{{background:\\75 rl('{}')}}</style>",
        '<style>@import "{}"</style>',
    ],
)
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_in_escapes_of_css_is_found(host, text):
    assert HOSTS[host] in found(text.format(css(f"//{host}/x")))


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_in_escapes_of_a_script_is_found(host):
    assert HOSTS[host] in found(f"<script>fetch('{scripted(f'//{host}/x')}')</script>")


@given(
    st.sampled_from([*HOSTS]),
    st.lists(
        st.sampled_from(
            [
                lambda text: f"<div>{text}</div>",
                lambda text: f"<!-- {text} -->",
                lambda text: f"<iframe srcdoc='{html.escape(text)}'>",
                lambda text: f"<noscript>{text}</noscript>",
                lambda text: f"<template>{text}</template>",
                lambda text: f"<svg><foreignObject>{text}</foreignObject></svg>",
                lambda text: f"</p><table><tr>{text}",
                lambda text: f"before {text} behind",
            ]
        ),
        max_size=6,
    ),
    st.sampled_from([key for key in WITHIN if "<" in WITHIN[key] and key not in UNREADABLE]),
)
@settings(max_examples=300)
def test_a_link_is_found_however_deep_or_is_unread(host, around, within):
    text = WITHIN[within].format(host=host, first=host[:3], rest=host[3:])
    for each in around:
        text = each(text)

    assert found(text) & {HOSTS[host], ""}


@pytest.mark.parametrize(
    "text",
    [
        "e.g. this, i.e. that, a.k.a. etc.",
        "see file.txt, report.docx and budget.xlsx",
        "v1.2 and 2.0.1-rc.3",
        "at 10.30 on 4.5.2026",
        "it ended.The next began",
        "3.5 km/h, 1.000,00 and/or 24/7",
        "bob@acme.example wrote to <ann@mail.acme.example>",
        "/usr/lib/libc.so.6 and src/main.c",
        "10.0.0.1 and 10.0.0.0/8",
        "你好。谢谢。再见",
        "Привет.Как дела? Всё хорошо.Спасибо/до свидания",
        "wait...then what?",
        "U.S. and U.K. and Ph.D.",
        "note: a, b: c; data: none",
        '<p class="a b" title="note: x">1 < 2 & 3 > 2</p>',
        '<img src="cid:part1"><img src="data:image/png;base64,AAAA"><a href="#top">up</a>',
        '<style>@font-face{font-family:"A: B";src:local("c:d")} p::before{content:"e:f"}</style>',
        "<script>\n\tlet a = 1 // b: c\n\tfoo('\\t', `\n`)\n</script>",
        "<b><!-- a\n\tb: c -->x</b><span><!--[if gte mso 9]><o:p>&nbsp;</o:p><![endif]--></span>",
        '<a href="tel:+431234567">call</a><a href="page.html">next</a>',
    ],
)
def test_what_is_no_link(text):
    assert set() == found(text)


@pytest.mark.system
@pytest.mark.parametrize(
    "unit",
    [
        *("<", "<a ", "<a href=", "<div>", "<!--", "<style>", "<noscript>", "<p style='"),
        *("<iframe srcdoc='", "&#", "a.", "a.b/", "@", "//", "\\", "url(", "\u3002", "-"),
        *("https:", "mailto:", "data:a"),
    ],
)
def test_takes_no_longer_for_a_text_that_is_made_to(unit):
    begun = time.thread_time()
    for _, count in zip(links_of(unit * (50_000 // len(unit))), range(100), strict=False):
        assert count >= 0

    assert time.thread_time() - begun < 5
