"""Which effects a call is judged by: its tool's, for its arguments, and what it sets in motion."""

from __future__ import annotations

import random

import pytest
import sqlglot  # noqa: F401 -- a busy machine would load it past the first call's deadline
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.leased import Shelf, leased

from inbounds import AccessDenied
from inbounds.model.deployment import Deployment
from inbounds.model.question import Argument, EffectsBy, Tool
from inbounds.provenance.destinations import is_outward
from inbounds.testing import AGENT, PolicyUnderTest, small_deployment
from inbounds_tools.closure import chains_beyond_reading

ALL = {"read", "write", "delete"}
METHODS = {"GET": ["read"], "HEAD": ["read"], "PUT": ["write"], "DELETE": ["delete"]}
VERBS = {"select": ["read"], "insert": ["write"], "update": ["write"], "delete": ["delete"]}
COMMANDS = {"ls": ["read"], "cat": ["read"], "touch": ["write"], "rm": ["delete"]}


def by_argument(name, kind, values):
    """A tool whose effects depend on its one argument."""
    return {
        "effects": sorted(ALL),
        "effects_by": {"argument": f"/{name}", "kind": kind, "values": values},
        "reversible": "yes",
        "resource": "page",
        "tenant": "acme",
        "environment": "development",
        # Without a role it might be a path, and kept from agents.
        "arguments": {f"/{name}": {"required": True, "role": "content"}},
        "returns": {"label": "public", "party": "first"},
    }


def reading(**members):
    return {
        "effects": ["read"],
        "resource": "page",
        "tenant": "acme",
        "environment": "development",
        "returns": {"label": "public", "party": "first"},
        **members,
    }


def job(**members):
    return reading(effects=["execute"], reversible="no", **members)


def deployment(tools, agent, demanded):
    """What changes of the small deployment: these tools as well, and every effect for everyone."""
    whole = small_deployment()
    every = ["read", "write", "delete", "export", "execute"]
    whole["tools"] |= tools
    names = [*whole["tools"]]
    whole["agents"][AGENT] |= {"manifest": {"tools": names, "effects": every}, **(agent or {})}
    for group in whole["groups"].values():
        group["effects"] = every
    wide = {**whole["intents"]["correspond"], "tools": names}
    whole["intents"] = {
        "correspond": {**wide, "effects": every},
        "look": {**wide, "effects": ["read"]},
        "work": {**wide, "effects": sorted(ALL)},
    }
    whole["settings"]["leases"] = [*demanded]
    return {name: whole[name] for name in ("tools", "agents", "groups", "intents", "settings")}


CALLS = {
    "/method": (lambda method: None, lambda method: ("page", "x")),
    "/statement": (lambda statement: None, lambda statement: ("page", "x")),
    "/command": (lambda command: None, lambda command: ("page", "x")),
    "": (lambda: None, lambda: ("page", "x")),
}


