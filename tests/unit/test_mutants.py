"""`make mutants`: what is changed in a policy, and what a run is held to."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from tests.engines import opa_binary

from tools.mutants import __main__ as program
from tools.mutants.operators import mutants
from tools.mutants.running import workshop
from tools.mutants.source import Misplaced, read

pytestmark = pytest.mark.system

FILE = "inbounds/rules/pay/too_much/too_much.rego"
RULE = """\
package inbounds.rules.pay.too_much

ruled_out if {
\tis_number(input.amount)
\tinput.amount <= 100
\tnot input.payee in {"mallory"}
}
"""
TEST = """\
package inbounds.rules.pay.too_much_test

import data.inbounds.rules.pay.too_much

ok(amount, payee) if too_much.ruled_out with input as {"amount": amount, "payee": payee}

test_ruled_out_up_to_the_bound if ok(100, "bob")

test_stands_above_it if not ok(101, "bob")

test_stands_for_another if not ok(1, "mallory")
"""
NUMERIC = 'test_stands_for_no_number if not ok(false, "bob")\n'


@pytest.fixture
def root(tmp_path):
    """A policy of one rule, whose tests notice every mutant of it but one."""
    write(tmp_path, f"rego/{FILE}", RULE)
    write(tmp_path, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST)
    return tmp_path


def write(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")


def of(tmp_path, text, *, documents=(("deployment", "*"), ("live", "*"))):
    """The mutants of a text, as (operator, what was changed, what takes its place)."""
    write(tmp_path, "a/a.rego", text)
    source = read(tmp_path, "a/a.rego", opa=opa_binary())
    return [
        (one.name.operator, one.name.was, one.name.becomes)
        for one in mutants(source, documents=documents)
    ]


def texts(tmp_path, text, operator):
    write(tmp_path, "a/a.rego", text)
    source = read(tmp_path, "a/a.rego", opa=opa_binary())
    made = mutants(source, documents=(("deployment", "*"), ("live", "*")))
    return [one.text for one in made if one.name.operator == operator]


def run(root, *arguments):
    """The exit code, and the document that is written."""
    code = program.main(["--jobs", "1", *arguments], root=root)
    file = root / "build" / "mutants.json"
    return code, json.loads(file.read_text("utf-8")) if file.exists() else None


def surviving(document):
    return [
        {key: one[key] for key in ("file", "operator", "line", "was", "becomes", "occurrence")}
        for one in document["mutants"]
        if one["fate"] == "survived"
    ]


# --- what is changed -----------------------------------------------------------------------


def test_an_expression_that_binds_nothing_is_dropped(tmp_path):
    text = "package a\n\np if {\n\tx := input.x\n\tsome y in x\n\tz = y\n\tf(z)\n}\n\nf(1)\n"
    assert of(tmp_path, text) == [
        ("expression-dropped", "f(z)", "true"),
        ("constant-changed", "1", "2"),
    ]


def test_a_unification_with_nothing_named_is_dropped(tmp_path):
    assert of(tmp_path, "package a\n\np if _ = input.x\n") == [
        ("expression-dropped", "_ = input.x", "true")
    ]


def test_a_negation_is_flipped_and_dropped(tmp_path):
    text = "package a\n\np if not input.x\n"
    assert of(tmp_path, text) == [
        ("not-dropped", "not input.x", "true"),
        ("not-flipped", "not", ""),
    ]
    assert texts(tmp_path, text, "not-flipped") == ["package a\n\np if input.x\n"]
    assert texts(tmp_path, text, "not-dropped") == ["package a\n\np if true\n"]


@pytest.mark.parametrize(
    ("sign", "turned", "moved"),
    [
        ("==", "!=", None),
        ("!=", "==", None),
        ("<", ">=", "<="),
        ("<=", ">", "<"),
        (">", "<=", ">="),
        (">=", "<", ">"),
    ],
)
def test_a_comparison_is_turned_and_moved_by_its_boundary(tmp_path, sign, turned, moved):
    wanted = {("comparison-turned", sign, turned)}
    wanted |= {("boundary-moved", sign, moved)} if moved else set()
    found = set(of(tmp_path, f"package a\n\np := [input.x {sign} input.y]\n"))
    assert found == wanted


def test_a_comparison_is_found_wherever_it_stands(tmp_path):
    text = """\
package a

p contains x if {
\tevery y in input.ys {
\t\ty == input.a
\t}
\tx := {z | some z in input.zs; z == input.b}
}

q := 1 if {
\tinput.c == input.d
} else := 2 if {
\tinput.e == input.f
}
"""
    found = list(texts(tmp_path, text, "comparison-turned"))
    assert [changed.count("!=") for changed in found] == [1, 1, 1, 1]
    assert len(set(found)) == 4


def test_membership_is_turned(tmp_path):
    text = "package a\n\np if input.x in input.y\n"
    assert texts(tmp_path, text, "comparison-turned") == [
        "package a\n\np if not input.x in input.y\n"
    ]


def test_every_constant_is_changed_where_it_is_written(tmp_path):
    text = """\
