"""`README.md`, as written: its snippets in a folder of their own, by the console script."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import engines
from tests.documents import ROOT, Block, Walk, blocks

README = ROOT / "README.md"


def test_the_readme_works_as_it_is_written(tmp_path):
    """
    Nothing is done that it does not say, and OPA is on the path where it says so.
    """
    folder = tmp_path / "reader"
    folder.mkdir()
    checkout = tmp_path / "checkout"
    (checkout / ".tools" / "bin").mkdir(parents=True)
    (checkout / ".tools" / "bin" / "opa").symlink_to(Path(engines.opa_binary()).resolve())
    with Walk(folder, instead={"/path/to/inbounds": str(checkout)}, opa=False) as walk:
        for block in blocks(README):
            walk.take(block)
        _take(walk, "run", "", "command -v opa")
        assert walk.output.strip() == str(checkout / ".tools" / "bin" / "opa")


def _take(walk: Walk, word: str, about: str, text: str) -> None:
    walk.take(Block("test_readme.py", 0, word, about, "", text))


@pytest.mark.parametrize("who", ["framework author", "policy author", "platform team"])
def test_each_of_the_three_has_a_snippet(who):
    assert [block for block in blocks(README) if f"# {who}\n" in block.text]


def test_until_effects_are_set_a_tool_is_denied_with_that_remedy(tmp_path):
    folder = tmp_path / "reader"
    folder.mkdir()
    with Walk(folder) as walk:
        for block in [*blocks(README)]:
            if block.word in ("file", "run") and "app.py" in block.text + block.about:
                if "python app.py" in block.text:
                    break
                walk.take(block)
        _take(walk, "run", "exits 1", "python app.py")
        assert "capability.effects_unset" in walk.output
        assert "deployment/tools.yaml" in walk.output
