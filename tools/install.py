"""Installs one pinned tool, an OPA or Regal, so that everything else finds it in one place.

It is looked for in this order, and the first that answers with the pinned version is
taken:

1. the binary that `INBOUNDS_OPA_BINARY`, `INBOUNDS_OPA_OLDEST_BINARY` or
   `INBOUNDS_REGAL_BINARY` names: an explicit wish, so one that cannot be honoured is an error;
2. `PATH`;
3. the official release, held to a SHA-256 that was not fetched from where the release is;
4. `go build` in `tools/opa`, `tools/opa-oldest` or `tools/regal`, held to the `go.sum` there.

Beside the tool a record is left that says where it came from. Runs before any virtual
environment exists, so it needs nothing but Python.

    python3 tools/install.py opa --to .tools/bin
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONNECT_SECONDS = 5
SUFFIX = ".exe" if os.name == "nt" else ""


class InstallError(Exception):
    """The tool could not be had from a source. The message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A pinned tool.

    Attributes:
        name: Its command.
        version: The one version that is taken.
        package: The Go package of the command.
        ldflags: What the Go linker is told besides leaving out symbols.
        release: Where its releases are, without the file name.
        assets: The file of a release by platform, such as `linux/amd64`.
        sha256: The digest of an asset. A platform without one is not downloaded.
    """

    name: str
    version: str
    package: str
    ldflags: str
    release: str
    assets: dict[str, str]
    sha256: dict[str, str]

    @property
    def variable(self) -> str:
        """The environment variable that names a binary to use."""
        return f"INBOUNDS_{self.name.replace('-', '_').upper()}_BINARY"


OPA = Tool(
    name="opa",
    version="1.22.2",
    package="github.com/open-policy-agent/opa",
    ldflags="",
    release="https://github.com/open-policy-agent/opa/releases/download/v1.22.2",
    assets={
        "linux/amd64": "opa_linux_amd64_static",
        "linux/arm64": "opa_linux_arm64_static",
        "darwin/amd64": "opa_darwin_amd64",
        "darwin/arm64": "opa_darwin_arm64_static",
        "windows/amd64": "opa_windows_amd64.exe",
    },
    # A digest belongs here once two sources other than the release itself agree on it.
    sha256={},
)

OPA_OLDEST = Tool(
    name="opa-oldest",
    version="1.21.3",
    package=OPA.package,
    ldflags="",
    release="https://github.com/open-policy-agent/opa/releases/download/v1.21.3",
    assets=OPA.assets,
    sha256={},
)
"""The oldest OPA that is supported, to test with."""

REGAL = Tool(
    name="regal",
    version="0.39.0",
    package="github.com/open-policy-agent/regal",
    ldflags="-X github.com/open-policy-agent/regal/pkg/version.Version=0.39.0",
    release="https://github.com/open-policy-agent/regal/releases/download/v0.39.0",
    assets={
        "linux/amd64": "regal_Linux_x86_64",
        "linux/arm64": "regal_Linux_arm64",
        "darwin/amd64": "regal_Darwin_x86_64",
        "darwin/arm64": "regal_Darwin_arm64",
        "windows/amd64": "regal_Windows_x86_64.exe",
    },
    # On these the Hermit and Arch Linux package files agree.
    sha256={
        "linux/amd64": "b4fd48ae33a85dc59352b32c34aaea104605d25a43680454f987682751595db9",
        "linux/arm64": "866d59c579b9c4b32bb4564a802ad3d0076df9972e2e1d6690a103b146252a8a",
    },
)

TOOLS = {tool.name: tool for tool in (OPA, OPA_OLDEST, REGAL)}


def say(line: str) -> None:
    """Print one line at once, so that a long step is announced before it starts."""
    print(line, flush=True)


def this_platform() -> str:
    """Return this machine as Go names it, such as `linux/amd64`."""
    machine = platform.machine().lower()
    arch = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    return f"{platform.system().lower()}/{arch.get(machine, machine)}"


def version_of(binary: Path) -> str:
    """Return the version a binary says it is.

    Raises:
        InstallError: It does not run, or says none.
    """
    try:
        answer = subprocess.run(
            [str(binary), "version"], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise InstallError(f"{binary} does not run ({type(error).__name__})") from error
    found = re.search(r"^Version:\s*v?(\S+)", answer, re.MULTILINE)
    if found is None:
        raise InstallError(f"{binary} says no version")
    return found.group(1)


def pinned(tool: Tool, binary: Path) -> Path:
    """Return `binary` if it is of the pinned version.

    Raises:
        InstallError: It is another version, or does not run.
    """
    version = version_of(binary)
    if version != tool.version:
        raise InstallError(f"{binary} is {version}, wanted {tool.version}")
    return binary


def from_variable(tool: Tool) -> Path | None:
    """Return the binary that the tool's variable names, or None where it is not set.

    Raises:
        InstallError: It names something else than the pinned version.
    """
    named = os.environ.get(tool.variable)
    if not named:
        return None
    found = shutil.which(named)
    if found is None:
        raise InstallError(f"{tool.variable} names {named}, which is not a program")
    try:
        return pinned(tool, Path(found))
    except InstallError as error:
        raise InstallError(f"{tool.variable}: {error}") from error


def from_path(tool: Tool) -> Path:
    """Return the pinned version from `PATH`.

    Raises:
        InstallError: There is none, or it is another version.
    """
    found = shutil.which(tool.name)
    if found is None:
        raise InstallError(f"there is no {tool.name} on PATH")
    return pinned(tool, Path(found))


def from_release(tool: Tool, target: Path, sha256: str) -> None:
    """Download the official release to `target`, held to its digest.

    Args:
        tool: What to download.
        target: The file to write.
        sha256: A digest to hold it to where none is pinned; "" for none.

    Raises:
        InstallError: No digest is pinned for this platform, the release cannot be reached,
            or what came has another digest.
    """
    here = this_platform()
    asset = tool.assets.get(here)
    if asset is None:
        raise InstallError(f"no release for {here}")
    expected = tool.sha256.get(here) or sha256
    if not expected:
        raise InstallError(
            f"this project pins no SHA-256 for {asset} {tool.version}; to download it, pass one "
            "that you trust (`make OPA_SHA256=…`)"
        )

    url = f"{tool.release}/{asset}"
    say(f"{tool.name}: downloading {url}")
    digest = hashlib.sha256()
    try:
        request = urllib.request.Request(url)  # noqa: S310 (the scheme is ours: https)
        with (
            urllib.request.urlopen(request, timeout=CONNECT_SECONDS) as answer,  # noqa: S310
            target.open("wb") as file,
        ):
            while block := answer.read(1 << 20):
                digest.update(block)
                file.write(block)
    except (OSError, urllib.error.URLError) as error:
        raise InstallError(f"the release cannot be reached ({type(error).__name__})") from error
    if digest.hexdigest() != expected.lower():
        raise InstallError(f"{asset} has SHA-256 {digest.hexdigest()}, wanted {expected}")
    target.chmod(0o755)


def from_source(tool: Tool, target: Path) -> None:
    """Build the tool from the Go module that pins it, static.

    Raises:
        InstallError: There is no Go, or the build failed.
    """
    require_go()
    say(f"{tool.name}: building {tool.version} with go in tools/{tool.name} (minutes, once)")
    go_build(HERE / tool.name, tool.package, target, ldflags=tool.ldflags)


def require_go() -> str:
    """Return where Go is.

    Raises:
        InstallError: There is none.
    """
    go = shutil.which("go")
    if go is None:
        raise InstallError("there is no Go to build it with")
    return go


def go_build(
    module: Path, package: str, target: Path, *, ldflags: str = "", cgo: bool = False
) -> None:
    """Build one program from the Go module that pins it.

    Args:
        module: The folder of its `go.mod` and `go.sum`.
        package: The package of its command.
        target: The file to write.
        ldflags: What the linker is told besides leaving out symbols.
        cgo: Whether it is built with C, and so not static.

    Raises:
        InstallError: There is no Go, or the build failed.
    """
    build = [require_go(), "build", "-trimpath", "-buildvcs=false"]
    build += ["-ldflags", f"-s -w {ldflags}".strip(), "-o", str(target.resolve()), package]
    environment = {**os.environ, "CGO_ENABLED": "1" if cgo else "0"}
    if subprocess.run(build, cwd=module, env=environment, check=False).returncode:
        raise InstallError("go build failed, see above")


def remembered(tool: Tool, folder: Path) -> dict[str, str]:
    """Return the record of what is installed in `folder`, or {} if that cannot be relied on."""
    binary = folder / f"{tool.name}{SUFFIX}"
    try:
        record = json.loads((folder / f"{tool.name}.json").read_text("utf-8"))
        size = binary.stat().st_size
    except (OSError, ValueError):
        return {}
    wish = os.environ.get(tool.variable)
    same = (
        record.get("version") == tool.version
        and record.get("bytes") == size
        and (not wish or record.get("origin") == shutil.which(wish))
    )
    return record if same else {}


def find(tool: Tool, draft: Path, sha256: str) -> tuple[str, str]:
    """Put the tool at `draft` from the first source that has it.

    Returns:
        The source, one of `variable`, `PATH`, `release` and `go build`, and its place.

    Raises:
        InstallError: No source has it.
    """
    wanted = from_variable(tool)
    if wanted is not None:
        say(f"{tool.name}: using {wanted}, which {tool.variable} names")
        shutil.copy2(wanted, draft)
        return "variable", str(wanted)

    try:
        wanted = from_path(tool)
    except InstallError as error:
        say(f"{tool.name}: not taken from PATH ({error}); looking at the release next")
    else:
        say(f"{tool.name}: using {wanted}, found on PATH")
        shutil.copy2(wanted, draft)
        return "PATH", str(wanted)

    try:
        from_release(tool, draft, sha256)
    except InstallError as error:
        say(f"{tool.name}: not downloaded ({error}); building it from source next")
    else:
        return "release", tool.release

    from_source(tool, draft)
    return "go build", f"tools/{tool.name}"


def install(tool: Tool, folder: Path, *, sha256: str = "") -> Path:
    """Install `tool` in `folder`, unless it is there in the pinned version.

    Args:
        tool: What to install.
        folder: Where to; made if missing.
        sha256: A digest to hold a release to where none is pinned.

    Returns:
        The installed binary.

    Raises:
        InstallError: No source has it.
    """
    binary = folder / f"{tool.name}{SUFFIX}"
    record = remembered(tool, folder)
    if record:
        say(f"{tool.name}: {tool.version} is installed (from {record['source']})")
        return binary

    folder.mkdir(parents=True, exist_ok=True)
    # Drafted beside its final place: the last step is a rename, so nobody sees half a binary.
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{tool.name}-") as scratch:
        draft = Path(scratch) / binary.name
        source, origin = find(tool, draft, sha256)
        pinned(tool, draft)
        draft.replace(binary)
    entry = {
        "tool": tool.name,
        "version": tool.version,
        "source": source,
        "origin": origin,
        "bytes": binary.stat().st_size,
    }
    (folder / f"{tool.name}.json").write_text(json.dumps(entry, indent=2) + "\n", "utf-8")
    say(f"{tool.name}: installed {tool.version} in {folder} (from {source})")
    return binary


def main(arguments: list[str] | None = None) -> int:
    """Install the named tool and return the exit code: 0 installed, 1 not available."""
    parser = argparse.ArgumentParser(description="Install a pinned tool.")
    parser.add_argument("tool", choices=sorted(TOOLS))
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--sha256", default="", help="hold the release to this digest")
    options = parser.parse_args(arguments)
    tool = TOOLS[options.tool]
    try:
        install(tool, options.to, sha256=options.sha256)
    except InstallError as error:
        say(f"{tool.name}: {error}")
        say(f"{tool.name}: install {tool.version} and name it in {tool.variable}, or install Go")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
