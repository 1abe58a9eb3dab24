"""`docs/policy-authors.md`, followed literally in an empty folder."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from tests import engines
from tests.documents import ROOT, Walk, blocks

DOCUMENT = ROOT / "docs" / "policy-authors.md"


def test_a_rule_in_ten_minutes(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    port = f"127.0.0.1:{engines.free_port()}"
    with Walk(folder, instead={"127.0.0.1:8181": port}) as walk:
        for block in blocks(DOCUMENT):
            walk.take(block)


TRAPS = [block for block in blocks(DOCUMENT) if block.word == "traps"]


@pytest.mark.parametrize("block", TRAPS, ids=[f"line {block.line}" for block in TRAPS])
def test_a_trap_is_one(block, tmp_path):
    file = tmp_path / "trap.rego"
    file.write_text(block.text, "utf-8")
    for command in (["fmt", "--fail"], ["check", "--strict"]):
        done = _opa(*command, str(file))
        assert done.returncode == 0, f"{block}: {done.stdout}{done.stderr}"

    done = _opa("eval", "--format", "json", "--data", str(file), "data.traps[_]")
    (result,) = json.loads(done.stdout)["result"]
    rules = result["expressions"][0]["value"]
    assert rules["wrong"] is True
    assert "right" not in rules


def test_every_trap_is_there():
    packages = [re.match(r"package traps\.(\w)", block.text)[1] for block in TRAPS]
    assert packages == list("abcdefghijklmn")


def _opa(*arguments):
    return subprocess.run(
        [engines.opa_binary(), *arguments], capture_output=True, text=True, check=False
    )
