"""Writes everything that is generated and committed, or says what is stale.

`python -m tools.generate` writes all, with names only those; with `--check` it writes nothing
and exits with 1 if anything would change.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from types import ModuleType

from inbounds.errors import InboundsError
from tools import (
    capabilities,
    catalogue,
    docs_deployment,
    docs_integrations,
    docs_lint,
    docs_registry,
    docs_rules,
    interop,
    public,
    schemas,
    shape,
)

ROOT = Path(__file__).resolve().parent.parent

GENERATORS: dict[str, ModuleType] = {
    "schemas": schemas,
    "shape": shape,
    "catalogue": catalogue,
    "capabilities": capabilities,
    "docs": docs_rules,
    "docs-deployment": docs_deployment,
    "docs-lint": docs_lint,
    "docs-registry": docs_registry,
    "docs-integrations": docs_integrations,
    "interop": interop,
    "public": public,
}
"""Each has `generated(root)`, texts by path, and `OWNS`, the globs only it writes to."""


def stale(root: Path, generator: ModuleType) -> dict[Path, str | None]:
    """Return what has to change: the text of each file, or None for one to be removed."""
    wanted: dict[str, str] = generator.generated(root)
    changes: dict[Path, str | None] = {}
    for path in sorted({path for glob in generator.OWNS for path in root.glob(glob)}):
        if path.relative_to(root).as_posix() not in wanted:
            changes[path] = None
    for name, text in wanted.items():
        path = root / name
        if not path.exists() or path.read_text("utf-8") != text:
            changes[path] = text
    return changes


def write(path: Path, text: str | None) -> None:
    """Write `text` to `path`, or remove the file where there is none."""
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def main(arguments: list[str] | None = None) -> int:
    """Generate, or compare, and return the exit code."""
    parser = argparse.ArgumentParser(description="Write, or compare, all generated files.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(GENERATORS))
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(GENERATORS)
    if unknown:
        parser.error(f"no generator is called {', '.join(sorted(unknown))}")

    changed = 0
    for name in options.names or GENERATORS:
        try:
            changes = stale(ROOT, GENERATORS[name])
        except InboundsError as error:
            print(f"{name}: {error}".replace(f"{ROOT}{os.sep}", ""))
            return 1
        for path, text in changes.items():
            changed += 1
            shown = path.relative_to(ROOT).as_posix()
            if options.check:
                print(f"{shown}: {'orphaned' if text is None else 'stale'}, run `make {name}`")
            else:
                write(path, text)
                print(f"{shown}: {'removed' if text is None else 'written'}")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
