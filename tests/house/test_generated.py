"""Everything that is generated is fresh, and what is stale or orphaned is seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import generate

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.system
@pytest.mark.parametrize("name", generate.GENERATORS)
def test_what_is_committed_is_what_would_be_written(name):
    changes = generate.stale(ROOT, generate.GENERATORS[name])
    assert [path.relative_to(ROOT).as_posix() for path in changes] == []


@pytest.mark.system
@pytest.mark.parametrize("name", generate.GENERATORS)
def test_every_generator_writes_something_and_owns_all_of_it(name):
    generator = generate.GENERATORS[name]
    written = set(generator.generated(ROOT))
    owned = {
        path.relative_to(ROOT).as_posix() for glob in generator.OWNS for path in ROOT.glob(glob)
    }
    assert written
    assert written <= owned


@pytest.fixture
def generator():
    return SimpleNamespace(generated=lambda _root: {"made/a.txt": "a\n"}, OWNS=("made/*.txt",))


def test_a_missing_an_edited_and_an_orphaned_file_are_seen(tmp_path, generator):
    path = tmp_path / "made" / "a.txt"
    assert generate.stale(tmp_path, generator) == {path: "a\n"}

    generate.write(path, "a\n")
    assert generate.stale(tmp_path, generator) == {}

    path.write_text("b\n", "utf-8")
    orphan = tmp_path / "made" / "b.txt"
    orphan.write_text("b\n", "utf-8")
    assert generate.stale(tmp_path, generator) == {path: "a\n", orphan: None}

    generate.write(orphan, None)
    assert not orphan.exists()


@pytest.mark.system
def test_an_unknown_name_is_refused():
    ran = subprocess.run(
        [sys.executable, "-m", "tools.generate", "schemes"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "no generator is called schemes" in ran.stderr


@pytest.mark.system
@pytest.mark.parametrize(
    "typo",
    [
        "input.subejct.id",
        "input.context.session.trsut",
        "input.context.credentials.idnetity",
        "input.resource.properties.lable",
        "data.deployment.settings.audiance",
        "data.live.now.haed",
        "input.action.name + 1",
    ],
)
def test_a_typo_is_refused_by_type(tmp_path, typo):
    """The schemas are of a kind that OPA reads, and hold for all below the root package."""
    rule = tmp_path / "typo.rego"
    rule.write_text(f"package inbounds.rules.typo\n\nruled_out if {typo}\n", "utf-8")
    opa, root = ROOT / ".tools/bin/opa", ROOT / "rego/inbounds/inbounds.rego"
    check = [opa, "check", "--strict", "--schema", ROOT / "schemas", root, rule]
    ran = subprocess.run(check, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "rego_type_error" in ran.stderr

    rule.write_text("package inbounds.rules.typo\n\nruled_out if input.subject.id\n", "utf-8")
    assert subprocess.run(check, capture_output=True, check=False).returncode == 0
