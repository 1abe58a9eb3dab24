"""What lies in a site's folder is applied or refused, and is never the project's own."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from tests import engines, scenes, shipping
from tests.console import called as inbounds

from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import ConfigurationError
from inbounds.pdp import DECISION
from inbounds_tools.bundle import site_tree
from inbounds_tools.bundle.archive import unpack
from inbounds_tools.bundle.build import build
from inbounds_tools.catalogue import refuse_circles
from inbounds_tools.opa import command

ABOUT = """\
# METADATA
# title: Payroll after hours
# description: Payroll runs from the office only.
# custom:
#   severity: critical
#   remedy: Try again from the office
#   controls: ["owasp_asi:ASI02"]
"""
PLACE = "rules/payroll/after_hours/after_hours.rego"
PACKAGE = "site.rules.payroll.after_hours"
NEVER = "\n\nruled_out if false\n"
ALWAYS = "\n\nruled_out if true\n"
PURGE = [{"op": "replace", "path": "/question/action/name", "value": "mail.purge"}]


def rule(package=PACKAGE, body=ALWAYS, **custom):
    more = "".join(f"#   {key}: {json.dumps(value)}\n" for key, value in custom.items())
    return f"{ABOUT}{more}package {package}{body}"


def test_a_rule_that_prints_is_not_built(site, keys):
    for body in ("print(input.context.credentials.task)", "trace(input.context.credentials.task)"):
        put(site, PLACE, rule(body=f"\n\nruled_out if {{\n\t{body}\n}}\n"))
        error = refused(site, keys)
        assert error.code == "bundle.policy_invalid"
        assert f"{site / PLACE}:11: `{body[:5]}` writes what it is given" in error.message


TEXT = "input.action.properties.arguments.id"
DIFFERENT = {
    f"json.unmarshal({TEXT}).amount <= 100": "json.unmarshal",
    f"json.is_valid({TEXT})": "json.is_valid",
    f"base64.is_valid({TEXT})": "base64.is_valid",
    f'json["unmarshal"]({TEXT}).amount <= 100': "json.unmarshal",
    f"count([1 | json.unmarshal({TEXT})]) == 1": "json.unmarshal",
    f"every id in [{TEXT}] {{ to_number(id) > 10 }}": "to_number",
    f"_read({TEXT}).amount <= 100 with _read as json.unmarshal": "json.unmarshal",
    f"_read({TEXT}) == 0 with _read as to_number": "to_number",
    f'regex.match({TEXT}, "office")': "regex.match",
    'regex.match("a\\u0000", "a")': "regex.match",
    f"regex.match(`\\C`, {TEXT})": "regex.match",
    f"regex.find_all_string_submatch_n(`a`, {TEXT}, -7)": "regex.find_all_string_submatch_n",
    f'glob.match("*", [], {TEXT})': "glob.match",
    f'indexof("a", {TEXT}) == 0': "indexof",
    f'replace("a", {TEXT}, "b") == "a"': "replace",
    f'replace({TEXT}, "", "b") == "a"': "replace",
    'concat(",", {"a", "b"}) == "b,a"': "concat",
    "format_int(123456789.5, 2) != {TEXT}".replace("{TEXT}", TEXT): "format_int",
    f'net.cidr_contains("::/0", {TEXT})': "net.cidr_contains",
    f"json.marshal({TEXT}) == `x`": "json.marshal",
    f"ceil({TEXT}) < 1": "ceil",
    f"floor({TEXT}) < 0": "floor",
    f"object.union_n({TEXT}).a": "object.union_n",
    "not object.union_n([]).a": "object.union_n",
    f"bits.lsh(1, {TEXT}) > 0": "bits.lsh",
    f'not substring("abc", {TEXT}, 1) == "a"': "substring",
    f"not 1 in array.slice([1], 0.0, {TEXT})": "array.slice",
    'substring("abc", 0.0, 1) == "a"': "substring",
}


@pytest.mark.parametrize("expression", DIFFERENT)
def test_a_rule_that_calls_what_the_engines_read_differently_is_refused(site, expression):
    place = f"ruled_out if {{\n\t{expression}\n}}\n"
    put(site, PLACE, rule(body=f"\n\n_read(_) := {{}}\n\n{place}"))
    error = refused_unbuilt(site)
    assert f"{site / PLACE}:13: `{DIFFERENT[expression]}` is not the same" in error.message


def test_so_is_one_whose_value_or_arguments_do(site):
    for body in (
        f"\n\nruled_out := true if false\n\nelse := json.is_valid({TEXT})\n",
        f"\n\nruled_out if _is[json.unmarshal({TEXT})]\n\n_is[1] := true\n",
        f"\n\nruled_out if _is[1]\n\n_is[json.unmarshal({TEXT})] := true\n",
        f"\n\ndefault ruled_out := false\n\nruled_out if {{a: 1 | a := to_number({TEXT})}}\n",
    ):
        put(site, PLACE, rule(body=body))
        assert "is not the same in both engines" in refused_unbuilt(site).message


def test_such_a_rule_is_not_built(site, keys):
    put(site, PLACE, rule(body=f"\n\nruled_out if json.is_valid({TEXT})\n"))
    assert refused(site, keys).code == "bundle.site_builtin"


def refused_unbuilt(site):
    """What is said of a site whose rules call what is not the same in both engines."""
    with pytest.raises(ConfigurationError) as caught:
        site_tree.files(site, opa=Path(engines.opa_binary()))
    assert caught.value.code == "bundle.site_builtin"
    return caught.value


def test_a_rule_may_call_what_the_engines_read_alike(site, keys):
    calls = (
        f'regex.match(`^a{{2}}$`, {TEXT}) with {TEXT} as "replace"',
        f'replace({TEXT}, "/", ".") != indexof({TEXT}, ".")',
        f'concat("/", sort({{1 | {TEXT}}})) != concat("/", split({TEXT}, "/"))',
        f"concat(`,`, [`a`, format_int(5, 10)]) != {TEXT}",
        f"regex.find_all_string_submatch_n(`a`, {TEXT}, -1) != []",
        "some replace in [1]\n\treplace == 1",
        f"object.union_n([{{}}, {{{TEXT}: 1}}]) != {{}}",
        f'substring({TEXT}, indexof({TEXT}, "/") + 1, -1) != ""',
        f"array.slice([{TEXT}], 0, count([{TEXT}]) - 1) != []",
    )
    body = "".join(f"\n\nruled_out if {{\n\t{call}\n}}" for call in calls)
    put(site, PLACE, rule(body=body + "\n"))
    assert built(site, keys).files["site"].exists()


def test_tests_may_call_them(site):
    test = PLACE.replace(".rego", "_test.rego")
    put(site, test, f'package {PACKAGE}_test\n\ntest_it if json.unmarshal("1") == 1\n')
    assert site / test not in site_tree.files(site, opa=Path(engines.opa_binary()))


def test_comments_are_no_data(site, keys):
    for call in ("rego.metadata.rule()", "rego.metadata.chain()[0]"):
        put(site, PLACE, rule(body=f"\n\n# METADATA\n# custom: {{a: 1}}\nruled_out if {call}\n"))
        assert f"undefined function {call.partition('(')[0]}" in refused(site, keys).message


def test_a_line_that_a_cr_ends_for_people_alone_is_refused(site, keys):
    put(site, PLACE, "")
    (site / PLACE).write_bytes(rule(body="\n\nruled_out if {\n\t#\r\tfalse\n\ttrue\n}\n").encode())
    error = refused(site, keys)
    assert error.code == "bundle.site_line_ends"
    assert error.message.startswith(f"{site / PLACE}:11: ")

    (site / PLACE).write_bytes(rule().replace("\n", "\r\n").encode())
    assert site / PLACE in site_tree.files(site, opa=Path(engines.opa_binary()))


def test_folders_without_end_are_refused(site, keys):
    (site / "lib" / "/".join(["d"] * 70)).mkdir(parents=True)
    error = refused(site, keys)
    assert error.code == "bundle.site_unreadable"
    assert "more than 64 folders deep" in error.message


def test_a_rule_whose_details_are_text_is_not_built(site, keys):
    put(site, PLACE, rule(body=ALWAYS + '\ndetails contains concat("", [input.subject.id])\n'))
    error = refused(site, keys)
    assert f"{(site / PLACE).parent}: `details` must be a set of objects" in error.message


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    shipping.make_assets()
    return engines.signing_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def site(tmp_path):
    """A site with one rule, which denies nothing."""
    return put(tmp_path / "site", PLACE, rule())


def put(site, place, text):
    path = site / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return site


def built(site, keys):
    return build(
        rego=scenes.ROOT / "rego",
        site=site,
        deployment=None,
        key=keys.private,
        out=site.parent / "dist",
        opa=Path(engines.opa_binary()),
        capabilities=shipping.CAPABILITIES,
    )


def refused(site, keys):
    with pytest.raises(ConfigurationError) as caught:
        built(site, keys)
    assert not (site.parent / "dist").exists()
    return caught.value


def answered(site, keys, patch=()):
    stage = scenes.staged(patch)
    policy = EmbeddedPolicy(
        built(site, keys).files["wasm"],
        key=keys.public,
        deployment=stage.deployment,
        live=stage.live,
        clock=lambda: stage.now * 10**9,
    )
    try:
        question = json.dumps(stage.question).encode()
        return policy.ask(DECISION, question, deadline=time.monotonic() + 20).result
    finally:
        policy.close()


# --- what is the project's -----------------------------------------------------------------

GRANT = 'package inbounds.grants.site.everything\n\ngrant contains {"source": "site.everything"}\n'
OTHERS = {
    "a rule of the project": f"package inbounds.rules.capability.not_in_task{ALWAYS}",
    "an escalation of the project": f"package inbounds.escalations.capability.large{ALWAYS}",
    "a grant": GRANT,
    "the library": "package inbounds.lib.labels\n\nx := 1\n",
    "the decision": 'package inbounds.main\n\noutcome := "allow"\n',
    "the door of OPA": "package system.authz\n\nallow := true\n",
    "the log of OPA": "package system.log\n\nmask contains 1\n",
    "the deployment": "package deployment\n\ntools := {}\n",
    "the live data": "package live.now\n\nhead := 1\n",
    "another root": "package elsewhere\n\nx := 1\n",
    "a root that begins alike": f"package sites.rules.payroll.after_hours{ALWAYS}",
    "a part that holds a dot": f'package site.rules["payroll.after_hours"]{ALWAYS}',
    "the root of the site": "package site\n\nx := 1\n",
    "a grant of the site": "package site.grants.payroll.all\n\nx := 1\n",
    "another folder of the site": f"package site.rules.payroll.after_hour{ALWAYS}",
    "the package of its tests": f"package site.rules.payroll.after_hours_test{ALWAYS}",
}


@pytest.mark.parametrize(
    ("place", "name", "text"),
    [
        pytest.param(place, name, text, id=f"{who}-{place}-{name}")
        for who, text in OTHERS.items()
        for place in ("rules/payroll/after_hours", "obligations/notify/x", "lib/more")
        for name in ("more.rego", "more_test.rego")
        # The one place where that package belongs.
        if (who, place, name)
        != ("the package of its tests", "rules/payroll/after_hours", "more_test.rego")
    ],
)
def test_a_source_in_a_package_not_of_its_folder_is_refused(site, place, name, text):
    put(site, f"{place}/{name}", text)
    with pytest.raises(ConfigurationError) as caught:
        site_tree.files(site, opa=Path(engines.opa_binary()))
    assert caught.value.code == "bundle.site_package"
    now = text.splitlines()[0]
    for said in (
        f"{site / place / name}: ",
        f"`{now}`",
        f"`package site.{place}".replace("/", "."),
    ):
        assert said.replace("/", ".") in str(caught.value).replace("/", ".")
    assert caught.value.hint


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_opa_confirms_what_a_site_defines(tmp_path, text):
    """The second lock, without the first: the roots of a bundle as OPA holds them."""
    opa = Path(engines.opa_binary())
    put(tmp_path, "lib/more.rego", text)
    if text.startswith(("package site.", "package site\n")):
        site_tree.refuse_other_roots(tmp_path, opa=opa)
        return
    with pytest.raises(ConfigurationError) as caught:
        site_tree.refuse_other_roots(tmp_path, opa=opa)
    assert caught.value.code == "bundle.site_package"


SCHEMAS = '# schemas:\n#   - input.context: {"$ref": "file:///nowhere/schema.json"}\n'
HAS_SCHEMAS = {
    "a package": f"# METADATA\n# title: x\n{SCHEMAS}package ",
    "a package and those below": f"# METADATA\n# scope: subpackages\n{SCHEMAS}package ",
    "in quotes": f"# METADATA\n{SCHEMAS.replace('schemas', chr(34) + 'schemas' + chr(34))}package ",
    "merged": "# METADATA\n# <<: {schemas: [{input: schema.question}]}\npackage ",
    "of a name": "# METADATA\n# schemas: [{input: schema.question}]\npackage ",
    "a rule": f"package PACKAGE\n\n# METADATA\n{SCHEMAS}x := 1\n",
    "a rule and its others": f"package PACKAGE\n\n# METADATA\n# scope: document\n{SCHEMAS}x := 1\n",
    "a default": f"package PACKAGE\n\n# METADATA\n{SCHEMAS}default x := 1\n",
    "a function": f"package PACKAGE\n\n# METADATA\n{SCHEMAS}x(_) := 1\n",
}


@pytest.mark.parametrize("what", HAS_SCHEMAS)
@pytest.mark.parametrize(
    "place",
    [
        "rules/payroll/after_hours/more.rego",
        "rules/payroll/after_hours/more_test.rego",
        "obligations/notify/x/x.rego",
        "lib/more/more.rego",
        "lib/more/more_test.rego",
    ],
)
def test_a_site_states_no_schemas(site, place, what):
    """OPA's compiler opens what a `$ref` names, also a pipe or a device."""
    package = ".".join(("site", *Path(place).parent.parts))
    text = HAS_SCHEMAS[what].replace("PACKAGE", package)
    put(site, place, text if package in text else f"{text}{package}\n\nx := 1\n")
    lines = (site / place).read_text("utf-8").splitlines()
    line = next(number for number, each in enumerate(lines, 1) if "schemas" in each)

    with pytest.raises(ConfigurationError) as caught:
        site_tree.files(site, opa=Path(engines.opa_binary()))
    assert caught.value.code == "bundle.site_schemas"
    assert f"{site / place}:{line}: METADATA of a site must not state `schemas`" in str(
        caught.value
    )


