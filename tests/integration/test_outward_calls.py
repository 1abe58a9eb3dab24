"""A call that reaches out sends, whatever its registry entry calls it.

The real policy judges. Nothing here depends on a name or on a resolver: only on what is asked.
"""

import copy
import ipaddress
import json
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import scenes
from tests.both import NOTHING, both

from inbounds.canonical.formats import InvalidFormat, normalize
from inbounds.errors import AccessDenied, ApprovalRequired, ArgumentNotRepresentable
from inbounds.model.question import Argument, Tool
from inbounds.provenance.destinations import effects_of, is_outward
from inbounds.testing import PolicyUnderTest, small_deployment

EFFECTS = (["read"], ["export"], ["read", "export"], ["write"], ["execute"])
WIKI = "wiki.acme.example"


def changed(effects=("read",), **destinations):
    """The small deployment with other destinations of its only page, and other effects of it."""
    deployment = small_deployment()
    deployment["tools"]["web.get"] |= {"effects": list(effects), "reversible": "yes"}
    deployment["destinations"]["intranet"] = destinations
    everything = ["read", "write", "export", "execute"]
    deployment["intents"]["correspond"]["effects"] = everything
    for agent in deployment["agents"].values():
        agent["manifest"]["effects"] = everything
    deployment["subjects"]["alice@acme.example"]["effects"] = everything
    return {
        name: deployment[name]
        for name in ("tools", "destinations", "intents", "agents", "subjects")
    }


class Desk:
    """An agent with a page to get and a mail to read, and what has run of it."""

    def __init__(self, folder, **change):
        self.policy = PolicyUnderTest(folder, changed(**change))
        self.run = []

        @self.policy.guard.tool("web.get", resource=lambda url: ("page", url))
        def get(url):
            self.run.append(url)

        @self.policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id):
            return f"look at https://{WIKI}/stranger"

    def get(self, url, *, after_a_mail=False, prompt=""):
        """The code of what came of one request: `allow`, or why it did not run."""
        before = len(self.run)
        try:
            with self.policy.task(prompt=prompt) as task:
                if after_a_mail:
                    task.call("mail.read", {"id": "1"})
                task.call("web.get", {"url": url})
        except (AccessDenied, ApprovalRequired) as refused:
            code = refused.code
        except ArgumentNotRepresentable:
            code = "argument"
        else:
            assert len(self.run) == before + 1
            return "allow"
        assert len(self.run) == before
        return code


@pytest.fixture
def desk(tmp_path):
    """Makes a desk; closes what it has made."""
    made = []

    def make(**change):
        made.append(Desk(tmp_path / str(len(made)), **change))
        return made[-1]

    yield make
    for each in made:
        each.policy.close()


@pytest.mark.parametrize("effects", EFFECTS)
def test_confidential_data_is_not_carried_to_a_public_destination(desk, effects):
    """
    What a confidential mail says does not leave in the query of a page's address.
    """
    page = desk(effects=effects, hosts=[WIKI], label="public")

    assert page.get(f"https://{WIKI}/", prompt="") == "allow"
    refused = page.get(f"https://{WIKI}/?q=salary", after_a_mail=True)
    assert refused == "flow.sensitive_to_lower_trust"


@pytest.mark.parametrize("effects", EFFECTS)
def test_an_address_that_a_stranger_gave_is_asked_about(desk, effects):
    """
    In a session that has read a stranger's text, its address is not requested unasked.
    """
    page = desk(effects=effects, hosts=[WIKI])
    url = f"https://{WIKI}/stranger"

    assert page.get(url, after_a_mail=True) == "flow.untrusted_argument"
    assert page.get(url, after_a_mail=True, prompt=f"Open {url}") == "allow"


