# ruff: noqa: RUF001 -- letters that look like others are what this is about
"""One spelling per place: no other way to write a kept place leads to it."""

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbounds.canonical.arguments import canonical_json
from inbounds.errors import ArgumentNotRepresentable
from inbounds.model.deployment import KeptPlace, ResourceLabels
from inbounds.model.places import MAX_LENGTH, skeleton
from inbounds.model.question import Argument, Resource
from inbounds.model.skeletons import skeletons
from inbounds.testing import PolicyUnderTest, small_deployment

_FILE = {"resource": "file", "tenant": "acme", "environment": "development", "reversible": "yes"}
_TARGET = {"role": "target", "required": True}


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """The real policy, with tools that read and write files whose paths have any kind."""
    deployment = small_deployment()
    tools = deployment["tools"]
    for kind in ("path", "id", "text", "none"):
        for effect in ("read", "write"):
            tools[f"{kind}.{effect}"] = {
                **_FILE,
                "effects": [effect],
                "arguments": {"/at": {"kind": kind, **_TARGET}},
                "returns": {"label": "public", "party": "first"},
            }
    tools["one.read"] = {**tools["text.read"], "recursive": False}
    names = [name for name in tools if name != "mail.purge"]
    agents = deployment["agents"]
    for agent in agents.values():
        agent["manifest"]["tools"] = names
    intents = deployment["intents"]
    intents["correspond"]["tools"] = names
    intents["correspond"]["resources"] = [{"type": "mail"}, {"type": "file"}, {"type": "page"}]
    # Found nowhere, a value would be asked about; here it is about where it leads.
    intents["correspond"]["bounds"] = {"target": {"origins": ["none", "prompt", "first_party"]}}
    under_test = PolicyUnderTest(
        tmp_path_factory.mktemp("places") / "inbounds",
        {"tools": tools, "agents": agents, "intents": intents},
    )
    yield under_test
    under_test.close()


@pytest.fixture(scope="module")
def task(policy):
    """A task that may read and write any file."""
    with policy.task() as task:
        yield task


def codes(task, tool, at, resource=None):
    """Why the call is refused, by either the policy or the form of its argument."""
    touched = resource or Resource(type="file", id=at)
    try:
        decision = task.evaluate(tool, {"at": at}, resource=lambda **_: touched)
    except ArgumentNotRepresentable as fault:
        return {fault.code}
    return {reason.code for reason in decision.reasons}


_KEPT = {"secret.not_for_agents", "argument.not_representable"}
_NAMED = [
    "/home/alice/%2essh/id",
    "/home/alice/%2Essh/id",
    "/home/alice/%252essh/id",
    "/home/alice/%25252525252essh/id",
    "/home/alice/%u002essh/id",
    "/home/alice/.%73%73%68/id",
    "/home/alice/.SSH/id",
    "/home/alice/.ſsh/id",
    "/home/alice/.ßh/id",
    "/home/alice/.s\u200bsh/id",
    "/home/alice/.s\u00adsh/id",
    "/home/alice/.ss\ufe0fh/id",
    "/home/alice/\u2060.ssh/id",
    "/home/alice/．ｓｓｈ/id",
    "/home/alice／.ssh／id",
    "/home/alice∕.ssh∕id",
    "/home/alice%2f.ssh%2fid",
    "/home/alice%5c.ssh%5cid",
    "/home/alice/.ssh./id",
    "/home/alice/.ssh /id",
    "/home/alice/ .ssh/id",
    "/home/alice/.ssh::$INDEX_ALLOCATION/id",
    "/home/alice/.ssh:stream",
    "/home/alice/SSH~1/id",
    "/home/alice/.s*h/id",
    "\\home\\alice\\.ssh\\id",
    "C:\\home\\alice\\.ssh\\id",
    "file:///home/alice/.ssh/id",
    "file:///home/alice/.netrc?x",
    "/home/alice/.ssh\x00.txt",
    "/home/alice/%00/.ssh",
    "/home/alice/%ff.ssh",
    "/work/a/%2e%2e/%2e%2e/home/alice/.ssh",
    "/work/．．/etc",
    "/work/%c0%ae%c0%ae/etc",
    "/work/.. ./etc",
    "/work/..¥etc",
]
_PLACED = [
    "/work/%73ecrets/a",
    "/work/secrets%2fa",
    "/work/ſecrets",
    "/work/SECRETS/a",
    "/work/secret\u200ds/a",
    "file:///work/secrets/a",
    "file://localhost/work/secrets/a",
    "FILE:/work/secrets",
    "file:///work/%73ecrets/a",
    "c:\\work\\secrets\\a",
    "\\\\?\\C:\\work\\secrets\\a",
    "\\\\host\\c$\\work\\secrets",
    "/work/SECRET~1/a",
    "/work/secrets::$DATA",
    "/work/secrets:a",
    "/work",
    "/",
    "/wor%6b",
    "/work/*",
    "/work/se?rets/a",
    "file:///work",
    "c:/",
]


