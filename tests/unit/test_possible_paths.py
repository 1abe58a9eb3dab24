"""A text that nobody registered as a path leads to no place that a path would be kept from."""

import itertools

import pytest

from inbounds.errors import ArgumentNotRepresentable
from inbounds.model.question import Resource
from inbounds.testing import PolicyUnderTest, small_deployment

_FILE = {
    "resource": "file",
    "tenant": "acme",
    "environment": "development",
    "reversible": "yes",
    "returns": {"label": "public", "party": "first"},
}
_FOLDER = {"kind": "path", "role": "target", "required": True}
_TEXTS = {
    "bare": {"required": True},
    "query": {"role": "query", "required": True},
    "text": {"role": "query", "kind": "text", "required": True},
    "id": {"kind": "id", "required": True},
    "unsaid": {"kind": "text", "required": True},
}

# What people look for, beside a folder.
SEARCHES = """\
harbour tour
a/b testing
C++ templates
50%
100% cotton
what is this?
how do I log in?
invoice 2026-04
*.md
**/*.py
*.{ts,tsx}
src/**/*.{c,h}
report*
harb*
TODO:
fix(me)
(foo|bar)
get(Foo|Bar)
def main
class .*Test
[a-z]+_id
array[0]
x[1:2]
f(x, y)
{"name": "x"}
{a, b}
int* p
a && b
a -> b
key: value
Q: who pays?
wait... what
v1.2.3
1..10
~50 people
cost < 5
$100
$scope.items
and/or
he/she
km/h
input/output
24/7
München Rathaus
日本語 検索
naïve café
re: your mail
user@acme.example
#42
@decorator
"exact words"
'quoted'
hello, world
red; green
yes
no
0
keys
board
secrets of the sea
tokens
the key to it
environment
env
README.md
notes.txt
plan v2.docx
docs
guide
__init__
a.b.c
foo.bar()
x = y / 2
50 % off
1/2
n/a
C#
.NET
config
settings
hooks
agents
HEAD~1
main..develop
""".splitlines()

# From `docs/guide`: what leads to a secret, to a labelled folder, or out of the task's.
SECRET = [
    *(
        "../../keys/*",
        "../../.e*",
        "../../keys/prod.pem",
        "keys/*",
        "keys/prod.pem",
        "/srv/a/.ssh/id_rsa",
    ),
    *(
        "~/.ssh/id_rsa",
        "~/.aws/credentials",
        ".env",
        "**/.env",
        ".e*",
        ".e[n]v",
        "*.pem",
        "*.pe?",
        "id_rs?",
    ),
    *(
        "{.env,x}",
        "*.{md,pem}",
        ".{e,x}nv",
        "{a,{b,.env}}",
        "@(.env|x)",
        "k[e]ys/*",
        "ke?s/*",
        "c:/a/.ssh/x",
    ),
    *("*.md,.env", "*.md, ../../keys/*", "x;.env", "x|.env", "*.md\n.env", "x\n../../keys/a"),
    *(
        "..\\..\\keys\\a",
        "%2e%2e/%2e%2e/keys/a",
        "..%2f..%2fkeys",
        "\uff0e\uff0e/keys",
        ".. /keys",
        "a/../../keys",
    ),
    *(
        "a ../../keys/b",
        "file:///srv/.env",
        "%2eenv",
        ".\u200benv",
        "/proc/self/environ",
        "{../x,y}",
        ".ENV",
    ),
]
OUTSIDE = [
    *(
        "../../board/*",
        "../..",
        "..",
        "../../x",
        "/board/x",
        "/etc/hosts",
        "~",
        "~/notes",
        "~bob/notes",
    ),
    *(
        "C:\\a",
        "c:/a",
        "c:a",
        "\\\\host\\share",
        "$HOME/x",
        "${HOME}/x",
        "file:///srv/a",
        "*.md,/etc/hosts",
    ),
    *("../other/*.md", "%2fetc/hosts", "\uff0fetc/hosts"),
]


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """The real policy, and tools that search a folder for each kind of text."""
    deployment = small_deployment()
    tools = deployment["tools"]
    for name, about in _TEXTS.items():
        arguments = {"/folder": _FOLDER, "/pattern": about}
        tools[f"{name}.find"] = {**_FILE, "effects": ["read"], "arguments": arguments}
        tools[f"{name}.one"] = {**tools[f"{name}.find"], "recursive": False}
        tools[f"{name}.edit"] = {**tools[f"{name}.find"], "effects": ["write"]}
    tools["bare.take"] = {**_FILE, "effects": ["read"], "arguments": {"/files/*": {}}}
    tools["query.take"] = {
        **_FILE,
        "effects": ["read"],
        "arguments": {"/files/*": {"role": "query"}},
    }
    names = [name for name in tools if name != "mail.purge"]
    agents, intents = deployment["agents"], deployment["intents"]
    for agent in agents.values():
        agent["manifest"]["tools"] = names
    intents["correspond"]["tools"] = names
    intents["correspond"]["resources"] = [
        {"type": "mail"},
        {"type": "file", "prefixes": ["docs/", "notes"]},
    ]
    intents["correspond"]["bounds"] = {"target": {"origins": ["none", "prompt", "first_party"]}}
    labels, settings = deployment["labels"], deployment["settings"]
    top = labels["order"][-1]
    labels["resources"]["file"] = {
        "label": "public",
        "prefixes": {"board/": top, "docs/b/minutes/": top},
    }
    settings["secrets"] = [{"type": "file", "prefixes": ["keys/", "/srv/vault/"]}]
    under_test = PolicyUnderTest(
        tmp_path_factory.mktemp("possible") / "inbounds",
        {
            "tools": tools,
            "agents": agents,
            "intents": intents,
            "labels": labels,
            "settings": settings,
        },
    )
    yield under_test
    under_test.close()


