"""`README.md`, as written: its snippets in a folder of their own, by the console script."""

from __future__ import annotations

import pytest
from tests import engines
from tests.documents import ROOT, Block, Walk, blocks

README = ROOT / "README.md"


def test_the_readme_works_as_it_is_written(tmp_path):
    folder = tmp_path / "reader"
    folder.mkdir()
    port = engines.free_port()
    url = f"http://127.0.0.1:{port}"
    with Walk(folder, instead={"https://opa:8181": url}) as walk:
        for block in blocks(README):
            if "inbounds doctor" in block.text:
                _served(walk, url)
            walk.take(block)


def _served(walk: Walk, url: str) -> None:
    """The bundles in force, and the OPA that has them, as docs/operators.md sets them up."""
    _take(walk, "run", "", "for name in pep feed; do echo of-the-test-$name >$name.token; done")
    _take(
        walk,
        "edit",
        "deployment/peps.yaml",
        "assistant-pep: {token_sha256: [<the digest of pep.token>]}",
    )
    _take(
        walk,
        "edit",
        "deployment/settings.yaml",
        "feed_writers: {feed: [<the digest of feed.token>]}",
    )
    _take(
        walk,
        "run",
        "",
        "inbounds bundle build --deployment deployment/ --key release.pem -o in-force/\n"
        'export INBOUNDS_PDP_TOKEN="$(cat pep.token)"',
    )
    _take(
        walk,
        "run",
        "until it says INBOUNDS_PDP_URL=",
        f"exec inbounds serve in-force/ --addr {url.removeprefix('http://')}",
    )
    _take(
        walk,
        "run",
        "until it says put at",
        f"exec inbounds live serve --opa {url} --token-file feed.token",
    )


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
