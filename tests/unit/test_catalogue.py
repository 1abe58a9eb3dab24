"""The catalogue: what is read of a rule's annotations, and what is refused."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from inbounds.errors import ConfigurationError
from inbounds_tools.catalogue import catalogue, entries, render
from inbounds_tools.opa import binary

pytestmark = pytest.mark.system

RULE = """\
# METADATA
# title: Outside working hours
# description: |
#   Payroll is touched in working hours
#   alone.
# custom:
#   severity: high
#   remedy: Come back in the morning
#   controls: ["acme:PAY-7"]
package {package}

ruled_out if input.hour < 18
"""


@pytest.fixture
def opa() -> Path:
    return binary.find()


@pytest.fixture
def root(tmp_path):
    """A root with one rule in it, whose source a test may change."""
    write(
        tmp_path, "rules/payroll/after_hours", RULE.format(package="site.rules.payroll.after_hours")
    )
    return tmp_path


def write(root: Path, folder: str, text: str, name: str = "") -> Path:
    place = root / folder
    place.mkdir(parents=True, exist_ok=True)
    path = place / (name or f"{place.name}.rego")
    path.write_text(text, "utf-8")
    return path


def refused(root: Path, opa: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        catalogue(root, package="site", opa=opa)
    return caught.value


def test_a_site_rule_is_listed_with_its_words_under_a_code_of_the_site(root, opa):
    assert catalogue(root, package="site", opa=opa) == {
        "rules": {
            "site.payroll.after_hours": {
                "category": "payroll",
                "fault": "after_hours",
                "message": "Outside working hours",
                "remedy": "Come back in the morning",
                "severity": "high",
                "controls": ["acme:PAY-7"],
                "depends_on": [],
            }
        },
        "escalations": {},
        "obligations": {},
    }


def test_a_rule_of_the_policy_itself_has_no_prefix(tmp_path, opa):
    write(
        tmp_path,
        "rules/payroll/after_hours",
        RULE.format(package="inbounds.rules.payroll.after_hours"),
    )
    assert list(catalogue(tmp_path, package="inbounds", opa=opa)["rules"]) == [
        "payroll.after_hours"
    ]


def test_an_escalation_has_the_shape_of_a_rule(root, opa):
    write(
        root,
        "escalations/payroll/large_sum",
        RULE.format(package="site.escalations.payroll.large_sum"),
    )
    found = catalogue(root, package="site", opa=opa)
    assert found["escalations"]["site.payroll.large_sum"]["severity"] == "high"
    assert list(found["rules"]) == ["site.payroll.after_hours"]


def test_an_obligation_needs_neither_remedy_nor_ruled_out(root, opa):
    write(
        root,
        "obligations/notify/boss",
        "# METADATA\n# title: Tell the boss\n# description: Every time.\n"
        "package site.obligations.notify.boss\n\noblige contains {} if input.x\n",
    )
    found = catalogue(root, package="site", opa=opa)["obligations"]["site.notify.boss"]
    assert (found["message"], found["remedy"], found["severity"]) == ("Tell the boss", "", "low")


def test_codes_are_sorted_and_the_text_ends_in_a_newline(root, opa):
    write(root, "rules/a/z", RULE.format(package="site.rules.a.z"))
    text = render(catalogue(root, package="site", opa=opa))
    assert list(json.loads(text)["rules"]) == ["site.a.z", "site.payroll.after_hours"]
    assert text.endswith("}\n")


def test_the_description_is_kept_for_the_documentation(root, opa):
    (entry,) = entries(root, package="site", opa=opa)
    assert entry.description == "Payroll is touched in working hours\nalone."
    assert entry.file == root / "rules/payroll/after_hours/after_hours.rego"


def test_a_root_without_rules_has_an_empty_catalogue(tmp_path, opa):
    found = catalogue(tmp_path, package="site", opa=opa)
    assert found == {"rules": {}, "escalations": {}, "obligations": {}}


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("title", "title"),
        ("  severity", "custom.severity"),
        ("  remedy", "custom.remedy"),
        ("  controls", "custom.controls"),
    ],
)
def test_missing_metadata_is_named_with_its_file(root, opa, line, key):
    path = root / "rules/payroll/after_hours/after_hours.rego"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(text for text in lines if not text.startswith(f"# {line}:")), "utf-8")
    error = refused(root, opa)
    assert error.code == "catalogue.metadata_incomplete"
    assert f"`{key}`" in str(error)
    assert str(path) in str(error)


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("severity: high", "severity: dreadful", "custom.severity"),
        ('controls: ["acme:PAY-7"]', "controls: acme:PAY-7", "custom.controls"),
        ('controls: ["acme:PAY-7"]', 'controls: ["PAY-7"]', "custom.controls"),
        ('controls: ["acme:PAY-7"]', "controls: [7]", "custom.controls"),
        ("remedy: Come back in the morning", "remedy: 7", "custom.remedy"),
        ("remedy: Come back in the morning", 'remedy: " "', "custom.remedy"),
        ("title: Outside working hours", 'title: ""', "title"),
    ],
)
def test_metadata_of_another_kind_is_refused(root, opa, before, after, key):
    path = root / "rules/payroll/after_hours/after_hours.rego"
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
    assert f"`{key}`" in str(refused(root, opa))


def test_a_rule_without_any_metadata_is_refused(root, opa):
    write(root, "rules/payroll/bare", "package site.rules.payroll.bare\n\nruled_out if input.x\n")
    error = refused(root, opa)
    assert error.code == "catalogue.metadata_missing"
    assert "bare.rego" in str(error)


def test_a_package_that_is_not_named_as_its_folder_is_refused(root, opa):
    write(root, "rules/payroll/other", RULE.format(package="site.rules.payroll.another"))
    error = refused(root, opa)
    assert error.code == "catalogue.metadata_missing"
    assert "site.rules.payroll.other" in str(error)


def test_a_rule_of_another_root_is_refused(root, opa):
    write(root, "rules/payroll/other", RULE.format(package="inbounds.rules.payroll.other"))
    assert refused(root, opa).code == "catalogue.metadata_missing"


def test_a_rule_that_rules_nothing_out_is_refused(root, opa):
    source = RULE.format(package="site.rules.payroll.silent").replace("ruled_out if", "deny if")
    write(root, "rules/payroll/silent", source)
    assert refused(root, opa).code == "catalogue.ruled_out_missing"


@pytest.mark.parametrize("folder", ["rules", "rules/payroll", "rules/a/b/c", "rules/Payroll/x-y"])
def test_a_source_where_nothing_would_walk_it_is_refused(root, opa, folder):
    write(root, folder, "package stray\n", name="stray.rego")
    assert refused(root, opa).code == "catalogue.misplaced"


def test_a_folder_with_a_test_alone_is_refused(root, opa):
    write(root, "rules/payroll/gone", "package gone_test\n", name="gone_test.rego")
    assert refused(root, opa).code == "catalogue.rule_missing"


def test_two_sets_of_metadata_for_one_rule_are_refused(root, opa):
    again = RULE.format(package="site.rules.payroll.after_hours")
    write(root, "rules/payroll/after_hours", again, name="more.rego")
    assert refused(root, opa).code == "catalogue.metadata_twice"


def test_a_second_source_of_the_same_rule_is_part_of_it(root, opa):
    more = "package site.rules.payroll.after_hours\n\ndetails contains {} if input.x\n"
    write(root, "rules/payroll/after_hours", more, name="more.rego")
    assert list(catalogue(root, package="site", opa=opa)["rules"]) == ["site.payroll.after_hours"]


def test_a_source_that_does_not_parse_is_named(root, opa):
    path = write(root, "rules/payroll/broken", "package broken\n\nruled_out if {\n")
    error = refused(root, opa)
    assert error.code == "catalogue.unparsable"
    assert path.name in str(error)


def test_an_unknown_code_to_follow_from_is_refused_in_the_policy_itself(tmp_path, opa):
    source = RULE.format(package="inbounds.rules.payroll.after_hours").replace(
        "#   severity", "#   depends_on: [payroll.unheard_of]\n#   severity"
    )
    write(tmp_path, "rules/payroll/after_hours", source)
    with pytest.raises(ConfigurationError, match=r"payroll\.unheard_of"):
        catalogue(tmp_path, package="inbounds", opa=opa)


def test_a_site_rule_may_follow_from_a_rule_of_the_policy(root, opa):
    path = root / "rules/payroll/after_hours/after_hours.rego"
    source = path.read_text("utf-8")
    path.write_text(
        source.replace("#   severity", "#   depends_on: [task.unverified]\n#   severity"), "utf-8"
    )
    found = catalogue(root, package="site", opa=opa)
    assert found["rules"]["site.payroll.after_hours"]["depends_on"] == ["task.unverified"]


def test_no_opa_is_an_error_of_the_configuration(root, tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        catalogue(root, package="site", opa=tmp_path / "no-opa")
    assert caught.value.code == "opa.missing"


def test_the_policy_walks_what_the_catalogue_lists(root, opa, tmp_path):
    """A catalogue as written is data that OPA loads under the name the policy reads."""
    data = write(
        tmp_path,
        "inbounds/catalogue",
        render(catalogue(root, package="site", opa=opa)),
        name="data.json",
    )
    ran = subprocess.run(
        [
            opa,
            "eval",
            "--format",
            "raw",
            "--bundle",
            tmp_path,
            "count(data.inbounds.catalogue.rules)",
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    assert data.exists()
    assert ran.stdout.strip() == "1"