_SEPARATORS = [
    *" ,;|:&=+#!^@$'\"`()[]<>{}\n\t\r\0\x7f\x85\xa0",
    *"\u1680\u2003\u2028\u2029\u3000\u3001\u3002\u30fb\u300c\uff0c\uff1b\uff1a\uff5c\u061b\u060c\u2026\u2192\u2016",
    *(", ", " / ", '","', "] [", "\\ ", "%20", "%2c", "%0a", "%e3%80%81"),
]
_LISTS = ["{0}{1}/work/a", "/work/a{1}{0}", "a{1}{0}{1}b"]


@pytest.mark.parametrize("separator", _SEPARATORS)
@pytest.mark.parametrize("places", _LISTS)
def test_no_kept_place_is_read_beside_another(task, places, separator):
    """
    Whatever stands between two places in one argument, each is compared with those that are kept.
    """
    for at in ("/home/alice/.ssh/id", "b/.env", "id_rsa", ".en[v]", "/work/secrets/a"):
        for kind in ("path", "text"):
            several = places.format(at, separator)
            assert codes(task, f"{kind}.read", several) & _KEPT, (kind, several)


@pytest.mark.parametrize(
    "at", ["/app/My notes.md", "/app/a, b & c.md", "/app/q&a (old) [v2].md", "/app/日本語、資料.md"]
)
def test_a_file_whose_name_holds_a_separator_is_read(task, at):
    assert codes(task, "text.read", at) == set()


class TestAPlaceThatIsKept:
    @pytest.mark.parametrize("kind", ["path", "id", "text", "none"])
    @pytest.mark.parametrize("at", _NAMED + _PLACED)
    def test_no_spelling_reads_it(self, task, kind, at):
        """
        Neither a listed name nor a place of the deployment's is read, however it is written.
        """
        assert codes(task, f"{kind}.read", at) & _KEPT

    @pytest.mark.parametrize("at", _NAMED + _PLACED)
    def test_no_spelling_of_the_resource_reads_it(self, task, at):
        """
        The resource alone is enough, whatever the argument says.
        """
        assert codes(task, "text.read", "/work/a", Resource(type="file", id=at)) & _KEPT

    @pytest.mark.parametrize(
        "at",
        [
            "/work/GIT~1/hooks/x",
            "/work/.git::$INDEX_ALLOCATION/hooks/x",
            "/work/.git:x/hooks/x",
            ".git:x/hooks/x",
            "C:\\work\\.git:1:y\\hooks\\x",
            "/etc:x/inbounds/x",
            "/etc/%69nbounds/x",
            "file:///etc/inbounds/x",
            "/etc",
            "/work/ＣＬＡＵＤＥ.md",
            "/work/claude\u200b.md",
        ],
    )
    def test_no_spelling_writes_the_control_plane(self, task, at):
        """
        Nor is what bounds the agent changed.
        """
        found = codes(task, "text.write", at)

        assert "control_plane.own_configuration" in found


