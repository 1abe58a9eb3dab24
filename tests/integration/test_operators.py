"""`docs/operators.md`, from keys and a deployment to evidence, in the folder of the README."""

from __future__ import annotations

from tests import engines
from tests.documents import ROOT, Walk, blocks

README = ROOT / "README.md"
DOCUMENT = ROOT / "docs" / "operators.md"
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
        after = DOCUMENT.read_text("utf-8").partition("\nEnd both servers ")[0].count("\n") + 1
        for block in blocks(DOCUMENT):
            if after and block.line > after:
                walk.end_servers()
                after = 0
            walk.take(block)