def test_no_way_to_compile_a_site_reads_a_schema_that_it_names(site, keys):
    path = site / PLACE
    path.write_text(path.read_text("utf-8") + f"\n# METADATA\n{SCHEMAS}x := 1\n", "utf-8")

    assert refused(site, keys).code == "bundle.site_schemas"
    tested = inbounds(site.parent, "test", "site/", "--json")
    steps = {step["name"]: step for step in tested.json["steps"]}
    assert "must not state `schemas`: remove it" in str(steps["compiler"]["lines"])
    assert "nowhere" not in tested.out


@pytest.mark.parametrize("name", ["schema.json", "schemas/question.json", "lib/schema.json"])
def test_a_site_holds_no_schemas(site, name):
    put(site, name, "{}")
    with pytest.raises(ConfigurationError) as caught:
        site_tree.files(site, opa=Path(engines.opa_binary()))
    assert caught.value.code == "bundle.site_misplaced"


@pytest.mark.parametrize(
    "arguments", [("parse", "--format", "json"), ("fmt", "--list"), ("inspect", "--format", "json")]
)
def test_what_runs_before_the_refusal_reads_no_schema(tmp_path, arguments):
    """OPA would wait for whoever writes to the pipe."""
    os.mkfifo(tmp_path / "pipe")
    source = tmp_path / "a.rego"
    schema = SCHEMAS.replace("/nowhere/schema.json", str(tmp_path / "pipe"))
    source.write_text(f"package site.a\n\n# METADATA\n{schema}x := input.context\n", "utf-8")
    opa = Path(engines.opa_binary())

    assert command.run(opa, *arguments, str(source), seconds=60).returncode == 0