@pytest.mark.parametrize(
    "at",
    [
        "/work/a",
        "/work/notes/Müller 2026.txt",
        "/work/100%.txt",
        "/work/50% off",
        "/work/日本語.md",
        "/work/a~",
        "/work/report~final.txt",
        "/work/it's (1).pdf",
        "/work/a:b",
        "/home/*/x.py",
        "/work/secretsx",
    ],
)
def test_an_ordinary_place_is_read(task, at):
    """
    What leads nowhere that is kept is read, in any letters.
    """
    assert codes(task, "text.read", at) == set()


def test_a_tool_that_touches_nothing_below_reads_the_folder_itself(task):
    """
    The registry says which tool covers what lies below, and by default every tool does.
    """
    assert not codes(task, "one.read", "/work/x") & _KEPT
    assert "secret.not_for_agents" not in codes(task, "one.read", "/work")
    assert "secret.not_for_agents" in codes(task, "text.read", "/work")


class TestALabelByPrefix:
    @pytest.mark.parametrize(
        "at",
        [
            "board%2F1",
            "BOARD/1",
            "bo\u200bard/1",
            "ｂｏａｒｄ/1",
            "board%252f1",
            "board／1",
            "%62oard/1",
        ],
    )
    def test_no_spelling_escapes_it(self, task, at):
        """
        What lies below a prefix has its label in every spelling.
        """
        decision = task.evaluate("mail.read", {"id": at}, resource=lambda **_: ("mail", at))

        assert "data.label_above_clearance" in {reason.code for reason in decision.reasons}

    def test_others_have_that_of_their_type(self, task):
        """
        Others keep the label of their type.
        """
        decision = task.evaluate("mail.read", {"id": "ö"}, resource=lambda **_: ("mail", "bö"))

        assert decision.allowed


# --- the rule ------------------------------------------------------------------------------

_IGNORED = "\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0f\u034f\u180e\U000e0020"
_WIDE = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_FOLDS = {"s": ["ſ", "S", "ｓ", "Ｓ"], "k": ["\u212a", "K"]}


@st.composite
def respelled(draw, text):
    """Another spelling of an ASCII text: escapes, letters of other forms, and what nobody sees."""
    signs = []
    for sign in text:
        forms = [sign, sign.upper(), _WIDE[sign], *_FOLDS.get(sign, ())]
        if sign == "/":
            forms += ["\\", "／", "∕", "⁄"]
        form = draw(st.sampled_from(forms))
        for _ in range(draw(st.integers(0, 3)) if draw(st.booleans()) else 0):
            form = "".join(f"%{byte:02x}" for byte in form.encode())
        signs.append(form + draw(st.sampled_from(["", "", "", *_IGNORED])))
    return "".join(signs)


_MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.system
@_MANY
@given(at=respelled("/home/alice/.ssh/keys"), kind=st.sampled_from(["path", "id", "text", "none"]))
def test_no_generated_spelling_reads_what_is_listed(task, at, kind):
    """
    However a listed name is respelled, it is denied.
    """
    assert codes(task, f"{kind}.read", at) & _KEPT


@_MANY
@given(at=respelled("/work/secrets/keys"), kind=st.sampled_from(["path", "id", "text", "none"]))
def test_no_generated_spelling_reads_what_is_kept(task, at, kind):
    """
    However a kept place is respelled, it is denied.
    """
    assert codes(task, f"{kind}.read", at) & _KEPT


@st.composite
def globbed(draw, text):
    """A wildcard that tools look for names by, and that stands for a text among others."""
    signs = list(text)
    for at in draw(st.sets(st.integers(1, len(text) - 1), min_size=1, max_size=3)):
        sign = signs[at]
        if sign != "/":
            forms = ["?", f"[{sign}]", f"[{sign}x]", f"[!{chr(ord(sign) + 1)}]", f"[[={sign}=]]"]
            forms += ["*", f"{sign}*", f"*{sign}", f"{{{sign}}}", f"{{{sign},x}}", f"@({sign})"]
            signs[at] = draw(st.sampled_from([*forms, f"[]{sign}]", f"[a-{sign}]"]))
    return "".join(signs)


