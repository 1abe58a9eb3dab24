"""Where Python sources lie, found without importing anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds.files.listing import files_in

_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist"})


def sources(named: Sequence[str]) -> list[Path]:
    """Return the Python files that are meant.

    Args:
        named: Files, folders and dotted names of modules. Without any, all below the current
            folder, without tests, hidden folders and virtual environments.

    Raises:
        ConfigurationError: One of them is not there.
    """
    if not named:
        return [path for path in _below(Path()) if not _of_a_test(path)]
    found: dict[Path, None] = {}
    for name in named:
        path = _meant(name)
        found.update(dict.fromkeys(_below(path) if path.is_dir() else [path]))
    return list(found)


def _below(folder: Path) -> Iterator[Path]:
    """The sources in a folder, by path, without hidden ones and virtual environments."""

    def is_skipped(place: Path) -> bool:
        name = place.name
        return name.startswith(".") or name in _SKIPPED or (place / "pyvenv.cfg").exists()

    for path in files_in(folder, ".py", is_skipped=is_skipped):
        if not path.name.startswith("."):
            yield path


def _of_a_test(path: Path) -> bool:
    stem = path.stem
    return (
        stem.startswith("test_")
        or stem.endswith("_test")
        or stem == "conftest"
        or "tests" in path.parts[:-1]
    )


def _meant(name: str) -> Path:
    path = Path(name)
    if path.is_dir() or path.is_file():
        return path
    found = None if path.suffix == ".py" or "/" in name else _of_module(name)
    if found is None:
        raise ConfigurationError(
            f"{name} is neither a file, a folder nor a module",
            code="init.source_missing",
            hint="run `inbounds init app.py`, or `inbounds init` for this folder",
        )
    return found


def _of_module(name: str) -> Path | None:
    """The file of a module, or the folder of a package.

    `importlib.util.find_spec` would import the packages above it, and so run them.
    """
    path: Sequence[str] | None = ["", *sys.path]
    spec = None
    for part in name.split("."):
        spec = PathFinder.find_spec(part, path)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