def test_what_the_project_denies_no_site_lets_through(site, keys):
    standing = answered(site, keys, PURGE)
    assert standing["decision"] is False
    codes = [reason["code"] for reason in standing["context"]["reasons"]]
    assert codes
    for code in codes:
        put(site, f"lib/{code}.rego", f"package inbounds.rules.{code}{ALWAYS}")
    put(site, "lib/grant.rego", GRANT)
    with pytest.raises(ConfigurationError) as caught:
        answered(site, keys, PURGE)
    assert caught.value.code == "bundle.site_package"


def test_every_way_to_compile_a_site_refuses_the_same(site, keys):
    put(site, "lib/grant.rego", GRANT)
    folder = site.parent
    tested = inbounds(folder, "test", "site/", "--json")
    assert tested.code == 1
    steps = {step["name"]: step for step in tested.json["steps"]}
    assert steps["compiler"]["state"] == "failed"
    assert "package inbounds.grants.site.everything" in " ".join(steps["compiler"]["lines"])
    assert steps["tests"]["state"] == steps["cases"]["state"] == "skipped"

    (folder / "question.json").write_text(json.dumps(vars_of(scenes.staged(PURGE))), "utf-8")
    explained = inbounds(folder, "explain", "question.json", "--site", "site", "--json")
    assert explained.code != 0
    assert explained.json["error"]["code"] == "bundle.site_package"

    key = ("--key", str(keys.private), "-o", "dist")
    bundled = inbounds(folder, "bundle", "build", "--site", "site", *key, "--json")
    assert bundled.code != 0
    assert bundled.json["error"]["code"] == "bundle.site_package"
    assert not (folder / "dist").exists()