def policy_on(folder, tools, *, agent=None, demanded=(), **options):
    under_test = PolicyUnderTest(folder, deployment(tools, agent, demanded), **options)
    for name, entry in tools.items():
        call, resource = CALLS[next(iter(entry.get("arguments", {})), "")]
        under_test.guard.tool(name, resource=resource)(call)
    return under_test


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The effects that a call is judged by, from what the real policy grants."""
    under_test = policy_on(
        tmp_path_factory.mktemp("judged"),
        {
            "api.call": by_argument("method", "text", METHODS),
            "db.run": by_argument("statement", "sql", VERBS),
            "shell.run": by_argument("command", "command", COMMANDS),
        },
    )
    with under_test.task("work") as task:

        def effects(tool, **arguments):
            decision = task.evaluate(tool, arguments)
            assert decision.allowed, decision.reasons
            (grant,) = decision.grants
            return {*grant["effects"]}

        yield effects
    under_test.close()


class TestByTheValueOfAnArgument:
    @pytest.mark.parametrize(("method", "effects"), METHODS.items())
    def test_a_value_that_is_named(self, judged, method, effects):
        assert judged("api.call", method=method) == {*effects}

    @settings(max_examples=150, deadline=None)
    @given(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from([*METHODS]).flatmap(
                lambda word: st.sampled_from(
                    [
                        word.lower(),
                        f" {word}",
                        f"{word} ",
                        f"{word}\n",
                        f"{word}\u2028DELETE",
                        f"{word}\x00",
                        f"{word},DELETE",
                        word.replace("E", "\u0395"),
                        f"\ufeff{word}",
                        f"{word}\u200b",
                        word[::-1],
                    ]
                )
            ),
            st.sampled_from([*METHODS]),
        )
    )
    def test_effects_are_among_those_of_the_tool_and_of_an_unknown_value_all(self, judged, value):
        assume(not is_outward(Argument(kind="text"), value))  # that sends, whatever the tool does
        assert judged("api.call", method=value) == {*METHODS.get(value, ALL)}

    def test_the_task_may_do_less_than_the_tool(self, tmp_path):
        under_test = policy_on(tmp_path, {"api.call": by_argument("method", "text", METHODS)})
        with under_test.task("look") as task:
            task.call("api.call", {"method": "GET"})
            for method in ("PUT", "DELETE", "PATCH", "get", ""):
                with pytest.raises(AccessDenied) as refused:
                    task.call("api.call", {"method": method})
                assert refused.value.code == "intent.effect_outside_intent"
        under_test.close()


PLAIN = st.from_regex(r"[a-z0-9_./-]{1,8}", fullmatch=True)
SHELL = [";", "&&", "||", "|", "&", ">", ">>", "<", "$(", "`", "${", "\n", "\r\n", "\r", "\x00"]
SHELL += [
    "\t",
    "\v",
    "\f",
    "\u2028",
    "\u2029",
    "\x85",
    "\\",
    "*",
    "?",
    "[",
    "~",
    "#",
    "!",
    "%",
    "^",
]
SHELL += ["(", "{", "'", '"', "\u00a0", "\u201c", "\uff1b"]


class TestByTheFirstWordOfACommand:
    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from([*COMMANDS]), st.lists(PLAIN, max_size=4))
    def test_plain_words(self, judged, word, words):
        assert judged("shell.run", command=" ".join([word, *words])) == {*COMMANDS[word]}

    @settings(max_examples=200, deadline=None)
    @given(
        st.tuples(st.sampled_from([*COMMANDS]), st.lists(PLAIN, max_size=2)),
        st.sampled_from(SHELL),
        st.sampled_from(["", " "]),
        st.sampled_from(["rm -r x", "rm", "x", ""]),
    )
    def test_anything_else_that_a_shell_reads(self, judged, begun, sign, blank, rest):
        word, words = begun
        command = f"{' '.join([word, *words])}{blank}{sign}{blank}{rest}"
        assert judged("shell.run", command=command) == ALL

    @pytest.mark.parametrize(
        "command", ["LS", "/bin/ls", "./ls", "x=1 ls", "'ls'", " ls", "sudo ls"]
    )
    def test_another_first_word(self, judged, command):
        assert judged("shell.run", command=command) == ALL


class TestByTheVerbsOfAStatement:
    @pytest.mark.parametrize(
        ("statement", "effects"),
        [
            ("SELECT a FROM t WHERE b = 'it''s; DELETE'", {"read"}),
            ("INSERT INTO t VALUES (1)", {"write"}),
            ("INSERT INTO t SELECT a FROM u", {"read", "write"}),
            ("DELETE FROM t WHERE a = 1", {"delete"}),
            ("DELETE FROM t RETURNING a", {"read", "delete"}),
            ("WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", ALL),
            ("SELECT a FROM t; DROP TABLE t", ALL),
            ("SELECT pg_terminate_backend(1)", ALL),
        ],
    )
    def test_on_the_real_policy(self, judged, statement, effects):
        assert judged("db.run", statement=statement) == effects


class TestWhatIsSetInMotion:
    def test_what_only_reads_does_not_set_a_job_in_motion(self, tmp_path):
        tools = {"page.look": reading(reaches=["job.run"]), "job.run": job()}
        under_test = policy_on(tmp_path, tools)
        with under_test.task("look") as task, pytest.raises(AccessDenied) as refused:
            task.call("page.look", {})
        assert refused.value.code == "intent.effect_outside_intent"
        under_test.close()

    def test_nor_does_an_agent_that_was_not_built_for_it(self, tmp_path):
        tools = {"page.look": reading(reaches=["job.run"]), "job.run": job()}
        manifest = {"tools": ["page.look"], "effects": ["read"]}
        under_test = policy_on(tmp_path, tools, agent={"manifest": manifest})
        with under_test.task() as task, pytest.raises(AccessDenied) as refused:
            task.call("page.look", {})
        codes = {reason.code for reason in refused.value.decision.reasons}
        assert "capability.not_in_manifest" in codes
        under_test.close()

    @pytest.mark.parametrize("steps", [1, 2, 8])
    def test_an_agent_that_only_reads_sets_nothing_else_in_motion(self, tmp_path, steps):
        chain = {f"step.{n}": reading(reaches=[f"step.{n + 1}"]) for n in range(steps - 1)}
        tools = {**chain, f"step.{steps - 1}": reading(reaches=["job.run"]), "job.run": job()}
        under_test = policy_on(tmp_path, tools, agent={"read_only": True})
        with under_test.task() as task, pytest.raises(AccessDenied) as refused:
            task.call("step.0", {})
        codes = {reason.code for reason in refused.value.decision.reasons}
        assert "capability.reaches_further" in codes
        under_test.close()

    def test_an_agent_that_only_reads_reads(self, tmp_path):
        tools = {"page.look": reading(reaches=["page.list"]), "page.list": reading()}
        under_test = policy_on(tmp_path, tools, agent={"read_only": True})
        with under_test.task() as task:
            task.call("page.look", {})
        under_test.close()

    def test_what_is_given_to_such_a_tool_counts_as_written(self, tmp_path):
        """
        What the SDK knows of a tool is the most that any call of it does.
        """
        tools = {
            "page.look": reading(reaches=["page.keep"]),
            "page.keep": reading(effects=["write"]),
        }
        under_test = policy_on(tmp_path, tools)
        known = under_test.guard._runtime.registry.tool("page.look", deadline=1e12)
        assert known.tool.effects == ["read", "write"]
        under_test.close()


def graph(drawn, number):
    """Tools that reach each other, in cycles as well, some with other effects or a credential."""
    names = [f"graph.{number}.{each}" for each in range(drawn.randint(1, 8))]
    tools = {}
    for name in names:
        reaches = drawn.sample(names, drawn.randint(0, min(2, len(names))))
        if drawn.random() < 0.1:
            reaches.append(drawn.choice(["read", "delete", "export"]))
        effect = drawn.choice(["write", "execute"]) if drawn.random() < 0.1 else "read"
        tools[name] = reading(effects=[effect], reversible="yes", reaches=reaches)
        if drawn.random() < 0.15:
            tools[name]["credential"] = drawn.choice(["reading", "writing"])
    return tools


class TestWhatLintAndThePolicyFindOfAGraph:
    """
    What keeps a bundle from being built is what is denied: neither finds a chain alone.
    """

    def test_chains_beyond_reading_are_there_where_a_call_is_denied_and_nowhere_else(
        self, tmp_path
    ):
        drawn = random.Random(11)
        graphs = [graph(drawn, number) for number in range(150)]
        tools = {name: tool for each in graphs for name, tool in each.items()}
        changed = deployment(tools, {"read_only": True, "may_delegate_to": []}, ())
        changed["agents"][AGENT]["manifest"] = {"tools": [*tools], "effects": ["read"]}
        until = {"kind": "static", "reason": "x", "until": "2099-01-01"}
        changed["credentials"] = {
            "reading": {**until, "effects": ["read"]},
            "writing": {**until, "effects": ["read", "write"]},
        }
        under_test = PolicyUnderTest(tmp_path, changed)
        whole = Deployment.model_validate(under_test.deployment)
        seen = {}
        with under_test.task() as task:
            for each in graphs:
                for called in drawn.sample([*each], min(2, len(each))):
                    decision = task.evaluate(called, {}, resource=lambda: ("page", "x"))
                    codes = {reason.code for reason in decision.reasons}
                    seen[called] = "capability.reaches_further" in codes
        under_test.close()

        agent = whole.agents[AGENT]
        for called, denied in seen.items():
            manifest = agent.manifest.model_copy(update={"tools": [called]})
            one = {AGENT: agent.model_copy(update={"manifest": manifest})}
            chains = [*chains_beyond_reading(whole.model_copy(update={"agents": one}))]
            assert denied == bool(chains), (called, [*map(str, chains)])
        assert len(graphs) // 3 < sum(seen.values()) < len(seen) - len(graphs) // 3


class TestLeasesByEffect:
    def test_without_a_lease_the_effect_is_denied(self, tmp_path):
        under_test = policy_on(tmp_path, {"job.run": job()}, demanded=["execute"])
        with under_test.task() as task, pytest.raises(AccessDenied) as refused:
            task.call("job.run", {})
        codes = {reason.code for reason in refused.value.decision.reasons}
        assert codes == {"credential.lease_missing"}
        under_test.close()

    def test_with_one_it_is_not_and_what_leases_needs_none(self, tmp_path):
        demand = {**small_deployment()["settings"], "leases": ["read"]}
        under_test = leased(tmp_path, Shelf(), settings=demand)
        with under_test.task() as task:
            assert task.call("mail.read", {"id": "1"}) == 1
        under_test.close()


def test_the_model_says_what_is_left_out():
    """Nothing depends on an argument unless the registry says so."""
    assert Tool(resource="x").effects_by == EffectsBy(argument="", kind="text", values={})
