"""The syntax trees of Python sources, each read once for all tests that look into it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def tree(path: Path) -> ast.Module:
    """Return the tree of a source."""
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return every node of a source."""
    return tuple(ast.walk(tree(path)))


SDK = Path(__file__).resolve().parent.parent / "sdk"
"""The folder of the import packages."""


def modules_of_sdk() -> list[Path]:
    """Return the modules of all import packages, without what is generated."""
    return sorted(path for path in SDK.rglob("*.py") if "_assets" not in path.parts)