def vars_of(stage):
    return {
        "question": stage.question,
        "deployment": stage.deployment,
        "live": stage.live,
        "now": stage.now,
    }


# --- what would not be applied -------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "x.rego",
        "after_hours_test.rego",
        "rule/payroll/after_hours/after_hours.rego",
        "Rules/payroll/after_hours/after_hours.rego",
        "RULES/payroll/after_hours/after_hours.rego",
        "policies/x.rego",
        "obligation/notify/always/always.rego",
        "escalation/payroll/large/large.rego",
        "grant/payroll/all/all.rego",
        "Grants/payroll/all/all.rego",
        "rules/x.rego",
        "rules/payroll/x.rego",
        "rules/payroll/after_hours/deeper/x.rego",
        "rules/payroll/late/after_hours.REGO",
        "rules/payroll/late/after_hours.Rego",
        "rules/payroll/late/after_hours.rego.bak",
        "rules/payroll/late/after_hours.txt",
        "rules/payroll/.late/late.rego",
        "rules/payroll/late/.late.rego",
        "rules/payroll/late-hours/x.rego",
        "rules/Payroll/late/x.rego",
        "rules/payroll/late_test/late.rego",
        "cases/payroll/late.rego",
        "cases/payroll/late.yml",
        "cases/payroll/late.YAML",
        "Cases/payroll/late.yaml",
        "lib/Limits/x.rego",
        "limits.json",
        "limits/data.json",
        "Data.json",
        "data.JSON",
        "rules/data.json",
        "rules/payroll/data.json",
        "lib/limits.yaml",
        "policy.wasm",
        "rules/.manifest.rego",
    ],
)
def test_a_file_that_nothing_would_apply_is_refused(site, keys, place):
    inner = Path(place).parent.parts
    text = "{}" if "rego" not in place.lower() else rule(".".join(("site", *inner)), NEVER)
    put(site, place, text)
    error = refused(site, keys)
    assert error.code in ("bundle.site_misplaced", "bundle.site_package")
    assert str(site / place) in str(error)
    assert "{rules,escalations,obligations}/<category>/<fault>/" in str(error)
    assert error.hint


