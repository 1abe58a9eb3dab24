"""`docs/operators.md`, with the files of `docs/deployment.md`, in the folder of the README."""

from __future__ import annotations

from tests import engines
from tests.documents import ROOT, Walk, blocks

README = ROOT / "README.md"
DOCUMENT = ROOT / "docs" / "operators.md"
DEPLOYMENT = ROOT / "docs" / "deployment.md"
PORTS = ("8181", "8282", "8383", "8080")


def test_an_operator_sets_up_a_deployment(tmp_path):
    folder = tmp_path / "operator"
    folder.mkdir()
    ports = {port: str(engines.free_port()) for port in PORTS}
    instead = {f"127.0.0.1:{port}": f"127.0.0.1:{free}" for port, free in ports.items()}
    instead["--directory www 8080"] = f"--directory www {ports['8080']}"
    with Walk(folder, instead=instead) as walk:
        for block in blocks(README):
            walk.take(block)
        stop, deployment = _line("Stop both servers "), _line("## The deployment")
        for block in blocks(DOCUMENT):
            if stop and block.line > stop:
                walk.end_servers()
                stop = 0
            if deployment and block.line > deployment:
                for each in blocks(DEPLOYMENT):
                    walk.take(each)
                deployment = 0
            walk.take(block)


def _line(words):
    """The line of the page that begins with these words."""
    before, found, _ = DOCUMENT.read_text("utf-8").partition(f"\n{words}")
    assert found, words
    return before.count("\n") + 2