@pytest.mark.system
@_MANY
@given(
    at=st.sampled_from(
        ["/home/alice/.ssh/x", "/a/id_rsa", "/a/server.pem", "/a/.env", "/etc/shadow"]
    ).flatmap(globbed),
    kind=st.sampled_from(["path", "id", "text", "none"]),
)
def test_no_generated_wildcard_reads_what_is_listed(task, at, kind):
    """
    However a wildcard stands for a listed name, it is denied.
    """
    assert codes(task, f"{kind}.read", at) & _KEPT


@pytest.mark.system
@_MANY
@given(at=globbed("/work/secrets/keys"), kind=st.sampled_from(["path", "id", "text", "none"]))
def test_no_generated_wildcard_reads_what_is_kept(task, at, kind):
    """
    However a wildcard stands for a kept place, it is denied.
    """
    assert codes(task, f"{kind}.read", at) & _KEPT


_FOLDERS = [
    "/home/alice",
    "C:\\Users\\alice",
    "\\\\host\\share",
    "file:///home/alice",
    "~",
    "/a:b",
    "",
]
_KINDS = st.sampled_from(["path", "id", "text", "none"])


@st.composite
def shortened(draw, name):
    """The short name that Windows gives a file: up to six signs, a tilde and a digit."""
    begun = name.lstrip(".")
    short = begun[: draw(st.integers(1, 6))]
    if draw(st.booleans()):
        short = begun[:2] + draw(st.from_regex("[0-9A-F]{4}", fullmatch=True))
    short = draw(st.sampled_from([short.upper(), short.lower(), short.title()]))
    tilde = draw(st.sampled_from(["~", "~", "%7e", "\uff5e"]))
    number = draw(st.integers(1, 99))
    return f"{short}{tilde}{number}{draw(st.sampled_from(['', '', '.', ' ', '%20', '.txt']))}"


@st.composite
def streamed(draw, name):
    """A name with a stream of it, of a type that NTFS has or of any name."""
    types = ["$DATA", "$INDEX_ALLOCATION", "$BITMAP", "$ATTRIBUTE_LIST", "$index_allocation"]
    stream = draw(st.sampled_from(["", "$I30", "x", "1", "x y", "a.b"]))
    suffix = f":{stream}" + draw(st.sampled_from(["", *(f":{type_}" for type_ in types)]))
    colon = draw(st.sampled_from([":", ":", "%3a", "\uff1a", "%253A"]))
    return name + suffix.replace(":", colon)


def placed(names, behind):
    """A respelled name in a folder, with what lies behind it."""
    parts = st.tuples(st.sampled_from(_FOLDERS), names, st.sampled_from(behind))
    return parts.map(lambda part: f"{part[0]}{'/' if part[0] else ''}{part[1]}{part[2]}")


def either(name):
    return shortened(name) | streamed(name)


def listed(names):
    """Listed places, of one name or several, of which one has another spelling."""
    return st.one_of([placed(either(name), behind) for name, behind in names])


_SECRETS = [
    *((name, ("", "/x", "\\x")) for name in (".ssh", ".gnupg", ".aws", ".netrc", "id_rsa")),
    (".kube", ("/config", "\\config")),
    ("serviceaccount", ("/token",)),
    ("etc", ("/shadow", "/ssl/private/x")),
]
_CONTROL_PLANE = [
    (".git", ("/hooks/x", "/hooks", "\\hooks\\x", "/config")),
    (".github", ("/workflows/x",)),
    ("deployment", ("/agents.yaml",)),
    (".claude", ("", "/x")),
]
_PARENTS = ["/", "/work", "c:/", "c:/work", "file:///", "file:///work", "file://localhost/work"]
_PARENTS += [
    "\\\\?\\C:\\",
    "\\\\?\\C:\\work",
    "\\\\host\\share\\work",
    "/work:x/",
    "/w*",
    "/work/*",
]


