"""Leases in a draft: its settings name the effects, and the linter finds those without one."""

from __future__ import annotations

import re

import pytest
from tests import linted

from inbounds.canonical.strict_yaml import strict_yaml
from inbounds_tools.lint import lint
from inbounds_tools.scaffold.deployment import Names, drafted
from inbounds_tools.scaffold.tool import DraftTool

NAMES = Names(
    subjects=("alice",),
    agent="spiffe://acme.example/agent/assistant",
    tenant="acme",
    environment="prod",
    pep="assistant-pep",
    intents=("summarise",),
    audience="inbounds",
)
POWER = ["write", "delete", "export", "execute", "spend", "administer"]
TOOL = DraftTool(
    name="report.do",
    place={"server": "s"},
    remarks=(),
    description="",
    resource="report",
    guessed=False,
    leaves=(),
    notes=(),
)
ISSUED = {"issuers": {}, "feed": linted.ORDINARY["feed"]}


@pytest.fixture
def found(tmp_path):
    """The codes about leases in a draft whose tool has an effect, with other texts in its files."""

    def codes(effect, **changes):
        files = drafted(NAMES, [TOOL], ISSUED, {"s": "stdio"})
        changes = {"tools": ("effects: []", f"effects: [{effect}]"), **changes}
        for name, text in files.items():
            if name != "issuers.yaml":
                old, new = changes.get(name.removesuffix(".yaml"), ("", ""))
                assert old in text
                (tmp_path / name).write_text(text.replace(old, new), "utf-8")
        return {one.code for one in lint(tmp_path) if one.code.startswith("leases.")}

    return codes


def test_its_settings_name_the_effects_that_need_a_lease_in_production():
    text = drafted(NAMES, [TOOL], ISSUED, {})["settings.yaml"]
    assert strict_yaml(text.encode())["leases"] == []
    comment = text.partition("\nleases:")[0].rpartition("\n\n")[2]
    (effects,) = re.findall(r"production: \[(.+?)\]", comment)
    assert effects.split(", ") == POWER
    assert "docs/leases.md" in comment


PRODUCTION = ("development: true", "development: false")
DEMANDED = ("leases: []", f"leases: [{', '.join(POWER)}]")


@pytest.mark.parametrize("effect", POWER)
def test_the_linter_finds_what_does_not_follow_them(found, effect):
    assert found(effect) == set()
    assert found(effect, environments=PRODUCTION) == {"leases.not_demanded"}
    assert found(effect, environments=PRODUCTION, settings=DEMANDED) == {"leases.missing"}
    assert found(effect, settings=DEMANDED) == {"leases.missing"}


def test_a_tool_that_only_reads_needs_none(found):
    assert found("read", environments=PRODUCTION) == set()
    assert found("read", environments=PRODUCTION, settings=DEMANDED) == set()
