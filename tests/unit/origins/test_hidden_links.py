"""No link gets past the list of links, however it is written."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS
from tests.unit.origins.hidden import HOSTS, SPELT, UNREADABLE, WITHIN, css, scripted

from inbounds.canonical.formats import InvalidFormat, normalize
from inbounds.provenance.links import BARE, links_of


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
        '<a href="page.html">next</a>',
        "nice 💩. la vie",
        "Great👍. It is done 🎉.",
        "3.5°C/km, ₹1.200,50 and 5.5€/h",
        "v1.2→v1.3, a.1≤b.2/c",
        "👍🏽.👍🏽 and ❤.❤/❤",
        "«a».b — “c”.d…e",
        "यह ठीक है। मैं.आप",
        "مرحبا.كيف ไป.มา",
        "我们用node.js。谢谢。报告.docx。再见",
        "・項目.一 資料・項目",
        "bob@acme.com。谢谢",
        "wang.li@acme.com, (ann.de@mail.acme.com).",
        "SMS:ok, SSH:22, Skype:eve and Tel:+431234567",
        "file:x.txt and Makefile:/x",
        "[Ann]: Tel: +431234567",
        "//----- heading -----//",
    ],
)
def test_what_is_no_link(text):
    assert set() == found(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("💩.la/x?d=budget", "xn--ls8h.la"),
        ("see i❤.ws/x?d=budget", "xn--i-7iq.ws"),
        ("see i❤\ufe0f.ws", "xn--i-7iq.ws"),
        ("//☃.net/x?d=budget", "xn--n3h.net"),
        ("![a](☃.net/x)", "xn--n3h.net"),
        ("☃acme.ws/", "xn--acme-4g3b.ws"),
        ("a\u20ddb.com", "xn--ab-gku.com"),
        ("कंपनी.भारत", "xn--i1b1b4ch5i.xn--h2brj9c"),
        ("ア・acme.com", "xn--acme-kk4cou.com"),
        ("leak-budget.evil.com。OK", "leak-budget.evil.com"),
        ("leak-budget.evil.com\uff0eOK", "leak-budget.evil.com"),
        ("\uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d\uff0eOK", "evil.com"),
        ("злодей。рф｡OK", "xn--d1acekhs.xn--p1ai"),
        ("谢谢。leak.evil.com。OK/x", "leak.evil.com"),
        ("x/a。evil.com", "evil.com"),
        ("bob@acme.com。evil.com", "evil.com"),
        ("evil.com。bob@acme.com", "evil.com"),
        ("evil.com에서 보세요", "evil.com"),
        ("evil.comを見て", "evil.com"),
        ("evil.com🎉", "evil.com"),
        ("evil.com._x", "evil.com"),
        ("evil.com@", "evil.com"),
        ("evil.com@x", "evil.com"),
        ("evil.com@acme.agency", "evil.com"),
        ("evil.com@acme.com:8080", "evil.com"),
        ("bücher.com@acme.com", "xn--bcher-kva.com"),
        ("evil.ws:acme.example", "evil.ws"),
        ("a.b1/c?“evil.com", "evil.com"),
        ("//%65vil%2ecom/x", "evil.com"),
        ("//@evil.com", "evil.com"),
        (r"see \\evil\share", "evil"),
        (r"see\//evil.com", "evil.com"),
    ],
)
def test_a_host_is_found_to_where_any_program_ends_it(text, host):
    assert host in found(text)


@pytest.mark.parametrize(
    "text", ["\u0378.la/x", "x\ue000.ws", "a\u00b4b.com", "![](//-evil.com/p)"]
)
def test_a_host_of_characters_that_cannot_be_read_is_unread(text):
    assert "" in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "sms:+1900?body=budget",
        "skype:eve?call",
        "facetime:eve@evil.example",
        "whatsapp:send?text=budget",
        "intent:#x",
        "ms-msdt:/id",
        r"file:\\evil\share",
        "file:/x",
        "[x](sms:+431234567?body=budget)",
        "[x](<sms:+431234567 ?body=budget>)",
        "<sms:+431234567)?body=budget>",
        "[x](tel:0800123)[y](facetime:eve)",
        "<a href='sms:+431234567?body=budget'>x</a>",
        "<a href=whatsapp:send>x</a>",
    ],
)
def test_a_link_that_opens_another_program_is_unread(text):
    assert "" in found(text)


@pytest.mark.parametrize("scheme", ["tel", "sms", "TEL"])
@pytest.mark.parametrize("within", ["[x]({})", "[x](<{}>)", "[x]: {}", "<{}>", "<a href={}>x</a>"])
def test_a_link_to_a_telephone_number_is_known_by_it(scheme, within):
    assert [("tel:+431234567", "")] == [*links_of(within.format(f"{scheme}:+431234567"))]


@pytest.mark.parametrize(
    "link",
    [
        "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "bitcoin:bc1qx?amount=2",
        "ethereum:0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359@1",
        "facetime:eve@evil.example",
        "facetime-audio:+1900555123",
        "fb-messenger:user/1",
        "intent:#Intent;scheme=x;end",
        "itms-services:?action=download-manifest",
        "ms-excel:ofe|u|x",
        "ms-settings:privacy",
        "msteams:/l/chat/0/0?users=eve",
        "obsidian:open?vault=x",
        "slack:channel?team=T1&id=C1",
        "sms:+1900555123?body=x",
        "spotify:track:37i9dQZF1DXcBWIGoYBM5M",
        "tel:0800123",
        "vscode:extension/evil.ext",
        "VSCode-Insiders:extension/evil.ext",
        "zoommtg:zoom.us/join?confno=1",
    ],
)
@pytest.mark.parametrize("within", ["see {} now", "({})", "a,{}", "see:{}.", "<b>{}</b>"])
def test_a_link_that_opens_an_app_is_unread_in_plain_text_as_well(link, within):
    assert "" in found(within.format(link))


@pytest.mark.parametrize("link", ["slack:open", "vscode:x", "note:x", "steam:run", "X-1.a+b:y"])
@pytest.mark.parametrize(
    "within",
    [
        *("[a]({})", "[a](<{}>)", "[a](\t{} 'b')", "[a]: {}", "[a]: <{}>", "![a]({})", "<{}>"),
        *("<a href={}>b</a>", "<A HREF=' {}'>b</A>", "<iframe src={}>", "<form action={}>"),
    ],
)
def test_a_target_of_any_scheme_is_a_link(link, within):
    assert "" in found(f"see {within.format(link)} now")


@pytest.mark.parametrize("number", ["+431234567", "+43-1-234567", "+43.1.234567"])
def test_a_link_to_a_telephone_number_is_known_by_it_in_plain_text_as_well(number):
    assert [("tel:+431234567", "")] == [*links_of(f"call tel:{number}")]


@pytest.mark.parametrize(
    "text",
    [
        *("note: bring the cups", "Note:bring cups", "Re: AW:Fwd: lunch", "at 10:30, not 9:15"),
        *("Tel: +43 1 234567", "Tel.: 01/234567", "tel:ask Ann", "SMS:ok", "sms: later"),
        *("dict: x", "def f(a:int, b:str) -> dict[str:int]: ...", "{'tel':1, \"sms\":2}"),
        *("x:y:z", "std::vector", "error:line:12", "line:1234", "port:8080", "3:2 won", "1:1"),
        *("Slack:#general", "Slack: ask in #team", "zoom:yes", "Teams:call me", "signal:SIGKILL"),
        *("intent:summarise", "bitcoin:up 5%", "lightning:fast", "spotify:no", "geo:Austria"),
        *('"vscode:prepublish": "make"', "vscode:prepublish", "-ms-flex:1", "cursor:pointer"),
        *("git:main", "C:x", "urn:isbn", "figma:done?", "steam:why?yes", "ms-word: see there"),
    ],
)
def test_a_word_before_a_colon_is_no_link(text):
    assert [] == [*links_of(text)]


TRUSTED = frozenset({"acme.example", "acme.ws", "acme.com"})
SHORT_LIST, LONG_LIST = LinkifyIt(), LinkifyIt().tlds(TLDS)
"""A program that knows some top-level domains, and one that knows all of them."""
LABELS = st.sampled_from(
    [
        *("evil", "acme", "i❤", "☃", "💩", "👨\u200d💻", "1️⃣", "🇦🇹", "₿", "a\u20ddb"),
        *("bücher", "例子", "कंपनी", "x-y", "\u0378", "\ue000", "→", "x1"),
    ]
)
ENDS = st.sampled_from(["com", "ws", "la", "example", "рф", "中国", "भारत", "co.uk", "COM"])
BETWEEN = st.sampled_from(
    [
        *(
            "。",
            "\uff0e",
            "｡",
            ".",
            ",",
            "\uff0c",
            "…",
            "—",
            "-",
            "@",
            "☃",
            "🎉",
            "·",
            "・",
            "(",
            ")",
            "[",
        ),
        *(
            "「",
            "」",
            "“",
            "”",
            '"',
            "'",
            "|",
            "\uff5c",
            "<",
            ">",
            "/",
            "//",
            ":",
            "https://",
            "http:",
        ),
        *(
            "www.",
            "?",
            "#",
            "!",
            "*",
            "=",
            "&",
            ";",
            "\\",
            "\u200b",
            "\ufe0f",
            "\u3000",
            "の",
            "에서",
        ),
        *(
            "é",
            "1",
            "x",
            "OK",
            "谢谢",
            "acme.ws",
            "acme.example",
            "bob@acme.com",
            " ",
            "_",
            "\uff05",
        ),
    ]
)
HOST = st.builds(lambda label, end: f"{label}.{end}", LABELS, ENDS)
CHARACTERS = st.characters(min_codepoint=0x80, exclude_categories=["Cs"])


def host_of(link):
    url = link.url if "://" in link.url else f"https://{link.url.lstrip('/')}"
    try:
        return normalize("url", url)[1].host
    except (InvalidFormat, UnicodeError):
        return ""


def is_untrusted(link):
    url, host = link
    return host not in TRUSTED or not (url.startswith(BARE) or url.endswith(f"://{host}/"))


def is_of_address(text, link):
    """Whether what is taken for a link is the beginning of what others take for an address."""
    return text[link.last_index : link.last_index + 1] == "@"


@pytest.mark.parametrize("program", [SHORT_LIST, LONG_LIST], ids=["short list", "long list"])
@given(st.lists(HOST | LABELS | BETWEEN | CHARACTERS, min_size=2, max_size=8).map("".join))
@settings(max_examples=1500)
def test_what_another_program_takes_for_a_link_is_found(program, text):
    for link in program.match(text) or ():
        host = "" if link.schema == "mailto:" else host_of(link)
        if host and host not in TRUSTED and not is_of_address(text, link):
            assert any(map(is_untrusted, links_of(text)))


@given(LABELS, CHARACTERS, ENDS, st.sampled_from(["", "/", "/x?d=1", "#d", ":8080/"]))
@settings(max_examples=500)
def test_no_character_of_a_host_makes_it_that_of_the_user(label, character, end, path):
    text = f"{label}{character}acme.{end}{path}"
    for link in LONG_LIST.match(text) or ():
        host = host_of(link)
        assert not host or host in found(text) or "" in found(text)


@given(HOST, st.sampled_from("。\uff0e｡"), st.sampled_from(["OK", "谢谢", "x1", "then.next", "❤"]))
def test_a_wide_dot_ends_a_host_or_does_not(host, dot, rest):
    for written in (host, host.replace(".", dot)):
        behind = found(f"see {written}{dot}{rest} now")
        assert found(f"see {host} now") <= behind or "" in behind


@pytest.mark.system
@pytest.mark.parametrize(
    "unit",
    [
        *("<", "<a ", "<a href=", "<div>", "<!--", "<style>", "<noscript>", "<p style='"),
        *("<iframe srcdoc='", "&#", "a.", "a.b/", "@", "//", "\\", "url(", "\u3002", "-"),
        *("https:", "mailto:", "data:a", "sms:", "](tel:+1", "ms-a", "com\u3002", "a☃.com\u3002"),
        *("☃.", "a@b\u3002", "你好。", "x.comの", "x·", "//-", "a._"),
    ],
)
def test_takes_no_longer_for_a_text_that_is_made_to(unit):
    begun = time.thread_time()
    for _, count in zip(links_of(unit * (50_000 // len(unit))), range(100), strict=False):
        assert count >= 0

    assert time.thread_time() - begun < 5
