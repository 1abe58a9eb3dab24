"""Files below one folder. Whatever path is asked for, nothing outside of it is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Files:
    """A tree of text files, by paths relative to its root; a leading `/` means the root.

    The confinement keeps the demonstration from touching the machine it runs on. Who may
    read or write what inside is none of its business.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._root.mkdir(parents=True, exist_ok=True)

    def paths(self, folder: str = "") -> list[str]:
        """Return the paths of the files below a folder."""
        return sorted(
            path.relative_to(self._root).as_posix()
            for path in self._inside(folder).rglob("*")
            if path.is_file()
        )

    def read(self, path: str) -> str:
        """Return a file's text."""
        return self._inside(path).read_text("utf-8")

    def write(self, path: str, text: str) -> None:
        """Make a file, or replace what it holds."""
        file = self._inside(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def delete(self, path: str) -> None:
        """Remove a file."""
        self._inside(path).unlink()

    def _inside(self, path: str) -> Path:
        file = (self._root / path.lstrip("/")).resolve()
        if not file.is_relative_to(self._root):
            raise PermissionError("the path leads out of the folder")
        return file