@pytest.fixture(scope="module")
def task(policy):
    with policy.task() as task:
        yield task


def codes(task, tool, resource, **arguments):
    """Why a call is refused; nothing where it runs."""
    touched = Resource(type="file", id=resource)
    try:
        decision = task.evaluate(tool, arguments, resource=lambda **_: touched)
    except ArgumentNotRepresentable as fault:
        return {fault.code}
    return {reason.code for reason in decision.reasons}


class TestASearchInAFolder:
    @pytest.mark.parametrize("name", _TEXTS)
    @pytest.mark.parametrize("how", ["find", "one"])
    @pytest.mark.parametrize("text", SEARCHES)
    def test_for_ordinary_words_runs(self, task, name, how, text):
        assert set() == codes(
            task, f"{name}.{how}", "docs/guide", folder="docs/guide", pattern=text
        )

    @pytest.mark.parametrize("name", _TEXTS)
    @pytest.mark.parametrize("how", ["find", "one"])
    @pytest.mark.parametrize("text", SECRET)
    def test_for_a_secret_is_denied(self, task, name, how, text):
        found = codes(task, f"{name}.{how}", "docs/guide", folder="docs/guide", pattern=text)
        assert found & {"secret.not_for_agents", "argument.not_representable"}

    @pytest.mark.parametrize("name", _TEXTS)
    @pytest.mark.parametrize("text", OUTSIDE)
    def test_outside_of_the_task_s_folders_is_denied(self, task, name, text):
        found = codes(task, f"{name}.find", "docs/guide", folder="docs/guide", pattern=text)
        assert found & {"capability.not_granted", "argument.not_representable"}

    @pytest.mark.parametrize(
        "text", ["minutes/*", "minutes/may.md", "MINUTES//x", "m*/x", "./minutes/x"]
    )
    def test_in_a_labelled_folder_has_its_label(self, task, text):
        found = codes(task, "query.one", "docs/b", folder="docs/b", pattern=text)
        assert {"data.label_above_clearance"} == found

    @pytest.mark.parametrize(
        "text", ["AGENTS.md", ".git/config", "*.rego", ".github/workflows/x.yml"]
    )
    def test_that_changes_what_restricts_the_agent_is_denied(self, task, text):
        found = codes(task, "query.edit", "docs/guide", folder="docs/guide", pattern=text)
        assert "control_plane.own_configuration" in found
        assert set() == codes(task, "query.find", "docs/guide", folder="docs/guide", pattern=text)

    def test_joins_the_folder_and_the_text(self, task):
        found = codes(task, "query.edit", "docs/.git", folder="docs/.git", pattern="config")
        assert "control_plane.own_configuration" in found

    @pytest.mark.parametrize("folder", ["docs/b", "docs/guide", "docs/guide/a", "docs/a/b/c"])
    def test_that_climbs_is_denied_from_any_folder(self, task, folder):
        climbs = [
            "../" * up + to for up in range(1, 6) for to in ("keys/*", "board/x", ".env", "x")
        ]
        for text, name in itertools.product(climbs, _TEXTS):
            found = codes(task, f"{name}.find", folder, folder=folder, pattern=text)
            assert {"secret.not_for_agents", "capability.not_granted"} <= found


class TestATextWithoutARole:
    @pytest.mark.parametrize(
        "text", ["keys/prod.pem", ".env", "~/.ssh/id_rsa", "-f keys/prod.pem", "../x", "see .env"]
    )
    def test_that_names_a_secret_is_denied(self, task, text):
        assert {"secret.not_for_agents"} == codes(task, "bare.take", "docs/a", files=["a.md", text])

    @pytest.mark.parametrize("text", SEARCHES)
    def test_of_ordinary_words_passes(self, task, text):
        assert set() == codes(task, "bare.take", "docs/a", files=[text])

    def test_is_looked_at_as_a_path_only_beside_a_folder_where_it_searches(self, task):
        assert set() == codes(task, "query.take", "docs/a", files=["keys/prod.pem", "../x"])