def test_a_folder_of_grants_is_refused(site, keys):
    put(site, "grants/payroll/all/all.rego", "package site.grants.payroll.all\n")
    assert refused(site, keys).code == "bundle.site_grants"


@pytest.mark.parametrize("link", ["rules/holidays", "rules/payroll/late", "lib", "cases"])
def test_a_linked_folder_is_refused(site, keys, link):
    put(site.parent / "elsewhere", "late/late.rego", rule(body=NEVER))
    (site / link).symlink_to(site.parent / "elsewhere")
    error = refused(site, keys)
    assert error.code == "bundle.site_link"
    assert str(site / link) in str(error)


@pytest.mark.parametrize("link", ["rules/payroll/after_hours/more.rego", "data.json", "lib.rego"])
def test_a_linked_file_is_refused(site, keys, link):
    (site / link).symlink_to(site.parent / "gone")
    assert refused(site, keys).code == "bundle.site_link"


def test_what_is_no_file_is_refused(site, keys):
    os.mkfifo(site / "rules/payroll/after_hours/more.rego")
    assert refused(site, keys).code == "bundle.site_misplaced"


@pytest.mark.parametrize("name", ["ruled_out if true", "details contains {}", "oblige contains {}"])
def test_a_test_decides_nothing(site, keys, name):
    put(site, "rules/payroll/after_hours/stress_test.rego", f"package {PACKAGE}\n\n{name}\n")
    error = refused(site, keys)
    assert name.split()[0] in str(error)
    assert "stress_test.rego" in str(error)


