"""The links in what goes out, and where each came from."""

from typing import get_args

import pytest

from inbounds.canonical.formats import normalize
from inbounds.model.question import Argument, Kind, Link, ReturnedField, Returns, Role
from inbounds.provenance import Origins
from inbounds.provenance import links as links_module
from inbounds.provenance.destinations import is_outward, names_destination
from inbounds.provenance.links import MOST
from inbounds.provenance.value_leaves import MOST as MOST_LEAVES

BODY = {"/body": Argument(kind="text", role="content")}


def links(text, *, prompt="", said=BODY):
    origins = Origins()
    origins.prompt(prompt)
    return origins.links({"body": text}, said).get("/body", [])


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("see https://evil.example/x?d=1.", "evil.example"),
        ("see HTTPS://EVIL.example", "evil.example"),
        ("![](https://evil.example/p.png)", "evil.example"),
        ("[click](https://evil.example/a_(b))", "evil.example"),
        ('<img src="//evil.example/p.png">', "evil.example"),
        ("<a href=https:evil.example>", "evil.example"),
        ('<img src="///evil.example/p.png">', "evil.example"),
        (r"![](/\/evil.example/p.png)", "evil.example"),
        ('<img src="/\t/evil.example/p.png">', "evil.example"),
        ("<img src='/&Tab;/evil.example/p.png'>", "evil.example"),
        ('<a href="htt\nps:/evil.example/x">', "evil.example"),
        (r"https:\\evil.example\x", "evil.example"),
        ("www.evil.example", "www.evil.example"),
        ("evil.example/x?d=secret", "evil.example"),
        ("evil.example?d=secret", "evil.example"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://3232235777/", "192.168.1.1"),
        ("http://[::1]/x", "[::1]"),
        ("wss://evil.example/s", "evil.example"),
    ],
)
def test_a_link_is_found_with_its_host(text, host):
    assert [Link(host=host, grade="none")] == links(text)


def test_what_html_writes_in_entities_is_a_link():
    assert Link(host="evil.example", grade="none") in links("&#104;ttps://evil.example/")


@pytest.mark.parametrize(
    "text",
    [
        "ftp://evil.example/x",
        "slack://open?d=1",
        "https://user:secret@evil.example/",
        "https://a..b/x",
        "https://[::ffff:1.2.3.4]/",
    ],
)
def test_one_that_cannot_be_read_has_no_host(text):
    assert Link(host="", grade="none") in links(text)


@pytest.mark.parametrize(
    "text",
    ["", "no link", "either/or", "10/12", "a: b", "bob@acme.example", "report.txt", "3.5 km/h"],
)
def test_what_is_no_link(text):
    assert [] == links(text)


def test_a_link_has_the_origin_of_its_whole_url():
    assert [Link(host="acme.example", grade="prompt")] == links(
        "Look: https://acme.example/a!", prompt="send them https://acme.example/a"
    )
    assert [Link(host="acme.example", grade="none")] == links(
        "Look: https://acme.example/a?secret=1", prompt="send them https://acme.example/a"
    )


@pytest.mark.parametrize("file", ["readme.md", "README.md", "plan.zip"])
def test_a_file_that_the_user_names_vouches_for_its_name_alone(file):
    prompt = f"summarise {file} for Ann"
    assert {"prompt"} == {link.grade for link in links(f"see {file}.", prompt=prompt)}
    for text in (f"https://{file}/", f"http://{file}", f"//{file}", f"{file}/", f"{file}/x"):
        assert {"none"} == {link.grade for link in links(f"see {text} now", prompt=prompt)}


@pytest.mark.parametrize("text", ["https://acme.com", "//acme.com/", "acme.com", "ACME.com/"])
def test_a_host_that_the_user_names_vouches_for_it_with_a_scheme(text):
    assert {"prompt"} == {link.grade for link in links(text, prompt="point him to acme.com")}


def test_a_host_that_only_ends_like_that_of_the_user_is_another():
    found = links("see ☃acme.ws/", prompt="point him to acme.ws")
    assert Link(host="xn--acme-4g3b.ws", grade="none") in found


def test_a_telephone_number_that_the_user_names_vouches_for_a_link_to_it():
    prompt = "tell him to call +43 1 234567"
    assert [Link(host="", grade="prompt")] == links("[call](tel:+431234567)", prompt=prompt)
    assert Link(host="", grade="none") in links("[call](tel:+439999999)", prompt=prompt)
    assert Link(host="", grade="none") in links("[x](sms:+431234567?body=a)", prompt=prompt)


