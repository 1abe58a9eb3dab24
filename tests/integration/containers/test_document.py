"""`docs/containers.md`, with podman in the place of Docker."""

from __future__ import annotations

from demo import authority
from tests.containers import COMPOSE, ROOT
from tests.documents import Walk, blocks

DOCUMENT = ROOT / "docs" / "containers.md"


def test_an_operator_runs_it_in_containers(store, tmp_path, monkeypatch):
    folder = tmp_path / "operator"
    folder.mkdir()
    authority.draw(tmp_path / "drawn")
    (tmp_path / "drawn" / "deployment").rename(folder / "production")
    instead = {
        "docker compose --file docker/compose.yaml run": f"podman-compose --file {COMPOSE} run -T",
        "docker compose --file docker/compose.yaml": f"podman-compose --file {COMPOSE}",
        "docker ": "podman ",
    }
    for name in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF"):
        monkeypatch.setenv(name, store.environment[name])
    with Walk(folder, instead=instead) as walk:
        for block in blocks(DOCUMENT):
            walk.take(block)
    assert not store.said("podman", "ps", "--all", "--quiet")
    assert not store.said("podman", "volume", "ls", "--quiet")
