"""`inbounds new` and `inbounds test`: a site's own rules, from their first lines on."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tarfile

import pytest
import yaml
from tests import engines, shipping
from tests.console import called as inbounds

from inbounds_tools.policytest.allowed_builtins import FOR_TESTS

RULE = "site/rules/payroll/after_hours/after_hours.rego"
TEST = "site/rules/payroll/after_hours/after_hours_test.rego"
CASES = "site/cases/payroll/after_hours.yaml"


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    assert inbounds(folder, "new", "rule", "payroll/after_hours").code == 0
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "mine")


def tried(folder, *arguments):
    done = inbounds(folder, "test", "site/", "--json", *arguments)
    return done, {step["name"]: step for step in done.json["steps"]}


def change(folder, file, old, new):
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_what_a_policy_author_gets(tmp_path):
    assert inbounds(tmp_path, "new", "rule", "payroll/after_hours").code == 0
    done = inbounds(tmp_path, "test", "site/")
    assert done.code == 0, done.out + done.err
    assert "passed" in done.out
    assert "site.payroll.after_hours" in done.out
    assert "tests run every line" in done.out

    done = inbounds(tmp_path, "explain", "--from-case", CASES, "--save", "question.json")
    assert done.code == 1
    done = inbounds(tmp_path, "explain", "question.json")
    assert done.code == 1
    assert done.out.startswith("deny  payroll.after_hours on mail 42\n")
    assert "site.payroll.after_hours" in done.out


def test_every_kind_passes_as_it_is_written_and_all_together(tmp_path):
    for kind, name in (
        ("rule", "payroll/after_hours"),
        ("rule", "payroll/too_much"),
        ("escalation", "payroll/large"),
        ("obligation", "notify/large_payment"),
    ):
        done = inbounds(tmp_path, "new", kind, name, "--json")
        assert done.code == 0, done.err
        assert all((tmp_path / file).is_file() for file in done.json["files"])
    done, steps = tried(tmp_path)
    assert done.code == 0, steps
    assert {step["state"] for step in steps.values()} == {"ok"}
    assert steps["words"]["codes"] == [
        "site.notify.large_payment",
        "site.payroll.after_hours",
        "site.payroll.large",
        "site.payroll.too_much",
    ]
    assert steps["coverage"]["percent"] == 100
    assert steps["cases"]["run"] == 6


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("rule", "payroll", "new.name"),
        ("rule", "payroll/after/hours", "new.name"),
        ("rule", "Payroll/after", "new.name"),
        ("rule", "payroll/after-hours", "new.name"),
        ("rule", "../payroll", "new.name"),
        ("rule", "/payroll/after", "new.name"),
        ("rule", "/etc/passwd", "new.name"),
        ("rule", "payroll/../../x", "new.name"),
        ("rule", "payroll/..", "new.name"),
        ("rule", "payroll//after", "new.name"),
        ("rule", "payroll/after/", "new.name"),
        ("rule", "payroll\\after", "new.name"),
        ("rule", "payroll/a\nb", "new.name"),
        ("rule", "payroll/after\n", "new.name"),
        ("rule", "payroll/" + "a" * 65, "new.name"),
        ("rule", "payroll/\u202eafter", "new.name"),
        ("obligation", "../notify", "new.name"),
        ("rule", "payroll/import", "new.name"),
        ("rule", "payroll/pay_test", "new.name"),
        ("rule", "payroll/after_hours", "new.exists"),
        ("escalation", "payroll/after_hours", "new.exists"),
        ("obligation", "redact/everything", "new.obligation_unknown"),
    ],
)
def test_a_name_that_cannot_be_one_is_explained_and_nothing_is_written(folder, kind, name, code):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = inbounds(folder, "new", kind, name, "--json")
    assert (done.code, done.json["error"]["code"]) == (1, code)
    assert done.json["error"]["hint"]
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_test_that_fails_is_named_with_its_line(folder):
    change(folder, RULE, '== "office"', '== "home"')
    done, steps = tried(folder)
    assert done.code == 1
    assert steps["tests"]["state"] == "failed"
    assert any(
        f"{TEST}:" in line and "test_ruled_out_from_the_office" in line
        for line in steps["tests"]["lines"]
    )
    assert steps["cases"]["state"] == "skipped"


def test_a_case_that_is_decided_otherwise_is_told(folder):
    change(folder, CASES, "value: home", "value: office")
    done, steps = tried(folder)
    assert done.code == 1
    assert (steps["cases"]["state"], steps["cases"]["failed"]) == ("failed", 1)
    assert "expected deny, decided allow" in steps["cases"]["lines"][0]
    assert "a call from elsewhere" in steps["cases"]["lines"][0]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("codes: [site.payroll.after_hours]", "codes: [site.other]", "expected site.other"),
        ("codes: [site", "code: [site", "`code` means nothing here; did you mean `codes`?"),
        ("outcome: deny", "outcom: deny", "`outcom` means nothing here; did you mean `outcome`?"),
        ("outcome: deny", "outcome: no", "`outcome` is one of"),
        ("path: /question/action/name", "path: /question/nothing/name", "operation 1"),
        ("tool: payroll.after_hours", "tool: other", "expected the details"),
    ],
)
def test_a_case_that_is_wrong_fails(folder, old, new, says):
    change(folder, CASES, old, new)
    done, steps = tried(folder)
    assert done.code == 1
    assert steps["cases"]["state"] == "failed"
    assert says in " ".join(steps["cases"]["lines"])


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("site.payroll.after_hour", "did you mean `site.payroll.after_hours`?"),
        ("egress.destination_not_allowd", "did you mean `egress.destination_not_allowed`?"),
        ("site.no.such", "known are `site.payroll.after_hours`"),
        ("x", "known are `site.payroll.after_hours`"),
    ],
)
def test_cases_of_a_code_that_does_not_exist_fail(folder, key, says):
    change(folder, CASES, "site.payroll.after_hours:", f"{key}:")
    done, steps = tried(folder)
    assert done.code == 1
    assert steps["cases"]["state"] == "failed"
    (line,) = steps["cases"]["lines"]
    assert line.startswith(f"{CASES}: `{key}` is not a code")
    assert says in line


def test_cases_of_another_code_than_decides_fail(folder):
    change(folder, CASES, "site.payroll.after_hours:", "egress.destination_not_allowed:")
    done, steps = tried(folder)
    assert done.code == 1
    assert "is about egress.destination_not_allowed, decided with" in steps["cases"]["lines"][0]


@pytest.mark.parametrize(
    ("kept", "missing"),
    [
        (slice(0, 1), "that is denied"),
        (slice(1, 2), "that is allowed"),
        (slice(0, 0), "that is allowed and none that is denied"),
    ],
)
def test_a_rule_without_an_allowed_and_a_denied_case_is_a_warning(folder, kept, missing):
    path = folder / CASES
    cases = yaml.safe_load(path.read_text("utf-8"))["site.payroll.after_hours"]
    path.write_text(yaml.safe_dump({"site.payroll.after_hours": cases[kept]}), "utf-8")
    done, steps = tried(folder)
    assert done.code == 0
    assert steps["cases"]["state"] == "warning"
    assert steps["cases"]["lines"] == [
        f"site.payroll.after_hours has no case {missing}: {CASES}",
    ]
    shown = inbounds(folder, "test", "site/")
    assert "passed, 1 warning" in shown.out
    assert f"has no case {missing}" in shown.out


@pytest.mark.parametrize(
    ("old", "new", "step", "says"),
    [
        ("#   remedy: Say here what that person can do now\n", "", "words", "custom.remedy"),
        (
            "severity: medium",
            "severity: middling",
            "words",
            "`custom.severity` is `middling`, none of low, medium, high, critical",
        ),
        ("severity: medium", "severity: hihg", "words", "did you mean `high`?"),
        ("#   severity: medium\n", "", "words", "the METADATA lacks `custom.severity`"),
        ("remedy: Say", "remedy: [Say, x] #", "words", "`custom.remedy` is not text"),
        ("ruled_out if", "ruled_in if", "words", "ruled_out"),
        (
            "package site.rules.payroll.after_hours",
            "package site.rules.payroll.other",
            "words",
            "METADATA",
        ),
        (
            "input.context.environment.network",
            "input.context.enviroment.network",
            "compiler",
            "undefined ref",
        ),
        ("is_string(input.action.name)", "http.send({}).x", "compiler", "http.send"),
        ("is_string(input.action.name)", "is_strin(input.action.name)", "compiler", "is_strin"),
        (
            "is_string(input.action.name)",
            "print(input.context.credentials)",
            "compiler",
            ":14: `print` writes what it is given into the log of OPA",
        ),
        ("is_string(input.action.name)", 'trace("x")', "compiler", ":14: `trace` writes"),
        (
            'details contains {"tool": input.action.name}',
            'details contains sprintf("%v", [input.action.properties.arguments])',
            "compiler",
            ": `details` must be a set of objects",
        ),
        (
            'details contains {"tool": input.action.name}',
            "details contains input.subject.id",
            "compiler",
            ": `details` must be a set of objects",
        ),
        (
            'details contains {"tool": input.action.name}',
            'details := "text"',
            "compiler",
            ": `details` must be a set of objects",
        ),
        (
            'details contains {"tool": input.action.name}',
            'details := {["text"]}',
            "compiler",
            ": `details` must be a set of objects",
        ),
    ],
)
def test_a_rule_that_is_not_sound_is_told_where(folder, old, new, step, says):
    change(folder, RULE, old, new)
    done, steps = tried(folder)
    assert done.code == 1
    assert steps[step]["state"] == "failed"
    told = " ".join(steps[step]["lines"])
    assert says in told
    assert RULE.rpartition("/")[0] in told
    assert RULE in told or "details" in says
    assert steps["tests"]["state"] == "skipped"


def test_details_of_which_no_compiler_knows_that_they_are_text_fail_a_case(folder):
    """
    What an argument is of is known when the case is decided.
    """
    change(
        folder,
        RULE,
        'details contains {"tool": input.action.name}',
        'details contains object.get(input.action, "name", {})',
    )
    (folder / TEST).unlink()
    done, steps = tried(folder)
    assert done.code == 1
    assert steps["compiler"]["state"] == "ok"
    assert "site.payroll.after_hours hold what is not an object" in " ".join(
        steps["cases"]["lines"]
    )


@pytest.mark.parametrize(
    "reads",
    ['http.send({"method": "GET", "url": "http://127.0.0.1:9/"})', "opa.runtime().env",
     'net.lookup_ip_addr("localhost")', 'json.verify_schema({"$ref": "file:///etc/hostname"})[1]',
     'json.match_schema({}, {"$ref": "file:///etc/hostname"})[1]',
     'rego.parse_module("a", "package a")'],
)  # fmt: skip
def test_a_test_reads_nothing_of_the_machine_and_sends_nothing(folder, reads):
    path = folder / TEST
    text = path.read_text("utf-8") + f"\ntest_reads if {{\n\tis_object({reads})\n}}\n"
    path.write_text(text, "utf-8")
    done, steps = tried(folder)
    assert 1 == done.code
    assert "failed" == steps["tests"]["state"]
    assert f"undefined function {reads.partition('(')[0]}" in str(steps["tests"]["lines"])


def test_tests_may_use_no_builtin_that_opa_calls_nondeterministic_but_these():
    """The others read of the machine or the network, such as a schema; a new one is not allowed."""
    said = subprocess.run(
        [engines.opa_binary(), "capabilities", "--current"], capture_output=True, check=True
    )
    policy = json.loads(shipping.CAPABILITIES.read_text("utf-8"))
    allowed = FOR_TESTS | {builtin["name"] for builtin in policy["builtins"]}
    assert {
        builtin["name"]
        for builtin in json.loads(said.stdout)["builtins"]
        if builtin.get("nondeterministic") and builtin["name"] in allowed
    } <= {"rand.intn", "time.now_ns", "uuid.rfc4122"} | {
        f"io.jwt.{name}" for name in ("decode_verify", "encode_sign", "encode_sign_raw")
    }


@pytest.mark.parametrize("name", [".git/x_test.rego", ".x/x.json", ".x.yaml", ".x.tar.gz"])
def test_a_file_that_the_compiler_does_not_check_is_not_loaded_for_tests(folder, name):
    text = "package site.hidden_test\n\ntest_hidden if false\n"
    path = folder / "site" / name
    path.parent.mkdir(exist_ok=True)
    if name.endswith(".tar.gz"):
        with tarfile.open(path, "w:gz") as archive:
            info = tarfile.TarInfo("x_test.rego")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    else:
        path.write_text(text if name.endswith(".rego") else "[", "utf-8")
    done, steps = tried(folder)
    assert done.code == 0, done.out
    assert "ok" == steps["tests"]["state"]


def test_a_test_may_print(folder):
    path = folder / TEST
    text = path.read_text("utf-8") + "\ntest_prints if {\n\tprint(1)\n\ttrue\n}\n"
    path.write_text(text, "utf-8")
    done, _ = tried(folder)
    assert done.code == 0, done.out


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        (RULE, "ruled_out if {", "ruled_out if", r":\d+:\d+: .*unexpected"),
        (RULE, '== "office"', "==", r":\d+:\d+: "),
        (RULE, "#   severity: medium", "#   severity: [", r":\d+:\d+: .*yaml"),
        (TEST, "junk {", "junk", r":\d+:\d+: "),
    ],
)
def test_what_does_not_parse_is_told_in_one_line_with_its_place(folder, file, old, new, place):
    change(folder, file, old, new)
    done, steps = tried(folder)
    assert done.code == 1
    assert steps["form"]["state"] == "failed"
    assert any(re.match(re.escape(file) + place, line) for line in steps["form"]["lines"])
    assert all(line.startswith(file) for line in steps["form"]["lines"])
    assert "METADATA" not in done.out
    assert steps["compiler"]["state"] == "skipped"


def test_what_no_test_reaches_is_shown(folder):
    path = folder / TEST
    head, _, _ = path.read_text("utf-8").partition("test_ruled_out_from_the_office")
    path.write_text(head, "utf-8")
    done, steps = tried(folder)
    assert done.code == 0
    assert steps["coverage"]["state"] == "warning"
    assert steps["coverage"]["percent"] < 100
    assert f"{RULE}: no test reaches line" in steps["coverage"]["lines"][0]


def test_a_rule_without_a_test_is_a_warning(folder):
    (folder / TEST).unlink()
    done, steps = tried(folder)
    assert done.code == 0
    assert (steps["words"]["state"], steps["tests"]["state"]) == ("warning", "warning")


def test_what_opa_fmt_would_change_is_a_warning(folder):
    change(folder, RULE, "\tis_string(", "    is_string(")
    done, steps = tried(folder)
    assert done.code == 0
    assert steps["form"]["state"] == "warning"
    assert RULE in steps["form"]["lines"][0]


def test_a_site_never_grants(folder):
    (folder / "site/grants/payroll/all").mkdir(parents=True)
    (folder / "site/grants/payroll/all/all.rego").write_text("package site.grants.payroll.all\n")
    done, steps = tried(folder)
    assert done.code == 1
    assert "never grant" in " ".join(steps["compiler"]["lines"])


@pytest.mark.parametrize("name", ["site", "nothing"])
def test_without_rules_there_is_nothing_to_try(tmp_path, name):
    (tmp_path / "site").mkdir()
    done = inbounds(tmp_path, "test", name, "--json")
    assert (done.code, done.json["error"]["code"]) == (1, "test.no_rules")


def test_without_an_opa_it_could_not_be_told(folder):
    done = inbounds(folder, "test", "--json", INBOUNDS_OPA_BINARY="no-such-opa")
    assert (done.code, done.json["error"]["code"]) == (2, "opa.missing")