package a

default p := false

p if f("é", 1)

f("b", -2)

q["c"] := {"d": [true, `e`]}

r := input.x["f"]
"""
    assert [change for change in of(tmp_path, text) if change[0] == "constant-changed"] == [
        ("constant-changed", was, becomes)
        for was, becomes in [
            ("false", "true"),
            ('"é"', '"é~"'),
            ("1", "2"),
            ('"b"', '"b~"'),
            ("-2", "-1"),
            ('"c"', '"c~"'),
            ('"d"', '"d~"'),
            ("true", "false"),
            ("`e`", "`e~`"),
            ('"f"', '"f~"'),
        ]
    ]


def test_a_constant_that_is_only_in_the_tree_is_none(tmp_path):
    # OPA adds `true` to what has no body and no value, and takes names after a dot for texts.
    assert of(tmp_path, "package a\n\np := input.x.y\n\nf(_)\n") == []


def test_a_document_is_emptied_wherever_it_is_read(tmp_path):
    text = """\
package a

import data.b
import data.deployment.tools as registry

p := data.deployment.agents[input.agent].state

q if data.live.now.ended[registry[input.x].id]

r := b.documents.x

s := data.other.x

t := data.deployment["agents"].x
"""
    documents = (("deployment", "*"), ("live", "*"), ("b", "documents"))
    assert list(of(tmp_path, text, documents=documents)) == [
        ("data-emptied", "import data.deployment.tools as registry", ""),
        ("data-emptied", "data.deployment.agents", "object.union({}, {})"),
        ("expression-dropped", "data.live.now.ended[registry[input.x].id]", "true"),
        ("data-emptied", "data.live.now", "object.union({}, {})"),
        ("data-emptied", "b.documents", "object.union({}, {})"),
        ("data-emptied", 'data.deployment["agents"]', "object.union({}, {})"),
        ("constant-changed", '"agents"', '"agents~"'),
    ]
    emptied = texts(tmp_path, text, "data-emptied")[0]
    assert "import data.deployment.tools" not in emptied
    assert emptied.endswith("\nregistry := object.union({}, {})\n")


def test_an_emptied_document_is_there_and_holds_nothing(tmp_path):
    text = "package a\n\np if is_object(data.deployment.x)\n\nq if data.deployment.x.y\n"
    for number, changed in enumerate(texts(tmp_path, text, "data-emptied")):
        write(tmp_path, f"{number}.rego", changed)
        asked = [opa_binary(), "eval", "-f", "json", "-d", tmp_path / f"{number}.rego"]
        ran = subprocess.run([*asked, "data.a"], capture_output=True, check=True)
        value = json.loads(ran.stdout)["result"][0]["expressions"][0]["value"]
        assert value == ({"p": True} if number == 0 else {})


def test_those_alike_are_told_apart_by_their_number(tmp_path):
    write(tmp_path, "a/a.rego", "package a\n\np := [1, 1]\n\nq := 1\n")
    source = read(tmp_path, "a/a.rego", opa=opa_binary())
    names = [one.name for one in mutants(source, documents=())]
    assert [(name.line, name.occurrence) for name in names] == [
        ("p := [1, 1]", 1),
        ("p := [1, 1]", 2),
        ("q := 1", 1),
    ]


def test_a_name_holds_when_lines_move(tmp_path):
    def names(text):
        write(tmp_path, "a/a.rego", text)
        source = read(tmp_path, "a/a.rego", opa=opa_binary())
        return [one.name for one in mutants(source, documents=())]

    text = "package a\n\np if {\n\tinput.x == 1\n}\n"
    assert names(text) == names(text.replace("package a\n", "package a\n\n# More.\nq := input\n"))


def test_what_opa_misplaces_is_refused(tmp_path):
    text = "package a\n\np := 1 if {\n\tinput.x\n} else := 2 if input.y == 3\n"
    with pytest.raises(Misplaced, match=r"a/a\.rego:5: write the body of `else` in braces"):
        of(tmp_path, text)


# --- what a run is held to -----------------------------------------------------------------


def test_a_survivor_fails_and_is_shown_as_it_may_be_named(root, capsys):
    code, document = run(root)
    assert code == 1
    assert surviving(document) == [
        {
            "file": FILE,
            "operator": "expression-dropped",
            "line": "is_number(input.amount)",
            "was": "is_number(input.amount)",
            "becomes": "true",
            "occurrence": 1,
        }
    ]
    said = capsys.readouterr().out
    assert f"{FILE}:4: no test notices this" in said
    shown = yaml.safe_load(said[said.index("- file:") : said.index("\n\n", said.index("- file:"))])
    assert shown == [{k: v for k, v in surviving(document)[0].items() if k != "occurrence"}]


def test_a_survivor_that_is_named_with_its_reason_passes(root):
    _, document = run(root)
    reason = "every amount that is asked about here is a number"
    named = [{**one, "reason": reason} for one in surviving(document)]
    write(root, "tests/mutants.yaml", yaml.safe_dump(named))
    code, document = run(root)
    assert code == 0
    assert [one["reason"] for one in document["mutants"] if one["fate"] == "survived"] == [reason]


def test_a_missing_test_that_is_written_passes(root):
    write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST + NUMERIC)
    code, document = run(root)
    assert code == 0
    assert surviving(document) == []
    assert document["fates"] == {"killed": len(document["mutants"])}


def test_an_entry_that_names_no_survivor_fails(root, capsys):
    _, document = run(root)
    named = [{**one, "reason": "r" * 20} for one in surviving(document)]
    write(root, "tests/mutants.yaml", yaml.safe_dump(named))
    write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST + NUMERIC)
    code, document = run(root)
    assert code == 1
    assert len(document["stale"]) == 1
    assert "tests/mutants.yaml names a mutant that does not survive" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [{"reason": ""}, {"line_number": 4}, {"occurrence": 0}, {"operator": None}],
    ids=["no reason", "an unknown key", "no occurrence", "no operator"],
)
def test_an_entry_of_another_shape_is_refused(root, capsys, change):
    whole = {"file": FILE, "operator": "o", "line": "l", "was": "w", "becomes": "b"}
    write(root, "tests/mutants.yaml", yaml.safe_dump([{**whole, "reason": "r" * 20, **change}]))
    assert run(root) == (1, None)
    assert "mutants: 1 validation error" in capsys.readouterr().out


def test_a_mutant_that_is_named_twice_is_refused(root, capsys):
    _, document = run(root)
    (one,) = surviving(document)
    twice = [{**one, "reason": "r" * 20}, {**one, "reason": "s" * 20}]
    write(root, "tests/mutants.yaml", yaml.safe_dump(twice))
    assert run(root)[0] == 1
    assert "mutants.yaml names a mutant twice" in capsys.readouterr().out


def test_a_rule_without_a_mutant_fails(root, capsys):
    write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST + NUMERIC)
    rule = "package inbounds.rules.pay.nothing\n\nruled_out := input.x\n"
    write(root, "rego/inbounds/rules/pay/nothing/nothing.rego", rule)
    code, document = run(root)
    assert code == 1
    assert document["without_mutant"] == ["pay.nothing"]
    assert "pay.nothing: has no mutant" in capsys.readouterr().out


def test_a_package_that_only_says_words_needs_none(root):
    write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST + NUMERIC)
    write(root, "rego/inbounds/inbounds.rego", "package inbounds\n")
    assert run(root)[0] == 0


def test_what_does_not_compile_is_counted_apart_and_is_no_mutant_of_its_rule(root):
    write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST + NUMERIC)
    # Without the one expression `found` has no value.
    rule = "package inbounds.rules.pay.walked\n\nruled_out contains found if walk(input, found)\n"
    write(root, "rego/inbounds/rules/pay/walked/walked.rego", rule)
    code, document = run(root, "--rule", "pay/walked")
    assert code == 1
    assert document["fates"] == {"uncompilable": 1}
    assert document["without_mutant"] == ["pay.walked"]


def test_a_mutant_that_does_not_end_counts_as_noticed(root):
    text = 'package inbounds.rules.pay.too_much\n\nruled_out if input.x == "much"\n'
    write(root, f"rego/{FILE}", text)
    slow = """\