def test_data_does_not_stand_in_for_a_rule(site, keys):
    shown = {"rules": {"payroll": {"after_hours": {"ruled_out": True}}}}
    put(put(site, PLACE, rule(body=NEVER)), "data.json", json.dumps(shown))
    assert "ruled_out" in str(refused(site, keys))


# --- what is applied -----------------------------------------------------------------------


@pytest.mark.parametrize("category", ["payroll", "fixtures"])
def test_a_rule_in_its_place_denies(tmp_path, keys, category):
    package = f"site.rules.{category}.late"
    site = put(tmp_path / "site", f"rules/{category}/late/late.rego", rule(package, NEVER))
    answer = answered(site, keys)
    assert answer["decision"] is False
    assert [r["code"] for r in answer["context"]["reasons"]] == [f"site.{category}.late"]


def test_everything_that_may_lie_there_is_built(site, keys):
    put(site, "data.json", '{"limits": {"a": 1}}')
    put(site, "lib/data.yaml", "b: 2\n")
    put(site, "rules/payroll/after_hours/data.yml", "c: 3\n")
    put(
        site, "rules/payroll/after_hours/more.rego", f"package {PACKAGE}\n\ndetails contains {{}}\n"
    )
    put(
        site, "rules/payroll/after_hours/a_test.rego", f"package {PACKAGE}_test\n\ntest_a if true\n"
    )
    put(site, "rules/payroll/after_hours/b_test.rego", f"package {PACKAGE}\n\ntest_b if true\n")
    put(site, "lib/times.rego", "package site.lib\n\nnoon := 12\n")
    put(site, "lib/money/euro.rego", "package site.lib.money\n\ncent := 100\n")
    put(site, "lib/money/euro_test.rego", "package site.lib.money_test\n\ntest_c if true\n")
    put(site, "escalations/payroll/large/large.rego", rule("site.escalations.payroll.large"))
    put(site, "cases/payroll/after_hours.yaml", "{}\n")
    put(site, "cases/payroll/data.yaml", "{}\n")
    put(site, "README.md", "What ours forbid.\n")
    put(site, ".gitignore", "*.bak\n")
    put(site, ".git/config", "[core]\n")
    files = unpack(built(site, keys).files["site"].read_bytes())
    assert {name for name in files if name.endswith(".rego")} == {
        f"site/{place}"
        for place in (
            PLACE,
            "rules/payroll/after_hours/more.rego",
            "lib/times.rego",
            "lib/money/euro.rego",
            "escalations/payroll/large/large.rego",
        )
    }
    assert json.loads(files["data.json"])["site"] == {
        "limits": {"a": 1},
        "lib": {"b": 2},
        "rules": {"payroll": {"after_hours": {"c": 3}}},
    }