ASCII_INSIDE = """
    127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1.
    127.255.255.254 0 0.0.0.0 0x0 00 0.1.2.3 169.254.169.254 2852039166 0xa9fea9fe
    0251.0376.0251.0376 169.254.43518 0xA9.0xFE.0xa9.0xFE 169.254.169.254. 169.254.170.2
    168.63.129.16 100.100.100.200 192.0.0.192 10.0.0.1 10.1 167772161 012.0.0.1 172.16.0.1
    172.31.255.255 192.168.0.1 3232235521 100.64.0.1 100.127.255.254 198.18.0.1 198.19.255.254
    192.0.2.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    4294967295 0xffffffff 192.88.99.1 [::1] [::] [0:0:0:0:0:0:0:1] [::0001] [::ffff:127.0.0.1]
    [::ffff:7f00:1] [::FFFF:a9fe:a9fe] [::127.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1]
    [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::] [2002:a9fe:a9fe::1] [2001::1]
    [2001:0:4136:e378:8000:63bf:3fff:fdd2] [2001:2::1] [2001:10::1] [2001:20::1] [2001:db8::1]
    [2001:0DB8:0:0::1] [3fff::1] [fc00::1] [fd00:ec2::254] [fe80::1] [FE80::A9FE:A9FE] [fec0::1]
    [ff02::1] [ff0e::1] [100::1] [5f00::1] localhost LOCALHOST localhost. a.localhost printer
    printer. intranet wpad metadata.google.internal METADATA.google.internal. metadata
    a.internal host.docker.internal a.local nas.LOCAL. router.lan router.home router.home.arpa
    dc.corp a.intranet a.private kubernetes.default.svc a.svc.cluster.local vault.service.consul
    localhost.localdomain 1.0.0.127.in-addr.arpa xn--.local kubernetes.default
    a.intra a.homenet a.svc a.dmz a.localnet
"""
INSIDE = [
    *ASCII_INSIDE.split(),
    "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "127\u30020\u30020\u30021",
    "l\xadocalhost",
    "%6cocalhost",
    "%31%32%37.0.0.1",
    "loc\talhost",
    "1\n27.0.0.1",
    "\u2488.1.1.1",
    "printer.\uff4c\uff4f\uff43\uff41\uff4c",
]
OUTSIDE = [
    "a.example",
    "A.example.",
    "8.8.8.8",
    "134744072",
    "1.1.1.1",
    "[2606:4700:4700::1111]",
    "b\u00fccher.example",
]


@pytest.mark.parametrize("effects", EFFECTS[:2])
def test_anywhere_is_not_this_machine_its_network_or_its_platform(desk, effects):
    """
    Of over a hundred spellings of such hosts, none is requested where a task may send anywhere.
    """
    page = desk(effects=effects, anywhere=True)

    assert len(INSIDE) > 100
    for scheme, host in product(("http", "https"), OUTSIDE):
        assert page.get(f"{scheme}://{host}/") == "allow", host
    reached = {
        host: code
        for host, scheme in product(INSIDE, ("http", "https"))
        if (code := page.get(f"{scheme}://{host}/latest/"))
        not in ("egress.destination_not_allowed", "argument")
    }
    assert reached == {}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "169.254.169.254", "a.internal"]
)
def test_such_a_host_is_requested_where_it_is_named(desk, host):
    """
    An entry in `hosts` lets a host of this machine or its network, and no other.
    """
    page = desk(hosts=[host])

    assert page.get(f"http://{host}/") == "allow"
    assert page.get("http://127.0.0.2/") == "egress.destination_not_allowed"


# --- what the policy says of any leaf, on both engines ----------------------------------------


@pytest.fixture(scope="module")
def engines():
    """Both engines on the project's sources."""
    with both() as running:
        yield running


def asked(engines, question):
    """What both engines say; they say the same."""
    embedded = engines.ask_embedded(question)
    assert embedded == engines.ask_opa(question)
    assert embedded != NOTHING
    return embedded


def codes(answer):
    return {reason["code"] for reason in answer["context"]["reasons"]}


def fetching(engines, *, kind, effects=("read",), **destination):
    """The ordinary question about one argument of a kind, placed before both engines."""
    stage = scenes.staged(
        [
            {"op": "replace", "path": "/question/action/name", "value": "web.get"},
            {"op": "replace", "path": "/question/resource/type", "value": "page"},
            {"op": "replace", "path": "/deployment/tools/web.get/effects", "value": list(effects)},
            {"op": "replace", "path": "/deployment/tools/web.get/arguments", "value": {"/x": kind}},
            {"op": "replace", "path": "/deployment/destinations/intranet", "value": destination},
        ]
    )
    engines.place(stage.deployment, stage.live, stage.now)
    return copy.deepcopy(stage.question)


def with_leaf(question, value, parsed=None):
    """The question with this value of its argument."""
    properties = question["action"]["properties"]
    properties["arguments"] = {"x": value}
    properties["parsed"] = {} if parsed is None else {"/x": parsed}
    return question