package inbounds.rules.pay.too_much_test

import data.inbounds.rules.pay.too_much

test_it if _quick

_quick if too_much.ruled_out with input as {"x": "much"}

else if {
\tsome i in numbers.range(1, 100000)
\tsome j in numbers.range(1, 100000)
\ti + j < 0
}
"""
    write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", slow)
    code, document = run(root, "--limit", "2")
    assert {one["operator"]: one["fate"] for one in document["mutants"]} == {
        "expression-dropped": "survived",
        "comparison-turned": "timed out",
        "constant-changed": "timed out",
    }
    assert code == 1


def test_a_built_in_that_fails_notices_a_mutant(root):
    rule = RULE.replace(
        "is_number(input.amount)", 'is_string(input.payee)\n\tlower(input.payee) == "bob"'
    )
    write(root, f"rego/{FILE}", rule)
    # For `opa test`, where a built-in that fails is undefined, the fault would stand all the same.
    more = "test_stands_for_a_payee_of_another_type if not ok(1, 7)\n"
    more += 'test_stands_for_any_other if not ok(1, "carol")\n'
    write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST + more)
    _, document = run(root)
    fates = {one["was"]: one["fate"] for one in document["mutants"]}
    assert fates["is_string(input.payee)"] == "killed"


def test_what_has_no_test_of_its_own_is_tried_by_what_reads_it_and_by_cases(root):
    write(
        root,
        "rego/inbounds/lib/bounds/bounds.rego",
        "package inbounds.lib.bounds\n\nmost := 100\n\nleast := 1\n\nnames := {}\n",
    )
    rule = RULE.replace("ruled_out", "import data.inbounds.lib.bounds\n\nruled_out")
    rule = rule.replace("<= 100", "<= bounds.most\n\tinput.amount >= bounds.least")
    write(root, f"rego/{FILE}", rule)
    cases = """\