@st.composite
def respelled_parents(draw):
    """A folder around a kept place, in another spelling that leads to it."""
    at = draw(st.sampled_from(_PARENTS))
    for plain, other in (
        ("/", "\\"),
        ("work", "WORK"),
        ("work", "wo\u200brk"),
        ("w", "\uff57"),
        ("w", "%77"),
    ):
        if draw(st.booleans()):
            at = at.replace(plain, other)
    closed = at.endswith(("/", "\\"))
    behind = ["", "."] if closed else ["", "/", "//", "/.", "\\", "/*", "/**", "/a/.."]
    return at + draw(st.sampled_from(behind))


@pytest.mark.system
@_MANY
@given(at=listed(_SECRETS), kind=_KINDS)
def test_no_generated_short_name_and_no_stream_reads_what_is_listed(task, at, kind):
    """
    Windows has two more names for a file, and one for each of its streams.
    """
    assert codes(task, f"{kind}.read", at) & _KEPT


@pytest.mark.system
@_MANY
@given(
    name=either("secrets"),
    behind=st.sampled_from(["", "/a", "\\a", "/a/b"]),
    kind=_KINDS,
)
def test_no_generated_short_name_and_no_stream_reads_what_is_kept(task, name, behind, kind):
    """
    Nor for a place of the deployment's.
    """
    assert codes(task, f"{kind}.read", f"/work/{name}{behind}") & _KEPT


@pytest.mark.system
@_MANY
@given(at=respelled_parents(), kind=_KINDS)
def test_no_generated_parent_reads_what_is_kept_below(task, at, kind):
    """
    A tool that reads what lies below a folder reads what is kept there.
    """
    assert codes(task, f"{kind}.read", at) & _KEPT


@pytest.mark.system
@_MANY
@given(at=listed(_CONTROL_PLANE), kind=_KINDS)
def test_no_generated_short_name_and_no_stream_writes_the_control_plane(task, at, kind):
    """
    A place of several names is found behind a stream of one of them.
    """
    assert codes(task, f"{kind}.write", at) & {
        "control_plane.own_configuration",
        "argument.not_representable",
    }


@pytest.mark.parametrize(
    "at",
    [
        "origin/main:src/app.py",
        "/logs/2026-05-04T12:30:00/run.log",
        "/work/.git:x",
        "/work/a:b/c",
        "C:/work/a",
    ],
)
def test_a_colon_in_an_ordinary_name_is_written(task, at):
    """
    A time, a revision, a port or a drive leads nowhere that is kept.
    """
    assert codes(task, "text.write", at) == set()


@pytest.mark.parametrize(
    "at", ["/app/[slug]/page.tsx", "/app/[[...slug]]/x", "/a/{{cookie.name}}/b", "/a/**/*.py"]
)
def test_a_sign_of_a_wildcard_in_an_ordinary_name_is_read(task, at):
    """
    A bracket or a brace that stands for nothing that is kept is a letter like others.
    """
    assert codes(task, "text.read", at) == set()


@pytest.mark.parametrize(
    "at",
    [
        "/proc/self/root/work/secrets/a",
        "/proc/1/cwd/a",
        "/proc/thread-self/fd/3",
        "/proc/self/task/1/root/a",
        "/proc/2/environ",
        "/proc/*/r??t/a",
        "/dev/fd/3",
        "/.vol/1/2",
    ],
)
def test_what_a_process_has_open_is_no_place(task, at):
    """
    It may lead anywhere.
    """
    assert codes(task, "text.read", at) & _KEPT


@_MANY
@given(at=respelled("board/1"))
def test_no_generated_spelling_escapes_a_label(task, at):
    """
    However an id is respelled, its label is that of its prefix.
    """
    decision = task.evaluate("mail.read", {"id": "7"}, resource=lambda **_: ("mail", at))

    assert "data.label_above_clearance" in {reason.code for reason in decision.reasons}