# --- what follows from what ----------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 2, 3])
def test_faults_that_follow_from_one_another_are_refused(tmp_path, keys, length):
    site = tmp_path / "site"
    for n in range(length):
        # The last is an escalation where there are several: the circle runs through both.
        kind = "escalations" if n and n == length - 1 else "rules"
        after = f"site.payroll.f{(n + 1) % length}"
        text = rule(f"site.{kind}.payroll.f{n}", NEVER, depends_on=["task.unverified", after])
        put(site, f"{kind}/payroll/f{n}/f.rego", text)
    error = refused(site, keys)
    assert error.code == "catalogue.depends_on_circle"
    assert all(f"site.payroll.f{n}" in str(error) for n in range(length))


def test_inbounds_test_tells_of_a_circle(site):
    put(site, PLACE, rule(depends_on=["site.payroll.after_hours"]))
    done = inbounds(site.parent, "test", "site/", "--json")
    assert done.code == 1
    assert "site.payroll.after_hours → site.payroll.after_hours" in done.out


def test_a_circle_across_both_catalogues_is_refused(site, keys, tmp_path):
    sources = tmp_path / "project"
    shutil.copytree(scenes.ROOT / "rego", sources / "rego")
    shutil.copytree(scenes.ROOT / "schemas", sources / "schemas")
    listed = sources / "rego/inbounds/catalogue/data.json"
    own = json.loads(listed.read_text("utf-8"))
    own["rules"]["task.unverified"]["depends_on"] = ["site.payroll.after_hours"]
    listed.write_text(json.dumps(own), "utf-8")
    put(site, PLACE, rule(depends_on=["task.unverified"]))
    with pytest.raises(ConfigurationError, match=r"task\.unverified") as caught:
        build(
            rego=sources / "rego",
            site=site,
            deployment=None,
            key=keys.private,
            out=tmp_path / "dist",
            opa=Path(engines.opa_binary()),
            capabilities=shipping.CAPABILITIES,
        )
    assert caught.value.code == "catalogue.depends_on_circle"


def test_faults_that_merely_share_what_they_follow_from_are_no_circle():
    refuse_circles(
        {"a": ["b", "c"], "b": ["d"], "c": ["d", "unheard.of"], "d": [], "e": ["a", "b"]}
    )
    with pytest.raises(ConfigurationError, match="c → d → c"):
        refuse_circles({"a": ["b", "c"], "b": [], "c": ["d"], "d": ["c"]})


def test_a_rule_and_an_escalation_of_one_code_are_refused(site, keys):
    place = "escalations/payroll/after_hours/after_hours.rego"
    put(site, place, rule("site.escalations.payroll.after_hours"))
    assert refused(site, keys).code == "catalogue.code_twice"