package inbounds.main_test

import data.inbounds.rules.pay.too_much

test_every_case if {
\tcount(data.cases.pay) > 0

\tevery example in data.cases.pay["pay.too_much"] {
\t\ttoo_much.ruled_out with input as example
\t}
}
"""
    write(root, "rego/inbounds/main/cases_test.rego", cases)
    write(
        root,
        "tests/cases/pay/too_much.yaml",
        yaml.safe_dump({"pay.too_much": [{"amount": 1, "payee": "bob"}]}),
    )
    _, document = run(root)
    by = {
        (one["file"].rsplit("/")[-1], one["was"], one["becomes"]): one["by"]
        for one in document["mutants"]
    }
    assert by["bounds.rego", "100", "101"] == "tests of what reads it"
    assert by["bounds.rego", "1", "2"] == "all tests and cases"
    assert by["too_much.rego", ">=", ">"] == "own cases"
    assert by["too_much.rego", "<=", "<"] == "own tests"


def test_tests_that_fail_by_themselves_show_nothing(root, capsys):
    write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST + "test_no if false\n")
    assert run(root) == (1, None)
    assert f"without any change these fail: {FILE}: own tests" in capsys.readouterr().out


def test_the_checkout_is_not_touched(root):
    def held():
        return {path: path.read_bytes() for path in (root / "rego").rglob("*") if path.is_file()}

    before = held()
    run(root)
    assert held() == before


def test_what_is_edited_meanwhile_is_of_the_next_run(root, monkeypatch):
    def edited(policy, **options):
        write(root, f"rego/{FILE.replace('.rego', '_test.rego')}", TEST + "test_no if false\n")
        return workshop(policy, **options)

    monkeypatch.setattr(program, "workshop", edited)
    _, document = run(root)
    assert len(surviving(document)) == 1


# --- what is asked for ---------------------------------------------------------------------


@pytest.fixture
def two(root):
    other = RULE.replace("too_much", "too_early").replace("amount", "hour")
    test = TEST.replace("too_much", "too_early").replace('"amount"', '"hour"')
    write(root, "rego/inbounds/rules/pay/too_early/too_early.rego", other)
    write(root, "rego/inbounds/rules/pay/too_early/too_early_test.rego", test)
    return root


@pytest.mark.parametrize(
    "rule",
    [
        "pay/too_much",
        "pay.too_much",
        "inbounds/rules/pay/too_much",
        f"rego/{FILE}",
        "rego/inbounds/rules/pay/too_much/",
    ],
)
def test_one_rule_is_asked_for_by_its_code_or_its_path(two, rule):
    _, document = run(two, "--rule", rule)
    assert {one["rule"] for one in document["mutants"]} == {"pay.too_much"}


def test_a_rule_that_is_not_there_is_refused(two, capsys):
    assert run(two, "--rule", "pay/too_litle")[0] == 2
    assert "pay/too_litle: neither a rule nor a file of the policy" in capsys.readouterr().out


def test_an_entry_of_a_rule_that_was_not_asked_for_is_left_alone(two):
    entry = {"file": FILE, "operator": "o", "line": "l", "was": "w", "becomes": "b"}
    write(two, "tests/mutants.yaml", yaml.safe_dump([{**entry, "reason": "r" * 20}]))
    _, document = run(two, "--rule", "pay/too_early")
    assert document["stale"] == []


@pytest.mark.parametrize(
    "changed",
    [
        "rego/inbounds/rules/pay/too_early/too_early.rego",
        "rego/inbounds/rules/pay/too_early/too_early_test.rego",
    ],
)
def test_what_has_changed_is_asked_for_by_a_revision(two, changed):
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], cwd=two, check=True)
    code, document = run(two, "--changed", "HEAD")
    assert (code, document["mutants"]) == (0, [])
    write(two, changed, (two / changed).read_text("utf-8") + "\n# More.\n")
    _, document = run(two, "--changed", "HEAD")
    assert {one["rule"] for one in document["mutants"]} == {"pay.too_early"}


def test_a_revision_that_git_does_not_know_is_refused(two):
    assert run(two, "--changed", "no-such-revision")[0] == 2
