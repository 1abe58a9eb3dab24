"""The examples of `docs/deployment.md` are a deployment, and its tables are those of the schema."""

from __future__ import annotations

import re

import pytest
import yaml
from tests.documents import ROOT, Walk, blocks

from inbounds.dev.deployment import FIELDS, load
from inbounds.errors import ConfigurationError
from inbounds.identity.signing_keys import SigningKey
from inbounds.model.budgets import BUDGETS
from inbounds_tools.lint import lint
from tools import docs_deployment, schemas

PAGE = ROOT / "docs" / "deployment.md"


@pytest.fixture
def reader(tmp_path):
    """A reader who has the keys and tokens, and has copied all examples, in `production/`."""
    folder = tmp_path / "reader"
    folder.mkdir()
    for name in ("issuer", "feed", "dora", "partner"):
        SigningKey.generate().write(folder / f"{name}.pem")
    for name in ("pep", "feed"):
        (folder / f"{name}.token").write_text(name, "utf-8")
    with Walk(folder, opa=False) as walk:
        for field, block in _examples().items():
            about = f"production/{field}.yaml"
            walk.take(block if block.word == "file" else _as_file(block, about))
    return folder / "production"


def _as_file(block, about):
    return type(block)(block.document, block.line, "file", about, "yaml", block.text)


def _examples():
    """The first block of each file's section that is not a command."""
    found = {}
    heads = [(at.start(), at[1]) for at in re.finditer(r"(?m)^## (\w+)\.yaml$", _text())]
    for place, field in heads:
        line = _text().count("\n", 0, place) + 1
        found[field] = next(b for b in blocks(PAGE) if b.line > line and b.word != "run")
    return found


def _text():
    return PAGE.read_text("utf-8")


def test_every_file_has_an_example_and_together_they_are_a_deployment(reader):
    assert tuple(_examples()) == FIELDS
    assert {path.stem for path in reader.iterdir()} == set(FIELDS)
    deployment = load(reader)
    assert [field for field in FIELDS if not getattr(deployment, field)] == []


def test_the_linter_finds_nothing_in_the_examples(reader):
    assert [finding.code for finding in lint(reader)] == []


def test_an_example_states_no_default(reader):
    deployment = load(reader)
    for field in FIELDS:
        entry = getattr(deployment, field)
        for model in entry.values() if isinstance(entry, dict) else [entry]:
            if hasattr(model, "model_fields_set"):
                for name in model.model_fields_set:
                    default = type(model).model_fields[name].default
                    assert getattr(model, name) != default, f"{field}.yaml: {name}"


def test_every_budget_is_listed():
    section = _text().partition("\n## budgets.yaml\n")[2]
    for budget in BUDGETS:
        assert f"`{budget.partition('.')[0]}" in section, budget


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda known: known["Agent"].pop("owner"), "Agent.owner"),
        (lambda known: known["Agent"].update(ownr="x"), "Agent.ownr"),
    ],
)
def test_every_field_is_described_and_nothing_else(monkeypatch, change, named):
    known = yaml.safe_load((ROOT / schemas.DESCRIPTIONS).read_text("utf-8"))
    change(known)
    monkeypatch.setattr(schemas.yaml, "safe_load", lambda _: known)
    with pytest.raises(ConfigurationError, match=rf"exactly the fields .*: {named}\b"):
        schemas.deployment()


@pytest.mark.parametrize(
    ("was", "becomes", "named"),
    [
        ("fields of agents.yaml", "fields of agent.yaml", "fields of agent.yaml"),
        ("<!-- generated: fields of agents.yaml -->", "", "fields of agents.yaml"),
    ],
)
def test_a_page_without_a_place_for_a_table_is_refused(tmp_path, was, becomes, named):
    (tmp_path / "docs").mkdir()
    text = _text()
    assert was in text
    (tmp_path / "docs/deployment.md").write_text(text.replace(was, becomes), "utf-8")
    with pytest.raises(ConfigurationError, match=re.escape(named)):
        docs_deployment.generated(tmp_path)


def test_a_field_that_may_be_left_out_says_what_happens_then():
    with pytest.raises(ConfigurationError, match="`hosts` must state `Left out:`"):
        docs_deployment._row(
            "hosts", {"description": "Hosts.", "default": [], "type": "array"}, required=False
        )