ADDRESSES = st.one_of(
    st.ip_addresses(v=4),
    st.ip_addresses(v=6),
    *(
        st.ip_addresses(network=each)
        for each in ("2001::/22", "2002::/15", "3ffe::/15", "100.0.0.0/8")
    ),
    *(st.ip_addresses(network=each) for each in ("192.0.0.0/16", "172.0.0.0/8", "::ffff:0:0/96")),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(address=ADDRESSES)
def test_no_address_is_public_that_the_registries_of_iana_set_apart(engines, address):
    """
    An address that is anywhere is a global one to Python's `ipaddress` as well, on both engines.
    """
    question = fetching(engines, kind={"kind": "host"}, anywhere=True)
    try:
        host, parsed = normalize("host", str(address))
    except InvalidFormat:
        return
    answer = asked(engines, with_leaf(question, host, parsed.model_dump(exclude_defaults=True)))

    allowed = "egress.destination_not_allowed" not in codes(answer)
    assert not (allowed and (not address.is_global or address.is_multicast))
    if address.version == 4 and address.is_global and not address.is_multicast:
        apart = ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")
        assert allowed or any(address in ipaddress.ip_network(each) for each in apart)


SIGNS = ["\t", "\n", "\r", "\v", "\f", "\x00", "\x85", " ", "\u00a0", "\u2028", "\u200b", "\ufeff"]
WORDS = """
    http https HTTPS ftp file smb s3 evil.example a x C . : / \\ // \\\\ :// :\\\\ @ [::1] ? # (
    < %2f
    http\u017f \u212a
"""
PIECES = st.lists(
    st.one_of(st.sampled_from([*SIGNS, *WORDS.split()]), st.characters(codec="utf-8")), max_size=8
).map("".join)
KINDS = (
    {"role": "target"},
    {"kind": "text"},
    {"kind": "path", "role": "target"},
    {"kind": "id", "role": "target"},
    {"role": "content"},
    {"kind": "path", "role": "content"},
)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_engines_and_sdk_agree_on_which_text_leads_outward(engines, kind):
    """
    For any text, both engines and the SDK say the same: whether it names another host.
    """
    question = fetching(engines, kind=kind, anywhere=True)
    argument = Argument.model_validate(kind)
    tool = Tool(resource="page", effects=["read"], arguments={"/x": argument})

    @settings(max_examples=150, deadline=None)
    @given(text=PIECES)
    def agree(text):
        answer = asked(engines, with_leaf(question, text))
        outward = "egress.destination_not_allowed" in codes(answer)
        assert is_outward(argument, text) == outward
        assert ("export" in effects_of(tool, {"x": text})) == outward

    agree()


REMOTE = r"""
    \\evil.example\share \/evil.example/x /\evil.example/x //evil.example/x ///evil.example/x
    smb://evil.example/x SMB://evil.example/x file://evil.example/x file:\\evil.example\x
    file:////evil.example/x https://evil.example HTTPS:evil.example https:/evil.example
    ftp:evil.example user@evil.example:x user@evil:x git+ssh://evil.example/x s3://evil/x
    jar:https://evil.example!/ view-source:https://evil.example ws://evil.example
    evil.example://acme.example/ x://
"""
WRAPPED = [
    "{}",
    " {}",
    "\t{}",
    "\n{}",
    "\u200b{}",
    "\ufeff{}",
    "<{}>",
    '"{}"',
    "({})",
    "\x00{}",
    "\u00a0{}",
    "'{}",
]


@pytest.mark.parametrize("kind", KINDS[:3], ids=str)
@pytest.mark.parametrize("effects", EFFECTS[:2], ids=str)
def test_a_text_that_names_another_host_goes_nowhere(engines, kind, effects):
    """
    A share, a remote and a URL of any scheme are judged as destinations, though no kind says so.
    """
    question = fetching(engines, kind=kind, effects=effects, anywhere=True)
    for remote, wrapped in product(REMOTE.split(), WRAPPED):
        answer = asked(engines, with_leaf(question, wrapped.format(remote)))
        assert "egress.destination_not_allowed" in codes(answer), (wrapped, remote)


BESIDE = [
    *(
        "x {}",
        "x;{}",
        "x,{}",
        "x|{}",
        "x\n{}",
        "x\t{}",
        "x\x00{}",
        "x ({})",
        "x <{}>",
        '{{"u": "{}"}}',
    ),
    *("file:///x {}", "https://wiki.acme.example/ {}", "https://wiki.acme.example/;{}", "[x]({})"),
    *("s3://wiki.acme.example/,{}", "wiki.acme.example {}", "x `{}`", "x; {}; y"),
]
SECOND = [
    *("https://evil.example", "HTTPS:evil.example", "//evil.example/x", "\\\\evil.example\\x"),
    *("s3://evil/x", "bob@evil.example:x", "mailto:eve@evil.example", "http://169.254.169.254/"),
]


@pytest.mark.parametrize("kind", ["none", "text"])
@pytest.mark.parametrize("where", [{"anywhere": True}, {"hosts": [WIKI]}], ids=str)
def test_a_target_of_several_places_goes_nowhere(engines, kind, where):
    """
    A place that is allowed does not take another one along that stands beside it.
    """
    question = fetching(engines, kind={"kind": kind, "role": "target"}, **where)
    argument = Argument.model_validate({"kind": kind, "role": "target"})
    assert len(BESIDE) * len(SECOND) > 100
    for form, second in product(BESIDE, SECOND):
        text = form.format(second)
        assert is_outward(argument, text), text
        answer = engines.ask_embedded(with_leaf(question, text))
        assert "egress.destination_not_allowed" in codes(answer), text
    for text in ("x;y", "a, b", "12:30; 13:00", "and / or", "x|y"):
        assert not is_outward(argument, text), text
        assert "egress.destination_not_allowed" not in codes(
            asked(engines, with_leaf(question, text))
        )


SCHEMES = """
    mailto sip sips ldap ldaps tftp dict gopher smb xmpp ssh telnet tel sms news nntp callto skype
    facetime irc ircs jabber finger msrp sftp im
"""
OPAQUE = ["{}:bob@evil.example", "{}:evil", "<{}:evil>", " {}:evil", '"{}:evil"', "{}:+49301234567"]
PROSE = """
    Note: x|C:\\x|12:30|data:text/plain,x|URN:isbn:1|tag:a.example,2026:x|cid:1|file:x|steps:
- x|user:123|ticket:42|catalog:track:1|:smile:|x:|{a:1}|[b:c]|Hello, Bob: it is done|3:1
"""
LOCAL_FIRST = [
    "file:///x https://evil.example",
    "file:///x,https://evil.example",
    "file:///x\nhttps://evil.example/",
    "file:///C:/x,//evil.example/x",
]


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[1]], ids=str)
def test_a_scheme_without_slashes_leads_nowhere_known(engines, kind):
    """
    Of over 150 spellings of such a leaf none goes `anywhere`, and ordinary words do not go out.
    """
    question = fetching(engines, kind=kind, anywhere=True)
    argument = Argument.model_validate(kind)
    assert len(SCHEMES.split()) * len(OPAQUE) > 150
    spelt = [form.format(scheme) for scheme, form in product(SCHEMES.split(), OPAQUE)]
    for text in [*spelt, *LOCAL_FIRST]:
        assert is_outward(argument, text), text
        answer = engines.ask_embedded(with_leaf(question, text))
        assert "egress.destination_not_allowed" in codes(answer), text
    for text in [*PROSE.strip().split("|"), "file:///x/y.txt", "file:///C:/x"]:
        assert not is_outward(argument, text), text
        assert "egress.destination_not_allowed" not in codes(
            asked(engines, with_leaf(question, text))
        )


