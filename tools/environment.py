"""Makes a virtual environment that holds the project with pinned packages.

Packages are installed by uv, which takes seconds where pip takes minutes. Where packages come
from is read from pip's own settings (its configuration files and `PIP_` variables), so that a
machine that is set up for pip needs nothing else. Runs before any virtual environment exists,
so it needs nothing but Python.

    python3 tools/environment.py .venv --constraint constraints/latest.txt '.[cli,test]'
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = "0.13.9"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
SETTINGS = {
    "cert": "SSL_CERT_FILE",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "timeout": "UV_HTTP_TIMEOUT",
    "trusted-host": "UV_INSECURE_HOST",
}
"""What uv calls each of pip's settings of where packages come from."""
SECTIONS = ("global", "install", ":env:")
"""Whose settings `pip install` reads; a later one counts before an earlier one."""


def main(arguments: list[str]) -> None:
    """Make the environment, or bring the one that is there up to date.

    Args:
        arguments: Those of the command line.

    Raises:
        subprocess.CalledProcessError: A package cannot be installed; what ran has said why.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the environment is")
    parser.add_argument("project", help="the project with its extras, such as `.[cli,test]`")
    parser.add_argument("packages", nargs="*", help="further packages")
    parser.add_argument("--constraint", type=Path, help="a file of pinned versions")
    given = parser.parse_args(arguments)

    subprocess.run([sys.executable, "-m", "venv", given.folder], check=True)
    python = given.folder / SCRIPTS / "python"
    command: list[str | Path] = [_uv(python), "pip", "install", "--quiet", "--python", python]
    if given.constraint:
        command += ["--constraint", given.constraint]
    command += ["--editable", given.project, *given.packages]
    subprocess.run(command, check=True, env={**_settings(python), **os.environ})


def _uv(python: Path) -> Path:
    """Install the pinned uv once for all environments.

    Args:
        python: The interpreter of an environment that has pip.

    Returns:
        Its executable.
    """
    home = ROOT / ".tools" / f"uv-{UV}"
    uv = home / "bin" / "uv"
    if not home.exists():
        # Another process may install it at the same time, and either may be broken off.
        with tempfile.TemporaryDirectory(dir=python.parent) as scratch:
            made = Path(scratch) / "uv"
            subprocess.run(
                [python, "-m", "pip", "install", "--quiet", "--target", made, f"uv=={UV}"],
                check=True,
            )
            home.parent.mkdir(exist_ok=True)
            with contextlib.suppress(OSError):  # the other was first
                made.rename(home)
    return uv


def _settings(python: Path) -> dict[str, str]:
    """Return pip's settings of where packages come from, as variables of uv."""
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    found = {}
    for line in listed.stdout.splitlines():
        place, _, value = line.partition("=")
        section, _, name = place.rpartition(".")
        if section in SECTIONS and name in SETTINGS:
            found[section, name] = str(ast.literal_eval(value))
    settings = {}
    for section, name in sorted(found, key=lambda each: SECTIONS.index(each[0])):
        settings[SETTINGS[name]] = " ".join(found[section, name].split())
    return settings


if __name__ == "__main__":
    main(sys.argv[1:])