@pytest.mark.system
@_MANY
@given(
    at=st.one_of(
        either("board").map(lambda name: f"{name}/1"),
        streamed("board"),
        st.sampled_from(["board", "BOARD", "./board", "x/../board", "b*", "bo\u200bard", "*"]),
    )
)
def test_no_generated_short_name_stream_or_parent_escapes_a_label(task, at):
    """
    Nor does a folder around the prefix.
    """
    decision = task.evaluate("mail.read", {"id": "7"}, resource=lambda **_: ("mail", at))

    assert "data.label_above_clearance" in {reason.code for reason in decision.reasons}


@_MANY
@given(text=st.text(max_size=40))
def test_a_skeleton_is_its_own(text):
    """
    A skeleton is a fixed point, without escapes and without what nobody sees.
    """
    form = skeleton(text)

    assert form is None or (skeleton(form) == form and not set(form) & set(_IGNORED))


@_MANY
@given(
    text=st.text("abc/.sk", min_size=1, max_size=20).flatmap(
        lambda t: st.tuples(st.just(t), respelled(t))
    )
)
def test_every_spelling_has_one_skeleton(text):
    """
    Two spellings of one text have one skeleton, or have none.
    """
    plain, other = text

    assert skeleton(other) in (None, plain.lower(), skeleton(plain))


def test_what_has_no_skeleton():
    """
    Controls, half surrogates, escapes of no text, and endless ones name no one place.
    """
    for text in ["a\x00", "a\n", "\ud800", "%00", "%ff", "%ed%a0%80", "%u0000", "%ud800", "\u2028"]:
        assert skeleton(text) is None
    assert skeleton("a" * MAX_LENGTH) is not None
    assert skeleton("a" * (MAX_LENGTH + 1)) is None
    assert skeleton("%" + "25" * 30_000 + "2e") == "."


def test_only_what_the_policy_cannot_read_is_told():
    """
    The question names skeletons of places that are not plain ASCII, and of nothing else.
    """
    arguments = {"at": "/Ä", "to": ["ö", "b"], "text": "Größe", "more": {"é*": "é"}, "plain": "/A"}
    registered = {
        "/at": Argument(kind="path"),
        "/to/*": Argument(role="target"),
        "/text": Argument(kind="text", role="content"),
        "/plain": Argument(kind="path"),
    }

    assert skeletons(arguments, canonical_json(arguments), registered, "50%") == {
        "/Ä": "/ä",
        "ö": "ö",
        "é": "é",
        "50%": "50%",
    }
    assert skeletons({"at": "\x00"}, b"%", {}, "a") == {}


def test_the_ignorable_characters_are_those_of_unicode():
    """
    Every format character that Unicode lets nobody see is dropped.
    """
    shown = {"\u0600", "\u0601", "\u0602", "\u0603", "\u0604", "\u0605", "\u06dd", "\u070f"}
    for code in range(0x110000):
        sign = chr(code)
        if unicodedata.category(sign) == "Cf" and sign not in shown and code < 0x0890:
            assert skeleton(f"a{sign}b") == "ab"


class TestAPrefixOfTheDeployment:
    def test_is_put_in_its_skeleton(self):
        """
        An operator may write it in any letters.
        """
        place = KeptPlace(type="file", prefixes=["/Straße/", "/Plain/", quote("/ü/")])
        labels = ResourceLabels(label="public", prefixes={"/Ä/": "secret"})

        assert place.prefixes == ["/strasse/", "/Plain/", "/ü/"]
        assert labels.prefixes == {"/ä/": "secret"}

    def test_without_a_skeleton_is_no_deployment(self):
        """
        One that could not be compared would keep nothing.
        """
        with pytest.raises(ValueError, match="printable"):
            KeptPlace(type="file", prefixes=["/a\x00/"])