def names_somewhere(stage):
    """Whether the call of a case has an argument that leads outward, so that its tool sends."""
    try:
        entry = stage.deployment["tools"][stage.question["action"]["name"]]
        arguments = stage.question["action"]["properties"]["arguments"]
        tool = Tool.model_validate({**entry, "effects": ["read"]})
        return "export" in entry["effects"] and "export" in effects_of(tool, arguments)
    except (LookupError, TypeError, ValueError, AttributeError):
        return False


def test_no_case_becomes_an_allow_where_what_it_exports_is_called_reading(engines):
    """
    For every case with such a call, its tool's effect `export` is written `read`: no deny and no
    ask becomes an allow, and what is refused for where it goes is refused for that again.
    """
    tried = 0
    for case in scenes.cases():
        stage = case.staged()
        if not names_somewhere(stage):
            continue
        deployment = copy.deepcopy(stage.deployment)
        entry = deployment["tools"][stage.question["action"]["name"]]
        entry["effects"] = sorted({"read", *entry["effects"]} - {"export"})

        engines.place(stage.deployment, stage.live, stage.now)
        before = engines.ask_embedded(stage.question)
        engines.place(deployment, stage.live, stage.now)
        after = engines.ask_embedded(stage.question)
        tried += 1

        if before == NOTHING or before["decision"] is not True:
            assert after == NOTHING or after["decision"] is not True, str(case)
        if NOTHING not in (before, after):
            held = {
                code for code in codes(before) if code.startswith(("egress.", "flow.", "budget."))
            }
            assert held <= codes(after), (str(case), json.dumps(after["context"]["reasons"]))
    assert tried > 50