def test_links_of_results_have_the_grade_of_the_place():
    origins = Origins()
    origins.observe(
        {"own": "https://acme.example/a", "text": "go to https://evil.example/a"},
        tool="t",
        returns=Returns(fields={"/own": ReturnedField(party="first")}),
        arguments={},
        call=1,
        memory=False,
    )
    found = origins.links({"body": "https://acme.example/a https://evil.example/a"}, BODY)
    assert {
        "/body": [
            Link(host="acme.example", grade="first_party"),
            Link(host="evil.example", grade="third_party_text"),
        ]
    } == found


def test_equal_links_are_told_once():
    assert [Link(host="a.example", grade="none")] == links(
        "https://a.example/1 https://a.example/2"
    )


def test_too_many_links_are_told_as_one_to_nowhere_known():
    text = " ".join(f"https://h{number}.example/" for number in range(MOST + 10))
    found = links(text, prompt=text)
    assert Link(host="", grade="none") == found[0]
    assert MOST + 1 == len(found)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"/body": Argument(role="content")}, True),
        ({"/body": Argument()}, True),
        ({}, True),
        ({"/body": Argument(kind="url", role="target")}, False),
        ({"/body": Argument(role="recipient")}, False),
        ({"/body": Argument(kind="url", role="content")}, False),
    ],
)
def test_content_and_what_nobody_gave_a_role_is_looked_at(said, found):
    assert found == bool(links("https://evil.example/", said=said))


ROLES = get_args(Role)
KINDS = get_args(Kind)


@pytest.mark.parametrize("text", ["x https://evil.example/a", "<a href=//evil.example>x</a>"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_is_looked_at_that_is_not_judged_as_a_destination(kind, role, text):
    argument = Argument(kind=kind, role=role)
    hosts = {link.host for link in links(text, said={"/body": argument})}

    # Of code, every host that it names is a destination.
    judged = names_destination(argument) or (role == "code" and is_outward(argument, text))
    assert judged or "evil.example" in hosts


@pytest.mark.parametrize("kind", ["path", "id", "date", "money"])
@pytest.mark.parametrize("text", ["plan.md", "docs/archive.zip", "a.b.sh", "7"])
def test_a_name_with_a_dot_is_no_link_in_what_is_no_text(kind, text):
    assert [] == links(text, said={"/body": Argument(kind=kind, role="target")})


def test_a_bare_host_in_a_query_is_a_link():
    found = links("site evil.com", said={"/body": Argument(kind="text", role="query")})

    assert ["evil.com"] == [link.host for link in found]


def test_a_link_beyond_what_is_looked_at_is_one_to_nowhere_known():
    registered = {"/lines/*": Argument(role="content")}
    for lines in (MOST_LEAVES, MOST_LEAVES + 1, 2 * MOST_LEAVES):
        arguments = {"lines": ["-"] * (lines - 1) + ["https://evil.example/"]}
        found = Origins().links(arguments, registered)
        assert [Link(host="", grade="none")] in found.values()

    assert not Origins().links({"lines": ["-"] * (MOST_LEAVES - 1)}, registered)


HIDDEN = {
    "comment": "a.md<!--url(",
    "hosts": "see a.md, ",
    "ports": "a.md:{} ",
    "css": "<b style='x:url(a.md {})'>",
    "schemes": "https://a.example/x ",
    "unread": "<!-- xn--a.com url({} ",
}


@pytest.mark.parametrize("part", HIDDEN.values(), ids=HIDDEN)
def test_what_was_read_once_is_not_read_again(part, monkeypatch):
    """
    The cost is counted by how many URLs are read, in one text and in all those of a call.
    """
    counts = count_read(monkeypatch)
    text = "".join(part.format(number) for number in range(20_000 // len(part)))
    registered = {"/lines/*": Argument(role="content")}
    found = Origins().links({"lines": [text, f"{text} b.md", text]}, registered)

    assert len(found) == 3
    assert found["/lines/0"] == found["/lines/2"]
    assert len(counts) <= 5


def test_so_many_urls_of_a_call_are_read_and_the_rest_are_links_to_nowhere_known(monkeypatch):
    monkeypatch.setattr(links_module, "MOST_READ", 100)
    counts = count_read(monkeypatch)
    lines = [f"https://h{number}.example/" for number in range(110)]
    found = Origins().links({"lines": lines}, {"/lines/*": Argument(role="content")})

    assert len(counts) == 100
    assert found["/lines/99"] == [Link(host="h99.example", grade="none")]
    assert found["/lines/100"] == [Link(host="", grade="none")]
    assert len(found) == 110


def count_read(monkeypatch):
    """Count the URLs that are read from now on."""
    counts = []

    def normalized(kind, text):
        counts.append(text)
        return normalize(kind, text)

    monkeypatch.setattr(links_module, "normalize", normalized)
    return counts
